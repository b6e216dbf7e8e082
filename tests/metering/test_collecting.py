"""The collector as a process: every way in, stored within seconds, stopped in order, clear where it cannot start."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, Request, build_opener

import aiomqtt
import pytest
import sqlalchemy as sa

from collector_made import MN, PASSWORD, Made, made_workspace, running
from readings_made import batch
from shuangkong.engine.api import Workspace, audit_entry, broken_seals, lake_commit, reading, seals
from shuangkong.metering.collecting import CONSUMER, CYCLES, INBOX, cycles_sought_rarely, journal_folder
from shuangkong.metering.hj212.api import frame
from shuangkong.metering.journal import Journal
from shuangkong.metering.model import packed
from shuangkong.metering.mqtt import Broker
from shuangkong.metering.tables import READINGS
from shuangkong.registry.api import consumer_mark

_OPENER = build_opener(ProxyHandler({}))


@pytest.fixture(scope="module", name="made")
def a_workspace(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A workspace with one unit; tests send under ids of their own."""
    return made_workspace(tmp_path_factory.mktemp("collecting") / "ws")


def post(port: int, token: str, path: str, said: object) -> dict[str, Any]:
    """Send JSON; gives the answer."""
    request = Request(
        f"http://127.0.0.1:{port}{path}", json.dumps(said).encode(),
        {"authorization": f"Bearer {token}", "content-type": "application/json"},
    )  # fmt: skip
    found: dict[str, Any] = json.loads(_OPENER.open(request, timeout=60).read())
    return found


def health(port: int) -> dict[str, Any]:
    """What /healthz says."""
    found: dict[str, Any] = json.loads(_OPENER.open(f"http://127.0.0.1:{port}/healthz", timeout=60).read())
    return found


def rows(root: Path, month: int) -> list[Decimal | None]:
    """The values that are stored of a month of 2026 in China: each test has one of its own."""
    workspace = Workspace.open(root)
    found = workspace.lake.read(READINGS, workspace.clock()).to_pylist()
    workspace.engine.dispose()
    return [r["value"] for r in found if (r["at"] + timedelta(hours=8)).month == month]


def until(holds: Callable[[], object]) -> None:
    """Wait for something, with patience for a busy machine."""
    end = time.monotonic() + 90
    while not holds():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.1)


def upload(n: int) -> bytes:
    """A frame of the station with two values."""
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=n)
    return frame(
        (
            f"QN=20260101{n:09d};ST=32;CN=2011;PW={PASSWORD};MN={MN};Flag=5;CP=&&DataTime={at:%Y%m%d%H%M%S};"
            f"w01018-Rtd={n}.5,w01018-Flag=N;w00000-Rtd={n},w00000-Flag=N&&"
        ).encode()
    )


def answered(port: int, *frames: bytes) -> int:
    """Send frames of HJ 212; gives how many 9014 came."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as line:
        line.sendall(b"".join(frames))
        got = b""
        while got.count(b"CN=9014") < len(frames):
            got += line.recv(65536)
    return got.count(b"CN=9014")


@pytest.mark.service
def test_every_way_in_ends_in_the_lake(tmp_path: Path, mqtt_url: str) -> None:
    """HTTP, key units' uploads, HJ 212, MQTT and a file handed over; the state says so, and stopping leaves nothing."""
    made = made_workspace(tmp_path / "ws")  # what it counts, no other test may have sent
    prefix = f"test/{uuid.uuid4().hex}"
    with running(
        made.root, "--hj212", "127.0.0.1:0", "--mqtt", mqtt_url, "--mqtt-prefix", prefix, "--every", "0.2"
    ) as one:
        said = {"batch": "all-1", "meter": ["E01"], "at": ["2026-01-01 00:15"], "value": [1.25]}
        assert post(one.ports["http"], made.token, "/readings", said)["taken"] == 1
        row = {"code": "K", "time": "2026-01-01 00:15", "value": 9}
        assert post(one.ports["http"], made.token, "/key-units/readings", {"batch": "k1", "data": [row]})["taken"] == 1
        assert answered(one.ports["hj212"], upload(1), upload(2)) == 2
        asyncio.run(publish(mqtt_url, prefix, {**said, "batch": "all-2", "value": [2.5], "token": made.token}))
        handed = journal_folder(Workspace.open(made.root)) / INBOX
        handed.mkdir(exist_ok=True)
        (handed / "x.part").write_bytes(packed(batch("file-1", [7.0], source=made.unit)))
        os.replace(handed / "x.part", handed / "x.post")
        until(lambda: len(rows(made.root, 1)) == 8)
        # the round gives the journal free before it is over: only then is it told as stored
        until(lambda: health(one.ports["http"])["stored_at"] is not None)
        until(lambda: health(one.ports["http"])["journal_bytes"] == 0)
        told = health(one.ports["http"])
        assert {n: w["readings"] for n, w in told["ways"].items()} == {
            "file": 1, "hj212": 4, "http": 1, "key-units": 1, "mqtt": 1,
        }  # fmt: skip
        assert one.stop() == 0, one.log
    assert sorted(v for v in rows(made.root, 1) if v is not None) == [
        Decimal(x) for x in ("1", "1.25", "1.5", "2", "2.5", "2.5", "7", "9")
    ]  # fmt: skip
    workspace = Workspace.open(made.root)
    with reading(workspace.engine) as db:
        state = json.loads(consumer_mark(db, CONSUMER) or "{}")
        started = db.execute(audit_entry.select().where(audit_entry.c.action == "readings.collect")).all()
    assert (state["state"], state["journal_bytes"]) == ("stopped", 0)
    assert len(started) == 1
    workspace.engine.dispose()
    # the place that the broker keeps for this collector is given up
    asyncio.run(forgotten(mqtt_url, f"shuangkong-{workspace.id[:20]}"))


