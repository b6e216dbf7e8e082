"""Readings by HTTP: tokens, formats, retries, refusals, limits; many senders at once over real connections."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from shuangkong.metering.committing import Committer
from shuangkong.metering.journal import Broken, Journal, records, segments
from shuangkong.metering.model import Batch, unpacked
from shuangkong.metering.web import create_collector

TOKENS = {"secret-one": "u1", "secret-two": "u2"}
POST = {"batch": "b1", "meter": ["E01", "E01"], "at_ms": [1_767_196_800_000, 1_767_197_700_000], "value": [1.5, None]}


async def source_of(token: str) -> str | None:
    """Whose token it is."""
    return TOKENS.get(token)


@pytest.fixture(name="client")
def a_client(tmp_path: Path) -> Iterator[TestClient]:
    """A collector over a fresh journal."""
    with (
        Journal(tmp_path / "j") as journal,
        Committer(journal, count(1).__next__, waiting_limit=100_000) as committer,
        TestClient(create_collector(committer, source_of, body_limit=50_000)) as client,
    ):
        client.headers["authorization"] = "Bearer secret-one"
        yield client


def stored(folder: Path) -> list[Batch]:
    """The batches in the journal."""
    found = [r for path in segments(folder) for r in records(path)]
    return [unpacked(bytes(r[1])) for r in found if not isinstance(r, Broken)]


def test_a_post_is_taken_under_its_unit(client: TestClient, tmp_path: Path) -> None:
    """The answer comes when it is in the journal, with what was taken; a retry is told to be one."""
    answer = client.post("/readings", json=POST)
    assert answer.status_code == 200
    assert answer.json() | {"place": 0} == {
        "batch": "b1", "taken": 2, "again": False, "place": 0, "refused": 0, "refusals": [],
    }  # fmt: skip
    assert client.post("/readings", json=POST).json()["again"] is True
    other = client.post("/readings", json=POST, headers={"authorization": "Bearer secret-two"})
    assert other.json()["again"] is False
    assert [(b.source, b.batch, len(b)) for b in stored(tmp_path / "j")] == [("u1", "b1", 2), ("u2", "b1", 2)]


@pytest.mark.parametrize("token", ["", "Bearer", "Bearer wrong", "Basic secret-one", "secret-one"])
def test_without_a_token_nothing_is_taken(client: TestClient, tmp_path: Path, token: str) -> None:
    """Any other word than a known token is refused before the body is read."""
    answer = client.post("/readings", content=b"x" * 100, headers={"authorization": token})
    assert (answer.status_code, answer.json()["code"]) == (401, "ING-004")
    assert stored(tmp_path / "j") == []


def test_bad_rows_are_named_and_the_others_taken(client: TestClient) -> None:
    """One silly time does not keep the rest out."""
    said = POST | {"batch": "b2", "at_ms": [5, 1_767_197_700_000]}
    answer = client.post("/readings", json=said).json()
    assert (answer["taken"], answer["refused"]) == (1, 1)
    assert answer["refusals"] == [{"row": 1, "why": "time_impossible", "said": "5000"}]


def test_what_cannot_be_taken_is_told_with_a_status(client: TestClient) -> None:
    """Not a post: 400; an id used otherwise: 409; too long, said or not: 400; each with code and remedy."""
    assert client.post("/readings", json=POST).status_code == 200
    assert client.post("/readings", json=POST | {"value": [9, 9]}).status_code == 409
    assert client.post("/readings", content=b"{", headers={"content-type": "application/json"}).status_code == 400
    long = json.dumps(POST | {"meter": ["x" * 60_000, "E01"]}).encode()
    assert client.post("/readings", content=long, headers={"content-type": "application/json"}).status_code == 400
    chunked = client.post(
        "/readings", content=(long[n : n + 9000] for n in range(0, len(long), 9000)),
        headers={"content-type": "application/json"},
    )  # fmt: skip
    assert (chunked.status_code, chunked.json()["code"]) == (400, "ING-001")
    assert chunked.json()["remedy"]


def test_a_sheet_is_taken_with_its_id_in_the_head(client: TestClient) -> None:
    """CSV in GB18030 with the id in Batch-Id."""
    sheet = "表计,时间,读数\nE01,2026-01-01 00:15,3.25\n".encode("gb18030")
    answer = client.post("/readings", content=sheet, headers={"content-type": "text/csv", "batch-id": "f1"})
    assert (answer.status_code, answer.json()["taken"]) == (200, 1)


def test_health_says_what_waits(client: TestClient) -> None:
    """For who watches over the collector."""
    assert client.get("/healthz").json()["waiting_bytes"] == 0
