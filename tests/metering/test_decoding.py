"""Posts of readings: four formats say the same, digits stay, bad rows are refused alone, rubbish whole."""

from __future__ import annotations

import json
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shuangkong.kernel.errors import UserError
from shuangkong.kernel.numbers import quantise
from shuangkong.metering.decoding import ARROW, CSV, JSON, NDJSON, decoded
from shuangkong.metering.model import NO_VALUE, Batch

ROWS = [
    ("E01", "2026-01-01T00:15:00+08:00", "12.5", "N"),
    ("E02", "2026-01-01T00:15:00+08:00", "999999999999.999999", ""),
    ("E01", "2026-01-01T00:30:00+08:00", None, "D"),
    ("E01", "2026-01-01T24:00:00+08:00", "-0.000001", "N"),
]
FIRST = 1_767_197_700_000_000


def columnar() -> bytes:
    """The rows as columnar JSON, with numbers printed as they are."""
    values = ", ".join("null" if r[2] is None else r[2] for r in ROWS)
    return (
        f'{{"batch": "b1", "meter": {json.dumps([r[0] for r in ROWS])}, "at": {json.dumps([r[1] for r in ROWS])},'
        f' "value": [{values}], "mark": {json.dumps([r[3] for r in ROWS])}}}'
    ).encode()


def lines() -> bytes:
    """The rows as one object a line."""
    names = ("meter", "at", "value", "mark")
    return "\n".join(json.dumps(dict(zip(names, r, strict=True))) for r in ROWS).encode()


def sheet(encoding: str) -> bytes:
    """The rows as a sheet with Chinese heads."""
    return "\r\n".join(["表计编号,时间,读数,标记", *(",".join(x or "" for x in r) for r in ROWS)]).encode(encoding)


def arrow() -> bytes:
    """The rows as an Arrow stream of decimals and aware timestamps."""
    from shuangkong.metering.columns import instants

    at = instants([r[1] for r in ROWS], lambda *_: None)
    table = pa.table({
        "meter": [r[0] for r in ROWS], "at": pa.array(at, pa.timestamp("us", tz="UTC")),
        "value": pa.array([None if r[2] is None else Decimal(r[2]) for r in ROWS], pa.decimal128(18, 6)),
        "mark": [r[3] for r in ROWS],
    })  # fmt: skip
    return stream(table)


