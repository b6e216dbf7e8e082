"""Signing in (登录): sessions and tokens kept as hashes, locks and limits counted in the database, so that they hold
for all web processes together."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from shuangkong.engine.api import METADATA, UtcInstant, reading, record
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.periods import china_day
from shuangkong.webkit import passwords
from shuangkong.webkit.people import (
    Appointment,
    Person,
    acting_in,
    appointments,
    person,
    person_named,
    person_of,
    spelled,
)
from shuangkong.webkit.rights import Who, narrowed, rights

_ID = sa.String(40)
_HASH = sa.String(64)
IDLE = timedelta(hours=2)
LONGEST = timedelta(hours=12)
#: How stale `seen_at` may be: a write for every request would make readers wait for each other.
SEEN = timedelta(minutes=5)
LOCK = timedelta(minutes=15)
TRIES = 5
TRIES_OF_ADDRESS = 30
TOKEN_PREFIX = "sk_"
MOST_TOKEN_DAYS = 366

web_session = sa.Table(
    "web_session",
    METADATA,
    sa.Column("token_hash", _HASH, primary_key=True),
    sa.Column("person_id", _ID, sa.ForeignKey("person.person_id"), nullable=False, index=True),
    sa.Column("appointment_id", _ID, sa.ForeignKey("appointment.appointment_id"), nullable=False),
    sa.Column("created_at", UtcInstant, nullable=False),
    sa.Column("seen_at", UtcInstant, nullable=False),
    sa.Column("expires_at", UtcInstant, nullable=False),
    sa.Column("ended_at", UtcInstant),
    sa.Column("address", sa.String(64), nullable=False),
    sa.Column("agent", sa.String(200), nullable=False),
)
api_token = sa.Table(
    "api_token",
    METADATA,
    sa.Column("token_id", _ID, primary_key=True),
    sa.Column("token_hash", _HASH, nullable=False, unique=True),
    sa.Column("person_id", _ID, sa.ForeignKey("person.person_id"), nullable=False, index=True),
    sa.Column("appointment_id", _ID, sa.ForeignKey("appointment.appointment_id"), nullable=False),
    sa.Column("label", sa.String(120), nullable=False),
    sa.Column("actions", sa.Text, nullable=False),
    sa.Column("created_at", UtcInstant, nullable=False),
    sa.Column("expires_at", UtcInstant, nullable=False),
    sa.Column("revoked_at", UtcInstant),
)
sign_in_attempt = sa.Table(
    "sign_in_attempt",
    METADATA,
    sa.Column("attempt_id", _ID, primary_key=True),
    sa.Column("name", sa.String(80), nullable=False, index=True),
    sa.Column("address", sa.String(64), nullable=False, index=True),
    sa.Column("at", UtcInstant, nullable=False),
    sa.Column("succeeded", sa.Boolean, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Session:
    """A sign-in, as its owner and an administrator see it; the token itself is nowhere kept."""

    token_hash: str
    person_id: str
    appointment_id: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    address: str
    agent: str


@dataclass(frozen=True, slots=True)
class Token:
    """An API token (接口令牌): what it may do and until when."""

    token_id: str
    token_hash: str
    person_id: str
    appointment_id: str
    label: str
    actions: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None


def secret_hash(secret: str) -> str:
    """What is kept of a session's or token's secret: 256 random bits need no salt and no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


def form_token(server_secret: str, session_hash: str) -> str:
    """The token that forms of one session carry, so that no other site can submit them."""
    return hmac.new(server_secret.encode(), f"form:{session_hash}".encode(), hashlib.sha256).hexdigest()


def business_day(at: datetime) -> date:
    """The day in China, on which rights stand or end."""
    return china_day(at)


def try_password(engine: Engine, name: str, password: str, *, at: datetime, address: str) -> passwords.Tried | None:
    """Try a password before the transaction that counts it; None for a locked name: nothing is to be found out there.

    The transaction asks for the lock again, one attempt after another: many tries at once are hashed at once, and all
    beyond the limit are refused, right or wrong.
    """
    if "\x00" in name:
        return None
    with reading(engine) as db:
        found = person_named(db, name)
        if _locked(db, spelled(name)[:80], address, at):
            return None
    return passwords.Tried.against(found.password_hash if found else None, password)


def sign_in(
    connection: sa.Connection,
    name: str,
    password: str,
    *,
    at: datetime,
    address: str,
    agent: str,
    tried: passwords.Tried | None = None,
) -> str | None:
    """The session's secret, or None where it was refused; the attempt is counted either way.

    Refused alike: an unknown name, a wrong password, a closed account, a person without an appointment, a locked
    name, too many attempts from one address. The transaction must be committed also when it was refused.
    """
    if "\x00" in name:
        return None  # nobody's, and PostgreSQL takes no such text
    _in_turn(connection, spelled(name))
    found = person_named(connection, name)
    # a name that nobody has is counted under one spelling too: else a lock would tell which names there are
    plain = spelled(name)[:80]
    if _locked(connection, plain, address, at):
        return None
    right = passwords.fits(found.password_hash if found else None, password, tried)
    held = standing(connection, found, business_day(at)) if found and found.active else []
    good = right and found is not None and bool(held)
    _attempt(connection, plain, address, at, succeeded=good)
    if not good or found is None:
        _record_refusal(connection, plain, address, at)
        return None
    if found.password_hash and passwords.outdated(found.password_hash):
        renewed = passwords.hashed(password)
        connection.execute(person.update().where(person.c.person_id == found.person_id).values(password_hash=renewed))
    return open_session(connection, found, held[0], at=at, address=address, agent=agent)


