"""The server: answers only what is stored, refuses what is wrong and goes on, and holds stations back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from shuangkong.metering.committing import Committer
from shuangkong.metering.hj212.api import (
    ALL_KEPT,
    Acknowledged,
    FaultLog,
    Observed,
    Readings,
    SentBefore,
    Server,
    Splitter,
    Station,
    execution_result,
    frame,
    head_of,
    into_journal,
    read,
    request_answer,
    standard,
)
from shuangkong.metering.hj212.framing import Frame
from shuangkong.metering.journal import Broken, records, segments
from shuangkong.metering.journal import Journal as GroundJournal
from shuangkong.metering.model import NO_MARK, NO_VALUE, unpacked

LIMITS = replace(standard().server, quiet_seconds=0.02, answer_seconds=10, result_seconds=10, tries=3)
NOW = datetime(2026, 11, 20, 0, 30, 0, 123000, tzinfo=UTC)
STATIONS = {s.mn: s for s in (Station("HC000001", "123456"), Station("HC000002", "654321"), Station("OLD1", "1", True))}


def alone(work: Coroutine[Any, Any, None]) -> None:
    """Run in a thread of its own: the browser of another test may keep a loop running in this one."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, work).result()


def upload(
    n: int = 0, *, mn: str = "HC000001", pw: str = "123456", flag: int = 5, area: str = "", cn: str = "2011",
    extra: str = "", modbus: bool = False,
) -> bytes:  # fmt: skip
    """An upload of one value; its QN says which it is."""
    area = area or f"DataTime=20261120083000;w01001-Rtd={n}.5,w01001-Flag=N"
    text = f"QN=20261120083{n:06d};ST=32;CN={cn};PW={pw};MN={mn};Flag={flag};{extra}CP=&&{area}&&"
    return frame(text.encode(), modbus=modbus)


@dataclass
class Journal:
    """What a test's server stored and told."""

    batches: list[Readings] = field(default_factory=list)
    told: list[Observed] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    answers: list[Acknowledged | BaseException] = field(default_factory=list)

    async def taken(self, readings: Readings) -> Acknowledged:
        """Store once the gate is open, and say what the test wants said."""
        await self.gate.wait()
        said = self.answers.pop(0) if self.answers else ALL_KEPT
        if isinstance(said, BaseException):
            raise said
        self.batches.append(readings)
        return said

    @property
    def values(self) -> list[Any]:
        """All values, in the order in which they were stored."""
        return [v for b in self.batches for v in b.value.tolist()]

    def codes(self) -> list[str]:
        """The codes of the faults."""
        return [o.fault.code for o in self.told]


