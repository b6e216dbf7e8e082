"""Workbooks (.xlsx, .xls): values by calamine; what it hides (errors, uncalculated formulas) by a look inside."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal
from typing import Any

import python_calamine as calamine

from shuangkong.kernel.errors import UserError
from shuangkong.kernel.flaws import Flaw
from shuangkong.kernel.labels import Label
from shuangkong.registry.sheets.model import BadCell, Cell, Limits, Sheet, is_blank, letter, plain
from shuangkong.registry.sheets.package import Inside, look_inside
from shuangkong.registry.sheets.trimming import trimmed

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_REPAIR = "Open it in Excel or WPS, let it repair the file, save it as .xlsx and import that."


def read_workbook(data: bytes, *, name: str, sheet: str | None, limits: Limits) -> Sheet:
    """One sheet of a workbook, merged blocks filled, numbers exact; raises IMP-001."""
    old = data.startswith(_OLE)
    if old and "EncryptedPackage".encode("utf-16-le") in data:
        raise _locked(name)
    inside = None if old else look_inside(data, name, limits)
    book = _opened(data, name)
    found = _choose(book, sheet, name)
    chosen = found.name
    if inside is not None:
        inside.load(chosen)
    values, start, merges = _values(found, name)
    rows = _placed(values, start, limits, f"{name} [{chosen}]")
    if inside is not None:
        _mark(rows, inside)
    filled, across, flaws = _fill(rows, merges, chosen)
    if old:
        flaws.append(_unseen(chosen))
    others = tuple(n for n in book.sheet_names if n != chosen)
    note = Label(f"读取工作表“{chosen}”。", f"Read sheet “{chosen}”.")
    result = Sheet(
        name,
        chosen,
        "xls" if old else "xlsx",
        rows,
        0,
        filled=frozenset(filled),
        notes=(note,),
        flaws=tuple(flaws),
        others=others,
        merged_across=frozenset(across),
    )
    return trimmed(result, limits)


def _locked(name: str) -> UserError:
    return UserError(
        "IMP-001",
        "the workbook is protected by a password.",
        where=name,
        remedy="Take the password off (文件 → 信息 → 保护工作簿) and import it again.",
        case="protected",
    )


def _broken(name: str, error: BaseException) -> UserError:
    return UserError("IMP-001", f"the workbook is damaged ({error}).", where=name, remedy=_REPAIR, case="damaged")


def _guarded(call: Any, name: str) -> Any:
    """Run one call of the reader; its own errors, and a crash inside it on damaged bytes, become IMP-001."""
    try:
        return call()
    except calamine.PasswordError as error:
        raise _locked(name) from error
    except (calamine.CalamineError, OSError, ValueError, OverflowError, KeyError, IndexError) as error:
        raise _broken(name, error) from error
    except BaseException as error:
        # A panic in the Rust reader arrives as a BaseException that no module exports.
        if type(error).__name__ != "PanicException":
            raise
        raise _broken(name, error) from error


def _opened(data: bytes, name: str) -> calamine.CalamineWorkbook:
    book = _guarded(lambda: calamine.load_workbook(io.BytesIO(data)), name)
    assert isinstance(book, calamine.CalamineWorkbook)
    return book


def _choose(book: calamine.CalamineWorkbook, wanted: str | None, name: str) -> calamine.CalamineSheet:
    names = [m.name for m in book.sheets_metadata if m.typ == calamine.SheetTypeEnum.WorkSheet]
    if wanted is not None:
        if wanted in names:
            return _loaded(book, wanted, name)
        raise UserError(
            "IMP-001",
            f"the workbook has no sheet “{wanted}”.",
            where=name,
            remedy="Its sheets are: " + "、".join(names) + ".",
            case="no_sheet",
            facts={"wanted": wanted, "names": "、".join(names)},
        )
    visible = [
        m.name for m in book.sheets_metadata if m.visible == calamine.SheetVisibleEnum.Visible and m.name in names
    ]
    for candidate in visible:
        found = _loaded(book, candidate, name)
        if found.end is not None:
            return found
    raise UserError(
        "IMP-001",
        "no visible sheet of the workbook holds a cell with content.",
        where=name,
        remedy="Name the sheet to read, or send the workbook that holds the rows.",
        case="no_content",
    )


_Merges = list[tuple[tuple[int, int], tuple[int, int]]]


def _loaded(book: calamine.CalamineWorkbook, sheet: str, name: str) -> calamine.CalamineSheet:
    found = _guarded(lambda: book.get_sheet_by_name(sheet), name)
    assert isinstance(found, calamine.CalamineSheet)
    return found


def _values(found: calamine.CalamineSheet, name: str) -> tuple[list[list[Any]], tuple[int, int], _Merges]:
    rows = _guarded(lambda: found.to_python(skip_empty_area=True), name)
    merges = _guarded(lambda: found.merged_cell_ranges, name)
    return rows, found.start or (0, 0), merges or []


def _placed(values: list[list[Any]], start: tuple[int, int], limits: Limits, where: str) -> list[list[Cell]]:
    """Rows from A1 on: what calamine cut off before the first cell is put back, so that places are true."""
    if start[0] + len(values) > limits.rows:
        raise UserError(
            "IMP-001",
            f"the sheet has {start[0] + len(values)} rows, more than the {limits.rows} that are allowed.",
            where=where,
            remedy="Split it into several files, or have the limit raised.",
            case="many_rows",
            facts={"rows": start[0] + len(values), "most": limits.rows},
        )
    rows: list[list[Cell]] = [[] for _ in range(start[0])]
    lead: list[Cell] = [None] * start[1]
    for row in values:
        rows.append(lead + [_cell(v) for v in row])
    return rows


def _cell(value: Any) -> Cell:
    kind = type(value)
    if kind is str:
        return value or None
    if kind is float:
        return _number(value)
    if kind is int:
        return Decimal(value)
    if kind is dt.timedelta or kind is dt.time:
        return str(value)
    if isinstance(value, (bool, dt.date)):
        return value
    return None if value is None else str(value)


def _number(value: float) -> Cell:
    """The exact decimal of the shortest text that names this double: 0.1 is 0.1."""
    number = Decimal(repr(value))
    if not number.is_finite():
        return BadCell(str(value), "error")
    return Decimal(int(number)) if number == number.to_integral_value() else number


def _mark(rows: list[list[Cell]], inside: Inside) -> None:
    """Put back what calamine shows as blank (errors, uncalculated formulas) and the % of percent formats."""
    for (row, column), bad in inside.bad.items():
        while len(rows) <= row:
            rows.append([])
        cells = rows[row]
        cells.extend([None] * (column + 1 - len(cells)))
        if is_blank(cells[column]) or bad.kind == "error":
            cells[column] = bad
    for row, column in inside.percent:
        if row < len(rows) and column < len(rows[row]):
            value = rows[row][column]
            if isinstance(value, Decimal):
                rows[row][column] = plain(value * 100) + "%"


def _fill(rows: list[list[Cell]], merges: _Merges, sheet: str) -> tuple[set[tuple[int, int]], set[int], list[Flaw]]:
    filled: set[tuple[int, int]] = set()
    across: set[int] = set()
    places: list[str] = []
    last_row, last_column = len(rows) - 1, max((len(r) for r in rows), default=0) - 1
    for (top, left), (bottom, right) in merges:
        bottom, right = min(bottom, last_row), min(right, last_column)
        if top >= len(rows) or left >= len(rows[top]) or is_blank(rows[top][left]):
            continue
        if right > left:
            across.update(range(top, bottom + 1))
        if _fill_block(rows, (top, left, bottom, right), filled):
            places.append(f"{letter(left)}{top + 1}:{letter(right)}{bottom + 1}")
    if not places:
        return filled, across, []
    flaw = Flaw(
        "merged_cell",
        "note",
        sheet,
        f"{len(places)} merged blocks (合并单元格): the value of each was repeated in all its cells.",
        {"count": len(places), "places": places[:50]},
        "Give every row its own value instead of a merged block.",
    )
    return filled, across, [flaw]


def _fill_block(rows: list[list[Cell]], block: tuple[int, int, int, int], filled: set[tuple[int, int]]) -> bool:
    top, left, bottom, right = block
    value, before = rows[top][left], len(filled)
    for row in range(top, bottom + 1):
        cells = rows[row]
        if row > top and all(is_blank(c) for c in cells):
            continue  # an empty row under a block is no record
        for column in range(left, right + 1):
            if (row, column) == (top, left):
                continue
            cells.extend([None] * (column + 1 - len(cells)))
            if is_blank(cells[column]):
                cells[column] = value
                filled.add((row, column))
    return len(filled) > before


def _unseen(sheet: str) -> Flaw:
    return Flaw(
        "xls_errors_unseen",
        "warn",
        sheet,
        "In the old .xls form a cell with an error such as #REF! cannot be told from a blank one.",
        {},
        "Save the workbook as .xlsx and import that, if it holds formulas.",
    )
