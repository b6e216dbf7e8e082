"""The first screen decides something, and tells what needs attention with figure, clause and next step."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from html import unescape
from typing import Any

from markupsafe import Markup

from shuangkong.app.web import create_app
from shuangkong.app.web import home as h
from shuangkong.app.web.cockpit import of_region
from shuangkong.app.web.sentences import Teller
from shuangkong.webkit.api import LANGUAGES, SLOTS, Slots, Speaker, province_places
from web.clients import signed_in, visitor


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


def test_each_role_opens_on_its_own(pages: Any) -> None:
    """Home is the officer's region, the bank's units, the manager's unit, and the whole country for the rest."""
    opening = {
        "demo.officer.990100": "示范市（合成）", "demo.officer.990101": "东丘区（合成）",
        "demo.bank": "授权您查看的单位", "demo.unit": "合成示范平板玻璃厂01号", "demo.administrator": "节能减排",
    }  # fmt: skip
    for person, words in opening.items():
        text = signed_in(pages.app, person).get("/").text
        assert words in text[text.index("<h1>") : text.index("</h1>")], person
    assert "节能减排" in visitor(pages.app).get("/").text


def test_the_cockpit_counts_what_its_list_shows(pages: Any) -> None:
    """Each count of the cockpit leads to a list of exactly as many findings."""
    client = signed_in(pages.app, "demo.officer.990100")
    city = pages.view.by_code["990100"].id
    for address in ("/", f"/?region={city}&period=2023", f"/?region={pages.view.by_code['990103'].id}"):
        text = client.get(address).text
        counts = re.findall(r'<a class="count [^"]*" href="([^"]+)">.*?<b>(\d+)</b>', text, re.S)
        assert counts, address
        for href, n in counts:
            assert client.get("/api" + unescape(href)).json()["total"] == int(n), href


def test_attention_of_a_region_names_each_subject_first(pages: Any) -> None:
    """The five things begin with the region itself, take one of each part, and put what was missed before the rest."""
    five = of_region(pages.view, pages.view.by_code["990100"]).attention
    assert len(five) == 5
    assert five[0].subject_id == pages.view.by_code["990100"].id
    assert len({f.subject_id for f in five}) == 5
    assert {f.status for f in five} == {"missed"}


def test_the_json_twin_of_a_cockpit_says_the_same(pages: Any) -> None:
    """Programs read the counts, the five and the parts that the officer's page shows."""
    client = signed_in(pages.app, "demo.officer.990100")
    told, made = client.get("/api/home").json(), of_region(pages.view, pages.view.by_code["990100"])
    assert [f["finding_key"] for f in told["attention"]] == [f.finding_key for f in made.attention]
    assert {p["name"] for p in told["parts"]} == {p.subject.label.zh for p in made.parts}
    assert told["counts"]["missed"] == dict(made.counts)["missed"]
    assert "views" in client.get(f"/api/home?region={pages.view.by_code['000000'].id}").json()


def test_a_bar_stands_as_its_figures_do(pages: Any) -> None:
    """On a bar the value lies short of what is due exactly where the target was missed, and within the bar."""
    for code in ("990100", "990101", "990103", "210000"):
        for bar in of_region(pages.view, pages.view.by_code[code]).bullets:
            f = bar.finding
            for place in (bar.now, bar.due, bar.goal, bar.more):
                assert place is None or 0 <= place <= 200
            if f.value is not None and f.threshold is not None and bar.now is not None and bar.due is not None:
                assert (bar.now < bar.due) == (f.value < f.threshold) or bar.now == bar.due


def test_what_stands_now_is_one_finding_a_target(pages: Any) -> None:
    """Of each target the newest period counts, and a target whose time was over when a later one began does not."""
    seen = [(f.subject_id, f.pack_key, f.slug) for f in pages.view.latest]
    assert len(seen) == len(set(seen))
    liaoning = [f for f in pages.view.latest_of[pages.view.by_code["210000"].id]
                if f.indicator_id == "energy_per_gdp_change"]  # fmt: skip
    assert {f.pack_id for f in liaoning} & {"guofa-2011-26"} == set()


def test_an_empty_cockpit_says_why_and_what_next(pages: Any) -> None:
    """A region of which no clause asks anything says so and leads on."""
    bare = next(s for s in pages.view.subjects.values() if s.kind == "region" and s.level == "county"
                and not any(x in pages.view.latest_of for x in pages.view.within(s.id)))  # fmt: skip
    text = pages.get(f"/?region={bare.id}")
    assert "现有文件没有对这里提出要求" in text
    assert 'class="next"' in text


def test_slots_of_the_pages_are_filled(pages: Any) -> None:
    """What a slice above registers stands on home, region and unit, with the subject it is about."""
    slots = Slots()
    for slot in SLOTS:
        slots.register(slot, _toy(slot), name="toy")
    client = signed_in(create_app(pages.workspace, slots=slots), "demo.officer.990100")
    home = client.get("/").text
    assert "<i>home.attention:示范市（合成）</i>" in home
    assert "<i>home.side:示范市（合成）</i>" in home
    region = client.get(pages.region("990103")).text
    assert "<i>region.head:南湾县（合成）</i>" in region
    assert "<i>region.tabs:南湾县（合成）</i>" in region
    unit = pages.first(indicator_id="product_energy_intensity", status="missed").subject_id
    text = client.get(f"/units/{unit}").text
    assert all(f"<i>{slot}:" in text for slot in ("unit.head", "unit.sections"))


def _toy(slot: str) -> Callable[[Mapping[str, Any]], Markup]:
    def filler(about: Mapping[str, Any]) -> Markup:
        subject = about["subject"]
        return Markup("<i>{}:{}</i>").format(slot, subject.label.zh if subject else "")

    return filler
