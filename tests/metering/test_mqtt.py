"""Readings by MQTT, with a real broker: acknowledged once durable, nothing lost over a restart, nothing twice."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

import aiomqtt
import pytest

from shuangkong.kernel.errors import UserError
from shuangkong.metering.committing import Committer
from shuangkong.metering.health import Tally
from shuangkong.metering.journal import Broken, Journal, Place, records, segments
from shuangkong.metering.model import Batch, unpacked
from shuangkong.metering.mqtt import Broker, Subscriber

pytestmark = pytest.mark.service

TOKENS = {"secret-one": "u1", "secret-two": "u2"}
POST = {"batch": "b1", "token": "secret-one", "meter": ["E01"], "at_ms": [1_767_196_800_000], "value": [1.5]}


def stored(folder: Path) -> list[Batch]:
    """The batches in the journal."""
    found = [r for path in segments(folder) for r in records(path)]
    return [unpacked(bytes(r[1])) for r in found if not isinstance(r, Broken)]


class Bench:
    """A broker, topics of our own, and what was answered on them."""

    def __init__(self, url: str) -> None:
        self.broker_url = url
        self.broker = Broker.at(url)
        self.prefix = f"test/{uuid.uuid4().hex}"
        self.tally = Tally()
        self.answers: list[dict[str, Any]] = []

    @asynccontextmanager
    async def collector(self, committer: Committer) -> AsyncIterator[Subscriber]:
        """A subscriber that is connected; its place with the broker is the same each time."""
        one = Subscriber(
            self.broker, self.prefix, committer, TOKENS.get, self.tally, prefix=self.prefix
        )  # fmt: skip
        task = asyncio.create_task(one.serve())
        await until(lambda: one.connected)
        yield one
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    @asynccontextmanager
    async def sender(self) -> AsyncIterator[aiomqtt.Client]:
        """A client that hears the answers, and gives up the collector's place at the end."""
        async with aiomqtt.Client(self.broker.host, self.broker.port) as client:
            await client.subscribe(f"{self.prefix}/answers/#", qos=1)
            hearing = asyncio.create_task(self._hear(client))
            yield client
            hearing.cancel()
        await self.forget()

    async def _hear(self, client: aiomqtt.Client) -> None:
        async for message in client.messages:
            self.answers.append({"name": message.topic.value.rpartition("/")[2], **json.loads(bytes(message.payload))})

    async def send(self, client: aiomqtt.Client, said: object, name: str = "gateway", **more: Any) -> None:
        """Publish a post."""
        payload = said if isinstance(said, bytes) else json.dumps(said).encode()
        await client.publish(f"{self.prefix}/readings/{name}", payload, qos=1, **more)

    async def forget(self) -> None:
        """Give up the collector's place with the broker."""
        async with aiomqtt.Client(self.broker.host, self.broker.port, identifier=self.prefix, clean_session=True):
            pass


async def until(holds: Callable[[], object]) -> None:
    """Wait for something, with patience for a busy machine."""
    async with asyncio.timeout(60):
        while not holds():
            await asyncio.sleep(0.01)


@pytest.fixture(name="bench")
def a_bench(mqtt_url: str) -> Bench:
    """Topics of this test alone."""
    return Bench(mqtt_url)


def test_a_post_is_taken_and_told(bench: Bench, tmp_path: Path) -> None:
    """By its token, under the unit; the answer says what HTTP would; the same again is told to be one."""

    async def run() -> None:
        with Journal(tmp_path) as journal, Committer(journal, count(1).__next__) as committer:
            async with bench.sender() as client, bench.collector(committer):
                await bench.send(client, POST)
                await until(lambda: bench.answers)
                await bench.send(client, POST, "other")
                await until(lambda: len(bench.answers) == 2)

    asyncio.run(run())
    assert [(a["name"], a["batch"], a["taken"], a["again"]) for a in bench.answers] == [
        ("gateway", "b1", 1, False), ("other", "b1", 1, True),
    ]  # fmt: skip
    assert [(b.source, b.batch, len(b)) for b in stored(tmp_path)] == [("u1", "b1", 1)]
    assert bench.tally.ways["mqtt"].posts == 2


