"""A return of energy that is missing is missing in the sum of electricity too; one without electricity is not."""

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
UNITS = {"energy": "tce", "electricity": "kWh"}


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
            **due(month), "part": "electricity", "extent": "own", "amount": Decimal(1), "unit": UNITS[measure],
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


BOTH = ("energy", "electricity")


@pytest.mark.parametrize(
    ("february", "electricity"),
    [
        (None, [("2025-01", 1), ("2025-02", 0), ("2025-03", 1)]),
        (("energy",), [("2025-01", 1), ("2025-03", 1)]),
        (BOTH, [("2025-01", 1), ("2025-02", 1), ("2025-03", 1)]),
    ],
)
def test_electricity_lacks_the_returns_that_energy_lacks(
    february: tuple[str, ...] | None, electricity: list[tuple[str, int]]
) -> None:
    """A month without a return is due and not known; a return without electricity says that none was used."""
    months = {1: BOTH, 3: BOTH} | ({2: february} if february else {})
    found = known({"u1": months})
    assert found["u1", "electricity"] == electricity
    assert [have for _, have in found["u1", "energy"]] == [1, 0 if february is None else 1, 1]


def test_who_never_used_electricity_lacks_none() -> None:
    """A unit that burns coal alone owes no electricity, whatever another one hands in."""
    found = known({"u1": {1: BOTH}, "u2": {1: ("energy",)}})
    assert ("u2", "electricity") not in found
    assert found["u1", "electricity"] == [("2025-01", 1), ("2025-02", 0), ("2025-03", 0)]
