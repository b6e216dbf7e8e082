"""What is wrong in a pack, in words (错误文字): a code and a case name a text in both languages, and facts fill it in.

The texts are data, in `messages_policy.yaml`: `error_case` says what happened, `error_do` what to do. Modules of this
slice name the case and hand over the facts; none of them holds a sentence.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources

import yaml

from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Label, Language

Fact = str | int | Label
FILE = "messages_policy.yaml"
_NONE = Label("无", "none")
#: Why a file cannot be read, by the kind of the system's error; its English is the system's own.
_UNREAD = {"FileNotFoundError": "没有这个文件", "PermissionError": "没有读取权限", "IsADirectoryError": "这是文件夹"}


@cache
def texts() -> Mapping[str, Label]:
    """Every text of the slice by group.key."""
    data = yaml.safe_load(resources.files("shuangkong.policy").joinpath(FILE).read_text("utf-8"))
    return {f"{g}.{k}": Label(t["zh"], t["en"]) for g, inside in data.items() for k, t in inside.items()}


@dataclass(frozen=True, slots=True)
class Words:
    """A complaint before it has a place: the code, the case of it, and the facts that fill its text in."""

    code: str
    case: str
    facts: Mapping[str, Fact]

    @property
    def message(self) -> Label:
        """What happened, in both languages."""
        return self._filled("error_case")

    @property
    def remedy(self) -> Label:
        """What to do about it, in both languages."""
        return self._filled("error_do")

    def at(self, where: str | Label = "") -> PolicyError:
        """The error at a place."""
        return PolicyError(self, where)

    def inside(self, place: int) -> Words:
        """The same, told of a place inside an expression or a cell, counted from 1."""
        return Words(self.code, "inside", {"place": place, "what": self.message, "remedy": self.remedy})

    def under(self, code: str) -> Words:
        """The same under another code: a change that leaves an entry which does not hold."""
        return Words(code, "because", {"code": self.code, "what": self.message, "remedy": self.remedy})

    def on(self, day: date) -> Words:
        """The same as it is on a day."""
        return Words(self.code, self.case, {**self.facts, "day": str(day)})

    def _filled(self, group: str) -> Label:
        text = texts()[f"{group}.{self.code.lower().replace('-', '_')}_{self.case}"]
        return Label(text.zh.format(**self._in("zh")), (text.en or text.zh).format(**self._in("en")))

    def _in(self, language: Language) -> dict[str, str | int]:
        return {k: v.in_(language) if isinstance(v, Label) else v for k, v in self.facts.items()}


class PolicyError(UserError):
    """A mistake in a pack, a rule or a document that is read, with its words in both languages."""

    def __init__(self, words: Words, where: str | Label = "") -> None:
        self.words = words
        self.place = where if isinstance(where, Label) else Label(where, where)
        super().__init__(
            words.code, words.message.in_("en"), where=self.place.in_("en"), remedy=words.remedy.in_("en"),
            case=words.case, facts=words.facts,
        )  # fmt: skip

    def as_dict(self) -> dict[str, str]:
        """The JSON shape of an error; what happened and what to do also in Chinese."""
        return {**super().as_dict(), "message_zh": self.words.message.zh, "remedy_zh": self.words.remedy.zh}


def said(code: str, case: str, /, **facts: object) -> Words:
    """The words of a case; figures and days among the facts are written as text."""
    return Words(code, case, {k: v if isinstance(v, str | int | Label) else str(v) for k, v in facts.items()})


def told(error: UserError, language: Language) -> str:
    """An error on one line of the terminal, in a language where it has words in both, else in English."""
    if not isinstance(error, PolicyError):
        return str(error)
    return one_line(error.code, error.place.in_(language), error.words.message, error.words.remedy, language)


def one_line(code: str, where: str, message: Label, remedy: Label, language: Language) -> str:
    """An error on one line, with the signs of the language."""
    colon, space = ("：", "") if language == "zh" else (": ", " ")
    place = f" {where}{colon}" if where else " "
    return f"{code}{place}{message.in_(language)}{space}{remedy.in_(language)}".rstrip()


def listed(names: Iterable[str], most: int = 12) -> Label:
    """Names one after the other, as people list them; how many are left out is said."""
    every = list(names)
    if not every:
        return _NONE
    left = len(every) - most
    zh = "、".join(every[:most]) + (f"等 {len(every)} 个" if left > 0 else "")
    return Label(zh, ", ".join(every[:most]) + (f" and {left} more" if left > 0 else ""))


def why_unread(error: OSError) -> Label:
    """Why a file cannot be read: the usual reasons in both languages, any other as the system says it."""
    known = _UNREAD.get(type(error).__name__)
    return Label(known or error.strerror or "", error.strerror or "")


def notation(problem: str) -> Label:
    """What libyaml found wrong, in both languages where its words are known, else as it says it."""
    key = "_".join("".join(c if c.isascii() and c.isalpha() else " " for c in problem.lower()).split())
    known = texts().get(f"notation.{key}")
    return Label(known.zh if known else problem, problem)


def plainly(given: object) -> str | Label:
    """A given value as a message shows it."""
    if isinstance(given, dict):
        return Label("一组键值", "a mapping")
    if isinstance(given, list | tuple):
        return Label("列表", "a list")
    if given is None:
        return "null"
    return str(given).lower() if isinstance(given, bool) else str(given)
