"""Reading the registry as known at an instant: tables for a run, subtrees, and the subjects of a scope."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from datetime import UTC, date, datetime
from threading import Lock
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from shuangkong.engine.api import GENESIS, TableContract, head
from shuangkong.kernel.ids import SubjectId
from shuangkong.kernel.periods import china_day
from shuangkong.kernel.scope import Scope
from shuangkong.registry import store
from shuangkong.registry.consents import consented_units
from shuangkong.registry.rules import FOREVER, OWNER, PUBLISHED, Edge, closure, in_charge
from shuangkong.registry.tables import REPORTING_PLAN, SUBJECT_ALIASES, SUBJECT_CLOSURE, SUBJECTS

Hierarchy = Literal["lies_in", "jurisdiction"]
Held = tuple[date, date, str]

_NOW = datetime.max.replace(tzinfo=UTC)

#: Which code is shown for a subject that has several.
_CODES = ("gbt2260", "uscc", "local")


def snapshot(
    connection: sa.Connection,
    scope: Scope,
    known: datetime,
    *,
    day: date | None = None,
    hierarchy: Hierarchy = "lies_in",
) -> dict[str, pa.Table]:
    """`subjects`, `subject_aliases`, `subject_closure` and `reporting_plan` as known at `known`, as far as in scope.

    The names and attributes of `subjects` are those of `day` (the last ones when it is None or none held then).
    The closure follows one hierarchy: the place (属地), or who is in charge (管辖) where that differs.
    """
    aliases = dated(connection, store.alias, ("subject_id", "scheme", "value"), known)
    edges = edges_known(connection, known)
    plan = dated(connection, store.reporting_plan, ("subject_id", "book", "period_kind"), known)
    seen = scope_subjects(connection, scope, known)
    return {
        "subjects": within(_subjects(connection, known, aliases, edges["lies_in"], day), seen),
        "subject_aliases": within(_arrow(SUBJECT_ALIASES, aliases), seen),
        "subject_closure": within(_closure(connection, known, hierarchy), seen, "subject_id", "ancestor_id"),
        "reporting_plan": within(_arrow(REPORTING_PLAN, plan), seen),
    }


def within(table: pa.Table, seen: pa.Table | None, *columns: str) -> pa.Table:
    """The rows whose subject is among those seen; all of them where nothing is hidden."""
    if seen is not None:
        for column in columns or ("subject_id",):
            table = table.filter(pc.is_in(table[column], value_set=seen["subject_id"].combine_chunks()))
    return table


def subjects_table(connection: sa.Connection, scope: Scope, known: datetime, *, day: date | None = None) -> pa.Table:
    """`subjects` alone, with the names and attributes of the day (the last ones when it is None)."""
    aliases = dated(connection, store.alias, ("subject_id", "scheme", "value"), known)
    table = _subjects(connection, known, aliases, edges_known(connection, known)["lies_in"], day)
    return within(table, scope_subjects(connection, scope, known))


def closure_table(
    connection: sa.Connection, scope: Scope, known: datetime, hierarchy: Hierarchy = "lies_in"
) -> pa.Table:
    """`subject_closure` alone, by place or by who is in charge; neither end lies outside the scope."""
    seen = scope_subjects(connection, scope, known)
    return within(_closure(connection, known, hierarchy), seen, "subject_id", "ancestor_id")


def _closure(connection: sa.Connection, known: datetime, hierarchy: Hierarchy) -> pa.Table:
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


def parents_on(connection: sa.Connection, scope: Scope, known: datetime, day: date) -> list[tuple[str, str]]:
    """(region above, subject) by place on the day, as known; neither end lies outside the scope."""
    seen = scope_subjects(connection, scope, known)
    shown = None if seen is None else set(seen["subject_id"].to_pylist())
    return [
        (e.parent, e.child)
        for e in edges_known(connection, known)["lies_in"]
        if e.start <= day < e.end and (shown is None or {e.parent, e.child} <= shown)
    ]


def subtree(
    connection: sa.Connection,
    scope: Scope,
    region: SubjectId,
    day: date,
    known: datetime,
    *,
    hierarchy: Hierarchy = "lies_in",
) -> frozenset[SubjectId]:
    """The region (or unit) and all that lies in it on the day, as far as in scope; never told by a code's digits."""
    below = _subtree(connection, region, day, known, hierarchy)
    seen = scope_subjects(connection, scope, known)
    return below if seen is None else below & frozenset(seen["subject_id"].to_pylist())


def _subtree(
    connection: sa.Connection, region: str, day: date, known: datetime, hierarchy: Hierarchy = "lies_in"
) -> frozenset[SubjectId]:
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


def ancestors(
    connection: sa.Connection, scope: Scope, subject: SubjectId, day: date, known: datetime
) -> tuple[SubjectId, ...]:
    """From the top down to the subject itself, by place, on the day; what is out of scope is left out."""
    above = {e.child: e.parent for e in edges_known(connection, known)["lies_in"] if e.start <= day < e.end}
    path = [str(subject)]
    while path[-1] in above and above[path[-1]] not in path:
        path.append(above[path[-1]])
    seen = scope_subjects(connection, scope, known)
    shown = None if seen is None else set(seen["subject_id"].to_pylist())
    return tuple(SubjectId(s) for s in reversed(path) if shown is None or s in shown)


