"""Bindings (条款适用): which clause asks what of whom, when, and which indicator value answers it.

A target of a plan asks three things: the whole at its end (plan), what is due by each year on the way (to_date), and
each year's own share (pace). Schedules follow the method that the pack names; where it names none, only the
end is judged. A value is taken from the method that the target names; where it names no edition and basis, only
a published value can answer, because a figure computed here under some method would not be the one meant.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal

from shuangkong.accounting.api import CHANGE, INCREMENT, INDICATORS, Method
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.findings import CANDIDATE
from shuangkong.kernel.ids import finding_key
from shuangkong.kernel.numbers import quantise
from shuangkong.kernel.periods import Period
from shuangkong.kernel.units import convert
from shuangkong.policy.api import Pack, PackSet, Target, schedule, yearly_pace

RELATIVE = ("decrease_by", "increase_by")
#: A share with eight places is a percentage with the six of every stored figure.
SHARE_PLACES = 8
PRICED = ("gdp", "industry_value_added")


@dataclass(frozen=True, slots=True)
class Binding:
    """One question: has `subject` done by `period` what `target` asks? `reason` is set where none can be put."""

    finding_key: str
    subject_id: str
    pack_id: str
    pack_edition: str
    slug: str
    clause: str
    variant: str
    level: str
    period: Period
    due: date | None
    indicator_id: str
    comparator: str
    unit: str
    shape: str
    value_period: str
    base: str
    method_id: str
    sign: int
    threshold: Decimal | None
    threshold_high: Decimal | None
    target_value: Decimal
    min_coverage: Decimal
    closed: bool
    progress_method: str | None
    confidence: str
    synthetic: bool
    reason: str | None = None
    needs: str | None = None


@dataclass(frozen=True, slots=True)
class Subjects:
    """Whom targets can bind: region ids by code, and units by the region they lie in, industry and product.

    `named` are units by the unified social credit code by which a target names one of them.
    """

    regions: dict[str, str]
    units: tuple[UnitFacts, ...]
    synthetic: frozenset[str]
    named: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class UnitFacts:
    """What tells whether a target is about a unit."""

    subject_id: str
    region_path: tuple[str, ...]
    industry: str
    unit_class: str
    products: frozenset[str]


def bindings(
    packs: PackSet, subjects: Subjects, methods: Sequence[Method], *, as_of: date, known: date
) -> Iterator[Binding]:
    """Every question that the packs put, as the world stood on `known` and the calendar on `as_of`.

    `methods` are those that the run accounts by: a target is answered under the one that it names.
    """
    for pack in standing_editions(packs, as_of=as_of, known=known):
        for target in pack.targets:
            if target.source.known > known:
                continue
            for subject in sorted(_bound(pack, target, subjects)):
                for b in _questions(pack, target, subject, as_of):
                    synthetic = b.synthetic or subject in subjects.synthetic
                    if target.confidence == CANDIDATE:
                        b = replace(b, reason=CANDIDATE, needs="a review of the candidate 候选条目待复核")
                    yield replace(b, synthetic=synthetic, method_id=_served(b.method_id, b.indicator_id, methods))


def standing_editions(packs: PackSet, *, as_of: date, known: date) -> list[Pack]:
    """Packs published by `known`, of which no other published one that is in force took the place.

    An expired document stays: it is judged for its own years. One that was superseded is not asked again.
    """
    seen = [p for p in packs.packs if p.instrument.source.known <= known]
    replaced = {k for p in seen if p.instrument.in_force_from <= as_of for k in p.instrument.supersedes}
    return [p for p in seen if p.key not in replaced]


def _bound(pack: Pack, target: Target, subjects: Subjects) -> Iterable[str]:
    selection, one = target.subject.units, target.subject.uscc
    if one is not None:
        return {subjects.named[one]} if one in subjects.named else ()
    if selection is None:
        return {subjects.regions[c] for c in target.subject.regions if c in subjects.regions}
    places = set(target.subject.regions or (pack.instrument.region,))
    return {
        u.subject_id
        for u in subjects.units
        if places & set(u.region_path)
        and (not selection.industry or any(u.industry.startswith(i) for i in selection.industry))
        and (selection.class_ == "all" or u.unit_class == selection.class_)
        and (selection.product is None or selection.product in u.products)
    }


def _questions(pack: Pack, target: Target, subject: str, as_of: date) -> Iterator[Binding]:
    last_full = as_of.year if as_of == date(as_of.year, 12, 31) else as_of.year - 1
    if target.horizon == "standing":
        yield from _standing(pack, target, subject, last_full)
    elif target.horizon == "year":
        year = target.year or last_full
        base = target.base_year or year - 1
        yield _one(pack, target, subject, "year", Period.year(year), year, base, target.bounds, year <= last_full)
    elif target.comparator in RELATIVE and target.base_year is not None:
        yield from _plan_change(pack, target, subject, last_full)
    else:
        yield from _plan_level(pack, target, subject, last_full)


def _standing(pack: Pack, target: Target, subject: str, last_full: int) -> Iterator[Binding]:
    instrument = pack.instrument
    # a year counts when the document was in force on its last day
    first = instrument.in_force_from.year
    end = instrument.in_force_to
    last = last_full if end is None else min(last_full, end.year - 1)
    for year in range(first, last + 1):
        base = target.base_year or year - 1
        yield _one(pack, target, subject, "standing", Period.year(year), year, base, target.bounds, True)


def _plan_change(pack: Pack, target: Target, subject: str, last_full: int) -> Iterator[Binding]:
    base, last = target.base_year or 0, target.target_year or 0
    period = target.period or Period.plan(base + 1, last)
    years = last - base
    share = target.value / 100 if target.unit == "%" else None
    sign = 1 if target.comparator == "decrease_by" else -1
    over = last_full >= last
    yield _plan_end(pack, target, subject, period, base, last, last_full)
    if share is None or target.method is None:
        return
    pace = yearly_pace(sign * share, years, target.method, places=SHARE_PLACES) * 100 * sign
    for year in range(base + 1, min(last, last_full) + 1):
        bounds = (quantise(pace), None)
        yield _one(pack, target, subject, "pace", Period.year(year), year, year - 1, bounds, False)
        if base + 1 < year < last and (year < last_full or over):
            due = schedule(sign * share, year - base, years, target.method, places=SHARE_PLACES) * 100 * sign
            yield _one(pack, target, subject, "to_date", Period.year(year), year, base, (quantise(due), None), False)


def _plan_end(
    pack: Pack, target: Target, subject: str, period: Period, base: int, last: int, last_full: int
) -> Binding:
    """The whole plan: its target once it is over, until then what is due by the last full year."""
    if last_full >= last:
        return _one(pack, target, subject, "plan", period, last, base, target.bounds, True)
    bounds, share = target.bounds, target.value / 100
    if last_full <= base:
        b = _one(pack, target, subject, "plan", period, last, base, bounds, False)
        return replace(b, reason="no_full_year_yet", needs=str(base + 1))
    if target.method is None or target.unit != "%":
        b = _one(pack, target, subject, "plan", period, last_full, base, bounds, False)
        return replace(b, reason="no_progress_method")
    sign = 1 if target.comparator == "decrease_by" else -1
    due = schedule(sign * share, last_full - base, last - base, target.method, places=SHARE_PLACES) * 100 * sign
    return _one(pack, target, subject, "plan", period, last_full, base, (quantise(due), None), False)


def _plan_level(pack: Pack, target: Target, subject: str, last_full: int) -> Iterator[Binding]:
    last = target.target_year or last_full
    period = target.period or Period.year(last)
    base = target.base_year or last - 1
    year = min(last, last_full)
    b = _one(pack, target, subject, "plan", period, year, base, target.bounds, last_full >= last)
    if last_full < period.start.year:
        b = replace(b, reason="no_full_year_yet", needs=str(period.start.year))
    yield b


def _one(
    pack: Pack,
    target: Target,
    subject: str,
    variant: str,
    period: Period,
    year: int,
    base: int,
    bounds: tuple[Decimal, Decimal | None],
    closed: bool,
) -> Binding:
    relative = target.comparator in RELATIVE
    points = relative and target.unit in ("个百分点", "percentage_point", "pp")
    indicator = target.indicator + CHANGE if relative else target.indicator
    counted = relative or indicator.endswith(INCREMENT)
    unit, low, high, goal, reason = _in_indicator_unit(target, indicator, bounds)
    if points:
        reason = "change_in_points"
    if _carbon(indicator) and not (target.accounting and target.accounting.guide):
        reason = "no_guide"
    asked = (variant, target.level) if target.level != "base" else (variant,)
    method = _method(target, base, year, counted)
    return Binding(
        finding_key=finding_key(subject, pack.id, target.slug, period.key, "/".join(asked)),
        subject_id=subject,
        pack_id=pack.id,
        pack_edition=pack.edition,
        slug=target.slug,
        clause=target.clause,
        variant=variant,
        level=target.level,
        period=period,
        due=period.end - timedelta(days=1) if target.horizon != "standing" else None,
        indicator_id=indicator,
        comparator=target.comparator,
        unit=unit,
        shape=_shape(target, high),
        value_period=str(year),
        base=str(base) if counted else "",
        method_id=method,
        sign=-1 if target.comparator == "decrease_by" else 1,
        threshold=low,
        threshold_high=high,
        target_value=goal,
        min_coverage=target.min_coverage,
        closed=closed,
        progress_method=target.method if relative else None,
        confidence=target.confidence,
        synthetic=pack.instrument.synthetic,
        reason=reason,
    )


def shape_name(target: Target) -> str:
    """The shape of the questions that a target puts: its comparator, or open where it says about and no more."""
    return _shape(target, target.bounds[1])


def _shape(target: Target, high: Decimal | None) -> str:
    return target.comparator if target.comparator != "about" or high is not None else "open"


def _method(target: Target, base: int, year: int, counted: bool) -> str:
    """The one method whose value answers the target."""
    a = target.accounting
    level = target.indicator.removesuffix(INCREMENT)
    if a is None or a.edition is None or a.basis is None or level not in INDICATORS:
        return "chained" if counted and target.comparator in RELATIVE and year - base > 1 else "reported"
    priced = any(m in PRICED for m, _ in INDICATORS[level].inputs)
    price = f"constant:{a.price_base or target.base_year}" if priced else ""
    return Method(a.edition, a.basis, a.guide or "", a.grid_factor or "", price).id


def _served(method_id: str, indicator: str, methods: Sequence[Method]) -> str:
    """The run's method under which the value stands: the same, or for energy one that differs in the guide alone."""
    if method_id in ("reported", "chained"):
        return method_id
    asked = Method.parse(method_id)
    for m in methods:
        if m.serves(asked, carbon=_carbon(indicator)):
            return replace(m, price=asked.price).id
    return method_id


def _carbon(indicator: str) -> bool:
    """Whether the value depends on a carbon guide."""
    level = indicator.removesuffix(CHANGE).removesuffix(INCREMENT)
    return level in INDICATORS and any(m.startswith("co2") for m, _ in INDICATORS[level].inputs)


def _in_indicator_unit(
    target: Target, indicator: str, bounds: tuple[Decimal, Decimal | None]
) -> tuple[str, Decimal, Decimal | None, Decimal, str | None]:
    """Bounds and goal in the unit in which the indicator is computed, where both units are known."""
    low, high = bounds
    own = INDICATORS[indicator].unit if indicator in INDICATORS else ""
    if indicator.endswith(INCREMENT):
        own = "10k_tce"
    if target.comparator in RELATIVE or not own or own == target.unit:
        return target.unit, low, high, target.value, None
    try:
        scale = convert(Decimal(1), target.unit, own)
    except UserError:
        same = own.startswith("kgce/") and target.unit.startswith("kgce/")
        return (own if same else target.unit), low, high, target.value, None if same else "unit_mismatch"
    return own, low * scale, high * scale if high is not None else None, target.value * scale, None
