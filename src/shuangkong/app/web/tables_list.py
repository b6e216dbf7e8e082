"""The list of what rules found: its columns, and how its rows are read and told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa

from shuangkong.app.web.listings import Eyes, Listing
from shuangkong.app.web.reading import RunView
from shuangkong.app.web.sentences import Teller
from shuangkong.app.web.tables_drawn import answered
from shuangkong.app.web.tables_reading import withheld
from shuangkong.judgement.api import RULE_FINDINGS, RULE_STATUS_LABELS, SIGNAL_LABELS, RuleStatus
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Label
from shuangkong.webkit.api import (
    CONFIDENCE_LABELS,
    Choices,
    Condition,
    FileSource,
    Given,
    Kind,
    Speaker,
    TableColumn,
    TableSpec,
    TableView,
    Told,
    period_words,
)

_CODES = (
    "finding_key", "subject_id", "pack_id", "pack_edition", "decided_for", "reason", "needs", "coverage", "parameters",
    "synthetic",
)  # fmt: skip
_KINDS: dict[str, Kind] = {"amount": "number", "date": "date", "flag": "flag"}


def _code(name: str) -> TableColumn:
    """A column of the export alone, as the dictionary of columns has it."""
    column = RULE_FINDINGS[name]
    return TableColumn(name, column.label, _KINDS.get(column.kind, "text"), column.unit, shown=False)


SPEC = TableSpec(
    "rule-findings",
    Label("规则结论", "Findings of rules"),
    (
        TableColumn("status", Label("结论", "Finding"), filter="choice", sortable=True, by="rank"),
        TableColumn("signal", Label("意味", "Meaning"), filter="choice", shown=False),
        TableColumn("subject", Label("主体", "Subject"), sortable=True, by="place", exported=False),
        TableColumn("slug", Label("规则表", "Table"), filter="given", wrap=True),
        TableColumn("answer", Label("答案或所缺", "Answer, or what is missing"), wrap=True),
        TableColumn("period_key", Label("期间", "Period"), sortable=True, by="period_end", filter="choice"),
        TableColumn("clause", Label("条款", "Clause")),
        TableColumn("row_hit", Label("命中行", "Row hit"), filter="choice", shown=False, rare=True),
        TableColumn("pack", Label("文件", "Document"), filter="given", shown=False, exported=False),
        TableColumn("region", Label("地区（含下级）", "Region and all in it"), filter="given", shown=False, rare=True,
                    exported=False),
        TableColumn("kind", Label("主体类别", "Kind of subject"), filter="choice", shown=False, rare=True),
        TableColumn("confidence", Label("可信度", "Confidence"), filter="choice", shown=False, rare=True),
        *(_code(name) for name in _CODES),
    ),
    key=("finding_key",),
    orders={
        "attention": ("rank", "-period_end", "place"), "subject": ("place", "-period_end"),
        "period": ("-period_end", "place"),
    },
    default="attention",
    search=("subject_zh", "subject_en", "place", "slug", "clause", "answer", "finding_key"),
    synthetic="synthetic",
    codes=True,
    said=("region",),
)  # fmt: skip
_LISTING = """
    SELECT f.*, f.pack_id || '@' || f.pack_edition AS pack_key, f.pack_id AS pack, f.subject_id AS subject,
        s.zh AS subject_zh, s.en AS subject_en, coalesce(s.code, f.subject_id) AS place, s.kind, '' AS region,
        CASE WHEN f.signal = 'bad' THEN 0 WHEN f.signal = 'warn' THEN 1 WHEN f.status = 'undetermined' THEN 3
            WHEN f.status = 'no_row' THEN 4 ELSE 2 END AS rank
    FROM rule_findings f LEFT JOIN named_subjects s ON s.id = f.subject_id
