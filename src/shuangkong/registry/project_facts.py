"""What the register says of projects on a day (项目情况): one typed row each, with what follows from its facts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from shuangkong.engine.api import Column, TableContract, text
from shuangkong.kernel.labels import Label
from shuangkong.kernel.numbers import quantise
from shuangkong.kernel.scope import Scope
from shuangkong.registry import store
from shuangkong.registry.projects import KIND, YES, ProjectField, project_fields
from shuangkong.registry.rules import OWNER
from shuangkong.registry.snapshots import dated, scope_subjects, within

Value = str | Decimal | bool | date
_MONTHS, _MONTH_DAYS = 12, 31


def _column(one: ProjectField) -> Column:
    if one.type == "number":
        return Column(one.name, "amount", one.label, one.stored, nullable=True, doc=_doc(one))
    kind = {"text": "text", "flag": "flag", "day": "date"}[one.type]
    return Column(one.name, kind, one.label, nullable=True, doc=_doc(one))  # type: ignore[arg-type]


def _doc(one: ProjectField) -> str:
    if one.made is None:
        return "、".join(one.choices)
    how, fields = one.made
    return (
        f"made: {how.replace('_', ' ')} {', '.join(fields)}" if how == "larger_of" else f"made: {how} since {fields[0]}"
    )


PROJECT_FACTS = TableContract(
    "project_facts",
    Label("项目情况", "facts of projects"),
    (
        text("subject_id", "主体", "subject"),
        text("owner_id", "项目单位", "owner", nullable=True, doc="the subject id of the unit"),
        *(_column(f) for f in project_fields().values()),
    ),
    key=("subject_id",),
    doc="One row per project: what the register says on the day asked, and what follows from it; null: not registered.",
)


def project_facts(connection: sa.Connection, scope: Scope, known: datetime, day: date) -> pa.Table:
    """`PROJECT_FACTS` of the projects in scope, as known at `known`, with what holds on `day`.

    An owner outside of the scope stays unsaid.
    """
    t = store.subject
    ids = connection.execute(sa.select(t.c.subject_id).where(t.c.kind == KIND, t.c.recorded_at <= known)).scalars()
    facts: dict[str, dict[str, str]] = {s: {} for s in sorted(ids)}
    held: dict[str, dict[str, tuple[date, str]]] = defaultdict(dict)
    names = sorted(f.name for f in project_fields().values() if f.made is None)
    rows = dated(
        connection, store.attribute, ("subject_id", "name", "value"), known,
        store.attribute.c.name.in_(names), store.attribute.c.subject_id.in_(_projects(known)),
    )  # fmt: skip
    for subject, name, value, start, end in rows:
        if start <= day < end:
            held[subject][name] = (start, value)
    for subject in facts:
        facts[subject] = {name: value for name, (_, value) in held.get(subject, {}).items()}
    owners = {
        child: above
        for child, above, start, end in dated(
            connection, store.parent, ("child_id", "parent_id"), known, store.parent.c.relation == OWNER
        )
        if start <= day < end
    }
    seen = scope_subjects(connection, scope, known)
    shown = None if seen is None else set(seen["subject_id"].to_pylist())
    made: list[dict[str, object]] = [
        {"subject_id": s, "owner_id": o if (o := owners.get(s)) and (shown is None or o in shown) else None,
         **typed(said, day)}
        for s, said in facts.items()
    ]  # fmt: skip
    return within(PROJECT_FACTS.from_rows(made), seen)


def _projects(known: datetime) -> sa.Select[Any]:
    t = store.subject
    return sa.select(t.c.subject_id).where(t.c.kind == KIND, t.c.recorded_at <= known)


def typed(said: Mapping[str, str], day: date) -> dict[str, Value | None]:
    """The facts of one project as values of their types, and those that follow from them on the day."""
    found: dict[str, Value | None] = {}
    for one in project_fields().values():
        found[one.name] = _read(one, said[one.name]) if one.name in said else None
    for one in project_fields().values():
        if one.made is not None:
            found[one.name] = _made(one.made, found, day)
    return found


def _read(one: ProjectField, value: str) -> Value:
    if one.type == "number":
        return quantise(Decimal(value))
    if one.type == "flag":
        return value == YES
    return date.fromisoformat(value) if one.type == "day" else value


def _made(made: tuple[str, tuple[str, ...]], found: Mapping[str, Value | None], day: date) -> Decimal | None:
    """The larger of two figures where both are known; or the time since a day, null before it."""
    how, fields = made
    given = [found[f] for f in fields]
    if how == "larger_of":
        figures = [g for g in given if isinstance(g, Decimal)]
        return max(figures) if len(figures) == len(given) else None
    since = given[0]
    if not isinstance(since, date) or since > day:
        return None
    months = months_between(since, day)
    return quantise(months / _MONTHS if how == "years" else months)


def months_between(start: date, end: date) -> Decimal:
    """Months from one day to another: whole ones on the same day of the month, more than that on every day after it."""
    whole = (end.year - start.year) * _MONTHS + end.month - start.month
    return Decimal(whole) + Decimal(end.day - start.day) / _MONTH_DAYS
