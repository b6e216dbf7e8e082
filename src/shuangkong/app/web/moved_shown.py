"""A change taken apart as its page shows it (因素分解的展示): sentence, waterfall, parts, industries, movers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from shuangkong.app.web.energy import confidence_words, method_words
from shuangkong.app.web.moved_words import MovedWords
from shuangkong.app.web.reading import RunView
from shuangkong.app.web.rows import Subject
from shuangkong.app.web.units_list import industry_name
from shuangkong.dualcontrol.api import Moved, MovedAnswer, Mover, PartMoved, grouped_parts, shown_effects
from shuangkong.webkit.api import Axes, Chart, Origin, Speaker, Step, period_words, share, unit_words, waterfall

#: So many units are listed one by one, and so many names in a sentence.
LISTED = 15
NAMED = 6
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a table: a name with its page, and figures as texts."""

    name: str
    href: str
    before: str
    after: str
    change: str
    effects: tuple[str, ...] = ()
    note: str = ""
    css: str = ""


@dataclass(frozen=True, slots=True)
class FactorLine:
    """What one factor did: name, meaning, amount, and the ratio of the multiplicative form."""

    name: str
    means: str
    amount: str
    ratio: str


@dataclass(frozen=True, slots=True)
class Left:
    """Parts that could not be compared for one reason."""

    reason: str
    names: str


@dataclass(frozen=True)
class Shown:
    """Everything the page shows of an answer; without `chart` it says in `sentence` what is lacking."""

    answer: MovedAnswer
    words: MovedWords
    sentence: str
    largest: str = ""
    chart: Chart | None = None
    factors: tuple[FactorLine, ...] = ()
    heads: tuple[str, ...] = ()
    parts: tuple[Line, ...] = ()
    industries: tuple[Line, ...] = ()
    left: tuple[Left, ...] = ()
    notes: tuple[str, ...] = ()
    unit: str = ""
    top: PartMoved | None = None


def shown(view: RunView, subject: Subject, answer: MovedAnswer, speaker: Speaker) -> Shown:
    """The page of an answer."""
    words = MovedWords(view, subject, answer, speaker)
    found = answer.moved
    left = tuple(_left(words, found))
    if found.state == "insufficient":
        return Shown(answer, words, words.insufficient(), left=left)
    before, after, effects = shown_effects(found, words.places_of_base)
    kept = words.kept_factors
    named = [(words.factor(f), e) for f, e in zip(found.factors, effects, strict=False) if f in kept]
    if words.has_rest:
        named.append((words.say("moved.rest"), effects[-1]))
    chart = _chart(words, before, after, named)
    heads = tuple(words.factor(f) for f in found.factors if f in kept)
    parts = tuple(_parts(words, (before, after, effects)))
    return Shown(
        answer, words, words.sentence(before, after, named), words.largest(), chart, tuple(_factors(words, effects)),
        heads, parts, tuple(_industries(view, words)), left, tuple(words.notes()), words.unit_words,
        found.parts[0] if len(found.parts) > 1 else None,
    )  # fmt: skip


def _chart(words: MovedWords, before: Decimal, after: Decimal, named: Sequence[tuple[str, Decimal]]) -> Chart:
    say, wish = words.say, words.answer.wish
    start, end = (period_words(p, words.language) for p in (wish.start, wish.end))
    steps = [
        Step(start, words.scaled(before), True), *(Step(name, words.scaled(e)) for name, e in named),
        Step(end, words.scaled(after), True),
    ]  # fmt: skip
    axes = Axes(
        tuple(s.label for s in steps), words.unit_words, words.what, words.unit_words, words.places, say("moved.why"),
        f"{start} → {end}",
    )  # fmt: skip
    facts = [(say("energy.method"), method_words(wish.method, words.speaker, words.view.packs, full=True))]
    facts.append((say("moved.basis"), words.basis(words.answer.basis) if words.answer.basis else ""))
    facts.append((say("frame.confidence"), confidence_words([words.answer.confidence], words.speaker)))
    origin = Origin(say("chart.books"), Origin.covered(words.answer.coverage), tuple(facts))
    return waterfall(axes, steps, (say("moved.change"), say("moved.leads_to")), origin, cut=say("moved.cut"))


def _factors(words: MovedWords, effects: Sequence[Decimal]) -> Iterable[FactorLine]:
    found = words.answer.moved
    for name, effect, ratio in zip(found.factors, effects, found.ratios, strict=False):
        if name in words.kept_factors:
            yield FactorLine(words.factor(name), words.means(name), words.amount(effect, signed=True), _ratio(ratio))
    if words.has_rest:
        rest = words.say("moved.rest"), words.say("moved.means_rest")
        yield FactorLine(*rest, words.amount(effects[-1], signed=True), _ratio(found.rest_ratio))


def _ratio(value: Decimal | None) -> str:
    return "—" if value is None else f"×{value:.4f}"


