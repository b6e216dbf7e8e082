"""Looking at readings (数据质量检查): the flaws and the quality of each meter's day that was touched, kept in the lake.

A look at a meter's day replaces the one before it: rows carry the number of their look, and those of the largest hold.
Looking only where readings came gives the same as looking at everything; a property test says so. A day of a meter on
which nothing came has no row: it is missing, which the boards say by name and never as a zero.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa

from shuangkong.engine.api import Commit, Lake, Part, TableContract, mark_replaced
from shuangkong.metering.balance import children, unbalanced
from shuangkong.metering.calendar import Calendar
from shuangkong.metering.checks import Sign, checked
from shuangkong.metering.compacting import day_of
from shuangkong.metering.flaw_spans import Spans, day_gaps, joined, spans
from shuangkong.metering.meter_days import DayMeters, MeterDays, day_number, judged, points, points_of
from shuangkong.metering.meters import Meters
from shuangkong.metering.model import NO_VALUE, SCALE
from shuangkong.metering.monitoring import Monitoring, Systems
from shuangkong.metering.quality_tables import METER_DAY_QUALITY, READING_FLAWS
from shuangkong.metering.spells import CHINA, DAY, EVER, Flags, Ints
from shuangkong.metering.stored import StoredRows, in_one, stored_rows, with_repeats
from shuangkong.metering.storing import PRINCIPAL, exact_column
from shuangkong.metering.tables import READING_REPEATS, READINGS
from shuangkong.metering.tiles import hours, newest

_DAY = timedelta(days=1)
#: States of a day that has to be repaired.
FAULTY = frozenset(("short", "missing"))
#: Meters whose days are looked at together.
_AT_ONCE = 4000
#: Files of a day from which on a look makes one of them.
_FILES = 16


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look found: its number (0: nothing to look at), the meter-days that have new rows, and how many flaws."""

    look: int = 0
    days: frozenset[tuple[int, date]] = frozenset()
    flaws: int = 0


@dataclass(frozen=True, slots=True)
class DayLook:
    """One day of some meters: its flaws, and how each meter's day stands."""

    on: DayMeters
    flaws: Spans
    days: MeterDays


def look(
    lake: Lake, meters: Meters, rules: Monitoring, touched: Collection[tuple[int, date]], known: datetime, *,
    calendar: Calendar,
) -> Looked:  # fmt: skip
    """Look at the meter-days that readings touch, and keep what was seen.

    `touched` are (meter, day of China) of readings as `storing.Stored` gives them. A reading of the first moments of a
    day also closes the day before, and what follows it is a step from it, so that the days beside are looked at too.
    Readings are those as known at `known`; `rules` gives the monitoring systems of a day. Raises WS-003 while another
    looks.
    """
    wanted = _wanted(touched, meters)
    with lake.leases(READING_FLAWS.name, METER_DAY_QUALITY.name) as leases:
        number = max(int(known.timestamp() * SCALE), _last(lake) + 1)
        found: dict[date, list[DayLook]] = defaultdict(list)
        for some in _groups(wanted):
            for one in _looks(lake, meters, rules, some, known):
                found[one.on.day].append(one)
        if not found:
            return Looked()
        parts: list[Part] = []
        stood_for: dict[tuple[str, date], list[int]] = {}
        for day in sorted(found):
            fresh = _tables(found[day], number, rules(day), calendar)
            kept, stood = _with_earlier(lake, day, fresh)
            parts += [Part(c, t, day, f"look-{number}-{day}") for c, t in kept if t.num_rows or (c.name, day) in stood]
            stood_for |= stood

        def stand_for(db: sa.Connection, done: Sequence[Commit]) -> None:
            by = {(x.table, day_of(x)): x for x in done}
            for (table, day), sequences in stood_for.items():
                mark_replaced(db, table, sequences, by[table, day].sequence, by[table, day].recorded_at)

        lake.commit_parts(
            parts, leases, principal=PRINCIPAL, note=f"look-{number}",
            recorded_at=known, also=stand_for,
        )  # fmt: skip
    every = [x for of_day in found.values() for x in of_day]
    seen = frozenset((int(x.on.number[p]), x.on.day) for x in every for p in x.days.place)
    return Looked(number, seen, sum(len(x.flaws.meter) for x in every))


def _groups(wanted: Mapping[date, set[int]]) -> Iterable[dict[date, set[int]]]:
    """The meters to look at, some thousand at a time, so that memory does not grow with the province."""
    numbers = sorted({n for of_day in wanted.values() for n in of_day})
    for first in range(0, len(numbers), _AT_ONCE):
        some = set(numbers[first : first + _AT_ONCE])
        yield {d: n & some for d, n in wanted.items() if n & some}


def _looks(
    lake: Lake, meters: Meters, rules: Monitoring, wanted: Mapping[date, set[int]], known: datetime
) -> Iterable[DayLook]:  # fmt: skip
    # whose readings are needed: the meters asked about, and the children of them
    asked = {n for numbers in wanted.values() for n in numbers}
    near = Meters(m for m in meters.spells if m.number in asked or not asked.isdisjoint(m.parents))
    window = _Window(lake, known, np.unique(np.array([m.number for m in near.spells], dtype=np.int64)))
    for day in sorted(wanted):
        found = look_at(window.around(day), near, rules, day, wanted[day], int(known.timestamp() * SCALE))
        if len(found.days.place):
            yield found


