"""Imports (导入): what came in, and the four steps of a new one: file, columns, check, commit."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Annotated, Any
from urllib.parse import quote

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Form, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData

from shuangkong.accounting.api import LIMITABLE, allowed_uses
from shuangkong.accounting.store import import_batch
from shuangkong.app import import_drafts as drafts
from shuangkong.app import import_mending as mending
from shuangkong.app.import_drafts import Fix, ImportDraft
from shuangkong.app.jobs import ask_import
from shuangkong.app.web import imports as m
from shuangkong.app.web.context import Asked, Asks
from shuangkong.app.web.jobs_pages import NEWEST, STATES, principals
from shuangkong.engine.api import jobs, reading, record, writing
from shuangkong.kernel.errors import CODES, UserError
from shuangkong.kernel.labels import Label
from shuangkong.kernel.scope import USE_LABELS
from shuangkong.registry.api import sheets, source_table
from shuangkong.webkit.api import (
    FieldError,
    Filled,
    Format,
    FormField,
    FormSpec,
    SelectSource,
    TableColumn,
    TableSpec,
    business_day,
    export_answer,
    parse_choices,
    require,
    table_view,
)

router = APIRouter(include_in_schema=False)
Writes = Annotated[Asked, Depends(Asks("import.write"))]
Text = Annotated[str, Form(max_length=400)]
#: Refused cells that a page offers to put right at once; the rest comes after the next check.
SHOWN = 50
STEPS = ("file", "columns", "check", "commit")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_ENDINGS = (".xlsx", ".csv")
_LONGEST_NAME = 120
_TITLES = {c.code: Label(c.zh, c.en) for c in CODES}

SPEC = TableSpec(
    "imports",
    Label("导入记录", "Imports"),
    (
        TableColumn("recorded_at", Label("时间", "When"), "instant", sortable=True, filter="range"),
        TableColumn("book", Label("账册", "Book"), filter="choice"),
        TableColumn("file_name", Label("文件", "File"), filter="contains", wrap=True),
        TableColumn("publisher", Label("提供者", "Publisher"), wrap=True),
        TableColumn("document", Label("文件名称", "Document"), wrap=True, shown=False),
        TableColumn("principal", Label("导入人", "By"), filter="choice"),
        TableColumn("fresh", Label("新增", "New"), "number", places=0, sortable=True),
        TableColumn("corrected", Label("更正", "Corrected"), "number", places=0, sortable=True),
        TableColumn("unchanged", Label("不变", "Unchanged"), "number", places=0),
        TableColumn("skipped", Label("略过", "Skipped"), "number", places=0),
        TableColumn("sha256", Label("SHA-256", "SHA-256"), shown=False),
    ),
    key=("import_id",),
    orders={"newest": ("-recorded_at",)},
    default="newest",
    search=("file_name", "publisher", "document"),
    synthetic="synthetic",
)


_USE_HINT = Label(
    "统计报表请选“统计”：不允许的用途看不到由它算出的单位数据。不选即不限定。",
    "for a statistical return choose statistics: the unit's figures are hidden from other uses; none chosen: no limit",
)


def form_of(a: Asked) -> FormSpec:
    """The form of the first step: only books that the reader may write."""
    books = tuple((b, label) for b, label in m.BOOK_NAMES.items() if b != m.UNITS or a.may("register.write"))
    return FormSpec(
        "import",
        Label("新的导入", "New import"),
        (
            FormField("book", Label("账册", "Book"), "choice", required=True, choices=books),
            FormField("file", Label("文件", "File"), "file", required=True, kinds=_ENDINGS, bytes_=20_000_000,
                      hint=Label("xlsx 或 csv，不超过 20 MB", "xlsx or csv, at most 20 MB")),
            FormField("sheet", Label("工作表", "Sheet"), length=80,
                      hint=Label("不填则取第一个有内容的；下一步可改", "empty: the first with content; changed later")),
            FormField("publisher", Label("提供者", "Publisher"), required=True, length=120,
                      hint=Label("谁报送或公布的", "who handed it in or published it")),
            FormField("document", Label("文件名称", "Document"), required=True, length=200,
                      hint=Label("例：2026年10月能源消费月报", "e.g. monthly energy return, October 2026")),
            FormField("known_on", Label("报送或公布日期", "Handed in or published on"), "date", required=True,
                      least=date(1949, 10, 1), most=business_day(a.workspace.clock())),
            FormField("synthetic", Label("合成数据（演示或练习）", "synthetic data (a demonstration or exercise)"),
                      "checkbox"),
            FormField("use", Label("允许的用途", "Uses allowed"), "multi", hint=_USE_HINT,
                      choices=tuple((u, USE_LABELS[u]) for u in LIMITABLE)),
        ),
        submit=Label("上传，下一步看列对应", "Upload, then look at the columns"),
    )  # fmt: skip


@router.get("/imports")
def listed(a: Writes) -> HTMLResponse:
    """What came in, what is under way, and an empty sheet for each book."""
    choices = parse_choices(SPEC, a.request.query_params.multi_items())
    table = table_view(_source(a), choices, "/imports", words=_words(a))
    with reading(a.workspace.engine) as db:
        own = [(d, jobs.job_seen(db, a.scope, d.commit_job) if d.commit_job else None)
               for d in drafts.drafts_of(db, a.who.principal)]  # fmt: skip
    open_ = [(d, STATES[job.state] if job else None) for d, job in own if not _done(job)]
    books = [b for b, _ in form_of(a)["book"].choices]
    return a.page(
        "imports.html", a.view(), table=table, words=_words(a), drafts=open_, books=books, names=m.BOOK_NAMES,
        everyone=a.scope.unrestricted,
    )  # fmt: skip


@router.get("/imports.csv")
@router.get("/imports.xlsx")
def export(a: Writes) -> Response:
    """The same list as a file."""
    require(a.who, "export")
    choices = parse_choices(SPEC, a.request.query_params.multi_items())
    ending: Format = "xlsx" if a.request.url.path.endswith(".xlsx") else "csv"
    words = _words(a)
    return export_answer(
        _source(a), choices, ending, a.speaker, file_name="imports", principal=a.who.principal,
        at=a.workspace.clock(), word=lambda key, value: words[key](value) if key in words else value,
    )  # fmt: skip


@router.get("/imports/template/{book}.xlsx")
def template(a: Writes, book: str) -> Response:
    """An empty sheet with the right heads for a book."""
    content = sheets.template(m.schema_for(book), a.language)
    name = f"{m.BOOK_NAMES[book].in_(a.language)}.xlsx"
    headers = {"Content-Disposition": f"attachment; filename=\"{book}.xlsx\"; filename*=UTF-8''{quote(name)}"}
    return Response(content, media_type=XLSX, headers=headers)


@router.get("/imports/new")
def new(a: Writes, book: Annotated[str, Query(max_length=20)] = "") -> HTMLResponse:
    """The first step: the file, and where it comes from."""
    first = {"book": book, "known_on": business_day(a.workspace.clock()).isoformat()}
    if a.workspace.demo:
        first["synthetic"] = "1"
    return _file_page(a, form_of(a).empty(**{k: v for k, v in first.items() if v}))


@router.post("/imports/new")
async def upload(a: Writes) -> Response:
    """Keep the file and go on to its columns, or say what is wrong with it and keep nothing."""
    async with a.request.form() as form:
        filled = form_of(a).parse(form.multi_items())
        content = await filled.values["file"].read() if filled.good else b""
    return await run_in_threadpool(_taken if filled.good else _not_taken, a, filled, content)


def _taken(a: Asked, filled: Filled, content: bytes) -> Response:
    given = filled.values
    if given["book"] == m.UNITS:
        require(a.who, "register.write")
    name = plain_name(given["file"].filename or "")
    if len(content) > form_of(a)["file"].bytes_:
        return _file_page(a, filled.refused(file=FieldError("field_error.file_large", {"size": "20 MB"})))
    try:
        seen = m.look(content, name, given["sheet"] or "")
    except UserError as wrong:
        return _file_page(a, filled, wrong)
    sha256 = a.workspace.blobs.put(content)
    with writing(a.workspace.engine) as db:
        draft = drafts.add_draft(
            db, a.who.principal, a.workspace.clock(), book=given["book"], file_name=name, original=sha256,
            sheet=given["sheet"] or "", header_row=None, rows=seen.rows, publisher=given["publisher"],
            document=given["document"], known_on=given["known_on"], synthetic=bool(given["synthetic"]),
            use=allowed_uses(",".join(given["use"] or ())), mapping=None, check_job=None, commit_job=None,
        )  # fmt: skip
    return _to(draft, "columns")


def _not_taken(a: Asked, filled: Filled, _content: bytes) -> Response:
    return _file_page(a, filled)


def plain_name(sent: str) -> str:
    """The name of an uploaded file without folders and marks that do not print; its ending stays."""
    last = sent.replace("\\", "/").rpartition("/")[2]
    shown = "".join(c for c in unicodedata.normalize("NFC", last) if c.isprintable()).strip(" .")
    stem, _, ending = shown.rpartition(".")
    return f"{stem[: _LONGEST_NAME - len(ending) - 1]}.{ending}" if stem else f"file.{ending or 'csv'}"


@router.get("/imports/{draft_id}")
def step(a: Writes, draft_id: str, step: Annotated[str, Query(max_length=10)] = "") -> HTMLResponse:
    """One import at the step of the address, else at the first that is not done."""
    draft = _draft(a, draft_id)
    wanted = step if step in STEPS[1:] else ("check" if draft.mapping else "columns")
    if wanted == "columns" or draft.mapping is None:
        return _columns_page(a, draft)
    return _checked_page(a, draft, wanted)


@router.post("/imports/{draft_id}/sheet")
def other_sheet(a: Writes, draft_id: str, sheet: Text = "", header_row: Text = "") -> Response:
    """Look at another sheet of the file, or take another row for the head: the columns are chosen anew."""
    row = int(header_row) if header_row.strip().isdecimal() and len(header_row) < 8 else None
    with writing(a.workspace.engine) as db:
        draft = _open(a, db, draft_id)
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
    draft = _draft(a, draft_id)
    chosen = m.columns_of(a.workspace, draft, form)
    if chosen.wrong:
        return _columns_page(a, draft, chosen)
    with writing(a.workspace.engine) as db:
        draft = _open(a, db, draft_id)
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
    draft = _draft(a, draft_id)
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
        made = mending.mend(whole, draft.mapping, m.schema_for(draft.book), texts, left_out)
    except UserError as wrong:
        return _checked_page(a, draft, "check", wrong)
    content = a.workspace.blobs.put(made.content)
    told = (*fixes, *(Fix(row, "", "", "") for row in left_out))
    with writing(a.workspace.engine) as db:
        now = _open(a, db, draft_id)
        detail = {"file": draft.called, "sha256": content, "fixes": [[f.row, f.column, f.old, f.new] for f in told]}
        record(db, at=a.workspace.clock(), principal=a.who.principal, action="import.mend", obj=draft_id, detail=detail)
        changed = replace(now, content=content, mapping=made.mapping, sheet="", fixes=(*now.fixes, *told),
                          header_row=made.mapping.header_row)  # fmt: skip
        _to_check(a, db, changed)
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
    """Ask for the import as a job; pressed twice it is one. `reason` says why figures are corrected."""
    with writing(a.workspace.engine) as db:
        draft = drafts.draft_of(db, a.who.principal, draft_id, lock=True)
        if draft.book == m.UNITS:
            require(a.who, "register.write")
        if draft.mapping is None or chosen != draft.chosen:
            raise UserError("FORM-001", "the import was changed meanwhile.", where="chosen",
                            remedy="Open the check again.", case="changed")  # fmt: skip
        job = _asked(a, db, draft, dry_run=False, reason=reason.strip())
        drafts.change_draft(db, draft, a.workspace.clock(), commit_job=job.job_id)
    return RedirectResponse(f"/jobs/{job.job_id}", status_code=303)


@router.post("/imports/{draft_id}/drop")
def drop(a: Writes, draft_id: str) -> Response:
    """Give an import up."""
    with writing(a.workspace.engine) as db:
        drafts.drop_import(db, _open(a, db, draft_id), a.workspace.clock())
    return RedirectResponse("/imports", status_code=303)


@router.get("/imports/{draft_id}/refusals.csv")
def refusals(a: Writes, draft_id: str) -> Response:
    """Every refused cell as a file, to be mended where the sheet was made."""
    draft = _draft(a, draft_id)
    job = _check_job(a, draft)
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


def _file_page(a: Asked, filled: Filled, error: UserError | None = None) -> HTMLResponse:
    return a.page(
        "import_file.html", a.view(), status=400 if error or filled.errors else 200, filled=filled, error=error,
        titles=_TITLES, step="file", steps=STEPS, draft=None, names=m.BOOK_NAMES, books=m.BOOK_NAMES,
    )  # fmt: skip


def _columns_page(a: Asked, draft: ImportDraft, chosen: m.Columns | None = None) -> HTMLResponse:
    found, error = chosen, None
    if found is None:
        try:
            found = m.columns_of(a.workspace, draft)
        except UserError as wrong:
            error = wrong
    return a.page(
        "import_columns.html", a.view(), status=400 if chosen or error else 200, columns=found, error=error,
        titles=_TITLES, step="columns", steps=STEPS, draft=draft, names=m.BOOK_NAMES, part=m.PART, year=m.YEAR,
        told=chosen is not None,
    )  # fmt: skip


def _checked_page(a: Asked, draft: ImportDraft, step: str, error: UserError | None = None) -> HTMLResponse:
    """The check, or what would change; while a job still checks, its progress."""
    job, check = _check_job(a, draft), None
    if job is None:
        try:
            check = m.check_now(a.workspace, draft, a.scope)
        except UserError as wrong:
            error = error or wrong
    elif job.result:
        check = m.as_check(job.result)
    changes = m.changes_of(a.workspace, check, a.scope) if check and step == "commit" else []
    view = a.view()
    called = m.names_of(a.workspace, {c.subject_id for c in changes}, a.scope)
    return a.page(
        "import_check.html" if step == "check" else "import_commit.html", view, status=400 if error else 200,
        draft=draft, job=job, check=check, changes=changes, error=error, titles=_TITLES, step=step, steps=STEPS,
        names=m.BOOK_NAMES, shown=SHOWN, mendable=draft.rows <= mending.MOST_ROWS, most=mending.MOST_ROWS,
        items=m.items_of(draft.book),
        heads=m.heads_of(a.workspace, draft), states=STATES, ended=jobs.ENDED, done=_committed(a, draft),
        now=a.workspace.clock(),
        who_is=lambda s: a.speaker.label(called[s]) if s in called else s,
    )  # fmt: skip


def _check_job(a: Asked, draft: ImportDraft) -> jobs.Job | None:
    if draft.check_job is None:
        return None
    with reading(a.workspace.engine) as db:
        return jobs.job_seen(db, a.scope, draft.check_job)


def _committed(a: Asked, draft: ImportDraft) -> bool:
    """Whether the draft is under way to its book, or there: it is not changed any more."""
    if draft.commit_job is None:
        return False
    with reading(a.workspace.engine) as db:
        job = jobs.job_seen(db, a.scope, draft.commit_job)
    return job.state in ("queued", "running") or _done(job)


def _done(job: jobs.Job | None) -> bool:
    return bool(job and job.state == "done" and job.result and job.result.get("committed"))


def _draft(a: Asked, draft_id: str) -> ImportDraft:
    with reading(a.workspace.engine) as db:
        draft = drafts.draft_of(db, a.who.principal, draft_id)
    if draft.book == m.UNITS:
        require(a.who, "register.write")
    return draft


def _open(a: Asked, db: sa.Connection, draft_id: str) -> ImportDraft:
    """A draft to be changed; FORM-001 for one that is committed or about to be."""
    draft = drafts.draft_of(db, a.who.principal, draft_id, lock=True)
    if draft.book == m.UNITS:
        require(a.who, "register.write")
    if draft.commit_job is not None:
        job = jobs.job_seen(db, a.scope, draft.commit_job)
        if job.state in ("queued", "running") or _done(job):
            raise UserError("FORM-001", "the import was handed over already.", where=draft.called,
                            remedy="Look at its job, or begin a new import.", case="handed_over")  # fmt: skip
    return draft


def _source(a: Asked) -> SelectSource:
    """Imports that were committed: one's own, and all for who may see everything."""
    b, s = import_batch, source_table
    chosen = sa.select(
        b.c.import_id, b.c.book, b.c.file_name, b.c.fresh, b.c.corrected, b.c.unchanged, b.c.skipped, b.c.principal,
        b.c.recorded_at, b.c.sha256, s.c.publisher, s.c.document, s.c.synthetic,
    ).join_from(b, s, b.c.source_id == s.c.source_id)  # fmt: skip
    own = sa.true() if a.scope.unrestricted else b.c.principal == a.who.principal
    return SelectSource(a.workspace.engine, chosen.where(own))


def _words(a: Asked) -> dict[str, Any]:
    names = principals(a)
    return {
        "book": lambda v: a.speaker.label(m.BOOK_NAMES[v]) if v in m.BOOK_NAMES else v,
        "principal": lambda v: names.get(v, v),
        "sort": lambda v: a.speaker.label(NEWEST) if v == "newest" else v,
    }


def texts_of(form: FormData) -> dict[str, str]:
    """The texts of a form."""
    return {k: v for k, v in form.multi_items() if isinstance(v, str)}


def _to(draft_id: str, step: str) -> Response:
    return RedirectResponse(f"/imports/{draft_id}?step={step}", status_code=303)
