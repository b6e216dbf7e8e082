"""Taking posts in: one sync for many, harmless retries, back-pressure, a full disk that recovers."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import wait
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readings_made import batch
from shuangkong.kernel.errors import UserError
from shuangkong.metering.committing import Committer
from shuangkong.metering.journal import Broken, Journal, Place, records, segments
from shuangkong.metering.model import NO_VALUE, Batch, Refused, Unreadable, packed, unpacked


def stored(folder: Path) -> list[Batch]:
    """The batches of a journal."""
    found = []
    for path in segments(folder):
        for record in records(path):
            assert not isinstance(record, Broken)
            found.append(unpacked(bytes(record[1])))
    return found


def same(a: Batch, b: Batch) -> bool:
    """Whether two batches say the same, whenever they were received."""
    columns = ((a.channel, b.channel), (a.at, b.at), (a.value, b.value), (a.mark, b.mark))
    told = (a.source, a.batch, a.channels, a.refused, a.refused_in_all)
    return told == (b.source, b.batch, b.channels, b.refused, b.refused_in_all) and all(
        np.array_equal(x, y) for x, y in columns
    )


@given(st.lists(st.none() | st.integers(-(10**9), 10**9), max_size=20), st.lists(st.text(min_size=1), max_size=3))
def test_a_batch_is_the_same_after_packing(values: list[float | None], said: list[str]) -> None:
    """Bytes and back: all columns, names and refused rows."""
    made = batch("b", values, source="单位", meters=("一号", "E02"))
    made = Batch(
        made.source, made.batch, 7, made.channels, made.channel, made.at, made.value, made.mark,
        tuple(Refused(n + 1, "why", x) for n, x in enumerate(said)), len(said) + 3,
    )  # fmt: skip
    again = unpacked(packed(made))
    assert same(again, made)
    assert again.received == 7


@given(st.binary(max_size=200), st.integers(0, 200), st.integers(0, 255))
def test_bytes_that_are_no_batch_are_refused(rubbish: bytes, at: int, change: int) -> None:
    """Any bytes, and a good batch with one byte changed or cut, give a batch or Unreadable, nothing else."""
    good = bytearray(packed(batch("b", [1, 2, None], meters=("E01", "E02"))))
    cut = bytes(good[:at])
    good[at % len(good)] = change
    for data in (rubbish, bytes(good), cut):
        try:
            assert len(unpacked(data)) >= 0
        except Unreadable:
            continue


def test_many_senders_share_a_sync_and_each_gets_an_answer(tmp_path: Path) -> None:
    """What thirty threads send is there once each, answered with its place, in fewer syncs than posts."""

    class Counting(Journal):
        groups = 0

        def append(self, records: Sequence[bytes]) -> list[Place]:
            self.groups += 1
            return super().append(records)

    with Counting(tmp_path) as journal, Committer(journal, count(1).__next__) as committer:
        answers = []
        gate = threading.Barrier(30)

        def send(n: int) -> None:
            gate.wait()
            answers.extend(committer.take(batch(f"b{n}-{k}", [n, k])) for k in range(20))

        threads = [threading.Thread(target=send, args=(n,)) for n in range(30)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        wait(answers)
        receipts = [a.result() for a in answers]
        assert journal.groups < 600
    found = stored(tmp_path)
    assert sorted(b.batch for b in found) == sorted(f"b{n}-{k}" for n in range(30) for k in range(20))
    assert len({r.place for r in receipts}) == 600
    assert [b.received for b in found] == sorted(b.received for b in found)


def test_the_same_post_counts_once_also_after_a_restart(tmp_path: Path) -> None:
    """Sent again with its id, a post is answered and not written, also by a process that begins with the journal."""
    with Journal(tmp_path) as journal, Committer(journal, count(1).__next__) as committer:
        first = committer.take(batch("b1", [1, 2])).result()
        again = committer.take(batch("b1", [1, 2])).result()
        assert (first.again, again.again) == (False, True)
        assert again.place == first.place
    with Journal(tmp_path) as journal, Committer(journal, count(1).__next__) as committer:
        third = committer.take(batch("b1", [1, 2])).result()
        assert third.again
        assert third.place == first.place
        assert not committer.take(batch("b1", [1, 2], source="u2")).result().again
    assert len(stored(tmp_path)) == 2


def test_an_id_used_for_other_readings_is_refused(tmp_path: Path) -> None:
    """Nobody may think that readings are safe because an earlier post had their id."""
    with Journal(tmp_path) as journal, Committer(journal, count(1).__next__) as committer:
        committer.take(batch("b1", [1, 2])).result()
        with pytest.raises(UserError, match="ING-003"):
            committer.take(batch("b1", [1, 3]))


def test_received_never_goes_back(tmp_path: Path) -> None:
    """A clock that jumps back gives no earlier instant than the one before, also over a restart."""
    clock = iter([100, 50, 200, 10, 20])
    for name in ("a", "b"):
        with Journal(tmp_path) as journal, Committer(journal, clock.__next__) as committer:
            for n in range(2):
                committer.take(batch(f"{name}{n}", [1])).result()
    assert [b.received for b in stored(tmp_path)] == [100, 100, 200, 200]


def test_too_much_waiting_is_told_and_later_taken(tmp_path: Path) -> None:
    """While the disk stands still a sender is told to come back; memory does not grow; then all goes on."""
    gate = threading.Event()

    class Slow(Journal):
        def append(self, records: Sequence[bytes]) -> list[Place]:
            gate.wait()
            return super().append(records)

    with Slow(tmp_path) as journal, Committer(journal, count(1).__next__, waiting_limit=2000) as committer:
        taken = []
        try:
            with pytest.raises(UserError, match="ING-002"):  # noqa: PT012 — the loop ends with the refusal
                for n in range(1000):
                    taken.append(committer.take(batch(f"b{n}", [1.0] * 20)))
        finally:
            gate.set()
        assert 1 < len(taken) < 20
        wait(taken)
        assert committer.take(batch("later", [1])).result().rows == 1
    assert len(stored(tmp_path)) == len(taken) + 1


def test_a_full_disk_refuses_and_recovers(tmp_path: Path) -> None:
    """Every sender of the group is told; with room again the same posts are taken, once."""

    class Full(Journal):
        full = True

        def append(self, records: Sequence[bytes]) -> list[Place]:
            if self.full:
                raise UserError("WS-004", "no space left.", remedy="Make room.", case="disk")
            return super().append(records)

    with Full(tmp_path) as journal, Committer(journal, count(1).__next__) as committer:
        answers = [committer.take(batch(f"b{n}", [n])) for n in range(5)]
        for answer in answers:
            with pytest.raises(UserError, match="WS-004"):
                answer.result()
        journal.full = False
        assert not any(committer.take(batch(f"b{n}", [n])).result().again for n in range(5))
    assert len(stored(tmp_path)) == 5


def test_a_segment_is_rolled_between_groups(tmp_path: Path) -> None:
    """Rolling gives the whole segment; rolling an empty one gives nothing."""
    with Journal(tmp_path) as journal, Committer(journal, count(1).__next__) as committer:
        committer.take(batch("b1", [1])).result()
        whole = committer.roll()
        assert whole is not None
        assert committer.roll() is None
        committer.take(batch("b2", [2])).result()
        assert [r for r in records(whole) if isinstance(r, Broken)] == []
    assert [b.batch for b in stored(tmp_path)] == ["b1", "b2"]
    assert NO_VALUE not in stored(tmp_path)[0].value


@settings(deadline=None, max_examples=20)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 2)), max_size=12), st.integers(1, 3))
def test_any_order_of_posts_retries_and_restarts_keeps_each_once(
    tmp_path_factory: pytest.TempPathFactory, sent: list[tuple[str, int]], restarts: int
) -> None:
    """Whatever is sent again, in whatever order, over restarts: each id is there once, with its first readings."""
    folder = tmp_path_factory.mktemp("journal")
    clock = count(1).__next__
    first: dict[str, int] = {}
    for n in range(restarts):
        with Journal(folder) as journal, Committer(journal, clock) as committer:
            for name, value in sent[n::restarts]:
                try:
                    committer.take(batch(name, [value])).result()
                    first.setdefault(name, value)
                except UserError as wrong:
                    assert wrong.code == "ING-003"  # noqa: PT017 — both endings are allowed
                    assert first[name] != value
    assert {b.batch: int(b.value[0]) // 1_000_000 for b in stored(folder)} == first
    assert len(stored(folder)) == len(first)
