"""Compaction (整理): many small files of a day become one, sorted by meter and moment; and readings leave by their age.

Of readings of one moment that follow each other and say the same (value, mark) the last stays, with the instant at
which the first was received; how many were left out is kept in `reading_repeats`. Corrections stay all. Of rows that a
roll-up made of one hour or day the newest stays. As known before the compaction the old files are read, until they are
removed too (WS-005 from then on).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa

from shuangkong.engine.api import (
    Commit,
    Lake,
    Part,
    TableContract,
    mark_replaced,
    record,
    remove_replaced,
    upcast,
    writing,
)
from shuangkong.metering.columns import CHINA
from shuangkong.metering.known_posts import COMPACTED
from shuangkong.metering.rollup_tables import METER_DAYS, METER_HOURS
from shuangkong.metering.stored import millionths_of
from shuangkong.metering.storing import PRINCIPAL
from shuangkong.metering.tables import READING_POSTS, READING_REPEATS, READINGS, READINGS_ASIDE

#: Files of a day from which on they become one; and rows that one file takes at most, so that memory stays bounded.
FILES, ROWS = 8, 20_000_000
#: What is sorted how, and what makes two rows of it one.
_ORDER: dict[str, tuple[str, ...]] = {
    READINGS.name: ("meter", "at", "place", "row"),
    READINGS_ASIDE.name: ("source", "channel", "at", "place", "row"),
    READING_POSTS.name: ("key", "place"),
    METER_HOURS.name: ("meter", "hour", "made"),
    METER_DAYS.name: ("meter", "day", "made"),
}
#: Tables of which a later row of the same key stands in the place of the earlier.
_NEWEST = {METER_HOURS.name: ("meter", "hour"), METER_DAYS.name: ("meter", "day")}
TABLES = (READINGS, READINGS_ASIDE, READING_POSTS, METER_HOURS, METER_DAYS)
#: What leaves by its age: what was sent. What was made of it stays.
AGEING = (READINGS, READINGS_ASIDE, READING_POSTS, READING_REPEATS)
_TIMES = "times"


@dataclass(frozen=True, slots=True)
class Compacted:
    """What was done: days that became one file, files that it took the place of, equal readings left out."""

    days: int = 0
    files: int = 0
    repeats: int = 0


def compact(lake: Lake, *, files: int = FILES, rows: int = ROWS) -> Compacted:
    """Compact every day of the tables that has so many files; raises WS-003 while another process writes."""
    done = Compacted()
    for contract in TABLES:
        for day, commits in sorted(_by_day(lake, contract).items()):
            chosen = _portion(commits, rows)
            if len(chosen) >= files:
                repeats = _compact_day(lake, contract, day, chosen)
                done = Compacted(done.days + 1, done.files + len(chosen), done.repeats + repeats)
    return done


def _by_day(lake: Lake, contract: TableContract) -> dict[date, list[Commit]]:
    found: dict[date, list[Commit]] = defaultdict(list)
    for commit in lake.commits(contract.name, lake.clock()):
        found[day_of(commit)].append(commit)
    return found


def day_of(commit: Commit) -> date:
    """The partition of a commit's file."""
    name = commit.file.split("/")[1]
    return date(int(name[1:5]), int(name[5:7]), int(name[7:9]))


def _portion(commits: Sequence[Commit], rows: int) -> list[Commit]:
    """The smallest files, together of at most so many rows: what is large already is not written again and again."""
    found: list[Commit] = []
    total = 0
    for commit in sorted(commits, key=lambda c: (c.rows, c.sequence)):
        # a file that is larger than all the others together is left for a time when they have grown
        if total + commit.rows > rows or (len(found) > 1 and commit.rows > 4 * total > 0):
            break
        found.append(commit)
        total += commit.rows
    return found


