"""The five main pages over a city of two thousand units (合成), beside a bare route of the same framework.

Two servers run on loopback with the settings of `shuangkong serve`: the pages of a demo that was loaded with
`--scale 10`, and a FastAPI application whose one route gives back a string of the same length that was made
beforehand: no session, no right, no data, no template. One client with kept connections asks ours, the bare route,
and the bare route again in turn; the ratio of the bare route to itself is the noise. Ours is asked as a browser asks,
for a compressed answer. Times are wall time at the client.

    python benchmarks/pages_bench.py --serve FOLDER PORT     only the pages, to look at or to profile
"""

from __future__ import annotations

import http.client
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

HERE = Path(__file__).resolve().parent
SCALE = 10
AS_OF = date(2026, 11, 20)
WARM_UP = 5
PATIENCE = 120
_ROUTE = "/bare/"


def kept_folder(scale: int) -> Path:
    """Where the loaded demo is kept between measurements: it depends on the version and the schema."""
    from shuangkong import __version__
    from shuangkong.engine.api import head_revision

    return HERE / "results" / f"pages-{__version__}-{head_revision()}-scale{scale}"


def loaded(scale: int) -> tuple[Path, dict[str, Any]]:
    """The workspace of the demo, loaded if it is not there yet, and what loading took (nothing if it was there)."""
    from shuangkong.app.demo.run import load_demo
    from shuangkong.engine.api import Workspace
    from shuangkong.policy.api import PackSet, builtin_packs

    folder = kept_folder(scale)
    if (folder / "complete").exists():
        return folder / "w", {}
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    wall, cpu = time.perf_counter(), time.process_time()
    opened = Workspace.create(folder / "w", demo=True)
    load_demo(opened, PackSet(builtin_packs()), scale=scale, as_of=AS_OF, progress=lambda *_: None)
    opened.engine.dispose()
    (folder / "complete").touch()
    took = {"wall_seconds": round(time.perf_counter() - wall, 1), "cpu_seconds": round(time.process_time() - cpu, 1)}
    return folder / "w", took


def serve_pages(root: Path, port: int) -> None:
    """The pages, as `shuangkong serve` serves them, without the demo's worker beside."""
    from shuangkong.app.commands.serve import Listening, run
    from shuangkong.app.web import create_app
    from shuangkong.app.web.serving import Serving
    from shuangkong.engine.api import Workspace

    run(create_app(Workspace.open(root), Serving((), log_file=os.devnull)), Listening(port=port, log_file=os.devnull))


def serve_bare(port: int) -> None:
    """A route that gives back so many letters, served with the same settings."""
    from fastapi import FastAPI
    from fastapi.responses import HTMLResponse

    from shuangkong.app.commands.serve import Listening, run

    app = FastAPI()
    made: dict[int, str] = {}

    def bare(size: int) -> HTMLResponse:
        return HTMLResponse(made.setdefault(size, "x" * size))

    app.add_api_route(_ROUTE + "{size}", bare)
    run(app, Listening(port=port, log_file=os.devnull))


class Client:
    """One kept connection, and the cookie of a session."""

    def __init__(self, port: int, *, headers: dict[str, str] | None = None) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        self.headers = {"Host": f"127.0.0.1:{port}", **(headers or {})}

    def ask(self, path: str) -> tuple[int, bytes, dict[str, str]]:
        """Status, body and head of an answer, read to its end."""
        try:
            self.connection.request("GET", path, headers=self.headers)
            answer = self.connection.getresponse()
        except http.client.RemoteDisconnected:  # kept too long without a request: the server has closed it
            self.connection.close()
            self.connection.request("GET", path, headers=self.headers)
            answer = self.connection.getresponse()
        return answer.status, answer.read(), {k.lower(): v for k, v in answer.getheaders()}

    def timed(self, path: str) -> float:
        """Seconds until the whole answer is there, which must be a 200."""
        start = time.perf_counter()
        status, _, _ = self.ask(path)
        took = time.perf_counter() - start
        if status != 200:
            raise RuntimeError(f"{path}: {status}")
        return took

    def enter(self, person: str) -> None:
        """Sign in as a person of the demo."""
        origin = {"Origin": f"http://{self.headers['Host']}", "Content-Type": "application/x-www-form-urlencoded"}
        self.connection.request("POST", "/sign-in/demo", urlencode({"person": person}), {**self.headers, **origin})
        answer = self.connection.getresponse()
        answer.read()
        cookie = answer.getheader("set-cookie", "") or ""
        if answer.status != 303 or "shuangkong_session=" not in cookie:
            raise RuntimeError(f"sign-in: {answer.status}")
        self.headers["Cookie"] = cookie.partition(";")[0]


