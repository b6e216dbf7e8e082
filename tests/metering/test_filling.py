"""Filling: what is measured is never touched, sums of registers are kept, and every filled hour says how."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readings_made import START
from shuangkong.metering.calendar import official
from shuangkong.metering.filling import METHODS, Filled, FillRules, fill_rules, filled
from shuangkong.metering.model import NO_VALUE
from shuangkong.metering.monitoring import systems_on
from shuangkong.metering.spells import DAY, HOUR
from shuangkong.metering.tiles import Hours
from shuangkong.policy.api import PackSet, builtin_packs

CALENDAR = official()
RULES = FillRules((("register_spread", 100), ("linear", 3), ("same_hour", 48), ("week_mean", 24)), 28, 7, 3)
Cell = tuple[int, int, int]  # quantity, minutes measured, minutes spread


def hours(cells: dict[int, Cell]) -> Hours:
    """Hours by their number since 1 January 2026."""
    rows = sorted(cells.items())
    columns = [
        np.array([x[k] for _, x in rows], dtype=np.int64) * (1 if k == 0 else HOUR // 60) for k in range(3)
    ]  # fmt: skip
    at = START + np.array([n for n, _ in rows], dtype=np.int64) * HOUR
    return Hours(np.full(len(rows), 1), at, *columns)


def done(cells: dict[int, Cell], first: int, after: int, rules: FillRules = RULES) -> Filled:
    """Fill some hours."""
    return filled(hours(cells), START + first * HOUR, START + after * HOUR, rules, CALENDAR)


def measured(quantity: int) -> Cell:
    """An hour that was measured whole."""
    return quantity, 60, 0


def test_a_short_hole_is_bridged_by_a_line() -> None:
    """100, ?, ?, 160: 120 and 140, marked as filled, in a column of their own."""
    found = done({0: measured(100), 3: measured(160)}, 0, 4)
    assert found.filled.tolist() == [NO_VALUE, 120, 140, NO_VALUE]
    assert found.quantity.tolist() == [100, NO_VALUE, NO_VALUE, 160]
    assert found.method.tolist() == ["", "linear", "linear", ""]
    assert found.share == 50.0
    assert found.counts() == {"linear": 2}


def test_a_longer_hole_takes_comparable_days() -> None:
    """Monday 19 January from 08:00 to 14:00, as on working days before; weekends and New Year are no measure."""
    cells = {}
    for n in range(18 * 24):
        day, hour = divmod(n, 24)
        works = CALENDAR.works(date(2026, 1, 1 + day))
        cells[n] = measured((1000 if works else 100) + hour)
    first = 18 * 24 + 8
    cells.update({n: measured(1) for n in range(18 * 24, first)})
    found = done(cells, first, first + 6)
    assert found.filled.tolist() == [1008, 1009, 1010, 1011, 1012, 1013]
    assert found.counts() == {"same_hour": 6}


def test_the_week_s_mean_comes_last() -> None:
    """No three comparable days: the mean of the week's hours, no more than a day of it."""
    cells = {n: measured(100 + n % 2) for n in range(5 * 24)}
    rules = FillRules((("week_mean", 24),), 28, 7, 3)
    found = done(cells, 5 * 24, 6 * 24, rules)
    assert set(found.filled.tolist()) == {101}  # 100.5, half away from zero
    assert done(cells, 5 * 24, 6 * 24 + 1, rules).counts() == {}
    assert done({n: c for n, c in cells.items() if n >= 60}, 5 * 24, 6 * 24, rules).counts() == {}


def test_a_silent_register_is_laid_out_as_on_comparable_days() -> None:
    """3 000 over three hours, on comparable days as 1 : 2 : 3: 500, 1 000, 1 500; the even spread stays beside."""
    cells = {d * 24 + h: measured(100 * (h + 1)) for d in range(4, 12) for h in range(3)}
    cells.update({12 * 24 + h: (1000, 0, 60) for h in range(3)})
    found = done(cells, 12 * 24, 12 * 24 + 3)
    assert found.filled.tolist() == [500, 1000, 1500]
    assert found.quantity.tolist() == [1000, 1000, 1000]
    assert found.counts() == {"register_spread": 3}


def test_without_a_way_a_hole_stays_a_hole() -> None:
    """Nothing before and nothing after: no figure, never a zero."""
    found = done({}, 0, 24)
    assert set(found.filled.tolist()) == {NO_VALUE}
    assert found.share == 0.0
    assert done({0: measured(5), 2: measured(9)}, 0, 3, FillRules((), 28, 7, 3)).counts() == {}


