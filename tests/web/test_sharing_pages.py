"""The decomposition studio in a browser's eyes: form, shares with reasons, sliders, versions, papers, four eyes."""

from __future__ import annotations

import io
import json
import re
from decimal import Decimal as D
from pathlib import Path

import pytest
from docx import Document
from docx.oxml.ns import qn
from fastapi.testclient import TestClient

from shuangkong.registry.api import sheets
from web.clients import visitor
from web.own import Own, own_demo, post

pytestmark = pytest.mark.slow
FIELD = re.compile(r'<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"')
OFFICER, ADMINISTRATOR = "demo.officer.990100", "demo.administrator"
NEW = "/sharing/new?region=990100&base_year=2025&end_year=2030"
GROWTH = {"p0_growth": "5.2", "p1_growth": "5.6", "p2_growth": "5.9", "p3_growth": "4.9"}
TARGET = {
    "rate": "13.5",
    "incentive": "14",
    "growth": "5.4",
    "clause": "示府发〔2026〕1号（合成）",
    "because": "首次测算",
}


@pytest.fixture(scope="module")
def own(demo_once: tuple[Path, object], tmp_path_factory: pytest.TempPathFactory) -> Own:
    """A copy of the demo for this module."""
    return own_demo(demo_once, tmp_path_factory)


def filled(client: TestClient) -> dict[str, str]:
    """The form of the city's counties as the books fill it, with what an officer adds."""
    text = client.get(NEW).text
    held = {k: v for k, v in FIELD.findall(text) if k not in ("form_token", "because")}
    return {**held, "region": "990100", "kind": "regions", "method": "criteria", **GROWTH, **TARGET}


@pytest.fixture(scope="module")
def made(own: Own) -> str:
    """The address of a decomposition that an officer kept."""
    client = own.as_(OFFICER)
    answer = post(client, "/sharing", "/sharing", **filled(client))
    assert answer.status_code == 303, answer.text[-2000:]
    return str(answer.headers["location"])


def test_the_books_fill_the_form(own: Own) -> None:
    """Energy of each county stands in its row with the books as source; what no book holds is left empty."""
    text = own.as_(OFFICER).get(NEW).text
    held = dict(FIELD.findall(text))
    assert D(held["p0_energy"]) > 4_000_000
    assert (held["p0_code"], held["p0_potential"], held["p0_growth"]) == ("990101", "", "")
    assert "账册" in text
    assert "shuangkong.sharing" in text


def test_the_studio_shows_shares_reasons_and_the_closing(own: Own, made: str) -> None:
    """Both sides of the closing stand on the page to the last digit and are equal; each county has its sentence."""
    text = own.as_(OFFICER).get(made).text
    sides = [D(v) for v in re.findall(r'<data value="([\d.]+)">', text.split('class="equation"')[1].split("</ul>")[0])]
    assert len(sides) == 5
    assert sides[0] == sum(sides[1:])
    assert text.count("为使能源闭合，整体调整") == 4
    assert "没有发展阶段（人均产出）、节能潜力的数据，不加不减" in text
    for words in ("等比例", "历史法", "产出率法", "基尼系数", "泰尔指数", "2030", "合成"):
        assert words in text


def test_english_has_no_chinese_words_of_the_page(own: Own, made: str) -> None:
    """In English the page's own words are English; what people typed stays as it was."""
    text = own.as_(OFFICER).get(made, headers={"Accept-Language": "en"}).text
    assert "both sides" in text.lower()
    assert "Methods side by side" in text
    assert "为使能源闭合" not in text


def test_sliders_try_and_keep(own: Own, made: str) -> None:
    """Moving a slider works out another decomposition that is not kept until a reason is given."""
    client = own.as_(OFFICER)
    tried = client.get(f"{made}?version=1&w_structure=1&spread=6").text
    assert "这是试调的结果" in tried
    assert tried != client.get(f"{made}?version=1").text
    refused = post(client, made, made, version="1", w_structure="1", because="")
    assert refused.status_code == 400
    assert "没有写明理由" in refused.text
    kept = post(client, made, made, version="1", w_structure="1", because="看重结构")
    assert kept.status_code == 303
    text = client.get(f"{made}?version=2&with=1").text
    assert "看重结构" in text
    assert "第 1 版的目标" in text


def test_wrong_figures_are_said_at_the_form(own: Own) -> None:
    """A rate that is no number, and a county without growth, are named where they stand; what was typed stays."""
    client = own.as_(OFFICER)
    for changed, words in (({"rate": "十三"}, "不是数"), ({"p2_growth": ""}, "parts[3].growth"),
                           ({"rate": ""}, "缺少“rate”"), ({"because": ""}, "没有写明理由")):  # fmt: skip
        answer = post(client, "/sharing", "/sharing", **{**filled(client), **changed})
        assert answer.status_code == 400
        assert words in answer.text
        assert "示府发〔2026〕1号（合成）" in answer.text


