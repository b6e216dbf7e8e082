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
from shuangkong.accounting.tables import INDICATOR_VALUES, TOTALS
from shuangkong.engine.api import UPDATED, WITHHELD, RunContext

#: Indicators of one part of energy: they are withheld with the parts.
_OF_PARTS = ("coal_total", "coal_share")
_YEAR = "CAST(year(period_start) AS BIGINT)"
#: Each unit's amounts by year, at the region it lies in; sites count as the unit that they belong to.
_GROUPS = """
WITH who AS (
  SELECT c.subject_id, arg_max(c.ancestor_id, c.depth) AS respondent
  FROM subject_closure c JOIN every_subject s ON s.subject_id = c.ancestor_id WHERE s.kind <> 'region' GROUP BY 1
), own AS (
  SELECT l.*, w.respondent FROM leaves_up l JOIN who w USING (subject_id)
  WHERE l.extent = 'own' AND l.counts_in_year AND l.amount IS NOT NULL
), place AS (
  SELECT o.subject_id, o.period_end, arg_min(c.ancestor_id, c.depth) AS region
  FROM (SELECT DISTINCT subject_id, period_end FROM own) o
  JOIN subject_closure c ON c.subject_id = o.subject_id AND c.valid_from < o.period_end AND o.period_end <= c.valid_to
  JOIN every_subject s ON s.subject_id = c.ancestor_id AND s.kind = 'region' GROUP BY 1, 2
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
JOIN every_subject s ON s.subject_id = c.subject_id AND s.kind = 'region'
WHERE c.depth = 1 AND c.valid_from < DATE '{end}' AND c.valid_to >= DATE '{end}'
"""
_KEYS = f"""
WITH cell AS (SELECT * FROM withheld_cells WHERE {{weighed}}),
inside AS (SELECT * FROM cells_of_units WHERE {{weighed}}), found AS (
  SELECT 'total' AS kind, t.total_key AS key, t.subject_id, w.reason FROM weighed_totals t
  JOIN cell w ON w.measure = t.measure AND w.subject_id = t.subject_id AND w.year = {_YEAR}
  WHERE t.period_kind = 'year' AND t.level = 'subtree'
  UNION ALL
  SELECT 'total', t.total_key, t.subject_id, 'months' FROM weighed_totals t
  JOIN inside w ON w.measure = t.measure AND w.subject_id = t.subject_id AND w.year = {_YEAR}
  WHERE t.period_kind <> 'year' AND t.level = 'subtree'
  UNION ALL
  SELECT 'indicator', v.value_key, v.subject_id, w.reason FROM weighed_values v
  JOIN needed_cells n USING (indicator_id)
  JOIN cell w ON w.measure = n.measure AND w.subject_id = v.subject_id AND (w.part = '' OR n.of_parts)
    AND (w.year BETWEEN {_YEAR} AND year(v.period_end - INTERVAL 1 DAY) OR CAST(w.year AS VARCHAR) = v.base)
  WHERE v.origin = 'computed'
  UNION ALL
  SELECT 'indicator', v.value_key, v.subject_id, 'months' FROM weighed_values v
  JOIN needed_cells n USING (indicator_id)
  JOIN inside w ON w.measure = n.measure AND w.subject_id = v.subject_id AND w.year = {_YEAR}
  WHERE v.origin = 'computed' AND v.period_end - v.period_start < 360
  UNION ALL
  SELECT 'indicator', l.from_key, v.subject_id, w.reason FROM weighed_links l
  JOIN weighed_values v ON v.value_key = l.to_key JOIN needed_cells n USING (indicator_id)
  JOIN cell w ON w.measure = n.measure AND w.subject_id = v.subject_id AND (w.part = '' OR n.of_parts)
    AND w.year BETWEEN {_YEAR} AND year(v.period_end - INTERVAL 1 DAY)
  WHERE v.origin = 'computed'
  UNION ALL
  SELECT 'indicator', l.from_key, v.subject_id, 'months' FROM weighed_links l
  JOIN weighed_values v ON v.value_key = l.to_key JOIN needed_cells n USING (indicator_id)
  JOIN inside w ON w.measure = n.measure AND w.subject_id = v.subject_id AND w.year = {_YEAR}
  WHERE v.origin = 'computed' AND v.period_end - v.period_start < 360
  UNION ALL
  SELECT 'deduction', subject_id || '|' || year, subject_id, reason FROM cell
  WHERE part = '' AND measure IN ({", ".join(f"'{m}'" for m in ("energy", *(m for _, m in STEPS)))})
)
SELECT kind, key, subject_id, min(reason) AS reason FROM found GROUP BY 1, 2, 3
"""


