"""Readings rolled up by the words of the definition, one by one, in fractions; meters of every kind (合成)."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal
from fractions import Fraction

import numpy as np
from hypothesis import strategies as st

from readings_made import START
from shuangkong.metering.meters import Meter, midnight
from shuangkong.metering.model import MOST, NO_VALUE
from shuangkong.metering.spells import HOUR, MINUTE
from shuangkong.metering.tiles import Columns

EVER = date(2020, 1, 1)
CHANGE, GONE = date(2026, 1, 1), date(2026, 1, 2)
METERS = [
    Meter(1, "m1", "u", "E01", "electricity", "kWh", "interval", EVER, factor=Decimal(80)),
    Meter(2, "m2", "u", "E02", "electricity", "kWh", "register", EVER, factor=Decimal("0.3"), modulus=Decimal(1000)),
    Meter(3, "m3", "u", "G01", "gas", "m3", "rate", EVER, every=10, factor=Decimal("1.000001")),
    Meter(4, "m4", "u", "E03", "electricity", "kWh", "interval", EVER, every=60, stamp="start"),
    Meter(5, "m5", "u", "W01", "water", "m3", "register", EVER),
    # its transformer was changed, and later how it sends
    Meter(6, "m6", "u", "E06", "electricity", "kWh", "interval", EVER, CHANGE, factor=Decimal(2)),
    Meter(6, "m6", "u", "E06", "electricity", "kWh", "interval", CHANGE, GONE, factor=Decimal(3)),
    Meter(6, "m6", "u", "E06", "electricity", "kWh", "rate", GONE, every=30),
    # a register that was changed for another, with what both showed
    Meter(7, "m7", "u", "E07", "electricity", "kWh", "register", EVER, CHANGE, last_reading=Decimal("99.5")),
    Meter(7, "m7", "u", "E07", "electricity", "kWh", "register", CHANGE, GONE, first_reading=Decimal(7)),
    Meter(7, "m7", "u", "E07", "electricity", "kWh", "register", GONE, first_reading=Decimal(0), factor=Decimal(5)),
    # a register whose transformer was changed, and which is gone now
    Meter(8, "m8", "u", "E08", "electricity", "kWh", "register", EVER, CHANGE, factor=Decimal(2)),
    Meter(8, "m8", "u", "E08", "electricity", "kWh", "register", CHANGE, GONE, modulus=Decimal(900),
          last_reading=Decimal(500)),
]  # fmt: skip
Row = tuple[int, int, int]


def rounded(value: Fraction) -> int:
    """Half away from zero."""
    size = int(abs(value) + Fraction(1, 2))
    return -size if value < 0 else size


def spell_at(meter: int, moment: int) -> int:
    """Which of a meter's spells holds at a moment: the one that began last."""
    own = [m for m in METERS if m.number == meter]
    return max((n for n, m in enumerate(own) if midnight(m.valid_from) <= moment), default=0)


def stated(meter: int) -> list[tuple[int, int, int, int]]:
    """Chain, moment, value and spell of what was said of a register's changes."""
    own, chain, found = [m for m in METERS if m.number == meter], 0, []
    for n, m in enumerate(own):
        if m.first_reading is not None:
            chain += n > 0
            found.append((chain, midnight(m.valid_from), int(m.first_reading * 1_000_000), n))
        following = own[n + 1] if n + 1 < len(own) else None
        if m.last_reading is not None and (following is None or following.first_reading is not None):
            found.append((chain, midnight(m.valid_to), int(m.last_reading * 1_000_000), n))
    return found


def plainly(rows: list[Row]) -> dict[tuple[int, int], tuple[int, int, int]]:
    """Meter and hour to quantity, measured and spread, by the words of the definition."""
    last: dict[tuple[int, int], int] = {}
    for meter, at, value in rows:
        last[meter, at] = value
    raw: dict[tuple[int, int], list[int]] = defaultdict(lambda: [0, 0, 0])
    shown: dict[tuple[int, int, int], tuple[int, int]] = {}
    for (meter, at), value in last.items():
        own = [m for m in METERS if m.number == meter]
        spell = spell_at(meter, at - 1)
        m = own[spell]
        if value == NO_VALUE:
            continue
        every = m.every * MINUTE
        if m.kind == "register":
            chain = sum(o.first_reading is not None for o in own[1 : spell + 1])
            shown[meter, chain, at] = value, spell
            continue
        start = at if m.stamp == "start" else at - every
        quantity = rounded(Fraction(value * every, HOUR)) if m.kind == "rate" else value
        lay(raw, meter, start, start + every, quantity, every)
    for meter in {m.number for m in METERS}:
        shown |= {(meter, chain, at): (value, spell) for chain, at, value, spell in stated(meter)}
    before: dict[tuple[int, int], tuple[int, int]] = {}
    for (meter, chain, at), (value, spell) in sorted(shown.items()):
        m = [m for m in METERS if m.number == meter][spell]
        if (meter, chain) in before:
            start, then = before[meter, chain]
            step = value - then
            modulus = int(m.modulus * 1_000_000) if m.modulus else 0
            if step < 0 and modulus and 0 <= step + modulus < -step:
                step += modulus
            if step >= 0:
                lay(raw, meter, start, at, step, m.every * MINUTE)
        before[meter, chain] = at, value
    told = {}
    for (meter, hour), (raw_sum, measured, spread) in raw.items():
        own = [m for m in METERS if m.number == meter]
        quantity = rounded(raw_sum * Fraction(own[spell_at(meter, hour)].factor))
        told[meter, hour] = (quantity if abs(quantity) <= MOST else NO_VALUE, measured, spread)
    return told


def lay(raw: dict[tuple[int, int], list[int]], meter: int, start: int, end: int, quantity: int, every: int) -> None:
    """A stretch over its hours; the parts are differences of what had come up to each hour's end."""
    given, at = 0, start
    while at < end:
        until = min((at // HOUR + 1) * HOUR, end)
        so_far = rounded(Fraction(quantity * (until - start), end - start))
        entry = raw[meter, at // HOUR * HOUR]
        entry[0] += so_far - given
        entry[1 if (end - start) * 10 <= every * 15 else 2] += until - at
        given, at = so_far, until


def columns(rows: list[Row]) -> Columns:
    """Rows in the order of taking."""
    n = len(rows)
    meter, at, value = (np.array([r[k] for r in rows], dtype=np.int64) for k in range(3))
    return Columns(meter, at, value, np.arange(n, dtype=np.int64), np.zeros(n, dtype=np.int64))


values = st.one_of(st.just(NO_VALUE), st.integers(-(10**6), 10**9), st.integers(-(10**17), 10**17))
moments = st.one_of(
    st.integers(-100, 400).map(lambda n: START + n * 5 * MINUTE), st.integers(0, 30 * HOUR).map(lambda n: START + n)
)
readings = st.lists(st.tuples(st.integers(1, 8), moments, values), max_size=40)
