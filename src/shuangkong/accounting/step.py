"""The accounting step of a run (核算): entries and published values in, totals and indicator values out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, cast

import pyarrow as pa

from shuangkong.accounting import (
    checks,
    indicators,  # noqa: F401  (importing it fills the register)
    metered,
    pollutants,  # noqa: F401  (likewise)
    snapshots,
)
from shuangkong.accounting.changes import CHANGE, INCREMENT, Rate, chained, increments, level_changes
from shuangkong.accounting.deducting import STEPS, deductions
from shuangkong.accounting.feeding import FACTORS, Case, factor_rows
from shuangkong.accounting.methods import Method, fewest
from shuangkong.accounting.register import INDICATORS, Books
from shuangkong.accounting.rollup import amounts, leaves, levels, return_levels, returns, totals, unknown
from shuangkong.accounting.sourcing import change_edges, streak_edges, total_edges, value_edges, value_key
from shuangkong.accounting.streaks import count_streaks, streak_rules
from shuangkong.accounting.tables import (
    AMOUNTS,
    BOOK_ENTRIES,
    DEDUCTIONS,
    EDGES,
    INDICATOR_VALUES,
    METER_LINKS,
    OUTLET_MONTHS,
    REPORTED_VALUES,
    TOTALS,
)
from shuangkong.accounting.updating import carried, spread_out
from shuangkong.accounting.uses import USE_LIMITS, use_limits
from shuangkong.accounting.withholding import withhold
from shuangkong.engine.api import UPDATED, RunContext, TableContract, amount, confidence_mark, confidence_rank
from shuangkong.kernel.periods import Period
from shuangkong.policy.api import PackSet

if TYPE_CHECKING:
    import ibis.expr.types as ir


def methods_of(packs: PackSet) -> tuple[Method, ...]:
    """The methods that targets name, each once, in order.

    One that names no guide is left out where another of its edition and basis gives the same energy.
    """
    named = set()
    for pack in packs.packs:
        for target in pack.targets:
            a = target.accounting
            if a and a.edition and a.basis:
                named.add(Method(a.edition, a.basis, a.guide or "", a.grid_factor or ""))
    return fewest(named)


def account(run: RunContext, methods: Sequence[Method], stated_only: Sequence[Method] = ()) -> None:
    """Compute amounts, totals, deductions, indicator values and their edges for one run.

    Every entry is accounted by every method; those in `stated_only` take in figures already in standard coal alone.
    """
    registered = snapshots.bind(run, (*methods, *stated_only))
    closure = registered.closure
    entries = run.table(BOOK_ENTRIES)
    reported = run.table(REPORTED_VALUES)
    with run.step("account: meters"):
        months = metered.take_in(run, snapshots.packs_of(run), registered.meters)
    with run.step("account: factors"):
        factors = _bind_factors(run, registered, methods, stated_only)
    with run.step("account: totals"):
        made = run.publish(AMOUNTS, lambda: amounts(entries, factors, registered.areas))
        leaf = _retained(run, "leaves", lambda: leaves(made))
        due = snapshots.bind_expected(run, methods, registered.meters)
        back = _retained(run, "returns", lambda: returns(leaf, due))
        spread_out(run)
        over = _like(closure, "closure_over")
        spread = run.keep("leaf_levels", lambda: levels(_like(leaf, "leaves_up"), over))
        lower = _like(back, "returns_up")
        covered = run.keep("return_levels", lambda: return_levels(lower, closure, over))
        summed = run.publish(TOTALS, lambda: totals(spread, covered), carry=_kept_years(run, TOTALS.name, TOTALS))
        gaps = run.keep(
            "unknown_sums", lambda: unknown(spread, lower, closure, over), carry=_kept_years(run, "unknown_sums")
        )
        run.retain("unknown_sums")
    with run.step("account: deductions"):
        applies, caps = snapshots.bind_deductions(run, [s for s, _ in STEPS])
        deducted = run.publish(DEDUCTIONS, lambda: deductions(summed, gaps, applies, caps))
    with run.step("account: indicators"):
        values = _values(run, Books(summed, deducted, registered.subjects), reported)
    with run.step("account: checks"):
        run.publish(checks.FLAWS, lambda: checks.published_differ(reported).union(
            checks.year_and_months_differ(leaf), checks.whole_and_parts(spread), checks.of_which_over(summed),
            checks.return_missing(due, leaf), checks.rhythms_mixed(made, entries),
            checks.whole_left_out(_like(leaf, "leaves_up"), spread, closure, over),
            metered.flaws(months, OUTLET_MONTHS.ibis()),
        ), carry=_flaws_of_kept_years(run))  # fmt: skip
        run.publish(USE_LIMITS, lambda: use_limits(entries, registered.subjects))
    with run.step("account: confidentiality"):
        withhold(run)
    with run.step("account: edges"):
        inputs = run.bind(snapshots.INPUTS, snapshots.inputs_table())
        below, yearly = _below(run, summed), _like(leaf, "leaves_yearly")
        sums = partial(total_edges, summed, leaf, made, closure, below=below, yearly=yearly, over=over)
        run.publish(EDGES, lambda: sums().union(
            value_edges(values, summed, inputs), change_edges(values), _chain_edges(run), streak_edges(),
            metered.edges(METER_LINKS.ibis(), months),
        ).distinct())  # fmt: skip


def _retained(run: RunContext, name: str, made: Callable[[], ir.Table]) -> ir.Table:
    """A table between the steps that later updates need of the subjects that they do not compute."""
    run.retain(name)
    return run.keep(name, made)


def _like(table: ir.Table, name: str) -> ir.Table:
    """A table of the same columns under another name."""
    import ibis

    return ibis.table(table.schema(), name=name)


def _kept_years(run: RunContext, name: str, contract: TableContract | None = None) -> str:
    if run.update is None:
        return ""
    return carried(run, run.before(name, contract), "CAST(year(period_start) AS VARCHAR)")


def _flaws_of_kept_years(run: RunContext) -> str:
    """Flaws of sums of regions, in years that are not summed anew."""
    if run.update is None:
        return ""
    kept = carried(run, run.before(checks.FLAWS.name, checks.FLAWS), "left(period_key, 4)")
    return f"{kept} AND code IN ('whole_and_parts', 'whole_left_out')"


def _below(run: RunContext, summed: ir.Table) -> ir.Table:
    """Sums of all that lies in the subjects that are computed, of months and such: what theirs lead to."""
    native = "SELECT * FROM {} WHERE level = 'subtree' AND period_kind <> 'year'"
    if run.update is None:
        run.alias("totals_below", native.format("totals"))
    else:
        children = (
            "subject_id IN (SELECT subject_id FROM closure_over WHERE depth = 1)"
            f" AND subject_id NOT IN (SELECT subject_id FROM {UPDATED})"
        )
        before = f"{native.format(run.before(TOTALS.name, TOTALS))} AND {children}"
        run.executor.keep("totals_below", f"{native.format('totals')} UNION ALL BY NAME {before}")
    return _like(summed, "totals_below")


def _bind_factors(
    run: RunContext, registered: snapshots.Registered, methods: Sequence[Method], stated_only: Sequence[Method]
) -> ir.Table:
    cases = run.executor.run(
        "SELECT DISTINCT book, item, role, unit, CAST(year(period_start) AS BIGINT) AS year, "
        " coalesce(area, '') AS area, coalesce(basis, price_base, '') AS basis"
        " FROM book_entries LEFT JOIN areas USING (subject_id)"
    )
    found = [Case(**r) for r in cases.to_pylist()]
    rows = factor_rows(snapshots.packs_of(run), methods, found, registered.paths, run.known_day, stated_only)
    return run.bind(FACTORS, FACTORS.from_rows(rows))


def _values(run: RunContext, books: Books, reported: ir.Table) -> ir.Table:
    import ibis

    parts = []
    for one in INDICATORS.values():
        rows = run.keep(f"indicator_{one.id}", partial(one.compute, books))
        run.sql[f"indicator_{one.id}"] = run.statements[f"indicator_{one.id}"][0]
        shaped = rows.mutate(indicator_id=ibis.literal(str(one.id)), base=ibis.literal(""))
        parts.append(shaped.select(*_SHAPE, "over", "under"))
    flat = run.keep("level_values", lambda: ibis.union(*parts))
    bases = snapshots.bind_bases(run)
    level_bases = bases.filter(bases.kind == "level").select("indicator_id", "base_year")
    rise_bases = bases.filter(bases.kind == "increment").select("indicator_id", "base_year")
    moved = level_changes(flat, level_bases).select(*_SHAPE).union(increments(flat, rise_bases).select(*_SHAPE))
    computed = flat.select(*_SHAPE).union(moved)
    computed = computed.mutate(
        value_key=value_key(computed), unit=_unit(computed), origin=ibis.literal("computed"),
        confidence=confidence_mark(computed["rank"]), needs=computed.needs.cast("string"),
    )  # fmt: skip
    columns = [c.name for c in INDICATOR_VALUES.columns]
    once = run.keep("published_values", lambda: _published(reported).select(*columns, "reported_id"))
    every = computed.select(columns).union(once.select(columns))
    chains = run.bind(CHAINS, _chains(run))
    countable = run.keep("countable", lambda: _countable(run, flat, once))
    counted = count_streaks(run, snapshots.packs_of(run), countable)
    return run.publish(INDICATOR_VALUES, lambda: every.union(chains.select(columns)).union(counted.select(columns)))


def _countable(run: RunContext, flat: ir.Table, once: ir.Table) -> ir.Table:
    """The levels, computed and published, whose periods in a row some pack counts."""
    import ibis

    asked = sorted({r.of for r in streak_rules(snapshots.packs_of(run)).values()}) or [""]
    made = flat.filter(flat.indicator_id.isin(asked))
    made = made.mutate(value_key=value_key(made), confidence=confidence_mark(made["rank"]))
    printed = once.filter(once.indicator_id.isin(asked), once.base == ibis.literal(""))
    columns = ("value_key", "indicator_id", "method_id", "subject_id", "period_key", "period_kind", "period_start",
               "value", "state", "coverage", "confidence")  # fmt: skip
    return made.select(*columns).union(printed.select(*columns))


_SHAPE = (
    "indicator_id", "base", "method_id", "subject_id", "period_key", "period_kind", "period_start", "period_end",
    "value", "state", "needs", "coverage", "rank",
)  # fmt: skip
CHAINS = type(INDICATOR_VALUES)(
    "chained_values", INDICATOR_VALUES.label, INDICATOR_VALUES.columns, INDICATOR_VALUES.key, doc="Chained rates."
)


def _unit(t: ir.Table) -> ir.StringValue:
    import ibis

    units = [(t.indicator_id == i.id, ibis.literal(i.unit)) for i in INDICATORS.values()]
    return ibis.cases(
        *units, (t.indicator_id.endswith(CHANGE), ibis.literal("%")),
        (t.indicator_id.endswith(INCREMENT), ibis.literal("10k_tce")), else_="",
    )  # fmt: skip


def _published(reported: ir.Table) -> ir.Table:
    """Published values as indicator values: a yearly change stands against the year before.

    Where several documents publish one figure, the surest stands, of equal ones the latest; the others stay among
    the published rows, and `disagreements` says where they differ.
    """
    import ibis

    blank = reported.value.isnull()
    order = [blank.cast("int64"), confidence_rank(reported.confidence), reported.known_on.desc(), reported.reported_id]
    place = ibis.row_number().over(ibis.window(group_by=["indicator_id", "subject_id", "period_key"], order_by=order))
    t = reported.mutate(place=place).filter(lambda x: x.place == 0)
    blank = t.value.isnull()
    yearly = t.indicator_id.endswith(CHANGE) | t.indicator_id.endswith(INCREMENT)
    before = (t.period_start.year() - 1).cast("string")
    t = t.mutate(
        base=ibis.ifelse(yearly & (t.period_kind == "year"), before, ""),
        method_id=ibis.literal("reported"),
        state=ibis.ifelse(blank, t.note.coalesce("not_published"), ibis.literal("ok")),
        needs=ibis.null("string"),
        coverage=ibis.ifelse(blank, amount(0), amount(1)),
        origin=ibis.literal("reported"),
        value=t.value.cast("decimal(38, 6)"),
    )
    return t.mutate(value_key=value_key(t))


def _chains(run: RunContext) -> pa.Table:
    rows = run.executor.run(
        "SELECT indicator_id, subject_id, year(period_start) AS year, value, confidence, value_key AS key"
        f" FROM published_values WHERE indicator_id LIKE '%{CHANGE}' AND period_kind = 'year'"
    ).to_pylist()
    wanted = run.executor.run("SELECT indicator_id, base_year, last_year FROM bases WHERE kind = 'level'").to_pylist()
    bases = [(w["indicator_id"] + CHANGE, w["base_year"], w["last_year"]) for w in wanted]
    result = []
    for c in chained([Rate(**r) for r in rows], bases):
        period = Period.year(c.year)
        missing = ", ".join(map(str, c.missing))
        key = "|".join((c.indicator_id, c.subject_id, period.key, str(c.base_year), "chained"))
        result.append(
            {
                "value_key": key, "indicator_id": c.indicator_id, "subject_id": c.subject_id, "period_key": period.key,
                "period_kind": "year", "period_start": period.start, "period_end": period.end, "method_id": "chained",
                "base": str(c.base_year), "value": c.value, "unit": "%",
                "state": "missing_years" if c.missing else "ok", "needs": missing or None,
                "coverage": Decimal(len(c.keys)) / (len(c.keys) + len(c.missing)), "confidence": c.confidence,
                "origin": "chained",
            }
        )  # fmt: skip
        result[-1]["coverage"] = cast("Decimal", result[-1]["coverage"]).quantize(Decimal("0.000001"))
    return INDICATOR_VALUES.from_rows(result)


def _chain_edges(run: RunContext) -> ir.Table:
    """From a chained change to the yearly values it multiplies, and from published values to their rows."""
    import ibis

    v = INDICATOR_VALUES.ibis()
    chain = v.filter(v.origin == "chained").mutate(first=v.base.cast("int64"), last=v.period_start.year())
    one = v.filter(v.origin == "reported", v.base != "").select(
        "indicator_id", "subject_id", to_key="value_key", year=v.period_start.year()
    )
    j = chain.inner_join(one, ["indicator_id", "subject_id"])
    j = j.filter(j.year > j.first, j.year <= j.last)
    # only the row that stands: where several documents print a figure, the others lead nowhere
    names = ("value_key", "reported_id", "subject_id")
    rows = ibis.table(dict.fromkeys(names, "string"), name="published_values")
    columns = ("from_kind", "from_key", "to_kind", "to_key", "role", "subject_id")
    links = j.select(
        "subject_id", from_kind=ibis.literal("indicator"), from_key=j.value_key, to_kind=ibis.literal("indicator"),
        to_key=j.to_key, role=ibis.literal("yearly rate"),
    )  # fmt: skip
    stands = rows.select(
        "subject_id", from_kind=ibis.literal("indicator"), from_key=rows.value_key, to_kind=ibis.literal("reported"),
        to_key=rows.reported_id, role=ibis.literal("published value"),
    )  # fmt: skip
    return links.select(*columns).union(stands.select(*columns))
