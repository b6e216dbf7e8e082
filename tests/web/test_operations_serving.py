"""`shuangkong serve` as a process: what it refuses, how it stops, and several processes that count together."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from typer.testing import CliRunner

from shuangkong.app.cli import app as program
from shuangkong.app.commands.serve import Listening, ready_to_serve
from shuangkong.engine.api import Workspace
from shuangkong.kernel.errors import UserError

WAIT = 90
GOOD = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
OUTSIDE = Listening(host="0.0.0.0", behind_proxy=True, public_hosts=("energy.example.gov.cn",))


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    """An empty workspace."""
    made = Workspace.create(tmp_path / "w")
    yield made
    made.engine.dispose()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def refused(workspace: Workspace, listening: Listening) -> str:
    """The message of a refusal."""
    with pytest.raises(UserError) as wrong:
        ready_to_serve(workspace, listening)
    return str(wrong.value)


@pytest.mark.parametrize(
    "secret",
    ["x", "changeme", "a" * 64, "0" * 31 + "1", "CHANGEME-changeme-changeme-changeme", "my-secret-" + "0a1b2c3d" * 4,
     GOOD[:31], "abababababababababababababababababab"],
)  # fmt: skip
def test_a_weak_secret_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, secret: str) -> None:
    """A short, a well-known and a monotonous secret stop the server before it listens, and are not repeated."""
    monkeypatch.setenv("SHUANGKONG_SECRET", secret)
    opened = Workspace.create(tmp_path / "w")
    said = refused(opened, Listening(port=free_port()))
    assert said.startswith("CLI-001 SHUANGKONG_SECRET: the secret ")
    assert secret == "x" or secret not in said
    opened.engine.dispose()


def test_the_secret_is_made_kept_and_overridden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new workspace has one of 256 bits, its file is its owner's; an older one gets one; the environment wins."""
    made = Workspace.create(tmp_path / "w")
    settings = tmp_path / "w" / "workspace.json"
    assert len(bytes.fromhex(made.secret)) == 32
    assert made.secret not in repr(made)
    assert stat.S_IMODE(settings.stat().st_mode) == 0o600
    assert Workspace.open(tmp_path / "w").with_secret().secret == made.secret
    older = {k: v for k, v in json.loads(settings.read_text("utf-8")).items() if k != "secret"}
    settings.write_text(json.dumps(older), "utf-8")
    settings.chmod(0o644)
    opened = Workspace.open(tmp_path / "w")
    assert opened.secret == ""
    assert refused(opened, Listening(port=free_port())).startswith("CLI-001 SHUANGKONG_SECRET: the secret has 0 char")
    given = opened.with_secret().secret
    assert given not in ("", made.secret)
    assert Workspace.open(tmp_path / "w").secret == given
    assert stat.S_IMODE(settings.stat().st_mode) == 0o600
    monkeypatch.setenv("SHUANGKONG_SECRET", GOOD)
    assert Workspace.open(tmp_path / "w").secret == GOOD
    ready_to_serve(Workspace.open(tmp_path / "w"), Listening(port=free_port()))


def test_a_demo_listens_on_this_machine_alone(tmp_path: Path) -> None:
    """A demo is refused on any other address, proxy or not."""
    demo = Workspace.create(tmp_path / "w", demo=True)
    for host in ("0.0.0.0", "::", "10.0.0.1"):
        said = refused(demo, Listening(host=host, behind_proxy=True, public_hosts=("x.example",)))
        assert said.startswith("CLI-001 --host: a demo signs anyone in as anybody")
    ready_to_serve(demo, Listening(port=free_port()))
    demo.engine.dispose()


def test_others_reach_it_through_a_proxy_alone(workspace: Workspace) -> None:
    """Outside this machine it wants a proxy, a name, and an administrator who can sign in."""
    plain = Listening(host="0.0.0.0", port=free_port())
    assert refused(workspace, plain).startswith("CLI-001 --host: on 0.0.0.0 passwords would cross")
    nameless = Listening(host="0.0.0.0", port=free_port(), behind_proxy=True)
    assert refused(workspace, nameless).startswith("CLI-001 --public-host:")
    assert "nobody with a password may manage people here." in refused(workspace, OUTSIDE)


