"""Compaction: one sorted file a day, corrections kept, repeats left out, the past readable while it is kept."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readings_made import batch
from shuangkong.engine.api import Lake, connect, fresh_files, migrate
from shuangkong.kernel.errors import UserError
from shuangkong.metering.committing import Committer
from shuangkong.metering.compacting import compact, drop_older, remove_old_files
from shuangkong.metering.journal import Journal, segments
from shuangkong.metering.known_posts import KnownPosts, nothing_new
from shuangkong.metering.meters import Meter, Meters
from shuangkong.metering.reach import number_of_day
from shuangkong.metering.rolled import days_of_meters, newest_hours
from shuangkong.metering.rolling import roll_up
from shuangkong.metering.rollup_tables import METER_DAYS, METER_HOURS
from shuangkong.metering.storing import store
from shuangkong.metering.tables import READING_POSTS, READINGS

METERS = Meters([
    Meter(n, f"m{n}", "u1", f"E0{n}", "electricity", "kWh", "interval", date(2025, 1, 1)) for n in (1, 2)
])  # fmt: skip


@pytest.fixture(name="lake")
def a_lake(tmp_path: Path) -> Iterator[Lake]:
    """An empty lake whose clock moves on."""
    lake = made(tmp_path)
    yield lake
    lake.engine.dispose()


def made(root: Path) -> Lake:
    """A lake in a folder."""
    engine = connect(f"sqlite:///{root / 'registry.sqlite'}")
    migrate(engine)
    ticks = count(1)
    return Lake(root / "lake", engine, lambda: datetime(2026, 3, 1, tzinfo=UTC) + timedelta(seconds=next(ticks)))


def put(lake: Lake, name: str, values: list[float | None], meter: str = "E01", known: KnownPosts | None = None) -> int:
    """Take one post and store it; gives how many readings were new."""
    folder = lake.root / "j"
    with Journal(folder) as journal, Committer(journal, count(1).__next__) as committer:
        committer.take(batch(name, values, meters=(meter,))).result()
    return store(lake, segments(folder), METERS, known).readings


def newest(lake: Lake, known: datetime) -> dict[tuple[int, datetime], Decimal | None]:
    """What counts: of one moment the larger place."""
    rows = lake.read(READINGS, known).sort_by([("place", "ascending"), ("row", "ascending")]).to_pylist()
    return {(r["meter"], r["at"]): r["value"] for r in rows}


def test_a_day_becomes_one_sorted_file_and_the_past_stays(lake: Lake) -> None:
    """Corrections stay beside what they correct, repeats go, both meters lie together; before, the old files are."""
    for n in range(6):
        put(lake, f"a{n}", [1.0, 2.0])
        put(lake, f"b{n}", [float(n)], "E02")
    before = lake.clock()
    told = compact(lake, files=4)
    assert (told.days, told.repeats) == (2, 10)  # the day of readings, and the day of posts; nothing is aside
    after = lake.clock()
    (file,) = lake.files(READINGS, after)
    assert file.parent.name == "D20260101"
    rows = lake.read(READINGS, after).to_pylist()
    assert [(r["meter"], r["value"]) for r in rows] == [(1, 1), (1, 2), *((2, n) for n in range(6))]
    assert newest(lake, after) == newest(lake, before)
    assert (len(lake.files(READINGS, before)), lake.read(READINGS, before).num_rows) == (12, 18)
    assert compact(lake, files=4).days == 0


def test_posts_are_known_after_their_files_became_one(lake: Lake) -> None:
    """A retry changes nothing, for who kept up and for who begins anew."""
    known = KnownPosts(lake)
    for n in range(5):
        put(lake, f"a{n}", [float(n)], known=known)
    compact(lake, files=2)
    assert len(lake.files(READING_POSTS, lake.clock())) == 1
    assert [put(lake, "a3", [3.0], known=known), put(lake, "a3", [3.0]), put(lake, "a9", [9.0], known=known)] == [
        0,
        0,
        1,
    ]


def test_who_follows_sees_a_compacted_file_only_if_something_in_it_is_new(lake: Lake) -> None:
    """Who has seen all that it stands for passes it over; who was behind does not."""
    for n in range(3):
        put(lake, f"a{n}", [float(n)])
    seen = [c.sequence for c in lake.commits(READINGS.name, lake.clock())]
    compact(lake, files=2)
    (commit,) = lake.commits(READINGS.name, lake.clock())
    assert nothing_new(commit, seen[-1])
    assert not nothing_new(commit, seen[-2])
    assert not nothing_new(commit, 0)


def test_files_leave_when_nobody_may_ask_for_them(lake: Lake) -> None:
    """Readings of old days are left out at once and as known before; their files go later, and then WS-005 says so."""
    put(lake, "a", [1.0])
    before = lake.clock()
    assert drop_older(lake, 365, principal="p") == 0
    assert drop_older(lake, 30, principal="p") == 2
    assert lake.read(READINGS, lake.clock()).num_rows == 0
    assert lake.read(READINGS, before).num_rows == 1
    assert remove_old_files(lake, 7) == []
    assert len(remove_old_files(lake, 0)) == 2
    with pytest.raises(UserError, match="WS-005"):
        lake.read(READINGS, before)


@settings(deadline=None, max_examples=8)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2), st.booleans()), min_size=1, max_size=10))
def test_what_counts_is_the_same_however_often_it_is_compacted(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, int, bool]]
) -> None:
    """Any order of posts, corrections, retries and compactions counts as if there had been none."""
    lake = made(tmp_path_factory.mktemp("w"))
    plain: dict[int, Decimal] = {}
    taken: set[tuple[int, int]] = set()
    for name, value, squeeze in steps:
        put(lake, f"p{name}-{value}", [float(value)])
        if (name, value) not in taken:
            plain[0] = Decimal(value)
            taken.add((name, value))
        if squeeze:
            compact(lake, files=2)
    assert list(newest(lake, lake.clock()).values()) == list(plain.values())
    lake.engine.dispose()


def test_hours_and_days_become_one_file_and_the_newest_row_stays(lake: Lake) -> None:
    """Of what was rolled up again and again the newest stays; who asks, then or now, is told the same as before."""
    touched = {(1, date(2026, 1, 1))}
    for n in range(4):
        put(lake, f"a{n}", [float(n + 1)] * 8)
        roll_up(lake, METERS, touched, lake.clock())
    before = lake.clock()
    numbers = np.array([1], dtype=np.int64)

    def told(known: datetime) -> list[object]:
        days = days_of_meters(lake, numbers, date(2026, 1, 1), date(2026, 1, 1), known)
        hours = newest_hours(lake, numbers, number_of_day(date(2026, 1, 1)), number_of_day(date(2026, 1, 1)), known)
        return [days.quantity, hours.quantity.tolist(), hours.measured.tolist()]

    seen = told(before)
    many = lake.read(METER_DAYS, before).num_rows
    compact(lake, files=3)
    # the interval that ends as the year begins is the old day's, of another month
    assert (many, lake.read(METER_DAYS, lake.clock()).num_rows) == (8, 2)
    assert [len(lake.files(c, lake.clock())) for c in (METER_DAYS, METER_HOURS)] == [2, 2]
    assert told(lake.clock()) == told(before) == seen
    fresh = fresh_files(
        lake, METER_DAYS.name, lake.clock(), [c.sequence for c in lake.commits(METER_DAYS.name, before)]
    )
    assert (fresh.lost, [f.note.startswith("compacted") for f in fresh.files if f.merged]) == (False, [True, True])
    assert [f for f in fresh.files if not f.merged] == []


def test_what_an_earlier_reader_had_not_read_is_found_behind_what_stands_for_it(lake: Lake) -> None:
    """Of three files that became one the reader had read two: the third is told, and dropped rows are told as lost."""
    for n in range(3):
        put(lake, f"a{n}", [float(n)] * 2)
    before = lake.commits(READINGS.name, lake.clock())
    compact(lake, files=2)
    fresh = fresh_files(lake, READINGS.name, lake.clock(), [c.sequence for c in before[:2]])
    assert [f.path for f in fresh.files if not f.merged] == [lake.root / before[2].file]
    assert not fresh.lost
    drop_older(lake, 30, principal="p")
    assert fresh_files(lake, READINGS.name, lake.clock(), [c.sequence for c in before]).lost
