"""Fetch the one tool that `run` needs, uv, with nothing but the standard library.

    python3 bootstrap.py .tool/uv

The wheel and its SHA-256 are fixed in bootstrap.lock. The package index is UV_DEFAULT_INDEX or PIP_INDEX_URL
where one is set (a mirror will do: the hash is ours), else PyPI. The file appears whole or not at all.
"""

from __future__ import annotations

import base64
import hashlib
import io
import os
import platform
import sys
import tempfile
import urllib.error
import urllib.request
import zipfile
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple
from urllib.parse import SplitResult, unquote, urldefrag, urljoin, urlsplit

LOCK = Path(__file__).with_name("bootstrap.lock")
PYPI = "https://pypi.org/simple"
SECONDS = 60


class Refused(Exception):
    """Something the person at the terminal can put right."""


class Wheel(NamedTuple):
    """One line of bootstrap.lock."""

    system: str
    machine: str
    libc: str
    name: str
    sha256: str


class Links(HTMLParser):
    """The targets of a simple index page's links."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for key, value in attrs if tag == "a" and key == "href" and value]


def locked(text: str) -> list[Wheel]:
    """The wheels that a lock file names."""
    lines = (line.split() for line in text.splitlines())
    return [Wheel(*words) for words in lines if words and not words[0].startswith("#")]


def choose(wheels: list[Wheel], system: str, machine: str, libc: str) -> Wheel:
    """The wheel for one kind of machine."""
    for wheel in wheels:
        if (wheel.system, wheel.machine) == (system, machine) and wheel.libc in (libc, "any"):
            return wheel
    raise Refused(
        f"no uv is locked for {system} {machine} ({libc}).\n"
        "Install uv 0.13 yourself (https://docs.astral.sh/uv/) and start ./run again: it uses a uv on PATH."
    )


def index_url() -> str:
    """The package index asked for by the environment, or PyPI."""
    return os.environ.get("UV_DEFAULT_INDEX") or os.environ.get("PIP_INDEX_URL") or PYPI


def shown(url: str) -> str:
    """A URL without the password in it."""
    parts = urlsplit(url)
    return parts._replace(netloc=host(parts)).geturl()


def host(parts: SplitResult) -> str:
    """Host and port, without user and password."""
    return parts.netloc.rpartition("@")[2]


def get(url: str, login_of: str) -> bytes:
    """Read a URL; the user and password in `login_of` go to that host only."""
    request = urllib.request.Request(shown(url), headers={"Accept": "text/html, */*;q=0.1"})
    login = urlsplit(login_of)
    if login.username and host(login) == host(urlsplit(url)):
        pair = f"{unquote(login.username)}:{unquote(login.password or '')}"
        request.add_unredirected_header("Authorization", "Basic " + base64.b64encode(pair.encode()).decode())
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:
            return bytes(answer.read())
    except (urllib.error.URLError, TimeoutError, OSError, ValueError) as error:
        raise Refused(
            f"cannot read {shown(url)}: {getattr(error, 'reason', error)}\n"
            "连不上软件源：请检查网络，或指定镜像。Check the network, or name a mirror, for example\n"
            "  UV_DEFAULT_INDEX=https://pypi.tuna.tsinghua.edu.cn/simple ./run demo\n"
            "Without a network, put uv 0.13 on PATH."
        ) from error


def fetch(wheel: Wheel, index: str) -> bytes:
    """The wheel's bytes from the index, proved by its hash."""
    page = index.rstrip("/") + "/uv/"
    links = Links()
    links.feed(get(page, index).decode("utf-8", "replace"))
    for link in links.found:
        address = urldefrag(urljoin(shown(page), link)).url
        if unquote(address.rpartition("/")[2]) == wheel.name:
            body = get(address, index)
            seen = hashlib.sha256(body).hexdigest()
            if seen != wheel.sha256:
                raise Refused(
                    f"{wheel.name} from {shown(address)} is not the locked file; nothing was written.\n"
                    f"  locked {wheel.sha256}\n  seen   {seen}\n"
                    "下载的文件与锁定的不符，未写入。\n"
                    "A proxy may have answered with a page of its own, or the mirror is damaged: try another."
                )
            return body
    raise Refused(f"{shown(page)} does not list {wheel.name}. Try another index: UV_DEFAULT_INDEX=…")


def binary(body: bytes) -> bytes:
    """The uv program inside the wheel."""
    with zipfile.ZipFile(io.BytesIO(body)) as wheel:
        names = [name for name in wheel.namelist() if name.endswith(".data/scripts/uv")]
        return wheel.read(names[0])


def write(target: Path, body: bytes) -> None:
    """Put the program in place in one step."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=".uv-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(body)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(name, 0o755)
            os.replace(name, target)
        except BaseException:
            os.unlink(name)
            raise
    except OSError as error:
        raise Refused(
            f"cannot write {target}: {error.strerror}\n"
            "无法写入：请检查目录权限和磁盘空间。Make the folder writable, or free disk space."
        ) from error


def libc() -> str:
    """Which C library this Python stands on, as far as wheels care."""
    return "glibc" if platform.libc_ver()[0] == "glibc" else "musl"


def main(arguments: list[str]) -> int:
    """Fetch uv to the path given."""
    if len(arguments) != 1:
        print("usage: python3 bootstrap.py TARGET", file=sys.stderr)
        return 2
    machine = {"AMD64": "x86_64", "arm64e": "arm64"}.get(platform.machine(), platform.machine())
    try:
        wheel = choose(locked(LOCK.read_text("utf-8")), platform.system(), machine, libc())
        print(f"首次启动，下载 uv… first start: fetching {wheel.name}", file=sys.stderr)
        write(Path(arguments[0]), binary(fetch(wheel, index_url())))
    except Refused as refusal:
        print(f"bootstrap: {refusal}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
