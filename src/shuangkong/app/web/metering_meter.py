"""One meter's page (一表一档): what it is, whether it sends, its hours and days drawn, readings, flaws and quality."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse

from shuangkong.app.web.context import Asked, Asks
from shuangkong.app.web.metering_drawn import Drawing, day_chart, month_chart, readings_chart
from shuangkong.app.web.metering_filled import closed_of, filled_hours
from shuangkong.app.web.metering_live import LIVE, exact, instant, live_states
from shuangkong.app.web.metering_one import Row, flaws_of, leads_of, quality_of, readings_of
from shuangkong.app.web.metering_places import Shown
from shuangkong.app.web.metering_state import Metering, Moment, meter_seen, metering_of
from shuangkong.app.web.metering_words import KINDS, MEASURES, digits, item_label, system_label
from shuangkong.kernel.labels import Label
from shuangkong.metering.columns import CHINA
from shuangkong.metering.leads import lead_rules
from shuangkong.metering.meters import FOREVER, Meter
from shuangkong.metering.monitoring import System, Used
from shuangkong.metering.quality_tables import FLAWS, STATES
from shuangkong.metering.rolled import MeterTime, meter_days, meter_hours
from shuangkong.webkit.api import Chart

router = APIRouter(include_in_schema=False)
ReadsMeters = Annotated[Asked, Depends(Asks("meters.read"))]
#: Readings, flaws and months that the page lists; of more, all are in the export.
LISTED, FLAWS_LISTED, MONTHS = 200, 40, 12
#: What is counted and summed; of the rest the readings themselves are drawn.
COUNTED = ("amount", "flow")
#: What people ask a rule for first.
FIRST = ("completeness", "hour-share", "day-hours", "repair-days", "late-minutes", "connection-hours")
_DAY = timedelta(days=1)
_MONTH = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])")


@dataclass(frozen=True)
class Relative:
    """A meter above or below; without a number where it is not the reader's to see."""

    number: int
    code: str
    name: str


@dataclass(frozen=True)
class Total:
    """A month of a meter: the sum of what is known, and which share of its hours that is."""

    month: date
    quantity: Decimal | None
    cover: Decimal
    spread: Decimal


@router.get("/meters/{number}")
def meter(a: ReadsMeters, number: int, day: str = "", month: str = "", fill: str = "") -> HTMLResponse:
    """One meter; `?day=` shows the hours of a day, `?month=` the days of a month, `?fill=yes` fills holes."""
    metering = metering_of(a.workspace)
    state, shown = metering.moment(number), metering.seen(a.scope)
    spells = meter_seen(state, shown, number)
    now = spells[-1] if not any(state.register.stands(s) for s in spells) else next(
        s for s in spells if state.register.stands(s)
    )  # fmt: skip
    code, at, value = _live(metering, state, number)
    on = _day(day) or (at.astimezone(CHINA) - timedelta(microseconds=1)).date() if at else _day(day) or state.today
    first = _first(month) or on.replace(day=1)
    system = metering.systems(on)[now.system]
    span = [first + _DAY * n for n in range(31) if (first + _DAY * n).month == first.month]
    quality = quality_of(a.workspace.lake, state.now, number, sorted({*span, on}))
    flaws = flaws_of(a.workspace.lake, state.now, number, quality)
    own = [f for f in flaws if f["day"] == on]
    taken = readings_of(a.workspace.lake, state.now, now, on, on, system.late)
    of_month, counted = bool(_first(month)), now.measures in COUNTED
    shows = (span[0], span[-1]) if of_month else (on, on)
    filled = filled_hours(a, metering, state, now, *shows) if fill == "yes" and counted else None
    drawn = Drawing(now, a.speaker, flaws, state.now, filled)
    rules = lead_rules(metering.packs, on, state.today)
    shut = closed_of(a, metering, now, *shows, state.now)
    seen = leads_of(a.workspace.lake, state.now, now, span, rules, shut) if of_month else []
    return a.page(
        "meter.html", a.view(), meter=now, spells=spells, code=code, live=LIVE[code], at=at, value=value, on=on,
        first=first, of_month=of_month, chart=_chart(a, drawn, on, first, quality, of_month),
        taken=taken[:LISTED], taken_in_all=len(taken), flaws=(flaws if of_month else own)[:FLAWS_LISTED],
        flaws_in_all=len(flaws if of_month else own), words=FLAWS,
        quality=[(d, quality.get(d)) for d in reversed(span)],
        states=STATES, system=system, system_label=system_label(now.system),
        rules=_rules(system), digits=digits, leads=seen, instant=instant,
        totals=_totals(a, now, state.today), owner=metering.places().label(now.subject_id),
        above=metering.places().path(now.subject_id, shown)[:-1], today=state.today, forever=FOREVER,
        calendar=metering.calendar,
        parents=_relatives(state, shown, now.parents),
        children=_relatives(state, shown, state.register.children.get(number, ())), item=item_label(metering, now.item),
        kinds=KINDS, measures=MEASURES, counted=counted, filled=filled, closed=sorted(shut), steps=_steps(on, first),
        unit_page=_in_run(a, now.subject_id), next=_next(code, own, quality.get(on), system, state.today),
    )  # fmt: skip


