"""Targets of single units (单个用能单位的目标): proposed for registered units, shown to who may see the unit."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime

import pyarrow as pa
import sqlalchemy as sa

from shuangkong.engine.api import Workspace, reading
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.ids import SubjectId
from shuangkong.kernel.scope import Scope
from shuangkong.policy.api import NATION, Pack, PackErrors, PackSet, said, unregistered, words_of_flaw
from shuangkong.registry.api import resolve, units_of
from shuangkong.webkit.api import business_day


def named_units(packs: Iterable[Pack]) -> frozenset[str]:
    """The unified social credit codes by which targets name single units."""
    return frozenset(t.subject.uscc for p in packs for t in p.targets if t.subject.uscc is not None)


def known_units(db: sa.Connection, scope: Scope, pack: Pack, at: datetime) -> None:
    """PackErrors with PACK-005 for each unit that a pack names and that it cannot be put to.

    The unit is registered, in the scope of who acts, and lies in the region of the document: who may see the document
    sees its units.
    """
    codes, region = named_units([pack]), pack.instrument.region
    if not codes:
        return
    found = units_of(db, scope.for_writing(), codes, at)
    inside = units_inside(db, scope, region, codes, at)
    problems: list[UserError] = [words_of_flaw(f).at(f.subject) for f in unregistered([pack], found)]
    problems += [
        said("PACK-005", "unit_elsewhere", name=t.subject.uscc, region=region).at(f"{pack.key}:{t.slug}")
        for t in pack.targets
        if t.subject.uscc in found and t.subject.uscc not in inside
    ]
    if problems:
        raise PackErrors(problems)


def units_inside(
    db: sa.Connection, scope: Scope, region: str, codes: Iterable[str], at: datetime
) -> dict[str, SubjectId]:  # fmt: skip
    """The units that have these codes, are in the scope for writing, and lie in the region today, by code."""
    found = units_of(db, scope.for_writing(), codes, at)
    return units_of(db, _of_document(db, region, at), found, at)


def _of_document(db: sa.Connection, region: str, at: datetime) -> Scope:
    """What lies in the region of a document today; nothing where nobody knows the region."""
    if region == NATION:
        return Scope.system("look up the units that a document of the nation names")
    for scheme in ("gbt2260", "local"):  # places of the list, and invented ones
        with suppress(UserError):
            everything = Scope.system("look up the region of a document")
            place = resolve(db, everything, scheme, region, business_day(at), at)
            return Scope.region("document", place, business_day(at)).for_writing()
    return Scope.none("document")


def seen_packs(workspace: Workspace, packs: PackSet, known: datetime, seen: pa.Table | None) -> PackSet:
    """The packs without targets of units that are not among those seen; all of it where nothing is hidden.

    seen: subject_id. `known` is the instant of the run whose packs they are.
    """
    codes = named_units(packs.packs)
    if seen is None or not codes:
        return packs
    shown = frozenset(seen["subject_id"].to_pylist())
    with reading(workspace.engine) as db:
        units = units_of(db, Scope.system("tell whose targets a reader may see"), codes, known)
    hidden = {code for code in codes if units.get(code) not in shown}
    kept = (_without(p, hidden) for p in packs.packs)
    return PackSet(kept, overlays=packs.overlays, replaced=packs.replaced, catalogue=packs.catalogue)


def _without(pack: Pack, hidden: set[str]) -> Pack:
    left = tuple(t for t in pack.targets if t.subject.uscc not in hidden)
    return pack if len(left) == len(pack.targets) else pack.model_copy(update={"targets": left, "files": ()})
