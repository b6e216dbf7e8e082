"""Jobs (后台任务): the list, one job with its progress and what came of it, and the buttons that steer it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse, Response

from shuangkong.accounting.import_changes import subjects_of_source
from shuangkong.app.exporting import exported_file, needed_file, rights_of_export
from shuangkong.app.import_drafts import draft_of_job
from shuangkong.app.jobs import KINDS, action_of, ask_judge
from shuangkong.app.web.context import Asked, Asks
from shuangkong.app.web.imports import BOOK_NAMES, as_check
from shuangkong.app.web.reading import RunView
from shuangkong.app.web.rows import Subject
from shuangkong.engine.api import Workspace, jobs, reading, writing
from shuangkong.kernel.errors import CODES
from shuangkong.kernel.labels import Label
from shuangkong.kernel.scope import Scope
from shuangkong.webkit.api import (
    MEDIA,
    Format,
    SelectSource,
    Speaker,
    TableColumn,
    TableSpec,
    download_headers,
    parse_choices,
    people,
    person_with,
    require,
    table_view,
    wrong,
)

router = APIRouter(include_in_schema=False)
Reads = Annotated[Asked, Depends(Asks("jobs.read"))]
Controls = Annotated[Asked, Depends(Asks("jobs.control"))]
Starts = Annotated[Asked, Depends(Asks("run.start"))]

STATES: dict[str, Label] = {
    "queued": Label("排队中", "waiting"),
    "running": Label("进行中", "running"),
    "done": Label("已完成", "done"),
    "failed": Label("未完成", "failed"),
    "cancelled": Label("已取消", "cancelled"),
}
NEWEST = Label("最近的在前", "newest first")
#: Regions and units that a job names at most.
NAMED = 12
_TITLES = {c.code: Label(c.zh, c.en) for c in CODES}

SPEC = TableSpec(
    "jobs",
    Label("后台任务", "Jobs"),
    (
        TableColumn("state", Label("状态", "State"), sortable=True, filter="choice"),
        TableColumn("kind", Label("种类", "Kind"), sortable=True, filter="choice"),
        TableColumn("arguments", Label("内容", "What"), wrap=True, exported=False),
        TableColumn("principal", Label("发起人", "Asked by"), filter="choice"),
        TableColumn("progress_done", Label("进度", "Progress")),
        TableColumn("enqueued_at", Label("发起时间", "Asked at"), "instant", sortable=True, filter="range"),
        TableColumn("started_at", Label("开始", "Started"), "instant", sortable=True),
        TableColumn("finished_at", Label("历时", "Took")),
    ),
    key=("job_id",),
    orders={"newest": ("-enqueued_at",)},
    default="newest",
)


@router.get("/jobs")
def listed(a: Reads) -> HTMLResponse:
    """One's own jobs, and all jobs for who may see everything."""
    choices = parse_choices(SPEC, a.request.query_params.multi_items())
    source = SelectSource(a.workspace.engine, jobs.jobs_select(a.scope))
    names = principals(a.workspace, a.scope)
    words = _words(a.speaker, names)
    table = table_view(source, choices, "/jobs", words=words, formats=())
    return a.page(
        "jobs.html", a.view(), table=table, words=words, what=lambda row: what(row, a.speaker), took=took,
        now=a.workspace.clock(), everyone=a.scope.unrestricted,
    )  # fmt: skip


@router.post("/jobs/judge")
def judge(a: Starts) -> Response:
    """Ask for a run as of today; while one of one's own waits, that one."""
    with writing(a.workspace.engine) as db:
        job = ask_judge(db, scope=a.scope, clock=a.workspace.clock, slot=f"judge:{a.who.principal}"[:120])
    return _to(job.job_id)


@router.get("/jobs/{job_id}")
def one(a: Reads, job_id: str) -> HTMLResponse:
    """One job; while it is not at its end, the page asks again each second. JOB-001 for another's."""
    with reading(a.workspace.engine) as db:
        job = jobs.job_seen(db, a.scope, job_id)
        draft = draft_of_job(db, a.who.principal, job_id)
    view = a.view()
    check = as_check(job.result) if job.kind == "import" and job.result else None
    touched = _touched(a, job, view)
    return a.page(
        "job.html", view, job=job, draft=draft, check=check, state=STATES[job.state], titles=_TITLES,
        kind=_kind(job.kind), name=what({"kind": job.kind, "arguments": job.arguments}, a.speaker),
        by=principals(a.workspace, a.scope).get(job.principal, job.principal), now=a.workspace.clock(), took=took,
        ended=jobs.ENDED,
        touched=touched[:NAMED], others=len(touched) - NAMED, run=_run_number(view, job),
        file=exported_file(a.workspace, job, a.scope) is not None,
        told=wrong(jobs.error_of(job.error), a.speaker) if job.error else None,
    )  # fmt: skip


