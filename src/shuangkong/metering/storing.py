"""From the journal to the lake (入湖): whole segments become day-partitioned files, each reading with its meter.

A segment's files become visible together and only then is it taken away, so that a kill at any moment loses nothing and
doubles nothing: the commit's tokens are the segment's. Posts that came before under the same id are left out here for
good; readings of one moment are all kept, and who reads takes the one that was taken last.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from shuangkong.engine.api import Lake, Part
from shuangkong.metering.committing import content_of
from shuangkong.metering.journal import Broken, Place, number_of, records, salt_of
from shuangkong.metering.meters import UNKNOWN, Meters
from shuangkong.metering.model import NO_VALUE, Batch, Unreadable, unpacked
from shuangkong.metering.tables import READING_POSTS, READINGS, READINGS_ASIDE

_EPOCH = date(1970, 1, 1)
_HOUR = 3_600_000_000
_CHINA = 8 * _HOUR
_DAY = 24 * _HOUR
_INSTANT = pa.timestamp("us", tz="UTC")
PRINCIPAL = "system"


@dataclass(frozen=True, slots=True)
class Stored:
    """What was committed of one or more segments: readings by their day, what was set aside, what was known already.

    `touched` are (meter, day of China) of the readings, what a roll-up has to look at again. `broken` is what could not
    be read of the segments; they stay beside the journal as *.broken, for a person to look at.
    """

    readings: int = 0
    aside: int = 0
    again: int = 0
    refused: int = 0
    touched: frozenset[tuple[int, date]] = frozenset()
    broken: tuple[Broken, ...] = ()


@dataclass(slots=True)
class _Taken:
    """Columns of several posts on their way into tables."""

    columns: dict[str, list[Any]] = field(default_factory=dict)

    def add(self, **columns: Any) -> None:
        for name, column in columns.items():
            self.columns.setdefault(name, []).append(column)

    def joined(self, name: str, kind: Any) -> Any:
        found = self.columns.get(name, [])
        return np.concatenate(found) if found else np.zeros(0, dtype=kind)


def days_of(at: Any) -> Any:
    """The day in China of each instant, as days since 1970. The first moment of a day is its own: an interval that
    ends at midnight is counted into the day before by the roll-up, which knows how the meter stamps."""
    return (at + _CHINA) // _DAY


def store(lake: Lake, whole: Sequence[Path], meters: Meters) -> Stored:
    """Commit whole segments, oldest first, and take each away once it is visible."""
    done = Stored()
    for path in whole:
        done = _both(done, _store_one(lake, path, meters))
    return done


def _store_one(lake: Lake, path: Path, meters: Meters) -> Stored:
    broken: list[Broken] = []
    posts: list[tuple[Place, Batch]] = []
    for record in records(path):
        if isinstance(record, Broken):
            broken.append(record)
            continue
        place, body = record
        try:
            posts.append((place, unpacked(bytes(body))))
        except Unreadable as wrong:
            broken.append(Broken(path, place.offset, place.offset + len(body), str(wrong)))
    with lake.lease(READINGS.name) as a, lake.lease(READINGS_ASIDE.name) as b, lake.lease(READING_POSTS.name) as c:
        fresh, again = _not_before(lake, posts)
        known, aside = _split(fresh, meters)
        token = f"journal-{number_of(path)}-{salt_of(path):08x}"
        parts = [
            *_by_day(READINGS, known, token), *_by_day(READINGS_ASIDE, aside, token), *_posts(fresh, token),
        ]  # fmt: skip
        if parts:
            lake.commit_parts(
                parts, {READINGS.name: a, READINGS_ASIDE.name: b, READING_POSTS.name: c},
                principal=PRINCIPAL, note=token, recorded_at=lake.clock(),
            )  # fmt: skip
    if broken:
        path.rename(path.with_suffix(".broken"))
    else:
        path.unlink()
    return Stored(
        known.num_rows, aside.num_rows, again, sum(x.refused_in_all for _, x in fresh), _touched(known), tuple(broken)
    )


def _not_before(lake: Lake, posts: list[tuple[Place, Batch]]) -> tuple[list[tuple[Place, Batch]], int]:
    """The posts that were not taken before, here or in an earlier segment."""
    # an id used again for other readings was answered for, where its first use was forgotten: those readings count too
    keys = [(p.source, p.batch, content_of(p).hex()) for _, p in posts]
    before = _known_posts(lake, {b for _, b, _ in keys}, {place.number for place, _ in posts})
    fresh = []
    for (place, post), key in zip(posts, keys, strict=True):
        if key not in before:
            before.add(key)
            fresh.append((place, post))
    return fresh, len(posts) - len(fresh)


def _known_posts(lake: Lake, batches: set[str], own: set[int]) -> set[tuple[str, str, str]]:
    """Posts (source, id, content) with one of these ids that are in the lake.

    Those of the same places are this segment's own, committed before a kill kept it from being taken away: their
    tokens will tell.
    """
    wanted = pa.array(sorted(batches), pa.string())
    found: set[tuple[str, str, str]] = set()
    for path in lake.files(READING_POSTS, lake.clock()):
        table = pq.ParquetFile(path).read(columns=["source", "batch", "content", "place"])
        table = table.filter(pc.is_in(table.column("batch"), value_set=wanted))
        for row in table.to_pylist():
            if row["place"] not in own:
                found.add((row["source"], row["batch"], row["content"]))
    return found


def _split(posts: Iterable[tuple[Place, Batch]], meters: Meters) -> tuple[pa.Table, pa.Table]:
    """Readings of registered meters, and of channels that nobody knows."""
    known, aside = _Taken(), _Taken()
    for place, post in posts:
        number = meters.numbers(post.source, post.channels, post.channel, post.at)
        row = np.arange(1, len(post) + 1, dtype=np.int64)
        for taken, keep in ((known, number != UNKNOWN), (aside, number == UNKNOWN)):
            rows = int(keep.sum())
            if not rows:
                continue
            taken.add(
                at=post.at[keep], value=post.value[keep], mark=post.mark[keep].astype(np.int64), row=row[keep],
                received_at=np.full(rows, post.received), place=np.full(rows, place.number), meter=number[keep],
            )  # fmt: skip
            if taken is aside:
                names = np.array(post.channels, dtype=object)[post.channel[keep]]
                taken.add(channel=names, source=np.full(rows, post.source, dtype=object))
    return _table(known, ("meter",)), _table(aside, ("source", "channel"))


def _table(taken: _Taken, names: tuple[str, ...]) -> pa.Table:
    value = taken.joined("value", np.int64)
    columns: dict[str, Any] = {
        n: pa.array(taken.joined(n, np.int64 if n == "meter" else object), pa.int64() if n == "meter" else pa.string())
        for n in names
    }
    columns["at"] = pa.array(taken.joined("at", np.int64), pa.int64()).cast(_INSTANT)
    columns["value"] = exact_column(value)
    columns["mark"] = pa.array(taken.joined("mark", np.int64), pa.int64())
    columns["received_at"] = pa.array(taken.joined("received_at", np.int64), pa.int64()).cast(_INSTANT)
    columns["place"] = pa.array(taken.joined("place", np.int64), pa.int64())
    columns["row"] = pa.array(taken.joined("row", np.int64), pa.int64())
    return pa.table(columns)


def exact_column(value: Any) -> pa.Array:
    """Millionths as DECIMAL(18,6): the same whole numbers, read with another point; NO_VALUE is null."""
    low = np.ascontiguousarray(value, dtype="<i8")
    wide = np.empty((len(low), 2), dtype="<i8")
    wide[:, 0] = low
    wide[:, 1] = low >> 63
    missing = low == NO_VALUE
    valid = pa.py_buffer(np.packbits(~missing, bitorder="little").tobytes()) if missing.any() else None
    return pa.Array.from_buffers(pa.decimal128(18, 6), len(low), [valid, pa.py_buffer(wide.tobytes())])


def _by_day(contract: Any, table: pa.Table, token: str) -> list[Part]:
    """One part for each day of China that the readings are of, sorted as they are read."""
    if not table.num_rows:
        return []
    days = days_of(table.column("at").cast(pa.int64()).to_numpy())
    order = [(n, "ascending") for n in (contract.columns[0].name, "at", "place", "row")]
    return [
        Part(
            contract, table.filter(pa.array(days == d)).sort_by(order), _EPOCH + timedelta(days=int(d)), f"{token}-{d}"
        )
        for d in np.unique(days)
    ]


def _posts(posts: list[tuple[Place, Batch]], token: str) -> list[Part]:
    if not posts:
        return []
    rows: list[dict[str, object]] = []
    for place, p in posts:
        told = json.dumps([[r.row, r.why, r.said] for r in p.refused], ensure_ascii=False) if p.refused else None
        rows.append({
            "source": p.source, "batch": p.batch, "content": content_of(p).hex(), "rows": len(p),
            "refused": p.refused_in_all, "refusals": told, "received_at": p.received, "place": place.number,
        })  # fmt: skip
    received = pa.array([r.pop("received_at") for r in rows], pa.int64()).cast(_INSTANT)
    table = pa.Table.from_pylist(rows).append_column("received_at", received)
    day = _EPOCH + timedelta(days=int(days_of(posts[0][1].received)))
    return [Part(READING_POSTS, table, day, token)]


def _touched(table: pa.Table) -> frozenset[tuple[int, date]]:
    days = days_of(table.column("at").cast(pa.int64()).to_numpy())
    pairs = np.unique(np.stack([table.column("meter").to_numpy(), days], axis=1), axis=0)
    return frozenset((int(m), _EPOCH + timedelta(days=int(d))) for m, d in pairs)


def _both(a: Stored, b: Stored) -> Stored:
    return Stored(
        a.readings + b.readings, a.aside + b.aside, a.again + b.again, a.refused + b.refused, a.touched | b.touched,
        a.broken + b.broken,
    )  # fmt: skip
