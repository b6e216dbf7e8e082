"""Pages of the board and the cockpit of dual control: what they show, lead to, export, and whom they show it to."""

from __future__ import annotations

import csv
import io
import json
import re
from decimal import Decimal as D
from typing import Any

import pytest
from openpyxl import load_workbook

from shuangkong.app.demo.warnings import warnings
from shuangkong.app.web import board_reading as r
from shuangkong.app.web.board import asked_period
from shuangkong.app.web.board_told import BoardTeller
from shuangkong.app.web.factory import MESSAGES
from shuangkong.dualcontrol.api import WATCH_MONTHS
from shuangkong.kernel.labels import Language
from shuangkong.webkit.api import Speaker, read_messages
from web.clients import signed_in, visitor
from web.conftest import Pages

CITY, COUNTY = "990100", "990103"


@pytest.fixture(scope="module")
def city(pages: Pages) -> str:
    """The id of the demo city."""
    return pages.view.by_code[CITY].id


def speaker(language: Language) -> Speaker:
    """The words of the pages in a language."""
    return Speaker(language, read_messages(*MESSAGES))


def links(html: str) -> list[str]:
    """Where the squares of the field lead to."""
    field = html[html.index('id="field"') :]
    return re.findall(r'<td class="bc"><a href="([^"]+)"', field[: field.index("</table>")])


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_each_square_leads_to_its_reason(pages: Pages, city: str, lang: str) -> None:
    """The city and its counties are on the board; every square opens, with figures, cut-offs and what follows."""
    html = pages.get(f"/board?region={city}&until=2025-12&span=6", lang)
    found = links(html)
    assert len(found) >= 5 * 6 - 6
    for href in found[::7]:
        page = pages.get(href, lang)
        assert page.count('class="reason"') >= 1
        assert 'id="follows"' in page


def test_a_lamp_says_in_words_what_it_shows(pages: Pages, city: str) -> None:
    """Who does not see the lamps is told region, month, thing and grade; the shape differs with the grade."""
    html = pages.get(f"/board?region={city}&until=2025-12")
    words = re.findall(r'<span class="hidden">([^<]*2025年12月：[^<]*)</span>', html)
    county = next(w for w in words if pages.view.by_code[COUNTY].label.zh in w)
    rows = [x for x in r.watched(pages.view, [pages.view.by_code[COUNTY]], "2025-12") if x["what"] == "energy_total"]
    grade = {1: "红色", 2: "黄色", 3: "绿色"}[rows[0]["grade"]]
    assert f"能耗总量{grade}" in county
    assert "公布的" in county
    assert '<rect class="body"' in html
    assert '<path class="body"' in html
    assert '<circle class="body"' in html


def test_published_grades_are_those_that_were_imported(pages: Pages, city: str) -> None:
    """Nanwan's energy control month by month, as its file gives it and as it was put right."""
    told = warnings()
    marks = told.grades[COUNTY]["energy"]
    want = {"g": 3, "a": 2, "r": 1}
    lines = r.board(pages.view, pages.view.subjects[city], span=24).lines
    cells = next(line.cells for line in lines if line.subject.code == COUNTY)
    shown = {c.period: x.grade for c in cells for x in c.published if x.what == "energy_control"}
    first = asked_period(told.first)
    start = int(first[:4]) * 12 + int(first[5:]) - 1
    expected = {f"{(start + n) // 12}-{(start + n) % 12 + 1:02}": want[m] for n, m in enumerate(marks) if m in want}
    expected[told.revision.month] = want[told.revision.grade]
    assert shown == expected


def test_the_reason_shows_the_figures_of_its_rows(pages: Pages) -> None:
    """A county's December: each row's value, what the year asks and its coverage stand in its part, with the clause."""
    county = pages.view.by_code[COUNTY]
    html = pages.get(f"/board/{county.id}/2025-12")
    rows = r.watched(pages.view, (county,), "2025-12")
    assert len(rows) >= 4
    for row in rows:
        part = html[html.index(f'id="{row["what"]}-{row["test"]}"') :]
        part = part[: part.index("</section>")]
        if row["unit"] == "%" and row["value"] is not None:
            assert f"{abs(row['value']):.2f}".rstrip("0").rstrip(".") in part
        if row["grade"]:
            assert {1: "红色", 2: "黄色", 3: "绿色"}[row["grade"]] in part
            assert "/rules/shuangkong.watching%402026/" in part
        if row["pack_key"]:
            assert f"/packs/{row['pack_key']}#clause-" in part


def test_the_cut_offs_name_their_owner(pages: Pages) -> None:
    """Who answers for the program's own cut-offs is said beside them, in both languages."""
    county = pages.view.by_code[COUNTY]
    assert "责任人" in pages.get(f"/board/{county.id}/2025-12")
    assert "owner" in pages.get(f"/board/{county.id}/2025-12", "en")


