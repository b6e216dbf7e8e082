"""One connection of a station (连接): bytes in, frames to the server, answers out; no reading while too much waits."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol

from shuangkong.metering.hj212.faults import Fault
from shuangkong.metering.hj212.framing import Frame, Splitter


class Host(Protocol):
    """What a connection asks of the server that it belongs to."""

    buffer: bytearray | None

    def opened(self, connection: Connection) -> bool:
        """Whether there is room for it."""

    def arrived(self, connection: Connection, found: Sequence[Frame | Fault]) -> None:
        """Take over what was read."""

    def closed(self, connection: Connection) -> None:
        """It is gone."""


#: Bytes of one read: shared by all connections of a loop that reads and hands over in one step, else one of each.
_SHARED, _OWN = 262_144, 8192


class Connection(asyncio.BufferedProtocol):
    """The asyncio side of one station. Reads go into a buffer that stays; asyncio's own would be new for each."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._splitter = Splitter()
        self._buffer = host.buffer if host.buffer is not None else bytearray(_OWN)
        self._transport: asyncio.Transport | None = None
        self._loop = asyncio.get_running_loop()
        self._choked = False  # the station does not read its answers
        self._full = False  # the server has enough to do
        self._ended = False  # the station sends no more
        self.peer = ""
        self.held = 0  # bytes handed over and not yet taken in
        self.fed = self.heard = self._loop.time()

    @property
    def open(self) -> bool:
        """Whether something can still be sent."""
        return self._transport is not None and not self._transport.is_closing()

    @property
    def waiting(self) -> int:
        """Bytes of a frame that is not whole yet."""
        return self._splitter.waiting

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The station is there."""
        if not isinstance(transport, asyncio.Transport):
            raise TypeError("a connection of HJ 212 is a stream")
        self._transport = transport
        name = transport.get_extra_info("peername")
        self.peer = f"{name[0]}:{name[1]}" if name else ""
        if not self._host.opened(self):
            transport.abort()

    def get_buffer(self, sizehint: int) -> bytearray:
        """Where the next bytes go."""
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """So many bytes of any number of frames."""
        self.fed = self._loop.time()
        self._hand_over(self._splitter.feed(bytes(memoryview(self._buffer)[:nbytes])))

    def settle(self) -> None:
        """The station has been quiet: a frame that lacks nothing but its CR LF is whole."""
        self._hand_over(self._splitter.settle())

    def eof_received(self) -> bool:
        """The station sends no more; it is still given the answers to what it sent."""
        self._hand_over(self._splitter.close())
        self._ended = True
        if not self.held:
            self.shut()
        return True

    def pause_writing(self) -> None:
        """The station does not read its answers: no more of its frames until it does."""
        self._choked = True
        self._regulate()

    def resume_writing(self) -> None:
        """It reads again."""
        self._choked = False
        self._regulate()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone."""
        self._transport = None
        self._host.closed(self)

    def hold(self) -> None:
        """Read no more until relieved."""
        self._full = True
        self._regulate()

    def relieve(self) -> None:
        """The server can take more; a station that sends no more is let go of."""
        self._full = False
        if self._ended and not self.held:
            self.shut()
        self._regulate()

    def send(self, data: bytes) -> None:
        """Frames to the station; nothing happens if it is gone."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def shut(self) -> None:
        """Close after what is still to be sent."""
        if self._transport is not None:
            self._transport.close()

    def cut(self) -> None:
        """Close at once."""
        if self._transport is not None:
            self._transport.abort()

    def _hand_over(self, found: list[Frame | Fault]) -> None:
        if found:
            self._host.arrived(self, found)

    def _regulate(self) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        if self._choked or self._full:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()


def shared_buffer() -> bytearray | None:
    """A buffer for all connections of this loop, where it reads and hands over in one step; None where it does not."""
    return bytearray(_SHARED) if isinstance(asyncio.get_running_loop(), asyncio.SelectorEventLoop) else None
