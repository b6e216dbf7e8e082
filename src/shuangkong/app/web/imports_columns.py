"""Columns of an import (列对应): what each column of a sheet is taken for, and what is still missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import sqlalchemy as sa

from shuangkong.accounting.store import saved_mapping
from shuangkong.app.import_drafts import ImportDraft
from shuangkong.app.web.imports import preview, schema_for
from shuangkong.engine.api import Workspace, reading
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Label
from shuangkong.kernel.units import unit
from shuangkong.registry.api import sheets
from shuangkong.registry.sheets.plan import HAS_YEAR, words_of
from shuangkong.registry.sheets.suggesting import samples_of

PART, YEAR = "=part", "=year"
WRONGS: dict[str, Label] = {
    "missing": Label("缺少：选一列，或填一个各行通用的值", "missing: choose a column, or write one text for all rows"),
    "twice": Label("选了不止一列：{detail}；只留一列", "chosen more than once: {detail}; keep one"),
    "no_unit": Label("没有计量单位：选单位列，或填单位", "no unit: choose the column of units, or write the unit"),
    "unknown_unit": Label("“{detail}”不是已知的计量单位", "“{detail}” is no known unit"),
    "unfit_unit": Label("“{detail}”与此列的量不符", "“{detail}” does not measure what this column holds"),
    "no_year": Label(
        "“{detail}”没有写明年份：选年份列，或在此填年份",
        "“{detail}” names no year: choose the column of years, or write the year here",
    ),
    "unfit": Label("列对应不成立：{detail}", "the columns do not fit: {detail}"),
}


@dataclass(frozen=True, slots=True)
class ColumnChoice:
    """One column of the sheet, what stands in it, and what it is taken for."""

    head: sheets.HeadColumn
    samples: tuple[str, ...]
    chosen: str
    period: str = ""


@dataclass(frozen=True, slots=True)
class FieldChoice:
    """One field of the book: the text that stands for all rows where no column gives it, and its unit."""

    spec: sheets.FieldSpec
    fixed: str
    unit: str
    rivals: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is missing or contradicts itself in the choice of columns: which of `WRONGS`, the field, a detail."""

    key: str
    field: str = ""
    detail: str = ""

    @property
    def words(self) -> Label:
        """What to do about it."""
        said = WRONGS[self.key]
        return Label(said.zh.format(detail=self.detail), said.in_("en").format(detail=self.detail))


@dataclass(frozen=True)
class Columns:
    """The step in which columns are told what they are."""

    head: sheets.Head
    columns: tuple[ColumnChoice, ...]
    fields: tuple[FieldChoice, ...]
    mapping: sheets.Mapping
    wrong: tuple[Wrong, ...]
    saved: bool
    others: tuple[str, ...]
    notes: tuple[Label, ...]
    melts: bool

    def said(self, name: str) -> Label:
        """What a field is called."""
        return next(f.spec.label for f in self.fields if f.spec.name == name)


def columns_of(
    workspace: Workspace, draft: ImportDraft, form: Mapping[str, str] | None = None, *, kept: bool = True
) -> Columns:
    """The columns with what was chosen, else with the saved mapping of the same head, else as suggested.

    `form` is what was sent; `kept` says whether the mapping of the draft still counts. Raises IMP-001 and IMP-002.
    """
    schema = schema_for(workspace, draft.book)
    sheet = preview(workspace, draft).sheet
    with reading(workspace.engine) as db:
        saved = _saved(db, schema.id, draft.principal)
    suggested, guesses = sheets.suggest_mapping(sheet, schema, saved, draft.header_row)
    head = sheets.find_head(sheet, words_of(schema), draft.header_row)
    mapping = draft.mapping if kept and draft.mapping else suggested
    twice: list[Wrong] = []
    if form is not None:
        mapping, twice = _chosen(form, head, schema, suggested)
    elif mapping is suggested:
        mapping = _with_title_unit(mapping)
    rivals = {g.field: g.rivals for g in guesses if g.rivals}
    return Columns(
        head, tuple(_column(sheet, head, c, mapping) for c in head.columns),
        tuple(_field(f, mapping, head, rivals) for f in schema.fields), mapping,
        (*twice, *_wrong(sheet, head, schema, mapping)),
        any(m.signature == suggested.signature for m in saved), (sheet.sheet, *sheet.others) if sheet.others else (),
        sheet.notes, suggested.melt is not None,
    )  # fmt: skip


def _saved(db: sa.Connection, schema: str, principal: str) -> list[sheets.Mapping]:
    """Mappings of earlier imports; a text that another wrote in for all rows is not proposed to this reader."""
    t = saved_mapping
    rows = db.execute(sa.select(t.c.mapping, t.c.principal).where(t.c.schema == schema).order_by(t.c.saved_at.desc()))
    return [m if p == principal else _impersonal(m) for m, p in ((sheets.Mapping.from_json(r[0]), r[1]) for r in rows)]


def _impersonal(mapping: sheets.Mapping) -> sheets.Mapping:
    return replace(mapping, sources={n: s for n, s in mapping.sources.items() if s.fixed is None})


def _with_title_unit(mapping: sheets.Mapping) -> sheets.Mapping:
    return replace(mapping, sources={n: s for n, s in mapping.sources.items() if s != sheets.Source()})


