"""Choosing among findings (筛选): by status, plan, region, aspect, indicator, confidence; nothing is recomputed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any

from fastapi import Query

from shuangkong.app.web.reading import RunView
from shuangkong.app.web.rows import Finding
from shuangkong.webkit.api import severity

Text = Annotated[str, Query(max_length=120)]


@dataclass(frozen=True)
class Filters:
    """What is asked of a list; an empty choice asks nothing. `region` takes all that lies in it as well."""

    status: Text = ""
    pack: Text = ""
    region: Text = ""
    variant: Text = ""
    indicator: Text = ""
    confidence: Text = ""
    period: Text = ""
    q: Text = ""
    sort: Text = "attention"

    @property
    def active(self) -> bool:
        """Whether anything is chosen."""
        return any((self.status, self.pack, self.region, self.variant, self.indicator, self.confidence,
                    self.period, self.q))  # fmt: skip


_SORTS: dict[str, Callable[[Finding], Any]] = {
    "attention": lambda f: (severity(f.status), -f.period_end.toordinal(), _least(f.margin), f.finding_key),
    "margin": lambda f: (f.margin is None, _least(f.margin), f.finding_key),
    "period": lambda f: (-f.period_end.toordinal(), f.subject_id, f.finding_key),
    "subject": lambda f: (f.subject_id, -f.period_end.toordinal(), f.finding_key),
    "coverage": lambda f: (f.coverage, f.finding_key),
}
SORTS = tuple(_SORTS)


def _least(margin: Decimal | None) -> Decimal:
    return Decimal(0) if margin is None else margin


def filtered(view: RunView, filters: Filters) -> list[Finding]:
    """The findings that fit, in the order asked for; an unknown order is that of attention."""
    within = _within(view, filters.region)
    found = [f for f in view.findings if _fits(view, f, filters) and (within is None or f.subject_id in within)]
    return sorted(found, key=_SORTS.get(filters.sort, _SORTS["attention"]))


def _fits(view: RunView, f: Finding, c: Filters) -> bool:
    asked = (
        (c.status, f.status),
        (c.variant, f.variant),
        (c.indicator, f.indicator_id),
        (c.confidence, f.confidence),
        (c.period, f.period_key),
    )
    if any(wish and wish != has for wish, has in asked):
        return False
    if c.pack and c.pack not in (f.pack_id, f.pack_key):
        return False
    return not c.q or _named(view, f, c.q.strip().casefold())


def _named(view: RunView, f: Finding, words: str) -> bool:
    subject = view.subjects.get(f.subject_id)
    names = (subject.label.zh, subject.label.en or "", subject.code) if subject else ()
    indicator = view.indicator_label(f.indicator_id)
    return any(words in n.casefold() for n in (*names, indicator.zh, indicator.en or "", f.clause, f.finding_key))


def _within(view: RunView, region: str) -> set[str] | None:
    """The region and all that lies in it; None when no region is asked for."""
    if not region:
        return None
    found: set[str] = set()
    todo = [region]
    while todo:
        one = todo.pop()
        if one not in found:
            found.add(one)
            todo += view.children.get(one, ())
    return found
