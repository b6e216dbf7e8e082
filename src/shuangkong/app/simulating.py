"""`shuangkong simulate` (合成): a made-up province in a workspace of the demo, its traffic, and what came of it."""

from __future__ import annotations

import asyncio
import json
import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa

from shuangkong.engine.api import Workspace, reading, writing_in_turn
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.ids import SubjectId
from shuangkong.kernel.scope import Scope
from shuangkong.metering.mqtt import PREFIX, Broker
from shuangkong.metering.simulating.compare import Compared, SentLog, compared
from shuangkong.metering.simulating.design import design
from shuangkong.metering.simulating.province import Province, make_province
from shuangkong.metering.simulating.registering import meter_entries, station_entries
from shuangkong.metering.simulating.sending import FrameSender, HttpSender, MessageSender, Told
from shuangkong.metering.simulating.trouble import FrameSending, Sending, Trouble
from shuangkong.metering.simulating.wire import channel_of, channels_of
from shuangkong.metering.tables import READINGS, READINGS_ASIDE
from shuangkong.registry.api import (
    UnitEntry,
    issue_reading_tokens,
    meter_spells,
    register_meters,
    register_stations,
    register_units,
    snapshot,
)

FOLDER = "simulate"
_PLAN = "plan.json"
_LABEL = "simulate 合成"
#: How many units are registered in one transaction.
_AT_ONCE = 2_000


@dataclass(frozen=True, slots=True)
class Prepared:
    """What was made up in a workspace: how the province is made again, its units' subjects and their tokens."""

    seed: int
    share: float
    since: date
    subjects: tuple[str, ...]
    tokens: tuple[str, ...]

    def province(self) -> Province:
        """The province itself."""
        return make_province(len(self.subjects), seed=self.seed, stations=self.share)


def prepare(workspace: Workspace, units: int, *, seed: int, share: float, since: date, principal: str) -> Prepared:
    """Register so many made-up units with meters, stations and tokens, and write down what they send under.

    WS-001 in a workspace that is not the demo's; CLI-001 where one was prepared before.
    """
    _demo_only(workspace)
    plan = workspace.root / FOLDER / _PLAN
    if plan.exists():
        raise UserError(
            "CLI-001", "a made-up province is there already.", where=str(plan),
            remedy="Send with it, or make another workspace with `shuangkong demo`.",
        )  # fmt: skip
    counties = _counties(workspace)
    province = make_province(units, seed=seed, stations=share, places=len(counties))
    entries = [
        UnitEntry(
            f"合成用能单位{u.number:05d}", counties[u.place], since, local_code=u.code,
            name_en=f"Synthetic unit {u.number:05d}", unit_class="key_unit", synthetic=True,
        )
        for u in province.units
    ]  # fmt: skip
    subjects: list[SubjectId] = []
    with writing_in_turn(workspace.engine) as db:
        at = workspace.clock()
        for start in range(0, len(entries), _AT_ONCE):
            subjects += register_units(db, entries[start : start + _AT_ONCE], at, principal=principal)
        register_meters(db, meter_entries(province, subjects, since), at, principal=principal)
        register_stations(db, station_entries(province, subjects, since), at, principal=principal)
        made = issue_reading_tokens(db, subjects, _LABEL, at=at, principal=principal)
        tokens = [secret for _, secret in made]
        _write(plan, {"seed": seed, "share": share, "since": since.isoformat(), "subjects": subjects, "tokens": tokens})
    return Prepared(seed, share, since, tuple(subjects), tuple(tokens))


def prepared(workspace: Workspace) -> Prepared:
    """What was made up before; CLI-001 where nothing was."""
    _demo_only(workspace)
    plan = workspace.root / FOLDER / _PLAN
    try:
        data = json.loads(plan.read_text("utf-8"))
    except OSError as wrong:
        raise UserError(
            "CLI-001", "no made-up province was prepared here.", where=str(plan),
            remedy="First: shuangkong simulate prepare -w FOLDER --units 100.",
        ) from wrong  # fmt: skip
    return Prepared(
        data["seed"], data["share"], date.fromisoformat(data["since"]), tuple(data["subjects"]), tuple(data["tokens"])
    )


