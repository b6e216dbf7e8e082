"""Importing a sheet into a book (导入): read, map, check, look at what would change, commit whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from shuangkong.accounting import store
from shuangkong.accounting.import_audit import record_corrections
from shuangkong.accounting.sheets import schema_of
from shuangkong.accounting.tables import BOOK_ENTRIES
from shuangkong.engine.api import Commit, DuckDB, Lease, Workspace, reading, record, writing
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.flaws import Flaw
from shuangkong.kernel.ids import digest
from shuangkong.kernel.labels import Label
from shuangkong.kernel.periods import Period
from shuangkong.kernel.scope import Scope
from shuangkong.kernel.units import unit
from shuangkong.policy.api import PackSet
from shuangkong.registry.api import Directory, SourceEntry, directory, record_source, sheets, subject_ids

#: Rows that a report shows of what changes; corrections before new ones.
_EXAMPLES = 20
_NATURAL = ("book", "subject_id", "period_key", "item", "role", "extent", "price_base")


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
    #: Why older figures are put right; the document where it is left empty.
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """What an import did, or would do (dry run): every data row is new, corrected, unchanged, skipped or refused."""

    book: str
    file_name: str
    mapping: sheets.Mapping
    guesses: tuple[sheets.Guess, ...]
    rows: int
    fresh: int = 0
    corrected: int = 0
    unchanged: int = 0
    skipped: int = 0
    refusals: tuple[sheets.Refusal, ...] = ()
    refused_rows: int = 0
    flaws: tuple[Flaw, ...] = ()
    committed: bool = False
    commit: int | None = None
    source_id: str = ""
    examples: tuple[dict[str, object], ...] = field(default=())


#: What is done in the transaction of an import, with its report.
Also = Callable[[sa.Connection, Report], None]


def import_sheet(
    workspace: Workspace,
    packs: PackSet,
    book: str,
    content: bytes,
    origin: Origin,
    *,
    scope: Scope,
    sheet: str | None = None,
    mapping: sheets.Mapping | None = None,
    dry_run: bool = False,
    also: Also | None = None,
) -> Report:
    """Take a sheet into a book.

    The mapping is the one given, else one saved for the same head, else the suggested one. A file with a refused
    row is refused whole: the report lists every refusal and nothing is written. A figure that is there already
    is left alone; one that differs corrects the older row, which stays. The same file twice changes nothing.
    A subject out of scope is refused in the same words as one that is not registered. `also` runs in the transaction
    that makes the rows visible, before its audit entry; where nothing changes it does not run.
    Raises IMP-001 (unreadable) and IMP-002 (a column that is needed has no source, or two columns are the figure).
    """
    schema = schema_of(book, packs)
    with reading(workspace.engine) as db:
        saved = [sheets.Mapping.from_json(m) for m in store.mappings(db, schema.id)]
        names = directory(db, scope.for_writing(), workspace.clock())
        now = workspace.clock()
        regions = subject_ids(db, scope.for_writing(), "region", now)
    table = sheets.read_sheet(content, name=origin.file_name, sheet=sheet)
    guessed, guesses = sheets.suggest_mapping(table, schema, saved)
    if mapping is None:
        figures = [f for f in schema.fields if f.kind == "decimal"]
        sheets.refuse_rivals(table, guesses, figures, "Name one in a mapping (--mapping), or keep one of them.")
    used = mapping or guessed
    checked = sheets.check_rows(table, used, schema)
    rows, refusals = _resolved(checked, book, names, regions, packs, now.date())
    refused_rows = {r.row for r in refusals}
    report = Report(
        book, origin.file_name, used, guesses, checked.data_rows, skipped=len(checked.skipped),
        refusals=tuple(refusals), refused_rows=len(refused_rows), flaws=tuple(checked.flaws),
    )  # fmt: skip
    if refusals:
        return report
    source = SourceEntry(
        origin.file_name, workspace.blobs.put(content) if not dry_run else "", table.sheet or "", origin.publisher,
        origin.document, origin.licence, origin.url, origin.synthetic,
    )  # fmt: skip
    entries = [_entry(r, book, origin, now) for r in rows]
    if dry_run:
        return _compared(report, _against(workspace, entries, workspace.clock()))
    # what is there is looked up under the lease: no other import can come in between
    with workspace.lake.lease(BOOK_ENTRIES.name) as lease:
        change = _against(workspace, entries, workspace.clock())
        why = origin.reason or origin.document or origin.file_name
        return _commit(workspace, _compared(report, change), source, change, lease, scope.principal, now, why, also)


@dataclass(frozen=True, slots=True)
class _Row:
    number: int
    subject: str
    period: Period
    values: dict[str, Any]
    state: str


def _resolved(
    checked: sheets.Checked, book: str, names: Directory, regions: Collection[str], packs: PackSet, today: date
) -> tuple[list[_Row], list[sheets.Refusal]]:
    """Rows with their subject on the period's last day, and all refusals in the order of the file."""
    refusals = list(checked.refusals)
    rows: list[_Row] = []
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
        if book != "output" and found in regions and item.values.get("extent") is None:
            refusals.append(sheets.Refusal(item.row, checked.letters.get("extent", ""), "", "extent", "", _NO_EXTENT))
            continue
        whole_unit = found not in regions and item.values.get("extent") == "whole"
        wrong = (
            ("extent", _UNIT_WHOLE) if whole_unit
            else ("period", _AHEAD) if period.start > today
            else ("unit", _WRONG_UNIT) if not _fits(book, item.values, packs)
            else None
        )  # fmt: skip
        row = _Row(item.row, found, period, dict(item.values), states.get(index, "ok"))
        natural = tuple(_natural(row, book)[k] for k in _NATURAL)
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


