"""Rolling up what changed, in whatever order it came: the same as one roll-up of everything, to the last digit."""

from __future__ import annotations

import random as chance
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from readings_made import START
from readings_stored import a_lake, put
from rolled_plainly import METERS, Row, plainly, values
from shuangkong.engine.api import Lake
from shuangkong.metering.meters import Meters
from shuangkong.metering.model import MOST, NO_VALUE
from shuangkong.metering.reach import days_held, number_of_day
from shuangkong.metering.rolled import newest_hours
from shuangkong.metering.rolling import Rolled, roll_up
from shuangkong.metering.rollup_tables import METER_DAYS
from shuangkong.metering.spells import CHINA, DAY, HOUR, MINUTE

ALL = np.unique(np.array([m.number for m in METERS], dtype=np.int64))


def standing(lake: Lake, known: datetime | None = None) -> dict[tuple[int, int], tuple[int, int, int]]:
    """The hours that are stored and say something."""
    found = newest_hours(lake, ALL, 0, 60_000, known)
    each: Any = zip(found.meter, found.hour, found.quantity, found.measured, found.spread, strict=True)
    return {(int(m), int(h)): (int(q), int(a), int(b)) for m, h, q, a, b in each if a or b}


def rolled(lake: Lake, touched: set[tuple[int, date]]) -> Rolled:
    """Roll up as things stand."""
    return roll_up(lake, Meters(METERS), touched, lake.clock())


moments = st.one_of(
    st.integers(-200, 700).map(lambda n: START + n * 15 * MINUTE), st.integers(0, 200 * HOUR).map(lambda n: START + n)
)
portions = st.lists(
    st.lists(st.tuples(st.integers(1, 8), moments, values), min_size=1, max_size=12), min_size=1, max_size=5
)


@given(portions, st.randoms(use_true_random=False))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_step_by_step_is_all_at_once(
    tmp_path_factory: pytest.TempPathFactory, given_rows: list[list[Row]], random: chance.Random
) -> None:
    """Any readings, corrections and duplicates in any order, rolled up now and then, some rounds twice after a kill."""
    lake = a_lake(tmp_path_factory.mktemp("w"))
    waiting: set[tuple[int, date]] = set()
    for portion in given_rows:
        waiting |= put(lake, portion)
        if random.random() < 0.7:
            rolled(lake, waiting)
            # a kill before the mark was moved on: the same keys again
            if random.random() < 0.3:
                again = rolled(lake, waiting)
                assert again == Rolled()
            waiting = set()
    rolled(lake, waiting)
    assert standing(lake) == plainly([r for p in given_rows for r in p])
    lake.engine.dispose()


def days_stored(lake: Lake) -> dict[tuple[int, int], tuple[Any, int, int, int]]:
    """Newest days by meter and day number: quantity in millionths, measured, spread, hours."""
    newest: dict[tuple[int, int], tuple[Any, int, int, int]] = {}
    for r in lake.read(METER_DAYS, lake.clock()).sort_by("made").to_pylist():
        quantity = None if r["quantity"] is None else int(r["quantity"].scaleb(6))
        newest[r["meter"], number_of_day(r["day"])] = quantity, r["measured"], r["spread"], r["hours"]
    return {k: v for k, v in newest.items() if v[3]}


@given(portions)
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_days_are_sums_of_hours(tmp_path_factory: pytest.TempPathFactory, given_rows: list[list[Row]]) -> None:
    """Each stored day is the exact sum of its hours of China, of those that have a quantity."""
    lake = a_lake(tmp_path_factory.mktemp("w"))
    for portion in given_rows:
        rolled(lake, put(lake, portion))
    wanted: dict[tuple[int, int], tuple[int, int, int, int]] = {}
    for (meter, hour), (quantity, measured, spread) in standing(lake).items():
        if quantity != NO_VALUE:
            key = meter, (hour + CHINA) // DAY
            a, b, c, n = wanted.get(key, (0, 0, 0, 0))
            wanted[key] = a + quantity, b + measured, c + spread, n + 1
    assert days_stored(lake) == wanted
    lake.engine.dispose()


