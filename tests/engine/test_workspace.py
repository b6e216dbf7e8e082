"""A workspace is made whole, once, and never over something else; originals are kept by their content."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import sqlalchemy as sa

from engine.sample import Clock
from shuangkong.engine import blobs as blobs_module
from shuangkong.engine import workspace as workspace_module
from shuangkong.engine.api import Blobs, Workspace, reading, writing
from shuangkong.kernel.errors import UserError


def refused(root: Path, make: bool = True) -> str:
    """The message of a refusal."""
    with pytest.raises(UserError) as wrong:
        Workspace.create(root, clock=Clock()) if make else Workspace.open(root, clock=Clock())
    return str(wrong.value)


def test_making_it_twice_opens_it(tmp_path: Path) -> None:
    """The second creation is an opening: same id, nothing lost."""
    first = Workspace.create(tmp_path / "ws", demo=True, clock=Clock())
    again = Workspace.create(tmp_path / "ws", clock=Clock())
    assert (again.id, again.demo) == (first.id, True)


def test_an_interrupted_creation_is_completed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Until the settings file is there it is no workspace; creating again finishes the work."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(workspace_module.os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        Workspace.create(tmp_path / "ws", clock=Clock())
    monkeypatch.undo()
    assert refused(tmp_path / "ws", make=False).startswith("WS-001")
    Workspace.create(tmp_path / "ws", clock=Clock())
    assert Workspace.open(tmp_path / "ws", clock=Clock()).lake.sweep() == []


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path) -> None:
    """A file that is not ours stops the creation, and stays."""
    (tmp_path / "letter.txt").write_text("x")
    assert refused(tmp_path) == (
        f"WS-001 {tmp_path}: the folder is not empty and holds no workspace. Name a new or an empty folder with -w."
    )
    assert [p.name for p in tmp_path.iterdir()] == ["letter.txt"]


def test_another_format_is_refused(tmp_path: Path) -> None:
    """A workspace of another format is not opened."""
    Workspace.create(tmp_path / "ws", clock=Clock())
    path = tmp_path / "ws" / "workspace.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format": 99}))
    assert refused(tmp_path / "ws", make=False) == (
        f"WS-002 {tmp_path / 'ws'}: its format is 99, this version works with 1. "
        "Use the version of Shuangkong that made it, or a newer one."
    )


def test_a_newer_database_is_refused(tmp_path: Path) -> None:
    """A database that a newer version has migrated is not opened by this one, and not touched."""
    made = Workspace.create(tmp_path / "ws", clock=Clock())
    with writing(made.engine) as db:
        db.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    said = refused(tmp_path / "ws", make=False)
    assert said.startswith(f"WS-002 {tmp_path / 'ws'}: its database is of another version")
    with reading(made.engine) as db:
        assert db.execute(sa.text("SELECT version_num FROM alembic_version")).scalar_one() == "9999"
    made.engine.dispose()


def test_broken_settings_are_a_user_error(tmp_path: Path) -> None:
    """Settings that are no JSON are refused with the place."""
    Workspace.create(tmp_path / "ws", clock=Clock())
    (tmp_path / "ws" / "workspace.json").write_text("{")
    assert refused(tmp_path / "ws", make=False).startswith(f"WS-001 {tmp_path / 'ws'}: workspace.json cannot be read")


def test_originals_are_kept_once_and_whole(tmp_path: Path) -> None:
    """The same bytes are one file; a changed file is never passed on."""
    kept = Blobs(tmp_path)
    name = kept.put("原件".encode())
    assert kept.put("原件".encode()) == name
    assert kept.get(name).decode() == "原件"
    assert len([p for p in tmp_path.rglob("*") if p.is_file()]) == 1
    kept.path(name).write_bytes(b"other")
    with pytest.raises(RuntimeError, match="was changed on disk"):
        kept.get(name)


def test_no_room_for_an_original_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk is WS-004 and leaves no half file."""

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(blobs_module.os, "fsync", full)
    with pytest.raises(UserError, match=r"WS-004 .*No space left on device"):
        Blobs(tmp_path).put(b"x")
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []
