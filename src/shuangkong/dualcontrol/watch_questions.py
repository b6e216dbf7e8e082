"""What is asked of a region in a year (应达到): the targets that hold, as what they ask of that year alone.

A plan's fall asks its own share of each year by the method that its pack names; a year's target asks itself. Totals are
asked of the year for which they are set, never spread over the years between. What no target asks is watched all the
same, without a grade.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from shuangkong.accounting.api import INDICATORS, Method
from shuangkong.judgement.api import standing_editions
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.findings import CANDIDATE
from shuangkong.kernel.units import convert
from shuangkong.policy.api import Pack, PackSet, Target, yearly_pace

#: A share with eight places is a percentage with the six of every stored figure.
SHARE_PLACES = 8
PRICED = ("gdp", "industry_value_added")


@dataclass(frozen=True, slots=True)
class Watched:
    """One figure that is watched: the sum it is made of, the growth it is held against, the targets that speak of it.

    sum: energy, coal, co2, energy_industry or co2_industry. growth: a reported indicator, empty for a total. targets:
    indicators, the one that is meant first; any other is a stand-in, of which no progress since the base year is told.
    """

    what: str
    test: str
    sum: str
    growth: str
    targets: tuple[str, ...]
    unit: str

    @property
    def carbon(self) -> bool:
        """Whether the sum depends on a carbon guide."""
        return self.sum.startswith("co2")

    @property
    def quarterly(self) -> bool:
        """Whether it is told of the months that end a quarter alone."""
        return self.test == "quarter_gdp"


WATCHED = (
    Watched("energy_intensity", "month_industry", "energy_industry", "industry_value_added_growth",
            ("energy_per_industrial_value_added", "energy_per_gdp"), "%"),
    Watched("energy_intensity", "quarter_gdp", "energy", "gdp_growth", ("energy_per_gdp",), "%"),
    Watched("energy_total", "total", "energy", "", ("energy_total_assessed", "energy_total"), "tce"),
    Watched("coal_total", "total", "coal", "", ("coal_total",), "tce"),
    # no document names a monthly test of CO2: it is held against its own target alone, never against that by GDP
    Watched("co2_intensity", "month_industry", "co2_industry", "industry_value_added_growth",
            ("co2_per_industrial_value_added",), "%"),
    Watched("co2_intensity", "quarter_gdp", "co2", "gdp_growth", ("co2_per_gdp",), "%"),
    Watched("co2_total", "total", "co2", "", ("co2_total",), "tCO2"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Question:
    """What a year asks of a region in one watched figure; `required` is null where no target holds (`needs` says so).

    required, incentive: change in % of the year (a fall is negative), or the amount of the year. whole: the plan's fall
    as a share, since `base_year` over `years`, with the `progress` method; null where progress is not told.
    """

    watched: Watched
    subject_id: str
    year: int
    method_id: str
    required: Decimal | None = None
    incentive: Decimal | None = None
    base_year: int | None = None
    years: int = 0
    whole: Decimal | None = None
    progress: str | None = None
    value_method: str = ""
    indicator: str = ""
    pack_key: str | None = None
    slug: str | None = None
    clause: str | None = None
    confidence: str = "confirmed"
    needs: str | None = None


def questions(
    packs: PackSet, regions: Mapping[str, str], methods: Sequence[Method], years: Iterable[int], *, as_of: date,
    known: date,
) -> list[Question]:  # fmt: skip
    """Every question about the regions (id by code) in the years, each figure, region and method once.

    A region of which one figure is asked is watched in all of them, by the method that it is asked by.
    """
    asked: dict[tuple[str, str, str, int], list[tuple[Pack, Target]]] = {}
    for pack in standing_editions(packs, as_of=as_of, known=known):
        for target in pack.targets:
            if target.source.known > known or target.confidence == CANDIDATE or target.subject.units is not None:
                continue
            for code in target.subject.regions:
                for w in WATCHED if code in regions else ():
                    if target.indicator in w.targets:
                        for year in years:
                            if _holds(target, year):
                                asked.setdefault((w.what, w.test, regions[code], year), []).append((pack, target))
    found = [
        made
        for (what, test, subject, year), rows in asked.items()
        for made in _of(_watched(what, test), subject, year, rows, methods)
    ]
    return sorted([*found, *_beside(found, methods)], key=lambda q: (q.subject_id, q.watched.what, q.year, q.method_id))


def _watched(what: str, test: str) -> Watched:
    return next(w for w in WATCHED if (w.what, w.test) == (what, test))


def _holds(target: Target, year: int) -> bool:
    if target.horizon == "year":
        return target.year == year
    if target.comparator == "decrease_by" and target.base_year is not None and target.target_year is not None:
        return target.base_year < year <= target.target_year
    return target.comparator in ("at_most", "less_than") and target.target_year == year


def _of(
    watched: Watched, subject: str, year: int, rows: list[tuple[Pack, Target]], methods: Sequence[Method]
) -> Iterator[Question]:
    """The question of a figure and year: of several targets the one meant, then the year's own, then the newest."""

    def order(row: tuple[Pack, Target]) -> tuple[int, int, int, str, str]:
        pack, target = row
        newest = -pack.instrument.in_force_from.toordinal()
        return watched.targets.index(target.indicator), int(target.horizon != "year"), newest, pack.key, target.slug

    rows = sorted(rows, key=order)
    base = next((r for r in rows if r[1].level == "base"), None)
    if base is None:
        return
    made = _question(watched, subject, year, base, methods)
    higher = next((r for r in rows if r[1].level == "incentive" and r[1].indicator == base[1].indicator), None)
    incentive = _question(watched, subject, year, higher, methods).required if higher else None
    yield replace(made, incentive=incentive)


