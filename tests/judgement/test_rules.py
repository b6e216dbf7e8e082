"""Decision tables over columns give, row for row, what the plain reading gives: every policy, nulls, boundaries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import ibis
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shuangkong.engine.api import DuckDB, compile_sql
from shuangkong.judgement.api import decide, rows_hit
from shuangkong.policy.api import (
    FLAG,
    TEXT,
    CheckedInput,
    CheckedOutput,
    CheckedRow,
    CheckedTable,
    Constant,
    Kind,
    Known,
    Node,
    ParameterValue,
    UsedParameter,
    cell,
    parse,
    typed,
)
from shuangkong.testkit.api import Verdict, plainly

TCE = Kind("number", (("tce", 1),))
KINDS: dict[str, Kind] = {"a": TCE, "b": TCE, "t": TEXT, "f": FLAG, "p": TCE}
TYPES = {"number": pa.decimal128(38, 6), "text": pa.string(), "flag": pa.bool_()}
WORDS = {"number": "decimal(38, 6)", "text": "string", "flag": "boolean"}
NUMBERS = [Decimal(x) for x in ("-1.5", "0", "0.000001", "9.999999", "10", "10.000001", "20", "30")]
POLICIES = ("unique", "first", "any", "priority", "collect", "collect_sum", "collect_min", "collect_max",
            "collect_count")  # fmt: skip


def made(hit: str, conditions: Sequence[Node], then: Sequence[Node], *, default: bool = False) -> CheckedTable:
    """A table over a, b (tce), t (text), f (flag) and a parameter p, with one output."""
    text = hit in ("collect", "any")
    kind = TEXT if text else TCE
    rows = tuple(
        CheckedRow(f"r{n}", c, (o,), priority=(7 * n) % 3, exception_of=("r0",) if n == len(then) - 1 and n > 1 else ())
        for n, (c, o) in enumerate(zip(conditions, then, strict=True))
    )
    end = Constant("无" if text else Decimal(0)) if default and not hit.startswith("collect") else None
    return CheckedTable(
        "demo", tuple(CheckedInput(n, k) for n, k in KINDS.items() if n != "p"), (CheckedOutput("o", kind, end),), rows,
        hit, (UsedParameter("p", "demo.p", TCE),),
    )  # fmt: skip


def by_columns(table: CheckedTable, rows: Sequence[Mapping[str, Known]], p: Decimal | None) -> list[dict[str, Any]]:
    """What the columnar expression gives on DuckDB."""
    arrow = pa.table({i.name: pa.array([r[i.name] for r in rows], TYPES[i.kind.name]) for i in table.inputs})
    schema = {i.name: WORDS[i.kind.name] for i in table.inputs}
    answer = decide(table, ibis.table(schema, name="asked"), {"p": ParameterValue(p)})
    with DuckDB(threads=1) as engine:
        engine.bind("asked", arrow)
        found: list[dict[str, Any]] = engine.run(compile_sql(answer)).to_pylist()
    return found


def as_verdict(table: CheckedTable, row: Mapping[str, Any]) -> Verdict:
    """A row of the relation in the words of the plain reading."""
    hits = tuple(rows_hit(table, row) or ()) if table.collects else ()
    outputs = {o.name: row[o.name] for o in table.outputs}
    return Verdict(row["row_hit"], row["decided"], row["missing"], row["undecided"], outputs, hits)


def node(text: str) -> Node:
    """A typed expression over the test's names."""
    return typed(parse(text), KINDS)[0]


@st.composite
def atoms(draw: st.DrawFn) -> Node:
    """One test of one input, or of two, with bounds that rows share."""
    name = draw(st.sampled_from(("a", "b")))
    bound = draw(st.sampled_from(NUMBERS))
    kind = draw(st.integers(0, 7))
    if kind == 0:
        return cell("t", TEXT, draw(st.sampled_from(("甲", "!= 乙", ["甲", "丙"], "-"))))
    if kind == 1:
        return cell("f", FLAG, draw(st.booleans()))
    if kind == 2:
        return node(draw(st.sampled_from(("a / b > 0", "has(a) || b > p", "min(a, b) >= p", "a * b < p * b + p * a"))))
    if kind == 3:
        return node(
            draw(st.sampled_from(("f ? a > p : b > p", "!(a < b && f)", "-a > b", 't in ["甲", "乙"] && a <= p')))
        )
    op = draw(st.sampled_from((">=", "<", "以上", "超过", "=")))
    return cell(name, TCE, f"{bound}{op}" if op == "以上" else f"{op}{bound}")


