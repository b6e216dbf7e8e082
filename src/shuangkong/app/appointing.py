"""What an appointment, a consent or a publication names (任命对象), as people type it: a code or a name."""

from __future__ import annotations

from datetime import date, timedelta

import sqlalchemy as sa

from shuangkong.engine.api import Workspace
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.ids import SubjectId
from shuangkong.kernel.scope import Scope, Use
from shuangkong.registry.api import CONSENT_USES, directory
from shuangkong.webkit.api import Wanted, appointments, rights

#: What an organisation of each role uses figures for.
ORGANISATIONS: dict[str, Use] = {"bank": "finance", "service_company": "service"}
_UNIT_NAMES = ("uscc", "local", "name_zh")


def wanted(
    db: sa.Connection,
    workspace: Workspace,
    role: str,
    *,
    day: date,
    place: str = "",
    organisation: str = "",
    use: str = "",
    until: date | None = None,
) -> Wanted:
    """The appointment asked for: `place` is a region or unit by code or name, `until` its last day.

    RIGHT-004 for an unknown role, REG-001 to REG-003 for a place that is not one.
    """
    known = rights().roles.get(role)
    if known is None:
        raise UserError("RIGHT-004", f"there is no role {role!r}.", where="role", remedy=f"One of {_roles()}.",
                        case="no_role", facts={"role": role[:40]})  # fmt: skip
    kind = next((k for k in known.scopes if (k in ("region", "unit")) == bool(place.strip())), known.scopes[0])
    subject = None
    if kind in ("region", "unit") and place.strip():
        subject = region_named(db, workspace, place, day) if kind == "region" else unit_named(db, workspace, place, day)
    return Wanted(role, day, subject, organisation, use, kind, day_after(until))


def day_after(day: date | None) -> date | None:
    """Days are half open: the first day on which something no longer stands, for the last on which it does."""
    return None if day is None else day + timedelta(days=1)


def region_named(db: sa.Connection, workspace: Workspace, text: str, day: date) -> SubjectId:
    """A region by code or name, on a day."""
    places = directory(db, Scope.system("find the region that is named"), workspace.clock())
    return SubjectId(places.region(text.strip(), day))


def unit_named(db: sa.Connection, workspace: Workspace, text: str, day: date) -> SubjectId:
    """A unit by its USCC, its own code or its name, on a day; REG-001 where it is none."""
    names = directory(db, Scope.system("find the unit that is named"), workspace.clock())
    told: UserError | None = None
    for scheme in _UNIT_NAMES:
        try:
            return SubjectId(names.resolve(scheme, text.strip(), day))
        except UserError as wrong:
            if wrong.code == "REG-003" or told is None:
                told = wrong
    raise UserError(
        told.code if told else "REG-001", f"no unit is registered as “{text[:60]}” on {day.isoformat()}.",
        where="unit", remedy="Give its 18-character USCC, or register it first.",
        case="unit", facts={"text": text[:60], "day": day.isoformat()},
    )  # fmt: skip


def organisations(db: sa.Connection, day: date) -> list[tuple[str, Use]]:
    """Banks and service companies with a standing appointment, and what each uses figures for."""
    found = {
        (a.grantee, ORGANISATIONS[a.role]) for a in appointments(db) if a.role in ORGANISATIONS and a.stands_on(day)
    }
    return sorted(found)


def consent_use(text: str) -> Use:
    """A use that takes a consent; RIGHT-004 for another."""
    for use in CONSENT_USES:
        if text == use:
            return use
    raise UserError(
        "RIGHT-004",
        f"{text!r} takes no consent.",
        where="use",
        remedy=f"One of {', '.join(CONSENT_USES)}.",
        case="use",
        facts={"use": text[:40]},
    )


def _roles() -> str:
    return ", ".join(r for r in rights().roles if r != "public")
