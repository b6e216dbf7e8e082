"""Readings as they come in (读数): columns of one post, exact, and the bytes that a journal keeps of them."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

#: A value is a whole number of millionths: DECIMAL(18,6) without a decimal in sight.
SCALE = 1_000_000
#: The largest value, 999 999 999 999.999999.
MOST = 10**18 - 1
#: What stands for "the meter gave no value": never zero.
NO_VALUE = np.iinfo(np.int64).min
#: No word of the source on the quality of a reading; else the sign it gave (N, F, M, …) as its number.
NO_MARK = 0
#: Readings of other years are slips of a clock: the first moment that a meter can have, and the one after the last.
FIRST = int(datetime(2000, 1, 1, tzinfo=UTC).timestamp()) * SCALE
LAST = int(datetime(2100, 1, 1, tzinfo=UTC).timestamp()) * SCALE
#: And so is one of more than a day after it came: nobody can have read it yet.
AHEAD = 24 * 3600 * SCALE
_HEAD = struct.Struct("<I")
_VERSION = 1


def end_of_time(received: int) -> int:
    """The first moment that no reading can have which came at an instant; of one that is not known (0), LAST."""
    return min(LAST, received + AHEAD) if received >= FIRST else LAST


def possible(at: int, received: int) -> bool:
    """Whether a reading that came at an instant can be of a moment."""
    return FIRST <= at < end_of_time(received)


class Unreadable(Exception):
    """Bytes that are no batch: a broken record, or one of a version to come."""


class Refused(msgspec.Struct, array_like=True, frozen=True):
    """A row of a post that was not taken: its number as a person counts (1 the first), why, and what it said."""

    row: int
    why: str
    said: str


class _Header(msgspec.Struct, array_like=True, frozen=True):
    version: int
    source: str
    batch: str
    received: int
    rows: int
    channels: tuple[str, ...]
    refused: tuple[Refused, ...] = ()
    refused_in_all: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """One post of readings. All arrays have one length; instants are microseconds since 1970 in UTC.

    `source` says who sent it (a unit's id, or `hj212`), `batch` is the sender's own id of the post, under which it can
    be sent again without harm. `channels` are the sender's names of meters, `channel` gives each row's place in them.
    `value` is in millionths of the channel's unit, `NO_VALUE` where there is none; `mark` the source's word on its
    quality. `refused` are the first rows that could not be taken, of `refused_in_all`.
    """

    source: str
    batch: str
    received: int
    channels: tuple[str, ...]
    channel: NDArray[np.uint32]
    at: NDArray[np.int64]
    value: NDArray[np.int64]
    mark: NDArray[np.uint8]
    refused: tuple[Refused, ...] = ()
    refused_in_all: int = 0

    def __post_init__(self) -> None:
        if not len(self.channel) == len(self.at) == len(self.value) == len(self.mark):
            raise ValueError("columns of different lengths")

    def __len__(self) -> int:
        return len(self.at)


def packed(batch: Batch) -> bytes:
    """A batch as bytes: a short head, then the columns as they lie in memory (little-endian)."""
    head = msgspec.msgpack.encode(
        _Header(
            _VERSION,
            batch.source,
            batch.batch,
            batch.received,
            len(batch),
            batch.channels,
            batch.refused,
            batch.refused_in_all,
        )
    )
    return b"".join((
        _HEAD.pack(len(head)), head,
        batch.channel.astype("<u4", copy=False).tobytes(), batch.at.astype("<i8", copy=False).tobytes(),
        batch.value.astype("<i8", copy=False).tobytes(), batch.mark.astype("u1", copy=False).tobytes(),
    ))  # fmt: skip


def unpacked(data: bytes | memoryview) -> Batch:
    """The batch of `packed`; raises Unreadable. The columns are views of `data`."""
    view = memoryview(data)
    try:
        (length,) = _HEAD.unpack_from(view)
        start = _HEAD.size + length
        if start > len(view):
            raise Unreadable("the head is cut")
        head = msgspec.msgpack.decode(view[_HEAD.size : start], type=_Header)
    except (struct.error, msgspec.DecodeError, UnicodeDecodeError) as wrong:
        raise Unreadable(str(wrong)) from wrong
    if head.version != _VERSION:
        raise Unreadable(f"version {head.version}")
    if len(view) != start + 21 * head.rows:
        raise Unreadable("the columns are cut")
    columns: list[Any] = []
    for kind, size in (("<u4", 4), ("<i8", 8), ("<i8", 8), ("u1", 1)):
        columns.append(np.frombuffer(view, dtype=kind, count=head.rows, offset=start))
        start += size * head.rows
    if head.rows and int(columns[0].max()) >= len(head.channels):
        raise Unreadable("a row names a channel that is not there")
    channel, at, value, mark = columns
    return Batch(
        head.source, head.batch, head.received, head.channels, channel, at, value, mark, head.refused,
        head.refused_in_all,
    )  # fmt: skip
