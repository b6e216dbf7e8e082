"""One demo workspace for all tests of the pages, and an empty one."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from shuangkong.app.demo.run import Loaded
from shuangkong.app.web import create_app
from shuangkong.app.web.context import COOKIE as LANGUAGE
from shuangkong.app.web.reading import RunView
from shuangkong.app.web.rows import Finding
from shuangkong.engine.api import Workspace, writing
from shuangkong.kernel.scope import Scope
from shuangkong.webkit.api import Wanted, add_person, appoint
from web.clients import signed_in


@dataclass(frozen=True)
class Pages:
    """The demo's pages: a client, and what they are made from."""

    app: FastAPI
    client: TestClient
    view: RunView
    workspace: Workspace

    def get(self, url: str, lang: str = "zh") -> str:
        """The text of a page that must be there, in a language whatever another test of the session chose."""
        self.client.cookies.delete(LANGUAGE)
        answer = self.client.get(url, headers={"Accept-Language": lang})
        assert answer.status_code == 200, (url, answer.text[:300])
        return answer.text

    def first(self, **wanted: object) -> Finding:
        """A finding with these columns."""
        return next(f for f in self.view.findings if all(getattr(f, k) == v for k, v in wanted.items()))

    def region(self, code: str) -> str:
        """The address of a region's page."""
        return self.view.by_code[code].href


@pytest.fixture(scope="session")
def pages(demo_once: tuple[Path, Loaded], tmp_path_factory: pytest.TempPathFactory) -> Pages:
    """The pages of the demo."""
    root = tmp_path_factory.mktemp("pages") / "w"
    shutil.copytree(demo_once[0], root)
    workspace = Workspace.open(root)
    app = create_app(workspace)
    view = app.state.site.reader.current(Scope.all("test"))
    return Pages(app, signed_in(app, "demo.administrator"), view, workspace)


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    """The pages of a workspace in which nothing was judged."""
    workspace = Workspace.create(tmp_path_factory.mktemp("empty") / "w", demo=True)
    with writing(workspace.engine) as db:
        now = workspace.clock()
        person = add_person(db, "demo.administrator", "管理员（合成）", at=now, principal="test")
        appoint(db, person, Wanted("administrator", date(2026, 1, 1)), at=now, principal="test")
    return signed_in(create_app(workspace), "demo.administrator")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What stands on the whole demo is slow; `./run check` leaves it to `./run test`."""
    for item in items:
        if "pages" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)
