"""Pollutant mass from flow and concentration (排放量): per outlet and hour, mean concentration × flow.

The mean of an hour is that over the time which its readings cover; the flow is the hour's sum in m³. The product is
rounded once, here, to a millionth of a kilogram. Where either is not known the hour has no mass, and says why; nothing
is filled. Whether an hour counts is for the rule of the monitoring system (`valid_hours`), and goes with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from shuangkong.engine.api import Lake
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.units import unit as unit_named
from shuangkong.metering.meters import Meter, Meters, midnight
from shuangkong.metering.model import MOST, NO_VALUE, SCALE
from shuangkong.metering.monitoring import Monitoring
from shuangkong.metering.reach import number_of_day
from shuangkong.metering.rolled import newest_hours
from shuangkong.metering.rollup_tables import OUTLET_HOURS
from shuangkong.metering.spells import CHINA, DAY, HOUR, MINUTE, Flags, Ints
from shuangkong.metering.storing import exact_column
from shuangkong.metering.tiles import Hours, share
from shuangkong.metering.valid_hours import HOURS, RULES, Codes, hour_rules

#: A unit of concentration times a cubic metre: so many of it are a kilogram.
PER_KILOGRAM = {"mg/m3": 10**6, "ug/m3": 10**9, "mg/L": 10**3}
UNIT = "kg"


@dataclass(frozen=True, slots=True)
class Pair:
    """A concentration and the flows of its outlet, on the days of the concentration's spell."""

    subject_id: str
    outlet: str
    concentration: Meter
    flows: tuple[Meter, ...]

    @property
    def meters(self) -> tuple[Meter, ...]:
        """All of them."""
        return (self.concentration, *self.flows)


def outlet_hours(
    lake: Lake, meters: Meters, first: date, last: date, known: datetime, rules: Monitoring | None = None
) -> pa.Table:  # fmt: skip
    """Hours of the outlets of `meters` on days `[first, last]`, as OUTLET_HOURS has them, as known at `known`.

    An hour is there when flow or concentration says anything of it. Several flow meters at an outlet add up, and all
    of them must be known. `rules` gives the monitoring systems of a day; without it no rule is asked. Of several
    concentrations of one pollutant at an outlet, the meter that was registered first counts: an hour counts once.
    """
    end = last + timedelta(days=1)
    pairs = pairs_of(meters, first, end)
    spells = [m for p in pairs for m in p.meters]
    numbers = np.array(sorted({m.number for m in spells}), dtype=np.int64)
    found = newest_hours(lake, numbers, number_of_day(first), number_of_day(last), known)
    codes = hour_rules(lake, spells, first, last, known, rules) if rules is not None else {}
    rows: list[pa.Table] = []
    taken: dict[tuple[str, str, str], Flags] = {}
    for p in sorted(pairs, key=lambda p: p.concentration.number):
        low, high = max(p.concentration.valid_from, first), min(p.concentration.valid_to, end)
        hours = _hours_of(
            p, found, _begin(low), _begin(high), _rule_of(p, codes, (low - first).days, (high - low).days)
        )
        free = taken.setdefault((p.subject_id, p.outlet, p.concentration.item), np.ones((end - first).days, dtype=bool))
        day = (hours.column("hour").cast(pa.int64()).to_numpy() - _begin(first)) // DAY
        rows.append(hours.filter(pa.array(free[day])))
        free[(low - first).days : (high - first).days] = False
    if not rows:
        return OUTLET_HOURS.arrow_schema.empty_table()
    return OUTLET_HOURS.checked(pa.concat_tables(rows))


def _rule_of(p: Pair, codes: Any, first: int, days: int) -> Codes:
    """The worst of what the rules say of the pair's meters, hour by hour: all of them have to be valid."""
    within = slice(first * HOURS, (first + days) * HOURS)
    found: Codes = np.zeros(days * HOURS, dtype=np.int8)
    for m in p.meters:
        if m.number in codes:
            found = np.maximum(found, codes[m.number][within])
    return found


def mass(concentration: Any, covered: Any, flow: Any, step: int, per_kilogram: int) -> Ints:
    """Kilograms in millionths: mean concentration × flow ÷ per_kilogram, rounded half away from zero, once.

    concentration: sums of hours in millionths, of value × hours (`step`: an hour) or of values (`step`: the interval),
    over `covered` microseconds. flow: millionths of m³. All are whole numbers of Python, which hold any product.
    """
    product = concentration * flow
    whole = covered * (SCALE * per_kilogram)
    found = share(product, np.full(len(product), step, dtype=object), whole)
    return np.array([NO_VALUE if abs(x) > MOST else int(x) for x in found], dtype=np.int64)


