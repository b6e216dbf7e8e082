"""What the pages of imports show (导入页): columns and what they are taken for, the check, what would change."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from shuangkong.accounting.api import BOOKS, import_sheet, schema_of
from shuangkong.accounting.import_changes import figures_before
from shuangkong.accounting.store import saved_mapping
from shuangkong.app.import_drafts import ImportDraft
from shuangkong.app.importing import as_dict, units_as_dict
from shuangkong.app.web.rows import subject_of
from shuangkong.engine.api import Blobs, Workspace, reading
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Label
from shuangkong.kernel.scope import Scope
from shuangkong.kernel.units import unit
from shuangkong.policy.api import PackSet, builtin_packs
from shuangkong.registry.api import import_units, sheets, subjects_seen, unit_schema
from shuangkong.registry.sheets.plan import HAS_YEAR, words_of
from shuangkong.registry.sheets.suggesting import samples_of

UNITS = "units"
BOOK_NAMES: dict[str, Label] = {**BOOKS, UNITS: Label("用能单位名录", "register of units")}
#: Rows above which a check is a job: it would take longer than a page may.
CHECKED_AT_ONCE = 5_000
#: Rows that are read to show and suggest columns; head and samples lie well within.
LOOKED_AT = 200
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
class Preview:
    """The first rows of a sheet, and how many rows it has."""

    sheet: sheets.Sheet
    rows: int


def preview(workspace: Workspace, draft: ImportDraft) -> Preview:
    """The beginning of the draft's sheet; raises IMP-001."""
    return _preview(str(workspace.blobs.root), draft.content, draft.called, draft.sheet)


@lru_cache(maxsize=32)
def _preview(root: str, sha256: str, name: str, sheet: str) -> Preview:
    return look(Blobs(Path(root)).get(sha256), name, sheet)


def look(content: bytes, name: str, sheet: str) -> Preview:
    """The beginning of a file; raises IMP-001 where it cannot be read."""
    whole = sheets.read_sheet(content, name=name, sheet=sheet or None)
    return Preview(replace(whole, rows=whole.rows[:LOOKED_AT]), len(whole.rows))


@lru_cache(maxsize=1)
def packs_here() -> PackSet:
    """The packs that come with the program."""
    return PackSet(list(builtin_packs()))


def schema_for(book: str) -> sheets.SheetSchema:
    """What a book, or the register of units, wants from a sheet; raises IMP-002."""
    return unit_schema() if book == UNITS else schema_of(book, packs_here())


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
    schema = schema_for(draft.book)
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
        if (spec.required or spec.kind == "decimal") and spec.name not in given and spec.name not in melted:
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


@dataclass(frozen=True)
class Check:
    """What an import would do, or did: the report as JSON has it."""

    report: Mapping[str, Any]
    left_off: int = 0
    refusals: tuple[Mapping[str, Any], ...] = field(default=())

    @property
    def refused_rows(self) -> int:
        """How many rows were refused."""
        return int(self.report.get("refused_rows") or len({r["row"] for r in self.refusals}))

    @property
    def good(self) -> bool:
        """Whether every row would be taken."""
        return not self.refusals

    @property
    def changes(self) -> int:
        """How many rows would be written."""
        return int(self.report.get("new", 0)) + int(self.report.get("corrected", 0))

    def count(self, name: str) -> int:
        """One of the counts; a register of units has fewer of them."""
        return self.refused_rows if name == "refused" else int(self.report.get(name, 0))

    @property
    def cells(self) -> list[Mapping[str, Any]]:
        """Refused cells, each once: a wide row names its subject once and is refused for each of its periods."""
        seen: dict[tuple[object, ...], Mapping[str, Any]] = {}
        for r in self.refusals:
            seen.setdefault((r["row"], r["column"], r["code"]), r)
        return list(seen.values())


def as_check(report: Mapping[str, Any]) -> Check:
    """A report, also one that a job kept, for the page."""
    plain = json.loads(json.dumps(report, ensure_ascii=False, default=str))
    return Check(plain, int(plain.get("refusals_left_off", 0)), tuple(plain["refusals"]))


def check_now(workspace: Workspace, draft: ImportDraft, scope: Scope) -> Check:
    """A dry run of the draft with the rows that its owner may write; raises IMP-001 and IMP-002."""
    content = workspace.blobs.get(draft.content)
    if draft.book == UNITS:
        done = import_units(
            workspace, content, name=draft.called, scope=scope, sheet=draft.sheet or None, mapping=draft.mapping,
            dry_run=True,
        )  # fmt: skip
        return as_check(units_as_dict(done))
    report = import_sheet(
        workspace, packs_here(), draft.book, content, draft.origin(), scope=scope, sheet=draft.sheet or None,
        mapping=draft.mapping, dry_run=True,
    )  # fmt: skip
    return as_check(as_dict(report))


@dataclass(frozen=True, slots=True)
class Change:
    """One figure that would come in, and the one that stands now, if any."""

    row: int
    subject_id: str
    period: str
    item: str
    new: str
    unit: str
    old: str
    old_unit: str
    old_known_on: date | None


def items_of(book: str) -> dict[str, Label]:
    """What the items of a book are called: carriers, products, or the choices of its sheet."""
    packs = packs_here()
    if book == "energy":
        return {c.id: Label(c.label.zh, c.label.en) for c in packs.carriers.values()}
    if book == "output":
        return {p.id: Label(p.label.zh, p.label.en) for p in packs.products.values()}
    return {c.value: c.label for f in schema_for(book).fields if f.name == "item" for c in f.choices}


def heads_of(workspace: Workspace, draft: ImportDraft) -> dict[str, str]:
    """The name of each column by its letter."""
    sheet = preview(workspace, draft).sheet
    return {
        c.letter: c.key for c in sheets.find_head(sheet, words_of(schema_for(draft.book)), draft.header_row).columns
    }


def changes_of(workspace: Workspace, check: Check, scope: Scope) -> list[Change]:
    """Some of the figures that would change, each with what stands now."""
    examples: list[dict[str, Any]] = check.report.get("examples", [])
    before = figures_before(workspace, [e["corrects"] for e in examples if e["corrects"]], scope)
    return [_change(e, before.get(e["corrects"], {})) for e in examples]


def _change(entry: Mapping[str, Any], old: Mapping[str, Any]) -> Change:
    return Change(
        int(entry["source_row"]), entry["subject_id"], entry["period_key"], entry["item"],
        _digits(entry["quantity"]), entry["unit"], _digits(old.get("quantity")), old.get("unit") or "",
        old.get("known_on"),
    )  # fmt: skip


def names_of(workspace: Workspace, subjects: Collection[str], scope: Scope) -> dict[str, Label]:
    """What regions and units are called now, as far as the reader sees them; also those that no run knows yet."""
    if not subjects:
        return {}
    with reading(workspace.engine) as db:
        rows = subjects_seen(db, scope, workspace.clock()).to_pylist()
    return {r["subject_id"]: subject_of(r).label for r in rows if r["subject_id"] in subjects}


def _digits(value: object) -> str:
    """A figure as it was written: no zeros that nobody wrote."""
    text = "" if value is None else str(value)
    return text.rstrip("0").rstrip(".") if "." in text else text
