"""The application (应用): routes, assets, headers, errors. Made by `create_app`; nothing runs on import."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import FastAPI, Request, Response
from fastapi.responses import PlainTextResponse
from starlette.middleware.gzip import GZipMiddleware

from shuangkong import __version__
from shuangkong.app.web import errors, json_api, pages, pages_packs, signing
from shuangkong.app.web.context import Site
from shuangkong.app.web.reading import Reader
from shuangkong.engine.api import Workspace
from shuangkong.webkit.api import HEADERS, Frame, read_messages

PACKAGES = ("shuangkong.app.web", "shuangkong.webkit")
MESSAGES = (
    ("shuangkong.webkit", "messages.yaml"),
    ("shuangkong.app.web", "messages.yaml"),
    ("shuangkong.app.web", "messages_why.yaml"),
    ("shuangkong.app.web", "messages_people.yaml"),
)
#: Address, name and right of each page in the head, in the order in which they are read.
PAGES = (
    ("/", "frame.home", "findings.read"),
    ("/findings", "frame.findings", "findings.read"),
    ("/packs", "frame.packs", "findings.read"),
    ("/runs", "frame.runs", "findings.read"),
)


def create_app(workspace: Workspace) -> FastAPI:
    """The pages and the JSON interface over a workspace."""
    app = FastAPI(
        title="Shuangkong 双控", version=__version__, docs_url=None, redoc_url=None, openapi_url="/api/openapi.json"
    )
    app.state.site = Site(Reader(workspace.with_secret()), Frame(PACKAGES, read_messages(*MESSAGES), pages=PAGES))
    app.add_middleware(GZipMiddleware, minimum_size=1024)
    app.middleware("http")(_with_headers)
    errors.register(app)
    app.include_router(pages.router)
    app.include_router(pages_packs.router)
    app.include_router(signing.router)
    app.include_router(json_api.router)
    app.add_api_route("/static/{name}", static, methods=["GET", "HEAD"], include_in_schema=False)
    app.add_api_route("/healthz", healthz, methods=["GET"], include_in_schema=False)
    return app


async def _with_headers(request: Request, call: Callable[[Request], Awaitable[Response]]) -> Response:
    answer = await call(request)
    for name, value in HEADERS.items():
        answer.headers.setdefault(name, value)
    return answer


def static(request: Request, name: str) -> Response:
    """A static file by the name with its hash; it never changes under that name."""
    asset = request.app.state.site.frame.assets.by_hash.get(name)
    if asset is None:
        return PlainTextResponse("not found", status_code=404)
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(asset.content, media_type=asset.media_type, headers=headers)


def healthz() -> PlainTextResponse:
    """Whether the process answers at all."""
    return PlainTextResponse("ok")
