"""A meter's day (表计日): which points it should have, which came, how good they are. Pure: arrays in, arrays out.

A point belongs to the day whose interval it closes (24:00 is the day before's), or opens, where beginnings are stamped;
a reading stands for the point whose usual moment lies nearest. A point counts once, however often it was sent.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from shuangkong.metering.checks import Sign
from shuangkong.metering.meters import Meter
from shuangkong.metering.model import NO_VALUE
from shuangkong.metering.monitoring import System, Systems
from shuangkong.metering.spells import CHINA, DAY, HOUR, MINUTE, Flags, Ints
from shuangkong.metering.stored import StoredRows

#: With one of these a value is no valid one. A spike or a standstill is: it may be true.
INVALID = Sign.OUT_OF_RANGE | Sign.NEGATIVE | Sign.AHEAD
_FAR = 2**62
_EPOCH = date(1970, 1, 1)
_HOURS = 24
#: Millionths of a percent in the whole.
_WHOLE = 100_000_000


class DayMeters:
    """The meters of one day, by number, each with the spell that holds on it."""

    def __init__(self, meters: Iterable[Meter], day: date) -> None:
        self.day = day
        self.meters = tuple(
            sorted((m for m in meters if m.valid_from <= day < m.valid_to), key=lambda m: m.number)
        )  # fmt: skip
        self.number: Ints = np.array([m.number for m in self.meters], dtype=np.int64)
        self.every: Ints = np.array([m.every * MINUTE for m in self.meters], dtype=np.int64)
        self.starts: Flags = np.array([m.stamp == "start" for m in self.meters], dtype=bool)

    @property
    def expected(self) -> Ints:
        """Points that each meter has in a whole day; 0 of one that is read less than daily."""
        found: Ints = DAY // self.every
        return found

    def places(self, meter: Ints) -> tuple[Ints, Flags]:
        """The place of each row's meter here, and whether it has one."""
        if not len(self.number):
            return np.zeros(len(meter), dtype=np.int64), np.zeros(len(meter), dtype=bool)
        place = np.minimum(np.searchsorted(self.number, meter), len(self.number) - 1)
        return place, self.number[place] == meter


def day_number(day: date) -> int:
    """Days since 1970."""
    return (day - _EPOCH).days


def begins(day: date) -> int:
    """The first moment of a day in China, microseconds of UTC."""
    return day_number(day) * DAY - CHINA


def points(at: Ints, every: Ints, starts: Flags) -> tuple[Ints, Ints]:
    """The day (days since 1970) and the place in it of the point that each reading stands for."""
    local = at + CHINA
    day = local // DAY
    within = local - day * DAY
    count = DAY // every
    beat = (2 * within + every) // (2 * every)
    before = ~starts & (beat == 0)
    after = starts & (beat >= count) & (count * every == DAY)
    place = np.where(starts, np.minimum(beat, count - 1), np.minimum(beat, count) - 1)
    place = np.where(before, count - 1, np.where(after, 0, place))
    slow = count == 0
    if slow.any():
        place = np.where(slow, 0, place)
        before, after = np.where(slow, ~starts & (within == 0), before), after & ~slow
    return day - before + after, place


@dataclass(frozen=True, slots=True)
class Points:
    """Points of which something came, by place of the meter and number of the point, in order."""

    place: Ints
    slot: Ints
    value: Flags
    valid: Flags
    late: Flags
    corrected: Flags


@dataclass(frozen=True, slots=True)
class MeterDays:
    """The day of each meter of which something came; shares (of %) and score in millionths, NO_VALUE for none.

    `hours_valid` is −1 where nobody asks for it, and so is `hours_mask`, whose bits are the valid hours (bit 0 begins
    at midnight). `state` is one of `quality_tables.STATES`.
    """

    place: Ints
    expected: Ints
    received: Ints
    valid: Ints
    late: Ints
    corrected: Ints
    hours_valid: Ints
    hours_mask: Ints
    shares: dict[str, Ints]
    score: Ints
    state: tuple[str, ...]


def points_of(own: StoredRows, signs: NDArray[np.uint16], on: DayMeters, systems: Systems) -> Points:
    """The points of a day. `own`: its readings in order, of meters of `on`; `signs`: what the checks saw at each."""
    rows = own.rows
    if not len(rows.at):
        no, none = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=bool)
        return Points(no, no, none, none, none, none)
    place, _ = on.places(rows.meter)
    every, starts = on.every[place], on.starts[place]
    _, slot = points(rows.at, every, starts)
    holds = np.ones(len(rows.at), dtype=bool)
    holds[:-1] = (rows.meter[1:] != rows.meter[:-1]) | (rows.at[1:] != rows.at[:-1])
    given = rows.value != NO_VALUE
    has = holds & given
    valid = has & ((signs & np.uint16(INVALID)) == 0) & _normal(own.mark, place, on, systems)
    waited = np.where(given, own.received - rows.at - np.where(starts, every, 0), _FAR)
    key = place * (int(on.expected.max(initial=1)) + 1) + slot
    first = np.ones(len(key), dtype=bool)
    first[1:] = key[1:] != key[:-1]
    at = np.flatnonzero(first)
    limit = np.array([_FAR if (x := systems[m.system].late) is None else x for m in on.meters], dtype=np.int64)
    arrived = np.minimum.reduceat(waited, at)
    return Points(
        place[at], slot[at], np.logical_or.reduceat(has, at), np.logical_or.reduceat(valid, at),
        (arrived > limit[place[at]]) & (arrived != _FAR),
        np.logical_or.reduceat((signs & np.uint16(Sign.CORRECTED)) != 0, at),
    )  # fmt: skip


