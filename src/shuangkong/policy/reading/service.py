"""Reading a file whole (读文件): its text, its documents, and what each of them sets."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from shuangkong.kernel.labels import Label, Language
from shuangkong.policy.reading.candidates import candidates
from shuangkong.policy.reading.clean import Clean, clean
from shuangkong.policy.reading.documents import documents
from shuangkong.policy.reading.duties import duties
from shuangkong.policy.reading.files import text_of
from shuangkong.policy.reading.model import Candidate, Document, Duty, Reading, Target
from shuangkong.policy.reading.table_reading import table_duties, table_targets
from shuangkong.policy.reading.targets import targets
from shuangkong.policy.words import said

#: A summary repeats what a plan sets, numbered like one; articles, interpretations and lists of contents set nothing.
_READ = ("instrument", "summary")


def read_file(path: Path, number: int | None = None) -> Reading:
    """What a file says: all its documents, or the one with this number."""
    return read_text(text_of(path), number, path.name)


def read_text(text: str, number: int | None = None, name: str = "") -> Reading:
    """What a text says. Articles and interpretations set nothing; they are listed as documents alone."""
    cleaned: Clean = clean(text)
    found = documents(cleaned)
    if number is not None and not 1 <= number <= len(found):
        raise said("READ-004", "number", number=number, has=len(found)).at(name)
    asked = [d for d in found if d.kind in _READ and number in (None, d.number)]
    wanted = tuple(
        t for d in asked for t in sorted((*targets(cleaned, d), *table_targets(cleaned, d)), key=lambda t: t.start)
    )
    owed = tuple(
        x for d in asked for x in sorted((*duties(cleaned, d), *table_duties(cleaned, d)), key=lambda x: x.start)
    )
    reason = None
    if not wanted and not owed:
        reason = "no_instrument" if not asked else "nothing_found"
    further = tuple(c for d in asked for c in candidates(cleaned, d, [t for t in wanted if t.document == d.number]))
    return Reading(found, wanted, owed, further, reason)


def as_json(reading: Reading, number: int | None = None) -> dict[str, Any]:
    """The reading in the shape that programs take; entries carry their document's number."""
    shown = next((d for d in reading.documents if d.number == number), None) or next(
        (d for d in reading.documents if d.kind == "instrument"), reading.documents[0]
    )
    return {
        "document": _document(shown),
        "targets": [_target(t) for t in reading.targets],
        "duties": [_duty(d) for d in reading.duties],
        "candidates": [_candidate(c) for c in reading.candidates],
        "documents": [{"number": d.number, "kind": d.kind, **_document(d)} for d in reading.documents],
        "reason": reading.reason,
    }


_WORDS: dict[str, Label] = {
    "instrument": Label(zh="文件", en="instrument"),
    "summary": Label(zh="摘编", en="summary"),
    "article": Label(zh="文章或解读", en="article or interpretation"),
    "contents": Label(zh="目录", en="contents"),
    "lead": Label(zh="牵头", en="leads"),
    "support": Label(zh="责任或配合", en="answers or supports"),
    "none": Label(zh="（没有题目）", en="(no title)"),
    "no_instrument": Label(zh="没有可读出目标的文件，只有文章。", en="There is no instrument, only articles."),
    "nothing_found": Label(zh="没有读出目标和责任。", en="No target and no duty was found."),
}


def lines(reading: Reading, language: Language) -> Iterator[str]:
    """The reading for people: each document, then its targets and duties by clause."""
    for d in reading.documents:
        about = " ".join(str(x) for x in (d.doc_number, d.issuer, d.region, d.issued) if x)
        title = d.title or _WORDS["none"].in_(language)
        yield f"{d.number}. [{_WORDS[d.kind].in_(language)}] {title} {about}".rstrip()
        for t in (t for t in reading.targets if t.document == d.number):
            high = f"–{t.value_high}" if t.value_high is not None else ""
            years = f"{t.base_year or ''}→{t.target_year or ''}".strip("→") or "–"
            yield f"   {t.clause}  {t.indicator}  {t.comparator} {t.value}{high}{t.unit}  {years}  [{t.confidence}]"
        for x in (x for x in reading.duties if x.document == d.number):
            who = [(word, names) for word, names in (("lead", x.lead), ("support", x.support)) if names]
            yield f"   {x.clause}  " + "；".join(f"{_WORDS[w].in_(language)} {'、'.join(n)}" for w, n in who)
    if reading.reason:
        yield _WORDS[reading.reason].in_(language)


def _document(d: Document) -> dict[str, Any]:
    return {
        "title": d.title, "doc_number": d.doc_number, "issuer": d.issuer, "region": d.region, "issued": d.issued,
        "period": list(d.period) if d.period else None, "carries_out": list(d.carries_out),
    }  # fmt: skip


def _number(value: Decimal | None) -> int | float | None:
    # The shape of the labels has plain numbers; sixteen digits hold every printed one.
    if value is None:
        return None
    return int(value) if value == value.to_integral_value() else float(value)


def _target(t: Target) -> dict[str, Any]:
    return {
        "clause": t.clause, "indicator": t.indicator, "scope": t.scope, "comparator": t.comparator,
        "value": _number(t.value), "value_high": _number(t.value_high), "unit": t.unit, "base_year": t.base_year,
        "target_year": t.target_year, "quote": t.quote, "document": t.document, "start": t.start, "end": t.end,
        "confidence": t.confidence, "unsure": list(t.unsure),
    }  # fmt: skip


def _duty(d: Duty) -> dict[str, Any]:
    return {
        "clause": d.clause, "lead": list(d.lead), "support": list(d.support), "deadlines": list(d.deadlines),
        "quote": d.quote, "document": d.document, "start": d.start, "end": d.end, "confidence": d.confidence,
        "unsure": list(d.unsure),
    }  # fmt: skip


def _candidate(c: Candidate) -> dict[str, Any]:
    return {
        "clause": c.clause, "kind": c.kind, "fields": dict(c.fields), "quote": c.quote, "document": c.document,
        "start": c.start, "end": c.end, "confidence": c.confidence, "unsure": list(c.unsure),
    }  # fmt: skip
