"""Posts that were stored before (已收批次): a retry is known however late it comes, without reading all that is stored.

What is sent again says the same, so its first reading is of the same moment: posts are partitioned by the day of that,
and only this day's are asked. A day in use is held as sorted 64-bit digests, eight bytes a post, within a limit; a
digest that is found is looked up in the files themselves, so that no two posts are ever taken for one.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from shuangkong.engine.api import Commit, Lake
from shuangkong.metering.committing import Earlier
from shuangkong.metering.journal import Place
from shuangkong.metering.tables import READING_POSTS

Keys = NDArray[np.int64]
#: Digests that are held at once: 8 bytes each.
HELD = 16_000_000
#: The note of a commit that stands for others begins so; the last that it stands for follows.
COMPACTED = "compacted"


def nothing_new(commit: Commit, after: int) -> bool:
    """Whether a commit only stands for others, all of which whoever has seen everything up to `after` has seen."""
    word, _, last = commit.note.partition(" ")
    return word == COMPACTED and after >= int(last)


class Post(NamedTuple):
    """What a post is known by: who sent it, its id, the digest of its readings, and the day of the first of them."""

    source: str
    batch: str
    content: str
    day: date

    @property
    def key(self) -> int:
        """64 bits of the first three."""
        said = "\x00".join(self[:3]).encode()
        return int.from_bytes(hashlib.blake2b(said, digest_size=8).digest(), "little", signed=True)


class _Day:
    """The digests of one day: sorted runs, each at least twice as long as the next."""

    def __init__(self) -> None:
        self.runs: list[Keys] = []
        self.after = 0

    def __len__(self) -> int:
        return sum(map(len, self.runs))

    def add(self, keys: Keys) -> None:
        self.runs.append(np.sort(keys))
        while len(self.runs) > 1 and 2 * len(self.runs[-1]) > len(self.runs[-2]):
            last = self.runs.pop()
            self.runs[-1] = np.sort(np.concatenate([self.runs[-1], last]))

    def holds(self, keys: Keys) -> NDArray[np.bool_]:
        found = np.zeros(len(keys), dtype=bool)
        for run in self.runs:
            if len(run):
                found |= run[np.minimum(np.searchsorted(run, keys), len(run) - 1)] == keys
        return found


class KnownPosts:
    """What a lake holds of posts. It keeps up with what is committed; one of them serves a whole storing process."""

    def __init__(self, lake: Lake, *, held: int = HELD) -> None:
        self._lake = lake
        self._held = held
        self._days: OrderedDict[date, _Day] = OrderedDict()

    def among(self, posts: Sequence[Post]) -> set[Post]:
        """Those of the posts that are stored already."""
        by_day: dict[date, list[Post]] = {}
        for post in posts:
            by_day.setdefault(post.day, []).append(post)
        found: set[Post] = set()
        for day, those in by_day.items():
            keys = np.array([p.key for p in those], dtype=np.int64)
            hits = self._day(day).holds(keys)
            if hits.any():
                found |= self._looked_up(day, [those[n] for n in np.flatnonzero(hits)])
        return found

    def _day(self, day: date) -> _Day:
        """The digests of a day, with all that was committed up to now; days not asked for lately are let go."""
        known = self._days.setdefault(day, _Day())
        self._days.move_to_end(day)
        for commit in self._commits(day, known.after):
            if not nothing_new(commit, known.after):
                known.add(_column(self._lake.root / commit.file))
            known.after = commit.sequence
        while len(self._days) > 1 and sum(map(len, self._days.values())) > self._held:
            self._days.popitem(last=False)
        return known

    def _commits(self, day: date, after: int) -> tuple[Commit, ...]:
        return self._lake.commits(READING_POSTS.name, self._lake.clock(), days=(day,), after=after)

    def _looked_up(self, day: date, posts: list[Post]) -> set[Post]:
        """The posts whose digest was found and that are there, word for word."""
        keys = [p.key for p in posts]
        said: set[tuple[str, str, str]] = set()
        for commit in self._commits(day, 0):
            rows = pq.ParquetFile(self._lake.root / commit.file).read(columns=["key", "source", "batch", "content"])
            rows = rows.filter(pc.is_in(rows.column("key"), value_set=pa.array(keys, pa.int64())))
            said |= {(r["source"], r["batch"], r["content"]) for r in rows.to_pylist()}
        return {p for p in posts if p[:3] in said}


def latest_posts(lake: Lake, count: int) -> list[Earlier]:
    """The posts that were stored last, oldest first: what a process that begins holds used ids against."""
    found: list[Earlier] = []
    for commit in reversed(lake.commits(READING_POSTS.name, lake.clock())):
        found += reversed(list(_posts(lake.root / commit.file)))
        if len(found) >= count:
            break
    return sorted(found, key=lambda post: post.place)[-count:]


def _posts(path: Path) -> Iterator[Earlier]:
    names = ["source", "batch", "content", "rows", "place", "received_at"]
    table = pq.ParquetFile(path).read(columns=names).sort_by("place")
    received = table.column("received_at").cast(pa.int64()).to_pylist()
    columns: list[list[Any]] = [table.column(n).to_pylist() for n in names[:5]]
    for source, batch, content, rows, place, at in zip(*columns, received, strict=True):
        yield Earlier(source, batch, bytes.fromhex(content), rows, Place(place >> 32, place & 0xFFFFFFFF), at)


def _column(path: Path) -> Keys:
    keys: Keys = pq.ParquetFile(path).read(columns=["key"]).column("key").to_numpy()
    return keys
