"""What the accounting step takes from the registry and the packs, bound as tables of the run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

import pyarrow as pa

from shuangkong.accounting.changes import INCREMENT
from shuangkong.accounting.metered import meters_of_run
from shuangkong.accounting.metered_months import due_rows
from shuangkong.accounting.methods import Method
from shuangkong.accounting.register import INDICATORS
from shuangkong.accounting.updating import of_updated, plan
from shuangkong.engine.api import PERIOD_COLUMNS, NotLocal, RunContext, TableContract, number, reading, text
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.findings import least_sure
from shuangkong.kernel.labels import Label
from shuangkong.kernel.numbers import quantise
from shuangkong.kernel.periods import Period, PeriodKind
from shuangkong.metering.api import Meters
from shuangkong.policy.api import Dated, PackSet, Target, schedule
from shuangkong.registry.api import (
    PROJECT_FACTS,
    REPORTING_PLAN,
    SUBJECT_CLOSURE,
    SUBJECTS,
    industry,
    industry_path,
    project_facts,
    region_paths,
    snapshot,
)

if TYPE_CHECKING:
    import ibis.expr.types as ir

#: 工业 in GB/T 4754: mining, manufacturing, and supply of electricity, heat, gas and water.
INDUSTRY_SECTIONS = ("B", "C", "D")
NATION = "000000"
#: Targets whose base year a deduction reaches back to.
ENERGY_TARGETS = ("energy_per_gdp", "energy_total", "energy_total_assessed", "energy_total_increment")

AREAS = TableContract(
    "areas",
    Label("系数适用地", "place for factors"),
    (
        text("subject_id", "主体", "subject"),
        text("area", "地区", "area", nullable=True),
        text("sector", "部门", "sector", nullable=True),
    ),
    key=("subject_id",),
)
EXPECTED = TableContract(
    "expected_returns",
    Label("应报期", "returns that are due"),
    (
        text("method_id", "核算方法", "method"),
        text("measure", "量", "measure"),
        text("unit", "单位", "unit"),
        text("subject_id", "主体", "subject"),
        *PERIOD_COLUMNS,
    ),
    key=("method_id", "measure", "unit", "subject_id", "period_key"),
)
APPLIES = TableContract(
    "deduction_rules",
    Label("扣减规则", "deduction rules"),
    (
        text("step", "步骤", "step"),
        text("side", "考核方面", "side"),
        text("year", "年", "year"),
        number("applies", "integer", "是否扣减", "applies", "1"),
        text("parameter", "依据参数", "parameter"),
        text("confidence", "可信度", "confidence"),
    ),
    key=("step", "side", "year"),
    subject=None,
)
CAPS = TableContract(
    "certificate_caps",
    Label("绿证扣减上限", "caps on certificates"),
    (
        text("method_id", "核算方法", "method"),
        text("subject_id", "主体", "subject"),
        text("period_key", "期间", "period"),
        number("cap", "amount", "上限", "cap", "tce", nullable=True, doc="null: what it is made of is not known"),
    ),
    key=("method_id", "subject_id", "period_key"),
)
BASES = TableContract(
    "bases",
    Label("基期", "base years that targets name"),
    (
        text("indicator_id", "指标", "indicator"),
        number("base_year", "integer", "基年", "base year", "1"),
        number("last_year", "integer", "末年", "last year", "1"),
        text("kind", "类别", "kind"),
    ),
    key=("indicator_id", "base_year", "kind"),
    subject=None,
)
INPUTS = TableContract(
    "indicator_inputs",
    Label("指标构成", "inputs of indicators"),
    (text("indicator_id", "指标", "indicator"), text("measure", "量", "measure"), text("words", "作用", "role")),
    key=("indicator_id", "measure"),
    subject=None,
)


@dataclass(frozen=True)
class Registered:
    """Tables of the registry as known at the run's instant, and the region codes above each area."""

    subjects: ir.Table
    closure: ir.Table
    areas: ir.Table
    meters: Meters
    paths: dict[str, tuple[str, ...]]


def packs_of(run: RunContext) -> PackSet:
    """The run's packs as the policy slice knows them."""
    return cast("PackSet", run.packs)


