"""Clients of the pages: somebody at this machine, signed in or not."""

from __future__ import annotations

from weakref import WeakSet

from fastapi import FastAPI
from fastapi.testclient import TestClient

from shuangkong.app.web.choice import COOKIE as CHOICE
from shuangkong.app.web.context import COOKIE as LANGUAGE

HERE = "http://127.0.0.1"

_MADE: WeakSet[TestClient] = WeakSet()


def visitor(app: FastAPI) -> TestClient:
    """Somebody at this machine who has not signed in."""
    client = TestClient(app, base_url=HERE, client=("127.0.0.1", 50000), headers={"Origin": HERE})
    _MADE.add(client)
    return client


def forget_choices() -> None:
    """Drop the language, region and period that an earlier test left in clients which live on.

    Tests run in any order: what one chose on a shared client's page must not be what the next one reads.
    """
    for client in list(_MADE):
        for name in (LANGUAGE, CHOICE):
            client.cookies.delete(name)


def signed_in(app: FastAPI, person: str) -> TestClient:
    """A client that entered with one click as a person of the demo."""
    client = visitor(app)
    answer = client.post("/sign-in/demo", data={"person": person}, follow_redirects=False)
    assert answer.status_code == 303, answer.text[:300]
    return client
