"""Who is in the made-up province (合成): units, their meters and stations; all follows from a number and a seed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from shuangkong.metering.model import SCALE
from shuangkong.metering.simulating.design import MeterKind, StationKind, design

#: What an invented station number begins with: a header that no maker of stations has.
_MN = "99HC"
#: The parts below a main meter show this share of it, in thousandths; the rest is loss.
_SEEN = 985
#: A station whose minutes are those of an hour sends hours alone.
HOURLY = 60
_SMALLEST, _MIDDLE, _SPREAD = 0.2, 1.0, 0.8


Way = Literal["http", "mqtt", "key_units"]
_WAYS: dict[int, Way] = {7: "key_units", 8: "mqtt", 9: "mqtt"}


@dataclass(frozen=True, slots=True)
class SimUnit:
    """A unit: what its day looks like, how large it is, in which of the given places it lies (by number)."""

    number: int
    profile: str
    size: float
    place: int

    @property
    def code(self) -> str:
        """Its code among made-up units."""
        return f"HC{self.number:06d}"

    @property
    def way(self) -> Way:
        """How it sends: of ten units seven post, two speak MQTT, one uploads as access-end systems do."""
        return _WAYS.get(self.number % 10, "http")


@dataclass(frozen=True, slots=True)
class SimMeter:
    """A meter: `mean` millionths an hour; `parent` is the place of its main meter, -1 of a main one itself.

    `share`: thousandths of its parent that go through it; `first`: what a register showed at the start, in millionths.
    """

    place: int
    unit: int
    channel: str
    kind: MeterKind
    parent: int
    mean: int
    share: int
    first: int


@dataclass(frozen=True, slots=True)
class SimStation:
    """A station with its number (MN) and password, the edition of its frames, and whether its check sum is MODBUS's."""

    place: int
    unit: int
    mn: str
    password: str
    kind: StationKind
    edition: int
    modbus: bool
    size: float


@dataclass(frozen=True)
class Province:
    """The whole of it. `seed` gives every draw that is made for it later."""

    seed: int
    units: tuple[SimUnit, ...]
    meters: tuple[SimMeter, ...]
    stations: tuple[SimStation, ...]

    @cached_property
    def meters_of(self) -> tuple[tuple[int, ...], ...]:
        """Places of the meters of each unit."""
        found: list[list[int]] = [[] for _ in self.units]
        for m in self.meters:
            found[m.unit].append(m.place)
        return tuple(map(tuple, found))


def make_province(units: int, *, seed: int = 212, stations: float = 0.5, places: int = 1) -> Province:
    """A province of so many units; `stations` of them have one. The first n units are the same in a larger one."""
    made: list[SimUnit] = []
    meters: list[SimMeter] = []
    posts: list[SimStation] = []
    names = tuple(design().profiles)
    for n in range(units):
        draw = np.random.Generator(np.random.Philox(key=[seed, n]))
        size = float(max(_SMALLEST, draw.lognormal(0.0, _SPREAD) * _MIDDLE))
        unit = SimUnit(n + 1, names[int(draw.integers(len(names)))], size, n % places)
        made.append(unit)
        for kind in design().meters:
            if draw.random() < float(kind.share):
                meters += _meters(len(meters), n, unit, kind, draw)
        if draw.random() < stations:
            kinds = design().stations
            posts.append(_station(len(posts), n, kinds[int(draw.integers(len(kinds)))], draw, size))
    return Province(seed, tuple(made), tuple(meters), tuple(posts))


def _meters(start: int, unit: int, of: SimUnit, kind: MeterKind, draw: np.random.Generator) -> list[SimMeter]:
    """The main meter of an item, and what hangs below it where that is more than one."""
    mean = int(float(kind.mean) * of.size * SCALE)
    name = f"{of.code}-{kind.item}"
    found = [SimMeter(start, unit, name, kind, -1, mean, 1000, _first(kind, draw))]
    if kind.parts > 1:
        shares = _shares(kind.parts, draw)
        found += [
            SimMeter(start + n, unit, f"{name}-{n}", kind, start, mean * share // 1000, share, _first(kind, draw))
            for n, share in enumerate(shares, 1)
        ]
    return found


def _shares(parts: int, draw: np.random.Generator) -> list[int]:
    weights = draw.random(parts) + _SMALLEST
    return [int(x) for x in weights / weights.sum() * _SEEN]


def _first(kind: MeterKind, draw: np.random.Generator) -> int:
    """Where a register stands at the start: anywhere below its modulus, so that some run over on the first days."""
    if kind.modulus is None:
        return 0
    step = int(kind.step * SCALE)
    return int(draw.random() * int(kind.modulus * SCALE)) // step * step


def _station(place: int, unit: int, kind: StationKind, draw: np.random.Generator, size: float) -> SimStation:
    edition = int(draw.choice([2005, 2017, 2017, 2017, 2025]))
    password = f"{int(draw.integers(10**6)):06d}"
    return SimStation(
        place, unit, f"{_MN}{place:020X}", password, kind, edition, bool(draw.random() < 0.1), size
    )  # fmt: skip
