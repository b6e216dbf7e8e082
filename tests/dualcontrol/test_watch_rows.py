"""Months of watching by hand: change of intensity, what is due, progress by either method, and red months in a row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, replace
from datetime import date
from decimal import Decimal as D
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shuangkong.accounting.api import period_at
from shuangkong.dualcontrol.watch_estimating import Estimate, Fit, Pool, Priors, Respondent, quantile
from shuangkong.dualcontrol.watch_grading import Grader, asked_of, count_red
from shuangkong.dualcontrol.watch_nowcast import Drift, ahead, apart, earlier_misses, held, year_rows
from shuangkong.dualcontrol.watch_priors import drifting, estimating, revising
from shuangkong.dualcontrol.watch_questions import WATCHED, Question
from shuangkong.dualcontrol.watch_rows import Facts, Growth, month_rows
from shuangkong.dualcontrol.watch_sums import Late, Month, Revisions, Sums
from shuangkong.engine.api import DuckDB, compile_sql
from shuangkong.policy.api import PackSet, builtin_packs

INDUSTRY, QUARTER, TOTAL = WATCHED[0], WATCHED[1], WATCHED[2]
NEVER_REVISED = Revisions(0.0, 0.0, 0.0)
#: 14 % over 2021–2025, compounded: 2.971417 % a year.
ASKED = Question(
    INDUSTRY, "r", 2025, "m", D("-2.971417"), None, 2020, 5, D("0.14"), "compound", "priced",
    "energy_per_industrial_value_added", "p@1", "s", "一",
)  # fmt: skip
LIMIT = Question(TOTAL, "r", 2025, "m", D(1300), indicator="energy_total", pack_key="p@1", slug="t", clause="二")
Amounts = Mapping[int, int | None]


def facts(
    name: str, by_year: Mapping[int, Amounts], growth: Mapping[int, str] | None = None, *, last: int = 12,
    since: D | None = D(-11), late: Mapping[int, Late] | None = None,
) -> Facts:  # fmt: skip
    """Sums of one region by year and month; a month without an amount is not there."""
    months = {
        y * 12 + m - 1: Month(D(a), 10, 10, "confirmed")
        for y, rows in by_year.items() for m, a in rows.items() if a is not None
    }  # fmt: skip
    of = INDUSTRY.growth if name == "energy_industry" else QUARTER.growth
    rates = {2025 * 12 + m - 1: Growth(D(g), f"g{m}", "confirmed") for m, g in (growth or {}).items()}
    known = {("energy_per_industrial_value_added_change", "r", "priced", 2020, 2024): since} if since else {}
    sums = Sums({(name, "m", "r"): months}, {(name, "m", "r"): late or {}}, NEVER_REVISED, 0.01)
    return Facts(sums, {(of, "r"): rates}, known, {}, 2025 * 12 + last - 1, 0.8, D("0.6"))


def every(amount: int, months: int = 12) -> dict[int, int | None]:
    """The same amount in each month."""
    return dict.fromkeys(range(1, months + 1), amount)


def test_a_fall_is_what_energy_grew_less_than_value_added() -> None:
    """By hand, January to February: 206 after 200 with 6 % more value added is 206/200/1.06 − 1 = −2.830189 %."""
    f = facts("energy_industry", {2024: every(100), 2025: {1: 103, 2: 103}}, {2: "6"})
    january, february = month_rows(f, ASKED)
    assert (february["value"], february["low"], february["high"]) == (D("-2.830189"),) * 3
    assert (february["energy"], february["energy_before"], february["state"]) == (D(206), D(200), "ok")
    assert february["required"] == D("-2.971417")
    # no growth is published of January alone
    assert (january["value"], january["state"]) == (None, "insufficient")
    assert january["needs"] == "industry_value_added_growth 2025YTD01"


def test_progress_is_the_fall_since_the_base_year_over_what_is_due() -> None:
    """By hand: 11 % by 2024 and 2.830189 % since; due after 50 of 60 months of 14 %: ln ratio 0.960… over 50/60."""
    f = facts("energy_industry", {2024: every(100), 2025: {1: 103, 2: 103}}, {2: "6"})
    row = list(month_rows(f, ASKED))[1]
    from math import log

    done = log(0.89 * (1 - 0.02830189)) / log(0.86)
    assert float(row["progress"]) == pytest.approx(done / (50 / 60), abs=1e-5)
    linear = list(month_rows(f, replace(ASKED, progress="linear")))[1]
    fall = 1 - 0.89 * (1 - 0.02830189)
    assert float(linear["progress"]) == pytest.approx(fall / 0.14 / (50 / 60), abs=1e-5)


def test_energy_per_gdp_changes_after_the_deductions_of_both_years() -> None:
    """By hand: 309 × 0.96 after 300 × 0.97 with 4 % more GDP is the change; gross it would be −0.961538 %."""
    asked = replace(ASKED, watched=QUARTER, indicator="energy_per_gdp")
    f = facts("energy", {2024: every(100), 2025: every(103, 3)}, {3: "4"}, last=3)
    gross = next(month_rows(f, asked))
    assert (gross["value"], '"deductions": "gross"' in gross["how"]) == (D("-0.961538"), True)
    left = {("m", "r", 2024): D("0.97"), ("m", "r", 2025): D("0.96")}
    row = next(month_rows(replace(f, deducted=left), asked))
    assert float(row["value"]) == pytest.approx((309 * 0.96 / (300 * 0.97) / 1.04 - 1) * 100, abs=1e-6)
    assert '"deducted_share": "0.96"' in row["how"]


def test_growth_published_to_a_tenth_leaves_its_half_step_open() -> None:
    """By hand: 4.0 may be anything from 3.95 to 4.05, a variance of 0.05² ÷ 3 points, times 1.2816 for 80 %."""
    f = facts("energy_industry", {2024: every(100), 2025: {1: 103, 2: 103}}, {2: "4"})
    row = list(month_rows(replace(f, growth_step=0.1), ASKED))[1]
    half = 1.2816 * 0.05 / 3**0.5 / 104 * (100 + float(row["value"]))
    assert float(row["high"] - row["value"]) == pytest.approx(half, abs=2e-5)
    assert row["value"] - row["low"] == row["high"] - row["value"]


def test_co2_of_industry_is_held_against_its_own_target_and_no_other() -> None:
    """A target of CO2 per industrial value added asks 3 % of the month; one of CO2 per GDP asks nothing of it."""
    monthly = next(w for w in WATCHED if (w.what, w.test) == ("co2_intensity", "month_industry"))
    assert (monthly.targets, monthly.carbon, monthly.quarterly) == (("co2_per_industrial_value_added",), True, False)
    asked = Question(monthly, "r", 2025, "m", D(-3), indicator="co2_per_industrial_value_added", pack_key="p@1")
    f = facts("energy_industry", {2024: every(100), 2025: every(103, 2)}, {2: "6"}, last=2)
    of_co2 = {("co2_industry", "m", "r"): f.sums.months["energy_industry", "m", "r"]}
    f = replace(f, sums=Sums(of_co2, {}, NEVER_REVISED, 0.01))
    february = list(month_rows(f, asked))[1]
    assert (february["value"], february["required"], february["amount_unit"]) == (D("-2.830189"), D(-3), "tCO2")
    assert february["asks"]["value"] == {"change": D("-2.830189"), "lag": D("0.169811"), "progress": None}


def test_progress_is_not_told_where_the_years_before_are_not_known() -> None:
    """Without the change since the base year there is no progress, and the month's own test alone decides."""
    f = facts("energy_industry", {2024: every(100), 2025: {1: 103, 2: 103}}, {2: "6"}, since=None)
    assert list(month_rows(f, ASKED))[1]["progress"] is None


