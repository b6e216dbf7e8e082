"""From the journal to the lake: each acknowledged reading once, under its meter, whatever is killed or sent again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readings_made import START, batch
from shuangkong.engine.api import Lake, connect, migrate
from shuangkong.metering.committing import Committer
from shuangkong.metering.journal import Journal, segments
from shuangkong.metering.meters import UNKNOWN, Meter, Meters
from shuangkong.metering.model import MOST, NO_VALUE
from shuangkong.metering.storing import Stored, exact_column, store
from shuangkong.metering.tables import READING_POSTS, READINGS, READINGS_ASIDE

NOW = datetime(2026, 3, 1, tzinfo=UTC)
DAY = date(2026, 1, 1)
METERS = Meters([
    Meter(1, "m1", "u1", "E01", "electricity", "kWh", "interval", date(2025, 1, 1)),
    Meter(2, "m2", "u1", "E02", "electricity", "kWh", "interval", date(2025, 1, 1), date(2026, 1, 1)),
    Meter(3, "m3", "u1", "E02", "electricity", "kWh", "interval", date(2026, 1, 1)),
])  # fmt: skip


@pytest.fixture(name="lake")
def a_lake(tmp_path: Path) -> Lake:
    """An empty lake."""
    engine = connect(f"sqlite:///{tmp_path / 'registry.sqlite'}")
    migrate(engine)
    return Lake(tmp_path / "lake", engine, lambda: NOW)


def taken(folder: Path, posts: list[tuple[str, list[Any], tuple[str, ...]]]) -> None:
    """Take posts into a journal and close it."""
    with Journal(folder) as journal, Committer(journal, count(1).__next__) as committer:
        for name, values, meters in posts:
            committer.take(batch(name, values, meters=meters)).result()


def put(lake: Lake, folder: Path, meters: Meters = METERS) -> Stored:
    """Store every segment of a closed journal."""
    return store(lake, segments(folder), meters)


def rows(lake: Lake) -> list[tuple[int, int, Decimal | None]]:
    """Meter, quarter-hour since the start, and value of every stored reading, in the order of taking."""
    found = lake.read(READINGS, NOW).sort_by([("place", "ascending"), ("row", "ascending")]).to_pylist()
    return [(r["meter"], (int(r["at"].timestamp()) * 1_000_000 - START) // 900_000_000, r["value"]) for r in found]


def test_readings_are_stored_by_meter_and_day(lake: Lake, tmp_path: Path) -> None:
    """Values exact, no value null, each day a file of its own; the journal is empty afterwards."""
    taken(tmp_path / "j", [("b1", [1.25, None], ("E01",)), ("b2", [7.0] * 97, ("E01",))])
    done = put(lake, tmp_path / "j")
    assert (done.readings, done.aside, done.again) == (99, 0, 0)
    assert done.touched == {(1, date(2026, 1, 1)), (1, date(2026, 1, 2))}
    assert rows(lake)[:3] == [(1, 0, Decimal("1.250000")), (1, 1, None), (1, 0, Decimal(7))]
    assert sorted(f.parent.name for f in lake.files(READINGS, NOW)) == ["D20260101", "D20260102"]
    assert segments(tmp_path / "j") == []


def test_a_channel_that_changes_its_meter_is_told_by_the_moment(lake: Lake, tmp_path: Path) -> None:
    """The reading at the midnight of the change still belongs to the meter that was taken down; later ones do not."""
    taken(tmp_path / "j", [("b1", [1, 2], ("E02",))])
    put(lake, tmp_path / "j")
    assert [m for m, *_ in rows(lake)] == [2, 3]


def test_a_reading_of_no_day_stops_no_other(lake: Lake, tmp_path: Path) -> None:
    """A post whose instant no calendar has is kept as it came, for a person to look at; the others are stored."""
    with Journal(tmp_path / "j") as journal, Committer(journal, count(1).__next__) as committer:
        first = batch("b1", [1.0], meters=("E01",))
        committer.take(replace(first, batch="b0", at=np.array([-62_135_625_943_000_000]))).result()
        committer.take(first).result()
    done = put(lake, tmp_path / "j")
    assert done.readings == 1
    assert [b.why for b in done.broken] == ["a reading is of no day that a meter can have"]
    assert [p.suffix for p in (tmp_path / "j").iterdir() if p.stem.isdigit()] == [".broken"]


def test_unknown_channels_are_kept_aside(lake: Lake, tmp_path: Path) -> None:
    """Nothing that was taken is lost for want of a register; its source and channel are kept."""
    taken(tmp_path / "j", [("b1", [1, 2, 3], ("E01", "谁的表")), ("b2", [4], ("E01",))])
    done = put(lake, tmp_path / "j")
    assert (done.readings, done.aside) == (3, 1)
    aside = lake.read(READINGS_ASIDE, NOW).to_pylist()
    assert [(r["source"], r["channel"], r["value"], r["row"]) for r in aside] == [("u1", "谁的表", Decimal(2), 2)]


def test_a_post_sent_again_much_later_changes_nothing(lake: Lake, tmp_path: Path) -> None:
    """A correction stands although the post before it comes again after the journal has forgotten it."""
    taken(tmp_path / "j", [("first", [5], ("E01",)), ("correction", [6], ("E01",))])
    put(lake, tmp_path / "j")
    taken(tmp_path / "j", [("first", [5], ("E01",)), ("third", [7], ("E01",))])
    done = put(lake, tmp_path / "j")
    assert (done.readings, done.again) == (1, 1)
    assert rows(lake) == [(1, 0, Decimal(5)), (1, 0, Decimal(6)), (1, 0, Decimal(7))]
    assert len(lake.read(READING_POSTS, NOW)) == 3


def test_an_id_used_again_for_other_readings_loses_none(lake: Lake, tmp_path: Path) -> None:
    """A gateway whose counter began anew was told that its readings are safe: they are, beside the older ones."""
    taken(tmp_path / "j", [("n1", [1], ("E01",))])
    put(lake, tmp_path / "j")
    taken(tmp_path / "j", [("n1", [7], ("E01",))])
    done = put(lake, tmp_path / "j")
    assert (done.readings, done.again) == (1, 0)
    assert rows(lake) == [(1, 0, Decimal(1)), (1, 0, Decimal(7))]


def test_a_kill_after_the_commit_doubles_nothing(lake: Lake, tmp_path: Path) -> None:
    """A segment that was committed and not taken away is recognised by its tokens."""
    taken(tmp_path / "j", [("b1", [1, 2], ("E01", "X"))])
    (path,) = [p for p in segments(tmp_path / "j") if p.stat().st_size > 40]
    kept = path.read_bytes()
    put(lake, tmp_path / "j")
    path.write_bytes(kept)
    put(lake, tmp_path / "j")
    assert len(rows(lake)) == 1
    assert lake.read(READINGS_ASIDE, NOW).num_rows == 1
    assert not path.exists()


def test_a_broken_segment_gives_what_is_whole_and_stays(lake: Lake, tmp_path: Path) -> None:
    """What the disk spoilt is named and kept for a person; the rest is stored."""
    taken(tmp_path / "j", [("b1", [1], ("E01",)), ("b2", [2], ("E01",)), ("b3", [3], ("E01",))])
    (path,) = [p for p in segments(tmp_path / "j") if p.stat().st_size > 40]
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    done = put(lake, tmp_path / "j")
    assert len(done.broken) == 1
    assert [v for *_, v in rows(lake)] == [Decimal(1), Decimal(3)]
    assert path.with_suffix(".broken").exists()


@given(st.lists(st.one_of(st.just(NO_VALUE), st.integers(-MOST, MOST)), max_size=50))
def test_millionths_are_decimals(values: list[int]) -> None:
    """The column of DECIMAL(18,6) says what the whole numbers say, missing ones missing."""
    wanted = pa.array([None if v == NO_VALUE else Decimal(v).scaleb(-6) for v in values], pa.decimal128(18, 6))
    assert exact_column(np.array(values, dtype=np.int64)).equals(wanted)


@given(st.integers(-3, 3), st.sampled_from(["E01", "E02", "E03"]))
def test_a_moment_has_one_meter(days: int, channel: str) -> None:
    """A plain reading of the register, row by row, says the same as the columns."""
    at = np.array([START + days * 86_400_000_000 + n for n in (-1, 0, 1)], dtype=np.int64)
    found = METERS.numbers("u1", (channel,), np.zeros(3, dtype=np.uint32), at)
    for moment, number in zip(at, found, strict=True):
        ends = START if channel == "E02" else None
        wanted = {"E01": 1, "E03": UNKNOWN}.get(channel, 2 if ends is not None and moment <= ends else 3)
        assert number == wanted


@settings(deadline=None, max_examples=12)
@given(st.lists(st.tuples(st.sampled_from("abcd"), st.booleans(), st.booleans()), min_size=1, max_size=14))
def test_any_order_of_posts_stores_and_retries_keeps_each_once(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, bool, bool]]
) -> None:
    """Posts in any order, sent again, stored now and then, with restarts: each id is in the lake once."""
    root = tmp_path_factory.mktemp("w")
    engine = connect(f"sqlite:///{root / 'registry.sqlite'}")
    migrate(engine)
    lake = Lake(root / "lake", engine, lambda: NOW)
    for name, restart, storing in steps:
        with Journal(root / "j", limit=90 if restart else 10_000) as journal:
            with Committer(journal, count(1).__next__) as committer:
                committer.take(batch(name, [ord(name)])).result()
            whole = [p for p in segments(root / "j") if p != journal.current]
            if storing:
                store(lake, whole, METERS)
    put(lake, root / "j")
    assert sorted(v for *_, v in rows(lake)) == sorted(Decimal(ord(n)) for n in {s[0] for s in steps})
    engine.dispose()
