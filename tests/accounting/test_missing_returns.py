"""A return of energy that is missing is missing in the sums of its parts too; one without such a part is not."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pyarrow as pa
import pytest

from shuangkong.accounting.rollup import leaves, returns
from shuangkong.accounting.snapshots import EXPECTED
from shuangkong.accounting.tables import AMOUNTS
from shuangkong.engine.api import DuckDB, compile_sql
from shuangkong.kernel.periods import Period

METHOD = "demo/calorific/-/-"
UNITS = {"electricity": "kWh", "co2_industry": "tCO2"}
PARTS = (
    "electricity", "energy_feedstock", "energy_new_renewable", "energy_major_project", "energy_certificate",
    "energy_nonfossil",
)  # fmt: skip


def due(month: int) -> dict[str, object]:
    """A month's period columns."""
    p = Period.month(2025, month)
    return {"period_key": p.key, "period_kind": p.kind.value, "period_start": p.start, "period_end": p.end}


def known(handed_in: dict[str, dict[int, tuple[str, ...]]]) -> dict[tuple[str, str], list[tuple[str, int]]]:
    """By subject and measure the months that are due with whether they are known; all owe January to March.

    handed_in: by subject and month the measures that the return fed
    """
    entries = [
        {
            "entry_id": f"{subject}{month}{measure}", "method_id": METHOD, "measure": measure, "subject_id": subject,
            **due(month), "part": "electricity", "extent": "own", "amount": Decimal(1),
            "unit": UNITS.get(measure, "tce"),
            "state": "ok", "factor_key": None, "confidence": "confirmed",
        }
        for subject, months in handed_in.items()
        for month, measures in months.items()
        for measure in measures
    ]  # fmt: skip
    owed = [
        {"method_id": METHOD, "measure": "energy", "unit": "tce", "subject_id": subject, **due(month)}
        for subject in handed_in
        for month in (1, 2, 3)
    ]
    with DuckDB() as engine:
        engine.bind("amounts", AMOUNTS.from_rows(entries))
        engine.bind("expected_returns", EXPECTED.from_rows(owed))
        rows = engine.run(compile_sql(returns(leaves(AMOUNTS.ibis()), EXPECTED.ibis())))
    found: dict[tuple[str, str], list[tuple[str, int]]] = {}
    for r in sorted(pa.table(rows).to_pylist(), key=lambda r: (r["subject_id"], r["measure"], r["period_key"])):
        assert (r["due"], r["year_key"], r["period_start"].year) == (1, "2025", date(2025, 1, 1).year)
        found.setdefault((r["subject_id"], r["measure"]), []).append((r["period_key"], r["have"]))
    return found


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize(
    ("february", "of_which"),
    [
        (None, [("2025-01", 1), ("2025-02", 0), ("2025-03", 1)]),
        (("energy",), [("2025-01", 1), ("2025-03", 1)]),
        (("energy", "part"), [("2025-01", 1), ("2025-02", 1), ("2025-03", 1)]),
    ],
)
def test_a_part_lacks_the_returns_that_energy_lacks(
    part: str, february: tuple[str, ...] | None, of_which: list[tuple[str, int]]
) -> None:
    """A month without a return is due and not known; a return of energy without the part says that there is none."""
    both = ("energy", part)
    given = tuple(part if m == "part" else m for m in february or ())
    found = known({"u1": {1: both, 3: both} | ({2: given} if given else {})})
    assert found["u1", part] == of_which
    assert [have for _, have in found["u1", "energy"]] == [1, 0 if february is None else 1, 1]


@pytest.mark.parametrize("sector", ["energy_industry", "co2_industry"])
@pytest.mark.parametrize(("february", "have"), [(None, 0), (("energy",), 0), (("energy", "sector"), 1)])
def test_a_sector_lacks_every_month_without_its_own_figure(
    sector: str, february: tuple[str, ...] | None, have: int
) -> None:
    """A region's total without its industry does not say that the industry used nothing."""
    both = ("energy", sector)
    given = tuple(sector if m == "sector" else m for m in february or ())
    found = known({"u1": {1: both, 3: both} | ({2: given} if given else {})})
    assert found["u1", sector] == [("2025-01", 1), ("2025-02", have), ("2025-03", 1)]


@pytest.mark.parametrize("part", [*PARTS, "energy_industry", "co2_industry"])
def test_who_never_handed_a_part_in_lacks_none(part: str) -> None:
    """A unit that burns coal alone owes no electricity, whatever another one hands in."""
    found = known({"u1": {1: ("energy", part)}, "u2": {1: ("energy",)}})
    assert ("u2", part) not in found
    assert found["u1", part] == [("2025-01", 1), ("2025-02", 0), ("2025-03", 0)]
