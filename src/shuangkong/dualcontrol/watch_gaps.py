"""Late returns of a run (缺报清单): which are due and not there, what of each is known, and whether one is supported.

The list is made by the run's engine and kept beside the results: an update makes it anew of the subjects that it
computes, and takes the others' from the run before. Only returns that something supports are looked at one by one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from shuangkong.accounting.api import AMOUNTS, METER_ENTRIES, last_full, period_at
from shuangkong.dualcontrol.watch_metered import METERED
from shuangkong.dualcontrol.watch_reading import COAL, SUMS, listed, month_of
from shuangkong.engine.api import KEPT, UPDATED, RunContext

#: The list, and the months of which meters alone speak; both are kept whole.
GAPS, METERED_ALONE, LEAVES = "watch_gaps", "watch_metered", "watch_leaves"
_MONTH = "CAST(year(period_start) * 12 + month(period_start) - 1 AS INTEGER)"
_YEAR = "month // 12"
_WANTED = "('energy', 'co2', 'energy_industry', 'co2_industry', 'electricity', 'output')"

_LEAVES = f"""
SELECT method_id, measure, subject_id, {_MONTH} AS month, sum(amount) AS amount, {COAL}, min(part) AS first,
  max(part) AS last, bool_and(entries_known = entries AND measured >= 1) AS whole
FROM {{leaves}} WHERE extent = 'own' AND period_kind = 'month' AND (method_id IN {{methods}} OR measure = 'output')
  AND measure IN {_WANTED} AND year(period_start) IN {{years}} GROUP BY ALL
"""
_DUE = f"""
SELECT s.name, r.method_id, r.subject_id, {_MONTH} AS month, min(r.share) AS share
FROM {{returns}} r JOIN watch_sums s ON s.measure = r.measure
WHERE r.have = 0 AND r.extent = 'own' AND r.period_kind = 'month' AND r.method_id IN {{methods}}
  AND r.period_end <= DATE '{{end}}' GROUP BY ALL
"""
# Months of which meters alone speak are late returns of every sum of which the unit ever handed in a whole month (a
# coal meter is rare: what was burnt a year ago is to come, of whoever burnt any); what they counted of them is kept.
# A month that is there in part stands with the share that is known of it. Meters that saw no coal say nothing of coal
# that nobody metered: the month is late. A return of which a part has no amount is there, and open.
_GAPS = f"""
WITH own AS (
  SELECT s.name, l.method_id, l.subject_id, l.month, CASE WHEN s.part = '' THEN l.amount ELSE l.coal END AS y,
    l.whole AND y IS NOT NULL AS known
  FROM {LEAVES} l JOIN watch_sums s ON s.measure = l.measure
), whoever AS (
  SELECT DISTINCT name, method_id, subject_id FROM own WHERE known
), apart AS (
  SELECT w.name, m.method_id, m.subject_id, m.month FROM {{metered}} m
  JOIN whoever w ON w.method_id = m.method_id AND w.subject_id = m.subject_id
), late AS (
  SELECT name, method_id, subject_id, month, share, FALSE AS metered FROM watch_due ANTI JOIN apart
    USING (name, method_id, subject_id, month)
  UNION ALL SELECT name, method_id, subject_id, month, 0 AS share, TRUE AS metered FROM apart
), about AS (
  SELECT name, method_id, subject_id, bool_or(known) AS known, bool_and(coalesce(y = 0, FALSE)) AS nought
  FROM own o WHERE NOT known OR (name, method_id, subject_id, month) NOT IN (SELECT (name, method_id, subject_id,
    month) FROM apart) GROUP BY ALL
), told AS (
  SELECT g.*, CASE WHEN g.metered AND o.known THEN o.y END AS counted,
    o.month IS NOT NULL AND NOT o.known AND NOT (g.name = 'coal' AND coalesce(o.y = 0, FALSE) AND g.share > 0) AS part,
    part AND (o.y IS NULL OR g.share <= 0) AS handed_in,
    g.name = 'coal' AND coalesce(a.known AND a.nought, FALSE) AS burns_none, coalesce(a.known, FALSE) AS teaches
  FROM late g LEFT JOIN own o USING (name, method_id, subject_id, month)
  LEFT JOIN about a USING (name, method_id, subject_id)
)
SELECT name, method_id, subject_id, month, CAST(share AS DECIMAL(38, 6)) AS share,
  CAST(counted AS DECIMAL(38, 6)) AS counted, handed_in, burns_none,
  NOT handed_in AND NOT burns_none AND (part OR teaches) AS supported
