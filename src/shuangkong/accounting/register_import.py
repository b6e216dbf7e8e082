"""Importing a register of units (名录导入): units are the registry's; their file is kept among the imports."""

from __future__ import annotations

import sqlalchemy as sa

from shuangkong.accounting import store
from shuangkong.accounting.import_rows import Origin
from shuangkong.accounting.importing import source_of
from shuangkong.engine.api import Workspace
from shuangkong.kernel.ids import digest
from shuangkong.kernel.scope import Scope
from shuangkong.registry.api import UnitReport, import_units, record_source, sheets

#: What a register is called among the books.
UNITS = "units"


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
    now = workspace.clock()

    def also(db: sa.Connection, done: UnitReport, sha256: str) -> None:
        if done.registered == 0:
            return
        source = source_of(origin, sha256, done.sheet)
        source_id = record_source(db, source, now, principal=scope.principal)
        store.add_batch(
            db, import_id=f"i_{digest('import', UNITS, sha256, done.sheet, now.isoformat())}", book=UNITS,
            source_id=source_id, file_name=origin.file_name, sha256=sha256, fresh=done.registered, corrected=0,
            unchanged=done.known, skipped=0, commit_sequence=0, principal=scope.principal, recorded_at=now,
        )  # fmt: skip

    return import_units(
        workspace, content, name=origin.file_name, scope=scope, sheet=sheet, mapping=mapping, dry_run=dry_run, also=also
    )
