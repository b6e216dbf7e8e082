"""Columns of an export say what its cells say one by one, whichever way they come, in CSV and in a workbook."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from shuangkong.kernel.scope import Scope
from shuangkong.webkit.api import (
    Export,
    FileSource,
    Speaker,
    TableColumn,
    Told,
    export_csv,
    export_xlsx,
    parse_choices,
    read_messages,
    safe_cell,
)
from shuangkong.webkit.tables.cells import exact_float, plain
from webkit.listed import CONTRACT, SPEC, folder_of, invented

SPEAKER = Speaker("zh", read_messages(("shuangkong.webkit", "messages_tables.yaml")))
ROWS = invented(700)
ORDER = SPEC.order("usual")


def lines(parts: Any) -> list[list[str]]:
    """The lines of a CSV file below its head."""
    return list(csv.reader(io.StringIO(b"".join(parts).decode("utf-8-sig"), newline="")))[1:]


def sheet(export: Export, batches: Any) -> list[list[Any]]:
    """The rows of a workbook as calamine reads them, below the head."""
    with export_xlsx(export, batches) as out:
        book = CalamineWorkbook.from_filelike(io.BytesIO(out.read()))
    return book.get_sheet_by_index(0).to_python(skip_empty_area=False)[1:]


def cell_by_cell(rows: Sequence[dict[str, Any]]) -> list[list[str]]:
    """The cells of a CSV file as each is said for itself."""
    return [[safe_cell(plain(row[c.name], "zh")) for c in SPEC.exported] for row in rows]


def of_kind(kind: pa.DataType, values: Sequence[object]) -> tuple[Export, list[pa.RecordBatch]]:
    """An export of one column of a file, in the column `name`."""
    spec = replace(SPEC, columns=(TableColumn("name", SPEC["name"].label),), synthetic="", search=())
    return Export(spec, SPEAKER, (), len(values)), [pa.record_batch({"name": pa.array(values, kind)})]


def test_columns_of_a_file_are_its_cells(tmp_path: Path) -> None:
    """A file's columns as texts are, cell for cell, what the rows say one by one."""
    source = FileSource(folder_of(tmp_path, ROWS), CONTRACT, Scope.all("t"), None)
    export = Export(SPEC, SPEAKER, (), len(ROWS))
    rows = [r for batch in source.batches((), ORDER) for r in batch]
    wanted = cell_by_cell([dict(r) for r in rows])
    assert lines(export_csv(export, source.columns((), ORDER, export.needed))) == wanted
    assert lines(export_csv(export, source.batches((), ORDER))) == wanted
    assert any(cell.startswith("'") for row in wanted for cell in row)


def test_a_workbook_is_the_same_from_columns_and_from_rows(tmp_path: Path) -> None:
    """Both ways into a workbook give the same cells."""
    source = FileSource(folder_of(tmp_path, ROWS), CONTRACT, Scope.all("t"), None)
    export = Export(SPEC, SPEAKER, (), len(ROWS))
    found = sheet(export, source.columns((), ORDER, export.needed))
    assert found == sheet(export, source.batches((), ORDER))
    assert len(found) == len(ROWS)


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (pa.decimal128(38, 6), [Decimal("-0.000001"), Decimal("123456789012345678.123456"), None, Decimal(0)]),
        (pa.decimal128(20, 14), [Decimal("0.00000000000001"), Decimal("-2.5"), None, Decimal(0)]),
        (pa.decimal128(18, 2), [Decimal("-1500.00"), Decimal("0.01"), None]),
        (pa.int64(), [-5, 0, 2**62, None]),
        (pa.float64(), [0.1, 1e-7, 1.0, -2.5, None]),
        (pa.date32(), [date(2025, 3, 1), date(1900, 1, 1), None]),
        (pa.bool_(), [True, False, None]),
        (pa.string(), ["=1", " @x", "-1", "-2.5", "", "1-1", "甲=", None, "\ufeff+1", "é=1", "_x0041_"]),
        (pa.timestamp("us", "UTC"), [0, 1_700_000_000_000_000, None]),
        (pa.string(), []),
    ],
)
def test_every_kind_of_column_is_written_exactly(kind: pa.DataType, values: list[Any]) -> None:
    """Each type of a file: the text is the cell's own, and no digit, sign or hole is changed on the way."""
    export, batches = of_kind(kind, values)
    shown = [plain(v, "zh") for v in batches[0]["name"].to_pylist()]
    assert [r[0] if r else "" for r in lines(export_csv(export, batches))] == [safe_cell(v) for v in shown]
    wanted = [_in_a_workbook(v) for v in shown]
    found = [r[0] if r else "" for r in sheet(export, batches)]
    assert found == wanted[: len(found)]
    assert not any(wanted[len(found) :])


