"""What watching reads of a run (晴雨表取数): the register, months of sums, and how returns are put right later.

Every table is read whole, in an update too, of the regions and years that are watched anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa

from shuangkong.accounting.api import TOTALS, index_of, last_full, packs_of, period_at
from shuangkong.dualcontrol.watch_priors import Figures, figures_of, revising
from shuangkong.dualcontrol.watch_sums import Key, Month, Revisions, held_revisions
from shuangkong.engine.api import RunContext
from shuangkong.kernel.findings import least_sure
from shuangkong.kernel.numbers import quantise

Row = dict[str, Any]
#: sum → (measure of the books, part): coal is a part of energy.
SUMS = {
    "energy": ("energy", ""), "coal": ("energy", "coal"), "co2": ("co2", ""),
    "energy_industry": ("energy_industry", ""), "co2_industry": ("co2_industry", ""),
}  # fmt: skip
MEASURES = "('energy', 'co2', 'energy_industry', 'co2_industry')"
#: Coal of energy: none where there is no coal in it; null where there is some, and nobody knows how much.
COAL = """CASE WHEN count(*) FILTER (WHERE part = 'coal') = 0 THEN 0
ELSE sum(amount) FILTER (WHERE part = 'coal') END AS coal"""


@dataclass
class Names:
    """Who is who in a run: regions by code, codes by region, and the sector of everybody who hands in returns.

    above: codes of a region and of all that it lies in on the run's day.
    """

    regions: dict[str, str]
    levels: dict[str, str]
    above: dict[str, frozenset[str]]
    stratum: dict[str, str]
    root: dict[str, str]


def listed(values: Iterable[str]) -> str:
    """Values as SQL text."""
    return "(" + (", ".join("'" + v.replace("'", "''") + "'" for v in sorted(values)) or "''") + ")"


def names(run: RunContext) -> Names:
    """The register of the run as watching needs it."""
    rows = run.executor.run("SELECT subject_id, kind, level, code, industry_code FROM every_subject").to_pylist()
    inside = run.executor.run(
        "SELECT c.subject_id, list(DISTINCT s.code) AS codes FROM subject_closure c JOIN every_subject s"
        f" ON s.subject_id = c.ancestor_id WHERE s.kind = 'region' AND c.valid_from <= DATE '{run.as_of}'"
        f" AND DATE '{run.as_of}' < c.valid_to AND s.code IS NOT NULL GROUP BY 1"
    ).to_pylist()
    roots = run.executor.run(
        "SELECT c.subject_id, arg_max(c.ancestor_id, (c.depth, c.ancestor_id)) AS root FROM subject_closure c"
        " JOIN every_subject s ON s.subject_id = c.ancestor_id AND s.kind = 'region' GROUP BY 1"
    ).to_pylist()
    codes = {r["subject_id"]: r["code"] for r in rows if r["kind"] == "region" and r["code"]}
    stratum = {r["subject_id"]: "region" if r["kind"] == "region" else (r["industry_code"] or "")[:2] for r in rows}
    levels = {r["subject_id"]: r["level"] or "" for r in rows if r["kind"] == "region"}
    above = {r["subject_id"]: frozenset(r["codes"]) for r in inside}
    return Names({c: s for s, c in codes.items()}, levels, above, stratum, {r["subject_id"]: r["root"] for r in roots})


def month_of(day: date) -> int:
    """The number of the month that a day lies in."""
    return index_of(day, "month")


def first_year(run: RunContext) -> int:
    """The first year of which the accounting knows a month; the run's own where it knows none."""
    rows = run.executor.run(
        f"SELECT min(period_start) AS first FROM {run.whole(TOTALS.name, TOTALS)} WHERE period_kind = 'month'"
    ).to_pylist()
    first: date | None = rows[0]["first"]
    return run.as_of.year if first is None else first.year


def read_from(run: RunContext, first: Mapping[str, int]) -> None:
    """Keep the regions and the first year of which each is read, as `watch_from`."""
    regions = sorted(first)
    years = pa.array([first[r] for r in regions], pa.int32())
    run.executor.bind("watch_from__arrow", pa.table({"subject_id": pa.array(regions, pa.string()), "year": years}))
    run.executor.keep("watch_from", "SELECT * FROM watch_from__arrow")


