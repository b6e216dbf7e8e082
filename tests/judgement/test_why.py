"""Why a region has its figure: what is listed and what is not add up to it; a wrong key is said as it was typed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from shuangkong.app.cli import app
from shuangkong.app.explaining import explain, why_lines
from shuangkong.engine.api import Workspace
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.scope import Scope

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
CLAUSES = "- {id: 一, title: {zh: 总量}, kind: target}\n"
TARGETS = """- slug: total
  clause: 一
  indicator: energy_total
  subject: {regions: ["130181"]}
  comparator: at_most
  value: 100
  unit: 10k_tce
  horizon: year
  year: 2024
  accounting: {edition: gbt2589-2020, basis: calorific}
"""
FUELS = (
    "原煤", "洗精煤", "其他洗煤", "焦炭", "焦炉煤气", "原油", "汽油", "煤油", "柴油", "燃料油", "液化石油气",
    "炼厂干气", "其他石油制品", "热力", "电力", "煤制品", "型煤", "转炉煤气", "高炉煤气", "其他焦化产品", "液化天然气",
)  # fmt: skip
READER = Scope.all("test")


def call(*words: str) -> Any:
    """A command with --json; gives the parsed document."""
    done = CliRunner().invoke(app, [*words, "--json"])
    assert done.exit_code == 0, done.output + str(done.exception)
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Workspace, str]]:
    """A county with more entries than are listed, in standard coal, judged; and the key of its finding."""
    folder = tmp_path_factory.mktemp("why")
    w = ["-w", str(folder / "w")]
    call("init", *w)
    pack = folder / "packs" / "test"
    pack.mkdir(parents=True)
    for name, text in (("instrument", INSTRUMENT), ("clauses", CLAUSES), ("targets", TARGETS)):
        (pack / f"{name}.yaml").write_text(text, "utf-8")
    rows = [
        f"130181,2024-{m:02d},{fuel},{100 * i + m},吨标准煤,当量值,本级"
        for m in range(1, 13)
        for i, fuel in enumerate(FUELS, start=1)
    ]
    book = folder / "能源.csv"
    book.write_text("\n".join(["地区代码,期间,能源品种,消费量,计量单位,折标口径,范围", *rows]), "utf-8")
    call("import", str(book), "--book", "energy", *w)
    found = call("judge", *w, "--packs", str(folder / "packs"), "--as-of", "2025-06-30")["list"]
    opened = Workspace.open(Path(w[1]))
    yield opened, next(f["finding_key"] for f in found if f["pack_id"] == "test-xinji")
    opened.engine.dispose()


def test_what_is_listed_and_the_rest_are_the_whole(judged: tuple[Workspace, str]) -> None:
    """Of 252 entries 200 are listed; with the sum of the other 52 they are the county's total, to the last digit."""
    chain = explain(*judged, READER)
    listed = sum((e["amount"] for e in chain.entries if e["amount"] is not None), Decimal(0))
    assert (chain.entries_total, len(chain.entries)) == (12 * len(FUELS), 200)
    assert [(r["measure"], r["unit"], r["year"], r["entries"]) for r in chain.rest] == [("energy", "tce", 2024, 52)]
    assert chain.indicator is not None
    assert listed + chain.rest[0]["amount"] == chain.indicator["value"]
    assert chain.as_dict()["rest"] == chain.rest


def test_the_terminal_says_what_it_does_not_list(judged: tuple[Workspace, str]) -> None:
    """Twelve entries are printed, and one line has the count and sum of all others."""
    chain = explain(*judged, READER)
    assert chain.indicator is not None
    beyond = chain.indicator["value"] - sum(e["amount"] for e in chain.entries[:12])
    assert f"    其余 240 条账目，2024 年 energy 合计 {beyond:,.0f} tce" in why_lines(chain, "zh")
    assert f"    rest: 240 entries, 2024 energy in sum {beyond:,.0f} tce" in why_lines(chain, "en")


@pytest.mark.parametrize("key", ["f_%", "f_'", "%", "", "f_ａ"])
def test_a_key_that_is_none_is_said_as_it_was_typed(judged: tuple[Workspace, str], key: str) -> None:
    """A wild card or a quotation mark finds nothing: the message has the key and does not speak of several."""
    with pytest.raises(UserError) as caught:
        explain(judged[0], key, READER)
    assert (caught.value.code, caught.value.where) == ("RUN-002", key)
    assert caught.value.message == "no finding with this key in this run and scope."
