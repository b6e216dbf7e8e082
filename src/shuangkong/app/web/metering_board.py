"""The board of metering (计量看板): who is connected, how good readings are by region and day, what to repair first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse

from shuangkong.app.web.context import Asked, Asks
from shuangkong.app.web.metering_intake import intake_of
from shuangkong.app.web.metering_live import LIVE, live_states
from shuangkong.app.web.metering_places import Places, Shown
from shuangkong.app.web.metering_state import Metering, Moment, metering_of, newest_reading_day, subject_of_id
from shuangkong.app.web.metering_words import count_words
from shuangkong.app.web.rows import Subject
from shuangkong.metering.unit_days import Quality, Register, UnitDay, summed

router = APIRouter(include_in_schema=False)
ReadsMeters = Annotated[Asked, Depends(Asks("meters.read"))]
#: Days across, and rows that are shown of each list; the others are counted and linked to.
DAYS, ROWS, WORST, NAMED = 30, 60, 10, 12
SHOWS = ("completeness", "score", "connection")
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Line:
    """A region or unit: its day, and the days before it, the oldest first."""

    subject: Subject
    day: Quality
    cells: tuple[Quality, ...]
    units: int


@dataclass(frozen=True)
class Wrong:
    """A unit whose day does not meet its rules: of so many meters, and how many days of those shown it was so."""

    subject: Subject
    day: Quality
    short: int
    days: int


@dataclass(frozen=True)
class Board:
    """Everything that the page shows of a region, or of all that the reader sees."""

    region: Subject | None
    above: tuple[Subject, ...]
    day: date
    days: tuple[date, ...]
    whole: Quality
    units: int
    units_connected: int
    absent: tuple[Subject, ...]
    lines: tuple[Line, ...]
    left_off: int
    worst: tuple[Wrong, ...]
    wrong: int
    live: dict[str, int]

    @property
    def units_share(self) -> Decimal | None:
        """Units of which anything came, of those that have meters."""
        return Decimal(self.units_connected) / self.units if self.units else None


def board_of(metering: Metering, state: Moment, shown: Shown, region: Subject | None, day: date) -> Board:
    """The board of a region's units, or of all units in scope."""
    places, register = metering.places(), state.register
    mine = own_units(register, places, shown, region)
    days = tuple(day - _DAY * n for n in reversed(range(DAYS)))
    sums = [metering.unit_day(d) for d in days]
    whole = sums[-1]
    of = list(mine.values())
    due = [u for u, n in mine.items() if whole.meters[n]]
    absent = [u for u in due if not whole.connected[mine[u]]]
    key = ("parts", shown, region.id if region else "", id(register), id(places))
    parts = metering.once(key, lambda: _parts(places, region, mine, shown))
    lines = [line for part, units in parts if (line := _line(part, units, sums)).day.meters]
    lines.sort(key=_worst_first)
    short = np.stack([d.judged > d.met for d in sums]).sum(axis=0)
    wrong = [x for u in due if (x := _wrong(places, u, mine[u], whole, int(short[mine[u]]))) is not None]
    wrong.sort(key=lambda w: (w.day.connected > 0, w.day.completeness or 0, -w.short, w.subject.id))
    return Board(
        region, tuple(places.path(region.id, shown)[:-1]) if region else (), day, days, summed(whole, of), len(due),
        len(due) - len(absent), tuple(s for u in absent[:NAMED] if (s := places.subject(u))),
        tuple(lines[:ROWS]), max(0, len(lines) - ROWS), tuple(wrong[:WORST]), len(wrong),
        live_counts(metering, state, frozenset(mine)),
    )  # fmt: skip


def own_units(register: Register, places: Places, shown: Shown, region: Subject | None) -> dict[str, int]:
    """The units with meters that the reader sees in a region, with their places in the register."""
    inside = places.within(region.id) if region else None
    return {
        u: n for n, u in enumerate(register.units)
        if (shown is None or u in shown) and (inside is None or u in inside)
    }  # fmt: skip


def live_counts(metering: Metering, state: Moment, units: frozenset[str]) -> dict[str, int]:
    """How many meters of units are in each live state now."""
    codes = metering.once(
        ("live", id(state.register), int(state.now.timestamp()) // 10),
        lambda: live_states(state, metering.systems(state.today))[0],
    )
    found = Counter(c for c, m in zip(codes.tolist(), state.register.current, strict=True) if m.subject_id in units)
    return {code: found[code] for code in LIVE if found[code]}


def _parts(
    places: Places, region: Subject | None, mine: dict[str, int], shown: Shown
) -> list[tuple[Subject, list[int]]]:
    """What lies directly in a region, or the regions at the top, each with the places of its units."""
    under: dict[str, list[int]] = {}
    for unit, n in mine.items():
        way = [s.id for s in places.path(unit, shown)] or [unit]
        at = way.index(region.id) + 1 if region and region.id in way else 0
        under.setdefault(way[min(at, len(way) - 1)], []).append(n)
    return [(s, ns) for part, ns in under.items() if (s := places.subject(part)) is not None]


def _line(subject: Subject, units: list[int], sums: Sequence[UnitDay]) -> Line:
    cells = tuple(summed(d, units) for d in sums)
    return Line(subject, cells[-1], cells, len(units))


def _worst_first(line: Line) -> tuple[float, str]:
    share = line.day.completeness
    return (float(share) if share is not None else 2.0, line.subject.code)


def _wrong(places: Places, unit: str, place: int, last: UnitDay, days: int) -> Wrong | None:
    """A unit whose day has meters that do not meet their rule; `days`: on how many it had any."""
    short = int(last.judged[place] - last.met[place])
    subject = places.subject(unit)
    if short <= 0 or subject is None:
        return None
    return Wrong(subject, summed(last, [place]), short, days)


@router.get("/metering")
def board(a: ReadsMeters, region: str = "", day: str = "", show: str = "") -> HTMLResponse:
    """Connection, quality by region and day, the units to look at first, and how the intake fares."""
    metering = metering_of(a.workspace)
    state, shown, places = metering.moment(), metering.seen(a.scope), metering.places()
    newest = metering.newest_day(state.now)
    mine = [u for u in state.register.units if shown is None or u in shown]
    chosen = region or (places.top(mine, shown) if len(mine) > 1 else "")
    here = subject_of_id(places, shown, chosen, ("region",)) if chosen else None
    on = _day_of(day) or newest or state.today
    found = board_of(metering, state, shown, here, on)
    return a.page(
        "metering.html", a.view(), board=found, newest=newest, last_day=newest_reading_day(state),
        show=show if show in SHOWS else SHOWS[0], shows=SHOWS, live=LIVE, state=state, mine=len(mine),
        intake=intake_of(a.workspace, state.now), today=state.today, count=count_words, calendar=metering.calendar,
    )  # fmt: skip


def _day_of(text: str) -> date | None:
    """A day of an address; what is none is left out."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
