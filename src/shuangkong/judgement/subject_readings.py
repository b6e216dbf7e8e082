"""What the inputs of a table are for one subject (主体的输入取值): the readings of a run, for a page that asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import pyarrow as pa

from shuangkong.accounting.api import INDICATOR_VALUES, TOTALS, Method
from shuangkong.engine.api import DuckDB, amount, compile_sql
from shuangkong.judgement.reaching import Bindings
from shuangkong.judgement.readings import converted, reading_of
from shuangkong.kernel.findings import CONFIDENCES
from shuangkong.kernel.numbers import quantise
from shuangkong.kernel.periods import Period
from shuangkong.policy.api import Bindable, InputEntry, conversion, unit_of
from shuangkong.registry.api import written


@dataclass(frozen=True, slots=True)
class Given:
    """One input of a subject: its value where it may be decided on, and what is known of it.

    Where the state is at_least, `seen` is what the value is no less than.
    """

    value: Decimal | str | None
    seen: Decimal | None
    state: str
    coverage: Decimal
    confidence: str


def subject_readings(
    inputs: Bindings, values: pa.Table, totals: pa.Table, fields: Mapping[str, object], methods: Sequence[Method],
    period: Period,
) -> dict[str, Given]:  # fmt: skip
    """The bound inputs of a table for one subject in a year or month, as the table is decided for.

    values, totals: INDICATOR_VALUES and TOTALS of the subject. fields: what the register says, by name of the field.
    """
    found: dict[str, Given] = {}
    for name, bound in inputs.bound.items():
        if bound.source == "field":
            found[name] = _registered(fields.get(bound.name), bound, inputs.entries[name])
    with DuckDB(threads=1) as engine:
        engine.bind(INDICATOR_VALUES.name, values)
        engine.bind(TOTALS.name, totals)
        for name in inputs.readings:
            found[name] = _read(engine, inputs, name, methods, period)
    return found


def _registered(value: object, bound: Bindable, entry: InputEntry) -> Given:
    """A field of the register: a number in the unit of the table, anything else as a cell has it."""
    state = "not_registered" if value is None or value == "" else "ok"
    if isinstance(value, Decimal):
        over, under = conversion(unit_of(bound.unit), unit_of(entry.unit or bound.unit)) or (Decimal(1), Decimal(1))
        number = quantise(value * over / under)
        return Given(number, number, state, Decimal(1), "confirmed")
    words = None if state != "ok" else written(value)
    return Given(words, None, state, Decimal(1), "confirmed")


def _read(engine: DuckDB, inputs: Bindings, name: str, methods: Sequence[Method], period: Period) -> Given:
    bound, entry = inputs.bound[name], inputs.entries[name]
    rows = reading_of(inputs, name).rows(methods)
    rows = rows.filter(
        rows.period_key == (period.key if inputs.every(name) == inputs.grain else str(period.start.year))
    )
    rows = rows.mutate(
        seen=converted(rows.seen, bound.unit, entry.unit or bound.unit), coverage=rows.coverage.coalesce(amount(0))
    )
    told = engine.run(compile_sql(rows)).to_pylist()
    if not told:
        return Given(None, None, "no_value", Decimal(0), "confirmed")
    row = told[0]
    enough = entry.min_coverage if entry.min_coverage is not None else Decimal(1)
    whole = row["state"] == "ok" or (row["state"] == "partial" and row["coverage"] >= enough)
    mark = CONFIDENCES[row["rank"] or 0]
    return Given(row["seen"] if whole else None, row["seen"], row["state"], row["coverage"], mark)
