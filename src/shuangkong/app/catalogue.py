"""What inputs of decision tables can be bound to (输入目录), and the packs read against it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from pathlib import Path

from shuangkong.engine.api import Workspace, reading
from shuangkong.judgement.api import FIELDS, SUMS, indicator_inputs
from shuangkong.policy.api import Bindable, Catalogue, PackSet, builtin_packs, load_all, published_packs, with_published


@cache
def catalogue() -> Catalogue:
    """Computed indicators, fields of the register, and sums of the books, by source and name."""
    every: tuple[Bindable, ...] = (*indicator_inputs().values(), *FIELDS.values(), *SUMS.values())
    return {(one.source, one.name): one for one in every}


def library(
    folders: Sequence[Path] = (), *, workspace: Workspace | None = None, known: datetime | None = None
) -> PackSet:
    """The packs of the program, those published in the workspace up to `known` (now if left out), and those in folders.

    Raises PackErrors, also for inputs of tables that are misbound.
    """
    more = [pack for folder in folders for pack in load_all(folder, origin=str(folder))]
    packs = builtin_packs()
    if workspace is not None:
        with reading(workspace.engine) as db:
            packs = with_published(packs, published_packs(db, workspace.blobs, known or workspace.clock()))
    return PackSet((*packs, *more), catalogue=catalogue())
