"""Executors (执行器): run SQL text on one engine and hand back Arrow. Expressions are compiled, never executed.

DuckDB runs in memory over lists of Parquet files; it has no file of its own, so no process locks another out.
PostgreSQL and Spark run the same text for those who need them, and for tests that hold the digits equal.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Protocol, Self

import pyarrow as pa

from shuangkong.engine.exact import PRELUDE

if TYPE_CHECKING:
    import ibis.expr.types as ir

Dialect = Literal["duckdb", "postgres", "pyspark"]


def compile_sql(expression: ir.Table, dialect: Dialect = "duckdb") -> str:
    """The SQL text of an unbound expression; the only thing that Ibis is asked for."""
    import ibis

    if dialect == "pyspark":
        _give_spark_its_option()
    return str(ibis.to_sql(expression, dialect=dialect))


@lru_cache(maxsize=1)
def _give_spark_its_option() -> None:
    """The one option that Ibis's Spark compiler reads; its back end, which would define it, is not used."""
    import ibis
    from ibis.config import Config

    class SparkOptions(Config):  # type: ignore[misc]  # Ibis has no types
        treat_nan_as_null: bool = False

    ibis.options.pyspark = SparkOptions()


class Executor(Protocol):
    """What a step needs of an engine."""

    dialect: Dialect

    def bind(self, name: str, table: pa.Table) -> None:
        """Make rows known under a name."""

    def bind_files(self, name: str, files: Sequence[Path], schema: pa.Schema) -> None:
        """Make the rows of Parquet files known under a name; no files is an empty table."""

    def run(self, sql: str) -> pa.Table:
        """The rows that a query gives."""

    def keep(self, name: str, sql: str) -> None:
        """Run a query and keep its rows under a name for later ones."""


class DuckDB:
    """DuckDB in memory; `threads` and `memory` are set from outside, extensions are never fetched."""

    dialect: Dialect = "duckdb"

    def __init__(self, *, threads: int | None = None, memory: str | None = None) -> None:
        import duckdb

        config: dict[str, Any] = {
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        }
        if threads:
            config["threads"] = threads
        if memory:
            config["memory_limit"] = memory
        self.connection = duckdb.connect(":memory:", config=config)
        self.connection.execute("SET TimeZone = 'UTC'")
        self.connection.execute("; ".join(PRELUDE["duckdb"]))

    def bind(self, name: str, table: pa.Table) -> None:
        """Make rows known under a name."""
        self.connection.register(name, table)

    def bind_files(self, name: str, files: Sequence[Path], schema: pa.Schema) -> None:
        """A view over Parquet files, older ones upcast by name: columns added since are null. No files, no rows."""
        import pyarrow.parquet as pq

        if not files:
            self.connection.register(name, schema.empty_table())
            return
        paths = ", ".join(_quoted(str(f)) for f in files)
        rows = f"SELECT * FROM read_parquet([{paths}], union_by_name=true)"
        if set(schema.names) - {column for f in files for column in pq.read_schema(f).names}:
            # a table of DuckDB's own: into rows of Arrow it hands down filters of joins that Arrow cannot apply
            self.connection.register("incoming_shape", schema.empty_table())
            self.connection.execute(f"CREATE OR REPLACE TABLE {name}__shape AS SELECT * FROM incoming_shape")
            self.connection.unregister("incoming_shape")
            rows += f" UNION ALL BY NAME SELECT * FROM {name}__shape"
        self.connection.execute(f"CREATE OR REPLACE VIEW {name} AS {rows}")

    def run(self, sql: str) -> pa.Table:
        """The rows that a query gives."""
        relation: Any = self.connection.sql(sql)
        if relation is None:
            return pa.table({})
        table: pa.Table = relation.to_arrow_table()
        return table

    def keep(self, name: str, sql: str) -> None:
        """A temporary table of a query's rows."""
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {sql}")

    def add(self, name: str, sql: str) -> None:
        """More rows of a kept table, by the names of its columns; those that it has stay where they are."""
        self.connection.execute(f"INSERT INTO {name} BY NAME {sql}")

    def write(self, sql: str, path: Path) -> int:
        """Write a query's rows to one Parquet file, in its order, and say how many they are."""
        copy = f"COPY ({sql}) TO {_quoted(str(path))} (FORMAT parquet, COMPRESSION zstd)"
        row = self.connection.execute(copy).fetchone()
        return int(row[0]) if row else 0

    def close(self) -> None:
        """Give the memory back."""
        self.connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, wrong: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


_PG_TYPES: tuple[tuple[Any, str], ...] = (
    (pa.types.is_string, "text"),
    (pa.types.is_int64, "bigint"),
    (pa.types.is_boolean, "boolean"),
    (pa.types.is_date32, "date"),
    (pa.types.is_timestamp, "timestamptz"),
)


