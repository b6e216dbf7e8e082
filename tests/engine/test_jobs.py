"""Jobs: each is done once, by one worker at a time, and seen by who may see it; on SQLite and on PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from engine.sample import START, Clock
from shuangkong.engine.api import Workspace, audit_entry, jobs, reading, verify, writing
from shuangkong.engine.jobs.asking import job_row
from shuangkong.engine.jobs.table import scope_from, scope_text
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.ids import SubjectId
from shuangkong.kernel.labels import Label
from shuangkong.kernel.scope import Scope

ANN, BOB, ALL = Scope.unit("ann", SubjectId("s_a")), Scope.unit("bob", SubjectId("s_b")), Scope.all("admin")
LEASE = timedelta(seconds=30)
COUNTING = Label("计数", "counting")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.service)])
def workspace(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Workspace]:
    """A workspace on either kind of database, with a clock that moves only when told to."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgresql" else None
    made = Workspace.create(tmp_path / "w", url=url, clock=Clock())
    yield made
    made.engine.dispose()


def kind(
    run: Callable[[jobs.JobContext, Mapping[str, Any]], jobs.Outcome | None], *, resumable: bool = True
) -> jobs.Kind:
    """A kind of job for a test."""
    return jobs.Kind("test", Label("试", "test"), run, resumable)


NOTHING = kind(lambda _job, _arguments: None)
ONCE = kind(lambda _job, _arguments: None, resumable=False)


def ask(workspace: Workspace, of: jobs.Kind = NOTHING, scope: Scope = ANN, **more: Any) -> jobs.Job:
    """Enqueue in a transaction of its own."""
    with writing(workspace.engine) as db:
        return jobs.enqueue(db, of, {"n": 1}, scope=scope, at=workspace.clock(), **more)


def take(workspace: Workspace, holder: str = "w1") -> jobs.Held | None:
    """Claim in a transaction of its own."""
    with writing(workspace.engine) as db:
        return jobs.claim(db, ["test"], holder=holder, at=workspace.clock(), lease=LEASE)


def look(workspace: Workspace, job_id: str, scope: Scope = ALL) -> jobs.Job:
    """The job as it is now."""
    with reading(workspace.engine) as db:
        return jobs.job_seen(db, scope, job_id)


def do_all(workspace: Workspace, of: jobs.Kind, **more: Any) -> int:
    """Work until nothing waits."""
    return jobs.work(workspace, {of.name: of}, stopping=threading.Event(), once=True, **more)


def entries(workspace: Workspace) -> list[tuple[str, str]]:
    """Principal and action of the audit log; the chain holds."""
    with reading(workspace.engine) as db:
        assert verify(db) == []
        query = sa.select(audit_entry.c.principal, audit_entry.c.action).order_by(audit_entry.c.sequence)
        return [(r.principal, r.action) for r in db.execute(query)]


def test_a_job_is_asked_for_done_and_logged(workspace: Workspace) -> None:
    """The result, the arguments and the asker's scope come back, and the audit log has beginning and end."""
    seen: list[tuple[Mapping[str, Any], Scope]] = []

    def run(job: jobs.JobContext, arguments: Mapping[str, Any]) -> jobs.Outcome:
        seen.append((arguments, job.scope))
        job.progress(COUNTING, 1, 2)
        return jobs.Outcome({"rows": 3}, blob="f" * 64)

    job = ask(workspace, kind(run), subject_id="s_a")
    assert (job.state, job.principal, job.subject_id, job.enqueued_at) == ("queued", "ann", "s_a", START)
    assert do_all(workspace, kind(run)) == 1
    done = look(workspace, job.job_id)
    assert (done.state, done.result, done.result_blob, done.attempts) == ("done", {"rows": 3}, "f" * 64, 1)
    assert (done.progress_label, done.progress_done, done.progress_total) == (COUNTING, 1, 2)
    assert (done.started_at, done.finished_at) == (START, START)
    assert seen == [({"n": 1}, ANN)]
    assert entries(workspace) == [("ann", "job.enqueue"), ("ann", "job.done")]


def test_a_job_falls_with_the_transaction_that_asked_for_it(workspace: Workspace) -> None:
    """When the caller's transaction fails, there is neither job nor audit entry."""

    def fails() -> None:
        with writing(workspace.engine) as db:
            jobs.enqueue(db, NOTHING, {}, scope=ANN, at=START)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails()
    assert take(workspace) is None
    assert entries(workspace) == []


