"""Workbooks (工作簿): the frame by xlsxwriter, the rows of the sheet set into it column by column.

xlsxwriter takes some five microseconds for a cell, most of the time at a hundred thousand rows. So it makes the
workbook with notes, head and one row of patterns, whose styles are read back; the rows are written in its place.
"""

from __future__ import annotations

import re
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from threading import BoundedSemaphore
from typing import IO, Any

import pyarrow as pa
import pyarrow.compute as pc

from shuangkong.kernel.errors import UserError
from shuangkong.webkit.tables.cells import exact_float
from shuangkong.webkit.tables.columns import Batch, Cells
from shuangkong.webkit.tables.export import Export

#: Rows of a worksheet, and characters of one of its cells, as the format has them.
SHEET_ROWS = 1_048_576
CELL_LENGTH = 32_767
#: Workbooks are made on disk before the first byte goes out; two at once leave the other readers a turn.
_WORKBOOKS = BoundedSemaphore(2)
_INVENTED = "#6A3F93"
_LOOKS: dict[str, dict[str, Any]] = {
    "head": {"bold": True, "bg_color": "#F4F7F7", "bottom": 1, "text_wrap": True},
    "note": {"font_color": "#566468"},
    "plain": {},
    "mark": {"font_color": _INVENTED},
    "day": {"num_format": "yyyy-mm-dd"},
    "marked_day": {"num_format": "yyyy-mm-dd", "font_color": _INVENTED},
}
_PATTERNS = ("plain", "mark", "day", "marked_day")
_SHEET = "xl/worksheets/sheet1.xml"
#: Day 0 of a worksheet; up to its day 60 it counts a 29 February 1900 that never was.
_FIRST_DAY = date(1899, 12, 30)
_ODD_DAYS = 60
_STYLE = re.compile(r' s="\d+"')
# what XML or the format reads as something else than itself, and blanks that it would drop
_TOUCHY = r"[&<>\x00-\x1f\x{fffe}\x{ffff}]|_x[0-9A-Fa-f]{4}_|^\s|\s$"
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0d\x0e-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")


def export_xlsx(export: Export, batches: Iterable[Batch]) -> IO[bytes]:
    """A workbook in a nameless temporary file, made with the memory of one batch; text is written as text.

    Raises FORM-001 where a worksheet has not rows enough. A figure of more than fifteen digits is written as text.
    """
    if export.total + len(export.notes) + 2 > SHEET_ROWS:
        raise UserError(
            "FORM-001",
            f"{export.total} rows do not fit on a worksheet.",
            remedy="Export CSV, or filter first.",
            case="sheet_rows",
            facts={"n": export.total},
        )
    out: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (closed by who sends it)
    try:
        with _WORKBOOKS, tempfile.TemporaryFile() as frame:
            _frame(frame, export)
            _filled(frame, out, export, batches)
    except BaseException:
        out.close()
        raise
    out.seek(0)
    return out


def _frame(out: IO[bytes], export: Export) -> None:
    """The workbook without its rows: notes, head, and below it a cell in each look."""
    import xlsxwriter

    with xlsxwriter.Workbook(out, {"constant_memory": True}) as book:
        looks = {name: book.add_format(look) for name, look in _LOOKS.items()}
        page = book.add_worksheet(_sheet_name(export.spec.label.in_(export.speaker.language)))
        heads = export.heads
        for i, head in enumerate(heads):
            page.set_column(i, i, min(40, max(10, 1.6 * len(head))))
        for i, note in enumerate(export.notes):
            for j, text in enumerate(note):
                page.write_string(i, j, text[:CELL_LENGTH], looks["note"])
        top = _top(export)
        for j, head in enumerate(heads):
            page.write_string(top, j, head, looks["head"])
        page.freeze_panes(top + 1, 1)
        page.autofilter(top, 0, top + export.total, len(heads) - 1)
        for j, name in enumerate(_PATTERNS):
            page.write_number(top + 1, j, 0, looks[name])


def _top(export: Export) -> int:
    """The row of the head, from 0."""
    return len(export.notes) + 1 if export.notes else 0


def _filled(frame: IO[bytes], out: IO[bytes], export: Export, batches: Iterable[Batch]) -> None:
    """The same workbook with the rows where the patterns stood."""
    first = _top(export) + 2
    with zipfile.ZipFile(frame) as made, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as book:
        for entry in made.infolist():
            if entry.filename != _SHEET:
                book.writestr(entry, made.read(entry), zipfile.ZIP_DEFLATED)
                continue
            before, pattern, after = re.split(
                rf'(<row r="{first}".*?</row>)', made.read(entry).decode("utf-8"), maxsplit=1, flags=re.DOTALL
            )
            last = f"{_letters(len(export.heads) - 1)}{first - 1 + export.total}"
            before = re.sub(r'<dimension ref="[^"]*"/>', f'<dimension ref="A1:{last}"/>', before, count=1)
            styles = dict(zip(_PATTERNS, _styles(pattern), strict=True))
            with book.open(_SHEET, "w", force_zip64=True) as sheet:
                sheet.write(before.encode("utf-8"))
                for part in _rows(export, batches, first, styles):
                    sheet.write(part.encode("utf-8"))
                sheet.write(after.encode("utf-8"))