def test_what_was_never_watched_is_not_there(pages: Pages, city: str) -> None:
    """A month without rows, a text that is no period and a region that is none are not found."""
    for address in (f"/board/{city}/1999-01", f"/board/{city}/gestern", "/board/s_none/2025-12"):
        assert pages.client.get(address).status_code == 404, address


def test_exports_hold_the_rows_of_the_board(pages: Pages, city: str) -> None:
    """CSV, Excel and JSON have the rows of the region and all in it, with the published grade beside each."""
    subjects = [pages.view.subjects[s] for s in pages.view.within(city) if pages.view.subjects[s].kind == "region"]
    rows = {x["watch_key"]: x for x in r.watched(pages.view, subjects)}
    answer = pages.client.get(f"/board.csv?region={city}")
    text = answer.content.decode("utf-8-sig")
    lines = list(csv.reader(io.StringIO(text)))
    head = next(n for n, line in enumerate(lines) if any("watch_key" in c for c in line))
    at = next(n for n, c in enumerate(lines[head]) if "watch_key" in c)
    keys = [line[at] for line in lines[head + 1 :] if len(line) > at]
    assert len(keys) == len(set(keys))
    assert {k for k in keys if not k.startswith("published|")} == set(rows)
    book = load_workbook(io.BytesIO(pages.client.get(f"/board.xlsx?region={city}").content), read_only=True)
    assert book.sheetnames
    told = pages.client.get(f"/api/board?region={city}&size=1000").json()
    assert told["total"] == len(keys)
    one = next(x for x in told["months"] if x["watch_key"] in rows and x["value"] is not None)
    assert one["value"] == f"{rows[one['watch_key']]['value']:f}"
    years = pages.client.get(f"/api/board/years?region={city}&size=1000").json()
    assert years["total"] == len(r.nowcasts(pages.view, subjects))
    assert pages.client.get(f"/board/years.csv?region={city}").status_code == 200
    assert "全年预测" in pages.get(f"/board/years?region={city}")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_cockpit_tells_where_it_stands_and_will_end(pages: Pages, city: str, lang: str) -> None:
    """Newest months with their clause, targets of plans, nowcasts with interval and target, and things to do."""
    html = pages.get(f"/regions/{city}/dual-control", lang)
    for part in ("stands", "end", "do"):
        assert f'<section id="{part}">' in html
    told = {(x["what"], x["method_id"], x["test"]) for x in r.nowcasts(pages.view, (pages.view.subjects[city],))}
    assert html.count('class="whisker"') == len(told) > 2
    assert 'class="chart"' in html
    assert f"/regions/{city}/moved" in html
    assert '<ol class="todo listed">' in html


@pytest.mark.parametrize(
    ("lang", "told"), [("zh", "2026年10月公布的能耗双控为红色"), ("en", "Red: energy control as published (Oct 2026).")]
)
def test_the_next_step_names_the_month_of_a_red_lamp(pages: Pages, lang: str, told: str) -> None:
    """Computed lamps of one year and published ones of another are not told in one breath without their months."""
    assert told in pages.get(f"{pages.region('990102')}/dual-control", lang)


def test_every_sign_of_the_board_has_its_key(pages: Pages, city: str) -> None:
    """Also the dash of a lamp without figures and the dot of a square without any."""
    html = pages.get(f"/board?region={city}")
    key = html[html.index("lamps-key") :].partition("</p>")[0]
    assert key.count('d="M8 12h8"') == 1
    assert "这一项没有数据" in key
    assert "这一期没有数据" in key


def test_what_follows_leads_to_the_cases_of_the_region(pages: Pages, city: str) -> None:
    """Nanwan's published grades bring a stop: the board names it with its clause, and its link opens the cases."""
    html = pages.get(f"/board?region={city}")
    follows = html[html.index('id="follows"') :]
    assert "区域限批" in follows
    assert "/packs/demo-shifanshi-rules@2023#clause-" in follows
    (href,) = {h for h in re.findall(r'href="(/cases[^"]+)"', follows) if COUNTY in h}
    assert pages.client.get(href.replace("&amp;", "&")).status_code == 200


def test_who_sees_no_region_is_told_so(pages: Pages) -> None:
    """A unit's manager opens the board and is led back to the own unit; nothing breaks."""
    manager = signed_in(pages.app, "demo.unit")
    answer = manager.get("/board", headers={"Accept-Language": "zh"})
    assert answer.status_code == 200


def test_home_names_a_red_region(pages: Pages, city: str) -> None:
    """The city's home has a sentence for each county that is red in its newest month, with the way to what to do."""
    html = pages.get(f"/?region={city}")
    county = pages.view.by_code[COUNTY]
    assert f"/board/{county.id}/2026-10" in html
    assert f"/regions/{county.id}/dual-control#do" in html


