"""Bring a mapping and a sheet together: every field to its column and unit, or IMP-002 with what is wanting."""

from __future__ import annotations

import re
from dataclasses import dataclass

from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Label
from shuangkong.kernel.units import Unit, unit
from shuangkong.registry.sheets.heads import find_head
from shuangkong.registry.sheets.model import Head, HeadColumn, Sheet
from shuangkong.registry.sheets.names import likeness
from shuangkong.registry.sheets.schema import FieldSpec, Mapping, Melt, SheetSchema, Source

#: A period text that names its year.
HAS_YEAR = re.compile(r"P?(?:19|20)\d\d")


@dataclass(frozen=True, slots=True)
class Feed:
    """One field with its column (or a fixed text) and the unit that goes for all its cells."""

    field: FieldSpec
    column: HeadColumn | None
    fixed: str | None
    unit: Unit | None


@dataclass(frozen=True, slots=True)
class Plan:
    """A mapping that fits a sheet; `melted` are the wide layout's columns with the period text of each."""

    head: Head
    feeds: dict[str, Feed]
    melt: Melt | None
    melted: tuple[tuple[HeadColumn, str], ...]
    melt_unit: Unit | None
    year: Feed | None


def words_of(schema: SheetSchema) -> tuple[str, ...]:
    """Every name a column of this schema may go by."""
    return tuple(name for field in schema.fields for name in field.names)


def make_plan(sheet: Sheet, mapping: Mapping, schema: SheetSchema) -> Plan:
    """The plan of a complete mapping; raises IMP-002 naming each field in want and the likely columns."""
    if mapping.schema != schema.id:
        said = f"it is made for “{mapping.schema}”, not for “{schema.id}”"
        raise _incomplete(sheet, [Label("它是为另一本账册做的", said)])
    head = find_head(sheet, words_of(schema), mapping.header_row)
    wrong: list[Label] = []
    known = {f.name for f in schema.fields}
    wrong += [
        Label(f"账册没有“{name}”这一项", f"the schema has no field “{name}”")
        for name in mapping.sources
        if name not in known
    ]
    feeds = {
        name: _feed(schema.field(name), source, head, wrong)
        for name, source in mapping.sources.items()
        if name in known
    }
    melted, melt_unit, year = _melt(mapping, schema, head, wrong)
    by_melt = (mapping.melt.value, mapping.melt.period) if mapping.melt else ()
    for field in schema.fields:
        if field.name in by_melt:
            continue
        feed = feeds.get(field.name)
        absent = feed is None or (feed.column is None and feed.fixed is None)
        if field.required and absent and not _filled_by_unit(field, feeds, schema, mapping):
            likely = _likely(field, head, mapping)
            said = f"必需的“{field.label.zh}”没有对应列，可能是：{likely}"
            wrong.append(Label(said, f"required field {_name(field)} has no column; likely: {likely}"))
    wrong += _unitless(schema, feeds, mapping, melt_unit)
    if wrong:
        raise _incomplete(sheet, wrong)
    feeds = {n: f for n, f in feeds.items() if f.column is not None or f.fixed is not None}
    return Plan(head, feeds, mapping.melt, melted, melt_unit, year)


def _incomplete(sheet: Sheet, wrong: list[Label]) -> UserError:
    where = f"{sheet.name} [{sheet.sheet}]" if sheet.sheet else sheet.name
    return UserError(
        "IMP-002",
        "the column mapping does not fit: " + "; ".join(w.in_("en") for w in wrong) + ".",
        where=where,
        remedy="Choose a column or a fixed value for each, and a unit for each figure; or mend the head.",
        case="mapping",
        facts={"wrong": Label("；".join(w.zh for w in wrong), "; ".join(w.in_("en") for w in wrong))},
    )


def _name(field: FieldSpec) -> str:
    return f"“{field.label.zh}” ({field.name})"