class Line:
    """A station's end of a connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer, self.splitter, self.found = reader, writer, Splitter(), list[Frame]()

    def send(self, data: bytes) -> None:
        """Bytes to the server."""
        self.writer.write(data)

    async def next(self, wait: float = 60) -> bytes | None:
        """The next segment from the server; None if nothing comes, or the line is closed."""
        while not self.found:
            try:
                data = await asyncio.wait_for(self.reader.read(65536), wait)
            except (TimeoutError, ConnectionError):
                return None
            if not data:
                return None
            self.found += [f for f in self.splitter.feed(data) if isinstance(f, Frame)]
        return self.found.pop(0).segment

    async def numbers(self, count: int) -> list[int]:
        """Which uploads the next answers are of."""
        return [int(read(await self.next() or b"").qn[-6:]) for _ in range(count)]


@asynccontextmanager
async def serving(journal: Journal, **limits: Any) -> AsyncIterator[tuple[Server, Callable[[], Awaitable[Line]]]]:
    """A server with these stations, and how to call it."""
    server = Server(
        journal.taken, STATIONS.get, clock=lambda: NOW, told=journal.told.extend, limits=replace(LIMITS, **limits)
    )
    port = await server.listen("127.0.0.1", 0)
    work = asyncio.create_task(server.serve())
    lines: list[Line] = []

    async def call() -> Line:
        lines.append(Line(*await asyncio.open_connection("127.0.0.1", port)))
        return lines[-1]

    try:
        yield server, call
    finally:
        for line in lines:
            line.writer.close()
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)


async def until(true: Callable[[], bool]) -> None:
    """Wait for something that must come about, with patience for a busy machine."""
    async with asyncio.timeout(60):
        while not true():
            await asyncio.sleep(0.005)


def test_an_answer_comes_only_once_the_readings_are_stored() -> None:
    """While the journal is at work there is no answer; then there is, and it is 9014 with the same QN."""

    async def run() -> None:
        journal = Journal()
        async with serving(journal) as (_, call):
            line = await call()
            line.send(upload(7))
            assert await line.next(0.1) is None
            journal.gate.set()
            answer = read(await line.next() or b"")
            assert (answer.cn, answer.st, answer.qn, answer.flag) == ("9014", "91", "20261120083000007", 4)
        assert journal.values == [7_500_000]
        row = journal.batches[0].table().to_pylist()[0]
        assert (row["station"], row["factor"], row["command"], row["received"]) == ("HC000001", "w01001", "2011", NOW)

    alone(run())


def test_what_was_not_stored_is_not_answered() -> None:
    """A full disk: no answer, and it is told; the next upload of the same connection is answered."""

    async def run() -> None:
        journal = Journal(answers=[OSError(28, "No space left on device")])
        journal.gate.set()
        async with serving(journal) as (server, call):
            line = await call()
            line.send(upload(1))
            await until(lambda: journal.codes() == ["not_kept"])
            line.send(upload(2))
            assert await line.numbers(1) == [2]
            assert (server.counts["kept"], server.counts["answered"]) == (1, 1)
        assert journal.values == [2_500_000]

    alone(run())


def test_a_journal_can_refuse_single_frames() -> None:
    """The frames of a batch that it names get no answer, the others do."""

    async def run() -> None:
        journal = Journal(answers=[Acknowledged(frozenset({0, 2}))])
        journal.gate.set()
        async with serving(journal) as (_, call):
            line = await call()
            line.send(b"".join(upload(n) for n in range(4)))
            assert await line.numbers(2) == [1, 3]
            assert await line.next(0.1) is None

    alone(run())


def test_a_bug_of_the_journal_is_not_hidden() -> None:
    """Anything else that it raises stops the server, which says so."""

    async def run() -> None:
        journal = Journal(answers=[ZeroDivisionError()])
        journal.gate.set()
        server = Server(journal.taken, STATIONS.get, clock=lambda: NOW, limits=LIMITS)
        port = await server.listen("127.0.0.1", 0)
        work = asyncio.create_task(server.serve())
        line = Line(*await asyncio.open_connection("127.0.0.1", port))
        line.send(upload(1))
        with pytest.raises(ExceptionGroup) as raised:
            await work
        assert raised.group_contains(ZeroDivisionError)
        line.writer.close()

    alone(run())


WRONG = [
    (b"rubbish", ["rubbish"]),
    (b"##12x4", ["length_field"]),
    (upload(1).replace(b"##0", b"##1"), ["length"]),
    (upload(1)[:-6] + b"0000\r\n", ["crc"]),
    (upload(1, modbus=True), ["crc", "crc_modbus"]),
    (upload(1, mn="HC999999"), ["station"]),
    (upload(1, pw="000000"), ["password"]),
    (upload(1, area="w01001-Rtd=1"), ["time_missing"]),
    (upload(1, area="DataTime=2026;w01001-Rtd=1"), ["time"]),
    (upload(1, area="DataTime=00010101000000;w01001-Rtd=1"), ["time_impossible"]),
    (upload(1, area="DataTime=19700101080000;w01001-Rtd=1"), ["time_impossible"]),
    (upload(1, area="DataTime=20261121083001;w01001-Rtd=1"), ["time_impossible"]),
    (upload(1, area="8f3a01c5d2e4"), ["item", "unreadable"]),
    (upload(1, area="6L+Z5piv5Yqg5a+G="), ["name", "unreadable"]),
    (frame(b"nothing of the kind"), ["head", "area", "head_missing", "head_missing", "head_missing", "head_missing"]),
    (frame(b""), ["area", "head_missing", "head_missing", "head_missing", "head_missing"]),
]  # fmt: skip


@pytest.mark.parametrize(("wrong", "codes"), WRONG, ids=[",".join(c) for _, c in WRONG])
def test_a_malformed_frame_is_refused_and_the_connection_goes_on(wrong: bytes, codes: list[str]) -> None:
    """It is told with the address of the station, gets no answer, and the frame after it does."""

    async def run() -> None:
        journal = Journal()
        journal.gate.set()
        async with serving(journal) as (server, call):
            line = await call()
            line.send(wrong + upload(2))
            assert await line.numbers(1) == [2]
            await until(lambda: sorted(journal.codes()) == sorted(codes))
            assert all(o.peer.startswith("127.0.0.1:") for o in journal.told)
            assert server.connections == 1
        assert journal.values == [2_500_000]

    alone(run())


def test_a_station_that_is_registered_with_modbus_is_answered_so() -> None:
    """Its check sums are those of MODBUS, told as a remark, and so are its answers."""

    async def run() -> None:
        journal = Journal()
        journal.gate.set()
        async with serving(journal) as (_, call):
            line = await call()
            sent = upload(1, mn="OLD1", pw="1", modbus=True)
            line.send(sent)
            segment = await line.next() or b""
            assert read(segment).mn == "OLD1"
            assert line.splitter.waiting == 0
            assert journal.codes() == ["crc_modbus"]

    alone(run())


def test_bytes_one_by_one_are_frames_all_the_same() -> None:
    """A slow line, and a frame that lacks its CR LF at the end of it."""

    async def run() -> None:
        journal = Journal()
        journal.gate.set()
        async with serving(journal) as (_, call):
            line = await call()
            for byte in upload(1) + upload(2)[:-2]:
                line.send(bytes((byte,)))
                await line.writer.drain()
            assert await line.numbers(2) == [1, 2]
            assert journal.codes() == ["tail"]

    alone(run())


def test_many_stations_each_get_their_own_answer() -> None:
    """Three hundred connections at once, one upload each: taken in in few batches, every answer to whom it belongs."""

    async def run() -> None:
        journal = Journal()
        journal.gate.set()
        async with serving(journal) as (server, call):
            lines = [await call() for _ in range(300)]
            for n, line in enumerate(lines):
                line.send(upload(n))
            assert [await line.numbers(1) for line in lines] == [[n] for n in range(300)]
            assert server.counts["kept"] == 300

    alone(run())


def test_stations_are_held_back_while_too_much_waits() -> None:
    """A journal that stands still: the server reads no more than its limit allows, and nothing is lost afterwards."""

    async def run() -> None:
        journal, count = Journal(), 10_000
        async with serving(journal, connection_bytes=20_000, inbox_bytes=60_000, batch_frames=100) as (server, call):
            lines = [await call() for _ in range(4)]
            for line in lines:
                line.send(b"".join(upload(n) for n in range(count)))
            await until(lambda: server.held > 60_000)
            await asyncio.sleep(0.2)
            assert server.held < 60_000 + 1_000_000 < len(lines) * count * len(upload(0))  # one read more at most
            journal.gate.set()
            assert [await line.numbers(count) for line in lines] == [list(range(count))] * 4
            assert (server.held, server.counts["kept"]) == (0, 4 * count)

    alone(run())


def test_a_station_that_hangs_up_is_stored_all_the_same() -> None:
    """What it sent before counts; the answers to it go nowhere, or to the half of the line that is still open."""

    async def run() -> None:
        journal = Journal()
        async with serving(journal) as (server, call):
            gone, half = await call(), await call()
            gone.send(upload(1))
            half.send(upload(2))
            await until(lambda: server.held > 0)
            gone.writer.transport.abort()
            half.writer.write_eof()
            await asyncio.sleep(0.05)
            journal.gate.set()
            assert await half.numbers(1) == [2]
            assert await half.next() is None
            await until(lambda: server.connections == 0)
        assert sorted(journal.values) == [1_500_000, 2_500_000]

    alone(run())


def test_an_idle_connection_is_closed_and_rubbish_does_not_keep_it() -> None:
    """Only frames that are taken in count as a sign of life."""

    async def run() -> None:
        journal = Journal()
        journal.gate.set()
        async with serving(journal, idle_seconds=2) as (server, call):
            busy, noisy, sent = await call(), await call(), 0
            while "idle" not in journal.codes():
                busy.send(upload(sent))
                noisy.send(b"rubbish##" * 20)
                sent += 1
                await asyncio.sleep(0.03)
            assert await busy.numbers(sent) == list(range(sent))
            assert await noisy.next() is None
            await until(lambda: server.connections == 0)

    alone(run())


def test_no_more_connections_than_there_is_room_for() -> None:
    """The third of two is closed at once, and that is told."""

    async def run() -> None:
        journal = Journal()
        async with serving(journal, connections=2) as (server, call):
            lines = [await call() for _ in range(3)]
            await until(lambda: journal.codes() == ["crowded"])
            assert await lines[2].next() is None
            assert server.connections == 2

    alone(run())


def test_faults_without_end_are_counted_and_not_kept() -> None:
    """A flood of frames with wrong check sums: some are told, the others are a number."""

    async def run() -> None:
        journal = Journal()
        journal.gate.set()
        async with serving(journal, faults_told=10) as (server, call):
            line = await call()
            line.send((upload(1)[:-6] + b"0000\r\n") * 500 + upload(2))
            assert await line.numbers(1) == [2]
            await until(lambda: server.counts["faults"] == 500)
            assert journal.codes().count("crc") < 500
            assert "more" in journal.codes()

    alone(run())


def test_a_split_message_is_taken_part_by_part() -> None:
    """Each part is stored and answered by itself; one without DataTime has that of its message."""

    async def run() -> None:
        journal = Journal()
        journal.gate.set()
        async with serving(journal) as (_, call):
            line = await call()
            line.send(upload(1, flag=7, cn="2061", extra="PNUM=2;PNO=1;", area="DataTime=20261120080000;a-Avg=1"))
            assert await line.numbers(1) == [1]
            line.send(upload(2, flag=7, cn="2061", extra="PNUM=2;PNO=2;", area="b-Avg=2,b-Flag=N"))
            assert await line.numbers(1) == [2]
            line.send(upload(3, flag=7, cn="2061", extra="PNUM=3;PNO=3;", area="c-Avg=2"))
            await until(lambda: journal.codes() == ["parts_time", "time_missing"])
        rows = [r for b in journal.batches for r in b.table().to_pylist()]
        assert [(r["factor"], r["at"].hour) for r in rows] == [("a", 0), ("b", 0)]

    alone(run())


def test_a_station_that_asks_for_the_time_is_told() -> None:
    """1013 is answered by 9013, and 1012 with the time of the clock in China follows."""

    async def run() -> None:
        async with serving(Journal()) as (_, call):
            line = await call()
            line.send(upload(1, cn="1013", area="PolId=w01018"))
            first, second = read(await line.next() or b""), read(await line.next() or b"")
            assert (first.cn, first.qn, list(first.items())) == ("9013", "20261120083000001", [])
            assert (second.cn, second.flag, dict(second.items())) == ("1012", 5, {"SystemTime": "20261120083000"})

    alone(run())


def test_history_is_asked_for_and_comes_as_an_upload() -> None:
    """9011, the hours with their own command, 9012: the request is done, and the hours are in the journal."""

    async def run() -> None:
        journal = Journal()
        journal.gate.set()
        async with serving(journal) as (server, call):
            line = await call()
            line.send(upload(1))
            await line.numbers(1)
            items = {"BeginTime": "20261120000000", "EndTime": "20261120080000"}
            asking = asyncio.create_task(server.ask("HC000001", "2061", items))
            asked = await line.next() or b""
            message, (head, _) = read(asked), head_of(asked)
            assert (message.cn, message.st, message.flag, dict(message.items())) == ("2061", "32", 5, items)
            line.send(frame(request_answer(head, "accepted")))
            line.send(upload(2, cn="2061", area="DataTime=20261120070000;w01001-Avg=7.5,w01001-Flag=N"))
            assert await line.numbers(1) == [2]
            line.send(frame(execution_result(head, "done")))
            done = await asking
            assert (done.done, done.tries, done.number, done.returned and done.returned.id) == (
                True, 1, "20261120083000123", "accepted",
            )  # fmt: skip
            assert server.stations() == {"HC000001": journal_peer(line)}
        assert [b.commands for b in journal.batches] == [("2011",), ("2061",)]

    alone(run())


def journal_peer(line: Line) -> str:
    """The address that the server knows a station by."""
    host, port = line.writer.get_extra_info("sockname")
    return f"{host}:{port}"


@pytest.mark.parametrize(
    ("answers", "tries", "returned", "result"),
    [([], 3, None, None), (["refused"], 1, "refused", None), (["accepted"], 1, "accepted", None)],
)
def test_a_request_that_is_not_carried_out_ends(
    answers: Sequence[str], tries: int, returned: str | None, result: str | None
) -> None:
    """No answer after three tries with one QN; a refusal; accepted and then silence."""

    async def run() -> None:
        journal = Journal()
        journal.gate.set()
        patience = 10 if answers else 0.1
        async with serving(journal, answer_seconds=patience, result_seconds=0.2) as (server, call):
            line = await call()
            line.send(upload(1))
            await line.numbers(1)
            asking = asyncio.create_task(server.ask("HC000001", "1061"))
            asked = await line.next() or b""
            for word in answers:
                line.send(frame(request_answer(head_of(asked)[0], word)))
            done = await asking
            assert (done.tries, done.returned and done.returned.id, done.result, done.done) == (
                tries, returned, result, False,
            )  # fmt: skip
            assert [await line.next() for _ in range(tries - 1)] == [asked] * (tries - 1)
            with pytest.raises(LookupError):
                await server.ask("HC000002", "1061")

    alone(run())


def test_readings_go_into_the_journal_and_come_out_as_they_were(tmp_path: Path) -> None:
    """With the platform's journal behind it: answered once durable, under channels that tell minutes from hours."""
    with GroundJournal(tmp_path / "journal") as ground, Committer(ground, lambda: 0) as committer:

        async def run() -> None:
            server = Server(into_journal(committer), STATIONS.get, clock=lambda: NOW, limits=LIMITS)
            port = await server.listen("127.0.0.1", 0)
            work = asyncio.create_task(server.serve())
            line = Line(*await asyncio.open_connection("127.0.0.1", port))
            for n, cn in enumerate(("2051", "2061")):
                line.send(upload(n, cn=cn, area="DataTime=20261120080000;a-Avg=1.5,a-Flag=D;b-Avg="))
                assert await line.numbers(1) == [n]
            line.send(upload(2, cn="3020", area="DataTime=20261120080000;i11001-Info=//x//"))
            assert await line.numbers(1) == [2]
            line.writer.close()
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)

        alone(run())
    found = [record for path in segments(tmp_path / "journal") for record in records(path)]
    posts = [unpacked(bytes(record[1])) for record in found if not isinstance(record, Broken)]
    at = int(datetime(2026, 11, 20, tzinfo=UTC).timestamp()) * 10**6
    assert [
        (p.source, p.channels[c], int(t), int(v), int(m))
        for p in posts
        for c, t, v, m in zip(p.channel, p.at, p.value, p.mark, strict=True)
    ] == [
        ("hj212", f"HC000001/{factor}-avg/{cn}", at, value, mark)
        for cn in ("2051", "2061")
        for factor, value, mark in (("a", 1_500_000, ord("D")), ("b", NO_VALUE, NO_MARK))
    ]


