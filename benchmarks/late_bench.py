"""A late reading of a province: from the post to its unit's day and month; charts of one meter beside it.

The lake holds days of 30 000 meters (合成, as `readings_bench` makes them), rolled up. Then posts of one reading each,
of days past, come one after the other: journal with its sync, segment into the lake, roll-up, and the unit read again.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from readings_bench import FIRST, METERS, make, peak

from shuangkong.engine.api import Lake, Part, connect, migrate, system_clock
from shuangkong.metering.committing import Committer
from shuangkong.metering.journal import Journal, segments
from shuangkong.metering.meters import Meter, Meters
from shuangkong.metering.model import Batch
from shuangkong.metering.reach import number_of_day
from shuangkong.metering.rolled import days_of_meters, months_of, newest_hours
from shuangkong.metering.rolling import roll_up
from shuangkong.metering.storing import store
from shuangkong.metering.tables import READINGS

TARGET_SECONDS = 1.0
_QUARTER = 900_000_000


def _meters() -> Meters:
    """Twenty meters a unit, each under its own channel."""
    ever = date(2020, 1, 1)
    return Meters(
        Meter(
            n, f"s_{(n - 1) // 20:05d}", f"s_{(n - 1) // 20:05d}", f"E{(n - 1) % 20:02d}", "electricity", "kWh",
            "interval", ever, stamp="start",
        )
        for n in range(1, METERS + 1)
    )  # fmt: skip


def _filled(root: Path, days: int, meters: Meters) -> tuple[Lake, dict[str, float]]:
    """A lake with the readings of days, rolled up; with the seconds and CPU seconds of the roll-up."""
    engine = connect(f"sqlite:///{root / 'registry.sqlite'}")
    migrate(engine)
    lake = Lake(root / "lake", engine, system_clock)
    made = root / "made"
    made.mkdir()
    make(made, days)
    with lake.lease(READINGS.name) as lease:
        for file in sorted(made.glob("*.parquet")):
            part = Part(READINGS, pq.ParquetFile(file).read(), date.fromisoformat(file.stem), file.stem)
            # the key of a file this large is looked through elsewhere
            lake.commit_parts(
                [part], {READINGS.name: lease}, principal="bench", note="made up", recorded_at=lake.clock()
            )
            file.unlink()
    wall, cpu, hours = time.perf_counter(), time.process_time(), 0
    # as rounds of storing hand them over: so many readings at once
    for d in range(days):
        touched = [(m, FIRST + timedelta(days=d)) for m in range(1, METERS + 1)]
        hours += roll_up(lake, meters, touched, lake.clock()).hours
    took = {
        "seconds": round(time.perf_counter() - wall, 2), "cpu_seconds": round(time.process_time() - cpu, 2),
        "hours": hours,
    }  # fmt: skip
    return lake, took


def measure(days: int = 31, posts: int = 30) -> dict[str, Any]:
    """Seconds from a post to the day that shows it, and of reads; medians and the slowest."""
    meters = _meters()
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        lake, rolled = _filled(root, days, meters)
        late = [_late(lake, root / "journal", meters, n, days) for n in range(posts)]
        charts = [_timed(lambda n=n: _chart(lake, 1 + n * 977 % METERS, days)) for n in range(posts)]
        province = _timed(lambda: months_of(lake, meters, FIRST, lake.clock()))
        lake.engine.dispose()
    steps = {s: [x[s] for x in late] for s in late[0]}
    return {
        "days": days, "meters": METERS, "roll_up_of_all": rolled,
        **{f"late_{s}_ms": f"{statistics.median(v) * 1e3:.0f} (at most {max(v) * 1e3:.0f})" for s, v in steps.items()},
        "meter_month_of_hours_ms": f"{statistics.median(charts) * 1e3:.0f} (at most {max(charts) * 1e3:.0f})",
        "province_month_of_units_ms": round(province * 1e3),
        "late_slowest_seconds": round(max(steps["whole"]), 3),
        "target_seconds": TARGET_SECONDS,
        "peak_memory_mb": peak(),
    }  # fmt: skip


def misses(found: dict[str, Any]) -> list[str]:
    """What is above its target."""
    slow = found["late_slowest_seconds"]
    return (
        [f"late: the slowest reading took {slow} s; the target is {TARGET_SECONDS} s"] if slow > TARGET_SECONDS else []
    )


def _timed(work: Any) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _chart(lake: Lake, number: int, days: int) -> None:
    day = number_of_day(FIRST)
    found = newest_hours(lake, np.array([number], dtype=np.int64), day, day + days - 1, lake.clock())
    assert len(found.hour) >= days * 23


def _late(lake: Lake, folder: Path, meters: Meters, n: int, days: int) -> dict[str, float]:
    """One post of one reading that corrects another, and the unit's day that shows it."""
    number = 1 + n * 1_237 % METERS
    day = FIRST + timedelta(days=n * 7 % days)
    meter = meters.spells[number - 1]
    own = Meters(m for m in meters.spells if m.subject_id == meter.subject_id)
    at = int(datetime.fromisoformat(f"{day}T10:00:00+08:00").timestamp()) * 1_000_000
    before = _of_day(lake, own, day)
    post = Batch(
        meter.source, f"late-{n}", 0, (meter.channel,), np.zeros(1, dtype=np.uint32), np.array([at]),
        np.array([10**12 + n], dtype=np.int64), np.zeros(1, dtype=np.uint8),
    )  # fmt: skip
    marks = [time.perf_counter()]
    with Journal(folder) as journal, Committer(journal, count(1).__next__) as committer:
        committer.take(post).result()
    marks.append(time.perf_counter())
    done = store(lake, segments(folder), meters)
    marks.append(time.perf_counter())
    roll_up(lake, meters, done.touched, lake.clock())
    marks.append(time.perf_counter())
    after = _of_day(lake, own, day)
    marks.append(time.perf_counter())
    if after - before < 900_000:
        raise AssertionError(f"{day} of {meter.subject_id} went from {before} to {after}")
    steps = dict(zip(("journal", "store", "roll_up", "read"), np.diff(marks).tolist(), strict=True))
    return steps | {"whole": marks[-1] - marks[0]}


def _of_day(lake: Lake, own: Meters, day: date) -> Decimal:
    numbers = np.array([m.number for m in own.spells], dtype=np.int64)
    found = days_of_meters(lake, numbers, day, day, lake.clock())
    return Decimal(sum(q for q in found.quantity if q is not None)).scaleb(-6)
