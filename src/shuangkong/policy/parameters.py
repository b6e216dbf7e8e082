"""Dated parameters (参数): every rate, threshold and factor of a document, by key, edition, day and known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from functools import cached_property
from itertools import pairwise
from typing import Any, Literal

from pydantic import Field, model_validator

from shuangkong.kernel.labels import Label
from shuangkong.policy.fields import (
    Confidence,
    Day,
    EditionName,
    Frozen,
    LabelModel,
    Number,
    Slug,
    Source,
    Text,
    wrong,
)
from shuangkong.policy.words import PolicyError, Words, listed, said

#: What a row takes over from its parameter when it does not say it itself.
INHERITED = ("edition", "from", "to", "source", "confidence", "status")
#: How many names a message lists at most.
_SHOWN = 8
_RESERVED = frozenset((*INHERITED, "value", "low", "high", "state", "known", "note", "corrects", "key", "day"))


class Correction(Frozen):
    """Which earlier row of the same key and edition a row puts right: its start and the day it was known."""

    start: Day = Field(alias="from")
    known: Day


class Dated(Frozen):
    """One row of a parameter, in force on `[start, end)`.

    Exactly one of: `value`; `low` and `high` (the document gives a range, no single figure); neither, with
    `state` saying why. `key` holds the key values in the order of the parameter's `key`.
    """

    key: tuple[Text, ...] = ()
    edition: EditionName
    start: Day = Field(alias="from")
    end: Day | None = Field(None, alias="to")
    value: Number | None = None
    low: Number | None = None
    high: Number | None = None
    state: Slug | None = None
    known: Day
    source: Source
    confidence: Confidence
    status: Literal["current", "superseded"] = "current"
    corrects: Correction | None = None
    note: Text | None = None

    @model_validator(mode="after")
    def _one_meaning(self) -> Dated:
        ranged = self.low is not None or self.high is not None
        if self.value is not None and ranged:
            raise wrong(said("PACK-003", "value_and_range"))
        if ranged and (self.low is None or self.high is None or self.low >= self.high):
            raise wrong(said("PACK-003", "range"))
        if self.value is None and not ranged and self.state is None:
            raise wrong(said("PACK-003", "no_value"))
        if self.end is not None and self.end <= self.start:
            raise wrong(said("PACK-003", "row_ended", end=self.end, start=self.start))
        return self

    def covers(self, day: date) -> bool:
        """Whether the row is in force on `day`; the end itself is outside."""
        return self.start <= day and (self.end is None or day < self.end)

    def overlaps(self, other: Dated) -> bool:
        """Whether some day is covered by both rows."""
        return (self.end is None or other.start < self.end) and (other.end is None or self.start < other.end)


Group = tuple[tuple[str, ...], str]


class Parameter(Frozen):
    """A quantity that a document sets, as rows by key (e.g. `[carrier]`), edition and time."""

    id: Slug
    label: LabelModel
    unit: Text
    key: tuple[Slug, ...] = ()
    clause: Text | None = None
    note: Text | None = None
    values: tuple[Dated, ...]

    @model_validator(mode="before")
    @classmethod
    def _spread(cls, data: Any) -> Any:
        """Move key columns into `key`, and what the parameter says for all its rows into the rows."""
        if not isinstance(data, Mapping):
            return data
        names, rows = data.get("key", ()), data.get("values")
        shared = {k: data[k] for k in INHERITED if k in data}
        rest = {k: v for k, v in data.items() if k not in INHERITED}
        if not isinstance(rows, list | tuple) or not isinstance(names, list | tuple):
            return rest
        taken = [n for n in names if n in _RESERVED]
        if taken:
            raise wrong(said("PACK-003", "reserved", name=taken[0]))
        rest["values"] = [_spread_row(r, names, shared) for r in rows]
        return rest

    @model_validator(mode="after")
    def _no_conflict(self) -> Parameter:
        if not self.values:
            raise wrong(said("PACK-003", "no_row"))
        problem = first_conflict(self)
        if problem:
            raise wrong(problem)
        return self

    @cached_property
    def _groups(self) -> dict[Group, tuple[Dated, ...]]:
        groups: dict[Group, list[Dated]] = {}
        for row in self.values:
            groups.setdefault((row.key, row.edition), []).append(row)
        return {g: tuple(rows) for g, rows in groups.items()}

    @cached_property
    def _editions(self) -> dict[tuple[str, ...], tuple[str, ...]]:
        editions: dict[tuple[str, ...], list[str]] = {}
        for key, edition in self._groups:
            editions.setdefault(key, []).append(edition)
        return {k: tuple(sorted(e)) for k, e in editions.items()}

    def groups(self) -> dict[Group, tuple[Dated, ...]]:
        """Rows by (key, edition), in the order of the pack."""
        return dict(self._groups)

    def rows(self, known: date) -> tuple[Dated, ...]:
        """Rows that the world could know on `known`, without those that were put right by then."""
        return tuple(r for rows in self._groups.values() for r in _visible(rows, known))

    def name(self, keys: Mapping[str, str], edition: str | None = None) -> str:
        """How the parameter under these keys is named in messages: id[carrier=raw_coal]@2020."""
        inside = ", ".join(f"{k}={keys[k]}" for k in self.key if k in keys)
        return self.id + (f"[{inside}]" if inside else "") + (f"@{edition}" if edition else "")

    def at(self, day: date, *, known: date, edition: str | None = None, **keys: str) -> Dated:
        """The row in force on `day`, as the world stood on `known`.

        `keys` names every key dimension; `edition` may be left out where only one edition is in force.
        Raises PACK-004 when there is none, or more than one edition.
        """
        name = self.name(keys, edition)
        if set(keys) != set(self.key):
            raise said("PACK-004", "keys", asked=listed(sorted(keys), _SHOWN), keys=listed(self.key, _SHOWN)).at(name)
        key = tuple(keys[k] for k in self.key)
        editions = self._editions.get(key, ()) if edition is None else (edition,)
        hits = [r for e in editions if (r := self._hit(key, e, day, known)) is not None]
        if len(hits) == 1:
            return hits[0]
        if hits:
            there = listed([r.edition for r in hits], _SHOWN)
            raise said("PACK-004", "editions", n=len(hits), day=day, editions=there).at(name)
        raise self._nothing(name, key, editions, day, known)

    def _hit(self, key: tuple[str, ...], edition: str, day: date, known: date) -> Dated | None:
        rows = [r for r in _visible(self._groups.get((key, edition), ()), known) if r.covers(day)]
        return max(rows, key=lambda r: r.known, default=None)

    def _nothing(self, name: str, key: tuple[str, ...], editions: Iterable[str], day: date, known: date) -> PolicyError:
        rows = [r for e in editions for r in self._groups.get((key, e), ())]
        if not rows:
            return self._no_row(name, key)
        seen = [r for r in rows if r.known <= known]
        if not seen:
            first = min(r.known for r in rows)
            return said("PACK-004", "unpublished", day=day, known=known, first=first).at(name)
        start = min(r.start for r in seen)
        if day < start:
            return said("PACK-004", "before", day=day, known=known, start=start).at(name)
        there = sorted({(str(r.start), str(r.end or "")) for r in _visible(tuple(seen), known)})
        spans = Label(
            listed((f"{a} 至 {b or '长期'}" for a, b in there), _SHOWN).zh,
            listed((f"{a} to {b or 'open'}" for a, b in there), _SHOWN).en,
        )
        return said("PACK-004", "between", day=day, known=known, spans=spans).at(name)

    def _no_row(self, name: str, key: tuple[str, ...]) -> PolicyError:
        if key in self._editions:
            return said("PACK-004", "edition", editions=listed(self._editions[key], _SHOWN)).at(name)
        known_keys = sorted({"/".join(k) for k in self._editions})
        return said("PACK-004", "key", keys=listed(known_keys, _SHOWN)).at(name)


def first_conflict(parameter: Parameter) -> Words | None:
    """The first pair of rows that contradict each other, or correction of nothing."""
    for (key, edition), rows in parameter.groups().items():
        name = parameter.name(dict(zip(parameter.key, key, strict=False)), edition)
        starts = {(r.start, r.known) for r in rows}
        for row in rows:
            c = row.corrects
            if c and ((c.start, c.known) not in starts or c.known >= row.known):
                return said("PACK-003", "corrects", name=name, start=c.start, known=c.known)
        ordered = sorted(rows, key=lambda r: (r.known, r.start))
        for a, b in pairwise(ordered):
            if a.known == b.known and a.overlaps(b):
                return said("PACK-003", "overlap", name=name, day=max(a.start, b.start), known=a.known)
    return None


def _visible(rows: tuple[Dated, ...], known: date) -> list[Dated]:
    seen = [r for r in rows if r.known <= known]
    gone = {(r.key, r.edition, r.corrects.start, r.corrects.known) for r in seen if r.corrects}
    return [r for r in seen if (r.key, r.edition, r.start, r.known) not in gone] if gone else seen


def _spread_row(row: Any, names: Iterable[str], shared: Mapping[str, Any]) -> Any:
    if not isinstance(row, Mapping) or "key" in row:
        return row
    names = tuple(names)
    spread = {**shared, **{k: v for k, v in row.items() if k not in names}}
    spread["key"] = tuple(row.get(n) for n in names)
    source = spread.get("source")
    if "known" not in spread:
        spread["known"] = source.known if isinstance(source, Source) else _known_of(source)
    return spread


def _known_of(source: object) -> object:
    return source.get("known") if isinstance(source, Mapping) else None
