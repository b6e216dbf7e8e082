"""Names and scopes of targets, sign by sign: a name that is nearly right can mean another indicator."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from shuangkong.policy.reading.service import as_json, read_text

SENTENCES: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "names.yaml").read_text("utf-8"))
PLAN = "合成市“十四五”示范方案\n一、重点任务\n（一）合成工程。{}\n"


@pytest.mark.parametrize("entry", SENTENCES, ids=lambda e: e["what"])
def test_what_is_measured_and_of_whom(entry: dict[str, Any]) -> None:
    """Each invented sentence gives the names of its entry, with the scopes behind a stroke."""
    found = as_json(read_text(PLAN.format(entry["text"])))["targets"]
    assert [t["indicator"] + (f"|{t['scope']}" if t["scope"] else "") for t in found] == entry["names"]


def test_a_name_that_may_share_more_is_marked() -> None:
    """Where a name of a list gets only the measure of a much longer one, a person is asked to look."""
    text = "生猪、肉牛规模化养殖粪污处理设施配套率分别达到97%、95%。"
    found = as_json(read_text(PLAN.format(text)))["targets"]
    assert {t["confidence"] for t in found} == {"medium"}
    assert all("list_unlike" in t["unsure"] for t in found)
