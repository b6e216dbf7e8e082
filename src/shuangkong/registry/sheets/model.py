"""Frozen types of a sheet that was read: cells with their places, limits, and what was noticed on the way."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import TypeAlias

from shuangkong.kernel.flaws import Flaw
from shuangkong.kernel.labels import Label


@dataclass(frozen=True, slots=True)
class BadCell:
    """A cell that holds no value to be read: an error such as #REF!, or a formula never calculated."""

    text: str
    kind: str  # error | formula


#: What a cell holds. Blank is None or empty text; a percentage shown as 12.5% is the text "12.5%".
Cell: TypeAlias = str | Decimal | date | datetime | bool | BadCell | None


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a file may be before it is refused with IMP-001. Counts of bytes, rows, columns and cells."""

    bytes: int = 64 * 1024 * 1024
    unpacked_bytes: int = 512 * 1024 * 1024
    rows: int = 1_048_576
    columns: int = 1_000
    cells: int = 20_000_000


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet as it was read.

    `rows[i]` is row `i + 1` as a person counts it (blank rows and title rows included, a quoted line break
    does not start a new row); `rows[i][j]` stands in column `letter(j)`. Rows may be shorter than `width`.
    `filled` holds the (row index, column index) of cells that took their value from a merged block.
    """

    name: str
    sheet: str
    form: str  # xlsx | xls | csv
    rows: list[list[Cell]]
    width: int
    filled: frozenset[tuple[int, int]] = frozenset()
    notes: tuple[Label, ...] = ()
    flaws: tuple[Flaw, ...] = ()
    others: tuple[str, ...] = ()  # other sheets of the workbook
    merged_across: frozenset[int] = frozenset()  # row indices that hold a block merged across columns

    def cell(self, row: int, column: int) -> Cell:
        """The cell at a row and column counted from 0; None beyond the end of a short row."""
        cells = self.rows[row]
        return cells[column] if column < len(cells) else None

    def place(self, row: int, column: int) -> str:
        """How a person finds a cell counted from 0: `能源!C12`, or `C12` in a file of one sheet."""
        return f"{self.sheet}!{letter(column)}{row + 1}" if self.sheet else f"{letter(column)}{row + 1}"


@dataclass(frozen=True, slots=True)
class HeadColumn:
    """One column under the head: unique `key`, the name without unit, and the unit written in the head."""

    index: int
    key: str
    text: str
    name: str
    unit: str | None = None  # id of a kernel unit

    @property
    def letter(self) -> str:
        """The column's letter, as spreadsheets show it."""
        return letter(self.index)


@dataclass(frozen=True, slots=True)
class Head:
    """The head (表头) of a sheet: its rows counted from 1, its columns, and why it was taken for the head."""

    first_row: int
    last_row: int
    columns: tuple[HeadColumn, ...]
    reason: Label
    title: tuple[str, ...] = ()
    unit: str | None = None  # 单位：… above the table
    by_key: dict[str, HeadColumn] = field(default_factory=dict, compare=False)

    def find(self, key: str) -> HeadColumn | None:
        """The column of that key, or None."""
        return self.by_key.get(key)


def letter(column: int) -> str:
    """The letter of a column counted from 0: A, Z, AA."""
    text = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text


def is_blank(cell: Cell) -> bool:
    """Whether nothing is written in the cell; white space and zero-width marks count as nothing."""
    if cell is None:
        return True
    return isinstance(cell, str) and not cell.strip(_WHITE)


_WHITE = " \t\r\n\v\f\u00a0\u3000\u200b\u200c\u200d\ufeff\u2060"


def text_of(cell: Cell) -> str:
    """The cell as text, for people and for parsers: numbers without exponent or needless zeros."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        return cell.strip(_WHITE)
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, Decimal):
        return plain(cell)
    if isinstance(cell, BadCell):
        return cell.text
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ", timespec="seconds")
    return cell.isoformat()


def plain(value: Decimal) -> str:
    """A decimal in plain notation, no exponent, no trailing zeros after the point."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
