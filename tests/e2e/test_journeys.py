"""What people come for, walked in a browser by visible links and buttons: in both languages, as each role.

Pictures of every step at two widths are kept for people to look at; the tests hold that each step leads on, says what
it must, fits its screen, and that the browser had nothing to complain of.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from e2e.conftest import PEOPLE, Served
from shuangkong.app.demo.city import unit_subject

pytestmark = [pytest.mark.browser, pytest.mark.slow]
LANGUAGES = ("zh", "en")
WORDS = {
    "zh": {"change": "怎样才会改变结论", "missed": "未完成", "no_unit": "REG-001"},
    "en": {"change": "What would change it", "missed": "missed", "no_unit": "REG-001"},
}
#: Roles whose home is the cockpit of the invented city: counties are its tiles.
OF_THE_CITY = ("city-officer", "reviewer", "auditor")
#: Roles that see single units.
OF_UNITS = ("unit-manager", "service-company", "bank")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("role", PEOPLE)
def test_from_signing_in_to_why_a_place_is_red_and_its_export(walker: Any, role: str, language: str) -> None:
    """Sign in, find what is red, open its finding, read why, and take the list of findings along as a file."""
    with walker(role, language) as walk:
        page = walk.page
        walk.enter()
        walk.seen("home")
        if page.locator(".tile").count() == 0:
            page.locator("main a[href^='/findings/f_']").first.click()
        else:
            red = page.locator(".tile.s-missed, .tile.s-behind, .tile")
            best = page.locator(".tile.s-missed")
            (best if best.count() else red).first.click()
            walk.seen("place")
            page.locator("main a[href^='/findings/f_']").first.click()
        walk.seen("why")
        assert WORDS[language]["change"] in walk.main
        assert page.locator("section.chain article").count() >= 4
        walk.go("/findings")
        walk.seen("findings")
        with page.expect_download() as coming:
            page.locator(".exports a", has_text="CSV").click()
        assert coming.value.suggested_filename.endswith(".csv")
        text = coming.value.path().read_text("utf-8-sig")
        assert text.count("\n") > 3
        assert walk.complaints == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("role", ["county-officer", *OF_UNITS])
def test_a_neighbours_unit_is_refused(walker: Any, served: Served, role: str, language: str) -> None:
    """The address of a unit next door leads to a page that says there is no such unit, and what to do."""
    other = served.city.design.counties[1].code
    unit = next(u for u in served.city.units if u.county == other and not u.moved_on)
    with walker(role, language) as walk:
        walk.enter()
        walk.page.goto(f"{walk.address}/units/{unit_subject(unit)}")
        walk.complaints.clear()  # the browser tells of every 404
        walk.seen("refused")
        assert WORDS[language]["no_unit"] in walk.main
        assert unit.name_zh not in walk.page.content()
        assert unit.uscc not in walk.page.content()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("role", [r for r in PEOPLE if r in ("reviewer", "bank", "service-company", "auditor")])
def test_who_may_not_import_is_not_led_there(walker: Any, role: str, language: str) -> None:
    """No link of the head leads to imports, and the address itself is refused in words."""
    with walker(role, language) as walk:
        walk.enter()
        assert walk.page.locator("header nav a[href='/imports']").count() == 0
        walk.page.goto(f"{walk.address}/imports")
        walk.complaints.clear()
        walk.seen("no-imports")
        assert "RIGHT-002" in walk.main


HEAD = "统一社会信用代码,期间,能源品种,消费量（吨）\n"


def bad_sheet(code: str, month: str, amount: int) -> bytes:
    """Four rows of a return, three of them bad: a carrier that is none, a month that is none, a figure in words."""
    rows = (
        f"{code},{month},原煤,{amount}",
        f"{code},{month},木柴炭,12",
        f"{code},2026年13月,焦炭,3",
        f"{code},{month},柴油,两吨",
    )
    return (HEAD + "\n".join(rows) + "\n").encode()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("role", ["administrator", "city-officer", "county-officer", "unit-manager"])
def test_a_sheet_with_three_bad_rows_is_mended_and_imported(
    walker: Callable[..., Any], served: Served, role: str, language: str
) -> None:
    """Upload, take the columns as they are proposed, mend three cells in place, see what would change, and import."""
    unit = served.city.units[0]
    month = f"2026-0{1 + 2 * list(PEOPLE).index(role) % 8 + LANGUAGES.index(language)}"
    # a figure of its own for each walk: one that is there already would leave nothing to commit
    amount = 101 + 2 * list(PEOPLE).index(role) + LANGUAGES.index(language)
    with walker(role, language) as walk:
        page = walk.page
        walk.enter()
        walk.go("/imports")
        walk.seen("imports")
        page.locator("main a.button[href='/imports/new']").click()
        page.locator("[name=book]").select_option("energy")
        sheet = {"name": "合成月报.csv", "mimeType": "text/csv", "buffer": bad_sheet(unit.uscc, month, amount)}
        page.locator("[name=file]").set_input_files(sheet)
        page.locator("[name=publisher]").fill("合成单位")
        page.locator("[name=document]").fill("合成月报")
        walk.seen("file")
        page.locator("main form[enctype] button").last.click()
        page.wait_for_url(re.compile("step=columns"))
        walk.seen("columns")
        page.locator("#columns button").last.click()
        page.wait_for_url(re.compile("step=check"))
        walk.seen("refused-rows")
        cells = page.locator("#mend input[name^=cell-]")
        assert cells.count() == 3
        for name, value in (("cell-3-C", "汽油"), ("cell-4-B", month), ("cell-5-D", "2")):
            page.locator(f"[name='{name}']").fill(value)
        page.locator("[name='cell-4-B']").press("Tab")
        page.locator("#mend .send button").click()
        page.wait_for_load_state()
        walk.seen("mended")
        assert page.locator("#mend").count() == 0
        page.locator("aside.next a.go").click()
        walk.seen("changes")
        if page.locator("[name=reason]").count():
            page.locator("[name=reason]").fill("合成更正")
        page.locator("form[action$='/commit'] button").click()
        page.wait_for_url(re.compile("/jobs/"))
        assert served.work("import") >= 1
        page.reload()
        walk.seen("job-done")
        assert page.locator("main").get_by_text("IMP-").count() == 0
        walk.go("/imports")
        assert "合成月报.csv" in walk.main
        walk.seen("imports-after")
