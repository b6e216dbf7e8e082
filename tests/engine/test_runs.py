"""Runs are seen when they are complete, and scenarios are never seen by readers of books."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa

from engine.sample import SAMPLE, Clock, row, rows, workspace
from shuangkong.engine.api import (
    ContractBroken,
    DuckDB,
    RunContext,
    RunRecord,
    TableContract,
    Workspace,
    begin,
    latest_run,
    number,
    read_result,
    reading,
    run_record,
    runs_list,
    text,
)
from shuangkong.engine.runs import Kept, RunKind, bury_runs
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Label
from shuangkong.kernel.scope import Scope

ALL = Scope.all("tester")


class Packs:
    """Packs of one file."""

    def hashes(self) -> tuple[tuple[str, str], ...]:
        """One name and hash."""
        return (("demo", "abc"),)

    def bytes(self) -> Kept:
        """One file."""
        return (("demo", (("instrument.yaml", b"id: demo\n"),)),)


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still."""
    return Clock()


@pytest.fixture
def ws(tmp_path: Path, clock: Clock) -> Workspace:
    """A workspace whose lake holds r1, and r2 which puts r0 right."""
    made = workspace(tmp_path, clock)
    first = SAMPLE.from_rows([row("r0"), row("r1", subject="s2")])
    for token, table in (("a", first), ("b", SAMPLE.from_rows([row("r2", corrects="r0")]))):
        with made.lake.lease("sample") as lease:
            made.lake.commit(SAMPLE, table, lease, token=token, principal="t", note="", recorded_at=clock())
    return made


@contextmanager
def running(ws: Workspace, kind: RunKind = "book", **more: Any) -> Iterator[RunContext]:
    """A run as known now."""
    options: dict[str, Any] = {"known": ws.clock(), "as_of": date(2025, 3, 1), "scope": ALL} | more
    with begin(ws, Packs(), kind=kind, **options) as run:
        yield run


def publish(ws: Workspace, *names: str, kind: RunKind = "book") -> RunRecord:
    """A complete run that published these rows."""
    with running(ws, kind) as run:
        run.publish(SAMPLE, rows(*names))
    return run_record(ws, ALL, run.run_id)


def test_a_run_is_seen_when_complete(ws: Workspace) -> None:
    """While it runs a run is not the latest; afterwards it is, with its rows and its manifest."""
    with running(ws) as run:
        run.publish(SAMPLE, rows("b", "a"))
        assert latest_run(ws, ALL, known=None) is None
        with pytest.raises(UserError, match=f"RUN-001 there is no complete run {run.run_id}"):
            run_record(ws, ALL, run.run_id)
    done = run_record(ws, ALL, run.run_id)
    assert latest_run(ws, ALL, known=None) == done
    assert read_result(done, SAMPLE, ALL)["row_id"].to_pylist() == ["a", "b"]
    assert json.loads((done.folder / "manifest.json").read_text("utf-8")) == done.manifest
    assert done.manifest["packs"] == {"demo": "abc"}
    assert done.manifest["rounding"] == "half_up_6"


