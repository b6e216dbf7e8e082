"""Tokens for the readings of a unit (读数令牌): who has one, issuing one that is shown once, revoking it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form
from fastapi.responses import RedirectResponse, Response

from shuangkong.app.web.context import Asked, Asks
from shuangkong.app.web.metering_state import metering_of, subject_of_id
from shuangkong.app.web.rows import Subject
from shuangkong.engine.api import reading, writing_in_turn
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.ids import SubjectId
from shuangkong.registry.api import issue_reading_token, reading_tokens, revoke_reading_token
from shuangkong.webkit.api import person_table

router = APIRouter(include_in_schema=False)
Issues = Annotated[Asked, Depends(Asks("readings.token"))]
Text = Annotated[str, Form(max_length=200)]


@router.get("/units/{subject_id}/tokens")
def tokens(a: Issues, subject_id: str) -> Response:
    """The tokens of a unit, without their secrets."""
    return _page(a, subject_id)


@router.post("/units/{subject_id}/tokens")
def issue(a: Issues, subject_id: str, label: Text = "", days: Text = "") -> Response:
    """Issue a token; its secret is on this answer and never again."""
    subject = _own(a, subject_id)
    try:
        with writing_in_turn(a.workspace.engine) as db:
            _, secret = issue_reading_token(
                db, SubjectId(subject.id), label, at=a.workspace.clock(), principal=a.who.principal,
                days=_days(days),
            )  # fmt: skip
    except UserError as error:
        return _page(a, subject_id, error=error, label=label, days=days)
    return _page(a, subject_id, secret=secret)


@router.post("/units/{subject_id}/tokens/revoke")
def revoke(a: Issues, subject_id: str, token: Text = "") -> Response:
    """Revoke a token of this unit; readings stop being taken under it within two seconds."""
    subject = _own(a, subject_id)
    now = a.workspace.clock()
    try:
        with writing_in_turn(a.workspace.engine) as db:
            mine = {t.token_id for t in reading_tokens(db, a.scope.for_writing(), now, SubjectId(subject.id))}
            named = token if token in mine else ""
            revoke_reading_token(db, a.scope, named, at=now, principal=a.who.principal)
    except UserError as error:
        return _page(a, subject_id, error=error)
    return RedirectResponse(f"/units/{subject.id}/tokens", status_code=303)


def _page(
    a: Asked, subject_id: str, *, secret: str = "", error: UserError | None = None, label: str = "", days: str = ""
) -> Response:
    subject, now = _own(a, subject_id), a.workspace.clock()
    metering = metering_of(a.workspace)
    with reading(a.workspace.engine) as db:
        found = reading_tokens(db, a.scope.for_writing(), now, SubjectId(subject.id))
        p = person_table.c
        people = {r.person_id: r.display for r in db.execute(person_table.select().with_only_columns(
            p.person_id, p.display).where(p.person_id.in_({t.issued_by for t in found})))}  # fmt: skip
    answer = a.page(
        "metering_tokens.html", a.view(), status=400 if error else 200, subject=subject, tokens=found, now=now,
        secret=secret, error=error, typed={"label": label, "days": days}, people=people,
        above=metering.places().path(subject.id, metering.seen(a.scope))[:-1],
    )  # fmt: skip
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _own(a: Asked, subject_id: str) -> Subject:
    """A unit that the reader acts for; REG-001 alike for one outside and one that is not there."""
    metering = metering_of(a.workspace)
    return subject_of_id(metering.places(), metering.seen(a.scope.for_writing()), subject_id)


def _days(text: str) -> int | None:
    """Days as typed; what is no number is refused with the days."""
    if not text.strip():
        return None
    return int(text) if text.strip().isdecimal() and len(text.strip()) < 9 else 0
