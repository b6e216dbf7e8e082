"""Charts of a meter (计量器具图): hours of a day, days of a month, readings; gaps with their reason, flaws marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from shuangkong.app.web.metering_filled import FilledHours
from shuangkong.app.web.metering_one import Row, Taken, midnight, overlapping
from shuangkong.metering.columns import CHINA
from shuangkong.metering.meters import Meter
from shuangkong.metering.quality_tables import FLAWS
from shuangkong.metering.rolled import MeterTime
from shuangkong.webkit.api import (
    Axes,
    Chart,
    Column,
    Origin,
    Series,
    Speaker,
    line_chart,
    share,
    stack_chart,
    unit_words,
)

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
#: Flaws that are no mark of a reading: the missing points are drawn as gaps.
_GAP = "gap"


@dataclass(frozen=True)
class Drawing:
    """What every chart of a meter is made with; `filled` where the reader asked for holes to be filled."""

    meter: Meter
    speaker: Speaker
    flaws: Sequence[Row]
    now: datetime
    filled: FilledHours | None = None

    @property
    def unit(self) -> str:
        """The unit of the meter's quantities, in words."""
        return unit_words(self.meter.unit, self.speaker.language)

    def marks(self, start: datetime, end: datetime) -> str:
        """The flaws of a stretch, gaps left out, in words."""
        here = {f["code"] for f in overlapping(self.flaws, start, end) if f["code"] != _GAP}
        words = [self.speaker.label(FLAWS[c].label) for c in sorted(here) if FLAWS[c].severity != "note"]
        return self.speaker.say("punctuation.semicolon").join(words)

    def gap(self, start: datetime, end: datetime) -> str:
        """Why a stretch that is over has no quantity."""
        if end > self.now:
            return ""
        say = self.speaker.say
        if not self.meter.valid_from <= start.astimezone(CHINA).date() < self.meter.valid_to:
            return say("meter.gap_no_meter")
        here = {f["code"] for f in overlapping(self.flaws, start, end)}
        if "reset" in here:
            return say("meter.gap_reset")
        return say("meter.gap_points") if _GAP in here else say("meter.gap_nothing")


def day_chart(d: Drawing, day: date, hours: Sequence[MeterTime]) -> Chart:
    """The hours of a day, measured and spread told apart."""
    begin = midnight(day)
    by = {h.start: h for h in hours}
    starts = [s for n in range(24) if (s := begin + _HOUR * n) + _HOUR <= d.now or s in by or n == 0]
    found = [by.get(s) for s in starts]
    return _stacked(
        d, tuple(f"{n:02d}" for n in range(len(starts))), [(s, s + _HOUR) for s in starts], found, 3600,
        day.isoformat(), d.speaker.say("meter.hour"), [""] * len(starts),
    )  # fmt: skip


def month_chart(d: Drawing, first: date, days: Sequence[MeterTime], quality: Mapping[date, Row]) -> Chart:
    """The days of a month; each leads to its hours."""
    end = (first + timedelta(days=32)).replace(day=1)
    by = {h.start: h for h in days}
    dates = [
        x for n in range((end - first).days) if midnight((x := first + _DAY * n) + _DAY) <= d.now or x in by or n == 0
    ]
    spans = [(midnight(x), midnight(x + _DAY)) for x in dates]
    asked = "" if d.filled is None else "&fill=yes"
    links = [f"/meters/{d.meter.number}?day={x.isoformat()}{asked}" for x in dates]
    return _stacked(
        d, tuple(str(x.day) for x in dates), spans, [by.get(x) for x in dates], 86_400, f"{first:%Y-%m}",
        d.speaker.say("meter.day"), links, [quality.get(x) for x in dates],
    )  # fmt: skip


