"""The unified social credit code (统一社会信用代码, USCC, GB 32100): 18 characters, the last one a check."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from functools import lru_cache

from stdnum.cn import uscc

from shuangkong.kernel.errors import UserError

_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
#: A sheet names each unit in hundreds of rows: so many codes are held against their check digit once.
_REMEMBERED = 10_000


def check_uscc(text: str, *, where: str = "") -> str:
    """The code in capitals without spaces or hyphens; full width is accepted.

    REG-001 says what is wrong: the length, a character and its place, or the check digit.
    """
    return _remembered(text) or _checked(text, where)


@lru_cache(_REMEMBERED)
def _remembered(text: str) -> str:
    try:
        return _checked(text, "")
    except UserError:
        return ""


def _checked(text: str, where: str) -> str:
    code = uscc.compact(unicodedata.normalize("NFKC", text))
    if len(code) != 18:
        what = f"it has {len(code)} characters, not 18"
        raise _wrong(text, where, what, "Copy all 18 characters.", "length", {"n": len(code)})
    for place, character in enumerate(code, start=1):
        facts: Mapping[str, str | int] = {"place": place, "character": character}
        if character not in _ALPHABET:
            remedy = (
                f"The letters I, O, S, V and Z never occur: is it {_LOOKS[character]}?"
                if (character in _LOOKS)
                else "Only digits and capital letters occur."
            )
            case = "letter" if character in _LOOKS else "character"
            raise _wrong(text, where, f"character {place} is {character!r}", remedy, case, facts)
        if 3 <= place <= 8 and not character.isdigit():
            remedy = "Places 3 to 8 are the digits of the region that registered it."
            raise _wrong(text, where, f"character {place} is {character!r}", remedy, "region", facts)
    if uscc.calc_check_digit(code[:17]) != code[17]:
        remedy = "One or more characters are mistyped; compare with the licence."
        what = f"the check digit {code[17]!r} does not fit the other characters"
        raise _wrong(text, where, what, remedy, "check", {"digit": code[17]})
    return code


_LOOKS = {"I": "1", "O": "0", "S": "5", "V": "U or Y", "Z": "2"}


def _wrong(text: str, where: str, what: str, remedy: str, case: str, facts: Mapping[str, str | int]) -> UserError:
    return UserError(
        "REG-001", f"{text!r} is no USCC (统一社会信用代码): {what}.", where=where, remedy=remedy, case=f"uscc_{case}",
        facts={"text": text[:40], **facts},
    )  # fmt: skip
