"""Documents handed up (文件解读): kept, read at once or by a worker, and read again; earlier decisions are carried.

Whoever may review documents does so for those of their own region. Several versions of one document, known by its
number or named by whoever hands it up, are a series.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from shuangkong.app import document_store as store
from shuangkong.app.document_kept import keep, kept
from shuangkong.app.document_store import DocumentRow, Entry, not_there
from shuangkong.app.document_values import Found, made_entry, read_entries, remembered
from shuangkong.app.limits import limit, read_bounds
from shuangkong.app.publishing import lies_within, within
from shuangkong.engine.api import Workspace, jobs, reading, record, writing
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Label
from shuangkong.kernel.scope import Scope
from shuangkong.policy.api import (
    NATION,
    ReadAsked,
    Reading,
    Version,
    carried,
    find_words,
    version_in,
)
from shuangkong.registry.api import subjects_seen
from shuangkong.webkit.api import business_day

_READING = Label("读文件", "read the document")


@dataclass(frozen=True, slots=True)
class Handed:
    """What somebody hands up: the file, the code of the region it is reviewed for, the series it continues.

    apart: a stranger's file is read by a process of its own; one that ships with the program need not be.
    """

    content: bytes
    file_name: str
    region: str = ""
    version_of: str = ""
    synthetic: bool = False
    apart: bool = True


def regions_of(workspace: Workspace, scope: Scope) -> Mapping[str, Label]:
    """Names by code of the regions in which somebody may review documents; the nation for who may see everything."""
    at = workspace.clock()
    with reading(workspace.engine) as db:
        table = subjects_seen(db, scope.for_writing(), at, day=business_day(at), kind="region")
    rows = table.select(["code", "name_zh", "name_en"]).to_pylist()
    found = {r["code"]: Label(r["name_zh"] or r["code"], r["name_en"]) for r in rows if r["code"]}
    return ({NATION: Label("全国", "the nation")} if scope.unrestricted else {}) | dict(sorted(found.items()))


def hand_up(workspace: Workspace, scope: Scope, handed: Handed) -> str:
    """Keep a document and read it, or have a large one read by a worker; gives its id.

    READ-001 to READ-003 for a file that cannot be read, READ-006 where no region is given or found or the same text is
    there already, READ-005 and SCOPE-001 for a series or a region outside the scope.
    """
    version = None
    if len(handed.content) <= limit("read_at_once_bytes"):
        asked = ReadAsked(handed.file_name, signs=limit("read_at_once_signs"))
        version = version_in(handed.content, asked, read_bounds() if handed.apart else None)
    region = handed.region or _region_of(workspace, scope, version)
    blob = workspace.blobs.put(handed.content)
    at = workspace.clock()
    with writing(workspace.engine) as db:
        within(db, scope, region, at)
        same = store.document_rows(db, original=blob, region=region)
        if same:
            raise UserError(
                "READ-006", "the same file was handed up before.", where=handed.file_name, case="same",
                remedy="Open it in the list of documents.", facts={"title": same[0].title},
            )  # fmt: skip
        row = DocumentRow(
            document_id=store.new_id("doc"), series="", version=1, region=region, title=handed.file_name,
            doc_number=None, file_name=handed.file_name, original=blob, content=None, signs=None, reason=None,
            synthetic=handed.synthetic, job_id=None, proposal_id=None, uploaded_by=scope.principal, uploaded_at=at,
            read_at=None,
        )  # fmt: skip
        series = _series(db, scope, handed.version_of, at) if handed.version_of else ""
        row = replace(row, series=series or row.document_id, version=_next_version(db, series) if series else 1)
        store.add_document(db, **{k: getattr(row, k) for k in DocumentRow.__dataclass_fields__})
        record(
            db, at=at, principal=scope.principal, action="document.upload", obj=row.document_id,
            detail={"file": handed.file_name, "sha256": blob, "region": region},
        )  # fmt: skip
        # another document of the same file may just have been deleted, and the file with it
        workspace.blobs.put(handed.content)
        if version is None:
            _ask(db, workspace, scope, row)
        else:
            settle(db, workspace, row, version, at=at, principal=scope.principal, chosen=bool(series))
    return row.document_id


def _region_of(workspace: Workspace, scope: Scope, version: Version | None) -> str:
    """The region that the document names, if it lies in the scope; else the one that the reader is appointed for."""
    mine = regions_of(workspace, scope)
    named = [d.region for d in version.reading.documents if d.region] if version else []
    for name in named:
        found = [code for code, label in mine.items() if label.zh == name]
        if len(found) == 1:
            return found[0]
    if scope.kind == "region" and scope.subject:
        at = workspace.clock()
        with reading(workspace.engine) as db:
            table = subjects_seen(db, scope.for_writing(), at, day=business_day(at), kind="region")
        own = [r["code"] for r in table.to_pylist() if r["subject_id"] == scope.subject and r["code"]]
        if own:
            return str(own[0])
    raise UserError(
        "READ-006", "it is not said for which region the document is reviewed.", where="region", case="region",
        remedy="Give the code of the region.",
    )  # fmt: skip


def _series(db: sa.Connection, scope: Scope, document_id: str, at: datetime) -> str:
    return seen(db, scope, document_id, at).series


def _next_version(db: sa.Connection, series: str) -> int:
    return max((d.version for d in store.document_rows(db, series=series)), default=0) + 1


def _ask(db: sa.Connection, workspace: Workspace, scope: Scope, row: DocumentRow) -> None:
    about = {"document": row.document_id, "file": row.file_name}
    job = jobs.enqueue(db, READ, about, scope=scope, at=workspace.clock())
    store.change_document(db, row.document_id, job_id=job.job_id)


def seen(db: sa.Connection, scope: Scope, document_id: str, at: datetime) -> DocumentRow:
    """A document in the reader's scope; READ-005, also where it lies outside."""
    found = store.document_rows(db, document_id=document_id)
    if not found or not lies_within(db, scope, found[0].region, at):
        raise not_there(document_id)
    return found[0]


