"""Refused cells: each with place, value, reason and remedy in both languages; as a table and as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Language
from shuangkong.registry.sheets.model import Sheet
from shuangkong.registry.sheets.reasons import Reason

_HEADS: dict[Language, tuple[str, ...]] = {
    "zh": ("行", "列", "列名", "原值", "代码", "原因", "处理办法"),
    "en": ("row", "column", "head", "value", "code", "reason", "remedy"),
}
_RISKY = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


@dataclass(frozen=True, slots=True)
class Refusal:
    """One refused cell: row counted from 1, column letter and head, the value as given, and why."""

    row: int
    column: str
    head: str
    field: str
    value: str
    why: Reason

    @property
    def code(self) -> str:
        """What kind of refusal it is."""
        return self.why.code

    def reason(self, language: Language) -> str:
        """Why, in a language."""
        return self.why.reason.in_(language)

    def remedy(self, language: Language) -> str:
        """What to do, in a language."""
        return self.why.remedy.in_(language)

    def line(self, language: Language) -> tuple[str, ...]:
        """The refusal as one row of a table, under `refusal_heads`."""
        return (
            str(self.row),
            self.column,
            self.head,
            self.value,
            self.code,
            self.reason(language),
            self.remedy(language),
        )

    def as_dict(self) -> dict[str, object]:
        """The JSON shape of a refusal."""
        return {
            "row": self.row,
            "column": self.column,
            "head": self.head,
            "field": self.field,
            "value": self.value,
            "code": self.code,
            "reason_zh": self.reason("zh"),
            "reason_en": self.reason("en"),
            "remedy_zh": self.remedy("zh"),
            "remedy_en": self.remedy("en"),
        }


def refusals_table(
    refusals: Sequence[Refusal], language: Language = "zh", limit: int | None = None
) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Heads and rows for printing; `limit` keeps the first rows only."""
    return _HEADS[language], [r.line(language) for r in refusals[:limit]]


def refusals_csv(refusals: Sequence[Refusal], language: Language = "zh") -> bytes:
    """The list as CSV (UTF-8 with byte-order mark, for Excel); no cell can start a formula."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(_HEADS[language])
    writer.writerows([safe(c) for c in r.line(language)] for r in refusals)
    return b"\xef\xbb\xbf" + out.getvalue().encode("utf-8", "replace")


def safe(text: str) -> str:
    """Text that a spreadsheet will not take for a formula: an apostrophe goes before = + - @ and tabs."""
    return f"'{text}" if text.startswith(_RISKY) else text


def refused_error(sheet: Sheet, refusals: Sequence[Refusal], rows: int) -> UserError:
    """IMP-003 with the first refused cells."""
    shown = "; ".join(f"{r.column}{r.row} {r.reason('en')}" for r in refusals[:3])
    more = f" … and {len(refusals) - 3} more" if len(refusals) > 3 else ""
    return UserError(
        "IMP-003",
        f"{len(refusals)} cells in {rows} rows were refused: {shown}{more}",
        where=f"{sheet.name} [{sheet.sheet}]" if sheet.sheet else sheet.name,
        remedy="Mend the cells listed and import the file again; nothing was written.",
        case="rows",
        facts={"n": len(refusals), "rows": rows},
    )
