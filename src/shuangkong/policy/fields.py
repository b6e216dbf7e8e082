"""Field types of pack entries: text stays text, numbers stay as printed, days are days."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, InstanceOf, PlainSerializer
from pydantic_core import PydanticCustomError

from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Label
from shuangkong.kernel.periods import Period, PeriodKind
from shuangkong.policy.words import Words, said
from shuangkong.registry.api import check_uscc

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
MAX_DIGITS = 38


def wrong(words: Words) -> PydanticCustomError:
    """A validation error that carries its words (of PACK-003)."""
    return PydanticCustomError("pack", "{text}", {"text": words.message.in_("en"), "words": words})


def is_plain_number(text: str) -> bool:
    """Whether `text` is a decimal in the one notation that packs use (-12.50; no +, exponent or grouping)."""
    return _NUMBER.fullmatch(text) is not None


def _exact(value: object) -> Decimal:
    if isinstance(value, Decimal) and value.is_finite():
        number = value
    elif (type(value) is int) or (isinstance(value, str) and is_plain_number(value)):
        number = Decimal(value)
    else:
        raise wrong(said("PACK-003", "no_number", given=repr(value)))
    if len(number.as_tuple().digits) > MAX_DIGITS:
        raise wrong(said("PACK-003", "digits", most=MAX_DIGITS))
    return number


def parse_day(text: str) -> date | None:
    """The calendar day that year-month-day text names, or None."""
    try:
        return date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        return None


def _day(value: object) -> date:
    day = value if type(value) is date else parse_day(value) if isinstance(value, str) else None
    if day is None:
        raise wrong(said("PACK-003", "no_day", given=repr(value)))
    return day


def _plan(value: object) -> Period:
    if isinstance(value, Period):
        period = value
    else:
        try:
            period = Period.parse(value if isinstance(value, str) else repr(value))
        except UserError:
            raise wrong(said("PACK-003", "no_plan", given=repr(value))) from None
    if period.kind is not PeriodKind.PLAN:
        raise wrong(said("PACK-003", "no_plan", given=period.key))
    return period


def matching(pattern: str, complaint: Callable[[str], Words]) -> BeforeValidator:
    """A check that text has a form; `complaint` says what else is wrong with it."""
    compiled = re.compile(pattern)

    def check(value: object) -> object:
        if isinstance(value, str) and not compiled.fullmatch(value):
            raise wrong(complaint(value))
        return value

    return BeforeValidator(check)


def _unit_code(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return check_uscc(value)
    except UserError as error:
        raise wrong(_unit_code_words(error, value[:40])) from None


def _unit_code_words(error: UserError, given: str) -> Words:
    """What the register says of a code, in the words of packs."""
    f = error.facts
    if error.case == "uscc_length":
        return said("PACK-003", "unit_length", given=given, n=f["n"])
    if error.case == "uscc_check":
        return said("PACK-003", "unit_check", given=given, digit=f["digit"])
    return said("PACK-003", "unit_character", given=given, place=f["place"], character=f["character"])


#: An exact decimal, with the digits as printed; never passes through a float.
Number = Annotated[Decimal, BeforeValidator(_exact)]
#: A calendar day; only year-month-day is read.
Day = Annotated[date, BeforeValidator(_day)]
#: A plan's years (规划期).
PlanPeriod = Annotated[InstanceOf[Period], BeforeValidator(_plan), PlainSerializer(lambda p: p.key, return_type=str)]
Text = Annotated[str, Field(min_length=1, strict=True)]
Flag = Annotated[bool, Field(strict=True)]
Year = Annotated[int, Field(strict=True, ge=1900, le=2200)]
#: Stable name of an entry inside a pack, e.g. `energy_per_gdp_2025`.
Slug = Annotated[
    str,
    Field(strict=True),
    matching(r"[a-z][a-z0-9]*(?:[._-][a-z0-9]+)*", lambda given: said("PACK-003", "no_slug", given=given)),
]
#: Edition of a document or table: part of the key.
EditionName = Annotated[
    str,
    Field(strict=True),
    matching(r"[0-9A-Za-z]+(?:[._-][0-9A-Za-z]+)*", lambda given: said("PACK-003", "no_edition", given=given)),
]
#: Region code of GB/T 2260 (行政区划代码); 000000 stands for the nation.
RegionCode = Annotated[
    str,
    Field(strict=True),
    matching(r"[0-9]{6}", lambda given: said("PACK-003", "no_region", given=given)),
]
#: The unified social credit code of a unit (统一社会信用代码), checked as the register checks it.
UnitCode = Annotated[str, Field(strict=True), BeforeValidator(_unit_code)]
#: How sure an entry is. A `candidate` was read by a program and reviewed by nobody: nothing is decided on it.
Confidence = Literal["confirmed", "inferred", "unofficial", "recalled", "synthetic", "candidate"]


class Frozen(BaseModel):
    """Base of everything read from a pack: immutable, and no key goes unread."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class LabelModel(Frozen):
    """A name for people; `zh` always, `en` where there is one."""

    zh: Text
    en: Text | None = None

    @property
    def label(self) -> Label:
        """The kernel's label."""
        return Label(self.zh, self.en)


class Accounting(Frozen):
    """How the indicator must be accounted where the document says so; what is not named stays open."""

    edition: Text | None = None
    basis: Literal["calorific", "primary"] | None = None
    guide: Text | None = None
    grid_factor: Text | None = None
    price_base: Year | None = None


class Source(Frozen):
    """Where a figure stands: document, place (page, annex, table or clause), and when the world could know it."""

    doc: Text
    place: Text
    known: Day
    url: Text | None = None
