"""Trying a password takes a while: nobody else who writes waits for it, and the limit on tries holds all the same."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from shuangkong.app.web import create_app
from shuangkong.engine.api import Workspace, reading, writing
from shuangkong.webkit import passwords, sessions
from shuangkong.webkit.api import person_named, set_password, sign_in, try_password
from web.clients import visitor
from web.counties import OFFICER, furnish

PASSWORD, NEW = "绿水青山-长句子-2026", "另一句很长的口令-2026"


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    """A small workspace whose officer signs in with a password."""
    furnish(tmp_path / "w")
    opened = Workspace.open(tmp_path / "w")
    with writing(opened.engine) as db:
        officer = person_named(db, OFFICER)
        assert officer is not None
        set_password(db, officer, PASSWORD, at=opened.clock(), principal="test", must_change=False)
    yield opened
    opened.engine.dispose()


def test_nobody_who_writes_waits_for_a_password(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a password is tried or made, another process takes the write lock at once: signing in, and changing it."""
    # what stands for the hash of nobody is made once for a process
    passwords.matches(None, PASSWORD)
    done: list[str] = []
    slow = {"matches": passwords.matches, "hashed": passwords.hashed}

    def write_meanwhile(what: str) -> None:
        other = sqlite3.connect(workspace.root / "registry.sqlite", timeout=0, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        other.execute("ROLLBACK")
        other.close()
        done.append(what)

    for name in slow:
        monkeypatch.setattr(
            passwords, name, lambda *given, name=name: (write_meanwhile(name), slow[name](*given))[1]
        )  # fmt: skip
    client = visitor(create_app(workspace))
    client.post("/sign-in", data={"name": "nobody.of.this.name", "password": PASSWORD})
    signed = client.post("/sign-in", data={"name": OFFICER, "password": PASSWORD}, follow_redirects=False)
    assert signed.status_code == 303
    page = client.get("/account").text
    token = page.split('name="form_token" value="')[1].split('"')[0]
    changed = client.post(
        "/account/password", data={"old": PASSWORD, "new": NEW, "again": NEW, "form_token": token},
        follow_redirects=False,
    )  # fmt: skip
    assert changed.status_code == 303, changed.text[:300]
    assert done == ["matches", "matches", "matches", "hashed"]
    assert client.post("/sign-in", data={"name": OFFICER, "password": NEW}, follow_redirects=False).status_code == 303


def test_tries_that_were_made_at_once_are_refused_beyond_the_limit(workspace: Workspace) -> None:
    """Ten passwords hashed before the first is counted, the last of them right: the name is locked by then."""
    now = workspace.clock()
    words = [*(f"一句猜错的口令-{n}" for n in range(9)), PASSWORD]
    tried = [try_password(workspace.engine, OFFICER, word, at=now, address="10.0.0.1") for word in words]
    assert [t is not None and t.right for t in tried] == [False] * 9 + [True]
    for word, one in zip(words, tried, strict=True):
        with writing(workspace.engine) as db:
            assert sign_in(db, OFFICER, word, at=now, address="10.0.0.1", agent="", tried=one) is None
    assert try_password(workspace.engine, OFFICER, PASSWORD, at=now, address="10.0.0.1") is None
    with reading(workspace.engine) as db:
        attempts = db.execute(sessions.sign_in_attempt.select()).all()
    assert len(attempts) == sessions.TRIES


def test_a_password_that_was_changed_meanwhile_is_tried_anew(workspace: Workspace) -> None:
    """What was found out about the old one says nothing about the new one."""
    now = workspace.clock()
    tried = try_password(workspace.engine, OFFICER, PASSWORD, at=now, address="10.0.0.1")
    assert tried is not None
    assert tried.right
    with writing(workspace.engine) as db:
        officer = person_named(db, OFFICER)
        assert officer is not None
        set_password(db, officer, NEW, at=now, principal="test", must_change=False)
    with writing(workspace.engine) as db:
        assert sign_in(db, OFFICER, PASSWORD, at=now, address="10.0.0.1", agent="", tried=tried) is None
