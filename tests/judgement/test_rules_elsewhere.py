"""Decision tables give the same digits on PostgreSQL, and on the newest DuckDB, as on the locked one."""

from __future__ import annotations

import json
import random
from decimal import Decimal
from pathlib import Path

import ibis
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from contract.test_engines import NEWEST_DUCKDB, isolated, reach, run_elsewhere
from shuangkong.engine.api import DuckDB, Executor, PostgreSQL, compile_sql
from shuangkong.judgement.api import decide
from shuangkong.policy.api import (
    FLAG,
    TEXT,
    CheckedInput,
    CheckedOutput,
    CheckedRow,
    CheckedTable,
    Constant,
    Kind,
    ParameterValue,
    UsedParameter,
    cell,
    parse,
    typed,
)

TCE = Kind("number", (("tce", 1),))
NAMES = {"a": TCE, "b": TCE, "t": TEXT, "f": FLAG, "p": TCE}
INPUTS = tuple(CheckedInput(n, k) for n, k in NAMES.items() if n != "p")
SCHEMA = {"n": "int64", "a": "decimal(38, 6)", "b": "decimal(38, 6)", "t": "string", "f": "boolean"}


def rules(hit: str) -> CheckedTable:
    """Rows that calculate, divide (by zero too), compare and choose."""
    tests = ("a * b / p > 3 * p", 't in ["甲", "乙"] && !f', "f ? a / b * p > p : b >= a", "min(a, b) < p")
    then = ("a * b / p", "max(a, b) - p", "a / 3 + b / 7", "a * 0.333333")
    rows = tuple(
        CheckedRow(f"r{n}", typed(parse(c), NAMES)[0], (typed(parse(o), NAMES)[0],), priority=-n)
        for n, (c, o) in enumerate(zip(tests, then, strict=True))
    )
    return CheckedTable("demo", INPUTS, (CheckedOutput("o", TCE),), rows, hit, (UsedParameter("p", "demo.p", TCE),))


def intervals() -> CheckedTable:
    """Forty intervals on one input."""
    rows = tuple(
        CheckedRow(f"r{n}", cell("a", TCE, f"[{n}, {n + 1})"), (Constant(Decimal(n) / 8),)) for n in range(-20, 20)
    )
    return CheckedTable("demo", INPUTS, (CheckedOutput("o", TCE),), rows, "unique")


def invented(count: int = 400) -> pa.Table:
    """Rows with nulls, zeros, and products and quotients that end in a 5."""
    draw = random.Random(4)
    number = lambda: draw.choice((None, Decimal(0), Decimal(draw.randrange(-(10**7), 10**7)) / 10**6, Decimal("2.5")))  # noqa: E731
    return pa.table(
        {
            "n": pa.array(range(count), pa.int64()),
            "a": pa.array([number() for _ in range(count)], pa.decimal128(38, 6)),
            "b": pa.array([number() for _ in range(count)], pa.decimal128(38, 6)),
            "t": pa.array([draw.choice((None, "甲", "丙")) for _ in range(count)], pa.string()),
            "f": pa.array([draw.choice((None, True, False)) for _ in range(count)], pa.bool_()),
        }
    )


TABLES = [
    *(rules(h) for h in ("first", "unique", "priority", "collect_sum", "collect_min", "collect_max")),
    intervals(),
]


def answers(engine: Executor, table: CheckedTable) -> list[dict[str, object]]:
    """The relation of a table, in order, as plain rows."""
    asked = ibis.table(SCHEMA, name="asked_rows")
    answer = decide(table, asked, {"p": ParameterValue(Decimal("1.25"))}).order_by("n")
    found: list[dict[str, object]] = engine.run(compile_sql(answer, engine.dialect)).to_pylist()
    return found


@pytest.mark.service
def test_postgresql_decides_with_the_same_digits(postgres_url: str) -> None:
    """Rows, outputs, what is missing and why are equal, row for row, for every policy."""
    engine = PostgreSQL(postgres_url.replace("postgresql+psycopg://", "postgresql://", 1), "rules")
    try:
        engine.bind("asked_rows", invented())
        with DuckDB(threads=1) as here:
            here.bind("asked_rows", invented())
            for table in TABLES:
                assert answers(engine, table) == answers(here, table), table.hit
    finally:
        engine.close()


def test_the_invented_rows_try_every_outcome() -> None:
    """The comparison above is of something: rows hit, miss, stay open for want of an input, and clash."""
    with DuckDB(threads=1) as here:
        here.bind("asked_rows", invented())
        seen = {r["undecided"] for r in answers(here, rules("unique"))}
        hits = {r["row_hit"] for r in answers(here, rules("first"))}
    assert seen == {None, "missing", "conflict", "no_value"}
    assert hits == {"r0", "r1", "r2", "r3", None}


@pytest.mark.slow
def test_the_newest_duckdb_decides_with_the_same_digits(tmp_path: Path) -> None:
    """The newest DuckDB of the allowed range gives, row for row, what the locked one gives."""
    command = isolated("--with", f"duckdb=={NEWEST_DUCKDB}")
    reach(command)
    (tmp_path / "inputs").mkdir()
    pq.write_table(invented(), tmp_path / "inputs" / "asked_rows.parquet")
    asked = ibis.table(SCHEMA, name="asked_rows")
    values = {"p": ParameterValue(Decimal("1.25"))}
    steps = [(f"table_{n}", compile_sql(decide(t, asked, values).order_by("n"))) for n, t in enumerate(TABLES)]
    (tmp_path / "steps.json").write_text(json.dumps(steps), "utf-8")
    run_elsewhere(command, "duckdb", tmp_path)
    assert json.loads((tmp_path / "versions.json").read_text("utf-8"))["duckdb"] == NEWEST_DUCKDB
    with DuckDB(threads=1) as here:
        here.bind("asked_rows", invented())
        for n, table in enumerate(TABLES):
            found = pq.read_table(tmp_path / "out" / f"table_{n}.parquet").sort_by("n").to_pylist()
            assert found == answers(here, table), table.hit
