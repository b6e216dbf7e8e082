"""Tables in texts (表格): rows of targets (指标 | 2020年 | 2025年 | 属性) and rows of who answers for what.

A table is a header that says so and the rows under it; cells stand apart by tabs, bars or blanks. What is read here is
taken out of the running text (`Table.taken`), so that no number is read twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from shuangkong.policy.reading.table_cells import Column, column, plain, said_of

_SPLITS = (
    re.compile(r"[^\t]+"),
    re.compile(r"[^|｜]+"),
    re.compile(r"\S+(?:[ \u3000]\S+)*"),
    re.compile(r"\S+"),
)
_RULE = re.compile(r"[\s|+:=—-]*")
#: A table ends behind so many lines that are none of its rows.
_APART = 2
_LONGEST_CELL = 200


@dataclass(frozen=True, slots=True)
class Cell:
    """The words of a cell, and where they stand in the original."""

    words: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a table, cell by cell; empty cells are there, with the place where they would stand."""

    cells: tuple[Cell, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Table:
    """A header with what its columns hold, and the rows below; `caption` is what stands in the lines above."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    start: int
    caption: str
    taken: tuple[tuple[int, int], ...]


def tables(original: str) -> tuple[Table, ...]:
    """The tables of targets and of duties in a text, in order."""
    lines: list[tuple[int, str]] = []
    at = 0
    for raw in original.splitlines(keepends=True):
        lines.append((at, raw))
        at += len(raw)
    found: list[Table] = []
    i = 0
    while i < len(lines):
        made = _table(lines, i) if _may_head(lines[i][1]) else None
        if made:
            found.append(made[0])
            i = made[1]
        else:
            i += 1
    return tuple(found)


#: Heads without a word for indicators: 设区市 | 能耗强度降低, 重点工程 | 2023年 | 2024年.
_PLACED = re.compile("设区市|市州|盟市|县区|乡镇|重点工程|项目")


def _may_head(line: str) -> bool:
    return len(line) < 400 and (
        "指标" in line
        or "目标" in line
        or "单位" in line
        or "部门" in line
        or "地区" in line
        or "行业" in line
        or (("\t" in line or "|" in line or "  " in line) and _PLACED.search(line) is not None)
    )


def _table(lines: Sequence[tuple[int, str]], head: int) -> tuple[Table, int] | None:
    for way in _SPLITS:
        header = _row(*lines[head], way)
        columns = tuple(column(plain(c.words)) for c in header.cells)
        kinds = [c.kind for c in columns]
        if len(columns) < 2 or not _heads(kinds, way is _SPLITS[3]):
            continue
        rows: list[Row] = []
        last, missed = head, 0
        for i in range(head + 1, len(lines)):
            if _RULE.fullmatch(lines[i][1]):
                continue
            row = _row(*lines[i], way)
            if _fits(row, columns, way is _SPLITS[0] or way is _SPLITS[1]):
                rows.append(_aligned(row, len(columns)))
                last, missed = i, 0
                continue
            missed += 1
            if missed > _APART or way is _SPLITS[3] or len(lines[i][1].strip()) > 40:
                break
        if rows:
            caption = "".join(text for _, text in lines[max(0, head - 3) : head])
            made = Table(columns, tuple(rows), lines[head][0], plain(caption), ())
            taken = tuple(_taken(made, header, original_end=lines[last][0] + len(lines[last][1])))
            return Table(columns, tuple(rows), lines[head][0], plain(caption), taken), last + 1
    return None


def _heads(kinds: Sequence[str], loose: bool) -> bool:
    """Whether columns are those of a table of targets, of one by place, or of one of duties."""
    named, valued = "name" in kinds, kinds.count("year") + kinds.count("goal")
    if named and valued:
        return not loose or "other" not in kinds
    if "place" in kinds and "measure" in kinds:
        return not loose or "other" not in kinds
    return "task" in kinds and ("lead" in kinds or "main" in kinds) and not loose


def _row(at: int, raw: str, way: re.Pattern[str]) -> Row:
    line = raw.rstrip("\r\n")
    # 2025 年 is one word whatever blank a file puts into it.
    probe = re.sub(r"(?<=\d)[ \u3000](?=年)", "年", line) if way is not _SPLITS[0] else line
    cells: list[Cell] = []
    if way in _SPLITS[:2]:
        sign = "\t" if way is _SPLITS[0] else "|"
        start = 0
        for piece in line.replace("｜", "|").split(sign):
            inner = piece.strip()
            begin = start + (piece.find(inner) if inner else 0)
            cells.append(Cell(inner, at + begin, at + begin + len(inner)))
            start += len(piece) + 1
        if sign == "|":
            cells = cells[1:] if cells and not cells[0].words else cells
            cells = cells[:-1] if cells and not cells[-1].words else cells
    else:
        cells = [Cell(line[m.start() : m.end()], at + m.start(), at + m.end()) for m in way.finditer(probe)]
    return Row(tuple(cells), at, at + len(line))


def _fits(row: Row, columns: Sequence[Column], exact: bool) -> bool:
    """Whether a line is a row of these columns: as many cells, or fewer where a cell over several rows is left out."""
    n = len(row.cells)
    if n < 2 or n > len(columns) or any(len(c.words) > _LONGEST_CELL for c in row.cells):
        return False
    if n < len(columns) - 2 and not exact:
        return False
    kinds = [c.kind for c in columns[len(columns) - n :]]
    if "lead" in kinds or "main" in kinds:
        return exact
    values = [c for c, k in zip(row.cells, kinds, strict=True) if k in ("year", "goal", "measure")]
    told = [c for c in values if said_of(plain(c.words)) or re.fullmatch(r"[-—–/]*|.{2,20}", plain(c.words))]
    return (len(told) == len(values) and any(said_of(plain(c.words)) for c in values)) or (exact and n == len(columns))


def _aligned(row: Row, width: int) -> Row:
    """A row with empty cells before those it has, up to the width of the table."""
    lack = width - len(row.cells)
    return Row((*(Cell("", row.start, row.start) for _ in range(lack)), *row.cells), row.start, row.end)


def _taken(table: Table, header: Row, original_end: int) -> Iterator[tuple[int, int]]:
    """What of the text a table takes: all of a table of targets; of one of duties, all but what is to be done."""
    tasks = [i for i, c in enumerate(table.columns) if c.kind == "task"]
    if not any(c.kind in ("lead", "main") for c in table.columns):
        yield table.start, original_end
        return
    yield header.start, header.end
    for row in table.rows:
        for i, cell in enumerate(row.cells):
            if i not in tasks and cell.end > cell.start:
                yield cell.start, cell.end
