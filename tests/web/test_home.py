"""The first screen decides something, and tells what needs attention with figure, clause and next step."""

from __future__ import annotations

from typing import Any

from shuangkong.app.web import home as h
from shuangkong.app.web.sentences import Teller
from shuangkong.webkit.api import LANGUAGES, Speaker, province_places


def test_the_first_screen_decides_most_regions(pages: Any) -> None:
    """Home opens on the question with most answers: a screen without a decided region is no first screen."""
    offered = h.choices(pages.view)
    best = h.chosen(offered, "")
    assert best is not None
    assert best.decided == max(c.decided for c in offered) >= 30
    assert h.chosen(offered, "no.such.choice") == best


def test_the_known_questions_are_offered(pages: Any) -> None:
    """The switch offers both plans by year, the 13th as a whole, and the synthetic city."""
    keys = {(c.pack_key.split("@")[0], c.variant, c.period_key) for c in h.choices(pages.view) if c.decided}
    assert {
        ("guofa-2016-74", "plan", "P2016-2020"), ("guofa-2016-74", "pace", "2018"), ("guofa-2016-74", "pace", "2020"),
        ("guofa-2011-26", "pace", "2011"), ("guofa-2011-26", "pace", "2015"),
        ("demo-shifanshi", "pace", "2023"), ("demo-shifanshi", "pace", "2025"),
    } <= keys  # fmt: skip


def test_counts_agree_with_the_findings(pages: Any) -> None:
    """The counts of each question add up to its findings."""
    for choice in h.choices(pages.view):
        assert sum(n for _, n in choice.counts) == len(choice.findings)


def test_all_34_provinces_have_a_place(pages: Any) -> None:
    """Every province-level region has one tile, no two share a place, and each is registered under its code."""
    places = province_places()
    assert len({p.code for p in places}) == len({(p.column, p.row) for p in places}) == 34
    for place in places:
        assert pages.view.by_code[place.code].level == "province"


def test_attention_names_figure_clause_and_step(pages: Any) -> None:
    """Each of the five has a sentence with what was asked, a clause that exists, and a next step, in both languages."""
    view = pages.view
    choice = h.chosen(h.choices(view), "guofa-2016-74@2016.energy_per_gdp_change.plan.P2016-2020")
    five = h.attention(view, choice)
    assert [f.status for f in five] == ["missed"] * 5
    for language in LANGUAGES:
        tell = Teller(view, Speaker(language, pages.app.state.site.frame.texts))
        for f in five:
            assert tell.asks(f) in tell.tell(f)
            assert f.clause in tell.clause(f)
            assert tell.next_step(f)


def test_honesty_counts_every_finding(pages: Any) -> None:
    """Decided and undecided make the whole; every undecided finding has a reason."""
    told = h.honesty(pages.view)
    assert told["decided"] + sum(n for _, n in told["reasons"]) == told["total"] == len(pages.view.findings)
