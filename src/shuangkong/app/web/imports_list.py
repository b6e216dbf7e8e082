"""Imports (导入): what came in, what is under way, and an empty sheet for each book."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

import sqlalchemy as sa
from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse, Response

from shuangkong.accounting.store import import_batch
from shuangkong.app import import_drafts as drafts
from shuangkong.app.web import imports as m
from shuangkong.app.web.context import Asked, Asks
from shuangkong.app.web.imports_steps import committed, form_of
from shuangkong.app.web.jobs_pages import NEWEST, STATES, principals
from shuangkong.app.web.listings import Eyes, Listing, list_routes
from shuangkong.engine.api import jobs, reading
from shuangkong.kernel.labels import Label
from shuangkong.registry.api import sheets, source_table
from shuangkong.webkit.api import Choices, SelectSource, TableColumn, TableSpec

router = APIRouter(include_in_schema=False)
Writes = Annotated[Asked, Depends(Asks("import.write"))]
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

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
        TableColumn("synthetic", Label("合成", "synthetic"), "flag", shown=False),
        TableColumn("sha256", Label("SHA-256", "SHA-256"), shown=False),
    ),
    key=("import_id",),
    orders={"newest": ("-recorded_at",)},
    default="newest",
    search=("file_name", "publisher", "document"),
    synthetic="synthetic",
    codes=True,
)


def _source(eyes: Eyes, _: Choices) -> SelectSource:
    """Imports that were committed: one's own, and all for who may see everything."""
    b, s = import_batch, source_table
    chosen = sa.select(
        b.c.import_id, b.c.book, b.c.file_name, b.c.fresh, b.c.corrected, b.c.unchanged, b.c.skipped, b.c.principal,
        b.c.recorded_at, b.c.sha256, s.c.publisher, s.c.document, s.c.synthetic,
    ).join_from(b, s, b.c.source_id == s.c.source_id)  # fmt: skip
    own = sa.true() if eyes.scope.unrestricted else b.c.principal == eyes.scope.principal
    return SelectSource(eyes.workspace.engine, chosen.where(own))


def _words(eyes: Eyes) -> dict[str, Any]:
    names = principals(eyes.workspace, eyes.scope)
    return {
        "book": lambda v: eyes.speaker.label(m.BOOK_NAMES[v]) if v in m.BOOK_NAMES else v,
        "principal": lambda v: names.get(v, v),
        "sort": lambda v: eyes.speaker.label(NEWEST) if v == "newest" else v,
    }


LISTING = Listing(SPEC, "import.write", _source, _words)


def _page(a: Asked) -> HTMLResponse:
    """What came in, what is under way, and an empty sheet for each book."""
    with reading(a.workspace.engine) as db:
        own = [(d, jobs.job_seen(db, a.scope, d.commit_job) if d.commit_job else None)
               for d in drafts.drafts_of(db, a.who.principal)]  # fmt: skip
    open_ = [(d, STATES[job.state] if job else None) for d, job in own if not committed(job)]
    books = [b for b, _ in form_of(a)["book"].choices]
    return a.page(
        "imports.html", a.view(), table=LISTING.asked(a), words=_words(LISTING.eyes(a)), drafts=open_, books=books,
        names=m.BOOK_NAMES, everyone=a.scope.unrestricted,
    )  # fmt: skip


@router.get("/imports/template/{book}.xlsx")
def template(a: Writes, book: str) -> Response:
    """An empty sheet with the right heads for a book."""
    content = sheets.template(m.schema_for(a.workspace, book), a.language)
    name = f"{m.BOOK_NAMES[book].in_(a.language)}.xlsx"
    headers = {"Content-Disposition": f"attachment; filename=\"{book}.xlsx\"; filename*=UTF-8''{quote(name)}"}
    return Response(content, media_type=XLSX, headers=headers)


list_routes(router, LISTING, _page)
