"""A month of which only the power meter is known is a late return, and its rest is estimated from the power."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pyarrow as pa
import pytest

from dualcontrol.test_watch_missing import Books, late_in
from shuangkong.dualcontrol.watch_estimating import Estimate, Fit
from shuangkong.dualcontrol.watch_metered import METERED, rest_of
from shuangkong.dualcontrol.watch_reading import month_of
from shuangkong.dualcontrol.watch_sums import Month
from shuangkong.engine.api import DuckDB

JAN = month_of(date(2025, 1, 1))


def test_power_alone_is_no_return_of_who_burns_coal() -> None:
    """Unit a burnt coal a year ago and has only its power meter now; b never burnt any; c has handed in its coal."""
    now, then = date(2025, 1, 1), date(2024, 1, 1)
    amounts = [
        ("e_1", "a", then, "coal", 80), ("e_2", "a", then, "electricity", 20), ("m_1", "a", now, "electricity", 10),
        ("e_3", "b", then, "electricity", 20), ("m_2", "b", now, "electricity", 10),
        ("e_4", "c", then, "coal", 80), ("e_5", "c", now, "coal", 40), ("m_3", "c", now, "electricity", 10),
    ]  # fmt: skip
    names = ("entry_id", "subject_id", "period_start", "part", "amount")
    table = pa.table(dict(zip(names, (list(c) for c in zip(*amounts, strict=True)), strict=True)))
    with DuckDB(threads=1) as engine:
        engine.bind("given", table)
        engine.keep(
            "amounts",
            "SELECT *, 'm' AS method_id, 'energy' AS measure, 'month' AS period_kind, 'own' AS extent FROM given",
        )
        engine.bind("meters", pa.table({"subject_id": ["a", "b", "c"], "stands": ["meter"] * 3}))
        found = engine.run(METERED.format(amounts="amounts", meters="meters", methods="('m')")).to_pylist()
    assert found == [{"method_id": "m", "subject_id": "a", "period_start": now}]


def test_the_rest_of_the_month_follows_the_power() -> None:
    """Half the power of a year ago, of six like units: fifty in all, of which the meter counted ten; forty to come.

    The region's known returns are one less than the books say, for the meter is no return.
    """
    halves = (0.5, 0.6, 0.9, 1.1, 1.3, 0.7)
    with DuckDB(threads=1) as engine:
        books = Books(engine)
        for n, f in enumerate((*halves, 0.5)):
            for start, by in ((date(2024, 1, 1), 1.0), (date(2025, 1, 1), f)):
                late = n == len(halves) and start.year == 2025
                books.put(f"u{n}", start, "electricity" if late else "coal", 10 if late else round(100 * by))
                books.put(f"u{n}", start, "electricity", round(1000 * by), measure="electricity")
        books.metered = [
            {"entry_id": "e_1", "subject_id": "u6", "period_start": date(2024, 1, 1), "part": "coal",
             "amount": Decimal(100)},
            {"entry_id": "m_1", "subject_id": "u6", "period_start": date(2025, 1, 1), "part": "electricity",
             "amount": Decimal(10)},
        ]  # fmt: skip
        months = {("energy", "m", "r"): {JAN: Month(Decimal(520), 7, 7, "confirmed")}}
        late_there, rows = late_in(books, {}, months)
    (row,) = [r for r in rows if r["measure"] == "energy"]
    assert (row["subject_id"], row["period_key"], row["basis"]) == ("u6", "2025-01", "electricity")
    assert row["amount"] == Decimal(40)
    (made,) = late_there["energy", "m", "r"][JAN].made
    assert made.amount == pytest.approx(40.0)
    assert months["energy", "m", "r"][JAN].known == 6
    # the region's one month of coal that the meters did not see is late as well
    assert [r["amount"] for r in rows if r["measure"] == "coal"] == [Decimal(50)]


def test_what_is_left_keeps_the_error_of_the_whole_month() -> None:
    """By hand: fifty ± 10 % less ten counted is forty ± 12.5 %; nothing is left where the meter counted more."""
    made = Estimate("u", JAN, 50.0, "electricity", "30", Fit(1.0, 0.1, 7, 8, 0.0), 0.1, 0.0)
    assert (rest_of(made, 10.0).amount, rest_of(made, 10.0).own) == (40.0, pytest.approx(0.125))
    assert rest_of(made, 60.0).amount == 0.0
