"""A decision table as a pack writes it (`tables/<name>.yaml`), before names and units are worked out."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from shuangkong.kernel.labels import Label
from shuangkong.policy.fields import (
    Accounting,
    Confidence,
    Day,
    Frozen,
    LabelModel,
    Number,
    RegionCode,
    Slug,
    Source,
    Text,
    matching,
    wrong,
)
from shuangkong.policy.words import listed, said

MAX_ROWS = 10_000
MAX_COLUMNS = 64
TableHit = Literal[
    "unique", "first", "any", "priority", "collect", "collect_sum", "collect_min", "collect_max", "collect_count"
]
Type = Literal["number", "text", "flag", "day"]
#: The periods that a figure is read by.
Every = Literal["month", "year"]
#: What a value of an output means for who is decided.
Signal = Literal["good", "warn", "bad"]
#: A name that expressions can use.
Word = Annotated[
    str,
    Field(strict=True),
    matching(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*", lambda given: said("PACK-003", "no_word", given=given)),
]


class Upstream(Frozen):
    """An output of an earlier table of the pack."""

    table: Slug
    output: Word


class InputEntry(Frozen):
    """An input (输入): where it comes from, its type, its unit or its choices, and the range it can have.

    One of `indicator`, `field` (of the register), `sum` (of a book) and `output` (of an earlier table) says the source;
    an input with none of them is asked for when the table is decided. `accounting` says how the bound figure is
    accounted; without it a published value answers, or a figure that is the same under every method. `min_coverage` is
    the share of returns with which the document is content; all of them without it. `every` says whether the figure is
    that of a month or of a year (a streak is counted in its own periods, anything else in years, unless it is written);
    `before` is how many such periods back it is taken from (1: of the year, or month, before).
    """

    name: Word
    label: LabelModel
    indicator: Slug | None = None
    field: Slug | None = None
    sum: Text | None = None
    output: Upstream | None = None
    accounting: Accounting | None = None
    min_coverage: Annotated[Number, Field(gt=0, le=1)] | None = None
    every: Every | None = None
    before: Annotated[int, Field(strict=True, ge=1, le=60)] | None = None
    type: Type = "number"
    unit: Text | None = None
    choices: tuple[Text, ...] = ()
    at_least: Number | None = None
    at_most: Number | None = None
    note: Text | None = None

    @model_validator(mode="after")
    def _consistent(self) -> InputEntry:
        if sum(s is not None for s in (self.indicator, self.field, self.sum, self.output)) > 1:
            raise wrong(said("PACK-003", "two_sources"))
        of_books = self.indicator is not None or self.sum is not None
        if not of_books and (self.accounting is not None or self.min_coverage is not None):
            raise wrong(said("PACK-003", "not_of_books", keys=listed(("accounting", "min_coverage"))))
        if not of_books and (self.every is not None or self.before is not None):
            raise wrong(said("PACK-003", "not_of_books", keys=listed(("every", "before"))))
        _with_unit(self.type, self.unit, inherited=self.output is not None)
        return self


class OutputEntry(Frozen):
    """An output (输出); `default` is its value where no row hits, `better` which way it is good for who is decided.

    `signals` says which of its values are good, a warning or bad for who is decided (a flag is "true" or "false").
    `words` gives its texts in English, for people alone: what is compared and kept is the text itself.
    """

    name: Word
    label: LabelModel
    type: Type = "text"
    unit: Text | None = None
    default: Any = None
    better: Literal["higher", "lower"] | None = None
    signals: dict[Signal, Annotated[tuple[Text, ...], Field(min_length=1)]] = Field(default_factory=dict)
    words: dict[str, Text] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _consistent(self) -> OutputEntry:
        _with_unit(self.type, self.unit, inherited=False)
        named = [v for values in self.signals.values() for v in values]
        if len(set(named)) != len(named):
            raise wrong(said("PACK-003", "two_signals"))
        if self.signals and self.type not in ("text", "flag"):
            raise wrong(said("PACK-003", "signal_kind"))
        if self.type == "flag" and not set(named) <= {"true", "false"}:
            raise wrong(said("PACK-003", "signal_flag"))
        if self.words and self.type != "text":
            raise wrong(said("PACK-003", "word_kind"))
        return self

    def called(self, value: str) -> Label:
        """A value for people: a text in both languages, a flag that is true by what the output is called."""
        if self.type == "flag":
            return self.label.label if value == "true" else Label("否", "no") if value == "false" else Label(value)
        return Label(value, self.words.get(value))


def _with_unit(kind: Type, unit: str | None, *, inherited: bool) -> None:
    if (kind == "number") != (unit is not None) and not inherited:
        raise wrong(said("PACK-003", "unit"))


class ParameterUse(Frozen):
    """A dated parameter under the name that the table calls it by; `keys` picks its row, `edition` where several are.

    `unit` is written where another pack carries the parameter, so that the table can be checked by itself.
    """

    name: Word
    id: Slug
    keys: dict[str, Text] = Field(default_factory=dict)
    edition: Text | None = None
    unit: Text | None = None


class RowEntry(Frozen):
    """A row (行): cells by input (an input without a cell may be anything), one further expression, and the outputs.

    `then` gives each output a value as printed, or `{calc: expression}`. A row that is an `exception_of` others hits in
    their place. Under priority the row with the smallest `priority` is taken, and the earlier of two that are equal.
    `from` and `to` are those of the table unless written: on other days the row is not there.
    """

    id: Slug
    when: dict[str, Any] = Field(default_factory=dict)
    test: Text | None = Field(None, alias="if")
    then: dict[str, Any]
    exception_of: tuple[Slug, ...] = ()
    priority: Annotated[int, Field(strict=True)] | None = None
    start: Day | None = Field(None, alias="from")
    end: Day | None = Field(None, alias="to")
    confidence: Confidence | None = None
    clause: Text | None = None
    note: Text | None = None


class TableScope(Frozen):
    """Whom the table is about: regions by code and level, units by industry and class.

    What is left out limits nothing beyond the instrument's reach. An industry is a code of GB/T 4754 or its beginning,
    with or without the letter of its section. `fields` are fields of the register with the values that they must have
    (a flag is "true" or "false"): a subject of which one is not registered is not decided.
    """

    regions: tuple[RegionCode, ...] = ()
    levels: tuple[Literal["nation", "province", "prefecture", "county", "zone"], ...] = ()
    industry: tuple[Text, ...] = ()
    class_: Literal["key_unit", "above_scale", "all"] = Field("all", alias="class")
    fields: dict[Slug, Annotated[tuple[Text, ...], Field(min_length=1)]] = Field(default_factory=dict)


def _word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


class TableEntry(Frozen):
    """A decision table (决策表) of a clause, in force on `[start, end)`.

    `about` says what kind of subject the table decides: then a run decides it for each of them, as far as the inputs
    are bound. `no_row_because` says what it means that no row hits; without it a gap is an error, unless every output
    has a default. `assumptions` are the readings chosen where the document leaves a choice.
    """

    id: Slug
    clause: Text
    label: LabelModel
    hit: TableHit
    about: Literal["unit", "region", "project"] | None = None
    inputs: Annotated[tuple[InputEntry, ...], Field(min_length=1, max_length=MAX_COLUMNS)]
    parameters: Annotated[tuple[ParameterUse, ...], Field(max_length=MAX_COLUMNS)] = ()
    outputs: Annotated[tuple[OutputEntry, ...], Field(min_length=1, max_length=MAX_COLUMNS)]
    rows: Annotated[tuple[RowEntry, ...], Field(min_length=1)]
    scope: TableScope | None = None
    start: Day = Field(alias="from")
    end: Day | None = Field(None, alias="to")
    no_row_because: LabelModel | None = None
    assumptions: tuple[LabelModel, ...] = ()
    source: Source
    confidence: Confidence
    open_because: Text | None = None
    note: Text | None = None

    @model_validator(mode="after")
    def _signalled(self) -> TableEntry:
        for output in self.outputs:
            given = {r.then.get(output.name) for r in self.rows if not isinstance(r.then.get(output.name), dict)}
            there = {_word(v) for v in (*given, output.default) if v is not None}
            strange = [v for values in output.signals.values() for v in values if v not in there]
            if strange and output.type == "text":
                raise wrong(said("PACK-003", "signal_never", given=strange[0], name=output.name))
            unsaid = [v for v in output.words if v not in there]
            if unsaid:
                raise wrong(said("PACK-003", "signal_never", given=unsaid[0], name=output.name))
        return self

    def standing_on(self, day: date) -> Literal["in_force", "not_yet", "expired"]:
        """How the table stands on a day; the end itself is outside."""
        if day < self.start:
            return "not_yet"
        return "expired" if self.end is not None and day >= self.end else "in_force"

    @property
    def total(self) -> bool:
        """Whether the table promises that a row hits whatever the inputs are."""
        return self.no_row_because is None and any(o.default is None for o in self.outputs)
