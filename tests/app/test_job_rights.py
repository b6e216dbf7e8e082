"""A job is done only while who asked for it still may: the right is asked for when it begins and when it ends."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from shuangkong.app.jobs import AFTER_IMPORT, KINDS, ask_judge
from shuangkong.engine.api import Workspace, audit_entry, jobs, reading, writing
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.ids import SubjectId
from shuangkong.kernel.periods import china_day
from shuangkong.kernel.scope import Scope
from shuangkong.registry.api import ensure_regions, region_id
from shuangkong.webkit.api import (
    Person,
    Wanted,
    add_person,
    appoint,
    appointments,
    person_of,
    revoke,
    set_active,
)

SINCE = date(2026, 1, 1)
#: What each kind is asked with, as far as its right depends on it.
ARGUMENTS: dict[str, dict[str, Any]] = {"import": {"book": "energy"}, "judge": {"as_of": None}}


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.service)])
def workspace(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Workspace]:
    """A workspace with the regions and one administrator who stays."""
    url = None if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    made = Workspace.create(tmp_path / "w", url=url)
    with writing(made.engine) as db:
        ensure_regions(db, made.clock(), ["130100"])
    someone(made, "keeper", Wanted("administrator", SINCE))
    yield made
    made.engine.dispose()


def someone(workspace: Workspace, name: str, wanted: Wanted) -> tuple[Person, Scope]:
    """A person with one appointment, and its scope today."""
    now = workspace.clock()
    with writing(workspace.engine) as db:
        person = add_person(db, name, f"{name}（合成）", at=now, principal="test")
        held = appoint(db, person, wanted, at=now, principal="test")
    return person, held.scope(person.person_id, now.date())


def taken_away(workspace: Workspace, person: Person) -> None:
    """Take every appointment of a person back."""
    with writing(workspace.engine) as db:
        for held in appointments(db, person.person_id):
            revoke(db, held.appointment_id, at=workspace.clock(), principal="test")


def ask(workspace: Workspace, kind: str, scope: Scope) -> str:
    """Ask for a job of a kind."""
    with writing(workspace.engine) as db:
        return jobs.enqueue(db, KINDS[kind], ARGUMENTS.get(kind, {}), scope=scope, at=workspace.clock()).job_id


def done(workspace: Workspace, job_id: str, run: Any = lambda _job, _arguments: None) -> jobs.Job:
    """Let a worker do what waits, with `run` in the place of what the kind does; then the job."""
    kinds = {name: replace(kind, run=run) for name, kind in KINDS.items()}
    jobs.work(workspace, kinds, stopping=threading.Event(), once=True)
    with reading(workspace.engine) as db:
        return jobs.job_seen(db, Scope.all("test"), job_id)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_right_that_was_taken_away_stops_the_job(workspace: Workspace, kind: str) -> None:
    """Of every kind: with the appointment it is done, without it the job fails with the right that is lacking."""
    person, scope = someone(workspace, "leaver", Wanted("administrator", SINCE))
    assert done(workspace, ask(workspace, kind, scope)).state == "done"
    late = ask(workspace, kind, scope)
    taken_away(workspace, person)
    begun: list[str] = []
    ended = done(workspace, late, lambda job, _arguments: begun.append(job.job.job_id))
    assert (ended.state, begun) == ("failed", [])
    assert ended.error is not None
    error = jobs.error_of(ended.error)
    assert (error.code, error.case, set(error.facts)) == ("RIGHT-002", "lost", {"action"})


def test_every_kind_asks_again() -> None:
    """A kind without the question would be done for anybody."""
    assert [name for name, kind in KINDS.items() if kind.may is None] == []


def test_a_closed_account_stops_the_job(workspace: Workspace) -> None:
    """The appointment still stands; who holds it may no longer act."""
    person, scope = someone(workspace, "leaver", Wanted("administrator", SINCE))
    late = ask(workspace, "judge", scope)
    with writing(workspace.engine) as db:
        set_active(db, person_of(db, person.person_id), active=False, at=workspace.clock(), principal="test")
    assert done(workspace, late).state == "failed"


def test_another_place_is_another_right(workspace: Workspace) -> None:
    """Who has lost a city and been given another may not finish what was asked for in the first."""
    region = SubjectId(region_id("130000"))
    person, scope = someone(workspace, "mover", Wanted("officer", SINCE, region))
    late = ask(workspace, "judge", scope)
    taken_away(workspace, person)
    with writing(workspace.engine) as db:
        appoint(db, person, Wanted("officer", SINCE, SubjectId(region_id("130100"))), at=workspace.clock(),
                principal="test")  # fmt: skip
    assert done(workspace, late).state == "failed"


def test_a_right_lost_while_the_job_runs_undoes_its_effect(workspace: Workspace) -> None:
    """The last question stands in the transaction of the effect: what was written in it is not there."""
    person, scope = someone(workspace, "leaver", Wanted("administrator", SINCE))
    late = ask(workspace, "judge", scope)

    def run(job: jobs.JobContext, _arguments: Mapping[str, Any]) -> None:
        taken_away(workspace, person)

        def effect(db: sa.Connection) -> None:
            ensure_regions(db, workspace.clock(), ["140100"])

        job.finish_with(effect)

    with reading(workspace.engine) as db:
        before = len(db.execute(audit_entry.select().where(audit_entry.c.action == "registry.regions")).all())
    assert done(workspace, late, run).state == "failed"
    with reading(workspace.engine) as db:
        after = len(db.execute(audit_entry.select().where(audit_entry.c.action == "registry.regions")).all())
    assert after == before


def test_a_shared_judgement_goes_on_while_one_of_its_askers_may(workspace: Workspace) -> None:
    """Two units' figures wait for one judgement: the first manager's leaving does not keep the second's unjudged."""
    places = [SubjectId(region_id(code)) for code in ("130000", "130100")]
    people = [someone(workspace, f"manager{n}", Wanted("unit_manager", SINCE, p)) for n, p in enumerate(places)]

    def asked() -> str:
        with writing(workspace.engine) as db:
            made = [
                ask_judge(db, scope=scope, clock=workspace.clock, slot=AFTER_IMPORT, after="import")
                for _, scope in (*people, *people)
            ]
        assert len({job.job_id for job in made}) == 1
        assert made[-1].also_for == (people[1][1],)
        return made[0].job_id

    first = asked()
    taken_away(workspace, people[0][0])
    assert done(workspace, first).state == "done"
    second = asked()
    taken_away(workspace, people[1][0])
    failed = done(workspace, second)
    assert failed.state == "failed"
    assert "also_for" not in failed.as_dict()


