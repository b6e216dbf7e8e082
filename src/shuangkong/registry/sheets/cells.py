"""Read one cell as a field's kind wants it: a value, a missing mark with its state, or a reason to refuse."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Context, Decimal
from typing import NamedTuple

from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Label
from shuangkong.kernel.numbers import MAX_QUANTITY, PLACES, parse_decimal, quantise
from shuangkong.kernel.periods import Period, PeriodKind
from shuangkong.kernel.units import Unit, base_of
from shuangkong.registry.sheets.model import BadCell, Cell, is_blank, plain, text_of
from shuangkong.registry.sheets.names import fold, unit_or_none
from shuangkong.registry.sheets.reasons import PERIOD_KINDS_ZH, Reason, because, dimension
from shuangkong.registry.sheets.schema import FieldSpec

#: What people write where there is no figure. Each is null with state `missing`, never zero.
MISSING_MARKS = frozenset(
    mark
    for line in (
        "- -- --- — —— – ― ─ / // \\ * × .. ... ......",
        "n/a na #n/a null none nan",
        "无 缺 缺失 不详 暂无 暂缺 无数据 未填",
    )
    for mark in line.split()
)


class Outcome(NamedTuple):
    """What a cell gave: `state` is ok, blank or missing; `reason` refuses; `flaws` are codes to be counted."""

    value: object = None
    state: str = "ok"
    reason: Reason | None = None
    flaws: tuple[str, ...] = ()
    unit: str | None = None


CellReader = Callable[[Cell, Unit | None], Outcome]
_BLANK, _MISSING = Outcome(state="blank"), Outcome(state="missing")
_EXACT = Context(prec=120)
_PLAIN = re.compile(r"[+-]?[0-9]{1,12}(?:\.[0-9]{1,6})?")
_NUMBER_UNIT = re.compile(r"([+-]?[0-9][0-9,. ]*(?:e[+-]?[0-9]+)?)\s*([^0-9\s_.,+\-].*)", re.IGNORECASE)
_INNER_BLANK = re.compile(r"[0-9]\s+[0-9]")
_GROUPED = re.compile(r"[+-]?[0-9]{1,3}(?: [0-9]{3})+(?:\.[0-9]+)?")
_ERROR_TEXT = re.compile(r"#(?:REF!|DIV/0!|NAME\?|VALUE!|NUM!|NULL!|GETTING_DATA|SPILL!|CALC!)")
_SCIENTIFIC = re.compile(r"[0-9](?:\.[0-9]+)?E\+[0-9]+", re.IGNORECASE)
_YYYYMM, _YYYYMMDD = re.compile(r"(\d{4})(0[1-9]|1[0-2])"), re.compile(r"(\d{4})(\d\d)(\d\d)")
_SERIAL_LOW, _SERIAL_HIGH = 20_000, 80_000  # 1954 to 2119
_EPOCH = date(1899, 12, 30)
_EXACT_DIGITS = 15


def reader(field: FieldSpec) -> CellReader:
    """The reader of a field's cells; it takes the cell and the unit given for it by column or row."""
    if field.kind == "decimal":
        return lambda cell, unit: _common(cell) or _decimal(cell, unit, field)
    if field.kind == "period":
        return lambda cell, _unit: _common(cell) or _period(cell, field)
    if field.kind == "date":
        return lambda cell, _unit: _common(cell) or _date(cell)
    if field.kind == "unit":
        return lambda cell, _unit: _common(cell) or _unit_name(cell, field)
    if field.kind == "choice":
        named = [(fold(w), c.value) for c in field.choices for w in _words(c.value, c.label.zh, c.label.en, c.synonyms)]
        # a synonym of marks alone folds to nothing, as a blank cell does: that is no answer
        words = {word: value for word, value in named if word}
        return lambda cell, _unit: _chosen(cell, words) or _common(cell) or _unchosen(cell, field)
    if field.kind in ("code", "uscc"):
        return lambda cell, _unit: _common(cell) or _code(cell, field)
    return lambda cell, _unit: _common(cell) or _parsed(text_of(cell), field)


def _words(value: str, zh: str, en: str | None, more: tuple[str, ...]) -> tuple[str, ...]:
    return (value, zh, *((en,) if en else ()), *more)


def missing_mark(text: str) -> bool:
    """Whether a text says that there is no figure."""
    return unicodedata.normalize("NFKC", text).strip().casefold() in MISSING_MARKS or text.strip() in ("…", "……")


