"""Rows of a run's result, read from its file by DuckDB (运算结果): the scope is a semi-join below everything else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from shuangkong.engine.api import DuckDB, TableContract
from shuangkong.kernel.scope import Scope
from shuangkong.webkit.tables.choices import Condition
from shuangkong.webkit.tables.source import BATCH
from shuangkong.webkit.tables.spec import Order, Row

_OPS = {"from": ">=", "to": "<=", "before": "<"}


class FileSource:
    """Rows of one table of a run's folder as a scope may see them, joined with names that pages need.

    `names` are small tables by name, `also` further tables of the folder; `listing` is SQL from code over the names of
    all of them. It sees the rows of the scope only, so nothing that is built on it can count, sort or name a
    neighbour's. A listing that is `kept` is worked out once: for sums that no page should repeat.
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
    ) -> None:
        self._executor = DuckDB(threads=2)
        self._key = tuple(key or contract.key)
        self._allowed = False
        for one in (contract, *also):
            self._rows_of(folder, one, scope, seen)
        for name, table in (names or {}).items():
            self._keep(name, table)
        self._run(f"CREATE {'TABLE' if kept else 'VIEW'} listed AS {listing or f'SELECT * FROM {contract.name}'}")

    def _rows_of(self, folder: Path, contract: TableContract, scope: Scope, seen: pa.Table | None) -> None:
        """A view of the rows of one table that the scope may see."""
        path = folder / f"{contract.name}.parquet"
        allowed = seen if _visible(scope, seen, contract) else None
        hidden = not scope.unrestricted or seen is not None
        every = f"every_{contract.name}"
        if path.exists() and not (hidden and allowed is None):
            self._executor.bind_files(every, [path], contract.arrow_schema)
        else:
            self._keep(every, contract.arrow_schema.empty_table())
        condition = ""
        if hidden and allowed is not None:
            if not self._allowed:
                self._keep("scope_subjects", allowed)
                self._allowed = True
            condition = f"WHERE {contract.subject} IN (SELECT subject_id FROM scope_subjects)"
        self._run(f"CREATE VIEW {contract.name} AS SELECT * FROM {every} {condition}")

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
        text, values = _where(where)
        return int(self._ask(f"SELECT count(*) FROM listed{text}", values).fetchone()[0])

    def page(self, where: Sequence[Condition], order: Order, limit: int, offset: int) -> list[Row]:
        """Some rows that fit: the keys are found first, so that a deep page does not sort whole rows."""
        text, values = _where(where)
        by = _order(order)
        keys = ", ".join(_name(k) for k in self._key)
        tuple_of = f"({keys})" if len(self._key) > 1 else keys
        sql = (
            f"SELECT * FROM listed WHERE {tuple_of} IN (SELECT {tuple_of} FROM (SELECT {keys} FROM listed{text} "
            f"ORDER BY {by} LIMIT ? OFFSET ?)) ORDER BY {by}"
        )
        found: list[Row] = self._ask(sql, [*values, limit, offset]).to_arrow_table().to_pylist()
        return found

    def batches(self, where: Sequence[Condition], order: Order) -> Iterator[list[Row]]:
        """All rows that fit, in order, some thousands at a time."""
        text, values = _where(where)
        cursor = self._ask(f"SELECT * FROM listed{text} ORDER BY {_order(order)}", values)
        for batch in cursor.to_arrow_reader(BATCH):
            yield batch.to_pylist()

    def counts(self, column: str, where: Sequence[Condition]) -> list[tuple[str, int]]:
        """The values of a column with how many rows that fit have each."""
        text, values = _where(where)
        name = _name(column)
        sql = f"SELECT {name}, count(*) AS n FROM listed{text} GROUP BY {name} ORDER BY n DESC, {name}"
        return [(_text(v), int(n)) for v, n in self._ask(sql, values).fetchall() if v is not None]

    def close(self) -> None:
        """Give the memory back."""
        self._executor.close()


def _visible(scope: Scope, seen: pa.Table | None, contract: TableContract) -> bool:
    return scope.kind != "none" and seen is not None and contract.subject is not None


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _name(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


def _order(order: Order) -> str:
    return ", ".join(f"{_name(c)} {'DESC' if down else 'ASC'} NULLS LAST" for c, down in order)


def _where(conditions: Sequence[Condition]) -> tuple[str, list[object]]:
    values: list[object] = []
    parts = ["(" + " OR ".join(_one(_name(c), x, values) for c in x.columns) + ")" for x in conditions]
    return (" WHERE " + " AND ".join(parts) if parts else ""), values


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
