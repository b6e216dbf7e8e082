"""What the pages of imports show (导入页): the beginning of the file, the check, what would change."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from shuangkong.accounting.api import (
    BOOKS,
    METERS,
    PROJECTS,
    UNITS,
    import_meter_register,
    import_sheet,
    meters_schema,
    schema_of,
)
from shuangkong.accounting.import_changes import figures_before
from shuangkong.app.catalogue import library
from shuangkong.app.import_drafts import ImportDraft
from shuangkong.app.importing import as_dict, meters_as_dict, projects_as_dict, units_as_dict
from shuangkong.app.web.rows import subject_of
from shuangkong.engine.api import Blobs, Workspace, reading
from shuangkong.kernel.labels import Label
from shuangkong.kernel.scope import Scope
from shuangkong.policy.api import PackSet
from shuangkong.registry.api import (
    import_projects,
    import_units,
    project_fields,
    project_schema,
    sheets,
    subjects_seen,
    unit_schema,
)
from shuangkong.registry.sheets.plan import words_of

BOOK_NAMES: dict[str, Label] = {
    **BOOKS, UNITS: Label("用能单位名录", "register of units"), PROJECTS: Label("项目名录", "register of projects"),
    METERS: Label("计量器具名录", "register of meters"),
}  # fmt: skip
#: Rows above which a check is a job: it would take longer than a page may.
CHECKED_AT_ONCE = 5_000
#: Rows that are read to show and suggest columns; head and samples lie well within.
LOOKED_AT = 200


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


def packs_here(workspace: Workspace) -> PackSet:
    """The packs that come with the program, and those published in the workspace."""
    return library(workspace=workspace)


def schema_for(workspace: Workspace, book: str) -> sheets.SheetSchema:
    """What a book, or a register, wants from a sheet; raises IMP-002."""
    if book == PROJECTS:
        return project_schema()
    if book == METERS:
        return meters_schema(packs_here(workspace))
    return unit_schema() if book == UNITS else schema_of(book, packs_here(workspace))


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
    if draft.book == PROJECTS:
        planned = import_projects(
            workspace, content, name=draft.called, scope=scope, sheet=draft.sheet or None, mapping=draft.mapping,
            dry_run=True,
        )  # fmt: skip
        return as_check(projects_as_dict(planned))
    if draft.book == METERS:
        meters = import_meter_register(
            workspace, packs_here(workspace), content, draft.origin(), scope=scope, sheet=draft.sheet or None,
            mapping=draft.mapping, dry_run=True,
        )  # fmt: skip
        return as_check(meters_as_dict(meters))
    report = import_sheet(
        workspace, packs_here(workspace), draft.book, content, draft.origin(), scope=scope, sheet=draft.sheet or None,
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


def items_of(workspace: Workspace, book: str) -> dict[str, Label]:
    """What the items of a book are called: carriers, products, or the choices of its sheet."""
    packs = packs_here(workspace)
    if book == "energy":
        return {c.id: Label(c.label.zh, c.label.en) for c in packs.carriers.values()}
    if book == "output":
        return {p.id: Label(p.label.zh, p.label.en) for p in packs.products.values()}
    if book == PROJECTS:
        return {f.name: f.label for f in project_fields().values()}
    if book == METERS:
        return {f.name: f.label for f in schema_for(workspace, book).fields}
    return {c.value: c.label for f in schema_for(workspace, book).fields if f.name == "item" for c in f.choices}


def grades_named(workspace: Workspace) -> dict[tuple[str, str], Label]:
    """What each grade is called, by its indicator and its number as a figure is written."""
    graded = packs_here(workspace).indicators.values()
    return {(one.id, str(g.value)): g.label.label for one in graded for g in one.grades}


def heads_of(workspace: Workspace, draft: ImportDraft) -> dict[str, str]:
    """The name of each column by its letter."""
    sheet = preview(workspace, draft).sheet
    words = words_of(schema_for(workspace, draft.book))
    return {c.letter: c.key for c in sheets.find_head(sheet, words, draft.header_row).columns}


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
