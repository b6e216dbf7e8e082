"""Find the head (表头) of a sheet: below titles, over one or several rows, with units and 栏次 rows."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from decimal import Decimal

from shuangkong.kernel.errors import UserError
from shuangkong.kernel.ids import digest
from shuangkong.kernel.labels import Label
from shuangkong.kernel.numbers import parse_decimal
from shuangkong.registry.sheets.model import Cell, Head, HeadColumn, Sheet, is_blank, letter, text_of
from shuangkong.registry.sheets.names import fold, part, unit_in

_TITLES, _LOOK, _HEAD_ROWS = 16, 60, 4
_YEAR = re.compile(r"(?:19|20)\d\d")
_ORDINALS = frozenset("甲乙丙丁戊己庚辛") | {"栏次", "序号", "代码", "-"}
_UNIT_ABOVE = re.compile(r"(?:计量)?单位\s*:\s*([^\s,;。)]+)|units?\s*:\s*([^\s,;)]+)", re.IGNORECASE)


def find_head(sheet: Sheet, words: Collection[str] = (), header_row: int | None = None) -> Head:
    """The head of a sheet and why it was taken; `words` are names that columns may go by.

    `header_row` (counted from 1) settles it. Raises IMP-002 if that row is not in the sheet or is blank.
    """
    if header_row is not None:
        if not 1 <= header_row <= len(sheet.rows) or not _texts(sheet, header_row - 1):
            raise UserError(
                "IMP-002",
                f"row {header_row} is blank or not in the sheet, so it cannot be the head.",
                where=sheet.name,
                remedy=f"Give the row with the column names; the sheet has {len(sheet.rows)} rows.",
                case="head_row",
                facts={"row": header_row, "rows": len(sheet.rows)},
            )
        top = header_row - 1
        reason = Label(f"表头在第 {header_row} 行（已指定）。", f"The head is row {header_row}, as given.")
    else:
        top, reason = _search(sheet, {fold(w) for w in words} - {""})
    first = _upwards(sheet, top) if header_row is None else top
    last = _downwards(sheet, top)
    return _built(sheet, first, last, reason)


def signature(sheet: Sheet, header_row: int | None = None, words: Collection[str] = ()) -> str:
    """A short hash of the column names: the same for next month's file of the same form."""
    return head_signature(find_head(sheet, words, header_row))


def head_signature(head: Head) -> str:
    """The signature of a head already found."""
    return digest("sheet-head", *(f"{fold(c.text)}|{c.unit or ''}" for c in head.columns))


def _texts(sheet: Sheet, row: int) -> dict[int, str]:
    return {j: text_of(c) for j, c in enumerate(sheet.rows[row]) if not is_blank(c)}


def _numeric(cell: Cell) -> bool:
    """Whether a cell looks like data, not like a name; years may be names."""
    if isinstance(cell, str):
        return parse_decimal(cell) is not None and not _YEAR.fullmatch(cell.strip())
    if isinstance(cell, Decimal):
        return not _YEAR.fullmatch(text_of(cell))
    return cell is not None


def _search(sheet: Sheet, words: set[str]) -> tuple[int, Label]:
    rows = [i for i in range(min(len(sheet.rows), _LOOK)) if _texts(sheet, i)][:_TITLES]
    known = {i: sum(fold(part(t)[0]) in words for t in set(_texts(sheet, i).values())) for i in rows}
    best = max(rows, key=lambda i: (known[i], -i))
    if known[best] >= 2 or (known[best] == 1 and len(set(_texts(sheet, best).values())) <= 2):
        return best, Label(
            f"第 {best + 1} 行有 {known[best]} 个已知列名，作为表头。",
            f"Row {best + 1} holds {known[best]} known column names and is taken for the head.",
        )
    usual = max(len(set(_texts(sheet, i).values())) for i in rows)
    for i in rows:
        cells = [c for c in sheet.rows[i] if not is_blank(c)]
        names = sum(not _numeric(c) for c in cells)
        if len({text_of(c) for c in cells}) >= max(1, 0.6 * usual) and 2 * names > len(cells):
            return i, Label(
                f"第 {i + 1} 行是第一个列数齐全且以文字为主的行，作为表头。",
                f"Row {i + 1} is the first full row that is mostly text and is taken for the head.",
            )
    first = rows[0]
    return first, Label(
        f"没有找到像表头的行，暂以第 {first + 1} 行为表头，请核对。",
        f"No row looks like a head; row {first + 1} is taken for it, please check.",
    )


def _upwards(sheet: Sheet, top: int) -> int:
    """Group names merged across columns above the names themselves belong to the head; a title does not."""
    first = top
    while first > 0 and top - first < _HEAD_ROWS - 1 and first - 1 in sheet.merged_across:
        texts = _texts(sheet, first - 1)
        if len(set(texts.values())) < 2 or any("单位:" in t.replace("：", ":") for t in texts.values()):
            break
        first -= 1
    return first


