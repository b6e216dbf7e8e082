"""Streaks (连续期数): how many periods in a row, up to and including each one, an indicator met a condition.

A period counts as known where every return behind its figure is there. One that is not known breaks the proof: the
streak is then a lower bound, and says which periods are missing.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING

import ibis
import pyarrow as pa

from shuangkong.accounting.sourcing import value_key
from shuangkong.accounting.tables import INDICATOR_VALUES as _VALUES
from shuangkong.engine.api import (
    PERIOD_COLUMNS,
    UPDATED,
    NotLocal,
    RunContext,
    TableContract,
    amount,
    confidence_mark,
    confidence_rank,
    exact_ratio,
    number,
    text,
)
from shuangkong.kernel.labels import Label
from shuangkong.kernel.numbers import AMOUNT
from shuangkong.kernel.periods import Period
from shuangkong.policy.api import Every, PackSet, StreakRule, threshold_of

if TYPE_CHECKING:
    import ibis.expr.types as ir

#: How a figure of a streak comes about, beside computed, reported and chained.
COUNTED = "counted"
#: States of a count: some period before it is not known; the period itself is not.
AT_LEAST, MISSING = "at_least", "missing_periods"

STREAK_GRID = TableContract(
    "streak_grid",
    Label("连续期数的逐期条件", "what streaks are held against, by period"),
    (
        text("indicator_id", "指标", "indicator"),
        text("of_id", "所数指标", "indicator that is counted"),
        text("comparator", "比较", "comparator"),
        number("least", "amount", "覆盖率下限", "least coverage", "1"),
        number("idx", "integer", "期序", "number of the period", "1", doc="months or years since the year nought"),
        number("threshold", "amount", "阈值", "threshold", "1", nullable=True),
        number("starts", "integer", "是否起点", "whether counting begins here", "1"),
        *PERIOD_COLUMNS,
    ),
    key=("indicator_id", "idx"),
    subject=None,
    doc="One row for each period that a streak can be asked of.",
)
_WHOSE = ["indicator_id", "method_id", "subject_id"]
_COLUMNS = (
    "value_key", "indicator_id", "subject_id", "period_key", "period_kind", "period_start", "period_end", "method_id",
    "base", "value", "unit", "state", "needs", "coverage", "confidence", "origin",
)  # fmt: skip


def index_of(day: date, every: Every) -> int:
    """The number of the period that a day lies in: December is followed by the January of the next year."""
    return day.year * 12 + day.month - 1 if every == "month" else day.year


def period_at(index: int, every: Every) -> Period:
    """The period of a number."""
    return Period.month(index // 12, index % 12 + 1) if every == "month" else Period.year(index)


def last_full(as_of: date, every: Every) -> int:
    """The number of the last period that is over on the evening of a day."""
    return index_of(as_of + timedelta(days=1), every) - 1


def streak_rules(packs: PackSet) -> dict[str, StreakRule]:
    """The streaks that packs declare, by id of the indicator."""
    return {name: one.streak for name, one in sorted(packs.indicators.items()) if one.streak is not None}


def count_streaks(run: RunContext, packs: PackSet, values: ir.Table) -> ir.Table:
    """How many periods in a row, up to and including each one, an indicator met the condition that a pack writes.

    Declared in a pack (`streak` of an indicator): of which indicator, by month or year, and a comparison with a figure,
    or with a parameter at its value on the last day of each period. Unit: months or years. December is followed by the
    January of the next year. A period is known where its figure is published, or every return behind it is there
    (`min_coverage` may say less).

    States: ok; at_least, where the streak reaches a period that is not known: the count is a lower bound, and `needs`
    names the missing period or the first and last of them (2025-02/2025-04); missing_periods, where the period itself
    is not known: no value. Before the first figure of a subject nothing is known, unless counting begins there
    (`from`). Coverage: periods known ÷ (those and the missing ones named); 0 without a value. A decision table is
    decided on a lower bound as far as every number from there on gives the same. Computed and published figures are
    counted apart, and so is each accounting method. Edges lead to every period counted and to the one that ends it.

    values: rows of INDICATOR_VALUES that are levels (base empty), kept as a table. Result: rows of INDICATOR_VALUES
    with origin counted; what each was counted from is kept as `streak_links`. Source: 豫政办〔2021〕65号 六（十八）.
    """
    rules = streak_rules(packs)
    asked = STREAK_GRID.from_rows(list(_grid(run, packs, rules, values.get_name())))
    grid = run.bind(STREAK_GRID, asked)
    run.retain(STREAK_GRID.name, by_subject=False)
    if run.update is not None and not _as_before(run, asked):
        raise NotLocal("streaks are counted over other periods than in the earlier run")
    cells = run.keep("streak_cells", lambda: streak_cells(values, grid))
    counts = run.keep("streak_counts", lambda: streak_counts(cells))
    rows = run.keep("streak_values", lambda: streak_values(counts, grid))
    run.keep("streak_links", lambda: streak_links(counts, cells, grid))
    run.retain("streak_links")
    return rows


def _as_before(run: RunContext, grid: pa.Table) -> bool:
    """Whether the periods are those of the run that is updated: then no other subject's streak is another."""
    then = STREAK_GRID.checked(run.executor.run(f"SELECT * FROM {run.before(STREAK_GRID.name)}"))
    order = [(c, "ascending") for c in STREAK_GRID.key]
    return bool(then.sort_by(order).equals(grid.sort_by(order)))


