"""What is put to the fuzzer, and to the short corpus of every test run: any bytes, and what must hold of them.

`python tools/fuzz_hj212.py` looks for bytes that break it, for as long as one likes.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from shuangkong.metering.hj212.build import data_answers, frame, notice_answer
from shuangkong.metering.hj212.crc import crc, crcs
from shuangkong.metering.hj212.framing import Frame, Splitter
from shuangkong.metering.hj212.intake import Intake, Station
from shuangkong.metering.hj212.judging import as_json, judge_line
from shuangkong.metering.hj212.segment import head_of, read, usual_head

STATION = Station("HC000001", "123456", modbus=True)
#: Longest input: a few frames.
LONGEST = 4096
SEEDS = (
    b"QN=20261120083000123;ST=31;CN=2011;PW=123456;MN=HC000001;Flag=5;CP=&&DataTime=20261120083000;a21026-Rtd=12.35,"
    b"a21026-ZsRtd=14.20,a21026-Flag=N;a00000-Rtd=35.6,a00000-Flag=N&&",
    b"QN=20261120083000124;ST=32;CN=2061;PW=123456;MN=HC000001;Flag=7;PNUM=2;PNO=1;CP=&&DataTime=20261120080000;"
    b"w01018-Cou=1.5,w01018-Min=1,w01018-Avg=2e1,w01018-Max=31,w01018-Flag=D;w01018-SampleTime=20261120080500&&",
    b"QN=20261120083000125;ST=32;CN=2061;PW=123456;MN=HC000001;Flag=7;PNUM=2;PNO=2;CP=&&w00000-Cou=&&",
    "QN=20261120083000126;ST=32;CN=3020;PW=123456;MN=HC000001;Flag=9;CP=&&i11001-Info=//设备; a=b, c//&&".encode(),
    b"ST=91;CN=9013;PW=123456;MN=HC000001;Flag=0;CP=&&QN=20170516010101001&&",
    b"QN=20261120083000127;ST=32;CN=1013;PW=123456;MN=HC000001;Flag=5;CP=&&PolId=w01018&&",
)


def one(data: bytes) -> None:
    """Everything that reads bytes of others, with these; raises AssertionError where something does not hold."""
    _stream(data)
    _segment(data)
    _taken_in([data])
    judged = as_json(judge_line(data))
    assert judged["crc"] in ("ok", "modbus", "bad")


def _stream(data: bytes) -> None:
    """One read or many: the same frames; and nothing is held that could not become a frame."""
    whole, pieces = Splitter(), Splitter()
    step = 1 + len(data) % 7
    at_once = whole.feed(data)
    bit_by_bit = [f for at in range(0, len(data), step) for f in pieces.feed(data[at : at + step])]
    assert at_once + whole.close() == bit_by_bit + pieces.close()
    for found in at_once:
        if isinstance(found, Frame):
            assert found.segment in data


def _segment(data: bytes) -> None:
    """The quick reader of heads reads what the careful one does; whatever was framed comes out again."""
    quick, (head, faults) = usual_head(data), head_of(data)
    assert quick is None or (quick == head and not faults)
    read(data)
    if len(data) <= 9999 and b"\r\n" not in data and not data.endswith(b"\r"):
        assert [f[:2] for f in Splitter().feed(frame(data))] == [(0, data)]


def _taken_in(segments: list[bytes]) -> None:
    """With a right check sum: taken in or refused with a reason, and what is taken in can be answered."""
    intake = Intake[int]({STATION.mn: STATION}.get)
    arrived = [(n, Frame(0, s, c), n) for n, (s, c) in enumerate(zip(segments, crcs(segments), strict=True))]
    taking = intake.take(arrived, 0.0)
    refused = {w.origin for w in taking.wrong if w.fault.blocks}
    taken = [s.origin for s in (*taking.uploads, *taking.others)]
    assert sorted([*taken, *refused]) == list(range(len(segments)))
    if taking.readings is not None:
        assert len(taking.readings.stations) == len(taking.uploads)
        assert len(taking.readings.table()) == len(taking.readings)
    heads = [s.head for s in (*taking.uploads, *taking.others)]
    notices = [frame(notice_answer(head)) for head in heads]
    for answer in (*data_answers(heads, [False] * len(heads)), *notices):
        assert int(answer[-6:-2], 16) == crc(answer[6:-6])


def corpus(count: int, seed: int = 1) -> Iterator[bytes]:
    """Seeds, and seeds with bytes changed, cut, doubled and mixed: the same ones every time."""
    chance = random.Random(seed)
    frames = [*SEEDS, *map(frame, SEEDS), *(frame(s, modbus=True) for s in SEEDS)]
    yield from frames
    signs = b"#&=;,-/\r\n\0\xff09AN."
    for _ in range(count):
        data = bytearray(chance.choice(frames))
        for _ in range(chance.randrange(1, 6)):
            at, kind = chance.randrange(len(data) + 1), chance.randrange(5)
            if kind == 0:
                data[at : at + 1] = bytes((chance.choice(signs),))
            elif kind == 1:
                del data[at : at + chance.randrange(1, 12)]
            elif kind == 2:
                data[at:at] = data[at : at + chance.randrange(1, 30)]
            elif kind == 3:
                data[at:at] = chance.choice(frames)[: chance.randrange(1, 60)]
            else:
                data[at:at] = chance.randbytes(chance.randrange(1, 4))
        yield bytes(data[:LONGEST])
