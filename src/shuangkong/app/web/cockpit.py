"""The cockpit of one region or of a few units (驾驶舱): how its parts stand, its targets, what needs attention."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import urlencode

from shuangkong.app.web.choice import Chosen
from shuangkong.app.web.reading import RunView
from shuangkong.app.web.rows import Finding, Subject
from shuangkong.webkit.api import STATUS_ORDER, severity

Counts = tuple[tuple[str, int], ...]
ATTENTION = 5
#: Parts that a page shows as tiles; the rest is in the list of units or of findings.
MOST_PARTS = 60
WORST_UNITS = 9
_BAR = Decimal(200)


@dataclass(frozen=True)
class Bullet:
    """A target as a bar: places are 0 to 200 along it; None where there is no figure.

    `due` is what is asked by now, `goal` the whole target where it asks more than `due`, `more` the incentive target.
    """

    finding: Finding
    start: Decimal
    now: Decimal | None
    due: Decimal | None
    goal: Decimal | None
    more: Decimal | None

    @property
    def left(self) -> Decimal:
        """Where the bar begins."""
        return self.start if self.now is None else min(self.start, self.now)

    @property
    def width(self) -> Decimal:
        """How long the bar is; never quite nothing, so that a small figure is seen."""
        return Decimal(0) if self.now is None else max(abs(self.now - self.start), Decimal(1))


@dataclass(frozen=True)
class Part:
    """A region or unit inside, with the finding that is worst and counts of all that stand now."""

    subject: Subject
    worst: Finding | None
    counts: Counts


@dataclass(frozen=True)
class Cockpit:
    """What home and a region's page show of a region (or, without one, of all units that the reader may see)."""

    subject: Subject | None
    above: tuple[Subject, ...]
    period: str
    counts: Counts
    listed: str
    own: tuple[Finding, ...]
    bullets: tuple[Bullet, ...]
    parts: tuple[Part, ...]
    units: Counts
    units_total: int
    units_judged: int
    worst_units: tuple[Part, ...]
    attention: tuple[Finding, ...]

    @property
    def decided(self) -> int:
        """How many of the findings could be decided."""
        return sum(n for code, n in self.counts if code not in ("insufficient", "undetermined"))

    @property
    def total(self) -> int:
        """How many findings there are."""
        return sum(n for _, n in self.counts)


def of_region(view: RunView, subject: Subject, period: str = "") -> Cockpit:
    """The cockpit of a region; without a period of how each target stands now. Kept with the view."""
    return view._once(("cockpit", subject.id, period), lambda: _of_region(view, subject, period))


def _of_region(view: RunView, subject: Subject, period: str) -> Cockpit:
    inside_it = view.within(subject.id)
    found = standing_in(view, inside_it, period)
    own = tuple(f for f in found if f.subject_id == subject.id)
    inside = [view.subjects[s] for s in view.children.get(subject.id, ()) if view.subjects[s].kind == "region"]
    by_subject = _grouped(found)
    parts = [p for p in (part(view, s, by_subject) for s in inside) if p.counts]
    units = {s: rows for s, rows in by_subject.items() if view.subjects[s].kind == "unit"}
    worst = sorted((_part(view.subjects[s], rows) for s, rows in units.items()), key=_worst_first)
    return Cockpit(
        subject, tuple(view.path(subject.id)[:-1]), period, counted(found), listed(Chosen(subject.id, period)), own,
        bullets(view, own), tuple(sorted(parts, key=_worst_first))[:MOST_PARTS],
        counted(f for rows in units.values() for f in rows),
        sum(s in view.subjects and view.subjects[s].kind == "unit" for s in inside_it), len(units),
        tuple(worst[:WORST_UNITS]),
        attention(found, subject.id, view),
    )  # fmt: skip


def of_units(view: RunView, period: str = "") -> Cockpit:
    """The cockpit of whoever sees single units and no region of their own."""
    units = [s for s in view.subjects.values() if s.kind == "unit"]
    found = standing_in(view, frozenset(s.id for s in units), period)
    by_subject = _grouped(found)
    parts = sorted((_part(s, by_subject.get(s.id, ())) for s in units), key=_worst_first)
    return Cockpit(
        None, (), period, counted(found), listed(Chosen("", period)), (), (), tuple(parts)[:MOST_PARTS],
        counted(found), len(units), len(by_subject), (), attention(found, "", view),
    )  # fmt: skip


