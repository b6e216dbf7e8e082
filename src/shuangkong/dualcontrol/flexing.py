"""Deductions and the flexed total (扣减与弹性): from a region's total to what is assessed, and what it may be.

One machinery for energy (tce) and carbon (tCO2). Nothing here reads a store or a clock, and no rate stands here: what
applies in a year comes from packs, figures from the books of a run. Ratios are exact; each step of money or energy is
rounded once, by the named rounding.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from shuangkong.kernel.findings import least_sure
from shuangkong.kernel.numbers import quantise

Control = Literal["energy", "carbon"]
#: within: the assessed total is within what is allowed; not_assessed: no document assesses this total in that year.
Standing = Literal["within", "over", "exempt", "undetermined", "not_assessed"]
Exempt = Literal["exempt", "assessed", "undetermined", "no_clause"]
State = Literal["taken", "capped", "nothing", "open", "not_taken", "known", "missing", "raised", "as_planned"]
_HUNDRED = Fraction(100)


@dataclass(frozen=True, slots=True)
class Rule:
    """A row of a parameter that applies: its name (`pack@edition#id[keys]`), the clause, and how sure it is."""

    parameter: str = ""
    clause: str = ""
    confidence: str = "confirmed"


@dataclass(frozen=True, slots=True)
class Deduction:
    """One step of deduction (扣减步骤) of a year.

    `amount` is what is taken away, null while a return is there whose amount is not known; `claimed` what the returns
    claim, `cap` the most that may be taken of it; either is null where it is not known. `returns` and `due` count the
    returns behind it; where none is due, nothing is claimed. A step that is named by a document and not `taken` bounds
    what the assessed total may still fall by (`claimed`).
    """

    step: str
    amount: Decimal | None
    claimed: Decimal | None = None
    cap: Decimal | None = None
    returns: int = 0
    due: int = 0
    rule: Rule = field(default_factory=Rule)
    taken: bool = True

    @property
    def state(self) -> State:
        """How it was taken."""
        if not self.taken:
            return "not_taken"
        if self.amount is None:
            return "open"
        if self.cap is not None and self.claimed is not None and self.claimed > self.cap:
            return "capped"
        return "taken" if self.amount else "nothing"

    @property
    def may_help(self) -> bool:
        """Whether a document names it, it is not taken, and something is claimed or may be."""
        unknown = self.claimed is None and self.due > 0
        return not self.taken and bool(self.rule.parameter) and (unknown or bool(self.claimed))


@dataclass(frozen=True, slots=True)
class Year:
    """A region's total of one year: gross, its deductions in order, the share of returns known, how sure it is.

    Nothing is concluded of a year that is not `over`.
    """

    gross: Decimal | None
    deductions: tuple[Deduction, ...] = ()
    coverage: Decimal = Decimal(0)
    confidence: str = "confirmed"
    over: bool = True

    @property
    def assessed(self) -> Decimal | None:
        """The total after the steps that are taken; null where one of them is open."""
        taken = [d.amount for d in self.deductions if d.taken]
        if self.gross is None or None in taken:
            return None
        return self.gross - sum((t for t in taken if t is not None), Decimal(0))

    @property
    def may_fall(self) -> Decimal | None:
        """What steps that a document names and that are not taken could take away at most; null where a return of one
        is there or due and what it claims is not known: that is not nothing.
        """
        left = [d.claimed for d in self.deductions if d.may_help]
        return None if None in left else sum((c for c in left if c is not None), Decimal(0))


@dataclass(frozen=True, slots=True)
class Rules:
    """What the packs say of a control in a year. `rank` is that of its total: 1 leads, 2 second, 0 not assessed."""

    rank: int | None
    ranked: Rule = field(default_factory=Rule)
    follows_growth: Rule | None = None
    exempt_at_incentive: Rule | None = None
    base_too: frozenset[str] = frozenset()
    least_coverage: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is known of the year's plan. Growth, planned growth and the fall of the base target are in per cent.

    `stated` is a total that a document sets for this very year; it stands before one that is worked out. `incentive`
    says whether the incentive target of intensity was reached; null: it cannot be said. `has_incentive`: there is one.
    """

    planned_growth: Decimal | None = None
    growth: Decimal | None = None
    base_fall: Decimal | None = None
    stated: Decimal | None = None
    has_incentive: bool = False
    incentive: bool | None = None
    sources: Mapping[str, Rule] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Flexed:
    """The answer. `missing` are codes of what is wanting, in the order of the steps; empty where all is known.

    `planned` is the total at the growth aimed at, `allowed` the one that holds; `margin` = allowed − assessed.
    """

    assessed: Decimal | None
    base: Decimal | None
    planned: Decimal | None
    allowed: Decimal | None
    raised: bool | None
    exempt: Exempt
    standing: Standing
    margin: Decimal | None
    missing: tuple[str, ...]
    confidence: str


