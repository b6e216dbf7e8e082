"""Heads are found, columns suggested by name and unit, and mappings saved, reused and completed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from registry.sheets.sample import HEAD, SCHEMA, workbook
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Label
from shuangkong.registry.sheets.api import (
    FieldSpec,
    Mapping,
    Melt,
    SheetSchema,
    Source,
    check_rows,
    find_head,
    read_sheet,
    signature,
    suggest_mapping,
    template,
)


def csv(text: str) -> Any:
    """A sheet of that text."""
    return read_sheet(text.encode(), name="合成.csv")


def columns(sheet: Any, header_row: int | None = None) -> list[tuple[str, str | None]]:
    """Names and units under the head that is found."""
    head = find_head(sheet, [n for f in SCHEMA.fields for n in f.names], header_row)
    return [(c.name, c.unit) for c in head.columns]


def test_the_head_is_found_below_titles() -> None:
    """Title rows above are passed over, with the reason in both languages, and 单位：… among them is read."""
    sheet = csv("合成市2024年能源消费,,\n单位：万吨标准煤,,\n地区,期间,能源消费量\n甲市,2024,1\n")
    head = find_head(sheet, [n for f in SCHEMA.fields for n in f.names])
    assert (head.first_row, head.last_row, head.unit) == (3, 3, "10k_tce")
    assert head.reason == Label(
        "第 3 行有 3 个已知列名，作为表头。", "Row 3 holds 3 known column names and is taken for the head."
    )


def test_a_head_of_unknown_words_is_found_by_its_shape() -> None:
    """Without a known name the first full row of text is the head."""
    head = find_head(csv("表一,,\n城市,年度,数\n甲,2024,1\n乙,2024,2\n"))
    assert head.first_row == 2
    assert head.reason.en == "Row 2 is the first full row that is mostly text and is taken for the head."


def test_units_and_column_numbers_below_the_names_belong_to_the_head() -> None:
    """A second row of units and the row 甲 乙 1 2 of a statistical form are part of the head."""
    sheet = csv("地区,期间,能源消费量,增速\n,,万吨标准煤,%\n甲,乙,1,2\n甲市,2024,1,2\n")
    assert columns(sheet) == [("地区", None), ("期间", None), ("能源消费量", "10k_tce"), ("增速", "%")]
    head = find_head(sheet, ["地区", "期间"])
    assert head.last_row == 3
    assert head.reason == Label(
        "第 1 行有 2 个已知列名，作为表头。表头共 3 行，至第 3 行。",
        "Row 1 holds 2 known column names and is taken for the head. It spans 3 rows, to row 3.",
    )


def test_merged_group_names_join_the_names_below() -> None:
    """Groups merged across columns and names merged down two rows give one name for each column."""

    def fill(_book: Any, s: Any) -> None:
        s.merge_range("A1:D1", "合成表")
        s.merge_range("A2:A3", "地区")
        s.merge_range("B2:B3", "期间")
        s.merge_range("C2:D2", "能源消费量（吨标准煤）")
        s.write_row("C3", ["原煤", "电力"])
        s.write_row("A4", ["甲市", "2024", 1, 2])

    sheet = read_sheet(workbook(fill), name="合成.xlsx")
    assert columns(sheet) == [
        ("地区", None),
        ("期间", None),
        ("能源消费量 原煤", "tce"),
        ("能源消费量 电力", "tce"),
    ]


def test_group_names_of_a_text_file_stand_for_the_blanks_to_their_right() -> None:
    """In a text file blanks after a group name take it, when names stand below."""
    sheet = csv("地区,能源消费量,,产值,\n,2023年,2024年,2023年,2024年\n甲市,1,2,3,4\n")
    assert [c.text for c in find_head(sheet, ["地区", "能源消费量"]).columns] == [
        "地区",
        "能源消费量 2023年",
        "能源消费量 2024年",
        "产值 2023年",
        "产值 2024年",
    ]


def test_a_head_row_that_is_given_is_used_or_refused() -> None:
    """`header_row` settles the head; one outside the sheet is a user error."""
    sheet = csv("地区,期间\n地区,时间\n甲市,2024\n")
    assert find_head(sheet, header_row=2).columns[1].name == "时间"
    with pytest.raises(UserError) as caught:
        find_head(sheet, header_row=9)
    assert str(caught.value) == (
        "IMP-002 合成.csv: row 9 is blank or not in the sheet, so it cannot be the head. "
        "Give the row with the column names; the sheet has 3 rows."
    )


def test_columns_with_one_name_are_told_apart() -> None:
    """A repeated name carries the letter of its column."""
    assert [c.key for c in find_head(csv("值,值,值\n1,2,3\n")).columns] == ["值", "值 [B]", "值 [C]"]


@pytest.mark.parametrize(
    "head",
    [
        "地区,期间,能源消费量（万吨标准煤）,增速（%）",
        "行政区 ,时 间,综合能源消费量(万吨标准煤),增速/%",
        "Region,Period,Energy consumption [10⁴ tce],Growth (%)",
        "region,period,total（10k_tce）,growth (%)",
    ],
)
def test_names_in_both_languages_are_mapped(head: str) -> None:
    """Width, blanks, brackets, case and language of the names do not matter; units are taken from the head."""
    mapping, guesses = suggest_mapping(csv(f"{head}\n甲市,2024,1,2\n乙市,2024,3,4\n丙市,2024,5,6\n"), SCHEMA)
    given = head.split(",")
    assert [mapping.sources[n].column for n in ("region", "period", "total", "growth")] == [g.strip() for g in given]
    assert (mapping.sources["total"].unit, mapping.sources["growth"].unit) == ("10k_tce", "%")
    assert guesses[0].samples == ("甲市", "乙市", "丙市")
    assert guesses[0].confidence == 100


def test_a_column_of_another_quantity_is_not_sure() -> None:
    """A name that fits but a unit of another dimension is offered, not taken."""
    _, guesses = suggest_mapping(csv("地区,期间,能源消费量（万元）\n甲市,2024,1\n"), SCHEMA)
    assert (guesses[2].column, guesses[2].confidence) == (None, 0)
    assert guesses[2].likely == ("能源消费量（万元）",)


def test_a_saved_mapping_is_reused_for_the_same_head() -> None:
    """The signature finds it again next month, below another title; another head does not get it."""
    body = "城市,期间,能耗（吨标准煤）\n甲市,2024,1\n"
    mine = Mapping(
        "energy",
        {"region": Source("城市"), "period": Source("期间"), "total": Source("能耗（吨标准煤）", unit="tce")},
        signature=signature(csv(body)),
    )
    found, guesses = suggest_mapping(csv("标题,,\n" + body), SCHEMA, [mine])
    assert found == mine
    assert guesses[0].reason == Label("沿用已保存的列对应。", "As in the saved mapping.")
    assert suggest_mapping(csv(HEAD + "甲市,2024,1,,,,\n"), SCHEMA, [mine])[0] != mine


WIDE = "地区,1月,2月,合计\n甲市,1,2,3\n"


def test_a_saved_mapping_does_not_carry_an_old_year_along() -> None:
    """The year of a wide layout is read from the new title, or asked for; the sum column is left out."""
    old, _ = suggest_mapping(csv("2024年（单位：吨标准煤）,,,\n" + WIDE), SCHEMA)
    assert old.melt == Melt("total", "period", (("1月", "1月"), ("2月", "2月")), Source(fixed="2024"))
    new = csv("2025年,,,\n" + WIDE)
    mapping, _ = suggest_mapping(new, SCHEMA, [old])
    assert [str(r.values["period"]) for r in check_rows(new, mapping, SCHEMA)] == ["2025-01", "2025-02"]
    silent = csv(WIDE)
    with pytest.raises(UserError) as caught:
        check_rows(silent, suggest_mapping(silent, SCHEMA, [old])[0], SCHEMA)
    assert str(caught.value) == (
        "IMP-002 合成.csv: the column mapping does not fit: the wide layout names no year for “1月”. "
        "Choose a column or a fixed value for each, and a unit for each figure; or mend the head."
    )


def test_units_that_contradict_each_other_are_not_passed_over() -> None:
    """Months in different units are refused; a unit of the mapping against that of the head leaves a flaw."""
    sheet = csv("2024年,,\n地区,1月（吨标准煤）,2月（万吨标准煤）\n甲市,1,2\n")
    with pytest.raises(UserError) as caught:
        check_rows(sheet, suggest_mapping(sheet, SCHEMA)[0], SCHEMA)
    assert "column “2月（万吨标准煤）” has another unit (10k_tce) than “能源消费量” (total) (tce)" in str(caught.value)
    sheet = csv("地区,期间,能源消费量（吨标准煤）\n甲市,2024,1\n")
    mapping, _ = suggest_mapping(sheet, SCHEMA)
    mapping.sources["total"] = replace(mapping.sources["total"], unit="万吨标准煤")
    checked = check_rows(sheet, mapping, SCHEMA)
    assert (checked.columns["total"], [f.code for f in checked.flaws]) == ([10000], ["unit_overrides_head"])


def test_a_mapping_survives_being_saved() -> None:
    """JSON there and back gives the same mapping, the wide layout too."""
    melt = Melt("total", "period", (("1月", "1月"), ("2月", "2月")), Source(fixed="2024"))
    mapping = Mapping("energy", {"region": Source("地区")}, 2, "表", "abc", melt)
    assert Mapping.from_json(mapping.to_json()) == mapping


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": 2}', "[" * 100_000])
def test_a_saved_mapping_that_is_none_is_refused(text: str) -> None:
    """Whatever else stands in the file is IMP-002."""
    with pytest.raises(UserError) as caught:
        Mapping.from_json(text)
    assert caught.value.code == "IMP-002"


def test_an_incomplete_mapping_names_fields_and_likely_columns() -> None:
    """Everything that is wanting is said at once."""
    sheet = csv("地区名,期间,能耗消费总量,增速\n甲市,2024,1,2\n")
    mapping = Mapping(
        "energy", {"period": Source("期"), "growth": Source("增速"), "total": Source(fixed="1", unit="万元")}
    )
    with pytest.raises(UserError) as caught:
        check_rows(sheet, mapping, SCHEMA)
    assert str(caught.value) == (
        "IMP-002 合成.csv: the column mapping does not fit: "
        "there is no column “期” for “期间” (period); columns: 地区名、期间、能耗消费总量、增速; "
        "unit 万元 does not fit “能源消费量” (total) (energy_tce); "
        "required field “地区” (region) has no column; likely: “地区名”; "
        "required field “期间” (period) has no column; likely: “期间”; "
        "“增速” (growth) has no unit. "
        "Choose a column or a fixed value for each, and a unit for each figure; or mend the head."
    )


def test_a_fixed_value_stands_for_a_column() -> None:
    """A field may have one value for all rows; a wrong one is refused before any row is read."""
    sheet = csv("地区,能源消费量（tce）\n甲市,1\n")
    mapping, _ = suggest_mapping(sheet, SCHEMA)
    good = replace(mapping, sources={**mapping.sources, "period": Source(fixed="2024年")})
    assert [str(r.values["period"]) for r in check_rows(sheet, good, SCHEMA)] == ["2024"]
    bad = replace(mapping, sources={**mapping.sources, "period": Source(fixed="去年")})
    with pytest.raises(UserError) as caught:
        check_rows(sheet, bad, SCHEMA)
    assert str(caught.value) == (
        "IMP-002 合成.csv: the fixed value for “期间” (period): “去年” is not a period in a known form. "
        "Write 2025, 2025-03, 2025Q1, 2025H1 or 2025YTD06."
    )


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_template_maps_to_every_field(language: Any) -> None:
    """A template read back maps wholly, and its example row is passed over."""
    data = template(SCHEMA, language)
    assert data == template(SCHEMA, language)
    sheet = read_sheet(data, name="模板.xlsx")
    mapping, guesses = suggest_mapping(sheet, SCHEMA)
    assert {g.field for g in guesses if g.column} == {f.name for f in SCHEMA.fields}
    checked = check_rows(sheet, mapping, SCHEMA)
    assert (checked.ok, checked.rows, [s.code for s in checked.skipped]) == (True, [], ["example_row"])


def test_a_schema_that_contradicts_itself_is_a_bug() -> None:
    """Fields without their parser, and keys without field, are refused when the schema is made."""
    with pytest.raises(ValueError, match="needs a parser"):
        FieldSpec("r", Label("地区"), "region")
    with pytest.raises(ValueError, match="unknown or repeated"):
        SheetSchema("s", Label("表"), (FieldSpec("a", Label("甲"), "text"),), key=("b",))
