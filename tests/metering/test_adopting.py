"""Readings of meters that are registered later are taken in once, as they came, and known only from then on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path

import pytest

from readings_made import START, batch
from shuangkong.engine.api import Lake, connect, migrate
from shuangkong.metering.adopting import Adopting, Waiting, waiting
from shuangkong.metering.committing import Committer
from shuangkong.metering.journal import Journal, segments
from shuangkong.metering.meters import Meter, Meters
from shuangkong.metering.storing import store
from shuangkong.metering.tables import READINGS

NONE = Meters([])
FIRST_DAY = Meters([
    Meter(1, "m1", "u1", "E01", "electricity", "kWh", "interval", date(2026, 1, 1), date(2026, 1, 2)),
])  # fmt: skip
ALL = Meters([
    Meter(1, "m1", "u1", "E01", "electricity", "kWh", "interval", date(2026, 1, 1)),
    Meter(2, "m2", "u1", "E02", "electricity", "kWh", "interval", date(2026, 1, 1)),
])  # fmt: skip


@pytest.fixture(name="lake")
def a_lake(tmp_path: Path) -> Iterator[Lake]:
    """An empty lake whose clock moves on."""
    engine = connect(f"sqlite:///{tmp_path / 'registry.sqlite'}")
    migrate(engine)
    ticks = count(1)
    yield Lake(tmp_path / "lake", engine, lambda: datetime(2026, 3, 1, tzinfo=UTC) + timedelta(seconds=next(ticks)))
    engine.dispose()


def put(lake: Lake, folder: Path, meters: Meters, *posts: tuple[str, list[float | None], str]) -> None:
    """Take posts and store them under a register."""
    with Journal(folder) as journal, Committer(journal, count(1).__next__) as committer:
        for name, values, meter in posts:
            committer.take(batch(name, values, meters=(meter,))).result()
    store(lake, segments(folder), meters)


def seen(lake: Lake, known: datetime) -> list[tuple[int, Decimal | None, int]]:
    """Meter, value and row of what is there, in the order of taking."""
    found = lake.read(READINGS, known).sort_by([("place", "ascending"), ("row", "ascending")]).to_pylist()
    return [(r["meter"], r["value"], r["row"]) for r in found]


def test_what_waited_is_taken_in_when_its_meter_is_registered(lake: Lake, tmp_path: Path) -> None:
    """With its place, row and receiving; as known before it is not there; the days of it are touched by its commit."""
    put(lake, tmp_path / "j", NONE, ("b1", [1, None], "E01"), ("b2", [7.5], "E02"), ("b3", [9], "谁的表"))
    before = lake.clock()
    aside = lake.read(READINGS, before)
    assert aside.num_rows == 0
    assert Adopting(lake).adopt(ALL) == 3
    assert seen(lake, before) == []
    assert seen(lake, lake.clock()) == [(1, Decimal(1), 1), (1, None, 2), (2, Decimal("7.5"), 1)]
    received = lake.read(READINGS, lake.clock()).column("received_at").to_pylist()
    assert all(r < datetime(1971, 1, 1, tzinfo=UTC) for r in received)


def test_adopting_again_adds_nothing(lake: Lake, tmp_path: Path) -> None:
    """By the same process, by another, and after more came; a later correction still holds."""
    put(lake, tmp_path / "j", NONE, ("b1", [1, 2], "E01"))
    put(lake, tmp_path / "j", ALL, ("b2", [5], "E01"))
    adopting = Adopting(lake)
    assert [adopting.adopt(ALL), adopting.adopt(ALL), Adopting(lake).adopt(ALL)] == [2, 0, 0]
    put(lake, tmp_path / "j", NONE, ("b3", [3], "E02"))
    assert [adopting.adopt(ALL), Adopting(lake).adopt(ALL)] == [1, 0]
    places = lake.read(READINGS, lake.clock()).sort_by("place").column("value").to_pylist()
    assert places == [Decimal(1), Decimal(2), Decimal(5), Decimal(3)]


def test_a_spell_that_grows_takes_in_the_rest(lake: Lake, tmp_path: Path) -> None:
    """A meter registered for one day takes that day's readings, and the others when its spell is corrected."""
    put(lake, tmp_path / "j", NONE, ("b1", [1.0] * 100, "E01"))
    adopting = Adopting(lake)
    assert adopting.adopt(FIRST_DAY) == 97  # the first moment of the next day ends the last interval
    assert adopting.adopt(ALL) == 3
    assert sorted(r for *_, r in seen(lake, lake.clock())) == list(range(1, 101))


def test_what_waits_is_listed_by_channel_within_the_readers_sight(lake: Lake, tmp_path: Path) -> None:
    """How many, the first and the last; what is taken in by now is left out, and what the reader may not see."""
    put(lake, tmp_path / "j", NONE, ("b1", [1, 2], "E01"), ("b2", [3], "E09"), ("b3", [4, 5, 6], "E09"))
    first = datetime.fromtimestamp(START / 1_000_000, UTC)
    found = waiting(lake, FIRST_DAY, lambda source, channel: True, lake.clock())
    assert found == [Waiting("u1", "E09", 4, first, first + timedelta(minutes=30))]
    assert len(waiting(lake, NONE, lambda source, channel: True, lake.clock())) == 2
    assert waiting(lake, NONE, lambda source, channel: source == "u2", lake.clock()) == []