def _grid(run: RunContext, packs: PackSet, rules: dict[str, StreakRule], values: str) -> Iterator[dict[str, object]]:
    """Rows of STREAK_GRID, from the first period that has a figure to the last one that has one, or is over."""
    asked = ", ".join(f"'{r.of}'" for r in rules.values()) or "''"
    where = f"WHERE indicator_id IN ({asked}) AND value IS NOT NULL"
    seen = f"SELECT indicator_id, period_kind, period_start FROM {values} {where}"
    if run.update is not None:
        # of all others what the earlier run has: the same rows, published
        before = run.before(_VALUES.name, _VALUES)
        seen += (
            f" UNION ALL SELECT indicator_id, period_kind, period_start FROM {before} {where}"
            f" AND base = '' AND origin IN ('computed', 'reported')"
            f" AND subject_id NOT IN (SELECT subject_id FROM {UPDATED})"
        )
    spans = run.executor.run(
        f"SELECT indicator_id, period_kind, min(period_start) AS first, max(period_start) AS last FROM ({seen})"
        " GROUP BY ALL"
    ).to_pylist()
    there = {(s["indicator_id"], s["period_kind"]): s for s in spans}
    for name, rule in rules.items():
        span = there.get((rule.of, rule.every))
        if span is None:
            continue
        start = index_of(rule.start, rule.every) if rule.start is not None else None
        first = max(index_of(span["first"], rule.every), start or 0)
        for index in range(first, max(index_of(span["last"], rule.every), last_full(run.as_of, rule.every)) + 1):
            p = period_at(index, rule.every)
            yield {
                "indicator_id": name, "of_id": rule.of, "comparator": rule.comparator, "least": rule.min_coverage,
                "idx": index, "threshold": threshold_of(packs, rule, p.last_day, run.known_day),
                "starts": int(index == start), "period_key": p.key, "period_kind": p.kind.value,
                "period_start": p.start, "period_end": p.end,
            }  # fmt: skip


def streak_cells(values: ir.Table, grid: ir.Table) -> ir.Table:
    """Each period of each subject from its first known one on, with whether it met the condition.

    values: indicator_id, method_id, subject_id, period_key, value, state, coverage, confidence, value_key.
    grid:   STREAK_GRID.
    result: indicator_id, method_id, subject_id, idx, starts, met (null: not known), rank, of_key (null: no figure).
    """
    v = values.rename(of_id="indicator_id")
    whole = (v.state == "ok") | ((v.state == "partial") & v.coverage.notnull())
    v = v.filter(v.value.notnull(), whole)
    j = grid.inner_join(
        v.select("of_id", "method_id", "subject_id", "period_key", "value", "state", "coverage", "value_key",
                 rank=confidence_rank(v.confidence)),
        ["of_id", "period_key"],
    )  # fmt: skip
    known = (j.state == "ok") | (j.coverage >= j.least)
    met = ibis.cases(
        (j.comparator == "at_most", j.value <= j.threshold), (j.comparator == "less_than", j.value < j.threshold),
        (j.comparator == "more_than", j.value > j.threshold), (j.comparator == "at_least", j.value >= j.threshold),
    )  # fmt: skip
    found = j.select(
        *_WHOSE, "idx", rank=j["rank"], of_key=j.value_key, met=ibis.ifelse(known, met, ibis.null("boolean"))
    )
    firsts = found.filter(found.met.notnull()).group_by(_WHOSE).aggregate(first=found.idx.min())
    dense = firsts.inner_join(grid.select("indicator_id", "idx", "starts"), "indicator_id")
    dense = dense.filter(dense.idx >= dense.first).select(*_WHOSE, "idx", "starts")
    told = dense.left_join(found, [*_WHOSE, "idx"])
    return told.select(*dense.columns, "met", "of_key", rank=told["rank"].coalesce(0))


