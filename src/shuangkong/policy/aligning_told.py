"""Targets side by side in words: cells and verdicts in both languages, lines, JSON and a workbook."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from importlib import resources
from typing import Any

import yaml

from shuangkong.kernel.labels import Label, Language
from shuangkong.kernel.units import convert
from shuangkong.policy.aligning import Alignment, Cell, Comparison, Row
from shuangkong.policy.sheets import Page, workbook

#: Verdicts that ask for a look: something is missing, weaker, or cannot be weighed.
ATTENTION = (
    "missing_below",
    "weaker",
    "other_scope",
    "other_indicator_basis",
    "other_unit",
    "other_base",
    "other_horizon",
)


def cell_words(cell: Cell | None, language: Language) -> str:
    """A document's target as people say it: 2025年：比2020年下降14.5%; what is not set is said so."""
    if cell is None:
        return say("none", language)
    t = cell.target
    value = _amount(t.value, t.unit, language)
    if t.value_high is not None:
        value = f"{_amount(t.value, t.unit, language)}–{_amount(t.value_high, t.unit, language)}"
    words = say(t.comparator, language, value=value)
    if t.base_year is not None and t.comparator in ("decrease_by", "increase_by"):
        words = say("on", language, year=t.base_year, said=words)
    if t.target_year is not None:
        words = say("by", language, year=t.target_year, said=words)
    return words


def marks_of(cell: Cell | None, language: Language) -> list[str]:
    """What has to be known beside a cell: whom it is given to, and that nobody has reviewed it."""
    if cell is None:
        return []
    found = [say("assigned", language, region=cell.assigned_to)] if cell.assigned_to else []
    return [*found, say("candidate", language)] if cell.candidate else found


def verdict_words(comparison: Comparison, language: Language) -> str:
    """The verdicts of a comparison, and by how much where the two can be subtracted."""
    mark = "；" if language == "zh" else "; "
    words = mark.join(say(v, language) for v in comparison.verdicts)
    if comparison.against is not None and comparison.against.assigned_to:
        words += mark + say("against_assigned", language, said=cell_words(comparison.against, language))
    size = comparison.difference
    if size and comparison.verdicts[0] in ("weaker", "stricter"):
        key = "by_more" if size > 0 else "by_less"
        # a difference of two percentages is in points
        name = "pp" if comparison.unit == "%" else comparison.unit
        by = say(key, language, value=_figure(abs(size)), unit=_unit(name, language))
        return f"{words}（{by}）" if language == "zh" else f"{words} ({by})"
    return words


def alignment_json(found: Alignment) -> dict[str, Any]:
    """The JSON shape: documents, rows (cells with clause, comparator, value, unit, years; comparisons), counts."""
    return {
        "documents": [
            {
                "pack": p.key, "title": p.instrument.title.zh, "level": p.instrument.level,
                "region": p.instrument.region, "confidence": p.instrument.confidence,
            }
            for p in found.packs
        ],
        "rows": [_row_json(r) for r in found.rows],
        "counts": [{"pack": p.key, **found.counts(n)} for n, p in enumerate(found.packs)],
    }  # fmt: skip


def _row_json(row: Row) -> dict[str, Any]:
    return {
        "indicator": row.indicator, "name_zh": row.name_zh, "name_en": row.name_en, "scope": row.scope,
        "level": row.level, "cells": [_cell_json(c) for c in row.cells],
        "comparisons": [
            {
                "below": c.below, "above": c.above, "verdicts": list(c.verdicts),
                "difference": None if c.difference is None else format(c.difference, "f"), "unit": c.unit or None,
            }
            for c in row.comparisons
        ],
    }  # fmt: skip


def _cell_json(cell: Cell | None) -> dict[str, Any] | None:
    if cell is None:
        return None
    t = cell.target
    return {
        "slug": t.slug, "clause": t.clause, "comparator": t.comparator, "value": format(t.value, "f"),
        "value_high": None if t.value_high is None else format(t.value_high, "f"), "unit": t.unit,
        "base_year": t.base_year, "year": t.target_year, "horizon": t.horizon, "confidence": t.confidence,
        "assigned_to": cell.assigned_to,
    }  # fmt: skip


