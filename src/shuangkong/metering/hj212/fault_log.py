"""What was wrong with frames, by station (按站点记瑕疵): how often, when last, and why; bounded, whoever sends what.

Frames of stations that nobody registered are kept apart under the MN that they give, so that a new station can be told
from a mistyped one. What a line breaks before a station is known belongs to none.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shuangkong.metering.hj212.faults import Fault

#: Stations, and MNs of no station, that are remembered; those heard of longest ago go first.
STATIONS, UNKNOWN = 20_000, 200
_STATION = "station"


@dataclass(slots=True)
class StationFaults:
    """Of one station: `refused` counts faults that kept a frame out; `reasons` by code: how often and when last."""

    refused: int = 0
    reasons: dict[str, tuple[int, str]] = field(default_factory=dict)
    last: str = ""
    last_code: str = ""
    found: str = ""
    peer: str = ""

    def as_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "refused": self.refused, "reasons": {c: list(r) for c, r in self.reasons.items()}, "last": self.last,
            "last_code": self.last_code, "found": self.found, "peer": self.peer,
        }  # fmt: skip


class FaultLog:
    """Faults by MN. `clock` gives the aware time; `earlier` is what another process kept, as `as_dict` gives it."""

    def __init__(self, clock: Callable[[], datetime], earlier: Mapping[str, Any] | None = None) -> None:
        self._clock = clock
        self.stations: OrderedDict[str, StationFaults] = OrderedDict()
        self.unknown: OrderedDict[str, StationFaults] = OrderedDict()
        #: Grows with every fault: who writes the log knows whether there is anything to write.
        self.version = 0
        for name, held in (("stations", self.stations), ("unknown", self.unknown)):
            for mn, told in (earlier or {}).get(name, {}).items():
                held[mn] = StationFaults(
                    told["refused"], {c: (int(n), str(at)) for c, (n, at) in told["reasons"].items()}, told["last"],
                    told["last_code"], told["found"], told["peer"],
                )  # fmt: skip

    def add(self, mn: str, fault: Fault, peer: str) -> None:
        """One fault of a frame; without a station it is kept where the frame gives an MN that nobody registered."""
        known = fault.code != _STATION
        held, most = (self.stations, STATIONS) if known else (self.unknown, UNKNOWN)
        name = mn if known else fault.found
        if not name:
            return
        one = held.setdefault(name, StationFaults())
        held.move_to_end(name)
        if len(held) > most:
            held.popitem(last=False)
        now = self._clock().isoformat(timespec="seconds")
        n, _ = one.reasons.get(fault.code, (0, ""))
        one.reasons[fault.code] = n + 1, now
        one.refused += fault.blocks
        one.last, one.last_code, one.found, one.peer = now, fault.code, fault.found, peer
        self.version += 1

    def as_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "stations": {mn: s.as_dict() for mn, s in self.stations.items()},
            "unknown": {mn: s.as_dict() for mn, s in self.unknown.items()},
        }
