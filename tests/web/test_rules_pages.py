"""Pages of rules: the list, a table as people draw it with the row that hits, findings of rules and why."""

from __future__ import annotations

import re
from typing import Any

import pytest

from shuangkong.app.web.factory import MESSAGES
from shuangkong.app.web.tables_drawn import drawing, money, told_text
from shuangkong.app.web.tables_reading import rule_findings
from shuangkong.webkit.api import Speaker, read_messages
from web.clients import visitor
from web.conftest import Pages

RULES = "/rules/demo-shifanshi-rules@2023"


def hit_row(html: str) -> list[str]:
    """The ids of the rows that are lit up."""
    return re.findall(r'<tr class="hit"[^>]*><th scope="row">([a-z0-9-]+)', html)


@pytest.fixture(scope="module")
def charged(pages: Pages) -> dict[str, Any]:
    """A finding of a large works that pays the surcharge of 2025."""
    rows = rule_findings(pages.view, "slug = 'surcharge' AND row_hit = 'large' AND period_key = '2025'")
    return min(rows, key=lambda r: r["subject_id"])


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_list_has_every_table_with_how_it_stands(pages: Pages, lang: str) -> None:
    """The list has every table with how it stands."""
    html = pages.get("/rules", lang)
    every = [(p.key, t.id) for p in pages.view.packs.packs for t in p.tables]
    assert every
    assert [f"/rules/{k.replace('@', '%40')}/{t}" in html for k, t in every] == [True] * len(every)
    assert "r-expired" in html
    assert "/rules/findings?region=&amp;pack=demo-shifanshi-rules%402023&amp;slug=class&amp;status=hit" in html


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_table_is_drawn_with_inputs_outputs_policy_and_parameters(pages: Pages, lang: str) -> None:
    """A table is drawn with inputs outputs policy and parameters."""
    html = pages.get(f"{RULES}/surcharge", lang)
    assert hit_row(html) == []
    for row in ("large", "key"):
        assert f'<th scope="row">{row}' in html
    assert "= large_rate * electricity" in html
    assert "demo-rules.surcharge</span> [large]" in html
    assert 'href="/packs/demo-shifanshi-rules@2023#clause-%E4%BA%8C"' in html


@pytest.mark.parametrize(
    ("table", "asks", "gives"),
    [("red-months", "Red months in a row on energy control &gt;= 3", "stop of the region&#39;s energy reviews"),
     ("review-open", "What red months bring == &#34;stop of the region&#39;s energy reviews&#34;", "✓")],
)  # fmt: skip
def test_conditions_and_texts_are_told_in_english(pages: Pages, table: str, asks: str, gives: str) -> None:
    """Inputs by their labels, also of a table above; texts by the words of the pack; raw names in titles alone."""
    html = pages.get(f"/rules/henan-two-high-2021@2021/{table}", "en")
    drawn = re.sub(r' title="[^"]*"', "", html[html.index("<tbody>") : html.index('id="try"')])
    assert asks in drawn
    assert f">{gives}</td>" in drawn
    assert "red_energy" not in drawn
    assert "区域节能评估限批" not in drawn


def test_a_parameter_without_a_value_is_called_by_its_label(pages: Pages) -> None:
    """A name in a condition is a figure, else a label; one that has neither stays as it is."""
    packs = pages.view.packs
    pack, entry = packs.pack("henan-two-high-2021@2021"), packs.table("henan-two-high-2021@2021", "red-months")
    open_ = {"table": "red-months", "name": "stop", "value": None, "unit": "month", "label_zh": "连续红色预警月数",
             "label_en": "red months"}  # fmt: skip
    text, speaker = "red_energy >= stop || other > 1", Speaker("en", read_messages(*MESSAGES))
    said = told_text(pack, entry, [open_], text, speaker)
    assert " ".join(said.split()) == "Red months in a row on energy control >= red months or other > 1"


def test_what_an_answer_lacks_is_named_by_its_label(pages: Pages, charged: dict[str, Any]) -> None:
    """The verdict over a table names the inputs that are open by their labels, not by the names in the pack."""
    html = pages.get(f"{RULES}/diagnosis?who={charged['subject_id']}&year=2025", "en")
    verdict = html[html.index('class="verdict') : html.index("<tbody>")]
    entry = pages.view.packs.table("demo-shifanshi-rules@2023", "diagnosis")
    label = next(i.label.label.in_("en") for i in entry.inputs if i.name == "accepted")
    assert label in verdict
    assert "accepted" not in verdict.replace(label, "")


def test_the_row_that_hit_for_a_subject_is_lit_with_its_cells(pages: Pages, charged: dict[str, Any]) -> None:
    """The row that hit for a subject is lit with its cells."""
    html = pages.get(f"{RULES}/surcharge?who={charged['subject_id']}&year=2025")
    assert hit_row(html) == ["large"]
    lit = html[html.index('class="hit"') :]
    assert lit[: lit.index("</tr>")].count('class="so"') == 2
    assert 'class="not-so"' in html


