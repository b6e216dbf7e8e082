"""Asking that the books follow: many asks are one job, and it updates the newest run."""

from __future__ import annotations

from pathlib import Path

from shuangkong.app.following import ask_update
from shuangkong.app.jobs import KINDS, action_of
from shuangkong.engine.api import Workspace, writing
from shuangkong.kernel.scope import Scope


def test_many_asks_are_one_job(tmp_path: Path) -> None:
    """Whoever asks while it waits gets the same job; what was touched is not handed over."""
    workspace = Workspace.create(tmp_path / "w")
    scope = Scope.system("take readings in")
    with writing(workspace.engine) as db:
        one = ask_update(db, scope=scope, clock=workspace.clock)
    with writing(workspace.engine) as db:
        other = ask_update(db, scope=scope, clock=workspace.clock)
    workspace.engine.dispose()
    assert one.job_id == other.job_id
    assert one.kind == "update"
    assert dict(one.arguments) == {"as_of": None}


def test_an_update_takes_the_right_to_start_runs(tmp_path: Path) -> None:
    """Who may steer jobs does not thereby update the books."""
    workspace = Workspace.create(tmp_path / "w")
    with writing(workspace.engine) as db:
        job = ask_update(db, scope=Scope.system("take readings in"), clock=workspace.clock)
    workspace.engine.dispose()
    assert KINDS["update"].resumable
    assert action_of(job) == "run.start"
