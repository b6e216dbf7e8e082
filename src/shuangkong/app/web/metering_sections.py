"""Metering on other pages (计量摘要): a unit's meters in short, a region's connection and quality in a line."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from markupsafe import Markup

from shuangkong.app.web.metering_board import live_counts, own_units
from shuangkong.app.web.metering_live import LIVE
from shuangkong.app.web.metering_state import Moment, metering_of, newest_reading_day
from shuangkong.app.web.metering_words import item_words
from shuangkong.metering.columns import CHINA
from shuangkong.metering.meters import Meter
from shuangkong.metering.rolled import meter_months
from shuangkong.metering.unit_days import summed
from shuangkong.webkit.api import period_words


def of_unit(about: Any) -> Markup | None:
    """The meters of a unit: month by item, live state, yesterday's quality, what waits; None where it has none."""
    a, view, subject = about["asked"], about["view"], about["subject"]
    if subject is None or not a.may("meters.read"):
        return None
    metering = metering_of(a.workspace)
    state = metering.moment()
    own = own_units(state.register, metering.places(), metering.seen(a.scope), subject)
    if not own:
        return None
    numbers = [m for m in state.register.current if m.subject_id in own]
    day = metering.newest_day(state.now)
    # of days that are over: a day that runs would count as one that is not known
    yesterday = state.today - timedelta(days=1)
    until = min(_newest_of(state, numbers) or yesterday, yesterday)
    month = until.replace(day=1)
    months = meter_months(a.workspace, a.scope, state.now, month, month, sorted(own), until=until)
    return Markup(a.site.frame.render(
        "metering_section.html", a.language, view=view, subject=subject, asked=a, months=months, live=LIVE,
        month=period_words(f"{month:%Y-%m}", a.language), until=until, day=day, item=item_words(metering, a.speaker),
        quality=summed(metering.unit_day(day), list(own.values())) if day else None, today=state.today,
        calendar=metering.calendar,
        counts=live_counts(metering, state, frozenset(own)), meters=len(numbers),
    ))  # fmt: skip


def _newest_of(state: Moment, meters: Sequence[Meter]) -> date | None:
    """The day of the newest reading of some meters."""
    at, _ = state.last.of(np.array(sorted(m.number for m in meters), dtype=np.int64))
    newest = int(at.max(initial=0))
    return datetime.fromtimestamp((newest - 1) // 1_000_000, CHINA).date() if newest else None


def of_region(about: Any) -> Markup | None:
    """One line: connection and quality of the newest day of a region's meters."""
    return _line(about, "region")


def of_home(about: Any) -> Markup | None:
    """The same for the home page."""
    return _line(about, "home")


def _line(about: Any, where: str) -> Markup | None:
    a, subject = about["asked"], about["subject"]
    if not a.may("meters.read"):
        return None
    metering = metering_of(a.workspace)
    state = metering.moment()
    own = own_units(state.register, metering.places(), metering.seen(a.scope), subject)
    if not own:
        return None
    day = metering.newest_day(state.now)
    return Markup(a.site.frame.render(
        "metering_line.html", a.language, subject=subject, day=day, where=where, meters=_standing(state, own),
        quality=summed(metering.unit_day(day), list(own.values())) if day else None,
        last=newest_reading_day(state),
    ))  # fmt: skip


def _standing(state: Moment, own: dict[str, int]) -> int:
    return sum(m.subject_id in own for m in state.register.current)