def _in_a_workbook(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, (int, float, Decimal)):
        number = exact_float(value)
        return f"{Decimal(value):f}" if number is None else number
    if isinstance(value, date):
        return value if value.year > 1900 else value.isoformat()
    return value


@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=8), min_size=1, max_size=5))
def test_any_text_comes_back_from_a_workbook(texts: list[str]) -> None:
    """Whatever a text holds, the workbook can be read, and what can be seen of the text is in it."""
    export, batches = of_kind(pa.string(), ["first", *texts, "last"])
    found = [r[0] for r in sheet(export, batches)]
    assert (len(found), found[0], found[-1]) == (len(texts) + 2, "first", "last")
    for text, cell in zip(texts, found[1:-1], strict=True):
        if text.isprintable() and "_x" not in text:
            assert cell == text


@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=6), min_size=1, max_size=5))
def test_a_column_is_guarded_like_its_cells(texts: list[str]) -> None:
    """No text of a column begins a formula in CSV: each is what the guard of one cell makes of it."""
    export, batches = of_kind(pa.string(), texts)
    assert [r[0] if r else "" for r in lines(export_csv(export, batches))] == [safe_cell(t) for t in texts]


def test_words_are_said_once_for_what_comes_again(tmp_path: Path) -> None:
    """Words of one column are asked for once for each value, and stand in every row where they belong."""
    source = FileSource(folder_of(tmp_path, ROWS), CONTRACT, Scope.all("t"), None)
    asked: list[str] = []

    def say(row: Any) -> str:
        asked.append(row["kind"])
        return f"={row['kind']}"

    told = (
        Told("kind", say, ("kind",)),
        Told("both", lambda row: f"{row['kind']} {row['thing']}", ("kind", "thing")),
        Told("row", lambda row: row["name"]),
    )
    export = Export(SPEC, SPEAKER, (), len(ROWS), told)
    found = lines(export_csv(export, source.columns((), ORDER, export.needed)))
    assert sorted(asked) == sorted({r["kind"] for r in ROWS})
    assert all(row[0] == f"'={row[6]}" and row[1] == f"{row[6]} {row[3]}" for row in found)
    assert [row[2] for row in found] == [row[5] for row in found]
    assert found == lines(export_csv(export, source.batches((), ORDER)))


def test_an_export_asks_for_the_columns_that_it_writes() -> None:
    """Only columns that are written, told of or mark invented rows are read; all where a word needs the whole row."""
    spec = replace(SPEC, columns=(SPEC["thing"], SPEC["name"]))
    export = Export(spec, SPEAKER, (), 1, (Told("kind", str, ("kind", "name")),))
    assert export.needed == ("thing", "name", "kind", "synthetic")
    assert replace(export, told=(*export.told, Told("row", str))).needed == ()


def test_orders_and_choices_reach_the_columns(tmp_path: Path) -> None:
    """An export by column is filtered and sorted as the page is."""
    source = FileSource(folder_of(tmp_path, ROWS), CONTRACT, Scope.all("t"), None, kept=True, search=SPEC.search)
    choices = parse_choices(SPEC, [("q", "plain"), ("sort", "-amount"), ("kind", "coal")])
    where, order = choices.conditions(), SPEC.order("-amount")
    export = Export(SPEC, SPEAKER, (), source.count(where))
    rows = [dict(r) for batch in source.batches(where, order) for r in batch]
    assert lines(export_csv(export, source.columns(where, order, export.needed))) == cell_by_cell(rows)
    assert 0 < len(rows) < len(ROWS)
