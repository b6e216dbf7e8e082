"""Pages of scenarios (情景试算): what was tried, a form for a change, and what it would mean; two side by side."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from shuangkong.app.explaining import packs_of_run
from shuangkong.app.web.choice import chooser
from shuangkong.app.web.context import Asked, Asks
from shuangkong.app.web.listings import Eyes
from shuangkong.app.web.reading import RunView
from shuangkong.app.web.sent import Sent
from shuangkong.app.web.tables_drawn import output_words
from shuangkong.app.web.tables_pages import words
from shuangkong.app.web.whatif_forms import all_fields, overlay_of, parameter_fields, row_fields, target_fields
from shuangkong.app.web.whatif_list import EFFECTS, listing, name_of, said
from shuangkong.app.whatif import (
    ask_whatif,
    base_run,
    change_of,
    fits,
    proposal,
    read_change,
    scenarios,
    signed_so,
    tried,
)
from shuangkong.app.whatif_effects import effects
from shuangkong.engine.api import jobs, reading, writing
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Label
from shuangkong.policy.api import STANDING_LABELS, Overlay, Standing
from shuangkong.webkit.api import Format, download_headers, parse_choices, require

router = APIRouter(include_in_schema=False)
Tries = Annotated[Asked, Depends(Asks("scenario.run"))]
LISTED = 60


@router.get("/whatif")
def listed(a: Tries, job: Annotated[str, Query(max_length=60)] = "") -> HTMLResponse:
    """What was tried, newest first; while a job runs, the page asks again each second."""
    view = a.view()
    waiting, run = _waiting(a, job)
    rows = [
        {"run": r, "name": _name(a, r)} for r in scenarios(a.workspace, a.scope, a.who.principal)[:LISTED]
    ]  # fmt: skip
    return a.page(
        "whatif.html", view, rows=rows, waiting=waiting, made=run, refused=None, text="", signed=None,
        failed=jobs.error_of(waiting.error) if waiting is not None and waiting.error else None,
    )  # fmt: skip


def _waiting(a: Asked, job_id: str) -> tuple[jobs.Job | None, str | None]:
    if not job_id:
        return None, None
    with reading(a.workspace.engine) as db:
        job = jobs.job_seen(db, a.scope, job_id)
    return job, (job.result or {}).get("run") if job.state == "done" else None


def _name(a: Asked, run: Any) -> Label:
    change = change_of(a.workspace, run)
    return Label(change.because if change is not None else run.run_id, None)


@router.get("/whatif/new")
def new(
    a: Tries, pack: Annotated[str, Query(max_length=120)] = "", table: Annotated[str, Query(max_length=120)] = "",
    target: Annotated[str, Query(max_length=120)] = "",
) -> HTMLResponse:  # fmt: skip
    """Choose what to change: a document, then one of its tables or targets, then figures and cells."""
    return _form(a, a.needed(), pack, table, target, {}, None)


def _form(
    a: Asked, view: RunView, pack: str, table: str, target: str, sent: dict[str, str], refused: UserError | None
) -> HTMLResponse:  # fmt: skip
    packs = view.packs
    found = packs.pack(pack) if pack else None
    entry = packs.table(pack, table) if found and table else None
    goal = packs.target(pack, target) if found and target else None
    return a.page(
        "whatif_new.html", view, status=400 if refused else 200, pack=found, entry=entry, target=goal,
        parameters=parameter_fields(found, entry) if found and entry else [],
        rows=row_fields(found, entry) if found and entry else {},
        goals=target_fields(found, goal) if found and goal else [], sent=sent, refused=refused,
        offered=[p for p in packs.packs if p.tables or p.targets], chooser=chooser(a, view),
        ended={p.key for p in packs.packs if (end := p.instrument.in_force_to) is not None and end <= view.run.as_of},
        expired=STANDING_LABELS[Standing.EXPIRED],
    )  # fmt: skip


@router.post("/whatif")
def try_it(a: Tries, sent: Sent) -> Response:
    """Try a change: fields of the form, a pasted change file, or an uploaded one. The answer is a job."""
    view = a.needed()
    given = {k: v for k, v in sent if isinstance(v, str)}
    file = next((v for k, v in sent if k == "file" and not isinstance(v, str) and v.filename), None)
    pack, table, target = (given.get(k, "") for k in ("pack", "table", "target"))
    try:
        overlay = _overlay(a, view, given, file)
        base = base_run(a.workspace, a.scope)
        packs = packs_of_run(a.workspace, base)
        fits(a.workspace, a.scope, base, overlay)
    except UserError as wrong:
        if pack:
            return _form(a, view, pack, table, target, given, wrong)
        rows = [{"run": r, "name": _name(a, r)} for r in scenarios(a.workspace, a.scope, a.who.principal)[:LISTED]]
        return a.page(
            "whatif.html", view, status=400, rows=rows, waiting=None, made=None, refused=wrong,
            text=given.get("text", ""), signed=None, failed=None,
        )  # fmt: skip
    blob = a.workspace.blobs.put(overlay.canonical())
    with writing(a.workspace.engine) as db:
        job = ask_whatif(db, overlay, blob, scope=a.scope, clock=a.workspace.clock)
    signed = signed_so(a.workspace, overlay, packs)
    more = f"&differs={','.join(signed)}" if signed else "&signed=1" if overlay.proposal else ""
    return RedirectResponse(f"/whatif?job={job.job_id}{more}", status_code=303)


def _overlay(a: Asked, view: RunView, given: dict[str, str], file: Any) -> Overlay:
    if given.get("pack"):
        fields = all_fields(view.packs, given["pack"], given.get("table", ""), given.get("target", ""))
        because = given.get("because", "").strip() or a.speaker.say("whatif.no_reason")
        return overlay_of(fields, given, given.get("name") or "scenario", because)
    if file is not None:
        return read_change(file.file.read(), str(file.filename)[:120])
    return read_change(given.get("text", "").replace("\r\n", "\n").encode(), "change")


@router.get("/whatif/{run_id}.csv")
@router.get("/whatif/{run_id}.xlsx")
def exported(a: Tries, run_id: str, other: Annotated[str, Query(alias="with", max_length=60)] = "") -> Response:
    """All changes that fit as a file; with another scenario, both side by side."""
    require(a.who, "export")
    view, shown = a.needed(), _shown(a, run_id, other)
    found = listing(view, shown, run_id, other, a.speaker)
    choices = parse_choices(found.spec, a.request.query_params.multi_items())
    ending: Format = "xlsx" if a.request.url.path.endswith(".xlsx") else "csv"
    return found.file(Eyes(a.workspace, a.scope, a.speaker), choices, ending).answer()


@router.get("/whatif/{run_id}")
def one(a: Tries, run_id: str, other: Annotated[str, Query(alias="with", max_length=60)] = "") -> HTMLResponse:
    """What a change would mean, all of it page by page; with another scenario, both side by side."""
    view, shown = a.needed(), _shown(a, run_id, other)
    rest = [r for r in scenarios(a.workspace, a.scope, a.who.principal) if r.run_id not in (run_id, other)][:LISTED]
    packs = shown[0]["packs"]
    found = listing(view, shown, run_id, other, a.speaker)
    choices = parse_choices(found.spec, a.request.query_params.multi_items())
    table = found.table(
        Eyes(a.workspace, a.scope, a.speaker), choices, offered={"with": [(other, 0)] if other else []},
        formats=("csv", "xlsx") if a.may("export") else (),
    )  # fmt: skip
    return a.page(
        "whatif_one.html", view, shown=shown, rest=[{"run": r, "name": _name(a, r)} for r in rest], effect=EFFECTS,
        amount=lambda value, unit: output_words(value, unit, a.speaker), table=table, other=other,
        yuan=lambda value: output_words(value, "CNY", a.speaker),
        said=lambda row, side: said(packs, a.speaker, row, side),
        name_of=lambda row: name_of(view, packs, a.speaker, row), chooser=chooser(a, view), **words(a, view),
    )  # fmt: skip


def _shown(a: Asked, run_id: str, other: str) -> list[dict[str, Any]]:
    return [_told(a, r) for r in (run_id, other) if r]


def _told(a: Asked, run_id: str) -> dict[str, Any]:
    """A scenario with what it changes; worked out once for all pages that show it to the same reader."""
    found = tried(a.workspace, run_id, a.scope, a.who.principal)
    packs = packs_of_run(a.workspace, found.run)
    told = a.needed()._once(
        ("whatif", run_id, a.who.principal), lambda: effects(a.workspace, found, packs, a.scope)
    )  # fmt: skip
    return {"tried": found, "packs": packs, "effects": told}


@router.get("/whatif/{run_id}/change.yaml")
def handed_on(a: Tries, run_id: str) -> Response:
    """The change as a proposal: what it replaces and why, signed with the end of the audit log."""
    found = tried(a.workspace, run_id, a.scope, a.who.principal)
    name = f"{found.overlay.name}.yaml"
    headers = download_headers(name, name)
    return Response(proposal(a.workspace, found, a.who.name), media_type="application/yaml", headers=headers)