def test_a_failed_run_is_never_seen(ws: Workspace) -> None:
    """A step that raises leaves the run before as the latest."""
    first = publish(ws, "a")

    def fails() -> None:
        with running(ws) as run:
            run.publish(SAMPLE, rows("z"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails()
    assert latest_run(ws, ALL, known=None) == first
    assert runs_list(ws, ALL) == [first]


def test_a_scenario_is_private(ws: Workspace) -> None:
    """A scenario has a folder of its own, is not the latest, and may not act outside."""
    first = publish(ws, "a")
    with running(ws, "scenario") as run, pytest.raises(RuntimeError, match="a scenario may not send"):
        run.refuse_in_scenario("send")
    assert run.folder.parent.name == "scenarios"
    assert latest_run(ws, ALL, known=None) == first
    assert [r.run_id for r in runs_list(ws, ALL, "scenario")] == [run.run_id]


def test_a_run_knows_the_one_before(ws: Workspace) -> None:
    """The rows of the run before are at hand; the first run has none."""
    with running(ws) as run:
        assert run.earlier(SAMPLE).num_rows == 0
    first = publish(ws, "a")
    with running(ws) as run:
        assert run.previous == first
        assert run.earlier(SAMPLE)["row_id"].to_pylist() == ["a"]


def test_a_run_reads_what_stands(ws: Workspace) -> None:
    """A row that was put right is not read, and the manifest names the commits."""
    with running(ws) as run:
        run.table(SAMPLE)
        assert sorted(run.executor.run("SELECT row_id FROM sample")["row_id"].to_pylist()) == ["r1", "r2"]
    assert run_record(ws, ALL, run.run_id).manifest["inputs"] == {"sample": [1, 2]}


def test_a_restricted_run_reads_its_own_rows(ws: Workspace) -> None:
    """Rows of subjects outside the scope are not there."""
    import pyarrow as pa

    scope = Scope.unit("reader", "s2")  # type: ignore[arg-type]
    with running(ws, scope=scope, scope_subjects=pa.table({"subject_id": ["s2"]})) as run:
        run.table(SAMPLE)
        assert run.executor.run("SELECT row_id FROM sample")["row_id"].to_pylist() == ["r1"]


def test_reading_takes_a_scope(ws: Workspace) -> None:
    """Nothing at all is read by one who may see nothing."""
    assert read_result(publish(ws, "a"), SAMPLE, Scope.none("stranger")).num_rows == 0


def test_a_result_with_a_double_key_is_a_bug(ws: Workspace) -> None:
    """A step that publishes a key twice fails, and its run is never seen."""
    with running(ws) as run:
        twice = run.bind(SAMPLE, rows("a"))
        with pytest.raises(ContractBroken, match="is not unique"):
            run.publish(SAMPLE, twice.union(twice))


def test_counts_stay_whole_numbers(ws: Workspace) -> None:
    """A sum of integers is kept as an integer in the file, not as a double."""
    import pyarrow as pa

    counted = TableContract(
        "counted", Label("计数", "counted"),
        (text("subject_id", "主体", "subject"), number("n", "integer", "个数", "count", "item")), key=("subject_id",),
    )  # fmt: skip
    with running(ws) as run:
        t = run.bind(counted, pa.table({"subject_id": ["a"], "n": [2]}, counted.arrow_schema))
        again = TableContract("again", counted.label, counted.columns, counted.key)
        run.publish(again, t.group_by("subject_id").aggregate(n=t.n.sum()))
    found = read_result(run_record(ws, ALL, run.run_id), again, ALL)
    assert found.schema.field("n").type == pa.int64()


def test_files_of_an_older_version_are_read_with_the_columns_added_since(tmp_path: Path) -> None:
    """A column that no file has is null, whether one asks for all columns or for that one alone."""
    import pyarrow.parquet as pq

    old = pa.table({"k": ["a", "b"]})
    pq.write_table(old, tmp_path / "old.parquet")
    schema = pa.schema([("k", pa.string()), ("added", pa.decimal128(38, 6))])
    with DuckDB() as engine:
        engine.bind_files("t", [tmp_path / "old.parquet"], schema)
        assert engine.run("SELECT added, k FROM t ORDER BY k").to_pylist() == [
            {"added": None, "k": "a"}, {"added": None, "k": "b"},
        ]  # fmt: skip
        assert engine.run("SELECT * FROM t").schema.field("added").type == pa.decimal128(38, 6)


def test_an_older_file_is_filtered_by_many_subjects(tmp_path: Path) -> None:
    """Rows of an older run are read for a reader's subjects also where there are many: no filter reaches what fails.

    DuckDB hands a join's filter down to rows of Arrow as a kind that Arrow cannot apply; the columns added since stood
    there as such rows, and pages of runs made before an update failed.
    """
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"subject_id": [f"s{n % 500}" for n in range(20_000)]}), tmp_path / "old.parquet")
    schema = pa.schema([("subject_id", pa.string()), ("added", pa.string())])
    seen = pa.table({"subject_id": [f"s{n}" for n in range(400)], "public": [n % 2 == 0 for n in range(400)]})
    with DuckDB(threads=1) as engine:
        engine.bind_files("t", [tmp_path / "old.parquet"], schema)
        engine.bind("seen", seen)
        found = engine.run(
            "SELECT subject_id, count(*) AS n FROM t WHERE subject_id IN (SELECT subject_id FROM seen WHERE public)"
            " GROUP BY ALL"
        )
    assert (found.num_rows, set(found["n"].to_pylist())) == (200, {40})


def test_a_run_whose_process_was_killed_counts_as_failed(ws: Workspace) -> None:
    """The row and the folder that it left are put in order when a worker starts; one under way is left alone."""
    program = (
        "import os, sys, signal; from datetime import date; from pathlib import Path;"
        "from shuangkong.engine.api import Workspace, begin; from shuangkong.kernel.scope import Scope;"
        "from shuangkong.policy.api import PackSet;"
        "w = Workspace.open(Path(sys.argv[1]));"
        "run = begin(w, PackSet([]), kind='book', known=w.clock(), as_of=date(2026, 1, 1), scope=Scope.system('t'));"
        "run.__enter__(); print('begun', flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    killed = subprocess.run(
        [sys.executable, "-c", program, str(ws.root)], capture_output=True, text=True, timeout=120, check=False
    )
    assert (killed.returncode, killed.stdout) == (-9, "begun\n"), killed.stderr
    with running(ws) as alive:
        (gone,) = bury_runs(ws)
        assert gone != alive.run_id
        assert not (ws.root / "runs" / gone).exists()
        assert bury_runs(ws) == []
    with reading(ws.engine) as db:
        states = {r.run_id: r.state for r in db.execute(sa.text("SELECT run_id, state FROM run"))}
    assert states == {gone: "failed", alive.run_id: "complete"}
