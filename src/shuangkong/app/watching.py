"""What a run says of the warning board (晴雨表), as a reader may see it: months, nowcasts, what follows, revisions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shuangkong.accounting.api import readable_subjects
from shuangkong.dualcontrol.api import GRADES, WATCH_MEASURES, WATCH_MONTHS, WATCH_YEARS
from shuangkong.engine.api import RunRecord, TableContract, Workspace, read_result, runs_list
from shuangkong.kernel.scope import Scope

Row = dict[str, Any]
#: How many earlier runs are looked through for what they said.
MOST_RUNS = 20


def months(workspace: Workspace, run: RunRecord, scope: Scope, regions: Sequence[str], month: str) -> list[Row]:
    """Rows of WATCH_MONTHS of these regions (all if empty) and month (the newest of each region if empty)."""
    rows = _read(workspace, run, scope, WATCH_MONTHS, regions)
    if month:
        return [r for r in rows if r["period_key"] == month]
    newest: dict[str, Any] = {}
    for r in rows:
        # a month of which there is a figure; grades that an office alone published come after those
        if r["value"] is not None or r["grade"] is not None:
            newest[r["subject_id"]] = max(newest.get(r["subject_id"], r["period_start"]), r["period_start"])
    return [r for r in rows if r["period_start"] == newest.get(r["subject_id"])]


def nowcasts(workspace: Workspace, run: RunRecord, scope: Scope, regions: Sequence[str], month: str) -> list[Row]:
    """Rows of WATCH_YEARS as seen from a month, or from the newest of each year."""
    rows = _read(workspace, run, scope, WATCH_YEARS, regions)
    return [r for r in rows if (r["as_of_month"] == month if month else r["newest"])]


def following(workspace: Workspace, run: RunRecord, scope: Scope, regions: Sequence[str], month: str) -> list[Row]:
    """Rows of WATCH_MEASURES of a month, or all."""
    rows = _read(workspace, run, scope, WATCH_MEASURES, regions)
    return [r for r in rows if not month or r["period_key"] == month]


def said_before(workspace: Workspace, scope: Scope, watch_key: str, most: int = MOST_RUNS) -> list[Row]:
    """What the newest runs said of one month (its key is the same in every run), newest first.

    Each with run, number, known and as_of, value, low, high, unit, grade, state, coverage and estimated_share: the
    history of revisions. A run that says nothing of the month, or that the reader sees nothing in, is left out.
    """
    found = []
    for run in runs_list(workspace, scope)[:most]:
        if WATCH_MONTHS.name not in run.manifest.get("tables", {}):  # type: ignore[operator]
            continue
        where = f"watch_key = '{watch_key}'" if watch_key.isascii() and "'" not in watch_key else "false"
        rows = read_result(run, WATCH_MONTHS, scope, readable_subjects(workspace, run, scope), where=where).to_pylist()
        told = ("value", "low", "high", "unit", "grade", "state", "coverage", "estimated_share", "needs")
        found += [
            {"run": run.run_id, "number": run.number, "known": run.known, "as_of": run.as_of} | {n: r[n] for n in told}
            for r in rows
        ]
    return found


def _read(
    workspace: Workspace, run: RunRecord, scope: Scope, contract: TableContract, regions: Sequence[str]
) -> list[Row]:  # fmt: skip
    if contract.name not in run.manifest.get("tables", {}):  # type: ignore[operator]
        return []
    rows: list[Row] = read_result(run, contract, scope, readable_subjects(workspace, run, scope)).to_pylist()
    wanted = set(regions)
    return [r for r in rows if not wanted or r["subject_id"] in wanted]


def grade_word(grade: int | None, language: str) -> str:
    """红色, 黄色, 绿色; a dash where there is no grade."""
    return "—" if grade is None else GRADES[grade].in_("en" if language == "en" else "zh")
