"""HJ 212: microseconds of CPU a frame by stage, the whole way beside a reader written by hand, and over TCP.

Frames are made up (合成): live data of ten factors, some 430 bytes, as stations send them, and go into the journal of
the platform, synchronised once a batch. `./run bench --only hj212`.
"""

from __future__ import annotations

import asyncio
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from shuangkong.metering.collecting import cycles_sought_rarely
from shuangkong.metering.committing import Committer
from shuangkong.metering.hj212.api import (
    Acknowledged,
    Gathering,
    Readings,
    SentBefore,
    Server,
    Splitter,
    Station,
    crc,
    crcs,
    frame,
    into_journal,
    usual_head,
)
from shuangkong.metering.hj212.build import data_answers
from shuangkong.metering.hj212.crc import TABLE
from shuangkong.metering.hj212.framing import Frame
from shuangkong.metering.hj212.intake import Intake
from shuangkong.metering.hj212.journalling import post
from shuangkong.metering.hj212.segment import read
from shuangkong.metering.journal import Journal
from shuangkong.metering.model import packed

CODES = ("w01018", "w21003", "w21011", "w21001", "w01001", "w01010", "w00000", "a21026", "a21002", "a34013")
BATCH = 1000
PASSWORD = "123456"


def made(count: int, stations: int = 3000) -> list[bytes]:
    """Frames of many stations, one after another."""
    chance = random.Random(1)
    return [
        frame(
            (
                f"QN=20261120{n % 240000:09d};ST=32;CN=2011;PW={PASSWORD};MN=010000A8900016F{n % stations:09d};Flag=5;"
                f"CP=&&DataTime=20261120{n % 24:02d}{n // 24 % 60:02d}00;"
                + ";".join(f"{code}-Rtd={chance.uniform(0, 99):.2f},{code}-Flag=N" for code in CODES)
                + "&&"
            ).encode()
        )
        for n in range(count)
    ]


@cache
def registered(stations: int = 3000) -> dict[str, Station]:
    """The stations of `made`, by MN."""
    names = [f"010000A8900016F{n:09d}" for n in range(stations)]
    return {mn: Station(mn, PASSWORD) for mn in names}


def by_hand(stream: bytes) -> tuple[list[Any], list[bytes]]:
    """A reader as one writes it in an hour: splits, table CRC, dicts, floats, answers; it trusts the rest."""
    rows: list[Any] = []
    answers: list[bytes] = []
    for line in stream.split(b"\r\n"):
        if len(line) < 12 or line[:2] != b"##" or int(line[2:6]) != len(line) - 10:
            continue
        segment, register = line[6:-4], 0xFFFF
        for byte in segment:
            register = TABLE[(register >> 8) ^ byte]
        if register != int(line[-4:], 16):
            continue
        head, _, area = segment.decode("ascii").partition(";CP=&&")
        fields = dict(item.split("=", 1) for item in head.split(";"))
        at, values = "", dict[str, dict[str, str]]()
        for item in area[:-2].replace(";", ",").split(","):
            name, _, value = item.partition("=")
            code, _, suffix = name.partition("-")
            if suffix:
                values.setdefault(code, {})[suffix] = value
            elif name == "DataTime":
                at = value
        rows += [(fields["MN"], code, at, float(v["Rtd"]), v.get("Flag")) for code, v in values.items()]
        answer = f"QN={fields['QN']};ST=91;CN=9014;PW={fields['PW']};MN={fields['MN']};Flag=4;CP=&&&&".encode()
        register = 0xFFFF
        for byte in answer:
            register = TABLE[(register >> 8) ^ byte]
        answers.append(b"##%04d%b%04X\r\n" % (len(answer), answer, register))
    return rows, answers


