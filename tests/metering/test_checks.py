"""Flaws of readings: each sign against a plain reading of what it means, and worked cases that a person can follow."""

from __future__ import annotations

import statistics
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import groupby
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readings_made import START
from shuangkong.metering import checks
from shuangkong.metering.checks import LABELS, Rules, Sign, checked, off_beat
from shuangkong.metering.meters import Meter, Meters
from shuangkong.metering.model import NO_VALUE
from shuangkong.metering.tiles import MINUTE, Columns

EVER = date(2020, 1, 1)
QUARTER = 15 * MINUTE
RULES = {
    "s": Rules(
        spike=Decimal(8),
        spike_longest=2,
        flat=4,
        gap=Decimal("1.5"),
        ahead=60_000_000,
        off_beat=60_000_000,
        clock_jump=30_000_000,
    )
}
METERS = {
    1: Meter(1, "m1", "u", "E1", "electricity", "kWh", "interval", EVER, low=Decimal(0), high=Decimal(500), system="s"),
    2: Meter(2, "m2", "u", "E02", "electricity", "kWh", "register", EVER, modulus=Decimal(1000), system="s"),
    3: Meter(3, "m3", "u", "E03", "electricity", "kWh", "interval", EVER),
    4: Meter(4, "m4", "u", "T01", "temperature", "kWh", "rate", EVER, low=Decimal(-40)),
}  # fmt: skip


def columns(rows: list[tuple[int, int, int]]) -> Columns:
    """Rows (meter, instant, value) in the order of coming."""
    meter, at, value = (np.array([r[k] for r in rows], dtype=np.int64) for k in range(3))
    return Columns(meter, at, value, np.arange(len(rows), dtype=np.int64), np.zeros(len(rows), dtype=np.int64))


def signs_of(meter: int, values: list[float | None], **others: int) -> list[Sign]:
    """The signs of quarter-hours of one meter."""
    rows = [(meter, START + n * QUARTER, NO_VALUE if v is None else round(v * 1_000_000)) for n, v in enumerate(values)]
    return [Sign(int(s)) for s in checked(columns(rows), Meters(METERS.values()), RULES).signs]


def plainly(rows: list[tuple[int, int, int]]) -> list[Sign]:
    """The definition, one meter and one reading at a time; rows in order."""
    told = [Sign(0)] * len(rows)
    for number, group in groupby(range(len(rows)), key=lambda n: rows[n][0]):
        m, places = METERS[number], list(group)
        rule = RULES.get(m.system, Rules())
        for n in places:
            _, at, value = rows[n]
            before = n - 1 if n - 1 in places and rows[n - 1][1] == at else None
            if before is not None and rows[before][2] == value:
                told[n] |= Sign.AGAIN
            elif before is not None:
                told[before] |= Sign.CORRECTED
            if value == NO_VALUE:
                told[n] |= Sign.NO_VALUE
                continue
            outside = (m.low is not None and value < m.low * 1_000_000) or (
                m.high is not None and value > m.high * 1_000_000
            )
            told[n] |= (Sign.OUT_OF_RANGE if outside else Sign(0)) | (
                Sign.NEGATIVE if value < 0 and not (m.low is not None and m.low < 0) else Sign(0)
            )
        holding = [
            n for n in places
            if rows[n][2] != NO_VALUE and not (n + 1 in places and rows[n + 1][1] == rows[n][1])
        ]  # fmt: skip
        steps: dict[int, int] = {}
        for k, n in enumerate(holding):
            before = holding[k - 1] if k else None
            waited = rows[n][1] - rows[before][1] if before is not None else None
            if rule.gap is not None and waited is not None and waited > m.every * MINUTE * rule.gap:
                told[n] |= Sign.GAP
            step = rows[n][2]
            if m.kind == "register":
                if before is None:
                    continue
                step -= rows[before][2]
                modulus = int((m.modulus or 0) * 1_000_000)
                if step < 0:
                    over = modulus and 0 <= step + modulus < -step
                    told[n] |= Sign.ROLLOVER if over else Sign.RESET
                    if not over:
                        continue
                    step += modulus
                if waited != m.every * MINUTE:
                    continue
            steps[n] = step
        if rule.spike is not None and steps:
            middle = statistics.median(steps.values())
            away = statistics.median(abs(s - middle) for s in steps.values())
            far = [
                n in steps and abs(steps[n] - middle) > float(rule.spike) * 1.4826 * max(away, 10_000) for n in holding
            ]  # fmt: skip
            for is_far, run in groupby(range(len(holding)), key=lambda k: far[k]):
                found = list(run)
                if is_far and len(found) <= (rule.spike_longest or len(found)):
                    for k in found:
                        told[holding[k]] |= Sign.SPIKE
        if rule.flat is not None:
            still = [
                n in steps
                and (steps[n] == 0 if m.kind == "register" else k > 0 and rows[holding[k - 1]][2] == rows[n][2])
                for k, n in enumerate(holding)
            ]
            for is_still, run in groupby(range(len(holding)), key=lambda k: still[k]):
                found = list(run)
                if is_still and len(found) >= rule.flat:
                    for k in found:
                        told[holding[k]] |= Sign.FLAT
    return told