def _column(sheet: sheets.Sheet, head: sheets.Head, column: sheets.HeadColumn, mapping: sheets.Mapping) -> ColumnChoice:
    samples = samples_of(sheet, head, column)
    melt = mapping.melt
    period = dict(melt.columns).get(column.key, "") if melt else ""
    if period:
        return ColumnChoice(column, samples, PART, period)
    if melt and melt.year and melt.year.column == column.key:
        return ColumnChoice(column, samples, YEAR)
    chosen = next((n for n, s in mapping.sources.items() if s.column == column.key), "")
    return ColumnChoice(column, samples, chosen)


def _field(
    spec: sheets.FieldSpec, mapping: sheets.Mapping, head: sheets.Head, rivals: Mapping[str, tuple[str, ...]]
) -> FieldChoice:
    source = mapping.sources.get(spec.name, sheets.Source())
    column = head.find(source.column) if source.column else None
    shown = source.unit if source.unit and (column is None or column.unit != source.unit) else ""
    fixed = source.fixed or ""
    if mapping.melt and mapping.melt.period == spec.name and mapping.melt.year:
        fixed = mapping.melt.year.fixed or ""
    return FieldChoice(spec, fixed, shown or "", rivals.get(spec.name, ()))


def _chosen(
    form: Mapping[str, str], head: sheets.Head, schema: sheets.SheetSchema, suggested: sheets.Mapping
) -> tuple[sheets.Mapping, list[Wrong]]:
    """The mapping that a form tells, and fields that it gives twice."""
    names = {f.name for f in schema.fields}
    taken: dict[str, str] = {}
    wrong: list[Wrong] = []
    parts: list[str] = []
    year: sheets.Source | None = None
    for column in head.columns:
        said = form.get(f"c-{column.index}", "")
        if said == PART:
            parts.append(column.key)
        elif said == YEAR:
            year = sheets.Source(column=column.key)
        elif said in names:
            if said in taken:
                wrong.append(Wrong("twice", said, f"{taken[said]}、{column.key}"))
            taken.setdefault(said, column.key)
    sources: dict[str, sheets.Source] = {}
    for spec in schema.fields:
        fixed, given = form.get(f"f-{spec.name}", "").strip(), form.get(f"u-{spec.name}", "").strip()
        if spec.name in taken:
            if fixed:
                wrong.append(Wrong("twice", spec.name, f"{taken[spec.name]}、{fixed}"))
            sources[spec.name] = sheets.Source(column=taken[spec.name], unit=given or None)
        elif fixed or given:
            sources[spec.name] = sheets.Source(fixed=fixed or None, unit=given or None)
    melt = _melted(suggested, parts, year, sources)
    made = replace(suggested, sources=sources, melt=melt)
    return made, wrong


def _melted(
    suggested: sheets.Mapping, parts: Sequence[str], year: sheets.Source | None, sources: dict[str, sheets.Source]
) -> sheets.Melt | None:
    """The wide layout as far as its columns were kept; a year written in for the period is theirs."""
    if suggested.melt is None or not parts:
        return None
    written = sources.pop(suggested.melt.period, sheets.Source()).fixed
    columns = tuple((key, said) for key, said in suggested.melt.columns if key in parts)
    return replace(suggested.melt, columns=columns, year=year or (sheets.Source(fixed=written) if written else None))


def _wrong(sheet: sheets.Sheet, head: sheets.Head, schema: sheets.SheetSchema, mapping: sheets.Mapping) -> list[Wrong]:
    """What has to be told before the rows can be checked."""
    melted = (mapping.melt.value, mapping.melt.period) if mapping.melt else ()
    given = {n for n, s in mapping.sources.items() if s.column is not None or s.fixed is not None}
    found: list[Wrong] = []
    for spec in schema.fields:
        if spec.name in melted and spec.name in given:
            found.append(Wrong("twice", spec.name, "、".join(k for k, _ in mapping.melt.columns[:3])))  # type: ignore[union-attr]
        # the figure of a book has its unit in a field of its own; figures of a register may be left out
        if (spec.required or spec.unit_field is not None) and spec.name not in given and spec.name not in melted:
            found.append(Wrong("missing", spec.name))
        elif spec.measured and (spec.name in given or spec.name in melted):
            found += _unit_wrong(spec, mapping, head, given)
    if mapping.melt and mapping.melt.year is None:
        undated = [said for _, said in mapping.melt.columns if not HAS_YEAR.match(said)]
        found += [Wrong("no_year", mapping.melt.period, undated[0])] if undated else []
    if not found:
        try:
            sheets.check_rows(sheet, mapping, schema)
        except UserError as wrong:
            found.append(Wrong("unfit", detail=wrong.message))
    return found


def _unit_wrong(spec: sheets.FieldSpec, mapping: sheets.Mapping, head: sheets.Head, given: set[str]) -> list[Wrong]:
    source = mapping.sources.get(spec.name, sheets.Source())
    key = source.column or (mapping.melt.columns[0][0] if mapping.melt and mapping.melt.value == spec.name else None)
    column = head.find(key) if key else None
    written = source.unit or (column.unit if column else None)
    if written is None:
        return [] if spec.unit_field in given else [Wrong("no_unit", spec.name)]
    try:
        known = unit(written)
    except UserError:
        return [Wrong("unknown_unit", spec.name, written)]
    fits = spec.dimension is None or known.dimension == spec.dimension
    return [] if fits else [Wrong("unfit_unit", spec.name, written)]
