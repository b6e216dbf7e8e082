"""Every change of a record, pack, right or figure has its audit entry in the same transaction.

The tables of the registry database are walked one by one: each says by which actions its changes are audited, or why
they need not be. The demo is loaded and the services are performed while every transaction is watched.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from registry.made_up import made_up_uscc
from shuangkong.accounting.api import BOOKS, Origin, import_sheet
from shuangkong.app.boundary import register_boundary
from shuangkong.app.demo.run import Loaded
from shuangkong.app.jobs import ask_judge
from shuangkong.app.web import create_app
from shuangkong.casework.api import STEPS
from shuangkong.engine.api import METADATA, Workspace, jobs, reading, writing
from shuangkong.kernel.labels import Label
from shuangkong.kernel.scope import Scope
from shuangkong.policy.api import PackSet, builtin_packs
from shuangkong.registry.api import (
    PlanEntry,
    RegionEntry,
    correct,
    ensure_regions,
    give_consent,
    import_units,
    merge_regions,
    move,
    plan_reporting,
    publish,
    region_id,
    register_regions,
    split_region,
    subject_ids,
    unpublish,
    withdraw_consent,
)
from shuangkong.webkit.api import (
    Wanted,
    add_person,
    appoint,
    end_session,
    make_token,
    open_session,
    person_named,
    reader_of,
    revoke,
    revoke_token,
    set_active,
    set_password,
    sign_in,
    switch,
)
from web.test_boundary import ALL, APPROVED, collection, written

DAY = date(2026, 1, 1)
REGISTRY = {"registry.units", "registry.regions", "registry.projects", "registry.project_change"}
BOOK_IMPORTS = tuple(f"import.{book}" for book in BOOKS)
DOCUMENT_STEPS = {
    f"document.{s}" for s in ("read", "accept", "accept_sure", "correct", "reject", "reopen", "add", "undo", "drop")
}
CASE_STEPS = tuple(f"case.{step}" for step in STEPS)


@dataclass(frozen=True)
class Declared:
    """How the changes of a table are audited: by one of `actions`; columns of `silent` change without an entry."""

    actions: frozenset[str] = frozenset()
    silent: frozenset[str] = frozenset()
    why: str = ""


def by(*actions: str, silent: str = "", why: str = "") -> Declared:
    """Audited by one of these actions; updates of the silent columns alone are not, for the reason given."""
    return Declared(frozenset(actions), frozenset(silent.split()), why)


def free(why: str) -> Declared:
    """Not audited, and why not."""
    return Declared(why=why)


DECLARED: Mapping[str, Declared] = {
    "audit_entry": free("it is the log"),
    "subject": by(*REGISTRY),
    "subject_alias": by(*REGISTRY, "registry.correct", "registry.merge", "registry.split"),
    "subject_parent": by(*REGISTRY, "registry.correct", "registry.move", "registry.merge", "registry.split"),
    "subject_attribute": by(*REGISTRY, "registry.correct", "registry.publish", "registry.unpublish"),
    "reporting_plan": by("registry.plan", "registry.correct"),
    "source": by("source.record"),
    "consent": by("consent.give", "consent.withdraw"),
    "meter": by("registry.meters", "registry.meter_change", "registry.meter_correct"),
    "station": by("registry.stations"),
    "closed_days": by("registry.closed_days", "registry.closed_withdraw"),
    "reading_token": by("readings.token_issue", "readings.token_revoke"),
    "reading_consumer": free("how far a consumer of readings has come; it is said by what it made of them"),
    "import_batch": by(*BOOK_IMPORTS, "import.units", "import.projects", "import.meters"),
    "saved_mapping": by(*BOOK_IMPORTS),
    "lake_commit": by("lake.commit", *BOOK_IMPORTS),
    "lake_commit of readings": free("stored every few seconds; upkeep seals all of the lake in one entry, lake.seal"),
    "lake_replaced": free("which file stands for which; the rows that count are the same, and dropping is logged"),
    "lake_lease": free("a lock with an end; it says nothing of any figure"),
    "run": by(
        "run.complete",
        silent="state finished_at",
        why="a run that begins or fails is seen by nobody; a scenario's never enters the books",
    ),
    "job": by(
        "job.enqueue", "job.cancel", "job.done", "job.failed", "job.cancelled",
        silent="state holder fence lease_until slot started_at attempts progress_done progress_total progress_zh "
        "progress_en",
        why="a worker takes it up, beats and tells how far it is; asking for it and its end are audited",
    ),
    "person": by("person.add", "person.active", "person.password.reset", "person.password.change", "session.open"),
    "appointment": by("appointment.give", "appointment.revoke"),
    "web_session": by(
        "session.open", "session.end", "session.switch", "person.active", "person.password.reset",
        "person.password.change", "appointment.revoke",
        silent="seen_at", why="when it was last used is no right",
    ),
    "api_token": by(
        "token.make", "token.revoke", "person.active", "person.password.reset", "person.password.change",
        "appointment.revoke",
    ),
    "sign_in_attempt": free("a counter for locks, kept for a day; refusals are audited as session.refuse"),
    "pack_proposal": by("pack.propose", "pack.publish", "pack.reject", "pack.withdraw"),
    "decomposition": by("sharing.save", "sharing.propose"),
    "decomposition_version": by(
        "sharing.save", silent="job_id result", why="a job works a large one out; asking for it and its end are audited"
    ),
    "peak_scenario": by("scenarios.save", "scenarios.share", "scenarios.unshare", "scenarios.withdraw"),
    "deduction_evidence": by("evidence.hand_in", "evidence.withdraw"),
    "casework_case": by(*CASE_STEPS),
    "casework_step": by(*CASE_STEPS),
    "casework_evidence": by("case.evidence"),
    "boundary_file": by("boundary.register"),
    "document": by("document.upload", "document.read", "document.propose", "document.drop"),
    "document_entry": by(*DOCUMENT_STEPS),
    "document_step": by(*DOCUMENT_STEPS),
    "form_draft": free("what was typed and not submitted changes no record; it is for its writer alone"),
    "import_draft": free("an upload that was not committed changes no record; the commit is audited as import.*"),
}  # fmt: skip
#: Tables of the lake that readings go into, and what is worked out from them.
READINGS = {
    "readings",
    "readings_aside",
    "reading_posts",
    "meter_hours",
    "meter_days",
    "reading_flaws",
    "meter_day_quality",
}
_STATEMENT = re.compile(r'^\s*(INSERT INTO|UPDATE|DELETE FROM) "?(\w+)"?', re.IGNORECASE)
_SET = re.compile(r"\bSET (.*?)(?: WHERE |$)", re.IGNORECASE | re.DOTALL)


@dataclass
class Transaction:
    """What one transaction wrote: table with the columns that an update set (None for other writes), and actions."""

    writes: list[tuple[str, frozenset[str] | None]] = field(default_factory=list)
    actions: set[str] = field(default_factory=set)


def faults(done: Transaction, declared: Mapping[str, Declared] = DECLARED) -> list[str]:
    """Tables that the transaction changed without an entry that says so."""
    found = []
    for table, columns in done.writes:
        if table not in declared:
            found.append(f"{table} is not declared")
            continue
        rule = declared[table]
        quiet = not rule.actions or (columns is not None and columns <= rule.silent)
        if not quiet and not rule.actions & done.actions and not _begins_run(table, columns):
            found.append(f"{table} changed beside {sorted(done.actions)}")
    return found


def _begins_run(table: str, columns: frozenset[str] | None) -> bool:
    """A run that begins is a row that nobody sees until it is complete."""
    return table == "run" and columns is None


@contextmanager
def watched() -> Iterator[list[Transaction]]:
    """Every transaction that is committed meanwhile, on whatever engine."""
    open_: dict[int, Transaction] = {}
    committed: list[Transaction] = []

    def statement(conn: Any, cursor: Any, text: str, parameters: Any, context: Any, many: bool) -> None:
        found = _STATEMENT.match(text)
        if found is None or found.group(2) in ("alembic_version",):
            return
        mine = open_.setdefault(id(conn.connection.dbapi_connection), Transaction())
        columns = None
        if found.group(1).upper() == "UPDATE":
            said = _SET.search(text)
            columns = frozenset(re.findall(r'"?(\w+)"? ?=', said.group(1))) if said else frozenset()
        table = found.group(2)
        if table == "lake_commit" and {p.get("table_name") for p in context.compiled_parameters} <= READINGS:
            table = "lake_commit of readings"
        mine.writes.append((table, columns))
        if found.group(2) == "audit_entry":
            mine.actions |= {p["action"] for p in context.compiled_parameters}

    def commit(conn: Any) -> None:
        done = open_.pop(id(conn.connection.dbapi_connection), None)
        if done is not None:
            committed.append(done)

    def rollback(conn: Any) -> None:
        open_.pop(id(conn.connection.dbapi_connection), None)

    listeners = (("before_cursor_execute", statement), ("commit", commit), ("rollback", rollback))
    for name, listener in listeners:
        sa.event.listen(Engine, name, listener)
    try:
        yield committed
    finally:
        for name, listener in listeners:
            sa.event.remove(Engine, name, listener)


def assert_audited(done: list[Transaction]) -> set[str]:
    """No table was changed without its entry; gives the tables that were changed."""
    assert [f for one in done for f in faults(one)] == []
    return {table for one in done for table, _ in one.writes}


def test_every_table_says_how_it_is_audited() -> None:
    """Each table of the registry database is declared, and none is declared that is not there."""
    create_app  # noqa: B018 (importing the application declares every table)
    assert {name.partition(" of ")[0] for name in DECLARED} == set(METADATA.tables)
    assert all(d.actions or d.why for d in DECLARED.values())
    assert all(d.why for d in DECLARED.values() if d.silent)


def test_a_change_without_its_entry_is_seen(tmp_path: Path) -> None:
    """The watch can fail: a row written beside the services is named, and so is an entry of another action."""
    workspace = Workspace.create(tmp_path / "w")
    person = METADATA.tables["person"]
    with watched() as done, writing(workspace.engine) as db:
        add_person(db, "合成甲", "", at=workspace.clock(), principal="t")
    assert_audited(done)
    with watched() as done, writing(workspace.engine) as db:
        db.execute(person.update().values(display="x"))
    assert [f for one in done for f in faults(one)] == ["person changed beside []"]


@pytest.mark.slow
def test_the_demo_is_audited(demo_watched: tuple[Loaded, list[Transaction]]) -> None:
    """Loading the whole demo, with its register, books, people and run, leaves no change without its entry."""
    tables = assert_audited(demo_watched[1])
    assert {"subject", "subject_alias", "reporting_plan", "source", "import_batch", "saved_mapping"} <= tables
    assert {"lake_commit", "run", "person", "appointment", "consent", "subject_attribute"} <= tables


@pytest.fixture(scope="module")
def demo_watched(tmp_path_factory: pytest.TempPathFactory) -> tuple[Loaded, list[Transaction]]:
    """The demo, loaded while watched."""
    from shuangkong.app.demo.run import load_demo

    workspace = Workspace.create(tmp_path_factory.mktemp("audited") / "w", demo=True)
    with watched() as done:
        loaded = load_demo(
            workspace, PackSet(builtin_packs()), scale=1, as_of=date(2026, 11, 20), progress=lambda *_: None
        )
    return loaded, done


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A workspace with some regions and a unit."""
    made = Workspace.create(tmp_path / "w")
    entries = [
        RegionEntry("P", "合成市", "130200", DAY, level="prefecture", synthetic=True),
        RegionEntry("Q", "合成一区", "130200", DAY, level="county", synthetic=True),
        RegionEntry("R", "合成二区", "130200", DAY, level="county", synthetic=True),
    ]
    with watched() as done:
        with writing(made.engine) as db:
            ensure_regions(db, made.clock(), ["130202", "130203"], principal="t")
            register_regions(db, entries, made.clock(), principal="t")
        report = import_units(made, UNITS.encode(), name="units.csv", scope=Scope.all("t"))
    assert report.registered == 2, report.refusals
    assert {"subject", "subject_alias", "subject_parent", "subject_attribute", "reporting_plan"} <= assert_audited(done)
    return made


