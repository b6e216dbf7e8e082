"""Runs (运算): what a pipeline works in, what it leaves behind, and how it is found again.

A run reads the lake as known at one instant, publishes tables, and becomes visible as a whole: its folder is
complete before its row in the registry database says so. A scenario is a run with a private folder that no
reader of book runs ever looks into, and with effects outside the run refused.
"""

from __future__ import annotations

import hashlib
import io
import json
import logging
import shutil
import time
import uuid
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import sqlalchemy as sa

from shuangkong import __version__
from shuangkong.engine.audit import record
from shuangkong.engine.contracts import TableContract
from shuangkong.engine.database import METADATA, UtcInstant, one_at_a_time, reading, writing
from shuangkong.engine.executors import DuckDB
from shuangkong.engine.holders import process_gone, process_name
from shuangkong.engine.layers import KEPT, bind_rows, layer_of, write_layer
from shuangkong.engine.room import written_to
from shuangkong.engine.run_context import (
    STATEMENTS,
    UPDATED,
    Asked,
    Kept,
    RunContext,
    RunKind,
    RunRecord,
    UsedPacks,
)
from shuangkong.engine.withheld import shown
from shuangkong.engine.workspace import Workspace
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.ids import RunId
from shuangkong.kernel.numbers import ROUNDING
from shuangkong.kernel.scope import Scope

LOG = logging.getLogger("shuangkong.runs")
#: No run takes longer than this.
LONGEST = timedelta(days=1)

