"""Checks of the books: each is tripped by a case, and by nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ibis
import ibis.expr.types as ir
import pytest

from shuangkong.accounting.api import AMOUNTS, BOOK_ENTRIES, FLAW_LABELS, INPUTS, work_out
from shuangkong.accounting.checks import rhythms_mixed, whole_left_out
from shuangkong.accounting.workings import queries
from shuangkong.engine.api import DuckDB, compile_sql
from shuangkong.testkit.scenario import tables

HEAD = ["主体", "期间", "品种", "数量", "单位", "范围"]
INSIDE = [["主体", "上级"], ["甲县", "市"], ["乙县", "市"], ["甲厂", "甲县"]]
WANTED = ("amounts", "leaves", "leaf_levels")
Check = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture
def seen() -> Check:
    """What a check says of some entries: (code, severity, subject, period, what, evidence)."""

    def run(check: Callable[..., ir.Table], names: tuple[str, ...], *entries: list[object]) -> list[tuple[Any, ...]]:
        given = tables({"inside": INSIDE, "entries": [HEAD, *entries]}, "t")
        known: dict[str, ir.Table] = {name: ibis.table(q.schema(), name=name) for name, q in queries().items()}
        known |= {c.name: c.ibis() for c in INPUTS} | {"amounts": AMOUNTS.ibis(), "book_entries": BOOK_ENTRIES.ibis()}
        with DuckDB(threads=1) as engine:
            for name, rows in {**given, **work_out(given, wanted=WANTED)}.items():
                engine.bind(name, rows)
            found = engine.run(compile_sql(check(*(known[n] for n in names)))).to_pylist()
        assert all(r["code"] in FLAW_LABELS for r in found)
        return sorted(tuple(r.values()) for r in found)

    return run


def test_a_whole_figure_that_no_sum_above_takes_in_is_told(seen: Check) -> None:
    """The city's sum is of one county; the other is known as a whole alone, and the flaw gives both figures."""
    names = ("leaves", "leaf_levels", "subject_closure")
    mine = ["甲县", "2020", "原煤", 100, "tce", "own"]
    other = ["乙县", "2020", "原煤", 50, "tce", "whole"]
    assert seen(whole_left_out, names, mine, other) == [
        ("whole_left_out", "warn", "市", "2020", "energy|gbt2589-2020/calorific/-/-", "100.000000 ≠ 50.000000")
    ]
    assert seen(whole_left_out, names, mine, [*other[:5], "own"]) == []
    # where units inside hand in, or the city has a figure of its own for the whole, nothing is left out
    works = ["甲厂", "2020-03", "原煤", 40, "tce", "own"]
    assert seen(whole_left_out, names, works, ["甲县", "2020", "原煤", 45, "tce", "whole"]) == []
    assert seen(whole_left_out, names, mine, other, ["市", "2020", "原煤", 150, "tce", "whole"]) == []


def test_months_that_a_year_of_another_carrier_displaces_are_told(seen: Check) -> None:
    """A year of coke stands for all coal: the months of raw coal beside it do not count, and the flaw says so."""
    names = ("amounts", "book_entries")
    coke = ["甲厂", "2020", "焦炭", 10, "tce", "own"]
    months = [["甲厂", f"2020-{m:02d}", "原煤", 1, "tce", "own"] for m in (1, 2)]
    assert seen(rhythms_mixed, names, coke, *months) == [
        ("rhythms_mixed", "warn", "甲厂", "2020", "energy|gbt2589-2020/calorific/-/-|coal", "10.000000 ≠ 2.000000")
    ]
    assert seen(rhythms_mixed, names, ["甲厂", "2020", "原煤", 10, "tce", "own"], *months) == []
    assert seen(rhythms_mixed, names, ["甲厂", "2020", "柴油", 10, "tce", "own"], *months) == []
    assert seen(rhythms_mixed, names, ["甲厂", "2021", "焦炭", 10, "tce", "own"], *months) == []
