"""Comparing two versions of a document (两版对照): at once where they are short, else by a worker; each pair once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from shuangkong.app.document_kept import keep_difference, kept_difference
from shuangkong.app.document_store import DocumentRow
from shuangkong.app.documents import seen, version_of
from shuangkong.app.limits import limit, read_bounds
from shuangkong.engine.api import Workspace, jobs, reading
from shuangkong.kernel.labels import Label
from shuangkong.kernel.scope import Scope
from shuangkong.policy.api import VersionDifference, difference_in

_COMPARING = Label("逐条对照", "compare clause by clause")


def compared(workspace: Workspace, old: DocumentRow, new: DocumentRow) -> VersionDifference | None:
    """What one version has other than another; None where they are so long that a worker has to compare them.

    READ-006 while one of them is not read, READ-002 where comparing takes more than it may.
    """
    found = kept_difference(workspace.root, old.content or "", new.content or "")
    if found is None and (old.signs or 0) + (new.signs or 0) <= limit("read_at_once_signs"):
        found = _compared(workspace, old, new)
    return found


def _compared(workspace: Workspace, old: DocumentRow, new: DocumentRow) -> VersionDifference:
    versions = (version_of(workspace, old), version_of(workspace, new))
    found = difference_in(*versions, new.file_name, read_bounds())
    keep_difference(workspace.root, old.content or "", new.content or "", found)
    return found


def ask_compare(db: sa.Connection, workspace: Workspace, scope: Scope, old: DocumentRow, new: DocumentRow) -> jobs.Job:
    """Have a worker compare two versions, in the caller's transaction."""
    about = {"document": new.document_id, "with": old.document_id, "file": new.file_name}
    return jobs.enqueue(db, COMPARE, about, scope=scope, at=workspace.clock())


def _compare(job: jobs.JobContext, arguments: Mapping[str, Any]) -> jobs.Outcome:
    """Compare two versions with the scope of who asked for it; what is found is kept beside the documents."""
    job.progress(_COMPARING, 0, 1)
    workspace = job.workspace
    with reading(workspace.engine) as db:
        old, new = (seen(db, job.scope, arguments[name], workspace.clock()) for name in ("with", "document"))
    _compared(workspace, old, new)
    return jobs.Outcome({"document": new.document_id, "with": old.document_id, "title": new.title})


COMPARE = jobs.Kind("compare", Label("对照两版文件", "compare two versions"), _compare, resumable=True)