def test_the_same_key_is_one_job(workspace: Workspace) -> None:
    """A form sent twice is one job, also after it was done; another person's key is their own."""
    first = ask(workspace, key="form-1")
    assert ask(workspace, key="form-1").job_id == first.job_id
    assert ask(workspace, key="form-2").job_id != first.job_id
    other = ask(workspace, scope=BOB, key="form-1")
    assert (other.job_id != first.job_id, other.principal) == (True, "bob")
    assert do_all(workspace, NOTHING) == 3
    assert ask(workspace, key="form-1").state == "done"
    assert [a for a in entries(workspace) if a[1] == "job.enqueue"] == [
        ("ann", "job.enqueue"), ("ann", "job.enqueue"), ("bob", "job.enqueue"),
    ]  # fmt: skip


def test_a_slot_holds_one_waiting_job(workspace: Workspace) -> None:
    """Who asks while one waits gets that one; once it has begun, the next is a new one."""
    first = ask(workspace, slot="judge")
    assert ask(workspace, scope=BOB, slot="judge").job_id == first.job_id
    assert take(workspace) is not None
    second = ask(workspace, scope=BOB, slot="judge")
    assert second.job_id != first.job_id
    with writing(workspace.engine) as db:
        jobs.cancel(db, BOB, second.job_id, at=START)
    assert ask(workspace, slot="judge").state == "queued"


def test_jobs_without_key_or_slot_are_each_their_own(workspace: Workspace) -> None:
    """Nothing given is nothing in common."""
    assert len({ask(workspace).job_id for _ in range(3)}) == 3


SEEN = [
    (ANN, ["ann"]),
    (BOB, ["bob"]),
    (ALL, ["ann", "bob"]),
    (Scope.system("test"), ["ann", "bob"]),
    (Scope.region("cat", SubjectId("s_a"), date(2025, 1, 1)), []),
    (Scope.none("ann"), []),
]


@pytest.mark.parametrize(("reader", "principals"), SEEN, ids=lambda v: v.kind if isinstance(v, Scope) else None)
def test_who_sees_whose_jobs(workspace: Workspace, reader: Scope, principals: list[str]) -> None:
    """A person sees their own, who may see everything sees all, and nobody can cancel or retry what they do not see."""
    made = {"ann": ask(workspace), "bob": ask(workspace, scope=BOB)}
    with reading(workspace.engine) as db:
        assert sorted(j.principal for j in jobs.jobs_seen(db, reader)) == principals
    hidden = [made[p] for p in made if p not in principals]
    for act in (jobs.cancel, jobs.retry):
        for job in hidden:
            with writing(workspace.engine) as db, pytest.raises(UserError) as refused:
                act(db, reader, job.job_id, at=START)
            assert refused.value.code == "JOB-001"


def test_anothers_job_is_refused_in_the_words_of_none(workspace: Workspace) -> None:
    """Nobody learns from a refusal that a job exists."""
    words = []
    for job_id in (ask(workspace).job_id, "j_none"):
        with pytest.raises(UserError) as refused:
            look(workspace, job_id, BOB)
        words.append(str(refused.value).replace(job_id, "ID"))
    assert (
        words
        == ["JOB-001 ID: there is no such job, or it is not yours to see. `shuangkong jobs list` shows yours."] * 2
    )


def test_jobs_are_listed_newest_first_by_state_and_subject(workspace: Workspace) -> None:
    """The list can be cut to states, a subject and a number."""
    clock = workspace.clock
    assert isinstance(clock, Clock)
    made = []
    for subject in ("s_a", "s_b", "s_a"):
        made.append(ask(workspace, subject_id=subject).job_id)
        clock.pass_(1)
    take(workspace)
    with reading(workspace.engine) as db:
        assert [j.job_id for j in jobs.jobs_seen(db, ANN)] == made[::-1]
        assert [j.job_id for j in jobs.jobs_seen(db, ANN, states=["running"])] == made[:1]
        assert [j.job_id for j in jobs.jobs_seen(db, ANN, subject_id="s_b")] == [made[1]]
        assert [j.job_id for j in jobs.jobs_seen(db, ANN, limit=1)] == [made[2]]


def test_a_scope_comes_back_as_it_was() -> None:
    """Region, day, use and grantee survive the table; a limit that is unknown is refused."""
    for scope in (Scope.region("p", SubjectId("s_x"), date(2025, 3, 1), "assessment"), Scope.system("why"), ANN):
        assert scope_from(scope_text(scope)) == scope
    with pytest.raises(TypeError):
        scope_from('{"kind": "all", "principal": "p", "only_on_mondays": true}')


