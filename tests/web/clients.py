"""Clients of the pages: somebody at this machine, signed in or not."""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.testclient import TestClient

HERE = "http://127.0.0.1"


def visitor(app: FastAPI) -> TestClient:
    """Somebody at this machine who has not signed in."""
    return TestClient(app, base_url=HERE, client=("127.0.0.1", 50000), headers={"Origin": HERE})


def signed_in(app: FastAPI, person: str) -> TestClient:
    """A client that entered with one click as a person of the demo."""
    client = visitor(app)
    answer = client.post("/sign-in/demo", data={"person": person}, follow_redirects=False)
    assert answer.status_code == 303, answer.text[:300]
    return client
