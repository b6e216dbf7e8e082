"""The register as readings need it (计量登记): meters, tokens and stations of the registry, held in memory.

A book asks the registry about once a second whether anything changed, and reads it anew if so: what is registered or
revoked holds within two seconds, and no post waits for the database otherwise.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Generic, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from shuangkong.engine.api import Clock, Workspace, reading
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.scope import Scope
from shuangkong.metering.columns import CHINA
from shuangkong.metering.hj212.api import Station
from shuangkong.metering.meters import Meter, Meters
from shuangkong.registry.api import (
    MeterSpell,
    StationSpell,
    meter_spells,
    meters_state,
    standing_digests,
    station_spells,
    stations_state,
    token_digest,
    tokens_state,
)

#: Seconds after which a book asks again whether anything changed, and for which it holds while nobody answers.
FRESH = 1.0
HOLDS = 60.0
#: A token that is not known may have been issued this moment; but who guesses does not keep the database busy.
_UNKNOWN_AGAIN = 0.2
_SCOPE = Scope.system("take readings in")
Held = TypeVar("Held")
State = tuple[object, ...]


def meters_known(
    connection: sa.Connection, scope: Scope, known: datetime, subjects: Iterable[str] | None = None
) -> Meters:
    """Every meter in scope as known at `known`, with all its spells; `subjects` limits whose."""
    return Meters(meter_of(s) for s in meter_spells(connection, scope, known, subjects))


def meter_of(spell: MeterSpell) -> Meter:
    """A spell of the register as readings need it."""
    s = spell
    return Meter(
        s.number, s.subject_id, s.source, s.channel, s.item, s.unit, s.kind, s.valid_from, s.valid_to, s.site, s.factor,
        s.low, s.high, s.modulus, s.every, s.stamp, s.parents, s.system, s.measures, s.outlet,
        s.first_reading, s.last_reading, s.code, s.name, s.synthetic,
    )  # fmt: skip


def stations_known(connection: sa.Connection, scope: Scope, known: datetime) -> Mapping[str, Station]:
    """The stations in scope that stand on the day of `known` in China, by MN, as a server of HJ 212 needs them."""
    day = known.astimezone(CHINA).date()
    spells = station_spells(connection, scope, known)
    return {s.mn: _station(s) for s in spells if s.valid_from <= day < s.valid_to}


def _station(spell: StationSpell) -> Station:
    return Station(spell.mn, spell.password, spell.crc == "modbus")


class Book(Generic[Held]):
    """What the registry says, in memory: read anew when `state` says that it changed. Safe among threads.

    While the database does not answer, what was read before holds for `HOLDS` seconds; then ING-002 (come back).
    `of_day` is for what also changes at midnight.
    """

    def __init__(
        self, workspace: Workspace, state: Callable[[sa.Connection], State],
        read: Callable[[sa.Connection, datetime], Held], *, of_day: bool = False,
    ) -> None:  # fmt: skip
        self._engine, self._clock = workspace.engine, workspace.clock
        self._state, self._read, self._of_day = state, read, of_day
        self._turn = threading.Lock()
        self._seen: State | None = None
        self._asked = float("-inf")
        self._refreshing: asyncio.Task[bool] | None = None
        self._held: Held | None = None
        self._known: datetime | None = None

    @property
    def held(self) -> Held:
        """What was read last; it is read now if it never was."""
        if self._held is None:
            self.refresh()
        if self._held is None:
            raise self._silent()
        return self._held

    @property
    def read_at(self) -> datetime:
        """As known at which instant `held` was read."""
        if self._known is None:
            self.refresh()
        if self._known is None:
            raise self._silent()
        return self._known

    @property
    def age(self) -> float:
        """Seconds since the database last said that this holds."""
        return time.monotonic() - self._asked

    def refresh(self) -> bool:
        """Ask whether anything changed, and read it anew if so; whether it was. Waits for the database."""
        with self._turn:
            try:
                return self._look()
            except (OperationalError, InterfaceError, PoolTimeout):
                if self.age > HOLDS:
                    raise self._silent() from None
                return False

    def _look(self) -> bool:
        begun = time.monotonic()
        with reading(self._engine) as db:
            state = self._state(db)
            # what another machine recorded a moment ahead of this one's clock is known, too
            now = max([self._clock(), *(x for x in state if isinstance(x, datetime))])
            if self._of_day:
                state = (*state, now.astimezone(CHINA).date())
            changed = self._held is None or state != self._seen
            if changed:
                self._held, self._seen, self._known = self._read(db, now), state, now
        self._asked = begun
        return changed

    async def fresh(self, within: float = FRESH) -> Held:
        """What holds, asked for within the last seconds; those who wait for one answer share it."""
        if self.age > within:
            if self._refreshing is None or self._refreshing.done():
                self._refreshing = asyncio.create_task(asyncio.to_thread(self.refresh))
            await asyncio.shield(self._refreshing)
        return self.held

    async def keep(self, every: float = FRESH) -> None:
        """Keep it fresh until cancelled: for whoever asks without being able to wait."""
        while True:
            # who asks while it does not hold is told so
            with suppress(UserError):
                await self.fresh(0)
            await asyncio.sleep(every)

    def _silent(self) -> UserError:
        return UserError(
            "ING-002", "the register does not answer.", case="busy",
            remedy="Send them again in a few seconds, under the same batch id.",
        )  # fmt: skip


class MeterBook(Book[Meters]):
    """All meters as they stand."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace, meters_state, lambda db, known: meters_known(db, _SCOPE, known))


class TokenBook(Book[Mapping[str, tuple[str, datetime | None]]]):
    """Whose readings come under which secret. `source_of` is what `web.create_collector` asks."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace, tokens_state, lambda db, known: standing_digests(db, _SCOPE))
        self._now: Clock = workspace.clock

    async def source_of(self, secret: str) -> str | None:
        """The unit whose token it is, or None: not issued, revoked, or run out."""
        if not secret:
            return None
        digest = token_digest(secret)
        found = (await self.fresh()).get(digest) or (await self.fresh(_UNKNOWN_AGAIN)).get(digest)
        return self._standing(found)

    def known(self, secret: str) -> str | None:
        """The same without waiting, of what was last read: `keep` it fresh. ING-002 where that is too long ago."""
        held = self.held
        if self.age > HOLDS:
            raise self._silent()
        return self._standing(held.get(token_digest(secret))) if secret else None

    def _standing(self, found: tuple[str, datetime | None] | None) -> str | None:
        if found is None:
            return None
        source, ends = found
        return source if ends is None or self._now() < ends else None


class StationBook(Book[Mapping[str, Station]]):
    """Stations that stand today. `lookup` is what `hj212.server` asks of every frame: `keep` it fresh."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace, stations_state, lambda db, known: stations_known(db, _SCOPE, known), of_day=True)

    def lookup(self, mn: str) -> Station | None:
        """The station with that MN, or None."""
        return self.held.get(mn)
