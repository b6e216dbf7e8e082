"""A unit's consent (授权): it opens the unit's figures to an organisation for one use, and can be taken back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from shuangkong.engine.api import among, record
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.ids import SubjectId
from shuangkong.kernel.scope import Scope, Use
from shuangkong.registry import store

#: Uses that need a consent: lending and services. What the law orders needs none; what is public never names a unit.
CONSENT_USES: tuple[Use, ...] = ("finance", "service")


@dataclass(frozen=True, slots=True)
class Consent:
    """One standing or past consent; `withdrawn_at` is when it was taken back, `by` who gave it."""

    row_id: str
    subject_id: SubjectId
    grantee: str
    use: Use
    valid_from: date
    valid_to: date | None
    recorded_at: datetime
    principal: str
    withdrawn_at: datetime | None

    def stands_on(self, day: date) -> bool:
        """Whether it opens anything on the day."""
        ended = self.valid_to is not None and self.valid_to <= day
        return self.withdrawn_at is None and self.valid_from <= day and not ended


def consented_units(connection: sa.Connection, grantee: str, use: Use, day: date) -> frozenset[SubjectId]:
    """Units whose consent to the organisation for the use stands on the day, as recorded up to this moment."""
    t = store.consent
    query = sa.select(t.c.subject_id).where(t.c.grantee == grantee, t.c.use == use, _open(day))
    return frozenset(SubjectId(s) for s in connection.execute(query).scalars())


def consent_rows(connection: sa.Connection, scope: Scope, subjects: frozenset[str] | None) -> sa.Select[Any]:
    """The same consents as `consents` gives, as a select with the unit's name and code, for a table on a page."""
    t = store.consent
    called = [_called(scheme) for scheme in ("name_zh", "name_en", "uscc")]
    if scope.kind == "consented":
        # who may no longer see the unit is not told which one it was
        shown = [sa.case((_open(scope.on), c), else_="").label(c.name) for c in (t.c.subject_id, *called)]
        others = (c for c in t.c if c is not t.c.subject_id)
        return sa.select(*others, *shown).where(t.c.grantee == scope.grantee, t.c.use == scope.use)
    query = sa.select(*t.c, *called)
    if scope.kind in ("none", "published"):
        return query.where(sa.false())
    return query if subjects is None else query.where(t.c.subject_id.in_(among(connection, subjects)))


def _open(day: date | None) -> sa.ColumnElement[bool]:
    """Whether a consent stands on the day, as recorded up to this moment."""
    t = store.consent
    if day is None:
        return sa.false()
    ended = sa.or_(t.c.valid_to.is_(None), t.c.valid_to > day)
    return sa.and_(t.c.valid_from <= day, ended, t.c.withdrawn_at.is_(None))


def _called(scheme: str) -> sa.Label[Any]:
    """The newest standing name or code of a consent's unit."""
    a = store.alias.alias(f"called_{scheme}")
    later = store.alias.alias(f"later_{scheme}")
    put_right = sa.select(later.c.corrects).where(later.c.corrects == a.c.row_id).exists()
    query = sa.select(a.c.value).where(a.c.subject_id == store.consent.c.subject_id, a.c.scheme == scheme, ~put_right)
    return query.order_by(a.c.valid_from.desc()).limit(1).scalar_subquery().label(scheme)


def consents(connection: sa.Connection, scope: Scope, subjects: frozenset[str] | None) -> list[Consent]:
    """Consents that the reader may see, newest first: of the subjects given (None is all), or to the own bank."""
    t = store.consent
    query = sa.select(t).order_by(t.c.recorded_at.desc(), t.c.row_id)
    if scope.kind == "consented":
        query = query.where(t.c.grantee == scope.grantee, t.c.use == scope.use)
    found = [Consent(**row._mapping) for row in connection.execute(query)]
    if scope.kind == "consented":
        day = scope.on
        return [c if day and c.stands_on(day) else replace(c, subject_id=SubjectId("")) for c in found]
    if subjects is None:
        return found if scope.kind != "none" else []
    return [c for c in found if c.subject_id in subjects]


def give_consent(
    connection: sa.Connection,
    subject: SubjectId,
    grantee: str,
    use: Use,
    days: tuple[date, date | None],
    *,
    at: datetime,
    principal: str,
) -> str:
    """Record a consent; returns its id. RIGHT-004 for a use that takes none, or days that end before they begin."""
    start, end = days
    if use not in CONSENT_USES or not grantee.strip() or (end is not None and end <= start):
        raise UserError(
            "RIGHT-004",
            f"{grantee!r}, {use}, {start} to {end} is no consent.",
            where="consent",
            remedy="Name an organisation, the use finance or service, and an end after the beginning.",
            case="consent",
        )
    row = {
        "subject_id": subject, "grantee": grantee.strip(), "use": use, "valid_from": start, "valid_to": end,
        "recorded_at": at, "principal": principal, "withdrawn_at": None,
    }  # fmt: skip
    row_id = store.row_id(store.consent, row)
    connection.execute(store.consent.insert().values(row_id=row_id, **row))
    record(
        connection, at=at, principal=principal, action="consent.give", obj=subject,
        detail={"consent": row_id, "grantee": grantee.strip(), "use": use, "from": start, "to": end},
    )  # fmt: skip
    return row_id


def withdraw_consent(
    connection: sa.Connection, row_id: str, *, at: datetime, principal: str, of: SubjectId | None = None
) -> None:
    """Take a consent back: from this instant it opens nothing.

    RIGHT-004 where it does not stand; with `of`, in the same words for another unit's.
    """
    t = store.consent
    which = [t.c.row_id == row_id, t.c.withdrawn_at.is_(None)]
    if of is not None:
        which.append(t.c.subject_id == of)
    done = connection.execute(t.update().where(*which).values(withdrawn_at=at))
    if done.rowcount != 1:
        raise UserError("RIGHT-004", "this consent does not stand.", where=row_id, remedy="Look at the list again.",
                        case="not_standing")  # fmt: skip
    subject = connection.execute(sa.select(t.c.subject_id).where(t.c.row_id == row_id)).scalar_one()
    record(connection, at=at, principal=principal, action="consent.withdraw", obj=subject, detail={"consent": row_id})
