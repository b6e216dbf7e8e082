"""What pages of metering read (计量页面取数): register, names, last readings and quality by day, held in memory.

Everything is read for all readers at once and kept while it stands; what a reader sees of it is chosen by the scope of
each request (`Metering.seen`), and no page is handed a row of a unit outside it.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property, lru_cache
from threading import RLock
from typing import TypeVar, cast

import numpy as np
import pyarrow as pa

from shuangkong.app.web.imports import packs_here
from shuangkong.app.web.metering_last import Last, last_readings, renewed
from shuangkong.app.web.metering_places import Places, Shown
from shuangkong.app.web.reading import Names
from shuangkong.app.web.rows import Subject
from shuangkong.engine.api import Workspace, reading
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.scope import Scope
from shuangkong.metering.calendar import Calendar, official
from shuangkong.metering.columns import CHINA
from shuangkong.metering.meters import Meter
from shuangkong.metering.monitoring import Systems, monitoring
from shuangkong.metering.quality import flaw_rows, quality_rows
from shuangkong.metering.quality_tables import METER_DAY_QUALITY, READING_FLAWS
from shuangkong.metering.reach import day_of_file, day_of_number
from shuangkong.metering.register import MeterBook
from shuangkong.metering.unit_days import Register, UnitDay, registered, unit_day
from shuangkong.policy.api import PackSet
from shuangkong.registry.api import scope_subjects

#: Seconds for which last readings and names hold before the lake and the register are asked again.
FRESH, NAMED = 5.0, 60.0
#: Seconds for which the register is not asked again whether it changed: those of one page.
ASKED = 0.25
#: Days whose sums by unit are kept, days whose rows are, and tables that were made of them.
KEPT_DAYS, KEPT_ROWS, KEPT_MADE = 400, 4, 12
T = TypeVar("T")


@dataclass(frozen=True)
class Moment:
    """The state that a page is made of: the register, and of each meter the newest reading, looked at at `now`."""

    register: Register
    last: Last
    now: datetime

    @property
    def today(self) -> date:
        """The day in China."""
        return self.now.astimezone(CHINA).date()


class Metering:
    """Reads of one workspace; safe among threads."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self._lock = RLock()
        self._book = MeterBook(workspace)
        self._register: Register | None = None
        self._last: Last | None = None
        self._looked = float("-inf")
        self._names: tuple[float, Register, Places] | None = None
        self._made: OrderedDict[tuple[object, ...], object] = OrderedDict()
        self._days: OrderedDict[date, UnitDay] = OrderedDict()
        self._rows: OrderedDict[tuple[str, date], pa.Table] = OrderedDict()
        self._commits = {READING_FLAWS.name: 0, METER_DAY_QUALITY.name: 0}
        self._with: dict[date, None] = {}

    @cached_property
    def calendar(self) -> Calendar:
        """Working days, by which deadlines of repair are counted."""
        return official()

    @cached_property
    def packs(self) -> PackSet:
        """The packs of this workspace."""
        return packs_here(self.workspace)

    @cached_property
    def _monitoring(self) -> Callable[[date], Systems]:
        return monitoring(self.packs, self.workspace.clock().astimezone(CHINA).date())

    def systems(self, day: date) -> Systems:
        """What each monitoring system asks on a day."""
        return self._monitoring(day)

    def moment(self, number: int | None = None) -> Moment:
        """Register and last readings as they stand, a few seconds old at most.

        The register is asked again for a meter `number` that it does not hold: who has just registered it must find it.
        """
        now = self.workspace.clock()
        with self._lock:
            register = self._registered(now)
            if number is not None and number not in register.spells:
                self._book.refresh()
                register = self._registered(now)
            if self._last is None or time.monotonic() - self._looked > FRESH:
                begun = time.monotonic()
                numbers = register.numbers
                if self._last is None or not np.isin(numbers, self._last.asked).all():
                    self._last = last_readings(self.workspace.lake, now, numbers)
                else:
                    self._last = renewed(self.workspace.lake, now, self._last)
                self._looked = begun
            return Moment(register, self._last, now)

    def _registered(self, now: datetime) -> Register:
        # a page asks several times in a row; each asking is a look through the register
        if self._book.age > ASKED:
            self._book.refresh()
        held, day = self._book.held, now.astimezone(CHINA).date()
        if self._register is None or self._register.meters is not held or self._register.day != day:
            self._register = registered(held, day)
            self._days.clear()
        return self._register

    def places(self) -> Places:
        """Regions and units with their names, and who lies in whom today; for all readers, to be cut by `seen`."""
        now = self.workspace.clock()
        with self._lock:
            register = self._registered(now)
            kept = self._names
            if kept is None or time.monotonic() - kept[0] > NAMED or kept[1] is not register:
                made = Names.read(self.workspace, now, now.astimezone(CHINA).date())
                kept = self._names = (time.monotonic(), register, Places(made))
            return kept[2]

    def seen(self, scope: Scope) -> Shown:
        """The subjects whose rows a reader may see at this moment; None: all."""
        with reading(self.workspace.engine) as db:
            table = scope_subjects(db, scope, self.workspace.clock())
        return None if table is None else frozenset(table["subject_id"].to_pylist())

    def once(self, name: tuple[object, ...], make: Callable[[], T]) -> T:
        """What was made under a name, or is made now; a few are kept."""
        with self._lock:
            if name not in self._made:
                self._made[name] = make()
                while len(self._made) > KEPT_MADE:
                    self._made.popitem(last=False)
            self._made.move_to_end(name)
            return cast(T, self._made[name])

    def days_with_quality(self) -> tuple[date, ...]:
        """Days on which anything was looked at, in order."""
        with self._lock:
            self._changed()
            return tuple(sorted(self._with))

    def unit_day(self, day: date) -> UnitDay:
        """A day's quality summed by unit, of all units."""
        with self._lock:
            self._changed()
            register = self._registered(self.workspace.clock())
            if day not in self._days:
                table = quality_rows(self.workspace.lake, self.workspace.clock(), [day])
                self._days[day] = unit_day(table, register, day, self.systems(day), self.calendar)
                while len(self._days) > KEPT_DAYS:
                    self._days.popitem(last=False)
            return self._days[day]

    def quality(self, day: date) -> pa.Table:
        """METER_DAY_QUALITY of a day, of all meters."""
        return self._kept(METER_DAY_QUALITY.name, day, lambda known: quality_rows(self.workspace.lake, known, [day]))

    def flaws(self, day: date) -> pa.Table:
        """READING_FLAWS of a day, of all meters."""
        return self._kept(READING_FLAWS.name, day, lambda known: flaw_rows(self.workspace.lake, known, [day]))

    def _kept(self, name: str, day: date, read: Callable[[datetime], pa.Table]) -> pa.Table:
        with self._lock:
            self._changed()
            if (name, day) not in self._rows:
                self._rows[name, day] = read(self.workspace.clock())
                while len(self._rows) > 2 * KEPT_ROWS:
                    self._rows.popitem(last=False)
            self._rows.move_to_end((name, day))
            return self._rows[name, day]

    def _changed(self) -> None:
        """Forget the days of which something was committed since."""
        now = self.workspace.clock()
        for name, after in self._commits.items():
            for commit in self.workspace.lake.commits(name, now, after=after):
                day = day_of_number(day_of_file(commit.file))
                self._days.pop(day, None)
                for known in (READING_FLAWS.name, METER_DAY_QUALITY.name):
                    self._rows.pop((known, day), None)
                if name == METER_DAY_QUALITY.name:
                    self._with[day] = None
                self._commits[name] = max(self._commits[name], commit.sequence)

    def newest_day(self, now: datetime) -> date | None:
        """The newest day that is over and was looked at; None where nothing was."""
        today = now.astimezone(CHINA).date()
        return max((d for d in self.days_with_quality() if d < today), default=None)


