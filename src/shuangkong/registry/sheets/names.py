"""Names of columns: folded for comparison, and parted into the quantity and the unit written in the head."""

from __future__ import annotations

import re
import unicodedata
from difflib import SequenceMatcher
from functools import lru_cache

from shuangkong.kernel.errors import UserError
from shuangkong.kernel.units import Unit, unit

_BRACKETED = re.compile(r"[(\[{【〔<《]([^()\[\]{}【】〔〕<>《》]*)[)\]}】〕>》]")
_UNIT_WORD = re.compile(r"^(?:计量)?单位[::]?|^units?[::]?\s*|^in\s+", re.IGNORECASE)
_TAIL = re.compile(r"[/,、:]\s*([^/,、:]+)$")


@lru_cache(maxsize=4096)
def fold(text: str) -> str:
    """The name without width, case, spaces, punctuation and line breaks: what two spellings share."""
    raw = unicodedata.normalize("NFKC", text).casefold()
    return "".join(c for c in raw if c.isalnum() or c in "%‰")


@lru_cache(maxsize=4096)
def unit_or_none(text: str) -> Unit | None:
    """The unit of that name, or None."""
    try:
        return unit(text) if text.strip() else None
    except UserError:
        return None


def unit_in(text: str) -> str | None:
    """The id of the unit in a text such as `万吨标准煤`, `单位：万吨` or `unit: tce`, or None."""
    raw = unicodedata.normalize("NFKC", text).strip()
    found = unit_or_none(_UNIT_WORD.sub("", raw).strip(" .。;"))
    return found.id if found else None


@lru_cache(maxsize=4096)
def part(text: str) -> tuple[str, str | None]:
    """A column head as (name, unit id): 能源消费量（万吨标准煤） gives the quantity and 10k_tce."""
    raw = " ".join(unicodedata.normalize("NFKC", text).split())
    for match in _BRACKETED.finditer(raw):
        found = unit_in(match.group(1))
        if found:
            return (raw[: match.start()] + raw[match.end() :]).strip(" ,:、"), found
    tail = _TAIL.search(raw)
    if tail and tail.start() > 0 and (found := unit_in(tail.group(1))):
        return raw[: tail.start()].strip(), found
    return raw, None


def likeness(head: str, known: str) -> int:
    """How alike two names are, 0 to 100: 100 the same, 70 to 85 one inside the other, below 60 by letters."""
    a, b = fold(head), fold(known)
    if not a or not b:
        return 0
    if a == b:
        return 100
    short, long = sorted((a, b), key=len)
    if short in long and len(short) >= (2 if not short.isascii() else 3):
        return 70 + 15 * len(short) // len(long)
    return int(59 * SequenceMatcher(None, a, b).ratio())
