"""Dated parenthood: half-open spans and the transitive closure of edges. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

#: A subject is always itself; an open end is a day that no period reaches.
ALWAYS = date(1, 1, 1)
FOREVER = date(9999, 12, 31)
#: The dated attribute that opens a region's pages to the public.
PUBLISHED = "published"
#: The relation of a project to the unit that owns it; it takes no part in sums.
OWNER = "owner"


@dataclass(frozen=True, slots=True)
class Edge:
    """`child` lay under `parent` on the days `[start, end)`."""

    child: str
    parent: str
    start: date
    end: date


@dataclass(frozen=True, slots=True)
class Descent:
    """`subject` lay under `ancestor`, `depth` steps below, on the days `[start, end)`."""

    ancestor: str
    subject: str
    start: date
    end: date
    depth: int


class Cycle(ValueError):
    """Subjects that lie in each other on one day."""


def without(start: date, end: date, holes: Iterable[tuple[date, date]]) -> list[tuple[date, date]]:
    """What is left of a span when the holes are taken out."""
    left = [(start, end)]
    for a, b in holes:
        left = [piece for s, e in left for piece in ((s, min(e, a)), (max(s, b), e)) if piece[0] < piece[1]]
    return left


def in_charge(lies_in: Iterable[Edge], jurisdiction: Iterable[Edge]) -> list[Edge]:
    """The hierarchy of who is in charge: a jurisdiction (管辖) where there is one, else the place (属地)."""
    ruled: dict[str, list[Edge]] = defaultdict(list)
    for edge in jurisdiction:
        ruled[edge.child].append(edge)
    found = [edge for edges in ruled.values() for edge in edges]
    for edge in lies_in:
        holes = [(r.start, r.end) for r in ruled.get(edge.child, ())]
        found += [Edge(edge.child, edge.parent, s, e) for s, e in without(edge.start, edge.end, holes)]
    return found


def closure(subjects: Iterable[str], edges: Iterable[Edge]) -> list[Descent]:
    """Every subject under itself (depth 0) and under all above it, day by day.

    At most one row per ancestor, subject and day, whatever the number of ways between them; the depth is that
    of the shortest. Raises `Cycle` when a subject lies in itself on some day.
    """
    above: dict[str, list[Edge]] = defaultdict(list)
    for edge in edges:
        if edge.start < edge.end:
            above[edge.child].append(edge)
    return [row for subject in subjects for row in _merged(_ancestors(subject, above))]


def _ancestors(subject: str, above: Mapping[str, list[Edge]]) -> list[Descent]:
    """Climb from the subject, keeping the days on which every step so far holds."""
    found: list[Descent] = []
    todo: list[tuple[tuple[str, ...], date, date]] = [((subject,), ALWAYS, FOREVER)]
    while todo:
        path, start, end = todo.pop()
        found.append(Descent(path[-1], subject, start, end, len(path) - 1))
        for edge in above.get(path[-1], ()):
            s, e = max(start, edge.start), min(end, edge.end)
            if s < e and edge.parent in path:
                raise Cycle(" < ".join((*path, edge.parent)) + f" from {s.isoformat()}")
            if s < e:
                todo.append(((*path, edge.parent), s, e))
    return found


def _merged(rows: list[Descent]) -> list[Descent]:
    """One row per ancestor and run of days; overlapping ways are one, at the smaller depth."""
    if len({r.ancestor for r in rows}) == len(rows):
        return rows
    groups: dict[str, list[Descent]] = defaultdict(list)
    for row in rows:
        groups[row.ancestor].append(row)
    return [row for group in groups.values() for row in _disjoint(group)]


def _disjoint(group: list[Descent]) -> list[Descent]:
    days = sorted({d for r in group for d in (r.start, r.end)})
    found: list[Descent] = []
    for start, end in pairwise(days):
        depths = [r.depth for r in group if r.start <= start and end <= r.end]
        if not depths:
            continue
        last = found[-1] if found else None
        if last and last.end == start and last.depth == min(depths):
            found[-1] = Descent(last.ancestor, last.subject, last.start, end, last.depth)
        else:
            found.append(Descent(group[0].ancestor, group[0].subject, start, end, min(depths)))
    return found
