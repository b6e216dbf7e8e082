"""Every row is accepted, refused or passed over; every refused cell says where, what, why and what to do."""

from __future__ import annotations

import contextlib
import csv
import io
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.sheets.sample import HEAD, SCHEMA, checked, workbook
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Label
from shuangkong.kernel.periods import Period
from shuangkong.registry.sheets.api import (
    Checked,
    FieldSpec,
    SheetSchema,
    Source,
    check_rows,
    read_sheet,
    refusals_csv,
    refusals_table,
    suggest_mapping,
)

NUMBER = (
    "请只填写数字，单位写在表头或单位列。",
    "Write the number alone; the unit belongs in the head or in the unit column.",
)
CASES: list[tuple[str, str, str, str, tuple[str, str], tuple[str, str]]] = [
    # row, column, value, code, reason, remedy
    (
        ",2024,1",
        "A",
        "",
        "missing_required",
        ("必填项“地区”为空或为缺失标记。", "The required field “region” is blank or marked as missing."),
        (
            "请填写该值；确实没有数据的行请删除，不要填 0。",
            "Fill it in; delete a row that has no data, do not write 0.",
        ),
    ),
    (
        "甲市,2024,—",
        "C",
        "—",
        "missing_required",
        (
            "必填项“能源消费量”为空或为缺失标记。",
            "The required field “energy consumption” is blank or marked as missing.",
        ),
        (
            "请填写该值；确实没有数据的行请删除，不要填 0。",
            "Fill it in; delete a row that has no data, do not write 0.",
        ),
    ),
    (
        "丁市,2024,1",
        "A",
        "丁市",
        "unknown_region",
        ("没有名为“丁市”的地区。", "There is no region called “丁市”."),
        ("请核对地区名称。", "Check the name of the region."),
    ),
    ("甲市,2024,约12", "C", "约12", "not_a_number", ("“约12”不是数字。", "“约12” is not a number."), NUMBER),
    ("甲市,2024,1 2", "C", "1 2", "not_a_number", ("“1 2”不是数字。", "“1 2” is not a number."), NUMBER),
    ("甲市,2024,1_2", "C", "1_2", "not_a_number", ("“1_2”不是数字。", "“1_2” is not a number."), NUMBER),
    (
        "甲市,2024,-5",
        "C",
        "-5",
        "negative",
        ("“-5”为负数，此列不允许负数。", "“-5” is negative, which this column does not allow."),
        (
            "请核对数值；冲减以前的数据请填报更正行。",
            "Check the figure; to take back an earlier one, send a correction.",
        ),
    ),
    (
        "甲市,2024,100000001",
        "C",
        "100000001",
        "out_of_range",
        (
            "“100000001”不在允许范围 … 至 100000000 之内（单位：吨标准煤）。",
            "“100000001” is outside the range … to 100000000 (unit: tce).",
        ),
        ("请核对数值和计量单位。", "Check the figure and its unit."),
    ),
    (
        "甲市,2024,1e13",
        "C",
        "1e13",
        "too_large",
        (
            "“1e13”换算后超出可存储的范围（整数部分最多 12 位）。",
            "“1e13” is too large to be stored after conversion (at most 12 digits before the point).",
        ),
        (
            "请核对数值和计量单位，常见原因是单位填错。",
            "Check the figure and its unit; a wrong unit is the usual cause.",
        ),
    ),
    (
        "甲市,2024,3箩筐",
        "C",
        "3箩筐",
        "unknown_unit",
        ("“箩筐”不是已知的计量单位。", "“箩筐” is not a known unit."),
        (
            "请使用吨、万吨、万立方米、万千瓦时、吉焦、吨标准煤、万元等单位。",
            "Use a unit such as t, 10⁴ t, 10⁴ m³, 10⁴ kWh, GJ, tce or 10⁴ yuan.",
        ),
    ),
    (
        "甲市,2024,1200吨",
        "C",
        "1200吨",
        "incompatible_unit",
        (
            "“1200吨”的单位“吨”与此列的量（标准煤）不相容。",
            "The unit “t” of “1200吨” does not fit the quantity of this column (standard coal).",
        ),
        (
            "请改用与此列相容的单位，或把数值移到对应的列。",
            "Use a unit that fits the column, or move the figure to the column it belongs to.",
        ),
    ),
    (
        "甲市,去年,1",
        "B",
        "去年",
        "not_a_period",
        ("“去年”不是可识别的期间。", "“去年” is not a period in a known form."),
        (
            "请写成 2025、2025年、2025年3月、2025年一季度、2025年1-6月 等形式。",
            "Write 2025, 2025-03, 2025Q1, 2025H1 or 2025YTD06.",
        ),
    ),
    (
        "甲市,2024Q1,1",
        "B",
        "2024Q1",
        "period_kind",
        ("“2024Q1”是季度，此列要求年、月。", "“2024Q1” is a period of kind quarter; this column takes year, month."),
        ("请按要求的期间类型填写。", "Write a period of a kind that the column takes."),
    ),
    (
        "甲市,2024,1,,1.23457E+17",
        "E",
        "1.23457E+17",
        "digits_lost",
        (
            "代码“1.23457E+17”以数字形式存储，超过 15 位的部分已丢失。",
            "The code “1.23457E+17” is stored as a number, which keeps 15 digits only; the rest is lost.",
        ),
        ("请把该列设为文本格式后重新填写代码。", "Format the column as text and enter the code again."),
    ),
    (
        "甲市,2024,1,,,三月",
        "F",
        "三月",
        "not_a_date",
        ("“三月”不是日期。", "“三月” is not a date."),
        ("请写成 2025-03-01 的形式。", "Write it as 2025-03-01."),
    ),
    (
        "甲市,2024,1,,,,全部",
        "G",
        "全部",
        "unknown_choice",
        ("“全部”不在可选值之内。", "“全部” is not one of the choices."),
        ("可选值：本级、全域。", "Choose one of: own, whole."),
    ),
    (
        "甲市,2024,1,#REF!",
        "D",
        "#REF!",
        "error_cell",
        ("单元格是错误值 #REF!。", "The cell holds the error #REF!."),
        ("请在表格软件中改正公式，或直接填写数值。", "Mend the formula in the spreadsheet, or enter the value itself."),
    ),
    (
        "甲市,2024,1,,,,,多",
        "H",
        "多",
        "extra_cell",
        (
            "“多”在表头之外的列中，可能是该行多了分隔符。",
            "“多” stands in a column beyond the head; the row may hold a stray delimiter.",
        ),
        (
            "请核对该行；含分隔符的文字须加双引号。",
            "Check the row; put text that holds the delimiter into double quotes.",
        ),
    ),
]


