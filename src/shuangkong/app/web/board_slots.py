"""The board on other pages (晴雨表摘要): a region's newest lamps in a line, and what is red on the home page."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from shuangkong.app.web import board_reading as r
from shuangkong.app.web.board import RedSquare, board_of
from shuangkong.app.web.board_told import BoardTeller
from shuangkong.app.web.dual_control import standing
from shuangkong.app.web.flexed_beside import FlexedTeller, flexed_rows, lit
from shuangkong.app.web.reading import RunView
from shuangkong.app.web.rows import Subject
from shuangkong.kernel.periods import Period

#: Regions that the home page names; the board has the others.
NAMED = 3
#: More periods than any board has.
EVER = 100_000


def of_region(about: Any) -> Markup | None:
    """Under the name of a region: the lamps of its newest month, and the way to its cockpit and the board."""
    a, view, subject = about["asked"], about["view"], about["subject"]
    if view is None or subject is None:
        return None
    watched, flexed = r.watched(view, (subject,)), FlexedTeller(view, a.speaker, (subject,))
    # one lamp for each thing: of two tests the one that comes first on the cockpit
    stands = list({s.row["what"]: s for s in reversed(standing(watched, flexed))}.values())[::-1]
    if not stands and not r.published_grades(view, (subject,)):
        return None
    return Markup(a.site.frame.render(
        "dual_line.html", a.language, subject=subject, stands=stands[:4], say=BoardTeller(view, a.speaker), view=view,
    ))  # fmt: skip


def red_regions(view: RunView, subject: Subject | None) -> tuple[RedSquare, ...]:
    """Regions inside, or all that the reader may see, that are red in their newest period, the longest streak first.

    What was red before the year that went before the day of judging is history, and left to the board.
    """
    inside = view.within(subject.id) if subject is not None else frozenset(view.subjects)
    watched, printed = r.watched_by_region(view), r.published_by_region(view)
    graded = {*watched, *printed}
    regions = sorted((view.subjects[s] for s in inside if s in graded), key=lambda s: (s.code, s.id))
    if not regions:
        return ()
    flexed = flexed_rows(view, regions)
    made = board_of(
        regions[0], regions, (x for s in regions for x in watched.get(s.id, ())),
        (x for s in regions for x in printed.get(s.id, ())), span=EVER, lamp=lambda what, row: lit(flexed, row, what),
    )  # fmt: skip
    return tuple(x for x in made.red if Period.parse(x.cell.period).start.year >= view.run.as_of.year - 1)


def of_home(about: Any) -> Markup | None:
    """After the things that need attention: a sentence for each region that is red, the longest streak first."""
    a, view, subject = about["asked"], about["view"], about["subject"]
    if view is None:
        return None
    found = view._once(("red_regions", subject.id if subject else ""), lambda: red_regions(view, subject))
    if not found:
        return None
    return Markup(a.site.frame.render(
        "board_attention.html", a.language, found=found[:NAMED], more=len(found) - NAMED, subject=subject,
        say=BoardTeller(view, a.speaker),
    ))  # fmt: skip
