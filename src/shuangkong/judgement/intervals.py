"""Tables of intervals on one input (区间表): which row owns which stretch of the line, found before any row is read."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import ibis

from shuangkong.judgement.bound import CLASH, FIRST, NONE
from shuangkong.judgement.columns import alike, literal
from shuangkong.policy.api import Binary, Constant, Name, Node


@dataclass(frozen=True, slots=True)
class Stretch:
    """From `start` on (or from right after it) the row of code `owner` hits, or none, or several (CLASH)."""

    start: Decimal | None
    after: bool
    owner: int


def stretches(conditions: Sequence[Node], name: str, *, several: bool) -> list[Stretch] | None:
    """The line cut into stretches by the code of their owner; None where a row is no interval on `name`.

    The first row that hits is the owner; where `several` may not hit together, such a stretch is a CLASH.
    """
    ranges = [_range(c, name) for c in conditions]
    cuts = sorted({end for r in ranges if r is not None for end, _ in r if end is not None})
    owners = [NONE] * (2 * len(cuts) + 1)
    hits = [0] * len(owners)
    for row in reversed(range(len(ranges))):
        spans = ranges[row]
        if spans is None:
            return None
        low, high = _pieces(cuts, spans)
        if low > high:
            continue
        owners[low : high + 1] = [row + FIRST] * (high + 1 - low)
        if not several:
            hits[low : high + 1] = [h + 1 for h in hits[low : high + 1]]
    return list(_merged(cuts, [CLASH if h > 1 else o for o, h in zip(owners, hits, strict=True)]))


def _merged(cuts: Sequence[Decimal], owners: Sequence[int]) -> Iterator[Stretch]:
    for piece, owner in enumerate(owners):
        if piece == 0:
            yield Stretch(None, False, owner)
        elif owner != owners[piece - 1]:
            yield Stretch(cuts[(piece - 1) // 2], piece % 2 == 0, owner)


#: (lower end, whether included), (upper end, whether included); no end is None.
Span = tuple[tuple[Decimal | None, bool], tuple[Decimal | None, bool]]


def _pieces(cuts: Sequence[Decimal], span: Span) -> tuple[int, int]:
    """First and last piece of a span; piece 2k+1 is cut k itself, 2k is what lies before it."""
    (low, with_low), (high, with_high) = span
    first = 0 if low is None else 2 * bisect_left(cuts, low) + (1 if with_low else 2)
    last = 2 * len(cuts) if high is None else 2 * bisect_left(cuts, high) + (1 if with_high else 0)
    return first, last


def _range(condition: Node, name: str) -> Span | None:
    """The interval that a condition is, if it is one."""
    if isinstance(condition, Binary) and condition.op == "&&":
        left, right = _range(condition.left, name), _range(condition.right, name)
        return _both(left, right) if left is not None and right is not None else None
    if not (isinstance(condition, Binary) and isinstance(condition.left, Name) and condition.left.name == name):
        return None
    if not (isinstance(condition.right, Constant) and isinstance(condition.right.value, Decimal)):
        return None
    end, op, none = condition.right.value, condition.op, (None, False)
    spans: dict[str, Span] = {
        "<": (none, (end, False)), "<=": (none, (end, True)), ">": ((end, False), none), ">=": ((end, True), none),
        "==": ((end, True), (end, True)),
    }  # fmt: skip
    return spans.get(op)


def _both(a: Span, b: Span) -> Span:
    lows = [x for x in (a[0], b[0]) if x[0] is not None]
    highs = [x for x in (a[1], b[1]) if x[0] is not None]
    low = max(lows, key=lambda x: (x[0], not x[1]), default=(None, False))
    high = min(highs, key=lambda x: (x[0], x[1]), default=(None, False))
    return low, high


def owner_of(column: Any, cut: Sequence[Stretch]) -> Any:
    """The owner of the stretch that each value lies on, by halving: eight comparisons for two hundred rows."""

    def between(low: int, high: int) -> Any:
        if high - low == 1:
            return ibis.literal(cut[low].owner, type="int32")
        middle = (low + high) // 2
        start = cut[middle]
        bound = alike(start.start, column, literal(start.start))
        before = column <= bound if start.after else column < bound
        return ibis.ifelse(before, between(low, middle), between(middle, high))

    return between(0, len(cut))
