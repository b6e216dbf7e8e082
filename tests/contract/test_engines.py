"""Every engine gives the same digits, row for row, for every accounting expression."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from conftest import IN_CI
from contract.chain import chain, digits, run_chain, small
from shuangkong.engine.api import DuckDB, PostgreSQL
from shuangkong.engine.executors import Dialect
from source_tree import ROOT

ELSEWHERE = ROOT / "tests" / "contract" / "elsewhere.py"
NEWEST_DUCKDB = "2.0.0"


@pytest.fixture(scope="module")
def expected() -> dict[str, pa.Table]:
    """What the locked DuckDB gives."""
    with DuckDB() as engine:
        return run_chain(engine, small(), chain("duckdb"))


def same(expected: dict[str, pa.Table], got: dict[str, pa.Table]) -> None:
    """Compare every step row for row, and fail on the first that differs, or on a step without rows."""
    assert list(got) == list(expected)
    for name, table in expected.items():
        assert table.num_rows, name
        assert digits(got[name]) == digits(table), name


def hand_over(folder: Path, dialect: Dialect) -> None:
    """Write the inputs and the queries for another environment."""
    (folder / "inputs").mkdir()
    for name, table in small().items():
        pq.write_table(table, folder / "inputs" / f"{name}.parquet")
    (folder / "steps.json").write_text(json.dumps(chain(dialect)), "utf-8")


def taken_back(folder: Path) -> dict[str, pa.Table]:
    """What the other environment wrote, in the order of the steps."""
    names = [name for name, _ in json.loads((folder / "steps.json").read_text("utf-8"))]
    return {name: pq.read_table(folder / "out" / f"{name}.parquet") for name in names}


def uv() -> str:
    """The uv binary; tests that need one more environment are skipped without it, and fail in CI."""
    found = str(ROOT / ".tool" / "uv") if (ROOT / ".tool" / "uv").exists() else shutil.which("uv")
    if not found:
        missing("no uv to make the environment with")
    return str(found)


def missing(reason: str) -> None:
    """Skip, but fail in CI: an engine that was not tried is not known to agree."""
    if IN_CI:
        pytest.fail(reason)
    pytest.skip(reason)


def isolated(*options: str) -> list[str]:
    """A command line that runs Python in an environment of its own, from the lock and what is named."""
    return [
        uv(), "run", "--quiet", "--isolated", "--frozen", "--project", str(ROOT), "--python", sys.executable, *options
    ]  # fmt: skip


def reach(command: list[str]) -> None:
    """Make the environment; without a network and without a cache there is none."""
    ready = subprocess.run([*command, "python", "-c", ""], capture_output=True, text=True, cwd=ROOT, check=False)
    if ready.returncode:
        missing(f"the environment could not be made: {ready.stderr.strip()[-300:]}")


def run_elsewhere(command: list[str], engine: str, folder: Path, *more: str) -> None:
    """Run the queries in the other environment; its complaint is the failure's message."""
    done = subprocess.run(
        [*command, "python", "-W", "ignore", str(ELSEWHERE), engine, str(folder), *more],
        capture_output=True, text=True, cwd=ROOT, timeout=400, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]


def test_the_books_hold_what_is_hard(expected: dict[str, pa.Table]) -> None:
    """The invented books reach every state, both levels and every part of the deductions."""
    assert {"ok", "partial", "no_factor", "range", "no_quantity"} <= set(expected["totals"]["state"].to_pylist())
    assert set(expected["totals"]["level"].to_pylist()) == {"own", "subtree"}
    assert {"no_denominator", "several_products"} <= set(expected["level_values"]["state"].to_pylist())
    steps = {"gross", "new_renewable", "feedstock", "certificate"}
    assert set(expected["deductions"]["step"].to_pylist()) == steps
    assert "no_base" in expected["changes"]["state"].to_pylist()


@pytest.mark.slow
def test_the_newest_duckdb_gives_the_same_digits(expected: dict[str, pa.Table], tmp_path: Path) -> None:
    """The newest DuckDB of the allowed range agrees with the locked one."""
    command = isolated("--with", f"duckdb=={NEWEST_DUCKDB}")
    reach(command)
    hand_over(tmp_path, "duckdb")
    run_elsewhere(command, "duckdb", tmp_path)
    assert json.loads((tmp_path / "versions.json").read_text("utf-8"))["duckdb"] == NEWEST_DUCKDB
    same(expected, taken_back(tmp_path))


@pytest.mark.service
def test_postgresql_gives_the_same_digits(expected: dict[str, pa.Table], postgres_url: str) -> None:
    """PostgreSQL agrees with DuckDB."""
    engine = PostgreSQL(postgres_url.replace("postgresql+psycopg://", "postgresql://", 1), "books")
    try:
        same(expected, run_chain(engine, small(), chain("postgres")))
    finally:
        engine.close()


@pytest.fixture
def spark_url(tmp_path: Path) -> Iterator[str]:
    """The URL of a Spark Connect server on this machine, started for the test and stopped after it."""
    if os.environ.get("SHUANGKONG_TEST_SPARK") != "1":
        pytest.skip("SHUANGKONG_TEST_SPARK is not 1")
    if not shutil.which("java"):
        pytest.skip("Spark needs Java 17")
    command = isolated("--group", "cluster")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    submit = (
        "import os, pyspark; home = os.path.dirname(pyspark.__file__); os.environ['SPARK_HOME'] = home;"
        " os.execv(home + '/bin/spark-submit', ['spark-submit', '--master', 'local[2]', '--driver-memory', '2g',"
        f" '--conf', 'spark.connect.grpc.binding.port={port}', '--conf', 'spark.ui.enabled=false',"
        " '--conf', 'spark.connect.grpc.binding.address=127.0.0.1', '--conf', 'spark.sql.shuffle.partitions=2',"
        " '--class', 'org.apache.spark.sql.connect.service.SparkConnectServer', 'spark-internal'])"
    )
    log = (tmp_path / "spark.log").open("wb")
    server = subprocess.Popen(
        [*command, "python", "-c", submit], stdout=log, stderr=log, cwd=tmp_path, start_new_session=True,
        env=os.environ | {"SPARK_LOCAL_IP": "127.0.0.1"},
    )  # fmt: skip
    try:
        _wait(server, port, tmp_path / "spark.log")
        yield f"sc://127.0.0.1:{port}"
    finally:
        os.killpg(server.pid, 9)
        server.wait()
        log.close()


def _wait(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    for _ in range(480):
        if server.poll() is not None:
            break
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.5)
        else:
            return
    pytest.fail(f"Spark Connect did not start: {log.read_text('utf-8', 'replace')[-2000:]}")


@pytest.mark.spark
@pytest.mark.slow
def test_spark_gives_the_same_digits(expected: dict[str, pa.Table], spark_url: str, tmp_path: Path) -> None:
    """Spark 4.3, reached with the 4.2 client, agrees with DuckDB."""
    work = tmp_path / "work"
    work.mkdir()
    hand_over(work, "pyspark")
    run_elsewhere(isolated("--extra", "spark"), "pyspark", work, spark_url)
    same(expected, taken_back(work))
