"""The demo, loaded once for all test processes: they wait for the first that needs it."""

from __future__ import annotations

import fcntl
import pickle
import shutil
from datetime import date
from pathlib import Path

import pytest

from shuangkong.app.demo.run import Loaded, load_demo
from shuangkong.engine.api import Workspace
from shuangkong.policy.api import PackSet, builtin_packs

#: The day on which the demo is judged in tests; figures in tests are fixed to it.
AS_OF = date(2026, 11, 20)


def demo_made(tmp_path_factory: pytest.TempPathFactory, worker: str) -> tuple[Path, Loaded]:
    """The folder of the demo's workspace, for reading alone, and what loading it reported."""
    base = tmp_path_factory.getbasetemp()
    shared = (base if worker == "master" else base.parent) / "demo-once"
    shared.mkdir(exist_ok=True)
    kept = shared / "loaded.pickle"
    with (shared / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            shutil.rmtree(shared / "w", ignore_errors=True)
            workspace = Workspace.create(shared / "w", demo=True)
            loaded = load_demo(workspace, PackSet(builtin_packs()), scale=1, as_of=AS_OF, progress=lambda *_: None)
            workspace.engine.dispose()
            kept.write_bytes(pickle.dumps(loaded))
    return shared / "w", pickle.loads(kept.read_bytes())
