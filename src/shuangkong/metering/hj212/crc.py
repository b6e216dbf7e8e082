"""The check sum of HJ 212 (annex A), the MODBUS one that some stations send instead, and both for many frames at once.

The standard shifts the register down by eight bits *before* the byte comes in, so the low byte is lost and only the
high byte goes on: a machine of eight bits, h ← M·(h ⊕ x), with M linear over GF(2). Linear, so it can be folded: the
first half of a message, taken through M as often as the second half is long, is added to the second half; seven such
foldings, each a translation and an exclusive or of whole strings, leave one byte of a hundred and twenty-eight.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_START = 0xFFFF
_POLYNOMIAL = 0xA001
#: Frames of a batch from which on numpy is quicker than one at a time.
_MANY = 6
#: Frames of one array: about as many as fit the cache of a processor.
_AT_ONCE = 512
#: Bytes of a fold that are finished one by one.
_SHORT = 16


def _table() -> tuple[int, ...]:
    rows = []
    for byte in range(256):
        register = byte
        for _ in range(8):
            register = register >> 1 ^ _POLYNOMIAL if register & 1 else register >> 1
        rows.append(register)
    return tuple(rows)


TABLE = _table()
#: M: what the state of eight bits becomes.
_STEP = bytes(t >> 8 for t in TABLE)


def _powers(count: int) -> tuple[bytes, ...]:
    """M to the power of 1, 2, 4, … as translations."""
    power, rows = _STEP, []
    for _ in range(count):
        rows.append(power)
        power = power.translate(power)
    return tuple(rows)


_POWERS = _powers(20)
_TABLE_ARRAY = np.array(TABLE, dtype=np.uint16)


def crc(data: bytes) -> int:
    """The check sum of a data segment by annex A of HJ 212: 0 to 65535, printed as four hexadecimal digits.

    >>> f"{crc(b'123456789'):04X}"
    '2F80'
    """
    if len(data) < 2:
        return TABLE[0xFF ^ data[0]] if data else _START
    # the start value, as one more byte before the message that meets a state of nought
    rest = bytes((data[0] ^ 0xFF,)) + data[1:-1]
    level = (len(rest) - 1).bit_length()
    if len(rest) > _SHORT:
        rest = rest.rjust(1 << level, b"\0")
        while level > 4:
            level -= 1
            half = 1 << level
            early = int.from_bytes(rest[:half].translate(_POWERS[level]), "big")
            rest = (early ^ int.from_bytes(rest[half:], "big")).to_bytes(half, "big")
    state, step = 0, _STEP
    for byte in rest:
        state = step[state ^ byte]
    return TABLE[state ^ data[-1]]


def crc_modbus(data: bytes) -> int:
    """CRC-16/MODBUS, which some stations send in place of the standard's.

    >>> f"{crc_modbus(b'123456789'):04X}"
    '4B37'
    """
    register = _START
    for byte in data:
        register = register >> 8 ^ TABLE[(register ^ byte) & 0xFF]
    return register


def crcs(segments: Sequence[bytes]) -> list[int]:
    """`crc` of each segment. Segments of like length go together: a batch is folded as one array."""
    if len(segments) < _MANY:
        return [crc(s) for s in segments]
    if len(segments) > _AT_ONCE:
        return [c for at in range(0, len(segments), _AT_ONCE) for c in crcs(segments[at : at + _AT_ONCE])]
    groups: dict[int, list[int]] = {}
    for place, segment in enumerate(segments):
        groups.setdefault((len(segment) - 1).bit_length(), []).append(place)
    result = [0] * len(segments)
    for level, places in groups.items():
        some = [segments[p] for p in places]
        values = [crc(s) for s in some] if len(places) < _MANY or not all(some) else _folded(some, level)
        for place, value in zip(places, values, strict=True):
            result[place] = value
    return result


def _folded(segments: Sequence[bytes], level: int) -> list[int]:
    """Of segments with 2**(level-1) < length <= 2**level: rows of one array, halved until a column is left."""
    width = 1 << level
    joined = b"".join([s.rjust(width, b"\0") for s in segments])
    rows: NDArray[np.uint8] = np.frombuffer(bytearray(joined), dtype=np.uint8).reshape(len(segments), width)
    lengths = np.fromiter(map(len, segments), dtype=np.int64, count=len(segments))
    rows[np.arange(len(segments)), width - lengths] ^= 0xFF
    while level:
        level -= 1
        half = 1 << level
        early = np.frombuffer(rows[:, :half].tobytes().translate(_POWERS[level]), dtype=np.uint8)
        rows = early.reshape(-1, half) ^ rows[:, half:]
    sums: list[int] = _TABLE_ARRAY[rows[:, 0]].tolist()
    return sums
