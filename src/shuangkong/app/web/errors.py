"""One error page and one JSON shape (错误): code, what happened, what to do, where."""

from __future__ import annotations

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from shuangkong.app.web.context import asked
from shuangkong.kernel.errors import CODES, UserError

_STATUS = {"RUN-001": 404, "RUN-002": 404, "REG-001": 404, "PACK-006": 404, "SCOPE-001": 403, "WS-003": 503}
_TITLES = {c.code: c for c in CODES}


def register(app: FastAPI) -> None:
    """Answer user errors, unknown addresses and bad parameters with the error page or its JSON twin."""
    app.add_exception_handler(UserError, _user_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _bad_request)


def _user_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, UserError):
        raise error
    status = _STATUS.get(error.code, 400)
    return answer(request, status, error.code, error.message, error.remedy, error.where)


def _http_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    return answer(request, error.status_code, f"HTTP-{error.status_code}", "", "", "")


def _bad_request(request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    where = ", ".join(".".join(str(p) for p in e["loc"]) for e in error.errors()[:5])
    return answer(request, 400, "HTTP-400", "", "", where)


def answer(request: Request, status: int, code: str, message: str, remedy: str, where: str) -> Response:
    """The error as a page, or as JSON below /api."""
    a = asked(request)
    say = a.speaker.say
    known = _TITLES.get(code)
    kind = f"http_{status}" if a.speaker.has(f"error.http_{status}") else "http_other"
    title = (known.zh if a.language == "zh" else known.en) if known else say(f"error.{kind}")
    remedy = remedy or say("error.http_remedy")
    if request.url.path.startswith("/api/"):
        body = {"code": code, "title": title, "message": message or title, "remedy": remedy, "where": where}
        return JSONResponse(body, status_code=status)
    return a.page(
        "error.html", None, status=status, code=code, title=title, message=message, remedy=remedy, where=where
    )
