"""Small modules with telling names, packs without code, and no stray print (house rules H1, H7, H11)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from source_tree import PACKAGE, Module, calls, modules

LONGEST = 400
NAMELESS = {"utils", "util", "helpers", "helper", "common", "misc"}


def too_long(of: Iterable[Module]) -> Iterator[str]:
    """Modules that hold two ideas by now."""
    for one in of:
        lines = one.text.count("\n")
        if lines > LONGEST:
            yield f"{one.name}: {lines} lines"


def nameless(of: Iterable[Module]) -> list[str]:
    """Modules whose name says nothing."""
    return [one.name for one in of if NAMELESS & set(one.name.split("."))]


def stray_prints(of: Iterable[Module]) -> Iterator[str]:
    """Calls of print outside the command line."""
    for one in of:
        if not one.name.startswith("shuangkong.app.cli"):
            yield from (f"{one.name}:{line}" for line, name in calls(one) if name == "print")


def test_modules_are_small() -> None:
    """No module of the product is over four hundred lines."""
    assert list(too_long(modules())) == []


def test_modules_have_names() -> None:
    """No module is called utils, helpers or common."""
    assert nameless(modules()) == []


def test_only_the_command_line_prints() -> None:
    """Nothing prints but the command line: its output is read by other programs."""
    assert list(stray_prints(modules())) == []


def test_packs_are_data() -> None:
    """A pack holds no Python: policy is data."""
    code = [path for path in (PACKAGE / "packs").rglob("*.py") if path.read_text("utf-8").count("\n") > 3]
    assert code == []


def test_every_package_has_a_docstring_and_a_marker() -> None:
    """Each slice is a package that says what it owns."""
    dumb = [
        folder.name
        for folder in sorted(PACKAGE.iterdir())
        if any(folder.glob("*.py")) and not (folder / "__init__.py").is_file()
    ]
    assert dumb == []


def test_the_shape_tests_can_fail() -> None:
    """A long module, a nameless one and one that prints are each seen."""
    sample = Module("shuangkong.policy.utils", Path("utils.py"), "print(1)\n" * (LONGEST + 1))
    assert list(too_long([sample])) == [f"shuangkong.policy.utils: {LONGEST + 1} lines"]
    assert nameless([sample]) == ["shuangkong.policy.utils"]
    assert len(list(stray_prints([sample]))) == LONGEST + 1
    assert list(stray_prints([sample._replace(name="shuangkong.app.cli")])) == []
