"""Kinds of jobs (任务种类): what a worker does when a page or a command has asked for it.

A further kind is a `Kind` in `KINDS`. Its function gets a JobContext and its arguments as they were read from JSON;
what it writes stands in one transaction with its end (`JobContext.still_mine`, `finish_in`), or it is not resumable.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal

import sqlalchemy as sa

from shuangkong.accounting.api import (
    METERS,
    PROJECTS,
    REGISTERS,
    UNITS,
    Origin,
    Report,
    import_meter_register,
    import_project_register,
    import_register,
    import_sheet,
)
from shuangkong.app.acting import still_entitled
from shuangkong.app.auditing import VERIFY
from shuangkong.app.catalogue import library
from shuangkong.app.document_comparing import COMPARE
from shuangkong.app.documents import READ
from shuangkong.app.exporting import EXPORT, rights_of_export
from shuangkong.app.following import UPDATE
from shuangkong.app.importing import as_dict, meters_as_dict, projects_as_dict, units_as_dict
from shuangkong.app.pipeline import run_pipeline
from shuangkong.app.sharing import SHARE
from shuangkong.app.whatif import WHATIF
from shuangkong.engine.api import Clock, jobs
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.ids import RunId
from shuangkong.kernel.labels import Label
from shuangkong.kernel.periods import china_day
from shuangkong.kernel.scope import Scope
from shuangkong.policy.api import PackSet
from shuangkong.registry.api import sheets

#: Imports in a row need one judgement: it waits here until a worker begins it.
AFTER_IMPORT = "judge:after-import"
#: Refusals that stand in the result of a job; all of them are in a file beside it.
KEPT_REFUSALS = 1_000
_READING = Label("读取与检查", "read and check")
_WAITING = Label("等待另一项导入完成", "wait for another import to end")


def _judge(job: jobs.JobContext, arguments: Mapping[str, Any]) -> None:
    """Account and judge everything. The run becomes visible in the transaction that ends the job."""
    workspace = job.workspace
    known = workspace.clock()
    as_of = date.fromisoformat(arguments["as_of"]) if arguments.get("as_of") else china_day(known)
    scope = Scope.system(f"judge as {job.job.principal} asked in {job.job.job_id}")

    def end(db: sa.Connection, run_id: RunId) -> None:
        job.still_mine(db)
        job.finish_in(db, jobs.Outcome({"run": run_id, "as_of": as_of, "known": known.isoformat()}))

    run_pipeline(workspace, _packs(job), known=known, as_of=as_of, scope=scope, also=end, progress=job.progress)


def _import(job: jobs.JobContext, arguments: Mapping[str, Any]) -> jobs.Outcome | None:
    """Take an uploaded sheet into a book, with the scope of who asked. Its rows and the job's end are one commit."""
    job.progress(_READING, 0, 1)
    if arguments["book"] == UNITS:
        return _import_units(job, arguments)
    if arguments["book"] == PROJECTS:
        return _import_projects(job, arguments)
    if arguments["book"] == METERS:
        return _import_meters(job, arguments)
    origin = _origin(arguments)

    def end(db: sa.Connection, report: Report) -> None:
        job.still_mine(db)
        job.finish_in(db, jobs.Outcome({**as_dict(report), "judge": _judge_after(db, job)}))

    def take_in() -> Report:
        return import_sheet(
            job.workspace, _packs(job), arguments["book"], _content(job, arguments), origin,
            scope=job.scope, sheet=arguments["sheet"], mapping=_mapping(arguments), dry_run=arguments["dry_run"],
            also=end,
        )  # fmt: skip

    report = _when_free(job, take_in)
    return None if job.ended else _unwritten(job, report.refusals, {**as_dict(report), "judge": None})


