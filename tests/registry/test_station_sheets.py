"""Registers of stations from sheets: whole or not at all, in scope, with passwords that are kept nowhere else."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from registry.made_up import made_up_unit, made_up_uscc
from shuangkong.app.cli import app
from shuangkong.engine.api import Workspace, reading, writing
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.scope import Scope
from shuangkong.registry.api import (
    StationReport,
    StationSpell,
    ensure_regions,
    import_stations,
    register_unit,
    station_spells,
)

EVERYTHING = Scope.all("test")
SHEET = f"""MN号,统一社会信用代码,站点名称,密码,协议版本,CRC校验,排放口,联网日期
HC8800001,{made_up_uscc(1)},废水总排口站（合成）,geheim1,HJ212-2017,标准,DW001、DW002,2026-01-01
HC8800002,合成单位2,,geheim2,2025,Modbus,,2026-01-01
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A workspace with two units in two districts."""
    made = Workspace.create(tmp_path / "w")
    with writing(made.engine) as db:
        ensure_regions(db, made.clock(), ["130102", "130202"])
        for n, region in ((1, "130102"), (2, "130202")):
            register_unit(db, made_up_unit(n, region), made.clock(), principal="test")
    return made


def put(workspace: Workspace, text: str, scope: Scope = EVERYTHING, **more: object) -> StationReport:
    """Import it."""
    return import_stations(workspace, text.encode(), name="站点.csv", scope=scope, **more)  # type: ignore[arg-type]


def standing(workspace: Workspace) -> tuple[StationSpell, ...]:
    """What is registered."""
    with reading(workspace.engine) as db:
        return station_spells(db, EVERYTHING, workspace.clock())


def test_a_register_of_stations_is_taken_and_its_file_is_not_kept(workspace: Workspace) -> None:
    """Words of editions and check sums are understood; no file of the workspace but its database has a password."""
    done = put(workspace, SHEET, synthetic=True)
    assert (done.refusals, done.committed, done.counts["new"]) == ((), True, 2)
    one, two = standing(workspace)
    assert (one.mn, one.edition, one.crc, one.outlets, one.password) == (
        "HC8800001", 2017, "standard", ("DW001", "DW002"), "geheim1",
    )  # fmt: skip
    assert (two.edition, two.crc, two.outlets, two.synthetic) == (2025, "modbus", (), True)
    kept = [p for p in workspace.root.rglob("*") if p.is_file() and ".sqlite" not in p.name]
    assert [p for p in kept if b"geheim" in p.read_bytes()] == []
    assert put(workspace, SHEET, synthetic=True).counts == {"new": 0, "changed": 0, "corrected": 0}


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [("geheim2", "", "password"), ("geheim2", "a;b", "password"), ("合成单位2", "火星厂", "owner"),
     ("合成单位2", "", "owner"), ("HC8800002", "HC 88;2", "mn"), ("2025", "2030", "edition")],
)  # fmt: skip
def test_a_wrong_cell_refuses_the_whole_sheet(workspace: Workspace, old: str, new: str, field: str) -> None:
    """Row and field are named, the password never; nothing is registered."""
    done = put(workspace, SHEET.replace(old, new))
    assert not done.committed
    assert {(r.row, r.field) for r in done.refusals} == {(3, field)}
    assert "geheim" not in str(done)
    assert standing(workspace) == ()


def test_a_station_of_another_is_neither_taken_nor_described(workspace: Workspace) -> None:
    """Who writes for one unit cannot take over an MN of another."""
    put(workspace, SHEET)
    own = Scope.unit("u", standing(workspace)[0].subject_id)
    lines = SHEET.splitlines()
    taken = "\n".join([lines[0], lines[2].replace("合成单位2", made_up_uscc(1)).replace("2026-01-01", "2026-06-01")])
    assert [r.code for r in put(workspace, taken, own).refusals] == ["registered_elsewhere"]


def test_what_stands_is_put_right_only_with_a_reason(workspace: Workspace) -> None:
    """IMP-005 without one."""
    put(workspace, SHEET)
    right = SHEET.replace("geheim1", "geheim3")
    with pytest.raises(UserError, match="IMP-005"):
        put(workspace, right)
    assert put(workspace, right, reason="口令更换").counts["corrected"] == 1
    assert standing(workspace)[0].password == "geheim3"


def test_the_command_says_what_it_did_and_what_it_refused(workspace: Workspace, tmp_path: Path) -> None:
    """Exit 2 with the refusals, nothing else; then the counts."""
    file = tmp_path / "站点.csv"
    words = ["stations", "import", str(file), "-w", str(workspace.root)]
    file.write_text(SHEET.replace("合成单位2", "火星厂"), "utf-8")
    done = CliRunner().invoke(app, words)
    assert (done.exit_code, "火星厂" in done.stdout) == (2, True)
    file.write_text(SHEET, "utf-8")
    told = json.loads(CliRunner().invoke(app, [*words, "--json"]).stdout)
    assert (told["committed"], told["new"], told["refusals"]) == (True, 2, [])
    assert {s.valid_from for s in standing(workspace)} == {date(2026, 1, 1)}
