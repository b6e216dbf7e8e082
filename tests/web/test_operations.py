"""What who runs the server stands on: request ids, one error shape, limits, health and metrics."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import yaml
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient
from starlette.exceptions import HTTPException

import shuangkong
from shuangkong.app.web import create_app
from shuangkong.app.web.limits import host_name, is_loopback
from shuangkong.app.web.serving import Serving
from shuangkong.engine.api import Workspace, record, writing
from shuangkong.kernel.errors import CODES, UserError
from shuangkong.metering.health import Tally
from shuangkong.registry.api import set_consumer_mark
from source_tree import ROOT

SHAPE = {"code", "title", "message", "remedy", "where", "request_id"}
LIMIT = 1000
LOCAL = ("127.0.0.1", 50_000)
ELSEWHERE = ("203.0.113.7", 50_000)


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    """An empty workspace."""
    made = Workspace.create(tmp_path / "w")
    yield made
    made.engine.dispose()


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Where the structured log goes."""
    return tmp_path / "log.jsonl"


@pytest.fixture
def app(workspace: Workspace, log: Path) -> FastAPI:
    """The application with a few routes that misbehave."""
    made = create_app(workspace, Serving(("energy.example.gov.cn",), body_limit=LIMIT, log_file=str(log)))

    def fails(name: str) -> None:
        raise RuntimeError(f"the drawer of {name} is stuck")

    async def takes(request: Request) -> int:
        return len(await request.body())

    def refuses(status: int) -> None:
        raise HTTPException(status, headers={"Retry-After": "7"} if status == 429 else None)

    def mistaken() -> None:
        raise UserError("REG-001", "there is no such unit.", where="unit", remedy="Look it up.")

    made.add_api_route("/api/fails/{name}", fails)
    made.add_api_route("/fails/{name}", fails)
    made.add_api_route("/api/takes", takes, methods=["POST"])
    made.add_api_route("/api/refuses/{status}", refuses)
    made.add_api_route("/mistaken", mistaken)
    return made


def client(app: FastAPI, source: tuple[str, int] = LOCAL, name: str = "localhost") -> TestClient:
    """A browser at an address, asking for a name."""
    return TestClient(app, base_url=f"http://{name}", client=source, follow_redirects=False)


def lines(log: Path) -> list[dict[str, Any]]:
    """The log, line by line."""
    return [json.loads(line) for line in log.read_text("utf-8").splitlines()]


def test_a_request_has_one_id_everywhere(app: FastAPI, log: Path) -> None:
    """Header, body and log carry the same id; one that comes along is kept, a strange one is not."""
    made = client(app).get("/api/nope")
    assert re.fullmatch("[0-9a-f]{32}", made.headers["x-request-id"])
    assert made.json()["request_id"] == made.headers["x-request-id"]
    kept = client(app).get("/healthz", headers={"X-Request-ID": "proxy-1234.5678"})
    assert kept.headers["x-request-id"] == "proxy-1234.5678"
    for strange in ("short", "x" * 65, "a b c d e f g h", '"}{"event":"x', "-12345678"):
        assert client(app).get("/healthz", headers={"X-Request-ID": strange}).headers["x-request-id"] != strange
    assert [r["request_id"] for r in lines(log)][:2] == [made.headers["x-request-id"], "proxy-1234.5678"]


def test_a_line_tells_the_route_and_no_secrets(app: FastAPI, log: Path) -> None:
    """A line holds route template, status and time; neither query nor address nor cookie nor body."""
    asked = client(app).get(
        "/findings/f_hidden?token=hidden", headers={"Cookie": "x=hidden", "Authorization": "Bearer hidden"}
    )
    client(app).post("/api/takes", content=b"hidden")
    client(app).get("/hidden")
    found = lines(log)
    assert "hidden" not in log.read_text("utf-8")
    assert asked.status_code in (303, 401)
    assert [(r["event"], r["method"], r["route"], r["status"]) for r in found] == [
        ("request", "GET", "/findings/{key}", asked.status_code),
        ("request", "POST", "/api/takes", 200),
        ("request", "GET", "(none)", 404),
    ]
    assert all(r["milliseconds"] >= 0 and r["at"].endswith("Z") for r in found)


