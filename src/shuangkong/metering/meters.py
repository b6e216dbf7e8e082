"""Meters (计量器具) as readings need them: what a source calls a meter, from when to when, and how it counts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from shuangkong.metering.columns import CHINA
from shuangkong.metering.model import SCALE

#: 期间用量: what was used since the reading before; 表底: a register that runs on; 瞬时: a rate, per hour of its unit.
Kind = Literal["interval", "register", "rate"]
#: amount: energy or matter that is counted; flow, concentration: of an outlet (排口), together a mass; state: the rest.
Measures = Literal["amount", "flow", "concentration", "state"]
#: A row of no meter that is registered.
UNKNOWN = -1
FOREVER = date.max
_NONE: list[tuple[int, int, int]] = []
#: A spell that no moment is in.
_NEVER = (int(np.iinfo(np.int64).max), int(np.iinfo(np.int64).min), UNKNOWN)


@dataclass(frozen=True, slots=True)
class Meter:
    """One meter as it stands on `[valid_from, valid_to)`; `number` is the same over all its spells.

    `source` and `channel` are what its readings come under. A reading times `factor` (倍率) is in `unit`. `low` and
    `high` bound what a reading can be, `modulus` is where a register begins anew. `every` are minutes between readings;
    `stamp` says whether an interval's time is its end or its beginning. `parents` are meters whose reading holds this
    one's. `system` names the monitoring system whose rules of completeness and repair it follows. `measures` says what
    its item is of; flow and concentrations at one `outlet` (排口) make a mass. Where a register was put in the place of
    another, the new spell has `first_reading`, what it showed then, and the one before `last_reading`, what the old one
    showed (换表起度、止度).
    """

    number: int
    subject_id: str
    source: str
    channel: str
    item: str
    unit: str
    kind: Kind
    valid_from: date
    valid_to: date = FOREVER
    site: str = ""
    factor: Decimal = Decimal(1)
    low: Decimal | None = None
    high: Decimal | None = None
    modulus: Decimal | None = None
    every: int = 15
    stamp: Literal["start", "end"] = "end"
    parents: tuple[int, ...] = ()
    system: str = ""
    measures: Measures = "amount"
    outlet: str = ""
    first_reading: Decimal | None = None
    last_reading: Decimal | None = None
    code: str = ""
    name: str = ""
    synthetic: bool = False


def midnight(day: date) -> int:
    """The first moment of a day in China, in microseconds of UTC; days that no clock will see are capped."""
    if day.year >= 9000:
        return int(np.iinfo(np.int64).max)
    return int(datetime.combine(day, time(), CHINA).timestamp()) * SCALE


class Meters:
    """All meters as known at one instant. A channel means at most one meter at a moment; the register sees to it."""

    def __init__(self, meters: Iterable[Meter]) -> None:
        self.spells: tuple[Meter, ...] = tuple(meters)
        found: dict[tuple[str, str], list[tuple[int, int, int]]] = defaultdict(list)
        for m in self.spells:
            found[m.source, m.channel].append((midnight(m.valid_from), midnight(m.valid_to), m.number))
        self._channels: Mapping[tuple[str, str], list[tuple[int, int, int]]] = dict(found)

    def numbers(
        self, source: str, channels: tuple[str, ...], channel: NDArray[np.uint32], at: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """The meter of each row, or UNKNOWN: nobody registered such a channel for that moment.

        An interval that ends at the midnight on which a meter was taken down is still its own.
        """
        named = [self._channels.get((source, name), _NONE) for name in channels]
        found: NDArray[np.int64] = np.full(len(channel), UNKNOWN, dtype=np.int64)
        for turn in range(max(map(len, named), default=0)):
            # the spells of all channels at once: of one that has no further spell, none holds for any moment
            spell = np.array([s[turn] if turn < len(s) else _NEVER for s in named], dtype=np.int64)
            start, end, number = (spell[:, n][channel] for n in range(3))
            held = (at > start) & (at <= end) | (at == start) & (found == UNKNOWN)
            found[held] = number[held]
        return found

    def knows(self, source: str, channel: str) -> bool:
        """Whether a meter is registered for a channel, at whatever moment."""
        return (source, channel) in self._channels
