"""What a run works in (运算环境): its tables by name, what it publishes, and what an update takes over from before.

A full run computes every row. An update computes those of some subjects: every table that a step sees holds these
subjects alone, the statements are those of the run that it updates, and all other rows stay where they are
(`engine.layers`). What a step needs of other subjects it asks for by name (`before`, `whole`).
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

import pyarrow as pa

from shuangkong.engine.contracts import ContractBroken, TableContract
from shuangkong.engine.executors import DuckDB, compile_sql
from shuangkong.engine.layers import KEPT, SUBJECT, bind_kept, bind_rows, layer_of, replaced_in
from shuangkong.engine.workspace import Workspace
from shuangkong.kernel.flaws import Flaw
from shuangkong.kernel.ids import RunId
from shuangkong.kernel.periods import china_day
from shuangkong.kernel.scope import Scope

if TYPE_CHECKING:
    import ibis.expr.types as ir

RunKind = Literal["book", "scenario"]
#: The subjects that an update computes, as a table of the run.
UPDATED = "updated_subjects"
STATEMENTS = "statements.json"
Statement = tuple[str, dict[str, str]]
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

    @property
    def known_day(self) -> date:
        """The day in China as known on which it was made: what was published on it counts."""
        return china_day(self.known)


class NotLocal(Exception):
    """An update would have to change rows of subjects that it does not compute; the reason, for people to read."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What an update was asked to be: of which run, and for which subjects at least."""

    of: RunRecord
    subjects: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Update:
    """An update under way: the run that it updates, the subjects that it computes, and why these.

    `touched` are those with other inputs than before; `subjects` holds them and every region above them.
    """

    of: RunRecord
    touched: frozenset[str]
    subjects: frozenset[str]
    statements: dict[str, Statement]

    @property
    def root(self) -> Path:
        """The folder of the full run beneath."""
        layer = layer_of(self.of.folder)
        return layer.root if layer else self.of.folder

    @property
    def replaced(self) -> frozenset[str]:
        """The subjects whose rows are not the full run's any more."""
        return replaced_in(self.of.folder) | self.subjects


