"""What clauses ask of whom and when, and how answers become findings; small tables, nothing mocked."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from shuangkong.accounting.api import INDICATOR_VALUES, Method
from shuangkong.engine.api import DuckDB, compile_sql
from shuangkong.judgement.bindings import Binding, Subjects, UnitFacts, bindings
from shuangkong.judgement.step import BINDINGS, _row, finding_changes, findings, shape_of
from shuangkong.judgement.tables import FINDINGS
from shuangkong.policy.api import PackSet, load_files

AS_OF = date(2026, 11, 20)
HERE = Subjects({"130000": "s_hebei"}, (), frozenset())
INSTRUMENT = """id: {id}
edition: "{edition}"
title: {{zh: 试验文件}}
issuer: 试验
level: province
region: "130000"
issued: 2016-01-01
in_force_from: {start}
{more}source: {{doc: 试验, place: 全文, known: {known}}}
confidence: confirmed
"""
CLAUSES = "- {id: 一, title: {zh: 目标}, kind: target}\n"
PLAN = """- slug: intensity
  clause: 一
  indicator: energy_per_gdp
  subject: {{region: "130000"}}
  comparator: decrease_by
  value: 17
  unit: "%"
  base_year: {base}
  period: P{first}-{last}
  horizon: plan
  method: compound
  {accounting}
"""


def pack(
    targets: str,
    *,
    id_: str = "test",
    edition: str = "1",
    start: str = "2016-01-01",
    known: str = "2016-01-01",
    more: str = "",
) -> Any:
    """A pack of one clause with the given targets."""
    instrument = INSTRUMENT.format(id=id_, edition=edition, start=start, known=known, more=more)
    files = {"instrument.yaml": instrument, "clauses.yaml": CLAUSES, "targets.yaml": targets}
    return load_files({name: text.encode() for name, text in files.items()}, origin=id_)


def asked(
    *packs: Any, methods: tuple[Method, ...] = (), subjects: Subjects = HERE, as_of: date = AS_OF
) -> list[Binding]:
    """The questions that packs put."""
    return list(bindings(PackSet(packs), subjects, methods, as_of=as_of, known=date(2026, 11, 20)))


def plan(base: int = 2015, accounting: str = "level: base") -> str:
    """Seventeen per cent over five years."""
    return PLAN.format(base=base, first=base + 1, last=base + 5, accounting=accounting)


def test_a_plan_asks_for_its_whole_each_year_and_the_way_there() -> None:
    """17 % over 2016-2020: the whole, five yearly shares of 3.658009 %, and what is due by 2017, 2018 and 2019."""
    found = {(b.variant, b.period.key): b.threshold for b in asked(pack(plan()))}
    assert found == {
        ("plan", "P2016-2020"): Decimal(17),
        **{("pace", str(y)): Decimal("3.658009") for y in range(2016, 2021)},
        ("to_date", "2017"): Decimal("7.182207"),
        ("to_date", "2018"): Decimal("10.577490"),
        ("to_date", "2019"): Decimal("13.848573"),
    }


def test_thresholds_are_the_powers_of_what_is_left() -> None:
    """1 − 0.83^(t/5), computed a second way: five yearly shares leave 0.83."""
    pace = next(b.threshold for b in asked(pack(plan())) if b.variant == "pace")
    assert pace is not None
    assert abs((1 - pace / 100) ** 5 - Decimal("0.83")) < Decimal("0.00001")


def test_a_plan_under_way_is_asked_for_what_is_due_by_the_last_full_year() -> None:
    """In November 2026 the plan 2024-2028 is asked for two of its five years, and is not closed."""
    whole = next(b for b in asked(pack(plan(2023))) if b.variant == "plan")
    assert (whole.value_period, whole.closed, whole.threshold) == ("2025", False, Decimal("7.182207"))


def test_a_plan_that_has_no_full_year_yet_says_so() -> None:
    """A plan from 2026 on cannot be answered in 2026."""
    found = asked(pack(plan(2025)))
    assert [(b.variant, b.reason, b.needs) for b in found] == [("plan", "no_full_year_yet", "2026")]


def test_without_named_accounting_only_published_values_answer() -> None:
    """A target that names no edition and basis is never answered by a figure computed under some method."""
    some = Method("gbt2589-2020", "primary", "g", "2023")
    found = {(b.variant, b.method_id) for b in asked(pack(plan()), methods=(some,))}
    assert found == {("plan", "chained"), ("to_date", "chained"), ("pace", "reported")}


def test_a_named_method_is_served_by_one_that_differs_in_the_guide_alone() -> None:
    """Energy per GDP by primary value is the same under any carbon guide; CO2 is not."""
    some = Method("gbt2589-2020", "primary", "g", "2023")
    text = plan(accounting="accounting: {edition: gbt2589-2020, basis: primary, price_base: 2015}")
    assert {b.method_id for b in asked(pack(text), methods=(some,))} == {"gbt2589-2020/primary/g/2023/constant:2015"}
    carbon = text.replace("energy_per_gdp", "co2_per_gdp")
    assert {b.reason for b in asked(pack(carbon), methods=(some,)) if b.variant == "plan"} == {"no_guide"}


def test_a_superseded_edition_is_not_asked_again() -> None:
    """Two editions of one document put each question once, the newer one's."""
    old = pack(plan())
    new = pack(plan().replace("17", "18"), edition="2", start="2018-01-01", more="supersedes: [test@1]\n")
    values = {b.target_value for b in asked(old, new)}
    assert values == {Decimal(18)}


