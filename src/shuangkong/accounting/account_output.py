"""How an accounted file is written: JSON with stable keys (docs/account.md), and a table for people."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from shuangkong.accounting.factors import Factor
from shuangkong.accounting.files import Accounted, FileAccount, Total
from shuangkong.accounting.methods import BASIS_LABELS
from shuangkong.kernel.labels import Label, Language
from shuangkong.kernel.numbers import ROUNDING, parse_decimal

STATE_LABELS: dict[str, Label] = {
    "ok": Label("已知", "ok"),
    "partial": Label("部分已知", "partial"),
    "none": Label("无", "none"),
    "no_factor": Label("无系数", "no factor"),
    "range": Label("系数为区间", "range"),
    "wrong_unit": Label("单位不符", "wrong unit"),
    "no_quantity": Label("无数量", "no quantity"),
    "bad_quantity": Label("数量有误", "bad quantity"),
    "unknown_carrier": Label("未知品种", "unknown carrier"),
    "yearly_coefficient_needed": Label("缺当年系数", "yearly coefficient needed"),
    "coefficient_needed": Label("缺系数", "coefficient needed"),
    "other_basis": Label("口径不同", "other basis"),
    "stated_in_standard_coal": Label("只以标准煤计", "stated in standard coal"),
    "not_recorded": Label("未收录", "not recorded"),
    "total_row": Label("合计行", "total row"),
    "no_guide": Label("未指定指南", "no guide"),
    "no_grid_factor": Label("无电网因子", "no grid factor"),
}


def as_json(account: FileAccount) -> dict[str, Any]:
    """The account as plain JSON shapes; figures are text with all their digits, null where there is none."""
    c = account.choices
    return {
        "edition": c.method.edition,
        "basis": c.method.basis,
        "carbon_guide": c.method.guide or None,
        "grid_factor": _grid(c.method.grid, c.path),
        "period": c.period.key if c.period else None,
        "known": c.known.isoformat(),
        "rounding": ROUNDING,
        "rows": [_row(r) for r in account.rows],
        "total": _total(account.total),
        "notes": [_label(n) for n in account.notes],
    }


def _grid(year: str, path: tuple[str, ...]) -> str | None:
    return f"{year}@{path[-1]}" if year else None


def _row(r: Accounted) -> dict[str, Any]:
    written = parse_decimal(r.line.quantity)
    return {
        "row": r.line.row,
        "carrier_code": r.line.carrier,
        "carrier": r.carrier.id if r.carrier else None,
        "carrier_name": _label(r.carrier.label.label) if r.carrier else None,
        "quantity": format(written, "f") if written is not None and abs(written.adjusted()) < 40 else None,
        "quantity_written": r.line.quantity,
        "unit": r.line.unit,
        "quantity_base": _text(r.quantity),
        "unit_base": r.base_unit or None,
        "tce": _text(r.tce),
        "tce_low": _text(r.tce_low),
        "tce_high": _text(r.tce_high),
        "state": r.state,
        "factor": _factor(r.factor),
        "tco2": _text(r.tco2),
        "co2_state": r.co2_state,
        "co2_factor": _factor(r.co2_factor),
        "notes": [_label(n) for n in r.notes],
    }


def _factor(f: Factor) -> dict[str, Any]:
    there = f.value is not None or f.low is not None
    return {
        "value": _plain(f.value),
        "low": _plain(f.low),
        "high": _plain(f.high),
        "unit": f.unit or None,
        "printed": f.printed or None,
        "edition": f.edition or None,
        "confidence": f.confidence if there else None,
        "source": "; ".join(f.sources) or None,
    }


def _total(t: Total) -> dict[str, Any]:
    return {
        "tce": _text(t.tce),
        "tce_low": _text(t.tce_low),
        "tce_high": _text(t.tce_high),
        "state": t.state,
        "coverage": _text(t.coverage),
        "tco2": _text(t.tco2),
        "co2_state": t.co2_state,
        "co2_coverage": _text(t.co2_coverage),
        "confidence": t.confidence,
    }


def _label(label: Label) -> dict[str, str | None]:
    return {"zh": label.zh, "en": label.en}


def _text(value: Decimal | None) -> str | None:
    return None if value is None else format(value, "f")


def _plain(value: Decimal | None) -> str | None:
    """A factor without the zeros that fill it up to fourteen places."""
    if value is None:
        return None
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


_HEADS = (
    Label("行", "row"), Label("品种", "carrier"), Label("数量", "quantity"), Label("单位", "unit"), Label("tce", "tce"),
    Label("状态", "state"), Label("系数（原文）", "factor as printed"), Label("版本", "edition"),
    Label("可信度", "confidence"), Label("tCO2", "tCO2"), Label("CO2 状态", "CO2 state"),
    Label("CO2 因子（原文）", "CO2 factor as printed"),
)  # fmt: skip
_RIGHT = (0, 2, 4, 9)


def as_lines(account: FileAccount, language: Language) -> list[str]:
    """The account as an aligned table, the choices above it, and what is to be said below it."""
    cells = [[h.in_(language) for h in _HEADS], *(_cells(r, language) for r in account.rows)]
    cells.append(_sum_cells(account.total, language))
    widths = [max(_width(row[i]) for row in cells) for i in range(len(_HEADS))]
    lines = [_choices(account, language)]
    lines += ["  ".join(_pad(t, widths[i], i in _RIGHT) for i, t in enumerate(row)).rstrip() for row in cells]
    lines.append(_coverage(account.total, language))
    for r in account.rows:
        lines += [_of_row(r.line.row, n, language) for n in r.notes]
    return lines + [n.in_(language) for n in account.notes]


def _choices(account: FileAccount, language: Language) -> str:
    c = account.choices
    grid = _grid(c.method.grid, c.path)
    if language == "en":
        basis = BASIS_LABELS[c.method.basis][1]
        return f"edition {c.method.edition}, {basis}, guide {c.method.guide or 'none'}, grid factor {grid or 'none'}"
    basis = BASIS_LABELS[c.method.basis][0]
    return f"版本 {c.method.edition}，{basis}，碳核算指南 {c.method.guide or '未指定'}，电网因子 {grid or '未指定'}"


def _cells(r: Accounted, language: Language) -> list[str]:
    name = r.carrier.label.label.in_(language) if r.carrier else r.line.carrier
    return [
        str(r.line.row), name, r.line.quantity, r.line.unit, _or_range(r.tce, r.tce_low, r.tce_high),
        _state(r.state, language), r.factor.printed or "—", r.factor.edition or "—",
        _marks([r.factor, r.co2_factor]), _or_range(r.tco2), _state(r.co2_state, language), r.co2_factor.printed or "—",
    ]  # fmt: skip


def _marks(factors: Iterable[Factor]) -> str:
    marks = dict.fromkeys(f.confidence for f in factors if f.value is not None or f.low is not None)
    return "/".join(marks) or "—"


def _sum_cells(t: Total, language: Language) -> list[str]:
    name = "total" if language == "en" else "合计"
    return [
        "", name, "", "", _or_range(t.tce, t.tce_low, t.tce_high), _state(t.state, language), "", "",
        t.confidence or "—", _or_range(t.tco2), _state(t.co2_state, language), "",
    ]  # fmt: skip


def _coverage(t: Total, language: Language) -> str:
    if language == "en":
        return f"coverage (share of rows that are known): tce {_percent(t.coverage)}, CO2 {_percent(t.co2_coverage)}"
    return f"覆盖率（已知行数占比）：tce {_percent(t.coverage)}，CO2 {_percent(t.co2_coverage)}"


def _percent(share: Decimal) -> str:
    return f"{_plain(share * 100)} %"


def _of_row(row: int, note: Label, language: Language) -> str:
    return f"row {row}: {note.in_('en')}" if language == "en" else f"第 {row} 行：{note.zh}"


def _state(state: str, language: Language) -> str:
    return STATE_LABELS[state].in_(language) if state in STATE_LABELS else state


def _or_range(value: Decimal | None, low: Decimal | None = None, high: Decimal | None = None) -> str:
    span = f"{_text(low)}–{_text(high)}" if low is not None else ""
    if value is None:
        return span or "—"
    return f"{_text(value)} ({span})" if span else str(_text(value))


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _pad(text: str, width: int, right: bool) -> str:
    fill = " " * (width - _width(text))
    return fill + text if right else text + fill
