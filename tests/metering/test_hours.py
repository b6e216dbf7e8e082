"""The definition of hours in expressions, against the arrays: the same digits, whatever the readings are like."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readings_made import START
from rolled_plainly import METERS, Row, columns, readings
from shuangkong.engine.api import DuckDB, PostgreSQL, compile_sql
from shuangkong.metering import hours as definition
from shuangkong.metering.blocks import Block, TooLarge
from shuangkong.metering.known_beforehand import Beforehand, beforehand
from shuangkong.metering.meters import Meter
from shuangkong.metering.model import NO_VALUE
from shuangkong.metering.rollup_tables import METER_SPELLS, STATED_READINGS
from shuangkong.metering.spells import CHINA, DAY, HOUR, MINUTE, Spells
from shuangkong.metering.storing import exact_column
from shuangkong.metering.tables import READINGS
from shuangkong.metering.tiles import hours, newest

SPELLS = Spells(METERS)


def as_stored(rows: list[Row]) -> pa.Table:
    """Readings as the lake has them, in the order of taking."""
    given = columns(rows)
    moment = pa.array(given.at).cast(pa.timestamp("us", tz="UTC"))
    return pa.table({
        "meter": given.meter, "at": moment, "value": exact_column(given.value),
        "mark": np.zeros(len(rows), dtype=np.int64), "received_at": moment, "place": given.place, "row": given.row,
    })  # fmt: skip


@pytest.fixture(scope="module", name="engine")
def an_engine() -> Iterator[DuckDB]:
    """DuckDB with the spells of the meters."""
    with DuckDB(threads=1) as engine:
        engine.bind(METER_SPELLS.name, definition.spell_rows(SPELLS))
        engine.bind(STATED_READINGS.name, definition.stated_rows(SPELLS))
        yield engine


@pytest.fixture(scope="module", name="sql")
def the_definition() -> str:
    """The whole way from readings to hours, as SQL."""
    spells, stated = METER_SPELLS.ibis(), STATED_READINGS.ibis()
    said = definition.stretches(definition.newest(READINGS.ibis()), spells, stated)
    return compile_sql(definition.hours(definition.laid(said), spells))


def told(table: pa.Table) -> dict[tuple[int, int], tuple[int, int, int]]:
    """Meter and hour to quantity in millionths, measured, spread."""
    return {
        (r["meter"], r["hour"] * HOUR): (
            NO_VALUE if r["quantity"] is None else int(r["quantity"].scaleb(6)), r["measured"], r["spread"],
        )
        for r in table.to_pylist()
    }  # fmt: skip


def by_arrays(rows: list[Row]) -> dict[tuple[int, int], tuple[int, int, int]]:
    """The same of `metering.tiles`."""
    found, _ = hours(newest(columns(rows)), SPELLS)
    each: Any = zip(found.meter, found.hour, found.quantity, found.measured, found.spread, strict=True)
    return {(int(m), int(h)): (int(q), int(a), int(b)) for m, h, q, a, b in each}


@given(readings)
@settings(max_examples=120, deadline=None)
def test_expressions_and_arrays_say_the_same(engine: DuckDB, sql: str, rows: list[Row]) -> None:
    """Every kind of meter, corrections, changes and rollovers, to the last digit."""
    engine.bind(READINGS.name, as_stored(rows))
    assert told(engine.run(sql)) == by_arrays(rows)


PLAIN = Spells([
    Meter(1, "u1", "u", "E01", "electricity", "kWh", "interval", date(2020, 1, 1), factor=Decimal("1.5")),
    Meter(2, "u1", "u", "E02", "electricity", "kWh", "interval", date(2020, 1, 1), stamp="start"),
    Meter(3, "u2", "u", "G01", "gas", "m3", "rate", date(2020, 1, 1), every=20),
])  # fmt: skip
quarters = st.lists(
    st.tuples(st.integers(1, 3), st.integers(-8, 200), st.integers(-(10**9), 10**12), st.booleans()), max_size=40
)


def from_day(spells: Spells, known: Beforehand, table: pa.Table) -> dict[str, list[dict[str, Any]]]:
    """Hours, days, months and years by the expressions with what is known beforehand."""
    with DuckDB(threads=1) as own:
        own.bind(METER_SPELLS.name, definition.spell_rows(spells))
        own.bind(STATED_READINGS.name, definition.stated_rows(spells))
        own.bind(READINGS.name, table)
        unbound, stated = METER_SPELLS.ibis(), STATED_READINGS.ibis()
        given_ = READINGS.ibis() if known.each_once else definition.newest(READINGS.ibis())
        said = definition.stretches(given_, unbound, stated, known.kinds)
        hours_ = definition.hours(
            definition.laid(said, crossing=known.crossing), unbound, whole=not known.crossing
        )  # fmt: skip
        days = definition.days(hours_)
        levels = {"hours": hours_, "days": days, "months": definition.months(days), "years": definition.years(days)}
        return {n: own.run(compile_sql(e)).sort_by("meter").to_pylist() for n, e in levels.items()}


@given(quarters)
@settings(max_examples=40, deadline=None)
def test_what_is_known_beforehand_saves_work_and_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, given_: list[tuple[int, int, int, bool]]
) -> None:
    """Steps that have nothing to do are left out; days, months and years are the exact sums of hours."""
    rows = [(m, START + q * 15 * MINUTE + 5 * MINUTE * crooked, v) for m, q, v, crooked in given_]
    order = [(n, "ascending") for n in ("meter", "at", "place", "row")]
    table = as_stored(rows).sort_by(order)
    file = tmp_path_factory.mktemp("w") / "a.parquet"
    pq.write_table(table, file, row_group_size=7)
    known = beforehand([file], PLAIN)
    assert known.each_once == (len({(m, a) for m, a, _ in rows}) == len(rows))
    short = from_day_sorted(PLAIN, known, table)
    assert short == from_day_sorted(PLAIN, Beforehand(known.kinds, each_once=False, crossing=True), table)
    for level in ("days", "months", "years"):
        for meter in (1, 2, 3):
            wanted = sum(r["quantity"] for r in short["hours"] if r["meter"] == meter)
            assert sum(r["quantity"] for r in short[level] if r["meter"] == meter) == wanted
    assert short["days"] == by_block(rows)


def from_day_sorted(spells: Spells, known: Beforehand, table: pa.Table) -> dict[str, list[dict[str, Any]]]:
    """The same, each level in order."""
    found = from_day(spells, known, table)
    return {n: sorted(rows, key=lambda r: (r["meter"], str(r.get("day", r.get("hour"))))) for n, rows in found.items()}


def by_block(rows: list[Row]) -> list[dict[str, Any]]:
    """Days of the dense arrays."""
    first = (START + CHINA) // DAY - 2
    block = Block(PLAIN, first * 24 - 8, 8 * 24)
    last = newest(columns(rows))
    for m in (1, 2, 3):
        own = last.meter == m
        block.add(last.meter[own], last.at[own], last.value[own])
    found = block.days()
    return [
        {
            "meter": int(PLAIN.meters[p]), "day": date.fromordinal(date(1970, 1, 1).toordinal() + int(d)),
            "quantity": Decimal(int(q)).scaleb(-6), "measured": int(a), "spread": int(b), "hours": int(n),
        }
        for p, d, q, a, b, n in zip(
            found.place, found.day, found.quantity, found.measured, found.spread, found.hours, strict=True
        )
    ]  # fmt: skip


def test_months_of_units_are_sums_of_meters() -> None:
    """By unit and item; the last hour of December is the old year's."""
    with DuckDB(threads=1) as engine:
        noon = START - 15 * MINUTE
        table = as_stored([(1, START, 2_000_000), (1, START + HOUR, 4_000_000), (2, noon, 7_000_000)])
        engine.bind(
            "meters",
            pa.table({
                "meter": [1, 2, 3], "subject_id": ["u1", "u1", "u2"], "item": ["electricity", "electricity", "gas"],
                "unit": ["kWh", "kWh", "m3"],
            }),
        )  # fmt: skip
        found_ = from_day(PLAIN, Beforehand(("interval", "rate"), each_once=False, crossing=True), table)
        months = pa.Table.from_pylist(found_["months"])
        engine.bind("months", months.set_column(1, "day", months.column("day").cast(pa.date32())))
        kept = ibis.table(
            {"meter": "int64", "day": "date", "quantity": "decimal(38, 6)", "measured": "int64", "spread": "int64",
             "hours": "int64"}, name="months",
        )  # fmt: skip
        meters = ibis.table(
            {"meter": "int64", "subject_id": "string", "item": "string", "unit": "string"}, name="meters"
        )  # fmt: skip
        found = engine.run(compile_sql(definition.unit_months(kept, meters))).sort_by("day").to_pylist()
    assert [(r["subject_id"], r["item"], r["day"], r["quantity"], r["meters"]) for r in found] == [
        ("u1", "electricity", date(2025, 12, 1), Decimal("10.000000"), 2),
        ("u1", "electricity", date(2026, 1, 1), Decimal("6.000000"), 1),
    ]


