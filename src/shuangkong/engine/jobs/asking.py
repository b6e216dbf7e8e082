"""Asking for a job and looking after it: enqueue, see, cancel, retry. All within the caller's transaction."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from shuangkong.engine.audit import record
from shuangkong.engine.jobs.table import (
    ENDED,
    Job,
    JobState,
    Kind,
    as_json,
    job_of,
    job_row,
    scope_from,
    scope_text,
    scopes_text,
)
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.scope import Scope


@dataclass(frozen=True, slots=True)
class _Order:
    kind: str
    arguments: str
    principal: str
    scope: str
    subject_id: str | None
    most_attempts: int
    key: str | None = None
    slot: str | None = None
    retry_of: str | None = None
    also_for: str | None = None


def enqueue(
    connection: sa.Connection,
    kind: Kind,
    arguments: Mapping[str, Any],
    *,
    scope: Scope,
    at: datetime,
    subject_id: str | None = None,
    key: str | None = None,
    slot: str | None = None,
) -> Job:
    """Ask for a job, with its audit entry, in the caller's transaction.

    The same `key` from the same principal for the same kind gives the job that was made first, whatever became
    of it: a form sent twice is one job. A `slot` is shared by all: while a job waits in it, whoever asks gets
    that one; once it has begun, a new one is made. The job will run with the scope given here, and keeps those of
    the others who asked: it is done while one of them still may.
    """
    order = _Order(
        kind.name, as_json(arguments), scope.principal, scope_text(scope), subject_id, kind.most_attempts, key, slot
    )
    return _placed(connection, order, at, scope.principal)


def _placed(connection: sa.Connection, order: _Order, at: datetime, principal: str) -> Job:
    in_order(connection)
    while True:
        made = _inserted(connection, order, at)
        found = made or _there(connection, order)
        if found is not None:
            break
        # the slot was given up between the two looks: it is free now
    if made is None:
        return _joined(connection, found, order)
    detail = {"kind": order.kind, "for": order.principal, "retry_of": order.retry_of}
    record(connection, at=at, principal=principal, action="job.enqueue", obj=made.job_id, detail=detail)
    return made


def _inserted(connection: sa.Connection, order: _Order, at: datetime) -> Job | None:
    insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(job_row)
    values = {
        "job_id": f"j_{uuid.uuid4().hex[:20]}", "state": "queued", "enqueued_at": at, "progress_done": 0,
        "progress_total": 0, "progress_zh": "", "progress_en": "", "attempts": 0, "fence": 0, "cancel_asked": False,
        **{name: getattr(order, name) for name in _Order.__slots__},
    }  # fmt: skip
    statement = insert.values(**values).on_conflict_do_nothing().returning(job_row)
    row = connection.execute(statement).mappings().first()
    return job_of(row) if row else None


def _there(connection: sa.Connection, order: _Order) -> Job | None:
    t = job_row
    same_key = sa.and_(t.c.key == order.key, t.c.principal == order.principal, t.c.kind == order.kind)
    # a waiting job is kept from beginning until the caller commits: what it was asked for is there by then
    waiting = sa.select(t).where(t.c.slot == order.slot).with_for_update()
    for given, query in ((order.key, sa.select(t).where(same_key)), (order.slot, waiting)):
        row = connection.execute(query).mappings().first() if given is not None else None
        if row is not None:
            return job_of(row)
    return None


def _joined(connection: sa.Connection, found: Job, order: _Order) -> Job:
    """Write down with a waiting job whoever else asked for it, so that it does not hang on the first one's right."""
    scope = scope_from(order.scope)
    if found.state != "queued" or order.slot is None or scope in (found.scope, *found.also_for):
        return found
    also_for = (*found.also_for, scope)
    values = {"also_for": scopes_text(also_for)}
    connection.execute(job_row.update().where(job_row.c.job_id == found.job_id).values(**values))
    return replace(found, also_for=also_for)


