"""Filled hours on a meter's page (补数): asked for by the reader, drawn beside what is known, with method and share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from shuangkong.app.web.context import Asked
from shuangkong.app.web.metering_live import exact, instant
from shuangkong.app.web.metering_state import Metering, Moment
from shuangkong.engine.api import reading
from shuangkong.metering.asked import filled_between
from shuangkong.metering.filling import METHODS, fill_rules
from shuangkong.metering.meters import Meter
from shuangkong.metering.model import NO_VALUE
from shuangkong.registry.api import closed_spells
from shuangkong.webkit.api import Speaker, share

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class FilledHour:
    """An hour that a way of filling gave a figure: in the meter's unit; `spread` where a silent register's sum lay."""

    start: datetime
    quantity: Decimal
    method: str
    spread: bool


@dataclass(frozen=True, slots=True)
class FilledHours:
    """The filled hours of a stretch, by their beginning; `hours` are those that were due and are over."""

    by: dict[datetime, FilledHour]
    hours: int

    @property
    def share(self) -> Decimal | None:
        """Filled hours of those that were due; None where none was."""
        return Decimal(len(self.by)) / self.hours if self.hours else None

    def methods(self, speaker: Speaker, chosen: Sequence[FilledHour] | None = None) -> str:
        """The ways with their hours, in words; of some hours, or of all."""
        counts: dict[str, int] = {}
        for hour in self.by.values() if chosen is None else chosen:
            counts[hour.method] = counts.get(hour.method, 0) + 1
        words = [
            speaker.say("meter.filled_by", method=speaker.label(METHODS[m]), n=n) for m, n in sorted(counts.items())
        ]
        return speaker.say("punctuation.semicolon").join(words)

    def told(self, speaker: Speaker) -> str:
        """Share and ways, as they stand beside every figure that holds filled hours."""
        say = speaker.say
        if not self.by:
            return say("meter.filled_none")
        return say("meter.filled_share", share=share(self.share), ways=self.methods(speaker))


def closed_of(a: Asked, metering: Metering, meter: Meter, first: date, last: date, known: datetime) -> frozenset[date]:
    """The days of `[first, last]` on which the unit of a meter, or the one that its site lies in, says it is closed."""
    above = [s.id for s in metering.places().path(meter.subject_id, None) if s.kind in ("unit", "site")]
    with reading(a.workspace.engine) as db:
        spells = closed_spells(db, a.scope, known, above)
    return frozenset(day for s in spells for day in s.days(first, last + _DAY))


def filled_hours(a: Asked, metering: Metering, state: Moment, meter: Meter, first: date, last: date) -> FilledHours:
    """What filling gives of the days `[first, last]`; nothing where no pack names a way."""
    systems = metering.systems(first)
    rules = fill_rules(metering.packs, systems[meter.system], first, state.today)
    if rules is None:
        return FilledHours({}, 0)
    # a hole may have begun before the first day, and is compared with as many days before it
    since = first - timedelta(days=rules.back + max(hours for _, hours in rules.methods) // 24 + 1)
    found = filled_between(
        a.workspace.lake, state.register.meters, meter.number, first, last + _DAY, rules, metering.calendar, state.now,
        closed_of(a, metering, meter, since, last, state.now),
    )  # fmt: skip
    rows = zip(found.hour.tolist(), found.quantity.tolist(), found.filled.tolist(), found.method.tolist(), strict=True)
    hours = [
        FilledHour(at, value, method, known != NO_VALUE)
        for hour, known, gave, method in rows
        if method and (at := instant(hour)) is not None and (value := exact(gave)) is not None
    ]
    return FilledHours({h.start: h for h in hours}, len(found.hour))
