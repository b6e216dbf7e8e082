"""The audit log (审计): who changed what and when, verifying the chain, and its head to be kept elsewhere."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Annotated

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Form
from fastapi.responses import RedirectResponse, Response

from shuangkong.app import auditing
from shuangkong.app.web.audit_head import audit_head
from shuangkong.app.web.context import Asked, Asks
from shuangkong.app.web.listings import Eyes, Listing, list_routes
from shuangkong.app.web.log_words import LogWords, action_words, people_in, principal_words, subjects_in
from shuangkong.engine.api import Head, jobs, reading, writing
from shuangkong.engine.api import head as log_head
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Label
from shuangkong.registry.api import names_of
from shuangkong.webkit.api import Choices, SelectSource, TableColumn, TableSpec, person_table

router = APIRouter(include_in_schema=False)
Reads = Annotated[Asked, Depends(Asks("audit.read"))]
NEWEST = Label("最近的在前", "newest first")
OLDEST = Label("最早的在前", "oldest first")

SPEC = TableSpec(
    "audit",
    Label("审计日志", "Audit log"),
    (
        TableColumn(
            "number", Label("序号", "No."), sortable=True, by="sequence", href=lambda row: f"/audit/{row['number']}"
        ),
        TableColumn("at", Label("时间", "When"), "instant", sortable=True, filter="range"),
        TableColumn("who", Label("何人", "Who"), filter="contains", wrap=True),
        TableColumn("action", Label("操作", "Action"), sortable=True, filter="choice", wrap=True),
        TableColumn("object", Label("对象", "Object"), filter="contains", wrap=True),
        TableColumn("detail", Label("内容", "Detail"), filter="contains", wrap=True),
        TableColumn("principal", Label("操作人编号", "Id of who acted"), shown=False),
        TableColumn("hash", Label("哈希", "Hash"), shown=False),
    ),
    key=("sequence",),
    orders={"newest": ("-sequence",), "oldest": ("sequence",)},
    default="newest",
    search=("object", "detail", "who", "action"),
    codes=True,
)


def audit_source(eyes: Eyes, _: Choices) -> SelectSource:
    """The entries that the reader may see, with the names of people."""
    with reading(eyes.workspace.engine) as db:
        e = auditing.entries_seen(db, eyes.scope, eyes.workspace.clock()).subquery().c
    who = sa.func.coalesce(person_table.c.display, e.principal).label("who")
    rows = sa.select(*e, sa.cast(e.sequence, sa.String(20)).label("number"), who)
    return SelectSource(eyes.workspace.engine, rows.outerjoin(person_table, person_table.c.person_id == e.principal))


def _words(eyes: Eyes) -> dict[str, Callable[[str], str]]:
    say = eyes.speaker.label
    orders = {"newest": NEWEST, "oldest": OLDEST}
    return {
        "sort": lambda value: say(orders[value]) if value in orders else value,
        "action": lambda value: action_words(eyes.speaker, value),
    }  # fmt: skip


LISTING = Listing(SPEC, "audit.read", audit_source, _words)


def _page(
    a: Asked, *, found: auditing.Checked | None = None, upto: str = "", error: UserError | None = None
) -> Response:
    """The entries in scope, the head of the log, and what the last verification found."""
    words = _words(LISTING.eyes(a))
    table = LISTING.asked(a)
    with reading(a.workspace.engine) as db:
        said = _log_words(a, db, [text for r in table.part.rows for text in (r["object"], r["detail"])])
        entries, long = log_head(db).sequence, auditing.takes_long(db)
        asked = [j for j in jobs.jobs_seen(db, a.scope, limit=200) if j.kind == auditing.VERIFY.name]
    return a.page(
        "audit.html", a.view(), status=400 if error else 200, table=table, words=words, said=said, upto=upto,
        head=audit_head(a.workspace), entries=entries, error=error, more=found.chain.more if found else 0,
        result=auditing.as_dict(found, None) if found else None, job=asked[0] if asked else None,
        actor=lambda text: principal_words(a.speaker, text), as_job=long,
    )  # fmt: skip


def _log_words(a: Asked, db: sa.Connection, texts: Sequence[str]) -> LogWords:
    """The words for entries with these texts; a subject that the reader may not see keeps its id."""
    names = names_of(db, subjects_in(texts), a.scope, a.workspace.clock())
    t = person_table.c
    chosen = sa.select(t.person_id, t.display).where(t.person_id.in_(people_in(texts)))
    return LogWords(a.speaker, names, {r.person_id: r.display for r in db.execute(chosen)})


@router.post("/audit/verify")
def verify(a: Reads, head: Annotated[str, Form(max_length=120)] = "") -> Response:
    """Verify the chain, up to a head that was kept elsewhere if one is typed in; a long log is a job."""
    try:
        upto = Head.parse(head) if head.strip() else None
    except UserError as error:
        return _page(a, upto=head, error=error)
    with reading(a.workspace.engine) as db:
        long = auditing.takes_long(db)
        found = None if long else auditing.checked(db, upto)
    if found is None:
        with writing(a.workspace.engine) as db:
            arguments = {"head": str(upto) if upto else ""}
            jobs.enqueue(db, auditing.VERIFY, arguments, scope=a.scope, at=a.workspace.clock())
        return RedirectResponse("/audit", status_code=303)
    return _page(a, found=found, upto=head)


list_routes(router, LISTING, _page)


@router.get("/audit/{sequence}")
def entry(a: Reads, sequence: int) -> Response:
    """One entry whole: its detail, its link to the one before it, its hash."""
    with reading(a.workspace.engine) as db:
        e = auditing.entries_seen(db, a.scope, a.workspace.clock()).subquery()
        # a number beyond what the column holds is one that no entry has
        one = e.c.sequence == (sequence if 0 < sequence < 2**31 else 0)
        row = db.execute(sa.select(e).where(one)).mappings().first()
        if row is None:
            raise UserError(
                "AUDIT-002",
                f"there is no entry {sequence} that you may see.",
                remedy="Choose one from the list.",
                case="none",
            )
        name = db.execute(
            sa.select(person_table.c.display).where(person_table.c.person_id == row["principal"])
        ).scalar()
        said = _log_words(a, db, [row["object"], row["detail"]])
    detail = json.loads(row["detail"])
    lines = [
        (k, said.value(k, v), v if isinstance(v, str) else json.dumps(v, ensure_ascii=False, indent=1))
        for k, v in detail.items()
    ]
    return a.page(
        "audit_entry.html", a.view(), entry=row, lines=lines, said=said,
        who_name=name or principal_words(a.speaker, row["principal"]), action=action_words(a.speaker, row["action"]),
    )  # fmt: skip
