"""Whom a decision table is decided for, for which years, and why not: worked out once per table, not per subject."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from shuangkong.kernel.periods import Period
from shuangkong.policy.api import (
    NATION,
    Bindable,
    Catalogue,
    CheckedTable,
    InputEntry,
    Pack,
    PackSet,
    SubjectKind,
    TableEntry,
    source_of,
)

#: Why a table is not decided for every subject: nothing is bound, or no kind of subject is named and several fit.
Why = Literal["asked", "no_subject"]


@dataclass(frozen=True, slots=True)
class Bindings:
    """The inputs of a table and of those before it: what each is bound to, and what somebody must give."""

    chain: tuple[CheckedTable, ...]
    entries: Mapping[str, InputEntry]
    bound: Mapping[str, Bindable]
    asked: tuple[str, ...]

    @property
    def readings(self) -> tuple[str, ...]:
        """Names of inputs that are figures of the books."""
        return tuple(n for n, b in self.bound.items() if b.source != "field")


def bindings_of(packs: PackSet, pack: Pack, table: TableEntry, catalogue: Catalogue) -> Bindings:
    """What the inputs of a table are bound to; `catalogue` is that of the packs together (`with_declared`)."""
    chain = packs.chain(pack.key, table.id)
    by_id = {t.id: t for t in pack.tables}
    entries: dict[str, InputEntry] = {}
    for checked in chain:
        for entry in by_id[checked.id].inputs:
            if entry.output is None:
                entries.setdefault(entry.name, entry)
    bound = {n: catalogue[at] for n, e in entries.items() if (at := source_of(e)) is not None and at in catalogue}
    return Bindings(chain, entries, bound, tuple(n for n in entries if n not in bound))


def decided_kind(table: TableEntry, found: Bindings) -> SubjectKind | None:
    """The kind of subject that a run decides the table for; None where it is decided when somebody asks.

    A table that names no kind is decided where all of its inputs are bound and only one kind of subject has them all.
    """
    if why_not(table, found) is not None:
        return None
    return table.about or next(iter(_kinds(found)))


def why_not(table: TableEntry, found: Bindings) -> Why | None:
    """Why a run does not decide the table for every subject; None where it does."""
    if not found.bound or (found.asked and table.about is None):
        return "asked"
    return None if table.about is not None or len(_kinds(found)) == 1 else "no_subject"


def _kinds(found: Bindings) -> frozenset[SubjectKind]:
    return frozenset.intersection(*(b.subjects for b in found.bound.values()))


@dataclass(frozen=True, slots=True)
class Sitting:
    """One year that a table is decided for, and the day whose table and parameters are taken."""

    period: Period
    day: date
    newest: bool


def sittings(table: TableEntry, years: Sequence[int], *, as_of: date, of_books: bool) -> list[Sitting]:
    """The years of the readings in which the table was in force on the last day, and the newest one if it is today.

    A table that reads the register alone is decided for the running year.
    """

    def in_force(day: date) -> bool:
        return table.start <= day and (table.end is None or day < table.end)

    if not of_books:
        return [Sitting(Period.year(as_of.year), as_of, True)] if in_force(as_of) else []
    last_full = as_of.year if as_of == date(as_of.year, 12, 31) else as_of.year - 1
    found = []
    for year in sorted({y for y in years if y <= last_full} | {last_full}):
        end = Period.year(year).end - timedelta(days=1)
        if year == last_full and in_force(as_of):
            found.append(Sitting(Period.year(year), as_of, True))
        elif in_force(end) and (year in years):
            found.append(Sitting(Period.year(year), end, year == last_full))
    return found


def reach(pack: Pack, table: TableEntry) -> tuple[str, ...]:
    """Codes of the regions in which the table holds; empty where that is the whole nation."""
    places = (table.scope.regions if table.scope else ()) or (pack.instrument.region,)
    return () if NATION in places else tuple(places)