def test_a_bad_message_is_refused_and_the_next_is_taken(bench: Bench, tmp_path: Path) -> None:
    """Rubbish, a wrong token, no id, other readings under a used id, a bad row: each is told, none comes for ever."""

    async def run() -> None:
        with Journal(tmp_path) as journal, Committer(journal, count(1).__next__) as committer:
            async with bench.sender() as client:
                async with bench.collector(committer):
                    for said in (
                        POST, b"\xff{", POST | {"token": "wrong"}, POST | {"batch": ""}, POST | {"value": [9]},
                        POST | {"batch": "b2", "at_ms": [5]}, b"",
                    ):  # fmt: skip
                        await bench.send(client, said)
                    await until(lambda: len(bench.answers) == 7)
                async with bench.collector(committer):
                    await bench.send(client, POST | {"batch": "b3"})
                    await until(lambda: len(bench.answers) == 8)

    asyncio.run(run())
    assert [a.get("code", "") for a in bench.answers] == [
        "", "ING-001", "ING-004", "ING-001", "ING-003", "", "ING-001", "",
    ]  # fmt: skip
    assert all(a["remedy"] for a in bench.answers if a.get("code"))
    assert bench.answers[5]["refusals"] == [{"row": 1, "why": "time_impossible", "said": "5000"}]
    assert bench.tally.ways["mqtt"].reasons == {"ING-001": 3, "ING-003": 1, "ING-004": 1}
    assert [b.batch for b in stored(tmp_path)] == ["b1", "b2", "b3"]


def test_what_came_while_nobody_was_there_is_taken(bench: Bench, tmp_path: Path) -> None:
    """The broker keeps the collector's place; a retained message that comes again with each start changes nothing."""

    async def run() -> None:
        with Journal(tmp_path) as journal, Committer(journal, count(1).__next__) as committer:
            async with bench.sender() as client:
                async with bench.collector(committer):
                    await bench.send(client, POST, retain=True)
                    await until(lambda: len(bench.answers) == 1)
                for n in range(20):
                    await bench.send(client, POST | {"batch": f"away-{n}"})
                async with bench.collector(committer):
                    await until(lambda: sum(a["batch"].startswith("away") for a in bench.answers) == 20)
                await bench.send(client, b"", retain=True)

    asyncio.run(run())
    assert [b.batch for b in stored(tmp_path)] == ["b1", *(f"away-{n}" for n in range(20))]


def test_the_broker_is_told_only_after_the_sync(bench: Bench, tmp_path: Path) -> None:
    """A collector that goes while the disk stands still has acknowledged nothing: the next one gets it all again."""
    refusing = [True]

    class Full(Journal):
        def append(self, records: Sequence[bytes]) -> list[Place]:
            if refusing[0]:
                raise UserError("WS-004", "no space left.", remedy="Make room.", case="disk")
            return super().append(records)

    async def run() -> None:
        with Full(tmp_path) as journal, Committer(journal, count(1).__next__) as committer:
            async with bench.sender() as client:
                async with bench.collector(committer):
                    for n in range(5):
                        await bench.send(client, POST | {"batch": f"b{n}"})
                    await until(lambda: bench.tally.ways.get("mqtt"))
                assert bench.answers == []
                refusing[0] = False
                async with bench.collector(committer):
                    await until(lambda: len(bench.answers) == 5)

    asyncio.run(run())
    assert sorted(b.batch for b in stored(tmp_path)) == [f"b{n}" for n in range(5)]
    assert [a["batch"] for a in bench.answers] == [f"b{n}" for n in range(5)]


