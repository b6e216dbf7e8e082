"""Generated pages and compiled SQL are those that the program would write now; refresh them with `./run docs`."""

from __future__ import annotations

from pathlib import Path

import pytest

from shuangkong.accounting.api import INDICATORS, compiled
from shuangkong.app import docs
from source_tree import ROOT


def test_no_page_is_stale() -> None:
    """docs/methods, docs/data and tests/golden/sql say what code, contracts and cases say: else run `./run docs`."""
    assert docs.stale(ROOT) == []


@pytest.mark.parametrize(("name", "sql"), compiled(), ids=[n for n, _ in compiled()])
def test_compiled_sql_is_the_snapshot(name: str, sql: str) -> None:
    """A change of a query shows as a change of text, to be read before it is accepted with `./run docs`."""
    assert (ROOT / docs.GOLDEN / f"{name}.sql").read_text("utf-8") == sql.rstrip() + "\n"


def test_every_indicator_has_a_page_and_a_snapshot() -> None:
    """No indicator goes without method page and SQL."""
    made = set(docs.pages(ROOT))
    assert {docs.METHODS / f"{i}.md" for i in INDICATORS} | {docs.GOLDEN / f"{i}.sql" for i in INDICATORS} <= made


def test_every_contract_is_in_the_column_dictionary() -> None:
    """Books, results, factors and registry tables are all there, each with its columns."""
    names = [c.name for _, c in docs.contracts()]
    assert {"book_entries", "reported_values", "amounts", "totals", "findings", "factors", "subjects"} <= set(names)
    page = docs.columns_page(docs.contracts())
    assert [n for n in names if f"## {n}: " not in page] == []


def test_a_stale_page_is_seen_and_mended(tmp_path: Path) -> None:
    """A page that was edited, is missing or belongs to nothing is named by --check, and written or removed without."""
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "tests" / "cases").mkdir(parents=True)
    assert docs.main(["--root", str(tmp_path)]) == 0
    assert docs.main(["--root", str(tmp_path), "--check"]) == 0
    page, gone = tmp_path / docs.METHODS / "coal_total.md", tmp_path / docs.GOLDEN / "coal_total.sql"
    left, note = tmp_path / docs.METHODS / "old.md", tmp_path / docs.METHODS / "note.md"
    page.write_text(page.read_text("utf-8") + "more\n", "utf-8")
    gone.unlink()
    left.write_text(docs.HEAD + "# Old\n", "utf-8")
    note.write_text("# 说明 A note by hand\n", "utf-8")
    wanted = [
        "docs/methods/README.md",
        "docs/methods/coal_total.md",
        "docs/methods/old.md",
        "tests/golden/sql/coal_total.sql",
    ]
    assert docs.stale(tmp_path) == wanted
    assert docs.main(["--root", str(tmp_path), "--check"]) == 1
    assert docs.main(["--root", str(tmp_path)]) == 0
    assert docs.stale(tmp_path) == []
    assert (left.exists(), note.exists()) == (False, True)
    assert "- [说明 A note by hand](note.md)" in (tmp_path / docs.METHODS / "README.md").read_text("utf-8")


def test_a_folder_that_is_no_checkout_is_refused(tmp_path: Path) -> None:
    """Nothing is written where there is no pyproject.toml."""
    assert docs.main(["--root", str(tmp_path)]) == 2
    assert list(tmp_path.iterdir()) == []
