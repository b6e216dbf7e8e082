"""Each phenomenon of the corpus of invented sentences is read as its entry says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from shuangkong.policy.reading.duties import parse
from shuangkong.policy.reading.service import as_json, read_text

HERE = Path(__file__).parent
SENTENCES: list[dict[str, Any]] = yaml.safe_load((HERE / "corpus.yaml").read_text("utf-8"))
TAILS: list[dict[str, Any]] = yaml.safe_load((HERE / "tails.yaml").read_text("utf-8"))
PLAN = "合成市“十四五”示范方案\n一、重点任务\n（一）合成工程。{}\n"


@pytest.mark.parametrize("entry", SENTENCES, ids=lambda e: e["what"])
def test_a_sentence_is_read_as_expected(entry: dict[str, Any]) -> None:
    """Each invented sentence gives the targets of its entry, in the clause it stands in."""
    found = as_json(read_text(PLAN.format(entry["text"])))["targets"]
    keys = ("indicator", "comparator", "value", "unit", "base_year", "target_year")
    assert [[t[k] for k in keys] for t in found] == entry["expect"]
    assert {t["clause"] for t in found} <= {"一（一）"}


@pytest.mark.parametrize("entry", TAILS, ids=lambda e: e["what"])
def test_a_tail_is_read_as_expected(entry: dict[str, Any]) -> None:
    """Each invented tail gives who leads and who supports."""
    found = as_json(read_text(PLAN.format("开展合成工作。" + entry["text"])))["duties"]
    assert [(d["lead"], d["support"]) for d in found] == [(entry["lead"], entry["support"])]


def test_deadlines_inside_tails_are_kept_apart_from_the_names() -> None:
    """A deadline in a tail is no body."""
    lead, support, due = parse("牵头单位：市甲局；配合单位：市乙局；完成时限：2024年6月底前")
    assert (lead, support, due) == (["市甲局"], ["市乙局"], ["2024年6月底前"])


def test_a_tail_on_its_own_line_belongs_to_the_item_or_to_the_clause_around_the_list() -> None:
    """Items with tails of their own keep them; one tail behind a whole list is that of the clause."""
    each = "一、任务\n1.甲事。\n责任单位：市甲局\n配合单位：市乙局\n2.乙事。\n责任单位：市丙局\n"
    found = as_json(read_text(PLAN.split("\n")[0] + "\n" + each))["duties"]
    assert [(d["clause"], d["lead"], d["support"]) for d in found] == [
        ("一1", ["市甲局"], ["市乙局"]),
        ("一2", [], ["市丙局"]),
    ]
    one = "一、任务\n1.甲事；\n2.乙事。\n（市甲局负责）\n二、保障\n"
    assert [d["clause"] for d in as_json(read_text(PLAN.split("\n")[0] + "\n" + one))["duties"]] == ["一"]
