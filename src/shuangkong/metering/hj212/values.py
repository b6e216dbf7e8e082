"""Texts of many values into columns at once (数值): whole millionths, microseconds of UTC, marks.

A decimal is exact: digits to whole numbers, no float in between. What is no number has no value, never zero.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from shuangkong.kernel.periods import CHINA
from shuangkong.metering.hj212.faults import Fault, found_in
from shuangkong.metering.hj212.standard import standard
from shuangkong.metering.model import MOST, NO_MARK, NO_VALUE, SCALE

#: The mark of a value whose Flag is not one sign.
STRANGE = ord("?")
_NUMBER = re.compile(rb"[+-]?(?:[0-9]{1,40}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})(?:[eE][+-]?[0-9]{1,2})?")
#: What a column casts without a second look.
_PLAIN = r"^-?[0-9]{1,12}(?:\.[0-9]{1,6})?$"
_DIGITS = b"0123456789.-"
_KEPT = 8192
_INSTANTS: dict[bytes, int | None] = {}
_MARKS: dict[tuple[bytes, ...], tuple[bytes, bool]] = {}


def instant(text: bytes) -> int | None:
    """Microseconds since 1970 in UTC of `YYYYMMDDhhmmss` in China; None if it is no such time."""
    try:
        return _INSTANTS[text]
    except KeyError:
        pass
    if len(_INSTANTS) >= _KEPT:
        _INSTANTS.clear()
    _INSTANTS[text] = found = _instant(text)
    return found


def _instant(text: bytes) -> int | None:
    if len(text) != 14 or not text.isdigit():
        return None
    try:
        day = datetime(
            int(text[:4]), int(text[4:6]), int(text[6:8]), int(text[8:10]), int(text[10:12]), int(text[12:]),
            tzinfo=CHINA,
        )  # fmt: skip
        return (day - _EPOCH) // timedelta(microseconds=1)
    except (ValueError, OverflowError):
        return None


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def one_value(text: bytes) -> tuple[int, str]:
    """A number in millionths, and the code of a fault or nothing. NO_VALUE for what is none, or too large.

    Digits after the sixth place are rounded half to even, and that is said.
    """
    text = text.strip()
    if not _NUMBER.fullmatch(text):
        return NO_VALUE, "value"
    exact = Decimal(text.decode("ascii")) * SCALE
    if abs(exact) > MOST + 1:
        return NO_VALUE, "value_large"
    whole = exact.to_integral_value(ROUND_HALF_EVEN)
    if abs(whole) > MOST:
        return NO_VALUE, "value_large"
    return int(whole), "" if whole == exact else "value_rounded"


def column(texts: Sequence[bytes]) -> tuple[NDArray[np.int64], list[tuple[int, Fault]]]:
    """Values in millionths, and each fault with the row that it is of."""
    raw = pa.array(texts, pa.binary())
    if not b"".join(texts).translate(None, _DIGITS):
        try:
            return _cast(raw), []
        except pa.ArrowInvalid:
            pass
    return _one_by_one(texts, raw)


def _cast(raw: pa.Array) -> NDArray[np.int64]:
    decimals = raw.cast(pa.string()).cast(pa.decimal128(18, 6))
    low: NDArray[np.int64] = np.frombuffer(decimals.buffers()[1], dtype="<i8")[::2]
    return low.copy()


def _one_by_one(texts: Sequence[bytes], raw: pa.Array) -> tuple[NDArray[np.int64], list[tuple[int, Fault]]]:
    """Plain numbers together, the others by themselves."""
    plain = np.asarray(pc.match_substring_regex(raw, _PLAIN))
    result: NDArray[np.int64] = np.full(len(texts), NO_VALUE, dtype=np.int64)
    result[plain] = _cast(raw.filter(pa.array(plain)))
    faults: list[tuple[int, Fault]] = []
    for row in np.flatnonzero(~plain).tolist():
        result[row], code = one_value(texts[row])
        if code:
            faults.append((row, Fault(code, 0, found_in(texts[row]))))
    return result, faults


def marks(texts: tuple[bytes, ...]) -> tuple[bytes, bool]:
    """Marks as one byte each (NO_MARK where there is none), and whether all are known ones."""
    try:
        return _MARKS[texts]
    except KeyError:
        pass
    if len(_MARKS) >= _KEPT:
        _MARKS.clear()
    known = {m.encode() for m in standard().marks} | {b""}
    _MARKS[texts] = found = (bytes(map(mark, texts)), known.issuperset(texts))
    return found


def mark(text: bytes) -> int:
    """A mark as the number of its sign: N is 78. NO_MARK where there is none, 63 for what is not one sign."""
    if not text:
        return NO_MARK
    return text[0] if len(text) == 1 and 32 < text[0] < 127 else STRANGE
