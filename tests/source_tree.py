"""Where the source is and what it imports: the ground that the architecture tests stand on."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src"
PACKAGE = SOURCE / "shuangkong"


class Module(NamedTuple):
    """One Python file and its dotted name."""

    name: str
    path: Path
    text: str

    @property
    def slice(self) -> str:
        """The slice a module is in; empty for the package itself."""
        return self.name.partition(".")[2].partition(".")[0]

    @property
    def package(self) -> str:
        """What a relative import in this module starts from."""
        return self.name if self.path.name == "__init__.py" else self.name.rpartition(".")[0]

    def tree(self) -> ast.Module:
        """The parsed text."""
        return ast.parse(self.text, str(self.path))


def module(path: Path, root: Path = SOURCE) -> Module:
    """The module that a file holds."""
    parts = path.relative_to(root).with_suffix("").parts
    if parts[-1] == "__init__":
        parts = parts[:-1]
    return Module(".".join(parts), path, path.read_text("utf-8"))


def modules() -> list[Module]:
    """Every module of the product."""
    return [module(path) for path in sorted(PACKAGE.rglob("*.py"))]


def imports(of: Module) -> Iterator[tuple[int, str]]:
    """Line and dotted name of everything a module imports, at any depth: `from a import b` gives `a.b`."""
    for node in ast.walk(of.tree()):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = of.package.split(".")
                base = ".".join([*parts[: len(parts) - node.level + 1], *filter(None, [node.module])])
            for alias in node.names:
                yield node.lineno, f"{base}.{alias.name}"
        elif isinstance(node, ast.Call) and _called(node) in ("import_module", "__import__"):
            for argument in node.args[:1]:
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    yield node.lineno, argument.value


def _called(node: ast.Call) -> str:
    return getattr(node.func, "attr", getattr(node.func, "id", ""))


def calls(of: Module) -> Iterator[tuple[int, str]]:
    """Line and last name of every call in a module: `datetime.now()` gives `now`."""
    for node in ast.walk(of.tree()):
        if isinstance(node, ast.Call):
            yield node.lineno, _called(node)
