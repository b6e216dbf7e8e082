"""What is built is what was tested: the wheel holds the whole package and runs on its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from source_tree import PACKAGE, ROOT, SOURCE


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A freshly built wheel, unpacked."""
    folder = tmp_path_factory.mktemp("wheel")
    uv = ROOT / ".tool" / "uv"
    program = str(uv) if uv.exists() else shutil.which("uv")
    assert program, "no uv: start the tests with ./run test"
    subprocess.run(
        [program, "build", "--quiet", "--offline", "--wheel", "--out-dir", folder, ROOT],
        check=True,
        capture_output=True,
    )
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as file:
        file.extractall(folder / "site")
    return folder / "site"


def test_every_file_of_the_package_ships(unpacked: Path) -> None:
    """Packs, tables, templates and static files are in the wheel, not the Python alone."""
    kept = {
        path.relative_to(SOURCE)
        for path in PACKAGE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".pyc"
    }
    shipped = {path.relative_to(unpacked) for path in (unpacked / "shuangkong").rglob("*") if path.is_file()}
    assert len(kept) > 10
    assert any(path.suffix == ".yaml" for path in shipped)
    assert sorted(kept - shipped) == []


def test_the_wheel_runs_without_the_checkout(unpacked: Path, tmp_path: Path) -> None:
    """The command of the unpacked wheel starts, with nothing of the checkout on its path."""
    code = "import shuangkong.app.cli as cli; print(cli.__file__)"
    ended = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(unpacked)},
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith(str(unpacked / "shuangkong" / "app" / "cli"))


def test_the_wheel_bears_its_licence(unpacked: Path) -> None:
    """The licence text goes with the package."""
    (licence,) = unpacked.glob("shuangkong-*.dist-info/licenses/LICENSE")
    assert "Apache License" in licence.read_text("utf-8")
