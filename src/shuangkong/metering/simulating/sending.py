"""Sending (发送): posts by HTTP and MQTT, frames by TCP, each again until it is answered or given up.

What was sent and what was acknowledged is written down, so that it can be held against what a collector has.
"""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import aiomqtt
import msgspec

from shuangkong.kernel.errors import UserError
from shuangkong.metering.mqtt import Broker
from shuangkong.metering.simulating.province import Province
from shuangkong.metering.simulating.trouble import FrameSending, Sending
from shuangkong.metering.simulating.wire import as_frame, as_json, as_upload, spoilt

_WAIT = 20.0
_TRIES = 8
_PAUSE = 0.2
_LINE = 4096
#: Answers that another try may change: too busy, a full disk, a server that is going down.
_AGAIN = (429, 500, 502, 503, 504)


@dataclass(slots=True)
class Told:
    """What came of it: posts and frames acknowledged, sent again, refused by status, given up; times to the answer."""

    acknowledged: int = 0
    again: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    given_up: int = 0
    seconds: list[float] = field(default_factory=list)

    def add(self, other: Told) -> None:
        """Take another's counts in."""
        self.acknowledged += other.acknowledged
        self.again += other.again
        self.refused += other.refused
        self.given_up += other.given_up
        self.seconds += other.seconds


Acknowledged = Callable[[Sending], None]
AcknowledgedFrame = Callable[[FrameSending], None]


