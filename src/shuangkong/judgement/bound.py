"""A table on its way to an answer (代入参数的规则表): its parameters put in, and where its inputs lie in a relation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ibis

from shuangkong.judgement.columns import AT_LEAST, balanced, looked_up, usable
from shuangkong.kernel.findings import CANDIDATE, least_sure
from shuangkong.policy.api import CheckedRow, CheckedTable, Node, ParameterValue, divides, names_in, with_values

if TYPE_CHECKING:
    import ibis.expr.types as ir

TYPES = {"number": "decimal(38, 6)", "text": "string", "flag": "boolean", "day": "date"}
#: What a code says: nothing can be told; rows clash, or the table is open; no row hits; from here on the row itself.
UNTOLD, CLASH, NONE, FIRST = 0, 1, 2, 3


@dataclass(frozen=True, slots=True)
class Bound:
    """A table with the values of its parameters: the rows in their order, and their conditions.

    `sources` names the column of each input, `prefix` stands before every column of the answer.
    """

    table: CheckedTable
    rows: tuple[CheckedRow, ...]
    conditions: tuple[Node, ...]
    outputs: tuple[tuple[Node, ...], ...]
    values: Mapping[str, ParameterValue]
    sources: Mapping[str, str]
    prefix: str
    #: Inputs that have a column of lower bounds beside them.
    bounded: frozenset[str] = frozenset()

    def columns(self, relation: ir.Table) -> dict[str, Any]:
        """The columns that conditions may ask for; a parameter without a value is a null like any other."""
        found = {i.name: usable(relation[self.sources[i.name]]) for i in self.table.inputs}
        found |= {n + AT_LEAST: relation[self.sources[n] + AT_LEAST] for n in self.bounded}
        return found | {n: ibis.null(TYPES["number"]) for n in self.open_names}

    @property
    def open_names(self) -> tuple[str, ...]:
        """Parameters for which there is no one figure."""
        return tuple(p.name for p in self.table.parameters if _figure(self.values, p.name) is None)

    @property
    def ordered(self) -> bool:
        """Whether the first row that hits is the answer, whatever the rows below it are."""
        return self.table.hit in ("first", "priority")

    @property
    def closed(self) -> bool:
        """Whether the document lets a row be read as an answer, and somebody has reviewed what was read of it."""
        return self.table.open_because is None and not self.candidate

    @property
    def candidate(self) -> bool:
        """Whether a row or a parameter's figure was read by a program and reviewed by nobody."""
        marks = (*(r.confidence for r in self.rows), *(v.confidence for v in self.values.values()))
        return CANDIDATE in marks

    @property
    def open_word(self) -> str:
        """Why no row is read as an answer where the table is not closed."""
        return CANDIDATE if self.candidate else "open"

    @property
    def calculated(self) -> bool:
        """Whether an output may lack a value in a row that hits."""
        return any(names_in(*then) or divides(*then) for then in self.outputs)

    def kept(self, name: str) -> str:
        """The name of a column that is used on the way and left out at the end."""
        return f"rule__{self.prefix}{name}"

    def own(self, name: str) -> str:
        """The name of a column of the answer."""
        return self.prefix + name


def bound(
    table: CheckedTable, values: Mapping[str, ParameterValue], sources: Mapping[str, str], prefix: str,
    there: Sequence[str] = (),
) -> Bound:  # fmt: skip
    """The table with these parameters; `there` are the columns of the relation that it will be asked of."""
    figures = {p.name: _figure(values, p.name) for p in table.parameters}
    return Bound(
        table, table.ordered,
        tuple(with_values(c, figures) for c in table.conditions),
        tuple(tuple(with_values(t, figures) for t in r.then) for r in table.ordered),
        values, sources, prefix, frozenset(n for n, column in sources.items() if column + AT_LEAST in there),
    )  # fmt: skip


def _figure(values: Mapping[str, ParameterValue], name: str) -> Any:
    return values[name].value if name in values else None


