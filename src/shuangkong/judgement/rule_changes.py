"""What became of the findings of rules since the last run (规则结论变化): opened, stayed, changed, closed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

if TYPE_CHECKING:
    import ibis.expr.types as ir

_SAID = ("status", "row_hit", "answer", "signal")
_NAMED = ("subject_id", "pack_id", "pack_edition", "slug", "clause", "period_key")


def rule_changes(now: ir.Table, before: ir.Table) -> ir.Table:
    """What opened, stayed, changed and closed. now, before: RULE_FINDINGS of this run and of the last.

    One stays as long as status, row, answer and what it means are the same. result: RULE_CHANGES
    """
    b = before.select("finding_key", **{f"{c}_before": before[c] for c in (*_SAID, *_NAMED)})
    t = now.select("finding_key", *_SAID, *_NAMED).outer_join(b, "finding_key")
    fresh, gone = t.finding_key_right.isnull(), t.finding_key.isnull()
    same = ibis.literal(True)
    for c in _SAID:
        same = same & t[c].identical_to(t[f"{c}_before"])
    change = ibis.cases((gone, "closed"), (fresh, "opened"), (same, "stayed"), else_="changed")
    return t.select(
        finding_key=t.finding_key.coalesce(t.finding_key_right), change=change, status=t.status,
        status_before=t.status_before, row_hit=t.row_hit, row_before=t.row_hit_before, answer=t.answer,
        answer_before=t.answer_before, signal=t.signal, signal_before=t.signal_before,
        **{c: t[c].coalesce(t[f"{c}_before"]) for c in _NAMED},
    )  # fmt: skip
