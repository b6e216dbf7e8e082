"""What an import touches (导入的影响): the figures that stood before, and whose figures came in."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pyarrow as pa

from shuangkong.accounting.import_ledgers import LEDGERS
from shuangkong.engine.api import DuckDB, Workspace, reading
from shuangkong.kernel.scope import Scope
from shuangkong.registry.api import scope_subjects


def figures_before(workspace: Workspace, entry_ids: Collection[str], scope: Scope) -> dict[str, dict[str, Any]]:
    """Quantity, unit and day of the entries that would be corrected, by entry id, as far as the reader sees them."""
    found = _asked(
        workspace, scope, "entry_id", entry_ids, "entry_id, subject_id, quantity, unit, basis, known_on, source_row"
    )
    return {r["entry_id"]: r for r in found}


def subjects_of_source(workspace: Workspace, source_id: str, scope: Scope) -> list[str]:
    """The regions and units with figures from a source, as far as the reader sees them, by id."""
    found = _asked(workspace, scope, "source_id", [source_id], "DISTINCT subject_id")
    return sorted(r["subject_id"] for r in found)


def _asked(workspace: Workspace, scope: Scope, key: str, values: Collection[str], columns: str) -> list[dict[str, Any]]:
    now = workspace.clock()
    kept = {ledger: workspace.lake.files(ledger.contract, now) for ledger in LEDGERS}
    if not any(kept.values()) or not values:
        return []
    with reading(workspace.engine) as db:
        seen = scope_subjects(db, scope, now)
    with DuckDB() as engine:
        shown = []
        for ledger, files in kept.items():
            engine.bind_files(ledger.contract.name, files, ledger.contract.arrow_schema)
            shown.append(ledger.shown.format(rows=ledger.contract.name))
        engine.bind("wanted", pa.table({key: sorted(values)}))
        entries = " UNION ALL BY NAME ".join(shown)
        query = f"WITH entries AS ({entries}) SELECT {columns} FROM entries SEMI JOIN wanted USING ({key})"
        if seen is not None:
            engine.bind("seen", seen)
            query += " SEMI JOIN seen USING (subject_id)"
        if scope.use != "any":
            # a return handed in for other uses is hidden (统计法); see accounting.uses
            query += f""" WHERE "use" IS NULL OR contains(',' || "use" || ',', ',{scope.use},')"""
        rows: list[dict[str, Any]] = engine.run(query).to_pylist()
    return rows
