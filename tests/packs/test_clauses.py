"""Every clause and every printed figure of the source documents is in a pack, and has become something."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from packs.source_text import SOURCE, clauses, document, figures
from shuangkong.policy.api import Pack, PackSet, builtin_packs, coverage, number_of, years_of

TEXTS = yaml.safe_load((Path(__file__).parent / "source_texts.yaml").read_text("utf-8"))
FILES = {"000", "001", "002", "003", "004"}


@pytest.fixture(scope="module")
def packs() -> PackSet:
    return PackSet(builtin_packs())


@pytest.mark.parametrize("name", TEXTS)
def test_every_clause_and_figure_has_become_something(packs: PackSet, name: str) -> None:
    """Nothing stands unmapped, and the clauses are there at all."""
    rows = coverage(packs, packs.pack(name))
    assert rows
    assert {f"{r.clause.id}: {f}" for r in rows for f in r.faults} == set()


@pytest.mark.parametrize("name", TEXTS)
def test_the_clauses_are_those_of_the_text(packs: PackSet, name: str) -> None:
    """The pack lists each numbered clause that the text has, and no other, in the order of the text."""
    texts = _texts(name)
    listed = [c.id for c in packs.pack(name).clauses]
    assert [i for i in texts if i in listed or figures(texts[i]) or i != "序"] == listed


@pytest.mark.parametrize("name", TEXTS)
def test_the_figures_are_those_of_the_text(packs: PackSet, name: str) -> None:
    """Each clause lists the figures that its text prints, as often as it prints them, but for years of the plan."""
    pack = packs.pack(name)
    wrong = {}
    for clause, text in _texts(name).items():
        printed = _numbers(pack, figures(text))
        listed = _numbers(pack, [f.printed for c in pack.clauses if c.id == clause for f in c.figures])
        if printed != listed:
            wrong[clause] = {"not listed": dict(printed - listed), "not in the text": dict(listed - printed)}
    assert wrong == {}


def test_every_source_document_has_a_pack() -> None:
    """No file of the folder is left out."""
    assert {t["text"] for t in TEXTS.values()} >= FILES


def test_the_summary_of_the_national_plan_says_nothing_else(packs: PackSet) -> None:
    """Every figure of the official summary, its page numbers left out, is one that the plan's pack lists."""
    if not SOURCE.is_dir():
        pytest.skip("the source texts are not here")
    lines = document("002", "到2025年", "上接第09页")
    pack = packs.pack("guofa-2021-33")
    printed = _numbers(pack, figures("\n".join(line for line in lines if not line.strip().isdigit())))
    listed = _numbers(pack, [f.printed for c in pack.clauses for f in c.figures])
    assert sum(printed.values()) > 15
    assert printed - listed == Counter()


def _texts(name: str) -> dict[str, str]:
    if not SOURCE.is_dir():
        pytest.skip("the source texts are not here")
    where = TEXTS[name]
    lines = [line for line in document(where["text"], where.get("from"), where.get("to")) if not _skipped(line, where)]
    texts: dict[str, str] = {}
    for clause, text in clauses(lines, where.get("headings")):
        texts[clause] = texts.get(clause, "") + text
    return texts


def _skipped(line: str, where: dict[str, list[str]]) -> bool:
    return line.strip().isdigit() or line.strip("#* ").startswith(tuple(where.get("skip", ())))


def _numbers(pack: Pack, printed: list[str]) -> Counter[Decimal]:
    years = years_of(pack)
    found = [n for p in printed if (n := number_of(p)) is not None]
    return Counter(n for n in found if n not in years)
