"""Meters of some units of the synthetic city (合成): registered, with a month of readings and what goes wrong.

What a main meter counts is the unit's return of the month, nearly: so that meters and returns can be held against each
other, and one of them differs.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache, cached_property
from importlib.resources import files
from typing import Any

import numpy as np
import yaml

from shuangkong.app.demo.city import City, unit_subject
from shuangkong.app.demo.units import DemoUnit
from shuangkong.kernel.labels import Label
from shuangkong.metering.columns import CHINA
from shuangkong.metering.hj212.journalling import SOURCE
from shuangkong.metering.model import SCALE, Batch
from shuangkong.metering.simulating.course import MINUTE
from shuangkong.metering.simulating.design import MeterKind, design
from shuangkong.metering.simulating.province import HOURLY, Province, SimMeter, SimStation, SimUnit
from shuangkong.metering.simulating.registering import meter_entries, station_entries
from shuangkong.metering.simulating.trouble import FrameSending, Sending, Trouble
from shuangkong.metering.simulating.wire import channels_of
from shuangkong.registry.api import MeterEntry, StationEntry

_ITEM = "electricity"
#: Returns are in 10,000 kWh.
_KWH = 10_000
_LOSS = 985


@dataclass(frozen=True)
class MeteredCity:
    """The units that have meters, with the province of the simulator that stands for them, and the month."""

    units: tuple[DemoUnit, ...]
    province: Province
    first: date
    last: date
    faults: dict[str, float]
    delay: int

    @cached_property
    def subjects(self) -> tuple[str, ...]:
        """The subject ids of the units."""
        return tuple(unit_subject(u) for u in self.units)

    def meters(self) -> list[MeterEntry]:
        """The register of their meters."""
        return meter_entries(self.province, self.subjects, self.first)

    def stations(self) -> list[StationEntry]:
        """The register of their stations."""
        return station_entries(self.province, self.subjects, self.first)


@cache
def _design() -> dict[str, Any]:
    text = files("shuangkong.app.demo").joinpath("synthetic", "metering.yaml").read_text("utf-8")
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def metered_city(city: City) -> MeteredCity:
    """The meters of the demo city, as metering.yaml has them."""
    d = _design()
    year, month = map(int, str(d["month"]).split("-"))
    first = date(year, month, 1)
    last = date(year, month, calendar.monthrange(year, month)[1])
    units = [u for u in city.units if u.place <= d["units_of_county"] and u.open_in(year, month) and not u.moved_to]
    returned = {
        e.subject: e.quantity * _KWH
        for e in city.entries
        if e.period == d["month"] and e.item == _ITEM and e.role == "consumption"
    }
    units = [u for u in units if u.uscc in returned]
    names, meters, stations = d["profiles"], list[SimMeter](), list[SimStation]()
    sims = []
    for n, unit in enumerate(units):
        profile = names[n % len(names)]
        sims.append(SimUnit(unit.number, profile, 1.0, 0))
        odd = d["differs"]
        seen = Decimal(odd["seen"] if (unit.county, unit.place) == (odd["county"], odd["unit"]) else d["seen"])
        mean = _mean(returned[unit.uscc] * seen, profile, first, last)
        meters += _meters(n, unit, mean, len(meters))
        if unit.place <= d["stations_of_county"]:
            kind = replace(design().stations[len(stations) % len(design().stations)], minutes=HOURLY)
            place = len(stations)
            stations.append(
                SimStation(place, n, f"99DE{unit.number:020d}", f"{unit.number:06d}", kind, 2017, False, 1.0)
            )
    province = Province(d["seed"], tuple(sims), tuple(meters), tuple(stations))
    return MeteredCity(tuple(units), province, first, last, dict(d["faults"]), d["delay"])


def _mean(amount: Decimal, profile: str, first: date, last: date) -> int:
    """Millionths an hour that bring a month to an amount, by the weights of its hours."""
    shape = design().profiles[profile]
    days = [first + timedelta(n) for n in range((last - first).days + 1)]
    weight = sum(shape.weight(hour, day.weekday()) for day in days for hour in range(24))
    return int(float(amount) / weight * SCALE)


def _meters(place: int, unit: DemoUnit, mean: int, start: int) -> list[SimMeter]:
    d = _design()
    parts = int(d["parts"])
    kind = MeterKind(
        _ITEM, "kWh", "register", d["every"], Decimal(0), Decimal("0.01"), Decimal(1), parts, Decimal(d["modulus"]),
        Label("电", "electricity"),
    )  # fmt: skip
    name = f"E{unit.number:04d}"
    step = 10_000
    first = unit.number * 7_919_000_000 // step * step
    found = [SimMeter(start, place, name, kind, -1, mean, 1000, first)]
    weights = [parts - n for n in range(parts)]
    for n, weight in enumerate(weights, 1):
        share = _LOSS * weight // sum(weights)
        found.append(
            SimMeter(start + n, place, f"{name}-{n}", kind, start, mean * share // 1000, share, first // (n + 1))
        )
    return found


def batches(made: MeteredCity) -> Iterator[Batch]:
    """The readings of the month as they came in, a batch for each unit and day of arrival, oldest first."""
    start = int(datetime(made.first.year, made.first.month, 1, tzinfo=CHINA).timestamp()) * SCALE
    ticks = ((made.last - made.first).days + 1) * 24
    trouble = Trouble(made.province, start, made.faults, HOURLY)
    held: dict[tuple[str, int], list[tuple[str, int, int]]] = {}
    day, number = 0, 0
    for one in trouble.rounds(ticks):
        # a batch takes in the posts of one day of arrival; what comes late arrives late
        if (one.at + 8 * 60 * MINUTE) // (24 * 60 * MINUTE) != day and held:
            yield from _batches(held, number)
            number += 1
            held = {}
        day = (one.at + 8 * 60 * MINUTE) // (24 * 60 * MINUTE)
        arrived = one.at + made.delay * MINUTE
        for post in one.posts:
            for _ in range(post.times):
                held.setdefault((made.subjects[post.unit], arrived // (60 * MINUTE)), []).extend(_rows(post))
        for frame in one.frames:
            held.setdefault((SOURCE, arrived // (60 * MINUTE)), []).extend(_frame_rows(made, frame))
    yield from _batches(held, number)


def _rows(post: Sending) -> list[tuple[str, int, int]]:
    return [
        (post.channels[c], at, value)
        for c, at, value in zip(post.channel.tolist(), post.at.tolist(), post.value.tolist(), strict=True)
    ]


def _frame_rows(made: MeteredCity, frame: FrameSending) -> list[tuple[str, int, int]]:
    return [(c, frame.time, v) for c, v in channels_of(frame, made.province.stations[frame.station])]


def _batches(held: dict[tuple[str, int], list[tuple[str, int, int]]], number: int) -> Iterator[Batch]:
    for (source, hour), rows in sorted(held.items(), key=lambda item: (item[0][1], item[0][0])):
        names = tuple(dict.fromkeys(name for name, _, _ in rows))
        place = {name: n for n, name in enumerate(names)}
        marks = np.full(len(rows), ord("N") if source == SOURCE else 0, dtype=np.uint8)
        yield Batch(
            source, f"demo-{number}-{hour}", hour * 60 * MINUTE + 59 * MINUTE, names,
            np.array([place[name] for name, _, _ in rows], dtype=np.uint32),
            np.array([at for _, at, _ in rows], dtype=np.int64),
            np.array([value for _, _, value in rows], dtype=np.int64), marks,
        )  # fmt: skip
