"""Keeping a workspace tidy (例行清理): what was begun and left alone goes when it is old enough, and with it its files.

A worker does this when it starts and every hour. Imports that were not committed are deleted so many days after their
last change (`import_draft_days` of `limits.yaml`), each with an entry of the audit log; their uploads go unless
something else rests on the same file. Drafts of forms and files of exports go by ages of their own.
What the lake took in since the round before is sealed in the audit log (`engine.sealing`).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import sqlalchemy as sa

from shuangkong.app.document_kept import forget
from shuangkong.app.document_store import document
from shuangkong.app.exporting import expire_exports
from shuangkong.app.import_drafts import ImportDraft, drop_import, import_draft
from shuangkong.app.limits import limit
from shuangkong.app.store import boundary_file
from shuangkong.casework.api import evidence_table
from shuangkong.engine.api import Workspace, audit_entry, jobs, record, seal, writing
from shuangkong.kernel.scope import Scope
from shuangkong.policy.api import proposals
from shuangkong.registry.api import source_table
from shuangkong.webkit.api import expire_drafts

LOG = logging.getLogger("shuangkong.upkeep")
PRINCIPAL = "system"
#: Seconds between two rounds of a worker.
EVERY = 3600.0
#: Imports that are deleted in one transaction: others may write in between.
_AT_ONCE = 100
SCOPE = Scope.system("keep the workspace tidy")


def tidy(workspace: Workspace) -> dict[str, int]:
    """One round; says how many of each went."""
    at = workspace.clock()
    imports = 0
    while gone := _expire_some(workspace, at):
        imports += gone
    with writing(workspace.engine) as db:
        forms = expire_drafts(db, at=at)
        seal(db, at=at, principal=PRINCIPAL)
    return {"imports": imports, "forms": forms, "exports": expire_exports(workspace, at)}


def _expire_some(workspace: Workspace, at: datetime) -> int:
    """Delete some imports that nobody has touched for so long, and that no job writes or has written."""
    days, t = limit("import_draft_days"), import_draft
    old = sa.select(t).where(t.c.changed_at <= at - timedelta(days=days), ~_committing(t))
    with writing(workspace.engine) as db:
        found = db.execute(old.order_by(t.c.changed_at, t.c.draft_id).limit(_AT_ONCE)).mappings().all()
        for d in found:
            detail = {
                "book": d["book"], "file": d["file_name"], "sha256": d["original"], "by": d["principal"],
                "untouched_since": d["changed_at"].isoformat(), "days": days,
            }  # fmt: skip
            record(db, at=at, principal=PRINCIPAL, action="import.expire", obj=d["draft_id"], detail=detail)
        db.execute(t.delete().where(t.c.draft_id.in_([d["draft_id"] for d in found])))
        discard(db, workspace, {sha256 for d in found for sha256 in (d["original"], d["content"])})
    return len(found)


def _committing(t: sa.Table) -> sa.ColumnElement[bool]:
    """Whether the job that commits an import waits, runs, or has written it."""
    j = jobs.jobs_select(SCOPE).subquery().c
    written = sa.and_(j.state == "done", j.result.contains('"committed": true', autoescape=True))
    going = sa.or_(j.state.in_(("queued", "running")), written)
    return sa.select(j.job_id).where(j.job_id == t.c.commit_job, going).exists()


def give_up(workspace: Workspace, db: sa.Connection, draft: ImportDraft) -> None:
    """Give an import up, and delete its files unless something else rests on them."""
    drop_import(db, draft, workspace.clock())
    discard(db, workspace, {draft.original, draft.content})


def discard(db: sa.Connection, workspace: Workspace, files: Collection[str]) -> None:
    """Delete uploads on which nothing rests any more: no import, source, map, document, case, pack or waiting job.

    Called at the end of the transaction in which their imports went. It has written to the audit log, whose lock keeps
    out whoever hands the same file up at the same time: they look after their entry whether the file is there.
    """
    for sha256 in sorted(files):
        if not _rests_on(db, sha256):
            workspace.blobs.path(sha256).unlink(missing_ok=True)
            forget(workspace.root, sha256)


#: What the audit log calls the import of a register.
_REGISTERED = ("import.units", "import.projects")


def _rests_on(db: sa.Connection, sha256: str) -> bool:
    """Whether something rests on a file. Registers of units of earlier versions stand in the audit log alone."""
    d, e, j = import_draft.c, audit_entry.c, jobs.jobs_select(SCOPE).subquery().c
    waits = sa.and_(j.state.in_(("queued", "running")), j.arguments.contains(sha256, autoescape=True))
    named = (
        sa.select(d.draft_id).where(sa.or_(d.original == sha256, d.content == sha256)),
        sa.select(source_table.c.source_id).where(source_table.c.sha256 == sha256),
        sa.select(boundary_file.c.boundary_id).where(boundary_file.c.sha256 == sha256),
        sa.select(document.c.document_id).where(sa.or_(document.c.original == sha256, document.c.content == sha256)),
        sa.select(j.job_id).where(sa.or_(waits, j.result_blob == sha256)),
        sa.select(evidence_table.c.evidence_id).where(evidence_table.c.sha256 == sha256),
        sa.select(e.sequence).where(e.action.in_(_REGISTERED), e.detail.contains(sha256, autoescape=True)),
    )
    if any(db.execute(query.limit(1)).first() is not None for query in named):
        return True
    return any(p.blob == sha256 for p in proposals(db))


@contextmanager
def upkeep_beside(workspace: Workspace, *, every: float = EVERY) -> Iterator[None]:
    """Rounds in a thread of its own while the block runs: the first at once."""
    over = threading.Event()
    thread = threading.Thread(target=_rounds, args=(workspace, over, every), name="upkeep", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(timeout=10)


def _rounds(workspace: Workspace, over: threading.Event, every: float) -> None:
    while not over.is_set():
        try:
            gone = tidy(workspace)
        except (sa.exc.OperationalError, OSError) as wrong:
            # the next round does it
            LOG.warning("not tidied: %s", wrong)
        else:
            if any(gone.values()):
                LOG.info("tidied: %s", ", ".join(f"{n} {what}" for what, n in gone.items()))
        over.wait(every)
