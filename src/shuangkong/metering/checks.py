"""What is wrong with readings (数据瑕疵检查): seen and told, never mended in silence.

Every check looks at the rows of whole meters, sorted by meter, time and order of coming, in arrays. A row gets a set of
signs (`SIGNS`); who shows or counts flaws reads them with the row. Thresholds come from the rules of the monitoring
system that a meter follows, never from here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import IntFlag

import numpy as np
from numpy.typing import NDArray

from shuangkong.kernel.labels import Label
from shuangkong.metering.meters import Meter, Meters
from shuangkong.metering.model import NO_VALUE
from shuangkong.metering.tiles import MINUTE, Columns, Ints


class Sign(IntFlag):
    """What a check saw at a reading."""

    NO_VALUE = 1  # the meter gave no value
    AGAIN = 2  # the same moment and value once more
    CORRECTED = 4  # another value for this moment came later
    GAP = 8  # readings are missing before this one
    OUT_OF_RANGE = 16
    NEGATIVE = 32
    SPIKE = 64
    FLAT = 128  # one of many unchanged registers, or of many equal values
    RESET = 256  # a register that begins anew, of which nothing is known
    ROLLOVER = 512  # a register that went on through its modulus
    AHEAD = 1024  # its time lies after it was received: the meter's clock is fast
    OFF_BEAT = 2048  # its time is not one of the meter's usual ones
    CLOCK_JUMP = 4096  # its distance from the usual time is another than that of the reading before: a clock was set


LABELS: Mapping[Sign, Label] = {
    Sign.NO_VALUE: Label("无读数", "no value"),
    Sign.AGAIN: Label("重复", "sent again"),
    Sign.CORRECTED: Label("已被更正", "corrected later"),
    Sign.GAP: Label("之前缺数", "gap before it"),
    Sign.OUT_OF_RANGE: Label("超出量程", "out of range"),
    Sign.NEGATIVE: Label("负值", "negative"),
    Sign.SPIKE: Label("突变", "spike"),
    Sign.FLAT: Label("长时间不变", "flat"),
    Sign.RESET: Label("表底归零或换表", "register reset"),
    Sign.ROLLOVER: Label("表底翻转", "register rollover"),
    Sign.AHEAD: Label("时钟超前", "clock ahead"),
    Sign.OFF_BEAT: Label("时刻偏离", "off the usual beat"),
    Sign.CLOCK_JUMP: Label("时钟跳变", "clock jumped"),
}


@dataclass(frozen=True, slots=True)
class Rules:
    """Thresholds of a monitoring system. Where one is None the check is not made, and nobody is told that it was.

    `spike`: how many robust deviations (1.4826 × the median distance from the median of the meter's day) a step may lie
    away; `spike_least`: the least deviation that counts, in the meter's unit; `spike_longest`: more such steps in a row
    are another load and no spike. `flat`: so many still steps in a row.
    `gap`: a step longer than so many usual ones. `ahead`, `off_beat`, `clock_jump`: microseconds.
    """

    spike: Decimal | None = None
    spike_least: Decimal = Decimal("0.01")
    spike_longest: int | None = None
    flat: int | None = None
    gap: Decimal | None = None
    ahead: int | None = None
    off_beat: int | None = None
    clock_jump: int | None = None


@dataclass(frozen=True, slots=True)
class Signs:
    """Signs of each row, in the order of `rows`: sorted by meter, time and order of coming."""

    rows: Columns
    signs: NDArray[np.uint16]

    def count(self, sign: Sign) -> int:
        """How many rows have a sign."""
        return int(((self.signs & sign) != 0).sum())


def in_order(given: Columns) -> Columns:
    """Rows sorted by meter, time and order of coming."""
    same = given.meter[1:] == given.meter[:-1]
    same_at = same & (given.at[1:] == given.at[:-1])
    later = (given.place[1:] > given.place[:-1]) | (
        (given.place[1:] == given.place[:-1]) & (given.row[1:] >= given.row[:-1])
    )
    if np.all((given.meter[1:] > given.meter[:-1]) | (same & (given.at[1:] > given.at[:-1])) | (same_at & later)):
        return given
    order = np.lexsort((given.row, given.place, given.at, given.meter))
    return Columns(
        given.meter[order], given.at[order], given.value[order], given.place[order], given.row[order]
    )  # fmt: skip


def checked(
    given: Columns, meters: Meters | Iterable[Meter], rules: Mapping[str, Rules], received: Ints | None = None,
    context: NDArray[np.bool_] | None = None, *, ordered: bool = False,
) -> Signs:  # fmt: skip
    """The signs of readings; `rules` by monitoring system. Meters that are not in `meters` get only what needs no rule.

    `received` (instants) and `context` are in the order of `given`, which then has to be in order already, as it has
    to be where `ordered` says so. Rows of `context` are readings before those that are asked about: they get no sign
    and count for no median, but steps and still stretches begin at them.
    """
    rows = given if ordered or received is not None or context is not None else in_order(given)
    last: dict[int, Meter] = {}
    for m in meters.spells if isinstance(meters, Meters) else meters:
        if m.number not in last or last[m.number].valid_from <= m.valid_from:
            last[m.number] = m
    signs = np.zeros(len(rows.at), dtype=np.uint16)
    for part in _blocks(rows.meter):
        some = Columns(*(x[part] for x in (rows.meter, rows.at, rows.value, rows.place, rows.row)))
        _block(
            signs[part], some, last, rules,
            None if received is None else received[part], None if context is None else context[part],
        )  # fmt: skip
    return Signs(rows, signs)


def _blocks(meter: Ints) -> Iterable[slice]:
    """Rows of whole meters, some ten thousand at a time: what is worked on stays near the processor."""
    new = np.flatnonzero(meter[1:] != meter[:-1]) + 1
    start = 0
    while start < len(meter):
        after = np.searchsorted(new, start + _BLOCK)
        stop = int(new[after]) if after < len(new) else len(meter)
        yield slice(start, stop)
        start = stop


def _block(
    signs: NDArray[np.uint16], rows: Columns, meters: Mapping[int, Meter], rules: Mapping[str, Rules],
    received: Ints | None, context: NDArray[np.bool_] | None,
) -> None:  # fmt: skip
    """Set the signs of some meters' rows."""
    spec = _Spec(rows.meter, meters, rules)
    same_meter = np.zeros(len(signs), dtype=bool)
    np.equal(rows.meter[1:], rows.meter[:-1], out=same_meter[1:])
    moment = np.zeros(len(signs), dtype=bool)
    np.equal(rows.at[1:], rows.at[:-1], out=moment[1:])
    moment &= same_meter
    if moment.any():
        equal = np.zeros(len(signs), dtype=bool)
        equal[1:] = moment[1:] & (rows.value[1:] == rows.value[:-1])
        _set(signs, equal, Sign.AGAIN)
        corrected = np.zeros(len(signs), dtype=bool)
        corrected[:-1] = moment[1:] & ~equal[1:]
        _set(signs, corrected, Sign.CORRECTED)
    absent = rows.value == NO_VALUE
    _set(signs, absent, Sign.NO_VALUE)
    _single(signs, rows, spec, absent)
    _clocks(signs, rows, spec, received, same_meter)
    _steps(signs, rows, spec, absent, moment, context)
    if context is not None:
        signs[context] = 0


class _Spec:
    """What the checks need of each row's meter; meters lie together, so each is looked for once."""

    def __init__(self, meter: Ints, meters: Mapping[int, Meter], rules: Mapping[str, Rules]) -> None:
        new = np.ones(len(meter), dtype=bool)
        new[1:] = meter[1:] != meter[:-1]
        self.first: Ints = np.flatnonzero(new).astype(np.int64)
        self.lengths: Ints = np.diff(np.append(self.first, len(meter))).astype(np.int64)
        self.meters = [meters.get(n) for n in meter[self.first].tolist()]
        self.rules = [rules.get(m.system, _NONE) if m else _NONE for m in self.meters]

    def spread(self, of_each: list[int] | list[bool]) -> Ints:
        """One number for each meter, given to all its rows."""
        return np.repeat(np.array(of_each, dtype=np.int64), self.lengths)


def off_beat(at: Ints, every: Ints) -> Ints:
    """How far instants lie after (or, below nothing, before) the nearest of their meter's usual moments, microseconds.

    The usual moments of a day are counted from its midnight in China; who reads less than daily has none, and 0.
    """
    away = ((at + _CHINA) % _DAY) % every
    away = np.where(away * 2 > every, away - every, away)
    return np.where(every > _DAY, 0, away)


_BLOCK = 1 << 16
_NONE = Rules()
_FAR = 2**62
_CHINA = 8 * 60 * MINUTE
_DAY = 24 * 60 * MINUTE


def _set(signs: NDArray[np.uint16], where: NDArray[np.bool_], sign: Sign) -> None:
    signs[where] |= np.uint16(sign)


def _single(signs: NDArray[np.uint16], rows: Columns, spec: _Spec, absent: NDArray[np.bool_]) -> None:
    """What one reading shows by itself: outside what the meter can read, less than nothing."""
    lows = [int(m.low.scaleb(6)) if m and m.low is not None else -_FAR for m in spec.meters]
    highs = [int(m.high.scaleb(6)) if m and m.high is not None else _FAR for m in spec.meters]
    if any(x != -_FAR for x in lows) or any(x != _FAR for x in highs):
        low, high = spec.spread(lows), spec.spread(highs)
        _set(signs, ~absent & ((rows.value < low) | (rows.value > high)), Sign.OUT_OF_RANGE)
    below = ~absent & (rows.value < 0)
    if below.any():
        # whose range reaches below nothing may read there
        _set(signs, below & (spec.spread([x != -_FAR and x < 0 for x in lows]) == 0), Sign.NEGATIVE)


def _clocks(
    signs: NDArray[np.uint16], rows: Columns, spec: _Spec, received: Ints | None, same_meter: NDArray[np.bool_]
) -> None:  # fmt: skip
    ahead = [r.ahead if r.ahead is not None else _FAR for r in spec.rules]
    if received is not None and any(x != _FAR for x in ahead):
        _set(signs, rows.at - received > spec.spread(ahead), Sign.AHEAD)
    off = [r.off_beat if r.off_beat is not None else _FAR for r in spec.rules]
    jump = [r.clock_jump if r.clock_jump is not None else _FAR for r in spec.rules]
    if all(x == _FAR for x in off) and all(x == _FAR for x in jump):
        return
    every = spec.spread([m.every * MINUTE if m else MINUTE for m in spec.meters])
    away = off_beat(rows.at, every)
    if not away.any():
        return
    _set(signs, np.abs(away) > spec.spread(off), Sign.OFF_BEAT)
    moved = np.zeros(len(away), dtype=np.int64)
    np.subtract(away[1:], away[:-1], out=moved[1:])
    # half an interval early and half an interval late are one place
    turned = np.abs(moved)
    turned = np.minimum(turned, every - turned)
    _set(signs, same_meter & (turned > spec.spread(jump)), Sign.CLOCK_JUMP)


def _steps(
    signs: NDArray[np.uint16], rows: Columns, spec: _Spec, absent: NDArray[np.bool_], moment: NDArray[np.bool_],
    context: NDArray[np.bool_] | None,
) -> None:  # fmt: skip
    """What readings show one after the other: gaps, registers that run backwards, spikes, flat stretches."""
    # of readings of one moment the last one holds
    holds = np.ones(len(signs), dtype=bool)
    holds[:-1] = ~moment[1:]
    use = np.flatnonzero(holds & ~absent)
    if not len(use):
        return
    whole = len(use) == len(signs)
    place = np.repeat(np.arange(len(spec.meters)), spec.lengths)
    of = place if whole else place[use]
    at, value = (rows.at, rows.value) if whole else (rows.at[use], rows.value[use])
    same = np.zeros(len(use), dtype=bool)
    np.equal(of[1:], of[:-1], out=same[1:])
    every = np.array([m.every * MINUTE if m else MINUTE for m in spec.meters], dtype=np.int64)[of]
    waited = np.zeros(len(use), dtype=np.int64)
    np.subtract(at[1:], at[:-1], out=waited[1:])
    gaps = np.array([int(r.gap * 1000) if r.gap is not None else _FAR for r in spec.rules], dtype=np.int64)
    if (gaps != _FAR).any():
        _at(signs, use, same & (gaps[of] != _FAR) & (waited * 1000 > every * np.minimum(gaps[of], 10**6)), Sign.GAP)
    register = np.array([m is not None and m.kind == "register" for m in spec.meters])[of]
    step = value.copy()
    known = np.ones(len(use), dtype=bool)
    if register.any():
        difference = np.zeros(len(use), dtype=np.int64)
        np.subtract(value[1:], value[:-1], out=difference[1:])
        modulus = np.array(
            [int(m.modulus.scaleb(6)) if m and m.modulus is not None else 0 for m in spec.meters], dtype=np.int64
        )[of]
        back = register & same & (difference < 0)
        over = back & (modulus > 0) & (difference + modulus >= 0) & (difference + modulus < -difference)
        _at(signs, use, over, Sign.ROLLOVER)
        _at(signs, use, back & ~over, Sign.RESET)
        step = np.where(register, np.where(over, difference + modulus, difference), step)
        # a step over a gap is as long as the gap: it is no measure of the usual ones
        known = ~register | (same & ~(back & ~over) & (waited == every))
    _spikes(signs, use, spec, of, step, known if context is None else known & ~context[use])
    _flats(signs, use, spec, of, step, known, register, same)


def _spikes(
    signs: NDArray[np.uint16], use: Ints, spec: _Spec, of: Ints, step: Ints, known: NDArray[np.bool_]
) -> None:  # fmt: skip
    """Steps far from the meter's usual ones, by median and median distance: a few wild ones do not move these."""
    limits = np.array([float(r.spike) if r.spike is not None else np.inf for r in spec.rules])
    if np.isinf(limits).all():
        return
    least = np.array([float(r.spike_least) * 1e6 for r in spec.rules])
    # Steps of each meter side by side; missing ones sort last. Meters of like length lie in one block.
    counts = np.bincount(of[known], minlength=len(spec.meters))
    middle = np.zeros(len(spec.meters))
    away = np.zeros(len(spec.meters))
    steps = step[known].astype(np.float64)
    starts = np.cumsum(counts) - counts
    sizes = 1 << np.ceil(np.log2(np.maximum(counts, 1))).astype(int)
    for size in np.unique(sizes[counts > 0]):
        chosen = np.flatnonzero((sizes == size) & (counts > 0))
        width = int(counts[chosen].max())
        block = np.full((len(chosen), width), np.inf)
        inside = np.arange(width) < counts[chosen, None]
        block[inside] = steps[(starts[chosen, None] + np.arange(width))[inside]]
        block.sort(axis=1)
        middle[chosen] = _medians(block, counts[chosen])
        np.subtract(block, middle[chosen, None], out=block)
        np.abs(block, out=block)
        block.sort(axis=1)
        away[chosen] = _medians(block, counts[chosen])
    bound = limits * 1.4826 * np.maximum(away, least)
    rows = np.flatnonzero(known & (np.abs(step - middle[of]) > bound[of]))
    if not len(rows):
        return
    longest = np.array([r.spike_longest if r.spike_longest is not None else _FAR for r in spec.rules], dtype=np.int64)
    kept = rows[_run_lengths(rows, of) <= longest[of[rows]]]
    signs[use[kept]] |= np.uint16(Sign.SPIKE)


def _run_lengths(rows: Ints, of: Ints) -> Ints:
    """Of places in order, how many follow each other in the same meter around each."""
    breaks = np.ones(len(rows), dtype=bool)
    breaks[1:] = (rows[1:] != rows[:-1] + 1) | (of[rows[1:]] != of[rows[:-1]])
    run = np.cumsum(breaks) - 1
    lengths: Ints = np.bincount(run)[run].astype(np.int64)
    return lengths


def _medians(block: NDArray[np.float64], counts: Ints) -> NDArray[np.float64]:
    rows = np.arange(len(counts))
    found: NDArray[np.float64] = (block[rows, (counts - 1) // 2] + block[rows, counts // 2]) / 2
    return found


def _flats(
    signs: NDArray[np.uint16], use: Ints, spec: _Spec, of: Ints, step: Ints, known: NDArray[np.bool_],
    register: NDArray[np.bool_], same: NDArray[np.bool_],
) -> None:  # fmt: skip
    """Runs of registers that do not move, and of intervals or rates that repeat one value."""
    least = np.array([r.flat if r.flat is not None else _FAR for r in spec.rules], dtype=np.int64)
    if (least == _FAR).all():
        return
    still = known & register & (step == 0)
    repeats = np.zeros(len(use), dtype=bool)
    repeats[1:] = same[1:] & ~register[1:] & (step[1:] == step[:-1])
    rows = np.flatnonzero(still | repeats)
    if not len(rows):
        return
    long = _run_lengths(rows, of) >= least[of[rows]]
    signs[use[rows[long]]] |= np.uint16(Sign.FLAT)


def _at(signs: NDArray[np.uint16], use: Ints, where: NDArray[np.bool_], sign: Sign) -> None:
    signs[use[where]] |= np.uint16(sign)
