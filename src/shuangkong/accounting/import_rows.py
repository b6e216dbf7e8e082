"""Rows of an import (导入的行): each with its subject and period as an entry of the book, or refused with a reason."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from shuangkong.accounting.changes import CHANGE, INCREMENT
from shuangkong.accounting.import_ledgers import FIGURES, GRADES, GROWTH, PUBLISHED_BOOKS
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Label
from shuangkong.kernel.periods import Period
from shuangkong.kernel.units import convert, unit
from shuangkong.policy.api import PackSet
from shuangkong.registry.api import Directory, sheets

#: The columns that tell one figure of a book from another.
NATURAL = ("book", "subject_id", "period_key", "item", "role", "extent", "price_base")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a sheet comes from; `known_on` is the day its figures were handed in or published."""

    file_name: str
    publisher: str
    document: str
    licence: str
    known_on: date
    confidence: str = "confirmed"
    synthetic: bool = False
    use: str | None = None
    url: str = ""
    #: Why older figures are put right; without it nothing that stands is changed.
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One data row: its number in the file, its subject, its period and what it says."""

    number: int
    subject: str
    period: Period
    values: dict[str, Any]
    state: str


def resolved(
    checked: sheets.Checked, book: str, names: Directory, regions: Collection[str], packs: PackSet, today: date
) -> tuple[list[Row], list[sheets.Refusal]]:
    """Rows with their subject on the period's last day, and all refusals in the order of the file."""
    refusals = list(checked.refusals)
    rows: list[Row] = []
    states = checked.states.get("quantity", {})
    cache: dict[tuple[str, date], str | sheets.Reason] = {}
    seen: dict[tuple[object, ...], int] = {}
    for index, item in enumerate(checked):
        period: Period = item.values["period"]  # type: ignore[assignment]
        text = str(item.values["subject"])
        key = (text, period.last_day)
        if key not in cache:
            cache[key] = _subject(names, text, period.last_day)
        found = cache[key]
        if isinstance(found, sheets.Reason):
            refusals.append(sheets.Refusal(item.row, checked.letters.get("subject", ""), "", "subject", text, found))
            continue
        if book not in _WITHOUT_EXTENT and found in regions and item.values.get("extent") is None:
            refusals.append(sheets.Refusal(item.row, checked.letters.get("extent", ""), "", "extent", "", _NO_EXTENT))
            continue
        values = dict(item.values)
        refused = graded(packs, values) if book == GRADES else None
        strange = ("grade", refused) if refused is not None else None
        if book == GROWTH:
            values["unit"] = "%"
        if book == FIGURES:
            strange = _as_its_indicator(packs, values)
        whole_unit = found not in regions and item.values.get("extent") == "whole"
        wrong = (
            ("subject", _NO_REGION) if book in PUBLISHED_BOOKS and found not in regions
            else ("extent", _UNIT_WHOLE) if whole_unit
            else strange if strange is not None
            else ("period", _AHEAD) if period.start > today
            else ("unit", _WRONG_UNIT) if not _fits(book, item.values, packs)
            else None
        )  # fmt: skip
        row = Row(item.row, found, period, values, states.get(index, "ok"))
        natural = tuple(_natural(row, book)[k] for k in NATURAL)
        if wrong is None and natural in seen:
            wrong = ("subject", _twice(seen[natural]))
        if wrong is not None:
            field, why = wrong
            shown = str(item.values.get(field) or "")
            refusals.append(sheets.Refusal(item.row, checked.letters.get(field, ""), "", field, shown, why))
            continue
        seen[natural] = item.row
        rows.append(row)
    return rows, sorted(refusals, key=lambda r: r.row)


#: Books whose rows say nothing of an extent.
_WITHOUT_EXTENT = ("output", *PUBLISHED_BOOKS)


def graded(packs: PackSet, values: dict[str, Any]) -> sheets.Reason | None:
    """Put the number of a grade beside its word, as its indicator counts; a reason where it has no such grade."""
    values |= {"quantity": None, "unit": "grade"}
    word, one = values.get("grade"), packs.indicators[values["item"]]
    if word is None:
        return None
    found = next((g for g in one.grades if g.label.zh == word), None)
    if found is None:
        there = "、".join(g.label.zh for g in one.grades), ", ".join(g.label.label.in_("en") for g in one.grades)
        return sheets.Reason(
            "wrong_grade",
            Label(f"{one.label.zh}没有“{word}”这一等级", f"{one.label.label.in_('en')} has no such grade"),
            Label(f"有：{there[0]}", f"there are {there[1]}"),
        )
    values["quantity"] = found.value
    return None


#: How the ids of figures end that may lie below nought.
_MAY_FALL = (CHANGE, INCREMENT)
_BELOW_NOUGHT = sheets.Reason(
    "below_nought",
    Label("这项指标不会小于零", "this indicator cannot lie below nought"),
    Label("核对数值；升降幅度另有“变动”“增量”指标", "check it; changes and increments have indicators of their own"),
)