def _common(cell: Cell) -> Outcome | None:
    """What holds for every kind: blank, missing, error."""
    if isinstance(cell, str):
        if len(cell) <= 12:
            if is_blank(cell):
                return _BLANK
            if missing_mark(cell):
                return _MISSING
            if _ERROR_TEXT.fullmatch(cell.strip()):
                return Outcome(reason=because("error_cell", value=cell.strip()))
        return _BLANK if is_blank(cell) else None
    if cell is None:
        return _BLANK
    if isinstance(cell, BadCell):
        code = "error_cell" if cell.kind == "error" else "formula_without_value"
        return Outcome(reason=because(code, value=cell.text))
    return None


def _no(code: str, cell: Cell, **given: object) -> Outcome:
    return Outcome(reason=because(code, value=text_of(cell), **given))


def _decimal(cell: Cell, unit: Unit | None, field: FieldSpec) -> Outcome:
    flaws: tuple[str, ...] = ()
    number: Decimal | None
    if isinstance(cell, Decimal):
        number = cell
    elif not isinstance(cell, str):
        return _no("not_a_number", cell)
    elif _PLAIN.fullmatch(cell):
        number = Decimal(cell)
    else:
        text = unicodedata.normalize("NFKC", cell).strip()
        number = number_of(text)
        if number is None:
            split = _NUMBER_UNIT.fullmatch(text)
            number = number_of(split.group(1).strip()) if split else None
            if split is None or number is None or (not field.measured and field.dimension != "share"):
                return _no("not_a_number", cell)
            written = unit_or_none(split.group(2))
            if written is None:
                return _no("unknown_unit", split.group(2))
            refused = _unfit(cell, written, field)
            if refused:
                return refused
            flaws = () if written == unit and written.id == "%" else ("unit_in_cell",)
            unit = written
    return _measured(cell, number, unit, field, flaws)


def number_of(text: str) -> Decimal | None:
    """A number as people type it, or None; a blank inside is a separator only before groups of three."""
    if "_" in text or (_INNER_BLANK.search(text) and not _GROUPED.fullmatch(text)):
        return None
    return parse_decimal(text)


def _unfit(cell: Cell, unit: Unit, field: FieldSpec) -> Outcome | None:
    if field.dimension is None or unit.dimension == field.dimension:
        return None
    wanted = dimension(field.dimension)
    return _no(
        "incompatible_unit",
        cell,
        unit_zh=unit.label.zh,
        unit_en=unit.label.in_("en"),
        dimension_zh=wanted.zh,
        dimension_en=wanted.in_("en"),
    )


def _measured(cell: Cell, number: Decimal, unit: Unit | None, field: FieldSpec, flaws: tuple[str, ...]) -> Outcome:
    if number and number.adjusted() > 40:
        return _no("too_large", cell)
    number = number or abs(number)  # −0 is 0
    base: Unit | None = None
    if field.measured:
        if unit is None:
            return _no("unit_missing", cell)
        refused = _unfit(cell, unit, field)
        if refused:
            return refused
        base = base_of(unit.dimension)
        if unit is not base:
            number = _EXACT.divide(_EXACT.multiply(number, unit.factor), base.factor)
    if number < 0 and not field.negative:
        return _no("negative", cell)
    if abs(number) > MAX_QUANTITY:
        return _no("too_large", cell)
    if (field.low is not None and number < field.low) or (field.high is not None and number > field.high):
        low, high = ("…" if v is None else plain(v) for v in (field.low, field.high))
        shown = base.label if base else Label("无", "none")
        return _no("out_of_range", cell, low=low, high=high, unit_zh=shown.zh, unit_en=shown.in_("en"))
    if _places(number) > PLACES:
        rounded = quantise(number) if number.adjusted() > -40 else Decimal(0).scaleb(-PLACES)
        flaws = flaws if rounded == number else (*flaws, "rounded")
        number = rounded
    return Outcome(number, flaws=flaws, unit=base.id if base else None)


