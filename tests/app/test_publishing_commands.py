"""Proposing and deciding on packs at the terminal: each command says what became of the pack, and the next step."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from policy.builders import pack
from shuangkong.app.cli import app
from shuangkong.engine.api import Workspace, writing
from shuangkong.registry.api import ensure_regions
from shuangkong.webkit.api import Wanted, add_person, appoint, set_password


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A workspace with two officers of a city."""
    workspace = Workspace.create(tmp_path / "w")
    with writing(workspace.engine) as db:
        ensure_regions(db, workspace.clock(), ["330300"], principal="t")
        for name in ("jia", "yi"):
            person = add_person(db, name, name, at=workspace.clock(), principal="t")
            set_password(db, person, "一个足够长的口令 4711", at=workspace.clock(), principal="t", must_change=False)
            appoint(db, person, Wanted("administrator", date(2021, 1, 1)), at=workspace.clock(), principal="t")
    return tmp_path / "w"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of an invented pack (合成)."""
    for name, body in pack("test.local@2026", level="city", region="330300").files:
        (tmp_path / "pack" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "pack" / name).write_bytes(body)
    return tmp_path / "pack"


def run(root: Path, *words: str | Path) -> Result:
    """A command in the workspace."""
    done = CliRunner().invoke(app, ["policy", *(str(w) for w in words), "-w", str(root)])
    assert done.exit_code == 0, (done.output, done.exception)
    return done


def test_each_command_says_the_next_step_in_the_language_asked_for(root: Path, folder: Path) -> None:
    """Proposing, sending back, withdrawing and publishing end with what to do next, in Chinese or English."""
    first = run(root, "propose", folder, "--because", "年度分解", "--as", "jia").stdout.splitlines()
    assert first[1].startswith(f"下一步：请另一位有发布权限的人执行 shuangkong policy publish {first[0]} ")
    back = run(root, "reject", first[0], "--because", "条款号不对", "--as", "yi").stdout.splitlines()
    assert back == [
        "test.local@2026：已退回",
        "下一步：提交人按退回理由改正后，用 shuangkong policy propose 重新提交。",
    ]
    second = run(root, "propose", folder, "--because", "改正", "--as", "jia", "--lang", "en").stdout.splitlines()
    assert second[1].startswith("Next: a second person who may publish runs ")
    out = run(root, "withdraw", second[0], "--because", "再改", "--as", "jia", "--lang", "en").stdout.splitlines()
    assert out[0] == "test.local@2026: withdrawn"
    third = run(root, "propose", folder, "--because", "定稿", "--as", "jia").stdout.splitlines()[0]
    assert run(root, "publish", third, "--as", "yi").stdout.splitlines() == [
        "test.local@2026：已发布",
        "下一步：运行 shuangkong judge，新发布的规则包从这次判定起采用。",
    ]


def test_each_command_speaks_json(root: Path, folder: Path) -> None:
    """With --json stdout holds one document: the proposal as `policy proposals` lists it, and the next step."""
    made = json.loads(run(root, "propose", folder, "--because", "年度分解", "--as", "jia", "--json").stdout)
    done = json.loads(run(root, "publish", made["proposal"], "--as", "yi", "--json").stdout)
    assert (done["state"], done["pack"], done["because"]) == ("published", "test.local@2026", "年度分解")
    assert done.pop("next").startswith("Next: run `shuangkong judge`")
    assert json.loads(run(root, "proposals", "--as", "yi", "--json").stdout) == [done]
    assert run(root, "proposals", "--as", "yi").stdout.startswith(f"{made['proposal']}  已发布  test.local@2026")
