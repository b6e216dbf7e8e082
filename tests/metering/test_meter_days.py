"""A meter's day: points, shares and states beside a plain count; worked cases of the rules of monitoring systems."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readings_made import START
from shuangkong.kernel.numbers import quantise
from shuangkong.metering.checks import Rules, Sign
from shuangkong.metering.meter_days import (
    DayMeters,
    day_number,
    holes,
    hour_counts,
    judged,
    points,
    points_of,
    state_of,
)
from shuangkong.metering.meters import Meter
from shuangkong.metering.model import NO_VALUE
from shuangkong.metering.monitoring import System, Systems
from shuangkong.metering.spells import DAY, MINUTE
from shuangkong.metering.stored import StoredRows
from shuangkong.metering.tiles import Columns

JANUARY = date(2026, 1, 1)
FIRST = day_number(JANUARY)
EVER = date(2020, 1, 1)
KEY_UNIT = System("key-unit", Rules(), completeness=Decimal(90), repair_days=3, late=60 * MINUTE)
FLUE_GAS = System(
    "gas", Rules(), hour_share=Decimal(75), day_hours=20, late=60 * MINUTE,
    normal={ord(c): c == "N" for c in "NFMSDCTB"},
)  # fmt: skip
WEIGHTS = {"completeness": Decimal(40), "validity": Decimal(30), "timeliness": Decimal(20), "steadiness": Decimal(10)}
PLAIN = System("default", Rules(), weights=WEIGHTS)
SYSTEMS = Systems({"key-unit": KEY_UNIT, "gas": FLUE_GAS, "default": PLAIN})


def meter(number: int, system: str = "", every: int = 15, **others: object) -> Meter:
    """A synthetic meter."""
    return Meter(
        number, "u", "u", f"E{number}", "electricity", "kWh", "interval", EVER, system=system, every=every, **others
    )  # type: ignore[arg-type]  # named by the tests


def stored(rows: list[tuple[int, int, int | None, int, str]]) -> StoredRows:
    """Rows (meter, instant, value, received, mark) in order."""
    rows = sorted(rows, key=lambda r: r[:2])
    columns = [np.array([r[k] for r in rows], dtype=np.int64) for k in (0, 1, 3)]
    value = np.array([NO_VALUE if r[2] is None else r[2] for r in rows], dtype=np.int64)
    order = np.arange(len(rows), dtype=np.int64)
    mark = np.array([ord(r[4]) if r[4] else 0 for r in rows], dtype=np.int64)
    return StoredRows(Columns(columns[0], columns[1], value, order, np.zeros_like(order)), columns[2], mark)


@given(
    st.integers(-DAY, 2 * DAY), st.sampled_from([1, 5, 15, 30, 60, 240, 720, 1440]), st.booleans()
)  # fmt: skip
@settings(max_examples=400)
def test_a_reading_stands_for_the_nearest_point(after: int, minutes: int, starts: bool) -> None:
    """Of all usual moments the nearest, the later of two; the point is the interval that ends, or begins, there."""
    at, every = START + after, minutes * MINUTE
    moments = []
    for d in range(-3, 5):
        for k in range(1440 // minutes):
            moment = START + d * DAY + (k if starts else k + 1) * every
            moments.append((moment, FIRST + d, k))
    nearest = min(moments, key=lambda m: (abs(m[0] - at), -m[0]))
    day, place = points(np.array([at]), np.array([every]), np.array([starts]))
    assert (int(day[0]), int(place[0])) == nearest[1:]


@given(st.lists(st.integers(-DAY, 2 * DAY), min_size=2, max_size=2).map(sorted), st.sampled_from([7, 11, 50, 43_200]))
def test_points_of_odd_intervals_are_in_order(after: list[int], minutes: int) -> None:
    """Of intervals that do not fill a day, points still follow each other and lie inside the day."""
    every = np.full(2, minutes * MINUTE)
    for starts in (True, False):
        day, place = points(START + np.array(after), every, np.array([starts, starts]))
        assert (int(day[0]), int(place[0])) <= (int(day[1]), int(place[1]))
        assert all(0 <= p < max(1, 1440 // minutes) for p in place)


readings = st.lists(
    st.tuples(
        st.integers(1, 4), st.integers(0, 96), st.sampled_from([0, 0, 0, 20_000_000, 400_000_000]),
        st.one_of(st.none(), st.integers(-2, 9).map(lambda n: n * 1_000_000)), st.sampled_from([1, 59, 61, 600]),
        st.sampled_from(["", "N", "D"]), st.sampled_from([Sign(0), Sign.OUT_OF_RANGE, Sign.CORRECTED, Sign.SPIKE]),
    ), max_size=60,
)  # fmt: skip
METERS = [meter(1, "key-unit"), meter(2, "gas", 5), meter(3, "", 60), meter(4, "gas", 15, stamp="start")]


@given(readings)
@settings(max_examples=200)
def test_a_day_counts_its_points_once(given_: list[tuple[int, int, int, int | None, int, str, Sign]]) -> None:
    """Counts of points, shares and score are those of a plain count, whatever comes however often."""
    rows = []
    for number, quarter, off, value, waited, mark, sign in given_:
        m = METERS[number - 1]
        at = START + quarter * 15 * MINUTE + off
        day, _ = points(np.array([at]), np.array([m.every * MINUTE]), np.array([m.stamp == "start"]))
        if day[0] == FIRST:
            rows.append((number, at, value, at + waited * MINUTE, mark, sign))
    rows.sort(key=lambda r: r[:2])
    on = DayMeters(METERS, JANUARY)
    signs = np.array([r[5] for r in rows], dtype=np.uint16)
    found = judged(points_of(stored([r[:5] for r in rows]), signs, on, SYSTEMS), on, SYSTEMS)
    for n, place in enumerate(found.place):
        m = on.meters[place]
        assert {
            "expected": int(found.expected[n]), "received": int(found.received[n]), "valid": int(found.valid[n]),
            "late": int(found.late[n]), "corrected": int(found.corrected[n]),
        } == plain_counts(m, rows)  # fmt: skip
        assert found.state[n] == plain_state(m, rows)
    assert sorted({r[0] for r in rows}) == [on.meters[p].number for p in found.place]


def of_points(m: Meter, rows: list[tuple[int, int, int | None, int, str, Sign]]) -> dict[int, list[int]]:
    """Places of a meter's rows by the point that they stand for."""
    by: dict[int, list[int]] = {}
    for n, r in enumerate(rows):
        if r[0] == m.number:
            _, slot = points(np.array([r[1]]), np.array([m.every * MINUTE]), np.array([m.stamp == "start"]))
            by.setdefault(int(slot[0]), []).append(n)
    return by


