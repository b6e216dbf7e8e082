"""Documents under review (文件解读): the list, handing one up, the review page, and two versions side by side."""

from __future__ import annotations

from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Query
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from shuangkong.app import document_store as store
from shuangkong.app.catalogue import library
from shuangkong.app.document_comparing import ask_compare, compared
from shuangkong.app.document_publishing import indicators_called, indicators_of
from shuangkong.app.document_review import last_step, stamp
from shuangkong.app.document_store import ENTRY_STATES, KINDS, DocumentRow, Entry
from shuangkong.app.documents import (
    Handed,
    before,
    documents_seen,
    hand_up,
    regions_of,
    seen,
    version_of,
    waiting,
)
from shuangkong.app.web.context import Asked, Asks
from shuangkong.app.web.documents_forms import COMPARATORS, shown_values
from shuangkong.app.web.documents_shown import FILTERS, Choice, OnPage, on_page
from shuangkong.app.web.imports_pages import plain_name
from shuangkong.app.web.sent import Sent
from shuangkong.engine.api import jobs, reading, writing
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Label
from shuangkong.policy.api import MAX_DOCUMENT_BYTES, DraftWords, EntryChange, ReadTarget
from shuangkong.webkit.api import Filled, FormField, FormSpec, download_headers, people, wrong

#: The principal under which the demo is loaded; it is no person.
_LOADER = "demo"
router = APIRouter(include_in_schema=False)
Reads = Annotated[Asked, Depends(Asks("documents.read"))]
Reviews = Annotated[Asked, Depends(Asks("documents.review"))]
ENDINGS = (".txt", ".md", ".docx", ".pdf", ".html", ".htm")
#: Above so many regions a code is typed, and not chosen.
_CHOSEN = 200
SURE = {"high": Label("把握高", "high"), "medium": Label("把握中", "medium"), "low": Label("把握低", "low")}
FILTER_WORDS = {"kind": KINDS, "state": ENTRY_STATES, "sure": SURE, "doubt": {"1": Label("有疑点", "in doubt")}}


def upload_form(a: Asked) -> FormSpec:
    """The form to hand a document up: regions and documents of the reader's scope to choose from."""
    with reading(a.workspace.engine) as db:
        rows = documents_seen(db, a.scope, a.workspace.clock())
    newest = {d.series: d for d in sorted(rows, key=lambda d: d.version)}
    places = regions_of(a.workspace, a.scope)
    label = Label("由哪个地区解读", "Reviewed for")
    hint = Label(
        "不填则按文件中的地区名，再按您的任命地区", "left out, it is the region that the document names, else yours"
    )
    region = (
        FormField("region", label, "choice", choices=tuple(places.items()), hint=hint)
        if len(places) <= _CHOSEN
        else FormField("region", label, "code", length=6, hint=hint)
    )
    versions = tuple((d.document_id, Label(f"{d.title} {d.doc_number or ''}".strip(), None)) for d in newest.values())
    return FormSpec(
        "document",
        Label("上传文件", "Hand up a document"),
        (
            FormField(
                "file", Label("文件", "File"), "file", required=True, kinds=ENDINGS, bytes_=MAX_DOCUMENT_BYTES,
                hint=Label(
                    "txt、md、docx、html，或有文字层的 pdf；最多 20 MB",
                    "txt, md, docx, html, or pdf with a text layer; up to 20 MB",
                ),
            ),
            region,
            FormField(
                "version_of", Label("是哪份文件的新版", "A new version of"), "choice", choices=versions,
                hint=Label("文号相同的会自动认出", "the same document number is known by itself"),
            ),
            FormField("synthetic", Label("合成（虚构）文件", "synthetic (invented)"), "checkbox"),
        ),
        submit=Label("上传并读取", "Hand up and read"),
    )  # fmt: skip


@router.get("/documents")
def documents_page(a: Reads) -> HTMLResponse:
    """The documents of the reader's scope, newest first, with how far their review is; and the form."""
    return listing(a)


