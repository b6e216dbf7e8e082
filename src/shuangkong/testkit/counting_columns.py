"""Streaks by columns (按列数连续期数) for figures that a case or a test gives: the queries of a run over own rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import ibis
import pyarrow as pa

from shuangkong.accounting.api import (
    STREAK_GRID,
    index_of,
    period_at,
    streak_cells,
    streak_counts,
    streak_links,
    streak_values,
)
from shuangkong.engine.api import DuckDB, compile_sql
from shuangkong.kernel.periods import Period
from shuangkong.policy.api import Every

_COLUMNS = (
    "value_key", "indicator_id", "method_id", "subject_id", "period_key", "period_kind", "period_start", "value",
    "state", "coverage", "confidence",
)  # fmt: skip
_ARROW = {"value": pa.decimal128(38, 6), "coverage": pa.decimal128(38, 6), "period_start": pa.date32()}
_IBIS = {"value": "decimal(38, 6)", "coverage": "decimal(38, 6)", "period_start": "date"}
Rows = list[dict[str, Any]]


def figure(
    subject: str, period: str, value: Decimal | None, *, state: str = "ok", coverage: Decimal = Decimal(1),
    confidence: str = "confirmed",
) -> dict[str, Any]:  # fmt: skip
    """A published figure of one subject and period, as a run holds it."""
    p = Period.parse(period)
    return {
        "value_key": f"given|{subject}|{p.key}||reported", "indicator_id": "given", "method_id": "reported",
        "subject_id": subject, "period_key": p.key, "period_kind": p.kind.value, "period_start": p.start,
        "value": value, "state": state if value is not None else "not_published", "coverage": coverage,
        "confidence": confidence,
    }  # fmt: skip


def counted_rows(
    figures: Sequence[Mapping[str, Any]], comparator: str, threshold: Decimal | None, *, every: Every, upto: int,
    start: int | None = None,
) -> tuple[Rows, Rows]:  # fmt: skip
    """The streaks of the figures (`figure`) up to a period, and what each was counted from.

    upto, start: numbers of periods (`index_of`). Result: rows of INDICATOR_VALUES; from_key, to_key, role.
    """
    first = min((index_of(f["period_start"], every) for f in figures), default=upto)
    grid = list(_grid(comparator, threshold, every, range(max(first, start or first), upto + 1), start))
    rows = pa.table({n: pa.array([f[n] for f in figures], _ARROW.get(n, pa.string())) for n in _COLUMNS})
    with DuckDB(threads=1) as engine:
        engine.bind("given", rows)
        engine.bind(STREAK_GRID.name, STREAK_GRID.from_rows(grid))
        asked = STREAK_GRID.ibis()
        given = ibis.table({n: _IBIS.get(n, "string") for n in _COLUMNS}, name="given")

        def keep(name: str, made: Any) -> Any:
            engine.keep(name, compile_sql(made))
            return ibis.table(made.schema(), name=name)

        cells = keep("cells", streak_cells(given, asked))
        counts = keep("counts", streak_counts(cells))
        values: Rows = engine.run(compile_sql(streak_values(counts, asked))).to_pylist()
        links: Rows = engine.run(compile_sql(streak_links(counts, cells, asked))).to_pylist()
    return values, links


def _grid(
    comparator: str, threshold: Decimal | None, every: Every, periods: Iterable[int], start: int | None
) -> Iterable[dict[str, Any]]:
    for index in periods:
        p = period_at(index, every)
        yield {
            "indicator_id": "counted", "of_id": "given", "comparator": comparator, "least": Decimal(1), "idx": index,
            "threshold": threshold, "starts": int(index == start), "period_key": p.key, "period_kind": p.kind.value,
            "period_start": p.start, "period_end": p.end,
        }  # fmt: skip
