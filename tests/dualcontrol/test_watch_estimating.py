"""Estimates of late returns: by hand, without names or order, never nought where missing, with an honest interval."""

from __future__ import annotations

import random
from math import sqrt
from statistics import mean

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from shuangkong.dualcontrol.backtesting import World, by_month, scores
from shuangkong.dualcontrol.watch_estimating import (
    Estimate,
    Priors,
    Respondent,
    error_of,
    estimates,
    fitted,
    quantile,
)
from shuangkong.dualcontrol.watch_priors import Figures, figures_of
from shuangkong.dualcontrol.watch_sums import Revising, held_revisions
from shuangkong.policy.api import PackSet, builtin_packs

JAN = 2025 * 12
#: As the pack has them.
PRIORS = Priors(0.12, 0.03, 4, 0.4, 0.01, 4, 3, 6, 0.95)


def group(now: dict[str, float | None], before: dict[str, float]) -> list[Respondent]:
    """Respondents of one stratum with their January of last year and, where it is there, of this year."""
    return [
        Respondent(n, "30", {JAN - 12: before[n]} | ({JAN: y} if (y := now[n]) is not None else {}))
        for n in sorted(now)
    ]


def test_a_late_return_is_last_years_times_how_the_others_grew() -> None:
    """By hand: 110, 220, 330, 440 after 100, 200, 300, 400 is 1.1, so 50 of the late one becomes 55."""
    now = {"a": 110.0, "b": 220.0, "c": 330.0, "d": 440.0, "late": None}
    before = {"a": 100.0, "b": 200.0, "c": 300.0, "d": 400.0, "late": 50.0}
    made, none = estimates(group(now, before), [("late", JAN)], PRIORS)
    assert none == []
    assert (made[0].basis, round(made[0].amount, 9), made[0].fit.responders) == ("last_year", 55.0, 4)
    # nobody lay off the ratio: of four returns and the prior's four, twice over, only the prior's spread is left
    assert made[0].fit.spread == pytest.approx(sqrt(4 * (4 * 0.12**2 / 7) / 7))


def test_the_spread_is_that_of_the_returns_and_the_prior_together() -> None:
    """By hand: two of +10 %, two of −10 % about their ratio: pooled with the prior of 12 %, then with that again."""
    fit = fitted({"30": [("a", 100, 110), ("b", 100, 90), ("c", 100, 110), ("d", 100, 90)]}, PRIORS)["30"]
    assert fit.ratio == pytest.approx(1.0)
    pooled = (4 * 0.12**2 + 4 * 0.1**2) / (4 + 3)
    assert fit.spread == pytest.approx(sqrt((4 * pooled + 4 * 0.1**2) / (4 + 3)))


def test_a_stratum_with_few_returns_is_drawn_to_all_of_them() -> None:
    """By hand: one return of 1.5 beside nine of 1.0, all alike: it counts by τ² ÷ (τ² + v), and v is its spread."""
    rows = {"30": [(str(n), 100.0, 100.0) for n in range(9)], "31": [("x", 100.0, 150.0)], "32": []}
    fits = fitted(rows, PRIORS)
    whole = 1050 / 1000
    pooled = 4 * 0.12**2 / (4 + 8)
    v = {"30": (4 * pooled + 0) / (4 + 8) / 9, "31": 4 * pooled / 4}
    between = (4 * 0.03**2 + (1 / whole - 1) ** 2 - v["30"]) / (4 + 1)
    drawn = between / (between + v["31"])
    assert fits["31"].ratio == pytest.approx(whole * (1 + drawn * (1.5 / whole - 1)))
    # a stratum without any return has the ratio of all, and is as unsure as strata differ
    assert (fits["32"].ratio, fits["32"].responders) == (pytest.approx(whole), 0)
    assert fits["32"].shared == pytest.approx(between + pooled / 10)
    assert fits["30"].shared < fits["31"].shared < fits["32"].shared


def test_electricity_is_taken_where_it_says_more() -> None:
    """A unit whose power fell by half is not estimated at last year's level where power and energy go together."""
    rows = [
        Respondent(str(n), "30", {JAN - 12: 100.0 + n, JAN: (100.0 + n) * f}, {},
                   {"electricity": {JAN - 12: 10.0, JAN: 10 * f}})
        for n, f in enumerate((0.5, 1.5, 0.7, 1.4, 1.0, 0.6))
    ]  # fmt: skip
    late = Respondent("late", "30", {JAN - 12: 100.0}, {}, {"electricity": {JAN - 12: 10.0, JAN: 5.0}})
    made, _ = estimates([*rows, late], [("late", JAN)], PRIORS)
    assert made[0].basis == "electricity"
    assert made[0].amount == pytest.approx(50.0)


def test_a_month_of_meters_speaks_for_its_own_rest() -> None:
    """Eighty known of four fifths of the hours leave twenty to be estimated, from the meters themselves."""
    one = Respondent("u", "30", {}, {JAN: (80.0, 0.8)})
    made, _ = estimates([one], [("u", JAN)], PRIORS)
    assert (made[0].basis, made[0].amount) == ("meter", pytest.approx(20.0))


def test_what_nothing_supports_is_named_and_not_nought() -> None:
    """A new unit, a month of which nobody's return is there, and a part of a return without an amount: no figure."""
    new = Respondent("new", "30", {})
    asked = [("new", JAN), ("a", JAN), ("part", JAN)]
    rows = [Respondent("a", "30", {JAN - 12: 1.0}), Respondent("part", "30", {JAN - 12: 5.0}, {JAN: (3.0, 0.0)}), new]
    made, none = estimates(rows, asked, PRIORS)
    assert made == []
    assert sorted(none) == sorted(asked)


