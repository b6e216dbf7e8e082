"""Requests of the platform (提取与设置): what was asked of a station, its 9011, its 9012, and giving up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from shuangkong.metering.hj212.segment import Head, read
from shuangkong.metering.hj212.standard import Return, standard


@dataclass(frozen=True, slots=True)
class Asked:
    """What became of a request: its QN, how often it was sent, the QnRtn of 9011 and the ExeRtn of 9012, if they came.

    Both None: the station did not answer. A code that the standard does not know counts as unknown (100).
    """

    number: str
    tries: int
    returned: Return | None
    result: Return | None

    @property
    def done(self) -> bool:
        """Whether the station says that it did what was asked."""
        return self.result is not None and self.result.id == "done"


class Exchanges:
    """Requests that wait for their answers, by station and QN."""

    def __init__(self, *, answer_seconds: float, result_seconds: float, tries: int) -> None:
        self._answer_seconds, self._result_seconds, self._tries = answer_seconds, result_seconds, tries
        self._open: dict[tuple[bytes, bytes], tuple[asyncio.Future[Return], asyncio.Future[Return]]] = {}

    def __len__(self) -> int:
        return len(self._open)

    def free(self, mn: bytes, number: bytes) -> bool:
        """Whether no request with this QN waits at the station."""
        return (mn, number) not in self._open

    async def carry_out(self, mn: bytes, number: bytes, send: Callable[[], None]) -> Asked:
        """Send, send again while there is no 9011, and wait for 9012."""
        loop = asyncio.get_running_loop()
        returned, result = loop.create_future(), loop.create_future()
        self._open[mn, number] = returned, result
        tries = 0
        try:
            while tries < self._tries and not returned.done() and not result.done():
                send()
                tries += 1
                await asyncio.wait(
                    (returned, result), timeout=self._answer_seconds, return_when=asyncio.FIRST_COMPLETED
                )
            if result.done() or (returned.done() and returned.result().id == "accepted"):
                await asyncio.wait((result,), timeout=self._result_seconds)
            return Asked(number.decode("ascii"), tries, _came(returned), _came(result))
        finally:
            del self._open[mn, number]
            returned.cancel()
            result.cancel()

    def heard(self, head: Head, segment: bytes) -> bool:
        """A 9011 or 9012; whether anybody waited for it."""
        waiting = self._open.get((head.mn, head.qn))
        if waiting is None or head.cn not in (b"9011", b"9012"):
            return False
        rules = standard()
        first = head.cn == b"9011"
        name, codes, which = ("QnRtn", rules.returns, waiting[0]) if first else ("ExeRtn", rules.results, waiting[1])
        said = read(segment).value(name) or ""
        code = int(said) if said.isdigit() and len(said) <= 4 else 100
        if not which.done():
            which.set_result(codes.get(code) or Return(code, "unknown", codes[100].label))
        return True


def _came(future: asyncio.Future[Return]) -> Return | None:
    return future.result() if future.done() and not future.cancelled() else None