def test_what_was_not_published_yet_is_not_asked() -> None:
    """A document known from 2027 on asks nothing in 2026."""
    assert asked(pack(plan(), known="2027-01-01")) == []


def test_a_standing_limit_binds_the_units_it_names_for_each_full_year() -> None:
    """A limit on a product binds the key units that make it, in the years on whose last day it was in force."""
    text = """- slug: limit
  clause: 一
  indicator: product_energy_intensity
  subject: {units: {industry: ["30"], class: key_unit, product: clinker}}
  comparator: at_most
  value: 107
  unit: kgce/t
  horizon: standing
  accounting: {edition: gbt2589-2020, basis: calorific}
"""
    units = (
        UnitFacts("s_in", ("000000", "130000"), "3011", "key_unit", frozenset({"clinker"})),
        UnitFacts("s_other_product", ("000000", "130000"), "3011", "key_unit", frozenset({"glass"})),
        UnitFacts("s_elsewhere", ("000000", "140000"), "3011", "key_unit", frozenset({"clinker"})),
        UnitFacts("s_small", ("000000", "130000"), "3011", "other", frozenset({"clinker"})),
        UnitFacts("s_other_industry", ("000000", "130000"), "3120", "key_unit", frozenset({"clinker"})),
    )
    subjects = Subjects({}, units, frozenset())
    one = pack(text, start="2023-03-01", more="in_force_to: 2025-06-01\n")
    assert [(b.subject_id, b.period.key) for b in asked(one, subjects=subjects)] == [("s_in", "2023"), ("s_in", "2024")]


def test_a_target_of_one_unit_asks_that_unit_alone() -> None:
    """The unit whose code it names is asked and no other; with no such unit registered nobody is."""
    code = "919900000000000018"
    text = f"""- slug: cap
  clause: 一
  indicator: energy_total
  subject: {{uscc: "{code}"}}
  comparator: at_most
  value: 12000
  unit: tce
  year: 2025
  horizon: year
  accounting: {{edition: gbt2589-2020, basis: calorific}}
"""
    units = tuple(
        UnitFacts(s, ("000000", "130000"), "3011", "key_unit", frozenset({"clinker"})) for s in ("s_one", "s_two")
    )
    one = pack(text)
    here = Subjects({"130000": "s_hebei"}, units, frozenset({"s_one"}), {code: "s_one"})
    (found,) = asked(one, subjects=here)
    assert (found.subject_id, found.indicator_id, found.threshold, found.synthetic) == (
        "s_one", "energy_total", Decimal(12000), True,
    )  # fmt: skip
    assert asked(one, subjects=replace(here, named={})) == []


def answered(binding: Binding, values: list[dict[str, object]]) -> dict[str, Any]:
    """The finding of one question, given indicator values."""
    with DuckDB(threads=1) as engine:
        engine.bind("bindings", BINDINGS.from_rows([_row(binding)]))
        engine.bind("indicator_values", INDICATOR_VALUES.from_rows(values))
        target = PackSet([pack(plan())]).target("test", "intensity")
        table = findings(BINDINGS.ibis(), INDICATOR_VALUES.ibis(), {binding.shape: shape_of(target)})
        rows: list[dict[str, Any]] = engine.run(compile_sql(table)).to_pylist()
    assert len(rows) == 1
    return rows[0]


def a_value(binding: Binding, value: str | None, *, coverage: str = "1", state: str = "ok") -> dict[str, object]:
    """An indicator value that answers the question."""
    year = int(binding.value_period)
    return {
        "value_key": "k", "indicator_id": binding.indicator_id, "subject_id": binding.subject_id,
        "period_key": binding.value_period, "period_kind": "year", "period_start": date(year, 1, 1),
        "period_end": date(year + 1, 1, 1), "method_id": binding.method_id, "base": binding.base,
        "value": Decimal(value) if value else None, "unit": "%", "state": state, "needs": None,
        "coverage": Decimal(coverage), "confidence": "recalled", "origin": "reported",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("variant", "value", "status", "margin"),
    [
        ("plan", "-17", "met", "0"),
        ("plan", "-16.999999", "missed", "-0.000001"),
        ("plan", "3", "missed", "-20"),
        ("pace", "-3.658009", "on_track", "0"),
        ("pace", "-3.658008", "behind", "-0.000001"),
    ],
)
def test_the_bound_itself_is_enough(variant: str, value: str, status: str, margin: str) -> None:
    """A fall by exactly what is asked is enough (以上 includes the number); a millionth less is not."""
    binding = next(b for b in asked(pack(plan())) if b.variant == variant)
    row = answered(binding, [a_value(binding, value)])
    assert (row["status"], row["margin"], row["confidence"]) == (status, Decimal(margin), "recalled")
    assert (row["row_hit"] is not None) == (status in ("met", "on_track"))


