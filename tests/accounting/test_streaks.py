"""Streaks: the columns against a plain reading, period by period."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shuangkong.accounting.streaks import index_of, last_full, period_at
from shuangkong.policy.api import Every
from shuangkong.testkit.counting import plain_streak
from shuangkong.testkit.counting_columns import counted_rows, figure

NOVEMBER = index_of(date(2023, 11, 1), "month")
#: A month is green, amber, red, missing, or there without a figure that all returns stand behind.
GRADES = ("3", "2", "1", None, "partial")


def counted(
    series: dict[str, dict[int, str | None]], *, every: Every = "month", last: int, start: int | None = None,
    comparator: str = "at_most", threshold: Decimal | None = Decimal(1),
) -> tuple[dict[tuple[str, str], dict[str, Any]], list[dict[str, Any]]]:  # fmt: skip
    """The streaks of subjects, by subject and period, and what each was counted from."""
    figures = [
        figure(who, period_at(i, every).key, Decimal(1), state="partial", coverage=Decimal("0.5"))
        if mark == "partial"
        else figure(who, period_at(i, every).key, Decimal(mark) if mark else None)
        for who, months in series.items()
        for i, mark in months.items()
    ]
    values, links = counted_rows(figures, comparator, threshold, every=every, upto=last, start=start)
    return {(r["subject_id"], r["period_key"]): r for r in values}, links


def _needs(missing: tuple[int, ...], every: Every) -> str | None:
    keys = [period_at(i, every).key for i in missing]
    return None if not keys else keys[0] if len(keys) == 1 else f"{keys[0]}/{keys[-1]}"


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.sampled_from(GRADES), min_size=1, max_size=14), min_size=1, max_size=3),
    st.sampled_from(["month", "year"]), st.none() | st.integers(0, 4), st.integers(0, 3),
)  # fmt: skip
def test_the_columns_say_what_the_plain_reading_says(
    marks: list[list[str | None]], every: Every, since: int | None, beyond: int
) -> None:
    """Random months with holes: count, state and missing periods are those of the plain reading."""
    first = NOVEMBER if every == "month" else 2019
    series = {f"s{n}": {first + i: m for i, m in enumerate(row)} for n, row in enumerate(marks)}
    last = first + max(map(len, marks)) - 1 + beyond
    start = first + since if since is not None else None
    found, _ = counted(series, every=every, last=last, start=start)
    for who, row in series.items():
        met = {i: m == "1" for i, m in row.items() if m not in (None, "partial") and i >= (start or 0)}
        for i in range(min(met, default=last + 1), last + 1):
            told = found.pop((who, period_at(i, every).key))
            plain = plain_streak(met, i, start=start)
            value = None if told["value"] is None else int(told["value"])
            assert (value, told["state"], told["needs"]) == (plain.value, plain.state, _needs(plain.missing, every))
            known = (plain.value or 0) + len(plain.missing)
            share = Decimal(1) if plain.state == "ok" else Decimal(plain.value or 0) / known
            assert abs(told["coverage"] - share) <= Decimal("0.000001")
    assert not found


@pytest.mark.parametrize(
    ("comparator", "value", "holds"),
    [("at_most", 1, True), ("at_most", 2, False), ("less_than", 1, False), ("at_least", 1, True),
     ("more_than", 1, False), ("more_than", 2, True), ("less_than", 0, True)],
)  # fmt: skip
def test_each_comparison_takes_the_figure_in_or_leaves_it_out(comparator: str, value: int, holds: bool) -> None:
    """以下 and 以上 include the figure itself, 低于 and 超过 do not."""
    found, _ = counted({"s": {NOVEMBER: str(value)}}, last=NOVEMBER, comparator=comparator, start=NOVEMBER)
    assert found["s", "2023-11"]["value"] == (1 if holds else 0)


def test_december_is_followed_by_january() -> None:
    """Red in November, December and January is three months in a row, with an edge to each of them."""
    green_then_red = {NOVEMBER - 1: "3", NOVEMBER: "1", NOVEMBER + 1: "1", NOVEMBER + 2: "1"}
    found, links = counted({"s": green_then_red}, last=NOVEMBER + 2)
    assert found["s", "2024-01"]["value"] == 3
    assert {(e["to_key"].split("|")[2], e["role"]) for e in links if "|2024-01|" in e["from_key"]} == {
        ("2023-10", "period that ends it"), ("2023-11", "period counted"), ("2023-12", "period counted"),
        ("2024-01", "period counted"),
    }  # fmt: skip


def test_without_a_threshold_no_period_counts_as_known() -> None:
    """Where no figure is in force to hold the months against, there is no streak and no nought."""
    found, links = counted({"s": {NOVEMBER: "1"}}, last=NOVEMBER, threshold=None)
    assert found == {}
    assert links == []


def test_only_what_is_over_counts_as_a_full_period() -> None:
    """On 30 June the last full month is May, on the evening of the last day it is the month itself."""
    assert period_at(last_full(date(2024, 6, 29), "month"), "month").key == "2024-05"
    assert period_at(last_full(date(2024, 6, 30), "month"), "month").key == "2024-06"
    assert period_at(last_full(date(2024, 12, 31), "year"), "year").key == "2024"
    assert period_at(last_full(date(2024, 12, 30), "year"), "year").key == "2023"
