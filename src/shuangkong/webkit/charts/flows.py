"""Charts of amounts that go somewhere: a waterfall from one level to the next, and flows between places (桑基图).

A waterfall (瀑布图) is one list of steps: levels (`Step(label, value, level=True)`) and signed changes between them. It
draws a deduction (total, steps, assessed) and a decomposition (before, effects, after) alike. Where changes are thin
beside the levels, `cut` lets the scale begin above nought: the words given stand in the title of the scale, so that
nobody takes the bars of the levels for whole ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from shuangkong.webkit.charts.kinds import NOWHERE
from shuangkong.webkit.charts.model import (
    Axes,
    Cell,
    Chart,
    Head,
    Origin,
    as_spec,
    described,
    digits,
    drawn,
    number_cell,
)
from shuangkong.webkit.figures import NONE


@dataclass(frozen=True, slots=True)
class Step:
    """A bar of a waterfall: a level that stands on nought, or a change that starts where the last bar ended."""

    label: str
    value: Decimal | None
    level: bool = False
    note: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Flow:
    """An amount that goes from one named place to another."""

    start: str
    end: str
    value: Decimal | None
    note: str = ""
    link: str = ""


def _running(steps: Sequence[Step]) -> Iterator[tuple[Decimal | None, Decimal | None]]:
    """Where each bar starts and ends; after an unknown change nothing is known until the next level."""
    here: Decimal | None = Decimal(0)
    for step in steps:
        start = Decimal(0) if step.level else here
        here = None if start is None or step.value is None else start + step.value
        yield start, here


#: Steps that fill less than this share of the height are drawn on a cut scale, if the chart may have one.
_THIN = Decimal("0.35")


def _foot(ends: Sequence[tuple[Decimal | None, Decimal | None]], steps: Sequence[Step]) -> Decimal | None:
    """Where a cut scale begins: below the lowest bar by a third of what the changes span; None where at nought."""
    tops = [e for _, e in ends if e is not None]
    lowest, highest = min(tops, default=Decimal(0)), max(tops, default=Decimal(0))
    if all(s.level for s in steps) or lowest <= 0 or highest - lowest >= _THIN * highest or highest == lowest:
        return None
    return lowest - (highest - lowest) / 3


def _shown(step: Step, places: int) -> str:
    """A figure above its bar; a change that raises has its sign."""
    if step.value is None:
        return ""
    return ("" if step.level or step.value <= 0 else "+") + digits(step.value, places)


def _few(value: Decimal | None, places: int) -> int:
    """So many digits after the point that a large figure fits above a narrow bar."""
    return places if value is None else max(0, min(places, 3 - value.adjusted()))


def waterfall(
    axes: Axes,
    steps: Sequence[Step],
    words: tuple[str, str],
    origin: Origin = NOWHERE,
    *,
    empty: str = "",
    cut: str = "",
) -> Chart:
    """Levels and the changes between them; `words` head the columns of the change and of where it leads.

    The ticks of `axes` are the labels of the steps. `cut` says in words that the scale does not begin at nought; with
    it the scale begins above, where the changes would otherwise be too thin to be read.
    """
    ends = list(_running(steps))
    foot = _foot(ends, steps) if cut else None
    bars = [
        {
            "from": drawn(start) if end is not None else None, "to": drawn(end), "level": step.level, "note": step.note,
            "link": step.link, "shown": _shown(step, axes.places),
            "short": _shown(step, _few(step.value, axes.places)),
        }
        for step, (start, end) in zip(steps, ends, strict=True)
    ]  # fmt: skip
    gaps = [step.note or "?" if end is None else "" for step, (_, end) in zip(steps, ends, strict=True)]
    spec = {
        "kind": "waterfall", "title": described(axes), "unit": axes.unit,
        "y": axes.y_title if foot is None else f"{axes.y_title} · {cut}", "foot": drawn(foot),
        "ticks": [s.label for s in steps], "bars": bars, "gaps": gaps if any(gaps) else [],
    }  # fmt: skip
    rows = tuple(
        (Cell(s.label), Cell() if s.level else number_cell(s.value, axes.places, link=s.link, note=s.note),
         number_cell(end, axes.places, link=s.link, note=s.note))
        for s, (_, end) in zip(steps, ends, strict=True)
    )  # fmt: skip
    unknown = all(s.value is None for s in steps)
    why = empty or (next((s.note for s in steps if s.note), NONE) if unknown else "")
    return Chart(
        axes,
        as_spec(spec),
        (Head(axes.head), *(Head(w, axes.unit) for w in words)),
        rows,
        (),
        (),
        any(gaps),
        origin,
        why,
    )


def sankey(
    axes: Axes, flows: Sequence[Flow], words: tuple[str, str, str], origin: Origin = NOWHERE, *, empty: str = ""
) -> Chart:
    """Flows between places, as wide as they are large; `words` head the table: from, to, amount.

    A flow whose amount is not known is in the table alone: no width would be true.
    """
    known = [f for f in flows if f.value is not None and f.value > 0]
    spec = {
        "kind": "sankey", "title": described(axes), "y": axes.y_title, "unit": axes.unit,
        "nodes": list(dict.fromkeys(n for f in known for n in (f.start, f.end))),
        "flows": [{"source": f.start, "target": f.end, "value": drawn(f.value), "note": f.note, "link": f.link,
                   "shown": digits(f.value or Decimal(0), axes.places)} for f in known],
    }  # fmt: skip
    rows = tuple(
        (Cell(f.start), Cell(f.end), number_cell(f.value, axes.places, link=f.link, note=f.note)) for f in flows
    )
    head = (Head(words[0]), Head(words[1]), Head(words[2], axes.unit))
    why = empty or ("" if known else next((f.note for f in flows if f.note), NONE))
    return Chart(axes, as_spec(spec), head, rows, (), (), False, origin, why, "tall")
