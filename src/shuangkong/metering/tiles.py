"""Readings to hours (读数汇总到小时) in arrays: what each meter let through in each hour, and how it is known.

The definition is in docs/design/metering.md; `metering.hours` says the same in Ibis, and tests hold the two equal.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shuangkong.metering.meters import Meter, Meters
from shuangkong.metering.model import MOST, NO_VALUE, SCALE

Ints = NDArray[np.int64]
MINUTE = 60 * SCALE
HOUR = 60 * MINUTE
#: China is eight whole hours ahead, so that hours of UTC are hours of China.
LONG_TENTHS = 15
_SAFE = 2**62


@dataclass(frozen=True, slots=True)
class Columns:
    """Readings in no order: meter, instant, value in millionths, and (`place`, `row`), the order in which they came."""

    meter: Ints
    at: Ints
    value: Ints
    place: Ints
    row: Ints


@dataclass(frozen=True, slots=True)
class Hours:
    """One row per meter and hour that a stretch touched, sorted. `quantity` is in millionths of the meter's unit.

    `measured` and `spread` are microseconds of the hour that short and long stretches cover. Hours of a stretch of
    which nothing is known (a reset) are not there.
    """

    meter: Ints
    hour: Ints
    quantity: Ints
    measured: Ints
    spread: Ints


@dataclass(frozen=True, slots=True)
class Turns:
    """Registers that ran backwards: at which reading of which meter; `over`: it began anew at its modulus."""

    meter: Ints
    at: Ints
    over: NDArray[np.bool_]


def newest(given: Columns) -> Columns:
    """Sorted by meter and time, of two readings of one moment the one that was taken last."""
    if _ascending(given.meter, given.at):
        return given
    order = np.lexsort((given.row, given.place, given.at, given.meter))
    meter, at = given.meter[order], given.at[order]
    last = np.ones(len(order), dtype=bool)
    last[:-1] = (meter[1:] != meter[:-1]) | (at[1:] != at[:-1])
    keep = order[last]
    return Columns(given.meter[keep], given.at[keep], given.value[keep], given.place[keep], given.row[keep])


def _ascending(first: Ints, second: Ints, *, strictly: bool = True) -> bool:
    """Whether rows are in the order of two columns; what the lake gives mostly is."""
    same = first[1:] == first[:-1]
    later = second[1:] > second[:-1] if strictly else second[1:] >= second[:-1]
    return bool(np.all((first[1:] > first[:-1]) | (same & later)))


def hours(given: Columns, meters: Meters) -> tuple[Hours, Turns]:
    """The hours of all readings, which are newest and sorted; of meters that are not in `meters` nothing is said."""
    spec = _Specs(meters)
    found, known = spec.rows(given.meter)
    have = known & (given.value != NO_VALUE)
    meter, at, value = given.meter, given.at, given.value
    if not have.all():
        meter, at, value, found = meter[have], at[have], value[have], found[have]
    every = spec.every[found]
    begin, end = at - every, at
    if spec.stamps_start.any():
        start = spec.stamps_start[found]
        begin, end = np.where(start, at, begin), np.where(start, at + every, end)
    quantity = value
    if spec.rate.any():
        rate = spec.rate[found]
        quantity = value.copy()
        quantity[rate] = _share(value[rate], every[rate], np.full(int(rate.sum()), HOUR))
    if not spec.register.any():
        nothing = np.zeros(0, dtype=np.int64)
        return _laid(meter, begin, end, quantity, every, spec, found), Turns(nothing, nothing, nothing.astype(bool))
    register = spec.register[found]
    told = ~register
    begin, end, quantity = begin.copy(), end.copy(), quantity.copy()
    turns = _registers(meter, at, value, found, spec, register, begin, end, quantity, told)
    return _laid(meter[told], begin[told], end[told], quantity[told], every[told], spec, found[told]), turns


class _Specs:
    """What is needed of the meters, by a dense number; the last spell of a meter says how it counts."""

    def __init__(self, meters: Meters) -> None:
        last: dict[int, Meter] = {}
        for m in meters.spells:
            if m.number not in last or last[m.number].valid_from <= m.valid_from:
                last[m.number] = m
        ordered = [last[n] for n in sorted(last)]
        self.number = np.array([m.number for m in ordered], dtype=np.int64)
        self.every = np.array([m.every * MINUTE for m in ordered], dtype=np.int64)
        self.register = np.array([m.kind == "register" for m in ordered], dtype=bool)
        self.rate = np.array([m.kind == "rate" for m in ordered], dtype=bool)
        self.stamps_start = np.array([m.stamp == "start" for m in ordered], dtype=bool)
        self.modulus = np.array([_millionths(m.modulus) for m in ordered], dtype=np.int64)
        self.factor = np.array([_millionths(m.factor) for m in ordered], dtype=np.int64)

    def rows(self, meter: Ints) -> tuple[Ints, NDArray[np.bool_]]:
        """Each meter's place here, and whether it has one."""
        if not len(self.number):
            return np.zeros(len(meter), dtype=np.int64), np.zeros(len(meter), dtype=bool)
        # the rows of one meter lie together, so each meter is looked for once
        new = np.ones(len(meter), dtype=bool)
        new[1:] = meter[1:] != meter[:-1]
        first = np.flatnonzero(new)
        place = np.minimum(np.searchsorted(self.number, meter[first]), len(self.number) - 1)
        lengths = np.diff(np.append(first, len(meter)))
        return np.repeat(place, lengths), np.repeat(self.number[place] == meter[first], lengths)


