"""Consents (授权): a unit opens its figures to a bank or service company, and takes that back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Annotated

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Form
from fastapi.responses import RedirectResponse, Response

from shuangkong.app.appointing import consent_use, day_after, organisations
from shuangkong.app.consenting import consents_table
from shuangkong.app.web.context import Asked, Asks
from shuangkong.app.web.listings import Eyes, Listing, list_routes
from shuangkong.app.web.sent import Sent
from shuangkong.engine.api import reading, writing
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.ids import SubjectId
from shuangkong.kernel.labels import Label
from shuangkong.kernel.scope import USE_LABELS
from shuangkong.registry.api import give_consent, withdraw_consent
from shuangkong.webkit.api import (
    Choices,
    Filled,
    FormField,
    FormSpec,
    SelectSource,
    TableColumn,
    TableSpec,
    business_day,
)

router = APIRouter(include_in_schema=False)
Gives = Annotated[Asked, Depends(Asks("consent.give"))]
STATES = {
    "standing": Label("有效", "stands"),
    "later": Label("尚未开始", "not begun yet"),
    "ended": Label("已到期", "run out"),
    "withdrawn": Label("已收回", "withdrawn"),
}
NEWEST = Label("最近的在前", "newest first")

SPEC = TableSpec(
    "consents",
    Label("单位授权", "Consents of units"),
    (
        TableColumn(
            "name_zh", Label("单位", "Unit"), sortable=True, wrap=True, href=lambda row: f"/units/{row['subject_id']}"
        ),
        TableColumn("uscc", Label("统一社会信用代码", "USCC"), sortable=True, filter="contains", shown=False),
        TableColumn("grantee", Label("授权给", "Given to"), sortable=True, filter="choice", wrap=True),
        TableColumn("use", Label("用途", "Use"), filter="choice"),
        TableColumn("state", Label("状态", "State"), filter="choice"),
        TableColumn("valid_from", Label("自", "From"), "date", sortable=True, filter="range"),
        TableColumn("valid_to", Label("到期（不含）", "Until (not included)"), "date", sortable=True),
        TableColumn("recorded_at", Label("授权时间", "Given at"), "instant", sortable=True),
        TableColumn("withdrawn_at", Label("收回时间", "Withdrawn at"), "instant", sortable=True),
        TableColumn("row_id", Label("编号", "Id"), shown=False),
        TableColumn("subject_id", Label("单位编号", "Id of the unit"), shown=False),
    ),
    key=("row_id",),
    orders={"newest": ("-recorded_at",)},
    default="newest",
    search=("name_zh", "name_en", "uscc", "grantee"),
    codes=True,
)


def consent_form(offered: list[tuple[str, str]]) -> FormSpec:
    """The form of a consent; an organisation is chosen with its use, so that no spelling goes astray."""
    choices = tuple((f"{use}:{name}", _organisation(name, use)) for name, use in offered)
    return FormSpec(
        "consent",
        Label("授权", "Give a consent"),
        (
            FormField("to", Label("授权给", "Given to"), "choice", required=True, choices=choices,
                      hint=Label("在本平台有有效任命的机构及其用途", "organisations appointed here, with their use")),
            FormField("start", Label("自", "From"), "date", required=True),
            FormField("until", Label("至（含），不填为长期", "Until (included); no end if empty"), "date"),
        ),
        submit=Label("授权", "Give the consent"),
    )  # fmt: skip


def _organisation(name: str, use: str) -> Label:
    return Label(f"{name} · {USE_LABELS[use].zh}", f"{name} · {USE_LABELS[use].en}")


def consent_source(eyes: Eyes, _: Choices) -> SelectSource:
    """The consents that the reader may see, with their state today."""
    now = eyes.workspace.clock()
    with reading(eyes.workspace.engine) as db:
        rows = consents_table(db, eyes.scope, now).subquery()
    day = business_day(now)
    state = sa.case(
        (rows.c.withdrawn_at.is_not(None), "withdrawn"), (rows.c.valid_from > day, "later"),
        (rows.c.valid_to <= day, "ended"), else_="standing",
    )  # fmt: skip
    return SelectSource(eyes.workspace.engine, sa.select(rows, state.label("state")))


def _words(eyes: Eyes) -> dict[str, Callable[[str], str]]:
    say = eyes.speaker.label
    return {
        "sort": lambda value: say(NEWEST) if value == "newest" else value,
        "use": lambda value: say(USE_LABELS[value]) if value in USE_LABELS else value,
        "state": lambda value: say(STATES[value]) if value in STATES else value,
    }  # fmt: skip


LISTING = Listing(SPEC, "consent.read", consent_source, _words)


def _page(a: Asked, *, form: Filled | None = None, error: UserError | None = None) -> Response:
    """The consents in scope; a unit's manager gives and withdraws the own unit's here."""
    words = _words(LISTING.eyes(a))
    table = LISTING.asked(a)
    gives = a.may("consent.give") and a.scope.subject is not None
    if gives and form is None:
        form = _form(a).empty(start=_today(a).isoformat())
    return a.page(
        "consents.html", a.view(), status=400 if error or (form and not form.good) else 200, table=table, form=form,
        error=error, gives=gives, words=words, units=a.may("units.read"),
    )  # fmt: skip


def _today(a: Asked) -> date:
    return business_day(a.workspace.clock())


def _form(a: Asked) -> FormSpec:
    with reading(a.workspace.engine) as db:
        return consent_form(list(organisations(db, _today(a))))


list_routes(router, LISTING, _page)


@router.post("/consents")
def give(a: Gives, sent: Sent) -> Response:
    """Open the own unit's figures to an organisation."""
    form = _form(a).parse(sent)
    if not form.good:
        return _page(a, form=form)
    use, _, organisation = form.values["to"].partition(":")
    days = (form.values["start"], day_after(form.values["until"]))
    try:
        with writing(a.workspace.engine) as db:
            give_consent(
                db, _own(a), organisation, consent_use(use), days, at=a.workspace.clock(), principal=a.who.principal
            )
    except UserError as error:
        return _page(a, form=form, error=error)
    return RedirectResponse("/consents", status_code=303)


@router.post("/consents/withdraw")
def withdraw(a: Gives, consent: Annotated[str, Form(max_length=80)]) -> Response:
    """Take a consent of the own unit back; it opens nothing from this moment on."""
    try:
        with writing(a.workspace.engine) as db:
            withdraw_consent(db, consent, at=a.workspace.clock(), principal=a.who.principal, of=_own(a))
    except UserError as error:
        return _page(a, error=error)
    return RedirectResponse("/consents", status_code=303)


def _own(a: Asked) -> SubjectId:
    if a.scope.kind != "unit" or a.scope.subject is None:
        raise UserError(
            "RIGHT-004", "a consent is a unit's own.", remedy="Act as the manager of a unit.", case="own_unit"
        )
    return a.scope.subject
