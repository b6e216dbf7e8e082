"""Subjects with dated codes and parenthood, on both databases."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date, datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from registry.made_up import MONDAY, TUESDAY, WEDNESDAY, made_up_unit, made_up_uscc
from shuangkong.engine.api import METADATA, connect, writing
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.ids import SubjectId
from shuangkong.kernel.scope import Scope
from shuangkong.registry import store
from shuangkong.registry.api import (
    PlanEntry,
    RegionEntry,
    SourceEntry,
    UnitEntry,
    ancestors,
    correct,
    describe,
    directory,
    ensure_regions,
    merge_regions,
    move,
    plan_reporting,
    record_source,
    region_id,
    regions_on,
    register_regions,
    register_unit,
    register_units,
    resolve,
    scope_subjects,
    snapshot,
    source_row,
    split_region,
    subjects_seen,
    subtree,
    units_of,
)

EVERYTHING = Scope.all("test")
DAY = date(2024, 12, 31)


def region(db: sa.Connection, code: str, day: date = DAY) -> SubjectId:
    return resolve(db, EVERYTHING, "gbt2260", code, day, WEDNESDAY)


def under(table: pa.Table, ancestor: str, day: date) -> set[str]:
    """Who lies under the ancestor on the day, by the closure of a snapshot."""
    held = pc.and_(
        pc.and_(pc.equal(table["ancestor_id"], ancestor), pc.less_equal(table["valid_from"], pa.scalar(day))),
        pc.greater(table["valid_to"], pa.scalar(day)),
    )
    return set(table.filter(held)["subject_id"].to_pylist())


def test_a_place_keeps_its_id_when_its_code_changes(db: sa.Connection) -> None:
    """Haidong was 632100 until 2013 and is 630200; Qijiang's code was another district's before."""
    assert region(db, "632100", date(2010, 12, 31)) == region(db, "630200")
    assert region(db, "500110", date(2010, 12, 31)) != region(db, "500110") == region(db, "500222", date(2010, 12, 31))


def test_regions_are_registered_once(db: sa.Connection) -> None:
    """Doing it again, later, adds nothing; with all codes the list is whole."""
    assert ensure_regions(db, TUESDAY, ["630200"]) == 0
    assert ensure_regions(db, TUESDAY) > 15_000
    assert ensure_regions(db, WEDNESDAY) == 0


def test_the_path_of_a_directly_administered_county_has_no_level_between(db: sa.Connection) -> None:
    """Xiantao lies in Hubei, Chaoyang in Beijing."""
    assert ancestors(db, EVERYTHING, region(db, "429004"), DAY, WEDNESDAY) == tuple(
        region_id(c) for c in ("000000", "420000", "429004")
    )
    assert ancestors(db, EVERYTHING, region(db, "110105"), DAY, WEDNESDAY) == tuple(
        region_id(c) for c in ("000000", "110000", "110105")
    )


def test_parenthood_of_the_list_is_that_of_its_lists_on_each_day(db: sa.Connection) -> None:
    """Every place listed on a day lies under the parent of that day, by the closure."""
    ensure_regions(db, MONDAY)
    table = snapshot(db, EVERYTHING, MONDAY)["subject_closure"]
    for day in (date(2005, 12, 31), date(2015, 12, 31), date(2023, 12, 31)):
        listed = {r.code: r for r in regions_on(day)}
        for province in [r for r in listed.values() if r.level == "province"]:
            below = {
                region_id(r.subject)
                for r in listed.values()
                if province.code in (r.code, r.parent) or listed.get(r.parent, r).parent == province.code
            }
            assert below <= under(table, region_id(province.subject), day)


def test_a_unit_is_found_by_any_of_its_names(db: sa.Connection) -> None:
    """USCC in any width, and its Chinese name."""
    unit = register_unit(db, made_up_unit(1), TUESDAY, principal="test")
    wide = "".join(chr(ord(c) + 0xFEE0) for c in made_up_uscc(1))
    assert resolve(db, EVERYTHING, "uscc", wide, DAY, WEDNESDAY) == unit
    assert resolve(db, EVERYTHING, "name_zh", "合成单位1", DAY, WEDNESDAY) == unit
    assert directory(db, EVERYTHING, WEDNESDAY).resolve("name_zh", " 合成 单位1", DAY) == unit


def test_registering_again_adds_nothing(db: sa.Connection) -> None:
    """An interrupted import that starts anew, later, neither fails nor doubles."""
    first = register_units(db, [made_up_unit(n) for n in range(5)], TUESDAY, principal="test")
    again = register_units(db, [made_up_unit(n) for n in range(7)], WEDNESDAY, principal="test")
    assert again[:5] == first
    assert len(db.execute(sa.select(store.alias).where(store.alias.c.scheme == "uscc")).all()) == 7


def test_a_zone_lies_in_one_region_and_answers_to_another(db: sa.Connection) -> None:
    """A development zone counts where it lies, or for who is in charge, never twice in one hierarchy."""
    entry = RegionEntry("ZONE-1", "合成开发区", "130202", date(2024, 1, 1), jurisdiction="130203", synthetic=True)
    zone = register_regions(db, [entry], TUESDAY, principal="test")[0]
    unit = register_unit(db, made_up_unit(1, lies_in=zone), TUESDAY, principal="test")
    place, charge = region(db, "130202"), region(db, "130203")
    by_place = snapshot(db, EVERYTHING, WEDNESDAY)["subject_closure"]
    by_charge = snapshot(db, EVERYTHING, WEDNESDAY, hierarchy="jurisdiction")["subject_closure"]
    assert {zone, unit} <= under(by_place, place, DAY)
    assert not {zone, unit} & under(by_place, charge, DAY)
    assert {zone, unit} <= under(by_charge, charge, DAY)
    assert not {zone, unit} & under(by_charge, place, DAY)
    for table in (by_place, by_charge):
        assert {zone, unit} <= under(table, region(db, "130200"), DAY)
    assert subtree(db, EVERYTHING, charge, DAY, WEDNESDAY, hierarchy="jurisdiction") >= {zone, unit}
    assert directory(db, EVERYTHING, WEDNESDAY).region("合成开发区", DAY) == zone


def test_a_merged_county_is_whole_before_and_part_of_the_other_after(db: sa.Connection) -> None:
    """Its unit follows, its code ends, and what was known before the act is as it was."""
    unit = register_unit(db, made_up_unit(1, lies_in="130202"), MONDAY, principal="test")
    gone, into, city = region(db, "130202"), region(db, "130203"), region(db, "130200")
    merge_regions(db, [gone], into, date(2025, 7, 1), TUESDAY, principal="test")
    before, after = date(2025, 6, 30), date(2025, 7, 1)
    table = snapshot(db, EVERYTHING, TUESDAY)["subject_closure"]
    assert under(table, gone, before) == {gone, unit}
    assert under(table, into, before) == {into}
    assert under(table, gone, after) == {gone}
    assert under(table, into, after) == {into, unit}
    assert under(table, city, after) == {city, into, unit}
    assert resolve(db, EVERYTHING, "gbt2260", "130202", before, TUESDAY) == gone
    with pytest.raises(UserError) as error:
        resolve(db, EVERYTHING, "gbt2260", "130202", after, TUESDAY)
    assert str(error.value) == (
        "REG-002 gbt2260 '130202' is not valid on 2025-07-01: it is registered for 2000-12-31 – 2025-07-01. "
        "Check the day or the code."
    )
    assert resolve(db, EVERYTHING, "gbt2260", "130202", after, MONDAY) == gone


def test_a_split_region_gives_its_members_away(db: sa.Connection) -> None:
    """From the day on, each part holds the units named, and the rest stays."""
    one, two = register_units(db, [made_up_unit(n, lies_in="130202") for n in (1, 2)], MONDAY, principal="test")
    part = register_regions(
        db, [RegionEntry("P", "合成区", "130200", date(2025, 1, 1), level="county")], MONDAY, principal="test"
    )[0]
    split_region(db, region(db, "130202"), [(part, [one])], date(2025, 1, 1), TUESDAY, remains=True, principal="test")
    table = snapshot(db, EVERYTHING, TUESDAY)["subject_closure"]
    assert under(table, part, date(2025, 1, 1)) == {part, one}
    assert under(table, region(db, "130202"), date(2025, 1, 1)) == {region(db, "130202"), two}
    assert under(table, region(db, "130202"), DAY) == {region(db, "130202"), one, two}


def test_subjects_show_the_values_of_the_day(db: sa.Connection) -> None:
    """A unit's row has its industry, class and region; a renamed region has the name of the day."""
    unit = register_unit(db, made_up_unit(1, attributes=(("reporting", "monthly"),)), TUESDAY, principal="test")
    rows = {
        r["subject_id"]: r for r in snapshot(db, EVERYTHING, WEDNESDAY, day=date(2010, 12, 31))["subjects"].to_pylist()
    }
    haidong = rows[region(db, "630200")]
    assert (haidong["code"], haidong["name_zh"], haidong["level"]) == ("632100", "海东地区", "prefecture")
    assert rows[unit] == {
        "subject_id": unit, "kind": "unit", "level": None, "code": made_up_uscc(1), "name_zh": "合成单位1",
        "name_en": None, "industry_code": "3011", "industry_edition": "2017", "unit_class": "key_unit",
        "region_id": region(db, "130102"), "region_code": "130102", "synthetic": True,
    }  # fmt: skip


