"""The shipped packs, read once, and the folder of references that they were taken from."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from shuangkong.policy.api import PackSet, builtin_packs

SHARED = Path(__file__).parents[3] / "shared"


@pytest.fixture(scope="session")
def packs() -> PackSet:
    """All packs that ship with the program, but those of the demo, which is not taken from documents."""
    return PackSet(p for p in builtin_packs() if not p.origin.startswith("packs/demo"))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder ../shared, or a skip that says so."""
    if not SHARED.is_dir():
        pytest.skip("../shared is not beside the checkout")
    return SHARED


@pytest.fixture(scope="session")
def table(shared: Path) -> Callable[[str], list[dict[str, str]]]:
    """Reads a table of ../shared as text."""

    def read(name: str) -> list[dict[str, str]]:
        with (shared / name).open(encoding="utf-8-sig", newline="") as stream:
            return list(csv.DictReader(stream))

    return read
