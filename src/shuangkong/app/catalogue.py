"""What inputs of decision tables can be bound to (输入目录), and the packs read against it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from shuangkong.judgement.api import FIELDS, SUMS, indicator_inputs
from shuangkong.policy.api import Bindable, Catalogue, PackSet, builtin_packs, load_all


@cache
def catalogue() -> Catalogue:
    """Computed indicators, fields of the register, and sums of the books, by source and name."""
    every: tuple[Bindable, ...] = (*indicator_inputs().values(), *FIELDS.values(), *SUMS.values())
    return {(one.source, one.name): one for one in every}


def library(folders: Sequence[Path] = ()) -> PackSet:
    """The built-in packs together with those at or below the folders; raises PackErrors, also for what is misbound."""
    more = [pack for folder in folders for pack in load_all(folder, origin=str(folder))]
    return PackSet((*builtin_packs(), *more), catalogue=catalogue())
