"""Periods that have figures (有数的期间), in an update: what rules read of the subjects that it does not compute.

A rule is decided for the periods of which anybody has a figure. A run keeps how many subjects have one; an update takes
away those of its own subjects as they were, and adds them as they are.
"""

from __future__ import annotations

from collections.abc import Mapping

from shuangkong.accounting.api import INDICATOR_VALUES, TOTALS
from shuangkong.engine.api import UPDATED, DuckDB, NotLocal, RunContext

#: Kept beside a run: reading, period_key, n.
PERIODS = "rule_periods"


class EarlierReadings:
    """What the readings of rules were, in the run that is updated; nothing in a full run."""

    def __init__(self, run: RunContext) -> None:
        self.run = run
        self.then: dict[str, dict[str, int]] = {}
        self.engine: DuckDB | None = None
        if run.update is None:
            return
        for r in run.executor.run(f"SELECT * FROM {run.before(PERIODS)}").to_pylist():
            self.then.setdefault(r["reading"], {})[r["period_key"]] = r["n"]
        self.engine = DuckDB(threads=1)
        for contract in (INDICATOR_VALUES, TOTALS):
            here = f"subject_id IN (SELECT subject_id FROM {UPDATED})"
            rows = run.executor.run(f"SELECT * FROM {run.before(contract.name, contract)} WHERE {here}")
            self.engine.bind(contract.name, rows)

    def counted(self, reading: str, here: Mapping[str, int]) -> list[dict[str, object]]:
        """Rows of PERIODS for one reading; `here` counts the subjects that are computed, by period.

        NotLocal where a period has its first figure, or has none any more: rules are then decided of all subjects.
        """
        if self.engine is None:
            return [{"reading": reading, "period_key": k, "n": n} for k, n in sorted(here.items())]
        statement, _ = self.run.statements[reading]
        rows = self.engine.run(
            f"SELECT period_key, count(*) AS n FROM ({statement}) WHERE seen IS NOT NULL GROUP BY 1"
        ).to_pylist()
        were = {r["period_key"]: int(r["n"]) for r in rows}
        then = self.then.get(reading, {})
        now = {k: then.get(k, 0) - were.get(k, 0) + here.get(k, 0) for k in sorted({*then, *here})}
        if {k for k, n in now.items() if n} != {k for k, n in then.items() if n}:
            raise NotLocal("rules are decided for other periods than in the earlier run")
        return [{"reading": reading, "period_key": k, "n": n} for k, n in now.items() if n]