def _normal(mark: Ints, place: Ints, on: DayMeters, systems: Systems) -> Flags:
    """Whether the source's mark lets a value count; a mark that a system says nothing of does."""
    names = sorted({m.system for m in on.meters if systems[m.system].normal})
    normal = np.ones(len(mark), dtype=bool)
    for name in names:
        told = np.ones(256, dtype=bool)
        for code, is_normal in systems[name].normal.items():
            told[code] = is_normal
        of = np.array([m.system == name for m in on.meters])[place]
        normal &= ~of | told[np.clip(mark, 0, 255)]
    return normal


def judged(found: Points, on: DayMeters, systems: Systems) -> MeterDays:
    """How each meter's day stands: counts, shares, score, and whether the rule of its monitoring system is met."""
    place = np.unique(found.place)
    size = len(on.meters)

    def count(which: Flags) -> Ints:
        of_all: Ints = np.bincount(found.place[which], minlength=size).astype(np.int64)
        return of_all[place]

    expected, received, valid = on.expected[place], count(found.value), count(found.valid)
    late, corrected = count(found.late & found.value), count(found.corrected)
    shares = {
        "completeness": _percent(received, expected),
        "validity": _percent(valid, received),
        "timeliness": _percent(received - late, received),
        "steadiness": _percent(np.maximum(received - corrected, 0), received),
    }
    of = [systems[on.meters[p].system] for p in place.tolist()]
    hours, mask = _hours_valid(found, on, systems, place)
    score = np.array(
        [_score(s, {k: int(v[n]) for k, v in shares.items()}) if received[n] else NO_VALUE for n, s in enumerate(of)],
        dtype=np.int64,
    )  # fmt: skip
    state = tuple(
        state_of(s, int(e), int(r), int(h)) for s, e, r, h in zip(of, expected, received, hours, strict=True)
    )  # fmt: skip
    return MeterDays(place, expected, received, valid, late, corrected, hours, mask, shares, score, state)


def state_of(system: System, expected: int, received: int, hours_valid: int) -> str:
    """Where a day stands: whole numbers against the rule, so that 90 % of 96 points are 87 and 86 are too few."""
    if not expected:
        return "slow"
    if not received:
        return "missing"
    asked = []
    if system.completeness is not None:
        asked.append(received * 100 >= system.completeness * expected)
    if system.hour_share is not None and system.day_hours is not None and hours_valid >= 0:
        asked.append(hours_valid >= system.day_hours)
    if not asked:
        return "no_rule"
    return "ok" if all(asked) else "short"


def hour_counts(system: System, normal: int, every_minutes: int) -> bool:
    """Whether an hour with that many valid points is itself valid: of minutes at 75 % 45 are enough, 44 are not."""
    return system.hour_share is not None and normal * every_minutes * 100 >= system.hour_share * 60


def _hours_valid(found: Points, on: DayMeters, systems: Systems, place: Ints) -> tuple[Ints, Ints]:
    """How many hours of each meter are valid, and which (a bit each); −1 where its system asks for none or its points
    are no parts of hours.
    """
    share = np.array([-1 if (x := systems[m.system].hour_share) is None else int(x * 10**6) for m in on.meters])
    asked = (share >= 0) & (on.every <= HOUR) & (HOUR % on.every == 0)
    if not asked[place].any():
        nothing = np.full(len(place), -1, dtype=np.int64)
        return nothing, nothing
    rows = found.valid & asked[found.place]
    of, every = found.place[rows], on.every[found.place[rows]]
    normal = np.bincount(of * _HOURS + found.slot[rows] * every // HOUR, minlength=len(on.meters) * _HOURS)
    minutes = normal.reshape(-1, _HOURS) * (on.every // MINUTE)[:, None]
    valid: Flags = minutes * _WHOLE >= share[:, None] * 60
    counted, mask = valid.sum(axis=1), (valid * (1 << np.arange(_HOURS))).sum(axis=1)
    return np.where(asked, counted, -1)[place].astype(np.int64), np.where(asked, mask, -1)[place].astype(np.int64)


def _percent(part: Ints, whole: Ints) -> Ints:
    """Shares in millionths of a percent, rounded half up; NO_VALUE of nothing."""
    full = np.maximum(whole, 1)
    return np.where(whole > 0, (2 * part * _WHOLE + full) // (2 * full), NO_VALUE)


def _score(system: System, shares: dict[str, int]) -> int:
    """The weighted mean of the parts that are known, in millionths of a point; NO_VALUE without any weight."""
    known = [(w, shares[p]) for p, w in system.weights.items() if shares.get(p, NO_VALUE) != NO_VALUE]
    weight = sum(w for w, _ in known)
    if not weight:
        return NO_VALUE
    return int((sum(w * s for w, s in known) * 2 + weight) // (2 * weight))


def holes(found: Points, on: DayMeters) -> tuple[Ints, Ints, Ints]:
    """Runs of points without a value: place of the meter, first point, and the point after the last.

    Only meters of which something came, and that are read at least daily.
    """
    place = np.unique(found.place)
    place = place[on.expected[place] > 0]
    width = int(on.expected.max(initial=1)) + 2
    have = found.value & (on.expected[found.place] > 0)
    key = np.sort(np.concatenate([
        found.place[have] * width + found.slot[have] + 1, place * width, place * width + on.expected[place] + 1,
    ]))  # fmt: skip
    of, slot = key // width, key % width
    gap = np.flatnonzero((of[1:] == of[:-1]) & (slot[1:] > slot[:-1] + 1))
    return of[gap], slot[gap], slot[gap + 1] - 1
