"""Why a flexed total stands as it does (扣减与弹性缘由): each step with parameter, clause, returns, what is missing."""

from __future__ import annotations

from datetime import date
from typing import Any

from shuangkong.accounting.api import INDICATOR_VALUES, TOTALS
from shuangkong.dualcontrol.flexing_tables import FLEX_STEPS, STEPS
from shuangkong.dualcontrol.why_packs import figures, stated
from shuangkong.dualcontrol.why_reading import Reads, Reason, quoted
from shuangkong.judgement.api import FINDINGS, grounds, not_one

Row = dict[str, Any]
#: What a step rests on beside its own parameter: the cap of certificates, what the base leaves out too.
_BESIDE = {"certificate": ("deduction.certificate_cap",), "base": ("flex.base_too",), "total": ("flex.least_coverage",)}
_GROWTH, _AIMED = "gdp_growth", "flex.planned_growth"
_FINDINGS = ("fall_finding", "incentive_finding", "total_finding")


def flexed(reads: Reads, made: Reason) -> None:
    """Fill in the steps of a flexed total, what each rests on, and the books behind; RUN-002 for a step it has not."""
    row = made.row
    day = date(row["period_start"].year, 12, 31)
    made.steps = [_step(reads, s, day) for s in _steps(reads, row)]
    if made.step and made.step not in {s["step"] for s in made.steps}:
        raise not_one(f"{made.key}_{made.step}", several=False)
    ranked = stated(reads.packs, row["rank_parameter"], day, reads.known)
    made.parameters = [ranked] if ranked else []
    aimed = figures(reads.packs, _AIMED, day, reads.known)
    made.parameters += [p for p in aimed if p["keys"] == [row.get("subject_code")]]
    keys = [row[n] for n in _FINDINGS if row[n]]
    roles = {row[n]: n for n in _FINDINGS if row[n]}
    made.findings = [
        {"key": f["finding_key"], "role": roles[f["finding_key"]], "period_key": f["period_key"],
         "status": f["status"], "pack": f"{f['pack_id']}@{f['pack_edition']}", "clause": f["clause"]}
        for f in (reads.rows(FINDINGS, f"finding_key IN {quoted(keys)}") if keys else [])
    ]  # fmt: skip
    made.growth = _growth(reads, row)
    nodes = [("indicator", row[n]) for n in ("value_key", "base_value_key") if row[n]]
    if row["standing"] == "confidential":
        nodes = []
    nodes += [("indicator", made.growth["value_key"])] if made.growth else []
    nodes += [("total", r["total_key"]) for r in _claimed(reads, made)]
    about = {"subject_id": row["subject_id"], "period_key": row["period_key"],
             "indicator_id": "energy_total_assessed" if row["control"] == "energy" else ""}  # fmt: skip
    made.below = grounds(reads.workspace, reads.run, reads.packs, about, nodes, reads.scope, methods=[row["method_id"]])


def _steps(reads: Reads, row: Row) -> list[Row]:
    same = ("method_id", "subject_id", "control", "period_key")
    where = " AND ".join(f"{k} IN {quoted([row[k]])}" for k in same)
    return sorted(reads.rows(FLEX_STEPS, where), key=lambda s: s["position"])


def _step(reads: Reads, step: Row, day: date) -> Row:
    """A step with the parameter or target that it rests on, and what else a pack says of it."""
    beside = [p for name in _BESIDE.get(step["step"], ()) for p in figures(reads.packs, name, day, reads.known)]
    label = STEPS[step["step"]]
    kept = {k: v for k, v in step.items() if k not in ("period_kind", "period_start", "period_end")}
    rests_on = stated(reads.packs, step["parameter"], day, reads.known)
    return kept | {"label_zh": label.zh, "label_en": label.en, "rests_on": rests_on, "beside": beside}


def _growth(reads: Reads, row: Row) -> Row | None:
    """The published growth that was used; None where it was computed from GDP or is not known."""
    if row["growth_origin"] != "reported":
        return None
    where = (
        f"indicator_id = '{_GROWTH}' AND subject_id IN {quoted([row['subject_id']])} AND method_id = 'reported'"
        f" AND period_key IN {quoted([row['period_key']])}"
    )
    return next(iter(reads.rows(INDICATOR_VALUES, where)), None)


def _claimed(reads: Reads, made: Reason) -> list[Row]:
    """The totals that returns claim for the deductions of a year."""
    row = made.row
    names = [f"energy_{s['step']}" for s in made.steps if s["due"] or s["claimed"] is not None]
    if row["control"] != "energy" or not names or row["standing"] == "confidential":
        return []
    return reads.rows(
        TOTALS,
        f"subject_id IN {quoted([row['subject_id']])} AND level = 'subtree' AND measure IN {quoted(names)}"
        f" AND method_id IN {quoted([row['method_id']])} AND period_key IN {quoted([row['period_key']])}",
    )
