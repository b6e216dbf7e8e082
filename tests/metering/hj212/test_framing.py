"""Frames out of a stream: however it is cut, whatever is in it."""

from __future__ import annotations

import random
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shuangkong.metering.hj212.build import frame
from shuangkong.metering.hj212.faults import Fault
from shuangkong.metering.hj212.framing import Frame, Splitter, hexadecimal

GOOD = frame(b"QN=1;CP=&&&&")
SEGMENT, SUM = b"QN=1;CP=&&&&", int(GOOD[-6:-2], 16)
#: What streams are made of when things go wrong.
PIECES = (
    b"##", b"#", b"\r\n", b"\r", b"\n", b" ", b"0000", b"0002", b"0006", b"0012", b"9999", b"ab", b"ABCD", b"F",
    GOOD, GOOD[:-2], GOOD[:10], GOOD[2:],
)  # fmt: skip
STREAMS = st.one_of(st.binary(max_size=120), st.lists(st.sampled_from(PIECES), max_size=20).map(b"".join))


def all_of(stream: bytes, cuts: list[int]) -> list[Frame | Fault]:
    """What a splitter makes of a stream that comes in pieces."""
    splitter, found, last = Splitter(), [], 0
    for cut in [*sorted(c % (len(stream) + 1) for c in cuts), len(stream)]:
        found += splitter.feed(stream[last:cut])
        last = cut
    return found + splitter.close()


@given(STREAMS, st.lists(st.integers(0, 10_000), max_size=8))
@settings(max_examples=400)
def test_how_a_stream_is_cut_makes_no_difference(stream: bytes, cuts: list[int]) -> None:
    """Frames, faults and their places are those of the whole stream at once, and byte by byte."""
    whole = all_of(stream, [])
    assert all_of(stream, cuts) == whole
    assert all_of(stream, list(range(len(stream)))) == whole


@given(st.lists(st.binary(max_size=60).filter(lambda s: b"\r\n" not in s), max_size=8), st.lists(st.integers(0, 999)))
def test_what_was_built_comes_out(segments: list[bytes], cuts: list[int]) -> None:
    """Any segments without CR LF, framed one after another, come out whole and in order, and nothing else does."""
    stream = b"".join(map(frame, segments))
    found = all_of(stream, cuts)
    assert [f.segment for f in found if isinstance(f, Frame)] == segments
    assert len(found) == len(segments)


@pytest.mark.parametrize(
    ("stream", "faults", "frames"),
    [
        (b"noise" + GOOD, [("rubbish", 0, "5")], [5]),
        (b"\r\n\r\n" + GOOD, [], [4]),
        (GOOD[:-2] + GOOD, [("tail", 22, "")], [0, 22]),
        (GOOD[:-1] + GOOD, [("tail", 22, "")], [0, 23]),
        (b"##9999" + GOOD + GOOD, [("length", 0, "9999 ≠ 18")], [6, 30]),
        (GOOD.replace(b"##0012", b"##0014") + GOOD, [("length", 0, "14 ≠ 12")], [24]),
        (GOOD.replace(b"##0012", b"##0010") + GOOD, [("length", 0, "10")], [24]),
        (b"##12x4" + GOOD, [("length_field", 0, "12x4")], [6]),
        (b"##-012" + GOOD, [("length_field", 0, "-012")], [6]),
        (b"##1_23" + GOOD, [("length_field", 0, "1_23")], [6]),
        (b"#####" + GOOD, [("rubbish", 0, "5")], [5]),
        (GOOD[:-6] + b"12zz\r\n" + GOOD, [("crc_field", 18, "12zz")], [24]),
        (GOOD[:-6] + b"0x12\r\n" + GOOD, [("crc_field", 18, "0x12")], [24]),
        (GOOD + GOOD[:9], [("cut", 24, "9")], [0]),
    ],
)  # fmt: skip
def test_what_is_no_frame_is_said_with_its_place(
    stream: bytes, faults: list[tuple[str, int, str]], frames: list[int]
) -> None:
    """Each kind of trouble: its fault, its byte, what was found there, and the frames that are read all the same."""
    found = all_of(stream, [])
    assert [f[:3] for f in found if isinstance(f, Fault)] == faults
    assert [f for f in found if isinstance(f, Frame)] == [Frame(at, SEGMENT, SUM) for at in frames]


def test_a_check_sum_in_small_letters_is_read() -> None:
    """Stations print either."""
    assert hexadecimal(b"c0c1") == hexadecimal(b"C0C1") == 0xC0C1
    assert [hexadecimal(x) for x in (b"C0C", b"0xC0", b"C_01", b" C01", b"C0C11", b"")] == [None] * 6


def test_a_quiet_stream_gives_up_its_last_frame() -> None:
    """A frame without CR LF is whole once nothing follows it; one that is not whole waits on."""
    splitter = Splitter()
    assert splitter.feed(GOOD[:-2]) == []
    assert [type(f).__name__ for f in splitter.settle()] == ["Fault", "Frame"]
    assert splitter.feed(b"\r\n" + GOOD[:-3]) == []
    assert splitter.settle() == []
    assert splitter.feed(GOOD[-3:]) == [Frame(24, SEGMENT, SUM)]


def test_a_splitter_holds_no_more_than_a_frame() -> None:
    """Half a million bytes of the worst there is leave at most one frame's worth behind, and little memory in use."""
    chance = random.Random(1)
    splitter = Splitter()
    worst = (b"##9999" + b"x" * 994, b"#" * 1000, b"##0000" * 166, b"\r\n##" * 250, chance.randbytes(1000))
    tracemalloc.start()
    for n in range(500):
        splitter.feed(worst[n % len(worst)])
        assert splitter.waiting <= 9999 + 12 + 1000
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_000_000


def test_a_declared_length_above_the_limit_is_not_waited_for() -> None:
    """Whoever knows that no segment is longer than 1024 bytes can say so."""
    splitter = Splitter(longest=1024)
    assert splitter.feed(b"##1025" + b"x" * 10) == [Fault("length_field", 0, "1025")]
