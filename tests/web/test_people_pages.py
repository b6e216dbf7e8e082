"""People and rights: adding, appointing, resetting, closing, and what an administrator cannot undo."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from shuangkong.engine.api import audit_entry, reading, verify
from shuangkong.webkit.api import person_named
from web.clients import visitor
from web.own import Own, own_demo, post

pytestmark = pytest.mark.slow
ADMIN = "demo.administrator"


@pytest.fixture(scope="module")
def own(demo_once: tuple[Path, object], tmp_path_factory: pytest.TempPathFactory) -> Own:
    """A copy of the demo for this module."""
    return own_demo(demo_once, tmp_path_factory)


def person_id(own: Own, name: str) -> str:
    """The id of a person."""
    with reading(own.workspace.engine) as db:
        found = person_named(db, name)
    assert found
    return found.person_id


def actions(own: Own, obj: str) -> list[str]:
    """The actions in the audit log about an object, oldest first."""
    with reading(own.workspace.engine) as db:
        assert verify(db) == []
        t = audit_entry.c
        rows = db.execute(audit_entry.select().where(t.object == obj).order_by(t.sequence))
        return [r.action for r in rows]


def secret_of(text: str) -> str:
    """The password that an answer shows."""
    found = re.search(r'<code class="secret">([^<]+)</code>', text)
    assert found
    return found.group(1)


def test_the_list_shows_people_with_what_they_are_appointed_to(own: Own) -> None:
    """Each person stands with role and place; roles can be chosen among; the list is the administrator's alone."""
    client = own.as_(ADMIN)
    text = client.get("/people").text
    assert "银行 · 合成银行" in text
    assert "区域主管人员 · 示范市（合成）" in text
    few = client.get("/people?role=officer").text
    assert all(f"demo.officer.{code}" in few for code in (990100, 990101))
    assert "demo.bank" not in few
    for other in ("demo.officer.990100", "demo.auditor", "demo.unit"):
        assert own.as_(other).get("/people").status_code == 403
        assert own.as_(other).get(f"/people/{person_id(own, ADMIN)}").status_code == 403
        assert own.as_(other).get("/people.csv").status_code == 403


