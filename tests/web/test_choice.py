"""Region and period: chosen once, kept, said in the address, and never more than the reader's scope."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi.testclient import TestClient

from shuangkong.app.web.choice import COOKIE
from web.clients import signed_in, visitor


@pytest.fixture
def officer(pages: Any) -> Iterator[TestClient]:
    """The officer of the demo city, with no choice kept."""
    with signed_in(pages.app, "demo.officer.990100") as client:
        client.follow_redirects = False
        yield client


def place(pages: Any, code: str) -> str:
    """The id of a region."""
    found: str = pages.view.by_code[code].id
    return found


@pytest.mark.parametrize("path", ["/", "/findings", "/units", "/packs", "/packs/demo-shifanshi@2022"])
def test_a_choice_is_kept_and_every_page_says_it(pages: Any, officer: TestClient, path: str) -> None:
    """After one choice a bare address leads on to the full one, which another reader opens as it is."""
    county = place(pages, "990103")
    chosen = officer.get(f"{path}?region={county}&period=2025&keep=1")
    assert chosen.status_code == 303
    full = officer.get(path)
    assert full.status_code == 303
    assert parse_qs(urlsplit(full.headers["location"]).query) == {"region": [county], "period": ["2025"]}
    shown = officer.get(full.headers["location"]).text
    other = signed_in(pages.app, "demo.reviewer").get(full.headers["location"])
    assert other.status_code == 200
    for text in (shown, other.text):
        assert f'<option value="{county}" selected>' in text
        assert '<option value="2025" selected>' in text


def test_other_choices_of_an_address_stay(pages: Any, officer: TestClient) -> None:
    """What is kept is added to an address; its own filters, however often they come, and its language stay."""
    officer.get(f"/findings?region={place(pages, '990103')}&keep=1")
    sent = officer.get("/findings?status=missed&status=behind&lang=en").headers["location"]
    found = parse_qs(urlsplit(sent).query)
    assert found["status"] == ["missed", "behind"]
    assert found["lang"] == ["en"]
    assert found["region"] == [place(pages, "990103")]


def test_an_address_that_says_it_is_left_alone(pages: Any, officer: TestClient) -> None:
    """A link opens what it says, whatever was kept, and changes nothing in what is kept."""
    officer.get(f"/?region={place(pages, '990103')}&keep=1")
    answer = officer.get(f"/findings?region={place(pages, '990104')}")
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    assert officer.get("/findings?region=").status_code == 200
    assert place(pages, "990103") in officer.get("/findings").headers["location"]


def test_a_filter_can_be_taken_away(pages: Any, officer: TestClient) -> None:
    """The list's own links say that no region is wanted, so that what is kept does not come back."""
    county = place(pages, "990103")
    officer.get(f"/findings?region={county}&keep=1")
    text = officer.get(f"/findings?region={county}&status=missed").text
    assert "/findings?status=missed&amp;region=" in text
    assert officer.get("/findings?status=missed&region=").status_code == 200


def test_nothing_chosen_is_nothing_kept(pages: Any, officer: TestClient) -> None:
    """Choosing no region and no period forgets what was kept."""
    officer.get(f"/?region={place(pages, '990103')}&keep=1")
    assert officer.get("/?region=&period=&keep=1").status_code == 303
    assert officer.get("/").status_code == 200
    assert COOKIE not in officer.cookies


@pytest.mark.parametrize("made_up", ["s_nosuchregion", "%00", "<script>", "x" * 300])
def test_a_neighbour_is_dropped_like_what_does_not_exist(pages: Any, made_up: str) -> None:
    """A region outside the scope leaves no trace: not in the cookie, the address, the form or the page."""
    client = signed_in(pages.app, "demo.officer.990101")
    client.follow_redirects = False
    neighbour = place(pages, "990102")
    for path in ("/", "/findings", "/units", "/packs"):
        real = client.get(f"{path}?region={neighbour}&keep=1")
        fake = client.get(f"{path}?region={made_up}&keep=1")
        assert (real.status_code, real.headers["location"]) == (fake.status_code, fake.headers["location"])
        assert neighbour not in real.headers["location"]
    client.cookies.set(COOKIE, f"{neighbour}|2025")
    sent = client.get("/findings").headers["location"]
    assert parse_qs(urlsplit(sent).query) == {"period": ["2025"]}
    client.cookies.clear()
    again = signed_in(pages.app, "demo.officer.990101")
    for path in ("/", "/packs"):
        real, fake = again.get(path, params={"region": neighbour}), again.get(path, params={"region": made_up})
        # what differs is what was typed: in the other language's link, and in the address for the sheet of paper
        token = re.compile(r'name="form_token" value="\w+"|(?:/sign-in)?/?\?[^"]*lang=en"|class="on-paper small">[^<]*')
        assert token.sub("", real.text) == token.sub("", fake.text)