def test_a_months_share_of_the_total_is_that_of_the_year_before() -> None:
    """By hand: half of last year fell to January to March, so half of 1,300 is due; 700 used of 650 is 1.076923."""
    before: Amounts = {1: 100, 2: 200, 3: 300} | dict.fromkeys(range(4, 10), 50) | dict.fromkeys(range(10, 13), 100)
    f = facts("energy", {2024: before, 2025: {1: 200, 2: 200, 3: 300}})
    row = list(month_rows(f, LIMIT))[2]
    assert (row["value"], row["required"], row["progress"]) == (D(700), D(650), D("1.076923"))
    assert '"profile": "last_year"' in row["how"]
    even = list(month_rows(facts("energy", {2025: {1: 200, 2: 200, 3: 300}}), LIMIT))[2]
    assert (even["required"], '"profile": "linear"' in even["how"]) == (D(325), True)


def test_a_month_that_nobody_handed_in_leaves_the_rest_of_the_year_open() -> None:
    """March is missing: January and February stand, from March on there is no figure, and it says which month."""
    f = facts("energy", {2024: every(100), 2025: {1: 100, 2: 100, 3: None, 4: 100}})
    rows = list(month_rows(f, LIMIT))
    assert [r["value"] for r in rows] == [D(100), D(200), None, None]
    assert rows[3]["needs"] == "energy 2025-03: no return 无报表"
    nought = list(month_rows(facts("energy", {2024: every(100), 2025: {1: 100, 2: 100, 3: 0, 4: 100}}), LIMIT))
    assert nought[3]["value"] == D(300)