def same_extent(before: Year, now: Year, rules: Rules) -> Decimal | None:
    """The total of the year before from which this year's is made (基数), of this year's extent.

    What the rules of that year took away is away; steps in `base_too` that are taken this year are taken from it by
    what its returns claim, also where no rule took them then (发改环资〔2022〕803号: feedstock from both years).
    """
    total = before.assessed
    if total is None:
        return None
    then = {d.step: d for d in before.deductions}
    for step in (d.step for d in now.deductions if d.taken and d.step in rules.base_too):
        found = then.get(step)
        if found is not None and not found.taken:
            if found.claimed is None:
                return None
            total -= found.claimed
    return total


def grown(base: Decimal, growth: Decimal, fall: Decimal) -> Decimal:
    """E = base × (1 + growth) × (1 − fall), rounded once; growth and fall in per cent."""
    return _rounded(Fraction(base) * (1 + Fraction(growth) / _HUNDRED) * (1 - Fraction(fall) / _HUNDRED))


def raised_with_growth(total: Decimal, planned: Decimal, growth: Decimal) -> Decimal:
    """A total that a document states, at the growth reached where that is above plan: × (1 + g) ÷ (1 + g_plan)."""
    if growth <= planned:
        return total
    return _rounded(Fraction(total) * (_HUNDRED + Fraction(growth)) / (_HUNDRED + Fraction(planned)))


def flex(now: Year, before: Year | None, rules: Rules, asked: Asked) -> Flexed:
    """Whether a region's total of a year is within what it may be.

    Nothing is filled in: what is wanting is named, and the standing is told as far as it does not hang on it — growth
    that is not known can only raise the total, so that one within the planned total is within; steps that are not
    taken can only lower the assessed total, so that one is over only if it would be without them.
    """
    base = same_extent(before, now, rules) if before is not None else None
    planned, allowed, raised, missing = _totals(base, rules, asked)
    assessed = now.assessed
    lacking = [*_of_year(now, rules, assessed), *_of_base(before, base, rules, asked), *missing]
    exempt = _exempt(rules, asked)
    if exempt == "undetermined":
        lacking.append("incentive")
    standing = _standing(now, rules, exempt, _bounds(planned, allowed), lacking)
    if standing == "not_assessed":
        lacking = []
    margin = allowed - assessed if allowed is not None and assessed is not None else None
    return Flexed(
        assessed, base, planned, allowed, raised, exempt, standing, margin, tuple(dict.fromkeys(lacking)),
        _confidence(now, before, rules, asked),
    )  # fmt: skip


