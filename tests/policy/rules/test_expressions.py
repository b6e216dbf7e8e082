"""Expressions and cells: what is read, what is refused and where, and that CEL's own implementation agrees."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from cel_expr_python import cel
from hypothesis import given, settings
from hypothesis import strategies as st

from shuangkong.kernel.errors import UserError
from shuangkong.policy.api import FLAG, TEXT, Kind, cell, holds, parse, shown, typed, unit_of, value_of

TCE, KWH, PERCENT, RATIO = (Kind("number", unit_of(u)) for u in ("tce", "kWh", "%", "1"))
NAMES = {"x": TCE, "e": KWH, "s": PERCENT, "r": RATIO, "t": TEXT, "f": FLAG}


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("x + e > 0", "RULE-002", "a number in tce and a number in kWh are added"),
        ("r > s", "RULE-002", "a number and a number in % are compared"),
        ("x > 5", "RULE-002", "a number in tce and a number are compared"),
        ('t > "a"', "RULE-002", "text has no order"),
        ('to(x, "kWh") > 0', "RULE-002", "tce cannot be expressed in kWh"),
        ('q("1", "sack") > 0', "RULE-002", "not a known unit"),
        ("y > 0", "RULE-003", "“y” is no input"),
        ("a.b > 0", "RULE-001", "“.b > 0” is not understood"),
        ('__import__("os").system("id")', "RULE-001", "is not understood"),
        ("exec(x)", "RULE-001", "there is no function “exec”"),
        ("x >", "RULE-001", "“the end” is not understood"),
        ("(" * 900 + "x", "RULE-001", "is not understood"),
        ("!" * 1900 + "f", "RULE-001", "nested more than 64 deep"),
        ("x" * 2001, "RULE-001", "more than 2000 signs"),
        ("x > 0 || " * 100 + "f", "RULE-001", "nested more than 64 deep"),
        ("r > 1.1234567", "RULE-001", "too many digits"),
        ("[x for x in y]", "RULE-001", "is not understood"),
        ("min(x)", "RULE-001", "does not take 1"),
        ('day("2021-13-01") > day("2021-01-01")', "RULE-001", "day wants"),
    ],
)
def test_what_does_not_go_together_is_refused(text: str, code: str, said: str) -> None:
    """Wrong units, unknown names, other languages and hostile sizes each get their code, the place and a remedy."""
    with pytest.raises(UserError) as wrong:
        typed(parse(text), NAMES)
    assert wrong.value.code == code
    assert said in wrong.value.message
    assert re.fullmatch(r"character \d+", wrong.value.where)
    assert wrong.value.remedy


def test_units_multiply_divide_and_convert() -> None:
    """A quotient has the quotient's unit, and a conversion keeps the amount."""
    node, kind = typed(parse('to(x, "kgce") / e'), NAMES)
    assert shown(kind.unit) == "kgce/kWh"
    assert value_of(node, {"x": Decimal("1.5"), "e": Decimal(1000)}) == Decimal("1.5")
    share, _ = typed(parse('to(s, "1") * r'), NAMES)
    assert value_of(share, {"s": Decimal(14), "r": Decimal(200)}) == 28


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("100以上", "100", "99.999999"), ("不少于100", "100", "99.999999"), ("100以下", "100", "100.000001"),
        ("不超过100", "100", "100.000001"), ("大于100", "100.000001", "100"), ("超过100", "100.000001", "100"),
        ("不足100", "99.999999", "100"), ("低于100", "99.999999", "100"), ("[100, 200)", "100", "200"),
        ("(100, 200]", "200", "100"), ("≥ 1 10k_tce", "10000", "9999.999999"), ("＞100", "100.000001", "100"),
    ],
)  # fmt: skip
def test_words_include_the_number_or_do_not(text: str, inside: str, outside: str) -> None:
    """以上, 以下, 不少于 and 不超过 include the number; 大于, 超过, 不足 and 低于 do not."""
    node = cell("x", TCE, text)
    assert holds(node, {"x": Decimal(inside)}) is True
    assert holds(node, {"x": Decimal(outside)}) is False
    assert holds(node, {"x": None}) is None


@pytest.mark.parametrize("text", ["[200, 100)", "[1..", "> ", "1,000", "> 5 kWh", "--5", ">= 1e3", "(5, 5)"])
def test_a_malformed_cell_is_refused(text: str) -> None:
    """A cell that another reader would let pass and never match is an error."""
    with pytest.raises(UserError) as wrong:
        cell("x", TCE, text)
    assert wrong.value.code in ("RULE-001", "RULE-002", "UNIT-001")


@st.composite
def conditions(draw: st.DrawFn, depth: int = 3) -> str:
    """Valid conditions over r (a ratio), f and t, as text."""
    kind = draw(st.integers(0, 7 if depth else 2))
    sides = ("r", "0.5", "2.0", "r + 1.0", "r * 2.0", "-r", "(f ? r : 3.0)", "r / 4.0")
    if kind == 0:
        return f"{draw(st.sampled_from(sides))} {draw(st.sampled_from(('<', '<=', '==', '!=', '>=', '>')))} {draw(st.sampled_from(sides))}"  # fmt: skip  # noqa: E501
    if kind == 1:
        return draw(st.sampled_from(("f", "!f", "true", "false")))
    if kind == 2:
        return draw(st.sampled_from(('t == "甲"', 't in ["甲", "乙"]', 't != "丙"')))
    left, right = draw(conditions(depth=depth - 1)), draw(conditions(depth=depth - 1))
    return f"{left} && {right}" if kind < 5 else f"({left}) || {right}" if kind < 7 else f"!({left})"


@given(conditions(), st.sampled_from(("-1", "0", "0.5", "1", "2.25", "4")), st.booleans(), st.sampled_from("甲乙丙"))
@settings(max_examples=150, deadline=None)
def test_cel_itself_agrees(text: str, r: str, f: bool, t: str) -> None:
    """What the reference implementation of CEL makes of an expression is what ours does (floats, exact here)."""
    env = cel.NewEnv(variables={"r": cel.Type.DOUBLE, "f": cel.Type.BOOL, "t": cel.Type.STRING})
    theirs = env.compile(text).eval(data={"r": float(r), "f": f, "t": t}).value()
    node, kind = typed(parse(text), NAMES)
    assert kind == FLAG
    assert holds(node, {"r": Decimal(r), "f": f, "t": t}) is theirs
