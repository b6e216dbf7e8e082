"""Who is heard and who is not (联网率与运维期限): share of meters that sent anything, months, faults that last.

A meter that sent nothing is named as missing. It is no zero, in no mean, and keeps nobody else from being judged.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pyarrow.parquet as pq

from shuangkong.engine.api import Lake
from shuangkong.kernel.numbers import quantise
from shuangkong.metering.calendar import Calendar, Deadline
from shuangkong.metering.meters import Meter
from shuangkong.metering.model import SCALE
from shuangkong.metering.monitoring import Monitoring, System
from shuangkong.metering.spells import DAY, MINUTE
from shuangkong.metering.tables import READINGS

_DAY = timedelta(days=1)
#: States of a day that is not as its rule asks; a day without a row is one too.
FAULTY = ("short", "missing")


@dataclass(frozen=True, slots=True)
class Connection:
    """Meters (or stations) of one unit or region that should send, how many did, and which did not."""

    of: str
    expected: int
    heard: int
    silent: tuple[int, ...]

    @property
    def rate(self) -> Decimal | None:
        """The connection rate in %; None where nothing is expected."""
        return quantise(Decimal(100 * self.heard) / self.expected) if self.expected else None


def last_heard(lake: Lake, known: datetime, window: timedelta) -> dict[int, datetime]:
    """When a reading of each meter was last received within `(known − window, known]`; the silent are not there."""
    since = known - window
    found: dict[int, int] = {}
    for commit in lake.commits(READINGS.name, known):
        if commit.recorded_at < since:
            continue
        table = pq.ParquetFile(lake.root / commit.file).read(columns=["meter", "received_at"])
        meter, received = table.column("meter").to_numpy(), table.column("received_at").to_numpy().view("i8")
        inside = (received > int(since.timestamp() * SCALE)) & (received <= int(known.timestamp() * SCALE))
        order = np.lexsort((received[inside], meter[inside]))
        meter, received = meter[inside][order], received[inside][order]
        last = np.append(meter[1:] != meter[:-1], True)[: len(meter)]
        for number, at in zip(meter[last].tolist(), received[last].tolist(), strict=True):
            found[number] = max(found.get(number, at), at)
    return {n: datetime.fromtimestamp(at / SCALE, known.tzinfo) for n, at in found.items()}


def connections(
    meters: Iterable[Meter], heard: Mapping[int, datetime], known: datetime, rules: Monitoring,
    groups: Mapping[str, Iterable[str]] | None = None,
) -> dict[str, Connection]:  # fmt: skip
    """The connection of each unit, by its id, or of the groups that units belong to (`groups`: unit → regions).

    `meters` are the spells that hold today. A meter is heard if something came within the hours of its system, or
    within its own interval where that is longer: who is read monthly is not silent on the second day. Where a system
    names no window nothing is expected of its meters.
    """
    systems = rules((known + timedelta(hours=8)).date())
    expected: dict[str, set[int]] = defaultdict(set)
    silent: dict[str, set[int]] = defaultdict(set)
    for m in meters:
        hours = systems[m.system].connection_hours
        if hours is None:
            continue
        window = max(timedelta(hours=float(hours)), timedelta(minutes=m.every))
        at = heard.get(m.number)
        for group in (m.subject_id,) if groups is None else tuple(groups.get(m.subject_id, ())):
            expected[group].add(m.number)
            if at is None or known - at >= window:
                silent[group].add(m.number)
    return {
        g: Connection(g, len(n), len(n) - len(silent[g]), tuple(sorted(silent[g]))) for g, n in sorted(expected.items())
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some days of one meter taken together, for example a month: points, days by how they stand, and the rule.

    `missing` are days on which nothing came. `completeness` is in %; `state` as `quality_tables.STATES`.
    """

    meter: int
    days: int
    expected: int
    received: int
    met: int
    missing: tuple[date, ...]
    completeness: Decimal | None
    state: str


def stretch(
    meter: Meter, rows: Mapping[date, Mapping[str, object]], first: date, after: date, system: System
) -> Stretch:
    """The days `[first, after)` of one meter. `rows`: METER_DAY_QUALITY of it by day; a day without one is missing.

    The completeness that a system asks of a day it asks of the points of the whole stretch. Where a system counts valid
    hours instead, it has no figure for more than a day: `no_rule`.
    """
    there = [d for d in _days(first, after) if meter.valid_from <= d < meter.valid_to]
    each = DAY // (meter.every * MINUTE)
    expected = each * len(there)
    received = sum(_number(rows[d]["received"]) for d in there if d in rows)
    missing = tuple(d for d in there if d not in rows or not rows[d]["received"])
    met = sum(1 for d in there if d in rows and rows[d]["state"] == "ok")
    share = quantise(Decimal(100 * received) / expected) if expected else None
    if not expected:
        state = "slow"
    elif not received:
        state = "missing"
    elif system.completeness is None:
        state = "no_rule"
    else:
        state = "ok" if received * 100 >= system.completeness * expected else "short"
    return Stretch(meter.number, len(there), expected, received, met, missing if each else (), share, state)


@dataclass(frozen=True, slots=True)
class Fault:
    """A meter whose days do not meet their rule up to now: since when, until when it is to be repaired, and whether
    that day has passed; then it is to be reported and handed in by hand."""

    meter: int
    since: date
    deadline: Deadline
    overdue: bool


def fault(
    meter: Meter, rows: Mapping[date, Mapping[str, object]], through: date, system: System, calendar: Calendar
) -> Fault | None:  # fmt: skip
    """The unbroken run of faulty days that reaches `through`, a day that is over; None where there is none.

    `rows`: METER_DAY_QUALITY of the meter by day; a day without a row is a fault. The run is counted from its first
    day, so that a fault gets no new deadline with every day that it lasts; it is looked for as far back as there are
    rows, of a meter without any to its first day.
    """
    if system.repair_days is None or not system.judges or meter.every * MINUTE > DAY:
        return None
    begin = max(meter.valid_from, min(rows, default=meter.valid_from))
    since, day = None, through
    while begin <= day < meter.valid_to and (day not in rows or rows[day]["state"] in FAULTY):
        since, day = day, day - _DAY
    if since is None:
        return None
    deadline = calendar.after(since, system.repair_days)
    return Fault(meter.number, since, deadline, through > deadline.day)


def _days(first: date, after: date) -> list[date]:
    return [first + n * _DAY for n in range((after - first).days)]


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
