"""The head of the audit log (审计链末端) as pages and exports print it, so that a cut or rewritten log shows later."""

from __future__ import annotations

from shuangkong.engine.api import Workspace, head, reading
from shuangkong.webkit.api import Speaker


def audit_head(workspace: Workspace) -> str:
    """`sequence:hash` of the newest entry."""
    with reading(workspace.engine) as db:
        return str(head(db))


def head_note(workspace: Workspace, speaker: Speaker) -> tuple[str, str]:
    """A line for the notes of an export."""
    return speaker.say("audit.head"), audit_head(workspace)
