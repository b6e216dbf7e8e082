"""The register as arrays, and a day's quality summed by unit (单位日质量). Pure: tables and arrays in, arrays out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from shuangkong.metering.calendar import Calendar
from shuangkong.metering.meters import Meter, Meters
from shuangkong.metering.monitoring import Systems
from shuangkong.metering.spells import DAY, MINUTE, Ints
from shuangkong.metering.stored import millionths_of

_EPOCH = date(1970, 1, 1)
_NEVER = 2**40
_FAULTY, _JUDGED = ("short", "missing"), ("ok", "short", "missing")


@dataclass(frozen=True)
class Register:
    """All meters: `spells` by number in the order of days, `current` the spell of the day or else the last one.

    The arrays stand for all spells, sorted by number: first day and the day after the last (since 1970), the place of
    the unit in `units`, points a day, and the place of the monitoring system in `systems`. Those named `current_` stand
    for `current`: interval in microseconds, place of the system, and whether it is there on the day.
    """

    meters: Meters
    day: date
    spells: Mapping[int, tuple[Meter, ...]]
    current: tuple[Meter, ...]
    children: Mapping[int, tuple[int, ...]]
    units: tuple[str, ...]
    systems: tuple[str, ...]
    numbers: Ints
    number: Ints
    start: Ints
    end: Ints
    unit: Ints
    expected: Ints
    system: Ints
    current_every: Ints
    current_system: Ints
    current_stands: NDArray[np.bool_]

    def stands(self, meter: Meter) -> bool:
        """Whether a spell holds on the day."""
        return meter.valid_from <= self.day < meter.valid_to


def registered(meters: Meters, day: date) -> Register:
    """The register on a day."""
    ordered = sorted(meters.spells, key=lambda m: (m.number, m.valid_from))
    spells: dict[int, list[Meter]] = {}
    children: dict[int, set[int]] = {}
    for m in ordered:
        spells.setdefault(m.number, []).append(m)
    current = []
    for own in spells.values():
        here = next((m for m in own if m.valid_from <= day < m.valid_to), own[-1])
        current.append(here)
        for parent in here.parents:
            children.setdefault(parent, set()).add(here.number)
    units = tuple(sorted({m.subject_id for m in ordered}))
    systems = tuple(sorted({m.system for m in ordered}))
    of_unit = {u: n for n, u in enumerate(units)}
    of_system = {s: n for n, s in enumerate(systems)}

    def ints(values: Sequence[int]) -> Ints:
        return np.array(values, dtype=np.int64)

    return Register(
        meters, day, {n: tuple(s) for n, s in spells.items()}, tuple(current),
        {p: tuple(sorted(c)) for p, c in children.items()}, units, systems, ints(sorted(spells)),
        ints([m.number for m in ordered]), ints([(m.valid_from - _EPOCH).days for m in ordered]),
        ints([(m.valid_to - _EPOCH).days for m in ordered]), ints([of_unit[m.subject_id] for m in ordered]),
        ints([DAY // (m.every * MINUTE) for m in ordered]), ints([of_system[m.system] for m in ordered]),
        ints([m.every * MINUTE for m in current]), ints([of_system[m.system] for m in current]),
        np.array([m.valid_from <= day < m.valid_to for m in current], dtype=bool),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class UnitDay:
    """One day by unit, as arrays in the order of `units`.

    `meters` that should send at least a point a day, `connected` ones that sent any, `judged` and `met` by the rule of
    their monitoring system (a silent one is judged and does not meet it), `expected` and `received` points, `score` in
    millionths summed over `scored` meters, `repair_by` days since 1970 (the earliest deadline; _NEVER without one).
    """

    day: date
    units: tuple[str, ...]
    meters: Ints
    connected: Ints
    judged: Ints
    met: Ints
    expected: Ints
    received: Ints
    score: Ints
    scored: Ints
    repair_by: Ints
    silent: Ints

    def deadline(self, unit: int) -> date | None:
        """Until when what is wrong with a unit's day is to be repaired."""
        found = int(self.repair_by[unit])
        return None if found == _NEVER else _EPOCH + timedelta(days=found)


