"""Word files (.docx): paragraphs with the numbers that their lists give them, and tables row by row."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from xml.etree import ElementTree

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_SIGNS = {f"{_W}tab": "\t", f"{_W}br": "\n", f"{_W}cr": "\n", f"{_W}noBreakHyphen": "-"}
_DIGITS = "零一二三四五六七八九"
_STEMS = "甲乙丙丁戊己庚辛壬癸"
#: A table whose cells hold more is one that only lays a page out.
_LONGEST_CELL = 300
#: What a hostile file may not blow up: columns that a cell spans, numbers of a list in Roman figures.
_MOST_COLUMNS = 100
_MOST_ROMAN = 4000


class NotWord(Exception):
    """The bytes are no Word file, or one whose parts are broken."""


class TooLarge(Exception):
    """A part of the file unpacks to more than was asked for."""


@dataclass(frozen=True, slots=True)
class _Level:
    form: str
    text: str
    start: int


@dataclass(slots=True)
class _Lists:
    """The definitions of lists of a file, and how far each list has counted."""

    levels: dict[str, dict[int, _Level]] = field(default_factory=dict)
    abstract: dict[str, str] = field(default_factory=dict)
    restarts: dict[tuple[str, int], int] = field(default_factory=dict)
    styles: dict[str, tuple[str | None, str | None, int | None]] = field(default_factory=dict)
    counted: dict[str, dict[int, int]] = field(default_factory=dict)
    begun: set[tuple[str, int]] = field(default_factory=set)


def text_of_word(content: bytes, most: int) -> str:
    """The text of a .docx: one line for each paragraph and each row of a table, cells apart by tabs.

    most: how many bytes a part may unpack to. Raises NotWord and TooLarge.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            body = _part(parts, "word/document.xml", most)
            if body is None:
                raise NotWord
            lists = _lists(_part(parts, "word/numbering.xml", most), _part(parts, "word/styles.xml", most))
    except (zipfile.BadZipFile, KeyError, ElementTree.ParseError, NotImplementedError, RuntimeError, EOFError,
            ValueError, zlib.error) as e:  # fmt: skip
        raise NotWord from e
    inner = body.find(f"{_W}body")
    try:
        return "\n".join(_blocks(body if inner is None else inner, lists))
    except RecursionError as e:
        raise NotWord from e


def _part(parts: zipfile.ZipFile, name: str, most: int) -> ElementTree.Element | None:
    if name not in parts.namelist():
        return None
    if parts.getinfo(name).file_size > most:
        raise TooLarge
    return ElementTree.fromstring(parts.read(name))


def _blocks(parent: ElementTree.Element, lists: _Lists) -> Iterator[str]:
    for child in parent:
        if child.tag == f"{_W}p":
            yield _number(child, lists) + _words(child)
            # Text boxes hold paragraphs of their own.
            for box in _boxes(child):
                yield from _blocks(box, lists)
        elif child.tag == f"{_W}tbl":
            yield from _rows(child, lists)
        elif child.tag in (f"{_W}sdt", f"{_W}sdtContent", f"{_W}ins", f"{_W}customXml", f"{_W}smartTag"):
            yield from _blocks(child, lists)


def _words(paragraph: ElementTree.Element) -> str:
    """The words of a paragraph without what text boxes in it say and what was struck out."""
    out: list[str] = []

    def walk(element: ElementTree.Element) -> None:
        for child in element:
            if child.tag in (f"{_W}txbxContent", _FALLBACK, f"{_W}del", f"{_W}pPr"):
                continue
            if child.tag == f"{_W}t":
                out.append(child.text or "")
            elif child.tag in _SIGNS:
                out.append(_SIGNS[child.tag])
            else:
                walk(child)

    walk(paragraph)
    return "".join(out)


def _rows(table: ElementTree.Element, lists: _Lists) -> Iterator[str]:
    rows: list[list[list[str]]] = []
    for row in _children(table, "tr"):
        cells: list[list[str]] = []
        for cell in _children(row, "tc"):
            about = cell.find(f"{_W}tcPr")
            merged = about.find(f"{_W}vMerge") if about is not None else None
            goes_on = merged is not None and merged.get(f"{_W}val", "continue") == "continue"
            cells.append([] if goes_on else [line for line in _blocks(cell, lists) if line.strip()])
            span = about.find(f"{_W}gridSpan") if about is not None else None
            cells.extend([] for _ in range(_spanned(span) - 1))
        rows.append(cells)
    lays_out = any(len("".join(cell)) > _LONGEST_CELL for row in rows for cell in row) or all(len(r) < 2 for r in rows)
    for found in rows:
        if lays_out:
            yield from (line for cell in found for line in cell)
        else:
            yield "\t".join(" ".join(line.strip() for line in cell).replace("\n", " ") for cell in found)


def _children(parent: ElementTree.Element, tag: str) -> Iterator[ElementTree.Element]:
    for child in parent:
        if child.tag == f"{_W}{tag}":
            yield child
        elif child.tag in (f"{_W}sdt", f"{_W}sdtContent", f"{_W}ins"):
            yield from _children(child, tag)