UNITS = f"""统一社会信用代码,单位名称,所在地区,行业代码,行业分类版本,单位类别,起始日期,报送周期
{made_up_uscc(1)},合成一厂,130202,3011,2017,重点,2021-01-01,月
{made_up_uscc(2)},合成二厂,130203,3011,2017,重点,2021-01-01,年
"""


def test_changes_of_the_registry_are_audited(workspace: Workspace) -> None:
    """Moving, merging, splitting, correcting, planning, publishing and unpublishing each write their entry."""
    at, when = workspace.clock, date(2026, 6, 1)
    with reading(workspace.engine) as db:
        units = sorted(subject_ids(db, Scope.all("t"), "unit", at()))
        own = {r: _named(db, r) for r in ("P", "Q", "R")}
        alias = METADATA.tables["subject_alias"]
        row = db.execute(sa.select(alias.c.row_id).where(alias.c.subject_id == units[0])).scalars().first()
    with watched() as done:
        for act in (
            lambda db: move(db, units[0], own["Q"], when, at(), principal="t", reason="区划调整"),
            lambda db: split_region(db, own["Q"], [(own["R"], [units[0]])], when + timedelta(1), at(), remains=True,
                                    principal="t"),
            lambda db: merge_regions(db, [own["Q"]], own["P"], when + timedelta(2), at(), principal="t"),
            lambda db: correct(db, "alias", row, at(), principal="t", reason="抄录有误", valid_from=date(2021, 2, 1)),
            lambda db: plan_reporting(db, [PlanEntry(units[1], "value", "year", DAY)], at(), principal="t"),
            lambda db: publish(db, [own["P"]], DAY, at(), principal="t"),
            lambda db: unpublish(db, own["P"], when, at(), principal="t"),
        ):  # fmt: skip
            with writing(workspace.engine) as db:
                act(db)
    assert len(done) == 7
    tables = assert_audited(done)
    assert {"subject_alias", "subject_parent", "subject_attribute", "reporting_plan"} <= tables
    assert {a for one in done for a in one.actions} >= {
        "registry.move", "registry.split", "registry.merge", "registry.correct", "registry.plan", "registry.publish",
        "registry.unpublish",
    }  # fmt: skip


