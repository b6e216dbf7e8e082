"""Published grades on a region's page (公布的等级): month by month, newest last, and which months are missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from shuangkong.accounting.api import INDICATOR_VALUES, index_of, period_at
from shuangkong.app.web.reading import Row, RunView
from shuangkong.app.web.rows import Subject
from shuangkong.engine.api import read_result
from shuangkong.kernel.labels import Label

#: So many months, and years, are shown of each thing that is graded.
SHOWN = {"month": 18, "half": 6, "year": 6}
_EVERY = "('month', 'half', 'year')"


@dataclass(frozen=True, slots=True)
class Graded:
    """One period of something that is graded: its word and number, or neither where nothing was published."""

    key: str
    word: Label | None
    row: Row | None


@dataclass(frozen=True, slots=True)
class GradeLine:
    """Everything shown of one thing that is graded; `worst` is its most severe number."""

    label: Label
    worst: Any
    periods: tuple[Graded, ...]


def grades_of(view: RunView, subject: Subject) -> tuple[GradeLine, ...]:
    """The published grades of a region, as the reader may see them; holes between the first and the last are shown."""

    def read() -> tuple[GradeLine, ...]:
        graded = {name: one for name, one in view.packs.indicators.items() if one.grades}
        if not graded:
            return ()
        names = ", ".join(f"'{n}'" for n in sorted(graded))
        where = f"subject_id = '{subject.id}' AND origin = 'reported' AND period_kind IN {_EVERY}"
        rows = read_result(
            view.run, INDICATOR_VALUES, view.scope, view.seen, where=f"{where} AND indicator_id IN ({names})"
        ).to_pylist()
        return tuple(
            GradeLine(one.label.label, min(g.value for g in one.grades), _periods(one, mine, every))
            for name, one in graded.items()
            for every in ("month", "half", "year")
            if (mine := [r for r in rows if r["indicator_id"] == name and r["period_kind"] == every])
        )

    return view._once(("grades_of", subject.id), read)


def _periods(one: Any, rows: list[Row], every: Any) -> tuple[Graded, ...]:
    words = {g.value: g.label.label for g in one.grades}
    if every == "half":
        # halves are published now and then: those that are there, and no hole between
        newest = sorted(rows, key=lambda r: r["period_start"])[-SHOWN[every] :]
        return tuple(Graded(r["period_key"], words.get(r["value"]), r) for r in newest)
    there = {index_of(r["period_start"], every): r for r in rows}
    first, last = max(min(there), max(there) - SHOWN[every] + 1), max(there)
    found = []
    for index in range(first, last + 1):
        row = there.get(index)
        known = row is not None and row["value"] is not None
        found.append(Graded(period_at(index, every).key, words.get(row["value"]) if row and known else None, row))
    return tuple(found)


def of_region(about: Any) -> Markup | None:
    """The grades of a region, for its page."""
    a, view, subject = about["asked"], about["view"], about["subject"]
    if view is None or subject is None:
        return None
    lines = grades_of(view, subject)
    if not lines:
        return None
    return Markup(a.site.frame.render("grades_section.html", a.language, lines=lines, subject=subject, view=view))