def confirms(
    connection: sa.Connection, who: Person, password: str, *, at: datetime, address: str,
    tried: passwords.Tried | None = None,
) -> bool:  # fmt: skip
    """Whether a person who is signed in typed the present password; counted and locked like a sign-in."""
    _in_turn(connection, who.name)
    if _locked(connection, who.name, address, at):
        return False
    right = passwords.fits(who.password_hash, password, tried)
    _attempt(connection, who.name, address, at, succeeded=right)
    return right


def open_session(
    connection: sa.Connection, who: Person, held: Appointment, *, at: datetime, address: str, agent: str
) -> str:
    """A new session for a person in an appointment; returns its secret, which is kept nowhere."""
    secret = secrets.token_urlsafe(32)
    connection.execute(
        web_session.insert().values(
            token_hash=secret_hash(secret), person_id=who.person_id, appointment_id=held.appointment_id,
            created_at=at, seen_at=at, expires_at=at + LONGEST, ended_at=None, address=address[:64],
            agent=agent[:200],
        )
    )  # fmt: skip
    record(
        connection, at=at, principal=who.person_id, action="session.open", obj=who.person_id,
        detail={"name": who.name, "role": held.role, "address": address[:64]},
    )  # fmt: skip
    return secret


def standing(connection: sa.Connection, who: Person, day: date) -> list[Appointment]:
    """The appointments of a person that stand on the day, the oldest first."""
    return [a for a in appointments(connection, who.person_id) if a.stands_on(day)]


def reader_of(connection: sa.Connection, secret: str, at: datetime) -> tuple[Who, Session] | None:
    """Who a session's secret stands for; None where it ended, ran out, or its appointment no longer stands."""
    row = connection.execute(sa.select(web_session).where(web_session.c.token_hash == secret_hash(secret))).first()
    if row is None:
        return None
    session = Session(**row._mapping)
    if session.ended_at is not None or at >= session.expires_at or at - session.seen_at >= IDLE:
        return None
    who = _acting(connection, session.person_id, session.appointment_id, at, "session")
    return (who, session) if who else None


def touch(connection: sa.Connection, session: Session, at: datetime) -> None:
    """Note that the session was used; asked for when `seen_at` is older than SEEN."""
    t = web_session
    connection.execute(t.update().where(t.c.token_hash == session.token_hash).values(seen_at=at))


def _acting(connection: sa.Connection, person_id: str, appointment_id: str, at: datetime, via: str) -> Who | None:
    who = person_of(connection, person_id)
    held = next((a for a in appointments(connection, person_id) if a.appointment_id == appointment_id), None)
    if not who.active or held is None or not held.stands_on(business_day(at)):
        return None
    return acting_in(who, held, "token" if via == "token" else "session", business_day(at))


def switch(connection: sa.Connection, session: Session, appointment_id: str, *, at: datetime) -> None:
    """Act in another appointment of one's own; RIGHT-004 for one that is not, or does not stand."""
    own = [a.appointment_id for a in standing(connection, person_of(connection, session.person_id), business_day(at))]
    if appointment_id not in own:
        raise UserError(
            "RIGHT-004",
            "this appointment is not yours.",
            where="appointment",
            remedy="Choose another.",
            case="not_yours",
        )
    t = web_session
    connection.execute(t.update().where(t.c.token_hash == session.token_hash).values(appointment_id=appointment_id))
    record(connection, at=at, principal=session.person_id, action="session.switch", obj=appointment_id, detail={})


def sessions_of(connection: sa.Connection, person_id: str, at: datetime) -> list[Session]:
    """Sessions of a person that still stand, the newest first."""
    t = web_session
    query = sa.select(t).where(t.c.person_id == person_id, t.c.ended_at.is_(None), t.c.expires_at > at)
    found = [Session(**row._mapping) for row in connection.execute(query.order_by(t.c.created_at.desc()))]
    return [s for s in found if at - s.seen_at < IDLE]


def end_session(
    connection: sa.Connection, token_hash: str, person_id: str, *, at: datetime, principal: str = ""
) -> None:
    """End one session of a person: signing out, from another one, or as `principal` who manages people."""
    t = web_session
    done = connection.execute(
        t.update().where(t.c.token_hash == token_hash, t.c.person_id == person_id, t.c.ended_at.is_(None))
        .values(ended_at=at)
    )  # fmt: skip
    if done.rowcount:
        who = principal or person_id
        record(connection, at=at, principal=who, action="session.end", obj=person_id, detail={})


