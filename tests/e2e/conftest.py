"""The demo behind a real server, browsers of its people, and what a walk keeps of each step."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from serving import serving
from shuangkong.app.demo.city import City, make_city
from shuangkong.app.demo.run import Loaded
from shuangkong.app.jobs import KINDS
from shuangkong.app.web import create_app
from shuangkong.engine.api import Workspace, jobs

ARTEFACTS = "SHUANGKONG_ARTEFACTS"
WIDTHS = (1280, 390)
LANGUAGES = {"zh": "zh-CN", "en": "en-GB"}
#: Who walks, and the demo's person of each; the public has not signed in.
PEOPLE = {
    "administrator": "demo.administrator",
    "city-officer": "demo.officer.990100",
    "county-officer": "demo.officer.990101",
    "reviewer": "demo.reviewer",
    "unit-manager": "demo.unit",
    "service-company": "demo.service",
    "bank": "demo.bank",
    "auditor": "demo.auditor",
    "public": "",
}


@dataclass(frozen=True)
class Served:
    """The demo of this test process, and where its pages are."""

    address: str
    workspace: Workspace
    city: City

    def work(self, *kinds: str) -> int:
        """Do the jobs that wait, as a worker beside the server does."""
        wanted = {k: KINDS[k] for k in kinds}
        return jobs.work(self.workspace, wanted, stopping=threading.Event(), once=True)


@pytest.fixture(scope="session")
def served(demo_once: tuple[Path, Loaded], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A copy of the demo, served on a free port of this machine."""
    root = tmp_path_factory.mktemp("e2e") / "w"
    shutil.copytree(demo_once[0], root)
    workspace = Workspace.open(root)
    with serving(create_app(workspace)) as address:
        yield Served(address, workspace, make_city())
    workspace.engine.dispose()


@pytest.fixture(scope="session")
def artefacts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pictures are kept: the folder named by SHUANGKONG_ARTEFACTS, else pytest's own."""
    named = os.environ.get(ARTEFACTS)
    folder = Path(named) if named else tmp_path_factory.mktemp("artefacts")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@dataclass
class Walk:
    """One person before one screen: a page, its pictures, and whatever the browser complained of."""

    page: Any
    role: str
    language: str
    address: str
    folder: Path
    complaints: list[str] = field(default_factory=list)
    steps: int = 0

    def listen(self) -> None:
        """Hear errors and warnings of the console (a refusal by the policy is one), bugs, requests to elsewhere."""
        told = self.complaints.append
        self.page.on("console", lambda m: told(f"{m.type}: {m.text}") if m.type in ("error", "warning") else None)
        self.page.on("pageerror", lambda e: told(f"script: {e}"))
        self.page.on("request", lambda r: None if r.url.startswith((self.address, "blob:", "data:")) else told(r.url))
        self.page.on("response", lambda r: told(f"{r.status} {r.url}") if r.status >= 500 else None)

    @property
    def main(self) -> str:
        """The words of the page."""
        return str(self.page.inner_text("main"))

    def seen(self, step: str) -> None:
        """Keep pictures of the page at each width, and check that it fits."""
        self.steps += 1
        for width in WIDTHS:
            self.page.set_viewport_size({"width": width, "height": 900})
            name = f"{self.role}-{self.language}-{self.steps:02}-{step}-{width}.png"
            self.page.screenshot(path=self.folder / name, full_page=True)
            assert self.page.evaluate("document.documentElement.scrollWidth") <= width, name
        self.page.set_viewport_size({"width": WIDTHS[0], "height": 900})
        assert self.complaints == [], f"{self.role} {self.language} {step}"

    def enter(self) -> None:
        """From the first address to the sign-in page, and in with one click; the public only looks."""
        self.page.goto(f"{self.address}/sign-in" if not PEOPLE[self.role] else self.address)
        if not PEOPLE[self.role]:
            self.page.locator(".demo-people a").click()
            return
        if "/sign-in" not in self.page.url:
            self.page.locator(".me a[href^='/sign-in']").click()
        self.seen("sign-in")
        self.page.locator(f".demo-people form:has(input[value='{PEOPLE[self.role]}']) button").click()

    def go(self, href: str) -> None:
        """A link of the head, in its menu where it is not beside it."""
        link = self.page.locator(f"header nav a[href='{href}']")
        if not link.is_visible():
            self.page.locator("header nav summary").click()
        link.click()


@pytest.fixture
def walker(browser: Any, served: Served, artefacts: Path) -> Callable[[str, str], Any]:
    """Begin a walk as a role in a language: used with `with`."""

    @contextmanager
    def begin(role: str, language: str) -> Iterator[Walk]:
        context = browser.new_context(
            locale=LANGUAGES[language], viewport={"width": WIDTHS[0], "height": 900}, accept_downloads=True
        )
        context.set_default_timeout(30_000)
        walk = Walk(context.new_page(), role, language, served.address, artefacts)
        walk.listen()
        try:
            yield walk
        finally:
            context.close()

    return begin