def _downwards(sheet: Sheet, top: int) -> int:
    last = top
    while last - top < _HEAD_ROWS - 1 and last + 1 < len(sheet.rows):
        below = _texts(sheet, last + 1)
        if not below or not (_all_units(sheet, last + 1, top) or _ordinal(below) or _sub_names(sheet, last, last + 1)):
            break
        last += 1
    return last


def _all_units(sheet: Sheet, row: int, top: int) -> bool:
    """A row of units alone; what a vertical merge repeats from above does not count against it."""
    head, below = _texts(sheet, top), _texts(sheet, row)
    own = [t for j, t in below.items() if head.get(j) != t]
    units = sum(unit_in(t.strip("()（）")) is not None and parse_decimal(t) is None for t in own)
    words = sum(fold(t) in ("计量单位", "单位", "unit") for t in own)
    return units > 0 and units + words == len(own)


def _ordinal(below: dict[int, str]) -> bool:
    """The row 甲 乙 丙 1 2 3 of a statistical form."""
    texts = [t.strip() for t in below.values()]
    letters = [t for t in texts if t in _ORDINALS]
    numbers = [t for t in texts if t not in _ORDINALS]
    return (
        bool(letters)
        and any(t in "甲栏次" for t in letters)
        and all(t.isdigit() for t in numbers)
        and [int(t) for t in numbers] == list(range(1, len(numbers) + 1))
    )


def _sub_names(sheet: Sheet, above: int, row: int) -> bool:
    """Names under a group: all text or years, and the row above is merged across or open where these stand."""
    if any(_numeric(c) for c in sheet.rows[row] if not is_blank(c)):
        return False
    over, below = _texts(sheet, above), _texts(sheet, row)
    if above in sheet.merged_across:
        repeated = [j for j in over if (above, j) in sheet.filled and over[j] == over.get(j - 1)]
        return any(j in below and below[j] != over[j] for j in repeated)
    if not over or min(over) in below or max(below) >= len(sheet.rows[above]):
        return False
    open_here = [j for j in below if j not in over and j > min(over)]
    return bool(open_here) and all(max(k for k in over if k < j) in below for j in open_here)


def _built(sheet: Sheet, first: int, last: int, reason: Label) -> Head:
    grid = [_filled_right(sheet, r, r < last) for r in range(first, last + 1)]
    ordinal = [_ordinal(_texts(sheet, r)) for r in range(first, last + 1)]
    columns: list[HeadColumn] = []
    seen: set[str] = set()
    for j in range(max(sheet.width, 1)):
        parts: list[str] = []
        unit: str | None = None
        for texts, skip in zip(grid, ordinal, strict=True):
            text = " ".join(texts.get(j, "").split())
            if not text or skip:
                continue
            found = unit_in(text.strip("()（）")) if parts else None
            if found and parse_decimal(text) is None:
                unit = found
            elif text not in parts:
                parts.append(text)
        if parts:
            columns.append(_column(j, parts, unit, seen))
    title = tuple(t for r in range(first) for t in dict.fromkeys(_texts(sheet, r).values()))
    by_key = {c.key: c for c in columns}
    if last > first:
        reason = Label(
            f"{reason.zh}表头共 {last - first + 1} 行，至第 {last + 1} 行。",
            f"{reason.in_('en')} It spans {last - first + 1} rows, to row {last + 1}.",
        )
    return Head(first + 1, last + 1, tuple(columns), reason, title, _unit_above(title), by_key)


def _column(j: int, parts: list[str], unit: str | None, seen: set[str]) -> HeadColumn:
    text = " ".join(parts)
    name, own = part(text)
    key = text if text not in seen else f"{text} [{letter(j)}]"
    seen.add(key)
    return HeadColumn(j, key, text, name, own or unit)


def _filled_right(sheet: Sheet, row: int, group: bool) -> dict[int, str]:
    """The texts of a head row; a group name of a text file stands for the blanks to its right."""
    texts = _texts(sheet, row)
    if not group or sheet.form != "csv" or not _sub_names(sheet, row, row + 1):
        return texts
    below = _texts(sheet, row + 1)
    for j in range(1, sheet.width):
        if j not in texts and j in below and j - 1 in texts and j - 1 in below:
            texts[j] = texts[j - 1]
    return texts


def _unit_above(title: tuple[str, ...]) -> str | None:
    for text in title:
        match = _UNIT_ABOVE.search(unicodedata.normalize("NFKC", text))
        if match:
            return unit_in(match.group(1) or match.group(2))
    return None
