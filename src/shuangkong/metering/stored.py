"""Stored readings as columns (入湖读数): the lake's decimals as the whole numbers that they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from shuangkong.metering.checks import in_order
from shuangkong.metering.model import NO_VALUE
from shuangkong.metering.tiles import Columns, Ints


@dataclass(frozen=True, slots=True)
class StoredRows:
    """Readings in order (meter, time, coming), with when each was received and the mark of its source.

    `again`: how often each was sent again before compaction left the repeats out; None: no row was.
    """

    rows: Columns
    received: Ints
    mark: Ints
    again: Ints | None = None

    def chosen(self, where: Any) -> StoredRows:
        """The rows that a mask or places choose, in their order."""
        r = self.rows
        return StoredRows(
            Columns(r.meter[where], r.at[where], r.value[where], r.place[where], r.row[where]),
            self.received[where], self.mark[where], None if self.again is None else self.again[where],
        )  # fmt: skip

    def repeats(self) -> Ints:
        """How often each was sent again before compaction."""
        return np.zeros(len(self.mark), dtype=np.int64) if self.again is None else self.again


def stored_rows(files: Iterable[Path], meters: Ints | None = None) -> StoredRows:
    """The readings of files of `readings`; `meters` (sorted numbers) limits of which."""
    return in_one([part for f in files for part in _read(pq.ParquetFile(f), meters)])


def _read(file: pq.ParquetFile, meters: Ints | None) -> Iterator[StoredRows]:
    """The row groups of a file that can hold one of the meters; files are sorted by meter."""
    names = ["meter", "at", "value", "mark", "received_at", "place", "row"]
    column = file.schema_arrow.get_field_index("meter")
    for n in range(file.num_row_groups):
        bounds = file.metadata.row_group(n).column(column).statistics
        if meters is not None and bounds is not None and bounds.has_min_max:
            first = np.searchsorted(meters, bounds.min)
            if first == len(meters) or meters[first] > bounds.max:
                continue
        part = _columns(file.read_row_group(n, columns=names), meters)
        if len(part.mark):
            yield part


def in_one(parts: list[StoredRows]) -> StoredRows:
    """Several in one, in order."""
    if not parts:
        nothing = np.zeros(0, dtype=np.int64)
        return StoredRows(Columns(nothing, nothing, nothing, nothing, nothing), nothing, nothing)
    if len(parts) == 1:
        return _sorted(parts[0])
    rows = Columns(
        *(np.concatenate([getattr(p.rows, n) for p in parts]) for n in ("meter", "at", "value", "place", "row"))
    )
    return _sorted(
        StoredRows(
            rows,
            np.concatenate([p.received for p in parts]),
            np.concatenate([p.mark for p in parts]),
            np.concatenate([p.repeats() for p in parts]) if any(p.again is not None for p in parts) else None,
        )
    )


def with_repeats(given: StoredRows, files: Iterable[Path]) -> StoredRows:
    """The readings, each with how often files of `reading_repeats` say that it was sent again."""
    times: Counter[tuple[int, int, int, int]] = Counter()
    for file in files:
        table = pq.ParquetFile(file).read(columns=["meter", "at", "value", "mark", "times"])
        value = millionths_of(table.column("value")).tolist()
        key = zip(*(_numbers(table, n).tolist() for n in ("meter", "at")), value, strict=True)
        for (meter, at, said), mark, n in zip(
            key, *(table.column(n).to_pylist() for n in ("mark", "times")), strict=True
        ):
            times[meter, at, said, mark] += n
    if not times:
        return given
    again = np.zeros(len(given.mark), dtype=np.int64)
    r = given.rows
    near = np.flatnonzero(np.isin(r.meter, np.array(sorted({k[0] for k in times}), dtype=np.int64)))
    said_rows = zip(*(c[near].tolist() for c in (r.meter, r.at, r.value, given.mark)), strict=True)
    for place, one in zip(near.tolist(), said_rows, strict=True):
        again[place] = times.pop(one, 0)
    return StoredRows(r, given.received, given.mark, again)


def _sorted(given: StoredRows) -> StoredRows:
    r = given.rows
    if in_order(r) is r:
        return given
    return given.chosen(np.lexsort((r.row, r.place, r.at, r.meter)))


def _columns(table: pa.Table, meters: Ints | None) -> StoredRows:
    found = StoredRows(readings_of(table), _numbers(table, "received_at"), _numbers(table, "mark"))
    if meters is None or not len(found.mark):
        return found
    at = np.minimum(np.searchsorted(meters, found.rows.meter), max(0, len(meters) - 1))
    return found.chosen(meters[at] == found.rows.meter if len(meters) else np.zeros(len(found.mark), dtype=bool))


def readings_of(table: pa.Table) -> Columns:
    """The columns of readings of a table of `readings`, as they stand there."""
    return Columns(
        _numbers(table, "meter"), _numbers(table, "at"), millionths_of(table.column("value")), _numbers(table, "place"),
        _numbers(table, "row"),
    )  # fmt: skip


def millionths_of(column: pa.ChunkedArray) -> Ints:
    """DECIMAL(18,6) as whole millionths without reading a digit: the lower half of each number; null is NO_VALUE."""
    parts = []
    for chunk in column.chunks:
        whole = np.frombuffer(chunk.buffers()[1], dtype="<i8").reshape(-1, 2)[
            chunk.offset : chunk.offset + len(chunk), 0
        ]
        if chunk.null_count:
            whole = whole.copy()
            whole[chunk.is_null().to_numpy(zero_copy_only=False)] = NO_VALUE
        parts.append(whole)
    if not parts:
        return np.zeros(0, dtype=np.int64)
    return parts[0].astype(np.int64, copy=True) if len(parts) == 1 else np.concatenate(parts)


def _numbers(table: pa.Table, name: str) -> Ints:
    found: Ints = table.column(name).to_numpy().view("i8")
    return found
