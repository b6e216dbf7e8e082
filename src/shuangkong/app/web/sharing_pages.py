"""The decomposition studio (目标分解): drafts of a region, their figures, sliders, versions, and the way to a pack."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from shuangkong.app import sharing, sharing_sheet
from shuangkong.app.sharing_books import Place, from_books
from shuangkong.app.sharing_store import Kept, Version
from shuangkong.app.web import sharing_shown as shown
from shuangkong.app.web.choice import own_region
from shuangkong.app.web.context import Asked, Asks
from shuangkong.app.web.documents_pages import names_of
from shuangkong.app.web.energy import method_words
from shuangkong.app.web.reading import RunView
from shuangkong.app.web.rows import Subject
from shuangkong.app.web.sent import Sent
from shuangkong.app.web.sharing_forms import FIELDS, SLIDERS, TABLE_PARTS, WEIGHT, data_of, tried, typed_of
from shuangkong.app.web.sharing_notice import annex, notice
from shuangkong.dualcontrol.api import (
    CRITERIA,
    KINDS,
    METHODS,
    Clash,
    Outcome,
    Plan,
    SharedOut,
    closed_years,
    outcome_data,
    plan_from,
)
from shuangkong.engine.api import jobs, reading
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.scope import Scope
from shuangkong.policy.api import STATES, PackSet, builtin_packs, proposal
from shuangkong.webkit.api import Speaker, business_day, download_headers, require

router = APIRouter(include_in_schema=False)
Reads = Annotated[Asked, Depends(Asks("sharing.read"))]
Writes = Annotated[Asked, Depends(Asks("sharing.write"))]
Id = Annotated[str, Query(max_length=40)]
#: Parts on one page of the studio.
PAGE = 100
_DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@router.get("/sharing")
def listed(a: Reads) -> HTMLResponse:
    """The decompositions of regions in the reader's scope, the last changed first."""
    rows = sharing.every_seen(a.workspace, a.scope)
    view = a.view()
    return a.page(
        "sharing.html", view, rows=[_standing(a, k) for k in rows], names=names_of(a), kinds=KINDS,
        offered=_regions(view), default_base=_base_year(view), own=own_region(view) if view else "",
    )  # fmt: skip


@router.get("/sharing/template.xlsx")
def template(a: Reads) -> Response:
    """An empty sheet for the parts of a decomposition."""
    name = a.speaker.say("sharing.template_name")
    return Response(sharing_sheet.template(a.language), media_type=_XLSX, headers=download_headers("parts.xlsx", name))


@router.get("/sharing/new")
def new(
    a: Writes, region: Annotated[str, Query(max_length=6)] = "", base_year: Annotated[str, Query(max_length=4)] = "",
    end_year: Annotated[str, Query(max_length=4)] = "", kind: Annotated[str, Query(max_length=12)] = "regions",
) -> HTMLResponse:  # fmt: skip
    """The form of a plan, filled from the books as far as they go."""
    view = a.view()
    data, refused = _start(a, view, region, base_year, end_year, kind)
    return _form(a, data, None, refused, 200)


def _start(
    a: Asked, view: RunView | None, region: str, base_year: str, end_year: str, kind: str
) -> tuple[dict[str, Any], UserError | None]:  # fmt: skip
    base = int(base_year) if base_year.isdigit() else _base_year(view)
    end = end_year if end_year.isdigit() else str(base + 5)
    data: dict[str, Any] = {
        **_defaults(a), "region": region, "base_year": str(base), "end_year": end,
        "kind": kind if kind in KINDS else "regions",
    }  # fmt: skip
    about = view.by_code.get(region) if view else None
    if view is None or about is None:
        return data, None
    data["title"] = a.speaker.say("sharing.title_of", region=about.label.zh, first=base + 1, last=end)
    parts = _parts_of(view, about, data["kind"])
    if not parts or data["kind"] == "industries":
        return data, None
    data["parts"] = [{"code": p.code, "name": p.name} for p in parts]
    try:
        place = Place(about.id, about.code or "", about.label.zh)
        found = from_books(view.run, view.scope, view.seen, place, parts, base)
    except UserError as wrong:
        return data, wrong
    data |= {"energy": found.energy, "parts": list(found.rows), "basis": found.method, "synthetic": found.synthetic}
    return data, None


