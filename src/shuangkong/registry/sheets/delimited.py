"""Delimited text (.csv, .txt): strict decoding, the delimiter by consistency, no record lost in a stray quote."""

from __future__ import annotations

import codecs
import csv
import io
from collections import Counter
from itertools import islice

from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Label
from shuangkong.registry.sheets.model import Cell, Limits, Sheet
from shuangkong.registry.sheets.trimming import trimmed

DELIMITERS = (",", "\t", ";", "、")
_NAMES = {",": "comma", "\t": "tab", ";": "semicolon", "、": "、"}
_NAMES_ZH = {",": "逗号", "\t": "制表符", ";": "分号", "、": "顿号"}
_SAMPLE_RECORDS = 60


def read_delimited(data: bytes, *, name: str, delimiter: str | None, limits: Limits) -> Sheet:
    """The rows of a delimited text; encoding and delimiter are explained in `notes`. Raises IMP-001."""
    text, encoding = decode(data, name)
    first_break = text.find("\n", 0, 64)
    hint = text[:first_break].strip().lower() if first_break > 0 else ""
    if delimiter is None and hint.startswith("sep=") and len(hint) == 5:
        delimiter = hint[4]
        skip = 1
    else:
        skip = 0
    used = delimiter or find_delimiter(text)
    rows = _records(text, used, name, limits)
    for index in range(skip):
        rows[index] = []
    note = Label(
        f"按 {encoding} 解码，分隔符为{_NAMES_ZH.get(used, used)}。",
        f"Decoded as {encoding}; delimiter: {_NAMES.get(used, used)}.",
    )
    sheet = Sheet(name, "", "csv", rows, 0, notes=(note,))
    return trimmed(sheet, limits)


def decode(data: bytes, name: str) -> tuple[str, str]:
    """The text and the name of its encoding: a byte-order mark decides, else UTF-8, else GB18030, strictly."""
    for mark, encoding, shown in _MARKS:
        if data.startswith(mark):
            if encoding is None:
                raise _undecodable(name, f"the text is {shown}", 0)
            try:
                return _without_nul(data[len(mark) :].decode(encoding), name), shown
            except UnicodeDecodeError as error:
                at = len(mark) + error.start
                raise _undecodable(name, f"the byte-order mark says {shown}, which breaks", at) from error
    try:
        return _without_nul(data.decode("utf-8"), name), "UTF-8"
    except UnicodeDecodeError as utf8:
        try:
            return _without_nul(data.decode("gb18030"), name), "GB18030"
        except UnicodeDecodeError as gb:
            what = f"the text is neither UTF-8 (broken at byte {utf8.start}) nor GB18030, which breaks"
            raise _undecodable(name, what, gb.start) from gb


_MARKS: tuple[tuple[bytes, str | None, str], ...] = (
    (codecs.BOM_UTF8, "utf-8", "UTF-8"),
    (codecs.BOM_UTF32_LE, None, "UTF-32"),
    (codecs.BOM_UTF32_BE, None, "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16-le", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16-be", "UTF-16"),
)


def _undecodable(name: str, what: str, at: int) -> UserError:
    return UserError(
        "IMP-001",
        f"{what} at byte {at}.",
        where=name,
        remedy="Save it again as CSV UTF-8 (in Excel: 另存为 → CSV UTF-8).",
        case="not_utf8",
    )


def _without_nul(text: str, name: str) -> str:
    at = text.find("\0")
    if at < 0:
        return text
    line = text.count("\n", 0, at) + 1
    raise UserError(
        "IMP-001",
        f"line {line} holds a NUL character (character {at} of the file), so this is not plain text.",
        where=name,
        remedy="If it is UTF-16 without a byte-order mark or a damaged file, save it again as CSV UTF-8.",
        case="nul",
        facts={"line": line},
    )


def find_delimiter(text: str) -> str:
    """The candidate that cuts most of the first records into the same number (two or more) of fields."""
    best, best_score = ",", (0.0, 0)
    for candidate in DELIMITERS:
        if candidate not in text:
            continue
        score = _consistency(text, candidate)
        if score > best_score:
            best, best_score = candidate, score
    return best


def _consistency(text: str, delimiter: str) -> tuple[float, int]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        counts = Counter(len(r) for r in islice(reader, _SAMPLE_RECORDS) if any(c.strip() for c in r))
    except csv.Error:
        return (0.0, 0)
    total = sum(counts.values())
    several = [(n, size) for size, n in counts.items() if size > 1]
    if not several:
        return (0.0, 0)
    n, size = max(several)
    return (round(n / total, 1), size)


def _records(text: str, delimiter: str, name: str, limits: Limits) -> list[list[Cell]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[list[Cell]] = []
    cells = 0
    try:
        for record in reader:
            cells += len(record)
            if len(rows) >= limits.rows or cells > limits.cells:
                raise UserError(
                    "IMP-001",
                    f"line {reader.line_num}: the file holds more than {limits.rows} rows or {limits.cells} cells.",
                    where=name,
                    remedy="Split it into several files, or have the limit raised.",
                    case="many_cells",
                    facts={"rows": limits.rows, "cells": limits.cells},
                )
            rows.append(record)  # type: ignore[arg-type] # list[str] is only read from here on
    except csv.Error as error:
        raise UserError(
            "IMP-001",
            f"line {reader.line_num}: the quotation marks do not close or a field is too long ({error}).",
            where=name,
            remedy='Double a quotation mark inside a quoted field (""), or take the stray one out.',
            case="quotes",
            facts={"line": reader.line_num},
        ) from error
    return rows
