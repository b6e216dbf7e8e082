"""Rows behind the board (月度预警表) and nowcasts (全年预测): lists to be exported, with words and exact figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from shuangkong.accounting.api import INDICATOR_VALUES
from shuangkong.app.web.board import PUBLISHED, named_test, what_label
from shuangkong.app.web.listings import Eyes, Listing
from shuangkong.app.web.reading import RunView
from shuangkong.app.web.sentences import Teller
from shuangkong.dualcontrol.api import GRADES, RED_STATES, STATES, TESTS, WATCH_MONTHS, WATCH_YEARS, WHATS
from shuangkong.engine.api import TableContract
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

_KINDS: dict[str, Kind] = {
    "amount": "number",
    "quantity": "number",
    "integer": "number",
    "date": "date",
    "flag": "flag",
}


def _columns(contract: TableContract, own: Mapping[str, TableColumn]) -> tuple[TableColumn, ...]:
    """A column of the list for each of the contract: those named here, the others in the export alone."""
    return tuple(
        own.get(c.name) or TableColumn(c.name, c.label, _KINDS.get(c.kind, "text"), c.unit, shown=False)
        for c in contract.columns
    )


_SUBJECT = TableColumn("subject", Label("地区", "Region"), sortable=True, by="place", exported=False, wrap=True)
_REGION = TableColumn(
    "region", Label("地区（含下级）", "Region and all in it"), filter="given", shown=False, exported=False
)
_WHAT = TableColumn("what", Label("事项", "What is watched"), filter="choice", sortable=True)
SPEC = TableSpec(
    "board",
    Label("晴雨表", "Board of warnings"),
    (
        _SUBJECT,
        *_columns(WATCH_MONTHS, {
            "what": _WHAT,
            "period_key": TableColumn("period_key", Label("期间", "Period"), sortable=True, filter="choice"),
            "test": TableColumn("test", WATCH_MONTHS["test"].label, filter="choice"),
            "grade": TableColumn(
                "grade", WATCH_MONTHS["grade"].label, "number", places=0, sortable=True, filter="choice"
            ),
            "state": TableColumn("state", WATCH_MONTHS["state"].label, filter="choice"),
        }),
        TableColumn("published_grade", Label("公布的等级", "Published grade"), "number", places=0),
        TableColumn("published_confidence", Label("公布等级可信度", "Confidence of the published grade"), shown=False),
        _REGION,
    ),
    key=("watch_key",),
    orders={"period": ("-period_end", "place", "what"), "subject": ("place", "-period_end", "what")},
    default="period",
    search=("subject_zh", "subject_en", "place"),
    codes=True,
    said=("region",),
)  # fmt: skip
#: Published grades beside the rows of the same region, thing and period, and alone where nothing was computed.
_LISTING = """
    SELECT w.*, w.subject_id AS subject, s.zh AS subject_zh, s.en AS subject_en, '' AS region,
        coalesce(s.code, w.subject_id) AS place, p.grade AS published_grade, p.confidence AS published_confidence
    FROM watch_months w LEFT JOIN named_subjects s ON s.id = w.subject_id
        LEFT JOIN published p ON (p.subject_id, p.what, p.period_key) = (w.subject_id, w.what, w.period_key)
    UNION ALL BY NAME
    SELECT 'published|' || p.subject_id || '|' || p.what || '|' || p.period_key AS watch_key, '' AS method_id,
        p.subject_id, p.what, p.period_key, p.period_kind, p.period_start, p.period_end, 'published' AS test,
        'published' AS state, p.confidence, p.subject_id AS subject, s.zh AS subject_zh, s.en AS subject_en,
        '' AS region, coalesce(s.code, p.subject_id) AS place, p.grade AS published_grade,
        p.confidence AS published_confidence
    FROM published p LEFT JOIN named_subjects s ON s.id = p.subject_id
    WHERE NOT EXISTS (SELECT 1 FROM watch_months w
        WHERE (p.subject_id, p.what, p.period_key) = (w.subject_id, w.what, w.period_key))