run_row = sa.Table(
    "run",
    METADATA,
    sa.Column("run_id", sa.String(40), primary_key=True),
    sa.Column("kind", sa.String(10), nullable=False),
    sa.Column("state", sa.String(10), nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("started_at", UtcInstant, nullable=False),
    sa.Column("finished_at", UtcInstant),
    sa.Column("known", UtcInstant, nullable=False),
    sa.Column("as_of", sa.Date, nullable=False),
    sa.Column("principal", sa.String(120), nullable=False),
    sa.Column("previous", sa.String(40)),
    sa.Column("manifest", sa.Text, nullable=False),
)


@contextmanager
def begin(
    workspace: Workspace,
    packs: UsedPacks,
    *,
    kind: RunKind,
    known: datetime,
    as_of: date,
    scope: Scope,
    scope_subjects: pa.Table | None = None,
    also: Callable[[sa.Connection, RunId], None] | None = None,
    asked: Asked | None = None,
) -> Iterator[RunContext]:
    """A run that is complete when the block ends, and failed (never visible) when it raises.

    `asked` says that it is to be an update of an earlier run; its first step decides whether it can be one.

    A `known` that lies ahead is brought back to now: nobody can know yet what will be recorded. `also` runs in the
    transaction that makes the run visible, before its audit entry.
    """
    run_id = RunId(f"r_{uuid.uuid4().hex[:20]}")
    folder = workspace.root / ("runs" if kind == "book" else "scenarios") / run_id
    previous = latest_run(workspace, scope, known=None) if kind == "book" else None
    with writing(workspace.engine) as db:
        # whatever is committed after this line is stamped later than `known`, so that asking again changes nothing
        one_at_a_time(db)
        known = min(known, workspace.clock())
        number = int(db.execute(sa.select(sa.func.coalesce(sa.func.max(run_row.c.number), 0))).scalar_one()) + 1
        db.execute(
            run_row.insert().values(
                run_id=run_id, kind=kind, state="running", number=number, started_at=workspace.clock(), known=known,
                as_of=as_of, principal=scope.principal, previous=previous.run_id if previous else None,
                manifest=json.dumps({"holder": process_name()}),
            )
        )  # fmt: skip
    executor = DuckDB()
    if not scope.unrestricted:
        if scope_subjects is None:
            raise ValueError("a restricted scope needs its subjects")
        executor.bind("scope_subjects", scope_subjects)
    context = RunContext(workspace, run_id, kind, packs, known, as_of, scope, previous, executor, folder, asked)
    try:
        with written_to(folder):
            folder.mkdir(parents=True)
        yield context
        with written_to(folder):
            _complete(context, also)
    except BaseException:
        _failed(workspace, run_id, folder)
        raise
    finally:
        context.executor.close()


def _failed(workspace: Workspace, run_id: str, folder: Path) -> None:
    """Note that a run came to nothing; its folder goes first, so that on a full disk there is room for the note."""
    shutil.rmtree(folder, ignore_errors=True)
    where = sa.and_(run_row.c.run_id == run_id, run_row.c.state == "running")
    try:
        with writing(workspace.engine) as db:
            db.execute(run_row.update().where(where).values(state="failed", finished_at=workspace.clock()))
    except UserError as full:
        LOG.warning("%s: that it failed could not be written: %s", run_id, full)


def bury_runs(workspace: Workspace) -> list[str]:
    """End the runs whose process is gone as failed; gives their ids. Called when a worker starts.

    Of a process on another machine nothing can be known: its run counts as gone after a day.
    """
    query = sa.select(run_row).where(run_row.c.state == "running")
    with reading(workspace.engine) as db:
        under_way = [_record(workspace, r) for r in db.execute(query)]
    before = workspace.clock() - LONGEST
    gone = [r for r in under_way if r.started_at < before or process_gone(str(r.manifest.get("holder", "")))]
    for run in gone:
        _failed(workspace, run.run_id, run.folder)
    return [run.run_id for run in gone]


def _complete(context: RunContext, also: Callable[[sa.Connection, RunId], None] | None) -> None:
    start = time.process_time()
    tables = _write_tables(context)
    for name, sql in context.sql.items():
        (context.folder / f"{name}.sql").write_text(sql + "\n", "utf-8")
    _write_kept(context)
    context.timings["write"] = round(time.process_time() - start, 4)
    workspace = context.workspace
    manifest = {
        "code": __version__,
        "packs": dict(context.packs.hashes()),
        "packs_blob": workspace.blobs.put(_archive(context.packs.bytes())),
        "inputs": context.inputs,
        "registered": context.registered,
        "known": context.known.isoformat(),
        "as_of": context.as_of.isoformat(),
        "rounding": ROUNDING,
        **_told_of_update(context),
        "tables": tables,
        "flaws": len(context.flaws),
        "cpu_seconds": context.timings,
    }
    (context.folder / "manifest.json").write_text(json.dumps(manifest, ensure_ascii=False, indent=1), "utf-8")
    with writing(workspace.engine) as db:
        if also:
            also(db, context.run_id)
        now = workspace.clock()
        db.execute(
            run_row.update()
            .where(run_row.c.run_id == context.run_id)
            .values(state="complete", finished_at=now, manifest=json.dumps(manifest, ensure_ascii=False))
        )
        if context.kind == "book":
            record(
                db, at=now, principal=context.scope.principal, action="run.complete", obj=context.run_id,
                detail={"known": context.known, "as_of": context.as_of, "reason": context.scope.reason},
            )  # fmt: skip


def _write_tables(context: RunContext) -> dict[str, object]:
    """The published tables as files; gives rows and SHA-256 of each, in an update those of its own layer."""
    tables: dict[str, object] = {}
    for name, contract in context.published.items():
        order = ", ".join(contract.key) or "ALL"
        rows = f"SELECT * FROM {name}"
        if context.update is not None and name not in context.whole_tables:
            rows += _of_the_layer_before(context, name, f"{name}.parquet")
        path = context.folder / f"{name}.parquet"
        count = context.executor.write(f"{rows} ORDER BY {order}", path)
        tables[name] = {"rows": count, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    return tables


def _of_the_layer_before(context: RunContext, name: str, file: str) -> str:
    """What the run that is updated has over its full run, of subjects that are not computed anew."""
    assert context.update is not None
    # without a subject it is nobody's, and computed as a whole
    others = f"subject_id IS NOT NULL AND subject_id NOT IN (SELECT subject_id FROM {UPDATED})"
    if context.executor.run(f"SELECT 1 FROM {name} WHERE {others} LIMIT 1").num_rows:
        raise RuntimeError(f"{name}: an update made rows of a subject that it does not compute")
    earlier = context.update.of.folder
    if layer_of(earlier) is None:
        return ""
    return f" UNION ALL BY NAME SELECT * FROM read_parquet('{earlier / file}') WHERE {others}"


def _write_kept(context: RunContext) -> None:
    """What later updates need of this run: tables between its steps, and its statements. No scenario is updated."""
    if context.kind != "book":
        return
    folder = context.folder / KEPT
    folder.mkdir()
    for name, by_subject in context.retained.items():
        rows = f"SELECT * FROM {name}"
        if context.update is not None and by_subject:
            rows += _of_the_layer_before(context, name, f"{KEPT}/{name}.parquet")
        context.executor.write(rows, folder / f"{name}.parquet")
    (folder / STATEMENTS).write_text(json.dumps(context.statements), "utf-8")
    if context.update is not None:
        layered = [n for n in context.published if n not in context.whole_tables]
        kept = [n for n, by_subject in context.retained.items() if by_subject]
        write_layer(context.folder, context.update.root, layered, kept, context.update.replaced)


def _told_of_update(context: RunContext) -> dict[str, object]:
    """What the manifest says of an update, or of why a run that was to be one is not."""
    if context.update is not None:
        u = context.update
        return {
            "update": {
                "of": u.of.run_id, "over": u.root.name, "touched": sorted(u.touched), "subjects": sorted(u.subjects),
                "replaced": len(u.replaced),
            }
        }  # fmt: skip
    if context.asked is not None:
        return {"not_updated": {"of": context.asked.of.run_id, "because": context.not_updated}}
    return {}


def _archive(kept: Kept) -> bytes:
    """One zip of the packs' files, the same bytes for the same packs."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, files in kept:
            for file, content in files:
                archive.writestr(zipfile.ZipInfo(f"{name}/{file}", (1980, 1, 1, 0, 0, 0)), content)
    return buffer.getvalue()


def _record(workspace: Workspace, row: sa.Row[tuple[object, ...]]) -> RunRecord:
    folder = workspace.root / ("runs" if row.kind == "book" else "scenarios") / row.run_id
    return RunRecord(
        row.run_id, row.kind, row.state, row.number, row.started_at, row.finished_at, row.known, row.as_of,
        row.principal, row.previous, json.loads(row.manifest), folder,
    )  # fmt: skip


def runs_list(workspace: Workspace, scope: Scope, kind: RunKind = "book") -> list[RunRecord]:
    """Complete runs, newest first. A run has no subject; what a reader may see in it is `read_result`'s to say."""
    if scope.kind == "none":
        return []
    query = sa.select(run_row).where(run_row.c.kind == kind, run_row.c.state == "complete")
    with reading(workspace.engine) as db:
        return [_record(workspace, r) for r in db.execute(query.order_by(run_row.c.number.desc()))]


def latest_run(workspace: Workspace, scope: Scope, *, known: datetime | None) -> RunRecord | None:
    """The newest complete book run, or the newest that was known as of `known`."""
    if scope.kind == "none":
        return None
    query = sa.select(run_row).where(run_row.c.kind == "book", run_row.c.state == "complete")
    if known is not None:
        query = query.where(run_row.c.known <= known)
    with reading(workspace.engine) as db:
        row = db.execute(query.order_by(run_row.c.number.desc()).limit(1)).first()
    return _record(workspace, row) if row else None


def run_record(workspace: Workspace, scope: Scope, run_id: str) -> RunRecord:
    """A run by its id; raises RUN-001, also for who may see nothing at all."""
    with reading(workspace.engine) as db:
        row = db.execute(sa.select(run_row).where(run_row.c.run_id == run_id)).first()
    if row is None or row.state != "complete" or scope.kind == "none":
        raise UserError(
            "RUN-001",
            f"there is no complete run {run_id}.",
            remedy="`shuangkong judge` makes one; leave the run out.",
            case="none",
            facts={"id": run_id[:40]},
        )
    return _record(workspace, row)


def read_result(
    run: RunRecord, contract: TableContract, scope: Scope, scope_subjects: pa.Table | None = None, *, where: str = ""
) -> pa.Table:
    """Rows of a run's result that a reader may see; `where` is SQL over the contract's columns, from code only.

    `scope_subjects` are the subjects to keep to; an unrestricted reader has some too where the law hides others.
    """
    with DuckDB(threads=1) as executor:
        bind_rows(executor, contract.name, contract, run.folder)
        conditions = [where] if where else []
        if not scope.unrestricted or scope_subjects is not None:
            if scope.kind == "none" or scope_subjects is None or contract.subject is None:
                return contract.arrow_schema.empty_table()
            executor.bind("scope_subjects", scope_subjects)
            conditions.append(f"{contract.subject} IN (SELECT subject_id FROM scope_subjects)")
        sql = f"SELECT * FROM ({shown(executor, contract, contract.name, run.folder, scope_subjects)})"
        if conditions:
            sql += " WHERE " + " AND ".join(f"({c})" for c in conditions)
        return executor.run(sql)
