"""What happens to regions: a place moves, is merged into another, or is split. Each act is new rows only."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import NamedTuple

import sqlalchemy as sa

from shuangkong.kernel.ids import SubjectId
from shuangkong.registry import store
from shuangkong.registry.service import correct


class Held(NamedTuple):
    """An edge that stands and holds on the day."""

    row_id: str
    child_id: str
    parent_id: str
    relation: str
    valid_to: date | None


def move(
    connection: sa.Connection,
    child: SubjectId,
    into: SubjectId,
    on: date,
    recorded_at: datetime,
    relation: str = "lies_in",
) -> None:
    """From the day `on` the child lies in `into` instead of where it lay; it ends when it would have ended."""
    ends = [_end(connection, row, on, recorded_at) for row in _edges(connection, "child_id", child, on, recorded_at)
            if row.relation == relation]  # fmt: skip
    end = ends[0] if ends else None
    _edge(connection, child, into, relation, on, end, recorded_at)


def merge_regions(
    connection: sa.Connection, sources: Collection[SubjectId], into: SubjectId, on: date, recorded_at: datetime
) -> None:
    """From the day `on` the sources are part of `into` (撤并): what lay in them lies there, their codes end."""
    for source in sources:
        for row in _edges(connection, "parent_id", source, on, recorded_at):
            if row.relation in ("lies_in", "jurisdiction") and row.child_id != into:
                move(connection, SubjectId(row.child_id), into, on, recorded_at, row.relation)
        _close(connection, source, on, recorded_at)
        _edge(connection, source, into, "merged_into", on, None, recorded_at)


def split_region(
    connection: sa.Connection,
    source: SubjectId,
    parts: Iterable[tuple[SubjectId, Collection[SubjectId]]],
    on: date,
    recorded_at: datetime,
    *,
    remains: bool,
) -> None:
    """From the day `on` each part, registered before, holds the members named; the source goes on if it `remains`."""
    for part, members in parts:
        for member in members:
            move(connection, member, part, on, recorded_at)
        _edge(connection, part, source, "split_from", on, None, recorded_at)
    if not remains:
        _close(connection, source, on, recorded_at)


def _edges(connection: sa.Connection, end: str, subject: SubjectId, on: date, known: datetime) -> list[Held]:
    """Standing edges of a subject that hold on the day or later ones that end after it."""
    t = store.parent
    query = sa.select(t.c.row_id, t.c.child_id, t.c.parent_id, t.c.relation, t.c.valid_to).where(
        store.standing(t, known),
        t.c[end] == subject,
        t.c.valid_from <= on,
        sa.or_(t.c.valid_to.is_(None), t.c.valid_to > on),
    )
    return [Held(*row) for row in connection.execute(query.order_by(t.c.row_id))]


def _end(
    connection: sa.Connection,
    row: Held,
    on: date,
    recorded_at: datetime,
) -> date | None:
    """End an edge on the day; returns when it would have ended."""
    correct(connection, "parent", row.row_id, recorded_at, valid_to=on)
    return row.valid_to


def _edge(
    connection: sa.Connection,
    child: SubjectId,
    parent: SubjectId,
    relation: str,
    start: date,
    end: date | None,
    recorded_at: datetime,
) -> None:
    row = {
        "child_id": child, "parent_id": parent, "relation": relation, "valid_from": start, "valid_to": end,
        "recorded_at": recorded_at, "corrects": None,
    }  # fmt: skip
    store.add(connection, store.parent, [row])


def _close(connection: sa.Connection, subject: SubjectId, on: date, recorded_at: datetime) -> None:
    """The subject's own place, codes and names end on the day."""
    for row in _edges(connection, "child_id", subject, on, recorded_at):
        if row.relation in ("lies_in", "jurisdiction"):
            _end(connection, row, on, recorded_at)
    t = store.alias
    query = sa.select(t.c.row_id).where(
        store.standing(t, recorded_at),
        t.c.subject_id == subject,
        t.c.valid_from <= on,
        sa.or_(t.c.valid_to.is_(None), t.c.valid_to > on),
    )
    for row_id in list(connection.execute(query).scalars()):
        correct(connection, "alias", row_id, recorded_at, valid_to=on)
