"""A server that stations send to (接收服务): what arrives together is taken in together, and answered once stored.

`taken` stores the readings; only when it has returned does a station get its 9014. While it is at work frames gather,
up to a limit; then the server stops reading, TCP holds the stations back, and nothing is dropped.
"""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from shuangkong.kernel.errors import UserError
from shuangkong.metering.hj212.asking import Asked, Exchanges
from shuangkong.metering.hj212.build import data_answers, frame, notice_answer, request, request_number, set_time
from shuangkong.metering.hj212.connection import Connection, shared_buffer
from shuangkong.metering.hj212.fault_log import FaultLog
from shuangkong.metering.hj212.faults import Fault
from shuangkong.metering.hj212.framing import Frame
from shuangkong.metering.hj212.intake import Arrived, Intake, Lookup, Said, Taking, Wrong
from shuangkong.metering.hj212.readings import Readings
from shuangkong.metering.hj212.standard import Edition, ServerLimits, standard

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
#: Bytes that a frame or fault weighs beside its segment.
_WEIGHT = 200


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """What a journal says of a batch: the rows of frames that it did not keep. They get no answer and come again."""

    refused: frozenset[int] = frozenset()


ALL_KEPT = Acknowledged()
Taken = Callable[[Readings], Awaitable[Acknowledged]]
Told = Callable[[Sequence["Observed"]], None]


@dataclass(frozen=True, slots=True)
class Observed:
    """A fault, as a server tells it: from which address, and of which station where that is known."""

    peer: str
    mn: str
    fault: Fault


