"""The list of units (用能单位名单): how each stands, its energy of the year and its product against the limit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from shuangkong.accounting.api import TOTALS, readable_subjects
from shuangkong.app.web.listings import Eyes, Listing
from shuangkong.app.web.reading import RunView
from shuangkong.app.web.rows import Subject
from shuangkong.app.web.sentences import Teller
from shuangkong.judgement.api import FINDINGS
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Label
from shuangkong.kernel.scope import Scope
from shuangkong.registry.api import industry
from shuangkong.webkit.api import (
    STATUS_MARKS,
    STATUS_ORDER,
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


def _code(name: str, zh: str, en: str, **more: Any) -> TableColumn:
    """A column of the export alone."""
    return TableColumn(name, Label(zh, en), shown=False, **more)


def _page(name: str, zh: str, en: str, **more: Any) -> TableColumn:
    """A column of the page, of which the export has the codes and figures."""
    return TableColumn(name, Label(zh, en), exported=False, **more)


SPEC = TableSpec(
    "units",
    Label("用能单位", "Units"),
    (
        TableColumn("status", Label("最差结论", "Worst finding"), "status", sortable=True, by="severity",
                    filter="choice"),
        _page("unit", "单位", "Unit", sortable=True, by="code", wrap=True),
        _page("place", "所在地区", "Region", sortable=True, by="region_code"),
        _page("industry", "行业", "Industry", sortable=True, filter="choice", wrap=True),
        TableColumn("unit_class", Label("类别", "Class"), filter="choice", shown=False),
        _page("counts", "各项结论", "Findings"),
        TableColumn("energy", Label("年度综合能耗", "Energy of the year"), "number", "tce", places=1, sortable=True,
                    filter="range"),
        TableColumn("coverage", Label("能耗覆盖率", "Coverage of energy"), "number", "1", sortable=True,
                    filter="range", shown=False),
        _page("intensity", "单位产品能耗", "Energy per product", kind="number", sortable=True, by="excess"),
        _page("limit", "限额", "Limit", kind="number"),
        _page("region", "地区（含下级）", "Region and all in it", filter="given", shown=False),
        _page("period", "期间", "Period", filter="given", shown=False),
        _code("subject_id", "单位号", "unit"),
        _code("code", "统一社会信用代码", "credit code", filter="contains"),
        _code("name_zh", "名称", "name"),
        _code("name_en", "英文名称", "English name"),
        _code("region_code", "区划代码", "region code"),
        _code("industry_code", "行业代码", "industry code"),
        _code("findings", "结论数", "findings", kind="number"),
        _code("missed", "未完成", "missed", kind="number"),
        _code("behind", "滞后", "behind", kind="number"),
        _code("open", "未判定", "not decided", kind="number"),
        _code("energy_year", "能耗年度", "year of energy"),
        _code("value", "单位产品能耗", "energy per product", kind="number", unit="column:value_unit"),
        _code("threshold", "限额", "limit", kind="number", unit="column:value_unit"),
        _code("value_unit", "单位产品能耗的单位", "unit of energy per product"),
        _code("finding_key", "限额结论号", "finding on the limit"),
        _code("synthetic", "合成", "synthetic", kind="flag"),
    ),
    key=("subject_id",),
    orders={
        "attention": ("severity", "-missed", "code"),
        "energy": ("-energy", "code"),
        "excess": ("-excess", "code"),
        "subject": ("code",),
    },
    default="attention",
    search=("name_zh", "name_en", "code", "industry_zh"),
    synthetic="synthetic",
    codes=True,
    said=("region", "period"),
)  # fmt: skip

_LISTING = """
    WITH standing AS (
        SELECT f.*, s.severity FROM findings f JOIN shown n ON n.id = f.finding_key JOIN statuses s ON s.id = f.status
    ),
    stands AS (
        SELECT subject_id, min(severity) AS severity, count(*) AS findings,
            count(*) FILTER (status = 'missed') AS missed, count(*) FILTER (status = 'behind') AS behind,
            count(*) FILTER (status IN ('insufficient', 'undetermined')) AS open
        FROM standing GROUP BY subject_id
    ),
    product AS (
        SELECT subject_id, arg_min(finding_key, rank) AS finding_key
        FROM (SELECT *, severity * 1000 + coalesce(margin / nullif(abs(threshold), 0), 0)::DOUBLE AS rank
              FROM standing WHERE indicator_id = 'product_energy_intensity')
        GROUP BY subject_id
    ),
    energy AS (
        SELECT t.subject_id, t.period_key AS energy_year, sum(t.amount) AS energy, min(t.coverage) AS coverage
        FROM totals t JOIN one_method m ON m.id = t.method_id
        WHERE t.measure = 'energy' AND t.level = 'subtree' AND t.period_kind = 'year' AND t.period_key = m.year
        GROUP BY ALL
    )
    SELECT u.*, x.id AS status, x.severity, coalesce(s.findings, 0) AS findings, coalesce(s.missed, 0) AS missed,
        coalesce(s.behind, 0) AS behind, coalesce(s.open, 0) AS open, e.energy_year, e.energy, e.coverage,
        p.finding_key, f.value, f.threshold, f.unit AS value_unit, -f.margin / nullif(abs(f.threshold), 0) AS excess
    FROM units u
    LEFT JOIN stands s ON s.subject_id = u.subject_id
    LEFT JOIN statuses x ON x.severity = s.severity
    LEFT JOIN energy e ON e.subject_id = u.subject_id
    LEFT JOIN product p ON p.subject_id = u.subject_id
    LEFT JOIN findings f ON f.finding_key = p.finding_key
