"""`decide()`: a decision table over a relation, as one columnar expression. Targets and rules use the same one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import ibis

from shuangkong.engine.api import confidence_mark, confidence_rank
from shuangkong.judgement.bound import Bound, bound
from shuangkong.judgement.collecting import AllRows
from shuangkong.judgement.singling import OneRow
from shuangkong.policy.api import CheckedTable, DecisionTable, ParameterValue, as_checked

if TYPE_CHECKING:
    import ibis.expr.types as ir

#: Columns that a decision adds beside its outputs.
ADDED = ("row_hit", "decided", "missing", "undecided", "clause", "parameters", "confidence")
Values = Mapping[str, ParameterValue]
_TARGET = "rule__target_"


def decide(table: DecisionTable | CheckedTable, inputs: ir.Table, parameters: Values | None = None) -> ir.Table:
    """Each row of `inputs` with the table's answer.

    inputs: one column for each input of the table, in its unit, null where unknown; other columns pass through. A
            column `<input>__at_least` says what an input that is null is no less than: what this settles is told.
    parameters: what the table's parameters are on the day, by the table's names for them.
    result: every row once, with row_hit (id of the row that hit, null when none did or could be told), decided,
            missing (inputs and parameters that are null and needed, comma-separated, or null); for a rule also its
            outputs, undecided (missing, conflict, no_value, open, or null), clause, parameters (ids of those that the
            row used; where no row answers, those of the table) and confidence (the least sure of the row and its
            parameters). A table that collects has hits_0, hits_1, … in place of row_hit: see `rows_hit`.

    A row hits or misses when that can be told without the inputs that are null; else the row is undecided. A table
    whose rows have dates of their own is taken as it stands on a day: `table.on(day)`.
    """
    if isinstance(table, DecisionTable):
        # under names of its own: the questions of targets have a column “clause” themselves
        answer = _answered([_bound(as_checked(table), {}, inputs.columns, _TARGET)], inputs)
        return answer.select(*inputs.columns, **{n: answer[_TARGET + n] for n in ("row_hit", "missing", "decided")})
    return _answered([_bound(table, parameters or {}, inputs.columns, "")], inputs)


def decide_all(tables: Sequence[CheckedTable], inputs: ir.Table, parameters: Mapping[str, Values]) -> ir.Table:
    """The answers of several tables side by side, in columns `<table>__<column>`; parameters: by table.

    tables: in the order in which they are decided. Those that do not wait for each other are decided in one pass. An
    output that could not be told counts as a missing input of the tables that take it.
    """
    relation = inputs
    for layer in _layers(tables):
        there = relation.columns
        relation = _answered(
            [_bound(t, parameters.get(t.id, {}), there, f"{slugged(t.id)}__") for t in layer], relation
        )
    return relation


def decide_chain(tables: Sequence[CheckedTable], inputs: ir.Table, parameters: Mapping[str, Values]) -> ir.Table:
    """The last table's answer; what each earlier one gave stands in columns `<table>__<column>`: see `decide_all`.

    Its confidence is the least sure of all tables of the chain: they stand there because it builds on them.
    """
    relation = decide_all(tables[:-1], inputs, parameters)
    last = tables[-1]
    taken = {i.name: relation[f"{slugged(i.upstream[0])}__{i.upstream[1]}"] for i in last.inputs if i.upstream}
    answer = decide(last, relation.mutate(**taken) if taken else relation, parameters.get(last.id, {}))
    ranks = [confidence_rank(answer[f"{slugged(t.id)}__confidence"]) for t in tables[:-1]]
    if not ranks:
        return answer
    return answer.mutate(confidence=confidence_mark(ibis.greatest(confidence_rank(answer.confidence), *ranks)))


def slugged(name: str) -> str:
    """A table's id as a part of a column's name."""
    return name.replace(".", "_").replace("-", "_")


def _layers(tables: Sequence[CheckedTable]) -> Iterable[list[CheckedTable]]:
    """The tables in groups, each after all whose outputs it takes."""
    depth: dict[str, int] = {}
    layers: list[list[CheckedTable]] = []
    for table in tables:
        above = [depth[i.upstream[0]] for i in table.inputs if i.upstream is not None and i.upstream[0] in depth]
        depth[table.id] = max(above, default=-1) + 1
        layers += [[]] if depth[table.id] == len(layers) else []
        layers[depth[table.id]].append(table)
    return layers


def _bound(table: CheckedTable, values: Values, there: Sequence[str], prefix: str) -> Bound:
    if table.dated:
        raise ValueError(f"rows of {table.id} have dates: say which day is decided for, table.on(day)")
    sources = {}
    for one in table.inputs:
        above = f"{slugged(one.upstream[0])}__{one.upstream[1]}" if one.upstream is not None else one.name
        sources[one.name] = above if above in there and prefix else one.name
    return bound(table, values, sources, prefix, there)


def _answered(tables: Iterable[Bound], inputs: ir.Table) -> ir.Table:
    """The relation with the answers of tables that do not wait for each other: one projection for each step of all."""
    works = [AllRows(b) if b.table.collects else OneRow(b) for b in tables]
    relation = inputs
    for step in range(max(len(w.steps) for w in works)):
        added = {k: v for w in works if step < len(w.steps) for k, v in w.steps[step](relation).items()}
        relation = relation.mutate(**added)
    scratch = {c for w in works for c in w.scratch}
    return relation.select(*(c for c in relation.columns if c not in scratch))
