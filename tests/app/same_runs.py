"""Two runs held equal: every result, table for table and row for row, as who reads it sees it."""

from __future__ import annotations

from shuangkong.accounting.api import (
    AMOUNTS,
    DEDUCTIONS,
    EDGES,
    FLAWS,
    INDICATOR_VALUES,
    TOTALS,
    USE_LIMITS,
)
from shuangkong.dualcontrol.api import (
    FLEX_STEPS,
    FLEX_TOTALS,
    WATCH_ESTIMATES,
    WATCH_LINKS,
    WATCH_MEASURES,
    WATCH_MONTHS,
    WATCH_YEARS,
)
from shuangkong.engine.api import WITHHELD, DuckDB, RunRecord, TableContract, bind_rows
from shuangkong.judgement.api import (
    FINDING_CHANGES,
    FINDINGS,
    RULE_CHANGES,
    RULE_FINDINGS,
    RULE_LEFT_OUT,
    RULE_OUTPUTS,
    RULE_READINGS,
)

RESULTS: tuple[TableContract, ...] = (
    AMOUNTS, TOTALS, DEDUCTIONS, INDICATOR_VALUES, FLAWS, USE_LIMITS, WITHHELD, EDGES, FINDINGS, RULE_FINDINGS,
    RULE_OUTPUTS, RULE_READINGS, RULE_LEFT_OUT, FLEX_TOTALS, FLEX_STEPS, WATCH_MONTHS, WATCH_YEARS, WATCH_MEASURES,
    WATCH_ESTIMATES, WATCH_LINKS,
)  # fmt: skip
#: What became of findings is told against the run before, which two runs of one workspace do not share.
CHANGES: tuple[TableContract, ...] = (FINDING_CHANGES, RULE_CHANGES)


def differences(a: RunRecord, b: RunRecord, contracts: tuple[TableContract, ...] = RESULTS) -> dict[str, int]:
    """Rows that one of two runs has and the other has not, by table, counted with their repeats; empty if none."""
    found = {}
    for contract in contracts:
        columns = ", ".join(c.name for c in contract.columns)
        with DuckDB(threads=1) as engine:
            bind_rows(engine, "one", contract, a.folder)
            bind_rows(engine, "other", contract, b.folder)
            sides = (f"SELECT {columns} FROM one", f"SELECT {columns} FROM other")
            either = f"({sides[0]} EXCEPT ALL {sides[1]}) UNION ALL ({sides[1]} EXCEPT ALL {sides[0]})"
            rows = engine.run(f"SELECT count(*) AS n FROM ({either})").to_pylist()[0]["n"]
        if rows:
            found[contract.name] = rows
    return found
