"""What follows from a rule, in the reader's language (后果用语): on the board, in cases, in reasons and their files."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from shuangkong.casework.api import called, excepted_words
from shuangkong.kernel.labels import Label
from shuangkong.policy.api import Pack, builtin_packs


def consequence(packs: Iterable[Pack]) -> Callable[[str, str, str | None], Label]:
    """What a consequence is called, by pack, table and answer: by the packs of a run, else by those of the program."""
    every = (*packs, *builtin_packs())
    return lambda pack, table, answer: called(every, pack, table, answer)


def exceptions(packs: Iterable[Pack]) -> Callable[[str], Label]:
    """What a measure excepts, by the packs of a run, else by those of the program."""
    every = (*packs, *builtin_packs())
    return lambda text: excepted_words(every, text)
