"""The register of indicators (指标目录): each is one function, with unit, nature, inputs and source clause."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import ibis

from shuangkong.engine.api import amount, confidence_rank, exact_ratio
from shuangkong.kernel.ids import IndicatorId
from shuangkong.kernel.labels import Label
from shuangkong.kernel.periods import Nature

if TYPE_CHECKING:
    import ibis.expr.types as ir

PERIOD = ("period_key", "period_kind", "period_start", "period_end")
_KEYS = ("method_id", "subject_id", *PERIOD)
Grain = Literal["native", "year"]


@dataclass(frozen=True)
class Books:
    """The tables an indicator may read: totals, deductions and subjects of one run."""

    totals: ir.Table
    deductions: ir.Table
    subjects: ir.Table

    def sum(self, measure: str, *, parts: tuple[str, ...] = ()) -> ir.Table:
        """A measure by method, subject and period: amount, state, coverage, confidence rank.

        `parts` limits it to some of its parts. A part that is absent where the measure has a return is a real
        nought; a measure without any return is not there at all.
        """
        t = self.totals.filter(self.totals.measure == measure, self.totals.level == "subtree")
        wanted = t.part.isin(parts) if parts else ibis.literal(True)
        summed = t.group_by("method_id", "subject_id", *PERIOD).aggregate(
            amount=_part_sum(t, wanted, bool(parts)),
            worst=t.state.max(),
            wanting=(t.state != "ok").any(),
            coverage=t.coverage.min(),
            rank=confidence_rank(t.confidence).max(),
        )
        # a part without a figure (range, no_factor) leaves the sum of the others partial, not without a value
        state = ibis.cases((~summed.wanting, "ok"), (summed.amount.notnull(), "partial"), else_=summed.worst)
        return summed.select(*_KEYS, "amount", "coverage", "rank", state=state)

    def assessed(self, side: str) -> ir.Table:
        """Energy after the deductions of one side (total or intensity), in the shape of `sum`."""
        d = self.deductions.filter(self.deductions.side == side)
        last = d.group_by("method_id", "subject_id", "period_key").aggregate(position=d.position.max())
        d = d.inner_join(last, ["method_id", "subject_id", "period_key", "position"])
        gross = self.sum("energy")
        keys = ["method_id", "subject_id", "period_key"]
        least = confidence_rank(d.confidence)
        t = gross.inner_join(d.select(*keys, "after", deducted=d.state, deducted_rank=least), keys)
        state = ibis.ifelse(t.deducted == "ok", t.state, t.deducted)
        worst = ibis.greatest(t["rank"], t.deducted_rank)
        return t.select(*_KEYS, "coverage", rank=worst, amount=t.after, state=state)

    def only(self, rows: ir.Table, *, kind: str = "", yearly: bool = False) -> ir.Table:
        """Rows of one kind of subject, or of calendar years."""
        if yearly:
            rows = rows.filter(rows.period_kind == "year")
        if kind:
            s = self.subjects.filter(self.subjects.kind == kind).select("subject_id")
            rows = rows.semi_join(s, "subject_id")
        return rows


def _part_sum(t: ir.Table, wanted: ir.BooleanValue, limited: bool) -> ir.DecimalValue:
    if not limited:
        return t.amount.sum()
    # a known return without the part is nought of it; an unknown one is unknown
    known = ibis.ifelse(wanted, t.amount, ibis.ifelse(t.amount.isnull(), ibis.null("decimal(38, 6)"), amount(0)))
    return known.sum()


def level(rows: ir.Table, *, needs: str) -> ir.Table:
    """An amount as an indicator value; it has nothing under it."""
    return rows.select(
        "method_id", "subject_id", *PERIOD, "state", "coverage", "rank",
        value=rows.amount, over=rows.amount, under=ibis.null("decimal(38, 6)"),
        needs=ibis.ifelse(rows.amount.isnull(), ibis.literal(needs), ibis.null("string")),
    )  # fmt: skip


def ratio(
    over: ir.Table, under: ir.Table, *, scale: int, needs_over: str, needs_under: str, by_method: bool = False
) -> ir.Table:
    """over × scale ÷ under, exact to six places; a missing side leaves no value and says what is needed.

    The state is the worse of the two, coverage the lower, and the mark the less sure. `by_method` joins rows of
    the same accounting method; else `under` has a choice of its own (the price base), which the method of the
    result names as well. Both sides go along (`over`, `under`), so that a change is computed from them and not
    from the rounded quotient.
    """
    keys = ["method_id", "subject_id", "period_key"] if by_method else ["subject_id", "period_key"]
    u = under.select(
        *keys, below=under.amount, below_state=under.state, below_cover=under.coverage, below_rank=under.rank,
        under_method=under.method_id,
    )  # fmt: skip
    t = over.left_join(u, keys)
    t = t.select(*over.columns, "below", "below_state", "below_cover", "below_rank", "under_method")
    if not by_method:
        # what lies under has a choice of its own, the price base: it becomes part of the method
        more = t.under_method.coalesce("")
        t = t.mutate(method_id=ibis.ifelse(more == "", t.method_id, t.method_id + "/" + more))
    value = exact_ratio(t.amount * amount(scale), t.below)
    both = (t.state == "ok") & (t.below_state == "ok")
    state = ibis.cases(
        (t.amount.isnull(), t.state), (t.below.isnull(), ibis.literal("no_denominator")), (both, "ok"), else_="partial"
    )
    needs = ibis.cases(
        (t.amount.isnull(), ibis.literal(needs_over)), (t.below.isnull(), ibis.literal(needs_under)),
        else_=ibis.null("string"),
    )  # fmt: skip
    cover = ibis.ifelse(t.below_cover.isnull(), amount(0), ibis.least(t.coverage, t.below_cover))
    return t.select(
        "method_id", "subject_id", *PERIOD, value=value, over=t.amount, under=t.below, state=state, needs=needs,
        coverage=cover, rank=ibis.greatest(t["rank"], t.below_rank.coalesce(0)),
    )  # fmt: skip


Compute = Callable[[Books], "ir.Table"]


@dataclass(frozen=True, slots=True)
class Indicator:
    """One indicator: what it is, in which unit, what it is made of and where it is asked for."""

    id: IndicatorId
    label: Label
    unit: str
    nature: Nature
    better: Literal["lower", "higher", "neither"]
    inputs: tuple[tuple[str, str], ...]
    clause: str
    compute: Compute

    @property
    def doc(self) -> str:
        """The docstring of the function: formula, states, source."""
        return (self.compute.__doc__ or "").strip()


INDICATORS: dict[str, Indicator] = {}


def indicator(
    id_: str,
    zh: str,
    en: str,
    *,
    unit: str,
    nature: Nature,
    better: Literal["lower", "higher", "neither"],
    inputs: tuple[tuple[str, str], ...],
    clause: str,
) -> Callable[[Compute], Compute]:
    """Register a function as an indicator. `inputs`: (measure or indicator, its role in the formula)."""

    def wrap(function: Compute) -> Compute:
        if id_ in INDICATORS:
            raise RuntimeError(f"the indicator {id_} is defined twice")
        INDICATORS[id_] = Indicator(
            IndicatorId(id_), Label(zh, en), unit, nature, better, inputs, clause, function
        )  # fmt: skip
        return function

    return wrap
