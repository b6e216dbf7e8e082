"""What one meter sent and how good it was (单表取数): readings, flaws and quality, read from its own rows alone."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa

from shuangkong.engine.api import Lake, TableContract
from shuangkong.metering.columns import CHINA
from shuangkong.metering.day_files import groups, pieces
from shuangkong.metering.leads import Lead, LeadRules, leads, series_of
from shuangkong.metering.meters import Meter
from shuangkong.metering.quality_tables import METER_DAY_QUALITY, READING_FLAWS
from shuangkong.metering.tables import READINGS
from shuangkong.metering.tiles import Columns

_DAY = timedelta(days=1)
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Taken:
    """A reading as it was taken; `holds` is false for one that a later one of the same moment replaced."""

    at: datetime
    value: Decimal | None
    received_at: datetime
    place: int
    row: int
    mark: str
    late: bool
    holds: bool
    again: bool

    @property
    def waited(self) -> timedelta:
        """How long after its moment it came."""
        return self.received_at - self.at


def midnight(day: date) -> datetime:
    """The first moment of a day in China."""
    return datetime.combine(day, time(), CHINA)


def day_of(meter: Meter, at: datetime) -> date:
    """The day that a reading belongs to: 24:00 is the day's that it closes, unless beginnings are stamped."""
    local = at.astimezone(CHINA)
    if meter.stamp == "end" and local.time() == time():
        return local.date() - _DAY
    return local.date()


def readings_of(lake: Lake, known: datetime, meter: Meter, first: date, last: date, late: int | None) -> list[Taken]:
    """The readings of days `[first, last]` of one meter, by moment and coming; `late` in microseconds.

    Of several of one moment the last holds; an equal one that came again is marked as such.
    """
    days = [first + _DAY * n for n in range((last - first).days + 2)]
    rows = _rows(lake, READINGS, known, meter.number, days)
    rows = sorted(rows, key=lambda r: (r["at"], r["place"], r["row"]))
    found = []
    for n, r in enumerate(rows):
        if not first <= day_of(meter, r["at"]) <= last:
            continue
        same = [x for x in rows[max(0, n - 20) : n] if x["at"] == r["at"]]
        after = n + 1 < len(rows) and rows[n + 1]["at"] == r["at"]
        due = r["at"] + timedelta(minutes=meter.every if meter.stamp == "start" else 0)
        waited = (r["received_at"] - due) / timedelta(microseconds=1)
        found.append(Taken(
            r["at"], r["value"], r["received_at"], r["place"], r["row"], chr(r["mark"]) if r["mark"] else "",
            late is not None and waited > late, not after, any(x["value"] == r["value"] for x in same),
        ))  # fmt: skip
    return found


def quality_of(lake: Lake, known: datetime, number: int, days: Sequence[date]) -> dict[date, Row]:
    """The quality of a meter's days by day, of each the newest look; a day without a row is not there."""
    found: dict[date, Row] = {}
    for r in _rows(lake, METER_DAY_QUALITY, known, number, days):
        if r["day"] not in found or r["look"] > found[r["day"]]["look"]:
            found[r["day"]] = r
    return found


def flaws_of(lake: Lake, known: datetime, number: int, quality: dict[date, Row]) -> list[Row]:
    """The flaws of a meter's days that were looked at, of the newest look of each day, by moment."""
    rows = _rows(lake, READING_FLAWS, known, number, list(quality))
    held = [r for r in rows if r["look"] == quality[r["day"]]["look"]]
    return sorted(held, key=lambda r: (r["at_from"], r["code"]))


def leads_of(
    lake: Lake, known: datetime, meter: Meter, days: Sequence[date], rules: LeadRules, closed: Collection[date]
) -> list[Lead]:
    """Patterns in the readings of some days of one meter that are a reason to look, and no more than that.

    `closed` are the days on which its unit says that it is closed; the night load of no other day is looked at.
    """
    numbers = np.array([meter.number], dtype=np.int64)
    found = [
        piece
        for day in days
        for piece in pieces(lake.files(READINGS, known, days=[day]), numbers)
    ]  # fmt: skip
    if not found:
        return []
    number, at, value = (np.concatenate(column) for column in zip(*found, strict=True))
    came = np.arange(len(at), dtype=np.int64)
    return leads(series_of(Columns(number, at, value, came, came), meter), rules, closed)


def _rows(lake: Lake, contract: TableContract, known: datetime, number: int, days: Collection[date]) -> list[Row]:
    """The rows of one meter in partitions: groups of rows that hold none of it are passed over."""
    if not days:
        return []
    wanted = np.array([number], dtype=np.int64)
    names = [c.name for c in contract.columns]
    tables = [
        table.filter(pa.array(table.column("meter").to_numpy() == number))
        for file in lake.files(contract, known, days=days)
        for table in groups(file, wanted, names)
    ]
    return [r for t in tables for r in t.to_pylist()]


def overlapping(flaws: Iterable[Row], start: datetime, end: datetime) -> list[Row]:
    """The flaws that touch a stretch of time."""
    return [f for f in flaws if f["at_from"] < end and (f["at_to"] > start or f["at_from"] >= start)]
