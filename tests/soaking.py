"""A soak on loopback: a collector killed at random moments while senders retry; then what is stored is counted.

    PYTHONPATH=tests .venv/bin/python tests/soaking.py --kills 300 [--mqtt mqtt://127.0.0.1:1883] [--seed 1]

Three senders (HTTP, HJ 212, MQTT) send readings that differ in moment and value, each again until it is acknowledged.
The collector, storing included, runs in processes that are forked from one that has everything imported, and ends by
SIGKILL after a random time. At the end every acknowledged reading is there, nothing else is, and none counts twice.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import random
import signal
import socket
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiomqtt

from collector_made import MN, PASSWORD, Made, made_workspace
from shuangkong.engine.api import Workspace
from shuangkong.metering.collecting import Collector, Ways, journal_folder
from shuangkong.metering.hj212.api import frame
from shuangkong.metering.journal import segments
from shuangkong.metering.mqtt import Broker
from shuangkong.metering.rounds import Rounds
from shuangkong.metering.tables import READINGS

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
#: Seconds after which a post without an answer is sent again, and between two tries.
ANSWER, PAUSE = 3.0, 0.05
#: Senders of MQTT at once, and readings of one of their posts at most.
SENDERS, MOST = 4, 20


class InProcess:
    """Stores in a thread of the collector's own process, so that a kill meets it at any step too."""

    def __init__(self, workspace: Workspace) -> None:
        self._rounds = Rounds(workspace, journal_folder(workspace))
        self._pool = ThreadPoolExecutor(1)

    def store(self, before: int) -> Future[Mapping[str, Any]]:
        """One round."""
        return self._pool.submit(lambda: self._rounds.round(before).as_dict())


def collect(root: Path, http: int, hj212: int, mqtt: str, prefix: str) -> None:
    """The process that is killed."""
    ways = Ways(("127.0.0.1", http), ("127.0.0.1", hj212), Broker.at(mqtt) if mqtt else None, prefix, 0.3)
    workspace = Workspace.open(root)
    while True:
        with suppress(Exception):  # the port of the one before may not be free yet
            asyncio.run(_collect(workspace, ways))
            return
        time.sleep(0.02)


async def _collect(workspace: Workspace, ways: Ways) -> None:
    await Collector(workspace, ways, InProcess(workspace)).run()


@dataclass
class Sent:
    """What a sender had acknowledged: (channel, moment in minutes) → value; and how often it had to send again."""

    acknowledged: dict[tuple[str, int], Decimal] = field(default_factory=dict)
    again: int = 0


