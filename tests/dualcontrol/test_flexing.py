"""Deductions and the flexed total: worked cases, the tables of the packs as a second opinion, what never changes."""

from __future__ import annotations

from datetime import date
from decimal import Decimal as D
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shuangkong.dualcontrol.flexing import (
    Asked,
    Deduction,
    Rule,
    Rules,
    Year,
    flex,
    grown,
    raised_with_growth,
    same_extent,
)
from shuangkong.dualcontrol.flexing_rules import rank, rules_of
from shuangkong.judgement.api import decided_rows
from shuangkong.policy.api import NATION, Overlay, PackSet, builtin_packs, load_overlay

KNOWN = date(2026, 11, 21)
NAMED = Rule("p@1#r", "四（一）")
ENERGY = Rules(2, follows_growth=NAMED, exempt_at_incentive=NAMED, base_too=frozenset({"feedstock"}),
               least_coverage=D("0.99"))  # fmt: skip
WHOLE = D(1)
_AMOUNTS = st.decimals("0", "100000000", places=6)
_RATES = st.decimals("-9", "15", places=3)


@pytest.fixture(scope="module")
def packs() -> PackSet:
    """The packs that ship."""
    return PackSet(builtin_packs())


def year(gross: str, *taken: tuple[str, str], coverage: D = WHOLE) -> Year:
    """A year with deductions that are taken."""
    return Year(D(gross), tuple(Deduction(s, D(a), D(a), rule=NAMED) for s, a in taken), coverage)


def test_a_worked_example() -> None:
    """1,000 a year before and 100 feedstock in both; growth 6 of 5 planned, fall 3: 900 × 1.06 × 0.97 = 925.38.

    This year 1,020 less 100 feedstock and 20 new renewable power is 900: within, with 25.38 to spare.
    """
    now = year("1020", ("new_renewable", "20"), ("feedstock", "100"))
    before = year("1000", ("feedstock", "100"))
    found = flex(now, before, ENERGY, Asked(D(5), D(6), D(3)))
    assert (found.assessed, found.base) == (D(900), D(900))
    assert (found.planned, found.allowed, found.raised) == (D("916.65"), D("925.38"), True)
    assert (found.standing, found.margin, found.missing) == ("within", D("25.38"), ())


def test_feedstock_is_taken_from_both_years() -> None:
    """Where the rule did not hold the year before, what was claimed then is taken from the base all the same."""
    before = Year(D(1000), (Deduction("feedstock", None, D(80), taken=False),), WHOLE)
    now = year("1000", ("feedstock", "100"))
    assert same_extent(before, now, ENERGY) == D(920)
    assert same_extent(before, year("1000"), ENERGY) == D(1000)
    assert same_extent(before, now, Rules(2)) == D(1000)


def test_growth_below_plan_lowers_nothing() -> None:
    """The total follows growth upwards alone: below plan it stays as it was planned."""
    before, now = year("1000"), year("1000")
    slow = flex(now, before, ENERGY, Asked(D(5), D(1), D(3)))
    assert (slow.planned, slow.allowed, slow.raised) == (D("1018.5"), D("1018.5"), False)


def test_a_stated_total_stands_before_one_that_is_worked_out() -> None:
    """A document that sets 1,050 for the year is flexed itself: × 106 ÷ 105."""
    found = flex(year("1055"), year("1000"), ENERGY, Asked(D(5), D(6), D(3), stated=D(1050)))
    assert (found.planned, found.allowed) == (D(1050), D(1060))
    assert found.standing == "within"


def test_what_is_missing_is_named_and_leaves_open_only_what_hangs_on_it() -> None:
    """Unknown growth can only raise the total: within stays within; above the planned total it is open."""
    before = year("1000")
    asked = Asked(D(5), None, D(3))
    assert flex(year("1018"), before, ENERGY, asked).standing == "within"
    over = flex(year("1019"), before, ENERGY, asked)
    assert (over.standing, over.allowed, over.missing) == ("undetermined", None, ("growth",))
    assert flex(year("1019"), None, ENERGY, asked).missing == ("base_total", "growth")
    assert flex(Year(None), before, ENERGY, asked).missing == ("gross", "growth")


