"""Hostile and malformed tables: each is refused with file, line, key path and remedy, in bounded time and memory."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judgement.test_rules import by_columns, made
from policy.rules.test_tables import CLAUSES, FINE, HEAD, INSTRUMENT, PARAMETERS, loaded, problems
from shuangkong.kernel.errors import UserError
from shuangkong.policy.api import (
    TEXT,
    CheckedOutput,
    Constant,
    Kind,
    Pack,
    PackErrors,
    cell,
    load_files,
    parse,
    typed,
    unit_of,
    value_of,
)
from shuangkong.testkit.api import plainly

TCE = Kind("number", unit_of("tce"))
NAMES = {"x": TCE, "g": TEXT}


def complaint(work: Callable[[], object]) -> Any:
    """What a piece of work complains of, if it does; any other error than ours goes through."""
    try:
        work()
    except (UserError, PackErrors) as wrong:
        return wrong
    return None


def files(table: str) -> dict[str, bytes]:
    """An invented pack around the text of one file of tables."""
    given_ = {
        "id": "demo.rules", "edition": "1", "level": "city", "region": "990100", "start": "2022-01-01",
        "end": "2024-01-01", "supersedes": "", "known": "2022-01-01", "more": "",
    }  # fmt: skip
    every = {"instrument.yaml": INSTRUMENT.format(**given_), "clauses.yaml": CLAUSES,
             "parameters/p.yaml": PARAMETERS, "tables/t.yaml": table}  # fmt: skip
    return {n: t.encode("utf-8", "surrogatepass") for n, t in every.items()}


def refused(table: str) -> list[UserError]:
    """What loading a pack with this file complains of."""
    with pytest.raises(PackErrors) as wrong:
        load_files(files(table), origin="pack")
    return list(wrong.value.problems)


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('id')", "().__class__.__bases__", "x.real", "x[0]", "lambda: x", "x if x else x",
        "eval(\"1\")", "open(\"/etc/passwd\")", "exec(x)", "globals()", "x; x", "x -- comment", "x /* */", "${x}",
        "{{ x }}", "x := 1", "x = 1", "x == 1 ' OR '1'='1", "`x`", "x\\u0000", "x\u0000 > 1", "ｘ > 1", "х > 1",
        "x ＞ 1", "x > １", "x \u2028> 1", "x\u200b > 1", "\u202ex > 1", "x > 1e9", "x > 0x10", "x > 1_000", "x > 00",
        "x ** 2", "x // 2", "x % 2", "x & 1", "x << 60", "x in x", "has(has(x))", "to(x, x)", "q(x, \"tce\")",
        "q(\"1\", \"__import__\")", "min()", "max(" + "x," * 20 + "x)", "day(\"9999-99-99\")", '"a" "b"', '"a\\"b"',
    ],
)  # fmt: skip
def test_what_is_no_expression_of_ours_is_refused(text: str) -> None:
    """Attributes, calls, other languages, comments, look-alike letters, invisible signs and NUL never get through."""
    with pytest.raises(UserError) as wrong:
        typed(parse(text), NAMES)
    assert wrong.value.code in ("RULE-001", "RULE-002", "RULE-003", "UNIT-001")
    assert wrong.value.where.startswith("character ")
    assert wrong.value.remedy


@given(st.text(max_size=60))
@settings(max_examples=300, deadline=None)
def test_any_text_is_an_expression_or_a_clear_error(text: str) -> None:
    """Nothing but a value or a complaint comes of a text, whatever it holds."""
    for read in (lambda: typed(parse(text), NAMES), lambda: cell("x", TCE, text), lambda: cell("g", TEXT, text)):
        wrong = complaint(read)
        assert wrong is None or (wrong.code.startswith(("RULE-", "UNIT-")) and wrong.remedy)


TOKENS = st.sampled_from(
    ["x", "g", "(", ")", "[", "]", "+", "-", "*", "/", "&&", "||", "!", "==", "<", ">=", "?", ":", ",", "in", "1",
     "0.5", '"tce"', '"甲"', "true", "has", "min", "to", "q", "day", '"2021-01-01"', "."]
)  # fmt: skip


@given(st.lists(TOKENS, max_size=25))
@settings(max_examples=300, deadline=None)
def test_any_row_of_our_own_words_is_an_expression_or_a_clear_error(words: list[str]) -> None:
    """Also what looks like an expression: it has a value for null inputs, or is refused with its place."""
    wrong = complaint(lambda: value_of(typed(parse(" ".join(words)), NAMES)[0], {"x": None, "g": None}))
    assert wrong is None or wrong.where.startswith("character ")


@pytest.mark.parametrize(
    "text",
    ["１００", "100．5", ">= １００", "[１, ２)", "１００以上", "١٠٠", "Ⅻ", "½", "9" * 30, "1" + "0" * 199,
     "-" * 150 + "1", "0.0000001", "1e400", "NaN", "Infinity", "1,000", "> > 1", "[1, 2", "1以上以下", "\u00001"],
)  # fmt: skip
def test_numbers_that_others_would_read_otherwise_are_refused_in_cells(text: str) -> None:
    """Full-width and other scripts' digits, exponents, too many digits: a cell holds plain digits alone."""
    with pytest.raises(UserError) as wrong:
        cell("x", TCE, text)
    assert wrong.value.code in ("RULE-001", "RULE-002", "UNIT-001")


