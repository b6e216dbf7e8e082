"""The plain reading of a streak (对照连续期数): one period after the other, backwards, without columns or SQL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Counted:
    """A streak up to one period: how many in a row, its state, and the periods that are missing right before it."""

    value: int | None
    state: str
    missing: tuple[int, ...] = ()


def plain_streak(met: Mapping[int, bool], upto: int, *, start: int | None = None) -> Counted:
    """How many periods in a row, up to and including `upto`, met the condition.

    met: whether each known period met it, by its number; a period that is not there is not known. start: the period
    before which nothing counts. States: ok, at_least (a lower bound), missing_periods (`upto` itself is not known).
    """
    count, here = 0, upto
    while met.get(here) is True:
        count += 1
        if here == start:
            return Counted(count, "ok")
        here -= 1
    if here in met:
        return Counted(count, "ok")
    earlier = [p for p in met if p < here and (start is None or p >= start)]
    first = max(earlier) + 1 if earlier else here
    missing = tuple(range(first, here + 1))
    return Counted(count, "at_least", missing) if count else Counted(None, "missing_periods", missing)
