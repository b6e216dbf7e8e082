"""Each test says what holds, and tests something (house rule H13)."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from source_tree import ROOT, Module, module


def found_in(of: Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """The test functions of a module, in classes too."""
    for node in ast.walk(of.tree()):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            yield node


def faults(of: Module) -> Iterator[str]:
    """Tests without a docstring, and tests whose body is empty."""
    for test in found_in(of):
        where = f"{of.path.name}:{test.lineno} {test.name}"
        if not ast.get_docstring(test):
            yield f"{where} has no docstring"
        body = test.body[1:] if ast.get_docstring(test) else test.body
        if all(isinstance(node, ast.Pass | ast.Expr) and not _does(node) for node in body):
            yield f"{where} is empty"


def _does(node: ast.Pass | ast.Expr) -> bool:
    return isinstance(node, ast.Expr) and not isinstance(node.value, ast.Constant)


def test_every_test_says_what_holds() -> None:
    """Each test function has a docstring and a body."""
    files = [module(path, ROOT) for path in sorted((ROOT / "tests").rglob("test_*.py"))]
    assert sum(1 for file in files for _ in found_in(file)) > 10
    assert [fault for file in files for fault in faults(file)] == []


def test_a_bad_test_is_seen(tmp_path) -> None:
    """A test without a docstring, or with nothing but one, is reported."""
    file = tmp_path / "test_sample.py"
    file.write_text('def test_a():\n    assert 1\n\ndef test_b():\n    """Holds."""\n    ...\n', "utf-8")
    assert list(faults(module(file, tmp_path))) == [
        "test_sample.py:1 test_a has no docstring",
        "test_sample.py:4 test_b is empty",
    ]
