"""Pollutants on the pages of units and regions (在线监测排放量): the newest month and its year, and which hours count.

A year's figure stands with the months that it is of: those that are due, from the first day of an outlet in the
register up to the last month that is over, and how many of them are known. A year of six months is told as six months.
What is shown is what monitored outlets let out; whatever else a place lets out is not in it, and the section says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from markupsafe import Markup

from shuangkong.accounting.api import (
    INDICATOR_VALUES,
    INDICATORS,
    METER_ENTRIES,
    OUTLET_MONTHS,
    TOTALS,
    pollutant_label,
)
from shuangkong.app.web.reading import Row, RunView
from shuangkong.app.web.rows import Subject
from shuangkong.engine.api import read_result
from shuangkong.kernel.labels import Label

#: Indicators of pollutants end so; outlets of a unit that are listed.
_MONITORED = "_monitored"
LISTED = 40


@dataclass(frozen=True, slots=True)
class Line:
    """One pollutant: its newest month and the year of that month; None where there is no row.

    `due` are the months of units that are due in that year up to now, `known` those of them that the packs' share lets
    count as known; None where the reader may not see them.
    """

    label: Label
    month: Row | None
    year: Row | None
    known: int | None = None
    due: int | None = None


@dataclass(frozen=True, slots=True)
class OutletLine:
    """A pollutant at an outlet in the newest month (kg), with the hours that do not count, and the month that runs."""

    outlet: str
    label: Label
    row: Row
    left_out: int


@dataclass(frozen=True, slots=True)
class Emitted:
    """Everything shown of a place; `running`: kilograms of the month that is not over, by pollutant, up to `until`."""

    lines: tuple[Line, ...]
    month: str
    outlets: tuple[OutletLine, ...]
    running: tuple[tuple[Label, Decimal, Decimal], ...]
    until: Any
    partial: bool
    confidence: str


def emitted_of(view: RunView, subject: Subject) -> Emitted | None:
    """What the run has of a place's monitored pollutants, as the reader may see it; None where it has nothing."""

    def read() -> Emitted | None:
        names = [str(i) for i in INDICATORS if str(i).endswith(_MONITORED)]
        listed = ", ".join(f"'{n}'" for n in names)
        mine = f"subject_id = '{subject.id}'"
        where = f"{mine} AND origin = 'computed' AND base = '' AND indicator_id IN ({listed})"
        rows = read_result(view.run, INDICATOR_VALUES, view.scope, view.seen, where=where).to_pylist()
        entries = read_result(
            view.run, METER_ENTRIES, view.scope, view.seen, where=f"{mine} AND stands = 'running'"
        ).to_pylist()
        pollutants = [e for e in entries if e["book"] == "pollutant"]
        if not rows and not pollutants:
            return None
        month = max((r["period_key"] for r in rows if r["period_kind"] == "month"), default="")
        measures = {n: next(m for m, _ in INDICATORS[n].inputs) for n in names}
        summed = read_result(
            view.run, TOTALS, view.scope, view.seen,
            where=f"{mine} AND level = 'subtree' AND period_key = '{month[:4]}'"
            f" AND measure IN ({', '.join(repr(m) for m in measures.values())})",
        ).to_pylist()  # fmt: skip
        lines = _lines(names, rows, month, {
            n: [t for t in summed if t["measure"] == m and t["state"] != "confidential"] for n, m in measures.items()
        })  # fmt: skip
        outlets = read_result(
            view.run, OUTLET_MONTHS, view.scope, view.seen, where=f"{mine} AND period_key = '{month}'"
        ).to_pylist()
        shown = [r for line in lines for r in (line.month, line.year) if r is not None]
        return Emitted(
            lines, month, _outlets(view, outlets), tuple(
                (_named(view, e["item"]), e["quantity"], e["measured"]) for e in pollutants
            ),
            next((e["until"] for e in pollutants), None), any(r["state"] == "partial" for r in shown),
            next((r["confidence"] for r in shown if r["confidence"] != "confirmed"), "confirmed"),
        )  # fmt: skip

    return view._once(("emitted_of", subject.id), read)


def _lines(
    names: Sequence[str], rows: Sequence[Row], month: str, summed: Mapping[str, Sequence[Row]]
) -> tuple[Line, ...]:  # fmt: skip
    found: dict[str, Mapping[str, Row]] = {
        n: {r["period_key"]: r for r in rows if r["indicator_id"] == n} for n in names
    }
    labels = {str(i.id): i.label for i in INDICATORS.values()}
    return tuple(
        Line(
            labels[n], found[n].get(month), found[n].get(month[:4]),
            max((t["known"] for t in summed[n]), default=None), max((t["expected"] for t in summed[n]), default=None),
        )
        for n in names if found[n]
    )  # fmt: skip


def _outlets(view: RunView, rows: Sequence[Row]) -> tuple[OutletLine, ...]:
    ordered = sorted(rows, key=lambda r: (r["outlet"], r["item"]))[:LISTED]
    why = ("hours_short", "hours_open", "hours_no_flow", "hours_no_concentration")
    return tuple(OutletLine(r["outlet"], _named(view, r["item"]), r, sum(r[n] for n in why)) for r in ordered)


def _named(view: RunView, code: str) -> Label:
    return pollutant_label(view.packs, code) or Label(code, code)


def of_subject(about: Any) -> Markup | None:
    """The section for the page of a unit or a region."""
    a, view, subject = about["asked"], about["view"], about["subject"]
    if view is None or subject is None:
        return None
    found = emitted_of(view, subject)
    if found is None:
        return None
    return Markup(a.site.frame.render(
        "emitted_section.html", a.language, found=found, subject=subject, view=view, may_see=a.may("meters.read")
    ))  # fmt: skip
