"""Streaks: the columns against a plain reading, period by period."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import ibis
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shuangkong.accounting.streaks import (
    STREAK_GRID,
    index_of,
    last_full,
    period_at,
    streak_cells,
    streak_counts,
    streak_links,
    streak_values,
)
from shuangkong.engine.api import DuckDB, compile_sql
from shuangkong.policy.api import Every
from shuangkong.testkit.counting import plain_streak

NOVEMBER = index_of(date(2023, 11, 1), "month")
#: A month is green, amber, red, missing, or there without a figure that all returns stand behind.
GRADES = ("3", "2", "1", None, "partial")


def counted(
    series: dict[str, dict[int, str | None]], *, every: Every = "month", last: int, start: int | None = None,
    comparator: str = "at_most", threshold: Decimal | None = Decimal(1), first: int | None = None,
) -> tuple[dict[tuple[str, str], dict[str, Any]], list[dict[str, Any]]]:  # fmt: skip
    """The streaks of subjects, by subject and period, and what each was counted from."""
    values = [
        {
            "value_key": f"grade|{who}|{period_at(i, every).key}||reported", "indicator_id": "grade",
            "method_id": "reported", "subject_id": who, "period_key": period_at(i, every).key,
            "period_kind": every, "period_start": period_at(i, every).start,
            "value": Decimal("1") if mark == "partial" else Decimal(mark) if mark else None,
            "state": "partial" if mark == "partial" else "ok" if mark else "not_published",
            "coverage": Decimal("0.5") if mark == "partial" else Decimal(1), "confidence": "synthetic",
        }
        for who, months in series.items() for i, mark in months.items()
    ]  # fmt: skip
    begin = min((i for m in series.values() for i in m), default=last) if first is None else first
    begin = max(begin, start or begin)
    grid = [
        {
            "indicator_id": "reds", "of_id": "grade", "comparator": comparator, "least": Decimal(1), "idx": i,
            "threshold": threshold, "starts": int(i == start), "period_key": period_at(i, every).key,
            "period_kind": every, "period_start": period_at(i, every).start, "period_end": period_at(i, every).end,
        }
        for i in range(begin, last + 1)
    ]  # fmt: skip
    types = {
        "value": pa.decimal128(38, 6), "coverage": pa.decimal128(38, 6), "period_start": pa.date32(),
    }  # fmt: skip
    names = (
        "value_key", "indicator_id", "method_id", "subject_id", "period_key", "period_kind", "period_start", "value",
        "state", "coverage", "confidence",
    )  # fmt: skip
    given_ = pa.table({n: pa.array([v[n] for v in values], types.get(n, pa.string())) for n in names})
    kinds = {n: "decimal(38, 6)" if n in ("value", "coverage") else "string" for n in names} | {"period_start": "date"}
    with DuckDB(threads=1) as engine:
        engine.bind("given", given_)
        engine.bind("streak_grid", STREAK_GRID.from_rows(grid))
        asked = STREAK_GRID.ibis()
        for name, rows in (("cells", streak_cells(ibis.table(kinds, name="given"), asked)),):
            engine.keep(name, compile_sql(rows))
            cells = ibis.table(rows.schema(), name=name)
        counts = streak_counts(cells)
        engine.keep("counts", compile_sql(counts))
        kept = ibis.table(counts.schema(), name="counts")
        found = engine.run(compile_sql(streak_values(kept, asked))).to_pylist()
        links = engine.run(compile_sql(streak_links(kept, cells, asked))).to_pylist()
    return {(r["subject_id"], r["period_key"]): r for r in found}, links


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
