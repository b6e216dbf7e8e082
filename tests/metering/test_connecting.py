"""Connection rates, months and faults that last: an offline meter is named, is no zero, and stops nobody."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shuangkong.engine.api import Lake, Part, connect, migrate
from shuangkong.kernel.numbers import quantise
from shuangkong.metering.calendar import Deadline, official
from shuangkong.metering.checks import Rules
from shuangkong.metering.connecting import Fault, connections, fault, last_heard, stretch
from shuangkong.metering.meters import Meter
from shuangkong.metering.monitoring import System, Systems
from shuangkong.metering.tables import READINGS

NOW = datetime(2026, 3, 2, 4, tzinfo=UTC)
EVER = date(2020, 1, 1)
KEY_UNIT = System("key-unit", Rules(), completeness=Decimal(90), repair_days=3, connection_hours=Decimal(24))
GAS = System("gas", Rules(), hour_share=Decimal(75), day_hours=20, connection_hours=Decimal(24))
SYSTEMS = Systems({"key-unit": KEY_UNIT, "gas": GAS, "default": System("default", Rules())})


def meter(number: int, unit: str = "u1", system: str = "key-unit", every: int = 15, **others: Any) -> Meter:
    """A synthetic meter."""
    return Meter(
        number, unit, unit, f"E{number}", "electricity", "kWh", "interval", EVER, system=system, every=every, **others
    )


def test_the_connection_of_units_and_regions() -> None:
    """Of three meters of two units one is silent since yesterday, one never sent: 50 %, 0 %, of the region a third."""
    meters = [meter(1), meter(2), meter(3, "u2"), meter(4, "u2", "")]
    heard = {1: NOW - timedelta(hours=1), 2: NOW - timedelta(hours=24)}
    found = connections(meters, heard, NOW, lambda _: SYSTEMS)
    assert {k: (c.expected, c.heard, c.silent, c.rate) for k, c in found.items()} == {
        "u1": (2, 1, (2,), Decimal(50)), "u2": (1, 0, (3,), Decimal(0)),
    }  # fmt: skip
    region = connections(meters, heard, NOW, lambda _: SYSTEMS, {"u1": ["130000", "130100"], "u2": ["130000"]})
    assert {k: c.rate for k, c in region.items()} == {"130000": Decimal("33.333333"), "130100": Decimal(50)}


def test_a_meter_that_is_read_monthly_is_not_silent_the_day_after() -> None:
    """Its own interval is its window where that is longer than the system's."""
    slow = meter(1, every=43_200)
    found = connections([slow], {1: NOW - timedelta(days=20)}, NOW, lambda _: SYSTEMS)
    assert found["u1"].silent == ()
    assert connections([slow], {1: NOW - timedelta(days=30)}, NOW, lambda _: SYSTEMS)["u1"].silent == (1,)


@given(st.dictionaries(st.integers(1, 12), st.integers(0, 60)))
def test_every_meter_is_counted_once(heard: dict[int, int]) -> None:
    """Heard and silent together are what is expected; no rate is over 100 %."""
    meters = [meter(n, f"u{n % 3}") for n in range(1, 13)]
    found = connections(meters, {n: NOW - timedelta(hours=h) for n, h in heard.items()}, NOW, lambda _: SYSTEMS)
    assert sum(c.expected for c in found.values()) == 12
    assert sorted(n for c in found.values() for n in c.silent) == [n for n in range(1, 13) if heard.get(n, 99) >= 24]
    assert all(c.heard + len(c.silent) == c.expected for c in found.values())


