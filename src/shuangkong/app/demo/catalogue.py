"""The catalogue of carried real data: what each file is, and how its columns become rows of the two contracts."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

from shuangkong.kernel.labels import Label

Confidence = Literal["confirmed", "inferred", "unofficial", "recalled", "synthetic"]


class _Strict(BaseModel):
    """No key goes unread, nothing changes."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Title(_Strict):
    """A name for people."""

    zh: str
    en: str

    @property
    def label(self) -> Label:
        """The kernel's label."""
        return Label(self.zh, self.en)


class Place(_Strict):
    """Where a row's region stands: a column of GB/T 2260 codes, a column of names, or one fixed code.

    `empty` is the code meant by an empty cell; `names` names a table of `Catalogue.regions`.
    """

    column: str | None = None
    fixed: str | None = None
    empty: str | None = None
    names: str | None = None

    @model_validator(mode="after")
    def _one(self) -> Place:
        if (self.column is None) == (self.fixed is None):
            raise ValueError("give a column or a fixed code")
        return self


class Fixed(_Strict):
    """One text that holds for every row."""

    fixed: str


class ByColumn(_Strict):
    """A value that differs with the text of a column; every text is listed."""

    column: str
    values: dict[str, str]


class DayByColumn(_Strict):
    """A day that differs with the text of a column."""

    column: str
    values: dict[str, date]


class Break(_Strict):
    """A break in a series: rows from a year on, or before a year, carry the note."""

    start: int | None = Field(None, alias="from")
    end: int | None = Field(None, alias="to")
    note: str

    def covers(self, year: int) -> bool:
        """Whether the note belongs to figures of that year; `to` is the first year not covered."""
        return (self.start is None or year >= self.start) and (self.end is None or year < self.end)


class Extent(_Strict):
    """From a year on the figures of a region are of another area than before: its code, the year, and what changed."""

    code: str
    start: int = Field(alias="from")
    note: str


class ReportedColumn(_Strict):
    """A column of published indicator values; `blank` gives the state of an empty cell by region code."""

    column: str
    indicator: str
    unit: str
    negate: bool = False
    price_base: int | None = None
    blank: dict[str, str] = {}


class EntryColumn(_Strict):
    """A column of figures of a book. `totals` are items that are sums of others: cross-checks, never entries.

    `unit` is the unit printed, `stored_unit` the one the figure is brought to: exact, and small enough for
    the digits of a quantity.
    """

    column: str
    book: Literal["energy", "value"]
    unit: str
    stored_unit: str
    item: str | None = None
    item_column: str | None = None
    items: Literal["fuels", "balance_carriers"] | None = None
    totals: dict[str, str] = {}
    role: str | None = None
    role_column: str | None = None
    role_prefix: str = ""
    extent: Literal["own", "whole"] = "whole"
    basis: Literal["calorific", "primary"] | None = None
    price_base: str | None = None


class CarriedFile(_Strict):
    """One CSV file: origin, licence, day of publication, confidence, and its columns."""

    file: str
    title: Title
    publisher: str
    document: str
    licence: str
    known: date
    known_note: str | None = None
    known_by: DayByColumn | None = None
    confidence: Confidence
    confidence_by: ByColumn | None = None
    note: str | None = None
    note_column: str | None = None
    region: Place
    period: str | Fixed
    breaks: tuple[Break, ...] = ()
    extents: tuple[Extent, ...] = ()
    not_loaded: dict[str, str] = {}
    reported: tuple[ReportedColumn, ...] = ()
    entries: tuple[EntryColumn, ...] = ()

    def bytes(self) -> bytes:
        """The file as it ships."""
        return files("shuangkong.app.demo").joinpath("data", self.file).read_bytes()

    def rows(self) -> Iterator[tuple[int, dict[str, str]]]:
        """(row as a person counts it, cells by column name); the head is row 1."""
        reader = csv.reader(io.StringIO(self.bytes().decode("utf-8-sig")))
        head = next(reader)
        for number, cells in enumerate(reader, start=2):
            if len(cells) != len(head):
                raise ValueError(f"{self.file}:{number} has {len(cells)} cells, the head has {len(head)}")
            yield number, dict(zip(head, cells, strict=True))


class Catalogue(_Strict):
    """Every carried file, with the names that need a code or an item id."""

    regions: dict[str, dict[str, str]]
    fuels: dict[str, str]
    balance_carriers: dict[str, str]
    files: tuple[CarriedFile, ...]

    def items_of(self, column: EntryColumn) -> dict[str, str]:
        """Item ids by the names in the file, for a column that has its items in rows."""
        if column.items is None:
            return {}
        return self.fuels if column.items == "fuels" else self.balance_carriers


@dataclass(frozen=True, slots=True)
class Missing:
    """An expected column that a file does not have."""

    file: str
    column: str


@cache
def catalogue() -> Catalogue:
    """The catalogue that ships with the program."""
    text = files("shuangkong.app.demo").joinpath("data", "catalogue.yaml").read_text("utf-8")
    return Catalogue.model_validate(yaml.safe_load(text))


def unread_columns(carried: CarriedFile) -> tuple[set[str], list[Missing]]:
    """Columns of the file that the catalogue does not speak of, and columns it speaks of that are not there."""
    _, first = next(carried.rows())
    period = {carried.period} if isinstance(carried.period, str) else set()
    by = {carried.known_by.column} if carried.known_by else set()
    by |= {carried.confidence_by.column} if carried.confidence_by else set()
    used = {c.column for c in carried.reported} | {c.column for c in carried.entries}
    used |= {n for e in carried.entries for n in (e.item_column, e.role_column) if n}
    used |= period | by | set(carried.not_loaded)
    used |= {n for n in (carried.region.column, carried.note_column) if n}
    return set(first) - used - {"province", "region", "process_zh", "material"}, [
        Missing(carried.file, c) for c in sorted(used - set(first))
    ]
