"""`shuangkong decide` at the terminal: JSON alone on stdout, clear errors, and no answer from an expired table."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from shuangkong.app.cli import app
from shuangkong.kernel.errors import UserError

TABLE = "wenzhou-retrofit-2021:grant"
HEAD = "主体,saving,intensity_fall,productivity_rise,legal_person,registered_here,revenue_here,spend_audited,spend\n"


def run(path: Path, text: str, *more: str, table: str = TABLE) -> dict[str, object]:
    """The JSON that the command prints for a file."""
    path.write_text(text, "utf-8")
    done = CliRunner().invoke(app, ["decide", table, "--input", str(path), "--json", *more])
    if isinstance(done.exception, UserError):
        raise done.exception
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_a_file_is_decided_row_by_row(tmp_path: Path) -> None:
    """Each row gets its row id, its amount or what is missing, and the parameters that it rests on."""
    text = HEAD + "甲,30,,20,是,是,是,是,500\n乙,29,,20,true,true,true,true,500\n"
    found = run(tmp_path / "in.csv", text, "--date", "2023-12-31")
    first, second = found["rows"]  # type: ignore[misc]
    assert (first["row_hit"], first["grant"], first["grant_conditions__row_hit"]) == (
        "high", "110.000000", "meets-the-test",
    )  # fmt: skip
    assert "wenzhou.grant.cap" in first["parameters"]
    assert (second["decided"], second["missing"], second["grant_conditions__missing"]) == (
        False, "eligible", "intensity_fall",
    )  # fmt: skip


def test_an_answer_tells_what_it_rests_on(tmp_path: Path) -> None:
    """Clause, the figures of the parameters with their marks, the least sure of all, and each input with its unit."""
    found = run(tmp_path / "in.csv", HEAD + "甲,30,4,20,是,是,是,是,500\n", "--date", "2023-12-31")
    row = found["rows"][0]  # type: ignore[index]
    assert row["clause"] == "四（二）4"
    rate = next(u for u in row["used"] if u["name"] == "high_rate")
    assert (rate["id"], rate["keys"], rate["value"], rate["unit"], rate["confidence"], rate["from"]) == (
        "wenzhou.grant.rate", {"band": "high"}, "22", "%", "confirmed", "2021-12-01",
    )  # fmt: skip
    # that the test was met rests on the table before this one
    assert {u["name"] for u in row["used"] if u["table"] == "grant-conditions"} >= {"least_saving", "least_rise"}
    assert "low_rate" not in {u["name"] for u in row["used"]}
    assert row["confidence"] == "confirmed"
    spend = next(i for i in found["inputs"] if i["name"] == "spend")  # type: ignore[attr-defined]
    assert (spend["unit"], spend["type"], spend["table"]) == ("10k_CNY", "number", "grant")


def test_a_table_that_collects_cites_the_clauses_of_the_rows_that_hit(tmp_path: Path) -> None:
    """Of six conditions with a clause each, the answer names those that fail; where none does, those looked at."""
    head = (
        "air_met,pollutant_total_met,adds_capacity,swap_done,industry_plan_met,review_strict,eia_strict,policy_met,"
        "plan_met,zoning_met,plan_eia_met,coal_replaced,emission_cut,impact_analysed,eia_impact_analysed,reduced,"
        "layout_met,filing_met,threshold_raised"
    )
    told = {"construction": "新建", "product": "钢铁", "warning": "其他", "over_advanced": "0", "over_domestic": "0"}
    good = dict.fromkeys(head.split(","), "true") | told
    bad = good | {"air_met": "false", "pollutant_total_met": "false", "warning": "红色"}
    text = "\n".join(",".join(r) for r in (list(good), bad.values(), good.values())) + "\n"
    found = run(tmp_path / "in.csv", text, "--date", "2022-06-30", table="henan-two-high-2021:gate-reasons")
    failed, passed = found["rows"]  # type: ignore[misc]
    assert (failed["rows_hit"], failed["clause"]) == (["one", "four"], "二（四）1, 二（四）4")
    assert (passed["rows_hit"], passed["clause"].count("二（四）")) == ([], 6)


@pytest.mark.parametrize(("code", "inside"), [("330302", True), ("330300", True), ("410100", False), ("", None)])
def test_a_subject_elsewhere_is_out_of_scope(tmp_path: Path, code: str, inside: bool | None) -> None:
    """Wenzhou's table holds in the city and its counties; elsewhere it is set aside, and nothing is missing."""
    head = HEAD.replace("\n", ",region_code\n")
    found = run(tmp_path / "in.csv", head + f"甲,30,4,20,是,是,是,是,500,{code}\n", "--date", "2023-12-31")
    row = found["rows"][0]  # type: ignore[index]
    assert row["in_scope"] is inside
    expected = (None, "out_of_scope", None) if inside is False else ("high", None, "110.000000")
    assert (row["row_hit"], row["undecided"], row["grant"]) == expected
    assert row["missing"] is None


def test_an_expired_table_decides_nothing(tmp_path: Path) -> None:
    """The day after the last one is told as expired, without an amount."""
    found = run(tmp_path / "in.csv", HEAD + "甲,30,4,20,是,是,是,是,500\n", "--date", "2024-01-01")
    row = found["rows"][0]  # type: ignore[index]
    assert found["standing"] == "expired"
    assert (row["decided"], row["undecided"], row["grant"], row["row_hit"]) == (False, "expired", None, None)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEAD.replace(",spend\n", "\n") + "甲,30,4,20,是,是,是,是\n", "there is no column “spend”"),
        (HEAD + "甲,30,4,20,是,是,是,是,many\n", "“many” is no spend"),
        (HEAD + "甲,30,4,20,是,是,是,是,-1\n", "“-1” is no spend"),
        (HEAD + "甲,30,4,20,是,maybe,是,是,1\n", "“maybe” is no registered_here"),
        (HEAD.replace("主体", "grant") + "甲,30,4,20,是,是,是,是,1\n", "“grant” is a name of the answer"),
        (HEAD + "甲,30\n", "row 1 has another number of cells"),
        (HEAD, "the file has no rows"),
        (HEAD.replace("主体", "region_code") + "温州,30,4,20,是,是,是,是,1\n", "“温州” is no code of a region"),
    ],
)
def test_a_wrong_file_is_refused(tmp_path: Path, text: str, said: str) -> None:
    """Columns and cells that do not fit are RULE-007 with the file and what is wrong."""
    with pytest.raises(UserError) as wrong:
        run(tmp_path / "in.csv", text)
    assert wrong.value.code == "RULE-007"
    assert said in wrong.value.message
    assert str(tmp_path / "in.csv") in wrong.value.where
