"""Why a grade, a nowcast, a consequence or an estimate is as it is (预警缘由): clause, cut-offs, sums, returns."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal, localcontext
from typing import Any

from shuangkong.accounting.api import INDICATOR_VALUES, TOTALS, index_of, period_at
from shuangkong.dualcontrol.watch_estimating import YEAR, quantile
from shuangkong.dualcontrol.watch_questions import WATCHED, Watched
from shuangkong.dualcontrol.watch_reading import SUMS
from shuangkong.dualcontrol.watch_rows import watch_key
from shuangkong.dualcontrol.watch_tables import GRADED, WATCH_ESTIMATES, WATCH_LINKS, WATCH_MONTHS
from shuangkong.dualcontrol.why_packs import figures, incentive_of, table_of, target_of
from shuangkong.dualcontrol.why_reading import Reads, Reason, late_key, quoted
from shuangkong.judgement.api import LISTED, RULE_FINDINGS, grounds
from shuangkong.kernel.numbers import quantise

Row = dict[str, Any]
_TOLD = ("what", "test", "period_key", "value", "unit", "grade", "state")
_ESTIMATE, _REVISION, _NOWCAST = "watching.estimate", "watching.revision", "watching.nowcast"


def month(reads: Reads, made: Reason) -> None:
    """Fill in why a month has its grade: cut-offs, target, the months so far of this year and the last, estimates."""
    row = made.row
    day = row["period_end"] - timedelta(days=1)
    made.clause, made.target = target_of(reads.packs, row)
    made.links = reads.rows(WATCH_LINKS, f"watch_key IN {quoted([made.key])}")
    made.follows = _grades(reads, made.links)
    made.table = table_of(reads.packs, row["cutoff"], day, reads.known, _given(row, made.follows))
    watched = _watched(row)
    if watched is None or row["period_kind"] != "month":
        return
    told = json.loads(row["how"] or "{}")
    now = _months(row["period_start"])
    sides = {"now": now}
    if watched.growth:
        sides["before"] = [m - YEAR for m in now]
    elif told.get("profile") == "last_year":
        sides["before"] = _months(date(row["period_start"].year - 1, 12, 1))
    made.growth = _growth(reads, made.links)
    _from_books(reads, made, watched, sides)
    figure = {"now": row["energy"], "before": row["energy_before"] if watched.growth else None}
    made.sums = _sums(made.months, figure)
    made.parameters = figures(reads.packs, _ESTIMATE, reads.run.as_of, reads.known)
    made.parameters += figures(reads.packs, _REVISION, reads.run.as_of, reads.known)


def year(reads: Reads, made: Reason) -> None:
    """Fill in why the year is forecast so: months so far, the year before that it is taken from, drift parameters."""
    row = made.row
    made.clause, made.target = target_of(reads.packs, row)
    made.incentive = incentive_of(reads.packs, row)
    seen_from = watch_key(row["what"], row["test"], row["subject_id"], row["as_of_month"], row["method_id"])
    made.links = reads.rows(WATCH_LINKS, f"watch_key IN {quoted([seen_from])}")
    made.follows = _grades(reads, [{"to_kind": "watch", "to_key": seen_from, "role": "months so far"}])
    made.growth = _growth(reads, made.links)
    watched = _watched(row)
    if watched is not None:
        last = date(row["period_start"].year, int(row["as_of_month"][5:7]), 1)
        whole = _months(date(last.year - 1, 12, 1))
        _from_books(reads, made, watched, {"now": _months(last), "before": whole})
        made.sums = _sums(made.months, {})
    learned = int(json.loads(row["how"] or "{}").get("learned_years", 0))
    made.learned = [row["period_start"].year - n for n in range(1, learned + 1)]
    for name in (_NOWCAST, _ESTIMATE, _REVISION):
        made.parameters += figures(reads.packs, name, reads.run.as_of, reads.known)


def measure(reads: Reads, made: Reason) -> None:
    """Fill in why a measure follows: the table with its row, the months that were counted, the rule's own finding."""
    row = made.row
    given = json.loads(row["inputs"] or "{}")
    cut = f"{row['pack_key']}#table:{row['table_id']}:{row['row_hit'] or ''}"
    made.table = table_of(reads.packs, cut, row["period_end"] - timedelta(days=1), reads.known, given)
    pack = row["pack_key"].partition("@")[0]
    where = (
        f"subject_id IN {quoted([row['subject_id']])} AND period_key IN {quoted([row['period_key']])}"
        f" AND pack_id IN {quoted([pack])} AND slug IN {quoted([row['table_id']])}"
    )
    if row["basis"] == "published":
        made.findings = [{"key": f["finding_key"], "role": "decided", "period_key": f["period_key"],
                          "status": f["status"]} for f in reads.rows(RULE_FINDINGS, where)]  # fmt: skip
        nodes = [("indicator", r["value_key"]) for r in _published(reads, row, given)]
        made.below = grounds(
            reads.workspace, reads.run, reads.packs, _about(row), nodes, reads.scope, methods=["reported"]
        )  # fmt: skip
        return
    whats = [w.strip() for w in row["what"].split(",")]
    rows = reads.rows(
        WATCH_MONTHS,
        f"subject_id IN {quoted([row['subject_id']])} AND what IN {quoted(whats)}"
        f" AND red_state IS NOT NULL AND period_end <= DATE '{row['period_end']}'",
    )
    for what in whats:
        mine = sorted((r for r in rows if r["what"] == what), key=lambda r: r["period_end"], reverse=True)
        count = (mine[0]["red_months"] or 0) if mine else 0
        # the red months, and the one before them that ends the row
        made.follows += [_told(r, "counted") for r in mine[: count + 1]]


