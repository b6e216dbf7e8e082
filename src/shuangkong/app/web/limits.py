"""What is refused before anything is done: names that are not ours (DNS rebinding), bodies that are too large."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

Refusal = Callable[[Request, int], Response]
TOO_LARGE, MISDIRECTED = 413, 421
#: What a proxy writes into a request that it passes on.
_PASSED_ON = ("x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "forwarded", "via")


def is_loopback(host: str) -> bool:
    """Whether a name or address stands for this machine alone."""
    if host.casefold() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def host_name(header: str) -> str:
    """The name in a Host header, without its port."""
    name = header.strip().casefold()
    if name.startswith("["):
        return name.partition("]")[0] + "]"
    return name.partition(":")[0].rstrip(".")


def from_here(request: Request, *, behind_proxy: bool) -> bool:
    """Whether a request was made on this machine: by address and name, and passed on by nobody.

    A proxy or tunnel on this machine looks like this machine: what it passes on is not taken for local.
    """
    passed_on = behind_proxy or any(name in request.headers for name in _PASSED_ON)
    here = request.client is not None and is_loopback(request.client.host)
    return not passed_on and here and is_loopback(host_name(request.headers.get("host", "")))


class HostCheck:
    """Answers to this machine's own names and to those that were given, and to no other: 421."""

    def __init__(self, app: ASGIApp, hosts: tuple[str, ...], refuse: Refusal) -> None:
        self.app = app
        self.hosts = frozenset(host_name(h) for h in hosts)
        self.refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = [host_name(h) for h in Headers(scope=scope).getlist("host")]
        if len(given) == 1 and (is_loopback(given[0]) or given[0] in self.hosts):
            await self.app(scope, receive, send)
            return
        answer = await run_in_threadpool(self.refuse, Request(scope), MISDIRECTED)
        await answer(scope, receive, send)


class BodyLimit:
    """Takes in so many bytes of a body and no more, counted as they come: what a request says may be wrong."""

    def __init__(self, app: ASGIApp, most: int, refuse: Refusal) -> None:
        self.app = app
        self.most = most
        self.refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with a counted body; one that says it is too large is refused unread."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        said = Headers(scope=scope).get("content-length", "0")
        if said.isdigit() and int(said) > self.most:
            answer = await run_in_threadpool(self.refuse, Request(scope), TOO_LARGE)
            await answer(scope, receive, send)
            return
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self.most:
                raise HTTPException(TOO_LARGE)
            return message

        await self.app(scope, counted, send)


class SafeHeaders:
    """Puts the headers that keep a page to itself on every answer that does not set them otherwise."""

    def __init__(self, app: ASGIApp, headers: Mapping[str, str]) -> None:
        self.app = app
        self.headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and complete the head of the answer."""

        async def complete(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = MutableHeaders(scope=message)
                for name, value in self.headers.items():
                    given.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, complete)
