"""Whether linear inequalities have a solution, in exact fractions (Gauß, then Fourier and Motzkin), and a readable one.

What is found without a solution has none among all rational numbers, so none among those that a table can be given.
A solution is put on the steps that its variables have (a millionth, a day) and made of few digits where there is room.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

#: Inequalities that are kept at most while variables are taken out one after the other.
MAX_LINES = 600
_ROUND = [Fraction(10) ** n for n in range(12, -7, -1)]
Weights = dict[str, Fraction]


class TooMany(Exception):
    """There are too many inequalities to go through."""


@dataclass(slots=True)
class Line:
    """The weighted sum of variables is at most `bound`; equal to it where `equal`."""

    weights: Weights
    bound: Fraction
    equal: bool = False


def solution(lines: Sequence[Line], steps: Mapping[str, Fraction], *, middle: bool = False) -> Weights | None:
    """A solution by variable, or nothing where there is none; raises TooMany.

    `steps` says for every variable of what its values are multiples. Off the steps nothing is promised: whoever uses
    the values looks whether they do what they should. `middle` asks for values amid their bounds, not for short ones.
    """
    solved: list[tuple[str, Line]] = []
    rest = list(lines)
    while (equal := next((n for n, line in enumerate(rest) if line.equal and line.weights), None)) is not None:
        line = rest.pop(equal)
        name = min(line.weights, key=lambda v: (abs(line.weights[v]) != 1, v))
        solved.append((name, line))
        rest = [_without(other, name, line) for other in rest]
    taken: list[tuple[str, list[Line]]] = []
    kept = _tightest(rest)
    while kept is not None and (name_ := _next(kept)) is not None:
        taken.append((name_, [k for k in kept if name_ in k.weights]))
        kept = _tightest(_eliminated(kept, name_))
    if kept is None:
        return None
    found: Weights = {}
    for name, bounds in reversed(taken):
        found[name] = _within(*_bounds(name, bounds, found), steps[name], middle=middle)
    for name, line in reversed(solved):
        other = sum((w * found.setdefault(v, Fraction(0)) for v, w in line.weights.items() if v != name), Fraction(0))
        found[name] = (line.bound - other) / line.weights[name]
    return found


def _without(line: Line, name: str, equation: Line) -> Line:
    """The line with a variable put in from an equation."""
    weight = line.weights.get(name)
    if weight is None:
        return line
    share = weight / equation.weights[name]
    weights = dict(line.weights)
    for other, w in equation.weights.items():
        weights[other] = weights.get(other, Fraction(0)) - share * w
    return Line({v: w for v, w in weights.items() if w}, line.bound - share * equation.bound, line.equal)


def _tightest(lines: Sequence[Line]) -> list[Line] | None:
    """One line for each direction, the tightest; nothing where one without variables does not hold."""
    kept: dict[tuple[tuple[str, Fraction], ...], Fraction] = {}
    for line in lines:
        if not line.weights:
            if line.bound < 0 or (line.equal and line.bound):
                return None
            continue
        items = sorted(line.weights.items())
        size = abs(items[0][1])
        key = tuple((v, w / size) for v, w in items)
        bound = line.bound / size
        kept[key] = min(bound, kept.get(key, bound))
    if len(kept) > MAX_LINES:
        raise TooMany
    return [Line(dict(key), bound) for key, bound in kept.items()]


def _next(lines: Sequence[Line]) -> str | None:
    """The variable whose going makes the fewest new lines."""
    above: dict[str, int] = {}
    below: dict[str, int] = {}
    for line in lines:
        for name, weight in line.weights.items():
            counted = above if weight > 0 else below
            counted[name] = counted.get(name, 0) + 1
    names = sorted(above.keys() | below.keys())
    return min(names, key=lambda v: above.get(v, 0) * below.get(v, 0), default=None)


def _eliminated(lines: Sequence[Line], name: str) -> list[Line]:
    above = [k for k in lines if k.weights.get(name, 0) > 0]
    below = [k for k in lines if k.weights.get(name, 0) < 0]
    if len(above) * len(below) > MAX_LINES * 10:
        raise TooMany
    rest = [k for k in lines if name not in k.weights]
    for high in above:
        for low in below:
            a, b = 1 / high.weights[name], -1 / low.weights[name]
            weights = {v: a * w for v, w in high.weights.items() if v != name}
            for v, w in low.weights.items():
                if v != name:
                    weights[v] = weights.get(v, Fraction(0)) + b * w
            rest.append(Line({v: w for v, w in weights.items() if w}, a * high.bound + b * low.bound))
    return rest


def _bounds(name: str, lines: Sequence[Line], found: Weights) -> tuple[Fraction | None, Fraction | None]:
    low: Fraction | None = None
    high: Fraction | None = None
    for line in lines:
        other = sum((w * found.setdefault(v, Fraction(0)) for v, w in line.weights.items() if v != name), Fraction(0))
        bound = (line.bound - other) / line.weights[name]
        if line.weights[name] > 0:
            high = bound if high is None else min(high, bound)
        else:
            low = bound if low is None else max(low, bound)
    return low, high


def _within(low: Fraction | None, high: Fraction | None, step: Fraction, *, middle: bool) -> Fraction:
    """A value between two bounds: nought where nothing binds it, else one of few digits."""
    if low is None and high is None:
        return Fraction(0)
    if low is None:
        low = (high or Fraction(0)) - max(Fraction(1), abs(high or Fraction(0)))
    if high is None:
        high = low + max(Fraction(1), abs(low))
    if middle:
        return max(low, floor((low + high) / 2 / step) * step)
    for size in (s for s in _ROUND if s >= step):
        first = ceil(low / size)
        if first * size <= high:
            return first * size
    return low
