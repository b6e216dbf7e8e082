"""An error in words for the terminal (终端错误文字), in the language that the command line asks for."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Label, Language


def spoken(error: UserError, language: Language) -> str:
    """Each problem on a line: code, place, what happened, what to do.

    In the language where the error has words in both, else in its own English.
    """
    from shuangkong.policy.api import PackErrors, PolicyError, told

    if isinstance(error, PackErrors):
        return error.in_(language)
    if isinstance(error, PolicyError) or not error.case or language == "en":
        return told(error, language)
    return _from_catalogue(error, language)


def _from_catalogue(error: UserError, language: Language) -> str:
    # the words of pages are read only where a command has failed: that takes longer than most commands
    from shuangkong.app.web.factory import MESSAGES
    from shuangkong.policy.api import one_line
    from shuangkong.webkit.api import Speaker, read_messages, wrong

    said = wrong(error, Speaker(language, read_messages(*MESSAGES)))
    return one_line(said.code, error.where, Label(said.message), Label(said.remedy), language if said.own else "en")


def language_asked(words: Sequence[str]) -> Language:
    """The language that a command line asks for with --lang; Chinese where it does not."""
    asked = [b for a, b in pairwise(words) if a == "--lang"]
    asked += [w.removeprefix("--lang=") for w in words if w.startswith("--lang=")]
    return "en" if "en" in asked else "zh"
