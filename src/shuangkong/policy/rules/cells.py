"""Cells of a decision table (单元格): what one input must be for a row to hit, as in the unary tests of DMN.

`-` is anything. Numbers and days: `100`, `>= 100`, `[100, 200)`, 100以上, 不足100, with a unit where it is not that of
the input (`5 10k_tce`), or a parameter's name in place of a number. 以上, 以下, 不少于 and 不超过 include the number;
大于, 超过, 不足 and 低于 do not. Text and choices: the text itself, or `!= text`. A list of cells is any one of them.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

from shuangkong.policy.fields import is_plain_number, parse_day
from shuangkong.policy.rules.expressions import Misread, exact
from shuangkong.policy.rules.nodes import TRUE, Binary, Constant, Member, Name, Node, Unary, any_of
from shuangkong.policy.rules.types import Kind, Mistyped, conversion, scaled, shown, unit_at
from shuangkong.policy.words import plainly, said

MAX_CELL = 200
ANY = "-"
#: Signs and words → comparison; the longer ones first, 不超过 before 超过.
WORDS_BEFORE = {
    ">=": ">=", "≥": ">=", "<=": "<=", "≤": "<=", "!=": "!=", "≠": "!=", "==": "==", "=": "==", ">": ">", "＞": ">",
    "<": "<", "＜": "<", "不少于": ">=", "不低于": ">=", "不小于": ">=", "不超过": "<=", "不高于": "<=", "不大于": "<=",
    "不多于": "<=", "超过": ">", "大于": ">", "高于": ">", "多于": ">", "不足": "<", "低于": "<", "小于": "<",
    "少于": "<", "不到": "<",
}  # fmt: skip
WORDS_AFTER = {"及以上": ">=", "以上": ">=", "及以下": "<=", "以下": "<="}
_INTERVAL = re.compile(r"([\[(（])\s*(.+?)\s*(?:,|，|\.\.)\s*(.+?)\s*([\])）])")
_AMOUNT = re.compile(r"(-?[0-9.]+)\s*(\S+)?")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
#: Forms of a cell that a message shows beside those of any language.
_FORMS = {"above": "100以上", "below": "不足100"}


def cell(name: str, kind: Kind, given: object) -> Node:
    """The condition that a cell puts on an input; raises RULE-001 or RULE-002."""
    if isinstance(given, list | tuple):
        if not given:
            raise Misread(said("RULE-001", "empty_list", **_FORMS), 0)
        tests = tuple(cell(name, kind, one) for one in given)
        values = [t.right for t in tests if isinstance(t, Binary) and t.op == "==" and isinstance(t.right, Constant)]
        return Member(Name(name), tuple(values)) if len(values) == len(tests) else any_of(tests)
    if given == ANY:
        return TRUE
    if kind.name == "flag":
        return _flag(name, given)
    return _text(name, given) if kind.name == "text" else _ordered(name, kind, given)


def _flag(name: str, given: object) -> Node:
    if not isinstance(given, bool):
        raise Mistyped(said("RULE-002", "no_flag", given=given), 0)
    return Name(name) if given else Unary("!", Name(name))


def _text(name: str, given: object) -> Node:
    if not isinstance(given, str):
        raise Mistyped(said("RULE-002", "no_text", given=given), 0)
    other = given.startswith("!=")
    value = given.removeprefix("!=").strip() if other else given
    return Binary("!=" if other else "==", Name(name), Constant(value))


def _ordered(name: str, kind: Kind, given: object) -> Node:
    if isinstance(given, bool) or not isinstance(given, str | int | Decimal):
        raise Mistyped(said("RULE-002", "cell", given=plainly(given), wanted=kind.label, **_FORMS), 0)
    text = str(given).strip()
    if len(text) > MAX_CELL:
        raise Misread(said("RULE-001", "long_cell", most=MAX_CELL, **_FORMS), 0)
    interval = _INTERVAL.fullmatch(text)
    if interval:
        return _between(name, kind, interval)
    for word, op in WORDS_BEFORE.items():
        if text.startswith(word):
            return Binary(op, Name(name), _bound(kind, text[len(word) :].strip(), len(word)))
    for word, op in WORDS_AFTER.items():
        if text.endswith(word):
            return Binary(op, Name(name), _bound(kind, text.removesuffix(word).strip(), 0))
    return Binary("==", Name(name), _bound(kind, text, 0))


def _between(name: str, kind: Kind, parts: re.Match[str]) -> Node:
    opening, low, high, closing = parts.groups()
    first = _bound(kind, low, parts.start(2))
    last = _bound(kind, high, parts.start(3))
    if isinstance(first, Constant) and isinstance(last, Constant) and _empty(first, last, opening + closing):
        raise Misread(said("RULE-001", "empty_interval"), 0)
    above = Binary(">=" if opening == "[" else ">", Name(name), first)
    return Binary("&&", above, Binary("<=" if closing == "]" else "<", Name(name), last))


def _empty(first: Constant, last: Constant, ends: str) -> bool:
    low, high = first.value, last.value
    if isinstance(low, Decimal) and isinstance(high, Decimal):
        return low > high or (low == high and ends != "[]")
    return isinstance(low, date) and isinstance(high, date) and (low > high or (low == high and ends != "[]"))


def _bound(kind: Kind, text: str, at: int) -> Node:
    if kind.name == "day":
        day = parse_day(text)
        if day is None and not _NAME.fullmatch(text):
            raise Misread(said("RULE-001", "no_day", text=text), at)
        return Constant(day, at=at) if day is not None else Name(text, at=at)
    if _NAME.fullmatch(text):
        return Name(text, at=at)
    amount = _AMOUNT.fullmatch(text)
    if amount is None or not is_plain_number(amount[1]):
        raise Misread(said("RULE-001", "no_number", text=text, **_FORMS), at)
    return _in_unit(Constant(exact(amount[1], at), at=at), amount[2], kind, at)


def _in_unit(number: Constant, unit: str | None, kind: Kind, at: int) -> Node:
    """The number in the unit of the input; it carries that unit, so that types agree."""
    factor = conversion(unit_at(unit, at), kind.unit) if unit else (Decimal(1), Decimal(1))
    if factor is None:
        raise Mistyped(said("RULE-002", "cell_unit", unit=unit, wanted=shown(kind.unit)), at)
    found = scaled(number, factor, at)
    return Constant(found.value, shown(kind.unit), at) if isinstance(found, Constant) else found
