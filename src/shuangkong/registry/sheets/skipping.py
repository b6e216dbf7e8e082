"""Rows under the head that are no data: blank, totals, notes and signatures, examples, the head again."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from shuangkong.registry.sheets.model import Cell, Head, Sheet, is_blank, text_of
from shuangkong.registry.sheets.names import fold
from shuangkong.registry.sheets.schema import SheetSchema
from shuangkong.registry.sheets.tally import Tally

_TOTAL = re.compile(
    r"(?:.{0,12}(?:合计|总计|小计|共计|累计)(?:数)?|(?:sub-?|grand)?totals?|sums?)[:：]?", re.IGNORECASE
)
_NOTE = re.compile(
    r"(?:注|附注|说明|填表说明|备注|资料来源|数据来源|来源|填报单位|填报人|填表人|制表人?|审核人?|单位负责人"
    r"|统计负责人|报出日期|联系电话|notes?|sources?|prepared by)\s*\d*\s*[:：、.]",
    re.IGNORECASE,
)
_EXAMPLE = re.compile(r"(?:示例|样例|example)(?:$|[\s(:,;])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Skipped:
    """A row that was passed over (counted from 1), and why."""

    row: int
    code: str


def part_rows(
    sheet: Sheet, head: Head, schema: SheetSchema, figures: list[int], tally: Tally
) -> tuple[list[int], list[Skipped]]:
    """Row indices that hold data, and the rows passed over; `figures` are the columns of numbers."""
    names = {c.index: fold(c.text) for c in head.columns}
    data: list[int] = []
    skipped: list[Skipped] = []
    for i in range(head.last_row, len(sheet.rows)):
        cells = sheet.rows[i]
        first = next((j for j, c in enumerate(cells) if not is_blank(c)), None)
        code = "blank_row" if first is None else _kind(cells, first, names, figures, schema)
        if code is None:
            data.append(i)
            continue
        skipped.append(Skipped(i + 1, code))
        if first is not None:
            tally.add(code, i, first)
    return data, skipped


def _kind(cells: list[Cell], first: int, names: dict[int, str], figures: list[int], schema: SheetSchema) -> str | None:
    cell = cells[first]
    if fold(text_of(cell)) == names.get(first) and _head_again(cells, names):
        return "repeated_head"
    if not _wordy(cell):  # a serial number (序号) may stand before the word
        cell = next((c for c in cells[first + 1 : first + 3] if not is_blank(c)), None)
    if not isinstance(cell, str) or not _wordy(cell):
        return None
    text = unicodedata.normalize("NFKC", cell)
    text = re.sub(r"\s+", "" if not text.isascii() else " ", text).strip()
    if schema.totals == "skip" and _TOTAL.fullmatch(text):
        return "total_row"
    if _EXAMPLE.match(text):
        return "example_row"
    if _NOTE.match(text) and not any(j < len(cells) and not is_blank(cells[j]) for j in figures):
        return "note_row"
    return None


def _wordy(cell: Cell) -> bool:
    return isinstance(cell, str) and not (cell.isascii() and cell[:1].isdigit())


def _head_again(cells: list[Cell], names: dict[int, str]) -> bool:
    filled = {j: fold(text_of(c)) for j, c in enumerate(cells) if not is_blank(c)}
    return len(filled) > 1 and all(names.get(j) == t for j, t in filled.items())
