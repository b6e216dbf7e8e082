"""Columns of an export (导出的列): a batch as texts, column by column, so that no cell waits for its turn in Python.

A column of a file becomes texts by Arrow's kernels, or one distinct value at a time; words are made once for each value
that they depend on. Rows of the registry database come as Python values and are read cell by cell.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from shuangkong.kernel.labels import Language
from shuangkong.webkit.tables.cells import plain, safe_cell
from shuangkong.webkit.tables.spec import Row

Batch: TypeAlias = pa.RecordBatch | Sequence[Row]
#: number: exact digits; float: what a spreadsheet keeps as it is; day: 2026-11-20.
Kind = Literal["text", "number", "float", "day"]
#: Words that are kept for values that come again.
KEPT_WORDS = 20_000
# the first character of most cells: such a text runs in no spreadsheet, see `cells.runs`
_HARMLESS = r"^[0-9A-Za-z\x{4e00}-\x{9fff}]"


@dataclass(frozen=True, slots=True)
class Told:
    """A column of words that is made from a row: a name, a sentence.

    `of` are the columns that it depends on: it is then said once for values that come again, and is given these
    columns alone. Without it the whole row is given, each time. `many` says the same of many rows at once: it is given
    the columns of `of`, each as a list.
    """

    head: str
    say: Callable[[Row], object]
    of: tuple[str, ...] = ()
    many: Callable[..., Sequence[object]] | None = None


@dataclass(frozen=True, slots=True)
class Cells:
    """One column of a batch: its texts (null where there is nothing) and what they are."""

    texts: pa.Array
    kind: Kind = "text"

    def guarded(self) -> pa.Array:
        """The cells of a CSV file: a text that a spreadsheet would run gets an apostrophe before it."""
        if self.kind != "text":
            return self.texts
        odd = pc.fill_null(pc.invert(pc.match_substring_regex(self.texts, _HARMLESS)), False)
        if not pc.any(odd, min_count=0).as_py():
            return self.texts
        safe = [safe_cell(v) for v in self.texts.filter(odd).to_pylist()]
        return pc.replace_with_mask(self.texts, odd, pa.array(safe, self.texts.type))


@dataclass(frozen=True)
class Reading:
    """How the batches of one export are read, in a language."""

    language: Language
    names: tuple[str, ...]
    told: tuple[Told, ...] = ()
    _said: dict[tuple[int, object], object] = field(default_factory=dict)

    def cells(self, batch: Batch) -> list[Cells]:
        """The words made from each row, then the columns."""
        if isinstance(batch, pa.RecordBatch):
            said = [self._words(i, batch) for i in range(len(self.told))]
            return said + [self._column(batch[n]) for n in self.names]
        words = [self._values([t.say(row) for row in batch]) for t in self.told]
        return words + [self._values([row[n] for row in batch]) for n in self.names]

    def _words(self, at: int, batch: pa.RecordBatch) -> Cells:
        told = self.told[at]
        if not told.of:
            return self._values([told.say(row) for row in batch.to_pylist()])
        if len(told.of) == 1:
            return self._of_one(at, batch[told.of[0]])
        columns = [batch[name].to_pylist() for name in told.of]
        if told.many:
            return self._values(told.many(*columns))
        return self._values([told.say(dict(zip(told.of, row, strict=True))) for row in zip(*columns, strict=True)])

    def _of_one(self, at: int, column: pa.Array) -> Cells:
        """Words that depend on one column, kept from batch to batch."""
        told, name = self.told[at], self.told[at].of[0]
        coded = column.dictionary_encode("encode")
        if len(self._said) > KEPT_WORDS:
            self._said.clear()
        words: list[object] = []
        for value in coded.dictionary.to_pylist():
            if (at, value) not in self._said:
                self._said[at, value] = told.say({name: value})
            words.append(self._said[at, value])
        made = self._values(words)
        return Cells(made.texts.take(coded.indices), made.kind)

    def _column(self, column: pa.Array) -> Cells:
        """A column of a file as texts."""
        kind = column.type
        if pa.types.is_string(kind) or pa.types.is_large_string(kind):
            return Cells(column)
        if pa.types.is_boolean(kind):
            yes, no = plain(True, self.language), plain(False, self.language)
            return Cells(pc.if_else(column, yes, no))
        if pa.types.is_integer(kind):
            return Cells(pc.cast(column, pa.string()), "number")
        if pa.types.is_decimal(kind) and kind.scale <= 6:
            # beyond six places Arrow writes a small figure in powers of ten
            return Cells(pc.cast(column, pa.string()), "number")
        if pa.types.is_date(kind):
            return Cells(pc.cast(column, pa.string()), "day")
        coded = column.dictionary_encode()
        made = self._values(coded.dictionary.to_pylist())
        return Cells(made.texts.take(coded.indices), made.kind)

    def _values(self, values: Sequence[object]) -> Cells:
        """Python's values as texts; a column of several kinds is one of texts."""
        if all(type(v) is str for v in values):
            return Cells(pa.array(values, pa.string()))
        shown = [plain(v, self.language) for v in values]
        kinds = {_kind(v) for v in shown if v is not None}
        kind = kinds.pop() if len(kinds) == 1 else "text"
        if kind != "text":
            return Cells(pa.array([None if v is None else safe_cell(v) for v in shown], pa.string()), kind)
        texts = [v if v is None or isinstance(v, str) else safe_cell(v) for v in shown]
        return Cells(pa.array(texts, pa.string()))


def _kind(value: object) -> Kind:
    if isinstance(value, float):
        return "float"
    if isinstance(value, (int, Decimal)):
        return "number"
    return "day" if isinstance(value, date) else "text"