class Server:
    """Receives HJ 212 over TCP for registered stations.

    `lookup` gives a station by its MN, or None; it is asked for every frame, so what it says may change at any time.
    `told` is given faults, some hundred of a batch at most; `log` all those of a known station. `clock` gives the aware
    time. An OSError or UserError of `taken` means that nothing of the batch was kept: no answers, and the
    stations send again; any other error of it is a bug, stops the server and is raised by `serve`.
    """

    def __init__(
        self, taken: Taken, lookup: Lookup, *, clock: Callable[[], datetime], told: Told | None = None,
        limits: ServerLimits | None = None, log: FaultLog | None = None,
    ) -> None:  # fmt: skip
        self._taken, self._told, self._clock = taken, told, clock
        self._log = log
        self._limits = limits if limits is not None else standard().server
        self._intake: Intake[Connection] = Intake(lookup)
        self._connections: set[Connection] = set()
        self._held_back: set[Connection] = set()
        self._stations: dict[bytes, Said[Connection]] = {}
        self._inbox: list[Arrived[Connection]] = []
        self._wrong: list[Wrong[Connection]] = []
        self._held = 0
        self._stopped = False
        self._awake = asyncio.Event()
        self._listener: asyncio.Server | None = None
        self.buffer: bytearray | None = None
        self._exchanges = Exchanges(
            answer_seconds=self._limits.answer_seconds, result_seconds=self._limits.result_seconds,
            tries=self._limits.tries,
        )  # fmt: skip
        #: frames, kept, answered, readings, refused, faults, connections: since the server began.
        self.counts: Counter[str] = Counter()

    @property
    def connections(self) -> int:
        """How many are open."""
        return len(self._connections)

    @property
    def held(self) -> int:
        """Bytes that were read and are not taken in yet."""
        return self._held

    async def listen(self, host: str, port: int) -> int:
        """Open the port (0: any free one) and give its number; OSError if it cannot be."""
        loop = asyncio.get_running_loop()
        self.buffer = shared_buffer()
        return self._listens(await loop.create_server(lambda: Connection(self), host, port, backlog=1024))

    async def listen_on(self, opened: socket.socket) -> int:
        """Use a port that was opened before; gives its number."""
        loop = asyncio.get_running_loop()
        self.buffer = shared_buffer()
        return self._listens(await loop.create_server(lambda: Connection(self), sock=opened, backlog=1024))

    def _listens(self, listener: asyncio.Server) -> int:
        self._listener = listener
        number: int = listener.sockets[0].getsockname()[1]
        return number

    async def serve(self) -> None:
        """Take in and answer until cancelled; then no connection is left open. `listen` comes first."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._work())
                group.create_task(self._watch())
        finally:
            if self._listener is not None:
                self._listener.close()
            for connection in list(self._connections):
                connection.cut()

    def stations(self) -> Mapping[str, str]:
        """The stations that are connected, each with its address."""
        return {s.station.mn: s.origin.peer for s in self._stations.values() if s.origin.open}

    async def ask(self, mn: str, cn: str, items: Mapping[str, str] | None = None, *, st: str = "") -> Asked:
        """Ask a connected station for something (history, time, an interval); raises LookupError if it is not there.

        History that comes of it arrives as any other upload, under its own command. `st` is that of the station's last
        frame if left out.
        """
        said = self._stations.get(mn.encode())
        if said is None or not said.origin.open:
            raise LookupError(mn)
        now = self._clock()
        while not self._exchanges.free(said.head.mn, request_number(now).encode()):
            now += timedelta(milliseconds=1)
        text = request(
            _edition(said), cn, st=st or said.head.st.decode("ascii"), pw=said.station.password, mn=mn, now=now,
            items=items,
        )  # fmt: skip
        message = frame(text, modbus=said.station.modbus)
        return await self._exchanges.carry_out(
            said.head.mn, request_number(now).encode(), lambda: self._send_to(said.head.mn, message)
        )

    # -- what a connection asks of its host

    def opened(self, connection: Connection) -> bool:
        """Whether there is room for one more."""
        self.counts["connections"] += 1
        if len(self._connections) >= self._limits.connections:
            self._note(Wrong(connection, "", Fault("crowded", 0, str(self._limits.connections))))
            return False
        self._connections.add(connection)
        if self._stopped:
            self._held_back.add(connection)
            connection.hold()
        return True

    def arrived(self, connection: Connection, found: Sequence[Frame | Fault]) -> None:
        """Keep what was read until it is taken in; stop reading, of one or of all, once there is too much of it."""
        received = (self._clock() - _EPOCH) // _MICROSECOND
        weight = 0
        for one in found:
            if isinstance(one, Frame):
                weight += len(one.segment) + _WEIGHT
                self._inbox.append((connection, one, received))
            else:
                self._note(Wrong(connection, "", one))
        connection.held += weight
        self._held += weight
        self._awake.set()
        if self._held > self._limits.inbox_bytes and not self._stopped:
            self._stopped = True
            self._held_back |= self._connections
            for other in self._connections:
                other.hold()
        elif connection.held > self._limits.connection_bytes:
            self._held_back.add(connection)
            connection.hold()

    def closed(self, connection: Connection) -> None:
        """Forget a connection; what it sent before is still taken in."""
        self._connections.discard(connection)
        self._held_back.discard(connection)

    # -- the work

    async def _work(self) -> None:
        while True:
            await self._awake.wait()
            self._awake.clear()
            while self._inbox or self._wrong:
                batch = self._inbox[: self._limits.batch_frames]
                del self._inbox[: len(batch)]
                await self._take(batch)
                self._relieve(batch)
                await asyncio.sleep(0)  # let connections read and write between two batches

    async def _take(self, batch: Sequence[Arrived[Connection]]) -> None:
        now = asyncio.get_running_loop().time()
        taking = self._intake.take(batch, now)
        self.counts["frames"] += len(batch)
        for said in (*taking.uploads, *taking.others):
            said.origin.heard = now
            self._stations[said.head.mn] = said
        for said in taking.others:
            self._answer_other(said, taking)
        if taking.readings is not None:
            await self._store(taking.readings, taking)
        self.counts["refused"] += len(batch) - len(taking.uploads) - len(taking.others)
        self._tell(taking.wrong)

    async def _store(self, readings: Readings, taking: Taking[Connection]) -> None:
        try:
            kept = await self._taken(readings)
        except (OSError, UserError) as wrong:
            fault = Fault("not_kept", 0, str(wrong)[: standard().limits.text])
            taking.wrong += [Wrong(s.origin, s.station.mn, fault) for s in taking.uploads]
            return
        stored = [s for row, s in enumerate(taking.uploads) if row not in kept.refused]
        self.counts["kept"] += len(stored)
        self.counts["readings"] += len(readings)
        self._answer([s for s in stored if (s.head.flag or 0) & 1], taking)

    def _answer(self, uploads: Sequence[Said[Connection]], taking: Taking[Connection]) -> None:
        """9014 to each that asked for it, all of a connection in one write."""
        asked = [s for s in uploads if s.head.qn]
        if len(asked) < len(uploads):
            fault = Fault("no_number")
            taking.wrong += [Wrong(s.origin, s.station.mn, fault) for s in uploads if not s.head.qn]
        frames = data_answers([s.head for s in asked], [s.station.modbus for s in asked])
        together: dict[Connection, list[bytes]] = {}
        for said, answer in zip(asked, frames, strict=True):
            together.setdefault(said.origin, []).append(answer)
        for connection, answers in together.items():
            connection.send(b"".join(answers))
        self.counts["answered"] += len(asked)

    def _answer_other(self, said: Said[Connection], taking: Taking[Connection]) -> None:
        """A notice is answered by 9013, one for the time by 1012 too; answers go to whoever asked."""
        command = standard().commands[said.head.cn.decode("ascii")]
        modbus = said.station.modbus
        if command.kind == "notice" and "F" in command.who:
            if (said.head.flag or 0) & 1:
                said.origin.send(frame(notice_answer(said.head), modbus=modbus))
                self.counts["answered"] += 1
            if command.cn == "1013":
                text = set_time(
                    _edition(said), st=said.head.st.decode("ascii"), pw=said.station.password, mn=said.station.mn,
                    now=self._clock(),
                )  # fmt: skip
                said.origin.send(frame(text, modbus=modbus))
        elif not self._exchanges.heard(said.head, said.segment) and "F" not in command.who:
            taking.wrong.append(Wrong(said.origin, said.station.mn, Fault("unfit", 0, command.cn)))

    def _relieve(self, batch: Iterable[Arrived[Connection]]) -> None:
        """What was taken in weighs no more; whoever was held back may go on once there is room."""
        origins = set()
        for origin, one, _ in batch:
            weight = len(one.segment) + _WEIGHT
            origin.held -= weight
            self._held -= weight
            origins.add(origin)
        for connection in origins - self._held_back:
            if not connection.held:
                connection.relieve()
        if self._held <= self._limits.inbox_bytes // 2:
            self._stopped = False
            for connection in [c for c in self._held_back if c.held <= self._limits.connection_bytes // 2]:
                self._held_back.discard(connection)
                connection.relieve()

    def _note(self, wrong: Wrong[Connection]) -> None:
        """A fault on the way in; beyond what is told of a batch it is counted."""
        if len(self._wrong) < self._limits.faults_told:
            self._wrong.append(wrong)
            self._awake.set()
        else:
            self.counts["faults"] += 1

    def _tell(self, more: Sequence[Wrong[Connection]]) -> None:
        wrong, self._wrong = [*self._wrong, *more], []
        self.counts["faults"] += len(wrong)
        if self._log is not None:
            for w in wrong:
                self._log.add(w.mn, w.fault, w.origin.peer)
        if self._told is None or not wrong:
            return
        most = self._limits.faults_told
        told = [Observed(w.origin.peer, w.mn, w.fault) for w in wrong[:most]]
        if len(wrong) > most:
            told.append(Observed("", "", Fault("more", 0, str(len(wrong) - most))))
        self._told(told)

    async def _watch(self) -> None:
        """Time-outs: frames without an end, idle connections, parts that did not come."""
        loop, limits = asyncio.get_running_loop(), self._limits
        while True:
            await asyncio.sleep(limits.quiet_seconds)
            now = loop.time()
            for connection in list(self._connections):
                if connection.waiting and now - connection.fed >= limits.quiet_seconds:
                    connection.settle()
                if now - connection.heard > limits.idle_seconds and not connection.held:
                    self._note(Wrong(connection, "", Fault("idle", 0, f"{limits.idle_seconds:g}")))
                    connection.shut()
            for mn, fault in self._intake.parts.expired(now):
                said = self._stations.get(mn)
                if said is not None:
                    self._note(Wrong(said.origin, said.station.mn, fault))

    def _send_to(self, mn: bytes, message: bytes) -> None:
        """To the connection that the station spoke on last: it may have come back on another."""
        self._stations[mn].origin.send(message)


def _edition(said: Said[Connection]) -> Edition:
    """The edition that the station speaks; the first that it can be for one that we do not know."""
    return standard().edition_of(said.head.flag) or standard().editions[min(standard().editions)]
