"""The list of projects (项目名单): what each is, how far it is, and what the rules say of it at worst."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import pyarrow as pa

from shuangkong.app.web.listings import Eyes, Listing
from shuangkong.app.web.reading import RunView
from shuangkong.app.web.sentences import Teller
from shuangkong.app.web.units_list import industry_name
from shuangkong.judgement.api import RULE_FINDINGS, SIGNAL_LABELS
from shuangkong.kernel.labels import Label
from shuangkong.kernel.units import convert
from shuangkong.registry.api import project_fields
from shuangkong.webkit.api import (
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
)

_FIELDS = project_fields()
_KINDS: dict[str, Kind] = {"number": "number", "day": "date", "flag": "flag", "text": "text"}
#: Fields of the register that the list shows and filters by, and those of its export alone: all others.
_ON_PAGE = ("stage", "construction", "two_high", "energy_primary", "investment")


def _field(name: str, **more: Any) -> TableColumn:
    one = _FIELDS[name]
    return TableColumn(name, one.label, _KINDS[one.type], one.unit, **more)


SPEC = TableSpec(
    "projects",
    Label("项目", "Projects"),
    (
        TableColumn("signal", Label("最不利结论", "Worst answer"), sortable=True, by="rank", filter="choice"),
        TableColumn("project", Label("项目", "Project"), sortable=True, by="code", wrap=True, exported=False),
        _field("stage", filter="choice", sortable=True),
        _field("construction", filter="choice", shown=False),
        _field("two_high", filter="choice"),
        TableColumn("place", Label("建设地点", "Region"), sortable=True, by="region_code", exported=False),
        TableColumn("industry", Label("行业", "Industry"), filter="choice", wrap=True, exported=False),
        _field("energy_primary", filter="range", sortable=True, places=0),
        _field("investment", filter="range", sortable=True, places=0),
        TableColumn("answers", Label("规则结论", "Answers of rules"), exported=False),
        TableColumn("region", Label("地区（含下级）", "Region and all in it"), filter="given", shown=False,
                    exported=False),
        TableColumn("subject_id", Label("项目号", "project"), shown=False),
        TableColumn("code", Label("项目代码", "project code"), shown=False, filter="contains"),
        TableColumn("name_zh", Label("名称", "name"), shown=False),
        TableColumn("owner_id", Label("项目单位号", "owner"), shown=False),
        TableColumn("region_code", Label("区划代码", "region code"), shown=False),
        TableColumn("industry_code", Label("行业代码", "industry code"), shown=False),
        TableColumn("bad", Label("不利", "adverse"), "number", shown=False),
        TableColumn("warn", Label("需注意", "caution"), "number", shown=False),
        TableColumn("good", Label("有利", "favourable"), "number", shown=False),
        TableColumn("open", Label("尚缺资料", "not decided"), "number", shown=False),
        *(_field(n, shown=False) for n in _FIELDS if n not in _ON_PAGE),
        TableColumn("synthetic", Label("合成", "synthetic"), "flag", shown=False),
    ),
    key=("subject_id",),
    orders={
        "attention": ("rank", "-bad", "-open", "code"), "energy": ("-energy_primary", "code"), "subject": ("code",),
    },
    default="attention",
    search=("name_zh", "name_en", "code", "industry_zh"),
    synthetic="synthetic",
    codes=True,
    said=("region",),
)  # fmt: skip
_LISTING = """
    WITH newest AS (
        SELECT subject_id, pack_id, slug, arg_max(signal, period_end) AS signal, arg_max(status, period_end) AS status
        FROM rule_findings GROUP BY ALL
    ),
    stands AS (
        SELECT subject_id, count(*) FILTER (signal = 'bad') AS bad, count(*) FILTER (signal = 'warn') AS warn,
            count(*) FILTER (signal = 'good') AS good, count(*) FILTER (status = 'undetermined') AS open,
            count(*) AS answers
        FROM newest GROUP BY subject_id
    )
    SELECT p.*, coalesce(s.bad, 0) AS bad, coalesce(s.warn, 0) AS warn, coalesce(s.good, 0) AS good,
        coalesce(s.open, 0) AS open, coalesce(s.answers, 0) AS answers,
        CASE WHEN s.bad > 0 THEN 'bad' WHEN s.warn > 0 THEN 'warn' WHEN s.good > 0 THEN 'good' END AS signal,
        CASE WHEN s.bad > 0 THEN 0 WHEN s.warn > 0 THEN 1 WHEN s.open > 0 THEN 2 WHEN s.good > 0 THEN 3 ELSE 4 END
            AS rank
    FROM named_projects p LEFT JOIN stands s ON s.subject_id = p.subject_id
