"""Months of meters as rows (计量月): amounts that meters count and masses that outlets let out, by unit and item.

A month that is over comes as it may enter the books. The month that runs comes up to the run's day, marked as running:
it stands beside the books and never in them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from shuangkong.accounting import emitted
from shuangkong.engine.api import RunContext
from shuangkong.kernel.ids import digest
from shuangkong.kernel.periods import Period
from shuangkong.kernel.units import base_of, convert, unit
from shuangkong.metering.api import METER_DAYS, Meters, UnitMonth, counted_meters, months_between, months_of
from shuangkong.policy.api import PackSet

RANK, LEAST, TOLERANCE = "books.source_rank", "books.meter_known_from", "books.meter_tolerance"
#: What an amount that a meter counts is entered as; `emitted.ROLE` is that of a pollutant.
ROLE = "consumption"
Row = dict[str, object]
_SIX = Decimal("0.000001")


@dataclass(slots=True)
class MeterRows:
    """Rows of METER_MONTHS, METER_LINKS and OUTLET_MONTHS."""

    months: list[Row] = field(default_factory=list)
    links: list[Row] = field(default_factory=list)
    outlets: list[Row] = field(default_factory=list)


@dataclass(slots=True)
class _Sum:
    """What is known of a unit's item in a month, in the unit of the books."""

    quantity: Decimal = Decimal(0)
    hours: int = 0
    known: Decimal = Decimal(0)
    meters: int = 0
    silent: int = 0
    synthetic: bool = False
    there: bool = False

    def add(
        self, quantity: Decimal | None, hours: int, share: Decimal, meters: int, silent: int, synthetic: bool
    ) -> None:  # fmt: skip
        """Meters or an outlet that stand for so many hours, of which a share is known."""
        if quantity is not None:
            self.quantity += quantity
            self.there = True
        self.hours += hours
        self.known += min(share, Decimal(1)) * hours
        self.meters += meters
        self.silent += silent
        self.synthetic |= synthetic

    @property
    def measured(self) -> Decimal:
        """Share of the hours that is known."""
        return (self.known / self.hours).quantize(_SIX, ROUND_HALF_UP) if self.hours else Decimal(0)


def first_month(run: RunContext) -> date | None:
    """The first month of which the run knows days of meters; notes what it reads of them."""
    commits = run.workspace.lake.commits(METER_DAYS.name, run.known)
    run.inputs[METER_DAYS.name] = [c.sequence for c in commits]
    emitted.note_inputs(run)
    return min((_month_of(c.file) for c in commits), default=None)


def month_rows(run: RunContext, packs: PackSet, meters: Meters, subjects: Iterable[str] | None) -> MeterRows:
    """Months of meters of some subjects (all: None): those that are over, and the one that runs at the run's day.

    A month of a unit and item is there as soon as something is known of it.
    """
    found = MeterRows()
    first = first_month(run)
    if first is None or not meters.spells:
        return found
    if subjects is not None:
        wanted = set(subjects)
        meters = Meters(m for m in meters.spells if m.subject_id in wanted)
    for month in months_between(first, run.as_of):
        period = Period.month(month.year, month.month)
        _one_month(run, packs, meters, period, found)
    return found


