"""What pages read: findings and subjects as frozen rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from typing import Any

from shuangkong.kernel.findings import Status
from shuangkong.kernel.labels import Label

#: Aspects of judging, the one that says most about a target first.
VARIANTS = ("plan", "year", "standing", "to_date", "pace")


_DECIDED = {s.value: s.decided for s in Status}


@dataclass(frozen=True, slots=True)
class Stated:
    """What the sentence of a finding is made from; `value`, `threshold` and `margin` are in `unit`."""

    subject_id: str
    pack_id: str
    pack_edition: str
    slug: str
    variant: str
    period_key: str
    indicator_id: str
    comparator: str
    unit: str
    value: Decimal | None
    threshold: Decimal | None
    threshold_high: Decimal | None
    margin: Decimal | None
    status: str
    reason: str | None
    needs: str | None

    @property
    def decided(self) -> bool:
        """Whether the clause could be answered."""
        return _DECIDED[self.status]

    @property
    def pack_key(self) -> str:
        """id@edition of the document."""
        return f"{self.pack_id}@{self.pack_edition}"


@dataclass(frozen=True, slots=True)
class Finding(Stated):
    """A row of `findings`, column by column."""

    finding_key: str
    clause: str
    level: str
    period_kind: str
    period_start: date
    period_end: date
    due: date | None
    target_value: Decimal | None
    progress: Decimal | None
    coverage: Decimal
    value_state: str | None
    confidence: str
    value_key: str | None
    method_id: str
    synthetic: bool

    @property
    def partial(self) -> bool:
        """Whether it was decided although returns behind its value are missing."""
        return self.decided and (self.value_state == "partial" or self.coverage < 1)

    @property
    def last_year(self) -> int:
        """The calendar year in which the period ends."""
        return self.period_end.year - 1 if self.period_end.month == 1 else self.period_end.year


_FIELDS = tuple(f.name for f in fields(Finding))


def finding_of(row: Mapping[str, Any]) -> Finding:
    """A finding from a row of the table; columns that pages do not show are left out."""
    return Finding(**{name: row[name] for name in _FIELDS})


def latest(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """How each target stands now: one finding of the base level for each, of its newest period.

    A target is left out where its period was over when a later target of the same indicator began.
    """
    newest: dict[tuple[str, str, str], Finding] = {}
    for f in findings:
        key = (f.subject_id, f.pack_key, f.slug)
        if f.level == "base" and (key not in newest or _rank(f) > _rank(newest[key])):
            newest[key] = f
    begun: dict[tuple[str, str], date] = defaultdict(lambda: date.min)
    for f in newest.values():
        about = (f.subject_id, f.indicator_id)
        begun[about] = max(begun[about], f.period_start)
    return tuple(f for f in newest.values() if f.period_end > begun[f.subject_id, f.indicator_id])


def _rank(f: Finding) -> tuple[date, int]:
    return f.period_end, -VARIANTS.index(f.variant)


#: Where the page of a subject is, by kind; what is neither lies among the regions.
_PAGES = {"unit": "units", "project": "projects"}


@dataclass(frozen=True, slots=True)
class Subject:
    """A region, unit or project as pages name it."""

    id: str
    kind: str
    level: str
    code: str
    label: Label
    industry: str
    industry_edition: str
    unit_class: str
    region_id: str
    synthetic: bool

    @property
    def href(self) -> str:
        """The page of the subject."""
        return f"/{_PAGES.get(self.kind, 'regions')}/{self.id}"


def subject_of(row: dict[str, Any]) -> Subject:
    """A subject from a row of `subjects`."""
    return Subject(
        row["subject_id"], row["kind"], row["level"] or row["kind"], row["code"] or "",
        Label(row["name_zh"] or row["code"] or row["subject_id"], row["name_en"]), row["industry_code"] or "",
        row["industry_edition"] or "", row["unit_class"] or "", row["region_id"] or "", bool(row["synthetic"]),
    )  # fmt: skip