"""
_ARROW = {"number": pa.decimal128(38, 6), "flag": pa.bool_(), "day": pa.date32(), "text": pa.string()}


def projects_source(view: RunView) -> FileSource:
    """Projects that the reader may see, with what the rules say of them; kept with the view."""
    return view._once(("projects_source",), lambda: _source(view))


def _source(view: RunView) -> FileSource:
    return FileSource(
        view.run.folder, RULE_FINDINGS, view.scope, view.seen, names={"named_projects": _named(view)},
        listing=_LISTING, key=("subject_id",), kept=True, search=SPEC.search,
    )  # fmt: skip


def _named(view: RunView) -> pa.Table:
    """Who the projects are and what the register says of them, figures in the units that people write."""
    projects = [s for s in view.subjects.values() if s.kind == "project"]
    facts = view.projects()
    above = [view.subjects.get(view.parent.get(s.id, "")) for s in projects]

    def text(values: Sequence[str | None]) -> pa.Array:
        return pa.array(values, pa.string())

    columns = {
        "subject_id": text([s.id for s in projects]), "code": text([s.code or None for s in projects]),
        "name_zh": text([s.label.zh for s in projects]), "name_en": text([s.label.en for s in projects]),
        "owner_id": text([facts.get(s.id, {}).get("owner_id") for s in projects]),
        "place": text([r.id if r else None for r in above]),
        "region_code": text([r.code if r else None for r in above]),
        "industry": text([f"{s.industry_edition}:{s.industry}" if s.industry else None for s in projects]),
        "industry_code": text([s.industry or None for s in projects]),
        "industry_zh": text([industry_name(s.industry, s.industry_edition) or None for s in projects]),
        "region": text([""] * len(projects)), "synthetic": pa.array([s.synthetic for s in projects], pa.bool_()),
    }  # fmt: skip
    for name, one in _FIELDS.items():
        values = [shown_value(name, facts.get(s.id, {}).get(name)) for s in projects]
        columns[name] = pa.array(values, _ARROW[one.type])
    return pa.table(columns)


def shown_value(name: str, value: Any) -> Any:
    """A fact in the unit that people write it in."""
    one = _FIELDS[name]
    if isinstance(value, Decimal) and one.unit != one.stored:
        return convert(value, one.stored, one.unit)
    return value


def given(view: RunView) -> Given:
    """A region means all that lies in it."""
    return {"region": lambda value: Condition(("subject_id",), "is", tuple(sorted(view.within(value))))}


def projects_table(view: RunView, choices: Choices, speaker: Speaker) -> TableView:
    """The list as its page draws it."""
    chosen = choices.value("region")
    around = {view.parent.get(s.id, "") for s in view.subjects.values() if s.kind == "project"}
    shown = {r.id: r for place in around for r in view.path(place)}
    if chosen in view.subjects:
        shown[chosen] = view.subjects[chosen]
    offered = {"region": [(s.id, 0) for s in sorted(shown.values(), key=lambda s: s.code)]}
    return LISTING.table(Eyes(view.workspace, view.scope, speaker, view), choices, offered=offered)


def words(view: RunView, speaker: Speaker) -> dict[str, Callable[[str], str]]:
    """What people call the values of the filters."""

    def coded(group: str) -> Callable[[str], str]:
        return lambda value: speaker.say(f"{group}.{value}") if speaker.has(f"{group}.{value}") else value

    def named(value: str) -> str:
        edition, _, code = value.partition(":")
        return f"{code} {industry_name(code, edition)}".strip()

    return {
        "signal": lambda v: speaker.label(SIGNAL_LABELS[v]) if v in SIGNAL_LABELS else v, "industry": named,
        "two_high": coded("flag"), "region": Teller(view, speaker).who, "sort": coded("sort"),
    }  # fmt: skip


def told(view: RunView, speaker: Speaker) -> Sequence[Told]:
    """The words of an export: project, owner, region, industry and worst answer."""
    tell, named = Teller(view, speaker), words(view, speaker)
    return (
        Told(speaker.label(SPEC["project"].label), lambda row: tell.who(row["subject_id"])),
        Told(speaker.say("projects.owner"), lambda row: tell.who(row["owner_id"]) if row["owner_id"] else None),
        Told(speaker.say("csv.region"), lambda row: tell.who(row["place"]) if row["place"] else None),
        Told(speaker.say("csv.industry"), lambda row: row["industry_zh"]),
        Told(speaker.label(SPEC["signal"].label), lambda row: row["signal"] and named["signal"](row["signal"])),
    )


LISTING = Listing(
    SPEC, "units.read", lambda eyes, _: projects_source(eyes.view), lambda eyes: words(eyes.view, eyes.speaker),
    told=lambda eyes: told(eyes.view, eyes.speaker), given=lambda eyes: given(eyes.view), of_run=True,
)  # fmt: skip
