"""A change taken apart in words and figures of one language (因素分解的文字)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from shuangkong.app.web.energy import method_words
from shuangkong.app.web.reading import RunView
from shuangkong.app.web.rows import Subject
from shuangkong.dualcontrol.api import MovedAnswer, MovedBasis, PartMoved
from shuangkong.kernel.labels import Language
from shuangkong.kernel.units import convert
from shuangkong.webkit.api import NONE, Speaker, grouped, period_words, places_of, share, shown_unit, unit_words

ZERO = Decimal(0)
#: So many names stand in a sentence before “and more”.
NAMED = 6
_MOST_PLACES = 6


class MovedWords:
    """Words and figures of one answer; figures in one unit, so that they add up on the page."""

    def __init__(self, view: RunView, subject: Subject, answer: MovedAnswer, speaker: Speaker) -> None:
        self.view, self.subject, self.answer, self.speaker = view, subject, answer, speaker
        self.say, self.language = speaker.say, speaker.language
        self.base, self.unit, self.factor_of_unit = self._units()
        self.places = self._places()
        self.places_of_base = self.places + self._shift()

    language: Language

    # figures

    def _units(self) -> tuple[str, str, Decimal]:
        """Unit of the answer's figures, unit shown, and what the one is of the other."""
        found, what = self.answer.moved, self.answer.wish.what
        if not what.endswith("intensity"):
            base = "tCO2" if what == "co2" else "tce"
            unit = shown_unit(max(found.before, found.after), base)
            return base, unit, convert(Decimal(1), base, unit)
        basis = self.answer.basis
        if basis is not None and basis.activity == "output":
            per = self.answer.activity_unit or "t"
            small = "kgCO2" if what.startswith("co2") else "kgce"
            return f"{per}", f"{small}/{per}", Decimal(1000)
        unit = "tCO2/10k_CNY" if what.startswith("co2") else "tce/10k_CNY"
        return unit, unit, Decimal(1)

    def _shift(self) -> int:
        """How many more digits after the point the unit of the answer has than the unit shown."""
        return self.factor_of_unit.adjusted()

    def _places(self) -> int:
        """Digits after the point: those of the unit, more where the change would show fewer than two digits."""
        places = 3 if self.answer.wish.what.endswith("intensity") else places_of(self.unit)
        return _digits(self.scaled(self.answer.moved.change), places)

    def scaled(self, value: Decimal) -> Decimal:
        """A figure of the answer in the unit shown."""
        return value * self.factor_of_unit

    def amount(self, value: Decimal, *, signed: bool = False) -> str:
        """A figure of the answer without its unit."""
        return grouped(self.scaled(value), self.places, fixed=True, signed=signed)

    @property
    def unit_words(self) -> str:
        """The unit shown."""
        return unit_words(self.unit, self.language)

    def unit_of_energy(self, largest: Decimal, least: Decimal) -> tuple[str, int]:
        """Unit and digits for energy of units up to `largest`, so that a change of `least` has two digits."""
        unit = shown_unit(largest, "tce")
        return unit, _digits(convert(least, "tce", unit), places_of(unit))

    def in_unit(self, value: Decimal | None, unit: str, places: int, *, signed: bool = False) -> str:
        """Energy in tce as a figure of a unit."""
        if value is None:
            return NONE
        return grouped(convert(value, "tce", unit), places, fixed=True, signed=signed)

    def told(self, value: Decimal, unit: str, places: int, *, signed: bool = False) -> str:
        """The same with its unit."""
        return f"{self.in_unit(value, unit, places, signed=signed)}\u2009{unit_words(unit, self.language)}"

    # names

    def name(self, part: str) -> str:
        """A region or unit by its name, a sector by its word."""
        found = self.view.subjects.get(part)
        if found is not None:
            return self.speaker.label(found.label)
        return {"industry": self.say("moved.industry"), "other": self.say("moved.other")}.get(part, part)

    def code(self, part: str) -> str:
        """What parts are ordered by in a sentence: the code that people know."""
        found = self.view.subjects.get(part)
        return found.code if found is not None and found.code else part

    def href(self, part: str) -> str:
        """The page that says why a part moved; empty for a sector and for the place itself."""
        found = self.view.subjects.get(part)
        if found is None or part == self.subject.id:
            return ""
        wish = self.answer.wish
        return f"{found.href}/moved?what={wish.what}&from={wish.start}&to={wish.end}"

    def fuel(self, item: str) -> str:
        """A carrier, or a kind of fuel, by its name."""
        carrier = self.view.packs.carriers.get(item)
        if carrier is not None:
            return self.speaker.label(carrier.label.label)
        return self.say(f"part.{item}") if self.speaker.has(f"part.{item}") else item

    def some(self, names: Sequence[str]) -> str:
        """Names one after the other, the first few of many."""
        listed = self.say("punctuation.list").join(names[:NAMED])
        return listed + self.say("moved.and_more", n=len(names)) if len(names) > NAMED else listed

    @property
    def by_output(self) -> bool:
        """Whether activity is output, not value."""
        return self.answer.basis is not None and self.answer.basis.activity == "output"

    def factor(self, name: str) -> str:
        """A factor by its name; of output, structure is who makes it."""
        if self.by_output and self.speaker.has(f"moved.output_{name}"):
            return self.say(f"moved.output_{name}")
        return self.say(f"moved.factor_{name}")

    def means(self, name: str) -> str:
        """What a factor is, in a line."""
        if self.by_output and self.speaker.has(f"moved.means_output_{name}"):
            return self.say(f"moved.means_output_{name}")
        kinds = "_kinds" if name == "factor" and self.answer.fuels == "kinds" else ""
        return self.say(f"moved.means_{name}{kinds}")

    @property
    def kept_factors(self) -> tuple[str, ...]:
        """The factors told of; structure is nothing where there is one part alone."""
        alone = self.answer.basis is not None and self.answer.basis.by == "self"
        return tuple(f for f in self.answer.moved.factors if not (alone and f == "structure"))

    @property
    def has_rest(self) -> bool:
        """Whether anything is not broken down."""
        return self.answer.moved.rest_ends != (ZERO, ZERO)

    @property
    def what(self) -> str:
        """What moved, with its sector where it is one's."""
        name = self.say(f"moved.what_{self.answer.wish.what}")
        basis = self.answer.basis
        if basis is None or basis.energy == "energy":
            return name
        return self.say("moved.of_industry", what=name)

    def basis(self, basis: MovedBasis) -> str:
        """How it is broken down, in a line."""
        year = basis.price.removeprefix("constant:")
        base = self.say("moved.constant", year=year) if basis.price.startswith("constant:") else basis.price
        by = self.say(f"moved.by_{basis.by}")
        return f"{by} · {self.say(f'moved.with_{basis.activity}', base=base)}"

    def methods(self) -> list[tuple[str, str]]:
        """The methods that can be chosen, in full where they would else read alike."""
        short = {m: method_words(m, self.speaker, self.view.packs) for m in self.answer.methods}
        full = len(set(short.values())) < len(short)
        return [(m, method_words(m, self.speaker, self.view.packs, full=full)) for m in short]

    def reason(self, code: str) -> str:
        """Why something could not be compared, or what is needed."""
        if self.speaker.has(f"moved.need_{code}"):
            return self.say(f"moved.need_{code}")
        return self.say(f"moved.reason_{code}")

    # sentences

    def insufficient(self) -> str:
        """What is lacking."""
        needs = self.say("punctuation.comma").join(self.reason(n) for n in self.answer.moved.needs)
        return self.say("moved.insufficient", needs=needs)

    def sentence(self, before: Decimal, after: Decimal, named: Sequence[tuple[str, Decimal]]) -> str:
        """The change and what each factor did to it, in figures that add up."""
        wish, change = self.answer.wish, after - before
        start, end = (period_words(p, self.language) for p in (wish.start, wish.end))
        who = self.speaker.label(self.subject.label)
        if not change:
            return self.say("moved.same", who=who, what=self.what, start=start, end=end)
        moved = self.say("moved.rose") if change > 0 else self.say("moved.fell")
        percent = share(change / before) if before else NONE
        effects = self.say("punctuation.comma").join(f"{n} {self.amount(e, signed=True)}" for n, e in named)
        amount = f"{self.amount(abs(change))}\u2009{self.unit_words}"
        return self.say(
            "moved.sentence", who=who, what=self.what, start=start, end=end, moved=moved, amount=amount,
            percent=f"+{percent}" if change > 0 and before else percent, effects=effects,
        )  # fmt: skip

    def largest(self) -> str:
        """The part that moved the figure most."""
        found = self.answer.moved
        if len(found.parts) < 2:
            return ""
        p = found.parts[0]
        named = zip(found.factors, p.effects, strict=True)
        effects = self.say("punctuation.comma").join(
            f"{self.factor(f)} {self.amount(e, signed=True)}" for f, e in named if f in self.kept_factors
        )
        amount = f"{self.amount(p.change, signed=True)}\u2009{self.unit_words}"
        return self.say("moved.largest", who=self.name(p.id), amount=amount, effects=effects)

    def part_note(self, p: PartMoved) -> str:
        """What is to be known of one part."""
        if p.zeros:
            return self.say("moved.note_zero", factors=self.say("punctuation.list").join(map(self.factor, p.zeros)))
        return self.say("moved.note_near") if p.id in self.answer.nearly else ""

    def notes(self) -> Iterator[str]:
        """What a reader must know before using the figures, the gravest first."""
        a, found, basis = self.answer, self.answer.moved, self.answer.basis
        if basis is None:
            return
        if basis.nominal:
            yield self.say("moved.note_nominal")
        if a.confidence == "unofficial":
            yield self.say("moved.note_unofficial")
        if basis.energy == "energy_industry":
            yield self.say("moved.note_industry")
        if not found.own and basis.by != "self":
            who = self.speaker.label(self.subject.label)
            yield self.say("moved.note_no_own", who=who, n=len(found.parts))
        if self.has_rest:
            yield self.say("moved.note_covered", before=share(found.covered[0]), after=share(found.covered[1]))
        if any(x is not None and x != 1 for x in found.fuelled):
            fuels = self.some([self.fuel(f) for f in sorted({x.fuel for x in found.left_out if x.fuel})])
            yield self.say(
                "moved.note_fuelled", before=share(found.fuelled[0]), after=share(found.fuelled[1]), fuels=fuels
            )  # fmt: skip
        yield from self._returns()
        zeros = [self.name(i) for i in sorted((p.id for p in found.parts if p.zeros), key=self.code)]
        if zeros:
            yield self.say("moved.note_zeros", who=self.some(zeros))
        if basis.by == "sectors":
            yield self.say("moved.note_other")
        if a.wish.what.endswith("intensity") and basis.activity != "output":
            yield self.say("moved.note_gross")
        if basis.by == "units":
            yield self.say("moved.note_output")
        yield self.say("moved.note_rounding")

    def _returns(self) -> Iterator[str]:
        """Coverage where returns are missing."""
        before, after = self.answer.coverage
        if before is None or after is None or (before == 1 and after == 1):
            return
        who = self.some([self.name(n) for n in self.answer.nearly])
        if who:
            yield self.say("moved.note_returns", before=_fine(before), after=_fine(after), who=who,
                           least=share(self.answer.least))  # fmt: skip
        else:
            yield self.say("moved.note_coverage", before=_fine(before), after=_fine(after))


def _digits(change: Decimal, places: int) -> int:
    """So many digits after the point that a change shows two, six at most."""
    while change and places < _MOST_PLACES and abs(change) < Decimal(10).scaleb(-places):
        places += 1
    return places


def _fine(value: Decimal) -> str:
    """A coverage in per cent that is never shown as whole where it is not."""
    return f"{grouped((value * 100).quantize(Decimal('0.01'), rounding='ROUND_FLOOR'), 2)}%"
