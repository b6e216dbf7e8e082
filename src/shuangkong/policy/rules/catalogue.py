"""The catalogue of inputs (输入目录): what an input of a decision table can be bound to, and whether it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Label
from shuangkong.kernel.units import base_of
from shuangkong.kernel.units import unit as unit_named
from shuangkong.policy.rules.model import Every, InputEntry, TableEntry
from shuangkong.policy.rules.types import Kind, conversion, unit_of
from shuangkong.policy.strict_yaml import Parsed, Seq, parse_yaml
from shuangkong.policy.words import Words, listed, said

if TYPE_CHECKING:
    from shuangkong.policy.model import IndicatorDeclaration, Pack, Product

SourceName = Literal["indicator", "field", "sum"]
SubjectKind = Literal["unit", "region", "project"]
_PLAIN = {"text": Kind("text"), "flag": Kind("flag"), "day": Kind("day")}


@dataclass(frozen=True, slots=True)
class Bindable:
    """Something that is computed or registered: its type, its unit as it is stored, and whose it can be.

    `unit` is the text of the unit; `kind` has none where the unit is no combination of known ones. `every` is the
    period of a streak; what has none is there by year and, as far as it is handed in so, by month.
    """

    source: SourceName
    name: str
    kind: Kind
    label: Label
    subjects: frozenset[SubjectKind]
    unit: str = ""
    choices: tuple[str, ...] = ()
    every: Every | None = None


Catalogue = Mapping[tuple[SourceName, str], Bindable]


def source_of(entry: InputEntry) -> tuple[SourceName, str] | None:
    """Source and name that an input is bound to; None where it is asked for, or comes from an earlier table."""
    if entry.indicator is not None:
        return "indicator", entry.indicator
    if entry.field is not None:
        return "field", entry.field
    return ("sum", entry.sum) if entry.sum is not None else None


class Declares(Protocol):
    """What packs declare beside their tables."""

    packs: tuple[Pack, ...]
    indicators: dict[str, IndicatorDeclaration]
    products: dict[str, Product]


def with_declared(catalogue: Catalogue, packs: Declares) -> dict[tuple[SourceName, str], Bindable]:
    """The catalogue with what packs declare: published values of regions, and the output of each product."""
    found = dict(catalogue)
    for name, one in packs.indicators.items():
        found.setdefault(("indicator", name), published(name, one.unit, one.label.label))
    for name, one in packs.indicators.items():
        below = found.get(("indicator", one.streak.of)) if one.streak is not None else None
        if one.streak is not None and below is not None:
            kind = _number(one.unit)
            found["indicator", name] = Bindable(
                "indicator", name, kind, one.label.label, below.subjects, one.unit, every=one.streak.every
            )
    for name, product in packs.products.items():
        unit = base_of(unit_named(product.unit).dimension).id
        label = Label(f"{product.label.zh}产量", f"output of {product.label.en or product.label.zh}")
        at: tuple[SourceName, str] = ("sum", f"output.{name}")
        found.setdefault(at, Bindable(*at, _number(unit), label, frozenset({"unit", "region"}), unit))
    return found


def published(name: str, unit: str, label: Label) -> Bindable:
    """An indicator that is only ever published, of regions."""
    return Bindable("indicator", name, _number(unit), label, frozenset({"region"}), unit)


def _number(text: str) -> Kind:
    try:
        return Kind("number", unit_of(text))
    except UserError:
        return Kind("number")


def misbound(packs: Declares, catalogue: Catalogue) -> list[UserError]:
    """Inputs that name what the catalogue has not, or as another type (RULE-003, RULE-002), each with its place."""
    known = with_declared(catalogue, packs)
    problems: list[UserError] = []
    for pack in packs.packs:
        places = Places(pack)
        for table in pack.tables:
            for index, entry in enumerate(table.inputs):
                fault = _fault(entry, known)
                if fault is not None:
                    where = places.of(table, ("inputs", index, fault[0]))
                    problems.append(fault[1].at(where))
            for name in table.scope.fields if table.scope is not None else ():
                if (strange := _scoped(name, table, known)) is not None:
                    problems.append(strange.at(places.of(table, ("scope", "fields", name))))
            for name in _twice(pack, table):
                problems.append(said("RULE-003", "bound_twice", name=name).at(places.of(table, ("inputs",))))
    return problems


def _scoped(name: str, table: TableEntry, known: Catalogue) -> Words | None:
    """What is wrong with a field that a scope names: none of the register, of another type, or a value it never has."""
    found = known.get(("field", name))
    if found is None:
        return said("RULE-003", "unbound", name=name, source="field", near=_nearest(("field", name), known))
    if found.kind.name not in ("text", "flag"):
        return said("RULE-002", "scope_kind", name=name, kind=found.kind.label)
    values = table.scope.fields[name] if table.scope is not None else ()
    there = ("true", "false") if found.kind.name == "flag" else found.choices
    strange = [v for v in values if there and v not in there]
    return said("RULE-003", "never", name=name, given=strange[0], there=listed(there, 40)) if strange else None


def _fault(entry: InputEntry, known: Catalogue) -> tuple[str, Words] | None:
    at = source_of(entry)
    if at is None:
        return None
    found = known.get(at)
    if found is None:
        return at[0], said("RULE-003", "unbound", name=at[1], source=at[0], near=_nearest(at, known))
    if found.kind.name != entry.type:
        wanted = _PLAIN.get(entry.type, Kind("number"))
        return at[0], said("RULE-002", "bound_kind", name=at[1], found=found.kind.label, wanted=wanted.label)
    if entry.type == "number" and not _fits(entry.unit or "", found):
        return "unit", said("RULE-002", "bound_unit", name=at[1], found=found.unit, wanted=entry.unit)
    if found.every is not None and entry.every not in (None, found.every):
        return "every", said("RULE-002", "bound_every", name=at[1], every=found.every)
    strange = [c for c in entry.choices if found.choices and c not in found.choices]
    if strange:
        return "choices", said("RULE-003", "never", name=at[1], given=strange[0], there=listed(found.choices, 40))
    return None


def _fits(asked: str, found: Bindable) -> bool:
    if asked == found.unit:
        return True
    try:
        known = bool(found.kind.unit) or found.unit == "1"
        return known and conversion(found.kind.unit, unit_of(asked)) is not None
    except UserError:
        return False


def _nearest(at: tuple[SourceName, str], known: Catalogue) -> Label:
    there = sorted(name for source, name in known if source == at[0])
    near = [n for n in there if n.split(".")[0].split("_")[0] == at[1].split(".")[0].split("_")[0]] or there
    return listed(near)


def _twice(pack: Pack, table: TableEntry) -> Iterator[str]:
    """Names that this table and one before it bind to different things: a chain is decided over one relation."""
    entries = {t.id: t for t in pack.tables}
    mine = {i.name: _read_as(i) for i in table.inputs if i.output is None}
    left, seen = [i.output.table for i in table.inputs if i.output is not None], set()
    while left:
        name = left.pop()
        if name in seen or name not in entries:
            continue
        seen.add(name)
        for entry in entries[name].inputs:
            if entry.output is not None:
                left.append(entry.output.table)
            elif entry.name in mine and mine[entry.name] != _read_as(entry):
                yield entry.name


def _read_as(entry: InputEntry) -> tuple[object, ...]:
    return source_of(entry), entry.accounting, entry.every, entry.before


class Places:
    """File and line of keys of a pack's tables; its files are read again only where something is wrong."""

    def __init__(self, pack: Pack) -> None:
        self.pack = pack
        self.found: dict[str, tuple[Parsed, int]] | None = None

    def of(self, table: TableEntry, path: tuple[str | int, ...]) -> str:
        """The place of a key of a table."""
        if self.found is None:
            self.found = dict(self._read())
        if table.id not in self.found:
            return f"{self.pack.origin} {table.id}"
        parsed, index = self.found[table.id]
        return parsed.where((index, *path))

    def _read(self) -> Iterator[tuple[str, tuple[Parsed, int]]]:
        for name, data in self.pack.files:
            if name.startswith("tables/"):
                parsed = parse_yaml(f"{self.pack.origin}/{name}", data)
                rows = parsed.root if isinstance(parsed.root, Seq) else []
                for index, row in enumerate(rows):
                    if isinstance(row, dict) and isinstance(row.get("id"), str):
                        yield row["id"], (parsed, index)
