"""Texts and numbers that a store cannot hold are refused like any other wrong one, on both stores."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from shuangkong.app.web import create_app
from shuangkong.engine.api import Workspace, writing
from shuangkong.webkit.api import Wanted, add_person, appoint
from web.clients import signed_in, visitor


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.service)])
def client(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TestClient]:
    """The administrator of an empty demo workspace on either store."""
    url = None if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    workspace = Workspace.create(tmp_path / "w", demo=True, url=url)
    with writing(workspace.engine) as db:
        now = workspace.clock()
        person = add_person(db, "demo.administrator", "管理员（合成）", at=now, principal="test")
        appoint(db, person, Wanted("administrator", date(2026, 1, 1)), at=now, principal="test")
    yield signed_in(create_app(workspace), "demo.administrator")
    workspace.engine.dispose()


def test_addresses_that_no_store_holds_name_nothing(client: TestClient) -> None:
    """A nought byte, or a number beyond all entries: 404."""
    for path in ("/jobs/%00", "/people/%00", "/imports/%00", "/corrections/%00", "/regions/%00", "/audit/9999999999"):
        assert client.get(path).status_code == 404, path


def test_forms_that_no_store_holds_are_refused(client: TestClient) -> None:
    """A nought byte in a text: 400, signed in or not."""
    found = re.search(r'name="form_token" value="([^"]+)"', client.get("/account").text)
    assert found
    for path, name in (
        ("/account/token", "label"), ("/account/token/revoke", "token"), ("/account/session/end", "session"),
        ("/account/appointment", "appointment"), ("/people", "name"), ("/audit/verify", "head"),
    ):  # fmt: skip
        answer = client.post(path, data={name: "a\x00", "days": "3", "action": "export", "form_token": found[1]})
        assert answer.status_code == 400, path
    stranger = visitor(client.app)  # type: ignore[arg-type]
    assert stranger.post("/sign-in", data={"name": "a\x00b", "password": "x"}).status_code == 400
