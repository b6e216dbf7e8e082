"""What an entry of a document says (条目内容): as read, as stored, and as a pack is drafted of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from shuangkong.app.document_store import DocumentRow, Entry, new_id
from shuangkong.policy.api import (
    Clean,
    ReadCandidate,
    ReadDuty,
    Reading,
    ReadTarget,
    Remembered,
    cleaned_span,
    normalised,
)

#: Signs before the words of an entry that tell the same words in two places apart.
CONTEXT = 24
_TARGET = (
    "indicator", "indicator_id", "scope", "region", "comparator", "value", "value_high", "unit", "base_year",
    "target_year",
)  # fmt: skip
_DUTY = ("lead", "support", "deadlines")


@dataclass(frozen=True, slots=True)
class Found:
    """Where an entry stands: its document in the file, its clause, and its quote as the original has it."""

    part: int
    clause: str
    quote: str
    start: int
    end: int


def read_entries(row: DocumentRow, cleaned: Clean, reading: Reading) -> Iterator[Entry]:
    """All that the reader found in a document, as entries that nobody has decided on."""
    every: tuple[ReadTarget | ReadDuty | ReadCandidate, ...] = (*reading.targets, *reading.duties, *reading.candidates)
    for one in every:
        kind, values = values_of(one)
        at = Found(one.document, one.clause, one.quote, one.start, one.end)
        yield made_entry(row, cleaned, at, kind, values, confidence=one.confidence, unsure=one.unsure)


def made_entry(
    row: DocumentRow,
    cleaned: Clean,
    at: Found,
    kind: str,
    read: Mapping[str, Any] | None,
    *,
    confidence: str,
    unsure: tuple[str, ...] = (),
) -> Entry:
    """A candidate of a document, with its normalised words and what stands before them."""
    first, last = cleaned_span(cleaned, at.start, at.end)
    return Entry(
        entry_id=new_id("de"), document_id=row.document_id, part=at.part, kind=kind, clause=at.clause, quote=at.quote,
        start_at=at.start, end_at=at.end, words=normalised(cleaned, first, last),
        context=normalised(cleaned, max(0, first - CONTEXT), first), read=read, held=None, confidence=confidence,
        unsure=unsure, state="candidate", reason=None, carried_from=None, decided_by=None, decided_at=None,
    )  # fmt: skip


def values_of(one: ReadTarget | ReadDuty | ReadCandidate) -> tuple[str, dict[str, Any]]:
    """Kind and fields; decimals are text with the digits that are printed."""
    if isinstance(one, ReadTarget):
        return "target", {k: _plain(getattr(one, k)) for k in _TARGET}
    if isinstance(one, ReadDuty):
        return "duty", {k: list(getattr(one, k)) for k in _DUTY}
    return one.kind, {k: _plain(v) for k, v in one.fields.items()}


def _plain(value: Any) -> Any:
    """The value as JSON gives it back: what was stored and what is read now can be compared."""
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return value if value is None or isinstance(value, str | int | bool) else str(value)


def as_target(e: Entry) -> ReadTarget:
    """The target that an entry holds."""
    v: dict[str, Any] = {k: e.values.get(k) for k in _TARGET}
    for name in ("value", "value_high"):
        v[name] = None if v[name] is None else Decimal(str(v[name]))
    return ReadTarget(
        document=e.part, clause=e.clause, quote=e.quote, start=e.start_at, end=e.end_at, confidence=e.confidence,
        unsure=e.unsure, **v,
    )  # fmt: skip


def as_duty(e: Entry) -> ReadDuty:
    """The duty that an entry holds."""
    v: dict[str, Any] = {k: tuple(e.values.get(k) or ()) for k in _DUTY}
    return ReadDuty(
        document=e.part, clause=e.clause, quote=e.quote, start=e.start_at, end=e.end_at, confidence=e.confidence,
        unsure=e.unsure, **v,
    )  # fmt: skip


def as_candidate(e: Entry) -> ReadCandidate:
    """The rule, range, deadline, list or platform that an entry holds."""
    return ReadCandidate(
        e.part, e.clause, e.kind, dict(e.values), e.quote, e.start_at, e.end_at, e.confidence, e.unsure
    )


def remembered(e: Entry) -> Remembered:
    """The entry as far as it is compared with those of another reading."""
    what = str((e.read or e.values).get("indicator", "")) if e.kind == "target" else ""
    return Remembered(e.kind, e.words, e.clause, e.context, what, e.state == "rejected")
