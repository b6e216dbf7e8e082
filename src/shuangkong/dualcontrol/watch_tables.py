"""Contracts of watching (晴雨表): what a run says of each region and month, of the year's end, and what follows.

`what` is one of WHATS, `test` one of TESTS, `state` one of STATES; the board and the cockpit read these tables.
"""

from __future__ import annotations

from shuangkong.engine.api import PERIOD_COLUMNS, Confidential, TableContract, number, text
from shuangkong.kernel.labels import Label

#: What is watched; `energy_control` is energy as a whole (intensity and total together), graded only.
WHATS: dict[str, Label] = {
    "energy_intensity": Label("能耗强度", "energy intensity"),
    "energy_total": Label("能耗总量", "energy total"),
    "energy_control": Label("能耗双控", "energy control"),
    "coal_total": Label("煤炭消费总量", "coal total"),
    "co2_intensity": Label("碳排放强度", "CO2 intensity"),
    "co2_total": Label("碳排放总量", "CO2 total"),
}
#: How a figure is held against its target.
TESTS: dict[str, Label] = {
    "month_industry": Label("规模以上工业（月度）", "above-scale industry, by month"),
    "quarter_gdp": Label("地区生产总值（季度）", "GDP, by quarter"),
    "total": Label("总量", "total"),
    "both": Label("强度与总量合计", "intensity and total together"),
}
#: ok: every return is there. estimate: some are estimated. insufficient: `needs` names what is missing.
#: not_yet: the month is there and no target holds for the year, so there is no grade.
STATES: dict[str, Label] = {
    "ok": Label("数据齐全", "complete"),
    "estimate": Label("含估计", "estimate"),
    "insufficient": Label("无法判断", "insufficient"),
    "not_yet": Label("尚无目标", "no target yet"),
}
RED_STATES: dict[str, Label] = {
    "ok": Label("确数", "exact"),
    "at_least": Label("至少", "at least"),
    "missing": Label("当月无等级", "no grade of the month"),
}
#: The published grades that stand beside each thing watched.
GRADED = {
    "energy_per_gdp_warning_grade": ("energy_intensity", "month_industry"),
    "energy_total_warning_grade": ("energy_total", "total"),
    "energy_control_warning_grade": ("energy_control", "both"),
    "coal_total_warning_grade": ("coal_total", "total"),
}
GRADES: dict[int, Label] = {1: Label("红色", "red"), 2: Label("黄色", "amber"), 3: Label("绿色", "green")}

_WHOSE = (
    text("method_id", "核算方法", "method", doc="empty where published values alone were looked for"),
    text("subject_id", "地区", "region"),
    text("what", "事项", "what is watched", doc=", ".join(WHATS)),
)
_TARGET = (
    text("pack_key", "规则包", "pack", nullable=True, doc="id@edition of the pack that sets the target"),
    text("target_slug", "目标", "target", nullable=True),
    text("clause", "条款", "clause", nullable=True, doc="clause of the target"),
)
_HIDDEN = Confidential(
    hidden="subject_id IN (SELECT subject_id FROM withheld)",
    unchecked="true",
)

WATCH_MONTHS = TableContract(
    "watch_months",
    Label("月度预警", "monthly watching"),
    (
        text("watch_key", "预警号", "monthly finding"),
        *_WHOSE,
        *PERIOD_COLUMNS,
        text("test", "检验", "test", doc=", ".join(TESTS)),
        number("value", "amount", "本年累计", "year to date", "column:unit", nullable=True,
               doc="change in % against the same months of the year before, or the amount of the year to date"),
        text("unit", "单位", "unit"),
        number("low", "amount", "区间下限", "low end", "column:unit", nullable=True,
               doc="of the interval for the final value (80 % in the pack that ships): estimates and revisions"),
        number("high", "amount", "区间上限", "high end", "column:unit", nullable=True),
        number("required", "amount", "应达到", "required by then", "column:unit", nullable=True,
               doc="what the year's target asks by the end of the month"),
        number("progress", "amount", "进度", "progress", "1", nullable=True,
               doc="done ÷ due since the base year by the pack's method; of a total: used ÷ due"),
        number("grade", "integer", "等级", "grade", "grade", nullable=True,
               doc="1 red, 2 amber, 3 green; null where it cannot be said"),
        number("grade_low", "integer", "区间最差等级", "worst grade within the interval", "grade", nullable=True),
        number("grade_high", "integer", "区间最好等级", "best grade within the interval", "grade", nullable=True),
        text("state", "状态", "state", doc=", ".join(STATES)),
        text("needs", "尚缺", "needs", nullable=True, doc="what is wanting for a value or a grade"),
        number("coverage", "amount", "覆盖率", "coverage", "1", doc="returns known ÷ due, of the year to date"),
        number("estimated_share", "amount", "估计占比", "share that is estimated", "1", nullable=True,
               doc="of the amount of the year to date"),
        text("how", "估计依据", "basis of the estimate", nullable=True,
             doc="JSON: basis → {units, amount, spread}; null where nothing is estimated"),
        number("growth", "amount", "增加值增速", "growth used", "%", nullable=True,
               doc="real growth of the year to date: of above-scale value added, or of GDP"),
        number("energy", "amount", "本年累计量", "amount of the year to date", "column:amount_unit", nullable=True,
               doc="with estimates"),
        number("energy_before", "amount", "上年同期量", "amount of the same months before", "column:amount_unit",
               nullable=True),
        text("amount_unit", "量的单位", "unit of the amounts"),
        text("confidence", "可信度", "confidence"),
        text("cutoff", "分级标准", "cut-off", nullable=True,
             doc="pack@edition#table:row that graded, as in …@2026#table:intensity-grade:red"),
        *_TARGET,
        number("red_months", "integer", "连续红色月数", "red months in a row", "month", nullable=True),
        text("red_state", "连续数状态", "state of the count", nullable=True, doc=", ".join(RED_STATES)),
    ),
    key=("watch_key",),
    confidential=_HIDDEN,
    doc="One row for each region, thing watched, test and month: where the year stands and how it is graded here."
    " Computed grades are not published grades, which stay in indicator_values.",
)  # fmt: skip

