"""Sums that rules read: a part that no return names is nought only where the returns are whole."""

from __future__ import annotations

from decimal import Decimal

import duckdb
import ibis
import pytest

from shuangkong.judgement.readings import Reading


@pytest.mark.parametrize(
    ("rows", "read"),
    [
        ([("electricity", "10", "ok", "1")], ("0", "ok", "1")),
        ([("electricity", "10", "partial", "0.5")], ("0", "partial", "0.5")),
        ([("electricity", None, "no_factor", "1")], (None, "no_factor", "1")),
        ([("electricity", "10", "partial", "0.5"), ("coal", "3", "ok", "1")], ("3", "ok", "0.5")),
        ([("electricity", "10", "ok", "1"), ("coal", None, "no_factor", "1")], (None, "no_factor", "1")),
    ],
)
def test_a_part_without_rows(rows: list[tuple[str, str | None, str, str]], read: tuple[str | None, str, str]) -> None:
    """Nought with the state and coverage of the rest; unknown where the rest is."""
    db = duckdb.connect()
    db.execute(
        "CREATE TABLE totals (subject_id VARCHAR, period_key VARCHAR, period_kind VARCHAR, method_id VARCHAR,"
        " measure VARCHAR, level VARCHAR, part VARCHAR, amount DECIMAL(38, 6), state VARCHAR, coverage DECIMAL(38, 6),"
        " confidence VARCHAR, total_key VARCHAR)"
    )
    for n, (part, amount, state, coverage) in enumerate(rows):
        db.execute(
            "INSERT INTO totals VALUES ('s', '2025', 'year', 'm', 'energy', 'subtree', ?, ?, ?, ?, 'confirmed', ?)",
            [part, amount, state, coverage, f"t{n}"],
        )
    sums = Reading("sum", "energy.coal")._sums().select("value", "state", "coverage")
    value, state, cover = db.execute(ibis.to_sql(sums, dialect="duckdb")).fetchone() or (None, None, None)
    assert (value, state, cover) == (Decimal(read[0]) if read[0] else None, read[1], Decimal(read[2]))