def sums(run: RunContext, methods: Sequence[str], first: Mapping[str, int]) -> dict[Key, dict[int, Month]]:
    """What the accounting knows of each month that is over, by sum, method and region; of each region from a year on.

    A month of which no amount is known is not there, unless returns of it are late: then estimates stand in for them.
    """
    end = period_at(last_full(run.as_of, "month"), "month").end
    read_from(run, first)
    rows = run.executor.run(
        f"SELECT measure, method_id, t.subject_id, period_start, sum(amount) AS amount, {COAL},"
        " max(expected) AS expected, max(known) AS known, list(DISTINCT confidence) AS sure"
        f" FROM {run.whole(TOTALS.name, TOTALS)} t JOIN watch_from f ON f.subject_id = t.subject_id"
        f" AND year(t.period_start) >= f.year WHERE level = 'subtree' AND period_kind = 'month'"
        f" AND measure IN {MEASURES} AND method_id IN {listed(methods)}"
        f" AND period_end <= DATE '{end}' GROUP BY ALL"
    ).to_pylist()
    squares = _squares(run, methods, end)
    by_measure = {m: [(name, part) for name, (of, part) in SUMS.items() if of == m] for m, _ in SUMS.values()}
    found: dict[Key, dict[int, Month]] = {}
    for r in rows:
        month, sure = month_of(r["period_start"]), least_sure(*sorted(r["sure"]))
        for name, part in by_measure[r["measure"]]:
            key = (name, r["method_id"], r["subject_id"])
            known = r["coal"] if part else r["amount"]
            amount = Decimal(0) if known is None else quantise(Decimal(known))
            square = squares.get((*key, month), 0.0)
            made = Month(amount, r["expected"] or 0, r["known"] or 0, sure, square, there=known is not None)
            found.setdefault(key, {})[month] = made
    return found


def first_open(run: RunContext) -> int:
    """The first month of which returns may still be put right."""
    return month_of(period_at(last_full(run.as_of, "month"), "month").end) - revising(figures(run)).months


def _squares(run: RunContext, methods: Sequence[str], end: date) -> dict[tuple[str, str, str, int], float]:
    """Σ of the squares of the returns behind the months that may still be put right; whole numbers, so exact."""
    first = period_at(first_open(run), "month").start
    rows = run.executor.run(
        "WITH own AS (SELECT measure, method_id, subject_id, period_start, period_end, sum(amount) AS energy,"
        " sum(amount) FILTER (WHERE part = 'coal') AS coal, count(*) FILTER (WHERE part = 'coal') AS burnt"
        f" FROM {run.whole('leaves')} WHERE measure IN {MEASURES} AND extent = 'own'"
        f" AND period_kind = 'month' AND period_start >= DATE '{first}' AND period_end <= DATE '{end}'"
        f" AND method_id IN {listed(methods)} GROUP BY ALL)"
        " SELECT measure, o.method_id, c.ancestor_id AS subject_id, o.period_start,"
        " sum(CAST(round(o.energy) AS HUGEINT) * CAST(round(o.energy) AS HUGEINT)) AS squares,"
        " sum(CAST(round(o.coal) AS HUGEINT) * CAST(round(o.coal) AS HUGEINT)) AS coal, sum(o.burnt) AS burnt"
        " FROM own o JOIN subject_closure c ON c.subject_id = o.subject_id AND c.valid_from < o.period_end"
        " AND o.period_end <= c.valid_to JOIN watch_from f ON f.subject_id = c.ancestor_id"
        " AND year(o.period_start) >= f.year GROUP BY ALL"
    ).to_pylist()
    found: dict[tuple[str, str, str, int], float] = {}
    for r in rows:
        for name, (measure, part) in SUMS.items():
            if measure == r["measure"] and (not part or r["burnt"]):
                square = r["coal"] if part else r["squares"]
                found[name, r["method_id"], r["subject_id"], month_of(r["period_start"])] = float(square or 0)
    return found


def figures(run: RunContext) -> Figures:
    """The figures of the packs' parameters on the run's day, as known in it."""
    return figures_of(packs_of(run), run.as_of, run.known_day)


def revisions(run: RunContext) -> Revisions:
    """How often and how far returns of energy were put right so far, held to the pack's priors."""
    rows = run.executor.run(
        "WITH e AS (SELECT * FROM book_entries__all WHERE book = 'energy' AND role = 'consumption'"
        " AND period_kind = 'month' AND quantity IS NOT NULL)"
        " SELECT n.quantity AS now, o.quantity AS before FROM e n JOIN e o ON n.corrects = o.entry_id"
        " WHERE o.quantity > 0"
    ).to_pylist()
    count = run.executor.run(
        "SELECT count(*) AS n FROM book_entries__all WHERE book = 'energy' AND role = 'consumption'"
        " AND period_kind = 'month' AND corrects IS NULL"
    ).to_pylist()[0]["n"]
    return held_revisions([float(r["now"] / r["before"]) - 1 for r in rows], count, revising(figures(run)))
