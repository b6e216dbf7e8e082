"""Stations that send HJ 212 (站点): whether they send, what stands of them in the register, what was refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse

from shuangkong.app.web.context import Asked, Asks
from shuangkong.app.web.metering_intake import OVERSEES, Intake, intake_of, reason_label
from shuangkong.app.web.metering_live import LIVE, instant, live_states
from shuangkong.app.web.metering_state import Metering, Moment, metering_of
from shuangkong.app.web.metering_words import item_label
from shuangkong.engine.api import Workspace, reading
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Label
from shuangkong.metering.collecting import station_faults
from shuangkong.metering.hj212.journalling import SOURCE
from shuangkong.metering.hj212.standard import standard
from shuangkong.metering.meters import FOREVER, Meter
from shuangkong.registry.api import StationSpell, station_spells

router = APIRouter(include_in_schema=False)
ReadsMeters = Annotated[Asked, Depends(Asks("meters.read"))]
#: Stations that the page lists at most; others are found by what they begin with.
LISTED = 300
#: And of MNs that send and are not registered.
LISTED_UNKNOWN = 30
_RANK = tuple(LIVE)


@dataclass(frozen=True)
class Shows:
    """A meter at a station: what it measures, its live state, when it sent last."""

    meter: Meter
    item: Label
    live: str
    at: datetime | None


@dataclass(frozen=True)
class Reason:
    """Why frames of a station were refused, or what was told of frames that were taken: how often and when last."""

    code: str
    label: Label
    refuses: bool
    count: int
    last: datetime | None


@dataclass(frozen=True)
class Faulty:
    """What was wrong with frames under one MN, the most frequent first: when last, why, what was found, from where."""

    mn: str
    refused: int
    reasons: tuple[Reason, ...]
    last: datetime | None
    last_label: Label
    found: str
    peer: str


@dataclass(frozen=True)
class Station:
    """A station as it stands today, or stood last, with the best state of its meters and its newest reading."""

    spell: StationSpell
    spells: tuple[StationSpell, ...]
    live: str
    at: datetime | None
    meters: tuple[Shows, ...]

    @property
    def forever(self) -> bool:
        """Whether no end is registered."""
        return self.spell.valid_to == FOREVER


def stations_of(a: Asked, metering: Metering, state: Moment) -> list[Station]:
    """The stations in scope, those that need attention first."""
    with reading(a.workspace.engine) as db:
        spells = station_spells(db, a.scope, state.now)
    shown = metering.seen(a.scope)
    at_station = _meters(metering, state, shown)
    by_mn: dict[str, list[StationSpell]] = {}
    for s in spells:
        by_mn.setdefault(s.mn, []).append(s)
    found = [_station(state, own, at_station.get(mn, [])) for mn, own in by_mn.items()]
    return sorted(found, key=lambda s: (_RANK.index(s.live), s.spell.mn))


def _meters(metering: Metering, state: Moment, shown: frozenset[str] | None) -> Mapping[str, list[Shows]]:
    codes, at, _ = live_states(state, metering.systems(state.today))
    found: dict[str, list[Shows]] = {}
    for m, code, moment in zip(state.register.current, codes.tolist(), at.tolist(), strict=True):
        if m.source == SOURCE and (shown is None or m.subject_id in shown):
            mn = m.channel.partition("/")[0]
            found.setdefault(mn, []).append(Shows(m, item_label(metering, m.item), code, instant(moment)))
    return found


def _station(state: Moment, spells: list[StationSpell], meters: list[Shows]) -> Station:
    """A station sends as well as the best of its meters: they come in one frame."""
    day = state.today
    here = next((s for s in spells if s.valid_from <= day < s.valid_to), None)
    at = max((m.at for m in meters if m.at is not None), default=None)
    live = max((m.live for m in meters if m.live != "ended"), key=_RANK.index, default="never")
    return Station(here or spells[-1], tuple(spells), live if here else "ended", at, tuple(meters))


def faults_of(workspace: Workspace, which: str) -> Mapping[str, Faulty]:
    """What collectors kept of frames by MN: of registered `stations`, or of MNs that are `unknown`."""
    return {mn: _faulty(mn, told) for mn, told in station_faults(workspace).get(which, {}).items()}


def _faulty(mn: str, told: Mapping[str, Any]) -> Faulty:
    kinds = standard().faults
    reasons = sorted(told["reasons"].items(), key=lambda r: (-int(r[1][0]), r[0]))
    return Faulty(
        mn, int(told["refused"]),
        tuple(
            Reason(code, reason_label(code), code in kinds and kinds[code].severity == "block", int(n), _at(last))
            for code, (n, last) in reasons
        ),
        _at(told["last"]), reason_label(told["last_code"]), str(told["found"]), str(told["peer"]),
    )  # fmt: skip


def _at(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


@router.get("/stations")
def stations(a: ReadsMeters, q: str = "", live: str = "") -> HTMLResponse:
    """All stations in scope, with what the intake refused of frames."""
    metering = metering_of(a.workspace)
    state = metering.moment()
    every = stations_of(a, metering, state)
    counts = {code: n for code in LIVE if (n := sum(s.live == code for s in every))}
    fitting = [s for s in every if _fits(metering, s, q.strip()[:80], live)]
    oversees = a.scope.kind in OVERSEES
    unknown = sorted(faults_of(a.workspace, "unknown").values(), key=lambda f: str(f.last), reverse=True)
    return a.page(
        "metering_stations.html", a.view(), stations=fitting[:LISTED], fitting=len(fitting), every=len(every), q=q,
        chosen=live, counts=counts, live=LIVE, state=state, refused=_refused(intake_of(a.workspace, state.now)),
        oversees=oversees, owner_of=metering.places().label, faults=faults_of(a.workspace, "stations"),
        unknown=unknown[:LISTED_UNKNOWN] if oversees else (),
    )  # fmt: skip


def _fits(metering: Metering, station: Station, q: str, live: str) -> bool:
    s, who = station.spell, metering.places().label(station.spell.subject_id)
    return (not live or station.live == live) and (
        not q or any(q.casefold() in text.casefold() for text in (s.mn, s.name, who.zh, who.in_("en")))
    )


def _refused(intake: Intake) -> tuple[tuple[str, Label, int], ...]:
    return next((w.reasons for w in intake.ways if w.name == "hj212"), ())


@router.get("/stations/{mn}")
def station(a: ReadsMeters, mn: str) -> HTMLResponse:
    """One station: what is registered of it, its meters, and what to do where it is silent."""
    metering = metering_of(a.workspace)
    state = metering.moment()
    found = next((s for s in stations_of(a, metering, state) if s.spell.mn == mn), None)
    if found is None:
        raise UserError(
            "REG-001", f"no station with the MN “{mn[:40]}” is known.", case="station_not_seen",
            remedy="Choose one from the list of stations.", facts={"id": mn[:40]},
        )  # fmt: skip
    shown = metering.seen(a.scope)
    return a.page(
        "metering_station.html", a.view(), station=found, live=LIVE, state=state,
        above=metering.places().path(found.spell.subject_id, shown)[:-1],
        owner=metering.places().label(found.spell.subject_id), faulty=faults_of(a.workspace, "stations").get(mn),
    )  # fmt: skip
