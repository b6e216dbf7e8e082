"""The collector (接收服务): one journal, and every way in beside it: HTTP, HJ 212 over TCP, MQTT, files handed over.

Answering never waits for storing: that is another process (`Storing`), to which whole segments are left. What stops
the collector in order leaves nothing under way: senders get their answers, then the journal is closed.
"""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import resource
import signal
import socket
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import uvicorn
from sqlalchemy.exc import OperationalError

from shuangkong.engine.api import JOURNAL, Workspace, reading, writing
from shuangkong.kernel.errors import UserError
from shuangkong.metering.committing import REMEMBERED, REUSED, Committer
from shuangkong.metering.health import Tally, Way
from shuangkong.metering.hj212.api import FaultLog, Observed, SentBefore, Server, into_journal
from shuangkong.metering.journal import BROKEN, TORN, Journal, segments
from shuangkong.metering.key_units import KeyUnitMap
from shuangkong.metering.key_units import decoded as key_unit_readings
from shuangkong.metering.known_posts import latest_posts
from shuangkong.metering.model import Unreadable, unpacked
from shuangkong.metering.mqtt import PREFIX, Broker, Subscriber
from shuangkong.metering.register import StationBook, TokenBook
from shuangkong.metering.web import Decoder, create_collector
from shuangkong.registry.api import consumer_mark, set_consumer_mark

LOG = logging.getLogger("shuangkong.metering.collecting")
#: Beside the journal: files that a command hands over while the collector has it.
INBOX = "inbox"
#: Under which name the state is kept in `reading_consumer`.
CONSUMER = "collector"
#: And what was wrong with frames, by station.
STATION_FAULTS = "collector/stations"
#: Bytes that gather before they are stored although it is not yet time.
ENOUGH = 32 * 1024 * 1024
#: Seconds between two looks at what has gathered, and between two writings of the state.
LOOK, STATE = 0.25, 5.0
#: Seconds that senders have for their answers when the collector stops.
PATIENCE = 15
#: Objects that may be there beside those of the last look before cycles are sought among them.
CYCLES = 50_000
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Ways:
    """Where readings come in; a way that is not named is closed. `every` are the seconds between two storings."""

    http: tuple[str, int] | None = None
    hj212: tuple[str, int] | None = None
    mqtt: Broker | None = None
    mqtt_prefix: str = PREFIX
    every: float = 2.0


class Storing(Protocol):
    """Who stores: asked with the number of the first segment that is not whole, answers with what was done."""

    def store(self, before: int) -> Future[Mapping[str, Any]]:
        """Store all segments before a number; the answer says what was done, or how it went wrong."""


def station_faults(workspace: Workspace) -> Mapping[str, Any]:
    """What was wrong with frames of HJ 212 by station, as collectors kept it: `stations` and `unknown`, by MN."""
    with reading(workspace.engine) as db:
        text = consumer_mark(db, STATION_FAULTS)
    found: Mapping[str, Any] = json.loads(text) if text else {}
    return found


def journal_folder(workspace: Workspace) -> Path:
    """Where a workspace gathers readings."""
    return workspace.root / JOURNAL


