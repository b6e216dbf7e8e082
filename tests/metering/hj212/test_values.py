"""Texts of values into exact columns: the fast way and the careful one are the same, and nothing is made up."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shuangkong.metering.hj212.values import column, instant, mark, marks, one_value
from shuangkong.metering.model import MOST, NO_MARK, NO_VALUE

NUMBERISH = st.text(alphabet="0123456789.+-eE ", max_size=12).map(str.encode)


@given(st.lists(st.one_of(NUMBERISH, st.binary(max_size=8)), max_size=12))
@example([b"4444e+-6"])
@example([b"1", b"-", b".", b"--1", b"1.2.3", b"1e5", b" 7 ", b"\xff"])
@example([b"9" * 40, b"0." + b"0" * 40, b"1e99", b"-999999999999.999999", b"999999999999.9999999"])
def test_a_column_is_its_values_one_by_one(texts: list[bytes]) -> None:
    """What is cast together is what each text comes to alone, faults included."""
    values, faults = column(texts)
    alone = [one_value(t) for t in texts]
    assert values.tolist() == [value for value, _ in alone]
    assert [(row, f.code) for row, f in faults] == [(row, code) for row, (_, code) in enumerate(alone) if code]


@given(st.decimals(min_value=-(10**12) + 1, max_value=10**12 - 1, places=6, allow_nan=False, allow_infinity=False))
def test_every_value_that_fits_is_exact(value: Decimal) -> None:
    """Twelve digits before the point and six after it come back as printed."""
    values, faults = column([f"{value:f}".encode()])
    assert faults == []
    assert Decimal(int(values[0])).scaleb(-6) == value


@pytest.mark.parametrize(
    ("text", "millionths", "fault"),
    [
        (b"0", 0, ""),
        (b"-0.000001", -1, ""),
        (b"+5", 5_000_000, ""),
        (b".5", 500_000, ""),
        (b"1E-3", 1000, ""),
        (b"1.0000005", 1_000_000, "value_rounded"),
        (b"1.0000015", 1_000_002, "value_rounded"),
        (b"999999999999.999999", MOST, ""),
        (b"999999999999.9999996", NO_VALUE, "value_large"),
        (b"1000000000000", NO_VALUE, "value_large"),
        (b"", NO_VALUE, "value"),
        (b"-", NO_VALUE, "value"),
        (b"NaN", NO_VALUE, "value"),
        (b"Infinity", NO_VALUE, "value"),
        (b"0x10", NO_VALUE, "value"),
        (b"1_000", NO_VALUE, "value"),
        ("１２".encode(), NO_VALUE, "value"),
    ],
)  # fmt: skip
def test_a_value_is_exact_or_missing(text: bytes, millionths: int, fault: str) -> None:
    """Halves go to the even digit and are said; what is no number is missing, never nought."""
    assert one_value(text) == (millionths, fault)


def test_an_instant_is_chinese_time() -> None:
    """Half past eight in China is half past midnight in UTC; summer time was in force in July 1988."""
    assert instant(b"20261120083000") == int(datetime(2026, 11, 20, 0, 30, tzinfo=UTC).timestamp()) * 10**6
    assert instant(b"19880701083000") == int(datetime(1988, 6, 30, 23, 30, tzinfo=UTC).timestamp()) * 10**6


@pytest.mark.parametrize(
    "text",
    [b"", b"2026112008300", b"202611200830000", b"20260230000000", b"20261120240000", b"2026-11-20 08:", b"0" * 14],
)  # fmt: skip
def test_what_is_no_time_is_none(text: bytes) -> None:
    """Too short, too long, a day that there is not, an hour of 24, other forms."""
    assert instant(text) is None


@given(st.binary(max_size=16))
def test_any_bytes_are_a_time_or_none(text: bytes) -> None:
    """Never an error, and the same twice."""
    assert instant(text) == instant(text)


def test_marks_keep_the_sign_that_was_sent() -> None:
    """One sign is kept, known or not; none is none; more than one is the sign for what cannot be kept."""
    assert [mark(t) for t in (b"N", b"B", b"x", b"", b"NN", b"\xff", b" ")] == [78, 66, 120, NO_MARK, 63, 63, 63]
    assert marks((b"N", b"", b"D")) == (bytes((78, 0, 68)), True)
    assert marks((b"N", b"x")) == (bytes((78, 120)), False)