WATCH_YEARS = TableContract(
    "watch_years",
    Label("全年预测", "nowcast of the year's end"),
    (
        text("watch_key", "预测号", "nowcast"),
        *_WHOSE,
        *PERIOD_COLUMNS,
        text("test", "检验", "test", doc=", ".join(TESTS)),
        text("as_of_month", "截至月份", "with figures up to", doc="2025-08: each month of the year has its nowcast"),
        number("newest", "integer", "是否最新", "newest of the year", "1", doc="1 for the last month with figures"),
        number("nowcast", "amount", "全年预测", "nowcast", "column:unit", nullable=True,
               doc="of the year's end: change in % against the year before, or the amount of the year"),
        number("low", "amount", "区间下限", "low end", "column:unit", nullable=True),
        number("high", "amount", "区间上限", "high end", "column:unit", nullable=True),
        number("required", "amount", "目标", "required", "column:unit", nullable=True, doc="base target of the year"),
        number("incentive", "amount", "激励目标", "incentive target", "column:unit", nullable=True),
        text("unit", "单位", "unit"),
        text("state", "状态", "state", doc="ok (the year is over and complete), estimate, insufficient"),
        text("needs", "尚缺", "needs", nullable=True),
        text("how", "依据", "basis", nullable=True, doc="JSON: spread, years it was learned from, prior, coverage"),
        number("coverage", "amount", "覆盖率", "coverage", "1", doc="share of the nowcast that is known returns"),
        text("confidence", "可信度", "confidence"),
        *_TARGET,
    ),
    key=("watch_key",),
    confidential=_HIDDEN,
    doc="Where each year will end as seen from each of its months; an estimate with its interval.",
)  # fmt: skip

WATCH_MEASURES = TableContract(
    "watch_measures",
    Label("预警后果", "what follows from warnings"),
    (
        text("measure_key", "措施号", "measure", doc="same in every run: subject, table, period and basis"),
        text("subject_id", "地区", "region"),
        text("what", "事项", "what", doc="comma-separated: the streaks that the table reads"),
        *PERIOD_COLUMNS,
        text("pack_key", "规则包", "pack", doc="id@edition"),
        text("table_id", "决策表", "table"),
        text("row_hit", "命中行", "row", nullable=True),
        text("output", "输出", "output"),
        text("consequence", "后果", "consequence", nullable=True, doc="as the pack writes it"),
        text("signal", "含义", "meaning", nullable=True, doc="good, warn or bad as the pack marks it"),
        text("clause", "条款", "clause"),
        text("basis", "等级来源", "grades it rests on", doc="computed (graded here) or published"),
        text("inputs", "所据月数", "months it rests on", doc="JSON: input → number, or “≥ n” where a month is missing"),
        text("needs", "尚缺", "needs", nullable=True),
        text("confidence", "可信度", "confidence"),
    ),
    key=("measure_key",),
    confidential=_HIDDEN,
    doc="What the packs' tables say follows from red months in a row, on computed and on published grades apart.",
)  # fmt: skip

WATCH_ESTIMATES = TableContract(
    "watch_estimates",
    Label("缺报估计", "estimates of what is late"),
    (
        text("method_id", "核算方法", "method"),
        text("measure", "量", "measure", doc="energy, coal, co2, energy_industry, co2_industry"),
        text("subject_id", "报送单位", "who is late"),
        *PERIOD_COLUMNS,
        number("amount", "amount", "估计量", "estimate", "column:unit", nullable=True,
               doc="of what is not known of the month; null where nothing supports one"),
        text("unit", "单位", "unit"),
        text("basis", "依据", "basis", nullable=True,
             doc="meter, electricity, output, last_year or last_month; null: none"),
        text("stratum", "层", "stratum", doc="division of GB/T 4754, “region” for a region's own return"),
        number("responders", "integer", "已报同层", "returns it is learned from", "item"),
        number("ratio", "amount", "比率", "ratio", "1", nullable=True, doc="of the stratum: known ÷ guessed"),
        number("spread", "amount", "相对离散", "relative spread", "1", nullable=True, doc="one standard deviation"),
    ),
    key=("method_id", "measure", "subject_id", "period_key"),
    confidential=_HIDDEN,
    doc="Each return that is due and not there, or in part, and what stands in for it in the sums of watching alone.",
)  # fmt: skip

WATCH_LINKS = TableContract(
    "watch_links",
    Label("预警出处", "what a grade rests on"),
    (
        text("watch_key", "预警号", "monthly finding or nowcast"),
        text("subject_id", "地区", "region"),
        text("to_kind", "终点类", "to kind", doc="total, indicator, target, parameter, table, or watch"),
        text("to_key", "终点", "to", doc="key of that row; of documents pack@edition#slug as in edges"),
        text("role", "作用", "role", doc="this month, same month before, growth, target, graded by, month before …"),
    ),
    key=("watch_key", "to_kind", "to_key", "role"),
    confidential=_HIDDEN,
    doc="From a grade to the sums, growth rates, targets and cut-offs behind it.",
)  # fmt: skip
