"""Readings in by HTTP: columnar posts a core, 30 000 small posts within a minute, storing, and a loop as peers have it.

The server is in this process (journal and fsync included, storing apart), senders in another. Rates are readings in a
CPU second of the server's process with all its threads: other programs on the machine do not count. Times to the
acknowledgement are wall times and do. All readings are invented (合成).
"""

from __future__ import annotations

import asyncio
import json
import random
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import uvicorn

from shuangkong.engine.api import Lake, connect, migrate
from shuangkong.metering.collecting import allow_connections
from shuangkong.metering.committing import Committer
from shuangkong.metering.journal import Journal, segments
from shuangkong.metering.meters import Meter, Meters
from shuangkong.metering.storing import store
from shuangkong.metering.web import create_collector

TARGET = 2_000_000
UNITS, METERS_OF_A_UNIT = 30_000, 4
START = 1_767_196_800_000
QUARTER = 900_000


def columnar(name: str, rows: int, meters: int, seed: int) -> bytes:
    """A post of so many readings of so many meters, as `POST /readings` takes it."""
    chance = random.Random(seed)
    return json.dumps({
        "batch": name, "meters": [f"E{n:05d}" for n in range(meters)], "meter": [n % meters for n in range(rows)],
        "at_ms": [START + QUARTER * (n // meters) for n in range(rows)],
        "value": [round(chance.uniform(0, 500), 2) for _ in range(rows)],
    }, separators=(",", ":")).encode()  # fmt: skip


def token(n: int) -> str:
    """The token of a made-up unit."""
    return f"bench-{n:05d}"


@asynccontextmanager
async def serving(folder: Path, tokens: Mapping[str, str]) -> AsyncIterator[int]:
    """A collector in this process; gives its port."""
    allow_connections()

    async def source_of(said: str) -> str | None:
        return tokens.get(sha256(said.encode()).hexdigest())

    with Journal(folder) as journal, Committer(journal, lambda: time.time_ns() // 1000) as committer:
        config = uvicorn.Config(
            create_collector(committer, source_of), port=0, access_log=False, log_config=None, lifespan="off",
            ws="none", backlog=8192,
        )  # fmt: skip
        server = uvicorn.Server(config)
        task = asyncio.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0.01)
        yield server.servers[0].sockets[0].getsockname()[1]
        server.should_exit = True
        await task


async def run_sender(*given: object) -> list[float]:
    """The other process; gives seconds to each acknowledgement."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, __file__, *map(str, given), stdout=subprocess.PIPE
    )  # fmt: skip
    out, _ = await child.communicate()
    if child.returncode:
        raise RuntimeError("the senders gave up")
    return list(json.loads(out))


async def _columnar(rows: int, posts: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        tokens = {sha256(token(0).encode()).hexdigest(): "u0"}
        async with serving(Path(folder) / "j", tokens) as port:
            await run_sender(port, "columnar", rows, 3, "warm")
            start = time.process_time()
            took = await run_sender(port, "columnar", rows, posts, "b")
            used = time.process_time() - start
    return {
        "rows_a_post": rows, "readings_per_cpu_second": round(rows * posts / used), "p50_ms": _at(took, 50),
        "p99_ms": _at(took, 99),
    }  # fmt: skip


async def _minute(posts: int, seconds: float) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        tokens = {sha256(token(n).encode()).hexdigest(): f"u{n}" for n in range(posts)}
        async with serving(Path(folder) / "j", tokens) as port:
            start = time.process_time()
            took = await run_sender(port, "minute", posts, seconds, "b")
            used = time.process_time() - start
    return {
        "posts": posts, "within_seconds": seconds, "readings_a_post": METERS_OF_A_UNIT,
        "p50_ms": _at(took, 50), "p99_ms": _at(took, 99), "max_ms": round(max(took) * 1000, 1),
        "server_cpu_seconds": round(used, 2),
    }  # fmt: skip


def _at(seconds: list[float], percent: int) -> float:
    found = sorted(seconds)
    return round(found[min(len(found) - 1, len(found) * percent // 100)] * 1000, 2)


def stored(units: int = UNITS // 10, posts_each: int = 2) -> dict[str, Any]:
    """Small posts of many units from the journal into the lake, each reading with its meter."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        engine = connect(f"sqlite:///{root / 'registry.sqlite'}")
        migrate(engine)
        lake = Lake(root / "lake", engine, lambda: datetime.now(UTC))
        meters = Meters(
            Meter(u * METERS_OF_A_UNIT + m, f"m{u}", f"u{u}", f"E{m:05d}", "electricity", "kWh", "interval",
                  date(2025, 1, 1))
            for u in range(units) for m in range(METERS_OF_A_UNIT)
        )  # fmt: skip
        from shuangkong.metering.decoding import JSON, decoded

        bodies = [columnar(f"b{k}", METERS_OF_A_UNIT, METERS_OF_A_UNIT, k) for k in range(posts_each)]
        with Journal(root / "j") as journal, Committer(journal, lambda: time.time_ns() // 1000) as committer:
            for k in range(posts_each):
                answers = [committer.take(decoded(bodies[k], JSON, f"u{u}", 0)) for u in range(units)]
                for answer in answers:
                    answer.result()
        start = time.process_time()
        done = store(lake, segments(root / "j"), meters)
        used = time.process_time() - start
        engine.dispose()
    return {
        "posts": units * posts_each, "readings": done.readings, "cpu_seconds": round(used, 2),
        "posts_per_cpu_second": round(units * posts_each / used),
    }  # fmt: skip


def as_peers_do(posts: int = 20, rows: int = 1000) -> int:
    """Readings in a CPU second of a loop as one meets it: rows of JSON, a statement for each, a commit each post."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    chance = random.Random(1)
    bodies = [
        json.dumps([
            {"meter": f"E{n % 100:05d}", "ts": (at + timedelta(minutes=15 * (n // 100))).isoformat(),
             "value": round(chance.uniform(0, 500), 2)}
            for n in range(rows)
        ]).encode()
        for _ in range(posts)
    ]  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        db = sqlite3.connect(Path(folder) / "peer.sqlite")
        db.execute("create table r (meter text, ts text, value real, primary key (meter, ts))")
        start = time.process_time()
        for body in bodies:
            for row in json.loads(body):
                moment = datetime.fromisoformat(row["ts"])
                db.execute(
                    "insert or replace into r values (?, ?, ?)", (row["meter"], str(moment), float(row["value"]))
                )
            db.commit()
        used = time.process_time() - start
        db.close()
    return round(posts * rows / used)


def measure(posts: int = UNITS, seconds: float = 60.0, rounds: int = 3) -> dict[str, Any]:
    """Everything; rates are the median and the best of some rounds."""
    shapes = []
    for rows, count in ((1_000, 300), (10_000, 60), (100_000, 8)):
        found = [asyncio.run(_columnar(rows, count)) for _ in range(rounds)]
        rates = [f["readings_per_cpu_second"] for f in found]
        shapes.append({**found[-1], "readings_per_cpu_second": {
            "median": round(statistics.median(rates)), "best": max(rates),
        }})  # fmt: skip
    return {
        "columnar": shapes,
        "small_posts": asyncio.run(_minute(posts, seconds)),
        "storing": stored(),
        "as_peers_do_readings_per_cpu_second": as_peers_do(),
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


# -- the senders' side


async def send(port: int, kind: str, *given: str) -> list[float]:
    """Send as asked; seconds to each acknowledgement."""
    allow_connections()
    if kind == "columnar":
        rows, posts, name = int(given[0]), int(given[1]), given[2]
        return await _lines(port, [columnar(f"{name}{n}", rows, min(rows, 1000), n) for n in range(posts)])
    posts, seconds, chance = int(given[0]), float(given[1]), random.Random(1)
    begin = time.perf_counter()
    moments = sorted(chance.uniform(0, seconds) for _ in range(posts))
    bodies = [columnar("b0", METERS_OF_A_UNIT, METERS_OF_A_UNIT, n) for n in range(100)]
    return list(
        await asyncio.gather(*(_once(port, token(n), bodies[n % 100], begin + at) for n, at in enumerate(moments)))
    )


async def _lines(port: int, bodies: list[bytes], lines: int = 4) -> list[float]:
    """Posts over some connections that stay open, each after the answer to the one before."""
    took: list[float] = []

    async def line(mine: list[bytes]) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
        for body in mine:
            start = time.perf_counter()
            writer.write(_request(token(0), body))
            head = await reader.readuntil(b"\r\n\r\n")
            if b" 200 " not in head[:16]:
                raise RuntimeError(head)
            await reader.readexactly(int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0]))
            took.append(time.perf_counter() - start)
        writer.close()

    await asyncio.gather(*(line(bodies[n::lines]) for n in range(lines)))
    return took


async def _once(port: int, secret: str, body: bytes, moment: float) -> float:
    """A connection of its own for one post at its moment."""
    await asyncio.sleep(max(0.0, moment - time.perf_counter()))
    start = time.perf_counter()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(_request(secret, body))
    head = await reader.readuntil(b"\r\n\r\n")
    took = time.perf_counter() - start
    writer.close()
    if b" 200 " not in head[:16]:
        raise RuntimeError(head)
    return took


def _request(secret: str, body: bytes) -> bytes:
    return (
        b"POST /readings HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nauthorization: Bearer %s\r\n"
        b"content-length: %d\r\n\r\n%s" % (secret.encode(), len(body), body)
    )


if __name__ == "__main__":
    print(json.dumps(asyncio.run(send(int(sys.argv[1]), *sys.argv[2:]))))
