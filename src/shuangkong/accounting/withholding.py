"""Withholding (保密处理): which totals and values of a run are not for who sees a region only because it is public.

They are written down by key; the engine leaves them out of every read, see `engine.withheld`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pyarrow as pa

from shuangkong.accounting.changes import CHANGE, INCREMENT
from shuangkong.accounting.confidential import Group, Reason, rule, withheld_sums
from shuangkong.accounting.deducting import STEPS
from shuangkong.accounting.register import INDICATORS
from shuangkong.engine.api import WITHHELD, RunContext

#: Indicators of one part of energy: they are withheld with the parts.
_OF_PARTS = ("coal_total", "coal_share")
_YEAR = "CAST(year(period_start) AS BIGINT)"
#: Each unit's amounts by year, at the region it lies in; sites count as the unit that they belong to.
_GROUPS = """
WITH who AS (
  SELECT c.subject_id, arg_max(c.ancestor_id, c.depth) AS respondent
  FROM subject_closure c JOIN subjects s ON s.subject_id = c.ancestor_id WHERE s.kind <> 'region' GROUP BY 1
), own AS (
  SELECT l.*, w.respondent FROM leaves l JOIN who w USING (subject_id)
  WHERE l.extent = 'own' AND l.counts_in_year AND l.amount IS NOT NULL
), place AS (
  SELECT o.subject_id, o.period_end, arg_min(c.ancestor_id, c.depth) AS region
  FROM (SELECT DISTINCT subject_id, period_end FROM own) o
  JOIN subject_closure c ON c.subject_id = o.subject_id AND c.valid_from < o.period_end AND o.period_end <= c.valid_to
  JOIN subjects s ON s.subject_id = c.ancestor_id AND s.kind = 'region' GROUP BY 1, 2
), each AS (
  SELECT o.method_id, o.measure, o.part, o.year_key, p.region, o.respondent, sum(abs(o.amount)) AS amount
  FROM own o JOIN place p USING (subject_id, period_end) GROUP BY ALL
), whole AS (
  SELECT method_id, measure, '' AS part, year_key, region, respondent, sum(amount) AS amount FROM each GROUP BY ALL
)
SELECT method_id, measure, part, year_key, region, count(*) AS units, max(amount) AS largest, sum(amount) AS total
FROM (SELECT * FROM each UNION ALL SELECT * FROM whole) GROUP BY ALL
"""
_TREE = """
SELECT c.subject_id, c.ancestor_id FROM subject_closure c
JOIN subjects s ON s.subject_id = c.subject_id AND s.kind = 'region'
WHERE c.depth = 1 AND c.valid_from < DATE '{end}' AND c.valid_to >= DATE '{end}'
"""
_KEYS = f"""
WITH cell AS (SELECT * FROM withheld_cells), inside AS (SELECT * FROM cells_of_units), found AS (
  SELECT 'total' AS kind, t.total_key AS key, t.subject_id, w.reason FROM totals t
  JOIN cell w ON w.measure = t.measure AND w.subject_id = t.subject_id AND w.year = {_YEAR}
  WHERE t.period_kind = 'year' AND t.level = 'subtree'
  UNION ALL
  SELECT 'total', t.total_key, t.subject_id, 'months' FROM totals t
  JOIN inside w ON w.measure = t.measure AND w.subject_id = t.subject_id AND w.year = {_YEAR}
  WHERE t.period_kind <> 'year' AND t.level = 'subtree'
  UNION ALL
  SELECT 'indicator', v.value_key, v.subject_id, w.reason FROM indicator_values v
  JOIN needed_cells n USING (indicator_id)
  JOIN cell w ON w.measure = n.measure AND w.subject_id = v.subject_id AND (w.part = '' OR n.of_parts)
    AND (w.year BETWEEN {_YEAR} AND year(v.period_end - INTERVAL 1 DAY) OR CAST(w.year AS VARCHAR) = v.base)
  WHERE v.origin = 'computed'
  UNION ALL
  SELECT 'indicator', v.value_key, v.subject_id, 'months' FROM indicator_values v
  JOIN needed_cells n USING (indicator_id)
  JOIN inside w ON w.measure = n.measure AND w.subject_id = v.subject_id AND w.year = {_YEAR}
  WHERE v.origin = 'computed' AND v.period_end - v.period_start < 360
  UNION ALL
  SELECT 'indicator', l.from_key, v.subject_id, w.reason FROM streak_links l
  JOIN indicator_values v ON v.value_key = l.to_key JOIN needed_cells n USING (indicator_id)
  JOIN cell w ON w.measure = n.measure AND w.subject_id = v.subject_id AND (w.part = '' OR n.of_parts)
    AND w.year BETWEEN {_YEAR} AND year(v.period_end - INTERVAL 1 DAY)
  WHERE v.origin = 'computed'
  UNION ALL
  SELECT 'indicator', l.from_key, v.subject_id, 'months' FROM streak_links l
  JOIN indicator_values v ON v.value_key = l.to_key JOIN needed_cells n USING (indicator_id)
  JOIN inside w ON w.measure = n.measure AND w.subject_id = v.subject_id AND w.year = {_YEAR}
  WHERE v.origin = 'computed' AND v.period_end - v.period_start < 360
  UNION ALL
  SELECT 'deduction', subject_id || '|' || year, subject_id, reason FROM cell
  WHERE part = '' AND measure IN ({", ".join(f"'{m}'" for m in ("energy", *(m for _, m in STEPS)))})
)
SELECT kind, key, subject_id, min(reason) AS reason FROM found GROUP BY 1, 2, 3
"""


def withhold(run: RunContext) -> None:
    """Find and publish WITHHELD. Called when `leaves`, TOTALS and INDICATOR_VALUES are there."""
    groups: dict[tuple[str, str, str, int], dict[str, Group]] = defaultdict(dict)
    for r in run.executor.run(_GROUPS).to_pylist():
        key = (r["method_id"], r["measure"], r["part"], int(r["year_key"]))
        groups[key][r["region"]] = Group(r["units"], Decimal(r["largest"]), Decimal(r["total"]))
    trees = {year: _tree(run, year) for year in sorted({year for *_, year in groups})}
    cells: dict[tuple[str, str, str, int], Reason] = {}
    inside: set[tuple[str, str, int]] = set()
    for (_, measure, part, year), direct in sorted(groups.items()):
        above = trees[year]
        for region, reason in withheld_sums(direct, above, rule()).items():
            # a total that is not told is not told by its parts either, and one part not by the others
            cells.setdefault((measure, "*" if part else "", region, year), reason)
        for region in direct:
            here: str | None = region
            while here is not None and (measure, here, year) not in inside:
                inside.add((measure, here, year))
                here = above.get(here)
    _bind(run, cells, inside)
    rows = [dict(r) for r in run.executor.run(_KEYS).to_pylist()]
    run.publish(WITHHELD, WITHHELD.from_rows(rows))


def _tree(run: RunContext, year: int) -> dict[str, str]:
    rows = run.executor.run(_TREE.format(end=f"{year + 1:04}-01-01")).to_pylist()
    return {r["subject_id"]: r["ancestor_id"] for r in rows}


def _bind(
    run: RunContext, cells: Mapping[tuple[str, str, str, int], Reason], inside: set[tuple[str, str, int]]
) -> None:
    columns: list[list[Any]] = [list(c) for c in zip(*((*k, v) for k, v in cells.items()), strict=True)] or [[]] * 5
    kinds = (pa.string(), pa.string(), pa.string(), pa.int64(), pa.string())
    names = ("measure", "part", "subject_id", "year", "reason")
    run.executor.bind(
        "withheld_cells", pa.table([pa.array(c, k) for c, k in zip(columns, kinds, strict=True)], names=names)
    )
    measures, regions, years = ([t[i] for t in sorted(inside)] for i in range(3))
    run.executor.bind(
        "cells_of_units",
        pa.table(
            [pa.array(measures, pa.string()), pa.array(regions, pa.string()), pa.array(years, pa.int64())],
            names=["measure", "subject_id", "year"],
        ),
    )
    ids = run.executor.run("SELECT DISTINCT indicator_id FROM indicator_values").column("indicator_id").to_pylist()
    needed = [(i, m, _base(i) in _OF_PARTS) for i in ids for m in _measures(_base(i))]
    run.executor.bind(
        "needed_cells",
        pa.table(
            [
                pa.array([n[0] for n in needed], pa.string()), pa.array([n[1] for n in needed], pa.string()),
                pa.array([n[2] for n in needed], pa.bool_()),
            ],
            names=["indicator_id", "measure", "of_parts"],
        ),
    )  # fmt: skip


def _base(indicator: str) -> str:
    return indicator.removesuffix(CHANGE).removesuffix(INCREMENT)


def _measures(indicator: str) -> tuple[str, ...]:
    known = INDICATORS.get(indicator)
    return tuple(dict.fromkeys(measure for measure, _ in known.inputs)) if known else ()
