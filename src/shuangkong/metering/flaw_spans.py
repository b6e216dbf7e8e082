"""Signs of readings put together as flaws (瑕疵区段): runs of one sign are one span, with what was seen in it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from shuangkong.metering.checks import Sign, off_beat
from shuangkong.metering.meter_days import DayMeters, Points, begins, holes
from shuangkong.metering.model import NO_VALUE
from shuangkong.metering.monitoring import Systems
from shuangkong.metering.spells import Flags, Ints
from shuangkong.metering.stored import StoredRows
from shuangkong.metering.storing import exact_column

_SIGNS: Mapping[Sign, str] = {
    Sign.NO_VALUE: "no_value", Sign.AGAIN: "again", Sign.CORRECTED: "corrected", Sign.OUT_OF_RANGE: "out_of_range",
    Sign.NEGATIVE: "negative", Sign.SPIKE: "spike", Sign.FLAT: "flat", Sign.RESET: "reset",
    Sign.ROLLOVER: "rollover", Sign.AHEAD: "clock_ahead", Sign.CLOCK_JUMP: "clock_jump",
}  # fmt: skip
#: Flaws of a step, beside which the value before it is told.
_STEPS = (Sign.RESET, Sign.ROLLOVER, Sign.SPIKE)
_BIG = int(np.iinfo(np.int64).max)
_COLUMNS = ("meter", "at_from", "at_to", "count", "first", "last", "low", "high", "before", "offset")


@dataclass(frozen=True, slots=True)
class Spans:
    """Flaws by span. Instants are microseconds, values millionths; NO_VALUE where there is nothing to tell."""

    code: NDArray[np.object_]
    meter: Ints
    at_from: Ints
    at_to: Ints
    count: Ints
    first: Ints
    last: Ints
    low: Ints
    high: Ints
    before: Ints
    offset: Ints

    def table(self) -> pa.Table:
        """The columns of READING_FLAWS but for day and look."""
        instant = pa.timestamp("us", tz="UTC")
        return pa.table({
            "meter": self.meter, "code": pa.array(self.code, pa.string()),
            "at_from": pa.array(self.at_from).cast(instant), "at_to": pa.array(self.at_to).cast(instant),
            "count": self.count,
            **{n: exact_column(getattr(self, n)) for n in ("first", "last", "low", "high", "before")},
            "offset_us": pa.array(self.offset, mask=self.offset == NO_VALUE),
        })  # fmt: skip


def joined(parts: list[Spans]) -> Spans:
    """Several in one, sorted by meter, beginning and code."""
    none: Ints = np.zeros(0, dtype=np.int64)
    columns = {n: np.concatenate([none, *(getattr(p, n) for p in parts)]) for n in _COLUMNS}
    code = np.concatenate([np.zeros(0, dtype=object), *(p.code for p in parts)])
    order = np.lexsort((code.astype(str), columns["at_from"], columns["meter"]))
    return Spans(code[order], **{n: c[order] for n, c in columns.items()})


def spans(given: StoredRows, signs: NDArray[np.uint16], on: DayMeters, systems: Systems) -> Spans:
    """The signs of readings as spans. `given`: readings in order, with those before the day, which have no signs.

    Readings with a sign at one moment or at moments that follow each other make one span.
    """
    seen = _Seen(given, on)
    parts = [seen.told(name, np.flatnonzero(signs & np.uint16(sign)), sign) for sign, name in _SIGNS.items()]
    parts.extend(_clocks(seen, signs, systems))
    return joined(parts)


class _Seen:
    """A meter's readings with what the spans tell of them."""

    def __init__(self, given: StoredRows, on: DayMeters) -> None:
        self.rows, self.received, self.on = given.rows, given.received, on
        self.place, _ = on.places(given.rows.meter)
        every = on.every[self.place] if len(on.every) else np.ones(len(self.place), dtype=np.int64)
        self.away = off_beat(given.rows.at, every)
        new = np.ones(len(self.place), dtype=bool)
        new[1:] = (self.rows.meter[1:] != self.rows.meter[:-1]) | (self.rows.at[1:] != self.rows.at[:-1])
        self.moment: Ints = np.cumsum(new).astype(np.int64)
        same = ~new
        same[1:] &= self.rows.value[1:] == self.rows.value[:-1]
        #: Times that each row says what was said before: as it stands there, and before compaction.
        self.times = same + given.repeats()
        self.last_of_moment = np.append(new[1:], True)[: len(new)]

    def runs(self, at: Ints) -> Ints:
        """Where runs begin among rows (places, in order): another meter, or a moment between."""
        meter, moment = self.rows.meter[at], self.moment[at]
        new = np.ones(len(at), dtype=bool)
        new[1:] = (meter[1:] != meter[:-1]) | (moment[1:] > moment[:-1] + 1)
        return np.flatnonzero(new)

    def told(self, name: str, at: Ints, sign: Sign) -> Spans:
        """The runs of one sign."""
        if not len(at):
            return _nothing()
        start = self.runs(at)
        end = np.append(start[1:], len(at)) - 1
        value = self.rows.value[at]
        absent = value == NO_VALUE
        low = np.minimum.reduceat(np.where(absent, _BIG, value), start)
        high = np.maximum.reduceat(np.where(absent, NO_VALUE, value), start)
        count = np.diff(np.append(start, len(at)))
        offset = np.full(len(start), NO_VALUE)
        if sign is Sign.AGAIN:
            count = np.add.reduceat(self.times[at], start)
        elif sign is Sign.AHEAD:
            offset = np.maximum.reduceat(self.rows.at[at] - self.received[at], start)
        elif sign in (Sign.CLOCK_JUMP, Sign.OFF_BEAT):
            most, least = np.maximum.reduceat(self.away[at], start), np.minimum.reduceat(self.away[at], start)
            offset = np.where(most >= -least, most, least)
        before = self.values_before(at[start]) if sign in _STEPS else np.full(len(start), NO_VALUE)
        return Spans(
            np.full(len(start), name, dtype=object), self.rows.meter[at[start]], self.rows.at[at[start]],
            self.rows.at[at[end]], count, value[start], value[end], np.where(low == _BIG, NO_VALUE, low), high, before,
            offset,
        )  # fmt: skip

    def values_before(self, at: Ints) -> Ints:
        """The value that held before each of some rows, at an earlier moment of the same meter."""
        has = self.last_of_moment & (self.rows.value != NO_VALUE)
        held = np.maximum.accumulate(np.where(has, np.arange(len(has)), -1))
        # the rows of the moment itself are passed over
        first = np.searchsorted(self.moment, self.moment[at])
        found = np.where(first > 0, held[np.maximum(first - 1, 0)], -1)
        same = (found >= 0) & (self.rows.meter[found] == self.rows.meter[at])
        return np.where(same, self.rows.value[found], NO_VALUE)


