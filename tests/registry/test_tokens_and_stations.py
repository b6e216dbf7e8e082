"""Tokens for readings, stations of HJ 212, and marks of consumers: what is kept, who sees it, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
import sqlalchemy as sa

from registry.made_up import MONDAY, TUESDAY, WEDNESDAY, made_up_unit
from shuangkong.engine.api import METADATA
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.scope import Scope
from shuangkong.registry.api import (
    FOREVER,
    StationEntry,
    StationSpell,
    consumer_mark,
    consumer_marks,
    issue_reading_token,
    issue_reading_tokens,
    reading_tokens,
    register_stations,
    register_unit,
    revoke_reading_token,
    set_consumer_mark,
    standing_digests,
    station_spells,
    stations_state,
    token_digest,
    tokens_state,
)

EVERYTHING = Scope.all("test")
START, JUNE = date(2025, 1, 1), date(2025, 6, 1)


def unit(db: sa.Connection, n: int = 1) -> str:
    """A synthetic unit."""
    return register_unit(db, made_up_unit(n), MONDAY, principal="test")


def whole_store(db: sa.Connection) -> str:
    """Everything that the tables of tokens and of the log hold, as text."""
    tables = ("reading_token", "audit_entry")
    return str([db.execute(sa.select(METADATA.tables[t])).all() for t in tables])


def test_a_secret_is_told_once_and_kept_nowhere(db: sa.Connection) -> None:
    """The store and the log hold its digest and its beginning, never itself."""
    token, secret = issue_reading_token(db, unit(db), "能管系统（合成）", at=MONDAY, principal="test")
    assert secret.startswith("skr_")
    assert len(secret) > 40
    assert secret not in whole_store(db)
    assert token_digest(secret) in whole_store(db)
    (listed,) = reading_tokens(db, EVERYTHING, MONDAY)
    assert (listed.token_id, listed.label, listed.stands_at(MONDAY)) == (token, "能管系统（合成）", True)
    assert secret.startswith(listed.prefix)


def test_tokens_of_many_units_are_issued_at_once(db: sa.Connection) -> None:
    """One for each, all different, with one entry in the log."""
    units = [unit(db, n) for n in range(1, 4)]
    made = issue_reading_tokens(db, units, "接入", at=MONDAY, principal="test")
    held = standing_digests(db, Scope.system("test"))
    assert [held[token_digest(secret)] for _, secret in made] == [(u, None) for u in units]
    log = METADATA.tables["audit_entry"]
    assert len(db.execute(sa.select(log).where(log.c.action == "readings.token_issue")).all()) == 1


def test_a_revoked_token_stands_no_more_and_changes_the_state(db: sa.Connection) -> None:
    """Revoked by id or by how it begins; a second time there is none to revoke; the log says who."""
    one = unit(db)
    token, _ = issue_reading_token(db, one, "甲", at=MONDAY, principal="test")
    _, secret = issue_reading_token(db, one, "乙", at=MONDAY, principal="test")
    before = tokens_state(db)
    revoke_reading_token(db, EVERYTHING, token, at=TUESDAY, principal="boss")
    assert tokens_state(db) != before
    revoke_reading_token(db, EVERYTHING, secret, at=TUESDAY, principal="boss")
    assert standing_digests(db, Scope.system("test")) == {}
    assert [t.revoked_by for t in reading_tokens(db, EVERYTHING, WEDNESDAY)] == ["boss", "boss"]
    with pytest.raises(UserError, match="REG-005"):
        revoke_reading_token(db, EVERYTHING, token, at=TUESDAY, principal="boss")


def test_a_token_for_a_time_ends_by_itself(db: sa.Connection) -> None:
    """It stands until so many days after it was issued; none is issued for no time, or without saying for what."""
    one = unit(db)
    issue_reading_token(db, one, "临时", at=MONDAY, principal="test", days=2)
    (token,) = reading_tokens(db, EVERYTHING, MONDAY)
    assert token.stands_at(MONDAY + timedelta(days=2, seconds=-1))
    assert not token.stands_at(MONDAY + timedelta(days=2))
    for label, days in (("临时", 0), (" ", 3), ("临时", 4_000)):
        with pytest.raises(UserError, match="REG-005"):
            issue_reading_token(db, one, label, at=MONDAY, principal="test", days=days)


def test_tokens_are_read_and_revoked_in_scope(db: sa.Connection) -> None:
    """Another unit's token is neither listed nor revoked: it is as if it were not there."""
    one, two = unit(db), unit(db, 2)
    token, _ = issue_reading_token(db, two, "甲", at=MONDAY, principal="test")
    own = Scope.unit("u", one)
    assert reading_tokens(db, own, MONDAY) == []
    told = []
    for name in (token, "r_00000000000000000000"):
        with pytest.raises(UserError) as wrong:
            revoke_reading_token(db, own, name, at=MONDAY, principal="u")
        told.append(wrong.value.message)
    assert told[0] == told[1]


