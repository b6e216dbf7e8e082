"""The last reading of each meter (最近读数): found from the newest day back, renewed by what was committed since."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np

from shuangkong.engine.api import Lake
from shuangkong.metering.day_files import groups, pieces
from shuangkong.metering.reach import StoredDays, day_of_file, number_of_day
from shuangkong.metering.rollup_tables import METER_DAYS
from shuangkong.metering.spells import Ints
from shuangkong.metering.tables import READINGS

#: Days of readings that are looked through for every meter before the roll-up says where else to look.
NEAR = 3
#: Months of roll-up that are looked through for a meter that has been silent for long.
FAR = 36


@dataclass(frozen=True, slots=True)
class Last:
    """Of each meter (sorted numbers) the newest reading: moment in microseconds of UTC, value in millionths.

    `asked` are the meters that were looked for; of those that are not in `meter` nothing ever came. `sequence` is the
    last commit of readings that was looked at.
    """

    asked: Ints
    meter: Ints
    at: Ints
    value: Ints
    sequence: int

    def of(self, numbers: Ints) -> tuple[Ints, Ints]:
        """Moment and value of each number; moment 0 where nothing ever came."""
        if not len(self.meter):
            zero = np.zeros(len(numbers), dtype=np.int64)
            return zero, zero
        place = np.minimum(np.searchsorted(self.meter, numbers), len(self.meter) - 1)
        there = self.meter[place] == numbers
        return np.where(there, self.at[place], 0), np.where(there, self.value[place], 0)


def last_readings(lake: Lake, known: datetime, numbers: Ints) -> Last:
    """The newest reading of each meter (sorted numbers), found day by day from the newest back."""
    commits = lake.commits(READINGS.name, known)
    stored = StoredDays(lake, known)
    found: dict[int, tuple[int, int]] = {}
    missing = numbers
    for day in list(reversed(stored.days))[:NEAR]:
        missing = _take(found, stored.files[day], missing)
    for day in sorted(_days_of(lake, known, missing), reverse=True) if len(missing) else ():
        # a reading at the end of a day lies in the next day's files
        for one in (day + 1, day):
            missing = _take(found, stored.files.get(one, ()), missing)
    for day in list(reversed(stored.days))[NEAR:] if len(missing) and not _rolled(lake, known) else ():
        missing = _take(found, stored.files[day], missing)
        if not len(missing):
            break
    return _as_last(numbers, found, max((c.sequence for c in commits), default=0))


def renewed(lake: Lake, known: datetime, before: Last) -> Last:
    """The same after what was committed since."""
    commits = lake.commits(READINGS.name, known, after=before.sequence)
    if not commits:
        return before
    meter, at, value = [before.meter], [before.at], [before.value]
    for commit in commits:
        for number, moment, amount in pieces([lake.root / commit.file], before.asked):
            meter.append(number)
            at.append(moment)
            value.append(amount)
    numbers, moments, amounts = (np.concatenate(x) for x in (meter, at, value))
    # of one moment what came later holds: the sort keeps the order in which they came
    order = np.lexsort((moments, numbers))
    last = order[np.append(numbers[order][1:] != numbers[order][:-1], True)] if len(order) else order
    return Last(before.asked, numbers[last], moments[last], amounts[last], max(c.sequence for c in commits))


def _take(found: dict[int, tuple[int, int]], files: Sequence[Path], missing: Ints) -> Ints:
    """Add the newest readings of a day for meters that have none yet; what is missing after it."""
    if not len(missing) or not files:
        return missing
    new = _newest(files, missing)
    found.update({k: v for k, v in new.items() if k not in found})
    here: Ints = np.fromiter(new, dtype=np.int64, count=len(new))
    return missing[~np.isin(missing, here)]


def _newest(files: Sequence[Path], numbers: Ints) -> Mapping[int, tuple[int, int]]:
    """The newest reading of each meter in the files of a day."""
    found: dict[int, tuple[int, int]] = {}
    for meter, at, value in pieces(files, numbers):
        if not len(meter):
            continue
        end = np.append(meter[1:] != meter[:-1], True)
        for number, moment, amount in zip(meter[end].tolist(), at[end].tolist(), value[end].tolist(), strict=True):
            if number not in found or moment >= found[number][0]:
                found[number] = (moment, amount)
    return found


def _rolled(lake: Lake, known: datetime) -> bool:
    return bool(lake.commits(METER_DAYS.name, known))


def _days_of(lake: Lake, known: datetime, missing: Ints) -> Collection[int]:
    """Days (since 1970) on which meters had something last, by the roll-up."""
    by_month: dict[date, list[Path]] = {}
    for commit in lake.commits(METER_DAYS.name, known):
        month = date(1970, 1, 1) + timedelta(days=day_of_file(commit.file))
        by_month.setdefault(month, []).append(lake.root / commit.file)
    last: dict[int, int] = {}
    for month in sorted(by_month, reverse=True)[:FAR]:
        wanted: Ints = np.array([n for n in missing.tolist() if n not in last], dtype=np.int64)
        if not len(wanted):
            break
        for number, day in _told(by_month[month], wanted):
            last[number] = max(last.get(number, day), day)
    return set(last.values())


def _told(files: Iterable[Path], wanted: Ints) -> Iterable[tuple[int, int]]:
    for file in files:
        for table in groups(file, wanted, ["meter", "day", "measured", "spread"]):
            meter, *rest = (table.column(n).to_numpy() for n in ("meter", "measured", "spread"))
            keep = np.isin(meter, wanted) & ((rest[0] > 0) | (rest[1] > 0))
            days = table.column("day").to_pylist()
            yield from ((int(meter[n]), number_of_day(days[n])) for n in np.flatnonzero(keep))


def _as_last(asked: Ints, found: Mapping[int, tuple[int, int]], sequence: int) -> Last:
    numbers = sorted(found)
    columns = np.array([(n, *found[n]) for n in numbers], dtype=np.int64).reshape(len(numbers), 3)
    return Last(asked, columns[:, 0], columns[:, 1], columns[:, 2], sequence)
