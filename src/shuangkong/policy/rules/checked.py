"""A decision table as it is decided: conditions and outputs as typed expressions, whatever it was written as."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from shuangkong.policy.rules.nodes import Constant, Node, Unary, all_of, names_in
from shuangkong.policy.rules.types import Kind
from shuangkong.policy.words import said


@dataclass(frozen=True, slots=True)
class CheckedInput:
    """An input with its type; `upstream` is the (table, output) it comes from; `low` and `high` bound it."""

    name: str
    kind: Kind
    choices: tuple[str, ...] = ()
    low: Decimal | None = None
    high: Decimal | None = None
    upstream: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class CheckedOutput:
    """An output with its type; `default` stands where no row hits."""

    name: str
    kind: Kind
    default: Constant | None = None


@dataclass(frozen=True, slots=True)
class CheckedRow:
    """A row: it hits when `condition` holds and none of its exceptions does; `then` is one value per output.

    It stands in the table on `[start, end)`; without them as long as the table does.
    """

    id: str
    condition: Node
    then: tuple[Node, ...]
    priority: int = 0
    exception_of: tuple[str, ...] = ()
    confidence: str = "confirmed"
    clause: str = ""
    start: date | None = None
    end: date | None = None

    def stands(self, day: date) -> bool:
        """Whether the row is part of the table on a day."""
        return (self.start is None or self.start <= day) and (self.end is None or day < self.end)


@dataclass(frozen=True, slots=True)
class UsedParameter:
    """A parameter under the table's name for it: id, keys and edition by which its row is found."""

    name: str
    id: str
    kind: Kind
    keys: tuple[tuple[str, str], ...] = ()
    edition: str | None = None


@dataclass(frozen=True, slots=True)
class ParameterValue:
    """What a parameter is on the day that is decided: null where the document gives no one figure."""

    value: Decimal | None
    confidence: str = "confirmed"
    start: date | None = None
    state: str | None = None


@dataclass(frozen=True)
class CheckedTable:
    """A table whose names and units have been looked at; `open_because` says why no row may be read as an answer."""

    id: str
    inputs: tuple[CheckedInput, ...]
    outputs: tuple[CheckedOutput, ...]
    rows: tuple[CheckedRow, ...]
    hit: str = "first"
    parameters: tuple[UsedParameter, ...] = ()
    open_because: str | None = None

    @property
    def collects(self) -> bool:
        """Whether several rows may hit together."""
        return self.hit.startswith("collect")

    @property
    def dated(self) -> bool:
        """Whether rows come and go while the table stands: then it is decided as it is `on` a day."""
        return any(r.start is not None or r.end is not None for r in self.rows)

    def on(self, day: date) -> CheckedTable:
        """The table with the rows of a day."""
        if not self.dated:
            return self
        return replace(self, rows=tuple(replace(r, start=None, end=None) for r in self.rows if r.stands(day)))

    @property
    def ordered(self) -> tuple[CheckedRow, ...]:
        """The rows in the order in which they are taken: by priority where that is the policy."""
        if self.hit != "priority":
            return self.rows
        return tuple(sorted(self.rows, key=lambda r: r.priority))

    @property
    def conditions(self) -> tuple[Node, ...]:
        """The whole condition of each of `ordered`: a row gives way to its exceptions."""
        exceptions: dict[str, list[Node]] = {}
        for row in self.rows:
            for name in row.exception_of:
                exceptions.setdefault(name, []).append(row.condition)
        return tuple(_unless(r.condition, exceptions.get(r.id, [])) for r in self.ordered)

    @property
    def asked(self) -> tuple[str, ...]:
        """Inputs and parameters that a condition or an output asks for, in the order of the table."""
        used = {n for row in self.rows for n in names_in(row.condition, *row.then)}
        return tuple(n for n in (*(i.name for i in self.inputs), *(p.name for p in self.parameters)) if n in used)


def _unless(condition: Node, exceptions: list[Node]) -> Node:
    return all_of((condition, *(Unary("!", e) for e in exceptions)))


def in_order(upstream: Mapping[str, frozenset[str]]) -> tuple[str, ...]:
    """Tables, each after those whose outputs it takes; raises RULE-004 naming the circle."""
    done: dict[str, None] = {}
    for first in upstream:
        # the way down, and what is left to look at on each step of it: a list, because a chain may be long
        path, left = [first], [sorted(upstream[first])]
        while path:
            if not left[-1]:
                done[path.pop()] = None
                left.pop()
                continue
            above = left[-1].pop(0)
            if above in path:
                circle = " → ".join((*path[path.index(above) :], above))
                raise said("RULE-004", "circle", circle=circle).at(above)
            if above not in done:
                path.append(above)
                left.append(sorted(upstream.get(above, frozenset())))
    return tuple(done)
