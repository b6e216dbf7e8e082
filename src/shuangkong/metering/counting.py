"""Which meters a unit's sums count (计入计量器具): the top ones of an item, day by day as the register has them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from shuangkong.metering.meters import Meter, Meters


@dataclass(frozen=True, slots=True)
class Counted:
    """A meter that counts for a unit and item on days `[first, end)`."""

    number: int
    subject_id: str
    item: str
    unit: str
    first: date
    end: date
    synthetic: bool


def counted_meters(meters: Meters, first: date, end: date) -> list[Counted]:
    """The meters that count on days `[first, end)`: of amounts, below no other of the unit and item that does.

    A parent that is of another unit, of another item, or not there on a day hides nothing.
    """
    spells = [m for m in meters.spells if m.measures == "amount" and m.valid_from < end and m.valid_to > first]
    edges = {m.valid_from for m in spells} | {m.valid_to for m in spells} | {first, end}
    cuts = sorted(e for e in edges if first <= e <= end)
    found: dict[int, list[Counted]] = {}
    for start, stop in pairwise(cuts):
        for m in _top([s for s in spells if s.valid_from <= start < s.valid_to]):
            own = found.setdefault(m.number, [])
            if own and own[-1].end == start and _same(own[-1], m):
                start_, own[-1:] = own[-1].first, []
                own.append(Counted(m.number, m.subject_id, m.item, m.unit, start_, stop, m.synthetic))
            else:
                own.append(Counted(m.number, m.subject_id, m.item, m.unit, start, stop, m.synthetic))
    return [c for number in sorted(found) for c in found[number]]


def _same(before: Counted, m: Meter) -> bool:
    return (before.subject_id, before.item, before.unit, before.synthetic) == (
        m.subject_id, m.item, m.unit, m.synthetic,
    )  # fmt: skip


def _top(standing: list[Meter]) -> Iterator[Meter]:
    """The meters that have none of their own unit and item above them."""
    there = {m.number: m for m in standing}
    for m in standing:
        if not _below(m, there):
            yield m


def _below(m: Meter, there: dict[int, Meter]) -> bool:
    """Whether any meter above, at whatever distance, counts for the same unit and item."""
    seen, waiting = {m.number}, list(m.parents)
    while waiting:
        number = waiting.pop()
        above = there.get(number)
        if above is None or number in seen:
            continue
        if above.subject_id == m.subject_id and above.item == m.item:
            return True
        seen.add(number)
        waiting += above.parents
    return False
