"""What the steps of an import share (导入的各步): the form of the first, the draft, and the page of each step."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa
from fastapi.responses import HTMLResponse

from shuangkong.accounting.api import LIMITABLE
from shuangkong.app import import_drafts as drafts
from shuangkong.app import import_mending as mending
from shuangkong.app.import_drafts import ImportDraft
from shuangkong.app.jobs import action_of_book
from shuangkong.app.web import imports as m
from shuangkong.app.web.context import Asked
from shuangkong.app.web.imports_columns import PART, YEAR, Columns, columns_of
from shuangkong.app.web.jobs_pages import STATES
from shuangkong.engine.api import jobs, reading
from shuangkong.kernel.errors import CODES, UserError
from shuangkong.kernel.labels import Label
from shuangkong.kernel.scope import USE_LABELS
from shuangkong.webkit.api import Filled, FormField, FormSpec, business_day, require

#: Refused cells that a page offers to put right at once; the rest comes after the next check.
SHOWN = 50
STEPS = ("file", "columns", "check", "commit")
_ENDINGS = (".xlsx", ".csv")
_TITLES = {c.code: Label(c.zh, c.en) for c in CODES}
_USE_HINT = Label(
    "统计报表请选“统计”：不允许的用途看不到由它算出的单位数据。不选即不限定。",
    "for a statistical return choose statistics: the unit's figures are hidden from other uses; none chosen: no limit",
)


def form_of(a: Asked) -> FormSpec:
    """The form of the first step: only books that the reader may write."""
    books = tuple((b, label) for b, label in m.BOOK_NAMES.items() if a.may(action_of_book(b)))
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


def file_page(a: Asked, filled: Filled, error: UserError | None = None) -> HTMLResponse:
    """The first step, with what was typed and what is wrong with it."""
    return a.page(
        "import_file.html", a.view(), status=400 if error or filled.errors else 200, filled=filled, error=error,
        titles=_TITLES, step="file", steps=STEPS, draft=None, names=m.BOOK_NAMES, books=m.BOOK_NAMES,
    )  # fmt: skip


def columns_page(a: Asked, draft: ImportDraft, chosen: Columns | None = None) -> HTMLResponse:
    """The second step: the columns as they were chosen, else as they are proposed."""
    found, error = chosen, None
    if found is None:
        try:
            found = columns_of(a.workspace, draft)
        except UserError as wrong:
            error = wrong
    return a.page(
        "import_columns.html", a.view(), status=400 if chosen or error else 200, columns=found, error=error,
        titles=_TITLES, step="columns", steps=STEPS, draft=draft, names=m.BOOK_NAMES, part=PART, year=YEAR,
        told=chosen is not None,
    )  # fmt: skip


def checked_page(a: Asked, draft: ImportDraft, step: str, error: UserError | None = None) -> HTMLResponse:
    """The check, or what would change; while a job still checks, its progress."""
    job, check = check_job(a, draft), None
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
        items=m.items_of(a.workspace, draft.book), grades=m.grades_named(a.workspace),
        heads=m.heads_of(a.workspace, draft), states=STATES, ended=jobs.ENDED, done=handed_over(a, draft),
        now=a.workspace.clock(),
        who_is=lambda s: a.speaker.label(called[s]) if s in called else s,
    )  # fmt: skip


def check_job(a: Asked, draft: ImportDraft) -> jobs.Job | None:
    """The job that checks the draft, if it is a large one."""
    if draft.check_job is None:
        return None
    with reading(a.workspace.engine) as db:
        return jobs.job_seen(db, a.scope, draft.check_job)


def handed_over(a: Asked, draft: ImportDraft) -> bool:
    """Whether the draft is under way to its book, or there: it is not changed any more."""
    if draft.commit_job is None:
        return False
    with reading(a.workspace.engine) as db:
        job = jobs.job_seen(db, a.scope, draft.commit_job)
    return job.state in ("queued", "running") or committed(job)


def committed(job: jobs.Job | None) -> bool:
    """Whether the job has written its import into the book."""
    return bool(job and job.state == "done" and job.result and job.result.get("committed"))


def own_draft(a: Asked, draft_id: str) -> ImportDraft:
    """A draft of the reader to be looked at; IMP-004, or RIGHT-002 for a register that they may not write."""
    with reading(a.workspace.engine) as db:
        draft = drafts.draft_of(db, a.who.principal, draft_id)
    require(a.who, action_of_book(draft.book))
    return draft


def open_draft(a: Asked, db: sa.Connection, draft_id: str) -> ImportDraft:
    """A draft to be changed; FORM-001 for one that is committed or about to be."""
    draft = drafts.draft_of(db, a.who.principal, draft_id, lock=True)
    require(a.who, action_of_book(draft.book))
    if draft.commit_job is not None:
        job = jobs.job_seen(db, a.scope, draft.commit_job)
        if job.state in ("queued", "running") or committed(job):
            raise UserError("FORM-001", "the import was handed over already.", where=draft.called,
                            remedy="Look at its job, or begin a new import.", case="handed_over")  # fmt: skip
    return draft
