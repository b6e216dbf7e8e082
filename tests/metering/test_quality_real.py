"""A real year of quarter-hours of a steel works (public sample) through checks, days and leads of the shipped rules."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from shuangkong.metering.columns import CHINA
from shuangkong.metering.leads import lead_rules, leads, series_of
from shuangkong.metering.meter_days import begins
from shuangkong.metering.meters import Meter, Meters
from shuangkong.metering.model import SCALE
from shuangkong.metering.monitoring import KEY_UNIT, monitoring
from shuangkong.metering.quality import look_at
from shuangkong.metering.spells import MINUTE
from shuangkong.metering.stored import StoredRows
from shuangkong.metering.tiles import Columns
from shuangkong.policy.api import PackSet, builtin_packs

STEEL = Path(__file__).parents[3] / "shared" / "data" / "uci-steel-15min" / "Steel_industry_data.csv"
KNOWN = date(2026, 11, 22)
FIRST = date(2018, 1, 1)
METER = Meter(1, "m", "u", "E01", "electricity", "kWh", "interval", FIRST, system=KEY_UNIT)
pytestmark = pytest.mark.skipif(not STEEL.exists(), reason="the public sample is not beside the checkout")


@pytest.fixture(name="packs", scope="module")
def the_packs() -> PackSet:
    """All packs that ship with the program."""
    return PackSet(builtin_packs())


@pytest.fixture(name="year", scope="module")
def the_year() -> StoredRows:
    """The sample as stored readings, 24:00 written as 00:00 put right."""
    rows = []
    with STEEL.open(encoding="utf-8-sig", newline="") as stream:
        for r in csv.DictReader(stream):
            at = datetime.strptime(r["date"], "%d/%m/%Y %H:%M").replace(tzinfo=CHINA)
            at += timedelta(days=at.hour == 0 and at.minute == 0)
            rows.append((int(at.timestamp()) * SCALE, round(float(r["Usage_kWh"]) * SCALE)))
    at, value = (np.array(c, dtype=np.int64) for c in zip(*sorted(rows), strict=True))
    order = np.arange(len(at))
    return StoredRows(Columns(np.ones_like(at), at, value, order, order), at + MINUTE, np.zeros_like(at))


def test_every_day_of_the_year_is_whole(packs: PackSet, year: StoredRows) -> None:
    """365 days meet the rule of key units; short bursts are spikes, and nothing else is wrong."""
    rules, codes, states = monitoring(packs, KNOWN), Counter[str](), Counter[str]()
    for n in range(365):
        found = look_at(year, Meters([METER]), rules, FIRST + timedelta(days=n), {1})
        codes.update(found.flaws.code.tolist())
        states.update(found.days.state)
        assert found.flaws.count.max(initial=0) <= 2
    assert states == {"ok": 365}
    assert codes == {"spike": 129}


def test_no_month_of_the_year_gives_a_lead(packs: PackSet, year: StoredRows) -> None:
    """Twelve honest months: no digits, no repeats, no copies to look at."""
    rules = lead_rules(packs, FIRST, KNOWN)
    for month in range(1, 13):
        after = date(2018 + month // 12, month % 12 + 1, 1)
        inside = (year.rows.at > begins(date(2018, month, 1))) & (year.rows.at <= begins(after))
        assert leads(series_of(year.chosen(inside).rows, METER), rules) == []