@router.get("/jobs/{job_id}/result")
def result(a: Reads, job_id: str) -> FileResponse:
    """The file of an export, for who asked for it; JOB-001 where there is none, or none any more."""
    with reading(a.workspace.engine) as db:
        job = jobs.job_seen(db, a.scope, job_id)
    for action in rights_of_export(job):
        require(a.who, action)
    path = needed_file(a.workspace, job, a.scope)
    kept = job.result or {}
    ending: Format = kept["ending"]
    return FileResponse(path, media_type=MEDIA[ending], headers=download_headers(kept["name"], kept["label"]))


@router.post("/jobs/{job_id}/cancel")
def cancel(a: Controls, job_id: str) -> Response:
    """Cancel it: at once while it waits, at its next step while it runs."""
    with writing(a.workspace.engine) as db:
        job = jobs.cancel(db, a.scope, job_id, at=a.workspace.clock())
    return _to(job.job_id)


@router.post("/jobs/{job_id}/retry")
def retry(a: Controls, job_id: str) -> Response:
    """Ask for it again: a new job, for who may still ask for one of its kind."""
    with writing(a.workspace.engine) as db:
        require(a.who, action_of(jobs.job_seen(db, a.scope, job_id)))
        job = jobs.retry(db, a.scope, job_id, at=a.workspace.clock())
    return _to(job.job_id)


def principals(workspace: Workspace, scope: Scope) -> Mapping[str, str]:
    """Who asked, by name: oneself, and everybody for who may see everything."""
    with reading(workspace.engine) as db:
        seen = people(db) if scope.unrestricted else [person_with(db, scope.principal)]
    return {p.person_id: p.display or p.name for p in seen if p}


def what(row: Mapping[str, Any], speaker: Speaker) -> str:
    """What a job is about: the file and book of an import, the day of a judgement."""
    given = row["arguments"]
    given = json.loads(given) if isinstance(given, str) else given
    if row["kind"] == "import":
        parts = [speaker.label(BOOK_NAMES[given["book"]]), given["origin"]["file_name"]]
        return " · ".join(parts + ([speaker.say("jobs.dry_run")] if given["dry_run"] else []))
    if row["kind"] == "judge":
        return speaker.say("jobs.as_of", day=given["as_of"]) if given.get("as_of") else speaker.say("jobs.as_of_today")
    if row["kind"] in ("read", "compare"):
        return str(given.get("file", ""))
    if row["kind"] == "whatif":
        return str(given["name"])
    if row["kind"] == "export":
        return f"{speaker.say('export_table.' + given['table'])} · {given['ending']}"
    return ""


def took(started: datetime | None, finished: datetime | None, now: datetime) -> str:
    """How long it took, or has taken up to now, as minutes and seconds."""
    if started is None:
        return ""
    seconds = int(((finished or now) - started) / timedelta(seconds=1))
    if seconds < 1:
        return "< 0:01"
    hours, rest = divmod(seconds, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"


def _touched(a: Asked, job: jobs.Job, view: RunView | None) -> list[Subject]:
    """The regions and units whose figures an import changed, as far as the reader sees them and they have a page."""
    source = (job.result or {}).get("source_id")
    if job.kind != "import" or not source or view is None:
        return []
    found = subjects_of_source(a.workspace, source, a.scope)
    return [view.subjects[s] for s in found if s in view.subjects]


def _run_number(view: RunView | None, job: jobs.Job) -> int | None:
    """The number of the run that a judgement made, while it is the newest."""
    if job.kind != "judge" or not job.result or view is None or view.run.run_id != job.result.get("run"):
        return None
    return view.run.number


def _kind(name: str) -> Label:
    return KINDS[name].label if name in KINDS else Label(name, name)


def _words(speaker: Speaker, names: Mapping[str, str]) -> dict[str, Callable[[str], str]]:
    return {
        "state": lambda v: speaker.label(STATES[v]) if v in STATES else v,
        "kind": lambda v: speaker.label(_kind(v)),
        "principal": lambda v: names.get(v, v),
        "sort": lambda v: speaker.label(NEWEST) if v == "newest" else v,
    }


def _to(job_id: str) -> Response:
    return RedirectResponse(f"/jobs/{job_id}", status_code=303)