def test_a_reused_id_holds_up_nothing_behind_it(tmp_path: Path) -> None:
    """Of files handed over, one under an id that stands for other readings is left for a person; the next is taken."""
    made = made_workspace(tmp_path / "ws")
    handed = journal_folder(Workspace.open(made.root)) / INBOX
    handed.mkdir(parents=True)
    for name, (of, value) in {"1": ("f1", 1.0), "2": ("f1", 2.0), "3": ("f2", 3.0)}.items():
        (handed / f"{name}.post").write_bytes(packed(batch(of, [value], source=made.unit)))
    with running(made.root) as one:
        until(lambda: not list(handed.glob("*.post")))
        assert one.stop() == 0, one.log
    assert [p.name for p in handed.iterdir()] == ["2.broken"]
    assert sorted(v for v in rows(made.root, 1) if v is not None) == [1, 3]


async def publish(url: str, prefix: str, said: object) -> None:
    """Publish a post and wait for its answer."""
    broker = Broker.at(url)
    async with asyncio.timeout(60), aiomqtt.Client(broker.host, broker.port) as client:
        await client.subscribe(f"{prefix}/answers/a", qos=1)
        await client.publish(f"{prefix}/readings/a", json.dumps(said).encode(), qos=1)
        async for message in client.messages:
            assert json.loads(bytes(message.payload))["taken"] == 1
            return


async def forgotten(url: str, identifier: str) -> None:
    """Give up a place with the broker."""
    broker = Broker.at(url)
    async with aiomqtt.Client(broker.host, broker.port, identifier=identifier, clean_session=True):
        pass


def test_what_was_acknowledged_is_stored_after_a_kill(made: Made) -> None:
    """Killed before it stored anything: the next collector stores it, and knows the post that is sent again."""
    said = {"batch": "kill-1", "meter": ["E01"], "at": ["2026-02-01 00:15"], "value": [321]}
    with running(made.root, "--every", "600") as one:
        assert not post(one.ports["http"], made.token, "/readings", said)["again"]
        one.stop(signal.SIGKILL)
    with running(made.root, "--every", "0.2") as one:
        until(lambda: Decimal(321) in rows(made.root, 2))
        assert post(one.ports["http"], made.token, "/readings", said)["again"]
        assert one.stop() == 0
    assert unsealed(made.root) == 0
    with running(made.root) as one:  # from the lake alone
        assert post(one.ports["http"], made.token, "/readings", said)["again"]
        with pytest.raises(OSError, match="409"):
            post(one.ports["http"], made.token, "/readings", said | {"value": [322]})
    assert rows(made.root, 2).count(Decimal(321)) == 1


def unsealed(root: Path) -> int:
    """How many commits of the lake no seal of the audit log holds."""
    workspace = Workspace.open(root)
    with reading(workspace.engine) as db:
        assert broken_seals(db) == []
        last = max((s.upto for s in seals(db)), default=0)
        count = db.execute(sa.select(sa.func.count()).where(lake_commit.c.sequence > last)).scalar_one()
    workspace.engine.dispose()
    return int(count)


def refusal(root: Path, *options: str) -> tuple[int, str]:
    """How a collector that cannot start ends, and what it says."""
    command = [sys.executable, "-m", "shuangkong.app.cli", "collect", "-w", str(root), *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    return done.returncode, done.stderr


def test_a_taken_port_is_told(made: Made) -> None:
    """With its number and another one to try; nothing is left behind."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, said = refusal(made.root, "--http", f"127.0.0.1:{port}")
    assert (code, "CLI-001" in said, f"--http 127.0.0.1:{port + 1}" in said) == (2, True, True)


def test_a_second_collector_is_refused(made: Made) -> None:
    """One process has the journal."""
    with Journal(journal_folder(Workspace.open(made.root))):
        code, said = refusal(made.root, "--http", "127.0.0.1:0")
    assert (code, "WS-003" in said) == (2, True)


@pytest.mark.parametrize(
    "options",
    [("--http", "0.0.0.0:0"), ("--http", ""), ("--http", "here"), ("--mqtt", "http://x"), ("--hj212", "x:99999")],
)
def test_what_would_not_be_safe_or_is_no_address_is_refused(made: Made, options: tuple[str, ...]) -> None:
    """CLI-001 with the option."""
    code, said = refusal(made.root, *options)
    assert (code, "CLI-001" in said, options[0] in said) == (2, True, True)


def test_cycles_are_sought_rarely_while_collecting_and_as_before_afterwards() -> None:
    """Inside, more objects may gather before a look; afterwards the limits of the process are its own again."""
    before = gc.get_threshold()
    with cycles_sought_rarely():
        assert gc.get_threshold()[0] == CYCLES > before[0]
    assert gc.get_threshold() == before
    assert gc.isenabled()