def test_other_pages_lead_to_the_board(pages: Pages, city: str) -> None:
    """The head has the board; a region's page its newest lamps, the cockpit and the board."""
    html = pages.get(pages.region(COUNTY))
    county = pages.view.by_code[COUNTY].id
    assert f"/regions/{county}/dual-control" in html
    assert f"/board?region={county}" in html
    assert '<a href="/board"' in html


def test_the_public_sees_what_may_be_published(pages: Pages, city: str) -> None:
    """Who is not signed in sees the provinces' grades, and of the demo city only what the run lets be told."""
    public = visitor(pages.app)
    html = public.get("/board").text
    assert "2021" in html
    view = pages.app.state.site.reader.current(public_scope())
    told = public.get("/api/board?size=1000").json()
    seen = {x["watch_key"] for x in told["months"] if not x["watch_key"].startswith("published|")}
    regions = [s for s in view.subjects.values() if s.kind == "region"]
    assert seen == {x["watch_key"] for x in r.watched(view, regions)}
    assert WATCH_MONTHS.confidential is not None


def public_scope() -> Any:
    """What anybody may see."""
    from shuangkong.webkit.api import public

    return public().scope


def test_an_officer_sees_the_own_city_alone(pages: Pages, city: str) -> None:
    """The officer of the demo city is shown the own board without asking, and no province's rows."""
    officer = signed_in(pages.app, "demo.officer.990100")
    html = officer.get("/board", headers={"Accept-Language": "zh"}).text
    assert pages.view.subjects[city].label.zh in html
    told = officer.get("/api/board?size=1000").json()
    assert {x["subject_id"] for x in told["months"]} <= set(pages.view.within(city))


def test_the_red_months_are_told_by_what_was_red(pages: Pages) -> None:
    """Where a table counts two streaks each number stands with its name, and the consequence is in the page's words."""
    region = pages.view.by_code[COUNTY]
    row = next(m for m in r.measures(pages.view, (region,)) if m["consequence"])
    zh, en = (BoardTeller(pages.view, s) for s in (speaker("zh"), speaker("en")))
    counts = json.loads(row["inputs"])
    assert zh.months(row) == f"能耗双控 {counts['red_energy']}、煤炭消费总量 {counts['red_coal']}"
    assert en.months(row) == f"energy control {counts['red_energy']}, coal total {counts['red_coal']}"
    named = pages.view.packs.table(row["pack_key"], row["table_id"]).outputs[0].called(row["consequence"])
    assert zh.consequence(row) == named.zh
    assert en.consequence(row) == (named.en or named.zh)


def test_figures_of_a_nowcast_stand_under_one_another(pages: Pages) -> None:
    """All figures of a row are in one unit; what was worked out keeps closing noughts, a target does not gain any."""
    say = BoardTeller(pages.view, speaker("zh"))
    row = {"nowcast": D("14542200"), "low": D("14541000"), "high": None, "required": D("14700000"),
           "incentive": None, "unit": "tce"}  # fmt: skip
    assert say.unit_of(row) == "万吨标准煤"
    columns = ("nowcast", "low", "high", "required", "incentive")
    assert [say.digits(row, c) for c in columns] == ["1454.22", "1454.10", "—", "1470", "—"]
    row = {"nowcast": D("-3"), "low": D("-3.03"), "high": D("-2.96"), "required": D("-2.97"), "incentive": None,
           "unit": "%"}  # fmt: skip
    assert [say.digits(row, c) for c in columns] == ["−3.00", "−3.03", "−2.96", "−2.97", "—"]


def test_months_are_named_in_the_language_of_the_page(pages: Pages) -> None:
    """The head of a column has the year and the month, quarter or half by its name, never a bare number."""
    zh, en = (BoardTeller(pages.view, s) for s in (speaker("zh"), speaker("en")))
    assert (zh.short("2026-07"), en.short("2026-07")) == (("2026", "7月"), ("2026", "Jul"))
    assert (zh.short("2021H1"), en.short("2021H1")) == (("2021", "上半年"), ("2021", "first half"))
    assert en.short("2026Q2") == ("2026", "Q2")


def test_the_course_of_a_nowcast_says_how_energy_was_accounted_for(pages: Pages) -> None:
    """A chart names standards and documents, not the program's id of a method, and large amounts in 万吨."""
    text = pages.get(f"{pages.region(CITY)}/dual-control")
    assert "gbt2589-2020/" not in text
    assert "GB/T 2589-2020" in text
    assert "全年量（万吨标准煤）" in text
    assert "能耗总量（总量）" not in text
