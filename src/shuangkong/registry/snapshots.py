"""Reading the registry as known at an instant: tables for a run, subtrees, and the subjects of a scope."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, Literal

import pyarrow as pa
import sqlalchemy as sa

from shuangkong.engine.api import TableContract
from shuangkong.kernel.ids import SubjectId
from shuangkong.kernel.scope import Scope
from shuangkong.registry import store
from shuangkong.registry.rules import FOREVER, Edge, closure, in_charge
from shuangkong.registry.tables import REPORTING_PLAN, SUBJECT_ALIASES, SUBJECT_CLOSURE, SUBJECTS

Hierarchy = Literal["lies_in", "jurisdiction"]
Held = tuple[date, date, str]

#: Which code is shown for a subject that has several.
_CODES = ("gbt2260", "uscc", "local")


def snapshot(
    connection: sa.Connection, known: datetime, *, day: date | None = None, hierarchy: Hierarchy = "lies_in"
) -> dict[str, pa.Table]:
    """`subjects`, `subject_aliases`, `subject_closure` and `reporting_plan` as known at `known`.

    The names and attributes of `subjects` are those of `day` (the last ones when it is None or none held then).
    The closure follows one hierarchy: the place (属地), or who is in charge (管辖) where that differs.
    """
    aliases = dated(connection, store.alias, ("subject_id", "scheme", "value"), known)
    edges = edges_known(connection, known)
    plan = dated(connection, store.reporting_plan, ("subject_id", "book", "period_kind"), known)
    return {
        "subjects": _subjects(connection, known, aliases, edges["lies_in"], day),
        "subject_aliases": _arrow(SUBJECT_ALIASES, aliases),
        "subject_closure": closure_table(connection, known, hierarchy),
        "reporting_plan": _arrow(REPORTING_PLAN, plan),
    }


def subjects_table(connection: sa.Connection, known: datetime, *, day: date | None = None) -> pa.Table:
    """`subjects` alone, with the names and attributes of the day (the last ones when it is None)."""
    aliases = dated(connection, store.alias, ("subject_id", "scheme", "value"), known)
    return _subjects(connection, known, aliases, edges_known(connection, known)["lies_in"], day)


def closure_table(connection: sa.Connection, known: datetime, hierarchy: Hierarchy = "lies_in") -> pa.Table:
    """`subject_closure` alone, by place or by who is in charge."""
    ids = connection.execute(sa.select(store.subject.c.subject_id).where(store.subject.c.recorded_at <= known))
    rows = closure(sorted(ids.scalars()), _edges_of(connection, known, hierarchy))
    return _arrow(SUBJECT_CLOSURE, [(r.ancestor, r.subject, r.start, r.end, r.depth) for r in rows])


def _edges_of(connection: sa.Connection, known: datetime, hierarchy: Hierarchy) -> list[Edge]:
    edges = edges_known(connection, known)
    return edges["lies_in"] if hierarchy == "lies_in" else in_charge(edges["lies_in"], edges["jurisdiction"])


def edges_known(connection: sa.Connection, known: datetime) -> dict[str, list[Edge]]:
    """Parenthood by relation, as known."""
    found: dict[str, list[Edge]] = {"lies_in": [], "jurisdiction": []}
    for child, above, relation, start, end in dated(
        connection, store.parent, ("child_id", "parent_id", "relation"), known
    ):
        found.setdefault(relation, []).append(Edge(child, above, start, end))
    return found


def subtree(
    connection: sa.Connection,
    region: SubjectId,
    day: date,
    known: datetime,
    *,
    hierarchy: Hierarchy = "lies_in",
) -> frozenset[SubjectId]:
    """The region (or unit) and all that lies in it on the day; never told by a code's first digits."""
    below: dict[str, list[str]] = defaultdict(list)
    for edge in _edges_of(connection, known, hierarchy):
        if edge.start <= day < edge.end:
            below[edge.parent].append(edge.child)
    found: set[str] = set()
    todo: list[str] = [region]
    while todo:
        subject = todo.pop()
        if subject not in found:
            found.add(subject)
            todo += below[subject]
    return frozenset(SubjectId(s) for s in found)


def ancestors(connection: sa.Connection, subject: SubjectId, day: date, known: datetime) -> tuple[SubjectId, ...]:
    """From the top down to the subject itself, by place, on the day."""
    above = {e.child: e.parent for e in edges_known(connection, known)["lies_in"] if e.start <= day < e.end}
    path = [str(subject)]
    while path[-1] in above and above[path[-1]] not in path:
        path.append(above[path[-1]])
    return tuple(SubjectId(s) for s in reversed(path))


