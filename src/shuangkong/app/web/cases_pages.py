"""Cases (督办): what waits to be opened, what is under way, and one case with its ground, steps, papers and history."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from shuangkong.app.casework import (
    belongs,
    cited,
    drafted,
    hand_cases,
    join_proposed,
    open_proposed,
    packs_for,
    proposed_in,
    step_on,
    unopened,
    unproposed,
)
from shuangkong.app.web.cases_forms import (
    ACT,
    CLOSE,
    DECLINING,
    FORMS,
    JOINING,
    evidence_form,
    given_of,
    offered,
    opening_form,
)
from shuangkong.app.web.cases_list import LISTING, case_json, left_words, words
from shuangkong.app.web.consequences import consequence, exceptions
from shuangkong.app.web.context import Asked, Asks
from shuangkong.app.web.imports_pages import plain_name
from shuangkong.app.web.json_api import TROUBLES, as_json
from shuangkong.app.web.listings import list_routes
from shuangkong.app.web.sent import Sent
from shuangkong.casework.api import (
    BASES,
    GROUND_STATES,
    KINDS,
    LETTERS,
    STATES,
    STEPS,
    Case,
    LetterKind,
    Proposed,
    Step,
    beside_hand,
    case_seen,
    cases_seen,
    evidence_label,
    evidence_of,
    hand_in,
    letters_of,
    missing_evidence,
    steps_of,
)
from shuangkong.engine.api import latest_run, reading
from shuangkong.kernel.errors import UserError
from shuangkong.policy.api import Pack
from shuangkong.webkit.api import Filled, business_day, download_headers, people

router = APIRouter(include_in_schema=False)
api = APIRouter(prefix="/api", tags=["api"], responses=TROUBLES)
Reads = Annotated[Asked, Depends(Asks("cases.read"))]
Acts = Annotated[Asked, Depends(Asks("cases.act"))]
Closes = Annotated[Asked, Depends(Asks("cases.close"))]
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
#: Refusals that are shown on the page of the case, beside its forms.
_SHOWN = ("CASE-002", "CASE-003", "CASE-004")


def _proposed(a: Asked) -> list[Proposed]:
    view = a.view()
    if view is None or not a.may("cases.act"):
        return []
    packs = packs_for(a.workspace, view.run)
    # what a run says does not change: only which of it was opened is asked each time
    return view._once(("cases_proposed",), lambda: proposed_in(a.workspace, view.run, packs, a.scope))


def proposals_of(a: Asked) -> list[Proposed]:
    """What the newest run proposes and nobody has opened, for who may open it; nothing where no run is there."""
    return unopened(a.workspace, _proposed(a))


def counts_of(a: Asked, cases: list[Case]) -> list[tuple[str, int, str]]:
    """How many are under way, late, on changed ground and over: (key of the words, number, address)."""
    today = business_day(a.workspace.clock())
    return [
        ("case_count.active", sum(c.active for c in cases), "/cases?active=yes"),
        ("case_count.overdue", sum(c.overdue(today) for c in cases), "/cases?overdue=yes"),
        ("case_count.decide", sum(c.ground_state in ("undone", "lighter", "heavier", "untold") for c in cases),
         "/cases?to_decide=yes"),
        ("case_count.over", sum(not c.active for c in cases), "/cases?active=no"),
    ]  # fmt: skip


def _listed(a: Asked) -> HTMLResponse:
    """What waits to be opened, then all cases."""
    with reading(a.workspace.engine) as db:
        cases = cases_seen(db, a.scope, a.workspace.clock())
    today, waiting = business_day(a.workspace.clock()), proposals_of(a)
    return a.page(
        "cases.html", a.view(), table=LISTING.asked(a), words=words(LISTING.eyes(a)), counts=counts_of(a, cases),
        proposals=waiting, by_hand=hand_cases(a.workspace, a.scope, waiting), kinds=KINDS, today=today,
        grounds=GROUND_STATES, left=lambda day: left_words(a.speaker, today, day), answer=consequence(_packs(a)),
    )  # fmt: skip


def _packs(a: Asked) -> tuple[Pack, ...]:
    """The packs of the newest run, in whose words consequences are said; none where there is no run."""
    view = a.view()
    return view.packs.packs if view is not None else ()


@router.get("/cases/open/{key}")
def opening_page(a: Acts, key: str, beside: Annotated[int, Query(alias="with", ge=0, le=10**9)] = 0) -> Response:
    """A consequence upon which no case was opened yet: what it rests on, the form, and a case opened by hand beside it.

    `with` is the number of that case where there are several.
    """
    return _opening(a, key, beside=beside)


def _opening(
    a: Asked, key: str, form: Filled | None = None, declining: Filled | None = None, error: UserError | None = None,
    *, joining: Filled | None = None, beside: int = 0,
) -> Response:  # fmt: skip
    asked = next((p for p in _proposed(a) if p.key == key), None)
    found = next(iter(unopened(a.workspace, [asked])), None) if asked else None
    if found is None:
        with reading(a.workspace.engine) as db:
            seen = cases_seen(db, a.scope, a.workspace.clock())
        there = [c for c in seen if c.case_id == key or (asked is not None and belongs(c, asked))]
        if there:
            return RedirectResponse(f"/cases/{there[0].number}", 303)
        raise unproposed(key)
    view = a.needed()
    hand = hand_cases(a.workspace, a.scope, [found]).get(key, [])
    wrong = any(f is not None and not f.good for f in (form, declining, joining))
    return a.page(
        "case_open.html", view, status=400 if wrong or error else 200, p=found, g=found.ground, kinds=KINDS,
        subject=view.subjects.get(found.ground.subject_id), form=form or opening_form(hand).empty(), bases=BASES,
        states=STATES, hand=sorted(hand, key=lambda c: c.number != beside), joining=joining or JOINING.empty(),
        declining=declining or DECLINING.empty(), error=error, evidence=evidence_label,
        own=a.scope.subject == found.ground.subject_id, cited=cited(view.packs, found.ground),
        answer=consequence(view.packs.packs), excepted=exceptions(view.packs.packs),
    )  # fmt: skip


@router.post("/cases/open/{key}")
def opening_post(a: Acts, key: str, sent: Sent) -> Response:
    """Open the case; doing it twice opens one. Beside one opened by hand it has to be said that it stands apart."""
    waiting = [p for p in proposals_of(a) if p.key == key]
    form = opening_form(hand_cases(a.workspace, a.scope, waiting).get(key, [])).parse(sent)
    if not form.good:
        return _opening(a, key, form)
    try:
        case = open_proposed(
            a.workspace, a.scope, key, responsible=form.values["responsible"], why=form.values["why"],
            apart=bool(form.values.get("apart")),
        )  # fmt: skip
    except UserError as error:
        if error.code not in _SHOWN:
            raise
        return _opening(a, key, form, error=error)
    return RedirectResponse(f"/cases/{case.number}", 303)


@router.post("/cases/decline/{key}")
def declining_post(a: Acts, key: str, sent: Sent) -> Response:
    """Keep that no case was opened, and why."""
    form = DECLINING.parse(sent)
    if not form.good:
        return _opening(a, key, declining=form)
    try:
        case = open_proposed(a.workspace, a.scope, key, responsible="", why=form.values["decline_why"], decline=True)
    except UserError as error:
        if error.code not in _SHOWN:
            raise
        return _opening(a, key, declining=form, error=error)
    return RedirectResponse(f"/cases/{case.number}", 303)


@router.post("/cases/{case_id}/join/{key}")
def joining_post(a: Acts, case_id: str, key: str, sent: Sent) -> Response:
    """Join what the newest run found to a case opened by hand; doing it twice changes nothing."""
    form = JOINING.parse(sent)
    beside = int(case_id) if case_id.isascii() and case_id.isdigit() and len(case_id) < 10 else 0
    if not form.good:
        return _opening(a, key, joining=form, beside=beside)
    try:
        case = join_proposed(a.workspace, a.scope, case_id, key, why=form.values["join_why"])
    except UserError as error:
        if error.code not in _SHOWN:
            raise
        return _opening(a, key, joining=form, beside=beside, error=error)
    return RedirectResponse(f"/cases/{case.number}", 303)


@router.get("/cases/{case_id}")
def case_page(a: Reads, case_id: str) -> Response:
    """One case: its ground, what is due, letters, evidence, steps and history."""
    return _one(a, case_id)


def _one(
    a: Asked, case_id: str, *, sent: Mapping[Step, Filled] | None = None, handing: Filled | None = None,
    error: UserError | None = None,
) -> Response:  # fmt: skip
    now = a.workspace.clock()
    own = a.scope.for_writing()
    with reading(a.workspace.engine) as db:
        case = case_seen(db, a.scope, now, case_id)
        inner = _inner(a, case, {c.case_id for c in cases_seen(db, own, now, subject=case.subject_id)})
        history = steps_of(db, own, now, case.case_id) if inner else []
        files = evidence_of(db, own, now, case.case_id) if inner else []
        names = {p.person_id: p.display or p.name for p in people(db)} if inner else {}
    steps, others = offered(
        case, a.scope, act=inner and a.may("cases.act"), close=inner and a.may("cases.close"), sent=sent
    )
    today, view = business_day(now), a.view()
    wrong = error is not None or any(not f.good for f in (sent or {}).values()) or (handing and not handing.good)
    may_hand = inner and case.active and a.may("cases.act")
    return a.page(
        "case.html", view, status=400 if wrong else 200, c=case, g=case.ground, inner=inner, history=history[::-1],
        files=files, names=names, steps=steps, others=others, error=error, kinds=KINDS, states=STATES, bases=BASES,
        grounds=GROUND_STATES, step_words=STEPS, letters=[(k, LETTERS[k]) for k in letters_of(case)] if inner else [],
        cited=cited(packs_for(a.workspace, latest_run(a.workspace, a.scope, known=None)), case),
        wanting=missing_evidence(case.evidence, [f.item for f in files]), evidence=evidence_label, today=today,
        handing=(handing or evidence_form(case).empty()) if may_hand else None,
        left=left_words(a.speaker, today, case.deadline, sure=case.deadline_sure), late=case.overdue(today),
        answer=consequence(_packs(a)), excepted=exceptions(_packs(a)),
        changed=_changed(history), beside=[p for p in proposals_of(a) if inner and beside_hand(case, p.ground)],
        subject=view.subjects.get(case.subject_id) if view else None,
    )  # fmt: skip


def _inner(a: Asked, case: Case, own: set[str]) -> bool:
    """Whether the reader sees a case from inside: who conducted it, why, the files; not merely as a published one."""
    return a.scope.kind != "published" and case.case_id in own


def _changed(history: list[Any]) -> Mapping[str, Any]:
    """What the last run that marked the case said of its ground."""
    return next((s.detail for s in reversed(history) if s.step == "ground"), {})


@router.post("/cases/{case_id}/act/{step}")
def act_post(a: Acts, case_id: str, step: str, sent: Sent) -> Response:
    """Take a step that carries a case on."""
    return _step(a, case_id, step, ACT, sent)


@router.post("/cases/{case_id}/review/{step}")
def review_post(a: Closes, case_id: str, step: str, sent: Sent) -> Response:
    """Close, send back, withdraw, reopen or publish a case."""
    return _step(a, case_id, step, CLOSE, sent)


def _step(a: Asked, case_id: str, name: str, known: tuple[Step, ...], sent: Sent) -> Response:
    step = next((s for s in known if s == name), None)
    if step is None:
        raise UserError("CASE-001", f"no step “{name[:40]}”.", where="cases", remedy="Use the page of the case.",
                        case="none", facts={"id": name[:40]})  # fmt: skip
    form = FORMS[step].parse(sent)
    if not form.good:
        return _one(a, case_id, sent={step: form})
    why, given = given_of(step, form.values)
    try:
        case = step_on(a.workspace, a.scope, case_id, step, why=why, given=given)
    except UserError as error:
        if error.code not in _SHOWN:
            raise
        return _one(a, case_id, sent={step: form}, error=error)
    return RedirectResponse(f"/cases/{case.number}", 303)


@router.post("/cases/{case_id}/evidence")
async def evidence_post(a: Acts, case_id: str) -> Response:
    """Hand in a file for a case."""
    case = await run_in_threadpool(_seen, a, case_id)
    async with a.request.form() as sent:
        form = evidence_form(case).parse(sent.multi_items())
        content = await form.values["file"].read() if form.good else b""
    return await run_in_threadpool(_handed, a, case, form, content)


def _handed(a: Asked, case: Case, form: Filled, content: bytes) -> Response:
    if not form.good:
        return _one(a, case.case_id, handing=form)
    name = plain_name(form.values["file"].filename or "")
    try:
        hand_in(
            a.workspace, a.scope, case.case_id, item=form.values["item"], name=name, content=content,
            why=form.values["evidence_why"],
        )  # fmt: skip
    except UserError as error:
        if error.code not in _SHOWN:
            raise
        return _one(a, case.case_id, handing=form, error=error)
    return RedirectResponse(f"/cases/{case.number}#evidence", 303)


def _seen(a: Asked, case_id: str) -> Case:
    """A case from inside: CASE-001 also for one that is merely published."""
    with reading(a.workspace.engine) as db:
        return case_seen(db, a.scope.for_writing(), a.workspace.clock(), case_id)


@router.get("/cases/{case_id}/evidence/{evidence_id}/original")
def evidence_file(a: Reads, case_id: str, evidence_id: str) -> Response:
    """A file that was handed in, to be kept and not to be shown in the page."""
    with reading(a.workspace.engine) as db:
        files = evidence_of(db, a.scope.for_writing(), a.workspace.clock(), case_id)
    found = next((f for f in files if f.evidence_id == evidence_id), None)
    if found is None or a.scope.kind == "published":
        raise UserError("CASE-001", "no such file.", where="cases", remedy="Choose one on the page of the case.",
                        case="none", facts={"id": evidence_id[:40]})  # fmt: skip
    content = a.workspace.blobs.get(found.sha256)
    headers = download_headers(f"{found.evidence_id}{found.name[found.name.rfind('.') :]}", found.name)
    return Response(content, media_type="application/octet-stream", headers=headers)


@router.get("/cases/{case_id}/letters/{kind}.docx")
def letter_file(a: Reads, case_id: str, kind: str) -> Response:
    """A letter of a case as it would be drafted now."""
    case = _seen(a, case_id)
    wanted: LetterKind | None = next((k for k in LETTERS if k == kind), None)
    if wanted is None or a.scope.kind == "published":
        raise UserError("CASE-002", f"no letter “{kind[:40]}”.", where="cases", remedy="Choose one on its page.",
                        case="letter")  # fmt: skip
    name, content = drafted(a.workspace, a.scope.for_writing(), case.case_id, wanted)
    return Response(content, media_type=DOCX, headers=download_headers(f"case-{case.number}-{kind}.docx", name))


@router.get("/cases/{case_id}/served/{number}.docx")
def served_file(a: Reads, case_id: str, number: int) -> Response:
    """A letter as it was drafted when it was served."""
    with reading(a.workspace.engine) as db:
        history = steps_of(db, a.scope.for_writing(), a.workspace.clock(), case_id)
    sha256 = next((str(s.detail["letter"]) for s in history if s.number == number and s.detail.get("letter")), None)
    if sha256 is None or a.scope.kind == "published":
        raise UserError("CASE-002", "no letter was kept with this step.", where="cases",
                        remedy="Choose one on its page.", case="letter")  # fmt: skip
    name = f"served-{number}.docx"
    return Response(a.workspace.blobs.get(sha256), media_type=DOCX, headers=download_headers(name, name))


@api.get("/cases")
def cases_api(a: Reads) -> Response:
    """The cases that the reader may see, newest first; days left are working days by the official calendar."""
    now = a.workspace.clock()
    with reading(a.workspace.engine) as db:
        found = cases_seen(db, a.scope, now)
        own = {c.case_id for c in cases_seen(db, a.scope.for_writing(), now)}
    today = business_day(now)
    return as_json({"total": len(found), "rows": [case_json(c, today, inner=_inner(a, c, own)) for c in found]})


@api.get("/cases/{case_id}")
def case_api(a: Reads, case_id: str) -> Response:
    """One case by its number or id, with its history for who sees it from inside; CASE-001."""
    now, own = a.workspace.clock(), a.scope.for_writing()
    with reading(a.workspace.engine) as db:
        case = case_seen(db, a.scope, now, case_id)
        inner = _inner(a, case, {c.case_id for c in cases_seen(db, own, now, subject=case.subject_id)})
        history = steps_of(db, own, now, case.case_id) if inner else []
    told = case_json(case, business_day(now), inner=inner)
    told["history"] = [
        {"number": s.number, "at": s.at, "principal": s.principal, "step": s.step, "before": s.before,
         "after": s.after, "why": s.why, "detail": s.detail} for s in history
    ]  # fmt: skip
    return as_json(told)


list_routes(router, LISTING, _listed)
