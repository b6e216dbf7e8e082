"""Saved scenarios and evidence of deductions (情景与扣减佐证); each change with its audit entry.

A scenario is never changed: who changes one saves another that `follows` it. It is seen by who made it and, where it is
shared, by who may see its region. It is no book: no run reads this table.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from shuangkong.engine.api import METADATA, UtcInstant, record
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.ids import digest
from shuangkong.kernel.scope import Scope
from shuangkong.registry.api import scope_subjects

MOST_TITLE, MOST_BECAUSE = 80, 300
peak_scenario = sa.Table(
    "peak_scenario",
    METADATA,
    sa.Column("scenario_id", sa.String(40), primary_key=True),
    sa.Column("subject_id", sa.String(40), nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("because", sa.Text, nullable=False),
    sa.Column("inputs", sa.Text, nullable=False),
    sa.Column("result_hash", sa.String(64), nullable=False),
    sa.Column("run_id", sa.String(60), nullable=False),
    sa.Column("follows", sa.String(40)),
    sa.Column("shared", sa.Boolean, nullable=False),
    sa.Column("synthetic", sa.Boolean, nullable=False),
    sa.Column("made_by", sa.String(120), nullable=False),
    sa.Column("made_at", UtcInstant, nullable=False),
    sa.Column("withdrawn_by", sa.String(120)),
    sa.Column("withdrawn_at", UtcInstant),
    sa.Index("ix_peak_scenario_subject_id_made_at", "subject_id", "made_at"),
)
deduction_evidence = sa.Table(
    "deduction_evidence",
    METADATA,
    sa.Column("evidence_id", sa.String(40), primary_key=True),
    sa.Column("subject_id", sa.String(40), nullable=False),
    sa.Column("year", sa.Integer, nullable=False),
    sa.Column("step", sa.String(40), nullable=False),
    sa.Column("file_name", sa.Text, nullable=False),
    sa.Column("blob", sa.String(64), nullable=False),
    sa.Column("size", sa.Integer, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("handed_by", sa.String(120), nullable=False),
    sa.Column("handed_at", UtcInstant, nullable=False),
    sa.Column("withdrawn_by", sa.String(120)),
    sa.Column("withdrawn_at", UtcInstant),
    sa.Index("ix_deduction_evidence_subject_id_year", "subject_id", "year"),
)


@dataclass(frozen=True, slots=True)
class Saved:
    """A saved scenario: `inputs` is its canonical JSON, `result_hash` that of what was worked out when it was saved."""

    scenario_id: str
    subject_id: str
    title: str
    because: str
    inputs: str
    result_hash: str
    run_id: str
    follows: str | None
    shared: bool
    synthetic: bool
    made_by: str
    made_at: datetime
    withdrawn_by: str | None
    withdrawn_at: datetime | None


@dataclass(frozen=True, slots=True)
class Evidence:
    """A file that was handed in for a step of a region's year; `blob` is its SHA-256. It changes no figure."""

    evidence_id: str
    subject_id: str
    year: int
    step: str
    file_name: str
    blob: str
    size: int
    note: str
    handed_by: str
    handed_at: datetime
    withdrawn_by: str | None
    withdrawn_at: datetime | None


def save_scenario(
    db: sa.Connection, subject: str, title: str, because: str, *, inputs: str, result_hash: str, run_id: str,
    synthetic: bool, at: datetime, principal: str, follows: str | None = None,
) -> str:  # fmt: skip
    """Keep a scenario; gives its id. FORM-001 without a title. Audit: scenarios.save."""
    name, reason = title.strip()[:MOST_TITLE], because.strip()[:MOST_BECAUSE]
    if not name:
        raise UserError("FORM-001", "a scenario needs a title.", where="title", remedy="Give it one.",
                        case="scenario_title")  # fmt: skip
    made = f"ps_{digest('peak_scenario', subject, inputs, principal, at.isoformat(), length=20)}"
    db.execute(peak_scenario.insert().values(
        scenario_id=made, subject_id=subject, title=name, because=reason, inputs=inputs, result_hash=result_hash,
        run_id=run_id, follows=follows, shared=False, synthetic=synthetic, made_by=principal, made_at=at,
    ))  # fmt: skip
    record(db, at=at, principal=principal, action="scenarios.save", obj=made,
           detail={"subject_id": subject, "title": name, "because": reason, "follows": follows})  # fmt: skip
    return made


def share_scenario(
    db: sa.Connection, scope: Scope, scenario_id: str, *, shared: bool, at: datetime, principal: str
) -> None:
    """Open one's own scenario to who may see its region, or close it again. Audit: scenarios.share, .unshare."""
    own_scenario(db, scope, scenario_id, at)
    t = peak_scenario
    db.execute(t.update().where(t.c.scenario_id == scenario_id).values(shared=shared))
    action = "scenarios.share" if shared else "scenarios.unshare"
    record(db, at=at, principal=principal, action=action, obj=scenario_id, detail={})


def withdraw_scenario(db: sa.Connection, scope: Scope, scenario_id: str, *, at: datetime, principal: str) -> None:
    """Take one's own scenario back: it is shown to nobody any more and stays in the log. Audit: scenarios.withdraw."""
    own_scenario(db, scope, scenario_id, at)
    t = peak_scenario
    db.execute(t.update().where(t.c.scenario_id == scenario_id).values(withdrawn_by=principal, withdrawn_at=at))
    record(db, at=at, principal=principal, action="scenarios.withdraw", obj=scenario_id, detail={})


