"""What the page of deductions tells (扣减与弹性): the way to the assessed and allowed totals, and what is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from shuangkong.app.web.energy import document_words, method_words
from shuangkong.app.web.reading import Row, RunView
from shuangkong.app.web.rows import Subject
from shuangkong.dualcontrol.api import CONTROLS, FLEX_STEP_LABELS, FLEX_STEPS, FLEX_TOTALS, STANDINGS, Evidence
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.units import convert
from shuangkong.webkit.api import (
    Axes,
    Chart,
    Origin,
    Speaker,
    Step,
    figure,
    period_words,
    places_of,
    share,
    shown_unit,
    unit_words,
    waterfall,
)

#: Steps that evidence can be handed in for.
PROVED = ("new_renewable", "feedstock", "major_project", "certificate", "nonfossil", "total", "base", "incentive")
#: Levels of the waterfall; the others are changes.
_LEVELS = ("total", "assessed", "base", "planned", "allowed")
_CUT = ("total", "new_renewable", "feedstock", "major_project", "certificate", "assessed")
#: How a standing looks: the marks of findings, so that colour, shape and word agree everywhere.
MARKS = {"within": "met", "exempt": "met", "over": "missed", "undetermined": "undetermined",
         "not_assessed": "insufficient", "confidential": "insufficient"}  # fmt: skip


@dataclass(frozen=True)
class Line:
    """A step as the page shows it."""

    step: str
    name: str
    state: str
    amount: str
    claimed: str
    cap: str
    clause: str
    href: str
    returns: str
    needs: tuple[str, ...]
    confidence: str
    level: bool
    files: int


@dataclass(frozen=True)
class Shown:
    """One year of a region under a control and method."""

    row: Row
    sentence: str
    ranks: str
    deducted: tuple[Line, ...]
    allowed: tuple[Line, ...]
    chart: Chart | None
    formula: str
    missing: tuple[tuple[str, str], ...]
    links: tuple[tuple[str, str], ...]


def rows_of(view: RunView, subject: Subject) -> list[Row]:
    """Flexed totals of a region, newest year first; none where the run was made before there were any."""
    where = f"subject_id = '{subject.id}'"
    if not (view.run.folder / f"{FLEX_TOTALS.name}.parquet").exists():
        return []
    found = view._once(("flex", subject.id), lambda: view._rows(FLEX_TOTALS, where))
    return sorted(found, key=lambda r: (r["period_key"], r["method_id"]), reverse=True)


def steps_of(view: RunView, row: Row) -> list[Row]:
    """The steps behind a row, in order."""
    where = f"subject_id = '{row['subject_id']}'"
    found = view._once(("flex-steps", row["subject_id"]), lambda: view._rows(FLEX_STEPS, where))
    key = ("control", "method_id", "period_key")
    return sorted((s for s in found if all(s[k] == row[k] for k in key)), key=lambda s: s["position"])


def chosen(rows: Sequence[Row], asked: Mapping[str, str]) -> Row | None:
    """The row that an address names; what it does not name is the newest year that is told, energy first."""
    for name in ("control", "method_id", "period_key"):
        given = asked.get({"method_id": "method", "period_key": "year"}.get(name, name), "")
        kept = [r for r in rows if r[name] == given] if given else []
        if not kept and name == "control":
            kept = [r for r in rows if r["control"] == "energy"]
        rows = kept or rows
    return rows[0] if rows else None


def shown(view: RunView, subject: Subject, row: Row, speaker: Speaker, files: Sequence[Evidence]) -> Shown:
    """Everything that the page tells of one row."""
    teller = FlexTeller(view, speaker, row, files)
    steps = steps_of(view, row)
    lines = [teller.line(s) for s in steps]
    at = next((n for n, s in enumerate(steps) if s["step"] == "assessed"), len(steps))
    return Shown(
        row, teller.sentence(subject), teller.ranks(), tuple(lines[: at + 1]), tuple(lines[at + 1 :]),
        teller.chart(steps), teller.formula(), teller.missing(), teller.links(),
    )  # fmt: skip


class FlexTeller:
    """Words of one row."""

    def __init__(self, view: RunView, speaker: Speaker, row: Row, files: Sequence[Evidence]) -> None:
        self.view, self.speaker, self.row, self.say = view, speaker, row, speaker.say
        amounts = [abs(row[k]) for k in ("gross", "assessed", "allowed", "planned") if row[k] is not None]
        self.unit = shown_unit(max(amounts, default=Decimal(0)), row["unit"])
        mine = [f.step for f in files if str(f.year) == row["period_key"]]
        self.files = {s: mine.count(s) for s in set(mine)}

    def amount(self, value: Decimal | None, *, signed: bool = False) -> str:
        """A figure in the unit of the page, with its unit."""
        if value is None:
            return "—"
        return str(figure(convert(value, self.row["unit"], self.unit), self.unit, self.speaker.language, signed=signed))

    def percent(self, value: Decimal | None) -> str:
        """A rate."""
        return "—" if value is None else str(figure(value, "%", self.speaker.language))

    def year(self) -> str:
        """The year in words."""
        return period_words(self.row["period_key"], self.speaker.language)

    def sentence(self, subject: Subject) -> str:
        """How the region stands, in one sentence."""
        r, who = self.row, self.speaker.label(subject.label)
        facts = {
            "who": who, "year": self.year(), "assessed": self.amount(r["assessed"]),
            "allowed": self.amount(r["allowed"] if r["allowed"] is not None else r["planned"]),
            "margin": self.amount(abs(r["margin"])) if r["margin"] is not None else "—",
        }  # fmt: skip
        return self.say(f"flex.said_{r['standing']}", **facts)

    def ranks(self) -> str:
        """What of this control leads in the year, by which document."""
        r = self.row
        names = {1: "leads", 2: "second", 0: "groundwork"}
        parts = [self.say(f"flex.rank_{names.get(r[f'rank_{m}'], 'none')}", what=self.say(f"flex.measure_{m}"))
                 for m in ("intensity", "total")]  # fmt: skip
        told = self.say("punctuation.comma").join(parts)
        by = self.document(r["rank_parameter"])
        return self.say("flex.ranks", control=self.speaker.label(CONTROLS[r["control"]]), told=told,
                        by=by or self.say("flex.no_document"))  # fmt: skip

    def document(self, parameter: str | None) -> str:
        """The document of a parameter or target, in a few words."""
        pack = (parameter or "").partition("#")[0]
        if not pack:
            return ""
        try:
            return document_words(self.view.packs.pack(pack), self.speaker)
        except UserError:
            return pack

    def line(self, s: Row) -> Line:
        """A step in words."""
        level = s["step"] in _LEVELS
        name = self.speaker.label(FLEX_STEP_LABELS[s["step"]])
        pack = (s["parameter"] or "").partition("#")[0]
        needs = tuple(self.need(n) for n in (s["needs"] or "").split(",") if n)
        if s["step"] == "incentive" and s["state"] == "assessed" and not self.row["incentive_finding"]:
            needs = (*needs, self.say("flex.no_incentive"))
        counted = self.say("flex.returns", known=s["returns"], due=s["due"]) if s["due"] else ""
        return Line(
            s["step"], name, self.state(s), "—" if s["amount"] is None else self.amount(s["amount"], signed=not level),
            self.amount(s["claimed"]) if s["claimed"] is not None else "",
            self.amount(s["cap"]) if s["cap"] is not None else "",
            f"{self.document(s['parameter'])} {s['clause'] or ''}".strip() if self.speaker.language == "zh"
            else self.document(s["parameter"]), f"/packs/{pack}" if pack else "", counted, needs, s["confidence"],
            level, self.files.get(s["step"], 0),
        )  # fmt: skip

    def state(self, s: Row) -> str:
        """The state of a step in words."""
        return self.say(f"flex.state_{s['state']}")

    def need(self, code: str) -> str:
        """What is missing, by its code."""
        kind, _, step = code.partition(":")
        name = self.speaker.label(FLEX_STEP_LABELS[step]) if step in FLEX_STEP_LABELS else ""
        return self.say(f"flex.missing_{kind}", step=name, year=self.year(), base=self.row["base_key"])

    def missing(self) -> tuple[tuple[str, str], ...]:
        """(what is missing, how to hand it in), in the order of the steps."""
        codes = [c for c in (self.row["missing"] or "").split(",") if c]
        return tuple((self.need(c), self.say(f"flex.remedy_{c.partition(':')[0]}")) for c in codes)

    def formula(self) -> str:
        """The allowed total in figures."""
        r = self.row
        if r["allowed"] is None:
            return ""
        stated = r["total_finding"] is not None
        key = "stated" if stated else "made"
        rate = r["growth"] if r["raised"] else r["planned_growth"]
        if (stated and not r["raised"]) or rate is None or (not stated and (r["base"] is None)):
            return ""
        return self.say(f"flex.formula_{key}", base=self.amount(r["base"]), planned=self.amount(r["planned"]),
                        growth=self.percent(rate), aimed=self.percent(r["planned_growth"]),
                        fall=self.percent(r["base_fall"]), allowed=self.amount(r["allowed"]))  # fmt: skip

    def chart(self, steps: Sequence[Row]) -> Chart | None:
        """From the total to the assessed one, and beside it what is allowed; None without a total."""
        if self.row["gross"] is None or self.row["standing"] == "confidential":
            return None

        def scaled(value: Decimal | None) -> Decimal | None:
            return None if value is None else convert(value, self.row["unit"], self.unit)

        way = [s for s in steps if s["step"] in _CUT and (s["step"] in _LEVELS or s["amount"] != 0)]
        bars = [
            Step(self.speaker.label(FLEX_STEP_LABELS[s["step"]]), scaled(s["amount"]), level=s["step"] in _LEVELS,
                 note=self.document(s["parameter"]) if s["amount"] is not None else self.say("flex.state_open"))
            for s in way
        ]  # fmt: skip
        if self.row["allowed"] is not None:
            bars.append(Step(self.say("flex.allowed"), scaled(self.row["allowed"]), level=True))
        words = unit_words(self.unit, self.speaker.language)
        axes = Axes((), words, self.say("flex.way"), words, places_of(self.unit), self.say("flex.step"), self.year())
        facts = ((self.say("energy.method"), method_words(self.row["method_id"], self.speaker, self.view.packs,
                                                          full=True)),)  # fmt: skip
        origin = Origin(self.say("chart.books"), Origin.covered([self.row["coverage"]]), facts)
        return waterfall(axes, bars, (self.say("flex.change"), self.say("flex.after")), origin,
                         cut=self.say("flex.cut"))  # fmt: skip

    def links(self) -> tuple[tuple[str, str], ...]:
        """Findings behind the answer: (words, address)."""
        say = self.say
        named = (("fall_finding", say("flex.to_fall")), ("incentive_finding", say("flex.to_incentive")),
                 ("total_finding", say("flex.to_total")))  # fmt: skip
        return tuple((word, f"/findings/{self.row[k]}") for k, word in named if self.row[k])


def years(rows: Sequence[Row], row: Row, speaker: Speaker) -> list[dict[str, Any]]:
    """Every year of the same control and method in a line."""
    mine = [r for r in rows if (r["control"], r["method_id"]) == (row["control"], row["method_id"])]
    unit = shown_unit(max((abs(r["gross"]) for r in mine if r["gross"] is not None), default=Decimal(0)), row["unit"])

    def told(value: Decimal | None) -> str:
        if value is None:
            return "—"
        return str(figure(convert(value, row["unit"], unit), unit, speaker.language))

    return [
        {"year": r["period_key"], "gross": told(r["gross"]), "assessed": told(r["assessed"]),
         "planned": told(r["planned"]), "allowed": told(r["allowed"]), "margin": told(r["margin"]),
         "growth": "—" if r["growth"] is None else figure(r["growth"], "%", speaker.language),
         "raised": r["raised"], "standing": r["standing"], "mark": MARKS[r["standing"]],
         "words": speaker.label(STANDINGS[r["standing"]]), "coverage": share(r["coverage"]),
         "confidence": r["confidence"]}
        for r in mine
    ]  # fmt: skip
