"""Signing in: passwords, sessions, locks, tokens and appointments, on both stores."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.engine import Engine

from shuangkong.engine.api import audit_entry, verify, writing
from shuangkong.kernel.errors import UserError
from shuangkong.webkit import passwords, sessions
from shuangkong.webkit.api import (
    Person,
    Wanted,
    add_person,
    appoint,
    bearer,
    end_session,
    make_token,
    person_named,
    person_of,
    reader_of,
    revoke,
    revoke_token,
    sessions_of,
    set_active,
    set_password,
    sign_in,
    switch,
    tokens_of,
)
from shuangkong.webkit.people import plain_name

NOW = datetime(2026, 11, 20, 2, tzinfo=UTC)
DAY = date(2026, 11, 20)
PASSWORD = "long enough to keep 7"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes that cost little: what they cost is the library's to test."""
    monkeypatch.setattr(passwords, "_HASHER", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))


@pytest.fixture
def db(registry_database: Engine) -> Iterator[sa.Connection]:
    """One transaction on an empty registry database."""
    with writing(registry_database) as connection:
        yield connection


def someone(db: sa.Connection, name: str = "wang.demo") -> Person:
    """A synthetic person with a password and one appointment."""
    person = add_person(db, name, "合成用户", at=NOW, principal="test", password=PASSWORD)
    appoint(db, person, Wanted("administrator", DAY), at=NOW, principal="test")
    set_password(db, person, PASSWORD, at=NOW, principal=person.person_id, must_change=False)
    return person_of(db, person.person_id)


def enter(db: sa.Connection, password: str = PASSWORD, *, at: datetime = NOW, name: str = "wang.demo",
          address: str = "192.0.2.1") -> str | None:  # fmt: skip
    """An attempt to sign in."""
    return sign_in(db, name, password, at=at, address=address, agent="test")


def test_the_right_password_opens_a_session(db: sa.Connection) -> None:
    """The session's secret stands for the person in the first appointment; nothing of it is kept in plain."""
    person = someone(db)
    secret = enter(db, name=" WANG.demo ")
    assert secret is not None
    found = reader_of(db, secret, NOW)
    assert found is not None
    assert (found[0].person_id, found[0].role, found[0].via) == (person.person_id, "administrator", "session")
    kept = [str(v) for t in (sessions.web_session, sessions.api_token) for r in db.execute(sa.select(t)) for v in r]
    assert secret not in kept
    assert PASSWORD not in str(db.execute(sa.select(audit_entry.c.detail)).scalars().all())


def test_what_is_refused_is_refused_alike(db: sa.Connection) -> None:
    """An unknown name, a wrong password, a closed account and a person without appointment all give None."""
    person = someone(db)
    someone(db, "zhao.demo")
    assert enter(db, "wrong password at all") is None
    assert enter(db, name="nobody.demo") is None
    set_active(db, person, active=False, at=NOW, principal="test")
    assert enter(db) is None
    other = add_person(db, "li.demo", "合成用户", at=NOW, principal="test", password=PASSWORD)
    assert enter(db, name=other.name) is None


def test_a_name_locks_after_five_failures_and_opens_again(db: sa.Connection) -> None:
    """The sixth attempt is refused even with the right password, until a quarter of an hour has passed."""
    someone(db)
    for i in range(sessions.TRIES):
        assert enter(db, "wrong password at all", at=NOW + timedelta(seconds=i), address=f"192.0.2.{i}") is None
    assert enter(db, at=NOW + timedelta(minutes=1), address="192.0.2.99") is None
    assert enter(db, at=NOW + timedelta(minutes=16), address="192.0.2.99") is not None


def test_a_reset_ends_the_lock(db: sa.Connection) -> None:
    """Whom an administrator gives a new password gets in with it at once."""
    person = someone(db)
    for i in range(sessions.TRIES):
        enter(db, "wrong password at all", at=NOW + timedelta(seconds=i), address=f"192.0.2.{i}")
    assert enter(db, at=NOW + timedelta(minutes=1), address="192.0.2.99") is None
    set_password(db, person, "another long phrase 8", at=NOW, principal="test", must_change=True)
    assert enter(db, "another long phrase 8", at=NOW + timedelta(minutes=1), address="192.0.2.99") is not None


def test_a_success_ends_the_count(db: sa.Connection) -> None:
    """Four failures, a success and four failures lock nothing."""
    someone(db)
    for i in range(9):
        password = PASSWORD if i == 4 else "wrong password at all"
        enter(db, password, at=NOW + timedelta(seconds=i))
    assert enter(db, at=NOW + timedelta(seconds=20)) is not None


