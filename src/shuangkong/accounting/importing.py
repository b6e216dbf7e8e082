"""Importing a sheet into a book (导入): read, map, check, look at what would change, commit whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from shuangkong.accounting import store
from shuangkong.accounting.import_audit import record_corrections
from shuangkong.accounting.import_ledgers import ledger_of
from shuangkong.accounting.import_rows import NATURAL, Origin, entry_of, resolved
from shuangkong.accounting.import_standing import Change, against
from shuangkong.accounting.sheets import schema_of
from shuangkong.engine.api import Commit, Lease, Workspace, reading, record, writing
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.flaws import Flaw
from shuangkong.kernel.ids import digest
from shuangkong.kernel.periods import china_day
from shuangkong.kernel.scope import Scope
from shuangkong.policy.api import PackSet
from shuangkong.registry.api import SourceEntry, directory, record_source, sheets, subject_ids

#: Rows that a report shows of what changes; corrections before new ones.
_EXAMPLES = 20


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
    Raises IMP-001 (unreadable), IMP-002 (a column that is needed has no source, or two columns are the figure), and
    IMP-005 where figures would be corrected without `origin.reason`.
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
    rows, refusals = resolved(checked, book, names, regions, packs, china_day(now))
    refused_rows = {r.row for r in refusals}
    report = Report(
        book, origin.file_name, used, guesses, checked.data_rows, skipped=len(checked.skipped),
        refusals=tuple(refusals), refused_rows=len(refused_rows), flaws=tuple(checked.flaws),
    )  # fmt: skip
    if refusals:
        return report
    entries = [entry_of(r, book, origin, now) for r in rows]
    if dry_run:
        return _compared(report, against(workspace, entries, workspace.clock()))
    # what is there is looked up under the lease: no other import can come in between
    with workspace.lake.lease(ledger_of(book).contract.name) as lease:
        change = against(workspace, entries, workspace.clock())
        _with_reason(origin, change)
        source, why = source_of(origin, workspace.blobs.put(content), table.sheet), origin.reason.strip()
        return _commit(workspace, _compared(report, change), source, change, lease, scope.principal, now, why, also)


def _with_reason(origin: Origin, change: Change) -> None:
    """IMP-005 where figures that stand would be changed and nobody says why."""
    if change.corrected and not origin.reason.strip():
        raise UserError(
            "IMP-005", f"{len(change.corrected)} figures would be corrected and no reason is given.",
            where=origin.file_name, remedy="Say why they are corrected (--reason), then import again.",
            case="reason", facts={"n": len(change.corrected)},
        )  # fmt: skip


def source_of(origin: Origin, sha256: str, sheet: str | None) -> SourceEntry:
    """The file of an import as the source of its rows."""
    return SourceEntry(
        origin.file_name, sha256, sheet or "", origin.publisher, origin.document, origin.licence, origin.url,
        origin.synthetic,
    )  # fmt: skip


def _compared(report: Report, change: Change) -> Report:
    examples = [{**e, "before": _before(change, e)} for e in change.corrected[:_EXAMPLES]] or change.fresh[:_EXAMPLES]
    return replace(
        report, fresh=len(change.fresh), corrected=len(change.corrected), unchanged=change.unchanged,
        flaws=(*report.flaws, *_backwards(report.file_name, change.backwards)),
        examples=tuple(examples),
    )  # fmt: skip


def _before(change: Change, entry: Mapping[str, Any]) -> dict[str, object]:
    """What stood before a correction, as a report shows it."""
    old = change.before[entry["corrects"]]
    return {k: old[k] for k in ("quantity", "unit", "basis", "known_on")}


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


def _commit(
    workspace: Workspace,
    report: Report,
    source: SourceEntry,
    change: Change,
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
    what = [digest(*(str(e[k]) for k in (*NATURAL, "quantity", "corrects"))) for e in entries]
    import_id = f"i_{digest('import', report.book, source.sha256, source.sheet, *what)}"
    ledger = ledger_of(report.book)
    for e in entries:
        e["entry_id"] = f"{ledger.prefix}{digest(import_id, *(str(e[k]) for k in NATURAL))}"
    # a transaction of its own: a source without entries claims nothing
    with writing(workspace.engine) as db:
        source_id = record_source(db, source, now, principal=principal)
    rows = ledger.contract.from_rows([ledger.row({**e, "source_id": source_id}) for e in entries])

    def also(connection: sa.Connection, commit: Commit) -> None:
        if then:
            then(connection, replace(report, committed=True, commit=commit.sequence, source_id=source_id))
        _register(connection, report, source, source_id, import_id, commit, principal, now)
        record_corrections(
            connection, change.corrected, change.before, import_id=import_id, reason=reason, principal=principal, at=now
        )

    done = workspace.lake.commit(
        ledger.contract, rows, lease, token=import_id, principal=principal, note=report.file_name, recorded_at=now,
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
    store.add_batch(
        db, import_id=import_id, book=report.book, source_id=source_id, file_name=report.file_name,
        sha256=source.sha256, fresh=report.fresh, corrected=report.corrected, unchanged=report.unchanged,
        skipped=report.skipped, commit_sequence=commit.sequence, principal=principal, recorded_at=now,
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
