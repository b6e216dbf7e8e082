"""What really goes through the meters of the made-up province (合成), tick by tick, before anything goes wrong.

Each tick's draws come from a stream of its own (seed and tick), so that the same tick is the same in every run.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from shuangkong.metering.columns import CHINA
from shuangkong.metering.model import SCALE
from shuangkong.metering.simulating.design import design
from shuangkong.metering.simulating.province import Province

Ints = NDArray[np.int64]
MINUTE = 60 * SCALE
#: Minutes between ticks: what all rhythms of meters and stations of the design are multiples of.
TICK = 5
_DAY = 1440 * MINUTE
_CHINA = 8 * 60 * MINUTE
_NOISE = 0.12
_STATIONS = 1 << 40


class Course:
    """Runs from `start` (microseconds of UTC, a whole tick) on; ticks are asked for one after another.

    `tick` are the minutes between two, which all rhythms of the province have to be multiples of.
    """

    def __init__(self, province: Province, start: int, tick: int = TICK) -> None:
        if start % (tick * MINUTE):
            raise ValueError(f"a start that is no multiple of {tick} minutes")
        self.province, self.now, self.minutes = province, start, tick
        meters = province.meters
        names = tuple(design().profiles)
        self.every = np.array([m.kind.every for m in meters], dtype=np.int64)
        self._mean = np.array([m.mean for m in meters], dtype=np.float64)
        self._step = np.array([int(m.kind.step * SCALE) for m in meters], dtype=np.int64)
        self._profile = np.array([names.index(province.units[m.unit].profile) for m in meters], dtype=np.int64)
        self._parent = np.array([m.parent for m in meters], dtype=np.int64)
        self._share = np.array([m.share for m in meters], dtype=np.int64)
        self.register = np.array([m.kind.kind == "register" for m in meters], dtype=bool)
        self._rate = np.array([m.kind.kind == "rate" for m in meters], dtype=bool)
        self.modulus = np.array([int((m.kind.modulus or 0) * SCALE) for m in meters], dtype=np.int64)
        self._total = np.array([m.first for m in meters], dtype=np.int64)
        self._hours: dict[tuple[int, int], list[float]] = defaultdict(list)
        #: What went through each meter by day of China (days since 1970), in millionths.
        self.days: dict[int, Ints] = {}

    def tick(self) -> tuple[NDArray[np.bool_], Ints]:
        """On to the next tick: which meters are due, and what each would show if nothing went wrong."""
        self.now += self.minutes * MINUTE
        minute = self.now // MINUTE
        due = minute % self.every == 0
        if not due.any():
            return due, self._total
        draw = np.random.Generator(np.random.Philox(key=[self.province.seed, minute // TICK], counter=[1, 0, 0, 0]))
        noise = 1 + _NOISE * draw.standard_normal(len(due))
        begin = datetime.fromtimestamp((self.now - MINUTE) // SCALE, UTC).astimezone(CHINA)
        weights = np.array([p.weight(begin.hour, begin.weekday()) for p in design().profiles.values()])
        used = self._mean * weights[self._profile] * np.maximum(noise, 0.0) * self.every / 60
        quantity = self._shown(used)
        part = self._parent >= 0
        quantity[part] = self._whole_steps(quantity[self._parent[part]] * self._share[part] // 1000, part)
        self._keep(due, quantity)
        self._total = np.where(due, self._total + quantity, self._total)
        reading = np.where(self.register, self._total, quantity)
        reading = np.where(self.register & (self.modulus > 0), reading % np.maximum(self.modulus, 1), reading)
        return due, np.where(self._rate, quantity * 60 // self.every, reading)

    def _shown(self, used: NDArray[np.float64]) -> Ints:
        quantity: Ints = np.asarray(used, dtype=np.int64)
        return self._whole_steps(quantity, np.ones(len(quantity), dtype=bool))

    def _whole_steps(self, quantity: Ints, which: NDArray[np.bool_]) -> Ints:
        """As the display shows it, in whole steps: what is read is then what went through."""
        step = self._step[which]
        return quantity // step * step

    def _keep(self, due: NDArray[np.bool_], quantity: Ints) -> None:
        # a stretch that ends at midnight belongs to the day before
        day = int((self.now - MINUTE + _CHINA) // _DAY)
        sums = self.days.setdefault(day, np.zeros(len(due), dtype=np.int64))
        sums[due] += quantity[due]

    def station(self, place: int) -> list[tuple[str, float]]:
        """Factors of a station at this tick with their means over its minutes."""
        one = self.province.stations[place]
        minute = self.now // MINUTE
        stream = np.random.Philox(key=[self.province.seed, _STATIONS + place], counter=[minute, 0, 0, 0])
        draw = np.random.Generator(stream)
        found = []
        for n, factor in enumerate(one.kind.factors):
            size = one.size if factor.total else 1.0
            value = float(factor.mean) * size * max(0.0, 1 + float(factor.spread) * draw.standard_normal() / 3)
            found.append((factor.code, round(value, 2)))
            self._hours[place, n].append(value)
        return found

    def hour_of(self, place: int) -> list[tuple[str, float]]:
        """Means of a station's factors over the hour that ends now, and it is begun anew; sums of what is a total."""
        one = self.province.stations[place]
        found = []
        for n, factor in enumerate(one.kind.factors):
            values = self._hours.pop((place, n), [])
            if values:
                found.append((factor.code, round(sum(values) / (1 if factor.total else len(values)), 2)))
        return found


def start_of(text: str) -> int:
    """Microseconds of UTC of a day or minute in China, down to a whole tick."""
    at = datetime.fromisoformat(text)
    at = at.replace(tzinfo=CHINA) if at.tzinfo is None else at
    at -= timedelta(minutes=at.minute % TICK, seconds=at.second, microseconds=at.microsecond)
    return int(at.timestamp()) * SCALE
