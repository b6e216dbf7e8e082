"""Remembering decisions (沿用): which entry of a new reading is the one that somebody decided on before.

Entries are the same where kind and normalised words are. One document often says the same words in several places (a
tail such as 市发展改革委牵头), so what stands before them, the clause, and what is measured tell those apart.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Remembered:
    """An entry as far as it is compared: what is measured, the signs before its words, whether it was rejected."""

    kind: str
    words: str
    clause: str
    context: str
    what: str = ""
    rejected: bool = False


_Key = Callable[[Remembered], Hashable]
_ROUNDS: tuple[_Key, ...] = (
    lambda e: (e.context, e.what),
    lambda e: (e.clause, e.what),
    lambda e: e.what,
    lambda e: e.context,
    lambda e: e.clause,
    lambda _: None,
)


def carried(old: Sequence[Remembered], new: Sequence[Remembered]) -> dict[int, int]:
    """For each new entry that was there before: its place in `new`, and that of the old one in `old`.

    An old entry is carried to one new entry; words that were rejected wherever they stood are so in further places too.
    """
    groups: dict[tuple[str, str], tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    for side, entries in enumerate((old, new)):
        for i, e in enumerate(entries):
            groups[e.kind, e.words][side].append(i)
    found: dict[int, int] = {}
    for olds, news in groups.values():
        found |= _paired(old, new, olds, news)
    return found


def _paired(
    old: Sequence[Remembered], new: Sequence[Remembered], olds: list[int], news: list[int]
) -> dict[int, int]:  # fmt: skip
    found: dict[int, int] = {}
    left, right = list(olds), list(news)
    for key in _ROUNDS:
        for same in {key(old[i]) for i in left}:
            a = [i for i in left if key(old[i]) == same]
            b = [i for i in right if key(new[i]) == same]
            if len(a) == len(b):
                found |= dict(zip(b, a, strict=True))
                left = [i for i in left if i not in a]
                right = [i for i in right if i not in b]
    if olds and all(old[i].rejected for i in olds):
        found |= dict.fromkeys(right, olds[0])
    return found
