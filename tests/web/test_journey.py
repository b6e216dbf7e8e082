"""An official who has never seen it finds out within three clicks why a region is red and what the plan says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from serving import serving
from web.clients import visitor

pytestmark = [pytest.mark.browser, pytest.mark.slow]
MISSED_VIEW = "/?view=guofa-2016-74@2016.energy_per_gdp_change.plan.P2016-2020"
WORDS = {"zh": ("未完成", "怎样才会改变结论？", "下一步"), "en": ("missed", "What would change it?", "Next step")}


@pytest.fixture(scope="module")
def address(pages: Any) -> Iterator[str]:
    """The pages served on a free port of this machine."""
    with serving(pages.app) as address:
        yield address


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("width", [1280, 390])
def test_from_home_to_why_in_three_clicks(browser: Any, address: str, tmp_path: Path, lang: str, width: int) -> None:
    """Home, a red region, its finding: the why page names clause, condition, figures and source; nothing is refused."""
    missed, change, step = WORDS[lang]
    page = browser.new_page(viewport={"width": width, "height": 800})
    refused: list[str] = []
    page.on("console", lambda m: refused.append(m.text))
    page.on("request", lambda r: refused.append(r.url) if not r.url.startswith(address) else None)
    page.goto(f"{address}{MISSED_VIEW}&lang={lang}")
    page.screenshot(path=tmp_path / f"1-home-{lang}-{width}.png", full_page=True)
    page.locator(".grid a.tile.s-missed").first.click()
    assert step in page.inner_text("main")
    page.screenshot(path=tmp_path / f"2-region-{lang}-{width}.png", full_page=True)
    page.locator(".next a.go").first.click()
    text = page.inner_text("main")
    for words in (missed, change, "国发〔2016〕74号", "附件1", "national_2020.csv", step):
        assert words in text
    page.screenshot(path=tmp_path / f"3-why-{lang}-{width}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert refused == []
    page.close()


def test_an_officer_sees_why_a_county_is_red_in_three_clicks(pages: Any) -> None:
    """By links alone: one click signs in, the next opens the red county, its first screen tells, the third says why."""
    client = visitor(pages.app)
    form = re.search(r'action="(/sign-in/demo)".*?value="(demo\.officer\.990100)"', client.get("/sign-in").text, re.S)
    assert form is not None
    home = client.post(form[1], data={"person": form[2]}).text
    red = re.search(r'<a class="tile s-missed" href="(/regions/\w+)"[^>]*>\s*<span class="name">南湾县', home)
    assert red is not None
    county = client.get(red[1]).text
    head = county[county.index("<h1>") : county.index('class="next"')]
    for words in ("未完成", "三（一）", "规模以上工业单位增加值能耗", "要求下降14%", "下降10.6%", "差3.4"):
        assert words in head
    why = re.search(r'<a class="go" href="(/findings/\w+)">', head)
    assert why is not None
    text = client.get(why[1]).text
    assert "示范市“十四五”节能减排实施方案" in text
    assert "南湾县" in text[text.index("<h1>") : text.index("</h1>")]


@pytest.mark.parametrize("path", ["/", "/findings", "/units", "/packs", "/runs"])
def test_no_page_is_wider_than_a_phone(browser: Any, address: str, path: str) -> None:
    """Main pages fit 390 px; only charts and wide tables scroll, inside their own frame."""
    page = browser.new_page(viewport={"width": 390, "height": 800})
    page.goto(address + path)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.close()
