"""Looks at stored readings: flaws as spans, balances, days; bit by bit gives what one look at everything gives."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readings_made import START
from shuangkong.engine.api import Lake, Part, connect, migrate
from shuangkong.metering import quality
from shuangkong.metering.asked import filled_between, leads_between
from shuangkong.metering.balance import differ
from shuangkong.metering.calendar import official
from shuangkong.metering.checks import Rules
from shuangkong.metering.compacting import compact
from shuangkong.metering.filling import FillRules
from shuangkong.metering.leads import lead_rules
from shuangkong.metering.meters import Meter, Meters
from shuangkong.metering.model import NO_VALUE
from shuangkong.metering.monitoring import System, Systems
from shuangkong.metering.quality import flaw_rows, look, quality_rows, unfinished
from shuangkong.metering.quality_tables import FLAWS, METER_DAY_QUALITY, READING_FLAWS, STATES
from shuangkong.metering.spells import DAY, HOUR, MINUTE
from shuangkong.metering.storing import days_of, exact_column
from shuangkong.metering.tables import READINGS
from shuangkong.policy.api import PackSet, builtin_packs

NOW = datetime(2026, 3, 1, tzinfo=UTC)
EVER = date(2020, 1, 1)
FIRST = date(2026, 1, 1)
QUARTER = 15 * MINUTE
Row = tuple[int, int, float | None]  # meter, instant, value

RULES = Rules(
    spike=Decimal(8), flat=4, gap=Decimal("1.5"), ahead=120_000_000, off_beat=60_000_000, clock_jump=30_000_000
)
SYSTEM = System(
    "default", RULES, completeness=Decimal(90), repair_days=3, drift=5_000_000, late=60 * MINUTE,
    balance={"hour": Decimal(10), "day": Decimal(5)}, balance_least=Decimal(1),
    weights={"completeness": Decimal(60), "validity": Decimal(40)},
)  # fmt: skip
SYSTEMS = Systems({"default": SYSTEM})


def rules(_: date) -> Systems:
    """One system on every day."""
    return SYSTEMS


def meter(number: int, kind: str = "interval", **others: Any) -> Meter:
    """A synthetic meter."""
    fields = {"item": "electricity", "unit": "kWh", **others}
    item, unit = fields.pop("item"), fields.pop("unit")
    return Meter(number, "u1", "u1", f"E{number}", item, unit, kind, EVER, **fields)  # type: ignore[arg-type]  # of tests


METERS = Meters([
    meter(1), meter(2, "register", modulus=Decimal(1000)), meter(3, parents=(1,)), meter(4, parents=(1,)),
    meter(5, every=60, stamp="start"), meter(6, every=43_200),
])  # fmt: skip


@cache
def _empty_registry() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "registry.sqlite"
        engine = connect(f"sqlite:///{path}")
        migrate(engine)
        engine.dispose()
        return path.read_bytes()


def a_lake(folder: Path, clock: datetime = NOW) -> Lake:
    """An empty lake whose clock goes on by a second at each look at it."""
    (folder / "registry.sqlite").write_bytes(_empty_registry())
    engine = connect(f"sqlite:///{folder / 'registry.sqlite'}")
    ticks = count()
    return Lake(folder / "lake", engine, lambda: clock + timedelta(seconds=next(ticks)))


@pytest.fixture(name="lake")
def the_lake(tmp_path: Path) -> Lake:
    """An empty lake."""
    return a_lake(tmp_path)


_TURN = count(1)


def put(lake: Lake, rows: Iterable[Row], received: int | None = None) -> set[tuple[int, date]]:
    """Commit readings as the store does; gives the days that they touch."""
    given_, turn = sorted(rows, key=lambda r: r[:2]), next(_TURN)
    at = np.array([r[1] for r in given_], dtype=np.int64)
    instant = pa.timestamp("us", tz="UTC")
    table = pa.table({
        "meter": np.array([r[0] for r in given_], dtype=np.int64), "at": pa.array(at).cast(instant),
        "value": exact_column(
            np.array([NO_VALUE if r[2] is None else round(r[2] * 1e6) for r in given_], dtype=np.int64)
        ),
        "mark": np.zeros(len(at), dtype=np.int64),
        "received_at": pa.array(at + MINUTE if received is None else np.full(len(at), received)).cast(instant),
        "place": np.full(len(at), turn), "row": np.arange(1, len(at) + 1),
    })  # fmt: skip
    days = days_of(at)
    parts = [
        Part(READINGS, table.filter(pa.array(days == d)), date(1970, 1, 1) + timedelta(days=int(d)), f"t{turn}-{d}")
        for d in np.unique(days)
    ]
    with lake.lease(READINGS.name) as lease:
        lake.commit_parts(parts, {READINGS.name: lease}, principal="t", note="", recorded_at=lake.clock())
    return {(r[0], date(1970, 1, 1) + timedelta(days=int(days_of(np.array(r[1]))))) for r in given_}


def quarters(number: int, values: Iterable[float | None], first: int = 1) -> list[Row]:
    """Readings of a meter at quarter-hours, the first at 00:15 unless said."""
    return [(number, START + (first + n) * QUARTER, v) for n, v in enumerate(values)]


def told(lake: Lake, *days: date) -> list[tuple[Any, ...]]:
    """Flaws as (meter, code, from, to in quarter-hours of the year, count)."""
    found = flaw_rows(lake, NOW + timedelta(days=1), days or (FIRST,)).to_pylist()
    return [(r["meter"], r["code"], _quarter(r["at_from"]), _quarter(r["at_to"]), r["count"]) for r in found]


def _quarter(at: datetime) -> float:
    return (int(at.timestamp() * 1e6) - START) / QUARTER


def looked(lake: Lake, rows: Iterable[Row], meters: Meters = METERS, received: int | None = None) -> None:
    """Put readings and look at what they touch."""
    look(lake, meters, rules, put(lake, rows, received), lake.clock(), calendar=official())


def days(lake: Lake, *which: date) -> dict[tuple[int, date], dict[str, Any]]:
    """Rows of the quality of days."""
    found = quality_rows(lake, NOW + timedelta(days=1), which or (FIRST,)).to_pylist()
    return {(r["meter"], r["day"]): r for r in found}


def test_a_day_with_every_kind_of_flaw(lake: Lake) -> None:
    """A spike, a negative, a hole of two quarters and one null, and a standstill of five: each told once, as a span."""
    values: list[float | None] = [100 + n % 7 for n in range(96)]
    values[10], values[20], values[40] = 900, -5, None
    values[60:65] = [104] * 5
    rows = [r for n, r in enumerate(quarters(3, values)) if n not in (30, 31)]
    looked(lake, rows)
    assert told(lake) == [
        (3, "spike", 11, 11, 1), (3, "negative", 21, 21, 1), (3, "spike", 21, 21, 1), (3, "gap", 30, 32, 2),
        (3, "gap", 40, 41, 1), (3, "no_value", 41, 41, 1), (3, "flat", 62, 65, 4),
    ]  # fmt: skip
    (row,) = days(lake).values()
    assert (row["expected"], row["received"], row["valid"], row["state"]) == (96, 93, 92, "ok")
    assert row["completeness"] == Decimal("96.875000")
    assert row["score"] == Decimal("97.694892")  # 0.6 × 96.875 + 0.4 × 92/93


def test_rollover_and_reset_tell_what_stood_before(lake: Lake) -> None:
    """985, 995, 5: on through 1000. 5, 400, 20: began anew. The value before stands beside each."""
    looked(lake, quarters(2, [985, 995, 5, 15, 400, 20, 30]))
    found = {
        r["code"]: r for r in flaw_rows(lake, NOW + timedelta(days=1), (FIRST,)).to_pylist() if r["before"] is not None
    }
    assert (found["rollover"]["before"], found["rollover"]["first"]) == (995, 5)
    assert (found["reset"]["before"], found["reset"]["first"]) == (400, 20)


def test_corrections_and_copies(lake: Lake) -> None:
    """Sent twice: counted once. Sent with another value: the older one is corrected, and both are still there."""
    looked(lake, quarters(3, range(1, 97)))
    looked(lake, quarters(3, [1, 2]))
    looked(lake, quarters(3, [9], first=5))
    assert told(lake) == [(3, "again", 1, 2, 2), (3, "corrected", 5, 5, 1)]
    (row,) = days(lake).values()
    assert (row["received"], row["corrected"], row["late"]) == (96, 1, 0)


def test_a_drifting_clock_a_jump_and_one_that_is_off(lake: Lake) -> None:
    """Two seconds more at each quarter is a drift; set by three minutes at noon is a jump, and off from then on."""
    drift = [(3, at + n * 2_000_000, v) for n, (_, at, v) in enumerate(quarters(3, range(1, 97)))]
    jump = [(4, at + (n >= 48) * 3 * MINUTE, v) for n, (_, at, v) in enumerate(quarters(4, range(1, 97)))]
    looked(lake, drift + jump)
    found = [(m, code, count_) for m, code, _, _, count_ in told(lake)]
    assert found == [(3, "clock_drift", 65), (4, "clock_jump", 1), (4, "clock_off", 48)]
    offsets = [r["offset_us"] for r in flaw_rows(lake, NOW + timedelta(days=1), (FIRST,)).to_pylist()]
    assert offsets == [95 * 2_000_000, 3 * MINUTE, 3 * MINUTE]
    assert {(r["received"], r["state"]) for r in days(lake).values()} == {(96, "ok")}


def test_a_clock_ahead_of_arrival_makes_points_invalid(lake: Lake) -> None:
    """Readings of the whole day that came at noon: what lies after noon cannot be true."""
    looked(lake, quarters(3, range(1, 97)), received=START + 12 * HOUR)
    assert (3, "clock_ahead", 49, 96, 48) in told(lake)
    (row,) = days(lake).values()
    assert (row["received"], row["valid"], row["late"]) == (96, 48, 43)


def test_midnight_belongs_to_the_day_it_closes(lake: Lake) -> None:
    """The reading at 24:00 is stored under the next day and is the 96th point of its own."""
    looked(lake, quarters(3, range(1, 97)))
    assert {k: r["received"] for k, r in days(lake, FIRST, FIRST + timedelta(days=1)).items()} == {(3, FIRST): 96}


def test_a_meter_that_sent_nothing_has_no_row_and_stops_nobody(lake: Lake) -> None:
    """One of three is silent: the others are judged; nothing is said of it in its place, no zero."""
    looked(lake, quarters(1, [10] * 96) + quarters(3, range(1, 97)))
    assert {m for m, _ in days(lake)} == {1, 3}
    assert not [f for f in told(lake) if f[1].startswith("children")]


def test_a_standstill_over_midnight_is_told_on_the_day_on_which_it_is_long_enough(lake: Lake) -> None:
    """Three still quarters before midnight and two after: five in a row, of which the second day tells its two."""
    values = [float(n) for n in range(92)] + [500.0] * 6 + [float(n) for n in range(600, 620)]
    looked(lake, quarters(3, values))
    second = FIRST + timedelta(days=1)
    assert [f for f in told(lake, FIRST) if f[1] == "flat"] == []
    assert [f for f in told(lake, second) if f[1] == "flat"] == [(3, "flat", 97, 98, 2)]


def test_a_parent_that_differs_from_its_children(lake: Lake) -> None:
    """1000 kWh an hour against 600 + 250 from 08:00 to 10:00, exact in all others: two hours, not the day (1 % off)."""
    parent = quarters(1, [250.0] * 96)
    one = quarters(3, [150.0 if 32 <= n < 40 else 125.0 for n in range(96)])
    two = quarters(4, [62.5 if 32 <= n < 40 else 125.0 for n in range(96)])
    looked(lake, parent + one + two)
    found = [f for f in told(lake) if f[1].startswith("children")]
    assert found == [(1, "children_hour", 32, 40, 2)]
    (row,) = [r for r in flaw_rows(lake, NOW + timedelta(days=1), (FIRST,)).to_pylist() if r["code"] == "children_hour"]
    assert (row["first"], row["before"]) == (2000, 1700)


def test_a_child_that_comes_late_brings_its_parent_s_balance(lake: Lake) -> None:
    """Only with the second child is the sum known; looking at the child looks at the parent too."""
    looked(lake, quarters(1, [100.0] * 96) + quarters(3, [40.0] * 96))
    assert [f for f in told(lake) if f[1].startswith("children")] == []
    looked(lake, quarters(4, [40.0] * 96))
    assert [f[1:] for f in told(lake) if f[1].startswith("children")] == [
        ("children_day", 0, 96, 24), ("children_hour", 0, 96, 24),
    ]  # fmt: skip


@given(st.integers(-(10**12), 10**12), st.integers(-(10**12), 10**12), st.sampled_from(["hour", "day"]))
def test_balances_differ_by_share_and_by_amount(parent: int, below: int, span: str) -> None:
    """Both limits have to be passed: 10 % of the parent in an hour, 5 % in a day, and one unit."""
    share = {"hour": Decimal("0.1"), "day": Decimal("0.05")}[span]
    apart = abs(Decimal(parent - below)) / 10**6
    assert differ(SYSTEM, span, parent, below) == (apart > share * abs(parent) / 10**6 and apart > 1)


def test_the_repair_falls_due_by_the_calendar(lake: Lake) -> None:
    """Half of 1 January came: short. The 2nd and 3rd are off, Sunday the 4th is worked: 4, 5, 6 January."""
    looked(lake, quarters(3, range(1, 49)))
    (row,) = days(lake).values()
    assert (row["state"], row["repair_by"]) == ("short", date(2026, 1, 6))
    looked(lake, quarters(3, range(49, 97), first=49))
    (row,) = days(lake).values()
    assert (row["state"], row["repair_by"]) == ("ok", None)


def test_what_was_seen_before_can_be_asked_for(lake: Lake) -> None:
    """As known after the first look there is the gap that a late reading closed; the newest look has it no more."""
    looked(lake, quarters(3, range(1, 50)))
    then = lake.clock()
    looked(lake, quarters(3, range(50, 97), first=50))
    assert [r["code"] for r in flaw_rows(lake, then, (FIRST,)).to_pylist()] == ["gap"]
    assert told(lake) == []


rows_made = st.lists(
    st.lists(
        st.tuples(
            st.integers(1, 6), st.integers(0, 3 * 96 - 1).map(lambda n: START + n * QUARTER),
            st.sampled_from([0, 0, 0, 7_000_000, 200_000_000]),
            st.one_of(st.none(), st.integers(-2, 12).map(lambda n: n * 90.0)),
        ).map(lambda r: (r[0], r[1] + r[2], r[3])), min_size=1, max_size=40,
    ), min_size=1, max_size=4,
)  # fmt: skip


def all_of(lake: Lake) -> tuple[list[Any], list[Any]]:
    """Everything that holds, without the numbers of looks."""
    which = [FIRST + timedelta(days=n) for n in range(-3, 7)]
    after = NOW + timedelta(days=1)
    return quality_rows(lake, after, which).drop_columns("look").to_pylist(), flaw_rows(
        lake, after, which
    ).drop_columns("look").to_pylist()


@given(rows_made)
@settings(max_examples=25, deadline=None)
def test_bit_by_bit_is_the_same_as_at_once(posts: list[list[Row]]) -> None:
    """Posts in any order, late ones, corrections, copies, each looked at alone: in the end what one look gives."""
    with TemporaryDirectory() as a, TemporaryDirectory() as b:
        bits, whole = a_lake(Path(a)), a_lake(Path(b))
        touched: set[tuple[int, date]] = set()
        for rows in posts:
            with patch.object(quality, "_AT_ONCE", 2), patch.object(quality, "_FILES", 2):
                looked(bits, rows)
            touched |= put(whole, rows)
        look(whole, METERS, rules, touched, whole.clock(), calendar=official())
        assert all_of(bits) == all_of(whole)
        # once more changes nothing
        look(bits, METERS, rules, touched, bits.clock(), calendar=official())
        assert all_of(bits) == all_of(whole)


def test_many_looks_become_one_file(lake: Lake) -> None:
    """A reading each quarter, looked at each: few files of a day stand, and what was known between can be asked."""
    with patch.object(quality, "_FILES", 4):
        then = []
        for n in range(12):
            looked(lake, quarters(3, [float(n + 1)], first=n + 1))
            then.append(lake.clock())
    after = NOW + timedelta(days=1)
    assert len(lake.files(METER_DAY_QUALITY, after, days=[FIRST])) <= 4
    assert len(lake.files(READING_FLAWS, after, days=[FIRST])) <= 4
    assert [quality_rows(lake, t, [FIRST]).column("received").to_pylist() for t in then] == [[n + 1] for n in range(12)]
    assert [flaw_rows(lake, t, [FIRST]).column("count").to_pylist() for t in then] == [[95 - n] for n in range(12)]


def test_a_look_at_nothing_writes_nothing(lake: Lake) -> None:
    """No touched day, no commit."""
    assert look(lake, METERS, rules, set(), lake.clock(), calendar=official()).look == 0
    assert lake.commits(METER_DAY_QUALITY.name, NOW + timedelta(days=1)) == ()


def test_a_meter_that_is_read_monthly_is_not_judged_by_the_day(lake: Lake) -> None:
    """Its readings have no share of a day, and no day of it is called short."""
    month = 30 * DAY
    looked(lake, [(6, START, 1.0), (6, START + 2 * month, 3.0)])
    found = days(lake, FIRST - timedelta(days=1), FIRST + timedelta(days=59))
    assert {r["state"] for r in found.values()} == {"slow"}
    assert {r["completeness"] for r in found.values()} == {None}


@pytest.mark.parametrize("code", sorted(FLAWS))
def test_every_flaw_has_words(code: str) -> None:
    """What it is and what to do, in Chinese and English."""
    words = FLAWS[code]
    assert all((words.label.zh, words.label.en, words.remedy.zh, words.remedy.en))
    assert words.severity in ("warn", "note")


def test_every_state_has_words() -> None:
    """In both languages."""
    assert all(label.zh and label.en for label in STATES.values())
    assert {c.name for c in READING_FLAWS.columns} >= {"code", "at_from", "at_to", "count"}


def test_leads_of_stored_readings(lake: Lake) -> None:
    """The third day is the first one again: a lead of that meter, of the other none; nothing is stored by asking."""
    chance = random.Random(4)
    values = [round(chance.uniform(10, 90), 3) for _ in range(3 * 96)]
    honest = [round(chance.uniform(10, 90), 3) for _ in range(3 * 96)]
    values[192:] = values[:96]
    put(lake, quarters(3, values) + quarters(4, honest))
    packs = PackSet(builtin_packs())
    limits = lead_rules(packs, FIRST, date(2026, 11, 22))
    asked = [m for m in METERS.spells if m.number in (3, 4)]
    after = NOW + timedelta(days=1)
    found = leads_between(lake, asked, FIRST, FIRST + timedelta(days=3), limits, [], after)
    assert [(x.meter, x.kind, x.statistic) for x in found] == [(3, "copy", Decimal(100)), (3, "repeat", Decimal(96))]
    assert leads_between(lake, asked, FIRST, FIRST + timedelta(days=2), limits, [], after) == []
    assert lake.commits(READING_FLAWS.name, after) == ()


def test_filled_hours_of_stored_readings(lake: Lake) -> None:
    """Two hours are missing between 40 and 70 kWh an hour: 50 and 60, beside the readings, which stay as they are."""
    values = [10.0] * 40 + [None] * 8 + [17.5] * 48
    put(lake, quarters(3, values))
    after = NOW + timedelta(days=1)
    ways = FillRules((("linear", 3),), 28, 7, 3)
    found = filled_between(lake, METERS, 3, FIRST, FIRST + timedelta(days=1), ways, official(), after)
    assert found.filled.tolist()[10:12] == [50_000_000, 60_000_000]
    assert found.quantity.tolist()[9:13] == [40_000_000, NO_VALUE, NO_VALUE, 70_000_000]
    assert (len(found.hour), found.counts()) == (24, {"linear": 2})
    assert sum(r["value"] is None for r in lake.read(READINGS, after).to_pylist()) == 8


def test_hours_that_are_not_over_are_no_holes(lake: Lake) -> None:
    """At half past nine nine hours were due; a hole across midnight is one, whichever day is asked for."""
    last = date(2026, 2, 28)
    put(lake, [(3, START + 57 * DAY + (n + 1) * QUARTER, 10.0) for n in range(96 + 60)])
    ways = FillRules((("week_mean", 12),), 28, 7, 1)
    known = NOW + timedelta(minutes=90)

    def asked(day: date) -> Any:
        return filled_between(lake, METERS, 3, day, day + timedelta(days=1), ways, official(), known)

    assert (len(asked(last).hour), len(asked(last + timedelta(days=1)).hour)) == (24, 9)
    # from 15:00 to 9:00 are eighteen hours, of which twelve may be filled at most
    assert asked(last).counts() == asked(last + timedelta(days=1)).counts() == {}
    longer = FillRules((("week_mean", 18),), 28, 7, 1)
    found = filled_between(lake, METERS, 3, last, last + timedelta(days=1), longer, official(), known)
    assert (found.counts(), set(found.filled[15:].tolist())) == ({"week_mean": 9}, {40_000_000})


def _seen(lake: Lake, days: set[date]) -> tuple[list[Any], list[Any]]:
    """Flaws that do not count readings one by one, and the quality, of some days; without the numbers of looks."""
    now = lake.clock()
    flaws = [
        (r["meter"], r["day"], r["code"], r["at_from"], r["at_to"], r["count"])
        for r in flaw_rows(lake, now, days).to_pylist()
        if r["code"] in ("again", "corrected", "gap", "reset", "rollover", "clock_jump")
    ]
    return flaws, quality_rows(lake, now, days).drop_columns(["look"]).to_pylist()


@settings(deadline=None, max_examples=10)
@given(st.integers(0, 10**6))
def test_after_compaction_a_look_sees_what_it_saw(seed: int) -> None:
    """Readings sent again and again, corrected and corrected back: the same repeats, counts, lateness and scores."""
    rng = random.Random(seed)
    with TemporaryDirectory() as folder:
        lake = a_lake(Path(folder))
        touched: set[tuple[int, date]] = set()
        for _ in range(rng.randint(2, 5)):
            rows = [
                (rng.choice((1, 5)), START + rng.randrange(1, 12) * HOUR, rng.choice((1.0, 2.0, None)))
                for _ in range(rng.randint(1, 30))
            ]
            touched |= put(lake, dict.fromkeys(rows), START + rng.randrange(12, 30) * HOUR)
        days = {d for _, d in touched}
        look(lake, METERS, rules, touched, lake.clock(), calendar=official())
        before = _seen(lake, days)
        compact(lake, files=2)
        look(lake, METERS, rules, touched, lake.clock(), calendar=official())
        assert _seen(lake, days) == before
        put(lake, [(1, START + HOUR, 1.0)], START + 31 * HOUR)
        put(lake, [(1, START + HOUR, 1.0)], START + 32 * HOUR)
        look(lake, METERS, rules, touched, lake.clock(), calendar=official())
        before = _seen(lake, days)
        compact(lake, files=2)
        look(lake, METERS, rules, touched, lake.clock(), calendar=official())
        assert _seen(lake, days) == before
        lake.engine.dispose()


def test_what_is_to_come_of_a_day_is_no_gap_and_is_one_once_the_day_is_over(tmp_path: Path) -> None:
    """At noon, with nothing since ten, two hours are missing and not fourteen; after midnight fourteen are."""
    noon = datetime(2026, 1, 1, 4, 0, 30, tzinfo=UTC)
    lake = a_lake(tmp_path, noon)
    touched = put(lake, [(1, START + n * QUARTER, 1.0) for n in range(1, 41)])
    look(lake, METERS, rules, touched, lake.clock(), calendar=official())

    def missing() -> list[tuple[int, datetime]]:
        rows = flaw_rows(lake, datetime(2027, 1, 1, tzinfo=UTC), [FIRST]).to_pylist()
        return [(r["count"], r["at_to"]) for r in rows if r["code"] == "gap"]

    assert missing() == [(8, datetime(2026, 1, 1, 4, tzinfo=UTC))]
    assert unfinished(lake, datetime(2026, 1, 2, tzinfo=UTC), [FIRST]) == {(1, FIRST)}
    after = datetime(2026, 1, 2, tzinfo=UTC)
    look(lake, METERS, rules, {(1, FIRST)}, after, calendar=official())
    assert missing() == [(56, datetime(2026, 1, 1, 16, tzinfo=UTC))]
    assert unfinished(lake, after, [FIRST]) == frozenset()