def may_be_null(columns: Mapping[str, Any], nodes: Sequence[Node]) -> Any | None:
    """Whether something that the nodes ask for is null in a row; None where nothing can be.

    It is cheap, so that what a null leads to is looked at only where there is one.
    """
    if divides(*nodes):
        return ibis.literal(True)
    nulls = [columns[n].isnull() for n in names_in(*nodes)]
    return balanced(lambda a, b: a | b, nulls) if nulls else None


def unknown_needs(bound: Bound, conditions: list[Any], columns: Mapping[str, Any]) -> Any:
    """The null inputs of every row that cannot be told."""
    asking: dict[str, list[Any]] = {}
    for node, condition in zip(bound.conditions, conditions, strict=True):
        for name in names_in(node):
            asking.setdefault(name, []).append(condition.isnull())
    return null_names(bound, asking, columns)


def null_names(bound: Bound, asking: Mapping[str, list[Any]], columns: Mapping[str, Any]) -> Any:
    """The inputs that are null and asked for by one of these, in the order of the table."""
    parts = [
        ibis.ifelse(columns[n].isnull() & balanced(lambda a, b: a | b, asking[n]), ibis.literal(f"{n}, "), "")
        for n in bound.table.asked
        if n in asking
    ]
    return listed(parts)


def needs(nodes: tuple[Node, ...], columns: Mapping[str, Any]) -> tuple[object, Any]:
    """The null names of some expressions, in the order in which they stand there; the names are the key."""
    names = names_in(*nodes)
    return names, listed([ibis.ifelse(columns[n].isnull(), ibis.literal(f"{n}, "), "") for n in names])


def listed(parts: list[Any]) -> Any:
    """Names joined by commas; each part is a name with a comma behind it, or nothing."""
    if not parts:
        return ibis.literal("")
    return balanced(lambda a, b: a + b, parts).re_replace(", $", "")


def rests_on(table: CheckedTable) -> tuple[tuple[tuple[str, ...], ...], tuple[str, ...]]:
    """The names of the parameters that the answer of each of `ordered` rests on, and those of the whole table.

    That a row answers rests on its outputs and on every condition that was looked at: those of the rows above it too
    where the order counts, else those of all rows.
    """
    names = {p.name for p in table.parameters}
    looked_at: dict[str, None] = {}
    if table.hit not in ("first", "priority"):
        looked_at = dict.fromkeys(n for n in names_in(*table.conditions) if n in names)
    found = []
    for row, condition in zip(table.ordered, table.conditions, strict=True):
        looked_at |= dict.fromkeys(n for n in names_in(condition) if n in names)
        found.append(tuple(dict.fromkeys((*looked_at, *(n for n in names_in(*row.then) if n in names)))))
    return tuple(found), tuple(dict.fromkeys(n for row in found for n in row))


def marks(bound: Bound, code: Any) -> dict[str, Any]:
    """Clause, parameters and least sure mark of the row that hit; where none did, of the table."""
    ids = {p.name: p.id for p in bound.table.parameters}
    each, every = rests_on(bound.table)

    def told(names: tuple[str, ...], *confidences: str) -> tuple[str, str]:
        sure = least_sure(*confidences, *(bound.values[n].confidence for n in names if n in bound.values))
        return ", ".join(dict.fromkeys(ids[n] for n in names)), sure

    clauses = [r.clause for r in bound.rows]
    pairs = [told(n, r.confidence) for n, r in zip(each, bound.rows, strict=True)]
    texts, sure = [text for text, _ in pairs], [mark for _, mark in pairs]
    whole = (", ".join(dict.fromkeys(c for c in clauses if c)), *told(every, *(r.confidence for r in bound.rows)))
    found = {}
    for name, one, all_ in zip(("clause", "parameters", "confidence"), (clauses, texts, sure), whole, strict=True):
        leaves = [all_] * FIRST + ([] if bound.table.collects else list(one))
        found[bound.own(name)] = looked_up(code, leaves, "string")
    return found
