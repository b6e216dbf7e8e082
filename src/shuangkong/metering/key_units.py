"""Uploads of key energy-using units (重点用能单位采集数据): objects in rows, by a mapping of names, into a batch.

The format is this program's own (`data/key_unit_readings.schema.json`), modelled on what access-end systems are known
to upload; a mapping file reads the same in another system's words. No conformance to a norm is claimed. The channel of
a row is `code/grain`: a day's sum is another thing than the quarter-hours that it is made of.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from shuangkong.kernel.errors import UserError
from shuangkong.metering.columns import Columns, exact_millionths, instants, marks, numbered
from shuangkong.metering.decoding import JSON, MAX_ROWS, batch_id
from shuangkong.metering.model import Batch

_GRAINS = frozenset({"realtime", "hour", "day", "month", "year"})


class Words(msgspec.Struct, forbid_unknown_fields=True):
    """A field whose words stand for ours; `default` where it is left out (empty: it must be there)."""

    field: str
    words: dict[str, str]
    default: str = ""


class KeyUnitMap(msgspec.Struct, forbid_unknown_fields=True):
    """Which field of a post is what; see data/key_units.yaml."""

    batch: str
    rows: str
    code: str
    time: str
    value: str
    grain: Words
    marks: list[Words] = []
    ignored: list[str] = []


def _printed(text: str) -> Decimal | str:
    """A number with a point or a power as it is printed; as its text where no decimal goes so far."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return text


#: Decimals as they are printed; a repeated key keeps its last value, as JSON has it.
_DECODER = msgspec.json.Decoder(float_hook=_printed)


@cache
def own_map() -> KeyUnitMap:
    """The mapping of this program's own format."""
    data = resources.files("shuangkong.metering").joinpath("data/key_units.yaml").read_bytes()
    return msgspec.yaml.decode(data, type=KeyUnitMap)


def read_key_unit_map(path: Path) -> KeyUnitMap:
    """The mapping of a file; raises ING-005 with what is wrong in it."""
    try:
        found = msgspec.yaml.decode(path.read_bytes(), type=KeyUnitMap)
    except (msgspec.DecodeError, UnicodeDecodeError, OSError) as wrong:
        raise _unmapped(path, f"{wrong}.") from wrong
    strange = sorted({*found.grain.words.values(), found.grain.default or "realtime"} - _GRAINS)
    if strange:
        raise _unmapped(path, f"{', '.join(strange)} is no grain; there are {', '.join(sorted(_GRAINS))}.")
    long = sorted(w for m in found.marks for w in m.words.values() if len(w) > 1 or not w.isascii())
    if long:
        raise _unmapped(path, f"{', '.join(long)} is no mark: one letter, or nothing.")
    return found


def decoded(
    data: bytes, kind: str, source: str, received: int, batch: str = "", mapping: KeyUnitMap | None = None
) -> Batch:
    """The batch of a post; raises ING-001 where it cannot be read. A row that cannot be is refused alone."""
    if kind != JSON:
        raise _unreadable(f"the content type {kind[:60]} is not {JSON}.", f"Set Content-Type to {JSON}.")
    m = mapping if mapping is not None else own_map()
    try:
        post = _DECODER.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as wrong:
        raise _unreadable(f"it is not JSON: {wrong}.", "Send one JSON object as its schema says.") from wrong
    rows = post.get(m.rows) if isinstance(post, dict) else None
    if not isinstance(post, dict) or not isinstance(rows, list):
        raise _unreadable(f"there is no list “{m.rows}”.", "Send one JSON object as its schema says.")
    if len(rows) > MAX_ROWS:
        raise _unreadable(f"it has {len(rows)} readings, more than {MAX_ROWS}.", "Send it in several posts.")
    strange = sorted(set(post) - {m.batch, m.rows, *m.ignored})
    if strange:
        raise _unreadable(f"“{strange[0][:60]}” is no field of a post.", "Leave it out, or name it in the mapping.")
    said = post.get(m.batch)
    return _columns(rows, m).batch(source, batch_id(said if isinstance(said, str) and said else batch), received)


def _columns(rows: list[Any], m: KeyUnitMap) -> Columns:
    known = {m.code, m.time, m.value, m.grain.field, *(x.field for x in m.marks), *m.ignored}
    made = Columns((), np.zeros(0, np.uint32), np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.uint8))
    names, times, values, signs = [], [], [], []
    for n, row in enumerate(rows):
        name, why = _channel(row, m, known)
        if why:
            made.refuse(n, *why)
        whole: Mapping[str, Any] = row if isinstance(row, dict) and not why else {}
        names.append(name or "-")
        times.append(whole.get(m.time, "2000-01-02") if not why else "2000-01-02")
        values.append(_value(whole.get(m.value)))
        signs.append(_mark(whole, m))
    made.names, made.channel = numbered(names)
    made.at = instants(times, made.refuse)
    made.value = exact_millionths(values, made.refuse)
    made.mark = marks(signs, len(rows), made.refuse)
    return made


def _channel(row: object, m: KeyUnitMap, known: set[str]) -> tuple[str, tuple[str, object] | None]:
    """The channel of a row, or why it cannot be taken and what it said."""
    if not isinstance(row, dict):
        return "", ("row_unreadable", row)
    strange = sorted(set(row) - known)
    if strange:
        return "", ("field_unknown", strange[0])
    absent = [f for f in (m.code, m.time, m.value) if f not in row]
    if absent:
        return "", ("columns_missing", absent[0])
    word = _word(row.get(m.grain.field, m.grain.default))
    grain = m.grain.words.get(word, m.grain.default if m.grain.field not in row else "")
    if not grain:
        return "", ("grain_unknown", word)
    return f"{row[m.code]}/{grain}", None


def _value(given: object) -> object:
    """Numbers as they are printed; a truth value or an object is no number."""
    return given if given is None or isinstance(given, str | Decimal) else str(given)


def _mark(row: Mapping[str, Any], m: KeyUnitMap) -> str:
    """The last sign that a field gives; a word that is not known counts for what it says, and is refused as a mark."""
    found = ""
    for field in m.marks:
        if field.field in row:
            word = _word(row[field.field])
            found = field.words.get(word, word) or found
    return found


def _word(given: object) -> str:
    return str(given).lower() if isinstance(given, bool) else str(given)


def _unreadable(message: str, remedy: str) -> UserError:
    return UserError("ING-001", message, remedy=remedy, case="post")


def _unmapped(path: Path, message: str) -> UserError:
    return UserError(
        "ING-005", message, where=path.name, case="mapping",
        remedy="Mend the mapping after src/shuangkong/metering/data/key_units.yaml.",
    )  # fmt: skip
