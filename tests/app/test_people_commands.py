"""People, consents and the audit log at the terminal."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner, Result

from registry.made_up import made_up_uscc
from shuangkong.app.cli import app
from shuangkong.engine.api import Workspace, writing
from shuangkong.kernel.errors import UserError
from shuangkong.registry.api import UnitEntry, ensure_regions, register_unit
from shuangkong.webkit.api import Wanted, add_person, appoint, person_named, set_password


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A workspace with a county and a unit in it."""
    workspace = Workspace.create(tmp_path / "w")
    with writing(workspace.engine) as db:
        ensure_regions(db, workspace.clock(), ["130202"], principal="t")
        unit = UnitEntry("合成厂", "130202", date(2021, 1, 1), uscc=made_up_uscc(1), synthetic=True)
        register_unit(db, unit, workspace.clock(), principal="t")
    return tmp_path / "w"


def run(root: Path, *words: str) -> Result:
    """A command in the workspace."""
    return CliRunner().invoke(app, [*words, "-w", str(root)])


def told(root: Path, *words: str) -> object:
    """What a command says as JSON."""
    answer = run(root, *words, "--json")
    assert answer.exit_code == 0, (answer.output, answer.exception)
    return json.loads(answer.stdout)


def refused(root: Path, *words: str) -> str:
    """The code of the user error that a command ends with."""
    answer = run(root, *words)
    assert isinstance(answer.exception, UserError), answer.output
    return answer.exception.code


def test_a_unit_opens_its_figures_at_the_terminal(root: Path) -> None:
    """Its manager gives and withdraws a consent, once the first password is changed; nobody does it for the unit."""
    assert len(told(root, "people", "add", "manager")["password"]) >= 12  # type: ignore[index, call-overload]
    told(root, "people", "appoint", "manager", "unit_manager", "--place", made_up_uscc(1))
    assert refused(root, "consent", "give", "合成银行", "finance", "--as", "manager") == "RIGHT-002"
    workspace = Workspace.open(root)
    with writing(workspace.engine) as db:
        found = person_named(db, "manager")
        assert found
        set_password(db, found, "一个足够长的口令 4711", at=workspace.clock(), principal="t", must_change=False)
    given = told(root, "consent", "give", "合成银行", "finance", "--as", "manager")["consent"]  # type: ignore[index, call-overload]
    assert refused(root, "consent", "give", "合成银行", "finance") == "RIGHT-002"
    assert [c["row_id"] for c in told(root, "consent", "list", "--as", "manager")] == [given]  # type: ignore[union-attr, attr-defined]
    assert run(root, "consent", "withdraw", given, "--as", "manager").exit_code == 0
    assert refused(root, "consent", "withdraw", given, "--as", "manager") == "RIGHT-004"
    assert refused(root, "people", "list", "--as", "manager") == "RIGHT-002"


def test_acting_as_a_person_is_in_the_log(root: Path) -> None:
    """What is changed with --as stands under that person, after an entry of whoever sat at the terminal."""
    workspace = Workspace.open(root)
    with writing(workspace.engine) as db:
        now = workspace.clock()
        person = add_person(db, "boss", "", at=now, principal="t")
        appoint(db, person, Wanted("administrator", date(2026, 1, 1)), at=now, principal="t")
    told(root, "audit", "list", "--as", "boss")
    told(root, "people", "add", "other", "--as", "boss")
    entries = told(root, "audit", "list")
    last = [e for e in entries if e["action"] in ("session.act", "person.add")]  # type: ignore[attr-defined]
    acts = [e for e in last if e["action"] == "session.act"]
    assert [(e["object"], e["principal"].startswith("terminal:")) for e in acts] == [(person.person_id, True)]
    added = next(e for e in last if e["action"] == "person.add" and e["principal"] == person.person_id)
    assert added["sequence"] == acts[0]["sequence"] + 1


def test_the_last_administrator_stays(root: Path) -> None:
    """The only one who manages people is neither closed nor revoked; with a second one that is possible."""
    for name in ("one", "two"):
        told(root, "people", "add", name)
    held = told(root, "people", "appoint", "one", "administrator")["appointment"]  # type: ignore[index, call-overload]
    assert refused(root, "people", "revoke", held) == "RIGHT-004"
    assert refused(root, "people", "close", "one") == "RIGHT-004"
    told(root, "people", "appoint", "two", "administrator")
    assert run(root, "people", "close", "one").exit_code == 0
    assert refused(root, "people", "revoke", told(root, "people", "list")[1]["held"][0]["appointment"]) == "RIGHT-004"  # type: ignore[index, call-overload]


def test_regions_are_published_and_closed(root: Path) -> None:
    """A region's page is opened and closed by code; one that is not open cannot be closed."""
    assert "1" in run(root, "people", "publish", "130202", "--from", "2026-01-01").stdout
    assert run(root, "people", "unpublish", "130202").exit_code == 0
    assert refused(root, "people", "unpublish", "130202") == "REG-001"


def test_the_log_is_verified_at_the_terminal(root: Path) -> None:
    """A whole log and its head; a changed entry and a head that is gone end with AUDIT-001 and are named."""
    kept = run(root, "audit", "head").stdout.strip()
    assert told(root, "audit", "verify", "--head", kept)["whole"] is True  # type: ignore[index, call-overload]
    listed = told(root, "audit", "list", "--action", "registry.units")
    assert [e["action"] for e in listed] == ["registry.units"]  # type: ignore[union-attr, attr-defined]
    with writing(Workspace.open(root).engine) as db:
        db.execute(sa.text("UPDATE audit_entry SET principal = 'x' WHERE sequence = 1"))
        db.execute(sa.text("DELETE FROM audit_entry WHERE sequence = 2"))
    answer = run(root, "audit", "verify", "--head", kept, "--json")
    assert isinstance(answer.exception, UserError)
    assert answer.exception.code == "AUDIT-001"
    assert [f["kind"] for f in json.loads(answer.stdout)["faults"]] == ["cut", "changed"]
    assert refused(root, "audit", "verify", "--head", "7") == "AUDIT-001"
