"""One demo workspace for all tests of the pages, and an empty one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from shuangkong.app.demo.run import load_demo
from shuangkong.app.web import create_app
from shuangkong.app.web.reading import RunView
from shuangkong.app.web.rows import Finding
from shuangkong.engine.api import Workspace
from shuangkong.kernel.scope import Scope
from shuangkong.policy.api import PackSet, builtin_packs


@dataclass(frozen=True)
class Pages:
    """The demo's pages: a client, and what they are made from."""

    app: FastAPI
    client: TestClient
    view: RunView
    workspace: Workspace

    def get(self, url: str, lang: str = "zh") -> str:
        """The text of a page that must be there."""
        answer = self.client.get(url, params=None, headers={"Cookie": f"shuangkong_lang={lang}"})
        assert answer.status_code == 200, (url, answer.text[:300])
        return answer.text

    def first(self, **wanted: object) -> Finding:
        """A finding with these columns."""
        return next(f for f in self.view.findings if all(getattr(f, k) == v for k, v in wanted.items()))

    def region(self, code: str) -> str:
        """The address of a region's page."""
        return self.view.by_code[code].href


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Pages:
    """The pages of the demo."""
    workspace = Workspace.create(tmp_path_factory.mktemp("pages") / "w", demo=True)
    load_demo(workspace, PackSet(builtin_packs()), scale=1, as_of=date(2026, 11, 20), progress=lambda *_: None)
    app = create_app(workspace)
    view = app.state.site.reader.current(Scope.all("demo-viewer"))
    return Pages(app, TestClient(app, raise_server_exceptions=True), view, workspace)


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    """The pages of a workspace in which nothing was judged."""
    return TestClient(create_app(Workspace.create(tmp_path_factory.mktemp("empty") / "w")))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What stands on the whole demo is slow; `./run check` leaves it to `./run test`."""
    for item in items:
        if "pages" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)
