"""Hours of readings: against a plain reading of the definition in fractions, one reading after the other."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from readings_made import START
from rolled_plainly import METERS, Row, columns, plainly, readings
from shuangkong.metering.meters import Meters
from shuangkong.metering.tiles import HOUR, MINUTE, hours, newest


@given(readings)
@settings(max_examples=300, deadline=None)
def test_arrays_say_what_the_definition_says(rows: list[Row]) -> None:
    """Every hour of every kind of meter, to the last digit, whatever comes in whatever order."""
    found, _ = hours(newest(columns(rows)), Meters(METERS))
    told = {
        (int(m), int(h)): (int(q), int(a), int(b))
        for m, h, q, a, b in zip(found.meter, found.hour, found.quantity, found.measured, found.spread, strict=True)
    }
    assert told == plainly(rows)
    assert len(told) == len(found.meter)


@given(readings, st.randoms())
@settings(max_examples=60, deadline=None)
def test_the_order_of_coming_matters_for_one_moment_alone(rows: list[Row], random) -> None:  # type: ignore[no-untyped-def]
    """Readings of different moments may come in any order."""
    once = list({(m, a): (m, a, v) for m, a, v in rows}.values())
    mixed = list(once)
    random.shuffle(mixed)
    one, _ = hours(newest(columns(once)), Meters(METERS))
    two, _ = hours(newest(columns(mixed)), Meters(METERS))
    for a, b in zip((one.meter, one.hour, one.quantity), (two.meter, two.hour, two.quantity), strict=True):
        assert np.array_equal(a, b)


def test_a_silent_register_keeps_its_sum_and_says_that_it_was_spread() -> None:
    """Three hours between two readings: the difference is all there, none of it measured hour by hour."""
    found, _ = hours(columns([(5, START, 10_000_000), (5, START + 3 * HOUR, 20_000_000)]), Meters(METERS))
    assert found.quantity.tolist() == [3_333_333, 3_333_334, 3_333_333]
    assert found.spread.tolist() == [HOUR] * 3
    assert found.measured.tolist() == [0] * 3


def test_rollover_and_reset_are_told_apart() -> None:
    """998 → 3 of a register of 1000 is 5; 300 → 3 is a new meter, of which nothing is known."""
    quarter = 15 * MINUTE
    steps = [998, 3, 300, 3, 8]
    rows = [(2, START + n * quarter, v * 1_000_000) for n, v in enumerate(steps)]
    found, turns = hours(columns(rows), Meters(METERS))
    assert found.quantity.tolist() == [int(Decimal(5 + 297 + 5) * Decimal("0.3") * 1_000_000)]
    assert found.measured.tolist() == [3 * quarter]
    assert [(int(a - START) // quarter, bool(o)) for a, o in zip(turns.at, turns.over, strict=True)] == [
        (1, True), (3, False),
    ]  # fmt: skip
