"""The fan of a path (扇形图): many paths with drawn assumptions, and how far they lie apart. Doubles, then rounded.

Each lever of each path gets a shift that lasts (nobody knows the mean) and one that is new every year, both normal with
the spreads that a pack gives. numpy's PCG64 with the seed that is kept makes the same fan again. A share of drawn paths
is no probability: it says what the assumed spreads imply.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shuangkong.dualcontrol.peaking import COAL, INDUSTRY, LEVERS, POWER, Assumed, Base
from shuangkong.kernel.numbers import quantise

Doubles = NDArray[np.float64]
#: Quantiles that are told, lowest first.
QUANTILES = (Decimal("0.1"), Decimal("0.25"), Decimal("0.5"), Decimal("0.75"), Decimal("0.9"))
_PLACES = 2


@dataclass(frozen=True, slots=True)
class Band:
    """A year of the fan: CO2 (tCO2) and energy (tce) at each of QUANTILES."""

    year: int
    co2: tuple[Decimal, ...]
    energy: tuple[Decimal, ...]


@dataclass(frozen=True, slots=True)
class Fan:
    """The bands by year, how many paths were drawn, and of how many the CO2 has its peak in which year.

    `peaks` maps a year to a share of the paths; `none` is the share whose highest year is too near the horizon.
    """

    bands: tuple[Band, ...]
    draws: int
    seed: int
    peaks: Mapping[int, Decimal]
    none: Decimal

    def by(self, year: int) -> Decimal:
        """The share of paths whose peak lies in that year or before."""
        return sum((s for y, s in self.peaks.items() if y <= year), Decimal(0))


def fan(
    base: Base, assumed: Assumed, spread: Mapping[tuple[str, str], Decimal], *, draws: int, seed: int, after: int
) -> Fan:
    """Draw paths around an assumed one.

    spread: standard deviations in points a year by (lever, "path" | "year"); what is not there does not vary.
    after: years that must lie after a peak, as in `peak_year`.
    """
    years = range(base.year + 1, assumed.horizon + 1)
    moves = _drawn(assumed, spread, draws, len(years), seed)
    co2, energy = _paths(base, assumed, moves, draws)
    bands = tuple(Band(y, _quantiles(co2[:, n]), _quantiles(energy[:, n])) for n, y in enumerate((base.year, *years)))
    peaks, none = _peaks(co2, base.year, after)
    return Fan(bands, draws, seed, peaks, none)


def _drawn(
    assumed: Assumed, spread: Mapping[tuple[str, str], Decimal], draws: int, years: int, seed: int
) -> dict[str, Doubles]:
    """Moves of each lever by path and year. Every lever draws in turn, so that a spread of nought shifts no other."""
    source = np.random.Generator(np.random.PCG64(seed))
    made = {}
    for lever in LEVERS:
        lasting = source.standard_normal((draws, 1)) * float(spread.get((lever, "path"), 0))
        yearly = source.standard_normal((draws, years)) * float(spread.get((lever, "year"), 0))
        made[lever] = float(assumed.moves.of(lever)) + lasting + yearly
    return made


def _paths(base: Base, assumed: Assumed, moves: Mapping[str, Doubles], draws: int) -> tuple[Doubles, Doubles]:
    """CO2 and energy by path and year; the same arithmetic as `peaking.path`, on arrays."""
    state = _State(base, assumed.instead, draws)
    co2, energy = [np.full(draws, float(base.co2))], [np.full(draws, float(base.energy))]
    for n in range(assumed.horizon - base.year):
        used, out = state.step({lever: moves[lever][:, n] for lever in LEVERS})
        co2.append(out)
        energy.append(used)
    return np.stack(co2, axis=1), np.stack(energy, axis=1)


class _State:
    """All paths at one year."""

    def __init__(self, base: Base, instead: str, draws: int) -> None:
        burnt = float(base.energy - base.nonfossil)
        self.instead, self.one_sector = instead, len(base.sectors) == 1
        self.total = np.full(draws, float(base.value_added))
        self.intensity = {
            s.name: np.full(draws, float(s.energy / s.value_added) if s.value_added else 0.0) for s in base.sectors
        }
        industry = sum((s.value_added for s in base.sectors if s.name == INDUSTRY), Decimal(0))
        self.industry = np.full(draws, float(industry / base.value_added))
        self.nonfossil = np.full(draws, float(base.nonfossil / base.energy))
        self.fuels = {f.name: np.full(draws, float(f.energy) / burnt if burnt else 0.0) for f in base.fuels}
        self.factors = {f.name: np.full(draws, float(f.factor)) for f in base.fuels}

    def step(self, moved: Mapping[str, Doubles]) -> tuple[Doubles, Doubles]:
        """One year on; gives energy and CO2."""
        self.total = self.total * (1 + moved["growth"] / 100)
        self.intensity = {n: i * (1 - moved["efficiency"] / 100) for n, i in self.intensity.items()}
        self.nonfossil = np.clip(self.nonfossil + moved["nonfossil"] / 100, 0, 1)
        if not self.one_sector:
            self.industry = np.clip(self.industry - moved["structure"] / 100, 0, 1)
        if COAL in self.fuels and self.instead in self.fuels:
            shift = np.clip(moved["fuel"] / 100, -self.fuels[self.instead], self.fuels[COAL])
            self.fuels[COAL] = self.fuels[COAL] - shift
            self.fuels[self.instead] = self.fuels[self.instead] + shift
        if POWER in self.factors:
            self.factors[POWER] = self.factors[POWER] * (1 - moved["grid"] / 100)
        used = self.total * self._mean()
        carbon: Any = sum(self.fuels[n] * self.factors[n] for n in self.fuels)
        return used, used * (1 - self.nonfossil) * carbon

    def _mean(self) -> Doubles:
        if self.one_sector:
            return next(iter(self.intensity.values()))
        other = next(i for n, i in self.intensity.items() if n != INDUSTRY)
        mean: Doubles = self.industry * self.intensity[INDUSTRY] + (1 - self.industry) * other
        return mean


def _quantiles(column: Doubles) -> tuple[Decimal, ...]:
    found = np.quantile(column, [float(q) for q in QUANTILES])
    return tuple(quantise(Decimal(float(v)), _PLACES) for v in found)


def _peaks(co2: Doubles, first: int, after: int) -> tuple[dict[int, Decimal], Decimal]:
    """Shares of paths by the year of their peak; drawn doubles have no two years alike."""
    highest = np.argmax(co2, axis=1)
    told = co2.shape[1] - 1 - highest >= max(after, 1)
    years, counts = np.unique(highest[told] + first, return_counts=True)
    draws = Decimal(co2.shape[0])
    shares = {int(y): quantise(Decimal(int(n)) / draws) for y, n in zip(years, counts, strict=True)}
    return shares, quantise(Decimal(int((~told).sum())) / draws)
