"""Reading what a change is taken apart from (因素分解取数): sums of a run, and fuels by carrier, as the reader may."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pyarrow as pa

from shuangkong.accounting.api import AMOUNTS, BOOK_ENTRIES, METER_ENTRIES, TOTALS
from shuangkong.engine.api import DuckDB, RunRecord, Workspace, read_result
from shuangkong.kernel.findings import least_sure
from shuangkong.kernel.periods import Period, PeriodKind
from shuangkong.kernel.scope import Scope

ENERGY = ("energy", "energy_industry")
CARBON = {"energy": "co2", "energy_industry": "co2_industry"}
#: What counts as activity of a region: product at constant prices before that at current prices.
ACTIVITY = ("gdp", "gdp_nominal", "industry_value_added", "industry_value_added_nominal")
MEASURES = (*ENERGY, *CARBON.values(), *ACTIVITY, "output")
#: By entry first: an entry of energy whose CO2 is not known makes its carrier one without a figure.
_ITEMS = """
WITH each AS (
  SELECT m.part_id, a.period_key, coalesce(e.item, w.item, a.part) AS item, a.entry_id,
         sum(a.amount) FILTER (a.measure = '{energy}') AS energy,
         sum(a.amount) FILTER (a.measure = '{carbon}') AS carbon
  FROM amounts a JOIN members m ON m.subject_id = a.subject_id
  LEFT JOIN entries e ON e.entry_id = a.entry_id LEFT JOIN metered w ON w.entry_id = a.entry_id
  GROUP BY ALL
)
SELECT part_id, period_key, item, sum(energy) AS energy, sum(carbon) AS carbon,
       count(*) FILTER (coalesce(energy, 1) <> 0 AND carbon IS NULL) AS missing
