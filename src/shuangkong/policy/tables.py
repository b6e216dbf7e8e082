"""Decision tables (决策表) in the sense of OMG DMN: what a target is lowered to and rules are written as."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from pydantic import InstanceOf, model_validator

from shuangkong.policy.fields import Frozen, Slug, Text, wrong
from shuangkong.policy.rules.checked import CheckedInput, CheckedOutput, CheckedRow, CheckedTable
from shuangkong.policy.rules.nodes import Binary, Constant, Name, Node, all_of
from shuangkong.policy.rules.types import TEXT, Kind
from shuangkong.policy.words import listed, said

Operator = Literal["lt", "le", "eq", "ne", "ge", "gt"]
HitPolicy = Literal[
    "unique",
    "first",
    "any",
    "priority",
    "rule_order",
    "output_order",
    "collect",
    "collect_sum",
    "collect_min",
    "collect_max",
    "collect_count",
]


class Column(Frozen):
    """An input or output of a table; `unit` is empty for text and truth values."""

    name: Slug
    unit: Text | None = None


class Condition(Frozen):
    """`input` compared with another input by name, or with an exact number."""

    input: Slug
    op: Operator
    operand: InstanceOf[Decimal] | Slug


class Row(Frozen):
    """A row hits when all of its conditions hold; `then` has one value per output, in their order."""

    id: Text
    when: tuple[Condition, ...]
    then: tuple[InstanceOf[Decimal] | bool | Text, ...]


class DecisionTable(Frozen):
    """Named inputs, rows, outputs and the hit policy.

    `open_because` says what the document leaves open: then no row may be read as a yes or a no.
    """

    id: Text
    inputs: tuple[Column, ...]
    rows: tuple[Row, ...]
    outputs: tuple[Column, ...]
    hit: HitPolicy = "first"
    open_because: Text | None = None

    @model_validator(mode="after")
    def _closed(self) -> DecisionTable:
        names = {i.name for i in self.inputs}
        for row in self.rows:
            asked = {c.input for c in row.when} | {c.operand for c in row.when if isinstance(c.operand, str)}
            if asked - names:
                raise wrong(said("PACK-003", "row_input", row=row.id, names=listed(sorted(asked - names))))
            if len(row.then) != len(self.outputs):
                has, wanted = len(row.then), len(self.outputs)
                raise wrong(said("PACK-003", "row_outputs", row=row.id, has=has, wanted=wanted))
        return self


_SIGNS = {"lt": "<", "le": "<=", "eq": "==", "ne": "!=", "ge": ">=", "gt": ">"}


def as_checked(table: DecisionTable) -> CheckedTable:
    """A target's table in the form of every other; its numbers were put into one unit before, so they carry none."""
    rows = tuple(
        CheckedRow(r.id, all_of(tuple(_condition(c) for c in r.when)), tuple(Constant(v) for v in r.then))
        for r in table.rows
    )
    inputs = tuple(CheckedInput(i.name, Kind("number")) for i in table.inputs)
    outputs = tuple(CheckedOutput(o.name, TEXT) for o in table.outputs)
    return CheckedTable(table.id, inputs, outputs, rows, table.hit, (), table.open_because)


def _condition(condition: Condition) -> Node:
    right = condition.operand
    operand: Node = Name(right) if isinstance(right, str) else Constant(right)
    return Binary(_SIGNS[condition.op], Name(condition.input), operand)