def listed(choice: Chosen) -> str:
    """The address of the list with the findings that a cockpit counts."""
    query = [("region", choice.region)] if choice.region else []
    query += [("period", choice.period), ("level", "base")] if choice.period else [("latest", "true")]
    return f"/findings?{urlencode(query)}"


def standing_in(view: RunView, subjects: frozenset[str], period: str) -> tuple[Finding, ...]:
    """Findings of the base level of some subjects: of a period, or how each target stands now."""
    rows = [f for f in view.findings if f.period_key == period and f.level == "base"] if period else view.latest
    return tuple(f for f in rows if f.subject_id in subjects and f.subject_id in view.subjects)


def counted(found: Iterable[Finding]) -> Counts:
    """How many findings have each status, what needs attention first."""
    return tuple(sorted(Counter(f.status for f in found).items(), key=lambda c: severity(c[0])))


def _grouped(found: Iterable[Finding]) -> dict[str, list[Finding]]:
    by_subject: dict[str, list[Finding]] = defaultdict(list)
    for f in found:
        by_subject[f.subject_id].append(f)
    return dict(by_subject)


def part(view: RunView, region: Subject, found: Mapping[str, Sequence[Finding]]) -> Part:
    """How a region stands by its own findings, or by those of what lies in it where it has none; found by subject."""
    inside = [s for s in view.within(region.id) if s in found]
    return _part(region, found.get(region.id) or [f for s in inside for f in found[s]])


def _part(subject: Subject, own: Sequence[Finding]) -> Part:
    worst = min(own, key=lambda f: (severity(f.status), shortfall(f)), default=None)
    return Part(subject, worst, counted(own))


def _worst_first(p: Part) -> tuple[int, Decimal, str]:
    if p.worst is None:
        return len(STATUS_ORDER), Decimal(0), p.subject.code
    return severity(p.worst.status), shortfall(p.worst), p.subject.code


def shortfall(f: Finding) -> Decimal:
    """The margin as a share of what is asked: the most negative first."""
    if f.margin is None or not f.threshold:
        return Decimal(0)
    return f.margin / abs(f.threshold)


def attention(found: Iterable[Finding], here: str, view: RunView) -> tuple[Finding, ...]:
    """The five that most need someone: missed before behind, regions before units, one of each subject first.

    Where fewer are bad, what lacks least to be decided follows.
    """
    bad: list[Finding] = []
    lacking: list[Finding] = []
    for f in found:
        (bad if f.status in ("missed", "behind") else lacking).append(f)

    def rank(f: Finding) -> tuple[int, int, Decimal]:
        place = 0 if f.subject_id == here else 2 if view.subjects[f.subject_id].kind == "unit" else 1
        return severity(f.status), place, shortfall(f)

    first: list[Finding] = []
    again: list[Finding] = []
    named: set[str] = set()
    for f in sorted(bad, key=rank):
        (again if f.subject_id in named else first).append(f)
        named.add(f.subject_id)
    open_ = sorted((f for f in lacking if not f.decided), key=lambda f: (-f.coverage, f.subject_id))
    return tuple([*first, *again, *open_][:ATTENTION])


def bullets(view: RunView, own: Iterable[Finding]) -> tuple[Bullet, ...]:
    """One bar for each target that names a threshold, or that lacks its figure; the worst first."""
    rows = sorted(own, key=lambda f: (severity(f.status), f.clause))
    return tuple(_bullet(view, f) for f in rows)


def _bullet(view: RunView, f: Finding) -> Bullet:
    more = next(
        (
            x.threshold
            for x in view.by_subject.get(f.subject_id, ())
            if x.level == "incentive" and (x.pack_key, x.indicator_id, x.variant, x.period_key)
            == (f.pack_key, f.indicator_id, f.variant, f.period_key)
        ),
        None,
    )  # fmt: skip
    goal = f.target_value if f.target_value is not None and f.target_value != f.threshold else None
    # a year's own share does not stand on one bar with the whole, nor a level in the unit of the document
    goal = goal if f.comparator in ("decrease_by", "increase_by") and f.variant != "pace" else None
    known = [v for v in (f.value, f.threshold, goal, more) if v is not None]
    low, high = min([Decimal(0), *known]), max([Decimal(0), *known])
    span = (high - low) * Decimal("1.06") or Decimal(1)

    def place(value: Decimal | None) -> Decimal | None:
        return None if value is None else round((value - low) / span * _BAR, 1)

    return Bullet(f, place(Decimal(0)) or Decimal(0), place(f.value), place(f.threshold), place(goal), place(more))