def test_an_odd_return_teaches_nothing() -> None:
    """A figure ten times too large, as when tonnes are read for kilograms, leaves the ratio as it was."""
    now: dict[str, float | None] = dict.fromkeys("abcde", 100.0)
    before = dict.fromkeys("abcde", 100.0) | {"late": 10.0}
    plain, _ = estimates(group({**now, "late": None}, before), [("late", JAN)], PRIORS)
    odd, _ = estimates(group({**now, "late": None, "a": 1000.0}, before), [("late", JAN)], PRIORS)
    assert plain[0].amount == odd[0].amount == pytest.approx(10.0)


_AMOUNTS = st.lists(st.tuples(st.floats(1, 1e6), st.floats(1, 1e6), st.sampled_from("XY"), st.booleans()),
                    min_size=6, max_size=14)  # fmt: skip


@given(_AMOUNTS, st.randoms(use_true_random=False))
def test_names_and_order_change_nothing(rows: list[tuple[float, float, str, bool]], shuffled: random.Random) -> None:
    """Other ids, and another order, give the same estimates and the same errors to the last digit."""

    def run(names: list[str], order: list[int]) -> list[tuple[float, float, str]]:
        made = [
            Respondent(names[i], rows[i][2], {JAN - 12: rows[i][0]} | ({} if rows[i][3] else {JAN: rows[i][1]}))
            for i in order
        ]
        gaps = [(names[i], JAN) for i in order if rows[i][3]]
        found, _ = estimates(made, gaps, PRIORS)
        by_name = {e.name: e for e in found}
        kept = [by_name[names[i]] for i in range(len(rows)) if names[i] in by_name]
        error = error_of(found, 0.01)
        return [(e.amount, e.own, e.basis) for e in kept] + [(error.variance, error.freedom, "")]

    order = list(range(len(rows)))
    assume(any(r[3] for r in rows))
    there = run([f"u{i:02}" for i in order], order)
    shuffled.shuffle(order)
    assert run([f"z{97 - i:02}" for i in range(len(rows))], order) == there


@settings(max_examples=50)
@given(_AMOUNTS, st.sampled_from((0.001, 8.0, 1000.0)))
def test_units_of_measure_change_nothing(rows: list[tuple[float, float, str, bool]], scale: float) -> None:
    """All returns in another unit give the same estimates in that unit."""

    def run(by: float) -> list[float]:
        made = [
            Respondent(str(i), r[2], {JAN - 12: r[0] * by} | ({} if r[3] else {JAN: r[1] * by}))
            for i, r in enumerate(rows)
        ]
        found, _ = estimates(made, [(str(i), JAN) for i, r in enumerate(rows) if r[3]], PRIORS)
        return [e.amount / by for e in found]

    assert run(scale) == pytest.approx(run(1.0), rel=1e-9)


@pytest.mark.parametrize(
    ("freedom", "printed"), [(5, 1.476), (8, 1.397), (10, 1.372), (20, 1.325), (30, 1.310), (120, 1.289)]
)
def test_the_quantile_is_that_of_the_printed_tables(freedom: float, printed: float) -> None:
    """Student's t at 0.90 one-sided, which is 80 % two-sided, as statistical tables print it to three places."""
    assert quantile(0.8, freedom) == pytest.approx(printed, abs=0.0006)


def test_errors_that_stay_with_a_unit_add_up_and_others_do_not() -> None:
    """By hand: two months of 100 with 10 % each: 20 where it stays, 14.14 where each month is another."""
    fit = fitted({"30": [(str(n), 1, 1) for n in range(9)]}, Priors(0.0, 0.0, 1, 0, 0, 1, 3, 6, 1))["30"]
    stays = [Estimate("u", m, 100.0, "last_year", "30", fit, 0.0, 0.1) for m in (JAN, JAN + 1)]
    other = [Estimate("u", m, 100.0, "last_year", "30", fit, 0.1, 0.0) for m in (JAN, JAN + 1)]
    assert sqrt(error_of(stays, 0.0).variance) == pytest.approx(20.0)
    assert sqrt(error_of(other, 0.0).variance) == pytest.approx(sqrt(2) * 10)


def test_revisions_are_learned_and_mistakes_of_writing_are_not() -> None:
    """Ten of a hundred returns were raised by 2 %; one that was ten times too large says nothing of revisions."""
    seen = held_revisions([0.02] * 10 + [-0.9], 100, Revising(0.0, 0.04, 1, 12, 0.5))
    assert (seen.share, seen.mean, seen.square) == pytest.approx((10 / 101, 0.02, 0.0004))
    assert held_revisions([], 0, Revising(0.05, 0.04, 200, 12, 0.5)).share == pytest.approx(0.05)


def _of_the_pack() -> Figures:
    packs = PackSet(p for p in builtin_packs() if p.id == "shuangkong.watching")
    day = packs.pack("shuangkong.watching").instrument.source.known
    return figures_of(packs, day, day)


@pytest.mark.slow
def test_four_of_five_final_figures_lie_inside_and_estimates_are_nearer_than_what_is_known() -> None:
    """Sixty made-up region-years, 20 to 60 % of units late and returns put right: 70 to 90 % of finals lie inside."""
    of = _of_the_pack()
    told = by_month([s for seed in range(60) for s in scores(seed, World(), of)])
    assert all(0.68 <= t.inside <= 0.92 for t in told)
    assert 0.72 <= mean(t.inside for t in told) <= 0.88
    ends = [t.end_inside for t in told if t.end_inside is not None]
    # the months between hold no more than those at either end: the width follows the months so far and left
    assert all(0.68 <= share <= 0.92 for share in ends)
    assert 0.74 <= mean(ends) <= 0.88
    assert all(t.error < t.known_only / 5 for t in told)
    assert 0.2 <= min(t.late for t in told) <= max(t.late for t in told) <= 0.6
