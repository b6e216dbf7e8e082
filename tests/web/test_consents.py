"""A unit's consent opens its figures to a bank or service company, and closes them at once when it is withdrawn."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from shuangkong.app.consenting import consents_of
from shuangkong.engine.api import reading
from shuangkong.kernel.scope import Scope
from web.own import Own, own_demo, post

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def own(demo_once: tuple[Path, object], tmp_path_factory: pytest.TempPathFactory) -> Own:
    """A copy of the demo for this module."""
    return own_demo(demo_once, tmp_path_factory)


def unit_of(own: Own) -> str:
    """The unit whose manager is a person of the demo."""
    with reading(own.workspace.engine) as db:
        found = {c.subject_id for c in consents_of(db, Scope.all("t"), own.workspace.clock())}
    manager = own.as_("demo.unit")
    return next(s for s in sorted(found) if manager.get(f"/units/{s}").status_code == 200)


def row_of(client: TestClient, grantee: str) -> str:
    """The id of the own unit's newest standing consent to an organisation."""
    text = client.get(f"/consents?state=standing&grantee={grantee}").text
    found = re.search(r'name="consent" value="(g_\w+)"', text)
    assert found
    return found.group(1)


def opens(client: TestClient, unit: str) -> list[bool]:
    """Whether the unit shows: its page, the list of findings, their export, its finding by key, and the interface."""
    listed = client.get("/findings?size=200").text
    export = client.get("/findings.csv").text
    return [
        client.get(f"/units/{unit}").status_code == 200,
        unit in listed,
        unit in export,
        unit in client.get("/api/findings?limit=500").text,
        client.get(f"/corrections/{unit}").status_code == 200,
    ]


def test_a_withdrawn_consent_closes_at_once(own: Own) -> None:
    """Pages that the bank looked at before, of a run made before, are like those of a unit that does not exist."""
    unit, manager, bank = unit_of(own), own.as_("demo.unit"), own.as_("demo.bank")
    before = opens(bank, unit)
    assert before[0]
    assert before[2]
    assert before[4]
    gone = post(manager, "/consents/withdraw", "/consents", consent=row_of(manager, "合成银行"))
    assert gone.status_code == 303
    assert opens(bank, unit) == [False] * 5
    told, none = (bank.get(f"/units/{u}") for u in (unit, "s_0000000000000000"))
    assert (told.status_code, none.status_code) == (404, 404)
    hide = re.compile(r"s_\w{16}|[0-9a-f]{32}|\d+:[0-9a-f]{64}")
    assert hide.sub("", told.text) == hide.sub("", none.text)
    assert "合成节能服务公司" in manager.get("/consents?state=standing").text
    to = {"to": "finance:合成银行", "start": "2026-01-01"}
    assert post(manager, "/consents", "/consents", **to).status_code == 303
    assert opens(bank, unit) == before


def test_only_the_unit_itself_gives_and_withdraws(own: Own) -> None:
    """Nobody else has the form; another unit's consent is told like one that is not there."""
    manager = own.as_("demo.unit")
    with reading(own.workspace.engine) as db:
        every = consents_of(db, Scope.all("t"), own.workspace.clock())
    mine = unit_of(own)
    other = next(c for c in every if c.subject_id != mine and c.withdrawn_at is None)
    for consent in (other.row_id, "g_" + "0" * 24):
        answer = post(manager, "/consents/withdraw", "/consents", consent=consent)
        assert answer.status_code == 400
        assert "RIGHT-004" in answer.text
        assert "它已失效，或已被收回" in answer.text
    with reading(own.workspace.engine) as db:
        again = {c.row_id: c for c in consents_of(db, Scope.all("t"), own.workspace.clock())}
    assert again[other.row_id].withdrawn_at is None
    for person in ("demo.bank", "demo.officer.990100", "demo.auditor", "demo.administrator"):
        client = own.as_(person)
        text = client.get("/consents").text
        assert 'id="form-consent"' not in text
        assert "/consents/withdraw" not in text
        assert client.post("/consents/withdraw", data={"consent": other.row_id}).status_code == 403


def test_each_reader_sees_the_consents_in_scope(own: Own) -> None:
    """A unit sees its own, a bank those to it, an officer those of the region; by filter, order and export too."""
    mine = unit_of(own)
    with reading(own.workspace.engine) as db:
        every = consents_of(db, Scope.all("t"), own.workspace.clock())
    others = {c.subject_id for c in every} - {mine}
    assert others
    for query in ("", "&sort=name_zh", "&sort=-recorded_at&use=finance"):
        manager = own.as_("demo.unit").get(f"/consents.csv?{query}").text
        assert mine in manager
        assert not any(s in manager for s in others)
    bank = own.as_("demo.bank")
    assert "合成银行" in bank.get("/consents").text
    assert "合成节能服务公司" not in bank.get("/consents").text + bank.get("/consents.csv?use=service").text
    city = own.as_("demo.officer.990100").get("/consents.csv").text
    assert all(c.row_id in city for c in every)
    assert own.as_("demo.reviewer").get("/consents").status_code == 403


def test_a_consent_is_for_known_organisations_and_days(own: Own) -> None:
    """An organisation that is not on the list, and an end before the beginning, are refused beside the field."""
    manager = own.as_("demo.unit")
    for fields in ({"to": "finance:别的银行", "start": "2026-01-01"}, {"to": "", "start": "2026-01-01"},
                   {"to": "finance:合成银行", "start": "2026-02-01", "until": "2026-01-01"}):  # fmt: skip
        assert post(manager, "/consents", "/consents", **fields).status_code == 400