def test_a_correction_replaces_and_the_past_is_still_told(tmp_path: Path) -> None:
    """A later value, and then none: the hour follows; as known before, it says what it said."""
    lake = a_lake(tmp_path)
    first = rolled(lake, put(lake, [(1, START + 15 * MINUTE, 1_000_000), (1, START + 30 * MINUTE, 2_000_000)]))
    assert (first.hours, first.days, set(first.meter_days)) == (1, 1, {(1, date(2026, 1, 1))})
    assert first.months == {("m1", "electricity", date(2026, 1, 1))}
    then = lake.clock()
    rolled(lake, put(lake, [(1, START + 15 * MINUTE, 5_000_000)]))
    later = lake.clock()
    rolled(lake, put(lake, [(1, START + n * 15 * MINUTE, NO_VALUE) for n in (1, 2)]))
    assert standing(lake, then) == {(1, START): (240_000_000, 30 * MINUTE, 0)}
    assert standing(lake, later) == {(1, START): (560_000_000, 30 * MINUTE, 0)}
    assert standing(lake) == {}
    assert days_stored(lake) == {}


def test_a_late_reading_of_a_register_moves_the_days_between(tmp_path: Path) -> None:
    """A silent register's stretch over four days is cut in two by a reading that comes late."""
    lake = a_lake(tmp_path)
    ends = [(5, START, 0), (5, START + 4 * DAY, 96_000_000)]
    assert len(rolled(lake, put(lake, ends)).meter_days) == 4
    late = rolled(lake, put(lake, [(5, START + DAY, 0)]))
    assert late.meter_days == {(5, date(2026, 1, n)) for n in (1, 2, 3, 4)}
    found = days_stored(lake)
    first = number_of_day(date(2026, 1, 1))
    assert [found[5, first + n][0] for n in range(4)] == [0, 32_000_000, 32_000_000, 32_000_000]


def test_the_last_reading_of_a_year_is_the_last_year_s(tmp_path: Path) -> None:
    """The interval that ends at midnight of the new year belongs to December; a leap day is a day."""
    lake = a_lake(tmp_path)
    new_year = int(datetime(2023, 12, 31, 16, tzinfo=UTC).timestamp()) * 1_000_000
    leap = int(datetime(2024, 2, 28, 16, tzinfo=UTC).timestamp()) * 1_000_000
    done = rolled(lake, put(lake, [(1, new_year, 1_000_000), (1, leap, 1_000_000), (1, leap + 15 * MINUTE, 1_000_000)]))
    assert done.meter_days == {(1, date(2023, 12, 31)), (1, date(2024, 2, 28)), (1, date(2024, 2, 29))}
    assert {m for *_, m in done.months} == {date(2023, 12, 1), date(2024, 2, 1)}


def test_numbers_beyond_64_bits_are_counted_all_the_same(tmp_path: Path) -> None:
    """Sums that no 64 bits hold go through whole numbers of any size."""
    lake = a_lake(tmp_path)
    rows = [(4, START + n * MINUTE, MOST) for n in range(20)] + [(3, START + n * 10 * MINUTE, MOST) for n in range(6)]
    rolled(lake, put(lake, rows))
    assert standing(lake) == plainly(rows)


def test_a_corrected_factor_moves_all_days_of_its_meter(tmp_path: Path) -> None:
    """The register says another factor: every day that holds readings of that meter is counted anew, and no other."""
    lake = a_lake(tmp_path)
    rows = [(m, START + d * DAY + 15 * MINUTE, 1_000_000) for m in (1, 4) for d in (0, 5)]
    rolled(lake, put(lake, rows))
    corrected = Meters([replace(m, factor=Decimal(81)) if m.number == 1 else m for m in METERS])
    touched = days_held(lake, {1}, lake.clock())
    assert touched == {(1, date(2026, 1, 1)), (1, date(2026, 1, 6))}
    done = roll_up(lake, corrected, touched, lake.clock())
    assert done.meter_days == touched
    assert standing(lake)[1, START][0] == 81_000_000
    assert standing(lake)[4, START][0] == 750_000


def test_touched_keys_of_unknown_meters_are_left(tmp_path: Path) -> None:
    """What the register does not know is not rolled up, and stops nothing."""
    lake = a_lake(tmp_path)
    assert rolled(lake, {(99, date(2026, 1, 1))}) == Rolled()
    assert rolled(lake, set()) == Rolled()
