"""Readings by HTTP (读数接口): POST /readings with a unit's token; answered when the readings are durable.

A bare application, apart from the pages: no session, no template, nothing between the socket and the journal but what
is needed. The answer says how many readings were taken, which rows were refused and why, and whether it was known.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from shuangkong.kernel.errors import UserError
from shuangkong.metering.committing import Committer, Receipt
from shuangkong.metering.decoding import decoded
from shuangkong.metering.model import Batch

BODY_LIMIT = 64 * 1024 * 1024
#: A body as long as this is decoded beside the loop, so that small posts do not wait for it.
LONG = 256 * 1024
RETRY_AFTER = "5"
#: What an error is in HTTP: too busy and a refusing disk are the server's, to be tried again.
_STATUS = {"ING-001": 400, "ING-002": 503, "ING-003": 409, "ING-004": 401, "WS-004": 503}
_JSON = msgspec.json.Encoder()
#: Whose readings a token's are: the source that they come under, or nothing.
SourceOf = Callable[[str], Awaitable[str | None]]


def create_collector(committer: Committer, source_of: SourceOf, *, body_limit: int = BODY_LIMIT) -> Starlette:
    """The application. `source_of` knows tokens; the caller runs committer and journal and closes them."""

    async def readings(request: Request) -> Response:
        try:
            source = await source_of(_token(request))
            if source is None:
                raise UserError(
                    "ING-004", "the token is not known, or was taken back.", case="token",
                    remedy="Send “Authorization: Bearer …” with the token of the unit.",
                )  # fmt: skip
            body = await _body(request, body_limit)
            batch = await _decoded(request, body, source)
            receipt = await asyncio.wrap_future(committer.take(batch))
        except UserError as wrong:
            return _refused(wrong)
        except ClientDisconnect:
            return Response(status_code=400)
        return _answer(batch, receipt)

    async def health(request: Request) -> Response:
        return _as_json({"waiting_bytes": committer.waiting_bytes, "journal_end": committer.journal.end.number}, 200)

    return Starlette(routes=[
        Route("/readings", readings, methods=["POST"]), Route("/healthz", health, methods=["GET"]),
    ])  # fmt: skip


def _token(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


async def _body(request: Request, limit: int) -> bytes:
    """The body, as long as it is no longer than may be: never more of it is held."""
    said = request.headers.get("content-length", "0")
    if said.isdigit() and int(said) > limit:
        raise _too_long(limit)
    pieces, size = [], 0
    async for piece in request.stream():
        size += len(piece)
        if size > limit:
            raise _too_long(limit)
        pieces.append(piece)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _too_long(limit: int) -> UserError:
    return UserError(
        "ING-001", f"the post is longer than {limit // 1_000_000} MB.", case="post",
        remedy="Send the readings in several posts, each with its own id.",
    )  # fmt: skip


async def _decoded(request: Request, body: bytes, source: str) -> Batch:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    batch = request.headers.get("batch-id", "")
    if len(body) < LONG:
        return decoded(body, kind, source, 0, batch)
    return await asyncio.to_thread(decoded, body, kind, source, 0, batch)


def _answer(batch: Batch, receipt: Receipt) -> Response:
    return _as_json({
        "batch": batch.batch, "taken": receipt.rows, "again": receipt.again, "place": receipt.place.number,
        "refused": batch.refused_in_all,
        "refusals": [{"row": r.row, "why": r.why, "said": r.said} for r in batch.refused],
    }, 200)  # fmt: skip


def _refused(wrong: UserError) -> Response:
    status = _STATUS.get(wrong.code, 500)
    response = _as_json(wrong.as_dict(), status)
    if status == 503:
        response.headers["retry-after"] = RETRY_AFTER
    if status == 401:
        response.headers["www-authenticate"] = "Bearer"
    return response


def _as_json(data: Any, status: int) -> Response:
    return Response(_JSON.encode(data), status_code=status, media_type="application/json")
