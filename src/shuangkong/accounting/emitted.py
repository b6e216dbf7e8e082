"""Pollutants in the books (污染物入账): months of outlets as entries, and the months that are due of them.

The mass of a pollutant at an outlet is made of flow and concentration (`metering.outlet_months`); where a meter counts
the mass itself, that meter stands for its outlet and the product of the two does not. Kilograms are what is booked: a
tonne with the six places of an entry would lose what many outlets let out in an hour. Which pollutant a code counts as
is a dated parameter of packs, `pollutant.counts-as`; a code that no pack names is booked and summed under its own name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from shuangkong.engine.api import RunContext
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Label
from shuangkong.kernel.periods import Period
from shuangkong.kernel.units import unit
from shuangkong.metering.api import (
    METER_DAY_QUALITY,
    Meter,
    Meters,
    OutletMonth,
    in_force,
    monitoring,
    months_between,
    outlet_months,
)
from shuangkong.policy.api import Dated, PackSet

COUNTS_AS = "pollutant.counts-as"
#: What an entry of a pollutant is of, its unit, and the unit of a pollutant that packs name.
ROLE, BOOKED, SUMMED = "emission", "kg", "t"
#: The beginning of the names of measures that packs name.
MEASURE = "pollutant_"
#: A pollutant (污染因子) by its code: a letter for the kind of matter, then five digits.
POLLUTANT = re.compile(r"[a-z]\d{5}")

#: What the pollutants that packs name are called.
LABELS: Mapping[str, Label] = {
    "cod": Label("化学需氧量", "COD"),
    "ammonia_nitrogen": Label("氨氮", "ammonia nitrogen"),
    "nox": Label("氮氧化物", "nitrogen oxides"),
    "so2": Label("二氧化硫", "sulphur dioxide"),
    "particulates": Label("颗粒物", "particulate matter"),
    "voc": Label("挥发性有机物（以非甲烷总烃计）", "volatile organic compounds as non-methane hydrocarbons"),
}


@dataclass(frozen=True, slots=True)
class CountsAs:
    """Which pollutant a code counts as, the share of its mass that does, and the row that says so."""

    pollutant: str
    share: Decimal
    row: Dated

    @property
    def measure(self) -> str:
        """The measure that it adds to."""
        return MEASURE + self.pollutant


def counted_as(packs: PackSet, code: str, day: date, known: date) -> CountsAs | None:
    """What a code counts as on a day, as known; None where no pack names it."""
    if COUNTS_AS not in packs.parameter_ids():
        return None
    for row in in_force(packs.parameters(COUNTS_AS), day, known):
        if row.key[0] == code and row.value is not None:
            return CountsAs(row.key[1], row.value, row)
    return None


def pollutant_label(packs: PackSet, code: str) -> Label | None:
    """What a code is called, where any pack ever named it; None where none did."""
    if COUNTS_AS not in packs.parameter_ids():
        return None
    named = (row.key[1] for row in packs.parameters(COUNTS_AS).values if row.key[0] == code)
    return next((LABELS[n] for n in named if n in LABELS), None)


def is_mass(item: str, of: str) -> bool:
    """Whether a meter of an item in a unit counts the mass of a pollutant."""
    if not POLLUTANT.fullmatch(item):
        return False
    try:
        return unit(of).dimension == "mass"
    except UserError:
        return False


def months_of_outlets(
    run: RunContext, packs: PackSet, meters: Meters, first: date, last: date
) -> Sequence[OutletMonth]:  # fmt: skip
    """The outlets whose mass is made of flow and concentration, on days of one month, as known at the run."""
    rules = monitoring(packs, run.known_day)
    there = _metered_masses(meters, first, last)
    return [
        m
        for m in outlet_months(run.workspace.lake, meters, rules, first, last, run.known)
        if not {(m.subject_id, m.outlet, m.item), (m.subject_id, "", m.item)} & there
    ]


def _metered_masses(meters: Meters, first: date, last: date) -> set[tuple[str, str, str]]:
    """(unit, outlet, pollutant) that a meter counts the mass of; without an outlet it counts all of the unit's."""
    return {
        (m.subject_id, m.outlet, m.item)
        for m in meters.spells
        if m.measures == "amount" and is_mass(m.item, m.unit) and m.valid_from <= last and m.valid_to > first
    }


def due_months(
    run: RunContext, packs: PackSet, meters: Iterable[Meter], first: date
) -> Iterator[tuple[str, str, str, Period]]:  # fmt: skip
    """(measure, unit, subject, month) of every month since January of the year of `first` that is over and in which a
    pollutant's mass is registered to be measured: due whether or not anything is known of it.
    """
    known = run.known_day
    over = (run.as_of + timedelta(days=1)).replace(day=1) - timedelta(days=1)
    months = [Period.month(m.year, m.month) for m in months_between(first.replace(month=1, day=1), over)]
    named: dict[tuple[str, int], tuple[str, str]] = {}
    for m in meters:
        if m.measures != "concentration" and not (m.measures == "amount" and is_mass(m.item, m.unit)):
            continue
        if not POLLUTANT.fullmatch(m.item):
            continue
        for period in months:
            if m.valid_from < period.end and period.start < m.valid_to:
                key = m.item, period.start.year
                if key not in named:
                    named[key] = measure_of(packs, m.item, period.start.year, known)
                yield (*named[key], m.subject_id, period)


def measure_of(packs: PackSet, code: str, year: int, known: date) -> tuple[str, str]:
    """The measure and the unit of the sums that a pollutant's code adds to in a year."""
    found = counted_as(packs, code, date(year, 12, 31), known)
    return (found.measure, SUMMED) if found else (code, BOOKED)


def note_inputs(run: RunContext) -> None:
    """Name the looks at readings that the run rests on beside the roll-ups: which hours count comes of them."""
    commits = run.workspace.lake.commits(METER_DAY_QUALITY.name, run.known)
    run.inputs[METER_DAY_QUALITY.name] = [c.sequence for c in commits]