class PostgreSQL:
    """PostgreSQL by URL, in a schema of its own that goes when the executor closes."""

    dialect: Dialect = "postgres"

    def __init__(self, conninfo: str, schema: str) -> None:
        import psycopg

        self.connection = psycopg.connect(conninfo, autocommit=True)
        self.schema = schema
        self._run(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
        self._run(f'SET search_path TO "{schema}"')
        self._run("SET timezone TO 'UTC'")
        for function in PRELUDE["postgres"]:
            self._run(function)

    def _run(self, sql: str) -> None:
        self.connection.execute(sql.encode())

    def bind(self, name: str, table: pa.Table) -> None:
        """Copy rows into a table of the schema."""
        columns = ", ".join(f'"{f.name}" {_pg_type(f.type)}' for f in table.schema)
        self._run(f'DROP TABLE IF EXISTS "{name}"')
        self._run(f'CREATE UNLOGGED TABLE "{name}" ({columns})')
        with self.connection.cursor() as cursor, cursor.copy(f'COPY "{name}" FROM STDIN'.encode()) as copy:
            for batch in table.to_batches():
                for row in zip(*(c.to_pylist() for c in batch.columns), strict=True):
                    copy.write_row(row)

    def bind_files(self, name: str, files: Sequence[Path], schema: pa.Schema) -> None:
        """Copy the rows of Parquet files in."""
        import pyarrow.parquet as pq

        tables = [pq.read_table(f) for f in files]
        self.bind(name, pa.concat_tables(tables, promote_options="default") if tables else schema.empty_table())

    def run(self, sql: str) -> pa.Table:
        """The rows that a query gives, with decimals at six places."""
        from decimal import Decimal

        with self.connection.cursor() as cursor:
            cursor.execute(sql.encode())
            if cursor.description is None:
                return pa.table({})
            names = [d.name for d in cursor.description]
            rows = cursor.fetchall()
        columns: dict[str, pa.Array] = {}
        for i, name in enumerate(names):
            values = [r[i] for r in rows]
            decimal = any(isinstance(v, Decimal) for v in values)
            columns[name] = pa.array(values, pa.decimal128(38, 6)) if decimal else pa.array(values)
        return pa.table(columns)

    def keep(self, name: str, sql: str) -> None:
        """A table of a query's rows."""
        self._run(f'DROP TABLE IF EXISTS "{name}"')
        self._run(f'CREATE UNLOGGED TABLE "{name}" AS {sql}')

    def close(self) -> None:
        """Drop the schema and close."""
        self._run(f'DROP SCHEMA IF EXISTS "{self.schema}" CASCADE')
        self.connection.close()


def _pg_type(kind: pa.DataType) -> str:
    if pa.types.is_decimal(kind):
        return f"numeric({kind.precision},{kind.scale})"
    for test, name in _PG_TYPES:
        if test(kind):
            return name
    raise TypeError(f"no PostgreSQL type for {kind}")


class Spark:
    """Spark Connect by URL (`sc://host:15002`); reads the same Parquet files as DuckDB."""

    dialect: Dialect = "pyspark"

    def __init__(self, url: str) -> None:
        from pyspark.sql.connect.session import SparkSession

        self.session = SparkSession.builder.remote(url).getOrCreate()
        self.session.conf.set("spark.sql.session.timeZone", "UTC")
        self.session.conf.set("spark.sql.ansi.enabled", "true")
        # else a product of 20 decimal places loses one before the named rounding step sees it
        self.session.conf.set("spark.sql.decimalOperations.allowPrecisionLoss", "false")
        for function in PRELUDE["pyspark"]:
            self.session.sql(function).collect()

    def bind(self, name: str, table: pa.Table) -> None:
        """A temporary view of rows."""
        self.session.createDataFrame(table).createOrReplaceTempView(name)

    def bind_files(self, name: str, files: Sequence[Path], schema: pa.Schema) -> None:
        """A temporary view over Parquet files."""
        if not files:
            self.bind(name, schema.empty_table())
            return
        frame = self.session.read.option("mergeSchema", "true").parquet(*[str(f) for f in files])
        frame.createOrReplaceTempView(name)

    def run(self, sql: str) -> pa.Table:
        """The rows that a query gives."""
        table: pa.Table = self.session.sql(sql).toArrow()
        return table

    def keep(self, name: str, sql: str) -> None:
        """A temporary view of a query's rows, computed once and cut from its plan.

        A cached frame would still carry the plan of all that it was made from, which doubles with every union.
        """
        frame = self.session.sql(sql).localCheckpoint()
        frame.createOrReplaceTempView(name)

    def close(self) -> None:
        """End the session."""
        self.session.stop()
