"""Clauses (条款) with the figures that they print, and duties (任务) with those who answer for them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from shuangkong.policy.fields import (
    Confidence,
    Day,
    Frozen,
    LabelModel,
    Number,
    RegionCode,
    Slug,
    Source,
    Text,
    wrong,
)
from shuangkong.policy.figures import number_of
from shuangkong.policy.words import said

#: Why nothing follows from a printed figure.
NONE_BECAUSE: dict[str, tuple[str, str]] = {
    "existing_count": ("已有事物的计数", "counts what is there already"),
    "name": ("名称的一部分", "part of a name"),
    "citation": ("引用的文件、条款或标准号", "number of a document, clause or standard"),
    "date_of_text": ("发文、会议或印刷日期", "date of the text itself"),
    "duty_text": ("写在任务里，没有另外的数值要求", "said inside a duty, asks for no amount of its own"),
    "history": ("已发生的情况", "tells what has happened"),
    "example": ("举例", "an example"),
    "repeated": ("重复另一处的数字", "says again what another clause says"),
    "other": ("其他", "other"),
}
Reason = Literal[
    "existing_count", "name", "citation", "date_of_text", "duty_text", "history", "example", "repeated", "other"
]


class Figure(Frozen):
    """A figure (数字) as a clause prints it, and what became of it.

    With neither `ids` nor `none_because` some entry of the clause has to hold the number. `ids` names entries
    outright: targets, parameters, tables and duties of this pack, or `pack:entry` of another. `of` names the clause
    that is repeated.
    """

    printed: Text
    ids: tuple[Text, ...] = ()
    none_because: Reason | None = None
    of: Text | None = None
    note: Text | None = None

    @model_validator(mode="before")
    @classmethod
    def _short(cls, data: Any) -> Any:
        return {"printed": data} if isinstance(data, str) else data

    @model_validator(mode="after")
    def _consistent(self) -> Figure:
        if number_of(self.printed) is None:
            raise wrong(said("PACK-003", "figure", printed=self.printed, first="14.5%", second="三个月"))
        if self.ids and self.none_because:
            raise wrong(said("PACK-003", "figure_both"))
        if (self.none_because == "repeated") != (self.of is not None):
            raise wrong(said("PACK-003", "figure_of"))
        if self.none_because == "other" and self.note is None:
            raise wrong(said("PACK-003", "figure_other"))
        return self


class Clause(Frozen):
    """A clause (条款) under its number in the document; `title` is in the pack author's own words.

    `figures` lists every figure that the clause prints, in its order, but for years inside the plan's period. Without a
    `confidence` it is as sure as the document.
    """

    id: Text
    parent: Text | None = None
    title: LabelModel
    kind: Literal["section", "target", "rule", "duty", "definition", "other"]
    none_because: LabelModel | None = None
    figures: tuple[Figure, ...] = ()
    confidence: Confidence | None = None

    @field_validator("none_because", mode="before")
    @classmethod
    def _plain(cls, data: Any) -> Any:
        """Packs up to 0.2.0 gave the reason as one text; runs that keep such packs are still read."""
        return {"zh": data} if isinstance(data, str) else data


class Rhythm(Frozen):
    """How often a duty falls due."""

    value: Annotated[Number, Field(gt=0)]
    unit: Literal["a", "month", "d"]


class Duty(Frozen):
    """A duty (任务): what bodies have to do; no amount is judged, only that it is done, by a day or at a rhythm.

    `lead` (牵头) and `support` (配合) are names of bodies as printed; where nobody leads, `support` holds those who
    answer together (责任单位). `due` is the last day. Without a `confidence` it is as sure as the document.
    """

    slug: Slug
    clause: Text
    label: LabelModel
    lead: tuple[Text, ...] = ()
    support: tuple[Text, ...] = ()
    due: Day | None = None
    every: Rhythm | None = None
    regions: tuple[RegionCode, ...] = ()
    confidence: Confidence | None = None
    source: Source
    note: Text | None = None
