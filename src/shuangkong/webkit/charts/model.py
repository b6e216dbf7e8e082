"""What a chart is made of: series over named places, the table of the same figures, source and coverage."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from markupsafe import Markup

from shuangkong.kernel.numbers import quantise
from shuangkong.webkit.figures import NONE, grouped, share

#: A figure gets this many digits after the point at most, so that a small one is not shown as nought.
MOST_PLACES = 6
MANY_COLUMNS = 14


@dataclass(frozen=True, slots=True)
class Series:
    """A line or a set of bars: one value per place of the axis, None where there is none.

    `css` names its colour in house.css. `notes` say what a place means, or why it has no value; `links` lead to the
    why of a place; `statuses` colour and shape its mark. Shape `none` is a line without marks.
    """

    label: str
    css: str
    values: tuple[Decimal | None, ...]
    shape: str = "disc"
    notes: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()

    def note(self, place: int) -> str:
        """What is told about a place; empty where nothing is."""
        return at(self.notes, place)


@dataclass(frozen=True, slots=True)
class Axes:
    """What a chart is about: the places along it under `head`, and what is counted, in which unit (both in words)."""

    ticks: tuple[str, ...]
    y_title: str
    title: str
    unit: str = ""
    places: int = 2
    head: str = ""
    period: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A further column of the table: texts, statuses, or figures in the unit of the chart that are not drawn."""

    label: str
    texts: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    figures: tuple[Decimal | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the figures come from, which share of what was due they hold, and facts beside (name, words)."""

    source: str = ""
    coverage: str = ""
    facts: tuple[tuple[str, str], ...] = ()

    @staticmethod
    def covered(shares: Iterable[Decimal | None]) -> str:
        """Shares (0.4) as a range in per cent, or a dash."""
        known = sorted({s for s in shares if s is not None})
        if not known:
            return NONE
        low, high = share(known[0]), share(known[-1])
        return low if low == high else f"{low}–{high}"


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a column: its words, and the unit of its figures."""

    words: str
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of the table: the figure as it is read, its exact digits, its why, or the reason why there is none."""

    text: str = ""
    exact: str | None = None
    link: str = ""
    note: str = ""
    status: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart as pages show it. `empty` says why nothing is drawn; the table is there all the same."""

    axes: Axes
    spec: Markup
    head: tuple[Head, ...]
    rows: tuple[tuple[Cell, ...], ...]
    legend: tuple[tuple[str, str], ...]
    statuses: tuple[str, ...]
    gaps: bool
    origin: Origin
    empty: str = ""
    size: str = ""

    @property
    def table_css(self) -> str:
        """Classes of the table: one with many columns is set smaller on paper."""
        return "tight dense" if len(self.head) > MANY_COLUMNS else "tight"


def at(values: Sequence[str], place: int) -> str:
    """The text at a place; empty where the list ends before."""
    return values[place] if place < len(values) else ""


def digits(value: Decimal, places: int) -> str:
    """A figure with `places` digits after the point, more where it would be shown as nought."""
    while value and not quantise(value, places) and places < MOST_PLACES:
        places += 1
    return grouped(value, places)


def number_cell(value: Decimal | None, places: int, *, link: str = "", note: str = "") -> Cell:
    """A figure as a cell; a missing one is a dash that says why."""
    if value is None:
        return Cell(NONE, "", link, note)
    return Cell(digits(value, places), f"{value:f}", link, note)


def drawn(value: Decimal | None) -> float | None:
    """The length of a mark; none where there is no figure."""
    return None if value is None else float(value)


def as_spec(data: Mapping[str, Any]) -> Markup:
    """JSON that may stand inside a script element: nothing in it ends the element or starts another."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)


def described(axes: Axes) -> str:
    """What a reader who does not see the chart is told in its place."""
    return " · ".join(p for p in (axes.title, axes.period, axes.y_title) if p)
