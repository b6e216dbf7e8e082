"""From the journal to the lake (入湖): whole segments become day-partitioned files, each reading with its meter.

A segment's files become visible together and only then is it taken away, so that a kill at any moment loses nothing and
doubles nothing: the commit's tokens are the segment's. Posts that came before under the same id are left out here for
good; readings of one moment are all kept, and who reads takes the one that was taken last.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from shuangkong.engine.api import Lake, Part
from shuangkong.metering.committing import content_of
from shuangkong.metering.journal import BROKEN, Broken, Place, number_of, records, salt_of
from shuangkong.metering.known_posts import KnownPosts, Post
from shuangkong.metering.meters import UNKNOWN, Meters
from shuangkong.metering.model import FIRST, LAST, NO_VALUE, Batch, Unreadable, unpacked
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


def store(lake: Lake, whole: Sequence[Path], meters: Meters, known: KnownPosts | None = None) -> Stored:
    """Commit whole segments, oldest first, and take each away once it is visible.

    Who stores again and again hands in what it knows of posts. A segment that another process took away is passed over.
    """
    done = Stored()
    known = known if known is not None else KnownPosts(lake)
    for path in whole:
        with suppress(FileNotFoundError):
            done = _both(done, _store_one(lake, path, meters, known))
    return done


def _store_one(lake: Lake, path: Path, meters: Meters, before: KnownPosts) -> Stored:
    broken: list[Broken] = []
    posts: list[tuple[Place, Batch]] = []
    token = f"journal-{number_of(path)}-{salt_of(path):08x}"
    for record in records(path):
        if isinstance(record, Broken):
            broken.append(record)
            continue
        place, body = record
        try:
            posts.append((place, _of_days(unpacked(bytes(body)))))
        except Unreadable as wrong:
            broken.append(Broken(path, place.offset, place.offset + len(body), str(wrong)))
    with lake.leases(READINGS.name, READINGS_ASIDE.name, READING_POSTS.name) as leases:
        # a kill may have kept it from being taken away; what is stored of it is touched again, which does no harm
        stored = lake.committed(READING_POSTS.name, f"{token}-posts")
        fresh = posts if stored else _fresh(before, posts)
        known, aside = _split(fresh, meters)
        if fresh and not stored:
            parts = [
                *day_parts(READINGS, known, token),
                *day_parts(READINGS_ASIDE, aside, token),
                *_posts(fresh, token),
            ]
            lake.commit_parts(
                parts, leases,
                principal=PRINCIPAL, note=token, recorded_at=lake.clock(),
            )  # fmt: skip
    if broken:
        path.rename(path.with_suffix(BROKEN))
    else:
        path.unlink(missing_ok=True)
    if stored:
        return Stored(touched=_touched(known), broken=tuple(broken))
    return Stored(
        known.num_rows, aside.num_rows, len(posts) - len(fresh), sum(x.refused_in_all for _, x in fresh),
        _touched(known), tuple(broken),
    )  # fmt: skip


def _of_days(post: Batch) -> Batch:
    """The post, where all its readings are of days that there are; else it is kept as it came, and stops no other."""
    if len(post) and not FIRST <= int(post.at.min()) <= int(post.at.max()) < LAST:
        raise Unreadable("a reading is of no day that a meter can have")
    return post


def _fresh(before: KnownPosts, posts: list[tuple[Place, Batch]]) -> list[tuple[Place, Batch]]:
    """The posts that were not taken before, here or in an earlier segment."""
    # an id used again for other readings was answered for, where its first use was forgotten: those readings count too
    named = [_named(p) for _, p in posts]
    known = before.among(named)
    fresh = []
    for (place, post), name in zip(posts, named, strict=True):
        if name not in known:
            known.add(name)
            fresh.append((place, post))
    return fresh


def _named(post: Batch) -> Post:
    """What a post is known by; one without readings is of the day on which it came."""
    first = int(post.at.min()) if len(post) else post.received
    return Post(post.source, post.batch, content_of(post).hex(), _EPOCH + timedelta(days=int(days_of(first))))


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


def day_parts(contract: Any, table: pa.Table, token: str) -> list[Part]:
    """One part for each day of China that the readings are of, sorted as they are read."""
    if not table.num_rows:
        return []
    days = days_of(micros(table))
    order = [(n, "ascending") for n in (contract.columns[0].name, "at", "place", "row")]
    return [
        Part(
            contract, table.filter(pa.array(days == d)).sort_by(order), _EPOCH + timedelta(days=int(d)), f"{token}-{d}"
        )
        for d in np.unique(days)
    ]


def _posts(posts: list[tuple[Place, Batch]], token: str) -> list[Part]:
    """One part for each day that first readings are of, sorted by what a post is looked up by.

    The one of the latest day bears the token by which a whole segment is known to be stored.
    """
    by_day: dict[date, list[dict[str, object]]] = {}
    for place, p in posts:
        told = json.dumps([[r.row, r.why, r.said] for r in p.refused], ensure_ascii=False) if p.refused else None
        named = _named(p)
        by_day.setdefault(named.day, []).append({
            "source": p.source, "batch": p.batch, "content": named.content, "key": named.key, "rows": len(p),
            "refused": p.refused_in_all, "refusals": told, "received_at": p.received, "place": place.number,
        })  # fmt: skip
    parts = []
    for day, rows in by_day.items():
        received = pa.array([r.pop("received_at") for r in rows], pa.int64()).cast(_INSTANT)
        table = pa.Table.from_pylist(rows).append_column("received_at", received).sort_by("key")
        own = f"{token}-posts" if day == max(by_day) else f"{token}-posts-{day:%Y%m%d}"
        parts.append(Part(READING_POSTS, table, day, own))
    return parts


def micros(table: pa.Table) -> Any:
    """The instants of readings in microseconds of UTC."""
    return table.column("at").cast(pa.int64()).to_numpy()


def touched_in(files: Iterable[Path]) -> frozenset[tuple[int, date]]:
    """(meter, day of China) of the readings in files of `readings`."""
    found: set[tuple[int, date]] = set()
    for path in files:
        found |= _touched(pq.ParquetFile(path).read(columns=["meter", "at"]))
    return frozenset(found)


def _touched(table: pa.Table) -> frozenset[tuple[int, date]]:
    if not table.num_rows:
        return frozenset()
    pairs = np.unique(np.stack([table.column("meter").to_numpy(), days_of(micros(table))], axis=1), axis=0)
    return frozenset((int(m), _EPOCH + timedelta(days=int(d))) for m, d in pairs)


def _both(a: Stored, b: Stored) -> Stored:
    return Stored(
        a.readings + b.readings, a.aside + b.aside, a.again + b.again, a.refused + b.refused, a.touched | b.touched,
        a.broken + b.broken,
    )  # fmt: skip
