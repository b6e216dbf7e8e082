"""The worker as people run it: killed, stopped, doubled, beside the demo; what it does is done once."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from stdnum.cn import uscc as check
from typer.testing import CliRunner

from shuangkong.accounting.api import BOOK_ENTRIES, Origin, batches
from shuangkong.app.beside import worker_beside
from shuangkong.app.cli import app
from shuangkong.app.jobs import JUDGE, KINDS, ask_import, ask_judge
from shuangkong.engine.api import Workspace, jobs, latest_run, reading, verify, writing
from shuangkong.kernel.ids import SubjectId
from shuangkong.kernel.scope import Scope
from shuangkong.registry.api import directory, ensure_regions

#: Processes are started for most of these.
pytestmark = pytest.mark.slow
PATIENCE = 120.0
ALL = Scope.all("officer")
CODES = [stem + str(check.calc_check_digit(stem)) for stem in ("91130181000000001", "91130181000000002")]
UNITS = "统一社会信用代码,单位名称,所在地区,行业代码,行业分类版本,单位类别,起始日期,报送周期\n" + "".join(
    f"{code},{name}水泥厂（合成）,辛集市,3011,2017,重点用能单位,2023-01-01,月报\n"
    for code, name in zip(CODES, "甲乙", strict=True)
)
HEAD = "统一社会信用代码,期间,能源品种,消费量,计量单位\n"
#: Registers kinds for a test, then runs the worker of the command line; says on stdout when it has come to a point.
PRELUDE = """
import sys, time
from shuangkong.app.cli import main
from shuangkong.app.jobs import KINDS
from shuangkong.engine.api import jobs
from shuangkong.kernel.labels import Label
from dataclasses import replace

def hang():
    print("here", flush=True)
    time.sleep(600)
"""
MOMENTS = {
    "before": """
real = KINDS["import"]
KINDS["import"] = replace(real, run=lambda job, arguments: (hang(), real.run(job, arguments))[1])
""",
    # rows, batch, judgement and end are all written, and not yet committed
    "within": """
end = jobs.JobContext.finish_in
jobs.JobContext.finish_in = lambda self, db, outcome: (end(self, db, outcome), hang())[0]
""",
    "after": """
real = KINDS["import"]
KINDS["import"] = replace(real, run=lambda job, arguments: (real.run(job, arguments), hang())[0])
""",
}
ONCE = """
def run(job, arguments):
    job.progress(Label("一", "one"), 1, 2)
    hang()
KINDS["once"] = jobs.Kind("once", Label("一次", "once"), run, resumable=False)
"""
LONG = """
def run(job, arguments):
    print("here", flush=True)
    while True:
        job.progress(Label("长", "long"), 1, 2)
        time.sleep(0.02)
KINDS["long"] = jobs.Kind("long", Label("长", "long"), run, resumable=True)
"""


def nothing(_job: jobs.JobContext, _arguments: object) -> None:
    """Stands for a kind that only the worker process knows how to do."""


def furnish(root: Path, url: str | None = None) -> Workspace:
    """A workspace with the regions and two invented cement works."""
    workspace = Workspace.create(root, url=url)
    with writing(workspace.engine) as db:
        ensure_regions(db, workspace.clock())
        blob = workspace.blobs.put(UNITS.encode())
        origin = Origin("名录.csv", "", "", "", date(2026, 1, 5))
        ask_import(db, "units", blob, origin, scope=ALL, clock=workspace.clock)
    work(workspace)
    with writing(workspace.engine) as db:
        # the judgement that the register asks for is no part of what is tested here
        for waiting in jobs.jobs_seen(db, ALL, states=["queued"]):
            jobs.cancel(db, ALL, waiting.job_id, at=workspace.clock())
    return workspace


def work(workspace: Workspace, *kinds: str) -> int:
    """Do what waits, here."""
    wanted = {k: KINDS[k] for k in kinds or ("import",)}
    return jobs.work(workspace, wanted, stopping=threading.Event(), once=True)


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made once; tests have copies."""
    root = tmp_path_factory.mktemp("worker") / "w"
    furnish(root).engine.dispose()
    return root


