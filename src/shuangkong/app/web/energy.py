"""Energy by kind (能源结构) of a region or unit, from the totals of the run: one method at a time, named beside it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from shuangkong.accounting.api import Method, editions, guides
from shuangkong.app.web.reading import RunView
from shuangkong.app.web.rows import Subject
from shuangkong.kernel.findings import least_sure
from shuangkong.kernel.units import convert
from shuangkong.policy.api import Pack, PackSet
from shuangkong.webkit.api import (
    CONFIDENCE_LABELS,
    Axes,
    Chart,
    Column,
    Origin,
    Series,
    Speaker,
    figure,
    period_words,
    places_of,
    share,
    shown_unit,
    stack_chart,
    unit_words,
)

PARTS = ("coal", "oil", "gas", "heat", "electricity", "other")


@dataclass(frozen=True)
class Structure:
    """A stacked chart with its table; `methods` are the other choices there are.

    `measure` is energy, or energy_industry where a region's books hold the final use of its industry alone.
    """

    measure: str
    chart: Chart
    method: str
    methods: tuple[tuple[str, str], ...]


def document_words(pack: Pack, speaker: Speaker) -> str:
    """A document by its number; by its title where an English reader could not read the number."""
    about = pack.instrument
    number = about.doc_number or ""
    if number and (speaker.language == "zh" or number.isascii()):
        return number
    return speaker.label(about.title.label)


def method_words(method: str, speaker: Speaker, packs: PackSet, *, full: bool = False) -> str:
    """A method in a line, documents by their number; `full` with what only carbon depends on."""
    if method.count("/") < 3:
        return speaker.say(f"method.{method}") if speaker.has(f"method.{method}") else method
    m = Method.parse(method)
    standards, carbon = editions(packs), guides(packs)

    def named(name: str, among: Mapping[str, Pack]) -> str:
        return document_words(among[name], speaker) if name in among else name

    parts = [named(m.edition, standards), speaker.say(f"basis.{m.basis}")]
    if full and m.guide:
        parts.append(speaker.say("basis.guide", name=named(m.guide, carbon)))
    if full and m.grid:
        parts.append(speaker.say("basis.grid", name=m.grid))
    if m.price.startswith("constant:"):
        parts.append(speaker.say("basis.price", year=m.price.removeprefix("constant:")))
    return speaker.say("punctuation.comma").join(parts)


def confidence_words(names: Iterable[str], speaker: Speaker) -> str:
    """How sure the least sure of some figures is."""
    return speaker.label(CONFIDENCE_LABELS[least_sure(*names)])


def structure(view: RunView, subject: Subject, speaker: Speaker, kind: str, method: str) -> Structure | None:
    """Energy of a subject by part and period; None where there are no books."""
    rows: list[dict[str, Any]] = []
    measure = "energy"
    for measure in ("energy", "energy_industry"):
        rows = [r for r in view.totals(subject, measure) if r["period_kind"] == kind]
        if rows:
            break
    methods = sorted({r["method_id"] for r in rows})
    if not methods:
        return None
    chosen = method if method in methods else max(methods, key=lambda m: (_whole(rows, m), "/primary/" in m, m))
    rows = [r for r in rows if r["method_id"] == chosen]
    cells: dict[tuple[str, str], Decimal | None] = {(r["period_key"], r["part"]): r["amount"] for r in rows}
    cover: dict[str, Decimal] = defaultdict(lambda: Decimal(1))
    for r in rows:
        cover[r["period_key"]] = min(cover[r["period_key"]], r["coverage"])
    periods = tuple(sorted({r["period_key"] for r in rows}))
    known = {r["part"] for r in rows}
    parts = tuple(p for p in PARTS if p in known) + tuple(sorted(known - set(PARTS)))
    sums = {p: _sum([cells.get((p, q)) for q in parts]) for p in periods}
    largest = max((v for v in sums.values() if v is not None), default=Decimal(0))
    unit = shown_unit(largest, "tce")
    short = {m: method_words(m, speaker, view.packs) for m in methods}
    full = len(set(short.values())) < len(methods)
    words = [(m, method_words(m, speaker, view.packs, full=full)) for m in methods]
    sure = confidence_words((r["confidence"] for r in rows), speaker)
    facts = (
        (speaker.say("energy.method"), method_words(chosen, speaker, view.packs, full=full)),
        (speaker.say("frame.confidence"), sure),
    )
    origin = Origin(speaker.say("chart.books"), Origin.covered(cover.values()), facts)
    columns = (
        Column(speaker.say("energy.sum"), figures=tuple(_scaled(sums[p], unit) for p in periods)),
        Column(speaker.say("frame.coverage"), tuple(share(cover[p]) for p in periods)),
    )  # fmt: skip
    chart = _chart(periods, parts, cells, unit, speaker, origin, columns)
    return Structure(measure, chart, chosen, tuple(words))


def _whole(rows: list[dict[str, Any]], method: str) -> Decimal:
    """What a method covers of what was due, summed: a basis that leaves a carrier out comes last."""
    return sum((r["coverage"] for r in rows if r["method_id"] == method), Decimal(0))


def _sum(values: list[Decimal | None]) -> Decimal | None:
    known = [v for v in values if v is not None]
    return sum(known, Decimal(0)) if known else None


def _chart(
    periods: tuple[str, ...], parts: tuple[str, ...], cells: dict[tuple[str, str], Any], unit: str, speaker: Speaker,
    origin: Origin, columns: tuple[Column, ...],
) -> Chart:  # fmt: skip
    words = unit_words(unit, speaker.language)
    stacks = [
        Series(
            speaker.say(f"part.{part}") if speaker.has(f"part.{part}") else part,
            f"part-{part if part in PARTS else 'other'}",
            tuple(_scaled(cells.get((p, part)), unit) for p in periods),
            notes=tuple(_note(p, part, cells, speaker) for p in periods),
        )
        for part in parts
    ]
    first, last = (period_words(p, speaker.language) for p in (periods[0], periods[-1]))
    axes = Axes(
        tuple(_tick(p) for p in periods), speaker.say("chart.energy_axis", unit=words), speaker.say("chart.energy"),
        words, places_of(unit), speaker.say("findings.when"), first if first == last else f"{first}–{last}",
    )  # fmt: skip
    return stack_chart(axes, stacks, origin, columns=columns)


def _scaled(value: Decimal | None, unit: str) -> Decimal | None:
    return None if value is None else convert(value, "tce", unit)


def _tick(period: str) -> str:
    return period[2:].replace("-", ".") if len(period) == 7 else period


def _note(period: str, part: str, cells: dict[tuple[str, str], Any], speaker: Speaker) -> str:
    """What stands behind a part; that it was not returned, only where the books name it in that period."""
    if (period, part) not in cells:
        return ""
    value = cells[period, part]
    name = speaker.say(f"part.{part}") if speaker.has(f"part.{part}") else part
    words = period_words(period, speaker.language)
    if value is None:
        return speaker.say("chart.no_return", period=words)
    return f"{words} {name} {figure(value, 'tce', speaker.language)}"
