"""What lies outside the key units of the synthetic city: the rest of each county, its past years, and its product.

A county's energy follows its designed course: product × (energy per product, fallen by so much) + feedstock. The rest
of the county is what the course leaves after the key units, so that units and rest close to the county exactly.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from shuangkong.app.demo.design import CityDesign, County, Industries
from shuangkong.app.demo.entries import DemoEntry, Role, by_item, exact, tce
from shuangkong.app.demo.returns import month_key
from shuangkong.app.demo.units import DemoUnit

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Course:
    """A county's year: product and industrial value added in 10,000 yuan at base-year prices, energy in tce."""

    gdp: Decimal
    industry: Decimal
    energy: Decimal
    industry_energy: Decimal


def course(design: CityDesign, county: County) -> dict[int, Course]:
    """The designed years of a county; energy is at primary value and without feedstock."""
    found: dict[int, Course] = {}
    gdp, industry = county.gdp * 10000, county.industry * 10000
    for n, year in enumerate(design.years):
        if n:
            gdp = exact(gdp * (1 + county.growth[n - 1] / 100))
            industry = exact(industry * (1 + county.industry_growth[n - 1] / 100))
        fall = county.fall[n - 1] if n else _ZERO
        industry_fall = county.industry_fall[n - 1] if n else _ZERO
        found[year] = Course(
            gdp,
            industry,
            gdp * county.energy * (1 - fall / 100),
            industry * county.industry_energy * (1 - industry_fall / 100),
        )
    return found


def located(units: tuple[DemoUnit, ...], entries: list[DemoEntry]) -> dict[tuple[str, int], list[DemoEntry]]:
    """Entries of units by county and year; a period is placed by its last day."""
    where = {u.uscc: u for u in units}
    found: dict[tuple[str, int], list[DemoEntry]] = defaultdict(list)
    for e in entries:
        month = int(e.period[5:7]) if len(e.period) > 4 else 12
        found[where[e.subject].county_on(date(e.year, month, 28)), e.year].append(e)
    return found


def _of(entries: list[DemoEntry], role: Role) -> list[DemoEntry]:
    return [e for e in entries if e.role == role]


@dataclass(frozen=True, slots=True)
class Sums:
    """Sums of a county's year by carrier, in reported units."""

    consumption: Mapping[str, Decimal]
    rest: Mapping[str, Decimal]
    industrial: Mapping[str, Decimal]
    feedstock: Mapping[str, Decimal]
    nonfossil: Decimal


def county_entries(
    design: CityDesign, data: Industries, units: tuple[DemoUnit, ...], returns: list[DemoEntry]
) -> list[DemoEntry]:
    """Everything that is handed in for the counties themselves."""
    by_county = located(units, returns)
    industrial = {u.uscc for u in units if u.industry.industrial}
    found: list[DemoEntry] = []
    for county in design.counties:
        years = course(design, county)
        found += _values(county, years)
        sums: dict[int, Sums] = {}
        for year in design.monthly_years:
            mine = by_county[county.code, year]
            rest = _rest(design, data, county, year, years[year], mine)
            found += rest
            sums[year] = _sums(mine, rest, industrial)
        found += _past(design, data, county, years, sums)
        found += _industry(design, data, county, years, sums)
    return found


def _values(county: County, years: Mapping[int, Course]) -> Iterator[DemoEntry]:
    for year, c in years.items():
        yield DemoEntry(county.code, str(year), "gdp", "value", c.gdp, "万元")
        yield DemoEntry(county.code, str(year), "industry_value_added", "value", c.industry, "万元")


def _rest(
    design: CityDesign, data: Industries, county: County, year: int, c: Course, mine: list[DemoEntry]
) -> list[DemoEntry]:
    """Monthly energy outside the key units, with its non-fossil part."""
    left = c.energy + tce(_of(mine, "feedstock"), data) - tce(_of(mine, "consumption"), data)
    if left <= 0:
        raise ValueError(f"{county.code} {year}: the key units use more than the county")
    found: list[DemoEntry] = []
    for month in range(1, 13):
        part = left * data.season(design.rest.season, month)
        for carrier, share in design.rest.mix.items():
            amount = exact(part * share / data.coefficients.primary_tce(carrier, year))
            unit = data.coefficients.tce[carrier].unit
            period = month_key(year, month)
            found.append(DemoEntry(county.code, period, carrier, "consumption", amount, unit))
            if carrier == "electricity":
                clean = exact(amount * design.nonfossil[str(year)])
                found.append(DemoEntry(county.code, period, carrier, "nonfossil", clean, unit))
    return found


def _sums(mine: list[DemoEntry], rest: list[DemoEntry], industrial: set[str]) -> Sums:
    both = [*mine, *rest]
    used = _of(both, "consumption")
    return Sums(
        by_item(used),
        by_item(_of(rest, "consumption")),
        by_item(e for e in used if e.subject in industrial),
        by_item(_of(both, "feedstock")),
        by_item(_of(both, "nonfossil")).get("electricity", _ZERO),
    )