@dataclass
class Soak:
    """One soak: where, whose, and when it is over."""

    made: Made
    http: int
    hj212: int
    mqtt: str
    prefix: str
    over: asyncio.Event = field(default_factory=asyncio.Event)
    sent: dict[str, Sent] = field(default_factory=lambda: {n: Sent() for n in ("http", "hj212", "mqtt")})

    async def retried(self, way: str, post: Callable[[], Awaitable[bool]]) -> None:
        """Send until it is acknowledged."""
        while True:
            with suppress(OSError, TimeoutError, EOFError, aiomqtt.MqttError):
                async with asyncio.timeout(ANSWER):
                    if await post():
                        return
            self.sent[way].again += 1
            await asyncio.sleep(PAUSE)

    async def over_http(self) -> None:
        """Posts of one to five readings of E01."""
        n, chance = 0, random.Random(1)
        while not self.over.is_set():
            count = chance.randint(1, 5)
            minutes = list(range(n, n + count))
            said = {
                "batch": f"http-{n}", "meter": ["E01"] * count, "at_ms": [_millis(m) for m in minutes],
                "value": [m + 0.25 for m in minutes],
            }  # fmt: skip
            await self.retried("http", lambda said=said: self._posted(json.dumps(said).encode()))  # type: ignore[misc]
            self.sent["http"].acknowledged |= {("E01", m): Decimal(m) + Decimal("0.25") for m in minutes}
            n += count

    async def _posted(self, body: bytes) -> bool:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.http)
        try:
            writer.write(
                b"POST /readings HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\n"
                b"authorization: Bearer %s\r\ncontent-length: %d\r\n\r\n%s"
                % (self.made.token.encode(), len(body), body)
            )
            answer = await reader.read()
            if b" 200 " in answer[:20]:
                return True
            if b" 503 " in answer[:20] or not answer:
                return False
            raise RuntimeError(answer)
        finally:
            writer.close()

    async def over_hj212(self) -> None:
        """Frames with two readings, a few ahead on one connection; each again until its 9014 comes."""
        n = 0
        while not self.over.is_set():
            waiting = {f"20260101{m:09d}": m for m in range(n, n + 4)}
            await self.retried("hj212", lambda w=waiting: self._framed(w))  # type: ignore[misc]
            n += 4

    async def _framed(self, waiting: dict[str, int]) -> bool:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.hj212)
        try:
            writer.write(b"".join(_upload(number, minute) for number, minute in waiting.items()))
            while waiting:
                line = await reader.readuntil(b"\r\n")
                number = line.partition(b"QN=")[2][:17].decode()
                minute = waiting.pop(number, None) if b"CN=9014" in line else None
                if minute is not None:
                    a, b = self.made.channels
                    got = self.sent["hj212"].acknowledged
                    got[a, minute], got[b, minute] = Decimal(minute) + Decimal("0.5"), Decimal(minute)
            return True
        finally:
            writer.close()

    async def over_mqtt(self) -> None:
        """Posts of one to twenty readings of E02, as many at once as senders, each acknowledged by its own answer."""
        await asyncio.gather(*(self._sender(n) for n in range(SENDERS)))

    async def _sender(self, turn: int) -> None:
        """One sender with a topic of its own; of the minutes of E02 it has each `SENDERS`-th."""
        chance, name, n = random.Random(turn), f"soak{turn}", 0
        answers: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        broker = Broker.at(self.mqtt)
        async with aiomqtt.Client(broker.host, broker.port) as client:
            await client.subscribe(f"{self.prefix}/answers/{name}", qos=1)
            hearing = asyncio.create_task(_hear(client, answers))
            while not self.over.is_set():
                count = chance.randint(1, MOST)
                minutes = [(n + k) * SENDERS + turn for k in range(count)]
                said = {
                    "batch": f"{name}-{n}", "token": self.made.token, "meter": ["E02"] * count,
                    "at_ms": [_millis(m) for m in minutes], "value": [m + 0.75 for m in minutes],
                }  # fmt: skip
                await self.retried("mqtt", lambda s=said: self._published(client, answers, name, s))  # type: ignore[misc]
                self.sent["mqtt"].acknowledged |= {("E02", m): Decimal(m) + Decimal("0.75") for m in minutes}
                n += count
            hearing.cancel()

    async def _published(
        self, client: aiomqtt.Client, answers: asyncio.Queue[dict[str, Any]], name: str, said: dict[str, Any]
    ) -> bool:
        await client.publish(f"{self.prefix}/readings/{name}", json.dumps(said).encode(), qos=1)
        while True:
            answer = await answers.get()
            if answer["batch"] == said["batch"]:
                if "taken" in answer:
                    return True
                if answer.get("code") != "ING-002":
                    raise RuntimeError(answer)
                return False


async def _hear(client: aiomqtt.Client, answers: asyncio.Queue[dict[str, Any]]) -> None:
    async for message in client.messages:
        answers.put_nowait(json.loads(bytes(message.payload)))


def _millis(minute: int) -> int:
    return int((BEGIN + timedelta(minutes=minute)).timestamp()) * 1000


def _upload(number: str, minute: int) -> bytes:
    at = BEGIN + timedelta(minutes=minute, hours=8)
    return frame(
        (
            f"QN={number};ST=32;CN=2011;PW={PASSWORD};MN={MN};Flag=5;CP=&&DataTime={at:%Y%m%d%H%M%S};"
            f"w01018-Rtd={minute}.5,w01018-Flag=N;w00000-Rtd={minute},w00000-Flag=N&&"
        ).encode()
    )


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