def look_at(
    given: StoredRows, meters: Meters, rules: Monitoring, day: date, wanted: Collection[int], until: int = EVER
) -> DayLook:  # fmt: skip
    """One day of the meters `wanted`; pure. `given`: their readings of that day and the days around it, in order.

    until: the instant of the look (microseconds); of a day that is not over then, what is to come is no gap.
    """
    systems = rules(day)
    everyone = DayMeters(meters.spells, day)
    asked = np.isin(everyone.number, np.array(sorted(wanted), dtype=np.int64))
    on = DayMeters((m for m, yes in zip(everyone.meters, asked, strict=True) if yes), day)
    rows, own = _of_day(given, on, systems)
    context = ~own
    seen = checked(rows.rows, on.meters, systems.rules(), rows.received, context)
    # what compaction left out was sent again all the same
    seen.signs[own & (rows.repeats() > 0)] |= np.uint16(Sign.AGAIN)
    at = np.flatnonzero(own)
    found = points_of(rows.chosen(at), seen.signs[at], on, systems)
    flaws = [spans(rows, seen.signs, on, systems), day_gaps(found, on, until)]
    parents = {int(on.number[p]) for p in np.unique(found.place)} & set(children(everyone))
    if parents:
        told, _ = hours(newest(given.rows), meters)
        flaws.append(unbalanced(told, everyone, systems, parents))
    return DayLook(on, joined(flaws), judged(found, on, systems))


def _of_day(given: StoredRows, on: DayMeters, systems: Systems) -> tuple[StoredRows, Flags]:
    """A day's readings, behind as many of the day before as a still stretch needs; and which are the day's."""
    place, known = on.places(given.rows.meter)
    if not known.any():
        return given.chosen(np.zeros(len(known), dtype=bool)), np.zeros(0, dtype=bool)
    day, _ = points(given.rows.at, on.every[place], on.starts[place])
    own = known & (day == day_number(on.day))
    before = known & (day == day_number(on.day) - 1) & (given.rows.value != NO_VALUE)
    before[:-1] &= (given.rows.meter[1:] != given.rows.meter[:-1]) | (given.rows.at[1:] != given.rows.at[:-1])
    # a register that was put in the place of another goes on from no reading of the old one
    anew = np.array([m.valid_from == on.day and m.first_reading is not None for m in on.meters], dtype=bool)
    before &= ~anew[place]
    still = max((s.rules.flat or 0 for s in systems.values()), default=0) + 1
    at = np.flatnonzero(before)
    ends = np.searchsorted(place[at], place[at], side="right")
    chosen = np.sort(np.concatenate([at[ends - np.arange(len(at)) <= still], np.flatnonzero(own)]))
    return given.chosen(chosen), own[chosen]


def _wanted(touched: Collection[tuple[int, date]], meters: Meters) -> dict[date, set[int]]:
    """The days to look at, each with its meters: a day before, two after, and the parents, whose sums are compared."""
    above: dict[int, set[int]] = defaultdict(set)
    for m in meters.spells:
        above[m.number] |= set(m.parents)
    wanted: dict[date, set[int]] = defaultdict(set)
    for number, day in touched:
        for k in (-1, 0, 1, 2):
            wanted[day + k * _DAY] |= {number} | above[number]
    return wanted


class _Window:
    """Stored readings of some meters by day, each file read once while a look goes from day to day."""

    def __init__(self, lake: Lake, known: datetime, numbers: Ints) -> None:
        self._lake, self._known, self._numbers = lake, known, numbers
        self._kept: dict[date, StoredRows] = {}

    def around(self, day: date) -> StoredRows:
        """The readings that can belong to a day or the one before it."""
        needed = [day + k * _DAY for k in (-2, -1, 0, 1)]
        self._kept = {d: rows for d, rows in self._kept.items() if d in needed}
        for d in needed:
            if d not in self._kept:
                rows = stored_rows(self._lake.files(READINGS, self._known, days=[d]), self._numbers)
                self._kept[d] = with_repeats(rows, self._lake.files(READING_REPEATS, self._known, days=[d]))
        return in_one([self._kept[d] for d in needed])


def _last(lake: Lake) -> int:
    """The largest number of a look that was committed."""
    commits = lake.commits(METER_DAY_QUALITY.name, lake.clock())
    if not commits:
        return 0
    column = pq.ParquetFile(lake.root / commits[-1].file).read(columns=["look"]).column("look")
    return int(column.to_numpy().max(initial=0))


