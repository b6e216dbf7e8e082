"""Looking into the audit log (审计查阅): who sees which entries, verifying as a job, and corrections old → new.

An auditor of a region sees the entries whose object is a subject in that region, or a person or an appointment all of
whose places lie in it, and those of people who act there and nowhere else. Who may see everything sees every entry.
A verification reads the whole log for everybody who may read it: what it names are numbers of entries alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import combinations
from typing import Any

import sqlalchemy as sa

from shuangkong.accounting.api import LIMITABLE
from shuangkong.engine.api import (
    Head,
    Seal,
    Verified,
    among,
    audit_entry,
    broken_seals,
    head,
    jobs,
    lake_commit,
    reading,
    verified,
)
from shuangkong.kernel.labels import Label
from shuangkong.kernel.scope import Scope
from shuangkong.registry.api import scope_subjects
from shuangkong.webkit.api import appointment_table

#: Entries and commits that a page verifies while the reader waits (about two seconds); more are a job.
AT_ONCE = 100_000
_READING = Label("核验审计链", "verify the chain")
#: What stands for the detail of an entry with figures that are not handed in for the reader's use.
WITHHELD = '{"withheld": "用途限定 (limit of use)"}'
#: Actions whose entries say what stood before.
CORRECTIONS = ("figure.correct", "registry.correct", "registry.move", "registry.unpublish")


def entries_seen(db: sa.Connection, scope: Scope, known: datetime) -> sa.Select[Any]:
    """The entries that a reader may see, as a select; `known` is when the tree of regions is looked at."""
    query = sa.select(*(_shown_detail(scope) if c is audit_entry.c.detail else c for c in audit_entry.c))
    if scope.unrestricted:
        return query
    if scope.kind != "region":
        return query.where(sa.false())
    table = scope_subjects(db, scope.for_writing(), known)
    subjects = among(db, [] if table is None else table["subject_id"].to_pylist())
    a = appointment_table
    inside = sa.select(a.c.person_id).where(a.c.subject_id.in_(subjects))
    outside = sa.select(a.c.person_id).where(sa.or_(a.c.subject_id.is_(None), a.c.subject_id.not_in(subjects)))
    t = audit_entry.c
    people = [sa.and_(c.in_(inside), c.not_in(outside)) for c in (t.principal, t.object)]
    appointed = t.object.in_(sa.select(a.c.appointment_id).where(a.c.subject_id.in_(subjects)))
    return query.where(sa.or_(t.object.in_(subjects), appointed, *people))


def _shown_detail(scope: Scope) -> sa.ColumnElement[str]:
    """The detail; without it where it tells figures of a return that does not allow the reader's use (统计法)."""
    t = audit_entry.c
    if scope.use == "any":
        return t.detail
    some = [",".join(uses) for n in range(1, len(LIMITABLE) + 1) for uses in combinations(LIMITABLE, n)]
    # a quotation mark within a text of the detail has a stroke before it: only a field is found so
    limited = t.detail.contains('"use": "', autoescape=True)
    allowed = [t.detail.contains(f'"use": "{uses}"', autoescape=True) for uses in some if scope.use in uses.split(",")]
    hidden = sa.and_(t.action == "figure.correct", limited, sa.not_(sa.or_(*allowed)))
    return sa.case((hidden, WITHHELD), else_=t.detail).label("detail")