def test_what_cannot_close_says_what_is_missing(own: Own) -> None:
    """A reserve of half the energy cannot be saved within the bounds: the page names the tonnes and the way out."""
    client = own.as_(OFFICER)
    answer = post(client, "/sharing", "/sharing", **{**filled(client), "reserve": "0.5"})
    text = client.get(answer.headers["location"]).text
    assert "能源不能闭合" in text
    assert "放宽上限" in text
    assert client.get(answer.headers["location"] + "/notice.docx").status_code == 400


def test_a_figure_typed_over_is_no_longer_the_books(own: Own) -> None:
    """Who changes the energy of a county is its source from then on."""
    client = own.as_(OFFICER)
    answer = post(client, "/sharing", "/sharing", **{**filled(client), "p0_energy": "4000000"})
    data = json.loads(client.get(answer.headers["location"] + "/plan.json").text)
    assert [p["source"] for p in data["plan"]["parts"]] == ["entered", "books", "books", "books"]


def test_the_notice_reads_back(own: Own, made: str) -> None:
    """The Word file says who asks what of whom, has one row for each county, its fonts for Chinese, and 合成."""
    answer = own.as_(OFFICER).get(f"{made}/notice.docx?version=1")
    document = Document(io.BytesIO(answer.content))
    text = "\n".join(p.text for p in document.paragraphs)
    section = document.sections[0]
    for header in (section.header, section.even_page_header):
        assert "合成数据" in header.paragraphs[0].text
    assert next(p for p in document.paragraphs if "比2025年" in p.text)._p.pPr.ind.get(qn("w:firstLineChars")) == "200"
    for footer in (section.footer, section.even_page_footer):
        assert "PAGE" in footer._element.xml
    assert "比2025年下降13.5%，规划年均增速5.4%" in text
    assert "（发文机关）关于下达2026—2030年能耗强度降低目标的通知" in text
    assert "将2026年至2030年目标分解如下" in text
    assert "加码" not in text
    assert text.count("能耗口径：GB/T 2589-2020，等价值") == 2
    assert "其余为取整和降幅下限形成的结余" in text
    assert "激励目标为下降14%" in text
    table = document.tables[0]
    assert len(table.rows) == 5
    assert table.rows[0].cells[0].text == "对象"
    rates = [D(r.cells[1].text) for r in table.rows[1:]]
    data = json.loads(own.as_(OFFICER).get(f"{made}/plan.json?version=1").text)
    assert rates == [D(s["rate"]) for s in data["outcomes"][0]["base"]["shares"]]
    assert [round(x.mm) for x in (section.top_margin, section.bottom_margin, section.left_margin)] == [37, 35, 28]
    assert "仿宋_GB2312" in document.styles["Normal"].element.xml
    assert "方正小标宋简体" in document.element.xml


def test_the_annex_has_every_digit(own: Own, made: str) -> None:
    """The workbook's closing adds up to the last digit, and its pages name shares, years, methods and criteria."""
    content = own.as_(OFFICER).get(f"{made}/annex.xlsx?version=1").content
    page = sheets.read_sheet(content, name="annex.xlsx", sheet="能源闭合")
    held = {sheets.text_of(r[0]): D(sheets.text_of(r[1])) for r in page.rows[5:] if len(r) > 1 and r[1] is not None}
    assert held["上级目标允许用能"] == sum(held[n] for n in ("加码少用", "各对象允许用能", "单列项目", "预留"))
    assert set(page.others) == {"各对象目标", "年度分解", "方法比较", "因素数据"}


@pytest.fixture(scope="module")
def short(own: Own) -> str:
    """A decomposition whose last year closes and whose first does not: 400,000 tce of listed projects in one county."""
    client = own.as_(OFFICER)
    fields = {**filled(client), "margin": "0.5", "p1_apart": "400000", "above": "8"}
    answer = post(client, "/sharing", "/sharing", **fields)
    assert answer.status_code == 303, answer.text[-2000:]
    return str(answer.headers["location"])


def summed(client: TestClient, address: str) -> list[dict[str, D | None]]:
    """The years of a decomposition as its data say them."""
    years = json.loads(client.get(f"{address}/plan.json").text)["outcomes"][0]["years"]
    names = ("upper", "margin", "parts", "apart", "reserve", "missing")
    return [{n: None if y[n] is None else D(y[n]) for n in names} for y in years]


def spaced(amount: D) -> str:
    """An amount with all its digits as people read it: groups of three with thin spaces between."""
    return f"{amount:,f}".replace(",", "\u2009")


def test_a_year_that_does_not_close_is_named_on_the_page(own: Own, short: str) -> None:
    """The page sums each year to the last digit; a year without room for its listed projects says what is missing."""
    client = own.as_(OFFICER)
    years = summed(client, short)
    missing = [y["missing"] for y in years]
    assert missing[0] is not None
    assert missing[-1] is None
    for y in years:
        rest = y["reserve"] if y["missing"] is None else -y["missing"]
        assert y["upper"] == sum(v for v in (y["margin"], y["parts"], y["apart"], rest) if v is not None)
    for language, words in (
        ("zh", "2026 年不能闭合，缺 {} 吨标准煤"),
        ("en", "2026 does not close, {} tce are missing"),
    ):
        text = client.get(short, headers={"Accept-Language": language}).text
        assert words.format(spaced(missing[0])) in text
        section = text.split('id="years"')[1].split("</section>")[0]
        shown = [D(v) for v in re.findall(r'<data value="([\d.]+)"', section)]
        assert len(shown) == 5 * len(years)
        assert shown[:5] == [*(years[0][n] for n in ("upper", "margin", "parts", "apart")), missing[0]]
    assert "考核的是末年，仍可提交" in client.get(short).text


