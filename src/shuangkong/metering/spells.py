"""Spells of meters (计量器具的各段) as arrays: how each reading and each hour of a meter counts.

The spell that began last before a reading says what the reading is; the one that began last at or before an hour gives
the hour its factor. Where a register was put in the place of another, what was stated of the two stands as readings of
that midnight: the old chain of readings ends and a new one begins.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from shuangkong.metering.meters import FOREVER, Meter, midnight
from shuangkong.metering.model import SCALE

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
MINUTE = 60 * SCALE
HOUR = 60 * MINUTE
DAY = 24 * HOUR
#: China is eight whole hours ahead: its hours are hours of UTC, its days begin eight hours earlier.
CHINA = 8 * HOUR
EVER = int(np.iinfo(np.int64).max)
_FIRST = -EVER


@dataclass(frozen=True, slots=True)
class Stated:
    """What registers showed when they were changed: at which moment, in which spell and chain, in millionths."""

    spell: Ints
    chain: Ints
    at: Ints
    value: Ints


class Spells:
    """Arrays over spells, sorted by meter and beginning; `since` and `until` are microseconds, the first since ever.

    `every` is in microseconds, `modulus` (0: none) and `factor` in millionths. `chain` counts the changes of
    a register. `meters` are the numbers, `begin` and `count` where each one's spells lie.
    """

    def __init__(self, meters: Iterable[Meter]) -> None:
        ordered = sorted(_standing(meters), key=lambda m: (m.number, m.valid_from))
        self.number = _ints(m.number for m in ordered)
        self.every = _ints(m.every * MINUTE for m in ordered)
        self.register = np.array([m.kind == "register" for m in ordered], dtype=bool)
        self.rate = np.array([m.kind == "rate" for m in ordered], dtype=bool)
        self.starts = np.array([m.stamp == "start" for m in ordered], dtype=bool)
        self.modulus = _ints(_millionths(m.modulus, 0) for m in ordered)
        self.factor = _ints(_millionths(m.factor, SCALE) for m in ordered)
        self.meters, self.begin, self.count = np.unique(self.number, return_index=True, return_counts=True)
        first = np.zeros(len(ordered), dtype=bool)
        first[self.begin] = True
        opens = _ints(midnight(m.valid_from) for m in ordered)
        self.since = np.where(first, _FIRST, opens)
        self.until = np.append(self.since[1:], _FIRST)
        self.until[self.until == _FIRST] = EVER
        begun = np.array([m.kind == "register" and m.first_reading is not None for m in ordered], dtype=bool)
        steps: Ints = np.cumsum(begun & ~first, dtype=np.int64)
        self.chain: Ints = steps - np.repeat(steps[self.begin], self.count)
        self.stated = self._said(ordered, opens, begun, first)

    def _said(self, ordered: list[Meter], opens: Ints, begun: Flags, first: Flags) -> Stated:
        rows: list[tuple[int, int, int, int]] = []
        for n, m in enumerate(ordered):
            if begun[n] and m.first_reading is not None:
                rows.append((n, int(self.chain[n]), int(opens[n]), _millionths(m.first_reading, 0)))
            end = self._closing(ordered, n, begun, first)
            if m.kind == "register" and m.last_reading is not None and end != EVER:
                rows.append((n, int(self.chain[n]), end, _millionths(m.last_reading, 0)))
        columns = np.array(rows, dtype=np.int64).reshape(len(rows), 4)
        return Stated(columns[:, 0], columns[:, 1], columns[:, 2], columns[:, 3])

    def _closing(self, ordered: list[Meter], n: int, begun: Flags, first: Flags) -> int:
        """When the last reading of a spell's register was taken: at its change, or when the meter went for good."""
        if n + 1 < len(ordered) and not first[n + 1]:
            return int(self.until[n]) if begun[n + 1] else EVER
        return midnight(ordered[n].valid_to) if ordered[n].valid_to != FOREVER else EVER

    def places(self, meter: Ints) -> tuple[Ints, Flags]:
        """The place in `meters` of each row, whose rows of one meter lie together, and whether it has one."""
        if not len(self.meters):
            return np.zeros(len(meter), dtype=np.int64), np.zeros(len(meter), dtype=bool)
        # the rows of one meter lie together, so each meter is looked for once
        new = np.ones(len(meter), dtype=bool)
        new[1:] = meter[1:] != meter[:-1]
        first = np.flatnonzero(new)
        place = np.minimum(np.searchsorted(self.meters, meter[first]), len(self.meters) - 1)
        lengths = np.diff(np.append(first, len(meter)))
        return np.repeat(place, lengths), np.repeat(self.meters[place] == meter[first], lengths)

    def of_readings(self, place: Ints, at: Ints) -> Ints:
        """The spell of each reading: a reading of the midnight of a change is the old one's."""
        return self._later(place, at - 1)

    def of_hours(self, place: Ints, hour: Ints) -> Ints:
        """The spell of each hour, by the moment that it begins."""
        return self._later(place, hour)

    def _later(self, place: Ints, moment: Ints) -> Ints:
        found: Ints = self.begin[place]
        for rows in (np.flatnonzero(self.count[place] > 1),) if self.count.max(initial=1) > 1 else ():
            spell, more = found[rows], self.count[place[rows]]
            for k in range(1, int(more.max(initial=1))):
                following = np.minimum(self.begin[place[rows]] + k, len(self.since) - 1)
                spell += (k < more) & (moment[rows] >= self.since[following])
            found[rows] = spell
        return found


def _standing(meters: Iterable[Meter]) -> Iterable[Meter]:
    """Spells without a day count for nothing."""
    return (m for m in meters if m.valid_from < m.valid_to)


def _ints(given: Iterable[int]) -> Ints:
    return np.array(list(given), dtype=np.int64)


def _millionths(value: Decimal | None, missing: int) -> int:
    return missing if value is None else int(value.scaleb(6))


def nothing() -> Ints:
    """No rows."""
    return np.zeros(0, dtype=np.int64)