@pytest.mark.parametrize(
    ("value", "coverage", "state", "status", "marked"),
    [
        ("-20", "1", "ok", "met", "ok"),
        ("-20", "0.95", "partial", "met", "partial"),
        ("-10", "0.95", "ok", "missed", "partial"),
        ("-20", "1", "partial", "met", "partial"),
        (None, "1", "ok", "insufficient", None),
    ],
)
def test_a_status_that_rests_on_part_of_the_returns_is_marked(
    value: str | None, coverage: str, state: str, status: str, marked: str | None
) -> None:
    """Where the document is content with less than all returns, the finding says that its value is partial."""
    asks = next(b for b in asked(pack(plan())) if b.variant == "plan")
    binding = replace(asks, min_coverage=Decimal("0.9"))
    row = answered(binding, [a_value(binding, value, coverage=coverage, state=state)])
    assert (row["status"], row["value_state"]) == (status, marked)


@pytest.mark.parametrize(
    ("value", "coverage", "state", "reason"),
    [
        (None, "0", "missing_years", "missing_years"),
        ("-20", "0.999999", "partial", "coverage"),
    ],
)
def test_what_is_wanting_is_insufficient_and_never_a_number(
    value: str | None, coverage: str, state: str, reason: str
) -> None:
    """No value, or too little of it, decides nothing."""
    binding = next(b for b in asked(pack(plan())) if b.variant == "plan")
    row = answered(binding, [a_value(binding, value, coverage=coverage, state=state)])
    assert (row["status"], row["reason"], row["row_hit"]) == ("insufficient", reason, None)


def test_no_value_at_all_names_the_indicator_and_year() -> None:
    """Without any row the finding says which figure of which year would answer it."""
    binding = next(b for b in asked(pack(plan())) if b.variant == "plan")
    row = answered(binding, [])
    assert (row["status"], row["reason"], row["needs"]) == (
        "insufficient", "no_value", "energy_per_gdp_change 2020",
    )  # fmt: skip


def test_progress_follows_the_named_method() -> None:
    """A fall of 8.5 % of 17 % is ln 0.915 ÷ ln 0.83 of the way by the compound method: 0.476742."""
    binding = next(b for b in asked(pack(plan())) if b.variant == "plan")
    row = answered(binding, [a_value(binding, "-8.5")])
    assert (row["progress"], row["progress_method"]) == (Decimal("0.476742"), "compound")


def a_finding(key: str, status: str, value: str | None) -> dict[str, object]:
    """A finding with little more than its key and answer."""
    binding = next(b for b in asked(pack(plan())) if b.variant == "plan")
    row = answered(binding, [a_value(binding, "-17")])
    return {**row, "finding_key": key, "status": status, "value": Decimal(value) if value else None}


def test_changes_between_runs() -> None:
    """Opened, stayed, changed and closed, each told once; an unknown value that stays unknown stayed."""
    before = [a_finding("a", "met", "1"), a_finding("b", "missed", "1"), a_finding("c", "insufficient", None)]
    before.append(a_finding("gone", "met", "1"))
    now = [a_finding("a", "met", "1"), a_finding("b", "met", "2"), a_finding("c", "insufficient", None)]
    now.append(a_finding("new", "met", "1"))
    with DuckDB(threads=1) as engine:
        engine.bind("findings", FINDINGS.from_rows(now))
        engine.bind("earlier", FINDINGS.from_rows(before))
        rows = engine.run(compile_sql(finding_changes(FINDINGS.ibis(), _named("earlier")))).to_pylist()
    assert {r["finding_key"]: r["change"] for r in rows} == {
        "a": "stayed", "b": "changed", "c": "stayed", "new": "opened", "gone": "closed",
    }  # fmt: skip


def _named(name: str) -> Any:
    from shuangkong.engine.api import TableContract

    return TableContract(name, FINDINGS.label, FINDINGS.columns, FINDINGS.key).ibis()


def test_arrow_is_what_is_bound() -> None:
    """The bindings keep their contract: one row per key, nothing null that must be filled."""
    rows = [_row(b) for b in asked(pack(plan()))]
    assert isinstance(BINDINGS.from_rows(rows), pa.Table)
