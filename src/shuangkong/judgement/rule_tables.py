"""Contracts of what decision tables of rules say of every subject."""

from __future__ import annotations

from enum import StrEnum

from shuangkong.engine.api import PERIOD_COLUMNS, Column, Confidential, TableContract, day, number, text
from shuangkong.judgement.tables import changes_told
from shuangkong.kernel.labels import Label


class RuleStatus(StrEnum):
    """What a rule says of a subject: a row hit, none did, or it cannot be told."""

    HIT = "hit"
    NO_ROW = "no_row"
    UNDETERMINED = "undetermined"


RULE_STATUS_LABELS: dict[RuleStatus, Label] = {
    RuleStatus.HIT: Label("命中", "row hit"),
    RuleStatus.NO_ROW: Label("无行命中", "no row hit"),
    RuleStatus.UNDETERMINED: Label("待定", "undetermined"),
}

#: What a value of an output means for who is decided, as its pack says.
SIGNAL_LABELS: dict[str, Label] = {
    "bad": Label("不利", "adverse"),
    "warn": Label("需注意", "caution"),
    "good": Label("有利", "favourable"),
}

#: An answer tells its readings, and so does the row that hit: of a region of which a year's figure is withheld none is
#: shown to who sees it only because its page is public. Withheld months count where the finding is of a month and reads
#: one of them: those findings are marked themselves.
_CONFIDENTIAL = Confidential(
    hidden="subject_id IN (SELECT subject_id FROM withheld WHERE reason <> 'months')"
    " OR finding_key IN (SELECT key FROM withheld WHERE kind = 'rule')",
    unchecked="true",
)

RULE_FINDINGS = TableContract(
    "rule_findings",
    Label("规则结论", "findings of rules"),
    (
        text("finding_key", "结论号", "finding", doc="the same in every run, pack edition and renumbering"),
        text("subject_id", "主体", "subject"),
        text("pack_id", "规则包", "pack"),
        text("pack_edition", "版本", "edition"),
        text("slug", "规则表", "table"),
        text("clause", "条款", "clause", doc="of the row that hit, else of the table"),
        *PERIOD_COLUMNS,
        day("decided_for", "判定日", "decided for", doc="the day on which table and parameters are in force"),
        text("status", "结论", "status", doc="hit, no_row or undetermined"),
        text("row_hit", "命中行", "row hit", nullable=True, doc="several of a table that collects, comma-separated"),
        text("answer", "答案", "answer", nullable=True, doc="output=value, in the order of the table, by “; ”"),
        text("reason", "原因", "reason", nullable=True, doc="missing, conflict, no_value or open"),
        text("needs", "尚缺", "needs", nullable=True, doc="inputs and parameters that are needed, comma-separated"),
        number("coverage", "amount", "覆盖率", "coverage", "1", doc="the least of the readings"),
        text("parameters", "参数", "parameters", doc="ids of those that the row used, comma-separated"),
        text("confidence", "可信度", "confidence", doc="the least sure of row, parameters and readings"),
        Column("synthetic", "flag", Label("合成", "synthetic")),
        text("signal", "意味", "what it means", nullable=True, doc="good, warn or bad by the pack; the worst of all"),
    ),
    key=("finding_key",),
    version=2,
    doc="Subject × decision table × year or month → row, answer, what is missing.",
    confidential=_CONFIDENTIAL,
)  # fmt: skip

RULE_OUTPUTS = TableContract(
    "rule_outputs",
    Label("规则输出", "outputs of rules"),
    (
        text("finding_key", "结论号", "finding"),
        text("subject_id", "主体", "subject"),
        number("position", "integer", "次序", "position", "item"),
        text("output", "输出", "output"),
        number("value", "amount", "数值", "value", "column:unit", nullable=True),
        text("words", "文字", "words", nullable=True, doc="of an output that is no number"),
        text("unit", "单位", "unit", doc="empty for what is no number"),
    ),
    key=("finding_key", "position"),
    doc="What the row that hit gives, one row for each output.",
    confidential=_CONFIDENTIAL,
)

RULE_READINGS = TableContract(
    "rule_readings",
    Label("规则输入", "readings of rules"),
    (
        text("finding_key", "结论号", "finding"),
        text("subject_id", "主体", "subject"),
        number("position", "integer", "次序", "position", "item"),
        text("input", "输入", "input"),
        number("value", "amount", "数值", "value", "column:unit", nullable=True, doc="also where it is not decided on"),
        text("words", "文字", "words", nullable=True, doc="of an input that is no number"),
        text("unit", "单位", "unit", doc="empty for what is no number"),
        text(
            "state",
            "状态",
            "state",
            doc="ok; at_least: a lower bound; asked: nobody gave it; or why it was not decided on",
        ),
        number("coverage", "amount", "覆盖率", "coverage", "1"),
        text("confidence", "可信度", "confidence"),
        text("source_kind", "来历", "source", doc="indicator, total, field or asked"),
        text("source_key", "出处", "source key", nullable=True, doc="of the indicator value or total"),
    ),
    key=("finding_key", "position"),
    doc="What each input was for the subject, one row for each input of the table and of those before it.",
    confidential=_CONFIDENTIAL,
)

RULE_CHANGES = TableContract(
    "rule_changes",
    Label("规则结论变化", "changes of findings of rules"),
    (
        text("finding_key", "结论号", "finding"),
        text("subject_id", "主体", "subject"),
        text("change", "变化", "change", doc="opened, stayed, changed or closed against the last run"),
        text("status", "现结论", "status", nullable=True),
        text("status_before", "前结论", "status before", nullable=True),
        text("row_hit", "现命中行", "row hit", nullable=True),
        text("row_before", "前命中行", "row before", nullable=True),
        text("answer", "现答案", "answer", nullable=True),
        text("answer_before", "前答案", "answer before", nullable=True),
        text("signal", "现意味", "what it means", nullable=True),
        text("signal_before", "前意味", "what it meant", nullable=True),
        text("pack_id", "规则包", "pack"),
        text("pack_edition", "版本", "edition", doc="the present one, else that of the run before"),
        text("slug", "规则表", "table"),
        text("clause", "条款", "clause"),
        text("period_key", "期间", "period"),
    ),
    key=("finding_key",),
    doc="What opened, stayed, changed and closed of the findings of rules against the last complete run.",
    confidential=changes_told(_CONFIDENTIAL.hidden),
)
