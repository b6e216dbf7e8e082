"""What the reader finds (读出的内容): documents, clauses, targets and duties, each with its words and their place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Clause:
    """One numbered clause; `start` to `end` are signs of the cleaned text up to the next number of any level."""

    id: str
    rank: int
    title: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a file, with what it says about itself."""

    number: int
    kind: str
    start: int
    end: int
    title: str | None = None
    doc_number: str | None = None
    issuer: str | None = None
    region: str | None = None
    issued: str | None = None
    period: tuple[int, int] | None = None
    carries_out: tuple[str, ...] = ()
    clauses: tuple[Clause, ...] = ()


@dataclass(frozen=True, slots=True)
class Target:
    """A quantity that a document sets. `start` and `end` are signs of the original text.

    The reader gives the indicator as printed; a person who reviews it may add which of the catalogue it is
    (`indicator_id`) and which region it binds (`region`, code of GB/T 2260).
    """

    document: int
    clause: str
    indicator: str
    scope: str | None
    comparator: str
    value: Decimal
    value_high: Decimal | None
    unit: str
    base_year: int | None
    target_year: int | None
    quote: str
    start: int
    end: int
    confidence: str
    unsure: tuple[str, ...] = ()
    indicator_id: str | None = None
    region: str | None = None


@dataclass(frozen=True, slots=True)
class Duty:
    """One responsibility tail: who leads and who supports."""

    document: int
    clause: str
    lead: tuple[str, ...]
    support: tuple[str, ...]
    quote: str
    start: int
    end: int
    deadlines: tuple[str, ...] = ()
    confidence: str = "high"
    unsure: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something else that a document asks for: a rule, a range, a deadline, a list to keep, a platform to build."""

    document: int
    clause: str
    kind: str
    fields: Mapping[str, object]
    quote: str
    start: int
    end: int
    confidence: str
    unsure: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """All that was read of a file."""

    documents: tuple[Document, ...]
    targets: tuple[Target, ...]
    duties: tuple[Duty, ...]
    candidates: tuple[Candidate, ...] = ()
    reason: str | None = None