@pytest.fixture
def workspace(furnished: Path, tmp_path: Path) -> Iterator[Workspace]:
    """A furnished workspace on SQLite."""
    shutil.copytree(furnished, tmp_path / "w")
    opened = Workspace.open(tmp_path / "w")
    yield opened
    opened.engine.dispose()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.service)])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Workspace]:
    """A furnished workspace on either kind of database."""
    if request.param == "sqlite":
        opened: Workspace = request.getfixturevalue("workspace")
        yield opened
        return
    opened = furnish(tmp_path / "w", request.getfixturevalue("postgres_url"))
    yield opened
    opened.engine.dispose()


def ask(workspace: Workspace, *amounts: int, scope: Scope = ALL, **more: Any) -> jobs.Job:
    """Ask for an import of one month of raw coal of each works."""
    rows = "".join(f"{code},2026-01,原煤,{n},吨\n" for code, n in zip(CODES, amounts, strict=False))
    blob = workspace.blobs.put((HEAD + rows).encode())
    origin = Origin(f"一月{amounts[0]}.csv", "合成", "", "", date(2026, 2, 5), "synthetic", synthetic=True,
                    reason="复核后更正（合成）")  # fmt: skip
    with writing(workspace.engine) as db:
        return ask_import(db, "energy", blob, origin, scope=scope, clock=workspace.clock, **more)


def look(workspace: Workspace, job_id: str) -> jobs.Job:
    """The job as it is now."""
    with reading(workspace.engine) as db:
        return jobs.job_seen(db, Scope.all("test"), job_id)


def listed(workspace: Workspace, kind: str) -> list[jobs.Job]:
    """All jobs of a kind, newest first."""
    with reading(workspace.engine) as db:
        return [j for j in jobs.jobs_seen(db, Scope.all("test")) if j.kind == kind]


def until(holds: Callable[[], bool]) -> None:
    """Wait for something to come about."""
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.05)


