"""Split messages: put together by station, command, time and number of parts; nothing is guessed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shuangkong.metering.hj212.parts import Gone, Parts, Put
from shuangkong.metering.hj212.segment import Head
from shuangkong.metering.hj212.standard import standard

LIMITS = standard().limits
TIME = b"20261120080000"


def head(pno: int, pnum: int = 3, mn: bytes = b"S1", cn: bytes = b"2061") -> Head:
    """The head of a part."""
    return Head(b"", b"31", cn, b"1", mn, 7, pnum, pno, 0)


def timed(text: bytes, time: bytes = TIME) -> bytes:
    """An area with DataTime."""
    return b"DataTime=%b;%b" % (time, text)


@given(st.permutations(range(1, 6)))
def test_parts_come_in_any_order(order: list[int]) -> None:
    """With DataTime in each, the last to come completes the message, in the order of PNO; none does before."""
    parts = Parts()
    puts = [parts.add(head(n, 5), timed(b"a%d-Avg=1" % n), 0) for n in order]
    assert [p.whole for p in puts[:-1]] == [None] * 4
    assert puts[-1].whole == b";".join(timed(b"a%d-Avg=1" % n) for n in range(1, 6))
    assert {p.time for p in puts} == {TIME}


def test_a_part_without_a_time_goes_on_with_the_part_before() -> None:
    """It is told the time of the message, and that is said."""
    parts = Parts()
    parts.add(head(1, 2), timed(b"a-Avg=1"), 0)
    put = parts.add(head(2, 2), b"b-Avg=2", 1)
    assert (put.time, put.whole) == (TIME, timed(b"a-Avg=1") + b";b-Avg=2")
    assert [f.code for f in put.faults] == ["parts_time"]


def test_a_time_is_never_guessed() -> None:
    """Not for a part that does not follow the last one, nor long after it, nor from another station or command."""
    for late, pno, mn, cn in ((0, 3, b"S1", b"2061"), (LIMITS.part_seconds + 2, 2, b"S1", b"2061"),
                              (0, 2, b"S2", b"2061"), (0, 2, b"S1", b"2051")):  # fmt: skip
        parts = Parts()
        parts.add(head(1), timed(b"a-Avg=1"), 0)
        assert parts.add(head(pno, 3, mn, cn), b"b-Avg=2", late).time is None


def test_a_new_message_is_not_mixed_with_the_last() -> None:
    """Its second part comes alone, the first was lost: no time for it, though one of the same form went before."""
    parts = Parts()
    parts.add(head(1, 2), timed(b"a-Avg=1"), 0)
    parts.add(head(2, 2), b"b-Avg=2", 0)
    assert parts.add(head(2, 2), b"b-Avg=9", 1).time is None


def test_a_part_that_is_sent_again_changes_nothing() -> None:
    """An answer that was lost makes a station send again: the same time, and the message is not whole a second time."""
    parts = Parts()
    parts.add(head(1, 2), timed(b"a-Avg=1"), 0)
    whole = parts.add(head(2, 2), b"b-Avg=2", 0)
    again = parts.add(head(2, 2), b"b-Avg=2", 1)
    assert (whole.time, again.time, again.whole, len(parts)) == (TIME, TIME, None, 1)


def test_a_message_whose_parts_do_not_come_is_given_up() -> None:
    """After the time for it, with the parts that are missing; a whole one goes without a word."""
    parts = Parts()
    parts.add(head(2), timed(b"a-Avg=1"), 0)
    parts.add(head(1, 1, b"S2"), timed(b"a-Avg=1"), 0)
    assert list(parts.expired(LIMITS.part_seconds)) == []
    gone = list(parts.expired(LIMITS.part_seconds + 1))
    assert [(g.mn, g.fault.code, g.fault.found) for g in gone] == [(b"S1", "parts_missing", "1,3/3")]
    assert isinstance(gone[0], Gone)
    assert len(parts) == 0


def test_no_more_wait_than_may() -> None:
    """A station that only ever begins messages holds few of them; the oldest is given up and named."""
    parts = Parts()
    puts = [parts.add(head(1), timed(b"a-Avg=1", b"202611%02d000000" % n), n) for n in range(1, 10)]
    assert len(parts) == LIMITS.waiting
    assert [f.code for p in puts for f in p.faults] == ["parts_many"] * (9 - LIMITS.waiting)


def test_areas_are_kept_only_where_they_are_wanted() -> None:
    """A server that takes each part in by itself needs the time alone."""
    parts = Parts(keep=False)
    parts.add(head(1, 2), timed(b"a-Avg=1"), 0)
    assert parts.add(head(2, 2), timed(b"b-Avg=1"), 0) == Put(TIME, None)


def test_a_head_that_is_no_part_is_a_mistake() -> None:
    """The caller asks only for parts."""
    with pytest.raises(ValueError):
        Parts().add(head(1)._replace(pnum=None), b"", 0)
