"""Uploads of key units: rows into exact columns, by our names or a mapping's; what cannot be taken is named."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shuangkong.kernel.errors import UserError
from shuangkong.metering.decoding import JSON
from shuangkong.metering.key_units import decoded, own_map, read_key_unit_map
from shuangkong.metering.model import NO_VALUE, Batch

ROW = {"code": "02000100-3300-1", "time": "2026-01-01 00:15", "value": 12.5}
OTHER = """
batch: id
rows: list
code: dataCode
time: statDate
value: dataValue
grain: {field: statType, words: {"0": realtime, "1": day}}
marks: [{field: inputType, words: {"1": "", "2": S}}]
ignored: [deviceId]
"""


def taken(*rows: object, **more: object) -> Batch:
    """The batch of rows in our own format."""
    return decoded(json.dumps({"batch": "b1", "data": rows, **more}).encode(), JSON, "u1", 0)


def test_rows_become_channels_by_code_and_grain() -> None:
    """A day's sum has a channel of its own; a value keeps its digits; null is none; marks say what the source said."""
    found = taken(
        ROW, ROW | {"grain": "day", "time": "2026-01-01", "value": "123456789012.123456"},
        ROW | {"value": None, "input": "manual", "valid": False}, enterprise="91310000MA1FL0000X",
    )  # fmt: skip
    assert found.channels == ("02000100-3300-1/realtime", "02000100-3300-1/day")
    assert found.channel.tolist() == [0, 1, 0]
    assert found.value.tolist() == [12_500_000, 123456789012123456, NO_VALUE]
    assert bytes(found.mark) == b"\0\0D"
    assert (found.at[1] - found.at[0]) // 60_000_000 == -15
    assert found.refused_in_all == 0


def test_rows_that_cannot_be_taken_are_named() -> None:
    """An unknown field, a missing one, no row at all, an unknown grain, no number, no time: the others are taken."""
    found = taken(
        ROW, ROW | {"colour": 1}, {"code": "x", "time": "2026-01-01"}, [1], ROW | {"grain": "week"},
        ROW | {"value": True}, ROW | {"time": "soon"}, ROW | {"input": "guessed"},
    )  # fmt: skip
    assert len(found) == 1
    assert [(r.row, r.why) for r in found.refused] == [
        (2, "field_unknown"), (3, "columns_missing"), (4, "row_unreadable"), (5, "grain_unknown"),
        (6, "value_unreadable"), (7, "time_unreadable"), (8, "mark_unknown"),
    ]  # fmt: skip


def test_a_number_that_no_decimal_holds_is_refused() -> None:
    """It is the row's fault, and no bug of whoever reads it."""
    post = b'{"batch": "b", "data": [{"code": "x", "time": "2026-01-01", "value": 9e9999999999999999999}]}'
    assert [r.why for r in decoded(post, JSON, "u1", 0).refused] == ["value_unreadable"]


@pytest.mark.parametrize(
    "post", [b"", b"[]", b"{}", b'{"batch": "b", "data": 3}', b'{"data": []}', b'{"batch": "b", "data": [], "x": 1}']
)
def test_a_post_that_is_none_is_refused_whole(post: bytes) -> None:
    """With code and remedy."""
    with pytest.raises(UserError, match="ING-001"):
        decoded(post, JSON, "u1", 0)


def test_another_systems_words_are_read_by_a_mapping(tmp_path: Path) -> None:
    """The same readings under other names are the same batch."""
    path = tmp_path / "mapping.yaml"
    path.write_text(OTHER, "utf-8")
    post = {"id": "b1", "deviceId": "d", "list": [
        {"dataCode": "A", "statDate": "2026-01-01 00:15", "dataValue": "1.5", "statType": 0, "inputType": 2},
        {"dataCode": "A", "statDate": "2026-01-01", "dataValue": 7, "statType": 1, "inputType": 1},
    ]}  # fmt: skip
    found = decoded(json.dumps(post).encode(), JSON, "u1", 0, "", read_key_unit_map(path))
    assert (found.batch, found.channels) == ("b1", ("A/realtime", "A/day"))
    assert found.value.tolist() == [1_500_000, 7_000_000]
    assert bytes(found.mark) == b"S\0"


@pytest.mark.parametrize(
    "said", ["nonsense: 1", OTHER.replace('"1": day', '"1": week'), OTHER.replace('"2": S', '"2": SS'), "\x00"]
)
def test_a_mapping_that_does_not_hold_is_told(said: str, tmp_path: Path) -> None:
    """Where it is, and what to look at."""
    path = tmp_path / "mapping.yaml"
    path.write_text(said, "utf-8")
    with pytest.raises(UserError, match="ING-005"):
        read_key_unit_map(path)


def test_the_schema_and_the_reader_know_the_same_fields() -> None:
    """What the schema allows is read or set aside by name, and nothing else is."""
    text = resources.files("shuangkong.metering").joinpath("data/key_unit_readings.schema.json").read_text("utf-8")
    schema, m = json.loads(text), own_map()
    assert set(schema["properties"]) == {m.batch, m.rows, *m.ignored}
    row = schema["properties"]["data"]["items"]["properties"]
    assert set(row) == {m.code, m.time, m.value, m.grain.field, *(x.field for x in m.marks)}
    assert set(row["grain"]["enum"]) == set(m.grain.words)
    assert set(row["input"]["enum"]) == set(m.marks[0].words)


_ANY = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*ROW, "grain", "data", "x"]), inner),
    max_leaves=8,
)


@given(st.lists(_ANY, max_size=4) | _ANY)
def test_any_json_is_taken_or_refused(said: object) -> None:
    """Nothing that is JSON is a bug; every row is taken or refused."""
    try:
        found = decoded(json.dumps({"batch": "b", "data": said}).encode(), JSON, "u1", 0)
    except UserError as wrong:
        assert wrong.code == "ING-001"  # noqa: PT017 — both endings are allowed
    else:
        assert isinstance(said, list)
        assert len(found) + found.refused_in_all == len(said)