def _styles(pattern: str) -> list[str]:
    """The style of each cell of the patterns, as an attribute; nothing for the plain look."""
    cells = re.findall(r"<c [^>]*>", pattern)
    return [found.group() if (found := _STYLE.search(cell)) else "" for cell in cells]


def _rows(export: Export, batches: Iterable[Batch], at: int, styles: dict[str, str]) -> Iterator[str]:
    """Rows of the sheet as XML, batch by batch; `at` is the first one's number."""
    reading, flag = export.reading, export.spec.synthetic
    for batch in batches:
        marked = _marked(batch, flag)
        numbers = [str(n) for n in range(at, at + len(marked))]
        at += len(marked)
        texts = [styles["mark"] if m else styles["plain"] for m in marked]
        days = [styles["marked_day"] if m else styles["day"] for m in marked]
        columns = [
            _column(f'<c r="{_letters(j)}', cells, numbers, days if cells.kind == "day" else texts)
            for j, cells in enumerate(reading.cells(batch))
        ]
        rows = zip(numbers, map("".join, zip(*columns, strict=True)), strict=True)
        yield "".join([f'<row r="{n}">{row}</row>' for n, row in rows])


def _marked(batch: Batch, flag: str) -> list[bool]:
    if isinstance(batch, pa.RecordBatch):
        return batch[flag].to_pylist() if flag else [False] * batch.num_rows
    return [bool(flag and row[flag]) for row in batch]


def _column(head: str, cells: Cells, numbers: list[str], styles: list[str]) -> list[str]:
    """The cells of one column; nothing at all where a cell is empty."""
    if cells.kind == "text":
        shown = _inline(cells.texts)
    elif cells.kind == "day":
        shown = [v and _day(v) for v in cells.texts.to_pylist()]
    else:
        shown = _figures(cells)
    return [f'{head}{n}"{s}{v}</c>' if v else "" for n, s, v in zip(numbers, styles, shown, strict=True)]


def _inline(texts: pa.Array) -> list[str | None]:
    """Texts as cells of text."""
    whole = texts
    long = pc.greater(pc.utf8_length(texts), CELL_LENGTH)
    touchy = pc.or_(pc.match_substring_regex(texts, _TOUCHY), long)
    if not pc.any(touchy, min_count=0).as_py():
        return [v and f' t="inlineStr"><is><t>{v}</t></is>' for v in whole.to_pylist()]
    return [
        v and (_text(v) if odd else f' t="inlineStr"><is><t>{v}</t></is>')
        for v, odd in zip(whole.to_pylist(), touchy.to_pylist(), strict=True)
    ]


def _text(value: str) -> str:
    cut = value if len(value) <= CELL_LENGTH else value[: CELL_LENGTH - 1] + "…"
    safe = _CONTROL.sub(lambda found: f"_x{ord(found.group()):04X}_", cut)
    safe = safe.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    keep = ' xml:space="preserve"' if safe != safe.strip() or "\n" in safe else ""
    return f' t="inlineStr"><is><t{keep}>{safe}</t></is>'


def _figures(cells: Cells) -> list[str | None]:
    """Figures as numbers; one that a spreadsheet would round as text."""
    if cells.kind == "float":
        return [v and (f"><v>{v}</v>" if v[-1].isdigit() else _text(v)) for v in cells.texts.to_pylist()]
    # with its sign and point, fifteen characters are at most fifteen digits
    short = pc.less_equal(pc.utf8_length(cells.texts), 15)
    if pc.all(short, min_count=0).as_py():
        return [v and f"><v>{v}</v>" for v in cells.texts.to_pylist()]
    return [
        v and (f"><v>{v}</v>" if fits or exact_float(Decimal(v)) is not None else _text(v))
        for v, fits in zip(cells.texts.to_pylist(), short.to_pylist(), strict=True)
    ]


def _day(text: str) -> str:
    number = (date.fromisoformat(text) - _FIRST_DAY).days
    return f"><v>{number}</v>" if number > _ODD_DAYS else _text(text)


def _letters(column: int) -> str:
    """A column's letters: A, …, Z, AA."""
    found = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        found = chr(65 + rest) + found
    return found


def _sheet_name(label: str) -> str:
    return re.sub(r"[\[\]:*?/\\']", " ", label)[:31] or "1"