def test_a_frame_that_comes_again_is_answered_and_kept_once(tmp_path: Path) -> None:
    """Byte for byte and under its QN it is the same frame, at once, later, and beside others; another value is not."""
    sent = SentBefore()
    with GroundJournal(tmp_path / "journal") as ground, Committer(ground, lambda: 0) as committer:

        async def run() -> None:
            server = Server(into_journal(committer, sent), STATIONS.get, clock=lambda: NOW, limits=LIMITS)
            port = await server.listen("127.0.0.1", 0)
            work = asyncio.create_task(server.serve())
            line = Line(*await asyncio.open_connection("127.0.0.1", port))
            line.send(upload(1) * 2)
            assert await line.numbers(2) == [1, 1]
            line.send(upload(1) + upload(2))
            assert sorted(await line.numbers(2)) == [1, 2]
            line.send(upload(1, area="DataTime=20261120083000;w01001-Rtd=9.5,w01001-Flag=N"))
            assert await line.numbers(1) == [1]
            line.writer.close()
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)

        alone(run())
    found = [record for path in segments(tmp_path / "journal") for record in records(path)]
    values = [int(v) for r in found if not isinstance(r, Broken) for v in unpacked(bytes(r[1])).value]
    assert sorted(values) == [1_500_000, 2_500_000, 9_500_000]
    assert sent.again == 2


