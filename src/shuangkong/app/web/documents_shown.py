"""What the review page shows (复核页): clauses with their words lit up, beside each the entries read in it, by page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from shuangkong.app.document_review import is_sure
from shuangkong.app.document_store import ENTRY_STATES, KINDS, Entry
from shuangkong.policy.api import Lit, Piece, ReadClause, ReadDocument, Version, cleaned_span, pieces

#: A page of a long document holds clauses of about so many signs.
PAGE = 9_000
#: Filters of the page, by the name they have in its address, with the values that they take.
FILTERS: Mapping[str, tuple[str, ...]] = {
    "kind": tuple(KINDS), "state": tuple(ENTRY_STATES), "sure": ("high", "medium", "low"), "doubt": ("1",),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Choice:
    """What the address chooses: filters by name, and the page."""

    filters: Mapping[str, str]
    page: int

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Choice:
        """From the parts of an address; what the page does not know is not looked at."""
        page = query.get("page", "")
        kept = {k: v for k, values in FILTERS.items() if (v := query.get(k, "")) in values and v}
        return cls(kept, int(page) if page.isascii() and page.isdecimal() and len(page) < 5 else 1)

    def wants(self, e: Entry) -> bool:
        """Whether the filters let an entry through."""
        of = {"kind": e.kind, "state": e.state, "sure": e.confidence, "doubt": "1" if e.unsure else ""}
        return all(of[k] == v for k, v in self.filters.items())

    def query(self, **changes: str | int) -> str:
        """The part of an address behind the question mark, with some of it changed; empty where nothing is chosen."""
        parts: dict[str, Any] = {**self.filters, "page": self.page if self.page > 1 else "", **changes}
        kept = {k: v for k, v in parts.items() if v not in ("", None) and (k, v) != ("page", 1)}
        return f"?{urlencode(kept)}" if kept else ""


@dataclass(frozen=True, slots=True)
class Shown:
    """A clause as the page shows it; `key` is its anchor, `depth` counts from 0, `entries` are those let through."""

    key: str
    part: int
    id: str
    title: str
    depth: int
    paragraphs: tuple[tuple[Piece, ...], ...]
    entries: tuple[Entry, ...]
    folded: bool


@dataclass(frozen=True, slots=True)
class OnPage:
    """One page of a document: its clauses, the outline of all of them, counts, and where to go next."""

    document: ReadDocument | None
    clauses: tuple[Shown, ...]
    outline: tuple[tuple[int, str, str, str, int], ...]
    pages: int
    page: int
    wanted: int
    elsewhere: int | None
    counts: Mapping[str, Mapping[str, int]]
    decided: int
    total: int
    sure: int
    page_of: Mapping[str, int] = field(default_factory=dict)


def on_page(version: Version, entries: Sequence[Entry], choice: Choice) -> OnPage:
    """The page that is chosen; one that does not exist is the last or the first."""
    spans = [(d, n, c) for d in version.reading.documents for n, c in enumerate(d.clauses)]
    starts = [cleaned_span(version.cleaned, e.start_at, e.end_at) for e in entries]
    split = _split(spans)
    page_of = {_key(d, n): number for number, chunk in enumerate(split, 1) for d, n, _ in chunk}
    place = {e.entry_id: _holder(spans, at[0]) for e, at in zip(entries, starts, strict=True)}
    wanted = [e for e in entries if choice.wants(e)]
    entry_page = {e.entry_id: page_of[place[e.entry_id]] for e in entries}
    page = min(max(1, choice.page), len(split))
    # words lead to the last entry they are lit for: to a rejected one only where there is no other
    where = sorted(zip(entries, starts, strict=True), key=lambda x: x[0].state != "rejected")
    lit = [Lit(e.entry_id, *at) for e, at in where if choice.wants(e)]
    shown = [_shown(version, d, n, c, lit, [e for e in wanted if place[e.entry_id] == _key(d, n)], choice)
             for d, n, c in split[page - 1]]  # fmt: skip
    others = [entry_page[e.entry_id] for e in wanted if entry_page[e.entry_id] != page]
    outline = tuple((_key(d, n), c.id, c.title, d, c.rank) for d, n, c in spans if c.rank <= 3 and (c.title or c.rank))
    return OnPage(
        document=split[page - 1][0][0] if split[page - 1] else None, clauses=tuple(shown),
        outline=tuple((page_of[key], key, id_, title, rank) for key, id_, title, _, rank in outline),
        pages=len(split), page=page, wanted=len(wanted), elsewhere=min(others, default=None) if others else None,
        counts=_counts(entries), decided=sum(e.state != "candidate" for e in entries), total=len(entries),
        sure=sum(is_sure(e) for e in entries), page_of=entry_page,
    )  # fmt: skip


def _key(d: ReadDocument, n: int) -> str:
    return f"c-{d.number}-{n}"


_Span = tuple[ReadDocument, int, ReadClause]


def _split(spans: Sequence[_Span]) -> list[list[_Span]]:
    """Clauses by page; a document of the file that is long begins on a page of its own."""
    made: list[list[_Span]] = [[]]
    signs = 0
    for d, n, c in spans:
        if made[-1] and signs + (c.end - c.start) > PAGE:
            made.append([])
            signs = 0
        made[-1].append((d, n, c))
        signs += c.end - c.start
    return made


def _holder(spans: Sequence[_Span], at: int) -> str:
    """The anchor of the clause that a sign stands in."""
    found = spans[0]
    for span in spans:
        if span[2].start > at:
            break
        found = span
    return _key(found[0], found[1])


def _shown(
    version: Version, d: ReadDocument, n: int, c: ReadClause, lit: Sequence[Lit], entries: Sequence[Entry],
    choice: Choice,
) -> Shown:  # fmt: skip
    depth = max(0, c.rank - 2)
    folded = bool(choice.filters) and not entries
    paragraphs = () if folded else pieces(version.cleaned, c.start, c.end, lit)
    return Shown(_key(d, n), d.number, c.id, c.title, depth, paragraphs, tuple(entries), folded)


def _counts(entries: Sequence[Entry]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {name: {} for name in FILTERS}
    for e in entries:
        for name, value in _filtered(e):
            found[name][value] = found[name].get(value, 0) + 1
    return found


def _filtered(e: Entry) -> Iterator[tuple[str, str]]:
    yield from (("kind", e.kind), ("state", e.state), ("sure", e.confidence))
    if e.unsure:
        yield "doubt", "1"


def after(entries: Sequence[Entry], entry_id: str) -> Entry | None:
    """The next entry that waits, behind one that was decided on; from the beginning where none is left behind it."""
    ids = [e.entry_id for e in entries]
    at = ids.index(entry_id) + 1 if entry_id in ids else 0
    return next((e for e in (*entries[at:], *entries[:at]) if e.state == "candidate" and e.entry_id != entry_id), None)
