"""Rounds of storing (入湖轮次): whole segments into the lake, what waited aside taken in, touched keys to who follows.

A follower (roll-up, quality, the books) has a mark of its own: the last commit of `readings` that it has done. It is
moved on only after its work, so that a kill at any moment loses no key and a failing follower is asked again; who is
asked twice for the same keys gives the same answer.
"""

from __future__ import annotations

import logging
import time
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from shuangkong.engine.api import Commit, Lake, Workspace, reading, writing
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.scope import Scope
from shuangkong.metering.adopting import Adopting
from shuangkong.metering.columns import CHINA
from shuangkong.metering.compacting import compact
from shuangkong.metering.journal import number_of, segments
from shuangkong.metering.known_posts import KnownPosts, nothing_new
from shuangkong.metering.meters import Meters
from shuangkong.metering.reach import StoredDays, day_of_number
from shuangkong.metering.register import MeterBook
from shuangkong.metering.storing import Stored, store, touched_in
from shuangkong.metering.tables import READINGS
from shuangkong.registry.api import MeterChange, consumer_mark, meter_changes, set_consumer_mark

LOG = logging.getLogger("shuangkong.metering.storing")
Keys = frozenset[tuple[int, date]]
#: Readings whose keys a follower is given at once: it is behind by more only after an outage.
AT_ONCE = 4_000_000
#: Seconds between two compactions: a day that is read in every round must not be thousands of files.
COMPACT_EVERY = 60.0
#: The marks of followers are kept under this and their name: the last commit, and the register's last change.
MARK, REGISTER_MARK = "follows/", "follows-register/"
#: And the last day that was closed.
CLOSED_MARK = "closed/"
#: Meter-days that a follower is given at once where the register changed.
KEYS_AT_ONCE = 200_000
_SCOPE = Scope.system("let what was made of readings follow the register")
_EVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Touched:
    """What changed: (meter, day of China), the register, and the instant as known at which to look.

    `keys` are of readings that came, and of stored ones that count otherwise since the register changed; `register`
    are the changes of the register themselves, also of meters without a reading.
    """

    keys: Keys
    meters: Meters
    known: datetime
    register: tuple[MeterChange, ...] = ()


@dataclass(frozen=True, slots=True)
class Follower:
    """Who works on what changed, in the order given; `work` may be asked for the same keys again.

    `closing`: the keys among days that are over which have to be worked on again because they were not over before.
    """

    name: str
    work: Callable[[Touched], object]
    closing: Callable[[datetime, Sequence[date]], Keys] | None = None


@dataclass(slots=True)
class Round:
    """What a round did: what was stored and taken in from aside, what each follower was given, what went wrong."""

    stored: Stored
    adopted: int = 0
    followed: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    trouble: str = ""

    def as_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        s = self.stored
        return {
            "readings": s.readings, "aside": s.aside, "again": s.again, "refused": s.refused,
            "broken": [f"{b.path.name} {b.start}-{b.end}: {b.why}" for b in s.broken], "adopted": self.adopted,
            "followed": self.followed, "seconds": self.seconds, "trouble": self.trouble,
        }  # fmt: skip


