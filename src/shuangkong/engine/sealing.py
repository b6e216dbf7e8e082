"""Sealing what the lake holds (封存): one audit entry with the digest of all commits since the last.

Figures that people hand in are audited one by one. Readings, and what is worked out from them, are committed every few
seconds: an entry each would drown what people did. Their files stand in `lake_commit` by hash, and a seal puts the
digest of those rows into the chain, so that a file or a row that is changed later no longer fits its seal.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from shuangkong.engine.audit import audit_entry, record
from shuangkong.engine.database import one_at_a_time
from shuangkong.engine.lake import lake_commit

SEAL = "lake.seal"
OBJECT = "lake"


@dataclass(frozen=True, slots=True)
class Seal:
    """Commits `after` up to and including `upto`: how many, and their digest; `entry` is its number in the log."""

    entry: int
    after: int
    upto: int
    commits: int
    digest: str


def seal(connection: sa.Connection, *, at: datetime, principal: str) -> Seal | None:
    """Seal the commits since the last seal, in the caller's transaction; None where there are none."""
    one_at_a_time(connection)
    last = seals(connection)[-1:]
    after = last[0].upto if last else 0
    count, upto, digest = _digest(connection, after, None)
    if not count:
        return None
    detail = {"after": after, "upto": upto, "commits": count, "digest": digest}
    head = record(connection, at=at, principal=principal, action=SEAL, obj=OBJECT, detail=detail)
    return Seal(head.sequence, after, upto, count, digest)


def seals(connection: sa.Connection) -> list[Seal]:
    """Every seal of the log, oldest first."""
    e = audit_entry.c
    rows = connection.execute(sa.select(e.sequence, e.detail).where(e.action == SEAL).order_by(e.sequence))
    found = []
    for sequence, text in rows:
        d = json.loads(text)
        found.append(Seal(sequence, d["after"], d["upto"], d["commits"], d["digest"]))
    return found


def broken_seals(connection: sa.Connection) -> list[Seal]:
    """Seals whose commits are not what they were: a row was changed, put in or taken out."""
    broken = []
    for one in seals(connection):
        count, _, digest = _digest(connection, one.after, one.upto)
        if (count, digest) != (one.commits, one.digest):
            broken.append(one)
    return broken


def _digest(connection: sa.Connection, after: int, upto: int | None) -> tuple[int, int, str]:
    """How many commits, the last of them, and the SHA-256 over number, table, file, rows and hash of each."""
    c = lake_commit.c
    query = sa.select(c.sequence, c.table_name, c.file, c.rows, c.sha256).where(c.sequence > after)
    if upto is not None:
        query = query.where(c.sequence <= upto)
    found, count, last = hashlib.sha256(), 0, after
    for row in connection.execute(query.order_by(c.sequence)):
        found.update("\x1f".join(map(str, row)).encode() + b"\n")
        count, last = count + 1, int(row.sequence)
    return count, last, found.hexdigest()
