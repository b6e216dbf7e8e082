"""Contracts of what is judged."""

from __future__ import annotations

from shuangkong.engine.api import PERIOD_COLUMNS, Column, Confidential, TableContract, day, number, text
from shuangkong.kernel.labels import Label


def changes_told(hidden: str) -> Confidential:
    """What a public page is told of changes: what opened, where it is not `hidden` itself.

    What was before was withheld, or not, by the run before: this run's keys cannot tell, so nobody is told, and “it
    stayed” or “it changed” would tell it as well.
    """
    return Confidential(hidden=f"change <> 'opened' OR {hidden}", unchecked="true")


FINDINGS = TableContract(
    "findings",
    Label("结论", "findings"),
    (
        text("finding_key", "结论号", "finding", doc="the same in every run, pack edition and renumbering"),
        text("subject_id", "主体", "subject"),
        text("pack_id", "规则包", "pack"),
        text("pack_edition", "版本", "edition"),
        text("slug", "条目", "entry"),
        text("clause", "条款", "clause"),
        text("variant", "判定方面", "variant", doc="plan (whole term), pace (this year's share), year, standing"),
        text("level", "目标档", "level", doc="base, incentive or aspiration"),
        *PERIOD_COLUMNS,
        day("due", "到期", "due", nullable=True),
        text("indicator_id", "指标", "indicator"),
        text("comparator", "比较", "comparator"),
        text("unit", "单位", "unit"),
        number("value", "amount", "数值", "value", "column:unit", nullable=True),
        number("threshold", "amount", "阈值", "threshold", "column:unit", nullable=True),
        number("threshold_high", "amount", "阈值上限", "upper threshold", "column:unit", nullable=True),
        number("target_value", "amount", "目标值", "target of the document", "column:unit", nullable=True),
        number("margin", "amount", "富余", "margin", "column:unit", nullable=True, doc="positive: better than asked"),
        number("progress", "amount", "进度", "progress", "1", nullable=True, doc="share of the target reached"),
        text("progress_method", "进度算法", "progress method", nullable=True, doc="compound or linear"),
        text("status", "结论", "status"),
        text("reason", "原因", "reason", nullable=True, doc="code of why nothing could be decided"),
        text("needs", "尚缺", "needs", nullable=True),
        number("coverage", "amount", "覆盖率", "coverage", "1"),
        text(
            "value_state", "数值状态", "state of the value", nullable=True,
            doc="ok; partial: returns behind the value are missing, the status is that of what is known; null: none",
        ),
        text("confidence", "可信度", "confidence", doc="the least sure of target, factors and readings"),
        text("value_key", "指标值号", "indicator value", nullable=True),
        text("method_id", "核算方法", "method"),
        text("row_hit", "命中行", "row hit", nullable=True, doc="row of the decision table that hit"),
        Column("synthetic", "flag", Label("合成", "synthetic")),
    ),
    key=("finding_key",),
    doc="Subject × clause × period → status, value, threshold, evidence, coverage.",
    version=2,
    confidential=Confidential(
        hidden="value_key IN (SELECT key FROM withheld WHERE kind = 'indicator')",
        unchecked="method_id NOT IN ('', 'chained')",
        blank=(
            ("value", "NULL"), ("margin", "NULL"), ("progress", "NULL"), ("status", "'insufficient'"),
            ("reason", "'confidential'"), ("needs", "NULL"), ("value_state", "NULL"), ("row_hit", "NULL"),
        ),
    ),
)  # fmt: skip

FINDING_CHANGES = TableContract(
    "finding_changes",
    Label("结论变化", "changes of findings"),
    (
        text("finding_key", "结论号", "finding"),
        text("subject_id", "主体", "subject"),
        text("change", "变化", "change", doc="opened, stayed, changed or closed against the last run"),
        text("status", "现结论", "status", nullable=True),
        text("status_before", "前结论", "status before", nullable=True),
        number("value", "amount", "现值", "value", "column:unit", nullable=True),
        number("value_before", "amount", "前值", "value before", "column:unit", nullable=True),
        text("unit", "单位", "unit", nullable=True),
    ),
    key=("finding_key",),
    doc="What opened, stayed, changed and closed against the last complete run.",
    confidential=changes_told("subject_id IN (SELECT subject_id FROM withheld)"),
)