def _totals(
    base: Decimal | None, rules: Rules, asked: Asked
) -> tuple[Decimal | None, Decimal | None, bool | None, list[str]]:
    """Planned and allowed total, whether growth raised it, and what is wanting."""
    follows = rules.follows_growth is not None
    missing: list[str] = []
    planned = asked.stated
    if planned is None:
        if not follows:
            return None, None, None, ["total_rule"]
        missing += [
            n for n, v in (("planned_growth", asked.planned_growth), ("base_fall", asked.base_fall)) if v is None
        ]
        if base is not None and asked.planned_growth is not None and asked.base_fall is not None:
            planned = grown(base, asked.planned_growth, asked.base_fall)
    if not follows:
        return planned, planned, False, missing
    if asked.growth is None or asked.planned_growth is None:
        wanting = [n for n, v in (("planned_growth", asked.planned_growth), ("growth", asked.growth)) if v is None]
        return planned, None, None, [*missing, *wanting]
    if planned is None:
        return None, None, None, missing
    above = asked.growth > asked.planned_growth
    if not above:
        return planned, planned, False, missing
    if asked.stated is not None:
        return planned, raised_with_growth(planned, asked.planned_growth, asked.growth), True, missing
    if base is None or asked.base_fall is None:
        return planned, None, None, missing
    return planned, grown(base, asked.growth, asked.base_fall), True, missing


def _of_year(now: Year, rules: Rules, assessed: Decimal | None) -> list[str]:
    found = [] if now.over else ["year_not_over"]
    found += [] if now.gross is not None else ["gross"]
    if now.gross is not None and assessed is None:
        found += [f"open:{d.step}" for d in now.deductions if d.taken and d.amount is None]
    if now.gross is not None and now.coverage < rules.least_coverage:
        found.append("coverage")
    return found + [f"not_taken:{d.step}" for d in now.deductions if d.may_help]


def _of_base(before: Year | None, base: Decimal | None, rules: Rules, asked: Asked) -> list[str]:
    if asked.stated is not None or rules.follows_growth is None:
        return []
    if base is None or before is None:
        return ["base_total"]
    return ["base_coverage"] if before.coverage < rules.least_coverage else []


def _exempt(rules: Rules, asked: Asked) -> Exempt:
    if rules.exempt_at_incentive is None:
        return "no_clause"
    if not asked.has_incentive:
        return "assessed"
    if asked.incentive is None:
        return "undetermined"
    return "exempt" if asked.incentive else "assessed"


def _bounds(planned: Decimal | None, allowed: Decimal | None) -> tuple[Decimal | None, Decimal | None]:
    """The least and the most that the allowed total can be; null: no bound is known."""
    return (allowed, allowed) if allowed is not None else (planned, None)


def _standing(
    now: Year, rules: Rules, exempt: Exempt, allowed: tuple[Decimal | None, Decimal | None], lacking: Sequence[str]
) -> Standing:
    if not rules.rank:
        return "not_assessed"
    if exempt == "exempt" and now.over:
        return "exempt"
    assessed = now.assessed
    least, most = allowed
    if assessed is None or {"year_not_over", "coverage", "base_coverage"} & set(lacking):
        return "undetermined"
    if least is not None and assessed <= least:
        return "within"
    if most is None or now.may_fall is None or exempt == "undetermined":
        return "undetermined"
    if assessed - now.may_fall > most:
        return "over"
    return "undetermined"


def _confidence(now: Year, before: Year | None, rules: Rules, asked: Asked) -> str:
    marks = [now.confidence, *(d.rule.confidence for d in now.deductions if d.taken)]
    if before is not None and asked.stated is None:
        marks.append(before.confidence)
    used = (rules.follows_growth, rules.exempt_at_incentive if asked.has_incentive else None)
    marks += [r.confidence for r in used if r is not None]
    return least_sure(*marks, *(r.confidence for r in asked.sources.values()))


def _rounded(value: Fraction) -> Decimal:
    """A fraction to six places, half away from zero, without passing through a context's precision."""
    scaled = abs(value) * 1_000_000
    whole, rest = divmod(scaled.numerator, scaled.denominator)
    whole += 2 * rest >= scaled.denominator
    return quantise(Decimal(whole if value >= 0 else -whole).scaleb(-6))