def _parts_of(view: RunView, about: Subject, kind: str) -> list[Place]:
    """What a region is shared among: what lies directly in it, or the units in it."""
    if kind == "units":
        inside = [view.subjects[i] for i in view.within(about.id) if view.subjects[i].kind == "unit"]
    else:
        inside = [view.subjects[i] for i in view.children.get(about.id, ()) if view.subjects[i].kind == "region"]
    places = [Place(s.id, s.code or s.id, s.label.zh) for s in inside]
    return sorted(places, key=lambda p: p.code)


@router.post("/sharing")
def create(a: Writes, sent: Sent) -> Response:
    """Keep a new decomposition; what is wrong is said above the form, which stays as it was typed."""
    return _saved(a, sent, None)


@router.get("/sharing/{kept}/edit")
def edit(a: Writes, kept: str) -> HTMLResponse:
    """The form of the newest version."""
    found, version = sharing.version_seen(a.workspace, a.scope, kept)
    return _form(a, version.plan.data(), found, None, 200)


@router.post("/sharing/{kept}/edit")
def edited(a: Writes, kept: str, sent: Sent) -> Response:
    """Keep what was typed as the next version."""
    found, _ = sharing.version_seen(a.workspace, a.scope, kept)
    return _saved(a, sent, found)


def _saved(a: Asked, sent: Sent, kept: Kept | None) -> Response:
    data = data_of(sent)
    because = next((v for k, v in sent if k == "because" and isinstance(v, str)), "")
    file = next((v for k, v in sent if k == "file" and not isinstance(v, str) and v.filename), None)
    try:
        if file is not None:
            data["parts"] = sharing_sheet.rows_of(file.file.read(), str(file.filename)[:120])
            sharing_sheet.needed(data["parts"])
        elif kept is not None and not data["parts"]:
            data["parts"] = sharing.version_seen(a.workspace, a.scope, kept.decomposition_id)[1].plan.data()["parts"]
        done = sharing.save(
            a.workspace, a.scope, plan_from(data), because, kept.decomposition_id if kept else ""
        )  # fmt: skip
    except UserError as wrong:
        return _form(a, data, kept, wrong, 400, because)
    finally:
        for _, sent_file in sent:
            if not isinstance(sent_file, str):
                sent_file.file.close()
    return RedirectResponse(f"/sharing/{done.decomposition_id}", 303)


def _form(
    a: Asked, data: Mapping[str, Any], kept: Kept | None, refused: UserError | None, status: int, because: str = ""
) -> HTMLResponse:  # fmt: skip
    typed = typed_of(data)
    return a.page(
        "sharing_new.html", a.view(), status=status, typed=typed, kept=kept, refused=refused, because=because,
        fields=FIELDS, columns=sharing_sheet.COLUMNS, criteria=CRITERIA, methods=METHODS, kinds=KINDS,
        offered=_regions(a.view()), accounted=_accounted(a), table=len(typed.rows) <= TABLE_PARTS, n=len(typed.rows),
    )  # fmt: skip


@router.get("/sharing/{kept}")
def one(
    a: Reads, kept: str, version: Annotated[int, Query(ge=0, le=100_000)] = 0,
    beside: Annotated[int, Query(alias="with", ge=0, le=100_000)] = 0, page: Annotated[int, Query(ge=1, le=200)] = 1,
) -> HTMLResponse:  # fmt: skip
    """The studio: shares with bars and reasons, the closing of the energy, methods, fairness, years, versions."""
    return _one(a, kept, version, beside, page)


