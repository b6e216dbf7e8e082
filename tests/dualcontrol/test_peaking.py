"""The path to the peak: Kaya's product as a second opinion, the fan around it, gaps and levers tried on the path."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal as D
from fractions import Fraction as F

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shuangkong.dualcontrol.peaking import LEVERS, Assumed, Base, Fuel, Moves, Sector, co2_of, path, peak_year
from shuangkong.dualcontrol.peaking_fan import QUANTILES, fan
from shuangkong.dualcontrol.peaking_gaps import Goal, alone, gap_of

#: 合成: a city of 100 bn yuan, 40 % industry; 500 of 1,000 tce of energy in industry; a tenth non-fossil.
BASE = Base(
    2025,
    (Sector("industry", D(40_000), D(500)), Sector("other", D(60_000), D(500))),
    (Fuel("coal", D(360), D(936)), Fuel("gas", D(180), D(270)), Fuel("electricity", D(360), D(1440))),
    D(100),
)
RANGES = {
    "growth": (D(-5), D(15)), "structure": (D(-3), D(5)), "efficiency": (D(-5), D(10)), "fuel": (D(-5), D(8)),
    "nonfossil": (D(-3), D(8)), "grid": (D(-5), D(10)),
}  # fmt: skip
_SMALL = st.decimals("-3", "4", places=2)
MOVES = st.builds(
    Moves, growth=st.decimals("-4", "9", places=2), structure=_SMALL, efficiency=_SMALL, fuel=_SMALL,
    nonfossil=st.decimals("-1", "4", places=2), grid=_SMALL,
)  # fmt: skip
_AMOUNT = st.integers(1, 10**9).map(D)


@st.composite
def bases(draw: st.DrawFn) -> Base:
    """A region whose sectors' energy is that of its fuels and non-fossil energy."""
    fuels = tuple(Fuel(n, draw(_AMOUNT), draw(_AMOUNT)) for n in ("coal", "gas", "electricity", "oil"))
    nonfossil = draw(_AMOUNT)
    energy = sum((f.energy for f in fuels), nonfossil)
    industry = D(draw(st.integers(1, int(energy) - 1)))
    sectors = (Sector("industry", draw(_AMOUNT), industry), Sector("other", draw(_AMOUNT), energy - industry))
    return Base(2025, sectors, fuels, nonfossil)


def test_a_worked_example() -> None:
    """One year on: 5 % growth, 1 point less industry, 2 % leaner, 1 point more non-fossil, 1 point of coal to gas.

    V = 105,000; E = 105,000 · (0.39 · 0.0125 + 0.61 · 0.008333…) · 0.98 = 1,024.7125;
    C = E · 0.89 · (0.39 · 2.6 + 0.21 · 1.5 + 0.4 · 4) = E · 0.89 · 2.929.
    """
    moves = Moves(growth=D(5), structure=D(1), efficiency=D(2), fuel=D(1), nonfossil=D(1))
    first, second = path(BASE, Assumed(moves, 2026))
    assert (first.energy, first.co2, first.nonfossil_share) == (D(1000), D(2646), D("0.1"))
    assert second.value_added == D(105_000)
    assert second.energy == D("1024.712500")
    assert second.co2 == D("2671.230792")  # 911.994125 · 2.929
    assert (second.industry_share, second.coal_share) == (D("0.39"), D("0.39"))


def kaya(base: Base, assumed: Assumed, year: int) -> tuple[F, F]:
    """Energy and CO2 of a year in closed form: GDP × energy ÷ GDP × CO2 ÷ energy, in fractions."""
    m, k = assumed.moves, year - base.year
    gdp = F(base.value_added) * (1 + F(m.growth) / 100) ** k
    by = {s.name: s for s in base.sectors}
    share = F(by["industry"].value_added) / F(base.value_added) - k * F(m.structure) / 100
    intensity = share * F(by["industry"].energy) / F(by["industry"].value_added)
    intensity += (1 - share) * F(by["other"].energy) / F(by["other"].value_added)
    intensity *= (1 - F(m.efficiency) / 100) ** k
    burnt = F(base.energy - base.nonfossil)
    mix = {f.name: F(f.energy) / burnt for f in base.fuels}
    mix["coal"], mix["gas"] = mix["coal"] - k * F(m.fuel) / 100, mix["gas"] + k * F(m.fuel) / 100
    factor = {f.name: F(f.co2) / F(f.energy) for f in base.fuels}
    factor["electricity"] *= (1 - F(m.grid) / 100) ** k
    carbon = (1 - F(base.nonfossil) / F(base.energy) - k * F(m.nonfossil) / 100) * sum(mix[n] * factor[n] for n in mix)
    return gdp * intensity, gdp * intensity * carbon


