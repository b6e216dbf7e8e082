"""Which hours count (有效小时): by the rule of the meter's monitoring system, as looks at its readings left it.

A rule that asks for a share of normal points of an hour (小时有效率) is met or not; where it asks and nobody has looked
yet, that is open, and an open hour is never taken for a valid one. A system that asks for no such share has no rule.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from shuangkong.engine.api import Lake
from shuangkong.metering.meters import Meter
from shuangkong.metering.monitoring import Monitoring
from shuangkong.metering.quality_tables import METER_DAY_QUALITY

#: How an hour stands, the worse the larger: no rule asks, its rule is met, is not met, was not looked at.
RULES = ("none", "met", "short", "open")
NONE, MET, SHORT, OPEN = range(4)
HOURS = 24
_COLUMNS = ("meter", "day", "look", "hours_valid", "hours_mask")
Codes = NDArray[np.int8]


def hour_rules(
    lake: Lake, meters: Iterable[Meter], first: date, last: date, known: datetime, rules: Monitoring
) -> Mapping[int, Codes]:  # fmt: skip
    """For each meter the place in RULES of every hour of the days `[first, last]`, as known at `known`.

    `meters` are spells; those of one meter may follow several systems, each on its own days.
    """
    spells = list(meters)
    days = [first + timedelta(n) for n in range((last - first).days + 1)]
    found = {m.number: np.full((len(days), HOURS), NONE, dtype=np.int8) for m in spells}
    asked = {m.number: np.zeros(len(days), dtype=bool) for m in spells}
    for m in spells:
        for n, day in enumerate(days):
            asked[m.number][n] |= m.valid_from <= day < m.valid_to and rules(day)[m.system].hour_share is not None
    wanted = {number for number, of_days in asked.items() if of_days.any()}
    for number in wanted:
        found[number][asked[number]] = OPEN
    for meter, place, valid, mask in _looked(lake, wanted, days, known):
        if asked[meter][place]:
            found[meter][place] = _of_day(valid, mask)
    return {number: codes.reshape(-1) for number, codes in found.items()}


def _of_day(valid: int | None, mask: int | None) -> Codes:
    """The hours of a looked-at day. Where only their count was kept, all of them are known and no others."""
    if valid is None:
        return np.full(HOURS, NONE, dtype=np.int8)  # its points are no parts of hours: the rule says nothing of them
    if mask is None:
        return np.full(HOURS, MET if valid == HOURS else OPEN, dtype=np.int8)
    bits = (mask >> np.arange(HOURS)) & 1
    return np.where(bits == 1, MET, SHORT).astype(np.int8)


def _looked(
    lake: Lake, numbers: Collection[int], days: list[date], known: datetime
) -> Iterable[tuple[int, int, int | None, int | None]]:  # fmt: skip
    """(meter, place of the day, valid hours, their bits) of the newest look at each day."""
    if not numbers:
        return
    wanted = pa.array(sorted(numbers), pa.int64())
    newest: dict[tuple[int, int], tuple[int, int | None, int | None]] = {}
    for file in lake.files(METER_DAY_QUALITY, known, days=days):
        with pq.ParquetFile(file) as opened:
            there = [c for c in _COLUMNS if c in opened.schema_arrow.names]
            table = opened.read(columns=there)
        table = table.filter(pc.is_in(table["meter"], value_set=wanted))
        bits = table["hours_mask"].to_pylist() if "hours_mask" in there else [None] * table.num_rows
        rows = (table[n].to_pylist() for n in ("meter", "day", "look", "hours_valid"))
        for meter, day, look, valid, mask in zip(*rows, bits, strict=True):
            key = meter, (day - days[0]).days
            if key not in newest or newest[key][0] < look:
                newest[key] = look, valid, mask
    for (meter, place), (_, valid, mask) in newest.items():
        yield meter, place, valid, mask