def taken_in(stream: bytes, committer: Committer | None = None) -> tuple[int, list[bytes]]:
    """Ours, without a network: split, checked, let in, read, journalled if there is one, answered; batch by batch."""
    splitter, intake, sent = Splitter(), Intake[None](registered().get), SentBefore()
    count, answers = 0, list[bytes]()
    step = BATCH * 440
    for at in range(0, len(stream), step):
        found = [f for f in splitter.feed(stream[at : at + step]) if isinstance(f, Frame)]
        taking = intake.take([(None, f, time.time_ns() // 1000) for f in found], 0)
        if taking.readings is not None:
            count += len(taking.readings)
            if committer is not None:
                kept(taking.readings, committer, sent)
        answers += data_answers([s.head for s in taking.uploads], [False] * len(taking.uploads))
    return count, answers


def kept(readings: Readings, committer: Committer, sent: SentBefore) -> None:
    """What `into_journal` does, without a loop: those sent before left out, the others durable, then remembered."""
    keep, digests = sent.fresh(readings)
    committer.take(post(readings.chosen(keep))).result()
    sent.kept(digests, len(keep) - int(keep.sum()))


@contextmanager
def journal() -> Iterator[Committer]:
    """A journal in a folder that goes again."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Journal(Path(folder) / "journal") as ground,
        Committer(ground, lambda: time.time_ns() // 1000) as committer,
    ):
        yield committer


def rounds_of(work: Callable[[], object], rounds: int) -> list[float]:
    """CPU seconds of each round."""
    seconds = []
    for _ in range(rounds):
        start = time.process_time()
        work()
        seconds.append(time.process_time() - start)
    return seconds


def cpu(work: Callable[[], object], rounds: int = 5) -> float:
    """The median of CPU seconds."""
    return statistics.median(rounds_of(work, rounds))


def rate(count: int, seconds: list[float]) -> dict[str, int]:
    """Frames in a CPU second: of the median round, and of the best, which other programs disturbed least."""
    return {"median": round(count / statistics.median(seconds)), "best": round(count / min(seconds))}


def measure(count: int = 20_000) -> dict[str, Any]:
    """Stages, the whole beside the hand-written reader in turn, and over TCP; as the collector collects garbage."""
    with cycles_sought_rarely():
        return _measure(count)


def _measure(count: int) -> dict[str, Any]:
    frames = made(count)
    stream = b"".join(frames)
    found = [f for f in Splitter().feed(stream) if isinstance(f, Frame)]
    segments = [f.segment for f in found]
    heads = [h for h in map(usual_head, segments) if h is not None]
    assert len(heads) == count

    def split() -> None:
        splitter = Splitter()
        for at in range(0, len(stream), 65536):
            splitter.feed(stream[at : at + 65536])

    def gathered(finish: bool) -> None:
        for at in range(0, count, BATCH):
            gathering = Gathering()
            for segment, head in zip(segments[at : at + BATCH], heads[at : at + BATCH], strict=True):
                gathering.add(
                    segment, head.area, station="S", command="2011", system="32", number=head.qn, received=0
                )  # fmt: skip
            if finish:
                gathering.finish()

    intake = Intake[None](registered().get)
    whole_batches = [
        taking.readings
        for at in range(0, count, BATCH)
        if (taking := intake.take([(None, f, 0) for f in found[at : at + BATCH]], 0)).readings is not None
    ]
    stages = {
        "split": cpu(split),
        "crc_in_batches": cpu(lambda: [crcs(segments[at : at + BATCH]) for at in range(0, count, BATCH)]),
        "crc_one_by_one": cpu(lambda: [crc(s) for s in segments], 3),
        "head": cpu(lambda: [usual_head(s) for s in segments]),
        "readings_gathered": cpu(lambda: gathered(False)),
        "readings_to_columns": cpu(lambda: gathered(True)),
        "posts_for_the_journal": cpu(lambda: [packed(post(r)) for r in whole_batches]),
        "answers": cpu(lambda: [
            data_answers(heads[at : at + BATCH], [False] * BATCH) for at in range(0, count, BATCH)
        ]),
        "any_segment_to_message": cpu(lambda: [read(s) for s in segments], 3),
    }  # fmt: skip
    rows, answers = by_hand(stream)
    assert (len(rows), answers) == taken_in(stream)
    pairs = [(cpu(lambda: by_hand(stream), 1), cpu(lambda: taken_in(stream), 1)) for _ in range(9)]
    with journal() as committer:
        journalled = rounds_of(lambda: taken_in(stream, committer), 9)
    return {
        "frames": count,
        "bytes_a_frame": round(len(stream) / count),
        "readings_a_frame": len(CODES),
        "microseconds_a_frame": {name: round(s / count * 1e6, 2) for name, s in stages.items()},
        "frames_per_cpu_second": {
            "by_hand_read_and_answered": rate(count, [h for h, _ in pairs]),
            "ours_read_and_answered": rate(count, [o for _, o in pairs]),
            "ours_journalled_too": rate(count, journalled),
        },
        "ours_as_fast_as_by_hand_times": round(statistics.median(h / o for h, o in pairs), 2),
        "tcp": [over_tcp(frames, *form) for form in ((1, 500), (100, 50), (1000, 10), (1000, 1))],
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def over_tcp(frames: list[bytes], connections: int, ahead: int) -> dict[str, Any]:
    """The server in this process and stations in another: each sends so many frames and waits for their answers."""
    with journal() as committer:
        return asyncio.run(_over_tcp(frames, connections, ahead, committer))


async def _over_tcp(frames: list[bytes], connections: int, ahead: int, committer: Committer) -> dict[str, Any]:
    batches = 0
    store = into_journal(committer)

    async def taken(readings: Readings) -> Acknowledged:
        nonlocal batches
        batches += 1
        return await store(readings)

    server = Server(taken, registered().get, clock=lambda: datetime.now(UTC))
    port = await server.listen("127.0.0.1", 0)
    work = asyncio.create_task(server.serve())
    stations = subprocess.Popen([sys.executable, __file__, str(port), str(connections), str(ahead), str(len(frames))])
    while server.counts["frames"] < 1:  # the stations begin together once all are connected
        await asyncio.sleep(0.001)
    start, wall = time.process_time(), time.perf_counter()
    while server.counts["answered"] < len(frames):
        await asyncio.sleep(0.005)
        if stations.poll():
            raise RuntimeError("the stations gave up")
    used, took = time.process_time() - start, time.perf_counter() - wall
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    stations.wait(30)
    return {
        "connections": connections,
        "frames_ahead": ahead,
        "batches": batches,
        "frames_per_cpu_second": round(len(frames) / used),
        "frames_per_second": round(len(frames) / took),
    }


def send(port: int, connections: int, ahead: int, count: int) -> None:
    """The stations' side, in a process of its own."""
    import selectors
    import socket

    frames, chooser = made(count), selectors.DefaultSelector()
    share = count // connections
    open_ = 0
    for n in range(connections):
        line = socket.create_connection(("127.0.0.1", port))
        mine = frames[n * share : (n + 1) * share]
        chunks = [b"".join(mine[at : at + ahead]) for at in range(0, share, ahead)]
        chooser.register(line, selectors.EVENT_READ, [chunks, 0, min(ahead, share)])
        open_ += 1
    for key in list(chooser.get_map().values()):
        key.fileobj.sendall(key.data[0].pop(0))  # type: ignore[union-attr]
    while open_:
        for key, _ in chooser.select():
            state = key.data
            state[1] += key.fileobj.recv(65536).count(b"\n")  # type: ignore[union-attr]
            if state[1] >= state[2]:
                if not state[0]:
                    chooser.unregister(key.fileobj)
                    key.fileobj.close()  # type: ignore[union-attr]
                    open_ -= 1
                    continue
                chunk = state[0].pop(0)
                state[1], state[2] = 0, chunk.count(b"\n")
                key.fileobj.sendall(chunk)  # type: ignore[union-attr]


if __name__ == "__main__":
    send(*map(int, sys.argv[1:5]))
