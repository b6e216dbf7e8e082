"""A decision table for rows that somebody gives: read, typed, decided, and told row by row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa

from shuangkong.engine.api import DuckDB, compile_sql
from shuangkong.judgement.bound import rests_on
from shuangkong.judgement.collecting import rows_hit
from shuangkong.judgement.columns import AT_LEAST
from shuangkong.judgement.rules import ADDED, Values, decide_chain, slugged
from shuangkong.judgement.scoping import OUT_OF_SCOPE, in_scope
from shuangkong.kernel.labels import Label
from shuangkong.kernel.numbers import MAX_QUANTITY, PLACES, parse_decimal
from shuangkong.policy.api import AtLeast, CheckedInput, CheckedTable, Kind, PackSet, TableEntry, listed, said, shown

_ARROW = {"number": pa.decimal128(38, 6), "text": pa.string(), "flag": pa.bool_(), "day": pa.date32()}
_IBIS = {"number": "decimal(38, 6)", "text": "string", "flag": "boolean", "day": "date"}
#: What stands before a number of which only this is known: that it is no less.
_LOWER = ("≥", ">=")
_FLAGS = {"true": True, "false": False, "是": True, "否": False, "1": True, "0": False}
_HOW = {
    "number": Label(
        "请写至多六位小数的数，以输入的单位计。", "Write a number with at most six places, in the unit of the input."
    ),
    "day": Label("请写 2021-12-28。", "Write 2021-12-28."),
    "flag": Label("请写 true 或 false，是或否。", "Write true or false, 是 or 否."),
    "text": Label("请写可选值之一。", "Write one of the choices."),
}


def asked_inputs(chain: Sequence[CheckedTable]) -> dict[str, CheckedInput]:
    """The inputs of tables that come from no earlier one, by name; RULE-003 where two of a name differ."""
    found: dict[str, CheckedInput] = {}
    for table in chain:
        for one in (i for i in table.inputs if i.upstream is None):
            if found.setdefault(one.name, one).kind != one.kind:
                raise said("RULE-003", "other_kind", name=one.name).at(table.id)
    return found


def decided_rows(
    packs: PackSet, pack: str, table: str, rows: Sequence[Mapping[str, object]], *, day: date, known: date, where: str
) -> list[dict[str, Any]]:
    """What a table, and those it builds on, say of each row on a day; raises PACK-006, RULE-007 (`where`: the file).

    A row maps inputs to cells (text or values, empty is unknown, “≥ 3” a number that is no less); other columns pass
    through as text, and those of `SCOPE_COLUMNS` say whom the table is asked about. The result adds the columns of
    `decide_chain`, `rows_hit` for a table that collects (the clause is then that of the rows that hit), in_scope (true,
    false, or null where it is not told), and used: the parameters that the answer rests on, with their figures and
    marks. A row out of scope is set aside: undecided is out_of_scope.
    """
    chain = tuple(t.on(day) for t in packs.chain(pack, table))
    inputs = asked_inputs(chain)
    others = [c for c in (rows[0] if rows else {}) if c not in inputs]
    taken = {*ADDED, "in_scope", "used", "rows_hit", *(o.name for t in chain for o in t.outputs)} - set(inputs)
    clash = [c for c in others if c in taken or "__" in c]
    if clash:
        raise said("RULE-007", "taken", name=clash[0]).at(where)
    columns: dict[str, pa.Array] = {"rule__row": pa.array(range(len(rows)), pa.int64())}
    columns |= {c: pa.array([_text(r.get(c)) for r in rows], pa.string()) for c in others}
    for name, one in inputs.items():
        cells = [_read(one, r, n, where) for n, r in enumerate(rows, start=1)]
        lows = [c.value if isinstance(c, AtLeast) else None for c in cells]
        columns[name] = pa.array([None if isinstance(c, AtLeast) else c for c in cells], _ARROW[one.kind.name])
        if any(low is not None for low in lows):
            columns[name + AT_LEAST] = pa.array(lows, _ARROW["number"])
    values = {t.id: packs.values_of(t, day, known) for t in chain}
    entry, document = packs.table(pack, table), packs.pack(pack)
    inside = [in_scope(document, entry, r, day, f"{where} row {n}") for n, r in enumerate(rows, start=1)]
    answers = _run(chain, pa.table(columns), inputs, values)
    return [
        {**(set_aside(entry, answer, OUT_OF_SCOPE) if told is False else answer), "in_scope": told}
        for answer, told in zip(answers, inside, strict=True)
    ]


def set_aside(entry: TableEntry, row: dict[str, Any], why: str) -> dict[str, Any]:
    """A row that the table does not decide, whatever its inputs are: what it would have said is taken out."""
    gone = {o.name: None for o in entry.outputs} | {"row_hit": None, "decided": False, "undecided": why}
    kept = {k: v for k, v in row.items() if "__" not in k}
    return {**kept, **gone, "missing": None, "used": [], **({"rows_hit": None} if "rows_hit" in row else {})}


def _run(
    chain: Sequence[CheckedTable], given: pa.Table, inputs: Mapping[str, CheckedInput], values: Any
) -> list[dict[str, Any]]:
    import ibis

    kinds = {c: _IBIS[inputs[c].kind.name] if c in inputs else "string" for c in given.column_names}
    kinds |= {c: _IBIS["number"] for c in given.column_names if c.endswith(AT_LEAST)}
    asked = ibis.table({**kinds, "rule__row": "int64"}, name="asked")
    with DuckDB(threads=1) as engine:
        engine.bind("asked", given)
        found = engine.run(compile_sql(decide_chain(chain, asked, values).order_by("rule__row"))).to_pylist()
    resting = {t.id: rests_on(t) for t in chain}
    return [_told(chain, row, resting, values) for row in found]


def _told(
    chain: Sequence[CheckedTable], row: dict[str, Any], resting: Mapping[str, Any], values: Mapping[str, Values]
) -> dict[str, Any]:
    told = {k: v for k, v in row.items() if k != "rule__row" and not k.rpartition("__")[2].startswith("hits_")}
    told["used"] = [u for t in chain for u in _used(t, row, chain[-1], resting[t.id], values[t.id])]
    if not chain[-1].collects:
        return told
    hit = rows_hit(chain[-1], row)
    if hit:
        told["clause"] = ", ".join(dict.fromkeys(r.clause for r in chain[-1].ordered if r.id in hit and r.clause))
    return {**told, "rows_hit": hit}


def _used(
    table: CheckedTable, row: Mapping[str, Any], last: CheckedTable, resting: Any, values: Values
) -> list[dict[str, Any]]:
    """The parameters that the answer of one table of the chain rests on."""
    hit = row["row_hit" if table is last else f"{slugged(table.id)}__row_hit"]
    each, every = resting
    names = next((n for r, n in zip(table.ordered, each, strict=True) if r.id == hit), every)
    return [
        {
            "table": table.id, "name": p.name, "id": p.id, "keys": dict(p.keys), "value": values[p.name].value,
            "unit": shown(p.kind.unit), "confidence": values[p.name].confidence, "from": values[p.name].start,
            "state": values[p.name].state,
        }
        for p in table.parameters if p.name in names
    ]  # fmt: skip


def _read(one: CheckedInput, row: Mapping[str, object], number: int, where: str) -> object:
    if one.name not in row:
        raise said("RULE-007", "no_column", name=one.name).at(where)
    cell = row[one.name]
    if cell is None or cell == "":
        return None
    if one.kind.name == "number" and isinstance(cell, str) and cell.strip().startswith(_LOWER):
        low = _value(one.kind, cell.strip().lstrip("≥>= "))
        if isinstance(low, Decimal) and _within(one, low):
            return AtLeast(low)
    value = _value(one.kind, cell)
    if value is None or (one.choices and value not in one.choices) or not _within(one, value):
        place = Label(f"{where} 第 {number} 行", f"{where} row {number}")
        if one.choices:
            facts = {"cell": cell, "name": one.name, "kind": one.kind.label, "there": listed(one.choices, 40)}
            raise said("RULE-007", "no_choice", **facts).at(place)
        facts = {"cell": cell, "name": one.name, "kind": one.kind.label, "how": _HOW[one.kind.name]}
        raise said("RULE-007", "cell", **facts).at(place)
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