def _named(db: sa.Connection, code: str) -> Any:
    alias = METADATA.tables["subject_alias"]
    found = sa.select(alias.c.subject_id).where(alias.c.scheme == "local", alias.c.value == code)
    return db.execute(found).scalar_one()


def test_changes_of_rights_are_audited(workspace: Workspace) -> None:
    """People, appointments, passwords, sessions, tokens and consents: whatever gives or takes a right has its entry."""
    at = workspace.clock
    secret = "一个足够长的口令 4711"
    with reading(workspace.engine) as db:
        unit = sorted(subject_ids(db, Scope.all("t"), "unit", at()))[0]
    with watched() as done:
        with writing(workspace.engine) as db:
            for name in ("boss", "officer"):
                add_person(db, name, name, at=at(), principal="t", password=secret)
            boss, officer = (person_named(db, n) for n in ("boss", "officer"))
            assert boss
            assert officer
            appoint(db, boss, Wanted("administrator", DAY), at=at(), principal="t")
            first, other = (
                appoint(db, officer, Wanted("officer", DAY, region_id("130200")), at=at(), principal="t")
                for _ in range(2)
            )
        with writing(workspace.engine) as db:
            assert sign_in(db, "officer", "falsch falsch falsch", at=at(), address="a", agent="") is None
        with writing(workspace.engine) as db:
            session = sign_in(db, "officer", secret, at=at(), address="a", agent="")
        assert session
        with reading(workspace.engine) as db:
            found = reader_of(db, session, at())
        assert found
        for act in (
            lambda db: switch(db, found[1], other.appointment_id, at=at()),
            lambda db: make_token(db, found[0], "x", frozenset({"export"}), 3, at=at()),
            lambda db: end_session(db, found[1].token_hash, officer.person_id, at=at(), principal=boss.person_id),
            lambda db: set_password(db, officer, secret + "0", at=at(), principal="t", must_change=True),
            lambda db: open_session(db, officer, first, at=at(), address="", agent=""),
            lambda db: revoke(db, first.appointment_id, at=at(), principal="t"),
            lambda db: set_active(db, officer, active=False, at=at(), principal="t"),
            lambda db: give_consent(db, unit, "合成银行", "finance", (DAY, None), at=at(), principal="t"),
            lambda db: withdraw_consent(db, _only(db, "consent", "row_id"), at=at(), principal="t"),
        ):
            with writing(workspace.engine) as db:
                act(db)
    tables = assert_audited(done)
    assert {"person", "appointment", "web_session", "api_token", "consent", "sign_in_attempt"} <= tables


