"""Imports (导入): the four steps of a new one: file, columns, check, commit."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Form, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData

from shuangkong.accounting.api import allowed_uses
from shuangkong.app import import_drafts as drafts
from shuangkong.app import import_mending as mending
from shuangkong.app.import_drafts import Fix, ImportDraft
from shuangkong.app.jobs import action_of_book, ask_import
from shuangkong.app.upkeep import give_up
from shuangkong.app.web import imports as m
from shuangkong.app.web.context import Asked, Asks
from shuangkong.app.web.imports_columns import columns_of
from shuangkong.app.web.imports_steps import (
    STEPS,
    check_job,
    checked_page,
    columns_page,
    file_page,
    form_of,
    open_draft,
    own_draft,
)
from shuangkong.engine.api import jobs, record, writing
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Label
from shuangkong.registry.api import sheets
from shuangkong.webkit.api import FieldError, Filled, business_day, require

router = APIRouter(include_in_schema=False)
Writes = Annotated[Asked, Depends(Asks("import.write"))]
Text = Annotated[str, Form(max_length=400)]
_LONGEST_NAME = 120


@router.get("/imports/new")
def new(a: Writes, book: Annotated[str, Query(max_length=20)] = "") -> HTMLResponse:
    """The first step: the file, and where it comes from."""
    first = {"book": book, "known_on": business_day(a.workspace.clock()).isoformat()}
    if a.workspace.demo:
        first["synthetic"] = "1"
    return file_page(a, form_of(a).empty(**{k: v for k, v in first.items() if v}))


@router.post("/imports/new")
async def upload(a: Writes) -> Response:
    """Keep the file and go on to its columns, or say what is wrong with it and keep nothing."""
    async with a.request.form() as form:
        filled = form_of(a).parse(form.multi_items())
        content = await filled.values["file"].read() if filled.good else b""
    return await run_in_threadpool(_taken if filled.good else _not_taken, a, filled, content)


def _taken(a: Asked, filled: Filled, content: bytes) -> Response:
    given = filled.values
    require(a.who, action_of_book(given["book"]))
    name = plain_name(given["file"].filename or "")
    if len(content) > form_of(a)["file"].bytes_:
        return file_page(a, filled.refused(file=FieldError("field_error.file_large", {"size": "20 MB"})))
    try:
        seen = m.look(content, name, given["sheet"] or "")
    except UserError as wrong:
        return file_page(a, filled, wrong)
    sha256 = a.workspace.blobs.put(content)
    with writing(a.workspace.engine) as db:
        draft = drafts.add_draft(
            db, a.who.principal, a.workspace.clock(), book=given["book"], file_name=name, original=sha256,
            sheet=given["sheet"] or "", header_row=None, rows=seen.rows, publisher=given["publisher"],
            document=given["document"], known_on=given["known_on"], synthetic=bool(given["synthetic"]),
            use=allowed_uses(",".join(given["use"] or ())), mapping=None, check_job=None, commit_job=None,
        )  # fmt: skip
        # another import of the same file may just have been given up, and the file with it
        a.workspace.blobs.put(content)
    return _to(draft, "columns")


def _not_taken(a: Asked, filled: Filled, _content: bytes) -> Response:
    return file_page(a, filled)


def plain_name(sent: str) -> str:
    """The name of an uploaded file without folders and marks that do not print; its ending stays."""
    last = sent.replace("\\", "/").rpartition("/")[2]
    shown = "".join(c for c in unicodedata.normalize("NFC", last) if c.isprintable()).strip(" .")
    stem, _, ending = shown.rpartition(".")
    return f"{stem[: _LONGEST_NAME - len(ending) - 1]}.{ending}" if stem else f"file.{ending or 'csv'}"


@router.get("/imports/{draft_id}")
def step(a: Writes, draft_id: str, step: Annotated[str, Query(max_length=10)] = "") -> HTMLResponse:
    """One import at the step of the address, else at the first that is not done."""
    draft = own_draft(a, draft_id)
    wanted = step if step in STEPS[1:] else ("check" if draft.mapping else "columns")
    if wanted == "columns" or draft.mapping is None:
        return columns_page(a, draft)
    return checked_page(a, draft, wanted)


@router.post("/imports/{draft_id}/sheet")
def other_sheet(a: Writes, draft_id: str, sheet: Text = "", header_row: Text = "") -> Response:
    """Look at another sheet of the file, or take another row for the head: the columns are chosen anew."""
    row = int(header_row) if header_row.strip().isdecimal() and len(header_row) < 8 else None
    with writing(a.workspace.engine) as db:
        draft = open_draft(a, db, draft_id)
        other = replace(draft, sheet=sheet, header_row=row)
        seen = m.preview(a.workspace, other)
        if row is not None and not row <= min(seen.rows, m.LOOKED_AT):
            raise UserError("FORM-001", f"the sheet has no row {row} for the head.", where="header_row",
                            remedy="Give the row with the names of the columns.", case="head_row",
                            facts={"row": row})  # fmt: skip
        drafts.change_draft(db, draft, a.workspace.clock(), sheet=sheet, header_row=row, rows=seen.rows, mapping=None,
                            check_job=None)  # fmt: skip
    return _to(draft_id, "columns")


@router.post("/imports/{draft_id}/columns")
async def columns(a: Writes, draft_id: str) -> Response:
    """Keep what the columns are, and check; what is still missing is said beside it."""
    async with a.request.form() as form:
        texts = texts_of(form)
    return await run_in_threadpool(_columns_told, a, draft_id, texts)


def _columns_told(a: Asked, draft_id: str, form: Mapping[str, str]) -> Response:
    draft = own_draft(a, draft_id)
    chosen = columns_of(a.workspace, draft, form)
    if chosen.wrong:
        return columns_page(a, draft, chosen)
    with writing(a.workspace.engine) as db:
        draft = open_draft(a, db, draft_id)
        _to_check(a, db, replace(draft, mapping=chosen.mapping))
    return _to(draft_id, "check")


def _to_check(a: Asked, db: sa.Connection, draft: ImportDraft) -> None:
    """Keep a draft whose file or columns were changed; a large one is checked by a job."""
    job = _asked(a, db, draft, dry_run=True) if draft.rows > m.CHECKED_AT_ONCE else None
    drafts.change_draft(
        db, draft, a.workspace.clock(), content=draft.content, sheet=draft.sheet, header_row=draft.header_row,
        fixes=drafts.fixes_text(draft.fixes), mapping=draft.mapping.to_json() if draft.mapping else None,
        check_job=job.job_id if job else None,
    )  # fmt: skip


def _asked(a: Asked, db: sa.Connection, draft: ImportDraft, *, dry_run: bool, reason: str = "") -> jobs.Job:
    """The job of a draft: the same file and columns are one job, however often the button is pressed."""
    key = f"{'check' if dry_run else 'import'}:{draft.draft_id}:{draft.chosen}"
    return ask_import(
        db, draft.book, draft.content, replace(draft.origin(), reason=reason), scope=a.scope, clock=a.workspace.clock,
        sheet=draft.sheet or None, mapping=draft.mapping, dry_run=dry_run, key=key,
    )  # fmt: skip


@router.post("/imports/{draft_id}/mend")
async def mend(a: Writes, draft_id: str) -> Response:
    """Put refused cells right in a copy of the file, and check again."""
    async with a.request.form() as form:
        texts = texts_of(form)
    return await run_in_threadpool(_mended, a, draft_id, texts)


def _mended(a: Asked, draft_id: str, form: Mapping[str, str]) -> Response:
    draft = own_draft(a, draft_id)
    if form.get("chosen") != draft.chosen or draft.mapping is None:
        raise UserError("FORM-001", "the import was changed meanwhile.", where="chosen", remedy="Open the check again.",
                        case="changed")  # fmt: skip
    check = m.check_now(a.workspace, draft, a.scope) if draft.rows <= mending.MOST_ROWS else None
    if check is None:
        raise UserError("FORM-001", f"a file of over {mending.MOST_ROWS} rows is not mended on a page.", where="rows",
                        remedy="Mend it in the spreadsheet program and begin a new import.", case="many_rows",
                        facts={"most": mending.MOST_ROWS})  # fmt: skip
    fixes, left_out = _fixes(form, check)
    if not fixes and not left_out:
        return _to(draft_id, "check")
    whole = sheets.read_sheet(a.workspace.blobs.get(draft.content), name=draft.called, sheet=draft.sheet or None)
    texts = {(f.row, f.column): f.new for f in fixes}
    try:
        made = mending.mend(whole, draft.mapping, m.schema_for(a.workspace, draft.book), texts, left_out)
    except UserError as wrong:
        return checked_page(a, draft, "check", wrong)
    content = a.workspace.blobs.put(made.content)
    told = (*fixes, *(Fix(row, "", "", "") for row in left_out))
    with writing(a.workspace.engine) as db:
        now = open_draft(a, db, draft_id)
        detail = {"file": draft.called, "sha256": content, "fixes": [[f.row, f.column, f.old, f.new] for f in told]}
        record(db, at=a.workspace.clock(), principal=a.who.principal, action="import.mend", obj=draft_id, detail=detail)
        changed = replace(now, content=content, mapping=made.mapping, sheet="", fixes=(*now.fixes, *told),
                          header_row=made.mapping.header_row)  # fmt: skip
        _to_check(a, db, changed)
        a.workspace.blobs.put(made.content)
    return _to(draft_id, "check")


def _fixes(form: Mapping[str, str], check: m.Check) -> tuple[tuple[Fix, ...], tuple[int, ...]]:
    """Cells that were put right and rows to leave out: only such as were refused."""
    rows = sorted({int(r["row"]) for r in check.refusals})
    left_out = tuple(row for row in rows if form.get(f"out-{row}"))
    fixes = {}
    for r in check.refusals:
        name = f"cell-{r['row']}-{r['column']}"
        said = form.get(name)
        if r["column"] and said is not None and said.strip() != r["value"].strip() and r["row"] not in left_out:
            fixes[name] = Fix(int(r["row"]), r["column"], r["value"], said.strip())
    return tuple(fixes.values()), left_out


@router.post("/imports/{draft_id}/commit")
def commit(a: Writes, draft_id: str, chosen: Text = "", reason: Text = "") -> Response:
    """Ask for the import as a job; pressed twice it is one. `reason` says why figures are corrected, and must."""
    if not reason.strip() and (wrong := _no_reason(a, own_draft(a, draft_id), chosen)):
        return checked_page(a, own_draft(a, draft_id), "commit", wrong)
    with writing(a.workspace.engine) as db:
        draft = drafts.draft_of(db, a.who.principal, draft_id, lock=True)
        require(a.who, action_of_book(draft.book))
        if draft.mapping is None or chosen != draft.chosen:
            raise UserError("FORM-001", "the import was changed meanwhile.", where="chosen",
                            remedy="Open the check again.", case="changed")  # fmt: skip
        job = _asked(a, db, draft, dry_run=False, reason=reason.strip())
        drafts.change_draft(db, draft, a.workspace.clock(), commit_job=job.job_id)
    return RedirectResponse(f"/jobs/{job.job_id}", status_code=303)


def _no_reason(a: Asked, draft: ImportDraft, chosen: str) -> UserError | None:
    """IMP-005 where the draft as it was shown would correct figures: its job would fail with the same."""
    if draft.mapping is None or chosen != draft.chosen:
        return None
    job = check_job(a, draft)
    check = m.as_check(job.result) if job and job.result else None if job else m.check_now(a.workspace, draft, a.scope)
    n = check.count("corrected") if check else 0
    if not n:
        return None
    return UserError(
        "IMP-005", f"{n} figures would be corrected and no reason is given.", where=draft.called,
        remedy="Say why they are corrected, then import again.", case="reason", facts={"n": n},
    )  # fmt: skip


@router.post("/imports/{draft_id}/drop")
def drop(a: Writes, draft_id: str) -> Response:
    """Give an import up; its file is deleted with it."""
    with writing(a.workspace.engine) as db:
        give_up(a.workspace, db, open_draft(a, db, draft_id))
    return RedirectResponse("/imports", status_code=303)


@router.get("/imports/{draft_id}/refusals.csv")
def refusals(a: Writes, draft_id: str) -> Response:
    """Every refused cell as a file, to be mended where the sheet was made."""
    draft = own_draft(a, draft_id)
    job = check_job(a, draft)
    if job is not None and job.result_blob:
        content = a.workspace.blobs.get(job.result_blob)
    else:
        check = m.as_check(job.result) if job and job.result else m.check_now(a.workspace, draft, a.scope)
        content = _csv(check, a)
    headers = {"Content-Disposition": f'attachment; filename="refusals-{draft_id}.csv"'}
    return Response(content, media_type="text/csv; charset=utf-8", headers=headers)


def _csv(check: m.Check, a: Asked) -> bytes:
    """Refusals of a report as CSV, in the manner of `sheets.refusals_csv`."""
    reason, remedy = f"reason_{a.language}", f"remedy_{a.language}"
    found = [
        sheets.Refusal(r["row"], r["column"], r["head"], r["field"], r["value"],
                       sheets.Reason(r["code"], Label(r[reason], r[reason]), Label(r[remedy], r[remedy])))
        for r in check.refusals
    ]  # fmt: skip
    return sheets.refusals_csv(found, a.language)


def texts_of(form: FormData) -> dict[str, str]:
    """The texts of a form."""
    return {k: v for k, v in form.multi_items() if isinstance(v, str)}


def _to(draft_id: str, step: str) -> Response:
    return RedirectResponse(f"/imports/{draft_id}?step={step}", status_code=303)