def pairs_of(meters: Meters, first: date, end: date) -> list[Pair]:
    """Concentrations that stand on any of the days, each with the flows of its outlet."""
    there = [m for m in meters.spells if m.outlet and m.valid_from < end and m.valid_to > first]
    flows: dict[tuple[str, str], list[Meter]] = {}
    for m in there:
        if m.measures == "flow" and _cubic_metres(m) is not None:
            flows.setdefault((m.subject_id, m.outlet), []).append(m)
    return [
        Pair(m.subject_id, m.outlet, m, tuple(flows.get((m.subject_id, m.outlet), ())))
        for m in there
        if m.measures == "concentration" and m.unit in PER_KILOGRAM and m.kind != "register"
    ]


def _begin(day: date) -> int:
    return number_of_day(day) * DAY - CHINA


def _hours_of(p: Pair, found: Hours, low: int, high: int, rule: Codes) -> pa.Table:
    """The hours `[low, high)` of one pair, with what the rules say of each."""
    first, count = low // HOUR, (high - low) // HOUR
    c = p.concentration
    value, known_c, covered = _dense(found, [(c, 1)], first, count)
    flow, known_f, measured = _dense(found, [(m, _cubic_metres(m) or 1) for m in p.flows], first, count)
    both = known_c & known_f & (covered > 0)
    quantity = np.full(count, NO_VALUE, dtype=np.int64)
    step = HOUR if c.kind == "rate" else c.every * MINUTE
    quantity[both] = mass(value[both], covered[both].astype(object), flow[both], step, PER_KILOGRAM[c.unit])
    told = np.flatnonzero(known_c | (measured > 0))
    state = np.select([both, known_c, known_f], ["ok", "no_flow", "no_concentration"], "neither")
    moment = pa.array((told + first) * HOUR).cast(pa.timestamp("us", tz="UTC"))
    text = {"subject_id": p.subject_id, "outlet": p.outlet, "item": c.item, "unit": UNIT}
    return pa.table({
        **{n: pa.array([v] * len(told), pa.string()) for n, v in text.items()}, "hour": moment,
        "quantity": exact_column(quantity[told]),
        "flow": exact_column(np.array([_bounded(x) for x in np.where(known_f, flow, None)[told]], dtype=np.int64)),
        "measured": np.where(both, np.minimum(covered, measured), 0)[told],
        "state": pa.array(state[told].tolist(), pa.string()),
        "rule": pa.array(np.array(RULES)[rule[told]].tolist(), pa.string()),
    })  # fmt: skip


def _bounded(value: int | None) -> int:
    return NO_VALUE if value is None or abs(value) > MOST else int(value)


def _dense(found: Hours, meters: Sequence[tuple[Meter, int]], first: int, count: int) -> tuple[Any, Flags, Ints]:
    """Sums of meters' hours, each times a whole number; where all that stand then are known; the least time covered."""
    total = np.zeros(count, dtype=object)
    due, there = (np.zeros(count, dtype=np.int64) for _ in range(2))
    least = np.full(count, HOUR, dtype=np.int64)
    for m, times in meters:
        own = slice(*(int(np.searchsorted(found.meter, m.number, side)) for side in ("left", "right")))
        begin, end = (max(0, min(count, midnight(d) // HOUR - first)) for d in (m.valid_from, m.valid_to))
        due[begin:end] += 1
        hour, quantity = found.hour[own] // HOUR - first, found.quantity[own]
        have = (quantity != NO_VALUE) & (hour >= begin) & (hour < end)
        at, time = hour[have], (found.measured[own] + found.spread[own])[have]
        total[at] += quantity[have].astype(object) * times
        there[at] += 1
        least[at] = np.minimum(least[at], time)
    known = (due > 0) & (there == due)
    return total, known, np.where(known, least, 0)


def _cubic_metres(m: Meter) -> int | None:
    """How many m³ a unit of a flow meter is; None where its unit is no such volume."""
    try:
        found = unit_named(m.unit)
    except UserError:
        return None
    whole = found.factor == found.factor.to_integral_value() and found.factor >= 1
    return int(found.factor) if found.dimension == "volume" and whole else None
