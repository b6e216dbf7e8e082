"""A case opened by hand (人工立案): subject and measure first, then the clause, what happened, and its record."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, Response

from shuangkong.app.casework import hand_choices, opened_by_hand, subject_named
from shuangkong.app.catalogue import library
from shuangkong.app.web.cases_forms import by_hand_form
from shuangkong.app.web.cases_list import left_words
from shuangkong.app.web.cases_pages import proposals_of
from shuangkong.app.web.choice import OFFERED
from shuangkong.app.web.consequences import consequence
from shuangkong.app.web.context import Asked, Asks
from shuangkong.app.web.imports_pages import plain_name
from shuangkong.casework.api import KINDS, STATES, ByHand, Kind, cases_seen, occasions
from shuangkong.engine.api import reading
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Label
from shuangkong.registry.api import names_of
from shuangkong.webkit.api import Filled, business_day

router = APIRouter(include_in_schema=False)
Acts = Annotated[Asked, Depends(Asks("cases.act"))]
_SHOWN = ("CASE-001", "CASE-002", "CASE-003", "CASE-004")


def _kind(text: str) -> Kind | None:
    return next((k for k in KINDS if k == text), None)


@router.get("/cases/by-hand")
def by_hand_page(
    a: Acts, subject: Annotated[str, Query(max_length=200)] = "", kind: Annotated[str, Query(max_length=12)] = "",
) -> Response:  # fmt: skip
    """Whom it is about and which measure; then the clauses that allow it, with the form."""
    return _page(a, subject, _kind(kind))


def _page(
    a: Asked, text: str, kind: Kind | None, form: Filled | None = None, error: UserError | None = None
) -> Response:
    subject, named = "", None
    clauses: dict[str, Label] = {}
    cases: list[Any] = []
    try:
        subject = subject_named(a.workspace, a.scope, text) if text else ""
    except UserError as unknown:
        error = error or unknown
    if subject:
        named, cases = _standing(a, subject)
        clauses = _clauses(a, subject, kind) if kind else {}
    own = bool(subject) and a.scope.subject == subject
    if form is None and clauses and not own:
        form = by_hand_form(clauses).empty(subject=subject, kind=kind or "")
    today, view = business_day(a.workspace.clock()), a.view()
    waiting = [p for p in proposals_of(a) if p.ground.subject_id == subject]
    offered = [s for s in view.subjects.values() if s.kind == "region" and s.code][:OFFERED] if view else []
    return a.page(
        "case_by_hand.html", view, status=400 if error or (form is not None and not form.good) else 200, form=form,
        error=error, subject=subject, named=named, kind=kind, kinds=KINDS, clauses=clauses, own=own, cases=cases,
        states=STATES, text=text, offered=offered, waiting=waiting,
        answer=consequence(view.packs.packs if view else ()),
        left=lambda c: left_words(a.speaker, today, c.deadline, sure=c.deadline_sure),
    )  # fmt: skip


def _standing(a: Asked, subject: str) -> tuple[Label, list[Any]]:
    """What the subject is called, and its cases under way: one upon the same matter is not opened twice."""
    now, own = a.workspace.clock(), a.scope.for_writing()
    with reading(a.workspace.engine) as db:
        named = names_of(db, [subject], own, now).get(subject, Label(subject))
        return named, [c for c in cases_seen(db, own, now, subject=subject) if c.active]


def _clauses(a: Asked, subject: str, kind: Kind | None) -> dict[str, Label]:
    packs = library(workspace=a.workspace)
    return occasions(hand_choices(a.workspace, a.scope, subject, kind, packs), packs)


@router.post("/cases/by-hand")
async def by_hand_post(a: Acts) -> Response:
    """Open a case by hand; the same record sent twice opens one."""
    async with a.request.form() as sent:
        pairs = sent.multi_items()
        form = await run_in_threadpool(_parsed, a, pairs)
        content = await form.values["file"].read() if form.good else b""
    return await run_in_threadpool(_opened, a, form, content)


def _parsed(a: Asked, pairs: list[tuple[str, Any]]) -> Filled:
    """The form with the clauses of the subject and the kind that came with it; CASE-001 for a subject out of scope."""
    given = {n: v for n, v in pairs if n in ("subject", "kind") and isinstance(v, str)}
    subject, kind = subject_named(a.workspace, a.scope, given.get("subject", "")), _kind(given.get("kind", ""))
    return by_hand_form(_clauses(a, subject, kind) if kind else {}).parse(pairs)


def _opened(a: Asked, form: Filled, content: bytes) -> Response:
    subject, kind = form.text("subject"), _kind(form.text("kind"))
    if not form.good:
        return _page(a, subject, kind, form)
    v = form.values
    try:
        about = subject_named(a.workspace, a.scope, subject)
        case = opened_by_hand(a.workspace, a.scope, ByHand(
            about, v["upon"], v["words"], v["day"], v["responsible"], v["why"], v["item"],
            plain_name(v["file"].filename or ""), content, None if v["days"] is None else int(v["days"]),
        ))  # fmt: skip
    except UserError as error:
        if error.code not in _SHOWN:
            raise
        return _page(a, subject, kind, form, error)
    return RedirectResponse(f"/cases/{case.number}", 303)
