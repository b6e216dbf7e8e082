"""What an update takes over of watching (增量预警): rows of regions and years that rest on nothing that changed.

A region's year rests on its own sums and indicators, on what stands in for its late returns, and, as long as returns
may still be put right, on how often and how far all returns were put right so far. A later year rests on the years
before it (the same months a year ago, red months in a row, what earlier years missed by), never the other way round:
of each region there is a first year from which on it is watched anew, or none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from shuangkong.dualcontrol.watch_estimating import YEAR
from shuangkong.dualcontrol.watch_gaps import GAPS, Changed, has_kept
from shuangkong.dualcontrol.watch_grading import Red
from shuangkong.dualcontrol.watch_late import STAND_INS, moved_regions
from shuangkong.dualcontrol.watch_reading import first_open, listed, month_of
from shuangkong.dualcontrol.watch_sums import Revisions
from shuangkong.dualcontrol.watch_tables import WATCH_LINKS, WATCH_MEASURES, WATCH_MONTHS, WATCH_YEARS
from shuangkong.engine.api import RunContext, TableContract

Row = dict[str, Any]
SHARED = "watch_shared"
#: From the first year on: everything.
ALWAYS = 0
_CARRIED = (WATCH_MONTHS, WATCH_YEARS, WATCH_MEASURES, WATCH_LINKS)


@dataclass(frozen=True, slots=True)
class Same:
    """What all regions share and is as it was in the run before: the methods, and how returns are put right."""

    methods: bool = False
    revisions: bool = False


def shared(run: RunContext, methods: Iterable[str], revised: Revisions) -> Same:
    """Keep what all regions share, as `watch_shared`, and hold it against what the run before kept."""
    now = {("method", m): 0.0 for m in methods}
    now |= {("revisions", n): float(getattr(revised, n)) for n in ("share", "mean", "square")}
    kinds, names = ([k[i] for k in sorted(now)] for i in range(2))
    columns = {"kind": pa.array(kinds, pa.string()), "name": pa.array(names, pa.string())}
    run.executor.bind(SHARED, pa.table({**columns, "value": pa.array([now[k] for k in sorted(now)], pa.float64())}))
    run.retain(SHARED, by_subject=False)
    if not has_kept(run, SHARED):
        return Same()
    rows = run.executor.run(f"SELECT * FROM {run.before(SHARED)}").to_pylist()
    then = {(r["kind"], r["name"]): r["value"] for r in rows}
    same = [{k: v for k, v in side.items() if k[0] == kind} for kind in ("method", "revisions") for side in (now, then)]
    return Same(same[0] == same[1], same[2] == same[3])


def first_years(run: RunContext, regions: Iterable[str], same: Same, changed: Changed) -> dict[str, int]:
    """The year from which on each region is watched anew; those of which nothing is are not there."""
    if run.update is None or not same.methods or not has_kept(run, GAPS, STAND_INS):
        return dict.fromkeys(regions, ALWAYS)
    found = moved_regions(run, regions, changed)
    if not same.revisions:
        still_open = first_open(run) // YEAR
        found = {r: min(found.get(r, still_open), still_open) for r in regions}
    return found | dict.fromkeys({*regions} & run.update.subjects, ALWAYS)


class Carried:
    """Rows of the run before that are taken over; none in a full run."""

    def __init__(self, run: RunContext, first: Mapping[str, int], regions: Iterable[str]) -> None:
        self.run, self.there = run, run.update is not None and any(first.get(r) != ALWAYS for r in regions)
        if not self.there:
            return
        names = sorted(first)
        years = pa.array([first[n] for n in names], pa.int32())
        run.executor.bind("watch_first", pa.table({"subject_id": pa.array(names, pa.string()), "year": years}))
        stays = (
            "NOT EXISTS (SELECT 1 FROM watch_first f WHERE f.subject_id = b.subject_id"
            " AND f.year <= year(b.period_start))"
        )
        told = {
            WATCH_MONTHS: f"b.method_id <> 'reported' AND {stays}", WATCH_YEARS: stays,
            WATCH_MEASURES: f"b.basis = 'computed' AND {stays}",
            WATCH_LINKS: "b.watch_key IN (SELECT watch_key FROM watch_months__carried)",
        }  # fmt: skip
        for contract in _CARRIED:
            before = run.before(contract.name, contract)
            run.executor.keep(f"{contract.name}__carried", f"SELECT * FROM {before} b WHERE {told[contract]}")

    def rows(self, contract: TableContract) -> pa.Table:
        """The rows of a table that are taken over."""
        if not self.there or contract not in _CARRIED:
            return contract.arrow_schema.empty_table()
        return contract.checked(self.run.executor.run(f"SELECT * FROM {contract.name}__carried"))

    def red(self) -> dict[tuple[str, str], Red]:
        """Where the count of red months stands after the last month of each region and figure that is taken over."""
        if not self.there:
            return {}
        rows = self.run.executor.run(
            f"SELECT subject_id, what, max(period_start) AS start, arg_max(red_state, period_start) AS state,"
            f" arg_max(coalesce(red_months, -1), period_start) AS months FROM {WATCH_MONTHS.name}__carried"
            " WHERE red_state IS NOT NULL AND subject_id IN (SELECT subject_id FROM watch_first) GROUP BY ALL"
        ).to_pylist()
        return {
            (r["subject_id"], r["what"]): Red(max(r["months"], 0), r["state"] == "ok", month_of(r["start"]))
            for r in rows
        }

    def months_of(self, subjects: Sequence[str]) -> set[tuple[str, str, str]]:
        """(region, what, period) of the months of these regions that are taken over."""
        if not self.there:
            return set()
        rows = self.run.executor.run(
            f"SELECT DISTINCT subject_id, what, period_key FROM {WATCH_MONTHS.name}__carried"
            f" WHERE subject_id IN {listed(subjects)}"
        ).to_pylist()
        return {(r["subject_id"], r["what"], r["period_key"]) for r in rows}
