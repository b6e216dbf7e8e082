"""Gaps of a path to its goals, and how far each lever alone would have to move to close one (差距与杠杆).

A lever is solved in closed form where the goal is a ratio at one year, and by bisection where it is the year of the
peak. Every answer is tried on the path itself before it is told: one that does not hold is not told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal, localcontext
from typing import Literal

from shuangkong.dualcontrol.peaking import (
    COAL,
    INDUSTRY,
    LEVERS,
    OTHER,
    POWER,
    Assumed,
    Base,
    Point,
    co2_of,
    exact_path,
    peak_year,
)
from shuangkong.kernel.numbers import quantise

Kind = Literal["energy_per_gdp", "co2_per_gdp", "nonfossil_share", "peak"]
#: met or short of it; unknown: its base year is not on the path and no level of it is known.
State = Literal["met", "short", "unknown"]
#: closes: within its range. beyond: it would have to go further than its range. no_effect: it does not move the goal.
Reach = Literal["closes", "beyond", "no_effect"]
_WIDE = Context(prec=50)
_STEP = Decimal("0.000001")
_BISECTION = Decimal("0.0001")
_ONE, _ZERO, _HUNDRED = Decimal(1), Decimal(0), Decimal(100)


@dataclass(frozen=True, slots=True)
class Goal:
    """What is asked of a path. `value`: the fall in % against `base_year`, the share in %, or for `peak` nothing.

    `base_level` is the level of the base year where that lies before the path. `own` is false for a goal of the nation
    that a region is merely held against.
    """

    kind: Kind
    year: int
    value: Decimal = _ZERO
    base_year: int | None = None
    base_level: Decimal | None = None
    pack: str = ""
    slug: str = ""
    clause: str = ""
    confidence: str = "confirmed"
    own: bool = True


@dataclass(frozen=True, slots=True)
class Gap:
    """How a path stands to a goal. `reached` and `gap` are in the goal's unit (%, points, or years for `peak`).

    `gap` is what is short, null for `peak` without a peak on the path. `amount` is the gap in tce or tCO2 of the
    goal's year, where the goal is a ratio.
    """

    goal: Goal
    state: State
    reached: Decimal | None
    gap: Decimal | None
    amount: Decimal | None = None
    amount_unit: str = ""


@dataclass(frozen=True, slots=True)
class Alone:
    """What one lever alone would have to be, the others as assumed, in the lever's own unit a year.

    `needed` is null where it has no effect. `left` is the gap that stays with the lever at the end of its range.
    """

    lever: str
    reach: Reach
    now: Decimal
    needed: Decimal | None
    how: Literal["closed_form", "bisection", ""] = ""
    left: Decimal | None = None


def gap_of(points: Sequence[Point], goal: Goal, after: int) -> Gap:
    """How a path stands to a goal; `after` as in `peak_year`."""
    by_year = {p.year: p for p in points}
    if goal.kind == "peak":
        found = peak_year(co2_of(points), after)
        if found is None:
            return Gap(goal, "short", None, None)
        late = Decimal(max(found - goal.year, 0))
        return Gap(goal, "short" if late else "met", Decimal(found), late)
    here = by_year.get(goal.year)
    if here is None:
        return Gap(goal, "unknown", None, None)
    if goal.kind == "nonfossil_share":
        reached = quantise(here.nonfossil_share * _HUNDRED)
        short = goal.value - reached
        return Gap(goal, "short" if short > 0 else "met", reached, max(short, _ZERO),
                   quantise(max(short, _ZERO) / 100 * here.energy), "tce")  # fmt: skip
    level = _base_level(by_year, goal)
    if level is None:
        return Gap(goal, "unknown", None, None)
    with localcontext(_WIDE):
        reached = quantise((1 - _level(here, goal.kind) / level) * 100)
        over = _level(here, goal.kind) - level * (1 - goal.value / 100)
        amount = quantise(max(over, _ZERO) * here.value_added)
    short = goal.value - reached
    unit = "tce" if goal.kind == "energy_per_gdp" else "tCO2"
    return Gap(goal, "short" if short > 0 else "met", reached, max(short, _ZERO), amount, unit)


def _level(point: Point, kind: Kind) -> Decimal:
    """tce or tCO2 per yuan, unrounded."""
    return (point.energy if kind == "energy_per_gdp" else point.co2) / point.value_added


def _base_level(by_year: Mapping[int, Point], goal: Goal) -> Decimal | None:
    if goal.base_year is not None and goal.base_year in by_year:
        with localcontext(_WIDE):
            return _level(by_year[goal.base_year], goal.kind)
    return goal.base_level


def alone(
    base: Base, assumed: Assumed, goal: Goal, ranges: Mapping[str, tuple[Decimal, Decimal]], after: int
) -> tuple[Alone, ...]:
    """Each lever that has a range, for a goal that the path is short of: how far it would have to go by itself.

    In the order of how much of its range that takes, the least first, growth behind the others: nobody is advised to
    grow less where something else would do. Then those that do not suffice.
    """
    found = [_one(base, assumed, goal, lever, ranges[lever], after) for lever in LEVERS if lever in ranges]
    order = {"closes": 0, "beyond": 1, "no_effect": 2}
    return tuple(sorted(found, key=lambda a: (order[a.reach], a.lever == "growth", _effort(a, ranges[a.lever]))))


def _effort(a: Alone, bounds: tuple[Decimal, Decimal]) -> Decimal:
    if a.needed is None or bounds[1] == bounds[0]:
        return _ZERO
    return abs(a.needed - a.now) / (bounds[1] - bounds[0])


def _one(
    base: Base, assumed: Assumed, goal: Goal, lever: str, bounds: tuple[Decimal, Decimal], after: int
) -> Alone:  # fmt: skip
    now = assumed.moves.of(lever)

    def gap(value: Decimal) -> Gap:
        moved = replace(assumed, moves=assumed.moves.but(lever, value))
        return gap_of(exact_path(base, moved), goal, after)

    limit = _better_end(lever, bounds)
    end = gap(limit)
    needed = None if goal.kind == "peak" else _closed(base, assumed, goal, lever)
    how: Literal["closed_form", "bisection"] = "closed_form"
    if needed is None or gap(needed).state != "met":
        needed, how = _bisected(lambda v: gap(v).state == "met", now, limit), "bisection"
    if needed is not None and min(bounds) <= needed <= max(bounds):
        return Alone(lever, "closes", now, needed, how)
    if _same(end, gap(now)):
        return Alone(lever, "no_effect", now, None)
    return Alone(lever, "beyond", now, needed, how if needed is not None else "", end.gap)


def _same(a: Gap, b: Gap) -> bool:
    return (a.reached, a.gap) == (b.reached, b.gap) and a.goal.kind != "peak"


def _better_end(lever: str, bounds: tuple[Decimal, Decimal]) -> Decimal:
    """The end of a range at which CO2 is lowest: all levers but growth."""
    return min(bounds) if lever == "growth" else max(bounds)


def _bisected(met: Callable[[Decimal], bool], now: Decimal, limit: Decimal) -> Decimal | None:
    """The value nearest to now, to four decimals, at which the goal is met; None where it is not met at the limit."""
    if not met(limit):
        return None
    bad, good = now, limit
    while abs(good - bad) > _BISECTION:
        middle = quantise((good + bad) / 2, 6)
        good, bad = (middle, bad) if met(middle) else (good, middle)
    rounding = ROUND_CEILING if limit > now else ROUND_FLOOR
    told = good.quantize(_BISECTION, rounding=rounding)
    return told if met(told) else good


def _closed(base: Base, assumed: Assumed, goal: Goal, lever: str) -> Decimal | None:
    """The lever's value from the formula of the path, rounded to the side on which the goal is met."""
    with localcontext(_WIDE):
        found = _solved(base, assumed, goal, lever)
        return None if found is None else found.quantize(_STEP, rounding=ROUND_CEILING)


