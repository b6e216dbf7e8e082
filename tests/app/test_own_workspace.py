"""A county's officer starts from nothing: registers units, imports returns, adds a plan, and asks why."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from shuangkong.app.cli import app

INSTRUMENT = """id: test-xinji
edition: "2024"
title: {zh: 辛集试验方案（合成）}
issuer: 合成
level: county
region: "130181"
issued: 2024-01-01
in_force_from: 2024-01-01
in_force_to: 2027-01-01
synthetic: true
confidence: synthetic
source: {doc: 合成, place: 全文, known: 2024-01-01}
"""
CLAUSES = """- {id: 一, title: {zh: 单位产品能耗}, kind: target}
"""
TARGETS = """- slug: clinker
  clause: 一
  indicator: product_energy_intensity
  subject: {units: {class: key_unit, product: clinker}}
  comparator: at_most
  value: 107
  unit: kgce/t
  horizon: standing
  accounting: {edition: gbt2589-2020, basis: calorific}
"""
PRODUCTS = """- {id: clinker, label: {zh: 水泥熟料}, unit: t, industry: "3011"}
"""


def uscc(stem: str) -> str:
    """A code with its right check digit."""
    from stdnum.cn import uscc as check

    return stem + str(check.calc_check_digit(stem))


def call(*words: str, expect: int = 0) -> Any:
    """A command with --json; gives the parsed document."""
    done = CliRunner().invoke(app, [*words, "--json"])
    assert done.exit_code == expect, done.output + str(done.exception)
    return json.loads(done.stdout)


def test_from_an_empty_folder_to_a_reason(tmp_path: Path) -> None:
    """Units, returns and a plan lead to one unit that meets its limit and one that does not, each explained."""
    w = ["-w", str(tmp_path / "w")]
    a, b = uscc("91130181000000001"), uscc("91130181000000002")
    call("init", *w)
    units = tmp_path / "名录.csv"
    head = "统一社会信用代码,单位名称,所在地区,行业代码,行业分类版本,单位类别,起始日期,报送周期"
    rows = [f"{a},甲水泥厂（合成）,辛集市,3011,2017,重点用能单位,2023-01-01,月报"]
    rows.append(f"{b},乙水泥厂（合成）,130181,3011,2017,重点用能单位,2023-01-01,月报")
    units.write_text("\n".join([head, rows[0], rows[1].replace("3011", "9999")]), "utf-8")
    refused = call("import", str(units), "--book", "units", *w, expect=2)
    assert [(r["row"], r["field"]) for r in refused["refusals"]] == [(3, "industry")]
    units.write_text("\n".join([head, *rows]), "utf-8")
    assert call("import", str(units), "--book", "units", *w)["new"] == 2
    assert call("import", str(units), "--book", "units", *w)["unchanged"] == 2

    energy, output = tmp_path / "能源.csv", tmp_path / "产量.csv"
    energy.write_bytes(
        (
            "统一社会信用代码,期间,能源品种,消费量,计量单位\n"
            + "".join(f"{a},2024-{m:02d},洗精煤,1000,吨\n{b},2024-{m:02d},洗精煤,1300,吨\n" for m in range(1, 13))
        ).encode("gb18030")
    )
    output.write_text(
        "统一社会信用代码,期间,产品名称,产量,计量单位\n"
        + "".join(f"{u},2024-{m:02d},水泥熟料,1,万吨\n" for m in range(1, 13) for u in (a, b)),
        "utf-8",
    )
    pack = tmp_path / "packs" / "xinji"
    pack.mkdir(parents=True)
    files = {"instrument": INSTRUMENT, "clauses": CLAUSES, "targets": TARGETS, "products": PRODUCTS}
    for name, text in files.items():
        (pack / f"{name}.yaml").write_text(text, "utf-8")
    more = ["--packs", str(tmp_path / "packs")]
    taken = call("import", str(energy), "--book", "energy", "--known-on", "2025-01-20", *w, *more)
    assert (taken["new"], taken["committed"]) == (24, True)
    assert call("import", str(output), "--book", "output", *w, *more)["new"] == 24

    data = call("judge", *w, *more, "--as-of", "2025-06-30")
    mine = {r["subject_id"]: r for r in data["list"] if r["pack_id"] == "test-xinji"}
    assert len(mine) == 2
    # 1000 t × 0.9 tce/t ÷ 10 000 t = 90 kgce/t; 1300 t gives 117 kgce/t; the limit is 107
    answers = {(Decimal(r["value"]), r["status"]) for r in mine.values()}
    assert answers == {(Decimal(90), "met"), (Decimal(117), "missed")}
    missed = next(r for r in mine.values() if r["status"] == "missed")
    chain = call("why", missed["finding_key"], *w)
    assert chain["finding"]["subject_zh"] == "乙水泥厂（合成）"
    assert chain["entries_total"] == 24
    assert {s["file_name"] for s in chain["sources"]} == {"能源.csv", "产量.csv"}
    assert Decimal(chain["change"]["gap"]) == 10


def test_a_figure_given_twice_or_in_a_wrong_unit_is_refused_with_its_row(tmp_path: Path) -> None:
    """A figure under two spellings, a unit that does not fit, a year ahead: all listed, nothing written."""
    w = ["-w", str(tmp_path / "w")]
    call("init", *w)
    sheet = tmp_path / "表.csv"
    head = "地区,期间,能源品种,消费量,计量单位,范围"
    rows = [
        "辛集市,2023,原煤,100,吨,全口径",
        "130181,2023年,01,100,吨,全口径",
        "辛集市,2024,原煤,100,万千瓦时,全口径",
        "辛集市,2031,原煤,100,吨,全口径",
    ]
    sheet.write_text("\n".join([head, *rows]), "utf-8")
    refused = call("import", str(sheet), "--book", "energy", *w, expect=2)
    assert [(r["row"], r["code"]) for r in refused["refusals"]] == [
        (3, "given_twice"), (4, "wrong_unit"), (5, "period_ahead"),
    ]  # fmt: skip
    assert refused["committed"] is False


def test_judging_before_any_document_finds_nothing(tmp_path: Path) -> None:
    """As known in 1990 there is no document, hence no finding, and no failure."""
    w = ["-w", str(tmp_path / "w")]
    call("init", *w)
    assert call("judge", *w, "--known", "1990-01-01")["findings"] == 0