def stand_in(amount: float, name: str = "u", month: int = 2025 * 12 + 1) -> Estimate:
    """An estimate of one return with a relative error of a tenth, from eight returns."""
    return Estimate(name, month, amount, "last_year", "30", Fit(1.0, 0.1, 7, 8, 0.0), 0.1, 0.0)


def test_an_estimate_is_marked_with_its_share_basis_and_interval() -> None:
    """Twenty of two hundred estimated: the state says so, the share is 0.1, and the interval is about them alone."""
    late = {2025 * 12 + 1: Late((stand_in(20.0),))}
    f = facts("energy", {2024: every(100), 2025: {1: 100, 2: 80}}, late=late)
    row = list(month_rows(f, LIMIT))[1]
    assert (row["value"], row["estimated_share"], row["state"]) == (D(200), D("0.1"), "estimate")
    half = row["high"] - row["value"]
    assert row["value"] - row["low"] == half
    # t of 80 % at seven degrees of freedom is 1.415; 2.0 of the return and 0.2 of what all late ones share
    assert float(half) == pytest.approx(1.415 * (2.0**2 + 0.2**2) ** 0.5, rel=2e-3)
    assert '"last_year": {"amount": "20.000000", "returns": 1}' in row["how"]


def test_too_much_estimated_is_not_graded() -> None:
    """Two thirds estimated are more than the pack lets pass: a figure with its interval, and no grade."""
    late = {2025 * 12: Late((stand_in(200.0),))}
    row = next(month_rows(facts("energy", {2024: every(100), 2025: {1: 100}}, late=late), LIMIT))
    assert (row["state"], row["asks"]) == ("insufficient", {})
    assert row["needs"].startswith("returns: 0.666667 is estimated")


def test_a_late_return_that_nothing_supports_is_named() -> None:
    """Two returns without a basis: no figure from that month on."""
    late = {2025 * 12: Late((), 2)}
    row = next(month_rows(facts("energy", {2024: every(100), 2025: {1: 100}}, late=late), LIMIT))
    assert (row["value"], row["needs"]) == (None, "energy 2025-01: 2 returns 2 份报表")


def test_the_years_end_is_last_years_rest_grown_like_the_months_so_far() -> None:
    """By hand: 330 after 300 in the first quarter is 1.1, so 1,200 becomes 1,320; in December it is what it is."""
    f = facts("energy", {2024: every(100), 2025: every(110)})
    rows = list(year_rows(f, LIMIT, Drift(0.04, 0.01, 3, 10)))
    assert [r["nowcast"] for r in rows] == [D(1320)] * 12
    assert rows[2]["low"] < D(1320) < rows[2]["high"]
    widths = [r["high"] - r["low"] for r in rows]
    assert widths == sorted(widths, reverse=True)
    assert (rows[11]["low"], rows[11]["high"], rows[11]["state"]) == (D(1320), D(1320), "ok")
    assert [r["newest"] for r in rows] == [0] * 11 + [1]


def test_months_so_far_and_left_lie_apart_least_at_mid_year() -> None:
    """By hand: √(1/6 + 1/6) of a month in June, √(1/1 + 1/11) in January and in November alike."""
    assert apart(2025 * 12 + 5) == pytest.approx(3**-0.5)
    assert apart(2025 * 12) == apart(2025 * 12 + 10) == pytest.approx((12 / 11) ** 0.5)


def test_the_years_end_is_as_wide_as_months_may_lie_apart() -> None:
    """By hand, in June: 660 to come, ± 4 % of a month × √(1/3), by t of three years that the prior counts as."""
    f = facts("energy", {2024: every(100), 2025: every(110)})
    rows = list(year_rows(f, LIMIT, Drift(0.04, 0.01, 3, 10)))
    june = rows[5]
    assert float(june["high"] - june["nowcast"]) == pytest.approx(quantile(0.8, 3) * 660 * 0.04 / 3**0.5, rel=1e-6)
    # of each month to come, a nowcast tells most in the middle of the year
    left = [float(r["high"] - r["low"]) / (12 - n) for n, r in enumerate(rows[:11], 1)]
    assert left.index(min(left)) == 5