def _live(metering: Metering, state: Moment, number: int) -> tuple[str, datetime | None, Decimal | None]:
    codes, at, value = metering.once(
        ("live_of", id(state.register), int(state.now.timestamp()) // 10),
        lambda: live_states(state, metering.systems(state.today)),
    )
    place = int(state.register.numbers.searchsorted(number))
    return str(codes[place]), instant(int(at[place])), exact(int(value[place])) if at[place] else None


def _chart(a: Asked, drawn: Drawing, on: date, first: date, quality: dict[date, Row], of_month: bool) -> Chart:
    """The chart that was asked for."""
    m, now = drawn.meter, drawn.now
    if of_month:
        last = (first + timedelta(days=31)).replace(day=1) - _DAY
        days = meter_days(a.workspace, a.scope, now, m.subject_id, m.number, first, last)
        return month_chart(drawn, first, days, quality)
    if m.measures in COUNTED:
        return day_chart(drawn, on, meter_hours(a.workspace, a.scope, now, m.subject_id, m.number, on, on))
    late = metering_of(a.workspace).systems(on)[m.system].late
    return readings_chart(drawn, on, readings_of(a.workspace.lake, now, m, on, on, late))


def _rules(system: System) -> tuple[list[Used], list[Used]]:
    """What a rule asks first of all, and all else that it says."""
    first = [u for u in system.used if u.parameter.removeprefix("monitoring.") in FIRST]
    return first, [u for u in system.used if u not in first]


def _totals(a: Asked, m: Meter, today: date) -> list[Total]:
    """The months of a year up to today, the newest first; those without anything are left out."""
    if m.measures not in COUNTED:
        return []
    first = (today.replace(day=1) - _DAY * 330).replace(day=1)
    by: dict[date, list[MeterTime]] = {}
    for d in meter_days(a.workspace, a.scope, a.workspace.clock(), m.subject_id, m.number, first, today):
        by.setdefault(date(d.start.year, d.start.month, 1), []).append(d)
    found = []
    for start in sorted(by, reverse=True)[:MONTHS]:
        end = (start + timedelta(days=32)).replace(day=1)
        seconds = Decimal(86_400) * (end - start).days
        known = [d.quantity for d in by[start] if d.quantity is not None]
        measured, spread = (sum(getattr(d, n) for d in by[start]) for n in ("measured", "spread"))
        cover = min(Decimal(measured + spread) / seconds, Decimal(1))
        found.append(Total(start, sum(known, Decimal(0)) if known else None, cover, Decimal(spread) / seconds))
    return found


def _relatives(state: Moment, shown: Shown, numbers: tuple[int, ...]) -> list[Relative]:
    """Meters above or below: those of others are told by no more than that they are there."""
    found = []
    for n in numbers:
        own = state.register.spells.get(n, ())
        seen = bool(own) and (shown is None or own[-1].subject_id in shown)
        found.append(Relative(n, own[-1].code, own[-1].name) if seen else Relative(0, "", ""))
    return found


def _steps(on: date, first: date) -> dict[str, str]:
    """The days and months beside those shown."""
    before = first - _DAY
    after = (first + timedelta(days=32)).replace(day=1)
    return {
        "day_before": (on - _DAY).isoformat(), "day_after": (on + _DAY).isoformat(), "month": f"{first:%Y-%m}",
        "month_before": f"{before:%Y-%m}", "month_after": f"{after:%Y-%m}",
    }  # fmt: skip


def _in_run(a: Asked, subject: str) -> bool:
    view = a.view()
    return view is not None and subject in view.subjects


def _next(code: str, own: list[Row], quality: Row | None, system: System, today: date) -> tuple[str, Label | None]:
    """What to do next: a key of the page's advice, and the remedy of the flaw that weighs most."""
    if code in ("offline", "never"):
        return code, None
    if quality is not None and quality["day"] < today and quality["repair_by"] is not None:
        return ("overdue" if quality["repair_by"] < today else "repair"), None
    heavy = [f for f in own if FLAWS[f["code"]].severity != "note"]
    if heavy:
        return "flaw", FLAWS[heavy[0]["code"]].remedy
    return "fine", None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _first(text: str) -> date | None:
    """The first day of a month of an address."""
    found = _MONTH.fullmatch(text)
    return date(int(found[1]), int(found[2]), 1) if found else None
