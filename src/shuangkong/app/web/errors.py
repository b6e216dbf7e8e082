"""One error page and one JSON shape (错误): code, what happened, what to do, where."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse, RedirectResponse
from starlette.exceptions import HTTPException

from shuangkong.app.web.context import SESSION, Asked, as_public, asked, language_of
from shuangkong.app.web.logging import request_id_of
from shuangkong.kernel.errors import CODES, UserError
from shuangkong.webkit.api import Speaker, wrong

_STATUS = {
    "RUN-001": 404, "RUN-002": 404, "REG-001": 404, "PACK-006": 404, "JOB-001": 404, "AUDIT-002": 404, "IMP-004": 404,
    "READ-005": 404, "SHARE-002": 404, "CASE-001": 404, "CASE-003": 403,
    "SCOPE-001": 403, "WS-003": 503,
    "RIGHT-001": 401, "RIGHT-002": 403, "RIGHT-003": 401, "RIGHT-006": 403,
}  # fmt: skip
#: Addresses outside /api that programs ask.
_MACHINES = frozenset({"/healthz", "/readyz", "/metrics"})
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
    if error.code == "RIGHT-002" and error.case == "password" and request.method == "GET" and not for_machines(request):
        return RedirectResponse("/account", status_code=303)
    status = _STATUS.get(error.code, 400)
    if for_machines(request):
        return answer(request, status, error.code, error.message, error.remedy, error.where)
    told = wrong(error, Speaker(language_of(request), request.app.state.site.frame.texts))
    # what was refused is said by name; its code says nothing to a reader
    where = "" if told.own and error.code == "RIGHT-002" else error.where
    return answer(request, status, error.code, told.message, told.remedy, where, own=told.own)


def _http_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    told = refusal(request, error.status_code)
    for name, value in (error.headers or {}).items():
        told.headers[name] = value
    return told


def _bad_request(request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    where = ", ".join(".".join(str(p) for p in e["loc"]) for e in error.errors()[:5])
    return refusal(request, 422 if for_machines(request) else 400, where)


def refusal(request: Request, status: int, where: str = "") -> Response:
    """An error of the protocol: an unknown address, a body that is too large, a bug."""
    return answer(request, status, f"HTTP-{status}", "", "", where)


def for_machines(request: Request) -> bool:
    """Whether programs ask here, which are answered in JSON."""
    return request.url.path.startswith("/api/") or request.url.path in _MACHINES


def answer(
    request: Request, status: int, code: str, message: str, remedy: str, where: str, *, own: bool = True
) -> Response:
    """The error as a page, or as JSON for programs; the one shape of every error. `own`: in the reader's language."""
    say = Speaker(language_of(request), request.app.state.site.frame.texts).say
    texts = request.app.state.site.frame.texts
    known = _TITLES.get(code)
    named = f"error.http_{status}" if f"error.http_{status}" in texts else "error.http_other"
    title = (known.zh if language_of(request) == "zh" else known.en) if known else say(named)
    next_step = f"error.do_{status}" if f"error.do_{status}" in texts else "error.http_remedy"
    shown = {"code": code, "title": title, "message": message, "remedy": remedy or say(next_step), "where": where,
             "request_id": request_id_of(request)}  # fmt: skip
    if for_machines(request):
        return JSONResponse(shown | {"message": message or title}, status_code=status)
    about = f"error.about_{code.lower().replace('-', '_')}"
    return _page(request, status, {**shown, "own": own, "meaning": say(about) if known else ""})


def _page(request: Request, status: int, shown: dict[str, Any]) -> Response:
    """The error page in the frame; where the frame itself cannot be made, without it."""
    if status < 500:
        return _told(request).page("error.html", None, status=status, **shown)
    try:
        return as_public(request).page("error.html", None, status=status, **shown)
    except Exception:  # noqa: BLE001 (whatever is broken, the reader is told what to do)
        return PlainTextResponse("\n".join(v for v in shown.values() if v and isinstance(v, str)), status)


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
