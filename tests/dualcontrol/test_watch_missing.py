"""A return that is known to be missing never counts as nought: not in a month, not in coal, not as an estimate."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from dualcontrol.test_watch_estimating import PRIORS
from shuangkong.dualcontrol.watch_gaps import find_gaps
from shuangkong.dualcontrol.watch_late import estimates_table, late_of, stand_in
from shuangkong.dualcontrol.watch_reading import Names, first_year, month_of, read_from, sums
from shuangkong.dualcontrol.watch_sums import Key, Late, Month, Revisions, Sums
from shuangkong.engine.api import DuckDB
from shuangkong.policy.api import PackSet, builtin_packs

JUNE, DAY = month_of(date(2025, 6, 1)), date(2025, 6, 30)
#: Four units that burn coal and hand everything in, so that there is something to learn from.
OTHERS = ("a", "b", "c", "d")


class Books:
    """Leaves and totals of a run by hand, in an engine of their own."""

    #: It updates no run before it.
    update = None

    def __init__(self, engine: DuckDB) -> None:
        self.executor, self.as_of, self.known_day = engine, DAY, date(2026, 12, 31)
        self.packs = PackSet(p for p in builtin_packs() if p.id == "shuangkong.watching")
        self.leaves: list[dict[str, Any]] = []
        self.metered: list[dict[str, Any]] = []

    def retain(self, name: str, *, by_subject: bool) -> None:
        """Nothing is kept for later."""
        assert name.startswith("watch_")
        assert not by_subject

    def whole(self, name: str, contract: object = None) -> str:
        """All rows are here."""
        del contract
        return name

    def put(
        self, who: str, start: date, part: str, amount: int | None, *, measured: str = "1", measure: str = "energy"
    ) -> None:
        """A return's part: an amount, or none that is known."""
        end = date(start.year + start.month // 12, start.month % 12 + 1, 1)
        self.leaves.append({
            "method_id": "m", "measure": measure, "subject_id": who, "period_start": start, "period_end": end,
            "period_kind": "month", "extent": "own", "part": part, "entries": 1, "measured": Decimal(measured),
            "amount": None if amount is None else Decimal(amount), "entries_known": int(amount is not None),
        })  # fmt: skip

    def bind(self, name: str, rows: list[dict[str, Any]]) -> None:
        """Rows as a table of the run."""
        table = pa.Table.from_pylist(rows)
        for column, kind in (("amount", pa.decimal128(38, 6)), ("measured", pa.decimal128(38, 6))):
            if column in table.column_names:
                at = table.column_names.index(column)
                table = table.set_column(at, column, table.column(column).cast(kind))
        self.executor.bind(name, table)


@pytest.fixture
def books() -> Iterator[Books]:
    """Books in which four units handed in coal last June and this June, a tenth more."""
    with DuckDB(threads=1) as engine:
        made = Books(engine)
        for n, who in enumerate(OTHERS, 1):
            made.put(who, date(2024, 6, 1), "coal", 100 * n)
            made.put(who, date(2025, 6, 1), "coal", 110 * n)
        yield made


def late_in(
    books: Books, shares: dict[tuple[str, int], float], months: dict[Key, dict[int, Month]]
) -> tuple[dict[Key, dict[int, Late]], list[dict[str, Any]]]:
    """What stands in for late returns of (unit, month) by region and month, by the share that is known; and as rows."""
    books.bind("leaves", books.leaves)
    units = sorted({r["subject_id"] for r in books.leaves} | {who for who, _ in shares})
    always = {"valid_from": date(2000, 1, 1), "valid_to": date(9999, 12, 31), "ancestor_id": "r", "depth": 1}
    books.bind("subject_closure", [{"subject_id": u, **always} for u in units])
    kind = {"method_id": "m", "measure": "energy", "period_kind": "month", "extent": "own", "have": 0}
    books.bind("returns", [
        {**kind, "subject_id": who, "share": share, "period_start": date(m // 12, m % 12 + 1, 1),
         "period_end": date(m // 12, m % 12 + 1, 28)} for (who, m), share in shares.items()
    ] or [{**kind, "subject_id": "none", "have": 1, "share": 1.0, "period_start": DAY, "period_end": DAY}])  # fmt: skip
    nobody = {"entry_id": "e_0", "subject_id": "none", "period_start": DAY, "part": "coal", "amount": Decimal(1)}
    same = {"method_id": "m", "measure": "energy", "period_kind": "month", "extent": "own"}
    books.bind("amounts", [{**nobody, **same}, *({**r, **same} for r in books.metered)])
    books.bind("meter_entries", [{"subject_id": u, "stands": "meter"} for u in units])
    names = Names({}, {}, {}, dict.fromkeys(units, "30"), dict.fromkeys(units, "r"))
    stand_in(books, names, find_gaps(books, ["m"], same=False), PRIORS)  # type: ignore[arg-type]
    read_from(books, {"r": 0})  # type: ignore[arg-type]
    return late_of(books, months), estimates_table(books).to_pylist()  # type: ignore[arg-type]


def told(books: Books, shares: dict[str, float]) -> Sums:
    """The year's June with what stands in for the late returns of these units, by the share that is known of each."""
    first = range(JUNE - 5, JUNE)
    whole = {m: Month(Decimal(0), 5, 5, "confirmed") for m in first}
    months: dict[Key, dict[int, Month]] = {
        (name, "m", "r"): {**whole, JUNE: Month(Decimal(1100), 5, 4, "confirmed")} for name in ("energy", "coal")
    }
    made, _ = late_in(books, {(who, JUNE): share for who, share in shares.items()}, months)
    return Sums(months, made, Revisions(0.0, 0.0, 0.0), 0.01)


def june(found: Sums, name: str) -> tuple[Decimal | None, str | None]:
    """The half-year of a sum and what it needs."""
    reading = found.to_date((name, "m", "r"), JUNE)
    return reading.amount, reading.needs


def test_coal_without_an_amount_leaves_the_coal_of_the_place_open(books: Books) -> None:
    """The fifth unit never burnt coal and now hands some in that no factor turns into coal equivalent."""
    books.put("e", date(2024, 6, 1), "electricity", 20)
    books.put("e", date(2025, 6, 1), "electricity", 20)
    books.put("e", date(2025, 6, 1), "coal", None)
    assert june(told(books, {"e": 0.0}), "coal") == (None, "coal 2025-06: 1 returns 1 份报表")


def test_who_never_handed_anything_in_is_not_one_that_burns_no_coal(books: Books) -> None:
    """Of the fifth unit nothing was ever known: energy and coal are open alike."""
    found = told(books, {"e": 0.0})
    assert june(found, "coal") == (None, "coal 2025-06: 1 returns 1 份报表")
    assert june(found, "energy") == (None, "energy 2025-06: 1 returns 1 份报表")


def test_who_is_known_to_burn_none_lacks_nothing_of_coal(books: Books) -> None:
    """The fifth unit handed in power alone a year ago and is late: its energy is estimated, of coal there is none."""
    books.put("e", date(2024, 6, 1), "electricity", 20)
    found = told(books, {"e": 0.0})
    assert june(found, "coal") == (Decimal(1100), None)
    assert june(found, "energy") == (Decimal(1122), None)


def test_a_meter_that_saw_no_coal_does_not_make_the_coal_nought(books: Books) -> None:
    """The fifth unit burnt 50 a year ago; of this June its power meter saw half: coal is last year's a tenth up."""
    books.put("e", date(2024, 6, 1), "coal", 50)
    books.put("e", date(2024, 6, 1), "electricity", 20)
    books.put("e", date(2025, 6, 1), "electricity", 10, measured="0.5")
    amount, needs = june(told(books, {"e": 0.5}), "coal")
    assert needs is None
    assert amount == Decimal(1155)


def test_a_metered_month_without_an_amount_is_not_estimated_as_nought(books: Books) -> None:
    """Half of the fifth unit's June was measured and has no amount: half of nothing known is not nothing."""
    books.put("e", date(2024, 6, 1), "coal", 50)
    books.put("e", date(2025, 6, 1), "coal", None, measured="0.5")
    found = told(books, {"e": 0.5})
    assert june(found, "energy") == (None, "energy 2025-06: 1 returns 1 份报表")
    assert june(found, "coal") == (None, "coal 2025-06: 1 returns 1 份报表")


def test_a_month_of_which_no_amount_is_known_is_missing(books: Books) -> None:
    """Of May nothing has an amount, of June no coal has: neither is nought, and a month without any coal has none."""
    shared = {"method_id": "m", "subject_id": "r", "level": "subtree", "period_kind": "month", "measure": "energy"}
    rows = [
        (4, "coal", 80, 2, 2), (4, "gas", 20, 2, 2), (5, "coal", None, 0, 0), (6, "coal", None, 2, 1),
        (6, "gas", 20, 2, 1), (3, "gas", 20, 2, 2),
    ]  # fmt: skip
    books.bind("totals", [
        {**shared, "period_start": date(2025, m, 1), "period_end": date(2025, m + 1, 1), "part": part,
         "amount": None if a is None else Decimal(a), "expected": e, "known": k, "confidence": "confirmed"}
        for m, part, a, e, k in rows
    ])  # fmt: skip
    books.bind("leaves", books.leaves)
    always = {"valid_from": date(2000, 1, 1), "valid_to": date(9999, 12, 31), "ancestor_id": "r", "depth": 1}
    books.bind("subject_closure", [{"subject_id": "a", **always}])
    found = sums(books, ["m"], {"r": 0})  # type: ignore[arg-type]
    coal, energy = (found[name, "m", "r"] for name in ("coal", "energy"))
    start = month_of(date(2025, 1, 1))
    assert {m - start + 1: (x.amount, x.there) for m, x in coal.items()} == {
        3: (Decimal(0), True), 4: (Decimal(80), True), 5: (Decimal(0), False), 6: (Decimal(0), False),
    }  # fmt: skip
    assert (energy[start + 4].there, energy[start + 5].there) == (False, True)
    january = {m: Month(Decimal(1), 2, 2, "confirmed") for m in range(start, start + 3)}
    read = Sums({("energy", "m", "r"): {**energy, **january}}, {}, Revisions(0.0, 0.0, 0.0), 0.01)
    assert read.to_date(("energy", "m", "r"), start + 3).amount == Decimal(103)
    may = read.to_date(("energy", "m", "r"), start + 4)
    assert (may.amount, may.needs) == (None, "energy 2025-05: no return 无报表")


@pytest.mark.parametrize(
    ("kinds", "first"), [(["month", "month"], 1990), (["year", "month"], 2024), (["year", "year"], 2025)]
)
def test_every_year_with_a_month_is_watched(books: Books, kinds: list[str], first: int) -> None:
    """From the first month that the books hold, however long ago; without any, the run's own year."""
    books.bind("totals", [
        {"period_kind": kind, "period_start": date(year, 1, 1)} for kind, year in zip(kinds, (1990, 2024), strict=True)
    ])  # fmt: skip
    assert first_year(books) == first  # type: ignore[arg-type]
