"""Rows that come and go while their table stands: what is read, refused, and checked on which day."""

from __future__ import annotations

from datetime import date

import pytest

from policy.rules.test_tables import loaded, problems

EARLY = "{id: low, to: 2023-01-01, when: {x: 不足20}, then: {o: a}}\n"
LATE = "{id: lower, from: 2023-01-01, when: {x: 不足20}, then: {o: c}}\n"
HIGH = "{id: high, when: {x: 20以上}, then: {o: b}}"


def test_the_table_has_the_rows_of_the_day() -> None:
    """The first day of a row is its own, the last one is not; rows without days stand as long as the table."""
    table = loaded(EARLY + LATE + HIGH).decided[0]
    assert table.dated
    assert [r.id for r in table.on(date(2022, 12, 31)).rows] == ["low", "high"]
    assert [r.id for r in table.on(date(2023, 1, 1)).rows] == ["lower", "high"]
    assert not table.on(date(2023, 1, 1)).dated


def test_the_shape_is_checked_on_every_day_on_which_rows_change() -> None:
    """A gap that a row leaves when it ends is found, with the day; so is an overlap that a new row makes."""
    assert any("no row hits" in p and "(on 2023-01-01)" in p for p in problems(EARLY + HIGH))
    late = LATE.replace("不足20", "20以下")
    found = problems(EARLY + late + HIGH)
    assert any("rows lower and high both hit where x = 20" in p and "(on 2023-01-01)" in p for p in found)


@pytest.mark.parametrize(
    ("row", "key", "said"),
    [
        ("{id: a, from: 2021-01-01, then: {o: a}}", "from", "stands longer than its table"),
        ("{id: a, to: 2025-01-01, then: {o: a}}", "to", "stands longer than its table"),
        ("{id: a, from: 2023-05-01, to: 2023-05-01, then: {o: a}}", "from", "stands on no day"),
    ],
)
def test_days_that_cannot_be_are_refused(row: str, key: str, said: str) -> None:
    """A row begins before it ends, and neither before nor after its table."""
    found = problems(row, "first")
    assert any(p.startswith("RULE-003 ") and f" [0].rows[0].{key}:" in p and said in p for p in found), found
