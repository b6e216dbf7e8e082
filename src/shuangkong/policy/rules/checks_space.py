"""The conditions of a table over coordinates that are cut into the few classes which the table can tell apart.

A coordinate is an input, or a weighted sum that rows compare with numbers (inputs compared with each other are one:
their difference, cut at nought). Expressions that are equal up to a factor are one coordinate. Treating coordinates as
if each could be anything on its own covers more than there is: what is ruled out so is ruled out.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from math import floor

from shuangkong.policy.rules.checked import CheckedInput
from shuangkong.policy.rules.checks_forms import NOUGHT, Form, Terms
from shuangkong.policy.rules.nodes import (
    COMPARISONS,
    Binary,
    Call,
    Choice,
    Constant,
    Member,
    Name,
    Node,
    Unary,
    rebuilt,
)

OTHER = "（其他）"
#: Bits of what a condition can be: true, false, not to be told.
TRUE, FALSE, NULL = 1, 2, 4
MAX_PARTS = 200_000
_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}


class TooLarge(Exception):
    """The conditions are too large, or there are too many combinations, to be looked through."""


@dataclass(slots=True, eq=False)
class Coordinate:
    """`kind`: text, flag, line (a form with `cuts`) or pair (two texts). `domain` has a bit for each class there is.

    Classes of a line: below the first cut, the cut itself, between it and the next, …; the bit `null` is for not known.
    """

    kind: str
    names: tuple[str, ...]
    form: Form = NOUGHT
    texts: tuple[str, ...] = ()
    cuts: list[Fraction] = field(default_factory=list)
    nullable: bool = False
    number: int = 0
    null: int = 0
    domain: int = 0


@dataclass(slots=True, eq=False)
class Atom:
    """A test of one coordinate; the masks say in which classes it is true, and in which it cannot be told."""

    where: Coordinate
    tests: tuple[tuple[str, Fraction | str], ...]
    true: int = 0
    null: int = 0


@dataclass(frozen=True, slots=True)
class Told:
    """What is the same whatever the inputs are."""

    outcome: int


@dataclass(frozen=True, slots=True)
class Joined:
    """`not` of one part, `and`, `or`, `if` (test, yes, no), or `same` (two truth values are equal) of several."""

    op: str
    parts: tuple[Formula, ...]


Formula = Atom | Told | Joined


class Space:
    """The coordinates of a table, and its conditions over them. `free` are parameters without a value, taken as any."""

    def __init__(
        self, inputs: tuple[CheckedInput, ...], conditions: tuple[Node, ...], values: Mapping[str, Decimal | None]
    ) -> None:
        self.inputs = {i.name: i for i in inputs}
        self.values = values
        self.terms = Terms(self.inputs)
        self.asked: set[str] = set()
        self._coordinates: dict[object, Coordinate] = {}
        self._atoms: list[Atom] = []
        self._parts = 0
        self.formulas = tuple(self._formula(c) for c in conditions)
        self._finish()

    @property
    def coordinates(self) -> tuple[Coordinate, ...]:
        """All coordinates by their numbers."""
        return tuple(self._coordinates.values())

    @property
    def linked(self) -> bool:
        """Whether coordinates hang together, so that not every combination of their classes need be there."""
        return any(len(c.names) > 1 or (c.form.weights and c.names[0] not in self.inputs) for c in self.coordinates)

    def _formula(self, node: Node) -> Formula:
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise TooLarge
        if isinstance(node, Constant):
            return Told(TRUE if node.value is True else FALSE)
        if isinstance(node, Name):
            return self._test(self._simple(node.name), ("==", "true")) if node.name in self.inputs else Told(NULL)
        if isinstance(node, Unary):
            return Joined("not", (self._formula(node.inner),))
        if isinstance(node, Choice):
            return Joined("if", tuple(self._formula(p) for p in (node.test, node.yes, node.no)))
        if isinstance(node, Call):
            return self._has(node)
        if isinstance(node, Member):
            return self._member(node)
        if node.op in COMPARISONS:
            return self._compared(node.op, node.left, node.right)
        return Joined("and" if node.op == "&&" else "or", (self._formula(node.left), self._formula(node.right)))

    def _has(self, node: Call) -> Formula:
        asked = node.arguments[0]
        if not isinstance(asked, Name) or asked.name not in self.inputs:
            there = isinstance(asked, Name) and self.values.get(asked.name) is not None
            return Told(TRUE if there else FALSE)
        self.asked.add(asked.name)
        return self._test(self._simple(asked.name), ("has", ""))

    def _member(self, node: Member) -> Formula:
        tests = [self._compared("==", node.inner, item) for item in node.items]
        atoms = [t for t in tests if isinstance(t, Atom)]
        if len(atoms) == len(tests) and len({id(a.where) for a in atoms}) == 1:
            return self._test(atoms[0].where, *(t for a in atoms for t in a.tests))
        found = tests[0]
        for test in tests[1:]:
            found = Joined("or", (found, test))
        return found

    def _compared(self, op: str, left: Node, right: Node) -> Formula:
        """A comparison; one of expressions with choices, min or max is made one for each choice."""
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise TooLarge
        for n, side in enumerate((left, right)):
            choice = _choice_in(side)
            if choice is not None:
                ways = (_put(side, choice, choice.yes), _put(side, choice, choice.no))
                yes, no = (self._compared(op, *((w, right) if not n else (left, w))) for w in ways)
                return Joined("if", (self._formula(choice.test), yes, no))
        kinds = {self._kind(left), self._kind(right)}
        if "text" in kinds:
            return self._texts(op, left, right)
        if "flag" in kinds:
            same = Joined("same", (self._formula(left), self._formula(right)))
            return same if op == "==" else Joined("not", (same,))
        return self._numbers(op, left, right)

    def _kind(self, node: Node) -> str:
        if isinstance(node, Name):
            return self.inputs[node.name].kind.name if node.name in self.inputs else "number"
        if isinstance(node, Constant):
            return "flag" if isinstance(node.value, bool) else "text" if isinstance(node.value, str) else "number"
        truth = isinstance(node, Member) or (isinstance(node, Call) and node.function == "has")
        truth = truth or (isinstance(node, Binary) and node.op in (*COMPARISONS, "&&", "||"))
        return "flag" if truth or (isinstance(node, Unary) and node.op == "!") else "number"

    def _texts(self, op: str, left: Node, right: Node) -> Formula:
        if isinstance(left, Constant) and isinstance(right, Constant):
            return Told(TRUE if (left.value == right.value) == (op == "==") else FALSE)
        if isinstance(left, Name) and isinstance(right, Name):
            pair = tuple(sorted((left.name, right.name)))
            if pair[0] == pair[1]:
                return self._test(self._simple(pair[0]), ("any" if op == "==" else "none", ""))
            for name in pair:
                self._simple(name)
            return self._test(self._at(("pair", *pair), Coordinate("pair", pair)), (op, "same"))
        one, text = (left, right) if isinstance(left, Name) else (right, left)
        if not isinstance(one, Name) or not isinstance(text, Constant):
            raise TypeError("texts are compared by name and value")
        return self._test(self._simple(one.name), (op, str(text.value)))

    def _numbers(self, op: str, left: Node, right: Node) -> Formula:
        first, second = self.terms.form(left, self.values), self.terms.form(right, self.values)
        if first is None or second is None:
            return Told(NULL)
        form = self.terms.minus(first, second)
        if not form.weights:
            return Told(TRUE if _holds(op, form.constant, Fraction(0)) else FALSE)
        lead = form.weights[0][1]
        form = form.times(1 / lead)
        where = self._line(Form(form.weights))
        return self._test(where, (_TURNED[op] if lead < 0 else op, -form.constant))

    def _line(self, form: Form) -> Coordinate:
        names = tuple(n for n, _ in form.weights)
        if len(names) == 1 and names[0] in self.inputs:
            return self._simple(names[0])
        return self._at(form, Coordinate("line", names, form))

    def _simple(self, name: str) -> Coordinate:
        given = self.inputs[name]
        if given.kind.name in ("text", "flag"):
            return self._at(name, Coordinate(given.kind.name, (name,), texts=given.choices))
        return self._at(name, Coordinate("line", (name,), Form(((name, Fraction(1)),))))

    def _at(self, key: object, new: Coordinate) -> Coordinate:
        return self._coordinates.setdefault(key, new)

    def _test(self, where: Coordinate, *tests: tuple[str, Fraction | str]) -> Atom:
        atom = Atom(where, tests)
        self._atoms.append(atom)
        return atom

    def _finish(self) -> None:
        """Cut the coordinates at all bounds that were met, and say for each test where it holds."""
        bounds: dict[int, set[Fraction | str]] = {}
        for number, where in enumerate(self.coordinates):
            where.number = number
            where.nullable = self._nullable(where)
            bounds[number] = set()
        for atom in self._atoms:
            told = {b for op, b in atom.tests if op not in ("has", "any", "none")}
            bounds[atom.where.number] |= told
        everything = {str(b) for c in self.coordinates if c.kind == "text" for b in (*bounds[c.number], *c.texts)}
        paired = any(c.kind == "pair" for c in self.coordinates)
        for where in self.coordinates:
            here = bounds[where.number]
            if where.kind == "line":
                self._cut(where, {b for b in here if isinstance(b, Fraction)})
            elif where.kind == "text" and not where.texts:
                texts = everything if paired else {str(b) for b in here}
                where.texts = (*sorted(texts), OTHER, *([f"{OTHER}{where.number}"] if paired else []))
            if where.kind != "line":
                count = len(where.texts) if where.kind == "text" else 2
                where.domain, where.null = (1 << count) - 1, 1 << count if where.nullable else 0
            where.domain |= where.null
        for atom in self._atoms:
            atom.null = atom.where.null
            for op, bound in atom.tests:
                if op == "has":
                    atom.true, atom.null = atom.where.domain & ~atom.where.null, 0
                else:
                    atom.true |= _classes(atom.where, op, bound) & atom.where.domain & ~atom.where.null

    def _nullable(self, where: Coordinate) -> bool:
        below = self.terms.below(where.names) if where.kind == "line" else dict.fromkeys(where.names)
        divided = any(t is not None and t.op == "/" for t in below.values())
        return divided or any(n in self.asked for n in below)

    def _cut(self, where: Coordinate, cuts: set[Fraction]) -> None:
        """Classes of a line: those of an input only as far as a value that it can have lies in them."""
        name = where.names[0] if len(where.names) == 1 else ""
        low, high = self.terms.ends(name) if name in self.inputs else (None, None)
        step = self.terms.step(name) if name else None
        where.cuts = sorted(cuts | {e for e in (low, high) if e is not None})
        edges = [None, *where.cuts, None]
        for n, (before, after) in enumerate(pairwise(edges)):
            inside = low is None or (before is not None and before >= low)
            inside = inside and (high is None or (after is not None and after <= high))
            room = before is None or after is None or step is None or (floor(before / step) + 1) * step < after
            where.domain |= (1 << 2 * n) if inside and room else 0
            if after is not None and (low is None or after >= low) and (high is None or after <= high):
                where.domain |= (1 << 2 * n + 1) if step is None or (after / step).denominator == 1 else 0
        where.null = 1 << 2 * len(where.cuts) + 1 if where.nullable else 0


def _classes(where: Coordinate, op: str, bound: Fraction | str) -> int:
    """The classes in which a test holds, whether they are part of the domain or not."""
    if op in ("any", "none"):
        return where.domain if op == "any" else 0
    if not isinstance(bound, Fraction):
        if where.kind == "text":
            hit = 1 << where.texts.index(bound) if bound in where.texts else 0
        else:
            hit = 1
        return hit if op == "==" else where.domain & ~hit
    at = 2 * bisect_left(where.cuts, bound) + 1
    below, here = (1 << at) - 1, 1 << at
    sets = {"<": below, "<=": below | here, "==": here, "!=": ~here, ">=": ~below, ">": ~(below | here)}
    return sets[op]


def _holds(op: str, left: Fraction, right: Fraction) -> bool:
    order = {"<": left < right, "<=": left <= right, "==": left == right}
    return order[op] if op in order else not order[{">=": "<", ">": "<=", "!=": "=="}[op]]


def _choice_in(node: Node) -> Choice | None:
    """The first choice in what is compared, `min` and `max` read as one; what is only tested is not looked into."""
    if isinstance(node, Choice):
        return node
    if isinstance(node, Call) and node.function in ("min", "max"):
        return _folded(node)
    if isinstance(node, Unary | Binary) and node.op not in (*COMPARISONS, "&&", "||", "!"):
        inner = (node.inner,) if isinstance(node, Unary) else (node.left, node.right)
        return next((c for c in map(_choice_in, inner) if c is not None), None)
    return None


def _folded(call: Call) -> Choice:
    """min and max as the evaluator takes them: the best so far against the next."""
    op = "<=" if call.function == "min" else ">="
    best, *others = call.arguments
    found: Choice | None = None
    for other in others:
        found = Choice(Binary(op, best, other), best, other)
        best = found
    if found is None:
        raise TypeError("min and max compare two values at least")
    return found


def _put(side: Node, choice: Choice, way: Node) -> Node:
    """The side with one of the two ways in the place of the choice."""
    if side == choice or (isinstance(side, Call) and side.function in ("min", "max") and _folded(side) == choice):
        return way
    if isinstance(side, Unary | Binary):
        return rebuilt(side, lambda child: _put(child, choice, way))
    return side