def in_order(connection: sa.Connection) -> None:
    """Take the audit log's turn before any row of a job: two who take them the other way round would wait for ever."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(7218)"))


def _seen(scope: Scope) -> sa.ColumnElement[bool]:
    """A person sees the jobs that they asked for; who may see everything sees all; nobody else sees any."""
    if scope.unrestricted:
        return sa.true()
    return sa.false() if scope.kind in ("none", "published") else job_row.c.principal == scope.principal


def jobs_seen(
    connection: sa.Connection,
    scope: Scope,
    *,
    states: Sequence[JobState] = (),
    subject_id: str | None = None,
    limit: int = 100,
) -> list[Job]:
    """Jobs that a reader may see, newest first; all states where none is named."""
    query = sa.select(job_row).where(_seen(scope))
    if states:
        query = query.where(job_row.c.state.in_(states))
    if subject_id is not None:
        query = query.where(job_row.c.subject_id == subject_id)
    query = query.order_by(job_row.c.enqueued_at.desc(), job_row.c.job_id).limit(limit)
    return [job_of(r) for r in connection.execute(query).mappings()]


def jobs_select(scope: Scope) -> sa.Select[Any]:
    """The rows of jobs that a reader may see, for a list that is filtered and paged; without their scopes."""
    hidden = {"scope", "holder", "lease_until", "fence", "key", "slot", "also_for"}
    return sa.select(*(c for c in job_row.c if c.name not in hidden)).where(_seen(scope))


def job_seen(connection: sa.Connection, scope: Scope, job_id: str) -> Job:
    """One job; raises JOB-001 in the same words for another's job as for one that does not exist."""
    return _one(connection, scope, job_id, lock=False)


def _one(connection: sa.Connection, scope: Scope, job_id: str, *, lock: bool) -> Job:
    query = sa.select(job_row).where(job_row.c.job_id == job_id, _seen(scope))
    row = connection.execute(query.with_for_update() if lock else query).mappings().first()
    if row is None:
        raise UserError(
            "JOB-001",
            "there is no such job, or it is not yours to see.",
            where=job_id,
            remedy="`shuangkong jobs list` shows yours.",
            case="none",
        )
    return job_of(row)


def cancel(connection: sa.Connection, scope: Scope, job_id: str, *, at: datetime) -> Job:
    """Cancel a job: one that waits ends now, one that runs at its next step; one that has ended stays as it is.

    The caller has asked whether this principal may cancel; here only what they may see is decided.
    """
    in_order(connection)
    job = _one(connection, scope, job_id, lock=True)
    if job.state in ENDED or job.cancel_asked:
        return job
    values: dict[str, object] = {"cancel_asked": True}
    if job.state == "queued":
        values |= {"state": "cancelled", "finished_at": at, "slot": None}
    connection.execute(job_row.update().where(job_row.c.job_id == job_id).values(**values))
    record(connection, at=at, principal=scope.principal, action="job.cancel", obj=job_id, detail={"kind": job.kind})
    return _one(connection, scope, job_id, lock=False)


def retry(connection: sa.Connection, scope: Scope, job_id: str, *, at: datetime) -> Job:
    """Ask again for a job that failed or was cancelled: a new job, for the same person and with their scope.

    Asking twice gives the same new job. The audit entry names who asked. Raises JOB-002 for a job that has not
    failed.
    """
    old = _one(connection, scope, job_id, lock=False)
    if old.state not in ("failed", "cancelled"):
        raise UserError(
            "JOB-002",
            f"the job is {old.state}; only one that failed or was cancelled is run again.",
            where=job_id,
            remedy="Wait for it, cancel it, or ask for a new job.",
            case="not_ended",
        )
    order = _Order(
        old.kind, as_json(old.arguments), old.principal, scope_text(old.scope), old.subject_id, old.most_attempts,
        key=f"retry:{job_id}", retry_of=job_id, also_for=scopes_text(old.also_for),
    )  # fmt: skip
    return _placed(connection, order, at, scope.principal)
