"""The accounting expressions in order (演算): the same functions as in a run, over named tables in memory.

Worked cases, the snapshots of compiled SQL and second opinions stand on this; a run adds registry, lake and packs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import cache
from typing import TYPE_CHECKING

import ibis
import pyarrow as pa

from shuangkong.accounting import indicators, pollutants  # noqa: F401  (importing them fills the register)
from shuangkong.accounting.changes import increments, level_changes
from shuangkong.accounting.deducting import deductions
from shuangkong.accounting.feeding import FACTORS, Case, factor_rows
from shuangkong.accounting.methods import Method
from shuangkong.accounting.register import INDICATORS, Books
from shuangkong.accounting.rollup import amounts, leaves, levels, return_levels, returns, totals, unknown
from shuangkong.accounting.snapshots import APPLIES, AREAS, BASES, CAPS, EXPECTED
from shuangkong.accounting.tables import AMOUNTS, BOOK_ENTRIES, DEDUCTIONS, TOTALS
from shuangkong.engine.api import DuckDB, TableContract, compile_sql
from shuangkong.policy.api import PackSet
from shuangkong.registry.api import SUBJECT_CLOSURE, SUBJECTS

if TYPE_CHECKING:
    import ibis.expr.types as ir

#: Tables that must be bound before anything can be worked out.
INPUTS: tuple[TableContract, ...] = (
    BOOK_ENTRIES, FACTORS, AREAS, EXPECTED, SUBJECT_CLOSURE, SUBJECTS, APPLIES, CAPS, BASES,
)  # fmt: skip
SHAPE = (
    "indicator_id", "base", "method_id", "subject_id", "period_key", "period_kind", "period_start", "period_end",
    "value", "over", "under", "state", "needs", "coverage", "rank",
)  # fmt: skip


def queries() -> dict[str, ir.Table]:
    """Every expression over unbound tables, in order; each reads those before it by their names."""
    found: dict[str, ir.Table] = {}

    def named(name: str, rows: ir.Table, contract: TableContract | None = None) -> ir.Table:
        found[name] = rows.select([c.name for c in contract.columns]) if contract else rows
        return ibis.table(found[name].schema(), name=name)

    closure = SUBJECT_CLOSURE.ibis()
    made = named("amounts", amounts(BOOK_ENTRIES.ibis(), FACTORS.ibis(), AREAS.ibis()), AMOUNTS)
    leaf = named("leaves", leaves(made))
    back = named("returns", returns(leaf, EXPECTED.ibis()))
    above = named("leaf_levels", levels(leaf, closure))
    due = named("return_levels", return_levels(back, closure))
    summed = named("totals", totals(above, due), TOTALS)
    gaps = named("unknown_sums", unknown(above, back, closure))
    less = named("deductions", deductions(summed, gaps, APPLIES.ibis(), CAPS.ibis()), DEDUCTIONS)
    books = Books(summed, less, SUBJECTS.ibis())
    flat = []
    for one in INDICATORS.values():
        rows = named(one.id, one.compute(books))
        flat.append(rows.mutate(indicator_id=ibis.literal(str(one.id)), base=ibis.literal("")).select(*SHAPE))
    values = named("level_values", ibis.union(*flat))
    bases = BASES.ibis()
    levels_of, rises_of = (
        bases.filter(bases.kind == k).select("indicator_id", "base_year") for k in ("level", "increment")
    )
    named("level_changes", level_changes(values, levels_of))
    named("increments", increments(values, rises_of))
    return found


@cache
def compiled() -> tuple[tuple[str, str], ...]:
    """(name, DuckDB SQL) of every query, in order."""
    return tuple((name, compile_sql(rows)) for name, rows in queries().items())


def work_out(tables: Mapping[str, pa.Table], *, wanted: Iterable[str] = ()) -> dict[str, pa.Table]:
    """The rows of every query (or of those that are wanted), run on DuckDB in memory over INPUTS by name.

    A table that is not given is empty.
    """
    names = set(wanted) or {name for name, _ in compiled()}
    every = _needed(names)
    with DuckDB(threads=1) as engine:
        for contract in INPUTS:
            engine.bind(contract.name, tables.get(contract.name, contract.arrow_schema.empty_table()))
        for name, sql in every:
            engine.keep(name, sql)
        return {name: engine.run(f"SELECT * FROM {name}") for name, _ in every if name in names}


def _needed(names: set[str]) -> list[tuple[str, str]]:
    """The queries up to the last that is wanted; an indicator only if it, or what all of them make, is wanted."""
    every = compiled()
    last = max(i for i, (name, _) in enumerate(every) if name in names)
    all_of_them = not names.isdisjoint(("level_values", "level_changes", "increments"))
    return [(n, sql) for n, sql in every[: last + 1] if n in names or n not in INDICATORS or all_of_them]


def factors_for(
    entries: pa.Table,
    areas: pa.Table,
    packs: PackSet,
    methods: Sequence[Method],
    paths: Mapping[str, tuple[str, ...]],
    known: date,
) -> pa.Table:
    """FACTORS for every combination that occurs in the entries; `paths` as in `factor_rows`."""
    area = {r["subject_id"]: r["area"] or "" for r in areas.to_pylist()}
    cases = {
        Case(
            r["book"], r["item"], r["role"], r["unit"], r["period_start"].year, area.get(r["subject_id"], ""),
            r["basis"] or r["price_base"] or "",
        )
        for r in entries.to_pylist()
    }  # fmt: skip
    return FACTORS.from_rows(factor_rows(packs, methods, cases, paths, known))
