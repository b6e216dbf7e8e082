"""What a reader of a public page is not told (不对外公布): rows that were marked in a run are blanked in every read.

A run publishes WITHHELD: keys of figures that would tell what a single respondent handed in. Who sees a region only
because its page is public reads those without their figure; a contract says which of its columns that concerns.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from shuangkong.engine.contracts import TableContract, text
from shuangkong.engine.executors import DuckDB
from shuangkong.engine.layers import bind_rows
from shuangkong.kernel.labels import Label

#: The column of the subjects seen that says which are seen only because their pages are public.
PUBLIC_ONLY = "public_only"
WITHHELD = TableContract(
    "withheld",
    Label("不对外公布的数", "figures that are not published"),
    (
        text("kind", "类别", "kind", doc="total, indicator, deduction or rule"),
        text("key", "键", "key", doc="total_key, value_key, subject|period, or finding_key"),
        text("subject_id", "地区", "region"),
        text(
            "reason", "原因", "reason",
            doc="few: too few units; dominated: one makes up too much; complement: it would give such a sum as a"
            " difference; months: sums of units' returns are published by year alone",
        ),
    ),
    key=("kind", "key"),
    doc="What who sees a region only because its page is public is not told; found anew in each run.",
)  # fmt: skip


def shown(executor: DuckDB, contract: TableContract, rows: str, folder: Path, seen: pa.Table | None) -> str:
    """SQL for the rows of a run's table as the reader sees them; `scope_subjects` is bound to `seen`.

    A run that was made before WITHHELD was found tells nothing that was computed.
    """
    hidden = _hidden(executor, contract, folder, seen)
    if hidden is None:
        return f"SELECT * FROM {rows}"
    c = contract.confidential
    if c is None or not c.blank:
        return f"SELECT * FROM {rows} WHERE NOT ({hidden})"
    blanked = ", ".join(f"CASE WHEN is_hidden THEN {value} ELSE {name} END AS {name}" for name, value in c.blank)
    return f"SELECT * EXCLUDE (is_hidden) REPLACE ({blanked}) FROM (SELECT *, ({hidden}) AS is_hidden FROM {rows})"


def count_withheld(
    folder: Path, contract: TableContract, seen: pa.Table | None, by: Sequence[str]
) -> list[dict[str, Any]]:
    """How many rows of a run's table a reader is not told, by the columns `by`, as n; blanked rows are told.

    folder: that of the run. None for who is told everything.
    """
    path = folder / f"{contract.name}.parquet"
    c = contract.confidential
    if seen is None or c is None or c.blank or not path.exists():
        return []
    with DuckDB(threads=1) as executor:
        bind_rows(executor, contract.name, contract, folder)
        executor.bind("scope_subjects", seen)
        hidden = _hidden(executor, contract, folder, seen)
        if hidden is None:
            return []
        counted = f"SELECT {', '.join(by)}, count(*) AS n FROM {contract.name} WHERE {hidden} GROUP BY ALL ORDER BY ALL"
        rows: list[dict[str, Any]] = executor.run(counted).to_pylist()
    return rows


def _hidden(executor: DuckDB, contract: TableContract, folder: Path, seen: pa.Table | None) -> str | None:
    """The condition under which a row is not told to this reader; nothing where all is."""
    c = contract.confidential
    if c is None or seen is None or PUBLIC_ONLY not in seen.column_names:
        return None
    path = folder / f"{WITHHELD.name}.parquet"
    if path.exists():
        executor.bind_files(WITHHELD.name, [path], WITHHELD.arrow_schema)
    public = f"{contract.subject} IN (SELECT subject_id FROM scope_subjects WHERE {PUBLIC_ONLY})"
    return f"{public} AND coalesce({c.hidden if path.exists() else c.unchecked}, false)"
