"""Readings by MQTT (读数订阅): messages of a broker into the journal, acknowledged once they are durable.

Topic `shuangkong/readings/NAME`, QoS 1; NAME is the sender's own word for itself. The payload is the columnar JSON of
`POST /readings` with the unit's token in `token`. The broker gets its PUBACK only after the sync, so what is under way
when the collector dies is sent to it again; the session stays with the broker meanwhile. What became of a post is told
on `shuangkong/answers/NAME`: the broker's own PUBACK tells a sender that the broker has it, and no more.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

import aiomqtt
import msgspec
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from shuangkong.kernel.errors import UserError
from shuangkong.metering.committing import Committer, Receipt
from shuangkong.metering.decoding import JSON, decoded
from shuangkong.metering.health import Tally
from shuangkong.metering.model import Batch
from shuangkong.metering.web import LONG, told

LOG = logging.getLogger("shuangkong.metering.mqtt")
#: What topics begin with where nothing else is said.
PREFIX = "shuangkong"
#: Messages that the broker may send ahead of their acknowledgement; and messages of QoS 0 that wait at most.
AHEAD, UNSURE = 500, 500
#: The largest message that the broker may hand over; one that is longer is not delivered by it.
LARGEST = 16 * 1024 * 1024
#: Seconds for which the broker keeps our place while we are away, and between two tries to reach it.
STAYS, FIRST_WAIT, LONGEST_WAIT = 30 * 24 * 3600, 1.0, 30.0
#: Seconds that the broker has for an answer to us: a busy machine is not taken for a lost connection.
SLOW = 60.0
#: Seconds until a post that there was no room for is tried again.
AGAIN = 1.0
#: Errors that pass by themselves or by making room: the message is held and tried again, never refused.
_PASSING = ("ING-002", "WS-003", "WS-004")
_JSON = msgspec.json.Encoder()


class _Token(msgspec.Struct):
    token: str = ""
    batch: str = ""


_TOKEN = msgspec.json.Decoder(_Token)


@dataclass(frozen=True, slots=True)
class Broker:
    """Where a broker is: `mqtt://` or, with TLS, `mqtts://`."""

    host: str
    port: int
    tls: bool = False
    user: str | None = None
    password: str | None = None

    @classmethod
    def at(cls, url: str) -> Broker:
        """The broker of a URL; raises CLI-001."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            parts, port = urlsplit(""), None
        if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname:
            raise UserError(
                "CLI-001", f"“{url[:80]}” names no MQTT broker.", where="--mqtt",
                remedy="Write mqtt://HOST:1883, or mqtts://USER:PASSWORD@HOST:8883 with TLS.",
            )  # fmt: skip
        tls = parts.scheme == "mqtts"
        return cls(
            parts.hostname, port or (8883 if tls else 1883), tls, unquote(parts.username) if parts.username else None,
            unquote(parts.password) if parts.password else None,
        )  # fmt: skip

    def __str__(self) -> str:
        return f"{'mqtts' if self.tls else 'mqtt'}://{self.host}:{self.port}"


class _Under(NamedTuple):
    """A message under way: what is to be acknowledged, where to answer, and what became of it."""

    message: aiomqtt.Message
    name: str
    batch: Batch | None
    taken: Future[Receipt] | UserError


class _Inbox(asyncio.Queue[aiomqtt.Message]):
    """What has come and is not looked at yet. QoS 1 is bounded by the broker; of QoS 0 what is too much is let go."""

    dropped = 0

    def put_nowait(self, item: aiomqtt.Message) -> None:
        """Called by the library for each message."""
        if item.qos == 0 and self.qsize() >= UNSURE:
            _Inbox.dropped += 1
            return
        super().put_nowait(item)