@pytest.mark.parametrize(("row", "column", "value", "code", "reason", "remedy"), CASES, ids=[c[3] for c in CASES])
def test_each_refusal_says_where_what_why_and_what_to_do(
    row: str, column: str, value: str, code: str, reason: tuple[str, str], remedy: tuple[str, str]
) -> None:
    """The whole message of each refusal, in both languages; the good row beside it is not refused."""
    found = checked(f"乙市,2024,1\n{row}\n")
    (refusal,) = found.refusals
    assert (refusal.row, refusal.column, refusal.value, refusal.code) == (3, column, value, code)
    assert (refusal.reason("zh"), refusal.reason("en")) == reason
    assert (refusal.remedy("zh"), refusal.remedy("en")) == remedy
    assert (found.ok, found.rows) == (False, [2])


def test_a_repeated_key_is_refused_with_the_first_row() -> None:
    """Two rows for one region and period: the second is refused, naming the first."""
    found = checked("甲市,2024,1\n甲市,2024年,2\n乙市,2024,3\n")
    (refusal,) = found.refusals
    assert (refusal.row, refusal.column, refusal.head, refusal.code) == (3, "A", "地区", "duplicate")
    assert refusal.reason("zh") == "与第 2 行重复（r1、2024）。"
    assert refusal.reason("en") == "Repeats row 2 (r1、2024)."


BY_ROW = SheetSchema(
    "by_row",
    Label("分品种"),
    (
        FieldSpec("quantity", Label("消费量", "quantity"), "decimal", required=True, unit_field="unit"),
        FieldSpec("unit", Label("单位", "unit"), "unit"),
    ),
)


