"""From a box of classes to inputs that lie in it, or to the proof that there are none.

Coordinates that hang together (two inputs and their difference) cannot be in every combination of classes. Whether
they can is a system of linear inequalities; what terms are made of is part of it as far as it is certain: a rounded
share lies within half a step of the share. A product or quotient of inputs is linear once one side is fixed: some
values are tried. Every example is looked at by the plain evaluator before it is called one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice, product
from math import lcm

from shuangkong.policy.rules.checks_boxes import Box, Work
from shuangkong.policy.rules.checks_forms import HALF, Form, Term, value_from
from shuangkong.policy.rules.checks_linear import Line, TooMany, solution
from shuangkong.policy.rules.checks_space import Coordinate, Space
from shuangkong.policy.rules.evaluating import Known

Inputs = dict[str, Known]
Claim = Callable[[Mapping[str, Known]], bool]
#: Systems of inequalities that are tried for one box, and steps that one of them counts for.
MAX_SYSTEMS = 400
_COST = 1_000
_TRIED = tuple(Fraction(n) for n in ("1", "2", "10", "0.1", "100", "-1", "0", "0.5", "-0.1", "1000", "-10"))


@dataclass(frozen=True, slots=True)
class Stretch:
    """Where a coordinate is asked to lie, both ends with it; `null` where it is asked not to be known."""

    where: Coordinate
    low: Fraction | None = None
    high: Fraction | None = None
    null: bool = False
    open_low: bool = False
    open_high: bool = False


class Examples:
    """Looks for inputs in boxes of one space."""

    def __init__(self, space: Space, work: Work) -> None:
        self.space = space
        self.work = work
        self.linked = space.linked

    def surely(self, box: Box) -> bool:
        """Whether some inputs lie in the box for certain: nothing in it hangs together."""
        return not self.linked or all(self._alone(self.space.coordinates[at]) for at in box)

    def find(self, box: Box, claim: Claim) -> Inputs | bool:
        """Inputs in the box for which the claim is true; False where there are none, True where that was not found."""
        ruled_out = True
        tries = 0
        for texts in self._texts(box):
            for stretches in self._stretches(box):
                tries += 1
                if tries > MAX_SYSTEMS:
                    return True
                for lines, nulls in self._systems(stretches):
                    found = self._solved(lines, nulls, stretches, texts, claim)
                    if isinstance(found, dict):
                        return found
                    ruled_out = ruled_out and not found
        return not ruled_out

    def _alone(self, where: Coordinate) -> bool:
        return where.kind != "pair" and len(where.names) == 1 and where.names[0] in self.space.inputs

    def _texts(self, box: Box) -> Iterator[Inputs]:
        """The texts and truth values of the box: one way, or where two texts are compared every way."""
        ways: list[list[tuple[str, Known]]] = []
        paired = {n for c in self.space.coordinates if c.kind == "pair" and c.number in box for n in c.names}
        for where in self.space.coordinates:
            if where.kind not in ("text", "flag"):
                continue
            mask = box.get(where.number, where.domain)
            values: Sequence[Known] = where.texts if where.kind == "text" else (True, False)
            there: list[Known] = [v for n, v in enumerate(values) if mask >> n & 1]
            there += [None] if mask & where.null else []
            kept = there if where.names[0] in paired else there[:1]
            ways.append([(where.names[0], v) for v in kept])
        for way in product(*ways):
            self.work.spend()
            chosen = dict(way)
            if all(self._paired(c, chosen, box) for c in self.space.coordinates if c.kind == "pair"):
                yield chosen

    @staticmethod
    def _paired(where: Coordinate, chosen: Inputs, box: Box) -> bool:
        left, right = (chosen[n] for n in where.names)
        found = where.null if left is None or right is None else 1 if left == right else 2
        return bool(box.get(where.number, where.domain) & found)

    def _stretches(self, box: Box) -> Iterator[tuple[Stretch, ...]]:
        """One stretch for each line that the box, or what is asked for being there, says something about."""
        ways = []
        lines = [c for c in self.space.coordinates if c.kind == "line"]
        used = self.space.terms.below(tuple(n for c in lines if c.number in box for n in c.names))
        for where in lines:
            asked = len(where.names) == 1 and where.names[0] in self.space.asked and where.names[0] in used
            if where.number in box or asked:
                ways.append(list(_runs(where, box.get(where.number, where.domain))))
        yield from product(*ways)

    def _systems(self, stretches: Sequence[Stretch]) -> Iterator[tuple[list[Line], frozenset[str]]]:
        """The inequalities of the stretches and of all that they are made of; one for each way of not being known."""
        nulls = frozenset(s.where.names[0] for s in stretches if s.null and self._alone(s.where))
        ways: list[list[Line | None]] = []
        lines: list[Line] = []
        for stretch in stretches:
            below = self.space.terms.below(stretch.where.names)
            if stretch.null:
                divided = [t for t in below.values() if t is not None and t.op == "/"]
                zero: list[Line | None] = [self._line(t.right, Fraction(0), equal=True) for t in divided]
                ways.append([None] if nulls & below.keys() else zero)
            elif nulls & below.keys():
                return
            else:
                lines += self._range(stretch)
        for way in product(*ways):
            yield [*lines, *(z for z in way if z is not None)], nulls

    def _line(self, form: Form, bound: Fraction, sign: int = 1, *, equal: bool = False) -> Line:
        return self.space.terms.line(form, bound, sign, equal=equal)

    def _range(self, stretch: Stretch) -> Iterator[Line]:
        """An open end is moved to the next value that the form can have, where all it is made of goes by steps."""
        form = stretch.where.form
        grain = self.space.terms.step(form.weights[0][0]) / lcm(*(w.denominator for _, w in form.weights))
        if stretch.low is not None and stretch.low == stretch.high:
            yield self._line(form, stretch.low, equal=True)
            return
        if stretch.high is not None:
            last = stretch.high // grain * grain
            yield self._line(form, last - grain if stretch.open_high and last == stretch.high else last)
        if stretch.low is not None:
            first = -(-stretch.low // grain) * grain
            yield self._line(form, first + grain if stretch.open_low and first == stretch.low else first, -1)

    def _solved(
        self, lines: list[Line], nulls: frozenset[str], stretches: Sequence[Stretch], texts: Inputs, claim: Claim
    ) -> Inputs | bool:
        """Inputs; False where there are none for certain; True where neither was found."""
        used = self.space.terms.below(tuple(n for line in lines for n in line.weights))
        terms = [t for t in used.values() if t is not None]
        ends = [line for name in used for line in self._ends(name)]
        try:
            self.work.spend(_COST)
            certain = [line for t in terms for line in _near(self, t)]
            if solution([*lines, *ends, *certain], self._steps(used)) is None:
                return False
            for fixed in islice(self._fixed(terms, stretches), MAX_SYSTEMS):
                found = self._tried([*lines, *ends], fixed, terms, nulls, texts, claim)
                if found is not None:
                    return found
        except TooMany:
            return True
        return True

    def _ends(self, name: str) -> Iterator[Line]:
        low, high = self.space.terms.ends(name)
        if high is not None:
            yield Line({name: Fraction(1)}, high)
        if low is not None:
            yield Line({name: Fraction(-1)}, -low)

    def _steps(self, names: Mapping[str, object]) -> dict[str, Fraction]:
        return {n: self.space.terms.step(n) for n in names}

    def _fixed(self, terms: Sequence[Term], stretches: Sequence[Stretch]) -> Iterator[dict[str, Fraction]]:
        """Values for the inputs that must be fixed so that no term is a product or quotient of two open sides."""
        names: set[str] = set()
        for term in terms:
            if term.crossed:
                sides = [self._inputs(s) - names for s in (term.left, term.right)]
                names |= sides[1] if term.op == "/" else min(sides, key=lambda s: (len(s), sorted(s)))
        order = sorted(names)
        ways = [self._candidates(n, stretches) for n in order]
        for way in product(*ways):
            yield dict(zip(order, way, strict=True))

    def _inputs(self, form: Form) -> set[str]:
        below = self.space.terms.below(tuple(n for n, _ in form.weights))
        return {n for n, term in below.items() if term is None}

    def _candidates(self, name: str, stretches: Sequence[Stretch]) -> list[Fraction]:
        low, high = self.space.terms.ends(name)
        cuts = [c for w in self.space.coordinates if name in w.names for c in w.cuts]
        here = [s for s in stretches if s.where.names == (name,)]
        tried = [*_TRIED, *(c + d for c in cuts for d in (0, 1, -1)), *(e for e in (low, high) if e is not None)]
        tried += [s.low + (s.high - s.low) / 2 for s in here if s.low is not None and s.high is not None]
        fit = [v for v in dict.fromkeys(tried) if (low is None or v >= low) and (high is None or v <= high)]
        fit = [v for v in fit if all(_lies(v, s) for s in here)]
        return fit[:14] if self.space.terms.step(name) != 1 else [v for v in fit if v.denominator == 1][:14]

    def _tried(
        self,
        lines: Sequence[Line],
        fixed: Mapping[str, Fraction],
        terms: Sequence[Term],
        nulls: frozenset[str],
        texts: Inputs,
        claim: Claim,
    ) -> Inputs | None:
        """A solution with terms taken as if nothing was rounded, if the evaluator finds the claim true for it."""
        forms: dict[str, Form | None] = {n: Form((), v) for n, v in fixed.items()}
        for name in [t.name for t in terms]:
            if self._put_in(name, forms) is None:
                return None
        plain = [_replaced(line, forms) for line in lines]
        names = {n: None for line in plain for n in line.weights}
        for middle in (False, True):
            self.work.spend(_COST)
            found = solution(plain, self._steps(names), middle=middle)
            if found is None:
                return None
            inputs = self._values({**found, **fixed}, nulls, texts)
            if inputs is not None and claim(inputs):
                return inputs
        return None

    def _put_in(self, name: str, forms: dict[str, Form | None]) -> Form | None:
        """A variable as a form of inputs that are not fixed; nothing where a quotient has no value then."""
        if name in forms:
            return forms[name]
        term = self.space.terms.by_name.get(name)
        if term is None:
            return Form(((name, Fraction(1)),))
        sides = []
        for side in (term.left, term.right):
            whole: Form = Form((), side.constant)
            for inner, weight in side.weights:
                form = self._put_in(inner, forms)
                if form is None:
                    forms[name] = None
                    return None
                whole = whole.plus(form.times(weight))
            sides.append(whole)
        forms[name] = term.unrounded(*sides)
        return forms[name]

    def _values(self, found: Mapping[str, Fraction], nulls: frozenset[str], texts: Inputs) -> Inputs | None:
        """Every input with a value: those that nothing was asked of are the first that they can be."""
        inputs: Inputs = {}
        for name, given in self.space.inputs.items():
            if given.kind.name in ("text", "flag"):
                inputs[name] = texts.get(name, given.choices[0] if given.choices else _plain(given.kind.name))
            elif name in nulls:
                inputs[name] = None
            else:
                number = found[name] if name in found else self._first(name)
                value = value_from(number, day=given.kind.name == "day")
                if value is None:
                    return None
                inputs[name] = value
        return inputs

    def _first(self, name: str) -> Fraction:
        low, high = self.space.terms.ends(name)
        return max(low, Fraction(0)) if low is not None else min(high, Fraction(0)) if high is not None else Fraction(0)


def _plain(kind: str) -> Known:
    return True if kind == "flag" else "（其他）"


def _lies(value: Fraction, stretch: Stretch) -> bool:
    if stretch.null:
        return False
    above = stretch.low is None or value > stretch.low or (value == stretch.low and not stretch.open_low)
    return above and (stretch.high is None or value < stretch.high or (value == stretch.high and not stretch.open_high))


def _near(examples: Examples, term: Term) -> Iterator[Line]:
    """A rounded term lies within half a step of what was rounded, if that is a weighted sum."""
    whole = term.unrounded(term.left, term.right)
    if whole is None:
        return
    apart = Form(((term.name, Fraction(1)),)).plus(whole, -1)
    yield examples.space.terms.line(apart, HALF)
    yield examples.space.terms.line(apart, -HALF, -1)


def _replaced(line: Line, forms: Mapping[str, Form | None]) -> Line:
    whole = Form()
    for name, weight in line.weights.items():
        whole = whole.plus((forms.get(name) or Form(((name, Fraction(1)),))).times(weight))
    return Line(dict(whole.weights), line.bound - whole.constant, line.equal)


def _runs(where: Coordinate, mask: int) -> Iterator[Stretch]:
    """The stretches that a set of classes is made of, known ones first. Classes that no value lies in count as in."""
    known = mask & ~where.null
    there = where.domain & ~where.null
    first: int | None = None
    last = 0
    for bit in range(2 * len(where.cuts) + 1):
        if not there >> bit & 1:
            continue
        if known >> bit & 1:
            first = bit if first is None else first
            last = bit
        elif first is not None:
            yield _stretch(where, first, last)
            first = None
    if first is not None:
        yield _stretch(where, first, last)
    if mask & where.null:
        yield Stretch(where, null=True)


def _stretch(where: Coordinate, first: int, last: int) -> Stretch:
    """From one class to another; an even number is open on both sides, an odd one is a cut."""
    low = where.cuts[(first - 1) // 2] if first else None
    high = where.cuts[last // 2] if last < 2 * len(where.cuts) else None
    return Stretch(where, low, high, False, first % 2 == 0, last % 2 == 0)
