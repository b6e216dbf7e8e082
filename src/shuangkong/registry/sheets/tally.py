"""Count what a check notices by kind and column, so that a hundred thousand rounded cells are one flaw."""

from __future__ import annotations

from collections import Counter

from shuangkong.kernel.flaws import Flaw, Severity
from shuangkong.registry.sheets.model import Sheet, letter

_PLACES = 20
_KINDS: dict[str, tuple[Severity, str, str]] = {
    "unit_in_cell": (
        "warn",
        "{n} cells of column {c} hold a unit beside the figure (单元格内带单位); that unit was used.",
        "Write the unit in the head or in the unit column.",
    ),
    "unit_overrides_head": (
        "warn",
        "{n} head of column {c} names another unit than the mapping; the mapping's unit was used (单位与表头不一致).",
        "Check which unit is meant and mend the mapping or the head.",
    ),
    "rounded": (
        "note",
        "{n} figures of column {c} have more than six decimals in the base unit and were rounded (四舍五入).",
        "Nothing to do, unless more decimals matter.",
    ),
    "date_serial": (
        "warn",
        "{n} cells of column {c} hold a serial number, read as days since 1899-12-30 (日期序列号).",
        "Format the column as date or text and check the dates.",
    ),
    "period_from_date": (
        "note",
        "{n} cells of column {c} hold a day where a month is wanted; the month of it was taken.",
        "Format the column as text and write 2025-03.",
    ),
    "outside_head": (
        "note",
        "{n} cells of column {c} stand outside the head and were not read.",
        "Give the column a name, or clear the cells.",
    ),
    "no_figure": (
        "note",
        "{n} cells of column {c} hold no figure (空白或缺失); no record was made of them, and no zero.",
        "Fill them in when the figures are known.",
    ),
    "total_row": (
        "note",
        "{n} rows are totals (合计、总计、小计) and were passed over, found in column {c}.",
        "Nothing to do; totals are added up from the rows.",
    ),
    "note_row": (
        "note",
        "{n} rows are notes or signatures (注、填表人) and were passed over, found in column {c}.",
        "Nothing to do.",
    ),
    "example_row": (
        "note",
        "{n} rows are marked as examples (示例) and were passed over, found in column {c}.",
        "Take the mark off a row that is meant to be imported.",
    ),
    "repeated_head": (
        "note",
        "{n} rows repeat the head and were passed over, found in column {c}.",
        "Nothing to do.",
    ),
}


class Tally:
    """Counts by code and column; the first places of each are kept as evidence."""

    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet
        self._counts: Counter[tuple[str, int]] = Counter()
        self._places: dict[tuple[str, int], list[str]] = {}

    def add(self, code: str, row: int, column: int) -> None:
        """Count one cell, by row and column from 0."""
        key = (code, column)
        self._counts[key] += 1
        places = self._places.setdefault(key, [])
        if len(places) < _PLACES:
            places.append(f"{letter(column)}{row + 1}")

    def flaws(self) -> list[Flaw]:
        """One flaw for each kind and column, in the order of columns."""
        found = []
        for (code, column), n in sorted(self._counts.items(), key=lambda e: (e[0][1], e[0][0])):
            severity, message, remedy = _KINDS[code]
            text = message.format(n=n, c=letter(column))
            evidence: dict[str, object] = {"count": n, "column": letter(column), "places": self._places[code, column]}
            found.append(Flaw(code, severity, self._sheet.sheet or self._sheet.name, text, evidence, remedy))
        return found
