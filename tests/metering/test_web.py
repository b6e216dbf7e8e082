"""Readings by HTTP: tokens, formats, retries, refusals, limits; many senders at once over real connections."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from shuangkong.kernel.errors import UserError
from shuangkong.metering.committing import Committer
from shuangkong.metering.health import Tally
from shuangkong.metering.journal import Broken, Journal, records, segments
from shuangkong.metering.model import Batch, unpacked
from shuangkong.metering.web import Room, create_collector

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


def test_what_is_ahead_of_its_arrival_by_a_day_is_refused(tmp_path: Path) -> None:
    """The row is told; one meter's clock of 2099 does not spread its register over the years between."""
    now = 1_767_197_700_000_000
    with (
        Journal(tmp_path / "j") as journal,
        Committer(journal, lambda: now) as committer,
        TestClient(create_collector(committer, source_of)) as client,
    ):
        post = POST | {"at_ms": [1_767_196_800_000, 4_070_908_800_000]}
        answer = client.post("/readings", json=post, headers={"authorization": "Bearer secret-one"})
    assert answer.json()["taken"] == 1
    assert answer.json()["refusals"] == [{"row": 2, "why": "time_impossible", "said": "4070908800000000"}]


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


def test_only_so_much_is_under_way_at_once() -> None:
    """Beyond so many bytes or posts a sender is told to come back; one alone always has room; who goes frees it."""
    room = Room(limit=100, posts=2)
    with room.entered() as first:
        first(5000)
        with room.entered() as second:
            with pytest.raises(UserError, match="ING-002"):
                second(1)
            with pytest.raises(UserError, match="ING-002"), room.entered():
                pass
        assert (room.posts, room.bytes) == (1, 5000)
    assert (room.posts, room.bytes) == (0, 0)
    with room.entered() as first, room.entered() as second:
        first(50)
        second(50)
        with pytest.raises(UserError, match="ING-002"):
            second(1)
    assert (room.posts, room.bytes) == (0, 0)


def test_health_says_what_came_by_which_way() -> None:
    """Posts, retries, refused rows and posts with their codes; rates are of the last minute."""
    now = iter(range(0, 1000, 10))
    tally = Tally(lambda: float(next(now)))
    tally.taken("http", 10, 1)
    tally.taken("http", 10, again=True)
    tally.refused("http", "ING-004")
    assert tally.rates() == {"posts_a_second": 0.0, "readings_a_second": 0.0}
    tally.taken("mqtt", 100)
    assert tally.rates() == {"posts_a_second": 0.1, "readings_a_second": 10.0}
    for _ in range(10):
        assert tally.rates()["posts_a_second"] <= 0.1
    assert tally.rates()["posts_a_second"] == 0
    assert tally.as_dict()["http"] == {
        "posts": 2, "readings": 10, "again": 1, "rows_refused": 1, "posts_refused": 1, "reasons": {"ING-004": 1},
    }  # fmt: skip
