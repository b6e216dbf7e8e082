"""`shuangkong account`: stable JSON on stdout, a state for every row that has no figure, user errors that say where."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import typer
import xlsxwriter
from typer.testing import CliRunner, Result

from shuangkong.accounting.cli import account_command
from shuangkong.kernel.errors import UserError

APP = typer.Typer()
APP.command()(account_command)
HEAD = "carrier_code,quantity,unit\n"
PLAIN = ("--edition", "gbt2589-2020", "--basis", "calorific")


def run(*words: str | Path) -> Result:
    """The command as typed after `shuangkong account`."""
    return CliRunner().invoke(APP, [str(w) for w in words], catch_exceptions=True)


@pytest.fixture
def file(tmp_path: Path):
    """Write a CSV with the three columns and say where it is."""

    def write(*rows: str, head: str = HEAD, encoding: str = "utf-8") -> Path:
        path = tmp_path / "file.csv"
        path.write_bytes((head + "\n".join(rows) + "\n").encode(encoding))
        return path

    return write


def answer(path: Path, *options: str) -> dict[str, Any]:
    """The JSON that the command writes."""
    result = run(path, *(options or PLAIN), "--known", "2026-01-01", "--json")
    assert result.exit_code == 0, result.exception
    return json.loads(result.stdout)


def complaint(result: Result) -> UserError:
    """The user error that a command ended with."""
    assert isinstance(result.exception, UserError)
    assert result.stdout == ""
    return result.exception


def test_the_keys_are_stable(file) -> None:
    """The whole answer for one row: other programs read these keys, in figures as text with six places."""
    done = answer(file("01,1000,t"), *PLAIN, "--period", "2024")
    assert done == {
        "edition": "gbt2589-2020",
        "basis": "calorific",
        "carbon_guide": None,
        "grid_factor": None,
        "period": "2024",
        "known": "2026-01-01",
        "rounding": "half_up_6",
        "rows": [
            {
                "row": 2,
                "carrier_code": "01",
                "carrier": "raw_coal",
                "carrier_name": {"zh": "原煤", "en": "raw coal"},
                "quantity": "1000",
                "quantity_written": "1000",
                "unit": "t",
                "quantity_base": "1000.000000",
                "unit_base": "t",
                "tce": "714.300000",
                "tce_low": None,
                "tce_high": None,
                "state": "ok",
                "factor": {
                    "value": "0.7143",
                    "low": None,
                    "high": None,
                    "unit": "tce/t",
                    "printed": "0.7143 kgce/kg",
                    "edition": "gbt2589-2020",
                    "confidence": "confirmed",
                    "source": "GB/T 2589-2020, Table A.1",
                },
                "tco2": None,
                "co2_state": "no_guide",
                "co2_factor": {
                    "value": None,
                    "low": None,
                    "high": None,
                    "unit": "tCO2/t",
                    "printed": None,
                    "edition": None,
                    "confidence": None,
                    "source": None,
                },
                "notes": [
                    {"zh": "未指定碳核算指南（--carbon-guide）", "en": "no carbon guide is named (--carbon-guide)"}
                ],
            }
        ],
        "total": {
            "tce": "714.300000",
            "tce_low": None,
            "tce_high": None,
            "state": "ok",
            "coverage": "1.000000",
            "tco2": None,
            "co2_state": "none",
            "co2_coverage": "0.000000",
            "confidence": "confirmed",
        },
        "notes": [],
    }


@pytest.mark.parametrize(
    "name", ["01", "1", "原煤", "raw_coal", "raw coal", "Raw-Coal", "煤炭（原煤）", "煤炭(原煤)", "０１"]
)
def test_a_carrier_goes_by_code_and_by_name(file, name: str) -> None:
    """The code of the return, the slug, both names and aliases are one carrier."""
    assert answer(file(f"{name},1,t"))["rows"][0]["tce"] == "0.714300"


@pytest.mark.parametrize(
    ("quantity", "unit", "tce"),
    [
        ("1,234.5", "吨", "881.803350"),
        ("１２３４．５", "t", "881.803350"),
        ("0.12345", "万吨", "881.803350"),
        ("1234500", "千克", "881.803350"),
        ("0", "t", "0.000000"),
        ("-0", "t", "0.000000"),
        ("−0.0000000001", "t", "0.000000"),
        ("12", "tce", "12.000000"),
    ],
)
def test_quantities_are_read_as_people_type_them(file, quantity: str, unit: str, tce: str) -> None:
    """Separators, full-width digits and other units of the same dimension give the same digits."""
    row = answer(file(f'原煤,"{quantity}",{unit}'))["rows"][0]
    assert (row["tce"], row["state"]) == (tce, "ok")


@pytest.mark.parametrize(
    ("line", "state"),
    [
        ("无烟煤,100,t", "no_factor"),
        ("天然气,1,万立方米", "range"),
        ("原煤,1,立方米", "wrong_unit"),
        ("原煤,1,坛", "wrong_unit"),
        ("原煤,1,", "wrong_unit"),
        ("原煤,,t", "no_quantity"),
        ("原煤,-,t", "no_quantity"),
        ("原煤,—,t", "no_quantity"),
        ("原煤,约100,t", "bad_quantity"),
        ("原煤,1_000,t", "bad_quantity"),
        ("原煤,nan,t", "no_quantity"),
        ("原煤,1e999999,t", "bad_quantity"),
        ("原煤,9999999999999,t", "bad_quantity"),
        ("柴禾,1,t", "unknown_carrier"),
        ("能源合计,1,tce", "total_row"),
        ("电力,1,tce", "other_basis"),
        ("电力(等价值),1,kWh", "other_basis"),
        ("新水,1,t", "no_factor"),
    ],
)
def test_what_has_no_figure_has_a_state(file, line: str, state: str) -> None:
    """No factor, wrong unit, range, no quantity: never a zero, never a guess, and the command succeeds."""
    done = answer(file(line))
    row = done["rows"][0]
    assert (row["state"], row["tce"], row["tco2"]) == (state, None, None)
    assert row["notes"] != []
    assert done["total"]["tce"] is None
    assert done["total"]["state"] == "none"


def test_a_range_shows_both_ends(file) -> None:
    """Where the standard prints a range the row has low and high, and the total has both beside what is known."""
    done = answer(file("天然气,1,万立方米", "原煤,1,t"))
    assert [done["rows"][0][k] for k in ("tce", "tce_low", "tce_high")] == [None, "11.000000", "13.300000"]
    assert done["rows"][0]["factor"]["printed"] == "1.1000–1.3300 kgce/m3"
    total = done["total"]
    assert [total[k] for k in ("tce", "tce_low", "tce_high", "state", "coverage")] == [
        "0.714300", "11.714300", "14.014300", "partial", "0.500000",
    ]  # fmt: skip


def test_a_negative_quantity_counts_and_is_named(file) -> None:
    """Recovered gas is handed in as a negative quantity: it is taken off, with a note; a range keeps low below high."""
    done = answer(file("高炉煤气,-10,万立方米", "焦炉煤气,-1,万立方米"))
    assert done["rows"][0]["tce"] == "-12.860000"
    assert done["rows"][0]["notes"][0]["en"] == "the quantity is negative and counted as it stands"
    assert (done["rows"][1]["tce_low"], done["rows"][1]["tce_high"]) == ("-6.143000", "-5.714000")


def test_a_missing_factor_says_where_there_is_one(file) -> None:
    """A factor of another edition is pointed out, with its mark, and not used."""
    notes = [n["en"] for n in answer(file("无烟煤,100,t"))["rows"][0]["notes"]]
    assert "no factor here; there is nbs-205-1-2020s (calorific): 0.9428 kgce/kg, recalled" in notes


def test_power_by_primary_value_needs_a_yearly_coefficient(file) -> None:
    """No fixed number is printed for it, so without one there is a state; with one the figure says whose it is."""
    path = file("电力,1000,kWh", "热力,100,GJ")
    primary = ("--edition", "gbt2589-2020", "--basis", "primary")
    assert {r["state"] for r in answer(path, *primary)["rows"]} == {"yearly_coefficient_needed"}
    done = answer(path, *primary, "--electricity-coefficient", "0.3012", "--heat-coefficient", "0.0386")
    assert [r["tce"] for r in done["rows"]] == ["0.301200", "3.860000"]
    factor = done["rows"][0]["factor"]
    assert (factor["printed"], factor["confidence"], factor["source"]) == (
        "0.3012 kgce/kWh", "unofficial", "stated by the user",
    )  # fmt: skip


def test_the_two_bases_differ(file) -> None:
    """Electricity by calorific value is 0.1229 kgce; fuels have one value for both."""
    path = file("电力,1000,kWh", "原煤,1,t")
    done = answer(path)
    assert [r["tce"] for r in done["rows"]] == ["0.122900", "0.714300"]
    other = answer(path, "--edition", "gbt2589-2020", "--basis", "primary", "--electricity-coefficient", "0.3")
    assert [r["tce"] for r in other["rows"]] == ["0.300000", "0.714300"]


def test_fresh_water_differs_by_edition(file) -> None:
    """新水: 0.0857 in the 2008 edition, three times as much in 2020; by calorific value it has none."""
    path = file("新水,10000,t")
    for edition, tce in (("gbt2589-2008", "0.857000"), ("gbt2589-2020", "2.571000")):
        done = answer(path, "--edition", edition, "--basis", "primary")
        assert done["rows"][0]["tce"] == tce
    assert answer(path)["rows"][0]["state"] == "no_factor"


def test_an_edition_that_was_not_in_force_is_pointed_out(file) -> None:
    """The superseded edition still computes, and says from when it no longer held."""
    done = answer(file("新水,1,t"), "--edition", "gbt2589-2008", "--basis", "primary", "--period", "2024")
    assert [n["en"] for n in done["notes"]] == ["gbt2589@2008 is no longer in force from 2021-04-01"]


def test_co2_by_guide_and_grid_factor(file) -> None:
    """Fuels by the named guide, power by data year and place; a factor says how it is made and where it stands."""
    path = file("洗精煤,100,t", "电力,1000,kWh", "热力,10,GJ", "柴油,1,t")
    done = answer(path, *PLAIN, "--carbon-guide", "ghg-guides-2013-2015", "--grid-factor", "2022@广东")
    assert done["grid_factor"] == "2022@440000"
    rows = done["rows"]
    assert [r["tco2"] for r in rows] == ["228.175922", "0.440300", "1.100000", "3.145122"]
    assert rows[0]["co2_factor"]["printed"] == "26.344 GJ/t × 0.02540 tC/GJ × 93 % × 44/12"
    assert rows[0]["tco2"] == str(
        (100 * Decimal("26.344") * Decimal("0.0254") * 93 * 44 / 12 / 100).quantize(Decimal("0.000001"))
    )
    national = answer(path, *PLAIN, "--grid-factor", "2022")
    assert national["grid_factor"] == "2022@000000"
    assert [r["co2_state"] for r in national["rows"]] == ["no_guide", "ok", "no_guide", "no_guide"]
    assert national["rows"][1]["tco2"] == "0.536600"


def test_a_place_without_a_grid_factor_has_none(file) -> None:
    """Tibet has no row: naming it does not quietly give the national average."""
    done = answer(file("电力,1000,kWh"), *PLAIN, "--grid-factor", "2022@540000")
    assert (done["rows"][0]["tco2"], done["rows"][0]["co2_state"]) == (None, "no_grid_factor")


def test_a_recalled_factor_marks_row_and_total(file) -> None:
    """A factor written from memory shows that, and the total carries the least sure mark."""
    done = answer(file("原煤,1,t", "煤油,1,t"))
    assert [r["factor"]["confidence"] for r in done["rows"]] == ["confirmed", "recalled"]
    assert done["total"]["confidence"] == "recalled"


def test_a_stated_sum_is_not_added(file) -> None:
    """A row 合计 is passed over and named; 能源合计 is shown and neither adds nor counts."""
    done = answer(file("原煤,1,t", "40,9,tce", "合计,1,t"))
    assert (done["total"]["tce"], done["total"]["coverage"]) == ("0.714300", "1.000000")
    assert [n["en"] for n in done["notes"]] == ["row 4 “合计” was passed over"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_chinese_heads_in_any_encoding(file, encoding: str) -> None:
    """能源品种, 消费量, 计量单位 in UTF-8 or GB18030, with blank rows and a title above, is the same table."""
    path = file("原煤,1,吨", ",,", "焦炭,2,吨", head="某企业能源消费,,\n能源品种,消费量,计量单位\n", encoding=encoding)
    done = answer(path)
    assert [(r["row"], r["tce"]) for r in done["rows"]] == [(3, "0.714300"), (5, "1.942800")]


def test_the_unit_may_stand_in_the_head(file) -> None:
    """消费量（吨） needs no column of units."""
    assert answer(file("原煤,1", head="品种代码,消费量（吨）\n"))["rows"][0]["tce"] == "0.714300"


def test_a_workbook_is_read_too(tmp_path: Path) -> None:
    """An .xlsx with numbers as numbers gives what the CSV gives, also where 01 became 1."""
    path = tmp_path / "file.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("能源")
        for i, row in enumerate((["品种代码", "数量", "计量单位"], [1, 1000.5, "吨"], ["33", 10, "万千瓦时"])):
            sheet.write_row(i, 0, row)
    assert [r["tce"] for r in answer(path)["rows"]] == ["714.657150", "12.290000"]


def test_no_rows_is_an_answer(file) -> None:
    """A head without rows has no total, not a total of nought."""
    total = answer(file())["total"]
    assert (total["tce"], total["state"], total["coverage"]) == (None, "none", "0.000000")


@pytest.mark.parametrize(
    ("options", "code", "where"),
    [
        (("--basis", "calorific"), "ACC-001", "--edition"),
        (("--edition", "gbt2589-2020"), "ACC-001", "--basis"),
        (("--edition", "gbt2589-2019", "--basis", "calorific"), "ACC-001", "--edition"),
        (("--edition", "gbt2589", "--basis", "calorific"), "ACC-001", "--edition"),
        (("--edition", "gbt2589-2020", "--basis", "both"), "ACC-001", "--basis"),
        ((*PLAIN, "--carbon-guide", "mine"), "ACC-001", "--carbon-guide"),
        ((*PLAIN, "--grid-factor", "1999"), "ACC-001", "--grid-factor"),
        ((*PLAIN, "--grid-factor", "2022@"), "ACC-001", "--grid-factor"),
        ((*PLAIN, "--period", "2022@"), "PER-001", ""),
        ((*PLAIN, "--electricity-coefficient", "0.3"), "ACC-001", "--electricity-coefficient"),
        ((*PLAIN, "--heat-coefficient", "0.0341"), "ACC-001", "--heat-coefficient"),
        ((*PLAIN, "--grid-factor", "2022@亚特兰蒂斯"), "REG-001", ""),
        ((*PLAIN, "--period", "some day"), "PER-001", ""),
        ((*PLAIN, "--electricity-coefficient", "zero"), "ACC-001", "--electricity-coefficient"),
        ((*PLAIN, "--known", "2024"), "PER-001", "--known"),
    ],
)
def test_a_wrong_choice_is_refused(file, options: tuple[str, ...], code: str, where: str) -> None:
    """Edition and basis have no default, and what no pack has is refused with what there is."""
    error = complaint(run(file("原煤,1,t"), *options))
    assert error.code == code
    assert where in error.where
    assert error.remedy


def test_a_missing_column_is_named(file) -> None:
    """Where a column is missing the error names it, the file, and the columns that are there."""
    error = complaint(run(file("原煤,1", head="能源品种,消费量\n"), *PLAIN))
    assert str(error) == (
        "IMP-002 file.csv: there is no column “unit” (计量单位); columns in row 1: 能源品种、消费量. "
        "Give the columns carrier_code, quantity and unit (能源品种、数量、计量单位)."
    )


@pytest.mark.parametrize(
    ("head", "row", "said"),
    [
        ("能源品种,消费量,数量,计量单位", "原煤,1,2,吨", "the columns “消费量”、“数量” all mean quantity (数量)."),
        ("品种,数量,数量,单位", "原煤,1,2,吨", "the columns “数量”、“数量 [C]” all mean quantity (数量)."),
        (
            "品种,能源名称,数量,单位",
            "原煤,焦炭,2,吨",
            "the columns “品种”、“能源名称” all mean carrier_code (能源品种).",
        ),
    ],
)
def test_two_columns_of_one_meaning_are_refused(file, head: str, row: str, said: str) -> None:
    """Which of two equal heads is meant is not guessed: both are named."""
    error = complaint(run(file(row, head=head + "\n"), *PLAIN))
    assert str(error) == f"IMP-002 file.csv: {said} Keep one of them, or give the others another name."


def test_a_row_longer_than_the_head_is_refused(file) -> None:
    """A stray delimiter moves cells under other heads, so the rows are named and nothing is accounted."""
    error = complaint(run(file("原煤,1,t", "焦炭,1,234,t", "焦炭,5,t,,"), *PLAIN))
    assert str(error) == (
        "IMP-003 file.csv: rows longer than the head (3 columns): 3. "
        'Take the stray delimiter out, or put text that holds it into double quotes ("1,000").'
    )


def test_an_unreadable_file_says_where(tmp_path: Path) -> None:
    """A file that is not there, is empty, or is something else is IMP-001 with its name."""
    (tmp_path / "empty.csv").write_bytes(b"")
    (tmp_path / "report.csv").write_bytes(b"%PDF-1.7")
    for name in ("absent.csv", "empty.csv", "report.csv"):
        error = complaint(run(tmp_path / name, *PLAIN))
        assert error.code == "IMP-001"
        assert name in error.where


def test_the_table_for_people_is_aligned(file) -> None:
    """Without --json: the choices, an aligned table, coverage, and a line for each thing to be said."""
    result = run(file("原煤,1000,t", "煤油,—,t"), *PLAIN)
    assert result.stdout.splitlines() == [
        "版本 gbt2589-2020，当量值，碳核算指南 未指定，电网因子 未指定",
        "行  品种  数量  单位         tce  状态      系数（原文）  "
        "  版本          可信度     tCO2  CO2 状态    CO2 因子（原文）",
        " 2  原煤  1000  t     714.300000  已知      0.7143 kgce/kg  gbt2589-2020  confirmed     —  未指定指南  —",
        " 3  煤油     —  t              —  无数量    1.4714 kgce/kg  gbt2589-2020  recalled      —  无数量      —",
        "    合计              714.300000  部分已知                                confirmed     —  无",
        "覆盖率（已知行数占比）：tce 50 %，CO2 0 %",
        "第 2 行：未指定碳核算指南（--carbon-guide）",
        "第 3 行：没有数量",
        "第 3 行：未指定碳核算指南（--carbon-guide）",
    ]