def test_an_address_is_limited_over_all_names(db: sa.Connection) -> None:
    """Trying many names from one address is stopped; another address still gets in."""
    someone(db)
    for i in range(sessions.TRIES_OF_ADDRESS):
        enter(db, "wrong password at all", name=f"guess{i}.demo", at=NOW + timedelta(seconds=i))
    assert enter(db, at=NOW + timedelta(minutes=1)) is None
    assert enter(db, at=NOW + timedelta(minutes=1), address="192.0.2.2") is not None


def test_a_session_ends(db: sa.Connection) -> None:
    """By signing out, by idling, by its longest time, by closing the account."""
    person = someone(db)
    someone(db, "zhao.demo")
    secret = enter(db)
    assert secret is not None
    assert reader_of(db, secret, NOW + sessions.IDLE) is None
    found = reader_of(db, secret, NOW)
    assert found is not None
    sessions.touch(db, found[1], NOW + timedelta(hours=11, minutes=30))
    assert reader_of(db, secret, NOW + timedelta(hours=11, minutes=59)) is not None
    assert reader_of(db, secret, NOW + sessions.LONGEST) is None
    end_session(db, found[1].token_hash, person.person_id, at=NOW)
    assert reader_of(db, secret, NOW) is None
    again = enter(db)
    assert again is not None
    set_active(db, person, active=False, at=NOW, principal="test")
    assert reader_of(db, again, NOW) is None


def test_nobody_ends_the_session_of_another(db: sa.Connection) -> None:
    """The hash of another person's session does not help."""
    someone(db)
    other = someone(db, "li.demo")
    secret = enter(db)
    assert secret is not None
    found = reader_of(db, secret, NOW)
    assert found is not None
    end_session(db, found[1].token_hash, other.person_id, at=NOW)
    assert reader_of(db, secret, NOW) is not None


def test_a_new_password_ends_all_sessions_and_tokens(db: sa.Connection) -> None:
    """Whoever knew the old password is out."""
    person = someone(db)
    secret = enter(db)
    assert secret is not None
    found = reader_of(db, secret, NOW)
    assert found is not None
    token = make_token(db, found[0], "导出", frozenset({"export"}), 30, at=NOW)
    set_password(db, person, "another long phrase 8", at=NOW, principal="test", must_change=True)
    assert reader_of(db, secret, NOW) is None
    with pytest.raises(UserError, match="RIGHT-001"):
        bearer(db, token, NOW)
    assert sessions_of(db, person.person_id, NOW) == []
    assert enter(db) is None


def test_an_appointment_taken_back_ends_what_used_it(db: sa.Connection) -> None:
    """Sessions and tokens of the appointment end; another appointment of the same person goes on."""
    person = someone(db)
    later = NOW + timedelta(seconds=1)
    second = appoint(db, person, Wanted("auditor", DAY, scope_kind="all"), at=later, principal="test")
    one, two = enter(db), enter(db)
    assert one is not None
    assert two is not None
    found = reader_of(db, two, NOW)
    assert found is not None
    switch(db, found[1], second.appointment_id, at=NOW)
    now_auditor = reader_of(db, two, NOW)
    assert now_auditor is not None
    assert now_auditor[0].role == "auditor"
    revoke(db, second.appointment_id, at=NOW, principal="test")
    assert reader_of(db, two, NOW) is None
    assert reader_of(db, one, NOW) is not None
    with pytest.raises(UserError, match="RIGHT-004"):
        revoke(db, second.appointment_id, at=NOW, principal="test")


def test_one_cannot_act_in_the_appointment_of_another(db: sa.Connection) -> None:
    """Switching takes one's own appointments alone."""
    someone(db)
    other = someone(db, "li.demo")
    secret = enter(db)
    assert secret is not None
    found = reader_of(db, secret, NOW)
    assert found is not None
    foreign = sessions.standing(db, other, DAY)[0]
    with pytest.raises(UserError, match="RIGHT-004"):
        switch(db, found[1], foreign.appointment_id, at=NOW)


def test_a_token_does_what_it_was_made_for_until_it_runs_out(db: sa.Connection) -> None:
    """It carries its actions, not more; revoked, expired or mistyped it is an error and never the public."""
    person = someone(db)
    secret = enter(db)
    assert secret is not None
    found = reader_of(db, secret, NOW)
    assert found is not None
    token = make_token(db, found[0], "导出", frozenset({"export"}), 30, at=NOW)
    who = bearer(db, token, NOW)
    assert (who.limited_to, who.via, who.role) == (frozenset({"export"}), "token", "administrator")
    for wrong, at in ((token + "x", NOW), ("", NOW), (token, NOW + timedelta(days=30))):
        with pytest.raises(UserError, match="RIGHT-001"):
            bearer(db, wrong, at)
    with pytest.raises(UserError, match="RIGHT-004"):
        make_token(db, who, "更多", frozenset({"export"}), 30, at=NOW)
    revoke_token(db, tokens_of(db, person.person_id)[0].token_id, person.person_id, at=NOW, principal="test")
    with pytest.raises(UserError, match="RIGHT-001"):
        bearer(db, token, NOW)


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted("king", DAY),
        Wanted("public", DAY),
        Wanted("officer", DAY),
        Wanted("bank", DAY),
        Wanted("bank", DAY, grantee="合成银行", use="supervision"),
        Wanted("officer", DAY, scope_kind="all"),
        Wanted("administrator", DAY, valid_to=DAY),
    ],
    ids=["role", "public", "no region", "no organisation", "use", "scope", "days"],
)
def test_an_appointment_that_does_not_fit_is_refused(db: sa.Connection, wanted: Wanted) -> None:
    """Role, scope, use and days must fit together."""
    person = someone(db)
    with pytest.raises(UserError, match="RIGHT-004"):
        appoint(db, person, wanted, at=NOW, principal="test")


