"""Sets of combinations as boxes: for some coordinates the classes that are in, every other coordinate may be anything.

A condition is cut into boxes in which it is true, false, or not to be told, by splitting only where it depends on a
coordinate; so independent inputs are never multiplied with each other. `Work` counts, and stops what takes too long.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from shuangkong.policy.rules.checks_space import FALSE, NULL, TRUE, Atom, Formula, Space, Told, TooLarge

Box = Mapping[int, int]
#: Steps that may be spent on a table: about two seconds.
MAX_WORK = 1_500_000


@dataclass(slots=True)
class Work:
    """What has been spent on a table; raises TooLarge when it is too much."""

    done: int = 0

    def spend(self, steps: int = 1) -> None:
        """Count some steps."""
        self.done += steps
        if self.done > MAX_WORK:
            raise TooLarge


@dataclass(frozen=True, slots=True)
class Split:
    """The boxes in which a condition is true, and those in which it cannot be told."""

    true: tuple[Box, ...]
    null: tuple[Box, ...]

    @property
    def not_false(self) -> tuple[Box, ...]:
        """The boxes in which the condition is not false."""
        return (*self.true, *self.null)


def split(formula: Formula, space: Space, work: Work) -> Split:
    """The boxes of a condition; they do not overlap."""
    domains = [c.domain for c in space.coordinates]
    found: dict[int, list[Box]] = {TRUE: [], NULL: [], FALSE: []}
    left: list[dict[int, int]] = [{}]
    while left:
        box = left.pop()
        outcomes = _outcomes(formula, box, domains, work)
        if outcomes in found:
            found[outcomes].append(box)
            continue
        atom = _open(formula, box, domains)
        if atom is None:
            raise TypeError("a condition is open though each of its tests is told")
        at = atom.where.number
        here = box.get(at, domains[at])
        for part in (here & ~atom.true & ~atom.null, here & atom.null, here & atom.true):
            if part:
                left.append({**box, at: part})
    return Split(tuple(found[TRUE]), tuple(found[NULL]))


def _outcomes(formula: Formula, box: Box, domains: Sequence[int], work: Work) -> int:
    """What a condition can be in a box, as bits; more than it can be where tests of one coordinate hang together."""
    work.spend()
    if isinstance(formula, Told):
        return formula.outcome
    if isinstance(formula, Atom):
        here = box.get(formula.where.number)
        here = domains[formula.where.number] if here is None else here
        found = TRUE if here & formula.true else 0
        found |= NULL if here & formula.null else 0
        return found | (FALSE if here & ~formula.true & ~formula.null else 0)
    first = _outcomes(formula.parts[0], box, domains, work)
    if formula.op == "not":
        return (first & NULL) | (FALSE if first & TRUE else 0) | (TRUE if first & FALSE else 0)
    if formula.op == "if":
        found = first & NULL
        found |= _outcomes(formula.parts[1], box, domains, work) if first & TRUE else 0
        return found | (_outcomes(formula.parts[2], box, domains, work) if first & FALSE else 0)
    if first == (FALSE if formula.op == "and" else TRUE) and formula.op != "same":
        return first
    second = _outcomes(formula.parts[1], box, domains, work)
    return _TOGETHER[formula.op][first, second]


def _one(op: str, a: int, b: int) -> int:
    if op == "same":
        return NULL if NULL in (a, b) else TRUE if a == b else FALSE
    strong, weak = (FALSE, TRUE) if op == "and" else (TRUE, FALSE)
    return strong if strong in (a, b) else NULL if NULL in (a, b) else weak


def _table(op: str) -> dict[tuple[int, int], int]:
    """What two parts give together, for every set of what each can be."""
    table = {}
    for first in range(8):
        for second in range(8):
            pairs = [(a, b) for a in (1, 2, 4) if a & first for b in (1, 2, 4) if b & second]
            outcome = 0
            for a, b in pairs:
                outcome |= _one(op, a, b)
            table[first, second] = outcome
    return table


_TOGETHER = {op: _table(op) for op in ("and", "or", "same")}


def _open(formula: Formula, box: Box, domains: Sequence[int]) -> Atom | None:
    """A test that the box leaves open, of a part that is open itself."""
    free = Work()
    if isinstance(formula, Told):
        return None
    if isinstance(formula, Atom):
        return formula if _outcomes(formula, box, domains, free) not in (TRUE, FALSE, NULL) else None
    parts: Sequence[Formula] = formula.parts
    if formula.op == "if":
        test = _outcomes(parts[0], box, domains, free)
        parts = parts[:1] if test not in (TRUE, FALSE) else parts[1:2] if test == TRUE else parts[2:]
    for part in parts:
        if _outcomes(part, box, domains, free) not in (TRUE, FALSE, NULL):
            found = _open(part, box, domains)
            if found is not None:
                return found
    return None


def common(first: Box, second: Box, space: Space, work: Work) -> Box | None:
    """What two boxes share; nothing where they share nothing."""
    work.spend()
    if len(first) > len(second):
        first, second = second, first
    found = dict(second)
    for at, mask in first.items():
        there = second.get(at)
        both = mask if there is None else mask & there
        if not both:
            return None
        found[at] = both
    return found


def without(boxes: Sequence[Box], taken: Sequence[Box], space: Space, work: Work) -> list[Box]:
    """The boxes with what others hold cut out; what is left does not overlap."""
    domains = [c.domain for c in space.coordinates]
    left = list(boxes)
    for hole in taken:
        left = [piece for box in left for piece in _cut_out(box, hole, domains, work)]
    return left


def _cut_out(box: Box, hole: Box, domains: Sequence[int], work: Work) -> Iterator[Box]:
    work.spend()
    if any(not box.get(at, domains[at]) & mask for at, mask in hole.items()):
        yield box
        return
    inside = dict(box)
    for at, mask in hole.items():
        here = inside.get(at, domains[at])
        if here & ~mask:
            yield {**inside, at: here & ~mask}
        inside[at] = here & mask


def pairs(splits: Sequence[Split], space: Space, work: Work) -> Iterator[tuple[int, int, Box]]:
    """Conditions that can be true together, each two with a box in which they are."""
    domains = [c.domain for c in space.coordinates]
    used = [sum(1 for s in splits if all(at in b and b[at] != d for b in s.true)) for at, d in enumerate(domains)]
    best = max(range(len(used)), key=used.__getitem__, default=None)
    groups: dict[int, list[int]] = {}
    for n, one in enumerate(splits):
        mask = 0
        for box in one.true:
            mask |= box.get(best, domains[best]) if best is not None else 1
        while mask:
            low = mask & -mask
            groups.setdefault(low, []).append(n)
            mask ^= low
    seen: set[tuple[int, int]] = set()
    for members in groups.values():
        for place, a in enumerate(members):
            for b in members[place + 1 :]:
                work.spend()
                if (a, b) not in seen:
                    seen.add((a, b))
                    yield from _shared(a, b, splits, space, work)


def _shared(a: int, b: int, splits: Sequence[Split], space: Space, work: Work) -> Iterator[tuple[int, int, Box]]:
    for first in splits[a].true:
        for second in splits[b].true:
            both = common(first, second, space, work)
            if both is not None:
                yield a, b, both