def test_the_plan_says_who_must_report(db: sa.Connection) -> None:
    """It is dated like everything else, and recorded once."""
    unit = register_unit(db, made_up_unit(1), MONDAY, principal="test")
    plan = [PlanEntry(unit, "energy", "month", date(2024, 1, 1)), PlanEntry(unit, "energy", "year", date(2024, 1, 1))]
    assert (
        plan_reporting(db, plan, TUESDAY, principal="test"),
        plan_reporting(db, plan, WEDNESDAY, principal="test"),
    ) == (2, 0)
    assert snapshot(db, EVERYTHING, MONDAY)["reporting_plan"].num_rows == 0
    assert snapshot(db, EVERYTHING, TUESDAY)["reporting_plan"]["period_kind"].to_pylist() == ["month", "year"]


def test_a_source_is_its_file_and_sheet(db: sa.Connection) -> None:
    """The same bytes and sheet are one source, however often they are read."""
    entry = SourceEntry("能源.xlsx", "0" * 64, sheet="表1", synthetic=True)
    source = record_source(db, entry, MONDAY, principal="test")
    assert record_source(db, entry, TUESDAY, principal="test") == source
    row = source_row(db, EVERYTHING, source)
    assert row is not None
    assert (row["file_name"], row["sheet"], row["synthetic"], row["recorded_at"]) == ("能源.xlsx", "表1", True, MONDAY)


