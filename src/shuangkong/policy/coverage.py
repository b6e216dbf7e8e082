"""Coverage (条款对照): what became of every clause and every printed figure of a document."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from typing import Any

from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Label, Language
from shuangkong.policy.clauses import Clause, Duty, Figure
from shuangkong.policy.figures import number_of
from shuangkong.policy.model import Pack, Target
from shuangkong.policy.packset import PackSet
from shuangkong.policy.parameters import Parameter
from shuangkong.policy.rules.model import RowEntry, TableEntry

_NUMBER = re.compile(r"(?<![A-Za-z_])[0-9]+(?:\.[0-9]+)?")
_YEAR = re.compile(r"(19|20|21)[0-9]{2}")
Entry = Target | Duty | Parameter | TableEntry


#: What can be unmapped; {printed} is the figure and {names} the entries or the clause that it names.
FAULTS: dict[str, Label] = {
    "empty": Label(
        "条款上没有任何目标、规则、任务或参数，也没有说明原因", "nothing stands on the clause, and no reason is given"
    ),
    "no_clause": Label("{printed}：本包没有条款“{names}”", "{printed}: “{names}” is not a clause of this pack"),
    "no_number": Label("{printed}：条款的条目里没有这个数", "{printed}: no entry of the clause holds this number"),
    "no_entry": Label("{printed}：没有条目“{names}”", "{printed}: there is no entry “{names}”"),
    "other_number": Label(
        "{printed}：{names}里没有这个数（任何单位），请在note里说明",
        "{printed}: {names} hold no such number in any unit; say why in note",
    ),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """Something unmapped: a kind of `FAULTS`, the figure as printed, and the names it gives."""

    kind: str
    printed: str = ""
    names: str = ""

    def in_(self, language: Language) -> str:
        """What is wrong, in words."""
        return FAULTS[self.kind].in_(language).format(printed=self.printed, names=self.names)

    def __str__(self) -> str:
        return self.in_("en")


@dataclass(frozen=True, slots=True)
class ClauseCoverage:
    """A clause with the ids of what stands on it, and what of it is unmapped (empty when all is well)."""

    pack: str
    clause: Clause
    targets: tuple[str, ...]
    rules: tuple[str, ...]
    duties: tuple[str, ...]
    parameters: tuple[str, ...]
    faults: tuple[Fault, ...]

    @property
    def standing(self) -> dict[str, tuple[str, ...]]:
        """Ids of what stands on the clause, by kind."""
        return {"targets": self.targets, "tables": self.rules, "duties": self.duties, "parameters": self.parameters}

    @property
    def empty(self) -> bool:
        """Whether nothing stands on the clause."""
        return not any(self.standing.values())

    def as_json(self) -> dict[str, Any]:
        """The JSON shape of the row."""
        return {
            "pack": self.pack,
            "clause": self.clause.id,
            "title": self.clause.title.model_dump(exclude_none=True),
            "kind": self.clause.kind,
            "targets": list(self.targets),
            "rules": list(self.rules),
            "duties": list(self.duties),
            "parameters": list(self.parameters),
            "none_because": self.clause.none_because and self.clause.none_because.model_dump(exclude_none=True),
            "figures": [
                f.model_dump(mode="json", exclude_none=True, exclude_defaults=True) for f in self.clause.figures
            ],
            "faults": [str(f) for f in self.faults],
        }


def coverage(packs: PackSet, pack: Pack) -> tuple[ClauseCoverage, ...]:
    """One row per clause of `pack`, in the order of the document; other packs answer for `pack:entry` names."""
    return tuple(_Document(packs, pack).rows())


def years_of(pack: Pack) -> frozenset[int]:
    """Years that need not be listed as figures: those of the document's own plan period."""
    period = pack.instrument.period
    return frozenset(range(period.start.year, period.last_day.year + 1)) if period else frozenset()


def numbers(entries: Iterable[Any]) -> frozenset[Decimal]:
    """Every number that entries hold, years of their days among them."""
    return frozenset(Decimal(n) for entry in entries for n in _NUMBER.findall(_printed(entry)))