def test_typed_inputs_decide_on_both_sides_of_a_bound_and_typing_wins_over_the_books(
    pages: Pages, charged: dict[str, Any]
) -> None:
    """Typed inputs decide on both sides of a bound and typing wins over the books."""
    assert hit_row(pages.get(f"{RULES}/class?in-energy=50000")) == ["large"]
    assert hit_row(pages.get(f"{RULES}/class?in-energy=49999.999999")) == ["key"]
    assert hit_row(pages.get(f"{RULES}/class?who={charged['subject_id']}&year=2025&in-energy=3")) == ["other"]


def test_what_is_missing_or_wrong_is_said(pages: Pages, charged: dict[str, Any]) -> None:
    """What is missing or wrong is said."""
    html = pages.get(f"{RULES}/diagnosis?who={charged['subject_id']}&year=2025")
    assert hit_row(html) == []
    assert "无法判定" in html
    assert "accepted" in html
    assert "RULE-007" in pages.get(f"{RULES}/class?in-energy=many")
    assert "可见范围内没有" in pages.get(f"{RULES}/class?who=nobody-is-called-this")


def test_an_ended_table_says_so(pages: Pages) -> None:
    """An ended table says so."""
    assert "已于 2025-01-01 失效" in pages.get(f"{RULES}/first-years")


def test_findings_are_listed_filtered_and_lead_to_why(pages: Pages, charged: dict[str, Any]) -> None:
    """Findings are listed filtered and lead to why."""
    html = pages.get("/rules/findings?slug=surcharge&status=hit")
    keys = re.findall(r"/rules/findings/(f_[0-9a-f]+)", html)
    assert keys
    assert {r["slug"] for k in set(keys) for r in rule_findings(pages.view, f"finding_key = '{k}'")} == {"surcharge"}
    why = pages.get(f"/rules/findings/{charged['finding_key']}")
    assert hit_row(why) == ["large"]
    assert "demo-rules.class-from" in why
    assert "synthetic_energy_2025" in why


def test_a_unit_and_a_county_show_what_rules_say(pages: Pages, charged: dict[str, Any]) -> None:
    """A unit and a county show what rules say."""
    unit = pages.get(f"/units/{charged['subject_id']}")
    assert f"/rules/findings/{charged['finding_key']}" in unit
    lamp = rule_findings(pages.view, "slug = 'lamp'")[0]
    assert 'id="rules"' in pages.get(f"/regions/{lamp['subject_id']}")


def test_a_finding_that_is_not_there_is_told_like_one_that_may_not_be_seen(pages: Pages) -> None:
    """A finding that is not there is told like one that may not be seen."""
    for key in ("f_nobody", "x' OR 1=1"):
        assert pages.client.get(f"/rules/findings/{key}").status_code == 404


def test_the_public_sees_tables_and_no_findings_of_units(pages: Pages, charged: dict[str, Any]) -> None:
    """The public sees tables and no findings of units."""
    public = visitor(pages.app)
    assert public.get(f"{RULES}/surcharge").status_code == 200
    assert public.get(f"/rules/findings/{charged['finding_key']}").status_code == 404
    html = public.get(f"{RULES}/surcharge?who={charged['subject_id']}&year=2025").text
    assert hit_row(html) == []
    assert "可见范围内没有" in html


def test_every_table_of_every_pack_can_be_drawn(pages: Pages) -> None:
    """Every table of every pack can be drawn."""
    day, known = pages.view.run.as_of, pages.view.run.known_day
    packs = pages.view.packs
    drawn = [drawing(packs, p, t, day=day, known=known, today=day) for p in packs.packs for t in p.tables]
    assert all(len(d.rows) == len(d.entry.rows) for d in drawn)


def test_money_is_never_shown_as_nought() -> None:
    """Money is never shown as nought."""
    from decimal import Decimal

    zh = Speaker("zh", read_messages(*MESSAGES))
    told = [money(Decimal(v), zh).replace("\u2009", " ") for v in ("0.5", "764505.46", "645000000")]
    assert told == ["0.5 元", "76.45 万元", "6.45 亿元"]


def test_an_expired_table_shows_the_figures_it_had(pages: Pages) -> None:
    """Its last day, its bounds and rates as figures, its last year offered; not a code in their place."""
    html = pages.get("/rules/wenzhou-retrofit-2021@2021/grant")
    assert "已失效" in html
    assert "至 2023-12-31" in html
    assert "[100\u2009万元, 200\u2009万元)" in html
    assert "= 14% × 一年内生产性设备与信息化投入" in html
    assert "PACK-004" not in html
    assert "<option selected>2023</option>" in html
