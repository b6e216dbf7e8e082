"""Hours of readings: against a plain reading of the definition in fractions, one reading after the other."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal
from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from readings_made import START
from shuangkong.metering.meters import Meter, Meters
from shuangkong.metering.model import MOST, NO_VALUE
from shuangkong.metering.tiles import HOUR, MINUTE, Columns, hours, newest

EVER = date(2020, 1, 1)
METERS = [
    Meter(1, "m1", "u", "E01", "electricity", "kWh", "interval", EVER, factor=Decimal(80)),
    Meter(2, "m2", "u", "E02", "electricity", "kWh", "register", EVER, factor=Decimal("0.3"), modulus=Decimal(1000)),
    Meter(3, "m3", "u", "G01", "gas", "m3", "rate", EVER, every=10, factor=Decimal("1.000001")),
    Meter(4, "m4", "u", "E03", "electricity", "kWh", "interval", EVER, every=60, stamp="start"),
    Meter(5, "m5", "u", "W01", "water", "m3", "register", EVER),
]  # fmt: skip
Row = tuple[int, int, int]


def rounded(value: Fraction) -> int:
    """Half away from zero."""
    size = int(abs(value) + Fraction(1, 2))
    return -size if value < 0 else size


def plainly(rows: list[Row]) -> dict[tuple[int, int], tuple[int, int, int]]:
    """Meter and hour to quantity, measured and spread, by the words of the definition."""
    specs = {m.number: m for m in METERS}
    last: dict[tuple[int, int], int] = {}
    for meter, at, value in rows:
        last[meter, at] = value
    raw: dict[tuple[int, int], list[int]] = defaultdict(lambda: [0, 0, 0])
    before: dict[int, tuple[int, int]] = {}
    for (meter, at), value in sorted(last.items()):
        m = specs[meter]
        if value == NO_VALUE:
            continue
        every = m.every * MINUTE
        if m.kind == "register":
            if meter in before:
                start, then = before[meter]
                step = value - then
                modulus = int(m.modulus * 1_000_000) if m.modulus else 0
                if step < 0 and modulus and 0 <= step + modulus < -step:
                    step += modulus
                if step >= 0:
                    lay(raw, meter, start, at, step, every)
            before[meter] = (at, value)
            continue
        start = at if m.stamp == "start" else at - every
        quantity = rounded(Fraction(value * every, HOUR)) if m.kind == "rate" else value
        lay(raw, meter, start, start + every, quantity, every)
    told = {}
    for (meter, hour), (raw_sum, measured, spread) in raw.items():
        quantity = rounded(raw_sum * Fraction(specs[meter].factor))
        told[meter, hour] = (quantity if abs(quantity) <= MOST else NO_VALUE, measured, spread)
    return told


def lay(raw: dict[tuple[int, int], list[int]], meter: int, start: int, end: int, quantity: int, every: int) -> None:
    """A stretch over its hours; the parts are differences of what had come up to each hour's end."""
    given, at = 0, start
    while at < end:
        until = min((at // HOUR + 1) * HOUR, end)
        so_far = rounded(Fraction(quantity * (until - start), end - start))
        entry = raw[meter, at // HOUR * HOUR]
        entry[0] += so_far - given
        entry[1 if (end - start) * 10 <= every * 15 else 2] += until - at
        given, at = so_far, until


def columns(rows: list[Row]) -> Columns:
    """Rows in the order of taking."""
    n = len(rows)
    meter, at, value = (np.array([r[k] for r in rows], dtype=np.int64) for k in range(3))
    return Columns(meter, at, value, np.arange(n, dtype=np.int64), np.zeros(n, dtype=np.int64))


values = st.one_of(st.just(NO_VALUE), st.integers(-(10**6), 10**9), st.integers(-(10**17), 10**17))
moments = st.one_of(
    st.integers(0, 400).map(lambda n: START + n * 5 * MINUTE), st.integers(0, 30 * HOUR).map(lambda n: START + n)
)
readings = st.lists(st.tuples(st.integers(1, 5), moments, values), max_size=40)


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