def _compact_day(lake: Lake, contract: TableContract, day: date, commits: Sequence[Commit]) -> int:
    """One file in the place of several, in one transaction; gives how many repeats were left out."""
    with lake.leases(contract.name, READING_REPEATS.name) as leases:
        standing = {c.sequence for c in lake.commits(contract.name, lake.clock(), days=(day,))}
        if not standing.issuperset(c.sequence for c in commits):
            return 0  # another process was here first
        read = [upcast(pq.ParquetFile(lake.root / c.file).read(), contract) for c in commits]
        table = pa.concat_tables(read).sort_by([(n, "ascending") for n in _ORDER[contract.name]])
        # what stands between two equal readings may lie in a file that is left for another time
        whole = len(commits) == len(standing)
        kept, repeats = _kept(contract, table, whole=whole)
        sequences = sorted(c.sequence for c in commits)
        token = f"compact-{day:%Y%m%d}-{sequences[0]}-{sequences[-1]}-{len(sequences)}"

        def stand_for(db: sa.Connection, done: Sequence[Commit]) -> None:
            mark_replaced(db, contract.name, sequences, done[0].sequence, done[0].recorded_at)

        parts = [Part(contract, kept, day, token)]
        parts += [Part(READING_REPEATS, repeats, day, token)] if repeats is not None and repeats.num_rows else []
        lake.commit_parts(
            parts, leases, principal=PRINCIPAL,
            note=f"{COMPACTED} {sequences[-1]}", recorded_at=lake.clock(), also=stand_for,
        )  # fmt: skip
    return int(table.num_rows - kept.num_rows)


def _kept(contract: TableContract, table: pa.Table, *, whole: bool) -> tuple[pa.Table, pa.Table | None]:
    """What stays of the rows of a table, in their order; and of readings which were sent again, and how often.

    whole: these are all the rows of the day.
    """
    if contract is READINGS:
        return _said_once(table) if whole else (table, None)
    if contract.name in _NEWEST:
        return table.filter(pa.array(_last_of(table, _NEWEST[contract.name]))), None
    return table, None


def _last_of(table: pa.Table, names: Sequence[str]) -> Any:
    """Which rows, in order, are the last of those that are alike in some columns; no value is like no value."""
    last = np.ones(table.num_rows, dtype=bool)
    alike = np.ones(max(0, table.num_rows - 1), dtype=bool)
    for name in names:
        column = table.column(name)
        exact = pa.types.is_decimal(column.type)
        whole = pa.int32() if pa.types.is_date32(column.type) else pa.int64()
        of = millionths_of(column) if exact else column.cast(whole).to_numpy()
        alike &= of[1:] == of[:-1]
    last[:-1] = ~alike
    return last


def _said_once(table: pa.Table) -> tuple[pa.Table, pa.Table]:
    """Readings in order, of equal ones that follow each other the last, as received the first time."""
    last = _last_of(table, ("meter", "at", "value", "mark"))
    end = np.flatnonzero(last)
    start = np.append(0, end[:-1] + 1)[: len(end)]
    kept = table.filter(pa.array(last))
    if len(end) == table.num_rows:
        return kept, READING_REPEATS.arrow_schema.empty_table()
    received = np.minimum.reduceat(table.column("received_at").cast(pa.int64()).to_numpy(), start)
    place = table.schema.get_field_index("received_at")
    kept = kept.set_column(place, "received_at", pa.array(received).cast(table.schema.field(place).type))
    more = pa.array(end > start)
    names = [c.name for c in READING_REPEATS.columns if c.name != _TIMES]
    repeats = kept.filter(more).select(names).append_column(_TIMES, pa.array((end - start)[end > start]))
    return kept, repeats


def drop_older(lake: Lake, days: int, *, principal: str, said_by: str = "") -> int:
    """Leave out from now on the readings of days that are more than so many days ago; gives how many files those are.

    As known before they are still there, until `remove_old_files`. Posts go with them, so that a retry of such an age
    would be taken anew: who sends readings that are older than they are kept is told nothing of that.
    """
    first = lake.clock().astimezone(CHINA).date() - timedelta(days=days)
    dropped = 0
    for contract in AGEING:
        with lake.lease(contract.name):
            old = [c.sequence for day, cs in _by_day(lake, contract).items() if day < first for c in cs]
            if old:
                with writing(lake.engine) as db:
                    mark_replaced(db, contract.name, old, None, at := lake.clock())
                    detail = {"days": days, "dropped": len(old), "said_by": said_by}
                    record(db, at=at, principal=principal, action="readings.drop", obj=contract.name, detail=detail)
        dropped += len(old)
    return dropped


def remove_old_files(lake: Lake, after_days: int) -> list[str]:
    """Remove the files of commits that were replaced or dropped so many days ago; gives their names."""
    now: datetime = lake.clock()
    return remove_replaced(lake.engine, lake.root, now - timedelta(days=after_days), now)