def test_a_scope_holds_its_own_and_never_a_neighbours(db: sa.Connection) -> None:
    """By kind of scope: everything, nothing, a region's subtree of the day, one unit."""
    mine, other = register_units(
        db, [made_up_unit(1, lies_in="130202"), made_up_unit(2, lies_in="130203")], MONDAY, principal="test"
    )
    site = register_unit(
        db,
        UnitEntry("合成厂区", mine, date(2024, 1, 1), local_code="site-1", kind="site", synthetic=True),
        MONDAY,
        principal="test",
    )

    def seen(scope: Scope, known: datetime = TUESDAY) -> set[str]:
        table = scope_subjects(db, scope, known)
        assert table is not None
        return set(table["subject_id"].to_pylist())

    county = region(db, "130202")
    assert scope_subjects(db, Scope.all("admin"), TUESDAY) is None
    assert scope_subjects(db, Scope.system("test"), TUESDAY) is None
    assert seen(Scope.none("nobody")) == set()
    assert seen(Scope.unit("u", mine)) == {mine, site}
    assert seen(Scope.region("county", county, DAY)) == {county, mine, site}
    move(db, mine, region(db, "130203"), date(2025, 1, 1), TUESDAY, principal="test")
    assert seen(Scope.region("county", county, date(2025, 1, 1))) == {county}
    assert seen(Scope.region("county", county, DAY)) == {county, mine, site}
    assert seen(Scope.region("county", county, date(2025, 1, 1)), MONDAY) == {county, mine, site}
    assert other not in seen(Scope.region("county", county, DAY))


def test_units_are_found_by_their_codes_as_far_as_in_scope(db: sa.Connection) -> None:
    """A code that nobody has, a neighbour's unit, and one registered later are not there; nor is a site."""
    mine, other = register_units(
        db, [made_up_unit(1, lies_in="130202"), made_up_unit(2, lies_in="130203")], MONDAY, principal="test"
    )
    register_unit(
        db, UnitEntry("合成厂区", mine, date(2024, 1, 1), uscc=made_up_uscc(3), kind="site", synthetic=True), MONDAY,
        principal="test",
    )  # fmt: skip
    codes = [made_up_uscc(n) for n in range(1, 5)]
    assert units_of(db, EVERYTHING, codes, MONDAY) == {codes[0]: mine, codes[1]: other}
    county = Scope.region("county", region(db, "130202"), DAY)
    assert units_of(db, county, codes, MONDAY) == {codes[0]: mine}
    assert units_of(db, EVERYTHING, codes, MONDAY - timedelta(days=1)) == {}
    assert units_of(db, EVERYTHING, [], MONDAY) == {}


