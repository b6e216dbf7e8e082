"""Frames to be sent (组帧): segments and frames of any message, answers 9011 to 9014, requests for time and history."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from shuangkong.kernel.periods import CHINA
from shuangkong.metering.hj212.crc import crc, crc_modbus, crcs
from shuangkong.metering.hj212.segment import Head
from shuangkong.metering.hj212.standard import Edition, standard

_ANSWER_SYSTEM = "91"
_SIGNS = re.compile(r"[;,=&\r\n]|##")
Group = Sequence[tuple[str, str]]


def frame(segment: bytes, *, modbus: bool = False) -> bytes:
    """A data segment with `##`, its length in bytes, its check sum and CR LF; ValueError if it is too long for that.

    `modbus`: with the check sum that some stations expect in place of the standard's.
    """
    return _framed(segment, crc_modbus(segment) if modbus else crc(segment))


def segment(
    *, st: str, cn: str, pw: str, mn: str, flag: int | None, qn: str = "", groups: Iterable[Group] = (),
    pnum: int | None = None, pno: int | None = None,
) -> bytes:  # fmt: skip
    """A data segment; fields that are empty or None are left out. ValueError for a sign that would end a value.

    Log text between `//` and `//` may hold any sign but CR and LF.
    """
    head = [("QN", qn), ("ST", st), ("CN", cn), ("PW", pw), ("MN", mn), ("Flag", flag), ("PNUM", pnum), ("PNO", pno)]
    fields = [f"{name}={_plain(str(value))}" for name, value in head if value is not None and value != ""]
    area = ";".join(",".join(f"{_plain(n)}={_plain(v)}" for n, v in group) for group in groups)
    return ";".join([*fields, f"CP=&&{area}&&"]).encode()


def answer(head: Head, cn: str, items: Mapping[str, str | int] | None = None) -> bytes:
    """The segment that answers a message with CN 9011 to 9014: its QN, ST=91, its edition's Flag, nothing to answer.

    Where the edition's answers have no QN in their head (2005), it stands first in the data area.
    """
    edition = standard().edition_of(head.flag)
    flag = (head.flag or 0) >> 2 << 2 if edition is None else edition.flag()
    names: list[tuple[str, str]] = [(name, str(value)) for name, value in (items or {}).items()]
    qn = head.qn.decode("ascii", "replace")
    if edition is not None and edition.answer_names == "area":
        names, qn = ([("QN", qn)] if qn else []) + names, ""
    return segment(
        qn=qn, st=_ANSWER_SYSTEM, cn=cn, pw=head.pw.decode("ascii", "replace"), mn=head.mn.decode("ascii", "replace"),
        flag=flag, groups=[[n] for n in names],
    )  # fmt: skip


def data_answer(head: Head) -> bytes:
    """9014: the data have been taken in (数据应答)."""
    return answer(head, "9014")


def notice_answer(head: Head) -> bytes:
    """9013: the notice was received (通知应答)."""
    return answer(head, "9013")


def request_answer(head: Head, returned: str) -> bytes:
    """9011: what a station says of a request; `returned` is the id of a QnRtn, e.g. accepted, refused, password."""
    return answer(head, "9011", {"QnRtn": standard().returned(returned)})


def execution_result(head: Head, result: str) -> bytes:
    """9012: what became of a request; `result` is the id of an ExeRtn, e.g. done, no_data."""
    return answer(head, "9012", {"ExeRtn": standard().resulted(result)})


def data_answers(heads: Sequence[Head], modbus: Sequence[bool]) -> list[bytes]:
    """Whole frames of 9014, one for each head; the check sums of all are worked out at once."""
    segments = [_data_answer(head) for head in heads]
    sums = crcs(segments)
    return [
        _framed(text, crc_modbus(text) if other else value)
        for text, value, other in zip(segments, sums, modbus, strict=True)
    ]


def request(
    edition: Edition, cn: str, *, st: str, pw: str, mn: str, now: datetime, items: Mapping[str, str] | None = None
) -> bytes:
    """The segment of a request or notice of the platform; its QN is `now` (aware) in China, to the millisecond."""
    groups = [[item] for item in (items or {}).items()]
    return segment(
        qn=request_number(now), st=st, cn=cn, pw=pw, mn=mn, flag=edition.flag(answer=True), groups=groups
    )  # fmt: skip


def set_time(edition: Edition, *, st: str, pw: str, mn: str, now: datetime) -> bytes:
    """1012: set the station's clock to `now` (设置现场机时间)."""
    return request(edition, "1012", st=st, pw=pw, mn=mn, now=now, items={"SystemTime": spelt(now)})


def get_history(
    edition: Edition, cn: str, *, st: str, pw: str, mn: str, now: datetime, begin: datetime, end: datetime
) -> bytes:
    """2031, 2041, 2051 or 2061: ask for the periods from `begin` to `end` (提取历史数据), both aware.

    ValueError for a command that has no history.
    """
    command = standard().commands.get(cn)
    if command is None or command.names != ("BeginTime", "EndTime"):
        raise ValueError(f"command {cn} asks for no history")
    items = {"BeginTime": spelt(begin), "EndTime": spelt(end)}
    return request(edition, cn, st=st, pw=pw, mn=mn, now=now, items=items)


def spelt(instant: datetime) -> str:
    """An aware instant as YYYYMMDDhhmmss in China."""
    return instant.astimezone(CHINA).strftime("%Y%m%d%H%M%S")


def request_number(instant: datetime) -> str:
    """An aware instant as QN: YYYYMMDDhhmmsszzz in China."""
    return f"{spelt(instant)}{instant.microsecond // 1000:03d}"


def _data_answer(head: Head) -> bytes:
    edition = standard().edition_of(head.flag)
    if edition is None or edition.answer_names == "area":
        return data_answer(head)
    return b"QN=%b;ST=91;CN=9014;PW=%b;MN=%b;Flag=%d;CP=&&&&" % (head.qn, head.pw, head.mn, edition.bits << 2)


def _framed(segment: bytes, value: int) -> bytes:
    if len(segment) > standard().limits.segment:
        raise ValueError(f"a segment of {len(segment)} bytes does not fit its length of four digits")
    return b"##%04d%b%04X\r\n" % (len(segment), segment, value)


def _plain(text: str) -> str:
    log = len(text) > 3 and text.startswith("//") and text.endswith("//") and "//" not in text[2:-2]
    if "\r" in text or "\n" in text or (not log and _SIGNS.search(text)):
        raise ValueError(f"“{text[:40]}” holds a sign that separates fields")
    return text