"""


def units_source(view: RunView, period: str = "") -> FileSource:
    """Units that the reader may see, by what stands now or by the findings of a period; kept with the view."""
    return view._once(("units_source", period), lambda: _source(view, period))


def _source(view: RunView, period: str) -> FileSource:
    seen = readable_subjects(view.workspace, view.run, view.scope)
    ranks = pa.table({"id": [s.value for s in STATUS_ORDER], "severity": list(range(len(STATUS_ORDER)))})
    rows = [f for f in view.findings if f.period_key == period and f.level == "base"] if period else view.latest
    shown = pa.table({"id": pa.array([f.finding_key for f in rows], pa.string())})
    year = period if period.isdigit() else str(view.run.as_of.year - 1)
    names = {
        "units": _units(view, period), "statuses": ranks, "shown": shown,
        "one_method": pa.table({"id": [method_of(view)], "year": [year]}),
    }  # fmt: skip
    return listed(view.run.folder, view.scope, seen, names)


def listed(folder: Path, scope: Scope, seen: pa.Table | None, names: Mapping[str, pa.Table]) -> FileSource:
    """The units of `names` with what a run's folder says of them; the sums are worked out once.

    names: units (see `_units`), statuses (id, severity), shown (id: findings that count), one_method (id, year)
    """
    return FileSource(
        folder, FINDINGS, scope, seen, names=names, listing=_LISTING, key=("subject_id",), also=(TOTALS,), kept=True
    )


def method_of(view: RunView) -> str:
    """The one method in which the energy of all units is listed: at primary-energy value, of the newest edition."""
    targets = {f.method_id for f in view.findings if f.method_id.count("/") >= 3}
    methods = {"/".join(m.split("/")[:4]) for m in targets}
    return max(methods, key=lambda m: ("/primary/" in m, m), default="")


def _units(view: RunView, period: str) -> pa.Table:
    """Names of units: subject_id, code, names, region, industry, class."""
    units = [s for s in view.subjects.values() if s.kind == "unit"]
    above = [view.subjects.get(view.parent.get(s.id, "")) for s in units]

    def text(values: Sequence[str | None]) -> pa.Array:
        return pa.array(values, pa.string())

    return pa.table({
        "subject_id": text([s.id for s in units]), "code": text([s.code or None for s in units]),
        "name_zh": text([s.label.zh for s in units]), "name_en": text([s.label.en for s in units]),
        "place": text([r.id if r else None for r in above]),
        "region_code": text([r.code if r else None for r in above]),
        "industry": text([f"{s.industry_edition}:{s.industry}" if s.industry else None for s in units]),
        "industry_code": text([s.industry or None for s in units]),
        "industry_zh": text([industry_name(s.industry, s.industry_edition) or None for s in units]),
        "unit_class": text([s.unit_class or None for s in units]), "period": text([period] * len(units)),
        "synthetic": pa.array([s.synthetic for s in units], pa.bool_()),
    })  # fmt: skip


def industry_name(code: str, edition: str) -> str:
    """The name of an industry of GB/T 4754; empty where the edition has no such code."""
    try:
        return industry(code, edition).name_zh if code else ""
    except UserError:
        return ""


def given(view: RunView) -> Given:
    """A region means all that lies in it; the period is what the list was made for."""
    return {
        "region": lambda value: Condition(("subject_id",), "is", tuple(sorted(view.within(value)))),
        "period": lambda value: Condition(("period",), "is", (value,)),
    }


def units_table(view: RunView, choices: Choices, speaker: Speaker) -> TableView:
    """The list as its page draws it."""
    period, chosen = choices.value("period"), choices.value("region")
    offered = {
        "region": [(s.id, 0) for s in _regions(view, chosen)],
        "period": [(p, 0) for p in _periods(view, period)],
    }
    return LISTING.table(Eyes(view.workspace, view.scope, speaker, view), choices, offered=offered)


def _regions(view: RunView, chosen: str) -> list[Subject]:
    """Regions in which a unit lies directly, what is above them, and what is chosen, by code."""
    around = {view.parent.get(s.id, "") for s in view.subjects.values() if s.kind == "unit"}
    shown = {r.id: r for place in around for r in view.path(place)}
    if chosen in view.subjects:
        shown[chosen] = view.subjects[chosen]
    return sorted(shown.values(), key=lambda s: s.code)


def _periods(view: RunView, chosen: str) -> list[str]:
    units = {s.id for s in view.subjects.values() if s.kind == "unit"}
    found = {f.period_key for f in view.findings if f.subject_id in units} | ({chosen} if chosen else set())
    return sorted(found, reverse=True)


def words(view: RunView, speaker: Speaker) -> dict[str, Callable[[str], str]]:
    """What people call the values of the filters."""
    tell = Teller(view, speaker)

    def coded(group: str) -> Callable[[str], str]:
        return lambda value: speaker.say(f"{group}{value}") if speaker.has(f"{group}{value}") else value

    def named(value: str) -> str:
        edition, _, code = value.partition(":")
        return f"{code} {industry_name(code, edition)}".strip()

    return {
        "status": lambda value: tell.status_name(value) if value in STATUS_MARKS else value,
        "region": tell.who, "industry": named, "unit_class": coded("unit.class_"), "sort": coded("sort."),
        "period": lambda value: period_words(value, speaker.language),
    }  # fmt: skip


def told(view: RunView, speaker: Speaker) -> tuple[Told, ...]:
    """The words of an export: unit, region, industry and worst finding."""
    tell = Teller(view, speaker)
    return (
        Told(speaker.say("csv.unit"), lambda row: tell.who(row["subject_id"])),
        Told(speaker.say("csv.region"), lambda row: tell.who(row["place"]) if row["place"] else None),
        Told(speaker.say("csv.industry"), lambda row: row["industry_zh"]),
        Told(speaker.say("csv.status"), lambda row: tell.status_name(row["status"]) if row["status"] else None),
    )


LISTING = Listing(
    SPEC, "units.read", lambda eyes, choices: units_source(eyes.view, choices.value("period")),
    lambda eyes: words(eyes.view, eyes.speaker), told=lambda eyes: told(eyes.view, eyes.speaker),
    given=lambda eyes: given(eyes.view), of_run=True,
)  # fmt: skip