def statements_of(folder: Path) -> dict[str, Statement]:
    """The statements that a run was made with, by name; none where it kept none."""
    path = folder / KEPT / STATEMENTS
    if not path.exists():
        return {}
    return {name: (sql, types) for name, (sql, types) in json.loads(path.read_text("utf-8")).items()}


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
    asked: Asked | None = None
    update: Update | None = None
    not_updated: str = ""
    registered: str = ""
    published: dict[str, TableContract] = field(default_factory=dict)
    whole_tables: set[str] = field(default_factory=set)
    retained: dict[str, bool] = field(default_factory=dict)
    statements: dict[str, Statement] = field(default_factory=dict)
    inputs: dict[str, list[int]] = field(default_factory=dict)
    flaws: list[Flaw] = field(default_factory=list)
    timings: dict[str, float] = field(default_factory=dict)
    sql: dict[str, str] = field(default_factory=dict)

    @property
    def known_day(self) -> date:
        """The day in China as known on which it is made: what was published on it counts."""
        return china_day(self.known)

    def become(self, update: Update) -> None:
        """Be an update from here on; called before any table is bound."""
        self.update = update
        self.statements = dict(update.statements)
        subjects = pa.table({SUBJECT: pa.array(sorted(update.subjects), pa.string())})
        self.executor.bind(f"{UPDATED}__arrow", subjects)
        self.executor.keep(UPDATED, f"SELECT * FROM {UPDATED}__arrow")

    def begin_anew(self, reason: str) -> None:
        """Be a full run after all; everything computed so far is forgotten."""
        self.executor.close()
        self.executor = DuckDB()
        self.update, self.not_updated = None, reason
        for kept in (self.published, self.whole_tables, self.retained, self.statements, self.inputs, self.sql):
            kept.clear()
        self.flaws.clear()

    def table(self, contract: TableContract) -> ir.Table:
        """A table of the lake as known at this run: corrected rows are gone, rows out of scope are not there."""
        if contract.name not in self.inputs:
            commits = self.workspace.lake.commits(contract.name, self.known)
            files = [self.workspace.lake.root / c.file for c in commits]
            self.executor.bind_files(f"{contract.name}__all", files, contract.arrow_schema)
            seen = "scope_subjects" if not self.scope.unrestricted else UPDATED if self.update else ""
            self.executor.keep(contract.name, _standing(contract, seen))
            self.inputs[contract.name] = [c.sequence for c in commits]
        return contract.ibis()

    def bind(self, contract: TableContract, rows: pa.Table) -> ir.Table:
        """Rows of the registry, as known at this run, under a table's name."""
        self.executor.bind(f"{contract.name}__arrow", contract.checked(rows))
        self.executor.keep(contract.name, f"SELECT * FROM {contract.name}__arrow")
        return contract.ibis()

    def alias(self, name: str, sql: str) -> None:
        """The rows of a query under a name, computed where they are read."""
        self.executor.connection.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS {sql}")

    def keep(self, name: str, made: Callable[[], ir.Table], *, carry: str = "") -> ir.Table:
        """Materialise a table, so that it is computed once. An update takes the statement of the run before.

        made: the expression; it depends on packs, methods and day alone, never on rows. carry: SQL for rows that are
        taken over beside those computed.
        """
        sql, types = self._statement(name, made)
        self.executor.keep(name, f"{sql} UNION ALL BY NAME {carry}" if carry else sql)
        return _named(name, types)

    def _statement(self, name: str, made: Callable[[], ir.Table]) -> Statement:
        if name not in self.statements:
            rows = made()
            self.statements[name] = (compile_sql(rows), {c: str(t).lstrip("!") for c, t in rows.schema().items()})
        return self.statements[name]

    def publish(
        self, contract: TableContract, rows: ir.Table | pa.Table | Callable[[], ir.Table], *, carry: str = "",
        whole: bool = False,
    ) -> ir.Table:  # fmt: skip
        """Compute a result table, keep its SQL beside it, and let later steps read it.

        `carry` as in `keep`. A `whole` table holds all subjects' rows, in an update too.
        """
        if contract.name in self.published:
            raise RuntimeError(f"{contract.name} was published before in this run")
        if isinstance(rows, pa.Table):
            self.bind(contract, rows)
        else:
            made = rows if callable(rows) else lambda: rows
            names = [c.name for c in contract.columns]
            sql, _ = self._statement(contract.name, lambda: made().select(names))
            self.sql[contract.name] = sql
            self.executor.keep(contract.name, _counted(contract, f"{sql} UNION ALL BY NAME {carry}" if carry else sql))
            self._check_key(contract)
        self.published[contract.name] = contract
        if whole:
            self.whole_tables.add(contract.name)
        return contract.ibis()

    def publish_sql(self, contract: TableContract, sql: str) -> None:
        """Publish the rows of a query that puts together what was computed."""
        self.sql[contract.name] = sql
        self.executor.keep(contract.name, _counted(contract, sql))
        self._check_key(contract)
        self.published[contract.name] = contract

    def _check_key(self, contract: TableContract) -> None:
        """A result whose key is null or not unique is a bug of its step, found here and not by a reader."""
        keys = ", ".join(contract.key)
        sql = f"SELECT {keys}, count(*) AS n FROM {contract.name} GROUP BY ALL HAVING n > 1 LIMIT 3"
        twice = self.executor.run(sql).to_pylist()
        if twice:
            raise ContractBroken(f"{contract.name}: key ({keys}) is not unique, e.g. {twice}")

    def retain(self, name: str, *, by_subject: bool = True) -> None:
        """Write a kept table beside the results, for later updates; `by_subject` as a layer, else as a whole."""
        self.retained[name] = by_subject

    def before(self, name: str, contract: TableContract | None = None) -> str:
        """In an update: the name of a view of all rows of a table in the run that is updated.

        contract: of a published table; without it one that was retained.
        """
        assert self.update is not None
        view, folder = f"{name}__before", self.update.of.folder
        if contract is not None:
            bind_rows(self.executor, view, contract, folder)
        else:
            bind_kept(self.executor, view, name, folder)
        return view

    def whole(self, name: str, contract: TableContract | None = None) -> str:
        """The name of a view of all subjects' rows: those computed here, and in an update those that stay."""
        if self.update is None:
            self.alias(f"{name}__whole", f"SELECT * FROM {name}")
        else:
            others = f"{SUBJECT} IS NOT NULL AND {SUBJECT} NOT IN (SELECT {SUBJECT} FROM {UPDATED})"
            self.alias(
                f"{name}__whole",
                f"SELECT * FROM {self.before(name, contract)} WHERE {others} UNION ALL BY NAME SELECT * FROM {name}",
            )
        return f"{name}__whole"

    def result(self, contract: TableContract) -> pa.Table:
        """The rows of a published table; in an update those of the subjects that it computes."""
        return contract.checked(self.executor.run(f"SELECT * FROM {contract.name}"))

    def earlier(self, contract: TableContract) -> pa.Table:
        """The same table in the run before this one; empty where there is none."""
        if self.previous is None:
            return contract.arrow_schema.empty_table()
        with DuckDB(threads=1) as executor:
            bind_rows(executor, "earlier", contract, self.previous.folder)
            return executor.run("SELECT * FROM earlier").select([c.name for c in contract.columns])

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


def _named(name: str, types: dict[str, str]) -> ir.Table:
    import ibis

    return ibis.table(types, name=name)


def _counted(contract: TableContract, sql: str) -> str:
    """The query with its integers as BIGINT: DuckDB sums them as HUGEINT, which Parquet would keep as doubles."""
    whole = ", ".join(f"CAST({c.name} AS BIGINT) AS {c.name}" for c in contract.columns if c.kind == "integer")
    return f"SELECT * REPLACE ({whole}) FROM ({sql})" if whole else sql


def _standing(contract: TableContract, seen: str) -> str:
    """The rows of a table that no later one puts right; `seen` is a table of the subjects to keep to."""
    sql = f"SELECT * FROM {contract.name}__all"
    where = []
    if any(c.name == "corrects" for c in contract.columns):
        key = contract.key[0]
        where.append(f"{key} NOT IN (SELECT corrects FROM {contract.name}__all WHERE corrects IS NOT NULL)")
    if seen and contract.subject:
        where.append(f"{contract.subject} IN (SELECT {SUBJECT} FROM {seen})")
    return f"{sql} WHERE {' AND '.join(where)}" if where else sql