def listing(a: Asked, form: Filled | None = None, error: UserError | None = None) -> HTMLResponse:
    """The list, with what is wrong with an upload."""
    with reading(a.workspace.engine) as db:
        rows = documents_seen(db, a.scope, a.workspace.clock())
        counts = store.counts_of(db, [d.document_id for d in rows])
        jobs_of = {d.document_id: _job(db, a, d) for d in rows if d.content is None}
    first = {"synthetic": "1"} if a.workspace.demo else {}
    offered = form or (upload_form(a).empty(**first) if a.may("documents.review") else None)
    return a.page(
        "documents.html", a.view(), status=400 if error or (form and not form.good) else 200, rows=rows, counts=counts,
        waiting=jobs_of, form=offered, error=error, names=names_of(a), places=_places(a, rows),
        total=lambda d: sum(counts.get(d.document_id, {}).values()),
        done=lambda d: sum(n for s, n in counts.get(d.document_id, {}).items() if s != "candidate"),
    )  # fmt: skip


def _job(db: Any, a: Asked, row: DocumentRow) -> jobs.Job | None:
    try:
        return jobs.job_seen(db, a.scope, row.job_id) if row.job_id else None
    except UserError:
        # somebody else's: it is not shown, but that it runs may be said
        return None


def _places(a: Asked, rows: list[DocumentRow]) -> dict[str, Label]:
    view = a.view()
    known = view.by_code if view else {}
    return {d.region: known[d.region].label for d in rows if d.region in known}


@router.post("/documents")
async def upload(a: Reviews) -> Response:
    """Keep the document and read it; what is wrong with it is said, and nothing is kept."""
    spec = await run_in_threadpool(upload_form, a)
    async with a.request.form() as sent:
        form = spec.parse(sent.multi_items())
        content = await form.values["file"].read() if form.good else b""
    return await run_in_threadpool(_taken, a, form, content)


def _taken(a: Asked, form: Filled, content: bytes) -> Response:
    if not form.good:
        return listing(a, form)
    given = form.values
    name = plain_name(given["file"].filename or "")
    handed = Handed(content, name, given["region"] or "", given["version_of"] or "", bool(given["synthetic"]))
    try:
        made = hand_up(a.workspace, a.scope, handed)
    except UserError as error:
        if error.code not in ("READ-001", "READ-002", "READ-003", "READ-006"):
            raise
        return listing(a, form, error)
    return RedirectResponse(f"/documents/{made}", 303)


@router.get("/documents/{document_id}")
def review_page(a: Reads, document_id: str) -> HTMLResponse:
    """The text by clause with its words lit up, and beside each clause what was read in it."""
    return review(a, document_id)


def review(a: Asked, document_id: str, error: UserError | None = None) -> HTMLResponse:
    """The review page, with what could not be done."""
    with reading(a.workspace.engine) as db:
        row = seen(db, a.scope, document_id, a.workspace.clock())
        entries = store.entries_of(db, row.document_id)
        series = sorted(documents_seen(db, a.scope, a.workspace.clock(), series=row.series), key=lambda d: d.version)
        step = last_step(db, row.document_id, a.scope.principal)
        earlier = before(db, row)
        lost = _lost(store.entries_of(db, earlier.document_id), entries) if earlier else []
        job = _job(db, a, row) if row.content is None else None
    if row.content is None:
        told = wrong(jobs.error_of(job.error), a.speaker) if job and job.error else None
        return a.page("document_waiting.html", a.view(), d=row, job=job, ended=jobs.ENDED, told=told)
    choice = Choice.of(a.request.query_params)
    page = on_page(version_of(a.workspace, row), entries, choice)
    return a.page(
        "document.html", a.view(), status=400 if error else 200, d=row, p=page, choice=choice, series=series,
        may=a.may("documents.review"), step=step, lost=lost, earlier=earlier, error=error, names=names_of(a),
        first=next((e for e in entries if e.state == "candidate"), None), taken=sum(e.taken for e in entries),
        quotes={e.entry_id: e for e in entries}, place=_places(a, [row]).get(row.region), **entry_words(a),
        filters=_filters(page, choice),
    )  # fmt: skip


def _lost(old: list[Entry], new: list[Entry]) -> list[Entry]:
    """What was taken in the version before and has nothing that answers to it in this one."""
    kept = {e.carried_from for e in new} | {(e.kind, e.words) for e in new}
    return [e for e in old if e.taken and e.entry_id not in kept and (e.kind, e.words) not in kept]


