"""Who sees which entries of the audit log, and consents in scope, on both stores."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from registry.made_up import made_up_uscc
from shuangkong.app.auditing import corrections, entries_seen
from shuangkong.app.consenting import consents_of, consents_table
from shuangkong.engine.api import connect, migrate, record, writing
from shuangkong.kernel.ids import SubjectId
from shuangkong.kernel.scope import Scope
from shuangkong.registry.api import (
    UnitEntry,
    consent_rows,
    ensure_regions,
    give_consent,
    move,
    region_id,
    register_unit,
    withdraw_consent,
)
from shuangkong.webkit.api import Wanted, add_person, appoint

NOW = datetime(2026, 6, 1, tzinfo=UTC)
DAY = date(2026, 1, 1)
HERE, THERE = region_id("130202"), region_id("130203")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.service)])
def db(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sa.Connection]:
    """A registry database of either kind with two counties, in a transaction."""
    url = f"sqlite:///{tmp_path}/r.sqlite" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    engine = connect(url)
    migrate(engine)
    with writing(engine) as connection:
        ensure_regions(connection, NOW, ["130202", "130203"], principal="t")
        yield connection
    engine.dispose()


def unit(db: sa.Connection, number: int, region: str) -> SubjectId:
    """A registered unit."""
    entry = UnitEntry(f"合成{number}厂", region, DAY, uscc=made_up_uscc(number), synthetic=True)
    return register_unit(db, entry, NOW, principal="t")


def seen(db: sa.Connection, scope: Scope) -> set[tuple[str, str]]:
    """Action and object of the entries that a reader may see."""
    rows = entries_seen(db, scope, NOW).subquery()
    return {(r.action, r.object) for r in db.execute(sa.select(rows))}


def test_a_region_sees_its_own_entries(db: sa.Connection) -> None:
    """Subjects, people and appointments of the region, and the acts of people appointed there alone."""
    mine, other = unit(db, 1, "130202"), unit(db, 2, "130203")
    here = add_person(db, "here", "", at=NOW, principal="t")
    both = add_person(db, "both", "", at=NOW, principal="t")
    boss = add_person(db, "boss", "", at=NOW, principal="t")
    held = appoint(db, here, Wanted("officer", DAY, HERE), at=NOW, principal="t")
    first = appoint(db, both, Wanted("officer", DAY, HERE), at=NOW, principal="t")
    away = appoint(db, both, Wanted("officer", DAY, THERE), at=NOW, principal="t")
    appoint(db, boss, Wanted("administrator", DAY), at=NOW, principal="t")
    for who in (here, both, boss):
        record(db, at=NOW, principal=who.person_id, action="act", obj=f"of {who.name}", detail={})
    found = seen(db, Scope.region("r", HERE, DAY, "supervision"))
    assert {("registry.units", mine), ("person.add", here.person_id), ("appointment.give", held.appointment_id),
            ("appointment.give", first.appointment_id), ("act", "of here")} == found  # fmt: skip
    every = seen(db, Scope.all("a"))
    assert {("registry.units", other), ("appointment.give", away.appointment_id), ("act", "of boss")} <= every
    for nobody in (Scope.none("x"), Scope.published("public"), Scope.unit("u", mine)):
        assert seen(db, nobody) == set()


@pytest.mark.parametrize(
    ("written", "shown"),
    [(None, True), ("statistics", False), ("statistics,supervision", True), ("assessment,finance", False)],
)
def test_figures_of_a_limited_return_are_withheld_from_another_use(
    db: sa.Connection, written: str | None, shown: bool
) -> None:
    """An auditor for supervision sees that a figure was put right, and the figure where its return allows that use."""
    mine = unit(db, 1, "130202")
    detail = {
        "reason": 'they wrote "use": "supervision" here',
        "figures": [{"use": written, "new": {"quantity": "4711"}}],
    }
    record(db, at=NOW, principal="t", action="figure.correct", obj=mine, detail=detail)

    def figure(scope: Scope) -> bool:
        rows = entries_seen(db, scope, NOW).subquery()
        (text,) = db.execute(sa.select(rows.c.detail).where(rows.c.action == "figure.correct")).scalars()
        asked = sa.select(sa.func.count()).select_from(rows).where(rows.c.detail.contains("4711"))
        assert db.execute(asked).scalar_one() == ("4711" in text)
        return "4711" in text

    assert figure(Scope.region("r", HERE, DAY, "supervision")) is shown
    assert figure(Scope.all("a", "supervision")) is shown
    assert figure(Scope.all("a"))


def test_consents_are_those_in_scope(db: sa.Connection) -> None:
    """A region sees its units', a unit its own, an organisation those to it; with the unit's name and code."""
    mine, other = unit(db, 1, "130202"), unit(db, 2, "130203")
    for subject in (mine, other):
        give_consent(db, subject, "合成银行", "finance", (DAY, None), at=NOW, principal="t")
    give_consent(db, mine, "合成服务", "service", (DAY, None), at=NOW, principal="t")

    def listed(scope: Scope) -> list[tuple[str, str]]:
        rows = [(r.subject_id, r.grantee) for r in db.execute(consents_table(db, scope, NOW))]
        assert sorted(rows) == sorted((c.subject_id, c.grantee) for c in consents_of(db, scope, NOW))
        return sorted(rows)

    both = sorted([(mine, "合成银行"), (mine, "合成服务")])
    assert listed(Scope.region("r", HERE, DAY)) == both
    assert listed(Scope.unit("u", mine)) == both
    assert listed(Scope.consented("b", "合成银行", DAY, "finance")) == sorted([(mine, "合成银行"), (other, "合成银行")])
    assert len(listed(Scope.all("a"))) == 3
    assert listed(Scope.none("n")) == []
    row = db.execute(consents_table(db, Scope.unit("u", mine), NOW)).first()
    assert row
    assert (row.name_zh, row.uscc) == ("合成1厂", made_up_uscc(1))


def test_a_consent_for_one_use_is_not_shown_for_another(db: sa.Connection) -> None:
    """An organisation that lends and serves sees, when it lends, the consents for lending alone."""
    mine = unit(db, 1, "130202")
    for use in ("finance", "service"):
        give_consent(db, mine, "合成机构", use, (DAY, None), at=NOW, principal="t")
    scope = Scope.consented("x", "合成机构", DAY, "finance")
    assert [c.use for c in consents_of(db, scope, NOW)] == ["finance"]
    assert [r.use for r in db.execute(consents_table(db, scope, NOW))] == ["finance"]


def test_a_consent_that_was_taken_back_names_no_unit_to_the_bank(db: sa.Connection) -> None:
    """The bank keeps the row of what it once had and learns no longer whose it was; the unit still sees its own."""
    mine, other = unit(db, 1, "130202"), unit(db, 2, "130203")
    gone = give_consent(db, mine, "合成银行", "finance", (DAY, None), at=NOW, principal="t")
    give_consent(db, other, "合成银行", "finance", (DAY, None), at=NOW, principal="t")
    withdraw_consent(db, gone, at=NOW, principal="t")
    bank = Scope.consented("b", "合成银行", DAY, "finance")
    rows = {r.row_id: (r.subject_id, r.name_zh, r.uscc) for r in db.execute(consents_table(db, bank, NOW))}
    assert rows.pop(gone) == ("", "", "")
    assert list(rows.values()) == [(other, "合成2厂", made_up_uscc(2))]
    assert sorted(c.subject_id for c in consents_of(db, bank, NOW)) == sorted(["", other])
    assert [r.subject_id for r in db.execute(consents_table(db, Scope.unit("u", mine), NOW))] == [mine]


def test_a_scope_of_very_many_units_is_one_parameter(db: sa.Connection) -> None:
    """More subjects than a statement takes parameters: SQLite stops at 32 766, PostgreSQL at 65 535."""
    mine = unit(db, 1, "130202")
    give_consent(db, mine, "合成银行", "finance", (DAY, None), at=NOW, principal="t")
    many = frozenset([str(mine), *(f"s_{n}" for n in range(70_000))])
    rows = db.execute(consent_rows(db, Scope.region("r", HERE, DAY), many)).all()
    assert [r.subject_id for r in rows] == [mine]


def test_corrections_say_old_and_new(db: sa.Connection) -> None:
    """A move and a corrected figure, newest first; a figure that is not for the reader's use is left out."""
    mine = unit(db, 1, "130202")
    move(db, mine, THERE, date(2026, 3, 1), NOW, principal="t", reason="区划调整")
    figure = {
        "book": "energy", "period_key": "2025", "item": "raw_coal", "corrects": "e_1",
        "old": {"quantity": "10.500000", "unit": "t"}, "new": {"quantity": "9", "unit": "t"},
    }  # fmt: skip
    detail = {"reason": "检定", "figures": [figure, {**figure, "item": "coke", "use": "statistics"}]}
    record(db, at=NOW, principal="t", action="figure.correct", obj=mine, detail=detail)
    coal, coke, moved = corrections(db, mine, Scope.all("a"))
    assert {coke.what["item"], coal.what["item"]} == {"coke", "raw_coal"}
    assert (coal.old, coal.new, coal.reason) == ({"quantity": "10.5 t"}, {"quantity": "9 t"}, "检定")
    assert (moved.old, moved.new, moved.reason) == ({"parent_id": HERE}, {"parent_id": THERE}, "区划调整")
    hidden = corrections(db, mine, Scope.region("r", THERE, date(2026, 4, 1), "supervision"))
    assert [c.what.get("item") for c in hidden] == ["raw_coal", None]
