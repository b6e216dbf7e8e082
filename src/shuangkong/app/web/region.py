"""A region's page (地区): its course against its targets, yearly rates, energy by kind, what lies in it."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from shuangkong.app.web.cockpit import of_region
from shuangkong.app.web.energy import confidence_words, method_words, structure
from shuangkong.app.web.reading import Row, RunView
from shuangkong.app.web.rows import Finding, Subject
from shuangkong.app.web.sentences import Teller
from shuangkong.webkit.api import (
    Axes,
    Chart,
    Column,
    Origin,
    Series,
    bar_chart,
    line_chart,
    severity,
    share,
    unit_words,
)

#: Targets missed or behind that are told in full at the head of the page.
MOST_RED = 3


@dataclass(frozen=True)
class Course:
    """One target of a plan followed from its base year: change so far against the schedule, and year by year."""

    title: str
    pack_key: str
    indicator_id: str
    findings: tuple[Finding, ...]
    to_date: Chart
    yearly: Chart


def region_page(view: RunView, subject: Subject, tell: Teller, method: str) -> dict[str, Any]:
    """Everything that the template shows."""
    found = view.by_subject.get(subject.id, ())
    made = of_region(view, subject)
    return {
        "cockpit": made,
        "red": [b.finding for b in made.bullets if b.finding.status in ("missed", "behind")][:MOST_RED],
        "subject": subject,
        "above": view.path(subject.id)[:-1],
        "plans": _by_pack(view, found),
        "courses": courses(view, found, tell),
        "rates": rates(view, subject),
        "structure": structure(view, subject, tell.speaker, "year", method),
        "hidden": sum(not view.by_subject.get(child) for child in view.children.get(subject.id, ())),
        "next_finding": min(found, key=lambda f: (severity(f.status), -f.period_end.toordinal()), default=None),
    }


def _by_pack(view: RunView, found: tuple[Finding, ...]) -> list[tuple[str, list[Finding]]]:
    groups: dict[str, list[Finding]] = defaultdict(list)
    for f in found:
        groups[f.pack_key].append(f)
    newest = sorted(groups.items(), key=lambda g: view.packs.pack(g[0]).instrument.issued, reverse=True)
    order = ("plan", "year", "standing", "to_date", "pace")
    return [(k, sorted(v, key=lambda f: (order.index(f.variant), f.indicator_id, f.period_key))) for k, v in newest]


def courses(view: RunView, found: tuple[Finding, ...], tell: Teller) -> list[Course]:
    """Targets with a schedule: one course for each document and indicator."""
    groups: dict[tuple[str, str], list[Finding]] = defaultdict(list)
    for f in found:
        if f.variant in ("plan", "to_date", "pace"):
            groups[f.pack_key, f.indicator_id].append(f)
    made = [
        _course(view, pack, indicator, fs, tell)
        for (pack, indicator), fs in groups.items()
        if any(f.variant == "pace" for f in fs)
    ]
    return sorted(made, key=lambda c: (bool(c.to_date.empty), -max(f.last_year for f in c.findings)))


def _course(view: RunView, pack: str, indicator: str, found: list[Finding], tell: Teller) -> Course:
    base = [f for f in found if f.level == "base"]
    pace = {f.last_year: f for f in base if f.variant == "pace"}
    so_far = {f.last_year: f for f in base if f.variant in ("to_date", "plan")}
    years = sorted({*pace, *so_far})
    if years and years[0] in pace:
        so_far.setdefault(years[0], pace[years[0]])
    words = tell.speaker.say
    name = tell.indicator(indicator)
    incentive = {f.last_year: f for f in found if f.level == "incentive" and f.variant in ("to_date", "plan")} | {
        f.last_year: f for f in found if f.level == "incentive" and f.variant == "pace" and f.last_year == years[0]
    }
    title = view.packs.pack(pack).instrument.title
    method = method_words(base[0].method_id, tell.speaker, view.packs) if base else ""
    about = _About(
        tuple(years), name, tell, tell.clause(base[0]) if base else "",
        ((words("region.method"), method),
         (words("frame.confidence"), confidence_words((f.confidence for f in base), tell.speaker))),
        "" if any(f.value is not None for f in base)
        else words("region.no_course", reason=tell.reason(base[0]) if base else ""),
    )  # fmt: skip
    return Course(
        words("region.course", document=tell.speaker.label(title.label), what=name),
        pack,
        indicator,
        tuple(base),
        _to_date_chart(about, so_far, incentive),
        _yearly_chart(about, pace),
    )


@dataclass(frozen=True)
class _About:
    """What both charts of a course share."""

    years: tuple[int, ...]
    name: str
    tell: Teller
    source: str
    facts: tuple[tuple[str, str], ...]
    empty: str

    def axes(self, found: dict[int, Finding], title: str) -> Axes:
        """Years along, the fall upwards."""
        say, language = self.tell.speaker.say, self.tell.speaker.language
        unit = unit_words(next(iter(found.values())).unit, language) if found else ""
        period = f"{self.years[0]}–{self.years[-1]}" if self.years else ""
        return Axes(tuple(str(y) for y in self.years), say("chart.fall_axis", unit=unit), say(title, what=self.name),
                    unit, 2, say("region.year"), period)  # fmt: skip

    def series(self, found: dict[int, Finding], label: str, css: str, *, asked: bool) -> Series:
        """What was reached in each year, or (`asked`) what was due."""
        by_year = [found.get(y) for y in self.years]
        words = self.tell.speaker.say(label)
        links = tuple(f"/findings/{f.finding_key}" if f else "" for f in by_year)
        if asked:
            return Series(words, css, tuple(f.threshold if f else None for f in by_year), "none")
        return Series(
            words, css, tuple(f.value if f else None for f in by_year), "disc",
            tuple(self.tell.tell(f) if f else "" for f in by_year), links,
            tuple(f.status if f else "" for f in by_year),
        )  # fmt: skip

    def columns(self, found: dict[int, Finding]) -> tuple[Column, Column]:
        """How each year stands, and how far its figure is covered."""
        by_year = [found.get(y) for y in self.years]
        say = self.tell.speaker.say
        return (
            Column(say("region.status"), statuses=tuple(f.status if f else "" for f in by_year),
                   links=tuple(f"/findings/{f.finding_key}" if f else "" for f in by_year)),
            Column(say("frame.coverage"), tuple(share(f.coverage) if f else "" for f in by_year)),
        )  # fmt: skip

    def origin(self, found: dict[int, Finding]) -> Origin:
        """The clause, the coverage of the years shown, method and confidence."""
        return Origin(self.source, Origin.covered(f.coverage for f in found.values()), self.facts)


def _to_date_chart(about: _About, so_far: dict[int, Finding], incentive: dict[int, Finding]) -> Chart:
    lines = [
        about.series(so_far, "chart.schedule", "schedule", asked=True),
        about.series(so_far, "chart.reached", "reached", asked=False),
    ]
    if incentive:
        lines.insert(0, about.series(incentive, "chart.incentive", "incentive", asked=True))
    return line_chart(
        about.axes(so_far, "chart.to_date"), lines, about.origin(so_far),
        columns=about.columns(so_far), empty=about.empty,
    )  # fmt: skip


def _yearly_chart(about: _About, pace: dict[int, Finding]) -> Chart:
    return bar_chart(
        about.axes(pace, "chart.yearly_of"),
        about.series(pace, "chart.yearly", "yearly", asked=False),
        about.series(pace, "chart.pace", "limit", asked=True),
        about.origin(pace),
        columns=about.columns(pace),
        empty=about.empty,
    )


@dataclass(frozen=True)
class Rates:
    """Published figures of a region: years down, indicators across."""

    indicators: tuple[tuple[str, str], ...]
    years: tuple[str, ...]
    cells: dict[tuple[str, str], Row]
    places: dict[str, int]


def rates(view: RunView, subject: Subject) -> Rates | None:
    """Published yearly figures; a change only against the year before."""
    cells: dict[tuple[str, str], Row] = {}
    columns: Counter[tuple[str, str]] = Counter()
    for r in view.values(subject):
        year = r["period_key"]
        if r["origin"] != "reported" or not year.isdigit() or (r["base"] and int(r["base"]) != int(year) - 1):
            continue
        cells[year, r["indicator_id"]] = r
        columns[r["indicator_id"], r["unit"]] += 1
    if not cells:
        return None
    years = sorted({y for y, _ in cells}, reverse=True)
    places: dict[str, int] = {}
    for (_, indicator), r in cells.items():
        places[indicator] = max(places.get(indicator, 0), _printed(r["value"]))
    return Rates(tuple(c for c, _ in columns.most_common(7)), tuple(years), cells, places)


def _printed(value: Decimal | None) -> int:
    """Digits after the point that a published figure bears."""
    if value is None:
        return 0
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
