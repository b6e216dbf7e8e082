"""What watching reads of indicators (指标取数): growth, changes since base years, deductions, published grades."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from shuangkong.accounting.api import CHANGE, DEDUCTIONS, INDICATOR_VALUES
from shuangkong.dualcontrol.watch_estimating import YEAR
from shuangkong.dualcontrol.watch_questions import WATCHED
from shuangkong.dualcontrol.watch_reading import listed, month_of
from shuangkong.dualcontrol.watch_rows import Growth
from shuangkong.dualcontrol.watch_tables import GRADED
from shuangkong.engine.api import RunContext
from shuangkong.kernel.numbers import quantise

Row = dict[str, Any]
#: Kinds of period that run from January on, the plainest first.
_TO_DATE = ("ytd", "month", "jan_feb", "quarter", "half", "year")


def growth(run: RunContext) -> dict[tuple[str, str], dict[int, Growth]]:
    """Reported real growth of the year to date, by indicator, region and last month."""
    wanted = {w.growth for w in WATCHED if w.growth}
    rows = run.executor.run(
        "SELECT indicator_id, subject_id, period_kind, period_start, period_end, value, value_key, confidence"
        f" FROM {run.whole(INDICATOR_VALUES.name, INDICATOR_VALUES)} WHERE indicator_id IN {listed(wanted)}"
        f" AND origin = 'reported' AND value IS NOT NULL AND period_kind IN {listed(_TO_DATE)}"
        " AND month(period_start) = 1"
    ).to_pylist()
    found: dict[tuple[str, str], dict[int, Growth]] = {}
    for r in sorted(rows, key=lambda r: _TO_DATE.index(r["period_kind"])):
        month = month_of(r["period_end"]) - 1
        if month // YEAR == r["period_start"].year:
            at = found.setdefault((r["indicator_id"], r["subject_id"]), {})
            at.setdefault(month, Growth(r["value"], r["value_key"], r["confidence"]))
    return found


def since_base(run: RunContext) -> dict[tuple[str, str, str, int, int], Decimal]:
    """Changes since base years of the indicators that plans speak of: (indicator, region, method, base, year)."""
    wanted = {t + CHANGE for w in WATCHED if w.growth for t in w.targets}
    rows = run.executor.run(
        "SELECT indicator_id, subject_id, method_id, base, period_start, value"
        f" FROM {run.whole(INDICATOR_VALUES.name, INDICATOR_VALUES)} WHERE indicator_id IN {listed(wanted)}"
        " AND period_kind = 'year' AND value IS NOT NULL AND base <> ''"
    ).to_pylist()
    return {
        (r["indicator_id"], r["subject_id"], r["method_id"], int(r["base"]), r["period_start"].year): r["value"]
        for r in rows
    }


def assessed_shares(run: RunContext, methods: Sequence[str]) -> dict[tuple[str, str, int], Decimal]:
    """What the deductions leave of a year's energy: assessed ÷ gross, of years that are over."""
    rows = run.executor.run(
        "SELECT indicator_id, subject_id, method_id, period_start, value"
        f" FROM {run.whole(INDICATOR_VALUES.name, INDICATOR_VALUES)} WHERE period_kind = 'year' AND value > 0"
        f" AND indicator_id IN ('energy_total', 'energy_total_assessed') AND method_id IN {listed(methods)}"
        f" AND period_end <= DATE '{run.as_of}' + 1"
    ).to_pylist()
    sides = {(r["indicator_id"], r["method_id"], r["subject_id"], r["period_start"].year): r["value"] for r in rows}
    return {
        (method, subject, year): quantise(value / gross)
        for (name, method, subject, year), value in sides.items()
        if name == "energy_total_assessed" and (gross := sides.get(("energy_total", method, subject, year)))
    }


def deducted_shares(run: RunContext, methods: Sequence[str]) -> dict[tuple[str, str, int], Decimal]:
    """What deductions of intensity leave of a year's energy: after the last step ÷ gross, of years that are over."""
    rows = run.executor.run(
        "SELECT d.method_id, d.subject_id, d.period_start, arg_max(d.after, d.position) AS after, max(v.value) AS gross"
        f" FROM {run.whole(DEDUCTIONS.name, DEDUCTIONS)} d"
        f" JOIN {run.whole(INDICATOR_VALUES.name, INDICATOR_VALUES)} v ON v.indicator_id = 'energy_total'"
        " AND v.subject_id = d.subject_id AND v.method_id = d.method_id AND v.period_key = d.period_key"
        f" WHERE d.side = 'intensity' AND d.period_kind = 'year' AND d.method_id IN {listed(methods)}"
        f" AND d.period_end <= DATE '{run.as_of}' + 1 AND v.value > 0 GROUP BY ALL HAVING bool_and(d.after IS NOT NULL)"
    ).to_pylist()
    return {
        (r["method_id"], r["subject_id"], r["period_start"].year): quantise(Decimal(r["after"]) / r["gross"], 12)
        for r in rows
    }


def published(run: RunContext) -> list[Row]:
    """Grades that an office published, of regions and any period."""
    rows: list[Row] = run.executor.run(
        "SELECT indicator_id, subject_id, period_key, period_kind, period_start, period_end, value, value_key"
        f" FROM {run.whole(INDICATOR_VALUES.name, INDICATOR_VALUES)} WHERE indicator_id IN {listed(GRADED)}"
        " AND origin = 'reported' AND value IS NOT NULL ORDER BY value_key"
    ).to_pylist()  # fmt: skip
    return rows