@dataclass(frozen=True, slots=True)
class Checked:
    """A verification of the chain, and the seals (封存) under which the lake's commits are not what they were.

    Seals are asked only of a chain that holds: of one that does not they say nothing.
    """

    chain: Verified
    broken: tuple[Seal, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether the chain holds and every seal fits what it sealed."""
        return self.chain.whole and not self.broken


def takes_long(db: sa.Connection) -> bool:
    """Whether a verification is for a job: so many entries, or commits of the lake that seals are held against."""
    commits = db.execute(sa.select(sa.func.max(lake_commit.c.sequence))).scalar_one() or 0
    return head(db).sequence + int(commits) > AT_ONCE


def checked(db: sa.Connection, upto: Head | None = None, *, told: Callable[[int, int], None] | None = None) -> Checked:
    """Verify the whole log up to a head, if one is given, then hold the lake's commits against their seals."""
    found = verified(db, upto, told=told)
    return Checked(found, tuple(broken_seals(db)) if found.whole else ())


def as_dict(result: Checked, upto: Head | None) -> dict[str, Any]:
    """A verification for JSON and for the result of a job; `seals` are the entries whose seal is broken."""
    found = result.chain
    return {
        "whole": result.whole, "seals": [s.entry for s in result.broken], "entries": found.entries,
        "head": str(found.head), "upto": str(upto) if upto else None,
        "faults": [
            {"kind": f.kind, "first": f.first, "last": f.last, "was": f.was, "head": f.head, "message": str(f)}
            for f in found.faults
        ],
        "more": found.more,
    }  # fmt: skip


def _verify(job: jobs.JobContext, arguments: Mapping[str, Any]) -> jobs.Outcome:
    """Verify the whole log up to the head that was typed in, if any."""
    upto = Head.parse(arguments["head"]) if arguments.get("head") else None
    with reading(job.workspace.engine) as db:
        found = checked(db, upto, told=lambda done, total: job.progress(_READING, done, total))
    return jobs.Outcome(as_dict(found, upto))


VERIFY = jobs.Kind("audit_verify", Label("核验审计日志", "verify the audit log"), _verify, resumable=True)


@dataclass(frozen=True, slots=True)
class Correction:
    """One thing put right: what it is, old and new by field, who, when, why, and the entry that says so."""

    sequence: int
    at: datetime
    principal: str
    action: str
    subject_id: str
    what: Mapping[str, str]
    old: Mapping[str, str | None]
    new: Mapping[str, str | None]
    reason: str
    source: str


def corrections(db: sa.Connection, subject: str, scope: Scope, *, limit: int = 200) -> list[Correction]:
    """What was put right about a subject, newest first; the caller has asked whether the reader may see it.

    Figures of a return that is not handed in for the reader's use are left out.
    """
    t = audit_entry.c
    query = sa.select(audit_entry).where(t.object == subject, t.action.in_(CORRECTIONS))
    found: list[Correction] = []
    for row in db.execute(query.order_by(t.sequence.desc()).limit(limit)):
        found += _of_entry(row, json.loads(row.detail), scope)
    return found


def _of_entry(row: sa.Row[Any], detail: Mapping[str, Any], scope: Scope) -> Iterator[Correction]:
    parts = detail["figures"] if row.action == "figure.correct" else [detail]
    for part in parts:
        if scope.use != "any" and part.get("use") and scope.use not in part["use"].split(","):
            continue
        old, new = (_by_field(row.action, part[side]) for side in ("old", "new"))
        changed = [k for k in new if old.get(k) != new[k]]
        yield Correction(
            row.sequence, row.at, row.principal, row.action, row.object,
            {k: str(part[k]) for k in _WHICH if part.get(k)}, {k: old.get(k) for k in changed},
            {k: new[k] for k in changed}, detail.get("reason", ""), str(part.get("corrects") or ""),
        )  # fmt: skip


_WHICH = ("book", "period_key", "item", "role", "extent", "price_base", "fact", "scheme", "name", "relation", "on")


def _amount(figure: Mapping[str, Any]) -> str | None:
    """A quantity with its unit, without the noughts that the store adds."""
    if figure["quantity"] is None:
        return None
    return f"{Decimal(figure['quantity']).normalize():f} {figure['unit']}"


def _by_field(action: str, value: Any) -> dict[str, str | None]:
    """Old or new by field; a move and a publication say one thing only."""
    if action == "figure.correct":
        value = {"quantity": _amount(value), **{k: value.get(k) for k in ("basis", "known_on")}}
    if isinstance(value, Mapping):
        return {k: None if v is None else str(v) for k, v in value.items()}
    name = {"registry.move": "parent_id", "registry.unpublish": "valid_to"}.get(action, "value")
    if isinstance(value, list):
        value = ", ".join(value) or None
    return {name: None if value is None else str(value)}
