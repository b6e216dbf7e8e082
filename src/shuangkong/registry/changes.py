"""What happens to regions: a place moves, is merged into another, or is split. Each act is new rows only."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import NamedTuple

import sqlalchemy as sa

from shuangkong.engine.api import record
from shuangkong.kernel.ids import SubjectId
from shuangkong.registry import store
from shuangkong.registry.service import NAMED, Fact, put_right


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
    *,
    principal: str,
    reason: str = "",
) -> None:
    """From the day `on` the child lies in `into` instead of where it lay; it ends when it would have ended."""
    left = [row for row in _edges(connection, "child_id", child, on, recorded_at) if row.relation == relation]
    for row in left:
        _end(connection, "parent", row.row_id, on, recorded_at)
    end = left[0].valid_to if left else None
    _edge(connection, child, into, relation, on, end, recorded_at)
    detail = {
        "relation": relation, "on": on, "old": [row.parent_id for row in left], "new": into,
        "corrects": [row.row_id for row in left], "reason": reason,
    }  # fmt: skip
    record(connection, at=recorded_at, principal=principal, action="registry.move", obj=child, detail=detail)


def merge_regions(
    connection: sa.Connection,
    sources: Collection[SubjectId],
    into: SubjectId,
    on: date,
    recorded_at: datetime,
    *,
    principal: str,
    reason: str = "",
) -> None:
    """From the day `on` the sources are part of `into` (撤并): what lay in them lies there, their codes end."""
    for source in sources:
        for row in _edges(connection, "parent_id", source, on, recorded_at):
            if row.relation in ("lies_in", "jurisdiction") and row.child_id != into:
                child = SubjectId(row.child_id)
                move(connection, child, into, on, recorded_at, row.relation, principal=principal, reason=reason)
        closed = _close(connection, source, on, recorded_at)
        _edge(connection, source, into, "merged_into", on, None, recorded_at)
        detail = {"into": into, "on": on, "corrects": closed[:NAMED], "rows": len(closed), "reason": reason}
        record(connection, at=recorded_at, principal=principal, action="registry.merge", obj=source, detail=detail)


def split_region(
    connection: sa.Connection,
    source: SubjectId,
    parts: Iterable[tuple[SubjectId, Collection[SubjectId]]],
    on: date,
    recorded_at: datetime,
    *,
    remains: bool,
    principal: str,
    reason: str = "",
) -> None:
    """From the day `on` each part, registered before, holds the members named; the source goes on if it `remains`."""
    made = []
    for part, members in parts:
        for member in members:
            move(connection, member, part, on, recorded_at, principal=principal, reason=reason)
        _edge(connection, part, source, "split_from", on, None, recorded_at)
        made.append(part)
    closed = [] if remains else _close(connection, source, on, recorded_at)
    detail = {
        "parts": made[:NAMED], "on": on, "remains": remains, "corrects": closed[:NAMED], "rows": len(closed),
        "reason": reason,
    }  # fmt: skip
    record(connection, at=recorded_at, principal=principal, action="registry.split", obj=source, detail=detail)


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


def _end(connection: sa.Connection, fact: Fact, row_id: str, on: date, recorded_at: datetime) -> None:
    """End a row on the day; what it is part of is the caller's audit entry."""
    put_right(connection, fact, row_id, recorded_at, {"valid_to": on})


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


def _close(connection: sa.Connection, subject: SubjectId, on: date, recorded_at: datetime) -> list[str]:
    """The subject's own place, codes and names end on the day; returns the rows that did."""
    t = store.alias
    query = sa.select(t.c.row_id).where(
        store.standing(t, recorded_at),
        t.c.subject_id == subject,
        t.c.valid_from <= on,
        sa.or_(t.c.valid_to.is_(None), t.c.valid_to > on),
    )
    edges = _edges(connection, "child_id", subject, on, recorded_at)
    places = [row.row_id for row in edges if row.relation in ("lies_in", "jurisdiction")]
    names = list(connection.execute(query.order_by(t.c.row_id)).scalars())
    for row_id in places:
        _end(connection, "parent", row_id, on, recorded_at)
    for row_id in names:
        _end(connection, "alias", row_id, on, recorded_at)
    return [*places, *names]
