"""The file of a unit (一企一档): indicators year by year, what was handed in, and where its figures came from."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import Any

from shuangkong.accounting.api import BOOK_ENTRIES, FLAWS
from shuangkong.app.web.energy import method_words
from shuangkong.app.web.reading import Row, RunView
from shuangkong.app.web.rows import Subject
from shuangkong.app.web.sentences import Teller
from shuangkong.engine.api import DuckDB, read_result, reading
from shuangkong.kernel.ids import SourceId
from shuangkong.registry.api import source_row
from shuangkong.webkit.api import Speaker

YEARS = 3
LISTED = 24
MISSING = "return_missing"


@dataclass(frozen=True)
class Cell:
    """A value of a year; `key` is the finding that answers for it, if any."""

    row: Row
    key: str


@dataclass(frozen=True)
class Line:
    """One indicator in one method, year by year; None where the run has nothing."""

    indicator_id: str
    method: str
    unit: str
    cells: tuple[Cell | None, ...]


@dataclass(frozen=True)
class Indicators:
    """Years across, oldest first, and one line for each indicator and method."""

    years: tuple[str, ...]
    lines: tuple[Line, ...]


def indicators(view: RunView, subject: Subject, tell: Teller) -> Indicators:
    """Yearly values of the newest years; levels only, a change stands with the finding that asks for it."""
    rows = [r for r in view.values(subject) if r["period_kind"] == "year" and not r["base"]]
    years = tuple(sorted({r["period_key"] for r in rows}))[-YEARS:]
    answered = {f.value_key: f.finding_key for f in view.by_subject.get(subject.id, ()) if f.value_key}
    groups: dict[tuple[str, str, str], dict[str, Cell]] = defaultdict(dict)
    for r in rows:
        cell = Cell(r, answered.get(r["value_key"], ""))
        groups[r["indicator_id"], r["method_id"], r["unit"]][r["period_key"]] = cell
    lines = [
        Line(indicator, _method(method, indicator, tell), unit, tuple(cells.get(y) for y in years))
        for (indicator, method, unit), cells in sorted(groups.items())
        if any(y in cells for y in years)
    ]
    lines = _once(lines, tell.speaker)
    return Indicators(years, tuple(sorted(lines, key=lambda line: not any(c and c.key for c in line.cells))))


def _once(lines: list[Line], speaker: Speaker) -> list[Line]:
    """Lines of one indicator that say the same in several methods, as one line with all of them named."""
    alike: dict[tuple[object, ...], list[Line]] = defaultdict(list)
    for line in lines:
        said = tuple((c.row["value"], c.row["state"], c.row["coverage"]) if c else None for c in line.cells)
        alike[line.indicator_id, line.unit, said].append(line)
    return [
        replace(first, method=speaker.say("punctuation.or").join(dict.fromkeys(m.method for m in same if m.method)))
        for same in alike.values()
        for first in [max(same, key=lambda m: any(c and c.key for c in m.cells))]
    ]


def _method(method: str, indicator: str, tell: Teller) -> str:
    return method_words(method, tell.speaker, tell.view.packs, full="co2" in indicator) if method else ""


@dataclass(frozen=True)
class Returns:
    """Returns of one book that were due in the years shown, how many are there, and the periods that are not."""

    book: str
    due: int
    known: int
    missing: tuple[str, ...]


def returns(view: RunView, subject: Subject, seen: list[Row]) -> tuple[Returns, ...]:
    """Returns of energy and output by the yearly sums; `seen` are the unit's flaws, which name what is missing."""
    found = []
    for book in ("energy", "output"):
        years: dict[str, tuple[int, int]] = {}
        for r in view.totals(subject, book):
            if r["period_kind"] == "year":
                due, known = years.get(r["period_key"], (0, 0))
                years[r["period_key"]] = max(due, r["expected"]), max(known, r["known"])
        missing = {x["period_key"] for x in seen if x["code"] == MISSING and x["what"] == book}
        if years or missing:
            due, known = (sum(counts) for counts in zip(*years.values(), strict=True)) if years else (len(missing), 0)
            found.append(Returns(book, due, known, tuple(sorted(missing))))
    return tuple(found)


def flaws(view: RunView, subject: Subject) -> list[Row]:
    """What checks saw in the unit's figures, newest first: code, severity, period_key, what, evidence."""
    where = f"subject_id = '{subject.id}'"
    rows: list[Row] = read_result(view.run, FLAWS, view.scope, view.seen, where=where).to_pylist()
    return sorted(rows, key=lambda r: (r["period_key"] or "", r["code"], r["what"] or ""), reverse=True)


def sources(view: RunView, subject: Subject) -> list[dict[str, Any]]:
    """Files that the unit's figures came from, with book, first and last period and number of entries."""
    if view.seen is not None and subject.id not in view.seen["subject_id"].to_pylist():
        return []
    sql = (
        "SELECT source_id, book, min(period_key) AS first, max(period_key) AS last, count(*) AS entries "
        f"FROM book_entries WHERE subject_id = '{subject.id}' GROUP BY ALL ORDER BY book, first, source_id"
    )
    with DuckDB(threads=1) as engine:
        files = view.workspace.lake.files(BOOK_ENTRIES, view.run.known)
        engine.bind_files("book_entries", files, BOOK_ENTRIES.arrow_schema)
        rows = engine.run(sql).to_pylist()
    with reading(view.workspace.engine) as db:
        return [{**(source_row(db, view.scope, SourceId(r["source_id"])) or {}), **r} for r in rows]
