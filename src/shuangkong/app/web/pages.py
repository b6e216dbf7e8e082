"""Routes of home, regions, units, findings, why and runs: parse, read, render."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from shuangkong.app.boundary import registered_boundary
from shuangkong.app.web import cockpit as c
from shuangkong.app.web import home as h
from shuangkong.app.web import region as r
from shuangkong.app.web import unit as u
from shuangkong.app.web import why_page as w
from shuangkong.app.web.choice import Chosen, chooser, chosen, own_region, region_of, sent_on
from shuangkong.app.web.context import Asked, Asks
from shuangkong.app.web.energy import method_words
from shuangkong.app.web.findings_list import LISTING as FINDINGS
from shuangkong.app.web.findings_list import findings_table
from shuangkong.app.web.listings import list_routes
from shuangkong.app.web.log_words import principal_words
from shuangkong.app.web.reading import RunView
from shuangkong.app.web.reason_page import reason_page
from shuangkong.app.web.rows import Subject, finding_of
from shuangkong.app.web.sentences import Teller
from shuangkong.app.web.tables_reading import has_rule_finding
from shuangkong.app.web.units_list import LISTING as UNITS
from shuangkong.app.web.units_list import method_of, units_table
from shuangkong.dualcontrol.api import has_reason
from shuangkong.engine.api import runs_list
from shuangkong.webkit.api import parse_choices, status_mark

router = APIRouter(include_in_schema=False)
Reads = Annotated[Asked, Depends(Asks("findings.read"))]
ReadsUnits = Annotated[Asked, Depends(Asks("units.read"))]


@router.get("/")
def home(a: Reads, view: Annotated[str, Query(max_length=200)] = "") -> Response:
    """The cockpit of what the reader is about: a region, single units, or one question put to many regions."""
    run = a.view()
    if run is None:
        return a.page("empty.html", None)
    if not view and (elsewhere := sent_on(a, run)) is not None:
        return elsewhere
    asked = chosen(a, run)
    own = "" if view else asked.region or own_region(run)
    if own and run.subjects[own].level != "nation":
        return _cockpit(a, run, c.of_region(run, run.subjects[own], asked.period))
    if run.scope.kind == "unit" and run.scope.subject in run.subjects and not own:
        return _unit(a, run, run.subjects[run.scope.subject], "", home=True)
    if run.scope.kind == "consented" and not own and not view:
        return _cockpit(a, run, c.of_units(run, asked.period))
    return _national(a, run, view, asked)


def _cockpit(a: Asked, run: RunView, made: c.Cockpit) -> HTMLResponse:
    shown = Chosen(made.subject.id if made.subject else "", made.period)
    nation = next((s.id for s in run.by_code.values() if s.level == "nation"), "")
    return a.page("cockpit.html", run, cockpit=made, nation=nation, chooser=chooser(a, run, stays=True, shown=shown))


def _national(a: Asked, run: RunView, view: str, asked: Chosen) -> HTMLResponse:
    """One question put to many regions, what needs attention, what changed."""
    offered = h.choices(run)
    choice = h.chosen(offered, view, asked.period)
    of_document = {c.indicator_id for c in offered if choice and c.pack_key == choice.pack_key}
    return a.page(
        "home.html", run, choice=choice, documents=h.documents(offered), lines=h.lines(offered),
        indicators=len(of_document), tiles=h.tiles(run, choice), attention=h.attention(run, choice),
        elsewhere=h.elsewhere(run, choice), honesty=h.honesty(run), changed=h.changed(run), map=_map(a, run, choice),
        chooser=chooser(a, run, stays=True),
    )  # fmt: skip


def _map(a: Asked, run: RunView, choice: h.Choice | None) -> dict[str, object] | None:
    """The registered map with the answers on it, where the question is put to provinces and there is a map."""
    boundary = registered_boundary(a.site.reader.workspace)
    by_code = {t.subject.code: t for t in h.tiles(run, choice) if t.subject and t.place}
    if boundary is None or not by_code:
        return None
    tell = Teller(run, a.speaker)

    def look(code: str) -> tuple[str, str, str, str]:
        tile = by_code.get(code)
        if tile is None or tile.subject is None:
            return "none", "/findings", code, code
        mark = status_mark(tile.finding.status if tile.finding else None)
        name = tell.short_name(tell.who(tile.subject.id))
        return mark.css, tile.subject.href, name, f"{name} {a.speaker.label(mark.label)}"

    return {"svg": boundary.svg(look), "approval": boundary.approval_number}


@router.get("/regions/{subject_id}")
def region(a: Reads, subject_id: str, method: Annotated[str, Query(max_length=200)] = "") -> HTMLResponse:
    """One region: its findings, its course against its targets, its energy, what lies in it."""
    run = a.needed()
    subject = run.subject(subject_id, "region")
    shown = chooser(a, run, shown=Chosen(subject.id))
    return a.page("region.html", run, **r.region_page(run, subject, Teller(run, a.speaker), method), chooser=shown)


def units(a: Asked) -> Response:
    """The list of units, filtered, sorted and paged on the server."""
    run = a.needed()
    if (elsewhere := sent_on(a, run)) is not None:
        return elsewhere
    choices = parse_choices(UNITS.spec, a.request.query_params.multi_items())
    method, period = method_of(run), choices.value("period")
    answer = a.page(
        "units.html", run, table=units_table(run, choices, a.speaker), chooser=chooser(a, run, stays=True),
        method=method_words(method, a.speaker, run.packs) if method else "",
        year=period if period.isdigit() else run.run.as_of.year - 1,
    )  # fmt: skip
    answer.headers["HX-Push-Url"] = choices.address("/units")
    return answer


list_routes(router, UNITS, units)


@router.get("/units/{subject_id}")
def unit(a: ReadsUnits, subject_id: str, method: Annotated[str, Query(max_length=200)] = "") -> HTMLResponse:
    """One unit: industry, energy by month, its product's intensity against the target."""
    run = a.needed()
    return _unit(a, run, run.subject(subject_id, "unit"), method)


