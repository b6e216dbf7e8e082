"""The standard as data (hj212.yaml): editions, commands, systems, suffixes, marks, return codes, faults and limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Literal

import yaml

from shuangkong.kernel.flaws import Severity
from shuangkong.kernel.labels import Label

Kind = Literal["upload", "request", "notice", "answer"]


@dataclass(frozen=True, slots=True)
class Edition:
    """An edition by the version bits of Flag; `answer_names`: whether an answer names its QN in its head or in CP.

    `segment`: the most bytes of a data segment. `confidence`: what we know it from (text, frames of stations,
    implementation).
    """

    bits: int
    year: int
    label: Label
    segment: int
    confidence: str
    answer_names: Literal["head", "area"]

    def flag(self, *, split: bool = False, answer: bool = False) -> int:
        """The Flag byte: version, packet numbers present, answer asked for (HJ 212-2017 6.4.2)."""
        return self.bits << 2 | split << 1 | answer


@dataclass(frozen=True, slots=True)
class Command:
    """A command code: who sends it, what it asks for, what DataTime means in it, and the names that it carries."""

    cn: str
    label: Label
    who: str
    kind: Kind
    since: int
    time: Literal["instant", "start"] | None
    grain: Literal["live", "minute", "hour", "day"] | None
    names: tuple[str, ...]
    confidence: str


@dataclass(frozen=True, slots=True)
class Suffix:
    """What follows the dash of a name: `id` is the statistic; `reading` where the value is kept as one."""

    name: str
    id: str
    label: Label
    reading: bool


@dataclass(frozen=True, slots=True)
class Mark:
    """The sign that a station gives a value (数据标记)."""

    mark: str
    label: Label
    valid: bool


@dataclass(frozen=True, slots=True)
class Return:
    """A code of QnRtn or ExeRtn."""

    code: int
    id: str
    label: Label


@dataclass(frozen=True, slots=True)
class FaultKind:
    """One kind of fault; `of_value` where it concerns a value alone and the frame is taken in."""

    code: str
    severity: Severity
    label: Label
    of_value: bool


@dataclass(frozen=True, slots=True)
class Limits:
    """What a reader holds on to: bytes, items, parts and seconds."""

    segment: int
    items: int
    name: int
    text: int
    parts: int
    waiting: int
    part_seconds: int


@dataclass(frozen=True, slots=True)
class ServerLimits:
    """What a server allows itself: connections, bytes, frames, and seconds of waiting."""

    connections: int
    idle_seconds: float
    quiet_seconds: float
    batch_frames: int
    inbox_bytes: int
    connection_bytes: int
    faults_told: int
    answer_seconds: float
    tries: int
    result_seconds: float


@dataclass(frozen=True, slots=True)
class Standard:
    """All of it, by the code that stands in a frame."""

    editions: Mapping[int, Edition]
    limits: Limits
    server: ServerLimits
    head: Mapping[str, Label]
    required: tuple[str, ...]
    commands: Mapping[str, Command]
    systems: Mapping[str, Label]
    suffixes: Mapping[str, Suffix]
    marks: Mapping[str, Mark]
    returns: Mapping[int, Return]
    results: Mapping[int, Return]
    faults: Mapping[str, FaultKind]

    def edition_of(self, flag: int | None) -> Edition | None:
        """The edition that a Flag names; a frame without one is of 2005. None for a version to come."""
        return self.editions.get((flag or 0) >> 2)

    def returned(self, name: str) -> int:
        """The QnRtn of that id."""
        return next(r.code for r in self.returns.values() if r.id == name)

    def resulted(self, name: str) -> int:
        """The ExeRtn of that id."""
        return next(r.code for r in self.results.values() if r.id == name)


@cache
def standard() -> Standard:
    """The standard as hj212.yaml has it."""
    data = yaml.safe_load(resources.files(__package__).joinpath("hj212.yaml").read_text("utf-8"))
    return Standard(
        editions={e["bits"]: _edition(e) for e in data["editions"]},
        limits=Limits(**data["limits"]),
        server=ServerLimits(**data["server"]),
        head={h["name"]: _label(h) for h in data["head"]},
        required=tuple(h["name"] for h in data["head"] if h.get("required")),
        commands={c["cn"]: _command(c) for c in data["commands"]},
        systems={s["st"]: _label(s) for s in data["systems"]},
        suffixes={s["name"]: Suffix(s["name"], s["id"], _label(s), s.get("reading", False)) for s in data["suffixes"]},
        marks={m["mark"]: Mark(m["mark"], _label(m), m.get("valid", False)) for m in data["marks"]},
        returns={r["code"]: Return(r["code"], r["id"], _label(r)) for r in data["returns"]},
        results={r["code"]: Return(r["code"], r["id"], _label(r)) for r in data["results"]},
        faults={
            f["code"]: FaultKind(f["code"], f["severity"], _label(f), f.get("of") == "value") for f in data["faults"]
        },
    )


def statistics() -> tuple[str, ...]:
    """The statistics of readings, in the order of their number in columns: rtd, avg, min, max, cou, zs_rtd, …"""
    return tuple(s.id for s in standard().suffixes.values() if s.reading)


def _label(row: Mapping[str, Any]) -> Label:
    return Label(row["zh"], row["en"])


def _edition(row: Mapping[str, Any]) -> Edition:
    return Edition(row["bits"], row["year"], _label(row), row["segment"], row["confidence"], row["answer_names"])


def _command(row: Mapping[str, Any]) -> Command:
    return Command(
        row["cn"], _label(row), row["who"], row["kind"], row["since"], row.get("time"), row.get("grain"),
        tuple(row.get("names", ())), row.get("confidence", "text"),
    )  # fmt: skip
