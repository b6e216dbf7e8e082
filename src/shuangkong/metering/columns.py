"""Raw columns into exact ones: millionths, microseconds of UTC, marks; a row that cannot be is refused, alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shuangkong.kernel.numbers import parse_decimal, quantise
from shuangkong.metering.model import FIRST, MOST, NO_MARK, NO_VALUE, SCALE, Batch, Refused, end_of_time

#: A time without a zone is Chinese civil time, as meters and people here write it.
CHINA = timezone(timedelta(hours=8))
#: Refused rows that are told one by one.
TOLD = 20
#: Up to here a double of at most six places, times a million, is nearer to its whole number than to any other digit.
_EXACT = 3.5e7
_SLACK = 0.01
_MAX_NAME = 100
#: Full-width signs as those of a keyboard; and a day in words: what is longer has a sign too many, which parts nothing.
_WIDE = {0xFF01 + n: 0x21 + n for n in range(94)} | {0x3000: 0x20}
_LONGEST_DAY = 10
_SAID = 60


@dataclass(slots=True)
class Columns:
    """Columns on their way to a batch: what was refused in one of them is refused in all."""

    names: Sequence[str]
    channel: NDArray[np.uint32]
    at: NDArray[np.int64]
    value: NDArray[np.int64]
    mark: NDArray[np.uint8]
    wrong: dict[int, tuple[str, str]] = field(default_factory=dict)

    def batch(self, source: str, batch: str, received: int) -> Batch:
        """The rows that can be taken, and the others by number; `received` (0: not known) bounds their times."""
        self._check_times(end_of_time(received))
        self._check_names()
        channel, at, value, mark = self.channel, self.at, self.value, self.mark
        if self.wrong:
            keep = np.ones(len(at), dtype=bool)
            keep[list(self.wrong)] = False
            channel, at, value, mark = channel[keep], at[keep], value[keep], mark[keep]
        told = [Refused(n + 1, *self.wrong[n]) for n in sorted(self.wrong)[:TOLD]]
        return Batch(
            source, batch, received, tuple(self.names), channel, at, value, mark, tuple(told), len(self.wrong)
        )  # fmt: skip

    def refuse(self, row: int, why: str, said: object) -> None:
        """A row that cannot be taken; the first reason stands."""
        self.wrong.setdefault(row, (why, str(said)[:_SAID]))

    def _check_times(self, end: int) -> None:
        for n in np.flatnonzero((self.at < FIRST) | (self.at >= end)):
            self.refuse(int(n), "time_impossible", int(self.at[n]))

    def _check_names(self) -> None:
        bad = [n for n, name in enumerate(self.names) if not 0 < len(name) <= _MAX_NAME or not name.isprintable()]
        for n in np.flatnonzero(np.isin(self.channel, bad)) if bad else ():
            self.refuse(int(n), "meter_name", self.names[int(self.channel[n])])
        for n in np.flatnonzero(self.channel >= len(self.names)):
            self.refuse(int(n), "meter_missing", int(self.channel[n]))


def millionths(floats: NDArray[np.float64]) -> NDArray[np.int64] | None:
    """Numbers as millionths where doubles cannot have lost a digit of them; else None, and the texts are asked.

    NaN stands for no value.
    """
    missing = np.isnan(floats)
    filled = np.where(missing, 0.0, floats)
    scaled = filled * SCALE
    whole = np.rint(scaled)
    if len(filled) and (np.abs(filled).max() > _EXACT or np.abs(scaled - whole).max() > _SLACK):
        return None
    found: NDArray[np.int64] = whole.astype(np.int64)
    found[missing] = NO_VALUE
    return found


def exact_millionths(given: Sequence[object], refuse: Callable[[int, str, object], None]) -> NDArray[np.int64]:
    """Decimals or texts as millionths, one by one, rounded to six places half away from zero; null is no value."""
    found = np.full(len(given), NO_VALUE, dtype=np.int64)
    for n, one in enumerate(given):
        if one is None:
            continue
        value = one if isinstance(one, Decimal) else parse_decimal(str(one))
        if value is None or not value.is_finite():
            refuse(n, "value_unreadable", one)
        elif value.adjusted() > 12 or abs(scaled := int(quantise(value).scaleb(6))) > MOST:
            refuse(n, "value_too_large", one)
        else:
            found[n] = scaled
    return found


def instants(given: Sequence[object], refuse: Callable[[int, str, object], None]) -> NDArray[np.int64]:
    """Times as microseconds of UTC. Texts are ISO 8601 or 2025/1/2 00:15; without a zone they are Chinese time.

    24:00 is the first moment of the next day.
    """
    found = np.full(len(given), FIRST, dtype=np.int64)
    for n, one in enumerate(given):
        moment = one if isinstance(one, datetime) else moment_of(str(one))
        if moment is None:
            refuse(n, "time_unreadable", one)
            continue
        try:
            found[n] = _micros(moment if moment.tzinfo else moment.replace(tzinfo=CHINA))
        except (OverflowError, ValueError):
            refuse(n, "time_impossible", one)
    return found


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _micros(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)


def moment_of(text: str) -> datetime | None:
    """What a text says of a day and time, or None; without a zone where it names none."""
    text = text if text.isascii() else text.translate(_WIDE)
    text = text.strip().replace("/", "-").replace("T", " ").replace("t", " ")
    day, _, rest = text.partition(" ")
    if len(day) > _LONGEST_DAY:
        return None
    parts = day.split("-")
    if len(parts) == 3 and all(p.isascii() and p.isdigit() and len(p) <= 4 for p in parts):
        day = f"{int(parts[0]):04d}-{int(parts[1]):02d}-{int(parts[2]):02d}"
    late = rest.startswith("24:00")
    rest = "00:00" + rest[5:] if late else rest
    if rest[1:2] == ":":
        rest = f"0{rest}"
    try:
        found = datetime.fromisoformat(f"{day} {rest}".strip())
        return found + timedelta(days=1) if late else found
    except (ValueError, OverflowError):
        return None


def marks(given: Sequence[object] | str | None, rows: int, refuse: Callable[[int, str, object], None]) -> Any:
    """Signs of quality as their numbers: one letter or nothing for each row."""
    if given is None:
        return np.full(rows, NO_MARK, dtype=np.uint8)
    if isinstance(given, str) and given.isascii() and " " not in given:
        return np.frombuffer(given.encode(), dtype=np.uint8)
    found = np.full(rows, NO_MARK, dtype=np.uint8)
    for n, one in enumerate(given):
        sign = "" if one is None else str(one).strip()
        if len(sign) > 1 or not sign.isascii():
            refuse(n, "mark_unknown", one)
        elif sign:
            found[n] = ord(sign)
    return found


def numbered(names: Sequence[object]) -> tuple[list[str], NDArray[np.uint32]]:
    """Names and, for each row, the number of its name."""
    places: dict[str, int] = {}
    rows = [places.setdefault(str(n).strip(), len(places)) for n in names]
    return list(places), np.array(rows, dtype=np.uint32)
