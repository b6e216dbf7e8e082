"""What a lamp and its row say in words (预警的话): the figure, what the year asks by then, the grade, what follows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from shuangkong.app.web.board import RED, Cell, Lamp, named_test, what_label
from shuangkong.app.web.board_reading import Ground
from shuangkong.app.web.consequences import consequence
from shuangkong.app.web.energy import method_words
from shuangkong.app.web.reading import Row, RunView
from shuangkong.app.web.sentences import Teller, anchor
from shuangkong.dualcontrol.api import GRADES, STANDINGS, STATES, WHATS
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Label
from shuangkong.kernel.units import convert
from shuangkong.policy.api import InputEntry, Pack
from shuangkong.webkit.api import (
    NONE,
    Speaker,
    figure,
    grouped,
    period_words,
    places_of,
    share,
    shown_unit,
    unit_words,
)

#: What is missing of a sum or indicator in a period, and a text in both languages, English first.
_NEED = re.compile(r"(?P<name>[a-z][a-z0-9_]*) (?P<period>\d{4}(?:-\d{2}|YTD\d{2})?)(?:: (?P<rest>.+))?")
_BOTH = re.compile(r"(?P<en>.*?) ?(?P<zh>(?:\d+ ?)?[\u4e00-\u9fff].*)")

#: A share below this would be written as nought.
_LEAST = Decimal("0.0005")
#: The largest share that is not written as the whole.
_ALMOST = Decimal("0.999")
_CODE = re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)+")


def handed_in(reported: Decimal | None) -> str:
    """The share that was handed in, of what is partly estimated: rounding never makes it the whole."""
    return share(None if reported is None else min(reported, _ALMOST))


@dataclass(frozen=True, slots=True)
class Basis:
    """One way in which late returns were estimated: of which year, its name, how many returns, and their amount."""

    side: str
    name: str
    returns: int
    amount: Decimal | None


@dataclass(frozen=True, slots=True)
class CutOff:
    """The table that graded: where it stands, whose it is, its row, and what the pack says of its origin."""

    pack: Pack
    table: str
    row: str
    label: Label
    href: str


class BoardTeller:
    """Words of one language about rows of WATCH_MONTHS, WATCH_YEARS and WATCH_MEASURES of one run."""

    def __init__(self, view: RunView, speaker: Speaker) -> None:
        self.view = view
        self.speaker = speaker
        self.tell = Teller(view, speaker)

    def what(self, what: str) -> str:
        """The name of what is watched."""
        return self.speaker.label(what_label(what))

    def test(self, test: str) -> str:
        """The name of a test."""
        return self.speaker.label(named_test(test))

    def named(self, what: str, test: str) -> str:
        """What is watched, its test in brackets: 能耗强度（规模以上工业，月度）. That of a total is left unsaid."""
        if test in ("", "total"):
            return self.what(what)
        by = self.test(test).replace("（", self.speaker.say("punctuation.comma")).replace("）", "")
        return self.speaker.say("punctuation.aside", name=self.what(what), more=by)

    def method(self, method: str) -> str:
        """How energy was accounted for, with documents by their number; a dash where nothing says."""
        return method_words(method, self.speaker, self.view.packs, full=True) if method else NONE

    def letter(self, grade: int) -> str:
        """A grade in one sign: 红, R."""
        label = GRADES[grade]
        return label.zh[0] if self.speaker.language == "zh" else (label.en or label.zh)[0].upper()

    def grades(self, grades: Iterable[int]) -> str:
        """Several grades in words: red or amber."""
        return self.speaker.say("punctuation.or").join(self.grade(g) for g in grades)

    def state(self, state: str) -> Label:
        """The name of a state."""
        return STATES.get(state, Label(state, state))

    def grade(self, grade: int | None) -> str:
        """A grade in words."""
        return self.speaker.label(GRADES[grade]) if grade else self.speaker.say("board.no_grade")

    def lamp(self, lamp: Lamp) -> str:
        """A lamp in words: what, its grade, what it rests on, months in a row."""
        say = self.speaker.say
        named = say("board.lamp_of", what=self.what(lamp.what), grade=self.speaker.label(lamp.label))
        parts: list[str] = []
        if lamp.hollow:
            parts.append(say("board.lamp_estimate", share=handed_in(lamp.reported)))
        if lamp.others:
            parts.append(say("board.lamp_others", grades=self.grades(lamp.others)))
        if lamp.streak and lamp.grade == RED and (lamp.streak > 1 or lamp.at_least):
            counted = say("board.at_least", n=lamp.streak) if lamp.at_least else say("board.in_row", n=lamp.streak)
            parts.append(counted)
        if lamp.flexed:
            parts.append(say("board.lamp_flexed", standing=self.speaker.label(STANDINGS[lamp.flexed])))
        more = say("punctuation.list").join(parts)
        return say("board.lamp_more", lamp=named, more=more) if more else named

    def lamps(self, lamps: Iterable[Lamp]) -> str:
        """Several lamps in words."""
        return self.speaker.say("punctuation.comma").join(self.lamp(x) for x in lamps)

    def cell(self, cell: Cell) -> str:
        """A whole cell in words, for who does not see the lamps."""
        say = self.speaker.say
        lamps = [self.lamp(x) for x in cell.computed if x.row is not None]
        lamps += [say("board.lamp_published", lamp=self.lamp(x)) for x in cell.published]
        told = say("punctuation.semicolon").join(lamps) or say("board.nothing")
        return say("board.cell", who=self.tell.who(cell.subject.id), when=self.when(cell.period), told=told)

    def when(self, key: str) -> str:
        """A period in words."""
        return period_words(key, self.speaker.language)

    def short(self, key: str) -> tuple[str, str]:
        """The head of a column: the year, and the month, quarter or half of it."""
        words, year = self.when(key), key[:4]
        if self.speaker.language == "zh":
            return year, words.removeprefix(f"{year}年") or words
        return year, words.removesuffix(year).removesuffix(" of ").strip() or words

    def amount(self, value: Decimal | None, unit: str, fixed: bool = False) -> str:
        """A figure with its unit; `fixed` keeps closing noughts, so that digits in a column stand under one another."""
        return str(figure(value, unit, self.speaker.language, fixed=fixed))

    def unit_of(self, row: Row) -> str:
        """The unit in which all figures of a nowcast are shown: the larger one where the largest of them is large."""
        return unit_words(_shown(row), self.speaker.language)

    def digits(self, row: Row, column: str) -> str:
        """A figure of a nowcast in the unit of its row; closing noughts are kept where it was worked out."""
        if row[column] is None:
            return NONE
        shown = _shown(row)
        value = convert(row[column], row["unit"], shown)
        return grouped(value, places_of(shown), fixed=column not in ("required", "incentive"))

    def moved(self, value: Decimal | None, unit: str, fixed: bool = False) -> str:
        """A change in % as a fall or a rise; an amount as it is; `fixed` as in `amount`."""
        if value is None:
            return self.speaker.say("sentence.no_value")
        if unit != "%":
            return self.amount(value, unit, fixed)
        worded = "sentence.fell" if value < 0 else "sentence.rose"
        return self.speaker.say(worded, value=self.amount(abs(value), unit, fixed))

    def interval(self, row: Row, fixed: bool = False) -> str:
        """The interval of an estimate; empty where nothing is estimated."""
        if row["low"] is None or row["high"] is None or row["low"] == row["high"]:
            return ""
        low, high = (self.moved(row[end], row["unit"], fixed) for end in ("low", "high"))
        return self.speaker.say("board.interval", low=low, high=high)

    def sentence(self, row: Row) -> str:
        """A row of WATCH_MONTHS as one sentence."""
        say = self.speaker.say
        facts = {"who": self.tell.who(row["subject_id"]), "when": self.upto(row),
                 "what": self.named(row["what"], row["test"])}  # fmt: skip
        if row["value"] is None and row["grade"] is None:
            return say("board.tell_open", **facts, why=self.why_open(row))
        told = say("board.tell", **facts, has=self.moved(row["value"], row["unit"]), interval=self.interval(row))
        if row["value"] is None:
            told = say("board.tell_both", **facts)
        if row["required"] is not None:
            told += say("board.tell_asks", asks=self.moved(row["required"], row["unit"]))
        told += say("board.tell_grade", grade=self.grade(row["grade"])) if row["grade"] else say("board.tell_no_grade")
        return told

    def upto(self, row: Row) -> str:
        """From January to the month of a row, in words."""
        month = row["period_key"]
        if row["period_kind"] == "month":
            year, number = month.split("-")
            return period_words(f"{year}YTD{number}", self.speaker.language)
        return self.when(month)

    def why_open(self, row: Row) -> str:
        """Why a row has no grade, with what is missing."""
        say = self.speaker.say
        state = self.speaker.label(STATES.get(row["state"], Label(row["state"], row["state"])))
        return say("board.open_needs", state=state, needs=self.needs(row)) if row["needs"] else state

    def needs(self, row: Mapping[str, object]) -> str:
        """What is wanting, in one language: the tables say it in both."""
        parts = [p.strip() for p in str(row["needs"] or "").split("; ") if p.strip()]
        return self.speaker.say("punctuation.semicolon").join(dict.fromkeys(self._need(p) for p in parts))

    def _need(self, text: str) -> str:
        found = _NEED.fullmatch(text)
        if found is None:
            return self._side(text)
        named = " ".join(p for p in (self.measure(found["name"]), self.when(found["period"])) if p)
        rest = self._side(found["rest"] or "")
        return self.speaker.say("punctuation.pair", name=named, value=rest) if rest else named

    def _side(self, text: str) -> str:
        """The half of a text in two languages that is this page's: English first, then Chinese."""
        halves = _BOTH.fullmatch(text)
        if halves is None:
            return self.measure(text)
        if self.speaker.language == "zh":
            return halves["zh"]
        return _CODE.sub(lambda m: self.measure(m[0]), halves["en"].rstrip(" :"))

    def measure(self, name: str) -> str:
        """The name of a sum or indicator; a text that is neither as it stands."""
        for key in (f"measure.{name}", f"watch_need.{name}"):
            if self.speaker.has(key):
                return self.speaker.say(key)
        if name in WHATS:
            return self.what(name)
        return self.speaker.label(self.view.indicator_label(name)) if name else ""

    def lacking(self, measure: Mapping[str, object]) -> str:
        """The inputs that a table of consequences lacks, by their labels."""
        names = [p.strip() for p in str(measure["needs"] or "").split(",") if p.strip()]
        labels = {i.name: self.speaker.label(i.label.label) for i in self._inputs(measure)}
        return self.speaker.say("punctuation.list").join(labels.get(n, n) for n in names)

    def _inputs(self, measure: Mapping[str, object]) -> Sequence[InputEntry]:
        """What the table of a consequence reads; nothing where the run's packs do not have it."""
        try:
            return self.view.packs.table(str(measure["pack_key"]), str(measure["table_id"])).inputs
        except UserError:
            return ()

    def bases(self, row: Mapping[str, object]) -> list[Basis]:
        """What stood in for late returns, this year's before last year's, the largest amount first."""
        told = json.loads(str(row["how"])) if row["how"] else {}
        found = [
            Basis(
                self.speaker.say(f"board.side_{side}"),
                self.speaker.say(f"watch_basis.{name}") if self.speaker.has(f"watch_basis.{name}") else name,
                int(facts.get("returns", 0)), _decimal(facts.get("amount")),
            )
            for side in ("now", "before") for name, facts in told.get(side, {}).items()
        ]  # fmt: skip
        return sorted(
            found, key=lambda b: (b.side != self.speaker.say("board.side_now"), -(b.amount or Decimal(0)), b.name)
        )

    def estimated(self, row: Mapping[str, Any]) -> str:
        """The share that is estimated, in per cent; a small one is not shown as nought."""
        part = row["estimated_share"]
        return self.speaker.say("board.below") if part and part < _LEAST else share(part)

    def remarks(self, row: Mapping[str, object]) -> list[str]:
        """Further grounds of a figure: which deductions were carried over, by which profile a year fell to months."""
        told = json.loads(str(row["how"])) if row["how"] else {}
        found = []
        if "assessed_share" in told:
            kept = share(_decimal(told["assessed_share"]))
            found.append(self.speaker.say("board.assessed_share", share=kept, year=told["assessed_year"]))
        if "deducted_share" in told:
            kept, before = (share(_decimal(told[n])) for n in ("deducted_share", "deducted_share_before"))
            found.append(self.speaker.say("board.deducted_share", share=kept, before=before))
        if told.get("deductions") == "gross":
            found.append(self.speaker.say("board.deductions_gross"))
        if "profile" in told:
            key = f"watch_profile.{told['profile']}"
            words = self.speaker.say(key) if self.speaker.has(key) else str(told["profile"])
            found.append(self.speaker.say("board.profile", how=words))
        return found

    def cutoff(self, row: Row) -> CutOff | None:
        """The table that graded a row; None where nothing did, or the run's packs do not have it."""
        key, _, rest = str(row["cutoff"] or "").partition("#")
        _, _, rest = rest.partition("table:") if rest.startswith("table:") else ("", "", rest)
        table, _, hit = rest.partition(":")
        try:
            pack, entry = self.view.packs.pack(key), self.view.packs.table(key, table)
        except UserError:
            return None
        return CutOff(pack, table, hit, entry.label.label, f"/rules/{quote(key, safe='')}/{table}")

    def clause_href(self, pack_key: str, clause: str) -> str:
        """The place of a clause on the page of its document."""
        return f"/packs/{pack_key}#{quote(anchor(clause))}"

    def document(self, pack_key: str) -> str:
        """A document by its number, else by its title."""
        try:
            found = self.view.packs.pack(pack_key).instrument
        except UserError:
            return pack_key
        return found.doc_number or self.speaker.label(found.title.label)

    def owner(self, cut: CutOff) -> str:
        """Whose cut-offs these are, as the clause of their table names it."""
        entry = self.view.packs.table(cut.pack.key, cut.table)
        return self.speaker.label(self.view.packs.clause(cut.pack.key, entry.clause).title.label)

    def target(self, row: Mapping[str, object]) -> str:
        """What the target of a row asks as a whole; empty where the run's packs do not have it."""
        try:
            found = self.view.packs.target(str(row["pack_key"]), str(row["target_slug"]))
        except UserError:
            return ""
        return self.tell.target_asks(found)

    def role(self, role: str) -> str:
        """The part that something plays for a grade."""
        key = f"watch_role.{role.replace(' ', '_')}"
        return self.speaker.say(key) if self.speaker.has(key) else role

    def ground(self, ground: Ground) -> str:
        """What a grade rests on, by name and period; its key where it is no figure that the reader may see."""
        row = ground.row
        if row is None:
            return ground.key
        name = row.get("indicator_id") or row.get("measure") or ground.key
        measure = f"measure.{name}"
        words = self.speaker.say(measure) if self.speaker.has(measure) else self.tell.indicator(str(name))
        return f"{words} {self.when(row['period_key'])}"

    def ground_value(self, ground: Ground) -> str:
        """The figure of what a grade rests on, with its unit."""
        row = ground.row
        return "" if row is None else self.amount(row.get("value", row.get("amount")), row["unit"])

    def whats(self, names: str) -> str:
        """Several things that are watched, in words."""
        parts: Iterable[str] = (p.strip() for p in names.split(","))
        return self.speaker.say("punctuation.list").join(self.what(p) for p in parts if p)

    def dated(self, computed: Iterable[Lamp], published: Iterable[Lamp]) -> str:
        """What lamps are of, each under its period, published ones named so: 2026年10月公布的能耗双控。"""
        by: dict[tuple[str, bool], dict[str, None]] = {}
        for x, printed in (*((x, True) for x in published), *((x, False) for x in computed)):
            by.setdefault((str(x.row["period_key"]) if x.row else "", printed), {})[x.what] = None
        say, told = self.speaker.say, []
        for (when, printed), names in by.items():
            of = {"when": self.when(when), "what": self.whats(",".join(names))}
            told.append(say("board.dated_published", **of) if printed else say("board.dated", **of))
        return say("punctuation.list").join(told)

    def months(self, row: Mapping[str, object]) -> str:
        """The red months that a consequence rests on, each by what was red: 能耗双控 ≥ 2、煤炭消费总量 0."""
        told = json.loads(str(row["inputs"])) if row["inputs"] else {}
        known = {n: str(v) for n, v in told.items() if v not in (None, "")}
        watched = {i.name: i.indicator.removesuffix("_red_months") for i in self._inputs(row) if i.indicator}
        order = [n for n in watched if n in known] + [n for n in known if n not in watched]
        named = {n: self.what(w) for n, w in watched.items() if w in WHATS and len(known) > 1}
        parts = [f"{named[n]} {known[n]}" if n in named else known[n] for n in order]
        return self.speaker.say("punctuation.list").join(parts)

    def consequence(self, row: Mapping[str, object]) -> str:
        """What a table answered, in the language of the page; as the table has it where no pack has such words."""
        if row["consequence"] is None:
            return ""
        called = consequence(self.view.packs.packs)
        return self.speaker.label(called(str(row["pack_key"]), str(row["table_id"]), str(row["consequence"])))


def _shown(row: Row) -> str:
    sizes = [abs(row[c]) for c in ("nowcast", "low", "high", "required", "incentive") if row[c] is not None]
    return shown_unit(max(sizes, default=Decimal(0)), row["unit"])


def _decimal(value: object) -> Decimal | None:
    try:
        return Decimal(str(value)) if value not in (None, "") else None
    except ArithmeticError:
        return None