def _natural(row: _Row, book: str) -> dict[str, object]:
    """What tells one figure of a book from another."""
    v = row.values
    return {
        "book": book, "subject_id": row.subject, "period_key": row.period.key, "item": v["item"],
        "role": v.get("role") or ("consumption" if book == "energy" else book), "extent": v.get("extent") or "own",
        "price_base": v.get("price_base"),
    }  # fmt: skip


def _entry(row: _Row, book: str, origin: Origin, now: datetime) -> dict[str, object]:
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


@dataclass(frozen=True, slots=True)
class _Change:
    fresh: list[dict[str, object]]
    corrected: list[dict[str, object]]
    unchanged: int
    #: What stood before, by the id of its entry.
    before: dict[str, dict[str, Any]] = field(default_factory=dict)
    backwards: list[dict[str, object]] = field(default_factory=list)


def _compared(report: Report, change: _Change) -> Report:
    return replace(
        report, fresh=len(change.fresh), corrected=len(change.corrected), unchanged=change.unchanged,
        flaws=(*report.flaws, *_backwards(report.file_name, change.backwards)),
        examples=tuple(change.corrected[:_EXAMPLES] or change.fresh[:_EXAMPLES]),
    )  # fmt: skip


def _backwards(file_name: str, rows: Sequence[dict[str, object]]) -> Iterator[Flaw]:
    """That corrections were published before the figures which they take the place of."""
    if not rows:
        return
    n, first = len(rows), rows[0]
    yield Flaw(
        "older_than_corrected", "warn", file_name,
        f"{n} 条更正的公布日早于所更正的数 ({n} corrections were known before the figures that they correct)",
        {"count": n, "rows": [r["source_row"] for r in rows[:5]], "known_on": first["known_on"]},
        "核对 --known-on；文件较旧时不要用它更正 (check --known-on; do not correct a newer figure from an older file)",
    )  # fmt: skip


def _against(workspace: Workspace, entries: Sequence[dict[str, object]], now: datetime) -> _Change:
    """Entries that are new, those that correct an older one, and how many are there already."""
    standing = _standing(workspace, {str(e["subject_id"]) for e in entries}, now)
    change = _Change([], [], 0)
    unchanged = 0
    for e in entries:
        old = standing.get(tuple(e[k] for k in _NATURAL))
        if old is None:
            change.fresh.append(e)
        elif (old["quantity"], old["unit"], old["basis"]) == (_six(e["quantity"]), e["unit"], e["basis"]):
            unchanged += 1
        else:
            change.corrected.append({**e, "corrects": old["entry_id"]})
            change.before[old["entry_id"]] = old
            if old["known_on"] > e["known_on"]:
                change.backwards.append(e)
    return replace(change, unchanged=unchanged)


