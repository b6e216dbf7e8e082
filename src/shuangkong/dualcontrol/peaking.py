"""The path to the peak (达峰路径): energy and CO2 of a region from assumptions on growth, structure and fuels.

A path is arithmetic on assumptions and no forecast. With value added V, sectors s, fuels f and years k from the base:

    V_k = V_0 · Π(1 + growth)          E_k = V_k · Σ share_s · intensity_s        (能耗 = 产值 × 结构 × 强度)
    C_k = E_k · (1 − nonfossil) · Σ share_f · factor_f                            (碳排放 = 能耗 × 化石占比 × 燃料结构)

which is Kaya's product with a sum in place of each average. The base is exactly that of the books: a fuel's factor is
its CO2 in the base year ÷ its energy that is not non-fossil. Decimals throughout; a figure is rounded when it is told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Context, Decimal, localcontext

from shuangkong.kernel.numbers import quantise

#: What can be moved, in the order in which it is told. Points and per cent a year; see `Moves`.
LEVERS = ("growth", "structure", "efficiency", "fuel", "nonfossil", "grid")
INDUSTRY, OTHER = "industry", "other"
COAL, POWER = "coal", "electricity"
_EXACT = Context(prec=50)
_ONE, _ZERO, _HUNDRED = Decimal(1), Decimal(0), Decimal(100)


@dataclass(frozen=True, slots=True)
class Sector:
    """A part of the economy in the base year: value added (CNY, constant prices) and energy (tce)."""

    name: str
    value_added: Decimal
    energy: Decimal


@dataclass(frozen=True, slots=True)
class Fuel:
    """A fuel in the base year: energy (tce) without what is non-fossil, and its CO2 (tCO2)."""

    name: str
    energy: Decimal
    co2: Decimal

    @property
    def factor(self) -> Decimal:
        """tCO2 a tce of what is burnt or bought; nought where there is none of it."""
        return _EXACT.divide(self.co2, self.energy) if self.energy else _ZERO


@dataclass(frozen=True, slots=True)
class Base:
    """A region's year as its books have it. The sectors' energy is that of the fuels and of non-fossil together."""

    year: int
    sectors: tuple[Sector, ...]
    fuels: tuple[Fuel, ...]
    nonfossil: Decimal

    @property
    def value_added(self) -> Decimal:
        """GDP in CNY at constant prices."""
        return sum((s.value_added for s in self.sectors), _ZERO)

    @property
    def energy(self) -> Decimal:
        """Energy in tce, before any deduction."""
        return sum((f.energy for f in self.fuels), self.nonfossil)

    @property
    def co2(self) -> Decimal:
        """CO2 in tCO2."""
        return sum((f.co2 for f in self.fuels), _ZERO)

    def missing(self) -> tuple[str, ...]:
        """Codes of what keeps a path from being worked out; empty where nothing does."""
        found = [] if self.value_added > 0 and self.energy > 0 else ["base"]
        found += ["sectors"] if sum((s.energy for s in self.sectors), _ZERO) != self.energy else []
        found += [f"factor:{f.name}" for f in self.fuels if f.energy < 0 or (not f.energy and f.co2)]
        return tuple(found + (["negative"] if any(s.value_added < 0 or s.energy < 0 for s in self.sectors) else []))


@dataclass(frozen=True, slots=True)
class Moves:
    """What is assumed of a year. Good is up, but for growth, which is neither.

    growth: real growth, %. structure: points by which the share of industry in value added falls. efficiency: % by
    which energy per value added falls in every sector. fuel: points by which the share of coal in what is not
    non-fossil falls, to the gain of `Assumed.instead`. nonfossil: points by which the non-fossil share of energy
    rises. grid: % by which the emission of bought electricity falls.
    """

    growth: Decimal = _ZERO
    structure: Decimal = _ZERO
    efficiency: Decimal = _ZERO
    fuel: Decimal = _ZERO
    nonfossil: Decimal = _ZERO
    grid: Decimal = _ZERO

    def of(self, lever: str) -> Decimal:
        """What is assumed of a lever."""
        found: Decimal = getattr(self, lever)
        return found

    def but(self, lever: str, value: Decimal) -> Moves:
        """The same with one lever moved."""
        return replace(self, **{lever: value})


@dataclass(frozen=True, slots=True)
class Assumed:
    """Assumptions of a path: the same moves each year up to `horizon`; `instead` is the fuel that replaces coal."""

    moves: Moves
    horizon: int
    instead: str = "gas"


@dataclass(frozen=True, slots=True)
class Point:
    """One year of a path: value added (CNY), energy (tce), CO2 (tCO2), shares of 1.

    `held` names shares that a lever would have taken below nought or above one and that stay there.
    """

    year: int
    value_added: Decimal
    energy: Decimal
    co2: Decimal
    industry_share: Decimal
    nonfossil_share: Decimal
    coal_share: Decimal
    held: tuple[str, ...] = ()

    def rounded(self) -> Point:
        """Each figure to six decimals."""
        return Point(
            self.year, quantise(self.value_added), quantise(self.energy), quantise(self.co2),
            quantise(self.industry_share), quantise(self.nonfossil_share), quantise(self.coal_share), self.held,
        )  # fmt: skip

    @property
    def energy_per_gdp(self) -> Decimal:
        """tce per 10⁴ yuan."""
        return quantise(_EXACT.divide(self.energy * 10000, self.value_added))

    @property
    def co2_per_gdp(self) -> Decimal:
        """tCO2 per 10⁴ yuan."""
        return quantise(_EXACT.divide(self.co2 * 10000, self.value_added))


def path(base: Base, assumed: Assumed) -> tuple[Point, ...]:
    """The base year and every year up to the horizon, rounded to six decimals; see `exact_path`."""
    return tuple(p.rounded() for p in exact_path(base, assumed))


def exact_path(base: Base, assumed: Assumed) -> tuple[Point, ...]:
    """The same with fifty digits. The base year is the books' own figures.

    ValueError where the base lacks something: ask `base.missing()` first.
    """
    if base.missing():
        raise ValueError(f"the base lacks {', '.join(base.missing())}")
    with localcontext(_EXACT):
        return tuple(_points(base, assumed))


def _points(base: Base, assumed: Assumed) -> list[Point]:
    moves, total, energy = assumed.moves, base.value_added, base.energy
    intensity = {s.name: s.energy / s.value_added if s.value_added else _ZERO for s in base.sectors}
    industry = _share(base, INDUSTRY)
    nonfossil = base.nonfossil / energy
    burnt = energy - base.nonfossil
    fuels = {f.name: f.energy / burnt if burnt else _ZERO for f in base.fuels}
    factors = {f.name: f.factor for f in base.fuels}
    found = [Point(base.year, total, energy, base.co2, industry, nonfossil, fuels.get(COAL, _ZERO))]
    faster, leaner, cleaner = (_ONE + moves.growth / _HUNDRED, _ONE - moves.efficiency / _HUNDRED,
                               _ONE - moves.grid / _HUNDRED)  # fmt: skip
    for year in range(base.year + 1, assumed.horizon + 1):
        held: list[str] = []
        total *= faster
        intensity = {n: i * leaner for n, i in intensity.items()}
        if len(base.sectors) > 1:
            industry = _kept(industry - moves.structure / _HUNDRED, "structure", held)
        nonfossil = _kept(nonfossil + moves.nonfossil / _HUNDRED, "nonfossil", held)
        fuels = _moved(fuels, moves.fuel / _HUNDRED, assumed.instead, held)
        factors = {n: f * cleaner if n == POWER else f for n, f in factors.items()}
        used = total * _mean(intensity, industry)
        out = used * (_ONE - nonfossil) * sum((fuels[n] * factors[n] for n in fuels), _ZERO)
        found.append(Point(year, total, used, out, industry, nonfossil, fuels.get(COAL, _ZERO), tuple(held)))
    return found


def _share(base: Base, name: str) -> Decimal:
    return sum((s.value_added for s in base.sectors if s.name == name), _ZERO) / base.value_added


def _mean(intensity: Mapping[str, Decimal], industry: Decimal) -> Decimal:
    """Energy per value added of the whole; a region told in one sector has that of its one."""
    if len(intensity) == 1:
        return next(iter(intensity.values()))
    return industry * intensity[INDUSTRY] + (_ONE - industry) * intensity[OTHER]


def _kept(share: Decimal, name: str, held: list[str]) -> Decimal:
    kept = min(max(share, _ZERO), _ONE)
    if kept != share:
        held.append(name)
    return kept


def _moved(fuels: Mapping[str, Decimal], points: Decimal, instead: str, held: list[str]) -> dict[str, Decimal]:
    """Coal's share lower by so much, and that of the other fuel higher; neither below nought."""
    if not points or COAL not in fuels or instead not in fuels:
        return dict(fuels)
    moved = min(max(points, -fuels[instead]), fuels[COAL])
    if moved != points:
        held.append("fuel")
    return {**fuels, COAL: fuels[COAL] - moved, instead: fuels[instead] + moved}


def peak_year(values: Sequence[tuple[int, Decimal]], after: int) -> int | None:
    """The first year at the highest level, where at least `after` years lie behind the last such year, all lower.

    None: the highest year is too near the end, so that nobody can tell from this path whether it is the peak.
    """
    highest = max(v for _, v in values)
    at = [y for y, v in values if v == highest]
    last = values[-1][0]
    return at[0] if last - at[-1] >= max(after, 1) else None


def co2_of(points: Sequence[Point]) -> list[tuple[int, Decimal]]:
    """(year, tCO2) of a path."""
    return [(p.year, p.co2) for p in points]


def energy_of(points: Sequence[Point]) -> list[tuple[int, Decimal]]:
    """(year, tce) of a path."""
    return [(p.year, p.energy) for p in points]
