"""What goes wrong on the way (故障注入): each fault is chosen, begins at random, lasts, and is written down.

Out come the posts of each tick as they are to be sent, in their order, and what a collector should find in the end.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from shuangkong.metering.columns import CHINA
from shuangkong.metering.model import NO_VALUE, SCALE
from shuangkong.metering.simulating.course import MINUTE, TICK, Course, Ints
from shuangkong.metering.simulating.design import FaultKind, design
from shuangkong.metering.simulating.province import HOURLY, Province, SimStation

_AHEAD = 7 * MINUTE
_CORRECT_AFTER = 120 * MINUTE
_WILD, _UNKNOWN_VALUE = 20, 42
_DAY_MINUTES = 1440
_DRAWS = 2


@dataclass(frozen=True, slots=True, eq=False)
class Sending:
    """A post of a unit: its id, names of meters, and rows as `Batch` has them; `times` it is sent."""

    unit: int
    id: str
    channels: tuple[str, ...]
    channel: NDArray[np.uint32]
    at: Ints
    value: Ints
    times: int = 1


@dataclass(frozen=True, slots=True)
class FrameSending:
    """A frame of a station: its command, the start of its period, the items; `wrong`: what is sent before it, if any.

    `wrong` is `crc` (a frame whose check sum is wrong) or `cut` (half of one, and the line goes down).
    """

    station: int
    cn: str
    time: int
    items: tuple[tuple[str, str], ...]
    wrong: str = ""


@dataclass(frozen=True, slots=True)
class Happened:
    """A fault that was made: which, of whom (name of the meter, unit or station), from when to when (UTC)."""

    fault: str
    whose: str
    start: int
    end: int


@dataclass(slots=True)
class Round:
    """What is sent at one tick."""

    at: int
    posts: list[Sending] = field(default_factory=list)
    frames: list[FrameSending] = field(default_factory=list)


class _Spells:
    """Which of so many things a fault holds, and until when."""

    def __init__(self, kind: FaultKind, daily: float, names: list[str]) -> None:
        self.kind, self.daily, self.names = kind, daily, names
        self.until: Ints = np.zeros(len(names), dtype=np.int64)

    def on(self, now: int, minutes: int, draw: np.random.Generator) -> tuple[NDArray[np.bool_], list[Happened]]:
        """Begin new spells by chance; who is held now, and what began."""
        start = (draw.random(len(self.names)) < self.daily * minutes / _DAY_MINUTES) & (self.until <= now)
        low, high = self.kind.minutes
        lasts = draw.integers(low, high + 1, len(self.names)) // minutes * minutes
        self.until = np.where(start, now + np.maximum(lasts, minutes) * MINUTE - 1, self.until)
        began = [
            Happened(self.kind.id, self.names[n], now, int(self.until[n]) + 1) for n in np.flatnonzero(start).tolist()
        ]
        return self.until >= now, began


class Trouble:
    """A course with chosen faults: `faults` gives how often each begins per day (`simulating.yaml` has the names)."""

    def __init__(self, province: Province, start: int, faults: Mapping[str, float], tick: int = TICK) -> None:
        self.province, self.course = province, Course(province, start, tick)
        self.happened: list[Happened] = []
        self.channels = [m.channel for m in province.meters]
        self._whose = {
            "meter": self.channels, "unit": [u.code for u in province.units],
            "station": [s.mn for s in province.stations],
        }  # fmt: skip
        self._spells = {
            name: _Spells(design().faults[name], daily, self._whose[design().faults[name].of])
            for name, daily in faults.items()
        }
        count = len(self.channels)
        self._last: Ints = np.full(count, NO_VALUE, dtype=np.int64)
        self._lost: Ints = np.zeros(count, dtype=np.int64)
        self._unit_of = np.array([m.unit for m in province.meters], dtype=np.int64)
        self._yesterday: deque[Ints] = deque(maxlen=_DAY_MINUTES // tick)
        self._held: dict[int, list[Sending]] = defaultdict(list)
        self._held_frames: dict[int, list[FrameSending]] = defaultdict(list)
        self._shuffled: dict[int, list[Sending]] = defaultdict(list)
        self._later: deque[tuple[int, Sending]] = deque()
        self._stations_of: dict[int, list[SimStation]] = defaultdict(list)
        for s in province.stations:
            self._stations_of[s.unit].append(s)

    def rounds(self, ticks: int) -> Iterator[Round]:
        """So many ticks, one after another; at the end whatever was held back is sent."""
        for _ in range(ticks):
            yield self._round()
        yield self._rest()

    def _round(self) -> Round:
        due, right = self.course.tick()
        now = self.course.now
        draw = np.random.Generator(
            np.random.Philox(key=[self.province.seed, now // MINUTE // TICK], counter=[_DRAWS, 0, 0, 0])
        )
        found = Round(now)
        value, sent, corrections = self._meters(due, right, now, draw)
        held = {name: self._begun(name, now, draw) for name in ("late", "again", "shuffled", "clock", "unknown")}
        while self._later and self._later[0][0] <= now:
            found.posts.append(self._later.popleft()[1])
        for unit in np.unique(self._unit_of[sent]).tolist() if sent.any() else []:
            self._post(found, unit, value, sent, now, {k: bool(v[unit]) for k, v in held.items()})
        self._later.extend((now + _CORRECT_AFTER, post) for post in corrections)
        self._frames(found, now, held["late"], draw)
        self._release(found, held, draw)
        return found

    def _begun(self, name: str, now: int, draw: np.random.Generator) -> NDArray[np.bool_]:
        spells = self._spells.get(name)
        if spells is None:
            return np.zeros(len(self._whose[design().faults[name].of]), dtype=bool)
        on, began = spells.on(now, self.course.minutes, draw)
        self.happened += began
        return on

    def _meters(
        self, due: NDArray[np.bool_], right: Ints, now: int, draw: np.random.Generator
    ) -> tuple[Ints, NDArray[np.bool_], list[Sending]]:
        """What each meter shows, which of them are sent, and posts that put wrong ones right later."""
        on = {
            name: self._begun(name, now, draw) & due
            for name in ("offline", "no_value", "corrected", "spike", "negative", "flat", "reset", "copied")
        }
        register = self.course.register
        again = on["reset"] & register & (self._lost == 0)
        self._lost = np.where(again, right, self._lost)
        value = right - self._lost
        modulus = self.course.modulus
        value = np.where(register & (self._lost > 0) & (modulus > 0), value % np.maximum(modulus, 1), value)
        told = ~register
        value = np.where(on["spike"] & told, value * _WILD + SCALE, value)
        value = np.where(on["negative"] & told, -value, value)
        if len(self._yesterday) == self._yesterday.maxlen:
            before = self._yesterday[0]
            value = np.where(on["copied"] & told & (before != NO_VALUE), before, value)
        value = np.where(on["flat"] & (self._last != NO_VALUE), self._last, value)
        proper = value.copy()
        wrong = on["corrected"] & ~on["offline"]
        value = np.where(wrong, value + value // 8 + SCALE, value)
        value = np.where(on["no_value"], NO_VALUE, value)
        sent = due & ~on["offline"]
        self._last = np.where(sent & (value != NO_VALUE) & ~wrong, value, self._last)
        self._yesterday.append(np.where(due, value, NO_VALUE))
        put_right = [self._one(n, now, int(proper[n])) for n in np.flatnonzero(wrong & ~on["no_value"]).tolist()]
        return value, sent, put_right

    def _one(self, meter: int, now: int, value: int) -> Sending:
        """A post of one reading, to put it right."""
        return Sending(
            self.province.meters[meter].unit, f"fix-{self.channels[meter]}-{now}", (self.channels[meter],),
            np.zeros(1, dtype=np.uint32), np.array([now], dtype=np.int64), np.array([value], dtype=np.int64),
        )  # fmt: skip

    def _post(
        self, found: Round, unit: int, value: Ints, sent: NDArray[np.bool_], now: int, held: Mapping[str, bool]
    ) -> None:
        """The post of one unit at this tick: at once, twice, or kept for later."""
        places = [m for m in self.province.meters_of[unit] if sent[m]]
        names = [self.channels[m] for m in places]
        values = [int(value[m]) for m in places]
        if held["unknown"]:
            names.append(f"{self.province.units[unit].code}-new")
            values.append(_UNKNOWN_VALUE * SCALE)
        at = now + (_AHEAD if held["clock"] else 0)
        post = Sending(
            unit, f"{self.province.units[unit].code}-{now // MINUTE}", tuple(names),
            np.arange(len(names), dtype=np.uint32), np.full(len(names), at, dtype=np.int64),
            np.array(values, dtype=np.int64), 2 if held["again"] else 1,
        )  # fmt: skip
        if held["late"]:
            self._held[unit].append(post)
        elif held["shuffled"]:
            self._shuffled[unit].append(post)
        else:
            found.posts.append(post)
            if held["again"]:
                found.posts.append(replace(post, id=post.id + "-b", times=1))

    def _frames(self, found: Round, now: int, late: NDArray[np.bool_], draw: np.random.Generator) -> None:
        bad, cut = self._begun("bad_frame", now, draw), self._begun("cut_frame", now, draw)
        minute = now // MINUTE
        for s in self.province.stations:
            if minute % s.kind.minutes:
                continue
            means = self.course.station(s.place)
            frames = []
            if s.kind.minutes < HOURLY:
                frames.append(self._frame(s, "2051", now - s.kind.minutes * MINUTE, means))
            if minute % HOURLY == 0:
                frames.append(self._frame(s, "2061", now - 60 * MINUTE, self.course.hour_of(s.place)))
            if bad[s.place] or cut[s.place]:
                frames[0] = replace(frames[0], wrong="crc" if bad[s.place] else "cut")
            if late[s.unit]:
                self._held_frames[s.unit] += frames
            else:
                found.frames += frames

    def _frame(self, s: SimStation, cn: str, time: int, values: list[tuple[str, float]]) -> FrameSending:
        totals = {f.code for f in s.kind.factors if f.total}
        items = []
        for code, value in values:
            items.append((f"{code}-{'Cou' if code in totals else 'Avg'}", f"{value:.2f}"))
            items.append((f"{code}-Flag", "N"))
        return FrameSending(s.place, cn, time, tuple(items))

    def _release(self, found: Round, held: Mapping[str, NDArray[np.bool_]], draw: np.random.Generator) -> None:
        """Send what was held back of units whose spell is over: late posts oldest first, shuffled ones in any order."""
        for unit in [u for u in self._held if not held["late"][u]]:
            found.posts += self._held.pop(unit)
        for unit in [u for u in self._held_frames if not held["late"][u]]:
            found.frames += self._held_frames.pop(unit)
        for unit in [u for u in self._shuffled if not held["shuffled"][u]]:
            posts = self._shuffled.pop(unit)
            found.posts += [posts[int(n)] for n in draw.permutation(len(posts))]

    def _rest(self) -> Round:
        now = self.course.now
        draw = np.random.Generator(np.random.Philox(key=[self.province.seed, 0], counter=[_DRAWS, 1, 0, 0]))
        found = Round(now, [post for _, post in self._later])
        self._later.clear()
        over = np.zeros(len(self.province.units), dtype=bool)
        self._release(found, {"late": over, "shuffled": over}, draw)
        return found


def in_china(at: int) -> str:
    """An instant in microseconds of UTC as people write it in China."""
    return datetime.fromtimestamp(at // SCALE, UTC).astimezone(CHINA).isoformat(timespec="minutes")
