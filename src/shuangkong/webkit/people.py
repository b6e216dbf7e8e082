"""People (用户) and their appointments (任命): who may sign in, in which roles, from when to when."""

from __future__ import annotations

import unicodedata
import uuid
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa

from shuangkong.engine.api import METADATA, UtcInstant, record
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.ids import SubjectId
from shuangkong.kernel.scope import Scope, Use
from shuangkong.webkit import passwords
from shuangkong.webkit.rights import Role, Via, Who, rights

_ID = sa.String(40)

person = sa.Table(
    "person",
    METADATA,
    sa.Column("person_id", _ID, primary_key=True),
    sa.Column("name", sa.String(80), nullable=False, unique=True),
    sa.Column("display", sa.String(120), nullable=False),
    sa.Column("password_hash", sa.Text),
    sa.Column("must_change", sa.Boolean, nullable=False),
    sa.Column("active", sa.Boolean, nullable=False),
    sa.Column("recorded_at", UtcInstant, nullable=False),
)
appointment = sa.Table(
    "appointment",
    METADATA,
    sa.Column("appointment_id", _ID, primary_key=True),
    sa.Column("person_id", _ID, sa.ForeignKey("person.person_id"), nullable=False, index=True),
    sa.Column("role", sa.String(40), nullable=False),
    sa.Column("scope_kind", sa.String(20), nullable=False),
    sa.Column("subject_id", _ID),
    sa.Column("grantee", sa.String(80), nullable=False),
    sa.Column("use", sa.String(20), nullable=False),
    sa.Column("valid_from", sa.Date, nullable=False),
    sa.Column("valid_to", sa.Date),
    sa.Column("recorded_at", UtcInstant, nullable=False),
    sa.Column("revoked_at", UtcInstant),
)


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who may sign in."""

    person_id: str
    name: str
    display: str
    password_hash: str | None
    must_change: bool
    active: bool
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Appointment:
    """One role of a person, within a scope, from day to day."""

    appointment_id: str
    person_id: str
    role: str
    scope_kind: str
    subject_id: SubjectId | None
    grantee: str
    use: Use
    valid_from: date
    valid_to: date | None
    recorded_at: datetime
    revoked_at: datetime | None

    def stands_on(self, day: date) -> bool:
        """Whether it gives any right on the day."""
        return self.revoked_at is None and self.valid_from <= day and (self.valid_to is None or day < self.valid_to)

    def scope(self, principal: str, day: date) -> Scope:
        """The rows that it opens on the day."""
        if self.scope_kind == "all":
            return Scope.all(principal, self.use)
        if self.scope_kind == "consented":
            return Scope.consented(principal, self.grantee, day, self.use)
        if self.subject_id is None:
            return Scope.none(principal)
        if self.scope_kind == "unit":
            return Scope.unit(principal, self.subject_id, self.use)
        return Scope.region(principal, self.subject_id, day, self.use)


@dataclass(frozen=True, slots=True)
class Wanted:
    """An appointment as asked for; the use is the role's first where none is named."""

    role: str
    valid_from: date
    subject_id: SubjectId | None = None
    grantee: str = ""
    use: str = ""
    scope_kind: str = ""
    valid_to: date | None = None


def spelled(name: str) -> str:
    """The one spelling of a name, whether or not anybody has it: width, case and blanks around it do not count."""
    return unicodedata.normalize("NFKC", name).strip().casefold()


def plain_name(name: str) -> str:
    """The one spelling of a user name; RIGHT-004 where it cannot be one."""
    found = spelled(name)
    if not 2 <= len(found) <= 80 or any(c.isspace() or not c.isprintable() for c in found) or ":" in found:
        raise UserError(
            "RIGHT-004", f"{name[:80]!r} is no user name.", where="name",
            remedy="Use 2 to 80 letters, digits, Chinese characters, dots or hyphens, without blanks.",
            case="name", facts={"name": name[:80]},
        )  # fmt: skip
    return found


def add_person(
    connection: sa.Connection, name: str, display: str, *, at: datetime, principal: str, password: str | None = None
) -> Person:
    """Add a person; with a password they can sign in and must change it first. RIGHT-004 for a name that is taken."""
    plain = plain_name(name)
    if person_named(connection, plain) is not None:
        raise UserError("RIGHT-004", f"the user name “{plain}” is taken.", where="name", remedy="Choose another one.",
                        case="taken", facts={"name": plain})  # fmt: skip
    kept = passwords.hashed(passwords.check_password(password, plain)) if password is not None else None
    made = Person(f"p_{uuid.uuid4().hex[:20]}", plain, display.strip() or plain, kept, password is not None, True, at)
    connection.execute(person.insert().values({c: getattr(made, c) for c in Person.__dataclass_fields__}))
    record(
        connection, at=at, principal=principal, action="person.add", obj=made.person_id,
        detail={"name": plain, "display": made.display, "password": password is not None},
    )  # fmt: skip
    return made


