"""What a table is (表格说明): its columns, how it may be sorted, filtered and searched, and what keeps pages apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from shuangkong.kernel.labels import Label

Row = Mapping[str, Any]
Kind = Literal["text", "number", "date", "instant", "flag", "status"]
#: choice: one or more of the values; contains: part of the text; range: from … to …;
#: given: the page says what a value means, for example a region with all that lies in it.
FilterKind = Literal["", "choice", "contains", "range", "given"]
Order = tuple[tuple[str, bool], ...]


@dataclass(frozen=True, slots=True)
class TableColumn:
    """One column of a source. `unit` is a unit id, or `column:<name>` where it differs from row to row.

    A column that is not `shown` may still be filtered by, and goes into the export if it is `exported`. `by` is the
    column of the source that it is sorted by, if not its own: a name by its code. A `rare` filter is folded away.
    """

    name: str
    label: Label
    kind: Kind = "text"
    unit: str = ""
    places: int | None = None
    sortable: bool = False
    by: str = ""
    filter: FilterKind = ""
    shown: bool = True
    exported: bool = True
    wrap: bool = False
    rare: bool = False
    href: Callable[[Row], str] | None = None

    @property
    def right(self) -> bool:
        """Whether it stands to the right, digit under digit."""
        return self.kind == "number"


@dataclass(frozen=True)
class TableSpec:
    """A table. `key` names the columns that no two rows share; `orders` are orders by name, `-name` turned round.

    `search` are the text columns that the search field looks in, `synthetic` the flag column of invented rows,
    `codes` whether the heads of an export carry the column's name as well. `said` are filters that a page fills in
    where an address names none of them: the table's own addresses then say that none is wanted.
    """

    name: str
    label: Label
    columns: tuple[TableColumn, ...]
    key: tuple[str, ...]
    orders: Mapping[str, tuple[str, ...]]
    default: str
    search: tuple[str, ...] = ()
    synthetic: str = ""
    codes: bool = False
    said: tuple[str, ...] = ()
    sizes: tuple[int, ...] = (50, 100, 200)
    _index: dict[str, TableColumn] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._index.update({c.name: c for c in self.columns})
        if self.default not in self.orders or not self.key:
            raise ValueError(f"the table {self.name} needs a key and a default order among its orders")

    def __getitem__(self, name: str) -> TableColumn:
        return self._index[name]

    def __contains__(self, name: object) -> bool:
        return name in self._index

    @property
    def shown(self) -> tuple[TableColumn, ...]:
        """Columns of the page."""
        return tuple(c for c in self.columns if c.shown)

    @property
    def exported(self) -> tuple[TableColumn, ...]:
        """Columns of the export."""
        return tuple(c for c in self.columns if c.exported)

    def sortable(self, sort: str) -> bool:
        """Whether a table may be asked to stand in this order."""
        column = self._index.get(sort.removeprefix("-"))
        return sort in self.orders or (column is not None and column.sortable)

    def sorts_by(self, name: str) -> str:
        """The column of the source that a column is sorted by."""
        column = self._index.get(name)
        return column.by if column and column.by else name

    def order(self, sort: str) -> Order:
        """Columns with whether they go down; the key comes last, so that no row is on two pages."""
        names = self.orders.get(sort, (sort,))
        asked = [(self.sorts_by(n.removeprefix("-")), n.startswith("-")) for n in names]
        named = {n for n, _ in asked}
        return (*asked, *((k, False) for k in self.key if k not in named))