def test_an_open_deduction_is_never_nought() -> None:
    """A claim whose amount is not known leaves the assessed total open, by the name of the step."""
    now = Year(D(1000), (Deduction("feedstock", None, rule=NAMED),), WHOLE)
    found = flex(now, year("1000"), ENERGY, Asked(D(5), D(6), D(3)))
    assert (found.assessed, found.standing) == (None, "undetermined")
    assert "open:feedstock" in found.missing


def test_a_step_that_is_not_taken_can_only_help() -> None:
    """Over by 50 with 100 of other non-fossil energy claimed: open; over by more than that: over."""
    other = Deduction("nonfossil", None, D(100), rule=NAMED, taken=False)
    asked = Asked(D(5), D(5), D(0))
    close = flex(Year(D(1100), (other,), WHOLE), year("1000"), ENERGY, asked)
    far = flex(Year(D("1150.000001"), (other,), WHOLE), year("1000"), ENERGY, asked)
    assert (close.standing, close.missing) == ("undetermined", ("not_taken:nonfossil",))
    assert far.standing == "over"


def test_a_step_that_may_help_and_is_not_known_makes_nobody_over() -> None:
    """Far over, with a return of other non-fossil energy whose amount is not known: open; with none due: over."""
    asked = Asked(D(5), D(5), D(0))
    unknown = Deduction("nonfossil", None, None, returns=0, due=1, rule=NAMED, taken=False)
    none_due = Deduction("nonfossil", None, None, rule=NAMED, taken=False)
    now = Year(D(9999), (unknown,), WHOLE)
    found = flex(now, year("1000"), ENERGY, asked)
    assert (now.may_fall, found.standing, found.missing) == (None, "undetermined", ("not_taken:nonfossil",))
    clear = Year(D(9999), (none_due,), WHOLE)
    assert (clear.may_fall, flex(clear, year("1000"), ENERGY, asked).standing) == (D(0), "over")
    # what is within stays within: what is not known can only help
    assert flex(Year(D(900), (unknown,), WHOLE), year("1000"), ENERGY, asked).standing == "within"


def test_the_incentive_target_lets_off() -> None:
    """Reached: let off, however large the total; not told: a total above is open; missed: it is over."""

    def standing(reached: bool | None) -> str:
        asked = Asked(D(5), D(5), D(3), has_incentive=True, incentive=reached)
        return flex(year("2000"), year("1000"), ENERGY, asked).standing

    assert [standing(r) for r in (True, None, False)] == ["exempt", "undetermined", "over"]


def test_too_little_coverage_concludes_nothing() -> None:
    """Below the least coverage, of the year or of the year before, the sums are shown and nothing is concluded."""
    thin = D("0.989999")
    asked = Asked(D(5), D(5), D(3))
    assert flex(year("900", coverage=thin), year("1000"), ENERGY, asked).missing == ("coverage",)
    found = flex(year("900"), year("1000", coverage=thin), ENERGY, asked)
    assert (found.standing, found.missing) == ("undetermined", ("base_coverage",))


def test_a_certificate_stops_at_its_cap() -> None:
    """What was claimed above the cap is told as capped."""
    assert Deduction("certificate", D(30), D(80), D(30)).state == "capped"
    assert Deduction("certificate", D(30), D(30), D(30)).state == "taken"
    assert Deduction("certificate", None, None, D(30)).state == "open"


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(_AMOUNTS, _RATES, _RATES, _RATES), min_size=1, max_size=20))
def test_the_table_of_the_document_says_the_same(packs: PackSet, rows: list[tuple[D, D, D, D]]) -> None:
    """The rule table annual-total of 国发〔2021〕33号, decided in SQL, gives the same total to the last digit."""
    asked = [
        {"last_total": str(t), "planned_growth": str(p), "growth": str(g), "base_fall": str(f)} for t, p, g, f in rows
    ]
    told = decided_rows(packs, "guofa-2021-33", "annual-total", asked, day=date(2022, 1, 1), known=KNOWN, where="test")
    for (total, planned, growth, fall), answer in zip(rows, told, strict=True):
        found = flex(year(str(total)), year(str(total)), ENERGY, Asked(planned, growth, fall))
        assert found.allowed == answer["total"]
        assert found.raised == answer["adjusted"]


