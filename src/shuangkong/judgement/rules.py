"""`decide()`: a decision table over a relation, as one columnar expression. Targets and rules use the same one."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import ibis

from shuangkong.engine.api import amount

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from shuangkong.policy.api import Condition, DecisionTable

_OPERATORS = {
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
    "ge": lambda a, b: a >= b,
    "gt": lambda a, b: a > b,
}


class UnsupportedTable(Exception):
    """A table asks for something that `decide` does not do yet; a bug of the step that made it."""


def decide(table: DecisionTable, inputs: ir.Table) -> ir.Table:
    """Each row of `inputs` with the table's answer.

    inputs: one column for each input of the table, in its unit, null where unknown; other columns pass through.
    result: every row once, with row_hit (id of the row that hit, null when none did or could be told), missing
            (inputs that are null and would be needed, comma-separated, or null) and decided (false when an input
            is missing or the table is open).

    A null input never hits and never misses: the row is undecided. Hit policy: first (with one row, unique too).
    """
    if table.hit not in ("first", "unique", "any") or (table.hit != "first" and len(table.rows) > 1):
        raise UnsupportedTable(f"{table.id}: hit policy {table.hit} with {len(table.rows)} rows")
    asked = sorted({n for row in table.rows for c in row.when for n in _names(c)})
    missing = [ibis.ifelse(inputs[n].isnull(), ibis.literal(f"{n}, "), "") for n in asked]
    text = missing[0] if missing else ibis.literal("")
    for more in missing[1:]:
        text = text + more
    gap = text.re_replace(", $", "").nullif("")
    arms = [(_all(row.when, inputs), ibis.literal(row.id)) for row in table.rows]
    hit = ibis.cases(*arms, else_=ibis.null("string")) if arms else ibis.null("string")
    closed = ibis.literal(table.open_because is None)
    known = gap.isnull() & closed
    return inputs.mutate(row_hit=ibis.ifelse(known, hit, ibis.null("string")), missing=gap, decided=known)


def _names(condition: Condition) -> list[str]:
    return [condition.input, *([condition.operand] if isinstance(condition.operand, str) else [])]


def _all(conditions: tuple[Condition, ...], inputs: ir.Table) -> ir.BooleanValue:
    result: ir.BooleanValue = ibis.literal(True)
    for c in conditions:
        right = amount(c.operand) if isinstance(c.operand, Decimal) else inputs[c.operand]
        result = result & _OPERATORS[c.op](inputs[c.input], right)
    return result