def test_a_unit_for_each_row_converts_each_row() -> None:
    """Figures leave in the base unit, and the unit field says which; without a unit a figure is refused."""
    found = checked("2,万吨\n3,kWh\n4,\n", BY_ROW, head="消费量,单位\n")
    assert [(r.values["quantity"], r.values["unit"]) for r in found] == [(Decimal(20000), "t"), (Decimal(3), "kWh")]
    (refusal,) = found.refusals
    assert (refusal.code, refusal.reason("zh"), refusal.reason("en")) == (
        "unit_missing",
        "“4”没有计量单位。",
        "“4” has no unit.",
    )


def test_a_unit_in_the_head_answers_the_unit_field() -> None:
    """One unit in the head goes for all rows and is told with each figure."""
    found = checked("2\n", BY_ROW, head="消费量（万千瓦时）\n")
    assert [r.values for r in found] == [{"quantity": Decimal(20000), "unit": "kWh"}]


def accepted(row: str) -> tuple[dict[str, object], list[str]]:
    """The one record of a row, and the codes of flaws."""
    found = checked(row + "\n")
    assert found.refusals == []
    (record,) = found.accepted
    return record.values, [f.code for f in found.flaws]


@pytest.mark.parametrize(
    ("written", "value"),
    [("１２．５", "12.5"), ('"1,200"', "1200"), ("1 200.5", "1200.5"), ("+3", "3"), ("1.2E3", "1200"), ("0", "0")],
)
def test_numbers_as_people_type_them(written: str, value: str) -> None:
    """Full width, separators and exponents are exact numbers; a written zero is a zero."""
    assert accepted(f"甲市,2024,{written}")[0]["total"] == Decimal(value)


@pytest.mark.parametrize("mark", ["", "-", "—", "/", "N/A", "无", "…", "……", "　", "－"])
def test_missing_is_null_with_a_state_and_never_zero(mark: str) -> None:
    """Blank and every missing mark give None, and the state tells one from the other."""
    found = checked(f"甲市,2024,1,{mark}\n")
    assert found.columns["growth"] == [None]
    assert found.states["growth"] == {0: "missing" if mark.strip() else "blank"}


def test_a_compatible_unit_in_the_cell_is_used_and_told() -> None:
    """3万吨标准煤 in a column of tce is 30 000 tce, with a flaw; 5% in a column of % needs none."""
    values, flaws = accepted("甲市,2024,3万吨标准煤,5%")
    assert (values["total"], values["growth"], flaws) == (Decimal(30000), Decimal("0.05"), ["unit_in_cell"])


def test_rounding_leaves_a_mark() -> None:
    """More than six decimals go through the named rounding step and are counted."""
    values, flaws = accepted("甲市,2024,0.12345650000001,0.00005")
    assert (values["total"], values["growth"], flaws) == (
        Decimal("0.123457"),
        Decimal("0.000001"),
        ["rounded", "rounded"],
    )


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("2024年３月", "2024-03"),
        ("202403", "2024-03"),
        ("2024/3", "2024-03"),
        ("2024年3月份", "2024-03"),
        ("2024年度", "2024"),
    ],
)
def test_periods_as_people_write_them(written: str, key: str) -> None:
    """Chinese periods and months without separator are periods."""
    assert str(accepted(f"甲市,{written},1")[0]["period"]) == key


@pytest.mark.parametrize("written", ["2025-03-01", "2025年3月1日", "20250301", "2025/3/1", "45717"])
def test_dates_and_serial_numbers(written: str) -> None:
    """Dates in every usual form are dates; a serial number is one with a flaw."""
    values, flaws = accepted(f"甲市,2024,1,,,{written}")
    assert values["day"] == date(2025, 3, 1)
    assert flaws == (["date_serial"] if written == "45717" else [])


def test_codes_stay_text() -> None:
    """Leading zeros stay, and what exports put around a code is taken off."""
    assert [accepted(f"甲市,2024,1,,{c}")[0]["code"] for c in ("007", '"=""007"""', "'007")] == ["007"] * 3


