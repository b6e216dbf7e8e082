"""Types of expressions: numbers in a unit, text, truth values and days. What does not go together is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Literal

from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Label
from shuangkong.kernel.units import unit as unit_named
from shuangkong.policy.rules.expressions import PLACES, Misplaced
from shuangkong.policy.rules.nodes import (
    COMPARISONS,
    LOGIC,
    Binary,
    Call,
    Choice,
    Constant,
    Member,
    Name,
    Node,
    Unary,
    Value,
    rebuilt,
)
from shuangkong.policy.words import listed, said

KindName = Literal["number", "text", "flag", "day"]
Atoms = tuple[tuple[str, int], ...]
#: How many names a message lists at most.
_SHOWN = 24
_WORDS = {
    "number": Label("数", "a number"), "text": Label("文字", "text"), "flag": Label("真假值", "true or false"),
    "day": Label("日期", "a day"),
}  # fmt: skip
#: What two values are put to, for messages.
_COMPARED, _ANSWERS = (
    Label("放在一起比较", "are compared by {op}"),
    Label("是 ? : 的两个答案", "are the two answers of ? :"),
)
_ADDED, _SUBTRACTED = Label("相加", "are added"), Label("相减", "are subtracted")


@dataclass(frozen=True, slots=True)
class Kind:
    """The type of a value; `unit` holds the powers of its units and is empty for pure numbers and what is no number."""

    name: KindName
    unit: Atoms = ()

    @property
    def label(self) -> Label:
        """The type in words of both languages."""
        word = _WORDS[self.name]
        return Label(f"{word.zh}（{shown(self.unit)}）", f"{word.en} in {shown(self.unit)}") if self.unit else word

    def __str__(self) -> str:
        return self.label.in_("en")


FLAG, TEXT, DAY, PURE = Kind("flag"), Kind("text"), Kind("day"), Kind("number")


class Mistyped(Misplaced):
    """Values that do not go together (RULE-002)."""


@lru_cache(maxsize=512)
def unit_of(text: str) -> Atoms:
    """The powers of known units that a unit such as kgce/t is made of; raises UNIT-001. A ratio has none."""
    powers: dict[str, int] = {}
    for place, part in enumerate(text.split("/") if text != "1" else []):
        atom = unit_named(part).id
        if atom != "1":
            powers[atom] = powers.get(atom, 0) + (1 if place == 0 else -1)
    return tuple(sorted((a, n) for a, n in powers.items() if n))


def shown(unit: Atoms) -> str:
    """A unit as people write it: kgce/t."""
    above = "·".join(a if n == 1 else f"{a}^{n}" for a, n in unit if n > 0) or "1"
    below = "".join(f"/{a}" if n == -1 else f"/{a}^{-n}" for a, n in unit if n < 0)
    return above + below


def kind_of(value: Value, unit: str = "", at: int = 0) -> Kind:
    """The type of a written value."""
    if isinstance(value, bool):
        return FLAG
    if isinstance(value, Decimal):
        return Kind("number", unit_at(unit, at)) if unit else PURE
    return TEXT if isinstance(value, str) else DAY


def typed(node: Node, names: Mapping[str, Kind]) -> tuple[Node, Kind]:
    """The expression with its units worked in, and its type; raises RULE-002, and RULE-003 for an unknown name."""
    if isinstance(node, Constant):
        return node, kind_of(node.value, node.unit, node.at)
    if isinstance(node, Name):
        return node, _named(node, names)
    if isinstance(node, Call) and node.function == "to":
        return _converted(node, names)
    kinds: list[Kind] = []

    def below(child: Node) -> Node:
        checked, kind = typed(child, names)
        kinds.append(kind)
        return checked

    checked = rebuilt(node, below)
    return checked, _result(checked, kinds)


def _named(node: Name, names: Mapping[str, Kind]) -> Kind:
    kind = names.get(node.name)
    if kind is None:
        raise Misplaced(said("RULE-003", "name", name=node.name, there=listed(sorted(names), _SHOWN)), node.at)
    return kind


def _result(node: Node, kinds: list[Kind]) -> Kind:
    if isinstance(node, Unary):
        wanted = FLAG if node.op == "!" else Kind("number", kinds[0].unit)
        _wants(kinds[0], wanted, node.op, node.at)
        return wanted
    if isinstance(node, Choice):
        _wants(kinds[0], FLAG, "?", node.at)
        return _same(kinds[1], kinds[2], node.yes, node.no, _ANSWERS, node.at)
    if isinstance(node, Member):
        for kind, item in zip(kinds[1:], node.items, strict=True):
            _same(kinds[0], kind, node.inner, item, _compared("in"), item.at)
        if not node.items:
            raise Mistyped(said("RULE-002", "empty_list"), node.at)
        return FLAG
    if isinstance(node, Call):
        return _called(node, kinds)
    return _joined(node, kinds) if isinstance(node, Binary) else PURE


def _called(node: Call, kinds: list[Kind]) -> Kind:
    if node.function == "has":
        if not isinstance(node.arguments[0], Name):
            raise Mistyped(said("RULE-002", "has"), node.at)
        return FLAG
    first = kinds[0]
    for kind, argument in zip(kinds, node.arguments, strict=True):
        if kind.name not in ("number", "day"):
            raise Mistyped(said("RULE-002", "takes", name=node.function, kind=kind.label), argument.at)
        first = _same(first, kind, node.arguments[0], argument, _compared(node.function), argument.at)
    return first


def _joined(node: Binary, kinds: list[Kind]) -> Kind:
    left, right = kinds
    if node.op in LOGIC:
        _wants(left, FLAG, node.op, node.at)
        _wants(right, FLAG, node.op, node.at)
        return FLAG
    if node.op in COMPARISONS:
        _same(left, right, node.left, node.right, _compared(node.op), node.at)
        if node.op not in ("==", "!=") and left.name in ("flag", "text"):
            raise Mistyped(said("RULE-002", "order", kind=left.label), node.at)
        return FLAG
    if left.name != "number" or right.name != "number":
        raise Mistyped(said("RULE-002", "meaning", left=left.label, op=node.op, right=right.label), node.at)
    if node.op in ("+", "-"):
        return _same(left, right, node.left, node.right, _ADDED if node.op == "+" else _SUBTRACTED, node.at)
    return Kind("number", _powers(left.unit, right.unit, 1 if node.op == "*" else -1))


def _powers(left: Atoms, right: Atoms, sign: int) -> Atoms:
    powers = dict(left)
    for atom, n in right:
        powers[atom] = powers.get(atom, 0) + sign * n
    return tuple(sorted((a, n) for a, n in powers.items() if n))


def _wants(kind: Kind, wanted: Kind, op: str, at: int) -> None:
    if kind != wanted:
        raise Mistyped(said("RULE-002", "wants", op=op, wanted=wanted.label, kind=kind.label), at)


def _is_zero(node: Node) -> bool:
    return isinstance(node, Constant) and isinstance(node.value, Decimal) and not node.value and not node.unit


def _same(left: Kind, right: Kind, a: Node, b: Node, what: Label, at: int) -> Kind:
    """The one type of two values; a bare 0 is zero in every unit."""
    if left == right or (left.name == right.name == "number" and _is_zero(b)):
        return left
    if left.name == right.name == "number" and _is_zero(a):
        return right
    if left.name == right.name == "number":
        raise Mistyped(said("RULE-002", "two_units", left=left.label, right=right.label, what=what), at)
    raise Mistyped(said("RULE-002", "two_kinds", left=left.label, right=right.label, what=what), at)


def _compared(op: str) -> Label:
    return Label(_COMPARED.zh, _COMPARED.in_("en").format(op=op))


def _converted(node: Call, names: Mapping[str, Kind]) -> tuple[Node, Kind]:
    inner, kind = typed(node.arguments[0], names)
    target = node.arguments[1]
    if kind.name != "number" or not (isinstance(target, Constant) and isinstance(target.value, str)):
        raise Mistyped(said("RULE-002", "to"), node.at)
    unit = unit_at(target.value, target.at)
    factor = conversion(kind.unit, unit)
    if factor is None:
        raise Mistyped(said("RULE-002", "dimension", left=shown(kind.unit), right=shown(unit)), node.at)
    return scaled(inner, factor, node.at), Kind("number", unit)


def scaled(node: Node, factor: tuple[Decimal, Decimal], at: int) -> Node:
    """The node times the quotient of the factor; a constant is worked out at once."""
    over, under = factor
    if isinstance(node, Constant) and isinstance(node.value, Decimal):
        return Constant(node.value * over / under, at=node.at)
    if over != 1:
        node = Binary("*", node, Constant(over, at=at), at=at)
    return node if under == 1 else Binary("/", node, Constant(under, at=at), at=at)


def conversion(source: Atoms, target: Atoms) -> tuple[Decimal, Decimal] | None:
    """How many of `target` one of `source` is, as a quotient of two numbers; None across dimensions."""
    dimensions: dict[str, int] = {}
    over, under = Decimal(1), Decimal(1)
    for atom, n in _powers(source, target, -1):
        known = unit_named(atom)
        if known.dimension != "share":
            dimensions[known.dimension] = dimensions.get(known.dimension, 0) + n
        over, under = (over * known.factor**n, under) if n > 0 else (over, under * known.factor**-n)
    if any(dimensions.values()):
        return None
    for factor, pair in ((over / under, False), (under / over, True)):
        if _short(factor):
            plain = Decimal(format(factor.normalize(), "f"))
            return (Decimal(1), plain) if pair else (plain, Decimal(1))
    return None


def _short(value: Decimal) -> bool:
    exponent = value.normalize().as_tuple().exponent
    return isinstance(exponent, int) and exponent >= -PLACES


def unit_at(text: str, at: int) -> Atoms:
    """The unit that stands at a place of an expression or a cell; raises RULE-002."""
    try:
        return unit_of(text)
    except UserError:
        raise Mistyped(said("RULE-002", "unit", name=text), at) from None
