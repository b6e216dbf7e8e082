"""`people` manages who may sign in and what is public; `consent` opens a unit's figures to an organisation."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shuangkong.app.commands.options import (
    DEFAULT_WORKSPACE,
    AsJson,
    AsName,
    WorkspaceOption,
    acting_in,
    put_json,
    told,
)

if TYPE_CHECKING:
    from shuangkong.engine.api import Workspace
    from shuangkong.webkit.api import Who

Name = Annotated[str, typer.Argument(help="用户名 (user name)")]
From = Annotated[
    str, typer.Option("--from", help="开始日，如 2026-11-20，不填为今天 (first day, 2026-11-20; today if left out)")
]
Until = Annotated[str, typer.Option("--until", help="最后一天，不填为长期 (last day; no end if left out)")]
people_app = typer.Typer(no_args_is_help=True, help="用户与任命、公开的地区 (people, appointments, public regions)")
consent_app = typer.Typer(no_args_is_help=True, help="单位授权：给出、收回、列表 (consents of units)")


def add(app: typer.Typer) -> None:
    """Hang the commands on the program."""
    app.add_typer(people_app, name="people")
    app.add_typer(consent_app, name="consent")


@people_app.command("add")
def add_command(
    name: Name,
    display: Annotated[str, typer.Option("--display", help="显示的姓名 (name that is shown)")] = "",
    workspace: WorkspaceOption = DEFAULT_WORKSPACE,
    as_json: AsJson = False,
    as_name: AsName = "",
) -> None:
    """新增用户，打印一次初始口令，首次登录须更换 (add a person; the first password is printed once)."""
    from shuangkong.engine.api import writing
    from shuangkong.webkit.api import add_person, first_password

    opened, who = acting_in(workspace, as_name, "people add")
    secret = first_password()
    with writing(opened.engine) as db:
        made = add_person(db, name, display, at=opened.clock(), principal=who.principal, password=secret)
    told(
        as_json, {"person": made.person_id, "name": made.name, "password": secret},
        f"{_once(made.name, secret)}\n下一步 (next): shuangkong people appoint {made.name} ROLE",
    )  # fmt: skip


@people_app.command("list")
def list_command(workspace: WorkspaceOption = DEFAULT_WORKSPACE, as_json: AsJson = False, as_name: AsName = "") -> None:
    """列出用户及其有效任命 (people with the appointments that stand today)."""
    from shuangkong.app.web.places import place_of
    from shuangkong.engine.api import reading
    from shuangkong.webkit.api import business_day, people, standing

    opened, _ = acting_in(workspace, as_name, "people list")
    day = business_day(opened.clock())
    rows = []
    with reading(opened.engine) as db:
        for p in people(db):
            held = [
                {"appointment": a.appointment_id, "role": a.role, "scope": a.scope_kind, "use": a.use,
                 "where": a.subject_id or a.grantee, "place": place_of(db, opened, a, "zh"), "until": a.valid_to}
                for a in standing(db, p, day)
            ]  # fmt: skip
            rows.append({"person": p.person_id, "name": p.name, "display": p.display, "active": p.active, "held": held})
    if as_json:
        put_json(rows)
        return
    for row in rows:
        typer.echo(f"{row['name']}  {row['display']}{'' if row['active'] else '  (已关闭 closed)'}")
        for a in row["held"]:  # type: ignore[attr-defined]
            typer.echo(f"    {a['appointment']}  {a['role']}  {a['place']}  {a['use']}")


@people_app.command("appoint")
def appoint_command(
    name: Name,
    role: Annotated[
        str,
        typer.Argument(
            help="岗位 (role): administrator, officer, reviewer, unit_manager, service_company, bank, auditor"
        ),
    ],
    place: Annotated[
        str, typer.Option("--place", help="地区或单位，用代码或名称 (region or unit, by code or name)")
    ] = "",
    organisation: Annotated[
        str, typer.Option("--organisation", help="银行或节能服务公司的机构名 (of a bank or service company)")
    ] = "",
    use: Annotated[
        str, typer.Option("--use", help="用途，不填取该岗位的第一种 (what for; the role's first use if left out)")
    ] = "",
    start: From = "",
    until: Until = "",
    workspace: WorkspaceOption = DEFAULT_WORKSPACE,
    as_json: AsJson = False,
    as_name: AsName = "",
) -> None:
    """任命：岗位、范围、用途、起止日 (appoint a person to a role within a scope)."""
    from shuangkong.app.appointing import wanted
    from shuangkong.engine.api import writing
    from shuangkong.webkit.api import appoint

    opened, who = acting_in(workspace, as_name, "people appoint")
    day, last = _days(opened, start, until)
    with writing(opened.engine) as db:
        asked = wanted(
            db, opened, role, day=day, place=place, organisation=organisation, use=use, until=last
        )  # fmt: skip
        made = appoint(db, _person(db, name), asked, at=opened.clock(), principal=who.principal)
    told(
        as_json,
        {"appointment": made.appointment_id, "role": made.role},
        f"已任命 (appointed): {name}  {made.role}  {made.appointment_id}",
    )


@people_app.command("revoke")
def revoke_command(
    appointment: Annotated[str, typer.Argument(help="任命编号 a_… (id of an appointment, a_…)")],
    workspace: WorkspaceOption = DEFAULT_WORKSPACE,
    as_name: AsName = "",
) -> None:
    """收回任命，相关会话与令牌同时失效 (take an appointment back, with its sessions and tokens)."""
    from shuangkong.engine.api import writing
    from shuangkong.webkit.api import revoke

    opened, who = acting_in(workspace, as_name, "people revoke")
    with writing(opened.engine) as db:
        revoke(db, appointment, at=opened.clock(), principal=who.principal)
    typer.echo(appointment)


@people_app.command("password")
def password_command(
    name: Name, workspace: WorkspaceOption = DEFAULT_WORKSPACE, as_json: AsJson = False, as_name: AsName = ""
) -> None:
    """重置口令，打印一次，下次登录须更换 (reset a password; it is printed once)."""
    from shuangkong.engine.api import writing
    from shuangkong.webkit.api import first_password, set_password

    opened, who = acting_in(workspace, as_name, "people password")
    secret = first_password()
    with writing(opened.engine) as db:
        found = _person(db, name)
        set_password(db, found, secret, at=opened.clock(), principal=who.principal, must_change=True)
    told(as_json, {"person": found.person_id, "name": found.name, "password": secret}, _once(found.name, secret))


@people_app.command("close")
def close_command(
    name: Name,
    reopen: Annotated[bool, typer.Option("--reopen", help="重新开放账户 (open the account again)")] = False,
    workspace: WorkspaceOption = DEFAULT_WORKSPACE,
    as_name: AsName = "",
) -> None:
    """关闭账户，或用 --reopen 重新开放 (close an account; its sessions and tokens end)."""
    from shuangkong.engine.api import writing
    from shuangkong.webkit.api import set_active

    opened, who = acting_in(workspace, as_name, "people close")
    with writing(opened.engine) as db:
        found = _person(db, name)
        set_active(db, found, active=reopen, at=opened.clock(), principal=who.principal)
    typer.echo(found.name)


@people_app.command("publish")
def publish_command(
    regions: Annotated[list[str], typer.Argument(help="地区，用代码或名称 (regions, by code or name)")],
    start: From = "",
    workspace: WorkspaceOption = DEFAULT_WORKSPACE,
    as_name: AsName = "",
) -> None:
    """公开地区页面 (open the pages of regions to the public)."""
    from shuangkong.app.appointing import region_named
    from shuangkong.engine.api import writing
    from shuangkong.registry.api import publish

    opened, who = acting_in(workspace, as_name, "people publish")
    day, _ = _days(opened, start, "")
    with writing(opened.engine) as db:
        ids = [region_named(db, opened, text, day) for text in regions]
        new = publish(db, ids, day, opened.clock(), principal=who.principal)
    typer.echo(f"新公开 (newly public): {new}")


@people_app.command("unpublish")
def unpublish_command(
    region: Annotated[str, typer.Argument(help="一个地区，用代码或名称 (a region, by code or name)")],
    start: From = "",
    workspace: WorkspaceOption = DEFAULT_WORKSPACE,
    as_name: AsName = "",
) -> None:
    """停止公开地区页面 (close the pages of a region to the public)."""
    from shuangkong.app.appointing import region_named
    from shuangkong.engine.api import writing
    from shuangkong.registry.api import unpublish

    opened, who = acting_in(workspace, as_name, "people unpublish")
    day, _ = _days(opened, start, "")
    with writing(opened.engine) as db:
        unpublish(db, region_named(db, opened, region, day), day, opened.clock(), principal=who.principal)
    typer.echo(region)


@consent_app.command("give")
def give_command(
    organisation: Annotated[str, typer.Argument(help="银行或节能服务公司 (bank or service company)")],
    use: Annotated[str, typer.Argument(help="金融 finance 或服务 service (finance or service)")],
    start: From = "",
    until: Until = "",
    workspace: WorkspaceOption = DEFAULT_WORKSPACE,
    as_json: AsJson = False,
    as_name: AsName = "",
) -> None:
    """单位能源管理负责人授权本单位的数据，须用 --as (a unit manager opens the own unit's figures)."""
    from shuangkong.app.appointing import consent_use, day_after
    from shuangkong.engine.api import writing
    from shuangkong.registry.api import give_consent

    opened, who = acting_in(workspace, as_name, "consent give")
    day, last = _days(opened, start, until)
    with writing(opened.engine) as db:
        made = give_consent(
            db, _own(who), organisation, consent_use(use), (day, day_after(last)), at=opened.clock(),
            principal=who.principal,
        )  # fmt: skip
    told(as_json, {"consent": made}, made)


@consent_app.command("withdraw")
def withdraw_command(
    consent: Annotated[str, typer.Argument(help="授权编号 g_… (id of a consent, g_…)")],
    workspace: WorkspaceOption = DEFAULT_WORKSPACE,
    as_name: AsName = "",
) -> None:
    """收回授权，立即生效 (take a consent back; it opens nothing from now on)."""
    from shuangkong.engine.api import writing
    from shuangkong.registry.api import withdraw_consent

    opened, who = acting_in(workspace, as_name, "consent withdraw")
    with writing(opened.engine) as db:
        withdraw_consent(db, consent, at=opened.clock(), principal=who.principal, of=_own(who))
    typer.echo(consent)


@consent_app.command("list")
def consents_command(
    workspace: WorkspaceOption = DEFAULT_WORKSPACE, as_json: AsJson = False, as_name: AsName = ""
) -> None:
    """列出可见的授权，新的在前 (consents that one may see, newest first)."""
    from dataclasses import asdict

    from shuangkong.app.consenting import consents_of
    from shuangkong.engine.api import reading

    opened, who = acting_in(workspace, as_name, "consent list")
    with reading(opened.engine) as db:
        found = consents_of(db, who.scope, opened.clock())
    if as_json:
        put_json([asdict(c) for c in found])
        return
    for c in found:
        end = f"{c.valid_to:%Y-%m-%d}" if c.valid_to else "…"
        state = "  (已收回 withdrawn)" if c.withdrawn_at else ""
        typer.echo(f"{c.row_id}  {c.subject_id}  {c.grantee}  {c.use}  {c.valid_from:%Y-%m-%d} – {end}{state}")


def _own(who: Who) -> Any:
    """The unit that a unit manager acts for; RIGHT-004 for who acts for none."""
    from shuangkong.kernel.errors import UserError

    if who.scope.kind != "unit" or who.scope.subject is None:
        raise UserError("RIGHT-004", "a consent is a unit's own.", where="--as", remedy="Act as the unit's manager.")
    return who.scope.subject


def _person(db: Any, name: str) -> Any:
    from shuangkong.kernel.errors import UserError
    from shuangkong.webkit.api import person_named

    found = person_named(db, name)
    if found is None:
        raise UserError(
            "RIGHT-004", f"there is no person “{name[:80]}”.", where="name", remedy="Look at `people list`."
        )
    return found


def _days(workspace: Workspace, start: str, until: str) -> tuple[date, date | None]:
    from shuangkong.webkit.api import business_day

    return _day(start, "--from") or business_day(workspace.clock()), _day(until, "--until")


def _day(text: str, option: str) -> date | None:
    from shuangkong.kernel.errors import UserError
    from shuangkong.kernel.periods import Period, PeriodKind

    if not text:
        return None
    period = Period.parse(text)
    if period.kind is not PeriodKind.DAY:
        raise UserError("PER-001", f"“{text}” is not a day.", where=option, remedy="Write 2026-11-20.")
    return period.start


def _once(name: str, secret: str) -> str:
    """The first password of a person, for the one time that it is seen."""
    return (
        f"用户 (user): {name}\n初始口令 (first password): {secret}\n"
        "只显示这一次，首次登录须更换 (shown this once; it is changed at the first sign-in)."
    )
