"""Readings by HTTP (读数接口): POST /readings with a unit's token; answered when the readings are durable.

A bare application, apart from the pages: no session, no template, nothing between the socket and the journal but what
is needed. The answer says how many readings were taken, which rows were refused and why, and whether it was known.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from shuangkong.kernel.errors import UserError
from shuangkong.metering.committing import Committer, Receipt
from shuangkong.metering.decoding import decoded
from shuangkong.metering.health import Tally
from shuangkong.metering.model import Batch

BODY_LIMIT = 64 * 1024 * 1024
#: Bytes of all posts that are under way at once, and how many posts: beyond, a sender is told to come back.
UNDER_WAY_LIMIT = 96 * 1024 * 1024
MOST_POSTS = 20_000
#: A body as long as this is decoded beside the loop, so that small posts do not wait for it; one at a time, because
#: what is read of JSON takes several times the room of its text.
LONG = 256 * 1024
RETRY_AFTER = "5"
#: What an error is in HTTP: too busy and a refusing disk are the server's, to be tried again.
_STATUS = {"ING-001": 400, "ING-002": 503, "ING-003": 409, "ING-004": 401, "WS-004": 503}
_JSON = msgspec.json.Encoder()
#: Whose readings a token's are: the source that they come under, or nothing.
SourceOf = Callable[[str], Awaitable[str | None]]
#: The batch of a body: bytes, content type, source, received, the id of the head.
Decoder = Callable[[bytes, str, str, int, str], Batch]


class Room:
    """What may be under way at once, so that many senders do not fill the memory."""

    def __init__(self, limit: int = UNDER_WAY_LIMIT, posts: int = MOST_POSTS) -> None:
        self._limit = limit
        self._most = posts
        self.bytes = 0
        self.posts = 0
        #: One long body is decoded at a time.
        self.turn = asyncio.Semaphore(1)

    @contextmanager
    def entered(self) -> Iterator[Callable[[int], None]]:
        """A post, and what tells of its further bytes; ING-002 where there is no room. One alone always has room."""
        if self.posts >= self._most:
            raise _no_room()
        held = 0
        self.posts += 1

        def more(size: int) -> None:
            nonlocal held
            if self.bytes > held and self.bytes + size > self._limit:
                raise _no_room()
            held += size
            self.bytes += size

        try:
            yield more
        finally:
            self.posts -= 1
            self.bytes -= held


def create_collector(
    committer: Committer,
    source_of: SourceOf,
    *,
    body_limit: int = BODY_LIMIT,
    room: Room | None = None,
    tally: Tally | None = None,
    decoders: Mapping[str, Decoder] | None = None,
    health: Callable[[], Mapping[str, Any]] | None = None,
) -> Starlette:
    """The application. `source_of` knows tokens; the caller runs committer and journal and closes them.

    `decoders` are further paths of posts, each with what reads its bodies. `health` is what /healthz says beside what
    waits.
    """
    space = room if room is not None else Room()
    counted = tally if tally is not None else Tally()

    def taking(protocol: str, decoder: Decoder) -> Callable[[Request], Awaitable[Response]]:
        async def readings(request: Request) -> Response:
            try:
                source = await source_of(_token(request))
                if source is None:
                    raise UserError(
                        "ING-004", "the token is not known, or was taken back.", case="token",
                        remedy="Send “Authorization: Bearer …” with the token of the unit.",
                    )  # fmt: skip
                with space.entered() as more:
                    body = await _body(request, body_limit, more)
                    batch = await _decoded(request, body, source, committer.now(), decoder, space)
                    receipt = await asyncio.wrap_future(committer.take(batch))
            except UserError as wrong:
                counted.refused(protocol, wrong.code)
                return _refused(wrong)
            except ClientDisconnect:
                return Response(status_code=400)
            counted.taken(protocol, receipt.rows, batch.refused_in_all, again=receipt.again)
            return _as_json(told(batch, receipt), 200)

        return readings

    async def healthy(request: Request) -> Response:
        waits = {
            "waiting_bytes": committer.waiting_bytes, "journal_end": committer.journal.end.number,
            "under_way_bytes": space.bytes, "under_way_posts": space.posts,
        }  # fmt: skip
        return _as_json({**(health() if health else {}), **waits}, 200)

    paths = {"/readings": decoded, **(decoders or {})}
    return Starlette(routes=[
        *(Route(path, taking(path.strip("/").replace("/readings", "") if path != "/readings" else "http", d),
                methods=["POST"]) for path, d in paths.items()),
        Route("/healthz", healthy, methods=["GET"]),
    ])  # fmt: skip


def _no_room() -> UserError:
    return UserError(
        "ING-002", "more posts are under way than can be held.", case="busy",
        remedy="Send them again in a few seconds, under the same batch id.",
    )  # fmt: skip


def _token(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


async def _body(request: Request, limit: int, more: Callable[[int], None]) -> bytes:
    """The body, as long as it is no longer than may be: never more of it is held."""
    said = request.headers.get("content-length", "0")
    if said.isdigit() and int(said) > limit:
        raise _too_long(limit)
    pieces, size = [], 0
    async for piece in request.stream():
        size += len(piece)
        if size > limit:
            raise _too_long(limit)
        more(len(piece))
        pieces.append(piece)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _too_long(limit: int) -> UserError:
    return UserError(
        "ING-001", f"the post is longer than {limit // 1_000_000} MB.", case="post",
        remedy="Send the readings in several posts, each with its own id.",
    )  # fmt: skip


async def _decoded(
    request: Request, body: bytes, source: str, received: int, decoder: Decoder, room: Room
) -> Batch:  # fmt: skip
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    batch = request.headers.get("batch-id", "")
    if len(body) < LONG:
        return decoder(body, kind, source, received, batch)
    async with room.turn:
        return await asyncio.to_thread(decoder, body, kind, source, received, batch)


def told(batch: Batch, receipt: Receipt) -> dict[str, Any]:
    """What a sender is told of a post that was taken."""
    return {
        "batch": batch.batch, "taken": receipt.rows, "again": receipt.again, "place": receipt.place.number,
        "refused": batch.refused_in_all,
        "refusals": [{"row": r.row, "why": r.why, "said": r.said} for r in batch.refused],
    }  # fmt: skip


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