def test_a_bug_is_told_apart_from_a_mistake(app: FastAPI, log: Path) -> None:
    """A bug is a 500 in the one shape, with the headers of a page; its traceback is in the log alone."""
    told = client(app).get("/api/fails/left")
    assert told.status_code == 500
    assert set(told.json()) == SHAPE
    assert told.json()["code"] == "HTTP-500"
    assert "stuck" not in told.text
    page = client(app).get("/fails/left")
    assert page.status_code == 500
    assert page.headers["x-request-id"] in page.text
    assert "stuck" not in page.text
    assert "default-src 'self'" in page.headers["content-security-policy"]
    bugs = [r for r in lines(log) if r["event"] == "bug"]
    assert [b["request_id"] for b in bugs] == [told.headers["x-request-id"], page.headers["x-request-id"]]
    assert "RuntimeError: the drawer of left is stuck" in bugs[0]["exception"]
    assert [r["status"] for r in lines(log) if r["event"] == "request"] == [500, 500]


def test_a_page_that_cannot_be_drawn_still_says_what_to_do(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where even the frame fails, the error comes as plain text with its id."""

    def broken(*_: Any, **__: Any) -> str:
        raise RuntimeError("no frame")

    monkeypatch.setattr(app.state.site.frame, "render", broken)
    told = client(app).get("/fails/left")
    assert (told.status_code, told.headers["content-type"]) == (500, "text/plain; charset=utf-8")
    assert told.headers["x-request-id"] in told.text


@pytest.mark.parametrize("status", [401, 403, 404, 405, 413, 415, 421, 422, 429, 500, 503])
def test_every_status_below_api_has_the_one_shape(app: FastAPI, status: int) -> None:
    """Whatever goes wrong below /api, the answer has the same keys, in the language asked for."""
    for lang, chinese in (("zh", True), ("en", False)):
        told = client(app).get(f"/api/refuses/{status}?lang={lang}")
        assert told.status_code == status
        assert set(told.json()) == SHAPE
        assert told.json()["code"] == f"HTTP-{status}"
        words = told.json()["title"] + told.json()["remedy"]
        assert bool(re.search(r"[\u4e00-\u9fff]", words)) is chinese


def test_what_the_protocol_asks_for_goes_along(app: FastAPI) -> None:
    """Which methods are taken, how long to wait, and which field is wrong are told."""
    refused = client(app).post("/api/refuses/404")
    assert (refused.status_code, refused.headers["allow"], set(refused.json())) == (405, "GET", SHAPE)
    assert client(app).get("/api/refuses/429").headers["retry-after"] == "7"
    wrong = client(app).get("/api/refuses/many")
    assert (wrong.status_code, wrong.json()["where"]) == (422, "path.status")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_error_page_says_what_it_is_and_what_to_do(app: FastAPI, lang: str) -> None:
    """The page has code, title and meaning in its language, the message, the next step and the id."""
    page = client(app).get(f"/mistaken?lang={lang}")
    code = next(c for c in CODES if c.code == "REG-001")
    assert page.status_code == 404
    for words in ("REG-001", code.zh if lang == "zh" else code.en, "there is no such unit.", "Look it up."):
        assert words in page.text
    assert page.headers["x-request-id"] in page.text


def test_the_page_means_what_the_manual_says() -> None:
    """The meaning of each code on the page is the text of docs/errors.md, in both languages."""
    texts = yaml.safe_load((Path(shuangkong.__file__).parent / "app/web/messages_errors.yaml").read_text("utf-8"))
    manual = (ROOT / "docs" / "errors.md").read_text("utf-8")
    for code in CODES:
        section = re.split(rf"^## {code.code} .*$", manual, flags=re.M)[1].split("\n## ")[0]
        parts = [" ".join(p.split()) for p in section.split("\n\n") if p.strip()]
        about = texts["error"][f"about_{code.code.lower().replace('-', '_')}"]
        assert " ".join(p for p in parts if re.search(r"[\u4e00-\u9fff]", p)) == about["zh"]
        assert " ".join(p for p in parts if not re.search(r"[\u4e00-\u9fff]", p)) == about["en"]


def test_a_body_is_counted_as_it_comes(app: FastAPI, log: Path) -> None:
    """A body over the limit is a 413 in the one shape, whether it says its length, says nothing, or lies."""
    assert client(app).post("/api/takes", content=b"x" * LIMIT).json() == LIMIT
    honest = client(app).post("/api/takes", content=b"x" * (LIMIT + 1))

    def silent() -> Iterator[bytes]:
        yield from (b"x" * 400 for _ in range(3))

    for told in (honest, client(app).post("/api/takes", content=silent())):
        assert told.status_code == 413
        assert set(told.json()) == SHAPE
    assert [r["status"] for r in lines(log)] == [200, 413, 413]
    # in a thread of its own: a browser test before this one may have left a loop running here
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(lambda: asyncio.run(status_of_a_liar(app))).result() == 413


async def status_of_a_liar(app: FastAPI) -> int:
    """The status for a request that says ten bytes and sends more than the limit."""
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"x" * 400, "more_body": True}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"host", b"localhost"), (b"content-length", b"10")]
    scope = {"type": "http", "method": "POST", "path": "/api/takes", "raw_path": b"/api/takes", "query_string": b"",
             "headers": headers, "client": LOCAL, "scheme": "http", "server": ("localhost", 80), "http_version": "1.1",
             "root_path": "", "asgi": {"version": "3.0"}}  # fmt: skip
    await app(scope, receive, send)
    return int(next(m["status"] for m in sent if m["type"] == "http.response.start"))


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("localhost", 200), ("127.0.0.1", 200), ("127.0.0.1:8000", 200), ("[::1]:8000", 200), ("LOCALHOST", 200),
        ("energy.example.gov.cn", 200), ("Energy.Example.Gov.CN:443", 200), ("energy.example.gov.cn.", 200),
        ("evil.example", 421), ("localhost.evil.example", 421), ("127.0.0.1.evil.example", 421), ("", 421),
        ("energy.example.gov.cn.evil.example", 421),
    ],
)  # fmt: skip
def test_it_answers_to_its_own_names_alone(app: FastAPI, name: str, status: int) -> None:
    """A page of elsewhere whose name was turned to this address is refused (DNS rebinding)."""
    told = client(app).get("/healthz", headers={"Host": name})
    assert told.status_code == status
    if status == 421:
        assert set(told.json()) == SHAPE


def test_loopback_is_recognised() -> None:
    """Names and addresses of this machine, and what only looks like them."""
    assert all(is_loopback(n) for n in ("localhost", "127.0.0.1", "127.8.9.10", "::1", "[::1]"))
    assert not any(is_loopback(n) for n in ("0.0.0.0", "::", "10.0.0.1", "", "localhost.x", "testclient"))
    assert [host_name(h) for h in ("A.b:80", "[::1]:80", "[::1]", "a.", "")] == ["a.b", "[::1]", "[::1]", "a", ""]


def test_ready_says_which_part_is_not(app: FastAPI, workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a run it is not ready; nor with another revision, a lake that is gone, or no database."""

    def checks() -> dict[str, bool]:
        told = client(app).get("/readyz")
        found = {name: c["ok"] for name, c in told.json()["checks"].items()}
        assert told.status_code == (200 if all(found.values()) else 503)
        assert told.json()["ready"] is all(found.values())
        return found

    assert client(app).get("/healthz").text == "ok"
    assert checks() == {"database": True, "lake": True, "run": False}
    with writing(workspace.engine) as db:
        now = "2025-01-01T00:00:00.000000Z"
        db.execute(
            sa.text(
                "INSERT INTO run (run_id, kind, state, number, started_at, finished_at, known, as_of, principal,"
                " manifest) VALUES ('r', 'book', 'complete', 1, :now, :now, :now, '2025-01-01', 'p', '{}')"
            ),
            {"now": now},
        )
    assert checks() == {"database": True, "lake": True, "run": True}
    with writing(workspace.engine) as db:
        db.execute(sa.text("UPDATE alembic_version SET version_num = '0001'"))
    assert checks() == {"database": False, "lake": True, "run": True}
    shutil.rmtree(workspace.lake.root)
    assert checks() == {"database": False, "lake": False, "run": True}

    def gone() -> Any:
        raise sa.exc.OperationalError("SELECT", {}, Exception("the password is hidden"))

    monkeypatch.setattr(workspace.engine.pool, "connect", gone)
    assert checks() == {"database": False, "lake": False, "run": False}
    assert "hidden" not in client(app).get("/readyz").text
    assert client(app).get("/healthz").text == "ok"


def test_metrics_count_routes_and_tell_the_state_of_work(app: FastAPI, workspace: Workspace) -> None:
    """Requests stand under the template of their route; audit log and jobs are told."""
    for name in ("/api/refuses/404", "/api/refuses/403", "/api/nope", "/other"):
        client(app).get(name)
    client(app).request("BREW", "/healthz")
    with writing(workspace.engine) as db:
        record(db, at=workspace.clock(), principal="p", action="a", obj="o", detail={})
    told = client(app).get("/metrics")
    assert told.headers["content-type"].startswith("text/plain; version=")
    for line in (
        'shuangkong_http_requests_total{method="GET",route="/api/refuses/{status}",status="403"} 1.0',
        'shuangkong_http_requests_total{method="GET",route="/api/refuses/{status}",status="404"} 1.0',
        'shuangkong_http_requests_total{method="GET",route="(none)",status="404"} 2.0',
        'shuangkong_http_request_seconds_count{method="GET",route="(none)"} 2.0',
        "shuangkong_audit_sequence 1.0",
        f'shuangkong_info{{version="{shuangkong.__version__}"}} 1.0',
    ):
        assert line in told.text.splitlines()
    assert 'method="OTHER"' in told.text
    assert "BREW" not in told.text
    assert "# TYPE shuangkong_jobs gauge" in told.text


def test_metrics_tell_how_the_collector_fares(app: FastAPI, workspace: Workspace) -> None:
    """Before it ran its state alone; then the age of what it said, bytes that wait, posts, readings and refusals."""
    assert 'shuangkong_collector_state{state="never"} 1.0' in client(app).get("/metrics").text.splitlines()
    tally, now = Tally(), workspace.clock()
    tally.taken("http", 1200, rows_refused=3, posts=2)
    tally.refused("hj212", "crc", 7)
    ago = (now - timedelta(seconds=90)).isoformat()
    said = {
        "state": "running", "at": ago, "began_at": ago, "stored_at": (now - timedelta(minutes=5)).isoformat(),
        "ways": tally.as_dict(), "journal_bytes": 4096, "stations_connected": 12, "broken": [],
    }  # fmt: skip
    with writing(workspace.engine) as db:
        set_consumer_mark(db, "collector", json.dumps(said), at=now)
        set_consumer_mark(db, "follows/quality", "0", at=now)
    told = client(app).get("/metrics").text
    for line in (
        'shuangkong_collector_state{state="running"} 1.0',
        "shuangkong_collector_journal_bytes 4096.0",
        "shuangkong_collector_stations 12.0",
        'shuangkong_collector_posts_total{way="http"} 2.0',
        'shuangkong_collector_readings_total{way="http"} 1200.0',
        'shuangkong_collector_rows_refused_total{way="http"} 3.0',
        'shuangkong_collector_refused_total{reason="crc",way="hj212"} 7.0',
        'shuangkong_readings_behind{follower="quality"} 0.0',
    ):
        assert line in told.splitlines(), line
    ages = dict(re.findall(r"^shuangkong_collector_(\w+)_age_seconds (\S+)$", told, re.MULTILINE))
    assert ages.keys() == {"state", "stored"}
    assert 90 <= float(ages["state"]) < 300 <= float(ages["stored"]) < 600


def test_metrics_are_not_for_everybody(app: FastAPI, workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """From elsewhere, or through a proxy, they are shown with the token alone; with no token set, to nobody."""
    monkeypatch.delenv("SHUANGKONG_METRICS_TOKEN", raising=False)
    behind = create_app(workspace, Serving(("energy.example.gov.cn",), behind_proxy=True))
    strangers = (client(app, ELSEWHERE), client(behind, LOCAL))
    assert client(app).get("/metrics").status_code == 200
    assert client(app).get("/metrics", headers={"X-Forwarded-For": "203.0.113.7"}).status_code == 403
    for one in strangers:
        assert one.get("/metrics").status_code == 403
        assert one.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 403
    monkeypatch.setenv("SHUANGKONG_METRICS_TOKEN", "right-token")
    for one in strangers:
        assert one.get("/metrics").status_code == 403
        assert one.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 403
        assert one.get("/metrics", headers={"Authorization": "Bearer right-token"}).status_code == 200


def test_a_line_names_who_asked(app: FastAPI, log: Path) -> None:
    """The principal that the request was answered for stands in its line."""

    def known(request: Request) -> str:
        request.state.principal = "person-7"
        return "x"

    app.add_api_route("/api/known", known)
    client(app).get("/api/known")
    client(app).get("/healthz")
    assert [r["principal"] for r in lines(log)] == ["person-7", None]


def test_an_answer_that_breaks_off_is_logged(app: FastAPI, log: Path) -> None:
    """A bug after the head has gone out cuts the answer off, and its line and traceback are there."""
    from fastapi.responses import StreamingResponse

    async def half() -> AsyncIterator[bytes]:
        yield b"x" * 5000
        raise RuntimeError("half way")

    app.add_api_route("/api/half", lambda: StreamingResponse(half()), response_model=None)
    with pytest.raises(RuntimeError, match="half way"):
        client(app).get("/api/half")
    assert [(r["event"], r.get("status")) for r in lines(log)] == [("bug", None), ("request", 200)]