def unit_day(table: pa.Table, register: Register, day: date, systems: Systems, calendar: Calendar) -> UnitDay:
    """A day's METER_DAY_QUALITY (newest looks, by meter) with the register, summed by unit."""
    today = (day - _EPOCH).days
    here = np.flatnonzero((register.start <= today) & (register.end > today) & (register.expected > 0))
    number, unit = register.number[here], register.unit[here]
    size = len(register.units)
    place, there = _places(table.column("meter").to_numpy(), number)

    def told(values: NDArray[np.int64], missing: int = 0) -> Ints:
        found: Ints = np.where(there, values[place] if len(values) else 0, missing)
        return found

    def summed(values: Ints | NDArray[np.bool_]) -> Ints:
        found: Ints = np.bincount(unit, weights=values, minlength=size).astype(np.int64)
        return found

    received = told(_ints(table, "received"))
    state = np.array(table.column("state").to_pylist() or [""], dtype=object)
    own = np.where(there, state[place], "")
    asks = np.array([systems[s].judges for s in register.systems], dtype=bool)[register.system[here]]
    silent = ~there | (own == "missing") | (received == 0)
    judged = np.isin(own, _JUDGED) | (~there & asks)
    faulty = np.isin(own, _FAULTY) | (~there & asks)
    score = table.column("score")
    known = ~score.is_null().to_numpy() if table.num_rows else np.zeros(0, dtype=bool)
    scored = told(known.astype(np.int64)) > 0
    points = np.where(known, millionths_of(score), 0) if table.num_rows else known
    by = np.minimum(told(_days(table), _NEVER), _NEVER)
    limits = np.array([_limit(systems, s, day, calendar) for s in register.systems], dtype=np.int64)
    by = np.where(~there & asks, limits[register.system[here]], by)
    earliest = np.full(size, _NEVER, dtype=np.int64)
    np.minimum.at(earliest, unit[faulty], by[faulty])
    return UnitDay(
        day, register.units, summed(np.ones(len(here), dtype=bool)), summed(received > 0), summed(judged),
        summed(own == "ok"), summed(register.expected[here]), summed(received), summed(told(points.astype(np.int64))),
        summed(scored), earliest, summed(silent),
    )  # fmt: skip


def _places(numbers: Ints, wanted: Ints) -> tuple[Ints, NDArray[np.bool_]]:
    if not len(numbers):
        return np.zeros(len(wanted), dtype=np.int64), np.zeros(len(wanted), dtype=bool)
    place = np.minimum(np.searchsorted(numbers, wanted), len(numbers) - 1)
    return place, numbers[place] == wanted


def _ints(table: pa.Table, name: str) -> Ints:
    found: Ints = table.column(name).to_numpy()
    return found


def _days(table: pa.Table) -> Ints:
    column = table.column("repair_by").cast(pa.int32())
    return np.array([_NEVER if v is None else v for v in column.to_pylist()], dtype=np.int64)


def _limit(systems: Systems, name: str, day: date, calendar: Calendar) -> int:
    days = systems[name].repair_days
    return _NEVER if days is None else (calendar.after(day, days).day - _EPOCH).days


@dataclass(frozen=True, slots=True)
class Quality:
    """Some units' day, or days, as sums; shares are None where there is nothing to be a share of."""

    meters: int = 0
    connected: int = 0
    judged: int = 0
    met: int = 0
    expected: int = 0
    received: int = 0
    score_sum: int = 0
    scored: int = 0
    repair_by: date | None = None
    silent: int = 0

    @property
    def completeness(self) -> Decimal | None:
        """Points received of those expected, meters that sent nothing among them."""
        return Decimal(self.received) / self.expected if self.expected else None

    @property
    def connection(self) -> Decimal | None:
        """Meters that sent anything, of those that should."""
        return Decimal(self.connected) / self.meters if self.meters else None

    @property
    def score(self) -> Decimal | None:
        """The mean score of the meters of which something came, 0–100."""
        return Decimal(self.score_sum) / 1_000_000 / self.scored if self.scored else None

    @property
    def grade(self) -> str:
        """How many meters meet the rule of their monitoring system: all, most, some, none; or nothing to say."""
        if not self.connected:
            return "silent" if self.meters else "no_meter"
        if not self.judged:
            return "no_rule"
        if self.met == self.judged:
            return "all"
        return "none" if not self.met else "most" if 2 * self.met >= self.judged else "some"


def summed(day: UnitDay, units: Sequence[int]) -> Quality:
    """The day of some units, by their places."""
    at = np.array(units, dtype=np.int64)
    if not len(at):
        return Quality()
    by = int(day.repair_by[at].min())

    def of(values: Ints) -> int:
        return int(values[at].sum())

    return Quality(
        of(day.meters), of(day.connected), of(day.judged), of(day.met), of(day.expected), of(day.received),
        of(day.score), of(day.scored), None if by == _NEVER else _EPOCH + timedelta(days=by), of(day.silent),
    )  # fmt: skip
