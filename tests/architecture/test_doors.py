"""A slice is entered by its api and by nothing else (house rule H10)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from source_tree import PACKAGE, Module, imports, modules

SLICES = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
OPEN = {"kernel"}  # its submodules are its doors
FREE = {"app"}  # it wires everything together


def crossings(of: Iterable[Module], slices: set[str]) -> Iterator[str]:
    """Imports that enter another slice elsewhere than by its api."""
    for one in of:
        for line, name in imports(one):
            head, _, rest = name.partition(".")
            target, _, inner = rest.partition(".")
            if head != "shuangkong" or target not in slices or target in {one.slice} | OPEN:
                continue
            if one.slice not in FREE and inner.split(".")[0] != "api":
                yield f"{one.name}:{line} imports {name}"


def test_a_slice_is_entered_by_its_api() -> None:
    """No module imports another slice except through its api."""
    assert len(modules()) > len(SLICES) > 1
    assert list(crossings(modules(), SLICES)) == []


@pytest.mark.parametrize(
    "text",
    [
        "import shuangkong.policy.load",
        "from shuangkong.policy import load",
        "from shuangkong.policy.load import load_pack",
        "from shuangkong import policy",
        "from ..policy import load",
        "from ..policy.load import load_pack",
        "from .. import policy",
        "def late():\n    from shuangkong.policy.load import load_pack",
        "import importlib\nimportlib.import_module('shuangkong.policy.load')",
    ],
)
def test_the_walker_sees_a_crossing(text: str) -> None:
    """Each way of writing an import that passes by the door is caught."""
    sample = Module("shuangkong.accounting.rules", Path("rules.py"), text)
    assert len(list(crossings([sample], {"policy", "accounting"}))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "import shuangkong.policy.api",
        "from shuangkong.policy import api",
        "from shuangkong.policy.api import load_pack",
        "from ..policy.api import load_pack",
        "from shuangkong.kernel.periods import Period",
        "from shuangkong import __version__",
        "from . import model",
        "from .model import Entry",
        "import policy",
    ],
)
def test_the_walker_lets_doors_pass(text: str) -> None:
    """An import through the door, of the kernel, or within the slice is no crossing."""
    sample = Module("shuangkong.accounting.rules", Path("rules.py"), text)
    assert list(crossings([sample], {"policy", "accounting", "kernel"})) == []


def test_only_the_app_goes_where_it_likes() -> None:
    """The same import is free in app and a crossing in every other slice."""
    text = "from shuangkong.policy.load import load_pack"
    app = Module("shuangkong.app.cli", Path("cli.py"), text)
    assert list(crossings([app], {"policy", "app"})) == []
    assert list(crossings([app._replace(name="shuangkong.judgement.service")], {"policy"})) == [
        "shuangkong.judgement.service:1 imports shuangkong.policy.load.load_pack"
    ]
