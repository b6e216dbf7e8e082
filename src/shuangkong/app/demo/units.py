"""The key energy-using units (重点用能单位) of the synthetic city: who they are, and what they would use."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from stdnum.cn import uscc

from shuangkong.app.demo.design import CityDesign, DemoIndustry, Industries
from shuangkong.app.demo.draws import Draws

_ORGANISATION = (3, 7, 9, 10, 5, 8, 4, 2)
_DRAWN = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class DemoUnit:
    """One invented unit; `energy`: tce at calorific value in the first monthly year, `level`: kgce per product unit."""

    number: int
    uscc: str
    name_zh: str
    name_en: str
    industry: DemoIndustry
    county: str
    place: int
    energy: Decimal
    level: Decimal
    growth: Decimal
    saving: Decimal
    closed: date | None = None
    moved_to: str = ""
    moved_on: date | None = None

    def county_on(self, day: date) -> str:
        """The code of the county it lies in on a day."""
        return self.moved_to if self.moved_on is not None and day >= self.moved_on else self.county

    def open_in(self, year: int, month: int) -> bool:
        """Whether it still works in that month."""
        return self.closed is None or date(year, month, 1) < self.closed


def make_uscc(county: str, number: int) -> str:
    """A unified social credit code that no one can have: region codes from 99 are never given out, HC is 合成."""
    body = f"HC{number:06d}"
    total = sum(_DRAWN.index(c) * w for c, w in zip(body, _ORGANISATION, strict=True))
    check = 11 - total % 11
    code = f"91{county}{body}{'X' if check == 10 else '0' if check == 11 else check}"
    return code + uscc.calc_check_digit(code)


def make_units(design: CityDesign, data: Industries, draws: Draws, scale: int) -> tuple[DemoUnit, ...]:
    """All units, county by county; with `scale` there are that many times as many, each that much smaller."""
    named: dict[str, int] = {}
    found: list[DemoUnit] = []
    by_id = {i.id: i for i in data.industries}
    for county in design.counties:
        place = 0
        mine: list[DemoUnit] = []
        for name, count in county.units.items():
            for _ in range(count * scale):
                place += 1
                named[name] = named.get(name, 0) + 1
                number = len(found) + len(mine) + 1
                mine.append(_unit(by_id[name], county.code, number, place, named[name], draws))
        wanted = design.unit_share * county.gdp * county.energy * 10000
        found += _sized(mine, wanted, design, data)
    return tuple(_with_events(unit, design) for unit in found)


def _unit(industry: DemoIndustry, county: str, number: int, place: int, nth: int, draws: Draws) -> DemoUnit:
    band = industry.energy_per_product
    size = draws.share("size", number)
    return DemoUnit(
        number=number,
        uscc=make_uscc(county, number),
        name_zh=f"合成示范{industry.name.zh}{nth:02d}号",
        name_en=f"Synthetic demo {industry.name.en} no. {nth:02d}",
        industry=industry,
        county=county,
        place=place,
        energy=industry.weight * (Decimal("0.4") + Decimal("1.6") * size * size),
        level=draws.between(band.low * Decimal("0.97"), band.high * Decimal("1.04"), "level", number),
        growth=draws.between(Decimal("-0.02"), Decimal("0.07"), "growth", number),
        saving=draws.between(Decimal("0.002"), Decimal("0.040"), "saving", number),
    )


def _sized(units: list[DemoUnit], wanted: Decimal, design: CityDesign, data: Industries) -> list[DemoUnit]:
    """The units so that together they use `wanted` tce at primary value in the first monthly year."""
    total = sum((u.energy * primary_per_calorific(u.industry, design.monthly_from, data) for u in units), Decimal(0))
    return [replace(u, energy=u.energy * wanted / total) for u in units]


def primary_per_calorific(industry: DemoIndustry, year: int, data: Industries) -> Decimal:
    """tce at primary value for one tce at calorific value of an industry's mix."""
    table = data.coefficients
    parts = (s * table.primary_tce(c, year) / table.tce[c].calorific for c, s in industry.mix.items())
    return sum(parts, Decimal(0))


def _with_events(unit: DemoUnit, design: CityDesign) -> DemoUnit:
    closed, moved = design.flaws.closed, design.flaws.moved
    if (unit.county, unit.place) == (closed.county, closed.unit) and isinstance(closed.start, date):
        return replace(unit, closed=closed.start)
    if (unit.county, unit.place) == (moved.county, moved.unit) and isinstance(moved.start, date):
        return replace(unit, moved_to=moved.into, moved_on=moved.start)
    return unit