def _millionths(value: Decimal | None) -> int:
    return 0 if value is None else int(value.scaleb(6))


def _registers(
    meter: Ints, at: Ints, value: Ints, found: Ints, spec: _Specs, register: NDArray[np.bool_], begin: Ints, end: Ints,
    quantity: Ints, told: NDArray[np.bool_],
) -> Turns:  # fmt: skip
    """Fill in the stretches of registers: from the reading before, the difference; `told` where it is known."""
    here = np.flatnonzero(register[1:] & (meter[1:] == meter[:-1])) + 1
    step = value[here] - value[here - 1]
    modulus = spec.modulus[found[here]]
    back = step < 0
    over = back & (modulus > 0) & (step + modulus >= 0) & (step + modulus < -step)
    step = np.where(over, step + modulus, step)
    sure = ~back | over
    begin[here], end[here], quantity[here] = at[here - 1], at[here], step
    told[here] = sure
    return Turns(meter[here][back], at[here][back], over[back])


def _laid(meter: Ints, begin: Ints, end: Ints, quantity: Ints, every: Ints, spec: _Specs, found: Ints) -> Hours:
    """Stretches laid over the hours that they cross. Most lie in one hour and are taken as they are."""
    hour = begin // HOUR
    more = (end - 1) // HOUR - hour
    long = (end - begin) * 10 > every * LONG_TENTHS
    covered = end - begin
    if not more.any():
        return _summed(meter, hour, quantity, covered, long, spec, found)
    one = more == 0
    cross = np.flatnonzero(~one)
    count = more[cross] + 1
    of = np.repeat(cross, count)
    part_hour = hour[of] + (np.arange(len(of)) - np.repeat(np.cumsum(count) - count, count))
    start = np.maximum(part_hour * HOUR, begin[of])
    stop = np.minimum((part_hour + 1) * HOUR, end[of])
    length = end[of] - begin[of]
    part = _share(quantity[of], stop - begin[of], length) - _share(quantity[of], start - begin[of], length)
    return _summed(
        np.concatenate([meter[one], meter[of]]), np.concatenate([hour[one], part_hour]),
        np.concatenate([quantity[one], part]), np.concatenate([covered[one], stop - start]),
        np.concatenate([long[one], long[of]]), spec, np.concatenate([found[one], found[of]]),
    )  # fmt: skip


def _summed(
    meter: Ints, hour: Ints, part: Ints, covered: Ints, long: NDArray[np.bool_], spec: _Specs, found: Ints
) -> Hours:  # fmt: skip
    """Parts of one meter and hour together, times the meter's factor, rounded once."""
    if not _ascending(meter, hour, strictly=False):
        order = np.lexsort((hour, meter))
        meter, hour, part, covered, found = (x[order] for x in (meter, hour, part, covered, found))
        long = long[order]
    new = np.ones(len(meter), dtype=bool)
    new[1:] = (meter[1:] != meter[:-1]) | (hour[1:] != hour[:-1])
    at = np.flatnonzero(new)
    if not len(at):
        nothing = np.zeros(0, dtype=np.int64)
        return Hours(nothing, nothing, nothing, nothing, nothing)
    everything = np.add.reduceat(covered, at)
    spread = np.add.reduceat(np.where(long, covered, 0), at) if long.any() else np.zeros(len(at), dtype=np.int64)
    return Hours(
        meter[at], hour[at] * HOUR, _bounded(_scaled(_sums(part, at), spec.factor[found[at]])), everything - spread,
        spread,
    )  # fmt: skip


def _scaled(raw: Any, factor: Ints) -> Any:
    """Sums times the factors of their meters (millionths), rounded half away from zero."""
    if (factor == SCALE).all():
        return raw
    return _share(raw, factor, np.full(len(raw), SCALE))


def _sums(part: Ints, at: Ints) -> Any:
    """Sums between marks; in Python's whole numbers where 64 bits could run over."""
    if part.dtype != object and _most(part) < _SAFE // max(1, int(np.diff(np.append(at, len(part))).max())):
        return np.add.reduceat(part, at)
    return np.add.reduceat(part.astype(object), at)


def _share(quantity: Any, part: Ints, whole: Ints) -> Any:
    """quantity × part ÷ whole, rounded half away from zero; exact also where the product has more than 64 bits."""
    if not len(quantity):
        return quantity
    common = np.gcd(part, whole)
    part, whole = part // common, whole // common
    numbers: tuple[Any, ...] = (quantity, part, whole)
    if quantity.dtype == object or _most(quantity) * _most(part) * 2 + _most(whole) >= _SAFE:
        numbers = tuple(x.astype(object) for x in numbers)
    q, p, w = numbers
    size = (2 * abs(q) * p + w) // (2 * w)
    return np.where(q < 0, -size, size)


def _most(numbers: Ints) -> int:
    return max(abs(int(numbers.max())), abs(int(numbers.min())))


def _bounded(found: Any) -> Ints:
    """As 64-bit numbers. What is more than a stored quantity may be is NO_VALUE: it is no quantity of this world."""
    if found.dtype != object:
        return np.where(np.abs(found) > MOST, NO_VALUE, found)
    return np.array([NO_VALUE if abs(x) > MOST else x for x in found], dtype=np.int64)
