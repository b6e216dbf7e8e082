"""Cockpit, board, reason and finding tell the flexed total of the same year beside a total, and advise as it stands."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal as D
from typing import Any
from urllib.parse import unquote

import pytest

from shuangkong.app.web import board_reading as r
from shuangkong.app.web import dual_control, flexed_beside
from shuangkong.app.web.board import lamp_of
from shuangkong.app.web.board_told import BoardTeller
from shuangkong.app.web.dual_control import Whisker, ahead, whisker
from shuangkong.app.web.factory import MESSAGES
from shuangkong.app.web.flexed_beside import FlexedTeller, flexed_rows, key_of_finding, key_of_watched
from shuangkong.app.web.rows import Finding
from shuangkong.kernel.labels import Language
from shuangkong.webkit.api import Speaker, read_messages
from web.clients import visitor
from web.conftest import Pages

#: 南湾县: its energy total of 2025 is above the number of the document and within the one raised with growth.
NANWAN, YEAR = "990103", "2025"
CUT = {"zh": "须在余下月份压减用能", "en": "Cut in the months that are left"}
LET_BE = {"zh": "不须为此压减", "en": "Nothing has to be cut for it"}
PAST = {"zh": "已没有月份可以压减", "en": "No month is left to cut in"}
STAYS = {"zh": "等级和目标结论按文件原数得出", "en": "Grade and finding are by the number of the document"}
#: What each standing is told with, beside the figures.
TOLD = {
    "within": {"zh": "未超，余", "en": "within, "},
    "over": {"zh": "超出", "en": "over by"},
    "exempt": {"zh": "达到激励目标，免予总量考核", "en": "the total is let off"},
    "undetermined": {"zh": "弹性总量待定", "en": "undetermined"},
    "not_assessed": {"zh": "不考核这项总量", "en": "This total is not assessed"},
    "confidential": {"zh": "不予公布", "en": "is not published"},
}
#: What a row of each standing has beside it.
ROWS: dict[str, dict[str, Any]] = {
    "within": {},
    "over": {"allowed": D(3450000), "margin": D("-41729.387527"), "raised": False},
    "exempt": {"exempt": "exempt"},
    "undetermined": {"allowed": None, "margin": None, "raised": None, "missing": "growth"},
    "not_assessed": {"missing": None},
    "confidential": {"assessed": None, "allowed": None, "planned": None, "margin": None, "raised": None,
                     "missing": None},
}  # fmt: skip


def speaker(language: Language) -> Speaker:
    """The words of the pages in a language."""
    return Speaker(language, read_messages(*MESSAGES))


def flexed(pages: Pages, language: Language, standing: str = "") -> FlexedTeller:
    """The flexed totals of Nanwan, that of energy in 2025 with another standing."""
    made = FlexedTeller(pages.view, speaker(language), (pages.view.by_code[NANWAN],))
    made.rows = changed(made.rows, standing)
    return made


def changed(rows: dict[Any, Any], standing: str) -> dict[Any, Any]:
    """Rows with another standing of energy in 2025; without that row for `none`."""
    mine = {k: v for k, v in rows.items() if k[1:3] == ("energy", YEAR)}
    assert mine
    if standing == "none":
        return {k: v for k, v in rows.items() if k not in mine}
    more = {"standing": standing, **ROWS[standing]} if standing else {}
    return rows | {k: {**v, **more} for k, v in mine.items()}


@pytest.fixture(params=sorted(ROWS))
def standing(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Every page is told this standing of Nanwan's energy total of 2025."""
    real = flexed_beside.flexed_rows
    monkeypatch.setattr(flexed_beside, "flexed_rows", lambda view, who: changed(real(view, who), request.param))
    return str(request.param)


def nowcast(pages: Pages) -> Whisker:
    """The nowcast of Nanwan's energy total of 2025 from December: what the year came to."""
    rows = r.nowcasts(pages.view, (pages.view.by_code[NANWAN],))
    row = next(x for x in rows if (x["what"], x["as_of_month"]) == ("energy_total", f"{YEAR}-12"))
    return whisker(row)


