"""What changed in the register of meters between two instants (登记变动): which meters, on which days.

Whoever made something of readings makes it anew on these days: a factor that was put right reaches back to the day
from which it holds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

import sqlalchemy as sa

from shuangkong.kernel.scope import Scope
from shuangkong.registry.meter_model import MeterSpell
from shuangkong.registry.metering_store import meter
from shuangkong.registry.meters import meter_spells
from shuangkong.registry.rules import FOREVER

#: What readings are counted or judged by; a name or a place moves no figure.
_COUNTS = (
    "item", "measures", "outlet", "unit", "kind", "factor", "low", "high", "modulus", "every", "stamp", "parents",
    "system", "synthetic",
)  # fmt: skip
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class MeterChange:
    """A meter of which something else holds than before on days `[first, end)`; `fresh`: it was not there before."""

    number: int
    subject_id: str
    first: date
    end: date
    fresh: bool = False


def meter_changes(connection: sa.Connection, scope: Scope, after: datetime, known: datetime) -> tuple[MeterChange, ...]:
    """What is known otherwise at `known` than at `after` of meters in scope, by number and day."""
    rows = connection.execute(
        sa.select(meter.c.number, meter.c.corrects).where(meter.c.recorded_at > after, meter.c.recorded_at <= known)
    ).all()
    moved, corrected = {n for n, _ in rows}, {n for n, corrects in rows if corrects is not None}
    if not moved:
        return ()
    before, now = (_of(meter_spells(connection, scope, at), moved) for at in (after, known))
    # what was registered and put right in between may have been worked on in between, too
    return tuple(
        c for n in sorted(moved) for c in _changes(before[n], now[n], fresh=not before[n] and n not in corrected)
    )


def _of(spells: Sequence[MeterSpell], numbers: set[int]) -> dict[int, list[MeterSpell]]:
    found: dict[int, list[MeterSpell]] = defaultdict(list)
    for spell in spells:
        if spell.number in numbers:
            found[spell.number].append(spell)
    return found


def _changes(before: list[MeterSpell], now: list[MeterSpell], *, fresh: bool) -> Iterator[MeterChange]:
    either = now or before
    if not either:
        return
    first, end = None, None
    for start, stop in sorted([*_pieces(before, now), *_readings(before, now)]):
        if first is not None and end is not None and start <= end:
            end = max(end, stop)
            continue
        if first is not None and end is not None:
            yield MeterChange(either[0].number, either[0].subject_id, first, end, fresh)
        first, end = start, stop
    if first is not None and end is not None:
        yield MeterChange(either[0].number, either[0].subject_id, first, end, fresh)


def _pieces(before: list[MeterSpell], now: list[MeterSpell]) -> Iterator[tuple[date, date]]:
    """Days between two edges on which other facts hold than did."""
    edges = sorted({d for s in (*before, *now) for d in (s.valid_from, s.valid_to)})
    for start, stop in pairwise(edges):
        if _facts(before, start) != _facts(now, start):
            yield start, stop


def _facts(spells: list[MeterSpell], day: date) -> tuple[Any, ...] | None:
    found = next((s for s in spells if s.valid_from <= day < s.valid_to), None)
    return None if found is None else tuple(getattr(found, k) for k in _COUNTS)


def _readings(before: list[MeterSpell], now: list[MeterSpell]) -> Iterator[tuple[date, date]]:
    """The two days around the midnight of a reading that is stated of a register otherwise than it was."""
    told = [
        {(s.valid_from, "first", s.first_reading) for s in spells if s.first_reading is not None}
        | {(s.valid_to, "last", s.last_reading) for s in spells if s.last_reading is not None}
        for spells in (before, now)
    ]
    for day, _, _ in told[0] ^ told[1]:
        if day < FOREVER:
            yield day - _DAY, day + _DAY
