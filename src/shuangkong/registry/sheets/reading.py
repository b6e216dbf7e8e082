"""Read one sheet of an .xlsx, .xls or delimited text file; whatever cannot be read is IMP-001 with a remedy."""

from __future__ import annotations

import os
from pathlib import Path

from shuangkong.kernel.errors import UserError
from shuangkong.registry.sheets.delimited import read_delimited
from shuangkong.registry.sheets.model import DEFAULT_LIMITS, Limits, Sheet
from shuangkong.registry.sheets.workbook import read_workbook

_SAVE_AS = "Open it in Excel or WPS and save it as .xlsx (工作簿) or CSV UTF-8, then import that file."
_TEXT_NAMES = (".csv", ".txt", ".tsv")
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OTHERS: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "a PDF document"),
    (b"{\\rtf", "a rich-text document"),
    (b"Rar!", "a RAR archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"PAR1", "a Parquet file"),
)


def read_sheet(
    source: str | os.PathLike[str] | bytes,
    *,
    name: str = "",
    sheet: str | None = None,
    limits: Limits = DEFAULT_LIMITS,
    delimiter: str | None = None,
) -> Sheet:
    """One sheet with every cell in its place; the content decides what the file is, not its extension.

    `name` is what people call the file (needed with bytes); `sheet` picks a sheet of a workbook, else the
    first visible one with content; `delimiter` overrides what is found. Raises IMP-001.
    """
    data, called = _bytes(source, limits), name or _called(source)
    if len(data) > limits.bytes:
        raise _too_large(called, len(data), limits)
    if not data.strip(b"\0 \t\r\n\xef\xbb\xbf\xff\xfe"):
        raise UserError("IMP-001", "the file is empty.", where=called, remedy="Send the file that holds the rows.",
                        case="empty")  # fmt: skip
    suffix = Path(called).suffix.lower()
    if data.startswith((_ZIP, _OLE)):
        if suffix in _TEXT_NAMES:
            raise UserError(
                "IMP-001",
                f"the name ends in {suffix}, but the content is an Excel workbook or an archive.",
                where=called,
                remedy="Give it its right extension (.xlsx or .xls), or save it as CSV UTF-8.",
                case="not_text",
                facts={"ending": suffix},
            )
        return read_workbook(data, name=called, sheet=sheet, limits=limits)
    _refuse_other_forms(data, called)
    if suffix in (".xlsx", ".xlsm", ".xls", ".et"):
        raise UserError(
            "IMP-001",
            f"the name ends in {suffix}, but the content is not an Excel workbook.",
            where=called,
            remedy="If it is plain text give it the extension .csv, else: " + _SAVE_AS,
            case="not_workbook",
            facts={"ending": suffix},
        )
    return read_delimited(data, name=called, delimiter=delimiter, limits=limits)


def _called(source: str | os.PathLike[str] | bytes) -> str:
    return "(file)" if isinstance(source, bytes) else Path(source).name


def _bytes(source: str | os.PathLike[str] | bytes, limits: Limits) -> bytes:
    if isinstance(source, bytes):
        return source
    path = Path(source)
    try:
        size = path.stat().st_size
        if size > limits.bytes:
            raise _too_large(path.name, size, limits)
        return path.read_bytes()
    except (OSError, ValueError) as error:
        raise UserError(
            "IMP-001",
            f"the file cannot be opened ({getattr(error, 'strerror', None) or error}).",
            where=str(path),
            remedy="Check the path and that you may read it.",
            case="unopened",
        ) from error


def _too_large(name: str, size: int, limits: Limits) -> UserError:
    return UserError(
        "IMP-001",
        f"the file has {size} bytes, more than the {limits.bytes} that are allowed.",
        where=name,
        remedy="Split it into several files, or have the limit raised.",
        case="bytes",
        facts={"size": size, "most": limits.bytes},
    )


def _refuse_other_forms(data: bytes, name: str) -> None:
    start = data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    for magic, kind in _OTHERS:
        if start.startswith(magic):
            raise UserError(
                "IMP-001", f"the content is {kind}.", where=name, remedy=_SAVE_AS, case="other", facts={"kind": kind}
            )
    lower = start.replace(b"\0", b"").lower().lstrip(b"\xff\xfe")
    if lower.startswith((b"<!doctype", b"<html", b"<table", b"<meta", b"<head", b"<style")):
        kind = "a web page (HTML), as older systems export under the name .xls"
    elif lower.startswith(b"<?xml"):
        kind = "XML, as older systems export under the name .xls"
    elif lower.startswith(b"mime-version:"):
        kind = "a web archive (MHTML), as older systems export under the name .xls"
    else:
        return
    raise UserError("IMP-001", f"the content is {kind}.", where=name, remedy=_SAVE_AS, case="web_export")