def test_what_earlier_years_missed_by_counts_in_every_month_and_most_in_its_own() -> None:
    """By hand: January lay off by a tenth, no other month did; eleven misses of a year are worth 2.9008 of them."""
    prior = Drift(0.04, 0.01, 3, 10)
    year = [0.1, *([0.0] * 10)]
    pooled = (3 * 0.04**2 + 2.9008 * 0.01 / 11) / (3 + 2.9008)
    january, june = held([year], 2025 * 12, prior), held([year], 2025 * 12 + 5, prior)
    assert january == (pytest.approx((3 * pooled + 0.01) / 4, rel=1e-4), 4)
    assert june == (pytest.approx(3 * pooled / 4, rel=1e-4), 4)
    assert held([], 2025 * 12, prior) == (pytest.approx(0.04**2), 3)


def test_a_year_that_is_not_known_in_full_ends_what_is_learned() -> None:
    """2022 lacks July: of 2023 nothing can be said to have missed, so 2024 alone teaches; by hand 1.5 ÷ 1.1 − 1."""
    up: Amounts = dict.fromkeys(range(1, 7), 110) | dict.fromkeys(range(7, 13), 150)
    f = facts("energy", {2022: {**every(100), 7: None}, 2023: every(100), 2024: up})
    (missed,) = earlier_misses(f.sums, ("energy", "m", "r"), 2025, 10)
    assert missed[5] == pytest.approx((1.5 / 1.1 - 1) * 3**0.5)
    assert len(missed) == 11
    assert earlier_misses(f.sums, ("energy", "m", "r"), 2025, 0) == []