@contextmanager
def server(*arguments: str) -> Iterator[int]:
    """A server process of this file; its port, as soon as it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    process = subprocess.Popen([sys.executable, __file__, *arguments, str(port)])
    try:
        end = time.monotonic() + PATIENCE
        while True:
            try:
                Client(port).ask("/healthz")
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > end:
                    raise RuntimeError("the server did not start") from None
                time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait(PATIENCE)


def addresses(client: Client, city: str) -> dict[str, str]:
    """The five pages as a city's officer reaches them: the addresses that the pages themselves lead to."""
    home, _ = _followed(client, "/")
    _, units = _followed(client, "/units")
    findings, listed = _followed(client, "/findings")
    why = _first(r'href="(/findings/f_\w+)"', listed)
    unit = _first(r'href="(/units/s_\w+)', units)
    return {"home": home, "region": f"/regions/{city}", "unit": unit, "findings": findings, "why": why}


def _followed(client: Client, path: str) -> tuple[str, str]:
    """Where a path leads in the end, and the page there."""
    status, body, head = client.ask(path)
    return _followed(client, head["location"]) if status in (302, 303, 307) else (path, body.decode())


def _first(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    if match is None:
        raise RuntimeError(f"nothing like {pattern} on the page")
    return match[1]


def _figures(times: list[float]) -> dict[str, float]:
    ordered = sorted(times)
    return {
        "median_ms": round(statistics.median(ordered) * 1000, 2),
        "p95_ms": round(ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))] * 1000, 2),
    }


def _p95(times: list[float]) -> float:
    return _figures(times)["p95_ms"]


def compared(ours: Client, plain: Client, path: str, rounds: int) -> dict[str, Any]:
    """One page beside a bare route of its length, in turn."""
    uncompressed = Client(ours.connection.port, headers={"Cookie": ours.headers["Cookie"]})
    size = len(uncompressed.ask(path)[1])
    compressed = len(ours.ask(path)[1])
    bare = f"{_ROUTE}{size}"
    for _ in range(WARM_UP):
        ours.timed(path)
        plain.timed(bare)
    # the first request after ours finds the machine cold, and is not counted
    times = [(ours.timed(path), *[plain.timed(bare) for _ in range(3)]) for _ in range(rounds)]
    a, _, b, again = ([t[i] for t in times] for i in range(4))
    return {
        "bytes": size, "bytes_compressed": compressed, "page": _figures(a), "bare": _figures(b),
        "ratio_of_medians": round(statistics.median(a) / statistics.median(b), 1),
        "ratio_of_p95": round(_p95(a) / _p95(b), 1),
        "bare_to_itself": round(statistics.median(again) / statistics.median(b), 3),
    }  # fmt: skip


def measure(rounds: int = 200, scale: int = SCALE) -> dict[str, Any]:
    """Everything: loading, first requests after a start, and the five pages beside the bare route."""
    from shuangkong.app.demo.city import make_city, region

    root, took = loaded(scale)
    city = make_city(scale=scale)
    result: dict[str, Any] = {
        "units": len(city.units), "loading": took or "kept from before", "rounds": rounds,
        "load_before": round(os.getloadavg()[0], 1),
    }  # fmt: skip
    with server("--serve", str(root)) as port, server("--bare") as bare_port:
        ours = Client(port, headers={"Accept-Encoding": "gzip"})
        ours.enter(f"demo.officer.{city.design.city.code}")
        start = time.perf_counter()
        ours.ask("/")
        result["first_request_after_start_ms"] = round((time.perf_counter() - start) * 1000)
        reader = Client(port, headers={"Cookie": ours.headers["Cookie"]})
        pages = addresses(reader, str(region(city.design.city.code)))
        result["pages"] = {n: compared(ours, Client(bare_port), p, rounds) for n, p in pages.items()}
    result["load_after"] = round(os.getloadavg()[0], 1)
    return result


if __name__ == "__main__":
    if sys.argv[1] == "--serve":
        serve_pages(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        serve_bare(int(sys.argv[2]))
