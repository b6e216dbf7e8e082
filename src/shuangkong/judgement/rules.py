"""`decide()`: a decision table over a relation, as one columnar expression. Targets and rules use the same one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ibis

from shuangkong.judgement.collecting import collected
from shuangkong.judgement.columns import balanced, picked, usable, value
from shuangkong.judgement.intervals import CONFLICT, owner_of, stretches
from shuangkong.kernel.findings import least_sure
from shuangkong.policy.api import (
    CheckedRow,
    CheckedTable,
    DecisionTable,
    Node,
    ParameterValue,
    as_checked,
    divides,
    names_in,
    with_values,
)

if TYPE_CHECKING:
    import ibis.expr.types as ir

#: Columns that a decision adds beside its outputs.
ADDED = ("row_hit", "decided", "missing", "undecided", "parameters", "confidence")
_INDEX = "rule__index"
_TYPES = {"number": "decimal(38, 6)", "text": "string", "flag": "boolean", "day": "date"}


def decide(
    table: DecisionTable | CheckedTable, inputs: ir.Table, parameters: Mapping[str, ParameterValue] | None = None
) -> ir.Table:
    """Each row of `inputs` with the table's answer.

    inputs: one column for each input of the table, in its unit, null where unknown; other columns pass through.
    parameters: what the table's parameters are on the day, by the table's names for them.
    result: every row once, with row_hit (id of the row that hit, null when none did or could be told), decided,
            missing (inputs and parameters that are null and needed, comma-separated, or null); for a rule also its
            outputs, undecided (missing, conflict, no_value, open, or null), parameters (ids of those that the row
            used) and confidence (the least sure of the row and its parameters). A table that collects has hits_0,
            hits_1, … in place of row_hit: see `rows_hit`.

    A row hits or misses when that can be told without the inputs that are null; else the row is undecided.
    """
    if isinstance(table, DecisionTable):
        answer = _decided(as_checked(table), inputs, {})
        return answer.select(*inputs.columns, "row_hit", "missing", "decided")
    return _decided(table, inputs, parameters or {})


def decide_chain(
    tables: Sequence[CheckedTable], inputs: ir.Table, parameters: Mapping[str, Mapping[str, ParameterValue]]
) -> ir.Table:
    """The last table's answer; what each earlier one gave stands in columns `<table>__<column>`.

    tables: in the order in which they are decided; parameters: by table. An output that could not be told counts as a
    missing input of the tables that take it.
    """
    relation = inputs
    for table in tables[:-1]:
        answer = decide(table, _fed(table, relation), parameters.get(table.id, {}))
        keep = [c for c in answer.columns if c not in relation.columns or c in _given(table)]
        renamed = {f"{slugged(table.id)}__{c}": c for c in keep if c not in {i.name for i in table.inputs}}
        relation = answer.select(*relation.columns, **{new: answer[old] for new, old in renamed.items()})
    return decide(tables[-1], _fed(tables[-1], relation), parameters.get(tables[-1].id, {}))


def slugged(name: str) -> str:
    """A table's id as a part of a column's name."""
    return name.replace(".", "_").replace("-", "_")


def _given(table: CheckedTable) -> set[str]:
    return {*ADDED, *(o.name for o in table.outputs)}


def _fed(table: CheckedTable, relation: ir.Table) -> ir.Table:
    """The relation with the outputs of earlier tables under the names that this one gives them."""
    taken = {
        i.name: relation[f"{slugged(i.upstream[0])}__{i.upstream[1]}"] for i in table.inputs if i.upstream is not None
    }
    return relation.mutate(**taken) if taken else relation


@dataclass(frozen=True, slots=True)
class Bound:
    """A table with its parameters put in: the rows in their order, and their conditions."""

    table: CheckedTable
    rows: tuple[CheckedRow, ...]
    conditions: tuple[Node, ...]
    outputs: tuple[tuple[Node, ...], ...]
    open_names: frozenset[str]


def _decided(table: CheckedTable, inputs: ir.Table, parameters: Mapping[str, ParameterValue]) -> ir.Table:
    values = {p.name: parameters[p.name].value if p.name in parameters else None for p in table.parameters}
    bound = Bound(
        table, table.ordered,
        tuple(with_values(c, values) for c in table.conditions),
        tuple(tuple(with_values(t, values) for t in r.then) for r in table.ordered),
        frozenset(n for n, v in values.items() if v is None),
    )  # fmt: skip
    found = collected(bound, inputs) if table.collects else _one_row(bound, inputs)
    return _marked(bound, found, parameters, inputs)


def columns_of(bound: Bound, relation: ir.Table) -> dict[str, Any]:
    """The columns that conditions may ask for; a parameter without a value is a null like any other."""
    found = {i.name: usable(relation[i.name]) for i in bound.table.inputs}
    return found | {n: ibis.null(_TYPES["number"]) for n in bound.open_names}


def _one_row(bound: Bound, inputs: ir.Table) -> ir.Table:
    """Policies under which one row answers: first its number, then what it says."""
    columns = columns_of(bound, inputs)
    indexed = inputs.mutate(**{_INDEX: _index(bound, columns)})
    columns = columns_of(bound, indexed)
    index = indexed[_INDEX]
    conditions = _conditions(bound, columns)
    told = _told(bound, conditions, columns, index)
    nothing = ibis.null("string")
    hit = picked(index, [(0, nothing), *((r.id, ibis.literal(r.id)) for r in bound.rows)])
    conflict = _conflict(bound, conditions, columns, index)
    closed = ibis.literal(bound.table.open_because is None)
    sure = told & ~conflict & closed
    answers = {o.name: _output(bound, n, columns, index, sure) for n, o in enumerate(bound.table.outputs)}
    asked = _output_missing(bound, columns, index)
    # a table without outputs, which stands by where no document asks anything, has nothing that could lack a value
    known = [a.notnull() for a in answers.values()] or [ibis.literal(True)]
    valued = balanced(lambda a, b: a & b, known) | _no_answer(bound, index)
    decided = sure & (valued if asked is not None else ibis.literal(True))
    needed = nothing if asked is None else ibis.ifelse(sure, asked, nothing)
    missing = ibis.ifelse(told, needed, _missing(bound, conditions, columns, index))
    missing = ibis.ifelse(decided, nothing, missing.nullif(""))
    why = ibis.cases(
        (decided, nothing), (~closed, ibis.literal("open")), (conflict, ibis.literal("conflict")),
        (missing.notnull(), ibis.literal("missing")), else_=ibis.literal("no_value"),
    )  # fmt: skip
    return indexed.mutate(
        row_hit=ibis.ifelse(sure, hit, nothing), missing=missing, decided=decided, undecided=why, **answers
    )


def _conditions(bound: Bound, columns: Mapping[str, Any]) -> list[Any]:
    return [value(c, columns) for c in bound.conditions]


def _interval_input(bound: Bound) -> str | None:
    asked = set(names_in(*bound.conditions))
    return next(iter(asked)) if len(asked) == 1 and not asked & bound.open_names else None


def _cut(bound: Bound) -> tuple[str, Any] | None:
    name = _interval_input(bound)
    several = bound.table.hit in ("first", "priority")
    cut = stretches(bound.conditions, name, several=several) if name is not None and bound.table.hit != "any" else None
    return (name, cut) if name is not None and cut is not None else None


def _index(bound: Bound, columns: Mapping[str, Any]) -> Any:
    """The number of the row (from 1) that hits or cannot be told, 0 where none is; CONFLICT where known at once."""
    cut = _cut(bound)
    if cut is not None:
        return ibis.ifelse(columns[cut[0]].isnull(), ibis.literal(1, type="int32"), owner_of(columns[cut[0]], cut[1]))
    ordered = bound.table.hit in ("first", "priority")
    arms = [
        (ibis.coalesce(c, ibis.literal(ordered)), ibis.literal(n, type="int32"))
        for n, c in enumerate(_conditions(bound, columns), start=1)
    ]
    return ibis.cases(*arms, else_=ibis.literal(0, type="int32")) if arms else ibis.literal(0, type="int32")


def _may_be_null(bound: Bound, columns: Mapping[str, Any], nodes: Sequence[Node]) -> Any:
    """Whether something that the nodes ask for is null in a row; cheap, so that the rest is looked at only then."""
    if divides(*nodes):
        return ibis.literal(True)
    nulls = [columns[n].isnull() for n in names_in(*nodes)]
    return balanced(lambda a, b: a | b, nulls) if nulls else ibis.literal(False)


def _told(bound: Bound, conditions: list[Any], columns: Mapping[str, Any], index: Any) -> Any:
    """Whether the answer can be told: of an ordered table up to the row found, of others in every row."""
    if not conditions:
        return ibis.literal(True)
    if bound.table.hit in ("first", "priority"):
        sure = picked(index, [(0, ibis.literal(True)), *((n, c.notnull()) for n, c in enumerate(conditions, start=1))])
    else:
        sure = balanced(lambda a, b: a & b, [c.notnull() for c in conditions])
    return ibis.ifelse(_may_be_null(bound, columns, bound.conditions), sure, ibis.literal(True))


def _conflict(bound: Bound, conditions: list[Any], columns: Mapping[str, Any], index: Any) -> Any:
    """Whether rows hit together that may not: any two under unique, two with other answers under any."""
    if bound.table.hit not in ("unique", "any") or len(conditions) < 2:
        return ibis.literal(False)
    if _cut(bound) is not None:
        return index == CONFLICT
    if bound.table.hit == "unique":
        hits = [ibis.ifelse(ibis.coalesce(c, ibis.literal(False)), 1, 0) for c in conditions]
        return balanced(lambda a, b: a + b, hits) > 1
    others = []
    for n in range(len(bound.table.outputs)):
        answer = _leaves(bound, n, columns, index)
        others += [c & (value(t[n], columns) != answer) for c, t in zip(conditions, bound.outputs, strict=True)]
    return ibis.coalesce(balanced(lambda a, b: a | b, others), ibis.literal(False))


def _leaves(bound: Bound, output: int, columns: Mapping[str, Any], index: Any) -> Any:
    kind = bound.table.outputs[output]
    type_ = _TYPES[kind.kind.name]
    none = ibis.null(type_) if kind.default is None else value(kind.default, columns).cast(type_)
    nodes = [then[output] for then in bound.outputs]
    return picked(index, [(kind.default, none), *((n, value(n, columns).cast(type_)) for n in nodes)])


def _output(bound: Bound, output: int, columns: Mapping[str, Any], index: Any, sure: Any) -> Any:
    return ibis.ifelse(
        sure, _leaves(bound, output, columns, index), ibis.null(_TYPES[bound.table.outputs[output].kind.name])
    )


def _no_answer(bound: Bound, index: Any) -> Any:
    """No row hit: an output without a default is rightly empty."""
    return index == 0


def _calculated(bound: Bound) -> bool:
    return any(names_in(*then) or divides(*then) for then in bound.outputs)


def _output_missing(bound: Bound, columns: Mapping[str, Any], index: Any) -> Any | None:
    """What the outputs of the row that hit would need; None where every output is written as it is."""
    if not _calculated(bound):
        return None
    return picked(index, [("", ibis.literal("")), *(_needs(t, columns) for t in bound.outputs)])


def _missing(bound: Bound, conditions: list[Any], columns: Mapping[str, Any], index: Any) -> Any:
    if not conditions:
        return ibis.literal("")
    if bound.table.hit in ("first", "priority"):
        return picked(index, [("", ibis.literal("")), *(_needs((c,), columns) for c in bound.conditions)])
    return unknown_needs(bound, conditions, columns)


def unknown_needs(bound: Bound, conditions: list[Any], columns: Mapping[str, Any]) -> Any:
    """The null inputs of every row that cannot be told."""
    asking: dict[str, list[Any]] = {}
    for node, condition in zip(bound.conditions, conditions, strict=True):
        for name in names_in(node):
            asking.setdefault(name, []).append(condition.isnull())
    parts = [
        ibis.ifelse(columns[n].isnull() & balanced(lambda a, b: a | b, asking[n]), ibis.literal(f"{n}, "), "")
        for n in bound.table.asked
        if n in asking
    ]
    return listed(parts)


def _needs(nodes: tuple[Node, ...], columns: Mapping[str, Any]) -> tuple[object, Any]:
    names = names_in(*nodes)
    return names, listed([ibis.ifelse(columns[n].isnull(), ibis.literal(f"{n}, "), "") for n in names])


def listed(parts: list[Any]) -> Any:
    """Names joined by commas; each part is a name with a comma behind it, or nothing."""
    if not parts:
        return ibis.literal("")
    return balanced(lambda a, b: a + b, parts).re_replace(", $", "")


def _marked(bound: Bound, found: ir.Table, parameters: Mapping[str, ParameterValue], inputs: ir.Table) -> ir.Table:
    """With the parameters that the row used and the least sure mark of row and parameters."""
    ids = {p.name: p for p in bound.table.parameters}
    every = [_used(ids, parameters, r, r.condition) for r in bound.rows]
    whole = (
        ", ".join(dict.fromkeys(p for text, _ in every for p in text.split(", ") if p)),
        least_sure(*(m for _, m in every)),
    )
    by_row = [whole, *(whole if bound.table.collects else one for one in every)]
    index = found[_INDEX] if _INDEX in found.columns else ibis.literal(0, type="int32")
    texts = picked(index, [(t, ibis.literal(t)) for t, _ in by_row])
    marks = picked(index, [(m, ibis.literal(m)) for _, m in by_row])
    keep = [c for c in found.columns if c != _INDEX]
    return found.mutate(parameters=texts, confidence=marks).select(*keep, "parameters", "confidence")


def _used(
    ids: Mapping[str, Any], parameters: Mapping[str, ParameterValue], row: CheckedRow, condition: Node
) -> tuple[str, str]:
    names = [n for n in names_in(condition, *row.then) if n in ids]
    marks = [parameters[n].confidence for n in names if n in parameters]
    return ", ".join(dict.fromkeys(ids[n].id for n in names)), least_sure(row.confidence, *marks)