def alignment_lines(found: Alignment, language: Language) -> Iterator[str]:
    """The alignment for people at the terminal."""
    for n, pack in enumerate(found.packs):
        yield f"[{n + 1}] {pack.instrument.title.zh}  {pack.key}"
    for row in found.rows:
        yield f"{name_of(row, language)}"
        for n, cell in enumerate(row.cells):
            at = f"  {say('clause', language)} {cell.target.clause}" if cell else ""
            marks = "".join(f" [{m}]" for m in marks_of(cell, language))
            said = next((verdict_words(c, language) for c in row.comparisons if c.below == n), "")
            yield f"   [{n + 1}] {cell_words(cell, language)}{at}{marks}" + (f"  → {said}" if said else "")
    yield from count_lines(found, language)


def count_lines(found: Alignment, language: Language) -> Iterator[str]:
    """How often each verdict is said of each lower document."""
    mark = "，" if language == "zh" else ", "
    for n, pack in enumerate(found.packs):
        counts = found.counts(n)
        if counts:
            told = mark.join(f"{say(v, language)} {c}" for v, c in counts.items())
            yield say("counts", language, title=pack.instrument.title.zh, counts=told)


def name_of(row: Row, language: Language) -> str:
    """Indicator, scope and level of a row."""
    name = row.name_zh if language == "zh" else row.name_en or row.name_zh
    parts = [name, *([row.scope] if row.scope else []), *([say(row.level, language)] if row.level != "base" else [])]
    return " · ".join(parts)


def alignment_workbook(found: Alignment, language: Language) -> bytes:
    """The table as a workbook: a column for each document, and behind each lower one what is said of it."""
    heads = [say("indicator", language), say("scope", language), say("level", language)]
    for n, pack in enumerate(found.packs):
        heads.append(pack.instrument.title.zh)
        if any(c.below == n for r in found.rows for c in r.comparisons):
            heads.append(say("result", language, title=f"[{n + 1}]"))
    rows, marks = [], set()
    for i, row in enumerate(found.rows):
        cells = [row.name_zh if language == "zh" else row.name_en or row.name_zh, row.scope or "",
                 say(row.level, language)]  # fmt: skip
        for n, cell in enumerate(row.cells):
            at = f"（{cell.target.clause}）" if cell else ""
            cells.append("\n".join([cell_words(cell, language) + at, *marks_of(cell, language)]))
            if not any(c.below == n for r in found.rows for c in r.comparisons):
                continue
            said = next((c for c in row.comparisons if c.below == n), None)
            if said and any(v in ATTENTION for v in said.verdicts):
                marks.add((i, len(cells)))
            cells.append(verdict_words(said, language) if said else "")
        rows.append(tuple(cells))
    notes = tuple(count_lines(found, language))
    widths = (30, 18, 10, *([30] * (len(heads) - 3)))
    title = say("title", language)
    return workbook(title, [Page(title, notes, tuple(heads), tuple(rows), widths, frozenset(marks))])


def _amount(value: Decimal, name: str, language: Language) -> str:
    """A figure with its unit, a large one in 万 or 亿 of it: the same number, no digit rounded."""
    from shuangkong.webkit.api import shown_unit  # packs are read where no page is shown

    larger = shown_unit(value, name)
    if larger != name:
        value, name = Decimal(format(convert(value, name, larger).normalize(), "f")), larger
    text = _unit(name, language)
    close = text == "%" or (language == "zh" and text != name)
    return f"{_figure(value)}{text}" if close else f"{_figure(value)} {text}".rstrip()


def _figure(value: Decimal) -> str:
    """The digits as printed: 14.0 stays 14.0."""
    return format(value, "f")


def _unit(name: str, language: Language) -> str:
    from shuangkong.webkit.api import unit_words  # packs are read where no page is shown

    return unit_words(name, language)


def say(key: str, language: Language, **facts: object) -> str:
    """A text of the comparison with its facts filled in."""
    return texts()[key].in_(language).format(**facts)


@cache
def texts() -> dict[str, Label]:
    """Every text of the comparison."""
    data = yaml.safe_load(resources.files("shuangkong.policy").joinpath("aligning.yaml").read_text("utf-8"))
    return {k: Label(t["zh"], t["en"]) for k, t in data.items()}