def _lists(numbering: ElementTree.Element | None, styles: ElementTree.Element | None) -> _Lists:
    made = _Lists()
    if numbering is not None:
        for abstract in numbering.findall(f"{_W}abstractNum"):
            made.levels[abstract.get(f"{_W}abstractNumId", "")] = {
                int(level.get(f"{_W}ilvl", "0")): _Level(
                    _value(level, "numFmt") or "decimal",
                    _value(level, "lvlText") or "",
                    int(_value(level, "start") or 1),
                )
                for level in abstract.findall(f"{_W}lvl")
            }
        for num in numbering.findall(f"{_W}num"):
            name = num.get(f"{_W}numId", "")
            made.abstract[name] = _value(num, "abstractNumId") or ""
            for over in num.findall(f"{_W}lvlOverride"):
                start = _value(over, "startOverride")
                if start is not None:
                    made.restarts[name, int(over.get(f"{_W}ilvl", "0"))] = int(start)
    for style in styles.findall(f"{_W}style") if styles is not None else ():
        about = style.find(f"{_W}pPr")
        numbered = about.find(f"{_W}numPr") if about is not None else None
        level = _value(numbered, "ilvl") if numbered is not None else None
        made.styles[style.get(f"{_W}styleId", "")] = (
            _value(style, "basedOn"),
            _value(numbered, "numId") if numbered is not None else None,
            int(level) if level is not None else None,
        )
    return made


def _value(parent: ElementTree.Element, tag: str) -> str | None:
    found = parent.find(f"{_W}{tag}")
    return None if found is None else found.get(f"{_W}val")


def _number(paragraph: ElementTree.Element, lists: _Lists) -> str:
    """The number that stands before a paragraph on the page and is nowhere in its text."""
    about = paragraph.find(f"{_W}pPr")
    if about is None:
        return ""
    numbered = about.find(f"{_W}numPr")
    name = _value(numbered, "numId") if numbered is not None else None
    level = _value(numbered, "ilvl") if numbered is not None else None
    style, depth = _value(about, "pStyle"), int(level) if level is not None else None
    for _ in range(20):
        if name is not None or style is None or style not in lists.styles:
            break
        above, name, own = lists.styles[style]
        depth = own if depth is None else depth
        style = above
    levels = lists.levels.get(lists.abstract.get(name or "", ""), {})
    depth = depth or 0
    if not name or name == "0" or depth not in levels or levels[depth].form in ("bullet", "none"):
        return ""
    counted = lists.counted.setdefault(lists.abstract[name], {})
    restart = lists.restarts.get((name, depth))
    if restart is not None and (name, depth) not in lists.begun:
        lists.begun.add((name, depth))
        counted[depth] = restart
    else:
        counted[depth] = counted.get(depth, levels[depth].start - 1) + 1
    for deeper in [d for d in counted if d > depth]:
        del counted[deeper]
    printed = levels[depth].text
    for d in range(depth, -1, -1):
        if f"%{d + 1}" in printed and d in levels:
            printed = printed.replace(f"%{d + 1}", figure(counted.get(d, levels[d].start), levels[d].form))
    # 1. before 2025年 would read as a figure.
    return printed[:-1] + "、" if printed.endswith(".") and _words(paragraph)[:1].isdigit() else printed


def figure(value: int, form: str) -> str:
    """A number as lists of this form print it: chineseCounting 12 is 十二, decimalEnclosedCircle 2 is ②."""
    if form in ("chineseCounting", "chineseCountingThousand", "japaneseCounting", "taiwaneseCounting",
                "taiwaneseCountingThousand", "chineseLegalSimplified"):  # fmt: skip
        return _counting(value)
    if form in ("ideographDigital", "japaneseDigitalTenThousand", "taiwaneseDigital"):
        return "".join(_DIGITS[int(d)] for d in str(value)).replace("零", "〇")
    if form.startswith("decimalEnclosed") and 1 <= value <= 20:
        return chr(ord("①") + value - 1)
    if form == "ideographTraditional" and 1 <= value <= len(_STEMS):
        return _STEMS[value - 1]
    if form in ("lowerLetter", "upperLetter") and 1 <= value <= 26:
        return chr(ord("a" if form == "lowerLetter" else "A") + value - 1)
    if form in ("lowerRoman", "upperRoman"):
        return _roman(value) if form == "upperRoman" else _roman(value).lower()
    return f"{value:02}" if form == "decimalZero" else str(value)


def _counting(value: int) -> str:
    tens, ones = divmod(value, 10)
    if value < 10 or value > 99:
        return _DIGITS[value] if value < 10 else _hundreds(value)
    return ("" if tens == 1 else _DIGITS[tens]) + "十" + (_DIGITS[ones] if ones else "")


def _hundreds(value: int) -> str:
    above, below = divmod(value, 100)
    if above > 9:
        return str(value)
    if not below:
        return _DIGITS[above] + "百"
    if below < 10:
        return f"{_DIGITS[above]}百零{_DIGITS[below]}"
    return _DIGITS[above] + "百" + ("一" if 10 <= below < 20 else "") + _counting(below)


def _spanned(span: ElementTree.Element | None) -> int:
    """How many columns a cell spans; a number that no table has is none."""
    said = "1" if span is None else span.get(f"{_W}val", "1")
    return min(int(said), _MOST_COLUMNS) if said.isascii() and said.isdigit() and len(said) < 10 else 1


def _boxes(element: ElementTree.Element) -> Iterator[ElementTree.Element]:
    """The outermost text boxes of a paragraph; what old programs would show in their place is not read."""
    for child in element:
        if child.tag == f"{_W}txbxContent":
            yield child
        elif child.tag != _FALLBACK:
            yield from _boxes(child)


def _roman(value: int) -> str:
    if not 0 < value < _MOST_ROMAN:
        return str(value)
    signs: Sequence[tuple[int, str]] = (
        (100, "C"), (90, "XC"), (50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"),
    )  # fmt: skip
    out = ""
    for worth, sign in signs:
        while value >= worth:
            out, value = out + sign, value - worth
    return out
