"""Periods are read as people write them, and their key says them again."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shuangkong.kernel.errors import UserError
from shuangkong.kernel.periods import Period, PeriodKind, china_day, parse_instant

years = st.integers(1900, 2200)
keys = st.one_of(
    st.dates(date(1900, 1, 1), date(2200, 12, 31)).map(date.isoformat),
    st.tuples(st.dates(date(1900, 1, 1), date(2200, 12, 31)), st.integers(0, 23)).map(
        lambda t: f"{t[0].isoformat()}T{t[1]:02d}"
    ),
    st.tuples(years, st.integers(1, 12)).map(lambda t: f"{t[0]}-{t[1]:02d}"),
    st.tuples(years, st.integers(1, 4)).map(lambda t: f"{t[0]}Q{t[1]}"),
    st.tuples(years, st.integers(1, 2)).map(lambda t: f"{t[0]}H{t[1]}"),
    st.tuples(years, st.integers(1, 12)).map(lambda t: f"{t[0]}YTD{t[1]:02d}"),
    years.map(lambda y: f"{y}JF"),
    years.map(str),
    st.tuples(years, st.integers(0, 20)).map(lambda t: f"P{t[0]}-{t[0] + t[1]}"),
)


@given(keys)
def test_a_key_reads_as_itself(key: str) -> None:
    """The key of a period, read again, is the period; and it is never empty."""
    period = Period.parse(key)
    assert period.key == key
    assert Period.parse(period.key) == period
    assert period.start < period.end


@given(keys)
def test_chinese_reads_back(key: str) -> None:
    """What an official writes is read as the same days; one hour of a day and a plan are written in no other way."""
    period = Period.parse(key)
    if period.kind not in (PeriodKind.HOUR, PeriodKind.PLAN):
        again = Period.parse(period.zh())
        assert (again.start, again.end) == (period.start, period.end)


@given(years)
def test_months_and_quarters_tile_the_year(year: int) -> None:
    """Twelve months, four quarters or two halves follow each other without gap or overlap, and fill the year."""
    whole = Period.year(year)
    months = [Period.month(year, m) for m in range(1, 13)]
    quarters = [Period.parse(f"{year}Q{q}") for q in range(1, 5)]
    halves = [Period.parse(f"{year}H{h}") for h in (1, 2)]
    for parts in (months, quarters, halves):
        assert parts[0].start == whole.start
        assert parts[-1].end == whole.end
        assert all(a.end == b.start for a, b in pairwise(parts))
        assert all(whole.contains(p) and not p.contains(whole) for p in parts)
    assert whole.last_day == date(year, 12, 31)


@pytest.mark.parametrize(
    "text", ["", "2025-13", "2025Q5", "2025-02-30", "2025YTD13", "P2025-2021", "十月", "2025-03-01T24"]
)
def test_anything_else_is_refused(text: str) -> None:
    """What is no period is refused whole, with the ways to write one."""
    with pytest.raises(UserError) as wrong:
        Period.parse(text)
    assert str(wrong.value) == (
        f"PER-001 “{text}” is not a period. "
        "Write 2025, 2025H1, 2025Q1, 2025-03, 2025YTD06, 2025JF, 2025-03-01 or P2021-2025."
    )


def test_a_bare_date_ends_with_the_day_in_china() -> None:
    """As known on a day means to the end of that day in China."""
    found = parse_instant("2025-03-01")
    assert found == datetime(2025, 3, 1, 16, tzinfo=UTC) - timedelta(microseconds=1)
    assert parse_instant("2025-03-01T08:00:00") == datetime(2025, 3, 1, tzinfo=UTC)


def test_the_business_day_begins_at_midnight_in_china() -> None:
    """Half past midnight of 22 November in China is 21 November in UTC; whatever the zone, the day is one."""
    moment = datetime(2026, 11, 21, 16, 30, tzinfo=UTC)
    assert china_day(moment) == date(2026, 11, 22)
    assert china_day(moment - timedelta(minutes=31)) == date(2026, 11, 21)
    assert china_day(moment.astimezone(timezone(timedelta(hours=-5)))) == date(2026, 11, 22)
    assert china_day(parse_instant("2026-11-21")) == date(2026, 11, 21)
