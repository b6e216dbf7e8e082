"""The audit log (审计日志): one hash-chained entry in the transaction of each change."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy import Engine

from shuangkong.engine.database import METADATA, UtcInstant, writing
from shuangkong.kernel.errors import UserError

audit_entry = sa.Table(
    "audit_entry",
    METADATA,
    sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("at", UtcInstant, nullable=False),
    sa.Column("principal", sa.String(120), nullable=False),
    sa.Column("action", sa.String(60), nullable=False),
    sa.Column("object", sa.String(200), nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("previous", sa.String(64), nullable=False),
    sa.Column("hash", sa.String(64), nullable=False, unique=True),
)
GENESIS = "0" * 64
#: Entries read at once while verifying: a log of any length is never in memory.
CHUNK = 10_000
#: Faults that are told one by one; a log that is wrong from its beginning is told by its first ones.
MOST_FAULTS = 200

Told = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the chain: printed on forms and in back-ups, so that a cut tail shows."""

    sequence: int
    hash: str

    def __str__(self) -> str:
        return f"{self.sequence}:{self.hash}"

    @classmethod
    def parse(cls, text: str, where: str = "head") -> Head:
        """A head as it was printed, `sequence:hash`; AUDIT-001 for what cannot be one."""
        number, _, digest = text.strip().partition(":")
        digest = digest.strip().lower()
        if not (number.strip().isascii() and number.strip().isdigit() and len(number) <= 18) or not _is_hash(digest):
            raise UserError(
                "AUDIT-001", f"“{text[:80]}” is no head of an audit log.", where=where,
                remedy="Copy it whole as it was printed: the number, a colon, 64 digits and letters a to f.",
                case="head", facts={"text": text[:80]},
            )  # fmt: skip
        return cls(int(number), digest)


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with the log. `first` and `last` are numbers of entries.

    changed: what it says, its number or its hash is not what was recorded; missing: entries that are not there;
    replaced: it does not follow the one before it, so one of the two was made anew; moved: it stood at `was`;
    foreign: a number that no entry can have; cut: the log ends before the head that was exported;
    rewritten: the exported head's entry has another hash, so the log was made anew up to it.
    """

    kind: Literal["changed", "missing", "replaced", "moved", "foreign", "cut", "rewritten"]
    first: int
    last: int
    was: int = 0
    head: str = ""

    def __str__(self) -> str:
        if self.kind == "missing":
            one = self.first == self.last
            return f"entry {self.first} is missing" if one else f"entries {self.first} to {self.last} are missing"
        return {
            "changed": f"entry {self.first} was changed",
            "replaced": f"entry {self.first} does not follow the one before it",
            "moved": f"entry {self.first} stood at {self.was} when it was recorded",
            "foreign": f"entry {self.first} does not belong to the log",
            "cut": f"the head {self.head} is not in the log: it ends at entry {self.first - 1}",
            "rewritten": f"the head {self.head} is not in the log: entry {self.first} or one before it was replaced",
        }[self.kind]


@dataclass(frozen=True, slots=True)
class Verified:
    """What a verification found: how many entries, the end of the log, and every fault (at most `MOST_FAULTS`)."""

    entries: int
    head: Head
    faults: tuple[Fault, ...]
    more: int = 0

    @property
    def whole(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults


def _is_hash(text: str) -> bool:
    return len(text) == 64 and set(text) <= set("0123456789abcdef")


def _link(previous: str, sequence: int, at: datetime, principal: str, action: str, obj: str, detail: str) -> str:
    body = json.dumps([previous, sequence, at.isoformat(), principal, action, obj, detail], ensure_ascii=False)
    return hashlib.sha256(body.encode()).hexdigest()


def head(connection: sa.Connection) -> Head:
    """The newest entry, or the beginning of an empty log."""
    row = connection.execute(
        sa.select(audit_entry.c.sequence, audit_entry.c.hash).order_by(audit_entry.c.sequence.desc()).limit(1)
    ).first()
    return Head(row.sequence, row.hash) if row else Head(0, GENESIS)


@contextmanager
def writing_in_turn(engine: Engine) -> Iterator[sa.Connection]:
    """One transaction that changes something as `writing` does, and until it ends no other one records anything.

    What is looked up in it stays so until it is committed.
    """
    with writing(engine) as connection:
        _take_turn(connection)
        yield connection


def _take_turn(connection: sa.Connection) -> None:
    # on SQLite a transaction that writes has the turn from its beginning
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(7218)"))


def record(
    connection: sa.Connection,
    *,
    at: datetime,
    principal: str,
    action: str,
    obj: str,
    detail: Mapping[str, object],
) -> Head:
    """Append one entry in the caller's transaction: the change and its entry stand or fall together."""
    _take_turn(connection)
    last = head(connection)
    sequence = last.sequence + 1
    # the hash is over the instant as it is read back, whatever zone it came in
    at = at.astimezone(UTC)
    text = json.dumps(detail, ensure_ascii=False, sort_keys=True, default=str)
    link = _link(last.hash, sequence, at, principal, action, obj, text)
    connection.execute(
        audit_entry.insert().values(
            sequence=sequence, at=at, principal=principal, action=action, object=obj, detail=text,
            previous=last.hash, hash=link,
        )
    )  # fmt: skip
    return Head(sequence, link)


