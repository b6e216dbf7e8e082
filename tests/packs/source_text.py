"""Clauses and figures of the source texts, read by themselves: the second opinion on the packs' clause lists.

`python tests/packs/source_text.py 001 [FROM [TO]]` prints what is found, as the beginning of a clauses.yaml.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from shuangkong.policy.figures import figures_in, tidy

SOURCE = Path(__file__).parents[3] / "shared" / "policies" / "source"
#: Where figures stand before the first number.
FRONT = "序"
NUMERALS = "一二三四五六七八九十"
#: Levels of numbering, outermost first: how a heading starts, and how its number stands in a clause's id.
LEVELS = (
    (re.compile(rf"([{NUMERALS}]+)\s*、"), "{}"),
    (re.compile(rf"[（(]\s*([{NUMERALS}]+)\s*[)）]"), "（{}）"),
    (re.compile(r"([0-9]{1,2})[.．、](?![0-9])"), "{}"),
    (re.compile(r"[（(]([0-9]{1,2})[)）]"), "（{}）"),
)
FINAL = re.compile(r"附\s*则")


def ordinal(text: str) -> int:
    if text.isdigit():
        return int(text)
    tens, _, ones = text.rpartition("十") if "十" in text else ("", "", text)
    return (10 * (NUMERALS.index(tens) + 1 if tens else 1) if "十" in text else 0) + (
        NUMERALS.index(ones) + 1 if ones else 0
    )


def document(name: str, start: str | None = None, end: str | None = None) -> list[str]:
    """Lines of a source text from the line with `start` to that with `end`, which is not part of it."""
    lines = (SOURCE / f"{name}.txt").read_text("utf-8").splitlines()
    holding = [i for i, line in enumerate(lines) if start and start in line]
    first = next((i for i in holding if lines[i].startswith("#")), (holding or [0])[0])
    last = next((i for i in range(first + 1, len(lines)) if end in lines[i]), len(lines)) if end else len(lines)
    return lines[first:last]


def clauses(lines: list[str], headings: dict[str, str] | None = None) -> Iterator[tuple[str, str]]:
    """(id, text of its own) of every clause in order; the text before the first one has the id 序."""
    path: list[tuple[int, int, str]] = []
    here, text = FRONT, ""
    for line in lines:
        bare = tidy(line).strip().lstrip("#* ")
        heading = next((i for h, i in (headings or {}).items() if re.sub(r"\s", "", bare) == h), None)
        if heading is not None or FINAL.fullmatch(bare):
            yield here, text
            here, text = heading or "附则", ""
            path = [(0, 99, "附则")] if heading is None else [(0, 1, heading)]
            continue
        found = _numbered(bare, path)
        if found is None:
            text += line + "\n"
            continue
        yield here, text
        path, text = found, bare[len(_match(bare, found).group(0)) :] + "\n"
        here = "".join(part for _, _, part in path)
    yield here, text


def _match(bare: str, path: list[tuple[int, int, str]]) -> re.Match[str]:
    found = LEVELS[path[-1][0]][0].match(bare)
    assert found
    return found


def _numbered(bare: str, path: list[tuple[int, int, str]]) -> list[tuple[int, int, str]] | None:
    for level, (pattern, shape) in enumerate(LEVELS):
        found = pattern.match(bare)
        if found:
            above = [p for p in path if p[0] < level]
            return [*above, (level, ordinal(found[1]), shape.format(found[1]))]
    return None


def figures(text: str) -> list[str]:
    """The figures of a clause's text as printed, each with the unit signs that follow it."""
    tidied = tidy(text)
    return [printed + _behind(tidied, start + len(printed)) for printed, start in figures_in(text)]


def _behind(text: str, end: int) -> str:
    found = re.match(r"\s*(%|‰|[A-Za-z]{1,4}|[㐀-鿿]{0,3})", text[end:])
    return found[1] if found else ""


if __name__ == "__main__":
    for number, body in clauses(document(*sys.argv[1:4])):
        print(f"- id: {number}")  # noqa: T201
        for figure in figures(body):
            print(f"    - {figure}")  # noqa: T201
