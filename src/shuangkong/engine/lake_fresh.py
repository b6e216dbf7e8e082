"""What a table holds that an earlier reader had not read (新增提交), where files have come to stand for others since.

A commit that only stands for commits that were read brings nothing; one that stands for others too is looked through to
these, as long as their files are kept. Rows that were dropped for their age are lost to whoever had read them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from shuangkong.engine.database import reading
from shuangkong.engine.lake import Lake, lake_commit
from shuangkong.engine.lake_replaced import lake_replaced


@dataclass(frozen=True, slots=True)
class FreshFile:
    """A file to read; `merged`: beside rows of its own it holds those of files that it stands for."""

    path: Path
    note: str
    merged: bool


@dataclass(frozen=True, slots=True)
class Fresh:
    """Files with what is new; `lost`: rows that were read before are there no more."""

    files: tuple[FreshFile, ...]
    lost: bool


def fresh_files(lake: Lake, table: str, known: datetime, read: Collection[int]) -> Fresh:
    """What is known of a table at an instant beyond the commits that were read (their sequences).

    Raises WS-005 as `Lake.commits` does.
    """
    now = lake.commits(table, known)
    then = set(read)
    r, c = lake_replaced.c, lake_commit.c
    with reading(lake.engine) as db:
        rows = db.execute(
            sa.select(r.sequence, r.by_sequence, r.removed_at, c.file, c.note)
            .join_from(lake_replaced, lake_commit, r.sequence == c.sequence)
            .where(r.table_name == table, r.recorded_at <= known)
        ).all()
    by: dict[int, list[int]] = defaultdict(list)
    told = {row.sequence: row for row in rows}
    for row in rows:
        if row.by_sequence is not None:
            by[row.by_sequence].append(row.sequence)
    here = {x.sequence for x in now}

    def looked(sequence: int, file: str, note: str) -> Iterator[FreshFile]:
        if sequence in then:
            return
        below = by.get(sequence, [])
        if any(told[s].removed_at is not None for s in below if s not in then):
            below = []  # what it was made of is no longer kept: all of it is read
        for s in below:
            yield from looked(s, told[s].file, told[s].note)
        yield FreshFile(lake.root / file, note, bool(below))

    found = tuple(f for x in now for f in looked(x.sequence, x.file, x.note))
    return Fresh(found, any(_gone(s, here, told) for s in then))


def _gone(sequence: int, here: Collection[int], told: Mapping[int, Any]) -> bool:
    """Whether a commit's rows are there no more: nothing stands for it, or for what stands for it."""
    while sequence not in here:
        row = told.get(sequence)
        if row is None or row.by_sequence is None:
            return True
        sequence = row.by_sequence
    return False
