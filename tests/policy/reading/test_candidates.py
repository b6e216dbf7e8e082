"""Rules, ranges, deadlines, lists and platforms of invented sentences (合成) are found as candidates."""

from __future__ import annotations

import pytest

from shuangkong.policy.reading.service import as_json, read_text

PLAN = "合成市“十四五”示范方案\n一、重点任务\n（一）合成工程。{}\n"


@pytest.mark.parametrize(
    ("sentence", "kinds"),
    [
        ("对达标企业，给予不超过50万元的奖励。", ["rule"]),
        ("对逾期不改的项目，责令限期整改。", ["rule"]),
        ("本方案所称单位，是指合成单位。", ["range"]),
        ("2023年底前，全部园区完成改造。", ["deadline"]),
        ("建立示范项目清单。", ["list"]),
        ("搭建合成监测平台。", ["platform"]),
        ("到2025年，利用率达到51%。", []),
    ],
)
def test_each_kind_is_found(sentence: str, kinds: list[str]) -> None:
    """Each sentence gives the candidates of its kind, with the place of its words."""
    text = PLAN.format(sentence)
    found = as_json(read_text(text))["candidates"]
    assert [c["kind"] for c in found] == kinds
    assert all(text[c["start"] : c["end"]] == c["quote"] and c["clause"] == "一（一）" for c in found)


def test_a_rule_holds_its_condition_and_amounts() -> None:
    """The condition and every amount of a rule are fields of its candidate."""
    found = as_json(read_text(PLAN.format("对达标企业，给予不超过50万元的奖励。")))["candidates"]
    assert found[0]["fields"]["when"] == "达标企业"
    assert [(a["value"], a["unit"], a["comparator"]) for a in found[0]["fields"]["amounts"]] == [
        ("50", "万元", "at_most")
    ]
