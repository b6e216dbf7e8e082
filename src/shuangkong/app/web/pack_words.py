"""What entries of packs are made of, in words (规则包用词): fields, codes and values, as a page shows a difference."""

from __future__ import annotations

import re
from collections.abc import Callable

from shuangkong.kernel.labels import Label
from shuangkong.policy.api import NONE_BECAUSE
from shuangkong.webkit.api import CONFIDENCE_LABELS, Speaker, period_words, unit_words

_PART = re.compile(r"([^.\[\]]+)|\[([^\]]*)\]")
_PLAN = re.compile(r"P\d{4}-\d{4}")
_UNITS = frozenset({"unit"})
#: What a field's value is called; nothing where it is no id.
Named = Callable[[str, str], Label | None]
_FLAGS = {"True": "table.is_so", "False": "table.not_so"}


def field_words(path: str, speaker: Speaker) -> str:
    """A path such as rows[large].then.price in words; names that the author gave (inputs, rows) stay as they are."""
    parts: list[str] = []
    for name, place in _PART.findall(path):
        if name:
            key = f"pack_field.{name}"
            parts.append(speaker.say(key) if speaker.has(key) else name)
        elif parts:
            told = speaker.say("proposals.place", n=int(place) + 1) if place.isdigit() else place
            parts[-1] = f"{parts[-1]} {told}"
    return " › ".join(parts)


def value_words(path: str, text: str, speaker: Speaker, named: Named = lambda field, text: None) -> str:
    """A value as people read it: codes, units, plans and truth values in words, everything else as it is written.

    `named` gives what a field's value is called where it is the id of something: an indicator, a region.
    """
    name = _last(path)
    label = named(name, text)
    if label is not None:
        return speaker.say("proposals.named", name=speaker.label(label), id=text)
    if text in _FLAGS:
        return speaker.say(_FLAGS[text])
    if name == "confidence" and text in CONFIDENCE_LABELS:
        return speaker.label(CONFIDENCE_LABELS[text])
    if name == "none_because" and text in NONE_BECAUSE:
        return NONE_BECAUSE[text][0 if speaker.language == "zh" else 1]
    if speaker.has(f"pack_value.{name}_{text}"):
        return speaker.say(f"pack_value.{name}_{text}")
    if name in _UNITS:
        return speaker.say("proposals.no_unit") if text == "1" else unit_words(text, speaker.language)
    if _PLAN.fullmatch(text):
        return period_words(text, speaker.language)
    return text


def _last(path: str) -> str:
    names = [name for name, _ in _PART.findall(path) if name]
    return names[-1] if names else ""
