"""The documents of the demo (合成): two versions of an invented plan, the first of them reviewed in part."""

from __future__ import annotations

from importlib import resources

from shuangkong.app.document_review import accept, reject
from shuangkong.app.document_store import document_rows, entries_of
from shuangkong.app.documents import Handed, hand_up
from shuangkong.engine.api import Workspace, reading
from shuangkong.kernel.scope import Scope

#: File of each version, and the name under which it is handed up.
VERSIONS = (
    ("plan_2026_draft.txt", "合成-示范市2026年节能降碳工作方案-征求意见.txt"),
    ("plan_2026.txt", "合成-示范市2026年节能降碳工作方案.txt"),
)
#: Entries of the first version that are accepted; one more is rejected, with its reason.
_ACCEPTED = 3
_REASON = "只说明工作方式，不是清单任务（合成）"


def hand_up_documents(workspace: Workspace, principal: str, region: str) -> int:
    """Hand both versions up for a region, with some decisions on the first; gives how many were new."""
    scope = Scope.all(principal)
    new = 0
    for file, name in VERSIONS:
        content = resources.files("shuangkong.app.demo").joinpath("data", "documents", file).read_bytes()
        with reading(workspace.engine) as db:
            there = [d for d in document_rows(db, region=region) if d.file_name == name]
        if there:
            continue
        made = hand_up(workspace, scope, Handed(content, name, region=region, synthetic=True, apart=False))
        new += 1
        if file == VERSIONS[0][0]:
            _review(workspace, scope, made)
    return new


def _review(workspace: Workspace, scope: Scope, document_id: str) -> None:
    """Accept some targets and reject a list, as somebody would who has begun."""
    with reading(workspace.engine) as db:
        entries = entries_of(db, document_id)
    for e in [e for e in entries if e.kind == "target"][:_ACCEPTED]:
        accept(workspace, scope, document_id, e.entry_id)
    for e in [e for e in entries if e.kind == "list"][:1]:
        reject(workspace, scope, document_id, e.entry_id, _REASON)