async def _soak(soak: Soak, kills: int, seed: int, say: Callable[[str], None]) -> int:
    """Kill so often; gives how many kills met a collector that had begun to answer."""
    chance = random.Random(seed)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["soaking"])
    given = (soak.made.root, soak.http, soak.hj212, soak.mqtt, soak.prefix)
    met, ways = 0, ["http", "hj212", *(["mqtt"] if soak.mqtt else [])]
    senders = [asyncio.create_task(soak.over_http()), asyncio.create_task(soak.over_hj212())]
    if soak.mqtt:
        senders.append(asyncio.create_task(soak.over_mqtt()))

    def acknowledged() -> int:
        return sum(len(s.acknowledged) for s in soak.sent.values())

    for n in range(kills + 1):
        child = context.Process(target=collect, args=given, daemon=True)
        child.start()
        # each way has its turn: else the quickest would have nearly all of what is acknowledged between two kills
        way = soak.sent[ways[n % len(ways)]].acknowledged
        before, patience = len(way) + chance.randint(0, 40), time.monotonic() + 120
        while len(way) <= before and time.monotonic() < patience and not any(t.done() for t in senders):
            await asyncio.sleep(0.005)
        met += len(way) > before
        if n < kills:
            await asyncio.sleep(chance.choice((0.0, 0.02, 0.1, 0.4)) * chance.random() * 2)
            os.kill(child.pid or 0, signal.SIGKILL)
        else:  # the last one ends in order, after all senders have their answers
            soak.over.set()
            await asyncio.gather(*senders)
            os.kill(child.pid or 0, signal.SIGTERM)
        await asyncio.to_thread(child.join, 120)
        if any(t.done() and t.exception() for t in senders):
            await asyncio.gather(*senders)
        if n % 20 == 0:
            say(f"{n} kills, {acknowledged()} readings acknowledged")
    return met


def soaked(
    root: Path, kills: int, *, mqtt: str = "", seed: int = 1, say: Callable[[str], None] = print
) -> dict[str, Any]:
    """Soak, store what is left, and compare; the figures, with what is missing, too much, wrong and twice."""
    made = made_workspace(root)
    prefix = f"soak/{uuid.uuid4().hex}"
    started = time.monotonic()
    soak = Soak(made, _free_port(), _free_port(), mqtt, prefix)
    met = asyncio.run(_soak(soak, kills, seed, say))
    workspace = Workspace.open(root)
    left = len(segments(journal_folder(workspace)))
    Rounds(workspace, journal_folder(workspace)).round()
    if mqtt:
        asyncio.run(_forgotten(mqtt, f"shuangkong-{workspace.id[:20]}"))
    found = compared(workspace, soak)
    workspace.engine.dispose()
    return {
        "kills": kills, "kills_after_an_answer": met, "seconds": round(time.monotonic() - started),
        "segments_left": left, **found,
        "sent_again": {n: s.again for n, s in soak.sent.items()},
    }  # fmt: skip


async def _forgotten(url: str, identifier: str) -> None:
    broker = Broker.at(url)
    async with aiomqtt.Client(broker.host, broker.port, identifier=identifier, clean_session=True):
        pass


def compared(workspace: Workspace, soak: Soak) -> dict[str, Any]:
    """Acknowledged readings beside those that count: of one moment the larger place."""
    from shuangkong.metering.register import MeterBook

    channel = {m.number: m.channel for m in MeterBook(workspace).held.spells}
    rows = workspace.lake.read(READINGS, workspace.clock()).sort_by([("place", "ascending"), ("row", "ascending")])
    counted: dict[tuple[str, int], Decimal] = {}
    often: Counter[tuple[str, int]] = Counter()
    for r in rows.to_pylist():
        key = channel[r["meter"]], int((r["at"] - BEGIN) / timedelta(minutes=1))
        counted[key] = r["value"]
        often[key] += 1
    wanted = {k: v for s in soak.sent.values() for k, v in s.acknowledged.items()}
    stations = {k for k in often if k[0] in soak.made.channels}
    return {
        "acknowledged": {n: len(s.acknowledged) for n, s in soak.sent.items()},
        "found": len(counted),
        "missing": sorted(set(wanted) - set(counted))[:10],
        "not_acknowledged": sorted(set(counted) - set(wanted))[:10],
        "wrong": sorted(k for k in wanted if k in counted and wanted[k] != counted[k])[:10],
        "posts_stored_twice": sum(n - 1 for k, n in often.items() if k not in stations),
        "frames_sent_again_and_kept_beside": sum(n - 1 for k, n in often.items() if k in stations),
    }


def main() -> None:
    """Soak as asked, print the figures, and end with 1 where they are not right."""
    options = argparse.ArgumentParser(description="kill the collector again and again while readings come in")
    options.add_argument("--kills", type=int, default=300)
    options.add_argument("--mqtt", default=os.environ.get("SHUANGKONG_TEST_MQTT", ""))
    options.add_argument("--seed", type=int, default=1)
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = soaked(Path(folder) / "ws", asked.kills, mqtt=asked.mqtt, seed=asked.seed)
    sys.stdout.write(json.dumps(found, indent=1) + "\n")
    wrong = [n for n in ("missing", "not_acknowledged", "wrong", "posts_stored_twice") if found[n]]
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