def test_a_new_person_signs_in_with_a_password_that_is_shown_once(own: Own) -> None:
    """The first password stands on one answer, opens a session, and must be changed before anything else."""
    client = own.as_(ADMIN)
    made = post(client, "/people", "/people", name="Neu.Hier", display="合成新人")
    assert made.status_code == 200
    assert made.headers["cache-control"] == "no-store"
    secret = secret_of(made.text)
    page = f"/people/{person_id(own, 'neu.hier')}"
    assert secret not in client.get("/people").text + client.get(page).text
    start = {"role": "officer", "place": "990101", "start": "2026-01-01"}
    assert post(client, f"{page}/appoint", page, **start).status_code == 303
    one = visitor(own.app)
    answer = one.post("/sign-in", data={"name": "neu.hier", "password": secret}, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/account")
    sent = one.get("/findings", follow_redirects=False)
    assert (sent.status_code, sent.headers["location"]) == (303, "/account")
    assert one.get("/api/findings").status_code == 403
    assert actions(own, person_id(own, "neu.hier")) == ["person.add", "session.open"]
    again = post(client, f"{page}/password", page)
    assert secret_of(again.text) != secret
    assert one.get("/account", follow_redirects=False).status_code == 303


def test_a_wrong_form_says_what_is_wrong(own: Own) -> None:
    """A taken name, an appointment without its place, and an unknown place are told beside what was typed."""
    client = own.as_(ADMIN)
    taken = post(client, "/people", "/people", name="demo.bank", display="合成")
    assert taken.status_code == 400
    assert "RIGHT-004" in taken.text
    assert 'value="demo.bank"' in taken.text
    assert post(client, "/people", "/people", name="").status_code == 400
    page = f"/people/{person_id(own, 'demo.reviewer')}"
    for wrong, code in (({"role": "officer"}, "RIGHT-004"), ({"role": "officer", "place": "没有这个县"}, "REG-001")):
        answer = post(client, f"{page}/appoint", page, start="2026-01-01", **wrong)
        assert answer.status_code == 400
        assert code in answer.text


def test_an_appointment_is_taken_back_at_once(own: Own) -> None:
    """Whoever acts in an appointment that is revoked is signed out; it stays in the list as revoked."""
    officer = own.as_("demo.officer.990102")
    assert officer.get("/findings").status_code == 200
    client = own.as_(ADMIN)
    page = f"/people/{person_id(own, 'demo.officer.990102')}"
    held = re.search(r'name="appointment" value="(a_[0-9a-f]+)"', client.get(page).text)
    assert held
    elsewhere = f"/people/{person_id(own, 'demo.bank')}"
    assert post(client, f"{elsewhere}/revoke", page, appointment=held.group(1)).status_code == 400
    assert officer.get("/findings").status_code == 200
    assert post(client, f"{page}/revoke", page, appointment=held.group(1)).status_code == 303
    assert officer.get("/findings", follow_redirects=False).status_code == 303
    assert "收回" in client.get(page).text
    assert actions(own, held.group(1)) == ["appointment.give", "appointment.revoke"]


def test_closing_an_account_ends_its_sessions(own: Own) -> None:
    """A closed account is signed out and cannot come back until it is opened again."""
    client = own.as_(ADMIN)
    service = own.as_("demo.service")
    page = f"/people/{person_id(own, 'demo.service')}"
    assert post(client, f"{page}/active", page, active="no").status_code == 303
    assert service.get("/findings", follow_redirects=False).status_code == 303
    assert post(client, f"{page}/active", page, active="yes").status_code == 303
    assert own.as_("demo.service").get("/findings").status_code == 200


def test_an_administrator_ends_a_session_of_another(own: Own) -> None:
    """The session ends, and the log names who ended it."""
    bank, client = own.as_("demo.bank"), own.as_(ADMIN)
    page = f"/people/{person_id(own, 'demo.bank')}"
    for session in re.findall(r'name="session" value="([0-9a-f]{64})"', client.get(page).text):
        assert post(client, f"{page}/session", page, session=session).status_code == 303
    assert bank.get("/findings", follow_redirects=False).status_code == 303
    with reading(own.workspace.engine) as db:
        ends = audit_entry.select().where(audit_entry.c.action == "session.end", audit_entry.c.object == page[8:])
        assert {r.principal for r in db.execute(ends)} == {person_id(own, ADMIN)}


def test_nobody_takes_away_the_last_administrator(own: Own) -> None:
    """The last one who manages people can neither be closed nor revoked, nor can anybody close the own account."""
    client = own.as_(ADMIN)
    page = f"/people/{person_id(own, ADMIN)}"
    text = client.get(page).text
    assert "不能由您本人关闭" in text
    closed = post(client, f"{page}/active", page, active="no")
    assert (closed.status_code, "RIGHT-004" in closed.text) == (400, True)
    held = re.search(r'name="appointment" value="(a_[0-9a-f]+)"', text)
    assert held
    last = post(client, f"{page}/revoke", page, appointment=held.group(1))
    assert (last.status_code, "RIGHT-004" in last.text) == (400, True)
    assert client.get("/people").status_code == 200
    assert "appointment.revoke" not in actions(own, held.group(1))


def test_a_form_without_its_token_changes_nothing(own: Own) -> None:
    """Each change asks for the token of the session's own forms."""
    client = own.as_(ADMIN)
    page = f"/people/{person_id(own, 'demo.bank')}"
    for url in ("/people", f"{page}/password", f"{page}/active", f"{page}/appoint", f"{page}/revoke"):
        assert client.post(url, data={"name": "x.y", "active": "no", "appointment": "a"}).status_code == 403
