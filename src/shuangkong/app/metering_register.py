"""Registering meters, stations and tokens for readings (计量登记) as somebody, who writes for their own units alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from shuangkong.engine.api import Workspace, writing_in_turn
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.ids import SubjectId
from shuangkong.kernel.scope import Scope
from shuangkong.registry.api import (
    UNIT_NAMES,
    ClosedEntry,
    ClosedSpell,
    MeterEntry,
    MeterPlan,
    MeterSpell,
    ReadingToken,
    StationEntry,
    StationSpell,
    close_days,
    directory,
    issue_reading_token,
    meter_spells,
    register_meters,
    register_stations,
    revoke_reading_token,
    station_spells,
    subject_ids,
    withdraw_closed,
)


def unit_for(db: sa.Connection, workspace: Workspace, scope: Scope, text: str, day: date) -> SubjectId:
    """A unit or site by USCC, own code or name, of those in the scope to write; REG-001 for any other."""
    now, own = workspace.clock(), scope.for_writing()
    units = subject_ids(db, own, "unit", now) | subject_ids(db, own, "site", now)
    return directory(db, own, now, UNIT_NAMES).unit(text.strip(), day, units)


def change_meter(
    workspace: Workspace, scope: Scope, unit: str, code: str, day: date, *, reason: str = "", **said: Any
) -> MeterPlan:
    """Say more of a meter from a day on, or put right what stands from that day; `said` are fields of MeterEntry.

    REG-005 where no such meter is registered or what is said cannot be; IMP-005 for a correction without its reason.
    """
    with writing_in_turn(workspace.engine) as db:
        now = workspace.clock()
        owner = unit_for(db, workspace, scope, unit, day)
        if not any(s.code == code for s in meter_spells(db, scope.for_writing(), now, [owner])):
            raise _no_meter(code)
        entry = MeterEntry(owner, code, day, **said)
        (plan,) = register_meters(db, [entry], now, principal=scope.principal, reason=reason).plans
    return plan


def end_meter(
    workspace: Workspace, scope: Scope, unit: str, code: str, day: date, *, last_reading: Decimal | None = None,
    reason: str = "",
) -> MeterPlan:  # fmt: skip
    """End the spell of a meter that stands before a day: from that day on it is not there (停用).

    REG-005 where none stands; IMP-005 where it had ended on another day already and no reason is given.
    """
    with writing_in_turn(workspace.engine) as db:
        now = workspace.clock()
        owner = unit_for(db, workspace, scope, unit, day)
        mine = [s for s in meter_spells(db, scope.for_writing(), now, [owner]) if s.code == code and s.valid_from < day]
        if not mine:
            raise _no_meter(code)
        entry = MeterEntry(owner, code, mine[-1].valid_from, valid_to=day, last_reading=last_reading)
        (plan,) = register_meters(db, [entry], now, principal=scope.principal, reason=reason).plans
    return plan


def _no_meter(code: str) -> UserError:
    return UserError(
        "REG-005", f"no meter is registered as “{code[:60]}”.", where=code[:60], case="no_meter",
        remedy="Check the unit and its code of the meter.", facts={"code": code[:60]},
    )  # fmt: skip


def issue_token(
    workspace: Workspace, scope: Scope, unit: str, label: str, day: date, days: int | None = None
) -> tuple[str, str]:
    """A token for the readings of a unit: its id and its secret, which is told this once."""
    with writing_in_turn(workspace.engine) as db:
        owner = unit_for(db, workspace, scope, unit, day)
        return issue_reading_token(db, owner, label, at=workspace.clock(), principal=scope.principal, days=days)


def revoke_token(workspace: Workspace, scope: Scope, named: str) -> ReadingToken:
    """Revoke a token by its id or the beginning of its secret; readings stop being taken within two seconds."""
    with writing_in_turn(workspace.engine) as db:
        return revoke_reading_token(db, scope, named, at=workspace.clock(), principal=scope.principal)


def put_station(
    workspace: Workspace, scope: Scope, entry: StationEntry, unit: str = "", *, reason: str = ""
) -> dict[str, int]:
    """Register a station of a unit, change it from a day on, or put it right; `unit` where it is new or moves.

    A station of another unit than those in scope is refused in the words of one that is new and names no unit.
    """
    with writing_in_turn(workspace.engine) as db:
        now = workspace.clock()
        held = [s for s in station_spells(db, Scope.system("hold a station against its unit"), now) if s.mn == entry.mn]
        mine = station_spells(db, scope.for_writing(), now)
        if any(s not in mine for s in held):
            raise UserError(
                "REG-005", f"no station is registered with MN “{entry.mn[:40]}”.", where=entry.mn[:40],
                remedy="Check the MN, or register the station first.", case="no_station", facts={"mn": entry.mn[:40]},
            )  # fmt: skip
        if unit:
            entry = replace(entry, subject_id=unit_for(db, workspace, scope, unit, entry.valid_from))
        return register_stations(db, [entry], now, principal=scope.principal, reason=reason)


def end_station(workspace: Workspace, scope: Scope, mn: str, day: date, *, reason: str = "") -> dict[str, int]:
    """End a station: from that day on its frames are refused. REG-005 where none in scope stands before the day."""
    with writing_in_turn(workspace.engine) as db:
        now = workspace.clock()
        mine = [s for s in station_spells(db, scope.for_writing(), now) if s.mn == mn and s.valid_from < day]
        if not mine:
            raise UserError(
                "REG-005", f"no station is registered with MN “{mn[:40]}”.", where=mn[:40],
                remedy="Check the MN, or register the station first.", case="no_station", facts={"mn": mn[:40]},
            )  # fmt: skip
        entry = StationEntry(mn, mine[-1].valid_from, valid_to=day)
        return register_stations(db, [entry], now, principal=scope.principal, reason=reason)


def add_closed_days(
    workspace: Workspace, scope: Scope, unit: str, first: date, last: date, *, kind: str = "shutdown",
    weekdays: str = "", note: str = "",
) -> dict[str, int]:  # fmt: skip
    """Say that a unit or site is closed from `first` to `last`; REG-001 for one that is not the writer's."""
    with writing_in_turn(workspace.engine) as db:
        owner = unit_for(db, workspace, scope, unit, first)
        entry = ClosedEntry(owner, first, last, kind, weekdays, note.strip())
        return close_days(db, [entry], workspace.clock(), principal=scope.principal)


def withdraw_closed_days(workspace: Workspace, scope: Scope, row_id: str, reason: str) -> ClosedSpell:
    """Take a stretch of closed days back, with a reason."""
    with writing_in_turn(workspace.engine) as db:
        return withdraw_closed(
            db, scope, row_id, workspace.clock(), principal=scope.principal, reason=reason
        )  # fmt: skip


def closed_as_dict(spell: ClosedSpell) -> dict[str, Any]:
    """The JSON shape of closed days; the id is what withdraws them."""
    names = [n for n in ClosedSpell.__dataclass_fields__ if n != "valid_to"]
    return {**{n: getattr(spell, n) for n in names}, "last": spell.last}


def spell_as_dict(spell: MeterSpell) -> dict[str, Any]:
    """The JSON shape of a spell of a meter."""
    names = [n for n in MeterSpell.__dataclass_fields__ if n != "row_id"]
    return {n: getattr(spell, n) for n in names}


def station_as_dict(spell: StationSpell) -> dict[str, Any]:
    """The JSON shape of a spell of a station, without its password."""
    names = [n for n in StationSpell.__dataclass_fields__ if n not in ("row_id", "password")]
    return {n: getattr(spell, n) for n in names}