def test_a_revoked_token_is_audited(workspace: Workspace) -> None:
    """Revoking a token has its entry."""
    at = workspace.clock
    with writing(workspace.engine) as db:
        who = add_person(db, "boss", "", at=at(), principal="t")
        held = appoint(db, who, Wanted("administrator", DAY), at=at(), principal="t")
        session = open_session(db, who, held, at=at(), address="", agent="")
        found = reader_of(db, session, at())
        assert found
        make_token(db, found[0], "x", frozenset({"export"}), 3, at=at())
    with watched() as done, writing(workspace.engine) as db:
        revoke_token(db, _only(db, "api_token", "token_id"), who.person_id, at=at(), principal="t")
    assert assert_audited(done) == {"api_token", "audit_entry"}


def _only(db: sa.Connection, table: str, column: str) -> str:
    return str(db.execute(sa.select(METADATA.tables[table].c[column])).scalar_one())


ENERGY = f"""统一社会信用代码,期间,能源品种,计量单位,消费量
{made_up_uscc(1)},2025,原煤,吨,{{}}
"""


def test_corrected_figures_are_audited_old_and_new(workspace: Workspace) -> None:
    """An import that puts a figure right says what stood, what stands, and why, in the transaction of the rows."""
    packs = PackSet(builtin_packs())
    with watched() as done:
        for amount, reason in (("100", ""), ("90.5", "计量表检定后更正")):
            origin = Origin(f"{amount}.csv", "合成单位", "合成报表", "", date(2026, 2, 1), reason=reason)
            report = import_sheet(
                workspace, packs, "energy", ENERGY.format(amount).encode(), origin, scope=Scope.all("t")
            )
            assert report.committed, report.refusals
    assert {"lake_commit", "import_batch", "source"} <= assert_audited(done)
    assert [sorted(one.actions) for one in done if "lake_commit" in {t for t, _ in one.writes}] == [
        ["import.energy"], ["figure.correct", "import.energy"],
    ]  # fmt: skip


