"""What a run's books and findings say for flexing: totals, claims of deductions, growth and targets, by region.

In an update the tables of a run hold the computed subjects alone; a region's answer rests on its own rows.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from shuangkong.accounting.api import CHANGE, Method
from shuangkong.engine.api import RunContext

Row = dict[str, Any]
#: What is controlled: its total as assessed, the total before deductions, its intensity, the unit.
TOTALS = {"energy": ("energy_total_assessed", "energy_total"), "carbon": ("co2_total", "co2_total")}
INTENSITY = {"energy": "energy_per_gdp", "carbon": "co2_per_gdp"}
UNITS = {"energy": "tce", "carbon": "tCO2"}
_REGIONS = "subject_id IN (SELECT subject_id FROM subjects WHERE kind = 'region')"
_INDICATORS = ("energy_total_assessed", "co2_total", "gdp_growth")


@dataclass
class BooksOf:
    """Rows of one run, looked up by region: everything that an answer is made of."""

    values: dict[tuple[str, str, str, str], Row] = field(default_factory=dict)
    deductions: dict[tuple[str, str, str], list[Row]] = field(default_factory=dict)
    parts: dict[tuple[str, str, str, str], Row] = field(default_factory=dict)
    findings: dict[str, list[Row]] = field(default_factory=dict)
    caps: dict[tuple[str, str, str], Decimal] = field(default_factory=dict)
    codes: dict[str, str] = field(default_factory=dict)

    def years(self, control: str, method: str, subject: str) -> list[int]:
        """The years of which there is a total under a method."""
        name = TOTALS[control][0]
        return sorted(int(y) for i, s, y, m in self.values if (i, s, m) == (name, subject, method))


def books_of(run: RunContext) -> BooksOf:
    """Read them once, each table in one query."""
    made = BooksOf()
    names = ", ".join(f"'{n}'" for n in _INDICATORS)
    for r in _rows(run, f"SELECT * FROM indicator_values WHERE indicator_id IN ({names}) AND period_kind = 'year'"
                        f" AND base = '' AND {_REGIONS}"):  # fmt: skip
        made.values[r["indicator_id"], r["subject_id"], r["period_key"], r["method_id"]] = r
    for r in _rows(run, f"SELECT * FROM deductions WHERE side = 'total' AND {_REGIONS} ORDER BY position"):
        made.deductions.setdefault((r["method_id"], r["subject_id"], r["period_key"]), []).append(r)
    for r in _rows(run, "SELECT method_id, subject_id, period_key, measure, sum(amount) AS amount,"
                        " max(known) AS known, max(expected) AS expected, count(*) - count(amount) AS open"
                        " FROM totals WHERE level = 'subtree' AND period_kind = 'year' AND (measure = 'gdp' OR"
                        f" measure LIKE 'energy%') AND {_REGIONS} GROUP BY ALL"):  # fmt: skip
        made.parts[r["measure"], r["method_id"], r["subject_id"], r["period_key"]] = r
    for r in _rows(run, "SELECT method_id, subject_id, period_key, measure FROM unknown_sums"
                        f" WHERE level = 'subtree' AND period_kind = 'year' AND {_REGIONS}"):  # fmt: skip
        if (key := (r["measure"], r["method_id"], r["subject_id"], r["period_key"])) in made.parts:
            made.parts[key]["open"] = 1
    asked = (
        INTENSITY["energy"] + CHANGE,
        INTENSITY["carbon"] + CHANGE,
        "energy_total",
        *(t for t, _ in TOTALS.values()),
    )
    inside = ", ".join(f"'{n}'" for n in asked)
    found: dict[str, list[Row]] = defaultdict(list)
    for r in _rows(run, f"SELECT * FROM findings WHERE indicator_id IN ({inside}) AND {_REGIONS} ORDER BY finding_key"):
        found[r["subject_id"]].append(r)
    made.findings = dict(found)
    made.caps = {(r["method_id"], r["subject_id"], r["period_key"]): r["cap"]
                 for r in _rows(run, "SELECT * FROM certificate_caps")}  # fmt: skip
    codes = _rows(run, "SELECT subject_id, code FROM subjects WHERE kind = 'region' AND code IS NOT NULL")
    made.codes = {r["subject_id"]: r["code"] for r in codes}
    return made


def _rows(run: RunContext, sql: str) -> list[Row]:
    rows: list[Row] = run.executor.run(sql).to_pylist()
    return rows


def unpriced(method_id: str) -> str:
    """The method of a ratio without its price base: that of the total it is made of."""
    if method_id.count("/") < 3:
        return ""
    return replace(Method.parse(method_id), price="").id


def methods_for(books: BooksOf, control: str, subject: str) -> list[str]:
    """The methods to answer under: those that the region's targets name, else the one that covers most."""
    name, of = TOTALS[control][0], (INTENSITY[control] + CHANGE, *TOTALS[control])
    there = {m for i, s, _, m in books.values if (i, s) == (name, subject) and m.count("/") >= 3}
    named = {unpriced(f["method_id"]) for f in books.findings.get(subject, ()) if f["indicator_id"] in of}
    if named & there:
        return sorted(named & there)
    weight: dict[str, Decimal] = defaultdict(Decimal)
    for (i, s, _, m), r in books.values.items():
        if (i, s) == (name, subject) and m in there and r["value"] is not None:
            weight[m] += r["coverage"]
    return [max(sorted(weight), key=lambda m: weight[m])] if weight else []


def year_of(finding: Row) -> int | None:
    """The year that a finding's value is of: a plan's is in its value's key (indicator|subject|period|base|method)."""
    if finding["period_key"].isdigit():
        return int(finding["period_key"])
    parts = (finding["value_key"] or "").split("|")
    return int(parts[2]) if len(parts) > 2 and parts[2].isdigit() else None


def targets_in(books: BooksOf, control: str, subject: str, method: str, year: int, level: str) -> list[Row]:
    """Findings of the intensity targets of a year and level, answered under a method or by published values."""
    name = INTENSITY[control] + CHANGE
    return [
        f for f in books.findings.get(subject, ())
        if f["indicator_id"] == name and f["level"] == level and year_of(f) == year
        and unpriced(f["method_id"]) in ("", method)
    ]  # fmt: skip
