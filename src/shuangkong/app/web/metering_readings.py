"""Readings of a meter as they were taken (原始读数), filtered by moment and exported whole."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import pyarrow as pa
from fastapi import APIRouter
from fastapi.responses import RedirectResponse, Response

from shuangkong.app.web.context import Asked
from shuangkong.app.web.listings import Eyes, Listing, list_routes
from shuangkong.app.web.metering_one import Taken, readings_of
from shuangkong.app.web.metering_state import meter_seen, metering_of
from shuangkong.app.web.metering_words import digits
from shuangkong.kernel.labels import Label
from shuangkong.kernel.scope import Scope
from shuangkong.metering.columns import CHINA
from shuangkong.metering.rollup_tables import OUTLET_HOURS
from shuangkong.webkit.api import Choices, Condition, FileSource, Given, TableColumn, TableSpec, parse_choices

router = APIRouter(include_in_schema=False)
_EVERYTHING = Scope.system("readings of one meter that the reader may see")
#: Days of readings that are listed where the address names none, and that may be listed at most.
USUAL, MOST = 7, 92
OLDEST, NEWEST = Label("时刻先后", "by time"), Label("最近的在前", "newest first")
SPEC = TableSpec(
    "meter-readings",
    Label("原始读数", "Readings as they were taken"),
    (
        TableColumn("at", Label("时刻", "Time"), "instant", sortable=True, filter="range"),
        TableColumn("value", Label("读数", "Reading"), "number", unit="column:measure_unit", sortable=True),
        TableColumn("holds", Label("取用", "Counts"), "flag", filter="choice"),
        TableColumn("received_at", Label("接收时刻", "Received"), "instant", sortable=True),
        TableColumn("waited", Label("晚到", "After"), "number", unit="min", sortable=True, filter="range", places=0),
        TableColumn("late", Label("迟到", "Late"), "flag", filter="choice"),
        TableColumn("again", Label("重复", "Again"), "flag", filter="choice"),
        TableColumn("mark", Label("来源标记", "Mark"), filter="choice"),
        TableColumn("meter", Label("计量器具号", "meter"), shown=False, filter="given"),
        TableColumn("measure_unit", Label("计量单位", "unit"), shown=False),
        TableColumn("place", Label("日志位置", "place in the journal"), "number", shown=False),
        TableColumn("row", Label("行", "row"), "number", shown=False),
    ),
    key=("place", "row"),
    orders={"newest": ("-at", "-place", "-row"), "oldest": ("at", "place", "row")},
    default="newest",
    codes=True,
)


def span_of(choices: Choices, today: date) -> tuple[date, date]:
    """The days that are read: as the address has them, else the newest ones; at most so many."""
    last = _day(choices.value("at_max")) or (_day(choices.value("at_min")) or today) + timedelta(days=USUAL)
    first = _day(choices.value("at_min")) or last - timedelta(days=USUAL)
    return max(first, last - timedelta(days=MOST)), last


def source(eyes: Eyes, choices: Choices) -> FileSource:
    """The readings of one meter in scope; REG-001 for any other."""
    metering = metering_of(eyes.workspace)
    named = choices.value("meter")
    number = int(named) if named.isdecimal() and len(named) < 12 else 0
    state, shown = metering.moment(number), metering.seen(eyes.scope)
    own = meter_seen(state, shown, number)[-1]
    first, last = span_of(choices, state.today)

    def made() -> FileSource:
        late = metering.systems(last)[own.system].late
        taken = readings_of(eyes.workspace.lake, state.now, own, first, last, late)
        return FileSource(
            eyes.workspace.root / "no-run", OUTLET_HOURS, _EVERYTHING, None, key=SPEC.key, kept=True,
            names={"taken": _table(taken, own.number, own.unit)}, listing="SELECT * FROM taken",
        )  # fmt: skip

    return metering.once(("readings", own.number, shown, first, last, state.last.sequence), made)


def _table(taken: list[Taken], number: int, unit: str) -> pa.Table:
    instant = pa.timestamp("us", tz="UTC")
    return pa.table({
        "at": pa.array([t.at for t in taken], instant),
        "value": pa.array([t.value for t in taken], pa.decimal128(18, 6)),
        "holds": pa.array([t.holds for t in taken], pa.bool_()),
        "received_at": pa.array([t.received_at for t in taken], instant),
        "waited": pa.array([Decimal(int(t.waited.total_seconds() // 60)) for t in taken], pa.decimal128(18, 0)),
        "late": pa.array([t.late for t in taken], pa.bool_()), "again": pa.array([t.again for t in taken], pa.bool_()),
        "mark": pa.array([t.mark or None for t in taken], pa.string()),
        "meter": pa.array([str(number)] * len(taken), pa.string()),
        "measure_unit": pa.array([unit] * len(taken), pa.string()),
        "place": pa.array([t.place for t in taken], pa.int64()), "row": pa.array([t.row for t in taken], pa.int64()),
    })  # fmt: skip


def given(_: Eyes) -> Given:
    """The meter by its number."""
    return {"meter": lambda value: Condition(("meter",), "is", (value,))}


def words(eyes: Eyes) -> dict[str, Callable[[str], str]]:
    """What people call the values of the filters."""
    say, orders = eyes.speaker, {"newest": NEWEST, "oldest": OLDEST}

    def flag(value: str) -> str:
        return say.say("table.is_so") if value == "true" else say.say("table.not_so")

    return {"sort": lambda v: say.label(orders[v]) if v in orders else v, "holds": flag, "late": flag, "again": flag}


LISTING = Listing(SPEC, "meters.read", source, words, given=given)


def readings(a: Asked) -> Response:
    """The readings of one meter; without one, the list of meters."""
    choices = parse_choices(SPEC, a.request.query_params.multi_items())
    if not choices.value("meter"):
        return RedirectResponse("/meters", status_code=303)
    metering = metering_of(a.workspace)
    table = LISTING.asked(a)
    number = int(choices.value("meter"))
    state = metering.moment(number)
    own = meter_seen(state, metering.seen(a.scope), number)[-1]
    first, last = span_of(choices, state.now.astimezone(CHINA).date())
    return a.page(
        "meter_readings.html", a.view(), table=table, meter=own, first=first, last=last, most=MOST, digits=digits
    )


list_routes(router, LISTING, readings)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
