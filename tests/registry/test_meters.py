"""The register of meters: dated spells, changed registers, reasons, one meter on a channel, no circles."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal

import pytest
import sqlalchemy as sa

from registry.made_up import MONDAY, TUESDAY, WEDNESDAY, made_up_unit
from shuangkong.engine.api import METADATA
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.scope import Scope
from shuangkong.registry.api import (
    FOREVER,
    MeterChange,
    MeterEntry,
    MeterPlans,
    MeterSpell,
    meter_changes,
    meter_spells,
    meters_state,
    register_meters,
    register_unit,
)

EVERYTHING = Scope.all("test")
START, JUNE, JULY = date(2025, 1, 1), date(2025, 6, 1), date(2025, 7, 1)


def unit(db: sa.Connection, n: int = 1, region: str = "130102") -> str:
    """A synthetic unit."""
    return register_unit(db, made_up_unit(n, region), MONDAY, principal="test")


def entry(subject: str, code: str = "E01", day: date = START, **more: object) -> MeterEntry:
    """A meter of electricity with a register that begins anew at a million."""
    values: dict[str, object] = {
        "item": "electricity", "unit": "千瓦时", "kind": "register", "modulus": Decimal(1_000_000), "synthetic": True,
    }  # fmt: skip
    return MeterEntry(subject, code, day, **(values | more))  # type: ignore[arg-type]


def put(db: sa.Connection, at: datetime, *entries: MeterEntry, reason: str = "") -> MeterPlans:
    """Register meters."""
    return register_meters(db, entries, at, principal="test", reason=reason)


def effects(done: MeterPlans) -> list[str]:
    """What happened to each."""
    return [p.effect for p in done.plans]


def spells(db: sa.Connection, known: datetime, scope: Scope = EVERYTHING) -> list[MeterSpell]:
    """What stands."""
    return list(meter_spells(db, scope, known))


def days(db: sa.Connection, known: datetime) -> list[tuple[int, date, date, Decimal]]:
    """Number, days and factor of what stands."""
    return [(s.number, s.valid_from, s.valid_to, s.factor) for s in spells(db, known)]


def test_a_new_meter_is_as_it_was_said_and_else_as_is_usual(db: sa.Connection) -> None:
    """What nobody said is what is usual; its readings come under its unit and its code; units are written one way."""
    one = unit(db)
    assert effects(put(db, MONDAY, entry(one))) == ["new"]
    (found,) = spells(db, MONDAY)
    assert (found.number, found.source, found.channel, found.name, found.unit) == (1, one, "E01", "E01", "kWh")
    assert (found.every, found.stamp, found.factor, found.measures, found.parents) == (15, "end", 1, "amount", ())
    assert (found.modulus, found.valid_from, found.valid_to) == (Decimal(1_000_000), START, FOREVER)
    assert found.synthetic


def test_a_factor_changed_from_a_day_on_ends_the_spell_before_it(db: sa.Connection) -> None:
    """From June the factor is 60: until then it was 40, and as known on Monday it is 40 for ever."""
    one = unit(db)
    put(db, MONDAY, entry(one, factor=Decimal(40)))
    changed = MeterEntry(one, "E01", JUNE, factor=Decimal(60))
    assert effects(put(db, TUESDAY, changed)) == ["changed"]
    assert days(db, TUESDAY) == [(1, START, JUNE, 40), (1, JUNE, FOREVER, 60)]
    assert days(db, MONDAY) == [(1, START, FOREVER, 40)]
    assert spells(db, TUESDAY)[1].modulus == Decimal(1_000_000)
    assert effects(put(db, WEDNESDAY, changed)) == ["unchanged"]


def test_another_register_takes_the_place_of_one_with_both_readings(db: sa.Connection) -> None:
    """A meter keeps its number: the old spell has what it showed last, the new one what it began with."""
    one = unit(db)
    put(db, MONDAY, entry(one))
    swap = MeterEntry(one, "E01", JUNE, first_reading=Decimal("0.5"), closing_reading=Decimal("812345.67"))
    assert effects(put(db, TUESDAY, swap)) == ["changed"]
    before, after = spells(db, TUESDAY)
    assert (before.last_reading, after.first_reading) == (Decimal("812345.67"), Decimal("0.5"))
    assert (before.number, after.number, after.last_reading) == (1, 1, None)
    assert effects(put(db, WEDNESDAY, swap)) == ["unchanged"]
    misread = MeterEntry(one, "E01", JUNE, closing_reading=Decimal("812345.76"))
    assert effects(put(db, WEDNESDAY, misread, reason="抄表有误")) == ["corrected"]
    assert spells(db, WEDNESDAY)[0].last_reading == Decimal("812345.76")


def test_what_stands_is_put_right_only_with_a_reason_that_the_log_keeps(db: sa.Connection) -> None:
    """Another factor for the same day is IMP-005 without a reason; with one, old and new are in the log."""
    one = unit(db)
    put(db, MONDAY, entry(one, factor=Decimal(40)))
    right = MeterEntry(one, "E01", START, factor=Decimal(4_000))
    with pytest.raises(UserError, match="IMP-005"):
        put(db, TUESDAY, right)
    assert effects(put(db, TUESDAY, right, reason="互感器变比抄错")) == ["corrected"]
    assert days(db, TUESDAY) == [(1, START, FOREVER, 4_000)]
    log = METADATA.tables["audit_entry"]
    row = db.execute(sa.select(log).where(log.c.action == "registry.meter_correct")).mappings().one()
    detail = json.loads(row["detail"])
    assert (row["object"], detail["reason"]) == (one, "互感器变比抄错")
    (told,) = detail["meters"]
    assert (told["old"], told["new"]) == ({"factor": "40.000000"}, {"factor": "4000"})


def test_a_meter_that_was_taken_down_ends_and_may_come_back(db: sa.Connection) -> None:
    """Ended on a day it is a change and no correction; what is said of a later day is a spell of the same number."""
    one = unit(db)
    put(db, MONDAY, entry(one))
    ended = MeterEntry(one, "E01", START, valid_to=JUNE, last_reading=Decimal(7))
    assert effects(put(db, TUESDAY, ended)) == ["changed"]
    assert spells(db, TUESDAY)[0].last_reading == 7
    assert effects(put(db, WEDNESDAY, MeterEntry(one, "E01", JULY))) == ["changed"]
    assert days(db, WEDNESDAY) == [(1, START, JUNE, 1), (1, JULY, FOREVER, 1)]


def test_entries_of_one_meter_hold_in_the_order_of_their_days(db: sa.Connection) -> None:
    """A file with the whole life of a meter, in any order of rows, makes one spell after the other."""
    one = unit(db)
    put(
        db, MONDAY, MeterEntry(one, "E01", JULY, factor=Decimal(3)), entry(one, factor=Decimal(1)),
        MeterEntry(one, "E01", JUNE, factor=Decimal(2)),
    )  # fmt: skip
    assert days(db, MONDAY) == [(1, START, JUNE, 1), (1, JUNE, JULY, 2), (1, JULY, FOREVER, 3)]


def test_numbers_are_given_once_and_follow_the_file(db: sa.Connection) -> None:
    """Two units may use one code; a meter that was withdrawn keeps its number to itself."""
    one, two = unit(db), unit(db, 2)
    put(db, MONDAY, entry(two), entry(one))
    assert [(s.subject_id, s.number) for s in spells(db, MONDAY)] == [(two, 1), (one, 2)]
    meter = METADATA.tables["meter"]
    db.execute(meter.update().where(meter.c.number == 2).values(valid_to=START))
    put(db, TUESDAY, entry(one, "E02"))
    assert [(s.code, s.number) for s in spells(db, TUESDAY)] == [("E01", 1), ("E02", 3)]


def test_parents_are_codes_of_the_same_unit_or_numbers(db: sa.Connection) -> None:
    """A parent in the same file is found, whatever the order; one of another unit is named by its number."""
    one, two = unit(db), unit(db, 2)
    put(db, MONDAY, entry(one, "B", parents=("A",)), entry(one, "A"))
    put(db, TUESDAY, entry(two, "C", parents=(2, 1)))
    assert [(s.code, s.parents) for s in spells(db, TUESDAY)] == [("B", (2,)), ("A", ()), ("C", (1, 2))]


REFUSALS = {
    "nothing said": ({"item": None, "unit": None, "kind": None}, "item", "missing"),
    "no such kind": ({"kind": "stock"}, "kind", "unknown_choice"),
    "a factor of nought": ({"factor": Decimal(0)}, "factor", "not_positive"),
    "too many places": ({"factor": Decimal("0.1234567")}, "factor", "too_precise"),
    "a modulus of an interval": ({"kind": "interval"}, "modulus", "modulus"),
    "bounds the wrong way round": ({"low": Decimal(5), "high": Decimal(5)}, "low", "low_high"),
    "days between readings": ({"every": 2_000}, "every", "out_of_range"),
    "no such unit": ({"unit": "三桶"}, "unit", "unknown_unit"),
    "a concentration that is an amount": ({"unit": "mg/m3"}, "unit", "unknown_unit"),
    "an end before the beginning": ({"valid_to": START}, "valid_to", "days"),
    "a register before that was none": ({"closing_reading": Decimal(1)}, "closing_reading", "no_spell"),
    "no such parent": ({"parents": ("X",)}, "parents", "unknown_parent"),
    "its own parent": ({"parents": ("E01",)}, "parents", "circle"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_what_cannot_be_is_refused_with_its_field(db: sa.Connection, case: str) -> None:
    """REG-005 names the field and why, and nothing is written."""
    more, named, code = REFUSALS[case]
    one = unit(db)
    with pytest.raises(UserError) as wrong:
        put(db, MONDAY, entry(one, **more))
    assert (wrong.value.code, wrong.value.facts["field"]) == ("REG-005", named)
    from shuangkong.registry.meters import planned_meters

    assert planned_meters(db, [entry(one, **more)], MONDAY).faults[0].reason.code == code
    assert spells(db, MONDAY) == []


def test_a_channel_is_one_meters_at_a_time(db: sa.Connection) -> None:
    """Two meters on one channel on one day are refused by name; one after the other they are not."""
    one = unit(db)
    put(db, MONDAY, entry(one, "A", channel="COM1"))
    with pytest.raises(UserError) as wrong:
        put(db, TUESDAY, entry(one, "B", JUNE, channel="COM1"))
    assert wrong.value.message == "channel 'COM1': the channel is another meter's A on that day."
    put(db, TUESDAY, MeterEntry(one, "A", START, valid_to=JUNE), entry(one, "B", JUNE, channel="COM1"))
    assert [(s.code, s.channel) for s in spells(db, TUESDAY)] == [("A", "COM1"), ("B", "COM1")]


def test_another_units_meter_is_not_named(db: sa.Connection) -> None:
    """Who takes a channel of another unit is told that it is taken, not by which meter."""
    one, two = unit(db), unit(db, 2)
    put(db, MONDAY, entry(one, "A", source="hj212", channel="MN1/w01018-Avg/2051"))
    with pytest.raises(UserError) as wrong:
        put(db, TUESDAY, entry(two, "B", source="hj212", channel="MN1/w01018-Avg/2051"))
    assert wrong.value.message == "channel 'MN1/w01018-Avg/2051': the channel is another meter's on that day."


def test_a_circle_of_parents_is_refused_with_the_way_round(db: sa.Connection) -> None:
    """A → B → C → A is named; the same three are fine where the edges never stood on one day."""
    one = unit(db)
    put(db, MONDAY, entry(one, "A"), entry(one, "B", parents=("A",)), entry(one, "C", parents=("B",)))
    with pytest.raises(UserError, match=r"parents lead round on 2025-06-01: (A|B|C) → (A|B|C) → (A|B|C) → (A|B|C)"):
        put(db, TUESDAY, MeterEntry(one, "A", JUNE, parents=("C",)))
    freed = MeterEntry(one, "B", JUNE, cleared=frozenset({"parents"}))
    assert effects(put(db, TUESDAY, MeterEntry(one, "A", JUNE, parents=("C",)), freed)) == ["changed", "changed"]


def test_who_does_not_see_a_unit_does_not_see_its_meters(db: sa.Connection) -> None:
    """Meters are read in scope: a unit its own, a region those that lie in it, nobody's nothing."""
    one, two = unit(db), unit(db, 2, "110105")
    put(db, MONDAY, entry(one), entry(two))
    assert [s.subject_id for s in spells(db, MONDAY, Scope.unit("u", one))] == [one]
    assert spells(db, MONDAY, Scope.none("n")) == []
    assert [s.subject_id for s in meter_spells(db, EVERYTHING, MONDAY, [two])] == [two]