def _unit(a: Asked, run: RunView, subject: Subject, method: str, *, home: bool = False) -> HTMLResponse:
    made = u.unit_page(run, subject, Teller(run, a.speaker), method)
    return a.page("unit.html", run, **made, home=home, chooser=chooser(a, run, shown=Chosen(region_of(run, subject))))


def findings(a: Asked) -> Response:
    """All findings, filtered, sorted and paged on the server."""
    run = a.needed()
    if (elsewhere := sent_on(a, run)) is not None:
        return elsewhere
    choices = parse_choices(FINDINGS.spec, a.request.query_params.multi_items())
    table = findings_table(run, choices, a.speaker)
    answer = a.page("findings.html", run, table=table, as_finding=finding_of, chooser=chooser(a, run, stays=True))
    answer.headers["HX-Push-Url"] = choices.address("/findings")
    return answer


list_routes(router, FINDINGS, findings)


@router.get("/findings/{key}")
def why(a: Reads, key: str) -> Response:
    """Why a finding, a grade, a nowcast or a flexed total stands; a rule has a page of its own."""
    run = a.needed()
    if has_reason(key):
        return a.page("reason.html", run, **reason_page(run, key, a.speaker), chooser=chooser(a, run))
    if key not in run.by_key and has_rule_finding(run, key):
        return RedirectResponse(f"/rules/findings/{key}", status_code=303)
    return a.page("why.html", run, **w.why_page(run, run.finding(key), a.speaker), chooser=chooser(a, run))


@router.get("/runs")
def runs(a: Reads) -> HTMLResponse:
    """Runs, newest first, with what went into each."""
    view = a.view()
    titles = {p.key: p.instrument.title.label for p in view.packs.packs} if view else {}
    return a.page(
        "runs.html", view, runs=runs_list(a.site.reader.workspace, a.scope), titles=titles,
        actor=lambda principal: principal_words(a.speaker, principal),
    )  # fmt: skip
