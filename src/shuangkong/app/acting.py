"""Acting at the terminal (终端身份): each command acts as a named principal and asks the same decision as a page.

Whoever can run the program on the workspace's files may operate the platform; `--as NAME` (or SHUANGKONG_AS) acts as
a person of the workspace instead, in the first appointment that stands, with its rights and its scope alone.
"""

from __future__ import annotations

import getpass
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

import sqlalchemy as sa

from shuangkong.engine.api import Workspace, reading, record, writing
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.scope import Scope
from shuangkong.webkit.api import Who, acting_in, business_day, person_named, person_with, require, rights, standing

#: What each command needs, by its words. None: it reads no workspace, or nothing in it that is anybody's.
COMMANDS: dict[str, str | None] = {
    "account": None,
    "template": None,
    "policy check": None,
    "policy list": None,
    "policy show": None,
    "policy read": None,
    "policy versions": None,
    "policy draft": None,
    "policy align": None,
    "policy duties": None,
    "policy in-force": "findings.read",
    "policy clauses": None,
    "policy propose": "packs.propose",
    "policy proposals": "proposals.read",
    "policy publish": "packs.publish",
    "policy reject": "packs.publish",
    "policy withdraw": "packs.propose",
    "decide": None,
    "hj212 check": None,
    "simulate prepare": "platform.operate",
    "simulate send": "platform.operate",
    "simulate compare": "platform.operate",
    "demo": "platform.operate",
    "init": "platform.operate",
    "serve": "platform.operate",
    "worker": "platform.operate",
    "collect": "platform.operate",
    "backup": "platform.operate",
    "restore": "platform.operate",
    "import": "import.write",
    "import units": "register.write",
    "import projects": "register.write",
    "import meters": "meters.write",
    "meters list": "meters.read",
    "meters change": "meters.write",
    "meters end": "meters.write",
    "closed-days add": "meters.write",
    "closed-days import": "meters.write",
    "closed-days list": "meters.read",
    "closed-days withdraw": "meters.write",
    "stations put": "meters.write",
    "stations import": "meters.write",
    "stations list": "meters.read",
    "stations end": "meters.write",
    "readings token issue": "readings.token",
    "readings token list": "meters.read",
    "readings token revoke": "readings.token",
    "readings take": "readings.take",
    "readings waiting": "meters.read",
    "readings status": "platform.operate",
    "readings compact": "platform.operate",
    "judge": "run.start",
    "judge --overlay": "scenario.run",
    "what-if": "scenario.run",
    "sharing draft": "sharing.write",
    "sharing list": "sharing.read",
    "sharing show": "sharing.read",
    "sharing propose": "packs.propose",
    "sharing notice": "sharing.read",
    "scenarios try": "scenario.run",
    "scenarios save": "scenario.run",
    "scenarios list": "flex.read",
    "scenarios show": "flex.read",
    "why": "findings.read",
    "moved": "findings.read",
    "runs": "findings.read",
    "watch": "findings.read",
    "cases list": "cases.read",
    "cases show": "cases.read",
    "cases propose": "cases.act",
    "cases open": "cases.act",
    "cases by-hand": "cases.act",
    "cases join": "cases.act",
    "cases step": "cases.act",
    "cases evidence": "cases.act",
    "cases letter": "cases.read",
    "cases close": "cases.close",
    "boundary": "map.register",
    "jobs list": "jobs.read",
    "jobs show": "jobs.read",
    "jobs cancel": "jobs.control",
    "jobs retry": "jobs.control",
    "people add": "people.manage",
    "people list": "people.manage",
    "people appoint": "people.manage",
    "people revoke": "people.manage",
    "people password": "people.manage",
    "people close": "people.manage",
    "people publish": "people.manage",
    "people unpublish": "people.manage",
    "consent give": "consent.give",
    "consent withdraw": "consent.give",
    "consent list": "consent.read",
    "audit verify": "audit.read",
    "audit head": "audit.read",
    "audit list": "audit.read",
}


def terminal() -> Who:
    """Whoever runs the program on the workspace's files, by the name that the machine knows them by."""
    name = getpass.getuser()
    principal = f"terminal:{name}"
    return Who(principal, name, "administrator", Scope.all(principal), "terminal")


def acting(workspace: Workspace, name: str, command: str) -> Who:
    """Who a command acts as; RIGHT-002 where that person's role does not include it, RIGHT-003 for no such person.

    That somebody at the terminal acts as a person is in the audit log before what they change: what follows stands
    there under that person's name.
    """
    action = COMMANDS[command]
    who = terminal() if not name else _person(workspace, name)
    if action is None:
        return who
    require(who, action)
    if name and rights().actions[action].changes:
        _record_acting(workspace, who, command)
    return who


def _record_acting(workspace: Workspace, who: Who, command: str) -> None:
    with writing(workspace.engine) as db:
        record(
            db, at=workspace.clock(), principal=terminal().principal, action="session.act", obj=who.person_id,
            detail={"name": who.name, "role": who.role, "command": command},
        )  # fmt: skip


def still_entitled(db: sa.Connection, scopes: Sequence[Scope], action: str, at: datetime) -> None:
    """RIGHT-002 unless one of those who asked may still do it there: an appointment may have ended meanwhile."""
    day = business_day(at)
    if any(_holds(db, scope, action, day) for scope in scopes):
        return
    label = rights().actions[action].label
    raise UserError(
        "RIGHT-002", f"who asked may no longer do this ({action}).", where=action,
        remedy="Ask again under a standing appointment.", case="lost", facts={"action": label},
    )  # fmt: skip


def _holds(db: sa.Connection, scope: Scope, action: str, day: date) -> bool:
    """Whether an appointment with this scope stands, of a role with this action."""
    person = person_with(db, scope.principal)
    if person is None:
        return True  # the terminal, or the program itself: neither is appointed
    asked = replace(scope, on=None)
    held = standing(db, person, day) if person.active else []
    return any(
        replace(a.scope(person.person_id, day), on=None) == asked and action in rights().roles[a.role].actions
        for a in held
    )


def _person(workspace: Workspace, name: str) -> Who:
    day = business_day(workspace.clock())
    with reading(workspace.engine) as db:
        found = person_named(db, name)
        held = standing(db, found, day) if found is not None and found.active else []
    if found is None or not held:
        raise UserError(
            "RIGHT-003", f"“{name[:80]}” is nobody who may act here today.", where="--as",
            remedy="Name a person with a standing appointment, see `shuangkong people list`.",
            case="nobody", facts={"name": name[:80]},
        )  # fmt: skip
    return acting_in(found, held[0], "terminal", day)
