"""Rows of the two book contracts from the carried real data: exact, each with its file and row."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal

from shuangkong.app.demo.catalogue import CarriedFile, Catalogue, EntryColumn, Fixed, ReportedColumn
from shuangkong.dualcontrol.api import EXTENT
from shuangkong.kernel.ids import digest
from shuangkong.kernel.numbers import MAX_QUANTITY
from shuangkong.kernel.periods import Period
from shuangkong.kernel.units import convert

#: Subject id of a GB/T 2260 code (000000: the nation) on a day.
Resolve = Callable[[str, date], str]
#: Source id of a carried file.
SourceOf = Callable[[CarriedFile], str]
Row = dict[str, object]

_SLUG = re.compile(r"[^a-z0-9]+")


def reported_rows(catalogue: Catalogue, resolve: Resolve, source: SourceOf) -> Iterator[Row]:
    """Rows of `reported_values`, all columns but `recorded_at`, in the order of the files.

    An empty cell gives a row without value whose `note` is the state: not_published or not_in_copy.
    """
    for carried in catalogue.files:
        for number, cells in carried.rows() if carried.reported else ():
            common = _common(catalogue, carried, number, cells, resolve, source)
            for column in carried.reported:
                yield {**common, **_reported(carried, number, cells, column, _code(catalogue, carried, cells))}


def entry_rows(catalogue: Catalogue, resolve: Resolve, source: SourceOf) -> Iterator[Row]:
    """Rows of `book_entries`, all columns but `recorded_at`; items that are sums of others are left out."""
    for carried in catalogue.files:
        for number, cells in carried.rows() if carried.entries else ():
            common = _common(catalogue, carried, number, cells, resolve, source)
            for column in carried.entries:
                if column.item_column is not None and cells[column.item_column] in column.totals:
                    continue
                yield {**common, **_entry(catalogue, carried, number, cells, column)}


def total_rows(catalogue: Catalogue) -> Iterator[tuple[CarriedFile, int, dict[str, str], EntryColumn, str]]:
    """Rows that are sums of others: (file, row, cells, column, what they sum), for cross-checks."""
    for carried in catalogue.files:
        for column in carried.entries:
            if column.item_column is None or not column.totals:
                continue
            for number, cells in carried.rows():
                kind = column.totals.get(cells[column.item_column])
                if kind is not None:
                    yield carried, number, cells, column, kind


def _code(catalogue: Catalogue, carried: CarriedFile, cells: dict[str, str]) -> str:
    place = carried.region
    if place.fixed is not None:
        return place.fixed
    text = cells[place.column or ""].strip()
    if place.names is not None:
        return catalogue.regions[place.names][text]
    return text or place.empty or _bad(carried, "an empty region code")


def _period(carried: CarriedFile, cells: dict[str, str]) -> Period:
    named = carried.period
    return Period.parse(named.fixed if isinstance(named, Fixed) else cells[named])


def _common(
    catalogue: Catalogue,
    carried: CarriedFile,
    number: int,
    cells: dict[str, str],
    resolve: Resolve,
    source: SourceOf,
) -> Row:
    period = _period(carried, cells)
    known, sure = carried.known_by, carried.confidence_by
    return {
        "subject_id": resolve(_code(catalogue, carried, cells), period.last_day),
        "period_key": period.key,
        "period_kind": period.kind.value,
        "period_start": period.start,
        "period_end": period.end,
        "source_id": source(carried),
        "source_row": number,
        "known_on": known.values[cells[known.column]] if known else carried.known,
        "corrects": None,
        "confidence": sure.values[cells[sure.column]] if sure else carried.confidence,
    }


def _reported(carried: CarriedFile, number: int, cells: dict[str, str], column: ReportedColumn, code: str) -> Row:
    text = cells[column.column].strip()
    if text:
        value: Decimal | None = -Decimal(text) if column.negate else Decimal(text)
        note = _note(carried, cells, column, code)
    else:
        value = None
        note = column.blank.get(code) or column.blank.get("*") or _bad(carried, f"row {number}: no {column.column}")
    return {
        "reported_id": f"v_{digest('demo', carried.file, str(number), column.indicator)}",
        "indicator_id": column.indicator,
        "value": value,
        "unit": column.unit,
        "note": note,
    }


def _note(carried: CarriedFile, cells: dict[str, str], column: ReportedColumn, code: str) -> str | None:
    year = _period(carried, cells).start.year
    parts = [b.note for b in carried.breaks if b.covers(year)]
    parts += [f"{EXTENT}{e.note}" for e in carried.extents if e.code == code and year >= e.start]
    parts += [f"GDP at {column.price_base} prices"] if column.price_base else []
    parts += [cells[carried.note_column]] if carried.note_column else []
    parts += [carried.note] if carried.note else []
    parts += ["published as a fall; the sign is turned"] if column.negate else []
    return "; ".join(p for p in parts if p) or None


def _entry(catalogue: Catalogue, carried: CarriedFile, number: int, cells: dict[str, str], column: EntryColumn) -> Row:
    item = column.item
    if column.item_column is not None:
        item = catalogue.items_of(column)[cells[column.item_column]]
    role = column.role
    if column.role_column is not None:
        role = column.role_prefix + _SLUG.sub("_", cells[column.role_column].lower()).strip("_")
    text = cells[column.column].strip()
    quantity = convert(Decimal(text), column.unit, column.stored_unit) if text else None
    if quantity is not None and abs(quantity) > MAX_QUANTITY:
        _bad(carried, f"row {number}: {quantity} {column.stored_unit} has too many digits")
    return {
        "entry_id": f"e_{digest('demo', carried.file, str(number), column.column)}",
        "book": column.book,
        "item": item,
        "role": role,
        "extent": column.extent,
        "quantity": quantity,
        "unit": column.stored_unit,
        "basis": column.basis,
        "price_base": column.price_base,
        "state": "ok" if text else "not_published",
        "use": None,
    }


def _bad(carried: CarriedFile, what: str) -> str:
    """The carried files ship with the program, so a fault in one is a bug."""
    raise ValueError(f"{carried.file}: {what}")