FROM each GROUP BY ALL
"""


@dataclass(frozen=True, slots=True)
class Summed:
    """A measure of a subject in a period: amounts by part (None: not known), the worst state, coverage, unit."""

    parts: Mapping[str, Decimal | None]
    state: str
    coverage: Decimal
    unit: str
    confidence: str

    @property
    def amount(self) -> Decimal | None:
        """The sum of what is known; None where nothing is."""
        known = [x for x in self.parts.values() if x is not None]
        return sum(known, Decimal(0)) if known else None

    @property
    def standing(self) -> str:
        """ok, partial where part of it is not known, or why nothing is."""
        if self.amount is None:
            return "confidential" if self.state == "confidential" else "no_energy"
        return "ok" if self.state == "ok" and None not in self.parts.values() else "partial"


@dataclass(frozen=True)
class Sums:
    """Sums by subject, measure, method and period."""

    rows: Mapping[tuple[str, str, str, str], Summed]

    def of(self, subject: str, measure: str, method: str, period: str) -> Summed | None:
        """One of them; None where the run has none that the reader may see."""
        return self.rows.get((subject, measure, method, period))

    def methods(self, measure: str) -> tuple[str, ...]:
        """The methods (of value: the price bases) in which a measure is there."""
        return tuple(sorted({m for _, what, m, _ in self.rows if what == measure}))

    def periods(self, subjects: Iterable[str], measures: Sequence[str]) -> tuple[str, ...]:
        """The periods in which any of the subjects has one of the measures, the newest last."""
        wanted = frozenset(subjects)
        found = {p for s, what, _, p in self.rows if s in wanted and what in measures}
        return tuple(sorted(found, key=lambda k: (Period.parse(k).end, Period.parse(k).start)))


def read_sums(
    run: RunRecord, scope: Scope, seen: pa.Table | None, subjects: Iterable[str] | None = None,
    *, measures: Sequence[str] = MEASURES, periods: Sequence[str] = (),
) -> Sums:  # fmt: skip
    """Sums with all that lies in each subject, as far as the reader may see them; without `subjects`, of everybody."""
    where = [f"level = 'subtree' AND measure IN ({_listed(measures)})"]
    where += [f"subject_id IN ({_listed(subjects)})"] if subjects is not None else []
    where += [f"period_key IN ({_listed(periods)})"] if periods else []
    found: dict[tuple[str, str, str, str], list[dict[str, Any]]] = defaultdict(list)
    for r in read_result(run, TOTALS, scope, seen, where=" AND ".join(where)).to_pylist():
        found[r["subject_id"], r["measure"], r["method_id"], r["period_key"]].append(r)
    return Sums({key: _summed(rows) for key, rows in found.items()})


def _summed(rows: Sequence[dict[str, Any]]) -> Summed:
    worst = next((r["state"] for r in rows if r["state"] not in ("ok", "partial")), "")
    state = worst or ("ok" if all(r["state"] == "ok" for r in rows) else "partial")
    return Summed(
        {r["part"]: r["amount"] for r in rows}, state, min(r["coverage"] for r in rows), rows[0]["unit"],
        least_sure(*(r["confidence"] for r in rows)),
    )  # fmt: skip


def _listed(values: Iterable[str]) -> str:
    """Values as a list in SQL; ids, measures and keys of periods have no quotes, others cannot be there."""
    return ", ".join("'" + v.replace("'", "''") + "'" for v in sorted(set(values))) or "''"


@dataclass(frozen=True, slots=True)
class Fuels:
    """Energy and CO2 of a part in a period by carrier; a carrier with an entry of unknown CO2 is not in `carbon`."""

    energy: Mapping[str, Decimal]
    carbon: Mapping[str, Decimal]


def read_fuels(
    workspace: Workspace, run: RunRecord, scope: Scope, seen: pa.Table | None,
    members: Mapping[str, str], measure: str, method: str, periods: Sequence[str],
) -> dict[tuple[str, str], Fuels]:  # fmt: skip
    """Fuels by part and period, from the entries of everybody in `members` (subject: part it belongs to).

    A year takes in all periods within it. Whether they make up the part's sum is for the caller to see.
    """
    asked = {p: Period.parse(p) for p in periods}
    within = " OR ".join(
        f"(period_start >= DATE '{p.start}' AND period_end <= DATE '{p.end}')"
        if p.kind is PeriodKind.YEAR else f"period_key = '{p.key}'"
        for p in asked.values()
    )  # fmt: skip
    both = (measure, CARBON[measure])
    where = f"method_id = {_listed([method])} AND measure IN ({_listed(both)}) AND ({within})"
    amounts = read_result(run, AMOUNTS, scope, seen, where=where)
    with DuckDB(threads=1) as engine:
        engine.bind("amounts", amounts)
        engine.bind("members", pa.table({"subject_id": list(members), "part_id": list(members.values())}))
        engine.bind_files("entries", workspace.lake.files(BOOK_ENTRIES, run.known), BOOK_ENTRIES.arrow_schema)
        engine.bind("metered", read_result(run, METER_ENTRIES, scope, seen))
        rows = engine.run(_ITEMS.format(energy=both[0], carbon=both[1])).to_pylist()
    return _fuels(rows, asked)


def _fuels(rows: Sequence[dict[str, Any]], asked: Mapping[str, Period]) -> dict[tuple[str, str], Fuels]:
    """Rows of items brought to the periods asked for."""
    energy: dict[tuple[str, str], dict[str, Decimal]] = defaultdict(dict)
    carbon: dict[tuple[str, str], dict[str, Decimal]] = defaultdict(dict)
    unknown: set[tuple[str, str, str]] = set()
    for r in rows:
        inside = Period.parse(r["period_key"])
        for place in ((r["part_id"], key) for key, period in asked.items() if period.contains(inside)):
            item = r["item"]
            if r["missing"]:
                unknown.add((*place, item))
            for sums, amount in ((energy, r["energy"]), (carbon, r["carbon"])):
                if amount is not None:
                    sums[place][item] = sums[place].get(item, Decimal(0)) + amount
    return {
        place: Fuels(used, {i: c for i, c in carbon[place].items() if (*place, i) not in unknown})
        for place, used in energy.items()
    }
