"""The register of stations (站点, 数采仪) that send HJ 212: dated, and put right as the rest of the registry is."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal, get_args

import sqlalchemy as sa

from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Label
from shuangkong.kernel.scope import Scope
from shuangkong.registry import store
from shuangkong.registry.metering_store import station
from shuangkong.registry.rules import FOREVER
from shuangkong.registry.service import audited
from shuangkong.registry.sheets.reasons import Reason
from shuangkong.registry.snapshots import scope_subjects

#: Which check sum a station sends: the standard's, or that of MODBUS, which is seen in the field.
Crc = Literal["standard", "modbus"]
EDITIONS = (2005, 2017, 2025)
#: What may stand in a frame between its marks.
_MN = re.compile(r"[0-9A-Za-z_-]{1,40}")
_PASSWORD = re.compile(r"[!-~]{1,40}")
_MARKS = set("#;=&,")
_SAID = ("subject_id", "name", "edition", "password", "crc", "outlets")
_WORDS = {
    "mn": ("MN 只能由数字、字母、横线组成，至多 40 位", "an MN is of digits, letters and dashes, 40 at most"),
    "password": ("口令须为 1 至 40 个不含 # ; = & , 的可见字符",
                 "a password is 1 to 40 visible signs, none of # ; = & ,"),
    "edition": ("版本只能是 2005、2017 或 2025", "an edition is 2005, 2017 or 2025"),
    "crc": ("校验方式只能是 standard 或 modbus", "a check sum is standard or modbus"),
    "owner": ("新站点须写明所属单位", "a new station needs its unit"),
    "valid_to": ("停用日期不晚于启用日期，或与后面的登记重叠",
                 "it ends before it begins, or overlaps what comes later"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class StationEntry:
    """A station as it is said to be from `valid_from` on; None says nothing, and what stands remains.

    A new one needs unit and password; it is of edition 2017 and sends the standard's check sum unless it is said.
    The password is kept as it is, because the standard sends it both ways in the clear; it is never shown.
    """

    mn: str
    valid_from: date
    subject_id: str | None = None
    name: str | None = None
    edition: int | None = None
    password: str | None = field(default=None, repr=False)
    crc: Crc | None = None
    outlets: tuple[str, ...] | None = None
    valid_to: date | None = None
    synthetic: bool = False


@dataclass(frozen=True, slots=True)
class StationSpell:
    """A station on `[valid_from, valid_to)`. Fields are those of the table."""

    row_id: str
    mn: str
    subject_id: str
    name: str
    edition: int
    password: str = field(repr=False)
    crc: Crc
    outlets: tuple[str, ...]
    synthetic: bool
    valid_from: date
    valid_to: date
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class _Write:
    """A row to be written, and what the audit log says of it."""

    effect: str
    row: dict[str, Any]
    old: dict[str, Any]
    new: dict[str, Any]


def register_stations(
    connection: sa.Connection,
    entries: Iterable[StationEntry],
    recorded_at: datetime,
    *,
    principal: str,
    reason: str = "",
) -> dict[str, int]:
    """Register stations, change them from a day on, or put right what stands; says how many of each.

    The transaction is one of `engine.writing_in_turn`. REG-005 for what cannot be, IMP-005 for a correction without
    its reason.
    """
    held: dict[str, list[StationSpell]] = defaultdict(list)
    for spell in _read(connection, recorded_at):
        held[spell.mn].append(spell)
    wanted = list(entries)
    if len({e.mn for e in wanted}) < len(wanted):
        raise ValueError("one entry of a station at a time")
    writes = [w for e in wanted for w in _writes(e, held[e.mn], recorded_at)]
    corrections = sum(w.effect == "corrected" for w in writes)
    if corrections and not reason:
        raise UserError(
            "IMP-005", f"{corrections} stations would be corrected and no reason is given.",
            remedy="Say why they are corrected, then register again.", case="reason", facts={"n": corrections},
        )  # fmt: skip
    store.add(connection, station, [w.row for w in writes])
    told = [w for w in writes if w.effect != "closed"]
    for start in range(0, len(told), 100):
        some = told[start : start + 100]
        detail = [{"mn": w.row["mn"], "effect": w.effect, "from": w.row["valid_from"], "old": w.old, "new": w.new}
                  for w in some]  # fmt: skip
        units = list(dict.fromkeys(str(w.row["subject_id"]) for w in some))
        audited(connection, recorded_at, principal, "registry.stations", units,
                {"stations": detail, **({"reason": reason} if reason else {})})  # fmt: skip
    return {effect: sum(w.effect == effect for w in writes) for effect in ("new", "changed", "corrected")}


@dataclass(frozen=True, slots=True)
class _Laid:
    """An entry laid upon what stands: the spell of its day, what would hold then, and until when."""

    here: StationSpell | None
    before: StationSpell | None
    facts: dict[str, Any]
    end: date
    later: date


def _laid(entry: StationEntry, held: Sequence[StationSpell]) -> _Laid:
    here = next((s for s in held if s.valid_from <= entry.valid_from < s.valid_to), None)
    before = here or next((s for s in reversed(held) if s.valid_from < entry.valid_from), None)
    later = min((s.valid_from for s in held if s.valid_from > entry.valid_from), default=FOREVER)
    base: dict[str, Any] = {"subject_id": None, "name": "", "edition": 2017, "password": None, "crc": "standard",
                            "outlets": ()}  # fmt: skip
    base |= {k: getattr(before, k) for k in _SAID} if before else {}
    facts = base | {k: getattr(entry, k) for k in _SAID if getattr(entry, k) is not None}
    return _Laid(here, before, facts, entry.valid_to or (here.valid_to if here else later), later)


def _writes(entry: StationEntry, held: Sequence[StationSpell], at: datetime) -> list[_Write]:
    laid = _laid(entry, held)
    here, before, facts, end = laid.here, laid.before, laid.facts, laid.end
    for name, why in wrong_of_station(entry, held):
        raise UserError(
            "REG-005", f"station {entry.mn[:40]}, {name}: {why.reason.in_('en')}.", where=entry.mn[:40],
            remedy=f"{why.remedy.in_('en').capitalize()}.", case="station",
            facts={"field": name, "why": why.reason, "do": why.remedy},
        )  # fmt: skip
    was = {**{k: getattr(here, k) for k in _SAID}, "valid_to": here.valid_to} if here else {}
    now = {**facts, "valid_to": end}
    names = [k for k in now if was.get(k) != now[k]]
    if here is not None and not names:
        return []
    row = _row(entry.mn, facts, entry.valid_from, end, synthetic=entry.synthetic or bool(before and before.synthetic))
    row |= {"recorded_at": at, "corrects": None}
    old, new = _told({k: was.get(k) for k in names if here}), _told({k: now[k] for k in names})
    if here is None:
        return [_Write("changed" if held else "new", row, old, new)]
    if here.valid_from == entry.valid_from:
        ended = names == ["valid_to"] and here.valid_to == FOREVER
        return [_Write("changed" if ended else "corrected", row | {"corrects": here.row_id}, old, new)]
    closed = _row(entry.mn, {k: getattr(here, k) for k in _SAID}, here.valid_from, entry.valid_from,
                  synthetic=here.synthetic)  # fmt: skip
    return [
        _Write("closed", closed | {"recorded_at": at, "corrects": here.row_id}, {}, {}),
        _Write("changed", row, old, new),
    ]  # fmt: skip


def _row(mn: str, facts: Mapping[str, Any], start: date, end: date, *, synthetic: bool) -> dict[str, Any]:
    return {
        "mn": mn, **facts, "outlets": json.dumps(facts["outlets"], ensure_ascii=False), "synthetic": synthetic,
        "valid_from": start, "valid_to": None if end == FOREVER else end,
    }  # fmt: skip


def _told(facts: Mapping[str, Any]) -> dict[str, Any]:
    """What the audit log says: that a password was set, never which."""
    return {k: "…" if k == "password" and v else v for k, v in facts.items()}


def wrong_of_station(entry: StationEntry, held: Sequence[StationSpell]) -> list[tuple[str, Reason]]:
    """(field, reason) of what cannot be, where `held` are the spells of the same MN that stand."""
    laid = _laid(entry, held)
    facts, password = laid.facts, laid.facts["password"] or ""
    fine = {
        "mn": bool(_MN.fullmatch(entry.mn)),
        "owner": bool(facts["subject_id"]),
        "password": bool(_PASSWORD.fullmatch(password)) and not _MARKS & set(password),
        "edition": facts["edition"] in EDITIONS,
        "crc": facts["crc"] in get_args(Crc),
        "valid_to": entry.valid_from < laid.end and (entry.valid_to is None or laid.end <= laid.later),
    }
    do = Label("核对后重新填写", "check it and write it again")
    return [(name, Reason("not_valid", Label(*_WORDS[name]), do)) for name, right in fine.items() if not right]


def station_spells(connection: sa.Connection, scope: Scope, known: datetime) -> tuple[StationSpell, ...]:
    """Every spell of the stations in scope as known at `known`, by MN and day."""
    seen = scope_subjects(connection, scope, known)
    shown = None if seen is None else set(seen["subject_id"].to_pylist())
    return tuple(s for s in _read(connection, known) if shown is None or s.subject_id in shown)


def stations_state(connection: sa.Connection) -> tuple[int, datetime | None]:
    """What changes whenever the register of stations does; cheap to ask for."""
    count, last = connection.execute(sa.select(sa.func.count(), sa.func.max(station.c.recorded_at))).one()
    return count, last


def _read(connection: sa.Connection, known: datetime) -> list[StationSpell]:
    query = sa.select(*(station.c[n] for n in StationSpell.__dataclass_fields__)).where(store.standing(station, known))
    found = []
    for row in connection.execute(query.order_by(station.c.mn, station.c.valid_from)).mappings():
        values = {**row, "outlets": tuple(json.loads(row["outlets"])), "valid_to": row["valid_to"] or FOREVER}
        if values["valid_from"] < values["valid_to"]:
            found.append(StationSpell(**values))
    return found
