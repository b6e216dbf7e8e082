"""Charts in a browser under the policy of the site: drawn, on a phone, on paper, without script, as a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jinja2
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from serving import serving
from shuangkong.webkit.api import HEADERS, Frame, read_messages
from webkit.chart_samples import samples

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PAGE = """{% import "ui.html" as ui with context %}<!doctype html><html lang="{{ 'zh-CN' if lang == 'zh' else 'en' }}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>t</title>
<link rel="icon" href="{{ asset('mark.svg') }}"><link rel="stylesheet" href="{{ asset('house.css') }}">
<script src="{{ asset('vendor/htmx.min.js') }}" defer></script>
<script src="{{ asset('chart.js') }}" defer></script></head>
<body><main>{% for c in charts %}{{ ui.chart(c) }}{% endfor %}</main></body></html>"""
DRAWN = "[...document.querySelectorAll('.plot[data-engine]')].every(p => p.querySelector('svg path'))"


def site() -> Starlette:
    """A page of charts with the headers and the files of the real site; ?kind= leaves one of them."""
    frame = Frame(("shuangkong.webkit",), read_messages(("shuangkong.webkit", "messages.yaml")))
    frame.environment.loader = jinja2.ChoiceLoader(
        [jinja2.DictLoader({"one.html": PAGE}), jinja2.PackageLoader("shuangkong.webkit")]
    )

    def page(request: Request) -> Response:
        wanted = request.query_params.get("kind")
        charts = [c for kind, c in samples().items() if wanted in (None, kind)]
        language = "en" if request.query_params.get("lang") == "en" else "zh"
        return HTMLResponse(frame.render("one.html", language, charts=charts), headers=HEADERS)

    def static(request: Request) -> Response:
        asset = frame.assets.by_hash[request.path_params["name"]]
        return Response(asset.content, media_type=asset.media_type, headers=HEADERS)

    def why(request: Request) -> Response:
        return HTMLResponse("<!doctype html><title>why</title>", headers=HEADERS)

    return Starlette(routes=[Route("/", page), Route("/static/{name}", static), Route("/findings/{key}", why)])


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The page served on a free port of this machine."""
    with serving(site()) as address:
        yield address


@pytest.fixture
def said(browser: Any) -> Iterator[tuple[Any, list[str]]]:
    """A page of the browser, and all that it said on its console, asked of other servers or threw."""
    page = browser.new_page(viewport={"width": 1000, "height": 800})
    heard: list[str] = []
    page.on("console", lambda m: heard.append(m.text))
    page.on("pageerror", lambda e: heard.append(str(e)))
    page.on("request", lambda r: None if r.url.startswith(("http://127.0.0.1:", "blob:")) else heard.append(r.url))
    yield page, heard
    page.close()


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("width", [1280, 390])
def test_every_kind_is_drawn_under_the_policy(
    said: tuple[Any, list[str]], address: str, tmp_path: Path, lang: str, width: int
) -> None:
    """All charts are drawn in both languages, wide and narrow, and the browser refuses nothing."""
    page, heard = said
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{address}/?lang={lang}")
    page.wait_for_function(DRAWN)
    page.screenshot(path=tmp_path / f"charts-{lang}-{width}.png", full_page=True)
    assert page.locator(".plot svg").count() == len(samples()) - 1
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.locator("figure.chart details[open]").count() == 1
    assert page.locator(".plot").first.get_attribute("aria-label") == "单位能耗累计降幅 · 2021–2025 · 降幅（%）"
    assert heard == []


def test_a_policy_that_is_broken_would_be_heard(said: tuple[Any, list[str]], address: str) -> None:
    """Inline code is refused by the policy, and the refusal is among what the other tests look at."""
    page, heard = said
    page.goto(address)
    page.evaluate("document.body.append(Object.assign(document.createElement('script'), {text: 'window.ran = 1'}))")
    page.wait_for_function("true")
    assert page.evaluate("window.ran") is None
    assert any("Content Security Policy" in words for words in heard)


