"""`worker` does the jobs that pages and commands ask for; `jobs` looks after them."""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import threading
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shuangkong.app.commands.options import (
    DEFAULT_WORKSPACE,
    AsJson,
    AsName,
    Lang,
    Speaks,
    WorkspaceOption,
    language_of,
    put_json,
)
from shuangkong.kernel.labels import Label, Language

if TYPE_CHECKING:
    from shuangkong.engine.api import jobs

JobId = Annotated[str, typer.Argument(help="任务编号 j_… (id of a job, j_…)")]
STATES = {
    "queued": Label("等待", "queued"),
    "running": Label("进行中", "running"),
    "done": Label("完成", "done"),
    "failed": Label("失败", "failed"),
    "cancelled": Label("已取消", "cancelled"),
}
jobs_app = typer.Typer(no_args_is_help=True, help="任务：查看、取消、重做 (jobs: see, cancel, run again)")


def add(app: typer.Typer) -> None:
    """Hang the commands on the program."""
    app.command("worker")(worker_command)
    app.add_typer(jobs_app, name="jobs")


def worker_command(
    workspace: WorkspaceOption = DEFAULT_WORKSPACE,
    once: Annotated[bool, typer.Option("--once", help="没有等待的任务即停止 (stop when no job waits)")] = False,
    poll: Annotated[
        float, typer.Option("--poll", min=0.01, help="两次查看任务之间的秒数 (seconds between two looks for jobs)")
    ] = 0.5,
    lease: Annotated[
        float,
        typer.Option(
            "--lease", min=1, help="失联多少秒后由别的进程接手 (seconds of silence before another takes over)"
        ),
    ] = 30,
    packs: Annotated[
        list[Path] | None, typer.Option("--packs", help="另加规则包文件夹 (further folders with packs)")
    ] = None,
    beside: Annotated[
        bool, typer.Option("--beside", hidden=True, help="随标准输入的持有者一起结束 (end with whoever holds stdin)")
    ] = False,
) -> None:
    """执行任务：导入、核算与判定；可同时开多个 (do the jobs that wait; several may run at once).

    SIGTERM 或 Ctrl+C：交还或做完手头任务后退出 (hands back or ends the job in hand, then stops).
    """
    from shuangkong.app.jobs import KINDS
    from shuangkong.app.upkeep import upkeep_beside
    from shuangkong.app.web.logging import JsonLines
    from shuangkong.engine.api import Workspace, jobs

    lines = logging.StreamHandler(sys.stderr)
    lines.setFormatter(JsonLines())
    logging.basicConfig(handlers=[lines])
    logging.getLogger("shuangkong").setLevel(logging.WARNING if beside else logging.INFO)
    stopping = threading.Event()
    _stop_on_signals(stopping)
    opened = Workspace.open(workspace)
    if beside:
        threading.Thread(target=_until_stdin_ends, args=(stopping,), daemon=True).start()
    with upkeep_beside(opened):
        begun = jobs.work(
            opened, KINDS, stopping=stopping, once=once, poll=poll, lease=timedelta(seconds=lease),
            given={"packs": tuple(packs or ())},
        )  # fmt: skip
    logging.getLogger("shuangkong.jobs").info("stopped after %s jobs", begun)


def _stop_on_signals(stopping: threading.Event) -> None:
    """The first signal asks to stop; a second one does what signals do."""

    def asked(number: int, _frame: object) -> None:
        stopping.set()
        signal.signal(number, signal.SIG_DFL)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, asked)


def _until_stdin_ends(stopping: threading.Event) -> None:
    # the descriptor itself: a thread that waits in a buffered reader would hinder the end of the program
    while os.read(0, 1024):
        pass
    stopping.set()


@jobs_app.command("list")
def list_command(
    workspace: WorkspaceOption = DEFAULT_WORKSPACE,
    state: Annotated[
        list[str] | None,
        typer.Option(
            "--state", help="状态 queued、running、done、failed、cancelled (queued, running, done, failed, cancelled)"
        ),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="条数 (how many)")] = 50,
    as_json: AsJson = False,
    lang: Speaks = Lang.zh,
    as_name: AsName = "",
) -> None:
    """列出任务，新的在前 (list the jobs, newest first)."""
    from shuangkong.app.acting import acting
    from shuangkong.engine.api import Workspace, jobs, reading

    opened = Workspace.open(workspace)
    who = acting(opened, as_name, "jobs list")
    with reading(opened.engine) as db:
        found = jobs.jobs_seen(db, who.scope, states=[_state(s) for s in state or []], limit=limit)
    if as_json:
        put_json([j.as_dict() for j in found])
        return
    for job in found:
        typer.echo(_line(job, language_of(lang)))


