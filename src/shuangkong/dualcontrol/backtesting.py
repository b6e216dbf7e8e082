"""Back-test of watching (回测): made-up region-years with late and later revised returns, estimated as a run would.

Everything is synthetic (合成). For each month of a year the estimate is made from what was known at that month's end
and held against the final figures: how far off it was, and how often the final figure lay inside the interval.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import exp, fsum
from random import Random

from shuangkong.dualcontrol.watch_estimating import YEAR, Pool, Priors, Respondent
from shuangkong.dualcontrol.watch_nowcast import Drift, ahead, earlier_misses
from shuangkong.dualcontrol.watch_priors import ESTIMATE, Figures, drifting, estimating, revising
from shuangkong.dualcontrol.watch_rows import Facts, around
from shuangkong.dualcontrol.watch_sums import Key, Late, Month, Revising, Revisions, Sums, held_revisions, rounded

#: The year that is watched, after three full ones; any will do.
_YEAR = 2025
_FIRST = (_YEAR - 3) * YEAR
_KEY: Key = ("energy", "synthetic", "region")


@dataclass(frozen=True, slots=True)
class World:
    """How the made-up region behaves: sizes, noise, how returns come late, and how they are put right.

    late: least and most share of units that are late with the newest month; each month before it, half as many. differ:
    how much later units grow less than the others. revised: share of returns that are put right, by `revision` (mean,
    standard deviation). stops: share of unit-months in which a unit stands still.
    """

    units: int = 60
    strata: int = 8
    late: tuple[float, float] = (0.2, 0.6)
    noise: float = 0.05
    lasting: float = 0.05
    cycle: float = 0.03
    differ: float = 0.005
    revised: float = 0.15
    revision: tuple[float, float] = (0.01, 0.05)
    stops: float = 0.01


@dataclass(frozen=True, slots=True)
class Made:
    """A made-up region: final returns by unit and month, first returns of those put right, who is late by how much."""

    stratum: Mapping[int, int]
    final: Mapping[tuple[int, int], float]
    first: Mapping[tuple[int, int], float]
    power: Mapping[tuple[int, int], float]
    delay: Mapping[tuple[int, int], int]
    changes: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Score:
    """One month of one region-year: the share that was late, relative errors, and whether the final lay inside.

    error: of the year to date with estimates; known_only: of what was known alone. end: of the nowcast of the year.
    """

    month: int
    late: float
    error: float
    known_only: float
    inside: bool
    end_error: float | None
    end_inside: bool | None


def made_up(seed: int, world: World) -> Made:
    """A region of four years, the last of which is watched; the same seed gives the same region."""
    draw = Random(seed)
    stratum = {u: u % world.strata for u in range(world.units)}
    size = {u: exp(draw.gauss(0, 1)) * 1000 for u in stratum}
    season = {s: [1 + 0.15 * draw.uniform(-1, 1) for _ in range(YEAR)] for s in range(world.strata)}
    growth = {s: draw.gauss(0.03, 0.03) for s in range(world.strata)}
    share = draw.uniform(*world.late)
    prone = {u: draw.random() < 0.5 for u in stratum}
    final: dict[tuple[int, int], float] = {}
    first: dict[tuple[int, int], float] = {}
    power: dict[tuple[int, int], float] = {}
    delay: dict[tuple[int, int], int] = {}
    changes: list[float] = []
    cycle = dict.fromkeys(range(world.strata), 0.0)
    lasting: dict[int, float] = {}
    for n in range(4 * YEAR):
        month = _FIRST + n
        for s in cycle:
            cycle[s] = 0.8 * cycle[s] + draw.gauss(0, world.cycle * 0.6)
        for u, s in stratum.items():
            if not n % YEAR:
                lasting[u] = draw.gauss(0, world.lasting)
            grown = (1 + growth[s] - (world.differ if prone[u] else 0.0)) ** (n / YEAR)
            y = size[u] * season[s][n % YEAR] * grown * exp(cycle[s] + lasting[u] + draw.gauss(0, world.noise))
            y *= 0.1 if draw.random() < world.stops else 1.0
            final[u, month] = y
            power[u, month] = y * 3000 * exp(draw.gauss(0, 0.06))
            if draw.random() < world.revised:
                change = draw.gauss(*world.revision)
                first[u, month] = y / (1 + change)
                changes.append(change)
            # twice as many of those that are prone to be late, so that the share is as drawn
            chance = share * (1.4 if prone[u] else 0.6)
            delay[u, month] = 1 + int(draw.random() < 0.5) if draw.random() < chance else 0
    return Made(stratum, final, first, power, delay, tuple(changes))


@dataclass(frozen=True, slots=True)
class _Taken:
    """What is taken for granted, as the packs have it, and what a region's corrections taught."""

    priors: Priors
    drift: Drift
    revising: Revising
    revisions: Revisions
    level: float


