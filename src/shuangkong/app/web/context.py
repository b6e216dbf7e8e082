"""What each request is given: who asks, the language, and how an answer is made."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from fastapi import Request
from fastapi.responses import HTMLResponse
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from shuangkong.app.web.audit_head import audit_head
from shuangkong.app.web.reading import Reader, RunView
from shuangkong.app.web.sentences import Teller
from shuangkong.engine.api import Workspace, reading, writing
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Language
from shuangkong.kernel.scope import Scope
from shuangkong.registry.api import opened
from shuangkong.webkit.api import (
    SEEN,
    Frame,
    Session,
    Speaker,
    Who,
    bearer,
    chosen_language,
    decide,
    form_token,
    public,
    reader_of,
    require,
    rights,
    touch,
)

COOKIE = "shuangkong_lang"
SESSION = "shuangkong_session"
NOUGHT = "\x00"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True)
class Site:
    """What the application was made with."""

    reader: Reader
    frame: Frame

    @property
    def workspace(self) -> Workspace:
        """The workspace that is served."""
        return self.reader.workspace


@dataclass(frozen=True)
class Asked:
    """One request: who asks, in which language, about which run."""

    request: Request
    site: Site
    language: Language
    who: Who
    session: Session | None = None

    @property
    def scope(self) -> Scope:
        """The rows that the reader may see."""
        return self.who.scope

    @property
    def workspace(self) -> Workspace:
        """The workspace that is served."""
        return self.site.workspace

    @property
    def address(self) -> str:
        """Where the request comes from."""
        return self.request.client.host if self.request.client else ""

    @property
    def csrf(self) -> str:
        """What forms of this session carry; empty for who has no session."""
        return form_token(self.workspace.secret, self.session.token_hash) if self.session else ""

    def may(self, action: str) -> bool:
        """Whether the reader may do this: for showing or hiding what leads there, never instead of `asks`."""
        return decide(self.who, action).allowed

    @property
    def audit_head(self) -> str:
        """The end of the audit log at this moment: printed with a page, it shows later that nothing was cut off."""
        return audit_head(self.workspace)

    @property
    def speaker(self) -> Speaker:
        """The catalogue in the language of the page."""
        return Speaker(self.language, self.site.frame.texts)

    def view(self) -> RunView | None:
        """The newest run; None where nothing was judged yet."""
        return self.site.reader.current(self.scope)

    def needed(self) -> RunView:
        """The newest run; raises RUN-001 where nothing was judged yet."""
        found = self.view()
        if found is None:
            raise UserError(
                "RUN-001",
                "nothing was judged yet in this workspace.",
                remedy="Run `shuangkong demo`, or `shuangkong import` and then `shuangkong judge`.",
                case="nothing_judged",
            )
        return found

    def here(self, **changes: object) -> str:
        """The address of this page with some of its choices changed; an empty one is dropped."""
        query = {k: v for k, v in self.request.query_params.items() if k != "lang"}
        query |= {k: str(v) for k, v in changes.items()}
        kept = {k: v for k, v in query.items() if v != ""}
        # two strokes at its beginning would name another site
        path = "/" + self.request.url.path.lstrip("/")
        return path + (f"?{urlencode(kept)}" if kept else "")

    def page(self, template: str, view: RunView | None, *, status: int = 200, **values: Any) -> HTMLResponse:
        """A page from a template; `view` is the run that it shows, if any."""
        other: Language = "en" if self.language == "zh" else "zh"
        tell = Teller(view, self.speaker) if view else None
        text = self.site.frame.render(
            template, self.language, view=view, tell=tell, asked=self, who=self.who, csrf=self.csrf,
            role=rights().roles[self.who.role].label, other_language=other, switch=self.here(lang=other),
            path=self.request.url.path, **values,
        )  # fmt: skip
        answer = HTMLResponse(text, status_code=status)
        answer.headers["Content-Language"] = "zh-CN" if self.language == "zh" else "en"
        answer.headers["Cache-Control"] = "private, no-cache"
        answer.headers["Vary"] = "Cookie"
        if self.request.query_params.get("lang") == self.language:
            answer.set_cookie(
                COOKIE, self.language, max_age=31_536_000, httponly=True, samesite="lax",
                secure=self.request.url.scheme == "https",
            )  # fmt: skip
        return answer


def language_of(request: Request) -> Language:
    """The language of a page: the address, then the choice kept, then what the browser asks for."""
    return chosen_language(
        request.query_params.get("lang"), request.cookies.get(COOKIE), request.headers.get("accept-language", "")
    )


def as_public(request: Request) -> Asked:
    """The request as anybody's: for pages that need no right, and for telling an error."""
    return Asked(request, request.app.state.site, language_of(request), public())


