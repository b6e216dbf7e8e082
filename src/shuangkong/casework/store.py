"""Cases in the registry database: the case as it stands, every step of its history, the files handed in."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import fields
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from shuangkong.casework.model import ENDED, TO_DECIDE, Case, Evidence, Ground, StepTaken
from shuangkong.engine.api import METADATA, UtcInstant
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.scope import Scope
from shuangkong.registry.api import scope_subjects

case_table = sa.Table(
    "casework_case",
    METADATA,
    sa.Column("case_id", sa.String(40), primary_key=True),
    sa.Column("number", sa.Integer, nullable=False, unique=True),
    sa.Column("subject_id", sa.String(40), nullable=False),
    sa.Column("subject_zh", sa.String(200), nullable=False),
    sa.Column("subject_en", sa.String(200), nullable=False),
    sa.Column("subject_code", sa.String(40), nullable=False),
    sa.Column("kind", sa.String(12), nullable=False),
    sa.Column("measure", sa.String(60), nullable=False),
    sa.Column("severity", sa.Integer, nullable=False),
    sa.Column("state", sa.String(12), nullable=False),
    sa.Column("pack_id", sa.String(200), nullable=False),
    sa.Column("pack_edition", sa.String(80), nullable=False),
    sa.Column("slug", sa.String(120), nullable=False),
    sa.Column("clause", sa.String(200), nullable=False),
    sa.Column("answer", sa.String(200), nullable=False),
    sa.Column("basis", sa.String(12), nullable=False),
    sa.Column("synthetic", sa.Boolean, nullable=False),
    sa.Column("since", sa.String(20), nullable=False),
    sa.Column("period", sa.String(20), nullable=False),
    sa.Column("ground", sa.Text, nullable=False),
    sa.Column("ground_state", sa.String(12), nullable=False),
    sa.Column("ground_now", sa.Text),
    sa.Column("responsible", sa.String(200), nullable=False),
    sa.Column("opened_by", sa.String(120), nullable=False),
    sa.Column("opened_at", UtcInstant, nullable=False),
    sa.Column("submitted_by", sa.String(120)),
    sa.Column("deadline", sa.Date),
    sa.Column("deadline_sure", sa.Boolean, nullable=False),
    sa.Column("due_step", sa.String(12)),
    sa.Column("evidence", sa.Text, nullable=False),
    sa.Column("excepted", sa.Text, nullable=False),
    sa.Column("published_at", UtcInstant),
    sa.Column("updated_at", UtcInstant, nullable=False),
    sa.Column("steps", sa.Integer, nullable=False),
    sa.Index("ix_casework_case_subject_id", "subject_id"),
    sa.Index("ix_casework_case_state_deadline", "state", "deadline"),
)
step_table = sa.Table(
    "casework_step",
    METADATA,
    sa.Column("case_id", sa.String(40), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("at", UtcInstant, nullable=False),
    sa.Column("principal", sa.String(120), nullable=False),
    sa.Column("step", sa.String(12), nullable=False),
    sa.Column("before", sa.String(12)),
    sa.Column("after", sa.String(12), nullable=False),
    sa.Column("why", sa.Text, nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
)
evidence_table = sa.Table(
    "casework_evidence",
    METADATA,
    sa.Column("evidence_id", sa.String(40), primary_key=True),
    sa.Column("case_id", sa.String(40), nullable=False),
    sa.Column("item", sa.String(200), nullable=False),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("bytes", sa.Integer, nullable=False),
    sa.Column("at", UtcInstant, nullable=False),
    sa.Column("principal", sa.String(120), nullable=False),
    sa.Index("ix_casework_evidence_case_id", "case_id"),
)
_COLUMNS = tuple(f.name for f in fields(Case))
#: Items of evidence are kept as one text.
_PART = "\n"


def no_case(case_id: str) -> UserError:
    """What is said of a case that is not there and of one that is not to be seen."""
    return UserError(
        "CASE-001", f"there is no case “{case_id[:60]}”.", where="cases",
        remedy="Choose one from the list of cases.", case="none", facts={"id": case_id[:60]},
    )  # fmt: skip


def seen_by(db: sa.Connection, scope: Scope, known: datetime) -> sa.ColumnElement[bool]:
    """The condition under which a reader sees a case: one in their own scope, or one that was published.

    That a region's page is public opens no case: a case is published by itself.
    """
    t = case_table
    if scope.kind == "none" or scope.unrestricted:
        return sa.true() if scope.unrestricted else sa.false()
    shown = scope_subjects(db, scope, known)
    open_ = [] if shown is None else shown["subject_id"].to_pylist()
    published = sa.and_(t.c.published_at.is_not(None), t.c.subject_id.in_(open_))
    return sa.or_(_inside(db, scope, known), published)


def _inside(db: sa.Connection, scope: Scope, known: datetime) -> sa.ColumnElement[bool]:
    """The condition under which a reader sees who conducted a case and why: it lies in their own scope."""
    if scope.kind == "none" or scope.unrestricted:
        return sa.true() if scope.unrestricted else sa.false()
    own = scope_subjects(db, scope.for_writing(), known)
    mine = [] if own is None or scope.kind == "published" else own["subject_id"].to_pylist()
    return case_table.c.subject_id.in_(mine)


#: Columns of a case that a list shows; what is inside a case is on its page.
_LISTED = (
    "case_id", "number", "subject_id", "subject_zh", "subject_en", "subject_code", "kind", "severity", "state",
    "pack_id", "pack_edition", "slug", "clause", "answer", "basis", "synthetic", "since", "period", "ground_state",
    "opened_at", "deadline", "deadline_sure", "due_step", "updated_at",
)  # fmt: skip


def cases_select(db: sa.Connection, scope: Scope, known: datetime, today: date) -> sa.Select[Any]:
    """The cases that a reader sees as rows, with `overdue`, `to_decide`, `active` and `by_hand` as yes or no.

    Who is responsible is empty where the reader sees the case only because it was published.
    """
    t = case_table
    active = t.c.state.not_in(sorted(ENDED))
    late = sa.and_(active, t.c.deadline.is_not(None), t.c.deadline < today)
    decide = t.c.ground_state.in_(sorted(TO_DECIDE))
    return sa.select(
        *(t.c[name] for name in _LISTED),
        sa.case((_inside(db, scope, known), t.c.responsible), else_="").label("responsible"),
        sa.case((late, "yes"), else_="no").label("overdue"),
        sa.case((decide, "yes"), else_="no").label("to_decide"),
        sa.case((active, "yes"), else_="no").label("active"),
        sa.case((t.c.basis == "stated", "yes"), else_="no").label("by_hand"),
    ).where(seen_by(db, scope, known))


def cases_seen(db: sa.Connection, scope: Scope, known: datetime, *, subject: str = "") -> list[Case]:
    """The cases that a reader sees, the newest first; of one subject where it is named."""
    t = case_table
    query = sa.select(t).where(seen_by(db, scope, known)).order_by(t.c.number.desc())
    if subject:
        query = query.where(t.c.subject_id == subject)
    return [as_case(row) for row in db.execute(query).mappings()]


def case_seen(db: sa.Connection, scope: Scope, known: datetime, case_id: str) -> Case:
    """A case by its id, or by its number; CASE-001 also where it is not to be seen."""
    t = case_table
    named = t.c.case_id == case_id
    if case_id.isascii() and case_id.isdigit() and len(case_id) < 10:
        named = t.c.number == int(case_id)
    row = db.execute(sa.select(t).where(named, seen_by(db, scope, known))).mappings().first()
    if row is None:
        raise no_case(case_id)
    return as_case(row)


def there(db: sa.Connection, case_id: str) -> bool:
    """Whether a case of that id is kept, whoever sees it."""
    t = case_table
    return db.execute(sa.select(t.c.case_id).where(t.c.case_id == case_id)).first() is not None


def next_number(db: sa.Connection) -> int:
    """The number of the next case of the workspace."""
    return int(db.execute(sa.select(sa.func.coalesce(sa.func.max(case_table.c.number), 0))).scalar_one()) + 1


def steps_of(db: sa.Connection, scope: Scope, known: datetime, case_id: str) -> list[StepTaken]:
    """The history of a case, oldest first; CASE-001 where it is not to be seen."""
    found = case_seen(db, scope, known, case_id)
    t = step_table
    rows = db.execute(sa.select(t).where(t.c.case_id == found.case_id).order_by(t.c.number)).mappings()
    return [StepTaken(**{**row, "detail": json.loads(row["detail"])}) for row in rows]


def evidence_of(db: sa.Connection, scope: Scope, known: datetime, case_id: str) -> list[Evidence]:
    """The files handed in for a case, oldest first; CASE-001 where it is not to be seen."""
    found = case_seen(db, scope, known, case_id)
    t = evidence_table
    query = sa.select(t).where(t.c.case_id == found.case_id).order_by(t.c.at, t.c.evidence_id)
    return [Evidence(**row) for row in db.execute(query).mappings()]


def as_case(row: Mapping[Any, Any]) -> Case:
    """A row as a case."""
    values: dict[str, Any] = {name: row[name] for name in _COLUMNS}
    values["ground"] = Ground.of(values["ground"])
    values["ground_now"] = Ground.of(values["ground_now"]) if values["ground_now"] else None
    values["evidence"] = tuple(i for i in values["evidence"].split(_PART) if i)
    return Case(**values)


def _as_row(case: Case) -> dict[str, Any]:
    row = {name: getattr(case, name) for name in _COLUMNS}
    row["ground"] = case.ground.as_text()
    row["ground_now"] = case.ground_now.as_text() if case.ground_now else None
    row["evidence"] = _PART.join(case.evidence)
    return row


def insert(db: sa.Connection, case: Case) -> None:
    """Keep a new case; the caller records why in the same transaction."""
    db.execute(case_table.insert().values(**_as_row(case)))


def update(db: sa.Connection, case: Case) -> None:
    """Keep a case as it stands now; the caller records why in the same transaction."""
    db.execute(case_table.update().where(case_table.c.case_id == case.case_id).values(**_as_row(case)))


def append(db: sa.Connection, taken: StepTaken) -> None:
    """Add one step to the history: nothing there is ever changed or taken away."""
    detail = json.dumps(dict(taken.detail), ensure_ascii=False, sort_keys=True, default=str)
    db.execute(
        step_table.insert().values(
            case_id=taken.case_id, number=taken.number, at=taken.at, principal=taken.principal, step=taken.step,
            before=taken.before, after=taken.after, why=taken.why, detail=detail,
        )
    )  # fmt: skip


def keep(db: sa.Connection, evidence: Evidence) -> None:
    """Keep a file that was handed in; its bytes are among the originals already."""
    db.execute(evidence_table.insert().values(**{f.name: getattr(evidence, f.name) for f in fields(Evidence)}))


def files_there(db: sa.Connection, case_id: str) -> Collection[Evidence]:
    """The files of a case for the rules of its steps, whoever asks."""
    t = evidence_table
    return [Evidence(**row) for row in db.execute(sa.select(t).where(t.c.case_id == case_id)).mappings()]
