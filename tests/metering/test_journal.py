"""The journal: what was answered for is there again, whatever happened to the process or the end of the file."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shuangkong.kernel.errors import UserError
from shuangkong.metering.journal import Broken, Journal, Place, records, segments


def bodies(folder: Path) -> list[bytes]:
    """Every record of a journal, in order; a broken stretch fails the test."""
    found = []
    for path in segments(folder):
        for record in records(path):
            assert not isinstance(record, Broken), record
            found.append(bytes(record[1]))
    return found


@given(
    st.lists(st.lists(st.binary(min_size=1, max_size=300), min_size=1, max_size=4), max_size=8), st.integers(60, 600)
)
@settings(max_examples=40, deadline=None)
def test_what_was_appended_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, groups: list[list[bytes]], limit: int
) -> None:
    """Groups of records come back in order, over any number of segments, and places grow."""
    folder = tmp_path_factory.mktemp("journal")
    places: list[Place] = []
    with Journal(folder, limit=limit) as journal:
        for group in groups:
            places += journal.append(group)
    assert bodies(folder) == [r for g in groups for r in g]
    assert places == sorted(places)
    assert [p.number for p in places] == sorted(p.number for p in places)


@given(st.integers(0, 400), st.binary(max_size=40))
@settings(max_examples=60, deadline=None)
def test_a_torn_end_is_cut_and_the_rest_stays(
    tmp_path_factory: pytest.TempPathFactory, cut: int, rubbish: bytes
) -> None:
    """A file cut anywhere, with rubbish behind, gives the records that are whole, and takes new ones."""
    folder = tmp_path_factory.mktemp("journal")
    written = [bytes([n]) * (n + 20) for n in range(1, 8)]
    with Journal(folder) as journal:
        for record in written:
            journal.append([record])
        path = journal.current
    data = path.read_bytes()
    keep = max(20, len(data) - cut)
    path.write_bytes(data[:keep] + rubbish)
    with Journal(folder) as journal:
        journal.append([b"after"])
    found = bodies(folder)
    assert found[-1] == b"after"
    assert found[:-1] == written[: len(found) - 1]
    whole = sum(1 for n in range(1, 8) if keep >= 20 + sum(12 + len(r) for r in written[:n]))
    assert len(found) - 1 == whole


def test_a_record_changed_in_the_middle_is_named_and_the_next_is_found(tmp_path: Path) -> None:
    """One flipped bit loses one record, which is told with its place."""
    with Journal(tmp_path) as journal:
        places = journal.append([b"first" * 9, b"second" * 9, b"third" * 9])
        path = journal.current
    data = bytearray(path.read_bytes())
    data[places[1].offset + 20] ^= 4
    path.write_bytes(data)
    found = list(records(path))
    assert [bytes(r[1]) for r in found if not isinstance(r, Broken)] == [b"first" * 9, b"third" * 9]
    broken = next(r for r in found if isinstance(r, Broken))
    assert (broken.start, broken.end) == (places[1].offset, places[2].offset)


def test_a_record_inside_a_record_does_not_pass_for_one(tmp_path: Path) -> None:
    """A sender who copies the look of a record into his own does not get a record when the outer one breaks."""
    with Journal(tmp_path / "a") as other:
        other.append([b"forged" * 5])
        forged = other.current.read_bytes()[20:]
    with Journal(tmp_path / "b") as journal:
        (place,) = journal.append([b"x" * 30 + forged + b"y" * 30])
        path = journal.current
    data = bytearray(path.read_bytes())
    data[place.offset + 14] ^= 1
    path.write_bytes(data)
    assert [r for r in records(path) if not isinstance(r, Broken)] == []


def test_two_processes_do_not_write(tmp_path: Path) -> None:
    """The second is told that the first has it, and changes nothing."""
    with Journal(tmp_path) as journal:
        journal.append([b"one"])
        with pytest.raises(UserError, match="WS-003"):
            Journal(tmp_path)
    with Journal(tmp_path) as journal:
        journal.append([b"two"])
    assert bodies(tmp_path) == [b"one", b"two"]


def test_numbers_of_segments_are_never_used_twice(tmp_path: Path) -> None:
    """Also when every segment was taken away in between: a place never means two records."""
    places = []
    for _ in range(3):
        with Journal(tmp_path) as journal:
            places += journal.append([b"record"])
        for path in segments(tmp_path):
            path.unlink()
    assert len(set(places)) == 3


def test_a_refused_write_leaves_nothing_half_and_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the disk refuses a write or a sync, nothing of the group stays; with room again the journal goes on."""
    with Journal(tmp_path) as journal:
        journal.append([b"before"])
        for name in ("writev", "fdatasync"):
            real = getattr(os, name)
            calls = 0

            def refusing(*given: object, real=real) -> object:  # type: ignore[no-untyped-def]
                nonlocal calls
                calls += 1
                if calls == 1:
                    raise OSError(errno.ENOSPC, "No space left on device")
                return real(*given)

            monkeypatch.setattr(os, name, refusing)
            with pytest.raises(UserError, match="WS-004"):
                journal.append([b"lost one", b"lost two"])
            monkeypatch.setattr(os, name, real)
            journal.append([f"after {name}".encode()])
    assert bodies(tmp_path) == [b"before", b"after writev", b"after fdatasync"]


