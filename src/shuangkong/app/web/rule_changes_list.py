"""What became of the findings of rules since the run before (规则结论变化): the list, its page and its export."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa

from shuangkong.app.web.listings import Eyes, Listing
from shuangkong.app.web.reading import RunView
from shuangkong.app.web.sentences import Teller
from shuangkong.app.web.tables_drawn import answered
from shuangkong.engine.api import count_withheld
from shuangkong.judgement.api import RULE_CHANGES, RULE_STATUS_LABELS, SIGNAL_LABELS, RuleStatus
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Label
from shuangkong.webkit.api import (
    Choices,
    Condition,
    FileSource,
    Given,
    Speaker,
    TableColumn,
    TableSpec,
    TableView,
    Told,
    period_words,
)

CHANGE_LABELS = {
    "opened": Label("新增", "opened"), "changed": Label("有变化", "changed"), "closed": Label("不再有", "closed"),
    "stayed": Label("未变", "stayed"),
}  # fmt: skip
#: Which way the meaning of an answer moved.
TURNS = {
    "red": Label("转为不利", "turned adverse"), "better": Label("不再不利", "no longer adverse"),
    "same": Label("含义未变", "means the same"),
}  # fmt: skip

SPEC = TableSpec(
    "rule-changes",
    Label("规则结论变化", "Changes of findings of rules"),
    (
        TableColumn("change", Label("变化", "Change"), filter="choice", sortable=True, by="rank"),
        TableColumn("turn", Label("含义", "Meaning"), filter="choice"),
        TableColumn("subject", Label("主体", "Subject"), sortable=True, by="place", exported=False, wrap=True),
        TableColumn("slug", Label("规则表", "Table"), filter="given", wrap=True),
        TableColumn("answer_before", Label("原为", "Was"), wrap=True),
        TableColumn("answer", Label("现为", "Is"), wrap=True),
        TableColumn("period_key", Label("期间", "Period"), sortable=True, filter="choice"),
        TableColumn("clause", Label("条款", "Clause")),
        TableColumn("kind", Label("主体类别", "Kind of subject"), filter="choice", shown=False, rare=True),
        TableColumn("region", Label("地区（含下级）", "Region and all in it"), filter="given", shown=False, rare=True,
                    exported=False),
        TableColumn("finding_key", Label("结论号", "finding"), shown=False),
        TableColumn("subject_id", Label("主体", "subject"), shown=False),
        TableColumn("pack_id", Label("规则包", "pack"), shown=False),
        TableColumn("pack_edition", Label("版本", "edition"), shown=False),
        TableColumn("status_before", Label("前结论", "status before"), shown=False),
        TableColumn("status", Label("现结论", "status"), shown=False),
        TableColumn("row_before", Label("前命中行", "row before"), shown=False),
        TableColumn("row_hit", Label("现命中行", "row hit"), shown=False),
        TableColumn("signal_before", Label("前意味", "what it meant"), shown=False),
        TableColumn("signal", Label("现意味", "what it means"), shown=False),
    ),
    key=("finding_key",),
    orders={"attention": ("rank", "place"), "subject": ("place",), "period": ("-period_key", "place")},
    default="attention",
    search=("subject_zh", "subject_en", "place", "slug", "clause", "answer", "answer_before"),
    codes=True,
    said=("region",),
)  # fmt: skip
_LISTING = """
    SELECT c.*, c.subject_id AS subject, s.zh AS subject_zh, s.en AS subject_en,
        coalesce(s.code, c.subject_id) AS place, s.kind, '' AS region,
        CASE WHEN c.signal = 'bad' AND c.signal_before IS DISTINCT FROM 'bad' THEN 'red'
            WHEN c.signal_before = 'bad' AND c.signal IS DISTINCT FROM 'bad' THEN 'better' ELSE 'same' END AS turn,
        CASE WHEN c.signal = 'bad' AND c.signal_before IS DISTINCT FROM 'bad' THEN 0
            WHEN c.change = 'changed' THEN 1 WHEN c.change = 'closed' THEN 2 ELSE 3 END AS rank
    FROM rule_changes c LEFT JOIN named_subjects s ON s.id = c.subject_id
    WHERE c.change <> 'stayed'