def _one(
    a: Asked, kept: str, number: int = 0, beside: int = 0, page: int = 1, *, refused: UserError | None = None
) -> HTMLResponse:  # fmt: skip
    found, version = sharing.version_seen(a.workspace, a.scope, kept, number)
    plan, moved = version.plan, dict[str, str]()
    large = len(plan.parts) > sharing.inline_parts(PackSet(builtin_packs()), business_day(a.workspace.clock()))
    trouble = refused
    if not large:
        try:
            plan, moved = tried(plan, a.request.query_params)
        except UserError as wrong:
            trouble = trouble or wrong
    results = sharing.outcomes(a.workspace, version, plan)
    other = sharing.version_seen(a.workspace, a.scope, kept, beside)[1] if beside else None
    return a.page(
        "sharing_one.html", a.view(), status=400 if trouble else 200, kept=_standing(a, found), version=version,
        plan=plan, moved=moved, large=large, refused=trouble, names=names_of(a), waiting=_waiting(a, version, results),
        versions=sharing.versions_seen(a.workspace, a.scope, kept), other=other, sliders=SLIDERS, weight=WEIGHT,
        criteria=CRITERIA, methods=METHODS, page=page, page_count=-(-len(plan.parts) // PAGE), accounted=_accounted(a),
        **(_results(a, plan, results, other, page) if results else {"found": None}),
    )  # fmt: skip


def _accounted(a: Asked, speaker: Speaker | None = None) -> Callable[[str], str]:
    """How the energy of a plan is accounted for, in words; what no pack knows stays as it was written."""
    view = a.view()
    return lambda basis: method_words(basis, speaker or a.speaker, view.packs, full=True) if view and basis else basis


def _results(
    a: Asked, plan: Plan, results: tuple[Outcome, ...], other: Version | None, page: int
) -> dict[str, Any]:  # fmt: skip
    found, first = results[0], (page - 1) * PAGE
    view = a.view()
    labels = {p.code: view.by_code.get(p.code) if view else None for p in plan.parts}
    names = {p.code: a.speaker.label(s.label) if (s := labels[p.code]) else p.name for p in plan.parts}
    years = closed_years(plan, found.base)
    ordered = sorted(results, key=lambda o: METHODS.index(o.method))
    return {
        "found": found, "clash": found.base if isinstance(found.base, Clash) else None, "closing": found.closing,
        "no_incentive": isinstance(found.incentive, Clash), "lines": shown.lines(plan, found, a.speaker, first, PAGE),
        "compared": ordered, "method_lines": shown.methods(plan, ordered, first, PAGE),
        "course": list(zip(shown.course(plan), years, strict=True)) if years else [],
        "clashes": [text for y in years if (text := shown.year_told(plan, y, a.speaker))],
        "short_years": shown.years_short(years, a.speaker),
        "fair_energy": shown.fairness_rows(ordered, names, "energy"), "exact": shown.exact, "short": shown.short,
        "fair_output": shown.fairness_rows(ordered, names, "output"), "signed": shown.signed,
        "named": lambda part: names[part.code], "size": shown.size_of(plan),
        "sized": lambda value: shown.sized(value, shown.size_of(plan)),
        "amount": lambda value, unit: shown.amount(value, unit, a.speaker), "units": shown.UNITS,
        "before": _rates(a, other) if other else {},
    }  # fmt: skip


def _rates(a: Asked, version: Version) -> dict[str, Any]:
    """The rate of each part in another version, by code."""
    found = sharing.outcomes(a.workspace, version, version.plan)
    return {s.id: s.rate for s in found[0].base.shares} if found and isinstance(found[0].base, SharedOut) else {}


def _waiting(a: Asked, version: Version, results: object) -> jobs.Job | None:
    if results is not None or version.job_id is None or not a.may("jobs.read"):
        return None
    with reading(a.workspace.engine) as db:
        return jobs.job_seen(db, Scope.system("say how far a decomposition is"), version.job_id)


@router.post("/sharing/{kept}")
def keep_tried(a: Writes, kept: str, sent: Sent) -> Response:
    """Keep what the sliders say as the next version."""
    given = {k: v for k, v in sent if isinstance(v, str)}
    found, version = sharing.version_seen(a.workspace, a.scope, kept, _whole(given.get("version", "")))
    try:
        plan, _ = tried(version.plan, given)
        sharing.save(a.workspace, a.scope, plan, given.get("because", ""), found.decomposition_id)
    except UserError as wrong:
        return _one(a, kept, version.version, refused=wrong)
    return RedirectResponse(f"/sharing/{kept}", 303)


@router.post("/sharing/{kept}/propose")
def propose(a: Writes, kept: str, sent: Sent) -> Response:
    """Propose the version as a local pack, which a second person publishes."""
    require(a.who, "packs.propose")
    given = {k: v.strip() for k, v in sent if isinstance(v, str)}
    found, version = sharing.version_seen(a.workspace, a.scope, kept, _whole(given.get("version", "")))
    try:
        facts = sharing.facts_of(a.workspace, version.plan, given)
        made = sharing.propose(a.workspace, a.scope, kept, version.version, facts, given.get("because", ""))
    except UserError as wrong:
        return _one(a, found.decomposition_id, version.version, refused=wrong)
    return RedirectResponse(f"/proposals/{made}", 303)


@router.get("/sharing/{kept}/notice.docx")
def notice_file(a: Reads, kept: str, version: Annotated[int, Query(ge=0, le=100_000)] = 0) -> Response:
    """The notice as Word."""
    plan, found, name = _file(a, kept, version)
    sharing.closes(found[0])
    day = business_day(a.workspace.clock())
    issuer, speaker = a.speaker.say("sharing_notice.issuer"), _chinese(a)
    content = notice(plan, found[0], issuer, day, a.audit_head, speaker, _accounted(a, speaker)(plan.basis))
    return Response(content, media_type=_DOCX, headers=download_headers("notice.docx", f"{name}.docx"))


@router.get("/sharing/{kept}/annex.xlsx")
def annex_file(a: Reads, kept: str, version: Annotated[int, Query(ge=0, le=100_000)] = 0) -> Response:
    """The annex with all figures as a workbook."""
    require(a.who, "export")
    plan, found, name = _file(a, kept, version)
    content = annex(plan, found, a.audit_head, a.speaker)
    return Response(content, media_type=_XLSX, headers=download_headers("annex.xlsx", f"{name}.xlsx"))


@router.get("/sharing/{kept}/plan.json")
def json_file(a: Reads, kept: str, version: Annotated[int, Query(ge=0, le=100_000)] = 0) -> Response:
    """Plan and outcomes with every figure as text."""
    require(a.who, "export")
    plan, found, name = _file(a, kept, version)
    data = {"plan": plan.data(), "sha256": plan.content_hash, "outcomes": [outcome_data(o, plan) for o in found],
            "audit_head": a.audit_head}  # fmt: skip
    text = json.dumps(data, ensure_ascii=False, indent=1)
    return Response(text, media_type="application/json", headers=download_headers("plan.json", f"{name}.json"))


def _file(a: Asked, kept: str, number: int) -> tuple[Plan, tuple[Outcome, ...], str]:
    _, version = sharing.version_seen(a.workspace, a.scope, kept, number)
    found = sharing.outcomes(a.workspace, version, version.plan)
    if found is None:
        raise UserError("SHARE-003", "it is still being worked out.", case="running", remedy="Wait for its job.")
    return version.plan, found, f"{version.plan.title[:60]}-{version.version}"


def _chinese(a: Asked) -> Speaker:
    """The notice is an official document: it is written in Chinese, whatever the page speaks."""
    return type(a.speaker)("zh", a.site.frame.texts)


def _standing(a: Asked, kept: Kept) -> dict[str, Any]:
    """A decomposition with the state of its proposal."""
    if not kept.proposal_id:
        return {"kept": kept, "state": None, "proposal": None}
    with reading(a.workspace.engine) as db:
        found = proposal(db, kept.proposal_id)
    return {"kept": kept, "state": STATES[found.state], "proposal": found}


def _regions(view: RunView | None) -> list[Subject]:
    """Regions in which others lie, by code."""
    if view is None:
        return []
    found = [view.subjects[i] for i in view.children if i in view.subjects and view.subjects[i].code]
    kids = [s for s in found if any(view.subjects[c].kind == "region" for c in view.children[s.id])]
    return sorted(kids, key=lambda s: s.code or "")[:400]


def _base_year(view: RunView | None) -> int:
    """The last full year of the run."""
    return (view.run.as_of if view else date(2026, 1, 1)).year - 1


def _defaults(a: Asked) -> dict[str, Any]:
    return sharing.defaults(PackSet(builtin_packs()), business_day(a.workspace.clock()))


def _whole(text: str) -> int:
    return int(text) if text.isdigit() and len(text) < 7 else 0
