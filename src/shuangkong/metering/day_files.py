"""Stored readings of a day, piece by piece (按日读取): each moment of a meter once, the reading that was taken last.

A file is sorted by meter, time and coming. Where a day has one, groups of rows are read as they lie, and those that can
hold none of the meters asked for are passed over; of a day with several files, meters that are in more than one are put
in order first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from shuangkong.metering.spells import Flags, Ints, nothing
from shuangkong.metering.stored import millionths_of
from shuangkong.metering.tiles import Columns, newest

#: meter, at, value: sorted by meter and time, no moment twice.
Piece = tuple[Ints, Ints, Ints]
_SAID = ("meter", "at", "value")
_ALL = (*_SAID, "place", "row")


class OutOfOrder(Exception):
    """A file of readings that is not sorted: a bug of whoever wrote it."""


def pieces(files: Sequence[Path], meters: Ints | None = None) -> Iterator[Piece]:
    """The readings of one day's files, of the `meters` (sorted numbers) that are asked for, or of all."""
    if len(files) == 1:
        yield from _of_one(files[0], meters)
        return
    if not files:
        return
    largest = max(files, key=lambda f: f.stat().st_size)
    small = [_whole(f, meters) for f in files if f != largest]
    twice = np.unique(np.concatenate([s.meter for s in small]))
    mixed = [*small, _whole(largest, twice)]
    yield from _of_one(largest, meters, without=twice)
    joined = Columns(*(np.concatenate([getattr(m, n) for m in mixed]) for n in Columns.__slots__))
    last = newest(joined)
    yield last.meter, last.at, last.value


def _of_one(file: Path, meters: Ints | None, without: Ints | None = None) -> Iterator[Piece]:
    """One file's rows in their order; of rows of one moment the last, also where a group ends between them."""
    held: Piece = (nothing(), nothing(), nothing())
    for table in groups(file, meters, _SAID):
        meter, at, value = _columns(table, meters, without)
        if not len(meter):
            continue
        if len(held[0]):
            meter, at, value = (np.concatenate(both) for both in zip(held, (meter, at, value), strict=True))
        same = meter[1:] == meter[:-1]
        if not ((meter[1:] > meter[:-1]) | (same & (at[1:] >= at[:-1]))).all():
            raise OutOfOrder(str(file))
        # the last row waits: the next group may hold a later reading of its moment
        keep = ~(same & (at[1:] == at[:-1]))
        held = meter[-1:], at[-1:], value[-1:]
        if keep.all():
            yield meter[:-1], at[:-1], value[:-1]
        else:
            yield meter[:-1][keep], at[:-1][keep], value[:-1][keep]
    if len(held[0]):
        yield held


def _whole(file: Path, meters: Ints | None) -> Columns:
    tables = [_kept(t, meters) for t in groups(file, meters, _ALL)]
    if not tables:
        return Columns(nothing(), nothing(), nothing(), nothing(), nothing())
    t = pa.concat_tables(tables)
    return Columns(
        _ints(t, "meter"), _ints(t, "at"), millionths_of(t.column("value")), _ints(t, "place"), _ints(t, "row")
    )


def groups(file: Path, meters: Ints | None, columns: Sequence[str]) -> Iterator[pa.Table]:
    """The groups of rows of a file that can hold any of the meters."""
    with pq.ParquetFile(file) as opened:
        at = opened.schema_arrow.get_field_index("meter")
        for n in range(opened.num_row_groups):
            if meters is not None:
                told = opened.metadata.row_group(n).column(at).statistics
                if told is not None and told.has_min_max and not holds_any(meters, told.min, told.max):
                    continue
            yield opened.read_row_group(n, columns=list(columns), use_threads=False)


def holds_any(numbers: Ints, low: int, high: int) -> bool:
    """Whether any of the sorted numbers lies in `[low, high]`."""
    return bool(np.searchsorted(numbers, low, "left") < np.searchsorted(numbers, high, "right"))


def among(column: Ints, numbers: Ints) -> Flags:
    """Which rows, those of one meter together, are of the sorted numbers."""
    if not len(numbers) or not len(column):
        return np.zeros(len(column), dtype=bool)
    start = np.flatnonzero(np.append(True, column[1:] != column[:-1]))
    place = np.minimum(np.searchsorted(numbers, column[start]), len(numbers) - 1)
    found: Flags = np.repeat(numbers[place] == column[start], np.diff(np.append(start, len(column))))
    return found


def _kept(table: pa.Table, meters: Ints | None) -> pa.Table:
    if meters is None:
        return table
    keep = among(_ints(table, "meter"), meters)
    return table if keep.all() else table.filter(pa.array(keep))


def _columns(table: pa.Table, meters: Ints | None, without: Ints | None) -> Piece:
    meter, at = _ints(table, "meter"), _ints(table, "at")
    value = millionths_of(table.column("value"))
    if meters is None and without is None:
        return meter, at, value
    keep = np.ones(len(meter), dtype=bool) if meters is None else among(meter, meters)
    if without is not None:
        keep &= ~among(meter, without)
    return (meter, at, value) if keep.all() else (meter[keep], at[keep], value[keep])


def _ints(table: pa.Table, name: str) -> Ints:
    found: Ints = table.column(name).to_numpy().view("i8")
    return found
