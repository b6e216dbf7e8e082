"""A decision table for rows that somebody gives: read, typed, decided, and told row by row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa

from shuangkong.engine.api import DuckDB, compile_sql
from shuangkong.judgement.collecting import rows_hit
from shuangkong.judgement.rules import ADDED, decide_chain
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.numbers import MAX_QUANTITY, PLACES, parse_decimal
from shuangkong.policy.api import CheckedInput, CheckedTable, Kind, PackSet

_ARROW = {"number": pa.decimal128(38, 6), "text": pa.string(), "flag": pa.bool_(), "day": pa.date32()}
_IBIS = {"number": "decimal(38, 6)", "text": "string", "flag": "boolean", "day": "date"}
_FLAGS = {"true": True, "false": False, "是": True, "否": False, "1": True, "0": False}
_HOW = {
    "number": "Write a number with at most six places, in the unit of the input.", "day": "Write 2021-12-28.",
    "flag": "Write true or false, 是 or 否.", "text": "Write one of the choices.",
}  # fmt: skip


def asked_inputs(chain: Sequence[CheckedTable]) -> dict[str, CheckedInput]:
    """The inputs of tables that come from no earlier one, by name; RULE-003 where two of a name differ."""
    found: dict[str, CheckedInput] = {}
    for table in chain:
        for one in (i for i in table.inputs if i.upstream is None):
            if found.setdefault(one.name, one).kind != one.kind:
                raise UserError(
                    "RULE-003", f"“{one.name}” is of another kind in an earlier table.", where=table.id,
                    remedy="Give one of the two another name.",
                )  # fmt: skip
    return found


def decided_rows(
    packs: PackSet, pack: str, table: str, rows: Sequence[Mapping[str, object]], *, day: date, known: date, where: str
) -> list[dict[str, Any]]:
    """What a table, and those it builds on, say of each row on a day; raises PACK-006, RULE-007 (`where`: the file).

    A row maps inputs to cells (text or values, empty is unknown); other columns pass through as text. The result adds
    the columns of `decide_chain`, and `rows_hit` for a table that collects.
    """
    chain = tuple(t.on(day) for t in packs.chain(pack, table))
    inputs = asked_inputs(chain)
    others = [c for c in (rows[0] if rows else {}) if c not in inputs]
    taken = {*ADDED, *(o.name for t in chain for o in t.outputs)} - set(inputs)
    clash = [c for c in others if c in taken or "__" in c]
    if clash:
        remedy = "Name it otherwise, or leave it out."
        raise UserError("RULE-007", f"“{clash[0]}” is a name of the answer.", where=where, remedy=remedy)
    columns: dict[str, pa.Array] = {"rule__row": pa.array(range(len(rows)), pa.int64())}
    columns |= {c: pa.array([_text(r.get(c)) for r in rows], pa.string()) for c in others}
    for name, one in inputs.items():
        cells = [_read(one, r, n, where) for n, r in enumerate(rows, start=1)]
        columns[name] = pa.array(cells, _ARROW[one.kind.name])
    values = {t.id: packs.values_of(t, day, known) for t in chain}
    return _run(chain, pa.table(columns), inputs, values)


def _run(
    chain: Sequence[CheckedTable], given: pa.Table, inputs: Mapping[str, CheckedInput], values: Any
) -> list[dict[str, Any]]:
    import ibis

    kinds = {c: _IBIS[inputs[c].kind.name] if c in inputs else "string" for c in given.column_names}
    asked = ibis.table({**kinds, "rule__row": "int64"}, name="asked")
    with DuckDB(threads=1) as engine:
        engine.bind("asked", given)
        found = engine.run(compile_sql(decide_chain(chain, asked, values).order_by("rule__row"))).to_pylist()
    return [_told(chain[-1], row) for row in found]


def _told(table: CheckedTable, row: dict[str, Any]) -> dict[str, Any]:
    told = {k: v for k, v in row.items() if k != "rule__row" and not k.startswith("hits_")}
    return {**told, "rows_hit": rows_hit(table, row)} if table.collects else told


def _read(one: CheckedInput, row: Mapping[str, object], number: int, where: str) -> object:
    if one.name not in row:
        raise UserError(
            "RULE-007", f"there is no column “{one.name}”.", where=where,
            remedy="Add it, and leave cells empty where the value is not known.",
        )  # fmt: skip
    cell = row[one.name]
    if cell is None or cell == "":
        return None
    value = _value(one.kind, cell)
    if value is None or (one.choices and value not in one.choices) or not _within(one, value):
        raise UserError(
            "RULE-007", f"“{cell}” is no {one.name} ({one.kind}).", where=f"{where} row {number}",
            remedy=f"There are {', '.join(one.choices)}." if one.choices else _HOW[one.kind.name],
        )  # fmt: skip
    return value


def _value(kind: Kind, cell: object) -> object | None:
    if kind.name == "text":
        return str(cell)
    if kind.name == "flag":
        return cell if isinstance(cell, bool) else _FLAGS.get(str(cell).strip().casefold())
    if kind.name == "day":
        try:
            return date.fromisoformat(str(cell).strip())
        except ValueError:
            return None
    number = parse_decimal(str(cell))
    if number is None or abs(number) > MAX_QUANTITY or number != round(number, PLACES):
        return None
    return number


def _within(one: CheckedInput, value: object) -> bool:
    if not isinstance(value, Decimal):
        return True
    return (one.low is None or value >= one.low) and (one.high is None or value <= one.high)


def _text(cell: object) -> str | None:
    return None if cell is None else str(cell)