def book(*rows: list[Any]) -> Checked:
    """The check of a workbook with the usual head and these rows."""

    def fill(b: Any, s: Any) -> None:
        s.write_row(0, 0, HEAD.strip().split(","))
        dates = b.add_format({"num_format": "yyyy-mm-dd"})
        for i, row in enumerate(rows, 1):
            for j, v in enumerate(row):
                s.write_datetime(i, j, v, dates) if isinstance(v, date) else s.write(i, j, v)

    sheet = read_sheet(workbook(fill), name="合成.xlsx")
    return check_rows(sheet, suggest_mapping(sheet, SCHEMA)[0], SCHEMA)


def test_what_spreadsheets_do_to_periods_is_undone_or_refused() -> None:
    """A date cell where months are wanted is that month; 2025.1 may be October and is refused."""
    found = book(["甲市", date(2025, 3, 1), 1], ["乙市", 2025.1, 1], ["丙市", 202503, 1])
    assert [str(r.values["period"]) for r in found] == ["2025-03", "2025-03"]
    assert [f.code for f in found.flaws] == ["period_from_date"]
    (refusal,) = found.refusals
    assert (refusal.row, refusal.reason("zh"), refusal.reason("en"), refusal.remedy("zh"), refusal.remedy("en")) == (
        3,
        "“2025.1”含义不明：可能是 2025-01，也可能是 2025-10。",
        "“2025.1” is ambiguous: it may be 2025-01 or 2025-10.",
        "请写成“2025-01”或“2025-10”，并把单元格设为文本。",
        "Write 2025-01 or 2025-10 in a cell formatted as text.",
    )


def test_cells_without_a_true_value_are_refused() -> None:
    """An uncalculated formula, a long code kept as number and a figure merged over rows are refused."""

    def fill(_b: Any, s: Any) -> None:
        s.write_row(0, 0, HEAD.strip().split(","))
        for i, name in enumerate(["甲市", "乙市", "丙市"], 1):
            s.write_row(i, 0, [name, "2024"])
        s.write_formula("C2", "=1+1", None, "")
        s.merge_range("C3:C4", 7)
        s.write("E3", 911300001234567890)

    sheet = read_sheet(workbook(fill), name="合成.xlsx")
    found = check_rows(sheet, suggest_mapping(sheet, SCHEMA)[0], SCHEMA)
    assert [(f"{r.column}{r.row}", r.code, r.reason("zh"), r.reason("en")) for r in found.refusals] == [
        ("C2", "formula_without_value", "公式 =1+1 没有保存计算结果。", "The formula =1+1 has no stored result."),
        (
            "E3",
            "digits_lost",
            "代码“911300001234568000”以数字形式存储，超过 15 位的部分已丢失。",
            "The code “911300001234568000” is stored as a number, which keeps 15 digits only; the rest is lost.",
        ),
        (
            "C4",
            "merged_number",
            "数值“7”来自合并单元格，无法判断属于哪一行。",
            "The figure “7” comes from a merged block, so it is not clear which row it belongs to.",
        ),
    ]


def test_rows_that_are_no_data_are_passed_over_and_counted() -> None:
    """Totals, notes, signatures, blank rows, examples and the head again are skipped, each with its reason."""
    found = checked(f"甲市,2024,1\n\n合　计,,1\n{HEAD}示例：,2024,1\n注：合成,,\n填表人：某,,\n乙市,2024,2\n")
    assert [(s.row, s.code) for s in found.skipped] == [
        (3, "blank_row"),
        (4, "total_row"),
        (5, "repeated_head"),
        (6, "example_row"),
        (7, "note_row"),
        (8, "note_row"),
    ]
    assert (found.rows, found.ok) == ([2, 9], True)
    assert {f.code for f in found.flaws} == {"total_row", "repeated_head", "example_row", "note_row"}


def test_a_wide_layout_becomes_a_record_for_each_period() -> None:
    """Months across become periods, the year from the title; a month without figure makes no record."""
    text = "合成2024年（单位：吨标准煤）,,,\n地区,1月,2月,3月\n甲市,1,0,\n乙市,-,2,\n丙市,,—,\n"
    found = checked(text.encode())
    assert [(r.row, r.values["region"], str(r.values["period"]), r.values["total"]) for r in found] == [
        (3, "r1", "2024-01", Decimal(1)),
        (3, "r1", "2024-02", Decimal(0)),
        (4, "r2", "2024-02", Decimal(2)),
    ]
    assert [(s.row, s.code) for s in found.skipped] == [(5, "no_figure")]
    assert found.units == {"total": "tce"}


