"""Templates (填报模板): an .xlsx with the heads of a schema, units, choices and one example row marked 示例."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any

import xlsxwriter

from shuangkong.kernel.labels import Label, Language
from shuangkong.kernel.units import all_units, base_of, unit
from shuangkong.registry.sheets.model import letter
from shuangkong.registry.sheets.reasons import PERIOD_KINDS_ZH, dimension
from shuangkong.registry.sheets.schema import FieldSpec, SheetSchema

MARK = Label("行标记", "row mark")
_EXAMPLE = Label("示例（合成，导入时跳过）", "example (synthetic, skipped on import)")
_SHEETS = (Label("填报", "data"), Label("填表说明", "notes"), Label("选项", "lists"))
_NOTE_HEADS: tuple[Label, ...] = (
    Label("列名", "column"),
    Label("是否必填", "required"),
    Label("内容", "content"),
    Label("计量单位", "unit"),
    Label("说明", "note"),
)
_KINDS: dict[str, Label] = {
    "text": Label("文字", "text"),
    "decimal": Label("数值", "number"),
    "period": Label("期间", "period"),
    "date": Label("日期", "date"),
    "code": Label("代码（文本格式）", "code (as text)"),
    "unit": Label("计量单位", "unit"),
    "choice": Label("选项", "choice"),
    "region": Label("行政区名称或代码", "region name or code"),
    "uscc": Label("统一社会信用代码（文本格式）", "USCC (as text)"),
    "carrier": Label("能源品种名称或代码", "energy carrier name or code"),
}
_EXAMPLES = {"period": "2025-03", "date": "2025-03-01", "decimal": "100"}
_ROWS = 5_000  # rows that lists and text formats are laid on
_WHEN = datetime(2020, 1, 1, tzinfo=UTC)  # a fixed date: the same schema gives the same bytes
_YES_NO = (Label("是", "yes"), Label("否", "no"))


def template(schema: SheetSchema, language: Language = "zh") -> bytes:
    """An empty .xlsx to fill in; read back, its heads map to every field of the schema."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False})
    book.set_properties({"title": schema.label.in_(language), "created": _WHEN})
    data, notes, lists = (book.add_worksheet(label.in_(language)) for label in _SHEETS)
    formats = {
        "head": book.add_format({"bold": True, "bg_color": "#DDEBF7", "text_wrap": True, "border": 1}),
        "required": book.add_format({"bold": True, "bg_color": "#FCE4D6", "text_wrap": True, "border": 1}),
        "text": book.add_format({"num_format": "@"}),
        "example": book.add_format({"italic": True, "font_color": "#808080"}),
    }
    data.write_string(0, 0, MARK.in_(language), formats["head"])
    data.write_string(1, 0, _EXAMPLE.in_(language), formats["example"])
    data.set_column(0, 0, 12)
    for j, field in enumerate(schema.fields, start=1):
        _column(data, j, field, language, formats)
        _list(data, lists, j, field, language)
    data.freeze_panes(1, 0)
    _notes(notes, schema, language, formats)
    lists.hide()
    book.close()
    return out.getvalue()


def head_of(field: FieldSpec, language: Language) -> str:
    """The column head of a field, with the base unit of its dimension in brackets."""
    label = field.label.in_(language)
    unit = _unit(field, language)
    if not unit:
        return label
    return f"{label}（{unit}）" if language == "zh" else f"{label} ({unit})"


def _unit(field: FieldSpec, language: Language) -> str:
    if field.dimension is None or field.kind != "decimal" or field.unit_field:
        return ""
    return base_of(field.dimension).label.in_(language)


def _column(data: Any, j: int, field: FieldSpec, language: Language, formats: dict[str, Any]) -> None:
    head = formats["required"] if field.required else formats["head"]
    text = formats["text"] if field.kind not in ("decimal", "date") else None
    data.set_column(j, j, 18, text)
    data.write_string(0, j, head_of(field, language), head)
    if field.note:
        data.write_comment(0, j, field.note.in_(language))
    data.write_string(1, j, _example(field, language), formats["example"])


def _example(field: FieldSpec, language: Language) -> str:
    if field.example:
        return field.example
    if field.choices:
        return field.choices[0].label.in_(language)
    if field.kind == "unit":
        return _choices(field, language)[0]
    return _EXAMPLES.get(field.kind, "")


def _choices(field: FieldSpec, language: Language) -> list[str]:
    """What may be chosen in a column; empty where anything may be written."""
    if field.kind == "choice":
        return [c.label.in_(language) for c in field.choices]
    if field.kind == "unit":
        fit = [u for u in all_units() if field.dimension in (None, u.dimension)]
        units = [unit(name) for name in field.units] or fit
        return [u.label.in_(language) for u in units]
    return []


def _list(data: Any, lists: Any, j: int, field: FieldSpec, language: Language) -> None:
    choices = _choices(field, language)
    if not choices:
        return
    for i, choice in enumerate(choices):
        lists.write_string(i, j, choice)
    name, column = _SHEETS[2].in_(language), letter(j)
    source = f"='{name}'!${column}$1:${column}${len(choices)}"
    data.data_validation(2, j, _ROWS, j, {"validate": "list", "source": source, "error_type": "warning"})


def _notes(notes: Any, schema: SheetSchema, language: Language, formats: dict[str, Any]) -> None:
    for j, label in enumerate(_NOTE_HEADS):
        notes.write_string(0, j, label.in_(language), formats["head"])
    notes.set_column(0, 4, 24)
    for i, field in enumerate(schema.fields, start=1):
        cells = (
            field.label.in_(language),
            _YES_NO[0 if field.required else 1].in_(language),
            _content(field, language),
            _unit(field, language),
            field.note.in_(language) if field.note else "",
        )
        for j, text in enumerate(cells):
            notes.write_string(i, j, text)


def _content(field: FieldSpec, language: Language) -> str:
    kind = _KINDS[field.kind].in_(language)
    if field.periods:
        kinds = [PERIOD_KINDS_ZH[k] if language == "zh" else str(k) for k in field.periods]
        return f"{kind}: " + ", ".join(kinds)
    if field.kind == "decimal" and field.dimension:
        return f"{kind}: {dimension(field.dimension).in_(language)}"
    return kind
