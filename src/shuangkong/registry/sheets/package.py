"""A look inside an .xlsx package before and beside calamine.

Before: a package that would unpack to more than is allowed, or a sheet whose two far-apart cells would span
millions of blanks, is refused. Beside: error cells and formulas that were never calculated, which calamine
shows as blank, and percent formats, without which 12.5% would be read as 0.125.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from dataclasses import dataclass, field
from xml.etree import ElementTree

from shuangkong.kernel.errors import UserError
from shuangkong.registry.sheets.model import BadCell, Limits

_PREFIX = rb"<(?:[A-Za-z_][\w.-]*:)?"
_CELL = re.compile(_PREFIX + rb"""c\s(?:[^<>]*?\s)?r=["']([A-Z]{1,3})(\d{1,7})["'][^<>]*(?<!/)>""")
_ERROR = re.compile(_PREFIX + rb"""c\s[^<>]*\bt=["']e["'][^<>]*(?<!/)>(.{0,4000}?)</(?:\w+:)?c>""", re.DOTALL)
_VALUE = re.compile(_PREFIX + rb"v[^<>]*>([^<]*)<")
_FORMULA = re.compile(
    _PREFIX + rb"f(?:\s[^<>]*)?(?:/>|>[^<]*</(?:\w+:)?f>)\s*(?:" + _PREFIX + rb"v\s*/>|" + _PREFIX
    + rb"v[^<>]*></|</(?:\w+:)?c>)"
)  # fmt: skip
_TAG = 500
_REF = re.compile(rb"""\sr=["']([A-Z]{1,3})(\d{1,7})["']""")
_PERCENT_BUILTIN = {9, 10}


@dataclass(slots=True)
class Inside:
    """What was seen in the package; `load` reads one sheet. Places are (row, column) counted from 0."""

    data: bytes
    name: str
    limits: Limits
    bad: dict[tuple[int, int], BadCell] = field(default_factory=dict)
    percent: set[tuple[int, int]] = field(default_factory=set)

    def load(self, sheet: str) -> None:
        """Fill `bad` and `percent` for one sheet."""
        with _package(self.data, self.name) as package:
            path = _sheet_paths(package, self.name).get(sheet)
            if path is None:
                return
            content = _part(package, path, self.name)
            styles = _percent_styles(package, self.name)
        self.bad = {**_uncalculated(content), **_errors(content)}
        if styles:
            self.percent = _styled(content, styles)


def look_inside(data: bytes, name: str, limits: Limits) -> Inside:
    """Refuse what is no .xlsx, what unpacks too large and what spans too many cells; raises IMP-001."""
    with _package(data, name) as package:
        parts = {i.filename.lstrip("/"): i for i in package.infolist()}
        _check_kind(set(parts), name)
        total = sum(i.file_size for i in parts.values())
        if total > limits.unpacked_bytes:
            raise UserError(
                "IMP-001",
                f"the workbook unpacks to {total} bytes, more than the {limits.unpacked_bytes} allowed.",
                where=name,
                remedy="Delete pictures and sheets that are not part of the return and save it again.",
                case="unpacked",
                facts={"size": total, "most": limits.unpacked_bytes},
            )
        for path in parts:
            if path.startswith("xl/worksheets/") and path.endswith(".xml"):
                _check_span(_part(package, parts[path].filename, name), name, limits)
    return Inside(data, name, limits)


def _package(data: bytes, name: str) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, EOFError) as error:
        raise UserError(
            "IMP-001",
            f"the workbook is damaged or was cut off ({error}).",
            where=name,
            remedy="Fetch the file again, or open it in Excel or WPS and save it as .xlsx.",
            case="damaged",
        ) from error


def _part(package: zipfile.ZipFile, path: str, name: str) -> bytes:
    try:
        return package.read(path)
    except (
        zipfile.BadZipFile, zlib.error, ValueError, NotImplementedError, OSError, EOFError, RuntimeError, KeyError
    ) as error:  # fmt: skip
        raise UserError(
            "IMP-001",
            f"the part {path} of the workbook is damaged or locked ({error}).",
            where=name,
            remedy="Fetch the file again, or open it in Excel or WPS and save it as .xlsx.",
            case="damaged",
        ) from error


def _check_kind(parts: set[str], name: str) -> None:
    if "xl/workbook.xml" in parts or any(p.startswith("xl/workbook") and p.endswith(".xml") for p in parts):
        return
    if "xl/workbook.bin" in parts:
        kind = "a binary workbook (.xlsb)"
    elif "content.xml" in parts:
        kind = "an OpenDocument file"
    elif "word/document.xml" in parts:
        kind = "a Word document"
    else:
        kind = "a ZIP archive without a workbook inside"
    raise UserError(
        "IMP-001",
        f"the content is {kind}.",
        where=name,
        remedy="Unpack it, or save the table as .xlsx or CSV UTF-8, and import that.",
        case="other",
        facts={"kind": kind},
    )


