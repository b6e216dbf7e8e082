"""What the synthetic city is made from: industries with their levels, counties with their course. Data, read once."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from shuangkong.kernel.labels import Label


def _exact(value: Any) -> Decimal:
    if not isinstance(value, str):
        raise ValueError(f"{value!r} must be quoted, so that its digits are kept")
    return Decimal(value)


#: A quoted decimal; never passes through a float.
Exact = Annotated[Decimal, BeforeValidator(_exact)]


class _Strict(BaseModel):
    """No key goes unread, nothing changes."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Name(_Strict):
    """A name for people."""

    zh: str
    en: str

    @property
    def label(self) -> Label:
        """The kernel's label."""
        return Label(self.zh, self.en)


class Coefficient(_Strict):
    """Unit and name in which a carrier is reported, and tce per that unit at calorific value."""

    unit: str
    name: str
    calorific: Exact


class Coefficients(_Strict):
    """Planning coefficients, to draw plausible physical amounts; `primary` is kgce per kWh, and per MJ of heat."""

    source: str
    tce: dict[str, Coefficient]
    primary: dict[str, dict[str, Exact]]

    def primary_tce(self, carrier: str, year: int) -> Decimal:
        """tce per reported unit at primary value: one 10,000 kWh is ten times kgce/kWh, one GJ once kgce/MJ."""
        if carrier not in self.primary:
            return self.tce[carrier].calorific
        return self.primary[carrier][str(year)] * (10 if carrier == "electricity" else 1)


class DemoProduct(_Strict):
    """What a unit makes: `unit` is the word in the return, `unit_id` the kernel's unit."""

    id: str
    zh: str
    en: str
    unit: str
    unit_id: str


class Band(_Strict):
    """Energy per product unit, kgce at calorific value: a good level and the limit, with their source."""

    low: Exact
    high: Exact
    source: str


class DemoIndustry(_Strict):
    """An industry (GB/T 4754-2017) of the demo city."""

    id: str
    code: str
    name: Name
    product: DemoProduct
    energy_per_product: Band
    mix: dict[str, Exact]
    feedstock: dict[str, Exact] = {}
    weight: Exact
    season: str
    industrial: bool = True


class Industries(_Strict):
    """Every industry, with seasons by name."""

    coefficients: Coefficients
    seasons: dict[str, tuple[int, ...]]
    industries: tuple[DemoIndustry, ...]

    def season(self, name: str, month: int) -> Decimal:
        """The share of a year that falls in a month."""
        weights = self.seasons[name]
        return Decimal(weights[month - 1]) / sum(weights)


class DemoRegion(_Strict):
    """The province and the city."""

    code: str
    zh: str
    en: str
    level: str


class County(_Strict):
    """A county and its course; see the head of the file for units."""

    code: str
    zh: str
    en: str
    gdp: Exact
    growth: tuple[Exact, ...]
    energy: Exact
    fall: tuple[Exact, ...]
    industry: Exact
    industry_growth: tuple[Exact, ...]
    industry_energy: Exact
    industry_fall: tuple[Exact, ...]
    units: dict[str, int]


class Rest(_Strict):
    """What lies outside the key units."""

    season: str
    mix: dict[str, Exact]


class UnitNonfossil(_Strict):
    """Which key units have non-fossil electricity of their own."""

    every: int
    share: dict[str, Exact]


class Certificates(_Strict):
    """Green certificates bought by the first units of an industry, 10,000 kWh a year each."""

    industry: str
    units: int
    amount: dict[str, Exact]


class Spot(_Strict):
    """A unit by county and place, and what happens to it."""

    county: str
    unit: int = 0
    industry: str = ""
    month: str = ""
    start: date | str | None = Field(None, alias="from")
    into: str = ""
    handed_in: date | None = None
    factor: Exact = Decimal(1)


class Flaws(_Strict):
    """What goes wrong in the returns."""

    missing: tuple[Spot, ...]
    closed: Spot
    moved: Spot
    late: Spot
    corrected: Spot
    major_project: Spot


class CityDesign(_Strict):
    """The city as designed."""

    nation: str
    province: DemoRegion
    city: DemoRegion
    first_day: date
    first_year: int
    monthly_from: int
    last_year: int
    unit_share: Exact
    counties: tuple[County, ...]
    rest: Rest
    past_coal: dict[str, Exact]
    coal: tuple[str, ...]
    nonfossil: dict[str, Exact]
    unit_nonfossil: UnitNonfossil
    certificates: Certificates
    flaws: Flaws

    @property
    def years(self) -> range:
        """All years with figures."""
        return range(self.first_year, self.last_year + 1)

    @property
    def monthly_years(self) -> range:
        """Years with monthly returns."""
        return range(self.monthly_from, self.last_year + 1)


def _read(name: str) -> Any:
    return yaml.safe_load(files("shuangkong.app.demo").joinpath("synthetic", name).read_text("utf-8"))


@cache
def industries() -> Industries:
    """The industries of the demo city."""
    return Industries.model_validate(_read("industries.yaml"))


@cache
def city_design() -> CityDesign:
    """The demo city as designed."""
    return CityDesign.model_validate(_read("city.yaml"))
