"""Reading for the board and the cockpit of dual control (晴雨表取数): rows of a run as the reader may see them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from shuangkong.accounting.api import INDICATOR_VALUES, TOTALS
from shuangkong.app.web.board import PUBLISHED, SHOWN, THIRD, Board, board_of
from shuangkong.app.web.flexed_beside import flexed_rows, lit
from shuangkong.app.web.reading import Row, RunView
from shuangkong.app.web.rows import Subject
from shuangkong.dualcontrol.api import WATCH_LINKS, WATCH_MEASURES, WATCH_MONTHS, WATCH_YEARS
from shuangkong.engine.api import RunRecord, TableContract, read_result, runs_list
from shuangkong.kernel.periods import Period

#: Earlier runs that a page looks into for what was said of a month before.
LOOKED_BACK = 8
_NATION = "nation"
_NAMES = ", ".join(f"'{name}'" for name in sorted(PUBLISHED))
_PRINTED = f"origin = 'reported' AND indicator_id IN ({_NAMES})"


def regions_of(view: RunView, region: Subject) -> tuple[Subject, ...]:
    """A region and the regions directly in it, by code, as far as the reader may see them."""
    inside = [view.subjects[s] for s in view.children.get(region.id, ()) if view.subjects[s].kind == "region"]
    return (region, *sorted(inside, key=lambda s: (s.code, s.id)))


def first_region(view: RunView, asked: str) -> Subject | None:
    """The region asked for, else the reader's own, else the nation, else the first of all; None who sees no region."""
    own = view.scope.subject if view.scope.kind == "region" else None
    for one in (asked, str(own or "")):
        if one in view.subjects and view.subjects[one].kind == "region":
            return view.subjects[one]
    regions = sorted((s for s in view.subjects.values() if s.kind == "region"), key=lambda s: (s.code, s.id))
    return next((s for s in regions if s.level == _NATION), regions[0] if regions else None)


def _rows(view: RunView, contract: TableContract, where: str) -> list[Row]:
    rows: list[Row] = read_result(view.run, contract, view.scope, view.seen, where=where).to_pylist()
    return rows


def _among(subjects: Collection[Subject]) -> str:
    return f"subject_id IN ({', '.join(repr(s.id) for s in subjects)})"


def watched(view: RunView, subjects: Collection[Subject], period: str = "") -> list[Row]:
    """Rows of WATCH_MONTHS of some regions, of one period alone where one is named (by its canonical key)."""
    more = f" AND period_key = '{period}'" if period else ""
    key = ("watched", period, *sorted(s.id for s in subjects))
    return view._once(key, lambda: _rows(view, WATCH_MONTHS, _among(subjects) + more))


def watched_by_region(view: RunView) -> dict[str, list[Row]]:
    """Every row of WATCH_MONTHS that the reader may see, by region."""
    return view._once(("watched_by_region",), lambda: _by_region(_rows(view, WATCH_MONTHS, "")))


def published_by_region(view: RunView) -> dict[str, list[Row]]:
    """Every published grade that the reader may see, by region."""
    return view._once(("published_by_region",), lambda: _by_region(_rows(view, INDICATOR_VALUES, _PRINTED)))


