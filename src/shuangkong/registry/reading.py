"""What a person may read of the registry: every call takes the reader's scope, without a default."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from shuangkong.kernel.errors import UserError
from shuangkong.kernel.ids import SubjectId
from shuangkong.kernel.labels import Label
from shuangkong.kernel.scope import Scope
from shuangkong.registry import store
from shuangkong.registry.snapshots import dated, scope_subjects, subjects_table


@dataclass(frozen=True, slots=True)
class Fact:
    """A dated fact of a subject: `name` is a scheme, an attribute or a relation; open ends are 9999-12-31."""

    name: str
    value: str
    valid_from: date
    valid_to: date


@dataclass(frozen=True, slots=True)
class SubjectCard:
    """Everything that stands about one subject, for its page."""

    subject_id: SubjectId
    kind: str
    level: str | None
    synthetic: bool
    aliases: tuple[Fact, ...]
    attributes: tuple[Fact, ...]
    parents: tuple[Fact, ...]


def subjects_seen(
    connection: sa.Connection,
    scope: Scope,
    known: datetime,
    *,
    day: date | None = None,
    kind: str | None = None,
) -> pa.Table:
    """Rows of `SUBJECTS` that the reader may see, of one kind when asked."""
    table = subjects_table(connection, scope, known, day=day)
    return table if kind is None else table.filter(pc.equal(table["kind"], kind))


def names_of(connection: sa.Connection, subjects: Collection[str], scope: Scope, known: datetime) -> dict[str, Label]:
    """The last names of some subjects, as far as the reader may see them; a subject without a name is left out."""
    seen = scope_subjects(connection, scope, known)
    shown = set(subjects) if seen is None else set(subjects) & set(seen["subject_id"].to_pylist())
    t = store.alias
    rows = dated(connection, t, ("subject_id", "scheme", "value"), known, t.c.subject_id.in_(sorted(shown)))
    found: dict[str, dict[str, tuple[date, str]]] = {}
    for subject, scheme, value, start, _ in rows:
        mine = found.setdefault(subject, {})
        mine[scheme] = max(mine.get(scheme, (start, value)), (start, value))
    return {s: Label(n["name_zh"][1], n.get("name_en", n["name_zh"])[1]) for s, n in found.items() if "name_zh" in n}


def describe(connection: sa.Connection, subject: SubjectId, scope: Scope, known: datetime) -> SubjectCard:
    """One subject as known; SCOPE-001 outside the reader's scope, whether or not there is such a subject."""
    seen = scope_subjects(connection, scope, known)
    if seen is not None and subject not in set(seen["subject_id"].to_pylist()):
        raise UserError(
            "SCOPE-001", "this subject is not yours to see.", remedy="Ask who grants your rights.", case="subject"
        )
    t = store.subject
    row = connection.execute(sa.select(t).where(t.c.subject_id == subject, t.c.recorded_at <= known)).first()
    if row is None:
        raise UserError(
            "REG-001",
            f"no subject has the id {subject}.",
            remedy="Look it up by code or name.",
            case="not_seen",
            facts={"id": str(subject)[:60]},
        )

    def facts(table: sa.Table, owner: str, name: str, value: str) -> tuple[Fact, ...]:
        found = dated(connection, table, (name, value), known, table.c[owner] == subject)
        return tuple(Fact(*held) for held in found)

    return SubjectCard(
        subject,
        row.kind,
        row.level,
        row.synthetic,
        facts(store.alias, "subject_id", "scheme", "value"),
        facts(store.attribute, "subject_id", "name", "value"),
        facts(store.parent, "child_id", "relation", "parent_id"),
    )