@st.composite
def tables(draw: st.DrawFn, policies: Sequence[str] = POLICIES) -> CheckedTable:
    """A table of up to five rows under any policy."""
    hit = draw(st.sampled_from(policies))
    count = draw(st.integers(1, 5))
    conditions = [draw(atoms()) for _ in range(count)]
    if hit in ("collect", "any"):
        then: list[Node] = [Constant(draw(st.sampled_from(("甲", "乙")))) for _ in range(count)]
    elif hit == "collect_count":
        then = [Constant(Decimal(1), "item") for _ in range(count)]
    else:
        choices = ("a + b", "p * 2", "min(a, p)", "b - a", 'q("3.5", "tce")', "a * b", "a * b / p")
        then = [typed(parse(draw(st.sampled_from(choices))), KINDS)[0] for _ in range(count)]
    return made(hit, conditions, then, default=draw(st.booleans()))


ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "a": st.sampled_from([None, *NUMBERS]),
            "b": st.sampled_from([None, *NUMBERS]),
            "t": st.sampled_from([None, "甲", "乙", "丙"]),
            "f": st.sampled_from([None, True, False]),
        }
    ),
    min_size=12,
    max_size=12,
)


@given(tables(), ROWS, st.sampled_from([None, Decimal(10), Decimal("0.5")]))
@settings(max_examples=60, deadline=None)
def test_columns_and_the_plain_reading_agree(
    table: CheckedTable, rows: list[dict[str, Known]], p: Decimal | None
) -> None:
    """Row id, outputs, what is missing and why are the same for invented tables under every policy."""
    found = [as_verdict(table, r) for r in by_columns(table, rows, p)]
    for row, verdict in zip(rows, found, strict=True):
        assert verdict == plainly(table, row, {"p": p}), f"{table.hit} {table.rows} {row}"


@pytest.mark.parametrize("hit", ["first", "unique", "priority"])
@given(st.data())
@settings(max_examples=15, deadline=None)
def test_interval_tables_agree_at_every_bound(hit: str, data: st.DataObject) -> None:
    """Tables of intervals on one input, overlapping or not, agree at and beside each bound."""
    bounds = data.draw(st.lists(st.sampled_from(NUMBERS), min_size=2, max_size=8))
    ends = data.draw(st.lists(st.sampled_from(("[)", "(]", "[]", "()")), min_size=len(bounds), max_size=len(bounds)))
    pairs = [(low, high, e) for low, high, e in zip(bounds, bounds[1:], ends, strict=False) if low < high]
    conditions = [cell("a", TCE, f"{e[0]}{low}, {high}{e[1]}") for low, high, e in pairs]
    conditions.append(cell("a", TCE, "> 20"))
    table = made(hit, conditions, [Constant(Decimal(n)) for n in range(len(conditions))])
    rows: list[dict[str, Known]] = [
        {"a": None if x is None else x + d, "b": None, "t": None, "f": None}
        for x in (None, *NUMBERS)
        for d in (Decimal("-0.000001"), Decimal(0), Decimal("0.000001"))
    ]
    found = [as_verdict(table, r) for r in by_columns(table, rows, None)]
    assert found == [plainly(table, r, {"p": None}) for r in rows]


def test_a_row_is_told_without_an_input_that_cannot_change_it() -> None:
    """One side of “or” is enough to hit and one side of “and” to miss; else the answer names what is needed."""
    either = made("first", [node("a >= p || b >= p")], [Constant(Decimal(1))])
    rows: list[dict[str, Known]] = [
        {"a": Decimal(10), "b": None, "t": None, "f": None},
        {"a": Decimal(9), "b": None, "t": None, "f": None},
    ]
    hit, open_ = (as_verdict(either, r) for r in by_columns(either, rows, Decimal(10)))
    assert (hit.row_hit, hit.decided) == ("r0", True)
    assert (open_.row_hit, open_.decided, open_.missing, open_.undecided) == (None, False, "b", "missing")


def test_what_is_denied_is_not_told_from_nothing() -> None:
    """The denial of something unknown is unknown, and not a hit."""
    table = made("first", [node("!(a < b && f)")], [Constant(Decimal(1))])
    row: dict[str, Known] = {"a": None, "b": None, "t": None, "f": True}
    found = as_verdict(table, by_columns(table, [row], Decimal(10))[0])
    assert (found.row_hit, found.decided, found.missing) == (None, False, "a, b")


