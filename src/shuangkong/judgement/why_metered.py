"""Why, down to the meters (计量出处): of months of meters in the books, each meter, or each outlet, with its days."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from shuangkong.accounting.api import METER_ENTRIES, METER_LINKS, METERED, OUTLET_MONTHS
from shuangkong.engine.api import DuckDB, RunRecord, Workspace, bind_rows, reading
from shuangkong.kernel.scope import Scope
from shuangkong.metering.api import Meters, meter_days, meters_known, monitoring, outlet_days
from shuangkong.policy.api import PackSet

Row = dict[str, Any]
#: So many meters are told with their days.
LISTED = 20
#: Months of meters as entries of the books, beside those that were handed in.
ENTRIES = (
    "SELECT entry_id, book, subject_id, period_key, period_kind, period_start, period_end, item, role,"
    f" 'own' AS extent, CAST(quantity AS DECIMAL(18, 6)) AS quantity, unit, state, '{METERED}' AS source_id,"
    " CAST(0 AS BIGINT) AS source_row, confidence, CASE WHEN state = 'partial' THEN measured END AS measured"
    " FROM meter_entries WHERE stands = 'meter'"
)


def bind_metered(engine: DuckDB, run: RunRecord) -> None:
    """Make what a run took of meters known to a walk; a run from before there were any has none."""
    for contract in (METER_ENTRIES, METER_LINKS, OUTLET_MONTHS):
        bind_rows(engine, contract.name, contract, run.folder)


def metered(
    engine: DuckDB, workspace: Workspace, run: RunRecord, scope: Scope, entries: Sequence[Row]
) -> list[Row]:  # fmt: skip
    """The meters of the entries that are months of meters, the largest entries first.

    Each: entry_id, meter (its number), code, name, unit, first_day, last_day, and days: day, quantity, seconds measured
    and spread. The entries are those that the reader may see. Meters of outlets are told by `let_out`.
    """
    if not _wanted(engine, entries):
        return []
    rows: list[Row] = engine.run(
        "SELECT l.* FROM meter_links l JOIN metered_wanted w ON l.entry_id = w.k"
        " WHERE l.entry_id NOT IN (SELECT entry_id FROM outlet_months)"
        f" ORDER BY w.place, l.meter, l.first_day LIMIT {LISTED}"
    ).to_pylist()
    with reading(workspace.engine) as db:
        known = {m.number: m for m in meters_known(db, scope, run.known, {r["subject_id"] for r in rows}).spells}
    for row in rows:
        meter = known.get(row["meter"])
        row |= {"code": meter.code if meter else "", "name": meter.name if meter else "",
                "unit": meter.unit if meter else ""}  # fmt: skip
        days = meter_days(
            workspace, scope, run.known, row["subject_id"], row["meter"], row["first_day"], row["last_day"]
        )
        row["days"] = [
            {"day": d.start, "quantity": d.quantity, "measured": d.measured, "spread": d.spread} for d in days
        ]
    return rows


def let_out(
    engine: DuckDB, workspace: Workspace, run: RunRecord, packs: PackSet, scope: Scope, entries: Sequence[Row]
) -> list[Row]:  # fmt: skip
    """The outlets of the entries that are months of a pollutant by flow and concentration, the largest entries first.

    Each: the columns of OUTLET_MONTHS; meters: number, code, name, measures; days: day, quantity (kg of the hours that
    count, None where none does), hours that count and hours left out. The entries are those that the reader may see.
    """
    if not _wanted(engine, entries):
        return []
    rows: list[Row] = engine.run(
        "SELECT o.* FROM outlet_months o JOIN metered_wanted w ON o.entry_id = w.k"
        f" ORDER BY w.place, o.outlet LIMIT {LISTED}"
    ).to_pylist()
    engine.bind("let_out", pa.table({"k": pa.array([r["entry_id"] for r in rows], pa.string())}))
    links: list[Row] = engine.run("SELECT l.* FROM meter_links l SEMI JOIN let_out w ON l.entry_id = w.k").to_pylist()
    rules = monitoring(packs, run.known_day)
    with reading(workspace.engine) as db:
        known = meters_known(db, scope, run.known, {r["subject_id"] for r in rows})
    for row in rows:
        own = Meters(m for m in known.spells if m.subject_id == row["subject_id"] and m.outlet == row["outlet"])
        numbers = {link["meter"] for link in links if link["entry_id"] == row["entry_id"]}
        row["meters"] = [
            {"meter": m.number, "code": m.code, "name": m.name, "measures": m.measures}
            for m in {m.number: m for m in own.spells if m.number in numbers}.values()
        ]
        days = outlet_days(
            workspace.lake, own, rules, row["outlet"], row["item"], row["first_day"], row["last_day"], run.known
        )
        row["days"] = [
            {"day": d.day, "quantity": d.quantity, "counted": d.counted, "left_out": d.left_out} for d in days
        ]
    return rows


def _wanted(engine: DuckDB, entries: Sequence[Row]) -> bool:
    """Bind the entries that are months of meters, in their order; whether there are any."""
    ids = list(dict.fromkeys(e["entry_id"] for e in entries if e["source_id"] == METERED))
    if ids:
        engine.bind("metered_wanted", pa.table({"k": pa.array(ids, pa.string()), "place": pa.array(range(len(ids)))}))
    return bool(ids)