def _solved(base: Base, assumed: Assumed, goal: Goal, lever: str) -> Decimal | None:
    points = {p.year: p for p in exact_path(base, assumed)}
    here, years = points[goal.year], goal.year - base.year
    if goal.kind == "nonfossil_share":
        start = base.nonfossil / base.energy
        return (goal.value / 100 - start) * 100 / years if lever == "nonfossil" else None
    level = _base_level(points, goal)
    if level is None or (goal.base_year is not None and goal.base_year > base.year):
        return None
    wanted = level * (1 - goal.value / 100)
    ratio = wanted / _level(here, goal.kind)
    if lever == "efficiency":
        return (1 - (1 - assumed.moves.efficiency / 100) * ratio ** (_ONE / years)) * 100
    if lever == "structure":
        return _structure(base, here, years, ratio)
    if goal.kind == "energy_per_gdp":
        return None
    return _of_carbon(base, assumed, here, years, ratio, lever)


def _structure(base: Base, here: Point, years: int, ratio: Decimal) -> Decimal | None:
    """E ÷ V = share · industry + (1 − share) · other is linear in the share at the goal's year."""
    by_name = {s.name: s for s in base.sectors}
    if len(by_name) < 2 or not all(s.value_added for s in base.sectors):
        return None
    industry, other = (by_name[n].energy / by_name[n].value_added for n in (INDUSTRY, OTHER))
    if industry <= other:
        return None
    share = here.industry_share
    mean = share * industry + (1 - share) * other
    needed = (mean * ratio - other) / (industry - other)
    start = by_name[INDUSTRY].value_added / base.value_added
    return (start - needed) * 100 / years


def _of_carbon(
    base: Base, assumed: Assumed, here: Point, years: int, ratio: Decimal, lever: str
) -> Decimal | None:  # fmt: skip
    """C ÷ E = (1 − nonfossil) · Σ share · factor: linear in the non-fossil share and in coal's share."""
    if lever == "nonfossil":
        start = base.nonfossil / base.energy
        return (1 - (1 - here.nonfossil_share) * ratio - start) * 100 / years
    burnt = base.energy - base.nonfossil
    factors = {f.name: f.factor for f in base.fuels}
    cleaner = (1 - assumed.moves.grid / 100) ** years
    factors[POWER] = factors.get(POWER, _ZERO) * cleaner
    carbon = here.co2 / here.energy / (1 - here.nonfossil_share) if here.nonfossil_share < 1 else _ZERO
    if lever == "fuel" and COAL in factors and assumed.instead in factors:
        apart = factors[COAL] - factors[assumed.instead]
        start = sum((f.energy for f in base.fuels if f.name == COAL), _ZERO) / burnt
        return (start - here.coal_share + carbon * (1 - ratio) / apart) * 100 / years if apart > 0 else None
    if lever == "grid" and factors[POWER]:
        bought = sum((f.energy for f in base.fuels if f.name == POWER), _ZERO) / burnt
        share = bought + (_instead_of_coal(base, here, burnt) if assumed.instead == POWER else _ZERO)
        left = share * factors[POWER] - carbon * (1 - ratio)
        first = next(f.factor for f in base.fuels if f.name == POWER)
        return (1 - (left / (share * first)) ** (_ONE / years)) * 100 if left > 0 and share else None
    return None


def _instead_of_coal(base: Base, here: Point, burnt: Decimal) -> Decimal:
    """What the fuel that takes coal's place gained in share by a year."""
    return sum((f.energy for f in base.fuels if f.name == COAL), _ZERO) / burnt - here.coal_share
