"""Where rows come from (数据来源): filtering, sorting, counting and paging are the store's work, with bound values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from shuangkong.webkit.tables.choices import Condition
from shuangkong.webkit.tables.columns import Batch
from shuangkong.webkit.tables.spec import Order, Row

#: Rows that are read at once from the registry database, and from a file.
BATCH = 2_000
FILE_BATCH = 10_000


class Source(Protocol):
    """Rows that a reader may see, and nothing of any others: the scope is applied inside."""

    def count(self, where: Sequence[Condition]) -> int:
        """How many rows fit."""

    def page(self, where: Sequence[Condition], order: Order, limit: int, offset: int) -> list[Row]:
        """Some rows that fit, in order; what is empty comes last either way."""

    def batches(self, where: Sequence[Condition], order: Order) -> Iterator[list[Row]]:
        """All rows that fit, in order, some thousands at a time."""

    def columns(self, where: Sequence[Condition], order: Order, names: Sequence[str]) -> Iterator[Batch]:
        """The same as an export reads them: by column where the store has columns, the named ones alone, or all."""

    def counts(self, column: str, where: Sequence[Condition]) -> list[tuple[str, int]]:
        """The values of a column with how many rows that fit have each, the most frequent first."""

    def tallies(self, wanted: Mapping[str, Sequence[Condition]]) -> dict[str, list[tuple[str, int]]]:
        """`counts` of several columns, each under its own conditions."""
