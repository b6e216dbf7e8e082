"""The worker (任务进程): claims jobs one after another, keeps each alive with a heartbeat, and writes how it ended."""

from __future__ import annotations

import os
import platform
import threading
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from shuangkong.engine.database import reading, writing
from shuangkong.engine.jobs import holding
from shuangkong.engine.jobs.asking import jobs_seen
from shuangkong.engine.jobs.context import LOG, Cancelled, GivenBack, JobContext
from shuangkong.engine.jobs.holding import Held, LostLease
from shuangkong.engine.jobs.table import Kind
from shuangkong.engine.runs import bury_runs
from shuangkong.engine.workspace import Workspace
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.scope import Scope

#: How long a worker may be silent before its job goes to another; it gives a sign three times as often.
LEASE = timedelta(seconds=30)
#: How often a worker looks for jobs, in seconds.
POLL = 0.5


def work(
    workspace: Workspace,
    kinds: Mapping[str, Kind],
    *,
    stopping: threading.Event,
    once: bool = False,
    poll: float = POLL,
    lease: timedelta = LEASE,
    given: Mapping[str, Any] | None = None,
) -> int:
    """Do jobs until `stopping` is set, or with `once` until none waits; gives how many were begun.

    Any number of workers may do this at the same time, in threads, processes or machines. A database that does
    not answer is asked again.
    """
    holder = f"{platform.node()[:40]}:{os.getpid()}:{uuid.uuid4().hex[:12]}"
    begun = 0
    for run_id in bury_runs(workspace):
        LOG.warning("%s: its process went away; the run counts as failed", run_id)
    while not stopping.is_set():
        try:
            held = _next(workspace, kinds, holder, lease)
            if held is not None:
                begun += 1
                _do(workspace, kinds[held.job.kind], held, lease, stopping, given or {})
            elif once:
                break
        except sa.exc.OperationalError as wrong:
            LOG.warning("the database does not answer: %s", wrong.orig)
            held = None
        except UserError as full:
            # the disk is full, so that not even the end of a job can be written: it is tried again later
            if full.code != "WS-004":
                raise
            LOG.error("nothing can be written: %s", full)
            held = None
            if once:
                raise
        if held is None:
            stopping.wait(poll)
    return begun


def _next(workspace: Workspace, kinds: Mapping[str, Kind], holder: str, lease: timedelta) -> Held | None:
    at = workspace.clock()
    if not _any(workspace):
        return None
    with writing(workspace.engine) as db:
        for job_id in holding.bury(db, at=at):
            LOG.warning("%s: its worker went silent; ended", job_id)
    with writing(workspace.engine) as db:
        return holding.claim(db, kinds, holder=holder, at=at, lease=lease)


def _any(workspace: Workspace) -> bool:
    """Whether there is anything at all to look at: an idle worker takes no write lock."""
    with reading(workspace.engine) as db:
        return bool(jobs_seen(db, Scope.system("look for jobs"), states=("queued", "running"), limit=1))


def _do(
    workspace: Workspace,
    kind: Kind,
    held: Held,
    lease: timedelta,
    stopping: threading.Event,
    given: Mapping[str, Any],
) -> None:
    context = JobContext(workspace, held, kind.resumable, stopping, given, kind.may)
    name = f"{held.job.job_id} ({kind.name})"
    LOG.info("%s: begins, attempt %s", name, held.job.attempts)
    try:
        with reading(workspace.engine) as db:
            context.still_allowed(db)
        with _alive(context, lease):
            outcome = kind.run(context, held.job.arguments)
        if not context.ended:
            with writing(workspace.engine) as db:
                context.finish_in(db, outcome)
        LOG.info("%s: done", name)
    except LostLease:
        LOG.warning("%s: went to another worker; nothing was written here", name)
    except (Cancelled, GivenBack, UserError) as stop:
        _stopped(context, stop, name)
    except sa.exc.OperationalError:
        # the database went away: what it knows is that the job runs, and once the lease is over it runs again
        raise
    except Exception as bug:  # noqa: BLE001 (the outer edge of a job: one bug must not end the worker)
        _stopped(context, _traced(bug, name), name)


def _stopped(context: JobContext, stop: Cancelled | GivenBack | UserError, name: str) -> None:
    """Write that the job did not come to its end, and why."""
    at = context.workspace.clock()
    try:
        with writing(context.workspace.engine) as db:
            if isinstance(stop, GivenBack):
                holding.give_back(db, context.held)
            elif isinstance(stop, Cancelled):
                holding.end_cancelled(db, context.held, at=at)
            else:
                holding.fail(db, context.held, stop, at=at)
    except LostLease:
        LOG.warning("%s: has ended or gone to another worker already", name)
        return
    LOG.info("%s: %s", name, stop if isinstance(stop, UserError) else type(stop).__name__)


def _traced(bug: Exception, name: str) -> UserError:
    """A bug as people see it: the log has the traceback under the same id."""
    trace = f"t_{uuid.uuid4().hex[:12]}"
    LOG.error("%s: a bug, %s", name, trace, exc_info=bug)
    return UserError(
        "JOB-002",
        "the program has a fault.",
        where=trace,
        remedy=f"Hand {trace} to who runs this platform: the log of the worker tells more under it.",
        case="bug",
        facts={"trace": trace},
    )


@contextmanager
def _alive(context: JobContext, lease: timedelta) -> Iterator[None]:
    """A heartbeat in a thread of its own while the job runs."""
    over = threading.Event()
    thread = threading.Thread(target=context.beat, args=(lease, over), name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