def test_last_years_months_that_may_still_be_put_right_move_and_widen_the_years_end() -> None:
    """By hand, in March: nine months of last year rise by 1 each, 1.1 times over; all twelve alike move nothing."""

    def march(first: int) -> tuple[float, float]:
        f = facts("energy", {2024: every(100), 2025: every(110, 3)}, last=3)
        key = ("energy", "m", "r")
        rows = {
            m: replace(x, squares=100.0**2 if m // 12 == 2024 and m % 12 + 1 >= first else 0.0)
            for m, x in f.sums.months[key].items()
        }
        sums = Sums({key: rows}, {}, Revisions(0.5, 0.02, 0.0004), 0.01)
        whole, _ = ahead(replace(f, sums=sums), key, 2025 * 12 + 2, Drift(0.0, 0.0, 3, 10), [])
        assert whole is not None
        return whole.shift, whole.error.variance

    one = 100.0**2 * (0.5 * 0.0004 - 0.01**2)
    assert march(4) == (pytest.approx(9.9), pytest.approx(1.1**2 * 9 * one))
    assert march(1) == (pytest.approx(0.0, abs=1e-9), pytest.approx(1.1**2 * (9 + 3**2 * 3) * one))


def test_growth_of_the_year_may_still_drift_by_what_is_left_of_it() -> None:
    """By hand, in September: a quarter of the year is left, 1 % of a month × √(1/9 + 1/3) of it may move growth."""
    f = facts("energy", {2024: every(100), 2025: every(100, 9)}, {3: "4", 6: "4", 9: "4"}, last=9)
    asked = replace(ASKED, watched=QUARTER, indicator="energy_per_gdp")
    rows = list(year_rows(f, asked, Drift(0.0, 0.01, 3, 10)))
    september = rows[2]
    half = quantile(0.8, 3) * 0.25 * 0.01 * (1 / 9 + 1 / 3) ** 0.5 * float(september["nowcast"] + 100)
    assert float(september["high"] - september["nowcast"]) == pytest.approx(half, rel=1e-5)


def test_every_prior_is_the_packs() -> None:
    """Each figure of the three parameters changes what is taken; none of them stands in Python."""
    asked: list[tuple[str, str]] = []

    def of(parameter: str, figure: str) -> D:
        asked.append((parameter, figure))
        return D(len(asked))

    taken = [*astuple(estimating(of)), *astuple(revising(of)), *astuple(drifting(of))]
    assert sorted(taken) == [float(n) for n in range(1, len(asked) + 1)]
    (pack,) = (p for p in builtin_packs() if p.id == "shuangkong.watching")
    there = {
        (p.id, v.key[0]) for p in pack.parameters if p.id in {parameter for parameter, _ in asked} for v in p.values
    }
    # the rest is asked for where it is used: the interval, what is graded, the steps in which growth is published
    assert there - set(asked) == {("watching.estimate", n) for n in ("level", "most", "growth_step")}


def test_what_stays_with_a_unit_is_taken_for_no_more_than_the_pack_allows() -> None:
    """Units that lie off alike in each month would show a share of 1; the pack's figure stands above it."""
    growth = {"a": 1.5, "b": 0.7, "c": 1.2, "d": 0.6, "e": 1.0}
    group = [
        Respondent(n, "30", {2024 * 12 + m: 100.0 for m in range(12)} | {2025 * 12 + m: 100 * g for m in range(12)})
        for n, g in growth.items()
    ]
    for most in (0.5, 0.9):
        priors = Priors(0.12, 0.03, 1, 1.0, 0.01, 4, 3, 6, most)
        assert Pool(group, priors).persistence("last_year", 2025) == most


def row(month: int, grade: int | None, what: str = "coal_total") -> dict[str, Any]:
    """A graded month of 2025."""
    p = period_at(2025 * 12 + month - 1, "month")
    return {"subject_id": "r", "what": what, "test": "total", "period_key": p.key, "period_start": p.start,
            "grade": grade}  # fmt: skip


@pytest.mark.parametrize(
    ("grades", "counted"),
    [
        ((3, 1, 1, 1), [(0, "ok"), (1, "ok"), (2, "ok"), (3, "ok")]),
        ((1, 1, 2), [(1, "at_least"), (2, "at_least"), (0, "ok")]),
        ((3, 1, None, 1, 1), [(0, "ok"), (1, "ok"), (None, "missing"), (1, "at_least"), (2, "at_least")]),
    ],
)
def test_red_months_are_counted_and_a_missing_one_leaves_a_lower_bound(
    grades: tuple[int | None, ...], counted: list[tuple[int | None, str]]
) -> None:
    """Exact from a month on that is known not to be red; at least so many where a month is not known."""
    rows = [row(n, g) for n, g in enumerate(grades, start=1)]
    count_red(rows)
    assert [(r["red_months"], r["red_state"]) for r in rows] == counted


@given(st.lists(st.sampled_from((1, 2, 3, None)), min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_a_lower_bound_holds_whatever_the_missing_months_were(grades: list[int | None], draw: Any) -> None:
    """Counted plainly after any grades are put in the gaps, the streak is never less than the bound."""
    rows = [row(n, g) for n, g in enumerate(grades, start=1)]
    count_red(rows)
    filled = [g if g is not None else draw.choice((1, 2, 3)) for g in grades]
    for n, r in enumerate(rows):
        plain = next((k for k in range(n + 1) if filled[n - k] != 1), n + 1)
        if r["red_months"] is not None:
            assert r["red_months"] <= plain
            assert r["red_state"] == "at_least" or r["red_months"] == plain


@pytest.fixture(scope="module")
def grader() -> Grader:
    """The grader of the pack that ships."""
    packs = PackSet(p for p in builtin_packs() if p.id == "shuangkong.watching")

    def decide(table: Any, values: Any, rows: Any) -> list[dict[str, Any]]:
        with DuckDB(threads=1) as engine:
            engine.bind("watch_asked", rows)
            return engine.run(compile_sql(asked_of(table, values))).to_pylist()

    return Grader(packs, date(2026, 12, 31), decide)


def test_the_pack_grades_and_says_by_which_row(grader: Grader) -> None:
    """Intensity that rose is red, too small a fall amber; the grades of both ends tell how sure that is."""
    f = facts("energy_industry", {2024: every(100), 2025: every(103, 4)}, {2: "2", 3: "4", 4: "9"})
    rows = list(month_rows(f, ASKED))
    grader.grade(rows)
    assert [r["grade"] for r in rows] == [None, 1, 2, 3]
    assert [r["cutoff"] for r in rows][1:] == [
        f"shuangkong.watching@2026#table:intensity-grade:{name}" for name in ("red", "amber", "green")
    ]
    assert [(r["grade_low"], r["grade_high"]) for r in rows][1:] == [(1, 1), (2, 2), (3, 3)]


def test_energy_control_is_the_worse_of_intensity_and_total(grader: Grader) -> None:
    """A green intensity and a red total are red together; without the total a green intensity decides nothing."""
    rows = list(month_rows(facts("energy_industry", {2024: every(100), 2025: every(103, 2)}, {2: "9"}), ASKED))
    rows += list(month_rows(facts("energy", {2024: every(100), 2025: every(120, 2)}), LIMIT))
    grader.grade(rows)
    control = grader.control(rows)
    assert [(r["period_key"], r["grade"]) for r in control] == [("2025-01", 1), ("2025-02", 1)]
    without = [r | ({"grade": None, "state": "not_yet"} if r["what"] == "energy_total" else {}) for r in rows]
    assert [r["grade"] for r in grader.control(without)] == [None, None]
