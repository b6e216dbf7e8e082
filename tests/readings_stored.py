"""Readings in a lake of their own, as segments of a journal leave them, for tests."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa

from rolled_plainly import Row, columns
from shuangkong.engine.api import Lake, Part, connect, migrate
from shuangkong.metering.reach import day_of_number
from shuangkong.metering.storing import days_of, exact_column
from shuangkong.metering.tables import READINGS

NOW = datetime(2026, 3, 1, tzinfo=UTC)
PLACES = count(1)


class Clock:
    """A second later each time that it is asked."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


@lru_cache(maxsize=1)
def empty_registry() -> bytes:
    """A registry database without rows."""
    with TemporaryDirectory() as folder:
        engine = connect(f"sqlite:///{folder}/registry.sqlite")
        migrate(engine)
        with engine.connect() as db:
            db.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        engine.dispose()
        return (Path(folder) / "registry.sqlite").read_bytes()


def a_lake(folder: Path) -> Lake:
    """An empty lake."""
    (folder / "registry.sqlite").write_bytes(empty_registry())
    engine = connect(f"sqlite:///{folder / 'registry.sqlite'}")
    return Lake(folder / "lake", engine, Clock())


def put(lake: Lake, rows: list[Row]) -> set[tuple[int, date]]:
    """Commit readings as a segment of the journal is; gives the touched meter-days."""
    c = columns(rows)
    moment = pa.array(c.at).cast(pa.timestamp("us", tz="UTC"))
    place = np.array([next(PLACES) for _ in rows], dtype=np.int64)
    table = pa.table({
        "meter": c.meter, "at": moment, "value": exact_column(c.value), "mark": c.row, "received_at": moment,
        "place": place, "row": c.row,
    })  # fmt: skip
    days = days_of(c.at)
    order = [(n, "ascending") for n in ("meter", "at", "place", "row")]
    parts = [
        Part(
            READINGS,
            table.filter(pa.array(days == d)).sort_by(order),
            day_of_number(int(d)),
            f"{place[0]}-{d}",
        )
        for d in np.unique(days)
    ]
    with lake.lease(READINGS.name) as lease:
        lake.commit_parts(
            parts, {READINGS.name: lease}, principal="test", note="", recorded_at=lake.clock()
        )  # fmt: skip
    return {(int(m), day_of_number(int(d))) for m, d in zip(c.meter, days, strict=True)}