class Subscriber:
    """Takes readings from a broker until cancelled; `source_of` knows tokens and does not wait."""

    def __init__(
        self, broker: Broker, identifier: str, committer: Committer, source_of: Callable[[str], str | None],
        tally: Tally, *, prefix: str = PREFIX,
    ) -> None:  # fmt: skip
        self._broker, self._identifier, self._committer = broker, identifier, committer
        self._source_of, self._tally = source_of, tally
        self._readings, self._answers = f"{prefix}/readings/", f"{prefix}/answers/"
        #: Whether the broker is reached, and why not.
        self.connected = False
        self.trouble = ""

    async def serve(self) -> None:
        """Subscribe, and again whenever the connection is lost."""
        wait = FIRST_WAIT
        while True:
            try:
                async with self._client() as client:
                    wait = FIRST_WAIT
                    await self._take_from(client)
            except* (aiomqtt.MqttError, OSError) as wrong:
                self.connected, self.trouble = False, str(wrong.exceptions[0])[:200]
                LOG.warning("%s: %s; tried again in %s s", self._broker, self.trouble, wait)
            await asyncio.sleep(wait)
            wait = min(wait * 2, LONGEST_WAIT)

    @asynccontextmanager
    async def _client(self) -> AsyncIterator[aiomqtt.Client]:
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # of paho
        properties.SessionExpiryInterval = STAYS
        properties.ReceiveMaximum = AHEAD
        properties.MaximumPacketSize = LARGEST
        client = aiomqtt.Client(
            self._broker.host, self._broker.port, username=self._broker.user, password=self._broker.password,
            identifier=self._identifier, protocol=aiomqtt.ProtocolVersion.V5, clean_start=False, properties=properties,
            tls_context=ssl.create_default_context() if self._broker.tls else None, queue_type=_Inbox, timeout=SLOW,
        )  # fmt: skip
        # The library acknowledges on receipt and has no setting for it; the one below it has. This is the only place
        # where that is reached for: here and in `_acknowledge`.
        client._client.manual_ack_set(True)
        async with client:
            await client.subscribe(f"{self._readings}+", qos=1)
            self.connected, self.trouble = True, ""
            yield client

    async def _take_from(self, client: aiomqtt.Client) -> None:
        """Hand messages over as they come, and answer in their order, as MQTT wants it."""
        under_way: asyncio.Queue[_Under] = asyncio.Queue(maxsize=AHEAD)
        async with asyncio.TaskGroup() as group:
            answering = group.create_task(self._answer(client, under_way))
            try:
                async for message in client.messages:
                    await under_way.put(await self._taken(message))
            finally:
                answering.cancel()

    async def _taken(self, message: aiomqtt.Message) -> _Under:
        """Hand one over; where there is no room, wait until there is: the broker holds what comes after it."""
        name = message.topic.value.removeprefix(self._readings)
        batch: Batch | None = None
        while True:
            try:
                batch = batch if batch is not None else await self._read(bytes(message.payload or b""))
                return _Under(message, name, batch, self._committer.take(batch))
            except UserError as wrong:
                if wrong.code not in _PASSING:
                    return _Under(message, name, batch, wrong)
                self._tally.refused("mqtt", wrong.code)
            await asyncio.sleep(AGAIN)

    async def _read(self, payload: bytes) -> Batch:
        try:
            said = _TOKEN.decode(payload)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as wrong:
            raise UserError(
                "ING-001", f"the message is not a post: {wrong}.", case="post",
                remedy="Send the columnar JSON of docs/design/metering.md, with token and batch.",
            ) from wrong  # fmt: skip
        source = self._source_of(said.token)
        if source is None:
            raise UserError(
                "ING-004", "the token is not known, or was taken back.", case="token",
                remedy="Give the token of the unit as “token” beside “batch”.",
            )  # fmt: skip
        received = self._committer.now()
        if len(payload) < LONG:
            return decoded(payload, JSON, source, received)
        return await asyncio.to_thread(decoded, payload, JSON, source, received)

    async def _answer(self, client: aiomqtt.Client, under_way: asyncio.Queue[_Under]) -> None:
        while True:
            one = await under_way.get()
            receipt = await self._became(one)
            _acknowledge(client, one.message)
            await client.publish(f"{self._answers}{one.name}", _JSON.encode(_told(one, receipt)), qos=1)

    async def _became(self, one: _Under) -> Receipt | UserError:
        """The receipt, after as many tries as it takes while the disk refuses; or the error that stands."""
        taken = one.taken
        while not isinstance(taken, UserError):
            try:
                receipt = await asyncio.wrap_future(taken)
            except UserError as wrong:
                self._tally.refused("mqtt", wrong.code)
                if one.batch is None or wrong.code not in _PASSING:
                    return wrong
                await asyncio.sleep(AGAIN)
                taken = await self._again(one.batch)
            else:
                refused = one.batch.refused_in_all if one.batch is not None else 0
                self._tally.taken("mqtt", receipt.rows, refused, again=receipt.again)
                return receipt
        self._tally.refused("mqtt", taken.code)
        return taken

    async def _again(self, batch: Batch) -> Future[Receipt] | UserError:
        while True:
            try:
                return self._committer.take(batch)
            except UserError as wrong:
                if wrong.code not in _PASSING:
                    return wrong
            await asyncio.sleep(AGAIN)


def _acknowledge(client: aiomqtt.Client, message: aiomqtt.Message) -> None:
    """PUBACK, on the connection that the message came by."""
    if message.qos:
        client._client.ack(message.mid, message.qos)


def _told(one: _Under, receipt: Receipt | UserError) -> dict[str, Any]:
    if isinstance(receipt, UserError):
        return {"batch": _batch_of(one), **receipt.as_dict()}
    return told(one.batch, receipt) if one.batch is not None else {}


def _batch_of(one: _Under) -> str:
    """The id of a post that was refused, as far as it can be read."""
    if one.batch is not None:
        return one.batch.batch
    try:
        return _TOKEN.decode(bytes(one.message.payload or b"")).batch[:120]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