rows_made = st.lists(
    st.tuples(
        st.integers(1, 4), st.integers(0, 25).map(lambda n: START + n * QUARTER),
        st.one_of(st.just(NO_VALUE), st.integers(-3, 12).map(lambda n: n * 100_000_000), st.integers(-(10**9), 10**10)),
    ), max_size=50,
).map(lambda rows: sorted(rows, key=lambda r: r[:2]))  # fmt: skip


@given(rows_made)
@settings(max_examples=300, deadline=None)
def test_signs_mean_what_they_say(rows: list[tuple[int, int, int]]) -> None:
    """Arrays and the plain reading give the same signs, whatever the readings are."""
    found = checked(columns(rows), Meters(METERS.values()), RULES)
    assert [Sign(int(s)) for s in found.signs] == plainly(rows)
    with patch.object(checks, "_BLOCK", 1):
        assert np.array_equal(checked(columns(rows), METERS.values(), RULES, ordered=True).signs, found.signs)


@given(rows_made, st.randoms())
@settings(max_examples=40, deadline=None)
def test_rows_may_come_in_any_order(rows: list[tuple[int, int, int]], random) -> None:  # type: ignore[no-untyped-def]
    """Readings of different moments in another order get the same signs."""
    once = list({r[:2]: r for r in rows}.values())
    mixed = list(once)
    random.shuffle(mixed)
    meters = Meters(METERS.values())
    assert np.array_equal(checked(columns(once), meters, RULES).signs, checked(columns(mixed), meters, RULES).signs)


def test_a_spike_a_gap_and_a_hole_are_found() -> None:
    """A day of about 100 with one 450, one missing quarter, one that is beyond the meter's range, one below nothing."""
    values: list[float | None] = [100 + n % 7 for n in range(30)]
    values[10], values[15], values[20], values[25] = 450, None, 700, -1
    found = signs_of(1, values)
    assert found[10] == Sign.SPIKE
    assert found[15] == Sign.NO_VALUE
    assert found[16] == Sign.GAP
    assert found[20] == Sign.SPIKE | Sign.OUT_OF_RANGE
    assert found[25] == Sign.SPIKE | Sign.OUT_OF_RANGE | Sign.NEGATIVE
    assert sum(bool(s) for s in found) == 5


def test_a_load_that_stays_is_no_spike() -> None:
    """Two points at 450 are a spike; three are another load, and so is a shift of twenty."""
    for count in (1, 2, 3, 20):
        values: list[float | None] = [100 + n % 7 for n in range(90)]
        values[40 : 40 + count] = [450 + n % 3 for n in range(count)]
        found = [n for n, s in enumerate(signs_of(1, values)) if s & Sign.SPIKE]
        assert found == (list(range(40, 40 + count)) if count <= 2 else [])


def test_rollover_reset_and_standstill_of_a_register() -> None:
    """995, 3: on through 1000. 300, 3: a new meter. Five times the same: flat."""
    found = signs_of(2, [985, 990, 995, 3, 8, 13, 18, 18, 18, 18, 18, 300, 3, 8])
    assert found[3] == Sign.ROLLOVER
    assert [n for n, s in enumerate(found) if s & Sign.FLAT] == [7, 8, 9, 10]
    assert found[12] == Sign.RESET
    assert Sign.SPIKE in found[11]


