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
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa

from shuangkong import __version__
from shuangkong.engine.audit import record
from shuangkong.engine.contracts import ContractBroken, TableContract, upcast
from shuangkong.engine.database import METADATA, UtcInstant, one_at_a_time, reading, writing
from shuangkong.engine.executors import DuckDB, compile_sql
from shuangkong.engine.holders import process_gone, process_name
from shuangkong.engine.room import written_to
from shuangkong.engine.withheld import shown
from shuangkong.engine.workspace import Workspace
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.flaws import Flaw
from shuangkong.kernel.ids import RunId
from shuangkong.kernel.numbers import ROUNDING
from shuangkong.kernel.scope import Scope

if TYPE_CHECKING:
    import ibis.expr.types as ir

RunKind = Literal["book", "scenario"]
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


Kept = tuple[tuple[str, tuple[tuple[str, bytes], ...]], ...]


class UsedPacks(Protocol):
    """What a run needs to know of its packs: content hashes and bytes, overlays last."""

    def hashes(self) -> tuple[tuple[str, str], ...]:
        """(name, content hash) of each."""

    def bytes(self) -> Kept:
        """(name, files) of each, so that an old run can be read again."""


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run as the registry database knows it."""

    run_id: RunId
    kind: RunKind
    state: str
    number: int
    started_at: datetime
    finished_at: datetime | None
    known: datetime
    as_of: date
    principal: str
    previous: RunId | None
    manifest: dict[str, object]
    folder: Path


@dataclass
class RunContext:
    """What every step gets. `known` and `as_of` are always given; nothing in a step asks a clock."""

    workspace: Workspace
    run_id: RunId
    kind: RunKind
    packs: UsedPacks
    known: datetime
    as_of: date
    scope: Scope
    previous: RunRecord | None
    executor: DuckDB
    folder: Path
    published: dict[str, TableContract] = field(default_factory=dict)
    inputs: dict[str, list[int]] = field(default_factory=dict)
    flaws: list[Flaw] = field(default_factory=list)
    timings: dict[str, float] = field(default_factory=dict)
    sql: dict[str, str] = field(default_factory=dict)

    def table(self, contract: TableContract) -> ir.Table:
        """A table of the lake as known at this run: corrected rows are gone, rows out of scope are not there."""
        if contract.name not in self.inputs:
            commits = self.workspace.lake.commits(contract.name, self.known)
            files = [self.workspace.lake.root / c.file for c in commits]
            self.executor.bind_files(f"{contract.name}__all", files, contract.arrow_schema)
            self.executor.keep(contract.name, _standing(contract, scoped=not self.scope.unrestricted))
            self.inputs[contract.name] = [c.sequence for c in commits]
        return contract.ibis()

    def bind(self, contract: TableContract, rows: pa.Table) -> ir.Table:
        """Rows of the registry, as known at this run, under a table's name."""
        self.executor.bind(f"{contract.name}__arrow", contract.checked(rows))
        self.executor.keep(contract.name, f"SELECT * FROM {contract.name}__arrow")
        return contract.ibis()

    def publish(self, contract: TableContract, rows: ir.Table | pa.Table) -> ir.Table:
        """Compute a result table, keep its SQL beside it, and let later steps read it."""
        if contract.name in self.published:
            raise RuntimeError(f"{contract.name} was published before in this run")
        if isinstance(rows, pa.Table):
            self.bind(contract, rows)
        else:
            sql = compile_sql(rows.select([c.name for c in contract.columns]), "duckdb")
            self.sql[contract.name] = sql
            self.executor.keep(contract.name, _counted(contract, sql))
            self._check_key(contract)
        self.published[contract.name] = contract
        return contract.ibis()

    def _check_key(self, contract: TableContract) -> None:
        """A result whose key is null or not unique is a bug of its step, found here and not by a reader."""
        keys = ", ".join(contract.key)
        sql = f"SELECT {keys}, count(*) AS n FROM {contract.name} GROUP BY ALL HAVING n > 1 LIMIT 3"
        twice = self.executor.run(sql).to_pylist()
        if twice:
            raise ContractBroken(f"{contract.name}: key ({keys}) is not unique, e.g. {twice}")

    def result(self, contract: TableContract) -> pa.Table:
        """The rows of a published table."""
        return contract.checked(self.executor.run(f"SELECT * FROM {contract.name}"))

    def earlier(self, contract: TableContract) -> pa.Table:
        """The same table in the run before this one; empty where there is none."""
        if self.previous is None:
            return contract.arrow_schema.empty_table()
        path = self.previous.folder / f"{contract.name}.parquet"
        return upcast(pq.read_table(path), contract) if path.exists() else contract.arrow_schema.empty_table()

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time a step in seconds of CPU."""
        start = time.process_time()
        yield
        self.timings[name] = round(self.timings.get(name, 0.0) + time.process_time() - start, 4)

    def refuse_in_scenario(self, effect: str) -> None:
        """Called by whatever would act outside the run."""
        if self.kind == "scenario":
            raise RuntimeError(f"a scenario may not {effect}")


def _counted(contract: TableContract, sql: str) -> str:
    """The query with its integers as BIGINT: DuckDB sums them as HUGEINT, which Parquet would keep as doubles."""
    whole = ", ".join(f"CAST({c.name} AS BIGINT) AS {c.name}" for c in contract.columns if c.kind == "integer")
    return f"SELECT * REPLACE ({whole}) FROM ({sql})" if whole else sql


def _standing(contract: TableContract, *, scoped: bool) -> str:
    sql = f"SELECT * FROM {contract.name}__all"
    where = []
    if any(c.name == "corrects" for c in contract.columns):
        key = contract.key[0]
        where.append(f"{key} NOT IN (SELECT corrects FROM {contract.name}__all WHERE corrects IS NOT NULL)")
    if scoped and contract.subject:
        where.append(f"{contract.subject} IN (SELECT subject_id FROM scope_subjects)")
    return f"{sql} WHERE {' AND '.join(where)}" if where else sql


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
) -> Iterator[RunContext]:
    """A run that is complete when the block ends, and failed (never visible) when it raises.

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
    context = RunContext(workspace, run_id, kind, packs, known, as_of, scope, previous, executor, folder)
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
        executor.close()


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
    tables: dict[str, object] = {}
    for name, contract in context.published.items():
        order = ", ".join(contract.key) or "ALL"
        context.executor.keep(f"{name}__ordered", f"SELECT * FROM {name} ORDER BY {order}")
        path = context.folder / f"{name}.parquet"
        rows = context.executor.write(f"{name}__ordered", path)
        tables[name] = {"rows": rows, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    for name, sql in context.sql.items():
        (context.folder / f"{name}.sql").write_text(sql + "\n", "utf-8")
    context.timings["write"] = round(time.process_time() - start, 4)
    workspace = context.workspace
    manifest = {
        "code": __version__,
        "packs": dict(context.packs.hashes()),
        "packs_blob": workspace.blobs.put(_archive(context.packs.bytes())),
        "inputs": context.inputs,
        "known": context.known.isoformat(),
        "as_of": context.as_of.isoformat(),
        "rounding": ROUNDING,
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
    path = run.folder / f"{contract.name}.parquet"
    with DuckDB(threads=1) as executor:
        executor.bind_files(contract.name, [path] if path.exists() else [], contract.arrow_schema)
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
