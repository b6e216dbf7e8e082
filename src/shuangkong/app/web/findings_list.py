"""The list of findings (结论列表): what it shows, how it may be chosen among, and its export."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from shuangkong.accounting.api import readable_subjects
from shuangkong.app.web.listings import Eyes, Listing
from shuangkong.app.web.reading import RunView
from shuangkong.app.web.retelling import STATED, Retelling
from shuangkong.app.web.rows import Stated
from shuangkong.app.web.sentences import Teller
from shuangkong.judgement.api import FINDINGS
from shuangkong.kernel.labels import Label
from shuangkong.kernel.scope import Scope
from shuangkong.webkit.api import (
    CONFIDENCE_LABELS,
    STATUS_MARKS,
    STATUS_ORDER,
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
    "finding_key", "subject_id", "pack_id", "pack_edition", "slug", "period_key", "due", "indicator_id",
    "comparator", "unit", "value", "threshold", "threshold_high", "margin", "progress", "reason", "needs", "method_id",
    "synthetic",
)  # fmt: skip
_KINDS: dict[str, Kind] = {"amount": "number", "date": "date", "flag": "flag"}


def _code(name: str) -> TableColumn:
    """A column of the export alone, as the dictionary of columns has it."""
    column = FINDINGS[name]
    return TableColumn(name, column.label, _KINDS.get(column.kind, "text"), column.unit, shown=False)


def _page(name: str, zh: str, en: str, **more: Any) -> TableColumn:
    """A column of the page alone: words and figures that the export has as codes and exact numbers."""
    return TableColumn(name, Label(zh, en), exported=False, **more)


SPEC = TableSpec(
    "findings",
    Label("结论", "Findings"),
    (
        TableColumn("status", Label("结论", "Finding"), "status", sortable=True, by="severity", filter="choice"),
        _page("subject", "主体", "Subject", sortable=True, by="place", wrap=True),
        _page("indicator", "指标", "Indicator", filter="choice", wrap=True),
        _page("period", "期间", "Period", sortable=True, by="period_end", filter="choice", rare=True),
        _page("has", "实际", "Reached", kind="number"),
        _page("asks", "要求", "Asked", kind="number"),
        TableColumn("clause", Label("条款", "Clause"), filter="contains", wrap=True),
        _page("gap", "差额或原因", "Gap or reason", sortable=True, by="margin", wrap=True),
        _page("pack", "文件", "Document", filter="given", shown=False),
        _page("target", "条目", "Entry", filter="given", shown=False, rare=True),
        _page("region", "地区（含下级）", "Region and all in it", filter="given", shown=False, rare=True),
        TableColumn("variant", Label("判定方面", "Aspect"), filter="choice", shown=False, rare=True),
        TableColumn("level", Label("目标档", "Level"), filter="choice", shown=False, rare=True),
        TableColumn("confidence", Label("可信度", "Confidence"), filter="choice", shown=False, rare=True),
        TableColumn(
            "kind", Label("主体类别", "Kind of subject"), filter="choice", shown=False, exported=False, rare=True
        ),
        TableColumn(
            "latest",
            Label("最新一期", "Newest period"),
            "flag",
            filter="choice",
            shown=False,
            exported=False,
            rare=True,
        ),
        TableColumn("coverage", Label("覆盖率", "Coverage"), "number", "1", sortable=True, filter="range", shown=False),
        *(_code(name) for name in _CODES),
    ),
    key=("finding_key",),
    orders={
        "attention": ("severity", "-period_end", "shortfall"),
        "margin": ("margin",),
        "period": ("-period_end", "place"),
        "subject": ("place", "-period_end"),
        "coverage": ("coverage",),
    },
    default="attention",
    search=("subject_zh", "subject_en", "place", "indicator_zh", "indicator_en", "clause", "finding_key"),
    synthetic="synthetic",
    codes=True,
    said=("region", "period"),
)

_LISTING = """
    SELECT f.*, f.pack_id || '@' || f.pack_edition AS pack_key, f.indicator_id AS indicator, f.period_key AS period,
        s.zh AS subject_zh, s.en AS subject_en, coalesce(s.code, f.subject_id) AS place, s.kind,
        n.id IS NOT NULL AS latest,
        i.zh AS indicator_zh, i.en AS indicator_en, t.severity, coalesce(f.margin, 0) AS shortfall
    FROM findings f
    LEFT JOIN named_subjects s ON s.id = f.subject_id
    LEFT JOIN named_indicators i ON i.id = f.indicator_id
    LEFT JOIN statuses t ON t.id = f.status
    LEFT JOIN newest n ON n.id = f.finding_key
