"""Figures as people read them (数字写法): grouping, digits by unit, signs, units and periods in both languages.

Nothing is computed here but the shift from one unit to a larger one of the same kind, which is exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Label, Language
from shuangkong.kernel.numbers import quantise
from shuangkong.kernel.periods import Period, PeriodKind
from shuangkong.kernel.units import convert, unit

THIN = "\u2009"
MINUS = "\u2212"
NONE = "—"
#: A larger unit is chosen from this many base units on.
_LARGER = {"tce": "10k_tce", "tCO2": "10k_tCO2", "kWh": "10k_kWh", "CNY": "100m_CNY", "kWh/10k_CNY": ""}
# what is smaller than this is nought when it is rounded to so many places
_HALVES = tuple(Decimal(5).scaleb(-places - 1) for places in range(7))
_PLACES = {"%": 2, "pp": 2, "10k_tce": 2, "tce": 1, "tce/10k_CNY": 3, "tCO2/10k_CNY": 3, "1": 3, "grade": 0, "item": 0}
_WORDS = {
    "product unit": Label("单位产品", "unit of product"),
    "grade": Label("级", "grade"),
    "pp": Label("个百分点", "percentage points"),
    "percentage_point": Label("个百分点", "percentage points"),
    "个百分点": Label("个百分点", "percentage points"),
    "100m_t": Label("亿吨", "10⁸ t"),
    "10k_km": Label("万公里", "10⁴ km"),
    "bn_m3": Label("十亿立方米", "10⁹ m³"),
    "mol": Label("摩尔", "mol"),
    "kgCO2": Label("千克二氧化碳", "kgCO₂"),
    "kgCO2e": Label("千克二氧化碳当量", "kgCO₂e"),
    "tCO2e": Label("吨二氧化碳当量", "tCO₂e"),
    "kgce per quantity unit of the carrier": Label("千克标准煤/该品种计量单位", "kgce per unit of the carrier"),
    "kJ per quantity unit of the carrier": Label("千焦/该品种计量单位", "kJ per unit of the carrier"),
}


@dataclass(frozen=True, slots=True)
class Figure:
    """A number ready to be shown: its digits, and the unit that goes with them."""

    digits: str
    unit: str

    def __str__(self) -> str:
        if not self.unit:
            return self.digits
        return f"{self.digits}{'' if self.unit == '%' else THIN}{self.unit}"


@lru_cache(maxsize=4096)
def unit_words(name: str, language: Language) -> str:
    """How a unit is written in a language; one that the catalogue does not know stays as the document has it."""
    if name in ("", "1"):
        return ""
    return "/".join(_one_unit(part, language) for part in name.split("/"))


def _one_unit(name: str, language: Language) -> str:
    if name in _WORDS:
        return _WORDS[name].in_(language)
    try:
        return unit(name).label.in_(language)
    except UserError:
        return name


def grouped(value: Decimal, places: int, *, fixed: bool = False, signed: bool = False) -> str:
    """Digits in threes with a thin space; trailing noughts go unless `fixed`; a true minus sign."""
    rounded = quantise(value, places)
    text = f"{rounded.copy_abs():f}"
    whole, _, part = text.partition(".")
    part = part if fixed else part.rstrip("0")
    if len(whole) > 4:
        whole = f"{int(whole):,}".replace(",", THIN)
    digits = f"{whole}.{part}" if part else whole
    if rounded < 0:
        return MINUS + digits
    return f"+{digits}" if signed and rounded > 0 else digits


def places_of(name: str) -> int:
    """How many digits after the point a figure in this unit bears on a page."""
    return _PLACES.get(name, 2)


def _places(value: Decimal, name: str) -> int:
    """Digits for this value: a small one keeps enough of them that it is not shown as nought."""
    size = value.copy_abs()
    if name.startswith("kgce/"):
        places = 1 if size >= 10 else 4
    else:
        places = places_of(name)
    while places < 6 and size and size < _HALVES[places]:
        places += 1
    return places


def shown_unit(value: Decimal, name: str) -> str:
    """The unit that a figure is shown in: a larger one of its kind where the number is large."""
    larger = _LARGER.get(name, "")
    return larger if larger and abs(value) >= 10000 else name


def figure(
    value: Decimal | None,
    name: str,
    language: Language,
    *,
    fixed: bool = False,
    signed: bool = False,
    like: Decimal | None = None,
) -> Figure:
    """A value in a unit, as it stands on a page; a missing one is a dash, never a nought.

    `like` is the figure beside which it stands: a small difference gets no more digits than what it is a difference of.
    """
    if value is None:
        return Figure(NONE, "")
    unit_id = shown_unit(value, name)
    number = convert(value, name, unit_id) if unit_id != name else value
    places = _places(number, unit_id)
    if like:
        beside = _places(like, unit_id)
        if beside < places and number.copy_abs() >= _HALVES[beside]:
            places = beside
    return Figure(grouped(number, places, fixed=fixed, signed=signed), unit_words(unit_id, language))


def share(value: Decimal | None) -> str:
    """A share (0.4) in per cent."""
    return NONE if value is None else f"{grouped(value * 100, 1)}%"


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def period_words(key: str, language: Language) -> str:
    """A period by its key, as an official writes it; what is no period stays as it is."""
    try:
        period = Period.parse(key)
    except UserError:
        return key
    return period.zh() if language == "zh" else _english(period)


def _english(p: Period) -> str:
    start, kind = p.start, p.kind
    if kind is PeriodKind.MONTH:
        return f"{_MONTHS[start.month - 1]} {start.year}"
    if kind is PeriodKind.PLAN:
        return f"{start.year}–{p.end.year - 1}"
    if kind is PeriodKind.QUARTER:
        return f"Q{(start.month + 2) // 3} {start.year}"
    if kind is PeriodKind.HALF:
        return f"{'first' if start.month == 1 else 'second'} half of {start.year}"
    if kind in (PeriodKind.YTD, PeriodKind.JAN_FEB):
        return f"Jan–{_MONTHS[p.last_day.month - 1]} {start.year}"
    return p.key
