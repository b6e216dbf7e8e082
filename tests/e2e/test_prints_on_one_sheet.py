"""Each page of dual control prints on one sheet of A4, readable, says what it left off, and gives its data as files."""

from __future__ import annotations

import io
import math
import re
import unicodedata
from collections.abc import Iterator
from typing import Any

import pytest
from pypdf import PdfReader

from e2e.conftest import LANGUAGES, PEOPLE, Served

pytestmark = [pytest.mark.browser, pytest.mark.slow]
#: pt: the least size of a word on paper, and what rounding of a PDF may take from it.
LEAST, ROUNDING = 7.5, 0.02
#: mm: a sheet of A4, and what rounding to points may take.
SHEET, NEAR = (210, 297), 1
ENERGY = {"zh": "万吨标准煤", "en": "10⁴ tce"}
#: Pages by name: the key figures of each as its page has them, and a word of their unit.
PAGES: dict[str, tuple[str, dict[str, str]]] = {
    "dual-control": ("#stands tr:nth-child(-n+3) td:nth-child(-n+4).n, #end tr:nth-child(-n+3) .n:last-child", ENERGY),
    "dual-control-red": ("#stands tr:nth-child(-n+3) td:nth-child(4), #do td b", ENERGY),
    "sharing": (".equation data, td b", ENERGY),
    "board": (".red-now li > a, #follows td b", {"zh": "能耗强度", "en": "energy intensity"}),
    "board-why": (".reason .big .status > span:last-child, .reason:first-child dd", ENERGY),
    "board-years": ("tr:nth-child(-n+20) td:nth-child(6)", ENERGY),
    "deductions": ("#deducted td.strong, #allowed td.strong, #years tr:first-child td.n", ENERGY),
    "scenario": ("td.n.strong, .verdict-line b", {"zh": "万吨二氧化碳", "en": "10⁴ tCO₂"}),
    "scenarios": ("td.n.strong, .verdict-line b", {"zh": "万吨二氧化碳", "en": "10⁴ tCO₂"}),
    "cases": (".listing td:first-child, .listing .casestate", {"zh": "个工作日", "en": "working days"}),
    "case": (".casestate, dl.facts dd b, .months b", {"zh": "个工作日", "en": "working days"}),
    "moved": (".moved-said, .moved-why td.strong, #parts .sum td", ENERGY),
    "moved-county": (".moved-said, .moved-why td.strong", ENERGY),
    "moved-unit": (".moved-said, .moved-why td.strong", ENERGY),
}
#: Radicals and a dash that a PDF may name in place of the sign that is the same glyph, without a rule of Unicode.
RADICALS = str.maketrans("―⻄⻅⻆⻉⻋⻓⻔⻘⻙⻚⻛⻜⻝⻢⻥⻦⻨⻩⻬⻰", "—西见角贝车长门青韦页风飞食马鱼鸟麦黄齐龙")
#: How a file of a page ends, or where the interface for programs begins.
FILES = re.compile(r"\.(csv|xlsx|json)(\?|$)|^/api/")
#: Words of the title, each piece for itself: a mark beside it is set in another face.
TITLE = """() => { const words = [], title = document.querySelector('main h1');
  const walk = document.createTreeWalker(title, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) words.push(walk.currentNode.data); return words.filter(w => w.trim()); }"""
ROWS_CUT = """() => [...document.querySelectorAll('main [class*="first-"] tbody, main .first-six')].map(body => {
  const gone = [...body.children].filter(r => !r.matches('.d1') && getComputedStyle(r).display === 'none').length;
  let said = body.closest('[class*="first-"]');
  while (said && !(said.nextElementSibling && said.nextElementSibling.matches('.on-paper'))) said = said.parentElement;
  return [gone, said ? said.nextElementSibling.innerText : ''];
})"""


class Printed:
    """What a PDF is: sheets, their size in mm, its words without gaps, and the sizes of its words in pt."""

    def __init__(self, content: bytes) -> None:
        self.pages = PdfReader(io.BytesIO(content)).pages
        self.sizes: dict[float, str] = {}
        self.words = squeezed("".join(page.extract_text(visitor_text=self._look) for page in self.pages))

    def _look(self, text: str, cm: list[float], tm: list[float], _: object, size: float) -> None:
        if text.strip():
            across, up = tm[0] * cm[0] + tm[1] * cm[2], tm[0] * cm[1] + tm[1] * cm[3]
            self.sizes.setdefault(round(abs(size) * math.hypot(across, up), 2), text.strip()[:30])

    @property
    def sheets(self) -> list[tuple[int, int]]:
        """Shorter and longer side of each sheet, in mm."""
        sides = [sorted((float(p.mediabox.width), float(p.mediabox.height))) for p in self.pages]
        return [(round(a / 72 * 25.4), round(b / 72 * 25.4)) for a, b in sides]

    @property
    def small(self) -> dict[float, str]:
        """Words below the least size, by their size."""
        return {size: text for size, text in self.sizes.items() if size < LEAST - ROUNDING}


def squeezed(text: str) -> str:
    """A text without gaps, as a PDF and a page have it alike: radicals and raised digits become plain signs."""
    return re.sub(r"[\s\u200b]+", "", unicodedata.normalize("NFKC", text)).replace("\u2212", "-").translate(RADICALS)


def printed(page: Any) -> Printed:
    """The open page as Chromium prints it on A4, without grounds, as its dialogue begins."""
    return Printed(page.pdf(format="A4", prefer_css_page_size=True))


