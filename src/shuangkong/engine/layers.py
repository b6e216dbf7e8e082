"""Layers (增量结果): the results of a run that updates an earlier one lie over those of the full run beneath.

The folder of an update holds, of each layered table, the rows of the subjects that are no longer as the full run has
them, and `layer.json` with the full run and those tables. All other rows are the full run's own, unchanged: who reads
through `bind_rows` sees one table. An update of an update lies over the same full run: there are never more than two.
What later updates need beside the results is kept in a folder of its own, and is no result.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from shuangkong.engine.contracts import TableContract
from shuangkong.engine.executors import DuckDB

_LAYER = "layer.json"
_REPLACED = "replaced.parquet"
KEPT = "kept"
#: The column by which rows lie in one layer or the other; rows without a subject lie in the upper one.
SUBJECT = "subject_id"


@dataclass(frozen=True, slots=True)
class Layer:
    """What lies under an update: the full run's folder, and the tables of which a layer lies over it."""

    root: Path
    tables: frozenset[str]
    kept: frozenset[str]


def layer_of(folder: Path) -> Layer | None:
    """The layer that a run's folder is, or None for a full run."""
    path = folder / _LAYER
    if not path.exists():
        return None
    told = json.loads(path.read_text("utf-8"))
    return Layer(folder.parent / told["root"], frozenset(told["tables"]), frozenset(told["kept"]))


def write_layer(folder: Path, root: Path, tables: Iterable[str], kept: Iterable[str], replaced: Iterable[str]) -> None:
    """Make a folder a layer over the full run `root`; `replaced` are subjects."""
    told = {"root": root.name, "tables": sorted(tables), "kept": sorted(kept)}
    (folder / _LAYER).write_text(json.dumps(told, indent=1), "utf-8")
    pq.write_table(pa.table({SUBJECT: pa.array(sorted(replaced), pa.string())}), folder / _REPLACED)


def replaced_in(folder: Path) -> frozenset[str]:
    """The subjects whose rows are not the full run's; none for a full run."""
    path = folder / _REPLACED
    return frozenset(pq.read_table(path)[SUBJECT].to_pylist()) if path.exists() else frozenset()


def bind_rows(executor: DuckDB, name: str, contract: TableContract, folder: Path) -> None:
    """Make the rows of a run's table known under a name; a table that the run has not is empty."""
    path, layer = folder / f"{contract.name}.parquet", layer_of(folder)
    own = [path] if path.exists() else []
    if layer is None or contract.name not in layer.tables:
        executor.bind_files(name, own, contract.arrow_schema)
        return
    executor.bind_files(f"{name}__layer", own, contract.arrow_schema)
    executor.bind_files(f"{name}__root", [layer.root / path.name], contract.arrow_schema)
    executor.connection.execute(_over(name, folder))


def bind_kept(executor: DuckDB, name: str, table: str, folder: Path) -> None:
    """The same for what a run kept for later updates; the file must be there."""
    layer = layer_of(folder)
    own = _parquet(folder / KEPT / f"{table}.parquet")
    if layer is None or table not in layer.kept:
        executor.connection.execute(f"CREATE OR REPLACE VIEW {name} AS {own}")
        return
    root = _parquet(layer.root / KEPT / f"{table}.parquet")
    executor.connection.execute(f"CREATE OR REPLACE VIEW {name}__layer AS {own}")
    executor.connection.execute(f"CREATE OR REPLACE VIEW {name}__root AS {root}")
    executor.connection.execute(_over(name, folder))


def _over(name: str, folder: Path) -> str:
    gone = _parquet(folder / _REPLACED)
    return (
        f"CREATE OR REPLACE VIEW {name} AS SELECT * FROM {name}__root"
        f" WHERE {SUBJECT} IS NOT NULL AND {SUBJECT} NOT IN ({gone})"
        f" UNION ALL BY NAME SELECT * FROM {name}__layer"
    )


def _parquet(path: Path) -> str:
    quoted = str(path).replace("'", "''")
    return f"SELECT * FROM read_parquet('{quoted}')"