def test_a_silent_workers_job_is_claimed_again(workspace: Workspace) -> None:
    """Not while the lease runs, not while the worker gives signs of life; then by another, as a further attempt."""
    clock = workspace.clock
    assert isinstance(clock, Clock)
    ask(workspace)
    first = take(workspace)
    assert first is not None
    clock.pass_(20)
    with writing(workspace.engine) as db:
        assert jobs.heartbeat(db, first, at=clock(), lease=LEASE) is False
    clock.pass_(29)
    assert take(workspace, "w2") is None
    clock.pass_(2)
    second = take(workspace, "w2")
    assert second is not None
    assert (second.fence, second.job.attempts, second.job.started_at) == (2, 2, START)


def test_a_job_that_runs_long_keeps_its_lease(workspace: Workspace) -> None:
    """While it works and says nothing, the heartbeat moves the lease on."""
    clock = workspace.clock
    assert isinstance(clock, Clock)
    lease = timedelta(seconds=0.3)

    def until(job_id: str) -> Any:
        with reading(workspace.engine) as db:
            return db.execute(sa.select(job_row.c.lease_until).where(job_row.c.job_id == job_id)).scalar_one()

    def run(job: jobs.JobContext, _arguments: Mapping[str, Any]) -> jobs.Outcome:
        clock.pass_(10)
        while until(job.job.job_id) < clock():
            threading.Event().wait(0.02)
        return jobs.Outcome({"lease": until(job.job.job_id)})

    job = ask(workspace, kind(run))
    do_all(workspace, kind(run), lease=lease)
    assert look(workspace, job.job_id).result == {"lease": str(START + timedelta(seconds=10) + lease)}


def test_a_lost_lease_writes_nothing(workspace: Workspace) -> None:
    """Who comes back late can neither finish, fail, report nor carry out the effect; the new holder can."""
    clock = workspace.clock
    assert isinstance(clock, Clock)
    job = ask(workspace)
    late = take(workspace)
    clock.pass_(31)
    holder = take(workspace, "w2")
    assert late is not None
    assert holder is not None

    def effect(db: sa.Connection) -> jobs.Outcome:
        jobs.enqueue(db, NOTHING, {}, scope=ANN, at=START, key="effect")
        return jobs.Outcome({})

    tries: list[Callable[[sa.Connection], object]] = [
        lambda db: jobs.finish(db, late, jobs.Outcome({"by": "late"}), at=clock()),
        lambda db: jobs.fail(db, late, {"message": "late"}, at=clock()),
        lambda db: jobs.end_cancelled(db, late, at=clock()),
        lambda db: jobs.give_back(db, late),
        lambda db: jobs.heartbeat(db, late, at=clock(), lease=LEASE),
        lambda db: jobs.progress(db, late, COUNTING, 1, 2),
        lambda db: (effect(db), jobs.still_mine(db, late)),
    ]
    for attempt in tries:
        with pytest.raises(jobs.LostLease), writing(workspace.engine) as db:
            attempt(db)
    with pytest.raises(jobs.LostLease):
        jobs.JobContext(workspace, late, True, threading.Event()).finish_with(effect)
    jobs.JobContext(workspace, holder, True, threading.Event()).finish_with(effect)
    with pytest.raises(jobs.LostLease):
        jobs.JobContext(workspace, holder, True, threading.Event()).finish_with(effect)
    assert look(workspace, job.job_id).result == {}
    with reading(workspace.engine) as db:
        assert len(jobs.jobs_seen(db, ALL)) == 2


def test_what_may_not_begin_again_says_that_it_failed(workspace: Workspace) -> None:
    """A kind that is not resumable fails after one silence, another after three, each with its reason."""
    clock = workspace.clock
    assert isinstance(clock, Clock)
    once, thrice = ask(workspace, ONCE), ask(workspace)
    for _ in range(3):
        while take(workspace):
            pass
        clock.pass_(31)
    assert do_all(workspace, NOTHING) == 0
    reasons = {j: look(workspace, j).error for j in (once.job_id, thrice.job_id)}
    again = "See what was done, and run it again with `shuangkong jobs retry`."
    assert {j: (e["code"], e["where"], e["message"], e["remedy"]) for j, e in reasons.items() if e} == {
        once.job_id: (
            "JOB-002", once.job_id,
            "its worker stopped in the middle, and this kind of job is not begun again by itself.", again,
        ),
        thrice.job_id: ("JOB-002", thrice.job_id, "its worker stopped in the middle 3 times.", again),
    }  # fmt: skip
    assert {look(workspace, j).state for j in reasons} == {"failed"}


