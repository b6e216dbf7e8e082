"""Parents against their children (总分表平衡): what a meter counted beside the sum of the meters behind it. Pure.

Only where all of them are known, every minute of the hour measured: a silent child says nothing about its parent.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from shuangkong.metering.flaw_spans import Spans
from shuangkong.metering.meter_days import DayMeters, begins
from shuangkong.metering.model import MOST, NO_VALUE
from shuangkong.metering.monitoring import System, Systems
from shuangkong.metering.spells import HOUR, Ints
from shuangkong.metering.tiles import Hours

_HOURS = 24


def children(on: DayMeters) -> dict[int, list[int]]:
    """The children of each parent on a day, by number; those that count the same item in the same unit."""
    by_number = {m.number: m for m in on.meters}
    found: dict[int, list[int]] = defaultdict(list)
    for m in on.meters:
        for parent in m.parents:
            above = by_number.get(parent)
            if above is not None and (above.item, above.unit) == (m.item, m.unit):
                found[parent].append(m.number)
    return dict(found)


@dataclass(frozen=True, slots=True)
class _Row:
    code: str
    meter: int
    start: int
    stop: int
    hours: int
    parent: int
    children: int


def unbalanced(hours: Hours, on: DayMeters, systems: Systems, parents: Collection[int]) -> Spans:
    """Hours and days of parents that differ from their children by more than their system allows.

    `hours`: those of the day, of parents and children, as `tiles.hours` gives them. `first` of a span is the parent,
    `before` the sum of the children, in millionths of the unit over the span.
    """
    behind = children(on)
    place = {n: k for k, n in enumerate(sorted({*behind, *(c for kids in behind.values() for c in kids)}))}
    quantity = np.zeros((len(place), _HOURS), dtype=object)
    known = np.zeros((len(place), _HOURS), dtype=bool)
    start = begins(on.day)
    inside = (hours.hour >= start) & (hours.hour < start + _HOURS * HOUR) & (hours.quantity != NO_VALUE)
    for n in np.flatnonzero(inside & np.isin(hours.meter, list(place))):
        at = place[int(hours.meter[n])], (int(hours.hour[n]) - start) // HOUR
        quantity[at] = int(hours.quantity[n])
        known[at] = int(hours.measured[n]) == HOUR
    found: list[_Row] = []
    for m in on.meters:
        if m.number in behind and m.number in parents:
            kids = [place[c] for c in behind[m.number]]
            whole = known[place[m.number]] & known[kids].all(axis=0)
            above, below = quantity[place[m.number]], quantity[kids].sum(axis=0)
            found.extend(_compared(m.number, systems[m.system], whole, above, below, start))
    return _spans(found)


def _compared(number: int, system: System, whole: Ints, above: Ints, below: Ints, start: int) -> list[_Row]:
    found: list[_Row] = []
    if "hour" in system.balance:
        wrong = [bool(whole[h]) and differ(system, "hour", int(above[h]), int(below[h])) for h in range(_HOURS)]
        first = 0
        for h in range(_HOURS + 1):
            if h < _HOURS and wrong[h]:
                continue
            if h > first:
                sums = int(sum(above[first:h])), int(sum(below[first:h]))
                found.append(_Row("children_hour", number, start + first * HOUR, start + h * HOUR, h - first, *sums))
            first = h + 1
    if "day" in system.balance and whole.all() and differ(system, "day", int(sum(above)), int(sum(below))):
        found.append(_Row(
            "children_day", number, start, start + _HOURS * HOUR, _HOURS, int(sum(above)), int(sum(below))
        ))  # fmt: skip
    return found


def differ(system: System, span: str, parent: int, below: int) -> bool:
    """Whether two quantities (millionths) are further apart than allowed: a share of the parent, and a least amount."""
    apart = Decimal(abs(parent - below))
    return apart * 100 > system.balance[span] * abs(parent) and apart > system.balance_least.scaleb(6)


def _spans(found: list[_Row]) -> Spans:
    def column(*values: int) -> Ints:
        return np.array(values, dtype=np.int64)

    def told(*values: int) -> Ints:
        return column(*(v if abs(v) <= MOST else NO_VALUE for v in values))

    nothing = np.full(len(found), NO_VALUE)
    return Spans(
        np.array([r.code for r in found], dtype=object), column(*(r.meter for r in found)),
        column(*(r.start for r in found)), column(*(r.stop for r in found)), column(*(r.hours for r in found)),
        told(*(r.parent for r in found)), nothing, nothing, nothing, told(*(r.children for r in found)), nothing,
    )  # fmt: skip
