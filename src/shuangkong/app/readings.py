"""Readings as somebody handles them (读数): files taken in, what waits for a meter, compaction, how it fares."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from shuangkong.app.catalogue import library
from shuangkong.app.collecting import followers
from shuangkong.app.retention import Retention, retention
from shuangkong.engine.api import Workspace, reading, record, writing
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.ids import SubjectId
from shuangkong.kernel.scope import Scope
from shuangkong.metering.adopting import Waiting, waiting
from shuangkong.metering.collecting import CONSUMER, INBOX, journal_bytes, journal_folder
from shuangkong.metering.columns import CHINA
from shuangkong.metering.committing import REUSED, Committer
from shuangkong.metering.compacting import Compacted, compact, drop_older, remove_old_files
from shuangkong.metering.files import batches, read_map
from shuangkong.metering.hj212.journalling import SOURCE
from shuangkong.metering.journal import BROKEN, Journal
from shuangkong.metering.model import Batch, Refused, packed
from shuangkong.metering.register import meters_known
from shuangkong.metering.rounds import Rounds
from shuangkong.registry.api import consumer_mark, station_spells, subject_ids

#: Seconds for which a command waits until a running collector has taken what was handed over.
PATIENCE = 300.0


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a file: readings that are durable, posts they came as, rows refused, and the first of those."""

    posts: int
    readings: int
    refused: int
    refusals: tuple[Refused, ...]

    def as_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        told = [{"row": r.row, "why": r.why, "said": r.said} for r in self.refusals]
        return {"posts": self.posts, "readings": self.readings, "refused": self.refused, "refusals": told}


def take_file(
    workspace: Workspace, unit: SubjectId, file: Path, mapping: Path, *, principal: str, patience: float = PATIENCE
) -> Taken:
    """Take the readings of a file in under a unit: by the running collector, or by ourselves where none runs.

    Handing the same file in again changes nothing. Raises IMP-001, ING-005, and what the journal raises.
    """
    found = list(batches(file, read_map(mapping), unit, time.time_ns() // 1000))
    _handed_in(workspace, found, patience)
    done = Taken(
        len(found), sum(map(len, found)), sum(b.refused_in_all for b in found),
        tuple(r for b in found for r in b.refused)[:20],
    )  # fmt: skip
    with writing(workspace.engine) as db:
        detail = {
            "file": file.name, "sha256": hashlib.sha256(file.read_bytes()).hexdigest(), "readings": done.readings,
            "refused": done.refused,
        }  # fmt: skip
        record(db, at=workspace.clock(), principal=principal, action="readings.take", obj=unit, detail=detail)
    return done


def _handed_in(workspace: Workspace, posts: list[Batch], patience: float) -> None:
    folder = journal_folder(workspace)
    try:
        journal = Journal(folder)
    except UserError as wrong:
        if wrong.code != "WS-003":
            raise
        _handed_over(folder / INBOX, posts, patience)
        return
    with journal, Committer(journal, lambda: time.time_ns() // 1000) as committer:
        for post in posts:
            committer.take(post).result()
        journal.roll()
    Rounds(workspace, folder, followers(workspace)).round()


def _handed_over(inbox: Path, posts: list[Batch], patience: float) -> None:
    """Leave posts to the collector that has the journal, and wait until each is durable there."""
    inbox.mkdir(exist_ok=True)
    left = []
    for post in posts:
        name = hashlib.sha256(f"{post.source}\x00{post.batch}".encode()).hexdigest()[:32]
        part = inbox / f"{name}.part"
        with part.open("wb") as file:
            file.write(packed(post))
            file.flush()
            os.fsync(file.fileno())
        part.replace(inbox / f"{name}.post")
        left.append(inbox / f"{name}.post")
    end = time.monotonic() + patience
    while any(p.exists() for p in left):
        if time.monotonic() > end:
            raise UserError(
                "ING-002", "the collector has not taken the file yet.", where=str(inbox), case="busy",
                remedy="See `shuangkong readings status`; what was handed over is taken as soon as there is room.",
            )  # fmt: skip
        time.sleep(0.1)
    if any(p.with_suffix(BROKEN).exists() for p in left):
        raise UserError(
            REUSED, "other readings were taken under the id of this file.", where=str(inbox), case="reused",
            remedy="What was handed over lies there as *.broken; see `shuangkong readings status`.",
        )  # fmt: skip


def waiting_in(workspace: Workspace, scope: Scope) -> list[Waiting]:
    """What waits for a meter to be registered, of the units and stations in scope."""
    now = workspace.clock()
    with reading(workspace.engine) as db:
        seen = _seen(db, scope, workspace)
        meters = meters_known(db, Scope.system("look for what waits"), now)
    return waiting(workspace.lake, meters, seen, now)


def _seen(db: Any, scope: Scope, workspace: Workspace) -> Callable[[str, str], bool]:
    """Whether somebody may see a source's channel: their units' own, and those of their units' stations."""
    if scope.unrestricted:
        return lambda source, channel: True
    now, own = workspace.clock(), scope.for_writing()
    sources = {str(s) for kind in ("unit", "site") for s in subject_ids(db, own, kind, now)}
    stations = {s.mn for s in station_spells(db, own, now)}
    return lambda source, channel: (
        channel.partition("/")[0] in stations if source == SOURCE else source in sources
    )  # fmt: skip


def state(workspace: Workspace) -> dict[str, Any]:
    """How the collector fared when it was last heard of, and what is in the journal now."""
    with reading(workspace.engine) as db:
        text = consumer_mark(db, CONSUMER)
    told: Mapping[str, Any] = json.loads(text) if text else {}
    return {**told, "journal_bytes": journal_bytes(journal_folder(workspace))}


def tidy_readings(workspace: Workspace, *, principal: str) -> dict[str, Any]:
    """Compact, and let go of what is older than packs or settings keep; tells the terms and who says them."""
    terms = retention_here(workspace)
    done: Compacted = compact(workspace.lake)
    keep, replaced = terms.readings.days, terms.replaced.days
    dropped = drop_older(workspace.lake, keep, principal=principal, said_by=terms.readings.said_by) if keep else 0
    removed = remove_old_files(workspace.lake, replaced) if replaced else []
    if removed:
        with writing(workspace.engine) as db:
            detail = {"days": replaced, "removed": len(removed), "said_by": terms.replaced.said_by}
            record(db, at=workspace.clock(), principal=principal, action="readings.remove", obj="", detail=detail)
    told = [terms.readings.as_dict(), terms.replaced.as_dict(), terms.least.as_dict()]
    return {**asdict(done), "dropped": dropped, "removed": len(removed), "retention": told}


def retention_here(workspace: Workspace) -> Retention:
    """The terms that hold for a workspace's readings today."""
    known = workspace.clock()
    today = known.astimezone(CHINA).date()
    return retention(library(workspace=workspace, known=known), today, today)
