"""The structured log (日志): one JSON line for each request, found again by its request id; a bug with its traceback.

Neither queries, bodies, cookies nor addresses typed in are written: a route is named by its template.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shuangkong.app.web.metrics import Metrics

HEADER = "X-Request-ID"
NO_ROUTE = "(none)"
_SANE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")


class _Lines:
    """A file that is opened for each line, so that a rotated log is followed; stderr where none is named."""

    def __init__(self, file: str) -> None:
        self.file = file

    def write(self, text: str) -> int:
        """One line, appended whole: several processes may write to one file."""
        if not self.file:
            return sys.stderr.write(text)
        with Path(self.file).open("a", encoding="utf-8") as target:
            return target.write(text)

    def flush(self) -> None:
        """Nothing waits."""


def structured_log(file: str = "") -> Any:
    """A logger that writes JSON lines to a file, or to stderr."""
    processors = (
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        structlog.processors.format_exc_info,
        structlog.processors.JSONRenderer(ensure_ascii=False),
    )
    return structlog.wrap_logger(structlog.WriteLogger(_Lines(file)), processors=processors)  # type: ignore[arg-type]


class JsonLines(logging.Formatter):
    """What the server itself has to say, in the same shape."""

    def format(self, record: logging.LogRecord) -> str:
        """One JSON line."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat().replace("+00:00", "Z")
        line = {"event": record.getMessage(), "logger": record.name, "level": record.levelname.lower(), "at": at}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def server_logging(file: str) -> dict[str, Any]:
    """The configuration of the server's own log."""
    to_file = {
        "class": "logging.handlers.WatchedFileHandler",
        "filename": file,
        "encoding": "utf-8",
        "delay": True,
        "formatter": "lines",
    }
    handler = to_file if file else {"class": "logging.StreamHandler", "formatter": "lines"}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"lines": {"()": "shuangkong.app.web.logging.JsonLines"}},
        "handlers": {"lines": handler},
        "loggers": {"uvicorn": {"handlers": ["lines"], "level": "WARNING", "propagate": False}},
    }


def request_id_of(request: Request) -> str:
    """The id of a request; empty where no log was asked for one."""
    return str(request.scope.get("state", {}).get("request_id", ""))


class RequestLog:
    """Gives each request its id, measures it, writes its line, and turns a bug into an answer that carries the id."""

    def __init__(self, app: ASGIApp, log: Any, metrics: Metrics, broken: Callable[[Request], Response]) -> None:
        self.app = app
        self.log = log
        self.metrics = metrics
        self.broken = broken

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request from its first byte to its last."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = Headers(scope=scope).get(HEADER, "")
        request_id = given if _SANE.fullmatch(given) else uuid.uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id
        status, start = 0, time.perf_counter()

        async def answering(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[HEADER] = request_id
            await send(message)

        try:
            await self.app(scope, receive, answering)
        except Exception:
            self.log.error("bug", request_id=request_id, method=scope["method"], route=_route(scope), exc_info=True)
            if status:
                # the head of the answer is gone: all that is left is to cut it off
                raise
            answer = await run_in_threadpool(self.broken, Request(scope))
            await answer(scope, receive, answering)
        finally:
            self._tell(scope, request_id, status, time.perf_counter() - start)

    def _tell(self, scope: Scope, request_id: str, status: int, seconds: float) -> None:
        route = _route(scope)
        self.metrics.seen(scope["method"], route, status, seconds)
        self.log.info(
            "request", request_id=request_id, method=scope["method"], route=route, status=status,
            milliseconds=round(seconds * 1000, 1), principal=scope["state"].get("principal"),
        )  # fmt: skip


def _route(scope: Scope) -> str:
    """The template of the route, never the address itself: that may hold a token."""
    return str(getattr(scope.get("route"), "path", None) or NO_ROUTE)