def test_a_reader_sees_the_cards_of_the_own_scope_only(db: sa.Connection) -> None:
    """A neighbour's unit, and one that does not exist, are answered alike."""
    mine, other = register_units(
        db, [made_up_unit(1, lies_in="130202"), made_up_unit(2, lies_in="130203")], MONDAY, principal="test"
    )
    scope = Scope.region("county", region(db, "130202"), DAY)
    card = describe(db, mine, scope, MONDAY)
    assert (card.kind, card.synthetic) == ("unit", True)
    assert [(f.name, f.value) for f in card.aliases] == [("name_zh", "合成单位1"), ("uscc", made_up_uscc(1))]
    assert [(f.name, f.value) for f in card.parents] == [("lies_in", region(db, "130202"))]
    assert ("industry_code", "3011") in [(f.name, f.value) for f in card.attributes]
    for hidden in (other, SubjectId("s_none")):
        with pytest.raises(UserError) as error:
            describe(db, hidden, scope, MONDAY)
        assert str(error.value) == "SCOPE-001 this subject is not yours to see. Ask who grants your rights."
    assert subjects_seen(db, scope, MONDAY, kind="unit")["subject_id"].to_pylist() == [mine]
    assert set(subjects_seen(db, Scope.all("a"), MONDAY, kind="unit")["subject_id"].to_pylist()) == {mine, other}


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (
            lambda db: resolve(db, EVERYTHING, "uscc", made_up_uscc(9), DAY, WEDNESDAY),
            f"REG-001 nothing is registered with uscc '{made_up_uscc(9)}'. Correct it, or register it first.",
        ),
        (
            lambda db: resolve(db, EVERYTHING, "uscc", made_up_uscc(1), date(2023, 12, 31), WEDNESDAY),
            f"REG-002 uscc '{made_up_uscc(1)}' is not valid on 2023-12-31: it is registered for 2024-01-01 – 今. "
            "Check the day or the code.",
        ),
        (
            lambda db: register_unit(db, made_up_unit(3, uscc="", where="u.csv row 4"), TUESDAY, principal="test"),
            "REG-001 u.csv row 4: '合成单位3' has neither a USCC (统一社会信用代码) nor a code of its own. "
            "Give one of them.",
        ),
        (
            lambda db: register_unit(
                db, made_up_unit(3, industry_code="9999", where="u.csv row 4"), TUESDAY, principal="test"
            ),
            "REG-001 u.csv row 4: industry '9999' is not in GB/T 4754-2017. Use a letter, or 2 to 4 digits.",
        ),
        (
            lambda db: register_unit(
                db, made_up_unit(3, lies_in="632100", where="u.csv row 4"), TUESDAY, principal="test"
            ),
            "REG-002 u.csv row 4: '632100' is not valid on 2024-01-01: the lists have 632100 海东地区 "
            "(2000-12-31 – 2013-12-31). On that day the place was 630200 海东市.",
        ),
        (
            lambda db: register_unit(
                db, made_up_unit(1, name_zh="合成单位一", where="u.csv row 4"), TUESDAY, principal="test"
            ),
            "REG-004 u.csv row 4: s_{unit} name_zh: '合成单位一' from 2024-01-01 contradicts '合成单位1', which "
            "stands from 2024-01-01. Correct the standing row, or give days that do not overlap.",
        ),
    ],
)
def test_a_registration_that_cannot_be_says_why(
    db: sa.Connection, act: Callable[[sa.Connection], object], message: str
) -> None:
    """The whole message, with the file and row it came from."""
    unit = register_unit(db, made_up_unit(1), MONDAY, principal="test")
    with pytest.raises(UserError) as error:
        act(db)
    assert str(error.value) == message.replace("s_{unit}", unit)


def test_one_name_of_two_units_is_ambiguous_unless_told_where(db: sa.Connection) -> None:
    """REG-003 names both; within one county there is only one."""
    units = [made_up_unit(1, name_zh="合成水泥厂"), made_up_unit(2, name_zh="合成水泥厂", lies_in="130202")]
    one, two = register_units(db, units, MONDAY, principal="test")
    names = directory(db, EVERYTHING, MONDAY)
    with pytest.raises(UserError) as error:
        names.resolve("name_zh", "合成水泥厂", DAY)
    assert str(error.value) == (
        f"REG-003 name_zh '合成水泥厂' names 2 subjects: {', '.join(sorted([one, two]))}. "
        "Use a code (USCC, GB/T 2260), or say within which region."
    )
    county = subtree(db, EVERYTHING, region(db, "130202"), DAY, MONDAY)
    assert names.resolve("name_zh", "合成水泥厂", DAY, within=county) == two


