"""Arrow streams within bounds: nothing is unpacked or spread out before it is known how much that is."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest

from shuangkong.kernel.errors import UserError
from shuangkong.metering.decoding import ARROW, decoded

NOON = datetime(2026, 1, 1, 4, tzinfo=UTC)


def stream(table: pa.Table, compression: str | None = None) -> bytes:
    """A table as an IPC stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression=compression)) as out:
        out.write_table(table)
    return bytes(sink.getvalue())


def readings(meter: object, rows: int) -> pa.Table:
    """A table of readings with this column of meters."""
    at = pa.array(np.full(rows, int(NOON.timestamp()) * 1_000_000), pa.timestamp("us", tz="UTC"))
    return pa.table({"meter": meter, "at": at, "value": pa.array(np.ones(rows))})


@pytest.mark.parametrize("compression", ["zstd", "lz4"])
def test_a_compressed_stream_is_refused_before_it_is_unpacked(compression: str) -> None:
    """A million equal rows are a fraction of themselves packed: nobody unpacks them."""
    table = readings(pa.array(["E01"] * 1_000_000), 1_000_000)
    data = stream(table, compression)
    assert len(data) < 6_000_000
    with pytest.raises(UserError, match=r"ING-001.*compressed"):
        decoded(data, ARROW, "u1", 0, "b1")


def test_a_compressed_dictionary_is_refused_too() -> None:
    """Names may come as a dictionary with a body of its own."""
    table = readings(pa.array(["E01", "E02"] * 5000).dictionary_encode(), 10_000)
    with pytest.raises(UserError, match="compressed"):
        decoded(stream(table, "zstd"), ARROW, "u1", 0, "b1")
    assert len(decoded(stream(table), ARROW, "u1", 0, "b1")) == 10_000


@pytest.mark.parametrize(
    "meter",
    [
        pa.array(["x" * 40] * 4, pa.string_view()),
        pa.RunEndEncodedArray.from_arrays([4], ["E01"]),
        pa.DictionaryArray.from_arrays(pa.array([0, 0, 0, 0]), pa.array(["x" * 5000])),
        pa.array([["E01"]] * 4),
        pa.nulls(4),
    ],
    ids=["view", "runs", "long dictionary", "list", "null"],
)
def test_types_that_stand_for_more_than_they_take_are_refused(meter: object) -> None:
    """Each would let a short post ask for any amount of memory, or is no name."""
    with pytest.raises(UserError, match="ING-001"):
        decoded(stream(readings(meter, 4)), ARROW, "u1", 0, "b1")


def test_an_empty_time_is_refused_in_its_row() -> None:
    """No time is not 1970, and not the year 2000."""
    at = pa.array([NOON, None], pa.timestamp("us", tz="UTC"))
    table = pa.table({"meter": ["E01", "E01"], "at": at, "value": [1.0, 2.0]})
    found = decoded(stream(table), ARROW, "u1", 0, "b1")
    assert (len(found), [(r.row, r.why) for r in found.refused]) == (1, [(2, "time_unreadable")])