def test_when_each_meter_was_heard_last(tmp_path: Path) -> None:
    """By arrival, not by the time of the reading; what came before the window is not there."""
    engine = connect(f"sqlite:///{tmp_path / 'registry.sqlite'}")
    migrate(engine)
    lake = Lake(tmp_path / "lake", engine, lambda: NOW)
    rows = [(1, 30), (1, 3), (2, 23), (3, 25)]
    instant = pa.timestamp("us", tz="UTC")
    received = [NOW - timedelta(hours=h) for _, h in rows]
    table = pa.table({
        "meter": [n for n, _ in rows], "at": pa.array([datetime(2026, 1, 1, tzinfo=UTC)] * 4, instant),
        "value": pa.array([Decimal(1)] * 4, pa.decimal128(18, 6)), "mark": [0] * 4,
        "received_at": pa.array(received, instant), "place": [1] * 4, "row": [1, 2, 3, 4],
    })  # fmt: skip
    with lake.lease(READINGS.name) as lease:
        lake.commit_parts(
            [Part(READINGS, table, date(2026, 1, 1), "t")], {READINGS.name: lease}, principal="t", note="",
            recorded_at=NOW,
        )  # fmt: skip
    assert last_heard(lake, NOW, timedelta(hours=24)) == {1: received[1], 2: received[2]}


def row(received: int, state: str) -> dict[str, object]:
    """A day's row."""
    return {"received": received, "state": state}


def test_a_month_counts_days_on_which_nothing_came() -> None:
    """31 days of 96 points, 27 full and one half, three without a row: 27.5 of 31 days are 88.7 %, short of 90 %."""
    first = date(2026, 1, 1)
    rows = {first + timedelta(days=n): row(96, "ok") for n in range(27)}
    rows[date(2026, 1, 28)] = row(48, "short")
    found = stretch(meter(1), rows, first, date(2026, 2, 1), KEY_UNIT)
    assert (found.expected, found.received, found.met, found.days) == (2976, 2640, 27, 31)
    assert found.missing == (date(2026, 1, 29), date(2026, 1, 30), date(2026, 1, 31))
    assert (found.completeness, found.state) == (Decimal("88.709677"), "short")
    rows[date(2026, 1, 29)] = row(96, "ok")
    assert stretch(meter(1), rows, first, date(2026, 2, 1), KEY_UNIT).state == "ok"
    assert stretch(meter(1, system="gas"), rows, first, date(2026, 2, 1), GAS).state == "no_rule"
    assert stretch(meter(1), {}, first, date(2026, 2, 1), KEY_UNIT).state == "missing"


def test_a_month_expects_only_days_on_which_the_meter_is_there() -> None:
    """Registered on the 20th of February of a leap year: ten days, 960 points."""
    late = Meter(1, "u", "u", "E", "electricity", "kWh", "interval", date(2028, 2, 20))
    found = stretch(late, {}, date(2028, 2, 1), date(2028, 3, 1), KEY_UNIT)
    assert (found.days, found.expected, len(found.missing)) == (10, 960, 10)


@pytest.mark.parametrize(("through", "overdue"), [("2026-02-13", False), ("2026-02-25", False), ("2026-02-26", True)])
def test_a_fault_over_spring_festival(through: str, overdue: bool) -> None:
    """Silent since Friday 13 February: Saturday 14 is worked, then nine days off; by the 25th, overdue on the 26th."""
    rows = {date(2026, 2, 12): row(96, "ok")}
    found = fault(meter(1), rows, date.fromisoformat(through), KEY_UNIT, official())
    assert found == Fault(1, date(2026, 2, 13), Deadline(date(2026, 2, 25), True), overdue)


def test_a_fault_is_over_when_a_day_meets_its_rule() -> None:
    """A short day after a good one begins a new fault; where no repair is asked for there is none."""
    rows = {date(2026, 3, d): row(96, "ok" if d != 4 else "short") for d in range(1, 6)}
    assert fault(meter(1), rows, date(2026, 3, 5), KEY_UNIT, official()) is None
    found = fault(meter(1), rows, date(2026, 3, 4), KEY_UNIT, official())
    assert found is not None
    assert found.since == date(2026, 3, 4)
    assert fault(meter(1, system="gas"), {}, date(2026, 3, 4), GAS, official()) is None
    assert quantise(Decimal(1)) == 1
