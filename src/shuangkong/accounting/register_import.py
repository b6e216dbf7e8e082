"""Importing a register (名录导入) of units, projects or meters: the registry's, with its file among imports."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import sqlalchemy as sa

from shuangkong.accounting import store
from shuangkong.accounting.import_rows import Origin
from shuangkong.accounting.importing import source_of
from shuangkong.accounting.sheets import item_of_meter
from shuangkong.engine.api import Workspace
from shuangkong.kernel.ids import digest
from shuangkong.kernel.scope import Scope
from shuangkong.policy.api import PackSet
from shuangkong.registry.api import (
    MeterReport,
    ProjectReport,
    UnitReport,
    import_meters,
    import_projects,
    import_units,
    meter_schema,
    record_source,
    sheets,
)

#: What the registers are called among the books.
UNITS = "units"
PROJECTS = "projects"
METERS = "meters"
REGISTERS = (UNITS, PROJECTS, METERS)


def import_register(
    workspace: Workspace,
    content: bytes,
    origin: Origin,
    *,
    scope: Scope,
    sheet: str | None = None,
    mapping: sheets.Mapping | None = None,
    dry_run: bool = False,
) -> UnitReport:
    """Register the units of a sheet, as `import_units` does, and keep its file, origin and counts among the imports.

    Where every unit is registered already nothing changes, and no import is kept.
    """

    def also(db: sa.Connection, done: UnitReport, sha256: str) -> None:
        if done.registered:
            counts = {"fresh": done.registered, "corrected": 0, "unchanged": done.known}
            _keep(db, UNITS, origin, (sha256, done.sheet), counts, scope, workspace.clock())

    return import_units(
        workspace, content, name=origin.file_name, scope=scope, sheet=sheet, mapping=mapping, dry_run=dry_run, also=also
    )


def import_project_register(
    workspace: Workspace,
    content: bytes,
    origin: Origin,
    *,
    scope: Scope,
    sheet: str | None = None,
    mapping: sheets.Mapping | None = None,
    dry_run: bool = False,
) -> ProjectReport:
    """Register the projects of a sheet, as `import_projects` does, and keep its file, origin and counts likewise.

    Projects that move on from a day count as new; what is put right is counted apart and takes the origin's reason.
    """
    also = _keeping(PROJECTS, origin, scope, workspace)
    return import_projects(
        workspace, content, name=origin.file_name, scope=scope, sheet=sheet, mapping=mapping, dry_run=dry_run,
        reason=origin.reason, synthetic=origin.synthetic, also=also,
    )  # fmt: skip


def meters_schema(packs: PackSet) -> sheets.SheetSchema:
    """What a register of meters wants from a sheet; items are carriers, products and pollutants."""
    return meter_schema(lambda text: item_of_meter(packs, text))


def import_meter_register(
    workspace: Workspace,
    packs: PackSet,
    content: bytes,
    origin: Origin,
    *,
    scope: Scope,
    sheet: str | None = None,
    mapping: sheets.Mapping | None = None,
    dry_run: bool = False,
) -> MeterReport:
    """Register the meters of a sheet, as `import_meters` does, and keep its file, origin and counts likewise."""
    also = _keeping(METERS, origin, scope, workspace)
    return import_meters(
        workspace, content, meters_schema(packs), name=origin.file_name, scope=scope, sheet=sheet, mapping=mapping,
        dry_run=dry_run, reason=origin.reason, synthetic=origin.synthetic, also=also,
    )  # fmt: skip


def _keeping(
    book: str, origin: Origin, scope: Scope, workspace: Workspace
) -> Callable[[sa.Connection, ProjectReport | MeterReport, str], None]:
    """What keeps the import of a register whose rows move on from a day, in the transaction that registers them."""

    def also(db: sa.Connection, done: ProjectReport | MeterReport, sha256: str) -> None:
        if done.writes:
            counts = {
                "fresh": done.count("new") + done.count("changed"), "corrected": done.count("corrected"),
                "unchanged": done.count("unchanged"),
            }  # fmt: skip
            _keep(db, book, origin, (sha256, done.sheet), counts, scope, workspace.clock())

    return also


def _keep(
    db: sa.Connection,
    book: str,
    origin: Origin,
    file: tuple[str, str],
    counts: dict[str, int],
    scope: Scope,
    now: datetime,
) -> None:
    """Keep the source and the counts of a register that changed something; `file` is the SHA-256 and the sheet."""
    sha256, sheet = file
    source_id = record_source(db, source_of(origin, sha256, sheet), now, principal=scope.principal)
    store.add_batch(
        db, import_id=f"i_{digest('import', book, sha256, sheet, now.isoformat())}", book=book, source_id=source_id,
        file_name=origin.file_name, sha256=sha256, skipped=0, commit_sequence=0, principal=scope.principal,
        recorded_at=now, **counts,
    )  # fmt: skip