def _past(
    design: CityDesign, data: Industries, county: County, years: Mapping[int, Course], sums: Mapping[int, Sums]
) -> Iterator[DemoEntry]:
    """Years before the monthly returns, whole county by carrier; and what is new in non-fossil power since then."""
    first = sums[design.monthly_from]
    clean: dict[int, Decimal] = {}
    for year in range(design.first_year, design.monthly_from):
        used, feedstock = _past_used(design, data, years, first, year)
        yield from _yearly(data, county, year, "consumption", used)
        yield from _yearly(data, county, year, "feedstock", feedstock)
        share = first.nonfossil / first.consumption["electricity"] * design.nonfossil[str(year)]
        clean[year] = exact(used["electricity"] * share / design.nonfossil[str(design.monthly_from)])
        yield from _yearly(data, county, year, "nonfossil", {"electricity": clean[year]})
    clean |= {year: s.nonfossil for year, s in sums.items()}
    for year in list(design.years)[1:]:
        new = max(clean[year] - clean[design.first_year], _ZERO)
        yield from _yearly(data, county, year, "new_renewable", {"electricity": new})


def _industry(
    design: CityDesign, data: Industries, county: County, years: Mapping[int, Course], sums: Mapping[int, Sums]
) -> Iterator[DemoEntry]:
    """Energy of industry outside the monthly returns: all of it in the past years, then that part of the rest.

    The industrial key units count through their own returns, so they are never in these rows again.
    """
    first, start = sums[design.monthly_from], design.monthly_from
    share = _rest_share(data, years[start], first, start)
    part = {
        i: (first.industrial.get(i, _ZERO) + share * first.rest.get(i, _ZERO)) / q for i, q in first.consumption.items()
    }
    for year, c in years.items():
        if year in sums:
            share = _rest_share(data, c, sums[year], year)
            amounts = {i: exact(q * share) for i, q in sums[year].rest.items() if q}
        else:
            used, _ = _past_used(design, data, years, first, year)
            amounts = {i: exact(q * part[i]) for i, q in used.items()}
            # electricity takes up what is left, because of it industry uses only some
            left = c.industry_energy - _tce(amounts, data, year)
            amounts["electricity"] += exact(left / data.coefficients.primary_tce("electricity", year))
        yield from _yearly(data, county, year, "industry_consumption", amounts)


def _rest_share(data: Industries, c: Course, sums: Sums, year: int) -> Decimal:
    """How much of the rest is industry's, so that industry keeps to its course."""
    share = (c.industry_energy - _tce(sums.industrial, data, year)) / _tce(sums.rest, data, year)
    if not 0 <= share <= 1:
        raise ValueError(f"{year}: industry cannot use {share} of the rest")
    return share


def _past_used(
    design: CityDesign, data: Industries, years: Mapping[int, Course], first: Sums, year: int
) -> tuple[dict[str, Decimal], dict[str, Decimal]]:
    """Consumption and feedstock of a past year by carrier: the first monthly year's mix, with more coal."""
    size = years[year].energy / years[design.monthly_from].energy
    feedstock = {i: exact(q * size) for i, q in first.feedstock.items()}
    total = years[year].energy + _tce(feedstock, data, year)
    return _amounts(_mix(design, data, first.consumption, year), total, data, year), feedstock


def _mix(design: CityDesign, data: Industries, amounts: Mapping[str, Decimal], year: int) -> dict[str, Decimal]:
    """Shares of energy at primary value in a past year: those of the amounts, with more coal and less of the rest."""
    total = _tce(amounts, data, design.monthly_from)
    shares = {i: _tce({i: q}, data, design.monthly_from) / total for i, q in amounts.items()}
    coal = {i: s * design.past_coal[str(year)] for i, s in shares.items() if i in design.coal}
    others = sum((s for i, s in shares.items() if i not in coal), _ZERO)
    left = 1 - sum(coal.values(), _ZERO)
    return coal | {i: s * left / others for i, s in shares.items() if i not in coal}


def _amounts(mix: Mapping[str, Decimal], total: Decimal, data: Industries, year: int) -> dict[str, Decimal]:
    return {i: exact(total * s / data.coefficients.primary_tce(i, year)) for i, s in mix.items()}


def _tce(amounts: Mapping[str, Decimal], data: Industries, year: int) -> Decimal:
    return sum((q * data.coefficients.primary_tce(i, year) for i, q in amounts.items()), _ZERO)


def _yearly(
    data: Industries, county: County, year: int, role: Role, amounts: Mapping[str, Decimal]
) -> Iterator[DemoEntry]:
    for item, quantity in amounts.items():
        yield DemoEntry(county.code, str(year), item, role, quantity, data.coefficients.tce[item].unit)