def _by_region(rows: Sequence[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["subject_id"], []).append(row)
    return found


def published_grades(view: RunView, subjects: Collection[Subject], period: str = "") -> list[Row]:
    """Grades that offices published of some regions, as rows of INDICATOR_VALUES."""
    where = f"{_among(subjects)} AND {_PRINTED}"
    where += f" AND period_key = '{period}'" if period else ""
    key = ("published_grades", period, *sorted(s.id for s in subjects))
    return view._once(key, lambda: _rows(view, INDICATOR_VALUES, where))


def board(
    view: RunView, region: Subject, *, third: str = THIRD[0], until: str = "", span: int = SHOWN, method: str = ""
) -> Board:
    """The board of a region and its parts."""
    subjects = regions_of(view, region)
    flexed = flexed_rows(view, subjects)
    return board_of(
        region, subjects, watched(view, subjects), published_grades(view, subjects),
        third=third, until=until, span=span, method=method, lamp=lambda what, row: lit(flexed, row, what),
    )  # fmt: skip


def methods(rows: Sequence[Row]) -> tuple[str, ...]:
    """The accounting methods that rows were computed by, in order; that of published values is none."""
    return tuple(sorted({r["method_id"] for r in rows if r["method_id"] not in ("", "reported")}))


def measures(view: RunView, subjects: Collection[Subject]) -> list[Row]:
    """What follows from red months in each region's newest period of each table and basis; what is bad first."""

    def read() -> list[Row]:
        newest: dict[tuple[str, ...], Row] = {}
        for row in _rows(view, WATCH_MEASURES, _among(subjects)):
            key = tuple(row[k] for k in ("subject_id", "pack_key", "table_id", "output", "basis"))
            if key not in newest or row["period_end"] > newest[key]["period_end"]:
                newest[key] = row
        order = {"bad": 0, "warn": 1, None: 2, "good": 3}
        codes = {s.id: s.code for s in subjects}
        return sorted(
            newest.values(),
            key=lambda r: (order.get(r["signal"], 2), codes.get(r["subject_id"], ""), r["basis"], r["table_id"]),
        )

    return view._once(("measures", *sorted(s.id for s in subjects)), read)


def measures_of(view: RunView, subject: Subject, period: str) -> list[Row]:
    """What followed from one period of a region, as rows of WATCH_MEASURES."""
    where = f"subject_id = '{subject.id}' AND period_key = '{period}'"
    return view._once(("measures_of", subject.id, period), lambda: _rows(view, WATCH_MEASURES, where))


def nowcasts(view: RunView, subjects: Collection[Subject]) -> list[Row]:
    """Every nowcast of a year's end of some regions, as rows of WATCH_YEARS, by what, year and month."""
    order = ("what", "method_id", "period_start", "as_of_month")

    def read() -> list[Row]:
        return sorted(_rows(view, WATCH_YEARS, _among(subjects)), key=lambda r: tuple(str(r[k]) for k in order))

    return view._once(("nowcasts", *sorted(s.id for s in subjects)), read)


@dataclass(frozen=True, slots=True)
class Ground:
    """One thing that a grade rests on: its kind and key, the part it plays, and its row where it is a figure."""

    kind: str
    key: str
    role: str
    row: Row | None


def grounds(view: RunView, watch_key: str) -> list[Ground]:
    """What a row of WATCH_MONTHS or WATCH_YEARS rests on; figures that the reader may not see have no row."""

    def read() -> list[Ground]:
        links = _keyed(view, WATCH_LINKS, "watch_key", [watch_key])
        keys = {kind: [x["to_key"] for x in links if x["to_kind"] == kind] for kind in ("indicator", "total")}
        rows = {r["value_key"]: r for r in _keyed(view, INDICATOR_VALUES, "value_key", keys["indicator"])}
        rows |= {r["total_key"]: r for r in _keyed(view, TOTALS, "total_key", keys["total"])}
        made = [Ground(x["to_kind"], x["to_key"], x["role"], rows.get(x["to_key"])) for x in links]
        return sorted(made, key=lambda g: (g.role, g.kind, g.key))

    return view._once(("grounds", watch_key), read)


def _keyed(view: RunView, contract: TableContract, column: str, keys: Sequence[str]) -> list[Row]:
    wanted = ", ".join("'" + k.replace("'", "''") + "'" for k in sorted(set(keys)))
    return _rows(view, contract, f"{column} IN ({wanted})") if wanted else []


@dataclass(frozen=True, slots=True)
class Said:
    """What a run said of a month: its number, when it knew, and the row of the same test."""

    run: int
    known: datetime
    as_of: date
    row: Row


def said_before(view: RunView, subject: Subject, period: str) -> dict[tuple[str, str, str], list[Said]]:
    """What this run and earlier ones said of a month, by what, method and test: each change once, the newest first.

    Earlier runs are read through the rights of this moment: who may see the region now may see what was said of it.
    """

    def read() -> dict[tuple[str, str, str], list[Said]]:
        runs = [r for r in runs_list(view.workspace, view.scope) if r.number <= view.run.number][:LOOKED_BACK]
        found: dict[tuple[str, str, str], list[Said]] = {}
        for run in sorted(runs, key=lambda r: r.number):
            for row in _of_run(view, run, subject, period):
                told = found.setdefault((row["what"], row["method_id"], row["test"]), [])
                if not told or _said(told[-1].row) != _said(row):
                    told.append(Said(run.number, run.known, run.as_of, row))
        return {k: v[::-1] for k, v in found.items()}

    return view._once(("said_before", subject.id, period), read)


def _of_run(view: RunView, run: RunRecord, subject: Subject, period: str) -> list[Row]:
    where = f"subject_id = '{subject.id}' AND period_key = '{period}'"
    rows: list[Row] = read_result(run, WATCH_MONTHS, view.scope, view.seen, where=where).to_pylist()
    return rows


def _said(row: Row) -> tuple[Any, ...]:
    return tuple(row[k] for k in ("value", "low", "high", "required", "grade", "state", "coverage"))


def years_of(rows: Sequence[Row]) -> tuple[str, ...]:
    """The years that nowcasts are of, the newest first."""
    return tuple(sorted({r["period_key"] for r in rows}, key=lambda k: Period.parse(k).end, reverse=True))
