"""The drafter's words (草稿用语), in the language asked for, and its short titles."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from shuangkong.kernel.labels import Label, Language
from shuangkong.policy.strict_yaml import parse_yaml

_STOP = re.compile("[，。；：！？,;:\n]")
_SHORT = 24


@dataclass(frozen=True, slots=True)
class Words:
    """Notes and labels of the data file in one language."""

    language: Language

    def say(self, group: str, key: str, **facts: object) -> str:
        """One text of a group (notes, left_out, labels, doubts) with its facts filled in."""
        return said(group, key, **facts).in_(self.language)

    def doubts(self, unsure: tuple[str, ...]) -> str:
        """What the reader was unsure of, in words."""
        mark = "、" if self.language == "zh" else ", "
        known = drafting_data()["doubts"]
        return mark.join(self.say("doubts", u) if u in known else u for u in unsure)

    def joined(self, notes: list[str]) -> str | None:
        """Several notes as one, or None."""
        kept = list(dict.fromkeys(n for n in notes if n))
        return ("；" if self.language == "zh" else "; ").join(kept) or None


def said(group: str, key: str, **facts: object) -> Label:
    """A text of the data file in both languages, with its facts filled in."""
    row = drafting_data()[group][key]
    return Label(row["zh"].format(**facts), row["en"].format(**facts))


def short_title(title: str) -> str:
    """The beginning of a clause's first words: a title of the document's own or a few words of its sentence."""
    words = _STOP.split(title.strip(), maxsplit=1)[0].strip('“”"（）() ')
    return words if len(words) <= _SHORT else words[:_SHORT] + "…"


def tag(*parts: object) -> str:
    """Eight letters and digits that stand for these parts, the same each time, behind a letter."""
    return "n" + hashlib.sha256("\n".join(str(p) for p in parts).encode()).hexdigest()[:8]


@cache
def drafting_data() -> dict[str, Any]:
    """The data file of the drafter."""
    name = "drafting.yaml"
    parsed = parse_yaml(name, resources.files("shuangkong.policy.reading").joinpath(name).read_bytes(), loose=True)
    data: dict[str, Any] = parsed.root  # type: ignore[assignment]
    return data
