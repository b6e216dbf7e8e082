"""Pages of rules (规则): all tables, one table as people draw it, what rules found, and why."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from fastapi.responses import HTMLResponse, Response
from markupsafe import Markup

from shuangkong.accounting.api import AT_LEAST, index_of, last_full, period_at
from shuangkong.app.catalogue import catalogue
from shuangkong.app.explaining_rules import lacks
from shuangkong.app.web import tables_reading as r
from shuangkong.app.web.choice import Chosen, chooser
from shuangkong.app.web.context import Asked, Asks
from shuangkong.app.web.listings import list_routes
from shuangkong.app.web.reading import Row, RunView
from shuangkong.app.web.rule_changes_list import CHANGE_LABELS, TURNS, changes_table, untold
from shuangkong.app.web.rule_changes_list import LISTING as CHANGES
from shuangkong.app.web.rule_changes_list import said as said_of
from shuangkong.app.web.streak_view import streaks_of
from shuangkong.app.web.tables_drawn import (
    HITS,
    Drawing,
    answered,
    drawing,
    last_day,
    output_called,
    output_words,
    said,
)
from shuangkong.app.web.tables_list import LISTING, SPEC, rules_table
from shuangkong.app.web.why_page import groups, item_label
from shuangkong.judgement.api import (
    RULE_STATUS_LABELS,
    SIGNAL_LABELS,
    Bindings,
    RuleStatus,
    bindings_of,
    why_not,
)
from shuangkong.judgement.api import Given as Reading
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Label
from shuangkong.kernel.periods import Period
from shuangkong.policy.api import STANDING_LABELS, Standing, TableEntry, with_declared
from shuangkong.webkit.api import parse_choices

router = APIRouter(include_in_schema=False)
Reads = Annotated[Asked, Depends(Asks("findings.read"))]
GIVEN = "in-"
WHY_NOT = {
    "asked": Label(
        "有的输入只能由人提供，由人填写时判定", "some inputs can only be given by a person: decided when asked"
    ),
    "no_subject": Label("规则包没有写明判定哪类主体", "the pack does not say what kind of subject it decides"),
}
KINDS = {"unit": Label("用能单位", "units"), "region": Label("地区", "regions"), "project": Label("项目", "projects")}


def words(a: Asked, view: RunView) -> dict[str, Any]:
    """What templates of rules say things with."""
    say = a.speaker

    def table_of(row: Row) -> TableEntry | None:
        try:
            return view.packs.table(f"{row['pack_id']}@{row['pack_edition']}", row["slug"])
        except UserError:
            return None

    def told(row: Row) -> str:
        entry = table_of(row)
        if row["status"] == RuleStatus.HIT and entry is not None:
            return answered(entry, row["answer"], say)
        if row["status"] == RuleStatus.NO_ROW and entry is not None and entry.no_row_because is not None:
            return say.label(entry.no_row_because.label)
        return needs(row, entry) if row["status"] == RuleStatus.UNDETERMINED else ""

    def lacking(drawn: Drawing) -> str:
        found = drawn.answer or {}
        row = {"pack_id": drawn.pack.id, "pack_edition": drawn.pack.edition, "needs": found.get("missing"),
               "reason": found.get("undecided") or ""}  # fmt: skip
        return needs(row, drawn.entry)

    def needs(row: Row, entry: TableEntry | None) -> str:
        if not row["needs"]:
            return say.say(f"rules.open_{row['reason']}") if say.has(f"rules.open_{row['reason']}") else row["reason"]
        labels = _labels(view, row, entry)
        names = [say.label(labels[n]) if n in labels else n for n in row["needs"].split(", ")]
        return say.say("rules.needs", what=say.say("punctuation.list").join(names))

    return {
        "lacks": lacks,
        "rule_status": lambda s: RULE_STATUS_LABELS[RuleStatus(s)], "rule_signal": lambda s: SIGNAL_LABELS[s],
        "rule_table": table_of, "rule_told": told, "output_words": lambda v, u: output_words(v, u, say),
        "output_called": lambda e, name, value: output_called(e, name, value, say), "rule_needs": lacking,
        "hits": HITS, "why_not": WHY_NOT,
        "subject_kinds": KINDS, "standings": STANDING_LABELS, "as_standing": Standing,
        "item_label": lambda item: item_label(view, item), "rule_text": lambda d, text: said(d, text, say),
    }  # fmt: skip


def _labels(view: RunView, row: Row, entry: TableEntry | None) -> dict[str, Label]:
    """Names of inputs of a table and of those before it."""
    if entry is None:
        return {}
    pack = view.packs.pack(f"{row['pack_id']}@{row['pack_edition']}")
    return {i.name: i.label.label for t in pack.tables for i in t.inputs} | {
        i.name: i.label.label for i in entry.inputs
    }


@router.get("/rules")
def rules(a: Reads, pack: Annotated[str, Query(max_length=120)] = "") -> HTMLResponse:
    """All decision tables by document, with how each stands, whom it is decided for and what was found."""
    view = a.needed()
    counted = r.counts(view)
    day = view.run.as_of
    shown = [p for p in view.packs.packs if p.tables and pack in ("", p.key, p.id)]
    rows = [
        (p, [_listed(view, p.key, t, counted.get((p.key, t.id), {}), day) for t in p.tables])
        for p in sorted(shown, key=lambda p: p.instrument.issued, reverse=True)
    ]
    total = sum(len(t) for _, t in rows)
    return a.page(
        "rules.html", view, packs=rows, total=total, only=pack, chooser=chooser(a, view), **words(a, view)
    )  # fmt: skip


def _listed(view: RunView, pack: str, table: TableEntry, counted: Any, day: date) -> dict[str, Any]:
    found = _bindings(view, pack, table)
    return {
        "entry": table, "counts": counted, "standing": table.standing_on(day),
        "why_not": why_not(table, found),
    }  # fmt: skip


def _bindings(view: RunView, pack: str, table: TableEntry) -> Bindings:
    known = view._once(("rule_catalogue",), lambda: with_declared(catalogue(), view.packs))
    return view._once(
        ("rule_bindings", pack, table.id), lambda: bindings_of(view.packs, view.packs.pack(pack), table, known)
    )


def findings(a: Asked) -> Response:
    """What rules found, filtered, sorted and paged on the server."""
    view = a.needed()
    choices = parse_choices(SPEC, a.request.query_params.multi_items())
    answer = a.page(
        "rule_findings.html", view, table=rules_table(view, choices, a.speaker), chooser=chooser(a, view),
        withheld=r.withheld(view),
        **words(a, view),
    )  # fmt: skip
    answer.headers["HX-Push-Url"] = choices.address("/rules/findings")
    return answer


list_routes(router, LISTING, findings)


def changes(a: Asked) -> Response:
    """What rules say otherwise than in the run before, filtered, sorted and paged on the server."""
    view = a.needed()
    choices = parse_choices(CHANGES.spec, a.request.query_params.multi_items())
    answer = a.page(
        "rule_changes.html", view, table=changes_table(view, choices, a.speaker), chooser=chooser(a, view),
        previous=view.run.previous, said=lambda row, which: said_of(view, a.speaker, row, which), turns=TURNS,
        changes=CHANGE_LABELS, untold=untold(view), **words(a, view),
    )  # fmt: skip
    answer.headers["HX-Push-Url"] = choices.address(CHANGES.path)
    return answer


list_routes(router, CHANGES, changes)


@router.get("/rules/findings/{key}")
def why(a: Reads, key: str) -> HTMLResponse:
    """Why a rule says what it says: clause, table with the row that hit, inputs, parameters, source rows."""
    view = a.needed()
    row = r.rule_finding(view, key)
    entry = view.packs.table(f"{row['pack_id']}@{row['pack_edition']}", row["slug"])
    chain = r.why(view, key)
    # what was not decided on stays out: the table is drawn with what the run had
    given = {x["input"]: _cell(x) if x["state"] == "ok" or _enough(entry, x) else _low(x) for x in chain.readings}
    pack = view.packs.pack(f"{row['pack_id']}@{row['pack_edition']}")
    drawn = drawing(
        view.packs, pack, entry, day=row["decided_for"], known=view.run.known_day, today=view.run.as_of, given=given
    )
    return a.page(
        "rule_why.html", view, f=row, why=chain, drawn=drawn, groups=groups(chain.entries), tool=_form(drawn, given),
        source_list=sorted(chain.sources, key=lambda s: (s.get("publisher") or "", s.get("file_name") or "")),
        streaks=streaks_of(view.packs, chain.readings, chain), labels=_labels(view, row, entry),
        left_out=r.left_out(view, pack.key, entry.id),
        chooser=chooser(a, view, shown=Chosen()), **words(a, view),
    )  # fmt: skip


def _enough(entry: TableEntry, reading: Row) -> bool:
    least = next((i.min_coverage for i in entry.inputs if i.name == reading["input"]), None)
    return reading["state"] == "partial" and least is not None and reading["coverage"] >= least


def _low(reading: Row) -> str:
    """A lower bound as a cell says it; else nothing."""
    return (
        f"≥ {reading['value'].normalize():f}" if reading["state"] == AT_LEAST and reading["value"] is not None else ""
    )


def _cell(reading: Row) -> str:
    value = reading["value"]
    return reading["words"] or "" if value is None else f"{value:f}"


@router.get("/rules/{pack}/{table}")
def rule(
    a: Reads, pack: str, table: str, who: Annotated[str, Query(max_length=120)] = "",
    year: Annotated[str, Query(max_length=7, pattern="^([0-9]{4}(-[0-9]{2})?)?$")] = "",
) -> HTMLResponse:  # fmt: skip
    """One decision table; with a subject or typed inputs, the row that hits and which cells hold.

    `year` is the year, or of a table that is decided by month the month, that is asked about.
    """
    view = a.needed()
    found = view.packs.pack(pack)
    entry = view.packs.table(found.key, table)
    known = view.run.known_day
    chosen, day, choices = _asked_period(view, entry, _bindings(view, found.key, entry), year)
    plain = drawing(view.packs, found, entry, day=day, known=known, today=view.run.as_of)
    looked = r.looked_up(view, entry.about, who)
    readings: Mapping[str, Reading] = {}
    if looked.subject is not None:
        readings = r.readings_of(view, looked.subject, found, entry, plain.inputs, chosen, day)
    typed = {k.removeprefix(GIVEN): v for k, v in a.request.query_params.multi_items() if k.startswith(GIVEN)}
    given = {n: typed.get(n, "").strip() for n in plain.asked}
    for name, one in readings.items():
        given[name] = given[name] or _typed(one)
    drawn, refused = plain, None
    if looked.subject is not None or any(given.values()):
        try:
            drawn = drawing(view.packs, found, entry, day=day, known=known, today=view.run.as_of, given=given)
        except UserError as wrong:
            refused = wrong
    return a.page(
        "rule.html", view, drawn=drawn, pack=found, looked=looked, who_words=who, year=chosen.key, day=day,
        tool=_form(plain, given), readings=readings, refused=refused,
        left_out=r.left_out(view, found.key, entry.id), withheld=r.withheld(view, pack=found.key, slug=entry.id),
        counts=r.counts(view).get((found.key, entry.id), {}), years=choices, chooser=chooser(a, view), **words(a, view),
    )  # fmt: skip


def _asked_period(view: RunView, entry: TableEntry, inputs: Bindings, text: str) -> tuple[Period, date, list[str]]:
    """The year or month that a table is asked about, the day whose rows count, and the periods to choose from."""
    every, today = inputs.grain, view.run.as_of
    last = min(last_full(today, every) + inputs.ahead, index_of(today, every))
    ended = last_day(entry)
    newest = min(last, index_of(ended, every)) if ended else last
    chosen = newest
    if text:
        try:
            asked = Period.parse(text)
        except UserError:
            asked = None
        fits = asked is not None and asked.kind.value == every and asked.start.year >= 1990 and asked.start <= today
        chosen = index_of(asked.start, every) if asked is not None and fits else newest
    period = period_at(chosen, every)
    back = 5 if every == "year" else 23
    choices = range(last, max(index_of(entry.start, every), newest - back) - 1, -1)
    return period, today if chosen >= last else period.last_day, [period_at(n, every).key for n in choices]


def _typed(one: Reading) -> str:
    if one.state == AT_LEAST and one.seen is not None:
        return f"≥ {one.seen.normalize():f}"
    return "" if one.value is None else f"{one.value:f}" if not isinstance(one.value, str) else one.value


def _form(drawn: Drawing, given: Any) -> list[dict[str, Any]]:
    """The fields of the form: one for each input that comes from no earlier table."""
    return [
        {
            "name": GIVEN + name, "input": name, "entry": drawn.inputs.entries[name], "kind": one.kind.name,
            "choices": one.choices, "value": given.get(name, ""), "bound": drawn.inputs.bound.get(name),
        }
        for name, one in drawn.asked.items()
    ]  # fmt: skip


def of_subject(about: Any) -> Markup | None:
    """The answers of rules about a unit, region or project, for its page."""
    a, view, subject = about["asked"], about["view"], about["subject"]
    if view is None or subject is None:
        return None
    rows, withheld = r.of_subject(view, subject), r.withheld(view, subject=subject.id)
    if not rows and not withheld:
        return None
    html = a.site.frame.render(
        "rule_section.html", a.language, rows=rows, subject=subject, view=view, withheld=withheld, **words(a, view)
    )
    return Markup(html)
