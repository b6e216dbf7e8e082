"""The judgement step of a run (判定): targets are lowered to decision tables, decided, and compared with before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from shuangkong.accounting.api import EDGES, INDICATOR_VALUES, Method, packs_of
from shuangkong.engine.api import (
    Column,
    RunContext,
    TableContract,
    amount,
    confidence_mark,
    confidence_rank,
    number,
    reading,
    text,
)
from shuangkong.judgement.bindings import Binding, Subjects, UnitFacts, bindings, shape_name
from shuangkong.judgement.rules import decide
from shuangkong.judgement.tables import FINDING_CHANGES, FINDINGS
from shuangkong.kernel.findings import CANDIDATE, CONFIDENCES, Status
from shuangkong.kernel.labels import Label
from shuangkong.kernel.numbers import AMOUNT
from shuangkong.policy.api import DecisionTable, Target, lower_target, unregistered
from shuangkong.registry.api import units_of

if TYPE_CHECKING:
    import ibis.expr.types as ir

_SAME = (
    "finding_key", "subject_id", "pack_id", "pack_edition", "slug", "clause", "variant", "level", "period_key",
    "period_kind", "period_start", "period_end", "due", "indicator_id", "comparator", "unit", "threshold",
    "threshold_high", "target_value", "progress_method",
)  # fmt: skip
_MORE = (
    text("shape", "形", "shape"),
    text("value_period", "取值期", "period of the value"),
    text("base", "基期", "base"),
    text("wanted_method", "核算方法", "method"),
    number("sign", "integer", "方向", "sign", "1"),
    number("min_coverage", "amount", "最低覆盖率", "least coverage", "1"),
    Column("closed", "flag", Label("期满", "period is over")),
    text("target_confidence", "目标可信度", "confidence of the target"),
    Column("synthetic", "flag", Label("合成", "synthetic")),
    text("open_reason", "未决原因", "why it is open", nullable=True),
    text("open_needs", "尚缺", "needs", nullable=True),
)
BINDINGS = TableContract(
    "bindings",
    Label("条款适用", "bindings"),
    (*(FINDINGS[name] for name in _SAME), *_MORE),
    key=("finding_key",),
    doc="Every question that the packs put in this run, before it is answered.",
)
_EDGE_COLUMNS = tuple(c.name for c in EDGES.columns)


def judge(run: RunContext, methods: Sequence[Method]) -> None:
    """Decide every target that binds a subject of the run; publish findings and how they changed."""
    with run.step("judge: bind"):
        asked, shapes = _bind(run, methods)
    with run.step("judge: decide"):
        decided = run.publish(FINDINGS, lambda: findings(asked, INDICATOR_VALUES.ibis(), shapes))
    with run.step("judge: changes"):
        every = ibis_table(FINDINGS, run.whole(FINDINGS.name, FINDINGS))
        before = run.bind(_earlier(), run.earlier(FINDINGS))
        run.publish(FINDING_CHANGES, lambda: finding_changes(every, before), whole=True)
        _add_edges(run, decided, every)


def _earlier() -> TableContract:
    return TableContract("findings_before", FINDINGS.label, FINDINGS.columns, FINDINGS.key)


def _bind(run: RunContext, methods: Sequence[Method]) -> tuple[ir.Table, dict[str, DecisionTable]]:
    packs = packs_of(run)
    found = list(bindings(packs, _subjects(run), methods, as_of=run.as_of, known=run.known_day))
    # a table that asks nothing stands by, so that a run before any document is one without findings
    shapes: dict[str, DecisionTable] = {"none": DecisionTable(id="none", inputs=(), rows=(), outputs=())}
    # all that any target has, whoever it binds: the statement is the same for every run by these packs
    for pack in packs.packs:
        for target in pack.targets:
            shapes.setdefault(shape_name(target), shape_of(target))
    return run.bind(BINDINGS, BINDINGS.from_rows([_row(b) for b in found])), shapes


def ibis_table(contract: TableContract, name: str) -> ir.Table:
    """The unbound table of a contract under another name."""
    import ibis

    return ibis.table(contract.ibis().schema(), name=name)


def shape_of(target: Target) -> DecisionTable:
    """The target's one-row table with its row named `hit`: targets of one comparator are decided together."""
    table = lower_target(target)
    rows = tuple(r.model_copy(update={"id": "hit"}) for r in table.rows)
    return table.model_copy(update={"rows": rows})


