"""Live state of meters (在线状态): when each sent last, against its interval and its monitoring system's rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from shuangkong.app.web.metering_state import Moment
from shuangkong.kernel.labels import Label
from shuangkong.metering.model import NO_VALUE, SCALE
from shuangkong.metering.monitoring import Systems
from shuangkong.metering.spells import MINUTE, Ints

_HOUR = 60 * MINUTE


@dataclass(frozen=True, slots=True)
class LiveWords:
    """A live state: the status whose colour and shape it has, its word, and what it means."""

    status: str
    label: Label
    why: Label


#: Live states, the one that needs attention first.
LIVE: Mapping[str, LiveWords] = {
    "never": LiveWords("insufficient", Label("从未上报", "never sent"),
                       Label("登记后没有收到过读数", "nothing has come since it was registered")),
    "offline": LiveWords("missed", Label("离线", "offline"),
                         Label("联网时间窗内没有读数", "nothing came within the window of connection")),
    "late": LiveWords("behind", Label("迟到", "late"),
                      Label("该到的读数还没有到", "a reading that is due has not come")),
    "online": LiveWords("met", Label("在线", "online"), Label("按时上报", "sends on time")),
    "ended": LiveWords("", Label("已停用", "ended"), Label("登记为已停用", "registered as no longer there")),
}  # fmt: skip
_CODES = tuple(LIVE)


def live_states(state: Moment, systems: Systems) -> tuple[NDArray[np.object_], Ints, Ints]:
    """The live state of each meter of `register.current`, with moment (0: none) and value of its last reading."""
    register = state.register
    every = register.current_every
    named = [systems[name] for name in register.systems]
    allowed = _of_system([s.late or 0 for s in named], register.current_system)
    window = [0 if s.connection_hours is None else int(s.connection_hours * _HOUR) for s in named]
    within = _of_system(window, register.current_system)
    at, value = state.last.of(register.numbers)
    age = int(state.now.timestamp() * SCALE) - at
    # who is asked for nothing is late after one more interval, and offline after ten
    due = every + np.where(allowed > 0, allowed, every)
    held = np.maximum(np.where(within > 0, within, 10 * every), due)
    code = np.where(at == 0, 0, np.where(age > held, 1, np.where(age > due, 2, 3)))
    code = np.where(register.current_stands, code, 4)
    return np.array(_CODES, dtype=object)[code], at, value


def _of_system(values: list[int], place: Ints) -> Ints:
    found = np.array(values, dtype=np.int64)
    return found[place] if len(place) else place


def instant(at: int) -> datetime | None:
    """A moment in microseconds; 0 is none."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at) if at else None


def exact(millionths: int) -> Decimal | None:
    """Millionths as they are; NO_VALUE is none."""
    return None if millionths == NO_VALUE else Decimal(millionths).scaleb(-6)
