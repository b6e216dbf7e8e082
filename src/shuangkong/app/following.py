"""The books follow (账随数动): late data are pulled. Whatever came in since the last run is taken up by one job.

Whoever stores something that books are made of asks for it: the touched keys themselves stay where they are, in the
lake, and the run finds them by what the run before had not read. Many asks are one job as long as it waits; one that
comes while it runs is a further job, so that nothing that was stored before an ask is left out of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from shuangkong.app.catalogue import library
from shuangkong.app.pipeline import run_pipeline
from shuangkong.engine.api import Asked, Clock, jobs, latest_run
from shuangkong.kernel.ids import RunId
from shuangkong.kernel.labels import Label
from shuangkong.kernel.periods import china_day
from shuangkong.kernel.scope import Scope

#: Where an update waits until a worker begins it.
FOLLOWING = "update:following"


def ask_update(db: sa.Connection, *, scope: Scope, clock: Clock, as_of: date | None = None) -> jobs.Job:
    """Ask that the newest run be updated, as of a day; the day on which it is done if left out.

    In the caller's transaction: what is visible when that commits is in the run. Asked many times it is one job.
    """
    return jobs.enqueue(db, UPDATE, {"as_of": as_of}, scope=scope, at=clock(), slot=FOLLOWING)


def _update(job: jobs.JobContext, arguments: Mapping[str, Any]) -> None:
    """Update the newest run, or make a full one where there is none or it cannot be updated."""
    workspace = job.workspace
    known = workspace.clock()
    as_of = date.fromisoformat(arguments["as_of"]) if arguments.get("as_of") else china_day(known)
    scope = Scope.system(f"follow as {job.job.principal} asked in {job.job.job_id}")
    of = latest_run(workspace, scope, known=None)

    def end(db: sa.Connection, run_id: RunId) -> None:
        job.still_mine(db)
        told = {"run": run_id, "as_of": as_of, "known": known.isoformat(), "of": of.run_id if of else None}
        job.finish_in(db, jobs.Outcome(told))

    folders: tuple[Path, ...] = job.given.get("packs", ())
    run_pipeline(
        workspace, library(folders, workspace=workspace), known=known, as_of=as_of, scope=scope, also=end,
        update=Asked(of) if of else None, progress=job.progress,
    )  # fmt: skip


UPDATE = jobs.Kind("update", Label("增量核算与判定", "update the books"), _update, resumable=True)