def documents_seen(db: sa.Connection, scope: Scope, at: datetime, **wanted: Any) -> list[DocumentRow]:
    """The documents of regions in the scope, newest first; only those whose columns have the wanted values."""
    rows = store.document_rows(db, **wanted)
    mine = {r: lies_within(db, scope, r, at) for r in {d.region for d in rows}}
    return [d for d in rows if mine[d.region]]


def settle(
    db: sa.Connection,
    workspace: Workspace,
    row: DocumentRow,
    version: Version,
    *,
    at: datetime,
    principal: str,
    chosen: bool = False,
) -> DocumentRow:
    """Keep what was read: title and number, the series by the same number unless it was chosen, and the entries."""
    about = main_document(version.reading)
    row = replace(
        row, title=about.title or row.title, doc_number=about.doc_number, content=_kept(workspace, version),
        signs=len(version.cleaned.original), reason=version.reading.reason, read_at=at,
    )  # fmt: skip
    again = bool(store.entries_of(db, row.document_id))
    if not again and not chosen and row.series == row.document_id and row.doc_number:
        row = _after_same_number(db, row)
    fresh = list(read_entries(row, version.cleaned, version.reading))
    own = store.entries_of(db, row.document_id)
    if own:
        _read_again(db, own, fresh)
    else:
        store.add_entries(db, _from_before(db, row, version, fresh))
    keep(workspace.root, row.content or "", version)
    names = ("series", "version", "title", "doc_number", "content", "signs", "reason", "read_at")
    store.change_document(db, row.document_id, **{k: getattr(row, k) for k in names})
    record(
        db, at=at, principal=principal, action="document.read", obj=row.document_id,
        detail={"file": row.file_name, "sha256": row.content, "entries": len(fresh)},
    )  # fmt: skip
    return row


def main_document(found: Reading) -> Any:
    """The document of a file that the rest goes with: its first instrument, else its first."""
    return next((d for d in found.documents if d.kind == "instrument"), found.documents[0])


def _kept(workspace: Workspace, version: Version) -> str:
    return workspace.blobs.put(version.cleaned.original.encode())


def _after_same_number(db: sa.Connection, row: DocumentRow) -> DocumentRow:
    """The next version of the newest document of this number and region, if there is one."""
    number = _bare(row.doc_number or "")
    before = [
        d for d in store.document_rows(db, region=row.region)
        if d.document_id != row.document_id and d.doc_number and _bare(d.doc_number) == number
    ]  # fmt: skip
    return replace(row, series=before[0].series, version=_next_version(db, before[0].series)) if before else row


def _bare(number: str) -> str:
    """A document's number without what different prints of it write differently."""
    return re.sub(r"[〔〕\[\]()（）［］【】\s第]", "", number)


def _read_again(db: sa.Connection, own: Sequence[Entry], fresh: Sequence[Entry]) -> None:
    """Put what the reader says now beside what was decided; what nobody decided on and is not found any more goes."""
    pairs = carried([remembered(e) for e in own], [remembered(e) for e in fresh])
    for j, e in enumerate(fresh):
        old = own[pairs[j]] if j in pairs else None
        if old is None:
            store.add_entries(db, [e])
        elif list(pairs.values()).count(pairs[j]) > 1:
            store.add_entries(db, [carry(old, e)])
        else:
            places = ("part", "clause", "quote", "start_at", "end_at", "words", "context", "confidence", "unsure")
            now = {k: getattr(e, k) for k in places}
            store.put_entry(db, replace(old, read=None if old.state == "added" else e.read, **now))
    used = set(pairs.values())
    store.drop_entries(db, (e.entry_id for i, e in enumerate(own) if i not in used and e.state == "candidate"))


