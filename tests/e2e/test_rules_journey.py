"""From a rule to what it says of a unit, and from there to a change that is tried and handed on, in a browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from e2e.conftest import Served

pytestmark = [pytest.mark.browser, pytest.mark.slow]
WORDS = {"zh": {"hit": "命中", "loses": "变差"}, "en": {"hit": "hit", "loses": "loses"}}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_from_the_rules_to_the_row_that_hit_and_a_change_that_is_tried(
    walker: Callable[[str, str], Any], served: Served, language: str
) -> None:
    """Read a table, see the row that hit for a unit, type another figure, then try a dearer rate and take it along."""
    with walker("city-officer", language) as walk:
        page = walk.page
        walk.enter()
        walk.go("/rules")
        walk.seen("rules")
        page.locator("section#demo-shifanshi-rules summary").click()
        page.locator("a[href='/rules/demo-shifanshi-rules%402023/surcharge']").click()
        walk.seen("table")
        assert page.locator("tr.hit").count() == 0
        page.locator("a[href*='slug=surcharge'][href*='status=hit']").first.click()
        page.locator("main a[href^='/rules/findings/f_']").first.click()
        walk.seen("why")
        assert WORDS[language]["hit"] in page.locator("tr.hit").inner_text()
        page.locator("aside.next a").click()
        assert page.locator("tr.hit").count() == 1
        page.locator("input[name='in-energy']").fill("10")
        # by the keyboard: Enter in a field sends the form
        page.locator("input[name='in-energy']").press("Enter")
        page.wait_for_url("**in-energy=10**")
        assert page.locator("tr.hit").count() == 0
        walk.seen("tried-figures")
        page.locator("aside.next a").click()
        page.locator("input[name='p-demo-rules.surcharge-large']").fill("0.05")
        page.locator("input[name='because']").fill("试算加价")
        walk.seen("change")
        page.locator("main form[action='/whatif'] button").click()
        page.wait_for_url("**/whatif?job=**")
        served.work("whatif")
        page.locator("#waiting a.go").click()
        walk.seen("result")
        assert WORDS[language]["loses"] in walk.main
        with page.expect_download() as coming:
            page.locator("main a.button[href$='change.yaml']").first.click()
        text = coming.value.path().read_text("utf-8")
        assert "audit_head" in text
        assert "0.05" in text
        assert walk.complaints == []
