"""Dated parameters (参数): every rate, threshold and factor of a document, by key, edition, day and known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from functools import cached_property
from itertools import pairwise
from typing import Any, Literal

from pydantic import Field, model_validator

from shuangkong.kernel.errors import UserError
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

#: What a row takes over from its parameter when it does not say it itself.
INHERITED = ("edition", "from", "to", "source", "confidence", "status")
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
            raise wrong("value and low/high are given together.", "Give the figure, or the range.")
        if ranged and (self.low is None or self.high is None or self.low >= self.high):
            raise wrong("a range needs low and high, low below high.", "Give both, or write value.")
        if self.value is None and not ranged and self.state is None:
            raise wrong(
                "there is neither value nor low and high, and no state saying why.",
                "Give the figure, or a state such as not_published.",
            )
        if self.end is not None and self.end <= self.start:
            raise wrong(
                f"the row ends on {self.end}, not after its start {self.start}.",
                "“to” is the first day that is no longer covered.",
            )
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
            raise wrong(f"“{taken[0]}” cannot be a key: rows use it.", "Name the key dimension otherwise.")
        rest["values"] = [_spread_row(r, names, shared) for r in rows]
        return rest

    @model_validator(mode="after")
    def _no_conflict(self) -> Parameter:
        if not self.values:
            raise wrong("the parameter has no row.", "Add the rows, or leave the parameter out.")
        problem = first_conflict(self)
        if problem:
            raise wrong(*problem)
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
            raise UserError(
                "PACK-004",
                f"asked by {_list(sorted(keys))}, but it is keyed by {_list(self.key)}.",
                where=name,
                remedy="Name each key once.",
            )
        key = tuple(keys[k] for k in self.key)
        editions = self._editions.get(key, ()) if edition is None else (edition,)
        hits = [r for e in editions if (r := self._hit(key, e, day, known)) is not None]
        if len(hits) == 1:
            return hits[0]
        if hits:
            raise UserError(
                "PACK-004",
                f"{len(hits)} editions are in force on {day}: {_list([r.edition for r in hits])}.",
                where=name,
                remedy="Name the edition.",
            )
        raise self._nothing(name, key, editions, day, known)

    def _hit(self, key: tuple[str, ...], edition: str, day: date, known: date) -> Dated | None:
        rows = [r for r in _visible(self._groups.get((key, edition), ()), known) if r.covers(day)]
        return max(rows, key=lambda r: r.known, default=None)

    def _nothing(self, name: str, key: tuple[str, ...], editions: Iterable[str], day: date, known: date) -> UserError:
        rows = [r for e in editions for r in self._groups.get((key, e), ())]
        if not rows:
            return self._no_row(name, key)
        seen = [r for r in rows if r.known <= known]
        head = f"no value in force on {day} as known on {known};"
        if not seen:
            first = min(r.known for r in rows)
            return UserError(
                "PACK-004",
                f"{head} the first row was published on {first}.",
                where=name,
                remedy="Ask as known on a later day.",
            )
        start = min(r.start for r in seen)
        if day < start:
            return UserError(
                "PACK-004",
                f"{head} the first starts {start}.",
                where=name,
                remedy="Ask for a later day, or add the earlier row with its document.",
            )
        spans = sorted({f"{r.start} to {r.end or 'open'}" for r in _visible(tuple(seen), known)})
        return UserError(
            "PACK-004",
            f"{head} rows cover {_list(spans)}.",
            where=name,
            remedy="Ask for a covered day, or add the row with its document.",
        )

    def _no_row(self, name: str, key: tuple[str, ...]) -> UserError:
        if key in self._editions:
            return UserError(
                "PACK-004",
                "this edition has no row.",
                where=name,
                remedy=f"Editions with a row: {_list(self._editions[key])}.",
            )
        known_keys = sorted({"/".join(k) for k in self._editions})
        return UserError(
            "PACK-004",
            "no row has this key.",
            where=name,
            remedy=f"Keys with a row: {_list(known_keys)}.",
        )


def first_conflict(parameter: Parameter) -> tuple[str, str] | None:
    """The first pair of rows that contradict each other, or correction of nothing: (message, remedy)."""
    for (key, edition), rows in parameter.groups().items():
        name = parameter.name(dict(zip(parameter.key, key, strict=False)), edition)
        starts = {(r.start, r.known) for r in rows}
        for row in rows:
            c = row.corrects
            if c and ((c.start, c.known) not in starts or c.known >= row.known):
                return (
                    f"{name} corrects a row from {c.start} known on {c.known}, and there is none before it.",
                    "Name start and known day of the row that is put right.",
                )
        ordered = sorted(rows, key=lambda r: (r.known, r.start))
        for a, b in pairwise(ordered):
            if a.known == b.known and a.overlaps(b):
                return (
                    f"{name} has two rows for {max(a.start, b.start)}, both known on {a.known}.",
                    "End the first where the second starts, or mark the later one as known later.",
                )
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


def _list(names: Iterable[str], limit: int = 8) -> str:
    every = list(names)
    text = ", ".join(every[:limit])
    return (text + (f" and {len(every) - limit} more" if len(every) > limit else "")) or "nothing"
