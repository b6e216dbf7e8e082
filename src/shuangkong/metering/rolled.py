"""What was rolled up, read back (汇总结果读取): hours and days of meters, months of units, as known at an instant.

Of two rows of one meter and hour the one that was made later holds. A month of a unit and item sums its top meters: a
meter whose parent is counted there is not counted again. A sum says what share of the hours it knows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pyarrow as pa

from shuangkong.engine.api import Lake, TableContract, Workspace, reading
from shuangkong.kernel.scope import Scope
from shuangkong.metering.counting import Counted, counted_meters
from shuangkong.metering.day_files import among, groups
from shuangkong.metering.meters import Meters
from shuangkong.metering.model import NO_VALUE
from shuangkong.metering.reach import day_of_number, number_of_day
from shuangkong.metering.register import meters_known
from shuangkong.metering.rollup_tables import METER_DAYS, METER_HOURS
from shuangkong.metering.spells import HOUR, Ints
from shuangkong.metering.stored import millionths_of
from shuangkong.metering.tiles import Hours

#: More partitions than this are not asked for by name.
_NAMED = 400
_SIX = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class MeterTime:
    """An hour or a day of one meter: `quantity` None where nothing is known, seconds measured and spread."""

    start: datetime | date
    quantity: Decimal | None
    measured: int
    spread: int


@dataclass(frozen=True, slots=True)
class UnitMonth:
    """A month of a unit and item, of its top meters: the sum of what is known, and how much of the month that is.

    `quantity` is in `unit`; None where nothing is known. `expected_hours` are the hours of the month that the counted
    meters stand for; `measured` and `spread` are shares of them. `meters` count, of `silent` ones nothing is known.
    """

    subject_id: str
    item: str
    unit: str
    month: date
    quantity: Decimal | None
    expected_hours: int
    measured: Decimal
    spread: Decimal
    meters: int
    silent: int
    synthetic: bool


def newest_hours(lake: Lake, meters: Ints, first: int, last: int, known: datetime | None = None) -> Hours:
    """Hours of meters (sorted numbers) on days `[first, last]` since 1970, by meter and hour; some say nothing.

    As known at `known`, or as they stand.
    """
    found = _rows(lake, METER_HOURS, meters, [day_of_number(d) for d in range(first, last + 1)], known)
    if found is None:
        nothing = np.zeros(0, dtype=np.int64)
        return Hours(nothing, nothing, nothing, nothing, nothing)
    meter, hour = _ints(found, "meter"), _ints(found, "hour")
    keep = _newest(meter, hour, _ints(found, "made"))
    return Hours(
        meter[keep], hour[keep], millionths_of(found.column("quantity"))[keep], _ints(found, "measured")[keep],
        _ints(found, "spread")[keep],
    )  # fmt: skip


def meter_hours(
    workspace: Workspace, scope: Scope, known: datetime, subject_id: str, number: int, first: date, last: date
) -> list[MeterTime]:  # fmt: skip
    """The hours of days `[first, last]` of one meter of a unit in scope, in order; unknown ones are not there."""
    if not _seen(workspace, scope, known, subject_id, number):
        return []
    numbers = np.array([number], dtype=np.int64)
    found = newest_hours(workspace.lake, numbers, number_of_day(first), number_of_day(last), known)
    told = (found.measured > 0) | (found.spread > 0)
    return [
        MeterTime(_moment(int(h)), _decimal(int(q)), int(m) // 1_000_000, int(s) // 1_000_000)
        for h, q, m, s in zip(
            found.hour[told], found.quantity[told], found.measured[told], found.spread[told], strict=True
        )
    ]


def meter_days(
    workspace: Workspace, scope: Scope, known: datetime, subject_id: str, number: int, first: date, last: date
) -> list[MeterTime]:  # fmt: skip
    """The days `[first, last]` of one meter of a unit in scope, in order; unknown ones are not there."""
    if not _seen(workspace, scope, known, subject_id, number):
        return []
    found = days_of_meters(workspace.lake, np.array([number], dtype=np.int64), first, last, known)
    return [
        MeterTime(day_of_number(d), _exact(q), int(m) // 1_000_000, int(s) // 1_000_000)
        for d, q, m, s in zip(found.day, found.quantity, found.measured, found.spread, strict=True)
        if m or s
    ]


def meter_months(
    workspace: Workspace, scope: Scope, known: datetime, first: date, last: date,
    subjects: Iterable[str] | None = None, *, until: date | None = None,
) -> list[UnitMonth]:  # fmt: skip
    """Months from that of `first` to that of `last`, of units in scope (`subjects` limits which) by item.

    Of a month in which `until` lies, its days up to and with that, which its hours are then of.

    As known at `known`: register and readings. A unit and item that has a counted meter in a month is there, also where
    nothing is known of it.
    """
    with reading(workspace.engine) as db:
        meters = meters_known(db, scope, known, subjects)
    return [m for month in months_between(first, last) for m in months_of(workspace.lake, meters, month, known, until)]


def months_of(
    lake: Lake, meters: Meters, month: date, known: datetime, until: date | None = None
) -> list[UnitMonth]:  # fmt: skip
    """One month of all units that `meters` are of, or its days up to and with `until`; see `meter_months`."""
    end = (month.replace(day=1) + timedelta(days=32)).replace(day=1)
    end = min(end, until + timedelta(days=1)) if until is not None else end
    counted = counted_meters(meters, month, end)
    if not counted:
        return []
    numbers = np.unique(np.array([c.number for c in counted], dtype=np.int64))
    found = days_of_meters(lake, numbers, month, end - timedelta(days=1), known)
    sums = _sums_of(found, counted)
    own: dict[tuple[str, str, str], list[int]] = {}
    for n, c in enumerate(counted):
        own.setdefault((c.subject_id, c.item, c.unit), []).append(n)
    return [_unit_month(k, month, [(counted[n], sums[n]) for n in own[k]]) for k in sorted(own)]


def months_between(first: date, last: date) -> list[date]:
    """The first days of months from that of `first` to that of `last`."""
    found, month = [], first.replace(day=1)
    while month <= last:
        found.append(month)
        month = (month + timedelta(days=32)).replace(day=1)
    return found


@dataclass(frozen=True, slots=True)
class _Sums:
    """What is known of a counted meter: the sum in millionths of so many days, microseconds measured and spread."""

    quantity: int
    days: int
    measured: int
    spread: int


def _sums_of(found: DaysOfMeters, counted: Sequence[Counted]) -> list[_Sums]:
    """The sums of each, by differences of what there is up to a row."""
    have = np.array([q is not None for q in found.quantity], dtype=np.int64)
    quantity = [q or 0 for q in found.quantity]
    small = max((abs(q) for q in quantity), default=0) * max(1, len(quantity)) < 2**62
    columns = (np.array(quantity, dtype=np.int64 if small else object), have, found.measured, found.spread)
    running = [np.concatenate([[0], np.cumsum(c)]) for c in columns]
    days = 1 << 20
    key = found.meter * days + found.day
    low, high = (
        np.searchsorted(
            key, np.array([c.number * days + number_of_day(getattr(c, n)) for c in counted], dtype=np.int64)
        )
        for n in ("first", "end")
    )
    return [_Sums(*row) for row in zip(*((r[high] - r[low]).tolist() for r in running), strict=True)]


def _unit_month(key: tuple[str, str, str], month: date, counted: Sequence[tuple[Counted, _Sums]]) -> UnitMonth:
    hours = sum((c.end - c.first).days * 24 for c, _ in counted)
    told = {c.number for c, s in counted if s.days}
    every = {c.number for c, _ in counted}
    return UnitMonth(
        *key, month, _exact(sum(s.quantity for _, s in counted)) if told else None, hours,
        share_of_hours(sum(s.measured for _, s in counted), hours),
        share_of_hours(sum(s.spread for _, s in counted), hours),
        len(every), len(every - told), any(c.synthetic for c, _ in counted),
    )  # fmt: skip


def share_of_hours(part: int, hours: int) -> Decimal:
    """Which share of so many hours microseconds are, to six places, half up."""
    whole = hours * HOUR
    return Decimal((part * 2_000_000 + whole) // (2 * whole)).scaleb(-6) if whole else Decimal(0)


@dataclass(frozen=True, slots=True)
class DaysOfMeters:
    """Days of meters by meter and day (since 1970): the newest of each, in millionths; some say nothing."""

    meter: Ints
    day: Ints
    quantity: list[int | None]
    measured: Ints
    spread: Ints


def days_of_meters(lake: Lake, meters: Ints, first: date, last: date, known: datetime) -> DaysOfMeters:
    """Days `[first, last]` of meters (sorted numbers, which the caller's scope covers), as known at `known`."""
    found = _rows(lake, METER_DAYS, meters, months_between(first, last), known)
    if found is None:
        nothing = np.zeros(0, dtype=np.int64)
        return DaysOfMeters(nothing, nothing, [], nothing, nothing)
    day = found.column("day").cast(pa.int32()).to_numpy().astype(np.int64)
    meter = _ints(found, "meter")
    keep = _newest(meter, day, _ints(found, "made"))
    keep = keep[(day[keep] >= number_of_day(first)) & (day[keep] <= number_of_day(last))]
    quantity = wide_millionths(found.column("quantity").take(pa.array(keep)))
    return DaysOfMeters(meter[keep], day[keep], quantity, _ints(found, "measured")[keep], _ints(found, "spread")[keep])


def _newest(meter: Ints, moment: Ints, made: Ints) -> Ints:
    """Rows by meter and moment, of each the one that was made last."""
    order = np.lexsort((made, moment, meter))
    meter, moment = meter[order], moment[order]
    last = np.append((meter[1:] != meter[:-1]) | (moment[1:] != moment[:-1]), True) if len(order) else order > 0
    found: Ints = order[last]
    return found


def _rows(
    lake: Lake, contract: TableContract, meters: Ints, partitions: Sequence[date], known: datetime | None
) -> pa.Table | None:  # fmt: skip
    """Rows of meters in partitions, or None where there are none."""
    named = set(partitions) if len(partitions) <= _NAMED else None
    files = lake.files(contract, known or lake.clock(), days=named)
    if named is None:
        wanted = {f"D{d:%Y%m%d}" for d in partitions}
        files = [f for f in files if f.parent.name in wanted]
    names = [c.name for c in contract.columns]
    tables = []
    for file in files:
        for table in groups(file, meters, names):
            keep = among(_ints(table, "meter"), meters)
            tables.append(table if keep.all() else table.filter(pa.array(keep)))
    found = pa.concat_tables(tables) if tables else None
    return found if found is not None and found.num_rows else None


def wide_millionths(column: pa.ChunkedArray) -> list[int | None]:
    """DECIMAL(38,6) as whole millionths; null is None."""
    found: list[int | None] = []
    for chunk in column.chunks:
        pairs = np.frombuffer(chunk.buffers()[1], dtype="<i8").reshape(-1, 2)[chunk.offset : chunk.offset + len(chunk)]
        low, high = pairs[:, 0], pairs[:, 1]
        if (high == low >> 63).all():
            values: list[int | None] = low.tolist()
        else:
            values = [int(h) * 2**64 + (int(n) % 2**64) for n, h in zip(low, high, strict=True)]
        if chunk.null_count:
            values = [v if there else None for v, there in zip(values, chunk.is_valid().to_pylist(), strict=True)]
        found += values
    return found


def _seen(workspace: Workspace, scope: Scope, known: datetime, subject_id: str, number: int) -> bool:
    with reading(workspace.engine) as db:
        meters = meters_known(db, scope, known, [subject_id])
    return any(m.number == number for m in meters.spells)


_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def _moment(micros: int) -> datetime:
    return _EPOCH + timedelta(microseconds=micros)


def _decimal(millionths: int) -> Decimal | None:
    return None if millionths == NO_VALUE else Decimal(millionths).scaleb(-6)


def _exact(millionths: int | None) -> Decimal | None:
    return None if millionths is None else Decimal(millionths).scaleb(-6)


def _ints(table: pa.Table, name: str) -> Ints:
    found: Ints = table.column(name).to_numpy().view("i8")
    return found