WRITER = """
import sys
from pathlib import Path
from shuangkong.metering.journal import Journal
with Journal(Path(sys.argv[1]), limit=4000) as journal:
    n = 0
    while True:
        n += 1
        journal.append([f"{n}".encode() * 3, b"x" * (n % 700 + 1)])
        sys.stdout.write(f"{n}\\n")
        sys.stdout.flush()
"""


def test_what_was_answered_survives_a_kill(tmp_path: Path) -> None:
    """A writer killed at any moment: every record that it told of is found, in order, and none twice."""
    done = 0
    for kills in range(6):
        command = [sys.executable, "-c", WRITER, str(tmp_path / str(kills))]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            for _ in range(20 + 37 * kills):
                done = int(child.stdout.readline())
            child.send_signal(signal.SIGKILL)
            rest = child.stdout.read().split("\n")
        done = max([done, *(int(x) for x in rest[:-1] if x)])
        Journal(tmp_path / str(kills)).close()
        found = [b for b in bodies(tmp_path / str(kills)) if not b.startswith(b"x")]
        assert found[:done] == [f"{n}".encode() * 3 for n in range(1, done + 1)]
        assert len(found) <= done + 1


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed here")
def test_the_sync_comes_before_the_answer(tmp_path: Path) -> None:
    """As the system saw it: the folder is synced when the file is made, each answer follows a sync of its write."""
    trace = tmp_path / "trace"
    program = WRITER.replace("while True:", "while n < 3:")
    watched = ["strace", "-f", "-o", str(trace), "-e", "trace=openat,writev,write,fsync,fdatasync"]
    subprocess.run(
        [*watched, sys.executable, "-c", program, str(tmp_path / "journal")], check=True, capture_output=True
    )
    calls = [line.split(" ", 1)[1].strip() for line in trace.read_text().splitlines() if " " in line]
    made = next(n for n, c in enumerate(calls) if ".journal" in c and "O_CREAT" in c)
    segment = calls[made].rsplit("= ", 1)[1]
    folders = {
        c.rsplit("= ", 1)[1] for c in calls[made:] if c.startswith("openat") and c.split('"')[1].endswith("/journal")
    }
    first = next(
        n for n, c in enumerate(calls) if n > made and c.startswith(f'writev({segment}, [{{iov_base="\\365REC')
    )
    synced = [n for n, c in enumerate(calls) if c.startswith("fsync(") and c[6:].split(")")[0] in folders]
    assert any(made < n < first for n in synced), "the folder is synced before the first record is written"
    for answer in (n for n, c in enumerate(calls) if c.startswith("write(1, ")):
        before = calls[made:answer]
        written = max(n for n, c in enumerate(before) if c.startswith(f"writev({segment}"))
        assert any(c.startswith(f"fdatasync({segment})") for c in before[written:]), calls[answer]
