"""A table on a page (页面表格): one page of rows, the choices that are offered, and the links that change them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from markupsafe import Markup

from shuangkong.webkit.tables.choices import Choices, Given, filter_named
from shuangkong.webkit.tables.source import Source
from shuangkong.webkit.tables.spec import Row, TableColumn, TableSpec

#: Values of a filter that a select offers at most; a longer list is asked for by the search field.
OFFERED = 200


@dataclass(frozen=True)
class Part:
    """One page of rows, and where they stand among all that fit."""

    rows: Sequence[Row]
    number: int
    pages: int
    total: int
    size: int

    @property
    def first(self) -> int:
        """Place of the first row of the page; 0 where there is none."""
        return (self.number - 1) * self.size + 1 if self.rows else 0

    @property
    def last(self) -> int:
        """Place of the last row of the page."""
        return (self.number - 1) * self.size + len(self.rows)


def read_part(source: Source, choices: Choices, given: Given | None = None) -> Part:
    """The page that is asked for; one beyond the end is the last."""
    where = choices.conditions(given)
    total = source.count(where)
    size = choices.rows
    pages = max(1, -(-total // size))
    number = min(choices.page, pages)
    order = choices.spec.order(choices.order_name)
    rows = source.page(where, order, size, (number - 1) * size) if total else []
    return Part(rows, number, pages, total, size)


@dataclass(frozen=True)
class TableView:
    """What the template draws. `words` turn the values of a filter into what people call them."""

    choices: Choices
    part: Part
    path: str
    offered: Mapping[str, Sequence[tuple[str, int]]]
    words: Mapping[str, Callable[[str], str]] = field(default_factory=dict)
    formats: tuple[str, ...] = ("csv", "xlsx")

    @property
    def spec(self) -> TableSpec:
        """The table's columns."""
        return self.choices.spec

    @property
    def element(self) -> str:
        """The id of the part of the page that is exchanged."""
        return f"table-{self.spec.name.replace('_', '-')}"

    def to(self, choices: Choices) -> str:
        """The address of this page with other choices."""
        return choices.address(self.path)

    @property
    def swap(self) -> Markup:
        """The attributes by which htmx exchanges the table alone, and keeps the address."""
        return Markup('hx-target="#{0}" hx-select="#{0}" hx-swap="outerHTML" hx-push-url="true"').format(self.element)

    def link(self, address: str) -> Markup:
        """The attributes of a link that works without htmx as with it."""
        return Markup('href="{0}" hx-get="{0}" {1}').format(address, self.swap)

    def export(self, ending: str) -> str:
        """The address of the same choices as a file."""
        return self.choices.on(1).address(f"{self.path}.{ending}")

    def sorted(self, column: TableColumn) -> Literal["ascending", "descending", "none"]:
        """How the rows stand by a column, as `aria-sort` says it."""
        first, down = self.spec.order(self.choices.order_name)[0]
        if first != self.spec.sorts_by(column.name):
            return "none"
        return "descending" if down else "ascending"

    def turned(self, column: TableColumn) -> str:
        """The address that sorts by the column, or turns its order round."""
        name = f"-{column.name}" if self.sorted(column) == "ascending" else column.name
        return self.to(self.choices.by(name))

    @property
    def chips(self) -> list[tuple[TableColumn, str, str, str]]:
        """What is chosen: column, end of a range or nothing, the value in words, and the address without it."""
        return [
            (*filter_named(self.spec, k), self.word(k, v), self.to(self.choices.without(k, v)))
            for k, v in self.choices.filters
        ]

    @property
    def unsearched(self) -> Choices:
        """The choices without the words searched for."""
        return replace(self.choices, q="", page=1)

    @property
    def cleared(self) -> Choices:
        """No filter at all, in the same order and size."""
        return replace(self.choices, q="", filters=(), page=1)

    def word(self, key: str, value: str) -> str:
        """What people call a value of a filter."""
        return self.words[key](value) if key in self.words else value

    @property
    def selects(self) -> list[TableColumn]:
        """Filters that offer their values."""
        return [c for c in self.spec.columns if c.name in self.offered]

    @property
    def folded(self) -> list[TableColumn]:
        """Filters under “more conditions”: the rare ones, and those that are typed."""
        return [c for c in self.selects if c.rare] + self.fields

    @property
    def fields(self) -> list[TableColumn]:
        """Filters that are typed."""
        return [c for c in self.spec.columns if c.filter in ("contains", "range")]

    @property
    def open(self) -> bool:
        """Whether a folded filter is set, so that its field is shown; what the page itself fills in does not count."""
        folded = {c.name for c in self.folded} - set(self.spec.said)
        return any(filter_named(self.spec, k)[0].name in folded for k, _ in self.choices.filters)

    @property
    def carried(self) -> list[tuple[str, str]]:
        """What the form of filters carries on although it has no field for it: second values, and page size."""
        visible = {c.name for c in (*self.selects, *self.fields)}
        seen: set[str] = set()
        kept: list[tuple[str, str]] = []
        for key, value in self.choices.filters:
            if filter_named(self.spec, key)[0].name not in visible or key in seen:
                kept.append((key, value))
            seen.add(key)
        return kept + ([("size", str(self.choices.size))] if self.choices.size else [])


def table_view(
    source: Source,
    choices: Choices,
    path: str,
    *,
    given: Given | None = None,
    words: Mapping[str, Callable[[str], str]] | None = None,
    offered: Mapping[str, Sequence[tuple[str, int]]] | None = None,
    formats: tuple[str, ...] = ("csv", "xlsx"),
    counted: Mapping[str, str] | None = None,
) -> TableView:
    """The table with each choice's counts under all the others; `offered` adds or replaces lists of values.

    `counted` names the column of the source whose values a filter offers, where that is not the filter's own.
    """
    columns = {
        c.name: c.name for c in choices.spec.columns
        if c.filter == "choice" and c.kind not in ("number", "date", "instant") and c.name not in (offered or {})
    } | dict(counted or {})  # fmt: skip
    tallies = source.tallies({column: choices.conditions(given, leave=name) for name, column in columns.items()})
    found: dict[str, Sequence[tuple[str, int]]] = {
        name: _with_chosen(tallies[column][:OFFERED], choices, name) if choices.spec[name].filter == "choice"
        else tallies[column]
        for name, column in columns.items()
    }  # fmt: skip
    found.update(offered or {})
    return TableView(choices, read_part(source, choices, given), path, found, words or {}, formats)


def _with_chosen(counts: list[tuple[str, int]], choices: Choices, name: str) -> list[tuple[str, int]]:
    chosen = [v for k, v in choices.filters if k == name]
    known = {v for v, _ in counts}
    return counts + [(v, 0) for v in chosen if v not in known]