def _row(b: Binding) -> dict[str, object]:
    row = asdict(b)
    period = b.period
    del row["period"]
    return {
        **{k: v for k, v in row.items() if k in BINDINGS._index},
        "period_key": period.key, "period_kind": period.kind.value, "period_start": period.start,
        "period_end": period.end, "wanted_method": b.method_id, "target_confidence": b.confidence,
        "open_reason": b.reason, "open_needs": b.needs,
    }  # fmt: skip


def _subjects(run: RunContext) -> Subjects:
    rows: list[dict[str, Any]] = run.executor.run("SELECT * FROM subjects").to_pylist()
    made: dict[str, set[str]] = {}
    for r in run.executor.run("SELECT DISTINCT subject_id, part FROM totals WHERE measure = 'output'").to_pylist():
        made.setdefault(r["subject_id"], set()).add(r["part"])
    above = _paths(run, {r["subject_id"]: r["code"] for r in rows if r["kind"] == "region"}, run.as_of)
    units = tuple(
        UnitFacts(
            r["subject_id"], above.get(r["subject_id"], ()), r["industry_code"] or "", r["unit_class"] or "",
            frozenset(made.get(r["subject_id"], ())),
        )
        for r in rows
        if r["kind"] == "unit"
    )  # fmt: skip
    regions = {r["code"]: r["subject_id"] for r in rows if r["kind"] == "region" and r["code"]}
    named = _named(run, frozenset(u.subject_id for u in units))
    return Subjects(regions, units, frozenset(r["subject_id"] for r in rows if r["synthetic"]), named)


def _named(run: RunContext, here: frozenset[str]) -> dict[str, str]:
    """Units that targets name, by the code that names each; a code that the register does not hold is a flaw.

    A target that names such a unit binds nobody.
    """
    packs = packs_of(run).packs
    codes = {t.subject.uscc for p in packs for t in p.targets if t.subject.uscc is not None}
    if not codes:
        return {}
    with reading(run.workspace.engine) as db:
        found = units_of(db, run.scope, codes, run.known)
    run.flaws.extend(unregistered(packs, found))
    return {code: subject for code, subject in found.items() if subject in here}


def _paths(run: RunContext, codes: dict[str, str], day: date) -> dict[str, tuple[str, ...]]:
    """Codes of the regions that each unit lies in on the day, or last lay in: one that closed keeps its record."""
    run.executor.bind(
        "codes__arrow", pa.table({"id": list(codes), "code": pa.array(list(codes.values()), pa.string())})
    )
    on = f"DATE '{day.isoformat()}'"
    rows = run.executor.run(
        f"WITH last AS (SELECT subject_id, max(least(valid_to, {on} + 1)) - 1 AS day FROM subject_closure"
        f" WHERE depth > 0 AND valid_from <= {on} GROUP BY 1)"
        " SELECT c.subject_id, list(k.code ORDER BY c.depth DESC) AS path FROM subject_closure c"
        " JOIN last l ON l.subject_id = c.subject_id AND c.valid_from <= l.day AND l.day < c.valid_to"
        " JOIN codes__arrow k ON k.id = c.ancestor_id JOIN subjects s ON s.subject_id = c.subject_id"
        " WHERE s.kind = 'unit' GROUP BY 1"
    )
    return {r["subject_id"]: tuple(r["path"]) for r in rows.to_pylist()}