@given(_AMOUNTS, _RATES, _RATES)
def test_a_stated_total_and_one_worked_out_flex_alike(base: D, planned: D, growth: D) -> None:
    """Flexing the planned total and working it out anew with the growth reached differ by rounding alone."""
    fall = D(3)
    from_plan = raised_with_growth(grown(base, planned, fall), planned, growth)
    anew = grown(base, max(planned, growth), fall)
    assert abs(from_plan - anew) <= D("0.000002")


@given(_AMOUNTS, _RATES, _RATES)
def test_growing_is_exact(base: D, growth: D, fall: D) -> None:
    """Rounded once, half away from zero: never further than half a millionth from the fraction."""
    exact = Fraction(base) * (100 + Fraction(growth)) * (100 - Fraction(fall)) / 10000
    assert abs(Fraction(grown(base, growth, fall)) - exact) * 2_000_000 <= 1


@given(_AMOUNTS, _AMOUNTS, _RATES, _RATES)
def test_more_growth_never_makes_over(total: D, base: D, planned: D, growth: D) -> None:
    """A region that is within stays within if it grew faster."""

    def standing(g: D) -> str:
        return flex(year(str(total)), year(str(base)), ENERGY, Asked(planned, g, D(3))).standing

    if standing(growth) == "within":
        assert standing(growth + 1) == "within"


def test_carbon_goes_the_same_way() -> None:
    """With a rule for carbon the same function answers in tCO2; without one it says which is missing."""
    asked = Asked(D(5), D(5), D(4))
    assert flex(year("1000"), year("1000"), Rules(2, follows_growth=NAMED), asked).allowed == D(1008)
    bare = flex(year("1000"), year("1000"), Rules(2), asked)
    assert (bare.standing, bare.missing) == ("undetermined", ("total_rule",))
    assert flex(year("1000"), None, Rules(0), asked).standing == "not_assessed"


@pytest.mark.parametrize(
    ("day", "ranks"),
    [
        (date(2020, 12, 31), (None, None, None, None)),
        (date(2023, 12, 31), (1, 2, None, None)),
        (date(2025, 12, 31), (1, 2, 0, 0)),
        (date(2026, 12, 31), (2, 0, 1, 2)),
        (date(2035, 12, 31), (2, 0, 1, 2)),
    ],
)  # fmt: skip
def test_carbon_takes_over_by_date(packs: PackSet, day: date, ranks: tuple[int | None, ...]) -> None:
    """Energy leads to the end of 2025; then the intensity of carbon leads, its total second (国办发〔2024〕39号)."""
    pairs = [("energy", "intensity"), ("energy", "total"), ("carbon", "intensity"), ("carbon", "total")]
    assert tuple(rank(packs, c, m, day, KNOWN)[0] for c, m in pairs) == ranks


def peaked(in_year: int) -> Overlay:
    """A change file that announces the peak."""
    text = f"""
name: peaked
because: test
changes:
  - pack: guobanfa-2024-39@2024
    parameter: control.peak_year
    keys: {{region: "{NATION}"}}
    set: {{value: {in_year}, state: null}}
    because: test
"""
    return load_overlay(text.encode(), origin="test")


def test_after_the_peak_the_total_leads(packs: PackSet) -> None:
    """From the year after an announced peak the total of carbon leads and intensity stands second."""
    after = packs.overlay(peaked(2029))
    assert rank(after, "carbon", "total", date(2029, 12, 31), KNOWN)[0] == 2
    assert rank(after, "carbon", "total", date(2030, 12, 31), KNOWN)[0] == 1
    assert rank(after, "carbon", "intensity", date(2030, 12, 31), KNOWN)[0] == 2


def test_what_was_not_known_yet_is_not_applied(packs: PackSet) -> None:
    """As known before the document of 2024, nothing is said of 2026."""
    assert rank(packs, "carbon", "total", date(2026, 12, 31), date(2024, 1, 1))[0] is None
    rules = rules_of(packs, "energy", 2022, KNOWN)
    assert rules.follows_growth is not None
    assert rules.follows_growth.parameter == "guofa-2021-33@2021#flex.follows_growth[energy]"
    assert rules.base_too == {"feedstock", "major_project"}
    assert rules_of(packs, "energy", 2026, KNOWN).follows_growth is None
