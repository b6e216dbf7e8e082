"""Files that others stand for: later readings see the new ones, earlier ones the old, and none both."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from shuangkong.engine.api import Lake, TableContract, Workspace, back_up, connect, migrate, number, restore, writing
from shuangkong.engine.lake import Part
from shuangkong.engine.lake_replaced import mark_replaced, remove_replaced
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Label

NUMBERS = TableContract(
    "numbers", Label("数", "numbers"), (number("n", "integer", "数", "number", "1"),), key=("n",), subject=None, doc="",
)  # fmt: skip
START = datetime(2026, 1, 1, tzinfo=UTC)
DAY, OTHER = date(2026, 1, 1), date(2026, 1, 2)


class Ticking:
    """A clock that moves on by a second at each look."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


def put(lake: Lake, values: list[int], day: date, token: str, replaces: tuple[int, ...] = ()) -> int:
    """Commit numbers; gives the number of the commit."""
    with lake.lease(NUMBERS.name) as lease:
        done = lake.commit_parts(
            [Part(NUMBERS, pa.table({"n": values}), day, token)], {NUMBERS.name: lease}, principal="p", note="",
            recorded_at=lake.clock(),
            also=lambda db, made: mark_replaced(
                db, NUMBERS.name, replaces, made[0].sequence, made[0].recorded_at
            ),
        )  # fmt: skip
    return done[0].sequence


def seen(lake: Lake, known: datetime, day: date | None = None) -> list[int]:
    """What is there as known at an instant."""
    return sorted(lake.read(NUMBERS, known, days=None if day is None else (day,)).column("n").to_pylist())


@pytest.fixture(name="lake", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.service)])
def a_lake(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Lake]:
    """An empty lake on either store."""
    sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path / 'registry.sqlite'}" if sqlite else request.getfixturevalue("postgres_url")
    engine = connect(url)
    migrate(engine)
    yield Lake(tmp_path / "lake", engine, Ticking())
    engine.dispose()


def test_the_past_reads_the_old_files_and_the_present_the_new(lake: Lake) -> None:
    """One commit stands for two; a third of another day is left alone."""
    first, second = put(lake, [1], DAY, "a"), put(lake, [2], DAY, "b")
    put(lake, [3], OTHER, "c")
    before = lake.clock()
    put(lake, [1, 2], DAY, "d", (first, second))
    assert seen(lake, before) == seen(lake, lake.clock()) == [1, 2, 3]
    assert len(lake.files(NUMBERS, before)) == 3
    assert len(lake.files(NUMBERS, lake.clock())) == 2
    assert seen(lake, lake.clock(), DAY) == [1, 2]
    assert seen(lake, lake.clock(), OTHER) == [3]
    assert lake.commits(NUMBERS.name, lake.clock(), after=3)[0].rows == 2


def test_what_is_removed_is_not_answered_with_other_rows(lake: Lake) -> None:
    """As known before the removal is refused with the instant from which it can be asked; other days are not."""
    first = put(lake, [1], DAY, "a")
    put(lake, [3], OTHER, "c")
    before = lake.clock()
    put(lake, [1], DAY, "d", (first,))
    gone = remove_replaced(lake.engine, lake.root, lake.clock(), lake.clock())
    assert len(gone) == 1
    assert not (lake.root / gone[0]).exists()
    assert seen(lake, lake.clock()) == [1, 3]
    with pytest.raises(UserError, match="WS-005"):
        lake.read(NUMBERS, before)
    assert seen(lake, before, OTHER) == [3]
    assert remove_replaced(lake.engine, lake.root, lake.clock(), lake.clock()) == []


def test_rows_dropped_for_their_age_are_gone_from_then_on(lake: Lake) -> None:
    """Nothing stands for them; before, they are there."""
    first = put(lake, [1], DAY, "a")
    before = lake.clock()
    with writing(lake.engine) as db:
        mark_replaced(db, NUMBERS.name, [first], None, lake.clock())
    assert seen(lake, before) == [1]
    assert seen(lake, lake.clock()) == []


def test_a_back_up_leaves_removed_files_behind(tmp_path: Path) -> None:
    """What is no longer kept is no gap in a back-up, and what was restored knows that it is gone."""
    workspace = Workspace.create(tmp_path / "ws", clock=Ticking())
    first = put(workspace.lake, [1], DAY, "a")
    before = workspace.clock()
    put(workspace.lake, [1], DAY, "b", (first,))
    remove_replaced(workspace.engine, workspace.lake.root, workspace.clock(), workspace.clock())
    made = back_up(workspace, tmp_path / "b.zip", principal="p")
    back = restore(
        tmp_path / "b.zip", tmp_path / "back", url=None, expected=made.head, principal="p", clock=Ticking()
    )  # fmt: skip
    assert seen(back.lake, workspace.clock()) == [1]
    with pytest.raises(UserError, match="WS-005"):
        back.lake.read(NUMBERS, before)
    for one in (workspace, back):
        one.engine.dispose()
