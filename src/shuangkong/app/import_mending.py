"""Cells put right on a page (页面更正): a corrected copy of a sheet as CSV, in which nothing else has changed."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from shuangkong.kernel.errors import UserError
from shuangkong.registry.api import sheets
from shuangkong.registry.sheets.model import letter, text_of
from shuangkong.registry.sheets.plan import words_of

#: Rows of a file that is mended on a page; a larger one is mended where it was made.
MOST_ROWS = 20_000
#: What is refused for how a cell is stored. As text it might pass, so a cell that was not put right is marked.
_STORED = frozenset({"merged_number", "digits_lost", "error_cell", "formula_without_value", "ambiguous_period"})
_DUPLICATE = "duplicate"
_LEFT = "［未更正］"


@dataclass(frozen=True, slots=True)
class Mended:
    """The corrected copy, and the mapping of the original as it fits the copy."""

    content: bytes
    mapping: sheets.Mapping


def mend(
    sheet: sheets.Sheet,
    mapping: sheets.Mapping,
    schema: sheets.SheetSchema,
    fixes: Mapping[tuple[int, str], str],
    left_out: Collection[int],
) -> Mended:
    """The sheet with some cells put right and some rows left out; rows keep their numbers.

    `fixes` are texts by row (counted from 1) and column letter. A file in which the copy would read otherwise
    in a row that nobody touched is not mended here: IMP-001.
    """
    before = sheets.check_rows(sheet, mapping, schema)
    marked = {(r.row, r.column) for r in before.refusals if r.code in _STORED and (r.row, r.column) not in fixes}
    content = _written(sheet, fixes, left_out, marked)
    head = sheets.find_head(sheet, words_of(schema), mapping.header_row)
    fitting = replace(mapping, sheet=None, header_row=head.first_row)
    touched = {row for row, _ in fixes} | set(left_out)
    try:
        after = sheets.check_rows(sheets.read_sheet(content, name="copy.csv"), fitting, schema)
    except UserError as wrong:
        raise _elsewhere(sheet) from wrong
    if not _same(before, after, touched):
        raise _elsewhere(sheet)
    return Mended(content, fitting)


def _written(
    sheet: sheets.Sheet,
    fixes: Mapping[tuple[int, str], str],
    left_out: Collection[int],
    marked: Collection[tuple[int, str]],
) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    letters = [letter(j) for j in range(sheet.width)]
    for i, row in enumerate(sheet.rows):
        texts = [text_of(row[j]) if j < len(row) else "" for j in range(sheet.width)]
        number = i + 1
        for j, name in enumerate(letters):
            if (number, name) in marked:
                texts[j] = _LEFT + texts[j]
            texts[j] = fixes.get((number, name), texts[j])
        writer.writerow([""] * sheet.width if number in left_out else texts)
    return b"\xef\xbb\xbf" + out.getvalue().encode("utf-8")


def _same(before: sheets.Checked, after: sheets.Checked, touched: Collection[int]) -> bool:
    """Whether rows that nobody touched read as they did; one that was a repetition alone may pass now."""
    old, new = _by_row(before), _by_row(after)
    repeated = {r.row for r in before.refusals if r.code == _DUPLICATE}
    return all(old.get(row) == values for row, values in new.items() if row not in touched and row not in repeated)


def _by_row(checked: sheets.Checked) -> dict[int, list[dict[str, object]]]:
    found: dict[int, list[dict[str, object]]] = defaultdict(list)
    for record in checked:
        found[record.row].append(record.values)
    return found


def _elsewhere(sheet: sheets.Sheet) -> UserError:
    return UserError(
        "IMP-001",
        "this sheet cannot be mended on the page: its layout would not survive as plain text (merged cells, dates).",
        where=sheet.name,
        remedy="Mend the cells in the spreadsheet program and begin a new import with that file.",
        case="layout",
    )
