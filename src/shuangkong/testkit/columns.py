"""Names of columns in worked cases: each column in Chinese and in English, and how its cells are read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from shuangkong.testkit.model import Table, wrong

#: column → what a case may call it.
NAMES: dict[str, tuple[str, ...]] = {
    "subject_id": ("主体", "subject"),
    "ancestor_id": ("上级", "inside"),
    "period_key": ("期间", "period"),
    "item": ("品种", "item", "carrier"),
    "quantity": ("数量", "quantity"),
    "unit": ("单位", "unit"),
    "role": ("性质", "role"),
    "extent": ("范围", "extent"),
    "basis": ("口径", "basis"),
    "price_base": ("价格", "price"),
    "confidence": ("可信度", "confidence"),
    "kind": ("类别", "kind"),
    "sector": ("部门", "sector"),
    "area": ("地区", "area"),
    "measure": ("量", "measure"),
    "part": ("组成", "part"),
    "level": ("层级", "level"),
    "side": ("方面", "side"),
    "step": ("步骤", "step"),
    "position": ("次序", "position"),
    "year": ("年", "year"),
    "cap": ("上限", "cap"),
    "amount": ("合计", "amount"),
    "after": ("扣后", "after"),
    "value": ("数值", "value"),
    "low": ("低", "low"),
    "high": ("高", "high"),
    "state": ("状态", "state"),
    "needs": ("尚缺", "needs"),
    "coverage": ("覆盖率", "coverage"),
    "base": ("基期", "base"),
    "indicator_id": ("指标", "indicator"),
    "method_id": ("方法", "method"),
    "edition": ("版本", "edition"),
    "guide": ("指南", "guide"),
    "grid": ("电网因子", "grid"),
    "given": ("自报系数", "given"),
    "printed": ("原文", "printed"),
    "base_year": ("基年", "base_year"),
    "last_year": ("末年", "last_year"),
    "row_hit": ("命中行", "row_hit"),
    "missing": ("缺输入", "missing"),
    "decided": ("可判", "decided"),
    "undecided": ("未判原因", "undecided"),
    "comparator": ("比较", "comparator"),
    "threshold": ("阈值", "threshold"),
    "every": ("期别", "every"),
    "start": ("起点", "from"),
    "upto": ("数到", "upto"),
}
_COLUMNS = {name: column for column, names in NAMES.items() for name in (column, *names)}


def column_of(name: str) -> str:
    """The column that a case calls `name`; a name that is no column stands for itself (inputs of a table)."""
    return _COLUMNS.get(name, name)


def records(table: Table, place: str, *, allowed: Iterable[str] = ()) -> list[dict[str, object]]:
    """The rows as mappings from column to cell; raises PACK-003 for a column that is not `allowed`."""
    columns = [column_of(h) for h in table.head]
    strange = [h for h, c in zip(table.head, columns, strict=True) if allowed and c not in set(allowed)]
    if strange:
        raise wrong(place, f"there is no column {', '.join(strange)}.", f"Columns: {', '.join(sorted(allowed))}.")
    return [dict(zip(columns, row, strict=True)) for row in table.rows]


def text(row: Mapping[str, object], name: str, default: str = "") -> str:
    """A cell as text; a year written as a number is text too."""
    cell = row.get(name)
    return default if cell is None else str(cell)


def decimal(row: Mapping[str, object], name: str) -> Decimal | None:
    """A cell as an exact number; null where there is none."""
    cell = row.get(name)
    return Decimal(str(cell)) if cell is not None else None
