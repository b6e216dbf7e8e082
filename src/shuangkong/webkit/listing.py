"""Lists (列表): a page of rows, and rows as CSV whose cells no spreadsheet takes for a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Generic, TypeVar

T = TypeVar("T")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


@dataclass(frozen=True, slots=True)
class PageOf(Generic[T]):
    """One page of a list: rows, and where they stand among all."""

    rows: Sequence[T]
    number: int
    pages: int
    total: int
    first: int
    last: int


def page_of(rows: Sequence[T], number: int, size: int) -> PageOf[T]:
    """The page with that number; one beyond the ends is the nearest there is."""
    pages = max(1, -(-len(rows) // size))
    number = min(max(1, number), pages)
    start = (number - 1) * size
    found = rows[start : start + size]
    return PageOf(found, number, pages, len(rows), start + 1 if found else 0, start + len(found))


def safe_cell(value: object) -> str:
    """A cell as text; a text that a spreadsheet would run gets an apostrophe before it, a number stays a number."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value:f}"
    text = str(value)
    risky = text.lstrip(" ").startswith(_FORMULA)
    return f"'{text}" if risky and not isinstance(value, (int, float)) else text


def csv_text(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A CSV file with a byte-order mark, so that spreadsheets read the Chinese."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([safe_cell(h) for h in head])
    writer.writerows([safe_cell(v) for v in row] for row in rows)
    return "\ufeff" + out.getvalue()
