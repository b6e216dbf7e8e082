"""Readings to hours (读数汇总到小时) in arrays: what each meter let through in each hour, and how it is known.

The definition is in docs/design/metering.md; `metering.hours` says the same in Ibis, and tests hold the two equal.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shuangkong.metering.meters import Meters
from shuangkong.metering.model import MOST, NO_VALUE, SCALE
from shuangkong.metering.spells import HOUR, MINUTE, Flags, Ints, Spells, nothing

__all__ = [
    "HOUR", "MINUTE", "Columns", "Hours", "Ints", "Stretches", "Turns", "hours", "laid", "newest", "share", "stretches",
]  # fmt: skip
#: A stretch of more than one and a half times the usual length tells its sum and not its course.
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
class Stretches:
    """What readings say: that so much went through meter `place` (in `Spells.meters`) from `begin` to `end`.

    `long`: longer than one and a half times what is usual, so that the sum is known and not its course.
    """

    place: Ints
    begin: Ints
    end: Ints
    quantity: Ints
    long: Flags


@dataclass(frozen=True, slots=True)
class Parts:
    """Stretches cut by hours: `hour` counts hours since 1970; meter and hour may be there more than once."""

    place: Ints
    hour: Ints
    quantity: Ints
    covered: Ints
    long: Flags


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


def hours(given: Columns, meters: Meters | Spells) -> tuple[Hours, Turns]:
    """The hours of all readings, which are newest and sorted; of meters that are not in `meters` nothing is said."""
    spells = meters if isinstance(meters, Spells) else Spells(meters.spells)
    found, turns = stretches(given, spells)
    return _summed(laid(found), spells), turns


def stretches(given: Columns, spells: Spells) -> tuple[Stretches, Turns]:
    """What each reading says; readings are newest and sorted. Those of unknown meters or without value say nothing."""
    place, known = spells.places(given.meter)
    have = known & (given.value != NO_VALUE)
    at, value = given.at, given.value
    if not have.all():
        place, at, value = place[have], at[have], value[have]
    spell = spells.of_readings(place, at)
    plain = ~spells.register[spell]
    if not plain.all() or len(spells.stated.at):
        register = np.flatnonzero(~plain)
        runs, turns = _registers(place[register], at[register], value[register], spell[register], spells)
        one = _intervals(place[plain], at[plain], value[plain], spell[plain], spells)
        return _joined(one, runs), turns
    return _intervals(place, at, value, spell, spells), Turns(nothing(), nothing(), nothing().astype(bool))


def _intervals(place: Ints, at: Ints, value: Ints, spell: Ints, spells: Spells) -> Stretches:
    """Intervals and rates: each says its own stretch."""
    every = spells.every[spell]
    begin, end = at - every, at
    if spells.starts.any():
        start = spells.starts[spell]
        begin, end = np.where(start, at, begin), np.where(start, at + every, end)
    if spells.rate.any():
        rate = np.flatnonzero(spells.rate[spell])
        value = value.copy()
        value[rate] = share(value[rate], every[rate], np.full(len(rate), HOUR))
    return Stretches(place, begin, end, value, np.zeros(len(place), dtype=bool))


def _registers(place: Ints, at: Ints, value: Ints, spell: Ints, spells: Spells) -> tuple[Stretches, Turns]:
    """Registers: from the reading before of the same chain, the difference, where it is known."""
    chain: Ints = spells.chain[spell]
    said = spells.stated
    if len(said.at):
        of = np.searchsorted(spells.meters, spells.number[said.spell])
        sure = np.concatenate([np.zeros(len(at), dtype=bool), np.ones(len(said.at), dtype=bool)])
        place, at = np.concatenate([place, of]), np.concatenate([at, said.at])
        value, spell = np.concatenate([value, said.value]), np.concatenate([spell, said.spell])
        chain = np.concatenate([chain, said.chain])
        order = np.lexsort((sure, at, chain, place))
        # what was stated of a change stands in the place of a reading of that moment
        last = np.ones(len(order), dtype=bool)
        keys = np.stack([place, chain, at])[:, order]
        last[:-1] = (keys[:, 1:] != keys[:, :-1]).any(axis=0)
        place, at, value, spell, chain = (x[order[last]] for x in (place, at, value, spell, chain))
    here = np.flatnonzero((place[1:] == place[:-1]) & (chain[1:] == chain[:-1])) + 1
    step, modulus = value[here] - value[here - 1], spells.modulus[spell[here]]
    back = step < 0
    over = back & (modulus > 0) & (step + modulus >= 0) & (step + modulus < -step)
    step = np.where(over, step + modulus, step)
    begin, end, every = at[here - 1], at[here], spells.every[spell[here]]
    turns = Turns(spells.meters[place[here]][back], end[back], over[back])
    known = np.flatnonzero(~back | over)
    long = (end - begin) * 10 > every * LONG_TENTHS
    found = Stretches(place[here], begin, end, step, long)
    return Stretches(*(getattr(found, n)[known] for n in Stretches.__slots__)), turns


def _joined(a: Stretches, b: Stretches) -> Stretches:
    return Stretches(*(np.concatenate([getattr(a, n), getattr(b, n)]) for n in Stretches.__slots__))


def laid(given: Stretches, within: tuple[int, int] | None = None) -> Parts:
    """Stretches laid over the hours that they cross. Most lie in one hour and are taken as they are.

    `within` are the hours (since 1970) that are asked for, the last exclusive; parts outside are left out.
    """
    first, last = given.begin // HOUR, (given.end - 1) // HOUR
    one, covered = first == last, given.end - given.begin
    low, high = (first, last) if within is None else (np.maximum(first, within[0]), np.minimum(last, within[1] - 1))
    inside = one & (low <= high)
    cross = np.flatnonzero(~one & (low <= high))
    count = high[cross] - low[cross] + 1
    of = np.repeat(cross, count)
    hour = low[of] + (np.arange(len(of)) - np.repeat(np.cumsum(count) - count, count))
    start, stop = np.maximum(hour * HOUR, given.begin[of]), np.minimum((hour + 1) * HOUR, given.end[of])
    quantity, begin, length = given.quantity[of], given.begin[of], covered[of]
    part = share(quantity, stop - begin, length) - share(quantity, start - begin, length)
    alone = Parts(given.place, first, given.quantity, covered, given.long)
    if not inside.all():
        alone = Parts(*(getattr(alone, n)[inside] for n in Parts.__slots__))
    if not len(cross):
        return alone
    cut = Parts(given.place[of], hour, part, stop - start, given.long[of])
    return Parts(*(np.concatenate([getattr(alone, n), getattr(cut, n)]) for n in Parts.__slots__))


def _summed(parts: Parts, spells: Spells) -> Hours:
    """Parts of one meter and hour together, times the factor of the meter at that hour, rounded once."""
    if not _ascending(parts.place, parts.hour, strictly=False):
        order = np.lexsort((parts.hour, parts.place))
        parts = Parts(*(getattr(parts, n)[order] for n in Parts.__slots__))
    place, hour, covered = parts.place, parts.hour, parts.covered
    new = np.ones(len(place), dtype=bool)
    new[1:] = (place[1:] != place[:-1]) | (hour[1:] != hour[:-1])
    at = np.flatnonzero(new)
    if not len(at):
        return Hours(nothing(), nothing(), nothing(), nothing(), nothing())
    everything = np.add.reduceat(covered, at)
    spread = np.add.reduceat(np.where(parts.long, covered, 0), at)
    return counted(place[at], hour[at], _sums(parts.quantity, at), everything - spread, spread, spells)


def counted(place: Ints, hour: Ints, raw: Any, measured: Ints, spread: Ints, spells: Spells) -> Hours:
    """Raw sums of hours times their factors: where the one rounding of an hour is."""
    factor = spells.factor[spells.of_hours(place, hour * HOUR)]
    return Hours(spells.meters[place], hour * HOUR, _bounded(_scaled(raw, factor)), measured, spread)


def _scaled(raw: Any, factor: Ints) -> Any:
    """Sums times the factors of their meters (millionths), rounded half away from zero."""
    if (factor == SCALE).all():
        return raw
    return share(raw, factor, np.full(len(raw), SCALE))


def _sums(part: Ints, at: Ints) -> Any:
    """Sums between marks; in Python's whole numbers where 64 bits could run over."""
    if part.dtype != object and _most(part) < _SAFE // max(1, int(np.diff(np.append(at, len(part))).max())):
        return np.add.reduceat(part, at)
    return np.add.reduceat(part.astype(object), at)


def share(quantity: Any, part: Ints, whole: Ints) -> Any:
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
