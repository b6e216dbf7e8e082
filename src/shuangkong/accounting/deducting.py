"""Deductions (扣减): from the energy total to what is assessed, one step a row, in the order of the documents."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from shuangkong.accounting.register import PERIOD
from shuangkong.engine.api import amount

if TYPE_CHECKING:
    import ibis.expr.types as ir

#: Steps in order, with the measure that holds what each takes away.
STEPS: tuple[tuple[str, str], ...] = (
    ("new_renewable", "energy_new_renewable"),
    ("feedstock", "energy_feedstock"),
    ("major_project", "energy_major_project"),
    ("certificate", "energy_certificate"),
)
SIDES = ("total", "intensity")
_KEYS = ("method_id", "subject_id", *PERIOD)


def deductions(totals: ir.Table, applies: ir.Table, caps: ir.Table) -> ir.Table:
    """The steps from gross to assessed energy of each region and calendar year.

    totals:  TOTALS.  applies: step, side, year, applies (1 or 0), parameter — from the packs.
    caps:    method_id, subject_id, period_key, cap (tce): the most that certificates may take away.
    result:  DEDUCTIONS; step `gross` first, then each step that applies and has something to take; a step without
             a return takes nothing, because an of-which row that is absent claims no deduction.
    """
    t = totals.filter(totals.level == "subtree", totals.period_kind == "year")
    gross = _amounts(t, "energy").mutate(step=ibis.literal("gross"), order=0)
    rows = gross.mutate(taken=amount(0), parameter=ibis.null("string"))
    sides = [_side(t, gross, applies, caps, side) for side in SIDES]
    first = [rows.mutate(side=ibis.literal(side)).select(*_COLUMNS) for side in SIDES]
    every = ibis.union(*first, *[s.select(*_COLUMNS) for s in sides])
    by = {"group_by": ["method_id", "subject_id", "period_key", "side"], "order_by": "order"}
    running = every.taken.sum().over(ibis.cumulative_window(**by))
    base = every.mutate(before=running, position=ibis.row_number().over(ibis.window(**by)).cast("int64"))
    return base.select(
        *_KEYS, "side", "position", "step", "parameter", amount=base.taken,
        after=(base.gross - base.before).cast("decimal(38, 6)"), state=base.state,
    )  # fmt: skip


_COLUMNS = (*_KEYS, "side", "step", "order", "gross", "taken", "state", "parameter")


def _amounts(t: ir.Table, measure: str) -> ir.Table:
    m = t.filter(t.measure == measure)
    return m.group_by(*_KEYS).aggregate(
        gross=m.amount.sum(), state=ibis.ifelse((m.amount.isnull()).any(), ibis.literal("no_data"), ibis.literal("ok"))
    )


def _side(t: ir.Table, gross: ir.Table, applies: ir.Table, caps: ir.Table, side: str) -> ir.Table:
    steps = []
    for order, (step, measure) in enumerate(STEPS, start=1):
        part = _amounts(t, measure).select("method_id", "subject_id", "period_key", taken="gross")
        rule = applies.filter(applies.step == step, applies.side == side, applies.applies == 1)
        j = gross.select(*_KEYS, "gross", "state").inner_join(part, ["method_id", "subject_id", "period_key"])
        j = j.inner_join(rule.select("parameter", period_key=rule.year), "period_key")
        taken = j.taken
        if step == "certificate":
            j = j.left_join(caps, ["method_id", "subject_id", "period_key"])
            # without a target there is no saving to cap against, and no certificate counts
            taken = ibis.least(j.taken, j.cap.coalesce(amount(0)))
        steps.append(
            j.select(
                *_KEYS,
                "gross",
                "state",
                "parameter",
                taken=taken,
                side=ibis.literal(side),
                step=ibis.literal(step),
                order=ibis.literal(order),
            )
        )
    return ibis.union(*steps)
