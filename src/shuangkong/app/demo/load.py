"""Loading the demo: the steps in order, and what each does inside one transaction. Doing a step again adds nothing."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

import pyarrow as pa
import sqlalchemy as sa

from shuangkong.accounting.api import BOOK_ENTRIES, REPORTED_VALUES
from shuangkong.app.demo.catalogue import CarriedFile, Catalogue
from shuangkong.app.demo.city import City, region_entries, reporting_plan, unit_registrations
from shuangkong.app.demo.city_files import DemoFile
from shuangkong.app.demo.real import Resolve, SourceOf, entry_rows, reported_rows
from shuangkong.kernel.labels import Label
from shuangkong.registry.api import (
    Directory,
    SourceEntry,
    ensure_regions,
    plan_reporting,
    record_source,
    register_regions,
    register_units,
)

Where = Literal["registry", "blobs", "lake", "import", "run"]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the loading: which store it writes, and what it is called with.

    `call` names the function of this module, or of the service that the caller wires in, with its arguments.
    """

    id: str
    label: Label
    where: Where
    call: str
    after: tuple[str, ...] = ()


def plan_of_work() -> tuple[Step, ...]:
    """The steps of `shuangkong demo` in order; each can be done again after an interruption."""
    return (
        Step(
            "regions",
            Label("登记行政区划", "register regions"),
            "registry",
            "register_places(connection, recorded_at)",
        ),
        Step(
            "carried_sources",
            Label("登记官方数据来源", "record the sources of official figures"),
            "registry",
            "record_carried(connection, catalogue, recorded_at) -> SourceOf; blobs.put(carried.bytes())",
            ("regions",),
        ),
        Step(
            "carried",
            Label("载入官方数据", "load official figures"),
            "lake",
            "carried_tables(catalogue, resolver(directory), source, recorded_at); lake.commit(…, token=CARRIED_TOKEN)",
            ("carried_sources",),
        ),
        Step(
            "city",
            Label("登记示范市及其用能单位（合成）", "register the demo city and its units (synthetic)"),
            "registry",
            "register_city(connection, make_city(seed, scale), recorded_at)",
            ("regions",),
        ),
        Step(
            "people",
            Label("登记演示人员与授权（合成）", "register the demo's people and consents (synthetic)"),
            "registry",
            "register_people(connection, city, recorded_at, day, principal)",
            ("city",),
        ),
        Step(
            "city_files",
            Label("导入示范市报表（合成）", "import the returns of the demo city (synthetic)"),
            "import",
            "for file in city_files(city): the import service, with file.content, file.book and file.kind",
            ("city",),
        ),
        Step(
            "documents",
            Label("上传待解读的文件（合成）", "hand up documents to be reviewed (synthetic)"),
            "registry",
            "hand_up_documents(workspace, principal, region)",
            ("city",),
        ),
        Step(
            "projects",
            Label("登记示范市项目（合成）", "register the demo city's projects (synthetic)"),
            "import",
            "import_project_register(workspace, project_file(city).content, …)",
            ("city",),
        ),
        Step(
            "meters",
            Label("登记计量器具，载入一个月的读数（合成）", "register meters, take in a month of readings (synthetic)"),
            "lake",
            "take_readings(workspace, metered_city(city), principal)",
            ("city",),
        ),
        Step(
            "run",
            Label("核算与判定", "account and judge"),
            "run",
            "app.pipeline.run_pipeline(workspace, …)",
            ("carried", "city_files", "projects", "meters"),
        ),
        Step(
            "cases",
            Label("立案督办（合成）", "open cases (synthetic)"),
            "registry",
            "open_demo_cases(workspace, packs, run, city, day)",
            ("run",),
        ),
        Step(
            "scenario",
            Label("保存一个达峰情景（合成）", "save a scenario of the peak (synthetic)"),
            "registry",
            "save_demo_scenario(workspace, region, principal)",
            ("run",),
        ),
    )


#: Who loads the demo, as the audit log names it.
LOADER = "demo"
#: Token under which the carried rows are committed: once per table and workspace.
CARRIED_TOKEN = "demo-carried-1"


def register_places(connection: sa.Connection, recorded_at: datetime) -> int:
    """The regions of the shipped list; returns how many rows were new."""
    return ensure_regions(connection, recorded_at, principal=LOADER)


def carried_source(carried: CarriedFile) -> SourceEntry:
    """What is known of where a carried file came from."""
    return SourceEntry(
        file_name=carried.file,
        sha256=hashlib.sha256(carried.bytes()).hexdigest(),
        publisher=carried.publisher,
        document=carried.document,
        licence=carried.licence,
    )


def record_carried(connection: sa.Connection, catalogue: Catalogue, recorded_at: datetime) -> SourceOf:
    """Record the source of every carried file; returns the id of each."""
    ids = {c.file: record_source(connection, carried_source(c), recorded_at, principal=LOADER) for c in catalogue.files}
    return lambda carried: ids[carried.file]


def city_source(file: DemoFile) -> SourceEntry:
    """Where an invented file came from: always marked synthetic."""
    return SourceEntry(
        file_name=file.name,
        sha256=hashlib.sha256(file.content).hexdigest(),
        publisher=file.publisher,
        document=file.document,
        licence=file.licence,
        synthetic=True,
    )


def resolver(places: Directory) -> Resolve:
    """Subjects of codes on a day; each code and day is looked up once."""
    found: dict[tuple[str, date], str] = {}

    def resolve(code: str, day: date) -> str:
        key = (code, day)
        if key not in found:
            found[key] = places.region(code, day)
        return found[key]

    return resolve


def carried_tables(
    catalogue: Catalogue, resolve: Resolve, source: SourceOf, recorded_at: datetime
) -> tuple[pa.Table, pa.Table]:
    """`reported_values` and `book_entries` of the carried data, checked against their contracts."""
    at: dict[str, object] = {"recorded_at": recorded_at}
    reported = REPORTED_VALUES.from_rows([row | at for row in reported_rows(catalogue, resolve, source)])
    entries = BOOK_ENTRIES.from_rows([row | at for row in entry_rows(catalogue, resolve, source)])
    return reported, entries


def register_city(connection: sa.Connection, city: City, recorded_at: datetime) -> None:
    """Register the synthetic city: regions, units with their moves, reporting plan. Doing it again adds nothing."""
    register_regions(connection, region_entries(city), recorded_at, principal=LOADER)
    register_units(connection, unit_registrations(city), recorded_at, principal=LOADER)
    plan_reporting(connection, reporting_plan(city), recorded_at, principal=LOADER)