@pytest.mark.parametrize("password", ["short", "x" * 300, "aaaaaaaaaaaabbb", "my wang.demo phrase", "1qaz2wsx3edc4rfv"])
def test_a_weak_password_is_refused(password: str) -> None:
    """Too short, too long, too uniform, with the name in it, or common."""
    with pytest.raises(UserError, match="RIGHT-005"):
        passwords.check_password(password, "wang.demo")


@given(st.text(min_size=2, max_size=60).filter(lambda t: t.isalnum()))
def test_a_user_name_has_one_spelling(text: str) -> None:
    """What is typed comes back the same when it is typed again in its plain spelling."""
    plain = plain_name(text)
    assert plain_name(plain) == plain


@pytest.mark.parametrize("text", ["", "x", "two words", "a:b", "a" * 90, "a\x00b"])
def test_what_is_no_user_name_is_refused(text: str) -> None:
    """Empty, short, long, with blanks, colons or control characters."""
    with pytest.raises(UserError, match="RIGHT-004"):
        plain_name(text)


def test_names_are_taken_once_in_any_spelling(db: sa.Connection) -> None:
    """Full-width and capital letters do not make another person."""
    someone(db)
    with pytest.raises(UserError, match="taken"):
        add_person(db, "ＷＡＮＧ.demo", "合成用户", at=NOW, principal="test")
    assert person_named(db, "Wang.Demo") is not None


def test_every_change_is_in_the_audit_log(db: sa.Connection) -> None:
    """Adding, appointing, passwords, sessions, refusals and tokens leave an entry each, and the chain holds."""
    someone(db)
    secret = enter(db)
    assert secret is not None
    enter(db, "wrong password at all")
    found = reader_of(db, secret, NOW)
    assert found is not None
    make_token(db, found[0], "导出", frozenset({"export"}), 30, at=NOW)
    actions = db.execute(sa.select(audit_entry.c.action).order_by(audit_entry.c.sequence)).scalars().all()
    assert actions == [
        "person.add", "appointment.give", "person.password.change", "session.open", "session.refuse", "token.make",
    ]  # fmt: skip
    assert verify(db) == []


@pytest.mark.parametrize("known", [True, False])
def test_a_lock_does_not_tell_which_names_there_are(
    db: sa.Connection, known: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Five tries at a name in wide letters lock its plain spelling, whether or not somebody has it."""
    if known:
        someone(db, "wang.demo")
    for _ in range(sessions.TRIES):
        sign_in(db, "ＷＡＮＧ.demo", "wrong", at=NOW, address="10.0.0.1", agent="")

    def looked(*_: object) -> bool:
        raise AssertionError("a locked name takes no time")

    monkeypatch.setattr(passwords, "matches", looked)
    assert sign_in(db, "wang.demo", PASSWORD, at=NOW, address="10.0.0.2", agent="") is None


def test_a_name_with_a_nought_byte_is_refused_like_any_other(db: sa.Connection) -> None:
    """On both stores, of which one takes no such text."""
    someone(db, "wang.demo")
    assert sign_in(db, "wang\x00.demo", PASSWORD, at=NOW, address="10.0.0.1", agent="") is None


def test_passwords_of_a_name_are_tried_one_after_another(registry_database: Engine) -> None:
    """While one try is not counted yet, another at the same name waits; one at another name does not."""
    with writing(registry_database) as db:
        someone(db, "wang.demo")
    if registry_database.dialect.name == "sqlite":
        return  # it has one writer at a time
    with registry_database.begin() as first, registry_database.begin() as second:
        sessions._in_turn(first, "wang.demo")
        second.execute(sa.text("SET LOCAL lock_timeout = '100ms'"))
        sessions._in_turn(second, "li.demo")
        with pytest.raises(sa.exc.OperationalError, match="lock timeout"):
            sign_in(second, "ＷＡＮＧ.demo", "wrong", at=NOW, address="10.0.0.1", agent="")
        second.rollback()
