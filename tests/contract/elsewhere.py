"""Run a chain of queries on an engine of another environment: `python elsewhere.py ENGINE FOLDER [URL]`.

FOLDER holds inputs/*.parquet and steps.json, a list of (name, SQL); the rows of every step go to out/*.parquet.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from shuangkong.engine.executors import DuckDB, Executor, Spark


def main(engine: str, folder: Path, url: str = "") -> None:
    """Bind the inputs, keep every step in order, and write what each gave."""
    out = folder / "out"
    out.mkdir(exist_ok=True)
    used: Executor = DuckDB() if engine == "duckdb" else Spark(url)
    for path in sorted((folder / "inputs").glob("*.parquet")):
        used.bind(path.stem, pq.read_table(path))
    for name, sql in json.loads((folder / "steps.json").read_text("utf-8")):
        used.keep(name, sql)
        pq.write_table(used.run(f"SELECT * FROM {name}"), out / f"{name}.parquet")
    said = {"duckdb": __import__(engine).__version__ if engine == "duckdb" else "", "pyarrow": pa.__version__}
    (folder / "versions.json").write_text(json.dumps(said), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:])
