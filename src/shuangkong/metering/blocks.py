"""Hours of many meters over some days at once (成块汇总): dense arrays that readings are added to, piece by piece.

The same figures as `metering.tiles`, for the readings of a whole province: most come sorted, of meters that send
intervals, and none crosses an hour; of those an hour is one sum of neighbours. Everything else goes the general way.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shuangkong.metering.model import MOST, NO_VALUE, SCALE
from shuangkong.metering.spells import CHINA, DAY, HOUR, Flags, Ints, Spells, nothing
from shuangkong.metering.tiles import Columns, Hours, Parts, Stretches, counted, laid, newest, stretches

#: What 64 bits hold of sums, with room.
_SAFE = 2.0**62


class TooLarge(Exception):
    """Sums could run over 64 bits: such readings go through `tiles.hours`, which counts on in Python's numbers."""


@dataclass(frozen=True, slots=True)
class _Runs:
    """Rows of one meter each that lie together: where they begin, how many, the meter's place in the spells."""

    start: Ints
    length: Ints
    place: Ints
    known: Flags


@dataclass(frozen=True, slots=True)
class BlockDays:
    """Days of meters, by place in the spells and day since 1970: sums of those `hours` that have a quantity."""

    place: Ints
    day: Ints
    quantity: Ints
    measured: Ints
    spread: Ints
    hours: Ints


