"""The commands that others script against: JSON on stdout alone, diagnostics on stderr, exit 0, 2 and 1."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from shuangkong.app.demo.run import Loaded
from shuangkong.engine.api import Workspace

Demo = tuple[Workspace, Loaded]
#: Everything here works on the whole demo.
pytestmark = pytest.mark.slow
FILE_OF_THREE = "统一社会信用代码,期间,能源品种,消费量,计量单位\n"


def call(*words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run `shuangkong` as a script does."""
    command = [sys.executable, "-m", "shuangkong.app.cli", *words]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False, timeout=300)


def test_a_user_error_goes_to_stderr_with_exit_2(tmp_path: Path) -> None:
    """A folder without a workspace: nothing on stdout, one line with code, place and remedy."""
    done = call("judge", "-w", str(tmp_path), "--json")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.strip() == (
        f"WS-001 {tmp_path}: there is no workspace in this folder."
        " Make one with `shuangkong init -w DIR` or `shuangkong demo -w DIR`."
    )


def test_init_twice_is_one_workspace(tmp_path: Path) -> None:
    """`init` on a workspace that is there changes nothing."""
    first, second = (json.loads(call("init", "-w", str(tmp_path / "w"), "--json").stdout) for _ in range(2))
    assert first["id"] == second["id"]
    assert (first["regions"] > 3000, second["regions"]) == (True, 0)


def test_an_unknown_option_is_exit_2() -> None:
    """Unknown options are refused."""
    assert call("judge", "--no-such-thing").returncode == 2


def test_judge_prints_every_finding_as_json(demo_copy: Workspace) -> None:
    """`judge --json` is one JSON document with all findings, decimals as text."""
    done = call("judge", "-w", str(demo_copy.root), "--as-of", "2026-11-20", "--json")
    assert done.returncode == 0, done.stderr
    data = json.loads(done.stdout)
    assert data["findings"] == len(data["list"]) > 1000
    assert data["changes"] == {"stayed": data["findings"]}
    met = next(r for r in data["list"] if r["status"] == "met")
    assert isinstance(met["value"], str)
    why = call("why", met["finding_key"], "-w", str(demo_copy.root), "--json")
    assert json.loads(why.stdout)["finding"]["finding_key"] == met["finding_key"]
    assert call("why", met["finding_key"], "-w", str(demo_copy.root), "--lang", "en").returncode == 0


def test_import_dry_run_refusal_and_commit(demo_copy: Workspace, tmp_path: Path) -> None:
    """Three bad rows are all listed in one pass and nothing is written; mended, the file is taken in once."""
    root = ["-w", str(demo_copy.root)]
    code = next(
        r["code"]
        for r in _units(demo_copy)
        if r["kind"] == "unit"
    )  # fmt: skip
    bad = tmp_path / "三行有错.csv"
    lines = [
        f"{code},2026-01,原煤,１２００,吨",
        f"{code},2026-01,石头,5,吨",
        "91110000000000000X,2026-01,原煤,5,吨",
        f"{code},2026年13月,原煤,5,吨",
    ]
    bad.write_bytes((FILE_OF_THREE + "\n".join(lines) + "\n").encode("gb18030"))
    refused = call("import", str(bad), "--book", "energy", *root, "--json")
    data = json.loads(refused.stdout)
    assert refused.returncode == 2
    assert [(r["row"], r["field"]) for r in data["refusals"]] == [(3, "item"), (4, "subject"), (5, "period")]
    assert (data["committed"], data["refused_rows"], data["rows"]) == (False, 3, 4)
    good = tmp_path / "好.csv"
    good.write_text(FILE_OF_THREE + lines[0] + "\n", "utf-8")
    dry = json.loads(call("import", str(good), "--book", "energy", *root, "--dry-run", "--json").stdout)
    assert (dry["committed"], dry["new"]) == (False, 1)
    first = json.loads(call("import", str(good), "--book", "energy", *root, "--json").stdout)
    assert (first["committed"], first["new"], first["examples"][0]["quantity"]) == (True, 1, "1200")
    again = json.loads(call("import", str(good), "--book", "energy", *root, "--json").stdout)
    assert (again["new"], again["corrected"], again["unchanged"]) == (0, 0, 1)
    good.write_text(FILE_OF_THREE + lines[0].replace("１２００", "1300") + "\n", "utf-8")
    unsaid = call("import", str(good), "--book", "energy", *root)
    assert unsaid.returncode == 2
    assert "IMP-005" in unsaid.stderr
    why = ("--reason", "复核后更正（合成）")
    told = call("import", str(good), "--book", "energy", *root, "--dry-run").stdout
    assert [line[0] for line in told.splitlines() if "→" in line] == ["~"]
    mended = json.loads(call("import", str(good), "--book", "energy", *root, *why, "--json").stdout)
    assert (mended["new"], mended["corrected"]) == (0, 1)


def _units(workspace: Workspace) -> list[dict[str, str]]:
    from shuangkong.engine.api import reading
    from shuangkong.kernel.scope import Scope
    from shuangkong.registry.api import subjects_seen

    with reading(workspace.engine) as db:
        rows: list[dict[str, str]] = subjects_seen(db, Scope.all("test"), workspace.clock(), kind="unit").to_pylist()
    return rows


def test_an_interrupted_demo_is_finished_by_the_next(tmp_path: Path) -> None:
    """Killed at several moments and started again, the demo neither fails nor doubles anything."""
    root = tmp_path / "w"
    command = [sys.executable, "-m", "shuangkong.app.cli", "demo", "-w", str(root), "--no-serve", "--json"]
    for wait in (1.5, 4.0, 7.0):
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        time.sleep(wait)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    done = call("demo", "-w", str(root), "--no-serve", "--json")
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    fresh = json.loads(call("demo", "-w", str(tmp_path / "fresh"), "--no-serve", "--json").stdout)
    assert summary["by_status"] == fresh["by_status"]
    assert summary["tables"] == fresh["tables"]


def test_the_demo_refuses_a_real_workspace(tmp_path: Path) -> None:
    """Synthetic figures never enter a workspace that was not made for them."""
    call("init", "-w", str(tmp_path / "w"))
    done = call("demo", "-w", str(tmp_path / "w"), "--no-serve")
    assert done.returncode == 2
    assert "this workspace was not made for the demo." in done.stderr


def test_serve_refuses_an_open_address(demo: Demo) -> None:
    """Without sign-in, pages are for this machine alone."""
    done = call("serve", "-w", str(demo[0].root), "--host", "0.0.0.0")
    assert done.returncode == 2
    assert done.stderr.startswith("CLI-001 --host:")


def test_what_is_in_force_in_a_registered_region(demo: Demo) -> None:
    """Documents of the nation and of the invented city reach it, none of another province; ended ones are expired."""
    done = call(
        "policy", "in-force", "--region", "示范市（合成）", "--date", "2026-06-01", "-w", str(demo[0].root), "--json"
    )
    data = json.loads(done.stdout)
    assert data["path"] == ["000000", "990000", "990100"]
    standing = {row["pack"]: row["standing"] for row in data["instruments"]}
    assert standing["guofa-2021-33@2021"] == "expired"
    assert standing["demo-shifanshi@2022"] == "expired"
    assert not any("guangdong" in name or "fuzhou" in name for name in standing)