"""


def _source(view: RunView) -> FileSource:
    subjects = view.subjects.values()
    places = pa.table({
        "id": pa.array([s.id for s in subjects], pa.string()),
        "zh": pa.array([s.label.zh for s in subjects], pa.string()),
        "en": pa.array([s.label.en for s in subjects], pa.string()),
        "code": pa.array([s.code or None for s in subjects], pa.string()),
        "kind": pa.array([s.kind for s in subjects], pa.string()),
    })  # fmt: skip
    return FileSource(
        view.run.folder, RULE_CHANGES, view.scope, view.seen, names={"named_subjects": places}, listing=_LISTING,
        kept=True, search=SPEC.search,
    )  # fmt: skip


def changes_source(view: RunView) -> FileSource:
    """What opened, changed and closed, as the reader may see it; kept with the view."""
    return view._once(("rule_changes_source",), lambda: _source(view))


def untold(view: RunView) -> bool:
    """Whether changes are kept from the reader, who sees a region only because its page is public."""
    return bool(count_withheld(view.run.folder, RULE_CHANGES, view.seen, ("change",)))


def given(view: RunView) -> Given:
    """A region means all that lies in it; a table any edition of it."""
    return {
        "region": lambda value: Condition(("subject_id",), "is", tuple(sorted(view.within(value)))),
        "slug": lambda value: Condition(("slug",), "is", (value,)),
    }


def changes_table(view: RunView, choices: Choices, speaker: Speaker) -> TableView:
    """The list as its page draws it."""
    return LISTING.table(Eyes(view.workspace, view.scope, speaker, view), choices, counted={"slug": "slug"})


def words(view: RunView, speaker: Speaker) -> dict[str, Callable[[str], str]]:
    """What people call the values of the filters."""
    tables = {t.id: t.label.label for p in view.packs.packs for t in p.tables}

    def coded(group: str) -> Callable[[str], str]:
        return lambda value: speaker.say(f"{group}.{value}") if speaker.has(f"{group}.{value}") else value

    return {
        "change": lambda v: speaker.label(CHANGE_LABELS[v]) if v in CHANGE_LABELS else v,
        "turn": lambda v: speaker.label(TURNS[v]) if v in TURNS else v,
        "slug": lambda v: speaker.label(tables[v]) if v in tables else v,
        "region": Teller(view, speaker).who, "kind": coded("subject_kind"), "sort": coded("sort"),
        "period_key": lambda v: period_words(v, speaker.language),
    }  # fmt: skip


def said(view: RunView, speaker: Speaker, row: Any, which: str) -> str:
    """The answer of a side (“answer” or “answer_before”) in words; what it is where there is none."""
    status = row["status" if which == "answer" else "status_before"]
    if status is None:
        return "—"
    if row[which] is None:
        return speaker.label(RULE_STATUS_LABELS[RuleStatus(status)])
    try:
        entry = view.packs.table(f"{row['pack_id']}@{row['pack_edition']}", row["slug"])
    except UserError:
        return str(row[which])
    return answered(entry, row[which], speaker)


def told(view: RunView, speaker: Speaker) -> Sequence[Told]:
    """The words of an export: who, which table, what happened, and both answers."""
    named = words(view, speaker)
    tell = Teller(view, speaker)

    def signal(value: str | None) -> str:
        return speaker.label(SIGNAL_LABELS[value]) if value else ""

    return (
        Told(speaker.say("csv.subject"), lambda row: tell.who(row["subject_id"]), ("subject_id",)),
        Told(speaker.label(SPEC["slug"].label), lambda row: named["slug"](row["slug"]), ("slug",)),
        Told(speaker.label(SPEC["change"].label), lambda row: named["change"](row["change"]), ("change",)),
        Told(speaker.label(SPEC["answer_before"].label), lambda row: said(view, speaker, row, "answer_before")),
        Told(speaker.label(SPEC["answer"].label), lambda row: said(view, speaker, row, "answer")),
        Told(speaker.label(SPEC["signal_before"].label), lambda row: signal(row["signal_before"])),
        Told(speaker.label(SPEC["signal"].label), lambda row: signal(row["signal"])),
    )


LISTING = Listing(
    SPEC, "findings.read", lambda eyes, _: changes_source(eyes.view), lambda eyes: words(eyes.view, eyes.speaker),
    told=lambda eyes: told(eyes.view, eyes.speaker), given=lambda eyes: given(eyes.view), of_run=True,
    at="/rules/changes",
)  # fmt: skip