def gaps(meter: Ints, start: Ints, stop: Ints, missing: Ints) -> Spans:
    """Stretches without a value, and how many points they should have."""
    nothing = np.full(len(meter), NO_VALUE)
    return Spans(
        np.full(len(meter), "gap", dtype=object), meter, start, stop, missing, nothing, nothing, nothing, nothing,
        nothing, nothing,
    )  # fmt: skip


def day_gaps(found: Points, on: DayMeters, until: int = _BIG) -> Spans:
    """The missing points of a day as spans, from the beginning of the first to the end of the last.

    until: the instant up to which points can be missing; one whose interval ends later is not due yet.
    """
    place, start, stop = holes(found, on)
    day, every = begins(on.day), on.every[place]
    stop = np.minimum(stop, (until - day) // every)
    place, start, stop, every = (x[start < stop] for x in (place, start, stop, every))
    return gaps(on.number[place], day + start * every, day + stop * every, stop - start)


def _clocks(seen: _Seen, signs: NDArray[np.uint16], systems: Systems) -> list[Spans]:
    """Readings off the beat: a clock that moves on and on drifts; one that keeps its distance is off.

    A jump at the first reading of a span belongs to what was before; one inside it makes the span no drift.
    """
    at = np.flatnonzero(signs & np.uint16(Sign.OFF_BEAT))
    if not len(at):
        return []
    start = seen.runs(at)
    moved = np.maximum.reduceat(seen.away[at], start) - np.minimum.reduceat(seen.away[at], start)
    jumped = (signs[at] & np.uint16(Sign.CLOCK_JUMP)) != 0
    jumped[start] = False
    inside = np.logical_or.reduceat(jumped, start)
    least = np.array(
        [_BIG if (x := systems[m.system].drift) is None else x for m in seen.on.meters], dtype=np.int64
    )[seen.place[at[start]]]  # fmt: skip
    drifts: Flags = (moved >= least) & ~inside
    of = np.repeat(drifts, np.diff(np.append(start, len(at))))
    return [seen.told("clock_drift", at[of], Sign.OFF_BEAT), seen.told("clock_off", at[~of], Sign.OFF_BEAT)]


def _nothing() -> Spans:
    none: Ints = np.zeros(0, dtype=np.int64)
    return Spans(np.zeros(0, dtype=object), *(none for _ in _COLUMNS))
