"""Undoing what files do to texts (整理): wraps, page marks, headers, blanks, markdown, pinyin, widths, old characters.

Each sign of the cleaned text keeps its place in the original, so that whatever is found can be shown there.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import opencc

from shuangkong.policy.reading.tables import Table, tables

#: How a numbered paragraph begins, in the cleaned text.
NUMBERED = re.compile(
    r"(?:[一二三四五六七八九十]{1,4}|[—ー-](?=、))[、.．，](?=\D)|[（〔〈{][一二三四五六七八九十]{1,4}[）〕〉}]"
    r"|[0-9]{1,2}[.、．](?![0-9])|[（〔〈{][0-9]{1,2}[）〕〉}]|[①-⑳⑴-⒇⒈-⒛㈠-㈩]|第[一二三四五六七八九十百]{1,5}[章节条]"
)
_PAGE = re.compile(
    r"[-—–－_·•]*\s*第?\s*\d{1,4}\s*页?\s*[-—–－_·•]*|第\s*\d+\s*页.{0,3}共\s*\d+\s*页|\d+\s*/\s*\d+|Page\s*\d+.*",
    re.IGNORECASE,
)
_PINYIN = re.compile(r"[（(]?[a-zü]{0,6}[āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜ][a-züāáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜ]{0,6}[）)]?")
#: A paragraph that ends so is whole; one that ends so needs more.
_ENDS = tuple("。！？；：.!?;:")
_OPEN = tuple("，、（〔《“,(·/-—0123456789")
_GOES_ON = re.compile(r"[，、。；：）〕》”％%)]|年|月|日")
_BEGINS = re.compile(
    r"为了?(?:深入|认真|全面|贯彻|加快|进一步|坚决|落实|推[动进])|根据|按照|各[省市区县]|现将|附件|以.{0,4}习近平"
)
#: The number of a document, on a line of its own below its title.
_DOC_NUMBER = re.compile(r"[（(]?[一-鿿]{1,16}[〔\[［(（][0-9]{4}[〕\]］)）]第?[0-9]{1,5}号[）)]?")
#: A line that says who answers or until when never goes on with a row or a sentence before it.
_LABEL = re.compile(r"(?:责任|牵头|配合|主办|完成)(?:单位|部门|时限)：")
_TAIL = re.compile(r"负责|牵头|单位|落实|下同|删减|发布|印发")
_MARKUP = frozenset("*`|\u200b\u200c\u200d\ufeff\u00ad")
_WIDE = str.maketrans(
    {",": "，", ";": "；", ":": "：", "?": "？", "!": "！", "(": "（", ")": "）", "％": "%", "．": "."}
)
#: Signs that recognition and keyboards put for others that look like them.
_SLIPS = {"ニ": "二", "ハ": "八", "丶": "、", "○": "〇", "Ｏ": "O", "∶": "：", "﹪": "%", "◯": "〇"}
#: Years in Chinese digits, sign by sign.
_YEAR_WORDS = re.compile(r"二[〇零0O][〇零一二三四五六七八九0O]{2}(?=年|[-—~～至、])")
_YEAR_DIGITS = str.maketrans("〇零O一二三四五六七八九", "000123456789")
_RUNNING = 40
#: So much of a paragraph tells whether a line goes on with it; more would be slow on a file that never stops.
_LOOK_BACK = 800


@dataclass(frozen=True, slots=True)
class Clean:
    """A text put in order, paragraphs apart by line ends, and where each of its signs stands in the original."""

    text: str
    places: tuple[int, ...]
    original: str
    #: The lines that are headings in markdown: their places in the original, with their level.
    headings: Mapping[int, int] = field(default_factory=dict)
    #: Tables of targets and duties, which are no part of the running text.
    tables: tuple[Table, ...] = ()

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where signs `start` to `end` of the cleaned text stand in the original."""
        if start >= end:
            return (self.places[start], self.places[start]) if start < len(self.places) else (len(self.original),) * 2
        return self.places[start], self.places[end - 1] + 1

    def quote(self, start: int, end: int) -> str:
        """Those signs as the original has them."""
        first, last = self.span(start, end)
        return self.original[first:last]


@lru_cache(maxsize=20_000)
def _simple(sign: str) -> str:
    """One character as simplified ones are written and as wide as Chinese texts have it."""
    if "！" <= sign <= "～":
        sign = chr(ord(sign) - 0xFEE0)
    elif sign in _SLIPS:
        sign = _SLIPS[sign]
    elif "︰" <= sign <= "﹫" or "⺀" <= sign <= "⿕":
        # Small and vertical forms of marks; radicals that PDF files have in place of characters.
        sign = unicodedata.normalize("NFKC", sign)[:1] or sign
    elif "㐀" <= sign <= "鿿":
        found = _converter().convert(sign)
        sign = found if len(found) == 1 else sign
    return sign.translate(_WIDE)


@lru_cache(maxsize=1)
def _converter() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")


@dataclass(slots=True)
class _Line:
    text: str
    places: list[int]
    heading: int
    indented: bool
    #: Whether it stands in a table or right behind one.
    apart: bool = False