def _tables(
    found: Sequence[DayLook], number: int, systems: Systems, calendar: Calendar
) -> tuple[pa.Table, pa.Table]:  # fmt: skip
    """Flaws and quality of one day."""
    flaws = pa.concat_tables([x.flaws.table() for x in found])
    quality = pa.concat_tables([quality_table(x, systems, calendar) for x in found])

    def whole(contract: TableContract, table: pa.Table) -> pa.Table:
        rows = table.num_rows
        table = table.append_column("day", pa.array([found[0].on.day] * rows, pa.date32()))
        return contract.checked(table.append_column("look", pa.array(np.full(rows, number, dtype=np.int64))))

    return whole(READING_FLAWS, flaws), whole(METER_DAY_QUALITY, quality)


def _with_earlier(
    lake: Lake, day: date, fresh: tuple[pa.Table, pa.Table]
) -> tuple[tuple[tuple[TableContract, pa.Table], ...], dict[tuple[str, date], list[int]]]:
    """What a look of a day has to write, and commits that it stands for from then on.

    Where looks have left many files of a day they become one with the fresh rows, of which only those that hold are
    kept; as known before, the old files are read.
    """
    flaws, quality = fresh
    now = lake.clock()
    before = {c.name: lake.commits(c.name, now, days=(day,)) for c in (READING_FLAWS, METER_DAY_QUALITY)}
    if max(len(x) for x in before.values()) < _FILES:
        return ((READING_FLAWS, flaws), (METER_DAY_QUALITY, quality)), {}
    quality = _newest(pa.concat_tables([lake.read(METER_DAY_QUALITY, now, days=(day,)), quality]))
    flaws = _held(pa.concat_tables([lake.read(READING_FLAWS, now, days=(day,)), flaws]), quality)
    stood = {(name, day): [c.sequence for c in commits] for name, commits in before.items() if commits}
    return ((READING_FLAWS, flaws), (METER_DAY_QUALITY, quality)), stood


def unfinished(lake: Lake, known: datetime, days: Collection[date]) -> frozenset[tuple[int, date]]:
    """The meter-days among `days`, all over by `known`, that were last looked at before they were over."""
    rows = quality_rows(lake, known, days)
    meter, day, number = _keys(rows)
    early = number < (day + 1) * DAY - CHINA
    of = rows["day"].filter(pa.array(early)).to_pylist()
    return frozenset((int(m), d) for m, d in zip(meter[early], of, strict=True))


def quality_table(found: DayLook, systems: Systems, calendar: Calendar) -> pa.Table:
    """The columns of METER_DAY_QUALITY but for day and look."""
    d, on = found.days, found.on
    names = [on.meters[p].system for p in d.place.tolist()]
    limits = {n: systems[n].repair_days for n in set(names)}
    by = {n: calendar.after(on.day, x).day if x is not None else None for n, x in limits.items()}
    return pa.table({
        "meter": on.number[d.place], "system": pa.array(names, pa.string()), "expected": d.expected,
        "received": d.received, "valid": d.valid, "late": d.late, "corrected": d.corrected,
        "hours_valid": pa.array(d.hours_valid, mask=d.hours_valid < 0),
        "hours_mask": pa.array(d.hours_mask, mask=d.hours_mask < 0),
        **{n: exact_column(x) for n, x in d.shares.items()}, "score": exact_column(d.score),
        "state": pa.array(d.state, pa.string()),
        "repair_by": pa.array(
            [by[n] if s in FAULTY else None for n, s in zip(names, d.state, strict=True)], pa.date32()
        ),
    })  # fmt: skip


def quality_rows(lake: Lake, known: datetime, days: Collection[date]) -> pa.Table:
    """METER_DAY_QUALITY of some days as known at `known`: of each meter's day the newest look, by meter and day."""
    return _newest(lake.read(METER_DAY_QUALITY, known, days=days))


def _newest(table: pa.Table) -> pa.Table:
    """Of each meter's day the rows of the largest look, by meter and day."""
    meter, day, number = _keys(table)
    order = np.lexsort((number, day, meter))
    last = np.ones(len(order), dtype=bool)
    last[:-1] = (meter[order][1:] != meter[order][:-1]) | (day[order][1:] != day[order][:-1])
    return table.take(order[last])


def flaw_rows(lake: Lake, known: datetime, days: Collection[date]) -> pa.Table:
    """READING_FLAWS of some days as known at `known`, of the newest looks, by meter, beginning and code."""
    table = _held(lake.read(READING_FLAWS, known, days=days), quality_rows(lake, known, days))
    return table.sort_by([("meter", "ascending"), ("at_from", "ascending"), ("code", "ascending")])


def _held(flaws: pa.Table, quality: pa.Table) -> pa.Table:
    newest_look = dict(
        zip(zip(*(x.tolist() for x in _keys(quality)[:2]), strict=True), _keys(quality)[2].tolist(), strict=True)
    )
    meter, day, number = (x.tolist() for x in _keys(flaws))
    return flaws.filter(pa.array(
        [newest_look.get((m, d)) == n for m, d, n in zip(meter, day, number, strict=True)], pa.bool_()
    ))  # fmt: skip


def _keys(table: pa.Table) -> tuple[Ints, Ints, Ints]:
    days = table.column("day").cast(pa.int32()).to_numpy().astype(np.int64)
    return table.column("meter").to_numpy(), days, table.column("look").to_numpy()
