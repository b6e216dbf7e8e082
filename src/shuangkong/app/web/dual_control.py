"""The cockpit of dual control of a region (双控形势): where it stands, where the year will end, what can be done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse

from shuangkong.app.web import board_reading as r
from shuangkong.app.web import cockpit as c
from shuangkong.app.web.board import FIRST, RED, THIRD, Lamp, ends, published_lamp
from shuangkong.app.web.board_pages import has_page
from shuangkong.app.web.board_told import BoardTeller
from shuangkong.app.web.choice import Chosen, chooser
from shuangkong.app.web.context import Asked, Asks
from shuangkong.app.web.flexed_beside import Beside, FlexedTeller, Key, is_over, lit
from shuangkong.app.web.reading import Row, RunView
from shuangkong.app.web.rows import Subject
from shuangkong.kernel.units import convert
from shuangkong.webkit.api import (
    CONFIDENCE_LABELS,
    Axes,
    Chart,
    Column,
    Origin,
    Series,
    line_chart,
    share,
    shown_unit,
    unit_words,
)

router = APIRouter(include_in_schema=False)
Reads = Annotated[Asked, Depends(Asks("findings.read"))]
#: The order in which things are told, and what of the targets stands on this page.
ORDER = (FIRST[0], FIRST[1], "energy_control", *THIRD)
_HEADLINES = ("energy_", "co2_", "coal_", "nonfossil_", "carbon_")
_BAR, _ROOM, _NONE = Decimal(200), Decimal("0.08"), Decimal(0)


@dataclass(frozen=True, slots=True)
class Standing:
    """How one thing stands in its newest month: its row and lamp, and the flexed total of that year."""

    row: Row
    lamp: Lamp
    flexed: Beside | None = None

    @property
    def href(self) -> str:
        """The page that says why."""
        return f"/board/{self.row['subject_id']}/{self.row['period_key']}#{self.row['what']}-{self.row['test']}"


@dataclass(frozen=True, slots=True)
class Whisker:
    """A nowcast on a line of 200: None where there is no figure. `meets` is what the interval says of the target.

    `meets`: yes, no, open (the interval straddles the target), or empty where there is nothing to hold it against.
    `over` says that no month of the year is left; `flexed` is the flexed total of the year, where one was worked out.
    """

    row: Row
    now: Decimal | None
    low: Decimal | None
    high: Decimal | None
    due: Decimal | None
    more: Decimal | None
    zero: Decimal | None
    meets: str
    over: bool = False
    flexed: Beside | None = None

    @property
    def verdict(self) -> str:
        """The key of what it says of the target: of a year that is over what it came to."""
        return f"dual.came_{self.meets}" if self.over else f"dual.meets_{self.meets}"


@dataclass(frozen=True, slots=True)
class Step:
    """Something to do: words with what they are filled with, and where it is done."""

    key: str
    facts: dict[str, object]
    href: str
    link: str


@router.get("/regions/{subject_id}/dual-control")
def dual_control(a: Reads, subject_id: str) -> HTMLResponse:
    """Where a region stands, where it will end and what it can do, on one sheet."""
    run = a.needed()
    subject = run.subject(subject_id, "region")
    say = BoardTeller(run, a.speaker)
    return a.page(
        "dual_control.html", run, **cockpit_of(a, run, subject, say), say=say,
        chooser=chooser(a, run, shown=Chosen(subject.id)), cases=has_page(a, "/cases", "cases.read"),
    )  # fmt: skip


def cockpit_of(a: Asked, run: RunView, subject: Subject, say: BoardTeller) -> dict[str, Any]:
    """Everything that the page shows."""
    flexed = FlexedTeller(run, a.speaker, (subject,))
    standings = standing(r.watched(run, (subject,)), flexed)
    nowcasts = r.nowcasts(run, (subject,))
    newest = newest_nowcasts(nowcasts)
    made = c.of_region(run, subject)
    printed = printed_last(r.published_grades(run, (subject,)))
    follows = [m for m in r.measures(run, (subject,)) if m["signal"] in ("bad", "warn")]
    whiskers = [replace(whisker(row), over=is_over(run, row), flexed=flexed.watched(row)) for row in newest]
    reds = [[x for x in lamps if x.grade == RED] for lamps in ((s.lamp for s in standings), printed)]
    bullets = [b for b in made.bullets if b.finding.indicator_id.startswith(_HEADLINES)]
    return {
        "subject": subject, "above": run.path(subject.id)[:-1], "standings": standings, "whiskers": whiskers,
        "fans": [fan(say, rows) for rows in courses(nowcasts, newest)],
        "bullets": bullets, "flexed": {b.finding.finding_key: x for b in bullets if (x := flexed.finding(b.finding))},
        "follows": follows, "steps": steps(a, run, subject, say, standings, whiskers, follows),
        "red": say.dated(*([x for x in lamps if not x.let_be] for lamps in reds)),
        "let_be": say.dated(*([x for x in lamps if x.let_be] for lamps in reds)), "printed": printed,
        "upto": max((s.row["period_key"] for s in standings if s.row["value"] is not None), key=ends, default=""),
    }  # fmt: skip


def standing(watched: Sequence[Row], flexed: FlexedTeller | None = None) -> tuple[Standing, ...]:
    """The newest row of each thing, method and test, in the order of ORDER; of a thing graded ones before others."""
    totals: Mapping[Key, Row] = flexed.rows if flexed else {}
    newest: dict[tuple[str, str, str], Row] = {}
    for row in watched:
        key = (row["what"], row["method_id"], row["test"])
        if key not in newest or ends(row["period_key"]) > ends(newest[key]["period_key"]):
            newest[key] = row
    rows = sorted(newest.values(), key=lambda x: (_place(x["what"]), x["grade"] is None, x["test"], x["method_id"]))
    return tuple(Standing(row, lit(totals, row, row["what"]), flexed.watched(row) if flexed else None) for row in rows)


def printed_last(rows: Sequence[Row]) -> tuple[Lamp, ...]:
    """The newest published grade of each thing, in the order of ORDER."""
    known = sorted((x for x in rows if x["value"] is not None), key=lambda x: ends(x["period_key"]))
    newest = {lamp.what: lamp for lamp in map(published_lamp, known)}
    return tuple(sorted(newest.values(), key=lambda x: _place(x.what)))


def _place(what: str) -> int:
    return ORDER.index(what) if what in ORDER else len(ORDER)


def newest_nowcasts(rows: Sequence[Row]) -> list[Row]:
    """The last nowcast of each thing and method: of its newest year, from its newest month."""
    found: dict[tuple[str, str, str], Row] = {}
    for row in rows:
        key = (row["what"], row["method_id"], row["test"])
        if key not in found or _when(row) > _when(found[key]):
            found[key] = row
    return sorted(found.values(), key=lambda x: (_place(x["what"]), x["test"], x["method_id"]))


def _when(row: Row) -> tuple[Any, ...]:
    return ends(row["period_key"]), ends(row["as_of_month"])


def courses(rows: Sequence[Row], newest: Sequence[Row]) -> list[list[Row]]:
    """Of each newest nowcast with a figure all those of its year, the oldest first; two months at least."""
    found = []
    for last in newest:
        same = [x for x in rows if all(x[k] == last[k] for k in ("what", "method_id", "test", "period_key"))]
        if sum(x["nowcast"] is not None for x in same) > 1:
            found.append(sorted(same, key=lambda x: ends(x["as_of_month"])))
    return found


def whisker(row: Row) -> Whisker:
    """A nowcast with its targets on one line; nothing but places along it is worked out here."""
    figures = [row[k] for k in ("nowcast", "low", "high", "required", "incentive") if row[k] is not None]
    least, most = (min(figures), max(figures)) if figures else (Decimal(0), Decimal(0))
    if row["unit"] == "%" and figures:
        least, most = min(least, Decimal(0)), max(most, Decimal(0))
    room = (most - least) * _ROOM or Decimal(1)
    start, length = least - room, most - least + 2 * room

    def place(value: Decimal | None) -> Decimal | None:
        return None if value is None else ((value - start) * _BAR / length).quantize(Decimal("0.1"))

    zero = place(Decimal(0)) if row["unit"] == "%" else None
    return Whisker(row, place(row["nowcast"]), place(row["low"]), place(row["high"]), place(row["required"]),
                   place(row["incentive"]), zero, meets(row))  # fmt: skip


def meets(row: Row) -> str:
    """Whether the whole interval meets what the year asks: changes and amounts alike, the smaller the better."""
    if row["required"] is None or row["nowcast"] is None:
        return ""
    low = row["nowcast"] if row["low"] is None else row["low"]
    high = row["nowcast"] if row["high"] is None else row["high"]
    return "yes" if high <= row["required"] else "no" if low > row["required"] else "open"


def fan(say: BoardTeller, rows: Sequence[Row]) -> Chart:
    """How the nowcast of a year went month by month, with its interval, the target and the incentive target."""
    speaker, last = say.speaker, rows[-1]
    words = speaker.say
    shown = shown_unit(max((abs(x["nowcast"]) for x in rows if x["nowcast"] is not None), default=_NONE), last["unit"])
    unit = unit_words(shown, speaker.language)

    def line(column: str, css: str, shape: str = "none") -> Series:
        notes = tuple(say.needs(x) if x["nowcast"] is None else "" for x in rows)
        return Series(
            words(f"dual.line_{column}"),
            css,
            tuple(None if x[column] is None else convert(x[column], last["unit"], shown) for x in rows),
            shape,
            notes if column == "nowcast" else (),
        )

    series = [line("required", "schedule")]
    if any(x["incentive"] is not None for x in rows):
        series.append(line("incentive", "incentive"))
    series += [line("high", "yearly"), line("low", "yearly"), line("nowcast", "reached", "disc")]
    year = say.when(last["period_key"])
    about = Axes(
        tuple(say.short(x["as_of_month"])[1] for x in rows),
        words("dual.axis_change", unit=unit) if last["unit"] == "%" else words("dual.axis_amount", unit=unit),
        words("dual.fan", what=say.named(last["what"], last["test"]), year=year), unit, 2,
        words("dual.as_of"), year,
    )  # fmt: skip
    covered = Column(words("frame.coverage"), tuple(share(x["coverage"]) for x in rows))
    source = f"{say.document(last['pack_key'])} {last['clause'] or ''}".strip() if last["pack_key"] else ""
    facts = ((words("region.method"), say.method(last["method_id"])),
             (words("frame.confidence"), words_of(say, last["confidence"])))  # fmt: skip
    return line_chart(
        about, series, Origin(source, Origin.covered(x["coverage"] for x in rows), facts), columns=(covered,),
        zero=last["unit"] == "%",
    )  # fmt: skip


def words_of(say: BoardTeller, confidence: str) -> str:
    """How sure something is, in words."""
    label = CONFIDENCE_LABELS.get(confidence)
    return say.speaker.label(label) if label else confidence


def steps(
    a: Asked, run: RunView, subject: Subject, say: BoardTeller, standings: Sequence[Standing],
    whiskers: Sequence[Whisker], follows: Sequence[Row],
) -> list[Step]:  # fmt: skip
    """What can be done, the most pressing first; a page that the program does not have is not led to."""
    found = [_measure(a, subject, say, m) for m in follows[:2]]
    lacking = {say.needs(s.row) for s in standings if s.row["state"] == "insufficient"} - {""}
    if lacking:
        href = "/imports/new" if a.may("import.write") else f"/findings?region={subject.id}"
        found.append(Step("dual.do_hand_in", {"what": say.speaker.say("punctuation.list").join(sorted(lacking))}, href,
                          "dual.go_hand_in"))  # fmt: skip
    for w in whiskers:
        if w.meets in ("no", "open"):
            found.append(ahead(say, w))
    query = f"?region={subject.id}"
    for path, key, action, href in (
        ("/regions/{subject_id}/moved", "moved", "findings.read", f"/regions/{subject.id}/moved"),
        ("/regions/{subject_id}/deductions", "deductions", "findings.read", f"/regions/{subject.id}/deductions"),
        ("/sharing", "sharing", "sharing.read", "/sharing"),
        ("/scenarios", "scenarios", "scenario.run", "/scenarios"),
        ("/units", "units", "units.read", f"/units{query}"),
    ):  # fmt: skip
        if has_page(a, path, action):
            found.append(Step(f"dual.do_{key}", {}, href, f"dual.go_{key}"))
    return found


def ahead(say: BoardTeller, w: Whisker) -> Step:
    """What to do about a nowcast that does not meet its target, or may not.

    Nothing has to be cut where the flexed total is within what is allowed, let off or not assessed, and nothing can be
    where the year is over. What is missing for the flexed total is told with the advice, which then stands as it is.
    """
    words = say.speaker.say
    advice = "wait" if w.meets == "open" else "past" if w.over else "cut"
    then = words("dual.then_settled") if w.flexed and w.flexed.settled else words(f"dual.then_{advice}")
    facts: dict[str, object] = {
        "what": say.named(w.row["what"], w.row["test"]), "has": say.moved(w.row["nowcast"], w.row["unit"]),
        "asks": say.moved(w.row["required"], w.row["unit"]), "year": say.when(w.row["period_key"]),
        "then": words("dual.then_flexed", flexed=w.flexed.told, then=then) if w.flexed else then,
    }  # fmt: skip
    key = f"dual.done_{w.meets}" if w.over else f"dual.do_{w.meets}"
    href, link = (w.flexed.href, "dual.go_deductions") if w.flexed else ("#end", "dual.go_nowcast")
    return Step(key, facts, href, link)


def _measure(a: Asked, subject: Subject, say: BoardTeller, m: Row) -> Step:
    """A consequence that a table names, as something to do."""
    to_cases = has_page(a, "/cases", "cases.read")
    facts: dict[str, object] = {
        "clause": f"{say.document(m['pack_key'])} {m['clause']}", "what": say.consequence(m),
        "basis": say.speaker.say(f"board.basis_{m['basis']}"),
    }  # fmt: skip
    href = f"/cases?subject_code={subject.code}" if to_cases else f"/board/{subject.id}/{m['period_key']}#follows"
    return Step("dual.do_measure", facts, href, "dual.go_measure")