def test_a_wide_layout_refuses_with_the_cell() -> None:
    """A bad month is refused at its own cell, and the year may stand in a column."""
    text = "地区,年份,1月,2月\n甲市,2024,1,x1\n乙市,2023,3,4\n甲市,2024年,5,\n"
    sheet = read_sheet(text.encode(), name="合成.csv")
    mapping, _ = suggest_mapping(sheet, SCHEMA)
    mapping = replace(mapping, sources={**mapping.sources, "total": Source(unit="万吨标准煤")})
    found = check_rows(sheet, mapping, SCHEMA)
    assert [(f"{r.column}{r.row}", r.code, r.value) for r in found.refusals] == [("D2", "not_a_number", "x1")]
    assert [(r.row, r.values["period"], r.values["total"]) for r in found] == [
        (3, Period.month(2023, 1), Decimal(30000)),
        (3, Period.month(2023, 2), Decimal(40000)),
        (4, Period.month(2024, 1), Decimal(50000)),
    ]


def test_a_refused_file_names_its_first_cells() -> None:
    """`require_ok` is IMP-003 with places; a good file passes it."""
    checked("甲市,2024,1\n").require_ok()
    with pytest.raises(UserError) as caught:
        checked("甲市,2024,-1\n乙市,去年,x\n").require_ok()
    assert str(caught.value) == (
        "IMP-003 合成.csv: 3 cells in 2 rows were refused: "
        "C2 “-1” is negative, which this column does not allow.; "
        "B3 “去年” is not a period in a known form.; C3 “x” is not a number. "
        "Mend the cells listed and import the file again; nothing was written."
    )


def test_refusals_can_be_printed_and_exported_without_formulas() -> None:
    """The table has heads in both languages; in the CSV a value that could start a formula is defused."""
    found = checked('甲市,2024,"=HYPERLINK(""x"")"\n乙市,2024,-1\n丙市,2024,@x\n')
    heads, rows = refusals_table(found.refusals, "en", limit=1)
    assert heads == ("row", "column", "head", "value", "code", "reason", "remedy")
    assert rows[0][:5] == ("2", "C", "能源消费量（吨标准煤）", '=HYPERLINK("x")', "not_a_number")
    table = list(csv.reader(io.StringIO(refusals_csv(found.refusals).decode("utf-8-sig"))))
    assert table[0] == ["行", "列", "列名", "原值", "代码", "原因", "处理办法"]
    assert [r[3] for r in table[1:]] == ['\'=HYPERLINK("x")', "'-1", "'@x"]


CELLS = st.sampled_from(
    ["甲市", "乙市", "丁市", "2024", "2024年1月", "1", "-1", "", "—", "x", "合计", "注：1", "1吨", "示例"]
)


@settings(max_examples=150)
@given(st.lists(st.lists(CELLS, max_size=9), max_size=12))
def test_accepted_refused_and_skipped_are_all_rows_once(rows: list[list[str]]) -> None:
    """No data row is lost, and none is counted twice."""
    sheet = read_sheet((HEAD + "".join(",".join(r) + "\n" for r in rows)).encode(), name="合成.csv")
    found = check_rows(sheet, suggest_mapping(sheet, SCHEMA)[0], SCHEMA)
    parts = [*found.rows, *found.refused_rows, *(s.row for s in found.skipped)]
    assert sorted(parts) == list(range(2, len(sheet.rows) + 1))
    assert len(parts) == found.data_rows


@settings(max_examples=150)
@given(
    st.lists(st.lists(st.one_of(CELLS, st.text(max_size=6)), max_size=7), min_size=1, max_size=6),
)
def test_whatever_stands_in_the_cells_only_user_errors_are_raised(rows: list[list[str]]) -> None:
    """Odd characters in head and cells give refusals or a user error, never a crash."""
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    with contextlib.suppress(UserError):
        sheet = read_sheet(out.getvalue().encode("utf-8", "replace"), name="合成.csv")
        check_rows(sheet, suggest_mapping(sheet, SCHEMA)[0], SCHEMA)
