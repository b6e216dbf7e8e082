"""Readings of stations into the journal (入账): one post a batch; a channel is station, factor, statistic, command."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from shuangkong.metering.committing import Committer
from shuangkong.metering.hj212.readings import Readings
from shuangkong.metering.hj212.server import ALL_KEPT, Acknowledged, Taken
from shuangkong.metering.hj212.shapes import Shape
from shuangkong.metering.hj212.standard import statistics
from shuangkong.metering.model import Batch

#: The source that readings of stations come under.
SOURCE = "hj212"
#: Frames that are remembered: some minutes of the fastest stream, and hours of a real one.
REMEMBERED = 400_000


class SentBefore:
    """Which frames were kept before (重发去重): the last so many, by digest.

    A station sends one again, byte for byte and under its QN, when its 9014 was lost on the way; it is answered and not
    kept twice. One without a QN is kept, and so is one that is of another time: a part that says none itself.
    """

    def __init__(self, most: int = REMEMBERED) -> None:
        self._most = max(1, most // 2)
        self._fresh: set[bytes] = set()
        self._older: set[bytes] = set()
        #: Frames that were answered and not kept again.
        self.again = 0

    def fresh(self, readings: Readings) -> tuple[NDArray[np.bool_], list[bytes]]:
        """Which frames are to be kept, and the digests to remember once they are."""
        keep = np.ones(len(readings.segments), dtype=bool)
        digests: list[bytes] = []
        here: set[bytes] = set()
        each = zip(readings.segments, readings.numbers, readings.time.tolist(), strict=True)
        for row, (segment, number, time) in enumerate(each):
            if not number:
                continue
            # a part without DataTime says the same of every message that it is of
            salt = time.to_bytes(8, "little", signed=True)
            digest = hashlib.blake2b(segment, digest_size=16, salt=salt).digest()
            if digest in here or digest in self._fresh or digest in self._older:
                keep[row] = False
            else:
                here.add(digest)
                digests.append(digest)
        return keep, digests

    def kept(self, digests: Sequence[bytes], again: int) -> None:
        """The frames are durable."""
        self._fresh.update(digests)
        self.again += again
        if len(self._fresh) >= self._most:
            self._older, self._fresh = self._fresh, set()


def into_journal(committer: Committer, sent: SentBefore | None = None) -> Taken:
    """What a server calls to store: returns once the readings are durable; raises UserError where they are not.

    Frames without readings (log text, serial numbers) are answered and leave nothing behind, as do those that were
    `sent` before; what was sent before is forgotten with the process, and is then kept beside the first.
    """
    before = sent if sent is not None else SentBefore()

    async def taken(readings: Readings) -> Acknowledged:
        keep, digests = before.fresh(readings)
        own = readings.chosen(keep)
        if len(own):
            await asyncio.wrap_future(committer.take(post(own)))
        before.kept(digests, len(keep) - int(keep.sum()))
        return ALL_KEPT

    return taken


def post(readings: Readings) -> Batch:
    """The readings as a post; its id follows from the segments, of when they are and when they came.

    A channel is `MN/factor-statistic/CN`: the hour that begins at eight (2061) is not the minute that does (2051).
    """
    starts: dict[tuple[str, str, Shape], int] = {}
    names: list[str] = []
    first: list[int] = []
    for line in zip(readings.stations, readings.commands, readings.shapes, strict=True):
        start = starts.get(line)
        if start is None:
            start = starts[line] = len(names)
            names += _names(*line)
        first.append(start)
    counts = np.fromiter(map(len, readings.shapes), dtype=np.int64, count=len(first))
    before = np.cumsum(counts) - counts
    places = np.arange(len(readings)) + np.repeat(np.array(first, dtype=np.int64) - before, counts)
    said = b"\n".join((*readings.segments, readings.time.tobytes()))
    digest = hashlib.blake2b(said, digest_size=12).hexdigest()
    received = int(readings.received[-1])
    return Batch(
        SOURCE, f"{received}-{digest}", received, tuple(names), places.astype(np.uint32), readings.at, readings.value,
        readings.mark,
    )  # fmt: skip


@lru_cache(maxsize=65_536)
def _names(mn: str, cn: str, shape: Shape) -> tuple[str, ...]:
    words = statistics()
    kinds = zip(shape.factors, shape.statistic.tolist(), strict=True)
    return tuple([f"{mn}/{factor}-{words[kind]}/{cn}" for factor, kind in kinds])
