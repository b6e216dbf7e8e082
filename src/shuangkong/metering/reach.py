"""How far a change of readings reaches (波及范围): which days of a meter it moves, and which readings those need.

An interval reaches over its own length. The stretch of a register begins at the reading before and ends at the one
after, wherever these are; what was stated of a register's change stands like a reading.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np

from shuangkong.engine.api import Lake
from shuangkong.metering.day_files import pieces
from shuangkong.metering.model import NO_VALUE
from shuangkong.metering.spells import CHINA, DAY, Ints, Spells
from shuangkong.metering.tables import READINGS

_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Range:
    """Days `[first, last]` (since 1970) of one meter to count anew, from readings of days `[before, after]`."""

    meter: int
    first: int
    last: int
    before: int
    after: int


class StoredDays:
    """The files of `readings` as known at an instant, by day since 1970."""

    def __init__(self, lake: Lake, known: datetime) -> None:
        found: dict[int, list[Path]] = {}
        for commit in lake.commits(READINGS.name, known):
            found.setdefault(day_of_file(commit.file), []).append(lake.root / commit.file)
        self.files: Mapping[int, Sequence[Path]] = found
        self.days: Sequence[int] = sorted(found)

    def before(self, day: int) -> Iterable[int]:
        """Days with readings before a day, the nearest first."""
        return (d for d in reversed(self.days) if d < day)

    def after(self, day: int) -> Iterable[int]:
        """Days with readings after a day, the nearest first."""
        return (d for d in self.days if d > day)


def day_of_file(file: str) -> int:
    """The day, since 1970, of a partition."""
    name = Path(file).parent.name
    return number_of_day(date.fromisoformat(f"{name[1:5]}-{name[5:7]}-{name[7:9]}"))


def number_of_day(day: date) -> int:
    """A day as days since 1970."""
    return (day - _EPOCH).days


def day_of_number(number: int) -> date:
    """The day of so many days since 1970."""
    return _EPOCH + timedelta(days=int(number))


def days_held(lake: Lake, meters: Collection[int], known: datetime) -> frozenset[tuple[int, date]]:
    """(meter, day of China) of all stored readings of meters: `touched` of a roll-up after the register was changed."""
    numbers: Ints = np.array(sorted(meters), dtype=np.int64)
    stored = StoredDays(lake, known)
    return frozenset(
        (int(n), day_of_number(day))
        for day in stored.days
        for m, _, _ in pieces(stored.files[day], numbers)
        for n in np.unique(m)
    )


def reached(spells: Spells, touched: Collection[tuple[int, int]], stored: StoredDays) -> list[Range]:
    """The days that readings of (meter, day) move, in ranges that do not meet; all meters are in `spells`."""
    if not touched:
        return []
    days: dict[int, list[int]] = {}
    for meter, day in sorted(touched):
        days.setdefault(meter, []).append(day)
    register = frozenset(int(n) for n in spells.number[spells.register])
    lengths = _Lengths(spells)
    plain = [r for m in days if m not in register for r in _of_intervals(lengths.of[m], m, days[m])]
    waiting = {m: days[m] for m in days if m in register}
    return sorted(plain + _of_registers(spells, lengths, waiting, stored), key=_key)


def _key(r: Range) -> tuple[int, int, int]:
    return r.first, r.last, r.meter


class _Lengths:
    """How many days an interval of each meter reaches back from its reading, and on."""

    def __init__(self, spells: Spells) -> None:
        days = np.where(spells.register, 0, -(-spells.every // DAY))
        back = np.maximum.reduceat(np.where(spells.starts, 0, days), spells.begin)
        on = np.maximum.reduceat(np.where(spells.starts, days, 0), spells.begin)
        self.of = {int(m): (int(b), int(o)) for m, b, o in zip(spells.meters, back, on, strict=True)}


def _of_intervals(length: tuple[int, int], meter: int, days: Sequence[int]) -> list[Range]:
    back, on = length
    return [Range(meter, a, b, a - on, b + back) for a, b in _together((d - back, d + on) for d in days)]


def _together(ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Ranges that touch, in one."""
    found: list[tuple[int, int]] = []
    for a, b in sorted(ranges):
        if found and a <= found[-1][1] + 1:
            found[-1] = found[-1][0], max(b, found[-1][1])
        else:
            found.append((a, b))
    return found


def _of_registers(
    spells: Spells, lengths: _Lengths, days: Mapping[int, Sequence[int]], stored: StoredDays
) -> list[Range]:  # fmt: skip
    """From the reading before to the one after, and beyond them one more, which those days begin and end with."""
    asked = [(m, d) for m in days for d in days[m]]
    first = _nearest(spells, asked, stored, -1)
    last = _nearest(spells, asked, stored, 1)
    ranges: dict[int, list[tuple[int, int]]] = {}
    for meter, day in asked:
        back, on = lengths.of[meter]
        ranges.setdefault(meter, []).append((min(first[meter, day], day - back), max(last[meter, day], day + on)))
    whole = [(m, a, b) for m in ranges for a, b in _together(ranges[m])]
    start = _nearest(spells, [(m, a) for m, a, _ in whole], stored, -1)
    end = _nearest(spells, [(m, b) for m, _, b in whole], stored, 1)
    found = []
    for m, a, b in whole:
        back, on = lengths.of[m]
        found.append(Range(m, a, b, min(start[m, a], a - on), max(end[m, b], b + back)))
    return found


def _nearest(
    spells: Spells, asked: Sequence[tuple[int, int]], stored: StoredDays, way: int
) -> dict[tuple[int, int], int]:  # fmt: skip
    """For each (meter, day) the nearest other day before (way -1) or after it on which the register showed something;
    the day itself where there is none.
    """
    found = {key: key[1] for key in asked}
    stated = _stated_days(spells)
    open_: dict[int, set[int]] = {}
    for meter, day in asked:
        said = [d for d in stated.get(meter, ()) if (d - day) * way > 0]
        if said:
            found[meter, day] = min(said) if way > 0 else max(said)
        open_.setdefault(day, set()).add(meter)
    for day, meters in open_.items():
        for other in stored.before(day) if way < 0 else stored.after(day):
            # what was stated nearer than this day stands before it
            meters -= {m for m in meters if found[m, day] != day and (found[m, day] - other) * way <= 0}
            if not meters:
                break
            for meter in _showing(stored.files[other], meters):
                found[meter, day] = other
                meters.discard(meter)
    return found


def _stated_days(spells: Spells) -> dict[int, list[int]]:
    said: dict[int, list[int]] = {}
    for spell, at in zip(spells.stated.spell, spells.stated.at, strict=True):
        said.setdefault(int(spells.number[spell]), []).append(int((at + CHINA) // DAY))
    return said


def _showing(files: Sequence[Path], meters: Collection[int]) -> set[int]:
    """Which of the meters have a value in the files of a day."""
    numbers: Ints = np.array(sorted(meters), dtype=np.int64)
    return {int(n) for m, _, v in pieces(files, numbers) for n in np.unique(m[v != NO_VALUE])}
