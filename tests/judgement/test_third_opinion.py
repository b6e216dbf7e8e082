"""A third opinion on decision tables: zen-engine, another program's engine, on tables that its format (JDM) can say.

Its format has no null logic (a null matches no cell, and the row is simply passed over), only the policies first and
collect, no units, no parameters, no exceptions of rows, and no expression that is rounded to six places. So tables here
have cells of values written out, rows have no nulls, and the other policies are held to what zen collects: unique is
one row or a clash, any is one answer or a clash, sum, least, greatest and count are taken of what it collects.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
import zen
from hypothesis import given, settings
from hypothesis import strategies as st

from judgement.test_rules import KINDS, NUMBERS, POLICIES, TCE, as_verdict, by_columns, made
from shuangkong.kernel.errors import UserError
from shuangkong.policy.api import CheckedTable, Constant, Known, Node, cell
from shuangkong.policy.rules.nodes import all_of
from shuangkong.testkit.api import plainly

Cells = dict[str, tuple[Any, str]]


def document(rows: Sequence[Cells], says: Sequence[object], policy: str) -> str:
    """The table as zen reads it: a cell that is not there is empty, which is anything."""
    rules = [
        {
            "_id": f"r{n}", **{name: row[name][1] if name in row else "" for name in ("a", "b", "t", "f")},
            "o": json.dumps(s, ensure_ascii=False) if isinstance(s, str) else str(s), "row": f'"r{n}"',
        }
        for n, (row, s) in enumerate(zip(rows, says, strict=True))
    ]  # fmt: skip
    columns = {
        "inputs": [{"id": n, "name": n, "field": n} for n in ("a", "b", "t", "f")],
        "outputs": [{"id": n, "name": n, "field": n} for n in ("o", "row")],
    }
    content = {"hitPolicy": policy, "rules": rules, **columns}
    nodes = [
        {"id": "in", "type": "inputNode", "name": "in"},
        {"id": "t", "type": "decisionTableNode", "name": "t", "content": content},
        {"id": "out", "type": "outputNode", "name": "out"},
    ]
    edges = [{"id": a + b, "sourceId": a, "targetId": b, "type": "edge"} for a, b in (("in", "t"), ("t", "out"))]
    return json.dumps({"nodes": [{**n, "position": {"x": 0, "y": 0}} for n in nodes], "edges": edges})


def third(rows: Sequence[Cells], says: Sequence[object], policy: str, asked: Sequence[dict[str, Known]]) -> list[Any]:
    """What zen answers to each row of inputs."""
    decision = zen.ZenEngine().create_decision(document(rows, says, policy))
    plain = [{k: float(v) if isinstance(v, Decimal) else v for k, v in row.items()} for row in asked]
    return [decision.evaluate(row)["result"] for row in plain]


@st.composite
def cells(draw: st.DrawFn) -> tuple[str, Any, str]:
    """An input, a cell as packs write it, and the same cell as zen reads it."""
    name = draw(st.sampled_from(("a", "b", "t", "f")))
    if name == "f":
        flag = draw(st.booleans())
        return name, flag, "true" if flag else "false"
    if name == "t":
        words = draw(st.lists(st.sampled_from("甲乙丙"), min_size=1, max_size=2, unique=True))
        return name, words if len(words) > 1 else words[0], ", ".join(f'"{w}"' for w in words)
    low, high = sorted(draw(st.lists(st.sampled_from(NUMBERS), min_size=2, max_size=2, unique=True)))
    if draw(st.booleans()):
        opening, closing = draw(st.sampled_from(("[)", "(]", "[]", "()")))
        return name, f"{opening}{low:f}, {high:f}{closing}", f"{opening}{low:f}..{high:f}{closing}"
    ours, theirs = draw(st.sampled_from(((">=", ">="), ("<", "<"), ("不足", "<"), ("超过", ">"), ("不超过", "<="))))
    return name, f"{ours}{low:f}", f"{theirs} {low:f}"


ROW = st.lists(cells(), min_size=1, max_size=3).map(lambda every: {n: (o, z) for n, o, z in every})
ROWS = st.lists(ROW, min_size=1, max_size=6)
_NUMBER = st.sampled_from(NUMBERS)
GIVEN = {"a": _NUMBER, "b": _NUMBER, "t": st.sampled_from("甲乙丙"), "f": st.booleans()}
ASKED = st.lists(st.fixed_dictionaries(GIVEN), min_size=8, max_size=8)


def condition(row: Cells) -> Node:
    """The condition of a row as packs write it."""
    return all_of(tuple(cell(name, KINDS[name], ours) for name, (ours, _) in row.items()))


@pytest.mark.parametrize("hit", POLICIES)
@given(ROWS, ASKED, st.data())
@settings(max_examples=12, deadline=None)
def test_three_readings_agree(hit: str, rows: list[Cells], asked: list[dict[str, Known]], data: st.DataObject) -> None:
    """Columns, the plain reading and zen hit the same rows and give the same answers, under every policy."""
    words = hit in ("any", "collect")
    values = st.sampled_from(("甲", "乙")) if words else st.sampled_from(NUMBERS)
    says: list[Any] = data.draw(st.lists(values, min_size=len(rows), max_size=len(rows)))
    if hit == "collect_count":
        then: list[Node] = [Constant(Decimal(1), "item") for _ in rows]
    else:
        then = [Constant(s) if words else Constant(s, "tce") for s in says]
    table = without_exceptions(made(hit, [condition(r) for r in rows], then))
    order = [int(r.id[1:]) for r in table.ordered]
    first = hit in ("first", "priority")
    theirs = third([rows[n] for n in order], [says[n] for n in order], "first" if first else "collect", asked)
    for row, mine, other in zip(asked, by_columns(table, asked, None), theirs, strict=True):
        verdict = as_verdict(table, mine)
        assert verdict == plainly(table, row, {"p": None})
        several = ([other] if other else []) if first else (other or [])
        places = [order[int(found["row"][1:])] for found in several]
        if verdict.undecided == "conflict":
            assert len({says[n] for n in places} if hit == "any" else places) > 1
            continue
        assert verdict.decided
        if table.collects:
            assert verdict.hits == tuple(f"r{n}" for n in places)
            assert verdict.outputs["o"] == together(hit, [says[n] for n in places])
        else:
            assert verdict.row_hit == (f"r{places[0]}" if places else None)
            assert verdict.outputs["o"] == (says[places[0]] if places else None)
            assert len(places) < 2 or hit == "any"


def without_exceptions(table: CheckedTable) -> CheckedTable:
    """The table of the other tests, whose last row is an exception: zen has none."""
    return replace(table, rows=tuple(replace(r, exception_of=()) for r in table.rows))


def together(hit: str, said: list[Any]) -> Known:
    """What collected answers make under a policy."""
    if hit == "collect_count":
        return Decimal(len(said))
    if not said:
        return None
    return {"collect": ", ".join, "collect_sum": sum, "collect_min": min, "collect_max": max}[hit](said)  # type: ignore[operator]


def test_where_the_two_part_a_null_is_why() -> None:
    """Zen passes a row over whose input is null and takes the next; here the row is open, and says what it needs."""
    rows: list[Cells] = [{"a": ("> 10", "> 10")}, {"t": ("甲", '"甲"')}]
    asked: list[dict[str, Known]] = [{"a": None, "b": None, "t": "甲", "f": None}]
    assert third(rows, [Decimal(1), Decimal(2)], "first", asked) == [{"o": 2, "row": "r1"}]
    table = made("first", [condition(r) for r in rows], [Constant(Decimal(n), "tce") for n in (1, 2)])
    row = by_columns(table, asked, None)[0]
    assert (row["decided"], row["row_hit"], row["missing"]) == (False, None, "a")


def test_a_cell_that_zen_never_matches_is_refused_here() -> None:
    """A malformed cell is accepted by zen, whose row then never hits; a pack with it does not load."""
    assert third(
        [{"a": ("", "[1..")}], [Decimal(1)], "first", [{"a": Decimal(1), "b": None, "t": None, "f": None}]
    ) == [{}]
    with pytest.raises(UserError, match="is not a number"):
        cell("a", TCE, "[1..")