def bind(run: RunContext, methods: Sequence[Method]) -> Registered:
    """Bind subjects, closure, areas and the facts of projects; an update those of the subjects that it computes.

    Beside them `every_subject` and the whole closure: sums of regions are made of what lies in them.
    """
    with reading(run.workspace.engine) as db:
        known = snapshot(db, run.scope, run.known, day=run.as_of)
        paths = region_paths(db, run.scope, run.known, run.as_of)
        projects = project_facts(db, run.scope, run.known, run.as_of)
    tables = {n: known[n] for n in ("subjects", "subject_closure", "reporting_plan")}
    meters = meters_of_run(run)
    plan(run, {**tables, PROJECT_FACTS.name: projects}, paths, methods, meters)
    run.bind(PROJECT_FACTS, of_updated(run, projects))
    subjects = of_updated(run, known["subjects"])
    run.bind(REPORTING_PLAN, of_updated(run, known["reporting_plan"]))
    everybody = known["subjects"].select(["subject_id", "kind", "level", "code", "industry_code"])
    run.executor.bind("every_subject", everybody)
    rows = subjects.select(
        ["subject_id", "kind", "code", "region_code", "industry_code", "industry_edition"]
    ).to_pylist()
    areas = [{"subject_id": r["subject_id"], "area": r["region_code"], "sector": _sector(r)} for r in rows]
    return Registered(
        run.bind(SUBJECTS, subjects),
        run.bind(SUBJECT_CLOSURE, known["subject_closure"]),
        run.bind(AREAS, AREAS.from_rows(cast("list[dict[str, object]]", areas))),
        meters,
        paths,
    )


def _sector(row: dict[str, Any]) -> str | None:
    if row["kind"] != "unit" or not row["industry_code"]:
        return None
    try:
        path = industry_path(industry(row["industry_code"], row["industry_edition"]))
    except UserError:
        return None
    return "industry" if path[0] in INDUSTRY_SECTIONS else None


def inputs_table() -> pa.Table:
    """Which measures each indicator is made of."""
    rows = [
        {"indicator_id": str(i.id), "measure": measure, "words": words}
        for i in INDICATORS.values()
        for measure, words in i.inputs
    ]
    return INPUTS.from_rows(cast("list[dict[str, object]]", rows))


def bind_expected(run: RunContext, methods: Sequence[Method], meters: Meters) -> ir.Table:
    """One row for each return that was due by the run's day, for every measure that it feeds; and for each month of a
    pollutant whose mass is registered to be measured.
    """
    plan = run.executor.run(
        "SELECT p.*, coalesce(sector, '') AS sector FROM reporting_plan p LEFT JOIN areas USING (subject_id)"
    )
    bases = _price_bases(run)
    made: dict[str, list[str]] = {}
    for r in run.executor.run("SELECT DISTINCT subject_id, unit FROM book_entries WHERE book = 'output'").to_pylist():
        made.setdefault(r["subject_id"], []).append(r["unit"])
    rows: dict[tuple[str, ...], dict[str, object]] = {}
    for p in plan.to_pylist():
        feeds = list(_measures(p["book"], p["sector"], methods, bases, made.get(p["subject_id"], ())))
        for period in due_periods(p["period_kind"], p["valid_from"], min(p["valid_to"], run.as_of + timedelta(days=1))):
            for method_id, measure, unit in feeds:
                rows[method_id, measure, unit, p["subject_id"], period.key] = {
                    "method_id": method_id, "measure": measure, "unit": unit, "subject_id": p["subject_id"],
                    "period_key": period.key, "period_kind": period.kind.value, "period_start": period.start,
                    "period_end": period.end,
                }  # fmt: skip
    subjects = None if run.update is None else run.update.subjects
    for row in due_rows(run, packs_of(run), meters, subjects):
        rows["", str(row["measure"]), str(row["unit"]), str(row["subject_id"]), str(row["period_key"])] = row
    return run.bind(EXPECTED, EXPECTED.from_rows(list(rows.values())))


def _price_bases(run: RunContext) -> list[str]:
    """The constant prices that anybody's entries are in: a return of value is due in each of them."""
    found = "SELECT DISTINCT price_base AS x FROM {} WHERE starts_with(price_base, 'constant:')"
    here = sorted(r["x"] for r in run.executor.run(found.format(_standing_entries(run))).to_pylist())
    run.executor.bind("price_bases", pa.table({"x": pa.array(here, pa.string())}))
    run.retain("price_bases", by_subject=False)
    if run.update is not None:
        then = sorted(r["x"] for r in run.executor.run(f"SELECT x FROM {run.before('price_bases')}").to_pylist())
        if then != here:
            raise NotLocal("another base year of constant prices occurs than in the earlier run")
    return here


def _standing_entries(run: RunContext) -> str:
    """The entries of all subjects that no later one puts right."""
    if run.update is None:
        return "book_entries"
    gone = "SELECT corrects FROM book_entries__all WHERE corrects IS NOT NULL"
    return f"(SELECT * FROM book_entries__all WHERE price_base IS NOT NULL AND entry_id NOT IN ({gone}))"


