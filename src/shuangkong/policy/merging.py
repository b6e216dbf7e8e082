"""Entries of many packs under one name: what may be joined, and what contradicts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from pydantic import ValidationError

from shuangkong.kernel.errors import UserError
from shuangkong.policy.complaints import words_of
from shuangkong.policy.model import Carrier, IndicatorDeclaration, Pack, Parameter, Product
from shuangkong.policy.words import said

E = TypeVar("E", Carrier, Product, IndicatorDeclaration)


def by_key(packs: Iterable[Pack], problems: list[UserError]) -> dict[str, Pack]:
    """Packs by id@edition; each may be there once."""
    found: dict[str, Pack] = {}
    for pack in packs:
        other = found.setdefault(pack.key, pack)
        if other is not pack:
            problems.append(
                said("PACK-002", "pack", key=pack.key, other=other.origin).at(pack.origin),
            )
    return found


def merge_parameters(packs: Iterable[Pack], problems: list[UserError]) -> dict[str, Parameter]:
    """Parameters by id, with the rows of every pack that carries them; unit and key must agree."""
    parts: dict[str, list[tuple[Pack, Parameter]]] = {}
    for pack in packs:
        for parameter in pack.parameters:
            parts.setdefault(parameter.id, []).append((pack, parameter))
    return {name: _merged(name, found, problems) for name, found in parts.items()}


def _merged(name: str, found: list[tuple[Pack, Parameter]], problems: list[UserError]) -> Parameter:
    pack, first = found[0]
    if len(found) == 1:
        return first
    for other, parameter in found[1:]:
        if (parameter.unit, parameter.key) != (first.unit, first.key):
            problems.append(
                said("PACK-005", "merged_unit", name=name, pack=pack.key).at(other.key),
            )
            return first
    try:
        rows = tuple(r for _, p in found for r in p.values)
        return Parameter(id=name, label=first.label, unit=first.unit, key=first.key, note=first.note, values=rows)
    except ValidationError as error:
        detail = error.errors()[0]
        where = ", ".join(p.key for p, _ in found)
        problems.append(words_of(detail, Parameter).under("PACK-005").at(where))
        return first


def merge_entries(
    packs: Iterable[Pack], entries: Callable[[Pack], Iterable[E]], problems: list[UserError]
) -> dict[str, E]:
    """Entries of all packs by id; the same id may stand in several packs only if it says the same."""
    found: dict[str, tuple[Pack, E]] = {}
    for pack in packs:
        for entry in entries(pack):
            other, first = found.setdefault(entry.id, (pack, entry))
            if first != entry:
                problems.append(
                    said("PACK-005", "described", name=entry.id, pack=other.key).at(pack.key),
                )
    return {name: entry for name, (_, entry) in found.items()}
