"""Readings of meters that were registered later (待认领读数): taken in from aside with the place that they had.

They keep the place, row and instant of receiving that they came with; as known before the adoption they are not there,
because its commit is later. What a reading's place and row say is asked of the lake before it is taken in, so that
adopting again, after a kill or by another process, adds nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from shuangkong.engine.api import Lake
from shuangkong.metering.meters import UNKNOWN, Meters
from shuangkong.metering.storing import PRINCIPAL, day_parts, days_of, micros
from shuangkong.metering.tables import READINGS, READINGS_ASIDE

_SAID = ("meter", "at", "value", "mark")


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits of a channel that no meter is registered for: how many readings, the first moment and the last."""

    source: str
    channel: str
    readings: int
    first: datetime
    last: datetime


class Adopting:
    """Takes in what waits, once for each change of the register and each new file aside."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._meters: Meters | None = None
        self._after = 0

    def adopt(self, meters: Meters) -> int:
        """Take in the readings aside that have a meter now; gives how many. Raises WS-003 while another process writes.

        With the register of the last time only new files are looked at.
        """
        start = self._after if meters is self._meters else 0
        found = 0
        last = start
        for commit in self._lake.commits(READINGS_ASIDE.name, self._lake.clock(), after=start):
            found += adopt_file(self._lake, self._lake.root / commit.file, commit.sequence, meters)
            last = commit.sequence
        self._meters, self._after = meters, last
        return found


def adopt_file(lake: Lake, path: Path, sequence: int, meters: Meters) -> int:
    """Take in what one file aside holds for registered meters; gives how many readings that were."""
    heads = pq.ParquetFile(path).read(columns=["source", "channel"]).group_by(["source", "channel"]).aggregate([])
    if not any(meters.knows(r["source"], r["channel"]) for r in heads.to_pylist()):
        return 0
    rows = pq.ParquetFile(path).read()
    number = _numbers(rows, meters)
    known = rows.filter(pa.array(number != UNKNOWN)).drop_columns(["source", "channel"])
    known = known.append_column("meter", pa.array(number[number != UNKNOWN], pa.int64()))
    if not known.num_rows:
        return 0
    days = {date(1970, 1, 1) + timedelta(days=int(d)) for d in np.unique(days_of(micros(known)))}
    with lake.lease(READINGS.name) as lease:
        fresh = _not_there(lake, known, days)
        if not fresh.num_rows:
            return 0
        token = f"adopt-{sequence}-{_digest(fresh)}"
        lake.commit_parts(
            day_parts(READINGS, fresh, token), {READINGS.name: lease}, principal=PRINCIPAL, note=token,
            recorded_at=lake.clock(),
        )  # fmt: skip
    return int(fresh.num_rows)


def waiting(lake: Lake, meters: Meters, seen: Callable[[str, str], bool], known: datetime) -> list[Waiting]:
    """What waits as known at an instant, by source and channel; `seen` says what the reader may see of them.

    Readings that have a meter by now are left out: the next round takes them in.
    """
    found: dict[tuple[str, str], tuple[int, int, int]] = {}
    for path in lake.files(READINGS_ASIDE, known):
        rows = pq.ParquetFile(path).read(columns=["source", "channel", "at"])
        rows = rows.filter(pa.array(_numbers(rows, meters) == UNKNOWN))
        sums = rows.group_by(["source", "channel"]).aggregate([("at", "count"), ("at", "min"), ("at", "max")])
        for r in _plain(sums):
            n, first, last = found.get(r[:2], (0, r[3], r[4]))
            found[r[:2]] = (n + r[2], min(first, r[3]), max(last, r[4]))
    return [
        Waiting(source, channel, n, _instant(first), _instant(last))
        for (source, channel), (n, first, last) in sorted(found.items())
        if seen(source, channel)
    ]


def _plain(sums: pa.Table) -> Iterator[tuple[str, str, int, int, int]]:
    columns: list[list[Any]] = [sums.column(n).to_pylist() for n in ("source", "channel", "at_count")]
    columns += [sums.column(n).cast(pa.int64()).to_pylist() for n in ("at_min", "at_max")]
    yield from zip(*columns, strict=True)


def _instant(at: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at)


def _numbers(rows: pa.Table, meters: Meters) -> Any:
    """The meter of each row aside, or UNKNOWN."""
    at = micros(rows)
    found = np.full(rows.num_rows, UNKNOWN, dtype=np.int64)
    sources = rows.column("source").to_numpy(zero_copy_only=False)
    names = pc.dictionary_encode(rows.column("channel")).combine_chunks()
    names = names.chunk(0) if isinstance(names, pa.ChunkedArray) else names
    channels, places = tuple(names.dictionary.to_pylist()), names.indices.to_numpy().astype(np.uint32)
    for source in dict.fromkeys(sources.tolist()):
        own = sources == source
        found[own] = meters.numbers(source, channels, places[own], at[own])
    return found


def _not_there(lake: Lake, rows: pa.Table, days: Collection[date]) -> pa.Table:
    """The rows that are not among the readings of these days: the same of its meter, taken then or later, is it.

    Compaction leaves of equal readings the one that came last.
    """
    wanted = pc.unique(rows.column("meter"))
    there: dict[tuple[object, ...], int] = {}
    for path in lake.files(READINGS, lake.clock(), days=days):
        stored = pq.ParquetFile(path).read(columns=[*_SAID, "place"])
        stored = stored.filter(pc.is_in(stored.column("meter"), value_set=wanted))
        for key, place in _keyed(stored):
            there[key] = max(place, there.get(key, -1))
    if not there:
        return rows
    return rows.filter(pa.array([there.get(key, -1) < place for key, place in _keyed(rows)]))


def _keyed(rows: pa.Table) -> Iterator[tuple[tuple[object, ...], int]]:
    """What each reading says, and its place."""
    said = zip(
        rows.column("meter").to_pylist(),
        micros(rows).tolist(),
        *(rows.column(n).to_pylist() for n in _SAID[2:]),
        strict=True,
    )
    return zip(said, rows.column("place").to_pylist(), strict=True)


def _digest(rows: pa.Table) -> str:
    keys = np.stack([rows.column("place").to_numpy(), rows.column("row").to_numpy()])
    return hashlib.blake2b(np.ascontiguousarray(keys).tobytes(), digest_size=8).hexdigest()