def test_corrections_and_copies_are_told_apart() -> None:
    """The same once more is AGAIN; another value makes the earlier one CORRECTED, and the later one holds."""
    at = START
    found = checked(columns([(3, at, 5), (3, at, 5), (3, at, 6), (3, at + QUARTER, 7)]), Meters(METERS.values()), RULES)
    assert [Sign(int(s)) for s in found.signs] == [Sign(0), Sign.AGAIN | Sign.CORRECTED, Sign(0), Sign(0)]


def test_clocks_that_are_ahead_or_off_the_beat_are_seen() -> None:
    """A time two minutes after it was received; one three minutes off the quarter, of which arrival says nothing."""
    rows = columns([(1, START, 5_000_000), (1, START + QUARTER + 3 * MINUTE, 6_000_000)])
    received = np.array([START - 2 * MINUTE, START + QUARTER + 4 * MINUTE], dtype=np.int64)
    found = checked(rows, Meters(METERS.values()), RULES, received)
    assert [Sign(int(s)) for s in found.signs] == [Sign.AHEAD, Sign.OFF_BEAT | Sign.CLOCK_JUMP]
    without = checked(rows, Meters(METERS.values()), RULES).signs
    assert [Sign(int(s)) for s in without] == [Sign(0), Sign.OFF_BEAT | Sign.CLOCK_JUMP]


def beat_of(at: int, every: int) -> int:
    """The distance from the nearest usual moment, by looking at all of them."""
    day = (at + 8 * 60 * MINUTE) // (24 * 60 * MINUTE) * 24 * 60 * MINUTE - 8 * 60 * MINUTE
    moments = range(day, day + 24 * 60 * MINUTE + 1, every)
    return min((at - m for m in moments), key=abs)


@given(st.integers(0, 3 * 24 * 60 * 60 * 10**6), st.sampled_from([1, 5, 15, 60, 240, 1440]))
def test_the_beat_is_counted_from_midnight_in_china(after: int, minutes: int) -> None:
    """Of a meter that reads daily too, whose midnight is another day's afternoon in UTC; halfway is either side."""
    at, every = START + after, minutes * MINUTE
    found = int(off_beat(np.array([at]), np.array([every]))[0])
    expected = beat_of(at, every)
    assert found == expected or abs(found) == abs(expected) == every // 2


def test_a_clock_that_drifts_does_not_jump() -> None:
    """Four seconds more at each quarter: off the beat past a minute, never a jump; set by two minutes, it jumps."""
    drifting = [(1, START + n * QUARTER + n * 4_000_000, n * 1_000_000) for n in range(30)]
    found = [Sign(int(s)) for s in checked(columns(drifting), Meters(METERS.values()), RULES).signs]
    assert [n for n, s in enumerate(found) if s & Sign.OFF_BEAT] == list(range(16, 30))
    assert not any(s & Sign.CLOCK_JUMP for s in found)
    jumped = [(1, START + n * QUARTER + (n > 10) * 2 * MINUTE, n * 1_000_000) for n in range(30)]
    found = [Sign(int(s)) for s in checked(columns(jumped), Meters(METERS.values()), RULES).signs]
    assert [n for n, s in enumerate(found) if s & Sign.CLOCK_JUMP] == [11]
    assert [n for n, s in enumerate(found) if s & Sign.OFF_BEAT] == list(range(11, 30))


@given(rows_made, st.integers(0, 25))
@settings(max_examples=100, deadline=None)
def test_readings_before_give_steps_and_get_no_sign(rows: list[tuple[int, int, int]], cut: int) -> None:
    """What lies before the day that is asked about is no part of its medians; without spikes nothing else changes."""
    rules = {"s": replace(RULES["s"], spike=None)}
    rows = list({r[:2]: r for r in rows}.values())
    given_ = columns(rows)
    before = given_.at < START + cut * QUARTER
    whole = checked(given_, Meters(METERS.values()), rules).signs
    part = checked(given_, Meters(METERS.values()), rules, context=before).signs
    assert np.array_equal(part, np.where(before, 0, whole))


@pytest.mark.parametrize("sign", list(Sign))
def test_every_sign_has_words(sign: Sign) -> None:
    """Chinese and English, for people."""
    assert LABELS[sign].zh
    assert LABELS[sign].en