class Block:
    """Hours `[first, first + hours)` (since 1970) of all meters of `spells`, as raw sums and what they cover."""

    def __init__(self, spells: Spells, first: int, hours: int) -> None:
        self._spells, self._first, self._hours = spells, first, hours
        cells = len(spells.meters) * hours
        self._raw = np.zeros(cells, dtype=np.int64)
        self._measured = np.zeros(cells, dtype=np.int64)
        self._spread: Ints | None = None
        self._bound = 0.0
        self._registers: list[tuple[Ints, Ints, Ints]] = []
        one = spells.count == 1
        self._plain = one & ~(spells.register | spells.rate)[spells.begin]
        self._register = np.logical_or.reduceat(spells.register, spells.begin) if len(spells.begin) else one

    def add(self, meter: Ints, at: Ints, value: Ints) -> None:
        """Readings sorted by meter and time, each moment of a meter in one piece alone and once. Raises TooLarge."""
        if not len(meter):
            return
        low, high = int(value.min()), int(value.max())
        if low == NO_VALUE:
            have = value != NO_VALUE
            self.add(meter[have], at[have], value[have])
            return
        runs = self._runs(meter)
        plain = runs.known & self._plain[runs.place]
        if not plain.all():
            chosen = np.repeat(plain, runs.length)
            self._others(meter[~chosen], at[~chosen], value[~chosen])
            meter, at, value = meter[chosen], at[chosen], value[chosen]
            if not len(meter):
                return
            runs = self._runs(meter)
        self._sums(runs, meter, at, value, max(abs(low), abs(high)))

    def _runs(self, meter: Ints) -> _Runs:
        new = np.empty(len(meter), dtype=bool)
        new[0] = True
        np.not_equal(meter[1:], meter[:-1], out=new[1:])
        start = np.flatnonzero(new)
        numbers = self._spells.meters
        if not len(numbers):
            return _Runs(start, np.diff(np.append(start, len(meter))), start * 0, start < 0)
        place = np.minimum(np.searchsorted(numbers, meter[start]), len(numbers) - 1)
        return _Runs(start, np.diff(np.append(start, len(meter))), place, numbers[place] == meter[start])

    def _sums(self, runs: _Runs, meter: Ints, at: Ints, value: Ints, most: int) -> None:
        """Intervals of meters with one spell: neighbours of one hour are one sum."""
        spells = self._spells
        spell = spells.begin[runs.place]
        every = spells.every[spell]
        back = np.where(spells.starts[spell], 0, every)
        begin = at - (back[0] if (back == back[0]).all() else np.repeat(back, runs.length))
        hour = begin // HOUR
        new = np.empty(len(hour), dtype=bool)
        np.not_equal(hour[1:], hour[:-1], out=new[1:])
        new[runs.start] = True
        here = np.flatnonzero(new)
        first_of_run = np.zeros(len(hour), dtype=bool)
        first_of_run[runs.start] = True
        run = np.cumsum(first_of_run[here]) - 1
        count = np.diff(np.append(here, len(hour)))
        self._bound += float(most) * float(count.max())
        self._check()
        hours, every = hour[here], every[run]
        total = np.add.reduceat(value, here)
        # the last one of an hour begins latest
        crosses = begin[here + count - 1] + every > (hours + 1) * HOUR
        if crosses.any():
            rows = np.repeat(crosses, count)
            self._others(meter[rows], at[rows], value[rows])
            one = ~crosses
            hours, every, run, count, total = hours[one], every[one], run[one], count[one], total[one]
        inside = (hours >= self._first) & (hours < self._first + self._hours)
        cell = runs.place[run] * self._hours + hours - self._first
        covered = count * every
        if not inside.all():
            cell, total, covered = cell[inside], total[inside], covered[inside]
        # each cell is there once
        self._raw[cell] += total
        self._measured[cell] += covered

    def _others(self, meter: Ints, at: Ints, value: Ints) -> None:
        """What goes the general way: registers wait until all is there, for their stretches reach from file to file."""
        place, known = self._spells.places(meter)
        waits = known & self._register[place]
        if waits.any():
            self._registers.append((meter[waits], at[waits], value[waits]))
        now = known & ~waits
        if now.any():
            zero = np.zeros(int(now.sum()), dtype=np.int64)
            self._lay(stretches(Columns(meter[now], at[now], value[now], zero, zero), self._spells)[0])

    def _lay(self, said: Stretches) -> None:
        if len(said.quantity):
            self._bound += float(np.abs(said.quantity.astype(np.float64)).sum())
            self._check()
        parts: Parts = laid(said, (self._first, self._first + self._hours))
        cell = parts.place * self._hours + parts.hour - self._first
        np.add.at(self._raw, cell, parts.quantity.astype(np.int64))
        short = ~parts.long
        np.add.at(self._measured, cell[short], parts.covered[short])
        if parts.long.any():
            if self._spread is None:
                self._spread = np.zeros(len(self._raw), dtype=np.int64)
            np.add.at(self._spread, cell[parts.long], parts.covered[parts.long])

    def _check(self) -> None:
        if self._bound >= _SAFE:
            raise TooLarge

    def hours(self) -> Hours:
        """The hours of all that was added, by meter and hour. Raises TooLarge; to be asked once."""
        self._finish()
        return self._found()

    def _found(self) -> Hours:
        spread = self._spread
        cell = np.flatnonzero(self._measured if spread is None else self._measured + spread)
        place, hour = np.divmod(cell, self._hours)
        apart = np.zeros(len(cell), dtype=np.int64) if spread is None else spread[cell]
        return counted(place, hour + self._first, self._raw[cell], self._measured[cell], apart, self._spells)

    def days(self) -> BlockDays:
        """The days of all that was added: the block begins with a day of China and has whole days. Raises TooLarge."""
        self._finish()
        spells, day = self._spells, (self._first * HOUR + CHINA) // DAY
        alike = bool((spells.count == 1).all() and (spells.factor == SCALE).all())
        if not alike or np.abs(self._raw).max(initial=0) > MOST:
            return self._days_of_hours()
        shape = (len(spells.meters), self._hours * HOUR // DAY, DAY // HOUR)
        measured = self._measured.reshape(shape)
        spread = np.zeros(shape, dtype=np.int64) if self._spread is None else self._spread.reshape(shape)
        count = ((measured != 0) | (spread != 0)).sum(axis=2)
        place, of = np.nonzero(count)
        total, short, long = (x.sum(axis=2)[place, of] for x in (self._raw.reshape(shape), measured, spread))
        return BlockDays(place, of + day, total, short, long, count[place, of])

    def _days_of_hours(self) -> BlockDays:
        found = self._found()
        have = found.quantity != NO_VALUE
        place = np.searchsorted(self._spells.meters, found.meter[have])
        day = (found.hour[have] + CHINA) // DAY
        if not len(place):
            return BlockDays(nothing(), nothing(), nothing(), nothing(), nothing(), nothing())
        if float(np.abs(found.quantity[have].astype(np.float64)).max()) * (DAY // HOUR) >= _SAFE:
            raise TooLarge
        at = np.flatnonzero(np.append(True, (place[1:] != place[:-1]) | (day[1:] != day[:-1])))
        total, short, long = (np.add.reduceat(x[have], at) for x in (found.quantity, found.measured, found.spread))
        return BlockDays(place[at], day[at], total, short, long, np.diff(np.append(at, len(place))))

    def _finish(self) -> None:
        """Registers, now that all is there."""
        if not self._register.any():
            return
        # a piece of each file: in order by meter once all are there
        meter, at, value = ([nothing(), *(r[n] for r in self._registers)] for n in range(3))
        whole = np.concatenate(meter)
        zero = np.zeros(len(whole), dtype=np.int64)
        given = newest(Columns(whole, np.concatenate(at), np.concatenate(value), zero, zero))
        self._lay(stretches(given, self._spells)[0])
