"""Suggest which column gives which field: by names, units and samples, or as a saved mapping has it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace

from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Label
from shuangkong.kernel.units import unit
from shuangkong.registry.sheets.cells import missing_mark, number_of
from shuangkong.registry.sheets.heads import find_head, head_signature
from shuangkong.registry.sheets.model import Head, HeadColumn, Sheet, is_blank, text_of
from shuangkong.registry.sheets.names import fold, likeness
from shuangkong.registry.sheets.plan import words_of
from shuangkong.registry.sheets.schema import FieldSpec, Mapping, Melt, SheetSchema, Source

_SURE, _SAME = 60, 100
_SAMPLES, _LOOK = 3, 50
_PART_OF_YEAR = re.compile(r"(?:[1-9]|1[0-2])月份?|第?[一二三四1-4]季度|上半年|下半年|全年|1[-—–~至]\d{1,2}月")
_MONTHS = (
    ("jan", "january"), ("feb", "february"), ("mar", "march"), ("apr", "april"), ("may",), ("jun", "june"),
    ("jul", "july"), ("aug", "august"), ("sep", "sept", "september"), ("oct", "october"),
    ("nov", "november"), ("dec", "december"),
)  # fmt: skip
_ENGLISH = {name: f"{i}月" for i, names in enumerate(_MONTHS, 1) for name in names}
_QUARTER = re.compile(r"q([1-4])", re.IGNORECASE)
_WITH_YEAR = re.compile(r"(?:19|20)\d\d(?:年度?|[-./年]?(?:0?[1-9]|1[0-2])月?|年?第?[一二三四1-4]季度|Q[1-4])?")
_YEAR_IN_TITLE = re.compile(r"((?:19|20)\d\d)\s*年")
_SUMS = frozenset(("合计", "总计", "小计", "全年", "全年合计", "累计", "total", "sum", "subtotal"))
_YEAR_HEADS = ("年份", "年度", "年", "year")


@dataclass(frozen=True, slots=True)
class Guess:
    """What was suggested for a field: the column key or None, confidence 0 to 100, why, three samples.

    `rivals` are further columns that bear a name of the same field: which of them is meant, only a person knows.
    """

    field: str
    column: str | None
    confidence: int
    reason: Label
    samples: tuple[str, ...] = ()
    unit: str | None = None
    likely: tuple[str, ...] = ()
    rivals: tuple[str, ...] = ()


def suggest_mapping(
    sheet: Sheet, schema: SheetSchema, saved: Iterable[Mapping] = (), header_row: int | None = None
) -> tuple[Mapping, tuple[Guess, ...]]:
    """A mapping, perhaps incomplete, and a guess for every field; a saved mapping of the same head wins."""
    head = find_head(sheet, words_of(schema), header_row)
    known = _saved(schema, saved, head_signature(head))
    if known is not None:
        known = replace(_undated(known, schema, head), sheet=sheet.sheet or None, header_row=header_row)
        return known, tuple(_from_saved(sheet, head, field, known) for field in schema.fields)
    melt, taken = _melt(sheet, schema, head)
    guesses = _guesses(sheet, schema, head, taken, melt)
    sources: dict[str, Source] = {}
    for guess in guesses:
        if guess.column is not None and not (melt and guess.field in (melt.value, melt.period)):
            sources[guess.field] = Source(column=guess.column, unit=guess.unit)
        elif melt and guess.field == melt.value and guess.unit:
            sources[guess.field] = Source(unit=guess.unit)
    mapping = Mapping(
        schema.id,
        sources,
        header_row=header_row,
        sheet=sheet.sheet or None,
        signature=head_signature(head),
        melt=melt,
    )
    return mapping, tuple(guesses)


def _saved(schema: SheetSchema, saved: Iterable[Mapping], found: str) -> Mapping | None:
    return next((m for m in saved if m.schema == schema.id and m.signature and m.signature == found), None)


def _undated(mapping: Mapping, schema: SheetSchema, head: Head) -> Mapping:
    """The mapping without the fixed year, period and date of the file it was made for: those must be given anew."""
    timed = {f.name for f in schema.fields if f.kind in ("period", "date")}
    sources = {n: s for n, s in mapping.sources.items() if n not in timed or s.fixed is None}
    melt = mapping.melt
    if melt is not None and melt.year is not None and melt.year.fixed is not None:
        melt = replace(melt, year=_year_in_title(head))
    return replace(mapping, sources=sources, melt=melt)


def _from_saved(sheet: Sheet, head: Head, field: FieldSpec, mapping: Mapping) -> Guess:
    source = mapping.sources.get(field.name, Source())
    column = head.find(source.column) if source.column else None
    reason = Label("沿用已保存的列对应。", "As in the saved mapping.")
    samples = samples_of(sheet, head, column) if column else ()
    return Guess(field.name, source.column, 100, reason, samples, source.unit)


def samples_of(sheet: Sheet, head: Head, column: HeadColumn, wanted: int = _SAMPLES) -> tuple[str, ...]:
    """The first different values under a column."""
    found: dict[str, None] = {}
    for row in range(head.last_row, min(len(sheet.rows), head.last_row + _LOOK)):
        cell = sheet.cell(row, column.index)
        if not is_blank(cell):
            found.setdefault(text_of(cell))
        if len(found) >= wanted:
            break
    return tuple(found)


def _score(sheet: Sheet, head: Head, field: FieldSpec, column: HeadColumn) -> int:
    """How well a column fits a field, 0 to 100: the name first, then whether unit and samples agree."""
    score = max(likeness(column.name, name) for name in field.names)
    score = max(score, *(likeness(column.text, name) for name in field.names))
    if column.unit and field.dimension and unit(column.unit).dimension != field.dimension:
        score //= 2
    if field.kind == "decimal":
        samples = [s for s in samples_of(sheet, head, column, 20) if not missing_mark(s)]
        numbers = sum(_starts_as_number(s) for s in samples)
        if samples and 2 * numbers < len(samples):
            score = 80 if score == 100 else score // 2  # its own name stands; the cells will be refused
    return score


def _starts_as_number(text: str) -> bool:
    raw = unicodedata.normalize("NFKC", text).strip()
    return number_of(raw) is not None or bool(re.match(r"[+-]?\d[\d,.]*", raw))


def _guesses(sheet: Sheet, schema: SheetSchema, head: Head, taken: set[str], melt: Melt | None) -> list[Guess]:
    scores = {
        (f.name, c.key): _score(sheet, head, f, c) for f in schema.fields for c in head.columns if c.key not in taken
    }
    order = {f.name: i for i, f in enumerate(schema.fields)}
    ranked = sorted(scores, key=lambda k: (-scores[k], order[k[0]]))
    chosen: dict[str, str] = {}
    for name, key in ranked:
        if scores[(name, key)] >= _SURE and name not in chosen and key not in chosen.values():
            chosen[name] = key
    return [_guess(sheet, head, field, chosen, scores, melt) for field in schema.fields]


def _guess(
    sheet: Sheet,
    head: Head,
    field: FieldSpec,
    chosen: dict[str, str],
    scores: dict[tuple[str, str], int],
    melt: Melt | None,
) -> Guess:
    if melt is not None and field.name in (melt.value, melt.period):
        columns = "、".join(key for key, _ in melt.columns[:12])
        column = head.find(melt.columns[0][0])
        reason = Label(f"宽表：{columns} 各为一个期间。", f"Wide layout: {columns} are a period each.")
        samples = samples_of(sheet, head, column) if column else ()
        return Guess(field.name, None, 80, reason, samples, _unit(head, field, column))
    key = chosen.get(field.name)
    rest = sorted((c for c in head.columns if c.key not in chosen.values()), key=lambda c: c.index)
    likely = sorted(rest, key=lambda c: -scores.get((field.name, c.key), 0))
    likely = [c for c in likely if scores.get((field.name, c.key), 0) >= 20][:3]
    if key is None:
        reason = Label("没有找到足够相近的列名。", "No column name is close enough.")
        return Guess(field.name, None, 0, reason, likely=tuple(c.key for c in likely))
    column, score = head.by_key[key], scores[(field.name, key)]
    if score == 100:
        reason = Label(f"列名“{column.name}”与字段名相同。", f"The name “{column.name}” is the field's own.")
    else:
        reason = Label(f"列名“{column.name}”与字段名相近。", f"The name “{column.name}” is like the field's.")
    rivals = tuple(c.key for c in rest if score == _SAME == scores.get((field.name, c.key), 0))
    unit_id = _unit(head, field, column)
    return Guess(field.name, key, score, reason, samples_of(sheet, head, column), unit_id, rivals=rivals)


def refuse_rivals(sheet: Sheet, guesses: Iterable[Guess], fields: Iterable[FieldSpec], remedy: str) -> None:
    """Raise IMP-002 where two columns bear a name of one of the fields, and name them all."""
    wanted = {f.name: f for f in fields}
    for guess in guesses:
        if guess.field in wanted and guess.rivals:
            names = "、".join(f"“{key}”" for key in (guess.column, *guess.rivals))
            raise UserError(
                "IMP-002",
                f"the columns {names} all mean {guess.field} ({wanted[guess.field].label.zh}).",
                where=f"{sheet.name} [{sheet.sheet}]" if sheet.sheet else sheet.name,
                remedy=remedy,
                case="rivals",
                facts={"names": names, "field": wanted[guess.field].label},
            )


def _unit(head: Head, field: FieldSpec, column: HeadColumn | None) -> str | None:
    """The unit of a column: from its own head, else from 单位：… above the table where it fits."""
    if not field.measured:
        return None
    if column is not None and column.unit:
        return column.unit
    if head.unit and (field.dimension is None or unit(head.unit).dimension == field.dimension):
        return head.unit
    return None


def _melt(sheet: Sheet, schema: SheetSchema, head: Head) -> tuple[Melt | None, set[str]]:
    """The wide layout: two or more columns named by periods, one period field and one figure without column."""
    columns = [(c.key, said) for c in head.columns if (said := period_said(c.name))]
    period = next((f for f in schema.fields if f.kind == "period"), None)
    if len(columns) < 2 or period is None:
        return None, set()
    sums = {c.key for c in head.columns if fold(c.name) in _SUMS}  # adding them would count twice
    rest = [c for c in head.columns if c.key not in {*sums, *(k for k, _ in columns)}]
    if any(fold(n) == fold(c.name) for c in rest for n in period.names if fold(n) not in _YEAR_HEADS):
        return None, set()
    figures = [f for f in schema.fields if f.kind == "decimal"]
    open_figures = [f for f in figures if not any(likeness(c.name, n) >= _SURE for c in rest for n in f.names)]
    if not open_figures:
        return None, set()
    value = next((f for f in open_figures if f.required), open_figures[0])
    taken = {key for key, _ in columns} | sums
    year = None
    if any(not re.match(r"(?:19|20)\d\d", said) for _, said in columns):
        year = _year(head, rest, taken)
    return Melt(value.name, period.name, tuple(columns), year), taken


def _year(head: Head, rest: list[HeadColumn], taken: set[str]) -> Source | None:
    for column in rest:
        if fold(column.name) in _YEAR_HEADS:
            taken.add(column.key)
            return Source(column=column.key)
    return _year_in_title(head)


def _year_in_title(head: Head) -> Source | None:
    years = {m for text in head.title for m in _YEAR_IN_TITLE.findall(unicodedata.normalize("NFKC", text))}
    return Source(fixed=years.pop()) if len(years) == 1 else None


def period_said(name: str) -> str | None:
    """The period a column name says, as Period.parse reads it once the year is put before it, or None."""
    raw = unicodedata.normalize("NFKC", name).replace(" ", "")
    if raw.casefold() in _ENGLISH:
        return _ENGLISH[raw.casefold()]
    quarter = _QUARTER.fullmatch(raw)
    if quarter:
        return f"{quarter.group(1)}季度"
    if _PART_OF_YEAR.fullmatch(raw):
        return None if raw == "全年" else raw.replace("月份", "月")
    return raw if _WITH_YEAR.fullmatch(raw) else None