def _places(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0


def _period(cell: Cell, field: FieldSpec) -> Outcome:
    flaws: tuple[str, ...] = ()
    if isinstance(cell, bool):
        return _no("not_a_period", cell)
    if isinstance(cell, date):
        day = cell.date() if isinstance(cell, datetime) else cell
        period, flaws = _period_of_day(day, field)
    else:
        text = _undone(text_of(cell))
        if isinstance(cell, Decimal) and "." in text:
            year, _, month = text.partition(".")
            if len(year) == 4 and month == "1":
                return _no("ambiguous_period", cell, one=f"{year}-01", other=f"{year}-10")
        serial = _serial(text) if isinstance(cell, Decimal) else None
        if serial is not None:
            period, flaws = _period_of_day(serial, field)
            flaws = (*flaws, "date_serial")
        else:
            text = re.sub(r"月份$", "月", _YYYYMMDD.sub(r"\1-\2-\3", text) if len(text) == 8 else text)
            text = _YYYYMM.sub(r"\1-\2", text) if len(text) == 6 and text.isdigit() else text
            found = _parsed(text, field) if field.parse else _parse_period(text)
            if found.reason or not isinstance(found.value, Period):
                return found if found.reason else _no("not_a_period", cell)
            period = found.value
    if field.periods and period.kind not in field.periods:
        wanted_zh = "、".join(PERIOD_KINDS_ZH[k] for k in field.periods)
        return _no(
            "period_kind",
            cell,
            kind_zh=PERIOD_KINDS_ZH[period.kind],
            kind_en=period.kind,
            wanted_zh=wanted_zh,
            wanted_en=", ".join(field.periods),
        )
    return Outcome(period, flaws=flaws)


def _parse_period(text: str) -> Outcome:
    try:
        return Outcome(Period.parse(text))
    except (UserError, OverflowError):
        return Outcome(reason=because("not_a_period", value=text))


def _period_of_day(day: date, field: FieldSpec) -> tuple[Period, tuple[str, ...]]:
    """A day where months are wanted is what spreadsheets make of 2025-3: the month, with a mark."""
    if field.periods and PeriodKind.DAY not in field.periods and PeriodKind.MONTH in field.periods:
        return Period.month(day.year, day.month), ("period_from_date",)
    return Period.parse(day.isoformat()), ()


def _serial(text: str) -> date | None:
    if text.isdigit() and len(text) == 5 and _SERIAL_LOW <= int(text) <= _SERIAL_HIGH:
        return _EPOCH + timedelta(days=int(text))
    return None


def _date(cell: Cell) -> Outcome:
    if isinstance(cell, bool):
        return _no("not_a_date", cell)
    if isinstance(cell, date):
        return Outcome(cell.date() if isinstance(cell, datetime) else cell)
    text = unicodedata.normalize("NFKC", text_of(cell))
    serial = _serial(text)
    if serial is not None:
        return Outcome(serial, flaws=("date_serial",))
    if len(text) == 8:
        text = _YYYYMMDD.sub(r"\1-\2-\3", text)
    found = _parse_period(re.sub(r"[T ]00:00(:00)?$", "", text)).value
    if isinstance(found, Period) and found.kind is PeriodKind.DAY:
        return Outcome(found.start)
    return _no("not_a_date", cell)


def _unit_name(cell: Cell, field: FieldSpec) -> Outcome:
    found = unit_or_none(text_of(cell))
    if found is None:
        return _no("unknown_unit", cell)
    return _unfit(cell, found, field) or Outcome(found.id)


def _chosen(cell: Cell, words: dict[str, str]) -> Outcome | None:
    """A choice may itself be called 无, so it is looked up before missing marks."""
    found = words.get(fold(cell)) if isinstance(cell, str) else words.get(fold(text_of(cell)))
    return None if found is None else Outcome(found)


def _unchosen(cell: Cell, field: FieldSpec) -> Outcome:
    zh = "、".join(c.label.zh for c in field.choices)
    return _no("unknown_choice", cell, choices_zh=zh, choices_en=", ".join(c.label.in_("en") for c in field.choices))


def _undone(text: str) -> str:
    """The text inside ="…" and without the apostrophe that exports put before a code."""
    raw = unicodedata.normalize("NFKC", text).strip()
    if raw.startswith('="') and raw.endswith('"'):
        raw = raw[2:-1]
    return raw.removeprefix("'").strip()


def _code(cell: Cell, field: FieldSpec) -> Outcome:
    text = _undone(text_of(cell))
    if isinstance(cell, Decimal) and len(text.replace(".", "").lstrip("-")) > _EXACT_DIGITS:
        return _no("digits_lost", cell)
    if isinstance(cell, str) and _SCIENTIFIC.fullmatch(text):
        return _no("digits_lost", cell)
    return _parsed(text, field)


def _parsed(text: str, field: FieldSpec) -> Outcome:
    if field.parse is None:
        return Outcome(text)
    try:
        value = field.parse(text)
    except UserError as error:
        return Outcome(reason=because("refused_by_parser", value=text, message=error.message, remedy=error.remedy))
    return Outcome(reason=value) if isinstance(value, Reason) else Outcome(value)
