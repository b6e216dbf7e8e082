"""Table contracts (表契约): the columns, types, units and key that a stored table must have.

One contract is the unbound Ibis table of an expression, the Arrow schema of a file and the page of the column
dictionary. Versions are additive: a reader upcasts an older file by adding the new columns as null.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import pyarrow as pa
import pyarrow.compute as pc

from shuangkong.kernel.labels import Label

if TYPE_CHECKING:
    import ibis.expr.types as ir

Kind = Literal["text", "integer", "quantity", "amount", "factor", "date", "instant", "flag"]

_ARROW: dict[Kind, pa.DataType] = {
    "text": pa.string(),
    "integer": pa.int64(),
    "quantity": pa.decimal128(18, 6),
    "amount": pa.decimal128(38, 6),
    "factor": pa.decimal128(20, 14),
    "date": pa.date32(),
    "instant": pa.timestamp("us", tz="UTC"),
    "flag": pa.bool_(),
}
_IBIS: dict[Kind, str] = {
    "text": "string",
    "integer": "int64",
    "quantity": "decimal(18, 6)",
    "amount": "decimal(38, 6)",
    "factor": "decimal(20, 14)",
    "date": "date",
    "instant": "timestamp('UTC')",
    "flag": "boolean",
}


class ContractBroken(Exception):
    """A table does not keep its contract: a bug in the step that made it, never a user's mistake."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: `unit` names a column or a fixed unit of a number; `null` says what an empty cell means."""

    name: str
    kind: Kind
    label: Label
    unit: str = ""
    nullable: bool = False
    doc: str = ""


@dataclass(frozen=True, slots=True)
class Confidential:
    """What of a table a public page does not tell: SQL over its columns and the keys of `withheld`.

    `hidden` is the condition, `unchecked` the one for a run without such keys; `blank` gives what stands in the place
    of columns. Without any, the row is left out.
    """

    hidden: str
    unchecked: str
    blank: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class TableContract:
    """A stored table: key columns are never null and never twice; `subject` is what Scope is applied to."""

    name: str
    label: Label
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    subject: str | None = "subject_id"
    version: int = 1
    doc: str = ""
    confidential: Confidential | None = None
    #: Rows of a file that are read together: few where readers ask for one key among many.
    group_rows: int = 65_536
    _index: dict[str, Column] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._index.update({c.name: c for c in self.columns})
        missing = [k for k in (*self.key, *([self.subject] if self.subject else [])) if k not in self._index]
        if missing:
            raise ContractBroken(f"{self.name}: no column {', '.join(missing)}")

    def __getitem__(self, name: str) -> Column:
        return self._index[name]

    @cached_property
    def arrow_schema(self) -> pa.Schema:
        """The schema of a file of this table."""
        return pa.schema([pa.field(c.name, _ARROW[c.kind], nullable=c.nullable) for c in self.columns])

    def ibis(self) -> ir.Table:
        """The unbound table that expressions are written against."""
        import ibis

        return ibis.table({c.name: _IBIS[c.kind] for c in self.columns}, name=self.name)

    def from_rows(self, rows: list[dict[str, object]]) -> pa.Table:
        """An Arrow table from Python rows; a missing key of a nullable column is null."""
        columns = {c.name: [r.get(c.name) for r in rows] for c in self.columns}
        return self.checked(pa.table(columns, schema=self.arrow_schema))

    def checked(self, table: pa.Table) -> pa.Table:
        """The same rows in the contract's order and types, or ContractBroken naming what is wrong."""
        extra = set(table.column_names) - set(self._index)
        absent = [c.name for c in self.columns if c.name not in table.column_names]
        if extra or absent:
            raise ContractBroken(f"{self.name}: missing {absent}, unknown {sorted(extra)}")
        try:
            table = table.select([c.name for c in self.columns]).cast(self.arrow_schema)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, ValueError) as wrong:
            raise ContractBroken(f"{self.name}: {wrong}") from wrong
        for c in self.columns:
            if not c.nullable and table.column(c.name).null_count:
                raise ContractBroken(f"{self.name}.{c.name}: null in a column that must be filled")
        self._check_key(table)
        return table

    def _check_key(self, table: pa.Table) -> None:
        if not self.key or not table.num_rows:
            return
        groups = table.group_by(list(self.key)).aggregate([([], "count_all")])
        if groups.num_rows != table.num_rows:
            twice = groups.filter(pc.greater(groups.column("count_all"), 1)).slice(0, 3).to_pylist()
            raise ContractBroken(f"{self.name}: key {self.key} is not unique, e.g. {twice}")


def upcast(table: pa.Table, contract: TableContract) -> pa.Table:
    """An older file read as the present version: columns added since are null."""
    for c in contract.columns:
        if c.name not in table.column_names:
            table = table.append_column(c.name, pa.nulls(table.num_rows, _ARROW[c.kind]))
    return table.select([c.name for c in contract.columns]).cast(contract.arrow_schema)


def text(name: str, zh: str, en: str, *, nullable: bool = False, doc: str = "") -> Column:
    """A text column."""
    return Column(name, "text", Label(zh, en), nullable=nullable, doc=doc)


def number(name: str, kind: Kind, zh: str, en: str, unit: str, *, nullable: bool = False, doc: str = "") -> Column:
    """A number column; `unit` is a unit id or `column:<name>` where rows differ."""
    return Column(name, kind, Label(zh, en), unit=unit, nullable=nullable, doc=doc)


def day(name: str, zh: str, en: str, *, nullable: bool = False, doc: str = "") -> Column:
    """A business-day column."""
    return Column(name, "date", Label(zh, en), nullable=nullable, doc=doc)


def instant(name: str, zh: str, en: str, *, nullable: bool = False, doc: str = "") -> Column:
    """An aware UTC instant."""
    return Column(name, "instant", Label(zh, en), nullable=nullable, doc=doc)


PERIOD_COLUMNS: tuple[Column, ...] = (
    text("period_key", "期间", "period"),
    text("period_kind", "期间类型", "kind of period"),
    day("period_start", "期初", "first day"),
    day("period_end", "期末次日", "day after the last"),
)
