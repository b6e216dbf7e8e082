"""axe-core on every page as each role, in both languages: nothing serious or critical; and the keyboard."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

from e2e.conftest import PEOPLE

pytestmark = [pytest.mark.browser, pytest.mark.slow]
VENDOR = Path(__file__).parent / "vendor"
GRAVE = ("serious", "critical")
#: Pages that do not hang on a row; what the head links to is added for each role.
PAGES = ("/sign-in", "/account", "/rights", "/api/docs", "/imports/new", "/nothing-here", "/?view=", "/packs", "/runs",
         "/meters", "/stations", "/meters/unmapped", "/metering/health")  # fmt: skip
#: One page of each kind, found by its first link on the pages above.
FOLLOWED = (r"^/regions/\w+", r"^/units/s_", r"^/findings/f_", r"^/packs/[^/?]+", r"^/jobs/\w", r"^/people/\w",
            r"^/documents/doc_\w+$", r"^/meters/\d+$", r"^/meters/\d+\?month", r"^/stations/\w", r"/tokens$",
            r"/closed-days$", r"^/meter-readings\?",
            r"^/imports/[0-9a-z_-]{8,}", r"^/audit/\w")  # fmt: skip


def test_axe_is_what_it_was_taken_for() -> None:
    """The vendored checker is the file of the published package; its licence lies beside it and it is not shipped."""
    told = json.loads((VENDOR / "vendor.json").read_text("utf-8"))
    for name, digest in told["sha256"].items():
        assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == digest, name
    assert {p.name for p in VENDOR.iterdir()} == {*told["sha256"], "vendor.json"}
    assert f"axe v{told['version']}" in (VENDOR / "axe.min.js").read_text("utf-8")[:200]


def faults(page: Any) -> list[str]:
    """Grave faults of the page that is open."""
    page.evaluate((VENDOR / "axe.min.js").read_text("utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{v['impact']} {v['id']}: {n['target']} {n['html'][:160]} {n['failureSummary'].splitlines()[-1].strip()[:160]}"
        for v in found["violations"]
        if v["impact"] in GRAVE
        for n in v["nodes"][:4]
    ]


def test_a_grave_fault_is_seen(browser: Any) -> None:
    """A field without a label, pale words and a picture without a text are found."""
    page = browser.new_page()
    page.set_content(
        "<html lang=en><title>x</title><main><h1>x</h1><input><img src=x><p style='color:#ddd'>pale</p></main>"
    )
    assert {f.split()[1] for f in faults(page)} >= {"label:", "image-alt:", "color-contrast:"}
    page.close()


def links(page: Any) -> list[str]:
    """Addresses of this site that the page links to."""
    found: list[str] = page.evaluate(
        "[...document.querySelectorAll('a[href^=\"/\"]')].map(a => a.getAttribute('href'))"
    )
    return [x for x in found if not re.search(r"\.(csv|xlsx)|lang=", x)]


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("role", PEOPLE)
def test_axe_finds_nothing_grave(walker: Any, role: str, language: str) -> None:
    """Contrast, labels, names, roles and order of every page that the role reaches."""
    wrong: dict[str, list[str]] = {}
    with walker(role, language) as walk:
        page = walk.page
        walk.enter()
        todo = list(dict.fromkeys(["/", *(x for x in links(page) if re.fullmatch(r"/[a-z]+", x)), *PAGES]))
        followed: set[str] = set()
        looked: set[str] = set()
        while todo:
            path = todo.pop(0)
            if path in looked:
                continue
            looked.add(path)
            answer = page.goto(walk.address + path)
            assert answer.status < 500, path
            for fault in faults(page):
                wrong.setdefault(fault, []).append(path)
            for pattern in FOLLOWED:
                if pattern not in followed and (new := next((x for x in links(page) if re.search(pattern, x)), "")):
                    followed.add(pattern)
                    todo.append(new)
    assert len(looked) > 8
    assert [f"{fault} on {pages[:3]}" for fault, pages in wrong.items()] == []


@pytest.mark.parametrize("path", ["/", "/findings", "/imports/new"])
def test_the_keyboard_reaches_everything_and_shows_where_it_is(walker: Any, path: str) -> None:
    """The first Tab shows the link that skips the head; every link and field has a turn, and a visible outline."""
    with walker("city-officer", "zh") as walk:
        page = walk.page
        walk.enter()
        page.goto(walk.address + path)
        page.keyboard.press("Tab")
        skip = page.evaluate("[document.activeElement.className, document.activeElement.getBoundingClientRect().top]")
        assert skip[0] == "skip"
        assert skip[1] >= 0
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.closest('main') !== null")
        page.goto(walk.address + path)
        wanted = page.evaluate(
            "[...document.querySelectorAll('a[href],button,input:not([type=hidden]),select,textarea,summary')]"
            ".filter(e => e.checkVisibility() && e.tabIndex >= 0 && !e.disabled).length"
        )
        seen, plain = set(), []
        for _ in range(wanted + 40):
            page.keyboard.press("Tab")
            at = page.evaluate(
                "(() => { const e = document.activeElement; if (e === document.body) return null;"
                " window.__n = window.__n || new Map(); if (!window.__n.has(e)) window.__n.set(e, window.__n.size);"
                " const s = getComputedStyle(e); return [window.__n.get(e), e.outerHTML.slice(0, 120),"
                " (s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 1) || s.boxShadow !== 'none']; })()"
            )
            if at is None:
                break
            seen.add(at[0])
            plain += [] if at[2] else [at[1]]
        assert plain == []
        assert len(seen) >= wanted
