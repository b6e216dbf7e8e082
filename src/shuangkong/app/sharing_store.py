"""Decompositions kept (分解方案存档): each saved version stays as it was, with who saved it and why."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from shuangkong.dualcontrol.sharing_plan import Plan, plan_from
from shuangkong.engine.api import METADATA, UtcInstant, record
from shuangkong.kernel.errors import UserError

SAVED, PROPOSED = "sharing.save", "sharing.propose"

decomposition = sa.Table(
    "decomposition",
    METADATA,
    sa.Column("decomposition_id", sa.String(40), primary_key=True),
    sa.Column("region", sa.String(6), nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("proposal_id", sa.String(40)),
    sa.Column("proposed_version", sa.Integer),
    sa.Column("synthetic", sa.Boolean, nullable=False),
    sa.Column("made_by", sa.String(120), nullable=False),
    sa.Column("made_at", UtcInstant, nullable=False),
    sa.Column("changed_at", UtcInstant, nullable=False),
    sa.Index("ix_decomposition_region_changed_at", "region", "changed_at"),
)
decomposition_version = sa.Table(
    "decomposition_version",
    METADATA,
    sa.Column("decomposition_id", sa.String(40), primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("plan", sa.Text, nullable=False),
    sa.Column("plan_hash", sa.String(64), nullable=False),
    sa.Column("because", sa.Text, nullable=False),
    sa.Column("job_id", sa.String(40)),
    sa.Column("result", sa.String(64)),
    sa.Column("saved_by", sa.String(120), nullable=False),
    sa.Column("saved_at", UtcInstant, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Kept:
    """A decomposition: its newest version, and the proposal that one of its versions became."""

    decomposition_id: str
    region: str
    title: str
    version: int
    proposal_id: str | None
    proposed_version: int | None
    synthetic: bool
    made_by: str
    made_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Version:
    """One saved version; `job_id` works out a large one, `result` is then the blob of what it gives."""

    decomposition_id: str
    version: int
    plan_text: str
    plan_hash: str
    because: str
    job_id: str | None
    result: str | None
    saved_by: str
    saved_at: datetime

    @property
    def plan(self) -> Plan:
        """The plan as it was saved."""
        return plan_from(json.loads(self.plan_text))


def add(db: sa.Connection, plan: Plan, because: str, *, at: datetime, principal: str) -> Kept:
    """Keep a new decomposition with its first version and the audit entry."""
    made = uuid.uuid4().hex
    db.execute(decomposition.insert().values(
        decomposition_id=made, region=plan.region, title=plan.title, version=0, synthetic=plan.synthetic,
        made_by=principal, made_at=at, changed_at=at,
    ))  # fmt: skip
    return add_version(db, made, plan, because, at=at, principal=principal)


def add_version(db: sa.Connection, kept_id: str, plan: Plan, because: str, *, at: datetime, principal: str) -> Kept:
    """Keep a further version, in the caller's transaction; who saves at the same time gets the next number."""
    t = decomposition
    db.execute(
        t.update().where(t.c.decomposition_id == kept_id)
        .values(version=t.c.version + 1, title=plan.title, synthetic=plan.synthetic, changed_at=at)
    )  # fmt: skip
    kept = one(db, kept_id)
    db.execute(decomposition_version.insert().values(
        decomposition_id=kept_id, version=kept.version, plan=plan.canonical(), plan_hash=plan.content_hash,
        because=because, saved_by=principal, saved_at=at,
    ))  # fmt: skip
    record(db, at=at, principal=principal, action=SAVED, obj=kept_id, detail={
        "title": plan.title, "region": plan.region, "version": kept.version, "sha256": plan.content_hash,
        "parts": len(plan.parts), "because": because,
    })  # fmt: skip
    return kept


def set_job(db: sa.Connection, kept_id: str, version: int, **values: Any) -> None:
    """Name the job of a version, or what it gave; the job's own entries tell of it."""
    t = decomposition_version
    db.execute(t.update().where(t.c.decomposition_id == kept_id, t.c.version == version).values(**values))


def set_proposal(
    db: sa.Connection, kept: Kept, version: int, proposal_id: str, *, at: datetime, principal: str
) -> None:  # fmt: skip
    """Say that a version was proposed as a pack."""
    t = decomposition
    db.execute(
        t.update().where(t.c.decomposition_id == kept.decomposition_id)
        .values(proposal_id=proposal_id, proposed_version=version, changed_at=at)
    )  # fmt: skip
    record(db, at=at, principal=principal, action=PROPOSED, obj=kept.decomposition_id, detail={
        "proposal": proposal_id, "version": version, "title": kept.title,
    })  # fmt: skip


def one(db: sa.Connection, kept_id: str) -> Kept:
    """A decomposition by its id; SHARE-002 where there is none."""
    row = db.execute(sa.select(decomposition).where(decomposition.c.decomposition_id == kept_id)).mappings().first()
    if row is None:
        raise none(kept_id)
    return Kept(**row)


def every(db: sa.Connection) -> list[Kept]:
    """All of them, the last changed first."""
    query = sa.select(decomposition).order_by(decomposition.c.changed_at.desc(), decomposition.c.decomposition_id)
    return [Kept(**row) for row in db.execute(query).mappings()]


def versions(db: sa.Connection, kept_id: str) -> list[Version]:
    """All versions of one, newest first."""
    t = decomposition_version
    rows = db.execute(sa.select(t).where(t.c.decomposition_id == kept_id).order_by(t.c.version.desc())).mappings()
    return [_version(dict(row)) for row in rows]


def version(db: sa.Connection, kept_id: str, number: int) -> Version:
    """One version; SHARE-002 where there is none."""
    t = decomposition_version
    found = db.execute(sa.select(t).where(t.c.decomposition_id == kept_id, t.c.version == number)).mappings().first()
    if found is None:
        raise none(f"{kept_id[:40]} {number}")
    return _version(dict(found))


def _version(row: dict[str, Any]) -> Version:
    return Version(plan_text=row.pop("plan"), **row)


def none(kept_id: str) -> UserError:
    """What is said of a decomposition that is not there, or not to be seen."""
    return UserError(
        "SHARE-002", f"there is no decomposition {kept_id[:60]}.", case="none", facts={"id": kept_id[:60]},
        remedy="See the list of decompositions.",
    )  # fmt: skip
