"""Rolling up what changed (增量汇总): the hours and days of meters whose readings came, and no others.

What was rolled up before is compared, and only what differs is committed: a later row of a meter and hour stands in the
place of the earlier, so that an old run still finds what it saw. Asked twice for the same, it commits nothing again; a
kill at any moment leaves the mark of who follows where it was, and the next round does it again. Whatever came
in whatever order, the newest rows are those of one roll-up of everything.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
import pyarrow as pa
import sqlalchemy as sa

from shuangkong.engine.api import Lake, Lease, Part, lake_commit, reading
from shuangkong.metering.blocks import Block, TooLarge
from shuangkong.metering.day_files import pieces
from shuangkong.metering.meters import Meters
from shuangkong.metering.model import NO_VALUE
from shuangkong.metering.reach import Range, StoredDays, day_of_number, number_of_day, reached
from shuangkong.metering.rolled import newest_hours
from shuangkong.metering.rollup_tables import METER_DAYS, METER_HOURS
from shuangkong.metering.spells import CHINA, DAY, HOUR, Flags, Ints, Spells
from shuangkong.metering.storing import PRINCIPAL, exact_column
from shuangkong.metering.tiles import Columns, Hours, hours, newest

#: Hours of meters that are counted at once: some 200 MB.
CELLS = 4_000_000
_HOURS_OF_DAY = DAY // HOUR
_INSTANT = pa.timestamp("us", tz="UTC")


@dataclass(frozen=True, slots=True)
class Rolled:
    """What a roll-up changed: (meter, day of China), and (subject_id, item, first day of the month) of those.

    `hours` and `days` are rows committed. `sequence` is the last commit of METER_DAYS, 0 where nothing was committed.
    """

    meter_days: frozenset[tuple[int, date]] = frozenset()
    months: frozenset[tuple[str, str, date]] = frozenset()
    hours: int = 0
    days: int = 0
    sequence: int = 0


def roll_up(lake: Lake, meters: Meters, touched: Iterable[tuple[int, date]], known: datetime) -> Rolled:
    """Roll up the meter-days that readings of `touched` (meter, day of China) move; touched of other meters is left.

    Readings are those known at `known`. Raises WS-003 while another process rolls up.
    """
    keys = {(m, number_of_day(d)) for m, d in touched}
    asked = {m for m, _ in keys}
    spells = Spells(m for m in meters.spells if m.number in asked)
    there = set(spells.meters.tolist())
    keys = {k for k in keys if k[0] in there}
    done = Rolled()
    if not keys:
        return done
    stored = StoredDays(lake, known)
    with lake.leases(METER_HOURS.name, METER_DAYS.name) as leases:
        for chunk in chunks(reached(spells, keys, stored)):
            done = _both(done, _roll(lake, meters, chunk, stored, leases))
    return done


def chunks(ranges: Sequence[Range], cells: int = CELLS) -> Iterable[list[Range]]:
    """Ranges, sorted by their days, in portions that are counted at once."""
    found: list[Range] = []
    first = last = 0
    for r in ranges:
        low, high = (min(first, r.first), max(last, r.last)) if found else (r.first, r.last)
        if found and (high - low + 1) * _HOURS_OF_DAY * (len(found) + 1) > cells:
            yield found
            found, low, high = [], r.first, r.last
        found.append(r)
        first, last = low, high
    if found:
        yield found


class _Chunk:
    """Ranges that are counted together: meters × days, and which of them are asked for."""

    def __init__(self, spells: Spells, ranges: Sequence[Range]) -> None:
        self.spells = spells
        self.first = min(r.first for r in ranges)
        self.days = max(r.last for r in ranges) - self.first + 1
        self.wanted = np.zeros((len(spells.meters), self.days), dtype=bool)
        place = np.searchsorted(spells.meters, [r.meter for r in ranges])
        for at, r in zip(place, ranges, strict=True):
            self.wanted[at, r.first - self.first : r.last - self.first + 1] = True
        self.first_hour = self.first * _HOURS_OF_DAY - CHINA // HOUR

    def cells(self, found: Hours) -> Ints:
        """A number for each meter and hour that grows as they do."""
        hour = found.hour // HOUR - self.first_hour
        return np.searchsorted(self.spells.meters, found.meter) * (self.days * _HOURS_OF_DAY) + hour

    def inside(self, found: Hours) -> Hours:
        """The hours that are asked for."""
        place = np.searchsorted(self.spells.meters, found.meter)
        day = (found.hour // HOUR - self.first_hour) // _HOURS_OF_DAY
        within = (day >= 0) & (day < self.days)
        return _chosen(found, within & self.wanted[place, np.clip(day, 0, self.days - 1)])


def _chosen(found: Hours, rows: Flags | Ints) -> Hours:
    return Hours(*(getattr(found, n)[rows] for n in Hours.__slots__))


def _roll(
    lake: Lake, meters: Meters, ranges: Sequence[Range], stored: StoredDays, leases: dict[str, Lease]
) -> Rolled:  # fmt: skip
    numbers = {r.meter for r in ranges}
    chunk = _Chunk(Spells(m for m in meters.spells if m.number in numbers), ranges)
    found = chunk.inside(counted_hours(chunk.spells, ranges, stored, chunk.first_hour, chunk.days))
    before = chunk.inside(newest_hours(lake, chunk.spells.meters, chunk.first, chunk.first + chunk.days - 1))
    rows = _different(chunk, found, before)
    if not len(rows.meter):
        return Rolled()
    moved = _moved(rows)
    days = days_of(found, moved)
    made = _next(lake)
    parts = [*_hour_parts(rows, made), *_day_parts(days, made)]
    commits = lake.commit_parts(
        parts, leases, principal=PRINCIPAL, note=f"roll-up {made}", recorded_at=lake.clock()
    )  # fmt: skip
    last = max(c.sequence for c in commits if c.table == METER_DAYS.name)
    keys = frozenset((int(m), day_of_number(d)) for m, d in moved)
    return Rolled(keys, months_of(keys, meters), len(rows.meter), len(moved), last)


def counted_hours(spells: Spells, ranges: Sequence[Range], stored: StoredDays, first_hour: int, days: int) -> Hours:
    """The hours of readings that ranges need; right for the days of each range, and of other days whatever."""
    numbers = spells.meters
    needed = needed_days(ranges, stored)
    block = Block(spells, first_hour, days * _HOURS_OF_DAY)
    try:
        for day in needed:
            for piece in pieces(stored.files[day], numbers):
                block.add(*piece)
        return block.hours()
    except TooLarge:
        every = [p for day in needed for p in pieces(stored.files[day], numbers)]
        meter, at, value = (np.concatenate(c) for c in zip(*every, strict=True))
        zero = np.zeros(len(meter), dtype=np.int64)
        return hours(newest(Columns(meter, at, value, zero, zero)), spells)[0]


def needed_days(ranges: Sequence[Range], stored: StoredDays) -> list[int]:
    """The days whose readings any of the ranges needs, where there are any."""
    spans = {(r.before, r.after) for r in ranges}
    return [d for d in stored.days if any(a <= d <= b for a, b in spans)]


def _different(chunk: _Chunk, found: Hours, before: Hours) -> Hours:
    """What is to be committed: hours that are new or differ, and for those that are no more a row that says so."""
    new, old = chunk.cells(found), chunk.cells(before)
    both, here, there = np.intersect1d(new, old, assume_unique=True, return_indices=True)
    same = np.ones(len(both), dtype=bool)
    for name in ("quantity", "measured", "spread"):
        same &= getattr(found, name)[here] == getattr(before, name)[there]
    changed = np.ones(len(new), dtype=bool)
    changed[here[same]] = False
    gone = np.ones(len(old), dtype=bool)
    gone[there] = False
    gone &= (before.measured > 0) | (before.spread > 0)
    lost = _chosen(before, gone)
    zero = np.zeros(len(lost.meter), dtype=np.int64)
    empty = Hours(lost.meter, lost.hour, np.full(len(zero), NO_VALUE, dtype=np.int64), zero, zero)
    kept = _chosen(found, changed)
    joined = Hours(*(np.concatenate([getattr(kept, n), getattr(empty, n)]) for n in Hours.__slots__))
    return _chosen(joined, np.lexsort((joined.hour, joined.meter)))


def _moved(rows: Hours) -> Ints:
    """Meter and day of rows, each once, in order."""
    day = (rows.hour + CHINA) // DAY
    new = np.append(True, (rows.meter[1:] != rows.meter[:-1]) | (day[1:] != day[:-1]))
    return np.stack([rows.meter[new], day[new]], axis=1)


@dataclass(frozen=True, slots=True)
class Days:
    """Exact sums of meter-days in millionths, as whole numbers of any size; `hours` 0: nothing is known."""

    meter: Ints
    day: Ints
    quantity: Sequence[int | None]
    measured: Ints
    spread: Ints
    hours: Ints


def days_of(found: Hours, keys: Ints) -> Days:
    """The days of `keys` (meter, day; in order): sums over hours that have a quantity."""
    have = _chosen(found, found.quantity != NO_VALUE)
    day = (have.hour + CHINA) // DAY
    step = int(keys[:, 1].max()) + 1
    place = np.searchsorted(keys[:, 0] * step + keys[:, 1], have.meter * step + day)
    place = np.minimum(place, len(keys) - 1)
    inside = (keys[place, 0] == have.meter) & (keys[place, 1] == day)
    place, have = place[inside], _chosen(have, inside)
    count = np.bincount(place, minlength=len(keys))
    at = np.flatnonzero(np.append(True, place[1:] != place[:-1])) if len(place) else place
    quantity: list[int | None] = [None] * len(keys)
    measured, spread = (np.zeros(len(keys), dtype=np.int64) for _ in range(2))
    if len(place):
        wide = have.quantity if int(np.abs(have.quantity).max()) < 2**57 else have.quantity.astype(object)
        for n, total in zip(place[at].tolist(), np.add.reduceat(wide, at).tolist(), strict=True):
            quantity[n] = total
        measured[place[at]] = np.add.reduceat(have.measured, at)
        spread[place[at]] = np.add.reduceat(have.spread, at)
    return Days(keys[:, 0], keys[:, 1], quantity, measured, spread, count.astype(np.int64))


def _next(lake: Lake) -> int:
    """The number of this roll-up: larger than any before. Only who holds the lease asks."""
    c = lake_commit.c
    with reading(lake.engine) as db:
        last = db.execute(sa.select(sa.func.max(c.sequence)).where(c.table_name == METER_HOURS.name)).scalar()
    return int(last or 0) + 1


def _hour_parts(rows: Hours, made: int) -> list[Part]:
    day = (rows.hour + CHINA) // DAY
    found = []
    for d in np.unique(day):
        own = _chosen(rows, day == d)
        table = pa.table({
            "meter": own.meter, "hour": pa.array(own.hour).cast(_INSTANT), "quantity": exact_column(own.quantity),
            "measured": own.measured, "spread": own.spread, "made": np.full(len(own.meter), made),
        })  # fmt: skip
        found.append(Part(METER_HOURS, table, day_of_number(d), f"roll-{made}-{d}"))
    return found


def _day_parts(days: Days, made: int) -> list[Part]:
    """Days are kept by month: a unit's month is read from one partition."""
    month = np.array([day_of_number(d).replace(day=1).toordinal() for d in days.day], dtype=np.int64)
    quantity = wide_column(days.quantity)
    table = pa.table({
        "meter": days.meter, "day": pa.array(days.day.astype(np.int32)).cast(pa.date32()), "quantity": quantity,
        "measured": days.measured, "spread": days.spread, "hours": days.hours, "made": np.full(len(days.meter), made),
    })  # fmt: skip
    return [
        Part(METER_DAYS, table.filter(pa.array(month == m)), date.fromordinal(int(m)), f"roll-{made}-{m}")
        for m in np.unique(month)
    ]