def _stacked(
    d: Drawing, ticks: tuple[str, ...], spans: Sequence[tuple[datetime, datetime]],
    found: Sequence[MeterTime | None], seconds: int, period: str, head: str, links: Sequence[str],
    quality: Sequence[Row | None] = (),
) -> Chart:  # fmt: skip
    say = d.speaker.say
    gaps = [d.gap(*span) if f is None or f.quantity is None else "" for span, f in zip(spans, found, strict=True)]
    marks = [d.marks(*span) for span in spans]

    within = [_filled_in(d, span, seconds) for span in spans]

    def part(spread: bool) -> tuple[Decimal | None, ...]:
        return tuple(
            f.quantity if f is not None and (f.spread > 0) is spread and not x.instead else None
            for f, x in zip(found, within, strict=True)
        )

    measured = Series(say("meter.measured"), "measured", part(False), notes=tuple(gaps), links=tuple(links))
    spread = Series(say("meter.spread"), "spread", part(True), links=tuple(links))
    filled = Series(say("meter.filled"), "filled", tuple(x.quantity for x in within), links=tuple(links))
    parts = [measured, *(s for s in (spread, filled) if any(v is not None for v in s.values))]
    axes = Axes(
        ticks, say("chart.axis", what=say("meter.quantity"), unit=d.unit), say("meter.chart"), d.unit, 3, head, period
    )
    cover = [Decimal(f.measured + f.spread) / seconds if f else Decimal(0) for f in found]
    over = [c for c, span in zip(cover, spans, strict=True) if span[1] <= d.now]
    columns = [
        Column(say("frame.coverage"), tuple(share(min(c, Decimal(1))) if c else "" for c in cover)),
        Column(say("meter.flaws"), tuple(m or g for m, g in zip(marks, gaps, strict=True))),
        *_filled_columns(d, found, within),
    ]
    if quality:
        columns.append(Column(say("meter.score"), tuple(_score(q) for q in quality)))
    mean = share(sum(over, Decimal(0)) / len(over)) if over else ""
    facts = () if d.filled is None else ((say("meter.filled"), d.filled.told(d.speaker)),)
    origin = Origin(say("meter.source"), mean, facts)
    return _legend(stack_chart(axes, parts, origin, columns=columns, marks=marks, empty=""), d, marks)


@dataclass(frozen=True, slots=True)
class _FilledIn:
    """What was filled within one bar: its sum, the ways in words, and whether it stands instead of what is known."""

    quantity: Decimal | None = None
    ways: str = ""
    instead: bool = False


def _filled_in(d: Drawing, span: tuple[datetime, datetime], seconds: int) -> _FilledIn:
    """The filled hours of a bar.

    What a silent register gave in all is laid out by the hour alone: the sum of a day stays as it is rolled up.
    """
    if d.filled is None:
        return _FilledIn()
    hourly = seconds == _HOUR.total_seconds()
    count = int((span[1] - span[0]) / _HOUR)
    here = [h for n in range(count) if (h := d.filled.by.get(span[0] + _HOUR * n)) and (hourly or not h.spread)]
    if not here:
        return _FilledIn()
    instead = hourly and here[0].spread
    return _FilledIn(sum((h.quantity for h in here), Decimal(0)), d.filled.methods(d.speaker, here), instead)


def _filled_columns(d: Drawing, found: Sequence[MeterTime | None], within: Sequence[_FilledIn]) -> list[Column]:
    """The ways of filling, and what stands in the roll-up where the drawing lays it out otherwise."""
    if d.filled is None or not d.filled.by:
        return []
    say = d.speaker.say
    columns = [Column(say("meter.filled_how"), tuple(x.ways for x in within))]
    if any(x.instead for x in within):
        kept = [f.quantity if f is not None and x.instead else None for f, x in zip(found, within, strict=True)]
        columns.append(Column(say("meter.rolled_up"), figures=tuple(kept)))
    return columns


def readings_chart(d: Drawing, day: date, taken: Sequence[Taken]) -> Chart:
    """The readings of a day as a line: of what is no amount, as concentrations and states are."""
    say = d.speaker.say
    every = timedelta(minutes=d.meter.every)
    count = max(1, round(_DAY / every))
    begin = midnight(day) + (every if d.meter.stamp == "end" else timedelta(0))
    by = {t.at: t.value for t in taken if t.holds}
    moments = [m for n in range(count) if (m := begin + every * n) <= d.now or n == 0]
    marks = [d.marks(m, m + timedelta(microseconds=1)) for m in moments]
    gaps = [d.gap(m - every, m) if by.get(m) is None else "" for m in moments]
    ticks = tuple(m.astimezone(CHINA).strftime("%H:%M") for m in moments)
    line = Series(say("meter.value"), "measured", tuple(by.get(m) for m in moments), "none", tuple(gaps))
    axes = Axes(ticks, say("chart.axis", what=say("meter.value"), unit=d.unit), say("meter.chart_readings"), d.unit, 3,
                say("meter.moment"), day.isoformat())  # fmt: skip
    there = [m for m in moments if m <= d.now]
    known = Decimal(sum(by.get(m) is not None for m in there)) / len(there) if there else None
    drawn = line_chart(
        axes, [line], Origin(say("meter.source_readings"), share(known)), marks=marks, zero=False,
        columns=[Column(say("meter.flaws"), tuple(m or g for m, g in zip(marks, gaps, strict=True)))],
    )  # fmt: skip
    return _legend(drawn, d, marks)


def _legend(chart: Chart, d: Drawing, marks: Sequence[str]) -> Chart:
    if not any(marks) or chart.empty:
        return chart
    return replace(chart, legend=(*chart.legend, ("flawmark", d.speaker.say("meter.flaw_mark"))))


def _score(row: Row | None) -> str:
    return "" if row is None or row["score"] is None else f"{row['score']:.1f}"
