"""A table that breaks its contract is refused, and the message names what is wrong."""

from __future__ import annotations

from decimal import Decimal

import pyarrow as pa
import pytest

from engine.sample import SAMPLE, row, rows
from shuangkong.engine.api import ContractBroken, TableContract, text, upcast
from shuangkong.kernel.labels import Label


def broken(table: pa.Table) -> str:
    """The message of a refusal."""
    with pytest.raises(ContractBroken) as wrong:
        SAMPLE.checked(table)
    return str(wrong.value)


def test_columns_are_those_of_the_contract() -> None:
    """A missing and an unknown column are named."""
    table = rows("a").drop_columns(["corrects"]).append_column("more", pa.array(["x"]))
    assert broken(table) == "sample: missing ['corrects'], unknown ['more']"


def test_what_must_be_filled_is_filled() -> None:
    """A null in a column that is not nullable is refused."""
    table = rows("a").set_column(1, "subject_id", pa.array([None], pa.string()))
    assert "subject_id" in broken(table)


def test_types_are_exact() -> None:
    """A quantity with a seventh place, too many digits or letters is refused, never rounded."""
    for bad in (pa.array([Decimal("0.1234567")]), pa.array([Decimal(10) ** 12]), pa.array(["x"])):
        assert broken(rows("a").set_column(2, "quantity", bad)).startswith("sample: ")


def test_a_key_stands_once() -> None:
    """Two rows with one key are refused with the key."""
    assert broken(pa.concat_tables([rows("a", "b"), rows("a")])) == (
        "sample: key ('row_id',) is not unique, e.g. [{'row_id': 'a', 'count_all': 2}]"
    )


def test_order_and_wider_types_are_mended() -> None:
    """Columns in another order and exact values of a wider type are the same rows."""
    table = rows("a").select(["corrects", "quantity", "subject_id", "row_id"])
    table = table.set_column(1, "quantity", table["quantity"].cast(pa.decimal128(38, 6)))
    assert SAMPLE.checked(table).equals(rows("a"))


def test_a_key_must_be_a_column() -> None:
    """A contract whose key names no column is refused when it is made."""
    with pytest.raises(ContractBroken, match=r"^bad: no column id, subject_id$"):
        TableContract("bad", Label("坏"), (text("x", "某", "x"),), key=("id",))


def test_an_older_file_reads_as_the_present_version() -> None:
    """A column added since is null, and is told from nought."""
    old = rows("a").drop_columns(["corrects"])
    assert upcast(old, SAMPLE).to_pylist() == [row("a")]


def test_rows_of_nothing_are_a_table() -> None:
    """No rows keep the contract too."""
    assert SAMPLE.from_rows([]).schema == SAMPLE.arrow_schema