def scope_subjects(connection: sa.Connection, scope: Scope, known: datetime) -> pa.Table | None:
    """The subjects whose rows the reader may see, as a table with `subject_id`; None when nothing is hidden.

    A region's scope is its subtree by place on `scope.on`; a unit's is the unit with its own sites.
    """
    if scope.unrestricted:
        return None
    found: Iterable[str] = ()
    if scope.kind in ("region", "unit"):
        if scope.subject is None:
            raise ValueError(f"a scope of kind {scope.kind} names its subject")
        found = subtree(connection, scope.subject, scope.on or known.date(), known)
    return pa.table({"subject_id": pa.array(sorted(found), pa.string())})


def dated(
    connection: sa.Connection,
    table: sa.Table,
    names: tuple[str, ...],
    known: datetime,
    *conditions: sa.ColumnElement[bool],
) -> list[tuple[Any, ...]]:
    """Standing rows: the named columns, then the days; rows that were never valid are left out."""
    columns = [*(table.c[n] for n in names), table.c.valid_from, table.c.valid_to]
    query = sa.select(*columns).where(store.standing(table, known), *conditions)
    query = query.where(sa.or_(table.c.valid_to.is_(None), table.c.valid_to > table.c.valid_from))
    rows = connection.execute(query.order_by(*columns[:-1])).all()
    return [(*row[:-1], row[-1] or FOREVER) for row in rows]


def _arrow(contract: TableContract, rows: list[tuple[Any, ...]]) -> pa.Table:
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(contract.columns)
    arrays = [pa.array(values, f.type) for values, f in zip(columns, contract.arrow_schema, strict=True)]
    return contract.checked(pa.Table.from_arrays(arrays, schema=contract.arrow_schema))


def _subjects(
    connection: sa.Connection,
    known: datetime,
    aliases: list[tuple[Any, ...]],
    lies_in: list[Edge],
    day: date | None,
) -> pa.Table:
    facts: dict[str, dict[str, list[Held]]] = defaultdict(lambda: defaultdict(list))
    attributes = dated(connection, store.attribute, ("subject_id", "name", "value"), known)
    for subject, name, value, start, end in (*aliases, *attributes):
        facts[subject][name].append((start, end, value))
    above: dict[str, list[Held]] = defaultdict(list)
    for edge in lies_in:
        above[edge.child].append((edge.start, edge.end, edge.parent))
    t = store.subject
    listed = connection.execute(
        sa.select(t.c.subject_id, t.c.kind, t.c.level, t.c.synthetic)
        .where(t.c.recorded_at <= known)
        .order_by(t.c.subject_id)
    ).all()
    kinds = {row.subject_id: row.kind for row in listed}
    rows = []
    for row in listed:
        mine = facts[row.subject_id]
        region = _region_of(row.subject_id, kinds, above, day)
        rows.append(
            (
                row.subject_id, row.kind, row.level, _code(mine, day), _on(mine["name_zh"], day),
                _on(mine["name_en"], day), _on(mine["industry_code"], day), _on(mine["industry_edition"], day),
                _on(mine["unit_class"], day), region, _code(facts[region], day) if region else None, row.synthetic,
            )
        )  # fmt: skip
    return _arrow(SUBJECTS, rows)


def _on(held: list[Held], day: date | None) -> str | None:
    """The value of the day, else the last one."""
    if day is not None:
        for start, end, value in held:
            if start <= day < end:
                return value
    return max(held)[2] if held else None


def _code(facts: dict[str, list[Held]], day: date | None) -> str | None:
    return next((value for scheme in _CODES if (value := _on(facts.get(scheme, []), day))), None)


def _region_of(subject: str, kinds: dict[str, str], above: dict[str, list[Held]], day: date | None) -> str | None:
    """The nearest region by place: a site's is that of its unit."""
    seen: set[str] = set()
    here: str | None = subject
    while here is not None and here not in seen:
        if kinds.get(here) == "region":
            return here
        seen.add(here)
        here = _on(above.get(here, []), day)
    return None


def subject_ids(connection: sa.Connection, kind: str, known: datetime) -> frozenset[SubjectId]:
    """Ids of all subjects of one kind, for matching a file; names and attributes stay unread."""
    t = store.subject
    query = sa.select(t.c.subject_id).where(t.c.kind == kind, t.c.recorded_at <= known)
    return frozenset(SubjectId(s) for s in connection.execute(query).scalars())


def region_paths(connection: sa.Connection, known: datetime, day: date) -> dict[str, tuple[str, ...]]:
    """Region codes from the nation down to each region, by who is in charge (管辖) on the day.

    What documents reach a region follows this; what adds up into a region follows the place (属地).
    """
    table = subjects_table(connection, known, day=day)
    codes = {r["subject_id"]: r["code"] for r in table.to_pylist() if r["kind"] == "region" and r["code"]}
    above: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for row in closure_table(connection, known, hierarchy="jurisdiction").to_pylist():
        a, s = row["ancestor_id"], row["subject_id"]
        if s in codes and a in codes and row["valid_from"] <= day < row["valid_to"]:
            above[s].append((row["depth"], codes[a]))
    return {codes[s]: tuple(c for _, c in sorted(rows, reverse=True)) for s, rows in above.items()}
