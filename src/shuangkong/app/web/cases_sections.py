"""Cases on other pages (督办区块): those of a region on its page; what is late or waits, on the home page."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from shuangkong.app.casework import hand_cases
from shuangkong.app.web.cases_list import left_words
from shuangkong.app.web.cases_pages import proposals_of
from shuangkong.app.web.consequences import consequence
from shuangkong.casework.api import KINDS, STATES, TO_DECIDE, cases_seen
from shuangkong.engine.api import reading
from shuangkong.webkit.api import business_day

#: Cases of a region that are shown; the list has all.
SHOWN = 6


def of_region(about: Any) -> Markup | None:
    """The cases of a region, those under way first; nothing where there are none that the reader sees."""
    a, view, subject = about["asked"], about["view"], about["subject"]
    if subject is None or view is None or not a.may("cases.read"):
        return None
    now = a.workspace.clock()
    with reading(a.workspace.engine) as db:
        cases = cases_seen(db, a.scope, now, subject=subject.id)
    waiting = [p for p in proposals_of(a) if p.ground.subject_id == subject.id]
    if not cases and not waiting:
        return None
    today = business_day(now)
    ordered = sorted(cases, key=lambda c: (not c.active, -c.number))
    return Markup(a.site.frame.render(
        "cases_section.html", a.language, view=view, subject=subject, cases=ordered[:SHOWN], total=len(cases),
        waiting=waiting, by_hand=hand_cases(a.workspace, a.scope, waiting), kinds=KINDS, states=STATES, today=today,
        answer=consequence(view.packs.packs),
        left=lambda c: left_words(a.speaker, today, c.deadline, sure=True),
    ))  # fmt: skip


def of_home(about: Any) -> Markup | None:
    """How many cases are late, rest on changed ground, or wait to be opened; nothing where none does."""
    a = about["asked"]
    if not a.may("cases.act") and not a.may("cases.close"):
        return None
    now = a.workspace.clock()
    today = business_day(now)
    with reading(a.workspace.engine) as db:
        cases = cases_seen(db, a.scope.for_writing(), now)
    late = sum(c.overdue(today) for c in cases)
    decide = sum(c.ground_state in TO_DECIDE for c in cases)
    waiting = len(proposals_of(a))
    if not (late or decide or waiting):
        return None
    counts = (
        ("case_count.overdue", late, "/cases?overdue=yes"),
        ("case_count.decide", decide, "/cases?to_decide=yes"),
        ("case_count.waiting", waiting, "/cases#waiting"),
    )  # fmt: skip
    told = [c for c in counts if c[1]]
    return Markup(a.site.frame.render("cases_attention.html", a.language, view=about["view"], counts=told))
