"""Rights: the matrix, the one decision, and what each kind of appointment opens."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from shuangkong.kernel.errors import UserError
from shuangkong.kernel.ids import SubjectId
from shuangkong.kernel.scope import Scope
from shuangkong.webkit.api import Appointment, Who, decide, public, require, rights

DAY = date(2026, 11, 20)
ADMIN = Who("p_1", "管理员", "administrator", Scope.all("p_1"), "session", "p_1", "a_1")


def held(kind: str, role: str = "officer") -> Appointment:
    """An appointment of a kind."""
    return Appointment(
        "a_1", "p_1", role, kind, SubjectId("s_1"), "合成银行", "finance", DAY, None, None, None,  # type: ignore[arg-type]
    )  # fmt: skip


def test_whoever_only_looks_changes_nothing() -> None:
    """Auditor, bank, service company, reviewer and public have no right that changes the books, people or packs."""
    own = {"account.self", "consent.give", "jobs.control", "scenario.run", "cases.close"}
    for role in ("auditor", "bank", "service_company", "reviewer", "public"):
        changing = {a for a in rights().roles[role].actions if rights().actions[a].changes}
        assert changing <= own, role
    assert "jobs.control" not in rights().roles["auditor"].actions


def test_every_role_but_the_public_may_manage_its_own_account_and_ask_why() -> None:
    """A reader who cannot change the password or ask for the reason of a refusal has nowhere to go."""
    for name, role in rights().roles.items():
        assert "rights.explain" in role.actions
        assert ("account.self" in role.actions) == (name != "public")


def test_a_refusal_names_its_rule() -> None:
    """The role, the token, the missing sign-in and the password to be changed are told apart."""
    bank = replace(ADMIN, role="bank")
    assert decide(bank, "import.write").rule == "role"
    assert decide(replace(ADMIN, limited_to=frozenset({"export"})), "import.write").rule == "token"
    assert decide(public(), "import.write").rule == "sign_in"
    assert decide(replace(ADMIN, must_change=True), "findings.read").rule == "password"
    assert decide(replace(ADMIN, must_change=True), "account.self").allowed


@pytest.mark.parametrize(
    ("who", "code"), [(public(), "RIGHT-001"), (replace(ADMIN, role="bank"), "RIGHT-002")], ids=["public", "bank"]
)
def test_what_is_not_allowed_is_an_error_with_a_code(who: Who, code: str) -> None:
    """The public is asked to sign in, a signed-in person is told that the role does not have the right."""
    with pytest.raises(UserError) as error:
        require(who, "people.manage")
    assert error.value.code == code


def test_an_unknown_action_is_a_bug() -> None:
    """A route cannot ask for a right that is not in the matrix."""
    with pytest.raises(KeyError):
        decide(ADMIN, "everything")


@pytest.mark.parametrize(
    ("kind", "scope"),
    [
        ("all", Scope.all("p_1", "finance")),
        ("region", Scope.region("p_1", SubjectId("s_1"), DAY, "finance")),
        ("unit", Scope.unit("p_1", SubjectId("s_1"), "finance")),
        ("consented", Scope.consented("p_1", "合成银行", DAY, "finance")),
    ],
)
def test_an_appointment_opens_its_scope(kind: str, scope: Scope) -> None:
    """Each kind of appointment becomes the scope that every read takes."""
    assert held(kind).scope("p_1", DAY) == scope


def test_an_appointment_without_its_place_opens_nothing() -> None:
    """A region's appointment whose region is not named sees nothing rather than everything."""
    assert replace(held("region"), subject_id=None).scope("p_1", DAY) == Scope.none("p_1")


def test_an_appointment_stands_from_its_first_day_to_before_its_last() -> None:
    """Days are half open, and what was revoked never stands."""
    a = replace(held("region"), valid_to=date(2026, 12, 1))
    assert not a.stands_on(date(2026, 11, 19))
    assert a.stands_on(DAY)
    assert not a.stands_on(date(2026, 12, 1))
    assert not replace(a, revoked_at=datetime(2026, 11, 20, tzinfo=UTC)).stands_on(DAY)
