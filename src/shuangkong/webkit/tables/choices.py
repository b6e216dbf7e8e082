"""What is asked of a table (筛选、排序、翻页): read once from the address, and written back into every link."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Literal
from urllib.parse import urlencode

from shuangkong.kernel.errors import UserError
from shuangkong.kernel.periods import CHINA
from shuangkong.webkit.tables.spec import TableColumn, TableSpec

LONGEST = 120
MOST_VALUES = 50
DEEPEST = 10_000_000
ENDS = ("_min", "_max")


@dataclass(frozen=True, slots=True)
class Condition:
    """What a row must fulfil in any one of the columns: is one of, contains, is at least, at most, or before."""

    columns: tuple[str, ...]
    op: Literal["is", "contains", "from", "to", "before"]
    values: tuple[object, ...]


Given = Mapping[str, Callable[[str], Condition]]


@dataclass(frozen=True, slots=True)
class Choices:
    """One reader's choices. `filters` are the pairs of the address; an empty `sort` is the table's own order."""

    spec: TableSpec
    q: str = ""
    filters: tuple[tuple[str, str], ...] = ()
    sort: str = ""
    page: int = 1
    size: int = 0

    @property
    def narrowed(self) -> bool:
        """Whether anything is chosen that leaves rows out."""
        return bool(self.q or self.filters)

    @property
    def order_name(self) -> str:
        """The order in force."""
        return self.sort or self.spec.default

    @property
    def rows(self) -> int:
        """Rows on a page."""
        return self.size or self.spec.sizes[0]

    def value(self, key: str) -> str:
        """What a filter is set to; empty where it is not."""
        return next((v for k, v in self.filters if k == key), "")

    def without(self, key: str, value: str | None = None) -> Choices:
        """The same, less a filter or one of its values; again from the first page."""
        kept = tuple(f for f in self.filters if f[0] != key or value not in (None, f[1]))
        return replace(self, filters=kept, page=1)

    def on(self, page: int) -> Choices:
        """Another page."""
        return replace(self, page=page)

    def by(self, sort: str) -> Choices:
        """Another order, from the first page."""
        return replace(self, sort="" if sort == self.spec.default else sort, page=1)

    def sized(self, size: int) -> Choices:
        """Another page size, from the first page."""
        return replace(self, size=0 if size == self.spec.sizes[0] else size, page=1)

    def address(self, path: str) -> str:
        """The address that brings exactly these choices back."""
        pairs: list[tuple[str, str | int]] = [("q", self.q)] if self.q else []
        pairs += self.filters
        if self.spec.said and not any(self.value(k) for k in self.spec.said):
            pairs.append((self.spec.said[0], ""))
        if self.sort:
            pairs.append(("sort", self.sort))
        if self.size:
            pairs.append(("size", self.size))
        if self.page > 1:
            pairs.append(("page", self.page))
        return path + (f"?{urlencode(pairs)}" if pairs else "")

    def conditions(self, given: Given | None = None, *, leave: str = "") -> tuple[Condition, ...]:
        """What the rows must fulfil; `leave` is a filter to leave out. Values of one filter are alternatives."""
        found: list[Condition] = []
        if self.q and self.spec.search:
            found.append(Condition(self.spec.search, "contains", (self.q,)))
        for key in dict.fromkeys(k for k, _ in self.filters):
            if key != leave:
                found.append(self._condition(key, tuple(v for k, v in self.filters if k == key), given or {}))
        return tuple(found)

    def _condition(self, key: str, values: tuple[str, ...], given: Given) -> Condition:
        column, end = filter_named(self.spec, key)
        if column.filter == "given":
            return given[key](values[0])
        if end:
            return _bound(column, end, values[0])
        if column.filter == "contains":
            return Condition((column.name,), "contains", values)
        return Condition((column.name,), "is", tuple(_value(column, v, key) for v in values))


def filter_named(spec: TableSpec, key: str) -> tuple[TableColumn, str]:
    """The column that a filter of the address is about, and its end of a range; raises FORM-001."""
    for end in ENDS:
        name = key.removesuffix(end)
        if name != key and name in spec and spec[name].filter == "range":
            return spec[name], end
    if key in spec and spec[key].filter not in ("", "range"):
        return spec[key], ""
    raise _wrong(
        key, f"the table has no filter “{key[:40]}”.", "Use the filters of the page; leave this one out.", "filter", key
    )


def parse_choices(
    spec: TableSpec,
    pairs: Iterable[tuple[str, str]],
    *,
    sizes: Container[int] | None = None,
    others: Container[str] = ("lang",),
) -> Choices:
    """Choices from the pairs of an address; raises FORM-001 naming what is unknown or out of range.

    `others` are names that mean something else to the page, and are left alone here.
    """
    single: dict[str, str] = {}
    filters: dict[tuple[str, str], None] = {}
    for key, raw in pairs:
        if key in others:
            continue
        value = _clean(key, raw)
        if key in ("q", "sort", "page", "size"):
            single[key] = value
            continue
        column, end = filter_named(spec, key)
        if value:
            _checked(column, end, value, key)
            filters[(key, value)] = None
    if len(filters) > MOST_VALUES:
        raise _wrong("filters", f"more than {MOST_VALUES} filters at once.", "Leave some out.", "filters", MOST_VALUES)
    sort = _sort(spec, single.get("sort", ""))
    page = _whole("page", single.get("page", ""), range(1, DEEPEST), 1)
    allowed = spec.sizes if sizes is None else sizes
    size = _whole("size", single.get("size", ""), allowed, 0)
    return Choices(spec, single.get("q", ""), tuple(filters), sort, page, 0 if size == spec.sizes[0] else size)


def _clean(key: str, raw: str) -> str:
    value = raw.strip()
    if len(value) > LONGEST or any(unicodedata.category(c) in ("Cc", "Cs") for c in value):
        raise _wrong(
            key[:40],
            f"{key[:40]} is longer than {LONGEST} characters or holds control characters.",
            "",
            "text",
            LONGEST,
        )
    return value


def _sort(spec: TableSpec, sort: str) -> str:
    if not sort:
        return ""
    if not spec.sortable(sort):
        raise _wrong(
            "sort", f"the table cannot stand in the order “{sort[:40]}”.", "Click the head of a column.", "order", sort
        )
    return "" if sort == spec.default else sort


def _whole(key: str, text: str, allowed: Container[int], empty: int) -> int:
    if not text:
        return empty
    plain = unicodedata.normalize("NFKC", text)
    if not (plain.isascii() and plain.isdigit() and len(plain) <= 9 and int(plain) in allowed):
        raise _wrong(
            key, f"{key} “{text[:20]}” is not one of the numbers allowed.", "Use the links of the page.", "page", text
        )
    return int(plain)


def _checked(column: TableColumn, end: str, value: str, key: str) -> None:
    if end or column.filter == "choice":
        _value(column, value, key)


def _value(column: TableColumn, text: str, key: str) -> object:
    """A value of the address as the column has it; raises FORM-001."""
    if column.kind == "number":
        return _number(text, key)
    if column.kind in ("date", "instant"):
        return _day(text, key)
    if column.kind == "flag":
        if text not in ("true", "false"):
            raise _wrong(key, f"“{text[:20]}” is neither true nor false.", "Write true or false.", "flag", text)
        return text == "true"
    return text


def _bound(column: TableColumn, end: str, text: str) -> Condition:
    value = _value(column, text, column.name + end)
    if column.kind == "instant" and isinstance(value, date):
        later = value + timedelta(days=1) if end == "_max" else value
        start = datetime(later.year, later.month, later.day, tzinfo=CHINA)
        return Condition((column.name,), "from" if end == "_min" else "before", (start,))
    return Condition((column.name,), "from" if end == "_min" else "to", (value,))


def _number(text: str, key: str) -> Decimal:
    plain = unicodedata.normalize("NFKC", text).replace("\u2212", "-").replace(",", "")
    try:
        value = Decimal(plain)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or abs(value) >= Decimal(10) ** 18 or value != round(value, 6):
        raise _wrong(
            key,
            f"“{text[:20]}” is not a number with at most 18 digits before and 6 after the point.",
            "",
            "number",
            text,
        )
    return round(value, 6)


def _day(text: str, key: str) -> date:
    plain = unicodedata.normalize("NFKC", text)
    try:
        found = date.fromisoformat(plain)
    except ValueError:
        raise _wrong(key, f"“{text[:20]}” is not a day.", "Write it as 2026-11-20.", "day", text) from None
    if not 1900 <= found.year <= 2200:
        raise _wrong(key, f"“{text[:20]}” is not a day between 1900 and 2200.", "Write it as 2026-11-20.", "day", text)
    return found


def _wrong(where: str, message: str, remedy: str, case: str, fact: str | int) -> UserError:
    return UserError(
        "FORM-001", message, where=where, remedy=remedy or "Change what was typed and try again.", case=f"table_{case}",
        facts={"given": fact if isinstance(fact, int) else fact[:40]},
    )  # fmt: skip


def query_parameters(spec: TableSpec, most: int) -> list[dict[str, object]]:
    """The parameters of the address as OpenAPI describes them, for an interface that reads `parse_choices`."""

    def one(name: str, schema: dict[str, object]) -> dict[str, object]:
        return {"name": name, "in": "query", "required": False, "schema": schema}

    text: dict[str, object] = {"type": "string", "maxLength": LONGEST}
    sorts = [*spec.orders, *(s for c in spec.columns if c.sortable for s in (c.name, f"-{c.name}"))]
    found = [one("q", text), one("sort", {"type": "string", "enum": list(dict.fromkeys(sorts))})]
    found.append(one("page", {"type": "integer", "minimum": 1, "maximum": DEEPEST - 1}))
    found.append(one("size", {"type": "integer", "minimum": 1, "maximum": most}))
    for c in spec.columns:
        if c.filter == "range":
            found += [one(c.name + end, text) for end in ENDS]
        elif c.filter:
            found.append(one(c.name, text))
    return found