def scenario_seen(db: sa.Connection, scope: Scope, scenario_id: str, at: datetime) -> Saved:
    """A scenario that the reader may see; RUN-001 for another, so that nobody learns that there is one."""
    found = _seen(db, scope, at, peak_scenario.c.scenario_id == scenario_id)
    if not found:
        raise UserError("RUN-001", f"there is no scenario {scenario_id[:40]}.", case="no_scenario",
                        facts={"id": scenario_id[:40]}, remedy="Choose one from the list.")  # fmt: skip
    return found[0]


def own_scenario(db: sa.Connection, scope: Scope, scenario_id: str, at: datetime) -> Saved:
    """One that the reader made, or may change because everything is theirs to see; RIGHT-002 for another's."""
    found = scenario_seen(db, scope, scenario_id, at)
    if found.made_by != scope.principal and not scope.unrestricted:
        raise UserError("RIGHT-002", "only who made a scenario may share it or take it back.", where=scenario_id,
                        remedy="Save one of your own.", case="not_own_scenario")  # fmt: skip
    return found


def scenarios_seen(db: sa.Connection, scope: Scope, at: datetime, subject: str = "") -> list[Saved]:
    """Scenarios that the reader may see, newest first; of one region if it is named."""
    return _seen(db, scope, at, peak_scenario.c.subject_id == subject if subject else sa.true())


def _seen(db: sa.Connection, scope: Scope, at: datetime, where: sa.ColumnElement[bool]) -> list[Saved]:
    t = peak_scenario
    query = sa.select(t).where(where, t.c.withdrawn_at.is_(None)).order_by(t.c.made_at.desc(), t.c.scenario_id)
    if not scope.unrestricted:
        query = query.where(sa.or_(t.c.shared, t.c.made_by == scope.principal))
    rows = [Saved(**r) for r in db.execute(query).mappings()]
    inside = _subjects(db, scope, at)
    return [s for s in rows if inside is None or s.subject_id in inside]


def _subjects(db: sa.Connection, scope: Scope, at: datetime) -> frozenset[str] | None:
    """The subjects in the reader's own scope; what is merely published opens neither scenarios nor evidence."""
    found = scope_subjects(db, scope.for_writing(), at)
    return None if found is None else frozenset(found["subject_id"].to_pylist())


def hand_in_evidence(
    db: sa.Connection, scope: Scope, subject: str, year: int, step: str, *, file_name: str, blob: str, size: int,
    note: str, at: datetime, principal: str,
) -> str:  # fmt: skip
    """Keep a file as evidence of a step; gives its id. SCOPE-001 outside the scope. Audit: evidence.hand_in."""
    _require(db, scope, subject, at)
    made = f"ev_{digest('deduction_evidence', subject, str(year), step, blob, at.isoformat(), length=20)}"
    row = {"subject_id": subject, "year": year, "step": step, "file_name": file_name[:200], "blob": blob,
           "size": size, "note": note.strip()[:MOST_BECAUSE]}  # fmt: skip
    db.execute(deduction_evidence.insert().values(evidence_id=made, handed_by=principal, handed_at=at, **row))
    record(db, at=at, principal=principal, action="evidence.hand_in", obj=made,
           detail={"subject_id": subject, "year": year, "step": step, "file": row["file_name"],
                   "sha256": blob})  # fmt: skip
    return made


def withdraw_evidence(db: sa.Connection, scope: Scope, evidence_id: str, *, at: datetime, principal: str) -> Evidence:
    """Take evidence back; the file stays, marked as withdrawn. RUN-001 for none. Audit: evidence.withdraw."""
    found = evidence_seen(db, scope, evidence_id, at)
    t = deduction_evidence
    db.execute(t.update().where(t.c.evidence_id == evidence_id).values(withdrawn_by=principal, withdrawn_at=at))
    record(db, at=at, principal=principal, action="evidence.withdraw", obj=evidence_id, detail={})
    return found


def evidence_seen(db: sa.Connection, scope: Scope, evidence_id: str, at: datetime) -> Evidence:
    """A file of evidence that the reader may see; RUN-001 for another."""
    for found in _evidence(db, scope, at, deduction_evidence.c.evidence_id == evidence_id):
        return found
    raise UserError("RUN-001", f"there is no evidence {evidence_id[:40]}.", case="no_evidence",
                    facts={"id": evidence_id[:40]}, remedy="Choose one from the page of deductions.")  # fmt: skip


def evidence_of(db: sa.Connection, scope: Scope, subject: str, at: datetime) -> list[Evidence]:
    """What was handed in for a region, newest first, without what was taken back."""
    return list(_evidence(db, scope, at, deduction_evidence.c.subject_id == subject))


def _evidence(db: sa.Connection, scope: Scope, at: datetime, where: sa.ColumnElement[bool]) -> Iterable[Evidence]:
    t = deduction_evidence
    query = sa.select(t).where(where, t.c.withdrawn_at.is_(None)).order_by(t.c.handed_at.desc(), t.c.evidence_id)
    rows: list[Any] = list(db.execute(query).mappings())
    inside = _subjects(db, scope, at) if rows else None
    return [Evidence(**r) for r in rows if inside is None or r["subject_id"] in inside]


def _require(db: sa.Connection, scope: Scope, subject: str, at: datetime) -> None:
    inside = _subjects(db, scope, at)
    if inside is not None and subject not in inside:
        raise UserError("SCOPE-001", "the region lies outside your scope.", where=subject,
                        remedy="Ask who answers for it.", case="subject")  # fmt: skip
