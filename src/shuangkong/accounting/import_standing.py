"""What an import meets (导入与现有数比较): entries that are new, that correct an older one, that are there already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa

from shuangkong.accounting.import_ledgers import BOOK, Ledger, ledger_of
from shuangkong.accounting.import_rows import NATURAL
from shuangkong.engine.api import DuckDB, Workspace
from shuangkong.kernel.findings import CONFIDENCES


@dataclass(frozen=True, slots=True)
class Change:
    """Entries that are new, those that correct an older one, and how many stand already as they are."""

    fresh: list[dict[str, object]]
    corrected: list[dict[str, object]]
    unchanged: int
    #: What stood before, by the id of its entry.
    before: dict[str, dict[str, Any]] = field(default_factory=dict)
    backwards: list[dict[str, object]] = field(default_factory=list)


def against(workspace: Workspace, entries: Sequence[dict[str, object]], now: datetime) -> Change:
    """Entries that are new, those that correct an older one, and how many are there already."""
    ledger = ledger_of(str(entries[0]["book"])) if entries else BOOK
    standing = _standing(workspace, ledger, {str(e["subject_id"]) for e in entries}, now)
    change = Change([], [], 0)
    unchanged = 0
    for e in entries:
        old = standing.get(tuple(e[k] for k in NATURAL))
        if old is None:
            change.fresh.append(e)
        elif (old["quantity"], old["unit"], old["basis"]) == (_six(e["quantity"]), e["unit"], e["basis"]):
            unchanged += 1
        else:
            change.corrected.append({**e, "corrects": old["entry_id"]})
            change.before[old["entry_id"]] = old
            if old["known_on"] > e["known_on"]:
                change.backwards.append(e)
    return replace(change, unchanged=unchanged)


def _six(value: object) -> Decimal | None:
    return value.quantize(Decimal("0.000001")) if isinstance(value, Decimal) else None


def _standing(
    workspace: Workspace, ledger: Ledger, subjects: set[str], now: datetime
) -> dict[tuple[object, ...], dict[str, Any]]:
    files = workspace.lake.files(ledger.contract, now)
    if not files:
        return {}
    with DuckDB() as engine:
        engine.bind_files("kept", files, ledger.contract.arrow_schema)
        engine.bind("wanted", pa.table({"subject_id": sorted(subjects)}))
        rows = engine.run(
            f"WITH entries AS ({ledger.shown.format(rows='kept')})"
            f" SELECT entry_id, quantity, unit, basis, known_on, confidence, {', '.join(NATURAL)} FROM entries"
            " SEMI JOIN wanted USING (subject_id)"
            " WHERE entry_id NOT IN (SELECT corrects FROM entries WHERE corrects IS NOT NULL)"
        )
    return {tuple(r[k] for k in NATURAL): r for r in sorted(rows.to_pylist(), key=_sureness)}


def _sureness(row: dict[str, Any]) -> tuple[object, ...]:
    """Of several published values of one figure the one that stands comes last."""
    return row["quantity"] is not None, -CONFIDENCES.index(row["confidence"]), row["known_on"], row["entry_id"]
