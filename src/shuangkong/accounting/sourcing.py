"""Edges of the accounting (出处链): value → totals → parts → entries, as rows made by the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from shuangkong.accounting.changes import CHANGE, INCREMENT
from shuangkong.accounting.rollup import total_key

if TYPE_CHECKING:
    import ibis.expr.types as ir

_COLUMNS = ("from_kind", "from_key", "to_kind", "to_key", "role", "subject_id")


def value_key(t: ir.Table) -> ir.StringValue:
    """How an indicator value is named: indicator|subject|period|base|method."""
    bar = ibis.literal("|")
    return t.indicator_id + bar + t.subject_id + bar + t.period_key + bar + t.base + bar + t.method_id


def _edges(rows: ir.Table, kinds: tuple[str, str], role: str) -> ir.Table:
    return rows.mutate(
        from_kind=ibis.literal(kinds[0]), to_kind=ibis.literal(kinds[1]), role=ibis.literal(role)
    ).select(*_COLUMNS)  # fmt: skip


def total_edges(
    totals: ir.Table, leaves: ir.Table, amounts: ir.Table, closure: ir.Table, *, below: ir.Table | None = None,
    yearly: ir.Table | None = None, over: ir.Table | None = None,
) -> ir.Table:  # fmt: skip
    """From a subtree to its own part and its children, from a year to its periods, from those to entries.

    A month's total leads to the children that lay in the region at its end; a year leads to its own months and
    to the yearly returns in it, as they were summed: never to a child's year, which may have been made elsewhere.

    below: the subtree totals of months and such that children have; yearly: the own yearly returns of all that lies in
    the subjects of `totals`; over: the closure up to these. By default all are in `totals`, `leaves` and `closure`.
    """
    t = totals
    sub, own = t.filter(t.level == "subtree"), t.filter(t.level == "own")
    key = ["measure", "part", "subject_id", "period_key", "method_id"]
    self_part = sub.select(*key, from_key="total_key").inner_join(own.select(*key, to_key="total_key"), key)
    c = closure.filter(closure.depth == 1)
    native = sub.filter(sub.period_kind != "year")
    lower, last = native if below is None else below, own_years(leaves) if yearly is None else yearly
    child = lower.select(*key[:2], "period_key", "method_id", "period_end", "subject_id", to_key="total_key")
    up = child.inner_join(
        c, [child.subject_id == c.subject_id, c.valid_from < child.period_end, child.period_end <= c.valid_to]
    ).select("measure", "part", "period_key", "method_id", "to_key", subject_id=c.ancestor_id)
    down = native.select(*key, from_key="total_key").inner_join(up, key)
    return ibis.union(
        _edges(self_part, ("total", "total"), "own part"),
        _edges(down, ("total", "total"), "child"),
        _edges(_months_of_regions(sub, closure), ("total", "total"), "period"),
        _edges(_yearly_returns(last, closure, closure if over is None else over), ("total", "total"), "yearly return"),
        _edges(_periods(t, leaves, closure), ("total", "total"), "period"),
        _edges(_entries(amounts, closure), ("total", "entry"), "entry"),
    )


def _months_of_regions(sub: ir.Table, closure: ir.Table) -> ir.Table:
    """From a region's year to the region's own months."""
    above = closure.filter(closure.depth > 0).select(subject_id="ancestor_id").distinct()
    regions = sub.semi_join(above, "subject_id")
    same = ["measure", "part", "subject_id", "method_id"]
    months = regions.filter(regions.period_kind != "year").mutate(
        year_key=lambda t: t.period_start.year().cast("string")
    )
    years = regions.filter(regions.period_kind == "year").select(*same, from_key="total_key", year_key="period_key")
    return years.inner_join(months.select(*same, "year_key", to_key="total_key"), [*same, "year_key"])


def own_years(leaves: ir.Table) -> ir.Table:
    """The yearly returns of subjects' own part."""
    return leaves.filter(leaves.period_kind == "year", leaves.extent == "own")