"""


def findings_source(view: RunView) -> FileSource:
    """The findings of a run that its reader may see; kept with the view."""
    return view._once(("findings_source",), lambda: _source(view))


def _source(view: RunView) -> FileSource:
    seen = readable_subjects(view.workspace, view.run, view.scope)
    plain = FileSource(view.run.folder, FINDINGS, view.scope, seen)
    indicators = {i: view.indicator_label(i) for i, _ in plain.counts("indicator_id", ())}
    plain.close()
    subjects = {s.id: (s.label, s.code, s.kind) for s in view.subjects.values()}
    newest = [f.finding_key for f in view.latest]
    return listed(view.run.folder, view.scope, seen, subjects, indicators, newest)


def listed(
    folder: Path,
    scope: Scope,
    seen: pa.Table | None,
    subjects: Mapping[str, tuple[Label, str, str]],
    indicators: Mapping[str, Label],
    newest: Sequence[str] = (),
) -> FileSource:
    """The findings in a run's folder with name, code and kind of their subjects, and the names of indicators.

    `newest` are the keys of those that say how a target stands now.
    """
    places = pa.table({
        "id": pa.array(subjects, pa.string()),
        "zh": pa.array([label.zh for label, _, _ in subjects.values()], pa.string()),
        "en": pa.array([label.en for label, _, _ in subjects.values()], pa.string()),
        "code": pa.array([code or None for _, code, _ in subjects.values()], pa.string()),
        "kind": pa.array([kind for _, _, kind in subjects.values()], pa.string()),
    })  # fmt: skip
    named = pa.table({
        "id": pa.array(indicators, pa.string()),
        "zh": pa.array([label.zh for label in indicators.values()], pa.string()),
        "en": pa.array([label.en for label in indicators.values()], pa.string()),
    })  # fmt: skip
    ranks = pa.table({"id": [s.value for s in STATUS_ORDER], "severity": list(range(len(STATUS_ORDER)))})
    keys = pa.table({"id": pa.array(newest, pa.string())})
    names = {"named_subjects": places, "named_indicators": named, "statuses": ranks, "newest": keys}
    return FileSource(folder, FINDINGS, scope, seen, names=names, listing=_LISTING, kept=True, search=SPEC.search)


def given(view: RunView) -> Given:
    """What a document and a region in a filter mean: any edition of it or one, and all that lies in it."""

    def pack(value: str) -> Condition:
        return Condition(("pack_key" if "@" in value else "pack_id",), "is", (value,))

    def region(value: str) -> Condition:
        return Condition(("subject_id",), "is", tuple(sorted(view.within(value))))

    def target(value: str) -> Condition:
        return Condition(("slug",), "is", (value,))

    return {"pack": pack, "region": region, "target": target}


def findings_table(view: RunView, choices: Choices, speaker: Speaker) -> TableView:
    """The list as its page draws it."""
    offered = {"region": [(r, 0) for r in _regions(view, choices.value("region"))]}
    eyes = Eyes(view.workspace, view.scope, speaker, view)
    return LISTING.table(eyes, choices, offered=offered, counted={"pack": "pack_id"})


def _regions(view: RunView, chosen: str) -> list[str]:
    """The nation, the provinces and what is chosen, by code."""
    seen = view.subjects.values()
    offered = [s for s in seen if s.id == chosen or (s.kind == "region" and s.level in ("province", "nation"))]
    return [s.id for s in sorted(offered, key=lambda s: s.code)]


def _words(view: RunView, speaker: Speaker) -> dict[str, Callable[[str], str]]:
    tell = Teller(view, speaker)

    def coded(group: str) -> Callable[[str], str]:
        return lambda value: speaker.say(f"{group}.{value}") if speaker.has(f"{group}.{value}") else value

    def status(value: str) -> str:
        return tell.status_name(value) if value in STATUS_MARKS else value

    def confidence(value: str) -> str:
        return speaker.label(CONFIDENCE_LABELS[value]) if value in CONFIDENCE_LABELS else value

    return {
        "status": status, "pack": tell.pack_name, "region": tell.who, "variant": coded("variant"),
        "level": coded("level"), "kind": coded("subject_kind"), "latest": coded("flag"),
        "indicator": tell.indicator, "confidence": confidence, "sort": coded("sort"),
        "period": lambda value: period_words(value, speaker.language),
    }  # fmt: skip


def told(tell: Retelling) -> tuple[Told, ...]:
    """The words of an export: subject, indicator and status once for each, and the sentence of each finding."""
    say = tell.speaker.say
    return (
        Told(say("csv.subject"), lambda row: tell.who(row["subject_id"]), ("subject_id",)),
        Told(say("csv.indicator"), lambda row: tell.indicator(row["indicator_id"]), ("indicator_id",)),
        Told(say("csv.status"), lambda row: tell.status_name(row["status"]), ("status",)),
        Told(say("csv.sentence"), lambda row: tell.tell(Stated(**row)), STATED, tell.sentences),
    )


LISTING = Listing(
    SPEC, "findings.read", lambda eyes, _: findings_source(eyes.view), lambda eyes: _words(eyes.view, eyes.speaker),
    told=lambda eyes: told(Retelling(eyes.view, eyes.speaker)), given=lambda eyes: given(eyes.view), of_run=True,
)  # fmt: skip
