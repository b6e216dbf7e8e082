"""Split messages put together (分包): parts by MN, CN, DataTime and PNUM, each with a QN of its own.

A part with readings and DataTime stands by itself. One without DataTime is told the time of the message that it goes on
with, and nothing is guessed: it must be the part after the last one that came, soon after it, or the same part again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple
from zlib import crc32

from shuangkong.metering.hj212.faults import Fault, found_in
from shuangkong.metering.hj212.segment import Head
from shuangkong.metering.hj212.standard import standard

_TIME = re.compile(rb"(?:^|[;,])DataTime=([^;,]*)")


class Put(NamedTuple):
    """What a part came to: DataTime of its message (None if not known), and the whole data area once all are there."""

    time: bytes | None
    whole: bytes | None
    faults: tuple[Fault, ...] = ()


class Gone(NamedTuple):
    """A message that was given up: of which station, and what is missing."""

    mn: bytes
    fault: Fault


@dataclass(slots=True)
class _Open:
    pnum: int
    time: bytes | None
    touched: float
    last: int = 0
    signs: dict[int, int] = field(default_factory=dict)
    areas: dict[int, bytes] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        return len(self.signs) == self.pnum

    def missing(self) -> str:
        lacking = [str(n) for n in range(1, self.pnum + 1) if n not in self.signs]
        more = "…" if len(lacking) > 10 else ""
        return f"{','.join(lacking[:10])}{more}/{self.pnum}"


class Parts:
    """The split messages of many stations that wait for parts; `keep` their areas, or their time and number alone.

    At most `limits.waiting` messages of a station are held, each for `limits.part_seconds` after its last part.
    """

    def __init__(self, *, keep: bool = True) -> None:
        self._keep = keep
        self._open: dict[bytes, list[tuple[bytes, _Open]]] = {}

    def __len__(self) -> int:
        return sum(len(held) for held in self._open.values())

    def add(self, head: Head, area: bytes, now: float) -> Put:
        """One part; `head` has PNUM and PNO, `now` counts seconds from anywhere."""
        if head.pnum is None or head.pno is None:
            raise ValueError("the head is not that of a part")
        match = _TIME.search(area)
        time = match[1] if match is not None else None
        sign = crc32(area)
        held = self._open.setdefault(head.mn, [])
        found, faults = self._of(held, head, time, sign, now), list[Fault]()
        if found is None:
            found = _Open(head.pnum, time, now)
            held.append((head.cn, found))
            faults += self._crowded(held)
        elif time is None and found.time is not None:
            faults.append(Fault("parts_time", head.area, found_in(found.time)))
        again = head.pno in found.signs
        found.time = found.time if found.time is not None else time
        found.touched, found.last = now, max(found.last, head.pno)
        found.signs[head.pno] = sign
        if self._keep:
            found.areas[head.pno] = area
        whole = None
        if found.complete and self._keep and not again:
            whole = b";".join(found.areas[n].strip(b";") for n in sorted(found.areas))
            found.areas.clear()
        return Put(found.time, whole, tuple(faults))

    def expired(self, now: float) -> Iterator[Gone]:
        """Messages whose parts did not come in time; they are let go of."""
        limit = standard().limits.part_seconds
        for mn in list(self._open):
            held = self._open[mn]
            for one in [one for one in held if now - one[1].touched > limit]:
                held.remove(one)
                if not one[1].complete:
                    yield Gone(mn, Fault("parts_missing", 0, one[1].missing()))
            if not held:
                del self._open[mn]

    def _of(
        self, held: list[tuple[bytes, _Open]], head: Head, time: bytes | None, sign: int, now: float
    ) -> _Open | None:
        """The message that a part belongs to."""
        limit = standard().limits.part_seconds
        for cn, one in reversed(held):
            if cn != head.cn or one.pnum != head.pnum or now - one.touched > limit:
                continue
            fits = one.signs.get(head.pno or 0) == sign or (head.pno == one.last + 1 and not one.complete)
            if (time is not None and one.time == time) or (fits and (time is None or one.time is None)):
                return one
        return None

    def _crowded(self, held: list[tuple[bytes, _Open]]) -> list[Fault]:
        """Let go of the oldest where too many wait; whole ones first, and without a word."""
        if len(held) <= standard().limits.waiting:
            return []
        oldest = min(held[:-1], key=lambda one: (not one[1].complete, one[1].touched))
        held.remove(oldest)
        return [] if oldest[1].complete else [Fault("parts_many", 0, oldest[1].missing())]