def test_the_pointer_is_told_the_figures_and_the_reason(said: tuple[Any, list[str]], address: str) -> None:
    """Over a place stands what was reached and the note; over a gap the reason; hostile words are only text."""
    page, heard = said
    page.goto(f"{address}/?kind=line")
    page.wait_for_function(DRAWN)
    box = page.locator(".plot").bounding_box()
    for place, note in ((0, "年下降 1.5%"), (2, "未报")):
        page.mouse.move(box["x"] + 40 + (box["width"] - 60) * (place + 0.5) / 5, box["y"] + 120)
        page.wait_for_function("note => document.querySelector('.plot svg').textContent.includes(note)", arg=note)
    assert "alert(1)" in page.locator(".plot svg").text_content()
    assert heard == []


def test_a_point_leads_to_its_why(said: tuple[Any, list[str]], address: str) -> None:
    """A click on a bar that has a link opens it; so does the keyboard, through the table."""
    page, _ = said
    page.goto(f"{address}/?kind=waterfall")
    page.wait_for_function(DRAWN)
    box = page.locator(".plot").bounding_box()
    page.mouse.click(box["x"] + 40 + (box["width"] - 60) * 0.1, box["y"] + box["height"] * 0.6)
    page.wait_for_url("**/findings/a")
    page.goto(f"{address}/?kind=line")
    page.wait_for_function(DRAWN)
    page.locator("summary").focus()
    page.keyboard.press("Enter")
    page.locator("table a").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/findings/a")


def test_without_script_the_table_is_open(browser: Any, address: str) -> None:
    """A reader without script has every figure and no empty frame."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    assert page.locator("table:visible").count() == len(samples())
    assert page.locator(".plot:visible").count() == 0
    assert page.locator("button:visible").count() == 0
    context.close()


def test_where_the_engine_does_not_load_the_table_is_open(browser: Any, address: str) -> None:
    """A page whose drawing code is kept away shows the tables instead of empty frames."""
    page = browser.new_page()
    page.route("**/vendor-echarts*", lambda route: route.abort())
    page.goto(address)
    page.wait_for_function("n => document.querySelectorAll('details[open]').length === n", arg=len(samples()))
    assert page.locator(".plot:visible").count() == 0
    page.close()


def test_the_table_is_saved_with_every_digit_and_runs_nothing(said: tuple[Any, list[str]], address: str) -> None:
    """The file has the exact figures, the unit in the heads, nothing for what is missing, and no formula."""
    page, heard = said
    page.goto(f"{address}/?kind=line")
    page.wait_for_function(DRAWN)
    page.locator("tbody th").nth(1).evaluate("(cell) => { cell.textContent = '=1+1' }")
    page.locator("summary").click()
    with page.expect_download() as waited:
        page.locator("button[data-export]").click()
    assert waited.value.suggested_filename == "单位能耗累计降幅 2021–2025.csv"
    text = Path(waited.value.path()).read_text("utf-8")
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    assert text.startswith("\ufeff")
    assert rows[0] == ["年份", "激励 (%)", "进度要求 (%)", "实际 (%)", "结论"]
    assert rows[2] == ["'=1+1", "7", "6", "3.123456789", "滞后"]
    assert rows[3][3] == ""
    assert rows[5][3] == "-0.5"
    assert heard == []


def test_on_paper_charts_fit_and_tables_are_open(said: tuple[Any, list[str]], address: str, tmp_path: Path) -> None:
    """Before printing charts are drawn at the width of the sheet and tables opened; afterwards all is as before."""
    page, heard = said
    page.goto(address)
    page.wait_for_function(DRAWN)
    before = page.locator(".plot svg").first.get_attribute("width")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    widths = page.eval_on_selector_all(".plot svg", "all => all.map(s => s.getAttribute('width'))")
    assert set(widths) == {"660"}
    assert page.locator("figure.chart details[open]").count() == len(samples())
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator(".plot svg").first.get_attribute("width") == before
    assert page.locator("figure.chart details[open]").count() == 1
    page.pdf(path=tmp_path / "charts.pdf", format="A4")
    assert heard == []


def test_a_page_without_a_chart_does_not_load_the_engine(said: tuple[Any, list[str]], address: str) -> None:
    """Only a page that draws something asks for the large file."""
    page, heard = said
    asked: list[str] = []
    page.on("request", lambda r: asked.append(r.url))
    page.goto(f"{address}/?kind=empty", wait_until="networkidle")
    assert any("chart." in url for url in asked)
    assert not any("echarts" in url for url in asked)
    assert heard == []
