"""What a person asks of stored readings (按需分析): leads of meters, hours with what is filled. It stores nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np

from shuangkong.engine.api import Lake
from shuangkong.metering.calendar import Calendar
from shuangkong.metering.filling import Filled, FillRules, filled
from shuangkong.metering.leads import Lead, LeadRules, leads, series_of
from shuangkong.metering.meter_days import begins
from shuangkong.metering.meters import Meter, Meters
from shuangkong.metering.model import SCALE
from shuangkong.metering.spells import HOUR
from shuangkong.metering.stored import StoredRows, stored_rows
from shuangkong.metering.tables import READINGS
from shuangkong.metering.tiles import Columns, Ints, hours, newest

_DAY = timedelta(days=1)


def leads_between(
    lake: Lake, meters: Iterable[Meter], first: date, after: date, rules: LeadRules, closed: Collection[date],
    known: datetime,
) -> list[Lead]:  # fmt: skip
    """The leads of meters over the days `[first, after)`, by meter and beginning; readings as known at `known`.

    `meters`: one spell each, the one to read the values by. `closed`: days on which their unit says that it does not
    work; a unit that says nothing has none, since a holiday is no closed day where work goes on by shifts.
    """
    of = {m.number: m for m in meters}
    given = _stored(lake, np.array(sorted(of), dtype=np.int64), first, after + _DAY, known)
    found: list[Lead] = []
    for rows in _by_meter(given.rows):
        meter = of[int(rows.meter[0])]
        # 24:00 of the last day is its own
        inside = (rows.at > begins(first)) & (rows.at <= begins(after))
        if meter.stamp == "start":
            inside = (rows.at >= begins(first)) & (rows.at < begins(after))
        found.extend(leads(series_of(_chosen(rows, inside), meter), rules, closed))
    return sorted(found, key=lambda x: (x.meter, x.start, x.kind))


def filled_between(
    lake: Lake, meters: Meters, number: int, first: date, after: date, rules: FillRules, calendar: Calendar,
    known: datetime, closed: Collection[date] = (),
) -> Filled:  # fmt: skip
    """The hours of one meter over the days `[first, after)`, holes filled by the ways of `rules` and marked.

    `closed`: days on which its unit says that it does not work, also those that the rules look back at.

    Hours that are not over at `known`, and those before and after the meter's spells, are no holes and not told. A hole
    that runs on beyond the days asked for is as long as it is, so that a day is filled as its month is.
    """
    own = Meters(m for m in meters.spells if m.number == number)
    start, stop = _due(own, first, after, known)
    # one hour more than may be filled: what is cut off is too long all the same
    wide = max((hours for _, hours in rules.methods), default=0) + 1
    days = timedelta(days=-(-wide // 24) + 1)
    given = _stored(lake, np.array([number]), first - rules.back * _DAY - days, after + days, known)
    held, _ = hours(newest(given.rows), own)
    low, high = _due(own, first - days, after + days, known)
    around = max(low, start - wide * HOUR), min(high, stop + wide * HOUR)
    return filled(held, *around, rules, calendar, closed).within(start, stop)


def _due(own: Meters, first: date, after: date, known: datetime) -> tuple[int, int]:
    """The moments between which a meter's hours are due and over; nothing where it has no spell."""
    if not own.spells:
        return 0, 0
    begin = max(first, min(m.valid_from for m in own.spells))
    end = min(after, max(m.valid_to for m in own.spells))
    over = int(known.timestamp()) * SCALE // HOUR * HOUR
    start = begins(begin)
    return start, max(start, min(begins(end), over))


def _stored(lake: Lake, numbers: Ints, first: date, after: date, known: datetime) -> StoredRows:
    days = [first + n * _DAY for n in range((after - first).days)]
    return stored_rows(lake.files(READINGS, known, days=days), numbers)


def _by_meter(rows: Columns) -> Iterable[Columns]:
    cuts = [0, *(np.flatnonzero(rows.meter[1:] != rows.meter[:-1]) + 1).tolist(), len(rows.meter)]
    return (_chosen(rows, slice(a, b)) for a, b in pairwise(cuts) if a < b)


def _chosen(rows: Columns, where: Any) -> Columns:
    return Columns(*(x[where] for x in (rows.meter, rows.at, rows.value, rows.place, rows.row)))
