"""The watching step of a run (晴雨表): months graded, the year's end forecast, what follows, and what it all rests on.

It writes tables of its own and changes nothing that was computed before it: an estimate never enters the books.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import pyarrow as pa

from shuangkong.accounting.api import Method, packs_of, period_at
from shuangkong.dualcontrol.watch_carry import Carried, first_years, shared
from shuangkong.dualcontrol.watch_following import measures
from shuangkong.dualcontrol.watch_gaps import find_gaps
from shuangkong.dualcontrol.watch_grading import PACK, Grader, asked_of, count_red
from shuangkong.dualcontrol.watch_indicators import assessed_shares, deducted_shares, growth, published, since_base
from shuangkong.dualcontrol.watch_late import estimates_table, late_of, stand_in
from shuangkong.dualcontrol.watch_nowcast import year_rows
from shuangkong.dualcontrol.watch_priors import ESTIMATE, drifting, estimating
from shuangkong.dualcontrol.watch_questions import WATCHED, Question, questions
from shuangkong.dualcontrol.watch_reading import figures, first_year, names, revisions, sums
from shuangkong.dualcontrol.watch_rows import Facts, month_rows, watch_key
from shuangkong.dualcontrol.watch_sums import Revisions, Sums
from shuangkong.dualcontrol.watch_tables import (
    GRADED,
    WATCH_ESTIMATES,
    WATCH_LINKS,
    WATCH_MEASURES,
    WATCH_MONTHS,
    WATCH_YEARS,
)
from shuangkong.engine.api import RunContext
from shuangkong.kernel.ids import digest
from shuangkong.policy.api import CheckedTable, PackSet

Row = dict[str, Any]
TABLES = (WATCH_MONTHS, WATCH_YEARS, WATCH_MEASURES, WATCH_ESTIMATES, WATCH_LINKS)


def watch(run: RunContext, methods: Sequence[Method]) -> None:
    """Watch every region that a target speaks of; publish WATCH_MONTHS, _YEARS, _MEASURES, _ESTIMATES and _LINKS.

    The tables are whole: how late returns turn out is learned across regions. An update watches anew the regions and
    years that rest on what changed, and takes over the others (`watch_carry`). Without the pack of cut-offs, or as
    known before it was published, nothing is watched, and the tables are empty.
    """
    with run.step("watch"):
        packs = packs_of(run)
        there = any(p.id == PACK and p.instrument.issued <= run.known_day for p in packs.packs)
        found = _found(run, packs, methods) if there else {}
        for contract in TABLES:
            rows = found.get(contract.name, [contract.arrow_schema.empty_table()])
            run.publish(contract, pa.concat_tables(rows), whole=True)


def _found(run: RunContext, packs: PackSet, methods: Sequence[Method]) -> dict[str, list[pa.Table]]:
    known = names(run)
    years = range(first_year(run), run.as_of.year + 1)
    asked = questions(packs, known.regions, methods, years, as_of=run.as_of, known=run.known_day)
    asked = [q for q in asked if q.method_id != "reported"]
    by, regions = sorted({q.method_id for q in asked}), {q.subject_id for q in asked}
    of, revised = figures(run), revisions(run)
    held, drift = estimating(of), drifting(of)
    same = shared(run, by, revised)
    changed = find_gaps(run, by, same=same.methods)
    stand_in(run, known, changed, held)
    first = first_years(run, regions, same, changed)
    carried = Carried(run, first, regions)
    asked = [q for q in asked if q.year >= first.get(q.subject_id, q.year + 1)]
    # the same months a year ago, and what the years before missed by
    facts = facts_of(run, by, {r: y - drift.years - 2 for r, y in first.items()}, revised, held.common)
    months = [r for q in asked for r in month_rows(facts, q)]
    grader = Grader(packs, run.known_day, lambda t, v, rows: _decide(run, t, v, rows))
    grader.grade(months)
    months += grader.control(months)
    count_red(months, carried.red())
    ahead = [r for q in asked for r in year_rows(facts, q, drift)]
    links = list(_links(facts, asked, months))
    rows = [*months, *_not_told(run, months, carried)]
    for r in rows:
        r.pop("asks", None)
        r.pop("from", None)
    made = {
        WATCH_MONTHS: rows, WATCH_YEARS: ahead, WATCH_MEASURES: measures(run, packs, months, known), WATCH_LINKS: links
    }  # fmt: skip
    found = {c.name: [c.from_rows(mine), carried.rows(c)] for c, mine in made.items()}
    return found | {WATCH_ESTIMATES.name: [WATCH_ESTIMATES.checked(estimates_table(run))]}


def facts_of(
    run: RunContext, methods: Sequence[str], first: Mapping[str, int], revised: Revisions, common: float
) -> Facts:  # fmt: skip
    """What questions are answered from, of each region from a year on. common: what late returns share of an error."""
    months, of = sums(run, methods, first), figures(run)
    return Facts(
        Sums(months, late_of(run, months), revised, common), growth(run), since_base(run),
        assessed_shares(run, methods), max((m for rows in months.values() for m in rows), default=0),
        float(of(ESTIMATE, "level")),
        of(ESTIMATE, "most"), deducted_shares(run, methods), float(of(ESTIMATE, "growth_step")),
    )  # fmt: skip


def _decide(run: RunContext, table: CheckedTable, values: Any, rows: pa.Table) -> list[Row]:
    """The pack's table for the rows: the statement is kept by what it says, so that an update need not make it anew."""
    run.executor.bind("watch_asked", rows)
    name = f"watch_{table.id.replace('-', '_')}_{digest(repr(table.rows), repr(sorted(values.items())))}"
    graded = run.keep(name, lambda: asked_of(table, values))
    answers: list[Row] = run.executor.run(f"SELECT * FROM {graded.get_name()}").to_pylist()
    return answers


