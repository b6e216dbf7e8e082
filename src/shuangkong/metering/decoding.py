"""Posts of readings into batches (报文解码): columnar JSON, NDJSON, CSV and Arrow, told by their content type.

A post that cannot be read is refused whole (ING-001) with the place; a row of it that cannot be is refused alone and
named in the answer. What was taken is exact: a number keeps the digits that it was printed with.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

from shuangkong.kernel.errors import UserError
from shuangkong.metering.arrow import Unfit, arrow_columns, arrow_table
from shuangkong.metering.columns import Columns, exact_millionths, instants, marks, millionths, numbered
from shuangkong.metering.model import NO_VALUE, Batch

#: Rows of one post; and the length of its id.
MAX_ROWS = 2_000_000
MAX_ID = 120
JSON, NDJSON, CSV, ARROW = (
    "application/json", "application/x-ndjson", "text/csv", "application/vnd.apache.arrow.stream",
)  # fmt: skip
KINDS = (JSON, NDJSON, CSV, ARROW)
#: What the columns of a sheet may be called.
_HEADS: Mapping[str, tuple[str, ...]] = {
    "meter": ("meter", "表计", "表计编号", "表号", "计量点"),
    "at": ("at", "time", "时间", "时刻", "采集时间", "数据时间"),
    "value": ("value", "读数", "数值", "值", "表底"),
    "mark": ("mark", "flag", "标记", "数据标记"),
}


_NULL = msgspec.Raw(b"null")


class _Post(msgspec.Struct):
    """Columnar JSON: `meters` names each meter once, `meter` gives each row's place in it, or `meter` is the names.

    `at_ms` are milliseconds of UTC; `at` are times in words. One of the two.
    """

    batch: str
    value: list[float | None]
    meter: list[int | str]
    meters: list[str] | None = None
    at_ms: list[int] | None = None
    at: list[str] | None = None
    mark: list[str | None] | str | None = None


class _ExactPost(msgspec.Struct):
    value: list[msgspec.Raw]


class _Line(msgspec.Struct):
    meter: str
    at: str
    value: msgspec.Raw
    mark: str | None = None


_POST = msgspec.json.Decoder(_Post)
_EXACT_POST = msgspec.json.Decoder(_ExactPost)
_LINES = msgspec.json.Decoder(_Line)


def decoded(data: bytes, kind: str, source: str, received: int, batch: str = "") -> Batch:
    """The batch of a post; `batch` is its id where the format has no place for one. Raises ING-001."""
    match kind:
        case "application/json":
            return _json(data, source, received, batch)
        case "application/x-ndjson":
            return _ndjson(data, source, received, batch_id(batch))
        case "text/csv":
            return _csv(data, source, received, batch_id(batch))
        case "application/vnd.apache.arrow.stream":
            return _arrow(data).batch(source, batch_id(batch), received)
    raise _unreadable(
        f"the content type {kind[:60]} is none of {', '.join(KINDS)}.", "Set Content-Type to one of them."
    )


def _json(data: bytes, source: str, received: int, batch: str) -> Batch:
    exact: Sequence[object] | None = None
    try:
        post = _POST.decode(data)
    except msgspec.ValidationError as wrong:
        # numbers as texts, which keep more digits than a double: read once more with them
        post, exact = _with_texts(data, wrong)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as wrong:
        raise _unreadable(
            f"it is not JSON: {wrong}.", "Send one JSON object as docs/design/metering.md shows."
        ) from wrong
    rows = len(post.value)
    at = post.at_ms if post.at_ms is not None else post.at
    if at is None or (post.at_ms is not None and post.at is not None):
        raise _unreadable("one of at_ms and at is wanted.", "Give at_ms (milliseconds of UTC) or at (times in words).")
    _same_length(rows, meter=len(post.meter), at=len(at), mark=rows if post.mark is None else len(post.mark))
    columns = _empty(rows)
    if post.meters is not None:
        columns.names = post.meters
        columns.channel = _places(post.meter, columns)
    else:
        columns.names, columns.channel = numbered(post.meter)
    if post.at_ms is not None:
        columns.at = _millis(post.at_ms, columns)
    else:
        columns.at = instants(at, columns.refuse)
    found = millionths(np.array(post.value, dtype=np.float64)) if exact is None else None
    if found is None:
        exact = _as_printed(_EXACT_POST.decode(data).value) if exact is None else exact
        found = exact_millionths(exact, columns.refuse)
    columns.value = found
    columns.mark = marks(post.mark, rows, columns.refuse)
    return columns.batch(source, batch_id(post.batch or batch), received)


def _with_texts(data: bytes, first: msgspec.ValidationError) -> tuple[_Post, Sequence[object]]:
    try:
        exact = _as_printed(_EXACT_POST.decode(data).value)
        rest = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
        rest["value"] = msgspec.Raw(msgspec.json.encode([None] * len(exact)))
        return msgspec.json.decode(msgspec.json.encode(rest), type=_Post), exact
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise _unreadable(f"{first}.", "Send columns of one length as docs/design/metering.md shows.") from first


def _as_printed(given: Sequence[msgspec.Raw]) -> list[str | None]:
    """Numbers and texts of JSON as they are printed, digit by digit."""
    printed: list[str | None] = []
    for raw in given:
        text = bytes(raw).decode("utf-8", "replace")
        if text.startswith('"'):
            text = msgspec.json.decode(text, type=str)
        printed.append(None if text == "null" else text)
    return printed


def _places(given: Sequence[int | str], columns: Columns) -> Any:
    """Places in `meters`; one that is not there is refused later, by its number."""
    try:
        found = np.array(given)
        if found.dtype != np.int64 and len(found):
            raise ValueError
    except (ValueError, OverflowError):
        raise _unreadable(
            "meter names meters beside a list of meters.", "Give places in meters, or names and no list."
        ) from None  # fmt: skip
    return np.where((found < 0) | (found >= len(columns.names)), np.iinfo(np.uint32).max, found).astype(np.uint32)


def _millis(given: Sequence[int], columns: Columns) -> Any:
    found = np.array(given, dtype=object) if any(abs(x) > 10**15 for x in given) else np.array(given, dtype=np.int64)
    if found.dtype == object:
        for n in (n for n, x in enumerate(found) if abs(x) > 10**15):
            columns.refuse(n, "time_impossible", found[n])
            found[n] = 0
    return found.astype(np.int64) * 1000


def _ndjson(data: bytes, source: str, received: int, batch: str) -> Batch:
    lines: list[_Line | None] = []
    wrong: dict[int, tuple[str, str]] = {}
    for raw in data.splitlines():
        if not raw.strip():
            continue
        try:
            lines.append(_LINES.decode(raw))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
            wrong[len(lines)] = ("line_unreadable", str(fault)[:60])
            lines.append(None)
    if lines and len(wrong) == len(lines):
        raise _unreadable(f"no line is a reading: {next(iter(wrong.values()))[1]}.", "Send one JSON object a line.")
    filled = [x if x is not None else _Line(meter="-", at="2000-01-01", value=_NULL) for x in lines]
    return _rows(
        [x.meter for x in filled], [x.at for x in filled], _as_printed([x.value for x in filled]),
        [x.mark for x in filled], wrong,
    ).batch(source, batch, received)  # fmt: skip


def _csv(data: bytes, source: str, received: int, batch: str) -> Batch:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = data.decode("gb18030")
        except UnicodeDecodeError as wrong:
            raise _unreadable("the text is neither UTF-8 nor GB18030.", "Save the file as UTF-8.") from wrong
    try:
        sheet = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as wrong:
        raise _unreadable(f"it is not CSV: {wrong}.", "Save the file as CSV with commas.") from wrong
    head = [h.strip() for h in sheet[0]] if sheet else []
    places = {name: next((head.index(h) for h in called if h in head), None) for name, called in _HEADS.items()}
    absent = [name for name in ("meter", "at", "value") if places[name] is None]
    if absent:
        raise _unreadable(
            f"there is no column for {', '.join(absent)}.", "Head the columns meter, at, value (表计, 时间, 读数)."
        )
    rows = [r for r in sheet[1:] if any(c.strip() for c in r)]
    wrong_rows = {n: (_misfit(r, len(head)), ",".join(r)) for n, r in enumerate(rows) if _misfit(r, len(head))}

    def column(name: str, default: str | None = "") -> list[str | None]:
        place = places[name]
        return [r[place].strip() if place is not None and place < len(r) else default for r in rows]

    values = [v or None for v in column("value")]
    times = [t if n not in wrong_rows else "2000-01-01" for n, t in enumerate(column("at"))]
    return _rows(column("meter"), times, values, column("mark"), wrong_rows).batch(source, batch, received)


def _misfit(row: Sequence[str], columns: int) -> str:
    """Why the cells of a row cannot be told by the head: too few, or one behind its end (1,234.5 without quotes)."""
    if len(row) < columns:
        return "columns_missing"
    return "columns_too_many" if any(c.strip() for c in row[columns:]) else ""


def _arrow(data: bytes) -> Columns:
    try:
        table = arrow_table(data, MAX_ROWS)
        return arrow_columns(table, _empty(table.num_rows))
    except Unfit as wrong:
        raise _unreadable(wrong.message, wrong.remedy) from wrong


def _rows(
    meters: Sequence[object], at: Sequence[object], value: Sequence[object], mark: Sequence[object],
    wrong: dict[int, tuple[str, str]],
) -> Columns:  # fmt: skip
    columns = _empty(len(meters))
    columns.wrong.update(wrong)
    columns.names, columns.channel = numbered(["" if m is None else m for m in meters])
    columns.at = instants(at, columns.refuse)
    columns.value = exact_millionths(value, columns.refuse)
    columns.mark = marks(mark, len(meters), columns.refuse)
    return columns


def _empty(rows: int) -> Columns:
    if rows > MAX_ROWS:
        raise _unreadable(f"it has {rows} readings, more than {MAX_ROWS}.", "Send it in several posts.")
    return Columns(
        (), np.zeros(rows, np.uint32), np.zeros(rows, np.int64), np.full(rows, NO_VALUE), np.zeros(rows, np.uint8)
    )  # fmt: skip


def _same_length(rows: int, **others: int) -> None:
    for name, length in others.items():
        if length != rows:
            raise _unreadable(
                f"value has {rows} entries and {name} {length}.", "Give every column one entry for each reading."
            )


def batch_id(batch: str) -> str:
    """The id of a post, as it is; raises ING-001 where there is none that can be kept."""
    if not 0 < len(batch) <= MAX_ID or not batch.isprintable():
        raise _unreadable(
            "the post has no id of its own.",
            f"Give it a batch id of up to {MAX_ID} signs (JSON: batch; else the header Batch-Id).",
        )
    return batch


def _unreadable(message: str, remedy: str) -> UserError:
    return UserError("ING-001", message, remedy=remedy, case="post")
