"""Streaks (连续期数) as packs write them: of what the periods in a row are counted, and what they must meet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, model_validator

from shuangkong.kernel.errors import UserError
from shuangkong.policy.fields import Day, EditionName, Frozen, LabelModel, Number, Slug, Text, wrong
from shuangkong.policy.rules.model import Every
from shuangkong.policy.words import PolicyError, Words, listed, said

if TYPE_CHECKING:
    from shuangkong.policy.model import IndicatorDeclaration, Pack
    from shuangkong.policy.packset import PackSet
    from shuangkong.policy.rules.catalogue import Catalogue

#: How a figure is held against its threshold: the two in the middle leave the figure itself out.
StreakComparator = Literal["at_most", "less_than", "more_than", "at_least"]


class GradeWord(Frozen):
    """One grade (等级): its number as the indicator counts, what it is called, and what else people call it."""

    value: Number
    label: LabelModel
    synonyms: tuple[Text, ...] = ()


class StreakParameter(Frozen):
    """A dated parameter that a streak is held against: its value on the last day of each period."""

    id: Slug
    keys: dict[str, Text] = Field(default_factory=dict)
    edition: EditionName | None = None


class StreakRule(Frozen):
    """How many periods in a row, up to and including this one, an indicator met a condition.

    `of` is a published or computed indicator; `value` is in its unit, or `parameter` has the figure of each period.
    Counting does not go back beyond the period of `from`; without it a period that is not known before the first one
    leaves the count a lower bound. `min_coverage` is the share of returns from which a period counts as known.
    """

    of: Slug
    every: Every = "month"
    comparator: StreakComparator
    value: Number | None = None
    parameter: StreakParameter | None = None
    start: Day | None = Field(None, alias="from")
    min_coverage: Annotated[Number, Field(gt=0, le=1)] = Decimal(1)

    @property
    def unit(self) -> str:
        """The unit of the count."""
        return "month" if self.every == "month" else "a"

    @model_validator(mode="after")
    def _one_figure(self) -> StreakRule:
        if (self.value is None) == (self.parameter is None):
            raise wrong(said("PACK-003", "streak_figure"))
        return self


def threshold_of(packs: PackSet, rule: StreakRule, day: date, known: date) -> Decimal | None:
    """What a streak is held against on a day as known then, in the unit of its indicator; None where nothing stands."""
    if rule.parameter is None:
        return rule.value
    asked = rule.parameter
    try:
        return packs.parameter(asked.id, day=day, known=known, edition=asked.edition, **asked.keys).value
    except UserError:
        return None


def misread_streaks(packs: PackSet, catalogue: Catalogue) -> list[UserError]:
    """Streaks of what is no indicator, of another streak, or against a parameter that is not there (PACK-005)."""
    return [fault for pack in packs.packs for fault in _of_pack(packs, pack, catalogue)]


def _of_pack(packs: PackSet, pack: Pack, catalogue: Catalogue) -> Iterator[PolicyError]:
    for one in pack.indicators:
        if one.streak is not None:
            fault = _fault(packs, one.streak, packs.indicators, catalogue)
            if fault is not None:
                yield fault.at(f"{pack.origin}/indicators.yaml {one.id}")


def _fault(
    packs: PackSet, rule: StreakRule, declared: Mapping[str, IndicatorDeclaration], catalogue: Catalogue
) -> Words | None:
    found = declared.get(rule.of)
    computed = catalogue.get(("indicator", rule.of))
    if found is None and computed is None:
        return said("PACK-005", "streak_of", name=rule.of)
    if found is not None and found.streak is not None:
        return said("PACK-005", "streak_of_streak", name=rule.of)
    if rule.parameter is None:
        return None
    if rule.parameter.id not in packs.parameter_ids():
        return said("PACK-005", "streak_parameter", name=rule.parameter.id)
    parameter = packs.parameters(rule.parameter.id)
    unit = computed.unit if computed is not None else found.unit if found is not None else ""
    if parameter.unit != unit:
        facts = {"name": rule.parameter.id, "unit": parameter.unit, "of": rule.of, "wanted": unit}
        return said("PACK-005", "streak_unit", **facts)
    if set(rule.parameter.keys) != set(parameter.key):
        return said("PACK-005", "streak_keys", name=rule.parameter.id, keys=listed(parameter.key))
    return None