def test_a_taken_port_and_a_log_that_cannot_be_written_are_told(workspace: Workspace, tmp_path: Path) -> None:
    """Both are user errors with what to do."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert f"--port {port + 1}." in refused(workspace, Listening(port=port))
    said = refused(workspace, Listening(port=free_port(), log_file=str(tmp_path / "none" / "log")))
    assert said.startswith(f"WS-004 {tmp_path / 'none' / 'log'}:")


def test_the_command_refuses_too(workspace: Workspace) -> None:
    """`serve` on another address without a proxy ends with a user error and nothing listens."""
    done = CliRunner().invoke(program, ["serve", "-w", str(workspace.root), "--host", "0.0.0.0"])
    assert isinstance(done.exception, UserError)
    assert done.exception.code == "CLI-001"


@contextmanager
def running(*command: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process that is gone afterwards."""
    started = subprocess.Popen(command, stderr=subprocess.PIPE, start_new_session=True)
    try:
        yield started
    finally:
        with suppress(ProcessLookupError):
            os.killpg(started.pid, signal.SIGKILL)
        started.communicate()


def ask(port: int, path: str) -> tuple[int, str]:
    """Status and body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=WAIT)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def until_it_answers(port: int, process: subprocess.Popen[bytes]) -> None:
    """Wait for the first answer."""
    end = time.monotonic() + WAIT
    while time.monotonic() < end:
        assert process.poll() is None, ((process.stderr and process.stderr.read()) or b"").decode()
        with suppress(OSError, http.client.HTTPException):
            if ask(port, "/healthz")[0] == 200:
                return
        time.sleep(0.1)
    raise AssertionError("the server did not answer")


SLOW = """
    import pathlib, sys, time
    from shuangkong.app.commands.serve import Listening, run
    from shuangkong.app.web import create_app
    from shuangkong.app.web.serving import Serving
    from shuangkong.engine.api import Workspace

    root, begun, go, port = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3]), sys.argv[4]
    app = create_app(Workspace.open(root), Serving(()))

    def slow():
        begun.touch()
        while not go.exists():
            time.sleep(0.02)
        return "finished"

    app.add_api_route("/api/slow", slow)
    run(app, Listening(port=int(port)))
"""


def test_a_request_in_hand_is_finished_before_it_stops(workspace: Workspace, tmp_path: Path) -> None:
    """After SIGTERM no new request is taken, the one in hand gets its whole answer, and the process ends by itself."""
    port, begun, go = free_port(), tmp_path / "begun", tmp_path / "go"
    arguments = (str(workspace.root), str(begun), str(go), str(port))
    with running(sys.executable, "-c", textwrap.dedent(SLOW), *arguments) as process:
        until_it_answers(port, process)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=WAIT)
        connection.request("GET", "/api/slow")
        wait_for(begun.exists)
        process.send_signal(signal.SIGTERM)
        wait_for(lambda: not listens(port))
        assert process.poll() is None
        go.touch()
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (200, b'"finished"')
        connection.close()
        assert process.wait(WAIT) in (0, -signal.SIGTERM)


def wait_for(there: object) -> None:
    """Wait until something holds."""
    end = time.monotonic() + WAIT
    while not there():  # type: ignore[operator]
        assert time.monotonic() < end
        time.sleep(0.02)


def listens(port: int) -> bool:
    """Whether a connection is taken."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.slow
def test_several_processes_serve_one_workspace(workspace: Workspace, tmp_path: Path) -> None:
    """Two processes answer, count together, write one log and end on SIGTERM."""
    port, log = free_port(), tmp_path / "log.jsonl"
    command = (str(Path(sys.executable).with_name("shuangkong")), "serve", "-w", str(workspace.root), "--port",
               str(port), "--processes", "2", "--log-file", str(log))  # fmt: skip
    with running(*command) as process:
        until_it_answers(port, process)
        before = counted(ask(port, "/metrics")[1])
        for _ in range(20):
            assert ask(port, "/healthz")[0] == 200
        # whichever process is asked, it tells what all have counted
        assert {counted(ask(port, "/metrics")[1]) for _ in range(6)} == {before + 20}
        assert ask(port, "/api/nope")[0] == 404
        process.send_signal(signal.SIGTERM)
        assert process.wait(WAIT) in (0, -signal.SIGTERM)
    routes = [json.loads(line).get("route") for line in log.read_text("utf-8").splitlines()]
    assert routes.count("/healthz") == before + 20
    assert "(none)" in routes


def counted(text: str) -> int:
    """How often /healthz was answered."""
    line = next(n for n in text.splitlines() if n.startswith("shuangkong_http_requests_total") and "/healthz" in n)
    return int(float(line.rpartition(" ")[2]))
