"""Checks of the books (账目核查): pure; tables in, flaws out. None of them changes a figure or stops a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from shuangkong.accounting.rollup import above, alone
from shuangkong.engine.api import TableContract, text
from shuangkong.kernel.labels import Label

if TYPE_CHECKING:
    import ibis.expr.types as ir

FLAWS = TableContract(
    "flaws",
    Label("数据瑕疵", "flaws"),
    (
        text("code", "代码", "code"),
        text("severity", "程度", "severity", doc="block, warn or note"),
        text("subject_id", "主体", "subject"),
        text("period_key", "期间", "period"),
        text("what", "对象", "about what", doc="indicator or measure, with the method where there is one"),
        text("evidence", "依据", "evidence", doc="the figures that the check compared"),
    ),
    key=("code", "subject_id", "period_key", "what"),
    doc="What the checks of a run saw; the words for people are in `FLAW_LABELS`.",
)
#: code → (what it says, what to do), in Chinese and English.
FLAW_LABELS: dict[str, tuple[Label, Label]] = {
    "published_differ": (
        Label("两份公布材料数值不同，采用更可信、更新的一份", "publications differ; the surer, then the later stands"),
        Label("核对原文", "check both documents"),
    ),
    "year_and_months_differ": (
        Label("年报与各月合计不一致，以年报为准", "the yearly return and its months differ; the year stands"),
        Label("请报送单位说明", "ask who handed them in"),
    ),
    "whole_and_parts": (
        Label("全口径数与下级汇总并存，以全口径数为准", "a figure for the whole stands beside its parts and is taken"),
        Label("核对两者差额", "reconcile the two"),
    ),
    "whole_left_out": (
        Label("下级全口径数不计入上级，合计因此不全", "a whole figure of a region inside is not in the sum"),
        Label(
            "改报本级，或为上级报全口径数", "hand it in as own part, or give a whole figure for the one above"
        ),
    ),
    "rhythms_mixed": (
        Label("同类品种年报月报不一，只计入年报", "carriers of a kind come by year and month; the year stands"),
        Label("同类品种统一按年或按月报", "hand in all carriers of the kind yearly, or all monthly"),
    ),
    "of_which_over": (
        Label("其中项大于总量", "an of-which figure is above its total"),
        Label("更正其中项或总量", "correct one of the two"),
    ),
    "meter_and_return_differ": (
        Label("计量与报表相差超过允许值", "meters and return differ by more than tolerated"),
        Label("核对报表与计量器具", "check the return and the meters"),
    ),
    "meter_month_partial": (
        Label("计量月数据不全，按部分已知计入", "a month of meters is known in part and counts as partial"),
        Label("补传读数，或补报该月报表", "send the readings, or hand in the month's return"),
    ),
    "meter_not_ruled": (
        Label("未规定报表与计量以何为准，计量未入账", "no pack says whether meters count; they do not"),
        Label("由规则包规定取数次序", "let a pack give the order of returns and meters"),
    ),
    "outlet_hours_left_out": (
        Label("排口小时数据无效或未检查，未计入排放量", "hours of outlets are not valid or not looked at: not counted"),
        Label("核对监测数据标记并补传", "look at the marks of the readings, and send what is missing"),
    ),
    "return_missing": (
        Label("应报未报", "a return that was due is not there"),
        Label("催报；补报后自动计入", "ask for it; it counts as soon as it is there"),
    ),
}  # fmt: skip
_COLUMNS = ("code", "severity", "subject_id", "period_key", "what", "evidence")


def published_differ(reported: ir.Table) -> ir.Table:
    """Published values of one indicator, subject and period that are not the same figure. reported: REPORTED_VALUES."""
    r = reported.filter(reported.value.notnull())
    t = r.group_by("indicator_id", "subject_id", "period_key").aggregate(
        low=r.value.min(), high=r.value.max(), documents=r.source_id.nunique()
    )
    t = t.filter(t.low != t.high)
    return _flaw(t, "published_differ", "warn", t.indicator_id, t.low, t.high)


def year_and_months_differ(leaves: ir.Table) -> ir.Table:
    """Years that were handed in beside all twelve of their months, with another sum. leaves: see `rollup.leaves`."""
    keys = ["method_id", "measure", "subject_id", "year_key"]
    own = leaves.filter(leaves.extent == "own", leaves.amount.notnull())
    years = own.filter(own.period_kind == "year").group_by(*keys)
    months = own.filter(own.period_kind == "month").group_by(*keys)
    a = years.aggregate(year_sum=own.amount.sum())
    b = months.aggregate(month_sum=own.amount.sum(), months=own.period_key.nunique())
    t = a.inner_join(b, keys)
    t = t.filter(t.months == 12, t.year_sum != t.month_sum).rename(period_key="year_key")
    return _flaw(t, "year_and_months_differ", "warn", t.measure + "|" + t.method_id, t.year_sum, t.month_sum)


def whole_and_parts(leaf_levels: ir.Table) -> ir.Table:
    """Subjects with a figure for the whole and figures of parts in one period. leaf_levels: see `rollup.levels`."""
    t = leaf_levels.filter(leaf_levels.level == "subtree", leaf_levels.amount.notnull())
    whole = t.extent == "whole"
    g = t.group_by("method_id", "measure", "subject_id", "period_key").aggregate(
        low=t.amount.sum(where=~whole), high=t.amount.sum(where=whole)
    )
    g = g.filter(g.low.notnull(), g.high.notnull())
    return _flaw(g, "whole_and_parts", "note", g.measure + "|" + g.method_id, g.high, g.low)


def whole_left_out(
    leaves: ir.Table, leaf_levels: ir.Table, closure: ir.Table, over: ir.Table | None = None
) -> ir.Table:  # fmt: skip
    """Regions whose sum lacks what is known of a region inside as a whole figure alone.

    leaves, leaf_levels, over: see `rollup`. Such a figure also counts against the coverage of the sum
    (`return_levels`).
    """
    keys = ["method_id", "measure", "subject_id", "period_key"]
    up = above(alone(leaves.filter(leaves.amount.notnull()), closure), closure if over is None else over)
    t = leaf_levels.filter(leaf_levels.level == "subtree")
    summed = t.filter(t.extent == "own").group_by(*keys).aggregate(low=t.amount.sum())
    summed = summed.anti_join(t.filter(t.extent == "whole").select(keys).distinct(), keys)
    j = up.group_by(*keys).aggregate(high=up.amount.sum()).inner_join(summed, keys)
    return _flaw(j, "whole_left_out", "warn", j.measure + "|" + j.method_id, j.low, j.high)


def rhythms_mixed(amounts: ir.Table, entries: ir.Table) -> ir.Table:
    """Months of a carrier that do not count because another carrier of the same part came as a year.

    amounts: AMOUNTS.  entries: BOOK_ENTRIES. A subject's yearly return of coal stands for its coal (`leaves`), also
    where the months beside it are of another carrier of coal.
    """
    a = amounts.filter(amounts.extent == "own", amounts.state == "ok")
    a = a.mutate(year_key=a.period_start.year().cast("string"))
    same = ["method_id", "measure", "subject_id", "part", "year_key"]
    a = a.semi_join(a.filter(a.period_kind == "year").select(same).distinct(), same)
    a = a.inner_join(entries.select("entry_id", "item"), "entry_id")
    years, months = a.filter(a.period_kind == "year"), a.filter(a.period_kind != "year")
    lost = months.anti_join(years, [*same, "item"]).group_by(*same).aggregate(high=months.amount.sum())
    t = lost.inner_join(years.group_by(*same).aggregate(low=years.amount.sum()), same).rename(period_key="year_key")
    return _flaw(t, "rhythms_mixed", "warn", t.measure + "|" + t.method_id + "|" + t.part, t.low, t.high)


def of_which_over(totals: ir.Table) -> ir.Table:
    """Of-which energy above the energy it is part of. totals: TOTALS; certificates are bought, not used, and may."""
    t = totals.filter(totals.level == "subtree", totals.period_kind != "year")
    keys = ["method_id", "subject_id", "period_key"]
    all_ = t.filter(t.measure == "energy").group_by(*keys).aggregate(whole=t.amount.sum())
    part = t.filter(
        t.measure.isin(("energy_feedstock", "energy_nonfossil", "energy_major_project", "energy_new_renewable"))
    )
    part = part.group_by(*keys, "measure").aggregate(part=part.amount.sum())
    j = part.inner_join(all_, keys)
    j = j.filter(j.part > j.whole)
    return _flaw(j, "of_which_over", "warn", j.measure + "|" + j.method_id, j.part, j.whole)


def return_missing(expected: ir.Table, leaves: ir.Table) -> ir.Table:
    """Returns that were due and are not there. expected: one row per return and measure, see `rollup.returns`."""
    keys = ["method_id", "measure", "subject_id", "period_key"]
    due = expected.filter(expected.measure.isin(("energy", "output", "gdp", "industry_value_added")))
    gone = due.anti_join(leaves, keys)
    t = gone.select("subject_id", "period_key", "measure").distinct()
    return t.select(
        code=ibis.literal("return_missing"), severity=ibis.literal("note"), subject_id="subject_id",
        period_key="period_key", what="measure", evidence=ibis.literal("0 ≠ null"),
    )  # fmt: skip


def _flaw(
    t: ir.Table, code: str, severity: str, what: ir.StringValue, a: ir.DecimalValue, b: ir.DecimalValue
) -> ir.Table:
    shown = a.cast("string") + ibis.literal(" ≠ ") + b.cast("string")
    return t.select(
        code=ibis.literal(code), severity=ibis.literal(severity), subject_id=t.subject_id, period_key=t.period_key,
        what=what, evidence=shown,
    ).select(*_COLUMNS)  # fmt: skip
