"""Every page has its picture: what the journeys pass by is opened here, in both languages, and looked at as they are.

A page that is added without one fails here.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from web.test_proposals import archive

pytestmark = [pytest.mark.browser, pytest.mark.slow]
LANGUAGES = ("zh", "en")
ROUTES = Path(__file__).parents[1] / "rights" / "routes.yaml"
#: Pages of the journeys.
WALKED = {"/", "/findings", "/findings/{key}", "/imports", "/imports/new", "/imports/{draft_id}", "/jobs/{job_id}",
          "/regions/{subject_id}", "/documents", "/documents/{document_id}", "/documents/{document_id}/add",
          "/documents/{document_id}/entries/{entry_id}", "/documents/{document_id}/versions",
          "/documents/{document_id}/publish", "/metering", "/metering/health", "/meters", "/meters/{number}",
          "/meters/unmapped", "/meter-readings", "/stations", "/stations/{mn}",
          "/units/{subject_id}/closed-days", "/units/{subject_id}/tokens"}  # fmt: skip
#: Pages at an address of their own, by who opens them.
PLAIN = {
    "administrator": ("/units", "/packs", "/runs", "/jobs", "/audit", "/people", "/rights", "/account", "/api/docs",
                      "/regions?q=1301", "/align", "/rules", "/rules/findings", "/rules/changes", "/projects",
                      "/board", "/board/years", "/sharing", "/sharing/new", "/whatif", "/whatif/new", "/scenarios",
                      "/scenarios/new", "/cases", "/cases/by-hand?subject=990101", "/nothing-here"),
    "unit-manager": ("/units", "/consents", "/account", "/rights"),
    "city-officer": ("/units", "/rights?action=import.write", "/regions"),
}  # fmt: skip
#: One page of a kind, by the page that links to it and the address it has.
FIRST = (
    ("/units", r"/units/s_\w+", "/units/{subject_id}"),
    ("/board", r"/board/s_\w+/[^/?#]+", "/board/{subject_id}/{period}"),
    ("/board", r"/regions/s_\w+/dual-control", "/regions/{subject_id}/dual-control"),
    ("/sharing", r"/sharing/[0-9a-f]{32}", "/sharing/{kept}"),
    ("/projects", r"/projects/s_\w+", "/projects/{subject_id}"),
    ("/regions/s_xojrmrgrdeyivtx7", r"/regions/s_\w+/deductions", "/regions/{subject_id}/deductions"),
    ("/scenarios", r"/scenarios/ps_\w+", "/scenarios/{scenario_id}"),
    ("/packs", r"/packs/guofa-2021-33@[^/?#]+", "/packs/{name}"),
    ("/rules", r"/rules/[^/?#]+%40[^/?#]+/[^/?#]+", "/rules/{pack}/{table}"),
    ("/rules/findings", r"/rules/findings/\w+", "/rules/findings/{key}"),
    ("/people", r"/people/p_\w+", "/people/{person_id}"),
    ("/cases", r"/cases/\d+", "/cases/{case_id}"),
    ("/audit", r"/audit/\d+", "/audit/{sequence}"),
    ("/audit?action=figure.correct", r"/corrections/s_\w+", "/corrections/{subject_id}"),
)


def step(address: str) -> str:
    """The name of a picture."""
    return re.sub(r"[^a-z]+", "-", address.lower()).strip("-") or "home"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("role", PLAIN)
def test_pages_that_no_journey_passes_are_seen(walker: Any, role: str, language: str) -> None:
    """Each is opened by its address, fits its screen, and the browser has nothing to complain of."""
    with walker(role, language) as walk:
        walk.enter()
        for address in PLAIN[role]:
            walk.page.goto(f"{walk.address}{address}")
            if address == "/nothing-here":
                walk.complaints.clear()  # the browser tells of every 404
            walk.seen(f"page-{step(address)}")
            assert len(walk.main) > 40, address


@pytest.mark.parametrize("language", LANGUAGES)
def test_one_page_of_each_kind_is_seen(walker: Any, language: str) -> None:
    """A unit, a document, a person, an entry of the log and corrections, by the first link that leads to one."""
    with walker("administrator", language) as walk:
        walk.enter()
        for above, pattern, route in FIRST:
            walk.page.goto(f"{walk.address}{above}")
            hrefs = walk.page.evaluate(
                "[...document.querySelectorAll('main a[href]')].map(a => a.getAttribute('href'))"
            )
            chosen = (re.sub(r".*[?&]region=(s_\w+).*", r"/regions/\1", h) for h in hrefs)
            found = next((h for h in chosen if re.fullmatch(pattern, h)), None)
            assert found is not None, above
            walk.page.goto(f"{walk.address}{found}")
            walk.seen(f"one-{step(route)}")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_proposed_pack_is_seen(walker: Any, language: str) -> None:
    """An officer hands a pack in; its page says what would change."""
    with walker("county-officer", language) as walk:
        page = walk.page
        walk.enter()
        page.goto(f"{walk.address}/proposals")
        walk.seen("page-proposals")
        content = archive(f"test.county{language}@2026")
        page.locator("[name=file]").set_input_files(
            {"name": "plan.zip", "mimeType": "application/zip", "buffer": content}
        )
        page.locator("[name=because]").fill("年度分解（合成）")
        page.locator("main form[enctype] button").last.click()
        page.wait_for_url(re.compile(r"/proposals/\w"))
        walk.seen("one-proposal")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_region_is_found_with_the_keyboard(walker: Any, language: str) -> None:
    """Open the search, type a part of a name, walk to the first answer and choose it; the page then shows it."""
    with walker("administrator", language) as walk:
        page = walk.page
        walk.enter()
        page.locator(".find summary").focus()
        page.keyboard.press("Enter")
        page.locator(".finding [name=q]").press_sequentially("石家庄", delay=20)
        page.locator(".found a").first.wait_for()
        walk.seen("region-search")
        page.locator(".finding [name=q]").focus()
        for _ in range(4):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.matches('.found a')"):
                break
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile("region="))
        assert {"zh": "石家庄市", "en": "Shijiazhuang"}[language] in walk.main
        walk.seen("region-found")


@pytest.mark.parametrize("language", LANGUAGES)
def test_why_a_figure_moved_is_seen(walker: Any, language: str) -> None:
    """From the page of a region, and of a unit, by the link that says so; the waterfall is drawn."""
    with walker("administrator", language) as walk:
        walk.enter()
        for above, pattern, name in (
            ("/regions?q=9901", r"/regions/s_\w+", "region"), ("/units", r"/units/s_\w+", "unit"),
        ):  # fmt: skip
            walk.page.goto(f"{walk.address}{above}")
            hrefs = walk.page.evaluate(
                "[...document.querySelectorAll('main a[href]')].map(a => a.getAttribute('href'))"
            )
            chosen = (re.sub(r".*[?&]region=(s_\w+).*", r"/regions/\1", h) for h in hrefs)
            found = next((h for h in chosen if re.fullmatch(pattern, h)), None)
            assert found is not None, above
            walk.page.goto(f"{walk.address}{found}")
            walk.page.locator("#moved a.button").click()
            walk.page.wait_for_url(re.compile(r"/moved$"))
            walk.seen(f"moved-{name}")
            assert walk.page.locator(".moved-said").count() == 1


def pages() -> set[str]:
    """Routes that answer with a page: no file, no interface for programs but its description."""
    routes = yaml.safe_load(ROUTES.read_text("utf-8"))
    found = {name.removeprefix("GET ") for name in routes if name.startswith("GET ")}
    files = (".csv", ".xlsx", ".zip", ".yaml", ".docx", ".json", "/result", "/original")
    return {r for r in found if not r.endswith(files) and (r == "/api/docs" or "/api/" not in r)}


def test_every_page_has_a_picture() -> None:
    """A route that answers with a page is walked by a journey or opened here."""
    opened = {a.partition("?")[0] for addresses in PLAIN.values() for a in addresses}
    opened |= {route for _, _, route in FIRST} | WALKED | {"/proposals", "/proposals/{proposal}"}
    opened.add("/sharing/{kept}/edit")  # the form of /sharing/new with the figures of a plan
    opened.add("/cases/open/{key}")  # what the demo brings is opened already: the tests of its pages open one
    opened |= {"/regions/{subject_id}/moved", "/units/{subject_id}/moved"}
    opened.add("/whatif/{run_id}")  # a scenario takes a whole run: the tests of its pages make one
    assert len(pages()) > 15
    assert sorted(pages() - opened) == []
