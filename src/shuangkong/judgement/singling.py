"""Policies under which one row answers (单行命中): its number first, then by that number all that it says."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import ibis

from shuangkong.judgement.bound import (
    CLASH,
    FIRST,
    NONE,
    TYPES,
    UNTOLD,
    Bound,
    marks,
    may_be_null,
    needs,
    unknown_needs,
)
from shuangkong.judgement.columns import balanced, looked_up, picked, value
from shuangkong.judgement.intervals import Stretch, owner_of, stretches
from shuangkong.kernel.numbers import MAX_QUANTITY, QUANTITY
from shuangkong.policy.api import Constant, names_in

if TYPE_CHECKING:
    import ibis.expr.types as ir

#: More than a table has rows: a sum of (this + number of the row) says how many rows hit, and of one which.
_ONE_HIT = 1 << 14
_NO, _YES = ibis.literal(False), ibis.literal(True)


class OneRow:
    """The columns of a table's answer, step by step; each step is one projection over the one before."""

    def __init__(self, bound: Bound) -> None:
        self.bound = bound
        self.cut = _cut(bound)
        # an input that a condition asks for can be null; what is proved to be an interval is told apart at once
        self.steps = (self.number, self.code, self.says, self.told, self.words)
        self.scratch = tuple(bound.kept(n) for n in ("number", "code"))

    def _conditions(self, columns: Mapping[str, Any]) -> list[Any]:
        return [value(c, columns) for c in self.bound.conditions]

    def number(self, relation: ir.Table) -> dict[str, Any]:
        """The first row that hits, or in an ordered table cannot be told; under unique the sum over all that hit."""
        columns = self.bound.columns(relation)
        return {self.bound.kept("number"): self._number(columns)}

    def _number(self, columns: Mapping[str, Any]) -> Any:
        if self.cut is not None:
            name, cut = self.cut
            return ibis.ifelse(columns[name].isnull(), _int(UNTOLD), owner_of(columns[name], cut))
        conditions = self._conditions(columns)
        if self.bound.table.hit == "unique":
            hits = [ibis.ifelse(c, _int(_ONE_HIT + n), _int(0)) for n, c in enumerate(conditions)]
            return balanced(lambda a, b: a + b, hits) if hits else _int(0)
        if self.bound.ordered:
            conditions = [
                c.coalesce(_YES) if _asks(n) else c for c, n in zip(conditions, self.bound.conditions, strict=True)
            ]
        arms = [(c, _int(n)) for n, c in enumerate(conditions, start=FIRST)]
        return ibis.cases(*arms, else_=_int(NONE)) if arms else _int(NONE)

    def code(self, relation: ir.Table) -> dict[str, Any]:
        """The number where it is the answer, and else why it is none."""
        return {self.bound.kept("code"): self._code(relation)}

    def _code(self, relation: ir.Table) -> Any:
        bound, number = self.bound, relation[self.bound.kept("number")]
        found = number
        if self.cut is None:
            columns = bound.columns(relation)
            sure = self._sure(relation, columns)
            if sure is not None:
                found = ibis.ifelse(sure, found, _int(UNTOLD))
            if bound.table.hit == "unique":
                found = ibis.cases(
                    (number >= 2 * _ONE_HIT, _int(CLASH)),
                    *(() if sure is None else ((~sure, _int(UNTOLD)),)),
                    (number == 0, _int(NONE)),
                    else_=number - (_ONE_HIT - FIRST),
                )
            if bound.table.hit == "any" and len(bound.conditions) > 1:
                found = ibis.ifelse(self._differ(columns, number), _int(CLASH), found)
        return found if bound.closed else ibis.ifelse(found == UNTOLD, _int(UNTOLD), _int(CLASH))

    def _sure(self, relation: ir.Table, columns: Mapping[str, Any]) -> Any | None:
        """Whether the answer can be told: of an ordered table up to the row found, of others in every row."""
        nulls = may_be_null(columns, self.bound.conditions)
        if nulls is None:
            return None
        known = [c.notnull() for c in self._conditions(columns)]
        if self.bound.ordered:
            number = relation[self.bound.kept("number")]
            leaves: list[tuple[object, Any]] = [
                (n, k if _asks(c) else _YES) for n, (k, c) in enumerate(zip(known, self.bound.conditions, strict=True))
            ]
            sure = picked(number, [*[("", _YES)] * FIRST, *leaves])
        else:
            sure = balanced(lambda a, b: a & b, known)
        return ibis.ifelse(nulls, sure, _YES)

    def _differ(self, columns: Mapping[str, Any], number: Any) -> Any:
        """Whether rows hit together whose answers are not the same; under any, answers are written values."""
        others = []
        for n in range(len(self.bound.table.outputs)):
            answer = self._leaves(n, columns, number)
            others += [
                c & (value(t[n], columns) != answer)
                for c, t in zip(self._conditions(columns), self.bound.outputs, strict=True)
            ]
        return balanced(lambda a, b: a | b, others).coalesce(_NO)

    def says(self, relation: ir.Table) -> dict[str, Any]:
        """Row, outputs, clause, parameters and mark of the code."""
        bound, code = self.bound, relation[self.bound.kept("code")]
        columns = bound.columns(relation)
        found = {bound.own("row_hit"): looked_up(code, [None] * FIRST + [r.id for r in bound.rows], "string")}
        for n, output in enumerate(bound.table.outputs):
            found[bound.own(output.name)] = self._leaves(n, columns, code)
        return found | marks(bound, code)

    def _leaves(self, output: int, columns: Mapping[str, Any], code: Any) -> Any:
        """An output of each row; nothing where none answers, the default where none hits."""
        kind = self.bound.table.outputs[output]
        nodes = [then[output] for then in self.bound.outputs]
        written = [None, None, kind.default.value if kind.default is not None else None]
        if all(isinstance(n, Constant) for n in nodes):
            values = written + [n.value for n in nodes if isinstance(n, Constant)]
            return looked_up(code, values, _narrow(values, TYPES[kind.kind.name]))
        type_ = TYPES[kind.kind.name]
        given = [
            (("", w), value(Constant(w), columns).cast(type_) if w is not None else ibis.null(type_)) for w in written
        ]
        return picked(code, [*given, *((n, value(n, columns).cast(type_)) for n in nodes)])

    def told(self, relation: ir.Table) -> dict[str, Any]:
        """Whether there is an answer, and what it would need where there is none."""
        bound, code = self.bound, relation[self.bound.kept("code")]
        if not bound.closed:
            decided, lacking = _NO, ""
        else:
            decided, lacking = code >= NONE, ""
            if bound.calculated:
                answers = [relation[bound.own(o.name)].notnull() for o in bound.table.outputs]
                decided = (code == NONE) | ((code > NONE) & balanced(lambda a, b: a & b, answers))
                columns = bound.columns(relation)
                lacking = picked(code, [("", ibis.literal(""))] * FIRST + [needs(t, columns) for t in bound.outputs])
        untold = code <= CLASH if bound.table.hit in ("unique", "any") else code == UNTOLD
        missing = (
            ibis.cases((untold, self._missing(relation)), else_=lacking) if bound.conditions else _literal(lacking)
        )
        return {bound.own("decided"): decided, bound.own("missing"): missing.nullif("")}

    def _missing(self, relation: ir.Table) -> Any:
        bound, columns = self.bound, self.bound.columns(relation)
        if self.cut is not None:
            return ibis.ifelse(columns[self.cut[0]].isnull(), ibis.literal(self.cut[0]), "")
        if bound.ordered:
            leaves = [needs((c,), columns) for c in bound.conditions]
            return picked(relation[bound.kept("number")], [("", ibis.literal(""))] * FIRST + leaves)
        return unknown_needs(bound, self._conditions(columns), columns)

    def words(self, relation: ir.Table) -> dict[str, Any]:
        """Why there is no answer."""
        bound = self.bound
        missing = relation[bound.own("missing")]
        if not bound.closed:
            why: Any = ibis.literal(bound.open_word)
        else:
            why = ibis.cases(
                (relation[bound.own("decided")], ibis.null("string")),
                (relation[bound.kept("code")] == CLASH, ibis.literal("conflict")),
                (missing.notnull(), ibis.literal("missing")), else_=ibis.literal("no_value"),
            )  # fmt: skip
        return {bound.own("undecided"): why}


def _int(number: int) -> Any:
    return ibis.literal(number, type="int32")


def _literal(text: Any) -> Any:
    return ibis.literal(text) if isinstance(text, str) else text


def _asks(condition: Any) -> bool:
    """Whether a condition can be unknown at all."""
    return not isinstance(condition, Constant)


def _narrow(values: list[Any], type_: str) -> str:
    """Written numbers are kept as readings are, in half the width of sums, where they fit."""
    fits = all(v is None or (isinstance(v, Decimal) and abs(v) <= MAX_QUANTITY) for v in values)
    return QUANTITY if type_ == TYPES["number"] and fits else type_


def _cut(bound: Bound) -> tuple[str, list[Stretch]] | None:
    """The line cut into stretches, where every row is an interval on one and the same input."""
    asked = set(names_in(*bound.conditions))
    if len(asked) != 1 or asked & {*bound.open_names, *bound.bounded} or bound.table.hit == "any":
        return None
    name = next(iter(asked))
    cut = stretches(bound.conditions, name, several=bound.ordered)
    return (name, cut) if cut is not None else None
