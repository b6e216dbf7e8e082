"""The data segment (数据段): QN, ST, CN, PW, MN, Flag, PNUM, PNO and the data area, read into a message."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from shuangkong.metering.hj212.area import Item, groups
from shuangkong.metering.hj212.faults import Fault, found_in
from shuangkong.metering.hj212.standard import Command, Edition, standard
from shuangkong.metering.hj212.values import instant

_AREA, _CLOSE = b"CP=&&", b"&&"
_PLAIN = rb"[0-9A-Za-z_.\-]"
#: What the value of a field of the head may be; it is said again in the answer.
_FIELD = re.compile(rb"(?:(?!##)[!-~](?<![;,=&])){0,64}")
#: A head as the standard orders it; anything else is read field by field.
_USUAL = re.compile(
    rb"(?:QN=(\d{17});)?ST=(\w\w);CN=(\d{4});PW=(%b{0,64});MN=(%b{1,64});(?:Flag=(\d{1,3});)?(?:PNUM=(\d{1,4});PNO=(\d{1,4});)?CP=&&"
    % (_PLAIN, _PLAIN)
)
_WIDEST = 255


class Head(NamedTuple):
    """The fields before the data area, as bytes, and where the area starts; empty where a field is missing."""

    qn: bytes
    st: bytes
    cn: bytes
    pw: bytes
    mn: bytes
    flag: int | None
    pnum: int | None
    pno: int | None
    area: int


@dataclass(frozen=True, slots=True)
class Message:
    """A data segment, read. Texts are empty and numbers None where a field is missing; `groups` hold (name, value)."""

    qn: str
    st: str
    cn: str
    pw: str
    mn: str
    flag: int | None
    pnum: int | None
    pno: int | None
    groups: tuple[tuple[tuple[str, str], ...], ...]
    faults: tuple[Fault, ...] = ()

    @property
    def edition(self) -> Edition | None:
        """The edition that its Flag names; None for one to come."""
        return standard().edition_of(self.flag)

    @property
    def command(self) -> Command | None:
        """What its CN asks for; None if unknown."""
        return standard().commands.get(self.cn)

    @property
    def wants_answer(self) -> bool:
        """Bit A of Flag."""
        return bool((self.flag or 0) & 1)

    @property
    def split(self) -> bool:
        """Bit D of Flag: this is part PNO of PNUM."""
        return bool((self.flag or 0) & 2)

    @property
    def refused(self) -> bool:
        """Whether a fault keeps it from being taken in."""
        return any(f.blocks for f in self.faults)

    def items(self) -> Iterator[tuple[str, str]]:
        """Names and values of the data area in their order."""
        for group in self.groups:
            yield from group

    def value(self, name: str) -> str | None:
        """The first value of that name."""
        return next((v for n, v in self.items() if n == name), None)


def usual_head(segment: bytes) -> Head | None:
    """The head, if it is as the standard orders it and the data area is closed; else None, and `head_of` says why."""
    match = _USUAL.match(segment)
    if match is None or not segment.endswith(_CLOSE, match.end()):
        return None
    qn, st, cn, pw, mn, flag, pnum, pno = match.groups()
    if flag is not None and (value := int(flag)) <= _WIDEST:
        if pnum is None:
            if not value & 2:  # nearly all; a named tuple's own constructor costs twice as much
                return tuple.__new__(Head, (qn or b"", st, cn, pw, mn, value, None, None, match.end()))
        elif value & 2 and 0 < int(pno) <= int(pnum) <= standard().limits.parts:
            return Head(qn or b"", st, cn, pw, mn, value, int(pnum), int(pno), match.end())
        return None
    return Head(qn or b"", st, cn, pw, mn, None, None, None, match.end()) if flag is None and pnum is None else None


def head_of(segment: bytes) -> tuple[Head, list[Fault]]:
    """The head of any segment, and its faults; a fault that blocks leaves the fields that could be read.

    An area that is not there or not closed is empty, and starts at the end of the segment.
    """
    faults: list[Fault] = []
    start = 0 if segment.startswith(_AREA) else segment.find(b";" + _AREA) + 1
    if (start == 0 and not segment.startswith(_AREA)) or not segment.endswith(_CLOSE, start + len(_AREA)):
        faults.append(Fault("area", start, found_in(segment[start:] if start else segment[-40:])))
        fields, area = _fields(segment[:start] if start else segment, faults), len(segment)
    else:
        fields, area = _fields(segment[:start], faults), start + len(_AREA)
    rules = standard()
    faults += [Fault("head_missing", 0, name) for name in rules.required if not fields.get(name)]
    flag = _number(fields.get("Flag"))
    if "Flag" in fields and (flag is None or flag > _WIDEST):
        faults.append(Fault("flag", 0, found_in(fields["Flag"])))
        flag = None
    pnum, pno = _part(fields, flag, faults)
    qn, st, cn, pw, mn = (fields.get(name, b"") for name in ("QN", "ST", "CN", "PW", "MN"))
    return Head(qn, st, cn, pw, mn, flag, pnum, pno, area), faults


def read(segment: bytes) -> Message:
    """A data segment as a message, with all that is wrong with it; never raises, whatever the bytes."""
    head, faults = head_of(segment)
    faults = [*faults, *about(head, len(segment))]
    area = segment[head.area : -len(_CLOSE)] if head.area < len(segment) else b""
    found, wrong = groups(area)
    faults += [f._replace(at=f.at + head.area) for f in wrong]
    qn, st, cn, pw, mn = (_text(t, faults) for t in (head.qn, head.st, head.cn, head.pw, head.mn))
    said = tuple(tuple(_said(i, head.area, faults) for i in group) for group in found)
    return Message(qn, st, cn, pw, mn, head.flag, head.pnum, head.pno, said, tuple(faults))


def about(head: Head, length: int) -> Iterator[Fault]:
    """What the standard has to say of a head: edition, length, command, system, the time in QN."""
    rules = standard()
    edition = rules.edition_of(head.flag)
    if edition is None:
        yield Fault("edition", 0, str((head.flag or 0) >> 2))
    elif length > edition.segment:
        yield Fault("over_long", 0, str(length))
    if head.cn:
        command = rules.commands.get(found_in(head.cn))
        if command is None:
            yield Fault("command", 0, found_in(head.cn))
        elif edition is not None and head.flag is not None and command.since > edition.year:
            yield Fault("command_early", 0, found_in(head.cn))
    if head.st and found_in(head.st) not in rules.systems:
        yield Fault("system", 0, found_in(head.st))
    if head.qn and not is_number(head.qn):
        yield Fault("number", 0, found_in(head.qn))


def is_number(qn: bytes) -> bool:
    """Whether a QN is a time to the millisecond: YYYYMMDDhhmmsszzz."""
    return len(qn) == 17 and qn.isdigit() and instant(qn[:14]) is not None


def _fields(text: bytes, faults: list[Fault]) -> dict[str, bytes]:
    """Name and value of what stands before the data area."""
    fields: dict[str, bytes] = {}
    known, at = standard().head, 0
    for piece in text.split(b";"):
        name, equals, value = piece.partition(b"=")
        word = found_in(name)
        if not piece:
            pass
        elif not equals or not _FIELD.fullmatch(value):
            faults.append(Fault("head", at, found_in(piece)))
        elif word not in known:
            faults.append(Fault("head_unknown", at, found_in(piece)))
        elif word in fields:
            faults.append(Fault("head_repeated", at, word))
        else:
            fields[word] = value
        at += len(piece) + 1
    return fields


def _part(fields: dict[str, bytes], flag: int | None, faults: list[Fault]) -> tuple[int | None, int | None]:
    """PNUM and PNO, both or neither; stations also set the bit without them, or send them without the bit."""
    pnum, pno = _number(fields.get("PNUM")), _number(fields.get("PNO"))
    given = "PNUM" in fields or "PNO" in fields
    said = found_in(fields.get("PNUM", b"") + b"/" + fields.get("PNO", b""))
    if not (flag or 0) & 2:
        if given:
            faults.append(Fault("parts_given", 0, said))
    elif not given:
        faults.append(Fault("parts_absent"))
    elif pnum is None or pno is None or not 0 < pno <= pnum <= standard().limits.parts:
        faults.append(Fault("parts", 0, said))
    else:
        return pnum, pno
    return None, None


def _number(text: bytes | None) -> int | None:
    return int(text) if text is not None and text.isdigit() and len(text) <= 4 else None


def _said(item: Item, base: int, faults: list[Fault]) -> tuple[str, str]:
    return _text(item.name, faults, base + item.at), _text(item.value, faults, base + item.at)


def _text(data: bytes, faults: list[Fault], at: int = 0) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        faults.append(Fault("text", at, found_in(data)))
        return data.decode("utf-8", "replace")