FROM told
"""


@dataclass(frozen=True, slots=True)
class Changed:
    """What late returns can have changed by since the run before.

    anew: nothing could be taken over. years: (sum, method, year) in which a return, or what is known of one that is
    late, is not as it was.
    """

    anew: bool
    years: frozenset[tuple[str, str, int]] = frozenset()


def has_kept(run: RunContext, *names: str) -> bool:
    """Whether the run is an update of one that kept these tables."""
    if run.update is None:
        return False
    folder = run.update.of.folder / KEPT
    return all((folder / f"{name}.parquet").exists() for name in names)


def end_of(run: RunContext) -> date:
    """The day after the last month that is over."""
    return period_at(last_full(run.as_of, "month"), "month").end


def find_gaps(run: RunContext, methods: Iterable[str], *, same: bool) -> Changed:
    """Keep the list of late returns of months that are over, as `watch_gaps`.

    same: whether an update may take over the list of the run before, of subjects that it does not compute.

    name, method_id, subject_id, month; share: that is known; counted: what meters alone counted; handed_in: the return
    is there, and a part of it has no amount; burns_none: known to burn no coal; supported: something may stand in.
    """
    engine, by = run.executor, listed(methods)
    values = ", ".join(f"('{name}', '{measure}', '{part}')" for name, (measure, part) in SUMS.items())
    engine.keep("watch_sums", f"SELECT * FROM (VALUES {values}) v(name, measure, part)")
    then: set[int] | None = None
    if same and has_kept(run, GAPS, METERED_ALONE):
        before = {name: run.before(name) for name in (GAPS, METERED_ALONE)}
        then = _years(run, *before.values())
        _raw(run, by, whole=False)
        others = f"subject_id NOT IN (SELECT subject_id FROM {UPDATED})"
        engine.keep(f"{METERED_ALONE}__own", f"SELECT * FROM {METERED_ALONE}")
        engine.keep(
            METERED_ALONE, f"SELECT * FROM {METERED_ALONE}__own UNION ALL SELECT * FROM {before[METERED_ALONE]}"
            f" WHERE {others}",
        )  # fmt: skip
        engine.keep("watch_others", f"SELECT * FROM {before[GAPS]} WHERE {others}")
    if then is None or then != _years(run, "watch_due", "watch_others", METERED_ALONE):
        _raw(run, by, whole=True)
        years = _years(run, "watch_due", METERED_ALONE)
        engine.keep(LEAVES, _LEAVES.format(leaves=run.whole("leaves"), methods=by, years=_numbers(years)))
        engine.keep(GAPS, _GAPS.format(metered=METERED_ALONE))
        changed = Changed(anew=True)
    else:
        engine.keep(LEAVES, _LEAVES.format(leaves="leaves", methods=by, years=_numbers(then)))
        engine.keep(f"{GAPS}__own", _GAPS.format(metered=f"{METERED_ALONE}__own"))
        engine.keep(GAPS, f"SELECT * FROM {GAPS}__own UNION ALL BY NAME SELECT * FROM watch_others")
        changed = Changed(anew=False, years=_changed(run, by, then))
    for name in (GAPS, METERED_ALONE):
        run.retain(name, by_subject=False)
    return changed


def _raw(run: RunContext, methods: str, *, whole: bool) -> None:
    """What is due and not there, and months of meters alone: of all subjects, or of those that an update computes."""
    names = {"returns": "returns", "amounts": AMOUNTS.name, "meters": METER_ENTRIES.name}
    if whole:
        names = {
            "returns": run.whole("returns"), "amounts": run.whole(AMOUNTS.name, AMOUNTS),
            "meters": run.whole(METER_ENTRIES.name, METER_ENTRIES),
        }  # fmt: skip
    end = end_of(run)
    run.executor.keep("watch_due", _DUE.format(returns=names["returns"], methods=methods, end=end))
    metered = METERED.format(amounts=names["amounts"], meters=names["meters"], methods=methods)
    run.executor.keep(
        METERED_ALONE, f"SELECT * FROM (SELECT method_id, subject_id, {_MONTH} AS month FROM ({metered}))"
        f" WHERE month < {month_of(end)}",
    )  # fmt: skip


def _years(run: RunContext, *tables: str) -> set[int]:
    """Years of which returns are read: those in which one is late, and the years before."""
    sql = " UNION ".join(f"SELECT {_YEAR} AS year FROM {t}" for t in tables)
    late = {r["year"] for r in run.executor.run(sql).to_pylist()}
    return late | {y - 1 for y in late}


def _numbers(values: Iterable[int]) -> str:
    return "(" + (", ".join(map(str, sorted(values))) or "NULL") + ")"


def _changed(run: RunContext, methods: str, years: set[int]) -> frozenset[tuple[str, str, int]]:
    """Sums, methods and years in which what is known of the computed subjects is not as it was."""
    mine = f"SELECT * FROM {run.before('leaves')} WHERE subject_id IN (SELECT subject_id FROM {UPDATED})"
    run.executor.keep("watch_leaves_then", _LEAVES.format(leaves=f"({mine})", methods=methods, years=_numbers(years)))
    run.executor.keep(
        "watch_gaps_then", f"SELECT * FROM {GAPS}__before WHERE subject_id IN (SELECT subject_id FROM {UPDATED})"
    )
    either = "(FROM {0} EXCEPT FROM {1}) UNION ALL (FROM {1} EXCEPT FROM {0})"
    leaves, gaps = either.format(LEAVES, "watch_leaves_then"), either.format(f"{GAPS}__own", "watch_gaps_then")
    rows = run.executor.run(
        f"SELECT DISTINCT s.name, m.method_id, l.{_YEAR} AS year FROM ({leaves}) l"
        # electricity helps to guess every sum of its method, an output every sum of all
        " JOIN watch_sums s ON s.measure = l.measure OR l.measure IN ('electricity', 'output')"
        f" JOIN (SELECT DISTINCT method_id FROM {GAPS}) m ON m.method_id = l.method_id OR l.measure = 'output'"
        f" UNION SELECT name, method_id, {_YEAR} FROM ({gaps})"
    ).to_pylist()
    return frozenset((r["name"], r["method_id"], r["year"]) for r in rows)


def late_leaves(run: RunContext, methods: Iterable[str], years: set[int]) -> str:
    """The name of a table of everybody's returns of some methods and years, as far as they are read at all."""
    read = years & _years(run, GAPS, METERED_ALONE)
    sql = _LEAVES.format(leaves=run.whole("leaves"), methods=listed(methods), years=_numbers(read))
    run.executor.keep("watch_pool_leaves", sql)
    return "watch_pool_leaves"
