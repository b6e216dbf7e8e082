"""What is known of a day's readings before they are rolled up (预先所知), so that the expressions leave out idle steps.

One look at meters and times: whether each moment is there once, and whether any stretch crosses an hour.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from shuangkong.metering.day_files import groups
from shuangkong.metering.spells import HOUR, Ints, Spells


@dataclass(frozen=True, slots=True)
class Beforehand:
    """`kinds` of the meters; whether `newest` and the cutting of stretches have anything to do."""

    kinds: tuple[str, ...]
    each_once: bool
    crossing: bool


def beforehand(files: Sequence[Path], spells: Spells) -> Beforehand:
    """Of the readings in files of one day. Registers are taken to cross hours, several files to correct each other."""
    names = np.where(spells.register, "register", np.where(spells.rate, "rate", "interval"))
    kinds = tuple(sorted(set(names.tolist())))
    once, crossing = len(files) == 1, bool(spells.register.any() or (spells.count > 1).any())
    last = (-1, -1)
    for file in files:
        for table in groups(file, None, ("meter", "at")):
            meter, at = (table.column(n).to_numpy().view("i8") for n in ("meter", "at"))
            if not len(meter):
                continue
            once = once and last < (int(meter[0]), int(at[0])) and _ascending(meter, at)
            crossing = crossing or _crosses(meter, at, spells)
            last = int(meter[-1]), int(at[-1])
            if crossing and not once:
                break
    return Beforehand(kinds, once, crossing)


def _ascending(meter: Ints, at: Ints) -> bool:
    later = at[1:] > at[:-1]
    turn = np.flatnonzero(meter[1:] != meter[:-1])
    later[turn] = meter[turn + 1] > meter[turn]
    return bool(later.all())


def _crosses(meter: Ints, at: Ints, spells: Spells) -> bool:
    """Whether any interval of meters of one spell each crosses an hour."""
    start = np.flatnonzero(np.append(True, meter[1:] != meter[:-1]))
    place = np.minimum(np.searchsorted(spells.meters, meter[start]), len(spells.meters) - 1)
    spell = spells.begin[place]
    every, back = spells.every[spell], np.where(spells.starts[spell], 0, spells.every[spell])
    if (every == every[0]).all() and (back == back[0]).all():
        return bool(((at - back[0]) % HOUR > HOUR - every[0]).any())
    length = np.diff(np.append(start, len(meter)))
    return bool(((at - np.repeat(back, length)) % HOUR > HOUR - np.repeat(every, length)).any())