def _check_span(content: bytes, name: str, limits: Limits) -> None:
    columns: set[bytes] = set()
    top, bottom = 1 << 30, 0
    for column, row in _CELL.findall(content):
        columns.add(column)
        number = int(row)
        top, bottom = min(top, number), max(bottom, number)
    if not columns:
        return
    numbers = [_column(c) for c in columns]
    span = (max(numbers) - min(numbers) + 1) * (bottom - top + 1)
    if span > limits.cells or bottom > limits.rows:
        raise UserError(
            "IMP-001",
            f"a sheet reaches to row {bottom} and spans {span} cells; {limits.rows} rows and "
            f"{limits.cells} cells are allowed.",
            where=name,
            remedy="Clear stray cells far to the right of or below the table (Ctrl+End shows the last one).",
            case="span",
            facts={"bottom": bottom, "span": span, "rows": limits.rows, "cells": limits.cells},
        )


def _column(letters: bytes) -> int:
    number = 0
    for byte in letters:
        number = number * 26 + byte - 64
    return number - 1


def _place(column: bytes, row: bytes) -> tuple[int, int]:
    return int(row) - 1, _column(column)


def _errors(content: bytes) -> dict[tuple[int, int], BadCell]:
    found: dict[tuple[int, int], BadCell] = {}
    for match in _ERROR.finditer(content):
        ref = _REF.search(match.group(0))
        value = _VALUE.search(match.group(1))
        if ref and int(ref.group(2)):
            text = value.group(1).decode("utf-8", "replace") if value else "#ERROR"
            found[_place(ref.group(1), ref.group(2))] = BadCell(text or "#ERROR", "error")
    return found


def _uncalculated(content: bytes) -> dict[tuple[int, int], BadCell]:
    """Formulas without a stored result; one that truly gives empty text (t="str") is not among them."""
    found: dict[tuple[int, int], BadCell] = {}
    for match in _FORMULA.finditer(content):
        near = max(0, match.start() - _TAG)  # the tag of the cell stands right before its formula
        opening = max(content.rfind(b"<c ", near, match.start()), content.rfind(b":c ", near, match.start()))
        tag = content[max(opening, near) : match.start()]
        ref = _REF.search(tag)
        if ref and int(ref.group(2)) and not re.search(rb"""\bt=["']str["']""", tag):
            text = re.sub(rb"<[^<>]*>", b"", match.group(0).split(b"</", 1)[0]).decode("utf-8", "replace")
            found[_place(ref.group(1), ref.group(2))] = BadCell(f"={text}", "formula")
    return found


def _styled(content: bytes, styles: set[int]) -> set[tuple[int, int]]:
    numbers = b"|".join(str(s).encode() for s in sorted(styles))
    pattern = re.compile(_PREFIX + rb"""c\s[^<>]*\bs=["'](?:""" + numbers + rb""")["'][^<>]*(?<!/)>""")
    found = set()
    for match in pattern.finditer(content):
        ref = _REF.search(match.group(0))
        if ref and int(ref.group(2)):
            found.add(_place(ref.group(1), ref.group(2)))
    return found


def _tree(package: zipfile.ZipFile, path: str, name: str) -> ElementTree.Element:
    try:
        return ElementTree.fromstring(_part(package, path, name))
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise UserError(
            "IMP-001",
            f"the part {path} of the workbook is not valid XML ({error}).",
            where=name,
            remedy="Open it in Excel or WPS, let it repair the file and save it as .xlsx.",
            case="damaged",
        ) from error


def _local(tag: str) -> str:
    return tag.rsplit("}", 1)[-1]


def _sheet_paths(package: zipfile.ZipFile, name: str) -> dict[str, str]:
    names = {n.lstrip("/"): n for n in package.namelist()}
    if "xl/workbook.xml" not in names or "xl/_rels/workbook.xml.rels" not in names:
        return {}
    targets = {e.get("Id", ""): e.get("Target", "") for e in _tree(package, names["xl/_rels/workbook.xml.rels"], name)}
    paths: dict[str, str] = {}
    for element in _tree(package, names["xl/workbook.xml"], name).iter():
        if _local(element.tag) != "sheet":
            continue
        relation = next((v for k, v in element.attrib.items() if _local(k) == "id"), "")
        target = targets.get(relation, "").lstrip("/")
        path = target if target.startswith("xl/") else f"xl/{target}"
        if path in names:
            paths[element.get("name", "")] = names[path]
    return paths


def _percent_styles(package: zipfile.ZipFile, name: str) -> set[int]:
    names = {n.lstrip("/"): n for n in package.namelist()}
    if "xl/styles.xml" not in names:
        return set()
    tree = _tree(package, names["xl/styles.xml"], name)
    formats = set(_PERCENT_BUILTIN)
    for element in tree.iter():
        code, number = element.get("formatCode", ""), element.get("numFmtId", "")
        if _local(element.tag) == "numFmt" and "%" in code and number.isdigit():
            formats.add(int(number))
    cells = next((e for e in tree if _local(e.tag) == "cellXfs"), None)
    if cells is None:
        return set()
    return {
        i for i, xf in enumerate(cells) if xf.get("numFmtId", "").isdigit() and int(xf.get("numFmtId", "")) in formats
    }
