"""Rows of the registry database (登记库): a SQLAlchemy select, the same answers from SQLite and from PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from shuangkong.engine.api import reading
from shuangkong.webkit.tables.choices import Condition
from shuangkong.webkit.tables.source import BATCH
from shuangkong.webkit.tables.spec import Order, Row


class SelectSource:
    """Rows of a select, whose column names are those of the table's spec. The reader's scope is part of the select."""

    def __init__(self, engine: Engine, select: sa.Select[Any]) -> None:
        self._engine = engine
        self._rows = select.subquery("listed")

    def count(self, where: Sequence[Condition]) -> int:
        """How many rows fit."""
        query = sa.select(sa.func.count()).select_from(self._rows).where(*self._where(where))
        with reading(self._engine) as db:
            return int(db.execute(query).scalar_one())

    def page(self, where: Sequence[Condition], order: Order, limit: int, offset: int) -> list[Row]:
        """Some rows that fit, in order."""
        with reading(self._engine) as db:
            found = db.execute(self._ordered(where, order).limit(limit).offset(offset))
            return [dict(r) for r in found.mappings()]

    def batches(self, where: Sequence[Condition], order: Order) -> Iterator[list[Row]]:
        """All rows that fit, in order, some thousands at a time and never all in memory."""
        with reading(self._engine) as db:
            found = db.execution_options(yield_per=BATCH).execute(self._ordered(where, order))
            for part in found.mappings().partitions(BATCH):
                yield [dict(r) for r in part]

    def columns(self, where: Sequence[Condition], order: Order, names: Sequence[str]) -> Iterator[list[Row]]:
        """The same: a registry database gives rows."""
        return self.batches(where, order)

    def counts(self, column: str, where: Sequence[Condition]) -> list[tuple[str, int]]:
        """The values of a column with how many rows that fit have each."""
        wanted, n = self._rows.c[column], sa.func.count()
        query = sa.select(wanted, n).where(*self._where(where), wanted.is_not(None)).group_by(wanted)
        with reading(self._engine) as db:
            found = [(_text(v), int(m)) for v, m in db.execute(query)]
        return sorted(found, key=lambda x: (-x[1], x[0]))

    def tallies(self, wanted: Mapping[str, Sequence[Condition]]) -> dict[str, list[tuple[str, int]]]:
        """`counts` of several columns, each under its own conditions."""
        return {column: self.counts(column, where) for column, where in wanted.items()}

    def _ordered(self, where: Sequence[Condition], order: Order) -> sa.Select[Any]:
        query = sa.select(self._rows).where(*self._where(where))
        for name, down in order:
            column = self._sorted(name)
            query = query.order_by((column.desc() if down else column.asc()).nulls_last())
        return query

    def _sorted(self, name: str) -> sa.ColumnElement[Any]:
        column = self._rows.c[name]
        # PostgreSQL sorts text by the server's language, SQLite by code point; the same pages need the same order
        if isinstance(column.type, sa.String) and self._engine.dialect.name == "postgresql":
            return sa.collate(column, "C")
        return column

    def _where(self, conditions: Sequence[Condition]) -> list[sa.ColumnElement[bool]]:
        return [sa.or_(*(self._one(self._rows.c[name], c) for name in c.columns)) for c in conditions]

    def _one(self, column: sa.ColumnElement[Any], condition: Condition) -> sa.ColumnElement[bool]:
        if condition.op == "is":
            return column.in_(condition.values)
        if condition.op == "contains":
            return sa.or_(*(_contains(column, str(v)) for v in condition.values))
        value = condition.values[0]
        if condition.op == "from":
            return column >= value
        return column <= value if condition.op == "to" else column < value


def _contains(column: sa.ColumnElement[Any], value: str) -> sa.ColumnElement[bool]:
    # SQLite's lower() knows ASCII only, so the capitals of other alphabets have to be typed as they stand
    return sa.func.lower(column).like(sa.func.lower(f"%{_escaped(value)}%"), escape="/")


def _escaped(text: str) -> str:
    return text.replace("/", "//").replace("%", "/%").replace("_", "/_")


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
