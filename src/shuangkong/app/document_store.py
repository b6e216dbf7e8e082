"""Documents under review (待解读文件): what was handed up, what was read in it, and what people decided of each entry.

Versions of one document are a series. An entry keeps what the reader said (`read`) beside what holds (`held`), so that
a correction hides nothing; each step of a review is kept with what stood before it, so that it can be taken back.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from shuangkong.engine.api import METADATA, UtcInstant, audit_entry
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Label

EntryState = Literal["candidate", "accepted", "corrected", "rejected", "added"]
ENTRY_STATES: dict[str, Label] = {
    "candidate": Label("待复核", "to review"),
    "accepted": Label("已采纳", "accepted"),
    "corrected": Label("已更正", "corrected"),
    "rejected": Label("已剔除", "rejected"),
    "added": Label("补录", "added"),
}
#: Entries in these states go into a pack.
TAKEN = ("accepted", "corrected", "added")
KINDS: dict[str, Label] = {
    "target": Label("目标", "target"),
    "duty": Label("责任", "duty"),
    "rule": Label("规则", "rule"),
    "range": Label("范围界定", "range"),
    "deadline": Label("时限", "deadline"),
    "list": Label("清单台账", "list"),
    "platform": Label("平台系统", "platform"),
}

document = sa.Table(
    "document",
    METADATA,
    sa.Column("document_id", sa.String(40), primary_key=True),
    sa.Column("series", sa.String(40), nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("region", sa.String(6), nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("doc_number", sa.Text),
    sa.Column("file_name", sa.Text, nullable=False),
    sa.Column("original", sa.String(64), nullable=False),
    sa.Column("content", sa.String(64)),
    sa.Column("signs", sa.Integer),
    sa.Column("reason", sa.String(20)),
    sa.Column("synthetic", sa.Boolean, nullable=False),
    sa.Column("job_id", sa.String(40)),
    sa.Column("proposal_id", sa.String(40)),
    sa.Column("uploaded_by", sa.String(120), nullable=False),
    sa.Column("uploaded_at", UtcInstant, nullable=False),
    sa.Column("read_at", UtcInstant),
    sa.Index(None, "series", "version"),
)
document_entry = sa.Table(
    "document_entry",
    METADATA,
    sa.Column("entry_id", sa.String(40), primary_key=True),
    sa.Column("document_id", sa.String(40), nullable=False),
    sa.Column("part", sa.Integer, nullable=False),
    sa.Column("kind", sa.String(12), nullable=False),
    sa.Column("clause", sa.Text, nullable=False),
    sa.Column("quote", sa.Text, nullable=False),
    sa.Column("start_at", sa.Integer, nullable=False),
    sa.Column("end_at", sa.Integer, nullable=False),
    sa.Column("words", sa.Text, nullable=False),
    sa.Column("context", sa.Text, nullable=False),
    sa.Column("read", sa.Text),
    sa.Column("held", sa.Text),
    sa.Column("confidence", sa.String(10), nullable=False),
    sa.Column("unsure", sa.Text, nullable=False),
    sa.Column("state", sa.String(12), nullable=False),
    sa.Column("reason", sa.Text),
    sa.Column("carried_from", sa.String(40)),
    sa.Column("decided_by", sa.String(120)),
    sa.Column("decided_at", UtcInstant),
    sa.Index(None, "document_id", "start_at"),
)
#: A step of a review: the entries it changed as they stood before (null for one that it added).
document_step = sa.Table(
    "document_step",
    METADATA,
    sa.Column("step_id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("document_id", sa.String(40), nullable=False),
    sa.Column("principal", sa.String(120), nullable=False),
    sa.Column("action", sa.String(20), nullable=False),
    sa.Column("before", sa.Text, nullable=False),
    sa.Column("taken_at", UtcInstant, nullable=False),
    sa.Column("undone_at", UtcInstant),
    sa.Index(None, "document_id", "step_id"),
)


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A document that was handed up; `content` is its text among the blobs, None until it is read."""

    document_id: str
    series: str
    version: int
    region: str
    title: str
    doc_number: str | None
    file_name: str
    original: str
    content: str | None
    signs: int | None
    reason: str | None
    synthetic: bool
    job_id: str | None
    proposal_id: str | None
    uploaded_by: str
    uploaded_at: datetime
    read_at: datetime | None


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that a document says: what was read, what holds, and who decided so.

    `words` are the quote without what a new print may change, `context` the signs before them; `read` is None for one
    that a person added, `held` None for one that nobody has accepted.
    """

    entry_id: str
    document_id: str
    part: int
    kind: str
    clause: str
    quote: str
    start_at: int
    end_at: int
    words: str
    context: str
    read: Mapping[str, Any] | None
    held: Mapping[str, Any] | None
    confidence: str
    unsure: tuple[str, ...]
    state: EntryState
    reason: str | None
    carried_from: str | None
    decided_by: str | None
    decided_at: datetime | None

    @property
    def values(self) -> Mapping[str, Any]:
        """What holds, else what was read."""
        return self.held if self.held is not None else (self.read or {})

    @property
    def taken(self) -> bool:
        """Whether it goes into a pack."""
        return self.state in TAKEN


#: What a step changes of an entry.
DECIDED = ("held", "state", "reason", "carried_from", "decided_by", "decided_at")


def new_id(kind: str) -> str:
    """An id that nobody had before."""
    return f"{kind}_{uuid.uuid4().hex[:20]}"


def add_document(db: sa.Connection, **values: Any) -> None:
    """A new row; the caller has checked the region and writes the audit entry."""
    db.execute(document.insert().values(**values))


def change_document(db: sa.Connection, document_id: str, **values: Any) -> None:
    """Change a row; the caller writes the audit entry."""
    db.execute(document.update().where(document.c.document_id == document_id).values(**values))


def document_rows(db: sa.Connection, **wanted: Any) -> list[DocumentRow]:
    """Documents whose columns have these values, the newest first; the caller holds their regions against a scope."""
    query = sa.select(document).where(*(document.c[k] == v for k, v in wanted.items()))
    query = query.order_by(document.c.uploaded_at.desc(), document.c.document_id)
    return [DocumentRow(**row) for row in db.execute(query).mappings()]


def entries_of(db: sa.Connection, document_id: str) -> list[Entry]:
    """The entries of a document in the order of its text."""
    t = document_entry
    query = sa.select(t).where(t.c.document_id == document_id)
    query = query.order_by(t.c.start_at, t.c.end_at, t.c.kind, t.c.entry_id)
    return [_entry(dict(row)) for row in db.execute(query).mappings()]


def entry_of(db: sa.Connection, document_id: str, entry_id: str) -> Entry:
    """One entry of a document; READ-005 where there is none."""
    t = document_entry
    query = sa.select(t).where(t.c.document_id == document_id, t.c.entry_id == entry_id)
    row = db.execute(query).mappings().first()
    if row is None:
        raise not_there(entry_id)
    return _entry(dict(row))


def not_there(name: str) -> UserError:
    """READ-005, in the same words for what lies outside the scope as for what does not exist."""
    return UserError(
        "READ-005", "there is no such document or entry, or it is not in your scope.", where=name[:60],
        remedy="Open /documents for those in your scope.", case="none",
    )  # fmt: skip


def add_entries(db: sa.Connection, entries: Iterable[Entry]) -> None:
    """New rows."""
    rows = [_row(e) for e in entries]
    if rows:
        db.execute(document_entry.insert(), rows)


def put_entry(db: sa.Connection, entry: Entry) -> None:
    """Write an entry as it now is."""
    row = _row(entry)
    db.execute(document_entry.update().where(document_entry.c.entry_id == row.pop("entry_id")).values(**row))


def drop_entries(db: sa.Connection, ids: Iterable[str]) -> None:
    """Take entries away."""
    for entry_id in ids:
        db.execute(document_entry.delete().where(document_entry.c.entry_id == entry_id))


def drop_document(db: sa.Connection, document_id: str) -> None:
    """Delete a document with its entries and steps; the caller writes the audit entry and looks after the files."""
    for t in (document_entry, document_step, document):
        db.execute(t.delete().where(t.c.document_id == document_id))


def counts_of(db: sa.Connection, ids: Iterable[str]) -> dict[str, dict[str, int]]:
    """How many entries of each state each document has."""
    t = document_entry
    query = sa.select(t.c.document_id, t.c.state, sa.func.count()).where(t.c.document_id.in_(list(ids)))
    found: dict[str, dict[str, int]] = {}
    for document_id, state, n in db.execute(query.group_by(t.c.document_id, t.c.state)):
        found.setdefault(document_id, {})[state] = n
    return found


#: What the audit log calls the proposing of a pack that was made of a document.
PROPOSED = "document.propose"


def deciders_of(db: sa.Connection, proposal_id: str) -> frozenset[str]:
    """Who accepted, corrected or added what a proposed pack was made of, as it was when it was proposed."""
    e = audit_entry.c
    query = sa.select(e.object, e.detail).where(e.action == PROPOSED, e.detail.contains(proposal_id, autoescape=True))
    found: set[str] = set()
    for document_id, detail in db.execute(query):
        # the log of an earlier edition does not say; the entries then do, as they are now
        own = [x.decided_by for x in entries_of(db, document_id) if x.taken and x.decided_by]
        found.update(json.loads(detail).get("decided_by", own))
    return frozenset(found)


def kept_of(entry: Entry) -> dict[str, Any]:
    """What a step keeps of an entry: the whole row, to be put back when the step is taken back."""
    return {k: _plain(v) for k, v in _row(entry).items()}


def put_back(kept: Mapping[str, Any], now: Entry | None) -> Entry:
    """The entry as a step found it; where it stands in the text, and what was read, are as they are `now`."""
    row = {k: v for k, v in kept.items() if k != "taken_away"}
    if row["decided_at"]:
        row["decided_at"] = datetime.fromisoformat(row["decided_at"])
    before = _entry(row)
    return before if now is None else replace(now, **{k: getattr(before, k) for k in DECIDED})


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _row(e: Entry) -> dict[str, Any]:
    row = {name: getattr(e, name) for name in Entry.__dataclass_fields__}
    return row | {
        "read": as_text(e.read), "held": as_text(e.held), "unsure": json.dumps(list(e.unsure), ensure_ascii=False),
    }  # fmt: skip


def as_text(values: Mapping[str, Any] | None) -> str | None:
    """Fields as JSON; decimals are text, which loses no digit."""
    return None if values is None else json.dumps(values, ensure_ascii=False, default=str)


def _entry(row: Mapping[str, Any]) -> Entry:
    read = {k: json.loads(row[k]) if row[k] else None for k in ("read", "held")}
    return Entry(**{**row, **read, "unsure": tuple(json.loads(row["unsure"]))})