def asked(request: Request) -> Asked:
    """The request with its reader. RIGHT-001 for a token or session that does not stand: never the public instead.

    Routes do not depend on this but on `asks(action)`.
    """
    site: Site = request.app.state.site
    now = site.workspace.clock()
    who, session = public(), None
    kind, _, secret = request.headers.get("authorization", "").partition(" ")
    with reading(site.workspace.engine) as db:
        if kind.lower() == "bearer":
            who = bearer(db, secret.strip(), now)
        elif SESSION in request.cookies:
            found = reader_of(db, request.cookies[SESSION], now)
            if found is None:
                raise UserError("RIGHT-001", "the session has ended.", remedy="Sign in again.", case="ended")
            who, session = found
        elif not opened(db, who.scope):
            raise UserError(
                "RIGHT-001", "nothing is public in this workspace.", remedy="Sign in.", case="nothing_public"
            )
    if session is not None and now - session.seen_at > SEEN:
        with writing(site.workspace.engine) as db:
            touch(db, session, now)
    request.state.principal = who.principal
    return Asked(request, site, language_of(request), who, session)


class Asks:
    """The one door of every route: who asks may do `action`, and an unsafe request came from a form of this site."""

    def __init__(self, action: str) -> None:
        self.action = rights().actions[action].id

    async def __call__(self, request: Request) -> Asked:
        """The request with its reader; raises RIGHT-001, RIGHT-002 or RIGHT-006."""
        if NOUGHT in request.scope["path"]:
            raise HTTPException(404)
        a = await run_in_threadpool(asked, request)
        require(a.who, self.action)
        if request.method not in _SAFE:
            await check_origin(request, a)
            await _check_texts(request)
        return a


async def _check_texts(request: Request) -> None:
    """400 for a form with a nought byte in a text: nobody types one, and PostgreSQL keeps none."""
    form = await request.form() if _has_form(request) else {}
    if any(isinstance(v, str) and NOUGHT in v for v in form.values()):
        await request.close()
        raise HTTPException(400)


async def check_origin(request: Request, a: Asked) -> None:
    """RIGHT-006 unless the request comes from a form of this site, in this session; tokens have none."""
    if a.who.via == "token":
        return
    same_site(request)
    form = await request.form() if _has_form(request) else {}
    given = request.headers.get("x-form-token") or form.get("form_token") or ""
    if a.session is None or not isinstance(given, str) or not hmac.compare_digest(given.encode(), a.csrf.encode()):
        await request.close()
        raise _foreign()


def same_site(request: Request) -> None:
    """RIGHT-006 for an unsafe request that another site's page made the browser send."""
    source = request.headers.get("origin") or request.headers.get("referer") or ""
    if urlsplit(source).netloc != request.headers.get("host", ""):
        raise _foreign()


def _has_form(request: Request) -> bool:
    kind = request.headers.get("content-type", "")
    return kind.startswith(("application/x-www-form-urlencoded", "multipart/form-data"))


def _foreign() -> UserError:
    return UserError(
        "RIGHT-006", "the form did not come from this site, or is too old.", remedy="Open the page again and resubmit.",
        case="foreign",
    )  # fmt: skip
