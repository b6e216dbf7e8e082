"""A workspace with made-up units (合成) that send readings, and the collector as a process, for tests and the soak."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from registry.made_up import made_up_unit
from shuangkong.engine.api import Workspace, writing_in_turn
from shuangkong.registry.api import (
    MeterEntry,
    StationEntry,
    ensure_regions,
    issue_reading_token,
    register_meters,
    register_stations,
    register_unit,
)

START = date(2025, 1, 1)
MN = "010000A8900016F000169DC0"
PASSWORD = "123456"


@dataclass(frozen=True)
class Made:
    """A unit that sends, its token, and the channels of its station's chemical oxygen demand and flow."""

    root: Path
    unit: str
    token: str
    channels: tuple[str, ...]


def made_workspace(root: Path) -> Made:
    """A workspace with one synthetic unit, its meters E01 and E02, and a station with two factors."""
    workspace = Workspace.create(root)
    at = datetime.now(UTC)
    channels = tuple(f"{MN}/{factor}-rtd/2011" for factor in ("w01018", "w00000"))
    with writing_in_turn(workspace.engine) as db:
        ensure_regions(db, at, ["130102"])
        unit = register_unit(db, made_up_unit(1, "130102"), at, principal="test")
        meters = [
            MeterEntry(unit, code, START, item="electricity", unit="千瓦时", kind="interval", synthetic=True)
            for code in ("E01", "E02")
        ]
        meters += [
            MeterEntry(
                unit, f"C{n}", START, item="electricity", unit="千瓦时", kind="interval", source=source,
                channel=channel, synthetic=True,
            )
            for n, (source, channel) in enumerate([(unit, "K/realtime"), *(("hj212", c) for c in channels)])
        ]  # fmt: skip
        register_meters(db, meters, at, principal="test")
        station = StationEntry(MN, START, subject_id=unit, password=PASSWORD, synthetic=True)
        register_stations(db, [station], at, principal="test")
        token = issue_reading_token(db, unit, "test", at=at, principal="test")
    workspace.engine.dispose()
    return Made(root, unit, token[1], channels)


@dataclass
class Running:
    """A collector as a process, and the ports that it told."""

    process: subprocess.Popen[str]
    ports: dict[str, int]
    log: list[str]

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and wait; gives how it ended."""
        self.process.send_signal(number)
        out, _ = self.process.communicate(timeout=120)
        self.log += (out or "").splitlines()
        return int(self.process.returncode)


def start(root: Path, *options: str) -> Running:
    """Start a collector on free ports and wait until it says that it listens."""
    command = [
        sys.executable, "-m", "shuangkong.app.cli", "collect", "-w", str(root), "--http", "127.0.0.1:0", *options,
    ]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    log: list[str] = []
    assert process.stdout is not None
    for line in process.stdout:
        log.append(line.rstrip())
        if "Ctrl+C" in line:
            ports = {name: int(port) for name, port in re.findall(r"(http|hj212) (\d+)", line)}
            return Running(process, ports, log)
    raise RuntimeError(f"it ended with {process.wait()}: {log}")


@contextmanager
def running(root: Path, *options: str) -> Iterator[Running]:
    """A collector that is killed at the end if it still runs."""
    one = start(root, *options)
    try:
        yield one
    finally:
        if one.process.poll() is None:
            one.stop(signal.SIGKILL)