def streak_counts(cells: ir.Table) -> ir.Table:
    """How far back each period's streak goes, and what ends it.

    cells:  see `streak_cells`.
    result: indicator_id, method_id, subject_id, idx, met, n (periods in a row), ended (the period that ends the streak;
            null where the first one is reached), by (its met), from (the first of the periods that are not known right
            before it), rank (the least sure of the periods counted).
    """
    t = cells
    so_far = ibis.cumulative_window(group_by=_WHOSE, order_by=t.idx)
    yes = t.met.coalesce(False)
    t = t.mutate(
        ended=t.idx.max(where=~yes).over(so_far), known=t.idx.max(where=t.met.notnull()).over(so_far),
        first=t.idx.min().over(so_far), begun=t.starts.max().over(so_far),
    )  # fmt: skip
    t = t.mutate(gap=ibis.ifelse(t.met.isnull(), t.known + 1, ibis.null("int64")), run=t.ended.coalesce(-1))
    so_far = ibis.cumulative_window(group_by=_WHOSE, order_by=t.idx)
    in_run = ibis.cumulative_window(group_by=[*_WHOSE, "run"], order_by=t.idx)
    t = t.mutate(
        gap=t.gap.max().over(so_far),
        broken=t.idx.max(where=t.met.isnull()).over(so_far),
        rank=t["rank"].max().over(in_run),
    )
    n = t.idx - t.ended.coalesce(t.first - 1)
    return t.select(
        *_WHOSE, "idx", "met", "ended", "rank", "of_key", n=n, begun=t.begun > 0, first="first",
        unknown=(t.ended.notnull() & (t.ended == t.broken)).coalesce(False), gap="gap",
    )  # fmt: skip


def streak_values(counts: ir.Table, grid: ir.Table) -> ir.Table:
    """The counts as rows of INDICATOR_VALUES.

    counts: see `streak_counts`.  grid: STREAK_GRID.
    state: ok; at_least (a lower bound: `needs` names the periods that are missing before it); missing_periods (the
    period itself is not known: no value). coverage: periods known ÷ (those + the missing ones that `needs` names).
    """
    t = counts
    month = t.idx.cast("int64")
    before = t.first - 1
    lone = t.ended.isnull() & ~t.begun
    low = ibis.cases((t.unknown, t.gap), (lone, before))
    high = ibis.cases((t.unknown, t.ended), (lone, before))
    t = t.mutate(month=month, low=low, high=high)
    # the period right before the first one of a subject may have no row in the grid: its name is worked out
    g = grid.select("indicator_id", "idx", *(c.name for c in PERIOD_COLUMNS), every="period_kind")
    j = t.inner_join(g, ["indicator_id", "idx"])
    monthly = j.every == "month"
    needs = ibis.cases(
        (j.low.isnull(), ibis.null("string")), (j.low == j.high, _named(j.low, monthly)),
        else_=_named(j.low, monthly) + "/" + _named(j.high, monthly),
    )  # fmt: skip
    lacking = (j.high - j.low + 1).coalesce(0)
    state = ibis.cases((j.met.isnull(), MISSING), (j.met & j.low.notnull(), AT_LEAST), else_="ok")
    share = exact_ratio(j.n.cast(AMOUNT), (j.n + lacking).cast(AMOUNT))
    cover = ibis.cases((j.met.isnull(), amount(0)), (state == "ok", amount(1)), else_=share.coalesce(amount(0)))
    told = j.mutate(
        base=ibis.literal(""), unit=ibis.ifelse(monthly, "month", "a"), state=state, coverage=cover,
        value=ibis.ifelse(j.met.isnull(), ibis.null(AMOUNT), ibis.ifelse(j.met, j.n, 0).cast(AMOUNT)),
        needs=ibis.ifelse(state == "ok", ibis.null("string"), needs), origin=ibis.literal(COUNTED),
        confidence=confidence_mark(j["rank"]),
    )  # fmt: skip
    return told.mutate(value_key=value_key(told)).select(*_COLUMNS)


def _named(index: ir.IntegerValue, monthly: ir.BooleanValue) -> ir.StringValue:
    return ibis.ifelse(monthly, named_period(index, "month"), named_period(index, "year"))


def named_period(index: ir.IntegerValue, every: Every) -> ir.StringValue:
    """The key of the period of a number: see `period_at`."""
    if every == "year":
        return index.cast("int64").cast("string")
    month = (index % 12 + 1).cast("int64").cast("string").lpad(2, "0")
    return (index // 12).cast("int64").cast("string") + "-" + month


def streak_links(counts: ir.Table, cells: ir.Table, grid: ir.Table) -> ir.Table:
    """From each count to the figures that it was counted from, and to the one that ends it.

    result: from_key, to_key, role, subject_id.
    """
    t = counts.inner_join(grid.select("indicator_id", "idx", "period_key"), ["indicator_id", "idx"])
    t = t.mutate(start=t.ended.coalesce(t.first), base=ibis.literal(""))
    t = t.select(*_WHOSE, "idx", "start", from_key=value_key(t))
    c = cells.filter(cells.of_key.notnull()).select(*_WHOSE, at="idx", to_key="of_key", kept="met")
    j = t.inner_join(c, _WHOSE)
    j = j.filter(j.at >= j.start, j.at <= j.idx)
    role = ibis.ifelse(j.kept.coalesce(False), "period counted", "period that ends it")
    return j.select("from_key", "to_key", "subject_id", role=role)