def verify(connection: sa.Connection, upto: Head | None = None) -> list[str]:
    """What is wrong with the chain, a sentence each: see `verified`."""
    return [str(fault) for fault in verified(connection, upto).faults]


def verified(connection: sa.Connection, upto: Head | None = None, *, told: Told | None = None) -> Verified:
    """Read the log once from its beginning, some thousands of entries at a time, and name what is wrong with it.

    A log that was cut, or made anew from some entry on, is whole in itself: only a head that was exported before
    tells, so `upto` is compared with the entry of its number. `told` hears how many of how many were read.
    """
    check = _Check(upto)
    end = head(connection)
    for rows in _chunks(connection):
        for row in rows:
            check.take(row)
        if told:
            told(check.entries, max(end.sequence, check.entries))
    check.compare()
    # that the exported head is gone comes first: it says that nothing else can be relied on
    found = sorted(check.named(), key=lambda f: (not f.head, f.first))
    more = check.dropped + max(0, len(found) - MOST_FAULTS)
    return Verified(check.entries, check.end, tuple(found[:MOST_FAULTS]), more)


def _chunks(connection: sa.Connection) -> Iterator[list[sa.Row[Any]]]:
    """Entries by number; each chunk is asked for by the number after the last, which the key answers at once."""
    last: int | None = None
    while True:
        query = sa.select(audit_entry).order_by(audit_entry.c.sequence).limit(CHUNK)
        if last is not None:
            query = query.where(audit_entry.c.sequence > last)
        rows = list(connection.execute(query))
        if not rows:
            return
        yield rows
        last = rows[-1].sequence


class _Check:
    """The state of one reading: the entry before, what was expected, and the faults so far."""

    def __init__(self, upto: Head | None) -> None:
        self.upto = upto
        self.entries = 0
        self.end = Head(0, GENESIS)
        self.faults: list[Fault] = []
        self.dropped = 0
        self.unfit: list[sa.Row[Any]] = []
        self.unsure = False
        self.seen: str | None = GENESIS if upto and upto.sequence == 0 else None

    def take(self, row: sa.Row[Any]) -> None:
        """Look at the next entry."""
        self.entries += 1
        expected = self.end.sequence + 1
        if row.sequence < 1:
            self._fault(Fault("foreign", row.sequence, row.sequence))
            return
        if row.sequence > expected:
            self._fault(Fault("missing", expected, row.sequence - 1))
        fits = _as_read(row, row.sequence) == row.hash
        if not fits:
            self._unfit(row)
        elif row.sequence == expected and row.previous != self.end.hash and not self.unsure:
            self._fault(Fault("replaced", row.sequence, row.sequence))
        # the hash of an entry that was changed says nothing about the next one
        self.unsure = not fits
        self.end = Head(row.sequence, row.hash)
        if self.upto and row.sequence == self.upto.sequence:
            self.seen = row.hash

    def compare(self) -> None:
        """Whether the exported head is in the log."""
        if self.upto is None or self.seen == self.upto.hash:
            return
        told = f"{self.upto.sequence}:{self.upto.hash[:12]}"
        if self.upto.sequence > self.end.sequence:
            self._fault(Fault("cut", self.end.sequence + 1, self.upto.sequence, head=told))
        elif self.seen is not None or self.upto.sequence == 0:
            self._fault(Fault("rewritten", self.upto.sequence, self.upto.sequence, head=told))

    def named(self) -> list[Fault]:
        """All faults; an entry that fits its hash under another number is one that was moved."""
        numbers = [row.sequence for row in self.unfit]
        places = sorted({*numbers, *(n + 1 for n in numbers), *(n - 1 for n in numbers)})
        for row in self.unfit:
            was = next((n for n in places if n != row.sequence and _as_read(row, n) == row.hash), 0)
            kind: Literal["moved", "changed"] = "moved" if was else "changed"
            self.faults.append(Fault(kind, row.sequence, row.sequence, was))
        return self.faults

    def _unfit(self, row: sa.Row[Any]) -> None:
        if len(self.unfit) < MOST_FAULTS:
            self.unfit.append(row)
        else:
            self.dropped += 1

    def _fault(self, fault: Fault) -> None:
        # the head is compared last and is always told
        if len(self.faults) < MOST_FAULTS or fault.head:
            self.faults.append(fault)
        else:
            self.dropped += 1


def _as_read(row: sa.Row[Any], sequence: int) -> str:
    """The hash that the entry would have under a number."""
    return _link(row.previous, sequence, row.at, row.principal, row.action, row.object, row.detail)
