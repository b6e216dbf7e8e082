"""Deductions (扣减): from the energy total to what is assessed, one step a row, in the order of the documents."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from shuangkong.accounting.register import PERIOD
from shuangkong.engine.api import amount, confidence_mark, confidence_rank

if TYPE_CHECKING:
    import ibis.expr.types as ir

#: Steps in order, with the measure that holds what each takes away.
STEPS: tuple[tuple[str, str], ...] = (
    ("new_renewable", "energy_new_renewable"),
    ("feedstock", "energy_feedstock"),
    ("major_project", "energy_major_project"),
    ("certificate", "energy_certificate"),
)
#: Steps that a document names and that are not taken here.
NOT_TAKEN = ("nonfossil",)
SIDES = ("total", "intensity")
_KEYS = ("method_id", "subject_id", *PERIOD)


def deductions(totals: ir.Table, unknown: ir.Table, applies: ir.Table, caps: ir.Table) -> ir.Table:
    """The steps from gross to assessed energy of each region and calendar year.

    totals:  TOTALS.  unknown: the sums of which a return that is there has no amount (`rollup.unknown`).
    applies: step, side, year, applies (1 or 0), parameter — from the packs.
    caps:    method_id, subject_id, period_key, cap (tce): the most that certificates may take away; null where a
             target asks for a saving and what that is worked out from is not known.
    result:  DEDUCTIONS; step `gross` first, then each step that applies and has something to take; a step without
             a return takes nothing, because an of-which row that is absent claims no deduction. One whose return
             is there and not known in full leaves all open: deduction_open, and so do certificates under a cap
             that is not known. A month without any return lacks the
             energy and its deduction alike: what is left is partial by the coverage of energy. The mark is the
             least sure of the totals and of the rules up to the step.

    Not taken: nonfossil energy (step nonfossil, 发改环资〔2024〕113号), from 2024: it holds the new renewable power and
    the certificates that are steps of their own, and the document forbids to deduct anything twice; which part of
    a region's non-fossil energy is left over no return says. The assessed figures of such years are therefore
    those before that step: too high rather than too low.
    """
    t = totals.filter(totals.level == "subtree", totals.period_kind == "year")
    gaps = unknown.filter(unknown.level == "subtree", unknown.period_kind == "year").select(
        "method_id", "measure", "subject_id", "period_key", gap=ibis.literal(1)
    )
    t = t.left_join(gaps, ["method_id", "measure", "subject_id", "period_key"]).select(*t.columns, "gap")
    gross = _amounts(t, "energy", whole=False).mutate(step=ibis.literal("gross"), order=0)
    rows = gross.mutate(taken=amount(0), parameter=ibis.null("string"))
    sides = [_side(t, gross, applies, caps, side) for side in SIDES]
    first = [rows.mutate(side=ibis.literal(side)).select(*_COLUMNS) for side in SIDES]
    every = ibis.union(*first, *[s.select(*_COLUMNS) for s in sides])
    keys = ["method_id", "subject_id", "period_key", "side"]
    upto = ibis.cumulative_window(group_by=keys, order_by="order")
    every = every.mutate(
        before=every.taken.sum().over(upto), worst=every["rank"].max().over(upto),
        open=ibis.ifelse(every.taken.isnull(), 1, 0).max().over(ibis.window(group_by=keys)),
        position=ibis.row_number().over(ibis.window(group_by=keys, order_by="order")).cast("int64"),
    )  # fmt: skip
    left = (every.gross - every.before).cast("decimal(38, 6)")
    return every.select(
        *_KEYS, "side", "position", "step", "parameter", amount=every.taken,
        after=ibis.ifelse(every.open == 1, ibis.null("decimal(38, 6)"), left),
        state=ibis.ifelse(every.open == 1, ibis.literal("deduction_open"), every.state),
        confidence=confidence_mark(every.worst),
    )  # fmt: skip


_COLUMNS = (*_KEYS, "side", "step", "order", "gross", "taken", "state", "parameter", "rank")


def _amounts(t: ir.Table, measure: str, *, whole: bool) -> ir.Table:
    """A measure's sum; with `whole` null unless the amount of every return that is there is known."""
    m = t.filter(t.measure == measure)
    a = m.group_by(*_KEYS).aggregate(
        gross=m.amount.sum(), lacking=ibis.ifelse(m.amount.isnull() | m.gap.notnull(), 1, 0).max(),
        rank=confidence_rank(m.confidence).max(), empty=ibis.ifelse(m.amount.isnull(), 1, 0).max(),
    )  # fmt: skip
    known = ibis.ifelse(a.lacking == 1, ibis.null("decimal(38, 6)"), a.gross) if whole else a.gross
    return a.select(
        *_KEYS, "rank", gross=known, state=ibis.ifelse(a.empty == 1, ibis.literal("no_data"), ibis.literal("ok"))
    )


def _side(t: ir.Table, gross: ir.Table, applies: ir.Table, caps: ir.Table, side: str) -> ir.Table:
    steps = []
    for order, (step, measure) in enumerate(STEPS, start=1):
        part = _amounts(t, measure, whole=True)
        part = part.select("method_id", "subject_id", "period_key", taken="gross", part_rank="rank")
        rule = applies.filter(applies.step == step, applies.side == side, applies.applies == 1)
        j = gross.select(*_KEYS, "gross", "state", "rank").inner_join(part, ["method_id", "subject_id", "period_key"])
        j = j.inner_join(
            rule.select("parameter", period_key=rule.year, rule_rank=confidence_rank(rule.confidence)), "period_key"
        )
        taken = j.taken
        if step == "certificate":
            j = j.left_join(caps.mutate(bound=ibis.literal(1)), ["method_id", "subject_id", "period_key"])
            # without a target there is no saving to cap against, and no certificate counts; an unknown amount stays
            # unknown, and so does one under an unknown cap (LEAST would take the other in its place)
            open_ = j.taken.isnull() | (j.bound.notnull() & j.cap.isnull() & (j.taken != amount(0)))
            capped = ibis.least(j.taken, j.cap.coalesce(amount(0)))
            taken = ibis.ifelse(open_, ibis.null("decimal(38, 6)"), capped)
        steps.append(
            j.select(
                *_KEYS, "gross", "state", "parameter", taken=taken, side=ibis.literal(side), step=ibis.literal(step),
                order=ibis.literal(order), rank=ibis.greatest(j["rank"], j.part_rank, j.rule_rank),
            )
        )  # fmt: skip
    return ibis.union(*steps)
