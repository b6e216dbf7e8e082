"""Expressions of rules over the columns of a relation: the same digits and the same nulls on every engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

import ibis
import ibis.expr.datatypes as dt

from shuangkong.engine.api import amount, exact_ratio, rounded
from shuangkong.kernel.numbers import AMOUNT, MAX_QUANTITY, PLACES, QUANTITY
from shuangkong.policy.api import Binary, Call, Choice, Constant, Member, Name, Node, Unary

if TYPE_CHECKING:
    import ibis.expr.types as ir

T = TypeVar("T")
Columns = Mapping[str, Any]
_TWICE = f"decimal(38, {2 * PLACES})"
#: Behind the name of a column: what it is no less than, where it is null (连续期数的下限).
AT_LEAST = "__at_least"
#: The comparison with its sides changed over.
_TURNED = {"<": ">", "<=": ">=", "==": "==", "!=": "!=", ">=": "<=", ">": "<"}
#: Where a lower bound settles a comparison: (how the bound must lie to the figure, what then holds of every number on).
_SETTLED = {
    "<": (">=", False), "<=": (">", False), "==": (">", False), "!=": (">", True), ">=": (">=", True), ">": (">", True),
}  # fmt: skip
_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    ">=": lambda a, b: a >= b,
    ">": lambda a, b: a > b,
}


def literal(value: object) -> Any:
    """A written value; a number in the type of sums."""
    if isinstance(value, Decimal):
        return amount(value)
    return ibis.literal(value, type="date") if isinstance(value, date) else ibis.literal(value)


def usable(column: Any) -> Any:
    """A column as expressions want it: decimals of six places; whole numbers as they are, to be compared as such."""
    kind = column.type()
    if isinstance(kind, dt.Decimal):
        return column if (kind.scale or 0) == PLACES else column.cast(AMOUNT)
    if isinstance(kind, dt.Floating):
        raise TypeError("rules are exact: a column of floating numbers has no place in them")
    return column


def value(node: Node, columns: Columns) -> Any:
    """The value of an expression in each row; null where it cannot be told."""
    if isinstance(node, Constant):
        return literal(node.value)
    if isinstance(node, Name):
        column = columns[node.name]
        return column.cast(AMOUNT) if isinstance(column.type(), dt.Integer) else column
    if isinstance(node, Unary):
        inner = value(node.inner, columns)
        # not `~`: NOT (x) IS NULL would be read as NOT (x IS NULL)
        return inner == ibis.literal(False) if node.op == "!" else amount(0) - inner
    if isinstance(node, Choice):
        test, yes, no = (value(n, columns) for n in (node.test, node.yes, node.no))
        return ibis.cases((test, yes), (~test, no))
    if isinstance(node, Member):
        return balanced(lambda a, b: a | b, [_compared("==", node.inner, i, columns) for i in node.items])
    return _call(node, columns) if isinstance(node, Call) else _binary(node, columns)


def _call(node: Call, columns: Columns) -> Any:
    found = [value(a, columns) for a in node.arguments]
    if node.function == "has":
        return found[0].notnull()
    best = found[0]
    for other in found[1:]:
        first, second = (best, other) if node.function == "min" else (other, best)
        best = ibis.cases((first <= second, best), (first > second, other))
    return best


def _binary(node: Binary, columns: Columns) -> Any:
    if node.op in _COMPARE:
        return _compared(node.op, node.left, node.right, columns)
    left, right = value(node.left, columns), value(node.right, columns)
    if node.op == "&&":
        return left & right
    if node.op == "||":
        return left | right
    if node.op == "+":
        return left + right
    if node.op == "-":
        return left - right
    return _product(left, right) if node.op == "*" else exact_ratio(left, right)


def _product(left: Any, right: Any) -> Any:
    """A product, rounded once.

    Ibis takes the product of two sums to be a sum again and would drop the rounding as a cast to the same type; the
    type in between is what the engines make of it.
    """
    return rounded((left.cast(AMOUNT) * right.cast(AMOUNT)).cast(_TWICE))


def _compared(op: str, left: Node, right: Node, columns: Columns) -> Any:
    """A comparison; a number beside a column is written in the column's own type, so that no row is cast."""
    a, b = _whole(left, right, columns), _whole(right, left, columns)
    if isinstance(right, Constant):
        b = alike(right.value, a, b)
    elif isinstance(left, Constant):
        a = alike(left.value, b, a)
    found = _COMPARE[op](a, b)
    for one, other, turned in ((left, right, op), (right, left, _TURNED[op])):
        low = columns.get(one.name + AT_LEAST) if isinstance(one, Name) else None
        if low is not None:
            # the column itself is null there: what every number from the bound on gives stands in its place
            how, holds = _SETTLED[turned]
            settled = ibis.ifelse(_COMPARE[how](low, value(other, columns)), ibis.literal(holds), ibis.null("boolean"))
            found = found.coalesce(settled)
    return found


