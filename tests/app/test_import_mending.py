"""Cells put right on a page: the copy holds the corrections, and reads as the original did everywhere else."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import pytest
import xlsxwriter

from shuangkong.accounting.api import schema_of
from shuangkong.app.catalogue import library
from shuangkong.app.import_mending import mend
from shuangkong.kernel.errors import UserError
from shuangkong.registry.api import sheets

HEAD = ("单位代码", "期间", "能源名称", "消费量", "计量单位")
ENERGY = schema_of("energy", library())


def workbook(rows: list[tuple[object, ...]], merged: tuple[str, object] | None = None) -> sheets.Sheet:
    """A sheet of a workbook with these rows; `merged` is a block of cells and what stands in it."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet("能源")
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for i, row in enumerate(rows):
            for j, cell in enumerate(row):
                if isinstance(cell, date):
                    sheet.write_datetime(i, j, cell, day)
                elif cell is not None:
                    sheet.write(i, j, cell)
        if merged:
            sheet.merge_range(merged[0], merged[1])
    return sheets.read_sheet(out.getvalue(), name="月报.xlsx")


def copied(sheet: sheets.Sheet, fixes: dict[tuple[int, str], str], left_out: tuple[int, ...] = ()) -> sheets.Checked:
    """The corrected copy, checked."""
    mapping, _ = sheets.suggest_mapping(sheet, ENERGY)
    made = mend(sheet, mapping, ENERGY, fixes, left_out)
    return sheets.check_rows(sheets.read_sheet(made.content, name="copy.csv"), made.mapping, ENERGY)


def refused(checked: sheets.Checked) -> list[tuple[int, str, str]]:
    """Row, column and value of what was refused."""
    return [(r.row, r.column, r.value) for r in checked.refusals]


def test_rows_keep_their_numbers() -> None:
    """Titles, blank rows and a row left out do not move the others."""
    sheet = workbook([
        ("能源消费月报",), (), HEAD, ("甲", "2026-01", "原煤", 1, "吨"), (), ("乙", "2026-01", "木柴炭", 2, "吨"),
        ("丙", "2026-01", "原煤", "三", "吨"),
    ])  # fmt: skip
    checked = copied(sheet, {(6, "C"): "原煤"}, (7,))
    assert refused(checked) == []
    assert [(r.row, r.values["subject"]) for r in checked] == [(4, "甲"), (6, "乙")]


@pytest.mark.parametrize("value", ["=1", 'a"b', "一,二", "两\n行", "、、"])
def test_any_text_comes_back_as_it_is(value: str) -> None:
    """Marks of the text format in a cell change nothing, in the cell or in its row."""
    sheet = workbook([HEAD, ("甲", "2026-01", "原煤", 1, "吨"), ("乙", "2026-01", "木柴炭", 2, "吨")])
    assert refused(copied(sheet, {(3, "C"): value})) == [(3, "C", value)]


def test_a_merged_figure_stays_refused() -> None:
    """A figure of a merged block does not become three figures because the copy has no merged cells."""
    rows: list[tuple[object, ...]] = [
        HEAD,
        *((n, "2026-01", "原煤", None, "吨") for n in "甲乙"),
        ("丙", "2026-01", "木柴炭", 5, "吨"),
    ]
    sheet = workbook(rows, ("D2:D3", 100))
    mapping, _ = sheets.suggest_mapping(sheet, ENERGY)
    before = [r for r in sheets.check_rows(sheet, mapping, ENERGY).refusals if r.column == "D"]
    assert before
    checked = copied(sheet, {(4, "C"): "原煤"})
    assert {(r.row, r.column) for r in checked.refusals} == {(r.row, r.column) for r in before}
    fixed: dict[tuple[int, str], str] = {(4, "C"): "原煤", **{(r.row, "D"): "50" for r in before}}
    assert refused(copied(sheet, fixed)) == []


def test_a_doubtful_month_stays_refused() -> None:
    """A number that may be January or October does not become the one because the copy is text."""
    sheet = workbook([HEAD, ("甲", "2026-01", "原煤", 1, "吨"), ("乙", 2025.1, "木柴炭", 2, "吨")])
    mapping, _ = sheets.suggest_mapping(sheet, ENERGY)
    assert {r.code for r in sheets.check_rows(sheet, mapping, ENERGY).refusals} == {
        "ambiguous_period",
        "unknown_carrier",
    }
    assert [(row, column) for row, column, _ in refused(copied(sheet, {(3, "C"): "原煤"}))] == [(3, "B")]


def test_what_would_read_otherwise_is_not_mended_here() -> None:
    """Where the copy would change a row that nobody touched, nothing is made and the remedy is said."""
    sheet = workbook([HEAD, ("甲", "2026-01", "原煤", 1, "吨"), ("乙", "2026-01", "木柴炭", 2, "吨")])
    mapping, _ = sheets.suggest_mapping(sheet, ENERGY)
    asked: list[Any] = []

    def fickle(text: str) -> object:
        asked.append(text)
        return f"{text}{len(asked)}"

    fields = tuple(f if f.name != "subject" else _with_parser(f, fickle) for f in ENERGY.fields)
    schema = sheets.SheetSchema("energy", ENERGY.label, fields, ENERGY.key)
    with pytest.raises(UserError, match=r"IMP-001.*cannot be mended on the page"):
        mend(sheet, mapping, schema, {(3, "C"): "原煤"}, ())


def _with_parser(field: sheets.FieldSpec, parse: Any) -> sheets.FieldSpec:
    return sheets.FieldSpec(field.name, field.label, "code", synonyms=field.synonyms, required=True, parse=parse)


def test_days_of_a_spreadsheet_read_the_same() -> None:
    """A month written as a date cell is the same period in the copy, or the sheet is not mended here."""
    sheet = workbook([HEAD, ("甲", date(2026, 1, 1), "原煤", 1, "吨"), ("乙", "2026-01", "木柴炭", 2, "吨")])
    mapping, _ = sheets.suggest_mapping(sheet, ENERGY)
    before = {r.row: r.values for r in sheets.check_rows(sheet, mapping, ENERGY)}
    after = {r.row: r.values for r in copied(sheet, {(3, "C"): "原煤"})}
    assert after[2] == before[2]