def _filters(page: OnPage, choice: Choice) -> list[tuple[str, list[tuple[str, Label, int, bool]]]]:
    """Each filter with its values that there are, how many of each, and which is chosen."""
    return [
        (name, [(v, FILTER_WORDS[name][v], page.counts[name].get(v, 0), choice.filters.get(name) == v)
                for v in values if page.counts[name].get(v) or choice.filters.get(name) == v])
        for name, values in FILTERS.items()
    ]  # fmt: skip


def entry_words(a: Asked) -> dict[str, Any]:
    """What the templates say of entries."""
    packs = library(workspace=a.workspace)
    known = {name: label for name, label, _ in indicators_of(packs)}
    return {
        "called": indicators_called(packs),
        "kinds": KINDS, "states": ENTRY_STATES, "sures": SURE, "comparators": COMPARATORS, "indicators": known,
        "doubts": DraftWords(a.language).doubts, "shown": shown_values, "stamp": stamp,
    }  # fmt: skip


def names_of(a: Asked) -> dict[str, str]:
    """What principals are called; the terminal and whoever is unknown are called by their principal."""
    with reading(a.workspace.engine) as db:
        found = {p.person_id: p.display or p.name for p in people(db)}
    return {_LOADER: a.speaker.say("documents.by_loader"), **found}


@router.get("/documents/{document_id}/original")
def original(a: Reads, document_id: str) -> Response:
    """The file as it was handed up, to be kept and not to be shown in the page."""
    with reading(a.workspace.engine) as db:
        row = seen(db, a.scope, document_id, a.workspace.clock())
    ending = row.file_name.rpartition(".")[2] if row.file_name.lower().endswith(ENDINGS) else "txt"
    return Response(
        a.workspace.blobs.get(row.original), media_type="application/octet-stream",
        headers=download_headers(f"document.{ending}", row.file_name),
    )  # fmt: skip


@router.get("/documents/{document_id}/versions")
def versions_page(
    a: Reads, document_id: str, other: Annotated[str, Query(alias="with", max_length=60)] = ""
) -> HTMLResponse:  # fmt: skip
    """What one version has other than another: targets and duties first, then clause by clause."""
    with reading(a.workspace.engine) as db:
        row, old = _two(db, a, document_id, other)
        series = documents_seen(db, a.scope, a.workspace.clock(), series=row.series)
    ready = [d for d in sorted(series, key=lambda d: d.version) if d.content]
    two = old is not None and old.document_id != row.document_id
    found = compared(a.workspace, old, row) if old is not None and two else None
    return a.page(
        "document_versions.html", a.view(), d=row, old=old, series=ready, found=found, comparators=COMPARATORS,
        long=two and found is None, is_target=lambda e: isinstance(e, ReadTarget), side=_side,
    )  # fmt: skip


@router.post("/documents/{document_id}/versions")
def compare(a: Reads, document_id: str, sent: Sent) -> Response:
    """Have two long versions compared by a worker."""
    other = next((v for k, v in sent if k == "with" and isinstance(v, str)), "")
    with writing(a.workspace.engine) as db:
        row, old = _two(db, a, document_id, other)
        if old is None or old.document_id == row.document_id:
            raise _not_two(other)
        job = ask_compare(db, a.workspace, a.scope, old, row)
    return RedirectResponse(f"/jobs/{job.job_id}", 303)


def _two(db: sa.Connection, a: Asked, document_id: str, other: str) -> tuple[DocumentRow, DocumentRow | None]:
    """A document and the version to compare it with, or the one before it; both have to be of one series and read."""
    at = a.workspace.clock()
    row = seen(db, a.scope, document_id, at)
    old = seen(db, a.scope, other, at) if other else before(db, row)
    if old is not None and old.series != row.series:
        raise _not_two(other)
    for one in () if old is None else (row, old):
        if one.content is None:
            raise waiting(one)
    return row, old


def _not_two(other: str) -> UserError:
    return UserError(
        "READ-006", "the two are not versions of one document.", where=other[:60], case="series",
        remedy="Choose among the versions of one document.",
    )  # fmt: skip


def _side(change: EntryChange) -> list[Any]:
    return [e for e in (change.old, change.new) if e is not None]