def _as_its_indicator(packs: PackSet, values: dict[str, Any]) -> tuple[str, sheets.Reason] | None:
    """Put a published figure in the unit of its indicator, exactly; the field that cannot be right, and why."""
    asked, given, figure = packs.indicators[values["item"]].unit, values.get("unit"), values.get("quantity")
    values["unit"] = asked
    if figure is None:
        return None
    if figure < 0 and not values["item"].endswith(_MAY_FALL):
        return "quantity", _BELOW_NOUGHT
    if given is None or given == asked:
        return None
    try:
        values["quantity"] = convert(figure, given, asked)
    except UserError:
        return "unit", sheets.Reason(
            "wrong_unit",
            Label(f"该指标的单位是 {asked}，与所填单位不能换算", f"the indicator is counted in {asked}"),
            Label("更正计量单位，或指标", "correct the unit, or the indicator"),
        )
    return None


_NO_REGION = sheets.Reason(
    "not_region",
    Label("等级、增速和公布的数值只公布到地区", "grades, growth rates and figures are published of regions alone"),
    Label("填行政区划代码或地区名称", "name a region, by its code or name"),
)
_NO_EXTENT = sheets.Reason(
    "extent_needed",
    Label("地区数据没有说明范围", "the row is about a region and does not say its extent"),
    Label("加一列“范围”：本级 或 全口径", "add a column 范围: 本级 (own) or 全口径 (whole)"),
)


_UNIT_WHOLE = sheets.Reason(
    "unit_whole",
    Label("单位的数据一律为本级", "a unit's figures are always its own part"),
    Label("删去“全口径”，或改填地区代码", "leave the extent out, or name a region"),
)
_AHEAD = sheets.Reason(
    "period_ahead",
    Label("期间还没有开始", "the period has not begun yet"),
    Label("更正期间", "correct the period"),
)
_WRONG_UNIT = sheets.Reason(
    "wrong_unit",
    Label("计量单位与该品种或产品不符", "the unit does not belong to this carrier or product"),
    Label("更正计量单位，或品种", "correct the unit, or the carrier or product"),
)


def _twice(row: int) -> sheets.Reason:
    """The refusal of a figure that stands in the file already, perhaps under another name of the same thing."""
    return sheets.Reason(
        "given_twice",
        Label(f"与第 {row} 行是同一主体、期间和品种", f"row {row} is of the same subject, period and item"),
        Label("删去其中一行，或合并", "delete one of the two, or add them up"),
    )


def _fits(book: str, values: Mapping[str, Any], packs: PackSet) -> bool:
    """Whether a figure's unit can be a unit of what it counts; standard coal fits every carrier."""
    given = values.get("unit")
    if given is None or book not in ("energy", "output") or (book == "energy" and given == "tce"):
        return True
    carrier, product = packs.carriers.get(values["item"]), packs.products.get(values["item"])
    asked = carrier.unit if carrier else product.unit if product else None
    try:
        return asked is None or unit(given).dimension == unit(asked).dimension
    except UserError:
        return True


def _subject(names: Directory, text: str, day: date) -> str | sheets.Reason:
    """The subject of a code or name: USCC, region, or a name that is registered."""
    tried: UserError | None = None
    for scheme in ("uscc", "local", "name_zh"):
        try:
            return str(names.resolve(scheme, text, day))
        except UserError as wrong:
            if wrong.code in ("REG-002", "REG-003"):
                tried = wrong
    try:
        return str(names.region(text, day))
    except UserError as wrong:
        tried = tried or wrong
    return sheets.Reason(
        "unknown_subject",
        Label(f"{day} 没有登记为“{text}”的单位或地区（{tried.code}）", tried.message),
        Label("更正代码，或先登记该单位", tried.remedy or "correct it, or register the unit first"),
    )


def _natural(row: Row, book: str) -> dict[str, object]:
    """What tells one figure of a book from another."""
    v = row.values
    return {
        "book": book, "subject_id": row.subject, "period_key": row.period.key, "item": v["item"],
        "role": v.get("role") or ("consumption" if book == "energy" else book), "extent": v.get("extent") or "own",
        "price_base": v.get("price_base"),
    }  # fmt: skip


def entry_of(row: Row, book: str, origin: Origin, now: datetime) -> dict[str, object]:
    """The row as an entry of its book, without the ids that a commit gives it."""
    v, p = row.values, row.period
    quantity = v.get("quantity")
    return {
        **_natural(row, book), "period_kind": p.kind.value, "period_start": p.start, "period_end": p.end,
        "quantity": quantity, "unit": v.get("unit") or _fallback_unit(book),
        "basis": v.get("basis"),
        "state": "ok" if quantity is not None else "no_quantity", "use": origin.use, "source_row": row.number,
        "known_on": origin.known_on, "recorded_at": now, "corrects": None,
        "confidence": "synthetic" if origin.synthetic else origin.confidence,
    }  # fmt: skip


def _fallback_unit(book: str) -> str:
    """A row without a quantity still needs the column filled; money and emissions have one base unit."""
    return {"value": "10k_CNY", "carbon": "tCO2"}.get(book, "1")