def _one_month(run: RunContext, packs: PackSet, meters: Meters, period: Period, found: MeterRows) -> None:
    last = min(period.last_day, run.as_of)
    outlets = emitted.months_of_outlets(run, packs, meters, period.start, last)
    sums: dict[tuple[str, str, str], _Sum] = defaultdict(_Sum)
    for m in months_of(run.workspace.lake, meters, period.start, run.known, last):
        base = booked_in(m.item, m.unit)
        sums[m.subject_id, m.item, base].add(*_of_unit(m, base))
    for o in outlets:
        sums[o.subject_id, o.item, emitted.BOOKED].add(
            o.quantity, o.expected, o.measured, 1, int(o.quantity is None), o.synthetic
        )
    ids = {key: entry_id(*key, period.key) for key, s in sums.items() if s.there}
    told = {
        "period_key": period.key, "period_kind": period.kind.value, "period_start": period.start,
        "period_end": period.end, "until": last if last < period.last_day else None,
    }  # fmt: skip
    rules = _rules(packs, last, run.known_day)
    for key in sorted(ids):
        subject, item, base = key
        s = sums[key]
        found.months.append({
            "entry_id": ids[key], "subject_id": subject, **told, "book": _book(packs, item), "item": item,
            "role": _role(item), "quantity": s.quantity, "unit": base, "measured": s.measured, "meters": s.meters,
            "silent": s.silent, "synthetic": s.synthetic, **rules,
        })  # fmt: skip
    for c in counted_meters(meters, period.start, last + timedelta(days=1)):
        entry = ids.get((c.subject_id, c.item, booked_in(c.item, c.unit)))
        if entry is not None:
            found.links.append(_link(c.subject_id, entry, c.number, c.first, c.end - timedelta(days=1)))
    seen: set[tuple[str, int, date]] = set()
    for o in outlets:
        entry = ids.get((o.subject_id, o.item, emitted.BOOKED))
        if entry is None:
            continue
        found.outlets.append({
            "subject_id": o.subject_id, "entry_id": entry, "outlet": o.outlet, "item": o.item,
            "period_key": period.key, "first_day": period.start, "last_day": last, "quantity": o.quantity,
            "unit": emitted.BOOKED, "expected": o.expected, "counted": o.counted, "measured": o.measured,
            **{f"hours_{r}": o.left_out.get(r, 0) for r in ("short", "open", "no_flow", "no_concentration")},
        })  # fmt: skip
        for number, begin, end in o.meters:
            if (entry, number, begin) not in seen:
                seen.add((entry, number, begin))
                found.links.append(_link(o.subject_id, entry, number, begin, end))


def _link(subject: str, entry: str, meter: int, first: date, last: date) -> Row:
    return {"subject_id": subject, "entry_id": entry, "meter": meter, "first_day": first, "last_day": last}


def _of_unit(m: UnitMonth, base: str) -> tuple[Decimal | None, int, Decimal, int, int, bool]:
    quantity = None if m.quantity is None else convert(m.quantity, m.unit, base)
    return quantity, m.expected_hours, m.measured + m.spread, m.meters, m.silent, m.synthetic


def booked_in(item: str, of: str) -> str:
    """The unit in which a meter's amount is booked: kilograms of a pollutant, else the base unit of its dimension."""
    return emitted.BOOKED if emitted.is_mass(item, of) else base_of(unit(of).dimension).id


def _book(packs: PackSet, item: str) -> str:
    return "energy" if item in packs.carriers else "pollutant"


def _role(item: str) -> str:
    return emitted.ROLE if emitted.POLLUTANT.fullmatch(item) else ROLE


def entry_id(subject_id: str, item: str, base_unit: str, month: str) -> str:
    """The id of a month of meters as an entry: the same in every run."""
    return "m_" + digest(subject_id, item, base_unit, month)


def _month_of(file: str) -> date:
    """The month of a file of METER_DAYS: they are partitioned by it."""
    text = file.split("/")[1]
    return date(int(text[1:5]), int(text[5:7]), 1)


def _rules(packs: PackSet, day: date, known: date) -> Row:
    """The parameters of the day; null where no pack has one: then no meter counts, and the run says so."""
    there = set(packs.parameter_ids())

    def value(name: str, *key: str) -> Decimal | None:
        rows = packs.parameters(name).rows(known) if name in there else ()
        return next((r.value for r in reversed(rows) if r.key == key and r.covers(day)), None)

    return {
        "return_rank": value(RANK, "return"), "meter_rank": value(RANK, "meter"), "known_from": value(LEAST),
        "tolerance": value(TOLERANCE),
    }  # fmt: skip


def due_rows(run: RunContext, packs: PackSet, meters: Meters, subjects: Iterable[str] | None) -> Iterator[Row]:
    """Rows of EXPECTED for months of pollutants whose mass is registered to be measured, of some subjects or all."""
    commits = run.workspace.lake.commits(METER_DAYS.name, run.known)
    first = min((_month_of(c.file) for c in commits), default=None)
    if first is None:
        return
    wanted = None if subjects is None else set(subjects)
    spells = [m for m in meters.spells if wanted is None or m.subject_id in wanted]
    for measure, of, subject, period in emitted.due_months(run, packs, spells, first):
        yield {
            "method_id": "", "measure": measure, "unit": of, "subject_id": subject, "period_key": period.key,
            "period_kind": period.kind.value, "period_start": period.start, "period_end": period.end,
        }  # fmt: skip