def withhold(run: RunContext) -> None:
    """Find and publish WITHHELD, of all subjects. Called when `leaves_up`, TOTALS and INDICATOR_VALUES are there.

    What is withheld of a region depends on the regions beside it: an update weighs the whole tree anew, in the years in
    which something is not as it was, and finds the keys again of every region of which the answer is another.
    """
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
    _keep_cells(run, cells, inside)
    weighed = _weigh(run)
    rows = run.executor.run(_KEYS.format(weighed=weighed or "true"))
    if weighed:
        others = run.executor.run(f"SELECT * FROM {run.before(WITHHELD.name, WITHHELD)} WHERE NOT ({weighed})")
        rows = pa.concat_tables([WITHHELD.checked(rows), WITHHELD.checked(others)])
    run.publish(WITHHELD, WITHHELD.checked(rows), whole=True)


def _tree(run: RunContext, year: int) -> dict[str, str]:
    rows = run.executor.run(_TREE.format(end=f"{year + 1:04}-01-01")).to_pylist()
    return {r["subject_id"]: r["ancestor_id"] for r in rows}


def _keep_cells(
    run: RunContext, cells: Mapping[tuple[str, str, str, int], Reason], inside: set[tuple[str, str, int]]
) -> None:
    """Bind the cells; an update takes over those of other years and of regions that lie elsewhere."""
    columns: list[list[Any]] = [list(c) for c in zip(*((*k, v) for k, v in cells.items()), strict=True)] or [[]] * 5
    kinds = (pa.string(), pa.string(), pa.string(), pa.int64(), pa.string())
    names = ("measure", "part", "subject_id", "year", "reason")
    found = pa.table([pa.array(c, k) for c, k in zip(columns, kinds, strict=True)], names=names)
    measures, regions, years = ([t[i] for t in sorted(inside)] for i in range(3))
    lying = pa.table(
        [pa.array(measures, pa.string()), pa.array(regions, pa.string()), pa.array(years, pa.int64())],
        names=["measure", "subject_id", "year"],
    )
    for name, table in (("withheld_cells", found), ("cells_of_units", lying)):
        run.executor.bind(f"{name}__arrow", table)
        rows = f"SELECT * FROM {name}__arrow"
        if run.update is not None:
            rows += f" UNION ALL BY NAME SELECT * FROM {run.before(name)} WHERE NOT ({_WEIGHED_AGAIN})"
        run.executor.keep(name, rows)
        run.retain(name, by_subject=False)


_WEIGHED_AGAIN = (
    "CAST(year AS VARCHAR) IN (SELECT year_key FROM years_anew) AND subject_id IN (SELECT subject_id FROM closure_over)"
)


def _weigh(run: RunContext) -> str:
    """Bind the figures of the regions whose cells were weighed; gives the condition for them, nothing for all."""
    sources = (("totals", TOTALS), ("values", INDICATOR_VALUES), ("links", None))
    if run.update is None:
        for name, contract in sources:
            run.alias(f"weighed_{name}", f"SELECT * FROM {contract.name if contract else 'streak_links'}")
        _bind_needed(run)
        return ""
    differ = " UNION ".join(
        f"SELECT subject_id FROM ((FROM {a} EXCEPT ALL FROM {b}) UNION ALL (FROM {b} EXCEPT ALL FROM {a}))"
        for name, columns in (("withheld_cells", _CELL), ("cells_of_units", _INSIDE))
        for a, b in ((f"(SELECT {columns} FROM {name})", f"(SELECT {columns} FROM {name}__before)"),)
    )
    here = f"SELECT subject_id FROM {UPDATED}"
    run.executor.keep(AGAIN, f"SELECT DISTINCT subject_id FROM ({differ}) WHERE subject_id NOT IN ({here})")
    for name, contract in sources:
        table = contract.name if contract else "streak_links"
        rows = f"SELECT * FROM {run.before(table, contract)} WHERE subject_id IN (SELECT subject_id FROM {AGAIN})"
        run.alias(f"weighed_{name}", f"SELECT * FROM {table} UNION ALL BY NAME {rows}")
    _bind_needed(run)
    return f"subject_id IN ({here} UNION SELECT subject_id FROM {AGAIN})"


_CELL, _INSIDE = "measure, part, subject_id, year, reason", "measure, subject_id, year"
#: Regions that an update does not compute and of which it is to be told anew what is withheld.
AGAIN = "withheld_again"


def _bind_needed(run: RunContext) -> None:
    """Which sums each indicator needs."""
    ids = run.executor.run("SELECT DISTINCT indicator_id FROM weighed_values").column("indicator_id").to_pylist()
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
