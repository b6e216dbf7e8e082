"""A region's page (地区): its course against its targets, yearly rates, energy by kind, what lies in it."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from markupsafe import Markup

from shuangkong.app.web.energy import method_words, structure
from shuangkong.app.web.reading import Row, RunView
from shuangkong.app.web.rows import Finding, Subject
from shuangkong.app.web.sentences import Teller
from shuangkong.kernel.findings import least_sure
from shuangkong.webkit.api import Axes, Series, bar_chart, line_chart, severity, unit_words

MOST_BELOW = 400


@dataclass(frozen=True)
class Course:
    """One target of a plan followed from its base year: change so far against the schedule, and year by year."""

    title: str
    pack_key: str
    indicator_id: str
    findings: tuple[Finding, ...]
    to_date: Markup | None
    yearly: Markup | None
    rows: tuple[tuple[int, Finding | None, Finding | None], ...]
    method: str
    confidence: str
    incentive: bool
    empty: str


@dataclass(frozen=True)
class Below:
    """Something that lies in the region, with how it stands."""

    subject: Subject
    worst: Finding | None
    counts: tuple[tuple[str, int], ...]


def region_page(view: RunView, subject: Subject, tell: Teller, method: str) -> dict[str, Any]:
    """Everything that the template shows."""
    found = view.by_subject.get(subject.id, ())
    shown, hidden = _below(view, subject)
    return {
        "subject": subject,
        "above": view.path(subject.id)[:-1],
        "plans": _by_pack(view, found),
        "courses": courses(view, found, tell),
        "rates": rates(view, subject),
        "structure": structure(view, subject, tell.speaker, "year", method),
        "below": [b for b in shown if b.subject.kind == "region"],
        "units": [b for b in shown if b.subject.kind == "unit"],
        "hidden": hidden,
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
    return sorted(made, key=lambda c: (not c.to_date, -max(f.last_year for f in c.findings)))


def _course(view: RunView, pack: str, indicator: str, found: list[Finding], tell: Teller) -> Course:
    base = [f for f in found if f.level == "base"]
    pace = {f.last_year: f for f in base if f.variant == "pace"}
    so_far = {f.last_year: f for f in base if f.variant in ("to_date", "plan")}
    years = sorted({*pace, *so_far})
    if years and years[0] in pace:
        so_far.setdefault(years[0], pace[years[0]])
    words = tell.speaker.say
    name = tell.indicator(indicator)
    any_value = any(f.value is not None for f in base)
    incentive = {f.last_year: f for f in found if f.level == "incentive" and f.variant in ("to_date", "plan")} | {
        f.last_year: f for f in found if f.level == "incentive" and f.variant == "pace" and f.last_year == years[0]
    }
    title = view.packs.pack(pack).instrument.title
    return Course(
        title=words("region.course", document=tell.speaker.label(title.label), what=name),
        pack_key=pack,
        indicator_id=indicator,
        findings=tuple(base),
        to_date=_to_date_chart(years, so_far, incentive, name, tell) if any_value else None,
        yearly=_yearly_chart(years, pace, name, tell) if any_value else None,
        rows=tuple((y, so_far.get(y), pace.get(y)) for y in years),
        method=method_words(base[0].method_id, tell.speaker) if base else "",
        confidence=least_sure(*(f.confidence for f in base)),
        incentive=bool(incentive),
        empty=tell.reason(base[0]) if base else "",
    )  # fmt: skip


def _unit(found: dict[int, Finding], tell: Teller) -> str:
    return unit_words(next(iter(found.values())).unit, tell.speaker.language)


def _to_date_chart(
    years: list[int], so_far: dict[int, Finding], incentive: dict[int, Finding], name: str, tell: Teller
) -> Markup:
    say = tell.speaker.say
    reached = tuple(so_far[y].value if y in so_far else None for y in years)
    due = tuple(so_far[y].threshold if y in so_far else None for y in years)
    notes = tuple(tell.tell(so_far[y]) if y in so_far else "" for y in years)
    links = tuple(f"/findings/{so_far[y].finding_key}" if y in so_far else "" for y in years)
    lines = [
        Series(say("chart.schedule"), "schedule", due, "none"),
        Series(say("chart.reached"), "reached", reached, "disc", notes, links),
    ]
    if incentive:
        more = tuple(incentive[y].threshold if y in incentive else None for y in years)
        lines.insert(0, Series(say("chart.incentive"), "incentive", more, "none"))
    axes = Axes(
        tuple(str(y) for y in years), say("chart.fall_axis", unit=_unit(so_far, tell)), say("chart.to_date", what=name)
    )
    return line_chart(axes, lines)


def _yearly_chart(years: list[int], pace: dict[int, Finding], name: str, tell: Teller) -> Markup:
    say = tell.speaker.say
    bars = Series(
        say("chart.yearly"), "yearly", tuple(pace[y].value if y in pace else None for y in years), "disc",
        tuple(tell.tell(pace[y]) if y in pace else "" for y in years),
        tuple(f"/findings/{pace[y].finding_key}" if y in pace else "" for y in years),
    )  # fmt: skip
    limit = Series(say("chart.pace"), "limit", tuple(pace[y].threshold if y in pace else None for y in years))
    axes = Axes(
        tuple(str(y) for y in years), say("chart.fall_axis", unit=_unit(pace, tell)),
        say("chart.yearly_of", what=name),
    )  # fmt: skip
    return bar_chart(axes, bars, limit)


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


def _below(view: RunView, subject: Subject) -> tuple[list[Below], int]:
    found: list[Below] = []
    hidden = 0
    for child in view.children.get(subject.id, ()):
        own = view.by_subject.get(child, ())
        if not own:
            hidden += 1
            continue
        counts = Counter(f.status for f in own)
        worst = min(own, key=lambda f: (severity(f.status), -f.period_end.toordinal()))
        ordered = tuple(sorted(counts.items(), key=lambda c: severity(c[0])))
        found.append(Below(view.subjects[child], worst, ordered))
    found.sort(key=lambda b: (severity(b.worst.status) if b.worst else 9, b.subject.code))
    return found[:MOST_BELOW], hidden
