"""Holding a job: claim, heartbeat, progress and end, each only while the fence is still the holder's own."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from shuangkong.engine.audit import record
from shuangkong.engine.jobs.asking import in_order
from shuangkong.engine.jobs.table import Job, JobState, Outcome, as_json, error_kept, job_of, job_row
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Label


class LostLease(Exception):
    """The job went to another worker: whatever this one was about to write is not written."""


@dataclass(frozen=True, slots=True)
class Held:
    """A job in the hands of one worker; `fence` is what it must still be for anything to be written."""

    job: Job
    holder: str
    fence: int


def claim(
    connection: sa.Connection, kinds: Collection[str], *, holder: str, at: datetime, lease: timedelta
) -> Held | None:
    """The oldest job of these kinds that waits, or whose worker went silent and that may be begun again.

    Workers that ask at the same time get different jobs.
    """
    t = job_row
    silent = sa.and_(t.c.state == "running", t.c.lease_until < at, t.c.attempts < t.c.most_attempts)
    free = sa.and_(t.c.cancel_asked.is_(False), sa.or_(t.c.state == "queued", silent))
    query = (
        sa.select(t)
        .where(t.c.kind.in_(sorted(kinds)), free)
        .order_by(t.c.enqueued_at, t.c.job_id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    found = connection.execute(query).mappings().first()
    if found is None:
        return None
    fence = int(found["fence"]) + 1
    values = {
        "state": "running", "holder": holder, "fence": fence, "lease_until": at + lease, "slot": None,
        "started_at": found["started_at"] or at, "attempts": int(found["attempts"]) + 1,
    }  # fmt: skip
    connection.execute(t.update().where(t.c.job_id == found["job_id"]).values(**values))
    return Held(job_of({**found, **values}), holder, fence)  # type: ignore[arg-type]  # a row with newer values


def bury(connection: sa.Connection, *, at: datetime) -> list[str]:
    """End the jobs whose worker went silent and that may not begin again: cancelled if that was asked, else failed.

    Gives their ids.
    """
    t = job_row
    silent = sa.and_(t.c.state == "running", t.c.lease_until < at)
    dead = sa.or_(
        sa.and_(silent, sa.or_(t.c.attempts >= t.c.most_attempts, t.c.cancel_asked)),
        # given back by its worker just after cancelling was asked
        sa.and_(t.c.state == "queued", t.c.cancel_asked),
    )
    if connection.execute(sa.select(t.c.job_id).where(dead).limit(1)).first() is None:
        return []
    in_order(connection)
    rows = connection.execute(sa.select(t).where(dead).with_for_update(skip_locked=True)).mappings().all()
    for row in rows:
        job = job_of(row)
        state: JobState = "cancelled" if job.cancel_asked else "failed"
        error = None if job.cancel_asked else error_kept(_silence(job))
        # a new fence, so that a worker that was only asleep cannot write over it
        _end(connection, job, job.fence, state, at=at, error=error, new_fence=job.fence + 1)
    return [str(r["job_id"]) for r in rows]


def _silence(job: Job) -> UserError:
    if job.most_attempts == 1:
        message = "its worker stopped in the middle, and this kind of job is not begun again by itself."
    else:
        message = f"its worker stopped in the middle {job.attempts} times."
    return UserError(
        "JOB-002",
        message,
        where=job.job_id,
        remedy="See what was done, and run it again with `shuangkong jobs retry`.",
        case="silent",
        facts={"n": job.attempts},
    )


def heartbeat(connection: sa.Connection, held: Held, *, at: datetime, lease: timedelta) -> bool:
    """Say that the worker lives; tells whether cancelling was asked. Raises LostLease."""
    return _written(connection, held, {"lease_until": at + lease})


def progress(connection: sa.Connection, held: Held, label: Label, done: int, total: int) -> bool:
    """Write how far it has come; tells whether cancelling was asked. Raises LostLease."""
    values = {
        "progress_zh": label.zh, "progress_en": label.en or "", "progress_done": done, "progress_total": total
    }  # fmt: skip
    return _written(connection, held, values)


def asked_to_cancel(connection: sa.Connection, held: Held) -> bool:
    """Whether cancelling was asked. Raises LostLease."""
    asked = connection.execute(sa.select(job_row.c.cancel_asked).where(_mine(held))).scalar_one_or_none()
    if asked is None:
        raise LostLease(held.job.job_id)
    return bool(asked)


def _mine(held: Held) -> sa.ColumnElement[bool]:
    t = job_row
    return sa.and_(t.c.job_id == held.job.job_id, t.c.fence == held.fence, t.c.state == "running")


def _written(connection: sa.Connection, held: Held, values: dict[str, Any]) -> bool:
    statement = job_row.update().where(_mine(held)).values(**values).returning(job_row.c.cancel_asked)
    asked = connection.execute(statement).scalar_one_or_none()
    if asked is None:
        raise LostLease(held.job.job_id)
    return bool(asked)


def still_mine(connection: sa.Connection, held: Held) -> None:
    """Keep the job in this holder's hands until the transaction ends. Raises LostLease."""
    in_order(connection)
    row = connection.execute(sa.select(job_row.c.job_id).where(_mine(held)).with_for_update()).first()
    if row is None:
        raise LostLease(held.job.job_id)


def finish(connection: sa.Connection, held: Held, outcome: Outcome | None, *, at: datetime) -> None:
    """The job is done. In the transaction of its effect, so that both happen or neither. Raises LostLease."""
    still_mine(connection, held)
    _end(connection, held.job, held.fence, "done", at=at, outcome=outcome)


def fail(connection: sa.Connection, held: Held, error: UserError, *, at: datetime) -> None:
    """The job could not be done, and this is why. Raises LostLease."""
    still_mine(connection, held)
    _end(connection, held.job, held.fence, "failed", at=at, error=error_kept(error))


def end_cancelled(connection: sa.Connection, held: Held, *, at: datetime) -> None:
    """The job stopped because that was asked. Raises LostLease."""
    still_mine(connection, held)
    _end(connection, held.job, held.fence, "cancelled", at=at)


def give_back(connection: sa.Connection, held: Held) -> None:
    """Put the job back into the queue, for a worker that is being stopped; this does not count as an attempt."""
    values = {"state": "queued", "holder": None, "lease_until": None, "attempts": held.job.attempts - 1}
    _written(connection, held, values)


def _end(
    connection: sa.Connection,
    job: Job,
    fence: int,
    state: JobState,
    *,
    at: datetime,
    outcome: Outcome | None = None,
    error: dict[str, Any] | None = None,
    new_fence: int | None = None,
) -> None:
    values = {
        "state": state, "finished_at": at, "holder": None, "lease_until": None, "slot": None,
        "result": as_json(outcome.result) if outcome else None, "result_blob": outcome.blob if outcome else None,
        "error": as_json(error) if error else None, "fence": new_fence or fence,
    }  # fmt: skip
    connection.execute(job_row.update().where(job_row.c.job_id == job.job_id).values(**values))
    detail = {"kind": job.kind, "attempts": job.attempts, **({"error": error["message"]} if error else {})}
    record(connection, at=at, principal=job.principal, action=f"job.{state}", obj=job.job_id, detail=detail)