class Collector:
    """Runs until SIGTERM or SIGINT; `storing` is asked in rounds. `started` is called with the ports in use."""

    def __init__(
        self, workspace: Workspace, ways: Ways, storing: Storing, *,
        started: Callable[[Mapping[str, int]], None] | None = None, key_units: KeyUnitMap | None = None,
    ) -> None:  # fmt: skip
        self._workspace, self._ways, self._storing = workspace, ways, storing
        self._started = started
        self._decoders: Mapping[str, Decoder] = {"/key-units/readings": partial(key_unit_readings, mapping=key_units)}
        self._tally = Tally()
        self._began = workspace.clock()
        self._tokens, self._stations = TokenBook(workspace), StationBook(workspace)
        self._hj212: Server | None = None
        self._sent = SentBefore()
        self._log, self._logged = FaultLog(workspace.clock, station_faults(workspace)), 0
        self._mqtt: Subscriber | None = None
        self._stop = asyncio.Event()
        self._round: Mapping[str, Any] = {}
        self._stored_at: datetime | None = None
        self._unsaved_since: datetime | None = None

    async def run(self) -> None:
        """Take readings in. Raises CLI-001 where a port is taken, WS-003 and WS-004 as the journal does."""
        folder = journal_folder(self._workspace)
        allow_connections()
        with _sockets(self._ways) as sockets, Journal(folder) as journal:
            earlier = await asyncio.to_thread(latest_posts, self._workspace.lake, REMEMBERED)
            with Committer(journal, self._now, earlier=earlier) as committer, cycles_sought_rarely():
                del earlier
                await self._serve(sockets, committer)
            # whoever waited has his answer; what is in the journal is left to the storing process for the last time
            whole = journal.roll()
            if whole is not None or segments(folder):
                with suppress(UserError, OSError):
                    await asyncio.wrap_future(self._storing.store(journal.end.segment))
        await asyncio.to_thread(self._keep_state, "stopped")

    def _now(self) -> int:
        return (self._workspace.clock() - datetime(1970, 1, 1, tzinfo=UTC)) // _MICROSECOND

    async def _serve(self, sockets: Mapping[str, socket.socket], committer: Committer) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [
                    group.create_task(self._tokens.keep()), group.create_task(self._stations.keep()),
                    group.create_task(self._gather(committer)), group.create_task(self._tell(committer)),
                ]  # fmt: skip
                server = self._http(sockets.get("http"), committer)
                serving = group.create_task(server.serve([sockets["http"]])) if server is not None else None
                ports = {name: int(s.getsockname()[1]) for name, s in sockets.items()}
                if "hj212" in sockets:
                    self._hj212 = Server(
                        into_journal(committer, self._sent), self._stations.lookup, clock=self._workspace.clock,
                        told=self._faults, log=self._log,
                    )  # fmt: skip
                    ports["hj212"] = await self._hj212.listen_on(sockets["hj212"])
                    tasks.append(group.create_task(self._hj212.serve()))
                if self._ways.mqtt is not None:
                    self._mqtt = Subscriber(
                        self._ways.mqtt, f"shuangkong-{self._workspace.id[:20]}", committer, self._tokens.known,
                        self._tally, prefix=self._ways.mqtt_prefix,
                    )  # fmt: skip
                    tasks.append(group.create_task(self._mqtt.serve()))
                if self._started is not None:
                    self._started(ports)
                await self._stop.wait()
                if server is not None and serving is not None:
                    server.should_exit = True
                    await serving
                for task in tasks:
                    task.cancel()
        finally:
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)

    def _http(self, taken: socket.socket | None, committer: Committer) -> uvicorn.Server | None:
        if taken is None:
            return None
        application = create_collector(
            committer, self._tokens.source_of, tally=self._tally, decoders=self._decoders,
            health=lambda: self.state("running"),
        )  # fmt: skip
        config = uvicorn.Config(
            application, access_log=False, server_header=False, log_config=None, lifespan="off", ws="none",
            timeout_graceful_shutdown=PATIENCE, backlog=8192,
        )  # fmt: skip
        return _Http(config)

    # -- storing

    async def _gather(self, committer: Committer) -> None:
        """Leave what has gathered to the storing process, now and then; one round at a time."""
        last = 0.0
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(LOOK)
            await self._take_handed_over(committer)
            size = journal_bytes(committer.journal.folder)
            self._unsaved_since = (self._unsaved_since or self._workspace.clock()) if size else None
            if size and (size >= ENOUGH or loop.time() - last >= self._ways.every):
                last = loop.time()
                await self._store(committer)

    async def _store(self, committer: Committer) -> None:
        began = self._workspace.clock()
        try:
            await asyncio.to_thread(committer.roll)
            done = await asyncio.wrap_future(self._storing.store(committer.journal.end.segment))
        except (UserError, OSError) as wrong:
            # the next round tries again: nothing of the journal is taken away before it is in the lake
            self._round = {**self._round, "trouble": str(wrong)}
            LOG.warning("not stored: %s", wrong)
            return
        self._round = done
        if not done.get("trouble"):
            self._stored_at = self._workspace.clock()
            self._unsaved_since = began if journal_bytes(committer.journal.folder) else None

    async def _take_handed_over(self, committer: Committer) -> None:
        """Posts that a command left for whoever has the journal."""
        for path in sorted((committer.journal.folder / INBOX).glob("*.post")):
            try:
                batch = unpacked(await asyncio.to_thread(path.read_bytes))
                receipt = await asyncio.wrap_future(committer.take(batch))
            except (UserError, OSError) as wrong:
                if isinstance(wrong, UserError) and wrong.code == REUSED:
                    # it will not be taken later either, and those behind it do not wait for it
                    LOG.warning("%s is not taken: %s", path.name, wrong)
                    path.rename(path.with_suffix(BROKEN))
                    continue
                LOG.warning("%s is taken later: %s", path.name, wrong)
                return
            except Unreadable as wrong:
                LOG.warning("%s is no post: %s", path.name, wrong)
                path.rename(path.with_suffix(BROKEN))
                continue
            self._tally.taken("file", receipt.rows, batch.refused_in_all, again=receipt.again)
            path.unlink(missing_ok=True)

    # -- how it fares

    def _faults(self, observed: Any) -> None:
        found: list[Observed] = list(observed)
        for one in found:
            self._tally.ways.setdefault("hj212", Way()).reasons[one.fault.code] += 1

    async def _tell(self, committer: Committer) -> None:
        while True:
            await asyncio.to_thread(self._keep_state, "running")
            await asyncio.sleep(STATE)

    def _keep_state(self, now: str) -> None:
        """Write the state where pages read it; a database that is busy or full for once does not stop the taking in."""
        with suppress(UserError, OperationalError), writing(self._workspace.engine) as db:
            text = json.dumps(self.state(now), ensure_ascii=False)
            set_consumer_mark(db, CONSUMER, text, at=self._workspace.clock())
            if self._log.version != self._logged:
                self._logged = self._log.version
                told = json.dumps(self._log.as_dict(), ensure_ascii=False)
                set_consumer_mark(db, STATION_FAULTS, told, at=self._workspace.clock())

    def state(self, now: str) -> dict[str, Any]:
        """How the taking in fares, as data; `now` is running or stopped."""
        folder = journal_folder(self._workspace)
        at = self._workspace.clock()
        if self._hj212 is not None:
            counts, way = self._hj212.counts, self._tally.ways.setdefault("hj212", Way())
            way.posts, way.readings, way.posts_refused = counts["kept"], counts["readings"], counts["refused"]
            way.again = self._sent.again
        since = self._unsaved_since
        return {
            "state": now, "pid": os.getpid(), "began_at": self._began.isoformat(), "at": at.isoformat(),
            "journal_bytes": journal_bytes(folder), "unsaved_since": since.isoformat() if since else None,
            "stored_at": self._stored_at.isoformat() if self._stored_at else None, "round": dict(self._round),
            "ways": self._tally.as_dict(), **self._tally.rates(),
            "broken": sorted(p.name for s in (BROKEN, TORN) for p in folder.glob(f"*{s}")),
            "stations_connected": self._hj212.connections if self._hj212 is not None else None,
            "mqtt": None if self._mqtt is None else {
                "connected": self._mqtt.connected, "trouble": self._mqtt.trouble
            },
        }  # fmt: skip


