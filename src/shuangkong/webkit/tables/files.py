"""Rows of a run's result, read from its file by DuckDB (运算结果): the scope is a semi-join below everything else."""

from __future__ import annotations

import copy
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar, cast

import pyarrow as pa

from shuangkong.engine.api import DuckDB, TableContract, bind_rows, shown
from shuangkong.kernel.scope import Scope
from shuangkong.webkit.tables.choices import Condition
from shuangkong.webkit.tables.source import BATCH, FILE_BATCH
from shuangkong.webkit.tables.spec import Order, Row

#: Counts and pages that a source remembers at most, the last ones asked for: those that people turn between.
REMEMBERED = 128
#: Moments of a kept listing that stand side by side, the last ones: a reader may still be at the one before.
MOMENTS = 6
T = TypeVar("T")
_OPS = {"from": ">=", "to": "<=", "before": "<"}


class FileSource:
    """Rows of one table of a run's folder as a scope may see them, joined with names that pages need.

    `names` are small tables by name, `also` further tables of the folder; `listing` is SQL from code over the names of
    all of them. It sees the rows of the scope only, so nothing that is built on it can count, sort or name a
    neighbour's. A listing that is `kept` is worked out once, in memory: for sums and names that no page should repeat.
    `search` are the columns that words are looked for in: a kept listing has them in small letters beside it.
    The rows of a finished run never change, and a source is one reader's of one run: so counts and pages are remembered
    with it, and a new run, or other rights, begin with none.
    """

    def __init__(
        self,
        folder: Path,
        contract: TableContract,
        scope: Scope,
        seen: pa.Table | None,
        *,
        names: Mapping[str, pa.Table] | None = None,
        listing: str = "",
        key: Sequence[str] = (),
        also: Sequence[TableContract] = (),
        kept: bool = False,
        search: Sequence[str] = (),
    ) -> None:
        self._executor = DuckDB(threads=2)
        self._key = tuple(key or contract.key)
        self._search = tuple(search) if kept else ()
        self._allowed = False
        self._remembered: OrderedDict[object, object] = OrderedDict()
        self._lock = Lock()
        self._rows, self._looked = "listed", "looked_in"
        self._moments, self._turn = count(1), Lock()
        for one in (contract, *also):
            self._rows_of(folder, one, scope, seen)
        for name, table in (names or {}).items():
            self._keep(name, table)
        self._listed(listing or f"SELECT * FROM {contract.name}", kept)

    def _listed(self, listing: str, kept: bool) -> None:
        """The rows as they are asked for; `looked_in` has the text that is searched as well."""
        if not self._search:
            self._run(f"CREATE {'TABLE' if kept else 'VIEW'} listed AS {listing}")
            return
        parts = ", ".join(_name(c) for c in self._search)
        # a break between the columns: nobody can type one, so that no word is found across two of them
        searched = f"lower(concat_ws(chr(10), {parts})) AS searched"
        self._run(f"CREATE TABLE looked_in AS SELECT *, {searched} FROM ({listing})")
        self._run("CREATE VIEW listed AS SELECT * EXCLUDE (searched) FROM looked_in")

    def at_moment(self, fresh: pa.Table, on: str) -> FileSource:
        """These rows with columns of a moment beside them, joined by the column `on`, which is in both.

        What is kept is kept once for all moments: thirty thousand rows of names are not copied for a state that
        changes every few seconds. The source of a moment remembers counts and pages of its own.
        """
        made = copy.copy(self)
        made._remembered, made._lock = OrderedDict(), Lock()
        with self._turn:
            n = next(self._moments)
            self._keep(f"fresh_{n}", fresh)
            made._rows, made._looked = f"listed_{n}", f"looked_in_{n}"
            for name in ("listed", "looked_in") if self._search else ("listed",):
                self._run(f"CREATE VIEW {name}_{n} AS SELECT * FROM {name} JOIN fresh_{n} USING ({_name(on)})")
            old = n - MOMENTS
            if old > 0:
                for what in (f"VIEW IF EXISTS looked_in_{old}", f"VIEW listed_{old}", f"TABLE fresh_{old}"):
                    self._run(f"DROP {what}")
        return made

    def _rows_of(self, folder: Path, contract: TableContract, scope: Scope, seen: pa.Table | None) -> None:
        """A view of the rows of one table that the scope may see."""
        path = folder / f"{contract.name}.parquet"
        allowed = seen if _visible(scope, seen, contract) else None
        hidden = not scope.unrestricted or seen is not None
        every = f"every_{contract.name}"
        if path.exists() and not (hidden and allowed is None):
            bind_rows(self._executor, every, contract, folder)
        else:
            self._keep(every, contract.arrow_schema.empty_table())
        condition = ""
        if hidden and allowed is not None:
            if not self._allowed:
                self._keep("scope_subjects", allowed)
                self._allowed = True
            condition = f"WHERE {contract.subject} IN (SELECT subject_id FROM scope_subjects)"
        rows = shown(self._executor, contract, every, folder, allowed)
        self._run(f"CREATE VIEW {contract.name} AS SELECT * FROM ({rows}) {condition}")

    def _run(self, sql: str) -> None:
        self._executor.connection.execute(sql)

    def _keep(self, name: str, table: pa.Table) -> None:
        # a table and not a registered view: cursors of other threads see it too
        self._executor.bind("incoming", table)
        self._run(f"CREATE TABLE {name} AS SELECT * FROM incoming")
        self._executor.connection.unregister("incoming")

    def _ask(self, sql: str, values: list[object]) -> Any:
        return self._executor.connection.cursor().execute(sql, values)

    def count(self, where: Sequence[Condition]) -> int:
        """How many rows fit."""
        return self._once(tuple(where), lambda: self._count(where))

    def _count(self, where: Sequence[Condition]) -> int:
        text, values = self._where(where)
        return int(self._ask(f"SELECT count(*) FROM {self._from}{text}", values).fetchone()[0])

    def _once(self, asked: object, read: Callable[[], T]) -> T:
        """The answer as remembered, else as read now. Two who ask at the same moment may both read: they read alike."""
        with self._lock:
            if asked in self._remembered:
                self._remembered.move_to_end(asked)
                return cast(T, self._remembered[asked])
        found = read()
        with self._lock:
            self._remembered[asked] = found
            while len(self._remembered) > REMEMBERED:
                self._remembered.popitem(last=False)
        return found

    def page(self, where: Sequence[Condition], order: Order, limit: int, offset: int) -> list[Row]:
        """Some rows that fit: the keys are found first, so that a deep page does not sort whole rows."""
        asked = (tuple(where), tuple(order), limit, offset)
        # remembered as columns, which are small; the rows of each who asks are its own
        found: list[Row] = self._once(asked, lambda: self._paged(where, order, limit, offset)).to_pylist()
        return found

    def _paged(self, where: Sequence[Condition], order: Order, limit: int, offset: int) -> pa.Table:
        text, values = self._where(where)
        by = _order(order)
        keys = ", ".join(_name(k) for k in self._key)
        tuple_of = f"({keys})" if len(self._key) > 1 else keys
        sql = (
            f"SELECT * FROM {self._rows} WHERE {tuple_of} IN (SELECT {tuple_of} FROM "
            f"(SELECT {keys} FROM {self._from}{text} ORDER BY {by} LIMIT ? OFFSET ?)) ORDER BY {by}"
        )
        return self._ask(sql, [*values, limit, offset]).to_arrow_table()

    def batches(self, where: Sequence[Condition], order: Order) -> Iterator[list[Row]]:
        """All rows that fit, in order, some thousands at a time."""
        for batch in self._read(where, order, self._all, BATCH):
            yield batch.to_pylist()

    def columns(self, where: Sequence[Condition], order: Order, names: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """The same as Arrow, the named columns alone; all where none is named."""
        yield from self._read(where, order, ", ".join(_name(n) for n in names) or self._all, FILE_BATCH)

    def _read(self, where: Sequence[Condition], order: Order, what: str, rows: int) -> pa.RecordBatchReader:
        text, values = self._where(where)
        sql = f"SELECT {what} FROM {self._from}{text} ORDER BY {_order(order)}"
        found: pa.RecordBatchReader = self._ask(sql, values).to_arrow_reader(rows)
        return found

    def counts(self, column: str, where: Sequence[Condition]) -> list[tuple[str, int]]:
        """The values of a column with how many rows that fit have each."""
        return self.tallies({column: where})[column]

    def tallies(self, wanted: Mapping[str, Sequence[Condition]]) -> dict[str, list[tuple[str, int]]]:
        """`counts` of several columns, each under its own conditions, in one reading of the rows."""
        if not wanted:
            return {}
        asked = tuple((column, tuple(where)) for column, where in wanted.items())
        found = self._once(asked, lambda: self._tallied(wanted))
        # a copy for each who asks: what is done to it is not remembered
        return {column: list(counts) for column, counts in found.items()}

    def _tallied(self, wanted: Mapping[str, Sequence[Condition]]) -> dict[str, list[tuple[str, int]]]:
        columns = list(wanted)
        sets = list(dict.fromkeys(tuple(where) for where in wanted.values()))
        every = (1 << len(columns)) - 1
        # grouping_id has a bit for each column that a row is not grouped by, the first column's the highest
        places = {every ^ (1 << (len(columns) - 1 - at)): at for at in range(len(columns))}
        found: dict[str, list[tuple[Any, int]]] = {column: [] for column in columns}
        for group, *row in self._ask(*self._tallying(columns, sets)).fetchall():
            column = columns[places[group]]
            value, n = row[places[group]], row[len(columns) + sets.index(tuple(wanted[column]))]
            if value is not None and n:
                found[column].append((value, n))
        return {c: [(_text(v), int(n)) for v, n in sorted(rows, key=_frequent)] for c, rows in found.items()}

    def _tallying(self, columns: list[str], sets: list[tuple[Condition, ...]]) -> tuple[str, list[object]]:
        """SQL that gives which column, its value there, and how many rows fit each set of conditions."""
        every = list(dict.fromkeys(c for where in sets for c in where))
        common = [c for c in every if all(c in where for where in sets)]
        single = {c: f"fits_{i}" for i, c in enumerate(c for c in every if c not in common)}
        names, values = ", ".join(_name(c) for c in columns), list[object]()
        flags = "".join(f", {self._part(c, values)} AS {flag}" for c, flag in single.items())
        text, more = self._where(common)
        counted = ", ".join(
            f"count(*) FILTER ({' AND '.join(single[c] for c in where if c in single) or 'true'})" for where in sets
        )
        sql = (
            f"SELECT grouping_id({names}), {names}, {counted} FROM (SELECT {names}{flags} FROM {self._from}{text}) "
            f"GROUP BY GROUPING SETS ({', '.join(f'({_name(c)})' for c in columns)})"
        )
        return sql, [*values, *more]

    @property
    def _all(self) -> str:
        return "* EXCLUDE (searched)" if self._search else "*"

    @property
    def _from(self) -> str:
        return self._looked if self._search else self._rows

    def _where(self, conditions: Sequence[Condition]) -> tuple[str, list[object]]:
        values: list[object] = []
        parts = [self._part(c, values) for c in conditions]
        return (" WHERE " + " AND ".join(parts) if parts else ""), values

    def _part(self, condition: Condition, values: list[object]) -> str:
        """One condition; values are bound in the order of the text."""
        if self._search and condition.op == "contains" and condition.columns == self._search:
            values += [str(v) for v in condition.values]
            return "(" + " OR ".join(["contains(searched, lower(?))"] * len(condition.values)) + ")"
        return "(" + " OR ".join(_one(_name(c), condition, values) for c in condition.columns) + ")"

    def forget(self) -> None:
        """Ask anew what was remembered: for whoever measures how long asking takes."""
        with self._lock:
            self._remembered.clear()

    def close(self) -> None:
        """Give the memory back."""
        self._executor.close()


def _visible(scope: Scope, seen: pa.Table | None, contract: TableContract) -> bool:
    return scope.kind != "none" and seen is not None and contract.subject is not None


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _frequent(counted: tuple[Any, int]) -> tuple[int, Any]:
    return -counted[1], counted[0]


def _name(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


def _order(order: Order) -> str:
    return ", ".join(f"{_name(c)} {'DESC' if down else 'ASC'} NULLS LAST" for c, down in order)


def _one(column: str, condition: Condition, values: list[object]) -> str:
    if condition.op == "is":
        if not condition.values:
            return "false"
        values.append(list(condition.values))
        return f"{column} IN (SELECT unnest(?))"
    if condition.op == "contains":
        values += [str(v) for v in condition.values]
        return "(" + " OR ".join([f"contains(lower({column}), lower(?))"] * len(condition.values)) + ")"
    values.append(condition.values[0])
    return f"{column} {_OPS[condition.op]} ?"
