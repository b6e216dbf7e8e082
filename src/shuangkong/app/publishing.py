"""Packs of a workspace (工作区规则包): proposed and published within a scope, and read beside those of the program."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Literal

import sqlalchemy as sa

from shuangkong.app.catalogue import catalogue, library
from shuangkong.app.document_store import deciders_of
from shuangkong.app.unit_targets import known_units
from shuangkong.engine.api import Workspace, reading, writing
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.scope import Scope
from shuangkong.policy.api import (
    NATION,
    Difference,
    Pack,
    PackSet,
    Proposal,
    builtin_packs,
    decide_proposal,
    differences,
    load_files,
    proposal,
    proposals,
    propose,
    proposed_pack,
    published_packs,
    said,
    with_published,
)
from shuangkong.registry.api import resolve
from shuangkong.webkit.api import business_day

Decision = Literal["published", "rejected", "withdrawn"]


#: What is done in the transaction of a proposal, with its id and its instant.
Also = Callable[[sa.Connection, str, datetime], None]


def propose_pack(
    workspace: Workspace,
    scope: Scope,
    files: Mapping[str, bytes],
    because: str,
    *,
    origin: str,
    also: Also | None = None,
) -> str:
    """Propose a pack for the workspace; gives the proposal's id. `also` is done in its transaction, or neither is.

    Raises PackErrors for what is wrong in it, alone or beside the packs that stand; SCOPE-001 where the document's
    region, or one that the pack reaches, does not lie in the scope; PACK-007 as `propose` does; PackErrors with
    PACK-005 for a single unit that a target names and that is not registered in the scope and the document's region.
    """
    pack = load_files(files, origin=origin)
    standing = _standing(workspace)
    _together(standing, pack)
    with writing(workspace.engine) as db:
        at = workspace.clock()
        _reaches_within(db, scope, pack, standing, at)
        known_units(db, scope, pack, at)
        made = propose(db, workspace.blobs, pack, because, standing=standing, at=at, principal=scope.principal)
        if also:
            also(db, made, at)
        return made


def decide_on(workspace: Workspace, scope: Scope, proposal_id: str, decision: Decision, reason: str) -> Proposal:
    """Publish, reject or withdraw a proposal; raises what `decide_proposal` does, and SCOPE-001 outside the scope.

    What was made of a document is published by who neither proposed it nor decided on any entry of it.
    """
    pack: Pack | None = None
    standing: tuple[Pack, ...] = ()
    if decision == "published":
        with reading(workspace.engine) as db:
            found = proposal(db, proposal_id)
            within(db, scope, found.region, workspace.clock())
        pack, standing = proposed_pack(workspace.blobs, found), _standing(workspace)
    with writing(workspace.engine) as db:
        at = workspace.clock()
        within(db, scope, proposal(db, proposal_id).region, at)
        if pack is not None:
            _reaches_within(db, scope, pack, standing, at)
            known_units(db, scope, pack, at)
        done = decide_proposal(
            db, proposal_id, decision, reason, at=at, principal=scope.principal,
            took_part=took_part(db, proposal(db, proposal_id)),
        )  # fmt: skip
        if pack is not None:
            # its audit entry has taken the turn: nobody publishes between this check and the commit
            _together(with_published(builtin_packs(), published_packs(db, workspace.blobs, at)), pack)
        return done


def took_part(db: sa.Connection, found: Proposal) -> frozenset[str]:
    """Who decided on the entries that a proposed pack was made of, also where the same pack was proposed again."""
    alike = (p for p in proposals(db) if p.content_hash == found.content_hash)
    return frozenset().union(*(deciders_of(db, p.proposal_id) for p in alike))


def proposals_seen(db: sa.Connection, scope: Scope, at: datetime) -> list[Proposal]:
    """The proposals whose document's region lies in the scope, newest first."""
    return [p for p in proposals(db) if lies_within(db, scope, p.region, at)]


def proposal_seen(
    workspace: Workspace, scope: Scope, proposal_id: str
) -> tuple[Proposal, Pack, tuple[Difference, ...]]:
    """A proposal with its pack and what it changes; PACK-006 also where it lies outside the scope."""
    with reading(workspace.engine) as db:
        found = proposal(db, proposal_id)
        if not lies_within(db, scope, found.region, workspace.clock()):
            raise said("PACK-006", "proposal").at(proposal_id[:80])
        before = {p.key: p for p in with_published(builtin_packs(), _published_before(db, workspace, found))}
    pack = proposed_pack(workspace.blobs, found)
    return found, pack, differences(before.get(pack.key), pack)


def _published_before(db: sa.Connection, workspace: Workspace, found: Proposal) -> tuple[Pack, ...]:
    """What stood the instant before the proposal was decided, or stands now."""
    until = found.decided_at - timedelta(microseconds=1) if found.decided_at else workspace.clock()
    return published_packs(db, workspace.blobs, until)


def _standing(workspace: Workspace) -> tuple[Pack, ...]:
    return library(workspace=workspace).packs


def _together(standing: tuple[Pack, ...], pack: Pack) -> None:
    """Raise PackErrors where the pack contradicts those that stand."""
    PackSet(with_published(standing, [pack]), catalogue=catalogue())


def _reaches_within(db: sa.Connection, scope: Scope, pack: Pack, standing: tuple[Pack, ...], at: datetime) -> None:
    """SCOPE-001 unless all that the pack would change lies in the scope: a county's pack moves nobody else's."""
    within(db, scope, pack.instrument.region, at)
    for what, region in _reached(pack, standing):
        if not lies_within(db, scope, region, at):
            raise UserError(
                "SCOPE-001", f"{what} reaches {region}, which is not in your scope.", where=pack.key,
                remedy="Leave it out, or ask who is appointed for that region.", case="reaches",
                facts={"what": what, "region": region},
            )  # fmt: skip


def _reached(pack: Pack, standing: tuple[Pack, ...]) -> Iterator[tuple[str, str]]:
    """Entries that reach further than the document's own region, with the region that each reaches.

    So do the pack in whose place it would stand, those that it ends, and parameters, carriers and products of all.
    """
    for target in pack.targets:
        yield from ((target.slug, region) for region in target.subject.regions)
    for table in pack.tables:
        yield from ((table.id, region) for region in (table.scope.regions if table.scope else ()))
    own = {p.id for p in pack.parameters}
    known = {c.id for other in standing for c in other.carriers} | {p.id for other in standing for p in other.products}
    for other in standing:
        if other.key == pack.key or other.key in pack.instrument.supersedes:
            yield other.key, other.instrument.region
        yield from ((p.id, other.instrument.region) for p in other.parameters if p.id in own)
    shared = [*(c.id for c in pack.carriers), *(p.id for p in pack.products)]
    yield from ((name, NATION) for name in shared if name not in known)


def lies_within(db: sa.Connection, scope: Scope, region: str, at: datetime) -> bool:
    """Whether the region of a document lies in the scope."""
    try:
        within(db, scope, region, at)
    except UserError:
        return False
    return True


def within(db: sa.Connection, scope: Scope, region: str, at: datetime) -> None:
    """SCOPE-001 unless the region of the document lies in the scope; the nation's lie in that of everything alone."""
    if scope.unrestricted:
        return
    if region != NATION:
        for scheme in ("gbt2260", "local"):  # places of the list, and invented ones
            with suppress(UserError):
                resolve(db, scope.for_writing(), scheme, region, business_day(at), at)
                return
    raise UserError(
        "SCOPE-001", "this document's region is not in your scope.", where=region,
        remedy="Ask who is appointed for that region.", case="document",
    )  # fmt: skip
