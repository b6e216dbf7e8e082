"""Whether it runs (/healthz), whether it can work (/readyz), and what it does (/metrics): for machines, not people."""

from __future__ import annotations

import hmac
import tempfile
from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException

from shuangkong.app.web.limits import from_here
from shuangkong.app.web.serving import metrics_token
from shuangkong.engine.api import Workspace, database_revision, head_revision, latest_run, reading
from shuangkong.kernel.scope import Scope

router = APIRouter(include_in_schema=False)


@router.get("/healthz")
def healthz() -> PlainTextResponse:
    """Whether the process answers at all."""
    return PlainTextResponse("ok")


@router.get("/readyz")
def readyz(request: Request) -> JSONResponse:
    """Whether requests can be answered: 200 when all holds, otherwise 503; which of them in detail."""
    workspace: Workspace = request.app.state.site.workspace
    checks = {"database": _database(workspace), "lake": _lake(workspace), "run": _run(workspace)}
    ready = all(c["ok"] for c in checks.values())
    return JSONResponse({"ready": ready, "checks": checks}, 200 if ready else 503, {"Cache-Control": "no-store"})


def _reached(look: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    try:
        return look()
    except SQLAlchemyError as wrong:
        return {"ok": False, "because": f"the database does not answer ({type(wrong).__name__})"}


def _database(workspace: Workspace) -> dict[str, Any]:
    def look() -> dict[str, Any]:
        with reading(workspace.engine) as db:
            found = database_revision(db)
        return {"ok": found == head_revision(), "revision": found, "wanted": head_revision()}

    return _reached(look)


def _lake(workspace: Workspace) -> dict[str, Any]:
    try:
        with tempfile.TemporaryFile(dir=workspace.lake.root) as probe:
            probe.write(b"x")
            probe.flush()
    except OSError as wrong:
        return {"ok": False, "because": f"the folder of the lake cannot be written: {wrong.strerror}"}
    return {"ok": True}


def _run(workspace: Workspace) -> dict[str, Any]:
    def look() -> dict[str, Any]:
        run = latest_run(workspace, Scope.system("readiness of the server"), known=None)
        if run is None:
            return {"ok": False, "because": "nothing was judged yet"}
        return {"ok": True, "number": run.number, "as_of": run.as_of.isoformat()}

    return _reached(look)


@router.get("/metrics")
def metrics(request: Request) -> Response:
    """Metrics in the text format of Prometheus; from elsewhere, or through a proxy, only with the token: 403."""
    if not _may_measure(request):
        raise HTTPException(403)
    text = request.app.state.metrics.text(request.app.state.site.workspace)
    return Response(text, media_type=CONTENT_TYPE_LATEST, headers={"Cache-Control": "no-store"})


def _may_measure(request: Request) -> bool:
    token = metrics_token()
    kind, _, given = request.headers.get("authorization", "").partition(" ")
    if token and kind.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), token.encode()):
        return True
    return from_here(request, behind_proxy=request.app.state.serving.behind_proxy)