@jobs_app.command("show")
def show_command(
    job_id: JobId,
    workspace: WorkspaceOption = DEFAULT_WORKSPACE,
    as_json: AsJson = False,
    lang: Speaks = Lang.zh,
    as_name: AsName = "",
) -> None:
    """查看一项任务：进度、结果或失败原因 (one job: progress, result, or why it failed)."""
    from shuangkong.app.acting import acting
    from shuangkong.engine.api import Workspace, jobs, reading

    opened = Workspace.open(workspace)
    who = acting(opened, as_name, "jobs show")
    with reading(opened.engine) as db:
        job = jobs.job_seen(db, who.scope, job_id)
    _shown(job, as_json=as_json, language=language_of(lang))


@jobs_app.command("cancel")
def cancel_command(
    job_id: JobId,
    workspace: WorkspaceOption = DEFAULT_WORKSPACE,
    as_json: AsJson = False,
    lang: Speaks = Lang.zh,
    as_name: AsName = "",
) -> None:
    """取消任务：等待的立即取消，进行中的在下一步停下 (cancel a job: now, or at its next step)."""
    from shuangkong.app.acting import acting
    from shuangkong.engine.api import Workspace, jobs, writing

    opened = Workspace.open(workspace)
    who = acting(opened, as_name, "jobs cancel")
    with writing(opened.engine) as db:
        job = jobs.cancel(db, who.scope, job_id, at=opened.clock())
    _shown(job, as_json=as_json, language=language_of(lang))


@jobs_app.command("retry")
def retry_command(
    job_id: JobId,
    workspace: WorkspaceOption = DEFAULT_WORKSPACE,
    as_json: AsJson = False,
    lang: Speaks = Lang.zh,
    as_name: AsName = "",
) -> None:
    """重做失败或已取消的任务，仍按原提交人的权限 (run a failed or cancelled job again, as who asked for it)."""
    from shuangkong.app.acting import acting
    from shuangkong.app.jobs import action_of
    from shuangkong.engine.api import Workspace, jobs, writing
    from shuangkong.webkit.api import require

    opened = Workspace.open(workspace)
    who = acting(opened, as_name, "jobs retry")
    with writing(opened.engine) as db:
        require(who, action_of(jobs.job_seen(db, who.scope, job_id)))
        job = jobs.retry(db, who.scope, job_id, at=opened.clock())
    _shown(job, as_json=as_json, language=language_of(lang))


def _state(text: str) -> jobs.JobState:
    from typing import get_args

    from shuangkong.engine.api import jobs
    from shuangkong.kernel.errors import UserError

    known: dict[str, jobs.JobState] = {s: s for s in get_args(jobs.JobState)}
    if text not in known:
        raise UserError(
            "CLI-001", f"“{text}” is no state of a job.", where="--state", remedy=f"One of: {', '.join(known)}."
        )
    return known[text]


def _shown(job: jobs.Job, *, as_json: bool, language: Language) -> None:
    if as_json:
        put_json(job.as_dict())
        return
    typer.echo(_line(job, language))
    if job.error:
        typer.echo(f"{job.error['code']} {job.error['where']}: {job.error['message']} {job.error['remedy']}")
    for name, value in (job.result or {}).items():
        typer.echo(f"  {name}: {value if isinstance(value, str | int | None) else json.dumps(value)[:200]}")


def _line(job: jobs.Job, language: Language) -> str:
    """One job as a line: id, kind, state, progress, who asked and when (UTC)."""
    label = job.progress_label
    at = f"{label.in_(language)} {job.progress_done}/{job.progress_total}" if label and job.state == "running" else ""
    asked = job.enqueued_at.isoformat(timespec="seconds")
    return "  ".join(p for p in (job.job_id, job.kind, STATES[job.state].in_(language), at, job.principal, asked) if p)
