"""The audit log (审计日志): one hash-chained entry in the transaction of each change."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from shuangkong.engine.database import METADATA, UtcInstant

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


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the chain: printed on forms and in back-ups, so that a cut tail shows."""

    sequence: int
    hash: str


def _link(previous: str, sequence: int, at: datetime, principal: str, action: str, obj: str, detail: str) -> str:
    body = json.dumps([previous, sequence, at.isoformat(), principal, action, obj, detail], ensure_ascii=False)
    return hashlib.sha256(body.encode()).hexdigest()


def head(connection: sa.Connection) -> Head:
    """The newest entry, or the beginning of an empty log."""
    row = connection.execute(
        sa.select(audit_entry.c.sequence, audit_entry.c.hash).order_by(audit_entry.c.sequence.desc()).limit(1)
    ).first()
    return Head(row.sequence, row.hash) if row else Head(0, GENESIS)


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
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(7218)"))
    last = head(connection)
    sequence = last.sequence + 1
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
    """What is wrong with the chain: changed, removed or reordered entries, or a head that is gone."""
    wrong: list[str] = []
    previous, expected = GENESIS, 1
    seen: dict[int, str] = {}
    for row in connection.execute(sa.select(audit_entry).order_by(audit_entry.c.sequence)):
        if row.sequence != expected:
            wrong.append(f"entries {expected} to {row.sequence - 1} are missing")
        link = _link(row.previous, row.sequence, row.at, row.principal, row.action, row.object, row.detail)
        if link != row.hash:
            wrong.append(f"entry {row.sequence} was changed")
        elif row.previous != previous:
            wrong.append(f"entry {row.sequence} does not follow the one before it")
        previous, expected = row.hash, row.sequence + 1
        seen[row.sequence] = row.hash
    if upto and upto.sequence and seen.get(upto.sequence) != upto.hash:
        wrong.append(f"the head {upto.sequence}:{upto.hash[:12]} is not in the log")
    return wrong
