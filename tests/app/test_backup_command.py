"""`shuangkong backup` and `shuangkong restore` at the terminal."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from shuangkong.app.cli import app
from shuangkong.engine.api import Workspace
from shuangkong.kernel.errors import UserError


def test_a_backup_is_made_checked_and_restored(tmp_path: Path) -> None:
    """Every table is known to the program; the printed head is what restoring is held against."""
    run = CliRunner().invoke
    here, file, back = str(tmp_path / "w"), str(tmp_path / "b.zip"), str(tmp_path / "back")
    assert run(app, ["init", "-w", here]).exit_code == 0
    made = json.loads(run(app, ["backup", file, "-w", here, "--json"]).stdout)
    assert made["left_out"] == []
    assert run(app, ["restore", file, "-w", back, "--check"]).exit_code == 0
    assert not Path(back).exists()
    wrong = run(app, ["restore", file, "-w", back, "--head", "1:" + "0" * 64])
    assert isinstance(wrong.exception, UserError)
    assert wrong.exception.code == "BACKUP-001"
    told = json.loads(run(app, ["restore", file, "-w", back, "--head", made["head"], "--json"]).stdout)
    assert told["id"] == Workspace.open(tmp_path / "w").id
    mistyped = run(app, ["restore", file, "-w", here, "--head", "seven"])
    assert isinstance(mistyped.exception, UserError)
    assert mistyped.exception.code == "CLI-001"
