"""Closed days of a unit (停产日、休息日): what it says of itself, a form to say more, and taking back with a reason."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Form
from fastapi.responses import RedirectResponse, Response

from shuangkong.app.web.context import Asked, Asks
from shuangkong.app.web.metering_state import metering_of, subject_of_id
from shuangkong.app.web.rows import Subject
from shuangkong.engine.api import reading, writing_in_turn
from shuangkong.kernel.errors import UserError
from shuangkong.metering.columns import CHINA
from shuangkong.registry.api import (
    CLOSED_KINDS,
    ClosedEntry,
    close_days,
    closed_spells,
    withdraw_closed,
)
from shuangkong.webkit.api import person_table

router = APIRouter(include_in_schema=False)
Reads = Annotated[Asked, Depends(Asks("meters.read"))]
Writes = Annotated[Asked, Depends(Asks("meters.write"))]
Text = Annotated[str, Form(max_length=400)]
Days = Annotated[list[str] | None, Form()]
_NOTHING = {"first": "", "last": "", "kind": "shutdown", "weekdays": "", "note": ""}
WEEK = ("1", "2", "3", "4", "5", "6", "7")


@router.get("/units/{subject_id}/closed-days")
def closed(a: Reads, subject_id: str) -> Response:
    """The closed days of a unit or site that stand, those of the unit that a site lies in among them."""
    return _page(a, _seen(a, subject_id))


@router.post("/units/{subject_id}/closed-days")
def close(
    a: Writes, subject_id: str, first: Text = "", last: Text = "", kind: Text = "shutdown", weekdays: Days = None,
    note: Text = "",
) -> Response:  # fmt: skip
    """Say that it is closed on days; what cannot be is told beside what was typed."""
    subject = _own(a, subject_id)
    typed = {"first": first, "last": last, "kind": kind, "weekdays": "".join(sorted(weekdays or ())), "note": note}
    try:
        begin = _day(first, "first")
        entry = ClosedEntry(
            subject.id, begin, _day(last, "last") if last.strip() else begin, kind, typed["weekdays"], note.strip(),
            subject.synthetic,
        )  # fmt: skip
        with writing_in_turn(a.workspace.engine) as db:
            close_days(db, [entry], a.workspace.clock(), principal=a.who.principal)
    except UserError as error:
        return _page(a, subject, error=error, typed=typed)
    return RedirectResponse(f"/units/{subject.id}/closed-days", status_code=303)


@router.post("/units/{subject_id}/closed-days/withdraw")
def withdraw(a: Writes, subject_id: str, row: Text = "", reason: Text = "") -> Response:
    """Take a stretch back, with a reason."""
    subject, now = _own(a, subject_id), a.workspace.clock()
    try:
        with writing_in_turn(a.workspace.engine) as db:
            mine = {s.row_id for s in closed_spells(db, a.scope.for_writing(), now, [subject.id])}
            withdraw_closed(
                db, a.scope, row if row in mine else "", now, principal=a.who.principal, reason=reason
            )  # fmt: skip
    except UserError as error:
        return _page(a, subject, error=error)
    return RedirectResponse(f"/units/{subject.id}/closed-days", status_code=303)


def _page(
    a: Asked, subject: Subject, *, error: UserError | None = None, typed: dict[str, str] | None = None
) -> Response:
    now, metering = a.workspace.clock(), metering_of(a.workspace)
    above = [s.id for s in metering.places().path(subject.id, None) if s.kind in ("unit", "site")]
    with reading(a.workspace.engine) as db:
        found = closed_spells(db, a.scope, now, above)
        p = person_table.c
        people = {r.person_id: r.display for r in db.execute(person_table.select().with_only_columns(
            p.person_id, p.display).where(p.person_id.in_({s.principal for s in found})))}  # fmt: skip
    seen, mine = metering.seen(a.scope), metering.seen(a.scope.for_writing())
    writes = a.may("meters.write") and (mine is None or subject.id in mine)
    return a.page(
        "metering_closed.html", a.view(), status=400 if error else 200, subject=subject, spells=found, people=people,
        kinds=CLOSED_KINDS, week=WEEK, error=error, typed=typed or _NOTHING, writes=writes,
        today=now.astimezone(CHINA).date(), above=metering.places().path(subject.id, seen)[:-1],
        name_of=metering.places().label,
    )  # fmt: skip


def _seen(a: Asked, subject_id: str) -> Subject:
    metering = metering_of(a.workspace)
    return subject_of_id(metering.places(), metering.seen(a.scope), subject_id)


def _own(a: Asked, subject_id: str) -> Subject:
    """A unit or site that the reader writes for; REG-001 alike for one outside and one that is not there."""
    metering = metering_of(a.workspace)
    return subject_of_id(metering.places(), metering.seen(a.scope.for_writing()), subject_id)


def _day(text: str, name: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise UserError(
            "PER-001", f"“{text[:40]}” is not a day.", where=name, remedy="Write 2025-03-01.", case="instant",
            facts={"text": text[:40]},
        ) from None  # fmt: skip