def estimate(reads: Reads, made: Reason) -> None:
    """Fill in what stands in for a late return: its stratum's ratio and spread, and its own months that it rests on."""
    row = made.row
    made.parameters = figures(reads.packs, _ESTIMATE, reads.run.as_of, reads.known)
    made.row |= interval(row, made.parameters)
    at = index_of(row["period_start"], "month")
    back = int(_figure(made.parameters, "look_back") or 0)
    near = {at: "now"} | {at - n: "before" for n in range(1, back + 1)} | {at - YEAR: "before"}
    measure, part = SUMS[row["measure"]]
    wanted = [(measure, part), ("electricity", ""), ("output", "")]
    periods = [period_at(m, "month").key for m in near]
    rows = _totals(reads, row["subject_id"], row["method_id"], wanted, periods)
    sides = {period_at(m, "month").key: side for m, side in near.items()}
    made.months = _by_month(rows, sides, ())
    nodes = [("total", r["total_key"]) for r in rows]
    made.below = grounds(
        reads.workspace, reads.run, reads.packs, _about(row), nodes, reads.scope, methods=[row["method_id"]]
    )  # fmt: skip


def interval(row: Row, parameters: Iterable[Row]) -> Row:
    """low and high of one estimate alone, by its own spread and Student's t of the returns it is learned from.

    Null where there is no estimate. What estimates have in common is in the interval of the sum and not in this one.
    """
    rows = list(parameters)
    level, weight = _figure(rows, "level"), _figure(rows, "weight")
    if row["amount"] is None or row["spread"] is None or level is None:
        return {"low": None, "high": None, "level": level}
    wide = quantile(float(level), row["responders"] + float(weight or 0)) * float(row["spread"])
    half = quantise(abs(row["amount"]) * Decimal(repr(wide)))
    return {"low": row["amount"] - half, "high": row["amount"] + half, "level": level}


def _figure(parameters: Iterable[Row], name: str) -> Decimal | None:
    return next((p["value"] for p in parameters if p["id"] == _ESTIMATE and p["keys"] == [name]), None)


def _watched(row: Row) -> Watched | None:
    return next((w for w in WATCHED if (w.what, w.test) == (row["what"], row["test"])), None)


def _months(last: date) -> list[int]:
    """From January to a month, by number."""
    end = index_of(last, "month")
    return list(range(end - end % YEAR, end + 1))


def _about(row: Row) -> Row:
    return {"subject_id": row["subject_id"], "period_key": row["period_key"], "indicator_id": ""}


def _told(row: Row, role: str) -> Row:
    return {"key": row["watch_key"], "role": role} | {k: row[k] for k in _TOLD}


def _grades(reads: Reads, links: Iterable[Row]) -> list[Row]:
    """The other grades that a row rests on, with the part that each plays."""
    roles = {x["to_key"]: x["role"] for x in links if x["to_kind"] == "watch"}
    rows = reads.rows(WATCH_MONTHS, f"watch_key IN {quoted(roles)}") if roles else []
    return sorted((_told(r, roles[r["watch_key"]]) for r in rows), key=lambda r: (r["role"], r["what"], r["test"]))


def _given(row: Row, parts: Iterable[Row]) -> Row:
    """What the table of a grade was asked."""
    if row["test"] == "both":
        grades = {p["what"].removeprefix("energy_"): p["grade"] for p in parts if p["role"] == "made of"}
        return {k: None if g is None else Decimal(g) for k, g in grades.items()}
    if row["test"] == "total":
        return {"used": row["progress"]}
    lag = None if row["value"] is None or row["required"] is None else row["value"] - row["required"]
    return {"change": row["value"], "lag": lag, "progress": row["progress"]}


def _growth(reads: Reads, links: Iterable[Row]) -> Row | None:
    key = next((x["to_key"] for x in links if x["role"] == "growth"), None)
    return reads.one(INDICATOR_VALUES, "value_key", key) if key else None


