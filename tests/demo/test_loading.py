"""Loading the demo: places are found, registering again adds nothing, the pack stands, and the steps are in order."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from shuangkong.accounting.api import INDICATORS, Origin, import_sheet
from shuangkong.app.demo.catalogue import catalogue
from shuangkong.app.demo.city import City, make_city, region, unit_subject
from shuangkong.app.demo.city_files import city_files
from shuangkong.app.demo.load import (
    carried_tables,
    city_source,
    plan_of_work,
    record_carried,
    register_city,
    register_places,
    resolver,
)
from shuangkong.engine.api import Workspace
from shuangkong.kernel.scope import Scope
from shuangkong.policy.api import PackSet, builtin_packs
from shuangkong.registry.api import directory, subtree

FIRST = datetime(2026, 11, 20, 8, tzinfo=UTC)
LATER = datetime(2026, 11, 20, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
def city() -> City:
    """The city of the demo."""
    return make_city()


def _counts(connection: sa.Connection) -> dict[str, int]:
    tables = sa.inspect(connection).get_table_names()
    return {t: connection.execute(sa.select(sa.func.count()).select_from(sa.table(t))).scalar_one() for t in tables}


def test_a_second_time_adds_nothing(tmp_path: Path, city: City) -> None:
    """Places, sources and the city can be registered again at a later instant, and no row is new."""
    workspace = Workspace.create(tmp_path / "ws", demo=True)
    with workspace.engine.begin() as connection:
        register_places(connection, FIRST)
        record_carried(connection, catalogue(), FIRST)
        register_city(connection, city, FIRST)
        before = _counts(connection)
        register_places(connection, LATER)
        record_carried(connection, catalogue(), LATER)
        register_city(connection, city, LATER)
        assert _counts(connection) == before


def test_every_carried_row_finds_its_place(tmp_path: Path, city: City) -> None:
    """Each code of the carried data is a region on the last day of its period, and the city's codes are too."""
    workspace = Workspace.create(tmp_path / "ws", demo=True)
    with workspace.engine.begin() as connection:
        register_places(connection, FIRST)
        source = record_carried(connection, catalogue(), FIRST)
        register_city(connection, city, FIRST)
        resolve = resolver(directory(connection, Scope.all("test"), FIRST))
        reported, entries = carried_tables(catalogue(), resolve, source, FIRST)
        assert (reported.num_rows, entries.num_rows) == (2302, 5796)
        assert resolve("990103", date(2024, 12, 31)) == region("990103")
        moved = next(u for u in city.units if u.moved_on)
        before = subtree(connection, Scope.all("test"), region("990101"), date(2024, 6, 30), FIRST)
        after = subtree(connection, Scope.all("test"), region("990103"), date(2024, 7, 31), FIRST)
        assert unit_subject(moved) in before
        assert unit_subject(moved) in after


def test_every_invented_file_is_marked_in_its_source(city: City) -> None:
    """A figure of the city leads to a source that says synthetic."""
    sources = [city_source(f) for f in city_files(city)]
    assert len(sources) == 13
    assert all(s.synthetic and len(s.sha256) == 64 for s in sources)


def test_the_steps_are_in_order() -> None:
    """Each step comes after those that it needs, and has a name in both languages."""
    seen: set[str] = set()
    for step in plan_of_work():
        assert set(step.after) <= seen
        assert step.label.zh
        assert step.label.en
        seen.add(step.id)
    assert seen == {
        "regions", "carried_sources", "carried", "city", "people", "city_files", "documents", "projects", "meters",
        "run", "cases", "scenario",
    }  # fmt: skip


def test_the_pack_is_synthetic_from_head_to_foot() -> None:
    """The demo city's pack, its clauses and its products all say that they are invented."""
    pack = PackSet(builtin_packs()).pack("demo-shifanshi")
    assert pack.instrument.synthetic
    assert "合成" in pack.instrument.title.zh
    assert all("合成" in c.title.zh for c in pack.clauses)
    assert all("合成" in p.label.zh for p in pack.products)
    assert {t.confidence for t in pack.targets} == {"synthetic"}
    assert pack.instrument.carries_out == ("guofa-2021-33",)


def test_the_pack_asks_for_indicators_that_are_computed() -> None:
    """Every indicator, method and product that the pack names is there."""
    packs = PackSet(builtin_packs())
    pack = packs.pack("demo-shifanshi")
    assert {t.indicator for t in pack.targets} <= set(INDICATORS)
    editions = {f"{p.id}-{p.edition}" for p in packs.packs}
    assert {t.accounting.edition for t in pack.targets if t.accounting} <= editions
    assert {t.accounting.guide for t in pack.targets if t.accounting and t.accounting.guide} <= {
        p.id for p in packs.packs
    }


def test_city_and_counties_have_their_targets(city: City) -> None:
    """The city and each county have a fall of energy per GDP to reach, with the county's own figure."""
    pack = PackSet(builtin_packs()).pack("demo-shifanshi")
    falls = {
        t.subject.regions[0]: str(t.value)
        for t in pack.targets
        if t.indicator == "energy_per_gdp" and t.level == "base"
    }
    assert falls == {"990100": "14", "990101": "13", "990102": "14", "990103": "12", "990104": "16"}
    assert set(falls) == {city.design.city.code, *(c.code for c in city.design.counties)}


def test_coal_and_carbon_have_their_totals(city: City) -> None:
    """City and counties have totals of coal and CO2 for 2025, and the counties together no more than the city."""
    packs = PackSet(builtin_packs())
    places = {city.design.city.code, *(c.code for c in city.design.counties)}
    for name, indicator in (("demo-shifanshi", "coal_total"), ("demo-shifanshi-carbon", "co2_total")):
        pack = packs.pack(name)
        assert pack.instrument.synthetic
        assert "合成" in pack.instrument.title.zh
        totals = {t.subject.regions[0]: t.value for t in pack.targets if t.indicator == indicator and t.year == 2025}
        assert set(totals) == places
        assert sum(v for c, v in totals.items() if c != city.design.city.code) <= totals[city.design.city.code]
    falls = {t.subject.regions[0] for t in packs.pack("demo-shifanshi").targets if t.indicator == "co2_per_gdp"}
    assert falls == places


@pytest.mark.slow
def test_the_import_takes_every_file(tmp_path: Path, city: City) -> None:
    """Each file goes in by its own heads without a refused row; the correction finds the row that it puts right."""
    workspace = Workspace.create(tmp_path / "ws", demo=True)
    packs = PackSet(builtin_packs())
    with workspace.engine.begin() as connection:
        register_places(connection, FIRST)
        register_city(connection, city, FIRST)
    found = {}
    for file in city_files(city):
        origin = Origin(
            file.name, file.publisher, file.document, file.licence, file.handed_in, "synthetic", synthetic=True,
            reason=file.reason,
        )  # fmt: skip
        report = import_sheet(workspace, packs, file.book, file.content, origin, scope=Scope.all("test"))
        assert (report.refusals, report.flaws, report.rows) == ((), (), file.rows), file.name
        found[file.name] = (report.fresh, report.corrected)
    assert found.pop("synthetic_energy_correction.csv") == (0, 1)
    assert sum(fresh for fresh, _ in found.values()) == len(city.entries)
    assert {corrected for _, corrected in found.values()} == {0}
