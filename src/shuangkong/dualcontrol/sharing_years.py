"""A target year by year (年度分解): what is due by the end of each year, within elasticity, and the energy it allows.

The even course is the compound one, due(t) = 1 − (1 − R)^(t/n). Elasticity (年度弹性) moves what is due by the end of a
year ahead or behind by points within a bound; the last year has none. What may be used at the end of a year follows
from base energy, growth and what is due: E(t) = E(0) × (1 + g)^t × (1 − due(t)).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction

from shuangkong.kernel.numbers import quantise
from shuangkong.policy.api import schedule

_DIGITS = 60
#: Multiples of output are kept to nine places: one named rounding, the same for the parts and for the years.
GROWTH_PLACES = 9
_MILLION = 10**6


@dataclass(frozen=True, slots=True)
class YearShare:
    """One year: what is due by its end and in it, in per cent, the shift against the even course, and tce allowed."""

    year: int
    due: Decimal
    own: Decimal
    shift: Decimal
    allowed: Decimal


def multiple(growth: Decimal, years: int) -> Decimal:
    """Output after so many years ÷ output now, at `growth` per cent a year, to nine places."""
    with localcontext() as context:
        context.prec = _DIGITS
        return quantise((1 + growth / 100) ** years, GROWTH_PLACES)


def yearly(
    energy: Decimal, growth: Decimal, rate: Decimal, base_year: int, end_year: int, *,
    step: Decimal, elasticity: Decimal, shifts: Mapping[int, Decimal] | None = None,
) -> tuple[YearShare, ...]:  # fmt: skip
    """The years after `base_year` up to `end_year`; `rate` and `growth` (a year) in per cent, `energy` in tce.

    What is due is rounded up to the step, the whole rate in the last year. `shifts` are points by year, ahead (+) or
    behind (−). ValueError names a year whose shift is beyond the elasticity, or that is not of the plan.
    """
    moved = dict(shifts or {})
    rows: list[YearShare] = []
    before = Decimal(0)
    course = dues(rate, base_year, end_year, step=step, elasticity=elasticity, shifts=moved)
    for n, due in enumerate(course, 1):
        year = base_year + n
        own = quantise((1 - (1 - due / 100) / (1 - before / 100)) * 100, 6)
        rows.append(YearShare(year, due, own, moved.get(year, Decimal(0)), allowed(energy, multiple(growth, n), due)))
        before = due
    return tuple(rows)


def dues(
    rate: Decimal, base_year: int, end_year: int, *, step: Decimal, elasticity: Decimal,
    shifts: Mapping[int, Decimal] | None = None,
) -> tuple[Decimal, ...]:  # fmt: skip
    """What is due by the end of each year in per cent: the even course with its shifts, the whole rate at the end."""
    count, moved = end_year - base_year, dict(shifts or {})
    for year, shift in moved.items():
        if not base_year < year <= end_year:
            raise ValueError(f"{year}: not a year of the plan")
        if abs(shift) > (Decimal(0) if year == end_year else elasticity):
            raise ValueError(f"{year}: {shift} is beyond the elasticity")
    even = [_up(schedule(rate / 100, n, count, "compound") * 100, step) for n in range(1, count)]
    return (*(due + moved.get(base_year + n, Decimal(0)) for n, due in enumerate(even, 1)), rate)


def allowed(energy: Decimal, output: Decimal, due: Decimal) -> Decimal:
    """Tce that may be used when output has become `output` times as much and `due` per cent are saved, cut to 10⁻⁶."""
    exact = Fraction(energy) * Fraction(output) * (1 - Fraction(due) / 100)
    return Decimal(exact * _MILLION // 1).scaleb(-6)


def _up(value: Decimal, step: Decimal) -> Decimal:
    steps = -((-Fraction(value)) // Fraction(step))
    return Decimal(int(steps)) * step
