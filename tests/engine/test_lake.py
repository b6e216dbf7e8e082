"""The lake: what was committed is there, once, and nothing else is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import sqlalchemy as sa

from engine.sample import SAMPLE, START, Clock, row, rows, workspace
from shuangkong.engine import lake as lake_module
from shuangkong.engine.api import Commit, Lake, Workspace
from shuangkong.kernel.errors import UserError


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still."""
    return Clock()


@pytest.fixture
def ws(tmp_path: Path, clock: Clock) -> Workspace:
    """A fresh workspace."""
    return workspace(tmp_path, clock)


def put(lake: Lake, token: str, *names: str, **more: object) -> Commit:
    """Commit rows with these names."""
    with lake.lease("sample") as lease:
        return lake.commit(
            SAMPLE, rows(*names), lease, token=token, principal="tester", note="", recorded_at=lake.clock(),
            **more,  # type: ignore[arg-type]
        )  # fmt: skip


def names(lake: Lake, clock: Clock) -> list[object]:
    """The rows that a reader sees now."""
    return sorted(lake.read(SAMPLE, clock())["row_id"].to_pylist())


def test_rows_are_there_after_a_commit(ws: Workspace, clock: Clock) -> None:
    """A commit makes its rows visible, in the folder of the day in China."""
    done = put(ws.lake, "a", "r1", "r2")
    assert names(ws.lake, clock) == ["r1", "r2"]
    assert done.file.startswith("sample/D20250302/")
    assert done.rows == 2


def test_a_token_commits_once(ws: Workspace, clock: Clock) -> None:
    """The same token again gives the first commit and writes nothing."""
    assert put(ws.lake, "a", "r1") == put(ws.lake, "a", "r1")
    assert names(ws.lake, clock) == ["r1"]
    assert len(list((ws.root / "lake").rglob("*.parquet"))) == 1


def test_one_table_has_one_writer(ws: Workspace) -> None:
    """While a lease is held no other is given, and the message says until when."""
    with ws.lake.lease("sample"), pytest.raises(UserError) as wrong, ws.lake.lease("sample"):
        pass
    assert str(wrong.value) == (
        "WS-003 another process is writing to sample until 2025-03-01T16:31:30+00:00. "
        "Wait for it to finish and start again; nothing was written."
    ).replace("16:31:30", (START + lake_module.LEASE).strftime("%H:%M:%S"))


def test_another_table_is_free(ws: Workspace) -> None:
    """A lease holds one table only, and is given back at the end."""
    with ws.lake.lease("sample"), ws.lake.lease("other") as other:
        assert other.fence == 1
    with ws.lake.lease("sample") as again:
        assert again.fence == 2


def test_a_lease_given_back_twice_harms_no_one(ws: Workspace, clock: Clock) -> None:
    """A writer that overslept does not end the lease of the one who came after."""
    with ws.lake.lease("sample"):
        clock.pass_(3600)
        taken = ws.lake.lease("sample")
        taken.__enter__()
    with pytest.raises(UserError, match="WS-003"), ws.lake.lease("sample"):
        pass
    taken.__exit__(None, None, None)


def test_a_writer_that_overslept_commits_nothing(ws: Workspace, clock: Clock) -> None:
    """The fence is checked in the transaction of the commit."""
    with ws.lake.lease("sample") as old:
        clock.pass_(3600)
        with ws.lake.lease("sample"), pytest.raises(UserError) as wrong:
            ws.lake.commit(
                SAMPLE, rows("r1"), old, token="a", principal="tester", note="", recorded_at=clock()
            )  # fmt: skip
    assert str(wrong.value) == (
        "WS-003 the lease on sample went to another process before the rows were written. "
        "Start again; nothing was written."
    )
    assert names(ws.lake, clock) == []


def test_a_crash_before_the_commit_row_shows_nothing(ws: Workspace, clock: Clock) -> None:
    """A file without its commit row is not read; `sweep` takes it away once it is old."""

    def crash(_db: sa.Connection, _commit: Commit) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        put(ws.lake, "a", "r1", also=crash)
    left = list((ws.root / "lake").rglob("*.parquet"))
    assert len(left) == 1
    assert names(ws.lake, clock) == []
    for path in left:
        os.utime(path, (clock().timestamp(),) * 2)
    assert ws.lake.sweep() == []
    clock.pass_(3600)
    assert ws.lake.sweep() == [left[0].relative_to(ws.root / "lake").as_posix()]
    put(ws.lake, "a", "r1")
    assert names(ws.lake, clock) == ["r1"]


def test_sweep_keeps_what_was_committed(ws: Workspace, clock: Clock) -> None:
    """However old a committed file is, it stays."""
    put(ws.lake, "a", "r1")
    clock.pass_(10**9)
    assert ws.lake.sweep() == []
    assert names(ws.lake, clock) == ["r1"]


def test_rows_come_in_as_known(ws: Workspace, clock: Clock) -> None:
    """A read as known earlier does not see what was recorded later."""
    put(ws.lake, "a", "r1")
    before = clock()
    clock.pass_(60)
    put(ws.lake, "b", "r2")
    assert ws.lake.read(SAMPLE, before)["row_id"].to_pylist() == ["r1"]
    assert names(ws.lake, clock) == ["r1", "r2"]


def test_a_full_disk_is_said_and_leaves_nothing(
    ws: Workspace, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    """No room: WS-004 with the place and what to do; no half file, no commit, and the lease is free again."""

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(lake_module.pq, "write_table", full)
    with pytest.raises(UserError) as wrong:
        put(ws.lake, "a", "r1")
    place = ws.root / "lake" / "sample" / "D20250302"
    assert str(wrong.value) == (
        f"WS-004 {place}: No space left on device. "
        "Make room or mend the permissions, then start again; nothing was lost."
    )
    assert not list((ws.root / "lake").rglob("*.parquet*"))
    monkeypatch.undo()
    put(ws.lake, "a", "r1")
    assert names(ws.lake, clock) == ["r1"]


def test_corrected_rows_keep_their_place_in_the_lake(ws: Workspace, clock: Clock) -> None:
    """A correction is one more row; the lake keeps both."""
    put(ws.lake, "a", "r1")
    with ws.lake.lease("sample") as lease:
        ws.lake.commit(
            SAMPLE, SAMPLE.from_rows([row("r2", corrects="r1")]), lease, token="b", principal="tester", note="",
            recorded_at=clock(),
        )  # fmt: skip
    assert names(ws.lake, clock) == ["r1", "r2"]


def test_the_lease_of_a_killed_process_is_taken_over(tmp_path: Path) -> None:
    """A committer that was killed gives its lease to the next one at once, not after a minute."""
    import os
    import signal
    import subprocess
    import sys

    from shuangkong.engine.workspace import Workspace

    root = tmp_path / "w"
    workspace = Workspace.create(root)
    hold = (
        "import sys, time, pathlib; from shuangkong.engine.workspace import Workspace;"
        "w = Workspace.open(pathlib.Path(sys.argv[1]));"
        "c = w.lake.lease('things'); c.__enter__(); print('held', flush=True); time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", hold, str(root)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    with pytest.raises(UserError, match="WS-003"), workspace.lake.lease("things"):
        pass
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    with workspace.lake.lease("things") as lease:
        assert lease.fence == 2
