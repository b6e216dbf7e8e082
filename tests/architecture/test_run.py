"""`./run` keeps its own verbs, passes the rest on, and keeps stdout clean (house rule H15)."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from source_tree import ROOT

OWN = ("test", "check", "case", "docs", "bench")
FAKE_UV = """#!/bin/sh
case $1 in
--version) echo "uv 0.13.8" ;;
sync) echo "installing" ;;
run) while [ "$1" != --project ]; do shift; done; shift 2; echo "$*" ;;
esac
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with `run` and a uv that only says what it was asked to run."""
    (tmp_path / "run").write_bytes((ROOT / "run").read_bytes())
    (tmp_path / ".tool").mkdir()
    (tmp_path / ".tool" / "uv").write_text(FAKE_UV, "utf-8")
    for name in ("run", ".tool/uv"):
        (tmp_path / name).chmod(0o755)
    return tmp_path


def run(checkout: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Start `run` from another folder, without a mirror."""
    inherited = {k: v for k, v in os.environ.items() if k not in ("UV_DEFAULT_INDEX", "PIP_INDEX_URL")}
    return subprocess.run(
        [checkout / "run", *arguments],
        capture_output=True,
        text=True,
        cwd="/",
        env=inherited | environment,
    )


@pytest.mark.parametrize(
    ("arguments", "commands"),
    [
        (["demo"], ["shuangkong demo"]),
        (["why", "--json", "K 2025"], ["shuangkong why --json K 2025"]),
        (["--help"], ["shuangkong --help"]),
        (["test", "-k", "foo"], ["pytest -k foo"]),
        (["case", "intensity"], ["pytest tests/cases -k intensity"]),
        (["case"], ["pytest tests/cases"]),
        (["docs"], ["python -m shuangkong.app.docs"]),
        (["bench", "--quick"], ["python benchmarks/run.py --quick"]),
    ],
)
def test_a_verb_starts_its_command(checkout: Path, arguments: list[str], commands: list[str]) -> None:
    """Each verb starts the right command with its arguments, and installing speaks on stderr only."""
    ended = run(checkout, *arguments)
    assert (ended.returncode, ended.stdout.splitlines()) == (0, commands)
    assert ended.stderr == "installing\n"


def test_the_whole_test_checks_everything_and_ends_with_pytest(checkout: Path) -> None:
    """`./run test` lints, types, checks imports and needs, and pytest comes last."""
    words = [line.split()[0] for line in run(checkout, "test").stdout.splitlines()]
    assert words == ["ruff", "ruff", "mypy", "lint-imports", "deptry", "pytest"]


def test_the_quick_check_leaves_out_what_is_slow(checkout: Path) -> None:
    """`./run check` does the same with the fast tests only."""
    last = run(checkout, "check").stdout.splitlines()[-1]
    assert last.endswith("-m not slow and not service and not browser and not spark")


def test_help_needs_nothing_and_names_every_verb(checkout: Path) -> None:
    """`./run` alone prints help in both languages, without Python and without installing."""
    ended = run(checkout, PYTHON="/nowhere")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "用法 Usage:" in ended.stdout
    assert [verb for verb in (*OWN, "demo") if f"\n  {verb} " not in ended.stdout] == []


def test_an_old_python_is_refused(checkout: Path) -> None:
    """Without Python 3.11 the command ends with status 2 and says what it needs."""
    ended = run(checkout, "demo", PYTHON="/nowhere")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "needs Python 3.11 or newer" in ended.stderr


def test_a_failing_step_fails_the_whole(checkout: Path) -> None:
    """When one check fails, `./run test` stops there with its status."""
    fake = checkout / ".tool" / "uv"
    fake.write_text(FAKE_UV.replace('echo "$*"', 'echo "$*"; [ "$1" != mypy ]'), "utf-8")
    ended = run(checkout, "test")
    assert (ended.returncode, ended.stdout.splitlines()[-1]) == (1, "mypy")