def _line(words: MovedWords, p: PartMoved, name: str, href: str = "", note: str = "", css: str = "") -> Line:
    kept = [e for f, e in zip(words.answer.moved.factors, p.effects, strict=True) if f in words.kept_factors]
    return Line(
        name, href, words.amount(p.before), words.amount(p.after), words.amount(p.change, signed=True),
        tuple(words.amount(e, signed=True) for e in kept), note, css,
    )  # fmt: skip


def _parts(words: MovedWords, closed: tuple[Decimal, Decimal, tuple[Decimal, ...]]) -> Iterable[Line]:
    """The parts, those that moved most first; then all of them, what is not broken down, and the whole.

    closed: levels and effects as they are shown, so that the last lines say what the sentence says.
    """
    found, (before, after, effects) = words.answer.moved, closed
    blank = tuple("" for f in found.factors if f in words.kept_factors)
    for p in found.parts:
        yield _line(words, p, words.name(p.id), words.href(p.id), words.part_note(p))
    if len(found.parts) > 1 or words.has_rest:
        held = (before - found.rest_ends[0], after - found.rest_ends[1])
        every = PartMoved("", *(held if words.has_rest else (before, after)), effects[:-1])
        yield _line(words, every, words.say("moved.all_compared"), css="sum")
    if words.has_rest:
        low, high = (words.amount(x) for x in found.rest_ends)
        yield Line(words.say("moved.rest"), "", low, high, words.amount(effects[-1], signed=True), blank, css="kept")
        said = (words.amount(before), words.amount(after), words.amount(after - before, signed=True))
        yield Line(words.say("moved.own_whole"), "", *said, blank, css="sum")


def _industries(view: RunView, words: MovedWords) -> Iterable[Line]:
    """Effects summed by division of GB/T 4754 (two digits); of units alone."""
    basis = words.answer.basis
    if basis is None or basis.by != "units":
        return
    group: dict[str, str] = {}
    for p in words.answer.moved.parts:
        unit = view.subjects.get(p.id)
        group[p.id] = f"{unit.industry[:2]}|{unit.industry_edition}" if unit and unit.industry else ""
    for p in grouped_parts(words.answer.moved, group):
        code, _, edition = p.id.partition("|")
        name = f"{code} {industry_name(code, edition)}" if code else words.say("moved.unknown_industry")
        yield _line(words, p, name)


def _left(words: MovedWords, found: Moved) -> Iterable[Left]:
    """What could not be compared, by reason; of fuels by the fuel."""
    wholes: dict[str, list[str]] = {}
    fuels: dict[tuple[str, str], list[str]] = {}
    for x in sorted(found.left_out, key=lambda x: words.code(x.id)):
        if x.fuel:
            fuels.setdefault((x.reason, x.fuel), []).append(words.name(x.id))
        else:
            wholes.setdefault(x.reason, []).append(words.name(x.id))
    for reason, names in wholes.items():
        yield Left(words.reason(reason), words.some(names))
    for (reason, fuel), names in fuels.items():
        every = len(names) > 1 and len(names) >= len(found.parts)
        who = words.say("moved.all_parts") if every else words.some(names)
        yield Left(words.reason(reason), words.say("moved.fuels_of", who=who, fuels=words.fuel(fuel)))


@dataclass(frozen=True)
class MoversShown:
    """Units by how much their energy moved, with the running share of all movement; the others in a line."""

    lines: tuple[Line, ...]
    running: tuple[str, ...]
    rest: str
    missing: tuple[Left, ...]
    unit: str


def movers_shown(words: MovedWords, found: Sequence[Mover], names: Mapping[str, Subject]) -> MoversShown | None:
    """The list of units; None where the reader sees none that moved."""
    known = [m for m in found if m.change is not None]
    if not known:
        return None
    every = sum((abs(m.change or ZERO) for m in known), ZERO)
    unit, places = words.unit_of_energy(max(m.after or ZERO for m in known), abs(known[:LISTED][-1].change or ZERO))
    lines, running, so_far = [], [], ZERO
    for m in known[:LISTED]:
        so_far += abs(m.change or ZERO)
        running.append(share(so_far / every if every else None))
        lines.append(Line(
            words.name(m.unit), names[m.unit].href if m.unit in names else "", words.in_unit(m.before, unit, places),
            words.in_unit(m.after, unit, places), words.in_unit(m.change, unit, places, signed=True),
        ))  # fmt: skip
    others = known[LISTED:]
    left = sum((m.change or ZERO for m in others), ZERO)
    rest = (
        words.say("moved.more_movers", n=len(others), amount=words.told(left, unit, places, signed=True))
        if others else ""
    )  # fmt: skip
    missing: dict[str, list[str]] = {}
    for m in found:
        if m.change is None:
            missing.setdefault(m.state, []).append(words.name(m.unit))
    gone = tuple(Left(words.reason(r), words.some(who)) for r, who in missing.items())
    return MoversShown(tuple(lines), tuple(running), rest, gone, unit_words(unit, words.language))
