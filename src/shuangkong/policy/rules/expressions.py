"""The expressions of rules: a part of CEL (Common Expression Language), read by a LALR grammar, never run as code.

Comparisons, && || !, + - * /, `a ? b : c`, `x in ["a", "b"]`, min(a, b), max(a, b), has(x) (known at all),
to(x, "kgce") (the same amount in another unit), q("5000", "tce") (an amount), day("2021-12-28"). Numbers are exact
decimals. A product and a quotient are rounded to six places, half away from zero.
"""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import Any

from lark import Lark, Token, Transformer, UnexpectedInput, UnexpectedToken, v_args
from lark.exceptions import VisitError

from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Label
from shuangkong.policy.fields import MAX_DIGITS, is_plain_number, parse_day
from shuangkong.policy.rules.nodes import Binary, Call, Choice, Constant, Member, Name, Node, Unary
from shuangkong.policy.words import PolicyError, Words, listed, said

MAX_LENGTH = 2_000
MAX_DEPTH = 64
PLACES = 6
#: function → fewest and most arguments.
FUNCTIONS = {"min": (2, 8), "max": (2, 8), "has": (1, 1), "to": (2, 2), "q": (2, 2), "day": (1, 1)}
_GRAMMAR = r"""
?start: choice
?choice: either | either "?" either ":" choice
?either: both | either OR both -> binary
?both: relation | both AND relation -> binary
?relation: sum | sum COMPARISON sum -> binary | sum "in" "[" [choice ("," choice)*] "]" -> member
?sum: product | sum (PLUS | MINUS) product -> binary
?product: unary | product (TIMES | OVER) unary -> binary
?unary: atom | NOT unary -> unary | MINUS unary -> unary
?atom: NUMBER -> number | STRING -> text | TRUE -> flag | FALSE -> flag | NAME -> name
     | NAME "(" [choice ("," choice)*] ")" -> call | "(" choice ")"
OR: "||"
AND: "&&"
COMPARISON: "<=" | ">=" | "==" | "!=" | "<" | ">"
PLUS: "+"
MINUS: "-"
TIMES: "*"
OVER: "/"
NOT: "!"
TRUE: "true"
FALSE: "false"
NAME: /[a-z][a-z0-9_]*/
NUMBER: /[0-9]+(\.[0-9]+)?/
STRING: /"[^"\\\n]*"/
%ignore /[ \t\r\n]+/
"""


class Misplaced(PolicyError):
    """What is wrong at a place inside an expression or a cell: the sign `at`, counted from 0; told from 1."""

    def __init__(self, words: Words, at: int) -> None:
        super().__init__(words, Label(f"第 {at + 1} 个字符", f"character {at + 1}"))
        self.at = at


class Misread(Misplaced):
    """An expression or a cell that cannot be read (RULE-001)."""


#: A node and how deep it is nested: what the parser hands up, so that no recursion is needed to know the depth.
Grown = tuple[Node, int]


@v_args(inline=True)
class _Building(Transformer[Token, Grown]):
    """Nodes straight from the parser."""

    def number(self, token: Token) -> Grown:
        return _grown(Constant(exact(str(token), _at(token)), at=_at(token)))

    def text(self, token: Token) -> Grown:
        return _grown(Constant(str(token)[1:-1], at=_at(token)))

    def flag(self, token: Token) -> Grown:
        return _grown(Constant(str(token) == "true", at=_at(token)))

    def name(self, token: Token) -> Grown:
        return _grown(Name(str(token), at=_at(token)))

    def unary(self, sign: Token, inner: Grown) -> Grown:
        return _grown(Unary(str(sign), inner[0], at=_at(sign)), inner)

    def binary(self, left: Grown, sign: Token, right: Grown) -> Grown:
        return _grown(Binary(str(sign), left[0], right[0], at=_at(sign)), left, right)

    def choice(self, test: Grown, yes: Grown, no: Grown) -> Grown:
        return _grown(Choice(test[0], yes[0], no[0], at=test[0].at), test, yes, no)

    def member(self, inner: Grown, *items: Grown | None) -> Grown:
        there = [i for i in items if i is not None]
        return _grown(Member(inner[0], tuple(n for n, _ in there), at=inner[0].at), inner, *there)

    def call(self, token: Token, *arguments: Grown | None) -> Grown:
        there = [a for a in arguments if a is not None]
        return _grown(_called(str(token), tuple(n for n, _ in there), _at(token)), *there)


def _grown(node: Node, *below: Grown) -> Grown:
    depth = 1 + max((d for _, d in below), default=0)
    if depth > MAX_DEPTH:
        raise Misread(said("RULE-001", "deep", most=MAX_DEPTH), node.at)
    return node, depth


@lru_cache(maxsize=1)
def _grammar() -> Lark:
    return Lark(_GRAMMAR, parser="lalr", transformer=_Building(), maybe_placeholders=True)


def parse(text: str) -> Node:
    """The expression that a text holds; raises RULE-001 with the place in it."""
    if len(text) > MAX_LENGTH:
        raise Misread(said("RULE-001", "long", most=MAX_LENGTH), 0)
    try:
        grown: Any = _grammar().parse(text)
    except UnexpectedInput as wrong:
        ended = isinstance(wrong, UnexpectedToken) and wrong.token.type == "$END"
        at = len(text) if ended else _place(wrong)
        around = text[at : at + 20]
        words = said("RULE-001", "unread", around=around) if around else said("RULE-001", "unread_end")
        raise Misread(words, at) from None
    except VisitError as wrong:
        if isinstance(wrong.orig_exc, UserError):
            raise wrong.orig_exc from None
        raise
    node: Node = grown[0]
    return node


def _place(wrong: UnexpectedInput) -> int:
    place: object = wrong.pos_in_stream
    return place if isinstance(place, int) else 0


def _called(name: str, arguments: tuple[Node, ...], at: int) -> Node:
    limits = FUNCTIONS.get(name)
    if limits is None:
        raise Misread(said("RULE-001", "function", name=name, there=listed(sorted(FUNCTIONS))), at)
    if not limits[0] <= len(arguments) <= limits[1]:
        raise Misread(said("RULE-001", "arguments", name=name, n=len(arguments)), at)
    if name == "q":
        return _quantity(arguments, at)
    if name == "day":
        return _day(arguments[0], at)
    return Call(name, arguments, at=at)


def _quantity(arguments: tuple[Node, ...], at: int) -> Node:
    number, unit = arguments
    texts = [a.value for a in (number, unit) if isinstance(a, Constant) and isinstance(a.value, str)]
    if len(texts) < 2 or not is_plain_number(texts[0]):
        raise Misread(said("RULE-001", "quantity"), at)
    return Constant(exact(texts[0], at), texts[1], at=at)


def _day(argument: Node, at: int) -> Node:
    day = parse_day(argument.value) if isinstance(argument, Constant) and isinstance(argument.value, str) else None
    if day is None:
        raise Misread(said("RULE-001", "day"), at)
    return Constant(day, at=at)


def exact(text: str, at: int) -> Decimal:
    """A number with at most six places, as the engines keep them; raises RULE-001."""
    value = Decimal(text)
    exponent = value.as_tuple().exponent
    if not is_plain_number(text):
        raise Misread(said("RULE-001", "notation", text=text), at)
    if isinstance(exponent, int) and (exponent < -PLACES or len(value.as_tuple().digits) > MAX_DIGITS - 2 * PLACES):
        raise Misread(said("RULE-001", "digits", text=text, most=PLACES), at)
    return value


def _at(token: Token) -> int:
    return token.start_pos or 0