def test_whatever_changes_the_register_changes_its_state(db: sa.Connection) -> None:
    """A new meter and a correction are both seen by who asks for the state; an import that changes nothing is not."""
    one = unit(db)
    states = [meters_state(db)]
    for at, given in ((MONDAY, entry(one)), (TUESDAY, MeterEntry(one, "E01", START, every=5)), (WEDNESDAY, entry(one))):
        put(db, at, given, reason="更正采集间隔")
        states.append(meters_state(db))
    assert len(set(states)) == 3
    assert states[2] == states[3]


def changes(db: sa.Connection, after: datetime, known: datetime) -> list[tuple[int, date, date]]:
    """Number and days of what is known otherwise."""
    found: tuple[MeterChange, ...] = meter_changes(db, EVERYTHING, after, known)
    return [(c.number, c.first, c.end) for c in found]


def test_a_change_is_told_with_the_days_that_it_moves(db: sa.Connection) -> None:
    """A new meter on all its days, a factor from its day on, one put right on the days of its spell; a name on none."""
    one = unit(db)
    before = MONDAY.replace(hour=1)
    put(db, MONDAY, entry(one, factor=Decimal(40)), entry(one, "E02"))
    assert changes(db, before, MONDAY) == [(1, START, FOREVER), (2, START, FOREVER)]
    put(db, TUESDAY, MeterEntry(one, "E01", JUNE, factor=Decimal(60)), MeterEntry(one, "E02", JUNE, name="总表"))
    assert changes(db, MONDAY, TUESDAY) == [(1, JUNE, FOREVER)]
    put(db, WEDNESDAY, MeterEntry(one, "E01", START, factor=Decimal(50)), reason="抄错")
    assert changes(db, TUESDAY, WEDNESDAY) == [(1, START, JUNE)]
    assert changes(db, MONDAY, WEDNESDAY) == [(1, START, FOREVER)]
    assert changes(db, WEDNESDAY, WEDNESDAY) == []


def test_an_exchange_of_registers_moves_the_days_around_it(db: sa.Connection) -> None:
    """The day before and the day of the exchange; what lies further off is reached by the readings beside it."""
    one = unit(db)
    put(db, MONDAY, entry(one))
    put(db, TUESDAY, MeterEntry(one, "E01", JUNE, first_reading=Decimal(0), closing_reading=Decimal(9)))
    assert changes(db, MONDAY, TUESDAY) == [(1, date(2025, 5, 31), date(2025, 6, 2))]
    put(db, WEDNESDAY, MeterEntry(one, "E01", JUNE, valid_to=JULY))
    assert changes(db, TUESDAY, WEDNESDAY) == [(1, JULY, FOREVER)]