def _yearly_returns(yearly: ir.Table, closure: ir.Table, over: ir.Table) -> ir.Table:
    """From a region's year to the yearly returns of all that lay in it at the year's end."""
    own = _standing(yearly, closure)
    own = own.mutate(to_key=total_key(own)).rename(inner_id="subject_id")
    c = over.filter(over.depth > 0).rename(inner_id="subject_id")
    j = own.inner_join(
        c, [own.inner_id == c.inner_id, c.valid_from < own.period_end, own.period_end <= c.valid_to]
    ).select("measure", "part", "period_key", "method_id", "to_key", subject_id=c.ancestor_id)
    j = j.mutate(level=ibis.literal("subtree"))
    return j.mutate(from_key=total_key(j))


def _standing(rows: ir.Table, closure: ir.Table) -> ir.Table:
    """The level at which a subject's own rows are summed: own for one with others in it, else subtree."""
    above = closure.filter(closure.depth > 0).select(subject_id="ancestor_id").distinct().mutate(above=True)
    j = rows.left_join(above, "subject_id").select(*rows.columns, "above")
    return j.mutate(level=ibis.ifelse(j.above.notnull() & (j.extent == "own"), "own", "subtree")).drop("above")


def _entries(amounts: ir.Table, closure: ir.Table) -> ir.Table:
    """Each entry under the total that it was summed into first."""
    a = _standing(amounts, closure)
    return a.mutate(from_key=total_key(a), to_key=a.entry_id)


def _periods(totals: ir.Table, leaves: ir.Table, closure: ir.Table) -> ir.Table:
    """From a year of a subject's own rows to the months that it was summed from."""
    kept = _standing(leaves.filter(leaves.counts_in_year, leaves.period_kind != "year"), closure)
    months = kept.mutate(to_key=total_key(kept))
    same = ["measure", "part", "subject_id", "method_id", "level"]
    years = totals.filter(totals.period_kind == "year").select(*same, from_key="total_key", year_key="period_key")
    return years.inner_join(months.select(*same, "year_key", "to_key").distinct(), [*same, "year_key"])


def value_edges(values: ir.Table, totals: ir.Table, inputs: ir.Table) -> ir.Table:
    """From computed levels to the totals in their formula. inputs: indicator_id, measure, words."""
    v = values.filter(values.base == "", values.origin == "computed").inner_join(inputs, "indicator_id")
    v = v.mutate(level=ibis.literal("subtree"))
    t = totals
    same = [v.measure == t.measure, v.subject_id == t.subject_id, v.period_key == t.period_key, v.level == t.level]
    j = v.inner_join(t.select("measure", "subject_id", "period_key", "level", "method_id", to_key="total_key"), same)
    # a value's method starts with that of its totals; output has none, and a price base comes last
    m, of = j.method_id_right, j.method_id
    j = j.filter((m == "") | (of == m) | of.startswith(m + "/") | of.endswith("/" + m))
    return _edges(
        j.select("subject_id", from_key="value_key", to_key="to_key").distinct(), ("indicator", "total"), "input"
    )


def change_edges(values: ir.Table) -> ir.Table:
    """From a computed change to its two levels."""
    v = values.filter(values.base != "", values.origin == "computed")
    bar = ibis.literal("|")
    level_id = ibis.ifelse(
        v.indicator_id.endswith(CHANGE), v.indicator_id.replace(CHANGE, ""), v.indicator_id.replace(INCREMENT, "")
    )
    tail = bar + bar + v.method_id
    now = v.select("subject_id", from_key="value_key", to_key=level_id + bar + v.subject_id + bar + v.period_key + tail)
    base = v.select("subject_id", from_key="value_key", to_key=level_id + bar + v.subject_id + bar + v.base + tail)
    there = values.filter(values.base == "").select(to_key="value_key")
    return ibis.union(
        _edges(now.semi_join(there, "to_key"), ("indicator", "indicator"), "level"),
        _edges(base.semi_join(there, "to_key"), ("indicator", "indicator"), "base level"),
    )


def streak_edges() -> ir.Table:
    """From a streak to the figures of the periods that it was counted from: the kept table `streak_links`."""
    columns = ("from_key", "to_key", "role", "subject_id")
    links = ibis.table(dict.fromkeys(columns, "string"), name="streak_links")
    kinds = {"from_kind": ibis.literal("indicator"), "to_kind": ibis.literal("indicator")}
    return links.mutate(**kinds).select(*_COLUMNS)
