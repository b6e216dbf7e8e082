"""Managing accounts (账户管理): passwords reset, accounts closed, appointments taken back; sessions end with them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa

from shuangkong.engine.api import record
from shuangkong.kernel.errors import UserError
from shuangkong.webkit import passwords
from shuangkong.webkit.people import Person, appointment, person
from shuangkong.webkit.sessions import end_sessions


def set_password(
    connection: sa.Connection, who: Person, password: str, *, at: datetime, principal: str, must_change: bool
) -> None:
    """Change or reset a password; every session and lock of the person ends. RIGHT-005 for one that may not be used."""
    kept = passwords.hashed(passwords.check_password(password, who.name))
    _change(connection, who, {"password_hash": kept, "must_change": must_change})
    end_sessions(connection, who.person_id, at=at)
    action = "person.password.reset" if must_change else "person.password.change"
    record(connection, at=at, principal=principal, action=action, obj=who.person_id, detail={"name": who.name})


def set_active(connection: sa.Connection, who: Person, *, active: bool, at: datetime, principal: str) -> None:
    """Close or reopen an account; closing ends every session and token."""
    _change(connection, who, {"active": active})
    if not active:
        end_sessions(connection, who.person_id, at=at)
    record(
        connection, at=at, principal=principal, action="person.active", obj=who.person_id,
        detail={"name": who.name, "old": who.active, "new": active},
    )  # fmt: skip


def revoke(connection: sa.Connection, appointment_id: str, *, at: datetime, principal: str) -> None:
    """Take an appointment back, with the sessions and tokens that used it. RIGHT-004 where it does not stand."""
    t = appointment
    done = connection.execute(
        t.update().where(t.c.appointment_id == appointment_id, t.c.revoked_at.is_(None)).values(revoked_at=at)
    )
    if done.rowcount != 1:
        raise UserError("RIGHT-004", "this appointment does not stand.", where=appointment_id[:40],
                        remedy="Look at the list again.")  # fmt: skip
    owner = connection.execute(sa.select(t.c.person_id).where(t.c.appointment_id == appointment_id)).scalar_one()
    end_sessions(connection, owner, at=at, appointment_id=appointment_id)
    record(
        connection, at=at, principal=principal, action="appointment.revoke", obj=appointment_id,
        detail={"person": owner},
    )  # fmt: skip


def _change(connection: sa.Connection, who: Person, values: Mapping[str, object]) -> None:
    connection.execute(person.update().where(person.c.person_id == who.person_id).values(**values))
