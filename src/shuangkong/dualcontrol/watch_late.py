"""What stands in for late returns of a run (缺报估计取数), by region and month, and what an update takes over of it.

How late returns turn out is learned from all that lies in one root region, so one return that is put right may move
the estimates of everybody. It moves those of its sum and method alone, of its own year and of the years after it in
which it is still looked back to: the others are those of the run before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import pyarrow as pa

from shuangkong.dualcontrol.watch_estimating import YEAR, Estimate, Fit, Pool, Priors, Respondent
from shuangkong.dualcontrol.watch_gaps import GAPS, LEAVES, Changed, has_kept, late_leaves
from shuangkong.dualcontrol.watch_metered import rest_of
from shuangkong.dualcontrol.watch_reading import Names, listed
from shuangkong.dualcontrol.watch_sums import Key, Late, Month, rounded
from shuangkong.engine.api import RunContext

Row = dict[str, Any]
STAND_INS = "watch_stand_ins"
_SAME = ("name", "method_id", "subject_id", "month")
_STAND_INS = pa.schema([
    *((n, pa.int32() if n == "month" else pa.string()) for n in _SAME),
    *((n, pa.string()) for n in ("basis", "stratum")), ("responders", pa.int64()),
    *((n, pa.float64()) for n in ("amount", "own", "lasting", "ratio", "spread", "freedom", "shared")),
    *((f"{n}_told", pa.decimal128(38, 6)) for n in ("amount", "ratio", "spread")),
])  # fmt: skip


def stand_in(run: RunContext, known: Names, changed: Changed, held: Priors) -> None:
    """Keep what stands in for the late returns of `watch_gaps` that something supports, as `watch_stand_ins`."""
    columns = [pa.array([*side], pa.string()) for side in (known.stratum.keys(), known.stratum.values())]
    run.executor.bind("watch_strata", pa.table(dict(zip(("subject_id", "stratum"), columns, strict=True))))
    gaps = f"SELECT name, method_id, month // {YEAR} AS year FROM {GAPS} WHERE supported GROUP BY ALL"
    late = {(r["name"], r["method_id"], r["year"]) for r in run.executor.run(gaps).to_pylist()}
    carried = not changed.anew and has_kept(run, STAND_INS)
    anew = {p for p in late if not carried or _moved(p, changed.years, reach(held))}
    rows = _STAND_INS.empty_table() if not anew else _table(_estimated(run, known, anew, held), known)
    run.executor.bind("watch_estimated", rows)
    if carried:
        _bind_pools(run, late - anew)
        # of those that are carried no return and no gap is another than in the run before
        taken = (
            f"SELECT b.* FROM {run.before(STAND_INS)} b JOIN watch_pools p ON p.name = b.name"
            f" AND p.method_id = b.method_id AND p.year = b.month // {YEAR}"
        )
        run.executor.keep(STAND_INS, f"SELECT * FROM watch_estimated UNION ALL BY NAME {taken}")
    else:
        run.executor.keep(STAND_INS, "SELECT * FROM watch_estimated")
    run.retain(STAND_INS, by_subject=False)


def reach(held: Priors) -> int:
    """How many years after a return it may still move an estimate: by a month of the year before, and its guess."""
    return 1 + -(-max(YEAR, held.look_back) // YEAR)


def _moved(pool: tuple[str, str, int], changed: Iterable[tuple[str, str, int]], years: int) -> bool:
    name, method, year = pool
    return any(n == name and m == method and y <= year <= y + years for n, m, y in changed)


def _bind_pools(run: RunContext, pools: Iterable[tuple[str, str, int]]) -> None:
    rows = sorted(pools)
    columns = [pa.array([r[i] for r in rows], kind) for i, kind in enumerate((pa.string(), pa.string(), pa.int32()))]
    run.executor.bind("watch_pools__arrow", pa.table(dict(zip(("name", "method_id", "year"), columns, strict=True))))
    run.executor.keep("watch_pools", "SELECT * FROM watch_pools__arrow")


def _estimated(
    run: RunContext, known: Names, pools: set[tuple[str, str, int]], held: Priors
) -> list[tuple[Key, int, Estimate]]:
    """The estimates of these sums, methods and years; none of a late return that nothing supports after all."""
    _bind_pools(run, pools)
    rows = run.executor.run(
        "SELECT g.name, g.method_id, g.subject_id, g.month, CAST(CAST(g.share AS VARCHAR) AS DOUBLE) AS share,"
        f" CAST(CAST(g.counted AS VARCHAR) AS DOUBLE) AS counted FROM {GAPS} g JOIN watch_pools p ON p.name = g.name"
        f" AND p.method_id = g.method_id AND p.year = g.month // {YEAR} WHERE g.supported"
        " ORDER BY g.name, g.method_id, g.subject_id, g.month"
    ).to_pylist()
    late: dict[tuple[str, str, str], list[Row]] = {}
    for r in rows:
        late.setdefault((r["name"], r["method_id"], known.root.get(r["subject_id"], "")), []).append(r)
    made: list[tuple[Key, int, Estimate]] = []
    groups = respondents(run, known, pools, reach(held))
    for at, mine in sorted(late.items()):
        pool = Pool(groups.get(at, []), held)
        for r in mine:
            one = pool.estimate(r["subject_id"], r["month"])
            if one is not None and r["counted"] is not None:
                one = rest_of(one, r["counted"])
            if one is not None:
                made.append(((r["name"], r["method_id"], r["subject_id"]), r["month"], one))
    return made


def respondents(
    run: RunContext, known: Names, pools: set[tuple[str, str, int]], years: int
) -> dict[tuple[str, str, str], list[Respondent]]:
    """Everybody who can teach or be estimated, by sum, method and root region; of the years that are looked back to.

    `watch_pools` are the sums, methods and years asked for.
    """
    leaves = LEAVES if run.update is None else late_leaves(
        run, {m for _, m, _ in pools}, {y - n for *_, y in pools for n in range(years + 1)}
    )  # fmt: skip
    columns = run.executor.run(
        "WITH wanted AS (SELECT DISTINCT name, method_id FROM watch_pools),"
        f" read AS (SELECT DISTINCT year - n AS year FROM watch_pools, range({years + 1}) r(n))"
        " SELECT w.name, l.method_id, l.subject_id, l.month, 'sum' AS basis,"
        " CAST(CAST(CASE WHEN s.part = '' THEN l.amount ELSE l.coal END AS VARCHAR) AS DOUBLE) AS y, l.whole,"
        " CAST(CAST(g.share AS VARCHAR) AS DOUBLE) AS share, g.counted IS NOT NULL AS apart"
        f" FROM {leaves} l JOIN watch_sums s ON s.measure = l.measure"
        " JOIN wanted w ON w.name = s.name AND w.method_id = l.method_id"
        f" LEFT JOIN {GAPS} g ON g.name = w.name AND g.method_id = l.method_id AND g.subject_id = l.subject_id"
        f" AND g.month = l.month WHERE l.month // {YEAR} IN (SELECT year FROM read)"
        " UNION ALL SELECT '', l.method_id, l.subject_id, l.month, l.measure, CAST(CAST(l.amount AS VARCHAR) AS"
        f" DOUBLE), TRUE, NULL, FALSE FROM {leaves} l WHERE l.measure IN ('electricity', 'output')"
        f" AND l.amount <> 0 AND l.first = l.last AND l.whole AND l.month // {YEAR} IN (SELECT year FROM read)"
        " ORDER BY 1, 2, 3, 4, 5"
    )
    return _series(zip(*(c.to_pylist() for c in columns.columns), strict=True), known, {(n, m) for n, m, _ in pools})


def _series(
    rows: Iterable[tuple[Any, ...]], known: Names, wanted: set[tuple[str, str]]
) -> dict[tuple[str, str, str], list[Respondent]]:
    """Rows: sum, method, respondent, month, basis, amount, whether it is whole, share, whether it stands apart."""
    whole: dict[Key, dict[int, float]] = {}
    partly: dict[Key, dict[int, tuple[float | None, float]]] = {}
    aux: dict[tuple[str, str, str], dict[int, float]] = {}
    for name, method, who, month, basis, y, is_whole, share, apart in rows:
        if basis != "sum":
            aux.setdefault((basis, method, who), {})[month] = y
        elif is_whole and y is not None:
            if not apart:
                whole.setdefault((name, method, who), {})[month] = y
        elif not (name == "coal" and y == 0 and (share or 0.0) > 0):
            # meters that saw no coal say nothing of coal that nobody metered: the month is late
            partly.setdefault((name, method, who), {})[month] = y, share or 0.0
    made: dict[tuple[str, str, str], list[Respondent]] = {}
    for name, method, who in sorted({*whole, *partly}):
        if (name, method) not in wanted:
            continue
        key = (name, method, who)
        helps = {
            b: s for b in ("electricity", "output") if (s := aux.get((b, method if b == "electricity" else "", who)))
        }
        made.setdefault((name, method, known.root.get(who, "")), []).append(
            Respondent(who, known.stratum.get(who, ""), whole.get(key, {}), partly.get(key, {}), helps)
        )
    return made


def _table(made: list[tuple[Key, int, Estimate]], known: Names) -> pa.Table:
    rows = [
        {
            "name": name, "method_id": method, "subject_id": who, "month": month, "basis": e.basis,
            "stratum": e.stratum, "responders": e.fit.responders, "amount": e.amount, "own": e.own,
            "lasting": e.lasting, "ratio": e.fit.ratio, "spread": e.fit.spread, "freedom": e.fit.freedom,
            "shared": e.fit.shared, "amount_told": rounded(e.amount), "ratio_told": rounded(e.fit.ratio),
            "spread_told": rounded(e.fit.spread),
        }
        for (name, method, who), month, e in made
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, schema=_STAND_INS)


def late_of(run: RunContext, months: dict[Key, dict[int, Month]]) -> dict[Key, dict[int, Late]]:
    """What stands in for late returns, by region and month, of the regions and years of `watch_from`.

    A return that is lacking in a sum and is no late return (a region's figure for the whole, a return of which a part
    has no amount) is one that nothing stands in for. The books take what meters alone counted for a return: `months`
    are put right in that.
    """
    engine = run.executor
    engine.keep("watch_starts", f"SELECT DISTINCT subject_id, month, {_START} AS start FROM {GAPS}")
    engine.keep(
        "watch_above",
        "SELECT DISTINCT l.subject_id, l.month, c.ancestor_id FROM watch_starts l"
        " JOIN subject_closure c ON c.subject_id = l.subject_id AND c.valid_from <= l.start"
        " AND CAST(l.start + INTERVAL 1 MONTH AS DATE) <= c.valid_to"
        f" JOIN watch_from f ON f.subject_id = c.ancestor_id AND l.month // {YEAR} >= f.year",
    )
    found: dict[Key, dict[int, Late]] = {}
    made: dict[Key, dict[int, list[Estimate]]] = {}
    for r in engine.run(
        f"SELECT s.*, a.ancestor_id FROM {STAND_INS} s JOIN watch_above a USING (subject_id, month)"
        " ORDER BY s.name, s.method_id, s.subject_id, s.month, a.ancestor_id"
    ).to_pylist():
        one = _estimate(r)
        made.setdefault((r["name"], r["method_id"], r["ancestor_id"]), {}).setdefault(r["month"], []).append(one)
    listed_: dict[tuple[Key, int], int] = {}
    open_: dict[tuple[Key, int], int] = {}
    for r in _counts(run):
        key, month = (r["name"], r["method_id"], r["ancestor_id"]), r["month"]
        listed_[key, month], open_[key, month] = r["listed"], r["unsupported"]
        there = months.get(key, {})
        if r["counted"] and month in there:
            there[month] = replace(there[month], known=there[month].known - r["counted"])
    for key, rows in months.items():
        for m, row in rows.items():
            lacking = row.expected - row.known - listed_.get((key, m), 0)
            if lacking > 0:
                open_[key, m] = open_.get((key, m), 0) + lacking
    for key, at in made.items():
        for month, estimates in at.items():
            found.setdefault(key, {})[month] = Late(tuple(estimates), open_.pop((key, month), 0))
    for (key, month), unsupported in open_.items():
        if unsupported:
            found.setdefault(key, {})[month] = Late((), unsupported)
    return found


_START = f"make_date(CAST(month // {YEAR} AS BIGINT), CAST(month % {YEAR} + 1 AS BIGINT), 1)"


def _counts(run: RunContext) -> list[Row]:
    """Late returns by sum, method, region, month: listed, with nothing that stands in, counted by meters alone."""
    rows: list[Row] = run.executor.run(
        "SELECT g.name, g.method_id, a.ancestor_id, g.month, count(*) AS listed, count(g.counted) AS counted,"
        " count(*) FILTER (WHERE NOT g.burns_none AND s.subject_id IS NULL) AS unsupported"
        f" FROM {GAPS} g JOIN watch_above a ON a.subject_id = g.subject_id AND a.month = g.month"
        f" LEFT JOIN {STAND_INS} s ON s.name = g.name AND s.method_id = g.method_id AND s.subject_id = g.subject_id"
        " AND s.month = g.month GROUP BY ALL"
    ).to_pylist()
    return rows


def _estimate(r: Mapping[str, Any]) -> Estimate:
    fit = Fit(r["ratio"], r["spread"], r["freedom"], r["responders"], r["shared"])
    return Estimate(r["subject_id"], r["month"], r["amount"], r["basis"], r["stratum"], fit, r["own"], r["lasting"])


def moved_regions(run: RunContext, regions: Iterable[str], changed: Changed) -> dict[str, int]:
    """Regions of which what stands in for late returns is not as in the run before, and the first year of it.

    Of subjects that an update does not compute, late returns are others only where the list was made anew.
    """
    kept = (GAPS, STAND_INS) if changed.anew else (STAND_INS,)
    for name in kept:
        run.before(name)
    end = "CAST(l.start + INTERVAL 1 MONTH AS DATE)"
    columns = {name: ", ".join(run.executor.run(f"SELECT * FROM {name} LIMIT 0").column_names) for name in kept}
    differ = " UNION ".join(
        f"SELECT subject_id, month FROM ((FROM (SELECT {c} FROM {a}) EXCEPT FROM (SELECT {c} FROM {b}))"
        f" UNION ALL (FROM (SELECT {c} FROM {b}) EXCEPT FROM (SELECT {c} FROM {a})))"
        for a, c in columns.items() for b in [f"{a}__before"]
    )  # fmt: skip
    rows = run.executor.run(
        f"SELECT c.ancestor_id, min(l.month) // {YEAR} AS year FROM (SELECT *, {_START} AS start FROM ({differ})) l"
        f" JOIN subject_closure c ON c.subject_id = l.subject_id AND c.valid_from <= l.start AND {end} <= c.valid_to"
        f" WHERE c.ancestor_id IN {listed(regions)} GROUP BY ALL"
    ).to_pylist()
    return {r["ancestor_id"]: r["year"] for r in rows}


def estimates_table(run: RunContext) -> pa.Table:
    """Rows of WATCH_ESTIMATES: each late return with what stands in for it, or nothing."""
    return run.executor.run(
        "SELECT g.method_id, g.name AS measure, g.subject_id, strftime(start, '%Y-%m') AS period_key,"
        " 'month' AS period_kind, start AS period_start, CAST(start + INTERVAL 1 MONTH AS DATE) AS period_end,"
        " s.amount_told AS amount, CASE WHEN starts_with(g.name, 'co2') THEN 'tCO2' ELSE 'tce' END AS unit, s.basis,"
        " coalesce(n.stratum, '') AS stratum, coalesce(s.responders, 0) AS responders, s.ratio_told AS ratio,"
        f" s.spread_told AS spread FROM (SELECT *, {_START} AS start FROM {GAPS}) g"
        f" LEFT JOIN {STAND_INS} s ON s.name = g.name AND s.method_id = g.method_id AND s.subject_id = g.subject_id"
        " AND s.month = g.month LEFT JOIN watch_strata n ON n.subject_id = g.subject_id"
        " WHERE NOT g.handed_in AND NOT g.burns_none ORDER BY 1, 2, 3, 4"
    )