def person_named(connection: sa.Connection, name: str) -> Person | None:
    """A person by name, in any spelling of it."""
    plain = spelled(name)
    row = connection.execute(sa.select(person).where(person.c.name == plain)).first()
    return Person(**row._mapping) if row else None


def person_of(connection: sa.Connection, person_id: str) -> Person:
    """A person by id; RIGHT-004 where there is none."""
    found = person_with(connection, person_id)
    if found is None:
        raise UserError(
            "RIGHT-004", "there is no such person.", where=person_id[:40], remedy="Look at the list.", case="no_person"
        )
    return found


def person_with(connection: sa.Connection, principal: str) -> Person | None:
    """The person that a principal is; None for the terminal and the program itself."""
    row = connection.execute(sa.select(person).where(person.c.person_id == principal)).first()
    return Person(**row._mapping) if row else None


def people(connection: sa.Connection) -> list[Person]:
    """Everyone, by name; asked for under `people.manage` alone."""
    return [Person(**row._mapping) for row in connection.execute(sa.select(person).order_by(person.c.name))]


def appoint(connection: sa.Connection, who: Person, wanted: Wanted, *, at: datetime, principal: str) -> Appointment:
    """Appoint a person to a role; RIGHT-004 for a role, scope, use or days that do not fit."""
    role = rights().roles.get(wanted.role)
    kind = wanted.scope_kind or (_kind(role, wanted) if role else "")
    use = wanted.use or (role.uses[0] if role else "any")
    wrong = case = ""
    if role is None or wanted.role == "public":
        case, wrong = "no_role", f"there is no role {wanted.role!r}"
    elif kind == "all" and wanted.subject_id:
        case, wrong = "place_of_all", "a place is named, and the scope would be everything"
    elif kind not in role.scopes:
        case, wrong = "no_scope", f"a {role.label.en} has no scope of kind {kind!r}"
    elif use not in role.uses:
        case, wrong = "no_use", f"a {role.label.en} has no use {use!r}"
    elif kind in ("region", "unit") and not wanted.subject_id:
        case, wrong = "no_place", f"a {role.label.en} is appointed for a {kind}, and none is named"
    elif kind == "consented" and not wanted.grantee.strip():
        case, wrong = "no_organisation", "a bank or service company is named by its organisation"
    elif wanted.valid_to is not None and wanted.valid_to <= wanted.valid_from:
        case, wrong = "days", "it ends before it begins"
    if wrong:
        raise UserError(
            "RIGHT-004", f"{wrong}.", where="appointment", remedy="Mend it and submit again.", case=case,
            facts={"role": role.label if role else wanted.role},
        )  # fmt: skip
    made = Appointment(
        f"a_{uuid.uuid4().hex[:20]}", who.person_id, wanted.role, kind,
        wanted.subject_id if kind in ("region", "unit") else None, wanted.grantee.strip(), use,  # type: ignore[arg-type]
        wanted.valid_from, wanted.valid_to, at, None,
    )  # fmt: skip
    row = {c: getattr(made, c) for c in Appointment.__dataclass_fields__}
    connection.execute(appointment.insert().values(row))
    record(
        connection, at=at, principal=principal, action="appointment.give", obj=made.appointment_id,
        detail={k: v for k, v in row.items() if v not in (None, "") and k != "recorded_at"} | {"name": who.name},
    )  # fmt: skip
    return made


def _kind(role: Role, wanted: Wanted) -> str:
    """The kind of scope where none is named: that of a place if one is given, else the role's first."""
    placed = (k for k in role.scopes if k in ("region", "unit"))
    return next(placed, role.scopes[0]) if wanted.subject_id else role.scopes[0]


def appointments(connection: sa.Connection, person_id: str | None = None) -> list[Appointment]:
    """Appointments of a person, or all, the oldest first; those that ended or were taken back stay in the list."""
    query = sa.select(appointment).order_by(appointment.c.recorded_at, appointment.c.appointment_id)
    if person_id is not None:
        query = query.where(appointment.c.person_id == person_id)
    return [Appointment(**row._mapping) for row in connection.execute(query)]


def acting_in(who: Person, held: Appointment, via: Via, day: date) -> Who:
    """The person in one appointment on a day, as `decide` and every read take them."""
    return Who(
        who.person_id, who.display, held.role, held.scope(who.person_id, day), via, who.person_id,
        held.appointment_id, who.must_change,
    )  # fmt: skip


def has_administrator(connection: sa.Connection, day: date) -> bool:
    """Whether anyone can sign in who may manage people: a server without one cannot be run by anybody."""
    able = {p.person_id for p in people(connection) if p.active and p.password_hash}
    return any(
        a.person_id in able and a.stands_on(day) and "people.manage" in rights().roles[a.role].actions
        for a in appointments(connection)
    )
