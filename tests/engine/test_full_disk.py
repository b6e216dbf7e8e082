"""A disk that is really full: nothing is half written, the error says so, and with room everything goes on.

A process of its own works on a small file system where one may be mounted, and everywhere under a limit of the system
on the size of its files, which fails in the same calls.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow
#: Works until the disk is full, tries each kind of write there, makes room, and does the same again.
SCENE = """
import json, os, resource, sys
from contextlib import suppress
from datetime import date
from pathlib import Path

from shuangkong.accounting.api import BOOK_ENTRIES, Origin, batches, import_sheet
from shuangkong.app.pipeline import run_pipeline
from shuangkong.engine.api import Workspace, audit_entry, head, latest_run, reading, verify, writing
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.scope import Scope
from shuangkong.policy.api import PackSet, builtin_packs
from shuangkong.registry.api import ensure_regions

how, root = sys.argv[1], Path(sys.argv[2])
ALL, packs = Scope.all("test"), PackSet(builtin_packs())
workspace = Workspace.create(root / "w")
with writing(workspace.engine) as db:
    ensure_regions(db, workspace.clock(), ["130181"])

def sheet(rows):
    lines = (f"130181,{2000 + n % 20},原煤,{n + 1},吨,全口径" for n in range(rows))
    return ("地区代码,期间,能源品种,消费量,计量单位,范围\\n" + "\\n".join(lines) + "\\n").encode()

def fill():
    if how == "limit":
        resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, resource.RLIM_INFINITY))
        return
    with suppress(OSError), (root / "filler").open("wb", buffering=0) as out:
        while True:
            out.write(b"x" * 65_536)
    with suppress(OSError), (root / "filler.rest").open("wb", buffering=0) as out:
        while True:
            out.write(b"x")

def make_room():
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    for name in ("filler", "filler.rest"):
        (root / name).unlink(missing_ok=True)

def change(n):
    with writing(workspace.engine) as db:
        ensure_regions(db, workspace.clock(), [["130100", "130183"], ["140100", "140200"]][n])

def take_in(n):
    origin = Origin(f"{n}.csv", "", "", "", date(2026, 1, 5))
    report = import_sheet(workspace, packs, "energy", sheet(8 + n), origin, scope=ALL)
    assert report.committed, report.refusals

def judge(_):
    run_pipeline(workspace, packs, known=workspace.clock(), as_of=date(2026, 6, 30), scope=Scope.system("test"))

def blob(n):
    workspace.blobs.put(bytes([n]) * 9_000)

def state():
    with reading(workspace.engine) as db:
        run = latest_run(workspace, ALL, known=None)
        return [
            head(db).sequence, len(batches(db, ALL)) if callable(batches) else 0,
            workspace.lake.read(BOOK_ENTRIES, workspace.clock()).num_rows, run and run.run_id,
            sorted(p.name for p in workspace.blobs.root.glob("*/*")),
            sorted(p.name for p in (workspace.root / "runs").glob("*")), verify(db),
        ]

def parts():
    return sorted(str(p) for p in workspace.root.rglob("*.part"))

said = {}
for what in (blob, change, take_in, judge):
    before = state()
    fill()
    try:
        what(1)
        said[what.__name__] = "no error"
    except UserError as told:
        said[what.__name__] = [told.code, told.case, before == state(), parts()]
    finally:
        make_room()
    what(1)
    said[what.__name__] = [*said[what.__name__], before != state()]
print(json.dumps({"said": said, "log": state()[-1], "end": state()[2]}))
"""


def _mounted(folder: Path) -> list[str] | None:
    """A command that runs another one with a small file system at the folder; None where none may be mounted."""
    for options in (["-m"], ["-rm"]):
        words = ["unshare", *options, "sh", "-c", f"mount -t tmpfs -o size=6m tmpfs '{folder}' && exec \"$@\"", "sh"]
        if (
            shutil.which("unshare")
            and not subprocess.run([*words, "true"], capture_output=True, check=False).returncode
        ):
            return words
    return None


def _played(how: str, folder: Path, tmp_path: Path) -> dict[str, Any]:
    before = _mounted(folder) if how == "tmpfs" else []
    if before is None:
        pytest.skip("no file system may be mounted here; the limit on the size of files is tried instead")
    scene = tmp_path / "scene.py"
    scene.write_text(SCENE, "utf-8")
    # what DuckDB puts aside is no part of the workspace
    done = subprocess.run(
        [*before, sys.executable, str(scene), how, str(folder)], capture_output=True, text=True, timeout=400,
        check=False, cwd=tmp_path, env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3_000:]
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


@pytest.mark.parametrize("how", ["limit", "tmpfs"])
def test_a_full_disk_is_said_and_leaves_nothing_behind(how: str, tmp_path: Path) -> None:
    """An original, a change of the registry, an import and a run: WS-004, all as before, and with room they go on."""
    folder = tmp_path / "small"
    folder.mkdir()
    answer = _played(how, folder, tmp_path)
    wanted = {what: ["WS-004", "disk", True, [], True] for what in ("blob", "change", "take_in", "judge")}
    assert answer["said"] == wanted
    assert answer["log"] == []
    assert answer["end"] > 0