class Rounds:
    """Stores what a journal has gathered, again and again, in one process."""

    def __init__(self, workspace: Workspace, folder: Path, followers: Sequence[Follower] = ()) -> None:
        self._workspace, self._folder, self._followers = workspace, folder, tuple(followers)
        self._meters = MeterBook(workspace)
        self._posts = KnownPosts(workspace.lake)
        self._adopting = Adopting(workspace.lake)
        self._compact_at = time.monotonic() + COMPACT_EVERY
        self._caught_up: dict[str, datetime] = {}
        self._closed: dict[str, date] = {}

    def round(self, before: int | None = None) -> Round:
        """Store the segments before a number (all, where none is given), then let each follower catch up.

        What goes wrong with a user's remedy is told in the round and tried again in the next one.
        """
        done = Round(Stored())
        try:
            self._meters.refresh()
            meters = self._meters.held
            whole = [p for p in segments(self._folder) if before is None or number_of(p) < before]
            with _timed(done, "store"):
                done.stored = store(self._workspace.lake, whole, meters, self._posts)
            with _timed(done, "adopt"):
                done.adopted = self._adopting.adopt(meters)
            if time.monotonic() >= self._compact_at:
                self._compact_at = time.monotonic() + COMPACT_EVERY
                with _timed(done, "compact"):
                    compact(self._workspace.lake)
            for follower in self._followers:
                begun = self._mark(f"{MARK}{follower.name}") is not None
                self._follow(follower, meters, done)
                self._follow_register(follower, meters, done, begun=begun)
                if follower.closing is not None:
                    self._close_days(follower, meters, done)
        except UserError as wrong:
            done.trouble = str(wrong)
            LOG.warning("the round stopped: %s", wrong)
        return done

    def _follow(self, follower: Follower, meters: Meters, done: Round) -> None:
        """Give one follower what it has not seen, in portions."""
        mark = f"{MARK}{follower.name}"
        with reading(self._workspace.engine) as db:
            after = int(consumer_mark(db, mark) or 0)
        while True:
            known = self._workspace.clock()
            commits = _portion(self._workspace.lake, known, after)
            if not commits:
                return
            keys = touched_in([self._workspace.lake.root / c.file for c in commits if not nothing_new(c, after)])
            with _timed(done, follower.name):
                follower.work(Touched(keys, meters, known))
            after = commits[-1].sequence
            with writing(self._workspace.engine) as db:
                set_consumer_mark(db, mark, str(after), at=self._workspace.clock())
            done.followed[follower.name] = done.followed.get(follower.name, 0) + len(keys)

    def _follow_register(self, follower: Follower, meters: Meters, done: Round, *, begun: bool) -> None:
        """Give one follower the days on which the register changed since it last looked.

        Who has just begun was given every reading there is, with the register as it stands.
        """
        seen = self._meters.read_at
        if self._caught_up.get(follower.name) == seen:
            return
        mark = f"{REGISTER_MARK}{follower.name}"
        text = self._mark(mark)
        after = datetime.fromisoformat(text) if text else _EVER if begun else seen
        if after < seen:
            with reading(self._workspace.engine) as db:
                changes = meter_changes(db, _SCOPE, after, seen)
            known = self._workspace.clock()
            for some, keys in _moved(self._workspace.lake, changes, known):
                with _timed(done, follower.name):
                    follower.work(Touched(keys, meters, known, some))
                done.followed[follower.name] = done.followed.get(follower.name, 0) + len(keys)
        with writing(self._workspace.engine) as db:
            set_consumer_mark(db, mark, seen.isoformat(), at=self._workspace.clock())
        self._caught_up[follower.name] = seen

    def _close_days(self, follower: Follower, meters: Meters, done: Round) -> None:
        """Once after each midnight of China: what was worked on while its day ran is worked on as a whole day."""
        assert follower.closing is not None
        known = self._workspace.clock()
        yesterday = known.astimezone(CHINA).date() - timedelta(days=1)
        if self._closed.get(follower.name) == yesterday:
            return
        mark = f"{CLOSED_MARK}{follower.name}"
        text = self._mark(mark)
        first = date.fromisoformat(text) + timedelta(days=1) if text else yesterday + timedelta(days=1)
        days = [first + timedelta(days=n) for n in range((yesterday - first).days + 1)]
        keys = follower.closing(known, days) if days else frozenset()
        if keys:
            with _timed(done, follower.name):
                follower.work(Touched(keys, meters, known))
        with writing(self._workspace.engine) as db:
            set_consumer_mark(db, mark, yesterday.isoformat(), at=known)
        self._closed[follower.name] = yesterday

    def _mark(self, name: str) -> str | None:
        with reading(self._workspace.engine) as db:
            return consumer_mark(db, name)


def _moved(
    lake: Lake, changes: Sequence[MeterChange], known: datetime
) -> Iterator[tuple[tuple[MeterChange, ...], Keys]]:
    """Changes of the register in portions, with the meter-days that may have readings; a fresh meter has none yet."""
    days = [day_of_number(d) for d in StoredDays(lake, known).days]
    some: list[MeterChange] = []
    keys: set[tuple[int, date]] = set()
    for change in changes:
        some.append(change)
        if not change.fresh:
            within = days[bisect_left(days, change.first) : bisect_left(days, change.end)]
            keys.update((change.number, d) for d in within)
        if len(keys) >= KEYS_AT_ONCE:
            yield tuple(some), frozenset(keys)
            some, keys = [], set()
    if some:
        yield tuple(some), frozenset(keys)


def _portion(lake: Lake, known: datetime, after: int) -> list[Commit]:
    """The next commits of readings, whole ones of a transaction, of about so many rows."""
    found: list[Commit] = []
    rows = 0
    for commit in lake.commits(READINGS.name, known, after=after):
        if rows >= AT_ONCE:
            break
        found.append(commit)
        rows += commit.rows
    return found


class _timed:
    """Adds the seconds of its block to those of a round."""

    def __init__(self, done: Round, name: str) -> None:
        self._done, self._name = done, name

    def __enter__(self) -> None:
        self._start = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        took = time.perf_counter() - self._start
        self._done.seconds[self._name] = round(self._done.seconds.get(self._name, 0.0) + took, 4)
