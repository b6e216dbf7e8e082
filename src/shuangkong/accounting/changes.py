"""Changes of indicators (升降幅度): against the year before, against a base year, and chained from published rates."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING

import ibis

from shuangkong.engine.api import amount, exact_change, exact_ratio
from shuangkong.kernel.findings import least_sure
from shuangkong.kernel.numbers import quantise

if TYPE_CHECKING:
    import ibis.expr.types as ir

CHANGE = "_change"
INCREMENT = "_increment"


def level_changes(values: ir.Table, bases: ir.Table) -> ir.Table:
    """Change in % of every yearly level against the year before and against each wanted base year.

    values: indicator_id, method_id, subject_id, period columns, value, over, under, state, needs, coverage, rank
            (levels; of a quotient, over ÷ under is the value before scale and rounding).
    bases:  indicator_id, base_year — the base years that targets name.
    result: the same columns with `base`; 100 × (v − v_base) ÷ v_base to six places, computed under one method.
            The change of a quotient is computed from its two sides and rounded once: it is exact, and may differ in
            the last places from what the printed levels give. A base year that is wanted and not there leaves no
            value and is named in `needs`.
    """
    v = values.filter(values.period_kind == "year").mutate(year=values.period_start.year().cast("int64"))
    w = bases.inner_join(v.select("indicator_id", "year").distinct(), "indicator_id")
    w = w.filter(w.base_year < w.year).select("indicator_id", "year", "base_year")
    before = v.select("indicator_id", "year").distinct().mutate(base_year=v.year - 1)
    wanted = w.mutate(named=True).union(before.select("indicator_id", "year", "base_year").mutate(named=False))
    wanted = wanted.group_by("indicator_id", "year", "base_year").aggregate(named=wanted.named.any())
    t = v.inner_join(wanted, ["indicator_id", "year"])
    b = v.select(
        "indicator_id", "method_id", "subject_id", base_year=v.year, below=v.value, below_state=v.state,
        below_cover=v.coverage, below_rank=v["rank"], over_before=v.over, under_before=v.under,
    )  # fmt: skip
    j = t.left_join(b, ["indicator_id", "method_id", "subject_id", "base_year"])
    j = j.select(*t.columns, "below", "below_state", "below_cover", "below_rank", "over_before", "under_before")
    # a first year without a predecessor is no finding unless somebody asked for that base
    j = j.filter(j.named | j.below.notnull())
    # the only change of an amount; of a quotient it stands in where its sides are too large to multiply
    plain = exact_ratio((j.value - j.below) * amount(100), j.below)
    sides = exact_change((j.over, j.under), (j.over_before, j.under_before))
    quotient = j.value.notnull() & j.under.notnull() & j.under_before.notnull()
    value = ibis.ifelse(quotient, sides.coalesce(plain), plain)
    state = ibis.cases(
        (j.value.isnull(), j.state), (j.below.isnull(), ibis.literal("no_base")),
        ((j.state == "ok") & (j.below_state == "ok"), ibis.literal("ok")), else_="partial",
    )  # fmt: skip
    needs = ibis.cases(
        (j.value.isnull(), j.needs), (j.below.isnull(), j.base_year.cast("string")), else_=ibis.null("string")
    )
    return j.select(
        "method_id", "subject_id", "period_key", "period_kind", "period_start", "period_end",
        indicator_id=j.indicator_id + CHANGE, base=j.base_year.cast("string"), value=value, state=state, needs=needs,
        coverage=ibis.ifelse(j.below_cover.isnull(), amount(0), ibis.least(j.coverage, j.below_cover)),
        rank=ibis.greatest(j["rank"], j.below_rank.coalesce(0)),
    )  # fmt: skip


def increments(values: ir.Table, bases: ir.Table) -> ir.Table:
    """Increase of an amount since a wanted base year, in 10⁴ of its unit (万吨标准煤).

    values, bases and result as in `level_changes`; (v − v_base) ÷ 10⁴ to six places.
    """
    v = values.filter(values.period_kind == "year").mutate(year=values.period_start.year().cast("int64"))
    t = v.inner_join(bases, "indicator_id").filter(lambda x: x.base_year < x.year)
    b = v.select(
        "indicator_id", "method_id", "subject_id", base_year=v.year, below=v.value, below_state=v.state,
        below_cover=v.coverage, below_rank=v["rank"],
    )  # fmt: skip
    j = t.left_join(b, ["indicator_id", "method_id", "subject_id", "base_year"])
    ok = (j.state == "ok") & (j.below_state == "ok")
    missing = j.value.isnull() | j.below.isnull()
    return j.select(
        "method_id", "subject_id", "period_key", "period_kind", "period_start", "period_end",
        indicator_id=j.indicator_id + INCREMENT, base=j.base_year.cast("string"),
        value=exact_ratio(j.value - j.below, amount(10000)),
        state=ibis.cases((j.value.isnull(), j.state), (j.below.isnull(), "no_base"), (ok, "ok"), else_="partial"),
        needs=ibis.ifelse(missing, j.base_year.cast("string"), ibis.null("string")),
        coverage=ibis.ifelse(j.below_cover.isnull(), amount(0), ibis.least(j.coverage, j.below_cover)),
        rank=ibis.greatest(j["rank"], j.below_rank.coalesce(0)),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rate:
    """A published yearly change in %, with the id of the row it stands in."""

    indicator_id: str
    subject_id: str
    year: int
    value: Decimal | None
    confidence: str
    key: str


@dataclass(frozen=True, slots=True)
class Chained:
    """A change since a base year made of published yearly changes; `missing` names the years not published."""

    indicator_id: str
    subject_id: str
    base_year: int
    year: int
    value: Decimal | None
    missing: tuple[int, ...]
    confidence: str
    keys: tuple[str, ...]


def chained(rates: Iterable[Rate], bases: Sequence[tuple[str, int, int]]) -> list[Chained]:
    """100 × (Π(1 + r_i / 100) − 1) over the years after each base, to six places, half away from zero.

    `bases`: (indicator, base year, last year of the plan). A product with a hole is not computed: the years that
    are missing are named. A subject without any rate after the base has no rows.
    """
    by_subject: dict[tuple[str, str], dict[int, Rate]] = {}
    for r in rates:
        if r.value is not None:
            by_subject.setdefault((r.indicator_id, r.subject_id), {})[r.year] = r
    result = []
    for indicator, base, last in bases:
        for (name, subject), years in sorted(by_subject.items()):
            if name != indicator:
                continue
            if any(base < y <= last for y in years):
                result += [_chain(name, subject, base, end, years) for end in range(base + 2, last + 1)]
    return result


def _chain(indicator: str, subject: str, base: int, end: int, years: dict[int, Rate]) -> Chained:
    wanted = range(base + 1, end + 1)
    missing = tuple(y for y in wanted if y not in years)
    used = [years[y] for y in wanted if y in years]
    value: Decimal | None = None
    if not missing:
        with localcontext() as ctx:
            ctx.prec = 60
            product = Decimal(1)
            for r in used:
                product *= 1 + (r.value or Decimal(0)) / 100
            value = quantise((product - 1) * 100)
    mark = least_sure(*(r.confidence for r in used))
    return Chained(indicator, subject, base, end, value, missing, mark, tuple(r.key for r in used))