def clean(original: str) -> Clean:
    """The text put in order, with the places of its signs."""
    signs: list[str] = []
    places: list[int] = []
    begun = 0
    previous: _Line | None = None
    found = tables(original)
    lines = list(_lines(original, [span for table in found for span in table.taken]))
    lengths = sorted(len(line.text) for line in lines)
    usual = lengths[int(len(lengths) * 0.8)] if lengths else 0
    for line in lines:
        so_far = "".join(signs[max(begun, len(signs) - _LOOK_BACK) :])
        if previous is not None and (line.apart or not _continues(so_far, previous, line, usual)):
            signs.append("\n")
            places.append(previous.places[-1])
            begun = len(signs)
        signs.extend(line.text)
        places.extend(line.places)
        previous = line
    text, kept = _tidy("".join(signs), places)
    return Clean(text, tuple(kept), original, {x.places[0]: x.heading for x in lines if x.heading}, found)


def _tidy(text: str, places: list[int]) -> tuple[str, list[int]]:
    """Without pinyin and commas inside numbers; half-width points as the numbers have them."""
    out: list[str] = []
    kept: list[int] = []
    last = 0
    cut = re.compile(rf"{_PINYIN.pattern}|(?<=[0-9])，(?=[0-9]{{3}}(?![0-9年]))")
    for found in cut.finditer(text):
        out.append(text[last : found.start()])
        kept.extend(places[last : found.start()])
        last = found.end()
    out.append(text[last:])
    kept.extend(places[last:])
    return _YEAR_WORDS.sub(lambda year: year[0].translate(_YEAR_DIGITS), "".join(out)), kept


def _lines(original: str, taken: Sequence[tuple[int, int]]) -> Iterator[_Line]:
    repeated = _running(original)
    ends = [end for _, end in taken]
    at, apart = 0, False
    for raw in original.splitlines(keepends=True):
        start, at = at, at + len(raw)
        bare = raw.strip()
        if not bare:
            continue
        if _PAGE.fullmatch(bare) or bare in repeated or re.fullmatch(r"[-=*_|:\s]+", bare):
            continue
        heading = re.match(r"\s*(#{1,6})\s*", raw)
        quoted = heading or re.match(r"\s*(?:>\s*|[-+*]\s+(?=\D))", raw)
        first = quoted.end() if quoted else 0
        text: list[str] = []
        places: list[int] = []
        for i in range(first, len(raw)):
            sign = raw[i]
            if taken and _in(taken, ends, start + i):
                apart = True
                continue
            if sign.isspace() or sign in _MARKUP or sign == "\u3000":
                continue
            text.append(_simple(sign))
            places.append(start + i)
        if text:
            indented = raw[:1] in (" ", "\t", "\u3000")
            yield _Line("".join(text), places, len(heading[1]) if heading else 0, indented, apart)
            apart = apart and _in(taken, ends, places[-1] + 1)


def _in(taken: Sequence[tuple[int, int]], ends: Sequence[int], at: int) -> bool:
    i = bisect_right(ends, at)
    return i < len(taken) and taken[i][0] <= at


def _running(original: str) -> frozenset[str]:
    """Running headers: short lines without a stop that stand there three times or more, and are no tails or numbers."""
    counted = Counter(line.strip() for line in original.splitlines())
    return frozenset(
        line
        for line, times in counted.items()
        if times >= 3 and 0 < len(line) <= _RUNNING and not line.endswith(("。", "；", "）", ")", "〕"))
        and not NUMBERED.match(_plain(line)) and not _TAIL.search(line) and not line.endswith(("，", "、"))
        and not re.search(r"[，。；：]", line)
    )  # fmt: skip


def folded(words: str) -> str:
    """Words as the cleaned text would have them, without blanks: what a person typed or selected is looked for so."""
    return "".join(_simple(sign) for sign in words if not sign.isspace() and sign not in _MARKUP)


def _plain(line: str) -> str:
    return "".join(_simple(sign) for sign in line if not sign.isspace() and sign not in _MARKUP).lstrip("#>-")


def _continues(so_far: str, previous: _Line, line: _Line, usual: int) -> bool:
    """Whether a line goes on with the paragraph before it, i.e. the line end between them is none of the author's."""
    if line.heading or previous.heading or not so_far:
        return False
    numbered = NUMBERED.match(line.text)
    opened = so_far.count("（") + so_far.count("〔") - so_far.count("）") - so_far.count("〕")
    if opened > 0 and not numbered and max(so_far.rfind("（"), so_far.rfind("〔")) > len(so_far) - 400:
        return True
    if _LABEL.match(line.text):
        return False
    if so_far.endswith(_ENDS) and not (so_far[-1] == "." and so_far[-2:-1].isdigit() and line.text[0].isdigit()):
        return False
    if numbered and not so_far.endswith(("，", "、", "（", "《", "“")):
        return False
    if so_far.endswith(_OPEN) and not _PAGE.fullmatch(so_far):
        return True
    if _GOES_ON.match(line.text) and not line.text.startswith("日期"):
        return True
    if _DOC_NUMBER.fullmatch(line.text) and not re.search("[，。；]", so_far):
        return False
    if so_far.endswith(("）", "〕")):
        return not _TAIL.search(so_far[-60:]) and not line.indented and not _BEGINS.match(line.text)
    if line.text.startswith(("（", "〔")) and _TAIL.search(line.text):
        return False
    if _BEGINS.match(line.text) and not re.search("[，。]", so_far):
        return False
    if line.indented and not previous.indented and len(previous.text) < usual * 0.7:
        return False
    if re.search("[，。；]", so_far):
        return True
    head = NUMBERED.match(so_far)
    if head:
        # A wrapped heading goes on for a few signs up to its stop: 重点行业绿色|升级工程。
        stop = re.search("[，。；：]", line.text)
        return stop is not None and stop[0] == "。" and stop.start() <= 14 and len(so_far) <= 30
    return len(previous.text) >= 20 and len(previous.text) >= usual * 0.75