@lru_cache(maxsize=4)
def metering_of(workspace: Workspace) -> Metering:
    """The reads of a workspace, the same for all requests."""
    return Metering(workspace)


def meter_seen(state: Moment, shown: Shown, number: int) -> tuple[Meter, ...]:
    """All spells of a meter in the order of days; REG-001 alike for one outside the scope and one that is not there."""
    spells = state.register.spells.get(number, ())
    if not spells or (shown is not None and not any(s.subject_id in shown for s in spells)):
        raise UserError(
            "REG-001", f"no meter with the number {number} is known.", case="meter_not_seen",
            remedy="Choose one from the list of meters.", facts={"id": str(number)},
        )  # fmt: skip
    return tuple(s for s in spells if shown is None or s.subject_id in shown)


def subject_of_id(places: Places, shown: Shown, subject: str, kinds: Collection[str] = ("unit", "site")) -> Subject:
    """A subject in scope by id; REG-001 alike for one outside and one that is not there."""
    found = places.subject(subject)
    if found is None or found.kind not in kinds or (shown is not None and subject not in shown):
        raise UserError(
            "REG-001", f"no region or unit with the id “{subject[:60]}” is known.",
            remedy="Choose one from the lists; /rights tells why something is not to be seen.",
            case="not_seen", facts={"id": subject[:60]},
        )  # fmt: skip
    return found


def newest_reading_day(state: Moment) -> date | None:
    """The day in China of the newest reading of all; None where nothing came."""
    at = state.last.at
    if not len(at):
        return None
    # a reading of midnight closes the day before
    return datetime.fromtimestamp((int(at.max()) - 1) // 1_000_000, CHINA).date()