def advice(pages: Pages, language: Language, standing: str, *, over: bool, meets: str = "no") -> tuple[str, str]:
    """What the cockpit advises with that standing, and where it leads."""
    w = nowcast(pages)
    w = replace(w, meets=meets, over=over, flexed=flexed(pages, language, standing).watched(w.row))
    step = ahead(BoardTeller(pages.view, speaker(language)), w)
    return speaker(language).say(step.key, **step.facts), step.href


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("state", ["within", "exempt", "not_assessed"])
@pytest.mark.parametrize("over", [True, False])
def test_nothing_has_to_be_cut_where_the_flexed_total_is_met(
    pages: Pages, lang: Language, state: str, over: bool
) -> None:
    """Within, let off or not assessed: the advice says so, names the flexed total, and leads to the deductions."""
    told, href = advice(pages, lang, state, over=over)
    assert TOLD[state][lang] in told
    assert LET_BE[lang] in told
    assert CUT[lang] not in told
    assert "/deductions?control=energy&year=2025&method=" in href


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("state", ["over", "undetermined", "confidential"])
def test_the_advice_stays_where_the_flexed_total_is_not_met(pages: Pages, lang: Language, state: str) -> None:
    """Over, open or not published: cut while months are left, and afterwards no month is named; each says its state."""
    running, _ = advice(pages, lang, state, over=False)
    finished, _ = advice(pages, lang, state, over=True)
    assert TOLD[state][lang] in running
    assert TOLD[state][lang] in finished
    assert (CUT[lang] in running, PAST[lang] in running) == (True, False)
    assert (CUT[lang] in finished, PAST[lang] in finished) == (False, True)
    assert LET_BE[lang] not in running + finished


def test_what_is_missing_for_flexing_is_named(pages: Pages) -> None:
    """An undetermined total names the growth that is wanting; the advice does not take it for met or missed."""
    told, _ = advice(pages, "zh", "undetermined", over=False)
    assert "尚缺2025年地区生产总值实际增速" in told


@pytest.mark.parametrize("over", [True, False])
def test_without_a_flexed_total_the_advice_is_as_before(pages: Pages, over: bool) -> None:
    """Where none was worked out the advice speaks of none, and of a year that is over no month is left."""
    told, href = advice(pages, "zh", "none", over=over)
    assert ("弹性" in told, href) == (False, "#end")
    assert (CUT["zh"] in told, PAST["zh"] in told) == (not over, over)
    waits, _ = advice(pages, "zh", "none", over=over, meets="open")
    assert "先补齐未报数据" in waits


def test_every_page_tells_the_flexed_total_beside_the_number(pages: Pages, standing: str) -> None:
    """Cockpit, square, reasons of month and year, finding: the same sentence, and the same way to the deductions."""
    lang: Language = "en" if standing in ("over", "exempt") else "zh"
    county = pages.view.by_code[NANWAN]
    beside = flexed(pages, lang, standing).watched(nowcast(pages).row)
    assert beside is not None
    month = next(x for x in r.watched(pages.view, (county,), f"{YEAR}-12") if x["what"] == "energy_total")
    finding = pages.first(subject_id=county.id, indicator_id="energy_total_assessed", period_key=YEAR, level="base")
    assert TOLD[standing][lang] in beside.told
    for address in (
        f"/regions/{county.id}/dual-control", f"/board/{county.id}/{YEAR}-12", f"/findings/{month['watch_key']}",
        f"/findings/{nowcast(pages).row['watch_key']}", f"/findings/{finding.finding_key}",
    ):  # fmt: skip
        html = pages.get(address, lang)
        assert beside.told in html, address
        assert STAYS[lang] in html, address
        assert beside.href.replace("&", "&amp;") in html, address
        assert CUT[lang] not in html, address
    assert (LET_BE[lang].lower() in html.lower()) == (standing in ("within", "exempt", "not_assessed"))


