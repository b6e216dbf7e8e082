"""Hours of an outlet by the mark of their readings: what an instrument did not measure is unknown, never nought."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from outlets_made import ALL, SINCE, Outlets
from shuangkong.engine.api import reading
from shuangkong.metering.hj212.standard import standard
from shuangkong.metering.monitoring import FLUE_GAS, WATER, monitoring
from shuangkong.metering.outlet_months import outlet_days, outlet_months
from shuangkong.metering.register import meters_known
from shuangkong.policy.api import PackSet, builtin_packs


@pytest.fixture(name="packs", scope="module")
def the_packs() -> PackSet:
    """The editions of HJ 212 and what the program asks by itself."""
    return PackSet(p for p in builtin_packs() if p.id.startswith(("hj212", "shuangkong")))


def test_an_instrument_out_of_service_says_nothing_of_the_source(tmp_path: Path, packs: PackSet) -> None:
    """Ten hours of mark F of 744: their mass is in no sum and their time is not covered; 70 kg of the first day, of 14
    hours. With them as nought the month would be told whole."""
    outlets = Outlets(tmp_path / "w", packs)
    outlets.water(0)
    outlets.month(0, SINCE, 31, bad=10, mark=ord("F"))
    outlets.follow()
    space = outlets.workspace
    known, last = space.clock(), date(2026, 1, 31)
    with reading(space.engine) as db:
        meters = meters_known(db, ALL, known)
    rules = monitoring(packs, known.date())
    (month,) = outlet_months(space.lake, meters, rules, SINCE, last, known)
    assert (month.quantity, month.expected, month.counted) == (Decimal(3670), 744, 734)
    assert (month.left_out, month.measured) == ({"short": 10}, Decimal("0.986559"))
    (first, *_) = outlet_days(space.lake, meters, rules, "1", "w01018", SINCE, SINCE, known)
    assert (first.quantity, first.counted, first.left_out) == (Decimal(70), 14, 10)
    space.engine.dispose()


@pytest.mark.parametrize("day", [date(2020, 1, 1), date(2026, 6, 1)])
def test_no_mark_but_normal_lets_an_hour_count(packs: PackSet, day: date) -> None:
    """Both editions say of every mark whether it counts, and F is said of the instrument."""
    for system in (FLUE_GAS, WATER):
        normal = monitoring(packs, date(2026, 11, 22))(day)[system].normal
        assert {chr(mark) for mark, counts in normal.items() if counts} == {"N"}
        assert {chr(mark) for mark in normal} == set(standard().marks)
    assert standard().marks["F"].label.zh == "仪器仪表停运"