def due_periods(kind: str, start: date, end: date) -> Iterator[Period]:
    """The whole months or years inside `[start, end)`."""
    if kind == PeriodKind.YEAR:
        years = range(start.year, end.year + 1)
        yield from (p for p in map(Period.year, years) if start <= p.start and p.end <= end)
        return
    p = Period.month(start.year, start.month)
    while p.end <= end:
        if p.start >= start:
            yield p
        p = Period.month(p.end.year, p.end.month)


def _measures(
    book: str, sector: str, methods: Sequence[Method], bases: Sequence[str], made: Sequence[str]
) -> Iterator[tuple[str, str, str]]:
    """(method, measure, unit) that a return of a book feeds.

    `bases` are the price bases in use; `made` the units in which the subject ever handed in output: one that
    never did has no unit to expect, and its ratios have no denominator anyhow.
    """
    if book == "energy":
        for m in methods:
            of = ("", "_industry") if sector else ("",)
            yield from ((m.id, f"energy{part}", "tce") for part in of)
            if m.guide or m.grid:
                yield from ((m.id, f"co2{part}", "tCO2") for part in of)
    elif book == "value":
        for base in bases:
            yield base, "gdp", "CNY"
            yield base, "industry_value_added", "CNY"
    elif book == "output":
        for unit in made:
            yield "", "output", unit


def targets_of(packs: PackSet, known: date | None = None) -> Iterator[Target]:
    """Every target of every pack, overlays applied; with `known` only what was published by then."""
    for pack in packs.packs:
        if known is None or pack.instrument.source.known <= known:
            yield from (t for t in pack.targets if known is None or t.source.known <= known)


def bind_bases(run: RunContext) -> ir.Table:
    """The base years that targets count from, by level indicator."""
    found: dict[tuple[str, int, str], int] = {}
    for t in targets_of(packs_of(run)):
        if t.base_year is None:
            continue
        last = t.target_year or run.as_of.year
        if t.comparator in ("decrease_by", "increase_by"):
            key = (t.indicator, t.base_year, "level")
        elif t.indicator.endswith(INCREMENT):
            key = (t.indicator.removesuffix(INCREMENT), t.base_year, "increment")
        else:
            continue
        found[key] = max(last, found.get(key, 0))
    rows: list[dict[str, object]] = [
        {"indicator_id": i, "base_year": b, "kind": k, "last_year": last} for (i, b, k), last in sorted(found.items())
    ]
    return run.bind(BASES, BASES.from_rows(rows))


def bind_deductions(run: RunContext, steps: Sequence[str]) -> tuple[ir.Table, ir.Table]:
    """Which steps apply in which year, and the most that certificates may take away."""
    packs = packs_of(run)
    years = sorted(
        r["y"] for r in run.executor.run("SELECT DISTINCT year(period_start) AS y FROM totals").to_pylist()
    )  # fmt: skip
    rows = [row for step in steps for side in ("total", "intensity") for row in _rules(packs, run, step, side, years)]
    applies = run.bind(APPLIES, APPLIES.from_rows(rows))
    caps: dict[tuple[object, ...], dict[str, object]] = {}
    for row in _caps(run):
        key = (row["method_id"], row["subject_id"], row["period_key"])
        # where several targets bind a region, the smallest cap holds; one that is not known might be it
        if key not in caps or _smaller(row["cap"], caps[key]["cap"]):
            caps[key] = row
    return applies, run.bind(CAPS, CAPS.from_rows(list(caps.values())))


def _rules(packs: PackSet, run: RunContext, step: str, side: str, years: Sequence[int]) -> Iterator[dict[str, object]]:
    if "deduction.applies" not in packs.parameter_ids():
        return
    known = run.known_day
    rows = [r for r in packs.parameters("deduction.applies").rows(known) if r.key == (step, side)]
    backwards = _also_in_base_year(packs, known, step)
    base_years = _base_years_under(packs, rows) if backwards else set()
    for year in years:
        # a rule that also holds for the base year holds there as it does in the first year it is in force
        hit = [r for r in rows if r.covers(date(year, 12, 31))] or (rows[:1] if year in base_years else [])
        if hit and hit[-1].value is not None:
            r = hit[-1]
            yield {
                "step": step, "side": side, "year": str(year), "applies": int(r.value or 0),
                "parameter": f"{packs.pack_of('deduction.applies', r).key}#deduction.applies[{step},{side}]",
                "confidence": least_sure(r.confidence, packs.pack_of("deduction.applies", r).instrument.confidence),
            }  # fmt: skip


