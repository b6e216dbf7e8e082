"""The synthetic city 示范市（合成）: registrations and figures from a seed. Pure: nothing is read but the design."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from shuangkong.app.demo.counties import county_entries
from shuangkong.app.demo.design import CityDesign, Industries, city_design, industries
from shuangkong.app.demo.draws import Draws
from shuangkong.app.demo.entries import DemoEntry
from shuangkong.app.demo.returns import unit_entries
from shuangkong.app.demo.units import DemoUnit, make_units
from shuangkong.kernel.ids import SubjectId, subject_id
from shuangkong.registry.api import PlanEntry, RegionEntry, UnitEntry

#: The demo's own seed; another seed gives another city of the same shape.
SEED = 20250
SCHEME = "local"
KEY_UNIT = "key_unit"


@dataclass(frozen=True, slots=True)
class City:
    """The city as made: who is in it, and its figures as they are right. `seed` and `scale` make it again."""

    seed: int
    scale: int
    design: CityDesign
    data: Industries
    units: tuple[DemoUnit, ...]
    entries: tuple[DemoEntry, ...]


def make_city(seed: int = SEED, scale: int = 1) -> City:
    """The city of a seed; `scale` multiplies the number of units and divides their size, so that totals stay."""
    if scale < 1:
        raise ValueError(f"scale {scale} is below 1")
    design, data, draws = city_design(), industries(), Draws(seed)
    units = make_units(design, data, draws, scale)
    returns = unit_entries(design, data, draws, units)
    return City(seed, scale, design, data, units, (*returns, *county_entries(design, data, units, returns)))


def region(code: str) -> SubjectId:
    """The subject id of one of the invented regions."""
    return subject_id("region", SCHEME, code)


def region_entries(city: City) -> tuple[RegionEntry, ...]:
    """Province, city and counties, upper ones first.

    The province stands under the nation's documents but lies nowhere: invented energy never enters a real total.
    """
    d = city.design
    top, below = d.province, d.city
    found = [
        RegionEntry(
            top.code, top.zh, "", d.first_day, top.level, SCHEME, top.en, jurisdiction=d.nation, synthetic=True
        ),
        RegionEntry(below.code, below.zh, region(top.code), d.first_day, below.level, SCHEME, below.en, synthetic=True),
    ]
    above = region(d.city.code)
    counties = [
        RegionEntry(c.code, c.zh, above, d.first_day, "county", SCHEME, c.en, synthetic=True) for c in d.counties
    ]
    return (*found, *counties)


def unit_registrations(city: City) -> tuple[UnitEntry, ...]:
    """Every unit by its spells: one that moves has a spell for each county, so that doing it again adds nothing."""
    return tuple(_spell(city, u, *spell) for u in city.units for spell in _spells(city, u))


def _spells(city: City, unit: DemoUnit) -> tuple[tuple[str, date, date | None], ...]:
    first = city.design.first_day
    if unit.moved_on is None:
        return ((unit.county, first, unit.closed),)
    return ((unit.county, first, unit.moved_on), (unit.moved_to, unit.moved_on, unit.closed))


def _spell(city: City, unit: DemoUnit, county: str, start: date, end: date | None) -> UnitEntry:
    return UnitEntry(
        name_zh=unit.name_zh,
        name_en=unit.name_en,
        lies_in=region(county),
        valid_from=start,
        valid_to=end,
        uscc=unit.uscc,
        industry_code=unit.industry.code,
        industry_edition="2017",
        unit_class=KEY_UNIT,
        attributes=(("product", unit.industry.product.id), ("reporting", "monthly")),
        synthetic=True,
    )


def unit_subject(unit: DemoUnit) -> SubjectId:
    """The subject id of a unit."""
    return subject_id("unit", "uscc", unit.uscc)


def reporting_plan(city: City) -> tuple[PlanEntry, ...]:
    """Who must report what: units energy and output each month, counties the rest each month and the past each year."""
    d = city.design
    start, monthly = date(d.first_year, 1, 1), date(d.monthly_from, 1, 1)
    end = date(d.last_year + 1, 1, 1)
    found = [
        PlanEntry(unit_subject(u), book, "month", monthly, min(u.closed or end, end))
        for u in city.units
        for book in ("energy", "output")
    ]
    for county in d.counties:
        found.append(PlanEntry(region(county.code), "energy", "year", start, monthly))
        found.append(PlanEntry(region(county.code), "energy", "month", monthly, end))
        found.append(PlanEntry(region(county.code), "value", "year", start, end))
    return tuple(found)