def _whole(node: Node, beside: Node, columns: Columns) -> Any:
    """The value; a column of whole numbers beside a whole number stays as it is."""
    plain = isinstance(beside, Constant) and isinstance(beside.value, Decimal) and _fits(beside.value)
    return columns[node.name] if plain and isinstance(node, Name) else value(node, columns)


def _fits(number: Decimal) -> bool:
    return number == number.to_integral_value() and abs(number) < 2**62


def alike(given: object, column: Any, otherwise: Any) -> Any:
    """A written number in the type of the column that it is compared with, where it fits; `otherwise` where not."""
    if not isinstance(given, Decimal):
        return otherwise
    if column.type() == dt.dtype(QUANTITY) and abs(given) <= MAX_QUANTITY:
        return ibis.literal(given, type=QUANTITY)
    return ibis.literal(int(given), type="int64") if isinstance(column.type(), dt.Integer) else otherwise


def balanced(join: Callable[[T, T], T], parts: Sequence[T]) -> T:
    """Parts joined two by two, so that ten thousand of them nest fourteen deep."""
    while len(parts) > 1:
        parts = [join(*parts[i : i + 2]) if i + 1 < len(parts) else parts[i] for i in range(0, len(parts), 2)]
    return parts[0]


#: Up to so many leaves, one comparison after the other is quicker than a look into a list (on DuckDB).
FEW = 10


def looked_up(index: ir.IntegerValue, leaves: Sequence[object], type_: str) -> Any:
    """The written value at `index` (0 is the first); null leaves are null."""
    different = list(dict.fromkeys(leaves))
    if len(different) > 1 and len(leaves) > FEW:
        return ibis.literal(list(leaves), type=f"array<{type_}>")[index]
    written = [ibis.null(type_) if leaf is None else ibis.literal(leaf, type=type_) for leaf in different]
    if len(different) == 1:
        return written[0]
    places = [[n for n, other in enumerate(leaves) if other == leaf] for leaf in different]
    arms = [(index == p[0] if len(p) == 1 else index.isin(p), w) for p, w in zip(places, written, strict=True)]
    # nothing is mostly not the answer: it comes last, with no comparison of its own
    last = different.index(None) if None in different else 0
    return ibis.cases(*(arm for n, arm in enumerate(arms) if n != last), else_=written[last])


def picked(index: ir.IntegerValue, leaves: Sequence[tuple[object, Any]]) -> Any:
    """The leaf at `index` (0 is the first), found by halving; neighbours with equal keys are one leaf.

    Only the leaf that is found is looked at: for leaves that calculate.
    """
    starts = [n for n, (key, _) in enumerate(leaves) if n == 0 or leaves[n - 1][0] != key]

    def between(low: int, high: int) -> Any:
        if high - low == 1:
            return leaves[starts[low]][1]
        middle = (low + high) // 2
        return ibis.ifelse(index < starts[middle], between(low, middle), between(middle, high))

    return between(0, len(starts))
