"""Home (首页·驾驶舱): region tiles by plan and period, what needs attention, what changed, how sure it all is."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from shuangkong.app.web.reading import RunView
from shuangkong.app.web.rows import Finding, Subject
from shuangkong.engine.api import count_withheld
from shuangkong.judgement.api import FINDING_CHANGES
from shuangkong.webkit.api import STATUS_ORDER, Place, province_places, severity

#: A choice is offered where a clause asks the same of at least this many regions.
FEWEST = 3
ATTENTION = 5
_VARIANTS = ("plan", "to_date", "pace", "year", "standing")


@dataclass(frozen=True)
class Choice:
    """One question put to many regions: a document, an indicator, an aspect and a period."""

    key: str
    pack_key: str
    indicator_id: str
    variant: str
    period_key: str
    findings: tuple[Finding, ...]

    @property
    def counts(self) -> list[tuple[str, int]]:
        """How many regions have each status, what needs attention first."""
        found = Counter(f.status for f in self.findings)
        return [(s.value, found[s.value]) for s in STATUS_ORDER if found[s.value]]

    @property
    def decided(self) -> int:
        """How many regions could be answered."""
        return sum(f.decided for f in self.findings)


def choices(view: RunView) -> list[Choice]:
    """Every question that is put to several regions, by document, newest document and period first."""
    groups: dict[tuple[str, str, str, str], list[Finding]] = defaultdict(list)
    for f in view.findings:
        subject = view.subjects.get(f.subject_id)
        if f.level == "base" and subject is not None and subject.kind == "region":
            groups[f.pack_key, f.indicator_id, f.variant, f.period_key].append(f)
    found = [
        Choice(".".join((pack, indicator, variant, period)), pack, indicator, variant, period, tuple(fs))
        for (pack, indicator, variant, period), fs in groups.items()
        if len(fs) >= FEWEST
    ]
    return sorted(found, key=lambda c: (_issued(view, c), c.indicator_id, _VARIANTS.index(c.variant), c.period_key))


def _issued(view: RunView, c: Choice) -> int:
    return -view.packs.pack(c.pack_key).instrument.issued.toordinal()


def richest(offered: Sequence[Choice]) -> Choice | None:
    """The question with most answers, the latest of equals: a screen that decides nothing is no first screen."""
    return max(offered, key=lambda c: (c.decided, c.findings[0].period_end, c.variant == "plan"), default=None)


def chosen(offered: Sequence[Choice], key: str, period: str = "") -> Choice | None:
    """The question asked for, or the richest, of a period where one puts any question."""
    then = [c for c in offered if c.period_key == period]
    return next((c for c in offered if c.key == key), None) or richest(then) or richest(offered)


@dataclass(frozen=True)
class Line:
    """Choices of one document, indicator and aspect, in a row of the switch."""

    pack_key: str
    indicator_id: str
    variant: str
    choices: tuple[Choice, ...]


def lines(offered: Iterable[Choice]) -> list[Line]:
    """The switch; a line on which nothing is decided comes last."""
    found: dict[tuple[str, str, str], list[Choice]] = defaultdict(list)
    for c in offered:
        found[c.pack_key, c.indicator_id, c.variant].append(c)
    rows = [Line(*key, tuple(cs)) for key, cs in found.items()]
    return sorted(rows, key=lambda r: not any(c.decided for c in r.choices))


@dataclass(frozen=True)
class Document:
    """A document in the switch, with the question under it that has most answers."""

    pack_key: str
    best: Choice


def documents(offered: Sequence[Choice]) -> list[Document]:
    """Documents under which something is decided, the one with most answers first."""
    found: dict[str, list[Choice]] = defaultdict(list)
    for c in offered:
        found[c.pack_key].append(c)
    made = [Document(key, best) for key, cs in found.items() if (best := richest(cs)) and best.decided]
    return sorted(made, key=lambda d: -d.best.decided)


@dataclass(frozen=True)
class Tile:
    """A region on the home page; without a finding where the clause asks nothing of it."""

    subject: Subject | None
    finding: Finding | None
    place: Place | None


def tiles(view: RunView, choice: Choice | None) -> list[Tile]:
    """The provinces in their places where the question is put to provinces, else the regions asked, in order."""
    by_subject = {f.subject_id: f for f in choice.findings} if choice else {}
    places = province_places()
    found = [Tile(view.by_code.get(p.code), None, p) for p in places]
    known = {t.subject.id for t in found if t.subject}
    if choice and not known & set(by_subject):
        rows = [Tile(view.subjects[s], f, None) for s, f in by_subject.items()]
        return sorted(rows, key=lambda t: t.subject.code if t.subject else "")
    return [Tile(t.subject, by_subject.get(t.subject.id) if t.subject else None, t.place) for t in found]


def attention(view: RunView, choice: Choice | None) -> list[Finding]:
    """The findings of the question that most need someone: missed, behind, then the least that is wanting."""
    if choice is None:
        return []
    bad = [f for f in choice.findings if f.status in ("missed", "behind")]
    open_ = [f for f in choice.findings if not f.decided]
    ranked = sorted(bad, key=lambda f: (severity(f.status), _share(f)))
    return [*ranked, *sorted(open_, key=lambda f: (-f.coverage, f.subject_id))][:ATTENTION]


def _share(f: Finding) -> Decimal:
    if f.margin is None or not f.threshold:
        return Decimal(0)
    return f.margin / abs(f.threshold)


def honesty(view: RunView) -> dict[str, Any]:
    """How much could be decided, why the rest could not, and how sure the marks say it is."""
    found = view.findings
    return {
        "total": len(found),
        "decided": sum(f.decided for f in found),
        "reasons": Counter(f.reason for f in found if f.reason).most_common(),
        "confidence": Counter(f.confidence for f in found),
        "synthetic": sum(f.synthetic for f in found),
    }


def changed(view: RunView) -> dict[str, Any]:
    """Counts by kind of change, the ones whose status turned, and whether some are kept from the reader."""
    counts = Counter(r["change"] for r in view.changes)
    turned = [r for r in view.changes if r["change"] == "changed" and r["status"] != r["status_before"]]
    untold = count_withheld(view.run.folder, FINDING_CHANGES, view.seen, ("change",))
    return {"counts": counts, "turned": turned[:8], "turned_total": len(turned), "untold": bool(untold)}


def elsewhere(view: RunView, choice: Choice | None) -> list[Finding]:
    """Units and regions outside the question shown that missed what a clause asks; the newest, largest gaps first."""
    shown = {f.finding_key for f in choice.findings} if choice else set()
    bad = [f for f in view.findings if f.status == "missed" and f.level == "base" and f.finding_key not in shown]
    newest = max((f.period_end for f in bad), default=None)
    ranked = sorted((f for f in bad if f.period_end == newest), key=_share)
    return ranked[:3]
