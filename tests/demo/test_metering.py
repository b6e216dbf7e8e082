"""The meters of the demo city: they count what the returns say, but one of them (合成)."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from shuangkong.app.demo.city import City, make_city
from shuangkong.app.demo.load import register_city, register_places
from shuangkong.app.demo.metering import MeteredCity, batches, metered_city
from shuangkong.app.demo.metering_load import take_readings
from shuangkong.engine.api import Workspace
from shuangkong.kernel.scope import Scope
from shuangkong.metering.register import meters_known
from shuangkong.metering.tables import READINGS, READINGS_ASIDE

FIRST = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture(scope="module")
def city() -> City:
    return make_city()


@pytest.fixture(scope="module")
def made(city: City) -> MeteredCity:
    return metered_city(city)


def test_main_meters_count_the_returns_nearly(city: City, made: MeteredCity) -> None:
    """What goes through each main meter in the month is the unit's return within two per cent; one is eleven above."""
    from shuangkong.metering.simulating.course import Course
    from shuangkong.metering.simulating.province import HOURLY

    start = int(datetime(2025, 11, 30, 16, tzinfo=UTC).timestamp()) * 1_000_000
    course = Course(made.province, start, HOURLY)
    for _ in range(31 * 24):
        course.tick()
    returned = {
        e.subject: e.quantity * 10_000
        for e in city.entries
        if (e.period, e.item, e.role) == ("2025-12", "electricity", "consumption")
    }
    ratios = {}
    for m in made.province.meters:
        if m.parent < 0:
            unit = made.units[m.unit]
            total = Decimal(sum(int(day[m.place]) for day in course.days.values())).scaleb(-6)
            ratios[unit.county, unit.place] = total / returned[unit.uscc]
    odd = ratios.pop(("990102", 2))
    assert Decimal("1.09") < odd < Decimal("1.13")
    assert all(Decimal("0.98") < r < Decimal("1.02") for r in ratios.values())


def test_every_batch_has_a_unit_or_stations_and_its_own_id(made: MeteredCity) -> None:
    """Sources are subjects of the demo's units or the stations; ids are never used twice."""
    ids: Counter[tuple[str, str]] = Counter()
    for b in batches(made):
        assert b.source in {*made.subjects, "hj212"}
        ids[b.source, b.batch] += 1
    assert max(ids.values()) == 1


@pytest.mark.slow
def test_the_month_goes_in_once(tmp_path: Path, city: City, made: MeteredCity) -> None:
    """Meters and stations are registered, readings stored; what is of no meter waits aside; again adds nothing."""
    workspace = Workspace.create(tmp_path / "ws", demo=True)
    with workspace.engine.begin() as connection:
        register_places(connection, FIRST)
        register_city(connection, city, FIRST)
    take_readings(workspace, made, "test")
    known = workspace.clock()
    with workspace.engine.connect() as db:
        meters = meters_known(db, Scope.system("test"), known)
    assert {m.synthetic for m in meters.spells} == {True}
    stored = workspace.lake.read(READINGS, known).num_rows
    assert stored > 70_000
    assert workspace.lake.read(READINGS_ASIDE, known).num_rows > 0
    take_readings(workspace, made, "test")
    assert workspace.lake.read(READINGS, workspace.clock()).num_rows == stored
