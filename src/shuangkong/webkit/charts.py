"""Charts (图表) as SVG drawn on the server: axes with units, gaps that say why, shapes beside colours.

Only classes and geometry are written, never a style, so that a strict Content-Security-Policy holds. Lengths are
doubles: they place a mark on a screen and are no figures.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from markupsafe import Markup, escape

from shuangkong.webkit.figures import grouped

WIDTH, HEIGHT = 660, 300
LEFT, RIGHT, TOP, BOTTOM = 54, 14, 42, 34
#: A chart with so few places fits a phone with larger letters; a longer one scrolls in its frame.
FEW = 8


@dataclass(frozen=True, slots=True)
class Series:
    """A line or a set of bars: one value per place of the axis, None where there is none."""

    label: str
    css: str
    values: tuple[Decimal | None, ...]
    shape: str = "disc"
    notes: tuple[str, ...] = ()
    links: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Axes:
    """The two axes of a chart: words along the bottom, and what is counted upwards in which unit."""

    ticks: tuple[str, ...]
    y_title: str
    title: str
    places: int = 1


def nice_ticks(low: float, high: float, count: int = 5) -> list[float]:
    """Round numbers that span [low, high]."""
    if high <= low:
        high = low + 1
    raw = (high - low) / count
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * m for m in (1, 2, 2.5, 5, 10) if power * m >= raw * 0.999)
    first = math.floor(low / step)
    last = math.ceil(high / step)
    return [i * step for i in range(first, last + 1)]


@dataclass(frozen=True, slots=True)
class _Frame:
    axes: Axes
    scale: tuple[float, ...]

    def x(self, place: int) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (place + 0.5) / max(1, len(self.axes.ticks))

    def y(self, value: float) -> float:
        low, high = self.scale[0], self.scale[-1]
        return TOP + (HEIGHT - TOP - BOTTOM) * (high - value) / (high - low)

    @property
    def step(self) -> float:
        return (WIDTH - LEFT - RIGHT) / max(1, len(self.axes.ticks))


def _frame(axes: Axes, values: Sequence[Decimal | None], *, zero: bool) -> _Frame:
    known = [float(v) for v in values if v is not None]
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    if zero:
        low, high = min(low, 0.0), max(high, 0.0)
    return _Frame(axes, tuple(nice_ticks(low, high)))


def _number(value: float, places: int) -> str:
    return grouped(Decimal(repr(round(value, 6))), places)


def _grid(f: _Frame) -> Iterator[str]:
    steps = min((b - a for a, b in zip(f.scale, f.scale[1:], strict=False)), default=1.0)
    places = 0 if steps >= 1 else max(1, -math.floor(math.log10(steps)))
    yield f'<text class="axis-title" x="4" y="17">{escape(f.axes.y_title)}</text>'
    for value in f.scale:
        y = f.y(value)
        css = "zero" if value == 0 else "grid"
        yield f'<line class="{css}" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield f'<text class="tick end" x="{LEFT - 6}" y="{y + 4:.1f}">{_number(value, places)}</text>'
    every = max(1, math.ceil(len(f.axes.ticks) / 13))
    for place, word in enumerate(f.axes.ticks):
        if place % every == 0:
            yield f'<text class="tick mid" x="{f.x(place):.1f}" y="{HEIGHT - 12}">{escape(word)}</text>'


def shape_at(shape: str, x: float, y: float, css: str, r: float = 4.5) -> str:
    """A mark of a shape: disc, ring, square, triangle, diamond or star."""
    if shape in ("disc", "ring", "half"):
        return f'<circle class="{css}" cx="{x:.1f}" cy="{y:.1f}" r="{r}"/>'
    if shape == "square":
        return f'<rect class="{css}" x="{x - r:.1f}" y="{y - r:.1f}" width="{2 * r}" height="{2 * r}"/>'
    points = {
        "triangle": ((0, -1.2), (1.1, 0.8), (-1.1, 0.8)),
        "diamond": ((0, -1.3), (1.3, 0), (0, 1.3), (-1.3, 0)),
    }.get(shape, ((-1, -1), (1, -1), (1, 1), (-1, 1)))
    path = " ".join(f"{x + a * r:.1f},{y + b * r:.1f}" for a, b in points)
    return f'<polygon class="{css}" points="{path}"/>'


def _title(note: str) -> str:
    return f"<title>{escape(note)}</title>" if note else ""


def _note(series: Series, place: int) -> str:
    return series.notes[place] if place < len(series.notes) else ""


def _linked(series: Series, place: int, body: str) -> str:
    link = series.links[place] if place < len(series.links) else ""
    return f'<a href="{escape(link)}">{body}</a>' if link else body


def _line(f: _Frame, s: Series) -> Iterator[str]:
    run: list[str] = []
    for place, value in enumerate((*s.values, None)):
        if value is None:
            if len(run) > 1:
                yield f'<polyline class="line {s.css}" points="{" ".join(run)}"/>'
            run = []
        else:
            run.append(f"{f.x(place):.1f},{f.y(float(value)):.1f}")
    if s.shape == "none":
        return
    for place, value in enumerate(s.values):
        note = _note(s, place)
        if value is not None:
            mark = shape_at(s.shape, f.x(place), f.y(float(value)), f"point {s.css}")
            yield _linked(s, place, f"<g>{mark}{_title(note)}</g>")
        elif note:
            yield _gap(f, place, note)


def _gap(f: _Frame, place: int, note: str) -> str:
    """A hatched column where a figure is missing, with the reason."""
    x, w = f.x(place) - f.step * 0.3, f.step * 0.6
    height = HEIGHT - TOP - BOTTOM
    return (
        f'<g><rect class="gap" x="{x:.1f}" y="{TOP}" width="{w:.1f}" height="{height}"/>'
        f'<text class="gap-word mid" x="{f.x(place):.1f}" y="{TOP + height / 2:.1f}">?</text>{_title(note)}</g>'
    )


def _svg(f: _Frame, body: Sequence[str], *, defs: str = "") -> Markup:
    hatch = (
        '<defs><pattern id="gap-hatch" width="6" height="6" patternUnits="userSpaceOnUse" '
        'patternTransform="rotate(45)"><line class="hatch" x1="0" y1="0" x2="0" y2="6"/></pattern></defs>'
    )
    label = escape(f.axes.title)
    few = " few" if len(f.axes.ticks) <= FEW else ""
    return Markup(
        f'<svg class="chart{few}" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}">{hatch}{defs}'
        + "".join((*_grid(f), *body))
        + "</svg>"
    )


def line_chart(axes: Axes, series: Sequence[Series], *, zero: bool = True) -> Markup:
    """Lines over named places; a series of shape `none` is a line without marks."""
    f = _frame(axes, [v for s in series for v in s.values], zero=zero)
    return _svg(f, [part for s in series for part in _line(f, s)])


def bar_chart(axes: Axes, bars: Series, limit: Series | None = None) -> Markup:
    """Bars from nought, each with a short line where its limit lies."""
    values = [*bars.values, *(limit.values if limit else ())]
    f = _frame(axes, values, zero=True)
    body: list[str] = []
    width = min(46.0, f.step * 0.62)
    for place, value in enumerate(bars.values):
        x = f.x(place) - width / 2
        if value is None:
            if _note(bars, place):
                body.append(_gap(f, place, _note(bars, place)))
        else:
            top, foot = sorted((f.y(float(value)), f.y(0.0)))
            body.append(_linked(bars, place, _bar(x, top, width, foot - top, bars.css, _note(bars, place))))
        bound = limit.values[place] if limit else None
        if limit and bound is not None:
            y = f.y(float(bound))
            body.append(
                f'<g><line class="limit" x1="{x - 5:.1f}" x2="{x + width + 5:.1f}" y1="{y:.1f}" y2="{y:.1f}"/>'
                f"{_title(_note(limit, place))}</g>"
            )
    return _svg(f, body)


def _bar(x: float, y: float, width: float, height: float, css: str, note: str) -> str:
    return (
        f'<g><rect class="bar {css}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{max(height, 0.5):.1f}"/>'
        f"{_title(note)}</g>"
    )


def stack_chart(axes: Axes, parts: Sequence[Series]) -> Markup:
    """Bars made of parts, the first at the foot; a place without any part says why it is empty."""
    sums = [sum((s.values[i] or Decimal(0) for s in parts), Decimal(0)) for i in range(len(axes.ticks))]
    f = _frame(axes, list(sums), zero=True)
    body: list[str] = []
    width = min(46.0, f.step * 0.62)
    for place in range(len(axes.ticks)):
        below = 0.0
        if all(s.values[place] is None for s in parts):
            body.append(_gap(f, place, next((_note(s, place) for s in parts if _note(s, place)), "?")))
        for s in parts:
            value = s.values[place]
            if value:
                top = f.y(below + float(value))
                x = f.x(place) - width / 2
                body.append(_bar(x, top, width, f.y(below) - top, s.css, _note(s, place)))
                below += float(value)
    return _svg(f, body)