def _import_units(job: jobs.JobContext, arguments: Mapping[str, Any]) -> jobs.Outcome | None:
    """Take in a register of units: one that is there already is left alone, so that it can be begun again."""
    done = import_register(
        job.workspace, _content(job, arguments), _origin(arguments), scope=job.scope, sheet=arguments["sheet"],
        mapping=_mapping(arguments), dry_run=arguments["dry_run"],
    )  # fmt: skip
    # begun again, it finds the units that it registered before it was stopped, and calls them known
    changed = done.committed and (done.registered > 0 or job.job.attempts > 1)

    def end(db: sa.Connection) -> jobs.Outcome:
        if changed:
            return jobs.Outcome({**units_as_dict(done), "judge": _judge_after(db, job)})
        return _unwritten(job, done.refusals, {**units_as_dict(done), "judge": None})

    job.finish_with(end)
    return None


def _import_projects(job: jobs.JobContext, arguments: Mapping[str, Any]) -> jobs.Outcome | None:
    """Take in a register of projects: what stands already is left alone, so that it can be begun again."""
    done = import_project_register(
        job.workspace, _content(job, arguments), _origin(arguments), scope=job.scope, sheet=arguments["sheet"],
        mapping=_mapping(arguments), dry_run=arguments["dry_run"],
    )  # fmt: skip
    changed = done.committed and (done.writes > 0 or job.job.attempts > 1)

    def end(db: sa.Connection) -> jobs.Outcome:
        if changed:
            return jobs.Outcome({**projects_as_dict(done), "judge": _judge_after(db, job)})
        return _unwritten(job, done.refusals, {**projects_as_dict(done), "judge": None})

    job.finish_with(end)
    return None


def _import_meters(job: jobs.JobContext, arguments: Mapping[str, Any]) -> jobs.Outcome | None:
    """Take in a register of meters: what stands already is left alone, so that it can be begun again.

    No judgement follows: a meter is no figure; its readings are, when they come.
    """
    done = import_meter_register(
        job.workspace, _packs(job), _content(job, arguments), _origin(arguments), scope=job.scope,
        sheet=arguments["sheet"], mapping=_mapping(arguments), dry_run=arguments["dry_run"],
    )  # fmt: skip
    job.finish_with(lambda db: _unwritten(job, done.refusals, {**meters_as_dict(done), "judge": None}))
    return None


def _unwritten(job: jobs.JobContext, refusals: Sequence[sheets.Refusal], report: dict[str, Any]) -> jobs.Outcome:
    """The end of an import that wrote nothing: its first refusals, and a file of all where they are many."""
    blob = job.workspace.blobs.put(sheets.refusals_csv(refusals)) if len(refusals) > KEPT_REFUSALS else None
    kept: list[Any] = report["refusals"][:KEPT_REFUSALS]
    left_off = len(refusals) - len(kept)
    return jobs.Outcome({**report, "refusals": kept, **({"refusals_left_off": left_off} if left_off else {})}, blob)


def _judge_after(db: sa.Connection, job: jobs.JobContext) -> str | None:
    """Ask for a judgement of what was imported; its id if the same person asked for it, for they can see it."""
    asked = ask_judge(db, scope=job.scope, clock=job.workspace.clock, slot=AFTER_IMPORT, after="import")
    return asked.job_id if asked.principal == job.job.principal else None


def _when_free(job: jobs.JobContext, act: Callable[[], Report]) -> Report:
    """Do it as soon as no other process writes to the book; cancelling is heard meanwhile."""
    while True:
        try:
            return act()
        except UserError as busy:
            if busy.code != "WS-003":
                raise
        job.progress(_WAITING, 0, 1)
        job.stopping.wait(jobs.POLL)


def _origin(arguments: Mapping[str, Any]) -> Origin:
    given = arguments["origin"]
    return Origin(**{**given, "known_on": date.fromisoformat(given["known_on"])})