def test_a_judgement_of_ones_own_takes_its_own_right(workspace: Workspace) -> None:
    """Who may import but not start a run gets the judgement after an import, and none that they ask for."""
    _, scope = someone(workspace, "manager", Wanted("unit_manager", SINCE, SubjectId(region_id("130100"))))
    with writing(workspace.engine) as db:
        ask_judge(db, scope=scope, clock=workspace.clock, slot=AFTER_IMPORT, after="import")
    own = ask(workspace, "judge", scope)
    assert done(workspace, own).state == "failed"
    with reading(workspace.engine) as db:
        states = {j.job_id == own: j.state for j in jobs.jobs_seen(db, scope)}
    assert states == {True: "failed", False: "done"}


def test_an_error_is_kept_with_its_case() -> None:
    """What a page needs for words of its own outlives the job."""
    told = UserError("RIGHT-004", "taken.", where="name", remedy="Choose another.", case="taken", facts={"name": "a"})
    with pytest.raises(UserError) as again:
        raise jobs.error_of({**told.as_dict(), "case": told.case, "facts": told.facts})
    assert (str(again.value), again.value.case, again.value.facts) == (str(told), told.case, told.facts)


def test_the_day_of_an_appointment_is_asked_for(workspace: Workspace) -> None:
    """An appointment that ran out while the job waited is no right any more."""
    tomorrow = china_day(workspace.clock()) + timedelta(days=2)
    _, scope = someone(workspace, "short", Wanted("administrator", SINCE, valid_to=tomorrow))
    late = ask(workspace, "judge", scope)
    later = replace(workspace, clock=lambda: workspace_now + timedelta(days=3))
    workspace_now = workspace.clock()
    assert done(later, late).state == "failed"
