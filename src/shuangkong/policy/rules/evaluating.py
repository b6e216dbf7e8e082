"""One expression for one set of values, in plain Python with exact decimals and three-valued logic."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext
from fractions import Fraction

from shuangkong.kernel.numbers import PLACES
from shuangkong.policy.rules.nodes import Binary, Call, Choice, Constant, Member, Name, Node, Unary, Value


@dataclass(frozen=True, slots=True)
class AtLeast:
    """A number of which only this is known: that it is no less (连续期数的下限)."""

    value: Decimal


Known = Value | AtLeast | None
#: The comparison with its sides changed over.
_TURNED = {"<": ">", "<=": ">=", "==": "==", "!=": "!=", ">=": "<=", ">": "<"}
#: What a comparison says of every number from a bound on, by how the bound itself lies to the figure.
_FROM: dict[str, Callable[[int], bool | None]] = {
    "<": lambda c: False if c >= 0 else None,
    "<=": lambda c: False if c > 0 else None,
    "==": lambda c: False if c > 0 else None,
    "!=": lambda c: True if c > 0 else None,
    ">=": lambda c: True if c >= 0 else None,
    ">": lambda c: True if c > 0 else None,
}
_ORDER: dict[str, Callable[[int], bool]] = {
    "<": lambda c: c < 0,
    "<=": lambda c: c <= 0,
    "==": lambda c: c == 0,
    "!=": lambda c: c != 0,
    ">=": lambda c: c >= 0,
    ">": lambda c: c > 0,
}


def value_of(node: Node, values: Mapping[str, Known]) -> Known:
    """What an expression is for these values; null where it cannot be told.

    Of a number of which only a lower bound is known, comparisons with it are told as far as every number from there on
    gives the same; in all else it is not known.
    """
    if isinstance(node, Constant):
        return node.value
    if isinstance(node, Name):
        found = values.get(node.name)
        return None if isinstance(found, AtLeast) else found
    if isinstance(node, Unary):
        return _unary(node, values)
    if isinstance(node, Choice):
        test = value_of(node.test, values)
        return None if test is None else value_of(node.yes if test else node.no, values)
    if isinstance(node, Member):
        return _any([_compared("==", _side(node.inner, values), _side(i, values)) for i in node.items])
    if isinstance(node, Call):
        return _call(node, values)
    return _binary(node, values)


def holds(node: Node, values: Mapping[str, Known]) -> bool | None:
    """Whether a condition holds; null where it cannot be told."""
    found = value_of(node, values)
    return found if isinstance(found, bool) else None


def _unary(node: Unary, values: Mapping[str, Known]) -> Known:
    inner = value_of(node.inner, values)
    if inner is None:
        return None
    if node.op == "!":
        return not inner
    return Decimal(0) - inner if isinstance(inner, Decimal) else None


def _call(node: Call, values: Mapping[str, Known]) -> Known:
    found = [value_of(a, values) for a in node.arguments]
    if node.function == "has":
        return found[0] is not None
    best = found[0]
    for other in found[1:]:
        better = _compared("<=" if node.function == "min" else ">=", best, other)
        best = None if better is None else best if better else other
    return best


def _side(node: Node, values: Mapping[str, Known]) -> Known:
    """One side of a comparison: a name by itself may be a lower bound."""
    return values.get(node.name) if isinstance(node, Name) else value_of(node, values)


def _binary(node: Binary, values: Mapping[str, Known]) -> Known:
    if node.op in _ORDER:
        return _compared(node.op, _side(node.left, values), _side(node.right, values))
    left, right = value_of(node.left, values), value_of(node.right, values)
    if node.op == "||":
        return _any([left, right])
    if node.op == "&&":
        joined = _any([_negated(left), _negated(right)])
        return None if joined is None else not joined
    if not isinstance(left, Decimal) or not isinstance(right, Decimal):
        return None
    return _calculated(node.op, left, right)


def _negated(value: Known) -> bool | None:
    return not value if isinstance(value, bool) else None


def _any(values: list[Known]) -> bool | None:
    if any(v is True for v in values):
        return True
    return None if any(v is None for v in values) else False


def _compared(op: str, left: Known, right: Known) -> bool | None:
    if left is None or right is None:
        return None
    if isinstance(right, AtLeast):
        op, left, right = _TURNED[op], right, left
    if isinstance(left, AtLeast):
        low = left.value
        return _FROM[op]((low > right) - (low < right)) if isinstance(right, Decimal) else None
    if isinstance(left, Decimal) and isinstance(right, Decimal):
        return _ORDER[op]((left > right) - (left < right))
    if isinstance(left, date) and isinstance(right, date):
        return _ORDER[op]((left > right) - (left < right))
    return (left == right) == (op == "==")


def _calculated(op: str, left: Decimal, right: Decimal) -> Decimal | None:
    a, b = Fraction(left), Fraction(right)
    if op == "/" and not b:
        return None
    exact = a + b if op == "+" else a - b if op == "-" else a * b if op == "*" else a / b
    return nearest(exact)


def nearest(exact: Fraction) -> Decimal:
    """The number to six places, half away from zero."""
    size = abs(exact) * 10**PLACES
    whole = (2 * size.numerator + size.denominator) // (2 * size.denominator)
    with localcontext() as context:
        context.prec = 80
        return (Decimal(whole) if exact >= 0 else -Decimal(whole)).scaleb(-PLACES) + 0
