"""Tokens for readings (读数令牌): the secret that a unit's readings come under, shown once, kept as a SHA-256."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from shuangkong.engine.api import record
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.ids import SubjectId
from shuangkong.kernel.scope import Scope
from shuangkong.registry.metering_store import reading_token
from shuangkong.registry.service import audited
from shuangkong.registry.snapshots import scope_subjects

#: What a secret begins with, so that one that leaked is recognised; and how much of it a list shows.
SECRET_PREFIX = "skr_"
SHOWN = len(SECRET_PREFIX) + 6
MOST_DAYS = 3_660


@dataclass(frozen=True, slots=True)
class ReadingToken:
    """A token as a list shows it: whose readings come under it, how its secret begins, and whether it stands."""

    token_id: str
    subject_id: SubjectId
    label: str
    prefix: str
    issued_by: str
    issued_at: datetime
    expires_at: datetime | None
    revoked_by: str | None
    revoked_at: datetime | None

    def stands_at(self, at: datetime) -> bool:
        """Whether readings are taken under it."""
        return self.revoked_at is None and (self.expires_at is None or at < self.expires_at)


def token_digest(secret: str) -> str:
    """What the store keeps of a secret: it is long and random, so that one round of SHA-256 hides it."""
    return hashlib.sha256(secret.encode()).hexdigest()


def issue_reading_tokens(
    connection: sa.Connection,
    subjects: Iterable[SubjectId],
    label: str,
    *,
    at: datetime,
    principal: str,
    days: int | None = None,
) -> list[tuple[str, str]]:
    """A token for each unit: (token id, secret), in their order; the secrets are told here and never again.

    `days` is how long they stand, without an end if left out. REG-005 for no label or days that cannot be.
    """
    if not label.strip() or (days is not None and not 1 <= days <= MOST_DAYS):
        raise UserError(
            "REG-005", f"a token for readings needs a name, and 1 to {MOST_DAYS} days.", where="token",
            remedy="Say what it is for, and for how many days.", case="token",
        )  # fmt: skip
    ends = at + timedelta(days=days) if days is not None else None
    made: list[tuple[str, str]] = []
    rows = []
    for subject in subjects:
        token_id, secret = f"r_{uuid.uuid4().hex[:20]}", SECRET_PREFIX + secrets.token_urlsafe(32)
        made.append((token_id, secret))
        rows.append({
            "token_id": token_id, "subject_id": subject, "label": label.strip()[:120], "prefix": secret[:SHOWN],
            "digest": token_digest(secret), "issued_by": principal, "issued_at": at, "expires_at": ends,
            "revoked_by": None, "revoked_at": None,
        })  # fmt: skip
    if rows:
        connection.execute(reading_token.insert(), rows)
        named = {"tokens": [r["token_id"] for r in rows[:50]], "label": label.strip()[:120], "expires": ends}
        audited(connection, at, principal, "readings.token_issue", [str(r["subject_id"]) for r in rows],
                {**named, "new": len(rows)})  # fmt: skip
    return made


def issue_reading_token(
    connection: sa.Connection, subject: SubjectId, label: str, *, at: datetime, principal: str, days: int | None = None
) -> tuple[str, str]:
    """One token, see `issue_reading_tokens`."""
    return issue_reading_tokens(connection, [subject], label, at=at, principal=principal, days=days)[0]


def reading_tokens(
    connection: sa.Connection, scope: Scope, known: datetime, subject: SubjectId | None = None
) -> list[ReadingToken]:
    """Tokens of the units in scope (or of one of them), the newest first, also those that stand no more."""
    t = reading_token
    query = sa.select(*(t.c[n] for n in ReadingToken.__dataclass_fields__)).order_by(t.c.issued_at.desc(), t.c.token_id)
    if subject is not None:
        query = query.where(t.c.subject_id == subject)
    seen = scope_subjects(connection, scope, known)
    shown = None if seen is None else set(seen["subject_id"].to_pylist())
    found = (ReadingToken(*row) for row in connection.execute(query))
    return [token for token in found if shown is None or token.subject_id in shown]


def revoke_reading_token(
    connection: sa.Connection, scope: Scope, named: str, *, at: datetime, principal: str
) -> ReadingToken:
    """Revoke a token in scope by its id or the beginning of its secret; REG-005 where not exactly one so named stands.

    What is out of scope is refused in the same words as what is not there.
    """
    # a whole secret may be what somebody has at hand; its beginning is all that is looked for or told
    start = named[:SHOWN]
    mine = [
        x for x in reading_tokens(connection, scope.for_writing(), at)
        if x.revoked_at is None and (x.token_id == named or (len(start) == SHOWN and x.prefix == start))
    ]  # fmt: skip
    if len(mine) != 1:
        raise UserError(
            "REG-005", f"{len(mine) or 'no'} standing tokens for readings answer to that name.", where=start,
            remedy="Name one by its id, as the list shows it.", case="no_token",
        )  # fmt: skip
    (token,) = mine
    t = reading_token
    connection.execute(t.update().where(t.c.token_id == token.token_id).values(revoked_at=at, revoked_by=principal))
    record(
        connection, at=at, principal=principal, action="readings.token_revoke", obj=token.subject_id,
        detail={"token": token.token_id, "label": token.label},
    )  # fmt: skip
    return token


def standing_digests(connection: sa.Connection, scope: Scope) -> dict[str, tuple[SubjectId, datetime | None]]:
    """Digest of each secret that was not revoked -> its unit, and when it ends; for whoever takes readings in."""
    if not scope.unrestricted:
        raise ValueError("whose token it is, is asked for all")
    t = reading_token
    rows = connection.execute(sa.select(t.c.digest, t.c.subject_id, t.c.expires_at).where(t.c.revoked_at.is_(None)))
    return {digest: (SubjectId(subject), ends) for digest, subject, ends in rows}


def tokens_state(connection: sa.Connection) -> tuple[int, int]:
    """What changes whenever a token is issued or revoked; cheap to ask for."""
    t = reading_token
    issued, revoked = connection.execute(sa.select(sa.func.count(), sa.func.count(t.c.revoked_at))).one()
    return issued, revoked