def test_a_row_is_put_right_once(db: sa.Connection) -> None:
    """The second correction is of the newer row, and a withdrawn row is gone."""
    unit = register_unit(db, made_up_unit(1), MONDAY, principal="test")
    row = db.execute(
        sa.select(store.alias.c.row_id).where(store.alias.c.subject_id == unit, store.alias.c.scheme == "name_zh")
    ).scalar_one()
    newer = correct(db, "alias", row, TUESDAY, value="合成单位甲", principal="test")
    with pytest.raises(UserError) as error:
        correct(db, "alias", row, WEDNESDAY, value="合成单位乙", principal="test")
    assert str(error.value) == f"REG-004 row {row} was put right before. Correct row {newer}."
    correct(db, "alias", newer, WEDNESDAY, valid_to=date(2024, 1, 1), principal="test")
    names = [
        {r["subject_id"]: r for r in snapshot(db, EVERYTHING, known)["subjects"].to_pylist()}[unit]["name_zh"]
        for known in (MONDAY, TUESDAY, WEDNESDAY)
    ]
    assert names == ["合成单位1", "合成单位甲", None]


acts = st.lists(
    st.one_of(
        st.tuples(st.just("unit"), st.integers(0, 4), st.sampled_from(["130202", "130203", "130102"])),
        st.tuples(st.just("move"), st.integers(0, 4), st.sampled_from(["130202", "130203", "130102"])),
        st.tuples(st.just("name"), st.integers(0, 4), st.just("")),
        st.tuples(st.just("merge"), st.just(0), st.just("")),
    ),
    max_size=6,
)


def perform(db: sa.Connection, act: tuple[str, int, str], at: datetime) -> None:
    """One change of the registry, or none where it does not apply."""
    kind, number, code = act
    unit = made_up_unit(number, lies_in=code or "130102")
    subjects = {r["subject_id"] for r in snapshot(db, EVERYTHING, at)["subjects"].to_pylist() if r["kind"] == "unit"}
    found = next((s for s in subjects if _uscc(db, s) == unit.uscc), None)
    if kind == "unit" and found is None:
        register_unit(db, unit, at, principal="test")
    elif kind == "move" and found:
        move(db, SubjectId(found), region(db, code), date(2025, 1, 1 + number), at, principal="test")
    elif kind == "name" and found:
        row = db.execute(
            sa.select(store.alias.c.row_id).where(
                store.alias.c.subject_id == found, store.alias.c.scheme == "name_zh", store.standing(store.alias, at)
            )
        ).scalar_one()
        correct(db, "alias", row, at, value=f"改名{at.isoformat()}", principal="test")
    elif kind == "merge":
        merge_regions(db, [region_id("130202")], region_id("130203"), date(2025, 3, 1), at, principal="test")


def _uscc(db: sa.Connection, subject: str) -> str:
    query = sa.select(store.alias.c.value).where(store.alias.c.subject_id == subject, store.alias.c.scheme == "uscc")
    return str(db.execute(query).scalar())


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(acts)
def test_rows_recorded_later_never_change_an_answer_as_known_earlier(sequence: list[tuple[str, int, str]]) -> None:
    """After each act, every earlier snapshot and scope is still what it was."""
    engine = connect("sqlite://")
    METADATA.create_all(engine)
    scope = Scope.region("county", region_id("130202"), date(2025, 6, 30))
    with writing(engine) as db:
        ensure_regions(db, MONDAY, ["130102", "130202", "130203"])
        seen: list[tuple[datetime, dict[str, pa.Table], pa.Table | None]] = []
        for step, act in enumerate(sequence):
            at = TUESDAY + timedelta(minutes=step)
            perform(db, act, at)
            seen.append((at, snapshot(db, EVERYTHING, at), scope_subjects(db, scope, at)))
            for known, tables, subjects in seen:
                assert snapshot(db, EVERYTHING, known) == tables
                assert scope_subjects(db, scope, known) == subjects
    engine.dispose()


@pytest.mark.slow
def test_a_city_of_2000_units_among_all_regions_is_quick(engine: sa.Engine) -> None:
    """Registering all regions, and a snapshot of them with 2000 units, stay within seconds of CPU."""
    codes = [r.code for r in regions_on(date(2023, 12, 31), "county")]
    units = [made_up_unit(n, lies_in=codes[n % len(codes)]) for n in range(2000)]
    spent = []
    with writing(engine) as db:
        for act in (
            lambda: ensure_regions(db, MONDAY),
            lambda: register_units(db, units, MONDAY, principal="test"),
            lambda: snapshot(db, EVERYTHING, MONDAY),
        ):
            start = time.process_time()
            act()
            spent.append(time.process_time() - start)
    assert [round(s) <= limit for s, limit in zip(spent, (3, 6, 3), strict=True)] == [True] * 3, spent