@given(bases(), MOVES, st.integers(1, 15))
def test_a_path_is_kayas_product(base: Base, moves: Moves, years: int) -> None:
    """As long as no share runs into its end, every year is the closed form, to the last of six decimals."""
    assumed = Assumed(moves, base.year + years)
    points = path(base, assumed)
    if any(p.held for p in points):
        return
    for p in points[1:]:
        energy, co2 = kaya(base, assumed, p.year)
        assert abs(F(p.energy) - energy) <= F(1, 1_000_000)
        assert abs(F(p.co2) - co2) <= F(1, 1_000_000)


@given(bases(), MOVES)
def test_the_base_year_is_the_books(base: Base, moves: Moves) -> None:
    """The first point is what the books have, whatever is assumed; shares stay between nought and one."""
    points = path(base, Assumed(moves, 2060))
    assert (points[0].energy, points[0].co2, points[0].value_added) == (base.energy, base.co2, base.value_added)
    assert all(0 <= s <= 1 for p in points for s in (p.industry_share, p.nonfossil_share, p.coal_share))


@given(bases(), MOVES, st.integers(2, 1000))
def test_a_region_twice_as_large_has_twice_the_path(base: Base, moves: Moves, times: int) -> None:
    """Scaling every figure scales every year and moves no peak: nothing depends on size."""

    def scaled(b: Base) -> Base:
        sectors = tuple(replace(s, value_added=s.value_added * times, energy=s.energy * times) for s in b.sectors)
        fuels = tuple(replace(f, energy=f.energy * times, co2=f.co2 * times) for f in b.fuels)
        return Base(b.year, sectors, fuels, b.nonfossil * times)

    one, many = (path(b, Assumed(moves, 2035)) for b in (base, scaled(base)))
    for a, b in zip(one, many, strict=True):
        assert abs(b.co2 - a.co2 * times) <= D("0.000001") * times


@pytest.mark.parametrize(
    ("values", "after", "found"),
    [
        ([1, 2, 3, 2, 1], 1, 2), ([1, 2, 3, 2, 1], 2, 2), ([1, 2, 3, 2, 1], 3, None), ([3, 2, 1], 1, 0),
        ([1, 2, 3], 1, None), ([1, 3, 2, 3, 1], 1, 1), ([1, 3, 2, 3], 1, None), ([2, 2, 2], 1, None),
        ([1, 5, 3, 4, 4], 1, 1),
    ],
)  # fmt: skip
def test_a_peak_is_followed_by_lower_years(values: list[int], after: int, found: int | None) -> None:
    """The first year at the highest level counts, where enough lower years lie behind the last such year."""
    assert peak_year([(y, D(v)) for y, v in enumerate(values)], after) == found


NARROW = {(lever, part): D(0) for lever in LEVERS for part in ("path", "year")}
WIDE = {**NARROW, ("growth", "path"): D("0.7"), ("growth", "year"): D("1.5"), ("efficiency", "path"): D("0.5"),
        ("efficiency", "year"): D("0.8"), ("nonfossil", "year"): D("0.3")}  # fmt: skip
LIKELY = Moves(growth=D(5), structure=D("0.5"), efficiency=D(2), fuel=D("0.5"), nonfossil=D(1), grid=D(1))


@settings(max_examples=20, deadline=None)
@given(bases(), MOVES)
def test_a_fan_without_spread_is_the_path(base: Base, moves: Moves) -> None:
    """Drawn with no spread, every quantile is the path itself: two programs agree, also at the ends of shares."""
    assumed = Assumed(moves, 2040)
    made = fan(base, assumed, NARROW, draws=3, seed=1, after=1)
    for p, band in zip(path(base, assumed), made.bands, strict=True):
        for told in (*band.co2, *band.energy):
            exact = p.co2 if told in band.co2 else p.energy
            assert abs(told - exact) <= max(D("0.01"), exact * D("1e-9"))


def test_the_middle_of_a_fan_is_the_path() -> None:
    """With the shipped spreads the median lies within a hundredth of the path and the bands widen year by year."""
    assumed = Assumed(LIKELY, 2035)
    made = fan(BASE, assumed, WIDE, draws=4000, seed=7, after=1)
    middle = QUANTILES.index(D("0.5"))
    for p, band in zip(path(BASE, assumed), made.bands, strict=True):
        assert abs(band.co2[middle] / p.co2 - 1) < D("0.01")
        assert list(band.co2) == sorted(band.co2)
    widths = [b.co2[-1] - b.co2[0] for b in made.bands]
    assert widths == sorted(widths)
    assert abs(sum(made.peaks.values(), made.none) - 1) <= D("0.000010")


