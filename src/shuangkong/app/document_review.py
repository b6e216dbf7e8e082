"""Reviewing a document (文件复核): accept, correct, reject, add, think again, and take a step back; all of it audited.

What the reader had said stays beside what a person made of it. A step is undone whole, by who took it, as long as
nobody has decided otherwise since.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from shuangkong.app import document_store as store
from shuangkong.app.document_store import DocumentRow, Entry, document_step
from shuangkong.app.document_values import Found, made_entry
from shuangkong.app.documents import seen, version_of
from shuangkong.engine.api import Workspace, reading, record, writing
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.scope import Scope
from shuangkong.policy.api import find_words

#: Signs of a quote that an entry of the audit log shows.
_SHOWN = 60
#: Entries that an entry of the audit log names one by one.
_NAMED = 20
#: What a step changes: an entry as it stood before (None where there was none) and as it is now (None where it goes).
Changed = tuple[Entry | None, Entry | None]


def stamp(e: Entry) -> str:
    """What a page sends back with a decision, so that nobody decides on another state than the one they looked at."""
    return f"{e.state} {e.decided_at.isoformat() if e.decided_at else ''}".strip()


def _looked_at(db: sa.Connection, row: DocumentRow, entry_id: str, looked: str | None) -> Entry:
    """The entry; READ-006 where somebody decided on it since it was `looked` at."""
    e = store.entry_of(db, row.document_id, entry_id)
    if looked is not None and looked != stamp(e):
        raise _cannot("somebody decided on it meanwhile.", "meanwhile", "Look at it again.")
    return e


def accept(workspace: Workspace, scope: Scope, document_id: str, entry_id: str, looked: str | None = None) -> None:
    """Take an entry as the reader gives it. READ-005; READ-006 for one that a person added, and has no reading.

    With the stamp of what was `looked` at (also elsewhere), READ-006 where somebody decided on it since.
    """

    def change(db: sa.Connection, row: DocumentRow, at: datetime) -> Sequence[Changed]:
        e = _looked_at(db, row, entry_id, looked)
        if e.read is None:
            raise _cannot("nothing was read of it: a person added it.", "added", "Correct it, or take it away.")
        return [(e, _decided(e, scope, at, state="accepted", held=e.read))]

    _step(workspace, scope, document_id, "accept", change)


def accept_sure(workspace: Workspace, scope: Scope, document_id: str) -> int:
    """Accept every entry that waits and of which the reader is sure, in one step; gives how many. READ-006 if none."""
    done = 0

    def change(db: sa.Connection, row: DocumentRow, at: datetime) -> Sequence[Changed]:
        nonlocal done
        sure = [e for e in store.entries_of(db, row.document_id) if is_sure(e)]
        if not sure:
            raise _cannot("no entry of high confidence waits.", "none_sure", "Look at the others one by one.")
        done = len(sure)
        return [(e, _decided(e, scope, at, state="accepted", held=e.read)) for e in sure]

    _step(workspace, scope, document_id, "accept_sure", change)
    return done


def is_sure(e: Entry) -> bool:
    """Whether an entry waits and the reader is sure of it; one that was read otherwise in the version before is not."""
    return e.state == "candidate" and e.confidence == "high" and not e.unsure and not e.carried_from


def correct(
    workspace: Workspace,
    scope: Scope,
    document_id: str,
    entry_id: str,
    values: Mapping[str, Any],
    looked: str | None = None,
) -> None:
    """Put an entry right: `values` hold from now on, and what was read stays beside them."""

    def change(db: sa.Connection, row: DocumentRow, at: datetime) -> Sequence[Changed]:
        e = _looked_at(db, row, entry_id, looked)
        state = "added" if e.read is None else "corrected"
        return [(e, _decided(e, scope, at, state=state, held=dict(values)))]

    _step(workspace, scope, document_id, "correct", change)


def reject(
    workspace: Workspace, scope: Scope, document_id: str, entry_id: str, reason: str, looked: str | None = None
) -> None:
    """Say that an entry is none, and why; later readings and versions remember it. READ-006 without a reason."""
    if not reason.strip():
        raise _cannot("no reason is given.", "no_reason", "Say why it is left out.")

    def change(db: sa.Connection, row: DocumentRow, at: datetime) -> Sequence[Changed]:
        e = _looked_at(db, row, entry_id, looked)
        return [(e, _decided(e, scope, at, state="rejected", held=None, reason=reason.strip()))]

    _step(workspace, scope, document_id, "reject", change)


def reopen(workspace: Workspace, scope: Scope, document_id: str, entry_id: str, looked: str | None = None) -> None:
    """Take a decision back: the entry waits again; one that a person added goes."""

    def change(db: sa.Connection, row: DocumentRow, at: datetime) -> Sequence[Changed]:
        e = _looked_at(db, row, entry_id, looked)
        if e.state == "candidate":
            return []
        after = None if e.read is None else _decided(e, scope, at, state="candidate", held=None)
        return [(e, after)]

    _step(workspace, scope, document_id, "reopen", change)


def add(
    workspace: Workspace,
    scope: Scope,
    document_id: str,
    kind: str,
    place: tuple[int, str],
    words: str,
    values: Mapping[str, Any],
    near: int = 0,
) -> str:
    """Add what the reader missed: words of a clause (document's number in the file, clause) that are looked for there.

    `near` counts the signs of the clause up to the words, where they stand there more than once. Gives the entry's id;
    READ-006 where the words do not stand in the clause.
    """
    made: list[str] = []

    def change(db: sa.Connection, row: DocumentRow, at: datetime) -> Sequence[Changed]:
        found = words_in(workspace, row, place, words, near)
        blank = made_entry(row, version_of(workspace, row).cleaned, found, kind, None, confidence="high")
        made.append(blank.entry_id)
        return [(None, _decided(blank, scope, at, state="added", held=dict(values)))]

    _step(workspace, scope, document_id, "add", change)
    return made[0]


def words_in(workspace: Workspace, row: DocumentRow, place: tuple[int, str], words: str, near: int = 0) -> Found:
    """Where words stand in a clause; READ-006 where they do not, or there is no such clause."""
    version = version_of(workspace, row)
    spans = [
        c for d in version.reading.documents if d.number == place[0] for c in d.clauses if c.id == place[1]
    ]  # fmt: skip
    for clause in spans:
        at = find_words(version.cleaned, clause.start, clause.end, words, near)
        if at is not None:
            first, last = version.cleaned.span(*at)
            return Found(place[0], clause.id, version.cleaned.original[first:last], first, last)
    raise _cannot("these words do not stand in this clause.", "words", "Copy them from the text of the clause.")


def undo(workspace: Workspace, scope: Scope, document_id: str) -> None:
    """Take one's own last step back, whole. READ-006 where there is none, or an entry of it was decided on since."""
    t = document_step
    with writing(workspace.engine) as db:
        at = workspace.clock()
        row = seen(db, scope, document_id, at)
        last = last_step(db, row.document_id, scope.principal)
        if last is None:
            raise _cannot("there is no step of yours to take back.", "no_step", "Decide on the entries one by one.")
        now = {e.entry_id: e for e in store.entries_of(db, row.document_id)}
        kept = json.loads(last["before"])
        for one in kept:
            e = now.get(one["entry_id"])
            gone = e is None and "state" in one and not one.get("taken_away")
            if gone or (e is not None and e.decided_at is not None and e.decided_at > last["taken_at"]):
                raise _cannot("an entry of it was decided on since.", "since", "Decide on the entries one by one.")
        db.execute(t.update().where(t.c.step_id == last["step_id"]).values(undone_at=at))
        for one in kept:
            _put_back(db, one, now.get(one["entry_id"]))
        record(
            db, at=at, principal=scope.principal, action="document.undo", obj=row.document_id,
            detail={"file": row.file_name, "undone": last["action"], "entries": len(kept)},
        )  # fmt: skip


def last_step(db: sa.Connection, document_id: str, principal: str) -> Mapping[str, Any] | None:
    """The last step that somebody took in a document and has not taken back."""
    t = document_step
    query = sa.select(t).where(t.c.document_id == document_id, t.c.principal == principal, t.c.undone_at.is_(None))
    row = db.execute(query.order_by(t.c.step_id.desc()).limit(1)).mappings().first()
    return dict(row) if row else None


def _put_back(db: sa.Connection, kept: Mapping[str, Any], now: Entry | None) -> None:
    if "state" not in kept:
        store.drop_entries(db, [kept["entry_id"]])
    elif now is None:
        store.add_entries(db, [store.put_back(kept, None)])
    else:
        store.put_entry(db, store.put_back(kept, now))


def _step(
    workspace: Workspace,
    scope: Scope,
    document_id: str,
    action: str,
    change: Callable[[sa.Connection, DocumentRow, datetime], Sequence[Changed]],
) -> None:
    """One step in one transaction: the entries, what stood before them, and the entry of the audit log."""
    with writing(workspace.engine) as db:
        at = workspace.clock()
        row = seen(db, scope, document_id, at)
        changed = change(db, row, at)
        if not changed:
            return
        for was, is_ in changed:
            if was is None and is_ is not None:
                store.add_entries(db, [is_])
            elif is_ is None and was is not None:
                store.drop_entries(db, [was.entry_id])
            elif is_ is not None:
                store.put_entry(db, is_)
        before = [_kept(was, is_) for was, is_ in changed if was or is_]
        db.execute(
            document_step.insert().values(
                document_id=row.document_id, principal=scope.principal, action=action, taken_at=at,
                before=json.dumps(before, ensure_ascii=False),
            )
        )  # fmt: skip
        record(
            db, at=at, principal=scope.principal, action=f"document.{action}", obj=row.document_id,
            detail={"file": row.file_name, "entries": len(changed), "changes": [_told(c) for c in changed[:_NAMED]]},
        )  # fmt: skip


def _kept(was: Entry | None, is_: Entry | None) -> dict[str, Any]:
    """What a step has to remember of an entry to be taken back: all of it, or that it was new; and that it went."""
    if was is None:
        return {"entry_id": is_.entry_id if is_ else ""}
    return store.kept_of(was) | ({"taken_away": True} if is_ is None else {})


def _told(changed: Changed) -> dict[str, Any]:
    """A changed entry as the audit log has it: its clause and words, and what held before and holds now."""
    was, is_ = changed
    e = is_ or was
    assert e is not None
    told: dict[str, Any] = {
        "kind": e.kind, "clause": e.clause, "quote": e.quote[:_SHOWN], "old": was.state if was else None,
        "new": is_.state if is_ else None,
    }  # fmt: skip
    if is_ is not None and is_.reason:
        told["reason"] = is_.reason
    if is_ is not None and is_.state in ("corrected", "added"):
        told["values"] = {k: v for k, v in is_.values.items() if v not in (None, "", [])}
    return told


def _decided(e: Entry, scope: Scope, at: datetime, **values: Any) -> Entry:
    """The entry with a decision of one's own: no reason of another stays, and it is not a carried one any more."""
    own = {"reason": None, "carried_from": None, "decided_by": scope.principal, "decided_at": at}
    return replace(e, **{**own, **values})


def _cannot(message: str, case: str, remedy: str) -> UserError:
    return UserError("READ-006", message, remedy=remedy, case=case)


def steps_of(workspace: Workspace, scope: Scope, document_id: str) -> bool:
    """Whether the reader has a step to take back."""
    with reading(workspace.engine) as db:
        row = seen(db, scope, document_id, workspace.clock())
        return last_step(db, row.document_id, scope.principal) is not None
