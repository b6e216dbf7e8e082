"""The rows of a sheet to be accounted (品种、数量、单位): found by their heads, none refused, none dropped unseen."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Label
from shuangkong.kernel.numbers import MAX_QUANTITY, parse_decimal, quantise
from shuangkong.kernel.units import base_of, convert, unit
from shuangkong.registry.api import sheets

CARRIER = sheets.FieldSpec(
    "carrier_code", Label("能源品种", "carrier"), "text",
    synonyms=(
        "品种代码", "能源品种代码", "品种", "品种名称", "能源名称", "能源种类", "能源代码", "代码", "carrier",
        "carrier code", "energy carrier", "fuel", "code",
    ),
)  # fmt: skip
QUANTITY = sheets.FieldSpec(
    "quantity", Label("数量", "quantity"), "text",
    synonyms=("消费量", "能源消费量", "实物量", "消耗量", "用量", "使用量", "amount", "consumption"),
)  # fmt: skip
UNIT = sheets.FieldSpec(
    "unit", Label("计量单位", "unit"), "text", synonyms=("单位", "数量单位", "实物量单位", "unit of measurement")
)
SCHEMA = sheets.SheetSchema("account", Label("能源核算", "energy to be accounted"), (CARRIER, QUANTITY, UNIT))


@dataclass(frozen=True, slots=True)
class Line:
    """One row as it stands in the file; `row` is counted from 1, the head included."""

    row: int
    carrier: str
    quantity: str
    unit: str


@dataclass(frozen=True, slots=True)
class Read:
    """The lines of a file, and what was passed over: (row, text in it)."""

    lines: tuple[Line, ...]
    passed: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class Measured:
    """A quantity in the base unit of its dimension, or the state that says why there is none."""

    quantity: Decimal | None
    base_unit: str
    state: str = "ok"
    note: Label | None = None


def read_lines(sheet: sheets.Sheet) -> Read:
    """Every row under the head with anything in it.

    Raises IMP-002 naming the columns that are missing or mean the same, IMP-003 naming rows longer than the head.

    The unit may stand in a column of its own, in the head of the quantity, or above the table. A row that a person
    wrote as the sum of the others (合计) is passed over and named, because it would be counted twice.
    """
    words = tuple(n for f in SCHEMA.fields for n in f.names)
    head = sheets.find_head(sheet, words)
    columns, unit_text = _columns(sheet, head)
    _within_head(sheet, head)
    lines, passed = [], []
    for i in range(head.last_row, len(sheet.rows)):
        cells = sheet.rows[i]
        if all(_text(c) == "" for c in cells):
            continue
        carrier, quantity = (_text(sheet.cell(i, columns[f])) for f in ("carrier_code", "quantity"))
        written = _text(sheet.cell(i, columns["unit"])) if "unit" in columns else unit_text
        if "".join(carrier.split()) in ("合计", "总计", "小计", "total", "Total", "TOTAL"):
            passed.append((i + 1, carrier))
            continue
        if carrier or quantity:
            lines.append(Line(i + 1, carrier, quantity, written))
        else:
            passed.append((i + 1, next(t for t in map(_text, cells) if t)))
    return Read(tuple(lines), tuple(passed))


def _within_head(sheet: sheets.Sheet, head: sheets.Head) -> None:
    """Refuse rows that are longer than the head: a delimiter too many moves every cell after it.

    A workbook's cells do not move: what stands beside the table there is not read.
    """
    if sheet.form != "csv":
        return
    end = max(len(sheet.rows[r - 1]) for r in range(head.first_row, head.last_row + 1))
    long = [i + 1 for i in range(head.last_row, len(sheet.rows)) if any(map(_text, sheet.rows[i][end:]))]
    if long:
        shown = "、".join(map(str, long[:5])) + (" …" if len(long) > 5 else "")
        raise UserError(
            "IMP-003",
            f"rows longer than the head ({end} columns): {shown}.",
            where=sheet.name,
            remedy='Take the stray delimiter out, or put text that holds it into double quotes ("1,000").',
        )


def _columns(sheet: sheets.Sheet, head: sheets.Head) -> tuple[dict[str, int], str]:
    mapping, guesses = sheets.suggest_mapping(sheet, SCHEMA)
    sheets.refuse_rivals(sheet, guesses, SCHEMA.fields, "Keep one of them, or give the others another name.")
    found = {
        name: column.index
        for name, source in mapping.sources.items()
        if source.column is not None and (column := head.find(source.column)) is not None
    }
    quantity = next((c for c in head.columns if c.index == found.get("quantity")), None)
    unit_text = (quantity.unit if quantity is not None else None) or head.unit or ""
    wanted = [f for f in SCHEMA.fields if f.name not in found and not (f is UNIT and unit_text)]
    if wanted:
        names = "、".join(f"“{f.name}” ({f.label.zh})" for f in wanted)
        there = "、".join(c.key for c in head.columns) or "none"
        raise UserError(
            "IMP-002",
            f"there is no column {names}; columns in row {head.last_row}: {there}.",
            where=f"{sheet.name} [{sheet.sheet}]" if sheet.sheet else sheet.name,
            remedy="Give the columns carrier_code, quantity and unit (能源品种、数量、计量单位).",
        )
    return found, unit_text


def _text(cell: sheets.Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, Decimal):
        return format(cell, "f")
    if isinstance(cell, sheets.BadCell):
        return cell.text
    return str(cell).strip()


def measured(line: Line) -> Measured:
    """The quantity of a line in its base unit, to six places as a book keeps it. States: ok, no_quantity,
    bad_quantity (what stands there is no number), wrong_unit (no unit, or none that is known)."""
    try:
        of = unit(line.unit)
    except UserError:
        given = line.unit or "—"
        note = Label(f"“{given}”不是已知的计量单位", f"“{given}” is no known unit")
        return Measured(None, "", "wrong_unit", note)
    base = base_of(of.dimension)
    if line.quantity.casefold() in {"", *sheets.MISSING_MARKS}:
        return Measured(None, base.id, "no_quantity", Label("没有数量", "no quantity is given"))
    number = parse_decimal(line.quantity)
    if number is None:
        note = Label(f"“{line.quantity}”不是数字", f"“{line.quantity}” is no number")
        return Measured(None, base.id, "bad_quantity", note)
    if abs(number.adjusted()) > 40:
        return Measured(None, base.id, "bad_quantity", _too_large(line.quantity))
    exact = convert(number, of.id, base.id)
    kept = quantise(exact)
    if abs(kept) > MAX_QUANTITY:
        return Measured(None, base.id, "bad_quantity", _too_large(line.quantity))
    said: Label | None = None
    if kept != exact:
        said = Label(
            f"数量按{base.label.zh}四舍五入到六位小数", f"rounded to six places of {base.id}, as books keep it"
        )
    elif kept < 0:
        said = Label("数量为负，按原数计入", "the quantity is negative and counted as it stands")
    return Measured(kept, base.id, note=said)


def _too_large(text: str) -> Label:
    return Label(f"“{text}”超出可以记账的范围", f"“{text}” is outside what a book can hold")