"""


def rules_source(view: RunView) -> FileSource:
    """What rules found in a run, as its reader may see it; kept with the view."""
    return view._once(("rules_source",), lambda: _source(view))


def _source(view: RunView) -> FileSource:
    subjects = view.subjects.values()
    places = pa.table({
        "id": pa.array([s.id for s in subjects], pa.string()),
        "zh": pa.array([s.label.zh for s in subjects], pa.string()),
        "en": pa.array([s.label.en for s in subjects], pa.string()),
        "code": pa.array([s.code or None for s in subjects], pa.string()),
        "kind": pa.array([s.kind for s in subjects], pa.string()),
    })  # fmt: skip
    names = {"named_subjects": places}
    return FileSource(
        view.run.folder, RULE_FINDINGS, view.scope, view.seen, names=names, listing=_LISTING, kept=True,
        search=SPEC.search,
    )  # fmt: skip


def given(view: RunView) -> Given:
    """What a document, a table and a region in a filter mean."""

    def pack(value: str) -> Condition:
        return Condition(("pack_key" if "@" in value else "pack_id",), "is", (value,))

    def region(value: str) -> Condition:
        return Condition(("subject_id",), "is", tuple(sorted(view.within(value))))

    def slug(value: str) -> Condition:
        return Condition(("slug",), "is", (value,))

    return {"pack": pack, "region": region, "slug": slug}


def rules_table(view: RunView, choices: Choices, speaker: Speaker) -> TableView:
    """The list as its page draws it."""
    eyes = Eyes(view.workspace, view.scope, speaker, view)
    return LISTING.table(eyes, choices, counted={"pack": "pack_id", "slug": "slug"})


def _words(view: RunView, speaker: Speaker) -> dict[str, Callable[[str], str]]:
    tell = Teller(view, speaker)
    tables = {t.id: t.label.label for p in view.packs.packs for t in p.tables}

    def coded(group: str) -> Callable[[str], str]:
        return lambda value: speaker.say(f"{group}.{value}") if speaker.has(f"{group}.{value}") else value

    return {
        "status": lambda v: speaker.label(RULE_STATUS_LABELS[RuleStatus(v)]) if v in set(RuleStatus) else v,
        "slug": lambda v: speaker.label(tables[v]) if v in tables else v,
        "pack": tell.pack_name, "region": tell.who, "kind": coded("subject_kind"), "sort": coded("sort"),
        "signal": lambda v: speaker.label(SIGNAL_LABELS[v]) if v in SIGNAL_LABELS else v,
        "confidence": lambda v: speaker.label(CONFIDENCE_LABELS[v]) if v in CONFIDENCE_LABELS else v,
        "period_key": lambda v: period_words(v, speaker.language),
    }  # fmt: skip


def told(view: RunView, speaker: Speaker) -> Sequence[Told]:
    """The words of an export: subject, document and table by name, the finding, and the answer in words."""
    tell = Teller(view, speaker)
    words = _words(view, speaker)

    def answer(row: Any) -> str:
        try:
            entry = view.packs.table(f"{row['pack_id']}@{row['pack_edition']}", row["slug"])
        except UserError:
            return str(row["answer"] or "")
        return answered(entry, row["answer"], speaker)

    return (
        Told(speaker.say("csv.subject"), lambda row: tell.who(row["subject_id"]), ("subject_id",)),
        Told(speaker.label(SPEC["pack"].label), lambda row: words["pack"](row["pack_id"]), ("pack_id",)),
        Told(speaker.label(SPEC["slug"].label), lambda row: words["slug"](row["slug"]), ("slug",)),
        Told(speaker.say("csv.status"), lambda row: words["status"](row["status"]), ("status",)),
        Told(speaker.label(SPEC["signal"].label), lambda row: row["signal"] and words["signal"](row["signal"])),
        Told(speaker.say("csv.sentence"), answer),
    )


def remarks(eyes: Eyes) -> tuple[tuple[str, str], ...]:
    """What an export leaves out: how many answers are not published, and why."""
    say, n = eyes.speaker.say, withheld(eyes.view)
    return ((say("rules.not_published"), say("rules.withheld", n=n)),) if n else ()


LISTING = Listing(
    SPEC, "findings.read", lambda eyes, _: rules_source(eyes.view), lambda eyes: _words(eyes.view, eyes.speaker),
    told=lambda eyes: told(eyes.view, eyes.speaker), given=lambda eyes: given(eyes.view), of_run=True,
    at="/rules/findings", remarks=remarks,
)  # fmt: skip
