"""Changes between published levels: by hand, as properties, and against the bulletins of Hebei and a region's books."""

from __future__ import annotations

import csv
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shuangkong.dualcontrol.api import EXTENT, PublishedLevel, level_change, widest_change, years_on_the_way

DATA = Path(__file__).parents[3] / "shared" / "data"
COAST = DATA / "region-dual-control-2010-2020" / "region_gdp_energy_2010_2020.csv"
positive = st.decimals("0.001", "99", places=3)


def level(year: int, value: str, note: str = "", *, sure: str = "confirmed") -> PublishedLevel:
    """A level of energy per GDP."""
    return PublishedLevel(year, Decimal(value), "tce/10k_CNY", sure, note)


def test_shijiazhuang_fell_by_two_fifths_and_its_extent_changed() -> None:
    """From 1.243 in 2011 to 0.763 in 2015 without Xinji: −38.616 %, marked, with three years not published."""
    change = widest_change([level(2015, "0.763", f"GDP at 2010 prices; {EXTENT}without Xinji"), level(2011, "1.243")])
    assert change is not None
    assert (change.value, change.state) == (Decimal("-38.616251"), "extent_changed")
    way = years_on_the_way(change, {2011: Decimal("-4.19"), 2015: Decimal("-6.48")})
    assert [(y.year, y.state) for y in way] == [
        (2012, "insufficient"), (2013, "insufficient"), (2014, "insufficient"), (2015, "ok"),
    ]  # fmt: skip
    assert [y.value for y in way] == [None, None, None, Decimal("-6.48")]


def test_a_name_that_was_inferred_makes_the_change_inferred() -> None:
    """Tangshan's row of 2015 lost its name: its fall is as sure as the less sure of its two levels."""
    change = widest_change([level(2011, "1.915"), level(2015, "1.205", sure="inferred")])
    assert change is not None
    assert (change.value, change.state, change.confidence) == (Decimal("-37.075718"), "ok", "inferred")


def test_one_level_has_no_change() -> None:
    """Dingzhou stands in one bulletin alone; and levels in two units are not compared."""
    assert widest_change([level(2015, "0.625")]) is None
    other = PublishedLevel(2015, Decimal("0.7"), "tCO2/10k_CNY", "confirmed")
    assert level_change(level(2011, "1.2"), other) is None
    assert level_change(level(2011, "0"), level(2015, "1.2")) is None


@given(positive, positive)
def test_the_change_leads_from_the_first_level_to_the_last(first: Decimal, last: Decimal) -> None:
    """The first level and the change give the last level again, within the rounding of the change."""
    change = level_change(level(2011, f"{first}"), level(2015, f"{last}"))
    assert change is not None
    exact = Fraction(last) * 100 / Fraction(first) - 100
    assert abs(Fraction(change.value) - exact) <= Fraction(1, 2_000_000)


@given(st.lists(st.tuples(st.integers(2005, 2024), positive), min_size=2, max_size=6, unique_by=lambda x: x[0]))
def test_the_order_of_the_levels_does_not_matter(levels: list[tuple[int, Decimal]]) -> None:
    """However the levels come, the change is from the earliest to the latest."""
    made = [level(year, f"{value}") for year, value in levels]
    assert widest_change(made) == widest_change(made[::-1])


@pytest.mark.skipif(not COAST.exists(), reason="the region's figures have no licence and are not shipped")
def test_a_coastal_region_fell_by_22_and_by_20_per_cent() -> None:
    """Energy per GDP of a region that is not named fell by 22.1 % in the 12th plan and 20.0 % in the 13th."""
    rows = list(csv.DictReader(COAST.read_text("utf-8-sig").splitlines()))
    found: dict[int, Decimal] = {}
    for year in (2010, 2015, 2020):
        of_year = {
            r["indicator"]: Decimal(r["value"]) for r in rows if r["year"] == str(year) and r["item"] == "全区域"
        }
        found[year] = of_year["能源消费总量"] / of_year["地区生产总值"]
    falls = []
    for first, last in ((2010, 2015), (2015, 2020)):
        change = level_change(level(first, f"{found[first]:.12f}"), level(last, f"{found[last]:.12f}"))
        assert change is not None
        falls.append(-change.value.quantize(Decimal("0.1")))
    assert falls == [Decimal("22.1"), Decimal("20.0")]
