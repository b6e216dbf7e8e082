"""Taking readings in (接收): many senders, one sync for all who wait together, an answer only when it is durable.

What is sent again under the same id is answered again and not written again. Where more waits than memory should
hold, a sender is told to come back (ING-002); where the disk is full he is told so, and nothing is lost.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from shuangkong.kernel.errors import UserError
from shuangkong.metering.journal import Broken, Journal, Place, records, segments
from shuangkong.metering.model import Batch, Unreadable, packed, unpacked

#: Bytes that may wait for the disk; and posts of which it is remembered that they were taken.
WAITING_LIMIT = 64 * 1024 * 1024
REMEMBERED = 500_000
#: The code of an id that was used for other readings: it will not be taken later either.
REUSED = "ING-003"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a sender is told: how many readings are safe, where, and whether they had been taken before."""

    rows: int
    place: Place
    again: bool = False


@dataclass(slots=True)
class _Waiting:
    key: bytes
    content: bytes
    body: bytes
    rows: int
    answer: Future[Receipt]


@dataclass(frozen=True, slots=True)
class Earlier:
    """A post that was stored before this journal begins: what an id that comes again is held against."""

    source: str
    batch: str
    content: bytes
    rows: int
    place: Place
    received: int


class Committer:
    """One thread that writes groups to a journal. `now` gives microseconds of UTC; received times never go back.

    `earlier` are the posts that were stored last, oldest first: their ids are answered, or refused for other readings,
    as those are that the journal still holds.
    """

    def __init__(
        self,
        journal: Journal,
        now: Callable[[], int],
        *,
        waiting_limit: int = WAITING_LIMIT,
        remembered: int = REMEMBERED,
        earlier: Iterable[Earlier] = (),
    ) -> None:
        self.journal = journal
        self._now = now
        self._waiting_limit = waiting_limit
        self._remembered = remembered
        self._taken: OrderedDict[bytes, tuple[bytes, int, Place]] = OrderedDict()
        self._under_way: dict[bytes, _Waiting] = {}
        self._queue: deque[_Waiting] = deque()
        self._bytes = 0
        self._last = 0
        self._turn = threading.Condition()
        self._closing = False
        self._rolls: list[Future[Path | None]] = []
        self._recall(earlier)
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, wrong: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def take(self, batch: Batch) -> Future[Receipt]:
        """Hand a post over; the answer comes when it is durable, or is the error that kept it from being so.

        Raises ING-002 where too much waits already. The answer is ING-003 where the id was used for other readings.
        """
        key = _digest(batch.source, batch.batch)
        content = content_of(batch)
        with self._turn:
            found = self._known(key, content)
            if found is not None:
                return found
            if self._closing or self._bytes >= self._waiting_limit:
                raise UserError(
                    "ING-002", "more readings are waiting for the disk than can be held.", case="busy",
                    remedy="Send them again in a few seconds, under the same batch id.",
                )  # fmt: skip
            # Received is stamped here, in the order of taking, so that `as known at` and the places agree.
            self._last = max(self._last, self._now())
            waiting = _Waiting(key, content, packed(replace(batch, received=self._last)), len(batch), _future())
            self._queue.append(waiting)
            self._under_way[key] = waiting
            self._bytes += len(waiting.body)
            self._turn.notify()
            return waiting.answer

    def now(self) -> int:
        """The instant at which what is handed over now counts as received, in microseconds of UTC."""
        return max(self._last, self._now())

    def _known(self, key: bytes, content: bytes) -> Future[Receipt] | None:
        """The answer for a post that was taken before or is being written."""
        before = self._taken.get(key)
        waiting = self._under_way.get(key)
        if before is None and waiting is None:
            return None
        if content != (before[0] if before else waiting.content if waiting else b""):
            raise UserError(
                REUSED, "this batch id was used for other readings.", case="reused",
                remedy="Give each post an id of its own; send the same id only with the same readings.",
            )  # fmt: skip
        if before is None:
            return waiting.answer if waiting else None
        done: Future[Receipt] = Future()
        done.set_result(Receipt(before[1], before[2], again=True))
        return done

    def _recall(self, earlier: Iterable[Earlier]) -> None:
        """What was stored and what the journal still holds counts as taken: a sender whose answer was lost comes again.

        A segment that is stored and taken away meanwhile is known from where it was stored to.
        """
        for post in earlier:
            self._last = max(self._last, post.received)
            self._remember(_digest(post.source, post.batch), post.content, post.rows, post.place)
        for path in segments(self.journal.folder):
            with suppress(FileNotFoundError):
                self._recall_segment(path)

    def _recall_segment(self, path: Path) -> None:
        for record in records(path):
            if isinstance(record, Broken):
                continue
            place, body = record
            try:
                batch = unpacked(body)
            except Unreadable:
                continue
            self._last = max(self._last, batch.received)
            self._remember(_digest(batch.source, batch.batch), content_of(batch), len(batch), place)

    def _remember(self, key: bytes, content: bytes, rows: int, place: Place) -> None:
        self._taken[key] = (content, rows, place)
        if len(self._taken) > self._remembered:
            self._taken.popitem(last=False)

    def _run(self) -> None:
        while True:
            with self._turn:
                while not self._queue and not self._rolls and not self._closing:
                    self._turn.wait()
                group, rolls = list(self._queue), list(self._rolls)
                self._queue.clear()
                self._rolls.clear()
                if not group and not rolls:
                    return
            if group:
                self._commit(group)
            for asked in rolls:
                self._roll_for(asked)

    def _roll_for(self, asked: Future[Path | None]) -> None:
        try:
            asked.set_result(self.journal.roll())
        except UserError as wrong:
            asked.set_exception(wrong)

    def _commit(self, group: list[_Waiting]) -> None:
        """Write a group, then answer. Whatever goes wrong is the answer; the thread goes on."""
        try:
            places = self.journal.append([w.body for w in group])
            wrong: Exception | None = None
        except Exception as found:  # noqa: BLE001 — it is handed to each sender, and the next group is tried
            places, wrong = [], found
        with self._turn:
            for n, waiting in enumerate(group):
                self._bytes -= len(waiting.body)
                del self._under_way[waiting.key]
                if wrong is None:
                    self._remember(waiting.key, waiting.content, waiting.rows, places[n])
        for n, waiting in enumerate(group):
            if wrong is None:
                waiting.answer.set_result(Receipt(waiting.rows, places[n]))
            else:
                waiting.answer.set_exception(wrong)

    @property
    def waiting_bytes(self) -> int:
        """How much waits for the disk."""
        return self._bytes

    def roll(self) -> Path | None:
        """Begin a new segment between two groups; gives the whole one, or nothing where it held no record."""
        asked: Future[Path | None] = _future()
        with self._turn:
            if self._closing:
                return None
            self._rolls.append(asked)
            self._turn.notify()
        return asked.result()

    def close(self) -> None:
        """Write what waits, answer, and stop."""
        with self._turn:
            self._closing = True
            self._turn.notify()
        self._thread.join()


def _future() -> Future[Any]:
    """A promise that its asker cannot take back: who hangs up does not stop the others of his group."""
    made: Future[Any] = Future()
    made.set_running_or_notify_cancel()
    return made


def _digest(source: str, batch: str) -> bytes:
    """128 bits of source and id: so many that two of them never meet."""
    return hashlib.blake2b(f"{source}\x00{batch}".encode(), digest_size=16).digest()


def content_of(batch: Batch) -> bytes:
    """What the readings of a post are, whenever they were received."""
    found = hashlib.blake2b(repr((batch.channels, batch.refused)).encode(), digest_size=8)
    for column in (batch.channel, batch.at, batch.value, batch.mark):
        found.update(column.tobytes())
    return found.digest()
