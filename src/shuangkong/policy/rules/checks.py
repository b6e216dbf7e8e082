"""What a table is checked for when it is loaded: gaps, overlaps, rows that never hit, each with an example.

Each input is cut into the few values that the table can tell apart (its bounds, and one value between each two of them;
its choices; true and false). Where rows only compare inputs with fixed values, trying every combination is a proof.
Where they calculate, or compare inputs with each other, or there are too many combinations, a note says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from itertools import product
from math import prod

from shuangkong.policy.rules.checked import CheckedInput, CheckedTable
from shuangkong.policy.rules.evaluating import Known, holds, value_of
from shuangkong.policy.rules.nodes import COMPARISONS, Binary, Call, Constant, Member, Name, Node, Unary, walk
from shuangkong.policy.words import Words, said

MAX_TRIES = 200_000
#: Nodes of conditions that are worked out at most: a row with many exceptions is a long condition.
MAX_WORK = 12_000_000
_STEP = Decimal("0.000001")
_OTHER = "（其他）"


@dataclass(slots=True)
class Shape:
    """What was found out about a table: `faults` are (row or nothing, words); `skipped` says what was not checked."""

    faults: list[tuple[str | None, Words]] = field(default_factory=list)
    skipped: str | None = None


def shape_of(table: CheckedTable, values: Mapping[str, Decimal | None], *, total: bool) -> Shape:
    """Gaps (where `total`), overlaps and unreachable rows, with the parameters at these values."""
    shape = Shape()
    conditions = table.conditions
    unknown = [p.name for p in table.parameters if values.get(p.name) is None]
    names = {i.name for i in table.inputs}
    if table.open_because is not None:
        shape.skipped = "the table is open"
    elif unknown:
        shape.skipped = f"there is no one value of {', '.join(unknown)}"
    elif not all(_comparable(c, names) for c in conditions):
        shape.skipped = "a row calculates, asks has(), or compares inputs with each other"
    if shape.skipped is not None:
        return shape
    points = {i.name: _points(i, conditions, values) for i in table.inputs}
    tries = prod(len(p) for p in points.values())
    if tries > MAX_TRIES or tries * sum(1 for c in conditions for _ in walk(c)) > MAX_WORK:
        shape.skipped = f"there are {tries} combinations of {len(conditions)} rows"
        return shape
    _try_all(table, conditions, points, values, shape, total=total)
    return shape


def _comparable(node: Node, inputs: set[str]) -> bool:
    """Whether every comparison in a condition is of one input with values that stand fixed."""
    for part in walk(node):
        if isinstance(part, Call) or (isinstance(part, Binary) and part.op in ("+", "-", "*", "/")):
            return False
        sides = [part.left, part.right] if isinstance(part, Binary) and part.op in COMPARISONS else []
        if isinstance(part, Member):
            sides = [part.inner, *part.items]
        if sum(isinstance(s, Name) and s.name in inputs for s in sides) > 1:
            return False
        if any(not isinstance(s, Name | Constant | Unary) for s in sides):
            return False
    return True


def _points(given: CheckedInput, conditions: tuple[Node, ...], values: Mapping[str, Decimal | None]) -> list[Known]:
    """The values of an input that the table can tell apart."""
    if given.kind.name == "flag":
        return [True, False]
    bounds = set(_bounds(given.name, conditions, values))
    if given.kind.name == "text":
        texts = sorted(str(b) for b in bounds)
        return list(given.choices) or [*texts, _OTHER]
    if given.kind.name == "day":
        days = {d + timedelta(days=n) for d in bounds if isinstance(d, date) for n in (-1, 0, 1)}
        return [*sorted(days)] or [date(2000, 1, 1)]
    return list(_between(given, {b for b in bounds if isinstance(b, Decimal)}))


def _between(given: CheckedInput, bounds: set[Decimal]) -> Iterator[Decimal]:
    """The bounds, a value between each two, and one outside on each side, as far as the input can have it."""
    cuts = sorted(bounds | {b for b in (given.low, given.high) if b is not None}) or [Decimal(0)]
    yield from (x for x in [cuts[0] - 1] if given.low is None)
    for n, cut in enumerate(cuts):
        inside = (given.low is None or cut >= given.low) and (given.high is None or cut <= given.high)
        if inside:
            yield cut
        if n + 1 < len(cuts) and inside and cuts[n + 1] - cut > _STEP and (given.high is None or cut < given.high):
            yield cut + ((cuts[n + 1] - cut) / 2).quantize(_STEP, rounding="ROUND_DOWN")
    yield from (x for x in [cuts[-1] + 1] if given.high is None)


def _bounds(name: str, conditions: tuple[Node, ...], values: Mapping[str, Decimal | None]) -> Iterator[Known]:
    for condition in conditions:
        for part in walk(condition):
            sides: tuple[Node, ...] = ()
            if isinstance(part, Binary) and part.op in COMPARISONS:
                sides = (part.left, part.right)
            if isinstance(part, Member):
                sides = (part.inner, *part.items)
            if any(isinstance(s, Name) and s.name == name for s in sides):
                found = (value_of(s, values) for s in sides if not (isinstance(s, Name) and s.name == name))
                yield from (f for f in found if f is not None)


def _try_all(
    table: CheckedTable,
    conditions: tuple[Node, ...],
    points: Mapping[str, list[Known]],
    values: Mapping[str, Decimal | None],
    shape: Shape,
    *,
    total: bool,
) -> None:
    """Decide every combination; the first counter-example of each kind is kept."""
    rows = table.ordered
    reached: set[int] = set()
    gap = overlap = False
    for combination in product(*points.values()):
        here = {**values, **dict(zip(points, combination, strict=True))}
        hits = [n for n, c in enumerate(conditions) if holds(c, here)]
        reached.update(hits[:1] if table.hit in ("first", "priority") else hits)
        if not hits and total and not table.collects and not gap:
            gap = True
            shape.faults.append((None, said("RULE-005", "gap", inputs=_told(points, combination))))
        if len(hits) > 1 and not overlap and _conflict(table, hits, here):
            overlap = True
            first, second = (rows[n].id for n in hits[:2])
            inputs = _told(points, combination)
            shape.faults.append((second, said("RULE-005", "overlap", first=first, second=second, inputs=inputs)))
    for n, row in enumerate(rows):
        if n not in reached:
            blocked, dead = said("RULE-005", "dead_after", row=row.id), said("RULE-005", "dead", row=row.id)
            shape.faults.append((row.id, blocked if table.hit in ("first", "priority") else dead))


def _conflict(table: CheckedTable, hits: list[int], here: Mapping[str, Known]) -> bool:
    if table.hit == "unique":
        return True
    if table.hit != "any":
        return False
    answers = [tuple(value_of(t, here) for t in table.rows[n].then) for n in hits]
    return any(a != answers[0] for a in answers)


def _told(points: Mapping[str, list[Known]], combination: tuple[Known, ...]) -> str:
    return ", ".join(f"{n} = {_plain(v)}" for n, v in zip(points, combination, strict=True))


def _plain(value: Known) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return format(value.normalize(), "f") if isinstance(value, Decimal) else str(value)