def _published(reads: Reads, row: Row, given: Mapping[str, str | None]) -> list[Row]:
    """The published grades of the months that were counted, and of the one before them."""
    counts = [int("".join(c for c in v if c.isdigit()) or 0) for v in given.values() if v]
    last = index_of(row["period_start"], "month")
    periods = [period_at(m, "month").key for m in range(last - max(counts, default=0), last + 1)]
    names = [i for i, (what, _) in GRADED.items() if what in row["what"].split(", ")]
    return reads.rows(
        INDICATOR_VALUES,
        f"subject_id IN {quoted([row['subject_id']])} AND indicator_id IN {quoted(names)}"
        f" AND period_key IN {quoted(periods)}",
    )


def _totals(
    reads: Reads, subject: str, method: str, wanted: Iterable[tuple[str, str]], periods: Iterable[str]
) -> list[Row]:  # fmt: skip
    """Totals of a subject with all that lies in it, of some measures (of one part where it is named) and months."""
    rows = reads.rows(
        TOTALS,
        f"subject_id IN {quoted([subject])} AND level = 'subtree' AND method_id IN {quoted([method, ''])}"
        f" AND period_key IN {quoted(periods)}",
    )
    asked = {*wanted}
    return [r for r in rows if (r["measure"], "") in asked or (r["measure"], r["part"]) in asked]


def _from_books(reads: Reads, made: Reason, watched: Watched, sides: Mapping[str, list[int]]) -> None:
    """The months of both years, with what is known and what stands in; and the returns behind them."""
    row = made.row
    by_key = {period_at(m, "month").key: side for side, months in sides.items() for m in months}
    rows = _totals(reads, row["subject_id"], row["method_id"], [SUMS[watched.sum]], by_key)
    inside = reads.within(row["subject_id"], min(reads.run.as_of, row["period_end"] - timedelta(days=1)))
    late = [
        r for r in reads.rows(
            WATCH_ESTIMATES,
            f"method_id IN {quoted([row['method_id']])} AND measure IN {quoted([watched.sum])}"
            f" AND period_key IN {quoted(by_key)}",
        )
        if r["subject_id"] in inside
    ]  # fmt: skip
    made.months = _by_month(rows, by_key, late)
    priors = figures(reads.packs, _ESTIMATE, reads.run.as_of, reads.known)
    made.estimates_total = len(late)
    late.sort(key=lambda r: (-abs(r["amount"] or Decimal(0)), r["period_key"], r["subject_id"]))
    told = [{**r, "key": late_key(r), "side": by_key[r["period_key"]], **interval(r, priors)} for r in late[:LISTED]]
    names = reads.named(r["subject_id"] for r in told)
    made.estimates = [r | names[r["subject_id"]] for r in told]
    nodes = [("total", r["total_key"]) for r in rows]
    nodes += [("indicator", made.growth["value_key"])] if made.growth else []
    made.below = grounds(
        reads.workspace, reads.run, reads.packs, _about(row), nodes, reads.scope, methods=[row["method_id"]]
    )  # fmt: skip


def _by_month(totals: Iterable[Row], sides: Mapping[str, str], late: Iterable[Row]) -> list[Row]:
    """Each month and measure once, this year's first: known (null where a part is not known), estimated, returns."""
    found: dict[tuple[str, str], list[Row]] = {}
    for r in totals:
        found.setdefault((r["period_key"], r["measure"]), []).append(r)
    missing: dict[str, list[Row]] = {}
    for r in late:
        missing.setdefault(r["period_key"], []).append(r)
    order = {"now": 0, "before": 1}
    rows = []
    for (period, name), parts in found.items():
        stands = missing.get(period, [])
        rows.append({
            "side": sides[period], "period_key": period, "measure": name, "unit": parts[0]["unit"],
            "amount": _sum(p["amount"] for p in parts), "known": max(p["known"] for p in parts),
            "expected": max(p["expected"] for p in parts), "late": len(stands),
            "estimated": _sum((r["amount"] for r in stands), Decimal(0)),
        })  # fmt: skip
    return sorted(rows, key=lambda r: (order[r["side"]], r["measure"], r["period_key"]))


def _sum(values: Iterable[Decimal | None], none: Decimal | None = None) -> Decimal | None:
    """The exact sum of what is known; `none` where nothing is."""
    known = [v for v in values if v is not None]
    with localcontext() as context:
        context.prec = 60
        return sum(known, Decimal(0)) if known else none


def _sums(months: Iterable[Row], figures_: Mapping[str, Decimal | None]) -> list[Row]:
    """By side: known + estimated of the months, the figure of the row, and what of it the listed parts do not give."""
    made = []
    rows = list(months)
    for side in ("now", "before"):
        mine = [r for r in rows if r["side"] == side]
        if not mine:
            continue
        known, estimated = _sum(r["amount"] for r in mine), _sum((r["estimated"] for r in mine), Decimal(0))
        figure = figures_.get(side)
        rest = None if figure is None or known is None else figure - known - (estimated or Decimal(0))
        made.append({"side": side, "unit": mine[0]["unit"], "known": known, "estimated": estimated, "figure": figure,
                     "rest": rest, "returns": sum(r["known"] for r in mine),
                     "due": sum(r["expected"] for r in mine)})  # fmt: skip
    return made
