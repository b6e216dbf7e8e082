"""A file of frames, judged line by line (报文检查): check sum, length, head, and every item of the data area."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO, Literal

from shuangkong.kernel.errors import UserError
from shuangkong.metering.hj212.area import regular
from shuangkong.metering.hj212.crc import crc, crc_modbus
from shuangkong.metering.hj212.faults import Fault, found_in
from shuangkong.metering.hj212.framing import BEFORE, MAGIC, hexadecimal
from shuangkong.metering.hj212.readings import Gathering
from shuangkong.metering.hj212.segment import Message, head_of, read
from shuangkong.metering.hj212.standard import Edition

#: Bytes of one line; a frame has 10 011.
LONGEST = 16_384
_BLANK = b" \t\r\n\0\xef\xbb\xbf"
Sum = Literal["ok", "modbus", "bad"]


@dataclass(frozen=True, slots=True)
class Judged:
    """One line: the check sum that it says and the standard's; bytes of its segment as declared and as they are.

    `modbus` in `crc` means that the sum is that of CRC-16/MODBUS, and not the standard's. `message` is None where the
    line holds no frame.
    """

    line: int
    crc: Sum
    given: str | None
    computed: str | None
    declared: int | None
    actual: int | None
    message: Message | None
    faults: tuple[Fault, ...]

    @property
    def length_ok(self) -> bool:
        """Whether the data segment has as many bytes as the frame declares."""
        return self.declared is not None and self.declared == self.actual

    @property
    def edition(self) -> Edition | None:
        """The edition that Flag names; None without a frame or for one to come."""
        return self.message.edition if self.message is not None else None


def judge_line(line: bytes, number: int = 1) -> Judged:
    """Judge one line; what stands before `##` is no part of the frame, and CR LF may be missing."""
    text = line.strip(_BLANK)
    start = text.find(MAGIC)
    if start < 0:
        return Judged(number, "bad", None, None, None, None, None, (Fault("no_frame", 0, found_in(text)),))
    faults = [Fault("rubbish", 0, str(start))] if start else []
    body = text[start:]
    digits = body[2:BEFORE]
    declared = int(digits) if len(digits) == 4 and digits.isdigit() else None
    if declared is None:
        faults.append(Fault("length_field", start + 2, found_in(digits)))
    opening = BEFORE if declared is not None else len(MAGIC)
    segment, last = body[opening:-4], body[max(opening, len(body) - 4) :]
    given = hexadecimal(last)
    if given is None:
        faults.append(Fault("crc_field", start + len(body) - len(last), found_in(last)))
    if declared is not None and declared != len(segment):
        faults.append(Fault("length", start + 2, f"{declared} ≠ {len(segment)}"))
    computed = crc(segment)
    sums: Sum = "ok" if given == computed else "modbus" if given == crc_modbus(segment) else "bad"
    if given is not None and sums != "ok":
        code = "crc_modbus" if sums == "modbus" else "crc"
        faults.append(Fault(code, start + len(body) - len(last), found_in(last)))
    message = read(segment)
    message = replace(message, faults=(*message.faults, *_about_readings(segment)))
    wrong = tuple(f._replace(at=f.at + start + opening) for f in message.faults)
    return Judged(
        number, sums, found_in(last) if last else None, f"{computed:04X}", declared, len(segment),
        replace(message, faults=wrong), (*faults, *wrong),
    )  # fmt: skip


def judge_file(path: Path) -> Iterator[Judged]:
    """Each line of a file but blank ones, in their order, one at a time; raises IMP-001."""
    try:
        with path.open("rb") as file:
            for number, line in enumerate(_lines(file), start=1):
                if len(line) > LONGEST:
                    fault = Fault("line_long", LONGEST, str(LONGEST))
                    yield Judged(number, "bad", None, None, None, None, None, (fault,))
                elif line.strip(_BLANK):
                    yield judge_line(line, number)
    except OSError as wrong:
        raise UserError(
            "IMP-001",
            f"{wrong.strerror}.",
            where=str(path),
            remedy="Check the name and that you may read it.",
            case="unopened",
        ) from wrong


def as_json(judged: Judged) -> dict[str, Any]:
    """One line as plain shapes; null where there is nothing. `fields` are the items of the data area as printed.

    The password is left out. Of an item that stands twice the first is given.
    """
    m = judged.message
    fields: dict[str, str] = {}
    for name, value in m.items() if m is not None else ():
        if name != "PW":  # of a second head on the line
            fields.setdefault(name, value)
    return {
        "line": judged.line, "crc": judged.crc, "crc_given": judged.given, "crc_computed": judged.computed,
        "length_ok": judged.length_ok, "length_declared": judged.declared, "length_actual": judged.actual,
        "ST": (m.st or None) if m else None, "CN": (m.cn or None) if m else None, "QN": (m.qn or None) if m else None,
        "MN": (m.mn or None) if m else None, "Flag": m.flag if m else None,
        "PNUM": m.pnum if m else None, "PNO": m.pno if m else None,
        "edition": judged.edition.year if judged.edition is not None else None,
        "fields": fields,
        "flaws": [
            {"code": f"HJ212-{f.code}", "severity": f.severity, "at": f.at, "found": f.found, "zh": f.told("zh"),
             "en": f.told("en")}
            for f in judged.faults
        ],
    }  # fmt: skip


def _about_readings(segment: bytes) -> list[Fault]:
    """What is wrong with the readings of a segment: names, DataTime, values, marks."""
    head, _ = head_of(segment)
    if head.area >= len(segment):
        return []
    gathering, found = Gathering(), regular(segment[head.area : -2])
    faults = gathering.add(segment, head.area, station="", command="", system="", number=b"", received=0)
    if found is None:  # `read` has told what is no item
        faults = [f for f in faults if f.code not in ("item", "items_many")]
    return [*faults, *(f for _, f in gathering.finish()[1])] if len(gathering) else faults


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """Lines with no more than a little over LONGEST bytes of each in memory."""
    while line := file.readline(LONGEST + 1):
        yield line
        while len(line) > LONGEST and not line.endswith(b"\n"):
            line = file.readline(LONGEST + 1)
            if not line:
                return
