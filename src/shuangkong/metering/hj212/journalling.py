"""Readings of stations into the journal (入账): one post a batch; a channel is station, factor, statistic, command."""

from __future__ import annotations

import asyncio
import hashlib
from functools import lru_cache

import numpy as np

from shuangkong.metering.committing import Committer
from shuangkong.metering.hj212.readings import Readings
from shuangkong.metering.hj212.server import ALL_KEPT, Acknowledged, Taken
from shuangkong.metering.hj212.shapes import Shape
from shuangkong.metering.hj212.standard import statistics
from shuangkong.metering.model import Batch

#: The source that readings of stations come under.
SOURCE = "hj212"


def into_journal(committer: Committer) -> Taken:
    """What a server calls to store: returns once the readings are durable; raises UserError where they are not.

    Frames without readings (log text, serial numbers) are answered and leave nothing behind.
    """

    async def taken(readings: Readings) -> Acknowledged:
        if len(readings):
            await asyncio.wrap_future(committer.take(post(readings)))
        return ALL_KEPT

    return taken


def post(readings: Readings) -> Batch:
    """The readings as a post; its id follows from the segments and when they came.

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
    digest = hashlib.blake2b(b"\n".join(readings.segments), digest_size=12).hexdigest()
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
