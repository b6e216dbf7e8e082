"""The check sum of annex A, that of MODBUS, and many at once: against the text of the standard, bit by bit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shuangkong.metering.hj212.crc import crc, crc_modbus, crcs

#: HJ 212-2017, sample of a whole frame.
SAMPLE = b"QN=20160801085857223;ST=32;CN=1062;PW=100000;MN=010000A8900016F000169DC0;Flag=5;CP=&&RtdInterval=30&&"


def bit_by_bit(data: bytes, *, modbus: bool = False) -> int:
    """Annex A as it is written; MODBUS brings the byte in before the register is shifted."""
    register = 0xFFFF
    for byte in data:
        register = register ^ byte if modbus else register >> 8 ^ byte
        for _ in range(8):
            lowest = register & 1
            register >>= 1
            if lowest:
                register ^= 0xA001
    return register


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"", "FFFF"),
        (b"A", "7080"),
        (b"QN=1", "F141"),
        (b"123456789", "2F80"),
        (SAMPLE, "1C80"),
    ],
)  # fmt: skip
def test_the_check_sum_is_that_of_the_standard(text: bytes, expected: str) -> None:
    """Known sums, the sample of the standard among them."""
    assert f"{crc(text):04X}" == expected


def test_modbus_is_another_sum() -> None:
    """The sum that other programs print for the usual check text, and for the sample of the standard."""
    assert f"{crc_modbus(b'123456789'):04X}" == "4B37"
    assert f"{crc_modbus(SAMPLE):04X}" == "0759"


@given(st.binary(max_size=1200))
def test_one_sum_is_annex_a(data: bytes) -> None:
    """Any bytes: folded and bit by bit are the same, in both kinds."""
    assert crc(data) == bit_by_bit(data)
    assert crc_modbus(data) == bit_by_bit(data, modbus=True)


@pytest.mark.parametrize("length", [0, 1, 2, 15, 16, 17, 18, 19, 31, 32, 33, 34, 127, 128, 129, 1023, 1024, 1025, 9999])
def test_the_length_at_a_fold_makes_no_difference(length: int) -> None:
    """Lengths around each power of two, up to the longest segment."""
    data = bytes(n * 37 % 251 for n in range(length))
    assert crc(data) == bit_by_bit(data)
    assert crcs([data] * 8) == [bit_by_bit(data)] * 8


@given(st.lists(st.binary(max_size=300), max_size=40))
def test_many_sums_are_each_its_own(segments: list[bytes]) -> None:
    """A batch of any lengths, empty ones among them, in the order given."""
    assert crcs(segments) == [bit_by_bit(s) for s in segments]


def test_a_large_batch_is_cut() -> None:
    """More frames than one array takes."""
    segments = [b"QN=%d" % n for n in range(1300)]
    assert crcs(segments) == [crc(s) for s in segments]
