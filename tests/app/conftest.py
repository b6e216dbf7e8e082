"""One demo workspace for all tests of the main job; tests that write make a copy."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from shuangkong.app.demo.run import Loaded, load_demo
from shuangkong.engine.api import Workspace
from shuangkong.policy.api import PackSet, builtin_packs

#: The day on which the demo is judged in tests; figures below are fixed to it.
AS_OF = date(2026, 11, 20)


@pytest.fixture(scope="session")
def packs() -> PackSet:
    """The packs that ship."""
    return PackSet(builtin_packs())


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory, packs: PackSet) -> tuple[Workspace, Loaded]:
    """The demo as `shuangkong demo` makes it."""
    workspace = Workspace.create(tmp_path_factory.mktemp("demo") / "w", demo=True)
    return workspace, load_demo(workspace, packs, scale=1, as_of=AS_OF, progress=lambda *_: None)


@pytest.fixture
def demo_copy(demo: tuple[Workspace, Loaded], tmp_path: Path) -> Iterator[Workspace]:
    """A copy that a test may write to."""
    target = tmp_path / "copy"
    shutil.copytree(demo[0].root, target)
    workspace = Workspace.open(target)
    yield workspace
    workspace.engine.dispose()
