"""What each request is given: the reader, the language, and how an answer is made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse

from shuangkong.app.web.reading import Reader, RunView
from shuangkong.app.web.sentences import Teller
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Language
from shuangkong.kernel.scope import Scope
from shuangkong.webkit.api import Frame, Speaker, chosen_language

COOKIE = "shuangkong_lang"


@dataclass(frozen=True)
class Site:
    """What the application was made with."""

    reader: Reader
    frame: Frame
    principal: str


@dataclass(frozen=True)
class Asked:
    """One request: who asks, in which language, about which run."""

    request: Request
    site: Site
    language: Language
    scope: Scope

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
            )
        return found

    def here(self, **changes: object) -> str:
        """The address of this page with some of its choices changed; an empty one is dropped."""
        query = {k: v for k, v in self.request.query_params.items() if k != "lang"}
        query |= {k: str(v) for k, v in changes.items()}
        kept = {k: v for k, v in query.items() if v != ""}
        return self.request.url.path + (f"?{urlencode(kept)}" if kept else "")

    def page(self, template: str, view: RunView | None, *, status: int = 200, **values: Any) -> HTMLResponse:
        """A page from a template; `view` is the run that it shows, if any."""
        other: Language = "en" if self.language == "zh" else "zh"
        tell = Teller(view, self.speaker) if view else None
        text = self.site.frame.render(
            template, self.language, view=view, tell=tell, asked=self, principal=self.site.principal,
            other_language=other, switch=self.here(lang=other), path=self.request.url.path, **values,
        )  # fmt: skip
        answer = HTMLResponse(text, status_code=status)
        answer.headers["Content-Language"] = "zh-CN" if self.language == "zh" else "en"
        answer.headers["Cache-Control"] = "private, no-cache"
        if self.request.query_params.get("lang") == self.language:
            answer.set_cookie(COOKIE, self.language, max_age=31_536_000, httponly=True, samesite="lax")
        return answer


def asked(request: Request) -> Asked:
    """The request with its language and scope. Until sign-in is built, everyone is the demo's viewer of everything."""
    site: Site = request.app.state.site
    language = chosen_language(request.query_params.get("lang"), request.cookies.get(COOKIE))
    return Asked(request, site, language, Scope.all(site.principal))
