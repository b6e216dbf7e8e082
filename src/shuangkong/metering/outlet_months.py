"""Months of outlets (排口月排放量): what the hours that count sum to, and how much of the month that is.

An hour counts that has a mass and whose meters' monitoring system finds it valid, or asks nothing of it. What does not
count is told by its reason and is in no sum; nothing is filled in its place, and a month is never scaled up.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from shuangkong.engine.api import Lake
from shuangkong.metering.masses import Pair, outlet_hours, pairs_of
from shuangkong.metering.meters import Meters
from shuangkong.metering.monitoring import Monitoring
from shuangkong.metering.rolled import share_of_hours
from shuangkong.metering.spells import CHINA as CHINA_US
from shuangkong.metering.spells import DAY as DAY_US

Key = tuple[str, str, str]
#: Rules under which an hour counts; why one with or without a mass does not.
COUNTING = ("none", "met")
REASONS = ("short", "open", "no_flow", "no_concentration", "neither")


@dataclass(frozen=True, slots=True)
class OutletMonth:
    """A pollutant at an outlet in (a part of) a month: kilograms of the hours that count, None where none does.

    `expected` are the hours on which the concentration stands in the register, `counted` those that count, `left_out`
    how many do not by reason (REASONS; of hours without any reading nothing is told). `measured`: share of the expected
    time that both flow and concentration cover in the hours that count. `meters`: (number, first day, last day).
    """

    subject_id: str
    outlet: str
    item: str
    month: date
    quantity: Decimal | None
    expected: int
    counted: int
    left_out: dict[str, int]
    measured: Decimal
    meters: tuple[tuple[int, date, date], ...]
    synthetic: bool


@dataclass(frozen=True, slots=True)
class OutletDay:
    """A day of a pollutant at an outlet: kilograms of the hours that count (None: none does), and how many do."""

    day: date
    quantity: Decimal | None
    counted: int
    left_out: int


@dataclass(slots=True)
class _Sum:
    quantity: Decimal = Decimal(0)
    counted: int = 0
    time: int = 0
    left_out: Counter[str] = field(default_factory=Counter)


def outlet_months(
    lake: Lake, meters: Meters, rules: Monitoring, first: date, last: date, known: datetime
) -> list[OutletMonth]:  # fmt: skip
    """Every pollutant at every outlet of `meters` on the days `[first, last]` of one month, in order; the caller's
    scope covers the meters. One of which nothing is known is there too: it is registered, and missing.
    """
    end = last + timedelta(days=1)
    pairs: dict[Key, list[Pair]] = defaultdict(list)
    for p in pairs_of(meters, first, end):
        pairs[p.subject_id, p.outlet, p.concentration.item].append(p)
    if not pairs:
        return []
    sums = _sums(outlet_hours(lake, meters, first, last, known, rules), ())
    return [_month(key, pairs[key], sums.get(key, _Sum()), first, end) for key in sorted(pairs)]


def outlet_days(
    lake: Lake, meters: Meters, rules: Monitoring, outlet: str, item: str, first: date, last: date, known: datetime
) -> list[OutletDay]:  # fmt: skip
    """The days `[first, last]` of a pollutant at an outlet of one unit, whose `meters` the caller's scope covers; days
    of which nothing is known are not there.
    """
    own = Meters(m for m in meters.spells if m.outlet == outlet and (m.measures != "concentration" or m.item == item))
    sums = _sums(outlet_hours(lake, own, first, last, known, rules), ("day",))
    return [
        OutletDay(key[-1], s.quantity if s.counted else None, s.counted, s.left_out.total())
        for key, s in sorted(sums.items())
    ]


def _sums(hours: pa.Table, more: tuple[str, ...]) -> dict[Any, _Sum]:
    """Sums of hours by unit, outlet and pollutant, and by the day of China where `more` says so."""
    local = pc.add(hours["hour"].cast(pa.int64()), pa.scalar(CHINA_US))
    day = pc.floor(pc.divide(local.cast(pa.float64()), float(DAY_US))).cast(pa.int32()).cast(pa.date32())
    ok = pc.equal(hours["state"], "ok")
    why = pc.if_else(ok, hours["rule"], hours["state"])
    why = pc.if_else(pc.and_(ok, pc.is_in(hours["rule"], value_set=pa.array(COUNTING))), "", why)
    keys = ["subject_id", "outlet", "item", *more]
    table = hours.append_column("day", day).append_column("why", why).group_by([*keys, "why"])
    found: dict[Any, _Sum] = defaultdict(_Sum)
    for row in table.aggregate([("quantity", "sum"), ("measured", "sum"), ("hour", "count")]).to_pylist():
        one = found[tuple(row[k] for k in keys)]
        if row["why"]:
            one.left_out[row["why"]] += row["hour_count"]
        else:
            one.quantity, one.counted, one.time = row["quantity_sum"], row["hour_count"], row["measured_sum"]
    return found


def _month(key: Key, pairs: Sequence[Pair], found: _Sum, first: date, end: date) -> OutletMonth:
    days = {first + timedelta(n) for n in range((end - first).days)}
    stands = {d for d in days for p in pairs if p.concentration.valid_from <= d < p.concentration.valid_to}
    expected = len(stands) * 24
    spans = sorted({
        (m.number, max(first, m.valid_from), min(end, m.valid_to) - timedelta(days=1)) for p in pairs for m in p.meters
    })  # fmt: skip
    return OutletMonth(
        *key, first.replace(day=1), found.quantity if found.counted else None, expected, found.counted,
        {r: found.left_out[r] for r in REASONS if found.left_out[r]}, share_of_hours(found.time, expected),
        tuple(s for s in spans if s[1] <= s[2]), any(m.synthetic for p in pairs for m in p.meters),
    )  # fmt: skip
