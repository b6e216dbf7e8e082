"""What tables set (表格内容): the targets and duties in their rows, with the places of their cells."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import replace

from shuangkong.policy.reading.clean import Clean
from shuangkong.policy.reading.duties import parse
from shuangkong.policy.reading.model import Document, Duty, Target
from shuangkong.policy.reading.table_cells import Column, measured, plain, said_of, without_direction
from shuangkong.policy.reading.tables import Cell, Table
from shuangkong.policy.reading.tree import clause_of

_NUMBERED = re.compile(r"^\s*(?:[（(]?\d{1,2}[）)]|\d{1,2}[.、．])\s*(?=\D)")


def table_targets(cleaned: Clean, document: Document) -> Iterator[Target]:
    """The targets in the tables of a document; `unsure` says that a table holds them."""
    for table, clause in _of(cleaned, document):
        yield from _targets(table, cleaned.original, document.number, clause, document.period)


def table_duties(cleaned: Clean, document: Document) -> Iterator[Duty]:
    """The duties in the tables of a document; `unsure` says that a table holds them."""
    for table, clause in _of(cleaned, document):
        yield from _duties(table, cleaned.original, document.number, clause)


def _of(cleaned: Clean, document: Document) -> Iterator[tuple[Table, str]]:
    """The tables that stand in a document, with the clause that each stands in."""
    for table in cleaned.tables:
        # The sign of the running text before the table says where it stands.
        at = max(0, bisect_left(cleaned.places, table.start) - 1)
        if document.start <= at < document.end or (document.start == document.end == 0):
            yield table, clause_of(document.clauses, at).id if document.clauses else "序"


def _targets(table: Table, original: str, number: int, clause: str, period: tuple[int, int] | None) -> Iterator[Target]:
    """The targets of a table: one for each row and each column of a year to come."""
    goals = [(i, c) for i, c in enumerate(table.columns) if c.kind in ("year", "goal", "measure") and not c.base]
    years = [c.year for _, c in goals if c.year]
    since = period[0] if period else 0
    bases = [c.year for c in table.columns if c.year and (c.base or c.year < since)]
    if len({c.year for _, c in goals if c.year}) > 1:
        goals = [(i, c) for i, c in goals if not c.year or c.year >= since]
    goals = [(i, c) for i, c in goals if not _stood(c, [other for _, other in goals])]
    kinds = [c.kind for c in table.columns]
    name_at = next((kinds.index(kind) for kind in ("name", "place") if kind in kinds), 0)
    unit_at = next((i for i, c in enumerate(table.columns) if c.kind == "unit"), None)
    by_place = table.columns[name_at].kind == "place"
    stated = re.search(r"(20\d\d)年", table.caption)
    last = (max(years) if years else None) or (int(stated[1]) if stated else None) or (period[1] if period else None)
    held = ""
    for row in table.rows:
        printed = _NUMBERED.sub("", plain(row.cells[name_at].words))
        held = printed or held
        for i, goal in goals:
            told = said_of(plain(row.cells[i].words))
            if told is None or not held:
                continue
            if by_place and (second := _second(goal.title, table.columns[:i])):
                goal = replace(goal, title=second)
            of = (_told(table.caption, goal.title) if by_place else None) or (goal.title if by_place else held)
            printed_unit = plain(row.cells[unit_at].words) if unit_at is not None else ""
            indicator, unit, way = measured(of, printed_unit, goal.unit, table.caption, told)
            comparator = way or told.comparator
            if goal.yearly:
                # 年均增长 is a rate, and in brackets the rise of the whole period.
                comparator = way or "increase_by"
                unit = "个百分点" if told.total and "%" in unit and not way else "%"
            elif told.total and way is None and goal.kind == "goal" and comparator == "reach":
                # [0.3] of a total over the plan is by how much it rises.
                comparator = "increase_by"
            yearly = goal.yearly and not told.total
            rises = comparator in ("decrease_by", "increase_by")
            year = goal.year or last
            base = told.base
            if base is None and rises and not yearly and (told.total or year == last):
                base = bases[0] if bases else (since - 1 if since and period and period[1] > since else None)
            start, end = row.cells[i].start, row.cells[i].end
            yield Target(
                number, clause, without_direction(indicator) + ("（年均）" if yearly else ""),
                held if by_place else None, comparator, told.value, told.high, unit, base, year,
                original[start:end], start, end, "medium", ("from_table",),
            )  # fmt: skip


def _stood(one: Column, others: Sequence[Column]) -> bool:
    """Whether a column says where things stood: the first of two of one title, years before the other."""
    same = [c.year for c in others if c.kind == "measure" and c.title == one.title and c.year]
    return one.kind == "measure" and len(same) == 2 and one.year == min(same) and max(same) - min(same) > 1


def _second(title: str, before: Sequence[Column]) -> str | None:
    """激励目标 behind a column 能耗强度降低基本目标 is 能耗强度降低激励目标."""
    whole = next((c.title for c in reversed(before) if c.kind == "measure" and c.title.endswith("目标")), "")
    stem = re.sub("(?:基本|激励|力争|奋斗|约束性?|预期)目标$", "", whole)
    own = re.fullmatch("(?:基本|激励|力争|奋斗|约束性?|预期)目标", title)
    return stem + title if own and stem and stem != whole else None


def _told(caption: str, title: str) -> str | None:
    """A title of a direction alone with what the caption says goes that way: 各县能耗强度下降目标."""
    if not _WAY.fullmatch(title):
        return None
    found = re.search(rf"(?:各[市县区州（）、]+)?([一-鿿A-Z]{{2,20}}?){title}(?:目标|任务|指标)", caption)
    return found[1] + title if found else None


_WAY = re.compile("下降|降低|减少|提高|提升|增长|增加")


def _duties(table: Table, original: str, number: int, clause: str) -> Iterator[Duty]:
    """The duties of a table: one for each row that names somebody."""
    if not any(c.kind in ("lead", "main") for c in table.columns):
        return
    contrast = any(c.kind == "lead" for c in table.columns) or any(c.kind == "help" for c in table.columns)
    for row in table.rows:
        lead: list[str] = []
        support: list[str] = []
        spans: list[Cell] = []
        for cell, kind in zip(row.cells, (c.kind for c in table.columns), strict=True):
            if kind not in ("lead", "main", "help") or not cell.words:
                continue
            # Names in a cell stand apart by blanks or line ends as well.
            words = re.sub(r"(?<=[局委办厅部府会院司])\s+(?=[一-鿿])", "、", cell.words.strip())
            first, second, _ = parse(re.sub(r"\s+", "", unicodedata.normalize("NFKC", words)).replace(",", "，"))
            all_named = [*first, *second]
            leads = kind == "lead" or (kind == "main" and contrast and not any(c.kind == "lead" for c in table.columns))
            (lead if leads and not first else support).extend(all_named if not first else second)
            lead.extend(first)
            spans.append(cell)
        if spans:
            start, end = spans[0].start, spans[-1].end
            yield Duty(
                number, clause, tuple(dict.fromkeys(lead)), tuple(s for s in dict.fromkeys(support) if s not in lead),
                original[start:end], start, end, (), "medium", ("from_table",),
            )  # fmt: skip
