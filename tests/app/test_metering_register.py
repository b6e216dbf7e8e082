"""Commands and services of the register of meters: what they print, whom they refuse, and what the audit log keeps."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.test_audited import assert_audited, watched
from registry.made_up import made_up_unit, made_up_uscc
from shuangkong.app.cli import app
from shuangkong.app.metering_register import (
    change_meter,
    end_meter,
    end_station,
    issue_token,
    put_station,
    revoke_token,
    unit_for,
)
from shuangkong.engine.api import Workspace, reading, writing
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.scope import Scope
from shuangkong.registry.api import StationEntry, ensure_regions, meter_spells, register_unit

EVERYTHING = Scope.all("test")
JUNE, TODAY = date(2026, 6, 1), date(2026, 11, 20)
METERS = f"""统一社会信用代码,表号,能源品种,计量单位,读数类型,倍率,启用日期
{made_up_uscc(1)},E01,电力,千瓦时,表底,40,2026-01-01
{made_up_uscc(2)},E01,电力,千瓦时,表底,40,2026-01-01
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A workspace with two synthetic units, each with a meter."""
    made = Workspace.create(tmp_path / "w")
    with writing(made.engine) as db:
        ensure_regions(db, made.clock(), ["130102"])
        for n in (1, 2):
            register_unit(db, made_up_unit(n), made.clock(), principal="test")
    file = tmp_path / "计量器具.csv"
    file.write_text(METERS, "utf-8")
    told = run(made, "import", str(file), "--book", "meters", "--publisher", "合成", "--document", "合成")
    assert "新登记 2" in told
    return made


def run(workspace: Workspace, *words: str) -> str:
    """What a command prints; it succeeds."""
    done = CliRunner().invoke(app, [*words, "-w", str(workspace.root)])
    assert done.exit_code == 0, done.output + repr(done.exception)
    return done.stdout


def as_json(workspace: Workspace, *words: str) -> list[dict[str, object]]:
    """What a command prints as JSON, as a list."""
    found = json.loads(run(workspace, *words, "--json"))
    return found if isinstance(found, list) else [found]


def own(workspace: Workspace, n: int = 1) -> Scope:
    """The scope of a unit's energy manager."""
    with reading(workspace.engine) as db:
        return Scope.unit("u", unit_for(db, workspace, EVERYTHING, made_up_uscc(n), TODAY))


def test_meters_are_listed_changed_and_ended_at_the_terminal(workspace: Workspace) -> None:
    """An exchange with both readings, a factor put right with its reason, and the end: each shows in the list."""
    one = ("--unit", made_up_uscc(1))
    swap = ("--first-reading", "0", "--closing-reading", "912.5", "--from", "2026-06-01")
    assert "changed" in run(workspace, "meters", "change", "E01", *one, *swap)
    right = ("--factor", "60", "--from", "2026-06-01", "--reason", "变比抄错")
    assert as_json(workspace, "meters", "change", "E01", *one, *right)[0]["effect"] == "corrected"
    run(workspace, "meters", "end", "E01", *one, "--on", "2026-10-01", "--last-reading", "77")
    first, second = as_json(workspace, "meters", "list", *one)
    assert (first["valid_to"], first["last_reading"], first["factor"]) == ("2026-06-01", "912.500000", "40.000000")
    assert (second["valid_to"], second["last_reading"], second["factor"]) == ("2026-10-01", "77.000000", "60.000000")
    assert len(run(workspace, "meters", "list").splitlines()) == 3


def test_a_wrong_figure_of_an_option_is_told(workspace: Workspace) -> None:
    """CLI-001 names the option; a meter that is not there is REG-005."""
    for words, code in ((("E01", "--factor", "viel"), "CLI-001"), (("E99", "--factor", "2"), "REG-005")):
        given = ["meters", "change", *words, "--unit", made_up_uscc(1), "-w", str(workspace.root)]
        done = CliRunner().invoke(app, given)
        assert isinstance(done.exception, UserError)
        assert done.exception.code == code


