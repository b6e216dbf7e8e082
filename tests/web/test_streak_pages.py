"""Pages of months in a row: each month behind a finding, the table for a month, and a region's published grades."""

from __future__ import annotations

import re
from typing import Any

import pytest

from shuangkong.app.web.streak_view import missing_periods
from shuangkong.app.web.tables_reading import rule_findings
from web.conftest import Pages


@pytest.fixture(scope="module")
def found(pages: Pages) -> dict[str, dict[str, Any]]:
    """The findings of October 2026 of the demo's red months, by code of the county."""
    rows = rule_findings(
        pages.view, "slug = 'red-months' AND pack_id = 'demo-shifanshi-rules' AND period_key = '2026-10'"
    )
    return {pages.view.subjects[r["subject_id"]].code: r for r in rows}


def months(html: str, heading: str) -> list[tuple[str, str]]:
    """How each month of a strip counts, and its word, in order."""
    part = html[html.index(heading) :]
    strip = part[part.index('<ol class="months">') : part.index("</ol>")]
    return re.findall(r'<li class="([a-z-]+)">.*?<b>([^<]*)</b>', strip, re.DOTALL)


@pytest.mark.parametrize(("lang", "red", "amber"), [("zh", "红色", "黄色"), ("en", "red", "amber")])
def test_each_month_behind_a_stop_is_shown(
    pages: Pages, found: dict[str, Any], lang: str, red: str, amber: str
) -> None:
    """Three red months and the amber one, published anew, that ends them; each with its row."""
    html = pages.get(f"/rules/findings/{found['990103']['finding_key']}", lang)
    assert months(html, 'id="streaks"') == [("ends", amber), *[("in-row", red)] * 3]
    assert found["990103"]["row_hit"] == "stop"


def test_a_missing_month_is_shown_where_it_breaks_the_count(pages: Pages, found: dict[str, Any]) -> None:
    """August is missing: two months at least, nothing decided, and what to hand in."""
    html = pages.get(f"/rules/findings/{found['990104']['finding_key']}")
    assert months(html, 'id="streaks"') == [("hole", "缺"), ("in-row", "红色"), ("in-row", "红色")]
    assert "至少连续 2" in html
    assert "补报公布的等级" in html


def test_a_table_by_month_asks_for_a_month_and_takes_a_lower_bound(pages: Pages, found: dict[str, Any]) -> None:
    """The form offers months; of the county with a hole it holds “≥ 2”, and no row is lit."""
    who = found["990104"]["subject_id"]
    html = pages.get(f"/rules/demo-shifanshi-rules@2023/red-months?who={who}&year=2026-10")
    assert '<option value="2026-10" selected>2026年10月</option>' in html
    assert 'value="≥ 2"' in html
    assert '<tr class="hit"' not in html
    html = pages.get("/rules/demo-shifanshi-rules@2023/red-months?in-red_energy=%E2%89%A5+3&in-red_coal=")
    assert 'class="hit"' in html


def test_the_page_of_a_region_has_its_published_grades(pages: Pages, found: dict[str, Any]) -> None:
    """Fourteen months of energy control, August missing; a region without grades has no such section."""
    html = pages.get(f"/regions/{found['990104']['subject_id']}")
    strip = months(html, 'id="grades"')
    assert len(strip) == 14
    assert [n for n, (kind, _) in enumerate(strip) if kind == "hole"] == [11]
    assert 'id="grades"' not in pages.get(pages.region("990100"))


def test_missing_periods_are_named_one_by_one() -> None:
    """What a streak needs is one period, or the first and the last of several."""
    assert missing_periods(None) == ()
    assert missing_periods("2025-12/2026-02") == ("2025-12", "2026-01", "2026-02")
    assert missing_periods("2021") == ("2021",)
