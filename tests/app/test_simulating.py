"""A made-up province against a real collector (合成): nothing lost, nothing invented, the days as they really were."""

from __future__ import annotations

import os
import signal
import uuid
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from collector_made import running
from shuangkong.app.cli import app
from shuangkong.app.demo.city import make_city
from shuangkong.app.demo.load import register_city, register_places
from shuangkong.app.simulating import compare, faults_of, prepare, prepared, send
from shuangkong.engine.api import Workspace
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.scope import Scope
from shuangkong.metering.mqtt import Broker
from shuangkong.metering.register import meters_known
from shuangkong.metering.rollup_tables import METER_DAYS
from shuangkong.metering.simulating.course import start_of
from shuangkong.metering.simulating.design import design
from shuangkong.metering.simulating.trouble import Trouble

FIRST = datetime(2026, 1, 2, tzinfo=UTC)
START = start_of("2026-03-01")
BROKER = os.environ.get("SHUANGKONG_TEST_MQTT", "mqtt://127.0.0.1:1883")


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A demo workspace with the made-up counties and nothing else."""
    made = Workspace.create(tmp_path / "ws", demo=True)
    with made.engine.begin() as connection:
        register_places(connection, FIRST)
        register_city(connection, make_city(), FIRST)
    return made


def _prepare(workspace: Workspace, units: int) -> None:
    prepare(workspace, units, seed=212, share=0.5, since=date(2026, 1, 1), principal="test")


@pytest.mark.service
def test_what_four_ways_acknowledged_is_what_is_stored(workspace: Workspace) -> None:
    """Posts, messages, uploads and frames with every fault: compared row by row, and the day rolled up to the truth."""
    _prepare(workspace, 10)
    made = prepared(workspace)
    prefix = f"test-{uuid.uuid4().hex[:8]}"
    faults = {name: 3.0 for name in design().faults if name not in ("reset", "copied")}
    with running(
        workspace.root, "--hj212", "127.0.0.1:0", "--mqtt", BROKER, "--mqtt-prefix", prefix, "--every", "0.5"
    ) as collector:
        told = send(
            workspace, made, start=START, ticks=36, faults=faults, http=f"http://127.0.0.1:{collector.ports['http']}",
            hj212=("127.0.0.1", collector.ports["hj212"]), mqtt=Broker.at(BROKER), prefix=prefix,
        )  # fmt: skip
        assert collector.stop(signal.SIGTERM) == 0
    assert set(told.ways) == {"http", "mqtt", "hj212"}
    for way in told.ways.values():
        assert way.acknowledged > 0
        assert (way.given_up, dict(way.refused)) == (0, {})
    found = compare(workspace, made)
    assert found.agrees, found.named
    assert found.stored == found.acknowledged > 500


def test_a_quiet_day_rolls_up_to_what_went_through(workspace: Workspace) -> None:
    """Without faults the days in the lake are the truth of intervals and rates to the last digit."""
    _prepare(workspace, 4)
    made = prepared(workspace)
    with running(workspace.root, "--every", "0.5") as collector:
        send(
            workspace, made, start=START, ticks=24 * 12, faults={},
            http=f"http://127.0.0.1:{collector.ports['http']}",
        )  # fmt: skip
        assert collector.stop(signal.SIGTERM) == 0
    truth = Trouble(made.province(), START, {})
    list(truth.rounds(24 * 12))
    known = workspace.clock()
    with workspace.engine.connect() as db:
        numbers = {m.code: m.number for m in meters_known(db, Scope.system("test"), known).spells}
    rows = workspace.lake.read(METER_DAYS, known).to_pylist()
    newest = {(r["meter"], r["day"]): r["quantity"] for r in sorted(rows, key=lambda r: r["made"])}
    day = date(2026, 3, 1)
    checked = 0
    for m in made.province().meters:
        if m.kind.kind != "register":
            through = int(truth.course.days[(day - date(1970, 1, 1)).days][m.place])
            assert int(newest[numbers[m.channel], day] * 1_000_000) == through
            checked += 1
    assert checked


def test_only_a_workspace_of_the_demo_is_made_up(tmp_path: Path) -> None:
    """Synthetic readings never enter a real workspace; and a province is prepared once."""
    real = Workspace.create(tmp_path / "real")
    with pytest.raises(UserError, match="WS-001"):
        _prepare(real, 1)
    with pytest.raises(UserError, match="WS-001"):
        prepared(real)


def test_what_is_wrong_is_said_with_its_remedy(workspace: Workspace) -> None:
    """Nothing prepared, prepared twice, a fault nobody knows, nowhere to send to, no such time."""
    with pytest.raises(UserError, match="no made-up province"):
        prepared(workspace)
    _prepare(workspace, 1)
    with pytest.raises(UserError, match="there already"):
        _prepare(workspace, 1)
    with pytest.raises(UserError, match="no fault"):
        faults_of(["flood"])
    with pytest.raises(UserError, match="no fault"):
        faults_of(["late=often"])
    assert faults_of(["none"]) == {}
    assert faults_of(["late=2"]) == {"late": 2.0}
    assert set(faults_of(["all"])) == set(design().faults)
    run = CliRunner().invoke(app, ["simulate", "send", "-w", str(workspace.root)])
    assert isinstance(run.exception, UserError)
    assert "nowhere to send" in str(run.exception)
    run = CliRunner().invoke(
        app, ["simulate", "send", "-w", str(workspace.root), "--hj212", "here", "--start", "2026-03-01"]
    )
    assert "no address" in str(run.exception)
    run = CliRunner().invoke(app, ["simulate", "send", "-w", str(workspace.root), "--http", "x", "--start", "noon"])
    assert "no day or time" in str(run.exception)


def test_the_tokens_of_a_made_up_province_are_its_owners_alone(workspace: Workspace) -> None:
    """The file with the secrets is readable by nobody else."""
    _prepare(workspace, 1)
    assert (workspace.root / "simulate" / "plan.json").stat().st_mode & 0o077 == 0