def _demo_only(workspace: Workspace) -> None:
    if not workspace.demo:
        raise UserError(
            "WS-001", "this workspace was not made for the demo.", where=str(workspace.root),
            remedy="Name a workspace of `shuangkong demo` with -w; synthetic readings never enter a real one.",
        )  # fmt: skip


def _counties(workspace: Workspace) -> list[str]:
    """The made-up counties of the demo, by code."""
    with reading(workspace.engine) as db:
        rows = snapshot(db, Scope.system("make up a province"), workspace.clock())["subjects"].to_pylist()
    found = [r for r in rows if r["kind"] == "region" and r["synthetic"] and r["level"] == "county"]
    return [r["subject_id"] for r in sorted(found, key=lambda r: r["code"] or "")]


def _write(path: Path, data: Mapping[str, Any]) -> None:
    """Tokens are secrets: only their owner reads the file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
        json.dump(data, out)


def faults_of(chosen: Sequence[str]) -> dict[str, float]:
    """`late`, `late=0.5`, `all` or `none` as faults with how often each begins a day; CLI-001 for another word."""
    found: dict[str, float] = {}
    for text in chosen:
        name, _, often = text.partition("=")
        if name == "none":
            continue
        names = list(design().faults) if name == "all" else [name]
        try:
            for one in names:
                found[one] = float(often) if often else float(design().faults[one].daily)
            if min(found[n] for n in names) < 0:
                raise ValueError(often)
        except (KeyError, ValueError) as wrong:
            raise UserError(
                "CLI-001", f"“{text}” is no fault.", where="--faults",
                remedy=f"Write a name or NAME=TIMES-A-DAY; names: all, none, {', '.join(design().faults)}.",
            ) from wrong  # fmt: skip
    return found


@dataclass(frozen=True, slots=True)
class Sent:
    """What a run of the simulator sent and was answered, by way in, and the faults it made."""

    ways: Mapping[str, Told]
    posts: int
    readings: int
    frames: int
    faults: Mapping[str, int]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "posts": self.posts, "readings": self.readings, "frames": self.frames, "faults": dict(self.faults),
            "ways": {name: _told(t) for name, t in self.ways.items()},
        }  # fmt: skip


def _told(t: Told) -> dict[str, Any]:
    seconds = sorted(t.seconds)
    at = {f"p{p}_ms": round(seconds[min(len(seconds) - 1, len(seconds) * p // 100)] * 1000, 1) for p in (50, 99)
          if seconds}  # fmt: skip
    return {
        "acknowledged": t.acknowledged, "again": t.again, "refused": dict(t.refused), "given_up": t.given_up, **at
    }  # fmt: skip


def send(
    workspace: Workspace,
    made: Prepared,
    *,
    start: int,
    ticks: int,
    faults: Mapping[str, float],
    http: str = "",
    hj212: tuple[str, int] | None = None,
    mqtt: Broker | None = None,
    prefix: str = PREFIX,
    pace: Callable[[int], None] = lambda _: None,
    progress: Callable[[int, int], None] = lambda *_: None,
) -> Sent:
    """Send the traffic of so many ticks of five minutes; `pace` is called before each with its instant.

    What was sent and acknowledged is written to `simulate/sent-*.parquet` of the workspace, and the faults to
    `simulate/faults.ndjson`.
    """
    province = made.province()
    trouble = Trouble(province, start, faults)
    log = SentLog(workspace.root / FOLDER)
    ways: dict[str, Told] = {}
    counts: Counter[str] = Counter()

    def post_taken(post: Sending) -> None:
        _log_post(log, made, province, post, taken=True)

    def frame_taken(frame: FrameSending) -> None:
        _log_frame(log, province, frame, taken=True)

    sender = HttpSender(http, province, made.tokens, post_taken) if http else None
    messages = MessageSender(mqtt, prefix, province, made.tokens, post_taken) if mqtt else None
    if sender:
        ways["http"] = sender.told
    if messages:
        ways["mqtt"] = messages.told
    with asyncio.Runner() as runner:
        frames = FrameSender(*hj212, province, frame_taken) if hj212 else None
        if frames:
            ways["hj212"] = frames.told
        for n, one in enumerate(trouble.rounds(ticks)):
            pace(one.at)
            # who speaks MQTT posts where there is no broker, and the other way round
            spoken = [p for p in one.posts if messages and (province.units[p.unit].way == "mqtt" or not sender)]
            posted = [p for p in one.posts if sender and not (messages and province.units[p.unit].way == "mqtt")]
            for post in (*spoken, *posted):
                _log_post(log, made, province, post, taken=False)
            if sender:
                sender.send(posted)
            if messages:
                runner.run(messages.send(spoken))
            counts["posts"] += len(posted) + len(spoken)
            counts["readings"] += sum(len(p.at) for p in (*posted, *spoken))
            if frames:
                for frame in one.frames:
                    _log_frame(log, province, frame, taken=False)
                runner.run(frames.send(one.frames))
                counts["frames"] += len(one.frames)
            progress(n + 1, ticks + 1)
        if frames:
            runner.run(frames.close())
    if sender:
        sender.close()
    log.flush()
    with (workspace.root / FOLDER / "faults.ndjson").open("a", encoding="utf-8") as out:
        for h in trouble.happened:
            out.write(json.dumps({"fault": h.fault, "whose": h.whose, "start": h.start, "end": h.end}) + "\n")
    kinds = Counter(h.fault for h in trouble.happened)
    return Sent(ways, counts["posts"], counts["readings"], counts["frames"], dict(kinds))


def _log_post(log: SentLog, made: Prepared, province: Province, post: Sending, *, taken: bool) -> None:
    names = [channel_of(province, post.unit, post.channels[c]) for c in post.channel.tolist()]
    log.add(made.subjects[post.unit], names, post.at.tolist(), post.value.tolist(), taken=taken)


def _log_frame(log: SentLog, province: Province, frame: FrameSending, *, taken: bool) -> None:
    rows = channels_of(frame, province.stations[frame.station])
    log.add("hj212", [c for c, _ in rows], [frame.time] * len(rows), [v for _, v in rows], taken=taken)


def compare(workspace: Workspace, made: Prepared) -> Compared:
    """What was sent against what the lake has of it, readings of unknown meters among it."""
    folder = workspace.root / FOLDER
    return compared(sorted(folder.glob("sent-*.parquet")), stored_rows(workspace, made))


def stored_rows(workspace: Workspace, made: Prepared) -> pa.Table:
    """Rows (source, channel, at, value) of the made-up units and stations as they lie in the lake."""
    known = workspace.clock()
    mine = {*made.subjects, "hj212"}
    with reading(workspace.engine) as db:
        spells = meter_spells(db, Scope.system("compare what was sent"), known)
    names = {s.number: (s.source, s.channel) for s in spells if s.source in mine}
    columns = ("source", "channel", "at", "value")
    aside = workspace.lake.read(READINGS_ASIDE, known).select(columns)
    readings = workspace.lake.read(READINGS, known).select(["meter", "at", "value"])
    numbers = pa.table({
        "meter": pa.array(list(names), pa.int64()), "source": pa.array([s for s, _ in names.values()], pa.string()),
        "channel": pa.array([c for _, c in names.values()], pa.string()),
    })  # fmt: skip
    known_ones = readings.join(numbers, "meter", join_type="inner").select(columns)
    return pa.concat_tables([known_ones, aside], promote_options="permissive")