"""
_FIGURES = {
    "nowcast": Label("全年预测", "Nowcast"), "low": Label("区间下限", "Low end"), "high": Label("区间上限", "High end"),
    "required": Label("年度目标", "Target"), "incentive": Label("激励目标", "Incentive"),
}  # fmt: skip
YEARS = TableSpec(
    "nowcasts",
    Label("全年预测", "Nowcasts of the year's end"),
    (
        _SUBJECT,
        *_columns(WATCH_YEARS, {
            "what": _WHAT,
            "period_key": TableColumn("period_key", Label("年份", "Year"), sortable=True, filter="choice"),
            "test": TableColumn("test", Label("测算口径", "Measured by"), filter="choice"),
            "as_of_month": TableColumn("as_of_month", Label("截至月份", "Up to"), sortable=True, filter="choice"),
            **{name: TableColumn(name, label, "number", "column:unit") for name, label in _FIGURES.items()},
            "unit": TableColumn("unit", Label("单位", "Unit")),
            "state": TableColumn("state", Label("数据状态", "State"), filter="choice", wrap=True),
            "newest": TableColumn(
                "newest", WATCH_YEARS["newest"].label, "number", places=0, filter="choice", shown=False
            ),
        }),
        _REGION,
    ),
    key=("watch_key",),
    orders={"period": ("-as_of_month", "place", "what"), "subject": ("place", "-as_of_month", "what")},
    default="period",
    search=("subject_zh", "subject_en", "place"),
    codes=True,
    said=("region",),
)  # fmt: skip
_YEARS = """
    SELECT w.*, w.subject_id AS subject, s.zh AS subject_zh, s.en AS subject_en, '' AS region,
        coalesce(s.code, w.subject_id) AS place
    FROM watch_years w LEFT JOIN named_subjects s ON s.id = w.subject_id
"""
_WATCHED = ", ".join(f"('{indicator}', '{what}')" for indicator, what in sorted(PUBLISHED.items()))
#: The published grades that a reader may see; of several methods there is one, and it is the publisher's.
_PUBLISHED = f"""
    SELECT v.subject_id, m.what, v.period_key, v.period_kind, v.period_start, v.period_end,
        CAST(v.value AS BIGINT) AS grade, v.confidence
    FROM indicator_values v JOIN (VALUES {_WATCHED}) AS m (indicator_id, what) USING (indicator_id)
    WHERE v.origin = 'reported' AND v.value IS NOT NULL
