"""What the page of a decomposition shows (分解结果展示): bars, each rate's reason in words, methods side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from shuangkong.dualcontrol.api import (
    CRITERIA,
    Clash,
    Fairness,
    Outcome,
    Plan,
    PlanPart,
    Share,
    SharedOut,
    YearClosing,
    YearShare,
    bounds_of,
    figure_of,
    mean_of,
    years_of,
)
from shuangkong.kernel.numbers import quantise
from shuangkong.kernel.units import convert
from shuangkong.webkit.api import Speaker, figure, grouped

#: Width of a bar in its drawing; a rate of `_FULL` per cent or the highest bound fills it.
WIDTH = 160
_LARGE = Decimal(100_000)
UNITS = {
    "productivity": "10k_CNY/tce", "development": "10k_CNY", "structure": "%", "potential": "%", "past_effort": "%",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Moved:
    """What one criterion did to a part: its figure, the mean it was held against, and the points it added."""

    criterion: str
    figure: Decimal | None
    mean: Decimal | None
    points: Decimal | None


@dataclass(frozen=True, slots=True)
class Line:
    """One part: its share, its incentive share, places of its bar (0 to WIDTH), and what moved it."""

    part: PlanPart
    share: Share
    incentive: Share | None
    low: Decimal
    high: Decimal
    bar: Decimal
    low_at: Decimal
    high_at: Decimal
    incentive_at: Decimal | None
    wished_at: Decimal
    moved: tuple[Moved, ...]
    sentence: str

    @property
    def most(self) -> Decimal:
        """What it may use in the last year with its listed projects, in tce."""
        return self.share.allowed + self.share.apart


@dataclass(frozen=True, slots=True)
class MethodLine:
    """One part under every method: its rates in their order, None where the method does not close."""

    part: PlanPart
    rates: tuple[Decimal | None, ...]


def lines(plan: Plan, found: Outcome, speaker: Speaker, first: int = 0, most: int = 200) -> list[Line]:
    """The parts of an outcome that closes, from the `first`, at most `most`; none where it clashes."""
    if not isinstance(found.base, SharedOut):
        return []
    more = {s.id: s for s in found.incentive.shares} if isinstance(found.incentive, SharedOut) else {}
    means = {c: mean_of(plan, c) for c in CRITERIA}
    full = max([plan.rate, *(bounds_of(plan, p)[1] for p in plan.parts), *(s.rate for s in more.values())])
    shift = found.base.shift
    rows = zip(plan.parts, found.base.shares, strict=True)
    return [
        _line(plan, found, p, s, more.get(s.id), means, full, shift, speaker)
        for n, (p, s) in enumerate(rows) if first <= n < first + most
    ]  # fmt: skip


def _line(
    plan: Plan, found: Outcome, part: PlanPart, share: Share, incentive: Share | None,
    means: Mapping[str, Decimal | None], full: Decimal, shift: Decimal, speaker: Speaker,
) -> Line:  # fmt: skip
    low, high = bounds_of(plan, part)
    own = found.method == "criteria"
    moved = tuple(
        Moved(c, figure_of(part, c), means[c], share.moved.get(c)) for c in CRITERIA if own and plan.weights.get(c)
    )
    return Line(
        part, share, incentive, low, high, _at(share.rate, full), _at(low, full), _at(high, full),
        None if incentive is None else _at(incentive.rate, full), _at(share.wished, full), moved,
        sentence(plan, found, part, share, shift, moved, speaker),
    )  # fmt: skip


def sentence(
    plan: Plan, found: Outcome, part: PlanPart, share: Share, shift: Decimal, moved: Sequence[Moved], speaker: Speaker
) -> str:  # fmt: skip
    """Why a part has its rate: where it starts, what its criteria add, the shift that closes the energy, rounding."""
    say = speaker.say
    start = plan.rate + plan.margin
    told = [say("sharing.why_start", rate=short(start), method=say(f"sharing_method.{found.method}"))]
    for m in sorted((m for m in moved if m.points), key=lambda m: (-abs(m.points or Decimal(0)), m.criterion)):
        above = (m.figure or 0) > (m.mean or 0)
        told.append(say(
            "sharing.why_above" if above else "sharing.why_below", name=say(f"sharing_criterion.{m.criterion}"),
            figure=amount(m.figure, UNITS[m.criterion], speaker), mean=amount(m.mean, UNITS[m.criterion], speaker),
            points=signed(m.points),
        ))  # fmt: skip
    lacking = [say(f"sharing_criterion.{c}") for c in share.missing if plan.weights.get(c) and moved]
    if lacking:
        told.append(say("sharing.why_missing", names=say("sharing.and").join(lacking)))
    if found.method != "criteria":
        told.append(say("sharing.why_wish", rate=short(share.wished)))
    told.append(say("sharing.why_shift", points=signed(shift)))
    if share.held:
        low, high = bounds_of(plan, part)
        told.append(say(f"sharing.why_{share.held}", bound=short(low if share.held == "low" else high)))
    told.append(say("sharing.why_end", solved=short(share.solved), rate=short(share.rate), step=short(plan.step)))
    return say("sharing.stop").join(told) + say("sharing.full_stop")


def methods(plan: Plan, found: Sequence[Outcome], first: int = 0, most: int = 200) -> list[MethodLine]:
    """The rates of each part under every method."""
    rates = [None if isinstance(o.base, Clash) else [s.rate for s in o.base.shares] for o in found]
    return [
        MethodLine(p, tuple(None if r is None else r[n] for r in rates))
        for n, p in enumerate(plan.parts) if first <= n < first + most
    ]  # fmt: skip


def course(plan: Plan) -> tuple[YearShare, ...]:
    """The years of the whole, with the margin in its rate."""
    return years_of(plan, plan.energy, plan.growth, plan.rate + plan.margin)


def year_told(plan: Plan, one: YearClosing, speaker: Speaker) -> str:
    """A year that does not close in words: the tonnes missing, and what closes it; nothing of a year that does."""
    if one.missing is None:
        return ""
    say, missing = speaker.say, exact(one.missing)
    clash = say("sharing.year_clash", year=one.year, missing=missing)
    if one.closing_shift is not None:
        shift = say("sharing.year_by_shift", points=grouped(one.closing_shift, 3, signed=True))
    else:
        shift = say("sharing.year_no_shift", most=short(plan.elasticity))
    later = say("sharing.year_later", missing=missing) if one.later else say("sharing.year_not_later")
    return say("sharing.year_told", clash=clash, shift=shift, later=later)


def years_short(years: Sequence[YearClosing], speaker: Speaker) -> str:
    """The years that do not close, in one line; empty where all do."""
    return speaker.say("sharing.and").join(str(y.year) for y in years if y.missing is not None)


def short(value: Decimal | None) -> str:
    """A rate or points with the digits that say something, at most three."""
    return "—" if value is None else grouped(value, 3)


def signed(value: Decimal | None) -> str:
    """Points with their sign, to two places."""
    return "—" if value is None else grouped(value, 2, signed=True)


def amount(value: Decimal | None, unit: str, speaker: Speaker) -> str:
    """A figure with its unit, in the size that reads well."""
    if value is None:
        return "—"
    if unit in ("10k_CNY/tce", "10k_CNY", "%"):
        text = grouped(value, 2)
        return f"{text}%" if unit == "%" else f"{text} {speaker.say('sharing_unit.' + unit.replace('/', '_'))}"
    return str(figure(value, unit, speaker.language))


def size_of(plan: Plan) -> str:
    """The unit that the amounts of a plan are shown in: tce, or 10⁴ tce where the whole uses more than that."""
    return "10k_tce" if plan.energy >= _LARGE else "tce"


def sized(value: Decimal, unit: str) -> str:
    """An amount in tce as it stands in a column of that unit, to two places."""
    return grouped(convert(value, "tce", unit), 2, fixed=unit != "tce")


def exact(value: Decimal) -> str:
    """All digits of an amount in tce, grouped; noughts at the end are kept, so that both sides can be added up."""
    return grouped(value, 6, fixed=True)


def fairness_rows(found: Sequence[Outcome], names: Mapping[str, str], kind: str) -> list[dict[str, str]]:
    """Measures of evenness of each method as texts: mean, least and most with who bears them, spread, Gini, Theil."""
    rows = []
    for one in found:
        fair: Fairness | None = one.by_energy if kind == "energy" else one.by_output
        if fair is None:
            continue
        scale = Decimal(1000)  # kgce saved per tce of energy, or per 10⁴ yuan
        rows.append({
            "method": one.method, "mean": grouped(quantise(fair.mean * scale, 2), 2),
            "least": grouped(fair.least[1] * scale, 2), "least_who": names.get(fair.least[0], fair.least[0]),
            "most": grouped(fair.most[1] * scale, 2), "most_who": names.get(fair.most[0], fair.most[0]),
            "spread": grouped(fair.spread * scale, 2), "gini": short_index(fair.gini), "theil": short_index(fair.theil),
        })  # fmt: skip
    return rows


def short_index(value: Decimal | None) -> str:
    """An index of evenness to four places; a dash where it has no meaning."""
    return "—" if value is None else grouped(value, 4, fixed=True)


def _at(rate: Decimal, full: Decimal) -> Decimal:
    return quantise(max(Decimal(0), min(rate, full)) * WIDTH / full, 1) if full else Decimal(0)
