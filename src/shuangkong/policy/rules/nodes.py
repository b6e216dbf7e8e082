"""What an expression is once it is read: small frozen nodes that are walked, never run as code."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

Value = Decimal | str | bool | date
COMPARISONS = ("<", "<=", "==", "!=", ">=", ">")
ARITHMETIC = ("+", "-", "*", "/")
LOGIC = ("&&", "||")


@dataclass(frozen=True, slots=True)
class Constant:
    """A value as written; `unit` is set for numbers in a unit, and empty for a pure number."""

    value: Value
    unit: str = ""
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Name:
    """An input or a parameter of the table."""

    name: str
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Unary:
    """`!` of a truth value, `-` of a number."""

    op: str
    inner: Node
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Binary:
    """A comparison, an arithmetic step (products and quotients are rounded to six places), `&&` or `||`."""

    op: str
    left: Node
    right: Node
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Choice:
    """`test ? yes : no`."""

    test: Node
    yes: Node
    no: Node
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Member:
    """`inner in [items]`."""

    inner: Node
    items: tuple[Node, ...]
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Call:
    """min, max, has, and to before it is turned into a product."""

    function: str
    arguments: tuple[Node, ...]
    at: int = field(default=0, compare=False)


Node = Constant | Name | Unary | Binary | Choice | Member | Call
TRUE = Constant(True)


def children(node: Node) -> tuple[Node, ...]:
    """The nodes right below one."""
    if isinstance(node, Unary):
        return (node.inner,)
    if isinstance(node, Binary):
        return node.left, node.right
    if isinstance(node, Choice):
        return node.test, node.yes, node.no
    if isinstance(node, Member):
        return node.inner, *node.items
    return node.arguments if isinstance(node, Call) else ()


def rebuilt(node: Node, change: Callable[[Node], Node]) -> Node:
    """The node with `change` made to each node right below it."""
    if isinstance(node, Unary):
        return replace(node, inner=change(node.inner))
    if isinstance(node, Binary):
        return replace(node, left=change(node.left), right=change(node.right))
    if isinstance(node, Choice):
        return replace(node, test=change(node.test), yes=change(node.yes), no=change(node.no))
    if isinstance(node, Member):
        return replace(node, inner=change(node.inner), items=tuple(change(i) for i in node.items))
    if isinstance(node, Call):
        return replace(node, arguments=tuple(change(a) for a in node.arguments))
    return node


def walk(node: Node) -> Iterator[Node]:
    """The node and everything below it."""
    yield node
    for child in children(node):
        yield from walk(child)


def names_in(*nodes: Node) -> tuple[str, ...]:
    """The names that expressions ask for, in the order in which they stand there."""
    return tuple(dict.fromkeys(n.name for node in nodes for n in walk(node) if isinstance(n, Name)))


def divides(*nodes: Node) -> bool:
    """Whether a quotient stands in one of them: it has no value where the divisor is zero."""
    return any(isinstance(n, Binary) and n.op == "/" for node in nodes for n in walk(node))


def all_of(nodes: tuple[Node, ...]) -> Node:
    """The nodes joined with &&; true when there is none."""
    return _joined("&&", nodes) if nodes else TRUE


def any_of(nodes: tuple[Node, ...]) -> Node:
    """The nodes (one at least) joined with ||."""
    return _joined("||", nodes)


def _joined(op: str, nodes: tuple[Node, ...]) -> Node:
    """Two by two, so that ten thousand of them nest fourteen deep and whoever walks them needs no deep stack."""
    while len(nodes) > 1:
        pairs = (nodes[n : n + 2] for n in range(0, len(nodes), 2))
        nodes = tuple(Binary(op, *pair) if len(pair) == 2 else pair[0] for pair in pairs)
    return nodes[0]


def with_values(node: Node, values: Mapping[str, Decimal | None]) -> Node:
    """The expression with the parameters that have a value put in; the others stay names, and count as missing."""
    if isinstance(node, Name):
        value = values.get(node.name)
        return node if value is None else Constant(value, at=node.at)
    return rebuilt(node, lambda child: with_values(child, values))
