"""One demo workspace for all tests of the main job; tests that write make a copy."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo_once import AS_OF
from shuangkong.app.demo.run import Loaded
from shuangkong.engine.api import Workspace
from shuangkong.policy.api import PackSet, builtin_packs

__all__ = ["AS_OF"]


@pytest.fixture(scope="session")
def packs() -> PackSet:
    """The packs that ship."""
    return PackSet(builtin_packs())


@pytest.fixture(scope="session")
def demo(demo_once: tuple[Path, Loaded]) -> tuple[Workspace, Loaded]:
    """The demo as `shuangkong demo` makes it, for reading alone."""
    return Workspace.open(demo_once[0]), demo_once[1]


@pytest.fixture
def demo_copy(demo: tuple[Workspace, Loaded], tmp_path: Path) -> Iterator[Workspace]:
    """A copy that a test may write to."""
    target = tmp_path / "copy"
    shutil.copytree(demo[0].root, target)
    workspace = Workspace.open(target)
    yield workspace
    workspace.engine.dispose()
