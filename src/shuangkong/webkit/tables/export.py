"""Exports (导出): everything that fits, as CSV or xlsx, under a head that says what it is; written as it is read."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO, Literal

import pyarrow as pa
import pyarrow.compute as pc

from shuangkong.kernel.labels import Language
from shuangkong.webkit.figures import unit_words
from shuangkong.webkit.messages import Speaker
from shuangkong.webkit.tables.cells import safe_cell
from shuangkong.webkit.tables.columns import Batch, Reading, Told
from shuangkong.webkit.tables.spec import TableColumn, TableSpec

Format = Literal["csv", "xlsx"]
MEDIA: dict[Format, str] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class Export:
    """What is exported: the notes above the head as (what, text), words made from each row, then the columns."""

    spec: TableSpec
    speaker: Speaker
    notes: tuple[tuple[str, str], ...]
    total: int
    told: tuple[Told, ...] = ()

    @property
    def heads(self) -> list[str]:
        """The head of each column with its unit."""
        language = self.speaker.language
        return [t.head for t in self.told] + [_head(c, self.spec, language) for c in self.spec.exported]

    @property
    def reading(self) -> Reading:
        """How its batches become texts."""
        return Reading(self.speaker.language, tuple(c.name for c in self.spec.exported), self.told)

    @property
    def needed(self) -> tuple[str, ...]:
        """The columns of the source that it reads: written, told of, or marking invented rows; none said is all."""
        if not all(t.of for t in self.told):
            return ()
        told = [name for t in self.told for name in t.of]
        marks = [self.spec.synthetic] if self.spec.synthetic else []
        return tuple(dict.fromkeys([*(c.name for c in self.spec.exported), *told, *marks]))


def _head(column: TableColumn, spec: TableSpec, language: Language) -> str:
    label = column.label.in_(language)
    name, _, other = column.unit.partition(":")
    if name == "column":
        see = f"“{spec[other].label.in_(language)}”" if other in spec else other
        words = f"单位见{see}列" if language == "zh" else f"unit: see {see}"
    else:
        words = unit_words(column.unit, language)
    unit = "" if not words else f"（{words}）" if language == "zh" else f" ({words})"
    return f"{label}{unit} {column.name}" if spec.codes else f"{label}{unit}"


def export_csv(export: Export, batches: Iterable[Batch]) -> Iterator[bytes]:
    """UTF-8 with a byte-order mark, so that spreadsheets read the Chinese; rows go out as they are read."""
    notes: list[Sequence[object]] = [*export.notes, ()] if export.notes else []
    yield ("\ufeff" + _lines([safe_cell(v) for v in row] for row in [*notes, export.heads])).encode("utf-8")
    reading = export.reading
    for batch in batches:
        yield _written([c.guarded() for c in reading.cells(batch)])


def _lines(rows: Iterable[Sequence[object]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    return out.getvalue()


def _written(columns: Sequence[pa.Array]) -> bytes:
    """The rows of a batch as `csv.writer` writes them, made by Arrow a column at a time."""
    if not len(columns[0]):
        return b""
    alone = len(columns) == 1
    rows = pc.binary_join_element_wise(
        *(_quoted(c, empty=alone) for c in columns), ",", null_handling="replace", null_replacement=""
    )
    whole = pc.binary_join(pa.ListArray.from_arrays([0, len(rows)], rows.cast(pa.string())), "\r\n")
    return bytes(whole[0].as_buffer()) + b"\r\n"


def _quoted(cells: pa.Array, *, empty: bool) -> pa.Array:
    """Cells with quotation marks where they hold one, a comma or a line end; also an `empty` one that stands alone."""
    if empty:
        cells = pc.fill_null(cells, "")
    touchy = pc.match_substring_regex(cells, '^$|[",\r\n]' if empty else '[",\r\n]')
    if not pc.any(touchy, min_count=0).as_py():
        return cells
    doubled = pc.replace_substring(cells, '"', '""')
    return pc.if_else(touchy, pc.binary_join_element_wise('"', doubled, '"', ""), cells)


def in_chunks(out: IO[bytes]) -> Iterator[bytes]:
    """The bytes of a file, which is closed, and with that gone, after the last."""
    with out:
        while part := out.read(_CHUNK):
            yield part