def test_a_running_year_is_advised_and_says_that_flexing_is_open(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the year runs the cockpit asks for a cut and says that the flexed total waits for the year's end."""
    real = flexed_beside.flexed_rows
    ROW = {"standing": "undetermined", "missing": "year_not_over", "allowed": None, "margin": None}
    monkeypatch.setattr(flexed_beside, "flexed_rows", lambda v, who: {k: {**x, **ROW} for k, x in real(v, who).items()})
    monkeypatch.setattr(dual_control, "is_over", lambda *_: False)
    html = pages.get(f"/regions/{pages.view.by_code[NANWAN].id}/dual-control")
    assert "2025年弹性总量待定：考核口径 349.17\u2009万吨标准煤，尚缺2025年尚未结束" in html
    assert CUT["zh"] in html
    assert "区间内均不能完成" in html


def test_the_demo_county_is_within_for_energy_and_over_for_carbon(pages: Pages) -> None:
    """349.17 assessed, 349.62 allowed by growth above plan, 345 in the document; carbon is over its own."""
    county = pages.view.by_code[NANWAN]
    html = pages.get(f"/regions/{county.id}/dual-control")
    todo = html[html.index('<ol class="todo') :]
    todo = re.sub(r"<[^>]+>", "", todo[: todo.index("</ol>")])
    energy = next(x for x in todo.split("→") if "能耗总量全年" in x)
    carbon = next(x for x in todo.split("→") if "碳排放总量全年" in x)
    assert "考核口径 349.17\u2009万吨标准煤，允许 349.62\u2009万吨标准煤，未超，余 0.45\u2009万吨标准煤" in energy
    assert LET_BE["zh"] in energy
    assert "允许 770\u2009万吨二氧化碳，超出 29.36\u2009万吨二氧化碳" in carbon
    assert PAST["zh"] in carbon
    assert "国发〔2021〕33号 四（一）" in html
    assert "增速高于计划，总量上调" in html
    assert CUT["zh"] not in html
    deductions = pages.get(f"/regions/{county.id}/deductions?control=energy&year=2025")
    assert "允许总量 349.62\u2009万吨标准煤，未超，余 0.45\u2009万吨标准煤" in deductions


def test_the_link_opens_the_deductions_of_that_year(pages: Pages) -> None:
    """The way beside a carbon total leads to carbon, its year and method; the other one to why it stands so."""
    county = pages.view.by_code[NANWAN]
    (row,) = [x for x in r.watched(pages.view, (county,), f"{YEAR}-12") if x["what"] == "co2_total"]
    beside = flexed(pages, "zh").watched(row)
    assert beside is not None
    assert row["method_id"] in unquote(beside.href)
    html = pages.get(beside.href)
    assert '<option value="carbon" selected>' in html
    assert pages.client.get(beside.why).status_code == 200
    assert pages.client.get(beside.clause_href).status_code == 200


def test_the_square_keeps_its_grade_and_says_that_nothing_has_to_be_cut(pages: Pages) -> None:
    """Nanwan's amber energy total is amber still, marked, and told in words; a lamp of green or over has no mark."""
    county, city = pages.view.by_code[NANWAN], pages.view.by_code["990100"]
    line = next(
        x for x in r.board(pages.view, city, third="co2_total", until=f"{YEAR}-12").lines if x.subject == county
    )
    _, energy, carbon = line.cells[-1].computed
    assert (energy.grade, energy.flexed, energy.let_be) == (2, "within", True)
    assert (carbon.grade, carbon.flexed, carbon.let_be) == (1, "over", False)
    say = BoardTeller(pages.view, speaker("zh"))
    assert say.lamp(energy) == "能耗总量黄色（全年弹性总量：未超）"
    html = pages.get(f"/board?region={city.id}&until={YEAR}-12")
    assert "全年弹性总量：未超" in html
    assert '<b class="doubt-key">✓</b>' in html
    green = lamp_of("energy_total", {**(energy.row or {}), "grade": 3, "grade_low": 3, "grade_high": 3}, "within")
    assert not green.let_be


def test_only_a_total_of_the_same_year_method_and_region_is_told(pages: Pages) -> None:
    """Coal, intensity, another method or another year have no flexed total beside them."""
    county = pages.view.by_code[NANWAN]
    rows = flexed_rows(pages.view, (county,))
    month = next(x for x in r.watched(pages.view, (county,), f"{YEAR}-12") if x["what"] == "energy_total")
    key = key_of_watched(month)
    assert key in rows
    assert key_of_watched({**month, "what": "coal_total"}) is None
    assert key_of_watched({**month, "what": "energy_control", "test": "both"}) is None
    assert key_of_watched({**month, "method_id": "other"}) not in rows
    finding = pages.first(subject_id=county.id, indicator_id="energy_total_assessed", period_key=YEAR, level="base")
    assert key_of_finding(finding) == key
    planned: Finding = replace(finding, period_key="2021-2025")
    assert key_of_finding(planned) == key
    assert key_of_finding(replace(finding, indicator_id="coal_total")) is None


def test_a_total_within_whatever_is_missing_says_at_least(pages: Pages) -> None:
    """Beiyuan has no growth aimed at: the number of the document is the least that is allowed, and it is within."""
    county = pages.view.by_code["990104"]
    made = FlexedTeller(pages.view, speaker("zh"), (county,))
    row = next(x for x in r.watched(pages.view, (county,), f"{YEAR}-12") if x["what"] == "energy_total")
    beside = made.watched(row)
    assert beside is not None
    assert (beside.standing, beside.row["allowed"]) == ("within", None)
    assert "允许总量不低于 355\u2009万吨标准煤，未超" in beside.told
    assert "尚缺" in beside.told
    assert "增速目标" in beside.told
    assert "—" not in beside.told


def test_the_public_is_told_no_amount_that_is_withheld(pages: Pages) -> None:
    """Who is not signed in reads no amount of a county whose totals are not published, on no page."""
    county = pages.view.by_code[NANWAN]
    public = visitor(pages.app)
    for address in (f"/regions/{county.id}/dual-control", f"/board?region={county.id}&until={YEAR}-12"):
        answer = public.get(address, headers={"Accept-Language": "zh"})
        assert "349.62" not in answer.text
        assert "349.17" not in answer.text