def holding(rows: list[tuple[int, int, int | None, int, str, Sign]], n: int) -> bool:
    """Whether no later row is of the same moment, and there is a value."""
    return rows[n][2] is not None and not (n + 1 < len(rows) and rows[n + 1][:2] == rows[n][:2])


def counts_as_valid(m: Meter, r: tuple[int, int, int | None, int, str, Sign]) -> bool:
    """In range, and not marked as anything but normal by a source whose marks mean that."""
    return not r[5] & Sign.OUT_OF_RANGE and (r[4] in ("", "N") or m.system != "gas")


def plain_counts(m: Meter, rows: list[tuple[int, int, int | None, int, str, Sign]]) -> dict[str, int]:
    """The counts of a day, point by point."""
    told = {"expected": 1440 // m.every, "received": 0, "valid": 0, "late": 0, "corrected": 0}
    limit = SYSTEMS[m.system].late
    for places in of_points(m, rows).values():
        held = [n for n in places if holding(rows, n)]
        if held:
            told["received"] += 1
            told["valid"] += any(counts_as_valid(m, rows[n]) for n in held)
            waits = [
                rows[n][3] - rows[n][1] - (m.every * MINUTE if m.stamp == "start" else 0)
                for n in places if rows[n][2] is not None
            ]  # fmt: skip
            told["late"] += limit is not None and min(waits) > limit
        told["corrected"] += any(rows[n][5] & Sign.CORRECTED for n in places)
    return told


def plain_state(m: Meter, rows: list[tuple[int, int, int | None, int, str, Sign]]) -> str:
    """Whether the day meets its rule."""
    told, system = plain_counts(m, rows), SYSTEMS[m.system]
    if not told["received"]:
        return "missing"
    if system.completeness is not None:
        return "ok" if Decimal(told["received"]) / told["expected"] >= system.completeness / 100 else "short"
    if system.day_hours is None:
        return "no_rule"
    valid = [
        slot for slot, places in of_points(m, rows).items()
        if any(holding(rows, n) and counts_as_valid(m, rows[n]) for n in places)
    ]  # fmt: skip
    hours = [sum(s * m.every // 60 == h for s in valid) for h in range(24)]
    return "ok" if sum(hour_counts(system, n, m.every) for n in hours) >= system.day_hours else "short"


@pytest.mark.parametrize(("minutes", "counts"), [(0, False), (44, False), (45, True), (60, True)])
def test_an_hour_of_flue_gas_needs_45_of_60_minutes(minutes: int, counts: bool) -> None:
    """HJ 212: at least 75 % of an hour's minutes are normal, or the hour is none."""
    assert hour_counts(FLUE_GAS, minutes, 1) is counts


@pytest.mark.parametrize(
    ("bad_hours", "minutes", "state"), [(4, 44, "ok"), (5, 44, "short"), (5, 45, "ok"), (24, 45, "ok"), (0, 60, "ok")]
)
def test_a_day_of_flue_gas_needs_20_hours(bad_hours: int, minutes: int, state: str) -> None:
    """Some hours with so many normal minutes, the rest marked C: calibration; 20 valid hours are a valid day."""
    rows = []
    for n in range(1440):
        hour, minute = divmod(n, 60)
        normal = hour >= bad_hours or minute < minutes
        at = START + (n + 1) * MINUTE
        rows.append((1, at, 5_000_000, at, "N" if normal else "C"))
    on = DayMeters([meter(1, "gas", 1)], JANUARY)
    found = judged(points_of(stored(rows), np.zeros(1440, np.uint16), on, SYSTEMS), on, SYSTEMS)
    assert found.state == (state,)
    assert (int(found.received[0]), int(found.valid[0])) == (1440, 1440 - bad_hours * (60 - minutes))


@pytest.mark.parametrize(
    ("expected", "received", "state"),
    [
        (24, 22, "ok"),
        (24, 21, "short"),
        (96, 87, "ok"),
        (96, 86, "short"),
        (10, 9, "ok"),
        (96, 0, "missing"),
        (0, 1, "slow"),
    ],
)
def test_a_day_of_a_key_unit_needs_nine_points_of_ten(expected: int, received: int, state: str) -> None:
    """At least 90 % of the points: of 24 hours 22 (91.7 %), not 21 (87.5 %)."""
    assert state_of(KEY_UNIT, expected, received, -1) == state


def test_the_score_is_the_weighted_mean_of_its_parts() -> None:
    """90 of 96 points came, all valid, 9 of them late: 93.75 × 40 % + 100 × 30 % + 90 × 20 % + 100 × 10 % = 95.5."""
    rows = []
    for n in range(90):
        at = START + (n + 1) * 15 * MINUTE
        rows.append((1, at, 1_000_000, at + (61 if n < 9 else 5) * MINUTE, ""))
    systems = Systems({"default": System("default", Rules(), late=60 * MINUTE, weights=WEIGHTS)})
    on = DayMeters([meter(1)], JANUARY)
    found = judged(points_of(stored(rows), np.zeros(90, np.uint16), on, systems), on, systems)
    assert {k: int(v[0]) for k, v in found.shares.items()} == {
        "completeness": 93_750_000, "validity": 100_000_000, "timeliness": 90_000_000, "steadiness": 100_000_000,
    }  # fmt: skip
    assert found.score[0] == 95_500_000
    assert found.state == ("no_rule",)


@given(st.integers(0, 96))
def test_shares_are_rounded_once(received: int) -> None:
    """In %, to six places, half away from zero."""
    rows = [(1, START + (n + 1) * 15 * MINUTE, 1, START + (n + 1) * 15 * MINUTE, "") for n in range(received)]
    on = DayMeters([meter(1)], JANUARY)
    found = judged(points_of(stored(rows), np.zeros(received, np.uint16), on, SYSTEMS), on, SYSTEMS)
    shares = [Decimal(int(x)).scaleb(-6) for x in found.shares["completeness"]]
    assert shares == ([quantise(Decimal(100 * received) / 96)] if received else [])


@given(st.sets(st.integers(0, 95)), st.sampled_from(["start", "end"]))
def test_holes_are_the_points_that_are_not_there(have: set[int], stamp: str) -> None:
    """Every missing point lies in exactly one hole, and holes touch nothing that came."""
    rows = [(1, START + (n + (stamp == "end")) * 15 * MINUTE, 1, START, "") for n in sorted(have)]
    on = DayMeters([meter(1, stamp=stamp)], JANUARY)
    found = points_of(stored(rows), np.zeros(len(rows), np.uint16), on, SYSTEMS)
    told = [n for _, a, b in zip(*holes(found, on), strict=True) for n in range(a, b)]
    assert told == ([n for n in range(96) if n not in have] if have else [])


def test_a_meter_is_there_on_its_days_only() -> None:
    """A spell ends before its last day: who was taken down on the 1st is expected no more on it."""
    spells = [meter(1, valid_to=JANUARY), meter(2), meter(3, every=60)]
    assert [m.number for m in DayMeters(spells, JANUARY).meters] == [2, 3]
    assert [m.number for m in DayMeters(spells, JANUARY - timedelta(days=1)).meters] == [1, 2, 3]
    assert DayMeters(spells, JANUARY).expected.tolist() == [96, 24]
