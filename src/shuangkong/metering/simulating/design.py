"""What the made-up province is made from (simulating.yaml): profiles of a day, meters, stations, faults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib import resources
from typing import Any, Literal

import yaml

from shuangkong.kernel.labels import Label
from shuangkong.metering.meters import Kind

Whose = Literal["meter", "unit", "station"]


@dataclass(frozen=True, slots=True)
class Profile:
    """The weight of each hour of a working day, and the share of it on Saturdays and Sundays."""

    hours: tuple[int, ...]
    rest: Decimal

    def weight(self, hour: int, weekday: int) -> float:
        """What an hour is against the mean hour of a working day; weekday 0 is Monday."""
        own = self.hours[hour] * len(self.hours) / sum(self.hours)
        return own * (float(self.rest) if weekday >= 5 else 1.0)


@dataclass(frozen=True, slots=True)
class MeterKind:
    """Meters of one item at a unit: `mean` per hour at size 1, `step` of the display, `parts` below the main one."""

    item: str
    unit: str
    kind: Kind
    every: int
    mean: Decimal
    step: Decimal
    share: Decimal
    parts: int
    modulus: Decimal | None
    label: Label


@dataclass(frozen=True, slots=True)
class FactorKind:
    """What a station measures; `total`: it gives a sum of the period (Cou) beside the mean."""

    code: str
    mean: Decimal
    spread: Decimal
    unit: str
    total: bool
    label: Label


@dataclass(frozen=True, slots=True)
class StationKind:
    """A kind of outlet with the system code of its frames and minutes between values."""

    system: str
    minutes: int
    factors: tuple[FactorKind, ...]
    label: Label


@dataclass(frozen=True, slots=True)
class FaultKind:
    """What can go wrong: how often it begins per day and `of` which, and how long it lasts, in minutes."""

    id: str
    of: Whose
    daily: Decimal
    minutes: tuple[int, int]
    label: Label


@dataclass(frozen=True, slots=True)
class Design:
    """All of it."""

    profiles: Mapping[str, Profile]
    meters: tuple[MeterKind, ...]
    stations: tuple[StationKind, ...]
    faults: Mapping[str, FaultKind]


@cache
def design() -> Design:
    """The province as simulating.yaml has it."""
    data = yaml.safe_load(resources.files(__package__).joinpath("simulating.yaml").read_text("utf-8"))
    return Design(
        {name: Profile(tuple(p["hours"]), Decimal(p["rest"])) for name, p in data["profiles"].items()},
        tuple(_meter(m) for m in data["meters"]),
        tuple(_station(s) for s in data["stations"]),
        {f["id"]: _fault(f) for f in data["faults"]},
    )


def _label(row: Mapping[str, Any]) -> Label:
    return Label(row["zh"], row["en"])


def _meter(m: Mapping[str, Any]) -> MeterKind:
    modulus = Decimal(m["modulus"]) if "modulus" in m else None
    return MeterKind(
        m["item"], m["unit"], m["kind"], m["every"], Decimal(m["mean"]), Decimal(m["step"]), Decimal(m["share"]),
        m["parts"], modulus, _label(m),
    )  # fmt: skip


def _station(s: Mapping[str, Any]) -> StationKind:
    factors = (
        FactorKind(f["code"], Decimal(f["mean"]), Decimal(f["spread"]), f["unit"], f.get("cou", False), _label(f))
        for f in s["factors"]
    )
    return StationKind(s["st"], s["minutes"], tuple(factors), _label(s))


def _fault(f: Mapping[str, Any]) -> FaultKind:
    start, end = f["minutes"]
    return FaultKind(f["id"], f["of"], Decimal(f["daily"]), (start, end), _label(f))
