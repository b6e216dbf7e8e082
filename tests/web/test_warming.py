"""A view is made once for a scope, from names that all scopes share, and before a reader asks where a run is new."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any

from shuangkong.app.web.reading import Names, Reader
from shuangkong.app.web.warming import Warmer
from shuangkong.engine.api import Workspace, reading
from shuangkong.kernel.scope import Scope
from shuangkong.registry.api import closure_table, subjects_seen


def county(pages: Any) -> Scope:
    """The scope of a county's officer."""
    return Scope.region("test", pages.view.by_code["990101"].id, date(2026, 11, 20), "supervision")


def test_shared_names_give_each_scope_its_own_alone(pages: Any) -> None:
    """What a view names and who lies in whom is what the registry gives for its scope, row by row."""
    scope = county(pages)
    view = Reader(pages.workspace).current(scope)
    assert view is not None
    run = view.run
    with reading(pages.workspace.engine) as db:
        named = set(subjects_seen(db, scope, run.known, day=run.as_of)["subject_id"].to_pylist())
        closure = closure_table(db, scope, run.known).to_pylist()
    assert set(view.subjects) == named
    assert set(view.subjects) < set(pages.view.subjects)
    direct = {(r["ancestor_id"], r["subject_id"]) for r in closure
              if r["depth"] == 1 and r["valid_from"] <= run.as_of < r["valid_to"]}  # fmt: skip
    assert {(above, below) for above, found in view.children.items() for below in found} == direct


def test_names_are_read_once_for_all_scopes(pages: Any, monkeypatch: Any) -> None:
    """The second scope of a run does not read the registry's names again."""
    asked: list[object] = []
    whole = Names.read

    def counted(workspace: Workspace, known: datetime, day: date) -> Names:
        asked.append(known)
        return whole(workspace, known, day)

    monkeypatch.setattr(Names, "read", counted)
    reader = Reader(pages.workspace)
    reader.current(county(pages))
    reader.current(Scope.all("test"))
    assert len(asked) == 1


def test_a_new_run_is_made_ready_for_whom_there_was_a_view(pages: Any) -> None:
    """The warmer looks once at each run, and afterwards a reader is given the view that stands."""
    reader = Reader(pages.workspace)
    reader.current(county(pages))
    warmer = Warmer(reader)
    assert warmer.look()
    assert not warmer.look()
    ready = {scope.kind for _, scope, _ in reader._views}
    assert ready == {"region", "published"}
    stands = reader._views.copy()
    assert reader.current(replace(county(pages), principal="somebody")) in stands.values()


def test_the_warmer_ends_with_the_server(pages: Any) -> None:
    """Started and stopped, no thread is left behind."""
    warmer = Warmer(Reader(pages.workspace), every=0.01)
    warmer.start()
    warmer.stop()
    assert not warmer._thread.is_alive()
