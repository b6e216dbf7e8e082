"""What a book wants from a sheet (fields), and which column gives what (the mapping 列对应)."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Label
from shuangkong.kernel.periods import PeriodKind
from shuangkong.registry.sheets.reasons import Reason

Kind = Literal["text", "decimal", "period", "date", "code", "unit", "choice", "region", "uscc", "carrier"]
#: A caller's parser: text without outer blanks in; the value out, or a Reason. A UserError is also understood.
Parser = Callable[[str], object]
_NEEDS_PARSER = ("region", "uscc", "carrier")


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a choice field, with the words people write for it."""

    value: str
    label: Label
    synonyms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One field of a row.

    A decimal with a `dimension` is converted to the base unit of it and needs a unit, from the mapping, the
    head, the cell or the field named by `unit_field`; with `unit_field` and no dimension, any unit will do.
    There is no default value: what is not given is None. `low` and `high` are inclusive, in the base unit.
    `units` are the ids of the units that a template offers in a unit field, the example first; all if left out.
    """

    name: str
    label: Label
    kind: Kind
    synonyms: tuple[str, ...] = ()
    required: bool = False
    dimension: str | None = None
    unit_field: str | None = None
    negative: bool = False
    low: Decimal | None = None
    high: Decimal | None = None
    choices: tuple[Choice, ...] = ()
    periods: tuple[PeriodKind, ...] = ()
    units: tuple[str, ...] = ()
    parse: Parser | None = None
    note: Label | None = None
    example: str = ""

    def __post_init__(self) -> None:
        if self.kind in _NEEDS_PARSER and self.parse is None:
            raise ValueError(f"field {self.name} of kind {self.kind} needs a parser")
        if self.kind == "choice" and not self.choices:
            raise ValueError(f"field {self.name} needs choices")

    @property
    def names(self) -> tuple[str, ...]:
        """Every name the field goes by."""
        english = (self.label.en,) if self.label.en else ()
        return (self.label.zh, *english, self.name, *self.synonyms)

    @property
    def measured(self) -> bool:
        """Whether a figure of this field needs a unit."""
        return self.kind == "decimal" and (self.dimension is not None or self.unit_field is not None)


@dataclass(frozen=True, slots=True)
class SheetSchema:
    """The fields of one book's rows; `key` names the fields that no two rows of a file may share.

    `totals`: whether rows headed 合计, 总计 or 小计 are passed over (skip) or are rows like others (keep).
    """

    id: str
    label: Label
    fields: tuple[FieldSpec, ...]
    key: tuple[str, ...] = ()
    totals: Literal["skip", "keep"] = "skip"

    def __post_init__(self) -> None:
        names = [f.name for f in self.fields]
        wanted = [*self.key, *(f.unit_field for f in self.fields if f.unit_field)]
        unknown = [n for n in wanted if n not in names]
        if unknown or len(set(names)) != len(names):
            raise ValueError(f"schema {self.id}: unknown or repeated fields {unknown or names}")

    def field(self, name: str) -> FieldSpec:
        """The field of that name; KeyError if there is none."""
        for field in self.fields:
            if field.name == name:
                return field
        raise KeyError(name)


@dataclass(frozen=True, slots=True)
class Source:
    """Where a field's value comes from: a column (by the key of its head) or one fixed text; and its unit."""

    column: str | None = None
    fixed: str | None = None
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Melt:
    """A wide layout (宽表): each of `columns` holds `value` for one `period`.

    `columns` pairs a column key with the period written in it. Where that text names no year (1月, 一季度),
    the year comes from `year`: a column or a fixed text.
    """

    value: str
    period: str
    columns: tuple[tuple[str, str], ...]
    year: Source | None = None


@dataclass(frozen=True, slots=True)
class Mapping:
    """Which column gives which field of a schema; saved with the signature of the head it was made for."""

    schema: str
    sources: dict[str, Source]
    header_row: int | None = None
    sheet: str | None = None
    signature: str = ""
    melt: Melt | None = None

    def to_json(self) -> str:
        """The mapping as JSON text; `from_json` reads it back."""
        melt = self.melt
        data = {
            "version": 1,
            "schema": self.schema,
            "sources": {name: _source_out(s) for name, s in sorted(self.sources.items())},
            "header_row": self.header_row,
            "sheet": self.sheet,
            "signature": self.signature,
            "melt": None
            if melt is None
            else {
                "value": melt.value,
                "period": melt.period,
                "columns": [list(pair) for pair in melt.columns],
                "year": None if melt.year is None else _source_out(melt.year),
            },
        }
        return json.dumps(data, ensure_ascii=False, indent=1)

    @classmethod
    def from_json(cls, text: str) -> Mapping:
        """Read a saved mapping; raises IMP-002 where it is not one."""
        try:
            data = json.loads(text)
            if data["version"] != 1:
                raise ValueError(f"version {data['version']}")
            return cls(
                schema=_str(data["schema"]),
                sources={_str(n): _source_in(s) for n, s in data["sources"].items()},
                header_row=None if data["header_row"] is None else int(data["header_row"]),
                sheet=None if data["sheet"] is None else _str(data["sheet"]),
                signature=_str(data["signature"]),
                melt=_melt_in(data["melt"]),
            )
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise UserError(
                "IMP-002",
                f"the saved mapping cannot be read ({type(error).__name__}: {error}).",
                remedy="Delete it and confirm the suggested mapping again.",
                case="saved",
            ) from error


def _source_out(source: Source) -> dict[str, str]:
    pairs = {"column": source.column, "fixed": source.fixed, "unit": source.unit}
    return {k: v for k, v in pairs.items() if v is not None}


def _source_in(data: dict[str, Any]) -> Source:
    extra = set(data) - {"column", "fixed", "unit"}
    if extra:
        raise ValueError(f"unknown keys {sorted(extra)}")
    return Source(**{k: _str(v) for k, v in data.items()})


def _melt_in(data: dict[str, Any] | None) -> Melt | None:
    if data is None:
        return None
    columns = tuple((_str(a), _str(b)) for a, b in data["columns"])
    year = None if data["year"] is None else _source_in(data["year"])
    return Melt(_str(data["value"]), _str(data["period"]), columns, year)


def _str(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not text")
    return value


__all__ = [
    "Choice",
    "FieldSpec",
    "Kind",
    "Mapping",
    "Melt",
    "Parser",
    "Reason",
    "SheetSchema",
    "Source",
]