def test_a_user_error_and_a_bug_are_told_apart(workspace: Workspace) -> None:
    """A mistake of the user comes back with its code; a bug with an id that the log has too, and the worker goes on."""

    def run(_job: jobs.JobContext, arguments: Mapping[str, Any]) -> None:
        if arguments["n"] == 1:
            raise UserError("PER-001", "no such month.", where="row 3", remedy="Correct it.")
        raise ZeroDivisionError("secret figure 42")

    mistake = ask(workspace, kind(run))
    with writing(workspace.engine) as db:
        bug = jobs.enqueue(db, kind(run), {"n": 2}, scope=ANN, at=START)
    assert do_all(workspace, kind(run)) == 2
    first, second = look(workspace, mistake.job_id).error, look(workspace, bug.job_id).error
    assert first == UserError("PER-001", "no such month.", where="row 3", remedy="Correct it.").as_dict()
    assert second is not None
    assert (second["code"], second["where"][:2], second["message"]) == ("JOB-002", "t_", "the program has a fault.")
    assert "secret" not in str(second)


def test_the_log_has_a_bug_under_its_id(workspace: Workspace, caplog: pytest.LogCaptureFixture) -> None:
    """The id that people are given finds the traceback."""

    def run(_job: jobs.JobContext, _arguments: Mapping[str, Any]) -> None:
        raise ZeroDivisionError

    job = ask(workspace, kind(run))
    do_all(workspace, kind(run))
    error = look(workspace, job.job_id).error
    assert error is not None
    assert any(error["where"] in r.getMessage() and r.exc_info for r in caplog.records)


def test_a_waiting_job_is_cancelled_at_once(workspace: Workspace) -> None:
    """It is never begun; cancelling twice, or after the end, changes nothing."""
    job = ask(workspace)
    for _ in range(2):
        with writing(workspace.engine) as db:
            assert jobs.cancel(db, ANN, job.job_id, at=START).state == "cancelled"
    assert do_all(workspace, NOTHING) == 0
    assert entries(workspace) == [("ann", "job.enqueue"), ("ann", "job.cancel")]


def test_a_running_job_is_cancelled_at_its_next_step(workspace: Workspace) -> None:
    """It goes on until it reports how far it is, and no further."""
    steps: list[int] = []

    def run(job: jobs.JobContext, _arguments: Mapping[str, Any]) -> None:
        for n in range(5):
            job.progress(COUNTING, n, 5)
            steps.append(n)
            if n == 2:
                with writing(workspace.engine) as db:
                    assert jobs.cancel(db, ANN, job.job.job_id, at=START).state == "running"

    job = ask(workspace, kind(run))
    do_all(workspace, kind(run))
    ended = look(workspace, job.job_id)
    assert (steps, ended.state, ended.error) == ([0, 1, 2], "cancelled", None)


def test_a_cancelled_job_whose_worker_was_killed_is_cancelled(workspace: Workspace) -> None:
    """It is neither begun again nor called failed."""
    clock = workspace.clock
    assert isinstance(clock, Clock)
    job = ask(workspace)
    take(workspace)
    with writing(workspace.engine) as db:
        jobs.cancel(db, ANN, job.job_id, at=START)
    clock.pass_(31)
    assert do_all(workspace, NOTHING) == 0
    assert look(workspace, job.job_id).state == "cancelled"


def test_a_failed_job_is_retried_as_its_asker(workspace: Workspace) -> None:
    """The new job has the old one's person and scope whoever asks; asking twice gives one; the log names who asked."""

    def run(job: jobs.JobContext, _arguments: Mapping[str, Any]) -> None:
        if job.job.retry_of is None:
            raise UserError("PER-001", "no.")

    job = ask(workspace, kind(run))
    with writing(workspace.engine) as db, pytest.raises(UserError) as early:
        jobs.retry(db, ANN, job.job_id, at=START)
    assert early.value.message == "the job is queued; only one that failed or was cancelled is run again."
    do_all(workspace, kind(run))
    made = []
    for _ in range(2):
        with writing(workspace.engine) as db:
            made.append(jobs.retry(db, ALL, job.job_id, at=START))
    assert made[0].job_id == made[1].job_id != job.job_id
    assert (made[0].principal, made[0].scope, made[0].arguments, made[0].retry_of) == ("ann", ANN, {"n": 1}, job.job_id)
    do_all(workspace, kind(run))
    assert (look(workspace, job.job_id).state, look(workspace, made[0].job_id).state) == ("failed", "done")
    assert entries(workspace) == [
        ("ann", "job.enqueue"), ("ann", "job.failed"), ("admin", "job.enqueue"), ("ann", "job.done"),
    ]  # fmt: skip


