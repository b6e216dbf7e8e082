"""Frames of many connections taken in together (接收): check sum, head, station and password, command, readings.

No network and no clock here: frames and their origin go in; readings in columns, what else was said, and faults come
out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from hmac import compare_digest
from typing import Generic, NamedTuple, TypeVar

from shuangkong.metering.hj212.crc import crc_modbus, crcs
from shuangkong.metering.hj212.faults import Fault, found_in
from shuangkong.metering.hj212.framing import Frame
from shuangkong.metering.hj212.parts import Parts
from shuangkong.metering.hj212.readings import Gathering, Readings
from shuangkong.metering.hj212.segment import Head, about, head_of, usual_head
from shuangkong.metering.hj212.standard import Command, standard
from shuangkong.metering.hj212.values import instant

Origin = TypeVar("Origin")


@dataclass(frozen=True, slots=True)
class Station:
    """A registered station (站点): its MN, its password, and whether it sends the check sum of MODBUS."""

    mn: str
    password: str
    modbus: bool = False


Lookup = Callable[[str], Station | None]


#: A frame, where it came from and when (microseconds since 1970 in UTC): origin, frame, received.
Arrived = tuple[Origin, Frame, int]


class Said(NamedTuple, Generic[Origin]):
    """A frame that was let in: its head, and the station that sent it."""

    origin: Origin
    head: Head
    station: Station
    segment: bytes


class Wrong(NamedTuple, Generic[Origin]):
    """A fault, where it came from, and the station (empty where it is not known)."""

    origin: Origin
    mn: str
    fault: Fault


@dataclass(slots=True)
class Taking(Generic[Origin]):
    """What frames came to: `uploads` in the order of the frames of `readings`, `others` that carry none, faults."""

    readings: Readings | None
    uploads: list[Said[Origin]] = field(default_factory=list)
    others: list[Said[Origin]] = field(default_factory=list)
    wrong: list[Wrong[Origin]] = field(default_factory=list)


class Intake(Generic[Origin]):
    """Takes frames in; it remembers nothing between batches but split messages that wait for parts."""

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup
        self.parts = Parts(keep=False)

    def take(self, arrived: Sequence[Arrived[Origin]], now: float) -> Taking[Origin]:
        """All that can be taken in of the frames, in their order; `now` counts seconds from anywhere."""
        gathering, taking = Gathering(), Taking[Origin](None)
        sums = crcs([frame.segment for _, frame, _ in arrived])
        for (origin, frame, received), value in zip(arrived, sums, strict=True):
            said = self._plain(origin, frame, value) or self._let_in(origin, frame, value, taking)
            if said is None:
                continue
            command = _commands().get(said.head.cn)
            if command is not None and command.kind != "upload":
                taking.others.append(said)
                continue
            expected = command is not None and command.grain is not None
            if self._gather(gathering, said, received, now, taking, expected):
                taking.uploads.append(said)
        if len(gathering):
            taking.readings, wrong = gathering.finish()
            for row, fault in wrong:
                said = taking.uploads[row]
                taking.wrong.append(Wrong(said.origin, said.station.mn, fault))
        return taking

    def _plain(self, origin: Origin, frame: Frame, value: int) -> Said[Origin] | None:
        """A frame of which there is nothing to be said: nearly all of them. None for any other."""
        segment = frame.segment
        head = usual_head(segment) if value == frame.crc else None
        if head is None or len(segment) > _unremarkable(head.flag, head.cn, head.st):
            return None
        station = self._lookup(head.mn.decode("ascii"))
        if station is None or not compare_digest(head.pw, station.password.encode()):
            return None
        return Said(origin, head, station, segment)

    def _let_in(self, origin: Origin, frame: Frame, value: int, taking: Taking[Origin]) -> Said[Origin] | None:
        """A frame whose check sum, head, station and password are right."""
        segment, given = frame.segment, frame.crc
        head, faults = head_of(segment)
        right = value == given
        mn = head.mn.decode("utf-8", "replace")
        if not right and given == crc_modbus(segment):
            faults.append(Fault("crc_modbus", frame.at, f"{given:04X}"))
            known = self._lookup(mn)
            right = known is not None and known.modbus
        if not right:
            faults = [Fault("crc", frame.at, f"{given:04X}"), *(f for f in faults if f.code == "crc_modbus")]
            return self._refuse(origin, mn, faults, taking)
        if faults and any(f.blocks for f in faults):
            return self._refuse(origin, mn, faults, taking)
        station = self._lookup(mn)
        if station is None:
            return self._refuse(origin, "", [*faults, Fault("station", frame.at, found_in(head.mn))], taking)
        if not compare_digest(head.pw, station.password.encode()):
            return self._refuse(origin, mn, [*faults, Fault("password", frame.at)], taking)
        faults += about(head, len(segment))
        if faults:
            taking.wrong += [Wrong(origin, station.mn, f) for f in faults]
        return Said(origin, head, station, segment)

    def _refuse(self, origin: Origin, mn: str, faults: Sequence[Fault], taking: Taking[Origin]) -> Said[Origin] | None:
        # before its sum is right a frame says any MN: only one that is registered is told under its own
        known = mn if mn and self._lookup(mn) is not None else ""
        taking.wrong += [Wrong(origin, known, f) for f in faults]
        return None

    def _gather(
        self, gathering: Gathering, said: Said[Origin], received: int, now: float, taking: Taking[Origin],
        expected: bool,
    ) -> bool:  # fmt: skip
        head, time = said.head, None
        if head.pnum is not None:
            put = self.parts.add(head, said.segment[head.area : -2], now)
            time = instant(put.time) if put.time is not None else None
            taking.wrong += [Wrong(said.origin, said.station.mn, f) for f in put.faults]
        faults = gathering.add(
            said.segment, head.area, station=said.station.mn, command=head.cn.decode("ascii"),
            system=head.st.decode("ascii"), number=head.qn, received=received, time=time, expected=expected,
        )  # fmt: skip
        if faults:
            taking.wrong += [Wrong(said.origin, said.station.mn, f) for f in faults]
        return not any(f.blocks for f in faults)


@cache
def _commands() -> dict[bytes, Command]:
    return {cn.encode(): command for cn, command in standard().commands.items()}


@lru_cache(maxsize=4096)
def _unremarkable(flag: int | None, cn: bytes, st: bytes) -> int:
    """Up to which length there is nothing to be said of a segment with this head; -1 if there always is."""
    edition, command = standard().edition_of(flag), _commands().get(cn)
    if edition is None or command is None or st.decode("ascii") not in standard().systems:
        return -1
    return edition.segment if flag is None or command.since <= edition.year else -1