def test_text_with_quotes_stays_text() -> None:
    """What would end a quotation in SQL is text like any other: it is the value, sign for sign."""
    nasty = "'; DROP TABLE findings; --"
    node = cell("g", TEXT, nasty)
    assert value_of(node, {"g": nasty}) is True
    assert value_of(node, {"g": "甲"}) is False


def test_text_with_quotes_reaches_the_engine_as_text() -> None:
    """Row answers with quotes, backslashes and braces come back from the engine as they were written."""
    says = ["'; DROP TABLE x; --", "a\\'b", '"q"', "{{x}}", "%s", "$1", "甲\n乙", "\u2028"]
    conditions = [cell("t", TEXT, s) for s in says]
    table = made("first", conditions, [Constant(s) for s in says])
    table = replace(
        table, outputs=(CheckedOutput("o", TEXT),), rows=tuple(replace(r, exception_of=()) for r in table.rows)
    )
    rows = [{"a": None, "b": None, "t": s, "f": None} for s in says]
    assert [r["o"] for r in by_columns(table, rows, None)] == says


def test_a_hundred_thousand_rows_are_refused_in_bounded_memory() -> None:
    """The file is above the limit of four megabytes, and its size is told; it is not read row by row."""
    rows = "".join(f"    - {{id: r{n}, when: {{x: {n}}}, then: {{o: a}}}}\n" for n in range(100_000))
    text = HEAD.format(hit="first") + rows
    tracemalloc.start()
    found = refused(text)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [(p.code, p.where) for p in found] == [("PACK-001", "pack/tables/t.yaml:1")]
    assert "the limit is 4194304" in found[0].message
    assert found[0].remedy == "Split it into several."
    assert peak < 6 * len(text)


def test_ten_thousand_rows_of_other_tables_may_stand_beside_each_other() -> None:
    """The limit is one of a table: its place is the list of rows."""
    rows = "".join(f"    - {{id: r{n}, when: {{x: {n}}}, then: {{o: a}}}}\n" for n in range(10_001))
    (found,) = refused(HEAD.format(hit="first") + rows + "  no_row_because: {zh: 无}\n")
    assert (found.code, found.where.rpartition(" ")[2]) == ("RULE-006", "[0].rows")


@pytest.mark.parametrize(
    ("table", "code", "said"),
    [
        # a bomb needs names for entries to be reused: the first one is refused
        ("- &a [x, x]\n- [*a, *a]\n- [*a, *a]\n", "PACK-001", "names an entry for reuse"),
        ("- " + "[" * 5000 + "]" * 5000 + "\n", "PACK-001", "nested deeper than 12"),
        ("- !!python/object/apply:os.system [id]\n", "PACK-001", "asks for a type"),
        ("- {id: demo, id: other}\n", "PACK-002", "given twice"),
        ("- id: \"a\\0b\"\n", "PACK-003", ""),
        ("\ud800", "PACK-001", "not UTF-8"),
        ("{" * 100, "PACK-001", ""),
    ],
)  # fmt: skip
def test_hostile_yaml_is_refused_with_its_line(table: str, code: str, said: str) -> None:
    """Bombs, deep nesting, types, repeated keys, NUL and broken bytes are told with file, line and remedy."""
    found = refused(table)
    assert any(p.code == code and said in p.message for p in found), [str(p) for p in found]
    assert all(p.where.startswith("pack/tables/t.yaml:") and p.remedy for p in found)


def test_two_tables_of_one_name_are_told_with_both_places() -> None:
    """The second is refused, and the complaint names the place of the first."""
    one = HEAD.format(hit="first") + "    - {id: a, then: {o: a}}\n"
    found = refused(one + one)
    assert any(p.code == "PACK-002" and "already stands at pack/tables/t.yaml:1 [0].id" in p.message for p in found)


