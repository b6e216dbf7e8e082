"""Contracts of deductions and flexed totals (扣减与弹性): one row a region, year and control, and its steps."""

from __future__ import annotations

from shuangkong.engine.api import PERIOD_COLUMNS, Column, Confidential, TableContract, number, text
from shuangkong.kernel.labels import Label

#: What is controlled.
CONTROLS: dict[str, Label] = {"energy": Label("能耗双控", "energy"), "carbon": Label("碳排放双控", "carbon")}
#: How the assessed total stands to the allowed one.
STANDINGS: dict[str, Label] = {
    "within": Label("未超", "within"),
    "over": Label("超出", "over"),
    "exempt": Label("免予总量考核", "let off"),
    "undetermined": Label("待定", "undetermined"),
    "not_assessed": Label("不考核总量", "total not assessed"),
    "confidential": Label("不公布", "not published"),
}
#: Steps in their order; `total` and `assessed`, `base`, `planned` and `allowed` are levels, the others changes.
STEPS: dict[str, Label] = {
    "total": Label("总量", "total"),
    "new_renewable": Label("新增可再生能源电力", "new renewable power"),
    "feedstock": Label("原料用能", "feedstock energy"),
    "major_project": Label("国家重大项目", "listed major projects"),
    "certificate": Label("绿证", "green certificates"),
    "nonfossil": Label("其余非化石能源", "other non-fossil energy"),
    "assessed": Label("考核口径总量", "assessed total"),
    "base": Label("上年同口径总量", "year before, same extent"),
    "planned": Label("按计划增速的总量", "total at planned growth"),
    "growth": Label("经济增速超出部分", "growth above plan"),
    "allowed": Label("允许总量", "allowed total"),
    "incentive": Label("激励目标", "incentive target"),
}
_WHOSE = (
    text("method_id", "核算方法", "method"),
    text("subject_id", "地区", "region"),
    text("control", "双控类别", "control", doc="energy or carbon"),
    *PERIOD_COLUMNS,
)
_UNIT = text("unit", "单位", "unit", doc="tce, or tCO2 for carbon")
#: A region of which the totals behind the answer are not published is told without them. `base_key` is the year before.
_HIDDEN = (
    "coalesce(value_key, '') IN (SELECT key FROM withheld WHERE kind = 'indicator')"
    " OR coalesce(base_value_key, '') IN (SELECT key FROM withheld WHERE kind = 'indicator')"
    " OR (control = 'energy'"
    " AND (subject_id || '|' || period_key IN (SELECT key FROM withheld WHERE kind = 'deduction')"
    " OR subject_id || '|' || base_key IN (SELECT key FROM withheld WHERE kind = 'deduction')))"
)
_BEHIND = (
    text("base_key", "基数年", "year of the base"),
    text("value_key", "指标值号", "indicator value", nullable=True, doc="of the total of the year"),
    text("base_value_key", "基数指标值号", "indicator value of the base", nullable=True),
)

FLEX_TOTALS = TableContract(
    "flex_totals",
    Label("弹性总量", "flexed totals"),
    (
        *_WHOSE,
        number("rank_total", "integer", "总量地位", "rank of the total", "1", nullable=True,
               doc="1 leads, 2 second, 0 not assessed; null where no document says"),
        number("rank_intensity", "integer", "强度地位", "rank of intensity", "1", nullable=True),
        text("rank_parameter", "地位依据", "parameter of the ranks", nullable=True),
        number("gross", "amount", "总量", "total", "column:unit", nullable=True),
        number("assessed", "amount", "考核口径总量", "assessed total", "column:unit", nullable=True),
        number("may_fall", "amount", "尚可扣减上限", "may still fall by", "column:unit", nullable=True,
               doc="what steps that a document names and that are not taken could take away at most; null: not known"),
        number("base", "amount", "上年同口径总量", "year before, same extent", "column:unit", nullable=True),
        number("planned_growth", "amount", "计划增速", "growth aimed at", "%", nullable=True),
        number("growth", "amount", "实际增速", "growth reached", "%", nullable=True),
        text("growth_origin", "增速来历", "origin of the growth", nullable=True, doc="reported, or computed from GDP"),
        number("base_fall", "amount", "当年基本目标降幅", "fall of the base target in the year", "%", nullable=True),
        number("planned", "amount", "按计划增速的总量", "total at planned growth", "column:unit", nullable=True),
        number("allowed", "amount", "允许总量", "allowed total", "column:unit", nullable=True),
        Column("raised", "flag", Label("随增速上调", "raised with growth"), nullable=True),
        text("exempt", "免予考核", "let off", doc="exempt, assessed, undetermined, or no_clause"),
        text("standing", "结论", "standing", doc=", ".join(STANDINGS)),
        number("margin", "amount", "余量", "margin", "column:unit", nullable=True, doc="allowed less assessed"),
        _UNIT,
        text("missing", "尚缺", "missing", nullable=True, doc="codes of what is wanting, comma-separated"),
        number("coverage", "amount", "覆盖率", "coverage", "1"),
        number("base_coverage", "amount", "上年覆盖率", "coverage of the year before", "1"),
        text("confidence", "可信度", "confidence"),
        text("total_finding", "总量目标结论", "finding of the stated total", nullable=True),
        text("fall_finding", "降幅目标结论", "finding of the base target", nullable=True),
        text("incentive_finding", "激励目标结论", "finding of the incentive target", nullable=True),
        *_BEHIND,
    ),
    key=("method_id", "subject_id", "control", "period_key"),
    doc="What a region's total of a year is after deductions, what it may be, and how the two stand.",
    confidential=Confidential(
        hidden=_HIDDEN, unchecked="true",
        blank=(
            ("gross", "NULL"), ("assessed", "NULL"), ("base", "NULL"), ("planned", "NULL"), ("allowed", "NULL"),
            ("margin", "NULL"), ("missing", "NULL"), ("raised", "NULL"), ("may_fall", "NULL"),
            ("standing", "'confidential'"),
        ),
    ),
)  # fmt: skip

FLEX_STEPS = TableContract(
    "flex_steps",
    Label("弹性步骤", "steps to the flexed total"),
    (
        *_WHOSE,
        number("position", "integer", "次序", "position", "item"),
        text("step", "步骤", "step", doc=", ".join(STEPS)),
        text(
            "state", "状态", "state",
            doc="taken, capped, nothing, open, not_taken, known, missing, raised, as_planned, exempt, assessed or"
            " undetermined",
        ),
        number("amount", "amount", "数量", "amount", "column:unit", nullable=True,
               doc="of a level the level, of a change what it adds"),
        number("claimed", "amount", "申报量", "claimed", "column:unit", nullable=True),
        number("cap", "amount", "上限", "cap", "column:unit", nullable=True),
        _UNIT,
        number("returns", "integer", "已有报表", "returns behind it", "item"),
        number("due", "integer", "应有报表", "returns due", "item"),
        text("parameter", "依据参数", "parameter", nullable=True),
        text("clause", "条款", "clause", nullable=True),
        text("needs", "尚缺", "needs", nullable=True),
        text("confidence", "可信度", "confidence"),
        *_BEHIND,
    ),
    key=("method_id", "subject_id", "control", "period_key", "position"),
    doc="Each step from the total to the assessed total and to the allowed one, with its clause and its returns.",
    confidential=Confidential(
        hidden=_HIDDEN, unchecked="true",
        blank=(
            ("amount", "NULL"), ("claimed", "NULL"), ("cap", "NULL"), ("needs", "NULL"), ("returns", "0"),
            ("due", "0"), ("state", "'confidential'"),
        ),
    ),
)  # fmt: skip
