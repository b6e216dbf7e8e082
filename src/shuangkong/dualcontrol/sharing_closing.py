"""How the energy of a plan closes year by year (年度闭合): in each year the same sum as at the end, or its clash.

For each year: upper = margin + Σ parts + listed projects + reserve, in tce, to the last digit. Each course is worked
out by itself, so in a middle year less than nothing may be left: that year has a clash, with the tonnes missing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Any

from shuangkong.dualcontrol.sharing import Clash, SharedOut
from shuangkong.dualcontrol.sharing_outcome import years_of
from shuangkong.dualcontrol.sharing_plan import Plan
from shuangkong.dualcontrol.sharing_years import YearShare, allowed, dues, multiple

#: The rule by which years close: listed projects count in full in every year from the one that the plan says (from the
#: first where it says none), and the reserve of a year is what is left; what was asked for is held at the end alone.
YEAR_RULE = "listed_in_full_reserve_is_the_rest"
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class YearClosing:
    """One year, in tce: `upper` allowed by the upper target alone, what the `margin` takes off, the `parts`, the listed
    projects (`apart`) that count in it, and what is `left`: the reserve, or less than nothing in a clash.

    Of a clash: `closing_shift` is the shift of that year (points) that would close it within the elasticity, None where
    none does; `later` whether listed projects that begin after it would.
    """

    year: int
    upper: Decimal
    margin: Decimal
    parts: Decimal
    apart: Decimal
    left: Decimal
    closing_shift: Decimal | None = None
    later: bool = False

    @property
    def reserve(self) -> Decimal | None:
        """The reserve of the year; None in a clash."""
        return self.left if self.left >= 0 else None

    @property
    def missing(self) -> Decimal | None:
        """Tce by which parts and listed projects go beyond what the whole may use; None where the year closes."""
        return -self.left if self.left < 0 else None

    def data(self) -> dict[str, Any]:
        """As plain data: figures as text, null for what there is none of."""
        names = ("upper", "margin", "parts", "apart", "reserve", "missing", "closing_shift")
        held: dict[str, Decimal | None] = {n: getattr(self, n) for n in names}
        return {"year": self.year, **{n: None if v is None else f"{v:f}" for n, v in held.items()}, "later": self.later}


def closed_years(plan: Plan, base: SharedOut | Clash) -> tuple[YearClosing, ...]:
    """Each year of a plan whose base rates close at the end; none where they do not."""
    if isinstance(base, Clash):
        return ()
    whole = years_of(plan, plan.energy, plan.growth, plan.rate + plan.margin)
    alone = years_of(plan, plan.energy, plan.growth, plan.rate) if plan.margin else whole
    parts_at, free_at = _parts(plan, base)

    def rest(n: int, moved: Decimal) -> Decimal:
        """What is left of year n with its shift moved by points."""
        may = allowed(plan.energy, multiple(plan.growth, n), whole[n - 1].due + moved)
        return may - parts_at(n, moved) - _listed(plan, plan.base_year + n)

    rows = []
    for n, (upper, total) in enumerate(zip(alone, whole, strict=True), 1):
        parts, apart, shift = parts_at(n, _ZERO), _listed(plan, total.year), None
        left = total.allowed - parts - apart
        if left < 0:
            wider = free_at(n) - plan.energy * multiple(plan.growth, n)
            shift = _closing_shift(plan, whole, n, -left, wider, rest)
        margin = upper.allowed - total.allowed
        rows.append(YearClosing(total.year, upper.allowed, margin, parts, apart, left, shift, 0 < -left <= apart))
    return tuple(rows)


def _listed(plan: Plan, year: int) -> Decimal:
    return sum((p.apart for p in plan.parts if (p.apart_from or 0) <= year), _ZERO)


def _parts(plan: Plan, base: SharedOut) -> tuple[Callable[[int, Decimal], Decimal], Callable[[int], Decimal]]:
    """What the parts may use together by the end of year n, moved by points; and what they would without effort."""
    shifts = {int(year): shift for year, shift in plan.shifts.items()}
    courses: dict[Decimal, tuple[Decimal, ...]] = {
        rate: dues(rate, plan.base_year, plan.end_year, step=plan.step, elasticity=plan.elasticity, shifts=shifts)
        for rate in {s.rate for s in base.shares}
    }
    outputs: Mapping[tuple[Decimal, int], Decimal] = {
        (growth, n): multiple(growth, n) for growth in {p.growth for p in plan.parts} for n in range(1, plan.years + 1)
    }
    pairs = tuple(zip(plan.parts, base.shares, strict=True))

    def together(n: int, moved: Decimal) -> Decimal:
        each = (allowed(p.energy, outputs[p.growth, n], courses[s.rate][n - 1] + moved) for p, s in pairs)
        return sum(each, _ZERO)

    def free(n: int) -> Decimal:
        return sum((p.energy * outputs[p.growth, n] for p, _ in pairs), _ZERO)

    return together, free


def _closing_shift(
    plan: Plan, whole: Sequence[YearShare], n: int, missing: Decimal, wider: Decimal,
    rest: Callable[[int, Decimal], Decimal],
) -> Decimal | None:  # fmt: skip
    """The smallest shift of year n, by steps, that closes it; None where none within the elasticity does.

    Elasticity moves whole and parts by the same points, so that what is left changes by `wider` ÷ 100 a point: by as
    much as the parts together would use more without effort than the whole. The course must go on rising.
    """
    if n == plan.years or not wider:
        return None
    steps = (missing * 100 / abs(wider) / plan.step).to_integral_value(ROUND_CEILING)
    sign = 1 if wider > 0 else -1
    before = whole[n - 2].due if n > 1 else _ZERO
    for more in (0, 1):  # cuts to millionths may cost one step more
        moved = sign * (steps + more) * plan.step
        due, shift = whole[n - 1].due + moved, whole[n - 1].shift + moved
        if abs(shift) <= plan.elasticity and before <= due <= whole[n].due and rest(n, moved) >= 0:
            return shift
    return None