def findings(asked: ir.Table, values: ir.Table, shapes: dict[str, DecisionTable]) -> ir.Table:
    """Every binding with its value and its answer.

    asked: BINDINGS.  values: INDICATOR_VALUES.  shapes: the lowered table by the shape of the target.
    result: FINDINGS. No value, too little coverage: insufficient, with what is needed. The document leaves the
    answer open: undetermined. Else met or missed once the period is over, on_track or behind before. A value behind
    which returns are missing is decided where the document is content with the coverage, and marked: value_state is
    partial. Coverage counts returns and not what they hold, so such a status is that of what is known.
    """
    import ibis

    v = values.select(
        "value_key", indicator_id="indicator_id", subject_id="subject_id", value_period="period_key", base="base",
        wanted_method="method_id", raw="value", value_state="state", value_needs="needs", value_coverage="coverage",
        value_confidence="confidence",
    )  # fmt: skip
    keys = ["indicator_id", "subject_id", "value_period", "base", "wanted_method"]
    t = asked.left_join(v, keys)
    t = t.select(*asked.columns, *(c for c in v.columns if c not in keys))
    t = t.mutate(
        value=(t.raw * t.sign.cast(AMOUNT)).cast("decimal(38, 12)").cast(AMOUNT),
        coverage=t.value_coverage.coalesce(amount(0)),
    )  # fmt: skip
    enough = t.coverage >= t.min_coverage
    t = t.mutate(
        reason=ibis.cases(
            (t.open_reason.notnull(), t.open_reason),
            (t.value.isnull(), t.value_state.coalesce("no_value")),
            (~enough, ibis.literal("coverage")),
            else_=ibis.null("string"),
        )
    )
    # a decision has a clause of its own, that of the row; the one meant here is the target's
    t = t.rename(target_clause="clause")
    parts = [decide(table, t.filter(t.shape == shape)) for shape, table in sorted(shapes.items())]
    d = ibis.union(*parts) if len(parts) > 1 else parts[0]
    return _answered(d.rename(clause="target_clause"))


OPEN_REASONS = ("no_progress_method", "unit_mismatch", "change_in_points", CANDIDATE, "open")


def _answered(d: ir.Table) -> ir.Table:
    import ibis

    hit = d.row_hit == "hit"
    open_ = d.reason.isin(OPEN_REASONS) | (d.shape == "open")
    # what nobody has reviewed stays undetermined whatever the readings say, also where there are none
    undetermined = (open_ & d.value.notnull()) | (d.reason == CANDIDATE)
    decided = ibis.cases(
        (d.closed & hit, Status.MET.value), (d.closed, Status.MISSED.value), (hit, Status.ON_TRACK.value),
        else_=Status.BEHIND.value,
    )  # fmt: skip
    status = ibis.cases(
        (undetermined, Status.UNDETERMINED.value), (d.reason.notnull(), Status.INSUFFICIENT.value),
        (open_, Status.UNDETERMINED.value), else_=ibis.ifelse(hit.isnull(), _unhit(d), decided),
    )  # fmt: skip
    margin = ibis.ifelse(d.comparator.isin(["at_most", "less_than"]), d.threshold - d.value, d.value - d.threshold)
    needs = ibis.cases(
        (d.open_needs.notnull(), d.open_needs), (d.value_needs.notnull(), d.value_needs),
        (d.value.isnull(), d.indicator_id + " " + d.value_period),
        (d.reason == "coverage", ibis.literal("coverage of ") + d.min_coverage.cast("string")),
        else_=ibis.literal("the pack to name what is open"),
    )  # fmt: skip
    reason = ibis.ifelse(d.reason.isnull() & (d.shape == "open"), ibis.literal("no_tolerance"), d.reason)
    row_hit = ibis.ifelse(hit.coalesce(False) & reason.isnull(), d.slug, ibis.null("string"))
    return d.select(
        *_SAME, value=d.value, margin=margin, progress=_progress(d), status=status, reason=reason,
        needs=ibis.ifelse(reason.notnull(), needs, ibis.null("string")), coverage=d.coverage,
        value_state=_value_state(d), confidence=_least_sure(d.target_confidence, d.value_confidence),
        value_key=d.value_key, method_id=d.wanted_method, row_hit=row_hit, synthetic=d.synthetic,
    )  # fmt: skip


def _value_state(d: ir.Table) -> ir.StringValue:
    import ibis

    whole = (d.value_state == "ok") & (d.coverage >= amount(1))
    return ibis.cases((d.value.isnull(), ibis.null("string")), (whole, "ok"), else_="partial")