def _feed(field: FieldSpec, source: Source, head: Head, wrong: list[Label]) -> Feed:
    column = None
    if source.column is not None:
        column = head.find(source.column)
        if column is None:
            columns = "、".join(c.key for c in head.columns[:30])
            said = f"没有“{source.column}”这一列可作“{field.label.zh}”，现有的列：{columns}"
            wrong.append(Label(said, f"there is no column “{source.column}” for {_name(field)}; columns: {columns}"))
    given = source.unit or (column.unit if column else None)
    found: Unit | None = None
    if given is not None and field.measured:
        try:
            found = unit(given)
        except UserError as error:
            wrong.append(Label(f"“{field.label.zh}”的单位“{given}”不认识", f"{_name(field)}: {error.message}"))
        if found and field.dimension and found.dimension != field.dimension:
            said = f"单位“{found.label.zh}”与“{field.label.zh}”不符"
            wrong.append(Label(said, f"unit {found.label.zh} does not fit {_name(field)} ({field.dimension})"))
    return Feed(field, column, source.fixed, found)


def _melt(
    mapping: Mapping, schema: SheetSchema, head: Head, wrong: list[Label]
) -> tuple[tuple[tuple[HeadColumn, str], ...], Unit | None, Feed | None]:
    melt = mapping.melt
    if melt is None:
        return (), None, None
    known = {f.name for f in schema.fields}
    if melt.value not in known or melt.period not in known or not melt.columns:
        said = f"the wide layout names unknown fields “{melt.value}”, “{melt.period}” or no column"
        wrong.append(Label("宽表没有写明期间列，或者所写的内容不存在", said))
        return (), None, None
    value = schema.field(melt.value)
    melted: list[tuple[HeadColumn, str]] = []
    for key, text in melt.columns:
        column = head.find(key)
        if column is None:
            said = f"没有“{key}”这一列可作“{value.label.zh}”"
            wrong.append(Label(said, f"there is no column “{key}” for {_name(value)}"))
        else:
            melted.append((column, text))
    undated = [text for _, text in melt.columns if not HAS_YEAR.match(text)]
    if undated and melt.year is None:
        said = f"宽表没有写明“{undated[0]}”的年份"
        wrong.append(Label(said, f"the wide layout names no year for “{undated[0]}”"))
    source = mapping.sources.get(melt.value, Source())
    first = melted[0][0] if melted else None
    given = source.unit or (first.unit if first else None)
    wrong += [
        Label(
            f"“{c.key}”列的单位（{c.unit}）与“{value.label.zh}”（{given or '无'}）不同",
            f"column “{c.key}” has another unit ({c.unit}) than {_name(value)} ({given})",
        )
        for c, _ in melted
        if c.unit and c.unit != given
    ]
    feed = _feed(value, Source(unit=given), head, wrong)
    year_field = FieldSpec("year", schema.field(melt.period).label, "text")
    year = _feed(year_field, melt.year, head, wrong) if melt.year else None
    return tuple(melted), feed.unit, year


def _filled_by_unit(field: FieldSpec, feeds: dict[str, Feed], schema: SheetSchema, mapping: Mapping) -> bool:
    """Whether a unit field is answered by the unit of the figure's own column."""
    for other in schema.fields:
        if other.unit_field == field.name:
            if other.name in feeds and feeds[other.name].unit is not None:
                return True
            if mapping.melt and mapping.melt.value == other.name:
                return True
    return False


def _unitless(schema: SheetSchema, feeds: dict[str, Feed], mapping: Mapping, melt_unit: Unit | None) -> list[Label]:
    wrong = []
    for field in schema.fields:
        if not field.measured:
            continue
        melted = mapping.melt is not None and mapping.melt.value == field.name
        feed = feeds.get(field.name)
        used = melted or (feed is not None and (feed.column is not None or feed.fixed is not None))
        known = melt_unit if melted else (feed.unit if feed else None)
        rows = field.unit_field is not None and field.unit_field in feeds
        if used and known is None and not rows:
            wrong.append(Label(f"“{field.label.zh}”没有计量单位", f"{_name(field)} has no unit"))
    return wrong


def _likely(field: FieldSpec, head: Head, mapping: Mapping) -> str:
    used = {s.column for s in mapping.sources.values()}
    scored = [
        (max(likeness(c.name, n) for n in field.names), -c.index, c.key) for c in head.columns if c.key not in used
    ]
    best = [key for score, _, key in sorted(scored, reverse=True)[:3] if score >= 20]
    return "、".join(f"“{k}”" for k in best) or "none"