def station(subject: str | None, **more: object) -> StationEntry:
    """A synthetic station."""
    values: dict[str, object] = {"subject_id": subject, "password": "123456", "outlets": ("DW001",), "synthetic": True}
    return StationEntry("HC88880001", START, **(values | more))  # type: ignore[arg-type]


def put(db: sa.Connection, at: datetime, entry: StationEntry, reason: str = "") -> list[str]:
    """Register one; what happened."""
    done = register_stations(db, [entry], at, principal="test", reason=reason)
    return [effect for effect, n in done.items() if n]


def stations(db: sa.Connection, known: datetime, scope: Scope = EVERYTHING) -> list[StationSpell]:
    """What stands."""
    return list(station_spells(db, scope, known))


def test_a_station_is_registered_changed_and_put_right(db: sa.Connection) -> None:
    """A new password from a day on ends what stood; another edition for the same day wants a reason."""
    one = unit(db)
    assert put(db, MONDAY, station(one)) == ["new"]
    assert put(db, MONDAY, station(one)) == []
    first, crc = StationEntry("HC88880001", JUNE, password="654321"), StationEntry("HC88880001", JUNE, crc="modbus")
    assert put(db, TUESDAY, first) == ["changed"]
    with pytest.raises(UserError, match="IMP-005"):
        put(db, WEDNESDAY, crc)
    assert put(db, WEDNESDAY, crc, "现场校验方式") == ["corrected"]
    before, after = stations(db, WEDNESDAY)
    assert (before.password, before.crc, before.valid_to) == ("123456", "standard", JUNE)
    assert (after.password, after.crc, after.valid_from, after.outlets) == ("654321", "modbus", JUNE, ("DW001",))
    assert [s.crc for s in stations(db, TUESDAY)] == ["standard", "standard"]
    assert put(db, WEDNESDAY, replace(crc, crc=None, valid_to=date(2026, 1, 1))) == ["changed"]
    assert stations(db, WEDNESDAY)[1].valid_to == date(2026, 1, 1)
    assert [s.valid_to for s in stations(db, MONDAY)] == [FOREVER]


def test_a_password_is_in_no_log_and_no_text_of_a_station(db: sa.Connection) -> None:
    """The log says that it was set; what a program prints of a station leaves it out."""
    put(db, MONDAY, station(unit(db), password="geheim-1"))
    log = METADATA.tables["audit_entry"]
    assert "geheim-1" not in str(db.execute(sa.select(log)).all())
    assert "geheim-1" not in repr(stations(db, MONDAY))
    assert "geheim-1" not in repr(station("s", password="geheim-1"))


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"subject_id": None}, "owner"), ({"password": None}, "password"), ({"password": "a;b"}, "password"),
        ({"password": "口令"}, "password"), ({"edition": 2020}, "edition"), ({"crc": "sum"}, "crc"),
        ({"valid_to": START}, "valid_to"),
    ],
)  # fmt: skip
def test_what_no_station_can_be_is_refused_by_field(db: sa.Connection, more: dict[str, object], field: str) -> None:
    """REG-005 names it, and nothing is written."""
    with pytest.raises(UserError) as wrong:
        put(db, MONDAY, station(unit(db), **more))
    assert (wrong.value.code, wrong.value.facts["field"]) == ("REG-005", field)
    assert stations(db, MONDAY) == []
    with pytest.raises(UserError, match="REG-005"):
        put(db, MONDAY, replace(station(unit(db)), mn="88;99"))


def test_stations_are_read_in_scope_and_their_state_changes_with_them(db: sa.Connection) -> None:
    """A unit sees its own; whatever is registered changes what is asked for by who holds them in memory."""
    one, two = unit(db), unit(db, 2)
    before = stations_state(db)
    put(db, MONDAY, station(one))
    assert stations_state(db) != before
    assert len(stations(db, MONDAY, Scope.unit("u", one))) == 1
    assert stations(db, MONDAY, Scope.unit("u", two)) == []


def test_a_consumers_mark_is_written_over(db: sa.Connection) -> None:
    """Who has not begun has none; the last that was written holds, and that of another is left alone."""
    assert consumer_mark(db, "rolling") is None
    for at, value in ((MONDAY, "7"), (TUESDAY, "9")):
        set_consumer_mark(db, "rolling", value, at=at)
    set_consumer_mark(db, "other", "x", at=MONDAY)
    assert (consumer_mark(db, "rolling"), dict(consumer_marks(db))) == ("9", {"rolling": "9", "other": "x"})
