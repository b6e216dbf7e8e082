"""A plan is taken apart in a browser: by keys, by selecting words, as a new version, up to the proposed pack."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from app.document_texts import NEWER, PLAN

pytestmark = [pytest.mark.browser, pytest.mark.slow]
WORDS = {
    "zh": {"accepted": "已采纳", "rejected": "已剔除", "added": "补录", "carried": "沿用", "waits": "待复核"},
    "en": {"accepted": "accepted", "rejected": "rejected", "added": "added", "carried": "carried over",
           "waits": "waiting for a second person"},
}  # fmt: skip
#: Select words of the text as a person does, between two places of one clause.
SELECT = """([clause, words]) => {
  const all = [...document.querySelectorAll(`.said[data-clause="${clause}"]`)];
  const said = all.find((s) => s.textContent.includes(words));
  const walker = document.createTreeWalker(said, NodeFilter.SHOW_TEXT);
  let node;
  while ((node = walker.nextNode())) {
    const at = node.textContent.indexOf(words);
    if (at < 0) continue;
    const range = document.createRange();
    range.setStart(node, at);
    range.setEnd(node, at + words.length);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    return true;
  }
  return false;
}"""


def hand_up(page: Any, address: str, text: str) -> str:
    """Hand a text up by the form; gives the address of its page."""
    page.goto(f"{address}/documents")
    content = {"name": "方案.txt", "mimeType": "text/plain", "buffer": text.encode()}
    page.locator("[name=file]").set_input_files(content)
    page.locator("#form-document .send button").click()
    page.wait_for_url(re.compile(r"/documents/doc_\w+"))
    return str(page.url)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_plan_is_taken_apart(walker: Callable[[str, str], Any], language: str) -> None:
    """Accept and reject by keys, correct, add selected words, hand up a newer version, compare, and propose."""
    said = WORDS[language]
    number = {"zh": "901号", "en": "902号"}[language]
    with walker("county-officer", language) as walk:
        page = walk.page
        walk.enter()
        walk.go("/documents")
        walk.seen("documents")
        old = hand_up(page, walk.address, PLAN.replace("9号", number))
        walk.seen("review")
        # the first that waits has the focus by n; a accepts it, and the page goes on with the next one
        page.locator("body").press("n")
        first = page.evaluate("document.activeElement.id")
        page.keyboard.press("a")
        page.wait_for_url(re.compile(r"#e-de_\w+"))
        assert said["accepted"] in page.locator(f"#{first}").inner_text()
        # words and entry light each other up
        page.locator(f"#{first}").hover()
        assert page.locator(f".lit.on[data-entries*='{first[2:]}']").count() == 1
        # r asks for the reason
        page.keyboard.press("n")
        second = page.evaluate("document.activeElement.id")
        page.keyboard.press("r")
        page.keyboard.type("演示用的理由")
        walk.seen("reject")
        with page.expect_navigation():
            page.keyboard.press("Enter")
        assert said["rejected"] in page.locator(f"#{second}").inner_text()
        # words that are selected are offered, and stand in the form
        assert page.evaluate(SELECT, ["四", "重大事项及时报告"])
        page.locator("#pick a").click()
        assert page.locator("[name=quote]").input_value() == "重大事项及时报告"
        page.locator(".tabs a").nth(5).click()
        assert page.locator("[name=words]").input_value() == "重大事项及时报告"
        walk.seen("add")
        page.locator("#form-add .send button").click()
        page.wait_for_url(re.compile(r"/documents/doc_\w+(\?.*)?#e-de_\w+"))
        assert said["added"] in page.locator(".entry.st-added").inner_text()
        # correct one
        page.locator(".entry.st-candidate a[data-key=e]").first.click()
        walk.seen("correct")
        page.locator("#form-entry .send button").click()
        page.wait_for_url(re.compile(r"/documents/doc_\w+(\?.*)?#"))
        # a newer version carries what was decided
        new = hand_up(page, walk.address, NEWER.replace("9号", number))
        assert new != old
        assert said["carried"] in walk.main
        assert page.locator(".entry.st-rejected").count() == 1
        page.locator("main a[href$='/versions']").first.click()
        walk.seen("versions")
        assert page.locator(".marked del").first.inner_text() == "3%"
        assert page.locator(".marked ins").first.inner_text() == "3.2%"
        # everything sure at once, and out as a proposal
        page.goto(new)
        page.locator("form[action$='/accept-sure'] button").click()
        page.wait_for_url(re.compile("#review"))
        page.locator("main a[href$='/publish']").first.click()
        walk.seen("publish")
        page.locator("[name=pack_id]").fill(f"test.journey-{language}")
        page.locator("[name=because]").fill("任务分解（合成）")
        page.locator("#form-publish .send button").click()
        page.wait_for_load_state()
        if "/publish" in page.url:
            walk.seen("faults")
            page.locator("[name=leave_out]").check()
            page.locator("#form-publish .send button").click()
        page.wait_for_url(re.compile(r"/proposals/\w+"))
        assert said["waits"] in walk.main
        assert walk.complaints == []
