"""From the board to a meter, its month and its readings; stations, the intake and tokens: seen as they are."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]
LANGUAGES = ("zh", "en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_meter_is_found_from_the_board(walker: Any, language: str) -> None:
    """Board, county, list, one meter by day and by month, its readings as they came."""
    with walker("city-officer", language) as walk:
        page = walk.page
        walk.enter()
        walk.go("/metering")
        walk.seen("metering-board")
        page.locator(".heat th[scope=row] a").first.click()
        walk.seen("metering-county")
        page.goto(f"{walk.address}/meters")
        walk.seen("meters")
        page.locator(".listing td a[href^='/meters/']").first.click()
        page.wait_for_selector(".plot svg, #chart .notice")
        walk.seen("meter-day")
        page.locator("#chart a[href*='month=']").first.click()
        walk.seen("meter-month")
        page.go_back()
        page.locator("a[href^='/meter-readings']").first.click()
        walk.seen("meter-readings")
        assert len(walk.main) > 100


@pytest.mark.parametrize("language", LANGUAGES)
def test_stations_channels_and_the_intake_are_seen(walker: Any, language: str) -> None:
    """What belongs to the whole of the intake, as who oversees it sees it."""
    with walker("administrator", language) as walk:
        page = walk.page
        walk.enter()
        for address in ("/stations", "/meters/unmapped", "/metering/health"):
            page.goto(f"{walk.address}{address}")
            walk.seen(address.strip("/").replace("/", "-"))
        page.goto(f"{walk.address}/stations")
        page.locator("td a[href^='/stations/']").first.click()
        walk.seen("one-station")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_unit_issues_and_revokes_its_token(walker: Any, language: str) -> None:
    """From the unit's file to its tokens: one is shown once, then revoked."""
    with walker("unit-manager", language) as walk:
        page = walk.page
        walk.enter()
        page.goto(f"{walk.address}/")
        walk.seen("unit-with-meters")
        page.locator("#meters a[href$='/tokens']").click()
        walk.seen("tokens")
        page.locator("[name=label]").fill("能管系统（合成）")
        page.locator("main form[action$='/tokens'] button").click()
        assert page.locator("code.secret").inner_text().startswith("skr_")
        walk.seen("token-issued")
        page.locator("form[action$='/tokens/revoke'] button").first.click()
        assert page.locator("code.secret").count() == 0
        walk.seen("token-revoked")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_unit_says_when_it_is_closed_and_takes_it_back(walker: Any, language: str) -> None:
    """From the unit's file to its closed days: weekends of a month, then taken back with a reason."""
    with walker("unit-manager", language) as walk:
        page = walk.page
        walk.enter()
        page.goto(f"{walk.address}/")
        page.locator("#meters a[href$='/closed-days']").click()
        walk.seen("closed-days")
        page.locator("[name=first]").fill("2026-11-01")
        page.locator("[name=last]").fill("2026-11-30")
        page.locator("[name=weekdays][value='6']").check()
        page.locator("[name=weekdays][value='7']").check()
        page.locator("[name=note]").fill("周末休息（合成）")
        page.locator("main form[action$='/closed-days'] button").click()
        assert page.locator("table").inner_text().count("2026-11-30") == 1
        walk.seen("closed-days-said")
        page.locator("[name=reason]").fill("当月照常生产（合成）")
        page.locator("form[action$='/withdraw'] button").first.click()
        assert page.locator("table").count() == 0
        walk.seen("closed-days-taken-back")