def test_a_long_circle_of_tables_is_named_and_not_walked_for_ever() -> None:
    """Twelve hundred tables in a ring are one error, not a crash of the interpreter."""
    every = []
    for n in range(1200):
        above = f"{{name: x, label: {{zh: 甲}}, output: {{table: t{(n + 1) % 1200}, output: o}}}}"
        every.append(
            f"- id: t{n}\n  clause: 一\n  label: {{zh: 试验}}\n  hit: first\n  inputs: [{above}]\n"
            "  outputs: [{name: o, label: {zh: 果}}]\n  rows: [{id: a, then: {o: a}}]\n"
        )
    found = refused("".join(every))
    assert any(p.code == "RULE-004" and "t0 → t1 → t2" in p.message for p in found)


def test_a_long_chain_of_tables_loads() -> None:
    """Twelve hundred tables, each on the one before, are put in order without deep recursion."""
    every = []
    for n in range(1200):
        source = f"output: {{table: t{n + 1}, output: o}}" if n < 1199 else 'unit: "1"'
        every.append(
            f"- id: t{n}\n  clause: 一\n  label: {{zh: 试验}}\n  hit: first\n"
            f"  inputs: [{{name: x, label: {{zh: 甲}}, {source}}}]\n"
            '  outputs: [{name: o, label: {zh: 果}, type: number, unit: "1"}]\n  rows: [{id: a, then: {o: 1}}]\n'
        )
    pack: Pack = load_files(files("".join(every)), origin="pack")
    assert [t.id for t in pack.decided][:2] == ["t1199", "t1198"]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("{id: a, when: {x: '>= １００'}, then: {o: a}}", "“１００” is not a number"),
        ("{id: a, when: {x: " + "9" * 40 + "}, then: {o: a}}", ""),
        ("{id: a, if: 'x.y > 0', then: {o: a}}", "is not understood"),
        ("{id: a, if: '" + "!" * 70 + "has(x)', then: {o: a}}", "nested more than 64 deep"),
        ("{id: a, if: '" + "x + " * 600 + "x > 0', then: {o: a}}", "more than 2000 signs"),
        ("{id: 'Ａ', then: {o: a}}", ""),
        ("{id: a, when: {'__class__': 1}, then: {o: a}}", "“__class__” is no input"),
        ("{id: a, then: {o: {calc: '__import__'}}}", "is not understood"),
        ("{id: a, then: {o: {'exec': 'x'}}}", "this is no value"),
        ("{id: a, priority: 99999999999999999999, then: {o: a}}", ""),
    ],
)  # fmt: skip
def test_a_hostile_row_is_told_with_file_line_key_and_remedy(row: str, said: str) -> None:
    """Whatever a row holds, the complaint leads to it."""
    with pytest.raises(PackErrors) as wrong:
        loaded(row, "first", "  no_row_because: {zh: 无}\n")
    assert any(said in p.message for p in wrong.value.problems), [str(p) for p in wrong.value.problems]
    for problem in wrong.value.problems:
        assert problem.where.startswith("pack/tables/t.yaml:")
        assert " [0].rows" in problem.where
        assert problem.remedy


@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=40))
@settings(max_examples=60, deadline=None)
def test_any_text_in_a_cell_loads_or_is_told(text: str) -> None:
    """A cell of any text, quoted as JSON quotes it, gives a pack or a list of complaints, and no other error."""
    row = f"{{id: low, when: {{g: {json.dumps(text)}}}, then: {{o: a}}}}"
    wrong = complaint(lambda: loaded(row, "first", "  no_row_because: {zh: 无}\n"))
    told = wrong.problems if isinstance(wrong, PackErrors) else []
    assert wrong is None or told
    assert all(p.code.startswith(("RULE-", "PACK-")) and p.remedy for p in told)


def test_many_exceptions_and_cells_nest_no_deeper_than_few() -> None:
    """A row with a hundred and fifty exceptions, and a cell with as many intervals, load and are decided."""
    exceptions = "".join(f"{{id: e{n}, when: {{x: {n}}}, exception_of: [low], then: {{o: b}}}}\n" for n in range(150))
    rows = "{id: low, when: {x: '>= 0'}, then: {o: a}}\n" + exceptions
    spans = ", ".join(f"'[{2 * n}, {2 * n + 1})'" for n in range(150))
    for text, hit in ((rows, "first"), (f"{{id: low, when: {{x: [{spans}]}}, then: {{o: a}}}}", "first")):
        table = loaded(text, hit, "  no_row_because: {zh: 无}\n").decided[0]
        given_ = {"x": Decimal("300.5"), "g": "甲"}
        answer = plainly(table, given_, {"bound": Decimal(1)})
        assert answer.row_hit == ("low" if table.rows[1:] else None)
        assert len(table.conditions) == len(table.rows)


def test_the_fine_table_still_loads() -> None:
    """What is refused above is refused for its fault: the same table without it is taken."""
    assert [t.id for t in loaded(FINE).decided] == ["demo"]
    assert problems("{id: a, when: {x: 1}, then: {o: a}}")
