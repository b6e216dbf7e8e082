"""Months of units: the top meters of an item are summed, day by day, and a sum says how much it knows."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from readings_made import START
from readings_stored import a_lake, put
from shuangkong.metering.counting import Counted, counted_meters
from shuangkong.metering.meters import FOREVER, Meter, Meters
from shuangkong.metering.rolled import UnitMonth, months_of
from shuangkong.metering.rolling import roll_up
from shuangkong.metering.spells import DAY, MINUTE

JAN, FEB, MID = date(2026, 1, 1), date(2026, 2, 1), date(2026, 1, 16)


def a_meter(number: int, *, unit: str = "u1", item: str = "electricity", **other: Any) -> Meter:
    """A meter of quarter-hours (合成)."""
    given: dict[str, Any] = {"valid_from": date(2020, 1, 1), **other}
    return Meter(number, unit, unit, str(number), item, "kWh", "interval", **given)


def counted(*meters: Meter) -> list[tuple[int, date, date]]:
    """Who counts in January, from when to when."""
    return [(c.number, c.first, c.end) for c in counted_meters(Meters(meters), JAN, FEB)]


def test_children_are_not_counted_beside_their_parent() -> None:
    """Neither directly below nor two steps below, also where the meter between is of another item."""
    steam = a_meter(2, item="steam", parents=(1,))
    below = [a_meter(1), steam, a_meter(3, parents=(2,)), a_meter(4, parents=(1,))]
    assert counted(*below) == [(1, JAN, FEB), (2, JAN, FEB)]


def test_a_parent_of_another_unit_or_item_hides_nothing() -> None:
    """A park's meter above a unit's does not count for the unit."""
    park = a_meter(1, unit="park")
    assert counted(park, a_meter(2, parents=(1,))) == [(1, JAN, FEB), (2, JAN, FEB)]
    assert counted(a_meter(1, item="gas"), a_meter(2, parents=(1,))) == [(1, JAN, FEB), (2, JAN, FEB)]


def test_a_parent_counts_from_the_day_that_it_is_there() -> None:
    """Until then its child does."""
    assert counted(a_meter(1, valid_from=MID), a_meter(2, parents=(1,))) == [(1, MID, FEB), (2, JAN, MID)]


def test_flows_and_states_are_no_amounts() -> None:
    """What an outlet's flow or a thermometer says is summed nowhere here."""
    assert counted(a_meter(1, measures="flow"), a_meter(2, measures="state")) == []


def test_a_change_that_does_not_matter_cuts_nothing() -> None:
    """A meter whose factor changed counts in one piece."""
    two = (a_meter(1, valid_to=MID), a_meter(1, valid_from=MID, valid_to=FOREVER, factor=Decimal(2)))
    assert counted_meters(Meters(two), JAN, FEB) == [Counted(1, "u1", "electricity", "kWh", JAN, FEB, False)]


def test_a_month_says_how_much_of_it_is_known(tmp_path: Path) -> None:
    """One meter measured a day of 31, one was silent; an item that nobody read has no sum, which is not zero."""
    lake = a_lake(tmp_path)
    meters = Meters([a_meter(1), a_meter(2), a_meter(3, item="gas"), a_meter(4, parents=(1,))])
    rows = [(m, START + (n + 1) * 15 * MINUTE, 1_500_000) for m in (1, 4) for n in range(96)]
    touched = put(lake, [*rows, (1, START + 40 * DAY, 9_000_000)])
    before = lake.clock()
    roll_up(lake, meters, touched, lake.clock())
    month = (JAN, Decimal("0.016129"), Decimal(0))
    assert months_of(lake, meters, JAN, lake.clock()) == [
        UnitMonth("u1", "electricity", "kWh", JAN, Decimal("144.000000"), 2 * 744, *month[1:], 2, 1, False),
        UnitMonth("u1", "gas", "kWh", JAN, None, 744, Decimal(0), Decimal(0), 1, 1, False),
    ]
    assert [m.quantity for m in months_of(lake, meters, JAN, before)] == [None, None]
