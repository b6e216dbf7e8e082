"""Filling hours that are not known (补数): a named step on its own, marked with method and share. Pure.

What was filled stands in a column of its own, beside what was measured, and is never stored as a reading. Hours with a
measured minute are left alone. Which ways are tried, in which order and for how long a hole, a pack says.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from shuangkong.kernel.labels import Label
from shuangkong.metering.calendar import Calendar
from shuangkong.metering.model import NO_VALUE
from shuangkong.metering.monitoring import System, in_force
from shuangkong.metering.spells import CHINA, DAY, HOUR, Ints
from shuangkong.metering.tiles import Hours
from shuangkong.policy.api import PackSet

METHODS: Mapping[str, Label] = {
    "register_spread": Label("表底差值按典型曲线分摊", "the register's difference laid out as on comparable days"),
    "linear": Label("前后两点线性内插", "a line between the hours on both sides"),
    "same_hour": Label("可比日同一小时均值", "mean of the same hour of comparable days"),
    "week_mean": Label("前一周小时均值", "mean of the hours of the week before"),
}
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class FillRules:
    """Ways in the order in which they are tried, each with the longest hole (hours) that it may fill.

    `back`: days before a hole among which comparable ones are looked for; `week`: days of the last mean; `least`: days
    that must be known for either.
    """

    methods: tuple[tuple[str, int], ...]
    back: int
    week: int
    least: int


@dataclass(frozen=True, slots=True)
class Filled:
    """The hours of one meter, one after the other. `quantity` is what is known, `filled` what a way gave; both in
    millionths, NO_VALUE where there is none. `method` is empty where nothing was filled.

    `share` of the hours, in %, is what a figure over them has to say beside it. Where an hour has both, its quantity
    was spread evenly over a silent register and `filled` lays the same sum out otherwise.
    """

    hour: Ints
    quantity: Ints
    filled: Ints
    method: NDArray[np.object_] = field(repr=False)

    @property
    def share(self) -> float:
        """The share of hours that were filled, in %."""
        return 100 * float((self.method != "").mean()) if len(self.method) else 0.0

    def within(self, start: int, stop: int) -> Filled:
        """The hours that begin in `[start, stop)`, as they were filled among those around them."""
        here = (self.hour >= start) & (self.hour < stop)
        return Filled(self.hour[here], self.quantity[here], self.filled[here], self.method[here])

    def counts(self) -> dict[str, int]:
        """Hours by the way that filled them."""
        names, counts = np.unique(self.method[self.method != ""].astype(str), return_counts=True)
        return dict(zip(names.tolist(), counts.tolist(), strict=True))


def fill_rules(packs: PackSet, system: System, day: date, known: date) -> FillRules | None:
    """The ways of a system with the days of `filling.days`; None where a pack names none."""
    days = {r.key[0]: r.value for r in in_force(packs.parameters("filling.days"), day, known) if r.value is not None}
    if not system.filling or not {"back", "week", "least"} <= set(days):
        return None
    methods = tuple((m, int(hours)) for m, hours in system.filling)
    return FillRules(methods, int(days["back"]), int(days["week"]), int(days["least"]))


def filled(
    known: Hours, start: int, stop: int, rules: FillRules, calendar: Calendar, closed: Collection[date] = ()
) -> Filled:
    """The hours `[start, stop)` of one meter (microseconds), holes filled where a way applies.

    `known`: the meter's hours as the roll-up gives them, with as many days before `start` as the rules look back at.
    `closed`: days on which the unit says that it does not work; they are comparable to days off.
    """
    hour = np.arange(start // HOUR, -(-stop // HOUR), dtype=np.int64) * HOUR
    grid = _Grid(known, hour, rules, _Work(calendar, frozenset(closed)))
    values = np.full(len(hour), NO_VALUE, dtype=np.int64)
    method = np.full(len(hour), "", dtype=object)
    for first, last in _runs(grid.missing):
        for name, longest in rules.methods:
            found = _WAYS[name](grid, first, last) if name in _WAYS and last - first <= longest else None
            if found is not None:
                values[first:last], method[first:last] = found, name
                break
    longest_spread = dict(rules.methods).get("register_spread", 0)
    for first, last in _runs(grid.spread):
        laid = _laid_out(grid, first, last) if last - first <= longest_spread else None
        if laid is not None:
            values[first:last], method[first:last] = laid, "register_spread"
    return Filled(hour, grid.quantity, values, method)


@dataclass(frozen=True, slots=True)
class _Work:
    """Which days are worked: those of the calendar on which the unit does not say that it is closed."""

    calendar: Calendar
    closed: frozenset[date]

    def works(self, day: date) -> bool:
        return day not in self.closed and self.calendar.works(day)


class _Grid:
    """A meter's hours in a row: what is known of each, and of hours before them."""

    def __init__(self, known: Hours, hour: Ints, rules: FillRules, calendar: _Work) -> None:
        self.hour, self.rules, self.calendar = hour, rules, calendar
        self.quantity = np.full(len(hour), NO_VALUE, dtype=np.int64)
        covered = np.zeros(len(hour), dtype=bool)
        only_spread = np.zeros(len(hour), dtype=bool)
        self.whole: dict[int, int] = {}
        rows = zip(
            known.hour.tolist(), known.quantity.tolist(), known.measured.tolist(), known.spread.tolist(), strict=True
        )
        begin = int(hour[0]) if len(hour) else 0
        for at, quantity, measured, spread in rows:
            if measured >= HOUR and quantity != NO_VALUE:
                self.whole[at] = quantity
            place = (at - begin) // HOUR
            if 0 <= place < len(hour):
                self.quantity[place] = quantity
                covered[place] = measured > 0 or spread > 0
                only_spread[place] = measured == 0 and spread > 0 and quantity != NO_VALUE
        self.missing = ~covered
        self.spread = only_spread

    def day(self, at: int) -> date:
        """The day in China of an hour."""
        return _EPOCH + timedelta(days=(at + CHINA) // DAY)

    def comparable(self, at: int, before: int) -> int | None:
        """The mean of the same hour of comparable days before a hole: all of them worked, or none."""
        works = self.calendar.works(self.day(at))
        last = (before + CHINA) // DAY
        found = []
        for day in range(last - self.rules.back, last):
            here = day * DAY - CHINA + (at + CHINA) % DAY
            if here in self.whole and self.calendar.works(self.day(here)) == works:
                found.append(self.whole[here])
        return _mean(found) if len(found) >= self.rules.least else None


def _linear(grid: _Grid, first: int, last: int) -> list[int] | None:
    """A line from the hour before to the hour after, both of which are measured whole."""
    before, after = (grid.whole.get(int(grid.hour[0]) + n * HOUR) for n in (first - 1, last))
    if before is None or after is None:
        return None
    count = last - first + 1
    return [before + _divided((after - before) * k, count) for k in range(1, count)]


def _same_hour(grid: _Grid, first: int, last: int) -> list[int] | None:
    """Each hour as the same hour of comparable days; all of the hole, or none of it."""
    found = [grid.comparable(int(at), int(grid.hour[first])) for at in grid.hour[first:last]]
    return None if None in found else [x for x in found if x is not None]


def _week_mean(grid: _Grid, first: int, last: int) -> list[int] | None:
    """Every hour as the mean of the hours of the days before that were measured whole."""
    end = int(grid.hour[first])
    found = [q for at, q in grid.whole.items() if end - grid.rules.week * DAY <= at < end]
    if not found or len(found) * HOUR < grid.rules.least * DAY:
        return None
    return [_mean(found)] * (last - first)


_WAYS: Mapping[str, Callable[[_Grid, int, int], list[int] | None]] = {
    "linear": _linear, "same_hour": _same_hour, "week_mean": _week_mean,
}  # fmt: skip


def _laid_out(grid: _Grid, first: int, last: int) -> list[int] | None:
    """What a silent register gave in all, laid out as on comparable days; the parts add up to it."""
    course = _same_hour(grid, first, last)
    if course is None or min(course) < 0 or not sum(course):
        return None
    whole, total = sum(int(q) for q in grid.quantity[first:last]), sum(course)
    parts, given, before = [], 0, 0
    for weight in course:
        before += weight
        upto = _divided(whole * before, total)
        parts.append(upto - given)
        given = upto
    return parts


def _runs(where: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """Stretches of hours, from the first to the one after the last."""
    edge = np.diff(np.concatenate([[False], where, [False]]).astype(np.int8))
    yield from zip(np.flatnonzero(edge == 1).tolist(), np.flatnonzero(edge == -1).tolist(), strict=True)


def _mean(values: list[int]) -> int:
    return _divided(sum(values), len(values))


def _divided(part: int, whole: int) -> int:
    """Rounded half away from zero."""
    size = (2 * abs(part) + whole) // (2 * whole)
    return -size if part < 0 else size