def _from_before(db: sa.Connection, row: DocumentRow, version: Version, fresh: Sequence[Entry]) -> list[Entry]:
    """The entries of a new version with the decisions of the one before it."""
    old = before(db, row)
    if old is None:
        return list(fresh)
    known = [e for e in store.entries_of(db, old.document_id) if e.state != "candidate"]
    pairs = carried([remembered(e) for e in known], [remembered(e) for e in fresh])
    made = [carry(known[pairs[j]], e) if j in pairs else e for j, e in enumerate(fresh)]
    added = (e for i, e in enumerate(known) if e.state == "added" and i not in pairs.values())
    return [*made, *(again for e in added if (again := _added_again(row, version, e)) is not None)]


def before(db: sa.Connection, row: DocumentRow) -> DocumentRow | None:
    """The version before a document that has been read, if there is one.

    One of another region is none: who reviews here need not see what is reviewed there.
    """
    series = [
        d for d in store.document_rows(db, series=row.series)
        if d.version < row.version and d.content and d.region == row.region
    ]  # fmt: skip
    return max(series, key=lambda d: d.version, default=None)


def carry(old: Entry, new: Entry) -> Entry:
    """A new entry with what was decided of an old one (沿用).

    What was accepted or corrected stays open where the reader now says something else than it said then: a year that is
    carried over may be another in the new version.
    """
    if old.state in ("accepted", "corrected") and old.read != new.read:
        return replace(new, carried_from=old.entry_id)
    return replace(
        new, state=old.state, held=old.held, reason=old.reason, carried_from=old.entry_id, decided_by=old.decided_by,
        decided_at=old.decided_at, read=None if old.state == "added" else new.read,
    )  # fmt: skip


def _added_again(row: DocumentRow, version: Version, old: Entry) -> Entry | None:
    """What a person had added, where its words stand in the new version too: in its clause first."""
    cleaned = version.cleaned
    spans = [(d, c) for d in version.reading.documents for c in d.clauses]
    spans.sort(key=lambda x: x[1].id != old.clause)
    for part, clause in spans:
        at = find_words(cleaned, clause.start, clause.end, old.words)
        if at is not None:
            first, last = cleaned.span(*at)
            place = Found(part.number, clause.id, cleaned.original[first:last], first, last)
            return carry(old, made_entry(row, cleaned, place, old.kind, None, confidence=old.confidence))
    return None


def read_again(workspace: Workspace, scope: Scope, document_id: str) -> None:
    """Read a document again, with the reader as it is now; decisions stay. READ-005; READ-006 while it is not read."""
    with reading(workspace.engine) as db:
        row = seen(db, scope, document_id, workspace.clock())
    version = _read_apart(workspace, row)
    with writing(workspace.engine) as db:
        at = workspace.clock()
        row = seen(db, scope, document_id, at)
        settle(db, workspace, row, version, at=at, principal=scope.principal)


def version_of(workspace: Workspace, row: DocumentRow) -> Version:
    """The text of a document put in order, and what was found in it when it was read; READ-006 while it is not read."""
    if row.content is None:
        raise waiting(row)
    found = kept(workspace.root, row.content)
    if found is None:
        found = _read_apart(workspace, row)
        keep(workspace.root, row.content, found)
    return found


def waiting(row: DocumentRow) -> UserError:
    """READ-006 for a document that is not read yet."""
    return UserError(
        "READ-006", "the document is not read yet.", where=row.document_id, case="waiting",
        remedy="Wait for its job, or look there why it failed.",
    )  # fmt: skip


def _read_apart(workspace: Workspace, row: DocumentRow) -> Version:
    """What the reader as it is now finds in the text of a document; READ-006 while it has none."""
    if row.content is None:
        raise waiting(row)
    found = version_in(workspace.blobs.get(row.content), ReadAsked(row.file_name, text=True), read_bounds())
    assert found is not None
    return found


def _read(job: jobs.JobContext, arguments: Mapping[str, Any]) -> None:
    """Read a large document, with the scope of who handed it up; its entries and the job's end are one transaction."""
    job.progress(_READING, 0, 1)
    workspace = job.workspace
    with reading(workspace.engine) as db:
        row = seen(db, job.scope, arguments["document"], workspace.clock())
    version = version_in(workspace.blobs.get(row.original), ReadAsked(row.file_name), read_bounds())
    assert version is not None

    def end(db: sa.Connection) -> jobs.Outcome:
        at = workspace.clock()
        now = seen(db, job.scope, row.document_id, at)
        done = settle(db, workspace, now, version, at=at, principal=job.job.principal, chosen=now.version > 1)
        return jobs.Outcome({"document": done.document_id, "title": done.title})

    job.finish_with(end)


READ = jobs.Kind("read", Label("读文件", "read a document"), _read, resumable=True)
