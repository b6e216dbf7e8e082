"""What a calculated number is to a check: a weighted sum of inputs and of terms that it cannot split.

The evaluator rounds each product and quotient to six places. A step that cannot leave those places stays part of the
sum; every other one (a share of an input, a product or quotient of two inputs) becomes a term with a name of its own.
Of it only is kept what holds for certain: within what bounds it lies, and how far rounding may take it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from shuangkong.kernel.numbers import PLACES
from shuangkong.policy.rules.checked import CheckedInput
from shuangkong.policy.rules.checks_linear import Line, Weights
from shuangkong.policy.rules.evaluating import nearest
from shuangkong.policy.rules.nodes import Binary, Constant, Name, Node, Unary

STEP = Fraction(1, 10**PLACES)
HALF = STEP / 2
#: Days are counted from here, so that the day of an example that may be any is one that people know.
DAY_ZERO = date(2000, 1, 1)
_FIRST, _LAST = (Fraction((d - DAY_ZERO).days) for d in (date.min, date.max))
Ends = tuple[Fraction | None, Fraction | None]


@dataclass(frozen=True, slots=True)
class Form:
    """A constant and a weighted sum of variables: inputs, and terms by their names."""

    weights: tuple[tuple[str, Fraction], ...] = ()
    constant: Fraction = Fraction(0)

    def plus(self, other: Form, sign: int = 1) -> Form:
        """The sum of two forms, or their difference."""
        weights = dict(self.weights)
        for name, weight in other.weights:
            weights[name] = weights.get(name, Fraction(0)) + sign * weight
        kept = tuple(sorted((n, w) for n, w in weights.items() if w))
        return Form(kept, self.constant + sign * other.constant)

    def times(self, factor: Fraction) -> Form:
        """The form by a number."""
        kept = tuple((n, w * factor) for n, w in self.weights if w * factor)
        return Form(kept, self.constant * factor)

    @property
    def on_steps(self) -> bool:
        """Whether its values have at most six places whatever its variables, which have at most six, are."""
        return all(w.denominator == 1 for _, w in self.weights) and (self.constant / STEP).denominator == 1


NOUGHT = Form()


@dataclass(frozen=True, slots=True)
class Term:
    """A step that is not followed further: the rounding of a form (`op` is empty), or what `op` makes of two forms.

    A product or quotient of variables is one; so is a step in which a variable falls out (x - x, 0 * x), because it
    still has no value where that variable has none.
    """

    name: str
    op: str
    left: Form
    right: Form = NOUGHT

    @property
    def names(self) -> tuple[str, ...]:
        """The variables that it is made of."""
        return tuple(n for n, _ in (*self.left.weights, *self.right.weights))

    @property
    def crossed(self) -> bool:
        """Whether it is a product or quotient of variables, so that it is no weighted sum."""
        return _as_sum(self.op, self.left, self.right) is None

    def unrounded(self, left: Form, right: Form) -> Form | None:
        """The step made of other forms and not rounded; nothing where that is no weighted sum, or has no value."""
        return _as_sum(self.op, left, right)


@dataclass(slots=True)
class Terms:
    """The numbers and days of a table, and the terms that its expressions need."""

    inputs: Mapping[str, CheckedInput]
    known: dict[tuple[str, Form, Form], Term] = field(default_factory=dict)
    by_name: dict[str, Term] = field(default_factory=dict)

    def form(self, node: Node, values: Mapping[str, Decimal | None]) -> Form | None:
        """What a numeric expression without choices is; nothing where it has no value whatever the inputs are."""
        if isinstance(node, Constant):
            return Form((), fraction_of(node.value))
        if isinstance(node, Name):
            if node.name in self.inputs:
                return Form(((node.name, Fraction(1)),))
            value = values.get(node.name)
            return None if value is None else Form((), Fraction(value))
        if isinstance(node, Unary):
            inner = self.form(node.inner, values)
            return None if inner is None else inner.times(Fraction(-1))
        if not isinstance(node, Binary):
            raise TypeError(f"{type(node).__name__} is no number")
        left, right = self.form(node.left, values), self.form(node.right, values)
        return None if left is None or right is None else self._calculated(node.op, left, right)

    def _calculated(self, op: str, left: Form, right: Form) -> Form | None:
        if op == "/" and not right.weights and not right.constant:
            return None
        form = _as_sum(op, left, right)
        if form is None or len(form.weights) < len({*dict(left.weights), *dict(right.weights)}):
            return self._named(op, left, right)
        return self._rounded(form)

    def minus(self, left: Form, right: Form) -> Form:
        """The difference of two sides, exactly: a comparison does not round."""
        form = left.plus(right, -1)
        fallen = len(form.weights) < len({*dict(left.weights), *dict(right.weights)})
        return self._named("-", left, right) if fallen else form

    def _rounded(self, form: Form) -> Form:
        if not form.weights:
            return Form((), Fraction(nearest(form.constant)))
        return form if form.on_steps else self._named("", form, Form())

    def _named(self, op: str, left: Form, right: Form) -> Form:
        key = (op, left, right)
        if key not in self.known:
            term = Term(f"#{len(self.known)}", op, left, right)
            self.known[key] = self.by_name[term.name] = term
        return Form(((self.known[key].name, Fraction(1)),))

    def below(self, names: Iterator[str] | tuple[str, ...]) -> dict[str, Term | None]:
        """The variables and all that they are made of: each term, and nothing for each input."""
        found: dict[str, Term | None] = {}
        left = list(names)
        while left:
            name = left.pop()
            if name not in found:
                term = found[name] = self.by_name.get(name)
                left += term.names if term is not None else ()
        return found

    def step(self, name: str) -> Fraction:
        """Of what a variable's values are multiples."""
        given = self.inputs.get(name)
        return Fraction(1) if given is not None and given.kind.name == "day" else STEP

    def ends(self, name: str) -> Ends:
        """Between what a variable certainly lies, both ends with it; nothing for an open end."""
        term = self.by_name.get(name)
        if term is not None:
            return self._ends_of(term)
        given = self.inputs[name]
        if given.kind.name == "day":
            return _FIRST, _LAST
        low, high = given.low, given.high
        return None if low is None else Fraction(low), None if high is None else Fraction(high)

    def _ends_of(self, term: Term) -> Ends:
        whole = term.unrounded(term.left, term.right)
        left, right = self._reach(term.left), self._reach(term.right)
        crossed = _product(left, right) if term.op == "*" else _quotient(left, right)
        ends = self._reach(whole) if whole is not None else crossed
        low, high = (None if e is None else Fraction(nearest(e)) for e in ends)
        return low, high

    def _reach(self, form: Form) -> Ends:
        low: Fraction | None = form.constant
        high: Fraction | None = form.constant
        for name, weight in form.weights:
            first, last = self.ends(name) if weight > 0 else tuple(reversed(self.ends(name)))
            low = None if low is None or first is None else low + weight * first
            high = None if high is None or last is None else high + weight * last
        return low, high

    def line(self, form: Form, bound: Fraction, sign: int = 1, *, equal: bool = False) -> Line:
        """The form (or its opposite) is at most the bound (or its opposite)."""
        weights: Weights = {n: sign * w for n, w in form.weights}
        return Line(weights, sign * (bound - form.constant), equal)


