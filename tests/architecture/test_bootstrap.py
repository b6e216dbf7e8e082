"""The first start on a bare machine: one file fetched, proved by its hash, put in place whole or not at all."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from source_tree import ROOT

sys.path.insert(0, str(ROOT))
import bootstrap

NAME = "uv-0.13.8-py3-none-any.whl"
PROGRAM = b"#!/bin/sh\necho uv 0.13.8\n"


def wheel_bytes() -> bytes:
    """A wheel with a program in it."""
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as wheel:
        wheel.writestr("uv/__init__.py", "")
        wheel.writestr("uv-0.13.8.data/scripts/uv", PROGRAM)
    return body.getvalue()


BODY = wheel_bytes()
WHEEL = bootstrap.Wheel("Linux", "x86_64", "any", NAME, hashlib.sha256(BODY).hexdigest())


class Index(BaseHTTPRequestHandler):
    """A simple index on loopback with one wheel; it remembers the log-in it was given."""

    seen: list[str | None] = []  # noqa: RUF012 (one list for the server's life is what is wanted)

    def do_GET(self) -> None:
        self.seen.append(self.headers.get("Authorization"))
        files = {
            "/simple/uv/": f'<a href="../../files/{NAME}#sha256=0">uv</a>'.encode(),
            f"/files/{NAME}": BODY,
            "/empty/uv/": b"<html></html>",
        }
        body = files.get(self.path)
        self.send_response(200 if body is not None else 404)
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, *args: object) -> None:
        """Say nothing on the test's output."""


@pytest.fixture
def index() -> Iterator[str]:
    """The host and port of a running index."""
    Index.seen.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Index)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_locked_wheel_is_fetched_and_written(index: str, tmp_path: Path) -> None:
    """A wheel whose hash is right ends up as one executable file, and nothing else is left behind."""
    target = tmp_path / "tool" / "uv"
    bootstrap.write(target, bootstrap.binary(bootstrap.fetch(WHEEL, f"http://{index}/simple")))
    assert target.read_bytes() == PROGRAM
    assert os.access(target, os.X_OK)
    assert os.listdir(target.parent) == ["uv"]


def test_a_log_in_goes_to_its_own_host_and_into_no_message(index: str) -> None:
    """User and password of a mirror are sent to it, and never shown."""
    bootstrap.fetch(WHEEL, f"http://user:p%40ss@{index}/simple/")
    assert Index.seen == ["Basic dXNlcjpwQHNz"] * 2
    with pytest.raises(bootstrap.Refused) as refusal:
        bootstrap.fetch(WHEEL, f"http://user:p%40ss@{index}/empty")
    assert str(refusal.value) == (
        f"http://{index}/empty/uv/ does not list {NAME}. Try another index: UV_DEFAULT_INDEX=…"
    )
    Index.seen.clear()
    bootstrap.get(f"http://{index}/empty/uv/", "https://user:pass@other.example/simple")
    assert Index.seen == [None]


def test_a_changed_file_is_refused(index: str) -> None:
    """A wheel that is not the locked one is not used; the message gives both hashes."""
    wrong = WHEEL._replace(sha256="0" * 64)
    with pytest.raises(bootstrap.Refused) as refusal:
        bootstrap.fetch(wrong, f"http://{index}/simple")
    assert str(refusal.value) == (
        f"{NAME} from http://{index}/files/{NAME} is not the locked file; nothing was written.\n"
        f"  locked {'0' * 64}\n  seen   {WHEEL.sha256}\n"
        "下载的文件与锁定的不符，未写入。\n"
        "A proxy may have answered with a page of its own, or the mirror is damaged: try another."
    )


def test_a_dead_index_is_explained(tmp_path: Path) -> None:
    """Without a network the whole command ends with status 2, a message that helps, and no file."""
    target = tmp_path / "uv"
    environment = os.environ | {"UV_DEFAULT_INDEX": "http://127.0.0.1:9/simple"}
    ended = subprocess.run(
        [sys.executable, ROOT / "bootstrap.py", target], capture_output=True, text=True, env=environment
    )
    assert (ended.returncode, ended.stdout, target.exists()) == (2, "", False)
    assert "bootstrap: cannot read http://127.0.0.1:9/simple/uv/: " in ended.stderr
    assert "UV_DEFAULT_INDEX=https://pypi.tuna.tsinghua.edu.cn/simple ./run demo" in ended.stderr


def test_a_place_that_cannot_be_written_is_explained(tmp_path: Path) -> None:
    """A path that cannot hold the file gives a refusal that names it."""
    (tmp_path / "file").write_text("x", "utf-8")
    with pytest.raises(bootstrap.Refused) as refusal:
        bootstrap.write(tmp_path / "file" / "uv", PROGRAM)
    assert str(refusal.value).startswith(f"cannot write {tmp_path / 'file' / 'uv'}: ")


def test_a_write_that_breaks_off_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the last step fails, the old program stays and no half of the new one is left."""
    target = tmp_path / "uv"
    target.write_bytes(b"old")

    def broken(source: object, destination: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", broken)
    with pytest.raises(bootstrap.Refused):
        bootstrap.write(target, PROGRAM)
    assert os.listdir(tmp_path) == ["uv"]
    assert target.read_bytes() == b"old"


@pytest.mark.parametrize(
    ("system", "machine", "libc", "tag"),
    [
        ("Linux", "x86_64", "glibc", "manylinux_2_17_x86_64"),
        ("Linux", "x86_64", "musl", "musllinux_1_1_x86_64"),
        ("Linux", "aarch64", "glibc", "manylinux_2_17_aarch64"),
        ("Linux", "aarch64", "musl", "musllinux_1_1_aarch64"),
        ("Darwin", "x86_64", "musl", "macosx_10_12_x86_64"),
        ("Darwin", "arm64", "musl", "macosx_11_0_arm64"),
    ],
)
def test_each_common_machine_has_its_wheel(system: str, machine: str, libc: str, tag: str) -> None:
    """The lock names a wheel for Linux with either C library and for both kinds of Mac."""
    chosen = bootstrap.choose(bootstrap.locked(bootstrap.LOCK.read_text("utf-8")), system, machine, libc)
    assert tag in chosen.name
    assert len(chosen.sha256) == 64


def test_an_unknown_machine_is_told_what_to_do() -> None:
    """A machine without a locked wheel is told to install uv itself."""
    with pytest.raises(bootstrap.Refused, match="no uv is locked for Plan9 mips"):
        bootstrap.choose([WHEEL], "Plan9", "mips", "glibc")