@contextmanager
def process(workspace: Workspace, script: str, *words: str) -> Iterator[subprocess.Popen[str]]:
    """A worker of its own process with the test's kinds; killed at the end if it still runs."""
    argv = ["shuangkong", "worker", "-w", str(workspace.root), "--lease", "1", "--poll", "0.05", *words]
    text = f"{PRELUDE}\n{script}\nsys.argv = {argv!r}\nmain()\n"
    running = subprocess.Popen(
        [sys.executable, "-c", text], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        yield running
    finally:
        running.kill()
        running.communicate()


def kill_when_there(workspace: Workspace, script: str) -> None:
    """kill -9 at the point that the script names; then wait for the lease to run out."""
    with process(workspace, script) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "here\n", running.stderr and running.stderr.read()
        os.kill(running.pid, signal.SIGKILL)
        running.wait()
    time.sleep(1.2)


@pytest.mark.parametrize("moment", MOMENTS)
def test_an_import_whose_worker_is_killed_is_done_once(either: Workspace, moment: str) -> None:
    """Whenever the kill comes: the rows are there once, the report counts them as new, one judgement is asked for."""
    job = ask(either, 1000, 1300)
    kill_when_there(either, MOMENTS[moment])
    assert work(either) == (0 if moment == "after" else 1)
    done = look(either, job.job_id)
    assert (done.state, done.attempts, done.error) == ("done", 1 if moment == "after" else 2, None)
    assert done.result is not None
    assert [done.result[k] for k in ("committed", "new", "corrected", "unchanged")] == [True, 2, 0, 0]
    rows = either.lake.read(BOOK_ENTRIES, either.clock())
    assert sorted(rows["quantity"].to_pylist()) == [1000, 1300]
    assert [j.job_id for j in listed(either, "judge") if j.state == "queued"] == [done.result["judge"]]
    with reading(either.engine) as db:
        assert [b["book"] for b in batches(db, Scope.all("test"))].count("energy") == 1
        assert verify(db) == []


def test_what_may_not_be_begun_again_says_that_it_failed(either: Workspace) -> None:
    """After kill -9 the next worker, which does not even know the kind, marks the job as failed, with the reason."""
    kind = jobs.Kind("once", JUDGE.label, nothing, resumable=False)
    with writing(either.engine) as db:
        job = jobs.enqueue(db, kind, {}, scope=ALL, at=either.clock())
    kill_when_there(either, ONCE)
    assert look(either, job.job_id).state == "running"
    assert work(either) == 0
    ended = look(either, job.job_id)
    assert ended.state == "failed"
    assert ended.error is not None
    assert ended.error["message"] == (
        "its worker stopped in the middle, and this kind of job is not begun again by itself."
    )


def test_sigterm_hands_the_job_back(workspace: Workspace) -> None:
    """The worker ends with 0, and the job waits again as if it had not been begun."""
    kind = jobs.Kind("long", JUDGE.label, nothing, resumable=True)
    with writing(workspace.engine) as db:
        job = jobs.enqueue(db, kind, {}, scope=ALL, at=workspace.clock())
    with process(workspace, LONG) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "here\n"
        running.send_signal(signal.SIGTERM)
        assert running.wait(PATIENCE) == 0
    back = look(workspace, job.job_id)
    assert (back.state, back.attempts) == ("queued", 0)


def test_a_running_job_is_cancelled_from_the_terminal(workspace: Workspace) -> None:
    """`jobs cancel` reaches a worker of another process; `jobs retry` queues it anew."""
    kind = jobs.Kind("long", JUDGE.label, nothing, resumable=True)
    with writing(workspace.engine) as db:
        job = jobs.enqueue(db, kind, {}, scope=ALL, at=workspace.clock())
    with process(workspace, LONG) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "here\n"
        assert call("jobs", "cancel", job.job_id, "-w", str(workspace.root))["cancel_asked"] is True
        until(lambda: look(workspace, job.job_id).state == "cancelled")
    again = call("jobs", "retry", job.job_id, "-w", str(workspace.root))
    assert (again["state"], again["retry_of"], again["principal"]) == ("queued", job.job_id, "officer")


def test_two_worker_processes_share_ten_jobs(either: Workspace, tmp_path: Path) -> None:
    """Each is done once, by one of the two."""
    tally = tmp_path / "tally"
    script = f"""
def run(job, arguments):
    with open({str(tally)!r}, "a") as out:
        out.write(job.job.job_id + "\\n")
KINDS["tally"] = jobs.Kind("tally", Label("计", "tally"), run, resumable=True)
"""
    kind = jobs.Kind("tally", JUDGE.label, nothing, resumable=True)
    with process(either, script), process(either, script):
        with writing(either.engine) as db:
            made = {
                jobs.enqueue(db, kind, {"n": n}, scope=ALL, at=either.clock()).job_id for n in range(10)
            }  # fmt: skip
        until(lambda: all(look(either, j).state == "done" for j in made))
    lines = tally.read_text().split()
    assert (len(lines), set(lines)) == (10, made)


def test_imports_in_a_row_need_one_judgement(workspace: Workspace) -> None:
    """Two imports ask for one judgement, which knows both; what comes after it asks for another."""
    first, second = ask(workspace, 1000), ask(workspace, 1001, 1300)
    assert work(workspace, "import", "judge") == 3
    judged = [j for j in listed(workspace, "judge") if j.state != "cancelled"]
    assert [j.state for j in judged] == ["done"]
    results = [look(workspace, j.job_id).result for j in (first, second)]
    assert [r and r["judge"] for r in results] == [judged[0].job_id] * 2
    run = latest_run(workspace, ALL, known=None)
    assert run is not None
    assert judged[0].result is not None
    assert judged[0].result["run"] == run.run_id
    assert run.manifest["inputs"]["book_entries"] == [1, 2]  # type: ignore[index]
    ask(workspace, 1002)
    assert work(workspace, "import") == 1
    assert [j.state for j in listed(workspace, "judge")][:2] == ["queued", "done"]


def test_an_import_that_changes_nothing_asks_for_no_judgement(workspace: Workspace) -> None:
    """Neither a dry run, nor refused rows, nor the same figures again."""
    dry = ask(workspace, 1000, dry_run=True)
    assert work(workspace) == 1
    result = look(workspace, dry.job_id).result
    assert result is not None
    assert (result["committed"], result["new"], result["judge"]) == (False, 1, None)
    assert workspace.lake.read(BOOK_ENTRIES, workspace.clock()).num_rows == 0
    assert listed(workspace, "judge")[1:] == []
    taken, same = ask(workspace, 1000), ask(workspace, 1000)
    assert work(workspace) == 2
    results = [look(workspace, j.job_id).result or {} for j in (taken, same)]
    assert [(r["new"], r["unchanged"], r["judge"] is None) for r in results] == [(1, 0, False), (0, 1, True)]


def test_an_import_runs_with_the_scope_of_who_asked(workspace: Workspace) -> None:
    """A unit's manager cannot bring in a neighbour's figures through the worker; the refusal is their result."""
    with reading(workspace.engine) as db:
        own = directory(db, Scope.all("test"), workspace.clock()).resolve("uscc", CODES[0], date(2026, 1, 31))
    job = ask(workspace, 1000, 1300, scope=Scope.unit("manager", SubjectId(own)))
    work(workspace)
    done = look(workspace, job.job_id)
    assert done.result is not None
    assert (done.state, done.result["committed"], done.result["judge"]) == ("done", False, None)
    assert [(r["row"], r["field"]) for r in done.result["refusals"]] == [(3, "subject")]
    assert workspace.lake.read(BOOK_ENTRIES, workspace.clock()).num_rows == 0


def test_an_unreadable_file_is_a_failed_job_with_its_code(workspace: Workspace) -> None:
    """The user error that the command line would print is the job's error."""
    origin = Origin("图.xlsx", "", "", "", date(2026, 2, 5))
    with writing(workspace.engine) as db:
        blob = workspace.blobs.put(b"not a sheet")
        job = ask_import(db, "energy", blob, origin, scope=ALL, clock=workspace.clock)
    work(workspace)
    ended = look(workspace, job.job_id)
    assert (ended.state, ended.error and ended.error["code"]) == ("failed", "IMP-001")


def test_an_import_waits_while_another_writes(workspace: Workspace) -> None:
    """It says that it waits, hears that it is cancelled, and else goes on when the other is through."""
    cancelled, kept = ask(workspace, 1000), ask(workspace, 1001)
    worker = threading.Thread(target=work, args=(workspace,))
    with workspace.lake.lease(BOOK_ENTRIES.name):
        worker.start()
        for job in (cancelled, kept):
            until(lambda j=job.job_id: _label(workspace, j) == "wait for another import to end")
            if job is cancelled:
                with writing(workspace.engine) as db:
                    jobs.cancel(db, ALL, job.job_id, at=workspace.clock())
    worker.join()
    assert [look(workspace, j.job_id).state for j in (cancelled, kept)] == ["cancelled", "done"]
    assert workspace.lake.read(BOOK_ENTRIES, workspace.clock())["quantity"].to_pylist() == [1001]


def _label(workspace: Workspace, job_id: str) -> str | None:
    label = look(workspace, job_id).progress_label
    return label.en if label else None


def test_a_judgement_that_is_cancelled_leaves_no_run(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Up to the last moment: cancelling in the middle of the work undoes the run."""
    with writing(workspace.engine) as db:
        job = ask_judge(db, scope=ALL, clock=workspace.clock)
    earlier = latest_run(workspace, ALL, known=None)
    before = jobs.JobContext.still_mine

    def late(self: jobs.JobContext, db: Any) -> None:
        jobs.cancel(db, ALL, job.job_id, at=workspace.clock())
        before(self, db)

    monkeypatch.setattr(jobs.JobContext, "still_mine", late)
    work(workspace, "judge")
    # the cancelling was written in the transaction that was undone
    assert look(workspace, job.job_id).state == "cancelled"
    assert latest_run(workspace, ALL, known=None) == earlier


def test_a_worker_beside_a_server_ends_with_it(workspace: Workspace) -> None:
    """It does what waits while the block runs, and has ended well after it."""
    job = ask(workspace, 1000)
    with worker_beside(workspace) as child:
        until(lambda: look(workspace, job.job_id).state == "done")
    assert child.returncode == 0


def test_a_worker_beside_a_server_is_started_again(workspace: Workspace) -> None:
    """Killed, another takes its place and does what waits; after the block none is left."""
    with worker_beside(workspace, first_wait=0.01) as child:
        first = child.pid
        os.kill(first, signal.SIGKILL)
        until(lambda: child.pid != first)
        job = ask(workspace, 1000)
        until(lambda: look(workspace, job.job_id).state == "done")
        last = child.pid
    assert _gone(last)


def test_a_worker_beside_a_killed_server_ends_too(workspace: Workspace) -> None:
    """kill -9 of the server leaves no worker behind."""
    text = (
        "import sys, time; from pathlib import Path; from shuangkong.app.beside import worker_beside;"
        "from shuangkong.engine.api import Workspace\n"
        "with worker_beside(Workspace.open(Path(sys.argv[1]))) as child:\n"
        "    print(child.pid, flush=True); time.sleep(600)\n"
    )
    job = ask(workspace, 1000)
    server = subprocess.Popen([sys.executable, "-c", text, str(workspace.root)], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    child = int(server.stdout.readline())
    until(lambda: look(workspace, job.job_id).state == "done")
    server.kill()
    server.communicate()
    until(lambda: _gone(child))


def _gone(pid: int) -> bool:
    """Whether a process has ended; one that nobody has waited for yet has."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def call(*words: str, expect: int = 0) -> Any:
    """A command with --json; gives the parsed document."""
    done = CliRunner().invoke(app, [*words, "--json"])
    assert done.exit_code == expect, done.output + str(done.exception)
    return json.loads(done.stdout)


def test_the_terminal_lists_and_shows_jobs(workspace: Workspace) -> None:
    """`jobs list` and `jobs show` tell the same as JSON, and speak both languages."""
    root = ["-w", str(workspace.root)]
    job = ask(workspace, 1000, subject_id="s_x")
    found = call("jobs", "list", "--state", "queued", *root)
    assert job.job_id in [j["job_id"] for j in found]
    assert call("jobs", "show", job.job_id, *root)["subject_id"] == "s_x"
    assert {j["state"] for j in call("jobs", "list", "--state", "done", *root)} == {"done"}
    for language, word in (("zh", "等待"), ("en", "queued")):
        shown = CliRunner().invoke(app, ["jobs", "show", job.job_id, *root, "--lang", language])
        at = job.enqueued_at.isoformat(timespec="seconds")
        assert shown.stdout == f"{job.job_id}  import  {word}  officer  {at}\n"


def test_a_job_or_state_that_is_none_is_refused(workspace: Workspace) -> None:
    """A wrong id is JOB-001, a wrong state CLI-001."""
    for words, code in ((("show", "j_none"), "JOB-001"), (("list", "--state", "asleep"), "CLI-001")):
        done = CliRunner().invoke(app, ["jobs", *words, "-w", str(workspace.root)])
        assert getattr(done.exception, "code", None) == code


def test_worker_once_does_what_waits_and_ends(workspace: Workspace) -> None:
    """Exit 0, nothing on stdout, and what it did on stderr: lines of JSON like a server's."""
    job = ask(workspace, 1000)
    with process(workspace, 'del KINDS["judge"]', "--once") as running:
        out, err = running.communicate(timeout=PATIENCE)
    assert (running.returncode, out) == (0, "")
    said = [json.loads(line) for line in err.splitlines()]
    assert all({"event", "logger", "level", "at"} == set(line) for line in said)
    name = f"{job.job_id} (import)"
    assert [line["event"] for line in said if line["level"] == "info"] == [
        f"{name}: begins, attempt 1",
        f"{name}: done",
        "stopped after 1 jobs",
    ]
