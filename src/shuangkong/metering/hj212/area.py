"""The data area of a frame (数据区): `;` between groups, `,` between the items of one, `=` between name and value.

The usual area is regular: its separators alone, `=,=;=,=`, say that names and values take turns. One that is not (an
item without `=`, log text between `//` and `//`, which may hold any sign) is taken apart slowly, with the place of each
fault.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from shuangkong.metering.hj212.faults import Fault, found_in
from shuangkong.metering.hj212.standard import standard

_SEPARATORS = b"=,;"
_OTHERS = bytes(set(range(256)) - set(_SEPARATORS))
_COMMAS = bytes(ord(",") if byte in _SEPARATORS else byte for byte in range(256))
_REGULAR = re.compile(rb"=(?:[,;]=)*;?")
_LOG = b"//"
#: Forms of regular areas that were seen: stations send the same few for years.
_SEEN: set[bytes] = set()
_MOST_SEEN = 4096


class Item(NamedTuple):
    """A name and its value as they stand in the area, `at` bytes from its start."""

    name: bytes
    value: bytes
    at: int


def regular(area: bytes) -> tuple[bytes, list[bytes]] | None:
    """The form of the area and its names and values by turns; None where it has to be taken apart slowly.

    The form is the separators in their order. A trailing `;` is allowed: stations send it.
    """
    form = area.translate(None, _OTHERS)
    if form not in _SEEN:
        if not _REGULAR.fullmatch(form) or form.count(b"=") > standard().limits.items:
            return None
        if len(_SEEN) >= _MOST_SEEN:
            _SEEN.clear()
        _SEEN.add(form)
    if b"/" in area and _LOG in area:  # one byte is found far sooner than two
        return None
    parts = area.translate(_COMMAS).split(b",")
    if len(parts) & 1:  # a trailing `;`
        parts.pop()
    return form, parts


def groups(area: bytes) -> tuple[list[list[Item]], list[Fault]]:
    """The groups of items of any area, and what of it is no item.

    An empty area has no group. A fault names the byte of the area at which it stands.
    """
    found: list[list[Item]] = []
    faults: list[Fault] = []
    most, count = standard().limits.items, 0
    for start, text in _cut(area, b";", 0):
        group: list[Item] = []
        for at, item in _cut(text, b",", start):
            if not item:
                continue
            count += 1
            if count > most:
                return found, [*faults, Fault("items_many", at, str(count))]
            name, equals, value = item.partition(b"=")
            if not equals or (b"=" in value and not value.startswith(_LOG)):
                faults.append(Fault("item", at, found_in(item)))
            else:
                group.append(Item(name, value, at))
        if group:
            found.append(group)
    return found, faults


def _cut(text: bytes, sign: bytes, start: int) -> list[tuple[int, bytes]]:
    """What stands between the signs, with its place; a sign between `//` and `//` does not cut."""
    pieces: list[tuple[int, bytes]] = []
    here = 0
    if _LOG not in text:
        for piece in text.split(sign):
            pieces.append((start + here, piece))
            here += len(piece) + 1
        return pieces
    while here <= len(text):
        stop = text.find(sign, here)
        if stop < 0:
            stop = len(text)
        log = text.find(_LOG, here, stop)
        while log >= 0:
            close = text.find(_LOG, log + 2)
            if close < 0:  # never closed: an ordinary sign
                break
            if close >= stop:
                stop = text.find(sign, close + 2)
                stop = len(text) if stop < 0 else stop
            log = text.find(_LOG, close + 2, stop)
        pieces.append((start + here, text[here:stop]))
        here = stop + 1
    return pieces