def _unhit(d: ir.Table) -> ir.StringValue:
    """A row that could be decided and was not hit."""
    import ibis

    return ibis.ifelse(d.closed, Status.MISSED.value, Status.BEHIND.value)


def _progress(d: ir.Table) -> ir.DecimalValue:
    """Share of the whole target reached: r ÷ R, or ln(1 − r) ÷ ln(1 − R) where the pack says compound."""
    import ibis

    r, whole = d.value.cast("float64") / 100, d.target_value.cast("float64") / 100
    plan = d.variant.isin(("plan", "to_date")) & (d.unit == "%") & (whole > 0)
    linear = r / whole
    safe = ibis.ifelse((r < 1) & (whole < 1), r, ibis.null("float64"))
    compound = (1 - safe).ln() / (1 - ibis.ifelse(whole < 1, whole, ibis.null("float64"))).ln()
    share = ibis.cases((d.progress_method == "linear", linear), (d.progress_method == "compound", compound))
    return ibis.ifelse(plan, share, ibis.null("float64")).cast(AMOUNT)


def _least_sure(a: ir.StringValue, b: ir.StringValue) -> ir.StringValue:
    import ibis

    return confidence_mark(ibis.greatest(confidence_rank(a), confidence_rank(b.coalesce(CONFIDENCES[0]))))


def finding_changes(now: ir.Table, before: ir.Table) -> ir.Table:
    """What opened, stayed, changed and closed. now, before: FINDINGS of this run and of the last."""
    import ibis

    b = before.select(
        "finding_key", subject_before="subject_id", status_before="status", value_before="value", unit_before="unit"
    )
    n = now.select("finding_key", "subject_id", "status", "value", "unit")
    t = n.outer_join(b, "finding_key")
    fresh, gone = t.finding_key_right.isnull(), t.finding_key.isnull()
    same = (t.status == t.status_before) & (
        (t.value == t.value_before).coalesce(False) | (t.value.isnull() & t.value_before.isnull())
    )
    change = ibis.cases((gone, "closed"), (fresh, "opened"), (same, "stayed"), else_="changed")
    return t.select(
        finding_key=t.finding_key.coalesce(t.finding_key_right), subject_id=t.subject_id.coalesce(t.subject_before),
        change=change, status=t.status, status_before=t.status_before, value=t.value, value_before=t.value_before,
        unit=t.unit.coalesce(t.unit_before),
    )  # fmt: skip


def _add_edges(run: RunContext, decided: ir.Table, every: ir.Table) -> None:
    """Edges of the findings, added to those of the accounting before the run is complete.

    every: the findings of all subjects; which clause a target stands in is nobody's row, and told once.
    """
    import ibis

    def target(rows: ir.Table) -> ir.StringValue:
        return rows.pack_id + ibis.literal("@") + rows.pack_edition + ibis.literal("#") + rows.slug

    clause = every.pack_id + ibis.literal("@") + every.pack_edition + ibis.literal("#clause:") + every.clause
    one = ("finding", decided.finding_key)
    parts: Sequence[ir.Table] = (
        _edge(decided, one, ("target", target(decided)), "asks"),
        _edge(every, ("target", target(every)), ("clause", clause), "stands in", ibis.null("string")).distinct(),
        _edge(decided.filter(decided.value_key.notnull()), one, ("indicator", decided.value_key), "answered by"),
    )
    rows = run.keep("finding_edges", lambda: ibis.union(*parts))
    run.executor.add("edges", f"SELECT * FROM {rows.get_name()}")


def _edge(
    rows: ir.Table, start: tuple[str, ir.StringValue], end: tuple[str, ir.StringValue], role: str,
    whose: ir.StringValue | None = None,
) -> ir.Table:  # fmt: skip
    import ibis

    return rows.select(
        from_kind=ibis.literal(start[0]), from_key=start[1], to_kind=ibis.literal(end[0]), to_key=end[1],
        role=ibis.literal(role), subject_id=rows.subject_id if whose is None else whose,
    ).select(*_EDGE_COLUMNS)  # fmt: skip
