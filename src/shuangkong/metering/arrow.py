"""Arrow streams into columns (Arrow 报文), within bounds: a short stream cannot ask for more room than it takes itself.

Compressed bodies are refused before anything is unpacked, and so are types whose values may lie over one another
(views, run ends), or whose dictionary is long: a few bytes of those can stand for any number of others.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shuangkong.metering.columns import Columns, exact_millionths, marks, millionths

#: The longest word of a dictionary: names of meters, numbers as texts, marks.
_LONGEST = 200
_SCHEMA, _DICTIONARY, _RECORDS = 1, 2, 3


class Unfit(Exception):
    """The stream is none, or not one that is taken; says what and what to send instead."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.message, self.remedy = message, remedy


def arrow_table(data: bytes, most: int) -> pa.Table:
    """The columns meter, at, value and, if it is there, mark of a stream; raises Unfit."""
    try:
        for compressed in _compressed(data):
            if compressed:
                raise Unfit("its bodies are compressed.", "Write the stream without compression.")
        with pa.ipc.open_stream(data) as stream:
            table = stream.read_all()
    except (pa.ArrowException, OSError, ValueError, struct.error, IndexError) as wrong:
        raise Unfit("it is not an Arrow stream.", "Send the IPC stream format of Arrow.") from wrong
    twice = sorted({name for name in table.column_names if table.column_names.count(name) > 1})
    if twice:
        raise Unfit(f"there are two columns {', '.join(twice)}.", "Give each column a name of its own.")
    absent = [name for name in ("meter", "at", "value") if name not in table.column_names]
    if absent:
        raise Unfit(f"there is no column {', '.join(absent)}.", "Name the columns meter, at, value and mark.")
    if table.num_rows > most:
        raise Unfit(f"it has {table.num_rows} readings, more than {most}.", "Send it in several posts.")
    table = table.select([n for n in ("meter", "at", "value", "mark") if n in table.column_names])
    for name, column in zip(table.column_names, table.columns, strict=True):
        _require_plain(name, column)
    return table.combine_chunks()


def arrow_columns(table: pa.Table, columns: Columns) -> Columns:
    """The table's rows as exact columns; raises Unfit for a type that is none of a reading."""
    try:
        names = pc.dictionary_encode(table.column("meter").cast(pa.string())).combine_chunks()
        names = names.chunk(0) if isinstance(names, pa.ChunkedArray) else names
        columns.names = names.dictionary.to_pylist()
        places = names.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
        columns.channel = np.where(places < 0, np.iinfo(np.uint32).max, places).astype(np.uint32)
        columns.at = _times(table.column("at"), columns)
        columns.value = _values(table.column("value"), columns)
        given = table.column("mark").cast(pa.string()).to_pylist() if "mark" in table.column_names else None
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, UnicodeDecodeError) as wrong:
        raise Unfit(
            f"a column has the wrong type: {wrong}.", "meter is text, at a timestamp, value a decimal or a number."
        ) from wrong  # fmt: skip
    columns.mark = marks(given, table.num_rows, columns.refuse)
    return columns


def _times(column: pa.ChunkedArray, columns: Columns) -> Any:
    """Timestamps; without a zone they are Chinese time, as in every other format. An empty one is refused."""
    kind = column.type
    if not pa.types.is_timestamp(kind):
        raise pa.ArrowInvalid(f"at is {kind}")
    if kind.tz is None:
        column = pc.assume_timezone(column, "Asia/Shanghai")
    for n in np.flatnonzero(column.is_null().to_numpy()):
        columns.refuse(int(n), "time_unreadable", "")
    found = column.cast(pa.timestamp("us", tz="UTC")).cast(pa.int64()).fill_null(0)
    return found.to_numpy()


def _values(column: pa.ChunkedArray, columns: Columns) -> Any:
    kind = column.type
    if pa.types.is_floating(kind):
        given = column.fill_null(float("nan")).to_numpy()
        found = millionths(given) if given.dtype == np.float64 else None
        if found is not None:
            return found
        # the shortest text of a number, at its own width, is what its sender wrote
        return exact_millionths([None if v != v else str(v) for v in given], columns.refuse)
    if pa.types.is_integer(kind) or pa.types.is_decimal(kind) or pa.types.is_string(kind):
        return exact_millionths([Decimal(v) if isinstance(v, int) else v for v in column.to_pylist()], columns.refuse)
    raise pa.ArrowInvalid(f"value is {kind}")


def _require_plain(name: str, column: pa.ChunkedArray) -> None:
    kind = column.type
    if pa.types.is_dictionary(kind):
        if not (pa.types.is_string(kind.value_type) or pa.types.is_large_string(kind.value_type)):
            raise Unfit(f"the dictionary of {name} is of {kind.value_type}.", "Send words in a dictionary, or none.")
        for chunk in column.chunks:
            longest = pc.max(pc.binary_length(chunk.dictionary)).as_py()
            if longest is not None and longest > _LONGEST:
                raise Unfit(f"the dictionary of {name} has a word of {longest} bytes.", "Send shorter names.")
        return
    plain = (
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_timestamp(kind)
        or pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_decimal(kind)
    )  # fmt: skip
    if not plain:
        raise Unfit(f"{name} is {kind}.", "meter is text, at a timestamp, value a decimal or a number.")


def _compressed(data: bytes) -> Iterator[bool]:
    """For each message of rows in the stream, whether its body is compressed: field 3 of a record batch is there."""
    for message in pa.ipc.MessageReader.open_stream(data):
        said = bytes(message.metadata)
        root = _UINT.unpack_from(said)[0]
        kind = said[at] if (at := _field(said, root, 1)) else 0
        header = _field(said, root, 2)
        if kind not in (_DICTIONARY, _RECORDS) or not header:
            continue
        rows = _follow(said, header)
        if kind == _DICTIONARY:
            inner = _field(said, rows, 1)
            rows = _follow(said, inner) if inner else rows
        yield bool(_field(said, rows, 3))


_UINT = struct.Struct("<I")


def _follow(said: bytes, at: int) -> int:
    """Where an offset of a flatbuffer leads to."""
    return at + int(_UINT.unpack_from(said, at)[0])


def _field(said: bytes, table: int, number: int) -> int:
    """Where a field of a table of a flatbuffer stands, or 0 where it is left out."""
    entries = table - int(struct.unpack_from("<i", said, table)[0])
    (size,) = struct.unpack_from("<H", said, entries)
    place = 4 + 2 * number
    if place + 2 > size:
        return 0
    (offset,) = struct.unpack_from("<H", said, entries + place)
    return table + int(offset) if offset else 0