def end_sessions(connection: sa.Connection, person_id: str, *, at: datetime, appointment_id: str | None = None) -> None:
    """End all sessions and revoke all tokens of a person, or those of one appointment."""
    for table, column in ((web_session, "ended_at"), (api_token, "revoked_at")):
        which = [table.c.person_id == person_id, table.c[column].is_(None)]
        if appointment_id is not None:
            which.append(table.c.appointment_id == appointment_id)
        connection.execute(table.update().where(*which).values({column: at}))


def make_token(
    connection: sa.Connection, who: Who, label: str, actions: frozenset[str], days: int, *, at: datetime
) -> str:
    """An API token in the present appointment; returns its secret, shown once. RIGHT-004 for what one may not give."""
    own = rights().roles[who.role].actions
    if not actions or not actions <= own or who.via == "token" or not 1 <= days <= MOST_TOKEN_DAYS or not label.strip():
        raise UserError(
            "RIGHT-004", "a token needs a name, actions that are your own, and 1 to 366 days.", where="token",
            remedy="Choose among your own actions.", case="token",
        )  # fmt: skip
    secret = TOKEN_PREFIX + secrets.token_urlsafe(32)
    made = Token(
        f"t_{uuid.uuid4().hex[:20]}", secret_hash(secret), who.person_id, who.appointment_id, label.strip()[:120],
        " ".join(sorted(actions)), at, at + timedelta(days=days), None,
    )  # fmt: skip
    connection.execute(api_token.insert().values({c: getattr(made, c) for c in Token.__dataclass_fields__}))
    record(
        connection, at=at, principal=who.principal, action="token.make", obj=made.token_id,
        detail={"label": made.label, "actions": made.actions, "expires": made.expires_at},
    )  # fmt: skip
    return secret


def tokens_of(connection: sa.Connection, person_id: str) -> list[Token]:
    """Tokens of a person, the newest first, also those that ran out or were revoked."""
    query = sa.select(api_token).where(api_token.c.person_id == person_id).order_by(api_token.c.created_at.desc())
    return [Token(**row._mapping) for row in connection.execute(query)]


def revoke_token(connection: sa.Connection, token_id: str, person_id: str, *, at: datetime, principal: str) -> None:
    """Revoke a token of a person; RIGHT-004 where there is none that stands."""
    t = api_token
    done = connection.execute(
        t.update().where(t.c.token_id == token_id, t.c.person_id == person_id, t.c.revoked_at.is_(None))
        .values(revoked_at=at)
    )  # fmt: skip
    if done.rowcount != 1:
        raise UserError(
            "RIGHT-004", "there is no such token.", where=token_id[:40], remedy="Look at the list.", case="no_token"
        )
    record(connection, at=at, principal=principal, action="token.revoke", obj=token_id, detail={})


def bearer(connection: sa.Connection, secret: str, at: datetime) -> Who:
    """Who a token stands for, with its actions alone; RIGHT-001 for one that does not stand: never the public."""
    row = connection.execute(sa.select(api_token).where(api_token.c.token_hash == secret_hash(secret))).first()
    token = Token(**row._mapping) if row else None
    if token is not None and token.revoked_at is None and at < token.expires_at:
        who = _acting(connection, token.person_id, token.appointment_id, at, "token")
        if who is not None:
            return narrowed(who, frozenset(token.actions.split()))
    raise UserError(
        "RIGHT-001", "the token is unknown, revoked or has run out.", where="Authorization",
        remedy="Make a new one on the page of your account.",
        case="bad_token",
    )  # fmt: skip


def _in_turn(connection: sa.Connection, name: str) -> None:
    """Try one password of a name after another: at once, all would be tried before the first is counted."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(7219, hashtext(:name))"), {"name": name})


def _locked(connection: sa.Connection, name: str, address: str, at: datetime) -> bool:
    """Whether the name failed too often since it last succeeded, or the address did."""
    t = sign_in_attempt
    since = at - LOCK
    by_name = connection.execute(
        sa.select(t.c.succeeded).where(t.c.name == name, t.c.at > since).order_by(t.c.at.desc()).limit(TRIES)
    ).scalars().all()  # fmt: skip
    by_address = connection.execute(
        sa.select(sa.func.count()).where(t.c.address == address[:64], t.c.at > since, t.c.succeeded.is_(False))
    ).scalar_one()
    return (len(by_name) == TRIES and not any(by_name)) or by_address >= TRIES_OF_ADDRESS


def _attempt(connection: sa.Connection, name: str, address: str, at: datetime, *, succeeded: bool) -> None:
    t = sign_in_attempt
    connection.execute(t.delete().where(t.c.at < at - timedelta(days=1)))
    connection.execute(
        t.insert().values(attempt_id=uuid.uuid4().hex, name=name[:80], address=address[:64], at=at, succeeded=succeeded)
    )


def _record_refusal(connection: sa.Connection, name: str, address: str, at: datetime) -> None:
    record(
        connection, at=at, principal="public", action="session.refuse", obj=name[:80] or "-",
        detail={"address": address[:64]},
    )  # fmt: skip
