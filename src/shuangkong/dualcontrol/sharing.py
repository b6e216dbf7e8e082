"""Sharing a target out (目标分解): a reduction rate for each part, so that the energy closes to the last digit.

Rates do not add up; what closes is energy: what the parts may use under the stated growth, plus the reserve (预留),
is what the whole may use. Each part has a wished rate from published criteria; the rates nearest to the wishes,
weighted by energy, that close the whole are one shift λ of all wishes, held within each part's bounds: the only optimum
of a strictly convex objective. It is found in whole fractions, so that neither order nor names of parts change a digit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from fractions import Fraction
from math import lcm
from typing import Literal

_ZERO = Decimal(0)
_HUNDRED = Fraction(100)
_MILLIONTH = Decimal("0.000001")
Bound = Literal["low", "high", ""]


@dataclass(frozen=True, slots=True)
class Criterion:
    """A published criterion (分解因素): its weight, and whether more of it means more effort (1) or less (-1)."""

    id: str
    weight: Decimal
    direction: Literal[1, -1] = 1


@dataclass(frozen=True, slots=True)
class Sharer:
    """A part among whom a target is shared: a region, an industry, a key unit.

    `energy` of the base year in tce and `growth`, planned output at the end ÷ in the base year, make what it would use
    without effort. `low` and `high` bound its reduction rate in per cent. `criteria` are its figures; one that is
    missing moves it neither way. `apart` is energy of listed projects (单列项目), in tce, above what the rate allows.
    """

    id: str
    energy: Decimal
    growth: Decimal
    low: Decimal = _ZERO
    high: Decimal = Decimal(100)
    criteria: Mapping[str, Decimal] | None = None
    apart: Decimal = _ZERO


@dataclass(frozen=True, slots=True)
class Terms:
    """What is shared out: the reduction of the whole in per cent, and how.

    `whole` is the energy of the whole in tce, `growth` its planned growth. `margin` is added to the rate (加码,
    points), `reserve` a share of what the whole may use that is kept back. `spread` is how many points a criterion at
    twice the mean adds per unit of weight; `most` how far from the mean a figure counts, as a multiple. `step` is that
    of published rates.
    """

    rate: Decimal
    whole: Decimal
    growth: Decimal
    criteria: tuple[Criterion, ...] = ()
    margin: Decimal = _ZERO
    reserve: Decimal = _ZERO
    spread: Decimal = Decimal(1)
    most: Decimal = Decimal(1)
    step: Decimal = Decimal("0.1")


@dataclass(frozen=True, slots=True)
class Share:
    """What a part is given: its published `rate` and what it may use at the end, in tce (listed projects beside it).

    `wished` is the rate that its criteria ask for, `moved` what each of them adds to it, `missing` those it has no
    figure for; `solved` the rate before it was rounded to the step, and the bound that held it.
    """

    id: str
    rate: Decimal
    allowed: Decimal
    apart: Decimal
    wished: Decimal
    solved: Decimal
    held: Bound
    moved: Mapping[str, Decimal]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SharedOut:
    """The whole of it: `total` may be used; the parts' `allowed` and `apart` and the `reserve` make it up exactly.

    `kept` is the reserve that was asked for; the reserve is larger by what rounding and lower bounds left. `shift` is
    λ, the points by which all wishes were moved so that the energy closes.
    """

    total: Decimal
    reserve: Decimal
    kept: Decimal
    shift: Decimal
    shares: tuple[Share, ...]


@dataclass(frozen=True, slots=True)
class Clash:
    """No rates within the bounds close the whole: `missing` tce more would have to be saved by those `at` a bound."""

    missing: Decimal
    at: tuple[str, ...]


def wishes(
    sharers: Sequence[Sharer], terms: Terms
) -> tuple[list[Fraction], list[dict[str, Fraction]], list[tuple[str, ...]]]:
    """For each part: the rate its criteria ask for, in per cent; what each adds; and those it has no figure for.

    A figure counts as its distance from the mean of those that have one, weighted by what they would use without
    effort, as a share of that mean.
    """
    weight, _ = integers([_without_effort(s) for s in sharers])
    moved: list[dict[str, Fraction]] = [{} for _ in sharers]
    missing: list[list[str]] = [[] for _ in sharers]
    most = Fraction(terms.most)
    for c in terms.criteria:
        given = [(s.criteria or {}).get(c.id) for s in sharers]
        have = [n for n, figure in enumerate(given) if figure is not None]
        for n in sorted(set(range(len(sharers))) - set(have)):
            missing[n].append(c.id)
        figures, _ = integers([Fraction(f) for f in given if f is not None])
        known = sum(weight[n] for n in have)
        total = sum(weight[n] * f for n, f in zip(have, figures, strict=True))
        points = c.direction * Fraction(c.weight) * Fraction(terms.spread)
        for n, f in zip(have, figures, strict=True):
            if total:  # the figure less the mean, as a share of the mean
                far = Fraction(f * known - total, abs(total))
                moved[n][c.id] = points * max(-most, min(most, far))
    start = Fraction(terms.rate + terms.margin)
    return [start + sum(m.values(), Fraction(0)) for m in moved], moved, [tuple(m) for m in missing]


def share_out(sharers: Sequence[Sharer], terms: Terms, wished: Sequence[Fraction] | None = None) -> SharedOut | Clash:
    """Rates for all parts; `wished` takes the place of the criteria's (other methods). ValueError for wrong figures.

    Rounding is up to the step, towards more saving: what the parts then do not use goes to the reserve.
    """
    _check(sharers, terms)
    asked, moved, missing = wishes(sharers, terms)
    wish = asked if wished is None else list(wished)
    may = Fraction(terms.whole) * Fraction(terms.growth) * (1 - Fraction(terms.rate + terms.margin) / 100)
    keep = may * Fraction(terms.reserve)
    total, kept = _down(may), _down(keep)
    apart = sum((s.apart for s in sharers), _ZERO)
    weight = [_without_effort(s) for s in sharers]
    free = sum(weight, Fraction(0))
    # Σ weight × rate = 100 × (what all would use − what they may)
    # with amounts before they are cut to millionths: what is cut off would lift a rate that lies on a step to the next
    needed = _HUNDRED * (free - (may - keep - Fraction(apart)))
    bounds = _bounds(sharers, terms.step)
    found = _shift(weight, wish, bounds, needed)
    if found is None:
        short = needed - sum((w * high for w, (_, high) in zip(weight, bounds, strict=True)), Fraction(0))
        return Clash(_up(short / 100), tuple(s.id for s in sharers))
    shares = []
    for n, s in enumerate(sharers):
        low, high = bounds[n]
        solved = max(low, min(high, wish[n] + found))
        held: Bound = "low" if solved == low and wish[n] + found < low else "high" if wish[n] + found > high else ""
        rate = _rounded_up(solved, terms.step)
        allowed = _down(weight[n] * (1 - Fraction(rate) / 100))
        shares.append(Share(
            s.id, rate, allowed, s.apart, _near(wish[n]), _near(solved), held,
            {k: _near(v) for k, v in moved[n].items()}, missing[n],
        ))  # fmt: skip
    used = sum((x.allowed + x.apart for x in shares), _ZERO)
    return SharedOut(total, total - used, kept, _near(found), tuple(shares))


def _check(sharers: Sequence[Sharer], terms: Terms) -> None:
    if not sharers:
        raise ValueError("nobody to share with")
    if len({s.id for s in sharers}) != len(sharers):
        raise ValueError("two parts have one id")
    for s in sharers:
        if s.energy <= 0 or s.growth <= 0:
            raise ValueError(f"{s.id}: energy and growth must be above nought")
    if terms.whole <= 0 or terms.growth <= 0 or not 0 <= terms.reserve < 1 or terms.step <= 0:
        raise ValueError("whole, growth, reserve and step must make sense")


def _bounds(sharers: Sequence[Sharer], step: Decimal) -> list[tuple[Fraction, Fraction]]:
    """Both bounds of each part on the grid of the step: the lower one above, the upper one below what was given."""
    known: dict[tuple[Decimal, Decimal], tuple[Fraction, Fraction]] = {}
    for s in sharers:
        if (s.low, s.high) not in known:
            known[s.low, s.high] = _grid(s.low, step), _floor(s.high, step)
        low, high = known[s.low, s.high]
        if low > high:
            raise ValueError(f"{s.id}: no step lies between its bounds {s.low} and {s.high}")
    return [known[s.low, s.high] for s in sharers]


def integers(values: Sequence[Fraction]) -> tuple[list[int], int]:
    """The values over one denominator, and that denominator: sums of whole numbers cost far less than of fractions."""
    whole = lcm(*(v.denominator for v in values))
    return [v.numerator * (whole // v.denominator) for v in values], whole


def _without_effort(s: Sharer) -> Fraction:
    return Fraction(s.energy) * Fraction(s.growth)


def _shift(
    weight: Sequence[Fraction], wish: Sequence[Fraction], bounds: Sequence[tuple[Fraction, Fraction]], needed: Fraction
) -> Fraction | None:
    """λ for which the held rates weigh up to `needed`; None where even all upper bounds do not.

    Where lower bounds alone save more than is needed, everybody is at it. The sum is a rising broken line in λ: its
    corners are sorted and walked once.
    """
    masses, mass = integers(weight)
    rates, rate = integers([*wish, *(a for a, _ in bounds), *(b for _, b in bounds)])
    count, wanted = len(weight), needed * mass * rate
    asked, lows, highs = rates[:count], rates[count : 2 * count], rates[2 * count :]
    low = sum(w * a for w, a in zip(masses, lows, strict=True))
    if wanted > sum(w * b for w, b in zip(masses, highs, strict=True)):
        return None
    corners: dict[int, int] = {}
    for w, t, a, b in zip(masses, asked, lows, highs, strict=True):
        corners[a - t] = corners.get(a - t, 0) + w
        corners[b - t] = corners.get(b - t, 0) - w
    places = sorted(corners)
    if wanted <= low:
        return Fraction(places[0], rate)
    here, slope, at, enough = low, 0, places[0], -(-wanted.numerator // wanted.denominator)
    for place in places:
        after = here + slope * (place - at)
        if after >= enough and slope:
            return (at + (wanted - here) / slope) / rate
        here, at = after, place
        slope += corners[place]
    return Fraction(at, rate)


def _grid(rate: Decimal, step: Decimal) -> Fraction:
    """A bound at the next step above it."""
    return Fraction(_rounded_up(Fraction(rate), step))


def _floor(rate: Decimal, step: Decimal) -> Fraction:
    return Fraction(rate) // Fraction(step) * Fraction(step)


def _rounded_up(rate: Fraction, step: Decimal) -> Decimal:
    steps = -((-rate) // Fraction(step))
    return (Decimal(int(steps)) * step).quantize(step)


def _near(x: Fraction) -> Decimal:
    return (Decimal(x.numerator) / Decimal(x.denominator)).quantize(_MILLIONTH, ROUND_HALF_UP)


def _down(x: Fraction) -> Decimal:
    """As millionths, not above: nobody is allowed more than there is."""
    return Decimal(x * 10**6 // 1).scaleb(-6)


def _up(x: Fraction) -> Decimal:
    return Decimal(-((-x) * 10**6 // 1)).scaleb(-6).quantize(_MILLIONTH, ROUND_CEILING)


def equal_rate(sharers: Sequence[Sharer], terms: Terms) -> list[Fraction]:
    """Wishes by one rate for all (等比例)."""
    return [Fraction(terms.rate + terms.margin)] * len(sharers)


def grandfathered(sharers: Sequence[Sharer], terms: Terms) -> list[Fraction]:
    """Wishes by past use (历史法): each may use its share of the base year, so who grows faster must save more."""
    sums = sum((Fraction(s.energy) for s in sharers), Fraction(0))
    free = sum((_without_effort(s) for s in sharers), Fraction(0))
    keep = (1 - Fraction(terms.rate + terms.margin) / 100) * free / sums
    return [_HUNDRED * (1 - keep / Fraction(s.growth)) for s in sharers]


def by_productivity(sharers: Sequence[Sharer], terms: Terms, intensity: Mapping[str, Decimal]) -> list[Fraction]:
    """Wishes by energy productivity (能源产出率): in proportion to energy intensity; who has none, the mean."""
    weight = {s.id: _without_effort(s) for s in sharers}
    known = [s.id for s in sharers if s.id in intensity]
    mass = sum((weight[i] for i in known), Fraction(0))
    mean = sum((weight[i] * Fraction(intensity[i]) for i in known), Fraction(0)) / mass if mass else Fraction(0)
    rate = Fraction(terms.rate + terms.margin)
    return [rate * Fraction(intensity[s.id]) / mean if s.id in intensity and mean else rate for s in sharers]
