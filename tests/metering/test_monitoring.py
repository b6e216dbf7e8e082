"""Rules of monitoring systems out of the shipped packs, and the calendar of working days."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shuangkong.metering.calendar import Calendar, official
from shuangkong.metering.monitoring import (
    DEFAULT,
    FLUE_GAS,
    KEY_UNIT,
    LABELS,
    PARTS,
    WATER,
    monitoring,
    systems_on,
)
from shuangkong.policy.api import PackSet, builtin_packs

NOW = date(2026, 11, 22)
SHARED = Path(__file__).parents[3] / "shared" / "data" / "china-holidays"


@pytest.fixture(name="packs", scope="module")
def the_packs() -> PackSet:
    """All packs that ship with the program."""
    return PackSet(builtin_packs())


@pytest.fixture(name="calendar", scope="module")
def the_calendar() -> Calendar:
    """The official calendar."""
    return official()


@pytest.mark.parametrize(
    ("system", "completeness", "hour_share", "day_hours", "repair_days"),
    [
        (KEY_UNIT, 90, None, None, 3),
        (FLUE_GAS, None, 75, 20, None),
        (WATER, None, 100, 24, None),
        (DEFAULT, None, None, None, None),
    ],
)
def test_what_each_system_asks(
    packs: PackSet, system: str, completeness: int | None, hour_share: int | None, day_hours: int | None,
    repair_days: int | None,
) -> None:  # fmt: skip
    """Key units: 90 % of points, repair in three working days; flue gas: 75 % of an hour, 20 hours of a day."""
    found = systems_on(packs, date(2025, 6, 1), NOW)[system]
    asked = (found.completeness, found.hour_share, found.day_hours, found.repair_days)
    assert asked == (completeness, hour_share, day_hours, repair_days)
    assert found.judges is (system != DEFAULT)
    assert LABELS[system].en


def test_days_that_are_looked_up_together_are_alike(packs: PackSet) -> None:
    """Whichever day is asked first, each has the rules of its own day: on both sides of every change too."""
    changes = [date(2017, 5, 1), date(2026, 1, 1)]
    days = [d + timedelta(n) for d in changes for n in (40, -1, 0, 1, -40)]
    rules = monitoring(packs, NOW)
    for day in days:
        assert dict(rules(day)) == dict(systems_on(packs, day, NOW))
    assert rules(date(2026, 1, 1)) is rules(date(2026, 3, 1))


def test_the_edition_of_2025_takes_over_on_its_day(packs: PackSet) -> None:
    """Until the end of 2025 the figures are those of 2017, confirmed; then inferred; before 2017 there are none."""
    for day, doc, assumed in ((date(2025, 12, 31), "HJ 212-2017", False), (date(2026, 1, 1), "HJ 212-2025", True)):
        (used,) = [u for u in systems_on(packs, day, NOW)[FLUE_GAS].used if u.parameter == "monitoring.hour-share"]
        assert (used.row.source.doc, used.assumed) == (doc, assumed)
    assert systems_on(packs, date(2017, 4, 30), NOW)[FLUE_GAS].hour_share is None


def test_thresholds_without_a_document_say_so(packs: PackSet) -> None:
    """What the program assumes is marked, with a reason at each parameter; nothing assumed was known before it was."""
    systems = systems_on(packs, date(2026, 6, 1), NOW)
    assert systems[KEY_UNIT].rules.spike == 8
    assert {u.row.source.doc for u in systems[DEFAULT].used if u.assumed} == {"Thresholds of checks on readings"}
    assert all(p.note for p in packs.pack("shuangkong.monitoring").parameters)
    assert systems_on(packs, date(2026, 6, 1), date(2026, 11, 20))[KEY_UNIT].rules.spike is None


def test_a_system_that_no_pack_knows_gets_the_program_s_thresholds(packs: PackSet) -> None:
    """It is asked for nothing, and checked like any other."""
    systems = systems_on(packs, date(2026, 6, 1), NOW)
    assert systems["provincial"] == systems[DEFAULT]
    assert systems.rules().get("provincial") == systems[DEFAULT].rules
    assert set(systems[DEFAULT].weights) == set(PARTS)
    assert sum(systems[DEFAULT].weights.values()) == Decimal(100)


def test_marks_of_a_source_are_normal_or_not(packs: PackSet) -> None:
    """HJ 212: N alone is normal; a meter of a key unit has no marks."""
    systems = systems_on(packs, date(2025, 6, 1), NOW)
    assert [chr(m) for m, normal in systems[FLUE_GAS].normal.items() if normal] == ["N"]
    assert sorted(chr(m) for m, normal in systems[FLUE_GAS].normal.items() if not normal) == list("BCDFMST")
    assert systems[KEY_UNIT].normal == {}


@pytest.mark.parametrize(
    ("fault", "by"),
    [
        ("2026-03-02", "2026-03-05"),  # a Monday: Tuesday, Wednesday, Thursday
        ("2026-03-05", "2026-03-10"),  # a Thursday: Friday, Monday, Tuesday
        ("2026-02-13", "2026-02-25"),  # Spring Festival: Saturday the 14th is worked, then nine days off, then 24, 25
        ("2026-09-29", "2026-10-09"),  # 30 September, seven days off, 8 and 9 October
        ("2026-10-01", "2026-10-10"),  # 8, 9, and Saturday the 10th, which is worked
        ("2025-01-27", "2025-02-07"),  # the 27th itself is not counted; 28 January to 4 February off; 5, 6, 7
    ],
)
def test_three_working_days_over_holidays(calendar: Calendar, fault: str, by: str) -> None:
    """The deadline of a repair by the official calendar."""
    found = calendar.after(date.fromisoformat(fault), 3)
    assert (found.day, found.sure) == (date.fromisoformat(by), True)


def test_a_year_without_a_published_calendar_is_told(calendar: Calendar) -> None:
    """Of 2027 weekends alone are known: the deadline is given, and not called sure."""
    found = calendar.after(date(2026, 12, 31), 3)
    assert (found.day, found.sure) == (date(2027, 1, 5), False)
    assert calendar.works(date(2026, 2, 14))
    assert calendar.holiday(date(2026, 2, 17))
    assert not calendar.holiday(date(2026, 3, 1))


@given(st.dates(date(2004, 1, 1), date(2026, 9, 1)), st.integers(0, 12))
def test_working_days_are_counted_one_by_one(start: date, count: int) -> None:
    """The deadline is a day of work, and as many days of work lie after the start up to it."""
    calendar = official()
    end = calendar.after(start, count).day
    between = [start + timedelta(days=n) for n in range(1, (end - start).days + 1)]
    assert sum(calendar.works(d) for d in between) == count
    assert not count or calendar.works(end)


def test_a_deadline_between_two_days_is_sure_where_their_years_are_published(calendar: Calendar) -> None:
    """Kept deadlines are told as unsure by the years that they cross, just as the deadline itself was."""
    last = max(calendar.years)
    assert calendar.sure(date(last, 12, 1), date(last, 12, 30))
    assert not calendar.sure(date(last, 12, 30), date(last + 1, 1, 5))
    assert not calendar.sure(date(last + 1, 1, 2), date(last + 1, 1, 5))


def test_a_negative_number_of_working_days_is_refused(calendar: Calendar) -> None:
    """Nobody repairs before the fault."""
    with pytest.raises(ValueError, match="-1 working days: cannot be negative"):
        calendar.after(date(2026, 1, 1), -1)


def test_the_calendar_is_that_of_the_source(calendar: Calendar) -> None:
    """Every day of the list that it was taken from, and no other, differs from a plain week."""
    if not SHARED.is_dir():
        pytest.skip("../shared is not beside the checkout")
    with (SHARED / "china_holidays_2004_2026.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = {date.fromisoformat(r["date"]): r["kind"] == "调休上班" for r in csv.DictReader(stream)}
    days = [date(2004, 1, 1) + timedelta(days=n) for n in range(365 * 23)]
    assert [d for d in days if calendar.works(d) != rows.get(d, d.weekday() < 5)] == []
    assert [d for d in days if calendar.holiday(d)] == sorted(d for d, work in rows.items() if not work)