class _Http(uvicorn.Server):
    """The web server, without signals of its own."""

    def capture_signals(self) -> Any:
        """The collector listens to them."""
        return nullcontext()


def journal_bytes(folder: Path) -> int:
    """Bytes of readings that are in the journal and not in the lake; heads of segments do not count."""
    size = 0
    for path in segments(folder):
        with suppress(FileNotFoundError):
            size += max(0, path.stat().st_size - 20)
    return size


def allow_connections() -> None:
    """Let this process open as many files as the system grants: each station and sender is one."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


@contextmanager
def cycles_sought_rarely() -> Iterator[None]:
    """Look for garbage in cycles seldom: frames and posts make none, and what stood before them is not looked at.

    Most of the usual looks come from tuples of a batch, which go by themselves when it is kept.
    """
    usual = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(CYCLES, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)
        gc.unfreeze()


@contextmanager
def _sockets(ways: Ways) -> Iterator[dict[str, socket.socket]]:
    """The ports, opened before anything else, so that a taken one is told at once."""
    found: dict[str, socket.socket] = {}
    try:
        for name, where in (("http", ways.http), ("hj212", ways.hj212)):
            if where is not None:
                found[name] = _opened(name, *where)
        yield found
    finally:
        for one in found.values():
            one.close()


def _opened(name: str, host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=8192)
    except (OSError, OverflowError) as wrong:
        raise UserError(
            "CLI-001", f"it cannot listen on {host} port {port}: {getattr(wrong, 'strerror', None) or wrong}.",
            where=f"--{name}", remedy=f"Name another one: --{name} {host}:{port % 65535 + 1}.",
        ) from wrong  # fmt: skip
