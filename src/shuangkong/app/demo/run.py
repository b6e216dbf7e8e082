"""`shuangkong demo`: carry out the plan of work on a workspace, then run the pipeline. Doing it again adds nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import pyarrow as pa
import sqlalchemy as sa

from shuangkong.accounting.api import (
    BOOK_ENTRIES,
    REPORTED_VALUES,
    Origin,
    Report,
    batches,
    import_project_register,
    import_sheet,
)
from shuangkong.app.demo.cases import open_demo_cases
from shuangkong.app.demo.catalogue import catalogue
from shuangkong.app.demo.city import make_city
from shuangkong.app.demo.city_files import DemoFile, city_files
from shuangkong.app.demo.documents import hand_up_documents
from shuangkong.app.demo.growth import growth_file
from shuangkong.app.demo.load import (
    CARRIED_TOKEN,
    LOADER,
    carried_tables,
    plan_of_work,
    record_carried,
    register_city,
    register_places,
    resolver,
)
from shuangkong.app.demo.metering import metered_city
from shuangkong.app.demo.metering_load import take_readings
from shuangkong.app.demo.people import register_people
from shuangkong.app.demo.projects import project_file
from shuangkong.app.demo.scenarios import save_demo_scenario
from shuangkong.app.demo.sharing import share_out_city
from shuangkong.app.demo.warnings import warning_files
from shuangkong.app.pipeline import run_pipeline
from shuangkong.engine.api import Commit, RunRecord, TableContract, Workspace, reading, record, writing
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Label
from shuangkong.kernel.scope import Scope
from shuangkong.policy.api import PackSet
from shuangkong.registry.api import directory, sheets

PRINCIPAL = LOADER
Progress = Callable[[Label, int, int], None]


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the loading did: sheets as they were taken in, and the run."""

    reports: tuple[Report, ...]
    run: RunRecord


def load_demo(workspace: Workspace, packs: PackSet, *, scale: int, as_of: date, progress: Progress) -> Loaded:
    """Carry out the steps in order; each commits by itself, and one that was done before is passed over."""
    if not workspace.demo:
        raise UserError(
            "WS-001",
            "this workspace was not made for the demo.",
            where=str(workspace.root),
            remedy="Name another folder with -w; synthetic figures never enter a real workspace.",
        )
    steps = {s.id: s.label for s in plan_of_work()}
    total = len(steps)

    def at(step: str) -> None:
        progress(steps[step], list(steps).index(step), total)

    at("regions")
    with writing(workspace.engine) as db:
        register_places(db, workspace.clock())
    at("carried_sources")
    for carried in catalogue().files:
        workspace.blobs.put(carried.bytes())
    with writing(workspace.engine) as db:
        source = record_carried(db, catalogue(), workspace.clock())
    at("carried")
    with reading(workspace.engine) as db:
        places = directory(db, Scope.system("load the demo"), workspace.clock())
    recorded = workspace.clock()
    reported, entries = carried_tables(catalogue(), resolver(places), source, recorded)
    for contract, rows in ((REPORTED_VALUES, reported), (BOOK_ENTRIES, entries)):
        _commit(workspace, contract, rows, recorded)
    at("city")
    city = make_city(scale=scale)
    with writing(workspace.engine) as db:
        register_city(db, city, workspace.clock())
    at("people")
    with writing(workspace.engine) as db:
        register_people(db, city, workspace.clock(), as_of, PRINCIPAL)
    at("city_files")
    with reading(workspace.engine) as db:
        there = {(b["book"], b["sha256"]) for b in batches(db, Scope.system("load the demo"))}
    reports = tuple(
        _import(workspace, packs, f)
        for f in (*city_files(city), *warning_files(), growth_file(city))
        if (f.book, hashlib.sha256(f.content).hexdigest()) not in there
    )
    at("projects")
    _register(workspace, project_file(city))
    at("meters")
    take_readings(workspace, metered_city(city), PRINCIPAL)
    at("documents")
    hand_up_documents(workspace, PRINCIPAL, city.design.city.code)
    at("run")
    run = run_pipeline(
        workspace, packs, known=workspace.clock(), as_of=as_of, scope=Scope.system("run the demo's pipeline")
    )
    share_out_city(workspace, run, city, PRINCIPAL)
    at("cases")
    open_demo_cases(workspace, packs, run, city, as_of)
    at("scenario")
    save_demo_scenario(workspace, city.design.city.code, PRINCIPAL)
    progress(Label("完成", "done"), total, total)
    return Loaded(reports, run)


def _register(workspace: Workspace, file: DemoFile) -> None:
    """The register of projects; what stands already is left alone."""
    done = import_project_register(workspace, file.content, _origin(file), scope=Scope.all(PRINCIPAL))
    _taken(file, done.refusals)


def _commit(workspace: Workspace, contract: TableContract, rows: pa.Table, recorded: datetime) -> None:
    def also(db: sa.Connection, commit: Commit) -> None:
        record(
            db, at=recorded, principal=PRINCIPAL, action="lake.commit", obj=contract.name, detail={"rows": commit.rows}
        )

    with workspace.lake.lease(contract.name) as lease:
        workspace.lake.commit(
            contract, rows, lease, token=CARRIED_TOKEN, principal=PRINCIPAL, note="carried official figures",
            recorded_at=recorded, also=also,
        )  # fmt: skip


def _import(workspace: Workspace, packs: PackSet, file: DemoFile) -> Report:
    report = import_sheet(workspace, packs, file.book, file.content, _origin(file), scope=Scope.all(PRINCIPAL))
    _taken(file, report.refusals)
    return report


def _origin(file: DemoFile) -> Origin:
    return Origin(
        file.name, file.publisher, file.document, file.licence, file.handed_in, confidence="synthetic", synthetic=True,
        reason=file.reason,
    )  # fmt: skip


def _taken(file: DemoFile, refusals: Sequence[sheets.Refusal]) -> None:
    """Raise IMP-003 where rows of a file that ships with the program were refused."""
    if refusals:
        first = refusals[0]
        raise UserError(
            "IMP-003",
            f"{len({r.row for r in refusals})} rows were refused, first row {first.row}: {first.reason('zh')}.",
            where=file.name,
            remedy="This file ships with the program: report it.",
        )