"""


def _places(view: RunView) -> pa.Table:
    subjects = [s for s in view.subjects.values() if s.kind == "region"]
    return pa.table({
        "id": pa.array([s.id for s in subjects], pa.string()),
        "zh": pa.array([s.label.zh for s in subjects], pa.string()),
        "en": pa.array([s.label.en for s in subjects], pa.string()),
        "code": pa.array([s.code or None for s in subjects], pa.string()),
    })  # fmt: skip


def months_source(view: RunView) -> FileSource:
    """Rows of WATCH_MONTHS with the published grade beside each, as the reader may see them; kept with the view."""
    listing = f"WITH published AS ({_PUBLISHED}) {_LISTING}"
    return view._once(("months_source",), lambda: FileSource(
        view.run.folder, WATCH_MONTHS, view.scope, view.seen, names={"named_subjects": _places(view)},
        also=(INDICATOR_VALUES,), listing=listing, key=SPEC.key, kept=True, search=SPEC.search,
    ))  # fmt: skip


def years_source(view: RunView) -> FileSource:
    """Rows of WATCH_YEARS as the reader may see them; kept with the view."""
    return view._once(("years_source",), lambda: FileSource(
        view.run.folder, WATCH_YEARS, view.scope, view.seen, names={"named_subjects": _places(view)}, listing=_YEARS,
        key=YEARS.key, kept=True, search=YEARS.search,
    ))  # fmt: skip


def given(view: RunView) -> Given:
    """A region means all that lies in it."""
    return {"region": lambda value: Condition(("subject_id",), "is", tuple(sorted(view.within(value))))}


def words(view: RunView, speaker: Speaker) -> dict[str, Callable[[str], str]]:
    """What people call the values of the filters."""

    def named(labels: Mapping[str, Label]) -> Callable[[str], str]:
        return lambda v: speaker.label(labels[v]) if v in labels else v

    grades = {str(n): label for n, label in GRADES.items()}
    states = {**STATES, "published": Label("仅有公布的等级", "published grade alone")}
    return {
        "region": Teller(view, speaker).who, "what": named(WHATS), "test": named(TESTS), "state": named(states),
        "grade": named(grades), "red_state": named(RED_STATES), "confidence": named(CONFIDENCE_LABELS),
        "period_key": lambda v: period_words(v, speaker.language),
        "as_of_month": lambda v: period_words(v, speaker.language),
        "sort": lambda v: speaker.say(f"sort.{v}") if speaker.has(f"sort.{v}") else v,
        "newest": lambda v: speaker.say("table.is_so" if v == "1" else "table.not_so"),
    }  # fmt: skip


def told(view: RunView, speaker: Speaker) -> Sequence[Told]:
    """The words of an export of months: who, what, by which test, which grade, and why where there is none."""
    tell = Teller(view, speaker)

    def grade(value: Any) -> str:
        return speaker.label(GRADES[int(value)]) if value else ""

    say = speaker.say
    return (
        Told(say("csv.subject"), lambda row: tell.who(row["subject_id"]), ("subject_id",)),
        Told(speaker.label(SPEC["what"].label), lambda row: speaker.label(what_label(row["what"])), ("what",)),
        Told(speaker.label(SPEC["test"].label), lambda row: speaker.label(named_test(row["test"])), ("test",)),
        Told(speaker.label(SPEC["grade"].label), lambda row: grade(row["grade"]), ("grade",)),
        Told(speaker.label(SPEC["published_grade"].label), lambda row: grade(row["published_grade"]),
             ("published_grade",)),
        Told(speaker.label(SPEC["state"].label), lambda row: words(view, speaker)["state"](row["state"]), ("state",)),
    )  # fmt: skip


def told_years(view: RunView, speaker: Speaker) -> Sequence[Told]:
    """The words of an export of nowcasts: who, what, and its state."""
    tell, named = Teller(view, speaker), words(view, speaker)
    return (
        Told(speaker.say("csv.subject"), lambda row: tell.who(row["subject_id"]), ("subject_id",)),
        Told(speaker.label(YEARS["what"].label), lambda row: speaker.label(what_label(row["what"])), ("what",)),
        Told(speaker.label(YEARS["state"].label), lambda row: named["state"](row["state"]), ("state",)),
    )


LISTING = Listing(
    SPEC, "findings.read", lambda eyes, _: months_source(eyes.view), lambda eyes: words(eyes.view, eyes.speaker),
    told=lambda eyes: told(eyes.view, eyes.speaker), given=lambda eyes: given(eyes.view), of_run=True, at="/board",
)  # fmt: skip
NOWCASTS = Listing(
    YEARS, "findings.read", lambda eyes, _: years_source(eyes.view), lambda eyes: words(eyes.view, eyes.speaker),
    told=lambda eyes: told_years(eyes.view, eyes.speaker), given=lambda eyes: given(eyes.view), of_run=True,
    at="/board/years",
)  # fmt: skip


def years_table(view: RunView, choices: Choices, speaker: Speaker) -> TableView:
    """The list of nowcasts as its page draws it."""
    return NOWCASTS.table(Eyes(view.workspace, view.scope, speaker, view), choices)
