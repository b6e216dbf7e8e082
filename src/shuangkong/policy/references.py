"""References inside one pack: parents, clauses, and names that must be given once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from shuangkong.policy.strict_yaml import Parsed
from shuangkong.policy.words import Words, said

Entry = tuple[str, int, Any]
_NAMES = {
    "clauses": "id",
    "targets": "slug",
    "duties": "slug",
    "parameters": "id",
    "indicators": "id",
    "carriers": "id",
    "products": "id",
    "tables": "id",
}


def cross_check(parsed: Mapping[str, Parsed], lists: Mapping[str, Sequence[Entry]]) -> None:
    """Add to each file the references that do not resolve; entries that did not fit their model are left out."""
    for field, name in _NAMES.items():
        _unique(parsed, lists[field], name)
    _parents(parsed, lists["clauses"])
    clauses = parsed.get("clauses.yaml")
    if clauses is None or not clauses.problems:
        _clauses_exist(parsed, lists)
        _targets_stand(parsed, lists)


def _add(parsed: Mapping[str, Parsed], entry: Entry, key: str, words: Words) -> None:
    file = parsed[entry[0]]
    file.problems.append(words.at(file.where((entry[1], key))))


def _unique(parsed: Mapping[str, Parsed], entries: Sequence[Entry], name: str) -> None:
    seen: dict[str, Entry] = {}
    for entry in entries:
        value = getattr(entry[2], name)
        if value in seen:
            other = seen[value]
            place = parsed[other[0]].where((other[1], name))
            _add(parsed, entry, name, said("PACK-002", "entry", name=value, place=place))
        seen.setdefault(value, entry)


def _parents(parsed: Mapping[str, Parsed], clauses: Sequence[Entry]) -> None:
    above: set[str] = set()
    every = {c.id for _, _, c in clauses}
    for entry in clauses:
        parent = entry[2].parent
        if parent is not None and parent not in above:
            later, missing = said("PACK-005", "parent_later", parent=parent), said("PACK-005", "parent", parent=parent)
            _add(parsed, entry, "parent", later if parent in every else missing)
        above.add(entry[2].id)


def _clauses_exist(parsed: Mapping[str, Parsed], lists: Mapping[str, Sequence[Entry]]) -> None:
    every = {c.id for _, _, c in lists["clauses"]}
    for entry in (*lists["targets"], *lists["duties"], *lists["parameters"], *lists["tables"]):
        clause = entry[2].clause
        if clause is not None and clause not in every:
            _add(parsed, entry, "clause", said("PACK-005", "clause", clause=clause))


def _targets_stand(parsed: Mapping[str, Parsed], lists: Mapping[str, Sequence[Entry]]) -> None:
    if any(p.problems for n, p in parsed.items() if n == "targets.yaml" or n.startswith(("parameters/", "tables/"))):
        return
    used = {e.clause for _, _, e in (*lists["targets"], *lists["parameters"], *lists["tables"])}
    for entry in lists["clauses"]:
        clause = entry[2]
        if clause.kind == "target" and clause.id not in used and clause.none_because is None:
            _add(parsed, entry, "kind", said("PACK-005", "no_target", clause=clause.id))
