"""A fan (扇形图): lines over named places with bands between two courses behind them, the widest drawn first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from shuangkong.webkit.charts.kinds import NOWHERE, line_chart
from shuangkong.webkit.charts.model import Axes, Chart, Column, Origin, Series, as_spec, described, digits, drawn


@dataclass(frozen=True, slots=True)
class Span:
    """A band: its lower and upper end at each place. `css` names its colour; a narrower band over it looks darker."""

    label: str
    css: str
    low: tuple[Decimal, ...]
    high: tuple[Decimal, ...]


def fan_chart(
    axes: Axes,
    series: Sequence[Series],
    spans: Sequence[Span],
    words: tuple[str, str],
    origin: Origin = NOWHERE,
    *,
    columns: Sequence[Column] = (),
) -> Chart:
    """Lines with bands behind them. `words` are what the lower and the upper end of a band are called in the table."""
    ends = tuple(
        Column(f"{s.label} {word}", figures=values)
        for s in spans for word, values in ((words[0], s.low), (words[1], s.high))
    )  # fmt: skip
    made = line_chart(axes, series, origin, columns=(*ends, *columns), zero=False)
    bands = [
        {"label": s.label, "css": s.css, "low": [drawn(v) for v in s.low], "high": [drawn(v) for v in s.high],
         "shown": [f"{digits(a, axes.places)}–{digits(b, axes.places)}" for a, b in zip(s.low, s.high, strict=True)]}
        for s in spans
    ]  # fmt: skip
    lines = [
        {"label": s.label, "css": s.css, "shape": s.shape, "values": [drawn(v) for v in s.values],
         "shown": ["" if v is None else digits(v, axes.places) for v in s.values], "notes": s.notes,
         "links": s.links, "statuses": s.statuses}
        for s in series
    ]  # fmt: skip
    spec = as_spec({
        "kind": "fan", "title": described(axes), "y": axes.y_title, "unit": axes.unit, "ticks": axes.ticks,
        "gaps": [], "series": lines, "bands": bands, "zero": False,
    })  # fmt: skip
    legend = (*made.legend, *((f"{s.css} k-bar", s.label) for s in spans))
    return Chart(
        made.axes, spec, made.head, made.rows, legend, made.statuses, made.gaps, made.origin, made.empty, made.size
    )
