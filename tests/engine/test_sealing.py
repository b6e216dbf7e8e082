"""Seals: what the lake took in stands in the audit chain by one digest, and a changed row no longer fits it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import sqlalchemy as sa

from shuangkong.engine.api import TableContract, Workspace, broken_seals, lake_commit, seal, text, writing
from shuangkong.kernel.labels import Label

AT = datetime(2026, 1, 2, tzinfo=UTC)
NOTES = TableContract(
    "notes", Label("注", "notes"), (text("word", "词", "word"),), key=("word",), subject=None, doc="x"
)


def _commit(workspace: Workspace, word: str) -> None:
    with workspace.lake.lease(NOTES.name) as lease:
        workspace.lake.commit(
            NOTES, pa.table({"word": [word]}), lease, token=word, principal="test", note="", recorded_at=AT
        )


def test_a_seal_covers_what_came_since_the_last(tmp_path: Path) -> None:
    """Each seal begins where the one before ended; without new commits there is none."""
    workspace = Workspace.create(tmp_path / "ws")
    _commit(workspace, "a")
    _commit(workspace, "b")
    with writing(workspace.engine) as db:
        first = seal(db, at=AT, principal="test")
        again = seal(db, at=AT, principal="test")
    _commit(workspace, "c")
    with writing(workspace.engine) as db:
        second = seal(db, at=AT, principal="test")
    assert again is None
    assert first is not None
    assert second is not None
    assert (first.after, first.commits, second.after, second.commits) == (0, 2, first.upto, 1)
    with workspace.engine.connect() as db:
        assert broken_seals(db) == []


def test_a_changed_or_removed_commit_breaks_its_seal_and_no_other(tmp_path: Path) -> None:
    """Whoever changes the hash of a file, or takes a commit away, is found by the seal that it stood under."""
    workspace = Workspace.create(tmp_path / "ws")
    sealed = []
    for word in ("a", "b", "c"):
        _commit(workspace, word)
        with writing(workspace.engine) as db:
            sealed.append(seal(db, at=AT, principal="test"))
    with writing(workspace.engine) as db:
        db.execute(lake_commit.update().where(lake_commit.c.token == "b").values(sha256="0" * 64))
    with workspace.engine.connect() as db:
        assert broken_seals(db) == [sealed[1]]
    with writing(workspace.engine) as db:
        db.execute(sa.delete(lake_commit).where(lake_commit.c.token == "c"))
    with workspace.engine.connect() as db:
        assert broken_seals(db) == sealed[1:]