def test_the_form_offers_the_scope_alone(pages: Any) -> None:
    """An officer is offered the own region and what is public; somebody unknown only what is public."""
    county = signed_in(pages.app, "demo.officer.990101").get("/").text
    assert f'value="{place(pages, "990101")}"' in county
    assert place(pages, "990102") not in county
    public = visitor(pages.app).get("/").text
    assert place(pages, "990101") not in public
    assert f'value="{place(pages, "210000")}"' in public


def names_found(text: str) -> list[str]:
    """The regions of an answer, in its order."""
    return re.findall(r'<li><a href="[^"]*">([^<]*)</a>', text)


@pytest.mark.parametrize(
    ("typed", "first"),
    [("石家庄", "石家庄市"), ("石家莊 市", "石家庄市"), ("1301", "石家庄市"), ("河北石家庄", "石家庄市"),
     ("Shijiazhuang", "石家庄市"), ("河北 长安区", "长安区"), ("130102", "长安区"), ("南湾", "南湾县（合成）"),
     ("上海", "上海市")],
)  # fmt: skip
def test_any_region_is_found_by_name_or_code(pages: Any, typed: str, first: str) -> None:
    """Also one of which no clause asks anything, so that the select has no room for it: by part, code, or path."""
    text = pages.client.get("/regions", params={"q": typed}).text
    assert names_found(text)[0] == first


def test_a_search_needs_no_script_and_leads_back(pages: Any, officer: TestClient) -> None:
    """The form is a plain one; its links choose the region on the page that asked, with the page's other choices."""
    page = officer.get("/findings?status=missed&period=2025").text
    assert 'method="get" action="/regions"' in page
    back = re.findall(r'<input type="hidden" name="to" value="([^"]*)">', page)
    assert [b.replace("&amp;", "&") for b in back] == ["/findings?status=missed&period=2025"]
    text = officer.get("/regions", params={"q": "990103", "to": "/findings?status=missed&period=2025"}).text
    link = re.findall(r'<li><a href="(/findings[^"]*)">', text)[0].replace("&amp;", "&")
    county = place(pages, "990103")
    assert parse_qs(urlsplit(link).query) == {
        "status": ["missed"], "period": ["2025"], "region": [county], "keep": ["1"],
    }  # fmt: skip
    sent = officer.get(link)
    assert sent.status_code == 303
    assert parse_qs(urlsplit(sent.headers["location"]).query)["region"] == [county]


def test_what_is_out_of_scope_is_not_found(pages: Any, officer: TestClient) -> None:
    """A county officer finds the own county; another's answers like one that does not exist."""
    county = signed_in(pages.app, "demo.officer.990101")
    assert names_found(county.get("/regions?q=990101").text) == ["东丘区（合成）"]
    hidden, none = (county.get("/regions", params={"q": q}).text for q in ("990103", "777777"))
    assert names_found(hidden) == names_found(none) == []
    assert hidden.replace("990103", "777777") == none
    assert names_found(officer.get("/regions?q=990103").text) == ["南湾县（合成）"]


@pytest.mark.parametrize("to", ["https://example.org/x", "//example.org", "javascript:alert(1)", "/sign-out", "x"])
def test_a_search_leads_nowhere_else(pages: Any, to: str) -> None:
    """An address that is no page of this site that shows a choice is not led to: home is."""
    text = pages.client.get("/regions", params={"q": "990103", "to": to}).text
    assert re.findall(r'<li><a href="([^"?]*)', text) == ["/"]


def test_a_long_answer_says_how_many_there_are(pages: Any) -> None:
    """The first thirty are listed with how many there are in all; nothing typed is no answer."""
    text = pages.client.get("/regions", params={"q": "县"}).text
    assert len(names_found(text)) == 30
    assert int(re.findall(r"找到 (\d+) 个，列出前 30 个", text)[0]) > 1000
    assert names_found(pages.client.get("/regions").text) == []


@pytest.mark.parametrize("tail", ["", "/moved"])
def test_a_units_page_offers_regions_alone(pages: Any, officer: TestClient, tail: str) -> None:
    """The select called Region holds no unit: on a unit's page the region in which it lies is chosen."""
    unit = next(s for s in pages.view.subjects.values() if s.kind == "unit")
    region = pages.view.path(unit.id)[-2]
    text = officer.get(f"{unit.href}{tail}").text
    select = re.search(r'<select name="region">.*?</select>', text, re.DOTALL)
    assert select is not None
    assert unit.id not in select[0]
    assert f'<option value="{region.id}" selected>' in select[0]
