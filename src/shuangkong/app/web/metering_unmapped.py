"""Channels that no meter is registered for (待认领通道): what waits of each, and how it is taken in."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse

from shuangkong.app.web.context import Asked, Asks
from shuangkong.app.web.metering_places import Shown
from shuangkong.app.web.metering_state import metering_of
from shuangkong.engine.api import reading
from shuangkong.metering.adopting import Waiting, waiting
from shuangkong.metering.hj212.journalling import SOURCE
from shuangkong.metering.tables import READINGS_ASIDE
from shuangkong.registry.api import StationSpell, station_spells

router = APIRouter(include_in_schema=False)
ReadsMeters = Annotated[Asked, Depends(Asks("meters.read"))]
LISTED = 300


@router.get("/meters/unmapped")
def unmapped(a: ReadsMeters) -> HTMLResponse:
    """What came of channels that nobody registered, by source and channel."""
    metering = metering_of(a.workspace)
    state, shown, places = metering.moment(), metering.seen(a.scope), metering.places()
    with reading(a.workspace.engine) as db:
        stations = {s.mn: s for s in station_spells(db, a.scope, state.now)}
    commits = a.workspace.lake.commits(READINGS_ASIDE.name, state.now)
    key = ("aside", id(state.register), commits[-1].sequence if commits else 0)
    every = metering.once(key, lambda: waiting(a.workspace.lake, state.register.meters, lambda *_: True, state.now))
    found = [w for w in every if seen(w.source, w.channel, shown, stations)]
    found.sort(key=lambda w: (-w.readings, w.source, w.channel))
    return a.page(
        "meters_unmapped.html", a.view(), rows=[(w, owner(w, stations)) for w in found[:LISTED]], total=len(found),
        readings=sum(w.readings for w in found), label_of=places.label, subject_of=places.subject, state=state,
    )  # fmt: skip


def seen(source: str, channel: str, shown: Shown, stations: dict[str, StationSpell]) -> bool:
    """Whether a reader may see what came of a channel: of units and stations in scope; all for who sees everything."""
    if shown is None or source in shown:
        return True
    return source == SOURCE and channel.partition("/")[0] in stations


def owner(waits: Waiting, stations: dict[str, StationSpell]) -> str:
    """The unit that a channel comes from, by the token or the station that it came under."""
    if waits.source != SOURCE:
        return waits.source
    found = stations.get(waits.channel.partition("/")[0])
    return found.subject_id if found else ""