def test_a_full_disk_holds_messages_until_there_is_room(bench: Bench, tmp_path: Path) -> None:
    """Nothing is refused for want of room: the message waits with us and those behind it with the broker."""
    refusals = [2]

    class Full(Journal):
        def append(self, records: Sequence[bytes]) -> list[Place]:
            refusals[0] -= 1
            if refusals[0] >= 0:
                raise UserError("WS-004", "no space left.", remedy="Make room.", case="disk")
            return super().append(records)

    async def run() -> None:
        with Full(tmp_path) as journal, Committer(journal, count(1).__next__) as committer:
            async with bench.sender() as client, bench.collector(committer):
                for n in range(3):
                    await bench.send(client, POST | {"batch": f"b{n}"})
                await until(lambda: len(bench.answers) == 3)

    asyncio.run(run())
    assert [a["batch"] for a in bench.answers] == ["b0", "b1", "b2"]
    assert sorted(b.batch for b in stored(tmp_path)) == ["b0", "b1", "b2"]


@pytest.mark.parametrize("url", ["", "mqtt://", "http://localhost", "mqtt://host:none", "tcp://host:1883"])
def test_a_url_that_names_no_broker_is_told(url: str) -> None:
    """With how to write it."""
    with pytest.raises(UserError, match="CLI-001"):
        Broker.at(url)
    assert str(Broker.at("mqtts://a:b%40c@h")) == "mqtts://h:8883"
    assert Broker.at("mqtts://a:b%40c@h").password == "b@c"


COLLECTOR = """
import asyncio, sys
from itertools import count
from pathlib import Path
from shuangkong.metering.committing import Committer
from shuangkong.metering.health import Tally
from shuangkong.metering.journal import Journal
from shuangkong.metering.mqtt import Broker, Subscriber

async def run(url, prefix, folder):
    with Journal(Path(folder)) as journal, Committer(journal, count(1).__next__) as committer:
        one = Subscriber(Broker.at(url), prefix, committer, {"secret-one": "u1"}.get, Tally(), prefix=prefix)
        task = asyncio.create_task(one.serve())
        while not one.connected:
            await asyncio.sleep(0.01)
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        task.cancel()

asyncio.run(run(*sys.argv[1:]))
"""


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed here")
def test_as_the_system_saw_it_the_broker_is_acknowledged_after_the_sync(bench: Bench, tmp_path: Path) -> None:
    """Each PUBACK that leaves the collector follows a sync of the record that it is for."""
    trace, folder = tmp_path / "trace", tmp_path / "journal"
    watched = ["strace", "-f", "-xx", "-s", "4096", "-o", str(trace), "-e", "trace=writev,fdatasync,sendto,write"]
    program = [sys.executable, "-c", COLLECTOR, bench.broker_url, bench.prefix, str(folder)]
    with subprocess.Popen([*watched, *program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"

        async def run() -> None:
            async with bench.sender() as client:
                for n in range(3):
                    await bench.send(client, POST | {"batch": f"b{n}"})
                    await until(lambda n=n: len(bench.answers) == n + 1)  # type: ignore[misc]

        asyncio.run(run())
        child.stdin.write("\n")
        child.stdin.flush()
        child.wait(60)
    calls = [line.split(" ", 1)[1].strip() for line in trace.read_text().splitlines() if " " in line]
    # PUBACK is 0x40, its length, and the number of the message; a record begins with 0xf5 R E C
    acknowledged = [n for n, c in enumerate(calls) if c.startswith(("sendto(", "write(")) and '"\\x40\\x02' in c]
    written = [n for n, c in enumerate(calls) if c.startswith("writev(") and "\\xf5\\x52\\x45\\x43" in c]
    assert (len(written), len(acknowledged)) == (3, 3)
    for record, answer in zip(written, acknowledged, strict=True):
        assert any(c.startswith(("fdatasync(", "<... fdatasync resumed")) for c in calls[record:answer])
