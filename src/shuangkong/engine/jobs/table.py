"""The table of jobs (任务表) in the registry database, and one row of it as a value."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal

import sqlalchemy as sa

from shuangkong.engine.database import METADATA, UtcInstant
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Label
from shuangkong.kernel.scope import Scope

if TYPE_CHECKING:
    from shuangkong.engine.jobs.context import JobContext

JobState = Literal["queued", "running", "done", "failed", "cancelled"]
ENDED: tuple[JobState, ...] = ("done", "failed", "cancelled")

#: `fence` grows with each claim: whoever holds an older one can no longer write. `slot` is held while a job waits;
#: it is given up when the job starts or ends. `also_for` are the scopes of others who asked for it meanwhile.
job_row = sa.Table(
    "job",
    METADATA,
    sa.Column("job_id", sa.String(40), primary_key=True),
    sa.Column("kind", sa.String(60), nullable=False),
    sa.Column("arguments", sa.Text, nullable=False),
    sa.Column("state", sa.String(10), nullable=False),
    sa.Column("principal", sa.String(120), nullable=False),
    sa.Column("scope", sa.Text, nullable=False),
    sa.Column("subject_id", sa.String(40)),
    sa.Column("enqueued_at", UtcInstant, nullable=False),
    sa.Column("started_at", UtcInstant),
    sa.Column("finished_at", UtcInstant),
    sa.Column("progress_done", sa.Integer, nullable=False),
    sa.Column("progress_total", sa.Integer, nullable=False),
    sa.Column("progress_zh", sa.Text, nullable=False),
    sa.Column("progress_en", sa.Text, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("most_attempts", sa.Integer, nullable=False),
    sa.Column("holder", sa.String(80)),
    sa.Column("lease_until", UtcInstant),
    sa.Column("fence", sa.Integer, nullable=False),
    sa.Column("cancel_asked", sa.Boolean, nullable=False),
    sa.Column("result", sa.Text),
    sa.Column("result_blob", sa.String(64)),
    sa.Column("error", sa.Text),
    sa.Column("key", sa.String(120)),
    sa.Column("slot", sa.String(120), unique=True),
    sa.Column("retry_of", sa.String(40), sa.ForeignKey("job.job_id")),
    sa.Column("also_for", sa.Text),
    sa.UniqueConstraint("principal", "kind", "key"),
    sa.Index(None, "state", "enqueued_at"),
    sa.Index(None, "principal", "enqueued_at"),
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a job gives: a small result as JSON, and a file of it by the SHA-256 of its blob."""

    result: Mapping[str, Any]
    blob: str | None = None


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of job: its name, what people call it, and what it does.

    `resumable` says that beginning it again after its worker was killed does nothing twice, because its effect is
    written with its end or is idempotent by a token. A kind that is not says after such a crash that it failed.
    `may` is asked when the job begins and again in the transaction of its end: it raises a UserError where who asked
    for the job has lost the right to it meanwhile, and the job fails with that.
    """

    name: str
    label: Label
    run: Callable[[JobContext, Mapping[str, Any]], Outcome | None]
    resumable: bool
    attempts: int = 3
    may: Callable[[sa.Connection, Job, datetime], None] | None = None

    @property
    def most_attempts(self) -> int:
        """How often a worker may begin it."""
        return self.attempts if self.resumable else 1


@dataclass(frozen=True, slots=True)
class Job:
    """One job as the registry database knows it."""

    job_id: str
    kind: str
    arguments: dict[str, Any]
    state: JobState
    principal: str
    scope: Scope
    subject_id: str | None
    enqueued_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    progress_done: int
    progress_total: int
    progress_label: Label | None
    attempts: int
    most_attempts: int
    fence: int
    cancel_asked: bool
    result: dict[str, Any] | None
    result_blob: str | None
    error: dict[str, Any] | None
    retry_of: str | None
    also_for: tuple[Scope, ...]

    def as_dict(self) -> dict[str, Any]:
        """The JSON shape for people and programs: without the scopes, which are not theirs to read."""
        label = self.progress_label
        shown = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in ("scope", "fence", "also_for")}
        return {**shown, "progress_label": {"zh": label.zh, "en": label.en} if label else None}


def job_of(row: sa.RowMapping) -> Job:
    """A row as a value."""
    label = Label(row["progress_zh"], row["progress_en"] or None) if row["progress_zh"] else None
    read = {
        "arguments": json.loads(row["arguments"]),
        "scope": scope_from(row["scope"]),
        "progress_label": label,
        "result": json.loads(row["result"]) if row["result"] else None,
        "error": json.loads(row["error"]) if row["error"] else None,
        "also_for": scopes_from(row["also_for"]),
    }
    return Job(**{f.name: read[f.name] if f.name in read else row[f.name] for f in fields(Job)})


def as_json(value: Mapping[str, Any]) -> str:
    """JSON text; decimals and days are written as they read."""
    return json.dumps(value, ensure_ascii=False, default=str)


def scope_text(scope: Scope) -> str:
    """A scope as JSON, so that a job reads with the eyes of who asked for it."""
    return as_json({f.name: getattr(scope, f.name) for f in fields(scope)})


def scope_from(text: str) -> Scope:
    """The scope that was written; a limit that this version does not know is refused, never dropped."""
    kept = json.loads(text)
    if kept.get("on"):
        kept["on"] = date.fromisoformat(kept["on"])
    return Scope(**kept)


def scopes_text(scopes: Sequence[Scope]) -> str | None:
    """Several scopes as JSON; nothing where there is none."""
    return json.dumps([scope_text(s) for s in scopes], ensure_ascii=False) if scopes else None


def scopes_from(text: str | None) -> tuple[Scope, ...]:
    """The scopes that were written."""
    return tuple(scope_from(one) for one in json.loads(text)) if text else ()


def error_kept(error: UserError) -> dict[str, Any]:
    """An error as a job keeps it: its JSON shape, and the case and facts from which a page makes its own words."""
    facts = {k: {"zh": v.zh, "en": v.en} if isinstance(v, Label) else v for k, v in error.facts.items()}
    return {**error.as_dict(), **({"case": error.case, "facts": facts} if error.case else {})}


def error_of(kept: Mapping[str, Any]) -> UserError:
    """The error that was kept."""
    facts = {k: Label(v["zh"], v["en"]) if isinstance(v, dict) else v for k, v in kept.get("facts", {}).items()}
    return UserError(
        kept["code"], kept["message"], where=kept["where"], remedy=kept["remedy"], case=kept.get("case", ""),
        facts=facts,
    )  # fmt: skip
