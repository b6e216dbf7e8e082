"""The shipped list of regions as subjects of a registry database."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa

from shuangkong.engine.api import record
from shuangkong.kernel.ids import SubjectId, subject_id
from shuangkong.registry import codelists, store
from shuangkong.registry.codes import plain_code
from shuangkong.registry.model import NATION, Region

SCHEME = "gbt2260"


@cache
def region_id(subject: str) -> SubjectId:
    """The id of a place of the list: made from the first code it had (`Region.subject`)."""
    return subject_id("region", SCHEME, subject)


def ensure_regions(
    connection: sa.Connection,
    recorded_at: datetime,
    codes: Collection[str] | None = None,
    *,
    principal: str = "system",
) -> int:
    """Register the places of the shipped list with their codes, names and parents; returns how many rows were new.

    `codes` limits it to those places and all above them. Doing it again adds nothing.
    """
    places = _wanted(codes)
    spells = [r for p in places for r in codelists.regions_by_subject()[p]]
    new = store.add(connection, store.subject, (_subject(p, recorded_at) for p in places))
    new += store.add(connection, store.alias, _aliases(spells, recorded_at), lasting=True)
    new += store.add(connection, store.parent, _parents(places, recorded_at), lasting=True)
    if new:
        detail = {"rows": new, "codes": sorted(codes)[:50] if codes is not None else "all"}
        record(connection, at=recorded_at, principal=principal, action="registry.regions", obj=SCHEME, detail=detail)
    return new


def _wanted(codes: Collection[str] | None) -> list[str]:
    by_subject = codelists.regions_by_subject()
    places = [s for s, spells in by_subject.items() if spells[0].kind != "pseudo"]
    if codes is None:
        return places
    todo = [r.subject for c in codes for r in codelists.regions_by_code()[plain_code(c) or c]]
    found: set[str] = set()
    while todo:
        place = todo.pop()
        if place not in found:
            found.add(place)
            todo += [up for spell in by_subject[place] for up, _, _ in _above(spell)]
    return [p for p in places if p in found]


def _subject(place: str, recorded_at: datetime) -> dict[str, Any]:
    spell = codelists.regions_by_subject()[place][-1]
    return {
        "subject_id": region_id(place),
        "kind": "region",
        "level": "zone" if spell.kind == "zone" else spell.level,
        "synthetic": False,
        "recorded_at": recorded_at,
    }


def _aliases(spells: Iterable[Region], recorded_at: datetime) -> Iterator[dict[str, Any]]:
    """Code and names of each spell; neighbouring spells with one value become one row."""
    runs: dict[tuple[str, str, str], list[list[Any]]] = {}
    for spell in spells:
        for scheme, value in ((SCHEME, spell.code), ("name_zh", spell.name_zh), ("name_en", spell.name_en)):
            if not value:
                continue
            run = runs.setdefault((spell.subject, scheme, value), [])
            if run and run[-1][1] == spell.valid_from:
                run[-1][1] = spell.valid_to
            else:
                run.append([spell.valid_from, spell.valid_to])
    for (place, scheme, value), run in runs.items():
        for start, end in run:
            yield {
                "subject_id": region_id(place), "scheme": scheme, "value": value, "valid_from": start,
                "valid_to": end, "recorded_at": recorded_at, "corrects": None,
            }  # fmt: skip


def _above(spell: Region) -> list[tuple[str, Any, Any]]:
    """The place that the spell's parent code meant, and from when to when."""
    found = []
    for up in codelists.regions_by_code().get(spell.parent, ()):
        start = max(spell.valid_from, up.valid_from)
        ends = [end for end in (spell.valid_to, up.valid_to) if end]
        end = min(ends, default=None)
        if end is None or start < end:
            found.append((up.subject, start, end))
    return found


def _parents(places: Iterable[str], recorded_at: datetime) -> Iterator[dict[str, Any]]:
    """Edges of each place; a new place begins on the first day it may have existed, see `data/SOURCE.md`."""
    for place in places:
        run: list[list[Any]] = []
        spells = codelists.regions_by_subject()[place]
        for spell in spells if place != NATION else ():
            for up, start, end in _above(spell):
                if run and run[-1][0] == up and run[-1][2] == start:
                    run[-1][2] = end
                else:
                    run.append([up, start, end])
        if run and spells[0].possible_from is not None:
            run[0][1] = spells[0].possible_from
        for up, start, end in run:
            yield {
                "child_id": region_id(place), "parent_id": region_id(up), "relation": "lies_in",
                "valid_from": start, "valid_to": end, "recorded_at": recorded_at, "corrects": None,
            }  # fmt: skip
