"""Where the rows of an import are kept (导入去处): figures of a book, or values that an office published.

An import compares, reports and audits rows in one shape, that of a book entry; published values are shown so, and are
written as what they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from shuangkong.accounting.tables import BOOK_ENTRIES, REPORTED_VALUES
from shuangkong.engine.api import TableContract

#: The book of grades that an office published: of a month, a quarter, a year.
GRADES = "grades"
#: The book of growth rates that an office published, of the year to date or a year.
GROWTH = "growth"
#: The book of all other figures that an office published: levels, rates and changes, each as its indicator counts it.
FIGURES = "figures"
#: Books whose rows are published values of regions, and never enter a book of amounts.
PUBLISHED_BOOKS = (GRADES, GROWTH, FIGURES)
#: How the ids of growth rates end; they have a book of their own, since it says of which months they are.
GROWTH_OF = "_growth"
_BOOK_OF = (
    f"CASE WHEN unit = 'grade' THEN '{GRADES}' WHEN unit = '%' AND ends_with(indicator_id, '{GROWTH_OF}')"
    f" THEN '{GROWTH}' ELSE '{FIGURES}' END"
)


@dataclass(frozen=True, slots=True)
class Ledger:
    """A lake table that imports write: its rows as entries (SQL over `{rows}`), and an entry as its row."""

    contract: TableContract
    shown: str
    prefix: str
    row: Callable[[Mapping[str, Any]], dict[str, Any]]


def _published(entry: Mapping[str, Any]) -> dict[str, Any]:
    named = {"reported_id": "entry_id", "indicator_id": "item", "value": "quantity"}
    told = {c.name: entry.get(named.get(c.name, c.name)) for c in REPORTED_VALUES.columns}
    return {**told, "note": None if entry["quantity"] is not None else "not_published"}


BOOK = Ledger(BOOK_ENTRIES, "SELECT * FROM {rows}", "e_", dict)
#: Several documents may publish one figure: the surest of them stands, of equal ones the latest, and comes last here.
PUBLISHED = Ledger(
    REPORTED_VALUES,
    f"SELECT reported_id AS entry_id, {_BOOK_OF} AS book, indicator_id AS item, {_BOOK_OF} AS role, 'own' AS extent,"
    " value AS quantity, CAST(NULL AS VARCHAR) AS basis, CAST(NULL AS VARCHAR) AS price_base,"
    " CAST(NULL AS VARCHAR) AS \"use\", CASE WHEN value IS NULL THEN 'no_quantity' ELSE 'ok' END AS state,"
    " * EXCLUDE (reported_id, indicator_id, value, note) FROM {rows}",
    "v_",
    _published,
)
LEDGERS = (BOOK, PUBLISHED)


def ledger_of(book: str) -> Ledger:
    """Where the rows of a book are kept."""
    return PUBLISHED if book in PUBLISHED_BOOKS else BOOK