def scores(seed: int, world: World, of: Figures) -> list[Score]:
    """The twelve months of a made-up year, each as known at its end, with the priors that the packs give."""
    region = made_up(seed, world)
    before = [c for (_, m), c in zip(region.first, region.changes, strict=True) if m < _YEAR * YEAR]
    prior = revising(of)
    revisions = held_revisions(before, world.units * 3 * YEAR, prior)
    taken = _Taken(estimating(of), drifting(of), prior, revisions, float(of(ESTIMATE, "level")))
    return [_score(region, world, month, taken) for month in range(YEAR)]


def _score(region: Made, world: World, month: int, taken: _Taken) -> Score:
    now = _YEAR * YEAR + month
    known: dict[int, dict[int, float]] = {u: {} for u in region.stratum}
    late: list[tuple[int, int]] = []
    for (u, m), y in region.final.items():
        if m > now:
            continue
        if m + region.delay[u, m] > now:
            late.append((u, m))
        else:
            # a year on, every return has been put right
            known[u][m] = y if now - m >= YEAR else region.first.get((u, m), y)
    facts = _facts(region, known, late, now, taken)
    reading = facts.sums.to_date(_KEY, now)
    true = fsum(y for (_, m), y in region.final.items() if m // YEAR == _YEAR and m <= now)
    alone = fsum(y for rows in known.values() for m, y in rows.items() if m // YEAR == _YEAR)
    year = fsum(y for (_, m), y in region.final.items() if m // YEAR == _YEAR)
    amount = reading.amount
    if amount is None:
        raise ValueError(f"nothing supports a late return of the made-up region: {reading.needs}")
    low, high = around(amount, reading.shift, reading.error, taken.level)
    missed = earlier_misses(facts.sums, _KEY, _YEAR, taken.drift.years)
    whole, _ = ahead(facts, _KEY, now, taken.drift, missed)
    end_error = end_inside = None
    if whole is not None and month < YEAR - 1:
        a, b = around(whole.amount, whole.shift, whole.error, taken.level)
        end_error, end_inside = float(whole.amount) / year - 1, float(a) <= year <= float(b)
    newest = sum(1 for _, m in late if m == now) / world.units
    inside = float(low) <= true <= float(high)
    return Score(month + 1, newest, float(amount) / true - 1, alone / true - 1, inside, end_error, end_inside)


def _facts(
    region: Made, known: Mapping[int, Mapping[int, float]], late: Sequence[tuple[int, int]], now: int, taken: _Taken
) -> Facts:
    """The made-up figures as a run would have them."""
    # a third of the units have meters of electricity that tell at once what their returns will say later
    aux = {u: {m: v for (w, m), v in region.power.items() if w == u and m <= now} for u in known if not u % 3}
    group = [
        Respondent(str(u), str(region.stratum[u]), rows, {}, {"electricity": aux[u]} if u in aux else {})
        for u, rows in known.items()
    ]
    pool = Pool(group, taken.priors)
    stand_in: dict[int, Late] = {}
    for u, m in sorted(late):
        made = pool.estimate(str(u), m)
        there = stand_in.get(m, Late())
        stand_in[m] = Late((*there.made, made), there.unsupported) if made else Late(there.made, there.unsupported + 1)
    months: dict[int, Month] = {}
    for m in range(_FIRST, now + 1):
        returns = [rounded(rows[m]) for rows in known.values() if m in rows]
        squares = fsum(float(y) ** 2 for y in returns) if now - m < taken.revising.months else 0.0
        months[m] = Month(sum(returns, Decimal(0)), len(known), len(returns), "synthetic", squares)
    sums = Sums({_KEY: months}, {_KEY: stand_in}, taken.revisions, taken.priors.common)
    return Facts(sums, {}, {}, {}, now, taken.level, Decimal(1))


@dataclass(frozen=True, slots=True)
class Told:
    """What many region-years say of a month: mean absolute relative errors and shares inside the interval."""

    month: int
    cases: int
    late: float
    error: float
    known_only: float
    inside: float
    end_error: float | None
    end_inside: float | None


def by_month(rows: Sequence[Score]) -> list[Told]:
    """The scores of many region-years, month by month."""
    return [_told(month, [r for r in rows if r.month == month]) for month in sorted({r.month for r in rows})]


def _told(month: int, rows: Sequence[Score]) -> Told:
    n = len(rows)
    ends = [abs(r.end_error) for r in rows if r.end_error is not None]
    inside = [r.end_inside for r in rows if r.end_inside is not None]
    return Told(
        month, n, fsum(r.late for r in rows) / n, fsum(abs(r.error) for r in rows) / n,
        fsum(abs(r.known_only) for r in rows) / n, sum(r.inside for r in rows) / n,
        fsum(ends) / len(ends) if ends else None, sum(inside) / len(inside) if inside else None,
    )  # fmt: skip
