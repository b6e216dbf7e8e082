"""The accounting expressions as a chain of named queries, each on the rows that the ones before it kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from contract.books import made
from shuangkong.accounting import indicators  # noqa: F401  (importing it fills the register)
from shuangkong.accounting.changes import increments, level_changes
from shuangkong.accounting.deducting import deductions
from shuangkong.accounting.feeding import FACTORS
from shuangkong.accounting.register import INDICATORS, Books
from shuangkong.accounting.rollup import amounts, leaves, levels, return_levels, returns, totals, unknown
from shuangkong.accounting.snapshots import APPLIES, AREAS, BASES, CAPS, EXPECTED
from shuangkong.accounting.tables import BOOK_ENTRIES, DEDUCTIONS, TOTALS
from shuangkong.engine.api import compile_sql
from shuangkong.engine.executors import Dialect, Executor
from shuangkong.registry.tables import SUBJECT_CLOSURE, SUBJECTS

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

_SHAPE = (
    "indicator_id", "base", "method_id", "subject_id", "period_key", "period_kind", "period_start", "period_end",
    "value", "over", "under", "state", "needs", "coverage", "rank",
)  # fmt: skip


def chain(dialect: Dialect) -> list[tuple[str, str]]:
    """(name, SQL) in order: amounts, leaves, returns, levels, totals, deductions, indicators, changes."""
    found: list[tuple[str, str]] = []

    def keep(name: str, rows: ir.Table) -> ir.Table:
        found.append((name, compile_sql(rows, dialect)))
        return ibis.table(rows.schema(), name=name)

    closed = SUBJECT_CLOSURE.ibis()
    amount = keep("amounts", amounts(BOOK_ENTRIES.ibis(), FACTORS.ibis(), AREAS.ibis()))
    leaf = keep("leaves", leaves(amount))
    back = keep("returns", returns(leaf, EXPECTED.ibis()))
    above = keep("leaf_levels", levels(leaf, closed))
    due = keep("return_levels", return_levels(back, closed))
    sums = keep("totals", totals(above, due).select([c.name for c in TOTALS.columns]))
    gaps = keep("unknown_sums", unknown(above, back, closed))
    less = keep(
        "deductions",
        deductions(sums, gaps, APPLIES.ibis(), CAPS.ibis()).select([c.name for c in DEDUCTIONS.columns]),
    )
    books = Books(sums, less, SUBJECTS.ibis())
    shaped = []
    for one in INDICATORS.values():
        rows = keep(f"indicator_{one.id}", one.compute(books))
        shaped.append(rows.mutate(indicator_id=ibis.literal(str(one.id)), base=ibis.literal("")).select(*_SHAPE))
    values = keep("level_values", ibis.union(*shaped))
    bases = BASES.ibis()
    keep("changes", level_changes(values, bases.filter(bases.kind == "level").drop("kind", "last_year")))
    keep("increments", increments(values, bases.filter(bases.kind == "increment").drop("kind", "last_year")))
    return found


def run_chain(engine: Executor, tables: dict[str, pa.Table], steps: list[tuple[str, str]]) -> dict[str, pa.Table]:
    """Bind the inputs, keep every step, and give the rows of each."""
    for name, table in tables.items():
        engine.bind(name, table)
    results = {}
    for name, sql in steps:
        engine.keep(name, sql)
        results[name] = engine.run(f"SELECT * FROM {name}")
    return results


def digits(table: pa.Table) -> list[tuple[tuple[str, str], ...]]:
    """The rows as sorted text, decimals at their six places: equal lists are the same digits row for row."""
    return sorted(tuple((k, _text(v)) for k, v in sorted(row.items())) for row in table.to_pylist())


def _text(value: object) -> str:
    from decimal import Decimal

    if isinstance(value, Decimal):
        # a whole number may come back as numeric from one engine and as an integer from another
        plain = value.normalize()
        return format(plain + 0, "f")
    return repr(value) if value is None else str(value)


def small() -> dict[str, pa.Table]:
    """Books small enough for every engine."""
    return made(20260203).tables
