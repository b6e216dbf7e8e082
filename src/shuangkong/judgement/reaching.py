"""Whom a decision table is decided for, for which periods, and why not: worked out once per table, not per subject."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from shuangkong.accounting.api import index_of, last_full, period_at
from shuangkong.kernel.periods import Period
from shuangkong.policy.api import (
    NATION,
    Bindable,
    Catalogue,
    CheckedTable,
    Every,
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

    def every(self, name: str) -> Every:
        """The periods that an input is read by: those written, else those of a streak, else years."""
        return self.entries[name].every or self.bound[name].every or "year"

    @property
    def grain(self) -> Every:
        """The periods that the table is decided for: months where one of its figures is that of a month."""
        return "month" if any(self.every(n) == "month" for n in self.readings) else "year"

    @property
    def ahead(self) -> int:
        """1 where every figure is taken from an earlier period, so that the running one can be decided; else 0."""
        own = [n for n in self.readings if self.every(n) == self.grain]
        return min(1, *(self.entries[n].before or 0 for n in own)) if own else 0


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
    """One period that a table is decided for, and the day whose table and parameters are taken."""

    period: Period
    day: date
    newest: bool


def sittings(
    table: TableEntry, periods: Sequence[int], *, as_of: date, of_books: bool, every: Every = "year", ahead: int = 0
) -> list[Sitting]:
    """The periods of the readings in which the table was in force on the last day, and the newest one if it is today.

    periods: years, or months by number (`index_of`). ahead: 1 where the running period is decided from earlier figures.
    A table that reads the register alone is decided for the running year.
    """

    def in_force(day: date) -> bool:
        return table.start <= day and (table.end is None or day < table.end)

    if not of_books:
        return [Sitting(Period.year(as_of.year), as_of, True)] if in_force(as_of) else []
    last = min(last_full(as_of, every) + ahead, index_of(as_of, every))
    found = []
    for index in sorted({p for p in periods if p <= last} | {last}):
        period = period_at(index, every)
        if index == last and in_force(as_of):
            found.append(Sitting(period, as_of, True))
        elif in_force(period.last_day) and index in periods:
            found.append(Sitting(period, period.last_day, index == last))
    return found


def reach(pack: Pack, table: TableEntry) -> tuple[str, ...]:
    """Codes of the regions in which the table holds; empty where that is the whole nation."""
    places = (table.scope.regions if table.scope else ()) or (pack.instrument.region,)
    return () if NATION in places else tuple(places)
