"""A disk that is really full: posts are refused with a reason, nothing acknowledged is lost, with room all goes on."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from readings_made import batch
from shuangkong.kernel.errors import UserError
from shuangkong.metering.committing import Committer
from shuangkong.metering.journal import Broken, Journal, records, segments
from shuangkong.metering.model import unpacked


@pytest.fixture(name="small")
def a_small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte in memory, where we may mount one."""
    point = tmp_path / "small"
    point.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(point)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("no right to mount a file system here")
    yield point
    subprocess.run(["umount", "-l", str(point)], check=True)


def names(folder: Path) -> list[str]:
    """The posts of a journal, in order."""
    found = [r for path in segments(folder) for r in records(path)]
    assert not any(isinstance(r, Broken) for r in found)
    return [unpacked(bytes(r[1])).batch for r in found if not isinstance(r, Broken)]


def filled(committer: Committer, first: int) -> tuple[list[str], UserError]:
    """Send posts until the disk refuses one; which were acknowledged, and what the refusal says."""
    taken = []
    for n in range(first, first + 10_000):
        try:
            committer.take(batch(f"b{n}", [1.0] * 500)).result()
        except UserError as wrong:
            return taken, wrong
        taken.append(f"b{n}")
    raise AssertionError("it was never full")


def test_a_full_disk_refuses_says_so_and_recovers(small: Path) -> None:
    """What was acknowledged is there, what was refused is not; with room the refused post is taken, once."""
    folder, ballast = small / "j", small / "ballast"
    ballast.write_bytes(os.urandom(300_000))
    with Journal(folder) as journal, Committer(journal, count(1).__next__) as committer:
        taken, wrong = filled(committer, 0)
        assert (wrong.code, "No space left" in str(wrong), bool(wrong.remedy)) == ("WS-004", True, True)
        assert len(taken) > 10
        for _ in range(3):
            with pytest.raises(UserError, match="WS-004"):
                committer.take(batch("again", [2.0] * 500)).result()
        assert names(folder) == taken
        ballast.unlink()
        assert not committer.take(batch("again", [2.0] * 500)).result().again
        more, _ = filled(committer, 20_000)
    assert names(folder) == [*taken, "again", *more]
