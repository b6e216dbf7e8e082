"""The plain reading of a decision table (对照判定): one row of inputs after the other, one rule after the other.

It knows nothing of columns, of SQL or of the ways in which `decide` saves work; the two are held against each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from shuangkong.kernel.findings import CANDIDATE
from shuangkong.policy.api import CheckedTable, Known, Node, Unary, holds, names_in, value_of


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a table says of one row of inputs."""

    row_hit: str | None
    decided: bool
    missing: str | None
    undecided: str | None
    outputs: Mapping[str, Known] = field(default_factory=dict)
    hits: tuple[str, ...] = ()


def plainly(
    table: CheckedTable,
    inputs: Mapping[str, Known],
    parameters: Mapping[str, Decimal | None],
    day: date | None = None,
) -> Verdict:
    """The verdict of a table on one row of inputs; parameters by the table's names for them.

    `day`: the day decided for; rows that begin later, or have ended by then, count for nothing.
    """
    given = {**inputs, **parameters}
    if day is not None:
        there = [r for r in table.rows if not ((r.start and day < r.start) or (r.end and day >= r.end))]
        table = replace(table, rows=tuple(there))
    told = [(n, _whole(table, n, given)) for n in range(len(table.ordered))]
    if table.collects:
        return _all_that_hit(table, told, given)
    return _one_that_hits(table, told, given)


def _whole(table: CheckedTable, index: int, given: Mapping[str, Known]) -> bool | None:
    """Whether a row hits: its condition, and none of its exceptions."""
    row = table.ordered[index]
    parts = [holds(row.condition, given)]
    parts += [holds(Unary("!", r.condition), given) for r in table.rows if row.id in r.exception_of]
    if any(p is False for p in parts):
        return False
    return None if any(p is None for p in parts) else True


def _asked(table: CheckedTable, index: int) -> tuple[Node, ...]:
    row = table.ordered[index]
    return (row.condition, *(r.condition for r in table.rows if row.id in r.exception_of))


def _one_that_hits(table: CheckedTable, told: list[tuple[int, bool | None]], given: Mapping[str, Known]) -> Verdict:
    hits = [n for n, answer in told if answer is True]
    unknown = [n for n, answer in told if answer is None]
    if table.hit in ("first", "priority") and hits:
        unknown = [n for n in unknown if n < hits[0]]
    missing = _nulls(table, [part for n in unknown for part in _asked(table, n)], given, first=None)
    if table.hit in ("first", "priority"):
        missing = _nulls(table, list(_asked(table, unknown[0])), given, first=True) if unknown else None
    if (why := _open(table)) is not None:
        return Verdict(None, False, missing, why, _empty(table))
    if _in_conflict(table, hits, given):
        return Verdict(None, False, missing, "conflict", _empty(table))
    if unknown:
        return Verdict(None, False, missing, "missing" if missing else "no_value", _empty(table))
    if not hits:
        return Verdict(None, True, None, None, {o.name: o.default.value if o.default else None for o in table.outputs})
    row = table.ordered[hits[0]]
    answers = {o.name: value_of(t, given) for o, t in zip(table.outputs, row.then, strict=True)}
    if all(a is not None for a in answers.values()):
        return Verdict(row.id, True, None, None, answers)
    needs = _nulls(table, list(row.then), given, first=True)
    return Verdict(row.id, False, needs, "missing" if needs else "no_value", answers)


def _open(table: CheckedTable) -> str | None:
    """Why no row is read as an answer: nobody has reviewed one of them, or the document leaves something open."""
    if any(r.confidence == CANDIDATE for r in table.rows):
        return CANDIDATE
    return "open" if table.open_because is not None else None


def _in_conflict(table: CheckedTable, hits: list[int], given: Mapping[str, Known]) -> bool:
    if table.hit == "unique":
        return len(hits) > 1
    if table.hit != "any" or not hits:
        return False
    answers = [[value_of(t, given) for t in table.ordered[n].then] for n in hits]
    return any(a != answers[0] for a in answers)


def _all_that_hit(table: CheckedTable, told: list[tuple[int, bool | None]], given: Mapping[str, Known]) -> Verdict:
    hits = [table.ordered[n] for n, answer in told if answer is True]
    unknown = [node for n, answer in told if answer is None for node in _asked(table, n)]
    empty = [t for r in hits for t in r.then if value_of(t, given) is None]
    if _open(table) is not None or unknown or empty:
        missing = _nulls(table, unknown or empty, given, first=None)
        why = "missing" if missing else _open(table) or "no_value"
        ids = () if unknown else tuple(r.id for r in hits)
        return Verdict(None, False, missing, why, _empty(table), ids)
    answers: dict[str, Known] = {}
    for n, output in enumerate(table.outputs):
        answers[output.name] = _together(table.hit, [value_of(r.then[n], given) for r in hits])
    return Verdict(None, True, None, None, answers, tuple(r.id for r in hits))


def _together(policy: str, values: list[Known]) -> Known:
    numbers = [v for v in values if isinstance(v, Decimal)]
    if policy == "collect_count":
        return Decimal(len(values))
    if not values:
        return None
    if policy == "collect":
        return ", ".join(("true" if v else "false") if isinstance(v, bool) else str(v) for v in values)
    if policy == "collect_sum":
        return sum(numbers, Decimal(0))
    return min(numbers) if policy == "collect_min" else max(numbers)


def _empty(table: CheckedTable) -> dict[str, Known]:
    return {o.name: None for o in table.outputs}


def _nulls(table: CheckedTable, nodes: list[Node], given: Mapping[str, Known], *, first: bool | None) -> str | None:
    """Names asked for that are null: in the order of the expression, or (`first` is None) of the table."""
    asked = names_in(*nodes)
    names = asked if first else tuple(n for n in table.asked if n in asked)
    return ", ".join(n for n in names if given.get(n) is None) or None
