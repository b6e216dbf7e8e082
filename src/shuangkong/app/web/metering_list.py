"""The list of meters (计量器具列表): where each stands at this moment, what it sent last, what was seen of it.

Thirty thousand meters are put together as columns and kept for some seconds: no reading but the last one of each is
read for it, and a page of rows is the work of DuckDB.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from fastapi import APIRouter
from fastapi.responses import Response

from shuangkong.app.web.context import Asked
from shuangkong.app.web.listings import Eyes, Listing, list_routes
from shuangkong.app.web.metering_live import LIVE, live_states
from shuangkong.app.web.metering_state import Metering, Moment, metering_of
from shuangkong.app.web.metering_words import KINDS, MEASURES, coded, digits, item_words, live_words, system_label
from shuangkong.kernel.labels import Label
from shuangkong.kernel.scope import Scope
from shuangkong.metering.meters import FOREVER
from shuangkong.metering.quality_tables import FLAWS
from shuangkong.metering.rollup_tables import OUTLET_HOURS
from shuangkong.metering.storing import exact_column
from shuangkong.webkit.api import (
    Choices,
    Condition,
    FileSource,
    Given,
    TableColumn,
    TableSpec,
    Told,
    parse_choices,
)

router = APIRouter(include_in_schema=False)
#: Seconds for which a list that was put together holds.
HOLDS = 10
_EVERYTHING = Scope.system("rows of one reader's scope, put together before")
ATTENTION = Label("先看问题", "what needs attention")
BY_UNIT = Label("单位", "unit")
NEWEST = Label("最近上报", "sent last")
_ORDERS = {"attention": ATTENTION, "unit": BY_UNIT, "newest": NEWEST}


def _hidden(name: str, zh: str, en: str, kind: Any = "text", **more: Any) -> TableColumn:
    return TableColumn(name, Label(zh, en), kind, shown=False, **more)


SPEC = TableSpec(
    "meters",
    Label("计量器具", "Meters"),
    (
        TableColumn("live", Label("状态", "State"), sortable=True, by="rank", filter="choice"),
        TableColumn("meter", Label("计量器具", "Meter"), sortable=True, by="code", wrap=True, exported=False),
        TableColumn("who", Label("单位", "Unit"), sortable=True, by="unit_zh", wrap=True, exported=False),
        TableColumn("item", Label("计量什么", "What is measured"), filter="choice", sortable=True),
        TableColumn("kind", Label("读数类型", "Kind"), filter="choice"),
        TableColumn("system", Label("监测体系", "System"), filter="choice", wrap=True),
        TableColumn("last_at", Label("最近读数时刻", "Last reading at"), "instant", sortable=True),
        TableColumn("last_value", Label("最近读数", "Last reading"), "number", unit="column:measure_unit"),
        TableColumn("flaws", Label("异常", "Flaws"), "number", sortable=True, filter="range", places=0),
        _hidden("measures", "计量对象", "measured", filter="choice", rare=True),
        _hidden("region", "地区（含下级）", "Region and all in it", filter="given", exported=False),
        _hidden("unit", "单位", "Unit", filter="given", exported=False),
        _hidden("number", "计量器具号", "meter", "number"), _hidden("code", "器具编号", "code", filter="contains"),
        _hidden("name", "名称", "name"), _hidden("subject_id", "单位号", "unit id"),
        _hidden("unit_zh", "单位名称", "name of the unit"),
        _hidden("unit_en", "单位英文名", "English name of the unit", exported=False),
        _hidden("site", "安装位置", "site"), _hidden("outlet", "排口", "outlet"),
        _hidden("measure_unit", "计量单位", "unit of measure"), _hidden("factor", "倍率", "factor", "number"),
        _hidden("every", "采集间隔（分钟）", "minutes", "number"), _hidden("source", "来源", "source"),
        _hidden("channel", "通道", "channel", filter="contains"), _hidden("valid_from", "起始日期", "from", "date"),
        _hidden("valid_to", "停用日期", "until", "date"), _hidden("synthetic", "合成", "synthetic", "flag"),
    ),
    key=("number",),
    orders={"attention": ("rank", "-flaws", "number"), "unit": ("unit_zh", "code"), "newest": ("-last_at", "number")},
    default="attention",
    search=("code", "name", "unit_zh", "unit_en", "channel", "site"),
    synthetic="synthetic",
    codes=True,
)  # fmt: skip


def flaws_day(metering: Metering, state: Moment) -> date:
    """The day whose flaws are told: today where today was looked at, else the newest day that was."""
    days = metering.days_with_quality()
    return state.today if state.today in days else metering.newest_day(state.now) or state.today


def source(eyes: Eyes, _: Choices) -> FileSource:
    """The meters that the reader may see, as they stood some seconds ago at most."""
    metering = metering_of(eyes.workspace)
    state = metering.moment()
    shown = metering.seen(eyes.scope)
    turn = int(state.now.timestamp()) // HOLDS
    return metering.once(("meters", shown, id(state.register), turn), lambda: _source(metering, state, shown))


def _source(metering: Metering, state: Moment, shown: frozenset[str] | None) -> FileSource:
    """What the register says is kept while it stands; live state, last reading and flaws are put beside it."""
    kept = metering.once(("meters", shown, id(state.register)), lambda: _kept(metering, state, shown))
    return kept.at_moment(_now(metering, state), "number")


def _kept(metering: Metering, state: Moment, shown: frozenset[str] | None) -> FileSource:
    table = metering.once(("meters", id(state.register)), lambda: _said(metering, state))
    if shown is not None:
        table = table.filter(pc.is_in(table.column("subject_id"), value_set=pa.array(sorted(shown), pa.string())))
    # no result of a run stands behind the rows: they are all in the table, and of the reader's scope alone
    nowhere = metering.workspace.root / "no-run"
    return FileSource(
        nowhere, OUTLET_HOURS, _EVERYTHING, None, names={"meters_said": table}, listing="SELECT * FROM meters_said",
        key=("number",), kept=True, search=SPEC.search,
    )  # fmt: skip


def _now(metering: Metering, state: Moment) -> pa.Table:
    """Of each meter its number, live state with rank, last reading with moment, and flaws of the day."""
    codes, at, value = live_states(state, metering.systems(state.today))
    rank = np.searchsorted(np.array(sorted(LIVE), dtype=object), codes)
    ranks = np.array([list(LIVE).index(code) for code in sorted(LIVE)], dtype=np.int64)
    return pa.table({
        "number": pa.array(state.register.numbers), "live": pa.array(codes, pa.string()),
        "rank": pa.array(ranks[rank], pa.int64()),
        "last_at": pa.array(at, pa.int64(), mask=at == 0).cast(pa.timestamp("us", tz="UTC")),
        "last_value": _values(at, value), "flaws": pa.array(_flaws(metering, state), pa.int64()),
    })  # fmt: skip


def _values(at: Any, value: Any) -> pa.Array:
    values = exact_column(value)
    return pc.if_else(pa.array(at != 0), values, pa.scalar(None, values.type))


def _flaws(metering: Metering, state: Moment) -> Any:
    """How many flaws that ask for something were seen of each meter on the day that is told."""
    table = metering.flaws(flaws_day(metering, state))
    # the table is kept with what was counted in it: as long as it is the same, so are its flaws
    name = ("meters flaws", id(table), id(state.register))
    return metering.once(name, lambda: (table, state.register, _counted(table, state)))[2]


def _counted(table: pa.Table, state: Moment) -> Any:
    heavy = pa.array([c for c, w in FLAWS.items() if w.severity != "note"], pa.string())
    meter = table.filter(pc.is_in(table.column("code"), value_set=heavy)).column("meter").to_numpy()
    numbers = state.register.numbers
    found = np.zeros(len(numbers), dtype=np.int64)
    if len(meter) and len(numbers):
        place = np.minimum(np.searchsorted(numbers, meter), len(numbers) - 1)
        np.add.at(found, place[numbers[place] == meter], 1)
    return found


def _said(metering: Metering, state: Moment) -> pa.Table:
    """What the register says of each meter: made anew when it changes."""
    places, current = metering.places(), state.register.current

    def text(values: Sequence[str | None]) -> pa.Array:
        return pa.array(values, pa.string())

    labels = {m.subject_id: places.label(m.subject_id) for m in current}
    regions = {s: places.region_of(s) for s in labels}
    return pa.table({
        "number": pa.array([m.number for m in current], pa.int64()), "code": text([m.code for m in current]),
        "meter": text([m.code for m in current]), "name": text([m.name for m in current]),
        "subject_id": text([m.subject_id for m in current]), "who": text([m.subject_id for m in current]),
        "unit": text([m.subject_id for m in current]),
        "unit_zh": text([labels[m.subject_id].zh for m in current]),
        "unit_en": text([labels[m.subject_id].in_("en") for m in current]),
        "region": text([r.id if (r := regions[m.subject_id]) else None for m in current]),
        "item": text([m.item for m in current]), "kind": text([m.kind for m in current]),
        "measures": text([m.measures for m in current]), "system": text([m.system or None for m in current]),
        "site": text([m.site or None for m in current]), "outlet": text([m.outlet or None for m in current]),
        "measure_unit": text([m.unit for m in current]),
        "factor": pa.array([m.factor for m in current], pa.decimal128(38, 6)),
        "every": pa.array([m.every for m in current], pa.int64()), "source": text([m.source for m in current]),
        "channel": text([m.channel for m in current]),
        "valid_from": pa.array([m.valid_from for m in current], pa.date32()),
        "valid_to": pa.array([None if m.valid_to == FOREVER else m.valid_to for m in current], pa.date32()),
        "synthetic": pa.array([m.synthetic for m in current], pa.bool_()),
    })  # fmt: skip


def given(eyes: Eyes) -> Given:
    """A region, or a unit, means all that lies in it."""
    places = metering_of(eyes.workspace).places()

    def within(value: str) -> Condition:
        return Condition(("subject_id",), "is", tuple(sorted(places.within(value))))

    return {"region": within, "unit": within}


def words(eyes: Eyes) -> dict[str, Callable[[str], str]]:
    """What people call the values of the filters."""
    metering, speaker = metering_of(eyes.workspace), eyes.speaker
    places = metering.places()
    shown = metering.seen(eyes.scope)

    def who(value: str) -> str:
        return speaker.label(places.label(value)) if shown is None or value in shown else value

    return {
        "live": live_words(speaker), "item": item_words(metering, speaker), "kind": coded(KINDS, speaker),
        "measures": coded(MEASURES, speaker), "system": lambda v: speaker.label(system_label(v)), "region": who,
        "unit": who, "who": who, "sort": lambda v: speaker.label(_ORDERS[v]) if v in _ORDERS else v,
    }  # fmt: skip


def told(eyes: Eyes) -> Sequence[Told]:
    """The words of an export: state, unit, region, item, kind and system."""
    say, named = eyes.speaker.label, words(eyes)

    def of(name: str, column: str) -> Told:
        return Told(say(SPEC[name].label), lambda row: row[column] and named[name](row[column]), (column,))

    return (of("live", "live"), of("unit", "subject_id"), of("region", "region"), of("item", "item"),
            of("kind", "kind"), of("system", "system"))  # fmt: skip


LISTING = Listing(SPEC, "meters.read", source, words, told=told, given=given)


def meters(a: Asked) -> Response:
    """The list of meters, filtered, sorted and paged on the server."""
    metering, eyes = metering_of(a.workspace), LISTING.eyes(a)
    state, places, shown = metering.moment(), metering.places(), metering.seen(a.scope)
    choices = parse_choices(SPEC, a.request.query_params.multi_items())
    own = [u for u in state.register.units if shown is None or u in shown]
    around = [s for r in places.regions_with(own) if (s := places.subject(r)) and s.kind == "region"]
    offered = {
        "region": [(s.id, 0) for s in sorted(around, key=lambda s: s.code) if shown is None or s.id in shown],
        "unit": [(c, 0)] if (c := choices.value("unit")) and (shown is None or c in shown) else [],
    }
    table = LISTING.table(eyes, choices, offered=offered)
    answer = a.page(
        "meters.html", a.view(), table=table, live=LIVE, named=words(eyes), day=flaws_day(metering, state),
        state=state, digits=digits,
    )  # fmt: skip
    answer.headers["HX-Push-Url"] = choices.address("/meters")
    return answer


list_routes(router, LISTING, meters)
