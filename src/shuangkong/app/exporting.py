"""Exports as jobs (导出任务): a table of many rows is written by a worker and waits for who asked, for seven days.

The file lies in a folder of its own beside the originals, which are kept for good, and is left out of back-ups.
"""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qsl

import sqlalchemy as sa

from shuangkong.engine.api import Blobs, Clock, Workspace, jobs, reading
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Label, Language
from shuangkong.kernel.scope import Scope
from shuangkong.registry.api import opened
from shuangkong.webkit.api import Format, Speaker, parse_choices, read_messages

#: How long a file waits, and the folder of the workspace that it waits in.
KEPT = timedelta(days=7)
FOLDER = "exports"
#: The rights that the export of each table takes; the first one is that of its route.
EXPORTED: dict[str, tuple[str, ...]] = {
    "findings": ("export",),
    "cases": ("cases.read", "export"),
    "units": ("units.export",),
    "projects": ("units.export",),
    "rule-findings": ("export",),
    "rule-changes": ("export",),
    "board": ("export",),
    "nowcasts": ("export",),
    "audit": ("audit.read", "export"),
    "consents": ("consent.read", "export"),
    "imports": ("import.write", "export"),
    "people": ("people.manage", "export"),
    "meters": ("meters.read", "export"),
    "meter-readings": ("meters.read", "export"),
}
_WRITING = Label("写入表格", "write the table")


def _export(job: jobs.JobContext, arguments: Mapping[str, Any]) -> jobs.Outcome:
    """Write the rows that fit, with the eyes of who asked and, for a table of runs, of the run that they looked at."""
    # the pages know the kinds of jobs, so that this module cannot begin with them
    from shuangkong.app.web.factory import MESSAGES
    from shuangkong.app.web.listed import LISTINGS
    from shuangkong.app.web.listings import Eyes
    from shuangkong.app.web.reading import Reader

    workspace, listing = job.workspace, LISTINGS[_table_of(arguments)]
    job.progress(_WRITING, 0, 1)
    now = workspace.clock()
    expire_exports(workspace, now)
    with reading(workspace.engine) as db:
        open_now = sorted(opened(db, job.scope))
    view = Reader(workspace).of_run(arguments["run"], job.scope) if arguments["run"] else None
    speaker = Speaker(cast(Language, arguments["language"]), read_messages(*MESSAGES))
    made = listing.file(
        Eyes(workspace, job.scope, speaker, view), parse_choices(listing.spec, parse_qsl(arguments["choices"])),
        arguments["ending"], step=lambda done, total: job.progress(_WRITING, done, total),
    )  # fmt: skip
    sha256, size = _written(workspace, made.parts, now)
    result = {
        "name": made.name, "label": made.label, "ending": made.ending, "rows": made.total, "bytes": size,
        "until": (now + KEPT).isoformat(), "days": KEPT.days, "opened": open_now,
    }  # fmt: skip
    return jobs.Outcome(result, sha256)


EXPORT = jobs.Kind("export", Label("导出表格", "export a table"), _export, resumable=True)


def ask_export(
    db: sa.Connection,
    table: str,
    choices: str,
    ending: Format,
    language: Language,
    run: str,
    *,
    scope: Scope,
    clock: Clock,
) -> jobs.Job:
    """Ask for an export of a table; `choices` is the query of its address.

    Of the same run twice a day is once; a table of no `run` changes all the time, and twice a minute is once.
    """
    arguments = {"table": table, "choices": choices, "ending": ending, "language": language, "run": run}
    at = clock()
    when = f"{at:%Y-%m-%d}" if run else f"{at:%Y-%m-%d %H:%M}"
    asked = "".join(f"{k}={v};" for k, v in arguments.items()) + f"{replace(scope, on=None)}{when}"
    key = hashlib.sha256(asked.encode("utf-8")).hexdigest()[:40]
    return jobs.enqueue(db, EXPORT, arguments, scope=scope, at=at, key=key)


def _table_of(arguments: Mapping[str, Any]) -> str:
    """The table of an export; up to 0.2.0 only findings were exported by jobs, and none was named."""
    return str(arguments.get("table", "findings"))


def rights_of_export(job: jobs.Job) -> tuple[str, ...]:
    """What the export of a job takes, also to fetch its file."""
    return EXPORTED[_table_of(job.arguments)] if job.kind == EXPORT.name else ("export",)


def exported_file(workspace: Workspace, job: jobs.Job, scope: Scope) -> Path | None:
    """The file of an export while it waits, for who asked and only while they may see what it holds.

    Another appointment, or a consent or publication that came or went since, and it must be asked for again.
    """
    if job.kind != EXPORT.name or job.state != "done" or job.result is None or job.result_blob is None:
        return None
    if job.principal != scope.principal or replace(job.scope, on=None) != replace(scope, on=None):
        return None
    if workspace.clock() > datetime.fromisoformat(job.result["until"]):
        return None
    with reading(workspace.engine) as db:
        if sorted(opened(db, scope)) != job.result["opened"]:
            return None
    path = _files(workspace).path(job.result_blob)
    return path if path.exists() else None


def needed_file(workspace: Workspace, job: jobs.Job, scope: Scope) -> Path:
    """The same; raises JOB-001 where there is none."""
    found = exported_file(workspace, job, scope)
    if found is None:
        raise UserError(
            "JOB-001", f"the job “{job.job_id}” has no file to fetch, or has it no longer.",
            remedy="Export the table again.",
            case="no_file",
        )  # fmt: skip
    return found


def expire_exports(workspace: Workspace, at: datetime) -> int:
    """Delete the files that nobody may fetch any more, and parts left by a worker that was killed; says how many."""
    gone = 0
    for path in sorted(_files(workspace).root.glob("*/*")):
        if path.stat().st_mtime < (at - KEPT).timestamp():
            path.unlink(missing_ok=True)
            gone += 1
    return gone


def _files(workspace: Workspace) -> Blobs:
    return Blobs(workspace.root / FOLDER)


def _written(workspace: Workspace, parts: Iterable[bytes], at: datetime) -> tuple[str, int]:
    """The parts as one file of that time named by its SHA-256, never all in memory; its hash and its size in bytes."""
    files, sha256, size = _files(workspace), hashlib.sha256(), 0
    part = files.root / "parts" / uuid.uuid4().hex
    part.parent.mkdir(parents=True, exist_ok=True)
    try:
        with part.open("wb") as out:
            for content in parts:
                sha256.update(content)
                size += out.write(content)
        # the age of a file goes by the clock of the workspace
        os.utime(part, (at.timestamp(), at.timestamp()))
        path = files.path(sha256.hexdigest())
        path.parent.mkdir(exist_ok=True)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return sha256.hexdigest(), size
