"""The door of the engine: what slices may use."""

from shuangkong.engine import jobs
from shuangkong.engine.audit import GENESIS, Fault, Head, Verified, audit_entry, head, record, verified, verify
from shuangkong.engine.backup import Manifest, back_up
from shuangkong.engine.blobs import Blobs
from shuangkong.engine.contracts import (
    PERIOD_COLUMNS,
    Column,
    Confidential,
    ContractBroken,
    TableContract,
    day,
    instant,
    number,
    text,
    upcast,
)
from shuangkong.engine.database import METADATA, ScaledDecimal, UtcInstant, among, connect, migrate, reading, writing
from shuangkong.engine.exact import amount, exact_change, exact_ratio, rounded
from shuangkong.engine.executors import DuckDB, Executor, PostgreSQL, Spark, compile_sql
from shuangkong.engine.lake import Commit, Lake, Lease, Part, lake_commit, write_durably
from shuangkong.engine.marks import confidence_mark, confidence_rank
from shuangkong.engine.restoring import check, restore
from shuangkong.engine.runs import (
    RunContext,
    RunKind,
    RunRecord,
    begin,
    latest_run,
    read_result,
    run_record,
    runs_list,
)
from shuangkong.engine.schema import database_revision, head_revision
from shuangkong.engine.withheld import PUBLIC_ONLY, WITHHELD, count_withheld, shown
from shuangkong.engine.workspace import Clock, Workspace, system_clock

__all__ = [
    "GENESIS",
    "METADATA",
    "PERIOD_COLUMNS",
    "PUBLIC_ONLY",
    "WITHHELD",
    "Blobs",
    "Clock",
    "Column",
    "Commit",
    "Confidential",
    "ContractBroken",
    "DuckDB",
    "Executor",
    "Fault",
    "Head",
    "Lake",
    "Lease",
    "Manifest",
    "Part",
    "PostgreSQL",
    "RunContext",
    "RunKind",
    "RunRecord",
    "ScaledDecimal",
    "Spark",
    "TableContract",
    "UtcInstant",
    "Verified",
    "Workspace",
    "among",
    "amount",
    "audit_entry",
    "back_up",
    "begin",
    "check",
    "compile_sql",
    "confidence_mark",
    "confidence_rank",
    "connect",
    "count_withheld",
    "database_revision",
    "day",
    "exact_change",
    "exact_ratio",
    "head",
    "head_revision",
    "instant",
    "jobs",
    "lake_commit",
    "latest_run",
    "migrate",
    "number",
    "read_result",
    "reading",
    "record",
    "restore",
    "rounded",
    "run_record",
    "runs_list",
    "shown",
    "system_clock",
    "text",
    "upcast",
    "verified",
    "verify",
    "write_durably",
    "writing",
]