def test_a_worker_that_is_stopped_gives_its_job_back(workspace: Workspace) -> None:
    """A resumable job goes back into the queue and that is no attempt; one that is not is brought to its end."""
    stopping = threading.Event()

    def run(job: jobs.JobContext, _arguments: Mapping[str, Any]) -> jobs.Outcome:
        stopping.set()
        job.progress(COUNTING, 1, 2)
        return jobs.Outcome({"whole": True})

    for resumable, expected in ((True, ("queued", 0, None)), (False, ("done", 1, {"whole": True}))):
        of = kind(run, resumable=resumable)
        job = ask(workspace, of)
        stopping.clear()
        assert jobs.work(workspace, {"test": of}, stopping=stopping) == 1
        ended = look(workspace, job.job_id)
        assert (ended.state, ended.attempts, ended.result) == expected
        with writing(workspace.engine) as db:
            jobs.cancel(db, ANN, job.job_id, at=START)


def test_an_effect_and_the_end_of_its_job_are_one(workspace: Workspace) -> None:
    """When the effect fails half-way nothing of it stays, and the job says that it failed."""

    def run(job: jobs.JobContext, _arguments: Mapping[str, Any]) -> None:
        def effect(db: sa.Connection) -> jobs.Outcome:
            jobs.enqueue(db, NOTHING, {}, scope=ANN, at=START)
            raise UserError("PER-001", "half-way.")

        job.finish_with(effect)

    job = ask(workspace, kind(run))
    do_all(workspace, kind(run))
    with reading(workspace.engine) as db:
        assert [(j.job_id, j.state) for j in jobs.jobs_seen(db, ALL)] == [(job.job_id, "failed")]


def test_two_workers_share_ten_jobs(workspace: Workspace) -> None:
    """Each job is done once, whoever gets it."""
    done: list[str] = []
    met = threading.Barrier(2, timeout=60)

    def run(job: jobs.JobContext, _arguments: Mapping[str, Any]) -> None:
        if len(done) == 0:
            # neither can take all: each waits in its first job for the other to have one
            met.wait()
        done.append(job.job.job_id)

    made = {ask(workspace, kind(run)).job_id for _ in range(10)}
    trouble: list[BaseException] = []

    def worker() -> None:
        try:
            do_all(workspace, kind(run))
        except BaseException as error:  # noqa: BLE001 (the assertion below shows it)
            trouble.append(error)

    threads = [threading.Thread(target=worker) for _ in range(2)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert trouble == []
    assert (len(done), set(done)) == (10, made)
    with reading(workspace.engine) as db:
        assert {(j.state, j.attempts) for j in jobs.jobs_seen(db, ALL)} == {("done", 1)}
        assert verify(db) == []


def test_many_who_ask_for_one_slot_at_once_get_one_job(workspace: Workspace) -> None:
    """Askers at the same time do not fall over each other."""
    got: list[str] = []
    trouble: list[BaseException] = []

    def asks(name: str) -> None:
        try:
            for _ in range(5):
                got.append(ask(workspace, scope=Scope.all(name), slot="judge").job_id)
        except BaseException as error:  # noqa: BLE001 (the assertion below shows it)
            trouble.append(error)

    threads = [threading.Thread(target=asks, args=(n,)) for n in "abc"]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert trouble == []
    assert (len(got), len(set(got))) == (15, 1)


def test_a_worker_leaves_kinds_that_it_does_not_know(workspace: Workspace) -> None:
    """A job of a newer version waits for a worker that can do it."""
    job = ask(workspace)
    assert jobs.work(workspace, {"other": NOTHING}, stopping=threading.Event(), once=True) == 0
    assert look(workspace, job.job_id).state == "queued"


def test_the_public_shape_keeps_the_scope_back(workspace: Workspace) -> None:
    """What people and programs are shown has every column but the scope and the bookkeeping of the lease."""
    shown = set(look(workspace, ask(workspace).job_id).as_dict())
    hidden = {"scope", "fence", "holder", "lease_until", "key", "slot", "also_for"}
    labels = {"progress_zh", "progress_en"}
    assert shown == {c.name for c in job_row.c} - hidden - labels | {"progress_label"}