class _Document:
    def __init__(self, packs: PackSet, pack: Pack) -> None:
        self.packs, self.pack = packs, pack
        self.entries: dict[str, Entry] = {}
        named: tuple[tuple[str, Entry], ...] = (
            *((t.slug, t) for t in pack.targets),
            *((d.slug, d) for d in pack.duties),
            *((t.id, t) for t in pack.tables),
            *((p.id, p) for p in pack.parameters),
        )
        for name, entry in named:
            self.entries.setdefault(name, entry)

    def rows(self) -> Iterator[ClauseCoverage]:
        for clause in self.pack.clauses:
            tables = [t for t in self.pack.tables if clause.id in _clauses_of(t)]
            targets = [t for t in self.pack.targets if t.clause == clause.id]
            duties = [d for d in self.pack.duties if d.clause == clause.id]
            parameters = [p for p in self.pack.parameters if clause.id in _places_of(p)]
            standing: list[Any] = [*targets, *duties, *parameters, *(r for t in tables for r in _rows_on(t, clause.id))]
            used = {u.id for t in tables for u in t.parameters}
            standing += [p for p in self.pack.parameters if p.id in used and p not in parameters]
            row = ClauseCoverage(
                self.pack.key,
                clause,
                tuple(t.slug for t in targets),
                tuple(t.id for t in tables),
                tuple(d.slug for d in duties),
                tuple(p.id for p in parameters),
                (),
            )
            faults = [*self._empty(row), *(f for figure in clause.figures for f in self._figure(figure, standing))]
            yield replace(row, faults=tuple(faults))

    def _empty(self, row: ClauseCoverage) -> Iterator[Fault]:
        grouping = row.clause.kind == "section" and row.clause.id in self._parents
        if row.empty and not grouping and row.clause.none_because is None:
            yield Fault("empty")

    @cached_property
    def _parents(self) -> frozenset[str | None]:
        return frozenset(c.parent for c in self.pack.clauses)

    def _figure(self, figure: Figure, standing: list[Any]) -> Iterator[Fault]:
        number = number_of(figure.printed)
        if figure.of is not None and figure.of not in {c.id for c in self.pack.clauses}:
            yield Fault("no_clause", figure.printed, figure.of)
        if figure.none_because is not None:
            return
        if not figure.ids:
            if number not in numbers(standing) and not self._own_year(figure):
                yield Fault("no_number", figure.printed)
            return
        found = []
        for name in figure.ids:
            entry = self._entry(name)
            if entry is None:
                yield Fault("no_entry", figure.printed, name)
            else:
                found.append(entry)
        if found and not _scaled(number, numbers(self._with_parameters(found))) and figure.note is None:
            yield Fault("other_number", figure.printed, "、".join(figure.ids))

    def _own_year(self, figure: Figure) -> bool:
        year = _YEAR.match(figure.printed)
        return year is not None and int(year[0]) in years_of(self.pack)

    def _entry(self, name: str) -> Entry | None:
        if name in self.entries:
            return self.entries[name]
        other, _, below = name.partition(":")
        try:
            if not below:
                return self.packs.parameters(name)
            return _Document(self.packs, self.packs.pack(other)).entries.get(below)
        except UserError:
            return None

    def _with_parameters(self, entries: list[Entry]) -> Iterator[Any]:
        for entry in entries:
            yield entry
            if isinstance(entry, TableEntry):
                yield from (p for u in entry.parameters if (p := self._entry(u.id)) is not None)


def _clauses_of(table: TableEntry) -> set[str]:
    return {table.clause, *(r.clause for r in table.rows if r.clause is not None)}


def _places_of(parameter: Parameter) -> set[str]:
    own = {parameter.clause} if parameter.clause is not None else set()
    return own | {row.source.place for row in parameter.values}


def _rows_on(table: TableEntry, clause: str) -> Iterator[TableEntry | RowEntry]:
    if table.clause == clause:
        yield table
    yield from (r for r in table.rows if r.clause == clause)


def _scaled(number: Decimal | None, there: frozenset[Decimal]) -> bool:
    """Whether the number is there, in the same unit or in one a power of ten away (万吨, %)."""
    return number is not None and any(number == n or (number and n and _bare(number) == _bare(n)) for n in there)


def _bare(number: Decimal) -> tuple[int, ...]:
    digits = "".join(str(d) for d in number.as_tuple().digits).strip("0")
    return tuple(int(d) for d in digits)


def _printed(entry: Any) -> str:
    fields = entry.model_dump(
        mode="json", exclude={"source", "id", "slug", "clause", "label", "note"}, exclude_none=True
    )
    return " ".join(_leaves(fields))


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, below in value.items():
            if key not in ("source", "known", "clause", "id", "assumptions", "label", "note"):
                yield from _leaves(below)
    elif isinstance(value, list | tuple):
        for below in value:
            yield from _leaves(below)
    elif not isinstance(value, bool) and value is not None:
        yield str(value)
