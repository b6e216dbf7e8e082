"""One error page and one JSON shape (错误): code, what happened, what to do, where."""

from __future__ import annotations

from urllib.parse import urlencode

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from starlette.exceptions import HTTPException

from shuangkong.app.web.context import SESSION, Asked, as_public, asked
from shuangkong.kernel.errors import CODES, UserError

_STATUS = {
    "RUN-001": 404, "RUN-002": 404, "REG-001": 404, "PACK-006": 404, "JOB-001": 404, "SCOPE-001": 403, "WS-003": 503,
    "RIGHT-001": 401, "RIGHT-002": 403, "RIGHT-003": 401, "RIGHT-006": 403,
}  # fmt: skip
_TITLES = {c.code: c for c in CODES}


def register(app: FastAPI) -> None:
    """Answer user errors, unknown addresses and bad parameters with the error page or its JSON twin."""
    app.add_exception_handler(UserError, _user_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _bad_request)


def _user_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, UserError):
        raise error
    if error.code == "RIGHT-001" and request.method == "GET" and not request.url.path.startswith("/api/"):
        return _to_sign_in(request)
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
    a = _told(request)
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


def _told(request: Request) -> Asked:
    """The request with its reader; as the public where the session or token is what is wrong."""
    try:
        return asked(request)
    except UserError:
        return as_public(request)


def _to_sign_in(request: Request) -> Response:
    """To the sign-in page and back: a session that ended is told apart from none."""
    to = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    ended = {"ended": "session"} if SESSION in request.cookies else {}
    answer = RedirectResponse(f"/sign-in?{urlencode({'to': to, **ended})}", status_code=303)
    answer.delete_cookie(SESSION)
    return answer
