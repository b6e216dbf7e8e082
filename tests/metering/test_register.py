"""Meters, tokens and stations in memory: read anew when the register changes, and what holds while it is silent."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy.exc import OperationalError

from registry.made_up import made_up_unit
from shuangkong.engine.api import Workspace, writing
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.scope import Scope
from shuangkong.metering import register
from shuangkong.metering.meters import UNKNOWN
from shuangkong.metering.register import MeterBook, StationBook, TokenBook
from shuangkong.registry.api import (
    MeterEntry,
    StationEntry,
    ensure_regions,
    issue_reading_token,
    register_meters,
    register_stations,
    register_unit,
    revoke_reading_token,
)

START = date(2025, 1, 1)


class Hand:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 5, 8, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(microseconds=1)
        return self.now


@pytest.fixture
def hand() -> Hand:
    """The clock of the workspace."""
    return Hand()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.service)])
def workspace(request: pytest.FixtureRequest, tmp_path: Path, hand: Hand) -> Iterator[Workspace]:
    """A workspace on either store, with one unit."""
    url = None if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    made = Workspace.create(tmp_path / "w", url=url, clock=hand)
    with writing(made.engine) as db:
        ensure_regions(db, made.clock(), ["130102"])
    yield made
    made.engine.dispose()


def unit(workspace: Workspace) -> str:
    """The one unit."""
    with writing(workspace.engine) as db:
        return register_unit(db, made_up_unit(1), workspace.clock(), principal="test")


def number_of(book: MeterBook, source: str, channel: str) -> int:
    """The meter of a channel today."""
    at = np.array([int(datetime(2026, 1, 5, tzinfo=UTC).timestamp()) * 1_000_000])
    return int(book.held.numbers(source, (channel,), np.zeros(1, dtype=np.uint32), at)[0])


def test_a_meter_is_known_once_the_book_was_refreshed(workspace: Workspace) -> None:
    """Registered after the book was read, it is not known; refreshed, it is; without a change nothing is read anew."""
    one = unit(workspace)
    book = MeterBook(workspace)
    assert number_of(book, one, "E01") == UNKNOWN
    with writing(workspace.engine) as db:
        entry = MeterEntry(one, "E01", START, item="electricity", unit="kWh", kind="interval")
        register_meters(db, [entry], workspace.clock(), principal="test")
    assert number_of(book, one, "E01") == UNKNOWN
    assert book.refresh()
    assert number_of(book, one, "E01") == 1
    held = book.held
    assert not book.refresh()
    assert book.held is held


def test_what_another_machine_recorded_ahead_of_this_clock_is_known(workspace: Workspace, hand: Hand) -> None:
    """A row of a clock that is a minute ahead is not lost until the next change."""
    one = unit(workspace)
    book = MeterBook(workspace)
    with writing(workspace.engine) as db:
        entry = MeterEntry(one, "E01", START, item="electricity", unit="kWh", kind="interval")
        register_meters(db, [entry], hand.now + timedelta(minutes=1), principal="test")
    book.refresh()
    assert number_of(book, one, "E01") == 1


def test_a_token_opens_for_its_unit_until_it_is_revoked(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Issued it is known at once, though the book was fresh; revoked it is not, once the book asks again."""
    monkeypatch.setattr(register, "_UNKNOWN_AGAIN", 0.0)
    one = unit(workspace)
    book = TokenBook(workspace)

    async def asked(secret: str) -> str | None:
        return await book.source_of(secret)

    assert asyncio.run(asked("skr_nobody")) is None
    assert asyncio.run(asked("")) is None
    with writing(workspace.engine) as db:
        token, secret = issue_reading_token(db, one, "合成", at=workspace.clock(), principal="test")
    assert asyncio.run(asked(secret)) == one
    with writing(workspace.engine) as db:
        revoke_reading_token(db, Scope.all("test"), token, at=workspace.clock(), principal="test")
    assert asyncio.run(asked(secret)) == one  # within the second for which it is fresh
    monkeypatch.setattr(book, "_asked", float("-inf"))
    assert asyncio.run(asked(secret)) is None
    assert book.known(secret) is None


def test_a_token_that_ran_out_is_none(workspace: Workspace, hand: Hand) -> None:
    """Nothing is written when it ends, so the book looks at the clock itself."""
    one = unit(workspace)
    with writing(workspace.engine) as db:
        _, secret = issue_reading_token(db, one, "合成", at=workspace.clock(), principal="test", days=1)
    book = TokenBook(workspace)
    book.refresh()
    assert book.known(secret) == one
    hand.now += timedelta(days=1)
    assert book.known(secret) is None


def test_who_asks_together_shares_one_question(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred posts that come in the same moment ask the database once."""
    one = unit(workspace)
    with writing(workspace.engine) as db:
        _, secret = issue_reading_token(db, one, "合成", at=workspace.clock(), principal="test")
    book, asked = TokenBook(workspace), []
    look = book._look
    monkeypatch.setattr(book, "_look", lambda: (asked.append(1), look())[1])

    async def many() -> list[str | None]:
        return await asyncio.gather(*(book.source_of(secret) for _ in range(100)))

    assert asyncio.run(many()) == [one] * 100
    assert len(asked) == 1


def test_what_was_read_holds_a_minute_while_the_database_is_silent(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then senders are told to come back; a token is not refused for a fault of ours."""
    one = unit(workspace)
    with writing(workspace.engine) as db:
        _, secret = issue_reading_token(db, one, "合成", at=workspace.clock(), principal="test")
    book = TokenBook(workspace)
    book.refresh()

    def silent() -> bool:
        raise OperationalError("SELECT", {}, Exception("no answer"))

    monkeypatch.setattr(book, "_look", silent)
    assert not book.refresh()
    assert book.known(secret) == one
    monkeypatch.setattr(book, "_asked", book._asked - register.HOLDS - 1)
    with pytest.raises(UserError, match="ING-002"):
        asyncio.run(book.source_of(secret))
    with pytest.raises(UserError, match="ING-002"):
        book.known(secret)


def test_a_station_answers_on_its_days_alone(workspace: Workspace, hand: Hand) -> None:
    """Before its first day and from its last on it is not there; at midnight the book is read anew by itself."""
    one = unit(workspace)
    with writing(workspace.engine) as db:
        entry = StationEntry("HC1", date(2026, 1, 6), one, password="123456", crc="modbus", valid_to=date(2026, 1, 7))
        register_stations(db, [entry], workspace.clock(), principal="test")
    book = StationBook(workspace)
    assert book.lookup("HC1") is None
    hand.now = datetime(2026, 1, 5, 16, 0, 1, tzinfo=UTC)
    assert book.refresh()
    found = book.lookup("HC1")
    assert found is not None
    assert (found.mn, found.password, found.modbus) == ("HC1", "123456", True)
    assert book.lookup("HC2") is None
    hand.now += timedelta(days=1)
    book.refresh()
    assert book.lookup("HC1") is None


def test_a_book_can_be_kept_fresh_beside_other_work(workspace: Workspace) -> None:
    """Until it is cancelled it asks again and again."""
    one = unit(workspace)
    book = TokenBook(workspace)

    async def keeping() -> str | None:
        task = asyncio.create_task(book.keep(0.01))
        with writing(workspace.engine) as db:
            _, secret = issue_reading_token(db, one, "合成", at=workspace.clock(), principal="test")
        while (found := book.known(secret)) is None:
            await asyncio.sleep(0.01)
        task.cancel()
        return found

    assert asyncio.run(asyncio.wait_for(keeping(), 30)) == one