def stream(table: pa.Table) -> bytes:
    """A table as an Arrow stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    data: bytes = sink.getvalue().to_pybytes()
    return data


def told(found: Batch) -> list[tuple[str, int, int, str]]:
    """A batch as rows."""
    return [
        (found.channels[c], int(a), int(v), chr(m) if m else "")
        for c, a, v, m in zip(found.channel, found.at, found.value, found.mark, strict=True)
    ]


@pytest.mark.parametrize(
    ("kind", "data"),
    [(JSON, columnar()), (NDJSON, lines()), (CSV, sheet("utf-8-sig")), (CSV, sheet("gb18030")), (ARROW, arrow())],
)
def test_every_format_says_the_same(kind: str, data: bytes) -> None:
    """Meters, instants, exact values, no value, marks; 24:00 is the first moment of the next day."""
    found = decoded(data, kind, "u1", 5, "b1")
    assert told(found) == [
        ("E01", FIRST, 12_500_000, "N"),
        ("E02", FIRST, 999_999_999_999_999_999, ""),
        ("E01", FIRST + 900_000_000, NO_VALUE, "D"),
        ("E01", FIRST + 85_500_000_000, -1, "N"),
    ]
    assert (found.source, found.batch, found.received, found.refused_in_all) == ("u1", "b1", 5, 0)


numbers = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12) + 1, max_value=10**12 - 1)


@given(st.lists(st.none() | numbers | st.integers(-(10**12) + 1, 10**12 - 1), max_size=30), st.booleans())
def test_numbers_keep_their_digits(values: list[Decimal | int | None], as_text: bool) -> None:
    """Any printed number is what it says, rounded at most once to six places, half away from zero; texts alike."""
    printed = [None if v is None else (f"{v:f}" if isinstance(v, Decimal) else str(v)) for v in values]
    said = ", ".join("null" if p is None else (f'"{p}"' if as_text else p) for p in printed)
    at = [1_767_196_800_000] * len(values)
    data = f'{{"batch": "b", "meters": ["m"], "meter": {[0] * len(values)}, "at_ms": {at}, "value": [{said}]}}'
    found = decoded(data.encode(), JSON, "u", 0)
    wanted = [None if p is None else int(quantise(Decimal(p)).scaleb(6)) for p in printed]
    kept = [w for w in wanted if w is None or abs(w) < 10**18]
    assert [None if v == NO_VALUE else int(v) for v in found.value] == kept
    assert found.refused_in_all == len(wanted) - len(kept)


def test_a_bad_row_is_refused_alone_and_named() -> None:
    """Rows that cannot be are left out, the others are taken; the answer says which, why and what they said."""
    bad = (
        "", "E03,昨天,1,N", "E03,2026-1-1 0:15,约 3,N", "E03,1970-01-01,3,N", ",2026/1/1 0:15,3,N",
        "E03,2026-01-01 00:15,3,好", "E03,²025-1-1 0:15,3,", f"E03,{'2' * 5000}-1-1,3,",
    )  # fmt: skip
    data = sheet("utf-8") + "\r\n".join(bad).encode()
    found = decoded(data, CSV, "u1", 0, "b1")
    assert len(found) == 4
    assert [(r.row, r.why) for r in found.refused] == [
        (5, "time_unreadable"), (6, "value_unreadable"), (7, "time_impossible"), (8, "meter_name"), (9, "mark_unknown"),
        (10, "time_unreadable"), (11, "time_unreadable"),
    ]  # fmt: skip
    assert found.refused[1].said == "约 3"


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        (JSON, b""), (JSON, b"{"), (JSON, b"[1]"), (JSON, b'{"batch": "b"}'), (JSON, b"\xff\xfe"),
        (JSON, b"[" * 100_000),
        (JSON, b'{"batch": "b", "meter": ["m"], "at_ms": [1], "value": []}'),
        (JSON, b'{"batch": "b", "meter": ["m"], "value": [1]}'),
        (JSON, b'{"batch": "", "meter": ["m"], "at_ms": [1], "value": [1]}'),
        (JSON, b'{"batch": "b", "meters": ["m"], "meter": ["m"], "at_ms": [1], "value": [1]}'),
        (JSON, b'{"batch": "b", "meter": ["m"], "at_ms": [1], "value": [NaN]}'),
        (NDJSON, b"no\nno"), (CSV, b"a,b\n1,2"), (CSV, b'meter,at,value\n"'), (ARROW, b"ARROW1"), ("text/plain", b"1"),
    ],
)  # fmt: skip
def test_rubbish_is_refused_whole(kind: str, data: bytes) -> None:
    """What cannot be read is ING-001 with a remedy, never a bug and never half taken."""
    with pytest.raises(UserError, match="ING-001") as wrong:
        decoded(data, kind, "u", 0, "" if kind == JSON else "b")
    assert wrong.value.remedy


@given(st.binary(max_size=120), st.sampled_from([JSON, NDJSON, CSV, ARROW]))
def test_any_bytes_are_taken_or_refused(data: bytes, kind: str) -> None:
    """Nothing else than a batch or ING-001 comes of any bytes."""
    try:
        assert len(decoded(data, kind, "u", 0, "b")) >= 0
    except UserError as wrong:
        assert wrong.code == "ING-001"  # noqa: PT017 — both endings are allowed


@pytest.mark.parametrize(("later", "kept"), [(0, 1), (86_399_999, 1), (86_400_000, 0), (10**12, 0)])
def test_what_nobody_can_have_read_yet_is_refused(later: int, kept: int) -> None:
    """A moment of a day and more after the post came is a slip of a clock, told by its row; without a clock of ours
    nothing is held against it.
    """
    now = 1_767_196_800_000
    data = {"batch": "b", "meters": ["m"], "meter": [0], "value": [1], "at_ms": [now + later]}
    found = decoded(json.dumps(data).encode(), JSON, "u", now * 1000)
    assert (len(found), [r.why for r in found.refused]) == (kept, ["time_impossible"] * (1 - kept))
    assert len(decoded(json.dumps(data).encode(), JSON, "u", 0)) == 1


def test_a_row_with_more_cells_than_heads_is_refused() -> None:
    """1,234.5 without quotes is no reading of 1; in quotes it is 1234.5, and blank cells at the end do no harm."""
    data = 'meter,at,value\nE01,2026-01-01 00:15,1,234.5\nE01,2026-01-01 00:30,"1,234.5",,\n'
    found = decoded(data.encode(), CSV, "u", 0, "b")
    assert found.value.tolist() == [1_234_500_000]
    assert [(r.row, r.why, r.said) for r in found.refused] == [(1, "columns_too_many", "E01,2026-01-01 00:15,1,234.5")]


@pytest.mark.parametrize("kind", [pa.float16(), pa.float32(), pa.float64()])
def test_floats_keep_the_digits_of_their_own_width(kind: pa.DataType) -> None:
    """What was written with few digits is not read with the many that a wider float would need for it."""
    values = ["0.1", "1.5", "123.456", "123456.7"] if kind != pa.float16() else ["0.1", "1.5"]
    table = pa.table({
        "meter": ["E01"] * len(values), "at": pa.array([FIRST] * len(values), pa.timestamp("us", tz="UTC")),
        "value": pa.array([float(v) for v in values], pa.float64()).cast(kind),
    })  # fmt: skip
    found = decoded(stream(table), ARROW, "u", 0, "b")
    assert found.value.tolist() == [int(Decimal(v).scaleb(6)) for v in values]


def test_two_columns_of_one_name_are_refused() -> None:
    """Which of them is meant nobody can say."""
    columns = [["E01"], pa.array([FIRST], pa.timestamp("us", tz="UTC")), [1.0], [2.0]]
    table = pa.Table.from_arrays([pa.array(c) for c in columns], names=["meter", "at", "value", "value"])
    with pytest.raises(UserError, match=r"ING-001.*two columns value"):
        decoded(stream(table), ARROW, "u", 0, "b")


def test_a_line_without_a_value_says_nothing() -> None:
    """A slip in the name of a field is no reading without value; null is. A value in another encoding is refused."""
    data = b"\n".join([
        b'{"meter": "E01", "at": "2026-01-01", "vlaue": 1}', b'{"meter": "E01", "at": "2026-01-01", "value": null}',
        b'{"meter": "E01", "at": "2026-01-01", "value": "\xbd1"}',
    ])  # fmt: skip
    found = decoded(data, NDJSON, "u", 0, "b")
    assert found.value.tolist() == [NO_VALUE]
    assert [(r.row, r.why) for r in found.refused] == [(1, "line_unreadable"), (3, "value_unreadable")]


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("2026-01-01t00:15", True), ("２０２６－０１－０１　００：１５", True), ("2026-1-1 0:15", True),
        ("2026-01-01100:15", False), ("20260101001", False), ("2026-01-01 00:15:60", False),
    ],
)  # fmt: skip
def test_a_time_is_read_or_refused_and_never_guessed(text: str, same: bool) -> None:
    """Full-width signs say what those of a keyboard do; a digit too many parts nothing."""
    found = decoded(f"meter,at,value\nE01,{text},1\n".encode(), CSV, "u", 0, "b")
    assert found.at.tolist() == ([1_767_197_700_000_000] if same else [])
    assert found.refused_in_all == (0 if same else 1)


def test_times_and_places_out_of_range_are_refused() -> None:
    """Milliseconds of no year, a place outside the list of meters: refused by row, the rest is taken."""
    data = {
        "batch": "b", "meters": ["m"], "meter": [0, 7, -1, 0, 0], "value": [1, 2, 3, 4, 5],
        "at_ms": [1_767_196_800_000, 1_767_196_800_000, 1_767_196_800_000, 10**17, -5],
    }  # fmt: skip
    found = decoded(json.dumps(data).encode(), JSON, "u", 0)
    assert [(r.row, r.why) for r in found.refused] == [
        (2, "meter_missing"), (3, "meter_missing"), (4, "time_impossible"), (5, "time_impossible"),
    ]  # fmt: skip
    assert np.array_equal(found.value, [1_000_000])
