"""The shape of a data area (报文形状): which of its values are readings, of which factor and statistic, which mark.

It follows from the names alone, so it is worked out once for all frames that say the same names; stations do for years.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from shuangkong.metering.hj212.area import groups, regular
from shuangkong.metering.hj212.faults import Fault, found_in
from shuangkong.metering.hj212.standard import standard

#: Places in the list of values; the last of the list is an empty one, for what is not there.
ABSENT = -1
_TIME, _FLAG, _SAMPLED = b"DataTime", b"Flag", b"SampleTime"
_NAME = re.compile(rb"[0-9A-Za-z_]+")
_MOST_SHAPES = 4096


Picker = Callable[[Sequence[bytes]], tuple[bytes, ...]]


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """Where things stand among the values of an area with these names; `statistic` numbers `statistics()`.

    `value`, `mark` and `sampled` are places in the list of values, one for each reading; `mark` and `sampled` may be
    ABSENT; `values_of` and `marks_of` pick what stands there. `time` is the place of DataTime. `faults` are those of
    the names, the same in every frame of the shape.
    """

    time: int
    factors: tuple[str, ...]
    statistic: NDArray[np.uint8]
    value: tuple[int, ...]
    mark: tuple[int, ...]
    sampled: tuple[int, ...] | None
    faults: tuple[Fault, ...]
    values_of: Picker
    marks_of: Picker

    def __len__(self) -> int:
        return len(self.factors)


@dataclass(slots=True)
class _Group:
    marks: dict[bytes, int] = field(default_factory=dict)
    sampled: dict[bytes, int] = field(default_factory=dict)
    readings: list[tuple[bytes, int, int]] = field(default_factory=list)


_SHAPES: dict[bytes, Shape] = {}


def taken_apart(area: bytes) -> tuple[Shape, list[bytes], list[Fault]]:
    """The shape of an area, its values with an empty one after them, and the faults of this frame alone.

    The caller adds `shape.faults`; places of faults are bytes from the start of the area.
    """
    usual = regular(area)
    if usual is not None:
        form, parts = usual
        key = form + b"?" + b",".join(parts[0::2])
        shape = _SHAPES.get(key)
        values = parts[1::2]
        values.append(b"")
        if shape is None:
            shape = _kept(key, shape_of(_grouped(form, parts[0::2])))
        return shape, values, []
    found, faults = groups(area)
    shape = shape_of([[item.name for item in group] for group in found])
    return shape, [*(item.value for group in found for item in group), b""], faults


def shape_of(names: Iterable[Sequence[bytes]]) -> Shape:
    """The shape of groups of names."""
    time, place = ABSENT, 0
    faults: list[Fault] = []
    seen: set[bytes] = set()
    parts: list[_Group] = []
    for group in names:
        part = _Group()
        parts.append(part)
        for name in group:
            if name == _TIME and time == ABSENT:
                time = place
            elif name == _TIME:
                faults.append(Fault("time_repeated"))
            else:
                _place(name, place, part, seen, faults)
            place += 1
    return _joined(time, parts, faults)


def _place(name: bytes, place: int, part: _Group, seen: set[bytes], faults: list[Fault]) -> None:
    """What one item is: a reading, a mark, the time of a sample, or something that is no part of a reading."""
    code, dash, suffix = name.partition(b"-")
    if len(name) > standard().limits.name or not _NAME.fullmatch(code):
        faults.append(Fault("name", 0, found_in(name)))
    elif dash and suffix == _FLAG:
        part.marks.setdefault(code, place)
    elif dash and suffix == _SAMPLED:
        part.sampled.setdefault(code, place)
    elif dash and suffix not in _suffixes():
        faults.append(Fault("suffix", 0, found_in(name)))
    elif dash and (number := _suffixes()[suffix]) is not None:
        if name in seen:
            faults.append(Fault("item_repeated", 0, found_in(name)))
        else:
            part.readings.append((code, number, place))
        seen.add(name)


def _joined(time: int, parts: list[_Group], faults: list[Fault]) -> Shape:
    """Each reading with the mark of its group, else with the only one that the frame has for its factor."""
    everywhere: dict[bytes, list[int]] = defaultdict(list)
    for part in parts:
        for code, place in part.marks.items():
            everywhere[code].append(place)
    readings: list[tuple[bytes, int, int, int, int]] = []
    unclear: set[bytes] = set()
    for part in parts:
        for code, number, place in part.readings:
            mark = part.marks.get(code, ABSENT)
            if mark == ABSENT and len(everywhere[code]) == 1:
                mark = everywhere[code][0]
            elif mark == ABSENT and everywhere[code]:
                unclear.add(code)
            readings.append((code, number, place, mark, part.sampled.get(code, ABSENT)))
    faults += [Fault("mark_two", 0, found_in(code)) for code in sorted(unclear)]
    sampled = tuple(r[4] for r in readings)
    return Shape(
        time,
        tuple(r[0].decode("ascii") for r in readings),
        np.array([r[1] for r in readings], dtype=np.uint8),
        tuple(r[2] for r in readings),
        tuple(r[3] for r in readings),
        sampled if set(sampled) - {ABSENT} else None,
        tuple(faults),
        _picker(tuple(r[2] for r in readings)),
        _picker(tuple(r[3] for r in readings)),
    )


def _picker(places: tuple[int, ...]) -> Picker:
    """What picks these places out of a list."""
    if len(places) > 1:
        return itemgetter(*places)
    return lambda values: tuple([values[p] for p in places])


def _grouped(form: bytes, names: list[bytes]) -> list[list[bytes]]:
    """Names by groups: in a regular area the separator after each value tells where one ends."""
    result: list[list[bytes]] = [[]]
    for name, sign in zip(names, form[1::2].ljust(len(names), b","), strict=False):
        result[-1].append(name)
        if sign == ord(";"):
            result.append([])
    return result


def _kept(key: bytes, shape: Shape) -> Shape:
    """A shape for the next frame that says the same; as many as there may be, then the store starts anew."""
    if len(_SHAPES) >= _MOST_SHAPES:
        _SHAPES.clear()
    _SHAPES[key] = shape
    return shape


@cache
def _suffixes() -> dict[bytes, int | None]:
    """Each suffix with the number of its statistic; None for one that is no reading."""
    numbers = iter(range(256))
    return {s.name.encode(): next(numbers) if s.reading else None for s in standard().suffixes.values()}