def test_a_part_without_a_time_is_of_its_message(tmp_path: Path) -> None:
    """Two messages under one QN, whose second parts say the same without a time: each hour has its reading."""
    with GroundJournal(tmp_path / "journal") as ground, Committer(ground, lambda: 0) as committer:

        async def run() -> None:
            server = Server(into_journal(committer, SentBefore()), STATIONS.get, clock=lambda: NOW, limits=LIMITS)
            port = await server.listen("127.0.0.1", 0)
            work = asyncio.create_task(server.serve())
            line = Line(*await asyncio.open_connection("127.0.0.1", port))
            for hour in ("07", "08"):
                one = f"DataTime=20261120{hour}0000;w01001-Avg={hour}.5,w01001-Flag=N"
                for n, area in ((1, one), (2, "w01018-Avg=3.5,w01018-Flag=N")):
                    line.send(upload(1, cn="2061", flag=7, extra=f"PNUM=2;PNO={n};", area=area))
                    assert await line.numbers(1) == [1]
            line.writer.close()
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)

        alone(run())
    found = [record for path in segments(tmp_path / "journal") for record in records(path)]
    batches = [unpacked(bytes(r[1])) for r in found if not isinstance(r, Broken)]
    told = [(b.channels[c].split("/")[1], int(t)) for b in batches for c, t in zip(b.channel, b.at, strict=True)]
    assert [name for name, _ in told] == ["w01001-avg", "w01018-avg"] * 2
    assert len({t for name, t in told if name == "w01018-avg"}) == 2