def test_a_seed_makes_the_same_fan_again() -> None:
    """The same seed gives the same digits, another one others; a lever without spread shifts no draw of another."""
    assumed = Assumed(LIKELY, 2032)
    one = fan(BASE, assumed, WIDE, draws=200, seed=5, after=1)
    assert one == fan(BASE, assumed, WIDE, draws=200, seed=5, after=1)
    assert one.bands != fan(BASE, assumed, WIDE, draws=200, seed=6, after=1).bands


GOALS = (
    Goal("energy_per_gdp", 2030, D(10), 2025), Goal("co2_per_gdp", 2030, D(17), 2025),
    Goal("nonfossil_share", 2030, D(25)), Goal("peak", 2030),
)  # fmt: skip


def test_a_gap_by_hand() -> None:
    """3 % leaner a year for five years: energy per GDP falls by 1 − 0.97⁵ = 14.126 %; at 1 % it is short of ten."""
    leaner = path(BASE, Assumed(Moves(efficiency=D(3)), 2035))
    found = gap_of(leaner, GOALS[0], 1)
    assert (found.state, found.reached, found.gap) == ("met", D("14.126597"), D(0))
    slow = gap_of(path(BASE, Assumed(Moves(efficiency=D(1)), 2035)), GOALS[0], 1)
    assert (slow.state, slow.reached, slow.gap) == ("short", D("4.900995"), D("5.099005"))
    # 1,000 tce · (0.99⁵ − 0.9) at a GDP that stands still
    assert abs(slow.amount - D("50.990050")) < D("0.001")


def test_levers_by_hand() -> None:
    """Nothing moves: 10 % in five years takes 1 − 0.9^(1/5) = 2.0852 % a year of efficiency, rounded up."""
    found = {a.lever: a for a in alone(BASE, Assumed(Moves(), 2035), GOALS[0], RANGES, 1)}
    assert (found["efficiency"].reach, found["efficiency"].needed) == ("closes", D("2.085164"))
    assert {found[n].reach for n in ("growth", "fuel", "nonfossil", "grid")} == {"no_effect"}
    # industry 0.0125, other 0.008333 tce: at no industry the mean falls by 16.7 %, so a tenth takes 24 points in five
    assert (found["structure"].reach, found["structure"].needed) == ("closes", D("4.800000"))


@settings(max_examples=40, deadline=None)
@given(bases(), MOVES, st.sampled_from(GOALS))
def test_a_lever_that_closes_a_gap_does_so_on_the_path(base: Base, moves: Moves, goal: Goal) -> None:
    """Moved to what is told, the goal is met; a little less, and it is not: closed forms are held against the path."""
    assumed = Assumed(moves, 2036)
    if gap_of(path(base, assumed), goal, 1).state == "met":
        return
    for a in alone(base, assumed, goal, RANGES, 1):
        if a.reach != "closes" or a.needed is None:
            continue

        def state(value: D, lever: str = a.lever) -> str:
            return gap_of(path(base, Assumed(moves.but(lever, value), 2036)), goal, 1).state

        back = D("0.001") if a.lever != "growth" else D("-0.001")
        assert state(a.needed + back / 100) == "met"
        if goal.kind != "peak":
            assert state(a.needed - back) == "short"


@settings(max_examples=25, deadline=None)
@given(bases(), MOVES)
def test_more_effort_never_emits_more(base: Base, moves: Moves) -> None:
    """A point more of efficiency, non-fossil or a cleaner grid lowers the CO2 of no year below the other order."""
    here = co2_of(path(base, Assumed(moves, 2035)))
    for lever in ("efficiency", "nonfossil", "grid"):
        better = co2_of(path(base, Assumed(moves.but(lever, moves.of(lever) + 1), 2035)))
        assert all(b <= h + D("0.000001") for (_, b), (_, h) in zip(better, here, strict=True))


def test_what_the_base_lacks_is_named() -> None:
    """Sectors that do not add up, and CO2 of a fuel of which there is no energy, are told and nothing is worked out."""
    odd = replace(BASE, nonfossil=D(101))
    assert odd.missing() == ("sectors",)
    assert replace(BASE, fuels=(*BASE.fuels, Fuel("oil", D(0), D(5)))).missing() == ("factor:oil",)
    with pytest.raises(ValueError, match="sectors"):
        path(odd, Assumed(Moves(), 2030))