def test_the_papers_name_the_year_that_does_not_close(own: Own, short: str) -> None:
    """The notice says of the year how much is too much and what to do; the annex sums each year and names the clash."""
    client = own.as_(OFFICER)
    missing = summed(client, short)[0]["missing"]
    text = "\n".join(
        p.text for p in Document(io.BytesIO(client.get(f"{short}/notice.docx").content)).paragraphs
    )  # fmt: skip
    line = next(t for t in text.split("\n") if t.startswith("2026年"))
    assert "不能闭合，须在执行前" in line
    assert missing is not None
    assert spaced(missing) in line
    assert "将至少" in line
    assert "加码0.5个百分点" in text
    assert "单列项目自计入年份起每年全额计入" in text
    page = sheets.read_sheet(client.get(f"{short}/annex.xlsx").content, name="annex.xlsx", sheet="年度分解")
    held = {}
    for row in page.rows[5:]:
        texts = [None if c is None else sheets.text_of(c) for c in row]
        if texts and texts[0]:
            held[texts[0]] = texts[6:]
    assert D(held["缺口"][0] or "") == missing
    for year in range(5):
        side = [D(held[n][year] or 0) for n in ("加码少用", "各对象合计", "单列项目", "预留")]
        assert D(held["上级目标允许用能"][year] or "") == sum(side) - D(held["缺口"][year] or 0)
    assert any(name.startswith("2026 年不能闭合") for name in held)


def test_listed_projects_may_begin_later(own: Own, short: str) -> None:
    """Where its listed projects begin in the last year the same plan closes in each, and the page says the year."""
    client = own.as_(OFFICER)
    fields = {**filled(client), "margin": "0.5", "p1_apart": "400000", "p1_apart_from": "2030", "above": "8"}
    address = post(client, "/sharing", "/sharing", **fields).headers["location"]
    assert [y["missing"] for y in summed(client, address)] == [None] * 5
    assert summed(client, address)[-1] == summed(client, short)[-1]
    text = client.get(address).text
    assert "自 2030 年" in text
    assert "不能闭合" not in text
    notice = Document(io.BytesIO(client.get(f"{address}/notice.docx").content))
    assert any(p.text.startswith("单列项目计入年份：西川县") for p in notice.paragraphs)


def test_a_sheet_takes_the_place_of_the_rows(own: Own) -> None:
    """The template with its invented row is a sheet that can be handed up; one without energies is refused."""
    client = own.as_(OFFICER)
    sheet = client.get("/sharing/template.xlsx").content
    fields = {**filled(client), "energy": "3844000"}
    token = dict(FIELD.findall(client.get("/sharing/new").text))["form_token"]
    for content, status in ((sheet, 303), ("代码,名称\n1,甲\n".encode(), 400)):
        name = "parts.xlsx" if status == 303 else "parts.csv"
        answer = client.post("/sharing", data={**fields, "form_token": token}, files={"file": (name, content)},
                             follow_redirects=False)  # fmt: skip
        assert answer.status_code == status, answer.text[-1500:]
    assert "基期能耗" in answer.text


def test_a_second_person_publishes(own: Own, made: str) -> None:
    """The officer proposes a version; the page leads to the review, and says so once it is published."""
    client = own.as_(OFFICER)
    answer = post(client, f"{made}/propose", made, version="1", issuer="示范市（合成）", because="请复核",
                  min_coverage="0.9")  # fmt: skip
    assert answer.status_code == 303, answer.text[-1500:]
    review = answer.headers["location"]
    assert review.startswith("/proposals/")
    assert review in client.get(made).text
    assert "990103" in client.get(review).text
    other = own.as_(ADMINISTRATOR)
    assert post(other, f"{review}/publish", review, reason="已核对").status_code == 303
    assert "已发布为本地规则包" in client.get(made).text


def test_who_may_not(own: Own, made: str) -> None:
    """The public and a unit's manager see no decomposition; a reviewer reads and cannot keep; a county sees nothing."""
    assert visitor(own.app).get("/sharing", follow_redirects=False).headers["location"].startswith("/sign-in")
    assert own.as_("demo.unit").get("/sharing").status_code == 403
    reviewer = own.as_("demo.reviewer")
    assert reviewer.get(made).status_code == 200
    assert "sharing-forms" not in reviewer.get(made).text
    assert reviewer.get("/sharing/new").status_code == 403
    county = own.as_("demo.officer.990101")
    assert county.get(made).status_code == 404
    assert made not in county.get("/sharing").text
