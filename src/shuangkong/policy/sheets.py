"""Small workbooks (工作簿) of the policy slice: a few sheets of text with notes above, the same bytes each time."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import xlsxwriter

#: A fixed date: the same rows give the same bytes.
_WHEN = datetime(2020, 1, 1, tzinfo=UTC)
_CELL = 32_767


@dataclass(frozen=True, slots=True)
class Page:
    """A worksheet: its name, notes above the head, heads, rows of text, widths of columns, and marked cells.

    `marks` are places (row, column) of cells, counted from 0 below the head, that are set off by a tint.
    """

    name: str
    notes: tuple[str, ...]
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[int, ...] = ()
    marks: frozenset[tuple[int, int]] = frozenset()


def workbook(title: str, pages: Sequence[Page]) -> bytes:
    """The bytes of an .xlsx with these sheets; every cell is text, so that 2.10 and 0012 stay what they are."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": title, "created": _WHEN})
    looks = {
        "title": book.add_format({"bold": True, "font_size": 16, "align": "center", "valign": "vcenter"}),
        "head": book.add_format(
            {
                "bold": True,
                "bg_color": "#DDE8EA",
                "border": 1,
                "text_wrap": True,
                "align": "center",
                "valign": "vcenter",
            }
        ),
        "cell": book.add_format({"border": 1, "text_wrap": True, "valign": "top", "num_format": "@"}),
        "mark": book.add_format(
            {"border": 1, "text_wrap": True, "valign": "top", "num_format": "@", "bg_color": "#FBE9D7"}
        ),
        "note": book.add_format({"font_color": "#566468"}),
    }
    for page in pages:
        _page(book.add_worksheet(page.name[:31]), title, page, looks)
    book.close()
    return out.getvalue()


def _page(sheet: xlsxwriter.worksheet.Worksheet, title: str, page: Page, looks: dict[str, object]) -> None:
    last = max(len(page.heads) - 1, 1)
    sheet.merge_range(0, 0, 0, last, title[:_CELL], looks["title"])
    sheet.set_row(0, 28)
    for n, note in enumerate(page.notes, start=1):
        sheet.write_string(n, 0, note[:_CELL], looks["note"])
    top = len(page.notes) + 1
    for j, head in enumerate(page.heads):
        sheet.write_string(top, j, head, looks["head"])
        sheet.set_column(j, j, page.widths[j] if j < len(page.widths) else 18)
    for i, row in enumerate(page.rows):
        for j, text in enumerate(row):
            sheet.write_string(top + 1 + i, j, text[:_CELL], looks["mark" if (i, j) in page.marks else "cell"])
    sheet.freeze_panes(top + 1, 1)
    sheet.repeat_rows(top)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