class HttpSender:
    """Posts of units by HTTP, each with its unit's token; connections are kept, one for each thread."""

    def __init__(
        self, url: str, province: Province, tokens: Sequence[str], acknowledged: Acknowledged, *, threads: int = 8
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme != "http" or not parts.hostname:
            raise UserError(
                "ING-001", f"“{url}” is no address of a collector.", case="post",
                remedy="Write http://HOST:PORT, as `shuangkong collect` printed it.",
            )  # fmt: skip
        self._host, self._port = parts.hostname, parts.port or 80
        self._province, self._tokens, self._acknowledged = province, tokens, acknowledged
        self._local = threading.local()
        self._lines: list[http.client.HTTPConnection] = []
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="send")
        self.told = Told()

    def send(self, posts: Sequence[Sending]) -> None:
        """All posts; those of one unit in their order. Returns when each is answered or given up."""
        by_unit: dict[int, list[Sending]] = {}
        for post in posts:
            by_unit.setdefault(post.unit, []).append(post)
        for told in self._pool.map(self._unit, by_unit.values()):
            self.told.add(told)

    def close(self) -> None:
        """No more is sent."""
        self._pool.shutdown()
        for line in self._lines:
            line.close()

    def _unit(self, posts: list[Sending]) -> Told:
        told = Told()
        for post in posts:
            for _ in range(post.times):
                self._post(post, told)
        return told

    def _post(self, post: Sending, told: Told) -> None:
        upload = self._province.units[post.unit].way == "key_units"
        path, body = ("/key-units/readings", as_upload(post)) if upload else ("/readings", as_json(post))
        head = {"authorization": f"Bearer {self._tokens[post.unit]}", "content-type": "application/json"}
        begun = time.monotonic()
        for attempt in range(_TRIES):
            status, answer = self._once(path, body, head)
            if status == http.client.OK:
                told.acknowledged += 1
                told.seconds.append(time.monotonic() - begun)
                with self._lock:
                    self._acknowledged(post)
                return
            if status and status not in _AGAIN:
                told.refused[str(answer.get("code", status))] += 1
                return
            told.again += 1
            time.sleep(_PAUSE * 2**attempt)
        told.given_up += 1

    def _once(self, path: str, body: bytes, head: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """Status and answer; 0 where the line was down."""
        line = getattr(self._local, "line", None)
        if line is None:
            line = self._local.line = http.client.HTTPConnection(self._host, self._port, timeout=_WAIT)
            self._lines.append(line)
        try:
            line.request("POST", path, body, head)
            got = line.getresponse()
            text = got.read()
        except (OSError, http.client.HTTPException):
            line.close()
            self._local.line = None
            return 0, {}
        try:
            answer = msgspec.json.decode(text)
        except msgspec.DecodeError:
            answer = {}
        return got.status, answer if isinstance(answer, dict) else {}


class MessageSender:
    """Posts of units by MQTT; a post is sent again until what became of it is told on its unit's topic of answers."""

    def __init__(
        self, broker: Broker, prefix: str, province: Province, tokens: Sequence[str], acknowledged: Acknowledged
    ) -> None:
        self._broker, self._prefix, self._province, self._tokens = broker, prefix, province, tokens
        self._acknowledged = acknowledged
        self._answers: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self.told = Told()

    async def send(self, posts: Sequence[Sending]) -> None:
        """All posts; those of one unit in their order, units side by side."""
        by_unit: dict[int, list[Sending]] = {}
        for post in posts:
            by_unit.setdefault(post.unit, []).append(post)
        if not by_unit:
            return
        b = self._broker
        async with aiomqtt.Client(
            b.host, b.port, username=b.user, password=b.password, protocol=aiomqtt.ProtocolVersion.V5,
            tls_context=ssl.create_default_context() if b.tls else None,
        ) as client:  # fmt: skip
            await client.subscribe(f"{self._prefix}/answers/+", qos=1)
            listening = asyncio.create_task(self._listen(client))
            try:
                await asyncio.gather(*(self._unit(client, found) for found in by_unit.values()))
            finally:
                listening.cancel()

    async def _listen(self, client: aiomqtt.Client) -> None:
        async for message in client.messages:
            try:
                answer = msgspec.json.decode(bytes(message.payload or b""))
            except msgspec.DecodeError:
                continue
            waiting = self._answers.get(str(answer.get("batch", ""))) if isinstance(answer, dict) else None
            if waiting is not None and not waiting.done():
                waiting.set_result(answer)

    async def _unit(self, client: aiomqtt.Client, posts: Sequence[Sending]) -> None:
        for post in posts:
            for _ in range(post.times):
                await self._post(client, post)

    async def _post(self, client: aiomqtt.Client, post: Sending) -> None:
        topic = f"{self._prefix}/readings/{self._province.units[post.unit].code}"
        body = as_json(post, token=self._tokens[post.unit])
        begun = time.monotonic()
        for attempt in range(_TRIES):
            waiting = self._answers[post.id] = asyncio.get_running_loop().create_future()
            try:
                await client.publish(topic, body, qos=1)
                answer = await asyncio.wait_for(waiting, self._wait_for(attempt))
            except (aiomqtt.MqttError, TimeoutError):
                self.told.again += 1
                continue
            finally:
                self._answers.pop(post.id, None)
            if "code" in answer:
                self.told.refused[str(answer["code"])] += 1
                return
            self.told.acknowledged += 1
            self.told.seconds.append(time.monotonic() - begun)
            self._acknowledged(post)
            return
        self.told.given_up += 1

    def _wait_for(self, attempt: int) -> float:
        return min(_WAIT, _PAUSE * 10 * float(2**attempt))


class FrameSender:
    """Frames of stations by TCP, one line a station; a frame is sent again until its 9014 comes."""

    def __init__(
        self, host: str, port: int, province: Province, acknowledged: AcknowledgedFrame, *, wait: float = _WAIT
    ) -> None:
        self._host, self._port, self._province, self._wait = host, port, province, wait
        self._acknowledged = acknowledged
        self._lines: dict[int, tuple[asyncio.StreamReader, asyncio.StreamWriter]] = {}
        self._numbers = 0
        self.told = Told()

    async def send(self, frames: Sequence[FrameSending]) -> None:
        """All frames; those of one station in their order, stations side by side."""
        by_station: dict[int, list[FrameSending]] = {}
        for sent in frames:
            by_station.setdefault(sent.station, []).append(sent)
        await asyncio.gather(*(self._station(place, found) for place, found in by_station.items()))

    async def close(self) -> None:
        """Hang up."""
        for place in list(self._lines):
            await self._hang_up(place)

    async def _station(self, place: int, frames: list[FrameSending]) -> None:
        for sent in frames:
            await self._frame(place, sent)

    async def _frame(self, place: int, sent: FrameSending) -> None:
        station = self._province.stations[place]
        begun = time.monotonic()
        for attempt in range(_TRIES):
            self._numbers += 1
            number = datetime.fromtimestamp(time.time(), UTC).replace(microsecond=self._numbers % 1000 * 1000)
            whole = as_frame(sent, station, number)
            try:
                if attempt == 0 and sent.wrong:
                    await self._wrongly(place, spoilt(whole, sent.wrong), sent.wrong)
                if await self._answered(place, whole):
                    self.told.acknowledged += 1
                    self.told.seconds.append(time.monotonic() - begun)
                    self._acknowledged(sent)
                    return
            except (OSError, TimeoutError):
                await self._hang_up(place)
            self.told.again += 1
            await asyncio.sleep(_PAUSE * 2**attempt)
        self.told.given_up += 1

    async def _wrongly(self, place: int, data: bytes, how: str) -> None:
        """What a fault sends: nothing answers it. A cut frame ends with the line."""
        _, writer = await self._line(place)
        writer.write(data)
        await writer.drain()
        if how == "cut":
            await self._hang_up(place)

    async def _answered(self, place: int, whole: bytes) -> bool:
        """Send a frame and wait for the 9014 with its QN; what else the platform says is passed over."""
        reader, writer = await self._line(place)
        writer.write(whole)
        await writer.drain()
        number = whole[9 : 9 + 17]
        async with asyncio.timeout(self._wait):
            while True:
                line = await reader.readline()
                if not line:
                    await self._hang_up(place)
                    return False
                if b"CN=9014" in line and number in line:
                    return True

    async def _line(self, place: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if place not in self._lines:
            self._lines[place] = await asyncio.wait_for(
                asyncio.open_connection(self._host, self._port, limit=_LINE), self._wait
            )
        return self._lines[place]

    async def _hang_up(self, place: int) -> None:
        found = self._lines.pop(place, None)
        if found is not None:
            found[1].close()
            with contextlib.suppress(OSError):
                await found[1].wait_closed()