def fraction_of(value: object) -> Fraction:
    """A number as it is, a day as the count of days."""
    if isinstance(value, date):
        return Fraction((value - DAY_ZERO).days)
    if isinstance(value, Decimal):
        return Fraction(value)
    raise TypeError(f"{value!r} is no number and no day")


def value_from(number: Fraction, *, day: bool) -> Decimal | date | None:
    """The number as an input gets it, to six places; nothing where it is no day."""
    if day:
        inside = number.denominator == 1 and _FIRST <= number <= _LAST
        return DAY_ZERO + timedelta(days=int(number)) if inside else None
    return nearest(number)


def _as_sum(op: str, left: Form, right: Form) -> Form | None:
    """What an operator makes of two forms (the first alone for none), as long as it is a weighted sum."""
    if op in ("+", "-"):
        return left.plus(right, 1 if op == "+" else -1)
    if op == "*" and not (left.weights and right.weights):
        return left.times(right.constant) if left.weights else right.times(left.constant)
    if op == "/" and not right.weights and right.constant:
        return left.times(1 / right.constant)
    return left if not op else None


def _product(left: Ends, right: Ends) -> Ends:
    """The ends of a product of what lies between such ends; open ones count as without end."""
    if (left[0] or 0) < 0 or (right[0] or 0) < 0 or left[0] is None or right[0] is None:
        corners = [a * b for a in left for b in right if a is not None and b is not None]
        return (min(corners), max(corners)) if len(corners) == 4 else (None, None)
    high = None if left[1] is None or right[1] is None else left[1] * right[1]
    return left[0] * right[0], high


def _quotient(left: Ends, right: Ends) -> Ends:
    """The ends of a quotient where nothing below nought is in it; else it may be anything."""
    if left[0] is None or left[0] < 0 or right[0] is None or right[0] < 0:
        return None, None
    low = Fraction(0) if right[1] is None or not right[1] else left[0] / right[1]
    return low, None if left[1] is None or not right[0] else left[1] / right[0]
