"""The why page walks from the sentence to the source row, and says what would change it."""

from __future__ import annotations

import re
from typing import Any

from shuangkong.app.web.factory import MESSAGES
from shuangkong.app.web.why_page import factor_used, groups
from shuangkong.webkit.api import Speaker, read_messages


def test_a_missed_province_is_told_to_the_row(pages: Any) -> None:
    """Liaoning's miss shows clause, threshold, five rates with file and row, and the gap."""
    liaoning = pages.view.by_code["210000"].id
    f = pages.first(pack_id="guofa-2016-74", variant="plan", subject_id=liaoning, indicator_id="energy_per_gdp_change")
    text = re.sub(r"<[^>]+>|\s+", "", pages.get(f"/findings/{f.finding_key}"))
    for words in (
        "国发〔2016〕74号",
        "附件1",
        "已失效",
        "下降15%",
        "上升1.6%",
        "实际值≥阈值",
        "否✗",
        "凭记忆",
        "再改善16.6个百分点",
    ):
        assert words in text, words
    for year in range(2016, 2021):
        assert re.search(rf"national_{year}.csv#\d+", text)


def test_a_missed_county_is_told_to_its_entries(pages: Any) -> None:
    """A county of the synthetic city shows formula, deductions, entries with the printed factor, and their files."""
    f = pages.first(pack_id="demo-shifanshi", variant="plan", status="missed", indicator_id="energy_per_gdp_change")
    text = re.sub(r"<[^>]+>|\s+", "", pages.get(f"/findings/{f.finding_key}"))
    for words in ("合成数据，仅供演示", "考核扣减", "e＝E÷G", "最大的账目", "synthetic_county_energy", "不变价"):
        assert words in text, words


def test_entries_are_grouped_by_what_they_count(pages: Any) -> None:
    """Groups hold only measures of the indicator, newest year first and the largest in it; a factor finds its row."""
    f = pages.first(pack_id="demo-shifanshi", variant="plan", status="missed", indicator_id="energy_per_gdp_change")
    entries = pages.view.why(f.finding_key).entries
    assert {e["measure"] for e in entries} <= {"energy", "gdp"}
    found = groups([e for e in entries if e["measure"] == "energy"])
    order = [(-g.year, -g.amount) for g in found if g.amount is not None]
    assert order == sorted(order)
    assert len({g.year for g in found}) > 1
    speaker = Speaker("zh", read_messages(*MESSAGES))
    used = [factor_used(pages.view, e["factor_key"], speaker) for e in entries if e["factor_key"]]
    assert used
    assert all(u is not None and u.value and u.unit for u in used)
    assert "GB/T 2589-2020" in {u.document for u in used if u is not None}
    assert factor_used(pages.view, "no such key", speaker) is None