def test_tokens_are_issued_listed_and_revoked_at_the_terminal(workspace: Workspace) -> None:
    """The secret is printed once; the list shows how it begins, and that it was revoked."""
    (made,) = as_json(workspace, "readings", "token", "issue", "合成单位1", "--label", "能管系统", "--days", "30")
    secret = str(made["secret"])
    (listed,) = as_json(workspace, "readings", "token", "list")
    assert (listed["token_id"], listed["stands"], listed["label"]) == (made["token"], True, "能管系统")
    assert secret not in str(listed)
    assert secret.startswith(str(listed["prefix"]))
    run(workspace, "readings", "token", "revoke", secret[:10])
    assert as_json(workspace, "readings", "token", "list")[0]["stands"] is False
    assert "已收回" in run(workspace, "readings", "token", "list", "--unit", made_up_uscc(1))


def test_stations_are_registered_and_listed_without_their_password(workspace: Workspace) -> None:
    """What was given is shown, the password nowhere."""
    words = ("--unit", made_up_uscc(1), "--password", "geheim", "--crc", "modbus", "--outlet", "DW001")
    assert "new" in run(workspace, "stations", "put", "HC0001", *words, "--from", "2026-01-01", "--edition", "2017")
    assert "changed" in run(workspace, "stations", "put", "HC0001", "--from", "2026-06-01", "--edition", "2025")
    run(workspace, "stations", "end", "HC0001", "--on", "2026-10-01")
    first, second = as_json(workspace, "stations", "list")
    assert (first["edition"], first["crc"], first["outlets"]) == (2017, "modbus", ["DW001"])
    assert (second["edition"], second["valid_to"]) == (2025, "2026-10-01")
    assert "geheim" not in str((first, second)) + run(workspace, "stations", "list")


def test_who_writes_for_one_unit_changes_nothing_of_another(workspace: Workspace) -> None:
    """Meters, tokens and stations of a neighbour are as if they were not there."""
    mine, other = own(workspace), made_up_uscc(2)
    token, _ = issue_token(workspace, EVERYTHING, other, "邻厂", TODAY)
    put_station(workspace, EVERYTHING, StationEntry("HC9", JUNE, password="1"), other)
    for act in (
        lambda: change_meter(workspace, mine, other, "E01", JUNE, factor=Decimal(2)),
        lambda: end_meter(workspace, mine, other, "E01", JUNE),
        lambda: issue_token(workspace, mine, other, "夺取", TODAY),
        lambda: revoke_token(workspace, mine, token),
        lambda: put_station(workspace, mine, StationEntry("HC9", TODAY, password="2"), made_up_uscc(1)),
        lambda: put_station(workspace, mine, StationEntry("HC10", TODAY, password="2"), other),
        lambda: end_station(workspace, mine, "HC9", TODAY),
    ):
        with pytest.raises(UserError) as wrong:
            act()
        assert wrong.value.code in ("REG-001", "REG-005")
    with reading(workspace.engine) as db:
        assert {s.valid_from for s in meter_spells(db, EVERYTHING, workspace.clock())} == {date(2026, 1, 1)}
    assert change_meter(workspace, mine, made_up_uscc(1), "E01", JUNE, factor=Decimal(2)).effect == "changed"


def test_what_is_registered_of_metering_is_audited(workspace: Workspace) -> None:
    """Changing and ending a meter, stations and tokens: each has its entry in the transaction of the change."""
    one = made_up_uscc(1)
    with watched() as done:
        change_meter(workspace, EVERYTHING, one, "E01", JUNE, factor=Decimal(2))
        change_meter(workspace, EVERYTHING, one, "E01", JUNE, factor=Decimal(3), reason="抄错")
        end_meter(workspace, EVERYTHING, one, "E01", date(2026, 7, 1))
        put_station(workspace, EVERYTHING, StationEntry("HC1", JUNE, password="1"), one)
        token, _ = issue_token(workspace, EVERYTHING, one, "接入", TODAY)
        revoke_token(workspace, EVERYTHING, token)
    assert {"meter", "station", "reading_token"} <= assert_audited(done)


def test_an_import_of_meters_is_audited_and_kept_among_imports(tmp_path: Path, workspace: Workspace) -> None:
    """Its transaction has the entry of the import; the list of imports has its file and counts."""
    from shuangkong.accounting.api import batches

    file = tmp_path / "更多.csv"
    file.write_text(METERS.replace("E01", "E02"), "utf-8")
    with watched() as done:
        run(workspace, "import", str(file), "--book", "meters")
    assert {"meter", "import_batch"} <= assert_audited(done)
    with reading(workspace.engine) as db:
        kept = [b for b in batches(db, EVERYTHING) if b["book"] == "meters"]
    assert [(b["fresh"], b["corrected"]) for b in kept] == [(2, 0), (2, 0)]