def scope_subjects(connection: sa.Connection, scope: Scope, known: datetime) -> pa.Table | None:
    """The subjects whose rows the reader may see, as a table with `subject_id`; None when nothing is hidden.

    A region's scope is its subtree by place on `scope.on`; a unit's is the unit with its own sites, and the projects
    that it owns; a consent opens a unit with its sites to an organisation; what is published stands open to every
    reader. The tree is that of `known`; consents and publication are those of this moment, so that what was taken back
    is closed in old runs too.
    """
    if scope.unrestricted:
        return None
    found: frozenset[str] = opened(connection, scope)
    day = scope.on or china_day(known)
    if scope.kind in ("region", "unit"):
        if scope.subject is None:
            raise ValueError(f"a scope of kind {scope.kind} names its subject")
        found |= _subtree(connection, scope.subject, day, known)
        if scope.kind == "unit":
            found |= _owned(connection, scope.subject, day, known)
    elif scope.kind == "consented":
        units = consented_units(connection, scope.grantee, scope.use, day)
        found |= frozenset().union(*(_subtree(connection, unit, day, known) for unit in units))
    return pa.table({"subject_id": pa.array(sorted(found), pa.string())})


def _owned(connection: sa.Connection, unit: str, day: date, known: datetime) -> frozenset[str]:
    """Projects that a unit owns on the day, wherever they lie."""
    t = store.parent
    rows = dated(connection, t, ("child_id",), known, t.c.relation == OWNER, t.c.parent_id == unit)
    return frozenset(child for child, start, end in rows if start <= day < end)


def opened(connection: sa.Connection, scope: Scope) -> frozenset[str]:
    """What is open to the reader at this moment and may be closed the next: published regions, units that consented."""
    found: frozenset[str] = frozenset()
    if scope.kind == "none" or scope.unrestricted:
        return found
    if scope.published_too:
        found = published_regions(connection, scope.on)
    if scope.kind == "consented" and scope.on is not None:
        found |= consented_units(connection, scope.grantee, scope.use, scope.on)
    return found


def published_regions(connection: sa.Connection, day: date | None) -> frozenset[str]:
    """Regions whose pages are public on the day (at any time when None): a dated attribute, as it stands now.

    Every request asks this. What is published changes with an entry of the audit log in the same transaction, so that
    the end of the log, whose hash no other log has, tells whether an answer still holds, in whichever process.
    """
    end = head(connection).hash
    if end == GENESIS:
        return _published(connection, day)
    with _lock:
        kept = _answers.get((end, day))
    if kept is None:
        kept = _published(connection, day)
        with _lock:
            _answers[end, day] = kept
            while len(_answers) > _KEPT:
                _answers.popitem(last=False)
    return kept


_KEPT = 16
_answers: OrderedDict[tuple[str, date | None], frozenset[str]] = OrderedDict()
_lock = Lock()


def _published(connection: sa.Connection, day: date | None) -> frozenset[str]:
    t = store.attribute
    rows = dated(connection, t, ("subject_id", "value"), _NOW, t.c.name == PUBLISHED)
    return frozenset(
        subject for subject, value, start, end in rows if value == "yes" and (day is None or start <= day < end)
    )


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


def subject_ids(connection: sa.Connection, scope: Scope, kind: str, known: datetime) -> frozenset[SubjectId]:
    """Ids of the subjects of one kind in scope, for matching a file; names and attributes stay unread."""
    seen = scope_subjects(connection, scope, known)
    found = _of_kind(connection, kind, known)
    return found if seen is None else found & frozenset(seen["subject_id"].to_pylist())


def every_subject(connection: sa.Connection, known: datetime) -> pa.Table:
    """Ids of all subjects, as a table with `subject_id`: what an unrestricted reader sees before some are hidden."""
    t = store.subject
    ids = connection.execute(sa.select(t.c.subject_id).where(t.c.recorded_at <= known)).scalars()
    return pa.table({"subject_id": pa.array(sorted(ids), pa.string())})


def _of_kind(connection: sa.Connection, kind: str, known: datetime) -> frozenset[SubjectId]:
    t = store.subject
    query = sa.select(t.c.subject_id).where(t.c.kind == kind, t.c.recorded_at <= known)
    return frozenset(SubjectId(s) for s in connection.execute(query).scalars())


def region_paths(connection: sa.Connection, scope: Scope, known: datetime, day: date) -> dict[str, tuple[str, ...]]:
    """Region codes from the nation down to each region in scope, by who is in charge (管辖) on the day.

    The codes above a region are public knowledge: its path is whole, whatever the reader may see of those above.
    What documents reach a region follows this; what adds up into a region follows the place (属地).
    """
    table = subjects_table(connection, Scope.system("codes of the regions above"), known, day=day)
    codes = {r["subject_id"]: r["code"] for r in table.to_pylist() if r["kind"] == "region" and r["code"]}
    seen = scope_subjects(connection, scope, known)
    shown = set(codes) if seen is None else set(seen["subject_id"].to_pylist())
    above: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for row in _closure(connection, known, "jurisdiction").to_pylist():
        a, s = row["ancestor_id"], row["subject_id"]
        if s in codes and s in shown and a in codes and row["valid_from"] <= day < row["valid_to"]:
            above[s].append((row["depth"], codes[a]))
    return {codes[s]: tuple(c for _, c in sorted(rows, reverse=True)) for s, rows in above.items()}
