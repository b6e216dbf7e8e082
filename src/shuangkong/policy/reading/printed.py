"""A read text as it is shown (版面): signs as printed without the file's wraps, words lit up, and words looked for."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from shuangkong.policy.reading.clean import Clean, folded


@dataclass(frozen=True, slots=True)
class Lit:
    """Words of an entry: its id and the cleaned signs `start` to `end`."""

    id: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Piece:
    """Signs that are lit for the same entries; `begins` are those whose words begin here."""

    text: str
    ids: tuple[str, ...] = ()
    begins: tuple[str, ...] = ()


def cleaned_span(cleaned: Clean, start: int, end: int) -> tuple[int, int]:
    """The cleaned signs that stand at signs `start` to `end` of the original."""
    first = bisect_left(cleaned.places, start)
    last = max(first, bisect_left(cleaned.places, end))
    # a line end of the cleaned text has the place of the sign before it
    while last > first and cleaned.text[last - 1] == "\n":
        last -= 1
    return first, last


def as_printed(cleaned: Clean, start: int, end: int) -> str:
    """Cleaned signs `start` to `end` as the original prints them, on one line for each paragraph."""
    out: list[str] = []
    before = -1
    for i in range(start, end):
        if cleaned.text[i] == "\n":
            out.append("\n")
            before = -1
            continue
        place = cleaned.places[i]
        sign = cleaned.original[place]
        gap = cleaned.original[before + 1 : place] if before >= 0 else ""
        if gap and gap.isspace() and sign.isascii() and cleaned.original[before].isascii():
            out.append(" ")
        out.append(sign)
        before = place
    return "".join(out)


def pieces(cleaned: Clean, start: int, end: int, lit: Iterable[Lit]) -> tuple[tuple[Piece, ...], ...]:
    """The paragraphs of cleaned signs `start` to `end`, cut where words of an entry begin or end."""
    within = [one for one in lit if one.start < end and one.end > start]
    cuts = {start, end} | {c for one in within for c in (one.start, one.end) if start < c < end}
    cuts |= {i + d for i in range(start, end) if cleaned.text[i] == "\n" for d in (0, 1)}
    bounds = sorted(cuts)
    made: list[list[Piece]] = [[]]
    for first, stop in pairwise(bounds):
        if cleaned.text[first] == "\n":
            made.append([])
            continue
        ids = tuple(one.id for one in within if one.start <= first and one.end >= stop)
        begins = tuple(one.id for one in within if one.start == first)
        made[-1].append(Piece(as_printed(cleaned, first, stop), ids, begins))
    return tuple(tuple(p) for p in made if p)


def find_words(cleaned: Clean, start: int, end: int, words: str, near: int = 0) -> tuple[int, int] | None:
    """Where words stand among cleaned signs `start` to `end`; of several places the first from the `near`-th sign on.

    Blanks, widths and old characters make no difference. None where they do not stand there.
    """
    wanted = folded(words)
    kept = [i for i in range(start, end) if cleaned.text[i] != "\n"]
    text = "".join(cleaned.text[i] for i in kept)
    if not wanted:
        return None
    at = text.find(wanted, max(0, near))
    if at < 0:
        at = text.find(wanted)
    return (kept[at], kept[at + len(wanted) - 1] + 1) if at >= 0 else None


def normalised(cleaned: Clean, start: int, end: int) -> str:
    """Words without anything that a new print may change: line ends, page marks, widths, blanks."""
    return cleaned.text[start:end].replace("\n", "")
