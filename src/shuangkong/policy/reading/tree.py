"""The clause tree of a document (条款树): numbers of every style become ids such as 三（四）2."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from shuangkong.policy.figures import number_of
from shuangkong.policy.reading.model import Clause

_CHINESE = "一二三四五六七八九十百"
#: Levels of numbering, outermost first: how a heading starts, its rank, and how it stands in a clause's id.
LEVELS = (
    (re.compile(rf"第([{_CHINESE}]{{1,5}})章"), 0, "第{}章"),
    (re.compile(rf"第([{_CHINESE}]{{1,5}})节"), 1, "第{}节"),
    # 一 is often recognised as a dash.
    (re.compile(rf"([{_CHINESE}]{{1,4}}|[—ー-](?=、))[、.．，](?![0-9])"), 2, "{}"),
    (re.compile(rf"(第[{_CHINESE}]{{1,5}}条)"), 2, "{}"),
    (re.compile(rf"[（〔〈{{]([{_CHINESE}]{{1,4}}|[-—ー])[）〕〉}}]"), 3, "（{}）"),
    (re.compile(r"([㈠-㈩])"), 3, "（{}）"),
    (re.compile(r"([0-9]{1,2})[.．、](?![0-9])"), 4, "{}"),
    (re.compile(r"([⒈-⒛])"), 4, "{}"),
    (re.compile(r"[（〔〈{]([0-9]{1,2})[）〕〉}]"), 5, "（{}）"),
    (re.compile(r"([⑴-⒇])"), 5, "（{}）"),
    (re.compile(r"([①-⑳])"), 6, "{}"),
)
#: Where a heading may stand inside a paragraph: after a stop, and only as the next number of its level.
_INSIDE = re.compile(
    rf"(?<=[。；）〕：])(?:[（〔][{_CHINESE}]{{1,4}}[）〕]|[{_CHINESE}]{{1,4}}、|[0-9]{{1,2}}[.．](?![0-9]))"
)
_TITLE_END = re.compile(r"[。：\n；]")
#: What stands before the first number.
FRONT = "序"


def paragraphs(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Where each paragraph begins and ends."""
    at = start
    while at < end:
        stop = text.find("\n", at, end)
        stop = end if stop < 0 else stop
        if stop > at:
            yield at, stop
        at = stop + 1


def number_at(text: str, at: int) -> tuple[int, str, int, int] | None:
    """(rank, how it stands in an id, its number, where it ends) of a heading that begins here."""
    for pattern, rank, shape in LEVELS:
        found = pattern.match(text, at)
        if found:
            printed = "一" if found[1] in "-—ー" else _single(found[1])
            return rank, shape.format(printed) if shape else "", _ordinal(printed), found.end()
    return None


def _single(printed: str) -> str:
    """A number in one sign (㈠, ⒈, ⑴) as others print it; ① stays, for it is a level of its own."""
    for first, plain in (("㈠", "一二三四五六七八九十"), ("⒈", None), ("⑴", None)):
        place = ord(printed[0]) - ord(first)
        if len(printed) == 1 and 0 <= place < (len(plain) if plain else 20):
            return plain[place] if plain else str(place + 1)
    return printed


def _ordinal(printed: str) -> int:
    if "①" <= printed <= "⑳":
        return ord(printed) - ord("①") + 1
    value = number_of(printed.strip("第条"))
    return int(value) if value is not None else 0


def clauses(text: str, start: int, end: int) -> tuple[Clause, ...]:
    """The clauses of a document in order; what stands before the first number is clause 序."""
    heads = list(_heads(text, start, end))
    # Articles count on through chapters and sections; elsewhere these are part of the number.
    if any(shape.startswith("第") for _, rank, shape, _ in heads if rank == 2):
        heads = [(at, rank, shape if rank >= 2 else "", after) for at, rank, shape, after in heads]
    made = [Clause(FRONT, 0, "", start, heads[0][0] if heads else end)]
    path: list[tuple[int, str]] = []
    for i, (at, rank, shape, after) in enumerate(heads):
        path = [*(p for p in path if p[0] < rank), (rank, shape)]
        stop = heads[i + 1][0] if i + 1 < len(heads) else end
        title_end = _TITLE_END.search(text, after, stop)
        title = text[after : title_end.start() if title_end else stop]
        made.append(Clause("".join(p[1] for p in path), rank, title[:60], at, stop))
    return tuple(c for c in made if c.end > c.start)


def _heads(text: str, start: int, end: int) -> Iterator[tuple[int, int, str, int]]:
    last: dict[int, int] = {}
    for begin, stop in paragraphs(text, start, end):
        found = number_at(text, begin)
        if found:
            yield begin, found[0], found[1], found[3]
            last = {r: n for r, n in last.items() if r < found[0]} | {found[0]: found[2]}
        for inside in _INSIDE.finditer(text, begin + 1, stop):
            if text[inside.start() - 1] == "：" and inside[0][0].isdigit():
                continue
            deeper = number_at(text, inside.start())
            if deeper and _follows(deeper[0], deeper[2], last):
                yield inside.start(), deeper[0], deeper[1], deeper[3]
                last = {r: n for r, n in last.items() if r < deeper[0]} | {deeper[0]: deeper[2]}


def _follows(rank: int, number: int, last: dict[int, int]) -> bool:
    """Whether a number inside a paragraph is the next of its level, or the first below the clause it stands in."""
    if rank in last:
        return number == last[rank] + 1
    return number == 1 and rank >= 3 and bool(last)


def clause_of(found: Sequence[Clause], at: int) -> Clause:
    """The innermost clause that a place belongs to."""
    return found[max(0, bisect_right(found, at, key=lambda c: c.start) - 1)]
