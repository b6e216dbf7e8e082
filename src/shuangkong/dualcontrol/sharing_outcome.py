"""What a plan gives (分解结果): base and incentive rates of each part, how the energy closes, how even the burden is.

Each method closes the same energy; they differ in whose wish is whose. Nothing here reads or writes: a plan in, figures
out, the same digits every time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from shuangkong.dualcontrol.fairness import Burden, Fairness, fairness
from shuangkong.dualcontrol.sharing import (
    Clash,
    Criterion,
    Share,
    SharedOut,
    Sharer,
    Terms,
    by_productivity,
    equal_rate,
    grandfathered,
    share_out,
)
from shuangkong.dualcontrol.sharing_plan import CRITERIA, METHODS, PRODUCTIVITY, MethodName, Plan, PlanPart, bounds_of
from shuangkong.dualcontrol.sharing_years import YearShare, multiple, yearly
from shuangkong.kernel.numbers import quantise

#: Energy productivity, output ÷ energy (10⁴ yuan per tce), enters the criteria to nine places.
_RATIO_PLACES = 9


@dataclass(frozen=True, slots=True)
class Closing:
    """How the energy closes, in tce: upper = margin + parts + apart + reserve, to the last digit.

    `upper` is what the upper target alone would allow the whole, `margin` what the added points take off it, `kept`
    the reserve asked for and `left` what rounding and bounds added to it. `free` is what the parts would use without
    effort, `whole_free` the whole: they differ where parts were left out or grow otherwise than the whole.
    """

    upper: Decimal
    margin: Decimal
    parts: Decimal
    apart: Decimal
    reserve: Decimal
    kept: Decimal
    left: Decimal
    free: Decimal
    whole_free: Decimal

    @property
    def closes(self) -> bool:
        """Whether both sides are equal to the last digit."""
        return self.upper == self.margin + self.parts + self.apart + self.reserve


@dataclass(frozen=True, slots=True)
class Outcome:
    """A plan worked out by one method: `base`, and `incentive` where the plan has an incentive rate.

    `by_energy` and `by_output` measure the burdens; the latter is None unless every part has its output.
    """

    method: MethodName
    base: SharedOut | Clash
    incentive: SharedOut | Clash | None
    closing: Closing | None
    by_energy: Fairness | None
    by_output: Fairness | None


def outcome(plan: Plan, method: MethodName | None = None) -> Outcome:
    """The plan worked out, by its own method or by another."""
    used = method or plan.method
    sharers, terms = _sharers(plan), _terms(plan, plan.rate)
    base = share_out(sharers, terms, _wished(used, plan, sharers, terms))
    incentive = None
    if plan.incentive is not None:
        more = _terms(plan, plan.incentive)
        lifted = _sharers(plan, plan.incentive - plan.rate)
        incentive = share_out(lifted, more, _wished(used, plan, lifted, more))
    if isinstance(base, Clash):
        return Outcome(used, base, incentive, None, None, None)
    return Outcome(used, base, incentive, _closing(plan, sharers, base), *_burdens(plan, sharers, base.shares))


def compared(plan: Plan) -> tuple[Outcome, ...]:
    """The plan worked out by every method, in their fixed order."""
    return tuple(outcome(plan, m) for m in METHODS)


def years_of(plan: Plan, energy: Decimal, growth: Decimal, rate: Decimal) -> tuple[YearShare, ...]:
    """The course of a part, or of the whole: its base energy in tce, its growth and rate in per cent."""
    return yearly(
        energy, growth, rate, plan.base_year, plan.end_year, step=plan.step, elasticity=plan.elasticity,
        shifts={int(year): shift for year, shift in plan.shifts.items()},
    )  # fmt: skip


def productivity(part: PlanPart) -> Decimal | None:
    """Energy productivity (能源产出率) of the base year, 10⁴ yuan per tce; None without output."""
    return None if part.output is None else quantise(part.output / part.energy, _RATIO_PLACES)


def figure_of(part: PlanPart, criterion: str) -> Decimal | None:
    """The figure of a criterion; None where the part has none."""
    return productivity(part) if criterion == PRODUCTIVITY else part.figures.get(criterion)


def mean_of(plan: Plan, criterion: str) -> Decimal | None:
    """The mean that figures are held against: weighted by energy without effort, of the parts that have one."""
    have = [(p, f) for p in plan.parts if (f := figure_of(p, criterion)) is not None]
    if not have:
        return None
    weight = [p.energy * multiple(p.growth, plan.years) for p, _ in have]
    total = sum((w * f for w, (_, f) in zip(weight, have, strict=True)), Decimal(0))
    return quantise(total / sum(weight, Decimal(0)), 6)


def _sharers(plan: Plan, lifted: Decimal = Decimal(0)) -> list[Sharer]:
    """The parts with their bounds; those of the incentive target lie higher by what it asks more of the whole."""
    found = []
    for p in plan.parts:
        low, high = bounds_of(plan, p)
        figures = {c: f for c in CRITERIA if (f := figure_of(p, c)) is not None}
        high = min(Decimal(99), high + lifted)
        found.append(Sharer(p.code, p.energy, multiple(p.growth, plan.years), low, high, figures, p.apart))
    return found


def _terms(plan: Plan, rate: Decimal) -> Terms:
    criteria = tuple(
        Criterion(c, plan.weights[c], -1 if plan.directions.get(c, 1) < 0 else 1)
        for c in CRITERIA if plan.weights.get(c)
    )  # fmt: skip
    return Terms(
        rate, plan.energy, multiple(plan.growth, plan.years), criteria, plan.margin, plan.reserve, plan.spread,
        plan.most, plan.step,
    )  # fmt: skip


def _wished(
    method: MethodName, plan: Plan, sharers: Sequence[Sharer], terms: Terms
) -> list[Fraction] | None:  # fmt: skip
    if method == "equal":
        return equal_rate(sharers, terms)
    if method == "grandfathered":
        return grandfathered(sharers, terms)
    if method == "productivity":
        intensity = {p.code: p.energy / p.output for p in plan.parts if p.output is not None}
        return by_productivity(sharers, terms, intensity)
    return None


def _closing(plan: Plan, sharers: Sequence[Sharer], base: SharedOut) -> Closing:
    whole_free = Fraction(plan.energy) * Fraction(multiple(plan.growth, plan.years))
    upper = _down(whole_free * (1 - Fraction(plan.rate) / 100))
    free = sum((Fraction(s.energy) * Fraction(s.growth) for s in sharers), Fraction(0))
    parts = sum((s.allowed for s in base.shares), Decimal(0))
    apart = sum((s.apart for s in base.shares), Decimal(0))
    return Closing(
        upper, upper - base.total, parts, apart, base.reserve, base.kept, base.reserve - base.kept, _down(free),
        _down(whole_free),
    )  # fmt: skip


def _burdens(
    plan: Plan, sharers: Sequence[Sharer], shares: Sequence[Share]
) -> tuple[Fairness | None, Fairness | None]:  # fmt: skip
    saved = [Fraction(s.energy) * Fraction(s.growth) * Fraction(x.rate) / 100
             for s, x in zip(sharers, shares, strict=True)]  # fmt: skip
    by_energy = [Burden(p.code, w, Fraction(p.energy)) for p, w in zip(plan.parts, saved, strict=True)]
    if any(p.output is None for p in plan.parts):
        return fairness(by_energy), None
    by_output = [Burden(p.code, w, Fraction(p.output or 0)) for p, w in zip(plan.parts, saved, strict=True)]
    return fairness(by_energy), fairness(by_output)


def _down(x: Fraction) -> Decimal:
    return Decimal(x * 10**6 // 1).scaleb(-6)
