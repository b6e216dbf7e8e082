"""Closed days: what a unit says of itself, by day of the week or every day, for its sites too, and taken back."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from registry.made_up import MONDAY, TUESDAY, WEDNESDAY, made_up_unit, made_up_uscc
from shuangkong.engine.api import METADATA, Workspace, reading, writing
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.scope import Scope
from shuangkong.registry.api import (
    ClosedEntry,
    ClosedReport,
    ClosedSpell,
    close_days,
    closed_days,
    closed_spells,
    ensure_regions,
    import_closed_days,
    register_unit,
    withdraw_closed,
)

EVERYTHING = Scope.all("test")
FIRST, LAST = date(2026, 2, 14), date(2026, 2, 23)
SHEET = f"""统一社会信用代码,停产开始,停产结束,停产类别,每周,原因
{made_up_uscc(1)},2026-02-14,2026-02-23,停产检修,,春节（合成）
合成单位2,2026-01-01,2026-12-31,周休,周六、周日,
"""


def unit(db: sa.Connection, n: int = 1, **more: object) -> str:
    """A synthetic unit."""
    return register_unit(db, made_up_unit(n, **more), MONDAY, principal="test")  # type: ignore[arg-type]


def close(db: sa.Connection, subject: str, first: date = FIRST, last: date = LAST, **more: str) -> dict[str, int]:
    """Say that it is closed."""
    return close_days(db, [ClosedEntry(subject, first, last, **more)], MONDAY, principal="boss")


def days(db: sa.Connection, subject: str, scope: Scope = EVERYTHING) -> list[int]:
    """The closed days of February 2026."""
    found = closed_days(db, scope, subject, date(2026, 2, 1), date(2026, 2, 28), TUESDAY)  # type: ignore[arg-type]
    return sorted(d.day for d in found)


def test_both_ends_of_a_stretch_are_closed(db: sa.Connection) -> None:
    """From the 14th to the 23rd are ten days; said again they are the same ten, and nothing is written."""
    one = unit(db)
    assert close(db, one) == {"new": 1, "unchanged": 0}
    assert close(db, one) == {"new": 0, "unchanged": 1}
    assert days(db, one) == list(range(14, 24))


def test_days_of_the_week_are_closed_alone(db: sa.Connection) -> None:
    """Of a year with weekends of rest, February 2026 has four Saturdays and four Sundays."""
    one = unit(db)
    close(db, one, date(2026, 1, 1), date(2026, 12, 31), kind="rest", weekdays="67")
    assert days(db, one) == [1, 7, 8, 14, 15, 21, 22, 28]


@given(st.dates(date(2025, 1, 1), date(2026, 12, 31)), st.integers(0, 400), st.sets(st.sampled_from("1234567")),
       st.dates(date(2025, 1, 1), date(2027, 12, 31)), st.integers(0, 400))  # fmt: skip
def test_a_day_is_closed_where_stretch_and_weekday_say_so(
    start: date, length: int, week: set[str], first: date, width: int
) -> None:
    """Held against each day by itself: within the stretch and what is asked, of a day of the week that is said."""
    end, after = start + timedelta(days=length), first + timedelta(days=width)
    spell = ClosedSpell("r", "s", "rest", "".join(sorted(week)), "", "p", True, start, end, MONDAY)
    plain = [
        d for n in range(width)
        if start <= (d := first + timedelta(days=n)) < end and (not week or str(d.isoweekday()) in week)
    ]  # fmt: skip
    assert list(spell.days(first, after)) == plain


def test_a_unit_s_closed_days_are_those_of_its_sites_too(db: sa.Connection) -> None:
    """A site has its own and the unit's; the unit has not the site's."""
    one = unit(db)
    site = unit(db, 2, kind="site", lies_in=one)
    close(db, one)
    close(db, site, date(2026, 2, 2), date(2026, 2, 2))
    assert days(db, site) == [2, *range(14, 24)]
    assert days(db, one) == list(range(14, 24))


def test_what_is_taken_back_stands_as_known_before(db: sa.Connection) -> None:
    """A reason is asked for; from then on the unit worked on those days, and the log says who and why."""
    one = unit(db)
    close(db, one)
    (spell,) = closed_spells(db, EVERYTHING, TUESDAY)
    with pytest.raises(UserError, match="IMP-005"):
        withdraw_closed(db, EVERYTHING, spell.row_id, WEDNESDAY, principal="boss", reason=" ")
    withdraw_closed(db, EVERYTHING, spell.row_id, WEDNESDAY, principal="boss", reason="当日照常生产")
    assert closed_spells(db, EVERYTHING, WEDNESDAY) == []
    assert closed_spells(db, EVERYTHING, TUESDAY) == [spell]
    log = METADATA.tables["audit_entry"]
    (row,) = db.execute(sa.select(log).where(log.c.action == "registry.closed_withdraw")).all()
    assert "当日照常生产" in row.detail
    with pytest.raises(UserError, match="REG-005"):
        withdraw_closed(db, EVERYTHING, spell.row_id, WEDNESDAY, principal="boss", reason="again")


@pytest.mark.parametrize(
    ("field", "first", "last", "more"),
    [
        ("last", FIRST, FIRST - timedelta(days=1), {}),
        ("last", FIRST, FIRST + timedelta(days=1_097), {}),
        ("last", date(1999, 12, 31), date(1999, 12, 31), {}),
        ("kind", FIRST, LAST, {"kind": "holiday"}),
        ("weekdays", FIRST, LAST, {"weekdays": "76"}),
        ("weekdays", FIRST, LAST, {"weekdays": "8"}),
        ("note", FIRST, LAST, {"note": "长" * 201}),
    ],
)
def test_what_cannot_be_is_refused_by_field(
    db: sa.Connection, field: str, first: date, last: date, more: dict[str, str]
) -> None:
    """A stretch that ends before it begins, or a day of the week that is none, is named; nothing is written."""
    with pytest.raises(UserError, match="REG-005") as wrong:
        close(db, unit(db), first, last, **more)
    assert wrong.value.where == field
    assert closed_spells(db, EVERYTHING, TUESDAY) == []


def test_closed_days_are_read_and_taken_back_in_scope(db: sa.Connection) -> None:
    """Another unit's are neither listed nor taken back: it is as if they were not there."""
    one, two = unit(db), unit(db, 2)
    close(db, two)
    (spell,) = closed_spells(db, EVERYTHING, TUESDAY)
    own = Scope.unit("u", one)  # type: ignore[arg-type]
    assert closed_spells(db, own, TUESDAY) == []
    assert days(db, two, own) == []
    with pytest.raises(UserError, match="REG-005"):
        withdraw_closed(db, own, spell.row_id, WEDNESDAY, principal="u", reason="x")


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A workspace with two units in two districts."""
    made = Workspace.create(tmp_path / "w")
    with writing(made.engine) as db:
        ensure_regions(db, made.clock(), ["130102", "130202"])
        for n, region in ((1, "130102"), (2, "130202")):
            register_unit(db, made_up_unit(n, region), made.clock(), principal="test")
    return made


def put(workspace: Workspace, text: str, scope: Scope = EVERYTHING, **more: bool) -> ClosedReport:
    """Import it."""
    return import_closed_days(workspace, text.encode(), name="停产日.csv", scope=scope, **more)


def test_a_sheet_of_closed_days_is_taken_whole(workspace: Workspace) -> None:
    """Heads and words that people write are understood; a second time nothing is new; its file is kept."""
    assert put(workspace, SHEET, dry_run=True).counts == {}
    done = put(workspace, SHEET, synthetic=True)
    assert (done.refusals, done.committed, done.counts) == ((), True, {"new": 2, "unchanged": 0})
    with reading(workspace.engine) as db:
        spells = closed_spells(db, EVERYTHING, workspace.clock())
    assert [(s.kind, s.weekdays, s.valid_from, s.last, s.note) for s in spells] == [
        ("shutdown", "", FIRST, LAST, "春节（合成）"),
        ("rest", "67", date(2026, 1, 1), date(2026, 12, 31), ""),
    ]
    assert put(workspace, SHEET, synthetic=True).counts == {"new": 0, "unchanged": 2}


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [("2026-02-23", "2026-02-03", "last"), ("合成单位2", "火星厂", "owner"), ("周六、周日", "周八", "weekdays"),
     ("周休", "过年", "kind")],
)  # fmt: skip
def test_a_wrong_cell_refuses_the_whole_sheet(workspace: Workspace, old: str, new: str, field: str) -> None:
    """Row and field are named, and nothing is written."""
    done = put(workspace, SHEET.replace(old, new))
    assert not done.committed
    assert {r.field for r in done.refusals} == {field}
    with reading(workspace.engine) as db:
        assert closed_spells(db, EVERYTHING, workspace.clock()) == []