def test_jobs_maps_and_runs_are_audited(workspace: Workspace, tmp_path: Path) -> None:
    """Asking for a job, cancelling it, doing it and failing at it, and registering a map, have their entries."""
    scope = Scope.all("t")

    def fails(job: jobs.JobContext, arguments: Mapping[str, Any]) -> None:
        job.progress(Label("一", "one"), 1, 2)
        raise ValueError

    kinds = {k.name: k for k in (jobs.Kind("good", Label("好", "good"), lambda *_: jobs.Outcome({}), False),
                                 jobs.Kind("bad", Label("坏", "bad"), fails, False))}  # fmt: skip
    file = written(tmp_path, collection(ALL))
    with watched() as done:
        with writing(workspace.engine) as db:
            for kind in kinds.values():
                jobs.enqueue(db, kind, {}, scope=scope, at=workspace.clock())
        jobs.work(workspace, kinds, stopping=threading.Event(), once=True)
        with writing(workspace.engine) as db:
            asked = ask_judge(db, scope=scope, clock=workspace.clock)
        with writing(workspace.engine) as db:
            jobs.cancel(db, scope, asked.job_id, at=workspace.clock())
        register_boundary(workspace, file, APPROVED, "t")
    assert {"job", "boundary_file"} <= assert_audited(done)