def _base_years_under(packs: PackSet, rows: Sequence[Dated]) -> set[int]:
    """Base years before a rule of plans that run on into its force: 2020 for a rule of 2021, not 2015 or 2018."""
    start = min((r.start.year for r in rows), default=0)
    plans = [(t.base_year, t.target_year) for t in targets_of(packs) if t.indicator in ENERGY_TARGETS]
    return {b for b, last in plans if b is not None and last is not None and b < start <= last}


def _also_in_base_year(packs: PackSet, known: date, step: str) -> bool:
    name = f"deduction.{step}_base_year"
    if name not in packs.parameter_ids():
        return False
    return any(r.value == 1 for r in packs.parameters(name).rows(known))


def _smaller(cap: object, than: object) -> bool:
    return than is not None and (cap is None or cast("Decimal", cap) < cast("Decimal", than))


def _caps(run: RunContext) -> Iterator[dict[str, object]]:
    """cap = share × required saving; required = E_base × G_t ÷ G_base × the reduction due in year t.

    E_base is without feedstock where that is taken out of the base year too. Null where energy, feedstock or GDP of
    either year is not known (`_region_years`): half of a GDP of the base year would allow twice the certificates.
    """
    packs, known = packs_of(run), run.known_day
    if "deduction.certificate_cap" not in packs.parameter_ids():
        return
    shares = [r for r in packs.parameters("deduction.certificate_cap").rows(known) if r.value is not None]
    held = _region_years(run)
    net = _also_in_base_year(packs, known, "feedstock")
    places = run.executor.run("SELECT code, subject_id FROM subjects WHERE kind = 'region'").to_pylist()
    codes = {r["code"]: r["subject_id"] for r in places}
    for t in targets_of(packs, known):
        asks = (t.indicator, t.comparator, t.unit, t.level) == ("energy_per_gdp", "decrease_by", "%", "base")
        if not asks or t.base_year is None:
            continue
        for code in t.subject.regions:
            subject, last = codes.get(code), t.target_year or 0
            for (method_id, s, year), energy in held["energy"].items():
                base = held["energy"].get((method_id, s, t.base_year))
                # a region without a row of feedstock claims none; one with a row of unknown amount is not known
                feedstock = held["energy_feedstock"].get((method_id, s, t.base_year), Decimal(0)) if net else Decimal(0)
                gdp = [held["gdp"].get((f"constant:{t.base_year}", s, y)) for y in (year, t.base_year)]
                share = next((r.value for r in shares if r.covers(date(year, 12, 31))), None)
                if s != subject or not t.base_year < year <= last or share is None or energy is None:
                    continue
                due = schedule(t.value / 100, year - t.base_year, last - t.base_year, t.method or "linear")
                cap = None
                if base is not None and feedstock is not None and gdp[0] is not None and gdp[1]:
                    cap = quantise(share * due * (base - feedstock) * gdp[0] / gdp[1])
                yield {"method_id": method_id, "subject_id": s, "period_key": str(year), "cap": cap}


def _region_years(run: RunContext) -> dict[str, dict[tuple[str, str, int], Decimal | None]]:
    """Energy, feedstock and GDP of regions by method and year. None: a part of it is not known, of feedstock a return,
    of GDP a return that is there or due. Energy whose returns are missing is as its total is, which tells its coverage.
    """
    held: dict[str, dict[tuple[str, str, int], Decimal | None]] = {"energy": {}, "energy_feedstock": {}, "gdp": {}}
    table = run.executor.run(
        "SELECT t.measure, t.method_id, t.subject_id, year(t.period_start) AS y, CASE WHEN count(*) = count(t.amount)"
        " AND bool_and(t.measure <> 'gdp' OR t.known = t.expected)"
        " AND bool_and(t.measure <> 'energy_feedstock' OR u.measure IS NULL) THEN sum(t.amount) END AS a"
        " FROM totals t JOIN subjects s USING (subject_id) LEFT JOIN unknown_sums u ON u.measure = t.measure"
        " AND u.method_id = t.method_id AND u.subject_id = t.subject_id AND u.period_key = t.period_key"
        " AND u.level = t.level AND u.unit = t.unit"
        " WHERE s.kind = 'region' AND t.level = 'subtree' AND t.period_kind = 'year'"
        " AND t.measure IN ('energy', 'energy_feedstock', 'gdp') GROUP BY 1, 2, 3, 4"
    )
    for r in table.to_pylist():
        held[r["measure"]][r["method_id"], r["subject_id"], r["y"]] = r["a"]
    return held