def _question(
    watched: Watched, subject: str, year: int, row: tuple[Pack, Target], methods: Sequence[Method]
) -> Question:  # fmt: skip
    pack, target = row
    plain, priced = served(target, watched, methods)
    made = Question(
        watched, subject, year, plain, indicator=target.indicator, value_method=priced, pack_key=pack.key,
        slug=target.slug, clause=target.clause, confidence=target.confidence,
    )  # fmt: skip
    if watched.growth:
        return _of_fall(made, target)
    try:
        required = convert(target.bounds[0], target.unit, watched.unit)
    except UserError:
        return replace(made, needs=f"a target in {watched.unit} 以{watched.unit}计的目标")
    return replace(made, required=required)


def _of_fall(made: Question, target: Target) -> Question:
    if target.comparator != "decrease_by" or target.unit != "%":
        return replace(made, needs="a target that is a fall in % 以降低百分比表示的目标")
    if target.horizon == "year":
        return replace(made, required=-target.value)
    base, last = target.base_year or 0, target.target_year or 0
    if target.method is None:
        return replace(made, needs="the schedule's method in the pack 规则包写明的进度算法")
    share = target.value / 100
    pace = yearly_pace(share, last - base, target.method, places=SHARE_PLACES) * 100
    made = replace(made, required=-pace)
    if target.indicator != made.watched.targets[0]:
        return made
    return replace(made, base_year=base, years=last - base, whole=share, progress=target.method)


def served(target: Target, watched: Watched, methods: Sequence[Method]) -> tuple[str, str]:
    """The run's method that answers a target, without and with its price base; `reported` where it names none."""
    a = target.accounting
    if a is None or a.edition is None or a.basis is None:
        return "reported", "reported"
    asked = Method(a.edition, a.basis, a.guide or "", a.grid_factor or "")
    plain = next((m for m in methods if m.serves(asked, carbon=watched.carbon)), asked)
    level = INDICATORS.get(target.indicator)
    priced = level is not None and any(m in PRICED for m, _ in level.inputs)
    return plain.id, replace(plain, price=f"constant:{a.price_base or target.base_year}").id if priced else plain.id


def _beside(found: Sequence[Question], methods: Sequence[Method]) -> Iterator[Question]:
    """What nothing is asked of, in regions and years of which something else is: watched without a grade."""
    there = {(q.watched.what, q.watched.test, q.subject_id, q.year) for q in found}
    asked_by: dict[tuple[str, int], list[str]] = {}
    for q in found:
        asked_by.setdefault((q.subject_id, q.year), []).append(q.method_id)
    for (subject, year), by in sorted(asked_by.items()):
        mine = sorted(by)
        for w in WATCHED:
            if (w.what, w.test, subject, year) in there:
                continue
            method = next((m for m in mine if m != "reported" and (not w.carbon or Method.parse(m).guide)), None)
            if method is None and w.carbon:
                method = next((m.id for m in methods if m.guide), None)
            if method is not None:
                needs = f"a target for {w.targets[0]} in {year} {year}年的目标"
                yield Question(w, subject, year, method, needs=needs)
