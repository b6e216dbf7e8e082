"""Frames out of a stream (分帧): `##`, four digits of length, the data segment, four of CRC, CR LF.

What comes out depends on the bytes alone, never on how the network cut them. Rubbish is passed over to the next `##`,
and each frame that is refused says why and where. A splitter never holds more than one frame and what was just read.
"""

from __future__ import annotations

from binascii import Error, unhexlify
from typing import NamedTuple

from shuangkong.metering.hj212.faults import Fault, found_in
from shuangkong.metering.hj212.standard import standard

MAGIC = b"##"
TAIL = b"\r\n"
#: `##` and the digits of length before a segment; the CRC and CR LF after it.
BEFORE, AFTER = 6, 6
#: Half the price of a named tuple's own constructor, for what is made of every frame.
_new = tuple.__new__
_BLANK = b"\r\n \t\0"


class Frame(NamedTuple):
    """A whole frame: where it starts in the stream, its data segment, and the CRC that it says it has."""

    at: int
    segment: bytes
    crc: int


def hexadecimal(text: bytes) -> int | None:
    """Four hexadecimal digits as a number, in either case; None for anything else."""
    try:
        return int.from_bytes(unhexlify(text), "big") if len(text) == 4 else None
    except Error:
        return None


class Splitter:
    """Takes a stream in pieces of any size and gives back whole frames, and faults for what is none."""

    __slots__ = ("_at", "_blank", "_buffer", "_longest", "_loose", "_refused", "_rubbish", "_rubbish_at")

    def __init__(self, longest: int | None = None) -> None:
        """`longest`: bytes of the longest data segment that is waited for; four digits can say 9999."""
        self._longest = longest if longest is not None else standard().limits.segment
        self._buffer = b""
        self._at = 0  # where the buffer starts in the stream
        self._rubbish = 0
        self._rubbish_at = 0
        self._blank = True
        self._refused = False  # since the last frame: what follows a refused one is the rest of it
        self._loose = False  # whether there is anything to sweep before the next frame

    @property
    def waiting(self) -> int:
        """Bytes held of a frame that is not whole yet."""
        return len(self._buffer)

    def feed(self, data: bytes) -> list[Frame | Fault]:
        """The frames that are whole by now and the faults passed on the way, in the order of the stream."""
        buffer = self._buffer + data if self._buffer else data
        found: list[Frame | Fault] = []
        here, end, base, longest = 0, len(buffer), self._at, self._longest
        while end - here >= BEFORE:
            digits = buffer[here + 2 : here + BEFORE]
            if buffer[here : here + 2] == MAGIC and digits.isdigit() and (length := int(digits)) <= longest:
                close = here + BEFORE + length
                stop = buffer.find(TAIL, here + BEFORE, close + AFTER)
                if stop == close + 4 and (given := hexadecimal(buffer[close:stop])) is not None:
                    if self._loose:
                        self._swept(found)
                    found.append(_new(Frame, (base + here, buffer[here + BEFORE : close], given)))
                    here = stop + 2
                    continue
                if stop < 0 and end < close + AFTER:
                    break
            here = self._odd(buffer, here, found)
        if here < end and end - here < BEFORE:
            here = self._resting(buffer, here)
        self._buffer = buffer[here:]
        self._at = base + here
        return found

    def settle(self) -> list[Frame | Fault]:
        """Call when a stream has been quiet: a frame that lacks nothing but its CR LF is taken as it is."""
        buffer, found = self._buffer, list[Frame | Fault]()
        bare = buffer.rstrip(TAIL)
        frame = self._bare(bare, 0) if bare.startswith(MAGIC) else None
        if frame is not None and BEFORE + len(frame.segment) + 4 == len(bare):
            self._swept(found)
            found += [Fault("tail", frame.at + len(bare)), frame]
            self._at += len(buffer)
            self._buffer = b""
        return found

    def close(self) -> list[Frame | Fault]:
        """The end of the stream: what is left, and a fault for a frame that was cut."""
        found = self.settle()
        self._swept(found)
        if self._buffer.strip(_BLANK):
            found.append(Fault("cut", self._at, str(len(self._buffer))))
        self._at += len(self._buffer)
        self._buffer = b""
        return found

    def _odd(self, buffer: bytes, here: int, found: list[Frame | Fault]) -> int:
        """What stands here is no plain frame: say why, and give the place to go on from."""
        if buffer[here : here + 2] != MAGIC:
            return self._pass_over(buffer, here)
        digits = buffer[here + 2 : here + BEFORE]
        if digits[:1] == b"#":  # a row of them: a frame can only start with its last two
            return self._row(buffer, here)
        if not digits.isdigit() or int(digits) > self._longest:
            return self._refuse(Fault("length_field", self._at + here, found_in(digits)), here + 2, found)
        frame = self._bare(buffer, here)
        close = here + BEFORE + int(digits)
        after = buffer[close + 4 : close + AFTER]
        if frame is not None and (after == MAGIC or after[:1] in (b"\r", b"\n")):
            self._swept(found)
            found += [Fault("tail", self._at + close + 4), frame]
            return close + 4
        if after == TAIL and buffer.find(TAIL, here + BEFORE, close + 4) < 0:
            fault = Fault("crc_field", self._at + close, found_in(buffer[close : close + 4]))
        else:
            fault = Fault("length", self._at + here, _shown(buffer, here, int(digits)))
        return self._refuse(fault, here + 2, found)

    def _refuse(self, fault: Fault, there: int, found: list[Frame | Fault]) -> int:
        """Say why; `##` without a length is said once for all that follow each other."""
        again = self._refused and fault.code == "length_field"
        self._swept(found)
        if not again:
            found.append(fault)
        self._refused = self._loose = True
        return there

    def _bare(self, buffer: bytes, here: int) -> Frame | None:
        """The frame that starts here if its length and the form of its CRC hold, whatever follows it."""
        digits = buffer[here + 2 : here + BEFORE]
        if len(digits) < 4 or not digits.isdigit() or int(digits) > self._longest:
            return None
        close = here + BEFORE + int(digits)
        given = hexadecimal(buffer[close : close + 4])
        if given is None or buffer.find(TAIL, here + BEFORE, close + 4) >= 0:
            return None
        return Frame(self._at + here, buffer[here + BEFORE : close], given)

    def _pass_over(self, buffer: bytes, here: int) -> int:
        """Count rubbish up to the next `##`, or to the end but for a `#` that may become one."""
        there = buffer.find(MAGIC, here)
        return self._count(buffer, here, there if there >= 0 else len(buffer) - buffer.endswith(b"#"))

    def _row(self, buffer: bytes, here: int) -> int:
        """A row of `#`: all but the last two."""
        return self._count(buffer, here, len(buffer) - len(buffer[here:].lstrip(b"#")) - 2)

    def _count(self, buffer: bytes, here: int, there: int) -> int:
        """Bytes that belong to no frame."""
        if not self._rubbish:
            self._rubbish_at, self._blank = self._at + here, True
        self._rubbish += there - here
        self._blank = self._blank and not buffer[here:there].strip(_BLANK)
        self._loose = True
        return there

    def _resting(self, buffer: bytes, here: int) -> int:
        """A few bytes at the end: keep what may become a frame, count the rest."""
        if MAGIC.startswith(buffer[here : here + 2]):
            return self._row(buffer, here) if buffer[here + 2 : here + 3] == b"#" else here
        there = self._pass_over(buffer, here)
        return self._resting(buffer, there) if there < len(buffer) else there

    def _swept(self, found: list[Frame | Fault]) -> None:
        """Say how much rubbish was passed over: neither blank lines between frames nor the rest of a refused one."""
        if self._rubbish and not self._blank and not self._refused:
            found.append(Fault("rubbish", self._rubbish_at, str(self._rubbish)))
        self._rubbish = 0
        self._refused = self._loose = False


def _shown(buffer: bytes, here: int, declared: int) -> str:
    """The declared length, and the true one where the line ends in time to know it."""
    stop = buffer.find(TAIL, here + BEFORE, here + BEFORE + declared + AFTER)
    return f"{declared} ≠ {stop - here - BEFORE - 4}" if stop >= here + BEFORE + 4 else str(declared)
