"""What a running job has in hand: its workspace, its asker's scope, progress, and an end that is written once."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from shuangkong.engine.database import reading, writing
from shuangkong.engine.jobs import holding
from shuangkong.engine.jobs.holding import Held, LostLease
from shuangkong.engine.jobs.table import Job, Outcome
from shuangkong.engine.workspace import Workspace
from shuangkong.kernel.labels import Label
from shuangkong.kernel.scope import Scope

LOG = logging.getLogger("shuangkong.jobs")
#: Progress is written no more often than this, in seconds; cancelling is looked up each time.
WRITTEN_EVERY = 0.25


class Cancelled(Exception):
    """Cancelling was asked for: the job stops here."""


class GivenBack(Exception):
    """The worker is being stopped: the job goes back into the queue."""


@dataclass
class JobContext:
    """One job while it runs. `given` is what the worker was started with."""

    workspace: Workspace
    held: Held
    resumable: bool
    stopping: threading.Event
    given: Mapping[str, Any] = field(default_factory=dict)
    may: Callable[[sa.Connection, Job, datetime], None] | None = None
    ended: bool = False
    _written_at: float = float("-inf")
    _label: Label | None = None

    @property
    def job(self) -> Job:
        """The job as it was claimed."""
        return self.held.job

    @property
    def scope(self) -> Scope:
        """Whose rows it may read and write: the scope of who asked for it."""
        return self.held.job.scope

    def progress(self, label: Label, done: int, total: int) -> None:
        """Say how far it is. Raises Cancelled, GivenBack or LostLease where it must stop; let them through."""
        now = time.monotonic()
        if label == self._label and done < total and now < self._written_at + WRITTEN_EVERY:
            with reading(self.workspace.engine) as db:
                cancel = holding.asked_to_cancel(db, self.held)
        else:
            self._label, self._written_at = label, now
            with writing(self.workspace.engine) as db:
                cancel = holding.progress(db, self.held, label, done, total)
        if cancel:
            raise Cancelled(self.job.job_id)
        if self.stopping.is_set() and self.resumable:
            raise GivenBack(self.job.job_id)

    def still_mine(self, connection: sa.Connection) -> None:
        """First thing in the transaction of an effect: it is written only while the job is this worker's.

        Raises LostLease, and Cancelled: up to its commit an effect can be called off. Call it before other entries
        of the audit log are written in that transaction.
        """
        holding.still_mine(connection, self.held)
        if holding.asked_to_cancel(connection, self.held):
            raise Cancelled(self.job.job_id)

    def still_allowed(self, connection: sa.Connection) -> None:
        """Raises the UserError of the kind's `may` where who asked has lost the right to this job meanwhile."""
        if self.may is not None:
            self.may(connection, self.job, self.workspace.clock())

    def finish_in(self, connection: sa.Connection, outcome: Outcome | None) -> None:
        """End the job in the transaction of its effect, which is then done once. The caller commits.

        The right of who asked is asked for once more: one that was taken away while it ran undoes the effect.
        """
        self.still_allowed(connection)
        holding.finish(connection, self.held, outcome, at=self.workspace.clock())
        self.ended = True

    def finish_with(self, effect: Callable[[sa.Connection], Outcome | None]) -> None:
        """Do an effect in the registry database and end the job with what it gives: both or neither."""
        with writing(self.workspace.engine) as db:
            self.still_mine(db)
            self.finish_in(db, effect(db))

    def beat(self, lease: timedelta, quit_: threading.Event) -> None:
        """Keep the lease alive until told to quit; a database that is busy is asked again."""
        while not quit_.wait(lease.total_seconds() / 3):
            try:
                with writing(self.workspace.engine) as db:
                    holding.heartbeat(db, self.held, at=self.workspace.clock(), lease=lease)
            except LostLease:
                return
            except sa.exc.OperationalError as wrong:
                LOG.warning("%s: no heartbeat: %s", self.job.job_id, wrong.orig)