@pytest.fixture(scope="module")
def officer(browser: Any, served: Served) -> Iterator[Any]:
    """A browser in which the officer of the city is signed in."""
    context = browser.new_context(locale="zh-CN", viewport={"width": 1280, "height": 900}, base_url=served.address)
    context.set_default_timeout(120_000)
    page = context.new_page()
    page.goto("/sign-in?to=/scenarios")
    with page.expect_navigation():
        page.locator(f".demo-people form:has(input[value='{PEOPLE['city-officer']}']) button").click()
    yield page
    context.close()


def first(page: Any, above: str, pattern: str) -> str:
    """The first address on a page that looks so."""
    page.goto(above)
    hrefs = page.evaluate("[...document.querySelectorAll('main a[href]')].map(a => a.getAttribute('href'))")
    return next(h for h in hrefs if re.fullmatch(pattern, h))


@pytest.fixture(scope="module")
def addresses(officer: Any) -> dict[str, str]:
    """Where each page is, with a second scenario and four pieces of evidence so that something is cut."""
    cockpit = first(officer, "/board", r"/regions/s_\w+/dual-control")
    region = cockpit.removesuffix("/dual-control")
    red = first(officer, "/board", r"/board/s_\w+/[^/#?]+")
    county = f"/regions/{red.split('/')[2]}"
    unit = first(officer, "/units", r"/units/s_\w+")
    scenario = first(officer, "/scenarios", r"/scenarios/ps_\w+")
    officer.goto(f"/scenarios/new?region={region.rpartition('/')[2]}&growth=6")
    officer.locator("#f-title").fill("较快增长（合成）")
    officer.locator("#save button").click()
    officer.wait_for_url(re.compile(r"/scenarios/ps_\w+$"))
    for number in range(4):
        officer.goto(f"{region}/deductions")
        content = f"合成,synthetic\n{number},1\n".encode()
        told = {"name": f"evidence-{number}.csv", "mimeType": "text/csv", "buffer": content}
        officer.locator("#f-file").set_input_files(told)
        with officer.expect_navigation():
            officer.locator("#evidence .send button").click()
    return {
        "dual-control": cockpit, "dual-control-red": f"{county}/dual-control", "board": "/board",
        "board-why": first(officer, "/board", rf"/board/{region.rpartition('/')[2]}/[^/#?]+"),
        "board-years": "/board/years", "sharing": first(officer, "/sharing", r"/sharing/[0-9a-f]{32}"),
        "deductions": f"{region}/deductions", "scenario": scenario,
        "scenarios": first(officer, "/scenarios", r"/scenarios/ps_\w+\?with=ps_\w+"),
        "cases": "/cases", "case": first(officer, "/cases", r"/cases/\d+"), "moved": f"{region}/moved",
        "moved-county": f"{county}/moved", "moved-unit": f"{unit}/moved",
    }  # fmt: skip


def drawn(page: Any) -> None:
    """Wait until the charts of the page stand."""
    page.wait_for_function("[...document.querySelectorAll('.plot')].every(p => p.querySelector('svg') || p.hidden)")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_one_readable_sheet(officer: Any, addresses: dict[str, str], name: str, language: str) -> None:
    """One sheet of A4, no word below 7.5 pt; title, run, unit and key figures stand on it."""
    figures, unit = PAGES[name]
    address = addresses[name]
    officer.goto(f"{address}{'&' if '?' in address else '?'}lang={language}")
    drawn(officer)
    title = officer.evaluate(TITLE)
    told = officer.locator(f"main :is({figures})").all_inner_texts()
    run = officer.locator(".runline > *").all_inner_texts()
    sheet = printed(officer)
    assert len(sheet.sheets) == 1, address
    assert all(abs(a - b) <= NEAR for a, b in zip(sheet.sheets[0], SHEET, strict=True))
    assert sheet.small == {}
    assert len(told) >= 2, figures
    wanted = [*title, unit[language], *told, *(r for r in run if r.strip())]
    assert [w for w in wanted if squeezed(w) not in sheet.words] == []


@pytest.mark.parametrize("name", PAGES)
def test_what_a_sheet_leaves_off_is_said(officer: Any, addresses: dict[str, str], name: str) -> None:
    """Each table that is cut on paper is followed by a line with how many rows are not there."""
    officer.goto(addresses[name])
    drawn(officer)
    officer.emulate_media(media="print")
    cut = officer.evaluate(ROWS_CUT)
    officer.emulate_media(media="null")
    for gone, said in cut:
        assert gone == 0 or int((re.findall(r"\d+", said) or ["0"])[0]) >= gone, (gone, said)
    if name in ("board-years", "deductions", "moved"):
        assert any(gone for gone, _ in cut), "nothing is cut here any more: this test compares nothing"


@pytest.mark.parametrize("name", PAGES)
def test_a_page_gives_its_data(officer: Any, addresses: dict[str, str], name: str) -> None:
    """Each file that a page offers comes with something in it; a table for people is among them."""
    officer.goto(addresses[name])
    hrefs = officer.evaluate("[...document.querySelectorAll('main a[href]')].map(a => a.getAttribute('href'))")
    files = sorted({h for h in hrefs if FILES.search(h)})
    assert any(re.search(r"\.(csv|xlsx)(\?|$)", f) for f in files), files
    for file in files:
        answer = officer.request.get(file)
        assert answer.status == 200, file
        assert len(answer.body()) > 60, file


def test_small_words_and_second_sheets_are_seen(browser: Any) -> None:
    """A page with words of 9 px and more than a sheet is found out."""
    page = browser.new_page()
    page.set_content("<style>@page{size:A4}</style><p>twelve</p>" + "<p style='font-size:9px'>nine</p>" * 90)
    sheet = printed(page)
    assert len(sheet.sheets) > 1
    assert sheet.small == {6.75: "nine"}
    assert squeezed("twelve nine") in sheet.words
    page.close()