def wide_column(millionths: Sequence[int | None]) -> pa.Array:
    """Whole millionths as DECIMAL(38,6); None is null."""
    wide = b"".join((0 if v is None else v).to_bytes(16, "little", signed=True) for v in millionths)
    missing = np.array([v is None for v in millionths], dtype=bool)
    valid = pa.py_buffer(np.packbits(~missing, bitorder="little").tobytes()) if missing.any() else None
    return pa.Array.from_buffers(pa.decimal128(38, 6), len(millionths), [valid, pa.py_buffer(wide)])


def months_of(keys: Collection[tuple[int, date]], meters: Meters) -> frozenset[tuple[str, str, date]]:
    """What meter-days count for: subject, item and first day of the month."""
    asked = {number for number, _ in keys}
    own: dict[int, list[tuple[date, str, str]]] = {}
    for m in sorted((m for m in meters.spells if m.number in asked), key=lambda m: m.valid_from):
        own.setdefault(m.number, []).append((m.valid_from, m.subject_id, m.item))
    found = set()
    for number, day in keys:
        # the spell of the day is the one that began last, as for the factor of an hour
        standing = [s for s in own[number] if s[0] <= day] or own[number][:1]
        _, subject, item = standing[-1]
        found.add((subject, item, day.replace(day=1)))
    return frozenset(found)


def _both(a: Rolled, b: Rolled) -> Rolled:
    return Rolled(
        a.meter_days | b.meter_days, a.months | b.months, a.hours + b.hours, a.days + b.days,
        max(a.sequence, b.sequence),
    )  # fmt: skip
