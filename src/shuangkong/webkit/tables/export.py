"""Exports (导出): everything that fits, as CSV or xlsx, under a head that says what it is; written as it is read."""

from __future__ import annotations

import csv
import io
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from threading import BoundedSemaphore
from typing import IO, Any, Literal

from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Language
from shuangkong.webkit.figures import unit_words
from shuangkong.webkit.messages import Speaker
from shuangkong.webkit.tables.cells import exact_float, plain, safe_cell
from shuangkong.webkit.tables.spec import Row, TableColumn, TableSpec

Format = Literal["csv", "xlsx"]
MEDIA: dict[Format, str] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
#: Rows of a worksheet, and characters of one of its cells, as the format has them.
SHEET_ROWS = 1_048_576
CELL_LENGTH = 32_767
_CHUNK = 1 << 16
#: Workbooks are made on disk before the first byte goes out; two at once leave the other readers a turn.
_WORKBOOKS = BoundedSemaphore(2)
_INVENTED = "#6A3F93"
_LOOKS: dict[str, dict[str, Any]] = {
    "head": {"bold": True, "bg_color": "#F4F7F7", "bottom": 1, "text_wrap": True},
    "note": {"font_color": "#566468"},
    "day": {"num_format": "yyyy-mm-dd"},
    "mark": {"font_color": _INVENTED},
    "marked_day": {"num_format": "yyyy-mm-dd", "font_color": _INVENTED},
}


@dataclass(frozen=True, slots=True)
class Told:
    """A column of words that is made from a row: a name, a sentence."""

    head: str
    say: Callable[[Row], object]


@dataclass(frozen=True, slots=True)
class Export:
    """What is exported: the notes above the head as (what, text), words made from each row, then the columns."""

    spec: TableSpec
    speaker: Speaker
    notes: tuple[tuple[str, str], ...]
    total: int
    told: tuple[Told, ...] = ()

    @property
    def heads(self) -> list[str]:
        """The head of each column with its unit."""
        language = self.speaker.language
        return [t.head for t in self.told] + [_head(c, self.spec, language) for c in self.spec.exported]

    def cells(self, row: Row) -> list[Any]:
        """One row as values."""
        language = self.speaker.language
        words = [plain(t.say(row), language) for t in self.told]
        return words + [plain(row[c.name], language) for c in self.spec.exported]


def _head(column: TableColumn, spec: TableSpec, language: Language) -> str:
    label = column.label.in_(language)
    name, _, other = column.unit.partition(":")
    if name == "column":
        see = f"“{spec[other].label.in_(language)}”" if other in spec else other
        words = f"单位见{see}列" if language == "zh" else f"unit: see {see}"
    else:
        words = unit_words(column.unit, language)
    unit = "" if not words else f"（{words}）" if language == "zh" else f" ({words})"
    return f"{label}{unit} {column.name}" if spec.codes else f"{label}{unit}"


def export_csv(export: Export, batches: Iterable[Sequence[Row]]) -> Iterator[bytes]:
    """UTF-8 with a byte-order mark, so that spreadsheets read the Chinese; rows go out as they are read."""
    notes: list[Sequence[object]] = [*export.notes, ()] if export.notes else []
    yield ("\ufeff" + _lines([*notes, export.heads])).encode("utf-8")
    for batch in batches:
        yield _lines(export.cells(row) for row in batch).encode("utf-8")


def _lines(rows: Iterable[Sequence[object]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows([safe_cell(v) for v in row] for row in rows)
    return out.getvalue()


def export_xlsx(export: Export, batches: Iterable[Sequence[Row]]) -> IO[bytes]:
    """A workbook in a nameless temporary file, made with the memory of one row; text is written as text.

    Raises FORM-001 where a worksheet has not rows enough. A figure of more than fifteen digits is written as text.
    """
    if export.total + len(export.notes) + 2 > SHEET_ROWS:
        raise UserError(
            "FORM-001",
            f"{export.total} rows do not fit on a worksheet.",
            remedy="Export CSV, or filter first.",
        )
    out: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (closed by who sends it)
    try:
        with _WORKBOOKS:
            _fill(out, export, batches)
    except BaseException:
        out.close()
        raise
    out.seek(0)
    return out


def _fill(out: IO[bytes], export: Export, batches: Iterable[Sequence[Row]]) -> None:
    import xlsxwriter

    options = {
        "constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
    }  # fmt: skip
    with xlsxwriter.Workbook(out, options) as book:
        looks = {name: book.add_format(look) for name, look in _LOOKS.items()}
        page = book.add_worksheet(_sheet_name(export.spec.label.in_(export.speaker.language)))
        heads = export.heads
        for i, head in enumerate(heads):
            page.set_column(i, i, min(40, max(10, 1.6 * len(head))))
        for i, note in enumerate(export.notes):
            for j, text in enumerate(note):
                page.write_string(i, j, text[:CELL_LENGTH], looks["note"])
        top = len(export.notes) + 1 if export.notes else 0
        for j, head in enumerate(heads):
            page.write_string(top, j, head, looks["head"])
        page.freeze_panes(top + 1, 1)
        page.autofilter(top, 0, top + export.total, len(heads) - 1)
        _rows(page, top + 1, export, batches, looks)


def _rows(page: Any, at: int, export: Export, batches: Iterable[Sequence[Row]], looks: dict[str, Any]) -> None:
    flag = export.spec.synthetic
    for batch in batches:
        for row in batch:
            marked = bool(flag and row[flag])
            text, day = (looks["mark"], looks["marked_day"]) if marked else (None, looks["day"])
            for j, value in enumerate(export.cells(row)):
                _write(page, at, j, value, text, day)
            at += 1


def _write(page: Any, row: int, column: int, value: object, look: Any, day: Any) -> None:
    if value is None or value == "":
        return
    if isinstance(value, date):
        page.write_datetime(row, column, value, day)
    elif isinstance(value, (int, float, Decimal)):
        number = exact_float(value)
        if number is None:
            page.write_string(row, column, f"{value:f}", look)
        else:
            page.write_number(row, column, number, look)
    else:
        text = str(value)
        cut = text if len(text) <= CELL_LENGTH else text[: CELL_LENGTH - 1] + "…"
        page.write_string(row, column, cut, look)


def _sheet_name(label: str) -> str:
    return re.sub(r"[\[\]:*?/\\']", " ", label)[:31] or "1"


def in_chunks(out: IO[bytes]) -> Iterator[bytes]:
    """The bytes of a file, which is closed, and with that gone, after the last."""
    with out:
        while part := out.read(_CHUNK):
            yield part
