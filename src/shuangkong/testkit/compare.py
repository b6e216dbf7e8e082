"""Hold what came out against what a case expects: every difference is named, a comparison of nothing fails."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from shuangkong.testkit.columns import column_of
from shuangkong.testkit.model import Case, Table
from shuangkong.testkit.runners import runners

#: Columns that say which row is meant; the others say what must stand there.
KEYS = (
    "subject_id", "period_key", "indicator_id", "measure", "part", "level", "side", "step", "position", "base",
    "method_id", "edition", "basis", "guide", "grid", "item", "unit", "area", "year", "base_year", "given",
)  # fmt: skip
#: A case that lists some subjects and periods speaks of these alone.
_LIMITS = ("subject_id", "period_key", "indicator_id", "measure", "level", "side")


def differences(case: Case) -> list[str]:
    """Every way in which the outcome differs from what the case expects; empty when it holds."""
    every = runners()
    unknown = [n for n in case.tries if n not in every]
    if unknown:
        return [f"{case.place}: there is no rule {', '.join(unknown)}; known: {', '.join(sorted(every))}"]
    found = []
    for name in case.tries:
        rows = every[name](case.given, case.place)
        found += [f"{case.place} {name}: {d}" for d in compared(case.expect[name], rows, case.within)]
    return found


def compared(expect: Table, rows: Sequence[Mapping[str, Any]], within: Decimal) -> list[str]:
    """Differences between a table and rows; rows are matched by the key columns that the table has."""
    columns = [column_of(h) for h in expect.head]
    wanted = [dict(zip(columns, row, strict=True)) for row in expect.rows]
    if rows and (absent := [c for c in columns if c not in rows[0]]):
        return [f"the outcome has no column {', '.join(absent)}; it has {', '.join(rows[0])}"]
    limits = {c: {_plain(w[c]) for w in wanted} for c in columns if c in _LIMITS and wanted}
    spoken = [r for r in rows if all(_plain(r[c]) in limits[c] for c in limits)]
    keys = [c for c in columns if c in KEYS]
    left = list(spoken)
    found = []
    for w in wanted:
        same = [r for r in left if all(_plain(r[k]) == _plain(w[k]) for k in keys)]
        hit = next((r for r in same if _fits(w, r, within)), None) or (same[0] if same else None)
        if hit is None:
            found.append(f"expected {_shown(w)}, and there is no such row")
            continue
        left.remove(hit)
        found += [
            f"{_shown({k: w[k] for k in keys})}: {c} is {_text(hit[c])}, expected {_text(w[c])}"
            for c in columns
            if not _equal(w[c], hit[c], within)
        ]
    return found + [f"not expected: {_shown({c: r[c] for c in columns})}" for r in left]


def _fits(wanted: Mapping[str, object], row: Mapping[str, Any], within: Decimal) -> bool:
    return all(_equal(value, row[column], within) for column, value in wanted.items())


def _equal(wanted: object, found: object, within: Decimal) -> bool:
    a, b = _number(wanted), _number(found)
    if a is not None and b is not None:
        return abs(a - b) <= within
    return _plain(wanted) == _plain(found)


def _number(cell: object) -> Decimal | None:
    return Decimal(cell) if isinstance(cell, int | Decimal) and not isinstance(cell, bool) else None


def _plain(cell: object) -> str | None:
    """A key as text: a year written as a number is the same key; null and empty text are the same."""
    return None if cell is None or cell == "" else str(cell)


def _text(cell: object) -> str:
    return format(cell, "f") if isinstance(cell, Decimal) else "null" if cell is None else str(cell)


def _shown(row: Mapping[str, object]) -> str:
    return "{" + ", ".join(f"{k}: {_text(v)}" for k, v in row.items()) + "}"


def named_by(cases: Iterable[Case]) -> frozenset[str]:
    """The rules that at least one case tries."""
    return frozenset(n for c in cases for n in c.tries)
