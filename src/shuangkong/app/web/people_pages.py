"""Users and rights (用户与权限): who may sign in, in which appointments, with which sessions and tokens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Form
from fastapi.responses import RedirectResponse, Response

from shuangkong.app.appointing import wanted
from shuangkong.app.web.context import Asked, Asks
from shuangkong.app.web.listings import Eyes, Listing, list_routes
from shuangkong.app.web.places import place_of
from shuangkong.app.web.sent import Sent
from shuangkong.engine.api import reading, writing
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Label
from shuangkong.kernel.scope import USE_LABELS, USES
from shuangkong.webkit.api import (
    Choices,
    Condition,
    Filled,
    FormField,
    FormSpec,
    Given,
    Person,
    Row,
    SelectSource,
    TableColumn,
    TableSpec,
    Told,
    add_person,
    appoint,
    appointment_table,
    appointments,
    business_day,
    end_session,
    first_password,
    person_of,
    person_table,
    revoke,
    revoke_token,
    rights,
    session_table,
    sessions_of,
    set_active,
    set_password,
    standing,
    tokens_of,
)

router = APIRouter(include_in_schema=False)
Manages = Annotated[Asked, Depends(Asks("people.manage"))]
Text = Annotated[str, Form(max_length=400)]
ORDERS = {"name": Label("按用户名", "by user name"), "newest": Label("新增的在前", "newest first")}
FLAGS = {"true": Label("是", "yes"), "false": Label("否", "no")}

SPEC = TableSpec(
    "people",
    Label("用户", "People"),
    (
        TableColumn(
            "name", Label("用户名", "User name"), sortable=True, href=lambda row: f"/people/{row['person_id']}"
        ),
        TableColumn("display", Label("姓名或职务", "Name or office"), sortable=True, wrap=True),
        TableColumn("role", Label("岗位", "Role"), filter="given", shown=False, exported=False),
        TableColumn("roles", Label("有效任命", "Appointments that stand"), wrap=True),
        TableColumn("active", Label("可用", "Open"), "flag", filter="choice"),
        TableColumn("must_change", Label("须换口令", "Must change the password"), "flag", filter="choice"),
        TableColumn("seen_at", Label("最近使用", "Last used"), "instant", sortable=True),
        TableColumn("recorded_at", Label("新增时间", "Added"), "instant", sortable=True, filter="range"),
        TableColumn("person_id", Label("编号", "Id"), shown=False),
    ),
    key=("person_id",),
    orders={"name": ("name",), "newest": ("-recorded_at",)},
    default="name",
    search=("name", "display"),
    codes=True,
)
PERSON = FormSpec(
    "person",
    Label("新增用户", "Add a person"),
    (
        FormField(
            "name",
            Label("用户名", "User name"),
            required=True,
            length=80,
            hint=Label("2 至 80 个字母、数字或汉字，不含空格", "2 to 80 letters, digits or characters, no blanks"),
        ),
        FormField("display", Label("姓名或职务", "Name or office"), length=120),
    ),
    submit=Label("新增并生成初始口令", "Add, and make a first password"),
)
_ROLES = tuple((r.id, r.label) for r in rights().roles.values() if r.id != "public")
APPOINTMENT = FormSpec(
    "appointment",
    Label("新的任命", "A new appointment"),
    (
        FormField("role", Label("岗位", "Role"), "choice", required=True, choices=_ROLES),
        FormField(
            "place",
            Label("地区或单位", "Region or unit"),
            length=120,
            hint=Label(
                "代码或名称；银行、服务公司、平台管理员不填", "code or name; empty for banks, services, administrators"
            ),
        ),
        FormField(
            "organisation",
            Label("机构", "Organisation"),
            length=80,
            hint=Label("只对银行和节能服务公司填写", "for banks and service companies alone"),
        ),
        FormField(
            "use",
            Label("用途", "Use"),
            "choice",
            choices=tuple((u, USE_LABELS[u]) for u in USES if u != "public"),
            hint=Label("不选则取该岗位的首要用途", "the role's first use if none is chosen"),
        ),
        FormField("start", Label("自", "From"), "date", required=True),
        FormField("until", Label("至（含）", "Until (included)"), "date"),
    ),
    submit=Label("任命", "Appoint"),
)


def people_rows(eyes: Eyes, _: Choices) -> SelectSource:
    """Everyone, with the roles that stand today and when they last used a session."""
    p, held, s = person_table.c, appointment_table.c, session_table.c
    day = business_day(eyes.workspace.clock())
    roles = sa.select(sa.func.aggregate_strings(held.role, " ")).where(
        held.person_id == p.person_id, held.revoked_at.is_(None), held.valid_from <= day,
        sa.or_(held.valid_to.is_(None), held.valid_to > day),
    )  # fmt: skip
    seen = sa.select(sa.func.max(s.seen_at)).where(s.person_id == p.person_id)
    found = sa.select(
        p.person_id, p.name, p.display, p.active, p.must_change, p.recorded_at,
        sa.func.coalesce(roles.scalar_subquery(), "").label("roles"), seen.scalar_subquery().label("seen_at"),
    )  # fmt: skip
    return SelectSource(eyes.workspace.engine, found)


GIVEN: Given = {"role": lambda value: Condition(("roles",), "contains", (value,))}


def _words(eyes: Eyes) -> dict[str, Callable[[str], str]]:
    say = eyes.speaker.label
    known = rights().roles
    flag: Callable[[str], str] = lambda value: say(FLAGS[value]) if value in FLAGS else value  # noqa: E731
    return {
        "sort": lambda value: say(ORDERS[value]) if value in ORDERS else value,
        "role": lambda value: say(known[value].label) if value in known else value,
        "active": flag, "must_change": flag,
    }  # fmt: skip


def _told(eyes: Eyes) -> tuple[Told, ...]:
    """The words of an export: the roles of the appointments that stand."""
    known, roles = rights().roles, SPEC["roles"].label

    def names(row: Row) -> str:
        return "、".join(eyes.speaker.label(known[r].label) for r in row["roles"].split() if r in known)

    return (Told(eyes.speaker.label(roles), names, ("roles",)),)


LISTING = Listing(SPEC, "people.manage", people_rows, _words, told=_told, given=lambda _: GIVEN)


def _people(
    a: Asked, form: Filled | None = None, *, made: tuple[Person, str] | None = None, error: UserError | None = None
) -> Response:
    """Everyone who may sign in, and the form for one more."""
    form = form or PERSON.empty()
    table = LISTING.asked(a, offered={"role": [(role, 0) for role, _ in _ROLES]})
    answer = a.page(
        "people.html", a.view(), status=400 if error or not form.good else 200, table=table, form=form, made=made,
        error=error, held=_held(a, [r["person_id"] for r in table.part.rows]), roles=rights().roles,
    )  # fmt: skip
    return _unkept(answer) if made else answer


def _held(a: Asked, shown: list[str]) -> dict[str, list[tuple[str, str]]]:
    """Of each person on the page, the appointments that stand: role and place in words."""
    day = business_day(a.workspace.clock())
    found: dict[str, list[tuple[str, str]]] = {p: [] for p in shown}
    with reading(a.workspace.engine) as db:
        for held in appointments(db):
            if held.person_id in found and held.stands_on(day):
                place = place_of(db, a.workspace, held, a.language)
                found[held.person_id].append((a.speaker.label(rights().roles[held.role].label), place))
    return found


list_routes(router, LISTING, _people)


@router.post("/people")
def add(a: Manages, sent: Sent) -> Response:
    """Add a person; the first password stands on this answer alone and must be changed at the first sign-in."""
    form = PERSON.parse(sent)
    if not form.good:
        return _people(a, form)
    secret = first_password()
    try:
        with writing(a.workspace.engine) as db:
            made = add_person(
                db, form.values["name"], form.values["display"] or "", at=a.workspace.clock(),
                principal=a.who.principal, password=secret,
            )  # fmt: skip
    except UserError as error:
        return _people(a, form, error=error)
    return _people(a, made=(made, secret))


@router.get("/people/{person_id}")
def person_page(a: Manages, person_id: str) -> Response:
    """One person: appointments, password, sessions, tokens."""
    return _person(a, person_id)


def _person(
    a: Asked, person_id: str, *, form: Filled | None = None, secret: str = "", error: UserError | None = None
) -> Response:
    now = a.workspace.clock()
    day = business_day(now)
    with reading(a.workspace.engine) as db:
        found = person_of(db, person_id)
        held = appointments(db, person_id)
        places = {h.appointment_id: place_of(db, a.workspace, h, a.language) for h in held}
        stands = {h.appointment_id for h in standing(db, found, day)}
        sessions, tokens = sessions_of(db, person_id, now), tokens_of(db, person_id)
    answer = a.page(
        "person.html", a.view(), status=400 if error or (form and not form.good) else 200, person=found, held=held,
        places=places, stands=stands, roles=rights().roles, sessions=sessions, tokens=tokens, now=now, error=error,
        uses=USE_LABELS, form=form or APPOINTMENT.empty(start=day.isoformat()), secret=secret, actions=rights().actions,
        own=person_id == a.who.person_id,
    )  # fmt: skip
    return _unkept(answer) if secret else answer


def _unkept(answer: Response) -> Response:
    """An answer with a password on it is kept nowhere."""
    answer.headers["Cache-Control"] = "no-store"
    return answer


@router.post("/people/{person_id}/appoint")
def give(a: Manages, person_id: str, sent: Sent) -> Response:
    """Appoint the person."""
    form = APPOINTMENT.parse(sent)
    if not form.good:
        return _person(a, person_id, form=form)
    v = form.values
    now = a.workspace.clock()
    try:
        with writing(a.workspace.engine) as db:
            asked = wanted(
                db, a.workspace, v["role"], day=v["start"], place=v["place"] or "", use=v["use"] or "",
                organisation=v["organisation"] or "", until=v["until"],
            )  # fmt: skip
            appoint(db, person_of(db, person_id), asked, at=now, principal=a.who.principal)
    except UserError as error:
        return _person(a, person_id, form=form, error=error)
    return _back(person_id)


@router.post("/people/{person_id}/revoke")
def take_back(a: Manages, person_id: str, appointment: Text) -> Response:
    """Take an appointment of this person back."""

    def act(db: sa.Connection, who: Person) -> None:
        # another person's appointment is told like one that is not there
        own = appointment in {h.appointment_id for h in appointments(db, who.person_id)}
        revoke(db, appointment if own else "-", at=a.workspace.clock(), principal=a.who.principal)

    return _changed(a, person_id, act)


@router.post("/people/{person_id}/password")
def reset(a: Manages, person_id: str) -> Response:
    """Make a new first password; it stands on this answer alone, and every session of the person ends."""
    secret = first_password()
    with writing(a.workspace.engine) as db:
        found = person_of(db, person_id)
        set_password(db, found, secret, at=a.workspace.clock(), principal=a.who.principal, must_change=True)
    return _person(a, person_id, secret=secret)


@router.post("/people/{person_id}/active")
def close(a: Manages, person_id: str, active: Text) -> Response:
    """Close the account, or open it again."""

    def act(db: sa.Connection, who: Person) -> None:
        set_active(db, who, active=active == "yes", at=a.workspace.clock(), principal=a.who.principal)

    return _changed(a, person_id, act)


@router.post("/people/{person_id}/session")
def stop(a: Manages, person_id: str, session: Text) -> Response:
    """End a session of this person."""

    def act(db: sa.Connection, who: Person) -> None:
        end_session(db, session, who.person_id, at=a.workspace.clock(), principal=a.who.principal)

    return _changed(a, person_id, act)


@router.post("/people/{person_id}/token")
def void(a: Manages, person_id: str, token: Text) -> Response:
    """Revoke a token of this person."""

    def act(db: sa.Connection, who: Person) -> None:
        revoke_token(db, token, who.person_id, at=a.workspace.clock(), principal=a.who.principal)

    return _changed(a, person_id, act)


def _changed(a: Asked, person_id: str, act: Callable[[sa.Connection, Person], Any]) -> Response:
    try:
        with writing(a.workspace.engine) as db:
            act(db, person_of(db, person_id))
    except UserError as error:
        return _person(a, person_id, error=error)
    return _back(person_id)


def _back(person_id: str) -> Response:
    return RedirectResponse(f"/people/{person_id}", status_code=303)
