"""Units with outlets of waste water in a workspace of their own (合成), for tests of pollutants in the books."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np

from registry.made_up import made_up_unit
from shuangkong.engine.api import Workspace, reading, writing
from shuangkong.kernel.periods import china_day
from shuangkong.kernel.scope import Scope
from shuangkong.metering.calendar import official
from shuangkong.metering.collecting import journal_folder
from shuangkong.metering.columns import CHINA
from shuangkong.metering.journal import Journal, segments
from shuangkong.metering.model import NO_VALUE, SCALE, Batch, packed
from shuangkong.metering.monitoring import monitoring
from shuangkong.metering.quality import look
from shuangkong.metering.register import meters_known
from shuangkong.metering.rolling import roll_up
from shuangkong.metering.storing import store
from shuangkong.policy.api import PackSet
from shuangkong.registry.api import MeterEntry, ensure_regions, register_meters, register_unit

SINCE = date(2026, 1, 1)
DAY = date(2026, 2, 10)
NORMAL, FAULT = ord("N"), ord("D")
#: Nine units in three counties of two cities: an update of one of them is no full run.
PLACES = ["130181"] * 3 + ["130183"] * 3 + ["130281"] * 3
ALL = Scope.system("test")


class Outlets:
    """A workspace, its units by their place in PLACES, and what can be said of their outlets."""

    def __init__(self, root: Path, packs: PackSet) -> None:
        self.workspace, self.packs = Workspace.create(root), packs
        self.posts = 0
        with writing(self.workspace.engine) as db:
            ensure_regions(db, self.workspace.clock(), sorted(set(PLACES)))
            self.units = [
                register_unit(db, made_up_unit(n, place), self.workspace.clock(), principal="test")
                for n, place in enumerate(PLACES, 1)
            ]

    def register(self, who: int, code: str, reason: str = "", **said: object) -> None:
        """A meter of hours at the outlet of a unit, or what is said anew of it."""
        new: dict[str, object] = {
            "kind": "interval", "every": 60, "stamp": "start", "outlet": "1", "system": "hj212-water",
        }  # fmt: skip
        entry = MeterEntry(self.units[who], code, SINCE, **(said if reason else new | said))  # type: ignore[arg-type]
        with writing(self.workspace.engine) as db:
            register_meters(db, [entry], self.workspace.clock(), principal="test", reason=reason)

    def water(self, unit: int) -> None:
        """An outlet with flow and chemical oxygen demand."""
        self.register(unit, "Q", item="w00000", unit="m3", measures="flow")
        self.register(unit, "COD", item="w01018", unit="mg/L", measures="concentration")

    def post(self, unit: int, code: str, first: date, values: list[float | None], marks: list[int]) -> None:
        """Hours from the first of a day on, into the journal."""
        start = int(datetime(first.year, first.month, first.day, tzinfo=CHINA).timestamp()) * SCALE
        at = start + np.arange(len(values), dtype=np.int64) * 3600 * SCALE
        self.posts += 1
        batch = Batch(
            self.units[unit], f"p{self.posts}", int(at[-1]) + 3600 * SCALE, (code,),
            np.zeros(len(values), dtype=np.uint32), at,
            np.array([NO_VALUE if v is None else round(v * SCALE) for v in values], dtype=np.int64),
            np.array(marks, dtype=np.uint8),
        )  # fmt: skip
        with Journal(journal_folder(self.workspace)) as journal:
            journal.append([packed(batch)])
            journal.roll()

    def month(self, unit: int, first: date, days: int, bad: int = 0, mark: int = FAULT) -> None:
        """Hours of 100 m³ at 50 mg/L, of which the first `bad` bear the mark of a fault or another."""
        hours = days * 24
        self.post(unit, "Q", first, [100.0] * hours, [NORMAL] * hours)
        self.post(unit, "COD", first, [50.0] * hours, [mark] * bad + [NORMAL] * (hours - bad))

    def follow(self, *, looked: bool = True) -> None:
        """Store, roll up and look, as a round does."""
        lake = self.workspace.lake
        with reading(self.workspace.engine) as db:
            meters = meters_known(db, ALL, self.workspace.clock())
        touched = store(lake, segments(journal_folder(self.workspace)), meters).touched
        roll_up(lake, meters, touched, self.workspace.clock())
        if looked:
            rules = monitoring(self.packs, china_day(self.workspace.clock()))
            look(lake, meters, rules, touched, self.workspace.clock(), calendar=official())

    def roll_again(self, days: int) -> None:
        """Roll the meters' January up anew, as the rounds do after a change of the register."""
        with reading(self.workspace.engine) as db:
            meters = meters_known(db, ALL, self.workspace.clock())
        keys = {(m.number, SINCE + timedelta(days=n)) for m in meters.spells for n in range(days)}
        roll_up(self.workspace.lake, meters, keys, self.workspace.clock())
