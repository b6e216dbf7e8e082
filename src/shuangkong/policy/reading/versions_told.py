"""The difference of two versions (两版对照) in the shape that programs take, and in lines for people."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from shuangkong.kernel.labels import Label, Language
from shuangkong.policy.reading.model import Duty, Target
from shuangkong.policy.reading.versions import ClauseChange, ClauseText, EntryChange, VersionDifference

_WORDS: dict[str, Label] = {
    "added": Label("新增", "added"),
    "removed": Label("删除", "removed"),
    "changed": Label("修改", "changed"),
    "moved": Label("条号变动", "renumbered"),
    "targets": Label("目标", "targets"),
    "duties": Label("责任", "duties"),
    "clauses": Label("条款", "clauses"),
    "none": Label("两版没有差别。", "Nothing differs."),
    "same": Label("未变条款", "clauses unchanged"),
}
_SHOWN = 60
_FIELDS = ("indicator", "scope", "comparator", "value", "value_high", "unit", "base_year", "target_year")


def versions_json(found: VersionDifference) -> dict[str, Any]:
    """Targets, duties and clauses that differ; figures are text, words are lists of [state, text]."""
    return {
        "targets": [_entry(e) for e in found.targets],
        "duties": [_entry(e) for e in found.duties],
        "clauses": [_clause(c) for c in found.clauses],
        "same": found.same,
    }


def _entry(e: EntryChange) -> dict[str, Any]:
    return {"kind": e.kind, "fields": list(e.fields), "old": _values(e.old), "new": _values(e.new)}


def _values(e: Target | Duty | None) -> dict[str, Any] | None:
    if e is None:
        return None
    names = _FIELDS if isinstance(e, Target) else ("lead", "support", "deadlines")
    values = {n: getattr(e, n) for n in names}
    plain = {n: str(v) if isinstance(v, Decimal) else list(v) if isinstance(v, tuple) else v for n, v in values.items()}
    return {"document": e.document, "clause": e.clause, **plain, "quote": e.quote}


def _clause(c: ClauseChange) -> dict[str, Any]:
    return {
        "kind": c.kind, "moved": c.moved, "old": _named(c.old), "new": _named(c.new),
        "words": [[w.state, w.text] for w in c.words],
    }  # fmt: skip


def _named(c: ClauseText | None) -> dict[str, Any] | None:
    return {"document": c.document, "clause": c.id, "title": c.title} if c else None


def versions_lines(found: VersionDifference, language: Language) -> Iterator[str]:
    """What differs, for people: targets and duties first, then clause by clause; [-gone-] and {+new+} words."""
    if found.empty:
        yield _WORDS["none"].in_(language)
    for name, changed in (("targets", found.targets), ("duties", found.duties)):
        if changed:
            yield f"{_WORDS[name].in_(language)} ({len(changed)})"
        for e in changed:
            parts = [_said(x) for x in (e.old, e.new) if x is not None]
            yield f"  {_WORDS[e.kind].in_(language)}  {' → '.join(parts)}"
    if found.clauses:
        yield f"{_WORDS['clauses'].in_(language)} ({len(found.clauses)})"
    for c in found.clauses:
        places = list(dict.fromkeys(x.id for x in (c.old, c.new) if x is not None))
        title = next(x.title for x in (c.new, c.old) if x is not None)
        yield f"  {_WORDS[c.kind].in_(language)}  {' → '.join(places)}  {title[:30]}"
        if c.kind == "changed":
            yield "    " + "".join(_marked(w.state, w.text) for w in c.words)
    yield f"{_WORDS['same'].in_(language)} {found.same}"


def _said(e: Target | Duty) -> str:
    if isinstance(e, Duty):
        return f"{e.clause} {'、'.join((*e.lead, *e.support, *e.deadlines))}"
    high = f"–{e.value_high}" if e.value_high is not None else ""
    years = f"{e.base_year or ''}→{e.target_year or ''}".strip("→")
    return f"{e.clause} {e.scope or ''}{e.indicator} {e.comparator} {e.value}{high}{e.unit} {years}".rstrip()


def _marked(state: str, text: str) -> str:
    plain = text.replace("\n", " ")
    if state == "same":
        return plain if len(plain) <= _SHOWN else f"{plain[:20]}…{plain[-20:]}"
    return f"[-{plain}-]" if state == "gone" else f"{{+{plain}+}}"
