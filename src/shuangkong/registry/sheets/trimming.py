"""Cut empty rows and columns at the end of a sheet; what is left must not be empty nor too large."""

from __future__ import annotations

from dataclasses import replace

from shuangkong.kernel.errors import UserError
from shuangkong.registry.sheets.model import Limits, Sheet, is_blank


def trimmed(sheet: Sheet, limits: Limits) -> Sheet:
    """The sheet without empty rows at its end and with its true width; raises IMP-001 if nothing is left."""
    rows = sheet.rows
    while rows and all(is_blank(c) for c in rows[-1]):
        rows.pop()
    width = 0
    for row in rows:
        if len(row) > width:
            end = len(row)
            while end > width and is_blank(row[end - 1]):
                end -= 1
            width = max(width, end)
    where = f"{sheet.name} [{sheet.sheet}]" if sheet.sheet else sheet.name
    if not width:
        raise UserError("IMP-001", "the sheet holds no cell with content.", where=where, remedy="Choose another sheet.",
                        case="no_content")  # fmt: skip
    if width > limits.columns:
        raise UserError(
            "IMP-001",
            f"the sheet has {width} columns, more than the {limits.columns} that are allowed.",
            where=where,
            remedy="Delete the columns that are not part of the return, or give the right delimiter.",
            case="many_columns",
            facts={"columns": width, "most": limits.columns},
        )
    return replace(sheet, width=width)
