"""Managing accounts (账户管理): passwords reset, accounts closed, appointments taken back; sessions end with them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

import sqlalchemy as sa

from shuangkong.engine.api import record
from shuangkong.kernel.errors import UserError
from shuangkong.webkit.passwords import NewPassword
from shuangkong.webkit.people import Person, appointment, appointments, people, person
from shuangkong.webkit.rights import rights
from shuangkong.webkit.sessions import business_day, end_sessions, sign_in_attempt


def set_password(
    connection: sa.Connection,
    who: Person,
    password: str | NewPassword,
    *,
    at: datetime,
    principal: str,
    must_change: bool,
) -> None:
    """Change or reset a password; every session and lock of the person ends. RIGHT-005 for one that may not be used."""
    kept = (password if isinstance(password, NewPassword) else NewPassword.of(password, who.name)).hash
    _change(connection, who, {"password_hash": kept, "must_change": must_change})
    end_sessions(connection, who.person_id, at=at)
    connection.execute(sign_in_attempt.delete().where(sign_in_attempt.c.name == who.name))
    action = "person.password.reset" if must_change else "person.password.change"
    record(connection, at=at, principal=principal, action=action, obj=who.person_id, detail={"name": who.name})


def set_active(connection: sa.Connection, who: Person, *, active: bool, at: datetime, principal: str) -> None:
    """Close or reopen an account; closing ends every session and token.

    RIGHT-004 for one's own account, and for the last person who can manage people.
    """
    if not active and principal == who.person_id:
        raise UserError("RIGHT-004", "nobody closes the account that they act in.", where=who.name,
                        remedy="Ask another administrator.", case="own_account")  # fmt: skip
    # the entry comes first: it takes the turn in which nobody else changes who may manage people
    record(
        connection, at=at, principal=principal, action="person.active", obj=who.person_id,
        detail={"name": who.name, "old": who.active, "new": active},
    )  # fmt: skip
    before = managers(connection, business_day(at))
    _change(connection, who, {"active": active})
    if not active:
        end_sessions(connection, who.person_id, at=at)
        _still_managed(connection, before, at)


def revoke(connection: sa.Connection, appointment_id: str, *, at: datetime, principal: str) -> None:
    """Take an appointment back, with the sessions and tokens that used it.

    RIGHT-004 where it does not stand, and for the last one that can manage people.
    """
    t = appointment
    owner = connection.execute(sa.select(t.c.person_id).where(t.c.appointment_id == appointment_id)).scalar() or ""
    # the entry comes first: it takes the turn in which nobody else changes who may manage people
    record(
        connection, at=at, principal=principal, action="appointment.revoke", obj=appointment_id[:200],
        detail={"person": owner},
    )  # fmt: skip
    before = managers(connection, business_day(at))
    done = connection.execute(
        t.update().where(t.c.appointment_id == appointment_id, t.c.revoked_at.is_(None)).values(revoked_at=at)
    )
    if done.rowcount != 1:
        raise UserError("RIGHT-004", "this appointment does not stand.", where=appointment_id[:40],
                        remedy="Look at the list again.", case="not_standing")  # fmt: skip
    end_sessions(connection, owner, at=at, appointment_id=appointment_id)
    _still_managed(connection, before, at)


def managers(connection: sa.Connection, day: date) -> tuple[int, int]:
    """How many people may manage people on the day, and how many of them can sign in with a password."""
    able = {p.person_id: bool(p.password_hash) for p in people(connection) if p.active}
    found = {
        a.person_id
        for a in appointments(connection)
        if a.person_id in able and a.stands_on(day) and "people.manage" in rights().roles[a.role].actions
    }
    return len(found), sum(able[p] for p in found)


def _still_managed(connection: sa.Connection, before: tuple[int, int], at: datetime) -> None:
    """RIGHT-004 where nobody is left who may manage people, or who can sign in to do so."""
    after = managers(connection, business_day(at))
    if any(had and not has for had, has in zip(before, after, strict=True)):
        raise UserError("RIGHT-004", "this is the last platform administrator.", where="people.manage",
                        remedy="Appoint another one first.", case="last_one")  # fmt: skip


def _change(connection: sa.Connection, who: Person, values: Mapping[str, object]) -> None:
    connection.execute(person.update().where(person.c.person_id == who.person_id).values(**values))