def test_a_parameter_without_a_figure_is_missing() -> None:
    """A bound that the document does not give leaves the row open and is named."""
    table = made("first", [node("a >= p")], [Constant(Decimal(1))])
    row = by_columns(table, [{"a": Decimal(10), "b": None, "t": None, "f": None}], None)[0]
    assert (row["decided"], row["missing"], row["parameters"]) == (False, "p", "demo.p")


def test_a_decision_carries_the_least_sure_mark() -> None:
    """A recalled parameter makes a confirmed row recalled."""
    table = made("first", [node("a >= p")], [Constant(Decimal(1))])
    asked = ibis.table({"a": "decimal(38, 6)", "b": "decimal(38, 6)", "t": "string", "f": "boolean"}, name="asked")
    answer = decide(table, asked, {"p": ParameterValue(Decimal(1), "recalled")})
    assert "'recalled'" in compile_sql(answer)


DAYS = [date(2022, 1, 1), date(2022, 6, 30), date(2022, 7, 1), date(2023, 1, 1)]
SPANS = st.tuples(st.sampled_from([None, *DAYS]), st.sampled_from([None, *DAYS]))


@given(tables(), ROWS, st.lists(SPANS, min_size=5, max_size=5), st.sampled_from(DAYS))
@settings(max_examples=30, deadline=None)
def test_rows_of_the_day_agree_with_the_plain_reading(
    table: CheckedTable, rows: list[dict[str, Known]], spans: list[tuple[date | None, date | None]], day: date
) -> None:
    """A table whose rows come and go is decided as the plain reading does, which takes each row's days itself."""
    dated = [replace(r, start=a, end=b) for r, (a, b) in zip(table.rows, spans, strict=False)]
    whole = replace(table, rows=tuple(dated))
    found = [as_verdict(whole.on(day), r) for r in by_columns(whole.on(day), rows, Decimal(10))]
    for row, verdict in zip(rows, found, strict=True):
        assert verdict == plainly(whole, row, {"p": Decimal(10)}, day), f"{day} {whole.rows} {row}"


def test_a_table_of_dated_rows_wants_a_day() -> None:
    """Rows of different days are never decided together by mistake."""
    table = made("first", [node("a >= p")], [Constant(Decimal(1))])
    dated = replace(table, rows=(replace(table.rows[0], start=DAYS[0]),))
    asked = ibis.table({"a": "decimal(38, 6)", "b": "decimal(38, 6)", "t": "string", "f": "boolean"}, name="asked")
    with pytest.raises(ValueError, match="rows of demo have dates"):
        decide(dated, asked)


def test_a_decision_carries_its_clause() -> None:
    """The clause of the row that hit; where none did, those of the table."""
    table = made("first", [node("a >= p"), node("a < 0")], [Constant(Decimal(1))] * 2)
    rows = tuple(replace(r, clause=c) for r, c in zip(table.rows, ("三", "四"), strict=True))
    given_: list[dict[str, Known]] = [
        {"a": Decimal(a), "b": None, "t": None, "f": None} for a in (10, -1, 5)
    ]  # fmt: skip
    assert [r["clause"] for r in by_columns(replace(table, rows=rows), given_, Decimal(10))] == ["三", "四", "三, 四"]


def test_whole_numbers_are_compared_as_such_and_calculated_as_decimals() -> None:
    """A column of integers gives the answers of the same numbers as decimals, whatever it stands beside."""
    texts = ("a >= 10", "a > 9.5", "a * 3 > b", "-a < b", "a == b", "min(a, b) == a", "10 <= a")
    table = made("collect", [node(t.replace("10", 'q("10", "tce")').replace("9.5", 'q("9.5", "tce")')) for t in texts],
                 [Constant("甲")] * len(texts))  # fmt: skip
    given_: list[dict[str, Known]] = [
        {"a": a if a is None else Decimal(a), "b": Decimal("10.5"), "t": None, "f": None} for a in (None, -3, 9, 10, 11)
    ]
    whole = pa.table({"a": pa.array([None, -3, 9, 10, 11], pa.int64()), "b": pa.array([Decimal("10.5")] * 5),
                      "t": pa.array([None] * 5, pa.string()), "f": pa.array([None] * 5, pa.bool_())})  # fmt: skip
    asked = ibis.table({"a": "int64", "b": "decimal(38, 6)", "t": "string", "f": "boolean"}, name="asked")
    with DuckDB(threads=1) as engine:
        engine.bind("asked", whole)
        found = engine.run(compile_sql(decide(table, asked, {}))).to_pylist()
    # no row of the table is lost: one thread, no join
    assert [rows_hit(table, r) for r in found] == [rows_hit(table, r) for r in by_columns(table, given_, None)]
    assert rows_hit(table, found[3])
