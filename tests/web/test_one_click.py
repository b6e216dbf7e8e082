"""Signing in with one click as anybody: in a demo, by who sits at this machine, and by nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from shuangkong.app.web import create_app
from shuangkong.app.web.serving import Serving
from shuangkong.engine.api import Workspace, writing
from shuangkong.webkit.api import Wanted, add_person, appoint

PERSON = "demo.administrator"


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    """An empty demo workspace with its administrator."""
    made = Workspace.create(tmp_path / "w", demo=True)
    with writing(made.engine) as db:
        now = made.clock()
        person = add_person(db, PERSON, "管理员（合成）", at=now, principal="test")
        appoint(db, person, Wanted("administrator", date(2026, 1, 1)), at=now, principal="test")
    yield made
    made.engine.dispose()


def entered(app: FastAPI, *, address: str = "127.0.0.1", host: str = "127.0.0.1", **headers: str) -> int:
    """The status of one click by somebody at the address, who asks for the host and says more."""
    client = TestClient(app, base_url=f"http://{host}", client=(address, 50000), headers={"Origin": f"http://{host}"})
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    offered = PERSON in client.get("/sign-in", headers=given).text
    status = client.post("/sign-in/demo", data={"person": PERSON}, headers=given, follow_redirects=False).status_code
    assert offered == (status == 303)
    return status


def test_who_sits_at_this_machine_enters(workspace: Workspace) -> None:
    """By its address and its name."""
    app = create_app(workspace)
    assert entered(app) == 303
    assert entered(app, host="localhost") == 303
    assert entered(app, address="::1") == 303


@pytest.mark.parametrize(
    "said",
    [
        {"x_forwarded_for": "127.0.0.1"}, {"x_real_ip": "127.0.0.1"}, {"forwarded": "for=127.0.0.1"}, {"via": "1.1 x"},
        {"x_forwarded_host": "127.0.0.1"}, {"host": "energy.example"}, {"address": "10.0.0.9"},
        {"address": "testclient"}, {"address": "localhost.example"},
    ],
)  # fmt: skip
def test_who_comes_from_elsewhere_does_not(workspace: Workspace, said: dict[str, str]) -> None:
    """Not from another address or for another name, nor through a proxy or tunnel on this machine."""
    assert entered(create_app(workspace), **said) == 401


def test_nobody_enters_behind_a_proxy(workspace: Workspace) -> None:
    """Where a proxy is said to stand before it, no address is this machine's."""
    assert entered(create_app(workspace, Serving(behind_proxy=True))) == 401
