"""Charts over named places: lines, bars with their limits, stacks, heat maps and bullets.

With `empty`, the reason in words, nothing is drawn. Without it, a chart in which no series has a value says its first
note instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shuangkong.webkit.charts.model import (
    Axes,
    Cell,
    Chart,
    Column,
    Head,
    Origin,
    Series,
    as_spec,
    at,
    described,
    digits,
    drawn,
    number_cell,
)
from shuangkong.webkit.figures import NONE

NOWHERE = Origin()


def line_chart(
    axes: Axes,
    series: Sequence[Series],
    origin: Origin = NOWHERE,
    *,
    columns: Sequence[Column] = (),
    zero: bool = True,
    marks: Sequence[str] = (),
    empty: str = "",
) -> Chart:
    """Lines over named places; a value that is missing breaks its line. `zero` keeps nought on the scale.

    `marks` say of a place what is to be looked at there; it gets a sign above it.
    """
    return _chart("line", axes, series, origin, columns, _gaps(axes, series), empty, zero=zero, **_marked(marks))


def bar_chart(
    axes: Axes,
    bars: Series,
    limit: Series | None = None,
    origin: Origin = NOWHERE,
    *,
    columns: Sequence[Column] = (),
    empty: str = "",
) -> Chart:
    """Bars from nought, each with a short line where its limit lies."""
    series = [bars, limit] if limit else [bars]
    return _chart("bar", axes, series, origin, columns, _gaps(axes, [bars]), empty)


def bullet_chart(
    axes: Axes,
    bars: Series,
    marks: Sequence[Series],
    origin: Origin = NOWHERE,
    *,
    columns: Sequence[Column] = (),
    empty: str = "",
) -> Chart:
    """Bars that lie down, one for each place, with a short line for each mark: schedule, target, incentive."""
    return _chart("bullet", axes, [bars, *marks], origin, columns, _gaps(axes, [bars]), empty)


def stack_chart(
    axes: Axes,
    parts: Sequence[Series],
    origin: Origin = NOWHERE,
    *,
    columns: Sequence[Column] = (),
    marks: Sequence[str] = (),
    empty: str = "",
) -> Chart:
    """Bars made of parts, the first at the foot; a place without any part says why it is empty.

    A part that is missing and has a note was due: its bar is marked as one that is not whole. `marks` say of a place
    what is to be looked at there; it gets a sign above it.
    """
    bare = [all(s.values[i] is None for s in parts) for i in range(len(axes.ticks))]
    gaps = tuple(next((s.note(i) for s in parts if s.note(i)), "?") if none else "" for i, none in enumerate(bare))
    partial = [
        "" if none else next((s.note(i) for s in parts if s.values[i] is None and s.note(i)), "")
        for i, none in enumerate(bare)
    ]
    return _chart("stack", axes, parts, origin, columns, gaps, empty, partial=partial, **_marked(marks))


def heat_map(axes: Axes, rows: Sequence[Series], origin: Origin = NOWHERE, *, empty: str = "") -> Chart:
    """A field of cells, darker where there is more: places across, one series for each row downwards."""
    spec = _spec("heat", axes, rows, ())
    head = (Head(axes.head), *(Head(t, axes.unit) for t in axes.ticks))
    table = tuple(
        (Cell(s.label), *(number_cell(v, axes.places, link=at(s.links, i), note=s.note(i))
                          for i, v in enumerate(s.values)))
        for s in rows
    )  # fmt: skip
    return Chart(
        axes, as_spec(spec), head, table, (), (), any(v is None for s in rows for v in s.values), origin,
        empty or _why_empty(rows), "tall" if len(rows) > 12 else "",
    )  # fmt: skip


def _marked(marks: Sequence[str]) -> dict[str, Any]:
    return {"marks": list(marks)} if any(marks) else {}


def _gaps(axes: Axes, series: Sequence[Series]) -> tuple[str, ...]:
    """Per place, the reason of a value that should be there and is not."""
    return tuple(
        next((s.note(i) for s in series if s.values[i] is None and s.note(i)), "") for i in range(len(axes.ticks))
    )


def _why_empty(series: Sequence[Series]) -> str:
    """Why nothing is drawn, where no series has a value: what the first gap says."""
    if any(v is not None for s in series for v in s.values):
        return ""
    return next((n for s in series for n in s.notes if n), NONE)


def _chart(
    kind: str, axes: Axes, series: Sequence[Series], origin: Origin, columns: Sequence[Column],
    gaps: tuple[str, ...], empty: str, **more: Any,
) -> Chart:  # fmt: skip
    seen = dict.fromkeys(c for s in series for c, v in zip(s.statuses, s.values, strict=False) if c and v is not None)
    return Chart(
        axes=axes,
        spec=as_spec(_spec(kind, axes, series, gaps) | more),
        head=(Head(axes.head), *(Head(s.label, axes.unit) for s in series), *(_head(c, axes) for c in columns)),
        rows=tuple(_row(axes, series, columns, place) for place in range(len(axes.ticks))),
        legend=tuple((f"{s.css} k-{_look(kind, s, n)}", s.label) for n, s in enumerate(series)),
        statuses=tuple(seen),
        gaps=any(gaps),
        origin=origin,
        empty=empty or _why_empty(series),
    )


def _look(kind: str, s: Series, place: int) -> str:
    if kind == "line":
        return "line"
    return "limit" if kind in ("bar", "bullet") and place else "bar"


def _head(column: Column, axes: Axes) -> Head:
    return Head(column.label, axes.unit if column.figures else "")


def _row(axes: Axes, series: Sequence[Series], columns: Sequence[Column], place: int) -> tuple[Cell, ...]:
    figures = (number_cell(s.values[place], axes.places, link=at(s.links, place), note=s.note(place)) for s in series)
    return (Cell(axes.ticks[place]), *figures, *(_cell(c, place, axes) for c in columns))


def _cell(column: Column, place: int, axes: Axes) -> Cell:
    if column.figures:
        return number_cell(column.figures[place], axes.places, link=at(column.links, place))
    return Cell(at(column.texts, place), None, at(column.links, place), "", at(column.statuses, place))


def _spec(kind: str, axes: Axes, series: Sequence[Series], gaps: Sequence[str]) -> dict[str, Any]:
    return {
        "kind": kind, "title": described(axes), "y": axes.y_title, "unit": axes.unit, "ticks": axes.ticks,
        "gaps": list(gaps) if any(gaps) else [], "series": [_series(s, axes.places) for s in series],
    }  # fmt: skip


def _series(s: Series, places: int) -> dict[str, Any]:
    return {
        "label": s.label, "css": s.css, "shape": s.shape, "values": [drawn(v) for v in s.values],
        "shown": ["" if v is None else digits(v, places) for v in s.values],
        "notes": s.notes, "links": s.links, "statuses": s.statuses,
    }  # fmt: skip