def test_what_is_remembered_of_frames_is_bounded() -> None:
    """Of the frames sent, at least half as many as are to be remembered are, and never more than all of them."""
    sent = SentBefore(most=8)
    for n in range(100):
        sent.kept([n.to_bytes(16, "big")], 0)
    held = sent._fresh | sent._older
    assert 4 <= len(held) <= 8
    assert (99).to_bytes(16, "big") in held


def test_faults_are_kept_by_station(tmp_path: Path) -> None:
    """Each station has its own counts, reasons and last time; an MN that nobody registered stands apart."""
    log = FaultLog(lambda: NOW)

    async def run() -> None:
        journal = Journal()
        journal.gate.set()
        server = Server(journal.taken, STATIONS.get, clock=lambda: NOW, limits=LIMITS, log=log)
        port = await server.listen("127.0.0.1", 0)
        work = asyncio.create_task(server.serve())
        line = Line(*await asyncio.open_connection("127.0.0.1", port))
        line.send(upload(1, pw="000000") * 3 + upload(1, mn="HC000002") + upload(1, mn="NEW1") + b"rubbish")
        line.send(upload(4, mn="ANY1")[:-6] + b"0000\r\n")
        line.send(upload(2) + upload(3, modbus=True))
        assert await line.numbers(1) == [2]
        await until(lambda: log.version >= 6 and log.stations["HC000001"].last_code == "crc_modbus")
        line.writer.close()
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)

    alone(run())
    assert set(log.stations) == {"HC000001", "HC000002"}, "a frame that is broken may say any MN"
    one, other = log.stations["HC000001"], log.stations["HC000002"]
    assert (one.reasons["password"][0], one.reasons["crc"][0], one.refused) == (3, 1, 4)
    assert one.last_code == "crc_modbus"
    assert (other.refused, list(other.reasons)) == (1, ["password"])
    assert {mn: (s.refused, s.last_code) for mn, s in log.unknown.items()} == {"NEW1": (1, "station")}
    again = FaultLog(lambda: NOW, log.as_dict())
    assert again.as_dict() == log.as_dict()
