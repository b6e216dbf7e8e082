"""Readings of many frames in columns (读数列): what a journal takes in, and what was wrong with single values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, compress
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from shuangkong.metering.hj212.faults import Fault, found_in
from shuangkong.metering.hj212.shapes import ABSENT, Shape, taken_apart
from shuangkong.metering.hj212.standard import standard, statistics
from shuangkong.metering.hj212.values import column, instant, marks
from shuangkong.metering.model import NO_MARK, NO_VALUE, possible

Integers = NDArray[np.int64]
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, eq=False)
class Readings:
    """Frames of one batch, and their readings. Instants are microseconds since 1970 in UTC.

    Of each frame: `stations` (MN), `commands` (CN: 2011 live; 2031, 2051, 2061 periods, sent again when asked for),
    `systems` (ST), `numbers` (QN), `segments` (the data segment as it came), `shapes` (which readings it has, the same
    object for all frames that say the same names), `received`, and `time`, its DataTime (NO_VALUE in a frame without
    readings).
    Of each reading: `frame`, its row in those; `factor`, its place in `factors`; `statistic`, its place in
    `statistics()`; `value` in millionths, NO_VALUE where there is none; `mark`, the sign of its Flag as a number,
    NO_MARK where it has none; `sampled`, its SampleTime or NO_VALUE.
    """

    stations: tuple[str, ...]
    commands: tuple[str, ...]
    systems: tuple[str, ...]
    numbers: tuple[bytes, ...]
    segments: tuple[bytes, ...]
    shapes: tuple[Shape, ...]
    received: Integers
    time: Integers
    factors: tuple[str, ...]
    frame: NDArray[np.uint32]
    factor: NDArray[np.uint32]
    statistic: NDArray[np.uint8]
    value: Integers
    mark: NDArray[np.uint8]
    sampled: Integers

    def __len__(self) -> int:
        return len(self.frame)

    @property
    def at(self) -> Integers:
        """The instant of each reading: DataTime of its frame, the start of the period for minutes, hours and days."""
        return self.time[self.frame]

    def chosen(self, keep: NDArray[np.bool_]) -> Readings:
        """Some of the frames, with their readings."""
        if keep.all():
            return self
        place = np.cumsum(keep) - 1
        own = keep[self.frame]

        def frames(column: tuple[_T, ...]) -> tuple[_T, ...]:
            return tuple(compress(column, keep.tolist()))

        return Readings(
            frames(self.stations), frames(self.commands), frames(self.systems), frames(self.numbers),
            frames(self.segments), frames(self.shapes), self.received[keep], self.time[keep], self.factors,
            place[self.frame[own]].astype(np.uint32), self.factor[own], self.statistic[own], self.value[own],
            self.mark[own], self.sampled[own],
        )  # fmt: skip

    def table(self) -> pa.Table:
        """All spelt out: station, factor, statistic, at, value (DECIMAL(18,6)), flag, command, sampled, received."""
        instants = pa.timestamp("us", tz="UTC")
        known = self.value != NO_VALUE
        words: list[Any] = [
            pa.DictionaryArray.from_arrays(pa.array(self.frame), pa.array(column, pa.string())).cast(pa.string())
            for column in (self.stations, self.commands)
        ]
        signs = pa.array([None if m == NO_MARK else chr(m) for m in self.mark.tolist()], pa.string())
        return pa.table({
            "station": words[0],
            "factor": pa.array([self.factors[f] for f in self.factor.tolist()], pa.string()),
            "statistic": pa.array([statistics()[s] for s in self.statistic.tolist()], pa.string()),
            "at": pa.array(self.at, pa.int64()).cast(instants),
            "value": _decimals(self.value, known),
            "flag": signs,
            "command": words[1],
            "sampled": pa.array(self.sampled, pa.int64(), mask=self.sampled == NO_VALUE).cast(instants),
            "received": pa.array(self.received[self.frame], pa.int64()).cast(instants),
        })  # fmt: skip


_NOTHING: tuple[bytes, ...] = ()
_Gathered = tuple[str, str, str, bytes, bytes, int, int, Shape, tuple[bytes, ...], bytes]


class Gathering:
    """Frames on their way to a batch of readings, one after another."""

    __slots__ = ("_frames", "_sampled")

    def __init__(self) -> None:
        self._frames: list[_Gathered] = []
        self._sampled: dict[int, tuple[int, ...]] = {}

    def __len__(self) -> int:
        return len(self._frames)

    def add(
        self, segment: bytes, start: int, *, station: str, command: str, system: str, number: bytes, received: int,
        time: int | None = None, expected: bool = False,
    ) -> list[Fault]:  # fmt: skip
        """One frame whose data area starts at byte `start` of its segment; what is wrong with it.

        Nothing is added if a fault blocks. `time` is the DataTime of the message that the frame is a part of. Where
        readings are `expected` and there is nothing of the kind, the frame is refused: who answers it would lose them.
        """
        shape, values, faults = taken_apart(segment[start:-2])
        if shape.faults or faults:
            faults = [f._replace(at=f.at + start) for f in (*shape.faults, *faults)]
            if any(f.blocks for f in faults):
                return faults
        if expected and shape.time == ABSENT and not shape.factors:
            return [*faults, Fault("unreadable", start, found_in(segment[start:-2]))]
        if shape.time != ABSENT:
            found = instant(values[shape.time])
            if found is None:
                return [*faults, Fault("time", start, found_in(values[shape.time]))]
            if not possible(found, received):
                return [*faults, Fault("time_impossible", start, found_in(values[shape.time]))]
            time = found
        elif time is None and shape.factors:
            return [*faults, Fault("time_missing", start)]
        signs, texts = b"", _NOTHING
        if shape.factors:
            signs, known = marks(shape.marks_of(values))
            texts = shape.values_of(values)
            if not known:
                faults += _strange(shape, values)
            if shape.sampled is not None:
                self._sampled[len(self._frames)] = _sample_times(shape.sampled, values, faults)
        if time is None:
            time = NO_VALUE
        self._frames.append((station, command, system, number, segment, received, time, shape, texts, signs))
        return faults

    def finish(self) -> tuple[Readings, list[tuple[int, Fault]]]:
        """The batch, and each fault of a value with the row of its frame."""
        columns: tuple[tuple[Any, ...], ...] = tuple(zip(*self._frames, strict=True)) or ((),) * 10
        stations, commands, systems, numbers, segments, received, times, shapes, texts, signs = columns
        counts = np.fromiter(map(len, shapes), dtype=np.int64, count=len(shapes))
        frame = np.repeat(np.arange(len(shapes), dtype=np.uint32), counts)
        places: dict[str, int] = {}
        numbered = {
            shape: np.array([places.setdefault(f, len(places)) for f in shape.factors], dtype=np.uint32)
            for shape in dict.fromkeys(shapes)
        }
        value, wrong = column(list(chain.from_iterable(texts)))
        readings = Readings(
            stations, commands, systems, numbers, segments, shapes, np.array(received, dtype=np.int64),
            np.array(times, dtype=np.int64), tuple(places), frame,
            _end_to_end([numbered[s] for s in shapes], np.uint32),
            _end_to_end([s.statistic for s in shapes], np.uint8), value,
            np.frombuffer(b"".join(signs), dtype=np.uint8), self._samples(counts),
        )  # fmt: skip
        return readings, [
            (int(frame[row]), _named(fault, row, int(frame[row]), shapes, counts)) for row, fault in wrong
        ]

    def _samples(self, counts: Integers) -> Integers:
        result: Integers = np.full(int(counts.sum()), NO_VALUE, dtype=np.int64)
        if self._sampled:
            ends = np.cumsum(counts)
            for row, times in self._sampled.items():
                result[ends[row] - counts[row] : ends[row]] = times
        return result


def _named(fault: Fault, row: int, frame: int, shapes: Sequence[Shape], counts: Integers) -> Fault:
    """The fault of a value with the factor and statistic that it is of."""
    place = row - int(counts[:frame].sum())
    return fault._replace(field=f"{shapes[frame].factors[place]} {statistics()[int(shapes[frame].statistic[place])]}")


def _strange(shape: Shape, values: Sequence[bytes]) -> list[Fault]:
    """Marks that the standard does not know, each once."""
    known = {m.encode() for m in standard().marks} | {b""}
    given = dict.fromkeys((f, values[p]) for f, p in zip(shape.factors, shape.mark, strict=True))
    return [Fault("mark", 0, found_in(sign), factor) for factor, sign in given if sign not in known]


def _sample_times(places: tuple[int, ...], values: Sequence[bytes], faults: list[Fault]) -> tuple[int, ...]:
    times = []
    for place in places:
        found = instant(values[place]) if place != ABSENT else None
        if found is None and place != ABSENT:
            faults.append(Fault("sample_time", 0, found_in(values[place])))
        times.append(NO_VALUE if found is None else found)
    return tuple(times)


def _end_to_end(arrays: Sequence[NDArray[Any]], kind: type[Any]) -> NDArray[Any]:
    return np.concatenate(arrays) if arrays else np.empty(0, dtype=kind)


def _decimals(values: Integers, known: NDArray[np.bool_]) -> pa.Array:
    """Millionths as DECIMAL(18,6), null where there is no value."""
    wide = np.empty((len(values), 2), dtype="<i8")
    wide[:, 0], wide[:, 1] = values, values >> 63
    present = pa.array(known)
    return pa.Array.from_buffers(
        pa.decimal128(18, 6), len(values), [_bits(present), pa.py_buffer(wide.tobytes())], int((~known).sum())
    )


def _bits(present: pa.Array) -> pa.Buffer:
    return present.buffers()[1]
