"""Cells of an export (单元格): exact figures, words for yes and no, and no text that a spreadsheet would run."""

from __future__ import annotations

import unicodedata
from datetime import date, datetime
from decimal import Decimal

from shuangkong.kernel.labels import Label, Language
from shuangkong.kernel.periods import CHINA

_STARTS = frozenset("=+-@")
_BREAKS = ("\t", "\r", "\n")
_FLAGS = {True: Label("是", "yes"), False: Label("否", "no")}


def runs(text: str) -> bool:
    """Whether a spreadsheet might take the text for a formula; blanks and what cannot be seen do not hide one."""
    if not text or text[0].isalnum():
        return False
    if text.startswith(_BREAKS):
        return True
    first = next((c for c in text if not (c.isspace() or unicodedata.category(c) in ("Cf", "Cc"))), "")
    return bool(_STARTS & set(unicodedata.normalize("NFKC", first)))


def plain(value: object, language: Language) -> str | int | float | Decimal | date | None:
    """A value as an export has it: yes or no in words, an instant as China's clock shows it with its offset."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return _FLAGS[value].in_(language)
    if isinstance(value, datetime):
        return value.astimezone(CHINA).isoformat(sep=" ", timespec="seconds")
    return value if isinstance(value, (int, float, Decimal, date)) else str(value)


def safe_cell(value: object) -> str:
    """A cell of a CSV file; a text that a spreadsheet would run gets an apostrophe before it, a number stays one."""
    if isinstance(value, str):
        return f"'{value}" if runs(value) else value
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    return value.isoformat() if isinstance(value, date) else safe_cell(str(value))


def exact_float(value: Decimal | int | float) -> float | None:
    """The number as a spreadsheet keeps it, or None where fifteen digits would not say all of it."""
    if isinstance(value, float):
        return value
    short = float(value)
    return short if Decimal(f"{short:.15g}") == value else None