def test_a_block_refuses_sums_that_64_bits_do_not_hold() -> None:
    """Rather than a wrong number: such readings go the general way."""
    block = Block(PLAIN, START // HOUR, 24)
    most = np.array([999_999_999_999_999_999])
    block.add(np.array([1]), np.array([START + 30 * MINUTE]), most)
    block.add(np.array([1]), np.array([START + 45 * MINUTE]), most)
    block.add(np.array([1]), np.array([START + 20 * MINUTE]), most)
    block.add(np.array([1]), np.array([START + 25 * MINUTE]), most)
    with pytest.raises(TooLarge):
        block.add(np.array([1]), np.array([START + 40 * MINUTE]), most)


@pytest.mark.service
def test_postgresql_says_the_same(engine: DuckDB, postgres_url: str) -> None:
    """Hours, days, months and years of every kind of meter, digit for digit."""
    draw = np.random.default_rng(4)
    some = [NO_VALUE, *draw.integers(-(10**6), 10**9, 60).tolist(), *draw.integers(-(10**17), 10**17, 60).tolist()]
    rows = [
        (int(m), START + int(n) * 5 * MINUTE, int(v))
        for m, n, v in zip(draw.integers(1, 9, 400), draw.integers(-100, 400, 400), draw.choice(some, 400), strict=True)
    ]
    other = PostgreSQL(postgres_url.replace("postgresql+psycopg://", "postgresql://", 1), "hours")
    spells, stated = METER_SPELLS.ibis(), STATED_READINGS.ibis()
    said = definition.stretches(definition.newest(READINGS.ibis()), spells, stated)
    hourly = definition.hours(definition.laid(said), spells)
    daily = definition.days(hourly)
    try:
        other.bind(METER_SPELLS.name, definition.spell_rows(SPELLS))
        other.bind(STATED_READINGS.name, definition.stated_rows(SPELLS))
        for one in (engine, other):
            one.bind(READINGS.name, as_stored(rows))
        found = told(other.run(compile_sql(hourly, "postgres")))
        assert found == by_arrays(rows)
        for level in (daily, definition.months(daily), definition.years(daily)):
            one, two = (level_of(e.run(compile_sql(level, e.dialect))) for e in (engine, other))
            assert one == two
    finally:
        other.close()


def level_of(table: pa.Table) -> list[tuple[Any, ...]]:
    """Rows of a level above hours, in order."""
    return sorted(
        (r["meter"], str(r["day"])[:10], r["quantity"], r["measured"], r["spread"], r["hours"])
        for r in table.to_pylist()
    )