cells_made = st.dictionaries(
    st.integers(0, 30 * 24 - 1),
    st.one_of(
        st.integers(-5, 10**9).map(measured), st.tuples(st.integers(0, 10**9), st.integers(1, 59), st.integers(0, 30)),
        st.tuples(st.integers(0, 10**9), st.just(0), st.just(60)),
    ), max_size=400,
)  # fmt: skip


@given(cells_made, st.booleans(), st.data())
@settings(max_examples=60)
def test_measured_hours_are_never_touched_and_sums_are_kept(
    cells: dict[int, Cell], dense: bool, data: st.DataObject
) -> None:  # fmt: skip
    """Hours with a measured minute have no filled value; filled ones have a way; a spread stretch keeps its sum."""
    if dense:
        cells = {n: measured(1000 + n % 24) for n in range(20 * 24)} | cells
    first = data.draw(st.integers(0, 29 * 24))
    found = done(cells, first, min(first + 72, 30 * 24))
    assert found.quantity.tolist() == [cells.get(first + n, (NO_VALUE,))[0] for n in range(len(found.hour))]
    spread = np.array([(c := cells.get(first + n)) is not None and c[1] == 0 for n in range(len(found.hour))])
    for n, (value, method) in enumerate(zip(found.filled, found.method, strict=True)):
        assert (value != NO_VALUE) == (method in METHODS)
        cell = cells.get(first + n)
        assert method == "" or cell is None or (cell[1] == 0 and method == "register_spread")
    edges = np.flatnonzero(np.diff(np.concatenate([[False], spread, [False]]).astype(int)))
    for a, b in zip(edges[::2], edges[1::2], strict=True):
        if (found.method[a:b] != "").any():
            assert found.filled[a:b].sum() == found.quantity[a:b].sum()


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.integers(1, 3))
def test_a_line_is_rounded_once_at_each_hour(before: int, after: int, count: int) -> None:
    """Each hour is the nearest whole number to the exact line, half away from where it starts."""
    found = done({0: measured(before), count + 1: measured(after)}, 0, count + 2)
    for k in range(1, count + 1):
        exact = before + Fraction((after - before) * k, count + 1)
        assert abs(int(found.filled[k]) - exact) <= Fraction(1, 2)


def test_the_order_of_ways_is_the_pack_s() -> None:
    """The shipped rules: register first, then line, comparable days, the week's mean."""
    packs = PackSet(builtin_packs())
    day, now = date(2026, 1, 1), date(2026, 11, 22)
    rules = fill_rules(packs, systems_on(packs, day, now)["key-unit"], day, now)
    assert rules is not None
    assert [m for m, _ in rules.methods] == ["register_spread", "linear", "same_hour", "week_mean"]
    assert (rules.back, rules.week, rules.least) == (28, 7, 3)
    assert fill_rules(packs, systems_on(packs, day, day)["key-unit"], day, day) is None


@pytest.mark.parametrize("method", sorted(METHODS))
def test_every_method_has_words(method: str) -> None:
    """In both languages."""
    assert METHODS[method].zh
    assert METHODS[method].en
    assert DAY == 24 * HOUR


def test_a_closed_day_is_compared_with_days_off() -> None:
    """Monday 19 January is worked by the calendar; where the unit says that it is closed, weekends are its like."""
    cells = {}
    for n in range(18 * 24):
        day, hour = divmod(n, 24)
        works = CALENDAR.works(date(2026, 1, 1 + day))
        cells[n] = measured((1000 if works else 100) + hour)
    first = 18 * 24 + 8
    cells.update({n: measured(1) for n in range(18 * 24, first)})
    span = START + first * HOUR, START + (first + 6) * HOUR
    shut = filled(hours(cells), *span, RULES, CALENDAR, [date(2026, 1, 19)])
    assert shut.filled.tolist() == [108, 109, 110, 111, 112, 113]


def test_hours_are_cut_out_as_they_were_filled_among_others() -> None:
    """Of a hole of two hours the second alone is what the whole hole gave it."""
    found = done({0: measured(100), 3: measured(160)}, 0, 4).within(START + 2 * HOUR, START + 4 * HOUR)
    assert (found.filled.tolist(), found.method.tolist()) == ([140, NO_VALUE], ["linear", ""])
    assert found.share == 50.0
