"""Signing in and out (登录), and one's own account (我的账户): password, sessions, appointments, API tokens."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from shuangkong.app.web.context import NOUGHT, SESSION, Asked, Asks, as_public, same_site
from shuangkong.app.web.limits import from_here
from shuangkong.app.web.places import place_of
from shuangkong.engine.api import Workspace, reading, writing
from shuangkong.kernel.errors import UserError
from shuangkong.webkit.api import (
    Appointment,
    NewPassword,
    Person,
    business_day,
    confirms,
    end_session,
    make_token,
    open_session,
    people,
    person_named,
    person_of,
    revoke_token,
    rights,
    sessions_of,
    set_password,
    sign_in,
    standing,
    switch,
    tokens_of,
    try_password,
)

router = APIRouter(include_in_schema=False)
Own = Annotated[Asked, Depends(Asks("account.self"))]
Text = Annotated[str, Form(max_length=400, pattern=rf"^[^{NOUGHT}]*$")]
DEMO_PREFIX = "demo."


@router.get("/sign-in")
def form(request: Request, to: str = "", ended: str = "") -> Response:
    """The form; in a demo workspace on this machine also one button for each role."""
    a = as_public(request)
    return a.page("sign_in.html", None, to=_inside(to), ended=ended, failed=False, demo=demo_people(a))


@router.post("/sign-in")
def submit(request: Request, name: Text, password: Text, to: Text = "") -> Response:
    """Open a session, or say that it was refused without saying why."""
    same_site(request)
    a = as_public(request)
    now, agent = a.workspace.clock(), request.headers.get("user-agent", "")
    # a password takes a while to try: on SQLite everybody else who writes would wait for it
    tried = try_password(a.workspace.engine, name, password, at=now, address=a.address)
    with writing(a.workspace.engine) as db:
        secret = sign_in(db, name, password, at=now, address=a.address, agent=agent, tried=tried)
        found = person_named(db, name)
    if secret is None or found is None:
        return a.page("sign_in.html", None, status=401, to=_inside(to), ended="", failed=True, demo=demo_people(a))
    return _signed(request, secret, _inside(to), must_change=found.must_change)


@router.post("/sign-in/demo")
def demo(request: Request, person: Text, to: Text = "") -> Response:
    """One click as a demonstration person: in a demo workspace, from this machine, and nowhere else."""
    same_site(request)
    a = as_public(request)
    offered = {p.name: held for p, held in demo_people(a)}
    if person not in offered:
        raise UserError(
            "RIGHT-003", "there is no such demonstration person.", remedy="Sign in with a password.", case="demo"
        )
    with writing(a.workspace.engine) as db:
        found = person_named(db, person)
        if found is None:
            raise UserError(
                "RIGHT-003", "there is no such demonstration person.", remedy="Start the demo again.", case="demo"
            )
        secret = open_session(
            db, found, offered[person], at=a.workspace.clock(), address=a.address,
            agent=request.headers.get("user-agent", ""),
        )  # fmt: skip
    return _signed(request, secret, _inside(to))


@router.post("/sign-out")
def out(a: Own) -> Response:
    """End the session."""
    if a.session is not None:
        with writing(a.workspace.engine) as db:
            end_session(db, a.session.token_hash, a.who.person_id, at=a.workspace.clock())
    answer = RedirectResponse("/sign-in?ended=out", status_code=303)
    answer.delete_cookie(SESSION)
    return answer


@router.get("/account")
def account(a: Own) -> Response:
    """One's own account."""
    return _account(a)


def _account(a: Asked, *, secret: str = "", error: UserError | None = None) -> Response:
    now = a.workspace.clock()
    with reading(a.workspace.engine) as db:
        me = person_of(db, a.who.person_id)
        held = standing(db, me, business_day(now))
        places = {h.appointment_id: place_of(db, a.workspace, h, a.language) for h in held}
        return a.page(
            "account.html", None, status=400 if error else 200, me=me, held=held, places=places, roles=rights().roles,
            sessions=sessions_of(db, me.person_id, now), tokens=tokens_of(db, me.person_id), now=now,
            own_actions=[rights().actions[x] for x in rights().actions if x in rights().roles[a.who.role].actions],
            actions=rights().actions, made=secret, error=error,
        )  # fmt: skip