def _six(value: object) -> Decimal | None:
    return value.quantize(Decimal("0.000001")) if isinstance(value, Decimal) else None


def _standing(workspace: Workspace, subjects: set[str], now: datetime) -> dict[tuple[object, ...], dict[str, Any]]:
    files = workspace.lake.files(BOOK_ENTRIES, now)
    if not files:
        return {}
    with DuckDB() as engine:
        engine.bind_files("entries", files, BOOK_ENTRIES.arrow_schema)
        engine.bind("wanted", pa.table({"subject_id": sorted(subjects)}))
        rows = engine.run(
            f"SELECT entry_id, quantity, unit, basis, known_on, {', '.join(_NATURAL)} FROM entries"
            " SEMI JOIN wanted USING (subject_id)"
            " WHERE entry_id NOT IN (SELECT corrects FROM entries WHERE corrects IS NOT NULL)"
        )
    return {tuple(r[k] for k in _NATURAL): r for r in rows.to_pylist()}


def _commit(
    workspace: Workspace,
    report: Report,
    source: SourceEntry,
    change: _Change,
    lease: Lease,
    principal: str,
    now: datetime,
    reason: str,
    then: Also | None,
) -> Report:
    entries = [*change.fresh, *change.corrected]
    if not entries:
        return replace(report, committed=True)
    # the same file may come again after others: what it changes then is another import
    what = [digest(*(str(e[k]) for k in (*_NATURAL, "quantity", "corrects"))) for e in entries]
    import_id = f"i_{digest('import', report.book, source.sha256, source.sheet, *what)}"
    for e in entries:
        e["entry_id"] = f"e_{digest(import_id, *(str(e[k]) for k in _NATURAL))}"
    # a transaction of its own: a source without entries claims nothing
    with writing(workspace.engine) as db:
        source_id = record_source(db, source, now, principal=principal)
    rows = BOOK_ENTRIES.from_rows([{**e, "source_id": source_id} for e in entries])

    def also(connection: sa.Connection, commit: Commit) -> None:
        if then:
            then(connection, replace(report, committed=True, commit=commit.sequence, source_id=source_id))
        _register(connection, report, source, source_id, import_id, commit, principal, now)
        record_corrections(
            connection, change.corrected, change.before, import_id=import_id, reason=reason, principal=principal, at=now
        )

    done = workspace.lake.commit(
        BOOK_ENTRIES, rows, lease, token=import_id, principal=principal, note=report.file_name, recorded_at=now,
        also=also,
    )  # fmt: skip
    return replace(report, committed=True, commit=done.sequence, source_id=source_id)


def _register(
    db: sa.Connection,
    report: Report,
    source: SourceEntry,
    source_id: str,
    import_id: str,
    commit: Commit,
    principal: str,
    now: datetime,
) -> None:
    """In the transaction of the commit: the batch, the mapping for next time, the audit entry."""
    db.execute(
        store.import_batch.insert().values(
            import_id=import_id, book=report.book, source_id=source_id, file_name=report.file_name,
            sha256=source.sha256, fresh=report.fresh, corrected=report.corrected, unchanged=report.unchanged,
            skipped=report.skipped, commit_sequence=commit.sequence, principal=principal, recorded_at=now,
        )
    )  # fmt: skip
    if report.mapping.signature:
        store.save_mapping(db, report.book, report.mapping.signature, report.mapping.to_json(), now, principal)
    detail = {"file": report.file_name, "sha256": source.sha256, "new": report.fresh, "corrected": report.corrected}
    record(db, at=now, principal=principal, action=f"import.{report.book}", obj=import_id, detail=detail)


def describe(report: Report) -> Iterator[tuple[str, int]]:
    """Counts in the order in which they are shown."""
    yield from (
        ("rows", report.rows), ("new", report.fresh), ("corrected", report.corrected), ("unchanged", report.unchanged),
        ("skipped", report.skipped), ("refused", report.refused_rows),
    )  # fmt: skip
