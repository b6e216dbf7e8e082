"""The readings of the demo city into its workspace (合成): through a journal, as any readings come."""

from __future__ import annotations

from collections.abc import Sequence

from shuangkong.app.collecting import followers
from shuangkong.app.demo.metering import MeteredCity, batches
from shuangkong.engine.api import Workspace, reading, writing, writing_in_turn
from shuangkong.metering.collecting import journal_folder
from shuangkong.metering.journal import Journal
from shuangkong.metering.model import packed
from shuangkong.metering.rounds import Rounds
from shuangkong.registry.api import consumer_mark, register_meters, register_stations, set_consumer_mark

#: Under which the workspace remembers that its month of readings was taken in.
MARK = "demo/readings"
_AT_ONCE = 4_000


def take_readings(workspace: Workspace, made: MeteredCity, principal: str) -> None:
    """Register the meters and stations and take the month in; doing it again adds nothing."""
    with reading(workspace.engine) as db:
        if consumer_mark(db, MARK):
            return
    with writing_in_turn(workspace.engine) as db:
        at = workspace.clock()
        register_meters(db, made.meters(), at, principal=principal)
        register_stations(db, made.stations(), at, principal=principal)
    bodies = [packed(b) for b in batches(made)]
    with Journal(journal_folder(workspace)) as journal:
        for group in _groups(bodies):
            journal.append(group)
    Rounds(workspace, journal_folder(workspace), followers(workspace, books=False)).round()
    with writing(workspace.engine) as db:
        set_consumer_mark(db, MARK, made.first.isoformat(), at=workspace.clock())


def _groups(bodies: Sequence[bytes]) -> list[list[bytes]]:
    return [list(bodies[n : n + _AT_ONCE]) for n in range(0, len(bodies), _AT_ONCE)]
