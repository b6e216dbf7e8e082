"""Closed days (停产日、休息日) of a unit or site: days on which it says itself that it does not work.

A public holiday is no closed day where work goes on by shifts, so only what a unit says counts. Append only as the rest
of the registry is: a stretch that was said wrongly is withdrawn with a reason, and stands as known before.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from shuangkong.engine.api import METADATA, among
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.ids import SubjectId
from shuangkong.kernel.labels import Label
from shuangkong.kernel.scope import Scope
from shuangkong.registry import store
from shuangkong.registry.service import audited
from shuangkong.registry.sheets.reasons import Reason
from shuangkong.registry.snapshots import ancestors, scope_subjects

#: Why a unit is closed.
CLOSED_KINDS: Mapping[str, Label] = {
    "shutdown": Label("停产", "shut down"),
    "rest": Label("休息日", "day of rest"),
    "maintenance": Label("检修", "maintenance"),
}
#: Days that one stretch may hold at most: three years, of which a typing error in a year makes more.
LONGEST = 1_097
_EARLIEST = date(2000, 1, 1)
#: Days of the week as they are written: 1 is Monday (周一), 7 is Sunday (周日).
_WEEKDAYS = re.compile(r"1?2?3?4?5?6?7?")
_DAY = timedelta(days=1)
_DO = Label("核对后重新填写", "check it and write it again")
_WORDS = {
    "last": ("止日早于起日，或一段长于三年，或早于 2000 年",
             "it ends before it begins, or is longer than three years, or lies before 2000"),
    "kind": ("类别只能是 shutdown（停产）、rest（休息日）或 maintenance（检修）",
             "a kind is shutdown, rest or maintenance"),
    "weekdays": ("每周哪几天写成 1 至 7 的数字，周一为 1，依次书写",
                 "days of the week are digits 1 to 7 in their order; Monday is 1"),
    "note": ("说明至多 200 字", "a note has 200 signs at most"),
}  # fmt: skip

closed_days_table = sa.Table(
    "closed_days",
    METADATA,
    sa.Column("row_id", sa.String(40), primary_key=True),
    store.subject_column("subject_id"),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("weekdays", sa.String(7), nullable=False),
    sa.Column("note", sa.String(200), nullable=False),
    sa.Column("principal", sa.String(120), nullable=False),
    sa.Column("synthetic", sa.Boolean, nullable=False),
    *store.dated_columns("closed_days"),
)
_SAID = ("subject_id", "kind", "weekdays", "note", "valid_from", "valid_to")


@dataclass(frozen=True, slots=True)
class ClosedEntry:
    """A stretch from `first` to `last`, both of them closed; of some `weekdays` ("67": weekends) only, or all.

    A site's own closed days say nothing of its unit; those of the unit are all its sites'.
    """

    subject_id: str
    first: date
    last: date
    kind: str = "shutdown"
    weekdays: str = ""
    note: str = ""
    synthetic: bool = False


@dataclass(frozen=True, slots=True)
class ClosedSpell:
    """A stretch that stands: `[valid_from, valid_to)`, said by `principal` at `recorded_at`."""

    row_id: str
    subject_id: str
    kind: str
    weekdays: str
    note: str
    principal: str
    synthetic: bool
    valid_from: date
    valid_to: date
    recorded_at: datetime

    @property
    def last(self) -> date:
        """The last day of the stretch."""
        return self.valid_to - _DAY

    def days(self, first: date, after: date) -> Iterator[date]:
        """The closed days of the stretch within `[first, after)`."""
        begin, end = max(first, self.valid_from), min(after, self.valid_to)
        for n in range((end - begin).days):
            day = begin + n * _DAY
            if not self.weekdays or str(day.isoweekday()) in self.weekdays:
                yield day


def wrong_of_closed(entry: ClosedEntry) -> list[tuple[str, Reason]]:
    """(field, reason) of what cannot be."""
    length = (entry.last - entry.first).days + 1
    fine = {
        "last": 1 <= length <= LONGEST and entry.first >= _EARLIEST,
        "kind": entry.kind in CLOSED_KINDS,
        "weekdays": bool(_WEEKDAYS.fullmatch(entry.weekdays)),
        "note": len(entry.note) <= 200,
    }
    return [(name, Reason("not_valid", Label(*_WORDS[name]), _DO)) for name, right in fine.items() if not right]


def close_days(
    connection: sa.Connection, entries: Iterable[ClosedEntry], recorded_at: datetime, *, principal: str
) -> dict[str, int]:
    """Say that units or sites are closed on days; says how many stretches are new, and how many stood already.

    The transaction is one of `engine.writing_in_turn`. REG-005 for what cannot be.
    """
    wanted = list(entries)
    for entry in wanted:
        for name, why in wrong_of_closed(entry):
            raise UserError(
                "REG-005", f"closed days, {name}: {why.reason.in_('en')}.", where=name, case="closed_days",
                remedy=f"{why.remedy.in_('en').capitalize()}.",
                facts={"field": name, "why": why.reason, "do": why.remedy},
            )  # fmt: skip
    held = {_said(s) for s in _read(connection, recorded_at, {e.subject_id for e in wanted})}
    rows: dict[tuple[Any, ...], dict[str, Any]] = {}
    for entry in wanted:
        row = {
            "subject_id": entry.subject_id, "kind": entry.kind, "weekdays": entry.weekdays, "note": entry.note,
            "principal": principal, "synthetic": entry.synthetic, "valid_from": entry.first,
            "valid_to": entry.last + _DAY, "recorded_at": recorded_at, "corrects": None,
        }  # fmt: skip
        said = tuple(row[k] for k in _SAID)
        if said not in held:
            rows[said] = row
    store.add(connection, closed_days_table, rows.values())
    new = list(rows.values())
    for start in range(0, len(new), 100):
        some = new[start : start + 100]
        units = list(dict.fromkeys(str(r["subject_id"]) for r in some))
        detail = [{"subject": r["subject_id"], **_told(r)} for r in some]
        audited(connection, recorded_at, principal, "registry.closed_days", units, {"closed": detail})
    return {"new": len(new), "unchanged": len(wanted) - len(new)}


def withdraw_closed(
    connection: sa.Connection, scope: Scope, row_id: str, recorded_at: datetime, *, principal: str, reason: str
) -> ClosedSpell:
    """Take a stretch back: the unit works on those days after all. What was known before stays as it was.

    REG-005 where no such stretch of a subject in scope stands; IMP-005 without a reason.
    """
    found = next((s for s in closed_spells(connection, scope.for_writing(), recorded_at) if s.row_id == row_id), None)
    if found is None:
        raise UserError(
            "REG-005", f"no closed days stand under “{row_id[:40]}”.", where=row_id[:40], case="no_closed_days",
            remedy="Choose one from the list.", facts={"id": row_id[:40]},
        )  # fmt: skip
    if not reason.strip():
        raise UserError(
            "IMP-005", "1 stretch of closed days would be taken back and no reason is given.", case="closed_reason",
            remedy="Say why it is taken back, then do it again.",
        )  # fmt: skip
    gone = {
        "subject_id": found.subject_id, "kind": found.kind, "weekdays": found.weekdays, "note": found.note,
        "principal": principal, "synthetic": found.synthetic, "valid_from": found.valid_from,
        "valid_to": found.valid_from, "recorded_at": recorded_at, "corrects": found.row_id,
    }  # fmt: skip
    store.add(connection, closed_days_table, [gone])
    told = {"first": found.valid_from, "last": found.last, "kind": found.kind, "weekdays": found.weekdays}
    detail = {"closed": [{"subject": found.subject_id, **told}], "reason": reason.strip()[:500]}
    audited(connection, recorded_at, principal, "registry.closed_withdraw", [found.subject_id], detail)
    return found


def closed_spells(
    connection: sa.Connection, scope: Scope, known: datetime, subjects: Collection[str] | None = None
) -> list[ClosedSpell]:
    """The stretches in scope that stand as known at `known`, the latest first; of some subjects or of all."""
    seen = scope_subjects(connection, scope, known)
    shown = None if seen is None else set(seen["subject_id"].to_pylist())
    wanted = shown if subjects is None else set(subjects) if shown is None else set(subjects) & shown
    found = _read(connection, known, wanted)
    return sorted(found, key=lambda s: (s.valid_from, s.subject_id, s.row_id), reverse=True)


def closed_days(
    connection: sa.Connection, scope: Scope, subject: SubjectId, first: date, last: date, known: datetime
) -> frozenset[date]:
    """The days of `[first, last]` on which a unit or site says that it is closed, or the unit that a site lies in."""
    path = ancestors(connection, scope, subject, last, known)
    spells = closed_spells(connection, scope, known, path)
    return frozenset(day for s in spells for day in s.days(first, last + _DAY))


def _said(spell: ClosedSpell) -> tuple[Any, ...]:
    return tuple(getattr(spell, k) for k in _SAID)


def _told(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "first": row["valid_from"], "last": row["valid_to"] - _DAY, "kind": row["kind"], "weekdays": row["weekdays"],
        "note": row["note"],
    }  # fmt: skip


def _read(connection: sa.Connection, known: datetime, subjects: Collection[str] | None) -> list[ClosedSpell]:
    table = closed_days_table
    names = tuple(ClosedSpell.__dataclass_fields__)
    query = sa.select(*(table.c[n] for n in names)).where(
        store.standing(table, known), table.c.valid_from < table.c.valid_to
    )
    if subjects is not None:
        query = query.where(table.c.subject_id.in_(among(connection, sorted(subjects))))
    return [ClosedSpell(**row) for row in connection.execute(query).mappings()]
