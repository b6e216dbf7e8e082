"""Why a cell is refused, in both languages: one template per code, with what to do about it."""

from __future__ import annotations

from dataclasses import dataclass

from shuangkong.kernel.labels import Label


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a value is refused and the remedy. A caller's `parse` returns one to refuse a text."""

    code: str
    reason: Label
    remedy: Label


#: code -> reason zh, reason en, remedy zh, remedy en; {…} is filled in where the refusal is made.
TEMPLATES: dict[str, tuple[str, str, str, str]] = {
    "missing_required": (
        "必填项“{field_zh}”为空或为缺失标记。",
        "The required field “{field_en}” is blank or marked as missing.",
        "请填写该值；确实没有数据的行请删除，不要填 0。",
        "Fill it in; delete a row that has no data, do not write 0.",
    ),
    "not_a_number": (
        "“{value}”不是数字。",
        "“{value}” is not a number.",
        "请只填写数字，单位写在表头或单位列。",
        "Write the number alone; the unit belongs in the head or in the unit column.",
    ),
    "negative": (
        "“{value}”为负数，此列不允许负数。",
        "“{value}” is negative, which this column does not allow.",
        "请核对数值；冲减以前的数据请填报更正行。",
        "Check the figure; to take back an earlier one, send a correction.",
    ),
    "out_of_range": (
        "“{value}”不在允许范围 {low} 至 {high} 之内（单位：{unit_zh}）。",
        "“{value}” is outside the range {low} to {high} (unit: {unit_en}).",
        "请核对数值和计量单位。",
        "Check the figure and its unit.",
    ),
    "too_large": (
        "“{value}”换算后超出可存储的范围（整数部分最多 12 位）。",
        "“{value}” is too large to be stored after conversion (at most 12 digits before the point).",
        "请核对数值和计量单位，常见原因是单位填错。",
        "Check the figure and its unit; a wrong unit is the usual cause.",
    ),
    "unknown_unit": (
        "“{value}”不是已知的计量单位。",
        "“{value}” is not a known unit.",
        "请使用吨、万吨、万立方米、万千瓦时、吉焦、吨标准煤、万元等单位。",
        "Use a unit such as t, 10⁴ t, 10⁴ m³, 10⁴ kWh, GJ, tce or 10⁴ yuan.",
    ),
    "incompatible_unit": (
        "“{value}”的单位“{unit_zh}”与此列的量（{dimension_zh}）不相容。",
        "The unit “{unit_en}” of “{value}” does not fit the quantity of this column ({dimension_en}).",
        "请改用与此列相容的单位，或把数值移到对应的列。",
        "Use a unit that fits the column, or move the figure to the column it belongs to.",
    ),
    "unit_missing": (
        "“{value}”没有计量单位。",
        "“{value}” has no unit.",
        "请在单位列填写单位，或在表头注明单位。",
        "Fill in the unit column, or write the unit in the head.",
    ),
    "not_a_period": (
        "“{value}”不是可识别的期间。",
        "“{value}” is not a period in a known form.",
        "请写成 2025、2025年、2025年3月、2025年一季度、2025年1-6月 等形式。",
        "Write 2025, 2025-03, 2025Q1, 2025H1 or 2025YTD06.",
    ),
    "period_kind": (
        "“{value}”是{kind_zh}，此列要求{wanted_zh}。",
        "“{value}” is a period of kind {kind_en}; this column takes {wanted_en}.",
        "请按要求的期间类型填写。",
        "Write a period of a kind that the column takes.",
    ),
    "ambiguous_period": (
        "“{value}”含义不明：可能是 {one}，也可能是 {other}。",
        "“{value}” is ambiguous: it may be {one} or {other}.",
        "请写成“{one}”或“{other}”，并把单元格设为文本。",
        "Write {one} or {other} in a cell formatted as text.",
    ),
    "not_a_date": (
        "“{value}”不是日期。",
        "“{value}” is not a date.",
        "请写成 2025-03-01 的形式。",
        "Write it as 2025-03-01.",
    ),
    "unknown_choice": (
        "“{value}”不在可选值之内。",
        "“{value}” is not one of the choices.",
        "可选值：{choices_zh}。",
        "Choose one of: {choices_en}.",
    ),
    "digits_lost": (
        "代码“{value}”以数字形式存储，超过 15 位的部分已丢失。",
        "The code “{value}” is stored as a number, which keeps 15 digits only; the rest is lost.",
        "请把该列设为文本格式后重新填写代码。",
        "Format the column as text and enter the code again.",
    ),
    "error_cell": (
        "单元格是错误值 {value}。",
        "The cell holds the error {value}.",
        "请在表格软件中改正公式，或直接填写数值。",
        "Mend the formula in the spreadsheet, or enter the value itself.",
    ),
    "formula_without_value": (
        "公式 {value} 没有保存计算结果。",
        "The formula {value} has no stored result.",
        "请用 Excel 或 WPS 打开、重新计算并保存，或直接填写数值。",
        "Open it in Excel or WPS, recalculate and save, or enter the value itself.",
    ),
    "merged_number": (
        "数值“{value}”来自合并单元格，无法判断属于哪一行。",
        "The figure “{value}” comes from a merged block, so it is not clear which row it belongs to.",
        "请取消合并，并在每一行填写各自的数值。",
        "Unmerge the block and give each row its own figure.",
    ),
    "extra_cell": (
        "“{value}”在表头之外的列中，可能是该行多了分隔符。",
        "“{value}” stands in a column beyond the head; the row may hold a stray delimiter.",
        "请核对该行；含分隔符的文字须加双引号。",
        "Check the row; put text that holds the delimiter into double quotes.",
    ),
    "duplicate": (
        "与第 {first} 行重复（{key_zh}）。",
        "Repeats row {first} ({key_en}).",
        "同一对象同一期间只能填一行，请删除或合并。",
        "Only one row may be given for it; delete one or add them up.",
    ),
    "refused_by_parser": (
        "“{value}”无法识别：{message}",
        "“{value}” is not accepted: {message}",
        "{remedy}",
        "{remedy}",
    ),
}

#: What kinds of period are called, for messages.
PERIOD_KINDS_ZH = {
    "hour": "小时",
    "day": "日",
    "month": "月",
    "quarter": "季度",
    "half": "半年",
    "year": "年",
    "ytd": "累计",
    "jan_feb": "1—2月",
    "plan": "规划期",
}
DIMENSIONS: dict[str, Label] = {
    "energy_tce": Label("标准煤", "standard coal"),
    "mass": Label("质量", "mass"),
    "volume": Label("体积", "volume"),
    "electricity": Label("电量", "electricity"),
    "heat": Label("热量", "heat"),
    "co2": Label("二氧化碳", "carbon dioxide"),
    "money": Label("金额", "money"),
    "share": Label("比例", "share"),
    "count": Label("个数", "count"),
}
_SHOWN = 120


def because(code: str, **given: object) -> Reason:
    """The reason of a code with its places filled in; long values are cut."""
    zh, en, remedy_zh, remedy_en = TEMPLATES[code]
    args = {k: _short(str(v)) for k, v in given.items()}
    return Reason(
        code,
        Label(zh.format_map(args), en.format_map(args)),
        Label(remedy_zh.format_map(args), remedy_en.format_map(args)),
    )


def dimension(name: str | None) -> Label:
    """What a dimension is called."""
    return DIMENSIONS.get(name or "", Label(name or "无量纲", name or "none"))


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
