"""What a pack (规则包) holds: one policy document as data. Frozen, exact, and no key goes unread."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field, InstanceOf, model_validator

from shuangkong.kernel.labels import Label
from shuangkong.kernel.periods import Nature, Period
from shuangkong.policy.clauses import Clause, Duty
from shuangkong.policy.fields import (
    Confidence,
    Day,
    EditionName,
    Flag,
    Frozen,
    LabelModel,
    Number,
    PlanPeriod,
    RegionCode,
    Slug,
    Source,
    Text,
    UnitCode,
    Year,
    wrong,
)
from shuangkong.policy.parameters import Correction, Dated, Parameter
from shuangkong.policy.rules.checked import CheckedTable
from shuangkong.policy.rules.model import TableEntry
from shuangkong.policy.streaks import GradeWord, StreakRule
from shuangkong.policy.words import Words, said

__all__ = [
    "NATION",
    "Accounting",
    "Carrier",
    "Clause",
    "Confidence",
    "Correction",
    "Dated",
    "Duty",
    "GradeWord",
    "IndicatorDeclaration",
    "Instrument",
    "LabelModel",
    "Pack",
    "Parameter",
    "Product",
    "Source",
    "StreakRule",
    "Subject",
    "Target",
    "UnitSelection",
]

NATION = "000000"
#: at_most and at_least take the figure in (以下, 以上, 不超过, 不低于); less_than, more_than leave it out (低于, 超过).
Comparator = Literal[
    "decrease_by", "increase_by", "at_most", "at_least", "less_than", "more_than", "reach", "about", "between"
]


class Instrument(Frozen):
    """The document (文件): issuer, place, and the days on which it is in force, `[in_force_from, in_force_to)`.

    `end_known` is the day on which the end was published, where that was after the document itself.
    """

    id: Slug
    edition: EditionName
    title: LabelModel
    doc_number: Text | None = None
    issuer: Text
    level: Literal["nation", "province", "city", "county", "unit", "standard"]
    region: RegionCode
    issued: Day
    in_force_from: Day
    in_force_to: Day | None = None
    end_known: Day | None = None
    period: PlanPeriod | None = None
    carries_out: tuple[Slug, ...] = ()
    supersedes: tuple[Text, ...] = ()
    synthetic: Flag = False
    source: Source
    confidence: Confidence
    note: Text | None = None

    @property
    def key(self) -> str:
        """id@edition."""
        return f"{self.id}@{self.edition}"

    @model_validator(mode="after")
    def _consistent(self) -> Instrument:
        if self.in_force_to is not None and self.in_force_to <= self.in_force_from:
            raise wrong(said("PACK-003", "ended", end=self.in_force_to, start=self.in_force_from))
        if (self.level == "nation") != (self.region == NATION) and self.level != "standard":
            raise wrong(said("PACK-003", "level", level=self.level, region=self.region, nation=NATION))
        if self.synthetic != (self.confidence == "synthetic"):
            marked = str(self.synthetic).lower()
            raise wrong(said("PACK-003", "synthetic", synthetic=marked, confidence=self.confidence))
        bad = [s for s in self.supersedes if s.count("@") != 1]
        if bad:
            raise wrong(said("PACK-003", "supersedes", name=bad[0]))
        return self


class UnitSelection(Frozen):
    """Energy-using units that a target is about: by GB/T 4754 industry, class and product."""

    industry: tuple[Text, ...] = ()
    class_: Literal["key_unit", "above_scale", "all"] = Field("all", alias="class")
    product: Slug | None = None


class Subject(Frozen):
    """Whom a target binds: regions by code, units inside those regions (or the instrument's own), or one unit.

    `uscc` is the unified social credit code of the one unit; it stands alone.
    """

    regions: tuple[RegionCode, ...] = ()
    units: UnitSelection | None = None
    uscc: UnitCode | None = None

    @model_validator(mode="before")
    @classmethod
    def _one_region(cls, data: Any) -> Any:
        """`region: X` is short for `regions: [X]`."""
        if isinstance(data, dict) and "region" in data and "regions" not in data:
            rest = {k: v for k, v in data.items() if k != "region"}
            return {**rest, "regions": (data["region"],)}
        return data

    @model_validator(mode="after")
    def _someone(self) -> Subject:
        if self.uscc is not None and (self.regions or self.units is not None):
            raise wrong(said("PACK-003", "unit_alone"))
        if not self.regions and self.units is None and self.uscc is None:
            raise wrong(said("PACK-003", "no_one"))
        if len(set(self.regions)) != len(self.regions):
            raise wrong(said("PACK-003", "region_twice"))
        return self


class Accounting(Frozen):
    """How the indicator must be accounted where the document says so; what is not named stays open."""

    edition: Text | None = None
    basis: Literal["calorific", "primary"] | None = None
    guide: Text | None = None
    grid_factor: Text | None = None
    price_base: Year | None = None


class Target(Frozen):
    """A target (目标) under a stable slug.

    `indicator` is the level (e.g. energy per GDP). With decrease_by and increase_by `value` is the change
    against `base_year` (horizon year: against the year before), relative when `unit` is % or 1, else in the
    unit itself; always written as a positive number.
    """

    slug: Slug
    clause: Text
    indicator: Slug
    subject: Subject
    scope: LabelModel | None = None
    comparator: Comparator
    value: Number
    value_high: Number | None = None
    tolerance: Number | None = None
    unit: Text
    base_year: Year | None = None
    year: Year | None = None
    period: PlanPeriod | None = None
    horizon: Literal["plan", "year", "standing"]
    level: Literal["base", "incentive", "aspiration"] = "base"
    method: Literal["compound", "linear"] | None = None
    min_coverage: Annotated[Number, Field(gt=0, le=1)] = Decimal(1)
    accounting: Accounting | None = None
    confidence: Confidence
    source: Source
    note: Text | None = None

    @property
    def bounds(self) -> tuple[Decimal, Decimal | None]:
        """Threshold and, for a band, its upper end; `about` is a band where the pack gives a tolerance."""
        if self.comparator == "about" and self.tolerance is not None:
            return self.value - self.tolerance, self.value + self.tolerance
        return self.value, self.value_high

    @property
    def target_year(self) -> int | None:
        """The year in which the target falls due, or None for a standing one."""
        if self.year is not None or self.period is None:
            return self.year
        return self.period.last_day.year

    @property
    def due(self) -> Period | None:
        """Plan or year in which the target falls due; None for a standing target."""
        if self.horizon == "plan":
            return self.period
        return Period.year(self.year) if self.year is not None else None

    @model_validator(mode="after")
    def _consistent(self) -> Target:
        problem = self._wrong_value() or self._wrong_time()
        if problem:
            raise wrong(problem)
        return self

    def _wrong_value(self) -> Words | None:
        if (self.comparator == "between") != (self.value_high is not None):
            return said("PACK-003", "between")
        if self.value_high is not None and self.value_high <= self.value:
            return said("PACK-003", "high")
        if self.tolerance is not None and (self.comparator != "about" or self.tolerance <= 0):
            return said("PACK-003", "tolerance")
        if self.comparator in ("decrease_by", "increase_by") and self.value < 0:
            return said("PACK-003", "negative", comparator=self.comparator, value=self.value)
        return None

    def _wrong_time(self) -> Words | None:
        relative = self.comparator in ("decrease_by", "increase_by")
        if self.horizon == "plan" and self.period is None:
            return said("PACK-003", "plan_period")
        if self.horizon == "year" and (self.year is None or self.period is not None):
            return said("PACK-003", "year")
        if self.horizon == "standing" and self.period is not None:
            return said("PACK-003", "standing")
        if self.horizon == "plan" and relative and self.base_year is None:
            return said("PACK-003", "base_year", comparator=self.comparator)
        due = self.target_year
        if self.base_year is not None and due is not None and due <= self.base_year:
            return said("PACK-003", "base_later", due=due, base=self.base_year)
        return None


class IndicatorDeclaration(Frozen):
    """An indicator (指标) that a pack speaks of: only ever reported, a streak, or the name of a computed one.

    `grades` are the words of one that is published as a grade (unit: grade); `streak` says of which other indicator and
    condition this one counts the periods in a row. Without a `confidence` it is as sure as the document.
    """

    id: Slug
    label: LabelModel
    unit: Text
    nature: Nature
    grades: tuple[GradeWord, ...] = ()
    streak: StreakRule | None = None
    confidence: Confidence | None = None
    note: Text | None = None

    @model_validator(mode="after")
    def _consistent(self) -> IndicatorDeclaration:
        if bool(self.grades) and self.unit != "grade":
            raise wrong(said("PACK-003", "grades"))
        if len({g.value for g in self.grades}) != len(self.grades):
            raise wrong(said("PACK-003", "grade_twice"))
        if self.streak is not None and (self.unit != self.streak.unit or self.grades):
            raise wrong(said("PACK-003", "streak_unit", unit=self.streak.unit))
        return self


class Carrier(Frozen):
    """An energy carrier (能源品种), with the code of the statistical return and the names people write."""

    id: Slug
    label: LabelModel
    nbs_code: Text | None = None
    aliases: tuple[Text, ...] = ()
    kind: Literal["coal", "oil", "gas", "electricity", "heat", "medium", "other", "total"]
    nonfossil: Flag = False
    unit: Text
    note: Text | None = None


class Product(Frozen):
    """A product (产品) whose output is counted in `unit`; `industry` is its GB/T 4754 code."""

    id: Slug
    label: LabelModel
    unit: Text
    industry: Text | None = None
    note: Text | None = None


class Pack(Frozen):
    """One document as data, with the bytes it was read from; the hash covers all but the worked cases.

    `decided` holds the decision tables as they are decided, in their order; `unchecked` those of which gaps, overlaps
    and dead rows could not all be ruled out, with the reason.
    """

    instrument: Instrument
    clauses: tuple[Clause, ...] = ()
    targets: tuple[Target, ...] = ()
    duties: tuple[Duty, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    indicators: tuple[IndicatorDeclaration, ...] = ()
    carriers: tuple[Carrier, ...] = ()
    products: tuple[Product, ...] = ()
    tables: tuple[TableEntry, ...] = ()
    decided: tuple[InstanceOf[CheckedTable], ...] = ()
    unchecked: tuple[tuple[str, InstanceOf[Label]], ...] = ()
    files: tuple[tuple[str, bytes], ...] = ()
    content_hash: str = ""
    origin: str = ""

    @property
    def id(self) -> str:
        """The instrument's id."""
        return self.instrument.id

    @property
    def edition(self) -> str:
        """The instrument's edition."""
        return self.instrument.edition

    @property
    def key(self) -> str:
        """id@edition."""
        return self.instrument.key


def content_hash(files: Iterable[tuple[str, bytes]]) -> str:
    """SHA-256 over the names and bytes of a pack's files in the order of their names; worked cases left out.

    A new case proves the pack, it does not change it.
    """
    h = hashlib.sha256()
    for name, data in sorted(files):
        if name.startswith("cases/"):
            continue
        for part in (name.encode(), data):
            h.update(len(part).to_bytes(8, "big"))
            h.update(part)
    return h.hexdigest()
