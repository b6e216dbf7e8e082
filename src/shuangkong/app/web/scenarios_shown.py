"""What pages of scenarios tell (达峰情景): the path and its fan, the peak, gaps to goals, and each lever alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from shuangkong.app.scenarios import Read
from shuangkong.app.web.energy import document_words, method_words
from shuangkong.dualcontrol.api import LEVERS, QUANTILES, Alone, Gap, Goal, Scenario, Worked
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.units import convert
from shuangkong.policy.api import PackSet
from shuangkong.webkit.api import (
    CONFIDENCE_LABELS,
    Axes,
    Chart,
    Column,
    Origin,
    Series,
    Span,
    Speaker,
    fan_chart,
    figure,
    grouped,
    line_chart,
    places_of,
    share,
    shown_unit,
    unit_words,
)

#: Units of the levers a year.
UNITS = {"growth": "%", "structure": "pp", "efficiency": "%", "fuel": "pp", "nonfossil": "pp", "grid": "%"}
#: A lever is told to as many digits as bisection finds: rounded to fewer it would fall short.
LEVER_PLACES = 4
_MIDDLE = QUANTILES.index(Decimal("0.5"))
#: Lines of two scenarios side by side.
_COLOURS = ("reached", "incentive")
_REACHES = {"closes": "met", "beyond": "missed", "no_effect": "insufficient"}


@dataclass(frozen=True)
class GoalShown:
    """A goal in words: what it asks, what is reached, the gap, and the levers that would close it."""

    mark: str
    what: str
    asks: str
    reached: str
    gap: str
    document: str
    href: str
    yardstick: bool
    levers: tuple[LeverShown, ...]
    sentence: str


@dataclass(frozen=True)
class LeverShown:
    """A lever alone, in words."""

    mark: str
    name: str
    now: str
    needed: str
    means: str


class ScenarioTeller:
    """Words and charts of a scenario in one language."""

    def __init__(self, scenario: Scenario, worked: Worked, packs: PackSet, speaker: Speaker) -> None:
        self.scenario, self.worked, self.packs, self.speaker, self.say = scenario, worked, packs, speaker, speaker.say

    def lever(self, name: str) -> str:
        """The name of a lever."""
        return self.say(f"scenarios.lever_{name}")

    def rate(self, lever: str, value: Decimal | None) -> str:
        """A lever's value with its unit a year."""
        if value is None:
            return "—"
        unit = unit_words(UNITS[lever], self.speaker.language)
        gap = "" if unit == "%" else " "
        return self.say("scenarios.a_year", value=f"{grouped(value, LEVER_PLACES)}{gap}{unit}")

    def amount(self, value: Decimal | None, unit: str) -> str:
        """An amount in a unit that is read easily."""
        if value is None:
            return "—"
        shown = shown_unit(value, unit)
        return str(figure(convert(value, unit, shown), shown, self.speaker.language))

    def assumptions(self) -> tuple[tuple[str, str], ...]:
        """(name, value) of every assumption."""
        moves = self.scenario.assumed.moves
        rows = [(self.lever(name), self.rate(name, moves.of(name))) for name in LEVERS]
        rows.append((self.say("scenarios.instead"), self.say(f"scenarios.instead_{self.scenario.assumed.instead}")))
        rows.append((self.say("scenarios.horizon"), str(self.scenario.assumed.horizon)))
        return tuple(rows)

    def verdict(self) -> str:
        """When CO2 has its peak, in a sentence."""
        first, last = self.scenario.base.year, self.scenario.assumed.horizon
        peak, points = self.worked.peak, {p.year: p for p in self.worked.points}
        if peak is None:
            return self.say("scenarios.no_peak", last=last, after=self.scenario.after)
        if peak == first:
            return self.say("scenarios.peaked", year=first)
        return self.say("scenarios.peaks", year=peak, amount=self.amount(points[peak].co2, "tCO2"))

    def spread(self) -> str:
        """What the fan says of the year of the peak."""
        goal = next((g.goal.year for g in self.worked.gaps if g.goal.kind == "peak"), None)
        fan = self.worked.fan
        if goal is None:
            return ""
        return self.say("scenarios.share_by", share=share(fan.by(goal)), year=goal, draws=fan.draws,
                        none=share(fan.none), last=self.scenario.assumed.horizon)  # fmt: skip

    def held(self) -> tuple[str, ...]:
        """Levers whose share came to its end on the way, with the first year."""
        first: dict[str, int] = {}
        for p in self.worked.points:
            for name in p.held:
                first.setdefault(name, p.year)
        return tuple(self.say("scenarios.held", lever=self.lever(n), year=y) for n, y in first.items())

    def goals(self) -> tuple[GoalShown, ...]:
        """Every goal in words."""
        pairs = zip(self.worked.gaps, self.worked.levers, strict=True)
        return tuple(self._goal(gap, levers) for gap, levers in pairs)

    def _goal(self, gap: Gap, levers: Sequence[Alone]) -> GoalShown:
        g = gap.goal
        mark = {"met": "met", "short": "missed", "unknown": "insufficient"}[gap.state]
        shown = tuple(self._lever(a, g) for a in levers)
        return GoalShown(
            mark, self.say(f"scenarios.goal_{g.kind}"), self._asks(g), self._reached(gap), self._gap(gap),
            self.document(g), f"/packs/{g.pack}", not g.own, shown, self._best(gap, levers),
        )  # fmt: skip

    def document(self, goal: Goal) -> str:
        """Where a goal stands."""
        try:
            return document_words(self.packs.pack(goal.pack), self.speaker)
        except UserError:
            return goal.pack

    def _asks(self, g: Goal) -> str:
        if g.kind == "peak":
            return self.say("scenarios.asks_peak", year=g.year)
        value = figure(g.value, "%", self.speaker.language)
        key = "share" if g.kind == "nonfossil_share" else "fall"
        return self.say(f"scenarios.asks_{key}", year=g.year, value=value, base=g.base_year or "")

    def _reached(self, gap: Gap) -> str:
        if gap.reached is None:
            if gap.goal.kind == "peak":
                return self.say("scenarios.not_within")
            return self.say("scenarios.base_unknown", base=gap.goal.base_year or "")
        if gap.goal.kind == "peak":
            return self.say("scenarios.in_year", year=int(gap.reached))
        return str(figure(gap.reached, "%", self.speaker.language))

    def _gap(self, gap: Gap) -> str:
        if gap.state == "met" or gap.gap is None:
            return "—"
        if gap.goal.kind == "peak":
            return self.say("scenarios.years_late", n=int(gap.gap))
        told = str(figure(gap.gap, "pp", self.speaker.language))
        if not gap.amount:
            return told
        return self.say("punctuation.aside", name=told, more=self.amount(gap.amount, gap.amount_unit))

    def _lever(self, a: Alone, goal: Goal) -> LeverShown:
        open_end = a.reach == "beyond" and a.left is None
        reach = "scenarios.reach_not_within" if open_end else f"scenarios.reach_{a.reach}"
        means = self.say(reach, left=self._left(a, goal),
                         how=self.say(f"scenarios.how_{a.how or 'none'}"))  # fmt: skip
        return LeverShown(_REACHES[a.reach], self.lever(a.lever), self.rate(a.lever, a.now),
                          self.rate(a.lever, a.needed), means)  # fmt: skip

    def _left(self, a: Alone, goal: Goal) -> str:
        if a.left is None:
            return ""
        unit = "a" if goal.kind == "peak" else "pp"
        return str(figure(a.left, unit, self.speaker.language))

    def _best(self, gap: Gap, levers: Sequence[Alone]) -> str:
        """Which lever closes the gap with the least of its range."""
        if gap.state != "short":
            return ""
        what = self.say(f"scenarios.goal_{gap.goal.kind}")
        best = next((a for a in levers if a.reach == "closes"), None)
        if best is None:
            return self.say("scenarios.none_alone", what=what)
        return self.say("scenarios.best", what=what, lever=self.lever(best.lever), now=self.rate(best.lever, best.now),
                        needed=self.rate(best.lever, best.needed))  # fmt: skip

    def origin(self) -> Origin:
        """Where the base comes from, and how sure it is."""
        o = self.scenario.origin
        facts = (
            (self.say("energy.method"), method_words(o["method"], self.speaker, self.packs, full=True)),
            (self.say("frame.confidence"), self.speaker.label(CONFIDENCE_LABELS[o["confidence"]])),
            (self.say("scenarios.seed"), str(self.scenario.seed)),
        )
        return Origin(self.say("scenarios.base_of", year=self.scenario.base.year),
                      Origin.covered([Decimal(o["coverage"])]), facts)  # fmt: skip

    def fan(self, what: str) -> Chart:
        """The path of CO2 or energy with its fan."""
        unit = shown_unit(max(getattr(p, what) for p in self.worked.points), "tCO2" if what == "co2" else "tce")
        own = "tCO2" if what == "co2" else "tce"

        def scaled(value: Decimal) -> Decimal:
            return convert(value, own, unit)

        bands = [getattr(b, what) for b in self.worked.fan.bands]
        words = unit_words(unit, self.speaker.language)
        first, last = self.worked.points[0].year, self.worked.points[-1].year
        axes = Axes(
            tuple(str(p.year) for p in self.worked.points), words, self.say(f"scenarios.fan_{what}"), words,
            places_of(unit), self.say("scenarios.year"), f"{first}–{last}",
        )  # fmt: skip
        lines = [
            Series(self.say("scenarios.path"), "reached", tuple(scaled(getattr(p, what)) for p in self.worked.points)),
            Series(self.say("scenarios.median"), "schedule", tuple(scaled(b[_MIDDLE]) for b in bands), "none"),
        ]
        spans = [
            Span(self.say("scenarios.band", share=s), css, tuple(scaled(b[n]) for b in bands),
                 tuple(scaled(b[-1 - n]) for b in bands)) for n, s, css in ((0, "80%", "output"), (1, "50%", "yearly"))
        ]  # fmt: skip
        ends = (self.say("scenarios.low"), self.say("scenarios.high"))
        return fan_chart(axes, lines, spans, ends, self.origin(), columns=self._columns() if what == "co2" else ())

    def _columns(self) -> tuple[Column, ...]:
        points = self.worked.points
        return (
            Column(self.say("scenarios.nonfossil"), tuple(share(p.nonfossil_share) for p in points)),
            Column(self.say("scenarios.industry"), tuple(share(p.industry_share) for p in points)),
        )


def beside(pair: Sequence[tuple[Read, ScenarioTeller]], speaker: Speaker) -> Chart:
    """CO2 of two scenarios in one chart, over the years that either has."""
    years = sorted({p.year for read, _ in pair for p in read.worked.points})
    unit = shown_unit(max(p.co2 for read, _ in pair for p in read.worked.points), "tCO2")
    words = unit_words(unit, speaker.language)
    lines = []
    for n, (read, _) in enumerate(pair):
        by_year = {p.year: convert(p.co2, "tCO2", unit) for p in read.worked.points}
        lines.append(Series(read.saved.title, _COLOURS[n % 2], tuple(by_year.get(y) for y in years)))
    axes = Axes(tuple(map(str, years)), words, speaker.say("scenarios.fan_co2"), words, places_of(unit),
                speaker.say("scenarios.year"), f"{years[0]}–{years[-1]}")  # fmt: skip
    return line_chart(axes, lines, zero=False)
