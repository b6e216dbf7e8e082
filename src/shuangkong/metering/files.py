"""Readings from files (读数文件): sheets, CSV and Parquet by a mapping that says which column is what.

A mapping is a small YAML file, kept beside the data and handed on with it:

    at: {column: date, format: "%d/%m/%Y %H:%M", midnight: day_end}
    values:
      - {column: Usage_kWh, channel: E01}      # a column for each meter
    # or, one row a reading:
    meter: {column: 表号}
    values: [{column: 读数}]
    mark: {column: 标记}

`midnight: day_end` says that 00:00 of a day stands for its end (24:00), as some systems write it. No more is mended.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Literal

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from shuangkong.kernel.errors import UserError
from shuangkong.metering.columns import Columns, exact_millionths, instants, marks, moment_of, numbered
from shuangkong.metering.committing import content_of
from shuangkong.metering.model import Batch
from shuangkong.registry.api import sheets

ROWS_OF_A_BATCH = 100_000
_NO_VALUE = frozenset({"", "-", "--", "—", "/", "null", "NULL", "NaN", "nan", "缺测", "无"})


class _Named(msgspec.Struct, forbid_unknown_fields=True):
    column: str


class AtColumn(msgspec.Struct, forbid_unknown_fields=True):
    """The column of times: `format` as strptime writes it, where the texts are not ISO."""

    column: str
    format: str = ""
    midnight: Literal["day_start", "day_end"] = "day_start"


class ValueColumn(msgspec.Struct, forbid_unknown_fields=True):
    """A column of readings; `channel` names its meter, where the rows do not."""

    column: str
    channel: str = ""


class FileMap(msgspec.Struct, forbid_unknown_fields=True):
    """Which column of a file is what; see the module."""

    at: AtColumn
    values: list[ValueColumn]
    meter: _Named | None = None
    mark: _Named | None = None
    sheet: str = ""


@dataclass(frozen=True, slots=True)
class _Grid:
    heads: list[str]
    rows: list[list[Any]]
    #: Whether cells follow each other by commas, so that a row can have more of them than the head.
    loose: bool = False


def read_map(path: Path) -> FileMap:
    """The mapping of a file; raises ING-005 with what is wrong in it."""
    try:
        found = msgspec.yaml.decode(path.read_bytes(), type=FileMap)
    except (msgspec.DecodeError, UnicodeDecodeError, OSError) as wrong:
        raise _unmapped(path, f"{wrong}.") from wrong
    named = [v.channel for v in found.values]
    if not named or (found.meter is None) != all(named) or (found.meter is not None and any(named)):
        raise _unmapped(path, "either every column of values names its channel, or a column names the meter.")
    if found.meter is not None and len(named) > 1:
        raise _unmapped(path, "where a column names the meter there is one column of values.")
    return found


def batches(path: Path, mapping: FileMap, source: str, received: int = 0) -> Iterator[Batch]:
    """The readings of a file as posts, each with an id made of the file and what was read of it: sent again it changes
    nothing, and read by another mapping it is another post.

    Rows that cannot be taken are refused in their batch, by their number among the rows below the head. Raises IMP-001
    for a file that cannot be read and ING-005 for a column that is not there.
    """
    data = _bytes(path)
    grid = _grid(path, data, mapping)
    places = _places(path, grid, mapping)
    digest = hashlib.sha256(data).hexdigest()[:24]
    for first in range(0, len(grid.rows), ROWS_OF_A_BATCH):
        rows = grid.rows[first : first + ROWS_OF_A_BATCH]
        for n, value in enumerate(mapping.values):
            made = _columns(rows, places, mapping, value)
            for row in (r for r, cells in enumerate(rows) if grid.loose and _too_many(cells, len(grid.heads))):
                made.refuse(row, "columns_too_many", ",".join("" if c is None else str(c) for c in rows[row]))
            found = made.batch(source, "", received)
            yield replace(found, batch=f"{digest}-{n}-{first}-{content_of(found).hex()}", received=0)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as wrong:
        raise UserError(
            "IMP-001", f"{wrong.strerror}.", where=path.name, remedy="Name a file that can be read.",
            case="unopened",
        ) from wrong  # fmt: skip


def _grid(path: Path, data: bytes, mapping: FileMap) -> _Grid:
    """The cells of a file below its head, the first row with all the columns that are asked for."""
    if data.startswith(b"PAR1"):
        try:
            table = pq.read_table(pa.BufferReader(data))
        except (pa.ArrowInvalid, OSError) as wrong:
            raise _unmapped(path, f"it is no sound Parquet file: {wrong}.") from wrong
        columns = [_cells(c) for c in table.columns]
        return _Grid(list(table.column_names), [list(r) for r in zip(*columns, strict=True)])
    sheet = sheets.read_sheet(data, name=path.name, sheet=mapping.sheet or None)
    wanted = _wanted(mapping)
    for n, row in enumerate(sheet.rows[:50]):
        heads = ["" if c is None else str(c).strip() for c in row]
        if wanted <= set(heads):
            rows = [list(r) for r in sheet.rows[n + 1 :] if any(c not in (None, "") for c in r)]
            return _Grid(heads, rows, loose=sheet.form == "csv")
    first: list[Any] = next((r for r in sheet.rows if any(c not in (None, "") for c in r)), [])
    return _Grid(["" if c is None else str(c).strip() for c in first], [])


def _cells(column: pa.ChunkedArray) -> list[Any]:
    """The cells of a column; of narrow floats the texts, which say no more digits than were written."""
    if column.type in (pa.float16(), pa.float32()):
        return [None if c != c else str(c) for c in column.fill_null(float("nan")).to_numpy()]
    found: list[Any] = column.to_pylist()
    return found


def _too_many(cells: list[Any], columns: int) -> bool:
    """Whether something stands behind the last head: 1,234.5 without quotes moves all that follows it."""
    return any(c not in (None, "") for c in cells[columns:])


def _wanted(mapping: FileMap) -> set[str]:
    named = (mapping.at, mapping.meter, mapping.mark, *mapping.values)
    return {n.column for n in named if n is not None}


def _places(path: Path, grid: _Grid, mapping: FileMap) -> dict[str, int]:
    absent = sorted(_wanted(mapping) - set(grid.heads))
    if absent:
        raise _unmapped(path, f"the file has no column {', '.join(absent)}; it has {', '.join(grid.heads)[:200]}.")
    return {name: grid.heads.index(name) for name in _wanted(mapping)}


def _columns(rows: list[list[Any]], places: dict[str, int], mapping: FileMap, value: ValueColumn) -> Columns:
    def column(name: str) -> list[Any]:
        place = places[name]
        return [r[place] if place < len(r) else None for r in rows]

    made = Columns((), np.zeros(0, np.uint32), np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.uint8))
    if mapping.meter is not None:
        made.names, made.channel = numbered(["" if m is None else m for m in column(mapping.meter.column)])
    else:
        made.names, made.channel = [value.channel], np.zeros(len(rows), dtype=np.uint32)
    made.at = instants([_moment(c, mapping.at) for c in column(mapping.at.column)], made.refuse)
    made.value = exact_millionths([_number(c) for c in column(value.column)], made.refuse)
    made.mark = marks(None if mapping.mark is None else column(mapping.mark.column), len(rows), made.refuse)
    return made


def _moment(cell: object, column: AtColumn) -> object:
    """A time as a moment where the mapping says how; else as it is written."""
    found: object = cell
    if isinstance(cell, date) and not isinstance(cell, datetime):
        found = datetime.combine(cell, time())
    elif column.format and isinstance(cell, str):
        try:
            found = datetime.strptime(cell.strip(), column.format)  # noqa: DTZ007 — Chinese time, as everywhere here
        except ValueError:
            return cell
    elif isinstance(cell, str) and column.midnight == "day_end" and "24:00" not in cell:
        found = moment_of(cell) or cell
    if isinstance(found, datetime) and column.midnight == "day_end" and found.time() == time():
        return found + timedelta(days=1)
    return "" if found is None else found


def _number(cell: object) -> object:
    if cell is None or (isinstance(cell, str) and cell.strip() in _NO_VALUE) or cell != cell:
        return None
    return repr(cell) if isinstance(cell, float) else cell


def _unmapped(path: Path, message: str) -> UserError:
    return UserError(
        "ING-005", message, where=path.name, case="mapping",
        remedy="Mend the mapping: at, values, and meter or a channel for each; docs/design/metering.md shows one.",
    )  # fmt: skip
