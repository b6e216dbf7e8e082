"""Evidence (办结材料): files handed in for a case, kept by SHA-256, of few kinds and bounded size."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath, PureWindowsPath

import sqlalchemy as sa

from shuangkong.casework import store
from shuangkong.casework.model import ENDED, OTHER, RECORD, SITE_CHECK, Case, Evidence
from shuangkong.casework.service import write_history
from shuangkong.engine.api import Workspace, writing_in_turn
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.ids import digest
from shuangkong.kernel.labels import Label
from shuangkong.kernel.scope import Scope

#: Endings that are taken, with the first bytes of such a file (none: any text), and the largest file and number.
TAKEN: dict[str, tuple[bytes, ...]] = {
    ".pdf": (b"%PDF-",),
    ".png": (b"\x89PNG\r\n\x1a\n",),
    ".jpg": (b"\xff\xd8\xff",),
    ".jpeg": (b"\xff\xd8\xff",),
    ".docx": (b"PK\x03\x04",),
    ".xlsx": (b"PK\x03\x04",),
    ".csv": (),
    ".txt": (),
}
MOST_BYTES, MOST_FILES = 20_000_000, 60


def items_of(case: Case) -> tuple[str, ...]:
    """For what a file can be handed in: what closes the case, the on-site check, anything else."""
    return tuple(dict.fromkeys((*case.evidence, *((RECORD,) if case.by_hand else ()), SITE_CHECK, OTHER)))


def hand_in(
    workspace: Workspace, scope: Scope, case_id: str, *, item: str, name: str, content: bytes, why: str
) -> Evidence:
    """Keep a file for a case; the same bytes for the same item are kept once.

    CASE-001 where the case is not to be seen, CASE-002 where it is over, CASE-004 for a file of another kind, an empty
    or too large one, or too many.
    """
    at = workspace.clock()
    plain = checked(name, content)
    sha256 = workspace.blobs.put(content)
    with writing_in_turn(workspace.engine) as db:
        case = store.case_seen(db, scope.for_writing(), at, case_id)
        if case.state in ENDED:
            raise UserError(
                "CASE-002", "nothing is handed in for a case that is over.", where=f"case {case.number}",
                remedy="Reopen it first.", case="over",
            )  # fmt: skip
        if item not in items_of(case):
            raise _refused("item", f"“{item[:60]}” is not asked for.", "Choose one of the items of the case.")
        there = list(store.files_there(db, case.case_id))
        again = next((e for e in there if (e.sha256, e.item) == (sha256, item)), None)
        if again is not None:
            return again
        if len(there) >= MOST_FILES:
            raise _refused("many", f"the case has {MOST_FILES} files already.", "Put several pages into one file.")
        return keep_file(db, replace(case, updated_at=at), scope.principal, item, plain, sha256, len(content), why)


def keep_file(
    db: sa.Connection, case: Case, principal: str, item: str, name: str, sha256: str, size: int, why: str
) -> Evidence:
    """Keep a file whose bytes are among the originals, with its step and audit entry."""
    at = case.updated_at
    made = Evidence(
        f"e_{digest('evidence', case.case_id, item, sha256)}", case.case_id, item, name, sha256, size, at, principal,
    )  # fmt: skip
    store.keep(db, made)
    told = {"item": item, "file": name, "sha256": sha256, "bytes": size}
    write_history(db, case, principal, "evidence", case.state, why, told, at)
    return made


def checked(name: str, content: bytes) -> str:
    """The plain name of a file that may be handed in; CASE-004 for one of another kind, an empty or too large one."""
    plain = _plain(name)
    _checked(plain, content)
    return plain


def _plain(name: str) -> str:
    """The name of a file without folders of whatever machine it came from."""
    last = PureWindowsPath(PurePosixPath(name).name).name
    return "".join(c for c in last if c.isprintable())[:180]


def _checked(name: str, content: bytes) -> None:
    ending = PurePosixPath(name).suffix.lower()
    if ending not in TAKEN:
        raise _refused("kind", f"“{name}” is of a kind that is not taken.", f"Hand in one of {', '.join(TAKEN)}.")
    if not content or len(content) > MOST_BYTES:
        raise _refused("size", f"“{name}” has {len(content)} bytes.", f"Hand in 1 to {MOST_BYTES} bytes.")
    starts = TAKEN[ending]
    if (starts and not content.startswith(starts)) or (not starts and b"\x00" in content):
        raise _refused("content", f"“{name}” does not begin like a {ending} file.", "Save it anew in that kind.")


def _refused(case: str, message: str, remedy: str) -> UserError:
    """A file that is not taken, and why."""
    facts: dict[str, str | int | Label] = {
        "kinds": "、".join(TAKEN), "size": f"{MOST_BYTES // 1_000_000} MB", "files": MOST_FILES,
    }  # fmt: skip
    return UserError("CASE-004", message, where="evidence", remedy=remedy, case=case, facts=facts)
