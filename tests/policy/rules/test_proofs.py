"""What the checks at load say of tables that calculate, compare inputs with each other and ask has().

Tables are generated; what is claimed of one (a gap, an overlap, a row that never hits, or none of it) is held against
the plain evaluator for thousands of inputs. An example that is told is looked at by the plain reading of the test kit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from shuangkong.policy.api import (
    DAY,
    FLAG,
    TEXT,
    CheckedInput,
    CheckedOutput,
    CheckedRow,
    CheckedTable,
    Constant,
    Kind,
    Known,
    UsedParameter,
    holds,
    parse,
    typed,
    value_of,
)
from shuangkong.policy.rules.checks import Shape, shape_of
from shuangkong.testkit.api import plainly

NUMBER = Kind("number")
KINDS = {"x": NUMBER, "y": NUMBER, "z": NUMBER, "f": FLAG, "g": TEXT, "h": TEXT, "d": DAY, "e": DAY, "p": NUMBER}
CHOICES = ("甲", "乙", "丙")


Rows = Sequence[str | tuple[str, str]]
Ends = tuple[int | None, int | None]


def table_of(rows: Rows, hit: str = "first", **ends: Ends) -> CheckedTable:
    """A table with these conditions over the inputs that they name; `ends` are bounds of inputs."""
    pairs = [(r, f'"{n}"') if isinstance(r, str) else r for n, r in enumerate(rows)]
    names = {**KINDS}
    conditions = [typed(parse(c), names)[0] for c, _ in pairs]
    answers = [typed(parse(a), names)[0] for _, a in pairs]
    text = " ".join(c + " " + a for c, a in pairs)
    words = {w for w in "".join(c if c.isalpha() and c.isascii() else " " for c in text).split() if w in KINDS}
    inputs = tuple(_input(n, *ends.get(n, (None, None))) for n in sorted(words - {"p"}))
    made = tuple(CheckedRow(f"r{n}", c, (a,)) for n, (c, a) in enumerate(zip(conditions, answers, strict=True)))
    parameters = (UsedParameter("p", "demo.p", NUMBER),) if "p" in words else ()
    return CheckedTable("demo", inputs, (CheckedOutput("o", TEXT),), made, hit, parameters)


def _input(name: str, low: int | None, high: int | None) -> CheckedInput:
    bounds = [None if b is None else Decimal(b) for b in (low, high)]
    return CheckedInput(name, KINDS[name], CHOICES if name in "gh" else (), *bounds)


def told(shape: Shape) -> dict[str, str]:
    """Case of each fault → what is told of it."""
    return {w.case: w.on(date(2025, 1, 1)).message.in_("en") for _, w in shape.faults}


def example(table: CheckedTable, message: str) -> dict[str, Known]:
    """The inputs that a message tells."""
    found: dict[str, Known] = {}
    for part in message.partition(" where ")[2].partition(" (on")[0].removesuffix(".").split(", "):
        name, _, value = part.partition(" = ")
        kind = next(i.kind.name for i in table.inputs if i.name == name)
        read: dict[str, Any] = {"number": Decimal, "day": date.fromisoformat, "text": str, "flag": "true".__eq__}
        found[name] = None if value == "not known" else read[kind](value)
    return found


@pytest.mark.parametrize(
    ("rows", "hit", "case", "said"),
    [
        (["x >= y", "x < y"], "unique", None, None),
        (["x >= y", "x <= y"], "unique", "overlap", "r0 and r1 both hit where x = 0, y = 0"),
        (["x > y", "x < y"], "unique", "gap", "x = 0, y = 0"),
        (["x > y", "2*y <= 2*x", "y >= x"], "first", None, None),
        (["x > y", "2*y < 2*x", "y >= x"], "first", "dead_after", "r1"),
        (["x + y > z", "z - x >= y"], "unique", None, None),
        (["x > y && y > z", "z > x && x > y", "z >= x && y >= z", "!(x > y) && !(y > z)"], "collect", None, None),
        (["x > y && y > z && z > x"], "collect", "dead", "r0"),
        (["x*y >= 10", "x*y < 10"], "unique", None, None),
        (["x*y > 10", "x*y < 10"], "unique", "gap", None),
        (["x/y >= 1", "x/y < 1"], "unique", None, None),
        (["x/y > 1", "x/y < 0.5"], "unique", "gap", None),
        (["x*0.05 >= 1", "x*0.05 < 1"], "unique", None, None),
        (["x*0.05 > 1", "x < 20"], "first", "gap", "x = 20"),
        (["min(x, y) > 5", "x <= 5 || y <= 5"], "unique", None, None),
        (["max(x, y) > 5", "x <= 5 || y <= 5"], "first", None, None),
        (["max(x, y) > 5", "x <= 5 || y <= 5"], "unique", "overlap", None),
        (["has(x) && x > 1", "has(x)", "!has(x)"], "first", None, None),
        (["has(x) && has(y)", "has(x)"], "first", "gap", "x = not known"),
        (["has(x)", "has(x) && x > 3", "true"], "first", "dead_after", "r1"),
        (["g == h", "g != h"], "unique", None, None),
        (["g == h", 'g == "甲"', 'h == "甲"'], "first", "gap", "g = 乙, h = 丙"),
        (["d > e", "d <= e"], "unique", None, None),
        (['d > e', 'd < e', 'd == day("2021-12-31")'], "first", "gap", None),
        (["f == (x > y)", "f != (x > y)"], "unique", None, None),
        (["(f ? x : y) > 3", "!((f ? x : y) > 3)"], "unique", None, None),
        (["x > p", "x <= p"], "unique", None, None),
        (["x - x == 0"], "first", None, None),
        (["x*0 == 1", "!has(x)", "has(x)"], "first", "dead_after", "r1"),
        (["x + y < x", "has(x) && y >= 0", "!has(x)"], "first", "dead_after", "r2"),
        (["x/y - x/y == 0", "y == 0"], "first", "dead_after", "r1"),
        (["x < y + x", "y <= 0"], "unique", None, None),
    ],
)  # fmt: skip
def test_rows_that_calculate_are_proved_or_shown(rows: list[str], hit: str, case: str | None, said: str | None) -> None:
    """Each table is proved whole, or its one fault is told with inputs for which it is so; nothing stays open."""
    table = table_of(list(rows), hit)
    shape = shape_of(table, {"p": Decimal(3)}, total=True)
    assert shape.doubt is None
    assert list(told(shape)) == ([] if case is None else [case])
    if said is not None and case is not None:
        assert said in told(shape)[case]


def test_a_parameter_without_a_value_is_any() -> None:
    """What holds for each of its values is proved; what would hold for some is told as open, with its name."""
    fine = shape_of(table_of(["x >= p", "x < p"], "unique"), {"p": None}, total=True)
    assert fine == Shape()
    some = shape_of(table_of(["x <= 0", "x > 0 && x <= p", "x > p"], "unique"), {"p": None}, total=True)
    assert some.faults == []
    assert some.doubt is not None
    assert (some.doubt.code, some.doubt.names) == ("value", ("p",))


def test_beside_a_parameter_without_a_value_a_gap_is_found() -> None:
    """A gap, an overlap or a dead row that is there whatever the value is, is a fault."""
    beside = shape_of(table_of(["x > 5 && y > p", "x > 5 && y <= p", "x < 5"], "unique"), {"p": None}, total=True)
    assert "x = 5" in told(beside)["gap"]
    over = shape_of(table_of(["x >= 5", "x <= 5", "x > p && x < p"], "unique"), {"p": None}, total=True)
    assert set(told(over)) == {"overlap", "dead"}


def test_answers_of_any_may_agree_though_they_are_calculated() -> None:
    """Under `any`, rows that say the same where they meet are no conflict; where they do not, the place is told."""
    same = table_of([("x >= y", "x - y"), ("x <= y", "y - x")], "any")
    assert shape_of(same, {}, total=True) == Shape()
    apart = table_of([("x >= y", "x - y"), ("x <= y", "y - x + 1")], "any")
    assert set(told(shape_of(apart, {}, total=True))) == {"overlap"}


def test_bounds_of_inputs_count() -> None:
    """What lies outside what an input can be is no gap, and a row for it never hits."""
    assert shape_of(table_of(["x + y >= 0"], x=(0, None), y=(0, None)), {}, total=True) == Shape()
    dead = shape_of(table_of(["x + y >= 0", "true"], x=(0, None), y=(0, None)), {}, total=True)
    assert set(told(dead)) == {"dead_after"}
    assert set(told(shape_of(table_of(["x*y >= 0", "true"], x=(0, None), y=(0, None)), {}, total=True))) == {
        "dead_after"
    }


def test_independent_inputs_are_not_multiplied() -> None:
    """Twelve inputs with a bound each are looked through though their combinations are half a million."""
    names = [f"i{n}" for n in range(12)]
    kinds = dict.fromkeys(names, NUMBER)
    above = tuple(typed(parse(f"{n} > 10"), kinds)[0] for n in names)
    rows = (*(CheckedRow(f"r{n}", c, (Constant("a"),)) for n, c in enumerate(above)),)
    inputs = tuple(CheckedInput(n, NUMBER) for n in names)
    open_ = CheckedTable("demo", inputs, (CheckedOutput("o", TEXT),), rows, "first")
    shape = shape_of(open_, {}, total=True)
    assert shape.doubt is None
    assert set(told(shape)) == {"gap"}
    assert shape_of(open_, {}, total=False) == Shape()


def test_what_is_too_much_is_said() -> None:
    """A table whose rows cross each other in more ways than can be looked through is not called proved."""
    names = [f"i{n}" for n in range(40)]
    kinds = dict.fromkeys(names, NUMBER)
    texts = [
        " || ".join(f"{a} > {n} && {b} > {n}" for a, b in zip(names, names[n + 1 :], strict=False)) for n in range(20)
    ]
    rows = tuple(CheckedRow(f"r{n}", typed(parse(t), kinds)[0], (Constant("a"),)) for n, t in enumerate(texts))
    inputs = tuple(CheckedInput(n, NUMBER) for n in names)
    shape = shape_of(CheckedTable("demo", inputs, (CheckedOutput("o", TEXT),), rows, "unique"), {}, total=True)
    assert shape.doubt is not None
    assert shape.doubt.code == "too_many"


small = st.integers(-3, 3)
numbers = st.recursive(
    st.sampled_from(["x", "y", "z", "p", "(0.5 * x)", "(0.3 * y)", "(3 * z)"])
    | small.map(lambda n: f"({n})" if n < 0 else str(n)),
    lambda below: st.one_of(
        st.tuples(below, st.sampled_from(["+", "-", "*", "/"]), below).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        st.tuples(st.sampled_from(["min", "max"]), below, below).map(lambda t: f"{t[0]}({t[1]}, {t[2]})"),
    ),
    max_leaves=3,
)
comparisons = st.one_of(
    st.tuples(numbers, st.sampled_from(["<", "<=", "==", "!=", ">=", ">"]), numbers).map(
        lambda t: f"{t[0]} {t[1]} {t[2]}"
    ),
    st.sampled_from(["f", "!f", "g == h", 'g == "甲"', 'h in ["甲", "乙"]', "has(x)", "!has(x)", "has(y) && y > x"]),
)
conditions = st.one_of(
    comparisons,
    st.tuples(comparisons, st.sampled_from(["&&", "||"]), comparisons).map(lambda t: f"({t[0]}) {t[1]} ({t[2]})"),
    comparisons.map(lambda c: f"!({c})"),
)
GRID = [Decimal(n) for n in ("-3", "-1", "-0.5", "0", "0.333334", "0.5", "1", "1.5", "2", "3", "10")]


def samples(table: CheckedTable, values: Mapping[str, Decimal | None], most: int = 1_500) -> Iterator[dict[str, Known]]:
    """Inputs over a grid, spread evenly over it where it is large; those that are asked for with has() also missing."""
    ways: list[list[Known]] = []
    for one in table.inputs:
        ways.append(list({"flag": [True, False], "text": list(CHOICES)}.get(one.kind.name, GRID)))
        if f"has({one.name})" in str(table.id):
            ways[-1].append(None)
    everything = list(product(*ways))
    for way in everything[:: max(1, len(everything) // most)]:
        yield dict(zip((i.name for i in table.inputs), way, strict=True))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(
    st.lists(conditions, min_size=1, max_size=4),
    st.sampled_from(["first", "unique", "collect"]),
    st.sampled_from([None, Decimal(1), Decimal("0.7")]),
)
def test_no_claim_is_against_the_evaluator(rows: list[str], hit: str, value: Decimal | None) -> None:
    """No dead row is ever hit, no gap or overlap is there in what is called whole, and no example is false."""
    table = replace(table_of(list(rows), hit), id=" ".join(rows))
    assume(table.inputs)
    values = {"p": value}
    shape = shape_of(table, values, total=True)
    messages = told(shape)
    dead = {row for row, words in shape.faults if words.case.startswith("dead")}
    for case in ("gap", "overlap"):
        if case in messages:
            shown = plainly(table, example(table, messages[case]), values)
            assert shown.undecided == ("conflict" if case == "overlap" else None)
            assert case == "overlap" or (shown.decided and shown.row_hit is None)
    whole = shape.doubt is None
    for inputs in samples(table, values):
        verdict = plainly(table, inputs, values)
        assert not dead & {verdict.row_hit, *verdict.hits}
        if whole and "overlap" not in messages:
            assert verdict.undecided != "conflict"
        if whole and "gap" not in messages and hit != "collect":
            assert not (verdict.decided and verdict.row_hit is None)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["x - y", "x + 2*y", "x*y", "x/y", "0.3*x - y", "min(x, y)", "max(x, y) - x", "p*x + y"]),
    st.integers(-5, 5),
    st.sampled_from([1, 2, 5]),
    st.sampled_from(["first", "unique"]),
)
def test_a_planted_gap_is_found(form: str, bound: int, width: int, hit: str) -> None:
    """Rows that leave out a stretch of what they calculate are told with inputs in that stretch, or called open."""
    low, high = bound, bound + width
    table = table_of([f"{form} <= ({low})", f"{form} > ({high})"], hit)
    values = {"p": Decimal("1.5")}
    shape = shape_of(table, values, total=True)
    reachable = form != "max(x, y) - x" or high >= 0
    assert ("gap" in told(shape)) == reachable
    if reachable:
        inputs = example(table, told(shape)["gap"])
        assert all(holds(r.condition, {**values, **inputs}) is False for r in table.rows)
        found = value_of(typed(parse(form), KINDS)[0], {**values, **inputs})
        assert isinstance(found, Decimal)
        assert low < found <= high