def _links(facts: Facts, asked: Sequence[Question], months: Sequence[Row]) -> Iterator[Row]:
    """From each row to this month's sum and that of a year ago, growth, target, cut-off and the month before."""
    by_figure = {(q.watched.what, q.watched.test, q.subject_id, q.year, q.method_id): q for q in asked}
    there = {r["watch_key"] for r in months}
    for r in months:
        ends = [("watch", key, "made of") for key in r.get("from", ())]
        q = by_figure.get((r["what"], r["test"], r["subject_id"], r["period_start"].year, r["method_id"]))
        if q is not None:
            ends += _ends(facts, q, r, there)
        if r.get("cutoff"):
            ends.append(("rule", r["cutoff"].rpartition(":")[0], "graded by"))
        for kind, key, role in ends:
            yield {
                "watch_key": r["watch_key"], "subject_id": r["subject_id"], "to_kind": kind, "to_key": key, "role": role
            }  # fmt: skip


def _ends(facts: Facts, q: Question, r: Row, there: set[str]) -> Iterator[tuple[str, str, str]]:
    w, start = q.watched, r["period_start"]
    month = start.year * 12 + start.month - 1
    for m, role in ((month, "this month"), *(((month - 12, "same month of the year before"),) if w.growth else ())):
        if m in facts.sums.months.get((w.sum, q.method_id, q.subject_id), {}):
            kind, key = sum_node(w.sum, q.subject_id, period_at(m, "month").key, q.method_id)
            yield kind, key, role
    found = facts.growth.get((w.growth, q.subject_id), {}).get(month)
    if found is not None:
        yield "indicator", found.key, "growth"
    if q.pack_key is not None:
        yield "target", f"{q.pack_key}#{q.slug}", "asks"
    before = period_at(month - (3 if w.quarterly else 1), "month")
    earlier = watch_key(w.what, w.test, q.subject_id, before.key, q.method_id)
    if before.start.year == q.year and earlier in there:
        yield "watch", earlier, "year to date before"


def sum_node(name: str, subject: str, period: str, method: str) -> tuple[str, str]:
    """The kind and key of what holds a month's sum: an indicator value, or for industry a total of the books."""
    if name.endswith("_industry"):
        return "total", f"{name}|*|subtree|{subject}|{period}|{method}"
    return "indicator", f"{name}_total|{subject}|{period}||{method}"


#: What a grade published of a period would need here to be computed.
_NEEDS = {
    "energy_intensity": "monthly energy of above-scale industry of this year and the year before, and its real growth"
    " 本年与上年同期规模以上工业能耗、增加值增速",
    "energy_total": "monthly energy and the year's total 分月能源消费量与年度总量目标",
    "energy_control": "monthly energy, growth and targets 分月能源消费量、增速与目标",
    "coal_total": "monthly coal and the year's total 分月煤炭消费量与年度总量目标",
}


def _not_told(run: RunContext, months: Sequence[Row], carried: Carried) -> Iterator[Row]:
    """Where an office published a grade of a period of which nothing can be computed here: insufficient, and why."""
    grades = published(run)
    there = {(r["subject_id"], r["what"], r["period_key"]) for r in months}
    there |= carried.months_of(sorted({g["subject_id"] for g in grades}))
    units = {(w.what, w.test): ("tCO2" if w.carbon else "tce", w.unit) for w in WATCHED}
    for g in grades:
        what, test = GRADED[g["indicator_id"]]
        if (g["subject_id"], what, g["period_key"]) in there:
            continue
        amount_unit, unit = units.get((what, test), ("tce", "grade"))
        period = {n: g[n] for n in ("period_key", "period_kind", "period_start", "period_end")}
        yield {
            "watch_key": watch_key(what, test, g["subject_id"], g["period_key"], "reported"), "method_id": "reported",
            "subject_id": g["subject_id"], "what": what, "test": test, **period, "unit": unit,
            "state": "insufficient", "needs": _NEEDS[what], "coverage": Decimal(0), "amount_unit": amount_unit,
            "confidence": "confirmed",
        }  # fmt: skip
