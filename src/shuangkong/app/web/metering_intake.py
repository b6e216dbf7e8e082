"""How the intake of readings fares (接收运行): by way in, what waits, how far those behind it have come, what to do."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse

from shuangkong.app.web.context import Asked, Asks
from shuangkong.app.web.metering_words import WAYS, count_words
from shuangkong.engine.api import Workspace, reading
from shuangkong.kernel.errors import CODES
from shuangkong.kernel.labels import Label
from shuangkong.metering.collecting import CONSUMER
from shuangkong.metering.hj212.standard import standard
from shuangkong.metering.rounds import MARK
from shuangkong.metering.tables import READINGS
from shuangkong.registry.api import consumer_marks

router = APIRouter(include_in_schema=False)
ReadsMeters = Annotated[Asked, Depends(Asks("meters.read"))]
#: After so long without a word from the collector it is told to be silent; it writes every few seconds.
SILENT = timedelta(minutes=2)
#: What waits longer than this in the journal is told.
WAITS = timedelta(minutes=5)
#: Whose readings of all units these counts are: only who oversees a region or everything is shown them.
OVERSEES = frozenset(("all", "region", "system"))


@dataclass(frozen=True)
class WayIn:
    """One way in, as the collector counted it since it began; refusals by code, the most frequent first."""

    name: str
    label: Label
    posts: int
    readings: int
    again: int
    rows_refused: int
    posts_refused: int
    reasons: tuple[tuple[str, Label, int], ...]


@dataclass(frozen=True)
class Behind:
    """Somebody who works on what is stored: how many commits of readings it has not done."""

    name: str
    commits: int


@dataclass(frozen=True)
class Intake:
    """What the collector said last, and what the lake says. `state`: running, silent, stopped, never."""

    state: str
    at: datetime | None
    began_at: datetime | None
    rates: tuple[float, float]
    journal_bytes: int
    unsaved_since: datetime | None
    stored_at: datetime | None
    trouble: str
    broken: tuple[str, ...]
    ways: tuple[WayIn, ...]
    behind: tuple[Behind, ...]
    stations_connected: int | None
    last_commit: datetime | None

    @property
    def worst(self) -> str:
        """The one thing to tell first: a key of the page's advice."""
        if self.state != "running":
            return self.state
        if self.trouble:
            return "trouble"
        if self.broken:
            return "broken"
        if self.unsaved_since is not None and self.at is not None and self.at - self.unsaved_since > WAITS:
            return "waits"
        return "fine"

    @property
    def status(self) -> str:
        """The mark it has."""
        if self.worst == "fine":
            return "met"
        return "insufficient" if self.worst in ("never", "stopped") else "missed"


def intake_of(workspace: Workspace, now: datetime) -> Intake:
    """The state of the intake as it was written last."""
    with reading(workspace.engine) as db:
        marks = consumer_marks(db)
    said: Mapping[str, Any] = json.loads(marks[CONSUMER]) if CONSUMER in marks else {}
    commits = workspace.lake.commits(READINGS.name, now)
    at = _moment(said.get("at"))
    state = str(said.get("state", "never"))
    if state == "running" and (at is None or now - at > SILENT):
        state = "silent"
    done = {name.removeprefix(MARK): int(value) for name, value in marks.items() if name.startswith(MARK)}
    return Intake(
        state, at, _moment(said.get("began_at")),
        (float(said.get("posts_a_second", 0)), float(said.get("readings_a_second", 0))),
        int(said.get("journal_bytes", 0)), _moment(said.get("unsaved_since")), _moment(said.get("stored_at")),
        str(said.get("round", {}).get("trouble", "") or ""), tuple(said.get("broken", ())),
        tuple(_way(name, way) for name, way in sorted(said.get("ways", {}).items())),
        tuple(Behind(name, sum(c.sequence > mark for c in commits)) for name, mark in sorted(done.items())),
        said.get("stations_connected"), commits[-1].recorded_at if commits else None,
    )  # fmt: skip


def _way(name: str, way: Mapping[str, Any]) -> WayIn:
    reasons = sorted(way.get("reasons", {}).items(), key=lambda r: (-int(r[1]), r[0]))
    return WayIn(
        name, WAYS.get(name, Label(name, name)), int(way.get("posts", 0)), int(way.get("readings", 0)),
        int(way.get("again", 0)), int(way.get("rows_refused", 0)), int(way.get("posts_refused", 0)),
        tuple((code, reason_label(code), int(n)) for code, n in reasons),
    )  # fmt: skip


def reason_label(code: str) -> Label:
    """Why something was refused: the words of an error, or of a fault of a frame without what was found."""
    errors = {c.code: Label(c.zh, c.en) for c in CODES}
    if code in errors:
        return errors[code]
    fault = standard().faults.get(code)
    if fault is None:
        return Label(code, code)
    return Label(_bare(fault.label.in_("zh")), _bare(fault.label.in_("en")))


def _bare(text: str) -> str:
    """A fault without what was found, and without the clause that led up to it."""
    return re.sub(r"[：:][^：:]*\{found\}.*$", "", text).replace("{found}", "…")


def _moment(text: object) -> datetime | None:
    return datetime.fromisoformat(text) if isinstance(text, str) and text else None


@router.get("/metering/health")
def health(a: ReadsMeters) -> HTMLResponse:
    """What came by which way, what was refused and why, what waits, who is behind, and what to do."""
    now = a.workspace.clock()
    return a.page(
        "metering_health.html", a.view(), intake=intake_of(a.workspace, now), now=now,
        oversees=a.scope.kind in OVERSEES, count=count_words,
    )  # fmt: skip