def _content(job: jobs.JobContext, arguments: Mapping[str, Any]) -> bytes:
    """The file of an import; IMP-004 where it was deleted with an import that was given up or expired."""
    if not job.workspace.blobs.path(arguments["blob"]).exists():
        raise UserError(
            "IMP-004", "the file of the import is no longer kept.", where=arguments["origin"]["file_name"],
            remedy="Hand the file up again as a new import.", case="file",
        )  # fmt: skip
    return job.workspace.blobs.get(arguments["blob"])


def _mapping(arguments: Mapping[str, Any]) -> sheets.Mapping | None:
    text = arguments["mapping"]
    return sheets.Mapping.from_json(text) if text else None


def _packs(job: jobs.JobContext) -> PackSet:
    folders: tuple[Path, ...] = job.given.get("packs", ())
    return library(folders, workspace=job.workspace)


JUDGE = jobs.Kind("judge", Label("核算与判定", "account and judge"), _judge, resumable=True)
IMPORT = jobs.Kind("import", Label("导入报表", "import a sheet"), _import, resumable=True)


def action_of_book(book: str) -> str:
    """The action that importing a book or a register takes."""
    return "meters.write" if book == METERS else "register.write" if book in REGISTERS else "import.write"


def action_of(job: jobs.Job) -> str:
    """The action that asking for such a job takes: who may steer jobs does not thereby do what they do."""
    if job.kind == IMPORT.name:
        return action_of_book(job.arguments["book"])
    if job.kind == EXPORT.name:
        return rights_of_export(job)[0]
    asked = {
        JUDGE.name: "run.start", VERIFY.name: "audit.read", WHATIF.name: "scenario.run", READ.name: "documents.review",
        COMPARE.name: "documents.read", UPDATE.name: "run.start", SHARE.name: "sharing.write",
    }  # fmt: skip
    return asked.get(job.kind, "platform.operate")


def _may(db: sa.Connection, job: jobs.Job, at: datetime) -> None:
    """RIGHT-002 where nobody who asked for the job may have it done any more.

    A judgement after imports belongs to all whose figures it takes up: it is done while one of them may still import.
    """
    after_import = job.kind == JUDGE.name and job.arguments.get("after") == "import"
    still_entitled(db, (job.scope, *job.also_for), "import.write" if after_import else action_of(job), at)


KINDS: dict[str, jobs.Kind] = {
    kind.name: replace(kind, may=_may) for kind in (JUDGE, IMPORT, VERIFY, EXPORT, WHATIF, READ, COMPARE, UPDATE, SHARE)
}


def ask_judge(
    db: sa.Connection,
    *,
    scope: Scope,
    clock: Clock,
    as_of: date | None = None,
    key: str | None = None,
    slot: str | None = None,
    after: Literal["import", ""] = "",
) -> jobs.Job:
    """Ask for a judgement as of a day, the day on which it is done if left out. In the caller's transaction.

    `after` an import it follows from what was imported, and takes no right of its own.
    """
    arguments = {"as_of": as_of, **({"after": after} if after else {})}
    return jobs.enqueue(db, JUDGE, arguments, scope=scope, at=clock(), key=key, slot=slot)


def ask_import(
    db: sa.Connection,
    book: str,
    blob: str,
    origin: Origin,
    *,
    scope: Scope,
    clock: Clock,
    sheet: str | None = None,
    mapping: sheets.Mapping | None = None,
    dry_run: bool = False,
    key: str | None = None,
    subject_id: str | None = None,
) -> jobs.Job:
    """Ask for an import of a file that was put among the blobs; `units`, `projects` and `meters` are registers.

    What comes of it is the report as `app.importing.as_dict` gives it, and `judge`, the job that judges anew.
    """
    arguments = {
        "book": book, "blob": blob, "origin": asdict(origin), "sheet": sheet, "dry_run": dry_run,
        "mapping": mapping.to_json() if mapping else None,
    }  # fmt: skip
    return jobs.enqueue(db, IMPORT, arguments, scope=scope, at=clock(), key=key, subject_id=subject_id)
