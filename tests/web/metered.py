"""Meters of two units of the demo with some days of readings (合成): a gap, a correction, late ones, a silent meter."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal

import numpy as np

from shuangkong.app.demo.city import make_city, unit_subject
from shuangkong.app.web.imports import packs_here
from shuangkong.engine.api import Workspace, reading, writing_in_turn
from shuangkong.kernel.scope import Scope
from shuangkong.metering.calendar import official
from shuangkong.metering.collecting import journal_folder
from shuangkong.metering.columns import CHINA
from shuangkong.metering.hj212.journalling import SOURCE
from shuangkong.metering.journal import Journal, segments
from shuangkong.metering.model import SCALE, Batch, packed
from shuangkong.metering.monitoring import monitoring
from shuangkong.metering.quality import look
from shuangkong.metering.register import meters_known
from shuangkong.metering.rolling import roll_up
from shuangkong.metering.storing import store
from shuangkong.registry.api import MeterEntry, StationEntry, register_meters, register_stations

MN = "99TEST0000000000000001"
EVERY = timedelta(minutes=15)
#: What each quarter of an hour brings, and the one that was put right.
USED, WRONG, RIGHT = 25, 26, 27
GAP = (time(8), time(12))


@dataclass(frozen=True)
class Metered:
    """The meters by code, their units, and the days with readings: the last is the one before today."""

    numbers: dict[str, int]
    own: str
    other: str
    days: tuple[date, ...]
    corrected: datetime


def metered(workspace: Workspace, days: int = 3) -> Metered:
    """Register, take in, store, roll up and look, as a collector and its followers do."""
    city = make_city()
    own = unit_subject(city.units[0])
    other = next(unit_subject(u) for u in city.units if u.county != city.units[0].county and not u.moved_to)
    now = workspace.clock()
    today = now.astimezone(CHINA).date()
    dates = tuple(today - timedelta(days=n) for n in range(days, 0, -1))
    with writing_in_turn(workspace.engine) as db:
        done = register_meters(db, _entries(own, other, dates[0]), now, principal="test")
        register_stations(
            db, [StationEntry(MN, dates[0], own, "测试站点（合成）", password="123456", synthetic=True)], now,
            principal="test",
        )  # fmt: skip
    corrected = datetime.combine(dates[-1], time(15), CHINA)
    take(workspace, _batches(own, other, dates, corrected))
    return Metered({p.entry.code: p.number for p in done.plans}, own, other, dates, corrected)


def take(workspace: Workspace, batches: Iterable[Batch]) -> None:
    """Journal, store, roll up and look at posts."""
    with Journal(journal_folder(workspace)) as journal:
        journal.append([packed(batch) for batch in batches])
        journal.roll()
    with reading(workspace.engine) as db:
        meters = meters_known(db, Scope.system("test"), workspace.clock())
    touched = store(workspace.lake, segments(journal_folder(workspace)), meters).touched
    roll_up(workspace.lake, meters, touched, workspace.clock())
    rules = monitoring(packs_here(workspace), workspace.clock().astimezone(CHINA).date())
    look(workspace.lake, meters, rules, touched, workspace.clock(), calendar=official())


def holed(workspace: Workspace, made: Metered, day: date) -> int:
    """The number of a meter of which two hours of a day are missing, between 40 and 88 kWh an hour."""
    number = registered_now(workspace, made, "H-HOLE")
    begin = datetime.combine(day, time(), CHINA)
    rows = [("H-HOLE", begin + EVERY * (n + 1), 10 if n < 40 else 22) for n in range(96) if not 40 <= n < 48]
    take(workspace, [_batch(made.other, f"hole-{day}", rows, timedelta(minutes=1))])
    return number


def registered_now(workspace: Workspace, made: Metered, code: str) -> int:
    """The number of a meter of the other unit that is registered now, without readings."""
    entry = MeterEntry(
        made.other, code, made.days[0], name="缺数表（合成）", item="heat", unit="kWh", kind="interval", synthetic=True,
    )  # fmt: skip
    with writing_in_turn(workspace.engine) as db:
        (plan,) = register_meters(db, [entry], workspace.clock(), principal="test").plans
    return plan.number


def _entries(own: str, other: str, since: date) -> list[MeterEntry]:
    def amount(subject: str, code: str, **more: object) -> MeterEntry:
        return MeterEntry(
            subject, code, since, name=f"{code} 电表（合成）", item="electricity", unit="kWh", kind="interval",
            system="key-unit", high=Decimal(10_000), low=Decimal(0), synthetic=True, **more,  # type: ignore[arg-type]
        )  # fmt: skip

    return [
        amount(own, "T-MAIN"), amount(own, "T-PART", parents=("T-MAIN",)), amount(own, "T-SILENT"),
        amount(other, "T-OTHER"),
        MeterEntry(
            own, "T-COD", since, name="化学需氧量（合成）", item="w01018", measures="concentration", outlet="1",
            unit="mg/L", kind="interval", every=60, system="hj212-water", source=SOURCE,
            channel=f"{MN}/w01018-Avg/2061", synthetic=True,
        ),
    ]  # fmt: skip


def _batches(own: str, other: str, days: tuple[date, ...], corrected: datetime) -> Iterator[Batch]:
    for day in days:
        begin = datetime.combine(day, time(), CHINA)
        moments = [begin + EVERY * n for n in range(1, 97)]
        known = [m for m in moments if day != days[0] or not GAP[0] < m.time() <= GAP[1]]
        yield _batch(own, f"{day}-own", [("T-MAIN", m, USED) for m in known], timedelta(minutes=1))
        yield _batch(own, f"{day}-part", [("T-PART", m, USED) for m in moments], timedelta(hours=30))
        yield _batch(other, f"{day}-other", [("T-OTHER", m, USED) for m in moments], timedelta(minutes=1))
        hours = [begin + timedelta(hours=n) for n in range(1, 25)]
        yield _batch(SOURCE, f"{day}-cod", [(f"{MN}/w01018-Avg/2061", m, 40) for m in hours], timedelta(minutes=1))
    yield _batch(own, "wrong", [("T-MAIN", corrected, WRONG)], timedelta(hours=1))
    yield _batch(own, "right", [("T-MAIN", corrected, RIGHT)], timedelta(hours=2))
    yield _batch(own, "unknown", [("T-NEW", corrected, USED)], timedelta(minutes=1))


def _batch(source: str, name: str, rows: list[tuple[str, datetime, int]], after: timedelta) -> Batch:
    names = tuple(dict.fromkeys(channel for channel, _, _ in rows))
    at = np.array([int(m.timestamp()) * SCALE for _, m, _ in rows], dtype=np.int64)
    return Batch(
        source, name, int(at.max()) + int(after.total_seconds()) * SCALE, names,
        np.array([names.index(c) for c, _, _ in rows], dtype=np.uint32), at,
        np.array([v * SCALE for _, _, v in rows], dtype=np.int64), np.zeros(len(rows), dtype=np.uint8),
    )  # fmt: skip