@router.post("/account/password")
def password(a: Own, old: Text, new: Text, again: Text) -> Response:
    """Change one's own password; every session ends, this one too."""
    now = a.workspace.clock()
    try:
        with reading(a.workspace.engine) as db:
            me = person_of(db, a.who.person_id)
        tried = try_password(a.workspace.engine, me.name, old, at=now, address=a.address)
        # what is new is looked at only where the present one fits: else it would tell nothing but keep the machine busy
        made = NewPassword.of(new, me.name) if tried and tried.right and new == again else None
        with writing(a.workspace.engine) as db:
            me = person_of(db, a.who.person_id)
            right = confirms(db, me, old, at=now, address=a.address, tried=tried)
            # locked or changed in between: typed again, it will be told apart
            fits = right and (made is not None or new != again)
            if fits and made is not None:
                set_password(db, me, made, at=now, principal=me.person_id, must_change=False)
    except UserError as error:
        return _account(a, error=error)
    if not fits or new != again:
        case, what = ("present", "the present password is wrong") if not fits else ("differ", "the two new ones differ")
        wrong = UserError("RIGHT-005", f"{what}.", where="password", remedy="Type them again.", case=case)
        return _account(a, error=wrong)
    answer = RedirectResponse("/sign-in?ended=password", status_code=303)
    answer.delete_cookie(SESSION)
    return answer


@router.post("/account/appointment")
def act(a: Own, appointment: Text) -> Response:
    """Act in another appointment of one's own."""
    if a.session is not None:
        with writing(a.workspace.engine) as db:
            switch(db, a.session, appointment, at=a.workspace.clock())
    return RedirectResponse("/", status_code=303)


@router.post("/account/session/end")
def end(a: Own, session: Text) -> Response:
    """End another session of one's own."""
    with writing(a.workspace.engine) as db:
        end_session(db, session, a.who.person_id, at=a.workspace.clock())
    return RedirectResponse("/account", status_code=303)


@router.post("/account/token")
def token(
    a: Own, label: Text, days: Annotated[int, Form()], action: Annotated[list[str] | None, Form()] = None
) -> Response:
    """Make an API token; its secret is shown on this answer alone."""
    try:
        with writing(a.workspace.engine) as db:
            secret = make_token(db, a.who, label, frozenset(action or ()), days, at=a.workspace.clock())
    except UserError as error:
        return _account(a, error=error)
    return _account(a, secret=secret)


@router.post("/account/token/revoke")
def revoke(a: Own, token: Text) -> Response:
    """Revoke a token of one's own."""
    with writing(a.workspace.engine) as db:
        revoke_token(db, token, a.who.person_id, at=a.workspace.clock(), principal=a.who.principal)
    return RedirectResponse("/account", status_code=303)


def demo_people(a: Asked) -> list[tuple[Person, Appointment]]:
    """The people of a demo workspace with their appointment, for who asks from this machine; else nobody."""
    workspace: Workspace = a.workspace
    if not workspace.demo or not from_here(a.request, behind_proxy=a.request.app.state.serving.behind_proxy):
        return []
    with reading(workspace.engine) as db:
        found = [p for p in people(db) if p.name.startswith(DEMO_PREFIX) and p.active]
        day = business_day(workspace.clock())
        held = [(p, standing(db, p, day)) for p in found]
    order = list(rights().roles)
    return sorted(((p, h[0]) for p, h in held if h), key=lambda x: (order.index(x[1].role), x[0].name))


def _inside(to: str) -> str:
    """An address of this site to go back to; anything else is the home page."""
    plain = to.startswith("/") and not to.startswith(("//", "/\\")) and all(c.isprintable() for c in to)
    return to if plain and not to.startswith("/sign-") else "/"


def _signed(request: Request, secret: str, to: str, *, must_change: bool = False) -> Response:
    answer = RedirectResponse("/account" if must_change else to, status_code=303)
    answer.set_cookie(SESSION, secret, httponly=True, samesite="lax", secure=request.url.scheme == "https", path="/")
    return answer
