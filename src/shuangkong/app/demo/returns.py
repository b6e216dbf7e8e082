"""Monthly returns of the synthetic key units: energy by carrier, what of it is set apart, and output."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from shuangkong.app.demo.design import CityDesign, Industries
from shuangkong.app.demo.draws import Draws
from shuangkong.app.demo.entries import DemoEntry, Role, exact
from shuangkong.app.demo.units import DemoUnit

_NOISE = Decimal("0.03")


def month_key(year: int, month: int) -> str:
    """The canonical text of a month."""
    return f"{year:04d}-{month:02d}"


def unit_entries(design: CityDesign, data: Industries, draws: Draws, units: tuple[DemoUnit, ...]) -> list[DemoEntry]:
    """Every return of every unit as it is right, without the months that were never handed in."""
    found: list[DemoEntry] = []
    certified = _certified(design, units)
    listed = _listed(design, units)
    for unit in units:
        for year in design.monthly_years:
            for month in range(1, 13):
                if unit.open_in(year, month) and not _missing(design, unit, month_key(year, month)):
                    found += _month(design, data, draws, unit, year, month, major=unit is listed)
            if unit.number in certified and (amount := design.certificates.amount.get(str(year))):
                found.append(_entry(data, unit, str(year), "electricity", "certificate", amount))
    return found


def _listed(design: CityDesign, units: tuple[DemoUnit, ...]) -> DemoUnit | None:
    spot = design.flaws.major_project
    return next((u for u in units if u.county == spot.county and u.industry.id == spot.industry), None)


def _certified(design: CityDesign, units: tuple[DemoUnit, ...]) -> set[int]:
    rule = design.certificates
    return {u.number for u in [u for u in units if u.industry.id == rule.industry][: rule.units]}


def _missing(design: CityDesign, unit: DemoUnit, month: str) -> bool:
    return any((s.county, s.unit, s.month) == (unit.county, unit.place, month) for s in design.flaws.missing)


def _month(
    design: CityDesign, data: Industries, draws: Draws, unit: DemoUnit, year: int, month: int, *, major: bool
) -> Iterator[DemoEntry]:
    """Output, consumption by carrier and what is of-which, of one unit and month."""
    industry, since = unit.industry, year - design.monthly_from
    made = unit.energy * 1000 / unit.level * (1 + unit.growth) ** since
    made *= data.season(industry.season, month) * draws.around(_NOISE, "made", unit.number, year, month)
    elapsed = Decimal(12 * since + month) / 12
    used = made * unit.level / 1000 * (1 - unit.saving * elapsed)
    used *= draws.around(_NOISE, "used", unit.number, year, month)
    period = month_key(year, month)
    yield DemoEntry(unit.uscc, period, industry.product.id, "output", exact(made), industry.product.unit)
    for carrier, share in industry.mix.items():
        amount = exact(used * share / data.coefficients.tce[carrier].calorific)
        yield _entry(data, unit, period, carrier, "consumption", amount)
        if carrier in industry.feedstock:
            yield _entry(data, unit, period, carrier, "feedstock", amount * industry.feedstock[carrier])
        if carrier == "electricity" and unit.number % design.unit_nonfossil.every == 0:
            own = design.unit_nonfossil.share[str(year)]
            yield _entry(data, unit, period, carrier, "nonfossil", amount * own)
        if major and period >= str(design.flaws.major_project.start):
            yield _entry(data, unit, period, carrier, "major_project", amount)


def _entry(data: Industries, unit: DemoUnit, period: str, item: str, role: Role, quantity: Decimal) -> DemoEntry:
    return DemoEntry(unit.uscc, period, item, role, exact(quantity), data.coefficients.tce[item].unit)
